//! What each target should head of all lists: its share, by which leaders are judged.

use super::case::Case;
use crate::request::Prefer;

/// The share of each target, in order of number, of `total` heads: in proportion to the capacity of its log dirs
/// that work, or the same for all where disks do not count, time goes first, or nothing moves.
pub(super) fn shares(case: &Case, total: f64) -> Vec<f64> {
    let (world, request) = (case.world, case.ask.request);
    let is_alike = request.ignore_disk || request.prefer == Prefer::Time || case.steps.is_empty();
    let weight = |number: u32| {
        let dirs = world.dirs_of(number).map(|dir| &world.dirs[dir as usize]).filter(|dir| dir.is_online);
        let capacity: u64 = dirs.filter_map(|dir| dir.capacity).fold(0, u64::saturating_add);
        if is_alike { 1.0 } else { capacity.max(1) as f64 }
    };
    let weights: Vec<f64> = targets(case).map(weight).collect();
    let all: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| total * (weight / all)).collect()
}

/// Numbers of the brokers that may receive.
pub(super) fn targets<'c>(case: &'c Case) -> impl Iterator<Item = u32> + use<'c> {
    (0..case.world.len() as u32).filter(|&number| case.ask.is_target[number as usize])
}
