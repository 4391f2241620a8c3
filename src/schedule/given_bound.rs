//! A length that no plan can beat that ends in given lists, whatever its leaders, order or waves.
//!
//! Traffic is ignored. The bound is the largest of: the bytes that each broker must receive over its F; all copies
//! of one partition over the best L of any broker that may lead it; all bytes over what all brokers send that hold or
//! shall hold what moves. Where copies
//! stay within their brokers, only the first of these counts.

use super::Loads;
use crate::base::index::{BrokerIx, IndexVec};
use crate::base::units::Seconds;
use crate::problem::Problem;

/// A least time and what sets it.
pub struct Least {
    /// No plan takes less.
    pub seconds: Seconds,
    /// A sentence naming the broker or the partition.
    pub by: String,
}

/// The bound for the movers of a problem whose lists are given; absent without a throttle.
pub fn makespan(problem: &Problem<'_>, loads: &Loads) -> Option<Least> {
    let rates = problem.rates.as_ref()?;
    let cluster = &problem.cluster;
    let mut best = Least { seconds: Seconds::ZERO, by: "nothing is copied".to_owned() };
    let mut raise = |seconds: f64, by: &dyn Fn() -> String| {
        if seconds > best.seconds.get() {
            best = Least { seconds: Seconds::new(seconds), by: by() };
        }
    };
    let mut enters: IndexVec<BrokerIx, f64> = IndexVec::filled(0.0, cluster.brokers.len());
    let mut may_lead: IndexVec<BrokerIx, bool> = IndexVec::filled(false, cluster.brokers.len());
    let mut total = 0.0;
    for (mover, load) in loads.loads.iter().enumerate().filter(|(_, load)| load.adding > 0) {
        let bytes = f64::from(load.adding) * load.size;
        total += bytes;
        if !loads.within {
            let may_lead = cluster.replicas_of(problem.movers[mover]).iter().chain(loads.adding.get(mover));
            raise(bytes / rates.best_leader(may_lead.copied()), &|| {
                format!("copies of partition {}", cluster.name_of(problem.movers[mover]))
            });
        }
        for &broker in cluster.replicas_of(problem.movers[mover]) {
            may_lead[broker] = true;
        }
        for &broker in loads.adding.get(mover) {
            may_lead[broker] = true;
            enters[broker] += load.size;
        }
    }
    for (broker, &bytes) in enters.iter_enumerated() {
        let what = if loads.within { "bytes between the log dirs of" } else { "bytes that must enter" };
        if bytes > 0.0 {
            raise(bytes / rates.follower[broker], &|| format!("{what} broker {}", cluster.brokers[broker].id));
        }
    }
    if loads.within {
        return Some(best);
    }
    let send: f64 = may_lead.iter_enumerated().filter(|entry| *entry.1).map(|entry| rates.leader[entry.0]).sum();
    raise(if total > 0.0 { total / send } else { 0.0 }, &|| "bytes that must leave the leaders".to_owned());
    Some(best)
}
