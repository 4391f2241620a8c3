//! What the tools say of each broker: host, rack, configuration, and whether it is alive.

use std::collections::{BTreeMap, BTreeSet};

use super::brokers::Listed;
use super::configs::{Entity, Origin};
use super::merge::Parsed;
use super::notices::Noticed;
use super::sizes::Disks;
use super::{Spot, contradiction};
use crate::base::error::Error;
use crate::base::ids::BrokerId;
use crate::snapshot::{Broker, BrokerState, Draft, LogDir};

/// A broker as all lists and configurations say it.
#[derive(Default)]
pub(in crate::snapshot) struct Facts<'a> {
    host: Option<(&'a str, Spot<'a>)>,
    /// The inner absence: the tool says that it has no rack.
    rack: Option<(Option<&'a str>, Spot<'a>)>,
    listed: Option<(Listed, Spot<'a>)>,
    config: BTreeMap<&'a str, (&'a str, Spot<'a>)>,
    log_dirs: Option<&'a str>,
    cordoned: Option<&'a str>,
}

/// Settings of a broker's file, or defaults, that gates look at.
const OF_FILES: [&str; 5] = [
    "auto.leader.rebalance.enable",
    "broker.id.generation.enable",
    "inter.broker.protocol.version",
    "min.insync.replicas",
    "reserved.broker.max.id",
];

/// All brokers that anything is known of.
pub(in crate::snapshot) type ById<'a> = BTreeMap<BrokerId, Facts<'a>>;

impl<'a> Facts<'a> {
    /// Whether a list of the tools has the broker.
    pub fn is_listed(&self) -> bool {
        self.listed.is_some()
    }

    /// Another source knows it as registered and in touch.
    pub fn say_alive(&mut self, id: BrokerId, spot: Spot<'a>, faults: &mut Vec<Error>) {
        match self.listed {
            Some((known, at)) if known != Listed::Unfenced => faults.push(contradiction(
                &format!("the state of broker {id}"),
                (at, listed_text(known)),
                (spot, listed_text(Listed::Unfenced)),
            )),
            _ => self.listed = Some((Listed::Unfenced, spot)),
        }
    }

    /// Another source says its host, and the rack that it has or has not.
    pub fn say_where(
        &mut self,
        id: BrokerId,
        (host, rack): (&'a str, Option<&'a str>),
        spot: Spot<'a>,
        faults: &mut Vec<Error>,
    ) {
        say(&mut self.host, host, spot, &format!("the host of broker {id}"), ToString::to_string, faults);
        say_rack(self, id, rack, spot, faults);
    }
}

/// Gathers the lists and configurations of brokers; where two differ, that is a fault.
pub(super) fn gather<'a>(parsed: &Parsed<'a>, faults: &mut Vec<Error>) -> ById<'a> {
    let mut brokers = ById::new();
    for line in parsed.lists.iter().flat_map(|(_, lines)| lines) {
        let facts = brokers.entry(line.id).or_default();
        say(
            &mut facts.host,
            line.host,
            line.spot,
            &format!("the host of broker {}", line.id),
            ToString::to_string,
            faults,
        );
        say_rack(facts, line.id, line.rack, line.spot, faults);
        match facts.listed {
            // It is registered, but did not answer: one list can know that and the other cannot.
            Some((Listed::Silent, _)) => {}
            Some((known, _)) if known == line.listed || line.listed == Listed::Silent => {
                facts.listed = Some((line.listed, line.spot));
            }
            Some((known, at)) => faults.push(contradiction(
                &format!("the state of broker {}", line.id),
                (at, listed_text(known)),
                (line.spot, listed_text(line.listed)),
            )),
            None => facts.listed = Some((line.listed, line.spot)),
        }
    }
    compare_lists(parsed, faults);
    add_configs(&mut brokers, parsed, faults);
    brokers
}

fn listed_text(listed: Listed) -> &'static str {
    match listed {
        Listed::Unfenced => "unfenced",
        Listed::Fenced => "fenced",
        Listed::Silent => "no answer",
    }
}

