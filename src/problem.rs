//! Cluster and request, resolved: who drains, who may receive, what moves, and every limit as a number.

mod dirs;
mod kept;
mod leaders;
pub mod pairing;
pub mod rates;
mod wanted;

use fancy_regex::Regex;

use crate::base::error::{Code, Error, Place, Result};
use crate::base::ids::{BrokerId, IdSet, near_id};
use crate::base::index::{BrokerIx, DirIx, IndexVec, Ix, PartitionIx, RackIx};
use crate::base::pairs::{Pairing, Pairs};
use crate::base::text::{self, counted, either, grouped};
use crate::base::units::{Bytes, Seconds};
use crate::cluster::Cluster;
use crate::cluster::care::{Care, judge};
use crate::plan::Deferred;
use crate::request::{Prefer, RackPolicy, Request};
use crate::snapshot::BrokerState;

use self::kept::KeptLists;
use self::rates::Rates;
pub use self::wanted::{Wanted, WantedReplica};

/// How much a broker may copy in one wave, where waves have to fit into windows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Seconds that the longest window is open.
    pub seconds: f64,
    /// The share of its rates at which it is reckoned to copy.
    pub share: f64,
}

impl Span {
    /// Receivers reach about nine tenths of their rate.
    const SHARE_FIRST: f64 = 0.9;

    fn of(request: &Request) -> Option<Self> {
        let seconds = f64::from(request.window.longest()?) * 60.0;
        Some(Span { seconds, share: Self::SHARE_FIRST })
    }
}

/// What is to be solved.
pub struct Problem<'s> {
    /// The cluster.
    pub cluster: Cluster<'s>,
    /// The request.
    pub request: &'s Request,
    /// Which brokers are drained.
    pub is_drained: IndexVec<BrokerIx, bool>,
    /// Which log dirs are emptied within their brokers.
    pub is_drained_dir: IndexVec<DirIx, bool>,
    /// Which brokers may receive.
    pub is_target: IndexVec<BrokerIx, bool>,
    /// The brokers that may receive, in order.
    pub targets: Vec<BrokerIx>,
    /// Most bytes that a log dir may hold at any time; [`None`] where it may not receive at all.
    pub dir_limit: IndexVec<DirIx, Option<Bytes>>,
    /// The rack policy in force: `Ignore` also when no alive broker has a rack.
    pub rack_policy: RackPolicy,
    /// Whether racks are known at all.
    pub racks_known: bool,
    /// Partitions that move, in order.
    pub movers: Vec<PartitionIx>,
    /// The final lists, as far as the request gives them.
    pub wanted: Wanted,
    /// The final lists that an earlier plan decided; they go before `wanted`.
    pub kept: KeptLists,
    /// Replicas that have to leave drained brokers or drained log dirs, of the topics asked for, deferred ones included;
    /// where whole lists are given or kept, the copies that these need.
    pub replicas_forced: u64,
    /// Their bytes.
    pub bytes_forced: Bytes,
    /// What was asked for and cannot move now.
    pub deferred: Vec<Deferred>,
    /// Where leadership alone moves: partitions that a drained broker leads although another is first of the list.
    pub led_by_drained: Vec<PartitionIx>,
    /// The throttle of each broker; absent without any.
    pub rates: Option<Rates>,
    /// Follower rates as they were when placement began, and the best of any target: what shares of time follow.
    inflow: Option<(IndexVec<BrokerIx, f64>, f64)>,
    /// Seconds of growth that a copy must have room for; zero unless growth counts.
    pub growth_horizon: Seconds,
    /// Where waves have to fit into windows, how much a broker may copy in one.
    pub wave_span: Option<Span>,
}

