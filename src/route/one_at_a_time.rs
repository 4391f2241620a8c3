//! One new replica after the other.
//!
//! Each list on the way puts one new replica in the place of one that goes. Whatever may come between them, racks must
//! not get worse, so where the obvious pairs (each new replica for the one in its place) would pass through a worse list,
//! other pairs and orders are tried. The leader goes last, and stands first until then, so that no election moves it.

use std::cmp::Reverse;

use super::{Kind, Stand, Steps};
use crate::base::error::{Code, Error, Result};
use crate::base::index::{BrokerIx, PartitionIx, RackIx};
use crate::placement::Home;
use crate::problem::Problem;
use crate::request::RackPolicy;
use crate::snapshot::BrokerState;

/// Beyond this many new replicas only the obvious pairs are tried.
const TRIED_MOST: usize = 6;

/// Adds the steps of one partition.
///
/// # Errors
/// [`Code::RackPolicy`] when every order passes through a list on worse racks.
pub fn walk(problem: &Problem<'_>, mover: usize, mut stand: Stand, list: &[Home], steps: &mut Steps) -> Result<()> {
    let partition = problem.movers[mover];
    let lists = lists_between(problem, partition, &stand, list).ok_or_else(|| stuck(problem, mover))?;
    for (number, between) in lists.iter().enumerate() {
        let homes = between.iter().map(|&broker| {
            let is_new = !stand.list.contains(&broker);
            let home = list.iter().find(|home| home.broker == broker && is_new);
            home.copied().unwrap_or(Home { broker, dir: None })
        });
        steps.push(problem, mover, (Kind::Move, number as u8 + 1), &stand, homes.collect::<Vec<_>>());
        stand.reach(problem, partition, between.clone());
    }
    let last = list.iter().map(|home| {
        let is_new = !stand.list.contains(&home.broker);
        Home { broker: home.broker, dir: home.dir.filter(|_| is_new) }
    });
    steps.push(problem, mover, (Kind::Move, lists.len() as u8 + 1), &stand, last.collect::<Vec<_>>());
    Ok(())
}

/// Moves the rounds of all partitions back, so that all leaders change in the last one.
pub fn end_together(steps: &mut Steps) {
    let rounds = steps.round.iter().copied().max().unwrap_or(0);
    let mut end = steps.len();
    while end > 0 {
        let last = end - 1;
        if steps.changes_leader[last] && steps.kind[last] == Kind::Move {
            steps.round[last] = rounds;
        }
        let mover = steps.mover[last];
        end = steps.mover[..end].partition_point(|&other| other < mover);
    }
}

/// The lists between the present one and the last, if there is a way.
fn lists_between(
    problem: &Problem<'_>,
    partition: PartitionIx,
    stand: &Stand,
    list: &[Home],
) -> Option<Vec<Vec<BrokerIx>>> {
    let end: Vec<BrokerIx> = list.iter().map(|home| home.broker).collect();
    let before = problem.origin(partition);
    let comes: Vec<BrokerIx> = end.iter().copied().filter(|broker| !stand.list.contains(broker)).collect();
    if comes.len() < 2 {
        return Some(Vec::new());
    }
    let mut goes: Vec<BrokerIx> = stand.list.iter().copied().filter(|broker| !end.contains(broker)).collect();
    // What Kafka refuses to find in a list, or its tool does, goes first.
    let is_alive = |broker: BrokerIx| problem.cluster.brokers[broker].state == BrokerState::Alive;
    goes.sort_by_key(|&broker| (broker == stand.leader, is_alive(broker)));
    // What grows, grows before anything goes; the last list is given.
    let swaps = goes.len().min(comes.len());
    let goes = &goes[..];
    let in_place = |gone: BrokerIx| {
        let place = stand.list.iter().position(|&broker| broker == gone)?;
        end.get(place).copied().filter(|broker| comes.contains(broker))
    };
    let mut obvious: Vec<BrokerIx> = goes.iter().filter_map(|&gone| in_place(gone)).collect();
    let rest: Vec<BrokerIx> = comes.iter().copied().filter(|broker| !obvious.contains(broker)).collect();
    if obvious.len() < goes.len() || !rest.is_empty() {
        // Some have no counterpart in their place: any order serves as well as another.
        obvious = rest.into_iter().chain(obvious).collect();
    }
    let build = |goes: &[BrokerIx], comes: &[BrokerIx]| {
        let mut lists = Vec::with_capacity(comes.len() - 1);
        let mut now = stand.list.clone();
        let extra = comes.len() - swaps;
        for (number, &new) in comes[..comes.len() - 1].iter().enumerate() {
            if number < extra {
                now.push(new);
            } else {
                let place = now.iter().position(|&broker| broker == goes[number - extra])?;
                now[place] = new;
            }
            lists.push(now.clone());
        }
        for list in lists.iter_mut().filter(|_| !problem.request.replicas_only) {
            // An election after a wave would hand leadership to the head.
            list.sort_by_key(|&broker| broker != stand.leader);
        }
        lists.iter().all(|list| keeps_racks(problem, before, list, &end)).then_some(lists)
    };
    if let Some(lists) = build(goes, &obvious) {
        return Some(lists);
    }
    if comes.len() > TRIED_MOST {
        return None;
    }
    let fixed = usize::from(goes.last() == Some(&stand.leader));
    permutations(goes.len() - fixed).into_iter().find_map(|order| {
        let mut first: Vec<BrokerIx> = order.iter().map(|&at| goes[at]).collect();
        first.extend_from_slice(&goes[goes.len() - fixed..]);
        let orders = permutations(comes.len());
        orders.into_iter().find_map(|order| build(&first, &order.iter().map(|&at| comes[at]).collect::<Vec<_>>()))
    })
}

/// Whether a list on the way lies on no worse racks than the present one; under the strict policy, than the last one.
fn keeps_racks(problem: &Problem<'_>, before: &[BrokerIx], list: &[BrokerIx], end: &[BrokerIx]) -> bool {
    let measure = |list: &[BrokerIx]| {
        let mut racks: Vec<RackIx> = list.iter().map(|&broker| problem.cluster.brokers[broker].rack).collect();
        racks.sort_unstable();
        let fullest = racks.chunk_by(|a, b| a == b).map(<[RackIx]>::len).max().unwrap_or(0);
        (racks.chunk_by(|a, b| a == b).count(), Reverse(fullest))
    };
    let (before_racks, now) = (measure(before), measure(list));
    problem.rack_policy == RackPolicy::Ignore
        || (problem.rack_policy == RackPolicy::Strict && now.0 >= before_racks.0.min(measure(end).0))
        || (list.len() > before.len() && now.0 >= before_racks.0)
        || now >= before_racks
}

/// All orders of `count` things, the given one first.
fn permutations(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let shorter = permutations(count - 1);
    let insert = |at: usize| {
        shorter.iter().map(move |order| {
            let mut longer: Vec<usize> = order.clone();
            longer.insert(at, count - 1);
            longer
        })
    };
    (0..count).rev().flat_map(insert).collect()
}

fn stuck(problem: &Problem<'_>, mover: usize) -> Error {
    let name = problem.cluster.name_of(problem.movers[mover]);
    Error::new(
        Code::RackPolicy,
        format!("`{name}` cannot move one replica at a time: in every order some list on the way has worse racks"),
    )
    .detail("partition", name)
    .help("plan with `--strategy direct` or `--strategy two-stage`, which change all racks at once")
}
