//! `throttle.json` and the scripts beside it, written a second time from the settings of a wave.

use std::collections::BTreeMap;

use crate::base::ids::BrokerId;
use crate::base::json::Writer;
use crate::base::kafka_configs::{END, FORGET, GIVE_BACK, HEAD, LISTS, LOG_DIR_RATES, RATES, quoted};
use crate::plan::{Plan, Wave};

/// Keys and values of one broker or topic, in the order in which files name them.
type Keyed = Vec<(&'static str, String)>;

/// What a wave sets.
pub(super) struct Throttles {
    pub(super) brokers: BTreeMap<BrokerId, Keyed>,
    pub(super) topics: BTreeMap<String, Keyed>,
}

/// One broker or topic: what is set, and what was before.
struct Entity<'t> {
    is_topic: bool,
    name: String,
    now: Vec<(&'static str, &'t str)>,
    before: Vec<(&'static str, &'t str)>,
}

/// The three files; none where nothing is set.
pub(super) fn contents(throttles: &Throttles, plan: &Plan, wave: &Wave) -> Vec<(&'static str, Vec<u8>)> {
    let earlier = &plan.throttles_before;
    let brokers = throttles.brokers.iter().map(|(id, keys)| (false, id.to_string(), keys, earlier.brokers.get(id)));
    let topics = throttles.topics.iter().map(|(topic, keys)| (true, topic.clone(), keys, earlier.topics.get(topic)));
    let entities = brokers.chain(topics).map(|(is_topic, name, keys, earlier)| {
        let before = keys.iter().filter_map(|(key, _)| Some((*key, earlier?.get(*key)?.as_str())));
        let now = keys.iter().map(|(key, value)| (*key, value.as_str()));
        Entity { is_topic, name, now: now.collect(), before: before.collect() }
    });
    let entities: Vec<Entity<'_>> = entities.collect();
    if entities.is_empty() {
        return Vec::new();
    }
    let digits = plan.waves.len().to_string().len().max(3);
    let name = format!("{:0digits$}", wave.index);
    vec![
        ("throttle.json", json(&entities)),
        ("throttle.sh", set(&entities, &name).into_bytes()),
        ("unthrottle.sh", unset(&entities, &name).into_bytes()),
    ]
}

fn json(entities: &[Entity<'_>]) -> Vec<u8> {
    let mut writer = Writer::default();
    sections(writer.begin_object(), entities, |entity| &entity.now);
    if entities.iter().any(|entity| !entity.before.is_empty()) {
        sections(writer.key("before").begin_object(), entities, |entity| &entity.before);
        writer.end_object();
    }
    writer.end_object();
    writer.into_bytes()
}

fn sections<'e>(
    writer: &mut Writer,
    entities: &'e [Entity<'e>],
    of: fn(&'e Entity<'e>) -> &'e [(&'static str, &'e str)],
) {
    for (section, is_topic) in [("brokers", false), ("topics", true)] {
        writer.key(section).begin_object();
        for entity in entities.iter().filter(|entity| entity.is_topic == is_topic && !of(entity).is_empty()) {
            writer.free_key(&entity.name).begin_object();
            for &(key, value) in of(entity) {
                match value.parse::<u64>() {
                    Ok(rate) if !is_topic => writer.key(key).int(rate),
                    _ => writer.key(key).string(value),
                };
            }
            writer.end_object();
        }
        writer.end_object();
    }
}

fn set(entities: &[Entity<'_>], name: &str) -> String {
    let is_within = !entities.iter().any(|entity| entity.is_topic);
    let changed: Vec<&Entity<'_>> =
        entities.iter().filter(|entity| entity.is_topic && entity.now != entity.before).collect();
    let mut text = vec!["#!/bin/sh".to_owned(), format!("# Throttles wave {name}. It may be run again.")];
    text.push(if is_within {
        "# RATE=1000000 in front of it gives every broker that rate, in bytes/s.".to_owned()
    } else {
        "# With `brokers` behind it, it sets the rates alone; RATE=1000000 in front gives every broker that rate, in bytes/s."
            .to_owned()
    });
    let mut functions = vec![HEAD, if is_within { LOG_DIR_RATES } else { RATES }];
    functions.extend((!changed.is_empty()).then_some(LISTS));
    text.extend(functions.iter().map(|function| function.trim_end().to_owned()));
    for entity in entities.iter().filter(|entity| !entity.is_topic) {
        let rates: Vec<String> = entity.now.iter().map(|(_, rate)| quoted(rate)).collect();
        text.push(format!("rates {} {} & started", entity.name, rates.join(" ")));
    }
    if !changed.is_empty() {
        text.push("if [ \"${1:-}\" != brokers ]; then".to_owned());
        for entity in changed {
            let lists: Vec<String> = entity.now.iter().map(|(_, list)| quoted(list)).collect();
            text.push(format!("  lists {} {} & started", entity.name, lists.join(" ")));
        }
        text.push("fi".to_owned());
    }
    text.join("\n") + "\n" + END
}

fn unset(entities: &[Entity<'_>], name: &str) -> String {
    let mut text = vec![
        "#!/bin/sh".to_owned(),
        format!(
            "# Takes off what was set for wave {name}, and nothing else; what stood there before comes back. It may be run again."
        ),
    ];
    let mut functions = vec![HEAD];
    functions.extend(entities.iter().any(|entity| entity.before.is_empty()).then_some(FORGET));
    let is_mixed = |entity: &Entity<'_>| !entity.before.is_empty() && entity.before.len() < entity.now.len();
    functions.extend(entities.iter().any(is_mixed).then_some(GIVE_BACK));
    text.extend(functions.iter().map(|function| function.trim_end().to_owned()));
    for entity in entities {
        let whose = format!("{} {}", if entity.is_topic { "topics" } else { "brokers" }, entity.name);
        let back: Vec<String> = entity.before.iter().map(|(key, value)| format!("{key}=[{value}]")).collect();
        let back = quoted(&back.join(","));
        let was = |key: &str| entity.before.iter().any(|before| before.0 == key);
        let gone: Vec<&str> = entity.now.iter().map(|now| now.0).filter(|key| !was(key)).collect();
        let gone = gone.join(",");
        text.push(if entity.before.is_empty() {
            format!("forget {whose} {gone} & started")
        } else if gone.is_empty() {
            format!("alter {whose} --add-config {back} & started")
        } else {
            format!("give_back {whose} {back} {gone} & started")
        });
    }
    text.join("\n") + "\n" + END
}
