//! Log dirs that are emptied within their broker: lists, order and leaders stay, what lay there lies in other log
//! dirs of the same broker, within its limit, and whoever asks for the impossible learns why.

use kshift::base::broker_dirs::BrokerDirs;
use kshift::base::ids::IdSet;
use kshift::base::work::Work;
use kshift::plan::Plan;
use kshift::request::{RackPolicy, Request};
use kshift::snapshot::{BrokerState, Snapshot};
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::support::files::{cluster, empty_dir, names, put, text};
use crate::support::r#gen::awkward;
use crate::support::property::{cases, passes_from_its_file};
use crate::support::run::{Answer, kshift, report_of_changed};

const GB: u64 = 1_000_000_000;

fn plan_of(cluster: &Value, options: &str) -> Answer {
    kshift(&format!("plan - {options}")).input(cluster.to_string()).run()
}

fn planned(cluster: &Value, options: &str) -> Value {
    serde_json::from_str(&plan_of(cluster, &format!("{options} --format plan")).ok().stdout).unwrap()
}

/// A broker with log dirs of these gigabytes: `/d1`, `/d2` and so on.
fn jbod(id: i32, gigabytes: &[u64]) -> Value {
    let dir = |(number, size): (usize, &u64)| json!({"path": format!("/d{}", number + 1), "capacity_bytes": size * GB});
    json!({"id": id, "rack": format!("r{id}"), "log_dirs": gigabytes.iter().enumerate().map(dir).collect::<Vec<_>>()})
}

/// A partition of so many gigabytes on brokers 1 and 2, in these log dirs.
fn on(number: i32, gigabytes: u64, dirs: [&str; 2]) -> Value {
    json!({
        "partition": number, "replicas": [1, 2], "leader": 1, "isr": [1, 2], "size_bytes": gigabytes * GB,
        "log_dirs": dirs,
    })
}

/// Two brokers of three log dirs; the first dir of broker 1 holds 9, 8, 3 and 2 GB, that of broker 2 only 8 GB.
fn usual() -> Value {
    let partitions =
        [on(0, 9, ["/d1", "/d2"]), on(1, 8, ["/d1", "/d1"]), on(2, 3, ["/d1", "/d3"]), on(3, 2, ["/d1", "/d3"])];
    cluster(&[jbod(1, &[100, 100, 100]), jbod(2, &[100, 100, 100])], &partitions)
}

fn moves(plan: &Value) -> Vec<&Value> {
    let waves = plan["waves"].as_array().expect("waves");
    waves.iter().flat_map(|wave| wave["partitions"].as_array().expect("partitions")).collect()
}

fn wave_sizes(plan: &Value) -> Vec<usize> {
    plan["waves"].as_array().unwrap().iter().map(|wave| wave["partitions"].as_array().unwrap().len()).collect()
}

/// Gigabytes in the log dirs of a broker after the plan.
fn after(plan: &Value, broker: usize) -> Vec<u64> {
    let dirs = plan["brokers"][broker]["log_dirs"].as_array().unwrap();
    dirs.iter().map(|dir| dir["used_after_bytes"].as_u64().unwrap() / GB).collect()
}

