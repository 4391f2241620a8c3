//! `scope`: every replica on a drained broker moves or is deferred by name, and no other replica moves; where
//! lists are given, every one of them is reached or deferred by name.
//! Where log dirs are emptied, every replica in them goes to another one of its broker, and no other.
//! Where leadership alone moves, every list that begins with a drained broker gets another head, and no other.
//! `topics`: only topics that were asked for. `deferred`, `complete`: what is left out is left out rightly.

use super::super::Violation;
use super::super::ask::Ask;
use super::super::case::{Case, CaseMove, list};
use super::super::{dir_drain, handover, health};
use super::stages;
use crate::base::text::counted;
use crate::plan::Deferred;
use crate::replay::{NONE, World};

pub(super) fn judge(case: &Case, found: &mut Vec<Violation>) {
    found.extend(case.ask.faults.iter().cloned());
    let is_deferred = deferred(case, found);
    for row in 0..case.steps.first.len() as u32 {
        if let Some(broker) =
            dir_drain::unknown(case.world, &case.ask, row).filter(|_| case.ask.selects(case.world, row))
        {
            let message = "its log dir is not known, and one of that broker is to be emptied";
            found.push(case.row_violation("scope", row, message).broker(case.world.id(broker)));
        }
        let is_out = is_deferred[row as usize] || case.steps.first[row as usize] != NONE;
        if is_out || !case.ask.asks(case.world, row) || !case.ask.selects(case.world, row) {
            continue;
        }
        if case.plan.request.target.is_some() || case.ask.kept.has(row) {
            let message = "another list was asked for, and it neither moves nor is deferred";
            found.push(case.row_violation("scope", row, message));
            continue;
        }
        let replicas = case.world.snapshot.partitions.replicas.get(row as usize);
        let message = if case.plan.request.empties_dirs() {
            format!("{} has a replica in a drained log dir, which neither moves nor is deferred", list(replicas))
        } else if case.plan.request.leaders_only {
            format!("{} begins with a drained broker, and it neither gets another head nor is deferred", list(replicas))
        } else {
            format!("{} has a replica on a drained broker, which neither moves nor is deferred", list(replicas))
        };
        let violation = case.row_violation("scope", row, message);
        let was_to_go = |broker: &&u32| case.ask.leaves(case.world, row, **broker);
        let first = case.world.replicas(row).iter().find(was_to_go);
        found.push(first.map_or(violation.clone(), |&broker| violation.broker(case.world.id(broker))));
    }
    if case.plan.complete != case.plan.deferred.is_empty() {
        let message = format!(
            "complete is {}, with {} deferred",
            case.plan.complete,
            counted(case.plan.deferred.len(), "partition")
        );
        found.push(Violation::new("complete", message).place("plan.json at complete"));
    }
}

/// Judges a sound move.
pub(super) fn judge_move(case: &Case, moved: &CaseMove, found: &mut Vec<Violation>) {
    let CaseMove { old, new, paper, .. } = moved;
    let (origin, is_last) = (moved.origin(case), moved.is_last(case));
    let world = case.world;
    let was_to_go = |broker: u32| case.ask.leaves(world, moved.row, broker);
    if !case.ask.selects(world, moved.row) {
        found.push(case.violation("topics", moved, "its topic was not asked for"));
    }
    let lists = || format!("{} -> {}", list(paper.previous), list(paper.replicas));
    if case.ask.is_settled(moved.row) {
        if is_last {
            given(case, moved, found);
        }
        return;
    }
    if case.plan.request.empties_dirs() {
        if let Some((message, broker)) = dir_drain::fault(world, &case.ask, &case.steps, moved.step) {
            let violation = case.violation("scope", moved, message);
            found.push(broker.map_or(violation.clone(), |broker| violation.broker(world.id(broker))));
        }
        return;
    }
    if case.plan.request.leaders_only {
        if let Some(message) = handover::fault(world, &case.ask, moved.row, old, new) {
            found.push(case.violation("scope", moved, format!("{message}: {}", lists())));
        }
        return;
    }
    if let Some(&broker) = origin.iter().find(|&&broker| !was_to_go(broker) && !new.contains(&broker)) {
        let what = if case.ask.is_drained[broker as usize] {
            "its leader or the head of its list moves, and only followers were to"
        } else {
            "it leaves a broker that is not drained"
        };
        let message = format!("{what}: {}", lists());
        found.push(case.violation("scope", moved, message).broker(world.id(broker)));
    }
    let stays = |broker: &&u32| is_last && origin.contains(broker) && was_to_go(**broker);
    if let Some(&broker) = new.iter().find(stays) {
        let message = format!("it stays on a drained broker: {}", lists());
        found.push(case.violation("scope", moved, message).broker(world.id(broker)));
    }
    // A list in its own order may still need the election that its wave ends with.
    let only_elects = || {
        stages::is_of_sources(case, moved.step)
            && case.steps.elected(world, moved.step) != case.steps.leader[moved.step]
    };
    if old == new && !only_elects() {
        found.push(case.violation("scope", moved, format!("nothing of it changes: {}", lists())));
    }
}

