//! From parts of groups to whole partitions.
//!
//! Partitions are dealt largest first. Each takes one of its group's patterns: the one after which bytes and copies
//! of the racks are nearest to what the parts ask of all that were dealt. What large ones leave over, smaller ones
//! make good, so at the end it is about one of the smallest. Then single partitions change to the pattern that is
//! cheapest for them, while that brings the racks nearer to what is wanted.

use super::level::{Group, Levelling, Pattern};
use super::sides::ByRack;
use super::{Choice, bump};
use crate::base::error::Result;
use crate::base::index::{Csr, IndexVec, RackIx};
use crate::base::work::Work;
use crate::placement::Pools;

/// Times that all partitions are looked at once more.
const PASSES: usize = 4;
/// How much more a share of bytes counts than the same share of copies.
const BYTES_FIRST: f64 = 100.0;
/// How much nearer a pattern must bring the racks for each copy in another rack, in squares of whole copies.
const AWAY: f64 = 0.2;
/// A share of a rack's bytes that is nothing: below it, copies count more.
const NOTHING: f64 = 2e-5;
/// Racks that are looked at for one partition, besides those where it is.
const RACKS_EACH: usize = 12;
/// Partitions after which the cheapest racks are looked up anew, where there are more racks.
const REFRESH: usize = 64;

/// A partition that may choose, in the order of dealing.
pub struct Chooser {
    pub mover: u32,
    pub class: u32,
    /// Its group, where there are groups.
    pub group: u32,
}

/// Writes a pattern into the choices of a mover.
fn write(chosen: &mut [Choice], pattern: &[(RackIx, u32)], pools: &Pools) {
    let taken = pattern.iter().flat_map(|&(rack, copies)| std::iter::repeat_n(pools.of_rack[rack], copies as usize));
    for (choice, pool) in chosen.iter_mut().zip(taken) {
        choice.pool = pool.unwrap_or(choice.pool);
    }
}

/// Gives each partition one of the patterns of its group.
pub fn deal(
    levelling: &mut Levelling<'_>,
    groups: &[Group],
    choosers: &[Chooser],
    pools: &Pools,
    chosen: &mut Csr<Choice>,
) {
    let racks = levelling.price.len();
    // What was dealt above what the parts asked for.
    let (mut bytes, mut copies): (ByRack, ByRack) = (IndexVec::filled(0.0, racks), IndexVec::filled(0.0, racks));
    let open = &levelling.classes.open;
    let least = NOTHING * open.iter().map(|&rack| levelling.bytes.scale[rack]).sum::<f64>() / open.len() as f64;
    let plans: Vec<Vec<(RackIx, f64)>> = groups.iter().map(|group| mean_of(&group.parts)).collect();
    for chooser in choosers {
        let group = &groups[chooser.group as usize];
        let choices = chosen.get_mut(chooser.mover as usize);
        let size = choices[0].size.as_f64();
        let part = match group.parts.as_slice() {
            [only] => &only.0,
            parts => {
                let plan = &plans[chooser.group as usize];
                for &(rack, part) in plan {
                    bytes[rack] -= part * size;
                    copies[rack] -= part;
                }
                // Only the squares' growth matters: racks that a pattern leaves out stay as they are.
                let much = size.max(least);
                let cost = |pattern: &Pattern| -> f64 {
                    let grow = |&(rack, count): &(RackIx, u32)| {
                        let (count, size) = (f64::from(count), f64::from(count) * size / much);
                        size * (2.0 * bytes[rack] / much + size) + count * (2.0 * copies[rack] + count)
                    };
                    pattern.iter().map(grow).sum()
                };
                let away = |pattern: &Pattern| -> f64 {
                    let in_home = |rack: RackIx| group.home.iter().find(|home| home.0 == rack).map_or(0, |home| home.1);
                    pattern.iter().map(|&(rack, count)| f64::from(count.saturating_sub(in_home(rack)))).sum()
                };
                let costs: Vec<f64> = parts.iter().map(|part| cost(&part.0) + AWAY * away(&part.0)).collect();
                let best = (0..parts.len()).min_by(|&a, &b| costs[a].total_cmp(&costs[b])).unwrap_or(0);
                for &(rack, count) in &parts[best].0 {
                    bytes[rack] += f64::from(count) * size;
                    copies[rack] += f64::from(count);
                }
                &parts[best].0
            }
        };
        write(choices, part, pools);
    }
    for (rack, more) in bytes.iter_enumerated() {
        levelling.bytes.now[rack] += more;
    }
    for (rack, more) in copies.iter_enumerated() {
        levelling.copies.now[rack] += more;
    }
}

/// What a partition of a group brings to each rack on average.
fn mean_of(parts: &[(Pattern, f64)]) -> Vec<(RackIx, f64)> {
    let mut mean: Vec<(RackIx, f64)> = Vec::new();
    for (pattern, part) in parts {
        for &(rack, copies) in pattern {
            bump(&mut mean, rack, part * f64::from(copies));
        }
    }
    mean
}

/// What the racks shall hold.
pub struct Wanted {
    pub bytes: ByRack,
    pub copies: ByRack,
}

/// Single partitions on their way to where the racks want them.
pub struct Mending<'l, 'a> {
    pub levelling: &'l mut Levelling<'a>,
    pub pools: &'l Pools,
    pub wanted: Wanted,
    /// Racks to look at, those that are cheapest at the moment.
    near: Vec<RackIx>,
    at: Pattern,
    pattern: Pattern,
}

