//! How long a wave takes on real brokers: a range for people, and what sets it.
//!
//! The formulas of [`super::time`] say what the throttle allows. Real brokers differ from it in ways that were
//! measured ([`Model`] has the numbers and where they come from). For a wave, every one of these is a time, and the
//! longest of them is the forecast:
//!
//! ```text
//! follower b   Σ S_p / (e·c·F − Σ w_p)                     its throttle
//! leader s     Σ n_p·S_p / (L − Σ w_p·(RF_p − 1 + n_p))    its throttle; sends 0.97 to 1.06 of it, has up to 10 s of credit
//! b, s         bytes / (capacity − live traffic)           network of each side, disk of the follower
//! b ← s        bytes / (threads·fetch / RTT − Σ w_p)       what its fetchers can ask for
//! ```
//!
//! **e** belongs to a fetcher thread, this follower from this leader, and depends on what else the thread carries when
//! the wave starts. It is awake (e = 1) when it follows another partition with traffic, idle (11/12) when it certainly
//! carries nothing, and in between where that cannot be told: no traffic is known, or several threads share the pair. A
//! follower that copies over several threads reaches the mean of theirs, weighed by bytes; several idle ones reach 0.95.
//! Who follows whom changes with every wave, so the forecast walks through the plan.

use rustc_hash::FxHashMap;

use super::time::Sums;
use crate::base::index::{BrokerIx, IndexVec, Ix, PartitionIx};
use crate::base::units::{Seconds, Traffic};
use crate::plan::{Cap, Estimate, Side};
use crate::problem::Problem;
use crate::problem::rates::Rates;
use crate::request::forecast::{Model, in_order};

/// However much live traffic there is, this share of a capacity or rate is left to the copies.
const LEFT_MIN: f64 = 0.01;
/// With this many partitions for each thread of a pair, none is likely to be without traffic.
const AWAKE_FOR_EACH_THREAD: f64 = 4.0;

/// A partition of a wave.
pub struct Step<'a> {
    /// Which one.
    pub partition: PartitionIx,
    /// Its replicas before the wave.
    pub before: &'a [BrokerIx],
    /// Its replicas after the wave.
    pub after: &'a [BrokerIx],
    /// Who leads it while it copies.
    pub leader: BrokerIx,
    /// Who leads it then.
    pub leader_after: BrokerIx,
    /// The brokers that a copy comes to.
    pub copies: &'a [BrokerIx],
}

/// What is expected of a wave.
pub struct Forecast {
    /// The range.
    pub duration: Estimate,
    /// What sets the expected time; absent when nothing is copied.
    pub limit: Option<Limit>,
}

/// What holds a wave up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The broker.
    pub broker: BrokerIx,
    /// What it is busy with.
    pub side: Side,
    /// Which of its limits it is.
    pub cap: Cap,
    /// Where its fetchers set the time, the leader that they ask.
    pub from: Option<BrokerIx>,
}

/// What a fetcher thread carries beside the move.
#[derive(Clone, Copy, Default)]
struct Thread {
    partitions: u32,
    awake: u32,
}

/// What is known of the traffic that keeps a thread awake.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beside {
    Traffic,
    Nothing,
    Unknown,
}

/// What one follower copies from one leader in a wave.
#[derive(Clone, Copy, Default)]
struct Pair {
    bytes: f64,
    traffic: f64,
    partitions: u32,
}

/// Walks through the waves of a plan in their order.
pub struct Forecaster<'p> {
    problem: &'p Problem<'p>,
    rates: &'p Rates,
    model: Model,
    /// The model for each broker as a follower.
    models: IndexVec<BrokerIx, Model>,
    /// Copies stay within their brokers.
    within: bool,
    knows_traffic: bool,
    receives: IndexVec<BrokerIx, bool>,
    threads: FxHashMap<(BrokerIx, BrokerIx), Thread>,
    live_in: IndexVec<BrokerIx, f64>,
    live_out: IndexVec<BrokerIx, f64>,
}

