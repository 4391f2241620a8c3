//! `replicas`: a list is one that Kafka accepts, of the same length, and what stays keeps its place in it. A
//! list that was given, or that gets another head, may order anew what stays, and have another length where that was allowed.

use super::super::Violation;
use super::super::case::{Case, CaseMove, list};
use crate::base::text::counted;

const RULE: &str = "replicas";

pub(super) fn judge(case: &Case, moved: &CaseMove, found: &mut Vec<Violation>) {
    let mut add = |message: String| found.push(case.violation(RULE, moved, message));
    let (new, old) = (moved.paper.replicas, moved.paper.previous);
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
    if new.len() != old.len() && !(request.target.is_some() && request.allow_rf_change) {
        let (now, before) = (counted(new.len(), "replica"), old.len());
        add(format!("{now}, {before} before: {} -> {}", list(old), list(new)));
        return;
    }
    if request.target.is_some() || request.leaders_only {
        return;
    }
    let is_misplaced = |&place: &usize| new[place] != old[place] && old.contains(&new[place]);
    if let Some(place) = (0..new.len()).find(is_misplaced) {
        let message = format!("it stays but changes its place in the list: {} -> {}", list(old), list(new));
        found.push(case.violation(RULE, moved, message).broker(new[place]));
    }
}
