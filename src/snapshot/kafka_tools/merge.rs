//! All sections of all files as one draft: agreeing words are taken once, differing ones are faults.

use std::collections::BTreeMap;

use super::configs::{Entity, Entry, Origin};
use super::facts::{BrokerFacts, ById};
use super::log_dirs::Answer;
use super::notices::Noticed;
use super::reassign::Moves;
use super::sizes::Disks;
use super::topics::{Described, PartitionLine};
use super::{Kind, Section, Spot, brokers, configs, contradiction, facts, log_dirs, reassign, sizes, topics};
use crate::base::error::{Code, Error, Place, Result};
use crate::base::ids::{BrokerId, PartitionId};
use crate::base::units::Traffic;
use crate::snapshot::{Draft, Item, Mode, Snapshot, Topic};

/// What the sections say, each for itself.
#[derive(Default)]
pub(in crate::snapshot) struct Parsed<'a> {
    described: Vec<Described<'a>>,
    pub(super) answers: Vec<Answer<'a>>,
    /// The lists of brokers, each with its first line.
    pub(super) lists: Vec<(Spot<'a>, Vec<brokers::BrokerLine<'a>>)>,
    pub(super) entries: Vec<Entry<'a>>,
    /// The lists of moves under way, each with its first line.
    moves: Vec<(Spot<'a>, Moves<'a>)>,
    cluster_ids: Vec<(&'a str, Spot<'a>)>,
    modes: Vec<Mode>,
    /// Whether another source beside the tools speaks too.
    pub(super) has_beside: bool,
    /// Whether it names the brokers.
    pub(super) beside_has_brokers: bool,
}

/// Another source that speaks of the same cluster, in the terms of the tools as far as these reach.
pub(in crate::snapshot) trait Beside<'a> {
    /// Whether it names the partitions and their replicas.
    fn describes_topics(&self) -> bool;
    /// Whether it names the brokers and says which of them are alive.
    fn lists_brokers(&self) -> bool;
    /// What would make it name the partitions.
    fn help(&self) -> &'static str;
    /// The file to name for the whole.
    fn source(&self) -> &'a str;
    /// Its partitions; empty where it names none.
    fn described(&self, faults: &mut Vec<Error>) -> Described<'a>;
    /// Its brokers, put beside what the tools say of them.
    fn say_brokers(&self, parsed: &Parsed<'a>, brokers: &mut ById<'a>, disks: &mut Disks, faults: &mut Vec<Error>);
    /// What it alone knows, once brokers and partitions stand.
    fn complete(&self, parsed: &Parsed<'a>, draft: &mut Draft, faults: &mut Vec<Error>);
}

impl<'a> Parsed<'a> {
    /// Whether brokers said where replicas lie.
    pub fn has_answers(&self) -> bool {
        !self.answers.is_empty()
    }

    /// Where the first list of brokers begins.
    pub fn first_list(&self) -> Option<Spot<'a>> {
        self.lists.first().map(|list| list.0)
    }

    /// Whether the moves under way are known.
    pub fn has_moves(&self) -> bool {
        !self.moves.is_empty()
    }

    /// Whether settings were asked for.
    pub fn has_configs(&self) -> bool {
        !self.entries.is_empty()
    }
}

