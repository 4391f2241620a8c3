//! All documents of one cluster put together: what they say of brokers and partitions, and whether they agree.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::capacity::{Capacities, Capacity, Disk};
use super::notices::{self, Noticed};
use super::{Kind, STATE_HELP, broker_sets, capacity, load, number, parsed, partition_load, state};
use crate::base::error::{Code, Error, Place, Result};
use crate::base::ids::{BrokerId, PartitionId};
use crate::base::units::Bytes;
use crate::snapshot::kafka_tools::facts::ById;
use crate::snapshot::kafka_tools::merge::{Beside, Parsed};
use crate::snapshot::kafka_tools::sizes::Disks;
use crate::snapshot::kafka_tools::topics::Described;
use crate::snapshot::kafka_tools::{Spot, contradiction};
use crate::snapshot::{Broker, BrokerState, Draft, LogDir, UNKNOWN_DIR};

/// A document and the file that it stands in.
pub(super) type In<'a, T> = (&'a str, T);

/// Every document that was read, each kind once; `/partition_load` may come in parts.
#[derive(Default)]
pub(super) struct Documents<'a> {
    pub state: Option<In<'a, state::Document<'a>>>,
    pub load: Option<In<'a, load::Document<'a>>>,
    pub records: Vec<In<'a, partition_load::Document<'a>>>,
    capacity: Option<In<'a, capacity::Document>>,
    sets: Option<In<'a, broker_sets::Document>>,
    first: &'a str,
}

impl<'a> Documents<'a> {
    /// Reads what was found.
    pub fn read(known: &'a [(Kind, &'a str, Cow<'a, str>)]) -> Result<Self> {
        let (mut documents, mut faults) = (Documents::default(), Vec::new());
        documents.first = known.first().map_or("", |document| document.1);
        for (kind, file, text) in known {
            let (text, file) = (text.as_ref(), *file);
            let read = match kind {
                Kind::State => {
                    parsed(text, file).and_then(|read| once(&mut documents.state, (file, read), "/kafka_cluster_state"))
                }
                Kind::Load => parsed(text, file).and_then(|read| once(&mut documents.load, (file, read), "/load")),
                Kind::PartitionLoad => parsed(text, file).map(|read| documents.records.push((file, read))),
                Kind::Capacity => {
                    parsed(text, file).and_then(|read| once(&mut documents.capacity, (file, read), "capacities"))
                }
                Kind::BrokerSets => {
                    parsed(text, file).and_then(|read| once(&mut documents.sets, (file, read), "broker sets"))
                }
                Kind::Proposals | Kind::Progress | Kind::Failure => Ok(()),
            };
            faults.extend(read.err());
        }
        if faults.is_empty() { Ok(documents) } else { Err(Error::all(faults)) }
    }
}

/// Takes a document of which there is one for a cluster.
fn once<'a, T>(place: &mut Option<In<'a, T>>, found: In<'a, T>, what: &str) -> Result<()> {
    if let Some((first, _)) = place {
        let message = format!("`{first}` and `{}` both hold {what} of Cruise Control; expected one of them", found.0);
        return Err(Error::new(Code::Contradiction, message)
            .at(Place::source(found.0))
            .help("are they of two clusters, or of two moments? Keep the newer one of the right cluster"));
    }
    *place = Some(found);
    Ok(())
}

/// The documents as a source beside Kafka's tools.
pub(super) struct Said<'a>(pub &'a Documents<'a>);

