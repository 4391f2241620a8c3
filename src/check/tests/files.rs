//! Files of a directory, written by hand, then altered.

use std::path::PathBuf;

use super::support::*;
use crate::base::fs::Staging;
use crate::base::ids::PartitionId;
use crate::base::kafka_configs::{END, FORGET, GIVE_BACK, HEAD, LISTS, RATES};
use crate::check::files::judge;
use crate::check::{self, Violation};
use crate::plan::{ANY_DIR, Plan, Stage};
use crate::request::Request;
use crate::snapshot::Snapshot;

const REASSIGN: &str = r#"{"version":1,"partitions":[{"topic":"t","partition":0,"replicas":[11,2],"log_dirs":["/d","any"]},{"topic":"t","partition":10,"replicas":[2,11]}]}"#;
const ROLLBACK: &str = r#"{"version":1,"partitions":[{"topic":"t","partition":0,"replicas":[1,2]},{"topic":"t","partition":10,"replicas":[2,1]}]}"#;
const THROTTLE: &str = r#"{"brokers":{"1":{"leader.replication.throttled.rate":50000000,"follower.replication.throttled.rate":50000000},"2":{"leader.replication.throttled.rate":50000000,"follower.replication.throttled.rate":50000000},"11":{"leader.replication.throttled.rate":50000000,"follower.replication.throttled.rate":50000000}},"topics":{"t":{"leader.replication.throttled.replicas":"0:1,0:2,10:1,10:2","follower.replication.throttled.replicas":"0:11,10:11"}}}"#;
const ELECTION: &str = r#"{"partitions":[{"topic":"t","partition":10}]}"#;

/// A plan in which the leader of `t-10` is not the first of its list.
fn plan() -> (Snapshot, Plan) {
    let brokers: &[(i32, &str, &str)] = &[(1, "", ""), (2, "", ""), (11, "", "")];
    let partitions: &[(&str, i32, &[i32], u64, &str)] = &[("t", 0, &[1, 2], 1, ""), ("t", 10, &[2, 1], 1, "")];
    let snapshot = cluster(brokers, partitions);
    let moves: &[To] = &[("t", 10, &[2, 11], &[]), ("t", 0, &[11, 2], &["/d", "any"])];
    let mut plan = bare(&snapshot, request("1", "11"), &[(Stage::Data, moves)]);
    plan.moves.leader_after[0] = Some(id(11));
    assert_eq!(plan.moves.dir.get(1), [0, ANY_DIR]);
    (snapshot, plan)
}

/// The violations of a directory with these files, each under `waves/001` unless its name has a slash.
fn report(name: &str, files: &[(&str, String)]) -> Vec<Violation> {
    report_of(name, &plan(), files)
}

fn report_of(name: &str, (snapshot, plan): &(Snapshot, Plan), files: &[(&str, String)]) -> Vec<Violation> {
    let dir = std::env::temp_dir().join(format!("kshift-check-{}-{name}", std::process::id()));
    let staging = Staging::begin(&dir, true, |_| true).unwrap();
    staging.write("plan.json", b"{}").unwrap();
    for (name, content) in files {
        let name = if name.contains('/') { name.to_string() } else { format!("waves/001/{name}") };
        staging.write(name.trim_start_matches('/'), content.as_bytes()).unwrap();
    }
    staging.publish().unwrap();
    let found = judge(snapshot, plan, &dir).unwrap();
    std::fs::remove_dir_all(dir).unwrap();
    found
}

/// `throttle.sh` and `unthrottle.sh` with these lines.
fn scripts(set: &str, unset: &str) -> [String; 2] {
    let rates = "# With `brokers` behind it, it sets the rates alone; RATE=1000000 in front gives every broker that rate, in bytes/s.";
    let off = "# Takes off what was set for wave 001, and nothing else; what stood there before comes back. It may be run again.";
    [
        format!("#!/bin/sh\n# Throttles wave 001. It may be run again.\n{rates}\n{HEAD}{RATES}{LISTS}{set}{END}"),
        format!("#!/bin/sh\n{off}\n{HEAD}{FORGET}{unset}{END}"),
    ]
}

fn good() -> Vec<(&'static str, String)> {
    let [set, unset] = scripts(
        "rates 1 50000000 50000000 & started\nrates 2 50000000 50000000 & started\nrates 11 50000000 50000000 & started\n\
         if [ \"${1:-}\" != brokers ]; then\n  lists t '0:1,0:2,10:1,10:2' '0:11,10:11' & started\nfi\n",
        "forget brokers 1 leader.replication.throttled.rate,follower.replication.throttled.rate & started\n\
         forget brokers 2 leader.replication.throttled.rate,follower.replication.throttled.rate & started\n\
         forget brokers 11 leader.replication.throttled.rate,follower.replication.throttled.rate & started\n\
         forget topics t leader.replication.throttled.replicas,follower.replication.throttled.replicas & started\n",
    );
    vec![
        ("/runbook.md", "# Runbook".to_owned()),
        ("reassign.json", REASSIGN.to_owned()),
        ("rollback.json", ROLLBACK.to_owned()),
        ("election.json", ELECTION.to_owned()),
        ("throttle.json", THROTTLE.to_owned()),
        ("throttle.sh", set),
        ("unthrottle.sh", unset),
    ]
}

