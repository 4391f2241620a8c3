//! The result of an optimization as Cruise Control's own classes write it: its keys and types as facts, the figures of log
//! dirs, of dead brokers and of cores, its statistics, and requests that only say what their endpoint knows.

use std::collections::BTreeSet;

use kshift::emit::cruise_control::{Options, Part, export};
use serde_json::{Value, json};

use crate::support::files::{cluster, empty_dir, put, text};
use crate::support::run::kshift;

const MIB: u64 = 1 << 20;

/// Three old brokers with two log dirs each and three new ones with one, in three racks; of topic `t` partitions of
/// 10, 20, 30 and 40 MiB, the last one led by its second replica.
fn document() -> Value {
    let broker = |id: i32, rack: &str, dirs: &[&str]| {
        let dirs: Vec<Value> =
            dirs.iter().map(|path| json!({"path": path, "capacity_bytes": 1000 * MIB, "used_bytes": 0})).collect();
        json!({"id": id, "host": format!("h{id}"), "rack": rack, "log_dirs": dirs, "num_cores": 8,
            "in_capacity_bytes_per_sec": 1024 * 1000, "out_capacity_bytes_per_sec": 1024 * 2000})
    };
    let mut brokers: Vec<Value> =
        [(1001, "a"), (1002, "b"), (1003, "c")].map(|(id, rack)| broker(id, rack, &["/d1", "/d2"])).into();
    brokers.extend([(1, "a"), (2, "b"), (3, "c")].map(|(id, rack)| broker(id, rack, &["/d"])));
    let partition = |number: usize| {
        let list: Vec<usize> = (0..3).map(|place| 1001 + (number + place) % 3).collect();
        let dir = ["/d1", "/d2"][number % 2];
        json!({"partition": number, "replicas": list, "leader": list[usize::from(number == 3)], "isr": list,
            "size_bytes": (number as u64 + 1) * 10 * MIB, "bytes_in_per_sec": 1024.0, "bytes_out_per_sec": 2048.0,
            "log_dirs": [dir, dir, dir]})
    };
    for broker in &mut brokers[..3] {
        broker["log_dirs"][0]["used_bytes"] = json!(40 * MIB);
        broker["log_dirs"][1]["used_bytes"] = json!(60 * MIB);
    }
    cluster(&brokers, &(0..4).map(partition).collect::<Vec<_>>())
}

/// The plan of a cluster and the file that is asked for.
fn exported(name: &str, document: &Value, options: &str, part: Part, with_cluster: bool) -> Value {
    let dir = empty_dir(&format!("cruise-control-result-{name}"));
    put(&dir.join("c.json"), document.to_string());
    kshift(&format!("plan c.json {options} --out p")).in_dir(&dir).run().ok();
    let snapshot = kshift::snapshot::open(&dir.join("c.json")).unwrap();
    let plan = kshift::plan::read(&text(&dir.join("p/plan.json")), "plan.json").unwrap();
    let only = Options { only: Some(part), ..Options::default() };
    let files = export(&plan, with_cluster.then_some(&snapshot), &only).unwrap();
    serde_json::from_slice(files.single().unwrap()).unwrap()
}

const DRAIN: &str = "--drain 1001-1003 --throttle 50MB/s";

fn result(name: &str, document: &Value) -> Value {
    exported(name, document, DRAIN, Part::Proposals, true)
}

fn broker<'a>(result: &'a Value, load: &str, id: i32) -> &'a Value {
    result[load]["brokers"].as_array().unwrap().iter().find(|broker| broker["Broker"] == json!(id)).unwrap()
}

const BEFORE: &str = "loadBeforeOptimization";
const AFTER: &str = "loadAfterOptimization";

