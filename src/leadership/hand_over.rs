//! New heads where every replica stays: leadership leaves the drained brokers, and no data moves.
//!
//! A list in another order is free for Kafka, and done at once. Of the replicas that may lead, one is chosen as
//! for lists with new replicas; it comes to the front, and the others keep their order but for those on drained
//! brokers, which come last: whoever takes over when the head is lost is no drained broker while there is another.

use super::Leadership;
use super::heads::{self, Start};
use crate::base::error::Result;
use crate::base::index::Csr;
use crate::base::work::Work;
use crate::placement::Home;
use crate::problem::Problem;

/// The list of every mover with its new head in front.
///
/// # Errors
/// Only an interruption.
pub fn hand_over(problem: &Problem<'_>, work: &Work) -> Result<Leadership> {
    work.step("choosing leaders", 0, 1)?;
    let home = |broker| Home { broker, dir: None };
    let mut candidates = Csr::with_capacity(problem.movers.len(), problem.movers.len() * 2);
    for &partition in &problem.movers {
        candidates.push(problem.may_lead(partition).map(home));
    }
    heads::choose(problem, &mut candidates, Start::Afresh, work)?;
    let mut lists = Csr::with_capacity(problem.movers.len(), problem.movers.len() * 3);
    for (mover, &partition) in problem.movers.iter().enumerate() {
        let head = candidates.get(mover)[0].broker;
        let others = |is_drained: bool| {
            let replicas = problem.cluster.replicas_of(partition).iter().copied();
            replicas.filter(move |&broker| broker != head && problem.is_drained[broker] == is_drained)
        };
        lists.push(std::iter::once(head).chain(others(false)).chain(others(true)).map(home));
    }
    Ok(Leadership { lists })
}
