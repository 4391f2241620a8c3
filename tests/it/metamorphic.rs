//! What must not matter does not: the same cluster under other names, in another order, in another unit, or with
//! something beside it that nobody asked about gives the same plan.
//!
//! Each relation is tried on random clusters (`support/gen.rs`), and so is a near miss of it, a change that does
//! matter: where the near miss makes no difference either, the relation could not fail.

use kshift::base::ids::{BrokerId, IdSet};
use kshift::base::random::Random;
use kshift::base::work::Work;
use kshift::plan::{self};
use kshift::request::Request;
use kshift::snapshot::{Broker, BrokerState, Snapshot, v1};
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::support::r#gen::awkward;
use crate::support::rows::{Partition, Rows, TopicRows};

/// Clusters that a relation is tried on.
const SEEDS: u64 = 200;

/// A cluster and what is asked.
type Asked = (Snapshot, Request);

/// Waves, what is deferred, brokers and figures, but for sentences, which name names; or the code of the refusal.
fn told((snapshot, request): &Asked) -> Value {
    let plan = match kshift::plan(snapshot, request, &Work::new()) {
        Ok(plan) => plan,
        Err(error) => return json!({"refused": error.code().as_str()}),
    };
    let mut plan: Value = serde_json::from_slice(&plan::write(&plan)).unwrap();
    let deferred: Vec<Value> = plan["deferred"].as_array().unwrap().iter().map(named).collect();
    forget(&mut plan["summary"], &["by", "proof", "makespan_lower_bound_by", "waves_lower_bound_by"]);
    json!({"waves": plan["waves"], "deferred": deferred, "brokers": plan["brokers"], "summary": plan["summary"]})
}

fn named(deferred: &Value) -> Value {
    json!({"topic": deferred["topic"], "partition": deferred["partition"]})
}

/// Leaves out keys at any depth.
fn forget(value: &mut Value, keys: &[&str]) {
    match value {
        Value::Object(entries) => {
            entries.retain(|key, _| !keys.contains(&key.as_str()));
            entries.values_mut().for_each(|value| forget(value, keys));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| forget(value, keys)),
        _ => {}
    }
}

/// Changes every value of a key, at any depth.
fn change(value: &mut Value, with: &dyn Fn(&str, &mut Value)) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                with(key, value);
                change(value, with);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|value| change(value, with)),
        _ => {}
    }
}

/// Tries a relation, which gives two things that must be equal, or nothing where it does not apply.
fn compared(relation: impl Fn(u64, Asked) -> Option<(Value, Value)> + Sync) -> (usize, Vec<String>) {
    let tried: Vec<(bool, Option<String>)> = (0..SEEDS)
        .into_par_iter()
        .filter_map(|seed| {
            let (one, other) = relation(seed, awkward(seed))?;
            let moves = one["waves"].as_array().is_some_and(|waves| !waves.is_empty());
            let differs = || format!("seed {seed}: {}", difference("", &one, &other));
            Some((moves, (one != other).then(differs)))
        })
        .collect();
    let moving = tried.iter().filter(|tried| tried.0).count();
    (moving, tried.into_iter().filter_map(|tried| tried.1).collect())
}

/// The first place where two values differ.
fn difference(at: &str, one: &Value, other: &Value) -> String {
    match (one, other) {
        (Value::Object(a), Value::Object(b)) if a.len() == b.len() => {
            let differs = |entry: &(&String, &Value)| b.get(entry.0) != Some(entry.1);
            let (key, value) = a.iter().find(differs).expect("they differ");
            difference(&format!("{at}.{key}"), value, b.get(key).unwrap_or(&Value::Null))
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let place = (0..a.len()).find(|&place| a[place] != b[place]).expect("they differ");
            difference(&format!("{at}[{place}]"), &a[place], &b[place])
        }
        _ => format!("{at}: {one} and {other}"),
    }
}

