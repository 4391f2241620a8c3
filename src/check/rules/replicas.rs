//! `replicas`: a list is one that Kafka accepts, of the same length, and what stays keeps its place in it. A
//! list that was given may order anew what stays, and have another length where that was allowed.

use super::super::Violation;
use super::super::case::{Case, list};
use crate::base::text::counted;

const RULE: &str = "replicas";

pub(super) fn judge(case: &Case, found: &mut Vec<Violation>) {
    for (wave, step, moved) in case.moves() {
        let (new, old) = (moved.replicas, moved.previous);
        if new.is_empty() {
            found.push(case.violation(RULE, wave, step, "its list is empty"));
            continue;
        }
        if let Some(twice) = (1..new.len()).find(|&place| new[..place].contains(&new[place])) {
            let message = format!("{} names the broker twice", list(new));
            found.push(case.violation(RULE, wave, step, message).broker(new[twice]));
            continue;
        }
        let request = &case.plan.request;
        if new.len() != old.len() && !(request.target.is_some() && request.allow_rf_change) {
            let (now, before) = (counted(new.len(), "replica"), old.len());
            let message = format!("{now}, {before} before: {} -> {}", list(old), list(new));
            found.push(case.violation(RULE, wave, step, message));
            continue;
        }
        if request.target.is_some() {
            continue;
        }
        let is_misplaced = |&place: &usize| new[place] != old[place] && old.contains(&new[place]);
        if let Some(place) = (0..new.len()).find(is_misplaced) {
            let message = format!("it stays but changes its place in the list: {} -> {}", list(old), list(new));
            found.push(case.violation(RULE, wave, step, message).broker(new[place]));
        }
    }
}
