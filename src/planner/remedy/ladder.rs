//! Which changes can help against a refusal, from the mildest to the strongest of each kind.

use std::cmp::Reverse;

use serde_json::Value;

use super::change::{Change, Kind};
use crate::base::error::{Code, Error};
use crate::base::ids::{BrokerId, IdSet};
use crate::base::units::{Bytes, BytesPerSec, Ratio};
use crate::plan::Side;
use crate::request::{RackPolicy, Request};
use crate::snapshot::{Broker, BrokerState, Snapshot};

/// Topics beyond this many are not worth naming in an option.
const TOPICS_MAX: usize = 5;

/// Changes of one kind, at least one, each stronger than the one before.
pub struct Ladder {
    /// The changes.
    pub rungs: Vec<Change>,
    /// The rung where the search for the mildest begins, where something is known about it.
    pub guess: Option<usize>,
    /// The rung below which nothing does.
    pub floor: usize,
}

impl Ladder {
    /// What its changes are about.
    pub fn kind(&self) -> Kind {
        self.rungs[0].kind()
    }

    /// The rung of the strongest change.
    pub fn top(&self) -> usize {
        self.rungs.len() - 1
    }

    fn new(rungs: Vec<Change>) -> Option<Self> {
        (!rungs.is_empty()).then_some(Ladder { rungs, guess: None, floor: 0 })
    }
}

/// The ladders against a refusal, those with the lowest price first.
pub fn ladders(snapshot: &Snapshot, request: &Request, refusal: &Error) -> Vec<Ladder> {
    let onto = || more_targets(snapshot, request);
    let racks = || if request.empties_dirs() { None } else { rack_policies(snapshot, request) };
    let topics = || fewer_topics(request, refusal);
    let ladders = match refusal.code() {
        Code::DiskLimit => vec![disk_limits(request, refusal), onto(), racks()],
        Code::RackPolicy => vec![onto(), other_policies(snapshot, request)],
        Code::TooFewBrokers => vec![onto(), topics()],
        Code::Throttle => vec![faster_throttle(request, refusal), less_headroom(request), topics()],
        Code::Window => vec![faster_throttle(request, refusal), topics()],
        Code::Unhealthy => {
            let more = if request.leaders_only { onto() } else { None };
            vec![Ladder::new(vec![Change::SkipUnhealthy]), more]
        }
        // Growth counts on disks, so the command refuses the two together.
        Code::MissingCapacity if !request.growth => vec![Ladder::new(vec![Change::IgnoreDisk])],
        Code::PartialRacks => vec![Ladder::new(vec![Change::RackPolicy(RackPolicy::Ignore)])],
        _ => Vec::new(),
    };
    ladders.into_iter().flatten().collect()
}

/// Disk limits above the present one, in tenths of a percent.
fn disk_limits(request: &Request, refusal: &Error) -> Option<Ladder> {
    if request.ignore_disk {
        return None;
    }
    let present = request.disk_limit.get();
    let first = (present * 1000.0).floor() as u32 + 1;
    // Read from its text, so that it is the very number that a user types.
    let limit = |tenths: u32| Ratio::parse(&Ratio::new(f64::from(tenths) / 1000.0).to_string()).ok();
    let rungs = (first..=1000).filter_map(limit).filter(|limit| limit.get() > present).map(Change::DiskLimit);
    let mut ladder = Ladder::new(rungs.collect())?;
    if let Some(least) = refusal.details().get("least_disk_limit").and_then(Value::as_f64) {
        let reaches = |rung: &Change| matches!(rung, Change::DiskLimit(limit) if limit.get() >= least);
        ladder.guess = ladder.rungs.iter().position(reaches);
        let proven = refusal.details().get("kind").and_then(Value::as_str) == Some("impossible");
        ladder.floor = ladder.guess.filter(|_| proven).unwrap_or(0);
    }
    Some(ladder)
}

/// Ever more of the brokers that could receive too: those in the racks with fewest targets first, then the roomiest.
fn more_targets(snapshot: &Snapshot, request: &Request) -> Option<Ladder> {
    // More brokers help only where they may be chosen.
    let onto = request.onto.as_ref().filter(|_| !request.is_given())?;
    let used = snapshot.used_bytes();
    // Leadership goes only to who holds replicas, and takes no room.
    let held = &snapshot.partitions.replicas;
    let is_of_use = |broker: &Broker| !request.leaders_only || held.values().contains(&broker.id);
    let ignore_disk = request.ignore_disk || request.leaders_only;
    let mut others: Vec<(&Broker, Bytes)> = snapshot
        .brokers
        .iter()
        .zip(&used)
        .filter(|(broker, _)| !onto.contains(broker.id) && !request.drain.contains(broker.id))
        .filter(|(broker, _)| can_receive(broker, ignore_disk) && is_of_use(broker))
        .map(|(broker, used)| (broker, room(broker, used, request.disk_limit)))
        .collect();
    others.sort_by_key(|&(broker, room)| (Reverse(room), broker.id));
    let mut targets_in = Vec::new();
    for broker in snapshot.brokers.iter().filter(|broker| onto.contains(broker.id)) {
        count(&mut targets_in, broker);
    }
    // The n-th target of a rack comes after the (n-1)-th of every other one.
    let mut in_turn: Vec<(usize, usize)> =
        others.iter().enumerate().map(|(place, (broker, _))| (count(&mut targets_in, broker), place)).collect();
    in_turn.sort_unstable();
    let mut added: Vec<BrokerId> = Vec::new();
    let rungs = in_turn.into_iter().filter_map(|(_, place)| {
        added.push(others[place].0.id);
        let all = IdSet::from_ids(onto.iter().chain(added.iter().copied())).ok()?;
        Some(Change::Onto { all, added: IdSet::from_ids(added.iter().copied()).ok()? })
    });
    Ladder::new(rungs.collect())
}

