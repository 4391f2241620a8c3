//! Leadership alone: lists get another head, in sync and off the drained brokers, evenly; nothing is copied, and
//! whoever cannot be helped is named.

use kshift::base::ids::{BrokerId, IdSet};
use kshift::base::work::Work;
use kshift::plan::{self, Plan};
use kshift::request::Request;
use kshift::snapshot::{BrokerState, Snapshot};
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::support::files::{broker, cluster, empty_dir, names, partition, put, six_brokers, text};
use crate::support::r#gen::awkward;
use crate::support::property::{cases, passes_from_its_file};
use crate::support::run::{Answer, kshift, report_of_changed};

const TB: u64 = 1_000_000_000_000;

fn plan_of(cluster: &Value, options: &str) -> Answer {
    kshift(&format!("plan - --leaders-only {options}")).input(cluster.to_string()).run()
}

fn on(number: i32, replicas: &[i32], isr: &[i32]) -> Value {
    json!({"partition": number, "replicas": replicas, "leader": isr[0], "isr": isr, "size_bytes": 1_000_000_000})
}

fn usual(partitions: i32) -> Value {
    cluster(&six_brokers(TB), &(0..partitions).map(|number| partition(number, 1000.0)).collect::<Vec<_>>())
}

fn moves(plan: &Value) -> Vec<&Value> {
    let waves = plan["waves"].as_array().expect("waves");
    waves.iter().flat_map(|wave| wave["partitions"].as_array().expect("partitions")).collect()
}

