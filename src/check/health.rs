//! Which partitions are not healthy enough to move.

use crate::replay::{NONE, World};
use crate::snapshot::BrokerState;

/// Why a partition that keeps the brokers `kept` must not move, if so.
pub(super) fn fault(world: &World, row: u32, kept: impl Iterator<Item = u32>) -> Option<String> {
    let partitions = &world.snapshot.partitions;
    if partitions.leader[row as usize].is_none() {
        return Some("it has no leader".into());
    }
    if partitions.isr.get(row as usize).is_empty() {
        return Some("its ISR is empty".into());
    }
    if partitions.is_reassigning(row as usize) {
        return Some("a reassignment of it is under way".into());
    }
    let mut cordoned = kept.filter(|&broker| broker != NONE && world.broker(broker).state == BrokerState::Cordoned);
    cordoned.next().map(|broker| format!("it keeps a replica on the cordoned broker {}", world.id(broker)))
}
