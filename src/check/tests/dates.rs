//! Dates of waves: what the planner finds by intervals is what the check finds minute by minute.

use crate::base::random::Random;
use crate::base::units::Seconds;
use crate::base::windows::Windows;
use crate::base::zone::Zone;
use crate::calendar;
use crate::check::calendar::Clock;
use crate::plan::Estimate;
use crate::request::Request;

const ZONES: [&str; 6] =
    ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo"];

/// One to three windows; many touch midnight, the end of the week, or the hours at which clocks change.
fn windows(random: &mut Random) -> Windows {
    let hours =
        ["22:00-06:00", "00:00-24:00", "01:30-02:30", "02:00-03:00", "02:10-02:40", "23:59-00:01", "12:00-11:00"];
    let days = ["", "sat,sun ", "sun ", "mon-fri ", "fri-mon ", "wed "];
    let mut pick = |from: &[&'static str]| random.choose(from);
    let texts: Vec<String> = (0..3).map(|_| format!("{}{}", pick(&days), pick(&hours))).collect();
    let one = |text: &String| Windows::parse(text).unwrap();
    texts.iter().map(one).fold(Windows::default(), Windows::and)
}

#[test]
fn two_ways_of_finding_windows_agree_over_every_change_of_clocks() {
    // The days around which clocks change in these zones, and a day that is like any other.
    let days = [
        "2026-03-28",
        "2026-10-24",
        "2026-03-07",
        "2026-10-31",
        "2026-04-04",
        "2026-10-03",
        "2018-11-03",
        "2026-11-20",
    ];
    let mut waits = 0;
    for seed in 0..600 {
        let mut random = Random::new(seed);
        let windows = windows(&mut random);
        let zone = Zone::parse(ZONES[seed as usize % ZONES.len()]).unwrap();
        let day = random.choose(&days);
        let start = Zone::UTC.read(&format!("{day}T00:00")).unwrap().seconds() + random.below(60 * 86_400) as i64 / 20;
        let longest = windows.longest().map_or(864_000, |minutes| minutes as usize * 60);
        let mut wave = || {
            let expected = random.below(longest + 1) as f64;
            Estimate {
                low: Seconds::new(expected * 0.9),
                expected: Seconds::new(expected),
                high: Seconds::new(expected * 1.3),
            }
        };
        let waves: Vec<Estimate> = (0..6).map(|_| wave()).collect();
        let request = Request {
            window: windows.clone(),
            start: Some(zone.moment(start)),
            time_zone: Some(zone.clone()),
            ..Request::default()
        };
        let dates = calendar::of(&request, &waves).unwrap().unwrap().waves;
        let clock = Clock::new(&zone, &windows);
        let mut free = start;
        for (wave, dates) in waves.iter().zip(&dates) {
            let takes = wave.expected.get().ceil() as i64;
            let begins = clock.start(free, takes).unwrap();
            assert_eq!(dates.starts_at.expected, zone.moment(begins), "seed {seed}: {windows} {}", zone.name());
            assert!(dates.starts_at.low.seconds() <= begins && begins <= dates.starts_at.high.seconds());
            waits += u32::from(begins > free);
            free = begins + takes;
            assert_eq!(dates.ends_at.expected, zone.moment(free));
        }
    }
    assert!(waits > 1_000, "windows are waited for: {waits}");
}
