//! What it takes to undo each wave: the copies that come back, their time at the throttle, and their room.
//!
//! A wave that has ended is undone by the lists from before it. What it removed is then copied back, from whoever
//! leads now: with `S_p`, `w_p` as in `schedule/time.rs`, `n_p` the replicas that the wave removed and `RF_p` those that
//! it left,
//!
//! ```text
//! follower b:  t_b = Σ S_p / (F − Σ w_p)                            over the partitions that the wave took from b
//! leader s:    t_s = Σ n_p·S_p / (L − Σ w_p·(RF_p − 1 + n_p))       over those that s leads when the wave has ended
//! ```
//!
//! Old and new replicas lie side by side at the peak of either direction, so every log dir is as full as it was at the
//! peak of the wave itself.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::base::ids::BrokerId;
use crate::base::text::{counted, either, grouped};
use crate::base::units::{Bytes, Seconds, Traffic};
use crate::plan::{Move, Plan, Warning, Wave};
use crate::problem::Problem;
use crate::schedule::time::{FOLLOWER_SHARE_LEAST, Sums};

/// How many waves or log dirs a warning names.
const NAMED: usize = 3;

/// What undoing a wave takes.
struct Undone {
    /// Seconds of copying; infinite when it never ends.
    seconds: f64,
    /// A broker that never catches up, and a rate at which all do.
    stuck: Option<(BrokerId, f64)>,
}

/// Adds to each wave what undoing it takes, and warnings of what undoing would run into. `traffic` has the produced bytes
/// per second of each row of the plan.
pub fn add(plan: &mut Plan, problem: &Problem<'_>, traffic: &[f64]) {
    let times = || {
        let rates = problem.rates.as_ref()?;
        let of_broker = |id: BrokerId| {
            let broker = problem.cluster.broker_ix(id);
            broker.map_or([0.0; 2], |broker| [rates.leader[broker], rates.follower[broker]])
        };
        Some(plan.waves.par_iter().map(|wave| time_of(plan, wave, traffic, &of_broker)).collect::<Vec<_>>())
    };
    let (undone, peaks) = rayon::join(times, || peaks(plan));
    for (wave, peak) in plan.waves.iter_mut().zip(peaks) {
        wave.rollback_peak_disk_utilization = peak;
    }
    let mut stuck = Vec::new();
    for (wave, undone) in plan.waves.iter_mut().zip(undone.into_iter().flatten()) {
        wave.rollback_seconds = Some(Seconds::new(undone.seconds)).filter(|seconds| seconds.get().is_finite());
        stuck.extend(undone.stuck.map(|(broker, least)| (wave.index, broker, least)));
    }
    let warnings = [never_back(&stuck), full_again(plan)];
    plan.warnings.extend(warnings.into_iter().flatten());
}

/// What undoing a wave takes, when a broker has these rates: as leader, as follower.
fn time_of(plan: &Plan, wave: &Wave, traffic: &[f64], rates: &(dyn Fn(BrokerId) -> [f64; 2] + Sync)) -> Undone {
    let mut sums: BTreeMap<BrokerId, Sums> = BTreeMap::new();
    // In order of topic and partition, so that the last bit does not depend on plan order.
    for row in plan.sorted_rows(wave.rows.clone()) {
        let moved = plan.get(row as usize);
        let size = moved.size.as_f64();
        if plan.request.empties_dirs() {
            for (broker, ..) in moved.changing_dir() {
                sums.entry(broker).or_default().bytes_in += size;
            }
            continue;
        }
        let written = traffic[row as usize];
        let mut back = 0;
        for broker in moved.removing() {
            back += 1;
            let follower = sums.entry(broker).or_default();
            follower.bytes_in += size;
            follower.traffic_in += written;
        }
        if let (1.., Some(leader)) = (back, plan.leader_once_done(&moved)) {
            let leader = sums.entry(leader).or_default();
            leader.bytes_out += f64::from(back) * size;
            leader.traffic_out += written * (moved.replicas.len() as f64 - 1.0 + f64::from(back));
        }
    }
    let mut undone = Undone { seconds: 0.0, stuck: None };
    for (&broker, sums) in &sums {
        let [leader, follower] = rates(broker);
        let never = sums.bytes_in > 0.0 && sums.traffic_in >= follower * FOLLOWER_SHARE_LEAST
            || sums.bytes_out > 0.0 && sums.traffic_out >= leader;
        if never {
            let least = sums.traffic_out.max(sums.traffic_in / FOLLOWER_SHARE_LEAST);
            if undone.stuck.is_none_or(|stuck| least > stuck.1) {
                undone.stuck = Some((broker, least));
            }
            undone.seconds = f64::INFINITY;
            continue;
        }
        let seconds = sums.leader_seconds(leader).max(sums.follower_seconds(follower));
        undone.seconds = undone.seconds.max(seconds);
    }
    undone
}

