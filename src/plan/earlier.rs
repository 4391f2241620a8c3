//! Replication throttles that a cluster has before its plan begins: waves are merged with them, and give them back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Plan, throttled};
use crate::base::ids::BrokerId;
use crate::snapshot::Snapshot;

/// Settings of one broker or topic, by Kafka's own names.
pub type Settings = BTreeMap<String, String>;

/// Kafka's settings of a broker that throttle copies, between brokers and between its own log dirs; in bytes/s.
pub const RATES: [&str; 3] = [
    "leader.replication.throttled.rate",
    "follower.replication.throttled.rate",
    "replica.alter.log.dirs.io.max.bytes.per.second",
];
/// Kafka's settings of a topic that name its throttled replicas: `0:1,0:2`, or `*` for all.
pub const LISTS: [&str; 2] = ["leader.replication.throttled.replicas", "follower.replication.throttled.replicas"];

/// Throttles that stood in the cluster when a plan was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierThrottles {
    /// Rates of every broker of the cluster that has one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub brokers: BTreeMap<BrokerId, Settings>,
    /// Lists of every topic of the plan that has one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub topics: BTreeMap<String, Settings>,
    /// What stood there too, and was set by the plan that is resumed: of these, `brokers` and `topics` have what was there
    /// before that plan.
    #[serde(default, skip_serializing_if = "LeftThrottles::is_empty")]
    pub left: LeftThrottles,
}

/// Throttles that a wave of an earlier plan set, and that nobody has taken off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftThrottles {
    /// Rates of brokers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub brokers: BTreeMap<BrokerId, Settings>,
    /// Lists of topics.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub topics: BTreeMap<String, Settings>,
}

impl LeftThrottles {
    /// What `old` sets for one of its waves and these still have.
    pub fn of(old: &Plan, found: &EarlierThrottles) -> Self {
        let mut left = LeftThrottles::default();
        if found.is_empty() {
            return left;
        }
        for wave in &old.waves {
            let rows = old.sorted_rows(wave.rows.clone());
            let Some(set) = throttled::settings(old, wave, &rows) else { continue };
            for (id, setting) in set.brokers.iter().flat_map(|(id, rates)| rates.iter().map(move |rate| (id, rate))) {
                if found.of_broker(*id, setting.key) == Some(&setting.value) {
                    left.brokers.entry(*id).or_default().insert(setting.key.to_owned(), setting.value.clone());
                }
            }
            for (topic, setting) in
                set.topics.iter().flat_map(|(topic, lists)| lists.iter().map(move |list| (topic, list)))
            {
                if found.of_topic(topic, setting.key) == Some(&setting.value) {
                    let of_topic = left.topics.entry((*topic).to_owned()).or_default();
                    of_topic.insert(setting.key.to_owned(), setting.value.clone());
                }
            }
        }
        left
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.brokers.is_empty() && self.topics.is_empty()
    }
}

impl EarlierThrottles {
    /// What a snapshot says of its brokers, and of these topics.
    pub fn of(snapshot: &Snapshot, topics: &[String]) -> Self {
        let some = |config: &Settings, keys: &[&str]| -> Option<Settings> {
            let set = keys.iter().filter_map(|&key| Some((key, config.get(key).filter(|value| !value.is_empty())?)));
            let found: Settings = set.map(|(key, value)| (key.to_owned(), value.clone())).collect();
            (!found.is_empty()).then_some(found)
        };
        let brokers = snapshot.brokers.iter().filter_map(|broker| Some((broker.id, some(&broker.config, &RATES)?)));
        let topics = snapshot.topics.iter().filter(|topic| topics.binary_search(&topic.name).is_ok());
        let topics = topics.filter_map(|topic| Some((topic.name.clone(), some(&topic.config, &LISTS)?)));
        EarlierThrottles { brokers: brokers.collect(), topics: topics.collect(), left: LeftThrottles::default() }
    }

    /// What an earlier plan has left there is not what was there before: that is what `old`, its own, says.
    pub fn give_back_as(&mut self, left: &LeftThrottles, old: &EarlierThrottles) {
        for (id, settings) in &left.brokers {
            if let Some(found) = self.brokers.get_mut(id) {
                let own = give_back(found, settings, |key| old.of_broker(*id, key));
                self.left.brokers.insert(*id, own);
            }
        }
        for (topic, settings) in &left.topics {
            if let Some(found) = self.topics.get_mut(topic) {
                let own = give_back(found, settings, |key| old.of_topic(topic, key));
                self.left.topics.insert(topic.clone(), own);
            }
        }
        self.brokers.retain(|_, settings| !settings.is_empty());
        self.topics.retain(|_, settings| !settings.is_empty());
    }

    /// Whether there was none.
    pub fn is_empty(&self) -> bool {
        self.brokers.is_empty() && self.topics.is_empty()
    }

    /// A rate of a broker.
    pub fn of_broker(&self, id: BrokerId, key: &str) -> Option<&str> {
        self.brokers.get(&id)?.get(key).map(String::as_str)
    }

    /// A list of a topic.
    pub fn of_topic(&self, topic: &str, key: &str) -> Option<&str> {
        self.topics.get(topic)?.get(key).map(String::as_str)
    }
}

/// Puts what was there before in the place of what is left; gives what was left.
fn give_back<'o>(found: &mut Settings, left: &Settings, before: impl Fn(&str) -> Option<&'o str>) -> Settings {
    for key in left.keys() {
        match before(key) {
            Some(value) => found.insert(key.clone(), value.to_owned()),
            None => found.remove(key),
        };
    }
    left.clone()
}
