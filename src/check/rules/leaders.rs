//! `leader`: the leader before a wave is the snapshot's, and after it the one that Kafka will have chosen.

use super::super::Violation;
use super::super::case::Case;
use crate::base::ids::BrokerId;
use crate::replay::NONE;

const RULE: &str = "leader";

pub(super) fn judge(case: &Case, found: &mut Vec<Violation>) {
    let name = |leader: Option<BrokerId>| leader.map_or("none".to_owned(), |id| id.to_string());
    for (wave, step, moved) in case.sound_moves() {
        let present = case.world.snapshot.partitions.leader[case.steps.row[step] as usize];
        if moved.leader != present {
            let message = format!("leader is {}, before the wave it is {}", name(moved.leader), name(present));
            found.push(case.violation(RULE, wave, step, message));
            continue;
        }
        let after = case.steps.leader_after(case.world, step);
        let after = (after != NONE).then(|| case.world.id(after));
        if moved.leader_after != after {
            let message =
                format!("leader_after is {}, Kafka will have chosen {}", name(moved.leader_after), name(after));
            found.push(case.violation(RULE, wave, step, message));
        }
    }
}