#[test]
fn every_replica_leaves_the_log_dir_and_every_list_and_leader_stays() {
    let dir = empty_dir("log-dirs");
    put(&dir.join("c.json"), usual().to_string());
    let answer = kshift("plan c.json --drain-dir 1:/d1,2:/d1 --throttle 10MB/s --out p").in_dir(&dir).run().ok();
    let answer = answer.says("drain     1:/d1,2:/d1 (2 log dirs)").says("onto      the other log dirs of 1-2");
    let answer = answer.says("replicas  5 to move, of 5 in the drained log dirs").says("nothing leaves its broker");
    answer.says("waves     1: 1 log-dirs (4 partitions)").says("for each broker between its log dirs");
    assert_eq!(
        names(&dir.join("p/waves/001")),
        ["reassign.json", "rollback.json", "throttle.json", "throttle.sh", "unthrottle.sh"]
    );
    let plan: Value = serde_json::from_str(&text(&dir.join("p/plan.json"))).unwrap();
    let (wave, summary) = (&plan["waves"][0], &plan["summary"]);
    assert_eq!((&wave["stage"], &wave["throttle"]), (&json!("log-dirs"), &Value::Null));
    assert_eq!(wave["bottleneck"], json!({"broker": 1, "side": "log-dirs"}));
    assert_eq!((&wave["copy_seconds"], &summary["makespan_lower_bound_seconds"]), (&json!(2200.0), &json!(2200.0)));
    assert_eq!((&summary["replicas_moved"], &summary["replicas_forced"]), (&json!(5), &json!(5)));
    assert_eq!((&summary["bytes_moved"], &summary["bytes_forced"]), (&json!(30 * GB), &json!(30 * GB)));
    assert_eq!((&summary["cross_rack_bytes"], summary.get("bounds")), (&json!(0), None));
    for moved in moves(&plan) {
        assert_eq!((&moved["replicas"], &moved["previous"]), (&json!([1, 2]), &json!([1, 2])));
        assert_eq!((&moved["leader"], &moved["leader_after"]), (&json!(1), &json!(1)));
    }
    assert_eq!((after(&plan, 0), after(&plan, 1)), (vec![0, 11, 11], vec![0, 9, 13]));
    let reassign: Value = serde_json::from_str(&text(&dir.join("p/waves/001/reassign.json"))).unwrap();
    let back: Value = serde_json::from_str(&text(&dir.join("p/waves/001/rollback.json"))).unwrap();
    let third = |file: &Value| file["partitions"][2].clone();
    assert_eq!(third(&reassign)["replicas"], json!([1, 2]));
    assert_eq!(third(&reassign)["log_dirs"][1], "any", "what stays is left to Kafka, which leaves it");
    assert_eq!(third(&back)["log_dirs"], json!(["/d1", "/d3"]));
    let rate = json!({"replica.alter.log.dirs.io.max.bytes.per.second": 10_000_000});
    let throttle: Value = serde_json::from_str(&text(&dir.join("p/waves/001/throttle.json"))).unwrap();
    assert_eq!(throttle, json!({"brokers": {"1": rate, "2": rate}, "topics": {}}));
    let runbook = text(&dir.join("p/runbook.md"));
    assert!(runbook.contains("--replica-alter-log-dirs-throttle 10000000 --execute"), "{runbook}");
    assert!(!runbook.contains("  --throttle ") && !runbook.contains("election.json"), "{runbook}");
    kshift("check c.json p").in_dir(&dir).run().ok();
    kshift("check c.json p/waves/001/reassign.json").in_dir(&dir).run().ok();
    let why = kshift("show p --why t-2").in_dir(&dir).run().ok();
    assert!(why.stdout.contains("on broker 1: /d1 -> /d"), "{}", why.stdout);
    let why = kshift("show p --why t-9").in_dir(&dir).run().ok();
    assert!(why.stdout.contains("lies in a log dir that is to be emptied"), "{}", why.stdout);
    kshift("rollback p --to-wave 1 --out back").in_dir(&dir).run().ok().says("5 replicas, 30.0 GB");
    assert_eq!(names(&dir.join("back")), ["runbook.md", "waves"]);
    assert_eq!(
        names(&dir.join("back/waves/001")),
        ["reassign.json", "rollback.json", "throttle.json", "throttle.sh", "unthrottle.sh"]
    );
}

