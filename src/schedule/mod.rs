//! Which move runs in which wave, and how long that takes.
//!
//! **The problem.** A wave is what people approve, watch and take back. Its copies start together and
//! share the brokers' throttled rates, so a wave takes as long as its busiest broker; the waves of a plan
//! run one after the other, so what counts is the sum of those. Every wave keeps to a number of
//! partitions, a number of moves per broker, a duration, and rates that live traffic must not exhaust.
//! Cutting moves into waves of least total length is multi-dimensional bin packing.
//!
//! **The method.** Stages first (canary, data, short ISR, internal topics), each cut into waves on its
//! own ([`fill`]). Within a stage all brokers come through their own work at the same pace, each with its
//! largest moves first, and a wave takes the first ones that fit. Large ones so share few waves, instead of
//! making every wave as long as one of them. When the number of partitions is what ends a wave, its duration
//! is lowered as far as it still takes that number.
//!
//! Targets of a drain give nothing back while a plan runs (only drained brokers do), so the disk limit at the
//! peak of every wave is the limit at the end, which placement has kept. Where a placement is given, brokers may
//! give and receive, and what each log dir holds is followed wave by wave ([`room`]); where copies wait for one another,
//! an order is searched ([`order`]).

mod fill;
pub mod forecast;
pub mod given_bound;
pub mod least_waves;
mod order;
pub mod rolling;
mod room;
mod stages;
pub mod time;

use crate::base::error::Result;
use crate::base::index::{BrokerIx, Csr, Ix, PartitionIx};
use crate::base::units::Seconds;
use crate::base::work::Work;
use crate::placement::Home;
use crate::plan::Stage;
use crate::problem::Problem;
use crate::route::Steps;

/// The waves in the order in which they run.
pub struct Schedule {
    /// The waves.
    pub waves: Vec<Wave>,
    /// Steps that alone take longer than a wave may, with their copy time in seconds.
    pub too_long: Vec<(u32, f64)>,
}

/// One wave.
pub struct Wave {
    /// Why it stands where it stands.
    pub stage: Stage,
    /// Its steps, as numbers in [`Steps`], in the order in which they shall start.
    pub steps: Vec<u32>,
    /// What it costs in time; absent without a throttle.
    pub time: Option<time::WaveTime>,
}

/// One move as the scheduler sees it.
#[derive(Clone, Copy)]
pub struct Load {
    /// What moves.
    pub partition: PartitionIx,
    /// The broker it copies from.
    pub leader: BrokerIx,
    /// Bytes of one copy.
    pub size: f64,
    /// Produced bytes per second.
    pub write: f64,
    /// Current replicas.
    pub replicas: u32,
    /// Adding replicas; within brokers, copies between their log dirs.
    pub adding: u32,
    /// How many of these the leader sends: none within brokers.
    pub sends: u32,
    /// Whether another broker leads when its wave and the election after it are over.
    pub changes_leader: bool,
}

impl Load {
    /// Bytes that its leader sends.
    fn volume(&self) -> f64 {
        f64::from(self.sends) * self.size
    }
}

/// All moves as the scheduler sees them, in the order of [`Steps`].
pub struct Loads {
    /// One load for each step.
    pub loads: Vec<Load>,
    /// The brokers that each step adds, or that copy it between their log dirs.
    pub adding: Csr<BrokerIx>,
    /// Whether copies stay within their brokers, where live traffic does not count.
    pub within: bool,
}

impl Loads {
    fn new(problem: &Problem<'_>, steps: &Steps) -> Self {
        let partitions = &problem.cluster.snapshot.partitions;
        let within = problem.request.empties_dirs();
        let mut adding = Csr::with_capacity(steps.len(), problem.replicas_forced as usize);
        let mut loads = Vec::with_capacity(steps.len());
        for step in 0..steps.len() {
            let partition = steps.partition(problem, step);
            let (before, after) = (steps.before.get(step), steps.after.get(step));
            let is_copied = |home: &&Home| if within { home.dir.is_some() } else { !before.contains(&home.broker) };
            adding.push(after.iter().filter(is_copied).map(|home| home.broker));
            let copies = adding.get(step).len() as u32;
            let leader = steps.leader[step];
            loads.push(Load {
                partition,
                leader,
                size: problem.cluster.size_of(partition).as_f64(),
                write: if within { 0.0 } else { partitions.bytes_in[partition.get()].get() },
                replicas: before.len() as u32,
                adding: copies,
                sends: if within { 0 } else { copies },
                changes_leader: steps.changes_leader[step],
            });
        }
        Loads { loads, adding, within }
    }
}

/// What waves take one by one; nothing without a throttle.
pub fn makespan(waves: &[Wave]) -> Seconds {
    waves.iter().filter_map(|wave| wave.time).map(|time| time.copy).sum()
}

/// Cuts all steps into waves.
///
/// # Errors
/// [`crate::base::error::Code::Throttle`] when a partition alone can never finish at the throttle;
/// [`crate::base::error::Code::DiskLimit`] when copies of a given placement wait for one another's room.
pub fn schedule(problem: &Problem<'_>, steps: &Steps, work: &Work) -> Result<(Schedule, Loads)> {
    let loads = Loads::new(problem, steps);
    time::refuse_impossible(problem, &loads)?;
    let mut schedule = Schedule { waves: Vec::new(), too_long: Vec::new() };
    let mut room = room::Room::new(problem, steps);
    for (stage, steps) in stages::split(problem, steps, &loads) {
        fill::cut(problem, &loads, stage, steps, room.as_mut(), &mut schedule, work)?;
    }
    Ok((schedule, loads))
}
