//! What a runbook says where log dirs are emptied within their brokers: no partition moves for Kafka, replicas do.
//!
//! `kafka-reassign-partitions` hands each replica to its broker, which copies it into the new log dir and then swaps
//! the two. `--list` does not show such copies, `--verify` does; asking for the old log dir again stops them.

use super::runbook_facts::Facts;
use super::runbook_text::{LIST, LIST_NONE, UNDER_REPLICATED, block, reassign};
use super::throttle::LOG_DIR_RATE;
use crate::base::ids::BrokerId;
use crate::base::units::BytesPerSec;
use crate::plan::Plan;

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
    format!(
        "kafka-configs.sh --bootstrap-server \"$BOOTSTRAP\" --describe --entity-type brokers | grep -F {LOG_DIR_RATE}\n"
    )
}

/// Starts the copies of a file.
pub(super) fn execute(file: &str, rate: Option<BytesPerSec>) -> String {
    let throttle = rate.map_or(String::new(), |rate| format!("--replica-alter-log-dirs-throttle {} ", rate.get()));
    reassign(file, &format!("{throttle}--execute"))
}

/// The steps of one wave whose files lie in `dir`; `facts` where it is known which one.
pub(super) fn steps(plan: &Plan, dir: &str, facts: Option<&Facts>, except: &str, forecast: &str) -> String {
    let quoted = |name: &str| if dir.contains('$') { format!("\"{dir}/{name}\"") } else { format!("{dir}/{name}") };
    let (file, back, rate) = (quoted("reassign.json"), quoted("rollback.json"), plan.log_dir_throttle());
    let bytes = facts.map_or("everything".to_owned(), |facts| facts.bytes.to_string());
    [
        format!(
            "**Look first.** The first command prints nothing{except}; the second {LIST_NONE} Copies between log dirs \
             stand in no list: the wave before is over when its `--verify` has said so. Otherwise do not start.\n\n{}",
            block(&[UNDER_REPLICATED, LIST])
        ),
        format!(
            "**Start.** It prints the current lists with their log dirs, then `Successfully started moving log \
             directory` for each replica. The lists stay as they are; exit code 1 over one replica does not mean that \
             the others do not move.\n\n{}",
            block(&[&execute(&file, rate)])
        ),
        format!(
            "**Watch.** As often as you like; `--preserve-throttles` keeps the throttle in place while you look. A \
             replica lies in both log dirs until its copy has caught up.\n\n{}The wave is done when no line says \
             `is still in progress`: {forecast}.\n\n",
            block(&[&reassign(&file, "--verify --preserve-throttles")])
        ),
        format!(
            "**Finish.** Once all is completed, this clears the throttle on every broker of the cluster. No election is \
             due: no leader changes.\n\n{}",
            block(&[&reassign(&file, "--verify")])
        ),
        format!(
            "**Pause.** Before the start of a wave: just wait. During one: slow it down to 1 MB/s by starting it again with \
             another rate, and speed it up in the same way. What has been copied is kept.\n\n{}",
            block(&[&execute(&file, Some(BytesPerSec::new(1_000_000)))])
        ),
        format!(
            "**Go back.** Ask for the old log dirs: what still moves is stopped and its copy thrown away, what has moved \
             is copied back ({bytes} at most). Later waves that have run go back first.\n\n{}Repeat until nothing is in \
             progress; this also clears the throttle:\n\n{}",
            block(&[&execute(&back, rate)]),
            block(&[&reassign(&back, "--verify")])
        ),
    ]
    .concat()
}

/// The commands of a wave where the steps stand once.
pub(super) fn steps_in_short(plan: &Plan, dir: &str) -> String {
    let file = format!("{dir}/reassign.json");
    let start = block(&[&execute(&file, plan.log_dir_throttle())]);
    format!(
        "{start}When nothing is in progress any more, this clears the throttle:\n\n{}",
        block(&[&reassign(&file, "--verify")])
    )
}

/// What is looked at when all waves have run.
pub(super) fn after_all(plan: &Plan) -> String {
    let mut ids: Vec<BrokerId> = plan.request.drain_dir.iter().map(|dir| dir.0).collect();
    ids.dedup();
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let but = if plan.complete { "" } else { ", but for what was left out of this plan" };
    let throttles = throttles();
    format!(
        "## After the last wave\n\nNothing is under-replicated, and no throttle is left: both commands print nothing. A rate \
         that was set before the first wave is gone as well: set it again.\n\n{}The emptied log dirs ({}) hold no partition \
         any more{but}; Kafka deletes the files a minute after the move. Take them out of `log.dirs` before the broker \
         starts again, or Kafka puts new partitions there:\n\n{}",
        block(&[UNDER_REPLICATED, &throttles]),
        named(plan),
        block(&[&format!(
            "kafka-log-dirs.sh --bootstrap-server \"$BOOTSTRAP\" --describe --broker-list {}\n",
            ids.join(",")
        )])
    )
}

/// What goes wrong easily.
pub(super) const TRAPS: &str = "## Known traps\n\n\
    - `--list` shows no copies between log dirs, and `--execute` is not refused while some run: only `--verify` with \
    the wave's file tells whether the wave is over.\n\
    - `--verify` without `--preserve-throttles` clears all throttles of the whole cluster once nothing of its file moves, \
    also those of moves that are not yours.\n\
    - Kafka puts new partitions into the log dir with the fewest of them, and that is the one being emptied: create \
    no topics until it is out of `log.dirs`.\n\
    - Each thread (`num.replica.alter.log.dirs.threads`, one for each log dir by default) copies one partition after the \
    other, so a wave is in progress partition by partition.\n\
    - A broker that restarts during a wave goes on with its copies.\n";

/// The steps of a wave of the way back whose files lie in `dir`.
pub(super) fn undo(plan: &Plan, dir: &str) -> String {
    let file = if dir.contains('$') { format!("\"{dir}/reassign.json\"") } else { format!("{dir}/reassign.json") };
    format!(
        "**Start.** Replicas that still move stop, and their copies are thrown away; those that have moved are copied \
         back.\n\n{}**Watch.** Until no line says `is still in progress`.\n\n{}**Finish.** This clears the throttle. No \
         election is due: no leader has changed.\n\n{}",
        block(&[UNDER_REPLICATED, &execute(&file, plan.log_dir_throttle())]),
        block(&[&reassign(&file, "--verify --preserve-throttles")]),
        block(&[&reassign(&file, "--verify")])
    )
}
