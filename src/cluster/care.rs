//! Which partitions may be moved, which must wait, and why.

use super::Cluster;
use crate::base::index::{BrokerIx, Ix, PartitionIx};
use crate::snapshot::BrokerState;

/// How a partition that is asked to move may be handled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Care {
    /// It moves.
    Movable,
    /// Moving it now is not safe, for this reason.
    Unhealthy(String),
}

/// Judges a partition of which at least one replica is to move; `is_drained` says which replicas leave.
pub fn judge(cluster: &Cluster<'_>, partition: PartitionIx, is_drained: impl Fn(BrokerIx) -> bool) -> Care {
    let row = partition.get();
    let partitions = &cluster.snapshot.partitions;
    let Some(leader) = partitions.leader[row] else {
        return Care::Unhealthy("it has no leader to copy from".to_owned());
    };
    if partitions.isr.get(row).is_empty() {
        return Care::Unhealthy("its ISR is empty".to_owned());
    }
    if partitions.is_reassigning(row) {
        return Care::Unhealthy("a reassignment of it is under way".to_owned());
    }
    let state_of = |broker: BrokerIx| cluster.brokers[broker].state;
    if cluster.broker_ix(leader).is_none_or(|broker| !state_of(broker).serves()) {
        return Care::Unhealthy(format!("its leader, broker {leader}, is not alive"));
    }
    let mut kept = cluster.replicas_of(partition).iter().filter(|&&broker| !is_drained(broker));
    if let Some(&broker) = kept.find(|&&broker| state_of(broker) == BrokerState::Cordoned) {
        let id = cluster.brokers[broker].id;
        return Care::Unhealthy(format!("it stays on broker {id}, which is cordoned: Kafka refuses such a list"));
    }
    Care::Movable
}

/// Whether the ISR of a partition is short of its replicas.
pub fn is_short(cluster: &Cluster<'_>, partition: PartitionIx) -> bool {
    cluster.snapshot.partitions.isr.get(partition.get()).len() < cluster.replicas_of(partition).len()
}
