//! The figures of a plan, computed anew from the replay.

use super::case::Case;
use super::share::{shares, targets};
use crate::base::units::Bytes;
use crate::replay::{NONE, Rates, Steps, World};

/// What the summary and the table of brokers have to say.
pub(super) struct Figures {
    pub replicas_moved: u64,
    pub replicas_forced: u64,
    pub bytes_moved: u64,
    pub bytes_forced: u64,
    /// Bytes of copies between racks that are known to differ, and of those that may differ.
    pub cross_rack: (u64, u64),
    pub makespan: Option<f64>,
    pub eta: Option<[f64; 3]>,
    /// Every reading of the definition that is fair: with and without dirs that are offline.
    pub disk_max_over_mean: Vec<Option<f64>>,
    pub leaders_max_over_mean: Option<f64>,
    /// Most heads of lists on a target over its share of them.
    pub leaders_max_over_share: Option<f64>,
    /// Final used over capacity of the fullest target, all its log dirs together; [`None`] when one is not known.
    pub fullest_target: Option<f64>,
    /// Seconds in which the target that receives most receives it all at the throttle.
    pub receiving: Option<f64>,
    /// Least and most, which differ where growth is counted; [`None`] when no capacity is known.
    pub peak: Option<(f64, f64)>,
    /// Whether the capacity of every log dir that receives data is known.
    pub is_peak_whole: bool,
    pub counts: Counts,
}

/// Replicas and heads of lists of each broker.
pub(super) struct Counts {
    pub replicas_before: Vec<u32>,
    pub replicas_after: Vec<u32>,
    pub heads_before: Vec<u32>,
    pub heads_after: Vec<u32>,
}

/// Computes all figures; every step must be sound.
pub(super) fn of(case: &Case) -> Figures {
    let world = case.world;
    let size = |row: u32| world.snapshot.partitions.size[row as usize].map_or(0, Bytes::get);
    let (mut replicas_moved, mut bytes_moved, mut cross_rack) = (0, 0_u64, (0_u64, 0_u64));
    for step in case.steps.sound(0..case.steps.len()) {
        let (bytes, leader) = (case.steps.size[step], case.steps.leader[step]);
        let within = case.steps.dir_changes.get(step).len() as u64;
        replicas_moved += within;
        bytes_moved = bytes_moved.saturating_add(bytes.saturating_mul(within));
        for (_, broker) in case.steps.adding(step) {
            replicas_moved += 1;
            bytes_moved = bytes_moved.saturating_add(bytes);
            if leader == NONE || world.rack[leader as usize] == world.rack[broker as usize] {
                continue;
            }
            let is_known = [leader, broker].iter().all(|&broker| world.broker(broker).rack.is_some());
            cross_rack.0 = cross_rack.0.saturating_add(if is_known { bytes } else { 0 });
            cross_rack.1 = cross_rack.1.saturating_add(bytes);
        }
    }
    let (mut replicas_forced, mut bytes_forced) = (0, 0_u64);
    for row in (0..case.steps.first.len() as u32).filter(|&row| case.ask.selects(world, row)) {
        let leaving = case.ask.leaving(world, row) as u64;
        replicas_forced += leaving;
        bytes_forced = bytes_forced.saturating_add(leaving.saturating_mul(size(row)));
    }
    let counts = Counts::of(world, &case.steps);
    Figures {
        replicas_moved,
        replicas_forced,
        bytes_moved,
        bytes_forced,
        cross_rack,
        makespan: case.rates.as_ref().map(|rates| case.times.iter().map(|time| time.seconds(rates)).sum()),
        eta: case.rates.as_ref().map(|_| eta(case)),
        disk_max_over_mean: disk_max_over_mean(case),
        leaders_max_over_mean: leaders_max_over_mean(case, &counts),
        leaders_max_over_share: leaders_max_over_share(case, &counts),
        fullest_target: case.claims().has_capacities().then(|| fullest(case)),
        receiving: case.rates.as_ref().map(|rates| longest_received(case, rates)),
        peak: peak(case),
        is_peak_whole: case.disk.peaks.iter().all(|peak| world.dirs[peak.dir as usize].capacity.is_some()),
        counts,
    }
}

impl Counts {
    fn of(world: &World, steps: &Steps) -> Self {
        let empty = || vec![0; world.len()];
        let mut counts =
            Counts { replicas_before: empty(), replicas_after: empty(), heads_before: empty(), heads_after: empty() };
        for row in 0..steps.first.len() as u32 {
            tally(world.replicas(row), &mut counts.replicas_before, &mut counts.heads_before, 1);
        }
        counts.replicas_after.clone_from(&counts.replicas_before);
        counts.heads_after.clone_from(&counts.heads_before);
        for step in steps.sound(0..steps.len()) {
            tally(steps.old.get(step), &mut counts.replicas_after, &mut counts.heads_after, -1);
            tally(steps.new.get(step), &mut counts.replicas_after, &mut counts.heads_after, 1);
        }
        counts
    }
}

