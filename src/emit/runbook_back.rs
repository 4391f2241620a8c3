//! The runbook of a rollback.

#![expect(clippy::format_push_string, reason = "a page is put together once; `write!` would bury its sentences")]

use rayon::prelude::*;

use super::out_dir::wave_name;
use super::runbook_dirs;
use super::runbook_facts::Facts;
use super::runbook_steps::Steps;
use super::runbook_text::{
    LIST_NONE, block, brokers_by_name, brokers_that_do_not_serve, copies, list, rate, set_up, table,
};
use super::runbook_trouble;
use super::tools::Tools;
use crate::base::ids::BrokerId;
use crate::base::text::{counted, either};
use crate::plan::Plan;
use crate::plan::rollback::Rollback;
use crate::snapshot::BrokerState;

/// The steps back to before a wave, as Markdown; `back` has the undone waves in the order in which they run.
pub fn runbook(rollback: &Rollback<'_>, back: &Plan) -> String {
    let (plan, tools) = (rollback.plan, Tools::of(rollback.plan));
    let (first, last) = (wave_name(plan, rollback.to_wave), wave_name(plan, plan.waves.len() as u32));
    let name = plan.cluster.name.as_deref().unwrap_or("the cluster");
    let facts: Vec<Facts> = back.waves.par_iter().map(|wave| Facts::of(back, wave)).collect();
    let (replicas, bytes) = (back.summary.replicas_moved, back.summary.bytes_moved);
    let time = match (back.summary.makespan_seconds, rollback.throttle().is_some() || plan.log_dir_throttle().is_some())
    {
        (Some(time), true) => format!("copying {time} in all, as a rule a tenth more; your own pauses come on top"),
        (None, true) if !back.warnings.is_empty() => "not known: some wave never ends at this throttle".to_owned(),
        (None, true) => "not known: the plan is of an older version".to_owned(),
        (_, false) => "not known: without a throttle there are no times".to_owned(),
    };
    let mut text = format!("# Runbook: {name} back to before wave {first}\n\n");
    text.push_str(&table(&[
        (
            "Undoes",
            if first == last {
                format!("wave {first}")
            } else {
                format!("waves {last} to {first}, the last one first")
            },
        ),
        ("Restores", format!("the exact ordered lists of {}", counted(rollback.len(), "partition"))),
        ("Copies back", format!("{} if all those waves have finished", copies(replicas, bytes))),
        ("Time", if replicas == 0 { "seconds for each wave".to_owned() } else { time }),
        (
            "Throttle",
            if plan.request.empties_dirs() { runbook_dirs::rate(plan) } else { rate(rollback.throttle().as_ref()) },
        ),
    ]));
    text.push_str(&format!("## 1. Set up\n\n{}", set_up(tools)));
    text.push_str(&notes(rollback));
    let is_within = plan.request.empties_dirs();
    let steps = Steps::of(back, tools, rollback.throttle(), &facts);
    if !is_within {
        text.push_str(&in_flight(&steps, &last));
    }
    text.push_str(&format!(
        "## {} The finished waves, the last one first\n\nEach wave here undoes one of the plan. Leave out those that undo a wave \
         which has not run, or which you have just cancelled. Partitions that moved several times go back step by step, so \
         keep to the order. The `rollback.json` of a wave leads forward again.\n\n{}",
        if is_within { "2." } else { "3." },
        if is_within { runbook_dirs::undo(back) } else { undo(&steps, &facts) }
    ));
    for (wave, facts) in back.waves.iter().zip(&facts) {
        let undoes = wave_name(plan, plan.waves.len() as u32 + 1 - wave.index);
        let (number, waves) = (wave_name(back, wave.index), back.waves.len());
        text.push_str(&format!("### Wave {number} of {waves}: undoes wave {undoes}\n\n"));
        text.push_str(&block(&[&format!("export WAVE={number}\n")]));
        text.push_str(&facts.table_of_undoing(back, wave, &undoes));
    }
    if !is_within {
        text.push_str(&runbook_trouble::of_going_back(&steps, &facts));
    }
    text
}

/// The steps of waves of the way back.
fn undo(steps: &Steps, facts: &[Facts]) -> String {
    let [copying, reordering] = [true, false].map(|copies| facts.iter().any(|facts| (facts.copies > 0) == copies));
    let mut text = String::new();
    if copying {
        text.push_str(if reordering { "### A wave that copies\n\n" } else { "" });
        text.push_str(&steps.copying());
    }
    if reordering {
        text.push_str(if copying { "### A wave that copies nothing\n\n" } else { "" });
        text.push_str(&steps.reordering());
    }
    text
}

/// What to do with a wave of the plan that runs.
fn in_flight(steps: &Steps, last: &str) -> String {
    format!(
        "## 2. If a wave of the plan is in flight\n\nDoes anything move? If this prints {LIST_NONE} go on with chapter 3.\n\n{}\
         Otherwise cancel first, from the directory of the plan; this is its wave that runs:\n\n{}{}",
        block(&[&list()]),
        block(&["cd /path/to/the/plan || exit\n", &format!("export WAVE={last}\n")]),
        steps.back_while_it_runs()
    ) + &format!("Then come back to this directory.\n\n{}", block(&["cd /path/to/this/directory || exit\n"]))
}

fn notes(rollback: &Rollback<'_>) -> String {
    let plan = rollback.plan;
    let ids = || rollback.restores().flat_map(|restore| restore.replicas).copied();
    let mut text = String::new();
    let dead = brokers_that_do_not_serve(plan, ids());
    if !dead.is_empty() {
        text.push_str(&format!(
            "**Down when the plan was made: {}.** The lists to restore name {}: Kafka's tool refuses the file until {} back.\n\n",
            brokers_by_name(dead.iter().copied()),
            either(dead.len(), "it", "them"),
            either(dead.len(), "it is", "they are")
        ));
    }
    let cordoned = ids().filter(|&id| plan.broker(id).is_some_and(|broker| broker.state == BrokerState::Cordoned));
    let cordoned = BrokerId::sorted(cordoned);
    if !cordoned.is_empty() {
        text.push_str(&format!(
            "**Uncordon {} first**: Kafka refuses lists that name {}.\n\n",
            brokers_by_name(cordoned.iter().copied()),
            either(cordoned.len(), "it", "them")
        ));
    }
    text
}
