//! A sliding window, as the executor of Cruise Control has it: at most so many moves per broker, whichever part
//! it plays in them, and so many in the cluster.
//!
//! Each time something has ended, rounds are made over the brokers with a free slot, those whose first waiting
//! move stands earliest going first (then those with more of them, then by id). In a round each broker starts the
//! first of its moves whose brokers all have a free slot and have started nothing in this round. Rounds go on until
//! one starts nothing. Moves wait in the order in which they were proposed.
//!
//! When nothing more could start, every waiting move met a broker without a free slot; so only moves of brokers that
//! got one since then are looked at again.

use super::{Gate, Starter};
use crate::replay::NONE;
use crate::simulate::tasks::Tasks;

/// Most moves at once in the cluster, by default.
const IN_CLUSTER: u32 = 1_250;

/// Moves that wait, by broker.
pub struct Sliding<'a> {
    tasks: &'a Tasks,
    slots: Vec<u32>,
    in_flight: u32,
    /// The moves of each broker in order; those before `first` have started.
    of_broker: Vec<Vec<u32>>,
    first: Vec<usize>,
    waiting: Vec<u32>,
    is_started: Vec<bool>,
    /// The round in which a broker took part last, and the present one.
    involved: Vec<u32>,
    round: u32,
    /// The brokers of the present round, and where it stands.
    brokers: Vec<u32>,
    at: usize,
    has_started: bool,
    has_ended: bool,
    free: Vec<u32>,
    /// Brokers that got a slot back since nothing more could start.
    freed: Vec<u32>,
    /// Whether other moves than theirs may be able to start.
    looks_at_all: bool,
    /// The moves that can start, in order, where not all are looked at.
    candidates: Vec<u32>,
}

impl<'a> Sliding<'a> {
    /// Everything waits.
    pub fn new(tasks: &'a Tasks, brokers: usize, per_broker: u32) -> Self {
        let mut sliding = Sliding {
            tasks,
            slots: vec![per_broker; brokers],
            in_flight: 0,
            of_broker: vec![Vec::new(); brokers],
            first: vec![0; brokers],
            waiting: vec![0; brokers],
            is_started: vec![false; tasks.len()],
            involved: vec![0; brokers],
            round: 0,
            brokers: Vec::new(),
            at: 0,
            has_started: false,
            has_ended: true,
            free: Vec::new(),
            freed: Vec::new(),
            looks_at_all: true,
            candidates: Vec::new(),
        };
        for task in 0..tasks.len() as u32 {
            let mut copies = false;
            for broker in sliding.brokers_of(task) {
                copies = true;
                sliding.of_broker[broker as usize].push(task);
                sliding.waiting[broker as usize] += 1;
            }
            if !copies {
                sliding.free.push(task);
            }
        }
        sliding.free.reverse();
        sliding
    }

    /// The leader and the brokers that get copies; nobody where nothing is copied.
    fn brokers_of(&self, task: u32) -> impl Iterator<Item = u32> + Clone + use<'a> {
        let copies = self.tasks.copies.get(task as usize);
        let leader = self.tasks.leader[task as usize];
        let leads = leader != NONE && copies.iter().any(|copy| !copy.is_within());
        leads.then_some(leader).into_iter().chain(copies.iter().map(|copy| copy.broker))
    }

    fn is_full(&self) -> bool {
        self.in_flight >= IN_CLUSTER
    }

    fn begin_round(&mut self) {
        self.round += 1;
        (self.at, self.has_started, self.has_ended) = (0, false, false);
        self.brokers.clear();
        if self.looks_at_all {
            self.brokers.extend(0..self.slots.len() as u32);
        } else {
            self.find_candidates();
            for &task in &self.candidates {
                self.brokers.extend(self.brokers_of(task));
            }
            self.brokers.sort_unstable();
            self.brokers.dedup();
        }
        let mut keys: Vec<(u32, u32, u32)> = Vec::new();
        for at in 0..self.brokers.len() {
            let broker = self.brokers[at];
            self.skip_started(broker);
            let first = self.of_broker[broker as usize].get(self.first[broker as usize]);
            if let (true, Some(&task)) = (self.slots[broker as usize] > 0, first) {
                keys.push((task, u32::MAX - self.waiting[broker as usize], broker));
            }
        }
        keys.sort_unstable();
        self.brokers.clear();
        self.brokers.extend(keys.into_iter().map(|key| key.2));
    }

    fn skip_started(&mut self, broker: u32) {
        let (moves, first) = (&self.of_broker[broker as usize], &mut self.first[broker as usize]);
        while moves.get(*first).is_some_and(|&task| self.is_started[task as usize]) {
            *first += 1;
        }
    }

    /// Moves of the freed brokers that can start now.
    fn find_candidates(&mut self) {
        let mut found = std::mem::take(&mut self.candidates);
        found.clear();
        for at in 0..self.freed.len() {
            let broker = self.freed[at];
            self.skip_started(broker);
            let moves = self.of_broker[broker as usize][self.first[broker as usize]..].iter().copied();
            let can_start = |&task: &u32| {
                !self.is_started[task as usize] && self.brokers_of(task).all(|other| self.slots[other as usize] > 0)
            };
            if self.slots[broker as usize] > 0 {
                found.extend(moves.filter(can_start));
            }
        }
        found.sort_unstable();
        found.dedup();
        self.candidates = found;
    }

    /// The first move of a broker that may start in this round.
    fn find(&self, broker: u32, gate: &mut dyn FnMut(u32) -> Gate) -> Option<u32> {
        if self.involved[broker as usize] == self.round || self.slots[broker as usize] == 0 {
            return None;
        }
        let fits = |other: u32| self.slots[other as usize] > 0 && self.involved[other as usize] != self.round;
        let mut can_start = |&task: &u32| {
            !self.is_started[task as usize] && self.brokers_of(task).all(fits) && gate(task) != Gate::Never
        };
        if self.looks_at_all {
            let moves = self.of_broker[broker as usize][self.first[broker as usize]..].iter();
            return moves.copied().find(can_start);
        }
        let moves = self.candidates.iter().copied();
        moves.filter(|&task| self.brokers_of(task).any(|other| other == broker)).find(|task| can_start(task))
    }

    /// Nothing more can start for now.
    fn rest(&mut self) -> Option<u32> {
        self.looks_at_all = false;
        self.freed.clear();
        None
    }
}

