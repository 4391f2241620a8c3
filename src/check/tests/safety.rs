//! One rule at a time, broken on purpose.

use super::support::*;
use crate::base::ids::PartitionId;
use crate::base::index::Csr;
use crate::base::units::{Bytes, BytesPerSec, Seconds};
use crate::check;
use crate::plan::{Deferred, Plan, Stage};
use crate::request::RackPolicy;
use crate::snapshot::Snapshot;

/// Broker 1 of rack a is drained onto 11 and 14 of rack a.
fn one_rack(more: &str) -> Snapshot {
    cluster(
        &[(1, "a", ""), (2, "b", ""), (3, "c", ""), (11, "a", more), (12, "b", ""), (14, "a", "")],
        &[("orders", 0, &[1, 2, 3], 100, ""), ("orders", 1, &[2, 3, 1], 100, "")],
    )
}

fn one_wave(snapshot: &Snapshot, first: &[i32], second: &[i32]) -> Plan {
    let moves: &[To] = &[("orders", 0, first, &[]), ("orders", 1, second, &[])];
    bare(snapshot, request("1", "11,12,14"), &[(Stage::Data, moves)])
}

fn good(snapshot: &Snapshot) -> Plan {
    one_wave(snapshot, &[11, 2, 3], &[2, 3, 14])
}

/// The report on lists of the two partitions that replace the good ones.
fn lists(first: &[i32], second: &[i32]) -> check::Report {
    let snapshot = one_rack("");
    check(&snapshot, one_wave(&snapshot, first, second))
}

#[test]
fn a_good_plan_passes() {
    let report = lists(&[11, 2, 3], &[2, 3, 14]);
    assert_eq!(report.to_string(), "ok: 1 wave, 2 moves: no violation");
}

#[test]
fn waves_are_numbered_and_hold_every_move_once() {
    let snapshot = one_rack("");
    let mut plan = good(&snapshot);
    plan.waves[0].index = 2;
    only(&check::plan(&snapshot, &plan), "shape");
    plan.waves[0].index = 1;
    plan.waves[0].rows = 0..1;
    only(&check::plan(&snapshot, &plan), "shape");
    plan.waves[0].rows = 0..3;
    only(&check::plan(&snapshot, &plan), "shape");
}

#[test]
fn drift_names_the_partitions_that_changed() {
    let snapshot = one_rack("");
    let plan = figured(&snapshot, good(&snapshot));
    let mut changed = snapshot.clone();
    changed.partitions.replicas.get_mut(1).swap(0, 1);
    let report = check::plan(&changed, &plan);
    at(only(&report, "drift"), 0, "", 0);
    at(&report.violations[1], 1, "orders-1", 0);
    assert_eq!(report.violations.len(), 2);
}

#[test]
fn a_plan_of_another_cluster_is_drift_even_where_no_move_is_concerned() {
    let snapshot = one_rack("");
    let mut plan = figured(&snapshot, good(&snapshot));
    plan.cluster.assignment_sha256 = "0".repeat(64);
    assert_eq!(check::plan(&snapshot, &plan).violations.len(), 1);
    only(&check::plan(&snapshot, &plan), "drift");
}

#[test]
fn a_partition_is_known_and_moves_once() {
    let snapshot = one_rack("");
    let mut plan = good(&snapshot);
    plan.moves.partition[1] = PartitionId::new(0);
    plan.moves.previous = [[1, 2, 3].map(id), [11, 2, 3].map(id)].into_iter().collect();
    let report = check::plan(&snapshot, &plan);
    let twice = report.violations.iter().find(|violation| violation.rule == "partition").unwrap();
    at(twice, 1, "orders-0", 0);
    plan.moves.partition[1] = PartitionId::new(7);
    let report = check::plan(&snapshot, &plan);
    let unknown = report.violations.iter().find(|violation| violation.rule == "partition").unwrap();
    at(unknown, 1, "orders-7", 0);
}

#[test]
fn previous_lists_are_those_before_the_wave() {
    let snapshot = one_rack("");
    let mut plan = figured(&snapshot, good(&snapshot));
    plan.moves.previous = [[1, 2, 3].map(id), [2, 1, 3].map(id)].into_iter().collect();
    let report = check::plan(&snapshot, &plan);
    let previous: Vec<_> = report.violations.iter().filter(|violation| violation.rule == "previous").collect();
    assert_eq!(previous.len(), 1);
    at(previous[0], 1, "orders-1", 0);
}

