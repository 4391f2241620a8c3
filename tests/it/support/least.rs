//! The best that any placement of a tiny cluster can reach, by trying them all.
//!
//! Racks bind, disks do not: a bound that holds here holds within any disk limit as well.

use kshift::base::ids::BrokerId;
use kshift::base::units::Bytes;
use kshift::request::{Prefer, Request};
use kshift::snapshot::Snapshot;

use super::oracle::Racks;

/// Choices tried before giving up.
const STEPS_MAX: u32 = 400_000;

/// The least possible figures.
pub struct Least {
    /// Final used over capacity of the fullest target; absent when a capacity is not known.
    pub fill: Option<f64>,
    /// Most heads of lists on one target over its share of them.
    pub heads: f64,
    /// Most bytes that one target receives.
    pub inflow: f64,
}

/// The least figures, or [`None`] when there is no placement or there are too many.
pub fn least(snapshot: &Snapshot, request: &Request, moves: impl Fn(&str) -> bool) -> Option<Least> {
    let racks = Racks::new(snapshot, request);
    let targets = racks.targets();
    let columns = &snapshot.partitions;
    let (mut copies, mut heads): (Vec<Choice>, Vec<Choice>) = (Vec::new(), Vec::new());
    let mut stay = vec![0.0; targets.len()];
    for row in 0..columns.len() {
        let list = columns.replicas.get(row);
        let kept: Vec<BrokerId> = list.iter().copied().filter(|&id| !request.drain.contains(id)).collect();
        let missing = list.len() - kept.len();
        if let Some(at) = targets.iter().position(|&id| id == list[0]) {
            stay[at] += 1.0;
        }
        if missing == 0 || !moves(&snapshot.topic_of(row).name) {
            continue;
        }
        let sets = (0_u32..1 << targets.len()).filter(|set| set.count_ones() as usize == missing);
        let sets: Vec<u32> = sets
            .filter(|set| {
                let new = (0..targets.len()).filter(|at| set & 1 << at != 0).map(|at| targets[at]);
                let list_after: Vec<BrokerId> = kept.iter().copied().chain(new.clone()).collect();
                !new.clone().any(|id| list.contains(&id)) && racks.hold(list, &list_after)
            })
            .collect();
        if request.drain.contains(list[0]) {
            let any = sets.iter().fold(0, |any, set| any | set);
            let ones = (0..targets.len()).map(|at| 1 << at).filter(|one| any & one != 0).collect();
            heads.push(Choice { weight: 1.0, sets: ones });
        }
        copies.push(Choice { weight: columns.size[row].map_or(0, Bytes::get) as f64, sets });
    }
    copies.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    let used = snapshot.used_bytes();
    let disks = targets.iter().map(|&id| {
        let at = snapshot.brokers.iter().position(|broker| broker.id == id)?;
        let capacity: Option<Vec<u64>> =
            snapshot.brokers[at].log_dirs.iter().map(|dir| dir.capacity.map(Bytes::get)).collect();
        let capacity = capacity?.into_iter().sum::<u64>() as f64;
        let used: u64 = used[at].iter().map(|bytes| bytes.get()).sum();
        (capacity > 0.0).then_some((used as f64, capacity))
    });
    let disks: Option<Vec<(f64, f64)>> = disks.collect();
    let fill = match disks {
        Some(disks) => Some(search(&copies, disks.into_iter().unzip())?),
        None => None,
    };
    let weight = |id: &BrokerId| {
        let dirs = snapshot.brokers.iter().filter(|broker| broker.id == *id).flat_map(|broker| &broker.log_dirs);
        let capacity: u64 = dirs.filter(|dir| !dir.offline).filter_map(|dir| dir.capacity).map(Bytes::get).sum();
        let is_alike = request.ignore_disk || request.prefer == Prefer::Time || copies.is_empty();
        if is_alike { 1.0 } else { capacity.max(1) as f64 }
    };
    let weights: Vec<f64> = targets.iter().map(weight).collect();
    let (all, total) = (weights.iter().sum::<f64>(), stay.iter().sum::<f64>() + heads.len() as f64);
    let shares = weights.iter().map(|weight| total * weight / all).collect();
    let heads = if total > 0.0 { search(&heads, (stay, shares))? } else { 0.0 };
    let inflow = search(&copies, (vec![0.0; targets.len()], vec![1.0; targets.len()]))?;
    Some(Least { fill, heads, inflow })
}

/// Something that goes to one of several sets of targets, as bits.
struct Choice {
    weight: f64,
    sets: Vec<u32>,
}

/// The least possible largest level over its width.
fn search(choices: &[Choice], (mut levels, widths): (Vec<f64>, Vec<f64>)) -> Option<f64> {
    let (mut best, mut steps) = (f64::INFINITY, 0);
    place(choices, &mut levels, &widths, &mut best, &mut steps);
    (steps < STEPS_MAX && best.is_finite()).then_some(best)
}

fn place(choices: &[Choice], levels: &mut Vec<f64>, widths: &[f64], best: &mut f64, steps: &mut u32) {
    *steps += 1;
    let most = levels.iter().zip(widths).map(|(level, width)| level / width).fold(0.0, f64::max);
    if most >= *best || *steps >= STEPS_MAX {
        return;
    }
    let Some((choice, rest)) = choices.split_first() else {
        *best = most;
        return;
    };
    for &set in &choice.sets {
        let before = levels.clone();
        for at in (0..levels.len()).filter(|at| set & 1 << at != 0) {
            levels[at] += choice.weight;
        }
        place(rest, levels, widths, best, steps);
        *levels = before;
    }
}