/// Each path to a value with its type; log dirs are `*`.
fn shape(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let key = if path.ends_with("DiskState") { "*" } else { key };
                shape(value, &format!("{path}.{key}"), found);
            }
        }
        Value::Array(array) => array.iter().for_each(|value| shape(value, &format!("{path}[]"), found)),
        Value::Number(number) if number.is_f64() => drop(found.insert(format!("{path} double"))),
        Value::Number(_) => drop(found.insert(format!("{path} int"))),
        Value::String(_) => drop(found.insert(format!("{path} string"))),
        Value::Bool(_) | Value::Null => drop(found.insert(format!("{path} other"))),
    }
}

/// What Cruise Control's classes write, line by line; `LOAD`, `BASIC` and `FIGURES` stand for groups below.
const KEYS: &str = "
    .summary.numReplicaMovements int
    .summary.dataToMoveMB int
    .summary.numIntraBrokerReplicaMovements int
    .summary.intraBrokerDataToMoveMB int
    .summary.numLeaderMovements int
    .summary.recentWindows int
    .summary.monitoredPartitionsPercentage double
    .summary.excludedTopics[] string
    .summary.excludedBrokersForLeadership[] int
    .summary.excludedBrokersForReplicaMove[] int
    .summary.onDemandBalancednessScoreBefore double
    .summary.onDemandBalancednessScoreAfter double
    .summary.provisionStatus string
    .summary.provisionRecommendation string
    .goalSummary[].goal string
    .goalSummary[].status string
    .goalSummary[].optimizationTimeMs int
    .goalSummary[].clusterModelStats.metadata.brokers int
    .goalSummary[].clusterModelStats.metadata.replicas int
    .goalSummary[].clusterModelStats.metadata.topics int
    .goalSummary[].clusterModelStats.statistics.AVG.FIGURES double
    .goalSummary[].clusterModelStats.statistics.AVG.COUNTS double
    .goalSummary[].clusterModelStats.statistics.MAX.FIGURES double
    .goalSummary[].clusterModelStats.statistics.MAX.COUNTS int
    .goalSummary[].clusterModelStats.statistics.MIN.FIGURES double
    .goalSummary[].clusterModelStats.statistics.MIN.COUNTS int
    .goalSummary[].clusterModelStats.statistics.STD.FIGURES double
    .goalSummary[].clusterModelStats.statistics.STD.COUNTS double
    .proposals[].topicPartition.hash int
    .proposals[].topicPartition.partition int
    .proposals[].topicPartition.topic string
    .proposals[].oldLeader int
    .proposals[].oldReplicas[] int
    .proposals[].newReplicas[] int
    .LOAD.hosts[].Host string
    .LOAD.hosts[].Rack string
    .LOAD.hosts[].BASIC double
    .LOAD.hosts[].Replicas int
    .LOAD.hosts[].Leaders int
    .LOAD.brokers[].Host string
    .LOAD.brokers[].Rack string
    .LOAD.brokers[].Broker int
    .LOAD.brokers[].BrokerState string
    .LOAD.brokers[].BASIC double
    .LOAD.brokers[].Replicas int
    .LOAD.brokers[].Leaders int
    .LOAD.brokers[].DiskState.*.DiskMB double
    .LOAD.brokers[].DiskState.*.DiskPct double
    .LOAD.brokers[].DiskState.*.NumLeaderReplicas int
    .LOAD.brokers[].DiskState.*.NumReplicas int
    .version int
";

const GROUPS: [(&str, &[&str]); 4] = [
    ("LOAD", &[BEFORE, AFTER]),
    (
        "BASIC",
        &[
            "DiskMB",
            "DiskPct",
            "CpuPct",
            "LeaderNwInRate",
            "FollowerNwInRate",
            "NwOutRate",
            "PnwOutRate",
            "DiskCapacityMB",
            "NetworkInCapacity",
            "NetworkOutCapacity",
            "NumCore",
        ],
    ),
    ("FIGURES", &["cpu", "networkInbound", "networkOutbound", "disk", "potentialNwOut"]),
    ("COUNTS", &["replicas", "leaderReplicas", "topicReplicas"]),
];

