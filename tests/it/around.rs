//! What stands around a plan: `export PLAN strimzi|route53|dnsendpoint`, and `kshift campaign`.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::files::{empty_dir, put, text};
use crate::support::run::{Answer, golden, in_examples, kshift_with};

const FACADE: &str = r#"{"kind":"kshift.facade","version":1,"zone":"kafka.example.com",
 "hosted_zone_id":"Z0123456789ABCDEFGHIJ","bootstrap":"bootstrap.kafka.example.com",
 "broker":"b{id}.kafka.example.com","hosts":{"0-2,1001-1003":"kafka-{id}.internal"}}"#;

/// A plan of true tool output, and a facade file beside it.
fn planned(name: &str) -> (PathBuf, String, String) {
    let dir = empty_dir(name);
    let (plan, facade) = (dir.join("plan"), dir.join("facade.json"));
    let plan = plan.to_str().expect("it is plain text").to_owned();
    in_examples(&format!("plan kafka-4.3.1 --drain 1001-1003 --onto 0-2 --ignore-disk --out {plan}")).ok();
    put(&facade, FACADE);
    (dir, plan, facade.to_str().expect("it is plain text").to_owned())
}

fn kshift(dir: &Path, args: &[&str]) -> Answer {
    kshift_with(args.iter().copied()).in_dir(dir).run()
}

#[test]
fn exports_for_strimzi_and_dns_are_directories() {
    let (dir, plan, facade) = planned("around-export");
    let to = |name: &str| dir.join(name).to_str().expect("it is plain text").to_owned();
    let strimzi = to("strimzi");
    let pools = ["--cluster", "prod", "--pool", "new=0-2", "--pool", "old=1001-1003"];
    let answer = kshift(&dir, &[&["export", &plan, "strimzi"][..], &pools, &["--out", &strimzi]].concat());
    // The new brokers hold something already: their pool has been scaled up.
    answer.ok().says("4-scale-down/old.yaml").says("strimzi.md");
    assert!(!dir.join("strimzi/1-ids-to-add").exists());
    assert!(text(&dir.join("strimzi/4-scale-down/old.yaml")).ends_with("spec:\n  replicas: 0\n"));
    for format in ["route53", "dnsendpoint"] {
        kshift(&dir, &["export", &plan, format, "--facade", &facade, "--out", &to(format)])
            .ok()
            .says("steps/01-facade");
        let page = text(&dir.join(format).join("dns.md"));
        assert!(page.contains("| 1001 | `b1001.kafka.example.com` | `kafka-1001.internal` |"), "{page}");
        let again = kshift(&dir, &["export", &plan, format, "--facade", &facade, "--out", &to(format)]);
        again.refused(2, "output-exists");
        kshift(&dir, &["export", &plan, format, "--facade", &facade]).refused(2, "usage").says("--out");
    }
}

#[test]
fn options_that_cannot_be_meant_are_refused() {
    let (dir, plan, facade) = planned("around-refused");
    let strimzi = |more: &[&str]| kshift(&dir, &[&["export", &plan, "strimzi"][..], more].concat());
    strimzi(&["--pool", "new=0-2"]).refused(2, "usage").says("--cluster");
    strimzi(&["--cluster", "prod"]).refused(2, "usage").says("--pool brokers=0-2");
    strimzi(&["--cluster", "Prod", "--pool", "new=0-2"]).refused(2, "invalid-value");
    strimzi(&["--cluster", "prod", "--pool", "new"]).refused(2, "invalid-value");
    strimzi(&["--cluster", "prod", "--pool", "new=0-3"]).refused(2, "unknown-broker");
    kshift(&dir, &["export", &plan, "route53"]).refused(2, "usage").says("--facade");
    kshift(&dir, &["export", &plan, "route53", "--facade", "none.json"]).refused(2, "unreadable");
    let plan_file = format!("{plan}/plan.json");
    kshift(&dir, &["export", &plan, "route53", "--facade", &plan_file]).refused(2, "wrong-kind");
    put(&dir.join("cut.json"), &FACADE[..FACADE.len() / 2]);
    kshift(&dir, &["export", &plan, "route53", "--facade", "cut.json"]).refused(2, "invalid-json");
    assert!(Path::new(&facade).exists());
}

