//! Statistics of a cluster as they stand beside each goal.
//!
//! As Cruise Control counts them: the mean is what all brokers hold over the number of those that may receive replicas,
//! and the deviation is theirs from a share that follows their capacities; the most and the least are over the brokers
//! that work, and for counts over all of them. What flows through brokers of one host is that of the host.

use std::collections::BTreeMap;

use super::state::{Load, State};
use crate::base::json::Writer;

/// What is measured of each broker.
type Figure = fn(&Load) -> f64;

/// One figure over the brokers.
struct Spread {
    key: &'static str,
    mean: f64,
    most: f64,
    least: f64,
    deviation: f64,
    /// Whether most and least are whole numbers.
    is_count: bool,
}

/// `{"metadata":{…},"statistics":{…}}`.
pub(super) fn write(writer: &mut Writer, state: &State) {
    let replicas: u64 = state.brokers.iter().map(|broker| broker.replicas).sum();
    writer.begin_object().key("metadata").begin_object();
    writer.key("brokers").int(state.brokers.len()).key("replicas").int(replicas).key("topics").int(state.topics);
    writer.end_object().key("statistics").begin_object();
    let spreads = spreads(state);
    let folds: [(&str, Fold); 4] = [
        ("AVG", |spread| (spread.mean, false)),
        ("MAX", |spread| (spread.most, spread.is_count)),
        ("MIN", |spread| (spread.least, spread.is_count)),
        ("STD", |spread| (spread.deviation, false)),
    ];
    for (name, fold) in folds {
        writer.key(name).begin_object();
        for spread in &spreads {
            match fold(spread) {
                (value, true) => writer.key(spread.key).int(value as u64),
                (value, false) => writer.key(spread.key).float(value),
            };
        }
        writer.end_object();
    }
    writer.end_object().end_object();
}

/// Picks a value, and says whether it is a whole number.
type Fold = fn(&Spread) -> (f64, bool);

fn spreads(state: &State) -> [Spread; 8] {
    let topics = state.topic_replicas;
    [
        resource(state, "cpu", |_| 0.0, |_| 0.0, Level::Host),
        resource(
            state,
            "networkInbound",
            |load| load.leader_in + load.follower_in,
            |load| load.in_capacity,
            Level::Host,
        ),
        resource(state, "networkOutbound", |load| load.out, |load| load.out_capacity, Level::Host),
        resource(state, "disk", |load| load.disk, |load| load.capacity, Level::Broker),
        resource(state, "potentialNwOut", |load| load.potential_out, |load| load.out_capacity, Level::Receiving),
        count(state, "replicas", |load| load.replicas as f64),
        count(state, "leaderReplicas", |load| load.leaders as f64),
        Spread {
            key: "topicReplicas",
            mean: topics.mean,
            most: topics.most as f64,
            least: topics.least as f64,
            deviation: topics.deviation,
            is_count: true,
        },
    ]
}

/// Whose figure it is.
#[derive(Clone, Copy, PartialEq)]
enum Level {
    /// That of all brokers on the host.
    Host,
    /// That of the broker.
    Broker,
    /// That of the broker; only brokers that may receive count for the sum.
    Receiving,
}

fn resource(state: &State, key: &'static str, of: Figure, capacity: Figure, level: Level) -> Spread {
    let brokers = &state.brokers;
    let by_host = |figure: Figure| {
        let mut sums: BTreeMap<&str, f64> = BTreeMap::new();
        for load in brokers {
            *sums.entry(&load.host).or_default() += figure(load);
        }
        sums
    };
    let hosts = if level == Level::Host { [by_host(of), by_host(capacity)] } else { Default::default() };
    let value = |load: &Load| hosts[0].get(load.host.as_str()).copied().unwrap_or_else(|| of(load));
    let room = |load: &Load| hosts[1].get(load.host.as_str()).copied().unwrap_or_else(|| capacity(load));
    let receiving = state.receiving();
    let counted = |load: &&Load| level != Level::Receiving || load.may_receive;
    let sum: f64 = brokers.iter().filter(counted).map(of).sum();
    let capacities = || receiving.iter().map(|&at| capacity(&brokers[at]));
    // Where some capacity is not known, all are taken as equal.
    let share = capacities().all(|one| one > 0.0).then(|| sum / capacities().sum::<f64>());
    let mean = sum / receiving.len().max(1) as f64;
    let squares = receiving.iter().map(|&at| {
        let expected = share.map_or(mean, |share| share * room(&brokers[at]));
        (value(&brokers[at]) - expected).powi(2)
    });
    let deviation = (squares.sum::<f64>() / receiving.len().max(1) as f64).sqrt();
    let working: Vec<f64> = brokers.iter().filter(|load| load.is_alive).map(value).collect();
    Spread { key, mean, most: most(&working), least: least(&working), deviation, is_count: false }
}

fn count(state: &State, key: &'static str, of: Figure) -> Spread {
    let all: Vec<f64> = state.brokers.iter().map(of).collect();
    let receiving = state.receiving();
    let number = receiving.len().max(1) as f64;
    let mean = all.iter().sum::<f64>() / number;
    let deviation = (receiving.iter().map(|&at| (all[at] - mean).powi(2)).sum::<f64>() / number).sqrt();
    Spread { key, mean, most: most(&all), least: least(&all), deviation, is_count: true }
}

fn most(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}

fn least(values: &[f64]) -> f64 {
    values.iter().copied().reduce(f64::min).unwrap_or(0.0)
}
