//! What is wanted, level by level: of each target a load over its share, the largest of which is to be least.

use super::model::{Model, receiving_dirs};
use crate::base::index::{BrokerIx, IndexVec, Ix, PartitionIx};
use crate::base::units::Bytes;
use crate::placement::water_level;
use crate::problem::Problem;

/// The names of the levels, in their order.
pub const NAMES: [&str; 4] = ["fill", "replicas", "leaders", "traffic"];

/// The load of one target over its share: `fixed + Σ terms`.
#[derive(Clone, Debug)]
pub struct Load {
    pub fixed: f64,
    pub terms: Vec<(u32, f64)>,
}

/// One level: the loads of all targets, and what the largest of them cannot be below.
#[derive(Clone, Debug)]
pub struct Level {
    pub name: &'static str,
    pub loads: Vec<Load>,
    pub floor: f64,
    /// Whether every replica counts, or only the first of a list.
    of_replicas: bool,
}

impl Level {
    /// The largest load of these values of the columns.
    pub fn value(&self, values: &[f64]) -> f64 {
        let load = |load: &Load| {
            load.fixed + load.terms.iter().map(|&(column, part)| part * values[column as usize].round()).sum::<f64>()
        };
        self.loads.iter().map(load).fold(self.floor, f64::max)
    }
}

/// The levels that there is anything to choose in.
pub fn levels(model: &Model<'_>) -> Vec<Level> {
    let problem = model.problem;
    let all =
        [fill(model), Some(replicas(model)), leaders(model, |_| 1.0, 2), leaders(model, |p| traffic(problem, p), 3)];
    let mut levels: Vec<Level> = all.into_iter().flatten().collect();
    levels.retain(|level| level.loads.iter().any(|load| !load.terms.is_empty()));
    for level in &mut levels {
        level.floor = level.floor.max(largest_piece(model, level));
    }
    levels
}

/// A partition needs so many targets: even on those where it weighs least, one of them carries this.
///
/// The relaxation of the program spreads a large partition over all targets; this bound does not.
fn largest_piece(model: &Model<'_>, level: &Level) -> f64 {
    let mut with_it: Vec<Option<f64>> = vec![None; model.milp.columns.len()];
    for load in &level.loads {
        for &(column, part) in &load.terms {
            with_it[column as usize] = Some(load.fixed + part);
        }
    }
    let mut floor: f64 = 0.0;
    let problem = model.problem;
    for (mover, &partition) in problem.movers.iter().enumerate() {
        let mut spots = model.spots[mover].clone();
        spots.dedup_by_key(|spot| spot.broker);
        let mut of_spots: Vec<f64> = spots.iter().filter_map(|spot| with_it[spot.column as usize]).collect();
        if of_spots.len() == spots.len() && level.of_replicas {
            of_spots.sort_by(f64::total_cmp);
            let last = problem.freed(partition).count() - 1;
            floor = of_spots.get(last).map_or(floor, |&value| floor.max(value));
        }
        let of_heads = model.heads[mover].iter().map(|head| with_it[head.1 as usize]);
        if let (false, Some(least)) = (level.of_replicas, of_heads.flatten().min_by(f64::total_cmp)) {
            floor = floor.max(least);
        }
    }
    floor
}

/// What a partition's leader carries: its writes, and its reads once.
fn traffic(problem: &Problem<'_>, partition: PartitionIx) -> f64 {
    let partitions = &problem.cluster.snapshot.partitions;
    partitions.bytes_in[partition.get()].get() + partitions.bytes_out[partition.get()].get()
}

/// Used over capacity, relative to the mean of all targets; where capacities do not count, bytes.
fn fill(model: &Model<'_>) -> Option<Level> {
    let problem = model.problem;
    let size = |partition| problem.landed_size(partition).as_f64();
    let new: f64 = problem.movers.iter().map(|&p| size(p) * problem.freed(p).count() as f64).sum();
    let used: Vec<f64> = problem.targets.iter().map(|&broker| used(problem, broker).as_f64()).collect();
    let weights: Vec<f64> = problem.targets.iter().map(|&broker| problem.weight(broker)).collect();
    let mean = (used.iter().sum::<f64>() + new) / weights.iter().sum::<f64>();
    if new <= 0.0 || mean <= 0.0 {
        return None;
    }
    let shares: Vec<f64> = weights.iter().map(|weight| weight * mean).collect();
    let parts = spot_parts(model, size);
    Some(level(model, 0, &used, &shares, parts, 0.0))
}

