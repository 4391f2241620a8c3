//! Re-adds the proofs of bounds, from the snapshot and the request alone.
//!
//! A proof is not believed and not searched for: it names prices, a partition, or a number of copies, and
//! the arithmetic is done anew here. Rows with the same replicas by rack form a group; the cheapest way of a
//! group into the racks is found by a table over (copies placed, racks opened), rack after rack.

use rustc_hash::FxHashMap;

use super::case::Case;
use super::share::{shares, targets};
use super::spread::Spread;
use crate::base::ids::{BrokerId, PartitionId};
use crate::base::units::Bytes;
use crate::plan::{Proof, RackPrice};
use crate::replay::{Rates, World};
use crate::request::RackPolicy;

/// As many replicas in one rack as one likes.
const NO_CAP: u32 = u32::MAX;

/// Rows that look the same from the racks' side.
struct Group {
    /// Rack, replicas that stay there, and how many of those are on targets.
    kept: Vec<(u32, u32, u32)>,
    copies: u32,
    distinct: u32,
    most: u32,
    /// One replica of each row.
    bytes: f64,
    /// Rows whose head leaves.
    heads: f64,
}

/// A broker that may receive.
struct Target {
    number: u32,
    rack: u32,
    used: f64,
    capacity: Option<f64>,
    /// Lists that it heads and that keep it.
    heads: f64,
    /// Its share of all heads at the end.
    share: f64,
}

impl Target {
    /// Heads that may come before it has more than `level` times its share; they are whole.
    fn room_for_heads(&self, level: f64) -> f64 {
        ((level * self.share).floor() - self.heads).max(0.0)
    }
}

/// What has to be placed, and where it may go.
pub(super) struct Claims {
    groups: Vec<Group>,
    /// Rows with replicas that leave, and their groups.
    rows: Vec<(u32, u32)>,
    targets: Vec<Target>,
    /// Targets by rack; one rack for all where racks do not count.
    room: Vec<u32>,
    by_rack: bool,
    /// Replicas and bytes that leave.
    pub leaving: (u64, u64),
}

impl Claims {
    pub fn new(case: &Case) -> Self {
        let (world, ask) = (case.world, &case.ask);
        let by_rack = world.racks_matter && ask.request.rack_policy != RackPolicy::Ignore;
        let rack_of = |number: u32| if by_rack { world.rack[number as usize] } else { 0 };
        let mut room = vec![0; world.len() + world.rack_names.len()];
        let mut heads = vec![0_u64; world.len()];
        for row in 0..case.steps.first.len() as u32 {
            if let Some(count) = world.replicas(row).first().and_then(|&head| heads.get_mut(head as usize)) {
                *count += 1;
            }
        }
        let targets: Vec<Target> = targets(case).map(|number| target(world, number, rack_of(number), &heads)).collect();
        for target in &targets {
            room[target.rack as usize] += 1;
        }
        let mut claims = Claims { groups: Vec::new(), rows: Vec::new(), targets, room, by_rack, leaving: (0, 0) };
        claims.sort_rows(case, &rack_of);
        let stay: f64 = claims.targets.iter().map(|target| target.heads).sum();
        let come: f64 = claims.groups.iter().map(|group| group.heads).sum();
        for (target, share) in claims.targets.iter_mut().zip(shares(case, stay + come)) {
            target.share = share;
        }
        claims
    }

    fn sort_rows(&mut self, case: &Case, rack_of: &dyn Fn(u32) -> u32) {
        let (world, ask) = (case.world, &case.ask);
        let wanted = ask.racks_that_stay;
        let tags: Vec<u64> = (0..world.len() as u32)
            .map(|number| {
                let takes = ask.is_target[number as usize];
                u64::from(rack_of(number)) << 2 | u64::from(takes)
            })
            .collect();
        let mut known: FxHashMap<[u64; 4], u32> = FxHashMap::default();
        let mut known_long: FxHashMap<Vec<u64>, u32> = FxHashMap::default();
        for (row, _) in case.steps.sound_rows() {
            let old = world.replicas(row);
            let copies = ask.leaving(world, row) as u32;
            if copies == 0 || old.iter().any(|&number| number as usize >= tags.len()) {
                continue;
            }
            let tag = |number: u32| tags[number as usize] | u64::from(ask.leaves(world, row, number)) << 1;
            let next = self.groups.len() as u32;
            let group = if let [_, ..] = old
                && old.len() <= 4
            {
                let mut key = [u64::MAX; 4];
                key.iter_mut().zip(old).for_each(|(slot, &number)| *slot = tag(number));
                key.sort_unstable();
                *known.entry(key).or_insert(next)
            } else {
                let mut key: Vec<u64> = old.iter().map(|&number| tag(number)).collect();
                key.sort_unstable();
                *known_long.entry(key).or_insert(next)
            };
            if group == next {
                self.groups.push(self.group(case, row, copies, wanted, rack_of));
            }
            let size = world.snapshot.partitions.size[row as usize].unwrap_or_default();
            self.leaving.0 += u64::from(copies);
            self.leaving.1 = self.leaving.1.saturating_add(size.get().saturating_mul(copies.into()));
            let group_row = &mut self.groups[group as usize];
            group_row.bytes += size.as_f64();
            group_row.heads += f64::from(u8::from(ask.leaves(world, row, old[0])));
            self.rows.push((row, group));
        }
    }