#[test]
fn the_others_end_equally_full_for_their_capacity() {
    let sizes = [9, 8, 7, 6, 5, 4];
    let partitions: Vec<Value> =
        sizes.iter().zip(0..).map(|(&size, number)| on(number, size, ["/d1", "/d1"])).collect();
    let cluster = cluster(&[jbod(1, &[100, 50, 100]), jbod(2, &[100])], &partitions);
    assert_eq!(after(&planned(&cluster, "--drain-dir 1:/d1"), 0), [0, 13, 26]);
    let two = planned(&cluster, "--drain-dir 1:/d1,1:/d3 --disk-limit 90%");
    assert_eq!(after(&two, 0), [0, 39, 0], "what is drained too takes nothing");
}

#[test]
fn waves_keep_their_limits_and_internal_topics_come_last() {
    let mut cluster = usual();
    let sizes = wave_sizes(&planned(&cluster, "--drain-dir 1:/d1 --max-moves 2 --canary 1"));
    assert_eq!(sizes, [1, 2, 1]);
    assert_eq!(wave_sizes(&planned(&cluster, "--drain-dir 1:/d1,2:/d1 --max-moves-per-broker 1")), [1, 1, 1, 1]);
    let hours = planned(&cluster, "--drain-dir 1:/d1 --throttle 1MB/s --max-wave-duration 10000s");
    assert_eq!(wave_sizes(&hours).len(), 3, "9, 8 + 2 and 3 GB");
    let internal = json!({"name": "__consumer_offsets", "partitions": [on(0, 1, ["/d1", "/d1"])]});
    cluster["topics"].as_array_mut().unwrap().push(internal);
    plan_of(&cluster, "--drain-dir 2:/d1").ok().says("waves     2: 1 log-dirs (1 partition), 1 internal (1 partition)");
}

#[test]
fn live_traffic_does_not_count_against_the_throttle_and_its_growth_counts_on_disks() {
    let mut cluster = usual();
    for partition in cluster["topics"][0]["partitions"].as_array_mut().unwrap() {
        partition["bytes_in_per_sec"] = json!(2_000_000.0);
    }
    let plan = planned(&cluster, "--drain-dir 1:/d1 --throttle 1MB/s --max-wave-duration 1d");
    assert_eq!(plan["summary"]["makespan_seconds"], json!(22_000.0));
    let options = "--drain-dir 1:/d1 --throttle 1MB/s --max-wave-duration 1d --disk-limit 90%";
    assert_eq!(wave_sizes(&planned(&cluster, options)), [4]);
    plan_of(&cluster, &format!("{options} --growth")).refused(3, "disk-limit");
    let roomy = planned(&cluster, "--drain-dir 1:/d1 --throttle 10MB/s --growth");
    let peak = roomy["summary"]["peak_disk_utilization"].as_f64().unwrap();
    assert!(peak > 0.15, "9 GB, and 2,200 s of 2 MB/s for each partition: {peak}");
}

#[test]
fn without_a_throttle_there_are_no_times_and_no_throttle_is_set() {
    let dir = empty_dir("log-dirs-bare");
    put(&dir.join("c.json"), usual().to_string());
    kshift("plan c.json --drain-dir 1:/d2 --out none").in_dir(&dir).run().ok().says("nothing to move");
    let answer = kshift("plan c.json --drain-dir 1:/d1 --out p").in_dir(&dir).run().ok();
    answer.says("warning[no-throttle]").says("time      not known");
    assert_eq!(names(&dir.join("p/waves/001")), ["reassign.json", "rollback.json"]);
    assert!(text(&dir.join("p/runbook.md")).contains("waves/$WAVE/reassign.json\" --execute\n"));
    plan_of(&usual(), "--drain-dir 1:/d1 --throttle 5MB/s").ok().says("--replica-alter-log-dirs-throttle 5000000");
}