#[test]
fn a_campaign_is_written_shown_and_checked() {
    let (dir, plan, facade) = planned("around-campaign");
    let cluster = dir.join("cluster.json");
    put(&cluster, in_examples("snapshot kafka-4.3.1").ok().stdout);
    let new = ["campaign", "new", "cluster.json", "--old", "1001-1003", "--new", "0-2", "--throttle", "50MB/s"];
    let answer = kshift(&dir, &[&new[..], &["--facade", "facade.json"]].concat()).ok();
    golden("campaign.json", &answer.stdout);
    put(&dir.join("campaign.json"), &answer.stdout);
    let show = kshift(&dir, &["campaign", "show", "campaign.json"]).ok();
    golden("campaign-show.txt", &show.stdout);
    assert_eq!(kshift(&dir, &["campaign", "show", "campaign.json", "--json"]).ok().stdout, answer.stdout);
    let check = kshift(&dir, &["campaign", "check", "campaign.json", "cluster.json"]).ok();
    golden("campaign-check.txt", &check.stdout);
    let json = kshift(&dir, &["campaign", "check", "campaign.json", "cluster.json", "--json"]).ok().stdout;
    let json: Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!((&json["ok"], &json["current"]), (&Value::Bool(true), &"facade".into()));
    // People mark what is over, and name the plan.
    let marked = answer.stdout.replacen("\"done\": false", "\"done\": true", 1);
    put(&dir.join("marked.json"), marked);
    let check = kshift(&dir, &["campaign", "check", "marked.json", "cluster.json"]);
    assert_eq!(check.exit, 1, "{}", check.stdout);
    assert!(check.stdout.contains("violation[not-done]: phase `facade`"), "{}", check.stdout);
    let drain = "\"phase\": \"drain\",\n      \"done\": false,\n      \"skip\": null,\n      \"plan\": ";
    let named = answer.stdout.replacen(&format!("{drain}null"), &format!("{drain}\"plan\""), 1);
    assert_ne!(named, answer.stdout);
    put(
        &dir.join("named.json"),
        named.replace("1001-1003", "1001-1002").replace("\"phases\"", "\"kept\": \"1003\",\n  \"phases\""),
    );
    let check = kshift(&dir, &["campaign", "check", "named.json", "cluster.json"]);
    assert!(check.exit == 1 && check.stdout.contains("violation[other-plan]"), "{}", check.stdout);
    assert!(Path::new(&plan).exists() && Path::new(&facade).exists());
}

#[test]
fn campaigns_that_cannot_be_meant_are_refused() {
    let (dir, plan, _) = planned("around-campaign-refused");
    put(&dir.join("cluster.json"), in_examples("snapshot kafka-4.3.1").ok().stdout);
    let new = |more: &[&str]| kshift(&dir, &[&["campaign", "new", "cluster.json"][..], more].concat());
    new(&["--old", "1001-1003"]).refused(2, "usage").says("--new");
    new(&["--old", "1001-1003", "--new", "1003-1005"]).refused(2, "overlap").says("--pair");
    new(&["--old", "1001-1004", "--new", "0-2"]).refused(2, "unknown-broker");
    new(&["--old", "1001-1003", "--new", "0-2", "-o", "campaign.json"]).ok().says("written");
    new(&["--old", "1001-1003", "--new", "0-2", "-o", "campaign.json"]).refused(2, "output-exists");
    let check = |file: &str, cluster: &str| kshift(&dir, &["campaign", "check", file, cluster]);
    check("cluster.json", "campaign.json").refused(2, "wrong-kind").says("kshift.cluster");
    check("none.json", "cluster.json").refused(2, "unreadable");
    check("-", "-").refused(2, "usage");
    let lost = text(&dir.join("campaign.json")).replacen("\"plan\": null", "\"plan\": \"lost\"", 6);
    put(&dir.join("lost.json"), lost);
    check("lost.json", "cluster.json").refused(2, "unreadable");
    kshift(&dir, &["campaign", "chek", "campaign.json"]).refused(2, "usage").says("check");
    assert!(Path::new(&plan).exists());
}
