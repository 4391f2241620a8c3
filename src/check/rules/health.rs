//! `health`: no partition moves that is not healthy enough.

use super::super::Violation;
use super::super::case::{Case, CaseMove};
use super::super::health;

pub(super) fn judge(case: &Case, moved: &CaseMove, found: &mut Vec<Violation>) {
    let origin = moved.origin(case);
    let kept = moved.new.iter().copied().filter(|broker| origin.contains(broker));
    if let Some(why) = health::fault(case.world, moved.row, kept) {
        found.push(case.violation("health", moved, format!("it must not move now: {why}")));
    }
}
