//! Who holds what at the end: a broker and a log dir for every replica that must leave a drained broker.
//!
//! **The problem.** Every replica on a drained broker gets a new home; no other replica moves. Hard: the
//! rack policy, the disk limit of every log dir, no broker twice in a list. Wanted, in this order: equal
//! fill of the targets' disks, equal counts of replicas, each topic spread thin. With unequal sizes this
//! holds bin packing, so it is NP-hard; but a cluster has thousands of replicas per broker, and then
//! simple methods come within a fraction of a percent.
//!
//! **The method**, each step deterministic and its cost near linear:
//! 1. [`racks`]: how many new replicas of each partition go to which rack. The rack of the old replica
//!    if it has targets (then nothing gets worse and no copy need cross zones), else the emptiest place
//!    that keeps the policy. Where partitions may choose among racks, the racks are then levelled: bytes first,
//!    then counts, by a small exact problem over classes of partitions.
//! 2. [`brokers`]: within each rack, largest first, in rounds in which each broker takes its share of
//!    replicas, the neediest broker first. Counts come out exact, bytes nearly so. Racks share nothing,
//!    so they are worked on in parallel without any effect on the result.
//! 3. [`refine`]: swaps of a larger for a smaller replica between a too full and a too empty broker
//!    until the bytes are even too; swaps keep the counts.
//!
//! Where `--prefer time` asks for it, bytes received are wanted equal instead of fill, for racks and for the
//! brokers of a rack: water is then poured into vessels that are as deep as the brokers have room ([`Vessels`]).
//!
//! A worked example: sizes 9, 8, 3, 2 onto two empty brokers. Round one: 9 → A, then 8 → B. Round two: B
//! has more to go, so 3 → B, and 2 → A. Both hold 11 bytes in two replicas; nothing is left to swap.

mod brokers;
mod explain;
pub mod goals;
mod racks;
mod refine;
mod within;

pub use self::within::within_brokers;

use std::cmp::Reverse;

use rayon::prelude::*;

pub use self::brokers::Bins;
pub use self::refine::replace;
use crate::base::error::Result;
use crate::base::index::{BrokerIx, Csr, DirIx, IndexVec, Ix, RackIx};
use crate::base::units::Bytes;
use crate::base::work::Work;
use crate::problem::Problem;
use crate::request::RackPolicy;

/// New homes for all replicas that leave.
pub struct Placement {
    /// For each mover, in the order of [`Problem::movers`], one home for each freed place, in no order that counts.
    pub homes: Csr<Home>,
}

/// A home of a new replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Home {
    /// Its broker.
    pub broker: BrokerIx,
    /// Its log dir, where the broker's dirs are known.
    pub dir: Option<DirIx>,
}

/// How often replicas that found no room are sent to other racks before giving up.
const RACK_TRIES: usize = 12;

/// Finds a home for every replica that must leave.
///
/// # Errors
/// What no placement can keep, or what none was found to keep: racks, disks, too few brokers.
pub fn place(problem: &Problem<'_>, work: &Work) -> Result<Placement> {
    work.step("placing", 0, 3)?;
    let pools = Pools::new(problem);
    let by_size = movers_by_size(problem);
    let mut chosen = racks::choose(problem, &pools, &by_size, work)?;
    let mut per_pool = slots_per_pool(problem, &chosen, &pools);
    if let Some(short) = short_for_good(problem, &pools, &chosen, &per_pool) {
        return Err(explain::no_room(problem, &pools, short, &chosen, &per_pool, &[]));
    }
    let mut tries_left = RACK_TRIES;
    let (per_pool, placed) = loop {
        work.step("placing", 1, 3)?;
        let placed: Vec<brokers::Placed> = per_pool
            .par_iter()
            .enumerate()
            .map(|(pool, slots)| brokers::place(problem, &pools.brokers[pool], slots, work))
            .collect::<Result<_>>()?;
        let Some(full) = placed.iter().position(|placed| !placed.homeless.is_empty()) else { break (per_pool, placed) };
        // What found no room in its rack may find some in another that the policy allows.
        tries_left -= 1;
        if tries_left == 0 || !racks::move_elsewhere(problem, &pools, &mut chosen, &per_pool, &placed) {
            return Err(explain::no_room(problem, &pools, full, &chosen, &per_pool, &placed));
        }
        per_pool = slots_per_pool(problem, &chosen, &pools);
    };
    work.step("placing", 2, 3)?;
    let mut homes = chosen.map(|_| Home { broker: BrokerIx::new(0), dir: None });
    for (slots, placed) in per_pool.iter().zip(placed) {
        for (slot, home) in slots.iter().zip(placed.homes) {
            homes.values_mut()[slot.at as usize] = home;
        }
    }
    Ok(Placement { homes })
}

