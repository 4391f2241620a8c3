//! Rates that differ between brokers, from options, from a file and from what live traffic leaves; and rates that
//! no copy finishes at.

use serde_json::{Value, json};

use crate::support::files::{broker, cluster, empty_dir, partition, put, six_brokers, text};
use crate::support::run::{Answer, kshift, report_of_changed};

/// Six brokers with a network of 125 MB/s each way, and partitions of 1 GB on 1001-1003.
fn networked(partitions: &[Value]) -> Value {
    let mut brokers = six_brokers(1_000_000_000_000);
    for broker in &mut brokers {
        broker["in_capacity_bytes_per_sec"] = json!(125e6);
        broker["out_capacity_bytes_per_sec"] = json!(125e6);
    }
    cluster(&brokers, partitions)
}

/// The plan of a command in a directory, checked from its file.
fn planned(dir: &std::path::Path, options: &str) -> Value {
    let answer = kshift(&format!("plan c.json --drain 1001-1003 {options} --format plan")).in_dir(dir).run().ok();
    put(&dir.join("plan.json"), &answer.stdout);
    kshift("check c.json plan.json").in_dir(dir).run().ok();
    serde_json::from_str(&answer.stdout).unwrap()
}

fn refused(dir: &std::path::Path, options: &str, exit: i32, code: &str) -> Answer {
    kshift(&format!("plan c.json --drain 1001-1003 {options}")).in_dir(dir).run().refused(exit, code)
}

#[test]
fn each_side_has_its_throttle_and_one_alone_is_half_a_request() {
    let dir = empty_dir("rates-sides");
    put(&dir.join("c.json"), networked(&[partition(0, 0.0)]).to_string());
    let plan = planned(&dir, "--leader-throttle 30MB/s --follower-throttle 10MB/s");
    assert_eq!(
        plan["waves"][0]["throttle"],
        json!({"leader_bytes_per_sec": 30_000_000, "follower_bytes_per_sec": 10_000_000})
    );
    // 3 GB leave one leader at 30 MB/s, 1 GB enters each target at 10.
    assert_eq!(plan["waves"][0]["copy_seconds"], json!(100.0));
    let plan = planned(&dir, "--leader-throttle 50MB/s --throttle 20MB/s");
    assert_eq!(plan["waves"][0]["copy_seconds"], json!(60.0));
    assert_eq!(plan["waves"][0]["bottleneck"]["side"], "leader");
    refused(&dir, "--leader-throttle 30MB/s", 2, "usage").says("--follower-throttle");
    refused(&dir, "--follower-throttle 30MB/s", 2, "usage").says("--leader-throttle");
    kshift("check c.json plan.json --leader-throttle 61MB/s")
        .in_dir(&dir)
        .run()
        .refused(2, "usage")
        .says("leader-throttle");
}

