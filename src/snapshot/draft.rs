//! A snapshot being filled by a reader, in the order of its source; all faults are found at the end.

use std::ops::Range;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::{Broker, DirName, Mode, Notice, Partitions, Snapshot, Topic};
use crate::base::error::{Code, Error, Place, Result};
use crate::base::ids::{BrokerId, IdTable, near_id, topic_name_fault};
use crate::base::index::Csr;
use crate::base::text::counted;
use crate::base::units::Bytes;

/// A thing of the draft whose place in the source is asked for.
#[derive(Clone, Copy, Debug)]
pub enum Item {
    /// The cluster as a whole.
    Cluster,
    /// The broker with this number in [`Draft::brokers`].
    Broker(usize),
    /// The topic with this number in [`Draft::topics`].
    Topic(usize),
    /// The partition with this row.
    Partition(usize),
}

/// A snapshot in the order of its source.
///
/// Rows of one topic are contiguous. `partitions.topic` holds the number of the topic in `topics`.
#[derive(Debug, Default)]
pub struct Draft {
    /// As in [`Snapshot`].
    pub name: Option<String>,
    /// As in [`Snapshot`].
    pub taken_at: Option<String>,
    /// As in [`Snapshot`].
    pub cluster_id: Option<String>,
    /// As in [`Snapshot`].
    pub kafka_version: Option<String>,
    /// As in [`Snapshot`].
    pub mode: Option<Mode>,
    /// In the order of the source.
    pub brokers: Vec<Broker>,
    /// In the order of the source.
    pub topics: Vec<Topic>,
    /// In the order of the source.
    pub partitions: Partitions,
    /// What the reader noticed.
    pub notices: Vec<Notice>,
    interned: FxHashMap<String, DirName>,
}

/// Beyond this many faults nobody reads on, and a file of a million wrong lines must not fill the memory.
const FAULTS_MAX: usize = 10_000;
/// Rows looked at by one thread at once, and how many times that is looked at before the faults are counted.
const CHUNK: usize = 8_192;
const AT_ONCE: usize = 16;

impl Draft {
    /// The number of a log dir path.
    pub fn intern_dir(&mut self, path: &str) -> DirName {
        if let Some(&name) = self.interned.get(path) {
            return name;
        }
        let name = DirName(self.partitions.dir_names.len() as u32);
        self.partitions.dir_names.push(path.to_owned());
        self.interned.insert(path.to_owned(), name);
        name
    }

    /// Checks everything and sorts; `place_of` says where an item stands in the source.
    ///
    /// # Errors
    /// All faults as one error.
    pub fn finish(mut self, place_of: &(dyn Fn(Item) -> Place + Sync)) -> Result<Snapshot> {
        let order = Order::of(&self);
        let faults = Faults::new(&self, place_of).find(&order);
        if !faults.is_empty() {
            return Err(Error::all(faults));
        }
        self.brokers.sort_by_key(|broker| broker.id);
        let (topics, mut partitions) =
            if order.is_sorted { (self.topics, self.partitions) } else { order.apply(&self.topics, self.partitions) };
        number_dirs(&mut partitions);
        Ok(Snapshot {
            name: self.name,
            taken_at: self.taken_at,
            cluster_id: self.cluster_id,
            kafka_version: self.kafka_version,
            mode: self.mode,
            brokers: self.brokers,
            topics,
            partitions,
            notices: self.notices,
        })
    }
}

/// Numbers the log dir paths in the order of the sorted rows, and drops a column that knows none.
fn number_dirs(partitions: &mut Partitions) {
    if partitions.dir.iter().all(Option::is_none) {
        partitions.dir.clear();
    }
    let mut new_number: Vec<Option<DirName>> = vec![None; partitions.dir_names.len()];
    let mut names = Vec::with_capacity(new_number.len());
    for DirName(number) in partitions.dir.iter_mut().flatten() {
        let old = *number as usize;
        let DirName(new) = *new_number[old].get_or_insert_with(|| {
            names.push(std::mem::take(&mut partitions.dir_names[old]));
            DirName(names.len() as u32 - 1)
        });
        *number = new;
    }
    partitions.dir_names = names;
}

/// Topics by name, and rows by topic and partition id.
struct Order {
    topics: Vec<usize>,
    rows: Vec<u32>,
    is_sorted: bool,
}