impl<'a> Beside<'a> for Said<'a> {
    fn describes_topics(&self) -> bool {
        self.0.state.is_some()
    }

    fn lists_brokers(&self) -> bool {
        self.0.state.is_some() || self.0.load.is_some()
    }

    fn help(&self) -> &'static str {
        STATE_HELP
    }

    fn source(&self) -> &'a str {
        self.0.state.as_ref().map_or(self.0.first, |state| state.0)
    }

    fn described(&self, faults: &mut Vec<Error>) -> Described<'a> {
        self.0.state.as_ref().map_or_else(Described::default, |(file, state)| state.described(file, faults))
    }

    fn say_brokers(&self, parsed: &Parsed<'a>, brokers: &mut ById<'a>, disks: &mut Disks, faults: &mut Vec<Error>) {
        let state = self.0.state.as_ref().map(|(file, state)| (*file, state.brokers(file, faults)));
        if let Some((file, state)) = &state {
            let spot = Spot::key(file, "KafkaBrokerState");
            for (&id, _) in state.iter().filter(|(_, dirs)| !dirs.is_dead) {
                say_alive(id, spot, parsed, brokers, faults);
            }
            self.compare_dirs(spot, state, disks, faults);
        }
        if let Some((file, load)) = &self.0.load {
            let mut seen = BTreeSet::new();
            for (index, broker) in load.brokers.iter().enumerate() {
                let (id, spot) = (BrokerId::new(broker.id.0), Spot::element(file, "brokers", index));
                if !seen.insert(id) {
                    faults.push(Error::new(Code::Duplicate, format!("broker {id} stands twice")).at(spot.place()));
                }
                if broker.is_dead() {
                    continue;
                }
                say_alive(id, spot, parsed, brokers, faults);
                if let Some(host) = &broker.host {
                    let facts = brokers.entry(id).or_default();
                    facts.say_where(id, (host.as_ref(), broker.own_rack()), spot, faults);
                }
            }
            if let Some((state_file, state)) = &state {
                compare_brokers((state_file, state), (file, load), faults);
            }
        }
        self.add_dirs(state.as_ref().map(|(_, state)| state), disks, faults);
    }

    fn complete(&self, parsed: &Parsed<'a>, draft: &mut Draft, faults: &mut Vec<Error>) {
        let mut noticed = Noticed::default();
        let capacities = self.0.capacity.as_ref().map(|(file, document)| (*file, document.capacities(file, faults)));
        if let Some((file, load)) = &self.0.load {
            compare_counts(draft, (file, load), faults);
        }
        self.fill_partitions(draft, &mut noticed, faults);
        self.fill_brokers(draft, capacities.as_ref(), &mut noticed, faults);
        self.compare_sets(draft, &mut noticed, faults);
        fill_only_dirs(draft);
        let partial = Noticed { has_moves: parsed.has_moves(), has_configs: parsed.has_configs(), ..noticed };
        let mut found = notices::of(self.0, draft, &partial, parsed.has_answers());
        found.append(&mut draft.notices);
        draft.notices = found;
    }
}

impl<'a> Said<'a> {
    /// The log dirs of the state against those that brokers answered to Kafka's tool.
    fn compare_dirs(
        &self,
        spot: Spot<'a>,
        state: &BTreeMap<BrokerId, state::Dirs>,
        disks: &Disks,
        faults: &mut Vec<Error>,
    ) {
        for (id, answered) in disks {
            let Some(dirs) = state.get(id) else {
                let message =
                    format!("broker {id} answered about its log dirs, but `{}` does not have it", self.source());
                faults.push(Error::new(Code::Contradiction, message).at(spot.place()).help(MOMENTS));
                continue;
            };
            let known: BTreeSet<&str> = dirs.paths.keys().map(String::as_str).collect();
            let other: BTreeSet<&str> = answered.iter().map(|dir| dir.path.as_str()).collect();
            if !dirs.timed_out && !known.is_empty() && known != other {
                faults.push(differing_dirs(*id, &known, &other, spot.place()));
            }
        }
    }

