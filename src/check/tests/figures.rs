//! Figures against numbers worked out by hand, then each of them altered.

use super::support::*;
use crate::base::units::{Bytes, BytesPerSec, Seconds};
use crate::check;
use crate::plan::{Bottleneck, Estimate, Plan, PlanBroker, PlanDir, Role, Side, Stage, Summary};
use crate::snapshot::{BrokerState, Snapshot};

#[expect(clippy::unnecessary_wraps, reason = "every figure that takes it may be absent")]
fn seconds(value: f64) -> Option<Seconds> {
    Some(Seconds::new(value))
}

/// Everything by hand, at 50 MB/s. Wave 1: each new broker receives 3 × 100 GB, 6000 s; each old one leads
/// one partition and sends it three times, 6000 s. Wave 2: each receives 1 GB, 20 s; broker 1 sends 3 GB, 60 s.
/// The bound: 903 GB into three brokers, 6020 s.
fn by_hand() -> (Snapshot, Plan) {
    let snapshot = three_racks();
    let orders: &[To] =
        &[("orders", 0, &[11, 12, 13], &[]), ("orders", 1, &[12, 13, 11], &[]), ("orders", 2, &[13, 11, 12], &[])];
    let offsets: &[To] = &[("__consumer_offsets", 0, &[11, 12, 13], &[])];
    let mut plan = bare(&snapshot, request("1-3", "11-13"), &[(Stage::Data, orders), (Stage::Internal, offsets)]);
    let estimate = |expected: f64| Estimate {
        low: Seconds::new(expected - 1.0),
        expected: Seconds::new(expected),
        high: Seconds::new(expected + 1.0),
    };
    for (wave, time, broker, side) in [(0, 6000.0, 11, Side::Follower), (1, 60.0, 1, Side::Leader)] {
        plan.waves[wave].copy_seconds = seconds(time);
        plan.waves[wave].duration_seconds = Some(estimate(time));
        plan.waves[wave].bottleneck = Some(Bottleneck { broker: id(broker), side });
    }
    plan.summary = Summary {
        replicas_moved: 12,
        replicas_forced: 12,
        bytes_moved: Bytes::new(903 * GB),
        bytes_forced: Bytes::new(903 * GB),
        waves: 2,
        makespan_seconds: seconds(6060.0),
        rolling_seconds: seconds(6060.0),
        eta_seconds: Some(Estimate {
            low: Seconds::new(6058.0),
            expected: Seconds::new(6060.0),
            high: Seconds::new(6062.0),
        }),
        makespan_lower_bound_seconds: seconds(6020.0),
        makespan_lower_bound_by: Some("903 GB into 3 brokers".into()),
        cross_rack_bytes: Bytes::new(602 * GB),
        cross_rack_cost: None,
        starts_at: None,
        ends_at: None,
        disk_max_over_mean: Some(1.0),
        leaders_max_over_mean: Some(1.5),
        peak_disk_utilization: Some(0.301),
        bounds: None,
        trade: None,
        at_risk: None,
        balance_sources: None,
        waves_lower_bound: None,
        waves_lower_bound_by: None,
    };
    let old = |heads: u32| (Role::Drain, 4, 0, heads, 0, [301, 301, 0]);
    let new = |heads: u32| (Role::Target, 0, 4, 0, heads, [0, 301, 301]);
    let lines =
        [(1, "a", old(2)), (2, "b", old(1)), (3, "c", old(1)), (11, "a", new(2)), (12, "b", new(1)), (13, "c", new(1))];
    for (broker, rack, (role, replicas_before, replicas_after, leaders_before, leaders_after, used)) in lines {
        let used = used.map(|used| Bytes::new(used * GB));
        plan.brokers.push(PlanBroker {
            id: id(broker),
            host: None,
            rack: Some(rack.into()),
            state: BrokerState::Alive,
            role,
            log_dirs: vec![PlanDir {
                path: "/d".into(),
                capacity_bytes: Some(Bytes::new(1000 * GB)),
                used_before_bytes: used[0],
                used_peak_bytes: used[1],
                used_after_bytes: used[2],
            }],
            replicas_before,
            replicas_after,
            leaders_before,
            leaders_after,
        });
    }
    (snapshot, plan)
}

#[test]
fn a_correct_plan_written_by_hand_passes() {
    let (snapshot, plan) = by_hand();
    let report = check::plan(&snapshot, &plan);
    assert_eq!(report.to_string(), "ok: 2 waves, 4 moves: no violation");
}