#[test]
fn lists_that_kafka_refuses_are_named() {
    at(only(&lists(&[11, 2, 2], &[2, 3, 14]), "replicas"), 1, "orders-0", 2);
    at(only(&lists(&[11, 2, 3], &[]), "replicas"), 1, "orders-1", 0);
    at(only(&lists(&[11, 2, 3], &[2, 3, 14, 12]), "replicas"), 1, "orders-1", 0);
}

#[test]
fn what_stays_keeps_its_place_in_the_list() {
    at(only(&lists(&[11, 3, 2], &[2, 3, 14]), "replicas"), 1, "orders-0", 3);
    at(only(&lists(&[2, 11, 3], &[2, 3, 14]), "replicas"), 1, "orders-0", 2);
}

#[test]
fn new_replicas_go_to_known_alive_brokers_that_were_asked_for() {
    at(only(&lists(&[99, 2, 3], &[2, 3, 14]), "target"), 1, "orders-0", 99);
    let snapshot = one_rack(r#","state":"fenced""#);
    // Nor would a fenced broker lead, nor does the plan keep its own bound then.
    let report = check(&snapshot, good(&snapshot));
    at(report.violations.iter().find(|violation| violation.rule == "target").unwrap(), 1, "orders-0", 11);
    let snapshot = one_rack("");
    let mut plan = good(&snapshot);
    plan.request.onto = Some(ids("11"));
    let report = check(&snapshot, plan);
    at(report.violations.iter().find(|violation| violation.rule == "target").unwrap(), 1, "orders-1", 14);
}

#[test]
fn every_replica_on_a_drained_broker_moves_and_no_other() {
    let snapshot = one_rack("");
    let plan = bare(&snapshot, request("1", "11,12,14"), &[(Stage::Data, &[("orders", 0, &[11, 2, 3], &[])])]);
    at(only(&check(&snapshot, plan), "scope"), 0, "orders-1", 1);
    at(only(&lists(&[11, 12, 3], &[2, 3, 14]), "scope"), 1, "orders-0", 2);
    at(only(&lists(&[1, 2, 3], &[2, 3, 14]), "scope"), 1, "orders-0", 1);
    let mut plan = good(&snapshot);
    plan.request.drain = ids("1,77");
    at(only(&check(&snapshot, plan), "scope"), 0, "", 77);
}

#[test]
fn topic_filters_match_the_whole_name() {
    let snapshot = one_rack("");
    for (topics, excluded) in [(Some("order"), None), (None, Some("ord.*")), (Some("(?!orders).*"), None)] {
        let mut plan = good(&snapshot);
        plan.request.topics = topics.map(str::to_owned);
        plan.request.exclude_topics = excluded.map(str::to_owned);
        at(only(&check(&snapshot, plan), "topics"), 1, "orders-0", 0);
    }
    let mut plan = good(&snapshot);
    plan.request.topics = Some("payments|orders".into());
    plan.request.exclude_topics = Some("order".into());
    assert!(check(&snapshot, plan).is_ok());
}

fn deferring(snapshot: &Snapshot) -> Plan {
    let mut plan = bare(snapshot, request("1", "11,12,14"), &[(Stage::Data, &[("orders", 0, &[11, 2, 3], &[])])]);
    plan.request.skip_unhealthy = true;
    plan.complete = false;
    let deferred =
        Deferred { topic: "orders".into(), partition: PartitionId::new(1), reason: "it has no leader".into() };
    plan.deferred.push(deferred);
    plan
}

#[test]
fn only_unhealthy_partitions_are_deferred_and_only_when_asked() {
    let mut snapshot = one_rack("");
    at(only(&check(&snapshot, deferring(&snapshot)), "deferred"), 0, "orders-1", 0);
    snapshot.partitions.leader[1] = None;
    assert!(check(&snapshot, deferring(&snapshot)).is_ok());
    let mut plan = deferring(&snapshot);
    plan.request.skip_unhealthy = false;
    at(only(&check(&snapshot, plan), "deferred"), 0, "orders-1", 0);
    let mut plan = deferring(&snapshot);
    plan.deferred[0].partition = PartitionId::new(9);
    let report = check(&snapshot, plan);
    at(report.violations.iter().find(|violation| violation.rule == "deferred").unwrap(), 0, "orders-9", 0);
    let mut plan = deferring(&snapshot);
    plan.complete = true;
    only(&check(&snapshot, plan), "complete");
}

#[test]
fn unhealthy_partitions_do_not_move() {
    let mut no_leader = one_rack("");
    no_leader.partitions.leader[1] = None;
    let mut no_isr = one_rack("");
    no_isr.partitions.isr = [vec![1, 2, 3], vec![]].into_iter().map(|isr| isr.into_iter().map(id)).collect();
    let mut moving = one_rack("");
    moving.partitions.adding.insert(1, vec![id(3)]);
    for snapshot in [no_leader, no_isr, moving] {
        let mut plan = good(&snapshot);
        if snapshot.partitions.isr.get(1).is_empty() {
            let second: &[To] = &[("orders", 1, &[2, 3, 14], &[])];
            let waves = &[(Stage::Data, &[("orders", 0, &[11, 2, 3][..], &[][..])][..]), (Stage::DataShortIsr, second)];
            plan = bare(&snapshot, request("1", "11,12,14"), waves);
        } else if snapshot.partitions.leader[1].is_none() {
            plan.moves.leader_after[1] = Some(id(2));
        }
        let report = check(&snapshot, plan);
        assert_eq!(only(&report, "health").topic.as_deref(), Some("orders"), "{report}");
        assert_eq!(report.violations[0].partition, Some(PartitionId::new(1)));
    }
    let mut cordoned = one_rack("");
    cordoned.brokers[1].state = crate::snapshot::BrokerState::Cordoned;
    at(only(&check(&cordoned, good(&cordoned)), "health"), 1, "orders-0", 0);
}

#[test]
fn leaders_are_those_that_kafka_chooses() {
    let snapshot = one_rack("");
    let mut plan = good(&snapshot);
    plan.moves.leader_after[0] = Some(id(2));
    at(only(&check(&snapshot, plan), "leader"), 1, "orders-0", 0);
    let mut plan = good(&snapshot);
    plan.moves.leader[1] = Some(id(3));
    at(only(&check(&snapshot, plan), "leader"), 1, "orders-1", 0);
}

#[test]
fn a_replica_out_of_sync_does_not_take_over() {
    let mut snapshot = one_rack("");
    snapshot.partitions.isr = [vec![1, 3], vec![2, 3, 1]].into_iter().map(|isr| isr.into_iter().map(id)).collect();
    snapshot.partitions.leader[0] = Some(id(1));
    // Broker 2 heads neither: the new replica 11 does, and is in sync by the end.
    let first: &[To] = &[("orders", 1, &[2, 3, 14], &[])];
    let second: &[To] = &[("orders", 0, &[11, 2, 3], &[])];
    let plan = bare(&snapshot, request("1", "11,12,14"), &[(Stage::Data, first), (Stage::DataShortIsr, second)]);
    assert!(check(&snapshot, plan.clone()).is_ok());
    let mut wrong = plan;
    wrong.moves.leader_after[1] = Some(id(2));
    at(only(&check(&snapshot, wrong), "leader"), 2, "orders-0", 0);
}

#[test]
fn racks_are_never_worse_than_before() {
    at(only(&lists(&[12, 2, 3], &[2, 3, 14]), "racks"), 1, "orders-0", 0);
    let snapshot = one_rack("");
    let mut plan = one_wave(&snapshot, &[12, 2, 3], &[2, 3, 14]);
    plan.request.rack_policy = RackPolicy::Ignore;
    assert!(check(&snapshot, plan).is_ok());
}

#[test]
fn as_many_racks_but_a_fuller_one_is_worse() {
    let brokers: &[(i32, &str, &str)] =
        &[(1, "b", ""), (2, "a", ""), (3, "b", ""), (4, "a", ""), (11, "a", ""), (12, "b", "")];
    let snapshot = cluster(brokers, &[("t", 0, &[1, 2, 3, 4], 1, "")]);
    let plan = |to: i32| bare(&snapshot, request("1", "11,12"), &[(Stage::Data, &[("t", 0, &[to, 2, 3, 4], &[])])]);
    assert!(check(&snapshot, plan(12)).is_ok());
    at(only(&check(&snapshot, plan(11)), "racks"), 1, "t-0", 0);
}

#[test]
fn strict_asks_for_as_many_racks_as_stay() {
    let brokers: &[(i32, &str, &str)] = &[(1, "a", ""), (2, "a", ""), (11, "a", ""), (12, "b", "")];
    let snapshot = cluster(brokers, &[("t", 0, &[1, 2], 1, "")]);
    let plan = |to: i32| {
        let mut plan = bare(&snapshot, request("1", "11,12"), &[(Stage::Data, &[("t", 0, &[to, 2], &[])])]);
        plan.request.rack_policy = RackPolicy::Strict;
        check(&snapshot, plan)
    };
    assert!(plan(12).is_ok());
    at(only(&plan(11), "racks"), 1, "t-0", 0);
}

#[test]
fn without_racks_or_with_unknown_ones_each_broker_is_its_own() {
    let brokers: &[(i32, &str, &str)] = &[(1, "", ""), (2, "", ""), (11, "", "")];
    let snapshot = cluster(brokers, &[("t", 0, &[1, 2], 1, "")]);
    let plan = bare(&snapshot, request("1", "11"), &[(Stage::Data, &[("t", 0, &[11, 2], &[])])]);
    assert!(check(&snapshot, plan).is_ok());
}

/// Two partitions in a ring: what each broker receives stands beside what it still holds.
fn ring(limit: u64, used: u64) -> check::Report {
    let dirs = format!(r#","log_dirs":[{{"path":"/d","capacity_bytes":{limit},"used_bytes":{used}}}]"#);
    let brokers: &[(i32, &str, &str)] = &[(1, "", ""), (2, "", ""), (11, "", &dirs)];
    let snapshot = cluster(brokers, &[("t", 0, &[1, 2], 100, ""), ("t", 1, &[1, 2], 100, "")]);
    let waves: &[(Stage, &[To])] =
        &[(Stage::Data, &[("t", 0, &[11, 2], &[])]), (Stage::Data, &[("t", 1, &[11, 2], &[])])];
    check(&snapshot, bare(&snapshot, request("1", "11"), waves))
}

#[test]
fn a_wave_never_fills_a_log_dir_past_the_limit() {
    // 300 GB used and 2 × 100 GB copied: equal to the limit is allowed, a byte less is not.
    let capacity = |limit: u64| (limit * 100).div_ceil(85);
    assert!(ring(capacity(500 * GB), 300 * GB).is_ok());
    at(only(&ring(capacity(500 * GB) - 2, 300 * GB), "disk-limit"), 2, "", 11);
    at(only(&ring(capacity(350 * GB), 300 * GB), "disk-limit"), 1, "", 11);
}

#[test]
fn sources_free_their_space_only_after_their_wave() {
    // Broker 2 gives away 60 GB of the 70 that it may hold, and receives 60 GB.
    let small = r#","log_dirs":[{"path":"/d","capacity_bytes":100000000000}]"#;
    let brokers: &[(i32, &str, &str)] = &[(1, "", ""), (2, "", small), (3, "", "")];
    let snapshot = cluster(brokers, &[("t", 0, &[1], 60, ""), ("t", 1, &[2], 60, "")]);
    let mut plan = bare(&snapshot, request("1", "2"), &[(Stage::Data, &[("t", 0, &[2], &[])])]);
    plan.request.onto = Some(ids("2,3"));
    at(only(&check(&snapshot, plan), "disk-limit"), 1, "", 2);
}

#[test]
fn growth_counts_when_asked_for() {
    let dirs = r#","log_dirs":[{"path":"/d","capacity_bytes":200000000000}]"#;
    let brokers: &[(i32, &str, &str)] = &[(1, "", ""), (2, "", ""), (11, "", dirs)];
    // 150 GB at 50 − 2·5 MB/s: 3750 s, in which 5 MB/s grow to 18.75 GB: 168.75 GB of 170 GB. At 6 MB/s: 173.7 GB.
    for (rate, fits) in [("5000000.0", true), ("6000000.0", false)] {
        let more = format!(r#","bytes_in_per_sec":{rate}"#);
        let snapshot = cluster(brokers, &[("t", 0, &[1, 2], 150, &more)]);
        let mut plan = bare(&snapshot, request("1", "11"), &[(Stage::Data, &[("t", 0, &[11, 2], &[])])]);
        assert!(check(&snapshot, plan.clone()).is_ok());
        plan.request.growth = true;
        let report = check(&snapshot, plan);
        assert_eq!(report.is_ok(), fits, "{report}");
    }
}

#[test]
fn an_unknown_capacity_needs_ignore_disk() {
    for dirs in [r#","log_dirs":[{"path":"/d"}]"#, r#","log_dirs":[]"#] {
        let snapshot = one_rack(dirs);
        let mut plan = good(&snapshot);
        at(only(&check(&snapshot, plan.clone()), "disk-limit"), 1, "", 11);
        plan.request.ignore_disk = true;
        assert!(check(&snapshot, plan).is_ok());
    }
}

#[test]
fn new_replicas_name_a_log_dir_where_there_are_several() {
    let dirs = r#","log_dirs":[{"path":"/a","capacity_bytes":1000000000000},{"path":"/b","capacity_bytes":1000000000000},
        {"path":"/off","capacity_bytes":1,"state":"offline"}]"#;
    let snapshot = one_rack(dirs);
    let report = |dirs: &[&str]| {
        let moves: &[To] = &[("orders", 0, &[11, 2, 3], dirs), ("orders", 1, &[2, 3, 14], &[])];
        check(&snapshot, bare(&snapshot, request("1", "11,12,14"), &[(Stage::Data, moves)]))
    };
    assert!(report(&["/a", "any", "any"]).is_ok());
    for dirs in [&["any", "any", "any"][..], &[], &["/c", "any", "any"]] {
        at(only(&report(dirs), "log-dirs"), 1, "orders-0", 11);
    }
    let offline = report(&["/off", "any", "any"]);
    assert!(offline.violations.iter().any(|violation| violation.rule == "log-dirs"), "{offline}");
    at(only(&report(&["/a", "/elsewhere", "any"]), "log-dirs"), 1, "orders-0", 2);
}

#[test]
fn a_log_dir_fills_by_itself() {
    let dirs =
        r#","log_dirs":[{"path":"/a","capacity_bytes":1000000000000},{"path":"/b","capacity_bytes":100000000000}]"#;
    let snapshot = one_rack(dirs);
    let moves: &[To] = &[("orders", 0, &[11, 2, 3], &["/b", "any", "any"]), ("orders", 1, &[2, 3, 14], &[])];
    let report = check(&snapshot, bare(&snapshot, request("1", "11,12,14"), &[(Stage::Data, moves)]));
    let violation = only(&report, "disk-limit");
    at(violation, 1, "", 11);
    assert!(violation.message.contains("`/b`"));
}

#[test]
fn a_rollback_restores_log_dirs() {
    let dirs =
        r#","log_dirs":[{"path":"/a","capacity_bytes":1000000000000},{"path":"/b","capacity_bytes":1000000000000}]"#;
    let brokers: &[(i32, &str, &str)] = &[(1, "", dirs), (2, "", ""), (11, "", "")];
    let snapshot = cluster(brokers, &[("t", 0, &[1, 2], 1, r#","log_dirs":["/b","/d"]"#)]);
    let mut plan = bare(&snapshot, request("1", "11"), &[(Stage::Data, &[("t", 0, &[11, 2], &[])])]);
    at(only(&check(&snapshot, plan.clone()), "previous"), 1, "t-0", 0);
    plan.moves.dir_names = vec!["/a".into(), "/b".into()];
    for (number, is_right) in [(0, false), (1, true)] {
        plan.moves.previous_dir = std::iter::once([number, crate::plan::ANY_DIR]).collect::<Csr<u32>>();
        assert_eq!(check(&snapshot, plan.clone()).is_ok(), is_right);
    }
}

#[test]
fn waves_are_no_larger_than_asked_for() {
    let snapshot = one_rack("");
    let mut plan = good(&snapshot);
    plan.request.max_moves = 1;
    at(only(&check(&snapshot, plan), "max-moves"), 1, "", 0);
    let mut plan = one_wave(&snapshot, &[11, 2, 3], &[2, 3, 11]);
    plan.request.max_moves_per_broker = Some(1);
    at(only(&check(&snapshot, plan), "max-moves-per-broker"), 1, "", 11);
    // Each broker receives one now; broker 1 leads one, broker 2 the other.
    let mut plan = good(&snapshot);
    plan.request.max_moves_per_broker = Some(1);
    assert!(check(&snapshot, plan.clone()).is_ok());
    let mut led = snapshot;
    led.partitions.leader[0] = Some(id(2));
    plan = good(&led);
    plan.moves.leader_after[0] = Some(id(2));
    plan.request.max_moves_per_broker = Some(1);
    at(only(&check(&led, plan), "max-moves-per-broker"), 1, "", 2);
}

#[test]
fn a_partition_that_alone_takes_longer_sets_the_length_of_its_wave() {
    let snapshot = one_rack("");
    // 100 GB at 50 MB/s: 2000 s to each of two brokers, from two leaders.
    let mut plan = good(&snapshot);
    plan.request.max_wave_duration = Seconds::new(60.0);
    assert!(check(&snapshot, plan).is_ok());
    // Both to one broker: 4000 s.
    let mut plan = one_wave(&snapshot, &[11, 2, 3], &[2, 3, 11]);
    plan.request.max_wave_duration = Seconds::new(3999.0);
    at(only(&check(&snapshot, plan.clone()), "max-wave-duration"), 1, "", 0);
    plan.request.max_wave_duration = Seconds::new(4000.0);
    assert!(check(&snapshot, plan).is_ok());
}

#[test]
fn stages_run_in_order_and_hold_their_own() {
    let snapshot = three_racks();
    let orders: &[To] =
        &[("orders", 0, &[11, 12, 13], &[]), ("orders", 1, &[12, 13, 11], &[]), ("orders", 2, &[13, 11, 12], &[])];
    let offsets: &[To] = &[("__consumer_offsets", 0, &[11, 12, 13], &[])];
    let report = |waves: &[(Stage, &[To])]| check(&snapshot, bare(&snapshot, request("1-3", "11-13"), waves));
    assert!(report(&[(Stage::Data, orders), (Stage::Internal, offsets)]).is_ok());
    at(only(&report(&[(Stage::Internal, offsets), (Stage::Data, orders)]), "stage"), 2, "", 0);
    at(only(&report(&[(Stage::Data, orders), (Stage::Data, offsets)]), "stage"), 2, "__consumer_offsets-0", 0);
    let mut short = three_racks();
    short.partitions.isr = (0..4).map(|row| if row == 2 { vec![id(2)] } else { [1, 2, 3].map(id).to_vec() }).collect();
    let report =
        check(&short, bare(&short, request("1-3", "11-13"), &[(Stage::Data, orders), (Stage::Internal, offsets)]));
    at(only(&report, "stage"), 1, "orders-1", 0);
}

#[test]
fn as_many_canaries_go_ahead_as_asked_for() {
    let snapshot = one_rack("");
    let waves: &[(Stage, &[To])] =
        &[(Stage::Canary, &[("orders", 0, &[11, 2, 3], &[])]), (Stage::Data, &[("orders", 1, &[2, 3, 14], &[])])];
    let report = |canary: u32| {
        let mut plan = bare(&snapshot, request("1", "11,12,14"), waves);
        plan.request.canary = canary;
        check(&snapshot, plan)
    };
    assert!(report(1).is_ok());
    at(only(&report(0), "canary"), 1, "", 0);
    at(only(&report(2), "canary"), 1, "", 0);
}

#[test]
fn rates_are_those_asked_for() {
    let snapshot = one_rack("");
    let mut plan = good(&snapshot);
    plan.waves[0].throttle.as_mut().unwrap().follower_bytes_per_sec = BytesPerSec::new(1);
    at(only(&check(&snapshot, plan), "throttle"), 1, "", 0);
    let mut plan = good(&snapshot);
    plan.waves[0].throttle = None;
    at(only(&check(&snapshot, plan), "throttle"), 1, "", 0);
}

#[test]
fn a_plan_with_nothing_to_do_passes() {
    let snapshot = one_rack("");
    let plan = bare(&snapshot, request("14", "11,12"), &[]);
    let report = check(&snapshot, plan);
    assert_eq!(report.to_string(), "ok: 0 waves, 0 moves: no violation");
    assert_eq!(snapshot.partitions.size[0], Some(Bytes::new(100 * GB)));
}
