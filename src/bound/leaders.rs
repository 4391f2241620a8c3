//! The least possible most heads of lists on one target, over its share of all heads.
//!
//! Heads that stay on targets count first. Each head that goes is replaced by a new replica of its partition,
//! so it enters one of the racks that may take one. Heads are whole: at x times its share a target has room for
//! ⌊x · share⌋ − heads that stay. At prices y of racks, the least x with
//! Σ `y_r·Σ` max(0, ⌊x · share⌋ − heads that stay) ≥ `Σ_p` cheapest rack of p is a bound.

use super::market::{Market, Prices};
use super::{Proved, by_prices, prices_proof};
use crate::base::index::{BrokerIx, IndexVec, RackIx};
use crate::plan::Proof;
use crate::problem::Problem;

/// Times that prices are searched again at the level that the last ones proved.
const SEARCHES_MAX: usize = 4;
/// Halvings of the interval in which a level lies; what is left of it is below the rounding of floats.
const HALVINGS: usize = 60;
/// What makes up for the rounding of a share when whole heads are counted.
const ROUNDING: f64 = 1e-10;

/// A target and what it heads.
struct Seat {
    rack: RackIx,
    stay: f64,
    share: f64,
}

impl Seat {
    /// The whole heads that `level` times the share allows.
    fn allowed(&self, level: f64) -> f64 {
        (level * self.share * (1.0 + ROUNDING)).floor()
    }

    fn room(&self, level: f64) -> f64 {
        (self.allowed(level) - self.stay).max(0.0)
    }
}

/// The bound; absent when no target will head a list.
pub(super) fn bound(problem: &Problem<'_>, market: &Market<'_>) -> Option<Proved> {
    let cluster = &problem.cluster;
    let mut stay: IndexVec<BrokerIx, u32> = IndexVec::filled(0, cluster.brokers.len());
    for partition in cluster.partitions() {
        if let Some(&head) = cluster.replicas_of(partition).first() {
            stay[head] += 1;
        }
    }
    let going: u64 = market.classes.list.iter().map(|class| class.heads).sum();
    let total = going + problem.targets.iter().map(|&broker| u64::from(stay[broker])).sum::<u64>();
    if total == 0 || problem.targets.is_empty() {
        return None;
    }
    let seat = |(&broker, share): (&BrokerIx, f64)| Seat {
        rack: market.classes.rack[broker],
        stay: f64::from(stay[broker]),
        share,
    };
    let seats: Vec<Seat> = problem.targets.iter().zip(problem.shares(total as f64)).map(seat).collect();
    let over_share = |at: &usize| seats[*at].stay / seats[*at].share;
    let most = (0..seats.len()).max_by(|a, b| over_share(a).total_cmp(&over_share(b)).then(b.cmp(a)))?;
    let (level, prices) = by_level(market, &seats, going as f64);
    Some(if over_share(&most) >= level {
        let id = cluster.brokers[problem.targets[most]].id;
        let (by, proof) = (format!("lists that broker {id} heads already"), Proof::Broker { broker: id.get() });
        Proved { value: over_share(&most), by, proof }
    } else {
        let by = by_prices(problem, market, &prices, "heads of lists that must enter");
        Proved { value: level, by, proof: prices_proof(problem, market, &prices) }
    })
}

fn by_level(market: &Market<'_>, seats: &[Seat], going: f64) -> (f64, Prices) {
    let uniform = market.uniform();
    let mut best = (level(seats, &uniform, market.worth(&uniform), going), uniform);
    for &rack in &market.classes.open {
        let only = market.only(rack);
        let found = level(seats, &only, market.forced[rack], going);
        if found > best.0 {
            best = (found, only);
        }
    }
    for _ in 0..if market.is_open() { SEARCHES_MAX } else { 0 } {
        let at = best.0;
        let room = |rack: RackIx| {
            let inside = seats.iter().filter(|seat| seat.rack == rack);
            inside.map(|seat| seat.room(at)).sum::<f64>()
        };
        let prices = market.search(room);
        let found = level(seats, &prices, market.worth(&prices), going);
        if found <= best.0 {
            break;
        }
        best = (found, prices);
    }
    best
}

/// The least level at which the targets have room that is worth `worth` at these prices.
fn level(seats: &[Seat], prices: &Prices, worth: f64, going: f64) -> f64 {
    let seats: Vec<(&Seat, f64)> =
        seats.iter().map(|seat| (seat, prices[seat.rack])).filter(|entry| entry.1 > 0.0).collect();
    let is_enough = |level: f64| {
        let room = seats.iter().map(|(seat, price)| price * seat.room(level));
        room.sum::<f64>() >= worth * (1.0 - 1e-9)
    };
    if is_enough(0.0) {
        return 0.0;
    }
    // There any one of them has room for all that come.
    let full = seats.iter().map(|(seat, _)| (seat.stay + going) / seat.share);
    let (mut low, mut high) = (0.0, full.fold(0.0, f64::max));
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        *if is_enough(middle) { &mut high } else { &mut low } = middle;
    }
    // Room grows only where some target may head one more.
    let steps = seats.iter().map(|(seat, _)| seat.allowed(high) / seat.share);
    steps.fold(0.0, f64::max)
}
