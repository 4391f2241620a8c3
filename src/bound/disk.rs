//! The least possible fullest target: final used over capacity, what is there already counted first.
//!
//! The largest of
//! - what a target holds now,
//! - the level up to which the bytes that must enter fill the targets, weighed by prices of racks: at level x
//!   the targets of rack r take `W_r(x)` = Σ max(0, x·capacity − used), so at any prices y the least x with
//!   Σ `y_r·W_r(x)` ≥ `Σ_p` `size_p·cheapest_p(y)` is a bound (all racks alike: the level of all targets; a price in
//!   one rack alone: the level of what that rack cannot refuse; the best prices: the LP),
//! - the largest copies: of the k largest, a target that takes j holds at least the j smallest of them; the
//!   least level at which the targets can take k is a bound (k = targets + 1: two of them share a target),
//! - one partition: its copies on the emptiest targets that the racks allow.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::market::{Market, Prices};
use super::{Proved, by_prices, prices_proof};
use crate::base::index::{BrokerIx, Ix, PartitionIx, RackIx};
use crate::base::text::counted;
use crate::base::units::Bytes;
use crate::plan::Proof;
use crate::problem::Problem;

/// Times that prices are searched again at the level that the last ones proved.
const SEARCHES_MAX: usize = 6;
/// Largest copies that are looked at, for each target.
const COPIES_PER_TARGET: usize = 4;
/// Partitions that are looked at alone.
const PARTITIONS_MAX: usize = 16;

#[derive(Clone, Copy)]
struct Target {
    broker: BrokerIx,
    rack: RackIx,
    used: f64,
    capacity: f64,
}

impl Target {
    fn fill(&self) -> f64 {
        self.used / self.capacity
    }
}

/// The bound; absent when the capacity of a target is not known.
pub(super) fn bound(problem: &Problem<'_>, market: &Market<'_>) -> Option<Proved> {
    let mut targets = targets(problem, market)?;
    targets.sort_by(|a, b| a.fill().total_cmp(&b.fill()).then(a.broker.cmp(&b.broker)));
    let fullest = *targets.last()?;
    let id = problem.cluster.brokers[fullest.broker].id;
    let mut best = Proved {
        value: fullest.fill(),
        by: format!("what broker {id} holds already"),
        proof: Proof::Broker { broker: id.get() },
    };
    let mut raise = |proved: Option<Proved>| {
        if let Some(proved) = proved.filter(|proved| proved.value > best.value * (1.0 + 1e-12)) {
            best = proved;
        }
    };
    let (value, prices) = by_level(market, &targets);
    let by = by_prices(problem, market, &prices, "bytes that must enter");
    raise(Some(Proved { value, by, proof: prices_proof(problem, market, &prices) }));
    let largest = largest(problem, &targets);
    raise(by_copies(problem, market, &targets, &largest));
    for &mover in largest.iter().take(PARTITIONS_MAX) {
        raise(by_partition(problem, market, &targets, mover));
    }
    Some(best)
}

fn targets(problem: &Problem<'_>, market: &Market<'_>) -> Option<Vec<Target>> {
    let cluster = &problem.cluster;
    let target = |&broker: &BrokerIx| {
        let rows = || cluster.dirs_of(broker).map(|dir| &cluster.dirs[dir]);
        let used: Bytes = rows().map(|row| row.used).sum();
        let capacities: Option<Vec<Bytes>> = rows().map(|row| row.capacity).collect();
        let capacity: Bytes = capacities?.into_iter().sum();
        let rack = market.classes.rack[broker];
        (capacity > Bytes::ZERO).then(|| Target { broker, rack, used: used.as_f64(), capacity: capacity.as_f64() })
    };
    problem.targets.iter().map(target).collect()
}

/// The highest level that prices prove, and these.
fn by_level(market: &Market<'_>, targets: &[Target]) -> (f64, Prices) {
    let uniform = market.uniform();
    let mut best = (level(targets, &uniform, market.worth(&uniform)), uniform);
    for &rack in &market.classes.open {
        let only = market.only(rack);
        let found = level(targets, &only, market.forced[rack]);
        if found > best.0 * (1.0 + 1e-9) {
            best = (found, only);
        }
    }
    for _ in 0..if market.is_open() { SEARCHES_MAX } else { 0 } {
        let at = best.0;
        let room = |rack: RackIx| {
            let inside = targets.iter().filter(|target| target.rack == rack);
            inside.map(|target| (at * target.capacity - target.used).max(0.0)).sum::<f64>()
        };
        let prices = market.search(room);
        let found = level(targets, &prices, market.worth(&prices));
        if found <= best.0 * (1.0 + 1e-7) {
            break;
        }
        best = (found, prices);
    }
    best
}

/// The least level at which the space below it, at these prices, is worth `worth`; targets stand by fill.
fn level(targets: &[Target], prices: &Prices, worth: f64) -> f64 {
    if worth <= 0.0 {
        return 0.0;
    }
    let (mut used, mut capacity, mut level) = (0.0, 0.0, 0.0);
    for target in targets.iter().filter(|target| prices[target.rack] > 0.0) {
        if capacity > 0.0 && level <= target.fill() {
            return level;
        }
        used += prices[target.rack] * target.used;
        capacity += prices[target.rack] * target.capacity;
        level = (worth + used) / capacity;
    }
    level
}

/// The largest movers, in descending order of size.
fn largest(problem: &Problem<'_>, targets: &[Target]) -> Vec<u32> {
    let count = targets.len() * COPIES_PER_TARGET + 1;
    let key = |mover: u32| (Reverse(problem.cluster.size_of(problem.movers[mover as usize])), mover);
    let mut movers: Vec<_> = (0..problem.movers.len() as u32).map(key).collect();
    if movers.len() > count {
        movers.select_nth_unstable(count);
        movers.truncate(count);
    }
    movers.sort_unstable();
    movers.into_iter().map(|(_, mover)| mover).collect()
}

