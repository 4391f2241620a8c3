//! Which name points where: the state of all names after each step.

use std::collections::{BTreeMap, BTreeSet};

use super::facade::{Facade, Host, Retired};
use crate::base::error::{Code, Error, Place, Result};
use crate::base::ids::{BrokerId, IdSet};
use crate::base::text::brokers;
use crate::emit::out_dir::wave_name;
use crate::plan::{Plan, PlanBroker, Role};

/// Type of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RecordType {
    A,
    Aaaa,
    Cname,
}

impl RecordType {
    pub const fn as_str(self) -> &'static str {
        match self {
            RecordType::A => "A",
            RecordType::Aaaa => "AAAA",
            RecordType::Cname => "CNAME",
        }
    }
}

/// What tells records apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub name: String,
    pub kind: RecordType,
    /// Of several records of one name, each with one value, the broker that this one is for.
    pub broker: Option<BrokerId>,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub ttl: u32,
    pub values: Vec<String>,
}

/// All records at one time.
pub(super) type State = BTreeMap<Key, Record>;

/// Why names change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    Facade,
    LowerTtl,
    NewBrokers,
    AfterWave(u32),
    Retire,
    RaiseTtl,
}

/// A step and all names after it.
pub(super) struct Step {
    /// Name of its files, without an ending: `04-after-wave-003`.
    pub name: String,
    pub cause: Cause,
    /// Brokers in the bootstrap name after it.
    pub bootstrap: IdSet,
    pub state: State,
}

/// All steps, and what people must know of them.
pub(super) struct Story<'a> {
    pub plan: &'a Plan,
    pub facade: &'a Facade,
    pub steps: Vec<Step>,
    /// Drained brokers that hold nothing at the end: their names retire.
    pub retired: IdSet,
    /// Drained brokers that still hold something after the last wave.
    pub held: IdSet,
    /// Brokers without a record of their own, since nobody knows where they are and they do not serve.
    pub unknown: IdSet,
    /// Whether the bootstrap name is several CNAME records, of which an answer has one.
    pub is_weighted: bool,
}

/// The steps of a plan.
///
/// # Errors
/// Brokers that serve and whose host is not known; hosts that are names of the facade itself; addresses and names mixed
/// under the bootstrap name; `retired: pair` without pairs.
pub(super) fn story<'a>(plan: &'a Plan, facade: &'a Facade) -> Result<Story<'a>> {
    let hosts = hosts(plan, facade)?;
    let is_weighted = refuse_mixed_hosts(plan, facade, &hosts)?;
    let is_new = |broker: &PlanBroker| broker.role == Role::Target && broker.replicas_before == 0;
    let retiring = |broker: &&PlanBroker| broker.role == Role::Drain && broker.replicas_after == 0;
    let mut story = Story {
        plan,
        facade,
        steps: Vec::new(),
        retired: set(plan.brokers.iter().filter(retiring).map(|broker| broker.id)),
        held: set(plan
            .brokers
            .iter()
            .filter(|broker| broker.role == Role::Drain && broker.replicas_after > 0)
            .map(|b| b.id)),
        unknown: set(plan.brokers.iter().map(|broker| broker.id).filter(|id| !hosts.contains_key(id))),
        is_weighted,
    };
    refuse_missing_pairs(&story)?;
    let mut names =
        Names { facade, hosts, retired: BTreeSet::new(), is_weighted, bootstrap: Vec::new(), ttl: TtlNow::Before };
    let serving: Vec<&PlanBroker> = plan.brokers.iter().filter(|broker| broker.state.serves()).collect();
    let old: Vec<&PlanBroker> = serving.iter().copied().filter(|broker| !is_new(broker)).collect();
    names.choose(if old.is_empty() { &serving } else { &old });
    story.push(&names, Cause::Facade);
    names.ttl = TtlNow::During(story.retired.clone());
    story.push(&names, Cause::LowerTtl);
    // Those that are drained and hold nothing to begin with leave at once.
    let is_empty = |broker: &&&PlanBroker| broker.role == Role::Drain && broker.replicas_before == 0;
    let mut left: BTreeSet<BrokerId> = serving.iter().filter(is_empty).map(|broker| broker.id).collect();
    let rest = |left: &BTreeSet<BrokerId>| -> Vec<&PlanBroker> {
        serving.iter().copied().filter(|broker| !left.contains(&broker.id)).collect()
    };
    names.choose(&rest(&left));
    story.push(&names, Cause::NewBrokers);
    for (wave, empty) in emptied(plan) {
        left.extend(empty.into_iter().filter(|&id| story.retired.contains(id)));
        names.choose(&rest(&left));
        story.push(&names, Cause::AfterWave(wave));
    }
    refuse_empty(&names)?;
    names.retired = story.retired.iter().collect();
    story.push(&names, Cause::Retire);
    names.ttl = TtlNow::After;
    story.push(&names, Cause::RaiseTtl);
    let width = story.steps.len().to_string().len().max(2);
    for (number, step) in story.steps.iter_mut().enumerate() {
        step.name = format!("{:0width$}-{}", number + 1, step.name);
    }
    Ok(story)
}

