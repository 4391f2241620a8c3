//! Checks of a cluster by itself, which several gates make.

use super::facts::{Facts, ids_where, names, quoted, set, setting};
use super::{Check, Code, Status};
use crate::base::ids::{BrokerId, IdSet};
use crate::base::text::{brokers, counted, either};
use crate::base::units::{Bytes, Ratio};
use crate::snapshot::{Snapshot, Topic};

/// The settings with which replication is throttled.
const RATES: [&str; 3] = [
    "leader.replication.throttled.rate",
    "follower.replication.throttled.rate",
    "replica.alter.log.dirs.io.max.bytes.per.second",
];
pub(super) const LISTS: [&str; 2] =
    ["leader.replication.throttled.replicas", "follower.replication.throttled.replicas"];

/// How everything about brokers is asked for.
pub(super) const DESCRIBE_BROKERS: &str =
    "kafka-configs.sh --bootstrap-server HOST:PORT --describe --all --entity-type brokers --entity-name ID";

/// How the version is asked for.
pub(super) const VERSION: &str = "kafka-topics.sh --version on a broker; write it to the snapshot as `kafka_version`";

/// Notices that name something missing from the source.
const GAPS: [&str; 9] = [
    "no-broker-list",
    "no-log-dirs",
    "missing-log-dirs",
    "missing-sizes",
    "no-capacity",
    "partial-topics",
    "size-of-follower",
    "absent-replicas",
    "offline-replicas",
];

pub(super) fn gaps(snapshot: &Snapshot) -> Check {
    let told: Vec<String> = snapshot
        .notices
        .iter()
        .filter(|notice| GAPS.contains(&notice.code.as_str()))
        .map(|notice| format!("{}: {}", notice.code, notice.message))
        .collect();
    if told.is_empty() {
        return Check::pass(Code::SnapshotGaps, "the source of the snapshot missed nothing that is known here");
    }
    let message = format!("the source of the snapshot does not say everything: {}", counted(told.len(), "gap"));
    let fix = "read the cluster again with the output that is missing, or fill it in with `--capacity`, `--assume-size` \
               and `--racks`";
    Check::new(Code::SnapshotGaps, Status::Unknown, message, fix).evidence(told)
}

pub(super) fn reassigning(snapshot: &Snapshot, facts: &Facts) -> Check {
    if facts.moving.is_empty() {
        return Check::pass(Code::Reassigning, "nothing is under reassignment");
    }
    let message = format!(
        "{} {} under reassignment",
        counted(facts.moving.len(), "partition"),
        either(facts.moving.len(), "is", "are")
    );
    let fix =
        "wait until `kafka-reassign-partitions.sh --bootstrap-server HOST:PORT --list` shows none, or cancel them";
    Check::new(Code::Reassigning, Status::Fail, message, fix).partitions(names(snapshot, &facts.moving))
}

/// A check of rows that should be none; those for which `is_meant` holds decide whether it fails.
struct Rows<'a> {
    code: Code,
    rows: &'a [usize],
    /// What all partitions are where it holds.
    well: &'a str,
    /// What those are where it does not: `1 partition is`, `2 partitions are` stand before it.
    ill: &'a str,
    fix: &'a str,
    status: Status,
}

impl Rows<'_> {
    fn check(&self, snapshot: &Snapshot) -> Check {
        if self.rows.is_empty() {
            return Check::pass(self.code, self.well);
        }
        let count = self.rows.len();
        let message = format!("{} {} {}", counted(count, "partition"), either(count, "is", "are"), self.ill);
        Check::new(self.code, self.status, message, self.fix).partitions(names(snapshot, self.rows))
    }
}

/// Leaders, ISRs and replication factors; `grave` is the status of what stops nothing by itself.
pub(super) fn partitions(snapshot: &Snapshot, facts: &Facts, grave: Status) -> Vec<Check> {
    let rows = |code, rows, well, ill, fix, status| Rows { code, rows, well, ill, fix, status }.check(snapshot);
    let mut checks = vec![
        rows(
            Code::OfflinePartitions,
            &facts.offline,
            "every partition has a leader that serves, and an ISR",
            "offline: without a leader that serves, or with an empty ISR",
            "bring a broker back that holds an in-sync replica: there is nothing else to copy from",
            Status::Fail,
        ),
        rows(
            Code::UnderMinIsr,
            &facts.under_min,
            "every ISR has `min.insync.replicas` members",
            "below `min.insync.replicas`: writes with acks=all are refused now",
            "let the missing replicas catch up first: `kafka-topics.sh --describe --under-min-isr-partitions` lists them",
            Status::Fail,
        ),
        rows(
            Code::ShortIsr,
            &facts.short,
            "every replica is in sync",
            "short of replicas in sync",
            "let them catch up first: `kafka-topics.sh --describe --under-replicated-partitions` lists them",
            grave,
        ),
    ];
    if let Some(unknown) = under_min_unknown(snapshot, facts) {
        checks[1] = unknown;
    }
    checks.push(min_isr(snapshot, facts));
    checks.push(rows(
        Code::SingleReplica,
        &facts.single,
        "every partition has a second replica",
        "without a second replica: gone when their broker goes, and unavailable while it restarts",
        "give them more replicas with `--target FILE --allow-rf-change`, or tell those who own them",
        Status::Warn,
    ));
    checks
}