/// A pool to which more bytes must come than it has room, when the others have none either or may not take any.
///
/// Placing would find out too, but only after it looked for a home for every replica on every broker.
fn short_for_good(
    problem: &Problem<'_>,
    pools: &Pools,
    chosen: &Csr<racks::Choice>,
    per_pool: &[Vec<Slot>],
) -> Option<usize> {
    if problem.request.ignore_disk {
        return None;
    }
    let room = |pool: &Vec<BrokerIx>| -> Bytes { pool.iter().map(|&broker| explain::room(problem, broker)).sum() };
    let rooms: Vec<Bytes> = pools.brokers.iter().map(room).collect();
    let needs: Vec<Bytes> = per_pool.iter().map(|slots| slots.iter().map(|slot| slot.size).sum()).collect();
    let short = (0..rooms.len()).find(|&pool| needs[pool] > rooms[pool])?;
    let all_short = needs.iter().copied().sum::<Bytes>() > rooms.iter().copied().sum();
    let all_of = |pool: usize, slots: &Vec<Slot>| brokers::Placed {
        homes: Vec::new(),
        homeless: if pool == short { (0..slots.len()).collect() } else { Vec::new() },
    };
    let homeless: Vec<brokers::Placed> = per_pool.iter().enumerate().map(|(pool, slots)| all_of(pool, slots)).collect();
    let may_move = || racks::move_elsewhere(problem, pools, &mut chosen.map(|choice| *choice), per_pool, &homeless);
    (all_short || !may_move()).then_some(short)
}

/// Groups of targets among which a replica may be placed freely: racks, or all targets where racks do not count.
pub struct Pools {
    /// The brokers of each pool, in order.
    pub brokers: Vec<Vec<BrokerIx>>,
    /// The pool of each rack that has one.
    of_rack: IndexVec<RackIx, Option<u32>>,
    /// The pool of each target.
    pub of_broker: IndexVec<BrokerIx, Option<u32>>,
}

impl Pools {
    /// The pools of a problem's targets.
    pub fn new(problem: &Problem<'_>) -> Self {
        let cluster = &problem.cluster;
        let mut of_rack = IndexVec::filled(None, cluster.racks.len());
        let mut of_broker = IndexVec::filled(None, cluster.brokers.len());
        let mut brokers: Vec<Vec<BrokerIx>> = Vec::new();
        let together = problem.rack_policy == RackPolicy::Ignore;
        let mut in_rack_order = problem.targets.clone();
        in_rack_order.sort_by_key(|&broker| (cluster.brokers[broker].rack, broker));
        for broker in in_rack_order {
            let rack = cluster.brokers[broker].rack;
            let pool = match of_rack[rack] {
                Some(pool) => pool,
                None if together && !brokers.is_empty() => 0,
                None => {
                    brokers.push(Vec::new());
                    brokers.len() as u32 - 1
                }
            };
            of_rack[rack] = Some(pool);
            of_broker[broker] = Some(pool);
            brokers[pool as usize].push(broker);
        }
        for pool in &mut brokers {
            pool.sort_unstable();
        }
        Pools { brokers, of_rack, of_broker }
    }
}

/// One new replica: where its home is kept, whose it is, and how large.
#[derive(Clone, Copy)]
pub struct Slot {
    /// Its place among all homes.
    pub at: u32,
    /// Its mover.
    pub mover: u32,
    /// The topic of its mover.
    pub topic: u32,
    /// Its size.
    pub size: Bytes,
}

/// Movers, largest first; equal ones in an order that the seed chooses.
fn movers_by_size(problem: &Problem<'_>) -> Vec<u32> {
    let seed = problem.request.seed;
    let mut movers: Vec<(Reverse<Bytes>, u64, u32)> = (0..problem.movers.len() as u32)
        .map(|mover| {
            let size = problem.landed_size(problem.movers[mover as usize]);
            (Reverse(size), shuffled(seed, mover), mover)
        })
        .collect();
    movers.par_sort_unstable();
    movers.into_iter().map(|entry| entry.2).collect()
}

/// Where a mover stands among equal ones.
fn shuffled(seed: u64, mover: u32) -> u64 {
    if seed == 0 { u64::from(mover) } else { scramble(seed, u64::from(mover)) }
}