    /// Log dirs of the brokers that answered no tool of Kafka's.
    fn add_dirs(&self, state: Option<&BTreeMap<BrokerId, state::Dirs>>, disks: &mut Disks, faults: &mut Vec<Error>) {
        let dir = |path: &str, offline| LogDir { path: path.to_owned(), capacity: None, used: None, offline };
        for (&id, dirs) in state.into_iter().flatten() {
            if !dirs.paths.is_empty() {
                disks
                    .entry(id)
                    .or_insert_with(|| dirs.paths.iter().map(|(path, &offline)| dir(path, offline)).collect());
            }
        }
        let Some((file, load)) = &self.0.load else { return };
        for (index, broker) in load.brokers.iter().enumerate().filter(|(_, broker)| !broker.disks.0.is_empty()) {
            let id = BrokerId::new(broker.id.0);
            let mut paths: Vec<&str> = broker.disks.0.iter().map(|(path, _)| path.as_str()).collect();
            paths.sort_unstable();
            match disks.get(&id) {
                Some(known) => {
                    let known: BTreeSet<&str> = known.iter().map(|dir| dir.path.as_str()).collect();
                    let other: BTreeSet<&str> = paths.iter().copied().collect();
                    if known != other {
                        let place = Place::path(*file, format!("brokers[{index}].DiskState"));
                        faults.push(differing_dirs(id, &known, &other, place));
                    }
                }
                None => {
                    disks.insert(id, paths.into_iter().map(|path| dir(path, false)).collect());
                }
            }
        }
    }

    /// Sizes and rates, from the records of partitions.
    fn fill_partitions(&self, draft: &mut Draft, noticed: &mut Noticed, faults: &mut Vec<Error>) {
        let mut filled: BTreeMap<usize, (Option<f64>, Spot<'_>)> = BTreeMap::new();
        for (file, document) in &self.0.records {
            for (index, record) in document.records.iter().enumerate() {
                let spot = Spot::element(file, "records", index);
                let Some(row) = row_of(draft, record, spot, faults) else { continue };
                let size = record.disk.and_then(|disk| disk.0);
                let name =
                    || record.name().map_or_else(String::new, |(topic, partition)| format!("{topic}-{partition}"));
                if let Some((known, at)) = filled.insert(row, (size, spot)) {
                    if known != size {
                        let text = |size: Option<f64>| size.map_or("none".to_owned(), |size| size.to_string());
                        let subject = format!("`disk` of partition `{}`", name());
                        faults.push(contradiction(&subject, (at, &text(known)), (spot, &text(size))));
                    }
                    continue;
                }
                noticed.no_numbers += usize::from(record.disk.is_some() && size.is_none());
                let at = |key: &'static str| {
                    move || {
                        let mut place = spot.place();
                        place.path = place.path.map(|path| format!("{path}.{key}"));
                        place
                    }
                };
                let partitions = &mut draft.partitions;
                if let Some(mib) = size {
                    match number::bytes(mib, &format!("`disk` of partition `{}`", name()), &at("disk")) {
                        Ok(bytes) => drop(partitions.size[row].get_or_insert(bytes)),
                        Err(fault) => faults.push(fault),
                    }
                }
                if let Some(kib) = record.inbound.and_then(|number| number.0) {
                    match number::rate(
                        kib,
                        &format!("`networkInbound` of partition `{}`", name()),
                        &at("networkInbound"),
                    ) {
                        Ok(rate) => partitions.bytes_in[row] = rate,
                        Err(fault) => faults.push(fault),
                    }
                }
                if let Some(kib) = record.consumed() {
                    match number::rate(
                        kib,
                        &format!("`networkOutbound` of partition `{}`", name()),
                        &at("networkOutbound"),
                    ) {
                        Ok(rate) => partitions.bytes_out[row] = rate,
                        Err(fault) => faults.push(fault),
                    }
                }
            }
        }
    }

    /// Capacities and space in use.
    fn fill_brokers(
        &self,
        draft: &mut Draft,
        capacities: Option<&(&str, Capacities)>,
        noticed: &mut Noticed,
        faults: &mut Vec<Error>,
    ) {
        let known: BTreeMap<i32, usize> =
            draft.brokers.iter().enumerate().map(|(number, broker)| (broker.id.get(), number)).collect();
        if let Some((file, load)) = &self.0.load {
            noticed.capacity_only = load::is_capacity_only(load) && draft.partitions.replicas.total() > 0;
            for (index, said) in load.brokers.iter().enumerate() {
                let Some(&number) = known.get(&said.id.0) else { continue };
                let spot = Spot::element(file, "brokers", index);
                noticed.racks_are_hosts += usize::from(!said.is_dead() && said.rack_is_host());
                loaded(&mut draft.brokers[number], said, spot, noticed, faults);
            }
        }
        let Some((file, capacities)) = capacities else { return };
        for (id, capacity) in &capacities.by_broker {
            if !known.contains_key(&id.get()) {
                let place = Place::path(*file, format!("brokerCapacities[{}].brokerId", capacity.entry));
                noticed.strange_capacities.push((*id, place.to_string()));
            }
        }
        for broker in &mut draft.brokers {
            let own = capacities.by_broker.get(&broker.id);
            let Some(capacity) = own.or(capacities.default.as_ref()) else { continue };
            if own.is_none() && broker.state.serves() {
                noticed.default_capacity.push(broker.id);
            }
            let place = Place::path(*file, format!("brokerCapacities[{}].capacity.DISK", capacity.entry));
            configured(broker, capacity, own.is_some(), &place, noticed, faults);
        }
    }

