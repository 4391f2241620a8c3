//! Pairs of brokers and placements that someone else made: what is asked is what comes out, or a refusal that
//! names what stands against it. The properties run on random clusters of every awkward kind, with requests that
//! know nothing of the planner.

use kshift::base::assignment::AssignmentEntry;
use kshift::base::ids::{BrokerId, IdSet};
use kshift::base::pairs::{Pairing, Pairs};
use kshift::base::random::Random;
use kshift::base::target::Target;
use kshift::base::work::Work;
use kshift::plan::{self, Plan};
use kshift::request::Request;
use kshift::snapshot::{BrokerState, Snapshot};
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::support::files::{broker, cluster, empty_dir, names, partition, put, six_brokers};
use crate::support::r#gen::awkward;
use crate::support::property::{cases, passes_from_its_file};
use crate::support::run::{Answer, kshift};

const TB: u64 = 1_000_000_000_000;

fn plan_of(cluster: &Value, options: &str) -> Answer {
    kshift(&format!("plan - {options}")).input(cluster.to_string()).run()
}

fn usual() -> Value {
    cluster(&six_brokers(TB), &[partition(0, 0.0), partition(1, 0.0)])
}

/// The lists of a kafka-reassign JSON.
fn lists(stdout: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(stdout).expect("JSON");
    file["partitions"].as_array().expect("partitions").iter().map(|entry| entry["replicas"].clone()).collect()
}

/// Runs with the placement in a file.
fn targeted(name: &str, cluster: &Value, target: &Value, options: &str) -> Answer {
    let dir = empty_dir(&format!("target-{name}"));
    put(&dir.join("t.json"), target.to_string());
    let answer = kshift(&format!("plan - --target t.json {options}")).in_dir(&dir).input(cluster.to_string()).run();
    if answer.exit != 0 {
        assert_eq!(names(&dir), ["t.json"], "{name}: something was written");
    }
    answer
}

fn entries(lists: &[(i32, &[i32])]) -> Value {
    let entry = |&(partition, replicas): &(i32, &[i32])| json!({"topic":"t","partition":partition,"replicas":replicas});
    json!({"version": 1, "partitions": lists.iter().map(entry).collect::<Vec<_>>()})
}

#[test]
fn each_new_broker_takes_the_place_of_its_twin_in_every_list() {
    let answer = plan_of(&usual(), "--pair 1003:2,1001:0").ok().says("pairs     1001 -> 0, 1003 -> 2");
    assert_eq!(lists(&answer.stdout), [json!([0, 1002, 2]), json!([0, 1002, 2])]);
    let same = plan_of(&usual(), "--drain 1001,1003 --pair 1003:2,1001:0").ok();
    assert_eq!(same.stdout, answer.stdout, "--drain may repeat the old ones");
}

#[test]
fn pairs_that_are_not_one_to_one_or_contradict_other_options_are_bad_usage() {
    for (options, code, says) in [
        ("--pair 1001:0,1001:1", "invalid-value", "broker 1001 stands twice"),
        ("--pair 1001:0,1002:0", "invalid-value", "broker 0 stands twice"),
        ("--pair 1001:1002,1002:0", "invalid-value", "both sides"),
        ("--pair 1001-0", "invalid-value", "is no pair"),
        ("--pair 1001:77", "unknown-broker", "--pair names broker 77"),
        ("--pair 77:0", "unknown-broker", "--pair names broker 77"),
        ("--pair 1001:0 --drain 1001-1002", "usage", "--pair replaces 1001"),
        ("--pair 1001:0 --onto 1-2", "usage", "broker 0"),
        ("--pair auto", "usage", "needs --drain"),
        ("--drain 1001 --allow-rf-change", "usage", "needs --target"),
        ("--target none.json --drain 1001", "usage", "exclude each other"),
        ("--target none.json --onto 1", "usage", "exclude each other"),
        ("--target none.json --pair 1001:0", "usage", "exclude each other"),
        ("--target none.json", "unreadable", "none.json"),
        ("--target -", "usage", "standard input"),
    ] {
        plan_of(&usual(), options).refused(2, code).says(says);
    }
}

