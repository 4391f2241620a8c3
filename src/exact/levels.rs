//! What is wanted, level by level: of each target a load over its share, the largest of which is to be least.

use super::model::Model;
use crate::base::index::BrokerIx;
use crate::placement::goals::{Goal, goals};

/// The names of the levels, by the number of their goal.
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
    let mut levels: Vec<Level> = goals(model.problem).iter().map(|goal| level(model, goal)).collect();
    levels.retain(|level| level.loads.iter().any(|load| !load.terms.is_empty()));
    for level in &mut levels {
        level.floor = level.floor.max(largest_piece(model, level));
    }
    levels
}

fn level(model: &Model<'_>, goal: &Goal) -> Level {
    let targets = &model.problem.targets;
    let load = |(&fixed, share): (&f64, &f64)| Load { fixed: fixed / share, terms: Vec::new() };
    let mut loads: Vec<Load> = goal.fixed.iter().zip(&goal.share).map(load).collect();
    let mut add = |broker: BrokerIx, column: u32, piece: f64| {
        let place = targets.binary_search(&broker).expect("spots are on targets");
        loads[place].terms.push((column, piece / goal.share[place]));
    };
    for (mover, &piece) in goal.piece.iter().enumerate().filter(|entry| *entry.1 > 0.0) {
        if goal.is_of_replicas() {
            model.spots[mover].iter().for_each(|spot| add(spot.broker, spot.column, piece));
        } else {
            model.heads[mover].iter().for_each(|&(broker, column)| add(broker, column, piece));
        }
    }
    Level { name: NAMES[goal.number], loads, floor: goal.floor, of_replicas: goal.is_of_replicas() }
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
