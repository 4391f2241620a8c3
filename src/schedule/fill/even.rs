//! Waves of many moves in which all brokers end at about the same time.
//!
//! A wave of some thousand moves is as long as the broker that happens to get the largest of them: by chance alone the
//! busiest of some hundred brokers has a fifth more to do than the others. So a move of a broker that holds its wave up
//! changes places with a move of another wave, when less stands above the goals of all waves then: a wave's goal is its
//! part of what the busiest broker does in all, or its longest move, whatever is longer; or only the longest
//! move of all makes a goal longer, and the others had better go into its wave, which takes as long in any case. Numbers of
//! moves stay as they are.

use std::cmp::Reverse;
use std::ops::Range;

use rayon::prelude::*;

use super::{FOLLOWER_SHARE_LEAST, Filler, MOVED_MOST, Queue, Sums};
use crate::base::index::{BrokerIx, Csr, Ix};
use crate::base::random::Random;
use crate::problem::rates::Rates;

/// Waves that together take no more than this times their goals are left alone.
const EVEN_ENOUGH: f64 = 1.02;
/// How much longer than its goal a wave may be: what is aimed at first, and then.
const ABOVE: [f64; 6] = [1.16, 1.08, 1.04, 1.02, 0.98, 0.94];
/// How often all sides above their goals are looked at for each of these.
const ROUNDS: usize = 6;
/// Moves that another one is offered to change places with; the first with which that helps is taken.
const PARTNERS: usize = 12;
/// Of sixteen of these so many are larger.
const LARGER: usize = 5;
/// Exchanges looked at for each move, and at most in all, for either kind of goal.
const LOOKS: usize = 40;
const LOOKS_MOST: [usize; 2] = [1_000_000, 4_000_000];
/// Sides times waves: more are too much to keep, and each wave is then too small to gain by it.
const CELLS_MOST: usize = 2_000_000;
/// What a wave takes may come so near to what it may take, because sums are kept up by adding and subtracting.
const ROUNDING: f64 = 1.0 - 1e-9;

/// What one side of a broker carries in one wave.
#[derive(Clone, Copy, Default)]
struct Carried {
    bytes: f64,
    traffic: f64,
    moves: i32,
}

impl Carried {
    fn plus(self, other: Carried, times: i32) -> Carried {
        Carried {
            bytes: self.bytes + f64::from(times) * other.bytes,
            traffic: self.traffic + f64::from(times) * other.traffic,
            moves: self.moves + times * other.moves,
        }
    }
}

#[derive(Clone)]
struct Evening<'a> {
    queue: &'a Queue,
    rates: &'a Rates,
    /// Most moves of a side in one wave.
    most_moves: i32,
    /// Whether leaders that change are counted.
    counts_leaders: bool,
    /// Sides of brokers: what broker b sends at 2·b, and what it receives at 2·b + 1.
    sides: usize,
    wave_of: Vec<u32>,
    /// Seconds of each move when nothing else runs.
    alone: Vec<f64>,
    /// By wave, then by side.
    carried: Vec<Carried>,
    /// Seconds that each wave should take, and that it may take.
    goal: Vec<f64>,
    most: Vec<f64>,
    /// Places, largest first, and where each stands among them.
    by_size: Vec<u32>,
    rank: Vec<u32>,
    of_side: Csr<u32>,
    /// What an exchange brings to the wave of its first move, by side; its other wave loses the same.
    changes: Vec<(u32, Carried)>,
    looks: usize,
}

/// The waves, each with as many moves as it had, in less time; nothing where there is little to win, or nothing was found.
pub fn evened(filler: &Filler<'_>, queue: &Queue, waves: &[Vec<u32>]) -> Option<Vec<Vec<u32>>> {
    let rates = filler.rates?;
    let is_bound = filler.room.is_some() || filler.span.is_some();
    let cells = waves.len().saturating_mul(2 * filler.rest.len());
    if waves.len() < 2 || queue.steps.len() <= MOVED_MOST || is_bound || cells > CELLS_MOST {
        return None;
    }
    let mut evening = Evening::new(filler, queue, rates, waves);
    let before = evening.seconds();
    let all = 0..queue.steps.len();
    evening.aim(1.0, all.clone());
    if before <= EVEN_ENOUGH * evening.goal.iter().sum::<f64>() {
        return None;
    }
    evening.look_around();
    let mut best: Option<(f64, Vec<u32>)> = None;
    let alone = |&place: &usize| evening.alone[place];
    let longest = all.clone().max_by(|a, b| alone(a).total_cmp(&alone(b)).then(b.cmp(a)))?;
    for (long, looks) in [all, longest..longest + 1].into_iter().zip(LOOKS_MOST) {
        let mut evening = evening.clone();
        evening.looks = (LOOKS * queue.steps.len()).min(looks);
        let mut random = Random::new(0);
        for above in ABOVE {
            for _ in 0..ROUNDS {
                evening.aim(above, long.clone());
                let exchanged = evening.round(&mut random);
                let seconds = evening.seconds();
                if seconds < best.as_ref().map_or(before, |best| best.0) {
                    best = Some((seconds, evening.wave_of.clone()));
                }
                if exchanged == 0 || evening.looks == 0 {
                    break;
                }
            }
        }
    }
    let mut evened = vec![Vec::new(); waves.len()];
    best?.1.iter().enumerate().for_each(|(place, &wave)| evened[wave as usize].push(place as u32));
    Some(evened)
}

