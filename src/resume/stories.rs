//! What an earlier plan wanted of each partition, and where that stands now.

use std::collections::BTreeMap;

use crate::base::ids::{BrokerId, PartitionId};
use crate::base::units::Bytes;
use crate::plan::Plan;
use crate::request::resume::Kept;
use crate::snapshot::Snapshot;

/// Where a partition of an earlier plan stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// On its last list.
    Done,
    /// On the list from before its first step.
    NotBegun,
    /// On a list between the two, or a reassignment to one of its lists is under way.
    OnTheWay,
    /// On a list that is none of its own.
    Changed,
    /// The cluster does not have it.
    Gone,
}

impl Stand {
    /// Whether the earlier plan still has something to do.
    pub const fn is_open(self) -> bool {
        matches!(self, Stand::NotBegun | Stand::OnTheWay)
    }
}

/// A partition of an earlier plan.
#[derive(Clone)]
pub struct Story<'p> {
    /// Its topic.
    pub topic: &'p str,
    /// Its number.
    pub partition: PartitionId,
    /// The list from which it set out, in the first of all plans that were resumed.
    pub previous: &'p [BrokerId],
    /// The list on which it ends.
    pub last: &'p [BrokerId],
    /// The log dir that each replica of `last` was sent to, where one was named.
    pub dirs: Vec<Option<&'p str>>,
    /// Bytes of one replica then; not known of what was deferred.
    pub size: Option<Bytes>,
    /// Its row of the snapshot.
    pub row: Option<usize>,
    /// Where it stands.
    pub stand: Stand,
}

impl Story<'_> {
    /// What it is found by.
    pub fn key(&self) -> (&str, PartitionId) {
        (self.topic, self.partition)
    }
}

/// The story of every partition of a plan, by topic and partition; also of those that it took over and deferred.
pub fn of<'p>(old: &'p Plan, snapshot: &Snapshot) -> Vec<Story<'p>> {
    let taken_over = old.request.resume.iter().flat_map(|resume| &resume.partitions);
    let mut taken_over: BTreeMap<(&str, PartitionId), &Kept> = taken_over.map(|kept| (kept.key(), kept)).collect();
    let rows = old.rows_by_partition();
    let mut stories: Vec<Story<'p>> = Vec::new();
    for steps in rows.chunk_by(|&a, &b| old.same_partition(a, b)) {
        stories.push(of_steps(old, steps, taken_over.remove(&key_of(old, steps[0] as usize)), snapshot));
    }
    stories.extend(taken_over.into_values().map(|kept| of_deferred(kept, snapshot)));
    stories.sort_by(|a, b| a.key().cmp(&b.key()));
    stories
}

fn key_of(plan: &Plan, row: usize) -> (&str, PartitionId) {
    let step = plan.get(row);
    (step.topic, step.partition)
}

/// The story of a partition that the plan moves in these rows, in their order.
fn of_steps<'p>(old: &'p Plan, steps: &[u32], kept: Option<&'p Kept>, snapshot: &Snapshot) -> Story<'p> {
    let step = |at: u32| old.get(at as usize);
    let (first, last) = (step(steps[0]), step(steps[steps.len() - 1]));
    let row = snapshot.row_of(first.topic, first.partition);
    let between: Vec<&[BrokerId]> = steps[..steps.len() - 1].iter().map(|&at| step(at).replicas).collect();
    let previous = kept.map_or(first.previous, |kept| &kept.previous);
    let stand = row.map_or(Stand::Gone, |row| match Present::of(snapshot, row) {
        Present::Moving(to) => {
            let is_ours = to == first.previous || to == last.replicas || between.contains(&&to[..]);
            if is_ours { Stand::OnTheWay } else { Stand::Changed }
        }
        Present::At(list) if list == last.replicas => Stand::Done,
        Present::At(list) if list == first.previous && first.previous == previous => Stand::NotBegun,
        Present::At(list) if list == first.previous || between.contains(&list) => Stand::OnTheWay,
        Present::At(_) => Stand::Changed,
    });
    let dirs = old.dirs_at_the_end(steps);
    let (topic, partition, size) = (first.topic, first.partition, Some(first.size));
    Story { topic, partition, previous, last: last.replicas, dirs, size, row, stand }
}

/// The story of a partition that the plan took over from an earlier one and then deferred.
fn of_deferred<'p>(kept: &'p Kept, snapshot: &Snapshot) -> Story<'p> {
    let (last, previous) = (&kept.entry.replicas[..], &kept.previous[..]);
    let row = snapshot.row_of(&kept.entry.topic, kept.entry.partition);
    // The lists on its way are not known any more; they had no other brokers.
    let is_between = |list: &[BrokerId]| list.iter().all(|id| last.contains(id) || previous.contains(id));
    let stand = row.map_or(Stand::Gone, |row| match Present::of(snapshot, row) {
        Present::At(list) if list == last => Stand::Done,
        Present::At(list) if list == previous => Stand::NotBegun,
        Present::At(list) if is_between(list) => Stand::OnTheWay,
        Present::Moving(to) if is_between(&to) => Stand::OnTheWay,
        _ => Stand::Changed,
    });
    let dirs = (0..last.len()).map(|place| kept.dir(place)).collect();
    let (topic, partition) = kept.key();
    Story { topic, partition, previous, last, dirs, size: None, row, stand }
}

/// The list of a partition now.
enum Present<'s> {
    /// It stands there.
    At(&'s [BrokerId]),
    /// A reassignment to this one is under way.
    Moving(Vec<BrokerId>),
}

impl<'s> Present<'s> {
    fn of(snapshot: &'s Snapshot, row: usize) -> Self {
        let partitions = &snapshot.partitions;
        let list = partitions.replicas.get(row);
        if !partitions.is_reassigning(row) {
            return Present::At(list);
        }
        let leaves = |id: &BrokerId| partitions.removing.get(&row).is_some_and(|removing| removing.contains(id));
        Present::Moving(list.iter().copied().filter(|id| !leaves(id)).collect())
    }
}