/// A relation holds on every cluster, most of which have something to move; its near miss shows.
fn holds(
    relation: impl Fn(u64, Asked) -> Option<(Value, Value)> + Sync,
    near_miss: impl Fn(u64, Asked) -> Option<(Value, Value)> + Sync,
) {
    let (moving, differences) = compared(relation);
    assert!(differences.is_empty(), "{} differ, first {}", differences.len(), differences[0]);
    assert!(moving > 60, "only {moving} clusters have something to move");
    assert!(!compared(near_miss).1.is_empty(), "a change that matters makes no difference either");
}

fn built(rows: Rows) -> Snapshot {
    rows.build().unwrap_or_else(|error| panic!("{error}"))
}

fn partitions(rows: &mut Rows) -> impl Iterator<Item = &mut Partition> {
    rows.topics.iter_mut().flat_map(|topic| &mut topic.partitions)
}

#[test]
fn brokers_under_other_ids_in_the_same_order_give_the_same_plan_under_these_ids() {
    let renamed = |(snapshot, request): Asked, to: &dyn Fn(i32) -> i32| {
        let rank = |id: BrokerId| snapshot.brokers.iter().position(|broker| broker.id == id);
        let new = |id: BrokerId| BrokerId::new(to(rank(id).expect("a broker of the cluster") as i32));
        let asked = || request.drain.iter().chain(request.onto.iter().flat_map(IdSet::iter));
        if asked().any(|id| rank(id).is_none()) {
            return None;
        }
        let mut rows = Rows::of(&snapshot);
        rows.brokers.iter_mut().for_each(|broker| broker.id = new(broker.id));
        for partition in partitions(&mut rows) {
            let Partition { replicas, isr, adding, removing, leader, .. } = partition;
            [replicas, isr, adding, removing].into_iter().flatten().for_each(|id| *id = new(*id));
            *leader = leader.map(new);
        }
        rows.brokers.sort_by_key(|broker| broker.id);
        let set = |ids: &IdSet| IdSet::from_ids(ids.iter().map(new)).unwrap();
        let asked = Request { drain: set(&request.drain), onto: request.onto.as_ref().map(set), ..request.clone() };
        let mut one = told(&(snapshot.clone(), request.clone()));
        let rename = |value: &mut Value| {
            if let Some(id) = value.as_i64() {
                *value = json!(new(BrokerId::new(id as i32)).get());
            }
        };
        change(&mut one, &|key, value| match key {
            "replicas" | "previous" => value.as_array_mut().into_iter().flatten().for_each(rename),
            "id" | "leader" | "leader_after" | "broker" => rename(value),
            _ => {}
        });
        if let Some(brokers) = one.get_mut("brokers").and_then(Value::as_array_mut) {
            brokers.sort_by_key(|broker| broker["id"].as_i64());
        }
        Some((one, told(&(built(rows), asked))))
    };
    holds(|_, case| renamed(case, &|rank| 3 * rank + 7), |_, case| renamed(case, &|rank| 1000 - rank));
}

#[test]
fn rows_of_the_file_in_another_order_give_the_same_bytes() {
    let bytes = |text: &str, request: &Request| {
        let snapshot = v1::read(text, "cluster.json").unwrap();
        match kshift::plan(&snapshot, request, &Work::new()) {
            Ok(plan) => serde_json::from_slice(&plan::write(&plan)).unwrap(),
            Err(error) => json!(error.to_string()),
        }
    };
    let shuffled = |seed: u64, (snapshot, request): Asked, keys: &[&str]| {
        let text = String::from_utf8(v1::write(&snapshot, v1::Include::Everything)).unwrap();
        let mut file: Value = serde_json::from_str(&text).unwrap();
        let random = std::cell::RefCell::new(Random::new(seed));
        change(&mut file, &|key, value| {
            if let Some(items) = value.as_array_mut().filter(|_| keys.contains(&key)) {
                random.borrow_mut().shuffle(items);
            }
        });
        Some((bytes(&text, &request), bytes(&file.to_string(), &request)))
    };
    let rows = ["brokers", "topics", "partitions"];
    holds(|seed, case| shuffled(seed, case, &rows), |seed, case| shuffled(seed, case, &["replicas"]));
}

