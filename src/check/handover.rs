//! What must hold where leadership alone is to leave the drained brokers.

use super::ask::Ask;
use super::health;
use crate::replay::{NONE, World};

/// Whether leadership of a row may go to a broker: one of those to lead, which an election does not pass over.
pub(super) fn may_lead(world: &World, ask: &Ask, row: u32, broker: u32) -> bool {
    broker != NONE
        && ask.is_target[broker as usize]
        && world.snapshot.partitions.isr.get(row as usize).contains(&world.id(broker))
}

/// Whether a row whose list begins with a drained broker may be left as it is.
pub(super) fn is_stuck(world: &World, ask: &Ask, row: u32) -> bool {
    let replicas = world.replicas(row);
    let leader = world.leader(row);
    (leader != NONE && !world.broker(leader).state.serves())
        || health::fault(world, row, replicas.iter().copied()).is_some()
        || !replicas.iter().any(|&broker| may_lead(world, ask, row, broker))
}

/// What is wrong with a list that takes the place of another and may only have another head, if anything.
pub(super) fn fault(world: &World, ask: &Ask, row: u32, old: &[u32], new: &[u32]) -> Option<String> {
    let &[head, ref others @ ..] = new else { return None };
    if new.len() != old.len() || !new.iter().all(|broker| old.contains(broker)) {
        return Some("its replicas are others, and only leadership was to move".into());
    }
    if old.first().is_none_or(|&first| !ask.is_drained[first as usize]) {
        return Some("its list does not begin with a drained broker, so nothing was asked of it".into());
    }
    if ask.is_drained[head as usize] {
        return Some("its list still begins with a drained broker".into());
    }
    if !ask.is_target[head as usize] {
        return Some("its list begins with a broker that leadership was not to go to".into());
    }
    if !may_lead(world, ask, row, head) {
        return Some("its list begins with a broker that is not in sync, which no election makes its leader".into());
    }
    let mut behind: Vec<u32> = old.iter().copied().filter(|&broker| broker != head).collect();
    behind.sort_by_key(|&broker| ask.is_drained[broker as usize]);
    (behind != others)
        .then(|| "behind its head the replicas are not in their old order with the drained brokers last".into())
}