#[test]
fn too_little_room_is_told_in_numbers_and_a_limit_that_does_is_offered() {
    let partitions = [on(0, 50, ["/d1", "/d1"]), on(1, 40, ["/d1", "/d1"]), on(2, 30, ["/d2", "/d2"])];
    let cluster = cluster(&[jbod(1, &[200, 100]), jbod(2, &[200, 100])], &partitions);
    let refusal = plan_of(&cluster, "--drain-dir 1:/d1").refused(3, "disk-limit");
    let refusal = refusal.says("no placement can keep the other log dirs of broker 1 within 85%");
    let refusal = refusal.says("2 replicas with 90.0 GB leave the log dirs of broker 1, the largest with 50.0 GB");
    refusal.says("room for 55.0 GB").says("35.0 GB of room is missing").says("a disk limit of 100% is not enough");
    let smaller =
        plan_of(&cluster, "--drain-dir 1:/d1 --exclude-topics none --disk-limit 79%").refused(3, "disk-limit");
    smaller.says("help: ");
    let mut tight = cluster;
    tight["topics"][0]["partitions"][0]["size_bytes"] = json!(20 * GB);
    plan_of(&tight, "--drain-dir 1:/d1").refused(3, "disk-limit").says("`--disk-limit 90%` is enough");
    let plan = planned(&tight, "--drain-dir 1:/d1 --disk-limit 90%");
    assert_eq!(after(&plan, 0), [0, 90], "equal to the limit is allowed");
    assert_eq!(after(&planned(&tight, "--drain-dir 1:/d1 --ignore-disk"), 0), [0, 90]);
}

#[test]
fn what_greed_cannot_pack_is_packed_all_the_same() {
    let sizes = [60, 40, 40, 30, 30];
    let partitions: Vec<Value> =
        sizes.iter().zip(0..).map(|(&size, number)| on(number, size, ["/d1", "/d1"])).collect();
    let cluster = cluster(&[jbod(1, &[1000, 100, 100]), jbod(2, &[1000])], &partitions);
    assert_eq!(after(&planned(&cluster, "--drain-dir 1:/d1 --disk-limit 100%"), 0), [0, 100, 100]);
}

#[test]
fn what_cannot_be_emptied_is_refused_with_its_place_and_what_to_do() {
    let change = |edit: &dyn Fn(&mut Value)| {
        let mut cluster = usual();
        edit(&mut cluster);
        cluster
    };
    let offline = |broker: usize, dir: usize| {
        change(&|cluster| cluster["brokers"][broker]["log_dirs"][dir]["state"] = "offline".into())
    };
    let dead = change(&|cluster| cluster["brokers"][0]["state"] = "dead".into());
    let forgotten = change(&|cluster| cluster["topics"][0]["partitions"][1]["log_dirs"] = json!(["/d1", null]));
    let unsized_one = change(&|cluster| {
        cluster["topics"][0]["partitions"][1].as_object_mut().unwrap().remove("size_bytes");
    });
    let no_capacity = change(&|cluster| {
        cluster["brokers"][0]["log_dirs"][1].as_object_mut().unwrap().remove("capacity_bytes");
    });
    let no_dirs = change(&|cluster| {
        cluster["brokers"][0].as_object_mut().unwrap().remove("log_dirs");
        for partition in cluster["topics"][0]["partitions"].as_array_mut().unwrap() {
            partition.as_object_mut().unwrap().remove("log_dirs");
        }
    });
    for (cluster, dirs, code, says) in [
        (&usual(), "3:/d1", "unknown-broker", "--drain-dir names broker 3, unknown to the cluster"),
        (&usual(), "1:/d4", "unknown-log-dir", "did you mean `1:/d"),
        (&usual(), "1:/somewhere", "unknown-log-dir", "it has `/d1`, `/d2`, `/d3`"),
        (&usual(), "1:/d1,1:/d2,1:/d3", "not-a-target", "no other online log dir than those to be emptied"),
        (&offline(0, 0), "1:/d1", "offline-log-dir", "log dir `/d1` of broker 1 is offline"),
        (&offline(0, 2), "1:/d1,1:/d2", "not-a-target", "no other online log dir"),
        (&dead, "1:/d1", "not-a-target", "broker 1 is dead: nothing can be copied between its log dirs"),
        (&forgotten, "2:/d1", "missing-log-dir", "the log dir of 1 replica on broker 2 is not known, first of `t-1`"),
        (&unsized_one, "1:/d1", "missing-size", "the size of 1 partition that is to move is not known"),
        (&no_capacity, "1:/d1", "missing-capacity", "broker 1 is not known"),
        (&no_dirs, "1:/d1", "missing-log-dir", "the log dirs of broker 1 are not known"),
    ] {
        let refusal = plan_of(cluster, &format!("--drain-dir {dirs}")).refused(2, code).says(says);
        if !matches!(code, "missing-size" | "missing-capacity") {
            refusal.says("\n  in --drain-dir\n");
        }
    }
    plan_of(&usual(), "--drain-dir 1:/d7,2:/d8").refused(2, "unknown-log-dir").says("/d7").says("/d8");
    planned(&forgotten, "--drain-dir 1:/d1");
    planned(&offline(0, 1), "--drain-dir 1:/d1");
}

