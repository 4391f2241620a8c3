//! The order in which moves start when waves overlap, and how long that takes.
//!
//! **Rolling.** Whenever a slot frees, the first partition in plan order whose slots and disks are free starts, but none
//! of wave N+2 while one of wave N runs. So the order within a wave decides how well brokers are kept busy: a leader with
//! little to send, or targets whose slots wait on slow leaders, waste rates that nobody gets back.
//!
//! **The method.** The order is found by carrying it out: copies share rates as they will ([`share`]), and whenever
//! something may start, the leader that needs it most starts its largest ([`starts`]). Nobody waits who could start, and
//! earlier waves go first, so carrying out the order that comes of it starts the same at the same time: the time of
//! this run is the time of the plan.

mod share;
mod starts;

use std::cmp::Reverse;

use rayon::prelude::*;

use self::share::Shares;
use self::starts::Starts;
use super::room::Room;
use super::{Loads, Schedule, Wave, fill, least_waves, makespan};
use crate::base::error::Result;
use crate::base::index::{Csr, Ix};
use crate::base::random::Random;
use crate::base::units::Seconds;
use crate::base::work::Work;
use crate::problem::Problem;
use crate::request::Strategy;
use crate::route::Steps;

/// With more copies than that nobody waits for the answer: waves keep the order in which they were filled.
const COPIES_MAX: usize = 500_000;

/// Rates are right but for this share: an end that comes before another one must not come after it, since what starts
/// then is what decides about everything that follows.
const TOLERANCE: f64 = 1e-9;

/// So many copies are carried out to try which leaders should go first, within these numbers of tries: two cores take no
/// longer for two than one for one.
const WORK_MAX: usize = 200_000;
const TRIES_LEAST: usize = 2;
const TRIES_MOST: usize = 10;

/// Waves shall be short both ways, when they overlap and one by one: the longer time counts, and this part of the other.
const OTHER_COUNTS: f64 = 0.25;

/// More waves than there are, but at most a fifth above the fewest possible, must take less than this part of the time.
const WORTH_MORE_WAVES: f64 = 0.99;

/// By so much a size may be off.
const OFF_MOST: f64 = 0.05;

/// Which leaders may go first, in the order in which this is tried.
const CHOICES: [Choice; 5] = [
    Choice::FewestRunningMostLeft,
    Choice::MostLeftPerRunning,
    Choice::FewestRunning,
    Choice::MostLeftPerCopy,
    Choice::MostLeftPerCopyEvenly,
];

/// Which leader needs something to send most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    /// The one with the fewest partitions in flight, then with the most bytes that have not started.
    FewestRunning,
    /// The one with the fewest partitions in flight, then with the most bytes left.
    FewestRunningMostLeft,
    /// The one with the most bytes left for each partition in flight, and one more.
    MostLeftPerRunning,
    /// The one with the most bytes left for each copy in flight, and one more.
    MostLeftPerCopy,
    /// The one with the most bytes left for each copy in flight, and three more.
    MostLeftPerCopyEvenly,
}

/// How leaders are chosen, and their moves lined up: largest first, but for all rounds over the choices after the first
/// by sizes that are off by up to a twentieth. What starts when decides about all that follows, so each round ends otherwise.
#[derive(Clone, Copy)]
struct Try {
    choice: Choice,
    round: u64,
}

impl Try {
    fn all(count: usize) -> Vec<Try> {
        let one = |number| Try { choice: CHOICES[number % CHOICES.len()], round: (number / CHOICES.len()) as u64 };
        (0..count).map(one).collect()
    }
}

/// All steps as what runs: those of the first wave first, in the order of the waves' lists.
struct Jobs {
    /// Numbers in [`Steps`].
    step: Vec<u32>,
    wave: Vec<u32>,
    /// The jobs of each wave.
    of_wave: Csr<u32>,
    waves: usize,
    /// The jobs of the same partition before and after.
    before: Vec<Option<u32>>,
    after: Vec<Option<u32>>,
    /// Bytes of one copy.
    bytes: Vec<f64>,
    /// The pipe that copies come from.
    from: Vec<u32>,
    /// The pipes that copies go into.
    into: Csr<u32>,
    /// Sides of brokers on which it holds a slot: its leader's, then those of its adding brokers.
    slots: Csr<u32>,
    /// Bytes per second of every pipe: what broker b may send at 2·b, and receive at 2·b + 1.
    rates: Vec<f64>,
    sides: usize,
    slots_per_side: u32,
    in_flight: u32,
}