/// The fullest of the log dirs that receive again when a wave is undone, for each wave.
fn peaks(plan: &Plan) -> Vec<Option<f64>> {
    let mut first = Vec::with_capacity(plan.brokers.len());
    let mut held: Vec<i128> = Vec::new();
    let mut capacity = Vec::new();
    for broker in &plan.brokers {
        first.push(held.len());
        held.extend(broker.log_dirs.iter().map(|dir| i128::from(dir.used_before_bytes.get())));
        capacity.extend(broker.log_dirs.iter().map(|dir| dir.capacity_bytes.filter(|bytes| *bytes > Bytes::ZERO)));
    }
    // The only log dir of a broker, or the one that is named; none where nobody knows.
    let dir_of = |id: BrokerId, named: Option<&str>| {
        let broker = plan.brokers.binary_search_by_key(&id, |broker| broker.id).ok()?;
        let dirs = &plan.brokers[broker].log_dirs;
        let place = if dirs.len() == 1 { 0 } else { dirs.iter().position(|dir| Some(dir.path.as_str()) == named)? };
        Some(first[broker] + place)
    };
    let comes = |moved: &Move<'_>| -> Vec<usize> {
        let (all, dirs) = (moved.replicas.iter().enumerate(), moved.dirs);
        let new = all.filter(|(_, id)| !moved.previous.contains(id));
        let new = new.filter_map(|(place, &id)| dir_of(id, dirs.iter().nth(place).flatten()));
        new.chain(moved.changing_dir().filter_map(|(id, _, to)| dir_of(id, Some(to)))).collect()
    };
    let goes = |moved: &Move<'_>| -> Vec<usize> {
        let (all, dirs) = (moved.previous.iter().enumerate(), moved.previous_dirs);
        let old = all.filter(|(_, id)| !moved.replicas.contains(id));
        let old = old.filter_map(|(place, &id)| dir_of(id, dirs.iter().nth(place).flatten()));
        old.chain(moved.changing_dir().filter_map(|(id, from, _)| dir_of(id, Some(from)))).collect()
    };
    let peak = |wave: &Wave| {
        for moved in plan.moves_of(wave) {
            for dir in comes(&moved) {
                held[dir] += i128::from(moved.size.get());
            }
        }
        let mut freed: Vec<(usize, i128)> = Vec::new();
        for moved in plan.moves_of(wave) {
            freed.extend(goes(&moved).into_iter().map(|dir| (dir, i128::from(moved.size.get()))));
        }
        let used = freed.iter().map(|&(dir, _)| Some(held[dir].max(0) as f64 / capacity[dir]?.as_f64()));
        let used: Option<Vec<f64>> = used.collect();
        for (dir, bytes) in freed {
            held[dir] -= bytes;
        }
        used?.into_iter().max_by(f64::total_cmp)
    };
    plan.waves.iter().map(peak).collect()
}

/// That some wave cannot be undone at the throttle.
fn never_back(stuck: &[(u32, BrokerId, f64)]) -> Option<Warning> {
    let least = stuck.iter().map(|entry| entry.2).fold(0.0, f64::max);
    let named: Vec<String> = stuck
        .iter()
        .take(NAMED)
        .map(|(wave, broker, least)| format!("wave {wave} (broker {broker}: above {})", Traffic::new(*least)))
        .collect();
    let more = more_than(stuck.len(), named.len());
    // A tenth of headroom, in whole megabytes.
    let enough = (least * 1.1 / 1e6).ceil() as u64;
    let message = format!(
        "{} cannot be undone at the throttle, which live traffic uses up: {}{more}; going back then needs a rate such as \
         {enough}MB/s",
        counted(stuck.len(), "wave"),
        named.join(", ")
    );
    (!stuck.is_empty()).then(|| Warning::new("rollback-never-ends", message))
}

/// That log dirs become as full again as they should not be.
fn full_again(plan: &Plan) -> Option<Warning> {
    if plan.request.ignore_disk {
        return None;
    }
    let dirs = plan.brokers.iter().flat_map(|broker| broker.log_dirs.iter().map(move |dir| (broker.id, dir)));
    let full: Vec<String> = dirs
        .filter(|(_, dir)| dir.used_after_bytes < dir.used_before_bytes)
        .filter_map(|(broker, dir)| {
            let capacity = dir.capacity_bytes?;
            let share = dir.used_before_bytes.as_f64() / capacity.as_f64() * 100.0;
            let is_full = dir.used_before_bytes > plan.request.disk_limit.of(capacity);
            is_full.then(|| format!("broker {broker} `{}` ({share:.1}%)", dir.path))
        })
        .collect();
    let named = &full[..full.len().min(NAMED)];
    let message = format!(
        "{} {} above the disk limit of {} now, and going back would fill {} so again: {}{}",
        counted(full.len(), "log dir"),
        either(full.len(), "is", "are"),
        plan.request.disk_limit,
        either(full.len(), "it", "them"),
        named.join(", "),
        more_than(full.len(), named.len())
    );
    (!full.is_empty()).then(|| Warning::new("rollback-above-limit", message))
}

fn more_than(all: usize, named: usize) -> String {
    match all - named {
        0 => String::new(),
        more => format!(" and {} more", grouped(more as u64)),
    }
}
