//! What the tool output could not say, what that costs, and what fills it.

use std::collections::BTreeSet;

use super::merge::Parsed;
use crate::base::ids::{BrokerId, IdSet};
use crate::base::text::{brokers, counted, either};
use crate::snapshot::names::some_of;
use crate::snapshot::{Broker, BrokerState, Draft, Notice};

/// What was noticed while the sections were put together.
#[derive(Default)]
pub(super) struct Noticed {
    /// Topics of which only partition lines are there: the output was a subset.
    pub without_topic_line: Vec<String>,
    /// Replicas in log dirs that no replica list names, as `orders-7 on 1001`.
    pub strays: Vec<String>,
    /// Replicas being copied from one log dir to another of the same broker.
    pub futures: usize,
    /// Rows whose leader's replica was not shown, but another one was.
    pub size_of_follower: Vec<usize>,
    /// Replicas that their broker, which answered, did not show.
    pub absent: Vec<(usize, BrokerId)>,
    /// The same, on brokers with an offline dir.
    pub on_offline_dir: usize,
    pub silent: Vec<BrokerId>,
    pub only_in_replica_lists: Vec<BrokerId>,
    pub without_log_dirs: Vec<BrokerId>,
    pub partly_cordoned: Vec<String>,
}

impl Noticed {
    /// The notices, gravest first.
    pub fn into_notices(self, parsed: &Parsed<'_>, draft: &Draft, ignored: &[(String, &'static str)]) -> Vec<Notice> {
        let mut notices = Vec::new();
        let mut add = |code: &str, message: String| notices.push(Notice::new(code, message));
        let name = |row: usize| {
            format!("{}-{}", draft.topics[draft.partitions.topic[row] as usize].name, draft.partitions.id[row])
        };
        self.brokers(parsed, &mut add);
        if !self.without_topic_line.is_empty() {
            add(
                "partial-topics",
                format!(
                    "only partition lines are there of {}: their other partitions may be missing; run `kafka-topics.sh --describe` without a filter",
                    some_of("topic", &self.without_topic_line)
                ),
            );
        }
        if parsed.answers.is_empty() && !parsed.has_beside {
            add("no-log-dirs", "sizes, log dirs and space in use are not known: output of `kafka-log-dirs.sh --describe` is missing; `--assume-size SIZE` gives every partition one size".to_owned());
        }
        if !self.without_log_dirs.is_empty() {
            let who = named(&self.without_log_dirs);
            add(
                "missing-log-dirs",
                format!(
                    "{who} {} alive and not in the output of `kafka-log-dirs.sh`, so log dirs and space in use there are not known; run it without `--broker-list`, or give `--capacity`",
                    either(self.without_log_dirs.len(), "is", "are")
                ),
            );
        }
        if !self.absent.is_empty() {
            let names: Vec<String> = self.absent.iter().map(|&(row, id)| format!("{} on {id}", name(row))).collect();
            add(
                "absent-replicas",
                format!(
                    "{} in replica lists but not in the log dirs of that broker, and so not counted as space in use; run `kafka-log-dirs.sh --describe` again, without `--topic-list`",
                    some_of("replica", &names)
                ),
            );
        }
        if self.on_offline_dir > 0 {
            add(
                "offline-replicas",
                format!(
                    "{} in no online log dir, on brokers with an offline one: where those replicas lie is not known",
                    counted(self.on_offline_dir, "replica")
                ),
            );
        }
        if !self.strays.is_empty() {
            add(
                "stray-replicas",
                format!(
                    "{} in log dirs but in no replica list: left over, or moved meanwhile; counted as space in use",
                    some_of("replica", &self.strays)
                ),
            );
        }
        if self.futures > 0 {
            add(
                "future-replicas",
                format!(
                    "{} on the way between log dirs of one broker; both copies count as space in use",
                    counted(self.futures, "replica")
                ),
            );
        }
        if !self.size_of_follower.is_empty() {
            let names: Vec<String> = self.size_of_follower.iter().map(|&row| name(row)).collect();
            add(
                "size-of-follower",
                format!(
                    "the size of {} is that of the largest known replica, since the leader's is not in the output of `kafka-log-dirs.sh`",
                    some_of("partition", &names)
                ),
            );
        }
        let unsized_rows: Vec<usize> =
            (0..draft.partitions.len()).filter(|&row| draft.partitions.size[row].is_none()).collect();
        if !parsed.answers.is_empty() && !parsed.has_beside && !unsized_rows.is_empty() {
            let names: Vec<String> = unsized_rows.iter().map(|&row| name(row)).collect();
            add(
                "missing-sizes",
                format!("the size of {} is not known; `--assume-size SIZE` gives one", some_of("partition", &names)),
            );
        }
        if !self.partly_cordoned.is_empty() {
            add(
                "cordoned-log-dirs",
                format!(
                    "{} cordoned, but the broker has others: Kafka puts nothing new there",
                    some_of("log dir", &self.partly_cordoned)
                ),
            );
        }
        if !parsed.has_beside {
            racks(&draft.brokers, &mut add);
        }
        if !parsed.has_beside {
            add("no-capacity", "Kafka's tools do not print how large a log dir is: `--capacity SIZE` or `--capacity FILE` says it, `--ignore-disk` plans without it".to_owned());
        }
        for (file, why) in ignored {
            add("ignored-file", format!("`{file}` was not used: {why}"));
        }
        notices
    }

    fn brokers(&self, parsed: &Parsed<'_>, add: &mut impl FnMut(&str, String)) {
        if parsed.lists.is_empty() && !parsed.beside_has_brokers {
            let (guess, cost) = if parsed.answers.is_empty() {
                (
                    "lead a partition or are in an ISR",
                    "brokers that hold nothing yet are not seen, and a broker that is in no ISR is taken as dead",
                )
            } else {
                (
                    "answered about their log dirs, or lead a partition or are in an ISR",
                    "a broker that was left out by `--broker-list` and is in no ISR is taken as dead, and fenced ones are not told from dead ones",
                )
            };
            add(
                "no-broker-list",
                format!(
                    "no list of brokers is there, so those that {guess} are taken as alive: {cost}; `kafka-cluster.sh list-endpoints --include-fenced-brokers` or `kafka-broker-api-versions.sh` lists them"
                ),
            );
        }
        let cost = |ids: &[BrokerId]| {
            either(ids.len(), "it can be drained, and receives nothing", "they can be drained, and receive nothing")
        };
        if !self.only_in_replica_lists.is_empty() {
            add(
                "dead-broker",
                format!(
                    "{} only in replica lists, taken as dead: {}",
                    named(&self.only_in_replica_lists),
                    cost(&self.only_in_replica_lists)
                ),
            );
        }
        if !self.silent.is_empty() {
            add(
                "dead-broker",
                format!(
                    "{} did not answer `kafka-broker-api-versions.sh`, taken as dead: {}",
                    named(&self.silent),
                    cost(&self.silent)
                ),
            );
        }
    }
}

fn named(ids: &[BrokerId]) -> String {
    brokers(&IdSet::from_ids(ids.iter().copied()).unwrap_or_default())
}

fn racks(brokers: &[Broker], add: &mut impl FnMut(&str, String)) {
    let alive = || brokers.iter().filter(|broker| broker.state != BrokerState::Dead);
    let racks: BTreeSet<&str> = alive().filter_map(|broker| broker.rack.as_deref()).collect();
    if racks.is_empty() && alive().next().is_some() {
        add("no-racks", "no broker has a known rack, so rack policies are off; `kafka-cluster.sh list-endpoints` and `kafka-broker-api-versions.sh` show racks, `--racks FILE` gives them".to_owned());
    }
}
