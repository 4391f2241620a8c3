//! The least time that any plan for the same request can take, derived from the snapshot alone.
//!
//! It is the largest of: all bytes over what all targets receive; for each rack, the bytes that must enter
//! it over what its targets receive; the copies of one partition over what one leader sends; one copy over
//! what one target receives; all bytes over what all brokers that may ever lead send.

use super::ask::Ask;
use super::spread::Spread;
use crate::base::units::Bytes;
use crate::replay::{Rates, Steps, World};
use crate::request::RackPolicy;

/// How the room in a rack is counted when a bound is derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// Target by target: no broker takes two replicas of a partition. The strongest bound.
    Counted,
    /// As endless wherever there is a target. A bound as well, and simpler.
    Endless,
}

/// The bound for the sound steps at these rates.
pub(super) fn of(world: &World, ask: &Ask, steps: &Steps, rates: &Rates, room: Room) -> f64 {
    let mut may_lead: Vec<bool> = ask.is_target.clone();
    let (mut total, mut largest_copy, mut longest) = (0.0_f64, 0.0_f64, 0.0_f64);
    let mut entering = Entering::new(world, ask, Some(rates), room);
    let targets = || (0..world.len() as u32).filter(|&number| ask.is_target[number as usize]);
    let best_leader = targets().map(|broker| rates.leader(broker)).fold(0.0, f64::max);
    let over = |bytes: f64, rate: f64| if bytes > 0.0 { bytes / rate } else { 0.0 };
    for (row, _) in steps.sound_rows() {
        let copies = ask.leaving(world, row);
        if copies == 0 {
            continue;
        }
        let size = world.snapshot.partitions.size[row as usize].map_or(0.0, Bytes::as_f64);
        let bytes = copies as f64 * size;
        total += bytes;
        largest_copy = largest_copy.max(size);
        let leads = world.replicas(row).iter().map(|&broker| rates.leader(broker));
        longest = longest.max(over(bytes, leads.fold(best_leader, f64::max)));
        for &broker in world.replicas(row) {
            may_lead[broker as usize] = true;
        }
        entering.add(world, ask, row, copies as u32, size);
    }
    let receive: f64 = targets().map(|broker| rates.follower(broker)).sum();
    let send: f64 = (0..world.len() as u32).filter(|&at| may_lead[at as usize]).map(|at| rates.leader(at)).sum();
    let best_follower = targets().map(|broker| rates.follower(broker)).fold(0.0, f64::max);
    over(total, receive)
        .max(longest)
        .max(over(largest_copy, best_follower))
        .max(over(total, send))
        .max(entering.seconds())
}

/// The bytes that must enter each rack, whatever targets are chosen.
struct Entering {
    /// Targets in each rack: the real ones, or as good as endless.
    targets: Vec<u32>,
    /// What the targets of each rack receive in a second.
    width: Vec<f64>,
    bytes: Vec<f64>,
    is_exact: bool,
    wanted: u32,
    /// The numbers of racks with targets, the fullest first.
    open: Vec<u32>,
    /// Replicas of one partition that stay, by rack; cleared after each partition.
    kept: Vec<u32>,
    /// Racks that keep replicas of one partition, and how many of those are on targets.
    keeping: Vec<(u32, u32)>,
    /// For each most-in-one-rack: room in all racks together when they are empty.
    room: Vec<u64>,
}

/// More than any partition has replicas, little enough to add up.
const ENDLESS: u32 = 1 << 20;

impl Entering {
    fn new(world: &World, ask: &Ask, rates: Option<&Rates>, room: Room) -> Self {
        let racks = world.rack_names.len() + world.len();
        let is_exact = room == Room::Counted;
        let mut width = vec![0.0; racks];
        let mut targets = vec![0_u32; racks];
        for number in (0..world.len()).filter(|&number| ask.is_target[number]) {
            let rack = world.rack[number] as usize;
            width[rack] += rates.map_or(1.0, |rates| rates.follower(number as u32));
            targets[rack] = if is_exact { targets[rack] + 1 } else { ENDLESS };
        }
        let mut open: Vec<u32> = (0..racks as u32).filter(|&rack| targets[rack as usize] > 0).collect();
        open.sort_by_key(|&rack| std::cmp::Reverse(targets[rack as usize]));
        Entering {
            targets,
            width,
            bytes: vec![0.0; racks],
            is_exact,
            wanted: ask.racks_that_stay,
            open,
            kept: vec![0; racks],
            keeping: Vec::new(),
            room: Vec::new(),
        }
    }