/// A move whose end the request gives.
fn given(case: &Case, moved: &CaseMove, found: &mut Vec<Violation>) {
    let row = moved.row;
    let world = case.world;
    let Some(wanted) = case.ask.wanted(world, row) else {
        found.push(case.violation("scope", moved, "nothing was asked of it"));
        return;
    };
    if wanted != moved.new {
        let wanted: Vec<String> = wanted
            .iter()
            .map(|&broker| if broker == NONE { "?".to_owned() } else { world.id(broker).to_string() })
            .collect();
        let message = format!("it ends on {}, and [{}] was asked for", list(moved.paper.replicas), wanted.join(","));
        found.push(case.violation("scope", moved, message));
        return;
    }
    let origin = moved.origin(case);
    for (place, &broker) in moved.new.iter().enumerate().filter(|(_, broker)| !origin.contains(broker)) {
        let dir = landed(case, moved.step, broker);
        if let Some(path) = case.ask.wanted_dir(row, place)
            && (dir == NONE || world.path_of(dir) != path)
        {
            let message = format!("its new replica was to lie in log dir `{path}`");
            found.push(case.violation("scope", moved, message).broker(world.id(broker)));
        }
    }
}

/// The log dir for which a replica was added, in this step or an earlier one, or [`NONE`].
fn landed(case: &Case, step: usize, broker: u32) -> u32 {
    let place = case.steps.new.get(step).iter().position(|&other| other == broker);
    let named = place.map_or(NONE, |place| case.steps.dir_of(step, place));
    let stood = case.steps.old.get(step).iter().position(|&other| other == broker);
    match stood {
        Some(place) if named == NONE => case.steps.dir_before(case.world, step, place),
        _ => named,
    }
}

/// Judges what is deferred, and says of which rows it is.
fn deferred(case: &Case, found: &mut Vec<Violation>) -> Vec<bool> {
    let mut is_deferred = vec![false; case.steps.first.len()];
    for (index, entry) in case.plan.deferred.iter().enumerate() {
        let Deferred { topic, partition, .. } = entry;
        let mut add = |message: &str| {
            let place = format!("plan.json at deferred[{index}]");
            found.push(Violation::new("deferred", message).partition(topic, *partition).place(place));
        };
        let Some(row) = case.world.snapshot.row_of(topic, *partition) else {
            add("the snapshot does not have it");
            continue;
        };
        if std::mem::replace(&mut is_deferred[row], true) {
            add("it is deferred twice");
            continue;
        }
        let row = row as u32;
        if case.steps.first[row as usize] != NONE {
            add("it is deferred and moves all the same");
        } else if !case.ask.asks(case.world, row) || !case.ask.selects(case.world, row) {
            add("nothing was asked of it");
        } else if !case.plan.request.skip_unhealthy {
            add("it is deferred, though unhealthy partitions were not to be skipped");
        } else if !is_unhealthy(case.world, &case.ask, row) {
            add("it is healthy and could move");
        }
    }
    is_deferred
}

/// Whether a partition is not healthy enough to move off the drained brokers, and so may be left there.
pub(in super::super) fn is_unhealthy(world: &World, ask: &Ask, row: u32) -> bool {
    if ask.request.leaders_only {
        return handover::is_stuck(world, ask, row);
    }
    let list = ask.wanted(world, row);
    let leaves = |broker: u32| match &list {
        Some(list) => !list.contains(&broker),
        None => ask.leaves(world, row, broker),
    };
    let stays = |&broker: &u32| broker != NONE && !leaves(broker);
    let kept = world.replicas(row).iter().copied().filter(stays);
    // A leader that is gone is no leader, whatever the snapshot says.
    let leader = world.leader(row);
    (leader != NONE && !world.broker(leader).state.serves()) || health::fault(world, row, kept).is_some()
}
