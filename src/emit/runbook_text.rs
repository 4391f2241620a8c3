//! What the runbooks share: Kafka's commands, tables, and short lists.

#![expect(clippy::format_push_string, reason = "a page is put together once; `write!` would bury its sentences")]

use crate::base::ids::{BrokerId, IdSet};
use crate::base::text::counted;
use crate::base::units::Bytes;
use crate::plan::{Estimate, Plan, Throttle};

/// Nothing under-replicated: the check before every wave.
pub const UNDER_REPLICATED: &str =
    "kafka-topics.sh --bootstrap-server \"$BOOTSTRAP\" --describe --under-replicated-partitions\n";
/// What moves right now.
pub const LIST: &str = "kafka-reassign-partitions.sh --bootstrap-server \"$BOOTSTRAP\" --list\n";
/// What that prints when nothing moves.
pub const LIST_NONE: &str = "`No partition reassignments found.`";

/// A block of commands.
pub fn block(commands: &[&str]) -> String {
    format!("```bash\n{}```\n\n", commands.concat())
}

/// `kafka-reassign-partitions` on a file; `options` hold the action.
pub fn reassign(file: &str, options: &str) -> String {
    format!(
        "kafka-reassign-partitions.sh --bootstrap-server \"$BOOTSTRAP\" \\\n  --reassignment-json-file {file} {options}\n"
    )
}

/// Starts the moves of a file, throttled when there is a throttle.
pub fn execute(file: &str, throttle: Option<&Throttle>) -> String {
    match throttle {
        Some(throttle) => {
            let rate = throttle.leader_bytes_per_sec.min(throttle.follower_bytes_per_sec);
            reassign(file, &format!("--throttle {} --execute", rate.get()))
        }
        None => reassign(file, "--execute"),
    }
}

/// A preferred election of the partitions of a file. Its keys other than topic and partition are ignored by Kafka.
pub fn elect(file: &str) -> String {
    format!(
        "kafka-leader-election.sh --bootstrap-server \"$BOOTSTRAP\" \\\n  --election-type preferred --path-to-json-file {file}\n"
    )
}

/// A table of two columns.
pub fn table(rows: &[(&str, String)]) -> String {
    let mut text = "| | |\n|---|---|\n".to_owned();
    for (name, value) in rows {
        text.push_str(&format!("| {name} | {} |\n", value.replace('|', "\\|").replace('\n', " ")));
    }
    text.push('\n');
    text
}

/// Broker ids in ranges, cut off where they would fill the page.
pub fn brokers(ids: impl IntoIterator<Item = BrokerId>) -> String {
    const LONGEST: usize = 120;
    let mut ids: Vec<BrokerId> = ids.into_iter().collect();
    ids.sort_unstable();
    ids.dedup();
    let number = ids.len();
    let text = IdSet::from_ids(ids).map(|set| set.to_string()).unwrap_or_default();
    match text.get(..LONGEST).and_then(|head| head.rsplit_once(',')) {
        Some((head, _)) => format!("{} ({}, …)", counted(number, "broker"), head.replace(',', ", ")),
        None if text.is_empty() => "none".to_owned(),
        None => text.replace(',', ", "),
    }
}

/// The same with the noun: `broker 3`, `brokers 3-5, 9`, `no broker`.
pub fn brokers_by_name(ids: impl IntoIterator<Item = BrokerId>) -> String {
    let text = brokers(ids);
    match text.as_str() {
        "none" => "no broker".to_owned(),
        cut_off if cut_off.ends_with(')') => text,
        one if one.bytes().all(|b| b.is_ascii_digit()) => format!("broker {text}"),
        _ => format!("brokers {text}"),
    }
}

/// `about 2h 10m (1h 58m to 2h 40m)`.
pub fn forecast(estimate: Option<Estimate>) -> String {
    match estimate {
        Some(estimate) => format!("about {} ({} to {})", estimate.expected, estimate.low, estimate.high),
        None => "not known: without a throttle there are no times".to_owned(),
    }
}

/// The throttle in words: `50.0 MB/s for each broker, sending and receiving`.
pub fn rate(throttle: Option<&Throttle>) -> String {
    let Some(throttle) = throttle else {
        return "none: copies take all that network and disks give".to_owned();
    };
    let (leader, follower) = (throttle.leader_bytes_per_sec, throttle.follower_bytes_per_sec);
    if !throttle.brokers.is_empty() {
        let sides = throttle.brokers.iter().map(|one| (one.leader_bytes_per_sec, one.follower_bytes_per_sec));
        let (most_sent, most_received) =
            sides.fold((leader, follower), |most, one| (most.0.max(one.0), most.1.max(one.1)));
        return format!(
            "each broker its own, as in throttle.json: {leader} to {most_sent} sending, {follower} to {most_received} receiving"
        );
    }
    if leader == follower {
        format!("{leader} for each broker, sending and receiving")
    } else {
        format!("{leader} sending and {follower} receiving for each broker")
    }
}

/// What has to stand in the shell before any command.
pub fn have_ready(paths_are_relative_to: &str) -> String {
    format!(
        "Have a shell ready that reaches the cluster, and set these three:\n\n{}\
         Kafka's tools are called `kafka-topics.sh` and so on here; some packages drop the `.sh`. On a cluster with TLS or \
         SASL add `--command-config client.properties` to every command (`kafka-cluster.sh` calls it `--config`, an older \
         `kafka-leader-election.sh` `--admin.config`).\n\n",
        block(&[
            "export BOOTSTRAP=broker-host:9092      # any broker of this cluster\n",
            "export PATH=\"/opt/kafka/bin:$PATH\"     # where Kafka's tools lie\n",
            &format!(
                "cd /path/to/{paths_are_relative_to} || exit     # this directory; the paths below are relative to it\n"
            ),
        ])
    )
}

/// Brokers that no longer take part, and what Kafka's tool then refuses.
pub fn brokers_that_do_not_serve(plan: &Plan, ids: impl IntoIterator<Item = BrokerId>) -> Vec<BrokerId> {
    let mut ids: Vec<BrokerId> =
        ids.into_iter().filter(|&id| plan.broker(id).is_some_and(|broker| !broker.state.serves())).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// What is copied, in words: `7 replicas, 1.71 TB`.
pub fn copies(replicas: u64, bytes: Bytes) -> String {
    format!("{}, {bytes}", counted(replicas, "replica"))
}
