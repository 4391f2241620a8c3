//! Room on log dirs, wave by wave, where brokers both give and receive.
//!
//! Sources free their space only after their wave, so a copy may have to wait for another one to leave. Of two
//! orders one may lead into a dead end: a copy that frees nothing takes the room that another one needed to
//! set a third free. A stage is first packed as any other. Where that leads into a dead end, an [`order`] is sought in
//! which each copy finds room, and packed so that every log dir takes its copies in that order: then the first of what
//! is left always has room, because what lands there in its order was counted, and what left early only helps.

use super::Loads;
use super::order::{self, Flows, Order};
use crate::base::error::{Code, Error, Result};
use crate::base::ids::{BrokerId, IdSet};
use crate::base::index::{BrokerIx, Csr, DirIx, IndexVec, Ix};
use crate::base::text::{self, counted, either};
use crate::base::units::Bytes;
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
    /// In which order log dirs that are short take what comes, where that matters.
    lines: Option<Lines>,
}

/// How many log dirs a refusal names.
const NAMED: usize = 5;

/// Steps in the order in which they land in each log dir.
#[derive(Clone)]
struct Lines {
    of: IndexVec<DirIx, Vec<u32>>,
    /// How many of each have landed in earlier waves, and how many with the wave at hand.
    landed: IndexVec<DirIx, usize>,
    taken: IndexVec<DirIx, usize>,
}

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
            problem.dir_limit.iter().map(|limit| limit.map_or(u64::MAX, Bytes::get)).collect();
        let is_short = limit.indices().map(|dir| most[dir] > limit[dir]).collect();
        let landing = IndexVec::filled(0, held.len());
        Some(Room { limit, held, landing, touched: Vec::new(), lands, frees, is_short, lines: None })
    }

    /// Forgets what lands in the wave at hand.
    pub fn clear(&mut self) {
        for dir in self.touched.drain(..) {
            self.landing[dir] = 0;
            if let Some(lines) = &mut self.lines {
                lines.taken[dir] = lines.landed[dir];
            }
        }
    }

    /// Whether a step fits beside all that lands in the wave at hand, and it is its turn.
    pub fn fits(&self, step: u32) -> bool {
        let is_next =
            |lines: &Lines| self.queues(step).all(|(dir, _)| lines.of[dir].get(lines.taken[dir]) == Some(&step));
        self.full_dir(step).is_none() && self.lines.as_ref().is_none_or(is_next)
    }

    /// The log dirs short of room in which a step lands, with what it needs there.
    fn queues(&self, step: u32) -> impl Iterator<Item = (DirIx, u64)> + '_ {
        self.lands.get(step as usize).iter().copied().filter(|&(dir, bytes)| bytes > 0 && self.is_short[dir])
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
            if let Some(lines) = self.lines.as_mut().filter(|_| bytes > 0 && self.is_short[dir]) {
                lines.taken[dir] += 1;
            }
        }
    }

    /// Ends a wave: its copies stay, and what they replace is freed.
    pub fn end_wave(&mut self, taken: &[u32]) {
        self.clear();
        for &step in taken {
            self.land(step);
        }
        for &step in taken {
            self.leave(step);
        }
    }

    /// The copies of a step begin to land, outside of any wave at hand.
    pub fn land(&mut self, step: u32) {
        for &(dir, bytes) in self.lands.get(step as usize) {
            self.held[dir] = self.held[dir].saturating_add(bytes);
            if let Some(lines) = self.lines.as_mut().filter(|_| bytes > 0 && self.is_short[dir]) {
                lines.landed[dir] += 1;
                lines.taken[dir] = lines.landed[dir];
            }
        }
    }

    /// What a step replaces is freed.
    pub fn leave(&mut self, step: u32) {
        for &(dir, bytes) in self.frees.get(step as usize) {
            self.held[dir] = self.held[dir].saturating_sub(bytes);
        }
    }

    /// The steps of a stage in an order in which each finds room; from now on log dirs take them in that order.
    ///
    /// # Errors
    /// [`Code::DiskLimit`], naming log dirs that wait for one another, when none was found.
    pub fn line_up(&mut self, problem: &Problem<'_>, loads: &Loads, steps: &[u32]) -> Result<Vec<u32>> {
        let (flows, dirs) = self.flows(steps);
        let held: Vec<u64> = dirs.iter().map(|&dir| self.held[dir]).collect();
        let named = |places: &[u32]| -> Vec<u32> { places.iter().map(|&place| steps[place as usize]).collect() };
        match order::find(&flows, &held) {
            Order::Of(order) => {
                let order = named(&order);
                let count = self.held.len();
                let (landed, taken) = (IndexVec::filled(0, count), IndexVec::filled(0, count));
                let mut of = IndexVec::filled(Vec::new(), count);
                for &step in &order {
                    for (dir, _) in self.queues(step) {
                        of[dir].push(step);
                    }
                }
                self.lines = Some(Lines { of, landed, taken });
                Ok(order)
            }
            Order::Circle { done, left, circle, is_proven } => {
                for step in named(&done) {
                    self.end_wave(&[step]);
                }
                let breaks = |dir: DirIx| {
                    let number = dirs.binary_search(&dir).ok()?;
                    order::room_needed(&flows, &held, &circle, number as u32)
                };
                Err(self.stuck(problem, loads, &named(&left), is_proven, &breaks))
            }
        }
    }

    /// Forgets the order in which log dirs take what comes.
    pub fn end_lines(&mut self) {
        self.lines = None;
    }

    /// Why steps lead into a dead end, when each is taken as soon as it fits.
    pub fn dead_end(&mut self, problem: &Problem<'_>, loads: &Loads, steps: &[u32]) -> Error {
        let mut left = steps.to_vec();
        while let Some(at) = left.iter().position(|&step| self.fits(step)) {
            let step = left.remove(at);
            self.end_wave(&[step]);
        }
        self.stuck(problem, loads, &left, false, &|_| None)
    }

    /// What steps do to log dirs that are short of room, and which these are.
    fn flows(&self, steps: &[u32]) -> (Flows, Vec<DirIx>) {
        let mut dirs: Vec<DirIx> = steps.iter().flat_map(|&step| self.queues(step)).map(|entry| entry.0).collect();
        dirs.sort_unstable();
        dirs.dedup();
        let number = |(dir, bytes): (DirIx, u64)| dirs.binary_search(&dir).ok().map(|at| (at as u32, bytes));
        let flows = Flows {
            lands: steps.iter().map(|&step| self.queues(step).filter_map(number)).collect(),
            frees: steps.iter().map(|&step| self.frees.get(step as usize).iter().copied().filter_map(number)).collect(),
            limit: dirs.iter().map(|&dir| self.limit[dir]).collect(),
        };
        (flows, dirs)
    }

    /// Why none of the steps that are left fits: whose log dirs wait for whose.
    /// `breaks` says how many bytes more a log dir would have to hold for an order to be found.
    fn stuck(
        &self,
        problem: &Problem<'_>,
        loads: &Loads,
        left: &[u32],
        is_proven: bool,
        breaks: &dyn Fn(DirIx) -> Option<u64>,
    ) -> Error {
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
            "no order of the copies {} every log dir within {}: {} {} for one another",
            if is_proven { "keeps" } else { "was found that keeps" },
            problem.request.disk_limit,
            text::brokers(&set),
            either(set.len(), "waits for what leaves later; copies wait", "wait")
        );
        let mut error = Error::new(Code::DiskLimit, message);
        for &(dir, step) in path.iter().take(NAMED) {
            let (broker, path) = name(problem, dir);
            let needed = Bytes::new(loads.loads[step as usize].size as u64);
            let room = Bytes::new(self.limit[dir].saturating_sub(self.held[dir]));
            error = error.note(format!(
                "`{}` needs {needed} on broker {broker} `{path}`, which has {room} of room until something leaves it",
                cluster.name_of(loads.loads[step as usize].partition)
            ));
        }
        // A canary goes first whatever the order, and others might have been chosen.
        let is_proven = is_proven && problem.request.canary == 0;
        error = error
            .detail("kind", if is_proven { "impossible" } else { "not-found" })
            .detail("brokers", set.to_string())
            .detail("partitions_left", left.len());
        let most_helped = path.iter().take(NAMED).filter_map(|&(dir, _)| Some((breaks(dir)?, dir))).min();
        if let Some((bytes, dir)) = most_helped {
            let (broker, path) = name(problem, dir);
            error = error.detail("room_bytes", bytes).help(format!(
                "{} more room on broker {broker} `{path}` is enough: free as much there first",
                Bytes::new(bytes)
            ));
        }
        error.help(format!(
            "{} in the way: move some of it elsewhere first, or send some of it to brokers with room",
            counted(left.len(), "partition")
        ))
    }
}

/// The broker and the path of a log dir.
fn name<'s>(problem: &Problem<'s>, dir: DirIx) -> (BrokerId, &'s str) {
    let row = &problem.cluster.dirs[dir];
    let dirs = &problem.cluster.snapshot.brokers[row.broker.get()].log_dirs;
    (problem.cluster.brokers[row.broker].id, &dirs[row.place].path)
}