impl<'s> Problem<'s> {
    /// Resolves a request.
    ///
    /// # Errors
    /// Bad usage and bad input; [`Code::Unhealthy`] for partitions that may not move now.
    pub fn new(cluster: Cluster<'s>, request: &'s Request) -> Result<Self> {
        request.coherent()?;
        let is_drained = flags(&cluster, &request.drain, if request.pair.is_some() { "--pair" } else { "--drain" })?;
        let is_drained_dir = dirs::drained(&cluster, &request.drain_dir)?;
        let is_target = targets(&cluster, request, &is_drained)?;
        let kept = KeptLists::new(&cluster, request.resume.as_ref())?;
        let wanted = match (&request.pair, &request.target) {
            (Some(Pairing::Named(pairs)), _) => Wanted::twins(&cluster, pairs),
            (Some(Pairing::Auto), _) => {
                return Err(Error::new(Code::Internal, "pairs must be chosen before a request is resolved"));
            }
            (None, Some(target)) => Wanted::lists(&cluster, target, &kept, request.allow_rf_change)?,
            (None, None) => Wanted::Chosen,
        };
        // Where every replica stays on its broker, so do racks.
        let policy = if request.keeps_brokers() { RackPolicy::Ignore } else { request.rack_policy };
        let (rack_policy, racks_known) = rack_policy(&cluster, policy)?;
        let mut problem = Problem {
            request,
            targets: Vec::new(),
            wanted,
            kept,
            dir_limit: IndexVec::filled(None, cluster.dirs.len()),
            rack_policy,
            racks_known,
            movers: Vec::new(),
            replicas_forced: 0,
            bytes_forced: Bytes::ZERO,
            deferred: Vec::new(),
            led_by_drained: Vec::new(),
            rates: None,
            inflow: None,
            growth_horizon: Seconds::ZERO,
            wave_span: Span::of(request),
            cluster,
            is_drained,
            is_drained_dir,
            is_target,
        };
        problem.choose_movers()?;
        let targets = problem.is_target.iter_enumerated().filter(|entry| *entry.1).map(|entry| entry.0);
        problem.targets = targets.collect();
        if !problem.movers.is_empty() {
            problem.limit_dirs()?;
        }
        problem.rates = rates::of(&problem)?;
        let best = |rates: &Rates| rates.best_follower(problem.targets.iter().copied());
        let moves = problem.rates.as_ref().filter(|_| !problem.movers.is_empty());
        problem.inflow = moves.map(|rates| (rates.follower.clone(), best(rates)));
        Ok(problem)
    }

    /// The final list of a partition, as far as one is kept or given that differs from the present one.
    pub fn final_list(&self, partition: PartitionIx) -> Option<Vec<WantedReplica>> {
        if self.kept.has(partition) {
            self.kept.list(&self.cluster, partition)
        } else {
            self.wanted.list(&self.cluster, partition)
        }
    }

    /// The list that a partition's racks are judged by: the present one, or the one from which a kept one set out.
    pub fn origin(&self, partition: PartitionIx) -> &[BrokerIx] {
        self.kept.previous(partition).unwrap_or_else(|| self.cluster.replicas_of(partition))
    }

    /// Racks of the alive brokers that are not drained: what a strict policy can span.
    pub fn racks_left(&self) -> usize {
        let brokers = self.cluster.brokers.iter_enumerated();
        let stay = brokers.filter(|(broker, row)| row.state == BrokerState::Alive && !self.is_drained[*broker]);
        let mut racks: Vec<RackIx> = stay.map(|(_, row)| row.rack).collect();
        racks.sort_unstable();
        racks.dedup();
        racks.len()
    }

    /// Whether the replica of a partition on one of its brokers has to go: the broker is drained, and where only
    /// followers move, it neither leads the partition nor heads its list. Everything that places, orders or bounds
    /// asks this, never who is drained.
    #[inline]
    pub fn leaves(&self, partition: PartitionIx, broker: BrokerIx) -> bool {
        self.is_drained[broker] && !(self.request.replicas_only && self.is_in_front(partition, broker))
    }

    fn is_in_front(&self, partition: PartitionIx, broker: BrokerIx) -> bool {
        let leader = self.cluster.snapshot.partitions.leader[partition.get()];
        self.cluster.replicas_of(partition).first() == Some(&broker) || leader == Some(self.cluster.brokers[broker].id)
    }

    /// The places of a partition's list that fall free.
    pub fn freed(&self, partition: PartitionIx) -> impl Iterator<Item = usize> {
        let replicas = self.cluster.replicas_of(partition);
        (0..replicas.len()).filter(move |&place| self.leaves(partition, replicas[place]))
    }