#[test]
fn bytes_in_another_unit_give_the_same_lists() {
    // Limits are whole bytes: where sizes are, too, in the larger unit of both, rounding cannot tell them apart.
    let scaled = |snapshot: &Snapshot, sizes: u64, disks: u64| {
        let mut rows = Rows::of(snapshot);
        rows.change_disks(|bytes| bytes * disks);
        partitions(&mut rows).for_each(|partition| partition.size = partition.size.map(|bytes| bytes * sizes));
        // What does not fit into a file is too large for both.
        rows.build().ok()
    };
    let in_units = |(snapshot, request): Asked, sizes: u64, disks: u64| {
        // Times would differ, and with them waves and room for growth.
        let request = Request { throttle: None, growth: false, ..request };
        let mut one = told(&(scaled(&snapshot, 1024, 1024)?, request.clone()));
        let is_bytes = |key: &str| key.ends_with("_bytes") || key.starts_with("bytes_");
        let larger = |value: &mut Value| {
            if let Some(bytes) = value.as_u64() {
                *value = json!(bytes * sizes);
            }
        };
        change(&mut one, &|key, value| match key {
            key if is_bytes(key) => larger(value),
            "bytes" => ["value", "reached"].into_iter().for_each(|key| larger(&mut value[key])),
            _ => {}
        });
        Some((one, told(&(scaled(&snapshot, 1024 * sizes, 1024 * disks)?, request))))
    };
    holds(|_, case| in_units(case, 4, 4), |_, case| in_units(case, 4, 8));
}

#[test]
fn traffic_in_another_unit_gives_the_same_plan() {
    let busier = |(snapshot, request): Asked, all: bool| {
        let request = Request { throttle: None, growth: false, ..request };
        let mut rows = Rows::of(&snapshot);
        for (number, partition) in partitions(&mut rows).enumerate() {
            let factor = if all || number % 2 == 0 { 8.0 } else { 1.0 };
            partition.bytes_in *= factor;
            partition.bytes_out *= factor;
        }
        Some((told(&(snapshot, request.clone())), told(&(built(rows), request))))
    };
    holds(|_, case| busier(case, true), |_, case| busier(case, false));
}

#[test]
fn topics_under_other_names_in_the_same_order_give_the_same_plan_under_these_names() {
    let renamed = |(snapshot, request): Asked, to: &dyn Fn(usize) -> usize| {
        let request = Request { topics: None, exclude_topics: None, ..request };
        let name = |old: &str| {
            let rank = snapshot.topics.iter().position(|topic| topic.name == old).expect("a topic of the cluster");
            let prefix = if old.starts_with("__") { "__" } else { "name-" };
            format!("{prefix}{:06}", to(rank))
        };
        let mut rows = Rows::of(&snapshot);
        rows.topics.iter_mut().for_each(|topic| topic.name = name(&topic.name));
        let mut one = told(&(snapshot.clone(), request.clone()));
        change(&mut one, &|key, value| {
            if let (true, Some(old)) = (key == "topic", value.as_str()) {
                *value = json!(name(old));
            }
        });
        Some((one, told(&(built(rows), request))))
    };
    holds(|_, case| renamed(case, &|rank| rank * 3 + 1), |_, case| renamed(case, &|rank| 100_000 - rank));
}

/// The same request with its targets named, and the cluster with one more broker, which `onto` does not name.
fn with_idle_broker((snapshot, request): &Asked) -> Option<(Request, Asked, BrokerId)> {
    let is_target = |broker: &&Broker| {
        let named = request.onto.as_ref().is_none_or(|onto| onto.contains(broker.id));
        named && !request.drain.contains(broker.id) && broker.state == BrokerState::Alive
    };
    let targets: Vec<&Broker> = snapshot.brokers.iter().filter(is_target).collect();
    let twin = targets.first()?;
    let id = (0..i32::MAX).map(BrokerId::new).find(|&id| snapshot.broker(id).is_none()).unwrap();
    let onto = IdSet::from_ids(targets.iter().map(|broker| broker.id)).ok()?;
    if request.drain.contains(id) {
        return None;
    }
    let mut idle = Broker { id, ..(*twin).clone() };
    idle.log_dirs.iter_mut().for_each(|dir| dir.used = None);
    let mut rows = Rows::of(snapshot);
    rows.brokers.push(idle);
    let asked = Request { onto: Some(onto), ..request.clone() };
    Some((asked.clone(), (built(rows), asked), id))
}

