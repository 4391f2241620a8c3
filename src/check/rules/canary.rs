//! `canary`: as many partitions as asked for go ahead of all others.

use super::super::Violation;
use super::super::case::Case;
use super::stages;
use crate::base::text::counted;
use crate::plan::Stage;
use crate::replay::NONE;

pub(super) fn judge(case: &Case, found: &mut Vec<Violation>) {
    // One that takes several moves takes all of them ahead of the others.
    let waves = case.plan.waves.iter().filter(|wave| wave.stage == Stage::Canary);
    let is_first = |step: &usize| case.steps.previous[*step] == NONE;
    let ahead = waves.flat_map(|wave| wave.rows.clone()).filter(is_first).count();
    let asked = case.plan.request.canary as usize;
    if asked == 0 && ahead == 0 {
        return;
    }
    let bulk = case.steps.sound_rows().filter(|&(row, _)| stages::is_bulk(case, row)).count();
    let expected = asked.min(bulk.max(ahead));
    if ahead != expected && case.is_sound() {
        let message = format!(
            "{} ahead of the rest, expected {expected}: --canary asks for {asked}",
            counted(ahead, "partition")
        );
        let violation = Violation::new("canary", message);
        found.push(if case.plan.waves.is_empty() { violation } else { violation.wave(1) });
    }
}
