//! What has happened to a cluster since the plan that is resumed was made.

use serde::{Deserialize, Serialize};

use crate::base::ids::{IdSet, PartitionId};
use crate::base::units::Bytes;

/// How the cluster of a resumed plan differs from what the earlier plan expected, partition by partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Drift {
    /// Partitions that the earlier plan moved, or was to move and had deferred to a later one.
    pub partitions: u64,
    /// They stand on their last list.
    pub done: Group,
    /// They stand on the list from before their first step.
    pub not_begun: Group,
    /// They stand on a list on the way, or a reassignment to one of their lists is under way.
    pub on_the_way: Group,
    /// Somebody else has given them another list.
    pub changed: Group,
    /// The cluster does not have them any more.
    pub gone: Group,
    /// They were not part of the earlier plan and have to move now.
    pub added: Group,
    /// They were deferred by the earlier plan and are part of this one.
    pub taken_up: Group,
    /// They cannot go where the earlier plan sent them, and were placed anew.
    pub replaced: Group,
    /// Their sizes differ by more than a tenth from what they were.
    pub resized: Group,
    /// Bytes of one replica of each partition of the earlier plan that is still there, when that was made.
    pub bytes_then: Bytes,
    /// The same now.
    pub bytes_now: Bytes,
    /// Brokers that were to be drained and are gone from the cluster.
    pub brokers_gone: IdSet,
    /// Brokers that were to receive and cannot now.
    pub targets_lost: IdSet,
}

/// Some partitions: how many, and the first of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Group {
    /// How many.
    pub count: u64,
    /// The first of them by topic and partition, as `topic-partition`.
    pub first: Vec<String>,
}

impl Group {
    /// How many are named.
    const NAMED: usize = 10;

    /// Adds a partition; they come in order.
    pub fn add(&mut self, topic: &str, partition: PartitionId) {
        self.count += 1;
        if self.first.len() < Self::NAMED {
            self.first.push(format!("{topic}-{partition}"));
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}