    /// The replicas of a partition that stay.
    pub fn kept(&self, partition: PartitionIx) -> impl Iterator<Item = BrokerIx> {
        let replicas = self.cluster.replicas_of(partition).iter().copied();
        replicas.filter(move |&broker| !self.leaves(partition, broker))
    }

    /// The broker that a partition copies from.
    pub fn leader(&self, partition: PartitionIx) -> BrokerIx {
        let leader = self.cluster.snapshot.partitions.leader[partition.get()];
        leader.and_then(|id| self.cluster.broker_ix(id)).expect("a partition that moves has a leader")
    }

    /// Bytes that a copy of a partition needs room for: its size, and its growth while the plan runs.
    pub fn landed_size(&self, partition: PartitionIx) -> Bytes {
        let write = self.cluster.snapshot.partitions.bytes_in[partition.get()].get();
        let growth = (write * self.growth_horizon.get()).ceil() as u64;
        Bytes::new(self.cluster.size_of(partition).get().saturating_add(growth))
    }

    /// The log dirs of a broker that may receive.
    pub fn receiving_dirs(&self, broker: BrokerIx) -> impl Iterator<Item = DirIx> + use<'_, 's> {
        self.cluster.dirs_of(broker).filter(|&dir| self.dir_limit[dir].is_some())
    }

    /// What a target weighs when load is shared out: the bytes that its receiving log dirs can hold; 1 where disks
    /// do not count; where time goes first, its follower rate over the best one.
    pub fn weight(&self, broker: BrokerIx) -> f64 {
        if self.request.prefer == Prefer::Time { self.pace(broker) } else { self.size(broker) }
    }

    /// Whether targets differ in size.
    pub fn has_sizes(&self) -> bool {
        let mut sizes = self.targets.iter().map(|&broker| self.size(broker));
        let first = sizes.next();
        sizes.any(|size| Some(size) != first)
    }

    /// Whether targets differ in their follower rates.
    pub fn has_paces(&self) -> bool {
        let mut paces = self.targets.iter().map(|&broker| self.pace(broker).to_bits());
        let first = paces.next();
        paces.any(|pace| Some(pace) != first)
    }

    /// What the targets should carry of `total`, in their order: in proportion to what they weigh.
    pub fn shares(&self, total: f64) -> Vec<f64> {
        let weights: Vec<f64> = self.targets.iter().map(|&broker| self.weight(broker)).collect();
        let sum: f64 = weights.iter().sum();
        let is_even = weights.windows(2).all(|pair| pair[0].to_bits() == pair[1].to_bits());
        let mean = total / weights.len() as f64;
        weights.iter().map(|weight| if is_even { mean } else { total * weight / sum }).collect()
    }

    fn size(&self, broker: BrokerIx) -> f64 {
        if self.request.ignore_disk {
            return 1.0;
        }
        let capacity: Bytes = self.receiving_dirs(broker).filter_map(|dir| self.cluster.dirs[dir].capacity).sum();
        capacity.as_f64().max(1.0)
    }

