//! `files`: what lies beside plan.json says what the plan says, in canonical form.
//!
//! The expected content is written here from the plan alone, a second time beside the writer that made the
//! files. Where bytes differ, both are read as JSON, so that the violation can name the first difference.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rayon::prelude::*;
use serde_json::Value;

use super::Violation;
use super::scripts::{self, Throttles};
use crate::base::error::Result;
use crate::base::fs;
use crate::base::ids::{BrokerId, PartitionId};
use crate::base::json::{self, Writer};
use crate::base::kafka_configs::VALUE_BYTES_MAX;
use crate::plan::{Dirs, Plan, Throttle, Wave};
use crate::snapshot::Snapshot;

const RULE: &str = "files";

/// Compares every file below `dir` with what `plan` says.
pub(super) fn judge(snapshot: &Snapshot, plan: &Plan, dir: &Path) -> Result<Vec<Violation>> {
    let there: BTreeSet<String> =
        fs::list_tree(dir)?.iter().map(|path| path.to_string_lossy().replace('\\', "/")).collect();
    let mut found = Vec::new();
    // Pages for people are compared by those who write them.
    let mut expected: BTreeSet<String> = ["plan.json", "runbook.md", "report.html"].map(str::to_owned).into();
    if !there.contains("runbook.md") {
        found.push(Violation::new(RULE, "it is missing").place("runbook.md"));
    }
    let digits = plan.waves.len().to_string().len().max(3);
    let ranks = ranks(plan);
    let of_wave = |wave: &Wave| -> Result<(Vec<String>, Vec<Violation>)> {
        let (mut places, mut found) = (Vec::new(), Vec::new());
        for (name, content) in contents(snapshot, plan, wave, &ranks) {
            let place = format!("waves/{:0digits$}/{name}", wave.index);
            if there.contains(&place) {
                let given = fs::read(&dir.join(&place))?;
                let violation = difference(&given, &content).map(|difference| difference.at(wave, &place));
                found.extend(violation);
            } else {
                found.push(Violation::new(RULE, "it is missing").wave(wave.index).place(place.clone()));
            }
            places.push(place);
        }
        Ok((places, found))
    };
    for (places, of_wave) in plan.waves.par_iter().map(of_wave).collect::<Result<Vec<_>>>()? {
        expected.extend(places);
        found.extend(of_wave);
    }
    for extra in there.difference(&expected) {
        let wave = extra.strip_prefix("waves/").and_then(|rest| rest.split_once('/')?.0.parse().ok());
        let violation = Violation::new(RULE, "the plan has no such file").place(extra);
        found.push(wave.map_or(violation.clone(), |wave| violation.wave(wave)));
    }
    Ok(found)
}

/// The place of each topic of a plan in the order of their names.
fn ranks(plan: &Plan) -> Vec<usize> {
    let mut by_name: Vec<usize> = (0..plan.topics.len()).collect();
    by_name.sort_by_key(|&topic| &plan.topics[topic]);
    let mut ranks = vec![0; by_name.len()];
    for (rank, topic) in by_name.into_iter().enumerate() {
        ranks[topic] = rank;
    }
    ranks
}

/// Name and content of each file of a wave, when topics have these places.
fn contents(snapshot: &Snapshot, plan: &Plan, wave: &Wave, ranks: &[usize]) -> Vec<(&'static str, Vec<u8>)> {
    let mut rows: Vec<usize> = wave.rows.clone().collect();
    let moves = &plan.moves;
    rows.sort_by_key(|&row| (ranks[moves.topic[row] as usize], moves.partition[row]));
    let mut files = vec![("reassign.json", lists(plan, &rows, false)), ("rollback.json", lists(plan, &rows, true))];
    let is_due = |row: &usize| plan.moves.leader_after[*row] != plan.get(*row).replicas.first().copied();
    // Where no leader was to be touched, an election would touch those that lead out of turn.
    let due: Vec<usize> =
        if plan.request.replicas_only { Vec::new() } else { rows.iter().copied().filter(is_due).collect() };
    if !due.is_empty() {
        files.push(("election.json", election(plan, &due)));
    }
    let copies = rows.iter().any(|&row| plan.get(row).adding().next().is_some());
    if let Some(throttle) = wave.throttle.as_ref().filter(|_| copies) {
        files.extend(scripts::contents(&throttles(snapshot, plan, &rows, throttle), plan, wave));
    }
    if let Some(rate) = plan.request.throttle.filter(|_| plan.request.empties_dirs()) {
        files.extend(scripts::contents(&log_dir_throttles(plan, &rows, rate.get()), plan, wave));
    }
    files
}