#[test]
fn a_result_has_every_key_of_cruise_controls_classes_each_of_their_type_and_no_other() {
    let mut expected: Vec<String> = KEYS.split_terminator('\n').map(|line| line.trim().to_owned()).collect();
    expected.retain(|line| !line.is_empty());
    for (word, members) in GROUPS {
        let lines = expected.iter().flat_map(|line| {
            let count = if line.contains(word) { members.len() } else { 1 };
            members[..count].iter().map(move |member| line.replace(word, member))
        });
        expected = lines.collect();
    }
    let mut document = document();
    let mut other = document["topics"][0].clone();
    other["name"] = json!("left");
    document["topics"].as_array_mut().unwrap().push(other);
    for broker in &mut document["brokers"].as_array_mut().unwrap()[..3] {
        broker["log_dirs"][0]["used_bytes"] = json!(80 * MIB);
        broker["log_dirs"][1]["used_bytes"] = json!(120 * MIB);
    }
    let options = format!("{DRAIN} --exclude-topics lef.");
    let result = exported("keys", &document, &options, Part::Proposals, true);
    let mut found = BTreeSet::new();
    shape(&result, "", &mut found);
    assert_eq!(
        found.into_iter().collect::<Vec<_>>(),
        expected.into_iter().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    );
    assert_eq!(result["summary"]["excludedTopics"], json!(["left"]));
}

#[test]
fn log_dirs_have_what_lies_in_them_before_and_after() {
    let result = result("dirs", &document());
    let state = |load, id: i32| broker(&result, load, id)["DiskState"].clone();
    // 10 and 30 MiB lie in `/d1`, 20 and 40 in `/d2`, of 1000 each; 1002 leads partitions 1 and 3.
    assert_eq!(
        state(BEFORE, 1002),
        json!({"/d1": {"DiskMB": 40.0, "DiskPct": 4.0, "NumLeaderReplicas": 0, "NumReplicas": 2},
               "/d2": {"DiskMB": 60.0, "DiskPct": 6.0, "NumLeaderReplicas": 2, "NumReplicas": 2}})
    );
    assert_eq!(
        state(AFTER, 1002)["/d2"],
        json!({"DiskMB": 0.0, "DiskPct": 0.0, "NumLeaderReplicas": 0, "NumReplicas": 0})
    );
    for id in 1..=3 {
        let load = broker(&result, AFTER, id);
        assert_eq!((&load["DiskMB"], &load["DiskState"]["/d"]["DiskMB"]), (&json!(100.0), &json!(100.0)));
        let of_dir = |key: &str| &load["DiskState"]["/d"][key];
        assert_eq!((of_dir("NumReplicas"), of_dir("NumLeaderReplicas")), (&load["Replicas"], &load["Leaders"]));
        assert_eq!(load["DiskState"]["/d"]["DiskPct"], json!(10.0));
    }
}

