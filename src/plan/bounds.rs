//! What no plan for the same request can beat, with proofs that anyone can re-add.

use serde::{Deserialize, Serialize};

/// Bounds on the figures of a plan. Each `value` holds for every plan for the same request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// New replicas.
    pub moves: CountBound,
    /// Bytes copied.
    pub bytes: CountBound,
    /// Final used over capacity of the fullest target; null when a capacity is not known.
    pub disk: Option<Bound>,
    /// Most heads of lists on one target over its share of them; null when no target heads a list.
    pub leaders: Option<Bound>,
    /// Seconds of copying; null without a throttle.
    pub makespan: Option<Bound>,
}

/// A bound on a count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountBound {
    /// No plan has less.
    pub value: u64,
    /// What this plan has.
    pub reached: u64,
    /// What sets it.
    pub by: String,
}

/// A bound with its proof.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bound {
    /// No plan has less.
    pub value: f64,
    /// What this plan has.
    pub reached: f64,
    /// What sets it.
    pub by: String,
    /// Why it holds.
    pub proof: Proof,
}

/// Why a bound holds, as docs/model.md defines it. Whoever doubts it needs the snapshot, the request and this.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Proof {
    /// What has to enter the racks, weighed by a price for each rack.
    Prices {
        /// A price for each rack; racks that are not named cost nothing. Empty: all racks cost the same.
        racks: Vec<RackPrice>,
    },
    /// What a target holds already.
    Broker {
        /// Its id.
        broker: i32,
    },
    /// The largest copies, which brokers cannot share as they like.
    Copies {
        /// How many of the largest ones.
        copies: u64,
        /// Only what must enter this rack; absent: all of them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rack: Option<String>,
    },
    /// One partition alone.
    Partition {
        /// Its topic.
        topic: String,
        /// Its number.
        partition: i32,
    },
    /// What all brokers that may ever lead can send.
    Senders,
}

/// What a unit costs in a rack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RackPrice {
    /// The rack.
    pub rack: String,
    /// Its price, 0 or more; only the ratios count.
    pub price: f64,
}
