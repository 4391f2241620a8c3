//! `lower-bound`: the bound is the one that the snapshot and the request give, and the plan is not under it.

use super::super::Violation;
use super::super::bound::{self, Room};
use super::super::case::{Case, is_close};
use super::super::{dir_drain, given, waves};

const RULE: &str = "lower-bound";

/// How far the busiest broker's time may be from that of the planner's sum: rounding only.
const SLACK: f64 = 1e-8;

pub(super) fn judge(case: &Case, found: &mut Vec<Violation>) {
    judge_waves(case, found);
    let summary = &case.plan.summary;
    let place = "plan.json at summary.makespan_lower_bound_seconds";
    let mut add = |message: String| found.push(Violation::new(RULE, message).place(place));
    let (Some(rates), Some(given)) = (&case.rates, summary.makespan_lower_bound_seconds) else {
        let has_any = summary.makespan_lower_bound_seconds.is_some() || summary.makespan_lower_bound_by.is_some();
        match case.rates {
            Some(_) => add("it is null, and a throttle was given".into()),
            None if has_any => add("it is given, and no throttle was".into()),
            None => {}
        }
        return;
    };
    let given = given.get();
    let derived = |room| {
        if case.plan.request.empties_dirs() {
            return dir_drain::bound(case.world, &case.ask, &case.steps, rates);
        }
        if case.plan.request.is_given() || case.plan.request.resume.is_some() {
            return given::bound(case.world, &case.ask, &case.steps, rates);
        }
        bound::of(case.world, &case.ask, &case.steps, rates, room)
    };
    let strongest = derived(Room::Counted);
    // A bound above those that need no proof stands or falls with its own, which another rule judges.
    let proved = summary.bounds.as_ref().and_then(|bounds| bounds.makespan.as_ref());
    let is_right = is_close(given, strongest)
        || (given < strongest && is_close(given, derived(Room::Endless)))
        || (given > strongest && proved.is_some_and(|bound| is_close(bound.value, given)));
    if !is_right {
        add(format!("it is {given}, expected {strongest}"));
    }
    if given > 0.0 && summary.makespan_lower_bound_by.is_none() {
        add("its cause is not named".into());
    }
    if summary.makespan_seconds.is_some_and(|makespan| makespan.get() < given * (1.0 - 1e-9)) {
        add(format!("it is {given}, more than the makespan"));
    }
}

/// The bound on the number of waves; plans of older versions have none.
fn judge_waves(case: &Case, found: &mut Vec<Violation>) {
    let summary = &case.plan.summary;
    let place = "plan.json at summary.waves_lower_bound";
    let mut add = |message: String| found.push(Violation::new(RULE, message).place(place));
    let by = summary.waves_lower_bound_by.as_deref();
    let Some(given) = summary.waves_lower_bound else {
        if by.is_some() {
            add("it is not given, and its cause is named".into());
        }
        return;
    };
    let [low, high] = waves::least(case, [SLACK, 0.0]);
    if !(low..=high).contains(&given.into()) {
        add(format!("it is {given}, expected {high}"));
    }
    if given as usize > case.plan.waves.len() {
        add(format!("it is {given}, more than the plan has waves"));
    }
    if by.is_some_and(str::is_empty) || by.is_some() != (given > 0) {
        add("its cause is not named".into());
    }
}