/// How many targets the rack of `broker` has with this one; a broker of unknown rack is the first of its own.
fn count<'s>(targets_in: &mut Vec<(&'s str, usize)>, broker: &'s Broker) -> usize {
    let Some(rack) = broker.rack.as_deref() else { return 1 };
    if let Some(entry) = targets_in.iter_mut().find(|entry| entry.0 == rack) {
        entry.1 += 1;
        return entry.1;
    }
    targets_in.push((rack, 1));
    1
}

fn can_receive(broker: &Broker, ignore_disk: bool) -> bool {
    let mut online = broker.log_dirs.iter().filter(|dir| !dir.offline).peekable();
    let has_disk = online.peek().is_some() && online.all(|dir| dir.capacity.is_some());
    let has_any = broker.log_dirs.is_empty() || broker.log_dirs.iter().any(|dir| !dir.offline);
    broker.state == BrokerState::Alive && (has_disk || ignore_disk && has_any)
}

fn room(broker: &Broker, used: &[Bytes], limit: Ratio) -> Bytes {
    let dirs = broker.log_dirs.iter().zip(used).filter(|(dir, _)| !dir.offline);
    dirs.filter_map(|(dir, &used)| Some(limit.of(dir.capacity?).saturating_sub(used))).sum()
}

/// Rack policies that can do where the present one cannot: `strict` asks only for racks that are left, so it can
/// hold where `preserve` asks for one that goes, and gives more than `ignore`.
fn other_policies(snapshot: &Snapshot, request: &Request) -> Option<Ladder> {
    let mut ladder = rack_policies(snapshot, request)?;
    if request.rack_policy == RackPolicy::Preserve {
        ladder.rungs.insert(0, Change::RackPolicy(RackPolicy::Strict));
    }
    Some(ladder)
}

/// Rack policies milder than the present one, where racks are known.
fn rack_policies(snapshot: &Snapshot, request: &Request) -> Option<Ladder> {
    let known = |broker: &Broker| broker.state == BrokerState::Alive && broker.rack.is_some();
    if !snapshot.brokers.iter().any(known) {
        return None;
    }
    let policies: &[RackPolicy] = match request.rack_policy {
        RackPolicy::Strict => &[RackPolicy::Preserve, RackPolicy::Ignore],
        RackPolicy::Preserve => &[RackPolicy::Ignore],
        RackPolicy::Ignore => &[],
    };
    Ladder::new(policies.iter().copied().map(Change::RackPolicy).collect())
}

/// A rate above what the live traffic takes.
fn faster_throttle(request: &Request, refusal: &Error) -> Option<Ladder> {
    // Rates of single brokers stand in a file, which no option changes.
    if !request.rates.is_empty() || request.headroom.is_some() {
        return None;
    }
    let side = match refusal.details().get("side").and_then(Value::as_str) {
        Some("leader") if request.leader_throttle.is_some() => Some(Side::Leader),
        Some("follower") if request.follower_throttle.is_some() => Some(Side::Follower),
        _ => None,
    };
    let least = refusal.details().get("least_bytes_per_sec")?.as_f64()?;
    // A tenth of headroom, so that the copy does not crawl; rounded up to a rate that is easily typed.
    let bytes = (least * 11.0 / 1e7).ceil() * 1e6;
    let can_be_typed = bytes < i64::MAX as f64;
    Ladder::new(can_be_typed.then(|| Change::Throttle(BytesPerSec::new(bytes as u64), side)).into_iter().collect())
}

/// Less of the network left free, in steps of five percent.
fn less_headroom(request: &Request) -> Option<Ladder> {
    const STEP: u32 = 5;
    let present = (request.headroom?.get() * 100.0).ceil() as u32;
    let steps = (1..present.div_ceil(STEP)).rev().map(|step| step * STEP);
    let shares = steps.filter_map(|percent| Ratio::parse(&format!("{percent}%")).ok());
    Ladder::new(shares.map(Change::Headroom).collect())
}

/// Without the topics that the refusal names, where they are few.
fn fewer_topics(request: &Request, refusal: &Error) -> Option<Ladder> {
    let topics: Vec<String> = refusal
        .details()
        .get("topics")?
        .as_array()?
        .iter()
        .filter_map(|topic| topic.as_str().map(str::to_owned))
        .collect();
    if topics.is_empty() || topics.len() > TOPICS_MAX {
        return None;
    }
    // Of all characters in names of topics only the dot means something.
    let names = topics.iter().map(|topic| topic.replace('.', r"\."));
    let regex = request.exclude_topics.iter().cloned().chain(names).collect::<Vec<_>>().join("|");
    Ladder::new(vec![Change::ExcludeTopics { regex, topics }])
}
