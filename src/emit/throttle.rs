//! `throttle.json`: the replication throttle of a wave as Kafka's tool would set it ([`crate::plan::throttled`]); `before` holds
//! what has to come back.

use rustc_hash::FxHashSet;

use crate::base::json::Writer;
use crate::plan::throttled::{Setting, Settings, settings, settings_of_all};
use crate::plan::{LISTS, Plan, Wave};

/// `throttle.json` of a wave; none without a throttle or when the wave copies nothing.
pub fn throttle(plan: &Plan, wave: &Wave) -> Option<Vec<u8>> {
    settings(plan, wave, &plan.sorted_rows(wave.rows.clone())).map(|settings| document(&settings))
}

/// The settings with which the whole plan may be done at once: a broker has the least of its rates in any wave.
pub fn whole(plan: &Plan) -> Option<Vec<u8>> {
    settings_of_all(plan).map(|settings| document(&settings))
}

/// Records that the controller writes for the lists of a wave, all in one request of Kafka's tool: one for each setting
/// of a topic. Rates are a request to each broker.
pub fn records(plan: &Plan, wave: &Wave) -> usize {
    if wave.throttle.is_none() {
        return 0;
    }
    let copying = plan.moves_of(wave).zip(wave.rows.clone()).filter(|(m, _)| m.adding().next().is_some());
    let topics: FxHashSet<u32> = copying.map(|(_, row)| plan.moves.topic[row]).collect();
    topics.len() * LISTS.len()
}

/// `throttle.json` of these settings.
pub(super) fn document(settings: &Settings<'_>) -> Vec<u8> {
    let lists: usize = settings.topics.iter().flat_map(|(_, lists)| lists).map(|list| list.value.len() + 64).sum();
    let mut writer = Writer::with_capacity(settings.brokers.len() * 128 + lists);
    writer.begin_object();
    write(&mut writer, settings, |setting| Some(setting.value.as_str()));
    let of_brokers = settings.brokers.iter().flat_map(|(_, rates)| rates);
    let mut all = of_brokers.chain(settings.topics.iter().flat_map(|(_, lists)| lists));
    if all.any(|setting| setting.before.is_some()) {
        write(writer.key("before").begin_object(), settings, |setting| setting.before);
        writer.end_object();
    }
    writer.end_object();
    writer.into_bytes()
}

/// The two sections, with those settings that have a value.
fn write<'s>(writer: &mut Writer, settings: &'s Settings<'_>, of: impl Fn(&'s Setting<'_>) -> Option<&'s str>) {
    writer.key("brokers").begin_object();
    for (id, rates) in &settings.brokers {
        let rates: Vec<_> = rates.iter().filter_map(|rate| Some((rate.key, of(rate)?))).collect();
        if rates.is_empty() {
            continue;
        }
        writer.key(&id.to_string()).begin_object();
        for (key, rate) in rates {
            match rate.parse::<u64>() {
                Ok(rate) => writer.key(key).int(rate),
                Err(_) => writer.key(key).string(rate),
            };
        }
        writer.end_object();
    }
    writer.end_object().key("topics").begin_object();
    for (topic, lists) in &settings.topics {
        let lists: Vec<_> = lists.iter().filter_map(|list| Some((list.key, of(list)?))).collect();
        if lists.is_empty() {
            continue;
        }
        writer.free_key(topic).begin_object();
        for (key, list) in lists {
            writer.key(key).string(list);
        }
        writer.end_object();
    }
    writer.end_object();
}
