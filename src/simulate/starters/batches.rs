//! One batch after the other, all of it at once.

use std::ops::Range;

use super::{Gate, Starter};

/// Starts each batch when the one before is over.
pub struct Batches {
    batches: Vec<Range<usize>>,
    /// The batch that runs, and its next task.
    at: usize,
    next: usize,
    running: usize,
}

impl Batches {
    /// These batches of tasks, in order.
    pub fn new(batches: Vec<Range<usize>>) -> Self {
        let next = batches.first().map_or(0, |batch| batch.start);
        Batches { batches, at: 0, next, running: 0 }
    }
}

impl Starter for Batches {
    fn next(&mut self, gate: &mut dyn FnMut(u32) -> Gate) -> Option<u32> {
        loop {
            let batch = self.batches.get(self.at)?;
            if self.next < batch.end {
                let task = self.next as u32;
                self.next += 1;
                self.running += 1;
                // What can never start holds its batch, and so all that come after it.
                if gate(task) != Gate::Never {
                    return Some(task);
                }
            } else if self.running == 0 {
                self.at += 1;
                self.next = self.batches.get(self.at)?.start;
            } else {
                return None;
            }
        }
    }

    fn finished(&mut self, _task: u32) {
        self.running -= 1;
    }

    fn lists_together(&self) -> bool {
        true
    }
}