    fn choose_movers(&mut self) -> Result<()> {
        let selected = selected_topics(&self.cluster, self.request)?;
        let mut unhealthy = Vec::new();
        let mut unsized_partitions = Vec::new();
        if self.request.empties_dirs() {
            self.refuse_unknown_dirs(&selected)?;
        }
        for partition in self.cluster.partitions() {
            if !selected[self.cluster.topic_of(partition).get()] {
                continue;
            }
            if self.request.leaders_only {
                if self.is_drained[self.cluster.replicas_of(partition)[0]] {
                    match self.stuck(partition) {
                        Some(stuck) => unhealthy.push((partition, stuck.reason().to_owned())),
                        None => self.movers.push(partition),
                    }
                } else if self.is_led_by_drained(partition) {
                    self.led_by_drained.push(partition);
                }
                continue;
            }
            let list = self.final_list(partition);
            let is_kept = self.kept.has(partition);
            let leaving = match (&self.wanted, &list) {
                (_, None) if is_kept => continue,
                (wanted, Some(list)) if is_kept || matches!(wanted, Wanted::Lists(_)) => self.receive(partition, list),
                _ if self.request.empties_dirs() => self.in_drained_dirs(partition).count() as u64,
                _ => self.freed(partition).count() as u64,
            };
            if leaving == 0 && list.is_none() {
                continue;
            }
            let leaves = |broker: BrokerIx| match &list {
                Some(list) => !list.iter().any(|replica| replica.0 == broker),
                None => self.leaves(partition, broker),
            };
            let care = judge(&self.cluster, partition, leaves);
            self.replicas_forced += leaving;
            self.bytes_forced += Bytes::new(self.cluster.size_of(partition).get() * leaving);
            match care {
                Care::Unhealthy(reason) => unhealthy.push((partition, reason)),
                Care::Movable if self.cluster.snapshot.partitions.size[partition.get()].is_none() => {
                    unsized_partitions.push(partition);
                }
                Care::Movable => self.movers.push(partition),
            }
        }
        if !unsized_partitions.is_empty() {
            return Err(self.missing_sizes(&unsized_partitions));
        }
        if !unhealthy.is_empty() && !self.request.skip_unhealthy {
            return Err(self.refuse_unhealthy(&unhealthy));
        }
        let snapshot = self.cluster.snapshot;
        self.deferred = unhealthy
            .into_iter()
            .map(|(partition, reason)| Deferred {
                topic: snapshot.topic_of(partition.get()).name.clone(),
                partition: snapshot.partitions.id[partition.get()],
                reason,
            })
            .collect();
        Ok(())
    }

    /// Counts the brokers that a given list adds, each of which is a target.
    fn receive(&mut self, partition: PartitionIx, list: &[WantedReplica]) -> u64 {
        let before = self.cluster.replicas_of(partition);
        let mut copies = 0;
        for &(broker, _) in list.iter().filter(|replica| !before.contains(&replica.0)) {
            self.is_target[broker] = true;
            copies += 1;
        }
        copies
    }

    fn missing_sizes(&self, partitions: &[PartitionIx]) -> Error {
        let message = format!(
            "the size of {} that {} to move is not known, first `{}`",
            counted(partitions.len(), "partition"),
            either(partitions.len(), "is", "are"),
            self.cluster.name_of(partitions[0])
        );
        Error::new(Code::MissingSize, message)
            .help("add the output of `kafka-log-dirs --describe`, or pass `--assume-size 10GB`")
    }

    fn refuse_unhealthy(&self, unhealthy: &[(PartitionIx, String)]) -> Error {
        const SHOWN: usize = 10;
        let (who, is) = (counted(unhealthy.len(), "partition"), either(unhealthy.len(), "is", "are"));
        let message = if self.request.leaders_only {
            format!("{who} cannot be led by another broker now")
        } else {
            format!("{who} {is} not healthy enough to move")
        };
        let mut error = Error::new(Code::Unhealthy, message);
        for (partition, reason) in unhealthy.iter().take(SHOWN) {
            error = error.note(format!("`{}`: {reason}", self.cluster.name_of(*partition)));
        }
        if unhealthy.len() > SHOWN {
            error = error.note(format!("and {} more", grouped((unhealthy.len() - SHOWN) as u64)));
        }
        let names: Vec<String> = unhealthy.iter().map(|entry| self.cluster.name_of(entry.0)).collect();
        let error = error.detail("partitions", names);
        if !self.request.leaders_only {
            let partitions = &self.cluster.snapshot.partitions;
            let moving = unhealthy.iter().filter(|entry| partitions.is_reassigning(entry.0.get())).count();
            let error =
                if moving < unhealthy.len() { error.help("repair them, then read the cluster again") } else { error };
            return match moving {
                0 => error,
                _ => error.help(
                    "let the reassignment finish, or cancel it with `kafka-reassign-partitions.sh --cancel`, then read \
                     the cluster again",
                ),
            };
        }
        error.with_help(self.help_stuck(unhealthy.iter().map(|entry| entry.0)))
    }

