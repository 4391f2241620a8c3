//! Who starts when: the styles in which a placement can be carried out.

use super::style::Style;
use super::tasks::Tasks;

pub use self::batches::Batches;
pub use self::rolling::Rolling;
pub use self::sliding::Sliding;

mod batches;
mod rolling;
mod sliding;

/// Whether a task may start now, its slots apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Nothing is in its way.
    Open,
    /// A log dir has no room until a wave is over.
    NoRoom,
    /// It names a broker that is gone.
    Never,
}

/// Says what starts next.
pub trait Starter {
    /// The next task to start now; it counts as started.
    fn next(&mut self, gate: &mut dyn FnMut(u32) -> Gate) -> Option<u32>;

    /// A task that waits for room although nothing runs that could make some; it counts as started.
    fn next_without_room(&mut self) -> Option<u32> {
        None
    }

    /// A task is over.
    fn finished(&mut self, task: u32);

    /// All tasks of a wave are over.
    fn wave_over(&mut self, _wave: u32) {}

    /// Whether the throttle lists a partition until all that started with it are over, not only until itself is.
    fn lists_together(&self) -> bool {
        false
    }
}

/// The slots of a rolling execution.
#[derive(Clone, Copy, Debug)]
pub struct Slots {
    /// Most partitions at once on each side of a broker.
    pub per_broker: u32,
    /// Most partitions at once in the cluster.
    pub in_flight: u32,
}

/// The starter of a style. `tasks` are steps for `rolling` and `barrier`, one file for the others.
pub fn starter<'a>(style: Style, tasks: &'a Tasks, brokers: usize, slots: Slots) -> Box<dyn Starter + 'a> {
    match style {
        Style::Rolling => Box::new(Rolling::new(tasks, brokers, slots)),
        Style::Barrier => Box::new(Batches::new(tasks.waves.clone())),
        Style::AllAtOnce => Box::new(Batches::new(std::iter::once(0..tasks.len()).collect())),
        Style::Batches(size) => {
            let starts = (0..tasks.len()).step_by(size as usize);
            Box::new(Batches::new(starts.map(|start| start..tasks.len().min(start + size as usize)).collect()))
        }
        Style::Sliding(per_broker) => Box::new(Sliding::new(tasks, brokers, per_broker)),
    }
}
