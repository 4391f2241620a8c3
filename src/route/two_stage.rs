//! Add, then lead, then remove.

use super::{Kind, Stand, Steps};
use crate::base::index::BrokerIx;
use crate::placement::Home;
use crate::problem::Problem;

/// Adds the steps of one partition.
pub fn walk(problem: &Problem<'_>, mover: usize, mut stand: Stand, list: &[Home], steps: &mut Steps) {
    let partition = problem.movers[mover];
    let end: Vec<BrokerIx> = list.iter().map(|home| home.broker).collect();
    let adds = end.iter().any(|broker| !stand.list.contains(broker));
    let old = stand.leader;
    if adds && end[0] != old {
        let others = list.iter().filter(|home| home.broker != old);
        let soak: Vec<Home> = std::iter::once(&Home { broker: old, dir: None }).chain(others).copied().collect();
        steps.push(problem, mover, (Kind::Add, 1), &stand, soak.iter().copied());
        stand.reach(problem, partition, soak.iter().map(|home| home.broker).collect());
        let stays = end.contains(&old);
        let lead: Vec<BrokerIx> = end.iter().copied().chain((!stays).then_some(old)).collect();
        let homes = lead.iter().map(|&broker| Home { broker, dir: None });
        steps.push(problem, mover, (Kind::Leadership, 2), &stand, homes);
        stand.reach(problem, partition, lead);
        if !stays {
            steps.push(problem, mover, (Kind::Remove, 3), &stand, end.iter().map(|&broker| Home { broker, dir: None }));
        }
        return;
    }
    if !adds && end[0] != old && !end.contains(&old) && problem.kept.has(partition) && stand.list[0] == old {
        // It has soaked already: an earlier plan brought it that far.
        let lead: Vec<BrokerIx> = end.iter().copied().chain(std::iter::once(old)).collect();
        let homes = lead.iter().map(|&broker| Home { broker, dir: None });
        steps.push(problem, mover, (Kind::Leadership, 2), &stand, homes);
        stand.reach(problem, partition, lead);
    }
    // The leader stays first, or nothing is copied.
    let is_reordered = !adds && end.len() == stand.list.len();
    let (kind, round) = match (adds, is_reordered) {
        (true, _) => (Kind::Add, 1),
        (false, true) => (Kind::Leadership, 2),
        (false, false) => (Kind::Remove, 3),
    };
    steps.push(problem, mover, (kind, round), &stand, list.iter().copied());
}
