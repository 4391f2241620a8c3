//! How long a wave copies, from the definitions of the contract.
//!
//! With `S_p` the bytes of a partition, `w_p` what producers write to it, `RF_p` its current replicas and
//! `n_p` its adding ones:
//!
//! - a broker that receives takes `Σ S_p / (F − Σ w_p)` over the partitions that it adds;
//! - a leader takes `Σ n_p·S_p / (L − Σ w_p·(RF_p − 1 + n_p))` over the copying partitions that it leads.
//!
//! - a broker that copies between its own log dirs takes `Σ S_p / rate`; no live traffic counts there.
//!
//! A denominator that is not positive means that the copies never catch up. Receivers reach less than
//! their rate, so for them the reduced rate must do as well.

use super::{NONE, Rates, Steps, World};
use crate::plan::{Plan, Side};

/// The least share of its follower rate that a receiver was seen to reach: an idle fetcher thread sleeps
/// through one window in twelve, and cut batches are sent twice.
pub const FOLLOWER_REACH: f64 = 11.0 / 12.0 * 0.97;

/// What one side of one broker has to carry in a wave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Number of the broker.
    pub broker: u32,
    /// What it does.
    pub side: Side,
    /// Bytes to copy.
    pub bytes: f64,
    /// Produced bytes per second that count against its rate meanwhile.
    pub traffic: f64,
}

impl Load {
    /// Seconds that the copies take at the rate of the broker's side; [`None`] when they never finish.
    pub fn seconds(&self, rates: &Rates) -> Option<f64> {
        self.seconds_at(rates.of_side(self.broker, self.side))
    }

    fn seconds_at(&self, rate: f64) -> Option<f64> {
        let room = |rate: f64| rate - self.traffic;
        let never = room(rate) <= 0.0 || (self.side == Side::Follower && room(rate * FOLLOWER_REACH) <= 0.0);
        (!never).then(|| self.bytes / room(rate))
    }
}

/// What every broker has to carry in a wave: receivers, leaders, copies between log dirs, each in order of broker.
#[derive(Clone, Debug, Default)]
pub struct WaveTime {
    /// One entry for each side of each broker that takes part in a copy.
    pub loads: Vec<Load>,
}

impl WaveTime {
    /// Seconds until the last broker is done at these rates; infinite when one never is.
    pub fn seconds(&self, rates: &Rates) -> f64 {
        longest(self.loads.iter().copied(), rates)
    }
}

/// The longest of these at such rates; infinite when one never ends.
fn longest(loads: impl Iterator<Item = Load>, rates: &Rates) -> f64 {
    loads.map(|load| load.seconds(rates).unwrap_or(f64::INFINITY)).fold(0.0, f64::max)
}

/// The loads of every wave.
pub fn waves(world: &World, steps: &Steps) -> Vec<WaveTime> {
    let mut tables = [Table::new(world.len()), Table::new(world.len()), Table::new(world.len())];
    let wave = |range: &std::ops::Range<usize>| {
        for step in steps.sound(range.clone()) {
            let (bytes, traffic) = (steps.size[step] as f64, steps.traffic[step]);
            let mut copies = 0.0;
            for (_, broker) in steps.adding(step) {
                copies += 1.0;
                tables[0].add(broker, bytes, traffic);
            }
            for change in steps.dir_changes.get(step) {
                tables[2].add(change.broker, bytes, 0.0);
            }
            let leader = steps.leader[step];
            if copies > 0.0 && leader != NONE {
                let replicas = steps.old.get(step).len() as f64;
                tables[1].add(leader, copies * bytes, traffic * (replicas - 1.0 + copies));
            }
        }
        let mut loads = Vec::new();
        tables[0].drain_into(Side::Follower, &mut loads);
        tables[1].drain_into(Side::Leader, &mut loads);
        tables[2].drain_into(Side::LogDirs, &mut loads);
        WaveTime { loads }
    };
    steps.waves.iter().map(wave).collect()
}

