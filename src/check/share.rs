//! What each target should head of all lists: its share, by which leaders are judged.

use super::case::Case;
use super::headroom;
use crate::request::Prefer;

/// The share of each target, in order of number, of `total` heads: in proportion to the capacity of its log dirs
/// that work; where time goes first to their follower rates; the same for all where neither counts, or nothing moves.
pub(super) fn shares(case: &Case, total: f64) -> Vec<f64> {
    let (world, request) = (case.world, case.ask.request);
    let by_time = request.prefer == Prefer::Time;
    let is_alike = request.ignore_disk && !by_time || case.steps.is_empty() || by_time && case.rates.is_none();
    let paces = if by_time && !is_alike { headroom::first_rates(case) } else { Vec::new() };
    let fastest = targets(case).filter_map(|number| paces.get(number as usize).copied()).fold(0.0, f64::max);
    let weight = |number: u32| {
        let dirs = world.dirs_of(number).map(|dir| &world.dirs[dir as usize]).filter(|dir| dir.is_online);
        let capacity: u64 = dirs.filter_map(|dir| dir.capacity).fold(0, u64::saturating_add);
        match paces.get(number as usize) {
            _ if is_alike => 1.0,
            Some(_) if fastest <= 0.0 => 1.0,
            Some(pace) => (pace / fastest).max(1e-9),
            None => capacity.max(1) as f64,
        }
    };
    let weights: Vec<f64> = targets(case).map(weight).collect();
    let all: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| total * (weight / all)).collect()
}

/// Numbers of the brokers that may receive.
pub(super) fn targets<'c>(case: &'c Case) -> impl Iterator<Item = u32> + use<'c> {
    (0..case.world.len() as u32).filter(|&number| case.ask.is_target[number as usize])
}
