//! Warnings: each fact is told once, by the one who knows it, and words agree with their counts.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::files::{broker, cluster, empty_dir, partition, put, repo, six_brokers, text};
use crate::support::run::{Answer, kshift};

/// A cluster with something wrong of every kind, and partitions that move nevertheless.
fn sick() -> Value {
    let mut brokers = six_brokers(1_000_000_000_000);
    brokers[2]["state"] = json!("dead");
    brokers.push(broker(3, "a", 1_000_000_000_000));
    brokers[6]["state"] = json!("fenced");
    let mut short = partition(0, 0.0);
    short["isr"] = json!([1001, 1002]);
    let mut headless = partition(1, 0.0);
    headless["leader"] = json!(null);
    headless["isr"] = json!([]);
    cluster(&brokers, &[short, headless])
}

fn codes(answer: &Answer) -> Vec<String> {
    let word = |line: &str| Some(line.strip_prefix("warning[")?.split_once(']')?.0.to_owned());
    answer.stderr.lines().filter_map(word).collect()
}

#[track_caller]
fn assert_once(codes: &[String], all: &str) {
    let distinct: BTreeSet<_> = codes.iter().collect();
    assert_eq!(distinct.len(), codes.len(), "{codes:?}\n{all}");
}

#[test]
fn each_fact_is_told_once() {
    let plan = |more: &str| {
        let command = format!("plan - --drain 1001-1003 --skip-unhealthy --rack-policy ignore {more}");
        kshift(&command).input(sick().to_string()).run().ok()
    };
    let answer = plan("");
    let told = codes(&answer);
    assert_once(&told, &answer.stderr);
    for code in ["no-throttle", "short-isr", "moves-short-isr", "dead-broker", "fenced-broker", "no-leader", "deferred"]
    {
        assert!(told.iter().any(|found| found == code), "{code}: {}", answer.stderr);
    }
    assert_eq!(answer.stderr.matches("throttle was given").count(), 1, "{}", answer.stderr);
    let json = plan("--json").stderr_json();
    let in_json: Vec<String> = json["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| warning["code"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(in_json, told);
    assert_eq!(codes(&plan("--quiet")), told);
}

#[test]
fn what_reading_has_told_is_not_told_again_as_health() {
    let dir = repo("tests/fixtures/kafka-4.3.1-kraft");
    let output = text(&dir.join("topics-describe-dead-broker.txt"));
    let answer = kshift("snapshot -").input(output).run().ok().says("only in replica lists, taken as dead");
    assert_once(&codes(&answer), &answer.stderr);
    assert_eq!(answer.stderr.matches("warning[dead-broker]").count(), 1, "{}", answer.stderr);
    // The file no longer knows how it was read; health tells instead.
    kshift("snapshot -").input(answer.stdout).run().ok().says("warning[dead-broker]: broker 1003 is dead");
}

#[test]
fn a_cordoned_broker_is_throttled_and_a_dead_one_is_not() {
    let mut brokers = six_brokers(1_000_000_000_000);
    brokers[0]["state"] = json!("cordoned");
    brokers[1]["state"] = json!("dead");
    let mut led = partition(0, 0.0);
    led["isr"] = json!([1001, 1003]);
    let dir = empty_dir("warnings-cordoned");
    put(&dir.join("c.json"), cluster(&brokers, &[led]).to_string());
    let command = "plan c.json --drain 1001-1003 --throttle 50MB/s --out plan";
    kshift(command).in_dir(&dir).run().ok().says("broker 1001 is cordoned");
    let throttle: Value = serde_json::from_str(&text(&dir.join("plan/waves/001/throttle.json"))).unwrap();
    let with_rates: Vec<&String> = throttle["brokers"].as_object().unwrap().keys().collect();
    // Broker 1001 leads and sends every copy; keys come sorted as text here.
    assert_eq!(with_rates, ["0", "1", "1001", "1003", "2"]);
    let check = kshift("check c.json plan").in_dir(&dir).run();
    assert_eq!(check.exit, 0, "{}{}", check.stdout, check.stderr);
}

#[test]
fn one_is_told_in_the_singular() {
    let answer = kshift("plan - --drain 1001-1003 --skip-unhealthy --rack-policy ignore").input(sick().to_string());
    let answer = answer.run().ok().says("1 partition with a short ISR moves").says("broker 1003 is dead: it can be");
    for wrong in ["1 partitions", "1 replicas", "1 racks", "1 brokers", "1 waves", "brokers 1003 ", "1 log dirs"] {
        assert!(!answer.stderr.contains(wrong), "{wrong}: {}", answer.stderr);
    }
}
