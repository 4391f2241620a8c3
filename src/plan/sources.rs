//! What `--balance-sources` would gain.

use serde::{Deserialize, Serialize};

use crate::base::units::Seconds;

/// How long the busiest broker copies, with leaders as they are and with other ones.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SourcesGain {
    /// With leaders as they are.
    pub seconds: Seconds,
    /// With all changes.
    pub balanced_seconds: Seconds,
    /// How many partitions copy, or move in some other way.
    pub partitions: u64,
    /// How many of these change their leader.
    pub leaders_changed: u64,
    /// What the first of the changes are worth, fewest first; the last entry has all.
    pub curve: Vec<GainPoint>,
}

/// What so many changes are worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GainPoint {
    /// How many leaders change.
    pub leaders_changed: u64,
    /// How long the busiest broker then copies.
    pub seconds: Seconds,
}

impl SourcesGain {
    /// The part of the time that is gained.
    pub fn share(&self) -> f64 {
        let now = self.seconds.get();
        if now > 0.0 { 1.0 - self.balanced_seconds.get() / now } else { 0.0 }
    }

    /// The first point that has half of the gain.
    pub fn half(&self) -> Option<GainPoint> {
        let half = f64::midpoint(self.seconds.get(), self.balanced_seconds.get());
        self.curve.iter().copied().find(|point| point.seconds.get() <= half)
    }
}