impl Starter for Sliding<'_> {
    fn next(&mut self, gate: &mut dyn FnMut(u32) -> Gate) -> Option<u32> {
        while let Some(task) = self.free.pop() {
            if gate(task) != Gate::Never {
                return Some(task);
            }
        }
        while !self.is_full() {
            if self.at == self.brokers.len() {
                if !self.has_started && !self.has_ended {
                    return self.rest();
                }
                self.begin_round();
                if self.brokers.is_empty() {
                    return self.rest();
                }
            }
            let broker = self.brokers[self.at];
            self.at += 1;
            if let Some(task) = self.find(broker, gate) {
                self.has_started = true;
                self.is_started[task as usize] = true;
                self.in_flight += 1;
                for broker in self.brokers_of(task) {
                    self.slots[broker as usize] -= 1;
                    self.waiting[broker as usize] -= 1;
                    self.involved[broker as usize] = self.round;
                }
                return Some(task);
            }
        }
        self.looks_at_all = true;
        None
    }

    fn finished(&mut self, task: u32) {
        if self.tasks.copies.get(task as usize).is_empty() {
            return;
        }
        self.in_flight -= 1;
        self.has_ended = true;
        for broker in self.brokers_of(task) {
            self.slots[broker as usize] += 1;
            if !self.freed.contains(&broker) {
                self.freed.push(broker);
            }
        }
        // Whatever a round had left to look at is looked at in the next one.
        self.at = self.brokers.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Random;
    use crate::simulate::tasks::Copy;

    #[test]
    fn looking_at_few_moves_starts_the_same_ones_in_the_same_order() {
        let mut random = Random::new(9);
        for round in 0..100 {
            let mut tasks = Tasks::default();
            for _ in 0..60 {
                let mut brokers: Vec<u32> = (0..8).collect();
                random.shuffle(&mut brokers);
                tasks.leader.push(brokers[0]);
                let count = random.below(4);
                tasks.copies.push(brokers[1..=count].iter().map(|&broker| Copy { broker, dir: NONE, from: NONE }));
                tasks.row.push(0);
            }
            let per_broker = 1 + random.below(3) as u32;
            let (mut few, mut all) = (Sliding::new(&tasks, 8, per_broker), Sliding::new(&tasks, 8, per_broker));
            let mut running = Vec::new();
            loop {
                all.looks_at_all = true;
                loop {
                    let started = few.next(&mut |_| Gate::Open);
                    assert_eq!(started, all.next(&mut |_| Gate::Open), "round {round}");
                    let Some(task) = started else { break };
                    running.push(task);
                }
                assert!(few.slots.iter().all(|&free| free <= per_broker));
                if running.is_empty() {
                    break;
                }
                let task = running.swap_remove(random.below(running.len()));
                few.finished(task);
                all.finished(task);
            }
            assert!(few.waiting.iter().all(|&waiting| waiting == 0), "round {round}: all have started");
        }
    }
}
