//! What people mix up: plans and clusters, one wave and the whole plan, units. Each answer names what was
//! given, what belongs there, and what to type.

use crate::support::files::{empty_dir, put, repo};
use crate::support::run::{Answer, kshift};

const PLAN: &str = "--drain 1001-1003 --onto 0-2 --capacity 10GB";

/// A directory with the snapshot `c.json` and its plan `move`, and what `kshift` answers in it.
fn planned(name: &str) -> impl Fn(&str) -> Answer {
    let dir = empty_dir(name);
    let example = repo("examples/kafka-4.3.1");
    let run = move |args: &str| kshift(args).in_dir(&dir).run();
    run(&format!("snapshot {} -o c.json --capacity 10GB -q", example.display())).ok();
    run(&format!("plan c.json {PLAN} --throttle 50MB/s --out move")).ok();
    run
}

#[test]
fn a_plan_in_the_place_of_the_cluster_is_named_as_what_it_is() {
    let run = planned("mixups-plan");
    for given in ["move", "move/plan.json"] {
        let answer = run(&format!("check {given} c.json")).refused(2, "wrong-kind");
        answer
            .says(&format!("in {given}"))
            .says("this is a plan")
            .says("expected a cluster")
            .says("`kshift check CLUSTER PLAN`");
        run(&format!("plan {given} --drain 1")).refused(2, "wrong-kind").says("this is a plan");
    }
    let answer = run("plan move/waves/001/reassign.json --drain 1").refused(2, "wrong-kind");
    answer.says("this is a reassignment for Kafka's tools; expected a cluster");
    run("check c.json c.json").refused(2, "wrong-kind").says("`kshift.cluster` is no plan");
}

#[test]
fn a_wave_in_the_place_of_the_plan_leads_to_the_plan() {
    let run = planned("mixups-wave");
    for command in ["show move/waves/001", "check c.json move/waves/001", "rollback move/waves --to-wave 1"] {
        run(command).refused(2, "unreadable").says("has no plan.json").says("its plan is in `move`");
    }
}

#[test]
fn a_rollback_of_what_has_not_begun_would_move_nothing_and_the_check_says_so() {
    let dir = empty_dir("mixups-back");
    let run = planned("mixups-back-plan");
    put(&dir.join("back.json"), run("rollback move --to-wave 1").ok().stdout);
    let answer = run(&format!("check c.json {}", dir.join("back.json").display())).ok();
    assert!(answer.stdout.starts_with("warning[nothing-to-move]: every list is the one"), "{}", answer.stdout);
}

#[test]
fn a_violation_in_the_file_of_another_tool_names_the_file() {
    let run = planned("mixups-foreign");
    let dir = empty_dir("mixups-foreign-file");
    let file = dir.join("theirs.json");
    put(&file, r#"{"partitions":[{"topic":"orders.v1","partition":0,"replicas":[0,1]}]}"#);
    let answer = run(&format!("check c.json {}", file.display()));
    assert_eq!(answer.exit, 1, "{}", answer.stderr);
    let place = format!("in {} at partitions[0]", file.display());
    assert!(answer.stdout.contains(&place), "{}", answer.stdout);
}

#[test]
fn a_forgotten_unit_is_noticed() {
    let run = planned("mixups-units");
    let answer = run(&format!("plan c.json {PLAN} --throttle 50 -q")).ok();
    assert!(
        answer.stderr.contains("warning[low-throttle]: ") && answer.stderr.contains("`50MB/s`"),
        "{}",
        answer.stderr
    );
    let answer = run(&format!("plan c.json {PLAN} --throttle 1MB/s -q")).ok();
    assert!(!answer.stderr.contains("low-throttle"), "{}", answer.stderr);
    let example = repo("examples/kafka-4.3.1");
    let answer = run(&format!("snapshot {} --capacity 10 -q", example.display())).ok();
    assert!(answer.stderr.contains("warning[over-capacity]: "), "{}", answer.stderr);
}

#[test]
fn a_topic_filter_that_matches_nothing_says_that_it_takes_the_whole_name() {
    let run = planned("mixups-topics");
    let answer = run(&format!("plan c.json {PLAN} --topics orders -q")).ok();
    assert!(answer.stderr.contains("`--topics orders` must match the whole name"), "{}", answer.stderr);
}

#[test]
fn capacities_and_racks_of_brokers_that_are_not_there_name_those_that_are() {
    let run = planned("mixups-ids");
    let dir = empty_dir("mixups-ids-files");
    put(&dir.join("ids"), "9 2TB\n");
    for option in ["--capacity", "--racks"] {
        let answer = run(&format!("plan c.json --drain 1001-1003 {option} {}", dir.join("ids").display()));
        answer.refused(2, "unknown-broker").says(&format!("in {option}")).says("brokers 0-2,1001-1003").says("help: ");
    }
}

#[test]
fn a_snapshot_is_not_written_into_a_directory_that_is_not_there() {
    let run = planned("mixups-no-dir");
    run("snapshot c.json -o none/c.json").refused(2, "unwritable").says("make the directory first");
    run("snapshot c.json -o move").refused(2, "unwritable").says("help: name a file");
}
