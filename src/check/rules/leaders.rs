//! `leader`: the leader before a wave is the snapshot's, or the one that an earlier wave and its election left, and after
//! it the one that Kafka will have chosen.

use super::super::Violation;
use super::super::case::{Case, CaseMove};
use crate::base::ids::BrokerId;
use crate::replay::NONE;

const RULE: &str = "leader";

pub(super) fn judge(case: &Case, moved: &CaseMove, found: &mut Vec<Violation>) {
    let name = |leader: Option<BrokerId>| leader.map_or("none".to_owned(), |id| id.to_string());
    let paper = &moved.paper;
    let before = case.steps.leader[moved.step];
    // A leader that is no known broker stands in the snapshot alone.
    let present = match case.steps.previous[moved.step] {
        NONE => case.world.snapshot.partitions.leader[moved.row as usize],
        _ => (before != NONE).then(|| case.world.id(before)),
    };
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