/// Partitions short of replicas of which it is not known how many must be in sync: they may be below that.
fn under_min_unknown(snapshot: &Snapshot, facts: &Facts) -> Option<Check> {
    let key = "min.insync.replicas";
    if !facts.under_min.is_empty() || !setting(snapshot, key).is_empty() {
        return None;
    }
    let is_silent = |row: &&usize| !snapshot.topic_of(**row).config.contains_key(key);
    let rows: Vec<usize> = facts.short.iter().filter(is_silent).copied().collect();
    if rows.is_empty() {
        return None;
    }
    let message = format!(
        "{} short of replicas in sync, and how many `{key}` asks for is not in the snapshot",
        counted(rows.len(), "partition")
    );
    let command = "kafka-topics.sh --bootstrap-server HOST:PORT --describe --under-min-isr-partitions";
    Some(Check::new(Code::UnderMinIsr, Status::Unknown, message, command).partitions(names(snapshot, &rows)))
}

fn min_isr(snapshot: &Snapshot, facts: &Facts) -> Check {
    let key = "min.insync.replicas";
    let is_known = !setting(snapshot, key).is_empty();
    if !facts.at_min.is_empty() {
        return Rows {
            code: Code::MinIsr,
            rows: &facts.at_min,
            well: "",
            ill: "of no more replicas than `min.insync.replicas`: one that lags or is lost stops producers",
            fix: "lower `min.insync.replicas` for the time of the move, or add a replica with --allow-rf-change",
            status: Status::Warn,
        }
        .check(snapshot);
    }
    let silent = snapshot.topics.iter().filter(|topic| !topic.config.contains_key(key)).count();
    if silent > 0 && !is_known {
        let (topics, have) = (counted(silent, "topic"), either(silent, "has", "have"));
        let message =
            format!("{topics} {have} no `{key}`, and the brokers' default is not in the snapshot: taken as 1");
        return Check::new(Code::MinIsr, Status::Unknown, message, DESCRIBE_BROKERS);
    }
    Check::pass(Code::MinIsr, "every partition has more replicas than `min.insync.replicas`, or only one")
}

/// Brokers that do not serve, or take nothing new; those that are to go may be in any state.
pub(super) fn broker_state(snapshot: &Snapshot, going: &IdSet) -> Check {
    let not_alive = || snapshot.brokers.iter().filter(|broker| broker.state != crate::snapshot::BrokerState::Alive);
    let staying = not_alive().filter(|broker| !going.contains(broker.id)).count();
    if not_alive().next().is_none() {
        return Check::pass(Code::BrokerState, "every broker is alive");
    }
    let lines = not_alive().map(|broker| format!("broker {} is {}", broker.id, broker.state.as_str()));
    let ids: Vec<BrokerId> = not_alive().map(|broker| broker.id).collect();
    let who = brokers(&set(ids.iter().copied()));
    let message = format!("{who} {} not alive", either(ids.len(), "is", "are"));
    let (status, fix) = match staying {
        0 => (Status::Note, "they are to go; what they hold is copied from other replicas, so keep those in sync"),
        _ => (Status::Warn, "start them again, or drain them with the others; each one lost makes the rest riskier"),
    };
    Check::new(Code::BrokerState, status, message, fix).evidence(lines).brokers(ids)
}

