//! How many new replicas of each partition go to which rack.
//!
//! A partition's lists are compared by (distinct racks, largest number in one rack). Replacing each
//! replica within its own rack changes neither, so that is tried first. Where a rack has no target left,
//! the rack that holds fewest replicas of the partition is taken, one replica at a time: that order gives
//! the most distinct racks and the smallest maximum that can be had, so when even it breaks the policy,
//! nothing keeps it. Last, single replicas change racks from the fullest to emptier ones, largest first.

use rustc_hash::FxHashMap;

use super::brokers::{Placed, used, vessels};
use super::{Pools, Slot, Vessels, explain};
use crate::base::error::Result;
use crate::base::index::{BrokerIx, Csr, Ix, PartitionIx, RackIx};
use crate::base::units::Bytes;
use crate::base::work::Work;
use crate::problem::Problem;
use crate::request::{Prefer, RackPolicy};

/// The rack that was chosen for one new replica.
#[derive(Clone, Copy)]
pub struct Choice {
    /// Number of the pool.
    pub pool: u32,
    /// Bytes of the replica.
    pub size: Bytes,
}

/// Chooses a pool for each freed place of each mover.
pub fn choose(problem: &Problem<'_>, pools: &Pools, by_size: &[u32], work: &Work) -> Result<Csr<Choice>> {
    let mut chooser = Chooser::new(problem, pools);
    let mut chosen = Csr::with_capacity(problem.movers.len(), problem.replicas_forced as usize);
    let mut classes = Classes::default();
    let mut first_choices: Csr<u32> = Csr::default();
    for (mover, &partition) in problem.movers.iter().enumerate() {
        if mover % 65_536 == 0 {
            work.step("placing", 0, 3)?;
        }
        let class = classes.add(problem, partition);
        if class == first_choices.len() {
            first_choices.push(chooser.first_choice(partition)?.iter().copied());
        }
        let size = problem.landed_size(partition);
        chosen.push(first_choices.get(class).iter().map(|&pool| Choice { pool, size }));
    }
    if pools.brokers.len() > 1 {
        chooser.balance(&mut chosen, by_size, &classes, work)?;
    }
    Ok(chosen)
}

/// Partitions that look alike from the racks' side: what is possible for one is possible for all of a class.
#[derive(Default)]
struct Classes {
    /// The class of each mover.
    of: Vec<u32>,
    known: FxHashMap<Box<[u32]>, u32>,
    key: Vec<u32>,
}

impl Classes {
    /// The class of the next mover: by the rack of each replica, and whether it goes or stays, and stays on a target.
    fn add(&mut self, problem: &Problem<'_>, partition: PartitionIx) -> usize {
        let replicas = problem.cluster.replicas_of(partition);
        self.key.clear();
        self.key.extend(replicas.iter().map(|&broker| {
            let rack = problem.cluster.brokers[broker].rack.get() as u32;
            rack * 4 + u32::from(problem.leaves(partition, broker)) * 2 + u32::from(problem.is_target[broker])
        }));
        let next = self.known.len() as u32;
        let class = match self.known.get(self.key.as_slice()) {
            Some(&class) => class,
            None => *self.known.entry(self.key.as_slice().into()).or_insert(next),
        };
        self.of.push(class);
        class as usize
    }
}

/// Whether a replica of a class may change its pool, remembered by class and by the pools of all its choices.
#[derive(Default)]
struct Memory {
    may_go: FxHashMap<(u32, u64), bool>,
}

impl Memory {
    /// Class and choices in one key; [`None`] for longer lists than fit.
    fn key(class: u32, choices: &[Choice], place: usize, to: u32) -> Option<(u32, u64)> {
        // Four bits for the place and six for each pool.
        const CHOICES_MAX: usize = 9;
        if choices.len() > CHOICES_MAX {
            return None;
        }
        let pools = choices.iter().map(|choice| choice.pool);
        Some((class, pools.chain([to]).fold(place as u64, |key, pool| key << 6 | u64::from(pool))))
    }
}

