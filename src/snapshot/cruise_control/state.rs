//! `/kafka_cluster_state?verbose=true`: partitions, and what brokers hold.
//!
//! Partitions stand in lists by their state, `other` being those in good health, which only a verbose answer has. One
//! may stand in several lists. How many replicas each broker holds is counted over partitions that have a leader, and
//! tells whether all of them are there.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::STATE_HELP;
use super::number::{Id, Number, Pairs};
use crate::base::error::{Code, Error};
use crate::base::ids::{BrokerId, PartitionId};
use crate::base::text::grouped;
use crate::snapshot::kafka_tools::topics::{Described, PartitionLine, TopicLine};
use crate::snapshot::kafka_tools::{Spot, contradiction};

#[derive(Deserialize)]
pub(super) struct Document<'a> {
    #[serde(rename = "KafkaBrokerState", default)]
    pub brokers: BrokerState,
    #[serde(borrow, rename = "KafkaPartitionState", default)]
    partitions: Lists<'a>,
}

#[derive(Default, Deserialize)]
pub(super) struct BrokerState {
    #[serde(rename = "ReplicaCountByBrokerId", default)]
    replicas: Pairs<Number>,
    #[serde(rename = "OnlineLogDirsByBrokerId", default)]
    online: Pairs<Vec<String>>,
    #[serde(rename = "OfflineLogDirsByBrokerId", default)]
    offline: Pairs<Vec<String>>,
    #[serde(rename = "BrokerSetByBrokerId", default)]
    pub sets: Pairs<String>,
    #[serde(rename = "Summary")]
    summary: Option<Totals>,
}

#[derive(Deserialize)]
struct Totals {
    #[serde(rename = "Topics")]
    topics: Option<Number>,
}

#[derive(Default, Deserialize)]
struct Lists<'a> {
    #[serde(borrow, default)]
    offline: Vec<Partition<'a>>,
    #[serde(borrow, rename = "with-offline-replicas", default)]
    with_offline_replicas: Vec<Partition<'a>>,
    #[serde(borrow, default)]
    urp: Vec<Partition<'a>>,
    #[serde(borrow, rename = "under-min-isr", default)]
    under_min_isr: Vec<Partition<'a>>,
    #[serde(borrow, default)]
    other: Option<Vec<Partition<'a>>>,
}

#[derive(Deserialize, PartialEq)]
struct Partition<'a> {
    #[serde(borrow)]
    topic: Cow<'a, str>,
    partition: Id,
    leader: Option<i64>,
    replicas: Vec<Id>,
    #[serde(rename = "in-sync")]
    isr: Vec<Id>,
    #[serde(rename = "min-isr")]
    min_isr: Option<i64>,
}

/// What Cruise Control writes for log dirs of a broker that is gone, and of one that did not answer in time.
const DEAD: &str = "broker_dead";
const TIMED_OUT: &str = "timed_out";

/// What is known of the log dirs of a broker.
#[derive(Default)]
pub(super) struct Dirs {
    pub is_dead: bool,
    pub timed_out: bool,
    /// Paths, and whether each is offline.
    pub paths: BTreeMap<String, bool>,
}

