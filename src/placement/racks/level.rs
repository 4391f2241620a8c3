//! The best amounts of each class in each pattern, as if replicas could be cut.
//!
//! **The problem.** Partitions of a class may enter racks in several patterns. Choose the parts of each class so that
//! the racks stand equally high: first in bytes, then, with these bytes, in copies.
//!
//! **Why sums of squares.** What enters the racks is a point of a sum of sets, one for each class, in which a copy
//! can be exchanged for one in another rack wherever two points differ. On such sets the point that minimises the
//! sum of the racks' areas (the integral of height over amount) has the lowest fullest rack, below it the lowest
//! second one, and so on: the water level (lexicographically optimal bases, Fujishige 1980). Its derivative is a
//! price of a byte in each rack: its height.
//!
//! **The method.** One group of partitions after the other takes as much out of a dearer pattern into the cheapest
//! one as lowers the sum most. Each group has limits of its own and the sum is smooth, so this ends at the optimum,
//! chains through third racks and changes of two copies at once included; it is there when no step is left. To
//! keep bytes while copies are levelled, each rack's bytes get a price more, raised while they are above what was
//! wanted (the method of multipliers). A class is cut into groups by size, so that large ones can go where bytes are
//! wanted and small ones where copies are.
//!
//! **Example.** RF 1, half of a class's bytes in one partition of 10 and the rest in ten of 1, onto two equal racks:
//! any half levels bytes; copies want 5.5 in each. Groups {10} and {1 × 10}: half of each, which is then dealt whole.

use super::bump;
use super::sides::{ByRack, Side};
use crate::base::error::Result;
use crate::base::index::{IndexVec, RackIx};
use crate::base::work::Work;
use crate::classes::Classes;

/// How many copies each rack takes.
pub type Pattern = Vec<(RackIx, u32)>;

/// Racks that may be looked at, over all steps; while bytes are levelled, half of them.
const LOOKS_MAX: usize = 16_000_000;
/// Rounds of steps over all groups while bytes are levelled, at most.
const ROUNDS_MAX: usize = 100;
/// Times that prices of bytes are corrected while copies are levelled, and rounds for each.
const CORRECTIONS: usize = 40;
const ROUNDS_EACH: usize = 4;
/// How much a difference from the wanted bytes weighs against one of copies.
const STIFFNESS: f64 = 4.0;
/// Copies' prices for a price of bytes: what was dearer in bytes stays so, whatever copies say.
const BYTES_FIRST: f64 = 100.0;
/// Copies are level when prices and bytes are as near as this to where they should be.
const CLOSE_ENOUGH: f64 = 1e-5;
/// A pattern is cheaper by more than this share of the mean height, or it is not.
const GAIN_MIN: f64 = 1e-6;
/// What a copy in another rack costs, as a share of the mean height, while bytes and while copies are levelled: it
/// decides between equals.
const AWAY: (f64, f64) = (1e-6, 1e-4);
/// Below this a part of a group is none.
const PART_MIN: f64 = 1e-9;

/// Partitions of one class and of about one size.
pub struct Group {
    /// Their class.
    pub class: u32,
    /// Bytes of one replica of each, together.
    pub bytes: f64,
    /// How many they are.
    pub partitions: f64,
    /// Racks of the pattern that they started with.
    pub home: Pattern,
    /// The patterns in use with the part of the group in each; the parts make one.
    pub parts: Vec<(Pattern, f64)>,
}

/// What holds the bytes of the racks.
struct Kept {
    /// What each rack shall have.
    wanted: ByRack,
    /// The price of a byte in each.
    price: ByRack,
}

/// The racks while groups choose.
pub struct Levelling<'a> {
    pub classes: &'a Classes,
    pub bytes: &'a mut Side,
    pub copies: &'a mut Side,
    /// Bytes that are worth one copy.
    pub unit: f64,
    /// What holds the bytes while copies are levelled.
    kept: Option<Kept>,
    looks: usize,
    /// Room for racks in order of price, and for prices.
    pub order: Vec<RackIx>,
    pub price: ByRack,
}

impl<'a> Levelling<'a> {
    pub fn new(classes: &'a Classes, bytes: &'a mut Side, copies: &'a mut Side) -> Self {
        let (sum, count): (f64, f64) = (bytes.now.iter().sum(), copies.now.iter().sum());
        let price = IndexVec::filled(0.0, bytes.now.len());
        let unit = if sum > 0.0 { sum / count } else { 1.0 };
        Levelling { classes, bytes, copies, unit, kept: None, looks: 0, order: classes.open.clone(), price }
    }

    /// Chooses the parts of all groups.
    pub fn run(&mut self, groups: &mut [Group], work: &Work) -> Result<()> {
        if self.bytes.is_open() {
            for _ in 0..ROUNDS_MAX {
                let most = self.round(groups, work)?;
                if most <= GAIN_MIN || self.looks > LOOKS_MAX / 2 {
                    break;
                }
            }
        }
        let mut price = IndexVec::filled(0.0, self.bytes.now.len());
        for &rack in &self.classes.open {
            price[rack] = BYTES_FIRST * self.bytes.height(rack, self.bytes.now[rack]);
        }
        self.kept = Some(Kept { wanted: self.bytes.now.clone(), price });
        for _ in 0..CORRECTIONS {
            let mut most = 0.0;
            for _ in 0..ROUNDS_EACH {
                most = self.round(groups, work)?;
                if most <= GAIN_MIN || self.is_spent() {
                    break;
                }
            }
            let off = self.correct();
            if (off <= CLOSE_ENOUGH && most <= CLOSE_ENOUGH) || self.is_spent() {
                break;
            }
        }
        Ok(())
    }

    fn is_spent(&self) -> bool {
        self.looks > LOOKS_MAX
    }

