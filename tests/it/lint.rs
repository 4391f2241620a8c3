//! Advice on reassignments of others: each piece is made to appear and to vanish; plans of kshift get none for needless
//! moves; every code has its section.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use kshift::base::assignment::Assignment;
use kshift::base::ids::IdSet;
use kshift::base::work::Work;
use kshift::check::{self, Report};
use kshift::emit::kafka;
use kshift::request::Request;
use kshift::snapshot::{self, BrokerState, Snapshot};
use serde_json::{Value, json};

use crate::support::files::{empty_dir, put, repo, text};
use crate::support::r#gen::awkward;
use crate::support::property::cases;
use crate::support::run::{golden, kshift};
use crate::support::shrink;

/// Brokers 1-6 in the racks a, b, c, a, b, c; 4-6 hold nothing of `t`.
fn cluster(lists: &[&[i32]], capacity: u64) -> Value {
    let broker = |id: i32| {
        let rack = ["a", "b", "c"][(id as usize - 1) % 3];
        json!({"id": id, "rack": rack, "log_dirs": [{"path": "/d", "capacity_bytes": capacity}]})
    };
    let partition =
        |(number, list): (usize, &&[i32])| json!({"partition": number, "replicas": list, "size_bytes": 1_000_000_000});
    let partitions: Vec<Value> = lists.iter().enumerate().map(partition).collect();
    let internal = json!([{"partition": 0, "replicas": [1, 2, 3], "size_bytes": 1000}]);
    json!({
        "kind": "kshift.cluster", "version": 1, "brokers": (1..=6).map(broker).collect::<Vec<_>>(),
        "topics": [{"name": "__consumer_offsets", "partitions": internal}, {"name": "t", "partitions": partitions}],
    })
}

fn read(cluster: &Value) -> Snapshot {
    snapshot::read_bytes(cluster.to_string().as_bytes(), "c.json").unwrap_or_else(|error| panic!("{error}"))
}

fn file(entries: &[(&str, i32, &[i32])]) -> Assignment {
    let mut text = String::from(r#"{"version":1,"partitions":["#);
    for (number, (topic, partition, list)) in entries.iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        write!(text, r#"{comma}{{"topic":"{topic}","partition":{partition},"replicas":{list:?}}}"#).unwrap();
    }
    Assignment::read(&(text + "]}"), "r.json").unwrap()
}

fn judge(cluster: &Value, entries: &[(&str, i32, &[i32])]) -> Report {
    check::assignment(&read(cluster), &file(entries), &Request::of_one_wave())
}

fn codes(report: &Report) -> Vec<&'static str> {
    report.lints.iter().map(|lint| lint.code).collect()
}

const TB: u64 = 1_000_000_000_000;

/// A code; lists of `t`, and the entries of a file that earn the code, and of one that does not.
type Case = (
    &'static str,
    &'static [&'static [i32]],
    &'static [(&'static str, i32, &'static [i32])],
    &'static [(&'static str, i32, &'static [i32])],
);