impl<'l, 'a> Mending<'l, 'a> {
    pub fn new(levelling: &'l mut Levelling<'a>, pools: &'l Pools, wanted: Wanted) -> Self {
        let near = levelling.classes.open.clone();
        Mending { levelling, pools, wanted, near, at: Vec::new(), pattern: Vec::new() }
    }

    /// Changes partitions, largest first, while that helps.
    pub fn run(&mut self, choosers: &[Chooser], chosen: &mut Csr<Choice>, work: &Work) -> Result<()> {
        for _ in 0..PASSES {
            let mut changed = 0;
            for (step, chooser) in choosers.iter().enumerate() {
                if step % 16_384 == 0 {
                    work.step("placing", 0, 3)?;
                }
                let choices = chosen.get_mut(chooser.mover as usize);
                if self.levelling.classes.open.len() > RACKS_EACH && step % REFRESH == 0 {
                    self.refresh(choices[0].size.as_f64());
                }
                changed += usize::from(self.mend(chooser, choices));
            }
            if changed * 1000 <= choosers.len() {
                break;
            }
        }
        Ok(())
    }

    /// The cheapest racks for partitions of about this size.
    fn refresh(&mut self, size: f64) {
        let mut near = std::mem::take(&mut self.near);
        near.clear();
        near.extend(&self.levelling.classes.open);
        for &rack in &near {
            self.levelling.price[rack] = self.price(rack, size, 1.0);
        }
        let price = &self.levelling.price;
        near.select_nth_unstable_by(RACKS_EACH, |&a, &b| price[a].total_cmp(&price[b]).then(a.cmp(&b)));
        near.truncate(RACKS_EACH);
        self.near = near;
    }

    /// What one more copy costs in a rack (`more` is 1), or what the last one there costs (`more` is −1).
    fn price(&self, rack: RackIx, size: f64, more: f64) -> f64 {
        let Levelling { bytes, copies, unit, .. } = &*self.levelling;
        let of_bytes = size * (bytes.now[rack] - self.wanted.bytes[rack] + more * size / 2.0) / bytes.scale[rack];
        let of_copies = (copies.now[rack] - self.wanted.copies[rack] + more / 2.0) / copies.scale[rack];
        BYTES_FIRST * of_bytes + unit * of_copies
    }

    fn mend(&mut self, chooser: &Chooser, choices: &mut [Choice]) -> bool {
        let size = choices[0].size.as_f64();
        self.at.clear();
        for choice in &*choices {
            let rack = self.levelling.classes.open[choice.pool as usize];
            bump(&mut self.at, rack, 1);
        }
        let mut order = std::mem::take(&mut self.levelling.order);
        order.clear();
        order.extend(self.at.iter().map(|entry| entry.0));
        let mut dearest = f64::NEG_INFINITY;
        for &(rack, _) in &self.at {
            let price = self.price(rack, size, -1.0);
            self.levelling.price[rack] = price;
            dearest = dearest.max(price);
        }
        let mut cheapest = f64::INFINITY;
        for &rack in &self.near {
            if !self.at.iter().any(|entry| entry.0 == rack) {
                let price = self.price(rack, size, 1.0);
                self.levelling.price[rack] = price;
                cheapest = cheapest.min(price);
                order.push(rack);
            }
        }
        let one_each = self.at.iter().all(|entry| entry.1 == 1);
        let helps = (cheapest < dearest || !one_each) && self.improve(chooser.class, size, &mut order);
        if helps {
            write(choices, &self.pattern, self.pools);
        }
        self.levelling.order = order;
        helps
    }

    /// Takes the cheapest pattern of a class in the place of the one at hand, when that is really better.
    fn improve(&mut self, class: u32, size: f64, order: &mut [RackIx]) -> bool {
        let classes = self.levelling.classes;
        let price = &self.levelling.price;
        order.sort_unstable_by(|&a, &b| price[a].total_cmp(&price[b]).then(a.cmp(&b)));
        let class = &classes.list[class as usize];
        let found = classes.cheapest(class, |rack| price[rack], || order.iter().copied(), &mut self.pattern);
        if found.is_none() {
            return false;
        }
        let Levelling { bytes, copies, unit, .. } = &*self.levelling;
        let mut gain = 0.0;
        let mut size_of = 0.0;
        for &rack in &*order {
            let count = |pattern: &Pattern| {
                pattern.iter().find(|entry| entry.0 == rack).map_or(0.0, |entry| f64::from(entry.1))
            };
            let by = count(&self.pattern) - count(&self.at);
            if by != 0.0 {
                let square = |now: f64, wanted: f64, by: f64| by * (now - wanted + by / 2.0);
                let of_bytes = square(bytes.now[rack], self.wanted.bytes[rack], by * size) / bytes.scale[rack];
                let of_copies = square(copies.now[rack], self.wanted.copies[rack], by) / copies.scale[rack];
                gain -= BYTES_FIRST * of_bytes + unit * of_copies;
                size_of += by.abs() * (BYTES_FIRST * size * size / bytes.scale[rack] + unit / copies.scale[rack]);
            }
        }
        if gain <= 1e-6 * size_of {
            return false;
        }
        for (pattern, sign) in [(&self.at, -1.0), (&self.pattern, 1.0)] {
            for &(rack, count) in pattern {
                self.levelling.bytes.now[rack] += sign * f64::from(count) * size;
                self.levelling.copies.now[rack] += sign * f64::from(count);
            }
        }
        true
    }
}