impl<'a> Parsed<'a> {
    fn of(sections: &[Section<'a>]) -> Result<Self> {
        let mut parsed = Parsed::default();
        let mut faults = Vec::new();
        for section in sections {
            let first = Spot::line(section.file, section.first_line);
            match section.kind {
                Kind::Topics => parsed.described.push(topics::parse(section, &mut faults)),
                Kind::LogDirs => parsed.answers.extend(log_dirs::parse(section, &mut faults)),
                Kind::Endpoints => parsed.lists.push((first, brokers::endpoints(section, &mut faults))),
                Kind::ApiVersions => {
                    let (list, mode) = brokers::api_versions(section, &mut faults);
                    parsed.lists.push((first, list));
                    parsed.modes.extend(mode);
                }
                Kind::Configs => parsed.entries.extend(configs::parse(section, &mut faults)),
                Kind::Reassignments => parsed.moves.push((first, reassign::parse(section, &mut faults))),
                Kind::ClusterId => parsed.cluster_ids.extend(brokers::value_of(section, "Cluster ID:")),
                Kind::QuorumStatus => {
                    parsed.cluster_ids.extend(brokers::value_of(section, "ClusterId:"));
                    parsed.modes.push(Mode::Kraft);
                }
                Kind::QuorumReplication => parsed.modes.push(Mode::Kraft),
            }
        }
        if faults.is_empty() { Ok(parsed) } else { Err(Error::all(faults)) }
    }

    /// Who keeps the metadata, where it is certain: brokers in migration show signs of both.
    fn mode(&self) -> Option<Mode> {
        let has_elr = self.described.iter().flat_map(|described| &described.partitions).any(|line| line.has_elr);
        let mut modes = self.modes.iter().copied().chain(has_elr.then_some(Mode::Kraft));
        let first = modes.next()?;
        modes.all(|mode| mode == first).then_some(first)
    }
}

/// A topic as all sections say it.
struct TopicFacts<'a> {
    spot: Spot<'a>,
    has_topic_line: bool,
    config: BTreeMap<String, (String, Spot<'a>)>,
    partitions: BTreeMap<PartitionId, PartitionLine<'a>>,
}

type Topics<'a> = BTreeMap<&'a str, TopicFacts<'a>>;

pub(super) fn merge<'a>(
    sections: &[Section<'a>],
    ignored: &[(String, &'static str)],
    beside: Option<&dyn Beside<'a>>,
) -> Result<Snapshot> {
    let mut parsed = Parsed::of(sections)?;
    let mut faults = Vec::new();
    parsed.has_beside = beside.is_some();
    parsed.beside_has_brokers = beside.is_some_and(Beside::lists_brokers);
    parsed.described.extend(beside.map(|beside| beside.described(&mut faults)));
    let mut topics = Topics::new();
    for described in &parsed.described {
        add_described(&mut topics, described, &mut faults);
    }
    for (first, moves) in &parsed.moves {
        add_moves(&mut topics, *first, moves, &mut faults);
    }
    add_topic_configs(&mut topics, &parsed.entries, &mut faults);
    let cluster_id = one_cluster_id(&parsed.cluster_ids, &mut faults);
    topics.retain(|_, facts| !facts.partitions.is_empty());

    let mut draft = Draft::default();
    draft.cluster_id = cluster_id;
    draft.mode = parsed.mode();
    let spots = fill_partitions(&mut draft, &topics);
    let mut noticed = Noticed { without_topic_line: names_without_topic_line(&topics), ..Noticed::default() };
    let mut disks = sizes::read(&parsed.answers, &mut draft, &mut noticed, &mut faults);
    let mut brokers = facts::gather(&parsed, &mut faults);
    if let Some(beside) = beside {
        beside.say_brokers(&parsed, &mut brokers, &mut disks, &mut faults);
    }
    let states = BrokerFacts::new(&parsed, brokers, disks).into_brokers(&draft, &mut noticed);
    draft.brokers = states;
    if !faults.is_empty() {
        return Err(Error::all(faults));
    }
    draft.notices = noticed.into_notices(&parsed, &draft, ignored);
    if let Some(beside) = beside {
        beside.complete(&parsed, &mut draft, &mut faults);
        if !faults.is_empty() {
            return Err(Error::all(faults));
        }
    }
    let whole = Place::source(beside.map_or_else(|| parsed_source(sections), |beside| beside.source().to_owned()));
    draft.finish(&|item| match item {
        Item::Cluster | Item::Broker(_) => whole.clone(),
        Item::Topic(number) => spots.topics[number].place(),
        Item::Partition(row) => spots.partitions[row].place(),
    })
}

/// What the input is called as a whole: the file that describes the topics.
fn parsed_source(sections: &[Section<'_>]) -> String {
    sections.iter().find(|section| section.kind == Kind::Topics).map_or_else(String::new, |s| s.file.to_owned())
}

fn topic_facts<'t, 'a>(topics: &'t mut Topics<'a>, name: &'a str, spot: Spot<'a>) -> &'t mut TopicFacts<'a> {
    topics.entry(name).or_insert_with(|| TopicFacts {
        spot,
        has_topic_line: false,
        config: BTreeMap::new(),
        partitions: BTreeMap::new(),
    })
}

fn add_described<'a>(topics: &mut Topics<'a>, described: &Described<'a>, faults: &mut Vec<Error>) {
    for line in &described.topics {
        let facts = topic_facts(topics, line.name, line.spot);
        facts.has_topic_line = true;
        for (key, value) in &line.config {
            add_config(facts, line.name, key, value, line.spot, faults);
        }
    }
    for line in &described.partitions {
        let facts = topic_facts(topics, line.topic, line.spot);
        match facts.partitions.get(&line.id) {
            Some(known) if known.spot.file == line.spot.file => faults.push(twice(known, line)),
            Some(known) => compare(known, line, faults),
            None => {
                facts.partitions.insert(line.id, line.clone());
            }
        }
    }
}

fn twice(first: &PartitionLine<'_>, second: &PartitionLine<'_>) -> Error {
    Error::new(Code::DuplicatePartition, format!("partition `{}-{}` stands twice", second.topic, second.id))
        .at(second.spot.place())
        .note(format!("the first time in {}", first.spot.place()))
        .help("was the output of two runs put into one file? Keep one of them, or a file for each")
}

fn list(ids: &[BrokerId]) -> String {
    let texts: Vec<String> = ids.iter().map(ToString::to_string).collect();
    texts.join(",")
}

fn sorted(ids: &[BrokerId]) -> Vec<BrokerId> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids
}

/// Order counts in replica lists; in the ISR and among adding and removing ones it says nothing.
fn compare(known: &PartitionLine<'_>, line: &PartitionLine<'_>, faults: &mut Vec<Error>) {
    let name = format!("{}-{}", line.topic, line.id);
    let leader = |line: &PartitionLine<'_>| line.leader.map_or("none".to_owned(), |id| id.to_string());
    let mut differs = |what: &str, a: &str, b: &str| {
        faults.push(contradiction(&format!("{what} of partition `{name}`"), (known.spot, a), (line.spot, b)));
    };
    if known.replicas != line.replicas {
        differs("the replicas", &list(&known.replicas), &list(&line.replicas));
    } else if known.leader != line.leader {
        differs("the leader", &leader(known), &leader(line));
    } else if sorted(&known.isr) != sorted(&line.isr) {
        differs("the ISR", &list(&known.isr), &list(&line.isr));
    } else if sorted(&known.adding) != sorted(&line.adding) {
        differs("the adding replicas", &list(&known.adding), &list(&line.adding));
    } else if sorted(&known.removing) != sorted(&line.removing) {
        differs("the removing replicas", &list(&known.removing), &list(&line.removing));
    }
}

/// A list of moves is complete: what moves stands in it, and what does not stand in it does not move.
fn add_moves<'a>(topics: &mut Topics<'a>, first: Spot<'a>, moves: &Moves<'a>, faults: &mut Vec<Error>) {
    let mut listed = std::collections::BTreeSet::new();
    for (topic, partition, moving, spot) in moves {
        listed.insert((*topic, *partition));
        let Some(line) = topics.get_mut(topic).and_then(|facts| facts.partitions.get_mut(partition)) else {
            continue;
        };
        let name = format!("{topic}-{partition}");
        if line.replicas != moving.replicas {
            let subject = format!("the replicas of partition `{name}`");
            faults.push(contradiction(&subject, (line.spot, &list(&line.replicas)), (*spot, &list(&moving.replicas))));
            continue;
        }
        // A describe by an old tool does not show moves; this list then does.
        let lists = [("adding", &mut line.adding, &moving.adding), ("removing", &mut line.removing, &moving.removing)];
        for (what, known, said) in lists {
            if known.is_empty() {
                known.clone_from(said);
            } else if sorted(known) != sorted(said) {
                let subject = format!("the {what} replicas of partition `{name}`");
                faults.push(contradiction(&subject, (line.spot, &list(known)), (*spot, &list(said))));
            }
        }
    }
    for (topic, facts) in topics.iter() {
        for (partition, line) in &facts.partitions {
            let moves = !line.adding.is_empty() || !line.removing.is_empty();
            if moves && !listed.contains(&(*topic, *partition)) {
                let subject = format!("whether partition `{topic}-{partition}` is under reassignment");
                faults.push(contradiction(
                    &subject,
                    (line.spot, &format!("adding {}, removing {}", list(&line.adding), list(&line.removing))),
                    (first, "not in the list of reassignments"),
                ));
            }
        }
    }
}

fn add_topic_configs<'a>(topics: &mut Topics<'a>, entries: &[Entry<'a>], faults: &mut Vec<Error>) {
    for entry in entries {
        let Entity::Topic(name) = entry.entity else { continue };
        if entry.origin != Origin::Dynamic || entry.value == "null" {
            continue;
        }
        if let Some(facts) = topics.get_mut(name) {
            add_config(facts, name, entry.key, entry.value, entry.spot, faults);
        }
    }
}

fn add_config<'a>(
    facts: &mut TopicFacts<'a>,
    topic: &str,
    key: &str,
    value: &str,
    spot: Spot<'a>,
    faults: &mut Vec<Error>,
) {
    match facts.config.get(key) {
        Some((known, at)) if known != value => {
            faults.push(contradiction(&format!("`{key}` of topic `{topic}`"), (*at, known), (spot, value)));
        }
        Some(_) => {}
        None => {
            facts.config.insert(key.to_owned(), (value.to_owned(), spot));
        }
    }
}

