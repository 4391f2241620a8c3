//! What the answers could not say, what that costs, and what fills it.

use std::collections::{BTreeMap, BTreeSet};

use super::merge::Documents;
use crate::base::ids::{BrokerId, IdSet};
use crate::base::text::{brokers, counted, either};
use crate::snapshot::names::some_of;
use crate::snapshot::{BrokerState, Draft, Notice};

/// What was noticed while the documents were put together.
#[derive(Default)]
pub(super) struct Noticed {
    /// Sizes of partitions that are no number.
    pub no_numbers: usize,
    /// Brokers whose rack is their host.
    pub racks_are_hosts: usize,
    /// Whether `/load` was asked for capacities alone.
    pub capacity_only: bool,
    /// Brokers that the capacity file does not name.
    pub default_capacity: Vec<BrokerId>,
    /// Brokers with several log dirs, for all of which the file has one number.
    pub whole_capacity: Vec<BrokerId>,
    /// Brokers of the capacity file that the cluster does not have, with their places.
    pub strange_capacities: Vec<(BrokerId, String)>,
    /// The broker set of each broker.
    pub sets: BTreeMap<BrokerId, String>,
    /// Whether the moves under way are known.
    pub has_moves: bool,
    /// Whether settings are known.
    pub has_configs: bool,
}

fn named(ids: impl IntoIterator<Item = BrokerId>) -> String {
    brokers(&IdSet::from_ids(ids).unwrap_or_default())
}

/// The notices, gravest first; `has_answers`: whether Kafka's tool said where replicas lie.
pub(super) fn of(documents: &Documents<'_>, draft: &Draft, noticed: &Noticed, has_answers: bool) -> Vec<Notice> {
    let mut notices = Vec::new();
    let mut add = |code: &str, message: String| notices.push(Notice::new(code, message));
    sizes(documents, draft, noticed, has_answers, &mut add);
    disks(documents, draft, noticed, has_answers, &mut add);
    racks(documents, draft, noticed, &mut add);
    let unsaid = match (noticed.has_moves, noticed.has_configs) {
        (true, true) => None,
        (false, true) => Some(
            "which reassignments are under way is not in the answers of Cruise Control; `kafka-reassign-partitions.sh --list` says it",
        ),
        (true, false) => Some(
            "which throttles were left over is not in the answers of Cruise Control; `kafka-configs.sh --describe` says it",
        ),
        (false, false) => Some(
            "which reassignments are under way and which throttles were left over is not in the answers of Cruise Control; `kafka-reassign-partitions.sh --list` and `kafka-configs.sh --describe` say it",
        ),
    };
    if let Some(unsaid) = unsaid {
        add("not-in-cruise-control", unsaid.to_owned());
    }
    if !noticed.sets.is_empty() {
        let mut sets: BTreeMap<&str, Vec<BrokerId>> = BTreeMap::new();
        for (id, name) in &noticed.sets {
            sets.entry(name).or_default().push(*id);
        }
        let shown: Vec<String> = sets.into_iter().map(|(name, ids)| format!("`{name}` is {}", named(ids))).collect();
        add(
            "broker-sets",
            format!(
                "broker sets are not kept in a snapshot, and a plan may cross them ({}); `--onto IDS` keeps it within one",
                shown.join(", ")
            ),
        );
    }
    notices
}

fn sizes(
    documents: &Documents<'_>,
    draft: &Draft,
    noticed: &Noticed,
    has_answers: bool,
    add: &mut impl FnMut(&str, String),
) {
    let partitions = &draft.partitions;
    let without: Vec<String> = (0..partitions.len())
        .filter(|&row| partitions.size[row].is_none())
        .map(|row| format!("{}-{}", draft.topics[partitions.topic[row] as usize].name, partitions.id[row]))
        .collect();
    if documents.records.is_empty() && !has_answers {
        add(
            "missing-sizes",
            "the sizes and rates of partitions are not known: an answer of `/partition_load` or output of `kafka-log-dirs.sh --describe` is missing; `--assume-size SIZE` gives every partition one size".to_owned(),
        );
    } else if !without.is_empty() {
        add(
            "missing-sizes",
            format!(
                "the size of {} is not known, since Cruise Control has not measured {}; output of `kafka-log-dirs.sh --describe` has it, `--assume-size SIZE` gives one",
                some_of("partition", &without),
                either(without.len(), "it", "them")
            ),
        );
    }
    if documents.records.is_empty() && has_answers {
        add("no-rates", "the traffic of partitions is not known, since no answer of `/partition_load` is there: times are reckoned without it".to_owned());
    }
    if noticed.no_numbers > 0 {
        add(
            "no-number",
            format!(
                "{} `NaN` or infinite in `/partition_load`, taken as not known",
                counted(noticed.no_numbers, "size")
            ),
        );
    }
}

