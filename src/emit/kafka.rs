//! The JSON of `kafka-reassign-partitions`: one wave, its way back, or the whole plan at once.
//!
//! Sorted by topic and partition, compact. `log_dirs` stands only where a dir is chosen, `any` for the
//! other replicas of that partition.

use crate::base::ids::{BrokerId, PartitionId};
use crate::base::json::Writer;
use crate::plan::rollback::Rollback;
use crate::plan::{Plan, Wave, write_dirs, write_ids};

/// What an entry takes, roughly.
const ENTRY_BYTES: usize = 80;

/// One partition and the list it shall have.
struct Entry<'a> {
    topic: &'a str,
    partition: PartitionId,
    replicas: &'a [BrokerId],
    /// As many as replicas, or none.
    dirs: Vec<Option<&'a str>>,
}

/// `reassign.json` of a wave.
pub fn reassign(plan: &Plan, wave: &Wave) -> Vec<u8> {
    reassign_rows(plan, &plan.sorted_rows(wave.rows.clone()))
}

/// `rollback.json` of a wave: the exact ordered lists, and log dirs where known, from before it.
pub fn rollback(plan: &Plan, wave: &Wave) -> Vec<u8> {
    rollback_rows(plan, &plan.sorted_rows(wave.rows.clone()))
}

/// The lists after these rows, which are sorted by topic and partition.
pub(super) fn reassign_rows(plan: &Plan, rows: &[u32]) -> Vec<u8> {
    document(rows.iter().map(|&row| {
        let m = plan.get(row as usize);
        Entry { topic: m.topic, partition: m.partition, replicas: m.replicas, dirs: m.dirs.iter().collect() }
    }))
}

/// The lists before these rows, which are sorted by topic and partition.
pub(super) fn rollback_rows(plan: &Plan, rows: &[u32]) -> Vec<u8> {
    document(rows.iter().map(|&row| {
        let m = plan.get(row as usize);
        Entry { topic: m.topic, partition: m.partition, replicas: m.previous, dirs: m.previous_dirs.iter().collect() }
    }))
}

/// The final list of every partition of the plan: starts everything at once.
pub fn whole(plan: &Plan) -> Vec<u8> {
    let rows = plan.rows_by_partition();
    let steps: Vec<&[u32]> = rows.chunk_by(|&a, &b| plan.same_partition(a, b)).collect();
    document(steps.into_iter().map(|rows| {
        let last = plan.get(rows[rows.len() - 1] as usize);
        let names_none = plan.moves.dir_names.is_empty();
        let dirs = if names_none { Vec::new() } else { plan.dirs_at_the_end(rows) };
        Entry { topic: last.topic, partition: last.partition, replicas: last.replicas, dirs }
    }))
}

/// The lists that a rollback restores.
pub fn restore(rollback: &Rollback<'_>) -> Vec<u8> {
    document(rollback.restores().map(|restore| Entry {
        topic: restore.topic,
        partition: restore.partition,
        replicas: restore.replicas,
        dirs: restore.dirs.iter().collect(),
    }))
}

fn document<'a>(entries: impl ExactSizeIterator<Item = Entry<'a>>) -> Vec<u8> {
    let mut writer = Writer::with_capacity(64 + entries.len() * ENTRY_BYTES);
    writer.begin_object().key("version").int(1).key("partitions").begin_array();
    for entry in entries {
        writer.begin_object().key("topic").string(entry.topic).key("partition").int(entry.partition.get());
        write_ids(writer.key("replicas"), entry.replicas);
        if entry.dirs.iter().any(Option::is_some) {
            write_dirs(writer.key("log_dirs"), entry.dirs.into_iter());
        }
        writer.end_object();
    }
    writer.end_array().end_object();
    writer.into_bytes()
}