/// The rate of every broker that copies between its log dirs.
fn log_dir_throttles(plan: &Plan, rows: &[usize], rate: u64) -> Throttles {
    let mut brokers = BTreeSet::new();
    for &row in rows {
        let moved = plan.get(row);
        let dirs = moved.dirs.iter().zip(moved.previous_dirs.iter());
        let changed = moved.replicas.iter().zip(dirs).filter(|(_, (now, before))| now.is_some() && now != before);
        brokers.extend(changed.map(|(id, _)| *id));
    }
    let key = "replica.alter.log.dirs.io.max.bytes.per.second";
    let brokers = brokers.into_iter().map(|id| (id, vec![(key, rate.to_string())]));
    Throttles { brokers: brokers.collect(), topics: BTreeMap::new() }
}

/// The new lists of a wave, or those from before it.
fn lists(plan: &Plan, rows: &[usize], back: bool) -> Vec<u8> {
    let mut writer = Writer::with_capacity(64 + rows.len() * 80);
    writer.begin_object().key("version").int(1).key("partitions").begin_array();
    for &row in rows {
        let moved = plan.get(row);
        let (replicas, dirs): (&[BrokerId], Dirs) =
            if back { (moved.previous, moved.previous_dirs) } else { (moved.replicas, moved.dirs) };
        writer.begin_object().key("topic").string(moved.topic).key("partition").int(moved.partition.get());
        writer.key("replicas").begin_array();
        for id in replicas {
            writer.int(id.get());
        }
        writer.end_array();
        if !dirs.is_empty() {
            writer.key("log_dirs").begin_array();
            for path in dirs.iter() {
                writer.string(path.unwrap_or("any"));
            }
            writer.end_array();
        }
        writer.end_object();
    }
    writer.end_array().end_object();
    writer.into_bytes()
}

fn election(plan: &Plan, rows: &[usize]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.begin_object().key("partitions").begin_array();
    for &row in rows {
        let moved = plan.get(row);
        writer.begin_object().key("topic").string(moved.topic).key("partition").int(moved.partition.get());
        writer.end_object();
    }
    writer.end_array().end_object();
    writer.into_bytes()
}

/// Rates of every serving broker that takes part, and the throttled replicas of each topic.
fn throttles(snapshot: &Snapshot, plan: &Plan, rows: &[usize], throttle: &Throttle) -> Throttles {
    let mut brokers = Vec::new();
    let mut topics: BTreeMap<&str, [Vec<String>; 2]> = BTreeMap::new();
    for &row in rows {
        let moved = plan.get(row);
        if moved.adding().next().is_none() {
            continue;
        }
        brokers.extend(moved.previous.iter().chain(moved.replicas));
        let [leaders, followers] = topics.entry(moved.topic).or_default();
        let entry = |partition: PartitionId, id: BrokerId| format!("{partition}:{id}");
        leaders.extend(moved.previous.iter().map(|&id| entry(moved.partition, id)));
        followers.extend(moved.adding().map(|id| entry(moved.partition, id)));
    }
    brokers.sort_unstable();
    brokers.dedup();
    let serves = |id: &BrokerId| snapshot.broker(*id).is_some_and(|broker| broker.state.serves());
    let rates = |id: BrokerId| {
        let own = throttle.brokers.iter().find(|one| one.id == id);
        let leader = own.map_or(throttle.leader_bytes_per_sec, |one| one.leader_bytes_per_sec);
        let follower = own.map_or(throttle.follower_bytes_per_sec, |one| one.follower_bytes_per_sec);
        let [leader, follower] = [leader, follower].map(|rate| rate.get().to_string());
        (id, vec![("leader.replication.throttled.rate", leader), ("follower.replication.throttled.rate", follower)])
    };
    let lists = |(topic, lists): (&str, [Vec<String>; 2])| {
        let keys = ["leader.replication.throttled.replicas", "follower.replication.throttled.replicas"];
        let merged = keys.into_iter().zip(lists).map(|(key, mut list)| {
            let before = plan.throttles_before.topics.get(topic).and_then(|settings| settings.get(key));
            list.extend(before.into_iter().flat_map(|before| before.split(',')).map(|entry| entry.trim().to_owned()));
            list.retain(|entry| !entry.is_empty() && entry != "none");
            list.sort_unstable();
            list.dedup();
            let all = list.iter().any(|entry| entry == "*");
            let joined = list.join(",");
            // What Kafka's protocol cannot carry is said with the word for all replicas.
            (key, if all || joined.len() > VALUE_BYTES_MAX { "*".to_owned() } else { joined })
        });
        let merged = merged.collect();
        (topic.to_owned(), merged)
    };
    Throttles {
        brokers: brokers.into_iter().filter(|id| serves(id)).map(rates).collect(),
        topics: topics.into_iter().map(lists).collect(),
    }
}

