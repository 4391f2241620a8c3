//! What is to be known of a snapshot by several checks, found in one walk over its partitions.

use std::collections::BTreeSet;

use crate::base::ids::{BrokerId, IdSet};
use crate::snapshot::{Broker, Snapshot};

/// Rows by what is not well with them, in order.
#[derive(Default)]
pub(super) struct Facts {
    /// Without a leader, led by a broker that does not serve, or with an empty ISR.
    pub offline: Vec<usize>,
    /// With fewer replicas in sync than `min.insync.replicas`.
    pub under_min: Vec<usize>,
    /// With replicas that are not in sync; those being added do not count.
    pub short: Vec<usize>,
    /// With no more replicas than `min.insync.replicas`, and more than one.
    pub at_min: Vec<usize>,
    /// With one replica.
    pub single: Vec<usize>,
    /// Under reassignment.
    pub moving: Vec<usize>,
    /// Led by another broker than the first of their list.
    pub not_preferred: Vec<usize>,
}

impl Facts {
    /// Walks over all partitions.
    pub fn of(snapshot: &Snapshot) -> Self {
        let partitions = &snapshot.partitions;
        let least = snapshot.min_insync_replicas();
        let serving = ids_where(snapshot, |broker| broker.state.serves());
        let all_serve = serving.len() == snapshot.brokers.len();
        let mut facts = Facts::default();
        for row in 0..partitions.len() {
            let (replicas, isr) = (partitions.replicas.get(row), partitions.isr.get(row));
            let leader = partitions.leader[row];
            let is_led = leader.is_some_and(|leader| all_serve || serving.contains(leader));
            let is_moving = partitions.is_reassigning(row);
            if !is_led || isr.is_empty() {
                facts.offline.push(row);
            }
            let adding = partitions.adding.get(&row).map_or(&[][..], Vec::as_slice);
            let least = least[partitions.topic[row] as usize];
            // While a move adds replicas, the list is longer than the replication factor.
            let factor = replicas.len() - adding.len().min(replicas.len() - 1);
            if isr.len() < least.min(factor) {
                facts.under_min.push(row);
            }
            if isr.len() < replicas.len() && replicas.iter().any(|id| !isr.contains(id) && !adding.contains(id)) {
                facts.short.push(row);
            }
            if factor == 1 {
                facts.single.push(row);
            } else if factor <= least {
                facts.at_min.push(row);
            }
            if is_moving {
                facts.moving.push(row);
            } else if is_led && leader != replicas.first().copied() {
                facts.not_preferred.push(row);
            }
        }
        facts
    }
}

/// `orders-7` of each row.
pub(super) fn names(snapshot: &Snapshot, rows: &[usize]) -> Vec<String> {
    rows.iter().map(|&row| format!("{}-{}", snapshot.topic_of(row).name, snapshot.partitions.id[row])).collect()
}

/// The brokers for which something holds.
pub(super) fn ids_where(snapshot: &Snapshot, holds: impl Fn(&Broker) -> bool) -> IdSet {
    set(snapshot.brokers.iter().filter(|broker| holds(broker)).map(|broker| broker.id))
}

/// Ids that stand there once each.
pub(super) fn set(ids: impl IntoIterator<Item = BrokerId>) -> IdSet {
    IdSet::from_ids(ids.into_iter().collect::<BTreeSet<_>>()).unwrap_or_default()
}

/// Distinct racks of some brokers, in order of name.
pub(super) fn racks<'a>(snapshot: &'a Snapshot, ids: &IdSet) -> BTreeSet<&'a str> {
    let brokers = snapshot.brokers.iter().filter(|broker| ids.contains(broker.id));
    brokers.filter_map(|broker| broker.rack.as_deref()).collect()
}

/// Words between commas, the first few of them, each in backticks.
pub(super) fn quoted<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.len() {
        0..=6 => words.join(", "),
        more => format!("{} and {} more", words[..5].join(", "), more - 5),
    }
}

/// The value of a setting on each broker that has it in the snapshot.
pub(super) fn setting<'a>(snapshot: &'a Snapshot, key: &str) -> Vec<(BrokerId, &'a str)> {
    let value = |broker: &'a Broker| Some((broker.id, broker.config.get(key)?.as_str()));
    snapshot.brokers.iter().filter_map(value).collect()
}

/// `3.9.2` as numbers; what follows the numbers is ignored.
pub(super) fn version(text: &str) -> Option<(u32, u32, u32)> {
    let text = text.trim().trim_start_matches('v');
    let mut parts = text.split(['.', '-', '+', ' ']);
    let first = parts.next()?.parse().ok()?;
    let second = parts.next()?.parse().ok()?;
    let third = parts.next().and_then(|part| part.parse().ok()).unwrap_or(0);
    Some((first, second, third))
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_are_read_as_kafka_writes_them() {
        assert_eq!(version("3.9.2"), Some((3, 9, 2)));
        assert_eq!(version("3.7-IV4"), Some((3, 7, 0)));
        assert_eq!(version("4.0"), Some((4, 0, 0)));
        assert_eq!((version("seven"), version("3"), version("")), (None, None, None));
    }
}
