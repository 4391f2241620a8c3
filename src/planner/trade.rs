//! What the other `--prefer` would give, beside what this one gives.

use super::Look;
use crate::base::error::{Code, Result};
use crate::base::index::{BrokerIx, Csr, IndexVec};
use crate::base::units::{Bytes, Seconds};
use crate::base::work::Work;
use crate::cluster::Cluster;
use crate::placement::{self, Home};
use crate::plan::{Outcome, Trade};
use crate::problem::Problem;
use crate::problem::rates::Rates;
use crate::request::{Prefer, Request};
use crate::snapshot::Snapshot;

/// Replicas beyond which placing them twice takes more time than a look at the other side is worth.
const REPLICAS_MAX: u64 = 200_000;

/// What came of the preference, where movers have these new homes and may have what stays beside them, and what the other one gives; absent where it
/// makes no difference.
pub(super) fn of(problem: &Problem<'_>, homes: &Csr<Home>, other: Option<Outcome>) -> Option<Trade> {
    is_told(problem).then(|| Trade::new(problem.request.prefer, outcome(problem, homes), other))
}

/// What the other preference gives, by placing once more; absent where that costs too much, depends on times that
/// only a whole plan knows, or finds no placement.
///
/// # Errors
/// Only an interruption.
pub(super) fn other(snapshot: &Snapshot, problem: &Problem<'_>, work: &Work) -> Result<Option<Outcome>> {
    let Request { headroom, growth, exact, prefer, .. } = problem.request;
    let has_times = problem.rates.is_some() && headroom.is_none() && !growth;
    if !is_told(problem) || !has_times || *exact || problem.replicas_forced > REPLICAS_MAX {
        return Ok(None);
    }
    let request = Request { prefer: prefer.other(), ..problem.request.clone() };
    let other = Problem::new(Cluster::new(snapshot), &request)?;
    let homes = placement::place(&other, work).and_then(|found| super::settle(&other, &found, Look::Whole, work));
    match homes {
        Ok((homes, _)) => Ok(Some(outcome(&other, &homes))),
        Err(error) if error.code() == Code::Interrupted => Err(error),
        Err(_) => Ok(None),
    }
}

fn is_told(problem: &Problem<'_>) -> bool {
    let request = problem.request;
    let clashes = problem.has_sizes() || problem.has_paces() || request.prefer == Prefer::Time;
    clashes && request.chooses_brokers() && !problem.movers.is_empty()
}

fn outcome(problem: &Problem<'_>, homes: &Csr<Home>) -> Outcome {
    let cluster = &problem.cluster;
    let mut received = IndexVec::filled(Bytes::ZERO, cluster.brokers.len());
    for (mover, &partition) in problem.movers.iter().enumerate() {
        let before = cluster.replicas_of(partition);
        for home in homes.get(mover).iter().filter(|home| !before.contains(&home.broker)) {
            received[home.broker] += cluster.size_of(partition);
        }
    }
    let fill = |&broker: &BrokerIx| {
        let used: Bytes = cluster.dirs_of(broker).map(|dir| cluster.dirs[dir].used).sum();
        let capacities: Option<Vec<Bytes>> = cluster.dirs_of(broker).map(|dir| cluster.dirs[dir].capacity).collect();
        let capacity: Bytes = capacities?.into_iter().sum();
        (capacity > Bytes::ZERO).then(|| (used + received[broker]).as_f64() / capacity.as_f64())
    };
    let fills: Option<Vec<f64>> = problem.targets.iter().map(fill).collect();
    let seconds = |rates: &Rates| {
        let each = problem.targets.iter().map(|&broker| received[broker].as_f64() / rates.follower[broker]);
        Seconds::new(each.fold(0.0, f64::max))
    };
    Outcome {
        fullest_target: fills.and_then(|fills| fills.into_iter().max_by(f64::total_cmp)),
        receiving_seconds: problem.rates.as_ref().map(seconds),
    }
}