    /// Broker sets of the file and of the state, which a snapshot does not keep.
    fn compare_sets(&self, draft: &Draft, noticed: &mut Noticed, faults: &mut Vec<Error>) {
        if let Some((file, document)) = &self.0.sets {
            for (id, name) in document.by_broker(file, faults) {
                if draft.brokers.binary_search_by_key(&id, |broker| broker.id).is_err() {
                    let message = format!("broker set `{name}` names broker {id}, which the cluster does not have");
                    faults.push(
                        Error::new(Code::UnknownBroker, message).at(Place::path(*file, "brokerSets")).help(
                            "is the file of another cluster? Take the broker out of its set, or leave the file out",
                        ),
                    );
                }
                noticed.sets.insert(id, name.to_owned());
            }
        }
        let Some((file, state)) = &self.0.state else { return };
        let spot = Spot::key(file, "KafkaBrokerState.BrokerSetByBrokerId");
        for (id, name) in &state.brokers.sets.0 {
            let Some(id) = state::broker(id) else {
                faults.push(state::no_broker(id, spot));
                continue;
            };
            match noticed.sets.get(&id) {
                Some(known) if known != name => {
                    let file = self.0.sets.as_ref().map_or(*file, |sets| sets.0);
                    let subject = format!("the broker set of broker {id}");
                    faults.push(contradiction(&subject, (Spot::key(file, "brokerSets"), known), (spot, name)));
                }
                _ => drop(noticed.sets.insert(id, name.clone())),
            }
        }
    }
}

const MOMENTS: &str = "are the files of different clusters, or of different moments? Ask for all of them again, one after the other, or remove the older one";

fn differing_dirs(id: BrokerId, known: &BTreeSet<&str>, other: &BTreeSet<&str>, place: Place) -> Error {
    let text = |paths: &BTreeSet<&str>| paths.iter().copied().collect::<Vec<_>>().join("`, `");
    let message = format!(
        "the log dirs of broker {id} are `{}` in one place and `{}` in another; expected the same",
        text(known),
        text(other)
    );
    Error::new(Code::Contradiction, message).at(place).help(MOMENTS)
}

/// Where the tools list brokers, one that is alive stands there too.
fn say_alive<'a>(id: BrokerId, spot: Spot<'a>, parsed: &Parsed<'a>, brokers: &mut ById<'a>, faults: &mut Vec<Error>) {
    let facts = brokers.entry(id).or_default();
    if let (Some(first), false) = (parsed.first_list(), facts.is_listed()) {
        let (here, there) = ("alive", "not in the list of brokers");
        faults.push(contradiction(&format!("whether broker {id} is there"), (spot, here), (first, there)));
    }
    facts.say_alive(id, spot, faults);
}