    fn group(&self, case: &Case, row: u32, copies: u32, wanted: u32, rack_of: &dyn Fn(u32) -> u32) -> Group {
        let old = case.world.replicas(row);
        let mut kept: Vec<(u32, u32, u32)> = Vec::new();
        for &number in old.iter().filter(|&&number| !case.ask.leaves(case.world, row, number)) {
            let held = u32::from(case.ask.is_target[number as usize]);
            match kept.iter_mut().find(|entry| entry.0 == rack_of(number)) {
                Some(entry) => *entry = (entry.0, entry.1 + 1, entry.2 + held),
                None => kept.push((rack_of(number), 1, held)),
            }
        }
        let before = Spread::of(case.world, old);
        let (distinct, most) = match case.ask.request.rack_policy {
            _ if !self.by_rack => (0, NO_CAP),
            RackPolicy::Preserve => (before.distinct, before.most),
            RackPolicy::Strict => (wanted.min(old.len() as u32), NO_CAP),
            RackPolicy::Ignore => (0, NO_CAP),
        };
        Group { kept, copies, distinct, most, bytes: 0.0, heads: 0.0 }
    }

    /// Prices by rack number; [`None`] when a rack is unknown or named twice, or a price is none.
    fn prices(&self, world: &World, racks: &[RackPrice]) -> Option<Vec<f64>> {
        if racks.is_empty() {
            return Some(vec![1.0; self.room.len()]);
        }
        let mut prices = vec![f64::NAN; self.room.len()];
        for entry in racks {
            let rack = world.rack_names.binary_search(&entry.rack.as_str()).ok().filter(|_| self.by_rack)?;
            if !prices[rack].is_nan() || !entry.price.is_finite() || entry.price < 0.0 {
                return None;
            }
            prices[rack] = entry.price;
        }
        prices.iter_mut().filter(|price| price.is_nan()).for_each(|price| *price = 0.0);
        Some(prices)
    }