    /// What each log dir of a target may hold.
    fn limit_dirs(&mut self) -> Result<()> {
        let mut unknown = Vec::new();
        for &broker in &self.targets {
            let dirs = self.cluster.dirs_of(broker);
            if dirs.len() == 0 && !self.request.ignore_disk {
                unknown.push(self.cluster.brokers[broker].id);
            }
            for dir in dirs {
                let row = &self.cluster.dirs[dir];
                if !row.online || self.is_drained_dir[dir] {
                    continue;
                }
                self.dir_limit[dir] = match row.capacity {
                    _ if self.request.ignore_disk => Some(Bytes::MAX),
                    Some(capacity) => Some(self.request.disk_limit.of(capacity)),
                    None => {
                        unknown.push(self.cluster.brokers[broker].id);
                        None
                    }
                };
            }
        }
        unknown.dedup();
        if unknown.is_empty() {
            return Ok(());
        }
        if self.request.leaders_only {
            // Nothing is stored; without all capacities brokers weigh the same.
            self.dir_limit = IndexVec::filled(None, self.cluster.dirs.len());
            return Ok(());
        }
        let set = IdSet::from_ids(unknown.iter().copied()).unwrap_or_default();
        Err(Error::new(
            Code::MissingCapacity,
            format!("the disk capacity of target {} is not known", text::brokers(&set)),
        )
        .detail("brokers", set.to_string())
        .help("Kafka's tools do not print capacities: pass `--capacity 2TB` (each log dir) or `--capacity FILE`"))
    }
}

/// One flag for each broker of a set of ids.
fn flags(cluster: &Cluster<'_>, ids: &IdSet, option: &str) -> Result<IndexVec<BrokerIx, bool>> {
    let mut flags = IndexVec::filled(false, cluster.brokers.len());
    let mut unknown = Vec::new();
    for id in ids.iter() {
        match cluster.broker_ix(id) {
            Some(broker) => flags[broker] = true,
            None => unknown.push(id),
        }
    }
    if unknown.is_empty() { Ok(flags) } else { Err(unknown_brokers(cluster, &unknown, option)) }
}

fn unknown_brokers(cluster: &Cluster<'_>, unknown: &[BrokerId], option: &str) -> Error {
    let all = IdSet::from_ids(cluster.brokers.iter().map(|broker| broker.id)).unwrap_or_default();
    let set = IdSet::from_ids(unknown.iter().copied()).unwrap_or_default();
    let who = text::brokers(&set);
    let mut error = Error::new(Code::UnknownBroker, format!("{option} names {who}, unknown to the cluster"))
        .at(Place::source(option))
        .note(format!("the cluster has {}", text::brokers(&all)))
        .detail("brokers", set.to_string());
    if let Some(near) = near_id(unknown[0], all.iter()) {
        error = error.help(format!("did you mean {near}?"));
    }
    error.help("`kshift snapshot CLUSTER` shows which brokers there are")
}

fn targets(
    cluster: &Cluster<'_>,
    request: &Request,
    is_drained: &IndexVec<BrokerIx, bool>,
) -> Result<IndexVec<BrokerIx, bool>> {
    if request.empties_dirs() {
        let named = |id| request.drain_dir.iter().any(|(broker, _)| broker == id);
        return Ok(cluster.brokers.iter().map(|broker| named(broker.id)).collect());
    }
    if request.target.is_some() {
        // They are found with the lists.
        return Ok(IndexVec::filled(false, cluster.brokers.len()));
    }
    let twins = request.pair.as_ref().and_then(Pairing::named).map(Pairs::new_ids);
    let (named, option) = match &twins {
        Some(twins) => (Some(twins), "--pair"),
        None => (request.onto.as_ref(), "--onto"),
    };
    let Some(onto) = named else {
        let rows = cluster.brokers.indices().map(|broker| !is_drained[broker] && can_receive(cluster, broker));
        return Ok(rows.collect());
    };
    let flags = flags(cluster, onto, option)?;
    let chosen = || cluster.brokers.indices().filter(|&broker| flags[broker]);
    if let Some(broker) = chosen().find(|&broker| is_drained[broker]) {
        let both: Vec<BrokerId> =
            chosen().filter(|&broker| is_drained[broker]).map(|broker| cluster.brokers[broker].id).collect();
        let set = IdSet::from_ids(both).unwrap_or_default();
        let (who, stands) = (text::brokers(&set), either(set.len(), "stands", "stand"));
        let message = if request.drain_rack.is_empty() {
            format!("{who} {stands} in both --drain and --onto")
        } else {
            format!(
                "{who} {} to be drained, by --drain or --drain-rack, and {stands} in --onto",
                either(set.len(), "is", "are")
            )
        };
        return Err(Error::new(Code::Overlap, message)
            .at(Place::source("--onto"))
            .detail("brokers", set.to_string())
            .help(format!("take broker {} out of one of the two", cluster.brokers[broker].id)));
    }
    if let Some(broker) = chosen().find(|&broker| !can_receive(cluster, broker)) {
        let (id, why) = (cluster.brokers[broker].id, not_a_target(cluster, broker));
        return Err(Error::new(Code::NotATarget, format!("{option} names broker {id}, which {why}"))
            .at(Place::source(option))
            .help("name alive brokers only, or bring this one back and take a new snapshot"));
    }
    Ok(flags)
}

