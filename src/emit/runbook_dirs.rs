//! What a runbook says where log dirs are emptied within their brokers: no partition moves for Kafka, replicas do.
//!
//! `kafka-reassign-partitions` hands each replica to its broker, which copies it into the new log dir and then swaps
//! the two. `--list` does not show such copies, `--verify` does; asking for the old log dir again stops them.

use super::runbook_steps::except;
use super::runbook_text::{
    LIST_NONE, VERIFY_HEAD, block, configs, count, file_of_wave, list, log_dirs, reassign, script, under_replicated,
    verify, verify_and_clear,
};
use crate::base::ids::BrokerId;
use crate::base::units::BytesPerSec;
use crate::plan::Plan;
use crate::plan::throttled::LOG_DIR_RATE;

/// `3:/kafka/d1, 3:/kafka/d2` of all log dirs that are emptied, cut off where they would fill the page.
pub(super) fn named(plan: &Plan) -> String {
    const SHOWN: usize = 6;
    let dirs = plan.request.drain_dir.iter();
    let mut shown: Vec<String> = dirs.take(SHOWN).map(|(broker, path)| format!("`{broker}:{path}`")).collect();
    if plan.request.drain_dir.len() > SHOWN {
        shown.push(format!("and {} more", plan.request.drain_dir.len() - SHOWN));
    }
    shown.join(", ")
}

/// The throttle in words.
pub(super) fn rate(plan: &Plan) -> String {
    match plan.log_dir_throttle() {
        Some(rate) => format!("{rate} for each broker between its log dirs (`{LOG_DIR_RATE}`)"),
        None => "none: copies take all that disks give".to_owned(),
    }
}

/// Shows the throttles that brokers have for copies between log dirs.
pub(super) fn throttles() -> String {
    configs("brokers", LOG_DIR_RATE)
}

/// Starts the copies of a file.
fn execute(file: &str, rate: Option<BytesPerSec>) -> String {
    let throttle = rate.map_or(String::new(), |rate| format!("--replica-alter-log-dirs-throttle {} ", rate.get()));
    reassign(file, &format!("{throttle}--execute"))
}

/// Looks for the last time, and takes the throttle off.
fn finish(plan: &Plan, file: &str) -> String {
    let keeps = !plan.throttles_before.is_empty();
    if plan.log_dir_throttle().is_none() {
        return format!("It prints {VERIFY_HEAD} and nothing else.\n\n{}", block(&[&verify(file)]));
    }
    if keeps {
        return format!(
            "It prints {VERIFY_HEAD} and nothing else.\n\n{}Then take the wave's throttle off. What this cluster had before \
             comes back.\n\n{}",
            block(&[&verify(file)]),
            block(&[&script("unthrottle.sh", "")])
        );
    }
    format!(
        "It prints {VERIFY_HEAD} and then `Clearing broker-level throttles`: of all brokers of the cluster. Where a throttle of \
         somebody else has to stay, `sh \"waves/$WAVE/unthrottle.sh\"` in its place takes off that of the wave alone.\n\n{}",
        block(&[&verify_and_clear(file)])
    )
}

/// The steps of a wave.
pub(super) fn steps(plan: &Plan) -> String {
    let (file, back, rate) = (file_of_wave("reassign.json"), file_of_wave("rollback.json"), plan.log_dir_throttle());
    format!(
        "**1. Look.** Nothing may be under-replicated. It prints nothing{}.\n\n{}\
         No partition moves between brokers. It prints {LIST_NONE} Copies between log dirs stand in no list: the wave before \
         is over when its step 4 has said so.\n\n{}\
         Everything lies where the plan found it, and `$WAVE` is right. It prints {VERIFY_HEAD} and nothing else. Each further \
         line names a replica that lies elsewhere: **do not start**, plan again.\n\n{}\
         **2. Start.** Write down the time. It prints the present lists with their log dirs, then `Successfully started moving \
         log directory` for each replica. Exit code 1 over one replica does not mean that the others do not move.\n\n{}\
         **3. Watch.** It prints how much is done. The wave's table says what it counts to. Until then repeat it every few \
         minutes. A replica lies in both log dirs until its copy has caught up; one partition after the other is done.\n\n{}\
         **4. Verify and clear.** {}\
         No election is due: no leader changes.\n\n",
        except(plan),
        block(&[&under_replicated()]),
        block(&[&list()]),
        block(&[&verify(&back)]),
        block(&[&execute(&file, rate)]),
        block(&[&count(&file)]),
        finish(plan, &file)
    )
}

