//! What a runbook says for when something is wrong: slow, to be paused, a broker down, the way back, other answers.

#![expect(clippy::format_push_string, reason = "a page is put together once; `write!` would bury its sentences")]

use super::runbook_facts::Facts;
use super::runbook_steps::{Steps, Throttling};
use super::runbook_text::{
    LIST_NONE, answering, block, brokers_by_name, count, file_of_wave, list, reassign, script, under_replicated,
};
use crate::plan::{Plan, Role};

/// The rate of a wave that is held back as far as possible, in bytes/s.
const SLOWEST: u64 = 1_000_000;

/// The chapter; plans that copy nothing have little of it.
pub(super) fn chapter(plan: &Plan, steps: &Steps, facts: &[Facts]) -> String {
    let copies = facts.iter().any(|facts| facts.copies > 0);
    let mut text = "## 5. When something is wrong\n\n\
        Nothing here is urgent: while a wave runs, every partition keeps its old replicas in sync. `$WAVE` is the wave that \
        runs.\n\n"
        .to_owned();
    if copies {
        text.push_str(&too_long(steps));
        text.push_str(&pause(steps));
        text.push_str(&broker_dies(plan, steps));
        text.push_str("### Go back while a wave runs\n\n");
        text.push_str(&steps.back_while_it_runs());
    }
    text.push_str(&back_after(plan, steps, facts, copies));
    if !matches!(steps.throttling, Throttling::None) {
        text.push_str(&only_our_own(steps));
    }
    text.push_str(&something_else(
        steps,
        "If neither, plan what is left: `kshift plan --resume . newer-cluster.json --out ../next`.",
    ));
    text
}

/// What of it also counts on the way back.
pub(super) fn of_going_back(steps: &Steps, facts: &[Facts]) -> String {
    let mut text = "## 4. When something is wrong\n\n".to_owned();
    if facts.iter().any(|facts| facts.copies > 0) {
        text.push_str(&too_long(steps));
        text.push_str(&pause(steps));
    }
    if !matches!(steps.throttling, Throttling::None) {
        text.push_str(&only_our_own(steps));
    }
    text + &something_else(steps, "If neither, ask who has moved it before you go on.")
}

fn too_long(steps: &Steps) -> String {
    let mut text =
        "### It takes too long\n\nLonger than the longest time in the wave's table. First: what is left?\n\n"
            .to_owned();
    let left = "--verify --preserve-throttles |\n  grep 'in progress'";
    text.push_str(&block(&[&reassign(&file_of_wave("reassign.json"), left)]));
    text.push_str("Is a broker of these partitions down? Then this shows them; start it again and wait:\n\n");
    text.push_str(&block(&[&under_replicated()]));
    let doubled = match &steps.throttling {
        Throttling::None => None,
        Throttling::ByTool(throttle) | Throttling::Apart(throttle) | Throttling::ByScript(throttle) => {
            Some(throttle.leader_bytes_per_sec.max(throttle.follower_bytes_per_sec).get().saturating_mul(2))
        }
    };
    if let Some(rate) = doubled {
        text.push_str(&format!(
            "All are up? Then producers write nearly as fast as the throttle lets new replicas follow. Twice the rate helps, \
             if network and disks have room; nothing else changes:\n\n{}",
            block(&[&steps.change_rate(Some(rate))])
        ));
    } else {
        text.push_str("All are up? Then network or disks of the receiving brokers are at their limit.\n\n");
    }
    if steps.tools.waits_for_sick() {
        text.push_str(
            "This version of Kafka also waits, for ever, for a replica that stays and is out of sync. Bring that replica back \
             in sync.\n\n",
        );
    }
    text.push_str("It may run on as long as it has to. Waiting harms nothing but the date.\n\n");
    text
}

fn pause(steps: &Steps) -> String {
    let mut text = format!(
        "### Pause\n\nBetween two waves: wait as long as you like. A wave that runs cannot be paused; slow it down to 1 MB/s. What \
         has been copied is kept, which a cancel would throw away.\n\n{}",
        block(&[&steps.change_rate(Some(SLOWEST))])
    );
    if !matches!(steps.throttling, Throttling::None) {
        text.push_str(&format!("Back to the planned rate:\n\n{}", block(&[&steps.change_rate(None)])));
    }
    text
}

