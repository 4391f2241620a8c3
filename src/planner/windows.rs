//! Waves that fit into windows, and the dates at which they run.
//!
//! What a wave is expected to take depends on more than the throttle, and on the waves before it. So waves are cut by a
//! share of the rates, forecast, and cut anew by a smaller share while one is too long for the longest window; in the
//! end each wave copies one step alone, and what does not fit then fits nowhere.

use super::forecast;
use crate::base::error::{Code, Error, Result};
use crate::base::text::{counted, either};
use crate::base::units::Seconds;
use crate::base::work::Work;
use crate::calendar::{self, Calendar};
use crate::plan::Estimate;
use crate::problem::{Problem, Span};
use crate::route::Steps;
use crate::schedule::{self, Loads, Schedule};

/// Cuts after which each wave copies one step alone.
const CUTS_MAX: usize = 12;
/// So much shorter than asked a wave is made, because its forecast is no plain sum.
const MARGIN: f64 = 0.98;

/// The schedule, cut anew where waves do not fit into the longest window.
///
/// # Errors
/// [`Code::Window`] when a step alone fits into none.
pub fn fit(
    problem: &mut Problem<'_>,
    steps: &Steps,
    first: (Schedule, Loads),
    work: &Work,
) -> Result<(Schedule, Loads)> {
    let (mut schedule, mut loads) = first;
    for cut in 0.. {
        let Some(span) = problem.wave_span else { break };
        let forecasts = forecasts(problem, steps, &schedule, &loads);
        let longest = problem.request.window.longest().map_or(f64::INFINITY, |minutes| f64::from(minutes) * 60.0);
        let mut alone = Vec::new();
        let mut over: f64 = 1.0;
        for (wave, forecast) in schedule.waves.iter().zip(&forecasts) {
            let takes = forecast.expected.get();
            if takes.ceil() > longest {
                let copying = wave.steps.iter().copied().filter(|&step| loads.loads[step as usize].adding > 0);
                let copying: Vec<u32> = copying.collect();
                match copying[..] {
                    [step] => alone.push((step, takes)),
                    _ => over = over.max(takes / longest),
                }
            }
        }
        if !alone.is_empty() {
            return Err(refusal(problem, &loads, &alone, longest));
        }
        if over <= 1.0 {
            break;
        }
        let share = if cut < CUTS_MAX { span.share / over * MARGIN } else { 0.0 };
        problem.wave_span = Some(Span { share, ..span });
        (schedule, loads) = schedule::schedule(problem, steps, work)?;
    }
    Ok((schedule, loads))
}

/// When the waves run, where that was asked for.
///
/// # Errors
/// As [`calendar::of`].
pub fn dates(problem: &Problem<'_>, steps: &Steps, schedule: &Schedule, loads: &Loads) -> Result<Option<Calendar>> {
    if problem.request.start.is_none() {
        return Ok(None);
    }
    calendar::of(problem.request, &forecasts(problem, steps, schedule, loads))
}

/// What is expected of each wave; nothing without a throttle.
fn forecasts(problem: &Problem<'_>, steps: &Steps, schedule: &Schedule, loads: &Loads) -> Vec<Estimate> {
    forecast::of(problem, steps, schedule, loads).into_iter().map(|forecast| forecast.duration).collect()
}

/// A copy that has begun cannot pause, so what takes longer than any window is refused.
fn refusal(problem: &Problem<'_>, loads: &Loads, alone: &[(u32, f64)], longest: f64) -> Error {
    let most = |a: &&(u32, f64), b: &&(u32, f64)| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0));
    let &(worst, seconds) = alone.iter().max_by(most).expect("some step is too long");
    let load = &loads.loads[worst as usize];
    let name = problem.cluster.name_of(load.partition);
    let rates = problem.rates.as_ref().expect("there is a throttle");
    let followers = loads.adding.get(worst as usize).iter().map(|&broker| rates.follower[broker]);
    let rate = followers.fold(rates.leader[load.leader], f64::max);
    let mut topics: Vec<_> =
        alone.iter().map(|entry| problem.cluster.topic_of(loads.loads[entry.0 as usize].partition)).collect();
    topics.sort_unstable();
    topics.dedup();
    let topics: Vec<&str> = topics
        .into_iter()
        .map(|topic| problem.cluster.snapshot.topics[crate::base::index::Ix::get(topic)].name.as_str())
        .collect();
    // To the next minute, in which windows are given.
    let least = Seconds::new((seconds / 60.0).ceil() * 60.0);
    let (what, takes) = (counted(alone.len(), "partition"), either(alone.len(), "takes", "take"));
    Error::new(Code::Window, format!("{what} alone {takes} longer than any window is open"))
        .note(format!(
            "`{name}` copies {} for about {}, the longest window is open for {}",
            counted(load.adding, "replica"),
            Seconds::new(seconds),
            Seconds::new(longest)
        ))
        .note("a copy that has begun cannot pause, so it may not begin where it does not fit")
        .detail("kind", "impossible")
        .detail("partition", name)
        .detail("least_bytes_per_sec", (rate * seconds / longest).ceil() as u64)
        .detail("least_window_seconds", least.get())
        .detail("topics", topics)
        .help(format!("a window that is open for {least} would hold it at this rate"))
}