#[test]
fn leadership_leaves_and_every_replica_stays_drained_ones_last_without_a_copy() {
    let dir = empty_dir("handover");
    put(&dir.join("c.json"), usual(6).to_string());
    let answer = kshift("plan c.json --drain 1001 --leaders-only --throttle 1MB/s --out p").in_dir(&dir).run().ok();
    let answer = answer.says("leaders  6 to hand over, of 6 lists that begin with a drained broker");
    answer.says("nothing is copied: every replica stays").says("waves    1: 1 leadership (6 partitions)");
    assert_eq!(names(&dir.join("p/waves/001")), ["election.json", "reassign.json", "rollback.json"]);
    let plan: Value = serde_json::from_str(&text(&dir.join("p/plan.json"))).unwrap();
    let wave = &plan["waves"][0];
    assert_eq!((&wave["stage"], &wave["copy_seconds"]), (&json!("leadership"), &json!(0.0)));
    assert_eq!((&wave["throttle"], &wave["bottleneck"]), (&Value::Null, &Value::Null));
    assert_eq!((&plan["complete"], &plan["summary"]["replicas_forced"]), (&json!(true), &json!(0)));
    let mut heads = Vec::new();
    for moved in moves(&plan) {
        let list = &moved["replicas"];
        assert!([json!([1002, 1003, 1001]), json!([1003, 1002, 1001])].contains(list), "{list}");
        assert_eq!((&moved["leader"], &moved["leader_after"]), (&json!(1001), &json!(1001)));
        heads.push(list[0].as_i64().unwrap());
    }
    assert_eq!(heads.iter().filter(|&&head| head == 1002).count(), 3, "heads are shared out: {heads:?}");
    let elected: Value = serde_json::from_str(&text(&dir.join("p/waves/001/election.json"))).unwrap();
    assert_eq!(elected["partitions"].as_array().unwrap().len(), 6);
    kshift("check c.json p").in_dir(&dir).run().ok();
    let why = kshift("show p --why t-0").in_dir(&dir).run().ok();
    assert!(why.stdout.contains("t-0 gets another order in wave 1 (leadership), nothing is copied"), "{}", why.stdout);
    let back = kshift("rollback p --to-wave 1").in_dir(&dir).run().ok();
    assert!(back.stdout.contains(r#""replicas":[1001,1002,1003]"#), "{}", back.stdout);
}

#[test]
fn leaders_go_only_where_they_may_and_only_where_one_was_asked_to_leave() {
    let plan = |options: &str| -> Value {
        let answer = plan_of(&usual(4), &format!("{options} --format plan")).ok();
        serde_json::from_str(&answer.stdout).unwrap()
    };
    let onto = plan("--drain 1001 --onto 1003");
    assert!(moves(&onto).iter().all(|moved| moved["replicas"] == json!([1003, 1002, 1001])));
    let not_first = plan("--drain 1002");
    assert!(moves(&not_first).is_empty(), "no list begins with 1002");
    let waves = plan("--drain 1001 --max-moves 3 --canary 1");
    let sizes: Vec<usize> =
        waves["waves"].as_array().unwrap().iter().map(|wave| wave["partitions"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [1, 3]);
    assert_eq!(waves["waves"][0]["stage"], "canary");
    let mut internal = usual(60);
    internal["topics"][0]["name"] = "__consumer_offsets".into();
    let answer = plan_of(&internal, "--drain 1001").ok();
    answer.says("waves    2: 2 internal (60 partitions)");
    let by_rack = plan("--drain-rack a");
    assert_eq!(moves(&by_rack).len(), 4);
}

#[test]
fn what_is_not_known_of_sizes_capacities_and_racks_does_not_matter() {
    let mut bare = usual(3);
    for number in 0..3 {
        bare["topics"][0]["partitions"][number].as_object_mut().unwrap().remove("size_bytes");
        bare["brokers"][number]["log_dirs"] = json!([{"path": "/d"}]);
    }
    bare["brokers"][4].as_object_mut().unwrap().remove("rack");
    let answer = plan_of(&bare, "--drain 1001 --rack-policy strict").ok().says("leaders  3 to hand over");
    answer.says("--execute  ").says("kafka-leader-election.sh").says("it takes the same file");
}

#[test]
fn options_that_say_where_replicas_go_are_excluded() {
    for (options, says) in [
        ("--drain 1001 --exact", "--leaders-only and --exact exclude each other"),
        ("--pair 1001:0", "--leaders-only and --pair exclude each other"),
        ("--target none.json", "--leaders-only and --target exclude each other"),
        ("", "needs --drain"),
    ] {
        plan_of(&usual(1), options).refused(2, "usage").says(says);
    }
}

#[test]
fn a_partition_that_nobody_else_can_lead_is_named_or_deferred() {
    let with = |partition: Value| cluster(&six_brokers(TB), &[partition, on(1, &[1001, 1002], &[1001, 1002])]);
    let dead = |mut cluster: Value| {
        cluster["brokers"][1]["state"] = "dead".into();
        cluster["topics"][0]["partitions"][1] = on(1, &[1001, 1003], &[1001, 1003]);
        cluster
    };
    let cordoned = |mut cluster: Value| {
        cluster["brokers"][3]["state"] = "cordoned".into();
        cluster
    };
    let or_move = "or let their replicas move as well, without --leaders-only";
    for (cluster, options, why, help) in [
        (with(on(0, &[1001], &[1001])), "--drain 1001", "all of its replicas are on drained brokers", &or_move[3..]),
        (with(on(0, &[1001, 1003], &[1001])), "--drain 1001", "no replica that may lead it is in sync", "wait until"),
        (with(on(0, &[1001, 1003], &[1001, 1003])), "--drain 1001 --onto 1002", "leadership is to go to", or_move),
        (dead(with(on(0, &[1001, 1002], &[1001]))), "--drain 1001", "on a broker that is alive", "bring back a broker"),
        (cordoned(with(on(0, &[1001, 1002, 0], &[1001, 1002]))), "--drain 1001", "Kafka refuses such a list", "repair"),
    ] {
        let says = plan_of(&cluster, options).refused(3, "unhealthy").says(&format!("help: {help}")).stderr;
        assert_eq!(says.contains("help: repair"), help == "repair", "{says}");
        assert_eq!(says.contains(&or_move[3..]), help != "repair", "{says}");
        let refusal = plan_of(&cluster, options).refused(3, "unhealthy").says(why);
        let refusal = refusal.says("1 partition cannot be led by another broker now").says("`t-0`");
        refusal.says("`--skip-unhealthy` leaves them where they are");
        let answer = plan_of(&cluster, &format!("{options} --skip-unhealthy --format plan")).ok();
        let plan: Value = serde_json::from_str(&answer.stdout).unwrap();
        assert_eq!((&plan["complete"], &plan["deferred"][0]["partition"]), (&json!(false), &json!(0)), "{why}");
        assert_eq!(moves(&plan).len(), 1, "{why}");
    }
    let onto = with(on(0, &[1001, 1003], &[1001, 1003]));
    plan_of(&onto, "--drain 1001 --onto 1002").refused(3, "unhealthy").says("`--onto 1002-1003` is enough");
}

#[test]
fn what_a_drained_broker_leads_out_of_turn_is_told_and_not_moved() {
    let cluster =
        cluster(&six_brokers(TB), &[on(0, &[1002, 1001], &[1001, 1002]), on(1, &[1001, 1002], &[1002, 1001])]);
    let answer = plan_of(&cluster, "--drain 1001 --format plan").ok();
    let answer = answer.says("warning[led-by-drained]: 1 partition is led by a drained broker").says("`t-0`");
    let plan: Value = serde_json::from_str(&answer.stdout).unwrap();
    let moved = moves(&plan);
    assert_eq!((moved.len(), &moved[0]["replicas"]), (1, &json!([1002, 1001])));
    assert_eq!((&moved[0]["leader"], &moved[0]["leader_after"]), (&json!(1002), &json!(1002)), "it leads already");
}

#[test]
fn each_way_of_moving_something_else_is_found_by_the_check() {
    let dir = empty_dir("handover-check");
    let mut partitions = vec![on(0, &[1001, 1002, 1003], &[1001, 1002, 1003])];
    partitions.push(on(1, &[1001, 1002, 1003], &[1001, 1002]));
    put(&dir.join("c.json"), cluster(&six_brokers(TB), &partitions).to_string());
    kshift("plan c.json --drain 1001 --onto 1002-1003 --leaders-only --out p").in_dir(&dir).run().ok();
    let plan: Value = serde_json::from_str(&text(&dir.join("p/plan.json"))).unwrap();
    let at = |partition: i32| {
        let all = plan["waves"][0]["partitions"].as_array().unwrap();
        all.iter().position(|moved| moved["partition"] == partition).unwrap()
    };
    let found = |change: &dyn Fn(&mut Value)| report_of_changed(&dir, &plan, change);
    for (partition, list, says) in [
        (0, json!([1001, 1003, 1002]), "its list still begins with a drained broker"),
        (0, json!([1003, 1001, 1002]), "not in their old order with the drained brokers last"),
        (0, json!([1003, 1001, 2]), "its replicas are others"),
        (1, json!([1003, 1001, 1002]), "not in sync"),
    ] {
        let report = found(&|plan| plan["waves"][0]["partitions"][at(partition)]["replicas"] = list.clone());
        assert!(report.contains(says), "{list}: {report}");
    }
    let report = found(&|plan| plan["request"]["onto"] = "0-2".into());
    assert!(report.contains("that leadership was not to go to"), "{report}");
    let report = found(&|plan| plan["request"]["drain"] = "1001-1002".into());
    assert!(report.contains("[scope]") || report.contains("scope"), "{report}");
    let report = found(&|plan| {
        let waves = plan["waves"][0]["partitions"].as_array_mut().unwrap();
        waves.remove(at(0));
    });
    assert!(report.contains("neither gets another head nor is deferred"), "{report}");
    let report = found(&|plan| plan["waves"][0]["stage"] = "data".into());
    assert!(report.contains("it belongs to stage `leadership`"), "{report}");
    let report = found(&|plan| {
        let moved = plan["waves"][0]["partitions"].as_array_mut().unwrap().remove(at(0));
        plan["deferred"] = json!([{"topic": "t", "partition": moved["partition"], "reason": "tired"}]);
        plan["complete"] = false.into();
        plan["request"]["skip_unhealthy"] = true.into();
    });
    assert!(report.contains("it is healthy and could move"), "{report}");
}

/// A plan that passes its check from its file, or a refusal with help.
fn planned(seed: u64, snapshot: &Snapshot, request: &Request) -> Option<Plan> {
    let plan = match kshift::plan(snapshot, request, &Work::new()) {
        Ok(plan) => plan,
        Err(error) => {
            let exit = error.code().exit_code();
            assert!((exit == 2 || exit == 3) && !error.help_lines().is_empty(), "seed {seed}: {error}");
            return None;
        }
    };
    passes_from_its_file(snapshot, &plan).unwrap_or_else(|fault| panic!("seed {seed}: {fault}"));
    Some(plan)
}

/// Whether every one of these partitions can get one of its brokers, none of them more than its room.
fn fits(choices: &[Vec<BrokerId>], room: &dyn Fn(BrokerId) -> usize) -> bool {
    fn seat(
        at: usize,
        choices: &[Vec<BrokerId>],
        room: &dyn Fn(BrokerId) -> usize,
        led: &mut Vec<Option<BrokerId>>,
        seen: &mut Vec<BrokerId>,
    ) -> bool {
        for &to in &choices[at] {
            if seen.contains(&to) {
                continue;
            }
            seen.push(to);
            let there: Vec<usize> = (0..led.len()).filter(|&other| led[other] == Some(to)).collect();
            if there.len() < room(to) || there.into_iter().any(|other| seat(other, choices, room, led, seen)) {
                led[at] = Some(to);
                return true;
            }
        }
        false
    }
    let mut led = vec![None; choices.len()];
    (0..choices.len()).all(|at| seat(at, choices, room, &mut led, &mut Vec::new()))
}

#[test]
fn heads_are_in_sync_off_the_drained_brokers_and_even_on_every_awkward_cluster() {
    let found: Vec<(usize, bool)> = (0..cases())
        .into_par_iter()
        .map(|seed| {
            let (snapshot, asked) = awkward(seed);
            // Brokers weigh the same, so that an even share is a number.
            let request = Request { leaders_only: true, ignore_disk: true, growth: false, exact: false, ..asked };
            let Some(plan) = planned(seed, &snapshot, &request) else { return (0, false) };
            let columns = &snapshot.partitions;
            let is_target = |id: BrokerId| plan.broker(id).is_some_and(|broker| broker.role == plan::Role::Target);
            let (mut heads, mut choices) = (Vec::new(), Vec::new());
            for row in plan.waves.iter().flat_map(|wave| wave.rows.clone()) {
                let step = plan.get(row);
                let at = snapshot.row_of(step.topic, step.partition).unwrap();
                let (head, others) = step.replicas.split_first().unwrap();
                let mut kept: Vec<BrokerId> = step.previous.iter().copied().filter(|id| id != head).collect();
                kept.sort_by_key(|id| request.drain.contains(*id));
                assert_eq!(others, kept, "seed {seed}");
                let isr = columns.isr.get(at);
                let may = |id: &BrokerId| is_target(*id) && !request.drain.contains(*id) && isr.contains(id);
                assert!(may(head) && request.drain.contains(step.previous[0]), "seed {seed}: {}", step.topic);
                assert_eq!(snapshot.broker(*head).unwrap().state, BrokerState::Alive, "seed {seed}");
                assert!(step.leader_after == step.leader && step.adding().next().is_none(), "seed {seed}");
                choices.push(step.previous.iter().copied().filter(may).collect::<Vec<_>>());
                heads.push(*head);
            }
            assert_eq!(plan.summary.bytes_moved.get() + plan.summary.bytes_forced.get(), 0, "seed {seed}");
            // As even as can be: at the lowest level that leaves room for all, if all can be seated there, all are.
            let open: Vec<usize> = (0..choices.len()).filter(|&at| choices[at].len() > 1).collect();
            let lists: Vec<Vec<BrokerId>> = open.iter().map(|&at| choices[at].clone()).collect();
            let fixed = |id: BrokerId| {
                let chosen = open.iter().filter(|&&at| heads[at] == id).count();
                plan.broker(id).unwrap().leaders_after as usize - chosen
            };
            let mut may = lists.concat();
            may.sort_unstable();
            may.dedup();
            let room = |level: usize| may.iter().map(|&id| level.saturating_sub(fixed(id))).sum::<usize>();
            let level = (0..=columns.len()).find(|&level| room(level) >= lists.len()).unwrap();
            if !fits(&lists, &|id| level.saturating_sub(fixed(id))) {
                return (heads.len(), false);
            }
            for &id in &may {
                let leads = plan.broker(id).unwrap().leaders_after as usize;
                assert!(leads <= level.max(fixed(id)), "seed {seed}: {id} leads {leads}, {level} would do");
            }
            (heads.len(), choices.iter().any(|list| list.len() > 1))
        })
        .collect();
    let count = |is: fn(&(usize, bool)) -> bool| found.iter().filter(|entry| is(entry)).count() as u64;
    assert!(count(|entry| entry.0 > 0) * 4 > cases(), "{} of {} cases move", count(|entry| entry.0 > 0), cases());
    assert!(count(|entry| entry.1) * 10 > cases(), "{} have a choice", count(|entry| entry.1));
}

#[test]
fn brokers_of_other_sizes_lead_as_much_as_they_can_hold() {
    let brokers = [broker(1, "a", TB), broker(2, "a", 3 * TB), broker(3, "a", TB)];
    let partitions: Vec<Value> = (0..8).map(|number| on(number, &[1, 2, 3], &[1, 2, 3])).collect();
    let answer = plan_of(&cluster(&brokers, &partitions), "--drain 1 --format plan").ok();
    let plan: Value = serde_json::from_str(&answer.stdout).unwrap();
    let heads = |id: i32| moves(&plan).iter().filter(|moved| moved["replicas"][0] == id).count();
    assert_eq!((heads(2), heads(3)), (6, 2));
}

#[test]
fn a_request_without_the_newer_keys_reads_as_one_that_asks_for_none_of_them() {
    let request: Request = serde_json::from_str(r#"{"drain":"1-2"}"#).unwrap();
    let drain = IdSet::parse("1-2").unwrap();
    assert_eq!(request, Request { drain, ..Request::default() });
    let written = serde_json::to_value(&request).unwrap();
    assert!(written.get("leaders_only").is_none() && written.get("drain_rack").is_none(), "{written}");
}