#[test]
fn a_pair_that_a_limit_forbids_is_refused_with_the_partition_or_broker_and_by_how_much() {
    plan_of(&usual(), "--pair 1001:1002").refused(3, "pair-held").says("`t-0`").says("2 such partitions");
    plan_of(&usual(), "--pair 1001:1").refused(3, "rack-policy").says("`t-0` now: 1001 in a, 1002 in b, 1003 in c");
    plan_of(&usual(), "--pair 1001:1 --rack-policy ignore").ok().says("warning[fewer-racks]");
    let small = cluster(&six_brokers(2_000_000_000), &[partition(0, 0.0), partition(1, 0.0)]);
    plan_of(&small, "--pair 1001:0")
        .refused(3, "disk-limit")
        .says("broker 0 `/d` would hold 2.00 GB, 300 MB above 85%")
        .says("`--disk-limit 100%` is enough");
    let mut sick = usual();
    sick["brokers"][3]["state"] = "fenced".into();
    plan_of(&sick, "--pair 1001:0").refused(2, "not-a-target").says("broker 0, which is fenced");
}

#[test]
fn the_best_pairs_keep_racks_then_find_room_then_match_sizes_then_ids() {
    let old = [(11, "a", 4 * TB), (12, "a", TB), (13, "b", TB)].map(|(id, rack, size)| broker(id, rack, size));
    let new = [(1, "b", TB), (2, "a", TB), (3, "a", 4 * TB), (4, "c", TB), (5, "b", TB)];
    let new = new.map(|(id, rack, size)| broker(id, rack, size));
    let brokers: Vec<Value> = old.into_iter().chain(new).collect();
    let on = |number: i32, id: i32, size: u64| json!({"partition":number,"replicas":[id],"size_bytes":size});
    let auto = |brokers: &[Value], partitions: &[Value]| {
        let answer = plan_of(&cluster(brokers, partitions), "--drain 11-13 --pair auto --format plan").ok();
        let plan: Value = serde_json::from_str(&answer.stdout).unwrap();
        plan["request"]["pair"].as_str().unwrap().to_owned()
    };
    let even = [on(0, 11, 1000), on(1, 12, 1000), on(2, 13, 1000)];
    assert_eq!(auto(&brokers, &even), "11:3,12:2,13:1", "racks first, then sizes, then ids");
    let full = [on(0, 11, 1000), on(1, 12, TB * 9 / 10), on(2, 13, 1000)];
    assert_eq!(auto(&brokers, &full), "11:2,12:3,13:1", "room for what it holds counts more than the same size");
    let beside = [json!({"partition":0,"replicas":[13,1],"size_bytes":1000})];
    assert_eq!(auto(&brokers, &beside), "11:3,12:2,13:5", "a broker that holds its partition cannot be its twin");
    let one = |id| broker(id, "a", TB);
    let alike: Vec<Value> = [11, 12, 13, 3, 1, 2].map(one).into();
    assert_eq!(auto(&alike, &even), "11:1,12:2,13:3", "in the order of ids where all is alike");
    plan_of(&cluster(&alike, &even), "--drain 11-13 --onto 1-2 --pair auto").refused(3, "too-few-brokers");
}

#[test]
fn a_plan_with_chosen_pairs_is_checked_by_its_own_file_and_a_swapped_twin_is_found() {
    let dir = empty_dir("pair-check");
    put(&dir.join("c.json"), usual().to_string());
    kshift("plan c.json --drain 1001-1003 --pair auto --throttle 1MB/s --out p").in_dir(&dir).run().ok();
    kshift("check c.json p").in_dir(&dir).run().ok();
    let file = dir.join("p/plan.json");
    let text = crate::support::files::text(&file);
    assert!(text.contains("\"pair\":\"1001:0,1002:1,1003:2\""), "{text}");
    put(&file, text.replace("1001:0,1002:1", "1001:1,1002:0"));
    let answer = kshift("check c.json p").in_dir(&dir).run();
    assert_eq!(answer.exit, 1);
    assert!(answer.stdout.contains("it ends on [0,1,2], and [1,0,2] was asked for"), "{}", answer.stdout);
}