impl Document<'_> {
    /// The lists, each with its way.
    fn lists(&self) -> impl Iterator<Item = (&'static str, &[Partition<'_>])> {
        let lists = &self.partitions;
        [
            ("KafkaPartitionState.offline", lists.offline.as_slice()),
            ("KafkaPartitionState.urp", &lists.urp),
            ("KafkaPartitionState.other", lists.other.as_deref().unwrap_or_default()),
            ("KafkaPartitionState.with-offline-replicas", &lists.with_offline_replicas),
            ("KafkaPartitionState.under-min-isr", &lists.under_min_isr),
        ]
        .into_iter()
    }

    /// The partitions as the tools would describe them.
    pub fn described<'a>(&'a self, file: &'a str, faults: &mut Vec<Error>) -> Described<'a> {
        let mut described = Described::default();
        let mut rows: BTreeMap<(&str, i32), (&Partition<'_>, Spot<'a>, &str)> = BTreeMap::new();
        let mut topics: BTreeMap<&str, (Option<i64>, Spot<'a>)> = BTreeMap::new();
        for (key, list) in self.lists() {
            for (index, partition) in list.iter().enumerate() {
                let spot = Spot::element(file, key, index);
                let name = (partition.topic.as_ref(), partition.partition.0);
                match rows.get(&name) {
                    Some((known, at, known_key)) => {
                        faults.extend(repeated(name, (known, *at, known_key), (partition, spot, key)));
                        continue;
                    }
                    None => rows.insert(name, (partition, spot, key)),
                };
                let (min_isr, at) = *topics.entry(name.0).or_insert((partition.min_isr, spot));
                if min_isr != partition.min_isr {
                    let text = |min_isr: Option<i64>| min_isr.map_or("none".to_owned(), |n| n.to_string());
                    let subject = format!("`min-isr` of topic `{}`", name.0);
                    faults.push(contradiction(&subject, (at, &text(min_isr)), (spot, &text(partition.min_isr))));
                }
                match line(partition, spot) {
                    Ok(line) => described.partitions.push(line),
                    Err(fault) => faults.push(fault),
                }
            }
        }
        for (name, (min_isr, spot)) in topics {
            // 1 is what Kafka takes where nothing is set.
            let set = min_isr.filter(|&min_isr| min_isr != 1);
            let config = set.map(|min_isr| ("min.insync.replicas".to_owned(), min_isr.to_string()));
            described.topics.push(TopicLine { name, config: config.into_iter().collect(), spot });
        }
        if faults.is_empty() {
            faults.extend(self.incomplete(&described, file));
        }
        described
    }

    /// Whether partitions are missing: the answer counts replicas by broker over all that have a leader.
    fn incomplete(&self, described: &Described<'_>, file: &str) -> Option<Error> {
        let counted = self.replica_counts();
        let found = replica_counts(&described.partitions);
        let (&id, &count) = counted.iter().find(|(id, count)| found.get(*id).copied().unwrap_or(0) != **count)?;
        let here = found.get(&id).copied().unwrap_or(0);
        let topics = self.brokers.summary.as_ref().and_then(|summary| summary.topics?.0);
        let topics_here = described.topics.len() as f64;
        let message = format!(
            "`{file}` counts {} replicas on broker {id}, but the partitions that it lists have {}",
            grouped(count),
            grouped(here)
        );
        let fault =
            Error::new(Code::Contradiction, message)
                .at(Spot::key(file, "KafkaBrokerState.ReplicaCountByBrokerId").place());
        Some(if self.partitions.other.is_none() {
            fault
                .note("it has no list `KafkaPartitionState.other`, in which partitions in good health stand")
                .help(format!("ask with `verbose=true`: {STATE_HELP}"))
        } else if topics.is_some_and(|topics| topics > topics_here) {
            fault
                .note(format!("it lists {topics_here} topics of {}", topics.unwrap_or_default()))
                .help("ask without `topic=`: a plan needs every partition, since all of them fill the disks")
        } else {
            fault.help("was the file cut off or edited? Ask again")
        })
    }

    /// The replicas that the answer counts on each broker.
    fn replica_counts(&self) -> BTreeMap<BrokerId, u64> {
        let counts = self.brokers.replicas.0.iter();
        counts.filter_map(|(id, count)| Some((broker(id)?, count.0? as u64))).collect()
    }

    /// The brokers of the answer, with their log dirs; faults are ids that are none.
    pub fn brokers(&self, file: &str, faults: &mut Vec<Error>) -> BTreeMap<BrokerId, Dirs> {
        let state = &self.brokers;
        let mut brokers: BTreeMap<BrokerId, Dirs> = BTreeMap::new();
        let keys = [
            ("KafkaBrokerState.ReplicaCountByBrokerId", state.replicas.0.iter().map(|(id, _)| id).collect::<Vec<_>>()),
            ("KafkaBrokerState.OnlineLogDirsByBrokerId", state.online.0.iter().map(|(id, _)| id).collect()),
            ("KafkaBrokerState.OfflineLogDirsByBrokerId", state.offline.0.iter().map(|(id, _)| id).collect()),
        ];
        for (key, ids) in keys {
            for id in ids {
                match broker(id) {
                    Some(id) => drop(brokers.entry(id).or_default()),
                    None => faults.push(no_broker(id, Spot::key(file, key))),
                }
            }
        }
        for (list, is_offline) in [(&state.online, false), (&state.offline, true)] {
            for (id, paths) in &list.0 {
                let Some(dirs) = broker(id).and_then(|id| brokers.get_mut(&id)) else { continue };
                for path in paths {
                    match path.as_str() {
                        DEAD => dirs.is_dead = true,
                        TIMED_OUT => dirs.timed_out = true,
                        path => drop(dirs.paths.insert(path.to_owned(), is_offline)),
                    }
                }
            }
        }
        brokers
    }
}

