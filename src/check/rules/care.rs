//! What holds but a person should know: it is warned of, not refused.

use super::super::case::Case;
use crate::plan::Warning;
use crate::replay::NONE;

pub(in super::super) fn warn(case: &Case, warnings: &mut Vec<Warning>) {
    let (mut headless, mut refused) = (0_u64, 0_u64);
    for (_, step, _) in case.sound_moves() {
        let row = case.steps.row[step];
        let old = case.world.replicas(row);
        let serves = |broker: u32| broker == NONE || case.world.broker(broker).state.serves();
        headless += u64::from(!serves(case.world.leader(row)));
        refused += u64::from(case.steps.new.get(step).iter().any(|&broker| old.contains(&broker) && !serves(broker)));
    }
    if headless > 0 {
        let message = format!(
            "{headless} moved partitions have a leader on a broker that does not serve; they cannot copy from it"
        );
        warnings.push(Warning::new("leader-down", message));
    }
    if refused > 0 {
        let message = format!(
            "{refused} moved partitions keep a replica on a broker that is dead or fenced; Kafka's own tool refuses \
             files that name one"
        );
        warnings.push(Warning::new("keeps-dead-broker", message));
    }
}
