//! `drift`: the plan was made for the replica lists that the snapshot has.

use super::super::Violation;
use super::super::case::{Case, list};
use crate::base::text::{counted, grouped};
use crate::replay::NONE;

const RULE: &str = "drift";

/// Names the partitions of the plan that have changed, when the lists as a whole have.
pub(in super::super) fn judge(case: &mut Case, assignment_sha256: &str, found: &mut Vec<Violation>) {
    if case.plan.cluster.assignment_sha256 == assignment_sha256 {
        return;
    }
    case.is_drifted = true;
    let mut changed = Vec::new();
    for moved in case.moves() {
        let message = if moved.row == NONE {
            "the snapshot does not have it any more".to_owned()
        } else {
            let row = moved.row as usize;
            let (present, previous) = (case.world.snapshot.partitions.replicas.get(row), moved.paper.previous);
            if present == previous || case.steps.first[row] != moved.step as u32 {
                continue;
            }
            format!("its replicas are {}, the plan expects {}", list(present), list(previous))
        };
        changed.push(case.violation(RULE, &moved, message));
    }
    let message = format!(
        "the cluster's replica lists are not those that the plan was made for; {} of {} differ\n\
         assignment {assignment_sha256}, the plan was made for {}",
        grouped(changed.len() as u64),
        counted(case.steps.len(), "move"),
        case.plan.cluster.assignment_sha256
    );
    found.push(Violation::new(RULE, message).place("plan.json at cluster.assignment_sha256"));
    found.append(&mut changed);
}
