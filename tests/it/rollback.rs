//! The way back: waves undone one by one, replayed here from the snapshot and the plan's lists alone.

use std::collections::BTreeMap;

use kshift::base::ids::BrokerId;
use kshift::base::work::Work;
use kshift::plan::{Plan, rollback};
use kshift::request::{RackPolicy, Request};
use kshift::snapshot::Snapshot;
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::support::files::{broker, cluster, empty_dir, put, text};
use crate::support::r#gen::{awkward, small};
use crate::support::property::cases;
use crate::support::run::{kshift, report_of_changed};

type Lists<'a> = BTreeMap<(&'a str, i32), &'a [BrokerId]>;

/// How the racks of a list compare: more racks are better, then fewer replicas in the fullest one.
fn racks(snapshot: &Snapshot, list: &[BrokerId]) -> (usize, i64) {
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for &id in list {
        let rack = snapshot.broker(id).and_then(|broker| broker.rack.clone());
        *counts.entry(rack.unwrap_or_else(|| format!("of {id} alone"))).or_default() += 1;
    }
    (counts.len(), -counts.values().copied().max().unwrap_or(0))
}

/// Bytes that each broker with one log dir holds at the peak of every wave, forward or back.
struct Disks {
    held: BTreeMap<BrokerId, i128>,
}

impl Disks {
    fn new(plan: &Plan) -> Self {
        let single = plan.brokers.iter().filter(|broker| broker.log_dirs.len() == 1);
        let held = single.map(|broker| (broker.id, i128::from(broker.log_dirs[0].used_before_bytes.get())));
        Disks { held: held.collect() }
    }

    /// Runs a wave; what each broker held before it and at its peak.
    fn run(&mut self, plan: &Plan, wave: usize) -> BTreeMap<BrokerId, (i128, i128)> {
        let wave = &plan.waves[wave];
        let before = self.held.clone();
        for moved in plan.moves_of(wave) {
            for id in moved.adding() {
                self.held.entry(id).and_modify(|held| *held += i128::from(moved.size.get()));
            }
        }
        let peaks = self.held.iter().map(|(&id, &peak)| (id, (before[&id], peak))).collect();
        for moved in plan.moves_of(wave) {
            for id in moved.removing() {
                self.held.entry(id).and_modify(|held| *held -= i128::from(moved.size.get()));
            }
        }
        peaks
    }
}

fn holds(snapshot: &Snapshot, request: &Request) -> Result<bool, String> {
    let Ok(plan) = kshift::plan(snapshot, request, &Work::new()) else { return Ok(false) };
    if plan.waves.is_empty() {
        return Ok(false);
    }
    let back = rollback::waves(&plan, 1).map_err(|error| error.to_string())?;
    let mut stands: Lists<'_> = Lists::new();
    let mut began: Lists<'_> = Lists::new();
    let mut disks = Disks::new(&plan);
    let mut forward = Vec::new();
    for wave in 0..plan.waves.len() {
        for moved in plan.moves_of(&plan.waves[wave]) {
            let key = (moved.topic, moved.partition.get());
            began.entry(key).or_insert(moved.previous);
            stands.insert(key, moved.replicas);
        }
        forward.push(disks.run(&plan, wave));
    }
    for (number, wave) in back.waves.iter().enumerate() {
        let undoes = plan.waves.len() - 1 - number;
        for moved in back.moves_of(wave) {
            let key = (moved.topic, moved.partition.get());
            if stands.get(&key) != Some(&moved.previous) {
                return Err(format!("wave {} of the way back starts from another list of {key:?}", wave.index));
            }
            if !request.allow_rf_change
                && request.rack_policy == RackPolicy::Preserve
                && racks(snapshot, moved.replicas) < racks(snapshot, began[&key])
            {
                return Err(format!("{key:?} has worse racks after wave {} of the way back", wave.index));
            }
            stands.insert(key, moved.replicas);
        }
        for (id, (_, peak)) in disks.run(&back, number) {
            let (before, most) = forward[undoes][&id];
            if peak > most.max(before) {
                return Err(format!("broker {id} holds {peak}, at most {} in wave {}", most.max(before), undoes + 1));
            }
        }
        let times = (wave.copy_seconds, plan.waves[undoes].rollback_seconds);
        if times.0 != times.1 {
            return Err(format!("{times:?}"));
        }
    }
    if stands != began {
        return Err("the way back ends elsewhere".to_owned());
    }
    let of_snapshot = |(topic, partition): &(&str, i32)| {
        let row = snapshot.row_of(topic, kshift::base::ids::PartitionId::new(*partition)).expect("it moves");
        snapshot.partitions.replicas.get(row)
    };
    match began.iter().find(|(key, list)| of_snapshot(key) != **list) {
        Some((key, _)) => Err(format!("{key:?} does not begin where the snapshot has it")),
        None => Ok(true),
    }
}