const CASES: &[Case] = &[
    ("no-op", &[&[1, 2, 3]], &[("t", 0, &[1, 2, 3])], &[("t", 0, &[4, 2, 3])]),
    ("needless-reorder", &[&[1, 2, 3]], &[("t", 0, &[1, 3, 2])], &[("t", 0, &[2, 1, 3])]),
    ("needless-reorder", &[&[1, 2, 3]], &[("t", 0, &[4, 3, 2])], &[("t", 0, &[2, 4, 3])]),
    ("needless-leader-change", &[&[1, 2, 3]], &[("t", 0, &[2, 1, 6])], &[("t", 0, &[1, 2, 6])]),
    (
        "needless-copies",
        &[&[1, 2, 3], &[4, 2, 3]],
        &[("t", 0, &[4, 2, 3]), ("t", 1, &[1, 2, 3])],
        &[("t", 0, &[4, 2, 3])],
    ),
    (
        "zone-change",
        &[&[1, 2, 3], &[1, 2]],
        // 5 comes for 1 although 4, in the rack of 1, receives another partition.
        &[("t", 0, &[4, 2, 3]), ("t", 1, &[6, 2])],
        &[("t", 0, &[4, 2, 3]), ("t", 1, &[4, 2])],
    ),
    (
        "leaders-piled",
        &[&[1, 2, 3], &[2, 3, 1], &[3, 1, 2], &[1, 2, 3], &[2, 3, 1], &[3, 1, 2]],
        &[
            ("t", 0, &[4, 2, 3]),
            ("t", 1, &[4, 3, 2]),
            ("t", 2, &[4, 3, 2]),
            ("t", 3, &[4, 2, 3]),
            ("t", 4, &[4, 2, 3]),
            ("t", 5, &[4, 3, 2]),
        ],
        &[
            ("t", 0, &[4, 2, 3]),
            ("t", 1, &[2, 3, 4]),
            ("t", 2, &[3, 4, 2]),
            ("t", 3, &[4, 2, 3]),
            ("t", 4, &[2, 3, 4]),
            ("t", 5, &[3, 4, 2]),
        ],
    ),
    (
        "internal-with-data",
        &[&[1, 2, 3]],
        &[("__consumer_offsets", 0, &[4, 2, 3]), ("t", 0, &[4, 2, 3])],
        &[("__consumer_offsets", 0, &[4, 2, 3])],
    ),
];

#[test]
fn each_piece_of_advice_appears_with_its_cause_and_vanishes_without() {
    for (number, (code, lists, with, without)) in CASES.iter().enumerate() {
        let cluster = cluster(lists, TB);
        let report = judge(&cluster, with);
        assert!(codes(&report).contains(code), "case {number}: {report}");
        assert!(report.is_ok(), "case {number}: advice is no violation: {report}");
        let lint = report.lints.iter().find(|lint| lint.code == *code).unwrap();
        assert!(!lint.fix.is_empty() && !lint.examples.is_empty(), "{lint}");
        let report = judge(&cluster, without);
        assert!(!codes(&report).contains(code), "case {number}: {report}");
    }
}

#[test]
fn a_log_dir_that_gives_and_takes_is_fuller_on_the_way() {
    let lists: Vec<&[i32]> = vec![&[1, 2][..]; 4].into_iter().chain(vec![&[4, 5][..]; 4]).collect();
    let swap: Vec<(&str, i32, &[i32])> =
        (0..8).map(|p| ("t", p, if p < 4 { &[4, 2][..] } else { &[1, 5][..] })).collect();
    let report = judge(&cluster(&lists, 10_000_000_000), &swap);
    assert!(report.is_ok() && codes(&report).contains(&"doubled-disk"), "{report}");
    let lint = report.lints.iter().find(|lint| lint.code == "doubled-disk").unwrap();
    assert_eq!(lint.examples[0], "`/d` of broker 1: 4.00 GB before, 8.00 GB at the peak, 4.00 GB after, of 10.0 GB");
    // On a larger disk it does not matter, and on a smaller one it does not fit.
    assert!(!codes(&judge(&cluster(&lists, TB), &swap)).contains(&"doubled-disk"));
    assert!(!judge(&cluster(&lists, 9_000_000_000), &swap).is_ok());
    // Who only receives is as full as it will be.
    assert!(!codes(&judge(&cluster(&lists, 10_000_000_000), &swap[..4])).contains(&"doubled-disk"));
}

#[test]
fn a_move_that_mends_racks_is_not_needless() {
    let two_in_a_rack = cluster(&[&[1, 4, 3], &[5, 2, 3]], TB);
    let entries: &[(&str, i32, &[i32])] = &[("t", 0, &[1, 5, 3]), ("t", 1, &[4, 2, 3])];
    assert!(!codes(&judge(&two_in_a_rack, entries)).contains(&"needless-copies"));
}

#[test]
fn every_entry_concerned_is_in_the_json_and_the_text_counts_the_rest() {
    let lists: Vec<&[i32]> = vec![&[1, 2, 3]; 9];
    let idle: Vec<(&str, i32, &[i32])> = (0..9).map(|p| ("t", p, &[1, 2, 3][..])).collect();
    let report = judge(&cluster(&lists, TB), &idle);
    let json = report.to_json();
    assert_eq!(json["lints"][0]["entries"], json!([0, 1, 2, 3, 4, 5, 6, 7, 8]));
    assert!(report.to_string().contains("and 6 more; --json lists all"), "{report}");
}

