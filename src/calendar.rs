//! Dates: when each wave runs, one after the other, and only while a window is open.
//!
//! An instant lies in a window when the clocks of the zone then show a time within it. So where clocks are put
//! forward a window is shorter, where they are put back longer, or it opens twice; windows that touch are one.
//! A wave starts as soon as the one before has ended and its expected forecast fits into what is left of the window.
//!
//! **The method.** Between two changes of its clocks a zone is a constant away from UTC, so there every window of the
//! week is an interval of UTC. These are walked in order, and those that touch are joined.

use crate::base::error::{Code, Error, Place, Result};
use crate::base::text::{counted, either, grouped};
use crate::base::units::Seconds;
use crate::base::windows::{WEEK, Windows};
use crate::base::zone::{Moment, Zone};
use crate::plan::{Dates, Estimate, Warning, WaveDates};
use crate::request::Request;
use crate::snapshot::Snapshot;

/// Seconds of a week.
const WEEK_SECONDS: i64 = WEEK as i64 * 60;
/// The Monday before 1970, in seconds of the same clock.
const FIRST_MONDAY: i64 = -3 * 86_400;
/// Further than this no window is looked for: every one of them comes each week, but for changes of clocks.
const HORIZON: i64 = 800 * 86_400;

/// The request with the start of its first wave named, where dates are asked for.
///
/// # Errors
/// [`Code::Usage`] when neither the request nor the snapshot names one.
pub fn settle_start(snapshot: &Snapshot, request: &Request) -> Result<Option<Moment>> {
    if !request.has_dates() {
        return Ok(None);
    }
    let zone = request.zone();
    if let Some(start) = request.start {
        return Ok(Some(zone.moment(start.seconds())));
    }
    let missing = |what: String| {
        Err(Error::new(Code::Usage, what)
            .at(Place::source("--start"))
            .help("name when the first wave may start, such as `--start 2026-11-20T22:00`; no clock is read"))
    };
    match snapshot.taken_at.as_deref() {
        None => missing("dates need --start: the snapshot does not say when it was taken".to_owned()),
        Some(text) => match Moment::parse(text) {
            Ok(taken) => Ok(Some(zone.moment(taken.seconds()))),
            Err(_) => {
                missing(format!("dates need --start: `taken_at` of the snapshot is `{text}`, which is no timestamp"))
            }
        },
    }
}

/// The dates of waves that take so long, and by how much the last of each wave may run over its window.
pub struct Calendar {
    /// One entry for each wave.
    pub waves: Vec<WaveDates>,
    /// Waves that start as expected and take as long as they may end after their window: their number from 0, and by
    /// how many seconds.
    pub over: Vec<(usize, Seconds)>,
}

/// When waves run that take so long; `request` has its start named.
///
/// # Errors
/// [`Code::Usage`] when the last one ends after the year 9999.
pub fn of(request: &Request, durations: &[Estimate]) -> Result<Option<Calendar>> {
    let Some(start) = request.start else { return Ok(None) };
    let zone = request.zone();
    let weekly = weekly(&request.window);
    let mut calendar = Calendar { waves: Vec::with_capacity(durations.len()), over: Vec::new() };
    let mut ends = [start.seconds(); 3];
    for (wave, duration) in durations.iter().enumerate() {
        let takes = [duration.low, duration.expected, duration.high].map(whole);
        let mut starts = ends;
        for side in 0..3 {
            let (begins, closes) = opening(&zone, &weekly, ends[side], takes[1]).ok_or_else(too_late)?;
            (starts[side], ends[side]) = (begins, begins.saturating_add(takes[side]));
            let over = begins.saturating_add(takes[2]) - closes;
            if side == 1 && over > 0 {
                calendar.over.push((wave, Seconds::new(over as f64)));
            }
        }
        if ends[2] > Moment::LAST_SECONDS {
            return Err(too_late());
        }
        let dates = |[low, expected, high]: [i64; 3]| Dates {
            low: zone.moment(low),
            expected: zone.moment(expected),
            high: zone.moment(high),
        };
        calendar.waves.push(WaveDates { starts_at: dates(starts), ends_at: dates(ends) });
    }
    Ok(Some(calendar))
}

impl Calendar {
    /// That waves may still run when their windows have closed.
    pub fn warning(&self) -> Option<Warning> {
        const NAMED: usize = 3;
        let named: Vec<String> =
            self.over.iter().take(NAMED).map(|(wave, by)| format!("wave {} by up to {by}", wave + 1)).collect();
        let more = match self.over.len() - named.len() {
            0 => String::new(),
            more => format!(" and {} more", grouped(more as u64)),
        };
        let message = format!(
            "{} {} into a window as expected, and may still run when it has closed if it takes as long as it may: {}{more}; \
             a copy that has begun cannot pause, only be slowed down",
            counted(self.over.len(), "wave"),
            either(self.over.len(), "fits", "fit"),
            named.join(", "),
        );
        (!self.over.is_empty()).then(|| Warning::new("over-window", message))
    }
}