#[test]
fn a_placement_is_carried_out_as_it_stands_and_what_it_does_not_change_stays() {
    let target = entries(&[(0, &[1, 1001, 1003]), (1, &[1001, 1002, 1003])]);
    let answer = targeted("kafka", &usual(), &target, "").ok().says("target    2 partitions in the file");
    assert_eq!(lists(&answer.stdout), [json!([1, 1001, 1003])]);
    let reordered = targeted("reorder", &usual(), &entries(&[(1, &[1003, 1002, 1001])]), "--throttle 1MB/s").ok();
    assert_eq!(lists(&reordered.stdout), [json!([1003, 1002, 1001])]);
    assert!(reordered.stderr.contains("0 to move, of 0 that the file asks for"), "{}", reordered.stderr);
    let proposals = json!({"proposals": [
        {"topicPartition": {"topic": "t", "partition": 0}, "oldLeader": 1001, "newReplicas": [{"brokerId": 1}, 1001, 1003]},
        {"topicPartition": "t-1", "newReplicas": [1001, 1002, 1003]}]});
    assert_eq!(targeted("cruise", &usual(), &proposals, "").ok().stdout, answer.stdout);
    let nothing = targeted("nothing", &usual(), &entries(&[]), "").ok();
    assert_eq!(nothing.stdout.trim_end(), r#"{"version":1,"partitions":[]}"#);
}

#[test]
fn each_fault_of_a_placement_is_refused_with_its_file_and_place() {
    let mut sick = usual();
    sick["brokers"][3]["state"] = "dead".into();
    let dirs = |dir: &str| json!({"partitions":[{"topic":"t","partition":0,"replicas":[0,1002,1003],"log_dirs":[dir,"any","any"]}]});
    let cases = [
        (
            "twice",
            usual(),
            entries(&[(0, &[0, 1002, 1003]), (0, &[1001, 1002, 1003])]),
            "duplicate-partition",
            "t.json at partitions[1]",
        ),
        (
            "topic",
            usual(),
            json!({"partitions":[{"topic":"u","partition":0,"replicas":[1]}]}),
            "unknown-partition",
            "t.json at partitions[0]",
        ),
        ("partition", usual(), entries(&[(7, &[0, 1002, 1003])]), "unknown-partition", "no partition `t-7`"),
        ("broker", usual(), entries(&[(0, &[0, 77, 1003])]), "unknown-broker", "t.json at partitions[0].replicas[1]"),
        (
            "replica",
            usual(),
            entries(&[(0, &[0, 1002, 0])]),
            "duplicate-replica",
            "t.json at partitions[0].replicas[2]",
        ),
        ("empty", usual(), entries(&[(0, &[])]), "invalid-field", "the list of `t-0` is empty"),
        ("rf", usual(), entries(&[(0, &[0, 1002])]), "invalid-field", "`--allow-rf-change`"),
        ("dead", sick, entries(&[(0, &[0, 1002, 1003])]), "not-a-target", "broker 0, which is dead"),
        ("dir", usual(), dirs("/other"), "unknown-log-dir", "log dir `/other`, which broker 0 does not have"),
        ("kind", usual(), json!({"brokers":[]}), "missing-field", "t.json"),
        ("version", usual(), json!({"version":2,"partitions":[]}), "wrong-version", "t.json at version"),
    ];
    for (name, cluster, target, code, says) in cases {
        targeted(name, &cluster, &target, "").refused(2, code).says(says).says("t.json");
    }
    let proposal = json!({"proposals":[{"topicPartition":"t-0","newReplicas":[0,77,1003]}]});
    targeted("cc", &usual(), &proposal, "").refused(2, "unknown-broker").says("t.json at proposals[0].newReplicas[1]");
}

#[test]
fn the_number_of_replicas_changes_only_where_that_is_allowed_and_racks_are_still_kept() {
    let more =
        targeted("more", &usual(), &entries(&[(0, &[1001, 1002, 1003, 0])]), "--allow-rf-change --throttle 1MB/s");
    assert_eq!(lists(&more.ok().stdout), [json!([1001, 1002, 1003, 0])]);
    let fewer = targeted("fewer", &usual(), &entries(&[(0, &[1002, 1003])]), "--allow-rf-change --throttle 1MB/s");
    assert_eq!(lists(&fewer.ok().stdout), [json!([1002, 1003])]);
    let together = entries(&[(0, &[1001, 0])]);
    targeted("together", &usual(), &together, "--allow-rf-change").refused(3, "rack-policy").says("`t-0`");
    targeted("worse", &usual(), &entries(&[(0, &[0, 1002, 1001])]), "").refused(3, "rack-policy").says("0 in a");
}

/// Brokers 1-3 of 10 GB and partitions of 6 GB and little, one each on one broker.
fn tight(homes: &[(i32, u64)]) -> Value {
    let brokers: Vec<Value> = (1..=3).map(|id| broker(id, "a", 10_000_000_000)).collect();
    let partitions: Vec<Value> = homes
        .iter()
        .enumerate()
        .map(|(number, &(id, size))| json!({"partition":number,"replicas":[id],"size_bytes":size}))
        .collect();
    cluster(&brokers, &partitions)
}

#[test]
fn copies_wait_until_what_leaves_has_made_room() {
    const GB: u64 = 1_000_000_000;
    let dir = empty_dir("target-waits");
    put(&dir.join("c.json"), tight(&[(1, 6 * GB), (2, 5 * GB)]).to_string());
    put(&dir.join("t.json"), entries(&[(0, &[2]), (1, &[3])]).to_string());
    kshift("plan c.json --target t.json --throttle 1MB/s --out p").in_dir(&dir).run().ok();
    kshift("check c.json p").in_dir(&dir).run().ok();
    let plan: Value = serde_json::from_str(&crate::support::files::text(&dir.join("p/plan.json"))).unwrap();
    let wave = |number: usize| plan["waves"][number]["partitions"][0]["partition"].clone();
    assert_eq!((wave(0), wave(1)), (json!(1), json!(0)), "the larger one comes second");
    assert_eq!(plan["brokers"][1]["log_dirs"][0]["used_peak_bytes"], 6 * GB);
    let why = kshift("show p --why t-0").in_dir(&dir).run().ok();
    assert!(why.stdout.contains("moves in wave 2"), "{}", why.stdout);
}

#[test]
fn an_order_is_found_where_the_largest_first_leads_into_a_dead_end() {
    const GB: u64 = 1_000_000_000;
    // 8.5 GB are allowed. Partition 0 (from 3 to 1) fits at once, but takes the room on broker 1 that partition 1
    // needs to leave broker 2, where only then partition 2 finds room to leave broker 1.
    let cluster = tight(&[(3, 24 * GB / 10), (2, 22 * GB / 10), (1, 6 * GB), (2, 2 * GB)]);
    let target = entries(&[(0, &[1]), (1, &[1]), (2, &[2])]);
    let answer = targeted("dead-end", &cluster, &target, "--format plan").ok();
    let plan: Value = serde_json::from_str(&answer.stdout).unwrap();
    let order: Vec<&Value> =
        plan["waves"].as_array().unwrap().iter().map(|wave| &wave["partitions"][0]["partition"]).collect();
    assert_eq!(order, [&json!(1), &json!(2), &json!(0)]);
}

#[test]
fn brokers_that_wait_for_one_another_are_named() {
    const GB: u64 = 1_000_000_000;
    let cluster = tight(&[(1, 6 * GB), (2, 6 * GB)]);
    targeted("cycle", &cluster, &entries(&[(0, &[2]), (1, &[1])]), "")
        .refused(3, "disk-limit")
        .says("brokers 1-2 wait for one another")
        .says("`t-0` needs 6.00 GB on broker 2 `/d`, which has 2.50 GB of room");
    targeted("full", &cluster, &entries(&[(0, &[2])]), "")
        .refused(3, "disk-limit")
        .says("broker 2 `/d` would hold 12.0 GB, 3.50 GB above 85%");
    targeted("cycle-free", &cluster, &entries(&[(0, &[2]), (1, &[1])]), "--ignore-disk").ok();
}

/// A plan that passes its check from its file, or a refusal with help; whether anything moves.
fn holds(seed: u64, snapshot: &Snapshot, request: &Request) -> Option<Plan> {
    let plan = match kshift::plan(snapshot, request, &Work::new()) {
        Ok(plan) => plan,
        Err(error) => {
            let exit = error.code().exit_code();
            assert!(exit == 2 || exit == 3, "seed {seed}: {error}\n{}", serde_json::to_string(request).unwrap());
            assert!(exit != 3 || !error.help_lines().is_empty(), "seed {seed}: no help: {error}");
            return None;
        }
    };
    passes_from_its_file(snapshot, &plan).unwrap_or_else(|fault| panic!("seed {seed}: {fault}"));
    Some(plan)
}

/// The final list of every partition that the plan moves.
fn finals(plan: &Plan) -> Vec<(String, i32, Vec<BrokerId>)> {
    let rows = plan.waves.iter().flat_map(|wave| wave.rows.clone());
    rows.map(|row| plan.get(row)).map(|m| (m.topic.to_owned(), m.partition.get(), m.replicas.to_vec())).collect()
}

#[test]
fn twins_take_exactly_the_places_of_the_old_ones_on_every_awkward_cluster() {
    let moved: usize = (0..cases())
        .into_par_iter()
        .map(|seed| {
            let (snapshot, asked) = awkward(seed);
            let mut random = Random::new(seed ^ 0x7077);
            let auto = random.chance(0.5);
            let pair = if auto {
                Pairing::Auto
            } else {
                let mut free: Vec<BrokerId> = snapshot
                    .brokers
                    .iter()
                    .filter(|broker| broker.state == BrokerState::Alive && !asked.drain.contains(broker.id))
                    .map(|broker| broker.id)
                    .collect();
                let take =
                    |old: BrokerId| (!free.is_empty()).then(|| (old, free.swap_remove(random.below(free.len()))));
                let pairs: Vec<_> = asked.drain.iter().map_while(take).collect();
                if pairs.is_empty() {
                    return 0;
                }
                Pairing::Named(Pairs::new(pairs).unwrap())
            };
            let drain = if auto { asked.drain.clone() } else { IdSet::default() };
            let onto = asked.onto.clone().filter(|_| auto);
            let request = Request { pair: Some(pair), drain, onto, ..asked };
            let Some(plan) = holds(seed, &snapshot, &request) else { return 0 };
            let Some(Pairing::Named(pairs)) = &plan.request.pair else { panic!("seed {seed}: pairs are not named") };
            let again = holds(seed, &snapshot, &plan.request).expect("the request in the plan makes the plan again");
            assert_eq!(plan::write(&again), plan::write(&plan), "seed {seed}");
            let twin = |id: BrokerId| pairs.iter().find(|pair| pair.0 == id).map_or(id, |pair| pair.1);
            for row in plan.waves.iter().flat_map(|wave| wave.rows.clone()) {
                let step = plan.get(row);
                let expected: Vec<BrokerId> = step.previous.iter().map(|&id| twin(id)).collect();
                assert_eq!(step.replicas, expected, "seed {seed}: {}-{}", step.topic, step.partition);
            }
            usize::from(!plan.waves.is_empty())
        })
        .sum();
    assert!(moved as u64 * 8 > cases(), "{moved} of {} cases move something", cases());
}

/// A random placement: some partitions get other brokers, another order or another number of replicas.
fn random_target(snapshot: &Snapshot, random: &mut Random, allow_rf_change: bool) -> Target {
    let alive: Vec<BrokerId> =
        snapshot.brokers.iter().filter(|broker| broker.state == BrokerState::Alive).map(|broker| broker.id).collect();
    let share = [0.1, 0.4, 0.9][random.below(3)];
    let mut entries = Vec::new();
    for row in 0..snapshot.partitions.len() {
        if alive.is_empty() || !random.chance(share) {
            continue;
        }
        let mut replicas = snapshot.partitions.replicas.get(row).to_vec();
        for place in 0..replicas.len() {
            let other = alive[random.below(alive.len())];
            // Mostly into the same rack, so that the policy does not refuse everything.
            let rack = |id: BrokerId| snapshot.broker(id).and_then(|broker| broker.rack.clone());
            let fits = rack(other) == rack(replicas[place]) || random.chance(0.02);
            if fits && random.chance(0.6) && !replicas.contains(&other) {
                replicas[place] = other;
            }
        }
        if random.chance(0.3) {
            let place = random.below(replicas.len());
            replicas.swap(0, place);
        }
        if allow_rf_change && random.chance(0.3) {
            let other = alive[random.below(alive.len())];
            if random.chance(0.5) && replicas.len() > 1 {
                replicas.pop();
            } else if !replicas.contains(&other) {
                replicas.push(other);
            }
        }
        let topic = snapshot.topic_of(row).name.clone();
        let partition = snapshot.partitions.id[row];
        entries.push(AssignmentEntry { topic, partition, replicas, log_dirs: None });
    }
    Target { entries, ..Target::default() }
}

#[test]
fn a_placement_is_reached_list_by_list_on_every_awkward_cluster() {
    let found: Vec<(bool, bool)> = (0..cases())
        .into_par_iter()
        .map(|seed| {
            let (snapshot, asked) = awkward(seed);
            let mut random = Random::new(seed ^ 0x7a67);
            let allow_rf_change = random.chance(0.3);
            let target = random_target(&snapshot, &mut random, allow_rf_change);
            let request =
                Request { drain: IdSet::default(), onto: None, target: Some(target.clone()), allow_rf_change, ..asked };
            let Some(plan) = holds(seed, &snapshot, &request) else { return (false, false) };
            let moved = finals(&plan);
            for (topic, partition, replicas) in &moved {
                let entry = target.entries.iter().find(|e| e.topic == *topic && e.partition.get() == *partition);
                assert_eq!(entry.map(|entry| &entry.replicas), Some(replicas), "seed {seed}: {topic}-{partition}");
            }
            let freed_and_filled =
                plan.brokers.iter().flat_map(|broker| &broker.log_dirs).any(|dir| {
                    dir.used_peak_bytes > dir.used_after_bytes && dir.used_peak_bytes > dir.used_before_bytes
                });
            (!moved.is_empty(), freed_and_filled)
        })
        .collect();
    let count = |is: fn(&(bool, bool)) -> bool| found.iter().filter(|entry| is(entry)).count() as u64;
    assert!(count(|entry| entry.0) * 8 > cases(), "{} of {} cases move", count(|entry| entry.0), cases());
    assert!(count(|entry| entry.1) * 20 > cases(), "{} give and receive", count(|entry| entry.1));
}

/// Brokers 1-6, two in each of three racks, and partitions with these replicas.
fn racks(lists: &[&[i32]]) -> Value {
    let brokers: Vec<Value> =
        (1..=6).map(|id| broker(id, ["az-a", "az-b", "az-c"][(id as usize - 1) % 3], TB)).collect();
    let partition = |(number, list): (usize, &&[i32])| json!({"partition":number,"replicas":list,"size_bytes":1000});
    cluster(&brokers, &lists.iter().enumerate().map(partition).collect::<Vec<_>>())
}

#[test]
fn a_rack_is_drained_as_if_its_brokers_were_named() {
    let cluster = racks(&[&[1, 2], &[5, 4], &[3, 6]]);
    let by_rack = plan_of(&cluster, "--drain-rack az-a").ok().says("drain     1,4 (2 brokers), rack az-a");
    let by_id = plan_of(&cluster, "--drain 1,4").ok();
    assert_eq!(by_rack.stdout, by_id.stdout);
    let both = plan_of(&cluster, "--drain 2,4 --drain-rack az-a").ok().says("drain     1-2,4 (3 brokers)");
    assert_eq!(both.stdout, plan_of(&cluster, "--drain 1-2,4").ok().stdout);
    let two = plan_of(&cluster, "--drain-rack az-b,az-a --format plan --rack-policy ignore").ok();
    let plan: Value = serde_json::from_str(&two.stdout).unwrap();
    assert_eq!(plan["request"]["drain"], "1-2,4-5");
    assert_eq!(plan["request"]["drain_rack"], json!(["az-a", "az-b"]));
    let pairs = plan_of(&cluster, "--drain-rack az-a --onto 3,6 --pair auto").ok();
    assert!(pairs.stderr.contains("pairs     1 -> 3, 4 -> 6"), "{}", pairs.stderr);
}

#[test]
fn a_rack_that_cannot_be_drained_so_is_refused_with_what_is_there() {
    let cluster = racks(&[&[1, 2]]);
    plan_of(&cluster, "--drain-rack az-x").refused(2, "unknown-rack").says("did you mean `az-a`?");
    plan_of(&cluster, "--drain-rack az-a,zone-1,zone-2")
        .refused(2, "unknown-rack")
        .says("racks `zone-1`, `zone-2`")
        .says("the cluster has racks `az-a`, `az-b`, `az-c`");
    plan_of(&cluster, "--drain-rack az-a --onto 2,4").refused(2, "overlap").says("broker 4 is to be drained");
    plan_of(&cluster, "--drain-rack az-a --pair 1:3,5:6").refused(2, "usage").says("--drain-rack drains 1,4");
    plan_of(&cluster, "--drain-rack az-a --target none.json").refused(2, "usage").says("exclude each other");
    plan_of(&cluster, "--drain-rack az-a,az-b,az-c").refused(3, "too-few-brokers");
    let nowhere = [1, 2].map(|id| json!({"id":id,"log_dirs":[{"path":"/d","capacity_bytes":TB}]}));
    let on_one = json!({"partition":0,"replicas":[1],"size_bytes":1000});
    let bare = crate::support::files::cluster(&nowhere, &[on_one]);
    plan_of(&bare, "--drain-rack az-a").refused(2, "unknown-rack").says("the rack of no broker").says("--racks FILE");
}

#[test]
fn where_a_whole_rack_goes_the_policy_that_stands_in_the_way_is_named_and_the_one_that_does() {
    let cluster = racks(&[&[1, 2, 3], &[5, 6, 4]]);
    let refusal = plan_of(&cluster, "--drain-rack az-a")
        .refused(3, "rack-policy")
        .says("keeps the racks of `t-0` as good as they are, as `preserve` asks")
        .says("all brokers of rack az-a are drained")
        .says("`--rack-policy strict` is enough; it asks for as many racks as are left");
    assert!(!refusal.stderr.contains("`--rack-policy ignore`"), "{}", refusal.stderr);
    let done = plan_of(&cluster, "--drain-rack az-a --rack-policy strict").ok().says("warning[fewer-racks]");
    for list in lists(&done.stdout) {
        let ids: Vec<i64> = list.as_array().unwrap().iter().map(|id| id.as_i64().unwrap()).collect();
        assert!(ids.iter().all(|id| (id - 1) % 3 != 0), "{ids:?} keeps a broker of az-a");
        assert!(ids.iter().any(|id| (id - 1) % 3 == 1) && ids.iter().any(|id| (id - 1) % 3 == 2), "{ids:?}");
    }
}

#[test]
fn a_broker_that_came_into_a_drained_rack_since_then_is_found() {
    let dir = empty_dir("rack-check");
    let mut now = racks(&[&[1, 2], &[5, 4]]);
    put(&dir.join("c.json"), now.to_string());
    kshift("plan c.json --drain-rack az-a --throttle 1MB/s --out p").in_dir(&dir).run().ok();
    kshift("check c.json p --drain-rack az-a").in_dir(&dir).run().ok();
    kshift("check c.json p --drain-rack az-b").in_dir(&dir).run().refused(2, "usage").says("--drain-rack");
    now["brokers"][2]["rack"] = "az-a".into();
    put(&dir.join("later.json"), now.to_string());
    let answer = kshift("check later.json p").in_dir(&dir).run();
    assert_eq!(answer.exit, 1);
    assert!(answer.stdout.contains("its rack is to be drained, and it is not among the brokers"), "{}", answer.stdout);
}

#[test]
fn a_foreign_file_is_judged_by_the_racks_it_was_to_drain() {
    let dir = empty_dir("rack-foreign");
    put(&dir.join("c.json"), racks(&[&[1, 2], &[5, 4]]).to_string());
    put(&dir.join("half.json"), entries(&[(0, &[3, 2])]).to_string());
    put(&dir.join("whole.json"), entries(&[(0, &[3, 2]), (1, &[5, 6])]).to_string());
    kshift("check c.json whole.json --drain-rack az-a").in_dir(&dir).run().ok();
    let half = kshift("check c.json half.json --drain-rack az-a").in_dir(&dir).run();
    assert_eq!(half.exit, 1, "{}", half.stdout);
    assert!(half.stdout.contains("t-1"), "{}", half.stdout);
    kshift("check c.json half.json --drain-rack none").in_dir(&dir).run().refused(2, "unknown-rack");
}
