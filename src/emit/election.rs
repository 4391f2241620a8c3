//! The JSON of `kafka-leader-election --election-type preferred`.

use crate::base::ids::PartitionId;
use crate::base::json::Writer;
use crate::plan::rollback::Rollback;
use crate::plan::{Plan, Wave};

/// `election.json` of a wave: the partitions whose leader is not the preferred one when it ends; none when there is none.
pub fn election(plan: &Plan, wave: &Wave) -> Option<Vec<u8>> {
    let rows = plan.sorted_rows(wave.rows.clone());
    let moves = rows.into_iter().map(|row| plan.get(row as usize));
    document(moves.filter(|m| m.needs_election()).map(|m| (m.topic, m.partition)))
}

/// The partitions whose leader may not be the preferred one after a rollback; none when there is none.
pub fn restore(rollback: &Rollback<'_>) -> Option<Vec<u8>> {
    let restores = rollback.restores().filter(|restore| restore.needs_election());
    document(restores.map(|restore| (restore.topic, restore.partition)))
}

fn document<'a>(partitions: impl Iterator<Item = (&'a str, PartitionId)>) -> Option<Vec<u8>> {
    let mut partitions = partitions.peekable();
    partitions.peek()?;
    let mut writer = Writer::default();
    writer.begin_object().key("partitions").begin_array();
    for (topic, partition) in partitions {
        writer.begin_object().key("topic").string(topic).key("partition").int(partition.get()).end_object();
    }
    writer.end_array().end_object();
    Some(writer.into_bytes())
}
