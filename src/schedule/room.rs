//! Room on log dirs, wave by wave, where brokers both give and receive.
//!
//! Sources free their space only after their wave, so a copy may have to wait for another one to leave. Of two
//! orders one may lead into a dead end: a copy that frees nothing takes the room that another one needed to
//! set a third free. A stage is therefore tried in up to three orders: as it stands (largest first); those
//! first that free room where it is short or take none there; and these by what they free, net.

use super::Loads;
use crate::base::error::{Code, Error};
use crate::base::ids::IdSet;
use crate::base::index::{BrokerIx, Csr, DirIx, IndexVec, Ix};
use crate::base::text::{self, counted, either};
use crate::problem::{Problem, Wanted};
use crate::route::Steps;

/// What every log dir holds and may hold, in bytes.
#[derive(Clone)]
pub struct Room {
    limit: IndexVec<DirIx, u64>,
    held: IndexVec<DirIx, u64>,
    /// What lands in the wave at hand.
    landing: IndexVec<DirIx, u64>,
    touched: Vec<DirIx>,
    /// Log dirs that each step fills, each with what it needs there.
    lands: Csr<(DirIx, u64)>,
    /// Log dirs that each step frees when its wave is over.
    frees: Csr<(DirIx, u64)>,
    /// Whether all that comes to a log dir fits only after something has left it.
    is_short: IndexVec<DirIx, bool>,
}

/// In how many orders a stage is tried.
pub const ORDERS: usize = 3;

impl Room {
    /// The room before the first wave; nothing where no log dir that receives is ever freed, or none has a limit.
    pub fn new(problem: &Problem<'_>, steps: &Steps) -> Option<Self> {
        if !matches!(problem.wanted, Wanted::Lists(_)) || problem.request.ignore_disk {
            return None;
        }
        let cluster = &problem.cluster;
        let count = steps.len();
        let (mut lands, mut frees) = (Csr::with_capacity(count, count), Csr::with_capacity(count, count));
        let mut most: IndexVec<DirIx, u64> = cluster.dirs.iter().map(|dir| dir.used.get()).collect();
        let held = most.clone();
        for step in 0..count {
            let partition = steps.partition(problem, step);
            let (before, list) = (steps.before.get(step), steps.after.get(step));
            let needed = problem.landed_size(partition).get();
            lands.push(list.iter().filter_map(|home| home.dir).map(|dir| (dir, needed)));
            for &(dir, bytes) in lands.get(step) {
                most[dir] = most[dir].saturating_add(bytes);
            }
            let size = cluster.size_of(partition).get();
            let leaves = |broker: &&BrokerIx| list.iter().all(|home| home.broker != **broker);
            let dirs = before.iter().filter(leaves).filter_map(|&broker| cluster.dir_holding(partition, broker));
            frees.push(dirs.map(|dir| (dir, size)).collect::<Vec<_>>());
        }
        let limit: IndexVec<DirIx, u64> =
            problem.dir_limit.iter().map(|limit| limit.map_or(u64::MAX, crate::base::units::Bytes::get)).collect();
        let is_short = limit.indices().map(|dir| most[dir] > limit[dir]).collect();
        let landing = IndexVec::filled(0, held.len());
        Some(Room { limit, held, landing, touched: Vec::new(), lands, frees, is_short })
    }

    /// Forgets what lands in the wave at hand.
    pub fn clear(&mut self) {
        for dir in self.touched.drain(..) {
            self.landing[dir] = 0;
        }
    }

    /// Whether a step fits beside all that lands in the wave at hand.
    pub fn fits(&self, step: u32) -> bool {
        self.full_dir(step).is_none()
    }

    fn full_dir(&self, step: u32) -> Option<DirIx> {
        let is_full = |&&(dir, bytes): &&(DirIx, u64)| {
            bytes > 0 && self.held[dir].saturating_add(self.landing[dir]).saturating_add(bytes) > self.limit[dir]
        };
        self.lands.get(step as usize).iter().find(is_full).map(|entry| entry.0)
    }

    /// Takes a step into the wave at hand.
    pub fn put(&mut self, step: u32) {
        for &(dir, bytes) in self.lands.get(step as usize) {
            self.landing[dir] = self.landing[dir].saturating_add(bytes);
            self.touched.push(dir);
        }
    }