/// Counts the known brokers of a list, and its head.
fn tally(list: &[u32], replicas: &mut [u32], heads: &mut [u32], change: i32) {
    for (place, &broker) in list.iter().enumerate().filter(|entry| *entry.1 != NONE) {
        let count = |counts: &mut [u32]| counts[broker as usize] = counts[broker as usize].wrapping_add_signed(change);
        count(replicas);
        if place == 0 {
            count(heads);
        }
    }
}

/// The sum of the waves' forecasts.
fn eta(case: &Case) -> [f64; 3] {
    let forecasts = case.plan.waves.iter().filter_map(|wave| wave.duration_seconds);
    forecasts.fold([0.0; 3], |sum, forecast| {
        [sum[0] + forecast.low.get(), sum[1] + forecast.expected.get(), sum[2] + forecast.high.get()]
    })
}

fn disk_max_over_mean(case: &Case) -> Vec<Option<f64>> {
    let world = case.world;
    let mut readings = Vec::new();
    for count_offline in [true, false] {
        let (mut shares, mut is_whole) = (Vec::new(), true);
        for number in (0..world.len() as u32).filter(|&number| case.ask.is_target[number as usize]) {
            let dirs = world.dirs_of(number).filter(|&dir| count_offline || world.dirs[dir as usize].is_online);
            let (mut used, mut capacity) = (0.0, 0.0);
            let mut is_known = false;
            for dir in dirs {
                is_known = true;
                used += case.disk.after[dir as usize] as f64;
                match world.dirs[dir as usize].capacity {
                    Some(bytes) => capacity += bytes as f64,
                    None => capacity = f64::NAN,
                }
            }
            if is_known && capacity > 0.0 { shares.push(used / capacity) } else { is_whole = false }
        }
        let ratio = max_over_mean(&shares);
        readings.push(ratio);
        if !is_whole || ratio.is_none() {
            readings.push(None);
        }
    }
    readings
}

fn leaders_max_over_mean(case: &Case, counts: &Counts) -> Option<f64> {
    let targets = (0..case.world.len()).filter(|&number| case.ask.is_target[number]);
    let heads: Vec<f64> = targets.map(|number| f64::from(counts.heads_after[number])).collect();
    max_over_mean(&heads)
}

fn leaders_max_over_share(case: &Case, counts: &Counts) -> Option<f64> {
    let heads: Vec<f64> = targets(case).map(|number| f64::from(counts.heads_after[number as usize])).collect();
    let total: f64 = heads.iter().sum();
    let over_share = heads.iter().zip(shares(case, total)).map(|(heads, share)| heads / share);
    (total > 0.0).then(|| over_share.fold(0.0, f64::max))
}

fn fullest(case: &Case) -> f64 {
    let fill = |number: u32| {
        let dirs = case.world.dirs_of(number);
        let (mut used, mut capacity) = (0.0, 0.0);
        for dir in dirs {
            used += case.disk.after[dir as usize] as f64;
            capacity += case.world.dirs[dir as usize].capacity.map_or(0.0, |bytes| bytes as f64);
        }
        used / capacity
    };
    targets(case).map(fill).fold(0.0, f64::max)
}

fn longest_received(case: &Case, rates: &Rates) -> f64 {
    let mut received = vec![0.0_f64; case.world.len()];
    for step in case.steps.sound(0..case.steps.len()) {
        for (_, broker) in case.steps.adding(step).filter(|entry| entry.1 != NONE) {
            received[broker as usize] += case.steps.size[step] as f64;
        }
    }
    let seconds = received.into_iter().enumerate().filter(|entry| entry.1 > 0.0);
    seconds.map(|(broker, bytes)| bytes / rates.follower(broker as u32)).fold(0.0, f64::max)
}

/// The largest over the mean; [`None`] when there is nothing to divide by.
fn max_over_mean(values: &[f64]) -> Option<f64> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (mean > 0.0).then(|| values.iter().copied().fold(0.0, f64::max) / mean)
}

fn peak(case: &Case) -> Option<(f64, f64)> {
    let mut found: Option<(f64, f64)> = None;
    for (dir, entry) in case.world.dirs.iter().enumerate().filter(|&(dir, _)| case.disk.receives[dir]) {
        let Some(capacity) = entry.capacity.filter(|&capacity| capacity > 0) else { continue };
        let share = |used: u64| used as f64 / capacity as f64;
        // A dir counts from the first wave that it receives in, which is never below what it held before.
        let (low, high) = (share(case.disk.peak[dir]), share(case.disk.peak_grown[dir]));
        let (least, most) = found.unwrap_or((low, high));
        found = Some((least.max(low), most.max(high)));
    }
    found
}
