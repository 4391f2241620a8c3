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

/// The same when the whole plan has been done at once: the final list of each partition took over from its first leader.
pub fn whole(plan: &Plan) -> Option<Vec<u8>> {
    let led_by_another = |rows: &&[u32]| {
        let (first, last) = (plan.get(rows[0] as usize), plan.get(rows[rows.len() - 1] as usize));
        let preferred = last.replicas.first();
        // Who leads goes on while it stays in the list; otherwise Kafka takes the first of it that is in sync.
        let leader = first.leader.filter(|id| last.replicas.contains(id));
        !last.leaves_leaders && leader.is_some_and(|leader| Some(&leader) != preferred)
    };
    let rows = plan.rows_by_partition();
    let due = rows.chunk_by(|&a, &b| plan.same_partition(a, b)).filter(led_by_another);
    document(due.map(|rows| (plan.get(rows[0] as usize).topic, plan.get(rows[0] as usize).partition)))
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
