//! `summary`: the rolling time is what comes of playing the plan.

use super::super::Violation;
use super::super::case::Case;
use crate::base::units::Seconds;
use crate::plan::Side;
use crate::simulate;

/// The same rates come of other sums there, and both stop levelling early.
const TOLERANCE: f64 = 0.01;
/// With more copies than that the time is not told.
const COPIES_MAX: u64 = 500_000;

pub(super) fn judge(case: &Case, found: &mut Vec<Violation>) {
    let given = case.plan.summary.rolling_seconds.map(Seconds::get);
    let copies = case.figures().replicas_moved;
    let (Some(rates), true) = (&case.rates, copies <= COPIES_MAX) else {
        if let Some(given) = given {
            add(found, &given.to_string(), "null: there is no throttle, or there are too many copies to say");
        }
        return;
    };
    // A plan need not say it.
    let Some(given) = given else { return };
    let brokers = 0..case.world.len() as u32;
    let [leader, follower] = [Side::Leader, Side::Follower]
        .map(|side| brokers.clone().map(|broker| rates.of_side(broker, side)).collect::<Vec<f64>>());
    let rates = simulate::Rates { leader: &leader, follower: &follower };
    let played = simulate::rolling_seconds(case.world, case.plan, rates);
    let is_close = given.is_finite() && (given - played).abs() <= TOLERANCE * played;
    if !is_close {
        add(found, &given.to_string(), &format!("{played}, but for 1 %"));
    }
}

fn add(found: &mut Vec<Violation>, given: &str, expected: &str) {
    let message = format!("rolling_seconds is {given}, expected {expected}");
    found.push(Violation::new("summary", message).place("plan.json at summary.rolling_seconds"));
}
