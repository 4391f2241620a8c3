//! What differs between two snapshots or two plans: everything in the JSON, the largest first in the text, and inputs
//! that are not of one kind are named.

use serde_json::{Value, json};

use crate::support::files::{empty_dir, put, repo, six_brokers};
use crate::support::run::{Answer, golden, in_examples, kshift};

/// A cluster with two topics.
fn before() -> Value {
    let partition =
        |number: i32, size: u64| json!({"partition": number, "replicas": [1001, 1002, 1003], "size_bytes": size});
    json!({
        "kind": "kshift.cluster", "version": 1, "name": "prod-a", "taken_at": "2026-05-01T09:30:00Z", "kafka_version": "3.9.1",
        "brokers": six_brokers(1_000_000_000_000),
        "topics": [
            {"name": "gone", "partitions": [partition(0, 5_000_000_000)]},
            {"name": "orders", "config": {"min.insync.replicas": "2"},
             "partitions": (0..14).map(|number| partition(number, 1_000_000_000 * (1 + number as u64))).collect::<Vec<_>>()},
        ],
    })
}

/// The same cluster after all kinds of change.
fn after() -> Value {
    let mut cluster = before();
    cluster["taken_at"] = json!("2026-05-02T09:30:00Z");
    cluster["kafka_version"] = json!("3.9.2");
    let brokers = cluster["brokers"].as_array_mut().unwrap();
    brokers.remove(5);
    brokers.push(json!({"id": 7, "rack": "c"}));
    brokers[0]["state"] = json!("fenced");
    brokers[1]["config"] = json!({"leader.replication.throttled.rate": "5"});
    brokers[2]["log_dirs"][0]["capacity_bytes"] = json!(2_000_000_000_000_u64);
    cluster["topics"][0] = json!({"name": "new", "partitions": [{"partition": 0, "replicas": [0], "size_bytes": 7}]});
    cluster["topics"][1]["config"] = json!({"min.insync.replicas": "1"});
    let partitions = cluster["topics"][1]["partitions"].as_array_mut().unwrap();
    for partition in &mut partitions[..12] {
        partition["replicas"] = json!([0, 1002, 1003]);
    }
    partitions[12]["leader"] = Value::Null;
    partitions[12]["isr"] = json!([1002]);
    partitions[12]["removing"] = json!([1003]);
    partitions[0]["size_bytes"] = json!(9_000_000_000_u64);
    partitions.remove(13);
    partitions.push(json!({"partition": 20, "replicas": [0]}));
    cluster
}

fn differ(name: &str, a: &Value, b: &Value, options: &str) -> Answer {
    let dir = empty_dir(name);
    put(&dir.join("a.json"), a.to_string());
    put(&dir.join("b.json"), b.to_string());
    kshift(&format!("diff a.json b.json {options}")).in_dir(&dir).run()
}

#[test]
fn everything_that_differs_between_two_snapshots_is_in_the_json() {
    let answer = differ("diff-json", &before(), &after(), "--json").ok();
    let found: Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!((found["kind"].as_str(), found["differs"].as_bool()), (Some("cluster"), Some(true)));
    assert_eq!(found["cluster"], json!([{"key": "kafka_version", "a": "3.9.1", "b": "3.9.2"}]));
    assert_eq!((&found["brokers"]["added"], &found["brokers"]["removed"]), (&json!([7]), &json!([2])));
    let changes: Vec<String> = found["brokers"]["changed"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|broker| {
            broker["changes"].as_array().unwrap().iter().map(move |change| {
                format!("{} {} {}->{}", broker["id"], change["key"].as_str().unwrap(), change["a"], change["b"])
            })
        })
        .collect();
    assert_eq!(
        changes,
        [
            r#"1001 state "alive"->"fenced""#,
            r#"1002 config.leader.replication.throttled.rate null->"5""#,
            r#"1003 log_dirs./d.capacity_bytes "1000000000000"->"2000000000000""#,
        ]
    );
    let topics = &found["topics"];
    assert_eq!((&topics["added"][0]["topic"], &topics["removed"][0]["topic"]), (&json!("new"), &json!("gone")));
    assert_eq!(topics["changed"][0]["changes"][0]["key"], "config.min.insync.replicas");
    let partitions = &found["partitions"];
    let count = |key: &str| partitions[key].as_array().unwrap().len();
    let counts = ["added", "removed", "lists", "leaders", "isr", "moving", "log_dirs", "sizes"].map(count);
    assert_eq!(counts, [1, 1, 12, 13, 13, 1, 0, 1], "{partitions}");
    assert_eq!(partitions["lists"][0]["a"], json!([1001, 1002, 1003]));
    assert_eq!(
        partitions["sizes"][0],
        json!({"topic": "orders", "partition": 0, "a": 1_000_000_000, "b": 9_000_000_000_u64})
    );
}

#[test]
fn the_text_has_the_largest_first_and_counts_the_rest() {
    let answer = differ("diff-text", &before(), &after(), "").ok();
    golden("diff-clusters.txt", &answer.stdout);
    let lists: Vec<&str> =
        answer.stdout.split("lists, largest partition first\n").nth(1).unwrap().lines().take(11).collect();
    assert!(lists[0].starts_with("  orders-11  [1001,1002,1003] -> [0,1002,1003]"), "{lists:?}");
    assert_eq!(lists[10], "  and 2 more; --json lists all");
}

