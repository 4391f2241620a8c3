//! Rolling: whenever a slot frees, the first task in order whose slots and disks are free starts.
//!
//! A task that meets a full broker waits in a queue of this broker side, and is looked at again only when a slot
//! frees there; so each event looks at the few tasks that it may concern, and not at all that wait.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{Gate, Slots, Starter};
use crate::replay::NONE;
use crate::simulate::tasks::Tasks;

type Queue = BinaryHeap<Reverse<u32>>;

/// The queues and slots of a rolling execution.
pub struct Rolling<'a> {
    tasks: &'a Tasks,
    slots: Slots,
    in_flight: u32,
    /// Slots in use: as leader at `2·broker`, as adding replica at `2·broker + 1`.
    used: Vec<u32>,
    /// Tasks that found this side of a broker full.
    waiting: Vec<Queue>,
    /// Sides with a free slot and tasks that wait for it, by the first of these.
    offers: BinaryHeap<Reverse<(u32, u32)>>,
    /// Tasks that have met no full broker yet.
    ready: Queue,
    /// Tasks that copy nothing and so need no slot.
    free: Queue,
    /// Tasks for which a log dir has no room.
    for_room: Vec<u32>,
    /// The task of the same partition that comes next, or [`NONE`].
    after: Vec<u32>,
    is_started: Vec<bool>,
    is_finished: Vec<bool>,
    is_over: Vec<bool>,
    /// Waves before this one are over.
    over: usize,
    /// Tasks of waves before this one may start.
    admitted: usize,
}

impl<'a> Rolling<'a> {
    /// Begins with the first two waves.
    pub fn new(tasks: &'a Tasks, brokers: usize, slots: Slots) -> Self {
        let mut after = vec![NONE; tasks.len()];
        for (task, &before) in tasks.before.iter().enumerate().filter(|(_, before)| **before != NONE) {
            after[before as usize] = task as u32;
        }
        let mut rolling = Rolling {
            tasks,
            slots,
            in_flight: 0,
            used: vec![0; 2 * brokers],
            waiting: (0..2 * brokers).map(|_| Queue::new()).collect(),
            offers: BinaryHeap::new(),
            ready: Queue::new(),
            free: Queue::new(),
            for_room: Vec::new(),
            after,
            is_started: vec![false; tasks.len()],
            is_finished: vec![false; tasks.len()],
            is_over: tasks.waves.iter().map(std::ops::Range::is_empty).collect(),
            over: 0,
            admitted: 0,
        };
        rolling.admit();
        rolling
    }

    /// Lets the waves in that may run now.
    fn admit(&mut self) {
        while self.is_over.get(self.over) == Some(&true) {
            self.over += 1;
        }
        while self.admitted < (self.over + 2).min(self.tasks.waves.len()) {
            self.admitted += 1;
            for task in self.tasks.waves[self.admitted - 1].clone() {
                self.enter(task as u32);
            }
        }
    }

    fn enter(&mut self, task: u32) {
        let copies = !self.tasks.copies.get(task as usize).is_empty();
        if copies { &mut self.ready } else { &mut self.free }.push(Reverse(task));
    }

    /// The sides of brokers on which a task needs a slot.
    fn sides(&self, task: u32) -> impl Iterator<Item = usize> + use<'a> {
        let copies = self.tasks.copies.get(task as usize);
        let leader = self.tasks.leader[task as usize];
        let leads = leader != NONE && copies.iter().any(|copy| !copy.is_within());
        let leading = leads.then_some(2 * leader as usize);
        leading.into_iter().chain(copies.iter().map(|copy| 2 * copy.broker as usize + 1))
    }

    fn is_full(&self, side: usize) -> bool {
        self.used[side] >= self.slots.per_broker
    }

    /// Makes it known that a side has a free slot for the first of those that wait.
    fn offer(&mut self, side: usize) {
        if let (false, Some(&Reverse(first))) = (self.is_full(side), self.waiting[side].peek()) {
            self.offers.push(Reverse((first, side as u32)));
        }
    }

    /// The first task that may have its slots, taken out of its queue.
    fn take(&mut self) -> Option<u32> {
        loop {
            let ready = self.ready.peek().map(|&Reverse(task)| task);
            let offer = self.offers.peek().map(|&Reverse(offer)| offer);
            let Some((first, side)) = offer.filter(|offer| ready.is_none_or(|ready| offer.0 < ready)) else {
                return self.ready.pop().map(|Reverse(task)| task);
            };
            self.offers.pop();
            let side = side as usize;
            if self.is_full(side) || self.waiting[side].peek() != Some(&Reverse(first)) {
                self.offer(side);
                continue;
            }
            self.waiting[side].pop();
            self.offer(side);
            return Some(first);
        }
    }

    fn may_begin(&self, task: u32) -> bool {
        let before = self.tasks.before[task as usize];
        !self.is_started[task as usize] && (before == NONE || self.is_finished[before as usize])
    }

    fn begin(&mut self, task: u32) {
        self.is_started[task as usize] = true;
        self.in_flight += 1;
        for side in self.sides(task) {
            self.used[side] += 1;
        }
    }
}

impl Starter for Rolling<'_> {
    fn next(&mut self, gate: &mut dyn FnMut(u32) -> Gate) -> Option<u32> {
        while let Some(Reverse(task)) = self.free.pop() {
            if self.may_begin(task) && gate(task) != Gate::Never {
                self.is_started[task as usize] = true;
                return Some(task);
            }
        }
        while self.in_flight < self.slots.in_flight {
            let task = self.take()?;
            if !self.may_begin(task) {
                continue;
            }
            if let Some(side) = self.sides(task).find(|&side| self.is_full(side)) {
                self.waiting[side].push(Reverse(task));
                continue;
            }
            match gate(task) {
                Gate::Open => {
                    self.begin(task);
                    return Some(task);
                }
                Gate::NoRoom => self.for_room.push(task),
                Gate::Never => {}
            }
        }
        None
    }

    fn next_without_room(&mut self) -> Option<u32> {
        let place = (0..self.for_room.len()).min_by_key(|&place| self.for_room[place])?;
        let task = self.for_room.swap_remove(place);
        self.begin(task);
        Some(task)
    }

    fn finished(&mut self, task: u32) {
        self.is_finished[task as usize] = true;
        let next = self.after[task as usize];
        if next != NONE && (self.tasks.wave[next as usize] as usize) < self.admitted {
            self.enter(next);
        }
        if self.tasks.copies.get(task as usize).is_empty() {
            return;
        }
        self.in_flight -= 1;
        for side in self.sides(task) {
            self.used[side] -= 1;
            self.offer(side);
        }
    }

    fn wave_over(&mut self, wave: u32) {
        self.is_over[wave as usize] = true;
        self.admit();
        self.ready.extend(self.for_room.drain(..).map(Reverse));
    }
}

#[cfg(test)]
mod tests;