/// Sends every replica that found no room in its rack to the roomiest other one that keeps the policy.
///
/// Says whether any could be sent; the caller then tries again.
pub fn move_elsewhere(
    problem: &Problem<'_>,
    pools: &Pools,
    chosen: &mut Csr<Choice>,
    per_pool: &[Vec<Slot>],
    placed: &[Placed],
) -> bool {
    let mut chooser = Chooser::new(problem, pools);
    let room =
        |pool: &Vec<BrokerIx>| -> Vec<Bytes> { pool.iter().flat_map(|&broker| rooms(problem, broker)).collect() };
    let mut free: Vec<i128> =
        pools.brokers.iter().map(|pool| room(pool).iter().map(|room| i128::from(room.get())).sum()).collect();
    let widest: Vec<Bytes> =
        pools.brokers.iter().map(|pool| room(pool).into_iter().max().unwrap_or(Bytes::ZERO)).collect();
    for choice in chosen.values() {
        free[choice.pool as usize] -= i128::from(choice.size.get());
    }
    let mut moved = false;
    for (from, placed) in placed.iter().enumerate() {
        for &homeless in &placed.homeless {
            let Slot { at, mover, size, .. } = per_pool[from][homeless];
            let place = at as usize - chosen.range(mover as usize).start;
            let partition = problem.movers[mover as usize];
            let need = i128::from(size.get());
            let mut open: Vec<usize> =
                (0..pools.brokers.len()).filter(|&to| to != from && widest[to] >= size && free[to] >= need).collect();
            open.sort_by_key(|&to| (std::cmp::Reverse(free[to]), to));
            let choices = chosen.get(mover as usize);
            let Some(&to) = open.iter().find(|&&to| chooser.may_go(partition, choices, place, to as u32)) else {
                continue;
            };
            chosen.get_mut(mover as usize)[place].pool = to as u32;
            free[from] += need;
            free[to] -= need;
            moved = true;
        }
    }
    moved
}

/// What each receiving log dir of a broker can still take; those above their limit take nothing at all.
fn rooms<'a>(problem: &'a Problem<'_>, broker: BrokerIx) -> impl Iterator<Item = Bytes> + use<'a> {
    let room = |dir| {
        let (limit, used) = (problem.dir_limit[dir]?, problem.cluster.dirs[dir].used);
        (used <= limit).then(|| limit - used)
    };
    problem.cluster.dirs_of(broker).filter_map(room)
}

/// Distinct racks (more is better), then the largest number in one rack (less is better).
type Spread = (usize, std::cmp::Reverse<u32>);

struct Chooser<'a> {
    problem: &'a Problem<'a>,
    pools: &'a Pools,
    /// Racks of alive brokers that are not drained.
    racks_left: usize,
    /// Replicas per rack of the partition at hand, few entries.
    counts: Vec<(RackIx, u32)>,
    /// Kept and chosen replicas of the partition at hand on targets of each pool that has some.
    taken: Vec<(u32, u32)>,
    picked: Vec<u32>,
}

impl<'a> Chooser<'a> {
    fn new(problem: &'a Problem<'a>, pools: &'a Pools) -> Self {
        Chooser {
            problem,
            pools,
            racks_left: problem.racks_left(),
            counts: Vec::new(),
            taken: Vec::new(),
            picked: Vec::new(),
        }
    }

    fn rack(&self, broker: BrokerIx) -> RackIx {
        self.problem.cluster.brokers[broker].rack
    }

    /// Starts over with the replicas that stay.
    fn keep(&mut self, partition: PartitionIx) {
        self.counts.clear();
        self.taken.clear();
        self.picked.clear();
        for broker in self.problem.kept(partition) {
            let rack = self.rack(broker);
            bump(&mut self.counts, rack, 1);
            if let Some(pool) = self.pools.of_broker[broker] {
                bump(&mut self.taken, pool, 1);
            }
        }
    }

    fn has_room(&self, pool: u32) -> bool {
        (count(&self.taken, pool) as usize) < self.pools.brokers[pool as usize].len()
    }

    fn pick(&mut self, pool: u32) {
        bump(&mut self.taken, pool, 1);
        let rack = self.rack_of_pool(pool);
        bump(&mut self.counts, rack, 1);
        self.picked.push(pool);
    }

