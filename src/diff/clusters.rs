//! Two snapshots side by side.

use std::cmp::Ordering;

use serde::Serialize;

use super::{Named, Setting, compare, compare_maps};
use crate::base::ids::{BrokerId, PartitionId};
use crate::base::units::Bytes;
use crate::snapshot::{Broker, LogDir, Snapshot};

/// What differs between two snapshots.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClusterDiff<'a> {
    /// Whether anything differs; names and the time of reading do not count.
    pub differs: bool,
    /// The first snapshot.
    pub a: ClusterSide<'a>,
    /// The second snapshot.
    pub b: ClusterSide<'a>,
    /// Cluster id, version, who keeps the metadata.
    pub cluster: Vec<Setting>,
    /// The brokers.
    pub brokers: Brokers,
    /// The topics.
    pub topics: Topics<'a>,
    /// The partitions of topics that both have.
    pub partitions: Partitions<'a>,
}

/// The size of a snapshot.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClusterSide<'a> {
    /// What the cluster is called.
    pub name: Option<&'a str>,
    /// When it was read.
    pub taken_at: Option<&'a str>,
    /// How many brokers it has.
    pub brokers: usize,
    /// How many topics.
    pub topics: usize,
    /// How many partitions.
    pub partitions: usize,
    /// How many replicas.
    pub replicas: usize,
    /// Bytes of all replicas, each as its leader's size; unknown sizes count nothing.
    pub bytes: Bytes,
}

/// Brokers that came, went or changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Brokers {
    /// Only in `b`.
    pub added: Vec<BrokerId>,
    /// Only in `a`.
    pub removed: Vec<BrokerId>,
    /// In both, and different.
    pub changed: Vec<BrokerChange>,
}

/// A broker that changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BrokerChange {
    /// Its id.
    pub id: BrokerId,
    /// What changed.
    pub changes: Vec<Setting>,
}

/// Topics that came, went or changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Topics<'a> {
    /// Only in `b`.
    pub added: Vec<TopicSide<'a>>,
    /// Only in `a`.
    pub removed: Vec<TopicSide<'a>>,
    /// In both, with another configuration.
    pub changed: Vec<TopicChange<'a>>,
}

/// A topic that only one side has.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TopicSide<'a> {
    /// Its name.
    pub topic: &'a str,
    /// How many partitions it has.
    pub partitions: usize,
    /// Bytes of one replica of each.
    pub size_bytes: Bytes,
}

/// A topic whose configuration changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TopicChange<'a> {
    /// Its name.
    pub topic: &'a str,
    /// What changed.
    pub changes: Vec<Setting>,
}

/// Partitions that came, went or changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Partitions<'a> {
    /// Only in `b`, of topics that both have.
    pub added: Vec<Named<'a>>,
    /// Only in `a`, of topics that both have.
    pub removed: Vec<Named<'a>>,
    /// With another ordered list.
    pub lists: Vec<IdsChange<'a>>,
    /// With another leader.
    pub leaders: Vec<LeaderChange<'a>>,
    /// With other replicas in sync, in whatever order.
    pub isr: Vec<IdsChange<'a>>,
    /// Whose reassignment began, ended or changed.
    pub moving: Vec<Moving<'a>>,
    /// With replicas in other log dirs of brokers that stay.
    pub log_dirs: Vec<DirChange<'a>>,
    /// Of another size.
    pub sizes: Vec<SizeChange<'a>>,
}

/// Another list of brokers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IdsChange<'a> {
    /// The partition.
    #[serde(flatten)]
    pub which: Named<'a>,
    /// Before.
    pub a: &'a [BrokerId],
    /// Now.
    pub b: &'a [BrokerId],
    /// Bytes of one replica now, where known.
    pub size_bytes: Option<Bytes>,
}

/// Another leader; null is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeaderChange<'a> {
    /// The partition.
    #[serde(flatten)]
    pub which: Named<'a>,
    /// Before.
    pub a: Option<BrokerId>,
    /// Now.
    pub b: Option<BrokerId>,
}

/// A reassignment that began, ended or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moving<'a> {
    /// The partition.
    #[serde(flatten)]
    pub which: Named<'a>,
    /// Whether it was under way.
    pub a: bool,
    /// Whether it is.
    pub b: bool,
}

/// A replica in another log dir of its broker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DirChange<'a> {
    /// The partition.
    #[serde(flatten)]
    pub which: Named<'a>,
    /// The broker.
    pub broker: BrokerId,
    /// Before.
    pub a: &'a str,
    /// Now.
    pub b: &'a str,
}

/// Another size; null is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SizeChange<'a> {
    /// The partition.
    #[serde(flatten)]
    pub which: Named<'a>,
    /// Bytes of one replica before.
    pub a: Option<Bytes>,
    /// Bytes of one replica now.
    pub b: Option<Bytes>,
}

