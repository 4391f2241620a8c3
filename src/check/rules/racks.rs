//! `racks`: after every wave, racks are as the policy asks.

use super::super::Violation;
use super::super::case::Case;
use super::super::spread;

pub(super) fn judge(case: &Case, found: &mut Vec<Violation>) {
    let stay = spread::racks_that_stay(case.world, &case.ask.is_drained);
    for (wave, step, _) in case.sound_moves() {
        let (old, new) = (case.world.replicas(case.steps.row[step]), case.steps.new.get(step));
        if let Some(message) = spread::fault(case.world, &case.plan.request, stay, old, new) {
            found.push(case.violation("racks", wave, step, message));
        }
    }
}