fn replicas(model: &Model<'_>) -> Level {
    let problem = model.problem;
    let mut held = IndexVec::filled(0.0, problem.cluster.brokers.len());
    for &broker in problem.cluster.replicas.values() {
        held[broker] += 1.0;
    }
    let fixed: Vec<f64> = problem.targets.iter().map(|&broker| held[broker]).collect();
    let new: usize = problem.movers.iter().map(|&partition| problem.freed(partition).count()).sum();
    let shares = shares(problem, &fixed, new as f64, 1.0);
    let floor = least_of_whole(&fixed, &shares, new);
    level(model, 1, &fixed, &shares, spot_parts(model, |_| 1.0), floor)
}

/// Lists that begin with a target, each counted with `part`.
fn leaders(model: &Model<'_>, part: impl Fn(PartitionIx) -> f64, number: usize) -> Option<Level> {
    let problem = model.problem;
    let mut held = IndexVec::filled(0.0, problem.cluster.brokers.len());
    for partition in problem.cluster.partitions() {
        if let Some(&first) = problem.cluster.replicas_of(partition).first() {
            held[first] += part(partition);
        }
    }
    let fixed: Vec<f64> = problem.targets.iter().map(|&broker| held[broker]).collect();
    let open = || problem.movers.iter().zip(&model.heads).filter(|(_, heads)| !heads.is_empty());
    let new: f64 = open().map(|(&partition, _)| part(partition)).sum();
    let largest = open().map(|(&partition, _)| part(partition)).fold(0.0, f64::max);
    if new <= 0.0 {
        return None;
    }
    let shares = shares(problem, &fixed, new, largest);
    let floor = if number == 2 { least_of_whole(&fixed, &shares, open().count()) } else { 0.0 };
    let parts = open().flat_map(|(&p, heads)| heads.iter().map(move |&(broker, column)| (broker, column, p)));
    let parts = parts.map(|(broker, column, partition)| (broker, column, part(partition))).collect();
    Some(level(model, number, &fixed, &shares, parts, floor))
}

/// What each target should carry: what it has and cannot lose counts first, the new is poured over it in
/// proportion to the targets' weights; the largest single piece is never too much.
fn shares(problem: &Problem<'_>, fixed: &[f64], new: f64, largest: f64) -> Vec<f64> {
    let weights: Vec<f64> = problem.targets.iter().map(|&broker| problem.weight(broker)).collect();
    let level = water_level(&weights, fixed, new);
    fixed.iter().zip(&weights).map(|(&fixed, weight)| fixed.max(level * weight).max(largest)).collect()
}

/// The least value at which whole loads can hold `new` more: no smaller one gives places enough.
fn least_of_whole(fixed: &[f64], shares: &[f64], new: usize) -> f64 {
    let mut loads = fixed.to_vec();
    let mut value = fixed.iter().zip(shares).map(|(fixed, share)| fixed / share).fold(0.0, f64::max);
    for _ in 0..new {
        let after = |&place: &usize| (loads[place] + 1.0) / shares[place];
        let Some(next) = (0..loads.len()).min_by(|a, b| after(a).total_cmp(&after(b))) else { break };
        value = value.max(after(&next));
        loads[next] += 1.0;
    }
    value
}

fn spot_parts(model: &Model<'_>, part: impl Fn(PartitionIx) -> f64) -> Vec<(BrokerIx, u32, f64)> {
    let movers = model.problem.movers.iter().zip(&model.spots);
    let parts = movers.flat_map(|(&p, spots)| spots.iter().map(move |spot| (spot.broker, spot.column, p)));
    parts.map(|(broker, column, partition)| (broker, column, part(partition))).collect()
}

fn level(
    model: &Model<'_>,
    number: usize,
    fixed: &[f64],
    shares: &[f64],
    parts: Vec<(BrokerIx, u32, f64)>,
    floor: f64,
) -> Level {
    let targets = &model.problem.targets;
    let load = |(&fixed, share): (&f64, &f64)| Load { fixed: fixed / share, terms: Vec::new() };
    let mut loads: Vec<Load> = fixed.iter().zip(shares).map(load).collect();
    for (broker, column, part) in parts.into_iter().filter(|part| part.2 > 0.0) {
        let place = targets.binary_search(&broker).expect("spots are on targets");
        loads[place].terms.push((column, part / shares[place]));
    }
    let floor = loads.iter().map(|load| load.fixed).fold(floor, f64::max);
    Level { name: NAMES[number], loads, floor, of_replicas: number < 2 }
}

/// What the receiving log dirs of a broker hold already.
fn used(problem: &Problem<'_>, broker: BrokerIx) -> Bytes {
    receiving_dirs(problem, broker).into_iter().map(|dir| problem.cluster.dirs[dir].used).sum()
}
