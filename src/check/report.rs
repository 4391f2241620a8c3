//! What a check found.

use std::fmt;

use serde::Serialize;

use crate::base::ids::{BrokerId, PartitionId};
use crate::plan::Warning;

/// The result of a check.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// Waves that were replayed.
    pub waves: u32,
    /// Moves that were replayed.
    pub moves: u64,
    /// Everything that does not hold, in the order of the plan.
    pub violations: Vec<Violation>,
    /// What holds but a person should know.
    pub warnings: Vec<Warning>,
}

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Violation {
    /// A stable word for the rule, such as `disk-limit`.
    pub rule: &'static str,
    /// Number of the wave, from 1.
    pub wave: Option<u32>,
    /// Topic of the partition.
    pub topic: Option<String>,
    /// Number of the partition.
    pub partition: Option<PartitionId>,
    /// Broker.
    pub broker: Option<BrokerId>,
    /// What was found against what is allowed.
    pub message: String,
    /// Where in the plan to look: a file, or a path of keys and indexes.
    pub place: Option<String>,
}

impl Report {
    /// Whether everything holds.
    pub fn is_ok(&self) -> bool {
        self.violations.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} violations", self.violations.len())
    }
}