/// Whether a broker may receive data at all.
pub fn can_receive(cluster: &Cluster<'_>, broker: BrokerIx) -> bool {
    let mut dirs = cluster.dirs_of(broker);
    cluster.brokers[broker].state == BrokerState::Alive && (dirs.len() == 0 || dirs.any(|dir| cluster.dirs[dir].online))
}

/// Why a broker may not receive data, as the end of a sentence.
fn not_a_target(cluster: &Cluster<'_>, broker: BrokerIx) -> String {
    match cluster.brokers[broker].state {
        BrokerState::Alive => "has no log dir online".to_owned(),
        state => format!("is {}", state.as_str()),
    }
}

/// The policy in force, and whether racks are known.
fn rack_policy(cluster: &Cluster<'_>, asked: RackPolicy) -> Result<(RackPolicy, bool)> {
    let alive = || cluster.brokers.iter().filter(|broker| broker.state == BrokerState::Alive);
    let named = |rack: RackIx| cluster.racks[rack].is_some();
    let without: Vec<BrokerId> = alive().filter(|broker| !named(broker.rack)).map(|broker| broker.id).collect();
    if without.is_empty() {
        return Ok((asked, true));
    }
    if without.len() == alive().count() {
        return Ok((RackPolicy::Ignore, false));
    }
    if asked == RackPolicy::Ignore {
        return Ok((asked, true));
    }
    let set = IdSet::from_ids(without).unwrap_or_default();
    let (who, has) = (text::brokers(&set), either(set.len(), "has", "have"));
    Err(Error::new(Code::PartialRacks, format!("{who} {has} no rack, but other alive brokers have one"))
        .detail("brokers", set.to_string())
        .help("name the racks of these brokers with `--racks FILE`"))
}

/// One flag for each topic: whether the filters let it through.
fn selected_topics(cluster: &Cluster<'_>, request: &Request) -> Result<Vec<bool>> {
    let only = request.topics.as_deref().map(|text| whole_name(text, "--topics")).transpose()?;
    let but = request.exclude_topics.as_deref().map(|text| whole_name(text, "--exclude-topics")).transpose()?;
    let matches = |regex: &Option<Regex>, name: &str, absent: bool| match regex {
        None => Ok(absent),
        Some(regex) => regex.is_match(name).map_err(|error| {
            Error::new(Code::InvalidValue, format!("a topic filter is too costly on `{name}`: {error}"))
                .help("write the filter without nested repetitions")
        }),
    };
    let topics = &cluster.snapshot.topics;
    topics.iter().map(|topic| Ok(matches(&only, &topic.name, true)? && !matches(&but, &topic.name, false)?)).collect()
}

/// A regular expression that must match a whole name, as in Kafka and Cruise Control.
fn whole_name(text: &str, option: &str) -> Result<Regex> {
    Regex::new(&format!("^(?:{text})$")).map_err(|error| {
        Error::new(Code::InvalidValue, format!("`{text}` is no regular expression: {error}"))
            .at(Place::source(option))
            .help("the expression must match the whole topic name; `orders.*` matches all that begin with `orders`")
    })
}
