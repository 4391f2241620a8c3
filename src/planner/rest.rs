//! What is left to place when an earlier plan is resumed: the rest, beside the lists that are kept.
//!
//! To the rest the kept lists are facts: it is placed by the usual rooms on a cluster in which they are carried out
//! already, so that it fills up what they leave, and leads what they do not.

use super::Look;
use crate::base::error::Result;
use crate::base::ids::BrokerId;
use crate::base::index::{BrokerIx, Csr, DirIx, IndexVec, Ix, PartitionIx};
use crate::base::units::Bytes;
use crate::base::work::Work;
use crate::cluster::Cluster;
use crate::given;
use crate::leadership::Leadership;
use crate::placement::Home;
use crate::problem::Problem;
use crate::request::Request;
use crate::snapshot::{DirName, Partitions, Snapshot};

/// The final lists of all movers: the kept ones, and the others placed anew.
///
/// # Errors
/// What the usual rooms refuse of the rest; kept lists that break a limit.
pub fn order(problem: &Problem<'_>, look: Look, work: &Work) -> Result<Leadership> {
    let (mut lists, held) = given::kept(problem);
    if problem.movers.iter().any(|&partition| !problem.kept.has(partition)) {
        let snapshot = carried_out(problem, &lists);
        let request = Request { resume: None, exact: false, ..problem.request.clone() };
        let mut rest = Problem::new(with_use(Cluster::new(&snapshot), &held), &request)?;
        rest.growth_horizon = problem.growth_horizon;
        rest.wave_span = problem.wave_span;
        let found = super::lists(&rest, look, work)?.lists;
        lists = merged(problem, &lists, &rest, &found);
    }
    given::judge(problem, &mut lists)?;
    Ok(Leadership { lists })
}

/// The kept lists, and what was found for the others.
fn merged(problem: &Problem<'_>, kept: &Csr<Home>, rest: &Problem<'_>, found: &Csr<Home>) -> Csr<Home> {
    let mut lists = Csr::with_capacity(kept.len(), kept.total());
    for (mover, partition) in problem.movers.iter().enumerate() {
        let place = rest.movers.binary_search(partition).ok().filter(|_| !problem.kept.has(*partition));
        lists.push(place.map_or(kept.get(mover), |place| found.get(place)).iter().copied());
    }
    lists
}

/// The cluster with log dirs that hold so much.
fn with_use<'s>(mut cluster: Cluster<'s>, held: &IndexVec<DirIx, i128>) -> Cluster<'s> {
    for (dir, &bytes) in held.iter_enumerated() {
        cluster.dirs[dir].used = Bytes::new(u64::try_from(bytes).unwrap_or(0));
    }
    cluster
}

/// The snapshot as it will be when the kept lists are reached.
fn carried_out(problem: &Problem<'_>, lists: &Csr<Home>) -> Snapshot {
    let cluster = &problem.cluster;
    let mut snapshot = cluster.snapshot.clone();
    let old = &cluster.snapshot.partitions;
    let partitions = &mut snapshot.partitions;
    (partitions.replicas, partitions.isr) = (Csr::default(), Csr::default());
    partitions.dir.clear();
    let mut movers = problem.movers.iter().enumerate().peekable();
    for row in 0..old.len() {
        let partition = PartitionIx::new(row);
        let mover = movers.next_if(|entry| *entry.1 == partition).map(|entry| entry.0);
        let Some(list) = mover.filter(|_| problem.kept.has(partition)).map(|mover| lists.get(mover)) else {
            partitions.replicas.push(old.replicas.get(row).iter().copied());
            partitions.isr.push(old.isr.get(row).iter().copied());
            if !old.dir.is_empty() {
                partitions.dir.extend_from_slice(&old.dir[old.replicas.range(row)]);
            }
            continue;
        };
        let ids: Vec<BrokerId> = list.iter().map(|home| cluster.brokers[home.broker].id).collect();
        if !old.leader[row].is_some_and(|leader| ids.contains(&leader)) {
            partitions.leader[row] = ids.first().copied();
        }
        partitions.replicas.push(ids.iter().copied());
        partitions.isr.push(ids);
        if !old.dir.is_empty() {
            for home in list {
                let dir = dir_name(problem, partition, home, partitions);
                partitions.dir.push(dir);
            }
        }
    }
    snapshot
}

/// The log dir of a replica of a final list, numbered among the paths of the snapshot.
fn dir_name(
    problem: &Problem<'_>,
    partition: PartitionIx,
    home: &Home,
    partitions: &mut Partitions,
) -> Option<DirName> {
    let cluster = &problem.cluster;
    let held = |broker: BrokerIx| cluster.dir_holding(partition, broker);
    let row = &cluster.dirs[home.dir.or_else(|| held(home.broker))?];
    let path = &cluster.snapshot.brokers[row.broker.get()].log_dirs[row.place].path;
    let names = &mut partitions.dir_names;
    let number = names.iter().position(|name| name == path).unwrap_or_else(|| {
        names.push(path.clone());
        names.len() - 1
    });
    Some(DirName(number as u32))
}
