//! How many racks a list of replicas spans, and when one list spans them worse than another.

use crate::base::text::counted;
use crate::replay::steps::is_reordered;
use crate::replay::{NONE, World};
use crate::request::{RackPolicy, Request};
use crate::snapshot::BrokerState;

/// Distinct racks, then the most replicas in one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spread {
    pub distinct: u32,
    pub most: u32,
}

impl Spread {
    /// The spread of a list of broker numbers; unknown brokers do not count.
    pub fn of(world: &World, list: &[u32]) -> Self {
        let mut spread = Spread { distinct: 0, most: 0 };
        let rack = |place: usize| list[place] as usize;
        for place in (0..list.len()).filter(|&place| list[place] != NONE) {
            let same = |&other: &usize| list[other] != NONE && world.rack[rack(other)] == world.rack[rack(place)];
            if !(0..place).any(|other| same(&other)) {
                spread.distinct += 1;
                spread.most = spread.most.max((place..list.len()).filter(same).count() as u32);
            }
        }
        spread
    }

    /// Whether this spread is worse than `before`: fewer racks, or as many and one of them fuller.
    pub fn is_worse_than(self, before: Spread) -> bool {
        self.distinct < before.distinct || (self.distinct == before.distinct && self.most > before.most)
    }
}

/// Racks of the alive brokers that stay: what a strict policy can span.
pub(super) fn racks_that_stay(world: &World, is_drained: &[bool]) -> u32 {
    let stays = |&number: &usize| !is_drained[number] && world.snapshot.brokers[number].state == BrokerState::Alive;
    let mut racks: Vec<u32> = (0..world.len()).filter(stays).map(|number| world.rack[number]).collect();
    racks.sort_unstable();
    racks.dedup();
    racks.len() as u32
}

/// What is wrong with the racks of `new`, if anything is; `old` is the list of the snapshot. A list on the way must be
/// no worse, and may have one replica more; what is asked of the end does not yet count.
pub(super) fn fault(
    world: &World,
    request: &Request,
    racks_that_stay: u32,
    (old, new): (&[u32], &[u32]),
    is_last: bool,
) -> Option<String> {
    // A list in another order lies on the same racks; one of another length only where that was asked for, else
    // another rule names it.
    let is_resized = old.len() != new.len();
    if !world.racks_matter || is_reordered(old, new) || (is_resized && is_last && !request.allow_rf_change) {
        return None;
    }
    let (before, after) = (Spread::of(world, old), Spread::of(world, new));
    let what = match request.rack_policy {
        RackPolicy::Ignore => return None,
        // With more or fewer replicas, as many racks as before count, or as many as there are replicas.
        RackPolicy::Preserve if is_resized && after.distinct >= before.distinct.min(new.len() as u32) => return None,
        RackPolicy::Preserve if !is_resized && !after.is_worse_than(before) => return None,
        RackPolicy::Preserve => format!(
            "{} with at most {} in one, {} with at most {} in the snapshot",
            counted(after.distinct, "rack"),
            counted(after.most, "replica"),
            before.distinct,
            before.most
        ),
        RackPolicy::Strict => {
            let at_the_end = racks_that_stay.min(old.len() as u32);
            let wanted = if is_last { racks_that_stay.min(new.len() as u32) } else { at_the_end.min(before.distinct) };
            if after.distinct >= wanted {
                return None;
            }
            format!("{}, `strict` asks for {wanted}", counted(after.distinct, "rack"))
        }
    };
    let describe = |list: &[u32]| {
        let known = list.iter().filter(|&&broker| broker != NONE);
        let one = |&broker: &u32| format!("{} in {}", world.id(broker), world.rack_name(world.rack[broker as usize]));
        known.map(one).collect::<Vec<_>>().join(", ")
    };
    Some(format!("{what}\nbefore: {}\nafter: {}", describe(old), describe(new)))
}
