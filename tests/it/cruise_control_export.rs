//! A plan in the words of Cruise Control, and its words judged: what is written reads back as the same placement, counts
//! follow its rules, and proposals of any form are checked with what they would do.

use kshift::emit::cruise_control::{Naming, Options, Part, export};
use kshift::plan::Plan;
use kshift::snapshot::Snapshot;
use serde_json::{Value, json};

use crate::support::files::{broker, cluster, empty_dir, names, put, text};
use crate::support::run::kshift;

const GB: u64 = 1_000_000_000;

/// Three old brokers and three new ones, and four partitions with traffic, one of them led by its second replica.
fn document() -> Value {
    let list = |id: i32| (0..3).map(|place| 1001 + (id + place) % 3).collect::<Vec<_>>();
    let partition = |id: i32| {
        json!({"partition": id, "replicas": list(id), "leader": list(id)[usize::from(id == 3)], "isr": list(id),
            "size_bytes": 3_500_000 + u64::from(id.unsigned_abs()), "bytes_in_per_sec": 1024.0, "bytes_out_per_sec": 2048.0})
    };
    let brokers: Vec<Value> = ["a", "b", "c"]
        .iter()
        .enumerate()
        .flat_map(|(at, rack)| [broker(1001 + at as i32, rack, 100 * GB), broker(1 + at as i32, rack, 100 * GB)])
        .collect();
    cluster(&brokers, &(0..4).map(partition).collect::<Vec<_>>())
}

fn planned(options: &str) -> (Snapshot, Plan, std::path::PathBuf) {
    let dir = empty_dir("cruise-control");
    put(&dir.join("c.json"), document().to_string());
    kshift(&format!("plan c.json {options} --out p")).in_dir(&dir).run().ok();
    let snapshot = kshift::snapshot::open(&dir.join("c.json")).unwrap();
    let plan = kshift::plan::read(&text(&dir.join("p/plan.json")), "plan.json").unwrap();
    (snapshot, plan, dir)
}

const DRAIN: &str = "--drain 1001-1003 --throttle 50MB/s --max-moves 3";

fn proposals(plan: &Plan, cluster: Option<&Snapshot>, options: Options) -> Value {
    let only = Options { only: Some(Part::Proposals), ..options };
    serde_json::from_slice(export(plan, cluster, &only).unwrap().single().unwrap()).unwrap()
}

#[test]
fn the_summary_counts_as_cruise_control_does() {
    let (snapshot, plan, _) = planned(DRAIN);
    let result = proposals(&plan, Some(&snapshot), Options::default());
    let summary = &result["summary"];
    // Four partitions, three replicas each, of 3 whole MiB.
    assert_eq!((&summary["numReplicaMovements"], &summary["dataToMoveMB"]), (&json!(4), &json!(36)));
    assert_eq!((&summary["numLeaderMovements"], &summary["numIntraBrokerReplicaMovements"]), (&json!(0), &json!(0)));
    assert_eq!(summary["excludedBrokersForReplicaMove"], json!([1001, 1002, 1003]));
    let first = &result["proposals"][0];
    assert_eq!(first["topicPartition"]["topic"], "t");
    assert_eq!(first["topicPartition"]["hash"], json!(31 * 31 + 116));
    assert_eq!((&first["oldReplicas"], &first["oldLeader"]), (&json!([1001, 1002, 1003]), &json!(1001)));
    assert_eq!(result["proposals"][3]["oldLeader"], json!(1002), "the leader is who leads, not who stands first");
    let text = proposals(&plan, None, Options { naming: Naming::Text, ..Options::default() });
    assert_eq!(text["proposals"][2]["topicPartition"], "t-2");
}

#[test]
fn loads_before_and_after_are_those_of_all_partitions() {
    let (snapshot, plan, _) = planned(DRAIN);
    let result = proposals(&plan, Some(&snapshot), Options::default());
    let of = |load: &str, id: i32| {
        result[load]["brokers"].as_array().unwrap().iter().find(|broker| broker["Broker"] == json!(id)).unwrap().clone()
    };
    let before = of("loadBeforeOptimization", 1002);
    // It leads partitions 1 and 3, and follows in the two others: 1 KiB/s each; consumers take 2, each follower 1.
    assert_eq!((&before["Replicas"], &before["Leaders"]), (&json!(4), &json!(2)));
    assert_eq!((&before["LeaderNwInRate"], &before["FollowerNwInRate"]), (&json!(2.0), &json!(2.0)));
    assert_eq!((&before["NwOutRate"], &before["PnwOutRate"]), (&json!(8.0), &json!(16.0)));
    let after = of("loadAfterOptimization", 1002);
    assert_eq!((&after["Replicas"], &after["DiskMB"], &after["NwOutRate"]), (&json!(0), &json!(0.0), &json!(0.0)));
    let sums = |load: &str, key: &str| -> f64 {
        result[load]["brokers"].as_array().unwrap().iter().map(|broker| broker[key].as_f64().unwrap()).sum()
    };
    for key in ["Replicas", "Leaders", "LeaderNwInRate", "FollowerNwInRate", "NwOutRate", "DiskMB"] {
        let (before, after) = (sums("loadBeforeOptimization", key), sums("loadAfterOptimization", key));
        assert!((before - after).abs() < 1e-6 * before, "{key}: {before} {after}");
    }
    assert_eq!(result["goalSummary"][0]["status"], "NO-ACTION");
    assert_eq!(
        result["goalSummary"][0]["clusterModelStats"]["metadata"],
        json!({"brokers": 6, "replicas": 12, "topics": 1})
    );
    // Waves follow each other without a gap.
    let wave = |number| proposals(&plan, Some(&snapshot), Options { wave: Some(number), ..Options::default() });
    assert!(plan.waves.len() == 2, "{}", plan.waves.len());
    assert_eq!(wave(1)["loadAfterOptimization"], wave(2)["loadBeforeOptimization"]);
    assert_eq!(wave(2)["loadAfterOptimization"], result["loadAfterOptimization"]);
    let counted: i64 = (1..=2).map(|number| wave(number)["summary"]["numReplicaMovements"].as_i64().unwrap()).sum();
    assert_eq!(counted, 4);
}

