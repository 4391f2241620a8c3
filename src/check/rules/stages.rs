//! `stage`: stages run in their order, and every partition stands in its own.

use super::super::Violation;
use super::super::case::{Case, CaseMove};
use crate::base::ids::is_internal_topic;
use crate::plan::Stage;

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
    let (own, given) = (of(case, moved.row), case.plan.waves[moved.wave].stage);
    // Canaries are taken from the bulk.
    if own != given && !(is_bulk(own) && given == Stage::Canary) {
        let message = format!("it belongs to stage `{}`, the wave is of stage `{}`", own.as_str(), given.as_str());
        found.push(case.violation(RULE, moved, message));
    }
}

/// Whether canaries are taken from a stage.
pub(super) fn is_bulk(stage: Stage) -> bool {
    matches!(stage, Stage::Data | Stage::LogDirs | Stage::Leadership)
}

/// The stage of a row, canaries apart.
pub(super) fn of(case: &Case, row: u32) -> Stage {
    let row = row as usize;
    let partitions = &case.world.snapshot.partitions;
    let is_short = partitions.isr.get(row).len() < partitions.replicas.get(row).len();
    let is_internal = is_internal_topic(&case.world.snapshot.topic_of(row).name);
    if case.plan.request.leaders_only {
        return if is_internal { Stage::Internal } else { Stage::Leadership };
    }
    if case.plan.request.empties_dirs() {
        return if is_internal { Stage::Internal } else { Stage::LogDirs };
    }
    match (is_internal, is_short) {
        (false, false) => Stage::Data,
        (false, true) => Stage::DataShortIsr,
        (true, false) => Stage::Internal,
        (true, true) => Stage::InternalShortIsr,
    }
}