impl<'a> Evening<'a> {
    fn new(filler: &Filler<'_>, queue: &'a Queue, rates: &'a Rates, waves: &[Vec<u32>]) -> Self {
        let (count, sides) = (queue.steps.len(), 2 * filler.rest.len());
        let alone = |place: usize| super::seconds_alone(&queue.loads[place], queue.adding.get(place), rates);
        let mut evening = Evening {
            queue,
            rates,
            most_moves: i32::try_from(filler.max_moves_per_broker).unwrap_or(i32::MAX),
            counts_leaders: filler.leader_changes != usize::MAX,
            sides,
            wave_of: vec![0; count],
            alone: (0..count).into_par_iter().map(alone).collect(),
            carried: vec![Carried::default(); waves.len() * sides],
            goal: vec![0.0; waves.len()],
            most: vec![filler.max_seconds; waves.len()],
            by_size: Vec::new(),
            rank: Vec::new(),
            of_side: Csr::default(),
            changes: Vec::new(),
            looks: 0,
        };
        for (wave, places) in waves.iter().enumerate() {
            for &place in places {
                evening.wave_of[place as usize] = wave as u32;
                evening.most[wave] = evening.most[wave].max(evening.alone[place as usize]);
            }
        }
        let rows = evening.carried.par_chunks_mut(sides.max(1)).zip(waves);
        rows.for_each(|(row, places)| {
            let mut changes = Vec::new();
            for &place in places {
                changes.clear();
                add_changes(queue, place as usize, 1, &mut changes);
                for &(side, change) in &changes {
                    row[side as usize] = row[side as usize].plus(change, 1);
                }
            }
        });
        evening
    }

    /// Finds out who is near whom in size, and who loads which side.
    fn look_around(&mut self) {
        let count = self.queue.steps.len();
        let size = |place: u32| self.queue.loads[place as usize].size as u64;
        self.by_size = (0..count as u32).collect();
        self.by_size.par_sort_unstable_by_key(|&place| (Reverse(size(place)), place));
        self.rank = vec![0; count];
        self.by_size.iter().enumerate().for_each(|(at, &place)| self.rank[place as usize] = at as u32);
        let mut of_side = vec![Vec::new(); self.sides];
        for place in 0..count {
            self.changes.clear();
            add_changes(self.queue, place, 1, &mut self.changes);
            self.changes.iter().for_each(|change| of_side[change.0 as usize].push(place as u32));
        }
        self.of_side = Csr::with_capacity(self.sides, count);
        for places in of_side {
            self.of_side.push(places);
        }
    }

    /// Seconds that a side takes with what it carries.
    fn seconds_of(&self, side: usize, carried: Carried) -> f64 {
        let Carried { bytes, traffic, moves } = carried;
        let broker = BrokerIx::new(side / 2);
        let sums = Sums { bytes_in: bytes, traffic_in: traffic, bytes_out: bytes, traffic_out: traffic };
        match side % 2 {
            _ if moves == 0 => 0.0,
            0 => sums.leader_seconds(self.rates.leader[broker]),
            _ if traffic >= self.rates.follower[broker] * FOLLOWER_SHARE_LEAST => f64::INFINITY,
            _ => sums.follower_seconds(self.rates.follower[broker]),
        }
    }