impl<'p> Forecaster<'p> {
    /// Before the first wave; `receives` tells which brokers ever copy anything.
    pub fn new(problem: &'p Problem<'p>, rates: &'p Rates, receives: IndexVec<BrokerIx, bool>) -> Self {
        let cluster = &problem.cluster;
        let none = IndexVec::filled(0.0, cluster.brokers.len());
        let partitions = &cluster.snapshot.partitions;
        let mut forecaster = Forecaster {
            problem,
            rates,
            model: problem.request.forecast,
            models: cluster
                .snapshot
                .brokers
                .iter()
                .map(|row| problem.request.forecast.of_broker(&row.config))
                .collect(),
            within: problem.request.empties_dirs(),
            knows_traffic: partitions.bytes_in.iter().any(|&traffic| traffic > Traffic::ZERO),
            receives,
            threads: FxHashMap::default(),
            live_in: none.clone(),
            live_out: none,
        };
        for partition in cluster.partitions() {
            let leader = partitions.leader[partition.get()].and_then(|id| cluster.broker_ix(id));
            if let Some(leader) = leader {
                forecaster.count(partition, cluster.replicas_of(partition), leader, 1.0);
            }
        }
        forecaster
    }

    /// Counts a partition with these replicas in (1) or out (−1) of what brokers carry.
    fn count(&mut self, partition: PartitionIx, replicas: &[BrokerIx], leader: BrokerIx, sign: f64) {
        let partitions = &self.problem.cluster.snapshot.partitions;
        let (written, read) = (partitions.bytes_in[partition.get()].get(), partitions.bytes_out[partition.get()].get());
        self.live_out[leader] += sign * (read + written * replicas.len().saturating_sub(1) as f64);
        for &broker in replicas {
            self.live_in[broker] += sign * written;
            if broker == leader || !self.receives[broker] {
                continue;
            }
            let thread = self.threads.entry((broker, leader)).or_default();
            let change = |count: &mut u32| *count = if sign > 0.0 { *count + 1 } else { count.saturating_sub(1) };
            change(&mut thread.partitions);
            if written > 0.0 {
                change(&mut thread.awake);
            }
        }
    }

