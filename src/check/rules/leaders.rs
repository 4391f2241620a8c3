//! `leader`: the leader before a wave is the snapshot's, and after it the one that Kafka will have chosen.

use super::super::Violation;
use super::super::case::{Case, CaseMove};
use crate::base::ids::BrokerId;
use crate::replay::NONE;

const RULE: &str = "leader";

pub(super) fn judge(case: &Case, moved: &CaseMove, found: &mut Vec<Violation>) {
    let name = |leader: Option<BrokerId>| leader.map_or("none".to_owned(), |id| id.to_string());
    let paper = &moved.paper;
    let present = case.world.snapshot.partitions.leader[moved.row as usize];
    if paper.leader != present {
        let message = format!("leader is {}, before the wave it is {}", name(paper.leader), name(present));
        found.push(case.violation(RULE, moved, message));
        return;
    }
    let after = case.steps.leader_after(case.world, moved.step);
    let after = (after != NONE).then(|| case.world.id(after));
    if paper.leader_after != after {
        let message = format!("leader_after is {}, Kafka will have chosen {}", name(paper.leader_after), name(after));
        found.push(case.violation(RULE, moved, message));
    }
}
