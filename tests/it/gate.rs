//! Gates: each check is made to hold and to fail, on a small cluster of which everything is known; every wave of a plan
//! is let through when its time has come; true tool output is judged as before.

use std::collections::BTreeSet;

use kshift::base::ids::{BrokerId, IdSet};
use kshift::base::units::{BytesPerSec, Ratio};
use kshift::base::work::Work;
use kshift::gate::{self, Code, Move, Options, Report, Status};
use kshift::plan::Plan;
use kshift::request::Request;
use kshift::snapshot::{self, Snapshot};
use serde_json::{Value, json};

use crate::support::files::{empty_dir, put, repo, text};
use crate::support::progress::carried_out;
use crate::support::run::{golden, in_examples, kshift, kshift_with};

const OPTIONS: Options = Options { disk_limit: Ratio::new(0.85), strict: false };

/// Old brokers 1-3 and new ones 11-13 in the racks a, b, c; everything is known, and nothing is wrong.
fn well() -> Value {
    let config = json!({
        "auto.leader.rebalance.enable": "true", "broker.id.generation.enable": "false", "min.insync.replicas": "2",
        "inter.broker.protocol.version": "3.9-IV0", "num.io.threads": "8",
    });
    let broker = |id: i32, rack: &str, used: u64| {
        json!({"id": id, "rack": rack, "config": config,
               "log_dirs": [{"path": "/d", "capacity_bytes": 1_000_000_000_000_u64, "used_bytes": used}]})
    };
    let held = 14_000_000_000;
    let brokers = json!([
        broker(1, "a", held),
        broker(2, "b", held),
        broker(3, "c", held),
        broker(11, "a", 0),
        broker(12, "b", 0),
        broker(13, "c", 0),
    ]);
    let partition = |number: i32| json!({"partition": number, "replicas": [1, 2, 3], "size_bytes": 1_000_000_000});
    let topic = |name: &str, count: i32| {
        json!({"name": name, "config": {"min.insync.replicas": "2"},
               "partitions": (0..count).map(partition).collect::<Vec<_>>()})
    };
    json!({
        "kind": "kshift.cluster", "version": 1, "cluster_id": "abc", "kafka_version": "3.9.2", "mode": "zookeeper",
        "brokers": brokers,
        "topics": [topic("__consumer_offsets", 2), topic("__transaction_state", 2), topic("t", 10)],
    })
}

fn read(cluster: &Value) -> Snapshot {
    snapshot::read_bytes(cluster.to_string().as_bytes(), "c.json").unwrap_or_else(|error| panic!("{error}"))
}

fn ids(text: &str) -> IdSet {
    IdSet::parse(text).unwrap()
}