impl Order {
    fn of(draft: &Draft) -> Self {
        let mut topics: Vec<usize> = (0..draft.topics.len()).collect();
        topics.sort_by(|&a, &b| draft.topics[a].name.cmp(&draft.topics[b].name));
        let mut rows = Vec::with_capacity(draft.partitions.len());
        for &topic in &topics {
            let start = rows.len();
            rows.extend(draft.topics[topic].rows.clone().map(|row| row as u32));
            let ids = &draft.partitions.id;
            if !rows[start..].is_sorted_by_key(|&row| ids[row as usize]) {
                rows[start..].sort_by_key(|&row| ids[row as usize]);
            }
        }
        let is_sorted = rows.iter().enumerate().all(|(i, &row)| i == row as usize) && topics.is_sorted();
        Order { topics, rows, is_sorted }
    }

    fn apply(&self, topics: &[Topic], old: Partitions) -> (Vec<Topic>, Partitions) {
        fn pick<T: Copy>(rows: &[u32], column: &[T]) -> Vec<T> {
            rows.iter().map(|&row| column[row as usize]).collect()
        }
        fn pick_lists<T: Copy + Sync>(rows: &[u32], lists: &Csr<T>) -> Csr<T> {
            let mut picked = Csr::with_capacity(lists.len(), lists.total());
            for &row in rows {
                picked.push(lists.get(row as usize).iter().copied());
            }
            picked
        }
        let rows = self.rows.as_slice();
        let mut sorted_topics = Vec::with_capacity(topics.len());
        let mut topic_column = Vec::with_capacity(rows.len());
        for (number, &topic) in self.topics.iter().enumerate() {
            let start = topic_column.len();
            let Range { start: from, end: to } = topics[topic].rows;
            topic_column.resize(start + (to - from), number as u32);
            sorted_topics.push(Topic { rows: start..topic_column.len(), ..topics[topic].clone() });
        }
        let mut dir = Vec::with_capacity(old.dir.len());
        if !old.dir.is_empty() {
            for &row in rows {
                dir.extend_from_slice(&old.dir[old.replicas.range(row as usize)]);
            }
        }
        let moved = |few: std::collections::BTreeMap<usize, Vec<BrokerId>>| {
            if few.is_empty() {
                return few;
            }
            let mut new_row = vec![0; rows.len()];
            for (new, &row) in rows.iter().enumerate() {
                new_row[row as usize] = new;
            }
            few.into_iter().map(|(row, ids)| (new_row[row], ids)).collect()
        };
        let (replicas, isr) = rayon::join(|| pick_lists(rows, &old.replicas), || pick_lists(rows, &old.isr));
        let partitions = Partitions {
            topic: topic_column,
            id: pick(rows, &old.id),
            replicas,
            leader: pick(rows, &old.leader),
            isr,
            size: pick(rows, &old.size),
            bytes_in: pick(rows, &old.bytes_in),
            bytes_out: pick(rows, &old.bytes_out),
            dir,
            dir_names: old.dir_names,
            adding: moved(old.adding),
            removing: moved(old.removing),
        };
        (sorted_topics, partitions)
    }
}

/// Finds every fault of a draft.
struct Faults<'a> {
    draft: &'a Draft,
    place_of: &'a (dyn Fn(Item) -> Place + Sync),
    found: Vec<Error>,
}

/// The ids of all brokers in order, each with its place in the draft.
struct Known {
    brokers: Vec<(BrokerId, usize)>,
    rows: IdTable,
}

impl<'a> Faults<'a> {
    fn new(draft: &'a Draft, place_of: &'a (dyn Fn(Item) -> Place + Sync)) -> Self {
        Faults { draft, place_of, found: Vec::new() }
    }

    fn find(mut self, order: &Order) -> Vec<Error> {
        if self.draft.brokers.is_empty() {
            self.add(Item::Cluster, "brokers", Error::new(Code::EmptyCluster, "the cluster has no broker"));
        } else if self.draft.partitions.is_empty() {
            self.add(Item::Cluster, "topics", Error::new(Code::EmptyCluster, "the cluster has no partition"));
        }
        let known = self.brokers();
        self.topics(order);
        self.sums();
        let rows = self.draft.partitions.len();
        let of_chunk = |chunk: usize| {
            let mut faults = Faults::new(self.draft, self.place_of);
            for row in chunk * CHUNK..rows.min((chunk + 1) * CHUNK) {
                faults.partition(row, &known);
                if faults.found.len() >= FAULTS_MAX {
                    break;
                }
            }
            faults.found
        };
        let chunks: Vec<usize> = (0..rows.div_ceil(CHUNK)).collect();
        for chunks in chunks.chunks(AT_ONCE) {
            let found: Vec<Vec<Error>> = chunks.into_par_iter().map(|&chunk| of_chunk(chunk)).collect();
            self.found.extend(found.into_iter().flatten());
            if self.found.len() >= FAULTS_MAX {
                self.found.truncate(FAULTS_MAX);
                break;
            }
        }
        self.found
    }

