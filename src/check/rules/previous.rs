//! `partition`: each move is of a known partition, and the only one of it in its wave. `previous`: it starts from the
//! lists, leader and log dirs that are there before its wave, so that rolling back restores them.

use super::super::Violation;
use super::super::case::{Case, CaseMove, list};
use crate::base::ids::BrokerId;
use crate::replay::NONE;

pub(super) fn judge(case: &Case, moved: &CaseMove, found: &mut Vec<Violation>) {
    if moved.row == NONE {
        if !case.is_drifted {
            found.push(case.violation("partition", moved, "the snapshot does not have it"));
        }
        return;
    }
    let before = case.steps.previous[moved.step];
    if before != NONE && case.steps.waves[moved.wave].contains(&(before as usize)) {
        found.push(case.violation("partition", moved, "it moves twice in one wave"));
        return;
    }
    let present: Vec<BrokerId> =
        moved.old.iter().filter(|broker| **broker != NONE).map(|&broker| case.world.id(broker)).collect();
    let previous = moved.paper.previous;
    if present != previous {
        // Drift has named it already.
        if !case.is_drifted || before != NONE {
            let message = format!("previous is {}, before the wave it is {}", list(previous), list(&present));
            found.push(case.violation("previous", moved, message));
        }
        return;
    }
    if let Some(message) = dirs_fault(case, moved) {
        found.push(case.violation("previous", moved, message));
    }
}

/// What is wrong with the log dirs that a rollback would restore.
fn dirs_fault(case: &Case, moved: &CaseMove) -> Option<String> {
    let CaseMove { step, old, paper: moved, .. } = moved;
    let world = case.world;
    let known = |place: usize| Some(case.steps.dir_before(world, *step, place)).filter(|&dir| dir != NONE);
    let changes = case.steps.dir_changes.get(*step);
    let is_kept = |place: usize| {
        moved.replicas.contains(&moved.previous[place]) && changes.iter().all(|change| change.broker != old[place])
    };
    if moved.previous_dirs.is_empty() {
        // Worth restoring is the dir of a replica that leaves a broker with several, or leaves it for another one.
        let is_lost = |&place: &usize| {
            let broker = old[place];
            !is_kept(place) && world.dirs_of(broker).len() > 1 && known(place).is_some()
        };
        let lost = (0..moved.previous.len()).find(is_lost)?;
        return Some(format!(
            "previous_log_dirs is missing; broker {} holds it in `{}`",
            moved.previous[lost],
            world.path_of(known(lost)?)
        ));
    }
    for (place, path) in moved.previous_dirs.iter().enumerate() {
        let present = known(place).map(|dir| world.path_of(dir));
        let is_lost = path.is_none() && present.is_some() && !is_kept(place) && {
            let broker = old[place];
            world.dirs_of(broker).len() > 1
        };
        if is_lost || (path.is_some() && present.is_some() && path != present) {
            return Some(format!(
                "previous_log_dirs has `{}` for broker {}, which holds it in `{}`",
                path.unwrap_or("any"),
                moved.previous[place],
                present.unwrap_or("any")
            ));
        }
    }
    None
}