/// A plan of several waves off the brokers 1-3.
fn plan_of(snapshot: &Snapshot) -> Plan {
    let request = Request {
        drain: ids("1-3"),
        onto: Some(ids("11-13")),
        throttle: Some(BytesPerSec::new(50_000_000)),
        max_moves: 4,
        canary: 1,
        ..Request::default()
    };
    kshift::plan(snapshot, &request, &Work::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// Which gate is asked.
#[derive(Clone, Copy)]
enum Gate {
    /// `--drain 1-3 --onto 11-13`.
    Drain,
    /// With the plan of the cluster when it was well.
    Planned,
    Wave(u32),
    /// Of the empty brokers 11-13: as if these were to go.
    Decommission,
    Kraft,
}

fn report(gate: Gate, cluster: &Value) -> Report {
    let now = read(cluster);
    let plan = plan_of(&read(&well()));
    match gate {
        Gate::Drain => {
            let what = Move { drain: ids("1-3"), onto: Some(ids("11-13")), plan: None };
            gate::preflight(&now, &what, OPTIONS).unwrap()
        }
        Gate::Planned => gate::preflight(&now, &Move { plan: Some(&plan), ..Move::default() }, OPTIONS).unwrap(),
        Gate::Wave(number) => gate::wave(&now, &plan, number, OPTIONS).unwrap(),
        Gate::Decommission => gate::decommission(&now, &ids("11-13"), OPTIONS).unwrap(),
        Gate::Kraft => gate::kraft(&now, &ids("11-13"), OPTIONS).unwrap(),
    }
}

/// A check, its status on the cluster that is well, a change, and its status after it.
type Row = (Gate, Code, Status, fn(&mut Value), Status);

/// The partition `t-0`.
fn t0(cluster: &mut Value) -> &mut Value {
    &mut cluster["topics"][2]["partitions"][0]
}

fn every_config(cluster: &mut Value, key: &str, value: &Value) {
    for broker in cluster["brokers"].as_array_mut().unwrap() {
        match value {
            Value::Null => drop(broker["config"].as_object_mut().unwrap().remove(key)),
            value => broker["config"][key] = value.clone(),
        }
    }
}

#[rustfmt::skip]
fn rows() -> Vec<Row> {
    use Code::*;
    use Gate::{Decommission, Drain, Kraft, Planned, Wave};
    use Status::{Fail, Note, Pass, Unknown, Warn};
    vec![
        (Planned, ClusterIdentity, Pass, |c| c["cluster_id"] = json!("xyz"), Fail),
        (Wave(1), ClusterIdentity, Pass, |c| { c["cluster_id"] = Value::Null; t0(c)["replicas"] = json!([3, 2, 1]); }, Unknown),
        (Planned, Drift, Pass, |c| t0(c)["replicas"] = json!([3, 2, 1]), Fail),
        (Wave(2), EarlierWaves, Fail, |_| (), Fail),
        (Wave(1), EarlierWaves, Pass, |_| (), Pass),
        (Wave(1), NewPartitions, Pass, |c| {
            c["topics"].as_array_mut().unwrap().push(json!({"name": "u", "partitions": [{"partition": 0, "replicas": [2]}]}));
        }, Warn),
        (Drain, Reassigning, Pass, |c| { t0(c)["adding"] = json!([1]); t0(c)["removing"] = json!([3]); }, Fail),
        (Decommission, Reassigning, Pass, |c| t0(c)["removing"] = json!([3]), Warn),
        (Drain, OfflinePartitions, Pass, |c| t0(c)["leader"] = Value::Null, Fail),
        (Drain, OfflinePartitions, Pass, |c| { t0(c)["isr"] = json!([]); }, Fail),
        (Drain, UnderMinIsr, Pass, |c| t0(c)["isr"] = json!([1]), Fail),
        (Drain, ShortIsr, Pass, |c| t0(c)["isr"] = json!([1, 2]), Warn),
        (Kraft, ShortIsr, Pass, |c| t0(c)["isr"] = json!([1, 2]), Fail),
        (Drain, MinIsr, Pass, |c| c["topics"][2]["config"] = json!({"min.insync.replicas": "3"}), Warn),
        (Drain, MinIsr, Pass, |c| { c["topics"][2]["config"] = json!({}); every_config(c, "min.insync.replicas", &Value::Null); }, Unknown),
        (Drain, SingleReplica, Pass, |c| t0(c)["replicas"] = json!([1]), Warn),
        (Drain, BrokerState, Pass, |c| c["brokers"][0]["state"] = json!("dead"), Note),
        (Kraft, BrokerState, Pass, |c| c["brokers"][0]["state"] = json!("dead"), Warn),
        (Drain, TargetState, Pass, |c| c["brokers"][5]["state"] = json!("fenced"), Fail),
        (Drain, TargetState, Pass, |c| c["brokers"][5]["log_dirs"][0]["state"] = json!("offline"), Fail),
        (Wave(1), TargetState, Pass, |c| { for at in 3..6 { c["brokers"][at]["state"] = json!("cordoned"); } }, Fail),
        (Drain, TooFewTargets, Pass, |c| c["brokers"][5]["state"] = json!("dead"), Fail),
        (Drain, RackNames, Pass, |c| { for at in 3..6 { c["brokers"][at]["rack"] = json!(format!("use1-az{at}")); } }, Fail),
        (Drain, RackNames, Pass, |c| c["brokers"][5]["rack"] = json!("b"), Warn),
        (Kraft, References, Pass, |c| t0(c)["replicas"] = json!([1, 2, 11]), Fail),
        (Drain, RackMissing, Pass, |c| c["brokers"][5]["rack"] = Value::Null, Fail),
        (Drain, RackMissing, Pass, |c| { for at in 0..6 { c["brokers"][at]["rack"] = Value::Null; } }, Note),
        (Drain, Version, Note, |c| c["kafka_version"] = Value::Null, Unknown),
        (Drain, Version, Note, |c| c["kafka_version"] = json!("4.1.0"), Pass),
        (Drain, Version, Note, |c| c["kafka_version"] = json!("2.3.1"), Fail),
        (Drain, MixedVersions, Unknown, |c| c["brokers"][0]["config"]["inter.broker.protocol.version"] = json!("3.8"), Warn),
        (Drain, DiskOffline, Pass, |c| c["brokers"][0]["log_dirs"][0]["state"] = json!("offline"), Warn),
        (Drain, DiskOffline, Pass, |c| c["brokers"][5]["log_dirs"][0]["state"] = json!("offline"), Fail),
        (Drain, DiskOverLimit, Pass, |c| c["brokers"][5]["log_dirs"][0]["used_bytes"] = json!(900_000_000_000_u64), Fail),
        (Drain, DiskOverLimit, Pass, |c| c["brokers"][0]["log_dirs"][0]["used_bytes"] = json!(900_000_000_000_u64), Warn),
        (Drain, DiskOverLimit, Pass, |c| c["brokers"][5]["log_dirs"] = json!([]), Unknown),
        (Drain, DiskRoom, Pass, |c| { for at in 3..6 { c["brokers"][at]["log_dirs"][0]["capacity_bytes"] = json!(10_000_000_000_u64); } }, Fail),
        (Drain, DiskRoom, Pass, |c| c["brokers"][5]["log_dirs"][0]["capacity_bytes"] = Value::Null, Unknown),
        (Drain, DiskRoom, Pass, |c| t0(c)["size_bytes"] = Value::Null, Unknown),
        (Planned, DiskRoom, Pass, |c| t0(c)["size_bytes"] = json!(900_000_000_000_u64), Fail),
        (Wave(1), DiskRoom, Pass, |c| { for at in 0..10 { c["topics"][2]["partitions"][at]["size_bytes"] = json!(900_000_000_000_u64); } }, Fail),
        (Wave(1), DiskRoom, Pass, |c| { for at in 3..6 { c["brokers"][at]["log_dirs"][0]["capacity_bytes"] = Value::Null; } }, Unknown),
        (Drain, ThrottleLeftover, Pass, |c| c["brokers"][0]["config"]["leader.replication.throttled.rate"] = json!("5"), Warn),
        (Kraft, ThrottleLeftover, Pass, |c| c["topics"][2]["config"]["follower.replication.throttled.replicas"] = json!("*"), Fail),
        (Drain, ThrottleLeftover, Pass, |c| { for at in 0..6 { c["brokers"][at]["config"] = json!({}); } }, Unknown),
        (Drain, InternalTopics, Note, |c| c["topics"] = json!([c["topics"][2].clone()]), Unknown),
        (Drain, InternalTopics, Note, |c| c["topics"][0]["partitions"][0]["replicas"] = json!([1, 2]), Warn),
        (Decommission, InternalTopics, Pass, |c| c["topics"][0]["partitions"][0]["replicas"] = json!([1, 2, 11]), Note),
        (Drain, PreferredLeaders, Pass, |c| t0(c)["leader"] = json!(2), Note),
        (Wave(1), PreferredLeaders, Pass, |c| t0(c)["leader"] = json!(2), Warn),
        (Drain, AutoLeaderRebalance, Note, |c| every_config(c, "auto.leader.rebalance.enable", &Value::Null), Unknown),
        (Drain, AutoLeaderRebalance, Note, |c| every_config(c, "auto.leader.rebalance.enable", &json!("false")), Note),
        (Decommission, References, Pass, |c| t0(c)["replicas"] = json!([1, 2, 11]), Fail),
        (Decommission, References, Pass, |c| {
            t0(c)["replicas"] = json!([1, 2, 3, 11]);
            t0(c)["isr"] = json!([1, 2, 3]);
            t0(c)["adding"] = json!([11]);
        }, Fail),
        (Decommission, ThrottleReferences, Pass, |c| c["brokers"][3]["config"]["follower.replication.throttled.rate"] = json!("5"), Fail),
        (Decommission, ThrottleReferences, Pass, |c| c["topics"][2]["config"]["leader.replication.throttled.replicas"] = json!("0:1,0:12"), Fail),
        (Decommission, ThrottleReferences, Pass, |c| c["topics"][2]["config"]["leader.replication.throttled.replicas"] = json!("11:1,12:2"), Pass),
        (Decommission, LogDirsEmpty, Pass, |c| c["brokers"][4]["log_dirs"][0]["used_bytes"] = json!(7), Fail),
        (Decommission, LogDirsEmpty, Pass, |c| c["brokers"][4]["log_dirs"] = json!([]), Unknown),
        (Decommission, ControllerRole, Note, |c| c["mode"] = json!("kraft"), Unknown),
        (Decommission, Registration, Note, |c| { let all = c["brokers"].as_array_mut().unwrap(); all.truncate(3); }, Pass),
        (Decommission, Clients, Unknown, |_| (), Unknown),
        (Kraft, KraftMode, Pass, |c| c["mode"] = json!("kraft"), Note),
        (Kraft, KraftMode, Pass, |c| c["mode"] = Value::Null, Unknown),
        (Kraft, KraftVersion, Pass, |c| c["kafka_version"] = json!("3.5.1"), Fail),
        (Kraft, KraftVersion, Pass, |c| c["kafka_version"] = json!("3.3.2"), Fail),
        (Kraft, KraftVersion, Pass, |c| c["kafka_version"] = json!("3.7.0"), Warn),
        (Kraft, KraftVersion, Pass, |c| c["kafka_version"] = json!("4.0.0"), Fail),
        (Kraft, KraftVersion, Pass, |c| c["kafka_version"] = Value::Null, Unknown),
        (Kraft, InterBrokerProtocol, Pass, |c| c["brokers"][0]["config"]["inter.broker.protocol.version"] = json!("3.8"), Fail),
        (Kraft, InterBrokerProtocol, Pass, |c| every_config(c, "inter.broker.protocol.version", &json!("3.3")), Fail),
        (Kraft, InterBrokerProtocol, Pass, |c| every_config(c, "inter.broker.protocol.version", &json!("3.6-IV2")), Warn),
        (Kraft, InterBrokerProtocol, Pass, |c| every_config(c, "inter.broker.protocol.version", &Value::Null), Unknown),
        (Kraft, InterBrokerProtocol, Pass, |c| drop(c["brokers"][0]["config"].as_object_mut().unwrap().remove("inter.broker.protocol.version")), Unknown),
        (Kraft, Jbod, Pass, |c| c["brokers"][0]["log_dirs"].as_array_mut().unwrap().push(json!({"path": "/e"})), Note),
        (Kraft, Jbod, Pass, |c| {
            c["brokers"][0]["log_dirs"].as_array_mut().unwrap().push(json!({"path": "/e"}));
            c["kafka_version"] = json!("3.6.2");
        }, Fail),
        (Kraft, Jbod, Pass, |c| c["brokers"][0]["log_dirs"] = json!([]), Unknown),
        (Kraft, BrokerIds, Pass, |c| {
            c["brokers"].as_array_mut().unwrap().push(json!({"id": 1001, "rack": "a", "config": {"broker.id.generation.enable": "true"}}));
        }, Warn),
        (Kraft, BrokerIds, Pass, |c| c["brokers"].as_array_mut().unwrap().push(json!({"id": 1001, "rack": "a"})), Unknown),
        (Kraft, BrokerIds, Pass, |c| {
            c["brokers"].as_array_mut().unwrap().push(json!({"id": 1001, "rack": "a", "config": {"reserved.broker.max.id": "2000"}}));
        }, Pass),
        (Kraft, UnregisteredBrokers, Pass, |c| c["brokers"][0]["state"] = json!("dead"), Fail),
        (Kraft, UnregisteredBrokers, Pass, |c| c["brokers"][5]["state"] = json!("dead"), Pass),
        (Kraft, KraftConfigs, Unknown, |c| c["brokers"][0]["config"]["control.plane.listener.name"] = json!("C"), Warn),
        (Kraft, ClusterId, Pass, |c| c["cluster_id"] = Value::Null, Unknown),
        (Kraft, Quorum, Unknown, |_| (), Unknown),
        (Kraft, Security, Unknown, |_| (), Unknown),
        (Kraft, Clients, Unknown, |_| (), Unknown),
    ]
}

/// Checks that have tests of their own below.
const ELSEWHERE: [Code; 2] = [Code::WaveDone, Code::SnapshotGaps];

#[test]
fn every_check_holds_where_all_is_well_and_says_so_where_it_is_not() {
    for (number, (gate, code, before, change, after)) in rows().into_iter().enumerate() {
        let status = |cluster: &Value| {
            let report = report(gate, cluster);
            let check = report.get(code).unwrap_or_else(|| panic!("row {number}: no {code}\n{report}")).clone();
            assert_eq!(check.fix.is_empty(), check.status == Status::Pass, "row {number}: {check}");
            assert_eq!(report.ok, report.counts.fail == 0, "row {number}: {report}");
            (check.status, check)
        };
        let (found, check) = status(&well());
        assert_eq!(found, before, "row {number}, before: {check}");
        let mut changed = well();
        change(&mut changed);
        let (found, check) = status(&changed);
        assert_eq!(found, after, "row {number}, after: {check}");
    }
}

#[test]
fn every_check_has_a_test_and_a_section_and_no_section_is_of_another() {
    let tested: BTreeSet<Code> = rows().iter().map(|row| row.1).chain(ELSEWHERE).collect();
    let all: BTreeSet<Code> = Code::ALL.iter().copied().collect();
    assert_eq!(tested, all);
    let page = text(&repo("docs/gates.md"));
    let sections: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`')).collect();
    let codes: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(sections.iter().copied().collect::<BTreeSet<_>>(), codes);
    assert_eq!(sections.len(), codes.len(), "a section stands twice");
    for section in page.split("### `").skip(1) {
        assert!(section.contains("Why it matters: ") && section.contains("To mend: "), "{section}");
    }
}

#[test]
fn the_page_lists_the_checks_that_each_gate_makes() {
    let page = text(&repo("docs/gates.md"));
    let listed = |gate: &str| -> BTreeSet<String> {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{gate}` | "))).expect("a row for each gate");
        let of_gate = row.split('`').skip(3).step_by(2).map(str::to_owned);
        of_gate.filter(|word| !word.starts_with("--")).collect()
    };
    let made = |gates: &[Gate]| -> BTreeSet<String> {
        let reports = gates.iter().map(|&gate| report(gate, &well()));
        reports.flat_map(|report| report.checks).map(|check| check.code.to_string()).collect()
    };
    assert_eq!(listed("preflight"), made(&[Gate::Drain, Gate::Planned]));
    assert_eq!(listed("wave"), made(&[Gate::Wave(1)]));
    assert_eq!(listed("decommission"), made(&[Gate::Decommission]));
    assert_eq!(listed("kraft"), made(&[Gate::Kraft]));
}

#[test]
fn every_wave_is_let_through_when_its_time_has_come_and_not_before() {
    let snapshot = read(&well());
    let plan = plan_of(&snapshot);
    let waves = plan.waves.len();
    assert!(waves >= 4, "{waves} waves");
    for done in 0..=waves {
        let now = carried_out(&snapshot, &plan, done);
        for number in 1..=waves {
            let report = gate::wave(&now, &plan, number as u32, OPTIONS).unwrap();
            let status = |code| report.get(code).unwrap().status;
            assert_eq!(report.ok, number <= done + 1, "{done} done, wave {number}\n{report}");
            if number == done + 1 {
                assert_eq!(report.counts.warn, 0, "{report}");
                assert_eq!(status(Code::WaveDone), Status::Pass, "{report}");
            } else if number == done {
                assert_eq!(status(Code::WaveDone), Status::Note, "{report}");
            } else if number > done + 1 {
                assert_eq!(status(Code::EarlierWaves), Status::Fail, "{report}");
            }
        }
    }
}

#[test]
fn brokers_may_be_switched_off_when_the_whole_plan_is_done_and_not_a_wave_earlier() {
    let snapshot = read(&well());
    let plan = plan_of(&snapshot);
    for done in 0..=plan.waves.len() {
        let now = carried_out(&snapshot, &plan, done);
        let report = gate::decommission(&now, &ids("1-3"), OPTIONS).unwrap();
        let is_over = done == plan.waves.len();
        assert_eq!(report.ok, is_over, "{done} waves\n{report}");
        let references = report.get(Code::References).unwrap();
        if done == 0 {
            assert_eq!(references.partitions.len(), 14);
            assert_eq!(references.brokers, [1, 2, 3].map(BrokerId::new));
            assert_eq!(references.evidence[0], "broker 1: in 14 lists, leader of 14, in 14 ISRs");
        }
    }
}

#[test]
fn what_is_not_known_never_passes_and_keeps_a_strict_gate_closed() {
    let mut cluster = well();
    cluster["kafka_version"] = Value::Null;
    let lax = report(Gate::Kraft, &cluster);
    assert!(lax.ok && lax.counts.unknown >= 4, "{lax}");
    let shown = lax.to_string();
    assert!(shown.contains("unknown[kraft-version]: ") && shown.contains("\nfind out: "), "{shown}");
    let last = shown.lines().last().unwrap();
    assert!(last.starts_with("gate kraft: pass: ") && last.contains(" not known, of "), "{last}");
    let passed = shown.lines().find(|line| line.starts_with("pass: ")).unwrap();
    assert!(!passed.contains("kraft-version"), "{passed}");
    let strict = gate::kraft(&read(&cluster), &IdSet::default(), Options { strict: true, ..OPTIONS }).unwrap();
    assert!(!strict.ok && strict.counts.fail == 0, "{strict}");
    assert!(strict.to_string().contains("gate kraft: fail (--strict): "), "{strict}");
}

#[test]
fn a_gap_of_the_source_is_not_known_either() {
    // True tool output has no capacities.
    let answer = in_examples("gate preflight kafka-4.3.1 --drain 1001-1003 --onto 0-2 --json");
    let found: Value = serde_json::from_str(&answer.stdout).unwrap();
    let gaps = found["checks"].as_array().unwrap().iter().find(|check| check["code"] == "snapshot-gaps").unwrap();
    assert_eq!((gaps["status"].as_str(), answer.exit), (Some("unknown"), 0), "{gaps}");
    assert_eq!(report(Gate::Drain, &well()).get(Code::SnapshotGaps).unwrap().status, Status::Pass);
}

#[test]
fn gates_answer_on_true_tool_output_as_before() {
    let dir = empty_dir("gate-golden");
    let plan = dir.join("plan");
    let plan = plan.to_str().unwrap();
    in_examples(&format!(
        "plan kafka-4.3.1 --drain 1001-1003 --onto 0-2 --throttle 50MB/s --capacity 10GB --out {plan}"
    ))
    .ok();
    for (name, exit, args) in [
        ("preflight", 0, "gate preflight kafka-4.3.1 --drain 1001-1003 --onto 0-2".to_owned()),
        ("preflight-plan", 0, format!("gate preflight kafka-4.3.1 {plan}")),
        ("wave", 0, format!("gate wave 1 kafka-4.3.1 {plan}")),
        ("wave-early", 1, format!("gate wave 2 kafka-4.3.1 {plan}")),
        ("decommission", 1, format!("gate decommission kafka-4.3.1 {plan}")),
    ] {
        let answer = in_examples(&args);
        assert_eq!(answer.exit, exit, "{args}\n{}{}", answer.stdout, answer.stderr);
        golden(&format!("gate-{name}.txt"), &answer.stdout);
    }
    golden("gate-wave.json", &in_examples(&format!("gate wave 1 kafka-4.3.1 {plan} --json")).ok().stdout);
    let fixtures = repo("tests/fixtures");
    let answer = kshift("gate kraft kafka-3.9.2-zk/snapshot").in_dir(&fixtures).run().ok();
    golden("gate-kraft.txt", &answer.stdout);
}

#[test]
fn settings_of_the_brokers_files_are_read_from_a_full_description() {
    let dir = empty_dir("gate-configs");
    let from = repo("tests/fixtures/kafka-3.9.2-zk");
    for name in ["broker-api-versions.txt", "log-dirs-describe.txt", "topics-describe.txt"] {
        put(&dir.join(name), text(&from.join("snapshot").join(name)));
    }
    let status = || {
        let answer = kshift("gate preflight . --json").in_dir(&dir).run().ok();
        let found: Value = serde_json::from_str(&answer.stdout).unwrap();
        let of = |code: &str| {
            found["checks"].as_array().unwrap().iter().find(|check| check["code"] == code).unwrap().clone()
        };
        of("auto-leader-rebalance")["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(status(), "unknown");
    let name = "configs-describe-broker-1001-all.txt";
    put(&dir.join(name), text(&from.join(name)));
    assert_eq!(status(), "note");
}

#[test]
fn racks_may_be_mapped_for_a_gate() {
    let dir = empty_dir("gate-racks");
    let mut cluster = well();
    for at in 3..6 {
        cluster["brokers"][at]["rack"] = json!(format!("use1-az{at}"));
    }
    put(&dir.join("c.json"), cluster.to_string());
    let gate = "gate preflight c.json --drain 1-3 --onto 11-13";
    let answer = kshift(gate).in_dir(&dir).run();
    assert_eq!(answer.exit, 1, "{}", answer.stdout);
    assert!(
        answer.stdout.contains("fail[rack-names]: racks of drained brokers have no target broker"),
        "{}",
        answer.stdout
    );
    put(&dir.join("racks.json"), r#"{"use1-az3":"a","use1-az4":"b","use1-az5":"c"}"#);
    kshift(&format!("{gate} --racks racks.json")).in_dir(&dir).run().ok();
}

#[test]
fn what_cannot_be_asked_of_a_gate_is_refused_with_help() {
    let dir = empty_dir("gate-refused");
    put(&dir.join("c.json"), well().to_string());
    let run = |args: &str| kshift(args).in_dir(&dir).run();
    run("plan c.json --drain 1-3 --onto 11-13 --throttle 50MB/s --out plan -q").ok();
    run("gate").refused(2, "usage").says("no gate; expected one of `preflight`, `wave`");
    run("gate weve 1 c.json plan").refused(2, "usage").says("`weve`");
    run("gate wave 99 c.json plan").refused(2, "invalid-value").says("the plan has no wave 99; it has waves 1 to");
    run("gate wave 0 c.json plan").refused(2, "invalid-value").says("from 1");
    run("gate wave 1 plan c.json").refused(2, "wrong-kind").says("expected a plan");
    run("gate wave 1 c.json").refused(2, "usage").says("<PLAN>");
    run("gate decommission c.json").refused(2, "usage").says("or name a plan").says("--brokers");
    run("gate decommission c.json plan --brokers 1").refused(2, "usage").says("exclude each other");
    run("gate decommission c.json --brokers 1-3,11-13").refused(2, "usage").says("every broker of the cluster");
    run("gate preflight c.json --drain 1-4").refused(2, "unknown-broker").says("--drain names broker 4");
    run("gate preflight c.json --drain 1-3 --onto 3").refused(2, "overlap").says("broker 3");
    run("gate preflight c.json --onto 3").refused(2, "usage").says("--onto needs --drain");
    run("gate preflight c.json plan --drain 1").refused(2, "usage").says("exclude each other");
    run("gate kraft c.json --drained 99").refused(2, "unknown-broker").says("--drained names broker 99");
    run("gate wave 1 - -").refused(2, "usage").says("standard input");
    run("gate kraft c.json --stricd").refused(2, "usage").says("did you mean `--strict`?");
    put(&dir.join("r.json"), r#"{"version":1,"partitions":[]}"#);
    run("gate wave 1 c.json r.json").refused(2, "wrong-kind").says("`kshift check CLUSTER FILE`");
    let wide = kshift_with(["gate", "preflight", "c.json", "--json"]).in_dir(&dir).run().ok();
    let found: Value = serde_json::from_str(&wide.stdout).unwrap();
    assert_eq!((found["gate"].as_str(), found["ok"].as_bool()), (Some("preflight"), Some(true)), "{found}");
}

#[test]
fn what_true_brokers_said_in_trouble_is_seen() {
    for version in ["kafka-4.3.1-kraft", "kafka-3.9.2-zk"] {
        let dir = repo("tests/fixtures").join(version);
        for (file, gate, said) in [
            ("topics-describe-during.txt", "preflight -", "fail[reassigning]: "),
            ("topics-describe-under-min-isr.txt", "preflight -", "[under-min-isr]: "),
            ("topics-describe-under-min-isr.txt", "preflight -", "warn[short-isr]: "),
            ("topics-describe-unavailable.txt", "preflight -", "fail[offline-partitions]: "),
            ("topics-describe-dead-broker.txt", "kraft -", "fail[unregistered-brokers]: "),
            ("topics-describe-dead-broker.txt", "kraft -", "fail[short-isr]: "),
            ("topics-describe-after-cancel.txt", "decommission - --brokers 1003", "fail[references]: "),
        ] {
            let answer = kshift(&format!("gate {gate}")).input(text(&dir.join(file))).run();
            assert_eq!(answer.exit, 1, "{version} {file}: {}{}", answer.stdout, answer.stderr);
            assert!(answer.stdout.contains(said), "{version} {file} {said}: {}", answer.stdout);
        }
        let during = empty_dir(&format!("gate-throttled-{version}"));
        for name in ["topics-describe-during.txt", "configs-describe-brokers-throttled.txt"] {
            put(&during.join(name), text(&dir.join(name)));
        }
        let answer = kshift("gate decommission . --brokers 1001-1003").in_dir(&during).run();
        assert!(answer.stdout.contains("fail[throttle-references]: "), "{version}: {}{}", answer.stdout, answer.stderr);
        assert!(answer.stdout.contains("being removed in "), "{version}: {}", answer.stdout);
    }
}
