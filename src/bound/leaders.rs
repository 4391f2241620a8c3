//! The least possible most heads of lists on one target, over the mean of the targets.
//!
//! Heads that stay on targets count first. Each head that goes is replaced by a new replica of its partition,
//! so it enters one of the racks that may take one. At prices y of racks, the least whole number x with
//! Σ `y_r·Σ` max(0, x − heads that stay) ≥ `Σ_p` cheapest rack of p is a bound.

use super::market::{Market, Prices};
use super::{Proved, by_prices, prices_proof};
use crate::base::index::{BrokerIx, IndexVec, RackIx};
use crate::plan::Proof;
use crate::problem::Problem;

/// Times that prices are searched again at the level that the last ones proved.
const SEARCHES_MAX: usize = 4;

/// The bound; absent when no target will head a list.
pub(super) fn bound(problem: &Problem<'_>, market: &Market<'_>) -> Option<Proved> {
    let cluster = &problem.cluster;
    let mut stay: IndexVec<BrokerIx, u32> = IndexVec::filled(0, cluster.brokers.len());
    for partition in cluster.partitions() {
        if let Some(&head) = cluster.replicas_of(partition).first() {
            stay[head] += 1;
        }
    }
    let targets: Vec<(BrokerIx, RackIx, u64)> =
        problem.targets.iter().map(|&broker| (broker, market.classes.rack[broker], stay[broker].into())).collect();
    let going: u64 = market.classes.list.iter().map(|class| class.heads).sum();
    let total = going + targets.iter().map(|target| target.2).sum::<u64>();
    let &(most_broker, _, most) = targets.iter().max_by_key(|target| (target.2, std::cmp::Reverse(target.0)))?;
    if total == 0 {
        return None;
    }
    let (heads, prices) = by_level(market, &targets, most + going);
    let mean = total as f64 / targets.len() as f64;
    Some(if most >= heads {
        let id = cluster.brokers[most_broker].id;
        let (by, proof) = (format!("lists that broker {id} heads already"), Proof::Broker { broker: id.get() });
        Proved { value: most as f64 / mean, by, proof }
    } else {
        let by = by_prices(problem, market, &prices, "heads of lists that must enter");
        Proved { value: heads as f64 / mean, by, proof: prices_proof(problem, market, &prices) }
    })
}

fn by_level(market: &Market<'_>, targets: &[(BrokerIx, RackIx, u64)], most: u64) -> (u64, Prices) {
    let uniform = market.uniform();
    let mut best = (level(targets, &uniform, market.worth(&uniform), most), uniform);
    for &rack in &market.classes.open {
        let only = market.only(rack);
        let found = level(targets, &only, market.forced[rack], most);
        if found > best.0 {
            best = (found, only);
        }
    }
    for _ in 0..if market.is_open() { SEARCHES_MAX } else { 0 } {
        let at = best.0;
        let room = |rack: RackIx| {
            let inside = targets.iter().filter(|target| target.1 == rack);
            inside.map(|target| at.saturating_sub(target.2) as f64).sum::<f64>()
        };
        let prices = market.search(room);
        let found = level(targets, &prices, market.worth(&prices), most);
        if found <= best.0 {
            break;
        }
        best = (found, prices);
    }
    best
}

/// The least number of heads on every target that is worth `worth` at these prices; at most `most`.
fn level(targets: &[(BrokerIx, RackIx, u64)], prices: &Prices, worth: f64, most: u64) -> u64 {
    let is_enough = |heads: u64| {
        let room = targets.iter().map(|&(_, rack, stay)| prices[rack] * heads.saturating_sub(stay) as f64);
        room.sum::<f64>() >= worth * (1.0 - 1e-9)
    };
    let (mut low, mut high) = (0, most);
    while low < high {
        let middle = low + (high - low) / 2;
        if is_enough(middle) { high = middle } else { low = middle + 1 }
    }
    low
}