/// The loads of undoing every wave once it has ended: what it removed is copied back from whoever leads then.
pub fn undoing(world: &World, steps: &Steps, plan: &Plan) -> Vec<WaveTime> {
    let mut tables = [Table::new(world.len()), Table::new(world.len()), Table::new(world.len())];
    let undo = |range: &std::ops::Range<usize>| {
        for step in steps.sound(range.clone()) {
            let (paper, bytes, traffic) = (plan.get(step), steps.size[step] as f64, steps.traffic[step]);
            if plan.request.empties_dirs() {
                for change in steps.dir_changes.get(step) {
                    tables[2].add(change.broker, bytes, 0.0);
                }
                continue;
            }
            let returning = paper.previous.iter().filter(|id| !paper.replicas.contains(id));
            let mut copies = 0.0;
            for id in returning.map(|&id| world.number(id)).filter(|&broker| broker != NONE) {
                copies += 1.0;
                tables[0].add(id, bytes, traffic);
            }
            // The election that ends a wave hands leadership to the first of the list, unless it is left alone.
            let head = paper.replicas.first().map_or(NONE, |&id| world.number(id));
            let is_elected = !plan.request.replicas_only && head != NONE && world.broker(head).state.serves();
            let leader = if is_elected { head } else { paper.leader_after.map_or(NONE, |id| world.number(id)) };
            if copies > 0.0 && leader != NONE {
                tables[1].add(leader, copies * bytes, traffic * (paper.replicas.len() as f64 - 1.0 + copies));
            }
        }
        let mut loads = Vec::new();
        tables[0].drain_into(Side::Follower, &mut loads);
        tables[1].drain_into(Side::Leader, &mut loads);
        tables[2].drain_into(Side::LogDirs, &mut loads);
        WaveTime { loads }
    };
    steps.waves.iter().map(undo).collect()
}

/// Seconds that a sound step takes with the brokers to itself; infinite when it never finishes.
pub fn alone(steps: &Steps, step: usize, rates: &Rates) -> f64 {
    let (bytes, traffic) = (steps.size[step] as f64, steps.traffic[step]);
    let copies = steps.adding(step).count() as f64;
    if copies == 0.0 {
        let changes = steps.dir_changes.get(step).iter();
        return changes.map(|change| bytes / rates.of_side(change.broker, Side::LogDirs)).fold(0.0, f64::max);
    }
    let replicas = steps.old.get(step).len() as f64;
    let follower = |(_, broker)| Load { broker, side: Side::Follower, bytes, traffic };
    let leader = (steps.leader[step] != NONE).then(|| {
        let (bytes, traffic) = (copies * bytes, traffic * (replicas - 1.0 + copies));
        Load { broker: steps.leader[step], side: Side::Leader, bytes, traffic }
    });
    longest(steps.adding(step).map(follower).chain(leader), rates)
}

/// Sums per broker, and who was touched.
struct Table {
    sums: Vec<(f64, f64)>,
    is_touched: Vec<bool>,
    touched: Vec<u32>,
}

impl Table {
    fn new(brokers: usize) -> Self {
        Table { sums: vec![(0.0, 0.0); brokers], is_touched: vec![false; brokers], touched: Vec::new() }
    }

    fn add(&mut self, broker: u32, bytes: f64, traffic: f64) {
        let slot = broker as usize;
        self.sums[slot].0 += bytes;
        self.sums[slot].1 += traffic;
        if !std::mem::replace(&mut self.is_touched[slot], true) {
            self.touched.push(broker);
        }
    }

    fn drain_into(&mut self, side: Side, loads: &mut Vec<Load>) {
        self.touched.sort_unstable();
        for broker in self.touched.drain(..) {
            let (bytes, traffic) = std::mem::take(&mut self.sums[broker as usize]);
            self.is_touched[broker as usize] = false;
            loads.push(Load { broker, side, bytes, traffic });
        }
    }
}