/// Compares two snapshots.
pub fn clusters<'a>(a: &'a Snapshot, b: &'a Snapshot) -> ClusterDiff<'a> {
    let mut cluster = Vec::new();
    compare(&mut cluster, "cluster_id", a.cluster_id.clone(), b.cluster_id.clone());
    compare(&mut cluster, "kafka_version", a.kafka_version.clone(), b.kafka_version.clone());
    let mode = |snapshot: &Snapshot| snapshot.mode.map(|mode| format!("{mode:?}").to_lowercase());
    compare(&mut cluster, "mode", mode(a), mode(b));
    let brokers = brokers(a, b);
    let mut topics = Topics::default();
    let mut partitions = Partitions::default();
    merge(
        &a.topics,
        &b.topics,
        |one, other| one.name.cmp(&other.name),
        |one, other| match (one, other) {
            (Some(one), Some(other)) => {
                let mut changes = Vec::new();
                compare_maps(&mut changes, &one.config, &other.config);
                if !changes.is_empty() {
                    topics.changed.push(TopicChange { topic: &other.name, changes });
                }
                of_topic((a, one.rows.clone()), (b, other.rows.clone()), &other.name, &mut partitions);
            }
            (Some(one), None) => topics.removed.push(side(a, one)),
            (None, Some(other)) => topics.added.push(side(b, other)),
            (None, None) => {}
        },
    );
    let mut diff = ClusterDiff { differs: false, a: size(a), b: size(b), cluster, brokers, topics, partitions };
    diff.differs = diff.has_any();
    diff
}

impl ClusterDiff<'_> {
    fn has_any(&self) -> bool {
        let ClusterDiff { cluster, brokers, topics, partitions, .. } = self;
        let counts = [
            cluster.len(),
            brokers.added.len() + brokers.removed.len() + brokers.changed.len(),
            topics.added.len() + topics.removed.len() + topics.changed.len(),
            partitions.added.len() + partitions.removed.len() + partitions.lists.len() + partitions.leaders.len(),
            partitions.isr.len() + partitions.moving.len() + partitions.log_dirs.len() + partitions.sizes.len(),
        ];
        counts.iter().any(|&count| count > 0)
    }
}

/// Walks over two sorted lists at once; each of them may lack what the other has.
fn merge<'a, T>(
    a: &'a [T],
    b: &'a [T],
    order: impl Fn(&T, &T) -> Ordering,
    mut each: impl FnMut(Option<&'a T>, Option<&'a T>),
) {
    let (mut one, mut other) = (0, 0);
    while one < a.len() || other < b.len() {
        let order = match (a.get(one), b.get(other)) {
            (Some(x), Some(y)) => order(x, y),
            (Some(_), None) => Ordering::Less,
            _ => Ordering::Greater,
        };
        each(a.get(one).filter(|_| order.is_le()), b.get(other).filter(|_| order.is_ge()));
        one += usize::from(order.is_le());
        other += usize::from(order.is_ge());
    }
}

fn size(snapshot: &Snapshot) -> ClusterSide<'_> {
    let partitions = &snapshot.partitions;
    let of_row = |row: usize| {
        let replicas = partitions.replicas.get(row).len() as u64;
        Bytes::new(partitions.size[row].map_or(0, Bytes::get).saturating_mul(replicas))
    };
    ClusterSide {
        name: snapshot.name.as_deref(),
        taken_at: snapshot.taken_at.as_deref(),
        brokers: snapshot.brokers.len(),
        topics: snapshot.topics.len(),
        partitions: partitions.len(),
        replicas: partitions.replicas.total(),
        bytes: (0..partitions.len()).map(of_row).sum(),
    }
}

fn side<'a>(snapshot: &'a Snapshot, topic: &'a crate::snapshot::Topic) -> TopicSide<'a> {
    let sizes = &snapshot.partitions.size[topic.rows.clone()];
    TopicSide { topic: &topic.name, partitions: topic.rows.len(), size_bytes: sizes.iter().flatten().copied().sum() }
}

fn brokers(a: &Snapshot, b: &Snapshot) -> Brokers {
    let mut found = Brokers::default();
    merge(
        &a.brokers,
        &b.brokers,
        |one, other| one.id.cmp(&other.id),
        |one, other| match (one, other) {
            (Some(one), Some(other)) => {
                let changes = of_broker(one, other);
                if !changes.is_empty() {
                    found.changed.push(BrokerChange { id: one.id, changes });
                }
            }
            (Some(one), None) => found.removed.push(one.id),
            (None, Some(other)) => found.added.push(other.id),
            (None, None) => {}
        },
    );
    found
}

