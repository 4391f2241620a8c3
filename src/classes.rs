//! Partitions that look alike from the racks' side, and the patterns in which they may enter racks.
//!
//! A *pattern* of a partition says how many of its new replicas each rack takes. It is feasible when no rack
//! takes more than it has targets free of the partition, and when the rack policy holds:
//! - `preserve`: more distinct racks than before, or as many and no rack with more replicas than the fullest
//!   had; so the feasible patterns are those of two simple rules, "at least d + 1 racks" and "at least d
//!   racks, at most m in each";
//! - `strict`: at least as many racks as there are, or as there are replicas;
//! - `ignore`: anything, and all targets count as one rack.
//!
//! **Cheapest pattern of a simple rule**, for any price of a copy in each rack: where k racks keep a replica
//! and d are wanted, put one copy into each of the d − k cheapest empty racks, then the rest wherever it is
//! cheapest and fits. Why: a pattern that leaves out a cheap empty rack can move a copy there from a dearer
//! one that it opened, opens no fewer racks and pays no more; and once the racks are open, nothing but room
//! binds. So one walk over the racks in order of price is exact.

use rustc_hash::FxHashMap;

use crate::base::index::{BrokerIx, IndexVec, Ix, PartitionIx, RackIx};
use crate::problem::Problem;
use crate::request::RackPolicy;

/// As many replicas in one rack as one likes.
const ANY: u32 = u32::MAX;

/// Partitions with the same racks before, and the same ones left.
pub struct Class {
    kept: Vec<Kept>,
    /// New replicas of each partition.
    pub copies: u32,
    distinct: u32,
    most: u32,
    /// Bytes of one replica of each of them, together.
    pub bytes: f64,
    /// How many of them lose the head of their list.
    pub heads: u64,
    /// Copies that each rack has to take, whatever the others do; racks that may be left out are not listed. Like
    /// what follows it is known with an outlook only.
    pub forced: Vec<(RackIx, u32)>,
    /// Racks that keep a replica and may take a copy.
    kept_open: Vec<RackIx>,
    /// Whether empty racks may take a copy: if one may, all may.
    empty_open: bool,
}

#[derive(Clone, Copy)]
struct Kept {
    rack: RackIx,
    replicas: u32,
    on_targets: u32,
}

/// All movers by class.
pub struct Classes {
    /// The classes, in order of first appearance.
    pub list: Vec<Class>,
    /// The class of each mover.
    pub of_mover: Vec<u32>,
    /// The rack of each broker; all the same where racks do not count.
    pub rack: IndexVec<BrokerIx, RackIx>,
    /// Targets of each rack.
    pub targets: IndexVec<RackIx, u32>,
    /// Racks with targets, in order.
    pub open: Vec<RackIx>,
    /// Whether racks count.
    pub by_rack: bool,
}

impl Classes {
    /// Sorts all movers.
    pub fn new(problem: &Problem<'_>) -> Self {
        let cluster = &problem.cluster;
        let by_rack = problem.rack_policy != RackPolicy::Ignore;
        let rack: IndexVec<BrokerIx, RackIx> =
            cluster.brokers.iter().map(|row| if by_rack { row.rack } else { RackIx::new(0) }).collect();
        let mut targets: IndexVec<RackIx, u32> = IndexVec::filled(0, if by_rack { cluster.racks.len() } else { 1 });
        for &broker in &problem.targets {
            targets[rack[broker]] += 1;
        }
        let mut classes = Classes {
            list: Vec::new(),
            of_mover: Vec::with_capacity(problem.movers.len()),
            open: targets.indices().filter(|&rack| targets[rack] > 0).collect(),
            rack,
            targets,
            by_rack,
        };
        classes.sort_movers(problem);
        classes
    }

    /// Sorts all movers, and learns what each class must and may do in each rack.
    pub fn with_outlook(problem: &Problem<'_>) -> Self {
        let mut classes = Classes::new(problem);
        for number in 0..classes.list.len() {
            classes.look_ahead(number);
        }
        classes
    }