impl Jobs {
    fn new(problem: &Problem<'_>, steps: &Steps, loads: &Loads, waves: &[Wave]) -> Option<Self> {
        let rates = problem.rates.as_ref()?;
        let brokers = &problem.cluster.brokers;
        let sides = 2 * brokers.len();
        // Copies between the log dirs of a broker come from a pipe that holds nobody back.
        let nobody = sides as u32;
        let count = waves.iter().map(|wave| wave.steps.len()).sum();
        let targets = problem.is_target.iter().filter(|is_target| **is_target).count() as u32;
        let mut jobs = Jobs {
            step: Vec::with_capacity(count),
            wave: Vec::with_capacity(count),
            of_wave: Csr::with_capacity(waves.len(), count),
            waves: waves.len(),
            before: vec![None; count],
            after: vec![None; count],
            bytes: Vec::with_capacity(count),
            from: Vec::with_capacity(count),
            into: Csr::with_capacity(count, loads.adding.total()),
            slots: Csr::with_capacity(count, loads.adding.total() + count),
            rates: brokers.indices().flat_map(|broker| [rates.leader[broker], rates.follower[broker]]).collect(),
            sides,
            slots_per_side: problem.request.in_flight_per_broker,
            in_flight: problem.request.in_flight.unwrap_or((5 * targets).max(1_250)),
        };
        jobs.rates.push(f64::INFINITY);
        let mut last = vec![None; problem.movers.len()];
        for (wave, row) in waves.iter().enumerate() {
            for &step in &row.steps {
                let job = jobs.step.len() as u32;
                let load = &loads.loads[step as usize];
                let out = 2 * load.leader.get() as u32;
                let into = || loads.adding.get(step as usize).iter().map(|broker| 2 * broker.get() as u32 + 1);
                jobs.step.push(step);
                jobs.wave.push(wave as u32);
                jobs.bytes.push(load.size);
                jobs.from.push(if load.sends > 0 { out } else { nobody });
                jobs.into.push(into());
                jobs.slots.push((load.sends > 0).then_some(out).into_iter().chain(into()));
                let before = last[steps.mover[step as usize] as usize].replace(job);
                if let Some(before) = before {
                    jobs.after[before as usize] = Some(job);
                    jobs.before[job as usize] = Some(before);
                }
            }
            let first = (jobs.step.len() - row.steps.len()) as u32;
            jobs.of_wave.push(first..jobs.step.len() as u32);
        }
        Some(jobs)
    }

    fn len(&self) -> usize {
        self.step.len()
    }

    /// Where each stands among all, largest first, in this round.
    fn ranks(&self, round: u64) -> Vec<u32> {
        let mut random = Random::new(round);
        let mut off = || if round == 0 { 1.0 } else { random.between(1.0 - OFF_MOST, 1.0 + OFF_MOST) };
        let mut largest_first: Vec<(Reverse<u64>, u32)> =
            (0..self.len()).map(|job| (Reverse((self.bytes[job] * off()) as u64), job as u32)).collect();
        largest_first.sort_unstable();
        let mut ranks = vec![0; self.len()];
        for (rank, &(_, job)) in largest_first.iter().enumerate() {
            ranks[job as usize] = rank as u32;
        }
        ranks
    }

    /// Bytes that a job brings to a side on which it holds a slot.
    fn load_on(&self, job: usize, side: u32) -> f64 {
        let copies = if side == self.from[job] { self.into.get(job).len() } else { 1 };
        copies as f64 * self.bytes[job]
    }
}

/// How a run went: its jobs in the order in which they started, and its time in seconds.
struct Played {
    order: Vec<u32>,
    seconds: f64,
}

/// Carries out all jobs.
fn play(jobs: &Jobs, way: Try, room: Option<Room>, work: &Work) -> Result<Played> {
    let mut shares = Shares::new(jobs.rates.iter().copied(), TOLERANCE);
    let mut starts = Starts::new(jobs, way, room);
    let mut copies: Vec<u32> = (0..jobs.len()).map(|job| jobs.into.get(job).len() as u32).collect();
    let mut ended = Vec::new();
    let mut events = 0_usize;
    loop {
        starts.start_all(&mut shares);
        if !shares.next(&mut ended) {
            break;
        }
        for job in ended.drain(..) {
            copies[job as usize] -= 1;
            if copies[job as usize] == 0 {
                starts.end(job);
            }
        }
        events += 1;
        if events.is_multiple_of(4_096) {
            work.step("ordering", starts.order.len(), jobs.len())?;
        }
    }
    debug_assert!(starts.is_over(), "something never ends");
    Ok(Played { order: starts.order, seconds: shares.now() })
}

