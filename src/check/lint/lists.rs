//! Lists that change more than they must: nothing at all, the order of what stays, or who is first.

use super::{Case, Lint};
use crate::replay::NONE;
use crate::replay::steps::is_reordered;

pub(super) fn judge(case: &Case) -> Vec<Lint> {
    let (mut idle, mut shuffled, mut led) = (Vec::new(), Vec::new(), Vec::new());
    for step in (0..case.steps.len()).filter(|&step| case.steps.is_sound[step]) {
        let (old, new) = (case.steps.old.get(step), case.steps.new.get(step));
        if old == new {
            if case.steps.dir_changes.get(step).is_empty() {
                idle.push(step);
            }
            continue;
        }
        let is_same_head = old[0] == new[0];
        if !is_same_head && !is_reordered(old, new) && could_stay_first(case, step) {
            led.push(step);
        } else if is_same_head || !new.contains(&old[0]) {
            // What follows the first replica: those that stay keep their order, unless the first has to change.
            let stays = |list: &[u32], other: &[u32]| -> Vec<u32> {
                list[1..].iter().copied().filter(|broker| other[1..].contains(broker)).collect()
            };
            if stays(old, new) != stays(new, old) {
                shuffled.push(step);
            }
        }
    }
    [
        case.advice(
            "no-op",
            &idle,
            |partitions| format!("{partitions} with the list that the cluster has now: nothing happens there"),
            "leave out what does nothing: the file is then what it does",
        ),
        case.advice(
            "needless-reorder",
            &shuffled,
            |partitions| {
                format!(
                    "{partitions} whose other replicas change their order although the first one does not ask for it"
                )
            },
            "keep what stays in its place, so that the order says who leads next, as before",
        ),
        case.advice(
            "needless-leader-change",
            &led,
            |partitions| format!("{partitions} that move, and get another first replica although the old one stays"),
            "keep the old first replica first; leaders that are to move get a file of their own, which copies nothing",
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Whether the replica that was first stays, serves and is in sync, and is not one that is to be drained.
fn could_stay_first(case: &Case, step: usize) -> bool {
    let head = case.steps.old.get(step)[0];
    let id = case.world.id(head);
    let row = case.steps.row[step];
    row != NONE
        && case.steps.new.get(step).contains(&head)
        && case.world.broker(head).state.serves()
        && case.world.snapshot.partitions.isr.get(row as usize).contains(&id)
        && !case.request.drain.contains(id)
}
