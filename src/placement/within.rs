//! Log dirs that are emptied within their broker: another log dir of the same broker for every replica in them.
//!
//! **The problem.** Brokers share nothing here, so each is a small problem of its own: pack the replicas of the
//! drained log dirs into the others, none above its limit, so that these end equally full for their capacity. That
//! is bin packing, with water already in the bins.
//!
//! **The method.** Largest first, each into the dir that is least full with it; then single replicas go, or two of
//! them change places, from the fullest dir to another one, as long as the sum of squares `Σ held²/capacity` falls,
//! which is least where all are equally full. Where some replica finds no room, the tightest dir that takes it is
//! tried instead of the emptiest, and then a search over all choices that ends after a fixed number of steps.
//!
//! A worked example: 9, 8, 3 and 2 into two dirs of the same size that hold 0 and 1. 9 goes to the first and 8 to
//! the second, which makes 9 and 9; 3 to the first and 2 to the second, which makes 12 and 11: as even as can be.

use rayon::prelude::*;

use super::explain::{self, Packing};
use super::{Home, water_level};
use crate::base::error::Result;
use crate::base::index::{BrokerIx, Csr, DirIx, IndexVec};
use crate::base::units::Bytes;
use crate::base::work::Work;
use crate::problem::Problem;

/// Steps after which the search over all choices gives up.
const STEPS_MAX: u32 = 200_000;
/// Exchanges that even out the dirs of one broker, for each replica; far more than are ever made.
const EXCHANGES_PER_REPLICA: usize = 4;

/// A replica in a drained log dir.
#[derive(Clone, Copy)]
struct Item {
    /// Bytes that it needs room for.
    size: u64,
    /// Its place in the values of the lists.
    slot: usize,
}

/// What there is to do on one broker.
struct Task {
    broker: BrokerIx,
    /// Largest first.
    items: Vec<Item>,
    dirs: Vec<DirIx>,
}

/// A log dir that receives.
#[derive(Clone)]
struct Bin {
    weight: f64,
    used: u64,
    held: u64,
    limit: u64,
    count: u32,
}

impl Bin {
    fn takes(&self, size: u64) -> bool {
        // Nothing takes no room, even where there is none.
        size == 0 || self.held.saturating_add(size) <= self.limit
    }

    fn fill_with(&self, size: u64) -> f64 {
        self.held.saturating_add(size) as f64 / self.weight
    }
}

/// The present list of every mover, each replica that leaves a drained log dir with its new one.
///
/// # Errors
/// [`Code::DiskLimit`](crate::base::error::Code::DiskLimit) where the other log dirs of a broker have no room.
pub fn within_brokers(problem: &Problem<'_>, work: &Work) -> Result<Csr<Home>> {
    work.step("placing", 0, 1)?;
    let cluster = &problem.cluster;
    let mut lists: Csr<Home> = Csr::with_capacity(problem.movers.len(), problem.movers.len() * 3);
    let mut items: IndexVec<BrokerIx, Vec<Item>> = IndexVec::filled(Vec::new(), cluster.brokers.len());
    for &partition in &problem.movers {
        let (start, replicas) = (lists.total(), cluster.replicas_of(partition));
        lists.push(replicas.iter().map(|&broker| Home { broker, dir: None }));
        let size = problem.landed_size(partition).get();
        for place in problem.in_drained_dirs(partition) {
            items[replicas[place]].push(Item { size, slot: start + place });
        }
    }
    let tasks = items.iter_enumerated().filter(|(_, items)| !items.is_empty()).map(|(broker, items)| {
        let mut items = items.clone();
        items.sort_unstable_by_key(|item| (std::cmp::Reverse(item.size), item.slot));
        Task { broker, items, dirs: problem.receiving_dirs(broker).collect() }
    });
    let tasks: Vec<Task> = tasks.collect();
    let packed: Vec<Option<Vec<usize>>> = tasks.par_iter().map(|task| pack(problem, task)).collect();
    let homeless: Vec<Packing> =
        tasks.iter().zip(&packed).filter(|entry| entry.1.is_none()).map(|(task, _)| packing(problem, task)).collect();
    if !homeless.is_empty() {
        return Err(explain::no_room_within(problem, homeless));
    }
    let mut homes: Vec<Option<DirIx>> = vec![None; lists.total()];
    for (task, bins) in tasks.iter().zip(packed.into_iter().flatten()) {
        for (item, bin) in task.items.iter().zip(bins) {
            homes[item.slot] = Some(task.dirs[bin]);
        }
    }
    let mut homes = homes.into_iter();
    Ok(lists.map(|home| Home { broker: home.broker, dir: homes.next().flatten() }))
}

