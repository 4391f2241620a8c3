//! Plays a placement over time: copies as flows that share the brokers' rates max-min fairly, disks, leaders,
//! lost and slow brokers; in the style of a plan of ours or of other tools.
//!
//! It belongs to the right bank: nothing here knows how plans are made or how their times are reckoned, so a
//! forecast that both agree on says something. `tasks` is what there is to do, `starters` say when each task
//! starts, `flows` how fast its copies are, and `run` lets it all happen, event by event.

mod clock;
mod disks;
mod flows;
mod loss;
mod outcome;
mod run;
pub mod series;
mod starters;
pub mod style;
mod tasks;
#[cfg(test)]
mod tests;

use std::path::Path;

use serde::Deserialize;

pub use self::outcome::{
    Comparison, Harm, LossReport, SimulatedBroker, SimulatedDir, SimulatedWave, Simulation, Stuck, compare, simulate,
};
use self::run::Run;
pub use self::series::{Every, Series};
use self::starters::{Slots, starter};
pub use self::style::{Loss, Lost, Slow, Style};
pub use self::tasks::Tasks;
use crate::base::error::{Code, Error, Place, Result};
use crate::base::target::Target;
use crate::base::units::{BytesPerSec, Ratio};
use crate::base::work::Work;
use crate::base::{fs, json};
use crate::plan::{self, Plan};
use crate::replay::World;
use crate::request::Request;

/// Rates of every broker of a world, in bytes per second, by its number.
#[derive(Clone, Copy, Debug)]
pub struct Rates<'a> {
    /// What each may send.
    pub leader: &'a [f64],
    /// What each may receive; copies between its log dirs have as much again.
    pub follower: &'a [f64],
}

/// How a simulation runs, resolved against a world.
#[derive(Clone, Debug)]
struct Settings {
    style: Style,
    slots: Slots,
    traffic: bool,
    growth: bool,
    /// Index of the wave, and the brokers that are lost when it has begun.
    lose: Option<(usize, Vec<u32>)>,
    every: Every,
    disk_limit: Option<Ratio>,
}

/// What is asked of a simulation.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// How the placement is carried out.
    pub style: Style,
    /// The throttle of every broker, for both sides; absent: the rates of the plan's request.
    pub throttle: Option<BytesPerSec>,
    /// Most partitions in flight on each side of a broker; absent: as the request says.
    pub in_flight_per_broker: Option<u32>,
    /// Most partitions in flight in the cluster; absent: as the request says.
    pub in_flight: Option<u32>,
    /// Count live traffic against the rates, as the throttle does.
    pub traffic: bool,
    /// Let partitions that move grow by what is produced to them.
    pub growth: bool,
    /// Brokers that are lost.
    pub lose: Option<Loss>,
    /// Brokers that are slower than the throttle.
    pub slow: Slow,
    /// How often to take samples.
    pub every: Every,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            style: Style::Rolling,
            throttle: None,
            in_flight_per_broker: None,
            in_flight: None,
            traffic: false,
            growth: false,
            lose: None,
            slow: Slow::default(),
            every: Every::Fitting,
        }
    }
}

/// A placement to play: a plan of ours, or what someone else made.
#[derive(Clone, Debug)]
pub enum Played {
    /// A plan.
    Plan(Box<Plan>),
    /// Kafka-reassign JSON or Cruise Control proposals.
    Target(Target),
}

impl Played {
    /// Reads a plan directory, a plan file, kafka-reassign JSON or Cruise Control proposals.
    ///
    /// # Errors
    /// Files that cannot be read, or that are none of these.
    pub fn read(path: &Path) -> Result<Self> {
        #[derive(Deserialize)]
        struct Head {
            kind: Option<serde_json::Value>,
        }
        let content = fs::read(path)?;
        let source = fs::name_of(path);
        let text = json::text_of(&content, &source)?;
        // What is no object is for the reader of placements to name.
        match serde_json::from_str(text).unwrap_or(Head { kind: None }).kind {
            Some(kind) if kind == plan::KIND => Ok(Played::Plan(Box::new(plan::read(text, &source)?))),
            Some(kind) => Err(Error::new(
                Code::WrongKind,
                format!("`{}` is no plan", kind.as_str().map_or_else(|| kind.to_string(), str::to_owned)),
            )
            .at(Place::path(source, "kind"))
            .help("expected a directory written by `kshift plan --out`, its plan.json, or kafka-reassign JSON")),
            None => Ok(Played::Target(Target::read(text, &source)?)),
        }
    }

    /// What the plan was made with; a foreign placement was made with nothing that is known.
    pub fn request(&self) -> Option<&Request> {
        match self {
            Played::Plan(plan) => Some(&plan.request),
            Played::Target(_) => None,
        }
    }

    fn tasks(&self, world: &World) -> Tasks {
        match self {
            Played::Plan(plan) => Tasks::of_plan(world, plan),
            Played::Target(target) => Tasks::of_entries(world, &target.entries),
        }
    }
}

/// The tolerance of levels: none but rounding. Which of two copies ends first decides what starts next, and so about
/// everything that follows; a thousandth off may be a tenth in the end.
const TOLERANCE: f64 = 1e-9;

/// The rolling time of a plan in seconds, its waves as they are, no traffic, nothing going wrong; infinite when it
/// never ends. With `in_flight` and `in_flight_per_broker` of the plan's request.
pub fn rolling_seconds(world: &World, plan: &Plan, rates: Rates) -> f64 {
    let tasks = Tasks::of_plan(world, plan);
    let request = &plan.request;
    let settings = Settings {
        style: Style::Rolling,
        slots: slots(&tasks, Some(request), &Options::default()),
        traffic: false,
        growth: false,
        lose: None,
        every: Every::Never,
        disk_limit: (!request.ignore_disk).then_some(request.disk_limit),
    };
    let mut run = Run::new(world, &tasks, rates, &settings);
    let mut starter = starter(Style::Rolling, &tasks, world.len(), settings.slots);
    match run.play(&mut *starter, &Work::new()) {
        Ok(()) if run.ends() => run.now,
        _ => f64::INFINITY,
    }
}

fn slots(tasks: &Tasks, request: Option<&Request>, options: &Options) -> Slots {
    let usual = Request::default();
    let request = request.unwrap_or(&usual);
    let in_flight = options.in_flight.or(request.in_flight).unwrap_or((5 * tasks.targets).max(1_250));
    Slots { per_broker: options.in_flight_per_broker.unwrap_or(request.in_flight_per_broker), in_flight }
}
