//! `copy-time`: copy times and bottlenecks follow from the definitions. `duration`: forecasts make sense.

use super::super::Violation;
use super::super::case::{Case, is_close};
use crate::base::units::Seconds;
use crate::plan::{Estimate, Wave};
use crate::replay::WaveTime;

pub(super) fn judge(case: &Case, found: &mut Vec<Violation>) {
    for (wave, time) in case.times.iter().enumerate() {
        let given = &case.plan.waves[wave];
        if let Some(message) = copy_fault(case, given, time) {
            found.push(case.wave_violation("copy-time", wave, message));
        }
        if let Some(message) = duration_fault(case, given, time) {
            found.push(case.wave_violation("duration", wave, message));
        }
    }
}

fn copy_fault(case: &Case, wave: &Wave, time: &WaveTime) -> Option<String> {
    let Some(rates) = &case.rates else {
        let is_timed = wave.copy_seconds.is_some() || wave.bottleneck.is_some();
        return is_timed.then(|| "it has a copy time or a bottleneck, and no throttle was given".into());
    };
    let seconds = time.seconds(rates);
    // A wave that never ends is named by the rule on throttles.
    if seconds.is_infinite() {
        return None;
    }
    if !wave.copy_seconds.is_some_and(|given| is_close(given.get(), seconds)) {
        let given = wave.copy_seconds.map_or("null".to_owned(), |given| given.get().to_string());
        return Some(format!("copy_seconds is {given}, expected {seconds}"));
    }
    let Some(given) = wave.bottleneck else {
        return (seconds > 0.0).then(|| "it copies, and has no bottleneck".into());
    };
    let is_named =
        |load: &&crate::replay::time::Load| case.world.id(load.broker) == given.broker && load.side == given.side;
    let named = time.loads.iter().find(is_named).and_then(|load| load.seconds(rates));
    (!named.is_some_and(|named| is_close(named, seconds))).then(|| {
        let named = named.map_or("nothing".to_owned(), |named| Seconds::new(named).to_string());
        let side = given.side.as_str();
        format!("bottleneck is broker {} as {side}, which takes {named} of {}", given.broker, Seconds::new(seconds))
    })
}

fn duration_fault(case: &Case, wave: &Wave, time: &WaveTime) -> Option<String> {
    match (&case.rates, wave.duration_seconds) {
        (None, None) => None,
        (None, Some(_)) => Some("it has a forecast, and no throttle was given".into()),
        (Some(_), None) => Some("it has no forecast".into()),
        (Some(_), Some(forecast)) => {
            let copies = time.loads.iter().any(|load| load.bytes > 0.0);
            forecast_fault(forecast, copies)
        }
    }
}

/// What is wrong with a forecast in itself.
fn forecast_fault(forecast: Estimate, copies: bool) -> Option<String> {
    let Estimate { low, expected, high } = forecast;
    let all = [low.get(), expected.get(), high.get()];
    let is_sound = all.iter().all(|seconds| seconds.is_finite() && *seconds >= 0.0 && (!copies || *seconds > 0.0));
    let is_ordered = all[0] <= all[1] && all[1] <= all[2];
    (!is_sound || !is_ordered)
        .then(|| format!("duration_seconds is {}, {}, {}; expected positive, low to high", all[0], all[1], all[2]))
}
