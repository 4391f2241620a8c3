//! A length that no plan for the same request can beat, whatever its placement, leaders, order or waves.
//!
//! Traffic is ignored. The bound is the largest of
//! - bytes that must enter all targets over the sum of their F,
//! - for each rack, bytes that must enter its targets over the sum of their F,
//! - for each partition, all of its forced copies over the best L of a broker that may lead it, and one
//!   copy over the best F,
//! - bytes that must leave over what all brokers that may ever lead can send.
//!
//! What must enter a rack: each partition puts as few copies there as the rack policy lets it. With c
//! copies in the rack, the rest goes to the other racks in the best possible way (always to the rack with
//! fewest replicas of it); the least c that keeps the policy counts.

use rustc_hash::FxHashMap;

use super::Loads;
use crate::base::index::{BrokerIx, IndexVec, Ix, PartitionIx, RackIx};
use crate::base::units::Seconds;
use crate::problem::Problem;
use crate::request::RackPolicy;
use crate::snapshot::BrokerState;

/// A bound and what sets it.
pub struct Bound {
    /// No plan takes less.
    pub seconds: Seconds,
    /// A sentence naming the brokers, the rack or the partition.
    pub by: String,
}

/// The bound for the movers of a problem; absent without a throttle.
pub fn makespan(problem: &Problem<'_>, loads: &Loads) -> Option<Bound> {
    let rate = problem.request.throttle?.as_f64();
    let cluster = &problem.cluster;
    let mut best = Bound { seconds: Seconds::ZERO, by: "nothing is copied".to_owned() };
    let mut raise = |seconds: f64, by: &dyn Fn() -> String| {
        if seconds > best.seconds.get() {
            best = Bound { seconds: Seconds::new(seconds), by: by() };
        }
    };
    let total: f64 = loads.loads.iter().map(|load| f64::from(load.adding) * load.size).sum();
    let targets = problem.targets.len() as f64;
    raise(total / (rate * targets), &|| "bytes that must enter the targets".to_owned());
    if problem.rack_policy != RackPolicy::Ignore {
        for (rack, bytes, brokers) in entering(problem, loads) {
            raise(bytes / (rate * brokers), &|| format!("bytes that must enter rack {}", cluster.rack_name(rack)));
        }
    }
    for (mover, load) in loads.loads.iter().enumerate() {
        let name = || format!("copies of partition {}", cluster.name_of(problem.movers[mover]));
        raise(f64::from(load.adding) * load.size / rate, &name);
    }
    let mut may_lead: IndexVec<BrokerIx, bool> = problem.is_target.clone();
    for &partition in &problem.movers {
        for &broker in cluster.replicas_of(partition) {
            may_lead[broker] = true;
        }
    }
    let leaders = may_lead.iter().filter(|&&may| may).count() as f64;
    raise(total / (rate * leaders), &|| "bytes that must leave the leaders".to_owned());
    Some(best)
}

/// For each rack with targets: its bytes that must enter, and how many targets it has.
fn entering(problem: &Problem<'_>, loads: &Loads) -> Vec<(RackIx, f64, f64)> {
    let cluster = &problem.cluster;
    let mut targets: IndexVec<RackIx, u32> = IndexVec::filled(0, cluster.racks.len());
    for &broker in &problem.targets {
        targets[cluster.brokers[broker].rack] += 1;
    }
    let open: Vec<RackIx> = targets.indices().filter(|&rack| targets[rack] > 0).collect();
    let mut bytes: IndexVec<RackIx, f64> = IndexVec::filled(0.0, cluster.racks.len());
    // Partitions that look alike from the racks' side share one answer.
    let mut known: FxHashMap<Vec<u32>, Vec<u32>> = FxHashMap::default();
    let racks_left = racks_left(problem);
    let mut key = Vec::new();
    for (mover, &partition) in problem.movers.iter().enumerate() {
        likeness(problem, partition, &mut key);
        let least = match known.get(&key) {
            Some(least) => least,
            None => known.entry(key.clone()).or_insert_with(|| {
                open.iter().map(|&rack| least_copies(problem, partition, rack, &open, &targets, racks_left)).collect()
            }),
        };
        for (&rack, &copies) in open.iter().zip(least.iter()) {
            if copies > 0 {
                bytes[rack] += f64::from(copies) * loads.loads[mover].size;
            }
        }
    }
    open.iter().map(|&rack| (rack, bytes[rack], f64::from(targets[rack]))).collect()
}

fn racks_left(problem: &Problem<'_>) -> usize {
    let alive = problem
        .cluster
        .brokers
        .iter_enumerated()
        .filter(|(broker, row)| row.state == BrokerState::Alive && !problem.is_drained[*broker]);
    let mut racks: Vec<RackIx> = alive.map(|(_, row)| row.rack).collect();
    racks.sort_unstable();
    racks.dedup();
    racks.len()
}

/// Racks of the replicas that go and of those that stay, and whether these stay on targets.
fn likeness(problem: &Problem<'_>, partition: PartitionIx, key: &mut Vec<u32>) {
    let cluster = &problem.cluster;
    key.clear();
    key.extend(cluster.replicas_of(partition).iter().map(|&broker| {
        let rack = cluster.brokers[broker].rack.get() as u32;
        rack * 4 + u32::from(problem.is_drained[broker]) * 2 + u32::from(problem.is_target[broker])
    }));
    key.sort_unstable();
}

/// The fewest new replicas of a partition that `rack` must take.
fn least_copies(
    problem: &Problem<'_>,
    partition: PartitionIx,
    rack: RackIx,
    open: &[RackIx],
    targets: &IndexVec<RackIx, u32>,
    racks_left: usize,
) -> u32 {
    let cluster = &problem.cluster;
    let rack_of = |broker: BrokerIx| cluster.brokers[broker].rack;
    let mut before: IndexVec<RackIx, u32> = IndexVec::filled(0, cluster.racks.len());
    let mut kept = before.clone();
    let mut room = targets.clone();
    let mut freed = 0;
    for &broker in cluster.replicas_of(partition) {
        before[rack_of(broker)] += 1;
        if problem.is_drained[broker] {
            freed += 1;
        } else {
            kept[rack_of(broker)] += 1;
            room[rack_of(broker)] -= u32::from(problem.is_target[broker]);
        }
    }
    let replicas = cluster.replicas_of(partition).len();
    for copies in 0..=freed.min(room[rack]) {
        let (mut counts, mut room) = (kept.clone(), room.clone());
        counts[rack] += copies;
        let mut placed = copies;
        while placed < freed {
            let next =
                open.iter().filter(|&&other| other != rack && room[other] > 0).min_by_key(|&&other| counts[other]);
            let Some(&next) = next else { break };
            counts[next] += 1;
            room[next] -= 1;
            placed += 1;
        }
        let keeps = match problem.rack_policy {
            RackPolicy::Ignore => true,
            RackPolicy::Preserve => spread(&counts) >= spread(&before),
            RackPolicy::Strict => spread(&counts).0 >= racks_left.min(replicas),
        };
        if placed == freed && keeps {
            return copies;
        }
    }
    // No number keeps the policy when the others are filled as evenly as can be: claim nothing.
    0
}

fn spread(counts: &IndexVec<RackIx, u32>) -> (usize, std::cmp::Reverse<u32>) {
    let distinct = counts.iter().filter(|&&count| count > 0).count();
    (distinct, std::cmp::Reverse(counts.iter().copied().max().unwrap_or(0)))
}
