//! The verbose result of an optimization: summary, proposals, goals, load before and after.

use std::ops::Range;

use fancy_regex::Regex;

use super::state::{State, emptied};
use super::{Naming, goals, load, stats};
use crate::base::ids::{BrokerId, PartitionId};
use crate::base::json::Writer;
use crate::base::units::Bytes;
use crate::plan::{Plan, Role, write_ids};
use crate::snapshot::Snapshot;

/// One partition from where it is to where it goes, over all steps between.
struct Proposal<'a> {
    topic: &'a str,
    partition: PartitionId,
    old_leader: Option<BrokerId>,
    old: &'a [BrokerId],
    new: &'a [BrokerId],
    size: Bytes,
    /// Replicas that go to another log dir of their broker.
    changing_dir: usize,
}

impl Proposal<'_> {
    fn adding(&self) -> usize {
        self.new.iter().filter(|id| !self.old.contains(id)).count()
    }

    fn is_between_brokers(&self) -> bool {
        self.adding() > 0 || self.old.iter().any(|id| !self.new.contains(id))
    }

    /// Whole MiB: what is left over is not counted.
    fn size_mib(&self) -> u64 {
        (self.size.get() >> 20).min(i32::MAX as u64)
    }
}

/// Counts by the rules of Cruise Control: each partition is a movement of one kind.
#[derive(Default)]
struct Counts {
    between_brokers: u64,
    between_brokers_mib: u64,
    within_brokers: u64,
    within_brokers_mib: u64,
    leaders: u64,
}

impl Counts {
    fn add(&mut self, proposal: &Proposal<'_>) {
        if proposal.is_between_brokers() {
            self.between_brokers += 1;
            self.between_brokers_mib += proposal.adding() as u64 * proposal.size_mib();
        } else if proposal.changing_dir > 0 {
            self.within_brokers += proposal.changing_dir as u64;
            self.within_brokers_mib += proposal.changing_dir as u64 * proposal.size_mib();
        } else {
            self.leaders += 1;
        }
    }
}

/// The document, proposals sorted by topic and partition.
pub(super) fn write(
    plan: &Plan,
    rows: Range<usize>,
    (before, after): (&State, &State),
    excluded_topics: &[&str],
    naming: Naming,
) -> Vec<u8> {
    let proposals = proposals(plan, rows);
    let mut counts = Counts::default();
    for proposal in &proposals {
        counts.add(proposal);
    }
    let goals = goals::of(plan, before, after);
    let mut writer = Writer::with_capacity(4_096 + proposals.len() * 160);
    writer.begin_object().key("summary");
    summary(&mut writer, plan, &counts, excluded_topics, goals::scores(&goals));
    writer.key("goalSummary").begin_array();
    for goal in &goals {
        writer.begin_object().key("goal").string(goal.name).key("status").string(goal.status());
        stats::write(writer.key("clusterModelStats"), after);
        writer.key("optimizationTimeMs").int(0).end_object();
    }
    writer.end_array().key("proposals").begin_array();
    for proposal in &proposals {
        writer.begin_object().key("topicPartition");
        match naming {
            Naming::Object => {
                writer.begin_object().key("hash").int(hash(proposal.topic, proposal.partition));
                writer.key("partition").int(proposal.partition.get()).key("topic").string(proposal.topic).end_object();
            }
            Naming::Text => drop(writer.string(&format!("{}-{}", proposal.topic, proposal.partition))),
        }
        writer.key("oldLeader").int(proposal.old_leader.map_or(-1, BrokerId::get));
        write_ids(writer.key("oldReplicas"), proposal.old);
        write_ids(writer.key("newReplicas"), proposal.new);
        writer.end_object();
    }
    writer.end_array();
    load::write(writer.key("loadBeforeOptimization"), &before.brokers);
    load::write(writer.key("loadAfterOptimization"), &after.brokers);
    writer.key("version").int(1).end_object();
    writer.into_bytes()
}

