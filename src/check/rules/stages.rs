//! `stage`: stages run in their order, and every partition stands in its own.

use super::super::Violation;
use super::super::case::{Case, CaseMove};
use crate::base::ids::is_internal_topic;
use crate::plan::Stage;
use crate::replay::NONE;
use crate::replay::steps::is_reordered;
use crate::request::Strategy;

const RULE: &str = "stage";

pub(super) fn judge(case: &Case, found: &mut Vec<Violation>) {
    for (wave, pair) in case.plan.waves.windows(2).enumerate() {
        if pair[1].stage < pair[0].stage {
            let message = format!("stage `{}` runs after `{}`", pair[1].stage.as_str(), pair[0].stage.as_str());
            found.push(case.wave_violation(RULE, wave + 1, message));
        }
    }
}

/// Judges a sound move.
pub(super) fn judge_move(case: &Case, moved: &CaseMove, found: &mut Vec<Violation>) {
    let (own, given) = (of(case, moved), case.plan.waves[moved.wave].stage);
    // Canaries are taken from the bulk.
    if own != given && !(is_bulk(case, moved.row) && given == Stage::Canary) {
        let message = format!("it belongs to stage `{}`, the wave is of stage `{}`", own.as_str(), given.as_str());
        found.push(case.violation(RULE, moved, message));
    }
}

/// Whether canaries may be taken from a row: it is neither internal nor short of in-sync replicas.
pub(super) fn is_bulk(case: &Case, row: u32) -> bool {
    let keeps_brokers = case.plan.request.keeps_brokers();
    !is_internal(case, row) && (keeps_brokers || !is_short(case, row))
}

fn is_short(case: &Case, row: u32) -> bool {
    let partitions = &case.world.snapshot.partitions;
    partitions.isr.get(row as usize).len() < partitions.replicas.get(row as usize).len()
}

fn is_internal(case: &Case, row: u32) -> bool {
    is_internal_topic(&case.world.snapshot.topic_of(row as usize).name)
}

/// Whether a step orders an old list anew before anything is copied.
pub(super) fn is_of_sources(case: &Case, step: usize) -> bool {
    let steps = &case.steps;
    let last = || steps.new.get(steps.last[steps.row[step] as usize] as usize);
    case.plan.request.balance_sources
        && steps.previous[step] == NONE
        && !steps.is_last(step)
        // What only goes on from where an earlier plan left it has its copies already.
        && !last().iter().all(|broker| steps.old.get(step).contains(broker))
        && is_reordered(steps.old.get(step), steps.new.get(step))
}

/// The stage of a move, canaries apart.
fn of(case: &Case, moved: &CaseMove) -> Stage {
    let CaseMove { step, row, old, new, .. } = *moved;
    let (is_internal, is_short) = (is_internal(case, row), is_short(case, row));
    let request = &case.plan.request;
    if request.leaders_only {
        return if is_internal { Stage::Internal } else { Stage::Leadership };
    }
    if request.empties_dirs() {
        return if is_internal { Stage::Internal } else { Stage::LogDirs };
    }
    if is_of_sources(case, step) {
        return Stage::Sources;
    }
    let (is_reordered, is_last) = (is_reordered(old, new), moved.is_last(case));
    match (request.strategy, is_internal, is_short) {
        (Strategy::TwoStage, false, _) if is_reordered => Stage::Leadership,
        (Strategy::TwoStage, true, _) if is_reordered => Stage::InternalLeadership,
        (Strategy::TwoStage, is_internal, _) if is_last && old.len() > new.len() => {
            if is_internal {
                Stage::InternalRemove
            } else {
                Stage::Remove
            }
        }
        (Strategy::TwoStage, false, false) => Stage::Add,
        (Strategy::TwoStage, false, true) => Stage::AddShortIsr,
        (Strategy::TwoStage, true, false) => Stage::InternalAdd,
        (Strategy::TwoStage, true, true) => Stage::InternalAddShortIsr,
        (_, false, false) => Stage::Data,
        (_, false, true) => Stage::DataShortIsr,
        (_, true, false) => Stage::Internal,
        (_, true, true) => Stage::InternalShortIsr,
    }
}