fn bins(problem: &Problem<'_>, task: &Task) -> Vec<Bin> {
    let rows = || task.dirs.iter().map(|&dir| (dir, &problem.cluster.dirs[dir]));
    // Where some capacity is not known, all dirs weigh the same.
    let all_known = rows().all(|(_, row)| row.capacity.is_some_and(|capacity| capacity > Bytes::ZERO));
    let bin = |(dir, row): (DirIx, &crate::cluster::DirRow)| Bin {
        weight: row.capacity.filter(|_| all_known).map_or(1.0, Bytes::as_f64),
        used: row.used.get(),
        held: row.used.get(),
        limit: problem.dir_limit[dir].map_or(0, Bytes::get),
        count: 0,
    };
    rows().map(bin).collect()
}

/// The bin of each item, or nothing where no way was found to fit them all.
fn pack(problem: &Problem<'_>, task: &Task) -> Option<Vec<usize>> {
    let mut bins = bins(problem, task);
    let start = bins.clone();
    let emptiest = |bin: &Bin, size: u64| bin.fill_with(size);
    let tightest = |bin: &Bin, size: u64| bin.limit.saturating_sub(bin.held.saturating_add(size)) as f64;
    let mut chosen = first_fit(&mut bins, &task.items, emptiest);
    if chosen.is_none() {
        bins.clone_from(&start);
        chosen = first_fit(&mut bins, &task.items, tightest);
    }
    if chosen.is_none() {
        bins = start;
        chosen = search(&mut bins, &task.items);
    }
    let mut chosen = chosen?;
    even_out(&mut bins, &task.items, &mut chosen);
    Some(chosen)
}

/// Puts each item into the bin with the least key that takes it.
fn first_fit(bins: &mut [Bin], items: &[Item], key: impl Fn(&Bin, u64) -> f64) -> Option<Vec<usize>> {
    let put = |item: &Item| {
        // What has no size is told apart by number alone.
        let key = |bin: &Bin| if item.size == 0 { 0.0 } else { key(bin, item.size) };
        let open = (0..bins.len()).filter(|&at| bins[at].takes(item.size));
        let at =
            open.min_by(|&a, &b| key(&bins[a]).total_cmp(&key(&bins[b])).then(bins[a].count.cmp(&bins[b].count)))?;
        bins[at].held = bins[at].held.saturating_add(item.size);
        bins[at].count += 1;
        Some(at)
    };
    items.iter().map(put).collect()
}

/// Looks for any way to fit all items, largest first, each bin with most room first; gives up in the end.
fn search(bins: &mut [Bin], items: &[Item]) -> Option<Vec<usize>> {
    let mut chosen: Vec<usize> = Vec::new();
    // The bins that are still to be tried for each item, the next one last.
    let mut open: Vec<Vec<usize>> = vec![choices(bins, items[0].size)];
    for _ in 0..STEPS_MAX {
        let depth = chosen.len();
        if let Some(at) = open[depth].pop() {
            bins[at].held += items[depth].size;
            bins[at].count += 1;
            chosen.push(at);
            match items.get(chosen.len()) {
                None => return Some(chosen),
                Some(item) => open.push(choices(bins, item.size)),
            }
            continue;
        }
        open.pop();
        let at = chosen.pop()?;
        bins[at].held -= items[chosen.len()].size;
        bins[at].count -= 1;
    }
    None
}

/// Bins that take a size, the roomiest last; of bins with the same room one is enough.
fn choices(bins: &[Bin], size: u64) -> Vec<usize> {
    let room = |at: &usize| bins[*at].limit.saturating_sub(bins[*at].held);
    let mut open: Vec<usize> = (0..bins.len()).filter(|&at| bins[at].takes(size)).collect();
    open.sort_by_key(|at| (room(at), std::cmp::Reverse(*at)));
    open.dedup_by_key(|at| room(at));
    open
}

/// Moves and exchanges items until the sum of squares falls no more.
fn even_out(bins: &mut [Bin], items: &[Item], chosen: &mut [usize]) {
    // Of each bin its items, smallest first.
    let mut held: Vec<Vec<usize>> = vec![Vec::new(); bins.len()];
    for (item, &at) in chosen.iter().enumerate().rev() {
        held[at].push(item);
    }
    for _ in 0..items.len() * EXCHANGES_PER_REPLICA {
        let mut by_fill: Vec<usize> = (0..bins.len()).collect();
        by_fill.sort_by(|&a, &b| bins[a].fill_with(0).total_cmp(&bins[b].fill_with(0)).then(a.cmp(&b)));
        let pairs = by_fill.iter().rev().flat_map(|&from| by_fill.iter().map(move |&to| (from, to)));
        let better = pairs
            .filter(|&(from, to)| bins[from].fill_with(0) > bins[to].fill_with(0))
            .find_map(|(from, to)| exchange(bins, items, &held, from, to).map(|found| (from, to, found)));
        let Some((from, to, (goes, comes))) = better else { return };
        let moves = [(Some(goes), from, to), (comes, to, from)];
        for (item, from, to) in moves.into_iter().filter_map(|(item, from, to)| Some((item?, from, to))) {
            held[from].retain(|&other| other != item);
            let place = held[to].partition_point(|&other| other > item);
            held[to].insert(place, item);
            bins[from].held -= items[item].size;
            bins[to].held += items[item].size;
            chosen[item] = to;
        }
    }
}

