//! `size`: a move's size is the snapshot's.

use super::super::Violation;
use super::super::case::Case;

pub(super) fn judge(case: &Case, found: &mut Vec<Violation>) {
    for (wave, step, moved) in case.sound_moves() {
        let present = case.world.snapshot.partitions.size[case.steps.row[step] as usize];
        if present != Some(moved.size) {
            let present = present.map_or("not known".to_owned(), |size| size.get().to_string());
            let message = format!("size_bytes is {}, in the snapshot it is {present}", moved.size.get());
            found.push(case.violation("size", wave, step, message));
        }
    }
}
