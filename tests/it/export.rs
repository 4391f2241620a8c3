//! `kshift export`: the plan, and each wave, in the form of other tools.

use std::path::PathBuf;

use crate::support::files::{empty_dir, text};
use crate::support::run::{in_examples, kshift, kshift_with};

const MOVE: &str = "--drain 1001-1003 --onto 0-2";

/// A plan with a canary, data and internal topics, with elections to hold.
fn planned(name: &str, options: &str) -> (PathBuf, String) {
    let dir = empty_dir(name);
    let plan = dir.join("plan");
    in_examples(&format!("plan kafka-4.3.1 --ignore-disk {options} --out {}", plan.display())).ok();
    let name = plan.to_str().expect("it is plain text").to_owned();
    (plan, name)
}

#[test]
fn a_wave_is_exported_as_it_stands_in_the_directory_of_the_plan() {
    let (dir, plan) = planned("export-waves", &format!("{MOVE} --throttle 50MB/s --canary 1 --strategy two-stage"));
    let mut compared = 0;
    for wave in 1..10 {
        let written = dir.join(format!("waves/{wave:03}"));
        if !written.exists() {
            break;
        }
        for (format, file) in [("kafka", "reassign.json"), ("election", "election.json"), ("throttle", "throttle.json")]
        {
            let answer = kshift_with(["export", &plan, format, "--wave", &wave.to_string()]).run();
            let path = written.join(file);
            if path.exists() {
                assert_eq!(answer.ok().stdout, text(&path), "wave {wave}, {file}");
                compared += 1;
            } else if format == "throttle" {
                answer.refused(2, "usage").says("copies nothing");
            } else {
                let answer = answer.ok().says("warning[nothing-to-elect]");
                assert_eq!(answer.stdout, r#"{"partitions":[]}"#);
            }
        }
    }
    assert!(compared > 8, "{compared}");
    assert_eq!(kshift_with(["export", &plan, "runbook"]).run().ok().stdout, text(&dir.join("runbook.md")));
    for (script, file) in [("set", "throttle.sh"), ("unset", "unthrottle.sh")] {
        let answer = kshift_with(["export", &plan, "throttle", "--wave", "1", "--script", script]).run().ok();
        assert_eq!(answer.stdout, text(&dir.join("waves/001").join(file)));
        let whole = kshift_with(["export", &plan, "throttle", "--script", script]).run().ok();
        assert!(whole.stdout.contains("the whole plan") && whole.stdout.len() > answer.stdout.len());
    }
}

#[test]
fn a_runbook_is_for_the_tools_that_are_asked_for() {
    let (dir, plan) = planned("export-tools", &format!("{MOVE} --throttle 50MB/s"));
    let runbook = |version: &str| kshift_with(["export", &plan, "runbook", "--kafka", version]).run();
    let own = text(&dir.join("runbook.md"));
    let [old, new] = ["3.9", "4.3.1"].map(|version| runbook(version).ok().stdout);
    assert!(old.contains("--admin.config") && old.contains("kafka-broker-api-versions.sh"));
    assert!(!new.contains("--admin.config") && new.contains("kafka-cluster.sh list-endpoints"));
    assert!([old, new].contains(&own) || own.contains("those of Kafka."), "the plan's own version is the default");
    runbook("2.8").refused(2, "invalid-value").says("`2.8` is no version").says("--kafka");
}

#[test]
fn the_whole_plan_is_exported_as_if_it_were_done_at_once() {
    let (_, plan) = planned("export-whole", &format!("{MOVE} --throttle 50MB/s --strategy one-at-a-time"));
    let (_, direct) = planned("export-direct", &format!("{MOVE} --throttle 50MB/s"));
    let whole = |plan: &str, format: &str| kshift_with(["export", plan, format]).run().ok();
    let answer = whole(&plan, "kafka").says("warning[all-at-once]");
    let planned = in_examples("plan kafka-4.3.1 --drain 1001-1003 --onto 0-2 --ignore-disk").ok();
    assert_eq!(answer.stdout, planned.stdout, "the same lists, however many steps lead to them");
    assert_eq!(whole(&plan, "throttle").stdout, whole(&direct, "throttle").stdout);
    // Leaders that stay in their lists without standing first go on leading until they are asked.
    let (_, leaders) = self::planned("export-leaders", "--drain 1001 --leaders-only");
    let elected = whole(&leaders, "election").stdout;
    assert_eq!(elected.matches("\"topic\"").count(), whole(&leaders, "kafka").stdout.matches("\"topic\"").count());
}

#[test]
fn files_are_written_whole_where_they_are_asked_for() {
    let (dir, plan) = planned("export-files", &format!("{MOVE} --throttle 50MB/s"));
    let to = dir.with_file_name("wave.json");
    kshift_with(["export", &plan, "kafka", "--wave", "1", "-o", to.to_str().unwrap()]).run().ok().says("wave.json");
    assert_eq!(text(&to), text(&dir.join("waves/001/reassign.json")));
    let pages = dir.with_file_name("pages");
    kshift_with(["export", &plan, "runbook", "--out", pages.to_str().unwrap()]).run().ok().says("runbook.md");
    assert_eq!(text(&pages.join("runbook.md")), text(&dir.join("runbook.md")));
    let again = kshift_with(["export", &plan, "runbook", "--out", pages.to_str().unwrap()]).run();
    again.refused(2, "output-exists").says("name another directory");
    let json = kshift_with(["export", &plan, "runbook", "-o", to.to_str().unwrap(), "--json"]).run().ok().stderr_json();
    assert_eq!(json["files"][0]["name"], "runbook.md");
}

#[test]
fn what_cannot_be_exported_is_said() {
    let (_, plan) = planned("export-refused", MOVE);
    let export = |rest: &str| kshift(&format!("export {plan} {rest}")).run();
    export("kafka --wave 99").refused(2, "invalid-value").says("there is no wave 99").says("kshift show PLAN --waves");
    export("throttle").refused(2, "usage").says("the plan has no throttle").says("--throttle 50MB/s");
    export("").refused(2, "usage").says("no format; expected one of `kafka`");
    export("kafk").refused(2, "usage").says("there is no format `kafk`").says("did you mean `kafka`?");
    export("kafka --wav 1").refused(2, "usage").says("did you mean `--wave`?");
    export("runbook --wave 1").refused(2, "usage").says("`--wave`");
    export("throttle --script on").refused(2, "invalid-value").says("expected `set` or `unset`");
    export("kafka -o a --out b").refused(2, "usage").says("exclude each other");
    kshift("export").run().refused(2, "usage").says("expected one of `kafka`");
}
