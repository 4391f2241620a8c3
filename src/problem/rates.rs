//! The rates of every broker as numbers: those that were asked for, or what live traffic leaves of its network.
//!
//! **Headroom.** A throttle counts the copies and the live replication of the partitions that move, so what it
//! allows comes on top of everything else that the broker's network carries: clients, and the replication of the
//! partitions that do not move. A wave may hold any of the movers, so at worst none of the live traffic is under
//! the throttle:
//!
//! ```text
//! F_b = (1 − headroom) · in capacity  − Σ w_p over the partitions that b holds
//! L_b = (1 − headroom) · out capacity − Σ (r_p + w_p·(RF_p − 1)) over the partitions that b leads
//! ```
//!
//! with `r_p` what consumers read. A broker holds and leads what it does before, and whatever the plan brings it: one
//! rate serves every wave, so that the last one is within the capacity too.

use super::{Problem, unknown_brokers};
use crate::base::error::{Code, Error, Place, Result};
use crate::base::ids::IdSet;
use crate::base::index::{BrokerIx, Csr, IndexVec, Ix};
use crate::base::text::{self, either};
use crate::base::units::{BytesPerSec, Traffic};
use crate::request::Request;
use crate::request::rates::{BrokerRate, BrokerRates};

/// Bytes per second of each broker; 0 for one that has no rate, and takes no part.
#[derive(Clone, Debug, PartialEq)]
pub struct Rates {
    /// What it may send to new replicas.
    pub leader: IndexVec<BrokerIx, f64>,
    /// What it may receive as a new replica.
    pub follower: IndexVec<BrokerIx, f64>,
}

impl Rates {
    /// The best leader rate of these brokers.
    pub fn best_leader(&self, brokers: impl IntoIterator<Item = BrokerIx>) -> f64 {
        brokers.into_iter().map(|broker| self.leader[broker]).fold(0.0, f64::max)
    }

    /// The best follower rate of these brokers.
    pub fn best_follower(&self, brokers: impl IntoIterator<Item = BrokerIx>) -> f64 {
        brokers.into_iter().map(|broker| self.follower[broker]).fold(0.0, f64::max)
    }
}

/// A share of capacity that is at least this much of a byte below a whole one counts as that: 70 % of 100 is 70.
const ROUNDING: f64 = 1e-3;

/// The rates of a problem whose movers and targets are known; absent without any throttle.
///
/// # Errors
/// [`Code::UnknownBroker`] for a rate of a broker that is not there; [`Code::Usage`] and [`Code::MissingCapacity`]
/// when a broker that takes part has no rate.
pub(super) fn of(problem: &Problem<'_>) -> Result<Option<Rates>> {
    let (cluster, request) = (&problem.cluster, problem.request);
    let unknown: Vec<_> =
        request.rates.iter().map(|(id, _)| id).filter(|&id| cluster.broker_ix(id).is_none()).collect();
    if !unknown.is_empty() {
        return Err(unknown_brokers(cluster, &unknown, "--rates"));
    }
    if !request.is_throttled() {
        return Ok(None);
    }
    let number = |rate: Option<BytesPerSec>| rate.map_or(0.0, BytesPerSec::as_f64);
    // With a headroom, rates in the request are those of an earlier plan.
    let own = |broker: BrokerIx| match request.headroom {
        None => request.rates.get(cluster.brokers[broker].id),
        Some(_) => None,
    };
    let mut rates = Rates {
        leader: cluster
            .brokers
            .indices()
            .map(|broker| number(own(broker).map(|rate| rate.leader_bytes_per_sec).or(request.common_leader())))
            .collect(),
        follower: cluster
            .brokers
            .indices()
            .map(|broker| number(own(broker).map(|rate| rate.follower_bytes_per_sec).or(request.common_follower())))
            .collect(),
    };
    if request.headroom.is_some() {
        let room = Room::of(problem, None);
        lower(problem, &mut rates, &room, true);
    }
    if !request.leaders_only {
        refuse_missing(problem, &rates)?;
    }
    Ok(Some(rates))
}