    fn add(&mut self, item: Item, below: &str, error: Error) {
        let mut place = (self.place_of)(item);
        if let Some(path) = &mut place.path {
            if !path.is_empty() && !below.is_empty() && !below.starts_with('[') {
                path.push('.');
            }
            path.push_str(below);
        }
        self.found.push(error.at(place));
    }

    fn brokers(&mut self) -> Known {
        let mut ids: Vec<(BrokerId, usize)> =
            self.draft.brokers.iter().enumerate().map(|(number, broker)| (broker.id, number)).collect();
        ids.sort_unstable();
        for pair in ids.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            let message = format!("broker {} stands twice among the brokers", pair[0].0);
            self.add(Item::Broker(pair[1].1), "id", Error::new(Code::Duplicate, message));
        }
        for (number, broker) in self.draft.brokers.iter().enumerate() {
            for (place, dir) in broker.log_dirs.iter().enumerate() {
                if broker.log_dirs[..place].iter().any(|other| other.path == dir.path) {
                    let message = format!("broker {} has the log dir `{}` twice", broker.id, dir.path);
                    self.add(
                        Item::Broker(number),
                        &format!("log_dirs[{place}].path"),
                        Error::new(Code::Duplicate, message),
                    );
                }
            }
        }
        ids.dedup_by_key(|entry| entry.0);
        Known { rows: IdTable::new(ids.iter().map(|entry| entry.0)), brokers: ids }
    }

    fn topics(&mut self, order: &Order) {
        let draft = self.draft;
        for (number, topic) in draft.topics.iter().enumerate() {
            if let Some(fault) = topic_name_fault(&topic.name) {
                let error = Error::new(Code::InvalidTopic, format!("topic name `{}` {fault}", topic.name))
                    .help("Kafka allows 1 to 249 ASCII letters, digits, `.`, `_` and `-`");
                self.add(Item::Topic(number), "name", error);
            }
        }
        for pair in order.topics.windows(2) {
            if draft.topics[pair[0]].name == draft.topics[pair[1]].name {
                let message = format!("topic `{}` stands twice", draft.topics[pair[1]].name);
                self.add(Item::Topic(pair[1]), "name", Error::new(Code::Duplicate, message));
            }
        }
        for pair in order.rows.windows(2) {
            let (a, b) = (pair[0] as usize, pair[1] as usize);
            let partitions = &draft.partitions;
            if partitions.topic[a] == partitions.topic[b] && partitions.id[a] == partitions.id[b] {
                let message = format!("partition `{}` stands twice", self.name_of(b));
                self.add(Item::Partition(a.max(b)), "partition", Error::new(Code::DuplicatePartition, message));
            }
        }
    }

    /// All bytes of a cluster together stay below 2^63, so that no sum of them overflows later.
    fn sums(&mut self) {
        let draft = self.draft;
        let wide = |bytes: Option<Bytes>| bytes.map_or(0, |bytes| u128::from(bytes.get()));
        let dirs = || draft.brokers.iter().flat_map(|broker| &broker.log_dirs);
        // A replica whose dir is not known counts on each dir of its broker.
        let most_dirs = draft.brokers.iter().map(|broker| broker.log_dirs.len().max(1)).max().unwrap_or(1) as u128;
        let of_row = |row: usize| wide(draft.partitions.size[row]) * draft.partitions.replicas.get(row).len() as u128;
        let sums = [
            ("sizes of the replicas", (0..draft.partitions.len()).map(of_row).sum::<u128>() * most_dirs),
            ("used bytes of the log dirs", dirs().map(|dir| wide(dir.used)).sum()),
            ("capacities of the log dirs", dirs().map(|dir| wide(dir.capacity)).sum()),
        ];
        for (what, _) in sums.into_iter().filter(|sum| sum.1 > u128::from(Bytes::MAX.get())) {
            let message = format!("the {what} sum to more than 2^63 bytes");
            self.add(Item::Cluster, "", Error::new(Code::InvalidSize, message));
        }
    }

    fn name_of(&self, row: usize) -> String {
        let partitions = &self.draft.partitions;
        format!("{}-{}", self.draft.topics[partitions.topic[row] as usize].name, partitions.id[row])
    }

    fn partition(&mut self, row: usize, known: &Known) {
        let partitions = &self.draft.partitions;
        let replicas = partitions.replicas.get(row);
        if replicas.is_empty() {
            let message = format!("partition `{}` has no replicas", self.name_of(row));
            self.add(Item::Partition(row), "replicas", Error::new(Code::InvalidField, message));
        }
        for (place, &id) in replicas.iter().enumerate() {
            let broker = known.rows.row(id).map(|row| known.brokers[row].1);
            if broker.is_none() {
                self.unknown_broker(row, place, id, &known.brokers);
            }
            if replicas[..place].contains(&id) {
                let message = format!("partition `{}` lists broker {id} twice", self.name_of(row));
                self.add(
                    Item::Partition(row),
                    &format!("replicas[{place}]"),
                    Error::new(Code::DuplicateReplica, message),
                );
            }
            if let (Some(broker), false) = (broker, partitions.dir.is_empty()) {
                self.dir(row, place, &self.draft.brokers[broker]);
            }
        }
        if let Some(leader) = partitions.leader[row].filter(|leader| !replicas.contains(leader)) {
            self.not_a_replica(row, "leader", &format!("leader {leader}"), replicas);
        }
        let isr = partitions.isr.get(row);
        for (place, &id) in isr.iter().enumerate() {
            if !replicas.contains(&id) {
                self.not_a_replica(row, &format!("isr[{place}]"), &format!("in-sync replica {id}"), replicas);
            } else if isr[..place].contains(&id) {
                let message = format!("partition `{}` lists broker {id} twice in its ISR", self.name_of(row));
                self.add(Item::Partition(row), &format!("isr[{place}]"), Error::new(Code::DuplicateReplica, message));
            }
        }
        for (few, key) in [(&partitions.adding, "adding"), (&partitions.removing, "removing")] {
            for (place, id) in few.get(&row).into_iter().flatten().enumerate() {
                if !replicas.contains(id) {
                    self.not_a_replica(row, &format!("{key}[{place}]"), &format!("{key} replica {id}"), replicas);
                }
            }
        }
    }

    fn unknown_broker(&mut self, row: usize, place: usize, id: BrokerId, brokers: &[(BrokerId, usize)]) {
        let message = format!("partition `{}` lists broker {id}, which the cluster does not have", self.name_of(row));
        let mut error = Error::new(Code::UnknownBroker, message);
        if let Some((first, last)) = brokers.first().zip(brokers.last()) {
            error = error.note(match brokers.len() {
                1 => format!("the only known broker is {}", first.0),
                several => format!("known are {} from {} to {}", counted(several, "broker"), first.0, last.0),
            });
        }
        if let Some(near) = near_id(id, brokers.iter().map(|entry| entry.0)) {
            error = error.help(format!("did you mean {near}?"));
        }
        let error = error.help("a broker that is gone stands among the brokers with \"state\":\"dead\"");
        self.add(Item::Partition(row), &format!("replicas[{place}]"), error);
    }

    fn not_a_replica(&mut self, row: usize, below: &str, what: &str, replicas: &[BrokerId]) {
        let list: Vec<String> = replicas.iter().map(ToString::to_string).collect();
        let message =
            format!("{what} of partition `{}` is not among its replicas [{}]", self.name_of(row), list.join(","));
        self.add(Item::Partition(row), below, Error::new(Code::NotAReplica, message));
    }

    fn dir(&mut self, row: usize, place: usize, broker: &Broker) {
        let Some(path) = self.draft.partitions.dir_of(row, place) else { return };
        if broker.log_dirs.is_empty() || broker.log_dirs.iter().any(|dir| dir.path == path) {
            return;
        }
        let known: Vec<&str> = broker.log_dirs.iter().map(|dir| dir.path.as_str()).collect();
        let message = format!(
            "the replica of `{}` on broker {} lies in `{path}`, but the broker has only `{}`",
            self.name_of(row),
            broker.id,
            known.join("`, `")
        );
        self.add(Item::Partition(row), &format!("log_dirs[{place}]"), Error::new(Code::UnknownLogDir, message));
    }
}
