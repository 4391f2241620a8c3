//! Leadership without data: who may take over, and which partitions nobody can.

use super::Problem;
use crate::base::index::{BrokerIx, Ix, PartitionIx};
use crate::cluster::care::{Care, judge};
use crate::snapshot::BrokerState;

/// Why nobody else can lead a partition.
pub(super) enum Stuck {
    /// It is not well, for this reason.
    Sick(String),
    /// All of its replicas are on drained brokers.
    AllDrained,
    /// Those that may lead are not in sync.
    OutOfSync,
    /// Nobody of those that are alive was named.
    NotAsked,
    /// Nobody else is alive.
    NotAlive,
}

impl Stuck {
    /// The reason, as a sentence.
    pub(super) fn reason(&self) -> &str {
        match self {
            Stuck::Sick(reason) => reason,
            Stuck::AllDrained => "all of its replicas are on drained brokers",
            Stuck::OutOfSync => "no replica that may lead it is in sync: Kafka would refuse the election",
            Stuck::NotAsked => "none of its replicas is on a broker that leadership is to go to",
            Stuck::NotAlive => "none of its replicas off the drained brokers is on a broker that is alive",
        }
    }

    /// What mends it while replicas stay.
    fn help(&self) -> Option<&'static str> {
        match self {
            Stuck::Sick(_) => Some("repair what is not well, then read the cluster again"),
            Stuck::AllDrained => None,
            Stuck::OutOfSync => Some("wait until another replica is in sync, then read the cluster again"),
            Stuck::NotAsked => Some("let leadership go to a broker that holds a replica"),
            Stuck::NotAlive => Some("bring back a broker that holds a replica, then read the cluster again"),
        }
    }
}

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
    pub(super) fn stuck(&self, partition: PartitionIx) -> Option<Stuck> {
        if let Care::Unhealthy(reason) = judge(&self.cluster, partition, |_| false) {
            return Some(Stuck::Sick(reason));
        }
        if self.may_lead(partition).next().is_some() {
            return None;
        }
        let mut kept = self.kept(partition).peekable();
        Some(if kept.peek().is_none() {
            Stuck::AllDrained
        } else if kept.any(|broker| self.is_target[broker]) {
            Stuck::OutOfSync
        } else if self.kept(partition).any(|broker| self.cluster.brokers[broker].state == BrokerState::Alive) {
            Stuck::NotAsked
        } else {
            Stuck::NotAlive
        })
    }

    /// What can be done for partitions that nobody else can lead: a line for each kind of reason there is.
    pub(super) fn help_stuck(&self, partitions: impl Iterator<Item = PartitionIx>) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut is_well = false;
        for stuck in partitions.filter_map(|partition| self.stuck(partition)) {
            is_well |= !matches!(stuck, Stuck::Sick(_));
            if let Some(line) = stuck.help().filter(|line| lines.iter().all(|known| known != line)) {
                lines.push(line.to_owned());
            }
        }
        if is_well {
            let or = if lines.is_empty() { "" } else { "or " };
            lines.push(format!("{or}let their replicas move as well, without --leaders-only"));
        }
        lines
    }
}