fn disks(
    documents: &Documents<'_>,
    draft: &Draft,
    noticed: &Noticed,
    has_answers: bool,
    add: &mut impl FnMut(&str, String),
) {
    let serving = || draft.brokers.iter().filter(|broker| broker.state.serves());
    let without_capacity: Vec<BrokerId> = serving()
        .filter(|broker| broker.log_dirs.is_empty() || broker.log_dirs.iter().any(|dir| dir.capacity.is_none()))
        .map(|broker| broker.id)
        .collect();
    if !without_capacity.is_empty() {
        add(
            "no-capacity",
            format!(
                "how much the log dirs of {} can hold is not known: an answer of `/load` or a capacity file says it; `--capacity SIZE` or `--capacity FILE` gives it, `--ignore-disk` plans without it",
                named(without_capacity)
            ),
        );
    }
    if noticed.capacity_only {
        add(
            "capacity-only",
            "`/load` was asked with `capacity_only=true`: space in use is the sum of the sizes of partitions"
                .to_owned(),
        );
    }
    if !noticed.whole_capacity.is_empty() {
        add(
            "whole-capacity",
            format!(
                "the capacity file has one number for all log dirs of {}: what each of them holds is not known; `\"DISK\": {{\"/kafka/d1\": \"1907348\"}}` says it",
                named(noticed.whole_capacity.iter().copied())
            ),
        );
    }
    if !noticed.default_capacity.is_empty() {
        add(
            "default-capacity",
            format!(
                "{} not named in the capacity file, and taken to be as its broker -1 where `/load` does not say otherwise",
                either_are(&noticed.default_capacity)
            ),
        );
    }
    if !noticed.strange_capacities.is_empty() {
        let names: Vec<String> =
            noticed.strange_capacities.iter().map(|(id, place)| format!("{id} in {place}")).collect();
        add(
            "unknown-capacity-broker",
            format!("the capacity file has {} that the cluster does not have: not used", some_of("broker", &names)),
        );
    }
    let over: Vec<String> = serving()
        .flat_map(|broker| broker.log_dirs.iter().map(move |dir| (broker.id, dir)))
        .filter(|(_, dir)| dir.used.zip(dir.capacity).is_some_and(|(used, capacity)| used > capacity))
        .map(|(id, dir)| format!("`{}` of broker {id}", dir.path))
        .collect();
    if !over.is_empty() {
        add(
            "above-capacity",
            format!(
                "more is in use than it can hold in {}: is the capacity file of Cruise Control true?",
                some_of("log dir", &over)
            ),
        );
    }
    let several: BTreeSet<i32> =
        draft.brokers.iter().filter(|broker| broker.log_dirs.len() > 1).map(|broker| broker.id.get()).collect();
    if !several.is_empty() && !has_answers {
        add(
            "no-replica-log-dirs",
            format!(
                "in which log dir a replica lies is not in the answers of Cruise Control: on {} each counts on every one, and frees none; output of `kafka-log-dirs.sh --describe` beside the answers says it",
                named(several.into_iter().map(BrokerId::new))
            ),
        );
    }
    if documents.load.is_none() && !has_answers {
        add(
            "no-load",
            "space in use is the sum of the sizes of partitions, since no answer of `/load` is there".to_owned(),
        );
    }
}

fn either_are(ids: &[BrokerId]) -> String {
    format!("{} {}", named(ids.iter().copied()), either(ids.len(), "is", "are"))
}

fn racks(documents: &Documents<'_>, draft: &Draft, noticed: &Noticed, add: &mut impl FnMut(&str, String)) {
    let alive = || draft.brokers.iter().filter(|broker| broker.state != BrokerState::Dead);
    let has_racks = alive().any(|broker| broker.rack.is_some());
    let gone: Vec<BrokerId> = draft
        .brokers
        .iter()
        .filter(|broker| broker.state == BrokerState::Dead && broker.rack.is_none())
        .map(|broker| broker.id)
        .collect();
    if !has_racks {
        let why = match (documents.load.is_some(), noticed.racks_are_hosts > 0) {
            (_, true) => {
                "`/load` shows each broker's host in the place of a rack, as Cruise Control does where Kafka knows none"
            }
            (true, false) => "`/load` shows none",
            (false, _) => "an answer of `/load` is missing",
        };
        add(
            "no-racks",
            format!("no broker has a known rack, so rack policies are off: {why}; `--racks FILE` gives them"),
        );
    } else if !gone.is_empty() {
        add(
            "racks-of-dead-brokers",
            format!(
                "{} dead, and Cruise Control does not know the rack: each counts as a rack of its own; `--racks FILE` gives it",
                either_are(&gone)
            ),
        );
    }
}
