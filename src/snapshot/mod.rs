//! A cluster as it was read: Kafka's own ids, nothing derived, in columns.
//!
//! Rows are sorted: brokers by id, topics by name, partitions by topic name and then id. So two sources
//! that say the same give the same value, whatever the order of their files, keys or lines. Readers fill
//! a [`Draft`] in the order of their source; [`Draft::finish`] finds all faults, then sorts.

pub mod cruise_control;
mod draft;
mod drained;
mod health;
mod identity;
pub mod kafka_tools;
mod names;
mod open;
mod supplement;
pub mod supplement_files;
pub mod v1;

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

pub use self::draft::{Draft, Item};
pub use self::open::{open, read_bytes};
use crate::base::ids::{BrokerId, IdTable, PartitionId};
use crate::base::index::Csr;
use crate::base::target::Target;
use crate::base::units::{Bytes, Traffic};

/// A cluster at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// What the cluster is called.
    pub name: Option<String>,
    /// When it was read, as text (RFC 3339); nothing is derived from it.
    pub taken_at: Option<String>,
    /// Kafka's own id of the cluster.
    pub cluster_id: Option<String>,
    /// Version of the brokers.
    pub kafka_version: Option<String>,
    /// Who keeps the metadata.
    pub mode: Option<Mode>,
    /// The brokers in ascending order of id.
    pub brokers: Vec<Broker>,
    /// The topics in ascending order of name.
    pub topics: Vec<Topic>,
    /// The partitions of all topics, as columns.
    pub partitions: Partitions,
    /// What the reader noticed and a person should know: missing pieces, dead brokers, leftovers.
    pub notices: Vec<Notice>,
}

/// Who keeps the metadata of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// KRaft controllers.
    Kraft,
    /// ZooKeeper.
    Zookeeper,
}

/// A broker.
#[derive(Clone, Debug, PartialEq)]
pub struct Broker {
    /// Its id.
    pub id: BrokerId,
    /// Its host name.
    pub host: Option<String>,
    /// Its rack (`broker.rack`).
    pub rack: Option<String>,
    /// Whether it works.
    pub state: BrokerState,
    /// Its log dirs; empty when they are not known.
    pub log_dirs: Vec<LogDir>,
    /// What its network can receive.
    pub in_capacity: Option<Traffic>,
    /// What its network can send.
    pub out_capacity: Option<Traffic>,
    /// What its disks can write.
    pub disk_capacity: Option<Traffic>,
    /// Cores of its processors, above 0; no plan depends on them.
    pub num_cores: Option<f64>,
    /// Its dynamic configuration.
    pub config: BTreeMap<String, String>,
}

impl Broker {
    /// An alive broker of which nothing but the id is known.
    pub fn new(id: BrokerId) -> Self {
        Broker {
            id,
            host: None,
            rack: None,
            state: BrokerState::Alive,
            log_dirs: Vec::new(),
            in_capacity: None,
            out_capacity: None,
            disk_capacity: None,
            num_cores: None,
            config: BTreeMap::new(),
        }
    }

    /// Whether the log dir at `path` is offline.
    pub fn is_offline(&self, path: &str) -> bool {
        self.log_dirs.iter().any(|dir| dir.offline && dir.path == path)
    }
}

/// Whether a broker works, and what may be asked of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BrokerState {
    /// It serves.
    #[default]
    Alive,
    /// It is gone: it can be drained, it is no target.
    Dead,
    /// Registered, but not in touch with the controller: it can be drained, it is no target.
    Fenced,
    /// It serves what it has and takes nothing new.
    Cordoned,
}

impl BrokerState {
    /// The word of the snapshot.
    pub const fn as_str(self) -> &'static str {
        match self {
            BrokerState::Alive => "alive",
            BrokerState::Dead => "dead",
            BrokerState::Fenced => "fenced",
            BrokerState::Cordoned => "cordoned",
        }
    }

    /// Whether the broker answers and serves what it holds: alive or cordoned.
    pub const fn serves(self) -> bool {
        matches!(self, BrokerState::Alive | BrokerState::Cordoned)
    }
}

/// A log dir of a broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogDir {
    /// Its absolute path.
    pub path: String,
    /// How much it can hold; absent: not known.
    pub capacity: Option<Bytes>,
    /// What the replicas in it really use; absent: the sum of their partitions' sizes.
    pub used: Option<Bytes>,
    /// Whether it is offline.
    pub offline: bool,
}

/// The path of the one log dir of a broker whose capacity was given while its log dirs are not known.
pub const UNKNOWN_DIR: &str = "(unknown)";

/// A topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// Its configuration, as far as it differs from the brokers'.
    pub config: BTreeMap<String, String>,
    /// Its rows in [`Partitions`].
    pub rows: Range<usize>,
}

/// The number of an interned log dir path in [`Partitions::dir_names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DirName(pub u32);