fn proposals(plan: &Plan, rows: Range<usize>) -> Vec<Proposal<'_>> {
    let sorted = plan.sorted_rows(rows);
    let key = |row: &u32| (plan.moves.topic[*row as usize], plan.moves.partition[*row as usize]);
    let of_partition = sorted.chunk_by(|a, b| key(a) == key(b)).map(|rows| {
        let (first, last) = (plan.get(rows[0] as usize), plan.get(rows[rows.len() - 1] as usize));
        Proposal {
            topic: first.topic,
            partition: first.partition,
            old_leader: first.leader,
            old: first.previous,
            new: last.replicas,
            size: first.size,
            changing_dir: rows.iter().map(|&row| plan.get(row as usize).changing_dir().count()).sum(),
        }
    });
    // Steps that lead back to where they began propose nothing.
    of_partition.filter(|proposal| proposal.old != proposal.new || proposal.changing_dir > 0).collect()
}

/// Topics of the cluster that the plan was not to move.
pub(super) fn excluded_topics<'a>(plan: &Plan, cluster: &'a Snapshot) -> Vec<&'a str> {
    let filter = |text: &Option<String>| text.as_deref().and_then(|text| Regex::new(&format!(r"\A(?:{text})\z")).ok());
    let (only, but) = (filter(&plan.request.topics), filter(&plan.request.exclude_topics));
    let matches = |regex: &Regex, name: &str| regex.is_match(name).unwrap_or(false);
    let is_excluded = |name: &&str| {
        only.as_ref().is_some_and(|only| !matches(only, name)) || but.as_ref().is_some_and(|but| matches(but, name))
    };
    cluster.topics.iter().map(|topic| topic.name.as_str()).filter(is_excluded).collect()
}

fn summary(
    writer: &mut Writer,
    plan: &Plan,
    counts: &Counts,
    excluded_topics: &[&str],
    (score_before, score_after): (f64, f64),
) {
    let drained: Vec<BrokerId> =
        plan.brokers.iter().filter(|broker| broker.role == Role::Drain).map(|broker| broker.id).collect();
    writer.begin_object();
    writer.key("numReplicaMovements").int(counts.between_brokers);
    writer.key("dataToMoveMB").int(counts.between_brokers_mib);
    writer.key("numIntraBrokerReplicaMovements").int(counts.within_brokers);
    writer.key("intraBrokerDataToMoveMB").int(counts.within_brokers_mib);
    writer.key("numLeaderMovements").int(counts.leaders);
    // One look at the cluster, which saw all of it.
    writer.key("recentWindows").int(1);
    writer.key("monitoredPartitionsPercentage").float(100.0);
    writer.key("excludedTopics").begin_array();
    for topic in excluded_topics {
        writer.string(topic);
    }
    writer.end_array();
    write_ids(writer.key("excludedBrokersForLeadership"), &drained);
    let emptied: Vec<BrokerId> = emptied(plan).map(|broker| broker.id).collect();
    write_ids(writer.key("excludedBrokersForReplicaMove"), &emptied);
    writer.key("onDemandBalancednessScoreBefore").float(score_before);
    writer.key("onDemandBalancednessScoreAfter").float(score_after);
    writer.key("provisionStatus").string("UNDECIDED").key("provisionRecommendation").string("");
    writer.end_object();
}

/// The hash of a partition's name as Kafka's `TopicPartition` computes it in Java: 31 times that of the number, which
/// begins with 31, and the hash of the topic's text.
fn hash(topic: &str, partition: PartitionId) -> i32 {
    let text =
        topic.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit as i16)));
    31_i32.wrapping_add(partition.get()).wrapping_mul(31).wrapping_add(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_java() {
        // By hand: the text "a" is 97, "ab" 97 * 31 + 98.
        assert_eq!(hash("a", PartitionId::new(0)), 31 * 31 + 97);
        assert_eq!(hash("ab", PartitionId::new(2)), 33 * 31 + 97 * 31 + 98);
        assert_eq!(hash("", PartitionId::new(0)), 961);
        // Long names wrap around at 32 bits.
        assert_eq!(hash("__consumer_offsets", PartitionId::new(49)), -970_368_889);
    }
}