    fn seconds(&self) -> f64 {
        let entered = self.open.iter().filter(|&&rack| self.bytes[rack as usize] > 0.0);
        entered.map(|&rack| self.bytes[rack as usize] / self.width[rack as usize]).fold(0.0, f64::max)
    }

    /// Adds what one partition must bring into each rack.
    fn add(&mut self, world: &World, ask: &Ask, row: u32, copies: u32, size: f64) {
        let old = world.replicas(row);
        let before = Spread::of(world, old);
        let stays = |broker: &&u32| !ask.leaves(world, row, **broker);
        let mut keeping = std::mem::take(&mut self.keeping);
        keeping.clear();
        for &broker in old.iter().filter(stays) {
            let rack = world.rack[broker as usize];
            self.kept[rack as usize] += 1;
            let held = u32::from(ask.is_target[broker as usize] && self.is_exact);
            match keeping.iter_mut().find(|entry| entry.0 == rack) {
                Some(entry) => entry.1 += held,
                None => keeping.push((rack, held)),
            }
        }
        let policy = if world.racks_matter { ask.request.rack_policy } else { RackPolicy::Ignore };
        let (distinct, most) = match policy {
            RackPolicy::Preserve => (before.distinct, before.most),
            RackPolicy::Strict => (self.wanted.min(old.len() as u32), ENDLESS),
            RackPolicy::Ignore => (0, ENDLESS),
        };
        let choice = Choice::new(self, &keeping, copies, distinct, most);
        // Racks that keep nothing are alike but for their rooms: if the roomiest can be left out, all can.
        let roomiest = self.open.iter().copied().find(|&rack| self.kept[rack as usize] == 0);
        let any_empty = roomiest.is_some_and(|rack| !choice.is_possible(self, rack, 0, 0));
        for at in 0..if any_empty { self.open.len() } else { 0 } {
            let rack = self.open[at];
            if self.kept[rack as usize] == 0 {
                self.bytes[rack as usize] += f64::from(choice.least(self, rack, 0, copies)) * size;
            }
        }
        for &(rack, held) in keeping.iter().filter(|entry| self.targets[entry.0 as usize] > 0) {
            self.bytes[rack as usize] += f64::from(choice.least(self, rack, held, copies)) * size;
        }
        for &(rack, _) in &keeping {
            self.kept[rack as usize] = 0;
        }
        self.keeping = keeping;
    }

    /// Room in all racks together, when each is empty and may take at most `most`.
    fn empty_room(&mut self, most: u32) -> u64 {
        let sum = |most: u32| self.open.iter().map(|&rack| u64::from(self.targets[rack as usize].min(most))).sum();
        if most == ENDLESS {
            return sum(ENDLESS);
        }
        while self.room.len() <= most as usize {
            let next = sum(self.room.len() as u32);
            self.room.push(next);
        }
        self.room[most as usize]
    }
}

/// The sums over all racks for one partition, from which any one rack can be taken out again.
struct Choice {
    copies: u32,
    /// Racks asked for.
    distinct: u32,
    /// Most replicas in one rack, when there are no more racks than asked for.
    most: u32,
    /// Racks that keep a replica.
    kept: u32,
    /// Racks that keep none and have a target.
    empty: u32,
    /// Free targets.
    free: u64,
    /// Free targets that `most` allows.
    allowed: u64,
}

impl Choice {
    fn new(entering: &mut Entering, keeping: &[(u32, u32)], copies: u32, distinct: u32, most: u32) -> Self {
        let (mut free, mut allowed) = (entering.empty_room(ENDLESS), entering.empty_room(most));
        let mut empty = entering.open.len() as u32;
        for &(rack, held) in keeping.iter().filter(|entry| entering.targets[entry.0 as usize] > 0) {
            let targets = entering.targets[rack as usize];
            empty -= 1;
            free -= u64::from(held);
            allowed -= u64::from(targets.min(most));
            allowed += u64::from((targets - held).min(most.saturating_sub(entering.kept[rack as usize])));
        }
        Choice { copies, distinct, most, kept: keeping.len() as u32, empty, free, allowed }
    }

