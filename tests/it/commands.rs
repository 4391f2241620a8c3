//! What each command answers on true tool output, byte for byte. `KSHIFT_BLESS=1` writes it anew.

use crate::support::files::{empty_dir, put, repo, text};
use crate::support::run::{golden, in_examples, kshift, kshift_with};

const PLAN: &str = "--drain 1001-1003 --onto 0-2 --throttle 50MB/s --ignore-disk";

#[test]
fn snapshot_and_plan_answer_as_before() {
    let answer = in_examples("snapshot kafka-4.3.1").ok();
    golden("snapshot.json", &answer.stdout);
    golden("snapshot.txt", &answer.stderr);
    let answer = in_examples(&format!("plan kafka-4.3.1 {PLAN}")).ok();
    golden("plan.json", &answer.stdout);
    golden("plan.txt", &answer.stderr);
    golden("plan-view.json", &in_examples(&format!("plan kafka-4.3.1 {PLAN} --json")).ok().stderr);
}

#[test]
fn show_check_and_rollback_answer_as_before() {
    let dir = empty_dir("commands");
    let plan = dir.join("plan");
    let plan = plan.to_str().unwrap();
    in_examples(&format!("plan kafka-4.3.1 {PLAN} --out {plan}")).ok();
    for (name, option) in
        [("show", ""), ("show-waves", "--waves"), ("show-brokers", "--brokers"), ("show-why", "--why orders.v1-0")]
    {
        golden(&format!("{name}.txt"), &in_examples(&format!("show {plan} {option}")).ok().stdout);
        golden(&format!("{name}.json"), &in_examples(&format!("show {plan} {option} --json")).ok().stdout);
    }
    golden("check.txt", &in_examples(&format!("check kafka-4.3.1 {plan}")).ok().stdout);
    golden("check.json", &in_examples(&format!("check kafka-4.3.1 {plan} --json")).ok().stdout);
    let back = in_examples(&format!("rollback {plan} --to-wave 1")).ok();
    golden("rollback.json", &back.stdout);
    golden("rollback.txt", &back.stderr);
}

#[test]
fn a_tampered_plan_does_not_pass_the_check() {
    let dir = empty_dir("commands-tampered");
    let plan = dir.join("plan");
    let plan = plan.to_str().unwrap();
    in_examples(&format!("plan kafka-4.3.1 {PLAN} --out {plan}")).ok();
    let file = dir.join("plan/waves/001/reassign.json");
    let whole = text(&file);
    // One replica more than the plan has said.
    let tampered = whole.replacen("\"replicas\":[", "\"replicas\":[1001,", 1);
    assert_ne!(tampered, whole);
    put(&file, tampered);
    let answer = in_examples(&format!("check kafka-4.3.1 {plan}"));
    assert_eq!(answer.exit, 1, "{}{}", answer.stdout, answer.stderr);
    golden("check-tampered.txt", &answer.stdout);
}

#[test]
fn a_file_of_others_is_judged_by_every_limit_that_is_asked_for() {
    let dir = empty_dir("commands-foreign");
    put(&dir.join("move.json"), in_examples(&format!("plan kafka-4.3.1 {PLAN}")).ok().stdout);
    let file = dir.join("move.json");
    let check = |limits: &str| {
        let answer = in_examples(&format!("check kafka-4.3.1 {} --ignore-disk {limits}", file.display()));
        (answer.exit, answer.stdout.split(['[', ']']).nth(1).unwrap_or_default().to_owned(), answer.stdout)
    };
    for holds in ["", "--max-moves 5000", "--max-moves-per-broker 5000", "--skip-unhealthy", "--throttle 50MB/s"] {
        let (exit, _, stdout) = check(holds);
        assert_eq!(exit, 0, "{holds}: {stdout}");
    }
    for (limit, rule) in [
        ("--max-moves 2", "max-moves"),
        ("--max-moves-per-broker 1", "max-moves-per-broker"),
        ("--throttle 1MB/s --max-wave-duration 1s", "max-wave-duration"),
    ] {
        let (exit, found, stdout) = check(limit);
        assert_eq!((exit, found.as_str()), (1, rule), "{limit}: {stdout}");
    }
}

#[test]
fn a_small_example_is_as_before() {
    let answer = kshift("example --old 3 --new 3 --partitions 6").run().ok();
    golden("example.json", &answer.stdout);
}

#[test]
fn every_fixture_directory_is_read_as_before() {
    for version in ["kafka-4.3.1-kraft", "kafka-3.9.2-zk"] {
        let dir = repo("tests/fixtures").join(version);
        let answer = kshift_with(["snapshot", "snapshot"]).in_dir(&dir).run().ok();
        golden(&format!("snapshot-{version}.json"), &answer.stdout);
        golden(&format!("snapshot-{version}.txt"), &answer.stderr);
    }
}

#[test]
fn the_summary_shows_what_either_preference_gives_where_sizes_differ() {
    // Broker 0 has two log dirs, so twice the disk of the others.
    let plan = "plan kafka-4.3.1 --drain 1001-1003 --onto 0-2 --capacity 50MB";
    let line = |options: &str, label: &str| {
        let said = in_examples(&format!("{plan} {options}")).ok().stderr;
        let from = said.lines().skip_while(|line| !line.starts_with(label)).take(2).map(str::trim);
        from.map(str::to_owned).collect::<Vec<String>>()
    };
    let disk = line("--throttle 50MB/s", "prefer ").remove(0);
    let time = line("--throttle 50MB/s --prefer time", "prefer ").remove(0);
    let sides = |line: &str, this: &str, that: &str| {
        let figures = line.strip_prefix(&format!("prefer    {this}: fullest target ")).expect(line).to_owned();
        let (chosen, other) = figures.split_once(&format!("; --prefer {that}: fullest target ")).expect(line);
        [chosen.replace("receiving takes ", ""), other.to_owned()]
    };
    let [a, b] = sides(&disk, "disk", "time");
    assert_eq!(sides(&time, "time", "disk"), [b.clone(), a.clone()], "each run shows what the other one has");
    assert_ne!(a, b);
    let alone = line("", "prefer ");
    assert!(alone[0].starts_with("prefer    disk: fullest target ") && !alone[0].contains("receiving"), "{alone:?}");
    assert_eq!(alone[1], "plan again with --prefer time and --throttle to see what that gives");
    assert!(line("--throttle 50MB/s", "bounds ")[0].contains(" of its share (by capacity), at best "));
    assert!(line("--throttle 50MB/s --ignore-disk", "prefer ").is_empty(), "without disks there is no size");
}

#[test]
fn a_plan_of_the_default_preference_does_not_name_it() {
    let plan = |options: &str| in_examples(&format!("plan kafka-4.3.1 {PLAN} --format plan {options}")).ok().stdout;
    let usual = plan("");
    assert!(!usual.contains("prefer") && !usual.contains("trade"), "{usual}");
    assert_eq!(plan("--prefer disk"), usual);
    assert!(plan("--prefer time").contains(r#""prefer":"time""#));
}

#[test]
fn a_large_file_is_the_same_as_what_comes_through_a_pipe() {
    let dir = empty_dir("commands-large");
    let cluster = kshift("example --old 20 --new 20 --partitions 40000").run().ok().stdout;
    assert!(cluster.len() > 5_000_000, "{} bytes", cluster.len());
    let file = dir.join("cluster.json");
    put(&file, &cluster);
    let from_file = kshift_with(["snapshot", file.to_str().unwrap()]).run().ok().stdout;
    assert!(from_file == kshift("snapshot -").input(cluster).run().ok().stdout, "the two differ");
}
