//! `size`: a move's size is the snapshot's.

use super::super::Violation;
use super::super::case::{Case, CaseMove};

pub(super) fn judge(case: &Case, moved: &CaseMove, found: &mut Vec<Violation>) {
    let (given, present) = (moved.paper.size, case.world.snapshot.partitions.size[moved.row as usize]);
    if present != Some(given) {
        let present = present.map_or("not known".to_owned(), |size| size.get().to_string());
        let message = format!("size_bytes is {}, in the snapshot it is {present}", given.get());
        found.push(case.violation("size", moved, message));
    }
}
