//! The goals of Cruise Control that a plan can be judged by: replicas in racks of their own, and room on disks.
//!
//! Its other goals weigh things against each other by settings that a plan does not know, and are left out.

use super::state::State;
use crate::plan::Plan;

/// A goal, and whether it is violated before and after.
pub(super) struct Goal {
    pub name: &'static str,
    before: bool,
    after: bool,
}

impl Goal {
    /// Cruise Control's word: what was in order before is no action, whatever comes after.
    pub const fn status(&self) -> &'static str {
        match (self.before, self.after) {
            (true, true) => "VIOLATED",
            (true, false) => "FIXED",
            (false, _) => "NO-ACTION",
        }
    }
}

/// The goals in order of priority.
pub(super) fn of(plan: &Plan, before: &State, after: &State) -> Vec<Goal> {
    let mut goals = vec![Goal { name: "RackAwareGoal", before: before.shares_racks, after: after.shares_racks }];
    if !plan.request.ignore_disk {
        let limit = plan.request.disk_limit.get();
        let is_full = |state: &State| {
            state
                .brokers
                .iter()
                .any(|broker| broker.is_alive && broker.capacity > 0.0 && broker.disk > broker.capacity * limit)
        };
        goals.push(Goal { name: "DiskCapacityGoal", before: is_full(before), after: is_full(after) });
    }
    goals
}

/// The scores before and after: 100 less the cost of each goal that is violated.
///
/// Both goals are hard ones; one that stands a step higher costs 1.1 times as much, and all of them together 100.
pub(super) fn scores(goals: &[Goal]) -> (f64, f64) {
    let weights: Vec<f64> = (0..goals.len()).rev().map(|below| 1.1_f64.powi(below as i32)).collect();
    let sum: f64 = weights.iter().sum();
    let score = |violated: fn(&Goal) -> bool| {
        let lost: f64 = goals.iter().zip(&weights).filter(|(goal, _)| violated(goal)).map(|(_, weight)| weight).sum();
        100.0 - 100.0 * lost / sum
    };
    (score(|goal| goal.before), score(|goal| goal.after))
}