#[test]
fn a_file_of_rates_must_fit_the_cluster() {
    let dir = empty_dir("rates-file");
    put(&dir.join("c.json"), networked(&[partition(0, 0.0)]).to_string());
    let with = |content: &str, options: &str, exit: i32, code: &str| {
        put(&dir.join("r.json"), content);
        refused(&dir, &format!("--rates r.json {options}"), exit, code)
    };
    with(r#"{"1001-1003":"5MB/s","0-3":"5MB/s"}"#, "", 2, "unknown-broker").says("broker 3");
    with(r#"{"1001-1003":"5MB/s","0-1":"5MB/s"}"#, "", 2, "usage").says("broker 2").says("--throttle RATE");
    with(r#"{"1001":0}"#, "", 2, "invalid-value").says("r.json at 1001");
    with(r#"{"1001":{"leader_bytes_per_sec":5}}"#, "", 2, "missing-field").says("follower_bytes_per_sec");
    with(r#"{"1":5,"0-2":6}"#, "", 2, "duplicate").says("broker 1 stands twice");
    with(r#"{"1":5}"#, "--headroom 30%", 2, "usage").says("exclude each other");
    with(r#"{"1":5}"#, "--leader-throttle 5MB/s", 2, "usage").says("--follower-throttle");
    kshift("plan c.json --drain-dir 1001:/d --throttle 5MB/s --rates r.json").in_dir(&dir).run().refused(2, "usage");
    refused(&dir, "--rates none.json", 2, "unreadable");
}

#[test]
fn each_broker_has_its_own_rate_in_the_plan_and_in_every_file() {
    let dir = empty_dir("rates-own");
    put(&dir.join("c.json"), networked(&[partition(0, 0.0), partition(1, 0.0)]).to_string());
    put(
        &dir.join("r.json"),
        r#"{"0":{"leader_bytes_per_sec":50000000,"follower_bytes_per_sec":5000000},"1":"800kB/s"}"#,
    );
    let answer =
        kshift("plan c.json --drain 1001-1003 --throttle 20MB/s --rates r.json --out p").in_dir(&dir).run().ok();
    let answer = answer.says("low-rate").says("broker 1 copies at less than 1 MB/s");
    answer.says("800 kB/s to 50.0 MB/s sending and 800 kB/s to 20.0 MB/s receiving");
    let plan: Value = serde_json::from_str(&text(&dir.join("p/plan.json"))).unwrap();
    let throttle = &plan["waves"][0]["throttle"];
    assert_eq!(throttle["leader_bytes_per_sec"], 800_000);
    assert_eq!(throttle["follower_bytes_per_sec"], 800_000);
    assert_eq!(
        throttle["brokers"][0],
        json!({"id": 0, "leader_bytes_per_sec": 50_000_000, "follower_bytes_per_sec": 5_000_000})
    );
    assert_eq!(throttle["brokers"].as_array().unwrap().len(), 5, "all but broker 1: {throttle}");
    // Broker 1 receives both partitions: 2 GB at 0.8 MB/s.
    assert_eq!(plan["waves"][0]["copy_seconds"], json!(2500.0));
    assert_eq!(plan["summary"]["makespan_lower_bound_seconds"], json!(2500.0));
    let file: Value = serde_json::from_str(&text(&dir.join("p/waves/001/throttle.json"))).unwrap();
    assert_eq!(file["brokers"]["0"]["follower.replication.throttled.rate"], 5_000_000);
    assert_eq!(file["brokers"]["1"]["leader.replication.throttled.rate"], 800_000);
    assert_eq!(file["brokers"]["1002"]["leader.replication.throttled.rate"], 20_000_000);
    let runbook = text(&dir.join("p/runbook.md"));
    assert!(runbook.contains("--throttle 800000 --execute"), "{runbook}");
    assert!(runbook.contains("sh \"waves/$WAVE/throttle.sh\" brokers\n"), "{runbook}");
    kshift("check c.json p").in_dir(&dir).run().ok();
    // The way back, and the rates again from throttle.json itself.
    kshift("rollback p --to-wave 1 --out back").in_dir(&dir).run().ok();
    let back: Value = serde_json::from_str(&text(&dir.join("back/waves/001/throttle.json"))).unwrap();
    assert_eq!(back["brokers"], file["brokers"]);
    let again =
        kshift("plan c.json --drain 1001-1003 --rates p/waves/001/throttle.json --format plan").in_dir(&dir).run().ok();
    let again: Value = serde_json::from_str(&again.stdout).unwrap();
    assert_eq!(again["waves"][0]["throttle"], *throttle);
}

#[test]
fn a_tampered_rate_does_not_pass() {
    let dir = empty_dir("rates-tampered");
    put(&dir.join("c.json"), networked(&[partition(0, 2e6)]).to_string());
    put(&dir.join("r.json"), r#"{"0":"5MB/s","1":"8MB/s"}"#);
    let plan = planned(&dir, "--throttle 20MB/s --rates r.json");
    let says = |change: &dyn Fn(&mut Value), rule: &str| {
        let report = report_of_changed(&dir, &plan, change);
        assert!(report.contains(&format!("violation[{rule}]")), "{rule}: {report}");
    };
    says(&|plan| plan["waves"][0]["throttle"]["brokers"][0]["leader_bytes_per_sec"] = json!(6_000_000), "throttle");
    says(&|plan| plan["waves"][0]["throttle"]["brokers"] = json!([]), "throttle");
    says(&|plan| plan["request"]["rates"]["1"]["follower_bytes_per_sec"] = json!(9_000_000), "throttle");
    says(&|plan| plan["request"]["rates"]["77"] = plan["request"]["rates"]["1"].clone(), "scope");
    says(&|plan| plan["waves"][0]["copy_seconds"] = json!(50.0), "copy-time");
    let plan = planned(&dir, "--headroom 20%");
    let raise = |plan: &mut Value| {
        for rate in plan["request"]["rates"].as_object_mut().unwrap().values_mut() {
            rate["follower_bytes_per_sec"] = json!(99_000_000);
        }
    };
    let report = report_of_changed(&dir, &plan, &raise);
    assert!(
        report.contains("violation[headroom]") && report.contains("20% of 125 MB/s free leave 100 MB/s"),
        "{report}"
    );
}

#[test]
fn headroom_leaves_what_live_traffic_does_not_take() {
    let dir = empty_dir("rates-headroom");
    let mut busy = partition(0, 2e6);
    busy["bytes_out_per_sec"] = json!(3e6);
    put(&dir.join("c.json"), networked(&[busy]).to_string());
    // 80 % of 125 MB/s are 100. All receive 2 MB/s, now or in the end; who leads sends 3 to consumers and 2 to each of
    // two followers.
    let plan = planned(&dir, "--headroom 20%");
    let rate = |leader: u64, follower: u64| json!({"leader_bytes_per_sec": leader, "follower_bytes_per_sec": follower});
    let rates = &plan["request"]["rates"];
    assert_eq!(rates["1001"], rate(93_000_000, 98_000_000));
    assert_eq!(rates["1002"], rate(100_000_000, 98_000_000));
    let head = plan["waves"][0]["partitions"][0]["replicas"][0].to_string();
    for id in ["0", "1", "2"] {
        let leader = if id == head { 93_000_000 } else { 100_000_000 };
        assert_eq!(rates[id], rate(leader, 98_000_000), "broker {id}");
    }
    // The throttle is an upper limit.
    let plan = planned(&dir, "--headroom 20% --follower-throttle 98MB/s --throttle 60MB/s");
    assert_eq!(plan["request"]["rates"]["1001"], rate(60_000_000, 98_000_000));
    assert_eq!(plan["request"]["headroom"], json!(0.2));
    // 5 % of it would leave nothing beside what is there.
    let answer = refused(&dir, "--headroom 95%", 3, "throttle");
    answer.says("--headroom 95% leaves broker 1001 nothing as leader").says("`--headroom 85%` is enough");
}

#[test]
fn a_broker_of_unknown_capacity_needs_a_throttle() {
    let dir = empty_dir("rates-unknown");
    let mut content = networked(&[partition(0, 0.0)]);
    content["brokers"][3].as_object_mut().unwrap().remove("in_capacity_bytes_per_sec");
    put(&dir.join("c.json"), content.to_string());
    refused(&dir, "--headroom 20%", 2, "missing-capacity").says("broker 0").says("--throttle RATE");
    let plan = planned(&dir, "--headroom 20% --throttle 30MB/s");
    assert_eq!(plan["request"]["rates"]["0"]["follower_bytes_per_sec"], 30_000_000);
}

#[test]
fn a_reassignment_of_others_is_judged_by_rates_and_headroom_too() {
    let dir = empty_dir("rates-foreign");
    put(&dir.join("c.json"), networked(&[partition(0, 20e6)]).to_string());
    let file = r#"{"version":1,"partitions":[{"topic":"t","partition":0,"replicas":[0,1,2]}]}"#;
    put(&dir.join("f.json"), file);
    let check = |options: &str| kshift(&format!("check c.json f.json {options}")).in_dir(&dir).run();
    // The leader sends five times 20 MB/s while three replicas are added.
    assert_eq!(check("--leader-throttle 101MB/s --follower-throttle 30MB/s").exit, 0);
    let slow = check("--leader-throttle 99MB/s --follower-throttle 30MB/s");
    assert!(slow.exit == 1 && slow.stdout.contains("as leader never finish"), "{}", slow.stdout);
    put(&dir.join("r.json"), r#"{"1":"15MB/s"}"#);
    let slow = check("--throttle 120MB/s --rates r.json");
    assert!(
        slow.exit == 1 && slow.stdout.contains("broker 1") && slow.stdout.contains("as follower"),
        "{}",
        slow.stdout
    );
    let full = check("--headroom 20%");
    assert!(full.exit == 1 && full.stdout.contains("60.0 MB/s"), "100 less twice 20: {}", full.stdout);
    check("--leader-throttle 99MB/s").refused(2, "usage");
}

#[test]
fn slow_brokers_receive_less_where_time_goes_first() {
    let dir = empty_dir("rates-slow");
    let brokers = [1, 11, 12].map(|id| broker(id, "a", 1_000_000_000_000));
    let partitions: Vec<Value> =
        (0..80).map(|number| json!({"partition": number, "replicas": [1], "size_bytes": 1_000_000_000})).collect();
    put(&dir.join("c.json"), cluster(&brokers, &partitions).to_string());
    put(&dir.join("r.json"), r#"{"1":"400MB/s","11":"20MB/s","12":"60MB/s"}"#);
    let plan = |options: &str| -> Value {
        let command = format!("plan c.json --drain 1 --rates r.json {options} --max-wave-duration 10d --format plan");
        let answer = kshift(&command).in_dir(&dir).run().ok();
        put(&dir.join("p.json"), &answer.stdout);
        kshift("check c.json p.json").in_dir(&dir).run().ok();
        serde_json::from_str(&answer.stdout).unwrap()
    };
    let (disk, time) = (plan(""), plan("--prefer time"));
    assert_eq!(time["brokers"][1]["replicas_after"], 20);
    assert_eq!(time["brokers"][2]["replicas_after"], 60);
    assert_eq!(time["summary"]["makespan_seconds"], json!(1000.0));
    assert_eq!(disk["brokers"][1]["replicas_after"], 40);
    assert_eq!(disk["summary"]["makespan_seconds"], json!(2000.0));
    // What either gives is told on both sides, and the bound knows what the two together receive.
    assert_eq!(disk["summary"]["trade"]["time"]["receiving_seconds"], json!(1000.0));
    assert_eq!(disk["summary"]["makespan_lower_bound_seconds"], json!(1000.0));
}

#[test]
fn a_partition_that_alone_exhausts_the_throttle_is_refused_and_several_that_do_together_are_split() {
    let dir = empty_dir("rates-live");
    put(&dir.join("c.json"), networked(&[partition(0, 40e6)]).to_string());
    // Its leader sends 40 MB/s to two followers and three new replicas.
    refused(&dir, "--throttle 100MB/s", 3, "throttle").says("only a rate above 200 MB/s");
    refused(&dir, "--throttle 200MB/s", 3, "throttle");
    planned(&dir, "--throttle 201MB/s");
    refused(&dir, "--leader-throttle 200MB/s --follower-throttle 100MB/s", 3, "throttle")
        .says("--leader-throttle 220MB/s");
    let four: Vec<Value> = (0..4).map(|number| partition(number, 10e6)).collect();
    put(&dir.join("c.json"), networked(&four).to_string());
    let plan = planned(&dir, "--throttle 100MB/s");
    assert_eq!(plan["summary"]["waves"], 4, "two would take all of the 100 MB/s");
    let plan = planned(&dir, "--throttle 101MB/s");
    assert_eq!(plan["summary"]["waves"], 2);
}

#[test]
fn the_forecast_can_be_changed_and_names_what_holds_a_wave_up() {
    let dir = empty_dir("rates-forecast");
    let mut content = networked(&[partition(0, 0.0)]);
    for at in 0..6 {
        content["brokers"][at]["disk_capacity_bytes_per_sec"] = json!(4e6);
    }
    put(&dir.join("c.json"), content.to_string());
    let plan = planned(&dir, "--throttle 20MB/s");
    let limit = &plan["waves"][0]["limit"];
    assert_eq!((&limit["cap"], &limit["side"]), (&json!("disk"), &json!("follower")));
    assert_eq!(plan["waves"][0]["duration_seconds"]["expected"], json!(250.0));
    let shown = kshift("show plan.json --waves").in_dir(&dir).run().ok();
    assert!(shown.stdout.contains("as follower (disk)"), "{}", shown.stdout);
    kshift("plan c.json --drain 1001-1003 --throttle 20MB/s")
        .in_dir(&dir)
        .run()
        .ok()
        .says("held up by the disks of broker");
    put(&dir.join("f.json"), r#"{"rtt_seconds":1,"fixed_seconds_high":100}"#);
    let plan = planned(&dir, "--throttle 20MB/s --forecast f.json");
    assert_eq!(plan["waves"][0]["limit"]["cap"], "fetch");
    assert_eq!(plan["request"]["forecast"]["rtt_seconds"], json!(1.0));
    put(&dir.join("f.json"), r#"{"rtt":1}"#);
    refused(&dir, "--throttle 20MB/s --forecast f.json", 2, "invalid-value").says("`rtt_seconds`");
}
