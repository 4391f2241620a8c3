//! `strategy`: lists on the way are those of the strategy that was asked for.
//!
//! Every partition goes through at most one reordering of its old list (`--balance-sources`) and then:
//!
//! - `direct`: one move;
//! - `one-at-a-time`: moves that add at most one replica each; the leader stays until the last of them;
//! - `two-stage`: the old leader stays first while all new replicas are added, then leadership moves by another order of
//!   the same replicas, then the old leader leaves where it is to go.

use super::super::Violation;
use super::super::case::{Case, CaseMove, list};
use super::stages;
use crate::plan::Stage;
use crate::replay::NONE;
use crate::replay::steps::is_reordered;
use crate::request::Strategy;

const RULE: &str = "strategy";

/// Judges a sound move.
pub(super) fn judge(case: &Case, moved: &CaseMove, found: &mut Vec<Violation>) {
    if let Some(message) = fault(case, moved) {
        let lists = format!("{} -> {}", list(moved.paper.previous), list(moved.paper.replicas));
        found.push(case.violation(RULE, moved, format!("{message}: {lists}")));
    }
}

fn fault(case: &Case, moved: &CaseMove) -> Option<String> {
    let CaseMove { step, old, new, .. } = *moved;
    let (steps, request) = (&case.steps, &case.plan.request);
    let end = case.steps.new.get(case.steps.last[moved.row as usize] as usize);
    let is_known = |broker: &u32| moved.origin(case).contains(broker) || end.contains(broker);
    if !new.iter().all(is_known) {
        return Some("it goes over a broker that it neither comes from nor goes to".into());
    }
    let is_reordered = is_reordered(old, new);
    if stages::is_of_sources(case, step) || case.plan.waves[moved.wave].stage == Stage::Sources {
        return sources(case, moved, is_reordered);
    }
    let before = steps.previous[step];
    let is_first = before == NONE || stages::is_of_sources(case, before as usize);
    let (is_last, leader) = (steps.is_last(step), steps.leader[step]);
    match request.strategy {
        Strategy::Direct if !(is_first && is_last) => Some("`direct` takes one move, and it takes several".into()),
        Strategy::Direct => None,
        Strategy::OneAtATime => {
            let adding = steps.adding(step).count();
            if adding > 1 {
                Some(format!("`one-at-a-time` adds one replica in a move, and it adds {adding}"))
            } else if !is_last && leader != NONE && !new.contains(&leader) {
                Some("its leader leaves before its last move".into())
            } else if !is_last && new.len() > moved.origin(case).len().max(end.len()) {
                Some("it has more replicas on the way than before or after".into())
            } else {
                None
            }
        }
        Strategy::TwoStage => two_stage(moved, is_reordered, is_last, leader, end),
    }
}

/// A reordering before anything is copied, so that somebody else sends the copies.
fn sources(case: &Case, moved: &CaseMove, is_reordered: bool) -> Option<String> {
    let head = moved.new[0];
    if !case.plan.request.balance_sources {
        Some("no balancing of the sources was asked for".into())
    } else if case.steps.previous[moved.step] != NONE {
        Some("its sources are balanced after something else has happened to it".into())
    } else if !is_reordered {
        Some("balancing the sources only orders a list anew, and this is another list".into())
    } else if case.steps.elected(case.world, moved.step) != head {
        Some("its new head is not in sync, so no election makes it the leader".into())
    } else if case.steps.is_last(moved.step) {
        Some("its list is ordered anew to send copies, and none are made".into())
    } else {
        None
    }
}

fn two_stage(moved: &CaseMove, is_reordered: bool, is_last: bool, leader: u32, end: &[u32]) -> Option<String> {
    let new = moved.new;
    let holds_end = end.iter().all(|broker| new.contains(broker));
    if !is_reordered && moved.old.len() <= new.len() && !is_last {
        // Adding: all that shall be there in the end, and the leader.
        let is_all = holds_end && new.len() == end.len() + usize::from(!end.contains(&leader));
        return if new.first() != Some(&leader) {
            Some("the old leader is not first while it soaks".into())
        } else if !is_all {
            Some("while it soaks it is not on the leader and all brokers of its last list, and no others".into())
        } else {
            None
        };
    }
    if is_reordered && !is_last {
        return (new.first() != end.first() || !holds_end)
            .then(|| "leadership does not go to the head of its last list".into());
    }
    (is_last && new != end).then(|| "its last list is not the one that it ends on".into())
}
