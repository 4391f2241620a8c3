//! Who sends the copies: old lists in another order, so that the busiest leader is done sooner.
//!
//! Copies come from the leader, and leadership on old brokers is skewed by the sizes of what they lead. To put another
//! old replica first copies nothing and takes a moment, but clients follow the leader. So few leaders shall change.
//!
//! **The problem.** Each partition brings n·S bytes to send and may be led by any of its in-sync replicas. Find the lowest
//! level that no broker need exceed, then the fewest changes that keep it. Both are NP-hard (unrelated machines with
//! restricted assignment); with hundreds of partitions to a broker simple means come within a fraction of a percent.
//!
//! **The method**, for one level: the largest partitions of brokers above it are handed to their least loaded replica that
//! stays below; what then is still above hands something on along a shortest path of brokers, each of which hands on as
//! much in turn, to one that has room; and changes that are not needed after all are taken back, smallest first. The lowest level is found by trying: it starts
//! where nobody can go below, and rises until the method keeps it.

pub mod gain;

use std::cmp::Reverse;
use std::collections::VecDeque;

use rayon::prelude::*;

use crate::base::ids::is_internal_topic;
use crate::base::index::{BrokerIx, Csr, IndexVec, Ix, PartitionIx};
use crate::placement::Home;
use crate::problem::Problem;
use crate::snapshot::BrokerState;

/// Each level is this much above the one before.
const LEVEL_STEP: f64 = 1.002;
/// Levels that are tried at most.
const LEVELS: usize = 400;
/// Rows of a broker that are looked at when it has to hand something on.
const NEAR: usize = 40;
/// Rounds of taking back what is not needed.
const PRUNINGS: usize = 4;

/// Partitions that may change their leader, largest first.
struct Sources {
    /// Mover, in the order of what it sends.
    mover: Vec<u32>,
    /// Bytes that its leader sends.
    bytes: Vec<f64>,
    /// Its leader.
    leader: Vec<BrokerIx>,
    /// Who may lead it: its leader and other old replicas that serve and are in sync.
    candidates: Csr<BrokerIx>,
    /// Bytes per second that each broker sends; 1 without a throttle.
    speed: IndexVec<BrokerIx, f64>,
    /// Seconds in which brokers send what keeps its leader.
    fixed: IndexVec<BrokerIx, f64>,
    /// Seconds in which the busiest target receives.
    receiving: f64,
    /// Seconds below which nobody can go.
    least: f64,
}

/// The rows that each broker leads, largest first.
struct Led(IndexVec<BrokerIx, Vec<u32>>);

impl Led {
    fn pass(&mut self, row: u32, from: BrokerIx, to: BrokerIx) {
        if let Ok(place) = self.0[from].binary_search(&row) {
            self.0[from].remove(place);
        }
        if let Err(place) = self.0[to].binary_search(&row) {
            self.0[to].insert(place, row);
        }
    }

    /// The rows of a broker that are at least so many bytes, smallest first.
    fn near(&self, broker: BrokerIx, least: f64, bytes: &[f64]) -> impl Iterator<Item = usize> {
        let rows = &self.0[broker];
        let enough = rows.partition_point(|&row| bytes[row as usize] >= least);
        rows[enough.saturating_sub(NEAR)..enough].iter().rev().map(|&row| row as usize)
    }

    /// The rows of a broker that are fewer bytes, largest first.
    fn below(&self, broker: BrokerIx, least: f64, bytes: &[f64]) -> impl Iterator<Item = usize> {
        let rows = &self.0[broker];
        let enough = rows.partition_point(|&row| bytes[row as usize] >= least);
        rows[enough..].iter().map(|&row| row as usize)
    }
}

/// Who leads, and the seconds that each broker sends.
struct Assignment {
    leader: Vec<BrokerIx>,
    load: IndexVec<BrokerIx, f64>,
}

/// The partitions that get another leader, in order of mover, with that leader.
pub fn choose(problem: &Problem<'_>, lists: &Csr<Home>) -> Vec<(u32, BrokerIx)> {
    let sources = Sources::new(problem, lists);
    if sources.mover.is_empty() {
        return Vec::new();
    }
    let chosen = sources.best(LEVEL_STEP);
    let changed = sources.mover.iter().zip(&chosen.leader).zip(&sources.leader);
    let mut changes: Vec<(u32, BrokerIx)> =
        changed.filter(|((_, new), old)| new != old).map(|((&mover, &new), _)| (mover, new)).collect();
    changes.sort_unstable();
    changes
}

