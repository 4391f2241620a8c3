//! The order of stages: canary, then all but internal topics, then these; those with a short ISR after the others of
//! their kind. Where partitions take several steps, all take the first before any takes the second.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use rayon::prelude::*;

use super::Loads;
use crate::base::ids::is_internal_topic;
use crate::base::index::{BrokerIx, IndexVec, Ix, PartitionIx};
use crate::cluster::care::is_short;
use crate::plan::Stage;
use crate::problem::Problem;
use crate::route::{Kind, Steps};

/// The steps of each stage, largest first, in the order in which the stages run; empty stages are left out. A stage
/// stands several times where partitions take several steps in it, once for each round.
pub fn split(problem: &Problem<'_>, steps: &Steps, loads: &Loads) -> Vec<(Stage, Vec<u32>)> {
    let mut by_stage: BTreeMap<(Stage, u8), Vec<u32>> = BTreeMap::new();
    let mut may_go_ahead = Vec::new();
    for step in 0..steps.len() {
        let stage = stage_of(problem, steps, step);
        let is_first = step == 0 || steps.mover[step - 1] != steps.mover[step];
        if problem.request.canary > 0 && is_first && is_bulk(problem, steps.partition(problem, step)) {
            may_go_ahead.push(step as u32);
        }
        by_stage.entry((stage, steps.round[step])).or_default().push(step as u32);
    }
    if problem.request.canary > 0 {
        go_ahead(problem, steps, &take_canary(problem, loads, may_go_ahead), &mut by_stage);
    }
    let sorted = |(key, mut steps): ((Stage, u8), Vec<u32>)| {
        sort_by_size(loads, &mut steps);
        (key.0, steps)
    };
    by_stage.into_iter().filter(|entry| !entry.1.is_empty()).map(sorted).collect()
}

/// Sorted with their sizes beside them: to look these up for every comparison costs more than all the rest.
fn sort_by_size(loads: &Loads, steps: &mut Vec<u32>) {
    let mut sized: Vec<(Reverse<u64>, u32)> =
        steps.iter().map(|&step| (Reverse(loads.loads[step as usize].size as u64), step)).collect();
    sized.par_sort_unstable();
    *steps = sized.into_iter().map(|entry| entry.1).collect();
}

fn stage_of(problem: &Problem<'_>, steps: &Steps, step: usize) -> Stage {
    let partition = steps.partition(problem, step);
    let internal = is_internal_topic(&problem.cluster.snapshot.topic_of(partition.get()).name);
    let short = is_short(&problem.cluster, partition);
    match (steps.kind[step], internal, short) {
        // Where every replica stays on its broker, a short ISR gets no shorter.
        (_, true, _) if problem.request.keeps_brokers() => Stage::Internal,
        _ if problem.request.leaders_only => Stage::Leadership,
        _ if problem.request.empties_dirs() => Stage::LogDirs,
        (Kind::Sources, ..) => Stage::Sources,
        (Kind::Leadership, false, _) => Stage::Leadership,
        (Kind::Leadership, true, _) => Stage::InternalLeadership,
        (Kind::Remove, false, _) => Stage::Remove,
        (Kind::Remove, true, _) => Stage::InternalRemove,
        (Kind::Add, false, false) => Stage::Add,
        (Kind::Add, false, true) => Stage::AddShortIsr,
        (Kind::Add, true, false) => Stage::InternalAdd,
        (Kind::Add, true, true) => Stage::InternalAddShortIsr,
        (Kind::Move, false, false) => Stage::Data,
        (Kind::Move, false, true) => Stage::DataShortIsr,
        (Kind::Move, true, false) => Stage::Internal,
        (Kind::Move, true, true) => Stage::InternalShortIsr,
    }
}

/// Whether a partition is one of those that canaries are taken from.
fn is_bulk(problem: &Problem<'_>, partition: PartitionIx) -> bool {
    let is_internal = is_internal_topic(&problem.cluster.snapshot.topic_of(partition.get()).name);
    !is_internal && (problem.request.keeps_brokers() || !is_short(&problem.cluster, partition))
}

/// Lets partitions go ahead of all others, with all of their steps; `ahead` has the first of each.
fn go_ahead(problem: &Problem<'_>, steps: &Steps, ahead: &[u32], by_stage: &mut BTreeMap<(Stage, u8), Vec<u32>>) {
    for &first in ahead {
        let mover = steps.mover[first as usize];
        let all = (first as usize..steps.len()).take_while(|&step| steps.mover[step] == mover);
        for step in all {
            let key = (stage_of(problem, steps, step), steps.round[step]);
            if let Some(others) = by_stage.get_mut(&key) {
                others.retain(|&other| other != step as u32);
            }
            by_stage.entry((Stage::Canary, steps.round[step])).or_default().push(step as u32);
        }
    }
}

/// Chooses small partitions out of `first`, each if possible onto targets that no earlier one touches.
///
/// A canary should cost little and tell much: the smaller half of the partitions is enough to choose from.
fn take_canary(problem: &Problem<'_>, loads: &Loads, mut first: Vec<u32>) -> Vec<u32> {
    sort_by_size(loads, &mut first);
    let wanted = (problem.request.canary as usize).min(first.len());
    let from = first.len() - first.len().div_ceil(2).max(wanted);
    let mut touched: IndexVec<BrokerIx, bool> = IndexVec::filled(false, problem.cluster.brokers.len());
    let mut taken = Vec::with_capacity(wanted);
    // Smallest first: those that reach new targets, then whatever is missing.
    for only_new in [true, false] {
        for &step in first[from..].iter().rev() {
            let adding = loads.adding.get(step as usize);
            if taken.len() < wanted && !taken.contains(&step) && (!only_new || adding.iter().all(|&b| !touched[b])) {
                for &broker in adding {
                    touched[broker] = true;
                }
                taken.push(step);
            }
        }
    }
    taken
}
