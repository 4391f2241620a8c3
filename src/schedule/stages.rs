//! The order of stages: canary, data (or log dirs, or leadership alone), data with a short ISR, internal topics, internal
//! ones with a short ISR.

use std::cmp::Reverse;

use rayon::prelude::*;

use super::Loads;
use crate::base::ids::is_internal_topic;
use crate::base::index::{BrokerIx, IndexVec, Ix};
use crate::base::units::Bytes;
use crate::cluster::care::is_short;
use crate::plan::Stage;
use crate::problem::Problem;

/// The movers of each stage, largest first, in the order in which the stages run; empty stages are left out.
pub fn split(problem: &Problem<'_>, loads: &Loads) -> Vec<(Stage, Vec<u32>)> {
    let mut by_stage: Vec<(Stage, Vec<u32>)> =
        [Stage::Canary, bulk(problem), Stage::DataShortIsr, Stage::Internal, Stage::InternalShortIsr]
            .map(|stage| (stage, Vec::new()))
            .into();
    for mover in 0..loads.loads.len() as u32 {
        let stage = stage_of(problem, mover);
        let (_, movers) = by_stage.iter_mut().find(|entry| entry.0 == stage).expect("every stage is listed");
        movers.push(mover);
    }
    for (_, movers) in &mut by_stage {
        // Sorted with their sizes beside them: to look these up for every comparison costs more than all the rest.
        let mut sized: Vec<(Reverse<Bytes>, u32)> = movers
            .iter()
            .map(|&mover| (Reverse(problem.cluster.size_of(problem.movers[mover as usize])), mover))
            .collect();
        sized.par_sort_unstable();
        *movers = sized.into_iter().map(|entry| entry.1).collect();
    }
    let (canary, rest) = by_stage.split_at_mut(1);
    canary[0].1 = take_canary(problem, loads, &mut rest[0].1);
    by_stage.retain(|entry| !entry.1.is_empty());
    by_stage
}

/// The stage of most partitions.
fn bulk(problem: &Problem<'_>) -> Stage {
    match problem.request {
        request if request.leaders_only => Stage::Leadership,
        request if request.empties_dirs() => Stage::LogDirs,
        _ => Stage::Data,
    }
}

fn stage_of(problem: &Problem<'_>, mover: u32) -> Stage {
    let partition = problem.movers[mover as usize];
    let internal = is_internal_topic(&problem.cluster.snapshot.topic_of(partition.get()).name);
    // Where every replica stays on its broker, a short ISR gets no shorter.
    match (internal, !problem.request.keeps_brokers() && is_short(&problem.cluster, partition)) {
        (false, false) => bulk(problem),
        (false, true) => Stage::DataShortIsr,
        (true, false) => Stage::Internal,
        (true, true) => Stage::InternalShortIsr,
    }
}

/// Takes small data partitions out of `data`, each if possible onto targets that no earlier one touches.
///
/// A canary should cost little and tell much: the smaller half of the partitions is enough to choose from.
fn take_canary(problem: &Problem<'_>, loads: &Loads, data: &mut Vec<u32>) -> Vec<u32> {
    let wanted = (problem.request.canary as usize).min(data.len());
    if wanted == 0 {
        return Vec::new();
    }
    let from = data.len() - data.len().div_ceil(2).max(wanted);
    let mut touched: IndexVec<BrokerIx, bool> = IndexVec::filled(false, problem.cluster.brokers.len());
    let mut taken = Vec::with_capacity(wanted);
    // Smallest first: those that reach new targets, then whatever is missing.
    for only_new in [true, false] {
        for &mover in data[from..].iter().rev() {
            let adding = loads.adding.get(mover as usize);
            if taken.len() < wanted && !taken.contains(&mover) && (!only_new || adding.iter().all(|&b| !touched[b])) {
                for &broker in adding {
                    touched[broker] = true;
                }
                taken.push(mover);
            }
        }
    }
    data.retain(|mover| !taken.contains(mover));
    taken.sort_by(|&a, &b| loads.loads[b as usize].size.total_cmp(&loads.loads[a as usize].size).then(a.cmp(&b)));
    taken
}
