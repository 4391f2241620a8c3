//! Replication throttles that a cluster has before its plan begins: waves are merged with them, and give them back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
        EarlierThrottles { brokers: brokers.collect(), topics: topics.collect() }
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
