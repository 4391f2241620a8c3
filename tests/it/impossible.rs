//! Requests that no plan can fulfil: exit code 3, with the limit, where, by how much, and what would do.

use serde_json::{Value, json};

use crate::support::files::{broker, cluster, partition, six_brokers};
use crate::support::run::{Answer, kshift};

const ROOM: u64 = 1_000_000_000_000;

fn plan(cluster: &Value, options: &str) -> Answer {
    kshift(&format!("plan - --drain 1001-1003 {options}")).input(cluster.to_string()).run()
}

#[test]
fn too_little_disk_names_the_limit_and_what_is_missing() {
    let cluster = cluster(&six_brokers(1_500_000_000), &[partition(0, 0.0), partition(1, 0.0)]);
    let answer = plan(&cluster, "").refused(3, "disk-limit");
    answer.says("85%").says("brokers 0-2").says("2.17 GB have no place").says("help: add 2.17 GB of room");
}

#[test]
fn too_few_racks_are_refused_under_strict() {
    let mut brokers = six_brokers(ROOM);
    // The cluster keeps three racks, but all that may receive data is in one of them.
    brokers.extend([broker(3, "a", ROOM), broker(4, "a", ROOM)]);
    let cluster = cluster(&brokers, &[partition(0, 0.0)]);
    let answer = plan(&cluster, "--onto 0,3,4 --rack-policy strict").refused(3, "rack-policy");
    answer.says("`t-0` on 3 racks").says("in 1 racks: a").says("help: add target brokers in 2 more racks");
}

#[test]
fn a_replication_factor_above_the_targets_is_refused() {
    let answer = plan(&cluster(&six_brokers(ROOM), &[partition(0, 0.0)]), "--onto 0-1").refused(3, "too-few-brokers");
    answer.says("`t-0` 3 new replicas").says("only 2 of the 2 target brokers").says("help: add 1 more");
}

#[test]
fn a_throttle_below_live_traffic_is_refused_and_the_rate_it_offers_is_enough() {
    let cluster = cluster(&six_brokers(ROOM), &[partition(0, 40e6)]);
    let answer = plan(&cluster, "--throttle 100MB/s").refused(3, "throttle").says("broker 1001").says("`t-0`");
    let (_, rate) = answer.stderr.split_once("--throttle ").expect("a rate that helps");
    let rate = rate.split('`').next().unwrap();
    let number: f64 = rate.trim_end_matches("MB/s").parse().expect("a rate in MB/s");
    assert!(number > 200.0, "{rate}");
    plan(&cluster, &format!("--throttle {rate}")).ok();
}

#[test]
fn partitions_that_fit_only_one_by_one_are_split_over_waves() {
    let partitions: Vec<Value> = (0..4).map(|number| partition(number, 10e6)).collect();
    let answer = plan(&cluster(&six_brokers(ROOM), &partitions), "--throttle 100MB/s --json").ok();
    assert!(answer.stderr_json()["summary"]["waves"].as_u64().is_some_and(|waves| waves > 1), "{}", answer.stderr);
}

#[test]
fn an_unhealthy_partition_is_refused_or_deferred_by_name() {
    let mut sick = partition(0, 0.0);
    sick["leader"] = json!(null);
    sick["isr"] = json!([]);
    let cluster = cluster(&six_brokers(ROOM), &[sick, partition(1, 0.0)]);
    plan(&cluster, "").refused(3, "unhealthy").says("`t-0`").says("--skip-unhealthy");
    let answer = plan(&cluster, "--skip-unhealthy").ok().says("t-0");
    assert!(!answer.stdout.contains("\"partition\":0"), "{}", answer.stdout);
    assert!(answer.stdout.contains("\"partition\":1"), "{}", answer.stdout);
}
