//! The dense model of the left bank: flat tables with typed row numbers, built once, then read-only.
//!
//! Brokers are numbered in id order, partitions in order of topic and id, so walking a table is walking
//! it in the one order that output may have. Four bytes a replica: a million replicas take 4 MB.

pub mod care;

use std::ops::Range;

use crate::base::ids::{BrokerId, IdTable};
use crate::base::index::{BrokerIx, Csr, DirIx, IndexVec, Ix, PartitionIx, RackIx, TopicIx};
use crate::base::units::Bytes;
use crate::snapshot::{BrokerState, Snapshot};

/// A cluster in tables.
pub struct Cluster<'s> {
    /// What it was built from; rows of its partitions are [`PartitionIx`].
    pub snapshot: &'s Snapshot,
    /// The brokers.
    pub brokers: IndexVec<BrokerIx, BrokerRow>,
    /// The log dirs of all brokers.
    pub dirs: IndexVec<DirIx, DirRow>,
    /// Names of the racks; a broker of unknown rack has one of its own, without a name.
    pub racks: IndexVec<RackIx, Option<&'s str>>,
    /// Ordered replicas of every partition.
    pub replicas: Csr<BrokerIx>,
    rows: IdTable,
}

/// A broker.
pub struct BrokerRow {
    /// Kafka's id of it.
    pub id: BrokerId,
    /// Its rack.
    pub rack: RackIx,
    /// Its state.
    pub state: BrokerState,
    /// Whether it holds any replica.
    pub holds_some: bool,
    /// First and one past the last of its log dirs.
    dirs: Range<usize>,
}

/// A log dir.
pub struct DirRow {
    /// Its broker.
    pub broker: BrokerIx,
    /// Its place among its broker's dirs.
    pub place: usize,
    /// What it can hold, where known.
    pub capacity: Option<Bytes>,
    /// What is in use.
    pub used: Bytes,
    /// Whether it is online.
    pub online: bool,
}

impl<'s> Cluster<'s> {
    /// Numbers everything in `snapshot`.
    pub fn new(snapshot: &'s Snapshot) -> Self {
        let racks = rack_names(snapshot);
        let mut unnamed = racks.len();
        let mut rack_rows: Vec<Option<&str>> = racks.iter().map(|&name| Some(name)).collect();
        let mut dirs = Vec::new();
        let mut brokers = Vec::with_capacity(snapshot.brokers.len());
        let (rows, used) = (snapshot.broker_rows(), snapshot.used_bytes());
        for (number, broker) in snapshot.brokers.iter().enumerate() {
            let rack = match &broker.rack {
                Some(name) => RackIx::new(racks.binary_search(&name.as_str()).expect("every name is in the table")),
                None => {
                    unnamed += 1;
                    rack_rows.push(None);
                    RackIx::new(unnamed - 1)
                }
            };
            let first_dir = dirs.len();
            for (place, dir) in broker.log_dirs.iter().enumerate() {
                let (capacity, used) = (dir.capacity, used[number][place]);
                dirs.push(DirRow { broker: BrokerIx::new(number), place, capacity, used, online: !dir.offline });
            }
            let dirs = first_dir..dirs.len();
            brokers.push(BrokerRow { id: broker.id, rack, state: broker.state, holds_some: false, dirs });
        }
        let replicas = snapshot.partitions.replicas.map(|&id| {
            let row = rows.row(id).expect("every replica's broker is in the snapshot");
            brokers[row].holds_some = true;
            BrokerIx::new(row)
        });
        Cluster {
            snapshot,
            brokers: IndexVec::from_vec(brokers),
            dirs: IndexVec::from_vec(dirs),
            racks: IndexVec::from_vec(rack_rows),
            replicas,
            rows,
        }
    }

    /// The broker with Kafka's id `id`.
    pub fn broker_ix(&self, id: BrokerId) -> Option<BrokerIx> {
        self.rows.row(id).map(BrokerIx::new)
    }

    /// The log dirs of a broker.
    pub fn dirs_of(&self, broker: BrokerIx) -> impl ExactSizeIterator<Item = DirIx> + use<> {
        self.brokers[broker].dirs.clone().map(DirIx::new)
    }

    /// The ordered replicas of a partition.
    pub fn replicas_of(&self, partition: PartitionIx) -> &[BrokerIx] {
        self.replicas.get(partition.get())
    }

    /// The partitions in order.
    pub fn partitions(&self) -> impl ExactSizeIterator<Item = PartitionIx> + use<> {
        (0..self.replicas.len()).map(PartitionIx::new)
    }

    /// The topic of a partition.
    pub fn topic_of(&self, partition: PartitionIx) -> TopicIx {
        TopicIx::new(self.snapshot.partitions.topic[partition.get()] as usize)
    }

    /// The name of a partition, as Kafka's tools write it.
    pub fn name_of(&self, partition: PartitionIx) -> String {
        let row = partition.get();
        format!("{}-{}", self.snapshot.topic_of(row).name, self.snapshot.partitions.id[row])
    }

    /// The log dir of the replica at `place` of a partition's list: the known one, or the only one of its broker.
    pub fn dir_of(&self, partition: PartitionIx, place: usize) -> Option<DirIx> {
        let broker = self.replicas_of(partition)[place];
        let mut dirs = self.dirs_of(broker);
        if dirs.len() == 1 {
            return dirs.next();
        }
        let known = self.snapshot.partitions.dir_of(partition.get(), place)?;
        let rows = &self.snapshot.brokers[broker.get()].log_dirs;
        dirs.find(|&dir| rows[self.dirs[dir].place].path == known)
    }

    /// The log dir of the replica of a partition on a broker that holds one.
    pub fn dir_holding(&self, partition: PartitionIx, broker: BrokerIx) -> Option<DirIx> {
        let place = self.replicas_of(partition).iter().position(|&other| other == broker)?;
        self.dir_of(partition, place)
    }

    /// Bytes of one replica of a partition; zero where not known.
    pub fn size_of(&self, partition: PartitionIx) -> Bytes {
        self.snapshot.partitions.size[partition.get()].unwrap_or(Bytes::ZERO)
    }

    /// The name of a rack, for people.
    pub fn rack_name(&self, rack: RackIx) -> &'s str {
        self.racks[rack].unwrap_or("(no rack)")
    }
}

fn rack_names(snapshot: &Snapshot) -> Vec<&str> {
    let mut names: Vec<&str> = snapshot.brokers.iter().filter_map(|broker| broker.rack.as_deref()).collect();
    names.sort_unstable();
    names.dedup();
    names
}
