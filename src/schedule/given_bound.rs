//! A length that no plan can beat that ends in given lists, whatever its leaders, order or waves.
//!
//! Traffic is ignored. The bound is the largest of: the bytes that each broker must receive over its F; all copies
//! of one partition over the best L of any broker that may lead it; all bytes over what all brokers send that hold or
//! shall hold what moves. Where copies
//! stay within their brokers, only the first of these counts.

use crate::base::index::{BrokerIx, Csr, IndexVec};
use crate::base::units::Seconds;
use crate::placement::Home;
use crate::problem::Problem;

/// A least time and what sets it.
pub struct Least {
    /// No plan takes less.
    pub seconds: Seconds,
    /// A sentence naming the broker or the partition.
    pub by: String,
}

/// The bound for the steps of a problem whose lists are given; absent without a throttle.
pub fn makespan(problem: &Problem<'_>, lists: &Csr<Home>) -> Option<Least> {
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
    let within = problem.request.empties_dirs();
    // What was placed anew beside kept lists was free to go elsewhere.
    let is_given = |partition| problem.request.resume.is_none() || problem.final_list(partition).is_some();
    for (mover, &partition) in problem.movers.iter().enumerate().filter(|mover| is_given(*mover.1)) {
        let (before, size) = (cluster.replicas_of(partition), cluster.size_of(partition).as_f64());
        let comes = |home: &&Home| if within { home.dir.is_some() } else { !before.contains(&home.broker) };
        let mut copies = 0.0;
        for home in lists.get(mover).iter().filter(comes) {
            copies += 1.0;
            may_lead[home.broker] = true;
            enters[home.broker] += size;
        }
        if copies == 0.0 {
            continue;
        }
        total += copies * size;
        if !within {
            let leads = before.iter().copied().chain(lists.get(mover).iter().map(|home| home.broker));
            raise(copies * size / rates.best_leader(leads), &|| {
                format!("copies of partition {}", cluster.name_of(partition))
            });
        }
        for &broker in before {
            may_lead[broker] = true;
        }
    }
    for (broker, &bytes) in enters.iter_enumerated() {
        let what = if within { "bytes between the log dirs of" } else { "bytes that must enter" };
        if bytes > 0.0 {
            raise(bytes / rates.follower[broker], &|| format!("{what} broker {}", cluster.brokers[broker].id));
        }
    }
    if within {
        return Some(best);
    }
    let send: f64 = may_lead.iter_enumerated().filter(|entry| *entry.1).map(|entry| rates.leader[entry.0]).sum();
    raise(if total > 0.0 { total / send } else { 0.0 }, &|| "bytes that must leave the leaders".to_owned());
    Some(best)
}
