//! Who starts when: the slots of brokers, the waves that may run, and which of several may go first.
//!
//! A job that meets a full broker watches it, and is looked at again only when a slot frees there. So an event looks at
//! the few jobs that it may concern, not at all that wait.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::share::Shares;
use super::{Choice, Jobs, Try};
use crate::schedule::room::Room;

/// What may start, what waits, and what has started in which order.
pub struct Starts<'a> {
    jobs: &'a Jobs,
    choice: Choice,
    /// Where each job stands among all, largest first.
    rank: Vec<u32>,
    room: Option<Room>,
    /// Slots that are free on each side of a broker.
    free: Vec<u32>,
    /// Partitions that copy in the cluster.
    in_flight: u32,
    /// Jobs that found this side full.
    watching: Vec<Vec<u32>>,
    /// Jobs that may find their slots free, by leader: wave, rank among its jobs, number.
    ready: Vec<BinaryHeap<Reverse<(u32, u32, u32)>>>,
    /// Leaders that have such.
    active: Vec<u32>,
    /// Jobs that copy nothing and may start.
    instant: Vec<u32>,
    /// Jobs for which a log dir had no room.
    no_room: Vec<u32>,
    is_over: Vec<bool>,
    /// Jobs of each wave that are not over.
    left: Vec<usize>,
    /// Waves before this one are over, and those before the second one may run.
    over: usize,
    admitted: usize,
    /// Bytes of jobs that have not started, by the side they will load.
    unstarted: Vec<f64>,
    /// All that have started, in that order.
    pub order: Vec<u32>,
}

/// A leader with jobs that are ready: those of earlier waves go first, then whoever scores higher, then lower numbers.
#[derive(Clone, Copy, PartialEq)]
struct Ahead {
    wave: Reverse<u32>,
    score: [f64; 2],
    group: Reverse<u32>,
}

impl Eq for Ahead {}

impl PartialOrd for Ahead {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ahead {
    fn cmp(&self, other: &Self) -> Ordering {
        let score = || self.score[0].total_cmp(&other.score[0]).then_with(|| self.score[1].total_cmp(&other.score[1]));
        self.wave.cmp(&other.wave).then_with(score).then(self.group.cmp(&other.group))
    }
}

impl<'a> Starts<'a> {
    /// Before anything has started.
    pub fn new(jobs: &'a Jobs, way: Try, room: Option<Room>) -> Self {
        let mut left = vec![0; jobs.waves];
        jobs.wave.iter().for_each(|&wave| left[wave as usize] += 1);
        let mut unstarted = vec![0.0; jobs.sides];
        for job in 0..jobs.len() {
            for &side in jobs.slots.get(job) {
                unstarted[side as usize] += jobs.load_on(job, side);
            }
        }
        let mut starts = Starts {
            jobs,
            choice: way.choice,
            rank: jobs.ranks(way.round),
            room,
            free: vec![jobs.slots_per_side; jobs.sides],
            in_flight: 0,
            watching: vec![Vec::new(); jobs.sides],
            ready: vec![BinaryHeap::new(); jobs.sides],
            active: Vec::new(),
            instant: Vec::new(),
            no_room: Vec::new(),
            is_over: vec![false; jobs.len()],
            left,
            over: 0,
            admitted: 0,
            unstarted,
            order: Vec::with_capacity(jobs.len()),
        };
        starts.admit();
        starts
    }

    /// Lets the waves in that may run now; their jobs wait for the step before of their partition.
    fn admit(&mut self) {
        while self.left.get(self.over) == Some(&0) {
            self.over += 1;
        }
        while self.admitted < (self.over + 2).min(self.jobs.waves) {
            for &job in self.jobs.of_wave.get(self.admitted) {
                if self.jobs.before[job as usize].is_none_or(|before| self.is_over[before as usize]) {
                    self.enter(job);
                }
            }
            self.admitted += 1;
        }
    }

    fn enter(&mut self, job: u32) {
        if self.jobs.slots.get(job as usize).is_empty() {
            self.instant.push(job);
        } else {
            self.offer(job);
        }
    }

    /// Lets a job be looked at when something may start.
    fn offer(&mut self, job: u32) {
        let (group, rank) = (self.jobs.slots.get(job as usize)[0], self.rank[job as usize]);
        let heap = &mut self.ready[group as usize];
        if heap.is_empty() {
            self.active.push(group);
        }
        heap.push(Reverse((self.jobs.wave[job as usize], rank, job)));
    }

    fn full_side(&self, job: u32) -> Option<u32> {
        self.jobs.slots.get(job as usize).iter().copied().find(|&side| self.free[side as usize] == 0)
    }

