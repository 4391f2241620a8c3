//! What `--balance-sources` would gain where it was not asked for.

use crate::base::index::Csr;
use crate::base::units::Seconds;
use crate::placement::Home;
use crate::plan::{GainPoint, SourcesGain};
use crate::problem::Problem;
use crate::route::sources::gain;

/// Shares of the partitions for which the gain is told.
const SHARES: [f64; 3] = [0.01, 0.02, 0.05];

/// The gain for these final lists; nothing is said without a throttle, or where leaders must stay or nothing is copied
/// between brokers.
pub fn of(problem: &Problem<'_>, lists: &Csr<Home>) -> Option<SourcesGain> {
    let request = problem.request;
    let has_choice = !(request.balance_sources || request.replicas_only || request.keeps_brokers());
    if problem.rates.is_none() || !has_choice || problem.movers.is_empty() {
        return None;
    }
    let gain = gain::of(problem, lists);
    let (now, changes) = (gain.now, gain.after.len());
    let balanced = gain.after.last().copied().unwrap_or(now);
    // The changes after the one that reaches the level would gain nothing.
    let all = gain.after.partition_point(|&seconds| seconds > balanced) + usize::from(changes > 0);
    let half = f64::midpoint(now, balanced);
    let partitions = problem.movers.len();
    let shares = SHARES.map(|share| (partitions as f64 * share) as usize);
    let mut points: Vec<usize> = shares.into_iter().filter(|&changes| changes > 0 && changes < all).collect();
    points.extend([gain.after.partition_point(|&seconds| seconds > half) + 1, all].map(|changes| changes.min(all)));
    points.retain(|&changes| changes > 0);
    points.sort_unstable();
    points.dedup();
    let point =
        |changes: usize| GainPoint { leaders_changed: changes as u64, seconds: Seconds::new(gain.after[changes - 1]) };
    Some(SourcesGain {
        seconds: Seconds::new(now),
        balanced_seconds: Seconds::new(balanced),
        partitions: partitions as u64,
        leaders_changed: all as u64,
        curve: points.into_iter().map(point).collect(),
    })
}
