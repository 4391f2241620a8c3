//! `log-dirs`: new replicas on brokers with several log dirs name one that exists and works; what stays
//! stays in its dir.

use super::super::Violation;
use super::super::case::Case;
use crate::replay::NONE;

const RULE: &str = "log-dirs";

pub(super) fn judge(case: &Case, found: &mut Vec<Violation>) {
    let world = case.world;
    for (wave, step, moved) in case.sound_moves() {
        let old = world.replicas(case.steps.row[step]);
        let mut named = moved.dirs.iter();
        for (place, &broker) in case.steps.new.get(step).iter().enumerate() {
            let path = named.next().flatten();
            let dir = case.steps.dir_of(step, place);
            let message = match (path, old.iter().position(|&other| other == broker)) {
                // A broker whose dirs are not known takes any name.
                (Some(_), None) if world.dirs_of(broker).is_empty() => continue,
                (Some(path), None) if dir == NONE => format!("it has no log dir `{path}`"),
                (Some(path), None) if !world.dirs[dir as usize].is_online => format!("its log dir `{path}` is offline"),
                (None, None) if world.dirs_of(broker).len() > 1 => {
                    "it has several log dirs and none is named for the new replica".to_owned()
                }
                (Some(path), Some(at)) if dir == NONE || dir != world.dir_of(case.steps.row[step], at) => {
                    format!("the replica stays, but `{path}` would move it to another log dir")
                }
                _ => continue,
            };
            found.push(case.violation(RULE, wave, step, message).broker(world.id(broker)));
        }
    }
}
