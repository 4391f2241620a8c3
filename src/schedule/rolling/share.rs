//! Copies that share the rates of brokers max-min fairly, one copy ending after the other.
//!
//! A **pipe** is what one broker may send, or what it may receive. Each copy runs through one of either kind. The rates are max-min fair when
//! no copy can have more without taking it from one that has no more. Then every pipe has a level, the largest rate of
//! any copy in it, and a copy runs at the lower level of its two pipes; a pipe that is not full has none.
//!
//! When copies come and go, their pipes are levelled anew, each by the levels at the other ends of its copies. Where a
//! rate has changed by that, the other end is levelled as well, until changes are below a tolerance. The pipe that
//! receives keeps the time of its copies: it knows which of them ends first, and when.

use std::collections::VecDeque;

/// So many pipes are passed by at once where none of them is due.
const BLOCK: usize = 64;

/// Copies in pipes.
pub struct Shares {
    pipes: Vec<Pipe>,
    copies: Vec<Copying>,
    vacant: Vec<u32>,
    /// When the first copy ends in each receiving pipe, in seconds; infinite where none does.
    due: Vec<f64>,
    now: f64,
    /// Rates are right but for this share.
    tolerance: f64,
    to_level: VecDeque<u32>,
    to_time: Vec<u32>,
    others: Vec<f64>,
}

#[derive(Clone)]
struct Pipe {
    /// Bytes per second; infinite where nothing limits it.
    rate: f64,
    level: f64,
    /// How much its copies have changed their rates since it was levelled, in all.
    drift: f64,
    copies: Vec<u32>,
    is_waiting: bool,
    /// Its copies have changed, so that each of them needs its rate anew.
    is_new: bool,
    is_untimed: bool,
}

struct Copying {
    from: u32,
    into: u32,
    /// Where it stands in the lists of the two.
    places: [u32; 2],
    rate: f64,
    /// Bytes left at `since`.
    left: f64,
    since: f64,
    /// When it ends at its present rate, in seconds.
    end: f64,
    job: u32,
}

impl Shares {
    /// Empty pipes of these rates, in bytes per second.
    pub fn new(rates: impl IntoIterator<Item = f64>, tolerance: f64) -> Self {
        let pipe = |rate| Pipe {
            rate,
            level: f64::INFINITY,
            drift: 0.0,
            copies: Vec::new(),
            is_waiting: false,
            is_new: false,
            is_untimed: false,
        };
        let pipes: Vec<Pipe> = rates.into_iter().map(pipe).collect();
        Shares {
            due: vec![f64::INFINITY; pipes.len()],
            pipes,
            copies: Vec::new(),
            vacant: Vec::new(),
            now: 0.0,
            tolerance,
            to_level: VecDeque::new(),
            to_time: Vec::new(),
            others: Vec::new(),
        }
    }

    /// Seconds since the start.
    pub fn now(&self) -> f64 {
        self.now
    }

    /// How many copies run through a pipe.
    pub fn count(&self, pipe: u32) -> usize {
        self.pipes[pipe as usize].copies.len()
    }

    /// Bytes that the copies in a pipe still have to move.
    pub fn left(&self, pipe: u32) -> f64 {
        let copies = self.pipes[pipe as usize].copies.iter();
        copies.map(|&copy| self.copies[copy as usize].left_at(self.now)).sum()
    }

    /// Starts a copy of `job`. Rates follow when time goes on.
    pub fn start(&mut self, from: u32, into: u32, bytes: f64, job: u32) {
        let places = [from, into].map(|pipe| self.pipes[pipe as usize].copies.len() as u32);
        let copying = Copying { from, into, places, rate: 0.0, left: bytes, since: self.now, end: f64::INFINITY, job };
        let copy = match self.vacant.pop() {
            Some(copy) => {
                self.copies[copy as usize] = copying;
                copy
            }
            None => {
                self.copies.push(copying);
                (self.copies.len() - 1) as u32
            }
        };
        for pipe in [from, into] {
            self.pipes[pipe as usize].copies.push(copy);
            self.changed(pipe);
        }
    }

    /// Lets time pass until the next copies end, and puts their jobs into `ended`, one entry for each copy; says whether
    /// any did.
    pub fn next(&mut self, ended: &mut Vec<u32>) -> bool {
        self.level_all();
        let time = self.due.iter().copied().fold(f64::INFINITY, f64::min);
        if time == f64::INFINITY {
            return false;
        }
        self.now = self.now.max(time);
        // Ends that only rounding keeps apart come together.
        let until = self.now * (1.0 + 1e-12);
        for start in (0..self.due.len()).step_by(BLOCK) {
            let block = start..self.due.len().min(start + BLOCK);
            if self.due[block.clone()].iter().copied().fold(f64::INFINITY, f64::min) > until {
                continue;
            }
            for pipe in block {
                if self.due[pipe] <= until {
                    self.end_in(pipe as u32, until, ended);
                }
            }
        }
        true
    }

    fn end_in(&mut self, pipe: u32, until: f64, ended: &mut Vec<u32>) {
        let mut place = 0;
        while let Some(&copy) = self.pipes[pipe as usize].copies.get(place) {
            if self.copies[copy as usize].end <= until {
                ended.push(self.copies[copy as usize].job);
                self.remove(copy);
            } else {
                place += 1;
            }
        }
    }

