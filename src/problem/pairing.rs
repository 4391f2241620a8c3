//! `--pair auto`: which new broker takes which old one's place.
//!
//! The best matching as a whole, not broker by broker: a greedy choice may give the only large broker of a rack
//! to a small one. Costs are compared in this order: pairs of which the new broker already holds a partition
//! of the old one (they cannot be made), pairs across racks, new brokers without room for what the old one
//! holds, the sum of the differences of capacity, and then the difference of the ranks by id, squared, which
//! only keeps ids in order among brokers that are alike. The five are digits of one whole number, so the
//! Hungarian method (O(old² · new)) finds the least of them without rounding.

use pathfinding::kuhn_munkres::kuhn_munkres_min;
use pathfinding::matrix::Matrix;

use super::{flags, targets};
use crate::base::error::{Code, Error, Place, Result};
use crate::base::ids::BrokerId;
use crate::base::index::{BrokerIx, IndexVec};
use crate::base::pairs::Pairs;
use crate::base::text::{counted, either};
use crate::base::units::Bytes;
use crate::cluster::Cluster;
use crate::request::Request;

/// Differences of capacity have at most this many bits, so that all digits fit into 127.
const CAPACITY_BITS: u32 = 30;

/// The best pairs for the brokers that are drained.
///
/// # Errors
/// Unknown brokers, overlap, and [`Code::TooFewBrokers`] when there are fewer new brokers than old ones.
pub fn choose(cluster: &Cluster<'_>, request: &Request) -> Result<Pairs> {
    let is_drained = flags(cluster, &request.drain, "--drain")?;
    let is_target = targets(cluster, request, &is_drained)?;
    let chosen = |flags: &IndexVec<BrokerIx, bool>| -> Vec<BrokerIx> {
        flags.iter_enumerated().filter(|entry| *entry.1).map(|entry| entry.0).collect()
    };
    let (old, new) = (chosen(&is_drained), chosen(&is_target));
    if new.len() < old.len() {
        let (there, missing) = (counted(new.len(), "broker"), old.len() - new.len());
        let message = format!(
            "{} {} to be replaced one by one, and {there} can receive",
            counted(old.len(), "broker"),
            either(old.len(), "is", "are")
        );
        return Err(Error::new(Code::TooFewBrokers, message)
            .at(Place::source("--pair"))
            .detail("kind", "impossible")
            .detail("missing_brokers", missing)
            .help(format!("{} must be added at least, or leave --pair out", counted(missing, "more broker"))));
    }
    let costs = costs(cluster, request, &old, &new);
    let (_, matched) = kuhn_munkres_min(&costs);
    let id = |broker: BrokerIx| -> BrokerId { cluster.brokers[broker].id };
    let pairs = old.iter().zip(matched).map(|(&old, at)| (id(old), id(new[at]))).collect();
    Pairs::new(pairs).map_err(|what| Error::new(Code::Internal, what))
}

/// The cost of each pair.
fn costs(cluster: &Cluster<'_>, request: &Request, old: &[BrokerIx], new: &[BrokerIx]) -> Matrix<i128> {
    let holds_both = shared(cluster, old, new);
    let held = held(cluster);
    let capacity = |broker: BrokerIx| -> Option<u64> {
        let dirs = cluster.dirs_of(broker);
        let known: Option<Vec<u64>> = dirs.map(|dir| cluster.dirs[dir].capacity.map(Bytes::get)).collect();
        known.filter(|known| !known.is_empty()).map(|known| known.into_iter().sum())
    };
    let room = |broker: BrokerIx| -> Option<Bytes> {
        let room = |dir| {
            let row: &crate::cluster::DirRow = &cluster.dirs[dir];
            let room = request.disk_limit.of(row.capacity?).saturating_sub(row.used);
            Some(if row.online { room } else { Bytes::ZERO })
        };
        cluster.dirs_of(broker).map(room).collect::<Option<Vec<_>>>().map(|room| room.into_iter().sum())
    };
    let differs = |a: BrokerIx, b: BrokerIx| match (capacity(a), capacity(b)) {
        (Some(a), Some(b)) => a.abs_diff(b),
        _ => 0,
    };
    let all = || old.iter().flat_map(|&a| new.iter().map(move |&b| (a, b)));
    let most = all().map(|(a, b)| differs(a, b)).max().unwrap_or(0);
    let shift = (u64::BITS - most.leading_zeros()).saturating_sub(CAPACITY_BITS);
    let count = old.len() as i128;
    let rank_base = count * (new.len() as i128).pow(2) + 1;
    let capacity_base = count * i128::from(most >> shift) + 1;
    let digit = count + 1;
    Matrix::from_fn(old.len(), new.len(), |(row, column)| {
        let (a, b) = (old[row], new[column]);
        let racks = cluster.brokers[a].rack != cluster.brokers[b].rack;
        let short = !request.ignore_disk && room(b).is_some_and(|room| room < held[a]);
        let mut cost = i128::from(holds_both[row * new.len() + column]);
        cost = cost * digit + i128::from(racks);
        cost = cost * digit + i128::from(short);
        cost = cost * capacity_base + i128::from(differs(a, b) >> shift);
        cost * rank_base + (row as i128 - column as i128).pow(2)
    })
}

/// Bytes of the replicas on each broker.
fn held(cluster: &Cluster<'_>) -> IndexVec<BrokerIx, Bytes> {
    let mut held = IndexVec::filled(Bytes::ZERO, cluster.brokers.len());
    for partition in cluster.partitions() {
        for &broker in cluster.replicas_of(partition) {
            held[broker] += cluster.size_of(partition);
        }
    }
    held
}

/// For each old and new broker, row by row, whether a partition lies on both.
fn shared(cluster: &Cluster<'_>, old: &[BrokerIx], new: &[BrokerIx]) -> Vec<bool> {
    let mut shared = vec![false; old.len() * new.len()];
    let place = |brokers: &[BrokerIx], broker: BrokerIx| brokers.binary_search(&broker).ok();
    for partition in cluster.partitions() {
        let list = cluster.replicas_of(partition);
        for row in list.iter().filter_map(|&broker| place(old, broker)) {
            for column in list.iter().filter_map(|&broker| place(new, broker)) {
                shared[row * new.len() + column] = true;
            }
        }
    }
    shared
}