#[test]
fn what_is_written_is_read_back_as_the_same_placement() {
    let (_, plan, dir) = planned(DRAIN);
    let answer = kshift("plan c.json --drain 1001-1003 --throttle 50MB/s --max-moves 3 --format cruise-control");
    let answer = answer.in_dir(&dir).run().ok();
    for (name, text) in [("object.json", answer.stdout.clone()), ("names.json", String::new())] {
        if text.is_empty() {
            let export = kshift("export p cruise-control --only proposals --text-names --cluster c.json -o names.json");
            export.in_dir(&dir).run().ok();
        } else {
            put(&dir.join(name), text);
        }
        let again =
            kshift(&format!("plan c.json --target {name} --throttle 50MB/s --format plan")).in_dir(&dir).run().ok();
        let again: Value = serde_json::from_str(&again.stdout).unwrap();
        assert_eq!(again["summary"]["replicas_moved"], json!(plan.summary.replicas_moved), "{name}");
        kshift(&format!("check c.json {name} --throttle 50MB/s")).in_dir(&dir).run().ok();
    }
    // Objects with log dirs, and numbers that JSON does not have.
    let mut result: Value = serde_json::from_str(&answer.stdout).unwrap();
    for proposal in result["proposals"].as_array_mut().unwrap() {
        for key in ["oldReplicas", "newReplicas"] {
            for id in proposal[key].as_array_mut().unwrap() {
                *id = json!({"brokerId": id, "logdir": null});
            }
        }
    }
    result["summary"]["onDemandBalancednessScoreBefore"] = json!("?");
    put(&dir.join("nan.json"), result.to_string().replace("\"?\"", "NaN"));
    let checked = kshift("check c.json nan.json --throttle 50MB/s").in_dir(&dir).run().ok();
    assert!(checked.stdout.contains("copies: 12 replicas"), "{}", checked.stdout);
    assert_eq!(checked.stdout, kshift("check c.json object.json --throttle 50MB/s").in_dir(&dir).run().ok().stdout);
}

#[test]
fn a_check_of_proposals_says_what_they_would_do_to_disks_racks_leaders_and_time() {
    let dir = empty_dir("proposals");
    put(&dir.join("c.json"), document().to_string());
    let to = |replicas: [i32; 3]| {
        let proposal = |id: i32| {
            let old: Vec<i32> = (0..3).map(|place| 1001 + (id + place) % 3).collect();
            json!({"topicPartition": format!("t-{id}"), "oldLeader": old[0], "oldReplicas": old, "newReplicas": replicas})
        };
        json!({"proposals": (0..4).map(proposal).collect::<Vec<_>>(), "version": 1}).to_string()
    };
    put(&dir.join("good.json"), to([1, 2, 3]));
    let shown = kshift("check c.json good.json --throttle 1MB/s").in_dir(&dir).run().ok().stdout;
    // Advice comes first.
    let lines: Vec<&str> = shown.lines().skip_while(|line| !line.starts_with("copies:")).collect();
    assert_eq!(
        lines[0],
        "copies: 12 replicas, 42.0 MB (28.0 MB between racks), in 21 s at the throttle: broker 1002 as leader takes longest"
    );
    assert_eq!(lines[1], "disks: `/d` of broker 1 is fullest, 0.01% at the peak of 100 GB (0% now, 0.01% at the end)");
    assert_eq!(lines[2], "racks: no partition is spread worse than now");
    assert_eq!(
        lines[3],
        "leaders: 4 partitions get another preferred leader; most on one broker 2 now, 4 then (broker 1)"
    );
    let json = kshift("check c.json good.json --throttle 1MB/s --json").in_dir(&dir).run().ok().stdout;
    let outlook = &serde_json::from_str::<Value>(&json).unwrap()["outlook"];
    assert_eq!((&outlook["replicas_added"], &outlook["leaders_most"]), (&json!(12), &json!([2, 4])));
    assert!(outlook["copy_seconds"].as_f64().unwrap() > 20.9);
    assert!(outlook["fullest"]["used_peak_bytes"].as_u64() > outlook["fullest"]["used_before_bytes"].as_u64());
    // Two replicas in one rack.
    put(&dir.join("racks.json"), to([1, 1001, 3]));
    let shown = kshift("check c.json racks.json").in_dir(&dir).run();
    assert_eq!(shown.exit, 1);
    assert!(
        shown.stdout.contains("violation[racks] partition `t-0`")
            && shown.stdout.contains("in racks.json at proposals[0]"),
        "{}",
        shown.stdout
    );
    assert!(shown.stdout.contains("racks: 4 partitions are spread worse than now"), "{}", shown.stdout);
}