    /// Racks with targets, the cheapest first.
    fn order(&self, prices: &[f64]) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.room.len() as u32).filter(|&rack| self.room[rack as usize] > 0).collect();
        order.sort_by(|&a, &b| prices[a as usize].total_cmp(&prices[b as usize]));
        order
    }

    /// The least price of a row of a group on its way into racks with this room; [`None`] when there is no way.
    fn least_price(group: &Group, order: &[u32], room: &[u32], price: impl Fn(u32) -> f64) -> Option<f64> {
        // More than one rack for each copy beside those that keep a replica is never needed: a copy in a dearer
        // one can go to the one that is left.
        let keeps = |rack: u32| group.kept.iter().find(|entry| entry.0 == rack);
        let empty = order.iter().copied().filter(|&rack| keeps(rack).is_none() && room[rack as usize] > 0);
        let mut racks: Vec<(f64, u32, u32, bool)> =
            empty.take(group.copies as usize).map(|rack| (price(rack), room[rack as usize], 0, true)).collect();
        racks.extend(
            group.kept.iter().map(|&(rack, replicas, held)| {
                (price(rack), room[rack as usize].saturating_sub(held), replicas, false)
            }),
        );
        let level = least_by_table(group, &racks, group.distinct, group.most);
        if group.most == NO_CAP {
            return level;
        }
        let wide = least_by_table(group, &racks, group.distinct + 1, NO_CAP);
        match (level, wide) {
            (Some(level), Some(wide)) => Some(level.min(wide)),
            (level, wide) => level.or(wide),
        }
    }

    /// What all rows pay at least.
    fn worth(&self, prices: &[f64]) -> f64 {
        let order = self.order(prices);
        let one = |group: &Group| Self::least_price(group, &order, &self.room, |rack| prices[rack as usize]);
        self.groups.iter().map(|group| one(group).unwrap_or(0.0) * group.bytes).sum()
    }

    /// What all new heads pay at least: each goes to the cheapest rack that may take a copy of its row.
    fn worth_of_heads(&self, prices: &[f64]) -> f64 {
        let order = self.order(prices);
        let least = |group: &Group| {
            let mut is_empty_tried = false;
            order.iter().copied().find(|&rack| {
                let is_empty = !group.kept.iter().any(|entry| entry.0 == rack);
                // A copy that may go into one empty rack may go into any other.
                if is_empty && std::mem::replace(&mut is_empty_tried, true) {
                    return false;
                }
                let first: Vec<u32> =
                    std::iter::once(rack).chain(order.iter().copied().filter(|&other| other != rack)).collect();
                let price = |other: u32| if other == rack { -1.0 } else { 0.0 };
                Self::least_price(group, &first, &self.room, price).is_some_and(|price| price < 0.0)
            })
        };
        let heads = self.groups.iter().filter(|group| group.heads > 0.0);
        heads.map(|group| least(group).map_or(0.0, |rack| prices[rack as usize]) * group.heads).sum()
    }

    /// Whether the proof shows that no plan keeps every target at or below `level`; [`None`] when it can show no such
    /// thing.
    pub fn excludes_fill(&self, case: &Case, proof: &Proof, level: f64) -> Option<bool> {
        let space = |target: &Target| Some(level * target.capacity? - target.used);
        match proof {
            Proof::Prices { racks } => {
                let prices = self.prices(case.world, racks)?;
                let mut total = 0.0;
                for target in &self.targets {
                    total += prices[target.rack as usize] * space(target)?.max(0.0);
                }
                Some(total < self.worth(&prices))
            }
            Proof::Broker { broker } => Some(space(self.target(case.world, *broker)?)? < 0.0),
            Proof::Copies { copies, rack } => {
                let (sizes, rack) = self.largest_copies(case, usize::try_from(*copies).ok()?, rack.as_deref())?;
                let mut smallest: Vec<f64> = sizes;
                smallest.reverse();
                for at in 1..smallest.len() {
                    smallest[at] += smallest[at - 1];
                }
                let mut taken = 0;
                for target in self.targets.iter().filter(|target| rack.is_none_or(|rack| target.rack == rack)) {
                    let space = space(target)?;
                    taken += smallest.partition_point(|&sum| sum <= space);
                }
                Some(taken < smallest.len())
            }
            Proof::Partition { topic, partition } => {
                let (row, group) = self.row(case, topic, *partition)?;
                let size = case.world.snapshot.partitions.size[row as usize].map_or(0.0, Bytes::as_f64);
                let mut room = vec![0; self.room.len()];
                for target in &self.targets {
                    let is_free = !case.world.replicas(row).contains(&target.number);
                    room[target.rack as usize] += u32::from(is_free && space(target)? >= size);
                }
                // Room is counted without the row's own replicas already.
                let kept = group.kept.iter().map(|&(rack, replicas, _)| (rack, replicas, 0)).collect();
                let group = Group { kept, ..*group };
                Some(Self::least_price(&group, &self.order(&vec![0.0; room.len()]), &room, |_| 0.0).is_none())
            }
            Proof::Senders => None,
        }
    }

    /// Whether the proof shows that some target heads more than `level` times its share in every plan.
    pub fn excludes_heads(&self, world: &World, proof: &Proof, level: f64) -> Option<bool> {
        match proof {
            Proof::Prices { racks } => {
                let prices = self.prices(world, racks)?;
                let space = |target: &Target| prices[target.rack as usize] * target.room_for_heads(level);
                let total: f64 = self.targets.iter().map(space).sum();
                Some(total < self.worth_of_heads(&prices) * (1.0 - 1e-9))
            }
            Proof::Broker { broker } => {
                let target = self.target(world, *broker)?;
                Some(target.heads > level * target.share)
            }
            _ => None,
        }
    }

    /// The seconds that a proof shows at these rates.
    pub fn seconds(&self, case: &Case, proof: &Proof, rates: &Rates) -> Option<f64> {
        match proof {
            Proof::Prices { racks } => {
                let prices = self.prices(case.world, racks)?;
                let width: f64 = self
                    .targets
                    .iter()
                    .map(|target| prices[target.rack as usize] * rates.follower(target.number))
                    .sum();
                let worth = self.worth(&prices);
                Some(if worth > 0.0 { worth / width } else { 0.0 })
            }
            Proof::Partition { topic, partition } => {
                let (row, group) = self.row(case, topic, *partition)?;
                let size = case.world.snapshot.partitions.size[row as usize].map_or(0.0, Bytes::as_f64);
                let targets = || self.targets.iter().map(|target| target.number);
                let leads = case.world.replicas(row).iter().copied().chain(targets());
                let best_leader = leads.map(|number| rates.leader(number)).fold(0.0, f64::max);
                let best_follower = targets().map(|number| rates.follower(number)).fold(0.0, f64::max);
                Some((f64::from(group.copies) * size / best_leader).max(size / best_follower))
            }
            Proof::Senders => {
                let mut may_lead: Vec<bool> = case.ask.is_target.clone();
                for &number in self.rows.iter().flat_map(|&(row, _)| case.world.replicas(row)) {
                    may_lead[number as usize] = true;
                }
                let numbers = (0..may_lead.len() as u32).filter(|&number| may_lead[number as usize]);
                let send: f64 = numbers.map(|number| rates.leader(number)).sum();
                let bytes: f64 = self.groups.iter().map(|group| f64::from(group.copies) * group.bytes).sum();
                Some(if bytes > 0.0 { bytes / send } else { 0.0 })
            }
            Proof::Broker { .. } | Proof::Copies { .. } => None,
        }
    }

    /// Whether the capacity of every target is known, and there is one.
    pub fn has_capacities(&self) -> bool {
        !self.targets.is_empty() && self.targets.iter().all(|target| target.capacity.is_some())
    }

    fn target(&self, world: &World, broker: i32) -> Option<&Target> {
        let number = world.number(BrokerId::new(broker));
        self.targets.iter().find(|target| target.number == number)
    }

    fn row(&self, case: &Case, topic: &str, partition: i32) -> Option<(u32, &Group)> {
        let partition = (partition >= 0).then(|| PartitionId::new(partition))?;
        let row = case.world.snapshot.row_of(topic, partition)? as u32;
        let found = self.rows.iter().find(|entry| entry.0 == row)?;
        Some((row, &self.groups[found.1 as usize]))
    }

    /// Sizes of the largest copies, in descending order: of all, or of those that must enter a rack.
    fn largest_copies(&self, case: &Case, count: usize, rack: Option<&str>) -> Option<(Vec<f64>, Option<u32>)> {
        let rack = match rack {
            None => None,
            Some(name) => Some(case.world.rack_names.binary_search(&name).ok().filter(|_| self.by_rack)? as u32),
        };
        let must = |group: &Group| {
            let Some(rack) = rack else { return group.copies };
            let prices: Vec<f64> =
                (0..self.room.len()).map(|other| f64::from(u8::from(other == rack as usize))).collect();
            let price = |other: u32| prices[other as usize];
            Self::least_price(group, &self.order(&prices), &self.room, price).unwrap_or(0.0) as u32
        };
        let must: Vec<u32> = self.groups.iter().map(must).collect();
        let mut sizes = Vec::new();
        for &(row, group) in &self.rows {
            let size = case.world.snapshot.partitions.size[row as usize].unwrap_or_default();
            sizes.extend(std::iter::repeat_n(size, must[group as usize] as usize));
        }
        if count == 0 || sizes.len() < count {
            return None;
        }
        sizes.select_nth_unstable_by(count - 1, |a, b| b.cmp(a));
        sizes.truncate(count);
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        Some((sizes.into_iter().map(Bytes::as_f64).collect(), rack))
    }
}