    /// The rack of a pool; where racks do not count, that of its first broker.
    fn rack_of_pool(&self, pool: u32) -> RackIx {
        self.rack(self.pools.brokers[pool as usize][0])
    }

    fn first_choice(&mut self, partition: PartitionIx) -> Result<&[u32]> {
        let problem = self.problem;
        let freed = problem.freed(partition).count();
        self.keep(partition);
        let spread_first = problem.rack_policy == RackPolicy::Strict;
        if !spread_first && self.pick_same_racks(partition) {
            return Ok(&self.picked);
        }
        self.keep(partition);
        for _ in 0..freed {
            let Some(pool) = self.least_used_pool(partition) else {
                return Err(explain::too_few_brokers(problem, partition));
            };
            self.pick(pool);
        }
        if self.keeps_policy(partition) {
            Ok(&self.picked)
        } else {
            Err(explain::no_rack(problem, partition, self.racks_left))
        }
    }

    fn pick_same_racks(&mut self, partition: PartitionIx) -> bool {
        let replicas = self.problem.cluster.replicas_of(partition);
        for place in self.problem.freed(partition) {
            match self.pools.of_rack[self.rack(replicas[place])] {
                Some(pool) if self.has_room(pool) => self.pick(pool),
                _ => return false,
            }
        }
        true
    }

    /// The pool whose rack holds fewest replicas of the partition; among equals a rack that loses one, then the larger pool.
    fn least_used_pool(&self, partition: PartitionIx) -> Option<u32> {
        let replicas = self.problem.cluster.replicas_of(partition);
        let loses = |rack: RackIx| {
            let lost = self.problem.freed(partition).filter(|&place| self.rack(replicas[place]) == rack).count();
            let back = self.picked.iter().filter(|&&pool| self.rack_of_pool(pool) == rack).count();
            lost > back
        };
        (0..self.pools.brokers.len() as u32).filter(|&pool| self.has_room(pool)).min_by_key(|&pool| {
            let rack = self.rack_of_pool(pool);
            let free = self.pools.brokers[pool as usize].len() - count(&self.taken, pool) as usize;
            (count(&self.counts, rack), !loses(rack), std::cmp::Reverse(free), pool)
        })
    }

    /// Whether the replicas per rack in `counts` keep the policy for `partition`.
    fn keeps_policy(&self, partition: PartitionIx) -> bool {
        let replicas = self.problem.cluster.replicas_of(partition);
        match self.problem.rack_policy {
            RackPolicy::Ignore => true,
            RackPolicy::Strict => self.spread().0 >= self.racks_left.min(replicas.len()),
            RackPolicy::Preserve => {
                let mut before: Vec<(RackIx, u32)> = Vec::with_capacity(replicas.len());
                for &broker in replicas {
                    bump(&mut before, self.rack(broker), 1);
                }
                self.spread() >= spread_of(&before)
            }
        }
    }

    fn spread(&self) -> Spread {
        spread_of(&self.counts)
    }

    /// Moves single choices from fuller racks to emptier ones, largest partitions first, while that evens them out.
    fn balance(&mut self, chosen: &mut Csr<Choice>, by_size: &[u32], classes: &Classes, work: &Work) -> Result<()> {
        const PASSES: usize = 4;
        // Six bits in the keys of the memory.
        const POOLS_MAX: usize = 64;
        if self.pools.brokers.len() > POOLS_MAX {
            return Ok(());
        }
        let mut level = Level::new(self.problem, self.pools, chosen);
        let mut memory = Memory::default();
        for _ in 0..PASSES {
            let mut changed = false;
            for (step, &mover) in by_size.iter().enumerate() {
                if step % 65_536 == 0 {
                    work.step("placing", 0, 3)?;
                }
                for place in 0..chosen.get(mover as usize).len() {
                    let class = classes.of[mover as usize];
                    changed |= self.improve(chosen, (mover, class, place), &mut level, &mut memory);
                }
            }
            if !changed {
                break;
            }
        }
        Ok(())
    }