#[test]
fn a_log_dir_that_cannot_be_told_is_left_out_and_one_that_is_offline_is_dead() {
    // Of one replica nobody knows where it lies: its broker is told as a whole, the others by log dir.
    let mut unknown = document();
    unknown["topics"][0]["partitions"][0]["log_dirs"][1] = Value::Null;
    let found = result("unknown-dir", &unknown);
    assert_eq!(broker(&found, BEFORE, 1002).get("DiskState"), None);
    assert_eq!(broker(&found, BEFORE, 1002)["DiskMB"], json!(100.0));
    assert!(broker(&found, BEFORE, 1001)["DiskState"].is_object() && broker(&found, AFTER, 2)["DiskState"].is_object());
    let mut no_capacity = document();
    no_capacity["brokers"][0]["log_dirs"][0].as_object_mut().unwrap().remove("capacity_bytes");
    let found = result("no-capacity", &no_capacity);
    assert_eq!(broker(&found, BEFORE, 1001).get("DiskState"), None);
    assert_eq!(broker(&found, BEFORE, 1001)["DiskPct"], json!(-1.0), "no share of what is not known");
    // A plan alone knows no log dirs of replicas, but all of a broker's lie in its only one.
    let alone = exported("alone", &document(), DRAIN, Part::Proposals, false);
    assert_eq!(broker(&alone, BEFORE, 1001).get("DiskState"), None);
    assert_eq!(broker(&alone, AFTER, 1)["DiskState"]["/d"]["NumReplicas"], json!(4));
    // Offline.
    let mut offline = document();
    offline["brokers"][0]["log_dirs"][1]["state"] = json!("offline");
    for partition in offline["topics"][0]["partitions"].as_array_mut().unwrap() {
        if partition["log_dirs"][0] == "/d2" {
            partition["isr"] = json!([1002, 1003]);
        }
    }
    let found = result("offline", &offline);
    let load = broker(&found, BEFORE, 1001);
    assert_eq!((&load["BrokerState"], &load["DiskCapacityMB"]), (&json!("BAD_DISKS"), &json!(1000.0)));
    let dead = json!({"DiskMB": "DEAD", "DiskPct": "DEAD", "NumLeaderReplicas": 0, "NumReplicas": 2});
    assert_eq!((&load["DiskState"]["/d2"], &load["DiskState"]["/d1"]["DiskMB"]), (&dead, &json!(40.0)));
}

#[test]
fn a_dead_broker_holds_and_carries_nothing() {
    let mut document = document();
    document["brokers"][0]["state"] = json!("dead");
    for partition in document["topics"][0]["partitions"].as_array_mut().unwrap() {
        partition["isr"] = json!([1002, 1003]);
        if partition["leader"] == 1001 {
            partition["leader"] = json!(1002);
        }
    }
    let found = result("dead", &document);
    let load = broker(&found, BEFORE, 1001);
    assert_eq!((&load["BrokerState"], &load["Replicas"], &load["DiskPct"]), (&json!("DEAD"), &json!(4), &json!(-1.0)));
    for key in ["DiskCapacityMB", "NetworkInCapacity", "NetworkOutCapacity", "NumCore"] {
        assert_eq!(load[key], json!(0.0), "{key}");
    }
    assert_eq!(load["DiskState"]["/d1"]["DiskPct"], "DEAD");
    assert_eq!(broker(&found, BEFORE, 1002)["NumCore"], json!(8.0));
}

#[test]
fn statistics_are_shares_of_the_brokers_that_may_receive() {
    let mut document = document();
    document["brokers"][3]["log_dirs"][0]["capacity_bytes"] = json!(2000 * MIB);
    let found = result("statistics", &document);
    let statistics = &found["goalSummary"][0]["clusterModelStats"]["statistics"];
    let of = |fold: &str, key: &str| statistics[fold][key].as_f64().unwrap();
    // Twelve replicas, four leaders and 300 MiB over brokers 1, 2 and 3; the drained ones count for the least alone.
    assert_eq!((of("AVG", "replicas"), of("AVG", "disk"), of("AVG", "topicReplicas")), (4.0, 100.0, 4.0));
    assert_eq!((of("MAX", "replicas"), of("MIN", "replicas"), of("STD", "replicas")), (4.0, 0.0, 0.0));
    assert_eq!((of("MAX", "disk"), of("MIN", "disk")), (100.0, 0.0));
    assert!((of("AVG", "leaderReplicas") - 4.0 / 3.0).abs() < 1e-9);
    // Broker 1 holds twice what the others can, so 150, 75 and 75 would be fair.
    assert!((of("STD", "disk") - ((2500.0 + 625.0 + 625.0) / 3.0_f64).sqrt()).abs() < 1e-9, "{statistics}");
    assert_eq!(found["goalSummary"][0]["clusterModelStats"]["metadata"]["brokers"], json!(6));
}

