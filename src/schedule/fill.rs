//! Packing one stage into waves.
//!
//! A wave takes, of the moves that are left and stand largest first, every one that fits under a
//! ceiling: a copy time that no broker may pass. The ceiling starts at the longest wave allowed. When
//! the wave then ends because it has its number of partitions, the ceiling is too high for this wave:
//! it is lowered by bisection as long as the next few moves still fill the wave. What the busiest
//! brokers cannot take stays first in line for the next wave, so they work through every wave.

use std::borrow::Borrow;

use super::room::{ORDERS, Room};
use super::time::{FOLLOWER_SHARE_LEAST, Sums, wave_time};
use super::{Load, Loads, Schedule, Wave};
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
/// Halvings of the ceiling between the longest move and the time of the first try.
const BISECTIONS: usize = 7;
/// A sum that reaches the ceiling but for rounding fits under it.
const ROUNDING: f64 = 1.0 + 1e-12;

/// Cuts the movers of one stage into waves and appends them.
pub fn cut(
    problem: &Problem<'_>,
    loads: &Loads,
    stage: Stage,
    movers: Vec<u32>,
    schedule: &mut Schedule,
    work: &Work,
) -> Result<()> {
    let mut filler = Filler::new(problem, loads, max_moves(problem, stage), None);
    let (total, mut left) = (movers.len(), movers);
    while !left.is_empty() {
        work.step("scheduling", total - left.len(), total)?;
        let taken = filler.next_wave(&mut left, 0, schedule);
        schedule.push(problem, loads, stage, taken);
    }
    Ok(())
}

/// Cuts the movers of one stage into waves that never fill a log dir above its limit, and appends them.
///
/// # Errors
/// [`crate::base::error::Code::DiskLimit`] when in no order that was tried every copy finds room.
pub fn cut_with_room(
    problem: &Problem<'_>,
    loads: &Loads,
    stage: Stage,
    movers: &[u32],
    room: &mut Room,
    schedule: &mut Schedule,
    work: &Work,
) -> Result<()> {
    let (waves, too_long) = (schedule.waves.len(), schedule.too_long.len());
    let mut stuck = None;
    for order in 0..ORDERS {
        schedule.waves.truncate(waves);
        schedule.too_long.truncate(too_long);
        let mut filler = Filler::new(problem, loads, max_moves(problem, stage), Some(room.clone()));
        let mut groups = room.ordered(movers, order);
        let mut left_over = None;
        'groups: for at in 0..groups.len() {
            while !groups[at].is_empty() {
                work.step("scheduling", movers.len() - groups.iter().map(Vec::len).sum::<usize>(), movers.len())?;
                let Some(first) = filler.first_with_room(&groups[at]) else {
                    left_over = Some(groups[at..].concat());
                    break 'groups;
                };
                let taken = filler.next_wave(&mut groups[at], first, schedule);
                if let Some(room) = &mut filler.room {
                    room.end_wave(&taken);
                }
                schedule.push(problem, loads, stage, taken);
            }
        }
        let now = filler.room.expect("it was given");
        match left_over {
            None => {
                *room = now;
                return Ok(());
            }
            Some(left) => stuck = Some(now.stuck(problem, loads, &left)),
        }
    }
    Err(stuck.expect("some order was tried"))
}

/// Most partitions in one wave of a stage.
fn max_moves(problem: &Problem<'_>, stage: Stage) -> usize {
    let asked = problem.request.max_moves as usize;
    if matches!(stage, Stage::Internal | Stage::InternalShortIsr) { asked.min(INTERNAL_MOVES_MAX) } else { asked }
}

impl Schedule {
    fn push(&mut self, problem: &Problem<'_>, loads: &Loads, stage: Stage, movers: Vec<u32>) {
        let time = problem.request.throttle.map(|throttle| wave_time(problem, loads, &movers, throttle));
        self.waves.push(Wave { stage, movers, time });
    }
}

struct Filler<'a> {
    loads: &'a Loads,
    /// The throttle in bytes per second.
    rate: Option<f64>,
    max_moves: usize,
    max_moves_per_broker: u32,
    max_seconds: f64,
    /// What each broker carries in the wave at hand.
    carried: IndexVec<BrokerIx, Carried>,
    touched: Vec<BrokerIx>,
    /// Room on log dirs, where it has to be followed.
    room: Option<Room>,
}

/// Sums of one broker in the wave at hand, and how many moves it receives and sends.
#[derive(Clone, Copy, Default)]
struct Carried {
    sums: Sums,
    receives: u32,
    sends: u32,
}

/// One move with all that decides whether it fits; moves that are tried again and again stand together.
struct Candidate<'a> {
    mover: u32,
    load: Load,
    adding: &'a [BrokerIx],
}

impl<'a> Filler<'a> {
    fn new(problem: &'a Problem<'a>, loads: &'a Loads, max_moves: usize, room: Option<Room>) -> Self {
        Filler {
            loads,
            rate: problem.request.throttle.map(BytesPerSec::as_f64),
            max_moves,
            max_moves_per_broker: problem.request.max_moves_per_broker.unwrap_or(u32::MAX),
            max_seconds: problem.request.max_wave_duration.get(),
            carried: IndexVec::filled(Carried::default(), problem.cluster.brokers.len()),
            touched: Vec::new(),
            room,
        }
    }