fn target(world: &World, number: u32, rack: u32, heads: &[u64]) -> Target {
    let (mut used, mut capacity) = (0.0, Some(0.0));
    for dir in world.dirs_of(number) {
        let dir = &world.dirs[dir as usize];
        used += dir.used as f64;
        capacity = capacity.zip(dir.capacity).map(|(sum, bytes)| sum + bytes as f64);
    }
    let heads = heads[number as usize] as f64;
    Target { number, rack, used, capacity: capacity.filter(|&sum| sum > 0.0), heads, share: 0.0 }
}

/// The least price of a group's copies in racks given as (price, room, replicas kept, whether it is empty).
fn least_by_table(group: &Group, racks: &[(f64, u32, u32, bool)], distinct: u32, most: u32) -> Option<f64> {
    let to_open = distinct.saturating_sub(group.kept.len() as u32) as usize;
    let copies = group.copies as usize;
    if to_open > copies {
        return None;
    }
    let at = |placed: usize, opened: usize| placed * (to_open + 1) + opened;
    let mut table = vec![f64::INFINITY; (copies + 1) * (to_open + 1)];
    table[0] = 0.0;
    for &(price, room, kept, is_empty) in racks {
        let cap = room.min(most.saturating_sub(kept)).min(group.copies) as usize;
        let before = table.clone();
        for placed in 0..=copies {
            for opened in 0..=to_open {
                let cost = before[at(placed, opened)];
                for take in 1..=cap.min(copies - placed) {
                    let opened = (opened + usize::from(is_empty)).min(to_open);
                    let slot = &mut table[at(placed + take, opened)];
                    *slot = slot.min(cost + price * take as f64);
                }
            }
        }
    }
    Some(table[at(copies, to_open)]).filter(|cost| cost.is_finite())
}
