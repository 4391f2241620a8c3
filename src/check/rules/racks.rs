//! `racks`: after every wave, racks are as the policy asks.

use super::super::Violation;
use super::super::case::{Case, CaseMove};
use super::super::spread;

pub(super) fn judge(case: &Case, moved: &CaseMove, found: &mut Vec<Violation>) {
    let (request, stay) = (&case.plan.request, case.ask.racks_that_stay);
    // What an earlier plan began is judged by the list from which that set out.
    let kept = case.ask.kept.previous(case.world, moved.row);
    let lists = (kept.as_deref().unwrap_or_else(|| moved.origin(case)), moved.new);
    if let Some(message) = spread::fault(case.world, request, stay, lists, moved.is_last(case)) {
        found.push(case.violation("racks", moved, message));
    }
}