    /// The forecast of the next wave, given in any order.
    pub fn wave(&mut self, steps: &mut [Step<'_>]) -> Forecast {
        // Sums follow the order of the cluster, so that the last bit does not depend on plan order.
        steps.sort_unstable_by_key(|step| step.partition);
        let forecast = self.forecast(steps);
        // Within brokers nobody follows anybody anew.
        let moved = if self.within { &[][..] } else { &*steps };
        for step in moved {
            self.count(step.partition, step.before, step.leader, -1.0);
            self.count(step.partition, step.after, step.leader_after, 1.0);
        }
        forecast
    }

    fn forecast(&self, steps: &[Step<'_>]) -> Forecast {
        let cluster = &self.problem.cluster;
        let mut sums: IndexVec<BrokerIx, Sums> = IndexVec::filled(Sums::default(), cluster.brokers.len());
        // What the wave adds to the live traffic of each side: new followers, and being sent to them.
        let mut added: IndexVec<BrokerIx, f64> = IndexVec::filled(0.0, cluster.brokers.len());
        // Who copies what from whom; several of one pair in the order of their partitions.
        let mut fetches: Vec<(BrokerIx, BrokerIx, u32)> = Vec::with_capacity(steps.len() * 3);
        let mut touched = Vec::new();
        let (size_of, written_of) = (
            |step: &Step<'_>| cluster.size_of(step.partition).as_f64(),
            |step: &Step<'_>| {
                if self.within { 0.0 } else { self.written(step.partition) }
            },
        );
        for (number, step) in steps.iter().enumerate().filter(|(_, step)| !step.copies.is_empty()) {
            let (size, written) = (size_of(step), written_of(step));
            let copies = step.copies.len() as f64;
            if !self.within {
                let leader = &mut sums[step.leader];
                leader.bytes_out += copies * size;
                leader.traffic_out += written * (step.before.len() as f64 - 1.0 + copies);
                added[step.leader] += written * copies;
                touched.push(step.leader);
            }
            for &broker in step.copies {
                sums[broker].bytes_in += size;
                sums[broker].traffic_in += written;
                touched.push(broker);
                fetches.push((broker, step.leader, number as u32));
            }
        }
        touched.sort_unstable();
        touched.dedup();
        fetches.sort_unstable();
        let mut of_brokers = fetches.chunk_by(|a, b| a.0 == b.0).peekable();
        let mut longest = Longest::default();
        let mut pairs: Vec<(BrokerIx, Pair)> = Vec::new();
        for &broker in &touched {
            pairs.clear();
            let own = of_brokers.next_if(|fetches| fetches[0].0 == broker).unwrap_or_default();
            pairs.extend(own.chunk_by(|a, b| a.1 == b.1).map(|fetches| {
                let mut pair = Pair::default();
                for step in fetches.iter().map(|fetch| &steps[fetch.2 as usize]) {
                    pair.bytes += size_of(step);
                    pair.traffic += written_of(step);
                    pair.partitions += 1;
                }
                (fetches[0].1, pair)
            }));
            self.throttled(broker, &sums[broker], &pairs, &mut longest);
            self.capped(broker, &sums[broker], added[broker], &pairs, &mut longest);
        }
        let model = &self.model;
        let [low, expected, high] = longest.seconds;
        let [low, expected, high] = in_order(
            low.max(model.fixed_seconds_low),
            expected.max(model.fixed_seconds_expected),
            high + model.fixed_seconds_high,
        );
        let (low, expected, high) = (Seconds::new(low), Seconds::new(expected), Seconds::new(high));
        Forecast { duration: Estimate { low, expected, high }, limit: longest.limit }
    }

    fn written(&self, partition: PartitionIx) -> f64 {
        self.problem.cluster.snapshot.partitions.bytes_in[partition.get()].get()
    }

    /// What the throttle allows either side.
    fn throttled(&self, broker: BrokerIx, sums: &Sums, pairs: &[(BrokerIx, Pair)], longest: &mut Longest) {
        let model = &self.models[broker];
        if sums.bytes_out > 0.0 {
            let seconds = sums.leader_seconds(self.rates.leader[broker]);
            let saved = (seconds / model.leader_share_low).min(seconds - model.leader_credit_seconds());
            let least = seconds / (model.leader_credit_seconds() + 2.0);
            longest.raise([saved.max(least), seconds, seconds / model.leader_share_high], || Limit {
                broker,
                side: Side::Leader,
                cap: Cap::Throttle,
                from: None,
            });
        }
        if sums.bytes_in > 0.0 {
            let rate = self.rates.follower[broker];
            let [low, expected, high] = shares(&self.shares_of(broker, model, pairs), self.within, model);
            let at = |share: f64| sums.bytes_in / (share * rate - sums.traffic_in).max(LEFT_MIN * rate);
            let error = model.follower_error;
            let side = if self.within { Side::LogDirs } else { Side::Follower };
            let limit = || Limit { broker, side, cap: Cap::Throttle, from: None };
            longest.raise([at(low) * (1.0 - error), at(expected), at(high) * (1.0 + error)], limit);
        }
    }

    /// e of the threads of a follower, weighed by what each copies: at best, as expected, at worst.
    fn shares_of(&self, broker: BrokerIx, model: &Model, pairs: &[(BrokerIx, Pair)]) -> [f64; 3] {
        let (idle, several, awake) = (model.idle_share(), model.several_idle_share(), model.awake_share());
        if self.within {
            return [awake, several, idle];
        }
        let is_one = pairs.len() == 1;
        let total: f64 = pairs.iter().map(|(_, pair)| pair.bytes).sum();
        let mut mean = [0.0; 3];
        for (leader, pair) in pairs {
            let of_thread = match self.beside(broker, *leader, model) {
                Beside::Traffic => [awake; 3],
                Beside::Nothing if is_one => [idle; 3],
                Beside::Nothing => [(2.0 * several - idle).min(1.0), several, idle],
                Beside::Unknown => [awake, several, idle],
            };
            for (mean, share) in mean.iter_mut().zip(of_thread) {
                *mean += share * if total > 0.0 { pair.bytes / total } else { 1.0 / pairs.len() as f64 };
            }
        }
        mean
    }

    /// What else the threads from a leader to a follower carry when the wave starts.
    fn beside(&self, follower: BrokerIx, leader: BrokerIx, model: &Model) -> Beside {
        let thread = self.threads.get(&(follower, leader)).copied().unwrap_or_default();
        match thread {
            Thread { partitions: 0, .. } => Beside::Nothing,
            Thread { awake: 0, .. } if self.knows_traffic => Beside::Nothing,
            Thread { awake: 0, .. } => Beside::Unknown,
            Thread { awake, .. } => {
                // Which of several threads a partition is on is decided by a hash of its name.
                let is_one = model.fetcher_threads <= 1.0;
                let are_many = f64::from(awake) >= AWAKE_FOR_EACH_THREAD * model.fetcher_threads;
                if is_one || are_many { Beside::Traffic } else { Beside::Unknown }
            }
        }
    }

    /// What network, disk and fetchers allow.
    fn capped(&self, broker: BrokerIx, sums: &Sums, added_out: f64, pairs: &[(BrokerIx, Pair)], longest: &mut Longest) {
        let row = &self.problem.cluster.snapshot.brokers[broker.get()];
        let side = if self.within { Side::LogDirs } else { Side::Follower };
        let mut cap = |bytes: f64, capacity: Option<Traffic>, live: f64, side: Side, cap: Cap| {
            let Some(capacity) = capacity.map(|capacity| capacity.get().max(1.0)).filter(|_| bytes > 0.0) else {
                return;
            };
            let left = (capacity - live).clamp(LEFT_MIN * capacity, capacity);
            longest.raise([bytes / capacity, bytes / left, bytes / left], || Limit { broker, side, cap, from: None });
        };
        let live_in = self.live_in[broker] + sums.traffic_in;
        if !self.within {
            cap(sums.bytes_out, row.out_capacity, self.live_out[broker] + added_out, Side::Leader, Cap::Network);
            cap(sums.bytes_in, row.in_capacity, live_in, side, Cap::Network);
        }
        cap(sums.bytes_in, row.disk_capacity, live_in, side, Cap::Disk);
        if self.within {
            return;
        }
        let model = &self.models[broker];
        for &(leader, pair) in pairs {
            let rate = model.fetch_rate(f64::from(pair.partitions));
            let seconds = pair.bytes / (rate - pair.traffic).max(LEFT_MIN * rate);
            let limit = || Limit { broker, side: Side::Follower, cap: Cap::Fetch, from: Some(leader) };
            longest.raise([seconds; 3], limit);
        }
    }
}

/// e·c at best, as expected, at worst.
fn shares(threads: &[f64; 3], within: bool, model: &Model) -> [f64; 3] {
    let batches = [model.batch_bytes_low, model.batch_bytes_expected, model.batch_bytes_high];
    // Within a broker whole batches are copied, none of them twice.
    let fetched = batches.map(|bytes| if within { 1.0 } else { model.fetch_share(bytes) });
    [threads[0] * fetched[0], threads[1] * fetched[1], threads[2] * fetched[2]]
}

/// The longest times so far, and what sets the expected one.
#[derive(Default)]
struct Longest {
    seconds: [f64; 3],
    limit: Option<Limit>,
}

impl Longest {
    fn raise(&mut self, seconds: [f64; 3], limit: impl FnOnce() -> Limit) {
        let [low, expected, high] = in_order(seconds[0], seconds[1], seconds[2]);
        if expected > self.seconds[1] {
            self.limit = Some(limit());
        }
        self.seconds = [self.seconds[0].max(low), self.seconds[1].max(expected), self.seconds[2].max(high)];
    }
}

#[cfg(test)]
mod tests;