fn one_cluster_id(ids: &[(&str, Spot<'_>)], faults: &mut Vec<Error>) -> Option<String> {
    let &(first, spot) = ids.first()?;
    for &(other, at) in ids.iter().filter(|other| other.0 != first) {
        faults.push(contradiction("the id of the cluster", (spot, first), (at, other)));
    }
    Some(first.to_owned())
}

fn names_without_topic_line(topics: &Topics<'_>) -> Vec<String> {
    topics.iter().filter(|(_, facts)| !facts.has_topic_line).map(|(name, _)| (*name).to_owned()).collect()
}

/// The places of the draft's topics and rows.
struct Spots<'a> {
    topics: Vec<Spot<'a>>,
    partitions: Vec<Spot<'a>>,
}

fn fill_partitions<'a>(draft: &mut Draft, topics: &Topics<'a>) -> Spots<'a> {
    let mut spots = Spots { topics: Vec::new(), partitions: Vec::new() };
    for (number, (name, facts)) in topics.iter().enumerate() {
        let partitions = &mut draft.partitions;
        let start = partitions.len();
        for (&id, line) in &facts.partitions {
            let row = partitions.len();
            partitions.topic.push(number as u32);
            partitions.id.push(id);
            partitions.replicas.push(line.replicas.iter().copied());
            partitions.leader.push(line.leader);
            partitions.isr.push(line.isr.iter().copied());
            partitions.size.push(None);
            partitions.bytes_in.push(Traffic::ZERO);
            partitions.bytes_out.push(Traffic::ZERO);
            if !line.adding.is_empty() {
                partitions.adding.insert(row, line.adding.clone());
            }
            if !line.removing.is_empty() {
                partitions.removing.insert(row, line.removing.clone());
            }
            spots.partitions.push(line.spot);
        }
        let config = facts.config.iter().map(|(key, (value, _))| (key.clone(), value.clone())).collect();
        draft.topics.push(Topic { name: (*name).to_owned(), config, rows: start..partitions.len() });
        spots.topics.push(facts.spot);
    }
    spots
}
