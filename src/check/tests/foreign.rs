//! Replica lists that someone else made.

use super::support::*;
use crate::base::assignment::Assignment;
use crate::base::units::{BytesPerSec, Ratio, Seconds};
use crate::check::{Report, assignment};
use crate::request::{RackPolicy, Request};
use crate::snapshot::{BrokerState, Snapshot};

fn judge(snapshot: &Snapshot, entries: &str, limits: &Request) -> Report {
    let text = format!(r#"{{"version":1,"partitions":[{entries}]}}"#);
    assignment(snapshot, &Assignment::read(&text, "reassign.json").unwrap(), limits)
}

fn entry(partition: i32, replicas: &[i32]) -> String {
    format!(r#"{{"topic":"orders","partition":{partition},"replicas":{replicas:?}}}"#)
}

/// One entry, without limits beyond the defaults.
fn one(replicas: &[i32]) -> Report {
    judge(&three_racks(), &entry(0, replicas), &Request::of_one_wave())
}

#[test]
fn good_lists_pass_and_unchanged_ones_are_no_moves() {
    let report =
        judge(&three_racks(), &[entry(0, &[11, 2, 3]), entry(1, &[2, 3, 1])].join(","), &Request::of_one_wave());
    assert!(report.to_string().ends_with("ok: 1 wave, 1 move: no violation, 1 piece of advice"), "{report}");
    assert_eq!((report.lints[0].code, report.lints[0].entries.as_slice()), ("no-op", &[1][..]));
}

#[test]
fn lists_that_kafka_refuses_are_named() {
    at(only(&one(&[11, 2, 2]), "replicas"), 0, "orders-0", 2);
    at(only(&one(&[]), "replicas"), 0, "orders-0", 0);
    at(only(&one(&[11, 2]), "replicas"), 0, "orders-0", 0);
    at(only(&one(&[99, 2, 3]), "target"), 0, "orders-0", 99);
    let report = judge(&three_racks(), &entry(7, &[1, 2, 3]), &Request::of_one_wave());
    at(only(&report, "unknown-partition"), 0, "orders-7", 0);
    let twice = [entry(0, &[11, 2, 3]), entry(0, &[11, 2, 3])].join(",");
    let report = judge(&three_racks(), &twice, &Request::of_one_wave());
    at(only(&report, "duplicate-partition"), 0, "orders-0", 0);
    assert_eq!(report.violations[0].place.as_deref(), Some("partitions[1]"));
}

#[test]
fn brokers_must_be_alive_even_where_they_stay() {
    for (broker, state) in
        [(3, BrokerState::Fenced), (3, BrokerState::Dead), (3, BrokerState::Cordoned), (1, BrokerState::Dead)]
    {
        let mut snapshot = three_racks();
        snapshot.brokers[broker].state = state;
        let report = judge(&snapshot, &entry(0, &[11, 2, 3]), &Request::of_one_wave());
        at(only(&report, "target"), 0, "orders-0", if broker == 3 { 11 } else { 2 });
    }
}

#[test]
fn racks_follow_the_policy() {
    at(only(&one(&[12, 2, 3]), "racks"), 0, "orders-0", 0);
    let limits = Request { rack_policy: RackPolicy::Ignore, ..Request::of_one_wave() };
    assert!(judge(&three_racks(), &entry(0, &[12, 2, 3]), &limits).is_ok());
}

#[test]
fn disks_hold_the_new_copies_beside_all_that_is_there() {
    let entries = [entry(0, &[11, 2, 3]), entry(1, &[2, 3, 11]), entry(2, &[3, 11, 2])].join(",");
    let limits = |share: f64| Request { disk_limit: Ratio::new(share), ..Request::of_one_wave() };
    assert!(judge(&three_racks(), &entries, &limits(0.3)).is_ok());
    at(only(&judge(&three_racks(), &entries, &limits(0.29)), "disk-limit"), 0, "", 11);
    let ignoring = Request { ignore_disk: true, ..limits(0.29) };
    assert!(judge(&three_racks(), &entries, &ignoring).is_ok());
}

#[test]
fn a_replica_that_may_land_in_any_log_dir_counts_in_each() {
    let dirs =
        r#","log_dirs":[{"path":"/a","capacity_bytes":1000000000000},{"path":"/b","capacity_bytes":50000000000}]"#;
    let snapshot = cluster(&[(1, "", ""), (2, "", ""), (11, "", dirs)], &[("orders", 0, &[1, 2], 100, "")]);
    let judge = |dirs: &str| {
        let entry = format!(r#"{{"topic":"orders","partition":0,"replicas":[11,2]{dirs}}}"#);
        judge(&snapshot, &entry, &Request::of_one_wave())
    };
    at(only(&judge(""), "disk-limit"), 0, "", 11);
    at(only(&judge(r#","log_dirs":["any","any"]"#), "disk-limit"), 0, "", 11);
    assert!(judge(r#","log_dirs":["/a","any"]"#).is_ok());
    let report = judge(r#","log_dirs":["/c","any"]"#);
    assert!(report.violations.iter().any(|violation| violation.rule == "log-dirs"), "{report}");
}

#[test]
fn an_unknown_capacity_is_a_warning() {
    let snapshot = cluster(
        &[(1, "", ""), (2, "", ""), (11, "", r#","log_dirs":[{"path":"/a"}]"#)],
        &[("orders", 0, &[1, 2], 100, "")],
    );
    let report = judge(&snapshot, &entry(0, &[11, 2]), &Request::of_one_wave());
    assert!(report.is_ok(), "{report}");
    assert_eq!(report.warnings[0].code, "unknown-capacity");
}

#[test]
fn a_request_holds_ten_thousand_partitions() {
    let partitions: Vec<(&str, i32, &[i32], u64, &str)> =
        (0..10_001).map(|id| ("orders", id, &[1][..], 0, "")).collect();
    let snapshot = cluster(&[(1, "", ""), (11, "", "")], &partitions);
    let entries: Vec<String> = (0..10_001).map(|id| entry(id, &[11])).collect();
    assert!(judge(&snapshot, &entries[1..].join(","), &Request::of_one_wave()).is_ok());
    only(&judge(&snapshot, &entries.join(","), &Request::of_one_wave()), "max-moves");
}

#[test]
fn unhealthy_partitions_do_not_move() {
    let mut snapshots = [three_racks(), three_racks(), three_racks(), three_racks()];
    snapshots[0].partitions.leader[1] = None;
    snapshots[1].partitions.isr = (0..4).map(|_| []).collect();
    snapshots[2].partitions.removing.insert(1, vec![id(1)]);
    snapshots[3].brokers[1].state = BrokerState::Cordoned;
    for snapshot in snapshots {
        let report = judge(&snapshot, &entry(0, &[11, 2, 3]), &Request::of_one_wave());
        at(only(&report, "health"), 0, "orders-0", 0);
    }
}

#[test]
fn a_throttle_must_let_the_copies_finish() {
    let snapshot = cluster(
        &[(1, "", ""), (2, "", ""), (11, "", "")],
        &[("orders", 0, &[1, 2], 100, r#","bytes_in_per_sec":20000000.0"#)],
    );
    // The leader sends 20 MB/s to two followers meanwhile; a receiver takes 20 MB/s.
    for (rate, stuck) in [(41_000_000, &[][..]), (40_000_000, &[1][..]), (22_000_000, &[11, 1])] {
        let limits = Request { throttle: Some(BytesPerSec::new(rate)), ..Request::of_one_wave() };
        let report = judge(&snapshot, &entry(0, &[11, 2]), &limits);
        let brokers: Vec<i32> = report.violations.iter().map(|violation| violation.broker.unwrap().get()).collect();
        assert_eq!(brokers, stuck, "{report}");
    }
}

#[test]
fn with_a_drain_just_the_replicas_on_drained_brokers_move() {
    let limits = Request { topics: Some("orders".into()), ..request("1", "11") };
    let (first, second, third) = (entry(0, &[11, 2, 3]), entry(1, &[2, 3, 11]), entry(2, &[3, 11, 2]));
    let judge = |entries: &[&str]| judge(&three_racks(), &entries.join(","), &limits);
    assert!(judge(&[&first, &second, &third]).is_ok());
    at(only(&judge(&[&first, &second]), "scope"), 0, "orders-2", 1);
    at(only(&judge(&[&first, &second, &entry(2, &[3, 1, 2])]), "scope"), 0, "orders-2", 1);
    let report = judge(&[&first, &second, &entry(2, &[3, 11, 12])]);
    assert!(report.violations.iter().any(|violation| violation.broker == Some(id(2))), "{report}");
    assert!(report.violations.iter().any(|violation| violation.broker == Some(id(12))), "{report}");
    let offsets = r#"{"topic":"__consumer_offsets","partition":0,"replicas":[11,2,3]}"#;
    at(only(&judge(&[&first, &second, &third, offsets]), "topics"), 0, "__consumer_offsets-0", 0);
}

#[test]
fn one_wave_may_be_of_any_size_and_length_unless_asked() {
    let entries = [entry(0, &[11, 2, 3]), entry(1, &[2, 3, 11]), entry(2, &[3, 11, 2])].join(",");
    let judge = |limits: Request| judge(&three_racks(), &entries, &limits);
    let slow = Request { throttle: Some(BytesPerSec::new(1_000_000)), ..Request::of_one_wave() };
    // 300 GB enter broker 11 at 1 MB/s.
    assert!(judge(slow.clone()).is_ok());
    let within = |hours: f64| Request { max_wave_duration: Seconds::new(hours * 3600.0), ..slow.clone() };
    assert!(judge(within(84.0)).is_ok());
    at(only(&judge(within(83.0)), "max-wave-duration"), 0, "", 0);
    let moves = |max_moves: u32| Request { max_moves, ..Request::of_one_wave() };
    assert!(judge(moves(3)).is_ok());
    at(only(&judge(moves(2)), "max-moves"), 0, "", 0);
    let each = |most: u32| Request { max_moves_per_broker: Some(most), ..Request::of_one_wave() };
    assert!(judge(each(3)).is_ok());
    at(only(&judge(each(2)), "max-moves-per-broker"), 0, "", 11);
}

#[test]
fn growth_counts_while_the_wave_copies() {
    let snapshot = cluster(
        &[(1, "", ""), (2, "", ""), (11, "", "")],
        &[("orders", 0, &[1, 2], 100, r#","bytes_in_per_sec":10000000.0"#)],
    );
    // The leader sends 100 GB at (50 − 2 · 10) MB/s in 3,333 s, in which 33.3 GB are produced.
    let judge = |share: f64, growth: bool| {
        let limits = Request { growth, disk_limit: Ratio::new(share), ..request("1", "11") };
        judge(&snapshot, &entry(0, &[11, 2]), &limits)
    };
    assert!(judge(0.1, false).is_ok());
    assert!(judge(0.134, true).is_ok());
    at(only(&judge(0.133, true), "disk-limit"), 0, "", 11);
}

#[test]
fn a_partition_that_cannot_move_may_stay_when_unhealthy_ones_are_skipped() {
    let mut snapshot = three_racks();
    snapshot.partitions.leader[1] = None;
    let skipping = Request { topics: Some("orders".into()), skip_unhealthy: true, ..request("1", "11") };
    let (first, second, third) = (entry(0, &[11, 2, 3]), entry(1, &[2, 3, 11]), entry(2, &[3, 11, 2]));
    let without = |limits: &Request| judge(&snapshot, &[second.as_str(), &third].join(","), limits);
    let report = without(&skipping);
    assert!(report.is_ok(), "{report}");
    assert_eq!(report.warnings[0].message, "1 partition not healthy enough to move stays on drained brokers");
    at(only(&without(&Request { skip_unhealthy: false, ..skipping.clone() }), "scope"), 0, "orders-0", 1);
    // It must not move all the same, and a healthy one must not stay.
    let all = judge(&snapshot, &[first.as_str(), &second, &third].join(","), &skipping);
    at(only(&all, "health"), 0, "orders-0", 0);
    at(only(&judge(&snapshot, &second, &skipping), "scope"), 0, "orders-2", 1);
}

#[test]
fn an_empty_file_is_a_warning() {
    let report = judge(&three_racks(), "", &Request::of_one_wave());
    assert!(report.is_ok());
    assert_eq!(report.warnings[0].code, "nothing-to-move");
}
