//! Packing one stage into waves.
//!
//! A wave takes, of the moves that are left and stand largest first, every one that fits under a
//! ceiling: a copy time that no broker may pass. The ceiling starts at the longest wave allowed. When
//! the wave then ends because it has its number of partitions, the ceiling is too high for this wave:
//! it is lowered by bisection as long as the next few moves still fill the wave. What the busiest
//! brokers cannot take stays first in line for the next wave, so they work through every wave.

use super::time::{FOLLOWER_SHARE_LEAST, Sums, wave_time};
use super::{Loads, Schedule, Wave};
use crate::base::error::Result;
use crate::base::index::{BrokerIx, IndexVec};
use crate::base::units::BytesPerSec;
use crate::base::work::Work;
use crate::plan::Stage;
use crate::problem::Problem;

/// Internal topics reload coordinators when their leaders move: few at a time.
const INTERNAL_MOVES_MAX: usize = 50;
/// When a wave is full by number, this many times that number of moves are looked at for the best ones.
const WINDOW: usize = 2;
/// Halvings of the ceiling; 2^-10 of it is finer than any forecast.
const BISECTIONS: usize = 10;

/// Cuts the movers of one stage into waves and appends them.
pub fn cut(
    problem: &Problem<'_>,
    loads: &Loads,
    stage: Stage,
    movers: Vec<u32>,
    schedule: &mut Schedule,
    work: &Work,
) -> Result<()> {
    let mut max_moves = problem.request.max_moves as usize;
    if matches!(stage, Stage::Internal | Stage::InternalShortIsr) {
        max_moves = max_moves.min(INTERNAL_MOVES_MAX);
    }
    let mut filler = Filler::new(problem, loads, max_moves);
    let (total, mut left) = (movers.len(), movers);
    while !left.is_empty() {
        work.step("scheduling", total - left.len(), total)?;
        let taken = filler.next_wave(&mut left, schedule);
        let time = problem.request.throttle.map(|throttle| wave_time(problem, loads, &taken, throttle));
        schedule.waves.push(Wave { stage, movers: taken, time });
    }
    Ok(())
}

struct Filler<'a> {
    loads: &'a Loads,
    throttle: Option<BytesPerSec>,
    max_moves: usize,
    max_moves_per_broker: u32,
    max_seconds: f64,
    /// Sums of the brokers in the wave at hand, and how many moves each receives and sends.
    sums: IndexVec<BrokerIx, (Sums, u32, u32)>,
    touched: Vec<BrokerIx>,
}

impl<'a> Filler<'a> {
    fn new(problem: &'a Problem<'a>, loads: &'a Loads, max_moves: usize) -> Self {
        Filler {
            loads,
            throttle: problem.request.throttle,
            max_moves,
            max_moves_per_broker: problem.request.max_moves_per_broker.unwrap_or(u32::MAX),
            max_seconds: problem.request.max_wave_duration.get(),
            sums: IndexVec::filled((Sums::default(), 0, 0), problem.cluster.brokers.len()),
            touched: Vec::new(),
        }
    }

    /// Takes the next wave out of `left`, which stands largest first.
    fn next_wave(&mut self, left: &mut Vec<u32>, schedule: &mut Schedule) -> Vec<u32> {
        // Nothing can make a move shorter that alone takes longer than a wave may: it sets the length of
        // its wave, which others fill up to that length.
        let longest_alone = self.seconds_alone(left[0]);
        let ceiling = self.max_seconds.max(longest_alone);
        let mut taken = self.fill(left, ceiling);
        if taken.len() == self.max_moves && taken.len() < left.len() && self.throttle.is_some() {
            let window = &left[..left.len().min(self.max_moves * WINDOW)];
            let (mut low, mut high) = (longest_alone, ceiling);
            for _ in 0..BISECTIONS {
                let middle = f64::midpoint(low, high);
                let fewer = self.fill(window, middle);
                if fewer.len() == self.max_moves {
                    (high, taken) = (middle, fewer);
                } else {
                    low = middle;
                }
            }
        }
        for &mover in &taken {
            let alone = self.seconds_alone(mover);
            if alone > self.max_seconds {
                schedule.too_long.push((mover, alone));
            }
        }
        remove_sorted(left, &taken);
        taken
    }

    /// The moves, first ones first, that fit under `ceiling` seconds.
    fn fill(&mut self, movers: &[u32], ceiling: f64) -> Vec<u32> {
        for broker in self.touched.drain(..) {
            self.sums[broker] = (Sums::default(), 0, 0);
        }
        let mut taken = Vec::with_capacity(movers.len().min(self.max_moves));
        for &mover in movers {
            if taken.len() == self.max_moves {
                break;
            }
            if self.fits(mover, ceiling) {
                self.put(mover);
                taken.push(mover);
            }
        }
        taken
    }

    fn fits(&self, mover: u32, ceiling: f64) -> bool {
        let load = &self.loads.loads[mover as usize];
        let adding = self.loads.adding.get(mover as usize);
        let (mut leader, _, sends) = self.sums[load.leader];
        if load.adding > 0 && sends >= self.max_moves_per_broker {
            return false;
        }
        if adding.iter().any(|&broker| self.sums[broker].1 >= self.max_moves_per_broker) {
            return false;
        }
        let Some(throttle) = self.throttle else { return true };
        let rate = throttle.as_f64();
        leader.add_leader(load);
        if load.adding > 0 && !(leader.traffic_out < rate && leader.leader_seconds(rate) <= ceiling) {
            return false;
        }
        adding.iter().all(|&broker| {
            let (mut sums, ..) = self.sums[broker];
            sums.add_follower(load);
            sums.traffic_in < rate * FOLLOWER_SHARE_LEAST && sums.follower_seconds(rate) <= ceiling
        })
    }

    fn put(&mut self, mover: u32) {
        let load = &self.loads.loads[mover as usize];
        if load.adding > 0 {
            let (sums, _, sends) = &mut self.sums[load.leader];
            sums.add_leader(load);
            *sends += 1;
            self.touched.push(load.leader);
        }
        for &broker in self.loads.adding.get(mover as usize) {
            let (sums, receives, _) = &mut self.sums[broker];
            sums.add_follower(load);
            *receives += 1;
            self.touched.push(broker);
        }
    }

    /// Seconds that a move takes when nothing else runs.
    fn seconds_alone(&self, mover: u32) -> f64 {
        let Some(throttle) = self.throttle else { return 0.0 };
        let load = &self.loads.loads[mover as usize];
        let mut sums = Sums::default();
        sums.add_leader(load);
        sums.add_follower(load);
        let rate = throttle.as_f64();
        sums.leader_seconds(rate).max(sums.follower_seconds(rate))
    }
}

/// Takes `taken`, a subsequence, out of `left`.
fn remove_sorted(left: &mut Vec<u32>, taken: &[u32]) {
    let mut next = taken.iter().peekable();
    left.retain(|mover| {
        let gone = next.peek() == Some(&mover);
        if gone {
            next.next();
        }
        !gone
    });
}
