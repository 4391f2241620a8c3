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

use rayon::prelude::*;

use crate::base::ids::{BrokerId, IdTable};
use crate::base::index::{BrokerIx, IndexVec};
use crate::base::text::{counted, either, grouped};
use crate::base::units::{Bytes, Seconds, Traffic};
use crate::plan::{Move, Plan, Warning, Wave};
use crate::problem::Problem;
use crate::problem::rates::Rates;
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
        Some(plan.waves.par_iter().map(|wave| time_of(plan, wave, traffic, problem, rates)).collect::<Vec<_>>())
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

/// What undoing a wave takes at these rates.
fn time_of(plan: &Plan, wave: &Wave, traffic: &[f64], problem: &Problem<'_>, rates: &Rates) -> Undone {
    let brokers = problem.cluster.brokers.len();
    let mut sums: IndexVec<BrokerIx, Option<Sums>> = IndexVec::filled(None, brokers);
    let mut add = |id: BrokerId, add: &dyn Fn(&mut Sums)| {
        if let Some(broker) = problem.cluster.broker_ix(id) {
            add(sums[broker].get_or_insert_default());
        }
    };
    // In order of topic and partition, so that the last bit does not depend on plan order.
    for row in plan.sorted_rows(wave.rows.clone()) {
        let moved = plan.get(row as usize);
        let size = moved.size.as_f64();
        if plan.request.empties_dirs() {
            for (broker, ..) in moved.changing_dir() {
                add(broker, &|sums| sums.bytes_in += size);
            }
            continue;
        }
        let written = traffic[row as usize];
        let mut back = 0;
        for broker in moved.removing() {
            back += 1;
            add(broker, &|follower| {
                follower.bytes_in += size;
                follower.traffic_in += written;
            });
        }
        if let (1.., Some(leader)) = (back, plan.leader_once_done(&moved)) {
            add(leader, &|leader| {
                leader.bytes_out += f64::from(back) * size;
                leader.traffic_out += written * (moved.replicas.len() as f64 - 1.0 + f64::from(back));
            });
        }
    }
    let mut undone = Undone { seconds: 0.0, stuck: None };
    for (broker, sums) in sums.iter_enumerated().filter_map(|(broker, sums)| Some((broker, sums.as_ref()?))) {
        let (leader, follower) = (rates.leader[broker], rates.follower[broker]);
        let never = sums.bytes_in > 0.0 && sums.traffic_in >= follower * FOLLOWER_SHARE_LEAST
            || sums.bytes_out > 0.0 && sums.traffic_out >= leader;
        if never {
            let least = sums.traffic_out.max(sums.traffic_in / FOLLOWER_SHARE_LEAST);
            if undone.stuck.is_none_or(|stuck| least > stuck.1) {
                undone.stuck = Some((problem.cluster.brokers[broker].id, least));
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
    let rows = IdTable::new(plan.brokers.iter().map(|broker| broker.id));
    // The only log dir of a broker, or the one that is named; none where nobody knows.
    let dir_of = |id: BrokerId, named: Option<&str>| {
        let broker = rows.row(id)?;
        let dirs = &plan.brokers[broker].log_dirs;
        let place = if dirs.len() == 1 { 0 } else { dirs.iter().position(|dir| Some(dir.path.as_str()) == named)? };
        Some(first[broker] + place)
    };
    let comes = |moved: &Move<'_>, dirs_of: &mut Vec<usize>| {
        dirs_of.clear();
        let (all, dirs) = (moved.replicas.iter().enumerate(), moved.dirs);
        let new = all.filter(|(_, id)| !moved.previous.contains(id));
        dirs_of.extend(new.filter_map(|(place, &id)| dir_of(id, dirs.iter().nth(place).flatten())));
        dirs_of.extend(moved.changing_dir().filter_map(|(id, _, to)| dir_of(id, Some(to))));
    };
    let goes = |moved: &Move<'_>, dirs_of: &mut Vec<usize>| {
        dirs_of.clear();
        let (all, dirs) = (moved.previous.iter().enumerate(), moved.previous_dirs);
        let old = all.filter(|(_, id)| !moved.replicas.contains(id));
        dirs_of.extend(old.filter_map(|(place, &id)| dir_of(id, dirs.iter().nth(place).flatten())));
        dirs_of.extend(moved.changing_dir().filter_map(|(id, from, _)| dir_of(id, Some(from))));
    };
    let (mut dirs_of, mut freed): (Vec<usize>, Vec<(usize, i128)>) = Default::default();
    let peak = |wave: &Wave| {
        for moved in plan.moves_of(wave) {
            comes(&moved, &mut dirs_of);
            for &dir in &dirs_of {
                held[dir] += i128::from(moved.size.get());
            }
        }
        freed.clear();
        for moved in plan.moves_of(wave) {
            goes(&moved, &mut dirs_of);
            freed.extend(dirs_of.iter().map(|&dir| (dir, i128::from(moved.size.get()))));
        }
        let used = freed.iter().map(|&(dir, _)| Some(held[dir].max(0) as f64 / capacity[dir]?.as_f64()));
        // Of several that are not known none is told.
        let fullest = used.map(|used| used.ok_or(())).try_fold(None, |most: Option<f64>, used| {
            used.map(|used| Some(most.map_or(used, |most| if used.total_cmp(&most).is_ge() { used } else { most })))
        });
        for &(dir, bytes) in &freed {
            held[dir] -= bytes;
        }
        fullest.ok().flatten()
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
