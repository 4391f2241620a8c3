//! The JSON of `kafka-leader-election --election-type preferred`.

use crate::base::ids::PartitionId;
use crate::base::json::Writer;
use crate::plan::{Move, Plan, Wave};

/// `election.json` of a wave: the partitions whose leader is not the preferred one when it ends; none when there is none.
pub fn election(plan: &Plan, wave: &Wave) -> Option<Vec<u8>> {
    election_rows(plan, &plan.sorted_rows(wave.rows.clone()))
}

/// The same for these rows, which are sorted by topic and partition.
pub(super) fn election_rows(plan: &Plan, rows: &[u32]) -> Option<Vec<u8>> {
    let moves = rows.iter().map(|&row| plan.get(row as usize));
    document(moves.filter(Move::needs_election).map(|m| (m.topic, m.partition)))
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