#[test]
fn undone_waves_end_at_the_first_lists_with_no_worse_racks_and_no_fuller_disks() {
    let seeds = cases() / 4;
    let planned: usize = (0..seeds)
        .into_par_iter()
        .flat_map(|seed| [awkward(seed), small(seed)].map(|case| (seed, case)))
        .map(|(seed, (snapshot, request))| {
            // Small waves, so that there are several.
            let request = Request { max_moves: 3, ..request };
            let held = holds(&snapshot, &request).unwrap_or_else(|what| panic!("seed {seed}: {what}"));
            usize::from(held)
        })
        .sum();
    assert!(planned as u64 > seeds / 2, "{planned} of {}", 2 * seeds);
}

/// Two waves, each of one partition: what broker 1002 leads is produced to at `written` bytes a second.
fn two_waves(name: &str, written: f64) -> std::path::PathBuf {
    let dir = empty_dir(name);
    let brokers: Vec<Value> =
        [(1001, "a"), (1002, "b"), (1, "a"), (2, "b")].map(|(id, rack)| broker(id, rack, 100_000_000_000)).into();
    let partition = |number: i32, replicas: [i32; 2], size: u64| json!({"partition": number, "replicas": replicas, "size_bytes": size, "bytes_in_per_sec": written});
    let partitions = [partition(0, [1001, 1002], 2_000_000_000), partition(1, [1002, 1001], 1_000_000_000)];
    put(&dir.join("c.json"), cluster(&brokers, &partitions).to_string());
    let options = "plan c.json --drain 1001,1002 --throttle 10MB/s --max-moves 1 --out p";
    kshift(options).in_dir(&dir).run().ok();
    dir
}

fn wave(dir: &std::path::Path, wave: usize) -> Value {
    let plan: Value = serde_json::from_str(&text(&dir.join("p/plan.json"))).unwrap();
    plan["waves"][wave].clone()
}

#[test]
fn the_time_of_going_back_counts_what_the_wave_took_away_and_the_live_traffic() {
    let dir = two_waves("rollback-time", 1_000_000.0);
    // Both replicas of 2 GB come back from one leader: 2 · 2 GB / (10 - 1 · (2 - 1 + 2)) MB/s.
    let seconds = wave(&dir, 0)["rollback_seconds"].as_f64().unwrap();
    assert!((seconds - 4e9 / 7e6).abs() < 1e-6, "{seconds}");
    let answer = kshift("rollback p --to-wave 1 --out back").in_dir(&dir).run().ok();
    answer.says("1 undoes wave 2: 1 partition, 2.00 GB").says("2 undoes wave 1: 1 partition, 4.00 GB, 9m 31s");
    // Undone first is what ran last, and each wave brings all of its files.
    let file = |path: &str| text(&dir.join(path));
    assert_eq!(file("back/waves/001/reassign.json"), file("p/waves/002/rollback.json"));
    assert_eq!(file("back/waves/002/reassign.json"), file("p/waves/001/rollback.json"));
    assert_eq!(file("back/waves/002/rollback.json"), file("p/waves/001/reassign.json"));
    let throttle: Value = serde_json::from_str(&file("back/waves/002/throttle.json")).unwrap();
    let topic = throttle["topics"].as_object().unwrap().values().next().unwrap();
    assert_eq!(topic["follower.replication.throttled.replicas"], "0:1001,0:1002");
    let runbook = file("back/runbook.md");
    for said in [
        "--cancel --preserve-throttles",
        "Two steps, never one: cancel",
        "### Wave 002 of 2: undoes wave 001",
        "waves/$WAVE/reassign.json\" --throttle 10000000 --execute",
        "`min.insync.replicas` of each partition in sync",
    ] {
        assert!(runbook.contains(said), "{said}: {runbook}");
    }
    let one = kshift("rollback p --to-wave 1").in_dir(&dir).run().ok();
    one.says("warning[all-at-once]: the one file starts the whole way back at once");
    let both = kshift("rollback p --to-wave 2 --out last --format kafka").in_dir(&dir).run().ok();
    assert_eq!(both.stdout, file("p/waves/002/rollback.json"));
}