/// The chapter for when something is wrong.
pub(super) fn trouble(plan: &Plan) -> String {
    let (file, back, rate) = (file_of_wave("reassign.json"), file_of_wave("rollback.json"), plan.log_dir_throttle());
    let planned = rate.map_or(String::new(), |rate| {
        format!("Back to the planned rate:\n\n{}", block(&[&execute(&file, Some(rate))]))
    });
    format!(
        "## 5. When something is wrong\n\nNothing here is urgent: while a wave runs, every replica keeps its old files. `$WAVE` \
         is the wave that runs.\n\n\
         ### Pause\n\nBetween two waves: wait as long as you like. A wave that runs cannot be paused; start it again with \
         another rate, here 1 MB/s. What has been copied is kept. A higher rate makes it faster in the same way.\n\n{}{planned}\
         ### Go back\n\nLater waves that have run go back first.\n\n\
         **1. Ask for the old log dirs.** What still moves is stopped and its copy thrown away; what has moved is copied \
         back.\n\n{}\
         **2. Watch.** Until no line says `in progress`.\n\n{}\
         **3. Verify and clear.** {}",
        block(&[&execute(&file, Some(BytesPerSec::new(1_000_000)))]),
        block(&[&execute(&back, rate)]),
        block(&[&verify(&back)]),
        finish(plan, &back)
    )
}

/// What is looked at when all waves have run.
pub(super) fn after_all(plan: &Plan) -> String {
    let mut ids: Vec<BrokerId> = plan.request.drain_dir.iter().map(|dir| dir.0).collect();
    ids.dedup();
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let but = if plan.complete { "" } else { ", but for what was left out of this plan" };
    let left = if plan.throttles_before.is_empty() { "nothing" } else { "what it printed before the first wave" };
    format!(
        "**Nothing is under-replicated.** It prints nothing.\n\n{}**No throttle is left.** It prints {left}.\n\n{}\
         **The emptied log dirs ({}) hold nothing.** It shows no partition in them{but}; Kafka deletes the files a minute \
         after the move. Take them out of `log.dirs` before the broker starts again, or Kafka puts new partitions \
         there.\n\n{}",
        block(&[&under_replicated()]),
        block(&[&throttles()]),
        named(plan),
        block(&[&log_dirs(&ids.join(","))])
    )
}

/// What goes wrong easily.
pub(super) const TRAPS: &str = "## 7. Good to know\n\n\
    - `--list` shows no copies between log dirs, and `--execute` is not refused while some run: only `--verify` with \
    the wave's file tells whether the wave is over.\n\
    - Kafka puts new partitions into the log dir with the fewest of them, and that is the one being emptied: create \
    no topics until it is out of `log.dirs`.\n\
    - Each thread (`num.replica.alter.log.dirs.threads`, one for each log dir by default) copies one partition after the \
    other, so a wave is in progress partition by partition.\n\
    - A broker that restarts during a wave goes on with its copies.\n";

/// The steps of a wave of the way back.
pub(super) fn undo(plan: &Plan) -> String {
    let file = file_of_wave("reassign.json");
    format!(
        "**1. Look.** Nothing may be under-replicated. It prints nothing.\n\n{}\
         **2. Start.** Replicas that still move stop, and their copies are thrown away; those that have moved are copied \
         back.\n\n{}\
         **3. Watch.** It prints how much is done. The wave's table says what it counts to.\n\n{}\
         **4. Verify and clear.** {}\
         No election is due: no leader has changed.\n\n",
        block(&[&under_replicated()]),
        block(&[&execute(&file, plan.log_dir_throttle())]),
        block(&[&count(&file)]),
        finish(plan, &file)
    )
}