/// A fixed, well-mixed function of two numbers (the finalizer of `SplitMix64`).
fn scramble(seed: u64, value: u64) -> u64 {
    let mut mixed = value.wrapping_add(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The slots of each pool, largest first; slots of one mover follow one another.
fn slots_per_pool(problem: &Problem<'_>, chosen: &Csr<racks::Choice>, pools: &Pools) -> Vec<Vec<Slot>> {
    let mut counts = vec![0; pools.brokers.len()];
    for choice in chosen.values() {
        counts[choice.pool as usize] += 1;
    }
    let mut per_pool: Vec<Vec<Slot>> = counts.into_iter().map(Vec::with_capacity).collect();
    for (mover, &partition) in problem.movers.iter().enumerate() {
        let topic = problem.cluster.topic_of(partition).get() as u32;
        for at in chosen.range(mover) {
            let choice = chosen.values()[at];
            let slot = Slot { at: at as u32, mover: mover as u32, topic, size: choice.size };
            per_pool[choice.pool as usize].push(slot);
        }
    }
    let key = |slot: &Slot| (Reverse(slot.size), shuffled(problem.request.seed, slot.mover), slot.at);
    per_pool.par_iter_mut().for_each(|slots| slots.par_sort_unstable_by_key(key));
    per_pool
}

/// The largest `level` with `Σ max(0, level · weight − fixed) ≤ amount`: water poured into unequal vessels.
pub fn water_level(weights: &[f64], fixed: &[f64], amount: f64) -> f64 {
    let mut order: Vec<usize> = (0..weights.len()).filter(|&i| weights[i] > 0.0).collect();
    order.sort_by(|&a, &b| (fixed[a] / weights[a]).total_cmp(&(fixed[b] / weights[b])).then(a.cmp(&b)));
    let (mut weight, mut held, mut level) = (0.0, amount, 0.0);
    for (rank, &i) in order.iter().enumerate() {
        weight += weights[i];
        held += fixed[i];
        level = held / weight;
        match order.get(rank + 1) {
            Some(&next) if fixed[next] / weights[next] < level => {}
            _ => break,
        }
    }
    level
}

/// Vessels of the same width and of different depth.
pub struct Vessels {
    /// What has been poured in when each of them is full, in ascending order of depth.
    poured: Vec<f64>,
    /// What the vessels before each of them hold.
    before: Vec<f64>,
}

impl Vessels {
    fn new(mut depths: Vec<f64>) -> Self {
        depths.sort_by(f64::total_cmp);
        let (mut before, mut sum) = (Vec::with_capacity(depths.len()), 0.0);
        for depth in &depths {
            before.push(sum);
            sum += depth;
        }
        let rank = |(rank, depth): (usize, &f64)| before[rank] + depth * (depths.len() - rank) as f64;
        Vessels { poured: depths.iter().enumerate().map(rank).collect(), before }
    }

    /// How high `amount` stands when it is poured in: as high in all but those that are full; infinitely high when
    /// it does not fit.
    fn level(&self, amount: f64) -> f64 {
        let full = self.poured.partition_point(|&poured| poured < amount);
        let left = (self.poured.len() - full) as f64;
        self.before.get(full).map_or(f64::INFINITY, |before| (amount - before) / left)
    }
}

/// How high `amount` stands in vessels of these widths and volumes when it is poured in: as high in all but those that
/// are full; infinitely high when it does not fit.
fn capped_level(widths: &[f64], volumes: &[f64], amount: f64) -> f64 {
    let mut order: Vec<usize> = (0..widths.len()).collect();
    let depth = |at: &usize| volumes[*at] / widths[*at];
    order.sort_by(|a, b| depth(a).total_cmp(&depth(b)).then(a.cmp(b)));
    let (mut width, mut full): (f64, f64) = (widths.iter().sum(), 0.0);
    for at in order {
        if full + width * depth(&at) >= amount {
            return (amount - full) / width;
        }
        full += volumes[at];
        width -= widths[at];
    }
    f64::INFINITY
}

#[cfg(test)]
mod tests {
    use super::{Vessels, capped_level, water_level};

    #[test]
    fn vessels_of_different_width_fill_alike_until_they_are_full() {
        let (widths, volumes) = ([1.0, 2.0, 1.0], [100.0, 4.0, 100.0]);
        for (amount, level) in [(0.0, 0.0), (4.0, 1.0), (8.0, 2.0), (10.0, 3.0), (204.0, 100.0)] {
            let found = capped_level(&widths, &volumes, amount);
            assert!((found - level).abs() < 1e-12, "{amount}: {found}");
        }
        assert!(capped_level(&widths, &volumes, 204.5).is_infinite());
    }

    #[test]
    fn full_vessels_leave_the_rest_to_the_others() {
        let vessels = Vessels::new(vec![10.0, 2.0, 5.0]);
        for (amount, level) in [(0.0, 0.0), (3.0, 1.0), (6.0, 2.0), (8.0, 3.0), (12.0, 5.0), (15.0, 8.0), (17.0, 10.0)]
        {
            assert!((vessels.level(amount) - level).abs() < 1e-12, "{amount}: {}", vessels.level(amount));
        }
        assert!(vessels.level(17.5).is_infinite());
    }

    #[test]
    fn water_finds_its_level() {
        let level = water_level(&[1.0, 1.0, 1.0], &[0.0, 4.0, 10.0], 6.0);
        assert!((level - 5.0).abs() < 1e-12);
        let level = water_level(&[2.0, 1.0], &[0.0, 0.0], 9.0);
        assert!((level - 3.0).abs() < 1e-12);
    }
}
