//! The runbook of a rollback.

#![expect(clippy::format_push_string, reason = "a page is put together once; `write!` would bury its sentences")]

use rayon::prelude::*;

use super::out_dir::{wave_dir, wave_name};
use super::runbook_dirs;
use super::runbook_facts::Facts;
use super::runbook_steps::{Steps, except, rates_by_hand, start_block};
use super::runbook_text::{
    LIST, LIST_NONE, block, brokers_by_name, brokers_that_do_not_serve, copies, elect, execute, have_ready, rate,
    reassign, table,
};
use crate::base::text::{counted, either};
use crate::plan::rollback::Rollback;
use crate::plan::{Plan, Throttle};
use crate::snapshot::BrokerState;

/// With more waves than this the steps stand once.
const WRITTEN_OUT_MAX: usize = 12;

/// The steps back to before a wave, as Markdown; `back` has the undone waves in the order in which they run.
pub fn runbook(rollback: &Rollback<'_>, back: &Plan) -> String {
    let plan = rollback.plan;
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
    text.push_str(&have_ready("the-directory-of-this-file"));
    text.push_str(&notes(rollback));
    if !plan.request.empties_dirs() {
        text.push_str(&in_flight(rollback, &last));
    }
    text.push_str(&format!(
        "## {}The finished waves, the last one first\n\nEach wave here undoes one of the plan, and is throttled, watched and \
         finished like one. Leave out those that undo a wave which has not run, or which you have just cancelled. Partitions \
         that moved several times go back step by step, so keep to the order. The `rollback.json` of a wave leads forward \
         again.\n\n",
        if plan.request.empties_dirs() { "" } else { "2. " }
    ));
    let written_out = back.waves.len() <= WRITTEN_OUT_MAX;
    if !written_out {
        let set = format!("export WAVE={}\n", wave_name(back, 1));
        text.push_str(&format!(
            "These steps are the same for all; set the number of the wave you are at:\n\n{}",
            block(&[&set])
        ));
        let forecast = "the table of the wave says when to expect it".to_owned();
        text.push_str(&steps(back, "waves/$WAVE", rollback.throttle(), None, forecast));
    }
    for (wave, facts) in back.waves.iter().zip(&facts) {
        let undoes = wave_name(plan, plan.waves.len() as u32 + 1 - wave.index);
        let (number, waves) = (wave_name(back, wave.index), back.waves.len());
        text.push_str(&format!("### Wave {number} of {waves}: undoes wave {undoes}\n\n"));
        text.push_str(&facts.table_of_undoing(back, wave, &undoes));
        let dir = wave_dir(back, wave.index);
        if written_out {
            text.push_str(&steps(back, &dir, wave.throttle.clone(), Some(facts), facts.time_of_undoing(back, wave)));
        } else if plan.request.empties_dirs() {
            text.push_str(&block(&[&format!("export WAVE={number}\n")]));
        } else {
            text.push_str(&block(&[&format!("export WAVE={number}\n")]));
            text.push_str(&start_block(&dir, wave.throttle.as_ref(), Some(facts)));
        }
    }
    text
}

/// Start, watch and finish of a wave of the way back.
fn steps(back: &Plan, dir: &str, throttle: Option<Throttle>, facts: Option<&Facts>, forecast: String) -> String {
    if back.request.empties_dirs() {
        return runbook_dirs::undo(back, dir);
    }
    let (copies, elects) = (!back.request.leaders_only, !back.request.replicas_only);
    let steps = Steps { dir, throttle, facts, except: except(back), forecast, copies, elects };
    [steps.look(), steps.start(), steps.watch(), steps.finish()].concat()
}

/// What to do with a wave of the plan that runs.
fn in_flight(rollback: &Rollback<'_>, last: &str) -> String {
    let file = "\"path/to/plan/waves/$WAVE/rollback.json\"";
    let elects = !rollback.plan.request.replicas_only;
    let mut text = format!(
        "## 1. If a wave of the plan is in flight, cancel it first\n\nTwo steps, never one. Do not submit the old lists over \
         a running move: some versions finish it, others hang for ever with old and new replicas together. Look whether \
         anything moves:\n\n{}If it does, cancel the wave that runs, and look again until it prints {LIST_NONE} The old \
         replicas must be alive, and at least `min.insync.replicas` of them in sync: with them gone a cancel leaves partitions \
         without a leader. In Kafka 3.7.0 to 3.9.x and 4.0.0 the tool passes over moves that only add replicas, exits 0 and says \
         that none is active: wait for those to end.\n\n{}",
        block(&[LIST]),
        block(&[
            &format!("export WAVE={last}     # the wave of the plan that is in flight\n"),
            &reassign(file, "--cancel --preserve-throttles"),
            LIST
        ])
    );
    let throttle = rollback.throttle();
    let apart = match &throttle {
        Some(throttle) if !throttle.brokers.is_empty() => {
            rates_by_hand("\"path/to/plan/waves/$WAVE/throttle.json\"", throttle)
        }
        _ => String::new(),
    };
    text.push_str(&format!(
        "Cancelling alone is not enough: it loses the order of the lists, and with it the preferred leaders. So submit the \
         lists from before that wave. What had not arrived is only reordered, which is free and done at once; what had is \
         copied back. Repeat the second command until every line says `is completed`; it also clears the throttle.\n\n{}",
        block(&[&execute(file, throttle.as_ref()), &apart, &reassign(file, "--verify")])
    ));
    if elects {
        text.push_str(&format!("And hand leadership back:\n\n{}", block(&[&elect(file)])));
    }
    text
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
    let mut cordoned: Vec<_> = cordoned.collect();
    cordoned.sort_unstable();
    cordoned.dedup();
    if !cordoned.is_empty() {
        text.push_str(&format!(
            "**Uncordon {} first**: Kafka refuses lists that name {}.\n\n",
            brokers_by_name(cordoned.iter().copied()),
            either(cordoned.len(), "it", "them")
        ));
    }
    text
}