#[test]
fn every_figure_of_the_summary_is_recomputed() {
    type Break = fn(&mut Summary);
    let breaks: &[(&str, Break)] = &[
        ("replicas_moved", |s| s.replicas_moved += 1),
        ("replicas_forced", |s| s.replicas_forced -= 1),
        ("bytes_moved", |s| s.bytes_moved = Bytes::new(1)),
        ("bytes_forced", |s| s.bytes_forced = Bytes::new(1)),
        ("waves", |s| s.waves = 3),
        ("makespan_seconds", |s| s.makespan_seconds = seconds(6060.1)),
        ("makespan_seconds", |s| s.makespan_seconds = None),
        ("eta_seconds.low", |s| s.eta_seconds.as_mut().unwrap().low = Seconds::new(1.0)),
        ("eta_seconds.high", |s| s.eta_seconds.as_mut().unwrap().high = Seconds::new(1e9)),
        ("cross_rack_bytes", |s| s.cross_rack_bytes = Bytes::new(903 * GB)),
        ("disk_max_over_mean", |s| s.disk_max_over_mean = Some(1.1)),
        ("disk_max_over_mean", |s| s.disk_max_over_mean = None),
        ("leaders_max_over_mean", |s| s.leaders_max_over_mean = Some(1.0)),
        ("peak_disk_utilization", |s| s.peak_disk_utilization = Some(0.3)),
        ("peak_disk_utilization", |s| s.peak_disk_utilization = None),
        ("rolling_seconds", |s| s.rolling_seconds = seconds(-1.0)),
        ("rolling_seconds", |s| s.rolling_seconds = s.rolling_seconds.map(|told| Seconds::new(told.get() * 0.985))),
        ("rolling_seconds", |s| s.rolling_seconds = s.rolling_seconds.map(|told| Seconds::new(told.get() * 1.015))),
    ];
    for (key, damage) in breaks {
        let (snapshot, mut plan) = by_hand();
        damage(&mut plan.summary);
        let report = check::plan(&snapshot, &plan);
        let violation = only(&report, "summary");
        assert_eq!(violation.place.as_deref(), Some(format!("plan.json at summary.{key}").as_str()));
        assert_eq!(report.violations.len(), 1, "{report}");
    }
}

#[test]
fn copy_times_bottlenecks_and_forecasts_are_judged_by_wave() {
    type Break = fn(&mut Plan);
    let breaks: &[(&str, u32, Break)] = &[
        ("copy-time", 2, |p| p.waves[1].copy_seconds = seconds(60.0001)),
        ("copy-time", 1, |p| p.waves[0].copy_seconds = None),
        ("copy-time", 2, |p| p.waves[1].bottleneck.as_mut().unwrap().side = Side::Follower),
        ("copy-time", 2, |p| p.waves[1].bottleneck.as_mut().unwrap().broker = id(11)),
        ("copy-time", 1, |p| p.waves[0].bottleneck = None),
        ("duration", 1, |p| {
            let forecast = p.waves[0].duration_seconds.as_mut().unwrap();
            std::mem::swap(&mut forecast.low, &mut forecast.high);
        }),
    ];
    for (rule, wave, damage) in breaks {
        let (snapshot, mut plan) = by_hand();
        damage(&mut plan);
        let report = check::plan(&snapshot, &plan);
        // A forecast is summed in the summary, which differs then too.
        let violation = report.violations.iter().find(|violation| violation.rule == *rule).unwrap();
        at(violation, *wave, "", 0);
        assert!(report.violations.iter().all(|other| other.rule == *rule || other.rule == "summary"), "{report}");
    }
}

#[test]
fn the_table_of_brokers_is_recomputed() {
    type Break = fn(&mut PlanBroker);
    let breaks: &[Break] = &[
        |b| b.replicas_before += 1,
        |b| b.replicas_after += 1,
        |b| b.leaders_before += 1,
        |b| b.leaders_after += 1,
        |b| b.role = Role::Other,
        |b| b.rack = None,
        |b| b.log_dirs[0].used_before_bytes = Bytes::new(1),
        |b| b.log_dirs[0].used_peak_bytes = Bytes::new(1),
        |b| b.log_dirs[0].used_after_bytes = Bytes::new(1),
        |b| b.log_dirs[0].capacity_bytes = None,
        |b| b.log_dirs.clear(),
    ];
    for damage in breaks {
        let (snapshot, mut plan) = by_hand();
        damage(&mut plan.brokers[4]);
        let report = check::plan(&snapshot, &plan);
        at(only(&report, "brokers"), 0, "", 12);
    }
    let (snapshot, mut plan) = by_hand();
    plan.brokers.pop();
    only(&check::plan(&snapshot, &plan), "brokers");
}

