//! A length that no plan for the same request can beat, whatever its placement, leaders, order or waves.
//!
//! Traffic is ignored. The bound is the largest of
//! - bytes that must enter the racks, weighed by prices, over what their targets receive (all racks alike: all
//!   bytes over all targets; a price in one rack alone: what it cannot refuse; the best prices: the LP),
//! - for each partition, all of its forced copies over the best L of a broker that may lead it, and one of them over
//!   the best F of a target,
//! - bytes that must leave over what all brokers that may ever lead can send.

use super::market::{Market, Prices};
use super::{Proved, by_prices, prices_proof};
use crate::base::index::{BrokerIx, IndexVec, Ix, RackIx};
use crate::plan::Proof;
use crate::problem::Problem;
use crate::problem::rates::Rates;

/// The bound for the movers of a problem; absent without a throttle.
pub(super) fn bound(problem: &Problem<'_>, market: &Market<'_>) -> Option<Proved> {
    let rates = problem.rates.as_ref()?;
    let (cluster, classes) = (&problem.cluster, market.classes);
    let (seconds, prices) = by_prices_of(problem, market, rates);
    let (mut by, mut proof) =
        (by_prices(problem, market, &prices, "bytes that must enter"), prices_proof(problem, market, &prices));
    let mut value = seconds;
    if value <= 0.0 {
        "nothing is copied".clone_into(&mut by);
    }
    let best_target = rates.best_leader(problem.targets.iter().copied());
    let best_follower = rates.best_follower(problem.targets.iter().copied());
    let copying = |mover: usize| {
        let copies = classes.list[classes.of_mover[mover] as usize].copies;
        if copies == 0 {
            return 0.0;
        }
        let (partition, size) = (problem.movers[mover], cluster.size_of(problem.movers[mover]).as_f64());
        let best_leader = rates.best_leader(cluster.replicas_of(partition).iter().copied()).max(best_target);
        (f64::from(copies) * size / best_leader).max(size / best_follower)
    };
    let longest = (0..problem.movers.len()).map(|mover| (copying(mover), mover));
    if let Some((seconds, mover)) = longest.reduce(|best, next| if next.0 > best.0 { next } else { best })
        && seconds > value * (1.0 + 1e-12)
    {
        let partition = problem.movers[mover];
        value = seconds;
        by = format!("copies of partition {}", cluster.name_of(partition));
        proof = Proof::Partition {
            topic: cluster.snapshot.topic_of(partition.get()).name.clone(),
            partition: cluster.snapshot.partitions.id[partition.get()].get(),
        };
    }
    let mut may_lead: IndexVec<BrokerIx, bool> = problem.is_target.clone();
    for &partition in &problem.movers {
        for &broker in cluster.replicas_of(partition) {
            may_lead[broker] = true;
        }
    }
    let send: f64 = may_lead.iter_enumerated().filter(|entry| *entry.1).map(|entry| rates.leader[entry.0]).sum();
    let leaving = classes.list.iter().map(|class| f64::from(class.copies) * class.bytes).sum::<f64>() / send;
    if leaving > value * (1.0 + 1e-12) {
        (value, by, proof) = (leaving, "bytes that must leave the leaders".to_owned(), Proof::Senders);
    }
    Some(Proved { value, by, proof })
}

/// The longest time that prices prove, and these.
fn by_prices_of(problem: &Problem<'_>, market: &Market<'_>, rates: &Rates) -> (f64, Prices) {
    let classes = market.classes;
    // Rates are whole, so their sums are exact.
    let mut widths = Prices::filled(0.0, classes.targets.len());
    for &target in &problem.targets {
        widths[classes.rack[target]] += rates.follower[target];
    }
    let width = |rack: RackIx| widths[rack];
    let seconds = |prices: &Prices| {
        let width: f64 = classes.open.iter().map(|&rack| prices[rack] * width(rack)).sum();
        if width > 0.0 { market.worth(prices) / width } else { 0.0 }
    };
    let uniform = market.uniform();
    let mut best = (seconds(&uniform), uniform);
    for &rack in &classes.open {
        let found = market.forced[rack] / width(rack);
        if found > best.0 * (1.0 + 1e-9) {
            best = (found, market.only(rack));
        }
    }
    if market.is_open() {
        let prices = market.search(width);
        let found = seconds(&prices);
        if found > best.0 * (1.0 + 1e-9) {
            best = (found, prices);
        }
    }
    best
}
