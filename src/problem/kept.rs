//! Lists that an earlier plan decided and that hold on.

use super::WantedReplica;
use crate::base::error::{Code, Error, Result};
use crate::base::index::{BrokerIx, Csr, DirIx, Ix, PartitionIx};
use crate::cluster::Cluster;
use crate::request::resume::{Kept, Resume};

/// The kept lists of a request, by partition; none where no plan is resumed.
#[derive(Default)]
pub struct KeptLists {
    /// The entry of each partition of the cluster, or [`NO_ENTRY`]; empty where nothing is kept.
    entry_of: Vec<u32>,
    lists: Csr<WantedReplica>,
    previous: Csr<BrokerIx>,
}

const NO_ENTRY: u32 = u32::MAX;

impl KeptLists {
    /// The lists of a resumed plan.
    ///
    /// # Errors
    /// Partitions and brokers that the cluster does not have.
    pub fn new(cluster: &Cluster<'_>, resume: Option<&Resume>) -> Result<Self> {
        let Some(resume) = resume else { return Ok(KeptLists::default()) };
        let mut kept = KeptLists { entry_of: vec![NO_ENTRY; cluster.replicas.len()], ..KeptLists::default() };
        for (number, entry) in resume.partitions.iter().enumerate() {
            let (topic, partition) = entry.key();
            let unknown = |code, what: String| Err(Error::new(code, format!("`{topic}-{partition}` {what}")));
            let Some(row) = cluster.snapshot.row_of(topic, partition) else {
                return unknown(Code::UnknownPartition, "is to be kept, and the cluster does not have it".to_owned());
            };
            kept.entry_of[row] = number as u32;
            for (place, &id) in entry.entry.replicas.iter().enumerate() {
                let Some(broker) = cluster.broker_ix(id) else {
                    return unknown(
                        Code::UnknownBroker,
                        format!("goes to broker {id}, which the cluster does not have"),
                    );
                };
                kept.lists.push_value((broker, dir_of(cluster, broker, entry, place)));
            }
            kept.lists.end_list();
            // A broker that is gone has no rack to compare with.
            kept.previous.push(entry.previous.iter().filter_map(|&id| cluster.broker_ix(id)));
        }
        Ok(kept)
    }

    fn entry(&self, partition: PartitionIx) -> Option<usize> {
        self.entry_of.get(partition.get()).filter(|&&entry| entry != NO_ENTRY).map(|&entry| entry as usize)
    }

    /// Whether the list of a partition is kept.
    pub fn has(&self, partition: PartitionIx) -> bool {
        self.entry(partition).is_some()
    }

    /// The final list of a partition, where one is kept that differs from the present one or is not reached yet.
    pub fn list(&self, cluster: &Cluster<'_>, partition: PartitionIx) -> Option<Vec<WantedReplica>> {
        let list = self.lists.get(self.entry(partition)?);
        let is_there = list.iter().map(|replica| replica.0).eq(cluster.replicas_of(partition).iter().copied())
            && !cluster.snapshot.partitions.is_reassigning(partition.get());
        (!is_there).then(|| list.to_vec())
    }

    /// The list from which a kept partition set out.
    pub fn previous(&self, partition: PartitionIx) -> Option<&[BrokerIx]> {
        Some(self.previous.get(self.entry(partition)?))
    }
}

/// The log dir that is named for a replica, where its broker has it.
fn dir_of(cluster: &Cluster<'_>, broker: BrokerIx, entry: &Kept, place: usize) -> Option<DirIx> {
    let path = entry.dir(place)?;
    let paths = &cluster.snapshot.brokers[broker.get()].log_dirs;
    cluster.dirs_of(broker).find(|&dir| paths[cluster.dirs[dir].place].path == path)
}