impl Sources {
    fn new(problem: &Problem<'_>, lists: &Csr<Home>) -> Self {
        let cluster = &problem.cluster;
        let partitions = &cluster.snapshot.partitions;
        let one = || IndexVec::filled(1.0, cluster.brokers.len());
        let (speed, take) = problem
            .rates
            .as_ref()
            .map_or_else(|| (one(), one()), |rates| (rates.leader.clone(), rates.follower.clone()));
        let mut fixed = IndexVec::filled(0.0, cluster.brokers.len());
        let mut receives: IndexVec<BrokerIx, f64> = IndexVec::filled(0.0, cluster.brokers.len());
        let mut rows: Vec<(Reverse<u64>, u32)> = Vec::with_capacity(problem.movers.len());
        let mut may_send: IndexVec<BrokerIx, bool> = IndexVec::filled(false, cluster.brokers.len());
        let mut total = 0.0;
        for (mover, &partition) in problem.movers.iter().enumerate() {
            let before = cluster.replicas_of(partition);
            let size = cluster.size_of(partition).get();
            let comes = lists.get(mover).iter().filter(|home| !before.contains(&home.broker));
            let copies = comes.inspect(|home| receives[home.broker] += size as f64 / take[home.broker]).count() as u64;
            let bytes = size * copies;
            total += bytes as f64;
            // A list that names a broker which is not alive is refused by Kafka's tool, or by Kafka itself.
            let is_well = before.iter().all(|&broker| cluster.brokers[broker].state == BrokerState::Alive);
            let is_internal = is_internal_topic(&cluster.snapshot.topic_of(partition.get()).name);
            if bytes == 0 || !is_well || is_internal {
                let leader = problem.leader(partition);
                fixed[leader] += bytes as f64 / speed[leader];
                continue;
            }
            rows.push((Reverse(bytes), mover as u32));
        }
        rows.par_sort_unstable();
        let mut candidates = Csr::with_capacity(rows.len(), rows.len() * 3);
        let mut leader = Vec::with_capacity(rows.len());
        for &(_, mover) in &rows {
            let partition: PartitionIx = problem.movers[mover as usize];
            let now = problem.leader(partition);
            let isr = partitions.isr.get(partition.get());
            let can_lead = |&broker: &BrokerIx| {
                let row = &cluster.brokers[broker];
                broker == now || (row.state.serves() && isr.contains(&row.id))
            };
            candidates.push(cluster.replicas_of(partition).iter().copied().filter(can_lead));
            for &broker in candidates.get(candidates.len() - 1) {
                may_send[broker] = true;
            }
            leader.push(now);
        }
        let senders: f64 = may_send.iter_enumerated().filter(|entry| *entry.1).map(|entry| speed[entry.0]).sum();
        // Some partition sends for so long whoever leads it.
        let alone = |(row, led_by): (&(Reverse<u64>, u32), &[BrokerIx])| {
            row.0.0 as f64 / led_by.iter().map(|&broker| speed[broker]).fold(f64::MIN_POSITIVE, f64::max)
        };
        let longest = rows.iter().zip(candidates.iter()).map(alone).fold(0.0, f64::max);
        let at_best = if senders > 0.0 { total / senders } else { 0.0 };
        // To send for less time than the busiest target receives gains nothing.
        let receiving = receives.iter().copied().fold(0.0, f64::max);
        let least = receiving.max(longest).max(at_best);
        let bytes = rows.iter().map(|row| row.0.0 as f64).collect();
        Sources {
            mover: rows.iter().map(|row| row.1).collect(),
            bytes,
            leader,
            candidates,
            speed,
            fixed,
            receiving,
            least,
        }
    }

    /// Leaders that keep to the lowest level that is found, each that is tried being so many times the one before.
    fn best(&self, step: f64) -> Assignment {
        let now = self.assign(f64::INFINITY);
        let mut best = now.top();
        let mut chosen = now;
        let mut level = self.least;
        for _ in 0..LEVELS {
            if level >= best {
                break;
            }
            let tried = self.assign(level);
            let top = tried.top();
            if top < best {
                (best, chosen) = (top, tried);
            }
            if best <= level * (1.0 + 1e-9) {
                break;
            }
            level *= step;
        }
        chosen
    }

    /// Leaders that keep to `level`, as far as the method finds them.
    fn assign(&self, level: f64) -> Assignment {
        let mut load = self.fixed.clone();
        for (&leader, bytes) in self.leader.iter().zip(&self.bytes) {
            load[leader] += bytes / self.speed[leader];
        }
        let mut assignment = Assignment { leader: self.leader.clone(), load };
        if assignment.top() <= level {
            return assignment;
        }
        self.hand_over(level, &mut assignment);
        self.hand_on(level, &mut assignment);
        for _ in 0..PRUNINGS {
            if !self.take_back(level, &mut assignment) {
                break;
            }
        }
        assignment
    }

