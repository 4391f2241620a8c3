//! What other sources would gain, and how much of it the first changes bring.
//!
//! The changes are those that balancing makes. Made one after the other, the largest of the busiest broker first, each
//! brings the busiest broker down as far as one change can: so few changes show what they are worth.

use std::collections::BinaryHeap;

use super::{Assignment, Sources};
use crate::base::index::{BrokerIx, Csr, IndexVec, Ix};
use crate::placement::Home;
use crate::problem::Problem;

/// Each level that is tried is this much above the one before: coarser than where it is asked for, as it is only told.
const LEVEL_STEP: f64 = 1.01;
/// From so many partitions on each try costs more than it tells, and steps are coarser still.
const MANY: usize = 150_000;
/// The step between levels then.
const LEVEL_STEP_OF_MANY: f64 = 1.03;

/// Copying for as long as the busiest broker takes, before and after changes of leaders.
pub struct Gain {
    /// Seconds with leaders as they are.
    pub now: f64,
    /// Seconds of the busiest after the first change, the second, …: the least so far.
    pub after: Vec<f64>,
}

/// What there is to gain for these lists.
pub fn of(problem: &Problem<'_>, lists: &Csr<Home>) -> Gain {
    let sources = Sources::new(problem, lists);
    let best = sources.best(if sources.mover.len() < MANY { LEVEL_STEP } else { LEVEL_STEP_OF_MANY });
    sources.walk(&best)
}

/// Numbers that are not negative, in their order.
type Seconds = u64;

fn ordered(seconds: f64) -> Seconds {
    seconds.max(0.0).to_bits()
}

impl Sources {
    /// Makes the changes that lead to `best`.
    fn walk(&self, best: &Assignment) -> Gain {
        let mut load = self.fixed.clone();
        let mut rest: IndexVec<BrokerIx, Vec<u32>> = IndexVec::filled(Vec::new(), load.len());
        for (row, &leader) in self.leader.iter().enumerate() {
            load[leader] += self.seconds(row, leader);
        }
        // Rows stand largest first, and are taken from the end.
        for row in (0..self.leader.len()).rev().filter(|&row| best.leader[row] != self.leader[row]) {
            rest[self.leader[row]].push(row as u32);
        }
        let entry = |load: &IndexVec<BrokerIx, f64>, broker: BrokerIx| (ordered(load[broker]), broker.get());
        let mut busiest: BinaryHeap<(Seconds, usize)> = load.indices().map(|broker| entry(&load, broker)).collect();
        let mut to_change = busiest.clone();
        let top = |heap: &mut BinaryHeap<(Seconds, usize)>, load: &IndexVec<BrokerIx, f64>| {
            while let Some(&(seconds, broker)) = heap.peek() {
                // What has changed since stands in the heap anew.
                if seconds == ordered(load[BrokerIx::new(broker)]) {
                    return Some(BrokerIx::new(broker));
                }
                heap.pop();
            }
            None
        };
        let level = |busiest: &mut BinaryHeap<(Seconds, usize)>, load: &IndexVec<BrokerIx, f64>| {
            top(busiest, load).map_or(0.0, |broker| load[broker]).max(self.receiving)
        };
        let now = level(&mut busiest, &load);
        let mut after = Vec::new();
        while let Some(from) = top(&mut to_change, &load) {
            let Some(row) = rest[from].pop() else {
                to_change.pop();
                continue;
            };
            let to = best.leader[row as usize];
            load[from] -= self.seconds(row as usize, from);
            load[to] += self.seconds(row as usize, to);
            for broker in [from, to] {
                busiest.push(entry(&load, broker));
                to_change.push(entry(&load, broker));
            }
            let least = after.last().copied().unwrap_or(now);
            after.push(level(&mut busiest, &load).min(least));
        }
        Gain { now, after }
    }
}