fn too_late() -> Error {
    Error::new(Code::Usage, "the last wave would end after the year 9999")
        .at(Place::source("--start"))
        .help("start earlier, throttle less, or open windows for longer")
}

/// Seconds as dates count them.
fn whole(seconds: Seconds) -> i64 {
    seconds.get().ceil() as i64
}

/// The windows of a week as intervals of seconds, apart from each other and within the week.
fn weekly(windows: &Windows) -> Vec<(i64, i64)> {
    let mut pieces = Vec::new();
    for (from, minutes) in windows.openings() {
        let (from, to) = (i64::from(from) * 60, i64::from(from + minutes) * 60);
        pieces.push((from, to.min(WEEK_SECONDS)));
        if to > WEEK_SECONDS {
            pieces.push((0, to - WEEK_SECONDS));
        }
    }
    pieces.sort_unstable();
    let mut joined: Vec<(i64, i64)> = Vec::new();
    for (from, to) in pieces {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    joined
}

fn is_always(weekly: &[(i64, i64)]) -> bool {
    weekly.is_empty() || weekly == [(0, WEEK_SECONDS)]
}

/// The earliest second from `earliest` on at which a window has `seconds` left, and when that window closes.
fn opening(zone: &Zone, weekly: &[(i64, i64)], earliest: i64, seconds: i64) -> Option<(i64, i64)> {
    if is_always(weekly) {
        return Some((earliest, i64::MAX));
    }
    let fits = |(opens, closes): (i64, i64)| closes - opens >= seconds.max(1);
    let last = earliest.saturating_add(HORIZON).min(Moment::LAST_SECONDS);
    let mut open: Option<(i64, i64)> = None;
    let mut begins = earliest;
    while begins < last {
        let ends = zone.next_change(begins).unwrap_or(last).min(last);
        let ahead = zone.offset_at(begins);
        let mut monday = begins + ahead - (begins + ahead - FIRST_MONDAY).rem_euclid(WEEK_SECONDS) - ahead;
        while monday < ends {
            for &(from, to) in weekly {
                let (opens, closes) = ((monday + from).max(begins), (monday + to).min(ends));
                if opens >= closes {
                    continue;
                }
                match &mut open {
                    Some(open) if open.1 == opens => open.1 = closes,
                    Some(before) if fits(*before) => return Some(*before),
                    _ => open = Some((opens, closes)),
                }
            }
            monday += WEEK_SECONDS;
        }
        begins = ends;
    }
    open.filter(|open| fits(*open))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Start and close of the window in which a wave of so many hours runs.
    fn fits(windows: &str, zone: &str, from: &str, hours: f64) -> (String, String) {
        let zone = Zone::parse(zone).unwrap();
        let earliest = zone.read(from).unwrap().seconds();
        let weekly = weekly(&Windows::parse(windows).unwrap());
        let (opens, closes) = opening(&zone, &weekly, earliest, (hours * 3600.0) as i64).unwrap();
        (zone.moment(opens).to_string(), zone.moment(closes).to_string())
    }

    #[track_caller]
    fn assert_fits(windows: &str, zone: &str, from: &str, hours: f64, expected: [&str; 2]) {
        let (opens, closes) = fits(windows, zone, from, hours);
        assert_eq!([opens.as_str(), closes.as_str()], expected, "{windows} {zone} {from} {hours}");
    }

    #[test]
    fn a_wave_waits_for_a_window_that_is_open_long_enough() {
        let night = "22:00-06:00";
        // A Friday at noon: the window opens in the evening and closes after midnight.
        assert_fits(night, "UTC", "2026-11-20T12:00", 8.0, ["2026-11-20T22:00:00Z", "2026-11-21T06:00:00Z"]);
        // At 01:00 five hours are left: enough for five, not for more.
        assert_fits(night, "UTC", "2026-11-21T01:00", 5.0, ["2026-11-21T01:00:00Z", "2026-11-21T06:00:00Z"]);
        assert_fits(night, "UTC", "2026-11-21T01:00", 5.01, ["2026-11-21T22:00:00Z", "2026-11-22T06:00:00Z"]);
        // At the second at which it closes it is closed.
        assert_fits(night, "UTC", "2026-11-21T06:00", 0.0, ["2026-11-21T22:00:00Z", "2026-11-22T06:00:00Z"]);
    }

    #[test]
    fn windows_that_touch_are_one_also_over_the_end_of_the_week() {
        let weekend = "sat,sun 00:00-24:00,fri 22:00-24:00,mon 00:00-01:00";
        assert_fits(weekend, "UTC", "2026-11-18T00:00", 51.0, ["2026-11-20T22:00:00Z", "2026-11-23T01:00:00Z"]);
    }

    #[test]
    fn nights_in_which_clocks_change_are_an_hour_shorter_or_longer() {
        for (zone, spring, autumn) in [
            ("Europe/Berlin", ["2026-03-28T22:00:00+01:00", "2026-03-29T06:00:00+02:00"], "2026-10-24"),
            ("America/New_York", ["2026-03-07T22:00:00-05:00", "2026-03-08T06:00:00-04:00"], "2026-10-31"),
        ] {
            // Seven hours fit into the short night, eight wait for the next one.
            assert_fits("22:00-06:00", zone, &spring[0][..16], 7.0, spring);
            let (next, _) = fits("22:00-06:00", zone, &spring[0][..16], 8.0);
            assert_eq!(next[11..19], spring[0][11..19]);
            assert_ne!(next[..10], spring[0][..10]);
            let (opens, _) = fits("22:00-06:00", zone, &format!("{autumn}T12:00"), 9.0);
            assert_eq!(opens[..16], format!("{autumn}T22:00"));
        }
    }

    #[test]
    fn a_window_in_the_hour_that_is_left_out_is_not_there_that_night() {
        let gap = "02:15-02:45";
        assert_fits(
            gap,
            "Europe/Berlin",
            "2026-03-29T00:00",
            0.1,
            ["2026-03-30T02:15:00+02:00", "2026-03-30T02:45:00+02:00"],
        );
        // One that begins in it opens when the clocks have been put forward.
        assert_fits(
            "02:30-05:00",
            "Europe/Berlin",
            "2026-03-29T00:00",
            2.0,
            ["2026-03-29T03:00:00+02:00", "2026-03-29T05:00:00+02:00"],
        );
        assert_fits(
            "01:00-02:30",
            "America/New_York",
            "2026-03-08T00:00",
            1.0,
            ["2026-03-08T01:00:00-05:00", "2026-03-08T03:00:00-04:00"],
        );
    }

    #[test]
    fn a_window_in_the_hour_that_comes_twice_opens_twice() {
        let fold = "02:15-02:45";
        let zone = "Europe/Berlin";
        assert_fits(fold, zone, "2026-10-25T00:00", 0.5, ["2026-10-25T02:15:00+02:00", "2026-10-25T02:45:00+02:00"]);
        assert_fits(
            fold,
            zone,
            "2026-10-25T02:45:00+02:00",
            0.5,
            ["2026-10-25T02:15:00+01:00", "2026-10-25T02:45:00+01:00"],
        );
        // Who looks at the clock never finds a wave outside of its window.
        assert_fits(
            "02:30-06:00",
            zone,
            "2026-10-25T00:00",
            0.5,
            [
                "2026-10-25T02:30:00+02:00",
                "2026-10-25T03:00:00+02:00".replace("03:00:00+02:00", "02:00:00+01:00").as_str(),
            ],
        );
        assert_fits(
            "02:30-06:00",
            zone,
            "2026-10-25T00:00",
            3.5,
            ["2026-10-25T02:30:00+01:00", "2026-10-25T06:00:00+01:00"],
        );
    }

    #[test]
    fn waves_run_one_after_the_other_and_each_side_of_the_forecast_has_its_dates() {
        let hours = |hours: f64| Seconds::new(hours * 3600.0);
        let wave = Estimate { low: hours(2.0), expected: hours(3.0), high: hours(4.0) };
        let start = Zone::UTC.read("2026-11-20T12:00").unwrap();
        let windows = Windows::parse("22:00-06:00").unwrap();
        let request = Request { window: windows, start: Some(start), ..Request::default() };
        let calendar = of(&request, &[wave; 3]).unwrap().unwrap();
        let shown = |dates: &Dates| [dates.low, dates.expected, dates.high].map(|date| date.short()[8..16].to_owned());
        let all: Vec<_> = calendar.waves.iter().map(|wave| (shown(&wave.starts_at), shown(&wave.ends_at))).collect();
        let row = |dates: [&str; 3]| dates.map(str::to_owned);
        assert_eq!(
            all,
            [
                (row(["20 22:00", "20 22:00", "20 22:00"]), row(["21 00:00", "21 01:00", "21 02:00"])),
                // Four hours of the night are left even if the first wave takes long.
                (row(["21 00:00", "21 01:00", "21 02:00"]), row(["21 02:00", "21 04:00", "21 06:00"])),
                (row(["21 02:00", "21 22:00", "21 22:00"]), row(["21 04:00", "22 01:00", "22 02:00"])),
            ]
        );
        assert_eq!(calendar.over, []);
        let long = Estimate { high: hours(9.0), ..wave };
        assert_eq!(of(&request, &[long]).unwrap().unwrap().over, [(0, hours(1.0))]);
        let forever = Estimate { high: Seconds::new(1e300), ..wave };
        assert_eq!(of(&request, &[forever]).err().unwrap().code(), Code::Usage);
    }
}
