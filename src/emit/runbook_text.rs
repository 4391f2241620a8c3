//! What the runbooks share: Kafka's commands, tables, and short lists.

#![expect(clippy::format_push_string, reason = "a page is put together once; `write!` would bury its sentences")]

use super::tools::Tools;
use crate::base::ids::{BrokerId, IdSet};
use crate::base::text::counted;
use crate::base::units::Bytes;
use crate::plan::{Estimate, Plan, Throttle};

/// How every tool reaches the cluster, but for those that call the second option otherwise.
const CLUSTER: &str = "--bootstrap-server \"$BOOTSTRAP\" --command-config \"$CLIENT\"";
/// What `--list` prints when nothing moves.
pub const LIST_NONE: &str = "`No partition reassignments found.`";
/// What `--verify` prints above its findings, and alone where all is done and what is done is left out.
pub const VERIFY_HEAD: &str = "`Status of partition reassignment:`";

/// A file of the wave that `$WAVE` names.
pub fn file_of_wave(name: &str) -> String {
    format!("\"waves/$WAVE/{name}\"")
}

/// A block of commands.
pub fn block(commands: &[&str]) -> String {
    format!("```bash\n{}```\n\n", commands.concat())
}

/// Nothing under-replicated: the check before every wave.
pub fn under_replicated() -> String {
    format!("kafka-topics.sh {CLUSTER} --describe \\\n  --under-replicated-partitions\n")
}

/// What moves right now.
pub fn list() -> String {
    format!("kafka-reassign-partitions.sh {CLUSTER} --list\n")
}

/// What brokers or topics have for settings that match a text.
pub fn configs(entity_type: &str, of: &str) -> String {
    format!("kafka-configs.sh {CLUSTER} --describe --entity-type {entity_type} |\n  grep -F {of}\n")
}

/// What brokers hold, as JSON.
pub fn log_dirs(brokers: &str) -> String {
    format!("kafka-log-dirs.sh {CLUSTER} --describe --broker-list {brokers}\n")
}

/// Partitions whose description matches a pattern.
pub fn topics(pattern: &str) -> String {
    format!("kafka-topics.sh {CLUSTER} --describe |\n  grep -E '{pattern}'\n")
}

/// Topics of a file, with their numbers of partitions.
pub fn topics_of(file: &str) -> String {
    format!("grep -o '\"topic\":\"[^\"]*\"' {file} | sort | uniq -c\n")
}

/// `kafka-reassign-partitions` on a file; `options` hold the action.
pub fn reassign(file: &str, options: &str) -> String {
    format!("kafka-reassign-partitions.sh {CLUSTER} \\\n  --reassignment-json-file {file} {options}\n")
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

/// Shows what of a file is not done, and touches nothing.
pub fn verify(file: &str) -> String {
    reassign(file, "--verify --preserve-throttles |\n  grep -v completed")
}

/// Counts what of a file is done, and touches nothing.
pub fn count(file: &str) -> String {
    reassign(file, "--verify --preserve-throttles |\n  grep -c completed")
}

/// Shows what of a file is not done; if all is, clears the throttles.
pub fn verify_and_clear(file: &str) -> String {
    reassign(file, "--verify |\n  grep -v completed")
}

/// A preferred election of the partitions of a file. Its keys other than topic and partition are ignored by Kafka.
pub fn elect(tools: Tools, file: &str) -> String {
    format!(
        "kafka-leader-election.sh --bootstrap-server \"$BOOTSTRAP\" {} \"$CLIENT\" \\\n  --election-type preferred \
         --path-to-json-file {file}\n",
        tools.election_client()
    )
}

/// The id of the cluster.
pub fn cluster_id(tools: Tools) -> String {
    format!("kafka-cluster.sh cluster-id --bootstrap-server \"$BOOTSTRAP\" {} \"$CLIENT\"\n", tools.cluster_client())
}

/// Which brokers answer; with tools that can show them, those that are fenced as well.
pub fn answering(tools: Tools) -> String {
    if tools.has_endpoints() {
        return format!(
            "kafka-cluster.sh list-endpoints --bootstrap-server \"$BOOTSTRAP\" {} \"$CLIENT\" \\\n  \
             --include-fenced-brokers\n",
            tools.cluster_client()
        );
    }
    format!("kafka-broker-api-versions.sh {CLUSTER} |\n  grep '(id:'\n")
}

/// Runs a script of the wave.
pub fn script(name: &str, argument: &str) -> String {
    let argument = if argument.is_empty() { String::new() } else { format!(" {argument}") };
    format!("sh {}{argument}\n", file_of_wave(name))
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
    let ids = BrokerId::sorted(ids);
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
        Some(estimate) if estimate.high.get() < 10.0 => "seconds".to_owned(),
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
pub fn set_up(tools: Tools) -> String {
    let zookeeper = if tools.is_zookeeper() {
        " The brokers keep their metadata in ZooKeeper; no command here talks to it or takes `--zookeeper`."
    } else {
        ""
    };
    let unknown = if tools.is_known() {
        ""
    } else {
        " The version is not known: options have the names that all versions know, and newer tools call some of them deprecated."
    };
    format!(
        "Once in every shell. All commands below rest on these four lines, and are those of {}.{unknown}{zookeeper}\n\n{}",
        tools.name(),
        block(&[
            "export BOOTSTRAP=broker-host:9092    # any broker of this cluster\n",
            "export CLIENT=/dev/null              # with TLS or SASL: your client.properties\n",
            "export PATH=\"/opt/kafka/bin:$PATH\"   # where Kafka's tools lie\n",
            "cd /path/to/this/directory || exit   # the one with this file\n",
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
