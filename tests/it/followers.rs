//! Followers alone: what leads or heads a list stays, everything else on the drained brokers moves, no leader and no
//! election is touched, and a plain drain then moves the rest.

use kshift::base::ids::BrokerId;
use kshift::base::work::Work;
use kshift::plan::{Plan, Role};
use kshift::request::{RackPolicy, Request};
use kshift::snapshot::Snapshot;
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::support::files::{cluster, empty_dir, names, put, six_brokers, text};
use crate::support::r#gen::awkward;
use crate::support::property::{cases, passes_from_its_file};
use crate::support::rows::Rows;
use crate::support::run::{Answer, kshift, report_of_changed};
use crate::support::shares::final_lists;

const TB: u64 = 1_000_000_000_000;

fn plan_of(cluster: &Value, options: &str) -> Answer {
    kshift(&format!("plan - --replicas-only {options}")).input(cluster.to_string()).run()
}

/// A partition led by `leader`, all in sync.
fn led(number: i32, leader: i32, replicas: &[i32]) -> Value {
    json!({"partition": number, "replicas": replicas, "leader": leader, "isr": replicas, "size_bytes": 1_000_000_000})
}

/// Brokers 1001, 1002, 1003 in racks a, b, c hold everything; 0, 1, 2 in the same racks are empty.
fn usual() -> Value {
    let partitions = [
        led(0, 1001, &[1001, 1002, 1003]),
        led(1, 1002, &[1002, 1001, 1003]),
        led(2, 1003, &[1002, 1003, 1001]),
        led(3, 1003, &[1003, 1002, 0]),
    ];
    cluster(&six_brokers(TB), &partitions)
}

fn moves(plan: &Value) -> Vec<&Value> {
    let waves = plan["waves"].as_array().expect("waves");
    waves.iter().flat_map(|wave| wave["partitions"].as_array().expect("partitions")).collect()
}

#[test]
fn followers_leave_and_who_leads_or_is_first_stays_in_its_place() {
    let dir = empty_dir("followers");
    put(&dir.join("c.json"), usual().to_string());
    let plan = "plan c.json --drain 1001,1003 --replicas-only --throttle 50MB/s --out p";
    let answer = kshift(plan).in_dir(&dir).run().ok();
    let answer = answer.says("replicas  4 to move, of 4 followers on the drained brokers; no leader changes");
    let answer = answer.says("left      3 replicas stay on drained brokers: each leads or is first of its list\n");
    answer.says("a new snapshot and a drain without --replicas-only then move them");
    let plan: Value = serde_json::from_str(&text(&dir.join("p/plan.json"))).unwrap();
    assert_eq!((&plan["complete"], &plan["request"]["replicas_only"]), (&json!(true), &json!(true)));
    assert_eq!((&plan["summary"]["replicas_moved"], &plan["summary"]["replicas_forced"]), (&json!(4), &json!(4)));
    let mut lists: Vec<(i64, Vec<i64>)> = Vec::new();
    for moved in moves(&plan) {
        assert_eq!(moved["leader"], moved["leader_after"]);
        let list = moved["replicas"].as_array().unwrap().iter().map(|id| id.as_i64().unwrap()).collect();
        lists.push((moved["partition"].as_i64().unwrap(), list));
    }
    lists.sort();
    // 1002 is not drained; racks are kept one by one, since each rack has one new broker.
    let expected = [(0, vec![1001, 1002, 2]), (1, vec![1002, 0, 2]), (2, vec![1002, 1003, 0])];
    assert_eq!(lists, expected, "partition 3 has its one drained replica in front");
    // Partition 2 is led by its second: an election would change that.
    assert_eq!(
        names(&dir.join("p/waves/001")),
        ["reassign.json", "rollback.json", "throttle.json", "throttle.sh", "unthrottle.sh"]
    );
    let runbook = text(&dir.join("p/runbook.md"));
    assert!(!runbook.contains("--election-type"), "no leader is to change");
    for sentence in
        ["followers alone, every leader stays", "3 replicas stay on purpose", "an ordinary drain of the same"]
    {
        assert!(runbook.contains(sentence), "{sentence}\n{runbook}");
    }
    kshift("check c.json p").in_dir(&dir).run().ok();
    let why = kshift("show p --why t-3").in_dir(&dir).run().ok();
    assert!(why.stdout.contains("who leads it or heads its list stays"), "{}", why.stdout);
    kshift("rollback p --to-wave 1 --out back").in_dir(&dir).run().ok();
    assert_eq!(names(&dir.join("back")), ["runbook.md", "waves"]);
    assert_eq!(
        names(&dir.join("back/waves/001")),
        ["reassign.json", "rollback.json", "throttle.json", "throttle.sh", "unthrottle.sh"]
    );
    let back = text(&dir.join("back/runbook.md"));
    assert!(back.contains("No election is due") && !back.contains("--election-type"), "{back}");
}