#[test]
fn options_that_say_where_else_something_goes_are_excluded() {
    for option in [
        "--drain 1",
        "--drain-rack r1",
        "--onto 2",
        "--pair 1:2",
        "--target none.json",
        "--leaders-only",
        "--exact",
        "--prefer time",
        "--weights in=2",
        "--allow-rf-change",
    ] {
        let name = option.split(' ').next().unwrap();
        let refusal = plan_of(&usual(), &format!("--drain-dir 1:/d1 {option}")).refused(2, "usage");
        refusal
            .says(&format!("--drain-dir and {name} exclude each other"))
            .says(&format!("leave out --drain-dir or {name}"));
    }
    planned(&usual(), "--drain-dir 1:/d1 --prefer disk --rack-policy strict");
}

#[test]
fn a_partition_that_is_not_healthy_is_named_or_deferred() {
    let mut cluster = usual();
    cluster["topics"][0]["partitions"][2]["leader"] = Value::Null;
    plan_of(&cluster, "--drain-dir 1:/d1").refused(3, "unhealthy").says("`t-2`: it has no leader");
    let plan = planned(&cluster, "--drain-dir 1:/d1 --skip-unhealthy");
    assert_eq!((&plan["complete"], &plan["deferred"][0]["partition"]), (&json!(false), &json!(2)));
    assert_eq!((&plan["summary"]["replicas_moved"], &plan["summary"]["replicas_forced"]), (&json!(3), &json!(4)));
    cluster["topics"][0]["partitions"][2]["leader"] = json!(1);
    cluster["topics"][0]["partitions"][2]["isr"] = json!([1]);
    let short = plan_of(&cluster, "--drain-dir 1:/d1").ok();
    short.says("waves     1: 1 log-dirs (4 partitions)");
}