/// The partitions of a cluster, one row each, as columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Partitions {
    /// Number of the row's topic in [`Snapshot::topics`].
    pub topic: Vec<u32>,
    /// Partition id.
    pub id: Vec<PartitionId>,
    /// Ordered replicas, as Kafka shows them (while a reassignment runs, with adding and removing ones).
    pub replicas: Csr<BrokerId>,
    /// The leader, if there is one.
    pub leader: Vec<Option<BrokerId>>,
    /// In-sync replicas.
    pub isr: Csr<BrokerId>,
    /// Bytes of the leader's replica; absent: not known.
    pub size: Vec<Option<Bytes>>,
    /// What producers write.
    pub bytes_in: Vec<Traffic>,
    /// What consumers read.
    pub bytes_out: Vec<Traffic>,
    /// The log dir of each replica, where known; as long as `replicas.values()`, or empty when none is known.
    pub dir: Vec<Option<DirName>>,
    /// The paths that `dir` numbers, in order of first use.
    pub dir_names: Vec<String>,
    /// Replicas being added, for the few rows under reassignment.
    pub adding: BTreeMap<usize, Vec<BrokerId>>,
    /// Replicas being removed, for the few rows under reassignment.
    pub removing: BTreeMap<usize, Vec<BrokerId>>,
}

impl Partitions {
    /// How many partitions there are.
    pub fn len(&self) -> usize {
        self.id.len()
    }

    /// Whether there is no partition.
    pub fn is_empty(&self) -> bool {
        self.id.is_empty()
    }

    /// The log dir of the replica at `place` of the list of `row`, where known.
    pub fn dir_of(&self, row: usize, place: usize) -> Option<&str> {
        let at = self.replicas.range(row).start + place;
        let DirName(name) = (*self.dir.get(at)?)?;
        Some(&self.dir_names[name as usize])
    }

    /// Whether a reassignment of `row` is under way.
    pub fn is_reassigning(&self, row: usize) -> bool {
        self.adding.contains_key(&row) || self.removing.contains_key(&row)
    }
}

/// Something about the input that a person should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// A stable word, such as `dead-broker`.
    pub code: String,
    /// One sentence.
    pub message: String,
}

impl Notice {
    /// A notice.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Notice { code: code.to_owned(), message: message.into() }
    }
}

impl Snapshot {
    /// The broker `id`.
    pub fn broker(&self, id: BrokerId) -> Option<&Broker> {
        self.brokers.binary_search_by_key(&id, |broker| broker.id).ok().map(|index| &self.brokers[index])
    }

    /// Finds rows of [`Snapshot::brokers`] by id.
    pub fn broker_rows(&self) -> IdTable {
        IdTable::new(self.brokers.iter().map(|broker| broker.id))
    }

    /// The topic's name of a row.
    pub fn topic_of(&self, row: usize) -> &Topic {
        &self.topics[self.partitions.topic[row] as usize]
    }

    /// The row of a partition.
    pub fn row_of(&self, topic: &str, partition: PartitionId) -> Option<usize> {
        let topic = self.topics.binary_search_by(|probe| probe.name.as_str().cmp(topic)).ok()?;
        let rows = self.topics[topic].rows.clone();
        let found = self.partitions.id[rows.clone()].binary_search(&partition).ok()?;
        Some(rows.start + found)
    }

    /// The entries of a target that go from other lists than those of now, as the file says them: number, list of now, list as
    /// given. Partitions that are not here are left out.
    pub fn drift_of<'a>(
        &'a self,
        target: &'a Target,
    ) -> impl Iterator<Item = (usize, &'a [BrokerId], &'a [BrokerId])> + 'a {
        target.entries.iter().enumerate().filter_map(|(number, entry)| {
            let old = target.old(number)?;
            let present = self.partitions.replicas.get(self.row_of(&entry.topic, entry.partition)?);
            (present != old).then_some((number, present, old))
        })
    }

    /// Bytes in use of every log dir of every broker, in the order of `brokers` and their `log_dirs`.
    ///
    /// What the source says, or else the sum of the sizes of the replicas there. A replica whose dir is
    /// not known counts on its broker's only dir, or on each of several. Unknown sizes count nothing.
    pub fn used_bytes(&self) -> Vec<Vec<Bytes>> {
        let mut used: Vec<Vec<Bytes>> = self
            .brokers
            .iter()
            .map(|broker| broker.log_dirs.iter().map(|dir| dir.used.unwrap_or(Bytes::ZERO)).collect())
            .collect();
        let unknown = |broker: &Broker| broker.log_dirs.iter().any(|dir| dir.used.is_none());
        if !self.brokers.iter().any(unknown) {
            return used;
        }
        let rows = self.broker_rows();
        for row in 0..self.partitions.len() {
            let Some(size) = self.partitions.size[row] else { continue };
            for (place, &id) in self.partitions.replicas.get(row).iter().enumerate() {
                let Some(index) = rows.row(id) else { continue };
                let dirs = &self.brokers[index].log_dirs;
                let known = if dirs.len() > 1 { self.partitions.dir_of(row, place) } else { None };
                for (dir, total) in dirs.iter().zip(&mut used[index]) {
                    if dir.used.is_none() && known.is_none_or(|path| path == dir.path) {
                        *total += size;
                    }
                }
            }
        }
        used
    }
}