#[test]
fn throttles_that_were_there_are_merged_into_every_file_and_come_back() {
    let (snapshot, mut plan) = plan();
    let own =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    plan.throttles_before.brokers.insert(id(2), own(&[("follower.replication.throttled.rate", "7000000")]));
    plan.throttles_before.brokers.insert(id(77), own(&[("follower.replication.throttled.rate", "1000000")]));
    plan.throttles_before.topics.insert("t".to_owned(), own(&[("leader.replication.throttled.replicas", "3:7,0:1")]));
    let mut files = good();
    files[4].1 = THROTTLE.replace("10:1,10:2", "10:1,10:2,3:7").replace(
        r#""0:11,10:11"}}}"#,
        r#""0:11,10:11"}},"before":{"brokers":{"2":{"follower.replication.throttled.rate":7000000}},"topics":{"t":{"leader.replication.throttled.replicas":"3:7,0:1"}}}}"#,
    );
    files[5].1 = files[5].1.replace("10:1,10:2", "10:1,10:2,3:7");
    files[6].1 = files[6]
        .1
        .replace(
            "forget brokers 2 leader.replication.throttled.rate,follower.replication.throttled.rate",
            "give_back brokers 2 'follower.replication.throttled.rate=[7000000]' leader.replication.throttled.rate",
        )
        .replace(
            "forget topics t leader.replication.throttled.replicas,",
            "give_back topics t 'leader.replication.throttled.replicas=[3:7,0:1]' ",
        )
        .replace(FORGET, &format!("{FORGET}{GIVE_BACK}"));
    assert_eq!(report_of("kept", &(snapshot, plan), &files), []);
}

#[test]
fn throttles_from_before_that_are_not_those_of_the_snapshot_are_named() {
    let (snapshot, plan) = plan();
    let mut plan = figured(&snapshot, plan);
    let of = |plan: &Plan| {
        let found = check::plan(&snapshot, plan).violations;
        found.into_iter().filter(|found| found.rule == "throttles-before").collect::<Vec<_>>()
    };
    assert_eq!(of(&plan), []);
    let rates = std::iter::once(("leader.replication.throttled.rate".to_owned(), "5".to_owned())).collect();
    plan.throttles_before.brokers.insert(id(2), rates);
    let found = of(&plan);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].message.contains("broker 2 is `5`, in the snapshot it is nothing"), "{}", found[0].message);
}

#[test]
fn files_that_say_what_the_plan_says_pass() {
    assert_eq!(report("good", &good()), []);
}

#[test]
fn each_altered_file_is_named_with_its_partition() {
    let alterations: &[(usize, &str, &str, &str)] = &[
        (1, "[11,2]", "[2,11]", "t-0"),
        (1, r#""/d""#, r#""any""#, "t-0"),
        (1, r#","log_dirs":["/d","any"]"#, "", "t-0"),
        (1, r#",{"topic":"t","partition":10,"replicas":[2,11]}"#, "", "t-10"),
        (2, "[2,1]", "[2,11]", "t-10"),
        (3, "10", "0", "t-10"),
        (4, "50000000", "50000001", ""),
        (4, "0:1,0:2", "0:1", ""),
        (4, "10:11", "10:2", ""),
        (1, r#"{"version":1,"#, r#"{"version": 1,"#, ""),
        (1, "]}]}", "]}]", ""),
        (1, r#"{"version":1"#, r#"{"version":2"#, ""),
        (5, "rates 2 50000000", "rates 2 90000000", ""),
        (5, "exit \"$failed\"", "curl elsewhere", ""),
        (6, "forget brokers 2", "forget brokers 3", ""),
    ];
    for (number, (file, from, to, partition)) in alterations.iter().enumerate() {
        let mut files = good();
        let altered = files[*file].1.replacen(from, to, 1);
        assert_ne!(altered, files[*file].1, "{from}");
        files[*file].1 = altered;
        let found = report(&format!("altered-{number}"), &files);
        assert_eq!(found.len(), 1, "{found:?}");
        at(&found[0], 1, partition, 0);
        assert_eq!((found[0].rule, found[0].place.clone()), ("files", Some(format!("waves/001/{}", files[*file].0))));
    }
}

#[test]
fn missing_and_extra_files_are_named() {
    for (missing, _) in good() {
        let files: Vec<_> = good().into_iter().filter(|file| file.0 != missing).collect();
        let found = report(&format!("missing-{}", missing.trim_start_matches('/')), &files);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].place.as_ref().unwrap().ends_with(missing.trim_start_matches('/')));
    }
    for extra in ["/notes.txt", "more.json", "/waves/002/reassign.json"] {
        let mut files = good();
        files.push((extra, "{}".to_owned()));
        let found = report(&format!("extra-{}", extra.len()), &files);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].place.as_ref().unwrap().ends_with(extra.trim_start_matches('/')));
    }
}

#[test]
fn kafka_reassign_json_is_known_by_its_content() {
    let (snapshot, _) = plan();
    let path =
        |name: &str| -> PathBuf { std::env::temp_dir().join(format!("kshift-any-{}-{name}", std::process::id())) };
    let judge = |name: &str, content: &str| {
        let path = path(name);
        crate::base::fs::write_file(&path, content.as_bytes()).unwrap();
        let report = check::any(&snapshot, &path, &Request::default());
        std::fs::remove_file(path).unwrap();
        report
    };
    assert!(judge("good", REASSIGN).unwrap().is_ok());
    let report = judge("bad", &REASSIGN.replace("10", "7")).unwrap();
    assert_eq!(report.violations[0].partition, Some(PartitionId::new(7)));
    assert_eq!(judge("cluster", r#"{"kind":"kshift.cluster","version":1}"#).unwrap_err().code().as_str(), "wrong-kind");
    assert_eq!(judge("cut", r#"{"version":1,"parti"#).unwrap_err().code().as_str(), "invalid-json");
}
