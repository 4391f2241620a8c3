//! What the racks hold of bytes and of copies, and how far each is from its share.

use super::water::{Vessel, Water};
use super::{Choice, Pools};
use crate::base::index::{BrokerIx, Csr, IndexVec, RackIx};
use crate::placement::brokers::{room, used};
use crate::problem::Problem;
use crate::request::Prefer;

/// A number for each rack.
pub type ByRack = IndexVec<RackIx, f64>;

/// Bytes, or copies.
pub struct Side {
    water: IndexVec<RackIx, Water>,
    /// What enters each rack, as things stand.
    pub now: ByRack,
    /// The level when all targets stand equally high.
    mean: f64,
    /// What each rack holds at that level, what it has already included: the measure of what is much.
    pub scale: ByRack,
}

impl Side {
    fn new(pools: &Pools, racks: usize, now: ByRack, vessel: &dyn Fn(BrokerIx) -> Vessel) -> Self {
        let mut water = IndexVec::filled(Water::default(), racks);
        for (rack, pool) in pools.of_rack.iter_enumerated() {
            if let Some(pool) = pool {
                water[rack] = Water::new(pools.brokers[*pool as usize].iter().map(|&broker| vessel(broker)));
            }
        }
        let total: f64 = now.iter().sum();
        let mean = Water::new(pools.brokers.iter().flatten().map(|&broker| vessel(broker))).level(total);
        let scale = water.iter().map(|water| (water.all * mean).max(f64::MIN_POSITIVE)).collect();
        Side { water, now, mean, scale }
    }

    /// Whether there is anything to level.
    pub fn is_open(&self) -> bool {
        self.mean > 0.0
    }

    /// How high a rack would stand, as a multiple of the mean.
    pub fn height(&self, rack: RackIx, amount: f64) -> f64 {
        if self.is_open() { self.water[rack].level(amount) / self.mean } else { 0.0 }
    }

    /// What each rack takes when all stand equally high.
    pub fn shares(&self) -> ByRack {
        self.water.iter().map(|water| water.amount(self.mean)).collect()
    }

    /// Whether each of these racks stands where the mean does, or takes nothing.
    pub fn is_level(&self, racks: &[RackIx]) -> bool {
        const CLOSE_ENOUGH: f64 = 1e-4;
        let is_level = |&rack: &RackIx| {
            let above = self.height(rack, self.now[rack]) - 1.0;
            above < CLOSE_ENOUGH && (above > -CLOSE_ENOUGH || self.now[rack] == 0.0)
        };
        !self.is_open() || racks.iter().all(is_level)
    }
}

/// Bytes and copies of all racks, as they are chosen now.
pub fn sides(problem: &Problem<'_>, pools: &Pools, chosen: &Csr<Choice>) -> [Side; 2] {
    let racks = problem.cluster.racks.len();
    let mut now = vec![[0.0; 2]; pools.brokers.len()];
    for choice in chosen.values() {
        now[choice.pool as usize][0] += choice.size.as_f64();
        now[choice.pool as usize][1] += 1.0;
    }
    let of = |side: usize| -> ByRack {
        pools.of_rack.iter().map(|pool| pool.map_or(0.0, |pool| now[pool as usize][side])).collect()
    };
    let bytes = Side::new(pools, racks, of(0), &|broker| {
        let width = problem.weight(broker);
        match problem.request.prefer {
            Prefer::Disk => Vessel { width, bottom: used(problem, broker).as_f64() / width, top: f64::INFINITY },
            Prefer::Time => Vessel { width, bottom: 0.0, top: room(problem, broker) / width },
        }
    });
    let held = held(problem);
    let copies = Side::new(pools, racks, of(1), &|broker| {
        let width = match problem.request.prefer {
            // Who has no room for as many bytes as it should receive takes as much less of copies.
            Prefer::Time if bytes.is_open() => {
                let weight = problem.weight(broker);
                weight * (room(problem, broker) / (bytes.mean * weight)).clamp(1e-6, 1.0)
            }
            Prefer::Disk | Prefer::Time => problem.weight(broker),
        };
        Vessel { width, bottom: held[broker] / width, top: f64::INFINITY }
    });
    [bytes, copies]
}

/// Replicas that count as held by each broker: none where time goes first.
fn held(problem: &Problem<'_>) -> IndexVec<BrokerIx, f64> {
    let cluster = &problem.cluster;
    let mut held = IndexVec::filled(0.0, cluster.brokers.len());
    let some_hold = problem.targets.iter().any(|&broker| cluster.brokers[broker].holds_some);
    if some_hold && problem.request.prefer == Prefer::Disk {
        for &broker in cluster.replicas.values() {
            held[broker] += 1.0;
        }
    }
    held
}
