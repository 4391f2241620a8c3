//! `kshift simulate`: what it answers, on what, and what it refuses.

use kshift::base::units::BytesPerSec;
use kshift::base::work::Work;
use kshift::example::{self, Options};
use kshift::request::Request;
use kshift::simulate::{self, Played, Style};
use serde_json::Value;

use crate::support::files::{empty_dir, put, text};
use crate::support::run::{golden, in_examples};

const PLAN: &str = "--drain 1001-1003 --onto 0-2 --throttle 50MB/s --ignore-disk";

/// The plan of the example in a directory of its own.
fn planned(name: &str, options: &str) -> String {
    let plan = empty_dir(name).join("plan").to_str().unwrap().to_owned();
    in_examples(&format!("plan kafka-4.3.1 {PLAN} {options} --out {plan}")).ok();
    plan
}

fn json(args: &str) -> Value {
    serde_json::from_str(&in_examples(&format!("{args} --json")).ok().stdout).expect("it is JSON")
}

#[test]
fn it_answers_as_before() {
    let plan = planned("simulate", "--canary 2");
    golden("simulate.txt", &in_examples(&format!("simulate kafka-4.3.1 {plan}")).ok().stdout);
    golden("simulate-lose.txt", &in_examples(&format!("simulate kafka-4.3.1 {plan} --lose 0@2")).ok().stdout);
    golden("simulate-compare.txt", &in_examples(&format!("simulate kafka-4.3.1 {plan} --compare")).ok().stdout);
    golden("simulate.json", &in_examples(&format!("simulate kafka-4.3.1 {plan} --every 0.2s --json")).ok().stdout);
}

#[test]
fn a_plan_and_its_one_file_move_the_same_bytes() {
    let plan = planned("simulate-same", "");
    let file = empty_dir("simulate-file").join("move.json");
    put(&file, in_examples(&format!("plan kafka-4.3.1 {PLAN}")).ok().stdout);
    let ours = json(&format!("simulate kafka-4.3.1 {plan} --style all-at-once"));
    let foreign = json(&format!("simulate kafka-4.3.1 {} --throttle 50MB/s --style all-at-once", file.display()));
    for key in ["bytes_copied", "copies", "makespan_seconds", "ends"] {
        assert_eq!(ours[key], foreign[key], "{key}");
    }
    assert_eq!(foreign["waves"][0]["stage"], Value::Null);
}

#[test]
fn proposals_of_cruise_control_are_played() {
    let dir = empty_dir("simulate-proposals");
    let cluster = dir.join("c.json");
    let broker = |id: u32| format!(r#"{{"id":{id}}}"#);
    let brokers: Vec<String> = (1..=3).map(broker).collect();
    put(
        &cluster,
        format!(
            r#"{{"kind":"kshift.cluster","version":1,"brokers":[{}],"topics":[{{"name":"t","partitions":[{{"partition":0,"replicas":[1,2],"size_bytes":1000000000}}]}}]}}"#,
            brokers.join(",")
        ),
    );
    let proposals = dir.join("p.json");
    put(
        &proposals,
        r#"{"proposals":[{"topicPartition":"t-0","oldLeader":1,"oldReplicas":[1,2],"newReplicas":[1,3]},
        {"topicPartition":"gone-0","oldLeader":1,"oldReplicas":[1],"newReplicas":[2]}]}"#,
    );
    let args = format!("simulate {} {} --throttle 10MB/s --style sliding", cluster.display(), proposals.display());
    let found = json(&args);
    assert_eq!((found["style"].as_str(), found["makespan_seconds"].as_f64()), (Some("sliding=5"), Some(100.0)));
    assert_eq!(found["warnings"][0]["code"], "left-out");
}

#[test]
fn without_a_rate_no_time_is_told() {
    let plan = empty_dir("simulate-no-rate").join("plan");
    let plan = plan.to_str().unwrap();
    in_examples(&format!("plan kafka-4.3.1 --drain 1001-1003 --onto 0-2 --ignore-disk --out {plan}")).ok();
    let answer = in_examples(&format!("simulate kafka-4.3.1 {plan}"));
    answer.refused(2, "usage").says("made without --throttle").says("help: add a rate such as `--throttle 50MB/s`");
    in_examples(&format!("simulate kafka-4.3.1 {plan} --throttle 20MB/s")).ok();
}

