//! The runbook of a rollback.

#![expect(clippy::format_push_string, reason = "a page is put together once; `write!` would bury its sentences")]

use super::runbook_dirs;
use super::runbook_steps::rates_by_hand;
use super::runbook_text::{
    LIST, LIST_NONE, UNDER_REPLICATED, block, brokers_by_name, brokers_that_do_not_serve, copies, elect, execute,
    have_ready, rate, reassign, table,
};
use crate::base::text::{counted, either};
use crate::base::units::Bytes;
use crate::plan::rollback::Rollback;
use crate::snapshot::BrokerState;

use super::out_dir::wave_name;

/// KRaft starts no more partitions of one request.
const PARTITIONS_MAX: usize = 10_000;

/// The steps back to before a wave, as Markdown.
pub fn runbook(rollback: &Rollback<'_>) -> String {
    let plan = rollback.plan;
    let (first, last) = (wave_name(plan, rollback.to_wave), wave_name(plan, plan.waves.len() as u32));
    let name = plan.cluster.name.as_deref().unwrap_or("the cluster");
    let (mut replicas, mut bytes, mut elections) = (0, Bytes::ZERO, 0);
    for restore in rollback.restores() {
        let adding = restore.copied_to().count() as u64;
        replicas += adding;
        bytes += Bytes::new(restore.size.get() * adding);
        elections += u64::from(restore.needs_election());
    }
    let mut text = format!("# Runbook: {name} back to before wave {first}\n\n");
    text.push_str(&table(&[
        ("Undoes", if first == last { format!("wave {first}") } else { format!("waves {first} to {last}") }),
        ("Restores", format!("the exact ordered lists of {}", counted(rollback.len(), "partition"))),
        ("Copies back", format!("{} if all those waves have finished", copies(replicas, bytes))),
        (
            "Throttle",
            if plan.request.empties_dirs() { runbook_dirs::rate(plan) } else { rate(rollback.throttle().as_ref()) },
        ),
    ]));
    text.push_str(&have_ready("the-directory-of-this-file"));
    text.push_str(&notes(rollback));
    if plan.request.empties_dirs() {
        return text + &runbook_dirs::way_back(rollback);
    }
    text.push_str(&format!(
        "## 1. If a wave is in flight, cancel it first\n\nNever submit the old lists over a running move: some versions \
         finish it, others hang with old and new replicas together. Look whether anything moves:\n\n{}If it does, cancel that \
         wave with the rollback.json of its directory in the plan (here wave {first}), and look again until it prints \
         {LIST_NONE} Cancelling alone is not enough: it loses the order of the lists, and with it the preferred leaders.\n\n{}",
        block(&[LIST]),
        block(&[&reassign(&format!("path/to/plan/waves/{first}/rollback.json"), "--cancel"), LIST])
    ));
    let throttle = rollback.throttle();
    let apart = match &throttle {
        Some(throttle) if !throttle.brokers.is_empty() => rates_by_hand("throttle.json", throttle),
        _ => String::new(),
    };
    text.push_str(&format!(
        "## 2. Submit the saved lists\n\nPartitions that have not moved, or whose move was cancelled, are only reordered: \
         that is free and done at once. Those that have moved are copied back.\n\n{}",
        block(&[UNDER_REPLICATED, &execute("reassign.json", throttle.as_ref()), &apart])
    ));
    text.push_str(&format!(
        "Watch until every line says `is completed`:\n\n{}Then clear the throttle:\n\n{}",
        block(&[&reassign("reassign.json", "--verify --preserve-throttles")]),
        block(&[&reassign("reassign.json", "--verify")])
    ));
    text.push_str("## 3. Elect the preferred leaders\n\n");
    if plan.request.replicas_only {
        text.push_str("None is due: the plan touches no leader, and neither does the way back.\n\n");
    } else if elections == 0 {
        text.push_str("Only where a wave was cancelled: its partitions may be led by another broker than the first of the list.\n\n");
        text.push_str(&block(&[&elect("reassign.json")]));
    } else {
        text.push_str(&format!(
            "{} may be led by another broker than the first of the list. After a cancelled wave hand over `reassign.json` \
             instead, which names them all.\n\n{}",
            counted(elections, "partition"),
            block(&[&elect("election.json")])
        ));
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
    if rollback.len() > PARTITIONS_MAX {
        text.push_str(&format!(
            "**{} are more than KRaft starts in one request** ({PARTITIONS_MAX}). Go back wave by wave instead, the last \
             one first, with `waves/…/rollback.json` in the directory of the plan.\n\n",
            counted(rollback.len(), "partition")
        ));
    }
    text
}
