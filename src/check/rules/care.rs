//! What holds but a person should know: it is warned of, not refused.

use super::super::case::Case;
use crate::base::text::{counted, either};
use crate::plan::Warning;
use crate::replay::NONE;

pub(in super::super) fn warnings(case: &Case) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let (mut headless, mut refused) = (0_usize, 0_usize);
    for (_, step, _) in case.sound_moves() {
        let row = case.steps.row[step];
        let old = case.world.replicas(row);
        let serves = |broker: u32| broker == NONE || case.world.broker(broker).state.serves();
        headless += usize::from(!serves(case.world.leader(row)));
        refused += usize::from(case.steps.new.get(step).iter().any(|&broker| old.contains(&broker) && !serves(broker)));
    }
    if headless > 0 {
        let message = format!(
            "{} led by a broker that does not serve {}: there is nothing to copy from",
            counted(headless, "partition"),
            either(headless, "moves", "move")
        );
        warnings.push(Warning::new("leader-down", message));
    }
    if refused > 0 {
        let message = format!(
            "{} {} and {} a replica on a broker that is dead or fenced; Kafka's own tool refuses files that name one",
            counted(refused, "partition"),
            either(refused, "moves", "move"),
            either(refused, "keeps", "keep")
        );
        warnings.push(Warning::new("keeps-dead-broker", message));
    }
    warnings
}