    fn remove(&mut self, copy: u32) {
        let Copying { from, into, places, .. } = self.copies[copy as usize];
        for (side, pipe) in [from, into].into_iter().enumerate() {
            let list = &mut self.pipes[pipe as usize].copies;
            list.swap_remove(places[side] as usize);
            if let Some(&moved) = list.get(places[side] as usize) {
                self.copies[moved as usize].places[side] = places[side];
            }
            self.changed(pipe);
        }
        self.time(into);
        self.vacant.push(copy);
    }

    fn changed(&mut self, pipe: u32) {
        self.pipes[pipe as usize].is_new = true;
        self.wait(pipe);
    }

    fn wait(&mut self, pipe: u32) {
        if !std::mem::replace(&mut self.pipes[pipe as usize].is_waiting, true) {
            self.to_level.push_back(pipe);
        }
    }

    fn level_all(&mut self) {
        // Should levels ever chase each other, they are taken as settled sooner and sooner.
        let (mut looks, mut tolerance) = (0, self.tolerance);
        while let Some(pipe) = self.to_level.pop_front() {
            self.pipes[pipe as usize].is_waiting = false;
            self.level(pipe, tolerance);
            looks += 1;
            if looks > 16 * self.pipes.len() + 512 {
                (looks, tolerance) = (0, tolerance.max(1e-6) * 2.0);
            }
        }
        while let Some(pipe) = self.to_time.pop() {
            let state = &mut self.pipes[pipe as usize];
            state.is_untimed = false;
            let ends = state.copies.iter().map(|&copy| self.copies[copy as usize].end);
            self.due[pipe as usize] = ends.fold(f64::INFINITY, f64::min);
        }
    }

    fn level(&mut self, pipe: u32, tolerance: f64) {
        let level = self.level_of(pipe);
        let state = &mut self.pipes[pipe as usize];
        state.drift = 0.0;
        let is_new = std::mem::take(&mut state.is_new);
        let both_none = level.is_infinite() && state.level.is_infinite();
        let is_same = both_none || (level - state.level).abs() <= tolerance * level.min(state.level);
        if is_same && !is_new {
            return;
        }
        state.level = level;
        for place in 0..self.pipes[pipe as usize].copies.len() {
            let copy = self.pipes[pipe as usize].copies[place];
            let copying = &self.copies[copy as usize];
            let other = if copying.from == pipe { copying.into } else { copying.from };
            let rate = level.min(self.pipes[other as usize].level);
            let change = rate - copying.rate;
            if change.abs() <= 1e-12 * rate {
                continue;
            }
            if rate.is_finite() {
                self.run_at(copy, rate);
            }
            // What changes little there is not looked at, until it has added up. Where neither end holds the copy back
            // for the moment, the other one will.
            let there = &mut self.pipes[other as usize];
            there.drift += change;
            if there.drift.abs() > tolerance * there.rate || rate.is_infinite() {
                self.wait(other);
            }
        }
    }

    /// Gives a copy another rate, and lets its receiving pipe know when it ends.
    fn run_at(&mut self, copy: u32, rate: f64) {
        let copying = &mut self.copies[copy as usize];
        copying.left = copying.left_at(self.now);
        (copying.rate, copying.since) = (rate, self.now);
        let (into, before) = (copying.into, copying.end);
        copying.end = self.now + copying.left / rate;
        let due = &mut self.due[into as usize];
        if copying.end <= *due {
            *due = copying.end;
        } else if before <= *due {
            self.time(into);
        }
    }

    /// Lets a receiving pipe look anew at which of its copies ends first.
    fn time(&mut self, pipe: u32) {
        if !std::mem::replace(&mut self.pipes[pipe as usize].is_untimed, true) {
            self.to_time.push(pipe);
        }
    }

    /// The level of a pipe under the present levels at the other ends of its copies.
    fn level_of(&mut self, pipe: u32) -> f64 {
        let Pipe { rate, copies, .. } = &self.pipes[pipe as usize];
        if rate.is_infinite() {
            return f64::INFINITY;
        }
        self.others.clear();
        for &copy in copies {
            let copying = &self.copies[copy as usize];
            let other = if copying.from == pipe { copying.into } else { copying.from };
            self.others.push(self.pipes[other as usize].level);
        }
        // Those that others hold back leave more for the rest, until nobody new is held back. It only ever rises; what
        // rounding takes back would go round in circles.
        let all = self.others.len();
        let (mut slow, mut level) = (0, rate / all as f64);
        loop {
            let held = self.others.iter().filter(|&&other| other < level);
            let (count, taken) = held.fold((0, 0.0), |(count, sum), other| (count + 1, sum + other));
            if count == all {
                return f64::INFINITY;
            }
            if count == slow {
                return level;
            }
            slow = count;
            level = level.max((rate - taken) / (all - count) as f64);
        }
    }
}

impl Copying {
    fn left_at(&self, now: f64) -> f64 {
        (self.left - self.rate * (now - self.since)).max(0.0)
    }
}

#[cfg(test)]
mod tests;
