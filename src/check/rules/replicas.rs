//! `replicas`: a list is one that Kafka accepts, and the last one of a partition is of the length that it has in the
//! snapshot; what stays keeps its place in it. A list that was given, or that gets another head, may order anew what stays,
//! and have another length where that was allowed; one that is kept of an earlier plan has the length with which it set out. Lists on the way are for the rule `strategy`.

use super::super::Violation;
use super::super::case::{Case, CaseMove, list};
use crate::base::text::counted;
use crate::replay::NONE;

const RULE: &str = "replicas";

pub(super) fn judge(case: &Case, moved: &CaseMove, found: &mut Vec<Violation>) {
    let mut add = |message: String| found.push(case.violation(RULE, moved, message));
    let (new, previous) = (moved.paper.replicas, moved.paper.previous);
    if new.is_empty() {
        add("its list is empty".into());
        return;
    }
    if let Some(twice) = (1..new.len()).find(|&place| new[..place].contains(&new[place])) {
        let message = format!("{} names the broker twice", list(new));
        found.push(case.violation(RULE, moved, message).broker(new[twice]));
        return;
    }
    let request = &case.plan.request;
    if moved.row != NONE && !moved.is_last(case) {
        return;
    }
    let old = match moved.row {
        NONE => previous,
        row => case.plan.get(case.steps.first[row as usize] as usize).previous,
    };
    let length = case.ask.kept.replicas(moved.row).unwrap_or(old.len());
    if new.len() != length && !(request.target.is_some() && request.allow_rf_change) {
        let (now, before) = (counted(new.len(), "replica"), length);
        add(format!("{now}, {before} before: {} -> {}", list(old), list(new)));
        return;
    }
    if request.target.is_some() || request.leaders_only || case.ask.kept.has(moved.row) {
        return;
    }
    let is_misplaced = |&place: &usize| new[place] != old[place] && old.contains(&new[place]);
    if let Some(place) = (0..new.len()).find(is_misplaced) {
        let message = format!("it stays but changes its place in the list: {} -> {}", list(old), list(new));
        found.push(case.violation(RULE, moved, message).broker(new[place]));
    }
}
