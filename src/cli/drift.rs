//! What has happened since the plan that is resumed was made, for people.

use super::view::Lines;
use crate::base::text::{brokers, counted, either, grouped};
use crate::plan::{Drift, Group};

/// How many partitions of a group are named.
const NAMED: usize = 3;

/// Adds what has happened: how far the earlier plan has come, then what it did not foresee.
pub fn add(lines: &mut Lines, drift: &Drift) {
    let mut far = vec![format!("{} of {} done", grouped(drift.done.count), counted(drift.partitions, "partition"))];
    far.push(format!("{} on the way", grouped(drift.on_the_way.count)));
    far.push(format!("{} not begun", grouped(drift.not_begun.count)));
    lines.add("resumed", far.join(", "));
    let of = |group: &Group, one: &str, several: &str| {
        let what = either(group.count as usize, one, several);
        (!group.is_empty()).then(|| format!("{} {what}: {}", counted(group.count, "partition"), names(group)))
    };
    let groups = [
        of(&drift.changed, "has another list, given by somebody else", "have other lists, given by somebody else"),
        of(&drift.gone, "is gone", "are gone"),
        of(&drift.added, "is new to the plan", "are new to the plan"),
        of(&drift.taken_up, "was deferred and is taken up", "were deferred and are taken up"),
        of(&drift.replaced, "is placed anew", "are placed anew"),
        of(&drift.resized, "has another size by more than 10%", "have other sizes by more than 10%"),
        (drift.bytes_then != drift.bytes_now)
            .then(|| format!("one replica of each had {} then, and has {} now", drift.bytes_then, drift.bytes_now)),
        (!drift.brokers_gone.is_empty()).then(|| {
            format!("drained {} {} gone from the cluster", brokers(&drift.brokers_gone), is(drift.brokers_gone.len()))
        }),
        (!drift.targets_lost.is_empty())
            .then(|| format!("target {} cannot receive any more", brokers(&drift.targets_lost))),
    ];
    for (number, text) in groups.into_iter().flatten().enumerate() {
        lines.add(if number == 0 { "drift" } else { "" }, text);
    }
}

const fn is(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

fn names(group: &Group) -> String {
    let shown: Vec<&str> = group.first.iter().take(NAMED).map(String::as_str).collect();
    match group.count.saturating_sub(shown.len() as u64) {
        0 => shown.join(", "),
        more => format!("{} and {} more", shown.join(", "), grouped(more)),
    }
}