/// Takes a word that was said first, and compares it when it is said again.
fn say<'a, T: Copy + PartialEq>(
    known: &mut Option<(T, Spot<'a>)>,
    said: T,
    spot: Spot<'a>,
    subject: &str,
    text: impl Fn(T) -> String,
    faults: &mut Vec<Error>,
) {
    match known {
        Some((word, at)) if *word != said => {
            faults.push(contradiction(subject, (*at, &text(*word)), (spot, &text(said))));
        }
        Some(_) => {}
        None => *known = Some((said, spot)),
    }
}

fn say_rack<'a>(facts: &mut Facts<'a>, id: BrokerId, rack: Option<&'a str>, spot: Spot<'a>, faults: &mut Vec<Error>) {
    let text = |rack: Option<&str>| rack.unwrap_or("no rack").to_owned();
    say(&mut facts.rack, rack, spot, &format!("the rack of broker {id}"), text, faults);
}

/// A broker that is unfenced in one list stands in every list; and only listed brokers answer about log dirs.
fn compare_lists(parsed: &Parsed<'_>, faults: &mut Vec<Error>) {
    let ids: Vec<BTreeSet<BrokerId>> =
        parsed.lists.iter().map(|(_, lines)| lines.iter().map(|line| line.id).collect()).collect();
    let mut missing = BTreeSet::new();
    for (_, lines) in &parsed.lists {
        for line in lines.iter().filter(|line| line.listed == Listed::Unfenced) {
            if let Some(other) = ids.iter().position(|ids| !ids.contains(&line.id))
                && missing.insert(line.id)
            {
                faults.push(contradiction(
                    &format!("whether broker {} is there", line.id),
                    (line.spot, "unfenced"),
                    (parsed.lists[other].0, "not in the list of brokers"),
                ));
            }
        }
    }
    let Some((first, _)) = parsed.lists.first() else { return };
    for answer in &parsed.answers {
        if !ids.iter().any(|ids| ids.contains(&answer.broker)) && missing.insert(answer.broker) {
            faults.push(contradiction(
                &format!("whether broker {} is there", answer.broker),
                (answer.spot, "answered about its log dirs"),
                (*first, "not in the list of brokers"),
            ));
        }
    }
}

fn add_configs<'a>(brokers: &mut ById<'a>, parsed: &Parsed<'a>, faults: &mut Vec<Error>) {
    for entry in &parsed.entries {
        let Entity::Broker(id) = entry.entity else { continue };
        let facts = brokers.entry(id).or_default();
        match entry.key {
            "broker.rack" => {
                let rack = (entry.value != "null").then_some(entry.value);
                say_rack(facts, id, rack, entry.spot, faults);
            }
            "log.dirs" if entry.value != "null" => facts.log_dirs = Some(entry.value),
            "cordoned.log.dirs" if !entry.value.is_empty() => facts.cordoned = Some(entry.value),
            _ => {}
        }
        let is_kept = entry.origin != Origin::Other || OF_FILES.contains(&entry.key);
        if is_kept && entry.value != "null" {
            match facts.config.get(entry.key) {
                Some((known, at)) if *known != entry.value => faults.push(contradiction(
                    &format!("`{}` of broker {id}", entry.key),
                    (*at, known),
                    (entry.spot, entry.value),
                )),
                _ => {
                    facts.config.insert(entry.key, (entry.value, entry.spot));
                }
            }
        }
    }
}

/// All that is known of the brokers, before it is judged who is alive.
pub(super) struct BrokerFacts<'p, 'a> {
    parsed: &'p Parsed<'a>,
    by_id: ById<'a>,
    disks: Disks,
}

impl<'p, 'a> BrokerFacts<'p, 'a> {
    pub fn new(parsed: &'p Parsed<'a>, by_id: ById<'a>, disks: Disks) -> Self {
        BrokerFacts { parsed, by_id, disks }
    }

