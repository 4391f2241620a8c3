//! Statistics of a cluster as they stand beside each goal: mean, most, least and deviation over the brokers that work.

use super::state::{Load, State};
use crate::base::json::Writer;

/// What is measured of each broker.
type Figure = (&'static str, fn(&Load) -> f64);

const FIGURES: [Figure; 7] = [
    ("cpu", |_| 0.0),
    ("networkInbound", |load| load.leader_in + load.follower_in),
    ("networkOutbound", |load| load.out),
    ("disk", |load| load.disk),
    ("potentialNwOut", |load| load.potential_out),
    ("replicas", |load| load.replicas as f64),
    ("leaderReplicas", |load| load.leaders as f64),
];

/// How values are put together.
#[derive(Clone, Copy)]
enum Fold {
    Mean,
    Most,
    Least,
    Deviation,
}

/// `{"metadata":{…},"statistics":{…}}`.
pub(super) fn write(writer: &mut Writer, state: &State) {
    let replicas: u64 = state.brokers.iter().map(|broker| broker.replicas).sum();
    writer.begin_object().key("metadata").begin_object();
    writer.key("brokers").int(state.brokers.len()).key("replicas").int(replicas).key("topics").int(state.topics);
    writer.end_object().key("statistics").begin_object();
    for (name, fold) in [("AVG", Fold::Mean), ("MAX", Fold::Most), ("MIN", Fold::Least), ("STD", Fold::Deviation)] {
        writer.key(name).begin_object();
        for (key, of) in FIGURES {
            let values: Vec<f64> = state.brokers.iter().filter(|broker| broker.is_alive).map(of).collect();
            writer.key(key).float(folded(&values, fold));
        }
        let topics = state.topic_replicas;
        writer.key("topicReplicas").float(match fold {
            Fold::Mean => topics.mean,
            Fold::Most => topics.most as f64,
            Fold::Least => topics.least as f64,
            Fold::Deviation => topics.deviation,
        });
        writer.end_object();
    }
    writer.end_object().end_object();
}

fn folded(values: &[f64], fold: Fold) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    match fold {
        Fold::Mean => mean,
        Fold::Most => values.iter().copied().fold(f64::MIN, f64::max),
        Fold::Least => values.iter().copied().fold(f64::MAX, f64::min),
        Fold::Deviation => {
            (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt()
        }
    }
}