#[test]
fn advice_changes_the_exit_code_only_when_that_is_asked_for() {
    let dir = empty_dir("lint-strict");
    put(&dir.join("c.json"), cluster(&[&[1, 2, 3], &[1, 2, 3]], TB).to_string());
    put(
        &dir.join("r.json"),
        r#"{"partitions":[{"topic":"t","partition":0,"replicas":[1,3,4]},{"topic":"t","partition":1,"replicas":[1,2,3]},
            {"topic":"__consumer_offsets","partition":0,"replicas":[4,2,3]}]}"#,
    );
    let answer = kshift("check c.json r.json --rack-policy ignore").in_dir(&dir).run().ok();
    golden("check-lint.txt", &answer.stdout);
    let strict = kshift("check c.json r.json --rack-policy ignore --strict").in_dir(&dir).run();
    assert_eq!((strict.exit, strict.stdout), (1, answer.stdout));
    put(&dir.join("r.json"), r#"{"partitions":[{"topic":"t","partition":0,"replicas":[4,2,3]}]}"#);
    kshift("check c.json r.json --strict").in_dir(&dir).run().ok();
}

#[test]
fn a_plan_of_kshift_in_the_form_of_kafka_has_no_violation_and_makes_no_needless_move() {
    let (mut judged, mut clear) = (0, 0);
    let mut counts: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for seed in 0..cases().min(2_000) {
        let (snapshot, request) = awkward(seed);
        // Kafka's tool takes no list with a dead broker, whoever made it.
        if snapshot.brokers.iter().any(|broker| !matches!(broker.state, BrokerState::Alive)) {
            continue;
        }
        let Ok(plan) = kshift::plan(&snapshot, &request, &Work::default()) else { continue };
        if plan.waves.is_empty() || plan.moves.topic.len() > 10_000 {
            continue;
        }
        let whole = kafka::whole(&plan);
        let whole = Assignment::read(std::str::from_utf8(&whole).unwrap(), "reassign.json").unwrap();
        let limits = Request {
            drain: request.drain.clone(),
            onto: request.onto.clone(),
            topics: request.topics.clone(),
            exclude_topics: request.exclude_topics.clone(),
            skip_unhealthy: request.skip_unhealthy,
            disk_limit: request.disk_limit,
            ignore_disk: request.ignore_disk,
            rack_policy: request.rack_policy,
            ..Request::of_one_wave()
        };
        let report = check::assignment(&snapshot, &whole, &limits);
        let shown = || format!("seed {seed}: {report}\n{}", shrink::print(&snapshot, &request));
        assert!(report.is_ok(), "{}", shown());
        let needless = codes(&report).into_iter().find(|code| code.starts_with("needless") || *code == "no-op");
        assert!(needless.is_none(), "{}", shown());
        judged += 1;
        for code in codes(&report) {
            *counts.entry(code).or_default() += 1;
        }
        clear += usize::from(codes(&report).iter().all(|code| *code == "internal-with-data"));
    }
    assert!(judged as u64 >= cases().min(2_000) / 10, "{judged} plans judged");
    assert!(clear * 2 > judged, "{clear} of {judged} without any advice on what they do: {counts:?}");
}

#[test]
fn a_plan_of_an_even_cluster_gets_no_advice_but_that_internal_topics_come_last() {
    let dir = empty_dir("lint-example");
    kshift("example --old 6 --new 6 --partitions 300 -o c.json -q").in_dir(&dir).run().ok();
    put(&dir.join("r.json"), kshift("plan c.json --drain 1000-1005 -q").in_dir(&dir).run().ok().stdout);
    let answer = kshift("check c.json r.json --drain 1000-1005 --json").in_dir(&dir).run().ok();
    let found: Value = serde_json::from_str(&answer.stdout).unwrap();
    let codes: Vec<&str> =
        found["lints"].as_array().unwrap().iter().map(|lint| lint["code"].as_str().unwrap()).collect();
    assert!(codes.iter().all(|code| *code == "internal-with-data"), "{codes:?}");
}