/// The brokers of the state against those of the load.
fn compare_brokers(
    (state_file, state): (&str, &BTreeMap<BrokerId, state::Dirs>),
    (load_file, load): (&str, &load::Document<'_>),
    faults: &mut Vec<Error>,
) {
    let loaded: BTreeMap<BrokerId, (usize, bool)> = load
        .brokers
        .iter()
        .enumerate()
        .map(|(at, broker)| (BrokerId::new(broker.id.0), (at, broker.is_dead())))
        .collect();
    let whole = Spot::key(state_file, "KafkaBrokerState.ReplicaCountByBrokerId");
    for (&id, &(at, is_dead)) in &loaded {
        let spot = Spot::element(load_file, "brokers", at);
        let said = if is_dead { "DEAD" } else { "alive" };
        match state.get(&id) {
            None if !is_dead => {
                faults.push(contradiction(
                    &format!("whether broker {id} is there"),
                    (whole, "not among the brokers"),
                    (spot, said),
                ));
            }
            Some(dirs) if dirs.is_dead != is_dead => {
                let known = if dirs.is_dead { "dead" } else { "alive" };
                faults.push(contradiction(&format!("the state of broker {id}"), (whole, known), (spot, said)));
            }
            _ => {}
        }
    }
    for (&id, _) in state.iter().filter(|(id, dirs)| !dirs.is_dead && !loaded.contains_key(id)) {
        let list = Spot::key(load_file, "brokers");
        faults.push(contradiction(
            &format!("whether broker {id} is there"),
            (whole, "alive"),
            (list, "not among the brokers"),
        ));
    }
}

/// The replicas that the load counts against those of the lists.
fn compare_counts(draft: &Draft, (file, load): (&str, &load::Document<'_>), faults: &mut Vec<Error>) {
    if load::is_capacity_only(load) {
        return;
    }
    let partitions = &draft.partitions;
    let mut counts: BTreeMap<i32, u64> = BTreeMap::new();
    for row in (0..partitions.len()).filter(|&row| partitions.leader[row].is_some()) {
        for id in partitions.replicas.get(row) {
            *counts.entry(id.get()).or_default() += 1;
        }
    }
    for (index, broker) in load.brokers.iter().enumerate() {
        let Some(said) = broker.replicas.and_then(|number| number.0) else { continue };
        let listed = counts.get(&broker.id.0).copied().unwrap_or(0);
        if (said - listed as f64).abs() < 0.5 {
            continue;
        }
        let id = broker.id.0;
        let message = format!(
            "`/load` counts {said} replicas on broker {id}, the list of partitions has {listed}; expected the same"
        );
        let fault = Error::new(Code::Contradiction, message)
            .at(Place::path(file, format!("brokers[{index}].Replicas")))
            .help(MOMENTS);
        faults.push(if said < listed as f64 {
            fault.help("does Cruise Control watch every partition (`monitoredCoveragePct` of `/state?substates=monitor`)? Until it does, leave `/load` out, or take it with `capacity_only=true`, and add output of `kafka-log-dirs.sh --describe`")
        } else {
            fault
        });
    }
}

/// The row of a record; a partition that is not there, or with other replicas, is of another cluster or moment.
fn row_of(
    draft: &Draft,
    record: &partition_load::Record<'_>,
    spot: Spot<'_>,
    faults: &mut Vec<Error>,
) -> Option<usize> {
    let Some((topic, partition)) = record.name() else {
        let message = "the record names no partition; expected `topic` and `partition`, or `topicPartition`";
        faults.push(
            Error::new(Code::MissingField, message)
                .at(spot.place())
                .help("ask Cruise Control again: docs/cruise-control.md shows the requests"),
        );
        return None;
    };
    let number = draft.topics.binary_search_by(|probe| probe.name.as_str().cmp(topic)).ok();
    let rows = number.map(|number| draft.topics[number].rows.clone()).unwrap_or_default();
    let found = draft.partitions.id[rows.clone()].binary_search(&PartitionId::new(partition));
    let Ok(at) = found else {
        let message = format!(
            "`/partition_load` has partition `{topic}-{partition}`, which the list of partitions does not have"
        );
        faults.push(Error::new(Code::Contradiction, message).at(spot.place()).help(MOMENTS));
        return None;
    };
    let row = rows.start + at;
    let (Some(leader), Some(followers)) = (record.leader, &record.followers) else { return Some(row) };
    let mut said: Vec<i32> = followers.iter().map(|id| id.0).chain([leader.0]).collect();
    let mut listed: Vec<i32> = draft.partitions.replicas.get(row).iter().map(|id| id.get()).collect();
    said.sort_unstable();
    listed.sort_unstable();
    if said != listed {
        let text = |ids: &[i32]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let message = format!(
            "the replicas of partition `{topic}-{partition}`: `{}` in the list of partitions and `{}` in `/partition_load`; expected the same",
            text(&listed),
            text(&said)
        );
        faults.push(Error::new(Code::Contradiction, message).at(spot.place()).help(MOMENTS));
        return None;
    }
    Some(row)
}

/// What the load says of a broker, where nothing better is known.
fn loaded(
    broker: &mut Broker,
    said: &load::Broker<'_>,
    spot: Spot<'_>,
    noticed: &mut Noticed,
    faults: &mut Vec<Error>,
) {
    let at = |key: &'static str| {
        move || {
            let mut place = spot.place();
            place.path = place.path.map(|path| format!("{path}.{key}"));
            place
        }
    };
    let id = broker.id;
    let mut size = |mib: Option<f64>, what: &str, key: &'static str| -> Option<Bytes> {
        let mib = mib?;
        number::bytes(mib, &format!("{what} of broker {id}"), &at(key)).map_err(|fault| faults.push(fault)).ok()
    };
    let value = |number: Option<number::Number>| number.and_then(|number| number.0);
    let total = size(value(said.capacity), "`DiskCapacityMB`", "DiskCapacityMB");
    let used = size(value(said.disk), "`DiskMB`", "DiskMB").filter(|_| !noticed.capacity_only);
    let mut by_dir: BTreeMap<&str, (Option<Bytes>, Option<Bytes>)> = BTreeMap::new();
    for (path, disk) in &said.disks.0 {
        let used = size(disk.used(), &format!("`DiskMB` of log dir `{path}`"), "DiskState");
        by_dir.insert(path, (used, size(disk.capacity(), &format!("the capacity of log dir `{path}`"), "DiskState")));
    }
    if !said.is_dead() && total == Some(Bytes::ZERO) {
        let message = format!("`DiskCapacityMB` of broker {id}, which is alive, is 0; expected a capacity above 0");
        faults.push(
            Error::new(Code::InvalidSize, message).at(at("DiskCapacityMB")()).help(
                "mend its entry in the capacity file of Cruise Control, or leave `/load` out and give `--capacity`",
            ),
        );
    }
    for (number, key, slot) in [
        (said.in_capacity, "NetworkInCapacity", &mut broker.in_capacity),
        (said.out_capacity, "NetworkOutCapacity", &mut broker.out_capacity),
    ] {
        match value(number).map(|kib| number::rate(kib, &format!("`{key}` of broker {id}"), &at(key))) {
            // Of a dead broker that its capacities do not name, Cruise Control writes 0.
            Some(Ok(rate)) if rate.get() > 0.0 => *slot = Some(rate),
            Some(Err(fault)) => faults.push(fault),
            _ => {}
        }
    }
    broker.num_cores = broker.num_cores.or(said.cores());
    let total = total.filter(|&total| total > Bytes::ZERO);
    if broker.log_dirs.is_empty() && broker.state != BrokerState::Dead && total.is_some() {
        broker.log_dirs.push(LogDir { path: UNKNOWN_DIR.to_owned(), capacity: None, used: None, offline: false });
    }
    let online = broker.log_dirs.iter().filter(|dir| !dir.offline).count();
    for dir in broker.log_dirs.iter_mut().filter(|dir| !dir.offline) {
        let (dir_used, dir_capacity) = by_dir.get(dir.path.as_str()).copied().unwrap_or_default();
        let only = online == 1;
        // What Kafka's tool counted is exact.
        dir.used = dir.used.or(dir_used).or(used.filter(|_| only));
        dir.capacity = dir.capacity.or(total.filter(|_| only)).or(dir_capacity);
    }
    fill_last_capacity(broker, total);
}