#[test]
fn cores_go_into_capacities_of_all_brokers_or_of_none() {
    let cpu = |capacities: &Value| -> Vec<Value> {
        let entries = capacities["brokerCapacities"].as_array().unwrap();
        entries.iter().map(|entry| entry["capacity"]["CPU"].clone()).collect()
    };
    let mut document = document();
    document["brokers"][0]["num_cores"] = json!(15.5);
    let all = exported("cores", &document, DRAIN, Part::Capacity, true);
    let eight = json!({"num.cores": "8"});
    assert_eq!(cpu(&all), [&eight, &eight, &eight, &json!({"num.cores": "15.5"}), &eight, &eight].map(Clone::clone));
    document["brokers"][4].as_object_mut().unwrap().remove("num_cores");
    let some = exported("cores-of-some", &document, DRAIN, Part::Capacity, true);
    assert_eq!(cpu(&some), vec![json!("100"); 6]);
}

/// What each endpoint knows; any other parameter makes Cruise Control refuse the request.
const PARAMETERS: [(&str, &[&str]); 8] = [
    (
        "remove_broker",
        &[
            "dryrun",
            "brokerid",
            "destination_broker_ids",
            "replication_throttle",
            "concurrent_partition_movements_per_broker",
            "max_partition_movements_in_cluster",
            "exclude_recently_removed_brokers",
            "reason",
            "verbose",
            "json",
        ],
    ),
    (
        "demote_broker",
        &["dryrun", "brokerid", "skip_urp_demotion", "exclude_follower_demotion", "reason", "verbose", "json"],
    ),
    ("remove_disks", &["dryrun", "brokerid_and_logdirs", "reason", "json"]),
    ("review_board", &["json"]),
    ("review", &["approve", "json"]),
    ("state", &["substates", "verbose", "json"]),
    ("user_tasks", &["json"]),
    ("stop_proposal_execution", &["force_stop", "stop_external_agent", "json"]),
];

#[test]
fn requests_say_only_what_their_endpoint_knows() {
    let cases = [
        ("drain", "--drain 1001-1003 --throttle 50MB/s --in-flight 40 --exclude-topics none", "remove_broker"),
        ("leaders", "--drain 1001 --leaders-only", "demote_broker"),
        ("drain-dir", "--drain-dir 1001:/d1 --throttle 50MB/s", "remove_disks"),
    ];
    for (name, options, endpoint) in cases {
        let calls = exported(&format!("calls-{name}"), &document(), options, Part::Calls, true);
        let first = &calls["waves"][0];
        assert_eq!(first["calls"][0]["endpoint"], endpoint, "{first}");
        for call in first["calls"].as_array().unwrap() {
            let known = PARAMETERS.iter().find(|known| call["endpoint"] == known.0).expect("a known endpoint").1;
            for key in call["parameters"].as_object().unwrap().keys() {
                assert!(known.contains(&key.as_str()), "{name}: `{key}` of {}", call["endpoint"]);
            }
        }
        let parameters = &first["calls"][1]["parameters"];
        match name {
            "drain" => {
                assert_eq!(parameters["max_partition_movements_in_cluster"], "40");
                assert!(first["note"].as_str().unwrap().ends_with("(`excluded_topics` does not)"), "{first}");
            }
            // It heads partition 3, which 1002 leads: an election would give it the leadership back.
            "leaders" => assert_eq!(parameters["exclude_follower_demotion"], "false"),
            _ => assert_eq!(parameters["brokerid_and_logdirs"], "1001-/d1"),
        }
    }
    let mut document = document();
    document["topics"][0]["partitions"][3]["leader"] = json!(1001);
    let calls = exported("calls-heads", &document, "--drain 1001 --leaders-only", Part::Calls, true);
    assert_eq!(calls["waves"][0]["calls"][1]["parameters"]["exclude_follower_demotion"], "true");
}
