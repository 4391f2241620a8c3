//! The rolling time: what it is told to be, what it comes to when the plan is played by other code, and how good the
//! order of moves is.

use kshift::base::ids::{BrokerId, IdSet};
use kshift::base::units::{BytesPerSec, Seconds};
use kshift::base::work::Work;
use kshift::base::zone::Moment;
use kshift::example::{self, Options};
use kshift::plan::Plan;
use kshift::request::{Request, Strategy};
use kshift::simulate::{self, Played, Style};
use kshift::snapshot::Snapshot;

const RATE: u64 = 50_000_000;

fn cluster(old: u32, new: u32, partitions: u32, total_tb: f64, seed: u64) -> Snapshot {
    let brokers = Options { old, new, partitions, total_tb, seed, old_base: 1000, ..Options::default() };
    example::cluster(&brokers).expect("these options are possible")
}

fn drained(old: u32) -> Request {
    Request {
        drain: IdSet::from_ids((0..old).map(|number| BrokerId::new(1000 + number as i32))).unwrap(),
        throttle: Some(BytesPerSec::new(RATE)),
        ..Request::default()
    }
}

fn planned(cluster: &Snapshot, request: &Request) -> Plan {
    kshift::plan(cluster, request, &Work::new()).expect("it is possible")
}

/// What the plan takes when played in a style, in seconds, without live traffic.
fn played(cluster: &Snapshot, plan: &Plan, style: Style) -> f64 {
    let options = simulate::Options { style, ..simulate::Options::default() };
    let played = Played::Plan(Box::new(plan.clone()));
    let simulation = simulate::simulate(cluster, &played, &options, &Work::new()).expect("it plays");
    simulation.makespan_seconds.expect("it ends").get()
}

fn rolling(plan: &Plan) -> f64 {
    plan.summary.rolling_seconds.expect("there is a throttle").get()
}

/// Seconds that the busiest side of a broker needs for what it sends or receives: no order is faster.
fn own_load(plan: &Plan) -> f64 {
    let mut bytes = std::collections::BTreeMap::new();
    for moved in plan.waves.iter().flat_map(|wave| plan.moves_of(wave)) {
        for broker in moved.adding() {
            *bytes.entry((moved.leader.expect("it has a leader"), 0)).or_insert(0) += moved.size.get();
            *bytes.entry((broker, 1)).or_insert(0) += moved.size.get();
        }
    }
    bytes.into_values().max().unwrap_or(0) as f64 / RATE as f64
}

#[test]
fn it_is_what_comes_of_playing_the_plan_by_other_code() {
    let cluster = cluster(9, 6, 400, 1.0, 7);
    let plain = drained(9);
    for request in [
        plain.clone(),
        Request { balance_sources: true, ..plain.clone() },
        Request { strategy: Strategy::OneAtATime, ..plain.clone() },
        Request { strategy: Strategy::TwoStage, ..plain.clone() },
        Request { max_moves: 30, canary: 3, ..plain.clone() },
        Request { in_flight_per_broker: 2, ..plain.clone() },
        Request { in_flight: Some(5), ..plain },
    ] {
        let plan = planned(&cluster, &request);
        let (told, seconds) = (rolling(&plan), played(&cluster, &plan, Style::Rolling));
        assert!((told - seconds).abs() <= 1e-6 * seconds, "{told} told, {seconds} played: {request:?}");
    }
}

#[test]
fn with_leaders_as_they_are_it_takes_no_longer_than_the_busiest_of_them() {
    for (old, new, partitions, total_tb, seed) in [(12, 12, 1_500, 6.0, 3), (30, 20, 4_000, 20.0, 5)] {
        let plan = planned(&cluster(old, new, partitions, total_tb, seed), &drained(old));
        let ratio = rolling(&plan) / own_load(&plan);
        assert!(ratio <= 1.005, "{ratio} times its own load, {old} to {new}");
    }
}

#[test]
fn with_balanced_sources_it_is_near_the_bound() {
    for (old, new, partitions, total_tb, seed, most) in [(12, 12, 1_500, 6.0, 3, 1.1), (30, 30, 6_000, 30.0, 5, 1.1)] {
        let plan =
            planned(&cluster(old, new, partitions, total_tb, seed), &Request { balance_sources: true, ..drained(old) });
        let ratio = rolling(&plan) / plan.summary.makespan_lower_bound_seconds.unwrap().get();
        assert!(ratio <= most, "{ratio} times the bound, {old} to {new}");
    }
}

#[test]
fn another_wave_is_taken_where_the_whole_gets_shorter_by_it() {
    let plan = planned(&cluster(40, 40, 8_000, 80.0, 1), &Request { balance_sources: true, ..drained(40) });
    assert_eq!((plan.waves.len(), plan.summary.waves_lower_bound), (6, Some(5)));
    let ratio = rolling(&plan) / plan.summary.makespan_lower_bound_seconds.unwrap().get();
    assert!(ratio <= 1.04, "{ratio} times the bound");
}

#[test]
fn it_takes_much_less_than_the_executor_of_cruise_control() {
    let cluster = cluster(40, 40, 8_000, 40.0, 3);
    let theirs = played(&cluster, &planned(&cluster, &drained(40)), Style::Sliding(5));
    let ours = rolling(&planned(&cluster, &Request { balance_sources: true, ..drained(40) }));
    assert!(theirs >= 1.5 * ours, "{theirs} to {ours}");
}

#[test]
fn waves_that_are_cut_along_the_order_have_their_own_dates() {
    for seed in 1..=6 {
        let cluster = cluster(12, 12, 1_500, 9.0, seed);
        let start = Moment::parse("2026-11-21T00:00:00Z").expect("a time");
        let dated = Request { start: Some(start), max_wave_duration: Seconds::new(7_200.0), ..drained(12) };
        let plan = planned(&cluster, &dated);
        assert!(plan.waves.iter().all(|wave| wave.dates.is_some()));
        let grown = Request { growth: true, max_wave_duration: Seconds::new(7_200.0), ..drained(12) };
        assert!(!planned(&cluster, &grown).waves.is_empty());
    }
}

#[test]
fn without_a_throttle_there_is_none() {
    let cluster = cluster(3, 3, 30, 0.1, 1);
    let plan = planned(&cluster, &Request { throttle: None, ..drained(3) });
    assert_eq!(plan.summary.rolling_seconds, None);
}
