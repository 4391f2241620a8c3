//! `dates`: waves run one after the other, each in a window into which its expected forecast fits.

use super::super::Violation;
use super::super::calendar::Clock;
use super::super::case::Case;
use crate::base::zone::{Moment, Zone};
use crate::plan::{Dates, Wave, WaveDates};

const RULE: &str = "dates";

pub(super) fn judge(case: &Case, found: &mut Vec<Violation>) {
    let (request, summary) = (&case.plan.request, &case.plan.summary);
    let waves = &case.plan.waves;
    let dates = |wave: Option<&Wave>| wave.and_then(|wave| wave.dates);
    let bounds =
        (dates(waves.first()).map(|dates| dates.starts_at.expected), dates(waves.last()).map(|dates| dates.ends_at));
    if (summary.starts_at, summary.ends_at) != bounds {
        let message = "starts_at and ends_at are not those of the first and the last wave";
        found.push(Violation::new(RULE, message).place("plan.json at summary"));
    }
    let asks = !request.window.is_empty() || request.time_zone.is_some() || request.start.is_some();
    let start = request.start.filter(|_| case.rates.is_some());
    let (true, Some(start)) = (asks, start) else {
        if asks {
            let message = "dates are asked for, and there is no throttle or no start";
            found.push(Violation::new(RULE, message).place("plan.json at request"));
        }
        for wave in (0..waves.len()).filter(|&wave| waves[wave].dates.is_some()) {
            found.push(case.wave_violation(RULE, wave, "it has dates, and none were asked for"));
        }
        return;
    };
    let zone = request.zone();
    let clock = Clock::new(&zone, &request.window);
    let mut free = [start.seconds(); 3];
    for (wave, paper) in waves.iter().enumerate() {
        let Some(forecast) = paper.duration_seconds else { continue };
        let takes = [forecast.low, forecast.expected, forecast.high].map(|seconds| seconds.get().ceil() as i64);
        let starts = free.map(|free| clock.start(free, takes[1]));
        let [Some(low), Some(expected), Some(high)] = starts else {
            found.push(case.wave_violation(RULE, wave, "it fits into no window"));
            return;
        };
        let starts = [low, expected, high];
        free = [0, 1, 2].map(|side| starts[side].saturating_add(takes[side]));
        let expected = WaveDates { starts_at: shown(&zone, starts), ends_at: shown(&zone, free) };
        if paper.dates != Some(expected) {
            let message = match paper.dates {
                None => "it has no dates".to_owned(),
                Some(given) => difference(&given, &expected),
            };
            found.push(case.wave_violation(RULE, wave, message));
        }
    }
}

fn shown(zone: &Zone, [low, expected, high]: [i64; 3]) -> Dates {
    Dates { low: zone.moment(low), expected: zone.moment(expected), high: zone.moment(high) }
}

/// The first date that is another one.
fn difference(given: &WaveDates, expected: &WaveDates) -> String {
    let all = |dates: &WaveDates| -> Vec<(&'static str, Moment)> {
        let [starts, ends] = [dates.starts_at, dates.ends_at];
        vec![
            ("starts_at.low", starts.low),
            ("starts_at.expected", starts.expected),
            ("starts_at.high", starts.high),
            ("ends_at.low", ends.low),
            ("ends_at.expected", ends.expected),
            ("ends_at.high", ends.high),
        ]
    };
    let pairs = all(given).into_iter().zip(all(expected));
    let other = pairs.into_iter().find(|(given, expected)| given != expected);
    other.map_or(String::new(), |((key, given), (_, expected))| format!("{key} is {given}, expected {expected}"))
}