/// Orders the steps of every wave as they shall start, cuts waves anew where that helps, and says how long all waves take
/// when carried out rolling; nothing without a throttle, or with too many copies to say.
///
/// # Errors
/// An interruption.
pub fn order(
    problem: &Problem<'_>,
    steps: &Steps,
    loads: &Loads,
    schedule: &mut Schedule,
    work: &Work,
) -> Result<Option<Seconds>> {
    if loads.adding.total() > COPIES_MAX {
        return Ok(None);
    }
    let Some(jobs) = Jobs::new(problem, steps, loads, &schedule.waves) else { return Ok(None) };
    let room = Room::new(problem, steps);
    let tries = (WORK_MAX / jobs.into.total().max(1)).min(TRIES_MOST);
    let is_free = steps.len() > fill::MOVED_MOST
        && room.is_none()
        && problem.wave_span.is_none()
        && problem.request.strategy == Strategy::Direct;
    let whole = if is_free && tries > 0 { in_stages(loads, &schedule.waves) } else { None };
    let whole = whole.and_then(|waves| Jobs::new(problem, steps, loads, &waves).map(|jobs| (waves, jobs)));
    // Where waves can be cut anew, that is mostly shorter than another order within those that there are.
    let few_tries = if whole.is_some() { tries.min(CHOICES.len()) } else { tries };
    let played = Try::all(few_tries.max(TRIES_LEAST)).into_par_iter().map(|way| play(&jobs, way, room.clone(), work));
    let played = played.collect::<Result<Vec<_>>>()?.into_iter();
    let best = played.reduce(|best, next| if next.seconds < best.seconds { next } else { best });
    let mut best = best.expect("there is a try");
    let mut waves = arranged(&jobs, &best, &schedule.waves);
    if let Some((whole, jobs)) = whole {
        let fewest = least_waves::of(problem, steps, schedule, loads).waves;
        let few = waves.len();
        let most = few.max(fill::most_waves(fewest) as usize);
        let cost = |waves: &[Wave], played: &Played| {
            let (rolling, one_by_one) = (played.seconds, makespan(waves).get());
            let both = rolling.max(one_by_one) + OTHER_COUNTS * rolling.min(one_by_one);
            if waves.len() > few { both / WORTH_MORE_WAVES } else { both }
        };
        let others =
            Try::all(tries).into_par_iter().map(|way| in_line(problem, steps, loads, (&whole, &jobs), way, work));
        for (other, played) in others.collect::<Result<Vec<_>>>()?.into_iter().flatten() {
            if other.len() <= most && cost(&other, &played) < cost(&waves, &best) {
                (waves, best) = (other, played);
            }
        }
    }
    schedule.waves = waves;
    Ok(Some(Seconds::new(best.seconds)))
}

/// Whether anything is copied in a wave.
fn copies(loads: &Loads, wave: &Wave) -> bool {
    wave.steps.iter().any(|&step| loads.loads[step as usize].adding > 0)
}

/// Each stage that copies as a single wave; nothing where that is what they are.
fn in_stages(loads: &Loads, waves: &[Wave]) -> Option<Vec<Wave>> {
    let mut whole: Vec<Wave> = Vec::new();
    for wave in waves {
        match whole.last_mut().filter(|last| last.stage == wave.stage && copies(loads, wave)) {
            Some(last) => last.steps.extend(&wave.steps),
            None => whole.push(Wave { stage: wave.stage, steps: wave.steps.clone(), time: wave.time }),
        }
    }
    (whole.len() < waves.len()).then_some(whole)
}

/// Waves cut out of the order in which all of a stage, whose steps are one wave, would start, and how these run.
fn in_line(
    problem: &Problem<'_>,
    steps: &Steps,
    loads: &Loads,
    (whole, jobs): (&[Wave], &Jobs),
    way: Try,
    work: &Work,
) -> Result<Option<(Vec<Wave>, Played)>> {
    let played = play(jobs, way, None, work)?;
    let mut waves = Vec::new();
    for wave in arranged(jobs, &played, whole) {
        if !copies(loads, &wave) {
            waves.push(wave);
            continue;
        }
        let Some(cut) = fill::in_line::cut(problem, loads, wave.stage, &wave.steps) else { return Ok(None) };
        waves.extend(cut.into_iter().map(|steps| Wave::new(problem, loads, wave.stage, steps)));
    }
    let Some(jobs) = Jobs::new(problem, steps, loads, &waves) else { return Ok(None) };
    let played = play(&jobs, way, None, work)?;
    Ok(Some((arranged(&jobs, &played, &waves), played)))
}

/// The waves with their steps in the order in which they started.
fn arranged(jobs: &Jobs, played: &Played, waves: &[Wave]) -> Vec<Wave> {
    let mut arranged: Vec<Wave> =
        waves.iter().map(|wave| Wave { stage: wave.stage, steps: Vec::new(), time: wave.time }).collect();
    for &job in &played.order {
        arranged[jobs.wave[job as usize] as usize].steps.push(jobs.step[job as usize]);
    }
    arranged
}
