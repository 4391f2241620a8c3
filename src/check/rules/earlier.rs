//! `throttles-before`: throttles that waves give back are those that the snapshot has, of all brokers and of the topics
//! that move; but for those that a resumed plan has set, which the snapshot must have.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Violation;
use super::super::case::Case;

const RULE: &str = "throttles-before";

pub(super) fn judge(case: &Case, found: &mut Vec<Violation>) {
    let (plan, snapshot) = (case.plan, case.world.snapshot);
    let mut present: BTreeMap<(&str, String, &str), &str> = BTreeMap::new();
    for broker in &snapshot.brokers {
        for (key, value) in &broker.config {
            let is_rate = key == "replica.alter.log.dirs.io.max.bytes.per.second"
                || (key.ends_with(".replication.throttled.rate") && sided(key));
            if is_rate && !value.is_empty() {
                present.insert(("broker", broker.id.to_string(), key), value);
            }
        }
    }
    let moved: BTreeSet<&str> = plan.moves.topic.iter().map(|&topic| plan.topics[topic as usize].as_str()).collect();
    for topic in snapshot.topics.iter().filter(|topic| moved.contains(topic.name.as_str())) {
        for (key, value) in &topic.config {
            if key.ends_with(".replication.throttled.replicas") && sided(key) && !value.is_empty() {
                present.insert(("topic", topic.name.clone(), key), value);
            }
        }
    }
    let mut given: BTreeMap<(&str, String, &str), &str> = BTreeMap::new();
    for (id, settings) in &plan.throttles_before.brokers {
        given.extend(settings.iter().map(|(key, value)| (("broker", id.to_string(), key.as_str()), value.as_str())));
    }
    for (topic, settings) in &plan.throttles_before.topics {
        given.extend(settings.iter().map(|(key, value)| (("topic", topic.clone(), key.as_str()), value.as_str())));
    }
    let own = &plan.throttles_before.left;
    let of_brokers = own.brokers.iter().map(|(id, settings)| ("broker", id.to_string(), settings));
    let of_topics = own.topics.iter().map(|(topic, settings)| ("topic", topic.clone(), settings));
    for (kind, name, settings) in of_brokers.chain(of_topics) {
        for (key, value) in settings {
            let at = (kind, name.clone(), key.as_str());
            if plan.request.resume.is_none() {
                let message = format!("`{key}` of {kind} {name} is called left over, and the plan resumes none");
                found.push(Violation::new(RULE, message).place("plan.json at throttles_before.left"));
            } else if present.get(&at) != Some(&value.as_str()) {
                let shown = present.get(&at).map_or("nothing".to_owned(), |value| format!("`{value}`"));
                let message =
                    format!("`{key}` of {kind} {name} is called left over as `{value}`, in the snapshot it is {shown}");
                found.push(Violation::new(RULE, message).place("plan.json at throttles_before.left"));
            }
            // What was there before that plan is not to be seen any more.
            present.remove(&at);
            given.remove(&at);
        }
    }
    let all: BTreeSet<_> = present.keys().chain(given.keys()).collect();
    for at in all.into_iter().filter(|at| present.get(at) != given.get(at)) {
        let shown = |value: Option<&&str>| value.map_or("nothing".to_owned(), |value| format!("`{value}`"));
        let (kind, name, key) = at;
        let (given, present) = (shown(given.get(at)), shown(present.get(at)));
        let message = format!("`{key}` of {kind} {name} is {given}, in the snapshot it is {present}");
        found.push(Violation::new(RULE, message).place("plan.json at throttles_before"));
    }
}

fn sided(key: &str) -> bool {
    key.starts_with("leader.") || key.starts_with("follower.")
}