#[test]
fn a_broker_that_nobody_asked_for_changes_nothing() {
    let beside = |case: &Asked, is_asked: bool| {
        let (request, mut with, id) = with_idle_broker(case)?;
        if is_asked {
            let onto = with.1.onto.as_ref().unwrap().iter().chain([id]);
            with.1.onto = IdSet::from_ids(onto).ok();
        }
        let (one, mut other) = (told(&(case.0.clone(), request)), told(&with));
        if let Some(brokers) = other.get_mut("brokers").and_then(Value::as_array_mut) {
            brokers.retain(|broker| broker["id"] != id.get());
        }
        Some((one, other))
    };
    holds(|_, case| beside(&case, false), |_, case| beside(&case, true));
}

/// A topic with data and traffic, of two partitions.
fn busy_topic(name: &str, replicas: &[BrokerId]) -> TopicRows {
    let partition = |id: i32| Partition {
        id,
        replicas: replicas.to_vec(),
        leader: replicas.first().copied(),
        isr: replicas.to_vec(),
        size: Some(5_000_000),
        bytes_in: 700.0,
        bytes_out: 900.0,
        dirs: vec![None; replicas.len()],
        adding: Vec::new(),
        removing: Vec::new(),
    };
    TopicRows { name: name.to_owned(), config: [].into(), partitions: vec![partition(0), partition(1)] }
}

#[test]
fn a_topic_off_the_targets_that_has_nothing_to_move_changes_nothing() {
    /// Where the topic lies: on a broker that nobody asked for, on drained ones but left out, or on a target.
    enum On {
        Idle,
        Drained,
        Target,
    }
    // One before and one after all others, so that every number of a topic and a partition shifts.
    let names = ["A-first", "z-last"];
    let beside = |case: &Asked, on: On| {
        let (_, (snapshot, request), idle) = with_idle_broker(case)?;
        let is_known = |id: &BrokerId| snapshot.broker(*id).is_some_and(|broker| broker.state == BrokerState::Alive);
        let replicas: Vec<BrokerId> = match on {
            On::Idle => vec![idle],
            On::Drained => request.drain.iter().filter(is_known).take(2).collect(),
            On::Target => request.onto.as_ref()?.iter().take(1).collect(),
        };
        let left_out = request.exclude_topics.iter().map(String::as_str).chain(names).collect::<Vec<_>>().join("|");
        let request = Request { exclude_topics: Some(left_out), ..request.clone() };
        if replicas.is_empty() {
            return None;
        }
        let mut rows = Rows::of(&snapshot);
        rows.topics.extend(names.map(|name| busy_topic(name, &replicas)));
        let (mut one, mut other) = (told(&(snapshot, request.clone())), told(&(built(rows), request)));
        // Whoever holds the topic holds it, also when everything else has come back, or when a broker is lost; and its
        // traffic keeps a fetcher awake and takes a part of a network.
        for told in [&mut one, &mut other] {
            let others =
                ["at_risk", "brokers", "duration_seconds", "eta_seconds", "limit", "rollback_peak_disk_utilization"];
            forget(told, &others);
            if let Some(warnings) = told["warnings"].as_array_mut() {
                warnings
                    .retain(|warning| warning["code"] != "rollback-above-limit" && warning["code"] != "more-at-risk");
            }
        }
        Some((one, other))
    };
    holds(|_, case| beside(&case, On::Idle), |_, case| beside(&case, On::Target));
    holds(|_, case| beside(&case, On::Drained), |_, case| beside(&case, On::Target));
}
