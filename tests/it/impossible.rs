//! Requests that no plan can fulfil: exit code 3, with the limit, where, by how much, and what would do.
//!
//! Aim: who is refused can type one of the options that the `help:` lines offer, and gets a plan. Method:
//! every refusal here goes through [`refused`], which runs the command again with each option offered.

use serde_json::{Value, json};

use crate::support::files::{broker, cluster, partition, six_brokers};
use crate::support::run::{Answer, kshift, kshift_with};

const ROOM: u64 = 1_000_000_000_000;

fn plan(cluster: &Value, options: &str) -> Answer {
    kshift(&format!("plan - --drain 1001-1003 {options}")).input(cluster.to_string()).run()
}

/// Asserts a refusal, and that each option it offers gives a plan in place of the same option of the command.
#[track_caller]
fn refused(cluster: &Value, options: &str, code: &str) -> Refusal {
    let answer = plan(cluster, options).refused(3, code);
    let offered = offered(&answer.stderr);
    let details = plan(cluster, &format!("{options} --json")).refused_as_data();
    assert_eq!(json!(offered), details["remedies"], "{}", answer.stderr);
    for offer in &offered {
        let words = with_options(&format!("plan - --drain 1001-1003 {options}"), offer);
        let again = kshift_with(words.iter().map(String::as_str)).input(cluster.to_string()).run();
        assert_eq!(again.exit, 0, "`{offer}` was offered\n{}\nbut {}\n{}", answer.stderr, again.args, again.stderr);
    }
    Refusal { answer, offered }
}

struct Refusal {
    answer: Answer,
    offered: Vec<String>,
}

impl Refusal {
    #[track_caller]
    fn says(self, text: &str) -> Self {
        Refusal { answer: self.answer.says(text), ..self }
    }

    #[track_caller]
    fn offers(self, options: &[&str]) -> Self {
        assert_eq!(self.offered, options, "{}", self.answer.stderr);
        self
    }
}

trait AsData {
    fn refused_as_data(&self) -> Value;
}

impl AsData for Answer {
    #[track_caller]
    fn refused_as_data(&self) -> Value {
        assert_eq!(self.exit, 3, "{}", self.stderr);
        self.stderr_json()["error"]["details"].clone()
    }
}

/// The options that stand between backticks in help lines.
fn offered(stderr: &str) -> Vec<String> {
    let help = stderr.lines().filter_map(|line| line.strip_prefix("help: "));
    let quoted = help.flat_map(|line| line.split('`').skip(1).step_by(2));
    quoted.filter(|text| text.starts_with("--")).map(str::to_owned).collect()
}

/// The words of a command with these options in place of the same ones.
fn with_options(command: &str, offer: &str) -> Vec<String> {
    let offer = shell_words(offer);
    let mut words = shell_words(command);
    for option in offer.iter().filter(|word| word.starts_with("--")) {
        if let Some(at) = words.iter().position(|word| word == option) {
            let values = words[at + 1..].iter().take_while(|word| !word.starts_with("--")).count();
            words.drain(at..=at + values);
        }
    }
    words.extend(offer);
    words
}

