//! What equally full disks and equal inflows cost each other, where targets differ in size.

use serde::{Deserialize, Serialize};

use crate::base::units::Seconds;
use crate::request::Prefer;

/// What comes of either preference; absent where it was not worked out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trade {
    /// With `--prefer disk`.
    pub disk: Option<Outcome>,
    /// With `--prefer time`.
    pub time: Option<Outcome>,
}

impl Trade {
    /// What came of `prefer`, and what would have come of the other one.
    pub const fn new(prefer: Prefer, chosen: Outcome, other: Option<Outcome>) -> Self {
        match prefer {
            Prefer::Disk => Trade { disk: Some(chosen), time: other },
            Prefer::Time => Trade { disk: other, time: Some(chosen) },
        }
    }

    /// What comes of a preference.
    pub const fn of(&self, prefer: Prefer) -> Option<Outcome> {
        match prefer {
            Prefer::Disk => self.disk,
            Prefer::Time => self.time,
        }
    }
}

/// What a placement alone decides, whatever leads and whatever moves when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Final used over capacity of the fullest target; null when a capacity is not known.
    pub fullest_target: Option<f64>,
    /// Seconds in which the target that receives most receives it all at its throttle; null without one.
    pub receiving_seconds: Option<Seconds>,
}