    /// Raises the price of bytes where there are too many; says how far the worst rack is off.
    fn correct(&mut self) -> f64 {
        let Some(kept) = &mut self.kept else { return 0.0 };
        let mut worst: f64 = 0.0;
        for &rack in &self.classes.open {
            let off = (self.bytes.now[rack] - kept.wanted[rack]) / self.bytes.scale[rack];
            kept.price[rack] += STIFFNESS * off;
            worst = worst.max(off.abs());
        }
        worst
    }

    /// What one more part of a group costs in a rack that would hold these amounts.
    fn price_at(&self, group: &Group, rack: RackIx, bytes: f64, copies: f64) -> f64 {
        match &self.kept {
            None => group.bytes * self.bytes.height(rack, bytes),
            Some(kept) => {
                let off = (bytes - kept.wanted[rack]) / self.bytes.scale[rack];
                let of_copies = self.copies.height(rack, copies) * self.unit * group.partitions;
                group.bytes * (kept.price[rack] + STIFFNESS * off) + of_copies
            }
        }
    }

    /// What makes the prices of a group comparable with those of others.
    fn weight(&self, group: &Group) -> f64 {
        group.bytes + if self.kept.is_some() { self.unit * group.partitions } else { 0.0 }
    }

    /// One step of each group; the largest gain of any that moved a part worth the name.
    fn round(&mut self, groups: &mut [Group], work: &Work) -> Result<f64> {
        let mut most: f64 = 0.0;
        for (number, group) in groups.iter_mut().enumerate() {
            if number % 16_384 == 0 {
                work.step("placing", 0, 3)?;
            }
            if self.weight(group) > 0.0 {
                most = most.max(self.step(group));
            }
        }
        Ok(most)
    }

    /// Lets one group go where it is cheapest.
    fn step(&mut self, group: &mut Group) -> f64 {
        let weight = self.weight(group);
        let away = if self.kept.is_none() { AWAY.0 } else { AWAY.1 };
        for at in 0..self.order.len() {
            let rack = self.order[at];
            let more = if group.home.iter().any(|entry| entry.0 == rack) { 0.0 } else { away * weight };
            self.price[rack] = self.price_at(group, rack, self.bytes.now[rack], self.copies.now[rack]) + more;
        }
        let Levelling { classes, order, price, .. } = self;
        order.sort_by(|&a, &b| price[a].total_cmp(&price[b]).then(a.cmp(&b)));
        self.looks += order.len() * 4;
        let class = &classes.list[group.class as usize];
        let mut pattern = Vec::new();
        let found = classes.cheapest(class, |rack| price[rack], || order.iter().copied(), &mut pattern);
        let Some(least) = found else { return 0.0 };
        let mut moved = 0.0;
        let mut gained: f64 = 0.0;
        for part in 0..group.parts.len() {
            let (old, share) = &group.parts[part];
            let cost: f64 = old.iter().map(|&(rack, copies)| f64::from(copies) * self.price[rack]).sum();
            let gain = (cost - least) / weight;
            if gain <= GAIN_MIN || *share <= 0.0 {
                continue;
            }
            let change = difference(old, &pattern);
            let taken = self.best_part(group, &change, *share);
            self.shift(group, &change, taken);
            group.parts[part].1 -= taken;
            moved += taken;
            gained = gained.max(gain * if taken > 1e-3 { 1.0 } else { taken * 1e3 });
        }
        if moved > 0.0 {
            match group.parts.iter_mut().find(|part| part.0 == pattern) {
                Some(part) => part.1 += moved,
                None => group.parts.push((pattern, moved)),
            }
            group.parts.retain(|part| part.1 > PART_MIN);
        }
        gained
    }

    /// How much of a part to move along `change`: as much as lowers the sum.
    fn best_part(&self, group: &Group, change: &[(RackIx, f64)], most: f64) -> f64 {
        const STEPS: usize = 12;
        let slope = |part: f64| -> f64 {
            let price = |&(rack, by): &(RackIx, f64)| {
                let bytes = self.bytes.now[rack] + part * by * group.bytes;
                let copies = self.copies.now[rack] + part * by * group.partitions;
                by * self.price_at(group, rack, bytes, copies)
            };
            change.iter().map(price).sum()
        };
        let (mut low, mut high) = ((0.0, slope(0.0)), (most, slope(most)));
        if high.1 <= 0.0 {
            return most;
        }
        let first = low.1;
        if first >= 0.0 {
            return 0.0;
        }
        // False position; a side that stays twice counts half.
        let mut last = 0;
        for _ in 0..STEPS {
            let part = low.0 + (high.0 - low.0) * (-low.1 / (high.1 - low.1));
            let at = slope(part);
            if at.abs() <= -first * 1e-9 {
                return part;
            }
            if at < 0.0 {
                low = (part, at);
                if last == -1 {
                    high.1 *= 0.5;
                }
                last = -1;
            } else {
                high = (part, at);
                if last == 1 {
                    low.1 *= 0.5;
                }
                last = 1;
            }
        }
        low.0
    }

    fn shift(&mut self, group: &Group, change: &[(RackIx, f64)], part: f64) {
        for &(rack, by) in change {
            self.bytes.now[rack] += part * by * group.bytes;
            self.copies.now[rack] += part * by * group.partitions;
        }
    }
}

/// What each rack takes more in the second pattern.
fn difference(old: &Pattern, new: &Pattern) -> Vec<(RackIx, f64)> {
    let mut change: Vec<(RackIx, f64)> = new.iter().map(|&(rack, copies)| (rack, f64::from(copies))).collect();
    for &(rack, copies) in old {
        bump(&mut change, rack, -f64::from(copies));
    }
    change.retain(|entry| entry.1 != 0.0);
    change
}