#[test]
fn options_that_leave_no_choice_are_excluded() {
    for (options, says) in [
        ("--drain 1001 --leaders-only", "--leaders-only and --replicas-only exclude each other"),
        ("--drain 1001 --exact", "--replicas-only and --exact exclude each other"),
        ("--pair 1001:0", "--replicas-only and --pair exclude each other"),
        ("--target none.json", "--replicas-only and --target exclude each other"),
        ("", "needs --drain"),
    ] {
        plan_of(&usual(), options).refused(2, "usage").says(says);
    }
}

#[test]
fn where_every_replica_leads_nothing_has_to_move() {
    let alone = cluster(&six_brokers(TB), &[led(0, 1001, &[1001]), led(1, 1001, &[1002, 1001])]);
    let answer = plan_of(&alone, "--drain 1001-1002").ok().says("nothing to move");
    answer.says("left      3 replicas stay on drained brokers");
}

#[test]
fn each_way_of_touching_a_leader_is_found_by_the_check() {
    let dir = empty_dir("followers-check");
    put(&dir.join("c.json"), usual().to_string());
    kshift("plan c.json --drain 1001,1003 --replicas-only --throttle 50MB/s --out p").in_dir(&dir).run().ok();
    let plan: Value = serde_json::from_str(&text(&dir.join("p/plan.json"))).unwrap();
    let at = |partition: i32| moves(&plan).iter().position(|moved| moved["partition"] == partition).unwrap();
    let found = |change: &dyn Fn(&mut Value)| report_of_changed(&dir, &plan, change);
    for (partition, list, says) in [
        (0, json!([0, 1002, 2]), "its leader or the head of its list moves"),
        (0, json!([1002, 1001, 2]), "it stays but changes its place in the list"),
        (0, json!([1001, 1002, 1003]), "it stays on a drained broker"),
        (2, json!([1002, 2, 0]), "its leader or the head of its list moves"),
        (1, json!([1, 0, 2]), "it leaves a broker that is not drained"),
    ] {
        let report = found(&|plan| plan["waves"][0]["partitions"][at(partition)]["replicas"] = list.clone());
        assert!(report.contains(says), "{list}: {report}");
    }
    let report = found(&|plan| _ = plan["waves"][0]["partitions"].as_array_mut().unwrap().remove(at(2)));
    assert!(report.contains("neither moves nor is deferred"), "{report}");
    let report = found(&|plan| _ = plan["request"].as_object_mut().unwrap().remove("replicas_only"));
    assert!(report.contains("it stays on a drained broker"), "{report}");
    let report = found(&|plan| plan["summary"]["replicas_forced"] = 7.into());
    assert!(report.contains("replicas_forced"), "{report}");
    put(&dir.join("p/waves/001/election.json"), r#"{"partitions":[{"topic":"t","partition":2}]}"#);
    let answer = kshift("check c.json p").in_dir(&dir).run();
    assert!(answer.exit == 1 && answer.stdout.contains("the plan has no such file"), "{}", answer.stdout);
}

fn solve(snapshot: &Snapshot, request: &Request) -> Option<Plan> {
    kshift::plan(snapshot, request, &Work::new()).inspect_err(|error| assert_ne!(error.code().exit_code(), 70)).ok()
}

/// The cluster when a plan was carried out: whoever led leads on, and all new replicas are in sync.
fn carried_out(snapshot: &Snapshot, plan: &Plan) -> Snapshot {
    let mut rows = Rows::of(snapshot);
    let lists = final_lists(snapshot, plan);
    let partitions = rows.topics.iter_mut().flat_map(|topic| &mut topic.partitions);
    for (partition, list) in partitions.zip(lists) {
        let (new, old): (Vec<BrokerId>, _) = list.iter().partition(|id| !partition.replicas.contains(id));
        let _: Vec<BrokerId> = old;
        partition.isr.retain(|id| list.contains(id));
        partition.isr.extend(new);
        partition.dirs = vec![None; list.len()];
        partition.replicas = list;
    }
    for dir in rows.brokers.iter_mut().flat_map(|broker| &mut broker.log_dirs) {
        dir.used = None;
    }
    rows.build().unwrap()
}

#[test]
fn no_leader_is_touched_on_any_awkward_cluster_and_a_plain_drain_moves_just_the_rest() {
    let found: Vec<[bool; 3]> = (0..cases())
        .into_par_iter()
        .map(|seed| {
            let (snapshot, asked) = awkward(seed);
            let request = Request { replicas_only: true, exact: false, ..asked.clone() };
            let Some(plan) = solve(&snapshot, &request) else { return [false; 3] };
            passes_from_its_file(&snapshot, &plan).unwrap_or_else(|fault| panic!("seed {seed}: {fault}"));
            let leads = |row: usize, id: BrokerId| {
                let columns = &snapshot.partitions;
                columns.replicas.get(row)[0] == id || columns.leader[row] == Some(id)
            };
            for row in plan.waves.iter().flat_map(|wave| wave.rows.clone()) {
                let step = plan.get(row);
                let at = snapshot.row_of(step.topic, step.partition).unwrap();
                assert_eq!(step.replicas[0], step.previous[0], "seed {seed}");
                assert!(step.leader == step.leader_after && !step.needs_election(), "seed {seed}");
                assert!(step.removing().all(|id| request.drain.contains(id) && !leads(at, id)), "seed {seed}");
                assert!(step.replicas.iter().all(|&id| !request.drain.contains(id) || leads(at, id)), "seed {seed}");
            }
            let drained = plan.brokers.iter().filter(|broker| broker.role == Role::Drain);
            let left: u32 = drained.map(|broker| broker.replicas_after).sum();
            // The rest, without the limits that may refuse the whole: who has to move does not depend on them.
            let plain = Request {
                ignore_disk: true,
                growth: false,
                rack_policy: RackPolicy::Ignore,
                skip_unhealthy: true,
                throttle: None,
                ..asked
            };
            let after = carried_out(&snapshot, &plan);
            let (Some(whole), Some(rest)) = (solve(&snapshot, &plain), solve(&after, &plain)) else {
                return [true, !plan.waves.is_empty(), false];
            };
            let sum = plan.summary.replicas_moved + rest.summary.replicas_forced;
            assert_eq!(sum, whole.summary.replicas_forced, "seed {seed}");
            [true, !plan.waves.is_empty(), left > 0 && rest.summary.replicas_moved > 0]
        })
        .collect();
    let share = |what: usize| found.iter().filter(|found| found[what]).count() * 10;
    assert!(share(0) > 4 * found.len() && share(1) > 2 * found.len(), "{} and {}", share(0), share(1));
    assert!(share(2) > 2 * found.len(), "{} plain drains after it", share(2));
}
