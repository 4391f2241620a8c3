//! The least number of waves and what other sources would gain, worked out by hand, then altered.

use super::support::*;
use crate::base::units::Seconds;
use crate::check;
use crate::plan::{GainPoint, Plan, SourcesGain, Stage};
use crate::snapshot::Snapshot;

/// At 50 MB/s: broker 1 leads four partitions of 100 GB, of which each sends one copy for 2,000 s: 8,000 s in all. Each of
/// 11 and 12 receives two. Three hours hold that, 8,000 s in waves of 4,000 s take two.
fn led_by_one() -> (Snapshot, Plan) {
    let rows: Vec<(&str, i32, &[i32], u64, &str)> = (0..4).map(|p| ("t", p, &[1, 2][..], 100, "")).collect();
    let snapshot = cluster(&[(1, "", ""), (2, "", ""), (11, "", ""), (12, "", "")], &rows);
    let first: &[To] = &[("t", 0, &[1, 11], &[]), ("t", 1, &[1, 12], &[])];
    let second: &[To] = &[("t", 2, &[1, 11], &[]), ("t", 3, &[1, 12], &[])];
    let mut request = request("2", "11-12");
    request.max_wave_duration = Seconds::new(4000.0);
    let mut plan = figured(&snapshot, bare(&snapshot, request, &[(Stage::Data, first), (Stage::Data, second)]));
    let summary = &mut plan.summary;
    (summary.waves_lower_bound, summary.waves_lower_bound_by) = (Some(2), Some("2 data".into()));
    let point = |leaders_changed: u64, seconds: f64| GainPoint { leaders_changed, seconds: Seconds::new(seconds) };
    summary.balance_sources = Some(SourcesGain {
        seconds: Seconds::new(8000.0),
        balanced_seconds: Seconds::new(4000.0),
        partitions: 4,
        leaders_changed: 2,
        curve: vec![point(1, 6000.0), point(2, 4000.0)],
    });
    (snapshot, plan)
}

#[test]
fn the_least_waves_and_the_gain_worked_out_by_hand_pass() {
    let (snapshot, mut plan) = led_by_one();
    let report = check::plan(&snapshot, &plan);
    assert!(report.is_ok(), "{report}");
    let summary = &mut plan.summary;
    (summary.waves_lower_bound, summary.waves_lower_bound_by, summary.balance_sources) = (None, None, None);
    let report = check::plan(&snapshot, &plan);
    assert!(report.is_ok(), "plans of older versions have neither: {report}");
}

#[test]
fn each_limit_of_a_wave_sets_the_least_number_of_waves() {
    type Limit = fn(&mut Plan);
    let limits: &[(u32, Limit)] = &[
        (2, |_| {}),
        (1, |plan| plan.request.max_wave_duration = Seconds::new(8000.0)),
        // Every partition alone takes longer, so each may set the length of a wave.
        (4, |plan| plan.request.max_wave_duration = Seconds::new(1999.0)),
        (4, |plan| plan.request.max_wave_duration = Seconds::new(2000.0)),
        (3, |plan| plan.request.max_wave_duration = Seconds::new(3000.0)),
        (4, |plan| plan.request.max_moves = 1),
        (4, |plan| plan.request.max_moves_per_broker = Some(1)),
        (2, |plan| plan.request.max_moves_per_broker = Some(2)),
    ];
    for (number, (least, limit)) in limits.iter().enumerate() {
        let (snapshot, mut plan) = led_by_one();
        limit(&mut plan);
        for given in 1..=4 {
            plan.summary.waves_lower_bound = Some(given);
            let report = check::plan(&snapshot, &plan);
            let says_other = |v: &check::Violation| v.rule == "lower-bound" && v.to_string().contains("expected");
            let is_taken = !report.violations.iter().any(says_other);
            assert_eq!(is_taken, given == *least, "limit {number}, {given} given: {report}");
        }
    }
}

#[test]
fn a_bound_on_waves_without_its_cause_or_above_the_plan_is_a_violation() {
    let place = Some("plan.json at summary.waves_lower_bound");
    for (given, by) in [(Some(2), None), (Some(2), Some("")), (None, Some("2 data")), (Some(3), Some("2 data"))] {
        let (snapshot, mut plan) = led_by_one();
        (plan.summary.waves_lower_bound, plan.summary.waves_lower_bound_by) = (given, by.map(str::to_owned));
        assert_eq!(only(&check::plan(&snapshot, &plan), "lower-bound").place.as_deref(), place);
    }
}

#[test]
fn every_altered_figure_of_a_gain_is_a_violation() {
    type Break = fn(&mut SourcesGain);
    let breaks: &[(&str, Break)] = &[
        (".seconds", |gain| gain.seconds = Seconds::new(8000.1)),
        (".partitions", |gain| gain.partitions = 5),
        (".balanced_seconds", |gain| gain.balanced_seconds = Seconds::new(3999.0)),
        (".balanced_seconds", |gain| gain.balanced_seconds = Seconds::new(8001.0)),
        (".curve[1]", |gain| gain.curve[1].seconds = Seconds::new(6001.0)),
        (".curve[1]", |gain| gain.curve[1].leaders_changed = 1),
        (".curve[0]", |gain| gain.curve[0].leaders_changed = 0),
        (".curve", |gain| gain.leaders_changed = 3),
        (".curve", |gain| gain.curve.clear()),
    ];
    for (key, damage) in breaks {
        let (snapshot, mut plan) = led_by_one();
        damage(plan.summary.balance_sources.as_mut().unwrap());
        let report = check::plan(&snapshot, &plan);
        let place = format!("plan.json at summary.balance_sources{key}");
        let is_found = |v: &check::Violation| v.rule == "balance-sources" && v.place.as_deref() == Some(place.as_str());
        assert!(report.violations.iter().any(is_found), "{key}: {report}");
    }
    let (snapshot, mut plan) = led_by_one();
    plan.request.balance_sources = true;
    let report = check::plan(&snapshot, &plan);
    assert!(report.violations.iter().any(|v| v.rule == "balance-sources"), "it is not to be gained twice: {report}");
}
