//! What the loss of one broker or one rack would do while a plan runs.

use serde::{Deserialize, Serialize};

use crate::base::ids::BrokerId;

/// Partitions of the whole cluster that a single loss would leave with too few replicas in sync.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtRisk {
    /// By the loss of any one broker.
    pub broker_loss: LossRisk,
    /// By the loss of any one rack; absent where no alive broker has a rack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rack_loss: Option<LossRisk>,
}

/// Partitions for which there is a broker, or a rack, whose loss would leave them with too few replicas in sync.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LossRisk {
    /// With fewer in sync than `min.insync.replicas`, those that would be offline among them.
    pub below_min_isr: u64,
    /// With none in sync.
    pub offline: u64,
    /// The loss that would hit most of them; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst: Option<WorstLoss>,
}

/// A broker or a rack, and what its loss alone would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorstLoss {
    /// The broker; of a rack, the one that has no rack and so counts as one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broker: Option<BrokerId>,
    /// The rack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rack: Option<String>,
    /// As in [`LossRisk`].
    pub below_min_isr: u64,
    /// As in [`LossRisk`].
    pub offline: u64,
}

/// The same before a plan, at most while it runs, and after it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtRiskSpan {
    /// Before the first wave.
    pub before: AtRisk,
    /// The largest of any wave, figure by figure; as before when there is no wave.
    pub most: AtRisk,
    /// After the last wave.
    pub after: AtRisk,
}

impl AtRisk {
    /// The larger of each figure; of equal losses the one that is here already.
    pub fn raise(&mut self, other: &AtRisk) {
        self.broker_loss.raise(&other.broker_loss);
        match (&mut self.rack_loss, &other.rack_loss) {
            (Some(own), Some(other)) => own.raise(other),
            (own @ None, Some(_)) => own.clone_from(&other.rack_loss),
            (_, None) => {}
        }
    }

    /// Whether as many partitions are at risk, whichever loss is the worst.
    pub fn has_counts_of(&self, other: &AtRisk) -> bool {
        let racks = |risk: &AtRisk| risk.rack_loss.as_ref().map(LossRisk::counts);
        self.broker_loss.counts() == other.broker_loss.counts() && racks(self) == racks(other)
    }
}

impl LossRisk {
    /// Below min ISR, and offline.
    pub const fn counts(&self) -> [u64; 2] {
        [self.below_min_isr, self.offline]
    }

    fn raise(&mut self, other: &LossRisk) {
        self.below_min_isr = self.below_min_isr.max(other.below_min_isr);
        self.offline = self.offline.max(other.offline);
        let key =
            |worst: &Option<WorstLoss>| worst.as_ref().map_or([0; 2], |worst| [worst.below_min_isr, worst.offline]);
        if key(&other.worst) > key(&self.worst) {
            self.worst.clone_from(&other.worst);
        }
    }
}

impl WorstLoss {
    /// `broker 5`, or `rack a`.
    pub fn name(&self) -> String {
        match (&self.rack, self.broker) {
            (Some(rack), _) => format!("rack {rack}"),
            (None, Some(broker)) => format!("broker {broker}"),
            (None, None) => String::new(),
        }
    }
}