/// Log dirs that are offline; those of `receiving` brokers close the gate.
pub(super) fn disk_offline(snapshot: &Snapshot, receiving: &IdSet, status: Status) -> Check {
    let mut lines = Vec::new();
    for broker in &snapshot.brokers {
        let offline = broker.log_dirs.iter().filter(|dir| dir.offline);
        lines.extend(offline.map(|dir| format!("`{}` of broker {}", dir.path, broker.id)));
    }
    if lines.is_empty() {
        return Check::pass(Code::DiskOffline, "every log dir that is known is online");
    }
    let ids = ids_where(snapshot, |broker| broker.log_dirs.iter().any(|dir| dir.offline));
    let is_grave = ids.iter().any(|id| receiving.contains(id));
    let message = format!("{} {} offline", counted(lines.len(), "log dir"), either(lines.len(), "is", "are"));
    let fix = "replace the disk and restart the broker, or drain the broker: what lies there does not serve";
    Check::new(Code::DiskOffline, if is_grave { Status::Fail } else { status }, message, fix)
        .evidence(lines)
        .brokers(ids.iter())
}

/// Log dirs above the limit as they are; those of `receiving` brokers close the gate.
pub(super) fn disk_over_limit(snapshot: &Snapshot, receiving: &IdSet, limit: Ratio) -> Check {
    let (mut lines, mut ids, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for (broker, used) in snapshot.brokers.iter().zip(snapshot.used_bytes()) {
        let is_unknown = broker.log_dirs.is_empty() || broker.log_dirs.iter().any(|dir| dir.capacity.is_none());
        if is_unknown && broker.state.serves() {
            unknown.push(broker.id);
        }
        for (dir, used) in broker.log_dirs.iter().zip(used) {
            if let Some(capacity) = dir.capacity.filter(|&capacity| used > limit.of(capacity)) {
                lines.push(format!("`{}` of broker {} holds {used} of {capacity}", dir.path, broker.id));
                ids.push(broker.id);
            }
        }
    }
    ids.dedup();
    if lines.is_empty() && !unknown.is_empty() {
        let message = format!("the capacity of log dirs of {} is not known", brokers(&set(unknown.iter().copied())));
        let fix = "give capacities with `--capacity SIZE` or `--capacity FILE`; on the brokers, `df` of each log dir shows it";
        return Check::new(Code::DiskOverLimit, Status::Unknown, message, fix).brokers(unknown);
    }
    if lines.is_empty() {
        return Check::pass(Code::DiskOverLimit, format!("no log dir holds more than {limit} of what it can"));
    }
    let is_grave = ids.iter().any(|&id| receiving.contains(id));
    let message = format!("{} above {limit} now", counted(lines.len(), "log dir"));
    let fix = "free space there (retention, more disk) before anything is moved onto it";
    Check::new(Code::DiskOverLimit, if is_grave { Status::Fail } else { Status::Warn }, message, fix)
        .evidence(lines)
        .brokers(ids)
}

/// Throttles that are set although nothing moves, or that somebody else's move needs.
pub(super) fn throttle_leftover(snapshot: &Snapshot, facts: &Facts, status: Status) -> Check {
    let is_set = |value: &&String| !value.is_empty();
    let (mut lines, mut ids) = (Vec::new(), Vec::new());
    for broker in &snapshot.brokers {
        for key in RATES {
            if let Some(value) = broker.config.get(key).filter(is_set) {
                lines.push(format!("broker {}: {key}={value}", broker.id));
                ids.push(broker.id);
            }
        }
    }
    ids.dedup();
    for topic in &snapshot.topics {
        for key in LISTS {
            if let Some(value) = topic.config.get(key).filter(is_set) {
                let short: String = value.chars().take(40).collect();
                let dots = if short.len() < value.len() { "…" } else { "" };
                lines.push(format!("topic `{}`: {key}={short}{dots}", topic.name));
            }
        }
    }
    if lines.is_empty() {
        if snapshot.brokers.iter().all(|broker| broker.config.is_empty()) {
            let message =
                "no topic has a throttle; the snapshot has no setting of any broker, so rates there are not known";
            let fix = "kafka-configs.sh --bootstrap-server HOST:PORT --describe --entity-type brokers";
            return Check::new(Code::ThrottleLeftover, Status::Unknown, message, fix);
        }
        return Check::pass(Code::ThrottleLeftover, "no broker and no topic has a replication throttle");
    }
    let whose =
        if facts.moving.is_empty() { "left over, or another tool's" } else { "of the move under way, or left over" };
    let message = format!("{} of replication set, {whose}", counted(lines.len(), "throttle"));
    let fix = "when nothing moves: `kafka-reassign-partitions.sh --verify` of the last file clears them, or \
               `kafka-configs.sh --alter --delete-config` each key";
    Check::new(Code::ThrottleLeftover, status, message, fix).evidence(lines).brokers(ids)
}

/// Topics of Kafka's own on which groups and transactions rest.
pub(super) fn internal_topics(snapshot: &Snapshot, going: &IdSet) -> Check {
    const NAMES: [&str; 2] = ["__consumer_offsets", "__transaction_state"];
    let find = |name: &&str| snapshot.topics.iter().find(|topic| topic.name == **name);
    let absent: Vec<&str> = NAMES.into_iter().filter(|name| find(name).is_none()).collect();
    let wanted = snapshot.brokers.len().min(3);
    let fewest = |topic: &Topic| topic.rows.clone().map(|row| snapshot.partitions.replicas.get(row).len()).min();
    let mut thin = Vec::new();
    let mut rows_going = 0;
    for topic in NAMES.iter().filter_map(find) {
        let fewest = fewest(topic).unwrap_or(0);
        if fewest < wanted {
            thin.push(format!("`{}`: {}", topic.name, counted(fewest, "replica")));
        }
        let is_going = |&row: &usize| snapshot.partitions.replicas.get(row).iter().any(|&id| going.contains(id));
        rows_going += topic.rows.clone().filter(is_going).count();
    }
    if !thin.is_empty() {
        let message = format!(
            "Kafka's own topics with fewer than {wanted} replicas: groups or transactions stop with one broker"
        );
        let fix = "give them more replicas: `kshift plan CLUSTER --target FILE --allow-rf-change`";
        return Check::new(Code::InternalTopics, Status::Warn, message, fix).evidence(thin);
    }
    if absent.len() == NAMES.len() {
        let message = format!("the snapshot has neither {} nor {}", quoted([NAMES[0]]), quoted([NAMES[1]]));
        let fix = "kafka-topics.sh --bootstrap-server HOST:PORT --describe without --exclude-internal; a cluster without \
                   consumer groups and transactions has neither";
        return Check::new(Code::InternalTopics, Status::Unknown, message, fix);
    }
    if rows_going > 0 {
        let message = format!("{} of Kafka's own topics on brokers that are to go", counted(rows_going, "partition"));
        let fix = "kshift moves them last, in waves of their own: their new leaders load groups and transactions again";
        return Check::new(Code::InternalTopics, Status::Note, message, fix);
    }
    Check::pass(Code::InternalTopics, "Kafka's own topics are there and well replicated")
}

pub(super) fn preferred_leaders(snapshot: &Snapshot, rows: &[usize], status: Status) -> Check {
    Rows {
        code: Code::PreferredLeaders,
        rows,
        well: "the first replica of each list leads",
        ill: "led by another broker than the first of the list",
        fix: "kafka-leader-election.sh --bootstrap-server HOST:PORT --election-type preferred --all-topic-partitions",
        status,
    }
    .check(snapshot)
}

pub(super) fn auto_leader_rebalance(snapshot: &Snapshot) -> Check {
    let key = "auto.leader.rebalance.enable";
    let known = setting(snapshot, key);
    if known.is_empty() {
        let message = format!("`{key}` is not in the snapshot; Kafka's default is true");
        return Check::new(Code::AutoLeaderRebalance, Status::Unknown, message, DESCRIBE_BROKERS);
    }
    let on = known.iter().filter(|(_, value)| *value == "true").count();
    if on == 0 {
        let message = format!("`{key}` is false: leaders move only when an election is held");
        let fix = "hold the elections of every wave's election.json";
        return Check::new(Code::AutoLeaderRebalance, Status::Note, message, fix);
    }
    let message =
        format!("`{key}` is true: the controller moves leaders to the first replica by itself, also while copies run");
    let fix = "expect leaders to change between waves; set it to false for the time of the move to decide when";
    Check::new(Code::AutoLeaderRebalance, Status::Note, message, fix)
}

/// Bytes of all replicas on these brokers, and whether every size is known.
pub(super) fn bytes_on(snapshot: &Snapshot, ids: &IdSet) -> (Bytes, bool) {
    let rows = snapshot.broker_rows();
    let mut is_going = vec![false; snapshot.brokers.len()];
    for row in ids.iter().filter_map(|id| rows.row(id)) {
        is_going[row] = true;
    }
    let (mut total, mut is_known) = (Bytes::ZERO, true);
    for row in 0..snapshot.partitions.len() {
        let replicas = snapshot.partitions.replicas.get(row);
        let count = replicas.iter().filter(|&&id| rows.row(id).is_some_and(|row| is_going[row])).count();
        match snapshot.partitions.size[row] {
            Some(size) => (0..count).for_each(|_| total += size),
            None => is_known &= count == 0,
        }
    }
    (total, is_known)
}
