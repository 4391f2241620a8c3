//! How many new replicas of each partition go to which rack.
//!
//! A partition's lists are compared by (distinct racks, largest number in one rack). Replacing each
//! replica within its own rack changes neither, so that is tried first. Where a rack has no target left,
//! the rack that holds fewest replicas of the partition is taken, one replica at a time: that order gives
//! the most distinct racks and the smallest maximum that can be had, so when even it breaks the policy,
//! nothing keeps it.
//!
//! Then, where racks are not level and partitions may choose among them, the best parts of each class of
//! partitions in each pattern of racks are found ([`level`]) and dealt out in whole partitions ([`deal`]). With more
//! classes than [`CLASSES_MAX`] each has few partitions, and these alone seek the racks that want them.

mod deal;
mod level;
mod sides;
#[cfg(test)]
mod tests;
mod water;

use std::ops::AddAssign;

use self::deal::{Chooser, Mending, Wanted, deal};
use self::level::{Group, Levelling, Pattern};
use self::sides::sides;
use super::brokers::Placed;
use super::{Pools, Slot, explain};
use crate::base::error::Result;
use crate::base::index::{BrokerIx, Csr, PartitionIx, RackIx};
use crate::base::units::Bytes;
use crate::base::work::Work;
use crate::classes::{Class, Classes};
use crate::problem::Problem;
use crate::request::RackPolicy;

/// Classes whose parts are sought, at most.
const CLASSES_MAX: usize = 8_192;
/// Groups by size of one class, at most, and of all.
const GROUPS_EACH: usize = 5;
const GROUPS_MAX: usize = 16_384;
/// No group.
const NONE: u32 = u32::MAX;

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
    let classes = Classes::new(problem);
    let mut first_choices: Csr<u32> = Csr::default();
    let mut chosen = Csr::with_capacity(problem.movers.len(), problem.replicas_forced as usize);
    let mut placer = Placer::new(problem, pools);
    for (mover, &partition) in problem.movers.iter().enumerate() {
        if mover % 65_536 == 0 {
            work.step("placing", 0, 3)?;
        }
        let class = classes.of_mover[mover] as usize;
        if class == first_choices.len() {
            first_choices.push(placer.first_choice(partition)?.iter().copied());
        }
        let size = problem.landed_size(partition);
        chosen.push(first_choices.get(class).iter().map(|&pool| Choice { pool, size }));
    }
    if pools.brokers.len() > 1 {
        let homes = first_choices.iter().map(|pools| pattern_of(pools, &classes)).collect();
        let spread = Spreading { problem, pools, by_size, classes: &classes, homes };
        spread.run(&mut chosen, work)?;
    }
    Ok(chosen)
}

/// How many copies each rack takes when these pools do.
fn pattern_of(pools: &[u32], classes: &Classes) -> Pattern {
    let mut pattern = Vec::new();
    for &pool in pools {
        bump(&mut pattern, classes.open[pool as usize], 1);
    }
    pattern
}

/// Racks on their way from the first choice to the best one.
struct Spreading<'a> {
    problem: &'a Problem<'a>,
    pools: &'a Pools,
    by_size: &'a [u32],
    classes: &'a Classes,
    /// The first choice of each class.
    homes: Vec<Pattern>,
}

impl Spreading<'_> {
    fn run(&self, chosen: &mut Csr<Choice>, work: &Work) -> Result<()> {
        let [mut bytes, mut copies] = sides(self.problem, self.pools, chosen);
        let open = &self.classes.open;
        if bytes.is_level(open) && copies.is_level(open) {
            return Ok(());
        }
        let chooses: Vec<bool> = (0..self.homes.len()).map(|class| self.has_choice(class)).collect();
        let choosing = chooses.iter().filter(|chooses| **chooses).count();
        if choosing == 0 {
            return Ok(());
        }
        let mut choosers = self.choosers(&chooses);
        let mut levelling = Levelling::new(self.classes, &mut bytes, &mut copies);
        let wanted = if choosing <= CLASSES_MAX {
            let mut groups = self.groups(&mut choosers, chosen, choosing);
            levelling.run(&mut groups, work)?;
            let wanted = Wanted { bytes: levelling.bytes.now.clone(), copies: levelling.copies.now.clone() };
            deal(&mut levelling, &groups, &choosers, self.pools, chosen);
            wanted
        } else {
            Wanted { bytes: levelling.bytes.shares(), copies: levelling.copies.shares() }
        };
        Mending::new(&mut levelling, self.pools, wanted).run(&choosers, chosen, work)
    }

    /// Whether a class has another pattern than its first one: one that takes less of some rack.
    fn has_choice(&self, class: usize) -> bool {
        let home = &self.homes[class];
        let class: &Class = &self.classes.list[class];
        home.iter().any(|&(rack, copies)| {
            let others = || self.classes.open.iter().copied().filter(|&other| other != rack).chain([rack]);
            let price = |other: RackIx| f64::from(u8::from(other == rack));
            let least = self.classes.cheapest(class, price, others, &mut Vec::new());
            least.is_some_and(|least| least < f64::from(copies))
        })
    }

    /// The movers that may choose, largest first.
    fn choosers(&self, chooses: &[bool]) -> Vec<Chooser> {
        let chooser = |&mover: &u32| {
            let class = self.classes.of_mover[mover as usize];
            chooses[class as usize].then_some(Chooser { mover, class, group: NONE })
        };
        self.by_size.iter().filter_map(chooser).collect()
    }

    /// Cuts each class into groups by size: the largest that have half of its bytes, those that have half of the
    /// rest, and so on.
    fn groups(&self, choosers: &mut [Chooser], chosen: &Csr<Choice>, choosing: usize) -> Vec<Group> {
        let size_of = |chooser: &Chooser| chosen.get(chooser.mover as usize)[0].size.as_f64();
        let mut left = vec![0.0; self.homes.len()];
        for chooser in &*choosers {
            left[chooser.class as usize] += size_of(chooser);
        }
        let each = (GROUPS_MAX / choosing).clamp(1, GROUPS_EACH);
        // The group that each class is at, how many it has had, and the bytes at which the group is full.
        let mut open = vec![(NONE, 0, 0.0); self.homes.len()];
        let mut groups: Vec<Group> = Vec::new();
        for chooser in choosers {
            let (class, size) = (chooser.class, size_of(chooser));
            let (group, had, full) = &mut open[class as usize];
            if *group == NONE || (*had < each && groups[*group as usize].bytes >= *full) {
                *group = groups.len() as u32;
                *had += 1;
                *full = left[class as usize] / 2.0;
                let home = self.homes[class as usize].clone();
                groups.push(Group { class, bytes: 0.0, partitions: 0.0, parts: vec![(home.clone(), 1.0)], home });
            }
            chooser.group = *group;
            let group = &mut groups[*group as usize];
            group.bytes += size;
            group.partitions += 1.0;
            left[class as usize] -= size;
        }
        groups
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
    let mut placer = Placer::new(problem, pools);
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
            let Some(&to) = open.iter().find(|&&to| placer.may_go(partition, choices, place, to as u32)) else {
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

/// Finds and judges the racks of one partition.
struct Placer<'a> {
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

impl<'a> Placer<'a> {
    fn new(problem: &'a Problem<'a>, pools: &'a Pools) -> Self {
        Placer {
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

fn bump<K: PartialEq, N: AddAssign>(counts: &mut Vec<(K, N)>, key: K, by: N) {
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