fn set(ids: impl IntoIterator<Item = BrokerId>) -> IdSet {
    IdSet::from_ids(ids).expect("a broker stands once in a plan")
}

impl Story<'_> {
    /// Adds a step, unless it would change nothing.
    fn push(&mut self, names: &Names<'_>, cause: Cause) {
        let state = names.state(self.plan);
        if self.steps.last().is_some_and(|last| last.state == state) {
            return;
        }
        let name = match cause {
            Cause::Facade => "facade".to_owned(),
            Cause::LowerTtl => "lower-ttl".to_owned(),
            Cause::NewBrokers => "new-brokers".to_owned(),
            Cause::AfterWave(wave) => format!("after-wave-{}", wave_name(self.plan, wave)),
            Cause::Retire => "retire".to_owned(),
            Cause::RaiseTtl => "raise-ttl".to_owned(),
        };
        self.steps.push(Step { name, cause, bootstrap: set(names.bootstrap.iter().copied()), state });
    }
}

/// After which waves brokers hold nothing anymore for good, and which.
fn emptied(plan: &Plan) -> BTreeMap<u32, Vec<BrokerId>> {
    let mut held: BTreeMap<BrokerId, i64> =
        plan.brokers.iter().map(|broker| (broker.id, i64::from(broker.replicas_before))).collect();
    let mut since: BTreeMap<BrokerId, u32> = BTreeMap::new();
    for wave in &plan.waves {
        let mut left = BTreeSet::new();
        for step in plan.moves_of(wave) {
            for id in step.adding() {
                *held.entry(id).or_default() += 1;
                since.remove(&id);
            }
            for id in step.removing() {
                *held.entry(id).or_default() -= 1;
                left.insert(id);
            }
        }
        since.extend(left.into_iter().filter(|id| held[id] <= 0).map(|id| (id, wave.index)));
    }
    let mut by_wave: BTreeMap<u32, Vec<BrokerId>> = BTreeMap::new();
    for (id, wave) in since {
        by_wave.entry(wave).or_default().push(id);
    }
    by_wave
}

/// Which TTL holds.
enum TtlNow {
    Before,
    /// For the bootstrap name and for the names of these brokers.
    During(IdSet),
    After,
}

/// The names while the steps go by.
struct Names<'a> {
    facade: &'a Facade,
    hosts: BTreeMap<BrokerId, Host>,
    /// Brokers that are gone.
    retired: BTreeSet<BrokerId>,
    is_weighted: bool,
    bootstrap: Vec<BrokerId>,
    ttl: TtlNow,
}

impl Names<'_> {
    /// Fills the bootstrap name from these brokers: those in it stay, then evenly from all racks.
    fn choose(&mut self, from: &[&PlanBroker]) {
        let open: BTreeSet<BrokerId> = from.iter().map(|broker| broker.id).collect();
        self.bootstrap.retain(|id| open.contains(id));
        let mut by_rack: BTreeMap<Option<&str>, Vec<BrokerId>> = BTreeMap::new();
        for broker in from.iter().filter(|broker| !self.bootstrap.contains(&broker.id)) {
            by_rack.entry(broker.rack.as_deref()).or_default().push(broker.id);
        }
        let longest = by_rack.values().map(Vec::len).max().unwrap_or(0);
        let in_turn = (0..longest).flat_map(|at| by_rack.values().filter_map(move |ids| ids.get(at)).copied());
        let room = self.facade.bootstrap_brokers.saturating_sub(self.bootstrap.len());
        self.bootstrap.extend(in_turn.take(room));
        self.bootstrap.sort_unstable();
    }

    fn ttl_of(&self, broker: Option<BrokerId>) -> u32 {
        let ttl = self.facade.ttl;
        match &self.ttl {
            TtlNow::During(of) if broker.is_none_or(|id| of.contains(id)) => ttl.during,
            TtlNow::Before | TtlNow::During(_) => ttl.before,
            TtlNow::After => ttl.after,
        }
    }

    fn state(&self, plan: &Plan) -> State {
        let mut state = State::new();
        for (&id, host) in &self.hosts {
            let gone = self.retired.contains(&id);
            let (kind, value) = match (gone, self.facade.retired) {
                (false, _) => record(host),
                (true, Retired::Bootstrap) => (RecordType::Cname, self.facade.bootstrap.clone()),
                (true, Retired::Pair) => {
                    let heir = heir(plan, id).expect("pairs were looked for");
                    (RecordType::Cname, self.facade.name_of(heir))
                }
                (true, Retired::Delete) => continue,
            };
            let key = Key { name: self.facade.name_of(id), kind, broker: None };
            state.insert(key, Record { ttl: self.ttl_of(Some(id)), values: vec![value] });
        }
        for &id in &self.bootstrap {
            let (kind, value) = record(&self.hosts[&id]);
            let broker = self.is_weighted.then_some(id);
            let key = Key { name: self.facade.bootstrap.clone(), kind, broker };
            let ttl = self.ttl_of(None);
            let entry = state.entry(key).or_insert_with(|| Record { ttl, values: Vec::new() });
            // Two brokers behind one address, told apart by their ports.
            if !entry.values.contains(&value) {
                entry.values.push(value);
            }
        }
        state
    }
}

