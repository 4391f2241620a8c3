//! `log-dirs`: new replicas on brokers with several log dirs name one that exists and works; what stays
//! stays in its dir, unless that is emptied: then it names another one that exists and works.

use super::super::Violation;
use super::super::case::{Case, CaseMove};
use crate::replay::NONE;

const RULE: &str = "log-dirs";

pub(super) fn judge(case: &Case, moved: &CaseMove, found: &mut Vec<Violation>) {
    let world = case.world;
    let mut named = moved.paper.dirs.iter();
    let is_drained = |dir: u32| dir != NONE && case.ask.is_drained_dir[dir as usize];
    for (place, &broker) in moved.new.iter().enumerate() {
        let path = named.next().flatten();
        let dir = case.steps.dir_of(moved.step, place);
        let stays = moved.old.iter().position(|&other| other == broker);
        let message = match (path, stays.filter(|&at| !is_drained(case.steps.dir_before(world, moved.step, at)))) {
            // Another rule names what stays in a drained log dir.
            (None, None) if stays.is_some() => continue,
            // A broker whose dirs are not known takes any name.
            (Some(_), None) if world.dirs_of(broker).is_empty() => continue,
            (Some(path), None) if dir == NONE => format!("it has no log dir `{path}`"),
            (Some(path), None) if !world.dirs[dir as usize].is_online => format!("its log dir `{path}` is offline"),
            (None, None) if world.dirs_of(broker).len() > 1 => {
                "it has several log dirs and none is named for the new replica".to_owned()
            }
            (Some(path), Some(at)) if dir == NONE || dir != case.steps.dir_before(world, moved.step, at) => {
                format!("the replica stays, but `{path}` would move it to another log dir")
            }
            _ => continue,
        };
        found.push(case.violation(RULE, moved, message).broker(world.id(broker)));
    }
}
