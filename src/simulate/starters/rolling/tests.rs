//! The queues against the plain reading of the rule: look at all that wait, in order, whenever a slot frees.

use super::Rolling;
use crate::base::random::Random;
use crate::replay::NONE;
use crate::simulate::starters::{Gate, Slots, Starter};
use crate::simulate::tasks::{Copy, Tasks};

const BROKERS: usize = 7;

/// Waves of tasks from random leaders to random brokers; some copy nothing.
fn tasks(random: &mut Random) -> Tasks {
    let mut tasks = Tasks::default();
    for wave in 0..5 {
        let start = tasks.row.len();
        for _ in 0..random.below(25) {
            let leader = random.below(BROKERS) as u32;
            tasks.row.push(tasks.row.len() as u32);
            tasks.wave.push(wave);
            tasks.before.push(NONE);
            tasks.leader.push(leader);
            let mut others: Vec<u32> = (0..BROKERS as u32).filter(|&broker| broker != leader).collect();
            for _ in 0..random.below(4) {
                let broker = others.swap_remove(random.below(others.len()));
                tasks.copies.push_value(Copy { broker, dir: NONE, from: NONE });
            }
            tasks.copies.end_list();
        }
        tasks.waves.push(start..tasks.row.len());
    }
    tasks
}

/// The rule as it is written.
struct Plain<'a> {
    tasks: &'a Tasks,
    slots: Slots,
    running: Vec<u32>,
    started: Vec<bool>,
    finished: Vec<bool>,
}

impl Plain<'_> {
    fn used(&self, side: u32, broker: u32) -> u32 {
        let holds = |&&task: &&u32| {
            let copies = self.tasks.copies.get(task as usize);
            if side == 0 {
                !copies.is_empty() && self.tasks.leader[task as usize] == broker
            } else {
                copies.iter().any(|copy| copy.broker == broker)
            }
        };
        self.running.iter().filter(holds).count() as u32
    }

    fn may_start(&self, task: usize) -> bool {
        let wave = self.tasks.wave[task] as usize;
        let is_over = |wave: usize| self.tasks.waves[wave].clone().all(|task| self.finished[task]);
        if self.started[task] || (0..wave.saturating_sub(1)).any(|wave| !is_over(wave)) {
            return false;
        }
        let copies = self.tasks.copies.get(task);
        let copying = self.running.iter().filter(|&&task| !self.tasks.copies.get(task as usize).is_empty()).count();
        copies.is_empty()
            || copying < self.slots.in_flight as usize
                && self.used(0, self.tasks.leader[task]) < self.slots.per_broker
                && copies.iter().all(|copy| self.used(1, copy.broker) < self.slots.per_broker)
    }
}

#[test]
fn the_first_in_order_whose_slots_are_free_starts_and_never_more_than_there_are_slots() {
    let mut random = Random::new(5);
    for round in 0..200 {
        let tasks = tasks(&mut random);
        let slots = Slots { per_broker: 1 + random.below(3) as u32, in_flight: 1 + random.below(9) as u32 };
        let mut rolling = Rolling::new(&tasks, BROKERS, slots);
        let len = tasks.len();
        let mut plain =
            Plain { tasks: &tasks, slots, running: vec![], started: vec![false; len], finished: vec![false; len] };
        loop {
            while let Some(task) = rolling.next(&mut |_| Gate::Open) {
                let copies = !tasks.copies.get(task as usize).is_empty();
                let first = (0..len).find(|&task| plain.may_start(task) && copies != tasks.copies.get(task).is_empty());
                assert_eq!(Some(task as usize), first, "round {round}");
                plain.started[task as usize] = true;
                plain.running.push(task);
                for broker in 0..BROKERS as u32 {
                    assert!(plain.used(0, broker) <= slots.per_broker && plain.used(1, broker) <= slots.per_broker);
                }
            }
            assert_eq!((0..len).find(|&task| plain.may_start(task)), None, "round {round}: one more could start");
            if plain.running.is_empty() {
                break;
            }
            let task = plain.running.swap_remove(random.below(plain.running.len()));
            plain.finished[task as usize] = true;
            rolling.finished(task);
            let wave = tasks.wave[task as usize];
            if tasks.waves[wave as usize].clone().all(|task| plain.finished[task]) {
                rolling.wave_over(wave);
            }
        }
        assert!(plain.finished.iter().all(|&finished| finished), "round {round}: all end");
    }
}
