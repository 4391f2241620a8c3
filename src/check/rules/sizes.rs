//! `size`: a move's size is the snapshot's.

use super::super::Violation;
use super::super::case::{Case, CaseMove};
use crate::base::units::Bytes;

pub(super) fn judge(case: &Case, moved: &CaseMove, found: &mut Vec<Violation>) {
    let (given, known) = (moved.paper.size, case.world.snapshot.partitions.size[moved.row as usize]);
    // Where nothing is copied, a size may stay unknown, and counts as none.
    let present = known.or(case.plan.request.leaders_only.then_some(Bytes::ZERO));
    if present != Some(given) {
        let present = present.map_or("not known".to_owned(), |size| size.get().to_string());
        let message = format!("size_bytes is {}, in the snapshot it is {present}", given.get());
        found.push(case.violation("size", moved, message));
    }
}