fn record(host: &Host) -> (RecordType, String) {
    match host {
        Host::V4(address) => (RecordType::A, address.to_string()),
        Host::V6(address) => (RecordType::Aaaa, address.to_string()),
        Host::Name(name) => (RecordType::Cname, name.clone()),
    }
}

/// Who took the place of a drained broker.
fn heir(plan: &Plan, id: BrokerId) -> Option<BrokerId> {
    let pairs = plan.request.pair.as_ref()?.named()?;
    pairs.iter().find(|(old, _)| *old == id).map(|(_, new)| new)
}

/// Where every broker is: the file's word first, then what the snapshot found.
fn hosts(plan: &Plan, facade: &Facade) -> Result<BTreeMap<BrokerId, Host>> {
    let mut hosts = BTreeMap::new();
    let (mut missing, mut circular, mut strange) = (Vec::new(), Vec::new(), Vec::new());
    for broker in &plan.brokers {
        let found = match (facade.hosts.get(&broker.id), &broker.host) {
            (Some(host), _) => Some(Ok(host.clone())),
            (None, Some(text)) => Some(Host::parse(text)),
            (None, None) => None,
        };
        match found {
            Some(Ok(Host::Name(name))) if name == facade.bootstrap || name == facade.name_of(broker.id) => {
                circular.push(broker.id);
            }
            Some(Ok(host)) => {
                hosts.insert(broker.id, host);
            }
            Some(Err(_)) if broker.state.serves() => strange.push(broker.id),
            None if broker.state.serves() => missing.push(broker.id),
            _ => {}
        }
    }
    let at = || Place::path(&facade.source, "hosts");
    let example = |ids: &IdSet| {
        format!("name them in the facade file, such as `\"hosts\": {{\"{ids}\": \"kafka-{{id}}.internal\"}}`")
    };
    let checks = [
        (
            circular,
            Code::Contradiction,
            "known only by their names in the facade itself, which cannot point to themselves",
        ),
        (missing, Code::MissingField, "without a known host: neither the facade file nor the plan has one"),
        (strange, Code::InvalidField, "with a host that is neither an IP address nor a DNS name"),
    ];
    for (ids, code, what) in checks {
        if !ids.is_empty() {
            let ids = set(ids);
            let message = format!("{} {what}", brokers(&ids));
            return Err(Error::new(code, message).at(at()).help(example(&ids)));
        }
    }
    Ok(hosts)
}

/// Whether the bootstrap name has to be CNAME records: all its brokers have names.
fn refuse_mixed_hosts(plan: &Plan, facade: &Facade, hosts: &BTreeMap<BrokerId, Host>) -> Result<bool> {
    let serving = plan.brokers.iter().filter(|broker| broker.state.serves());
    let (named, addressed): (Vec<BrokerId>, Vec<BrokerId>) =
        serving.map(|broker| broker.id).partition(|id| matches!(hosts.get(id), Some(Host::Name(_))));
    if !named.is_empty() && !addressed.is_empty() {
        let message = format!(
            "the bootstrap name `{}` cannot have addresses and names at once: {} {} names as hosts, {} addresses",
            facade.bootstrap,
            brokers(&set(named.iter().copied())),
            if named.len() == 1 { "has" } else { "have" },
            brokers(&set(addressed)),
        );
        return Err(Error::new(Code::Contradiction, message).at(Place::path(&facade.source, "hosts")).help(
            "give all of them names in `hosts` (those of instances are as good as their addresses), or all addresses",
        ));
    }
    let is_weighted = !named.is_empty();
    if is_weighted && facade.bootstrap == facade.zone {
        let message = format!("`{}` is the zone itself, which cannot be a CNAME", facade.bootstrap);
        return Err(Error::new(Code::InvalidField, message)
            .at(Place::path(&facade.source, "bootstrap"))
            .help("take a name below the zone, or give the brokers addresses as hosts"));
    }
    Ok(is_weighted)
}

/// The bootstrap name only ever loses brokers after its new ones have come: if it is not empty at the end, it never was.
fn refuse_empty(names: &Names<'_>) -> Result<()> {
    if !names.bootstrap.is_empty() {
        return Ok(());
    }
    let facade = names.facade;
    let message = format!("no broker that serves is left for the bootstrap name `{}`", facade.bootstrap);
    Err(Error::new(Code::InvalidValue, message)
        .at(Place::source(&facade.source))
        .help("a plan moves data onto brokers that serve: was the cluster read while they were down?"))
}

fn refuse_missing_pairs(story: &Story<'_>) -> Result<()> {
    if story.facade.retired != Retired::Pair {
        return Ok(());
    }
    match story.retired.iter().find(|&id| heir(story.plan, id).is_none()) {
        None => Ok(()),
        Some(id) => {
            let message = format!("`retired` is `pair`, and the plan pairs broker {id} with nobody");
            Err(Error::new(Code::Contradiction, message).at(Place::path(&story.facade.source, "retired")).help(
                "`\"retired\": \"bootstrap\"` lets the names of brokers that are gone point to the bootstrap name",
            ))
        }
    }
}