#[test]
fn two_of_the_same_do_not_differ_and_the_exit_code_says_so_when_asked() {
    let mut renamed = before();
    renamed["name"] = json!("prod-b");
    renamed["taken_at"] = json!("2027-01-01T00:00:00Z");
    let answer = differ("diff-same", &before(), &renamed, "--exit-code").ok();
    assert!(answer.stdout.contains("\nsame  6 brokers, 15 partitions\n"), "{}", answer.stdout);
    assert_eq!(differ("diff-exit-0", &before(), &after(), "").exit, 0);
    assert_eq!(differ("diff-exit-1", &before(), &after(), "--exit-code").exit, 1);
    assert_eq!(differ("diff-exit-json", &before(), &after(), "--exit-code --json").exit, 1);
}

#[test]
fn replicas_in_other_log_dirs_are_told() {
    let mut a = before();
    for broker in a["brokers"].as_array_mut().unwrap() {
        broker["log_dirs"] = json!([{"path": "/d"}, {"path": "/e"}]);
    }
    a["topics"][0]["partitions"][0]["log_dirs"] = json!(["/d", "/d", "/d"]);
    let mut b = a.clone();
    b["topics"][0]["partitions"][0]["log_dirs"] = json!(["/d", "/e", "/d"]);
    let answer = differ("diff-dirs", &a, &b, "").ok();
    assert!(answer.stdout.contains("  gone-0 on broker 1002  /d -> /e\n"), "{}", answer.stdout);
}

#[test]
fn two_plans_are_compared_by_what_was_asked_figures_waves_and_ends() {
    let dir = empty_dir("diff-plans");
    let out = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    let plan = |name: &str, more: &str| {
        in_examples(&format!("plan kafka-4.3.1 --drain 1001-1003 --onto 0-2 --ignore-disk --out {} {more}", out(name)))
            .ok();
    };
    plan("one", "--throttle 50MB/s");
    plan("two", "--throttle 20MB/s --max-moves 5 --exclude-topics orders.v1");
    let (one, two) = (out("one"), out("two"));
    let answer = kshift(&format!("diff {one} {two}")).run().ok();
    golden("diff-plans.txt", &answer.stdout);
    let found: Value = serde_json::from_str(&kshift(&format!("diff {one} {two} --json")).run().ok().stdout).unwrap();
    assert_eq!(
        (found["kind"].as_str(), found["differs"].as_bool(), found["same_lists"].as_bool()),
        (Some("plan"), Some(true), Some(true))
    );
    let asked: Vec<&str> =
        found["request"].as_array().unwrap().iter().map(|change| change["key"].as_str().unwrap()).collect();
    assert_eq!(asked, ["exclude_topics", "max_moves", "throttle"]);
    let figure =
        |name: &str| found["summary"].as_array().unwrap().iter().find(|row| row["figure"] == name).unwrap().clone();
    assert!(figure("replicas_moved")["a"].as_u64() > figure("replicas_moved")["b"].as_u64());
    assert!(figure("eta_seconds.expected")["a"].is_number());
    let of = &found["partitions"];
    assert!(!of["only_a"].as_array().unwrap().is_empty() && of["only_b"].as_array().unwrap().is_empty(), "{of}");
    let same = kshift(&format!("diff {one} {one}/plan.json --exit-code")).run().ok();
    assert!(same.stdout.contains("same  request, figures, waves and every list"), "{}", same.stdout);
}

#[test]
fn what_is_not_of_one_kind_or_no_kind_is_refused_with_help() {
    let dir = empty_dir("diff-refused");
    put(&dir.join("c.json"), before().to_string());
    put(&dir.join("r.json"), r#"{"version":1,"partitions":[]}"#);
    put(&dir.join("empty.json"), "");
    put(&dir.join("half.json"), &before().to_string()[..200]);
    let run = |args: &str| kshift(args).in_dir(&dir).run();
    run("plan c.json --drain 1001-1003 --throttle 50MB/s --out plan -q").ok();
    run("diff c.json plan")
        .refused(2, "wrong-kind")
        .says("`c.json` is a cluster and `plan` is a plan; expected two of one kind");
    run("diff plan/plan.json c.json").refused(2, "wrong-kind").says("`kshift gate wave N CLUSTER PLAN`");
    run("diff c.json r.json").refused(2, "wrong-kind").says("in r.json").says("`kshift check CLUSTER FILE`");
    run("diff c.json none.json").refused(2, "unreadable").says("none.json");
    run("diff c.json empty.json").refused(2, "empty-input").says("empty.json");
    run("diff half.json c.json").refused(2, "invalid-json").says("half.json");
    run("diff - -").refused(2, "usage").says("standard input");
    run("diff c.json").refused(2, "usage").says("<B>");
}

#[test]
fn a_directory_of_tool_output_is_a_cluster_too() {
    let dir = repo("tests/fixtures/kafka-4.3.1-kraft/snapshot");
    let answer = kshift(&format!("diff {0} {0} --exit-code", dir.display())).run().ok();
    assert!(answer.stdout.contains("same"), "{}", answer.stdout);
}
