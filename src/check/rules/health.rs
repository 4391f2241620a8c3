//! `health`: no partition moves that is not healthy enough.

use super::super::Violation;
use super::super::case::Case;
use super::super::health;

pub(super) fn judge(case: &Case, found: &mut Vec<Violation>) {
    for (wave, step, _) in case.sound_moves() {
        let row = case.steps.row[step];
        let old = case.world.replicas(row);
        let kept = case.steps.new.get(step).iter().copied().filter(|broker| old.contains(broker));
        if let Some(why) = health::fault(case.world, row, kept) {
            found.push(case.violation("health", wave, step, format!("it must not move now: {why}")));
        }
    }
}