/// What differs between two files.
struct Difference {
    message: String,
    partition: Option<(String, PartitionId)>,
}

impl Difference {
    fn at(self, wave: &Wave, place: &str) -> Violation {
        let violation = Violation::new(RULE, self.message).wave(wave.index).place(place);
        match self.partition {
            Some((topic, partition)) => violation.partition(&topic, partition),
            None => violation,
        }
    }
}

/// How a file differs from what is expected, if it does; one newline at its end is allowed.
fn difference(given: &[u8], expected: &[u8]) -> Option<Difference> {
    let given = given.strip_suffix(b"\n").unwrap_or(given);
    // A script is expected to end with one.
    if given == expected.strip_suffix(b"\n").unwrap_or(expected) {
        return None;
    }
    let difference = |message: String| Some(Difference { message, partition: None });
    if expected.starts_with(b"#!") {
        let lines = |content: &[u8]| String::from_utf8_lossy(content).lines().map(str::to_owned).collect::<Vec<_>>();
        let (given, wanted) = (lines(given), lines(expected));
        let at = given.iter().zip(&wanted).position(|(given, wanted)| given != wanted);
        let at = at.unwrap_or(given.len().min(wanted.len()));
        let line = |lines: &[String]| lines.get(at).map_or("nothing".to_owned(), |line| format!("`{line}`"));
        let (given, wanted) = (line(&given), line(&wanted));
        return if given == wanted {
            None
        } else {
            difference(format!("line {} is {given}, the plan says {wanted}", at + 1))
        };
    }
    let read = |content: &[u8]| json::text_of(content, "it").and_then(|text| json::value_of(text, "it"));
    let value = match read(given) {
        Ok(value) => value,
        Err(error) => return difference(format!("it cannot be read: {}", error.message())),
    };
    let expected_value = read(expected).unwrap_or_default();
    if value == expected_value {
        // Another order of keys has the same length and means the same.
        let is_compact = given.len() == expected.len();
        return if is_compact { None } else { difference("it is not in canonical form: compact, as written".into()) };
    }
    let partitions = |value: &Value| value["partitions"].as_array().cloned();
    if let (Some(given), Some(wanted)) = (partitions(&value), partitions(&expected_value)) {
        let at = given.iter().zip(&wanted).position(|(given, wanted)| given != wanted);
        let at = at.unwrap_or(given.len().min(wanted.len()));
        let shown = |entry: Option<&Value>| entry.map_or("nothing".to_owned(), ToString::to_string);
        let (given, wanted) = (given.get(at), wanted.get(at));
        if given.is_some() || wanted.is_some() {
            let message = format!("partitions[{at}] is {}, the plan says {}", shown(given), shown(wanted));
            return Some(Difference { message, partition: wanted.or(given).and_then(partition_of) });
        }
    }
    for section in ["brokers", "topics", "before"] {
        let (given, wanted) = (value[section].as_object(), expected_value[section].as_object());
        let keys: BTreeSet<&String> = given.into_iter().chain(wanted).flat_map(|map| map.keys()).collect();
        let of = |map: Option<&serde_json::Map<String, Value>>, key: &str| {
            map.and_then(|map| map.get(key)).map_or("nothing".to_owned(), ToString::to_string)
        };
        if let Some(key) = keys.into_iter().find(|key| of(given, key) != of(wanted, key)) {
            let message = format!("{section}[`{key}`] is {}, the plan says {}", of(given, key), of(wanted, key));
            return difference(message);
        }
    }
    difference("it says something else than the plan".into())
}

/// The partition that an entry is about.
fn partition_of(entry: &Value) -> Option<(String, PartitionId)> {
    let id = i32::try_from(entry["partition"].as_i64()?).ok().filter(|&id| id >= 0)?;
    Some((entry["topic"].as_str()?.to_owned(), PartitionId::new(id)))
}
