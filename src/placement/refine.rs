//! Swaps that even out the bytes of the brokers of one rack and keep everything else.
//!
//! Before that, brokers that ended with a replica more than their quota pass it on to one that has less.
//!
//! The fullest broker (relative to its goal) gives a replica to one of the emptiest and takes a smaller
//! one back. Of all pairs the one whose difference comes closest to what should flow is taken: both
//! lists are sorted by size, so two fingers find it in one pass. With k replicas a broker there are k²
//! differences to choose from, so two or three swaps a broker bring it within a hair of its goal.

use super::Slot;
use super::brokers::Bins;
use crate::base::error::Result;
use crate::base::work::Work;

/// Stop when no broker is further from its goal than this share of it.
const CLOSE_ENOUGH: f64 = 0.000_5;
/// Swaps tried for each broker of the pool, at most.
const SWAPS_PER_BROKER: usize = 24;
/// Receivers tried for one giver before it is left as it is.
const RECEIVERS: usize = 24;
/// Replicas of about the wanted size that are tried on each side of it.
const NEIGHBOURS: usize = 12;

/// Swaps replicas until every broker is close to its goal, or no swap helps.
pub fn even_out(bins: &mut Bins<'_>, slots: &[Slot], work: &Work) -> Result<()> {
    let brokers = bins.held.len();
    let mut on: Vec<Vec<u32>> = vec![Vec::new(); brokers];
    // Slots come largest first, so every list is sorted.
    for (slot, home) in bins.home.iter().enumerate() {
        on[home.0 as usize].push(slot as u32);
    }
    level_counts(bins, slots, &mut on);
    let mut stuck = vec![false; brokers];
    for swap in 0..brokers * SWAPS_PER_BROKER {
        if swap % 256 == 0 {
            work.step("placing", 1, 3)?;
        }
        let excess = |place: usize| (bins.held[place] - bins.goal[place]) / bins.weight[place];
        let fullest = (0..brokers)
            .filter(|&place| !stuck[place])
            .max_by(|&a, &b| excess(a).total_cmp(&excess(b)).then(b.cmp(&a)));
        let Some(giver) = fullest else { break };
        if excess(giver) * bins.weight[giver] <= CLOSE_ENOUGH * bins.goal[giver].max(1.0) {
            break;
        }
        let mut receivers: Vec<usize> = (0..brokers).filter(|&place| place != giver).collect();
        let count = RECEIVERS.min(receivers.len());
        if count == 0 {
            break;
        }
        let emptier = |a: &usize, b: &usize| excess(*a).total_cmp(&excess(*b)).then(a.cmp(b));
        receivers.select_nth_unstable_by(count - 1, emptier);
        receivers.truncate(count);
        receivers.sort_by(emptier);
        let found = receivers.into_iter().find_map(|receiver| best_pair(bins, slots, &on, giver, receiver));
        let Some((mine, theirs, receiver)) = found else {
            stuck[giver] = true;
            continue;
        };
        bins.swap(mine as usize, theirs as usize, slots);
        replace(&mut on[giver], mine, theirs);
        replace(&mut on[receiver], theirs, mine);
        stuck[receiver] = false;
    }
    Ok(())
}

/// Moves replicas from brokers above their quota, where topics had no better place, to those below.
fn level_counts(bins: &mut Bins<'_>, slots: &[Slot], on: &mut [Vec<u32>]) {
    for giver in 0..on.len() {
        while bins.above_quota(giver) > 0.5 {
            let mut receivers: Vec<usize> = (0..on.len()).filter(|&place| bins.below_quota(place) > 1e-9).collect();
            receivers.sort_by(|&a, &b| bins.below_quota(b).total_cmp(&bins.below_quota(a)).then(a.cmp(&b)));
            let over = bins.held[giver] - bins.goal[giver];
            let found = receivers.into_iter().find_map(|receiver| {
                let wanted = over.min(bins.goal[receiver] - bins.held[receiver]).max(0.0);
                let off = |slot: u32| (slots[slot as usize].size.as_f64() - wanted).abs();
                let mut mine = on[giver].clone();
                mine.sort_by(|&a, &b| off(a).total_cmp(&off(b)).then(a.cmp(&b)));
                let may = |slot: u32| bins.may_move(slot as usize, receiver as u32, slots).map(|dir| (slot, dir));
                mine.into_iter().find_map(may).map(|(slot, dir)| (slot, receiver, dir))
            });
            let Some((slot, receiver, dir)) = found else { break };
            bins.move_to(slot as usize, slots, receiver as u32, dir);
            on[giver].retain(|&other| other != slot);
            let at = on[receiver].partition_point(|&other| other < slot);
            on[receiver].insert(at, slot);
        }
    }
}

/// The pair of slots whose exchange brings giver and receiver closest to their goals.
fn best_pair(
    bins: &Bins<'_>,
    slots: &[Slot],
    on: &[Vec<u32>],
    giver: usize,
    receiver: usize,
) -> Option<(u32, u32, usize)> {
    let over = bins.held[giver] - bins.goal[giver];
    let under = bins.goal[receiver] - bins.held[receiver];
    if under <= -over {
        return None;
    }
    // The worse of the two deviations afterwards; a swap must leave it below today's.
    let deviation =
        |flow: f64| ((over - flow).abs() / bins.weight[giver]).max((under - flow).abs() / bins.weight[receiver]);
    let mut best: Option<(u32, u32)> = None;
    let mut least = deviation(0.0) * 0.999;
    let wanted =
        (over * bins.weight[receiver] + under * bins.weight[giver]) / (bins.weight[giver] + bins.weight[receiver]);
    let theirs = &on[receiver];
    let mut finger = 0;
    for &mine in &on[giver] {
        let target = slots[mine as usize].size.as_f64() - wanted;
        while finger < theirs.len() && slots[theirs[finger] as usize].size.as_f64() > target {
            finger += 1;
        }
        // Outwards from the wanted size, on each side to the first that may be swapped.
        let larger = (0..finger).rev().take(NEIGHBOURS);
        let smaller = (finger..theirs.len()).take(NEIGHBOURS);
        for near in [&mut larger.into_iter() as &mut dyn Iterator<Item = usize>, &mut smaller.into_iter()] {
            for near in near {
                let other = theirs[near];
                let flow = slots[mine as usize].size.as_f64() - slots[other as usize].size.as_f64();
                let worst = deviation(flow);
                if flow <= 0.0 || worst >= least {
                    break;
                }
                if bins.may_swap(mine as usize, other as usize, slots, 1) {
                    (least, best) = (worst, Some((mine, other)));
                    break;
                }
            }
        }
    }
    best.map(|(mine, other)| (mine, other, receiver))
}

/// Takes `old` out of a sorted list and puts `new` in.
pub fn replace(list: &mut Vec<u32>, old: u32, new: u32) {
    if let Ok(at) = list.binary_search(&old) {
        list.remove(at);
    }
    if let Err(at) = list.binary_search(&new) {
        list.insert(at, new);
    }
}