/// The best bound by the largest copies, of all racks and of each alone.
fn by_copies(problem: &Problem<'_>, market: &Market<'_>, targets: &[Target], largest: &[u32]) -> Option<Proved> {
    let classes = market.classes;
    let mut copies: Vec<Vec<f64>> = vec![Vec::new(); classes.targets.len() + 1];
    let all = classes.targets.len();
    for &mover in largest {
        let size = problem.cluster.size_of(problem.movers[mover as usize]).as_f64();
        let class = &classes.list[classes.of_mover[mover as usize] as usize];
        copies[all].extend(std::iter::repeat_n(size, class.copies as usize));
        if classes.by_rack {
            for &(rack, forced) in &class.forced {
                copies[rack.get()].extend(std::iter::repeat_n(size, forced as usize));
            }
        }
    }
    let mut best: Option<(f64, usize, usize)> = None;
    for (place, copies) in copies.iter().enumerate() {
        let inside: Vec<Target> =
            targets.iter().filter(|target| place == all || target.rack.get() == place).copied().collect();
        for count in counts(inside.len(), copies.len()) {
            let level = level_of_copies(&inside, &copies[..count]);
            if best.is_none_or(|best| level > best.0 * (1.0 + 1e-12)) {
                best = Some((level, place, count));
            }
        }
    }
    let (value, place, count) = best?;
    let rack = (place != all).then(|| problem.cluster.rack_name(RackIx::new(place)).to_owned());
    let (brokers, what) = match &rack {
        Some(name) => (classes.targets[RackIx::new(place)] as usize, format!("that must enter rack {name}, on its")),
        None => (targets.len(), "on".to_owned()),
    };
    let by = match count {
        1 => format!("the largest copy {what} {}", counted(brokers, "target")),
        _ => format!("the {count} largest copies {what} {}", counted(brokers, "target")),
    };
    Some(Proved { value, by, proof: Proof::Copies { copies: count as u64, rack } })
}

/// How many of the largest copies to try: one more than fit evenly, and a few in between for uneven targets.
fn counts(targets: usize, copies: usize) -> Vec<usize> {
    let most = copies.min(targets * COPIES_PER_TARGET + 1);
    let mut counts: Vec<usize> = (1..=COPIES_PER_TARGET).map(|each| each * targets + 1).collect();
    let mut next = 1;
    while next <= most {
        counts.push(next);
        next += 1 + next / 4;
    }
    counts.retain(|&count| count <= most && targets > 0);
    counts.sort_unstable();
    counts.dedup();
    counts
}

#[derive(PartialEq)]
struct Next {
    level: f64,
    target: usize,
    taken: usize,
}
impl Eq for Next {}
impl Ord for Next {
    fn cmp(&self, other: &Self) -> Ordering {
        other.level.total_cmp(&self.level).then(other.target.cmp(&self.target))
    }
}
impl PartialOrd for Next {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The least level at which targets can take all of these copies (in descending order), when each that takes j
/// of them takes the j smallest.
fn level_of_copies(targets: &[Target], copies: &[f64]) -> f64 {
    let mut smallest = vec![0.0];
    smallest.extend(copies.iter().rev().scan(0.0, |sum, size| {
        *sum += size;
        Some(*sum)
    }));
    let next = |target: usize, taken: usize| {
        let level = (targets[target].used + smallest[taken]) / targets[target].capacity;
        Next { level, target, taken }
    };
    let mut heap: BinaryHeap<Next> = (0..targets.len()).map(|target| next(target, 1)).collect();
    let mut level = 0.0;
    for _ in 0..copies.len() {
        let Some(taken) = heap.pop() else { break };
        level = taken.level;
        if taken.taken + 1 < smallest.len() {
            heap.push(next(taken.target, taken.taken + 1));
        }
    }
    level
}

/// The least level at which the racks' targets can take one partition's copies.
fn by_partition(problem: &Problem<'_>, market: &Market<'_>, targets: &[Target], mover: u32) -> Option<Proved> {
    let classes = market.classes;
    let class = &classes.list[classes.of_mover[mover as usize] as usize];
    let partition: PartitionIx = problem.movers[mover as usize];
    let size = problem.cluster.size_of(partition).as_f64();
    let replicas = problem.cluster.replicas_of(partition);
    let free = targets.iter().filter(|target| !replicas.contains(&target.broker));
    let mut levels: Vec<(f64, RackIx)> =
        free.map(|target| ((target.used + size) / target.capacity, target.rack)).collect();
    levels.sort_by(|a, b| a.0.total_cmp(&b.0));
    let is_enough = |count: usize| {
        let mut room = vec![0; classes.targets.len()];
        levels[..count].iter().for_each(|entry| room[entry.1.get()] += 1);
        classes.has_pattern(class, |rack| room[rack.get()])
    };
    let (mut low, mut high) = (0, levels.len());
    if !is_enough(high) {
        return None;
    }
    while low + 1 < high {
        let middle = usize::midpoint(low, high);
        if is_enough(middle) { high = middle } else { low = middle }
    }
    let cluster = &problem.cluster;
    let row = partition.get();
    Some(Proved {
        value: levels.get(high - 1)?.0,
        by: format!("partition {} on the emptiest targets it may use", cluster.name_of(partition)),
        proof: Proof::Partition {
            topic: cluster.snapshot.topic_of(row).name.clone(),
            partition: cluster.snapshot.partitions.id[row].get(),
        },
    })
}