/// Replicas on each broker, of partitions that have a leader.
pub(super) fn replica_counts(lines: &[PartitionLine<'_>]) -> BTreeMap<BrokerId, u64> {
    let mut counts = BTreeMap::new();
    for line in lines.iter().filter(|line| line.leader.is_some()) {
        for id in line.replicas.iter().collect::<BTreeSet<_>>() {
            *counts.entry(*id).or_default() += 1;
        }
    }
    counts
}

/// An id that stands as a key.
pub(super) fn broker(text: &str) -> Option<BrokerId> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok().map(BrokerId::new))?
}

pub(super) fn no_broker(text: &str, spot: Spot<'_>) -> Error {
    Error::new(Code::InvalidField, format!("`{text}` is no broker id; expected 0 to {}", i32::MAX)).at(spot.place())
}

/// A partition that stands twice: in two lists it must be the same, in one it is a fault.
fn repeated(
    (topic, id): (&str, i32),
    (first, at, list): (&Partition<'_>, Spot<'_>, &str),
    (second, spot, other): (&Partition<'_>, Spot<'_>, &str),
) -> Option<Error> {
    if list == other {
        return Some(
            Error::new(Code::DuplicatePartition, format!("partition `{topic}-{id}` stands twice"))
                .at(spot.place())
                .note(format!("the first time in {}", at.place()))
                .help("keep one of the two"),
        );
    }
    let text = |partition: &Partition<'_>| {
        let ids = |ids: &[Id]| ids.iter().map(|id| id.0.to_string()).collect::<Vec<_>>().join(",");
        let leader = partition.leader.map_or("none".to_owned(), |id| id.to_string());
        format!("leader {leader}, replicas {}, in sync {}", ids(&partition.replicas), ids(&partition.isr))
    };
    (first != second)
        .then(|| contradiction(&format!("partition `{topic}-{id}`"), (at, &text(first)), (spot, &text(second))))
}

fn line<'a>(partition: &'a Partition<'_>, spot: Spot<'a>) -> Result<PartitionLine<'a>, Error> {
    let leader = match partition.leader {
        None | Some(-1) => None,
        Some(id) => match i32::try_from(id).ok().filter(|&id| id >= 0) {
            Some(id) => Some(BrokerId::new(id)),
            None => return Err(no_broker(&id.to_string(), spot)),
        },
    };
    let ids = |ids: &[Id]| ids.iter().map(|id| BrokerId::new(id.0)).collect();
    Ok(PartitionLine {
        topic: &partition.topic,
        id: PartitionId::new(partition.partition.0),
        leader,
        replicas: ids(&partition.replicas),
        isr: ids(&partition.isr),
        adding: Vec::new(),
        removing: Vec::new(),
        has_elr: false,
        spot,
    })
}