/// Whether each broker takes part: it may receive, or it answers and holds a replica of what moves.
fn takes_part(problem: &Problem<'_>) -> IndexVec<BrokerIx, bool> {
    let mut takes_part = problem.is_target.clone();
    if problem.movers.is_empty() {
        return IndexVec::filled(false, problem.cluster.brokers.len());
    }
    for &broker in problem.movers.iter().flat_map(|&partition| problem.cluster.replicas_of(partition)) {
        takes_part[broker] |= problem.cluster.brokers[broker].state.serves();
    }
    takes_part
}

fn refuse_missing(problem: &Problem<'_>, rates: &Rates) -> Result<()> {
    let cluster = &problem.cluster;
    let takes_part = takes_part(problem);
    let without = cluster
        .brokers
        .indices()
        .filter(|&broker| takes_part[broker] && (rates.leader[broker] <= 0.0 || rates.follower[broker] <= 0.0));
    let ids: Vec<_> = without.map(|broker| cluster.brokers[broker].id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let set = IdSet::from_ids(ids).unwrap_or_default();
    let (who, takes) = (text::brokers(&set), either(set.len(), "takes", "take"));
    let error = match problem.request.headroom {
        Some(_) => Error::new(
            Code::MissingCapacity,
            format!("the network capacity of {who} is not known, so --headroom derives no rate there"),
        )
        .at(Place::source("--headroom"))
        .help("add `--throttle RATE` for brokers without a known capacity")
        .help("put `in_capacity_bytes_per_sec` and `out_capacity_bytes_per_sec` into the snapshot"),
        None => {
            Error::new(Code::Usage, format!("{who} {takes} part in the move and has no rate: --rates does not name it"))
                .at(Place::source("--rates"))
                .help("add `--throttle RATE` for the brokers that the file does not name")
                .help("or name them in the file")
        }
    };
    Err(error.detail("brokers", set.to_string()))
}

/// What the network of each broker has room for beside its live traffic, each side where its capacity is known.
struct Room {
    leader: IndexVec<BrokerIx, Option<f64>>,
    follower: IndexVec<BrokerIx, Option<f64>>,
}

impl Room {
    /// `lists` are the final ones of the movers, where they are known.
    fn of(problem: &Problem<'_>, lists: Option<&Csr<BrokerIx>>) -> Self {
        let cluster = &problem.cluster;
        let (sends, receives) = live(problem, lists);
        let headroom = problem.request.headroom.map_or(0.0, crate::base::units::Ratio::get);
        let left = |capacity: Option<Traffic>, live: f64| {
            capacity.map(|capacity| (capacity.get() - capacity.get() * headroom - live + ROUNDING).floor())
        };
        let row = |broker: BrokerIx| &cluster.snapshot.brokers[broker.get()];
        Room {
            leader: sends.iter_enumerated().map(|(broker, &live)| left(row(broker).out_capacity, live)).collect(),
            follower: receives.iter_enumerated().map(|(broker, &live)| left(row(broker).in_capacity, live)).collect(),
        }
    }
}

/// What each broker sends to consumers and followers, and what it receives of producers and leaders: of everything
/// that it leads or holds now or, with the final `lists` of the movers, at the end.
fn live(problem: &Problem<'_>, lists: Option<&Csr<BrokerIx>>) -> (IndexVec<BrokerIx, f64>, IndexVec<BrokerIx, f64>) {
    let cluster = &problem.cluster;
    let partitions = &cluster.snapshot.partitions;
    let mut sends = IndexVec::filled(0.0, cluster.brokers.len());
    let mut receives = sends.clone();
    let mut next = 0;
    for partition in cluster.partitions() {
        let row = partition.get();
        let (written, read) = (partitions.bytes_in[row].get(), partitions.bytes_out[row].get());
        let before = cluster.replicas_of(partition);
        let mover = (problem.movers.get(next) == Some(&partition)).then_some(next);
        next += usize::from(mover.is_some());
        let after = mover.zip(lists).map_or(&[][..], |(mover, lists)| lists.get(mover));
        for &broker in before.iter().chain(after.iter().filter(|broker| !before.contains(broker))) {
            receives[broker] += written;
        }
        let sent = read + written * (before.len().max(after.len()).saturating_sub(1)) as f64;
        let leader = partitions.leader[row].and_then(|id| cluster.broker_ix(id));
        // Whoever is elected in between is the head of the old list or of the new one.
        let mut leads: Vec<BrokerIx> = leader.into_iter().collect();
        for &head in after.first().into_iter().chain(before.first().filter(|_| mover.is_some())) {
            if !leads.contains(&head) {
                leads.push(head);
            }
        }
        for broker in leads {
            sends[broker] += sent;
        }
    }
    (sends, receives)
}

/// Lowers rates to the room there is; at least 1 byte/s is left. Whether any rate has changed.
///
/// The first time, a known room sets the rate where no throttle does.
fn lower(problem: &Problem<'_>, rates: &mut Rates, room: &Room, is_first: bool) -> bool {
    let takes_part = takes_part(problem);
    let mut has_changed = false;
    let mut apply = |rate: &mut f64, room: Option<f64>| {
        let Some(room) = room else { return };
        let room = room.max(1.0);
        if (is_first && *rate <= 0.0) || room < *rate {
            *rate = room;
            has_changed = true;
        }
    };
    for broker in problem.cluster.brokers.indices().filter(|&broker| takes_part[broker]) {
        apply(&mut rates.leader[broker], room.leader[broker]);
        apply(&mut rates.follower[broker], room.follower[broker]);
    }
    has_changed
}

impl Problem<'_> {
    /// What a target weighs where time goes first: its follower rate over the best one; 1 where rates are alike.
    pub(super) fn pace(&self, broker: BrokerIx) -> f64 {
        match &self.inflow {
            Some((rates, best)) if *best > 0.0 => (rates[broker] / best).max(1e-9),
            _ => 1.0,
        }
    }

    /// Lowers rates that a headroom derives, now that it is known what each broker will hold and lead: `lists` are the
    /// final ones of the movers. Whether any has changed, so that all times are others.
    ///
    /// # Errors
    /// [`Code::Throttle`] when nothing is left to a broker that has to copy.
    pub fn settle_headroom(&mut self, lists: &Csr<BrokerIx>) -> Result<bool> {
        let (Some(headroom), Some(mut rates)) = (self.request.headroom, self.rates.clone()) else { return Ok(false) };
        let room = Room::of(self, Some(lists));
        let mut full = Vec::new();
        for (mover, &partition) in self.movers.iter().enumerate() {
            let before = self.cluster.replicas_of(partition);
            let mut adding = lists.get(mover).iter().filter(|broker| !before.contains(broker)).peekable();
            let sends = adding.peek().map(|_| self.leader(partition));
            full.extend(sends.filter(|&broker| room.leader[broker].is_some_and(|room| room < 1.0)));
            full.extend(adding.copied().filter(|&broker| room.follower[broker].is_some_and(|room| room < 1.0)));
        }
        full.sort_unstable();
        full.dedup();
        if !full.is_empty() {
            let set = IdSet::from_ids(full.iter().map(|&broker| self.cluster.brokers[broker].id)).unwrap_or_default();
            let (who, has) = (text::brokers(&set), either(set.len(), "has", "have"));
            let message = format!(
                "with {headroom} of its network left free, {who} {has} nothing left for copies beside live traffic"
            );
            return Err(Error::new(Code::Throttle, message)
                .detail("kind", "not-found")
                .detail("brokers", set.to_string())
                .help("leave less of the capacity free, or move partitions with much traffic at another time"));
        }
        let has_changed = lower(self, &mut rates, &room, false);
        self.rates = Some(rates);
        Ok(has_changed)
    }

    /// The request as it stands in a plan: with the rates that a headroom left.
    pub fn resolved_request(&self) -> Request {
        let mut request = self.request.clone();
        let Some(rates) = self.rates.as_ref().filter(|_| request.headroom.is_some()) else { return request };
        let mut own = BrokerRates::default();
        let takes_part = takes_part(self);
        for (broker, row) in self.cluster.brokers.iter_enumerated().filter(|entry| takes_part[entry.0]) {
            let rate = |rate: f64| BytesPerSec::new(rate as u64);
            let (leader, follower) = (rate(rates.leader[broker]), rate(rates.follower[broker]));
            own.insert(row.id, BrokerRate { leader_bytes_per_sec: leader, follower_bytes_per_sec: follower });
        }
        request.rates = own;
        request
    }
}
