//! Who leads at the end: the order of every new list.
//!
//! The first broker of a list is the preferred leader, so the order of the lists *is* the leadership
//! plan. Replicas that stay keep their place, so there is a choice only for partitions whose first place
//! falls free: any of their new replicas may take it.
//!
//! **Heads** ([`heads`]): each partition brings one leadership, produced and consumed bytes; each broker
//! has a share of all three. We look for the choice that keeps every broker near its shares, counts first.
//! This is a generalised assignment problem, NP-hard for the bytes, but a partition is small beside a
//! share, and then a descent on the sum of squares ends within a fraction of a percent. Counts alone are
//! a flow problem, which is solved exactly at the end where the descent left a broker above its share.
//!
//! Where leadership alone moves ([`hand_over()`]), the candidates are replicas that stay, and only heads change.
//!
//! **Seconds** ([`seconds`]): when a broker is lost, its leaderships go to the second of each list (the
//! first in sync). The second places of the lists that one broker heads are spread over as many brokers
//! as there are, so that no survivor takes more than its part.

mod hand_over;
mod heads;
mod seconds;

pub use self::hand_over::hand_over;
use self::heads::Start;
pub use self::heads::{RESOURCES, traffic_of};
use crate::base::error::Result;
use crate::base::index::{BrokerIx, Csr, IndexVec, PartitionIx};
use crate::base::work::Work;
use crate::placement::Home;
use crate::problem::Problem;

/// The new lists of all movers.
pub struct Leadership {
    /// The ordered list of each mover, in the order of [`Problem::movers`]; kept replicas have no log dir of ours, unless
    /// they move to another one of their broker.
    pub lists: Csr<Home>,
}

/// Puts the new head of every list whose first place falls free in front of its homes.
///
/// # Errors
/// Only an interruption.
pub fn choose_heads(problem: &Problem<'_>, homes: &mut Csr<Home>, work: &Work) -> Result<()> {
    work.step("choosing leaders", 0, 1)?;
    heads::choose(problem, homes, Start::Afresh, work)
}

/// Improves heads that stand in front of their homes already, after some homes have changed.
///
/// # Errors
/// Only an interruption.
pub fn improve_heads(problem: &Problem<'_>, homes: &mut Csr<Home>, work: &Work) -> Result<()> {
    heads::choose(problem, homes, Start::AsTheyAre, work)
}

/// Orders the list of every mover whose head stands in front of its homes already.
pub fn order_behind_heads(problem: &Problem<'_>, mut homes: Csr<Home>) -> Leadership {
    seconds::choose(problem, &mut homes);
    let mut lists = Csr::with_capacity(problem.movers.len(), problem.movers.len() * 3);
    for (mover, &partition) in problem.movers.iter().enumerate() {
        let mut new = homes.get(mover).iter();
        for &broker in problem.cluster.replicas_of(partition) {
            lists.push_value(if problem.leaves(partition, broker) {
                *new.next().expect("a home for every freed place")
            } else {
                Home { broker, dir: None }
            });
        }
        lists.end_list();
    }
    Leadership { lists }
}

/// Every partition in order, with its mover where it is one.
pub fn partitions<'a>(problem: &'a Problem<'_>) -> impl Iterator<Item = (PartitionIx, Option<usize>)> + 'a {
    let mut next = 0;
    problem.cluster.partitions().map(move |partition| {
        let mover = (problem.movers.get(next) == Some(&partition)).then_some(next);
        next += usize::from(mover.is_some());
        (partition, mover)
    })
}

/// What a broker weighs when leaderships are shared out: what it can hold; brokers that receive nothing weigh 1.
fn weights(problem: &Problem<'_>) -> IndexVec<BrokerIx, f64> {
    let mut weights = IndexVec::filled(1.0, problem.cluster.brokers.len());
    for &broker in &problem.targets {
        weights[broker] = problem.weight(broker);
    }
    weights
}
