//! Who leads at the end: the order of every new list.
//!
//! The first broker of a list is the preferred leader, so the order of the lists *is* the leadership
//! plan. Replicas that stay keep their place, so there is a choice only for partitions whose first place
//! falls free: any of their new replicas may take it. That is an assignment of partitions to brokers,
//! each partition with a few candidates; we want equal counts in proportion to the brokers' weights.
//!
//! First every partition takes the candidate with the least load, then partitions are switched from
//! one candidate to a less loaded one until no switch helps. Each switch lowers the sum of squares, so
//! that ends. The second place is filled the same way, so that the loss of one broker spreads its
//! leaders over the others; the rest follows in order of load.

use crate::base::error::Result;
use crate::base::index::{BrokerIx, Csr, IndexVec};
use crate::base::work::Work;
use crate::placement::{Home, Placement};
use crate::problem::Problem;

/// The new lists of all movers.
pub struct Leadership {
    /// The ordered list of each mover, in the order of [`Problem::movers`]; kept replicas have no log dir of ours.
    pub lists: Csr<Home>,
}

/// Orders the list of every mover.
///
/// # Errors
/// Only an interruption.
pub fn order(problem: &Problem<'_>, placement: &Placement, work: &Work) -> Result<Leadership> {
    work.step("choosing leaders", 0, 1)?;
    let mut homes = placement.homes.clone();
    for place in 0..2 {
        fill_place(problem, &mut homes, place, work)?;
    }
    let mut lists = Csr::with_capacity(problem.movers.len(), problem.movers.len() * 3);
    for (mover, &partition) in problem.movers.iter().enumerate() {
        let mut new = homes.get(mover).iter().copied();
        let merged = problem.cluster.replicas_of(partition).iter().map(|&broker| {
            if problem.is_drained[broker] {
                new.next().expect("a home for every freed place")
            } else {
                Home { broker, dir: None }
            }
        });
        lists.push(merged.collect::<Vec<_>>());
    }
    Ok(Leadership { lists })
}

/// Chooses, for every mover whose list has a freed place at `place`, who of its new replicas takes it.
///
/// Homes stand in the order of the freed places; those before `place` are settled.
fn fill_place(problem: &Problem<'_>, homes: &mut Csr<Home>, place: usize, work: &Work) -> Result<()> {
    let cluster = &problem.cluster;
    let mut load = Load::new(problem);
    let mut open = Vec::new();
    let mut next_mover = 0;
    for partition in cluster.partitions() {
        let is_mover = problem.movers.get(next_mover) == Some(&partition);
        let mover = next_mover;
        next_mover += usize::from(is_mover);
        let list = cluster.replicas_of(partition);
        let Some(&holder) = list.get(place) else { continue };
        if !is_mover || !problem.is_drained[holder] {
            load.add(holder, 1);
            continue;
        }
        // The number of the freed place among all freed ones of this list.
        let settled = list[..place].iter().filter(|&&broker| problem.is_drained[broker]).count();
        open.push((mover as u32, settled as u32));
    }
    for &(mover, settled) in &open {
        let list = homes.get_mut(mover as usize);
        let best = load.least(list, settled as usize);
        list.swap(settled as usize, best);
        load.add(list[settled as usize].broker, 1);
    }
    switch(homes, &mut load, &open, work)
}

/// Switches single partitions to a less loaded candidate until no switch helps.
fn switch(homes: &mut Csr<Home>, load: &mut Load, open: &[(u32, u32)], work: &Work) -> Result<()> {
    const PASSES: usize = 12;
    for pass in 0..PASSES {
        work.step("choosing leaders", pass, PASSES)?;
        let mut switched = false;
        for &(mover, settled) in open {
            let list = homes.get_mut(mover as usize);
            let settled = settled as usize;
            load.add(list[settled].broker, -1);
            let best = load.least(list, settled);
            // A share of the load, not an amount: weights may be bytes, and loads then far below any fixed amount.
            let worthwhile = load.after_one_more(list[settled].broker) * (1.0 - 1e-9);
            if best != settled && load.after_one_more(list[best].broker) < worthwhile {
                list.swap(settled, best);
                switched = true;
            }
            load.add(list[settled].broker, 1);
        }
        if !switched {
            break;
        }
    }
    Ok(())
}

/// How many lists have a broker at the place in question, relative to its weight.
struct Load {
    count: IndexVec<BrokerIx, i32>,
    weight: IndexVec<BrokerIx, f64>,
}

impl Load {
    fn new(problem: &Problem<'_>) -> Self {
        let brokers = problem.cluster.brokers.len();
        let mut weight = IndexVec::filled(1.0, brokers);
        for &broker in &problem.targets {
            weight[broker] = crate::placement::weight(problem, broker);
        }
        Load { count: IndexVec::filled(0, brokers), weight }
    }

    fn add(&mut self, broker: BrokerIx, count: i32) {
        self.count[broker] += count;
    }

    fn after_one_more(&self, broker: BrokerIx) -> f64 {
        f64::from(self.count[broker] + 1) / self.weight[broker]
    }

    /// The place from `from` on whose broker would be least loaded; among equals the lowest broker.
    fn least(&self, list: &[Home], from: usize) -> usize {
        let load = |place: &usize| (self.after_one_more(list[*place].broker), list[*place].broker);
        let by_load = |a: &usize, b: &usize| {
            let (a, b) = (load(a), load(b));
            a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
        };
        (from..list.len()).min_by(by_load).expect("the place itself is a candidate")
    }
}