#[test]
fn each_way_of_moving_something_else_is_found_by_the_check() {
    let dir = empty_dir("log-dirs-check");
    put(&dir.join("c.json"), usual().to_string());
    kshift("plan c.json --drain-dir 1:/d1,2:/d2 --throttle 10MB/s --out p").in_dir(&dir).run().ok();
    let plan: Value = serde_json::from_str(&text(&dir.join("p/plan.json"))).unwrap();
    let at = |partition: i32| {
        let all = plan["waves"][0]["partitions"].as_array().unwrap();
        all.iter().position(|moved| moved["partition"] == partition).unwrap()
    };
    let found = |change: &dyn Fn(&mut Value), says: &str| {
        let report = report_of_changed(&dir, &plan, change);
        assert!(report.contains(says), "expected `{says}`: {report}");
    };
    for (list, dirs, says) in [
        (json!([1, 2]), json!(["any", "any"]), "nothing of it changes"),
        (json!([1, 2]), json!(["/d1", "any"]), "nothing of it changes"),
        (json!([1, 2]), json!(["/d2", "any"]), "it stays in log dir `/d2`, which is to be emptied"),
        (json!([1, 2]), json!(["/d2", "/d9"]), "it has no log dir `/d9`"),
        (json!([2, 1]), json!(["/d1", "/d2"]), "its list is another one"),
    ] {
        let edit = |plan: &mut Value| {
            let moved = &mut plan["waves"][0]["partitions"][at(0)];
            (moved["replicas"], moved["log_dirs"]) = (list.clone(), dirs.clone());
        };
        found(&edit, says);
    }
    let other_dir = |plan: &mut Value| plan["waves"][0]["partitions"][at(2)]["log_dirs"] = json!(["/d2", "/d1"]);
    found(&other_dir, "it leaves log dir `/d3`, which was not to be emptied");
    found(&|plan| plan["request"]["drain_dir"] = json!(["1:/d1", "2:/d2", "2:/d3"]), "it stays in log dir `/d3`");
    found(&|plan| plan["request"]["drain_dir"] = json!(["1:/d1", "1:/d2", "2:/d2"]), "which is to be emptied too");
    found(
        &|plan| plan["request"]["drain_dir"] = json!(["1:/d1", "1:/d8", "2:/d2"]),
        "log dir `/d8`, which the snapshot",
    );
    found(&|plan| plan["request"]["disk_limit"] = json!(0.05), "disk-limit");
    found(&|plan| plan["request"]["throttle"] = json!(20_000_000), "copy_seconds is 2200, expected 1100");
    found(&|plan| plan["waves"][0]["stage"] = "data".into(), "it belongs to stage `log-dirs`");
    found(&|plan| plan["summary"]["bytes_forced"] = 1.into(), "bytes_forced is 1, expected 31000000000");
    found(&|plan| plan["summary"]["makespan_lower_bound_seconds"] = 2100.into(), "lower-bound");
    found(&|plan| plan["brokers"][0]["log_dirs"][1]["used_peak_bytes"] = 1.into(), "brokers");
    let both = json!({"leader_bytes_per_sec": 10_000_000, "follower_bytes_per_sec": 10_000_000});
    found(&|plan| plan["waves"][0]["throttle"] = both.clone(), "none were asked for");
    found(
        &|plan| plan["waves"][0]["partitions"][at(0)]["previous_log_dirs"] = json!(["any", "/d2"]),
        "previous_log_dirs",
    );
    let left_out = |plan: &mut Value| {
        plan["waves"][0]["partitions"].as_array_mut().unwrap().remove(at(1));
    };
    found(&left_out, "has a replica in a drained log dir, which neither moves nor is deferred");
    put(&dir.join("p/waves/001/throttle.json"), r#"{"brokers":{},"topics":{}}"#);
    let answer = kshift("check c.json p").in_dir(&dir).run();
    assert!(answer.exit == 1 && answer.stdout.contains("throttle.json"), "{}", answer.stdout);
}

/// The log dirs that a case asks to be emptied: of every third broker that can, all but its last one or two.
fn some_dirs(snapshot: &Snapshot, seed: u64) -> Option<BrokerDirs> {
    let mut texts = Vec::new();
    for (number, broker) in snapshot.brokers.iter().enumerate() {
        let online: Vec<&str> =
            broker.log_dirs.iter().filter(|dir| !dir.offline).map(|dir| dir.path.as_str()).collect();
        if broker.state == BrokerState::Alive && online.len() > 1 && !(number as u64 + seed).is_multiple_of(3) {
            let stay = if online.len() > 2 { 2 } else { 1 };
            texts.extend(online[..online.len() - stay].iter().map(|path| format!("{}:{path}", broker.id)));
        }
    }
    BrokerDirs::from_texts(texts.iter().map(String::as_str)).ok().filter(|dirs| !dirs.is_empty())
}

/// Whether replicas of these sizes fit into rooms of these sizes, by trying everything.
fn fits(sizes: &[u64], rooms: &mut [u64]) -> bool {
    let Some((&size, rest)) = sizes.split_first() else { return true };
    (0..rooms.len()).any(|at| {
        if size > rooms[at] {
            return false;
        }
        rooms[at] -= size;
        let done = fits(rest, rooms);
        rooms[at] += size;
        done
    })
}

/// Whether everything fits on every broker; nothing where that is too much to try.
fn is_possible(snapshot: &Snapshot, request: &Request) -> Option<bool> {
    const MOST: usize = 9;
    let used = snapshot.used_bytes();
    let columns = &snapshot.partitions;
    for (number, broker) in snapshot.brokers.iter().enumerate() {
        let is_drained = |path: &str| request.drain_dir.contains(broker.id, path);
        let mut sizes = Vec::new();
        for row in 0..columns.len() {
            for (place, &id) in columns.replicas.get(row).iter().enumerate() {
                if id == broker.id && columns.dir_of(row, place).is_some_and(is_drained) {
                    sizes.push(columns.size[row]?.get());
                }
            }
        }
        let open = broker.log_dirs.iter().zip(&used[number]).filter(|(dir, _)| !dir.offline && !is_drained(&dir.path));
        let room = open.map(|(dir, used)| Some(request.disk_limit.of(dir.capacity?).saturating_sub(*used).get()));
        let mut rooms: Vec<u64> = room.collect::<Option<_>>()?;
        sizes.retain(|&size| size > 0);
        if sizes.len() > MOST {
            return None;
        }
        if !sizes.is_empty() && !fits(&sizes, &mut rooms) {
            return Some(false);
        }
    }
    Some(true)
}

#[test]
fn drained_log_dirs_end_empty_on_every_awkward_cluster_and_only_the_impossible_is_refused() {
    let found: Vec<(bool, bool)> = (0..cases())
        .into_par_iter()
        .filter_map(|seed| {
            let (snapshot, asked) = awkward(seed);
            let drain_dir = some_dirs(&snapshot, seed)?;
            let request = Request {
                drain: IdSet::default(),
                onto: None,
                exact: false,
                skip_unhealthy: true,
                topics: None,
                exclude_topics: None,
                growth: false,
                ignore_disk: false,
                rack_policy: RackPolicy::Preserve,
                drain_dir,
                ..asked
            };
            let plan: Plan = match kshift::plan(&snapshot, &request, &Work::new()) {
                Ok(plan) => plan,
                Err(error) => {
                    let exit = error.code().exit_code();
                    assert!((exit == 2 || exit == 3) && !error.help_lines().is_empty(), "seed {seed}: {error}");
                    if exit == 3 {
                        assert_ne!(is_possible(&snapshot, &request), Some(true), "seed {seed}: {error}");
                    }
                    return Some((false, exit == 3));
                }
            };
            passes_from_its_file(&snapshot, &plan).unwrap_or_else(|fault| panic!("seed {seed}: {fault}"));
            for row in plan.waves.iter().flat_map(|wave| wave.rows.clone()) {
                let step = plan.get(row);
                assert_eq!((step.replicas, step.leader), (step.previous, step.leader_after), "seed {seed}");
                for (broker, from, to) in step.changing_dir() {
                    assert!(request.drain_dir.contains(broker, from), "seed {seed}: {broker} {from}");
                    assert!(!request.drain_dir.contains(broker, to), "seed {seed}: {broker} {to}");
                }
            }
            Some((!plan.waves.is_empty(), false))
        })
        .collect();
    let count = |is: fn(&(bool, bool)) -> bool| found.iter().filter(|entry| is(entry)).count() as u64;
    assert!(count(|entry| entry.0) * 20 > cases(), "{} of {} cases move", count(|entry| entry.0), cases());
    assert!(count(|entry| entry.1) > 0, "some case is impossible");
}