/// The item of one bin that goes to another, and the one that comes back if any, so that the two are most even.
fn exchange(
    bins: &[Bin],
    items: &[Item],
    held: &[Vec<usize>],
    from: usize,
    to: usize,
) -> Option<(usize, Option<usize>)> {
    let (a, b) = (&bins[from], &bins[to]);
    // So much must go for both to be equally full, and less than twice as much makes them more even than now.
    let wanted = (a.held as f64 * b.weight - b.held as f64 * a.weight) / (a.weight + b.weight);
    let mut best: Option<(f64, usize, Option<usize>)> = None;
    let mut back = 0;
    for &goes in &held[from] {
        let size = items[goes].size;
        // Items stand smallest first, so what is to come back only grows.
        while back < held[to].len() && items[held[to][back]].size as f64 + wanted < size as f64 {
            back += 1;
        }
        let around = [back.checked_sub(1), (back < held[to].len()).then_some(back)];
        let returns = around.into_iter().flatten().map(|at| Some(held[to][at]));
        for comes in std::iter::once(None).chain(returns) {
            let less = comes.map_or(0, |item: usize| items[item].size);
            if size <= less || b.held - less > b.limit.saturating_sub(size) {
                continue;
            }
            let miss = ((size - less) as f64 - wanted).abs();
            if miss < wanted * (1.0 - 1e-9) && best.is_none_or(|best| miss < best.0) {
                best = Some((miss, goes, comes));
            }
        }
    }
    best.map(|(_, goes, comes)| (goes, comes))
}

/// What one broker lacks, in numbers.
fn packing(problem: &Problem<'_>, task: &Task) -> Packing {
    let bins = bins(problem, task);
    let room = |bin: &Bin| bin.limit.saturating_sub(bin.used);
    let need: u128 = task.items.iter().map(|item| u128::from(item.size)).sum();
    let bytes = |amount: u128| Bytes::new(u64::try_from(amount).unwrap_or(u64::MAX));
    let (weights, fixed): (Vec<f64>, Vec<f64>) = bins.iter().map(|bin| (bin.weight, bin.used as f64)).unzip();
    let largest = task.items[0];
    let alone =
        bins.iter().map(|bin| (bin.used as f64 + largest.size as f64) / bin.weight).fold(f64::INFINITY, f64::min);
    Packing {
        broker: task.broker,
        replicas: task.items.len(),
        need: bytes(need),
        room: bytes(bins.iter().map(|bin| u128::from(room(bin))).sum()),
        largest: Bytes::new(largest.size),
        roomiest: Bytes::new(bins.iter().map(room).max().unwrap_or(0)),
        least_limit: water_level(&weights, &fixed, need as f64).max(alone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bin(used: u64, limit: u64, weight: f64) -> Bin {
        Bin { weight, used, held: used, limit, count: 0 }
    }

    fn items(sizes: &[u64]) -> Vec<Item> {
        sizes.iter().enumerate().map(|(slot, &size)| Item { size, slot }).collect()
    }

    #[test]
    fn the_search_fits_what_greed_does_not() {
        // 6 + 4 and 4 + 3 + 3: whoever puts the two 4s together, or 6 beside 3, is stuck.
        let items = items(&[6, 4, 4, 3, 3]);
        let bins = [bin(0, 10, 10.0), bin(0, 10, 10.0)];
        let found = search(&mut bins.clone(), &items).expect("there is a way");
        let sum = |at: usize| (0..5).filter(|&item| found[item] == at).map(|item| items[item].size).sum::<u64>();
        assert_eq!((sum(0), sum(1)), (10, 10));
        assert!(search(&mut [bin(0, 9, 10.0), bin(0, 10, 10.0)], &items).is_none());
    }

    #[test]
    fn exchanges_make_dirs_equally_full_for_their_capacity_and_keep_limits() {
        let items = items(&[9, 8, 7, 6, 5, 4]);
        let start = vec![0, 1, 1, 1, 0, 1];
        for (limit, expected) in [(100, (13, 26)), (25, (14, 25))] {
            let mut bins = vec![bin(0, 100, 10.0), bin(0, limit, 20.0)];
            (bins[0].held, bins[1].held) = (14, 25);
            even_out(&mut bins, &items, &mut start.clone());
            assert_eq!((bins[0].held, bins[1].held), expected, "within {limit}");
        }
    }
}
