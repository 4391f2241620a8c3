//! Leadership without data: who may take over, and which partitions nobody can.

use super::Problem;
use crate::base::index::{BrokerIx, Ix, PartitionIx};
use crate::cluster::care::{Care, judge};
use crate::snapshot::BrokerState;

impl Problem<'_> {
    /// The replicas of a partition that leadership may go to, in list order: targets that are in sync, since a
    /// preferred election passes over others.
    pub fn may_lead(&self, partition: PartitionIx) -> impl Iterator<Item = BrokerIx> {
        let isr = self.cluster.snapshot.partitions.isr.get(partition.get());
        self.kept(partition)
            .filter(move |&broker| self.is_target[broker] && isr.contains(&self.cluster.brokers[broker].id))
    }

    /// Whether the present leader of a partition is a drained broker.
    pub(super) fn is_led_by_drained(&self, partition: PartitionIx) -> bool {
        let leader = self.cluster.snapshot.partitions.leader[partition.get()];
        leader.and_then(|id| self.cluster.broker_ix(id)).is_some_and(|leader| self.is_drained[leader])
    }

    /// Judges a partition whose list begins with a drained broker, and of which every replica stays.
    pub(super) fn care_of_leader(&self, partition: PartitionIx) -> Care {
        let care = judge(&self.cluster, partition, |_| false);
        if care != Care::Movable || self.may_lead(partition).next().is_some() {
            return care;
        }
        let mut kept = self.kept(partition).peekable();
        Care::Unhealthy(if kept.peek().is_none() {
            "all of its replicas are on drained brokers".to_owned()
        } else if kept.any(|broker| self.is_target[broker]) {
            "no replica that may lead it is in sync: Kafka would refuse the election".to_owned()
        } else if self.kept(partition).any(|broker| self.cluster.brokers[broker].state == BrokerState::Alive) {
            "none of its replicas is on a broker that leadership is to go to".to_owned()
        } else {
            "none of its replicas off the drained brokers is on a broker that is alive".to_owned()
        })
    }
}