    fn sides_of_wave(&self, wave: usize) -> impl Iterator<Item = f64> + '_ {
        (0..self.sides).map(move |side| self.seconds_of(side, self.carried[wave * self.sides + side]))
    }

    /// What all waves take one by one.
    fn seconds(&self) -> f64 {
        let waves = (0..self.goal.len()).into_par_iter();
        let seconds: Vec<f64> = waves.map(|wave| self.sides_of_wave(wave).fold(0.0, f64::max)).collect();
        seconds.into_iter().sum()
    }

    /// Sets the goals, for waves that are `above` times as long as if their bytes were spread as all are, and no shorter than
    /// the moves at the places `long`.
    fn aim(&mut self, above: f64, long: Range<usize>) {
        let waves = (0..self.goal.len()).into_par_iter();
        let of_both: Vec<Vec<f64>> = waves.map(|wave| self.sides_of_wave(wave).collect()).collect();
        let (mut of_side, mut of_wave) = (vec![0.0; self.sides], vec![0.0; self.goal.len()]);
        for (of_one, all) in of_both.iter().zip(&mut of_wave) {
            for (side, seconds) in of_one.iter().enumerate() {
                of_side[side] += seconds;
                *all += seconds;
            }
        }
        let (busiest, all) = (of_side.into_iter().fold(0.0, f64::max), of_wave.iter().sum::<f64>());
        // Where nothing takes any time there is nothing to share out either.
        let part = if all > 0.0 { busiest / all * above } else { 0.0 };
        self.goal = of_wave.into_iter().map(|seconds| seconds * part).collect();
        for place in long {
            let goal = &mut self.goal[self.wave_of[place] as usize];
            *goal = goal.max(self.alone[place]);
        }
    }

    /// Looks once at all sides above their goals, the farthest above first; says how many moves changed places.
    fn round(&mut self, random: &mut Random) -> usize {
        let mut above: Vec<(f64, usize)> = Vec::new();
        for (wave, &goal) in self.goal.iter().enumerate() {
            let sides = self.sides_of_wave(wave).enumerate().filter(|entry| entry.1 > goal);
            above.extend(sides.map(|(side, seconds)| (seconds / goal, wave * self.sides + side)));
        }
        above.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut exchanged = 0;
        for (_, at) in above {
            let (wave, side) = (at / self.sides, at % self.sides);
            let of_wave = |place: &&u32| self.wave_of[**place as usize] as usize == wave;
            let places: Vec<u32> = self.of_side.get(side).iter().filter(of_wave).copied().collect();
            for place in places {
                if self.looks == 0 || self.seconds_of(side, self.carried[at]) <= self.goal[wave] {
                    break;
                }
                exchanged += usize::from(self.exchange(place as usize, random));
            }
        }
        exchanged
    }

    /// Lets a move change places with one of another wave where that helps.
    fn exchange(&mut self, place: usize, random: &mut Random) -> bool {
        let here = self.wave_of[place] as usize;
        for _ in 0..PARTNERS {
            let Some(other) = self.partner(place, random) else { continue };
            let there = self.wave_of[other] as usize;
            let changes_leaders =
                self.queue.loads[place].changes_leader != self.queue.loads[other].changes_leader && self.counts_leaders;
            if there == here || changes_leaders {
                continue;
            }
            self.looks = self.looks.saturating_sub(1);
            if self.gain(place, here, other, there) > 0.0 {
                self.apply(here, 1);
                self.apply(there, -1);
                (self.wave_of[place], self.wave_of[other]) = (there as u32, here as u32);
                return true;
            }
        }
        false
    }

    /// Another move: one near in size is as likely as one twice as far, or four times as far.
    fn partner(&self, place: usize, random: &mut Random) -> Option<usize> {
        let count = self.by_size.len();
        let octave = 1 << random.below((usize::BITS - count.leading_zeros()) as usize);
        let off = octave + random.below(octave);
        let rank = self.rank[place] as usize;
        let rank = if random.below(16) < LARGER { rank.checked_sub(off) } else { Some(rank + off) };
        self.by_size.get(rank?).map(|&place| place as usize)
    }

    /// How much less stands above the goals when two moves change places, in squares; leaves the changes of `here`.
    fn gain(&mut self, place: usize, here: usize, other: usize, there: usize) -> f64 {
        self.changes.clear();
        add_changes(self.queue, place, -1, &mut self.changes);
        add_changes(self.queue, other, 1, &mut self.changes);
        self.changes.sort_unstable_by_key(|change| change.0);
        self.changes.dedup_by(|next, first| {
            let is_same = next.0 == first.0;
            if is_same {
                first.1 = first.1.plus(next.1, 1);
            }
            is_same
        });
        let mut gain = 0.0;
        for &(side, change) in &self.changes {
            for (wave, times) in [(here, 1), (there, -1)] {
                let goal = self.goal[wave];
                let before = self.carried[wave * self.sides + side as usize];
                let after = before.plus(change, times);
                let [old, new] = [before, after].map(|carried| self.seconds_of(side as usize, carried));
                let is_too_long = new > old && new > self.most[wave] * ROUNDING;
                if is_too_long || (after.moves > before.moves && after.moves > self.most_moves) {
                    return 0.0;
                }
                let above = |seconds: f64| (seconds - goal).max(0.0).powi(2) / goal;
                gain += if goal > 0.0 { above(old) - above(new) } else { old - new };
            }
        }
        gain
    }

    fn apply(&mut self, wave: usize, times: i32) {
        for &(side, change) in &self.changes {
            let carried = &mut self.carried[wave * self.sides + side as usize];
            *carried = carried.plus(change, times);
        }
    }
}

/// Adds what a move brings to each side, so many times.
fn add_changes(queue: &Queue, place: usize, times: i32, changes: &mut Vec<(u32, Carried)>) {
    let load = &queue.loads[place];
    let mut sums = Sums::default();
    sums.add_leader(load);
    sums.add_follower(load);
    let sent = Carried { bytes: sums.bytes_out, traffic: sums.traffic_out, moves: 1 };
    let received = Carried { bytes: sums.bytes_in, traffic: sums.traffic_in, moves: 1 };
    let none = Carried::default();
    if load.sends > 0 {
        changes.push((2 * load.leader.get() as u32, none.plus(sent, times)));
    }
    let followers = queue.adding.get(place).iter();
    changes.extend(followers.map(|broker| (2 * broker.get() as u32 + 1, none.plus(received, times))));
}