fn of_broker(one: &Broker, other: &Broker) -> Vec<Setting> {
    let mut changes = Vec::new();
    compare(&mut changes, "state", Some(one.state.as_str().to_owned()), Some(other.state.as_str().to_owned()));
    compare(&mut changes, "rack", one.rack.clone(), other.rack.clone());
    compare(&mut changes, "host", one.host.clone(), other.host.clone());
    for (key, a, b) in [
        ("in_capacity_bytes_per_sec", one.in_capacity, other.in_capacity),
        ("out_capacity_bytes_per_sec", one.out_capacity, other.out_capacity),
        ("disk_capacity_bytes_per_sec", one.disk_capacity, other.disk_capacity),
    ] {
        compare(&mut changes, key, a.map(|rate| rate.get().to_string()), b.map(|rate| rate.get().to_string()));
    }
    compare(&mut changes, "num_cores", one.num_cores.map(|n| n.to_string()), other.num_cores.map(|n| n.to_string()));
    let paths: std::collections::BTreeSet<&str> =
        one.log_dirs.iter().chain(&other.log_dirs).map(|dir| dir.path.as_str()).collect();
    let find = |broker: &Broker, path: &str| broker.log_dirs.iter().find(|dir| dir.path == path).cloned();
    for path in paths {
        let (a, b) = (find(one, path), find(other, path));
        let state =
            |dir: &Option<LogDir>| dir.as_ref().map(|dir| if dir.offline { "offline" } else { "online" }.to_owned());
        let bytes = |dir: &Option<LogDir>, get: fn(&LogDir) -> Option<Bytes>| {
            dir.as_ref().and_then(get).map(|bytes| bytes.get().to_string())
        };
        compare(&mut changes, &format!("log_dirs.{path}.state"), state(&a), state(&b));
        let capacity: fn(&LogDir) -> Option<Bytes> = |dir| dir.capacity;
        compare(&mut changes, &format!("log_dirs.{path}.capacity_bytes"), bytes(&a, capacity), bytes(&b, capacity));
        let used: fn(&LogDir) -> Option<Bytes> = |dir| dir.used;
        compare(&mut changes, &format!("log_dirs.{path}.used_bytes"), bytes(&a, used), bytes(&b, used));
    }
    compare_maps(&mut changes, &one.config, &other.config);
    changes
}

type Rows<'a> = (&'a Snapshot, std::ops::Range<usize>);

fn of_topic<'a>((a, rows_a): Rows<'a>, (b, rows_b): Rows<'a>, topic: &'a str, found: &mut Partitions<'a>) {
    let (start_a, start_b) = (rows_a.start, rows_b.start);
    let (ids_a, ids_b) = (&a.partitions.id[rows_a], &b.partitions.id[rows_b]);
    let (mut one, mut other) = (0, 0);
    merge(ids_a, ids_b, PartitionId::cmp, |in_a, in_b| {
        let named = |id: &PartitionId| Named { topic, partition: *id };
        match (in_a, in_b) {
            (Some(_), Some(id)) => of_partition((a, start_a + one), (b, start_b + other), named(id), found),
            (Some(id), None) => found.removed.push(named(id)),
            (None, Some(id)) => found.added.push(named(id)),
            (None, None) => {}
        }
        one += usize::from(in_a.is_some());
        other += usize::from(in_b.is_some());
    });
}

type Row<'a> = (&'a Snapshot, usize);

fn of_partition<'a>((a, one): Row<'a>, (b, other): Row<'a>, which: Named<'a>, found: &mut Partitions<'a>) {
    let (old, new) = (&a.partitions, &b.partitions);
    let (list_a, list_b) = (old.replicas.get(one), new.replicas.get(other));
    let size_bytes = new.size[other];
    if list_a != list_b {
        found.lists.push(IdsChange { which, a: list_a, b: list_b, size_bytes });
    }
    if old.leader[one] != new.leader[other] {
        found.leaders.push(LeaderChange { which, a: old.leader[one], b: new.leader[other] });
    }
    let (isr_a, isr_b) = (old.isr.get(one), new.isr.get(other));
    if isr_a != isr_b && (isr_a.len() != isr_b.len() || !isr_a.iter().all(|id| isr_b.contains(id))) {
        found.isr.push(IdsChange { which, a: isr_a, b: isr_b, size_bytes });
    }
    let same_move =
        old.adding.get(&one) == new.adding.get(&other) && old.removing.get(&one) == new.removing.get(&other);
    if !same_move {
        found.moving.push(Moving { which, a: old.is_reassigning(one), b: new.is_reassigning(other) });
    }
    if old.size[one] != size_bytes {
        found.sizes.push(SizeChange { which, a: old.size[one], b: size_bytes });
    }
    if old.dir.is_empty() || new.dir.is_empty() {
        return;
    }
    for (place, &broker) in list_b.iter().enumerate() {
        let before = list_a.iter().position(|&id| id == broker).and_then(|place| old.dir_of(one, place));
        if let (Some(a), Some(b)) = (before, new.dir_of(other, place))
            && a != b
        {
            found.log_dirs.push(DirChange { which, broker, a, b });
        }
    }
}