#[test]
fn what_cannot_be_read_is_refused_with_what_was_expected() {
    let plan = planned("simulate-refused", "");
    for (options, code, said) in [
        ("--style fast", "invalid-value", "expected `rolling`, `barrier`"),
        ("--lose 1003", "invalid-value", "names no wave"),
        ("--lose 77@1", "unknown-broker", "--lose names broker 77"),
        ("--lose 1@99", "usage", "there is no such wave"),
        ("--lose-rack nowhere@1", "unknown-rack", "rack `nowhere`"),
        ("--slow 1001", "invalid-value", "no slow broker"),
        ("--series a.txt", "usage", "neither .csv nor .json"),
        ("--compare --lose 1@1", "usage", "exclude each other"),
    ] {
        in_examples(&format!("simulate kafka-4.3.1 {plan} {options}")).refused(2, code).says(said);
    }
    in_examples("simulate kafka-4.3.1 kafka-4.3.1").refused(2, "unreadable").says("has no plan.json");
}

#[test]
fn the_series_is_written_in_the_format_that_its_name_asks_for() {
    let plan = planned("simulate-series", "");
    let dir = empty_dir("simulate-series-files");
    for file in ["s.csv", "s.json"] {
        let path = dir.join(file);
        in_examples(&format!("simulate kafka-4.3.1 {plan} --every 0.1s --series {}", path.display())).ok();
        let written = text(&path);
        let head =
            if file == "s.csv" { "seconds,broker,disk_bytes" } else { "{\"every_seconds\":0.1,\"seconds\":[0.0,0.1" };
        assert!(written.starts_with(head), "{}", &written[..200.min(written.len())]);
    }
}

#[test]
fn slots_of_the_request_count_unless_others_are_asked_for() {
    let plan = planned("simulate-slots", "--in-flight 1");
    let request: Value = serde_json::from_str(&text(&std::path::Path::new(&plan).join("plan.json"))).unwrap();
    assert_eq!(request["request"]["in_flight"], 1);
    assert_eq!(request["request"]["in_flight_per_broker"], Value::Null);
    assert_eq!(json(&format!("simulate kafka-4.3.1 {plan}"))["in_flight_peak"], 1);
    assert!(json(&format!("simulate kafka-4.3.1 {plan} --in-flight 3"))["in_flight_peak"].as_u64() > Some(1));
}

#[test]
fn every_style_is_at_least_as_long_as_its_busiest_broker_and_the_same_each_time() {
    let options =
        Options { old: 8, new: 6, partitions: 600, total_tb: 2.0, seed: 5, rate_per_tb: 0.0, ..Options::default() };
    let snapshot = example::cluster(&options).unwrap();
    let mut request = Request { throttle: Some(BytesPerSec::new(50_000_000)), max_moves: 150, ..Request::default() };
    request.drain = kshift::base::ids::IdSet::parse("1000-1007").unwrap();
    let plan = kshift::plan(&snapshot, &request, &Work::new()).unwrap();
    let makespan = plan.summary.makespan_seconds.unwrap().get();
    let played = Played::Plan(Box::new(plan.clone()));
    let play = |style| {
        let options = simulate::Options { style, ..simulate::Options::default() };
        simulate::simulate(&snapshot, &played, &options, &Work::new()).unwrap()
    };
    for style in [Style::Rolling, Style::Barrier, Style::AllAtOnce, Style::Batches(10), Style::Sliding(5)] {
        let found = play(style);
        let seconds = found.makespan_seconds.unwrap().get();
        assert!(seconds >= found.busiest_seconds.get() * (1.0 - 1e-9), "{style}: {seconds}");
        assert_eq!(found, play(style), "{style}");
    }
    // No wave is shorter than its busiest side, and few copies are held up by others for long.
    let barrier = play(Style::Barrier);
    for (wave, planned) in barrier.waves.iter().zip(&plan.waves) {
        let seconds = wave.end_seconds.unwrap().get() - wave.start_seconds.unwrap().get();
        let least = planned.copy_seconds.unwrap().get();
        assert!(seconds >= least * (1.0 - 1e-6), "wave {}: {seconds} under {least}", wave.wave);
    }
    assert!(barrier.makespan_seconds.unwrap().get() < makespan * 1.5);
}