#[test]
fn the_lower_bound_is_derived_again() {
    for bound in [seconds(6000.0), seconds(6021.0), None] {
        let (snapshot, mut plan) = by_hand();
        plan.summary.makespan_lower_bound_seconds = bound;
        only(&check::plan(&snapshot, &plan), "lower-bound");
    }
}

#[test]
fn a_size_is_the_snapshots() {
    let (snapshot, mut plan) = by_hand();
    plan.moves.size[1] = Bytes::new(5);
    at(only(&check::plan(&snapshot, &plan), "size"), 1, "orders-1", 0);
}

#[test]
fn figures_of_another_snapshot_are_not_compared() {
    let (mut snapshot, plan) = by_hand();
    snapshot.partitions.size[1] = Some(Bytes::new(101 * GB));
    let report = check::plan(&snapshot, &plan);
    assert!(report.is_ok(), "{report}");
    assert_eq!(report.warnings[0].code, "other-snapshot");
}

#[test]
fn without_a_throttle_there_are_no_times() {
    let (snapshot, mut plan) = by_hand();
    plan.request.throttle = None;
    plan.waves.iter_mut().for_each(|wave| wave.throttle = None);
    let report = check::plan(&snapshot, &plan);
    let rules: Vec<&str> = report.violations.iter().map(|violation| violation.rule).collect();
    for rule in ["copy-time", "duration", "summary", "lower-bound"] {
        assert!(rules.contains(&rule), "{report}");
    }
    for wave in &mut plan.waves {
        (wave.copy_seconds, wave.duration_seconds, wave.bottleneck) = (None, None, None);
    }
    let summary = &mut plan.summary;
    (summary.makespan_seconds, summary.rolling_seconds, summary.eta_seconds) = (None, None, None);
    (summary.makespan_lower_bound_seconds, summary.makespan_lower_bound_by) = (None, None);
    let report = check::plan(&snapshot, &plan);
    assert!(report.is_ok(), "{report}");
}

#[test]
fn produced_data_slows_both_sides_down() {
    // Follower: 100 GB / (50 − 10) MB/s = 2500 s. Leader: 100 GB / (50 − 10·(2 − 1 + 1)) MB/s = 3333.3 s.
    let snapshot = cluster(
        &[(1, "", ""), (2, "", ""), (3, "", "")],
        &[("t", 0, &[1, 2], 100, r#","bytes_in_per_sec":10000000.0"#)],
    );
    let plan = bare(&snapshot, request("2", "3"), &[(Stage::Data, &[("t", 0, &[1, 3], &[])])]);
    let plan = figured(&snapshot, plan);
    assert!((plan.waves[0].copy_seconds.unwrap().get() - 100e9 / 30e6).abs() < 1e-6);
    assert_eq!(plan.waves[0].bottleneck, Some(Bottleneck { broker: id(1), side: Side::Leader }));
    assert!(check::plan(&snapshot, &plan).is_ok());
}

#[test]
fn a_rate_that_the_produced_data_eats_up_never_finishes() {
    // Leader of broker 1: 20 · (2 − 1 + 1) = 40 MB/s of produced data count against the rate.
    // Follower at 22.4 MB/s: above 20 MB/s, but what a receiver reaches of it is not.
    for (rate, broker) in [(40_000_000, 1), (22_400_000, 3)] {
        let snapshot = cluster(
            &[(1, "", ""), (2, "", ""), (3, "", "")],
            &[("t", 0, &[1, 2], 100, r#","bytes_in_per_sec":20000000.0"#)],
        );
        let mut request = request("2", "3");
        request.throttle = Some(BytesPerSec::new(rate));
        let plan = bare(&snapshot, request, &[(Stage::Data, &[("t", 0, &[1, 3], &[])])]);
        let report = check::plan(&snapshot, &plan);
        let stuck: Vec<_> = report.violations.iter().filter(|violation| violation.rule == "throttle").collect();
        assert!(
            stuck.iter().any(|violation| violation.broker == Some(id(broker)) && violation.wave == Some(1)),
            "{report}"
        );
    }
}