#[test]
fn a_wave_that_traffic_never_lets_go_back_is_named_with_a_rate() {
    let dir = empty_dir("rollback-never");
    let brokers: Vec<Value> =
        [(1001, "a"), (1, "a"), (2, "a"), (3, "a")].map(|(id, rack)| broker(id, rack, 100_000_000_000)).into();
    // Both copies come from a leader of its own, and go back from the same one.
    let partition = |number: i32, replicas: [i32; 2]| json!({"partition": number, "replicas": replicas, "size_bytes": 1_000_000_000_u64, "bytes_in_per_sec": 4e6});
    let partitions = [partition(0, [2, 1001]), partition(1, [3, 1001])];
    put(&dir.join("c.json"), cluster(&brokers, &partitions).to_string());
    // Forward each target takes 4 MB/s of live traffic, back broker 1001 takes 8.
    let options = "plan c.json --drain 1001 --throttle 8.9MB/s --out p";
    let answer = kshift(options).in_dir(&dir).run().ok();
    let plan: Value = serde_json::from_str(&text(&dir.join("p/plan.json"))).unwrap();
    let never = plan["waves"].as_array().unwrap().iter().any(|wave| wave["rollback_seconds"].is_null());
    assert!(never, "{}", answer.stderr);
    answer.says("warning[rollback-never-ends]: 1 wave cannot be undone").says("wave 1 (broker 1001: above 9.0");
    kshift("rollback p --to-wave 1 --out back").in_dir(&dir).run().ok().says("warning[rollback-never-ends]");
    assert!(text(&dir.join("back/runbook.md")).contains("never at 8.9"));
}

#[test]
fn old_brokers_that_are_above_the_limit_now_would_be_so_again() {
    let dir = empty_dir("rollback-full");
    let mut brokers: Vec<Value> = [(1001, "a"), (1, "a")].map(|(id, rack)| broker(id, rack, 10_000_000_000)).into();
    brokers[0]["log_dirs"][0]["used_bytes"] = json!(9_000_000_000_u64);
    let partitions = [json!({"partition": 0, "replicas": [1001], "size_bytes": 8_000_000_000_u64})];
    put(&dir.join("c.json"), cluster(&brokers, &partitions).to_string());
    let answer = kshift("plan c.json --drain 1001 --throttle 10MB/s --out p").in_dir(&dir).run().ok();
    answer.says("warning[rollback-above-limit]: 1 log dir is above the disk limit of 85% now").says("(90.0%)");
    let peak = wave(&dir, 0)["rollback_peak_disk_utilization"].as_f64().unwrap();
    assert!((peak - 0.9).abs() < 1e-12, "{peak}");
}

#[test]
fn the_check_notices_another_way_back() {
    let dir = two_waves("rollback-check", 1_000_000.0);
    let plan: Value = serde_json::from_str(&text(&dir.join("p/plan.json"))).unwrap();
    let says = |change: &dyn Fn(&mut Value), what: &str| {
        let report = report_of_changed(&dir, &plan, change);
        assert!(report.contains("violation[rollback]") && report.contains(what), "{report}");
    };
    says(&|plan| plan["waves"][0]["rollback_seconds"] = json!(1.0), "rollback_seconds is 1, expected 571");
    says(&|plan| plan["waves"][1]["rollback_seconds"] = Value::Null, "rollback_seconds is null");
    says(
        &|plan| plan["waves"][0]["rollback_peak_disk_utilization"] = json!(0.5),
        "rollback_peak_disk_utilization is 0.5",
    );
    // Plans of older versions say nothing of it.
    let mut older = plan.clone();
    for wave in older["waves"].as_array_mut().unwrap() {
        wave.as_object_mut().unwrap().retain(|key, _| !key.starts_with("rollback"));
    }
    put(&dir.join("older.json"), older.to_string());
    kshift("check c.json older.json").in_dir(&dir).run().ok();
    kshift("rollback older.json --to-wave 1 --out older").in_dir(&dir).run().ok();
}