#[test]
fn proposals_for_other_lists_are_drift_and_listed() {
    let dir = empty_dir("proposals-drift");
    put(&dir.join("c.json"), document().to_string());
    let proposal = |id: i32, old: [i32; 3]| json!({"topicPartition": {"hash": 1, "topic": "t", "partition": id}, "oldLeader": old[0], "oldReplicas": old, "newReplicas": [1, 2, 3]});
    let file = json!({"proposals": [proposal(0, [1001, 1002, 1003]), proposal(1, [1001, 1002, 1003]), proposal(2, [1003, 1001, 2])]});
    put(&dir.join("old.json"), file.to_string());
    let shown = kshift("check c.json old.json").in_dir(&dir).run();
    assert_eq!(shown.exit, 1, "{}", shown.stdout);
    assert_eq!(shown.stdout.matches("violation[drift]").count(), 2, "{}", shown.stdout);
    assert!(shown.stdout.contains("partition `t-1`: its replicas are [1002,1003,1001], the proposal goes from [1001,1002,1003]\n  in old.json at proposals[1].oldReplicas"), "{}", shown.stdout);
    let planned = kshift("plan c.json --target old.json --throttle 50MB/s").in_dir(&dir).run().ok();
    planned
        .says("warning[target-drift]: 2 partitions have other replicas now than the proposals go from (`t-1`, `t-2`)");
    // An answer without proposals says what to ask for.
    put(&dir.join("summary.json"), r#"{"summary":{},"goalSummary":[],"loadAfterOptimization":{},"version":1}"#);
    kshift("check c.json summary.json").in_dir(&dir).run().refused(2, "missing-field").says("verbose=true");
}

#[test]
fn files_are_written_together_or_one_by_one() {
    let (_, _, dir) = planned(DRAIN);
    kshift("export p cruise-control").in_dir(&dir).run().refused(2, "usage").says("--out DIR");
    let all = kshift("export p cruise-control --cluster c.json --out cc").in_dir(&dir).run().ok();
    assert!(!all.stderr.contains("no-cluster"), "{}", all.stderr);
    assert_eq!(
        names(&dir.join("cc")),
        ["brokerSets.json", "calls.json", "calls.md", "capacity.json", "proposals.json"]
    );
    let one = kshift("export p cruise-control --only capacity").in_dir(&dir).run().ok().says("warning[no-cluster]");
    let capacity: Value = serde_json::from_str(&one.stdout).unwrap();
    assert_eq!(capacity["brokerCapacities"][0]["brokerId"], "1");
    kshift("export p cruise-control --only everything").in_dir(&dir).run().refused(2, "invalid-value");
    put(&dir.join("other.json"), document().to_string().replace("[1001,1002,1003]", "[1002,1001,1003]"));
    kshift("export p cruise-control --cluster other.json --out x")
        .in_dir(&dir)
        .run()
        .refused(2, "usage")
        .says("replica lists");
    // What was written for Cruise Control is read as what Cruise Control is configured with.
    put(&dir.join("cc/state.json"), String::new());
    let calls: Value = serde_json::from_str(&text(&dir.join("cc/calls.json"))).unwrap();
    let first = &calls["waves"][0]["calls"];
    assert_eq!(first[0]["parameters"]["dryrun"], "true");
    assert_eq!(first[1]["parameters"]["dryrun"], "false");
    for call in [&first[0], &first[1]] {
        assert_eq!((&call["endpoint"], &call["method"]), (&json!("remove_broker"), &json!("POST")));
        assert_eq!(call["parameters"]["destination_broker_ids"], "1,2,3");
        assert_eq!(call["parameters"]["replication_throttle"], "50000000");
        assert_eq!(call["parameters"]["concurrent_partition_movements_per_broker"], "10");
    }
    // Each broker is asked for once.
    let waves = calls["waves"].as_array().unwrap();
    let asked: Vec<&str> = waves
        .iter()
        .filter_map(|wave| wave["calls"].get(1)?["parameters"]["brokerid"].as_str())
        .flat_map(|ids| ids.split(','))
        .collect();
    let mut once = asked.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!((once.len(), asked.len()), (3, 3), "{asked:?}");
}
