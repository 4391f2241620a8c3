//! What differs between two snapshots, or between two plans: as one complete value, and as text with the largest
//! things first.
//!
//! `a` is what was there before, `b` what there is now. Rows come in the order of the snapshots, so the same two inputs
//! give the same bytes.

mod clusters;
mod plans;
mod text;

use serde::Serialize;

pub use self::clusters::{
    BrokerChange, Brokers, ClusterDiff, ClusterSide, DirChange, IdsChange, LeaderChange, Moving, Partitions,
    SizeChange, TopicChange, TopicSide, Topics, clusters,
};
pub use self::plans::{Ends, Figure, PlanDiff, PlanSide, Steps, WaveChange, WaveSide, WaveSides, plans};
use crate::base::ids::{BrokerId, PartitionId};

/// A value that differs, as text; null where one side has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// What it is of: `rack`, `config.min.insync.replicas`.
    pub key: String,
    /// Before.
    pub a: Option<String>,
    /// Now.
    pub b: Option<String>,
}

/// A partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Named<'a> {
    /// Its topic.
    pub topic: &'a str,
    /// Its number.
    pub partition: PartitionId,
}

/// What differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Diff<'a> {
    /// Two snapshots.
    Cluster(Box<ClusterDiff<'a>>),
    /// Two plans.
    Plan(Box<PlanDiff<'a>>),
}

impl Diff<'_> {
    /// Whether anything does.
    pub fn differs(&self) -> bool {
        match self {
            Diff::Cluster(diff) => diff.differs,
            Diff::Plan(diff) => diff.differs,
        }
    }
}

/// Adds a setting when it differs.
fn compare(found: &mut Vec<Setting>, key: &str, a: Option<String>, b: Option<String>) {
    if a != b {
        found.push(Setting { key: key.to_owned(), a, b });
    }
}

/// Adds every key of two maps whose values differ.
fn compare_maps(
    found: &mut Vec<Setting>,
    a: &std::collections::BTreeMap<String, String>,
    b: &std::collections::BTreeMap<String, String>,
) {
    if a == b {
        return;
    }
    let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    for key in keys {
        compare(found, &format!("config.{key}"), a.get(key).cloned(), b.get(key).cloned());
    }
}

/// `[1,2,3]`.
fn list(ids: &[BrokerId]) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    format!("[{}]", ids.join(","))
}