    /// The brokers: those listed, those that answered, and those that only replica lists name.
    pub fn into_brokers(mut self, draft: &Draft, noticed: &mut Noticed) -> Vec<Broker> {
        let has_list = !self.parsed.lists.is_empty() || self.parsed.beside_has_brokers;
        let leading = leading(draft);
        let named: BTreeSet<BrokerId> = draft.partitions.replicas.values().iter().copied().collect();
        // A configuration alone makes no broker: it can be asked of one that never was.
        let listed = self.by_id.iter().filter(|(_, facts)| facts.listed.is_some()).map(|(&id, _)| id);
        let ids: BTreeSet<BrokerId> = listed.chain(self.disks.keys().copied()).chain(named).collect();
        let mut brokers = Vec::with_capacity(ids.len());
        for id in ids {
            let facts = self.by_id.remove(&id).unwrap_or_default();
            let answered = self.disks.remove(&id);
            let alive = if has_list { false } else { answered.is_some() || leading.contains(&id) };
            let state = match facts.listed.map(|listed| listed.0) {
                Some(Listed::Unfenced) => BrokerState::Alive,
                Some(Listed::Fenced) => BrokerState::Fenced,
                Some(Listed::Silent) => {
                    noticed.silent.push(id);
                    BrokerState::Dead
                }
                None if alive => BrokerState::Alive,
                None => {
                    noticed.only_in_replica_lists.push(id);
                    BrokerState::Dead
                }
            };
            brokers.push(self.broker(id, state, &facts, answered, noticed));
        }
        brokers
    }

    fn broker(
        &self,
        id: BrokerId,
        mut state: BrokerState,
        facts: &Facts<'a>,
        answered: Option<Vec<LogDir>>,
        noticed: &mut Noticed,
    ) -> Broker {
        if answered.is_none() && state == BrokerState::Alive && !self.parsed.answers.is_empty() {
            noticed.without_log_dirs.push(id);
        }
        let log_dirs = answered.unwrap_or_else(|| configured_dirs(facts.log_dirs));
        if let (Some(cordoned), BrokerState::Alive) = (facts.cordoned, state) {
            let dirs: BTreeSet<&str> = cordoned.split(',').map(str::trim).collect();
            let covers_all = !log_dirs.is_empty() && log_dirs.iter().all(|dir| dirs.contains(dir.path.as_str()));
            if dirs.contains("*") || covers_all {
                state = BrokerState::Cordoned;
            } else {
                noticed.partly_cordoned.push(format!("{cordoned} of broker {id}"));
            }
        }
        let defaults = self.parsed.entries.iter().filter(|entry| entry.entity == Entity::Brokers);
        let defaults = defaults.filter(|entry| entry.value != "null").map(|entry| (entry.key, entry.value));
        let own = facts.config.iter().map(|(&key, &(value, _))| (key, value));
        Broker {
            host: facts.host.map(|host| host.0.to_owned()),
            rack: facts.rack.and_then(|rack| rack.0).map(ToOwned::to_owned),
            state,
            log_dirs,
            config: defaults.chain(own).map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
            ..Broker::new(id)
        }
    }
}

/// Brokers that lead a partition, or are in the ISR of one that has a leader: these work. With ZooKeeper
/// the last ISR of a partition without a leader stays, so that one proves nothing.
fn leading(draft: &Draft) -> BTreeSet<BrokerId> {
    let partitions = &draft.partitions;
    let mut leading = BTreeSet::new();
    for row in (0..partitions.len()).filter(|&row| partitions.leader[row].is_some()) {
        leading.extend(partitions.leader[row]);
        leading.extend(partitions.isr.get(row).iter().copied());
    }
    leading
}

/// The log dirs that the configuration names, where the broker did not answer about them.
fn configured_dirs(log_dirs: Option<&str>) -> Vec<LogDir> {
    let mut paths: Vec<&str> =
        log_dirs.unwrap_or("").split(',').map(str::trim).filter(|path| !path.is_empty()).collect();
    paths.sort_unstable();
    paths.dedup();
    paths.iter().map(|path| LogDir { path: (*path).to_owned(), capacity: None, used: None, offline: false }).collect()
}
