//! The bounds beside what the plan has.

use super::fill_after;
use crate::base::units::Seconds;
use crate::bound::{Found, Proved};
use crate::plan::{Bound, Bounds, CountBound, PlanBroker, Role, Summary};
use crate::problem::Problem;
use crate::schedule::given_bound::Least;

/// Puts what was found, and what the plan has, into its summary.
pub(super) fn add(summary: &mut Summary, found: Found, problem: &Problem<'_>, brokers: &[PlanBroker]) {
    let targets = || brokers.iter().filter(|broker| broker.role == Role::Target);
    let fills: Option<Vec<f64>> = targets().map(fill_after).collect();
    let fullest = fills.and_then(|fills| fills.into_iter().max_by(f64::total_cmp));
    let heads: Vec<f64> = targets().map(|broker| f64::from(broker.leaders_after)).collect();
    let over_share = heads.iter().zip(problem.shares(heads.iter().sum())).map(|(heads, share)| heads / share);
    let most_led = over_share.max_by(f64::total_cmp).filter(|most| most.is_finite());
    let count = |value: u64, reached: u64| {
        let who = if problem.request.replicas_only { "followers" } else { "replicas" };
        CountBound { value, reached, by: format!("{who} on the drained brokers, each of which has to move once") }
    };
    let bounds = Bounds {
        moves: count(found.moves, summary.replicas_moved),
        bytes: count(found.bytes, summary.bytes_moved.get()),
        disk: beside(found.disk, fullest),
        leaders: beside(found.leaders, most_led),
        makespan: beside(found.makespan, summary.makespan_seconds.map(Seconds::get)),
    };
    summary.makespan_lower_bound_seconds = bounds.makespan.as_ref().map(|bound| Seconds::new(bound.value));
    summary.makespan_lower_bound_by = bounds.makespan.as_ref().map(|bound| bound.by.clone());
    summary.bounds = Some(bounds);
}

/// The same where the lists are given: only time is left to be gained.
pub(super) fn add_given(summary: &mut Summary, least: Option<Least>) {
    let (seconds, by) = least.map(|least| (least.seconds, least.by)).unzip();
    summary.makespan_lower_bound_seconds = seconds;
    summary.makespan_lower_bound_by = by;
}

/// Two sums of the same numbers may differ in the last bits: what is reached is then the bound itself.
fn beside(found: Option<Proved>, reached: Option<f64>) -> Option<Bound> {
    let (Proved { value, by, proof }, reached) = (found?, reached?);
    let value = if value > reached && value <= reached * (1.0 + 1e-9) { reached } else { value };
    Some(Bound { value, reached, by, proof })
}