    /// Whether a placement that brings just `entering` copies into `rack` is no worse than what is asked.
    fn is_possible(&self, world: &Entering, rack: u32, held: u32, entering: u32) -> bool {
        let kept = world.kept[rack as usize];
        let room = world.targets[rack as usize] - held;
        if entering > room {
            return false;
        }
        let others = self.copies - entering;
        let opened = others.min(self.empty - u32::from(kept == 0)) + u32::from(kept == 0 && entering > 0);
        let fits = self.free - u64::from(room) >= u64::from(others);
        let spans = self.kept + opened;
        if self.most == ENDLESS {
            return fits && spans >= self.distinct;
        }
        let allowed_here = room.min(self.most.saturating_sub(kept));
        let level = entering <= allowed_here && self.allowed - u64::from(allowed_here) >= u64::from(others);
        fits && (spans > self.distinct || (spans >= self.distinct && level))
    }

    /// The fewest copies that `rack` must take; none when no placement exists at all.
    fn least(&self, world: &Entering, rack: u32, held: u32, copies: u32) -> u32 {
        (0..=copies).find(|&entering| self.is_possible(world, rack, held, entering)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::{BrokerId, IdSet};
    use crate::request::Request;
    use crate::snapshot::v1;

    /// A small generator of numbers below `below`.
    fn draw(state: &mut u64, below: u64) -> u64 {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 33) % below
    }

    /// The fewest copies into `rack` over all ways of choosing targets, or none when there is no way.
    fn by_force(world: &World, ask: &Ask, row: u32, rack: u32) -> u32 {
        let old = world.replicas(row);
        let stay: Vec<u32> = old.iter().copied().filter(|&broker| !ask.leaves(world, row, broker)).collect();
        let open: Vec<u32> = (0..world.len() as u32)
            .filter(|broker| ask.is_target[*broker as usize] && !stay.contains(broker))
            .collect();
        let wanted = ask.racks_that_stay.min(old.len() as u32);
        let choices = (0_u32..1 << open.len()).filter(|choice| choice.count_ones() as usize == old.len() - stay.len());
        let least = choices.filter_map(|choice| {
            let chosen = (0..open.len()).filter(|at| choice & (1 << at) != 0).map(|at| open[at]);
            let list: Vec<u32> = stay.iter().copied().chain(chosen.clone()).collect();
            let (before, after) = (Spread::of(world, old), Spread::of(world, &list));
            let is_allowed = match ask.request.rack_policy {
                RackPolicy::Preserve => !after.is_worse_than(before),
                RackPolicy::Strict => after.distinct >= wanted,
                RackPolicy::Ignore => true,
            };
            is_allowed.then(|| chosen.filter(|&broker| world.rack[broker as usize] == rack).count() as u32)
        });
        least.min().unwrap_or(0)
    }

    #[test]
    fn the_copies_that_must_enter_a_rack_are_the_least_over_all_choices() {
        let mut state = 7;
        for round in 0..2000 {
            let (racks, brokers) = (1 + draw(&mut state, 4), 4 + draw(&mut state, 5));
            let lines: Vec<String> = (0..brokers)
                .map(|id| format!(r#"{{"id":{id},"rack":"r{}"}}"#, if id == 0 { 0 } else { draw(&mut state, racks) }))
                .collect();
            let factor = 1 + draw(&mut state, 4.min(brokers));
            let first = draw(&mut state, brokers);
            let step = [1, brokers - 1][draw(&mut state, 2) as usize];
            let replicas: Vec<u64> = (0..factor).map(|at| (first + at * step) % brokers).collect();
            let text = format!(
                r#"{{"kind":"kshift.cluster","version":1,"brokers":[{}],"topics":[{{"name":"t","partitions":[{{"partition":0,"replicas":{replicas:?},"size_bytes":1}}]}}]}}"#,
                lines.join(",")
            );
            let snapshot = v1::read(&text, "t").unwrap();
            let world = World::new(&snapshot);
            let drained =
                replicas.iter().copied().filter(|_| draw(&mut state, 2) == 0).map(|id| BrokerId::new(id as i32));
            let request = Request {
                drain: IdSet::from_ids(drained).unwrap(),
                rack_policy: [RackPolicy::Preserve, RackPolicy::Strict, RackPolicy::Ignore]
                    [draw(&mut state, 3) as usize],
                replicas_only: draw(&mut state, 3) == 0,
                ..Request::default()
            };
            let ask = Ask::new(&world, &request);
            let copies = ask.leaving(&world, 0) as u32;
            let mut entering = Entering::new(&world, &ask, None, Room::Counted);
            entering.add(&world, &ask, 0, copies, 1.0);
            for rack in 0..world.rack_names.len() as u32 {
                let expected = by_force(&world, &ask, 0, rack);
                assert_eq!(entering.bytes[rack as usize] as u32, expected, "round {round}, rack {rack}: {text}");
            }
        }
    }
}
