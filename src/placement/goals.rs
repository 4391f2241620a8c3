//! What is wanted of the targets, goal by goal: a load over its share, the largest of which is to be least.
//!
//! In their order: used over capacity, replicas, leaders, and the traffic of what is led. A share is what a target
//! should carry: what it has and cannot lose counts first, the new is poured over it in proportion to the
//! targets' weights; the largest single piece is never too much.

use super::brokers::used;
use super::water_level;
use crate::base::index::{BrokerIx, IndexVec, Ix, PartitionIx};
use crate::problem::Problem;
use crate::request::Prefer;

/// One goal.
#[derive(Clone, Debug)]
pub struct Goal {
    /// 0 fill, 1 replicas, 2 leaders, 3 traffic.
    pub number: usize,
    /// What each target has and cannot lose, in the order of [`Problem::targets`].
    pub fixed: Vec<f64>,
    /// What each target should carry.
    pub share: Vec<f64>,
    /// What each mover brings to a target that takes a replica of it, or its lead.
    pub piece: Vec<f64>,
    /// The largest load over its share cannot be below this.
    pub floor: f64,
}

impl Goal {
    /// Whether every replica counts, or only the first of a list.
    pub fn is_of_replicas(&self) -> bool {
        self.number < 2
    }
}

/// Whether the first place of a partition's list falls free.
pub fn is_open(problem: &Problem<'_>, partition: PartitionIx) -> bool {
    problem.freed(partition).next() == Some(0)
}

/// The goals that there is anything to choose in.
pub fn goals(problem: &Problem<'_>) -> Vec<Goal> {
    let leaders = (problem.request.weights.leaders > 0.0).then(|| led(problem, 2, |_| 1.0)).flatten();
    let all = [fill(problem), replicas(problem), leaders, led(problem, 3, |p| traffic(problem, p))];
    let mut goals: Vec<Goal> = all.into_iter().flatten().collect();
    for goal in &mut goals {
        let fixed = goal.fixed.iter().zip(&goal.share).map(|(fixed, share)| fixed / share);
        goal.floor = fixed.fold(goal.floor, f64::max);
    }
    goals
}

/// What a partition's leader carries: its writes, and its reads once, each times its weight.
fn traffic(problem: &Problem<'_>, partition: PartitionIx) -> f64 {
    let partitions = &problem.cluster.snapshot.partitions;
    let weights = problem.request.weights;
    weights.bytes_in * partitions.bytes_in[partition.get()].get()
        + weights.bytes_out * partitions.bytes_out[partition.get()].get()
}

/// Used over capacity, relative to the mean of all targets; where capacities do not count, bytes; where time goes
/// first, bytes received.
fn fill(problem: &Problem<'_>) -> Option<Goal> {
    // What is there when the move ends; room for growth is a matter of limits.
    let size = |partition| problem.cluster.size_of(partition).as_f64();
    let new: f64 = problem.movers.iter().map(|&p| size(p) * problem.freed(p).count() as f64).sum();
    let used = |&broker: &BrokerIx| if counts_first(problem) { used(problem, broker).as_f64() } else { 0.0 };
    let fixed: Vec<f64> = problem.targets.iter().map(used).collect();
    let weights = weights(problem);
    let mean = (fixed.iter().sum::<f64>() + new) / weights.iter().sum::<f64>();
    if new <= 0.0 || mean <= 0.0 {
        return None;
    }
    let share = weights.iter().map(|weight| weight * mean).collect();
    let piece = problem.movers.iter().map(|&partition| size(partition)).collect();
    Some(Goal { number: 0, fixed, share, piece, floor: 1.0 })
}

/// Whether bytes and replicas that targets hold already count; where time goes first, only what they receive does.
fn counts_first(problem: &Problem<'_>) -> bool {
    problem.request.prefer == Prefer::Disk
}

fn replicas(problem: &Problem<'_>) -> Option<Goal> {
    let mut held = IndexVec::filled(0.0, problem.cluster.brokers.len());
    for &broker in problem.cluster.replicas.values().iter().filter(|_| counts_first(problem)) {
        held[broker] += 1.0;
    }
    let new: usize = problem.movers.iter().map(|&partition| problem.freed(partition).count()).sum();
    let fixed = of_targets(problem, &held);
    let share = shares(problem, &fixed, new as f64, 1.0);
    let floor = least_of_whole(&fixed, &share, new);
    (new > 0).then(|| Goal { number: 1, fixed, share, piece: vec![1.0; problem.movers.len()], floor })
}

/// Lists that begin with a target, each counted with `part`.
fn led(problem: &Problem<'_>, number: usize, part: impl Fn(PartitionIx) -> f64) -> Option<Goal> {
    let mut held = IndexVec::filled(0.0, problem.cluster.brokers.len());
    for partition in problem.cluster.partitions() {
        if let Some(&first) = problem.cluster.replicas_of(partition).first() {
            held[first] += part(partition);
        }
    }
    let open = || problem.movers.iter().filter(|&&partition| is_open(problem, partition));
    let new: f64 = open().map(|&partition| part(partition)).sum();
    let largest = open().map(|&partition| part(partition)).fold(0.0, f64::max);
    if new <= 0.0 {
        return None;
    }
    let fixed = of_targets(problem, &held);
    let share = shares(problem, &fixed, new, largest);
    let floor = if number == 2 { least_of_whole(&fixed, &share, open().count()) } else { 0.0 };
    let piece = problem.movers.iter().map(|&p| if is_open(problem, p) { part(p) } else { 0.0 }).collect();
    Some(Goal { number, fixed, share, piece, floor })
}

fn weights(problem: &Problem<'_>) -> Vec<f64> {
    problem.targets.iter().map(|&broker| problem.weight(broker)).collect()
}

fn of_targets(problem: &Problem<'_>, table: &IndexVec<BrokerIx, f64>) -> Vec<f64> {
    problem.targets.iter().map(|&broker| table[broker]).collect()
}

fn shares(problem: &Problem<'_>, fixed: &[f64], new: f64, largest: f64) -> Vec<f64> {
    let weights = weights(problem);
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