fn broker_dies(plan: &Plan, steps: &Steps) -> String {
    let targets = plan.brokers.iter().filter(|broker| broker.role == Role::Target).map(|broker| broker.id);
    let drained = plan.brokers.iter().filter(|broker| broker.role == Role::Drain).map(|broker| broker.id);
    format!(
        "### A broker dies\n\nWhich one is missing here?\n\n{}\
         - **It receives** ({}). Its copies stop, and go on from where they were when it is back. Start it again and wait.\n\
         - **It sends** ({}, or another old one). Another replica in sync leads and sends. Start it again; the wave goes on \
         without it where it can.\n\
         - **It does not come back.** [Go back while a wave runs](#go-back-while-a-wave-runs), read the cluster again into a \
         new snapshot, and plan what is left: `kshift plan --resume . newer-cluster.json --out ../next`. What is done stays \
         done.\n\n{}",
        block(&[&answering(steps.tools)]),
        brokers_by_name(targets),
        brokers_by_name(drained),
        match &steps.throttling {
            Throttling::ByTool(_) | Throttling::Apart(_) => format!(
                "With a dead broker among the present replicas, `--execute --throttle` waits a minute, fails and starts \
                 nothing. Then throttle by script, and start without `--throttle`:\n\n{}{}",
                block(&[&script("throttle.sh", "")]),
                block(&[&reassign(&file_of_wave("reassign.json"), "--execute")])
            ),
            _ => String::new(),
        }
    )
}

fn back_after(plan: &Plan, steps: &Steps, facts: &[Facts], copies: bool) -> String {
    let several = plan.waves.len() > 1;
    let mut text = "### Go back after a wave has finished\n\n".to_owned();
    if several {
        text.push_str(
            "The last wave that has run goes back first. This writes the whole way back to before wave 2 as a directory with a \
             runbook of its own: `kshift rollback . --to-wave 2 --out ../back`.\n\nWithout kshift, wave by wave: ",
        );
    }
    let how = if copies {
        "steps 3 to 5 of [Go back while a wave runs](#go-back-while-a-wave-runs). Finished copies are made again, in the other \
         direction: each wave's table says how long that takes.\n\n"
            .to_owned()
    } else {
        format!("submit the old lists, which copies nothing either.\n\n{}", steps.back_of_a_reordering())
    };
    let mut letters = how.chars();
    let how = match letters.next().filter(|_| !several) {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => how.clone(),
    };
    text.push_str(&how);
    let stops = facts.iter().any(|facts| !facts.dead.is_empty() || !facts.cordoned.is_empty());
    if stops {
        text.push_str("Some waves cannot go back as things stand: their sections say why.\n\n");
    }
    text
}

fn only_our_own(steps: &Steps) -> String {
    format!(
        "### Clear only our own throttle\n\n`--verify` without `--preserve-throttles` clears the rates of **all** brokers, and \
         `--cancel` without it even while moves of others run. This takes off what was set for the wave, and nothing else. It \
         may be run again.\n\n{}{}",
        block(&[&script("unthrottle.sh", "")]),
        if steps.keeps { "" } else { "Not while the wave runs: its copies would no longer be held back.\n\n" }
    )
}

fn something_else(steps: &Steps, otherwise: &str) -> String {
    let mut text = format!(
        "### A command says something else\n\n\
         **`Cannot execute because there is an existing partition assignment`.** Something moves. Wait until this prints \
         {LIST_NONE} `--additional` is for another rate of the wave that runs, and for nothing else.\n\n{}\
         **`There is no active reassignment of partition …, but replica set is … rather than …`.** The partition stands \
         elsewhere. In step 1: `$WAVE` is wrong, the wave has run already, or somebody moved, created or deleted it. Has it \
         run? Then this prints the count of its table:\n\n{}\
         {otherwise}\n\n",
        block(&[&list()]),
        block(&[&count(&file_of_wave("reassign.json"))])
    );
    text.push_str(
        "**`Timed out waiting for a node assignment`.** `$BOOTSTRAP` or `$CLIENT` is wrong, or a broker that the command needs \
         is down.\n\n**Nothing at all, where a line is expected.** The command failed: run it without what stands behind \
         `|`.\n\n",
    );
    if steps.tools.cancel_may_pass_over() {
        text.push_str(
            "**`None of the specified partition reassignments are active`.** Kafka 3.7 to 4.0.0 does not cancel moves that only \
             add replicas; those that replace some are cancelled as usual. Wait for them.\n\n",
        );
    }
    text
}