/// Words as a shell reads them, of text with single quotes at most.
fn shell_words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for (number, part) in text.split('\'').enumerate() {
        if number % 2 == 1 {
            words.last_mut().unwrap().push_str(part);
            continue;
        }
        for (number, piece) in part.split(' ').enumerate() {
            if number > 0 {
                words.push(String::new());
            }
            words.last_mut().unwrap().push_str(piece);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn too_little_disk_names_the_limit_and_what_is_missing() {
    let cluster = cluster(&six_brokers(1_500_000_000), &[partition(0, 0.0), partition(1, 0.0)]);
    let refusal = refused(&cluster, "", "disk-limit").offers(&[]);
    refusal
        .says("85%")
        .says("help: 2.17 GB of room is missing on target brokers 0-2 at 85%: add brokers or disks with at least that much room")
        .says("help: neither a disk limit of 100% nor a milder rack policy is enough, nor are both; in full")
        .says("in full log dirs 1.50 GB would still have no place");
}

#[test]
fn a_little_too_little_disk_is_mended_by_the_least_limit_that_fits() {
    let cluster = cluster(&six_brokers(2_200_000_000), &[partition(0, 0.0), partition(1, 0.0)]);
    refused(&cluster, "", "disk-limit").offers(&["--disk-limit 91%"]);
    refused(&cluster, "--disk-limit 90.85%", "disk-limit").offers(&["--disk-limit 91%"]);
}

#[test]
fn a_limit_that_bytes_alone_allow_is_raised_until_whole_replicas_fit() {
    // Three replicas of 1 GB on two log dirs: one must take two, so 75% in the mean are 100% in one.
    let mut brokers = vec![broker(1001, "a", ROOM), broker(0, "a", 2_000_000_000), broker(1, "a", 2_000_000_000)];
    let mut partitions: Vec<Value> = (0..3).map(|number| partition(number, 0.0)).collect();
    for partition in &mut partitions {
        partition["replicas"] = json!([1001]);
        partition["isr"] = json!([1001]);
    }
    brokers.extend([broker(1002, "a", ROOM), broker(1003, "a", ROOM)]);
    refused(&cluster(&brokers, &partitions), "", "disk-limit").offers(&["--disk-limit 100%"]);
}

#[test]
fn brokers_that_were_not_named_are_offered_as_targets_but_no_more_than_needed() {
    let mut brokers = six_brokers(1_500_000_000);
    brokers.extend([broker(3, "a", ROOM), broker(4, "b", ROOM), broker(5, "c", ROOM), broker(6, "a", ROOM)]);
    let cluster = cluster(&brokers, &[partition(0, 0.0), partition(1, 0.0)]);
    refused(&cluster, "--onto 0-2", "disk-limit").offers(&["--onto 0-5"]).says("brokers 3-5 then receive too");
}

#[test]
fn a_full_rack_is_mended_by_leaving_racks_out_of_account() {
    let mut brokers = six_brokers(ROOM);
    brokers[3] = broker(0, "a", 100_000_000);
    brokers.push(broker(3, "b", ROOM));
    let refusal = refused(&cluster(&brokers, &[partition(0, 0.0)]), "", "disk-limit");
    refusal.offers(&["--rack-policy ignore"]).says("at the price of less safety");
}

#[test]
fn too_few_racks_are_refused_under_strict() {
    let mut brokers = six_brokers(ROOM);
    // The cluster keeps three racks, but all that may receive data is in one of them.
    brokers.extend([broker(3, "a", ROOM), broker(4, "a", ROOM)]);
    let cluster = cluster(&brokers, &[partition(0, 0.0)]);
    let refusal = refused(&cluster, "--onto 0,3,4 --rack-policy strict", "rack-policy");
    refusal
        .says("`t-0` on 3 racks")
        .says("in 1 rack: a")
        .says("help: target brokers in 2 more racks are missing")
        .offers(&["--onto 0-4", "--rack-policy ignore"]);
}

#[test]
fn strict_is_given_up_no_further_than_needed() {
    // Both replicas on rack a; one stays there, so one rack is all that can be kept with a target in a.
    let mut shared = partition(0, 0.0);
    shared["replicas"] = json!([1001, 7]);
    shared["isr"] = json!([1001, 7]);
    let mut brokers = six_brokers(ROOM);
    brokers.push(broker(7, "a", ROOM));
    let cluster = cluster(&brokers, &[shared]);
    refused(&cluster, "--onto 0 --rack-policy strict", "rack-policy")
        .says("target brokers in 1 more rack are missing")
        .offers(&["--onto 0-1", "--rack-policy preserve"]);
}

#[test]
fn strict_on_fewer_racks_than_replicas_gives_a_plan_with_a_warning() {
    let mut brokers = six_brokers(ROOM);
    // Rack c is given up: only a and b stay.
    brokers[5] = broker(2, "a", ROOM);
    let cluster = cluster(&brokers, &[partition(0, 0.0)]);
    plan(&cluster, "--rack-policy strict")
        .ok()
        .says("warning[fewer-racks]: 1 partition ends on fewer racks than they have replicas: `t-0`");
    plan(&cluster, "--rack-policy ignore")
        .ok()
        .says("warning[fewer-racks]: 1 partition ends on fewer racks than before");
    let enough = plan(&self::cluster(&six_brokers(ROOM), &[partition(0, 0.0)]), "--rack-policy strict").ok();
    assert!(!enough.stderr.contains("fewer-racks"), "{}", enough.stderr);
}

#[test]
fn a_replication_factor_above_the_targets_is_refused() {
    let cluster = cluster(&six_brokers(ROOM), &[partition(0, 0.0)]);
    let refusal = refused(&cluster, "--onto 0-1", "too-few-brokers");
    refusal
        .says("`t-0` 3 new replicas")
        .says("there are 2 target brokers")
        .says("help: 1 more target broker must be added at least")
        .offers(&["--onto 0-2"]);
}

#[test]
fn a_topic_of_too_high_replication_factor_can_be_left_out() {
    let mut brokers = six_brokers(ROOM);
    brokers.truncate(5);
    let mut cluster = cluster(&brokers, &[partition(0, 0.0)]);
    let mut small = partition(0, 0.0);
    small["replicas"] = json!([1001, 1002]);
    small["isr"] = json!([1001, 1002]);
    cluster["topics"][0]["name"] = json!("wide.topic");
    cluster["topics"].as_array_mut().unwrap().push(json!({"name": "small", "partitions": [small]}));
    let refusal = refused(&cluster, "--exclude-topics other|more", "too-few-brokers");
    refusal.offers(&[r"--exclude-topics 'other|more|wide\.topic'"]);
    refused(&cluster, "--exclude-topics small", "too-few-brokers")
        .offers(&[])
        .says("help: 1 more target broker must be added at least");
}

#[test]
fn a_throttle_below_live_traffic_is_refused_and_the_rate_it_offers_is_enough() {
    let cluster = cluster(&six_brokers(ROOM), &[partition(0, 40e6)]);
    let refusal = refused(&cluster, "--throttle 100MB/s", "throttle").says("broker 1001").says("`t-0`");
    refusal.says("help: only a rate above 200 MB/s ever finishes them").offers(&["--throttle 220MB/s"]);
}

#[test]
fn causes_that_hide_behind_one_another_are_mended_together() {
    let cluster = cluster(&six_brokers(1_100_000_000), &[partition(0, 40e6)]);
    let refusal = refused(&cluster, "--throttle 100MB/s", "disk-limit");
    refusal.offers(&["--disk-limit 91% --throttle 220MB/s"]).says("are enough together");
    let mut brokers = six_brokers(ROOM);
    brokers[3] = broker(0, "b", ROOM);
    let refusal = refused(&self::cluster(&brokers, &[partition(0, 40e6)]), "--throttle 100MB/s", "rack-policy");
    refusal.offers(&["--rack-policy strict --throttle 220MB/s"]);
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
    let cluster = cluster(&six_brokers(ROOM), &[sick.clone(), partition(1, 0.0)]);
    refused(&cluster, "", "unhealthy").says("`t-0`").offers(&["--skip-unhealthy"]).says("help: repair them");
    let answer = plan(&cluster, "--skip-unhealthy").ok().says("t-0");
    assert!(!answer.stdout.contains("\"partition\":0"), "{}", answer.stdout);
    assert!(answer.stdout.contains("\"partition\":1"), "{}", answer.stdout);
    // Nothing else would move, so leaving it out helps nobody.
    refused(&self::cluster(&six_brokers(ROOM), &[sick]), "", "unhealthy").offers(&[]);
}