    fn sort_movers(&mut self, problem: &Problem<'_>) {
        let cluster = &problem.cluster;
        let racks_left = problem.racks_left();
        let code = |broker: BrokerIx| self.rack[broker].get() as u32 * 4 + u32::from(problem.is_target[broker]);
        let codes: IndexVec<BrokerIx, u32> = cluster.brokers.indices().map(code).collect();
        let leaving = |partition, broker| u32::from(problem.leaves(partition, broker)) * 2;
        let is_short = codes.iter().all(|&code| code + 2 < 0xffff);
        let (mut short, mut long): (FxHashMap<u128, u32>, FxHashMap<Vec<u32>, u32>) = Default::default();
        let mut key = Vec::new();
        for &partition in &problem.movers {
            let replicas = cluster.replicas_of(partition);
            key.clear();
            key.extend(replicas.iter().map(|&broker| codes[broker] + leaving(partition, broker)));
            key.sort_unstable();
            let next = self.list.len() as u32;
            let class = if is_short && key.len() <= 8 {
                let packed = key.iter().fold(0, |packed, &code| packed << 16 | u128::from(code + 1));
                *short.entry(packed).or_insert(next)
            } else if let Some(&class) = long.get(&key) {
                class
            } else {
                long.insert(key.clone(), next);
                next
            };
            if class == next {
                self.list.push(self.class(problem, partition, racks_left));
            }
            let row = &mut self.list[class as usize];
            row.bytes += cluster.size_of(partition).as_f64();
            row.heads += u64::from(problem.leaves(partition, replicas[0]));
            self.of_mover.push(class);
        }
    }

    fn class(&self, problem: &Problem<'_>, partition: PartitionIx, racks_left: usize) -> Class {
        let replicas = problem.cluster.replicas_of(partition);
        let mut before: Vec<(RackIx, u32)> = Vec::new();
        let mut kept: Vec<Kept> = Vec::new();
        for &broker in replicas {
            let rack = self.rack[broker];
            match before.iter_mut().find(|entry| entry.0 == rack) {
                Some(entry) => entry.1 += 1,
                None => before.push((rack, 1)),
            }
            if problem.leaves(partition, broker) {
                continue;
            }
            let on_target = u32::from(problem.is_target[broker]);
            match kept.iter_mut().find(|entry| entry.rack == rack) {
                Some(entry) => {
                    entry.replicas += 1;
                    entry.on_targets += on_target;
                }
                None => kept.push(Kept { rack, replicas: 1, on_targets: on_target }),
            }
        }
        let (distinct, most) = match problem.rack_policy {
            RackPolicy::Ignore => (0, ANY),
            RackPolicy::Strict => (racks_left.min(replicas.len()) as u32, ANY),
            RackPolicy::Preserve => (before.len() as u32, before.iter().map(|entry| entry.1).max().unwrap_or(0)),
        };
        let copies = replicas.len() as u32 - kept.iter().map(|entry| entry.replicas).sum::<u32>();
        Class {
            kept,
            copies,
            distinct,
            most,
            bytes: 0.0,
            heads: 0,
            forced: Vec::new(),
            kept_open: Vec::new(),
            empty_open: false,
        }
    }

    /// What a class must and may do in each rack. Racks that keep nothing differ in their rooms alone: if the
    /// roomiest can be left out, so can all; if a copy may go into one of them, it may go into any.
    fn look_ahead(&mut self, number: usize) {
        let class = &self.list[number];
        let mut roomiest = None;
        let mut empty = Vec::new();
        for &rack in self.open.iter().filter(|&&rack| class.kept_in(rack).is_none()) {
            if roomiest.is_none_or(|other| self.targets[rack] > self.targets[other]) {
                roomiest = Some(rack);
            }
            empty.push(rack);
        }
        let must = |rack: RackIx| {
            let others = self.open.iter().copied().filter(move |&other| other != rack);
            let price = |other: RackIx| f64::from(u8::from(other == rack));
            // No pattern at all: claim nothing.
            self.cheapest(class, price, || others.clone().chain([rack]), &mut Vec::new()).unwrap_or(0.0) as u32
        };
        let may = |rack: RackIx| {
            let others = self.open.iter().copied().filter(move |&other| other != rack);
            let price = |other: RackIx| -f64::from(u8::from(other == rack));
            self.cheapest(class, price, || std::iter::once(rack).chain(others.clone()), &mut Vec::new())
                .is_some_and(|price| price < 0.0)
        };
        let kept: Vec<RackIx> =
            class.kept.iter().map(|kept| kept.rack).filter(|&rack| self.targets[rack] > 0).collect();
        if roomiest.is_none_or(|rack| must(rack) == 0) {
            empty.clear();
        }
        let forced = kept.iter().chain(&empty).map(|&rack| (rack, must(rack)));
        let forced: Vec<(RackIx, u32)> = forced.filter(|entry| entry.1 > 0).collect();
        let kept_open: Vec<RackIx> = kept.iter().copied().filter(|&rack| may(rack)).collect();
        let empty_open = roomiest.is_some_and(may);
        let class = &mut self.list[number];
        (class.forced, class.kept_open, class.empty_open) = (forced, kept_open, empty_open);
    }