    /// Ends a wave: its copies stay, and what they replace is freed.
    pub fn end_wave(&mut self, taken: &[u32]) {
        self.clear();
        taken.iter().for_each(|&step| self.land(step));
        taken.iter().for_each(|&step| self.leave(step));
    }

    /// The copies of a step begin to land, outside of any wave at hand.
    pub fn land(&mut self, step: u32) {
        for &(dir, bytes) in self.lands.get(step as usize) {
            self.held[dir] = self.held[dir].saturating_add(bytes);
        }
    }

    /// What a step replaces is freed.
    pub fn leave(&mut self, step: u32) {
        for &(dir, bytes) in self.frees.get(step as usize) {
            self.held[dir] = self.held[dir].saturating_sub(bytes);
        }
    }

    /// The steps of a stage, largest first, in the `number`th order: groups, each to be done before the next.
    pub fn ordered(&self, steps: &[u32], number: usize) -> Vec<Vec<u32>> {
        if number == 0 {
            return vec![steps.to_vec()];
        }
        let short = |entries: &[(DirIx, u64)]| -> u64 {
            entries.iter().filter(|entry| self.is_short[entry.0]).map(|entry| entry.1).sum()
        };
        let takes = |step: u32| short(self.lands.get(step as usize));
        let frees = |step: u32| short(self.frees.get(step as usize));
        let (mut first, last): (Vec<u32>, Vec<u32>) =
            steps.iter().copied().partition(|&step| takes(step) == 0 || frees(step) > 0);
        if number == 1 {
            return vec![first, last];
        }
        let (harmless, mut others): (Vec<u32>, Vec<u32>) = first.drain(..).partition(|&step| takes(step) == 0);
        others.sort_by_key(|&step| (i128::from(takes(step)) - i128::from(frees(step)), step));
        vec![harmless, others, last]
    }

    /// Why none of the steps that are left fits: whose log dirs wait for whose.
    pub fn stuck(&self, problem: &Problem<'_>, loads: &Loads, left: &[u32]) -> Error {
        let cluster = &problem.cluster;
        let broker = |dir: DirIx| -> BrokerIx { cluster.dirs[dir].broker };
        let (mut path, mut step): (Vec<(DirIx, u32)>, Option<u32>) = (Vec::new(), left.first().copied());
        let mut cycle = 0;
        while let Some((next, dir)) = step.and_then(|step| Some((step, self.full_dir(step)?))) {
            if let Some(start) = path.iter().position(|entry| entry.0 == dir) {
                cycle = start;
                break;
            }
            path.push((dir, next));
            let leaves = |other: &&u32| self.frees.get(**other as usize).iter().any(|entry| entry.0 == dir);
            step = left.iter().find(leaves).copied();
        }
        let path = &path[cycle..];
        let ids: std::collections::BTreeSet<_> = path.iter().map(|entry| cluster.brokers[broker(entry.0)].id).collect();
        let set = IdSet::from_ids(ids).unwrap_or_default();
        let message = format!(
            "no order of the copies was found that keeps every log dir within {}: {} {} for one another",
            problem.request.disk_limit,
            text::brokers(&set),
            either(set.len(), "waits for what leaves later; copies wait", "wait")
        );
        let mut error = Error::new(Code::DiskLimit, message);
        for &(dir, step) in path.iter().take(5) {
            let row = &cluster.dirs[dir];
            let path = &cluster.snapshot.brokers[row.broker.get()].log_dirs[row.place].path;
            let needed = crate::base::units::Bytes::new(loads.loads[step as usize].size as u64);
            let room = crate::base::units::Bytes::new(self.limit[dir].saturating_sub(self.held[dir]));
            error = error.note(format!(
                "`{}` needs {needed} on broker {} `{path}`, which has {room} of room until something leaves it",
                cluster.name_of(loads.loads[step as usize].partition),
                cluster.brokers[row.broker].id
            ));
        }
        error.detail("kind", "not-found").detail("brokers", set.to_string()).detail("partitions_left", left.len()).help(
            format!(
                "{} in the way: move some of it elsewhere first, or send some of it to brokers with room",
                counted(left.len(), "partition")
            ),
        )
    }
}