/// Of several log dirs, an empty one shows no share of use: its capacity is what the others leave of the whole.
fn fill_last_capacity(broker: &mut Broker, total: Option<Bytes>) {
    let known: Bytes = broker.log_dirs.iter().filter_map(|dir| dir.capacity).sum();
    let mut unknown = broker.log_dirs.iter_mut().filter(|dir| !dir.offline && dir.capacity.is_none());
    if let (Some(dir), None, Some(total)) = (unknown.next(), unknown.next(), total) {
        dir.capacity = Some(total.saturating_sub(known)).filter(|&left| left > Bytes::ZERO);
    }
}

/// What the capacity file says of a broker: it is what the operator wrote, and goes before what was computed from it.
fn configured(
    broker: &mut Broker,
    capacity: &Capacity,
    is_own: bool,
    place: &Place,
    noticed: &mut Noticed,
    faults: &mut Vec<Error>,
) {
    let id = broker.id;
    let computed: Option<Bytes> = broker.log_dirs.iter().map(|dir| dir.capacity).sum::<Option<Bytes>>();
    let total = capacity.disk.total();
    let is_whole = !broker.log_dirs.is_empty() && broker.log_dirs.iter().all(|dir| !dir.offline);
    if let (Some(computed), true) = (computed.filter(|_| is_whole), is_own) {
        let apart = computed.get().abs_diff(total.get());
        if apart > total.get() / 1_000 {
            let message = format!(
                "the disks of broker {id} hold {total} by the capacity file and {computed} by `/load`; expected the same"
            );
            faults.push(Error::new(Code::Contradiction, message).at(place.clone()).help(
                "has the file changed since Cruise Control was started? Keep what is true, and leave the other out",
            ));
            return;
        }
    }
    broker.in_capacity =
        Some(capacity.network_in).filter(|_| is_own || broker.in_capacity.is_none()).or(broker.in_capacity);
    broker.out_capacity =
        Some(capacity.network_out).filter(|_| is_own || broker.out_capacity.is_none()).or(broker.out_capacity);
    broker.num_cores = capacity.cores.filter(|_| is_own || broker.num_cores.is_none()).or(broker.num_cores);
    if broker.log_dirs.is_empty() && broker.state.serves() {
        let dir = |path: &str| LogDir { path: path.to_owned(), capacity: None, used: None, offline: false };
        broker.log_dirs = match &capacity.disk {
            Disk::Dirs(dirs) => dirs.keys().map(|path| dir(path)).collect(),
            Disk::Whole(_) => vec![dir(UNKNOWN_DIR)],
        };
    }
    let several = broker.log_dirs.len() > 1;
    match &capacity.disk {
        Disk::Whole(bytes) if !several => {
            for dir in &mut broker.log_dirs {
                dir.capacity = Some(*bytes).filter(|_| is_own).or(dir.capacity).or(Some(*bytes));
            }
        }
        Disk::Whole(_) => noticed.whole_capacity.extend(computed.is_none().then_some(id)),
        Disk::Dirs(dirs) => {
            let known: BTreeSet<&str> = broker.log_dirs.iter().map(|dir| dir.path.as_str()).collect();
            let named: BTreeSet<&str> = dirs.keys().map(String::as_str).collect();
            if is_own && broker.state.serves() && known != named {
                faults.push(differing_dirs(id, &known, &named, place.clone()));
            }
            for dir in &mut broker.log_dirs {
                let named = dirs.get(&dir.path).copied();
                dir.capacity = named.filter(|_| is_own).or(dir.capacity).or(named);
            }
        }
    }
}

/// A replica on a broker with one log dir lies there.
fn fill_only_dirs(draft: &mut Draft) {
    let only: BTreeMap<i32, String> = draft
        .brokers
        .iter()
        .filter(|broker| broker.log_dirs.len() == 1 && broker.log_dirs[0].path != UNKNOWN_DIR)
        .map(|broker| (broker.id.get(), broker.log_dirs[0].path.clone()))
        .collect();
    let names: BTreeMap<i32, _> = only.iter().map(|(&id, path)| (id, draft.intern_dir(path))).collect();
    let partitions = &mut draft.partitions;
    if partitions.dir.is_empty() {
        partitions.dir = vec![None; partitions.replicas.total()];
    }
    let ids: Vec<i32> = partitions.replicas.values().iter().map(|id| id.get()).collect();
    for (slot, id) in partitions.dir.iter_mut().zip(ids) {
        *slot = slot.or(names.get(&id).copied());
    }
}
