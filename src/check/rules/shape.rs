//! `shape`: columns are of one length, and waves count from 1 and hold each move once. The rest relies on it.

use super::super::Violation;
use crate::base::text::counted;
use crate::plan::{ANY_DIR, Plan};

const RULE: &str = "shape";

pub(in super::super) fn judge(plan: &Plan) -> Vec<Violation> {
    let moves = &plan.moves;
    let rows = moves.topic.len();
    let columns = [
        moves.partition.len(),
        moves.replicas.len(),
        moves.previous.len(),
        moves.dir.len(),
        moves.previous_dir.len(),
        moves.leader.len(),
        moves.leader_after.len(),
        moves.size.len(),
    ];
    if columns.iter().any(|&len| len != rows) {
        return vec![Violation::new(
            RULE,
            format!("the columns of its {} are of different lengths", counted(rows, "move")),
        )];
    }
    let is_topic = |&number: &u32| (number as usize) < plan.topics.len();
    let is_dir = |&number: &u32| number == ANY_DIR || (number as usize) < moves.dir_names.len();
    if !moves.topic.iter().all(is_topic)
        || !moves.dir.values().iter().all(is_dir)
        || !moves.previous_dir.values().iter().all(is_dir)
    {
        return vec![Violation::new(RULE, "a move names a topic or log dir that the plan does not list")];
    }
    let mut found = Vec::new();
    let mut next = 0;
    for (number, wave) in plan.waves.iter().enumerate() {
        let place = format!("plan.json at waves[{number}]");
        if wave.index as usize != number + 1 {
            let message = format!("its number is {}, expected {}", wave.index, number + 1);
            found.push(Violation::new(RULE, message).wave(wave.index).place(place.clone()));
        }
        if wave.rows.is_empty() {
            found.push(Violation::new(RULE, "it moves nothing").wave(wave.index).place(place.clone()));
        }
        if wave.rows.start != next || wave.rows.end < wave.rows.start || wave.rows.end > rows {
            let message = "its moves do not follow those of the wave before";
            found.push(Violation::new(RULE, message).wave(wave.index).place(place));
            return found;
        }
        next = wave.rows.end;
    }
    if next != rows {
        found.push(Violation::new(RULE, format!("{} in no wave, of {rows}", counted(rows - next, "move"))));
    }
    for step in 0..rows {
        let named =
            [(moves.dir.get(step), moves.replicas.get(step)), (moves.previous_dir.get(step), moves.previous.get(step))];
        if named.iter().any(|(dirs, list)| !dirs.is_empty() && dirs.len() != list.len()) {
            let found_move = plan.get(step);
            let message = "it names more or fewer log dirs than replicas";
            found.push(Violation::new(RULE, message).partition(found_move.topic, found_move.partition));
        }
    }
    found
}