    /// The place of the first mover that finds room on its log dirs.
    fn first_with_room(&mut self, left: &[u32]) -> Option<usize> {
        let room = self.room.as_mut()?;
        room.clear();
        left.iter().position(|&mover| room.fits(mover))
    }

    /// Takes the next wave out of `left`, which stands largest first; `first` is the place of one that fits.
    fn next_wave(&mut self, left: &mut Vec<u32>, first: usize, schedule: &mut Schedule) -> Vec<u32> {
        // Nothing can make a move shorter that alone takes longer than a wave may: it sets the length of
        // its wave, which others fill up to that length.
        let longest_alone = self.seconds_alone(left[first]);
        let ceiling = self.max_seconds.max(longest_alone);
        let mut taken = self.fill(left.iter().map(|&mover| self.loads.candidate(mover)), ceiling);
        if let (true, Some(rate)) = (taken.len() == self.max_moves && taken.len() < left.len(), self.rate) {
            let window = left.iter().take(self.max_moves * WINDOW);
            let window: Vec<Candidate<'_>> = window.map(|&mover| self.loads.candidate(mover)).collect();
            let (mut low, mut high) = (longest_alone, self.seconds(rate));
            for _ in 0..BISECTIONS {
                let middle = f64::midpoint(low, high);
                let fewer = self.fill(window.iter(), middle);
                if fewer.len() == self.max_moves {
                    (high, taken) = (self.seconds(rate), fewer);
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
    fn fill<'c>(&mut self, candidates: impl Iterator<Item = impl Borrow<Candidate<'c>>>, ceiling: f64) -> Vec<u32> {
        for broker in self.touched.drain(..) {
            self.carried[broker] = Carried::default();
        }
        if let Some(room) = &mut self.room {
            room.clear();
        }
        let mut taken = Vec::with_capacity(self.max_moves.min(candidates.size_hint().0));
        for candidate in candidates {
            if taken.len() == self.max_moves {
                break;
            }
            let candidate = candidate.borrow();
            let has_room = self.room.as_ref().is_none_or(|room| room.fits(candidate.mover));
            if has_room && self.fits(candidate, ceiling * ROUNDING) {
                self.put(candidate);
                if let Some(room) = &mut self.room {
                    room.put(candidate.mover);
                }
                taken.push(candidate.mover);
            }
        }
        taken
    }

    fn fits(&self, candidate: &Candidate<'_>, ceiling: f64) -> bool {
        let Candidate { load, adding, .. } = candidate;
        if load.adding == 0 {
            return true;
        }
        let leader = &self.carried[load.leader];
        if leader.sends >= self.max_moves_per_broker {
            return false;
        }
        let Some(rate) = self.rate else {
            return adding.iter().all(|&broker| self.carried[broker].receives < self.max_moves_per_broker);
        };
        let mut sums = leader.sums;
        sums.add_leader(load);
        if !(sums.traffic_out < rate && sums.bytes_out <= ceiling * (rate - sums.traffic_out)) {
            return false;
        }
        adding.iter().all(|&broker| {
            let Carried { mut sums, receives, .. } = self.carried[broker];
            sums.add_follower(load);
            receives < self.max_moves_per_broker
                && sums.traffic_in < rate * FOLLOWER_SHARE_LEAST
                && sums.bytes_in <= ceiling * (rate - sums.traffic_in)
        })
    }

    fn put(&mut self, candidate: &Candidate<'_>) {
        let Candidate { load, adding, .. } = candidate;
        if load.adding == 0 {
            return;
        }
        let leader = &mut self.carried[load.leader];
        leader.sums.add_leader(load);
        leader.sends += 1;
        if leader.sends == 1 {
            self.touched.push(load.leader);
        }
        for &broker in *adding {
            let follower = &mut self.carried[broker];
            follower.sums.add_follower(load);
            follower.receives += 1;
            if follower.receives == 1 {
                self.touched.push(broker);
            }
        }
    }

    /// Seconds that the moves put so far take.
    fn seconds(&self, rate: f64) -> f64 {
        let sides = self.touched.iter().map(|&broker| {
            let sums = &self.carried[broker].sums;
            sums.leader_seconds(rate).max(sums.follower_seconds(rate))
        });
        sides.fold(0.0, f64::max)
    }

    /// Seconds that a move takes when nothing else runs.
    fn seconds_alone(&self, mover: u32) -> f64 {
        let Some(rate) = self.rate else { return 0.0 };
        let load = &self.loads.loads[mover as usize];
        if load.adding == 0 {
            return 0.0;
        }
        let mut sums = Sums::default();
        sums.add_leader(load);
        sums.add_follower(load);
        sums.leader_seconds(rate).max(sums.follower_seconds(rate))
    }
}

impl Loads {
    fn candidate(&self, mover: u32) -> Candidate<'_> {
        Candidate { mover, load: self.loads[mover as usize], adding: self.adding.get(mover as usize) }
    }
}

/// Takes `taken`, a subsequence, out of `left`.
fn remove_sorted(left: &mut Vec<u32>, taken: &[u32]) {
    // Taken ones stand near the front, so only the front is looked at; the rest moves up as a block.
    let (mut kept, mut seen, mut next) = (0, 0, 0);
    while next < taken.len() {
        if left[seen] == taken[next] {
            next += 1;
        } else {
            left[kept] = left[seen];
            kept += 1;
        }
        seen += 1;
    }
    left.drain(kept..seen);
}