    /// Starts all that may start now.
    pub fn start_all(&mut self, shares: &mut Shares) {
        loop {
            while let Some(job) = self.instant.pop() {
                self.order.push(job);
                self.end(job);
            }
            self.start_ready(shares);
            if self.in_flight == 0 && self.instant.is_empty() {
                // Nothing runs that could make room, so what comes first goes without.
                let Some(place) = (0..self.no_room.len()).min_by_key(|&place| self.no_room[place]) else { return };
                let job = self.no_room.swap_remove(place);
                self.start(job, shares);
            } else if self.instant.is_empty() {
                return;
            }
        }
    }

    /// Starts the best of those that are ready again and again: of the first wave, and there of the leader that scores
    /// highest, its largest.
    fn start_ready(&mut self, shares: &mut Shares) {
        if self.in_flight >= self.jobs.in_flight {
            return;
        }
        let mut ahead: BinaryHeap<Ahead> =
            std::mem::take(&mut self.active).into_iter().filter_map(|group| self.ahead(group, shares)).collect();
        while let Some(first) = ahead.pop() {
            let group = first.group.0;
            if self.in_flight >= self.jobs.in_flight {
                self.active.push(group);
                continue;
            }
            while let Some(&Reverse((wave, _, job))) = self.ready[group as usize].peek() {
                if wave != first.wave.0 {
                    break;
                }
                self.ready[group as usize].pop();
                if self.try_start(job, shares) {
                    break;
                }
            }
            ahead.extend(self.ahead(group, shares));
        }
    }

    fn ahead(&self, group: u32, shares: &Shares) -> Option<Ahead> {
        let &Reverse((wave, _, _)) = self.ready[group as usize].peek()?;
        Some(Ahead { wave: Reverse(wave), score: self.score(group, shares), group: Reverse(group) })
    }

    /// How much a leader needs something to send.
    fn score(&self, leader: u32, shares: &Shares) -> [f64; 2] {
        let rate = self.jobs.rates[leader as usize];
        let unstarted = self.unstarted[leader as usize] / rate;
        let left = || unstarted + shares.left(leader) / rate;
        let running = f64::from(self.jobs.slots_per_side - self.free[leader as usize]);
        match self.choice {
            Choice::FewestRunning => [-running, unstarted],
            Choice::FewestRunningMostLeft => [-running, left()],
            Choice::MostLeftPerRunning => [left() / (1.0 + running), 0.0],
            Choice::MostLeftPerCopy => [left() / (1.0 + shares.count(leader) as f64), 0.0],
            Choice::MostLeftPerCopyEvenly => [left() / (3.0 + shares.count(leader) as f64), 0.0],
        }
    }

    /// Starts a job unless something is in its way, which it then waits for.
    fn try_start(&mut self, job: u32, shares: &mut Shares) -> bool {
        if let Some(side) = self.full_side(job) {
            self.watching[side as usize].push(job);
        } else if self.room.as_ref().is_some_and(|room| !room.fits(self.jobs.step[job as usize])) {
            self.no_room.push(job);
        } else {
            self.start(job, shares);
            return true;
        }
        false
    }

    fn start(&mut self, job: u32, shares: &mut Shares) {
        self.order.push(job);
        self.in_flight += 1;
        if let Some(room) = &mut self.room {
            room.land(self.jobs.step[job as usize]);
        }
        for &side in self.jobs.slots.get(job as usize) {
            self.free[side as usize] -= 1;
            self.unstarted[side as usize] -= self.jobs.load_on(job as usize, side);
        }
        let bytes = self.jobs.bytes[job as usize];
        for &into in self.jobs.into.get(job as usize) {
            shares.start(self.jobs.from[job as usize], into, bytes, job);
        }
    }

    /// A job is over: its slots are free, what waits for them is looked at, and so is the next step of its partition.
    pub fn end(&mut self, job: u32) {
        let jobs = self.jobs;
        self.is_over[job as usize] = true;
        let slots = jobs.slots.get(job as usize);
        self.in_flight -= u32::from(!slots.is_empty());
        for &side in slots {
            self.free[side as usize] += 1;
        }
        for &side in slots {
            for waiting in std::mem::take(&mut self.watching[side as usize]) {
                match self.full_side(waiting) {
                    Some(other) => self.watching[other as usize].push(waiting),
                    None => self.offer(waiting),
                }
            }
        }
        if let Some(after) =
            jobs.after[job as usize].filter(|&after| (jobs.wave[after as usize] as usize) < self.admitted)
        {
            self.enter(after);
        }
        let wave = jobs.wave[job as usize] as usize;
        self.left[wave] -= 1;
        if self.left[wave] == 0 {
            if let Some(room) = &mut self.room {
                for &job in jobs.of_wave.get(wave) {
                    room.leave(jobs.step[job as usize]);
                }
                for waiting in std::mem::take(&mut self.no_room) {
                    self.offer(waiting);
                }
            }
            self.admit();
        }
    }

    /// Whether all is over.
    pub fn is_over(&self) -> bool {
        self.over == self.jobs.waves
    }
}
