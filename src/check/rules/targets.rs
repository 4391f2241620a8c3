//! `target`: new replicas go only to known, alive brokers among those asked for.

use super::super::Violation;
use super::super::case::{Case, CaseMove};
use crate::replay::NONE;
use crate::snapshot::BrokerState;

const RULE: &str = "target";

pub(super) fn judge(case: &Case, moved: &CaseMove, found: &mut Vec<Violation>) {
    for (&broker, id) in moved.new.iter().zip(moved.paper.replicas) {
        if moved.paper.previous.contains(id) || (broker != NONE && case.ask.is_target[broker as usize]) {
            continue;
        }
        let message =
            if broker == NONE { "the snapshot does not have this broker".to_owned() } else { why_not(case, broker) };
        found.push(case.violation(RULE, moved, message).broker(*id));
    }
}

fn why_not(case: &Case, broker: u32) -> String {
    let state = case.world.broker(broker).state;
    if case.ask.is_drained[broker as usize] {
        "it is to be drained and receives a replica".into()
    } else if state != BrokerState::Alive {
        format!("it is {} and receives a replica", state.as_str())
    } else if !case.world.can_store(broker) {
        "none of its log dirs is online and it receives a replica".into()
    } else {
        "it receives a replica but is not among the brokers to move onto".into()
    }
}
