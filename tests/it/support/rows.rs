//! A snapshot as plain rows, to be changed and built again: by the generator, by the shrinking of a
//! failing case, and by tests that compare a cluster with a changed copy of itself.

use std::collections::BTreeMap;

use kshift::base::error::{Place, Result};
use kshift::base::ids::{BrokerId, PartitionId};
use kshift::base::random::Random;
use kshift::base::units::{Bytes, Traffic};
use kshift::snapshot::{Broker, Draft, Item, Snapshot, Topic};

/// A partition.
#[derive(Clone, Debug)]
pub struct Partition {
    pub id: i32,
    pub replicas: Vec<BrokerId>,
    pub leader: Option<BrokerId>,
    pub isr: Vec<BrokerId>,
    pub size: Option<u64>,
    pub bytes_in: f64,
    pub bytes_out: f64,
    /// Log dir of each replica.
    pub dirs: Vec<Option<String>>,
    pub adding: Vec<BrokerId>,
    pub removing: Vec<BrokerId>,
}

/// A topic with its partitions.
#[derive(Clone, Debug)]
pub struct TopicRows {
    pub name: String,
    pub config: BTreeMap<String, String>,
    pub partitions: Vec<Partition>,
}

/// A cluster.
#[derive(Clone, Debug)]
pub struct Rows {
    pub brokers: Vec<Broker>,
    pub topics: Vec<TopicRows>,
}

impl Rows {
    /// The rows of a snapshot.
    pub fn of(snapshot: &Snapshot) -> Self {
        let columns = &snapshot.partitions;
        let partition = |row: usize| {
            let replicas = columns.replicas.get(row).to_vec();
            Partition {
                id: columns.id[row].get(),
                leader: columns.leader[row],
                isr: columns.isr.get(row).to_vec(),
                size: columns.size[row].map(Bytes::get),
                bytes_in: columns.bytes_in[row].get(),
                bytes_out: columns.bytes_out[row].get(),
                dirs: (0..replicas.len()).map(|place| columns.dir_of(row, place).map(str::to_owned)).collect(),
                adding: columns.adding.get(&row).cloned().unwrap_or_default(),
                removing: columns.removing.get(&row).cloned().unwrap_or_default(),
                replicas,
            }
        };
        let topic = |topic: &Topic| TopicRows {
            name: topic.name.clone(),
            config: topic.config.clone(),
            partitions: topic.rows.clone().map(partition).collect(),
        };
        Rows { brokers: snapshot.brokers.clone(), topics: snapshot.topics.iter().map(topic).collect() }
    }

    /// The snapshot of these rows; fails as a reader of a file with them would.
    pub fn build(self) -> Result<Snapshot> {
        let mut draft = Draft::default();
        draft.brokers = self.brokers;
        let any_dir =
            self.topics.iter().flat_map(|topic| &topic.partitions).any(|p| p.dirs.iter().any(Option::is_some));
        for (number, topic) in self.topics.into_iter().enumerate() {
            let start = draft.partitions.len();
            for partition in topic.partitions {
                let row = draft.partitions.len();
                for dir in partition.dirs.iter().filter(|_| any_dir) {
                    let name = dir.as_deref().map(|path| draft.intern_dir(path));
                    draft.partitions.dir.push(name);
                }
                let columns = &mut draft.partitions;
                columns.topic.push(number as u32);
                columns.id.push(PartitionId::new(partition.id));
                columns.replicas.push(partition.replicas);
                columns.leader.push(partition.leader);
                columns.isr.push(partition.isr);
                columns.size.push(partition.size.map(Bytes::new));
                columns.bytes_in.push(Traffic::new(partition.bytes_in));
                columns.bytes_out.push(Traffic::new(partition.bytes_out));
                for (few, ids) in [(&mut columns.adding, partition.adding), (&mut columns.removing, partition.removing)]
                {
                    if !ids.is_empty() {
                        few.insert(row, ids);
                    }
                }
            }
            let rows = start..draft.partitions.len();
            draft.topics.push(Topic { name: topic.name, config: topic.config, rows });
        }
        draft.finish(&|_: Item| Place::source("a generated cluster"))
    }

    /// The same cluster, told in another order.
    pub fn shuffled(mut self, random: &mut Random) -> Self {
        random.shuffle(&mut self.brokers);
        random.shuffle(&mut self.topics);
        for topic in &mut self.topics {
            random.shuffle(&mut topic.partitions);
        }
        self
    }

    /// Changes every capacity and every use of a log dir.
    pub fn change_disks(&mut self, change: impl Fn(u64) -> u64) {
        for dir in self.brokers.iter_mut().flat_map(|broker| &mut broker.log_dirs) {
            for bytes in [&mut dir.capacity, &mut dir.used].into_iter().flatten() {
                *bytes = Bytes::new(change(bytes.get()));
            }
        }
    }

    /// Twice the sizes, the traffic and the disks.
    pub fn doubled(mut self) -> Self {
        self.change_disks(|bytes| bytes * 2);
        for broker in &mut self.brokers {
            for rate in [&mut broker.in_capacity, &mut broker.out_capacity].into_iter().flatten() {
                *rate = Traffic::new(rate.get() * 2.0);
            }
        }
        for partition in self.topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
            partition.size = partition.size.map(|bytes| bytes * 2);
            partition.bytes_in *= 2.0;
            partition.bytes_out *= 2.0;
        }
        self
    }
}