#[test]
fn what_the_generate_of_kafkas_tool_does_is_seen_as_needless() {
    // Every list anew over six brokers that had as many replicas before, as `--generate` does it.
    let consecutive = |start: i32| -> Vec<i32> { (0..3).map(|i| (start + i) % 6 + 1).collect() };
    let lists: Vec<Vec<i32>> = (0..30).map(consecutive).collect();
    let lists: Vec<&[i32]> = lists.iter().map(Vec::as_slice).collect();
    let anew: Vec<Vec<i32>> = (0..30).map(|p| consecutive(p * 5 + 3)).collect();
    let entries: Vec<(&str, i32, &[i32])> = (0..30).map(|p| ("t", p, anew[p as usize].as_slice())).collect();
    let limits = Request { rack_policy: kshift::request::RackPolicy::Ignore, ..Request::of_one_wave() };
    let report = check::assignment(&read(&cluster(&lists, TB)), &file(&entries), &limits);
    let found = codes(&report);
    for code in ["needless-copies", "needless-leader-change"] {
        assert!(found.contains(&code), "{code}: {report}");
    }
}

#[test]
fn every_finding_has_a_section_with_an_example_and_a_mend() {
    let page = text(&repo("docs/findings.md"));
    let (violations, advice) = page.split_once("\n## Advice\n").unwrap();
    let headings = |part: &str| -> Vec<String> {
        part.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`')).map(str::to_owned).collect()
    };
    let tested: BTreeSet<String> =
        CASES.iter().map(|case| case.0.to_owned()).chain(["doubled-disk".to_owned()]).collect();
    assert_eq!(headings(advice).into_iter().collect::<BTreeSet<_>>(), tested);
    for code in [
        "target",
        "replicas",
        "unknown-partition",
        "duplicate-partition",
        "racks",
        "disk-limit",
        "max-moves",
        "throttle-records",
        "health",
        "log-dirs",
        "throttle",
        "scope",
    ] {
        assert!(headings(violations).iter().any(|found| found == code), "{code}");
    }
    for section in page.split("### `").skip(1) {
        for part in ["Example: ", "Why it hurts: ", "To mend: "] {
            assert!(section.contains(part), "{part}{section}");
        }
    }
}

#[test]
fn the_sources_have_the_advice_that_the_page_has() {
    let page = text(&repo("docs/findings.md"));
    let (_, advice) = page.split_once("\n## Advice\n").unwrap();
    let listed: BTreeSet<&str> =
        advice.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`')).collect();
    let sources = crate::house::sources();
    let lints: Vec<String> = sources
        .iter()
        .filter(|source| source.path.starts_with("check/lint/"))
        .map(crate::house::Source::joined)
        .collect();
    let mut used = BTreeSet::new();
    for source in &lints {
        for opening in ["code: \"", "advice(\n\""] {
            for (at, _) in source.match_indices(opening) {
                used.extend(source[at + opening.len()..].split('"').next());
            }
        }
    }
    assert_eq!(used, listed);
}

#[test]
fn a_drain_that_was_asked_for_lets_first_replicas_go() {
    let cluster = cluster(&[&[1, 2, 3]], TB);
    // 1 is drained of leadership too: that it is no longer first is what was asked for.
    let limits = Request { drain: IdSet::parse("3").unwrap(), ..Request::of_one_wave() };
    let report = check::assignment(&read(&cluster), &file(&[("t", 0, &[2, 1, 6])]), &limits);
    assert!(codes(&report).contains(&"needless-leader-change"), "{report}");
    let limits = Request { drain: IdSet::parse("1").unwrap(), ..Request::of_one_wave() };
    let report = check::assignment(&read(&cluster), &file(&[("t", 0, &[2, 1, 6])]), &limits);
    assert!(!codes(&report).contains(&"needless-leader-change"), "{report}");
}