    /// The price of the cheapest feasible pattern of a class, and the pattern; `order` walks the racks with
    /// targets from the cheapest.
    pub fn cheapest<W: Iterator<Item = RackIx>>(
        &self,
        class: &Class,
        price: impl Fn(RackIx) -> f64,
        order: impl Fn() -> W,
        pattern: &mut Vec<(RackIx, u32)>,
    ) -> Option<f64> {
        let room = |rack: RackIx| self.targets[rack] - class.kept_in(rack).map_or(0, |kept| kept.on_targets);
        Self::cheapest_in(class, room, price, order, pattern)
    }

    /// The same with other rooms in the racks.
    fn cheapest_in<W: Iterator<Item = RackIx>>(
        class: &Class,
        room: impl Fn(RackIx) -> u32,
        price: impl Fn(RackIx) -> f64,
        order: impl Fn() -> W,
        pattern: &mut Vec<(RackIx, u32)>,
    ) -> Option<f64> {
        let cost = |pattern: &[(RackIx, u32)]| -> f64 {
            pattern.iter().map(|&(rack, copies)| f64::from(copies) * price(rack)).sum()
        };
        let level = class.fill(class.distinct, class.most, &room, &order, pattern).then(|| cost(pattern));
        if class.most == ANY {
            return level;
        }
        let mut wider = Vec::new();
        let wide = class.fill(class.distinct + 1, ANY, &room, &order, &mut wider).then(|| cost(&wider));
        match (level, wide) {
            (Some(level), Some(wide)) if level <= wide => Some(level),
            (_, Some(wide)) => {
                std::mem::swap(pattern, &mut wider);
                Some(wide)
            }
            (level, None) => level,
        }
    }

    /// Whether a class has a pattern when racks have just so much room.
    pub fn has_pattern(&self, class: &Class, room: impl Fn(RackIx) -> u32) -> bool {
        Self::cheapest_in(class, room, |_| 0.0, || self.open.iter().copied(), &mut Vec::new()).is_some()
    }

    /// The racks that may take the new head of a class.
    pub fn racks_for_heads(&self, class: &Class) -> impl Iterator<Item = RackIx> {
        self.open.iter().copied().filter(|&rack| match class.kept_in(rack) {
            Some(_) => class.kept_open.contains(&rack),
            None => class.empty_open,
        })
    }
}

impl Class {
    fn kept_in(&self, rack: RackIx) -> Option<&Kept> {
        self.kept.iter().find(|kept| kept.rack == rack)
    }

    /// Whether a class may choose among racks, where there is an outlook.
    pub fn has_choice(&self) -> bool {
        self.forced.iter().map(|entry| entry.1).sum::<u32>() < self.copies
    }

    /// The cheapest pattern that spans `distinct` racks with at most `most` replicas in each; whether there is one.
    fn fill<W: Iterator<Item = RackIx>>(
        &self,
        distinct: u32,
        most: u32,
        room: &impl Fn(RackIx) -> u32,
        order: &impl Fn() -> W,
        pattern: &mut Vec<(RackIx, u32)>,
    ) -> bool {
        pattern.clear();
        let mut left = self.copies;
        let mut to_open = distinct.saturating_sub(self.kept.len() as u32);
        if to_open > left {
            return false;
        }
        if to_open > 0 {
            for rack in order().filter(|&rack| self.kept_in(rack).is_none() && room(rack).min(most) > 0) {
                pattern.push((rack, 1));
                left -= 1;
                to_open -= 1;
                if to_open == 0 {
                    break;
                }
            }
        }
        if to_open > 0 {
            return false;
        }
        let opened = pattern.len();
        for rack in order() {
            if left == 0 {
                break;
            }
            let open = pattern[..opened].iter().position(|entry| entry.0 == rack);
            let kept = self.kept_in(rack).map_or(0, |kept| kept.replicas);
            let room = room(rack).min(most.saturating_sub(kept)).saturating_sub(u32::from(open.is_some()));
            let copies = room.min(left);
            left -= copies;
            match open {
                _ if copies == 0 => {}
                Some(at) => pattern[at].1 += copies,
                None => pattern.push((rack, copies)),
            }
        }
        left == 0
    }
}