    fn improve(
        &mut self,
        chosen: &mut Csr<Choice>,
        (mover, class, place): (u32, u32, usize),
        level: &mut Level,
        memory: &mut Memory,
    ) -> bool {
        let Choice { pool: from, size } = chosen.get(mover as usize)[place];
        if size == Bytes::ZERO {
            return false;
        }
        let partition = self.problem.movers[mover as usize];
        let mut emptiest: Option<u32> = None;
        for to in (0..self.pools.brokers.len() as u32).filter(|&to| to != from && level.gains(from, to, size)) {
            if emptiest.is_some_and(|best| level.fill(best) <= level.fill(to)) {
                continue;
            }
            let choices = chosen.get(mover as usize);
            let may_go = match Memory::key(class, choices, place, to) {
                Some(key) => *memory.may_go.entry(key).or_insert_with(|| self.may_go(partition, choices, place, to)),
                None => self.may_go(partition, choices, place, to),
            };
            if may_go {
                emptiest = Some(to);
            }
        }
        let Some(to) = emptiest else { return false };
        level.shift(from, to, size);
        chosen.get_mut(mover as usize)[place].pool = to;
        true
    }

    fn may_go(&mut self, partition: PartitionIx, choices: &[Choice], place: usize, to: u32) -> bool {
        self.keep(partition);
        for (other, choice) in choices.iter().enumerate() {
            let pool = if other == place { to } else { choice.pool };
            if !self.has_room(pool) {
                return false;
            }
            self.pick(pool);
        }
        self.keeps_policy(partition)
    }
}

/// How full each pool is.
struct Level {
    held: Vec<f64>,
    weight: Vec<f64>,
    /// What the brokers of each pool can take, where time goes first.
    vessels: Option<Vec<Vessels>>,
}

impl Level {
    fn new(problem: &Problem<'_>, pools: &Pools, chosen: &Csr<Choice>) -> Self {
        let sum = |of: &dyn Fn(BrokerIx) -> f64| -> Vec<f64> {
            pools.brokers.iter().map(|pool| pool.iter().map(|&broker| of(broker)).sum()).collect()
        };
        let weight = sum(&|broker| problem.weight(broker));
        let (mut held, vessels) = match problem.request.prefer {
            Prefer::Disk => (sum(&|broker| used(problem, broker).as_f64()), None),
            Prefer::Time => {
                let vessels = pools.brokers.iter().map(|pool| vessels(problem, pool));
                (vec![0.0; weight.len()], Some(vessels.collect()))
            }
        };
        for choice in chosen.values() {
            held[choice.pool as usize] += choice.size.as_f64();
        }
        Level { held, weight, vessels }
    }

    fn fill(&self, pool: u32) -> f64 {
        self.fill_at(pool as usize, self.held[pool as usize])
    }

    /// How full a pool would be; where time goes first, what the broker that receives most would receive.
    fn fill_at(&self, pool: usize, held: f64) -> f64 {
        match &self.vessels {
            None => held / self.weight[pool],
            Some(vessels) => vessels[pool].level(held),
        }
    }

    /// Whether moving `size` bytes leaves the receiver no fuller than the giver.
    fn gains(&self, from: u32, to: u32, size: Bytes) -> bool {
        let (from, to, size) = (from as usize, to as usize, size.as_f64());
        self.fill_at(to, self.held[to] + size) < self.fill_at(from, self.held[from] - size)
    }

    fn shift(&mut self, from: u32, to: u32, size: Bytes) {
        self.held[from as usize] -= size.as_f64();
        self.held[to as usize] += size.as_f64();
    }
}

fn bump<K: PartialEq>(counts: &mut Vec<(K, u32)>, key: K, by: u32) {
    match counts.iter_mut().find(|entry| entry.0 == key) {
        Some(entry) => entry.1 += by,
        None => counts.push((key, by)),
    }
}

fn count<K: PartialEq + Copy>(counts: &[(K, u32)], key: K) -> u32 {
    counts.iter().find(|entry| entry.0 == key).map_or(0, |entry| entry.1)
}

fn spread_of(counts: &[(RackIx, u32)]) -> Spread {
    let held = || counts.iter().filter(|entry| entry.1 > 0);
    (held().count(), std::cmp::Reverse(held().map(|entry| entry.1).max().unwrap_or(0)))
}