    /// Largest first, from whoever is above the level to the least loaded that stays below.
    fn hand_over(&self, level: f64, now: &mut Assignment) {
        for row in 0..self.mover.len() {
            if now.load[now.leader[row]] > level
                && let Some(to) = self.least_loaded(row, now)
                && now.load[to] + self.seconds(row, to) <= level
            {
                self.pass(row, to, now);
            }
        }
    }

    fn least_loaded(&self, row: usize, now: &Assignment) -> Option<BrokerIx> {
        let others = self.candidates.get(row).iter().copied().filter(|&broker| broker != now.leader[row]);
        let then = |broker: BrokerIx| now.load[broker] + self.seconds(row, broker);
        others.min_by(|&a, &b| then(a).total_cmp(&then(b)).then(a.cmp(&b)))
    }

    /// Seconds that a broker sends a row.
    fn seconds(&self, row: usize, broker: BrokerIx) -> f64 {
        self.bytes[row] / self.speed[broker]
    }

    fn pass(&self, row: usize, to: BrokerIx, now: &mut Assignment) {
        let from = std::mem::replace(&mut now.leader[row], to);
        now.load[from] -= self.seconds(row, from);
        now.load[to] += self.seconds(row, to);
    }

    /// From whoever is still above the level by way of others, which hand on a little less each.
    fn hand_on(&self, level: f64, now: &mut Assignment) {
        let mut led = Led(IndexVec::filled(Vec::new(), now.load.len()));
        for (row, &leader) in now.leader.iter().enumerate() {
            led.0[leader].push(row as u32);
        }
        let above: Vec<BrokerIx> = now.load.indices().filter(|&broker| now.load[broker] > level).collect();
        for from in above {
            while now.load[from] > level {
                let Some(path) = self.path(from, level, now, &led) else { break };
                for (row, to) in path {
                    let by = now.leader[row];
                    led.pass(row as u32, by, to);
                    self.pass(row, to, now);
                }
            }
        }
    }

    /// Rows, each with whom it goes to, that bring a broker nearer to the level and nobody above it: the shortest such path.
    fn path(&self, from: BrokerIx, level: f64, now: &Assignment, led: &Led) -> Option<Vec<(usize, BrokerIx)>> {
        // For each broker that is reached: the row that comes to it, and what it must hand on in turn.
        let mut reached: IndexVec<BrokerIx, Option<(usize, f64)>> = IndexVec::filled(None, now.load.len());
        let mut queue = VecDeque::from([from]);
        while let Some(by) = queue.pop_front() {
            let over = reached[by].map_or(now.load[by] - level, |reached| reached.1);
            // Whoever is above the level may come down in several turns; on the way nobody may end above it.
            let least = over * self.speed[by];
            let rows = led.near(by, least, &self.bytes).chain(led.below(by, least, &self.bytes).filter(|_| by == from));
            for row in rows {
                for &to in self.candidates.get(row) {
                    if to == by || to == from || reached[to].is_some() {
                        continue;
                    }
                    let over = now.load[to] + self.seconds(row, to) - level;
                    reached[to] = Some((row, over));
                    if over <= 0.0 {
                        return Some(back(to, from, now, &reached));
                    }
                    queue.push_back(to);
                }
            }
        }
        None
    }

    /// Gives back what the old leader can keep after all, smallest first; whether anything was.
    fn take_back(&self, level: f64, now: &mut Assignment) -> bool {
        let mut found = false;
        for row in (0..self.mover.len()).rev() {
            let old = self.leader[row];
            if now.leader[row] != old && now.load[old] + self.seconds(row, old) <= level {
                self.pass(row, old, now);
                found = true;
            }
        }
        found
    }
}

/// The path by which a broker was reached, its end first: so each hands on before it is handed something.
fn back(
    mut to: BrokerIx,
    from: BrokerIx,
    now: &Assignment,
    reached: &IndexVec<BrokerIx, Option<(usize, f64)>>,
) -> Vec<(usize, BrokerIx)> {
    let mut path = Vec::new();
    while to != from {
        let Some((row, _)) = reached[to] else { break };
        path.push((row, to));
        to = now.leader[row];
    }
    path
}

impl Assignment {
    fn top(&self) -> f64 {
        self.load.iter().copied().fold(0.0, f64::max)
    }
}
