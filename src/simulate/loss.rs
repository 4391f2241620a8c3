//! The loss of brokers in the midst of a plan: whom it would leave under min ISR, offline, or with one replica.

use super::run::{Run, State};
use crate::base::units::Bytes;
use crate::replay::NONE;
use crate::snapshot::{Mode, Snapshot};

/// The loss, when it happened.
pub struct Struck {
    /// Seconds from the start.
    pub seconds: f64,
    /// What it did.
    pub judged: Judged,
    /// Whether a move waits for replicas that stay and are gone.
    pub waits_for_all: bool,
}

/// What the loss of some brokers does to the partitions that have a replica in sync there, by rows of the snapshot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judged {
    /// Fewer in-sync replicas are left than `min.insync.replicas`, but one at least: writes with acks=all fail.
    pub under_min_isr: Vec<u32>,
    /// No in-sync replica is left: nobody leads.
    pub offline: Vec<u32>,
    /// One in-sync replica is left: with the next broker its data may be gone.
    pub at_risk: Vec<u32>,
    /// Bytes of those with one in-sync replica left, one replica each.
    pub at_risk_bytes: f64,
    /// Bytes of those that are offline, one replica each.
    pub offline_bytes: f64,
}

/// Judges the loss of brokers at this moment of a run.
pub fn judge(run: &Run, lost: &[u32]) -> Judged {
    let mut last = vec![NONE; run.leader.len()];
    for task in (0..run.tasks.len()).filter(|&task| run.state[task] != State::Waiting) {
        last[run.tasks.row[task] as usize] = task as u32;
    }
    let mut judged = Judged::default();
    let mut in_sync = Vec::new();
    for (row, &task) in last.iter().enumerate() {
        in_sync.clear();
        if task == NONE {
            in_sync.extend(of_snapshot(run, row));
        } else {
            let (new, old) = (run.tasks.new.get(task as usize), run.tasks.old.get(task as usize));
            let is_over = run.state[task as usize] == State::Over;
            let left = old.iter().filter(|broker| !is_over && !new.contains(broker));
            in_sync.extend(new.iter().chain(left).copied().filter(|&broker| run.can_lead(task, broker)));
        }
        judged.add(run.world.snapshot, row, &in_sync, lost);
    }
    judged
}

/// Judges the same loss before the plan has begun.
pub fn judge_snapshot(run: &Run, lost: &[u32]) -> Judged {
    let mut judged = Judged::default();
    for row in 0..run.leader.len() {
        let in_sync: Vec<u32> = of_snapshot(run, row).collect();
        judged.add(run.world.snapshot, row, &in_sync, lost);
    }
    judged
}

fn of_snapshot<'a>(run: &'a Run<'_>, row: usize) -> impl Iterator<Item = u32> + 'a {
    let isr = run.world.snapshot.partitions.isr.get(row);
    isr.iter().map(|&id| run.world.number(id)).filter(|&broker| broker != NONE)
}

impl Judged {
    fn add(&mut self, snapshot: &Snapshot, row: usize, in_sync: &[u32], lost: &[u32]) {
        let left = in_sync.iter().filter(|broker| !lost.contains(broker)).count();
        if left == in_sync.len() {
            return;
        }
        let bytes = snapshot.partitions.size[row].map_or(0.0, Bytes::as_f64);
        if left == 0 {
            self.offline.push(row as u32);
            self.offline_bytes += bytes;
        } else if left < min_isr(snapshot, row) {
            self.under_min_isr.push(row as u32);
        }
        if left == 1 {
            self.at_risk.push(row as u32);
            self.at_risk_bytes += bytes;
        }
    }
}

/// `min.insync.replicas` of a partition: of its topic, or the brokers' default, or Kafka's own.
fn min_isr(snapshot: &Snapshot, row: usize) -> usize {
    const KEY: &str = "min.insync.replicas";
    let of_brokers = || snapshot.brokers.iter().find_map(|broker| broker.config.get(KEY));
    let text = snapshot.topic_of(row).config.get(KEY).or_else(of_brokers);
    text.and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// Whether this Kafka ends a move only when the replicas that stay are in sync, too, not the new ones alone.
pub fn waits_for_all(snapshot: &Snapshot) -> bool {
    let version = snapshot.kafka_version.as_deref().unwrap_or_default();
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let version = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    snapshot.mode == Some(Mode::Zookeeper) || ((3, 8)..(4, 3)).contains(&version)
}
