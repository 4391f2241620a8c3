//! `bounds`: every bound follows from its own proof, and what is said to be reached is what the replay gives.

use super::super::Violation;
use super::super::case::{Case, is_close};
use crate::base::units::Seconds;
use crate::plan::{Bound, CountBound};

const RULE: &str = "bounds";
/// How far a bound may be from what its proof gives: rounding only.
const SLACK: f64 = 1e-8;

pub(super) fn judge(case: &Case, found: &mut Vec<Violation>) {
    // Plans of older versions have none.
    let Some(bounds) = &case.plan.summary.bounds else { return };
    if !case.plan.request.chooses_brokers() {
        let message = "its lists are given, or its replicas stay: these bounds are those of a free choice";
        found.push(Violation::new(RULE, message).place("plan.json at summary.bounds"));
        return;
    }
    let (claims, figures) = (case.claims(), case.figures());
    let mut judge = Judge { found };
    judge.count("moves", &bounds.moves, claims.leaving.0, figures.replicas_moved);
    judge.count("bytes", &bounds.bytes, claims.leaving.1, figures.bytes_moved);

    if let Some(bound) = judge.figure("disk", bounds.disk.as_ref(), figures.fullest_target) {
        let excludes = |level: f64| claims.excludes_fill(case, &bound.proof, level);
        judge.proof("disk", bound, excludes(bound.value * (1.0 - SLACK)), excludes(bound.value * (1.0 + SLACK)));
    }
    if let Some(bound) = judge.figure("leaders", bounds.leaders.as_ref(), figures.leaders_max_over_share) {
        let excludes = |level: f64| claims.excludes_heads(case.world, &bound.proof, level);
        judge.proof("leaders", bound, excludes(bound.value * (1.0 - SLACK)), excludes(bound.value * (1.0 + SLACK)));
    }
    let makespan = figures.makespan;
    if let Some((bound, rates)) = judge.figure("makespan", bounds.makespan.as_ref(), makespan).zip(case.rates.as_ref())
    {
        let seconds = claims.seconds(case, &bound.proof, rates);
        let excludes = |level: f64| seconds.map(|seconds| seconds > level);
        judge.proof("makespan", bound, excludes(bound.value * (1.0 - SLACK)), excludes(bound.value * (1.0 + SLACK)));
        let summary = case.plan.summary.makespan_lower_bound_seconds.map(Seconds::get);
        if !summary.is_some_and(|summary| is_close(summary, bound.value)) {
            judge.add("makespan", format!("it is {}, not makespan_lower_bound_seconds", bound.value));
        }
    }
}

struct Judge<'f> {
    found: &'f mut Vec<Violation>,
}

impl Judge<'_> {
    fn add(&mut self, key: &str, message: impl Into<String>) {
        let place = format!("plan.json at summary.bounds.{key}");
        self.found.push(Violation::new(RULE, message).place(place));
    }

    fn count(&mut self, key: &str, bound: &CountBound, value: u64, reached: u64) {
        for (what, given, expected) in [("value", bound.value, value), ("reached", bound.reached, reached)] {
            if given != expected {
                self.add(key, format!("its {what} is {given}, expected {expected}"));
            }
        }
    }

    /// A bound whose figure is what it says.
    fn figure<'b>(&mut self, key: &str, bound: Option<&'b Bound>, expected: Option<f64>) -> Option<&'b Bound> {
        match (bound, expected) {
            (None, None) => None,
            (None, Some(_)) => {
                self.add(key, "it is null, and the figure is known");
                None
            }
            (Some(_), None) => {
                self.add(key, "it is given, and the figure is not known");
                None
            }
            (Some(bound), Some(expected)) => {
                if !is_close(bound.reached, expected) {
                    self.add(key, format!("its reached is {}, expected {expected}", bound.reached));
                }
                if bound.by.is_empty() {
                    self.add(key, "its cause is not named");
                }
                if bound.value > expected * (1.0 + SLACK) {
                    self.add(key, format!("it is {}, and the plan has {expected}", bound.value));
                }
                Some(bound)
            }
        }
    }

    /// A bound holds when its proof excludes anything less, and is as strong as its proof when it excludes no more.
    fn proof(&mut self, key: &str, bound: &Bound, less: Option<bool>, more: Option<bool>) {
        match (less, more) {
            (None, _) | (_, None) => self.add(key, "its proof cannot prove such a bound"),
            (Some(false), _) if bound.value > 0.0 || bound.value.is_nan() => {
                self.add(key, format!("{} does not follow from its proof", bound.value));
            }
            (_, Some(true)) => self.add(key, format!("its proof gives more than {}", bound.value)),
            _ => {}
        }
    }
}
