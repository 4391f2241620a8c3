//! Dates and costs: windows by the clock, what does not fit into them, and what goes between racks.

use std::path::Path;

use serde_json::Value;

use crate::support::files::{empty_dir, put, text};
use crate::support::run::{Answer, kshift, kshift_with, report_of_changed};

const DRAIN: &str = "plan c.json --drain 1000-1005 --throttle 20MB/s";

/// A directory with a cluster of which a drain takes some days.
fn cluster(name: &str) -> std::path::PathBuf {
    let dir = empty_dir(name);
    let options = "example --old 6 --new 6 --partitions 300 --total-tb 6 --sigma 0.5 -o c.json -q";
    kshift(options).in_dir(&dir).run().ok();
    dir
}

fn run(dir: &Path, args: &str, more: &[&str]) -> Answer {
    kshift_with(args.split_whitespace().chain(more.iter().copied())).in_dir(dir).run()
}

fn plan(dir: &Path, more: &[&str]) -> Value {
    let answer = run(dir, &format!("{DRAIN} -q --format plan"), more).ok();
    serde_json::from_str(&answer.stdout).unwrap()
}

fn waves(plan: &Value) -> &[Value] {
    plan["waves"].as_array().unwrap()
}

#[test]
fn waves_run_at_night_and_fit_into_the_night() {
    let dir = cluster("calendar-night");
    let night = ["--window", "22:00-06:00", "--start", "2026-10-23T09:00", "--time-zone", "Europe/Berlin"];
    let found = plan(&dir, &[&night[..], &["--max-wave-duration", "2d"]].concat());
    assert!(waves(&found).len() > 3, "{}", waves(&found).len());
    for wave in waves(&found) {
        for side in ["low", "expected", "high"] {
            let starts = wave["starts_at"][side].as_str().unwrap();
            let hour: u32 = starts[11..13].parse().unwrap();
            assert!(!(6..22).contains(&hour), "{starts}");
        }
        let expected = wave["duration_seconds"]["expected"].as_f64().unwrap();
        assert!(expected <= 8.0 * 3600.0, "{expected}");
        let ends = wave["ends_at"]["expected"].as_str().unwrap();
        assert!(
            ends[11..13].parse::<u32>().unwrap() < 6 || &ends[11..16] >= "22:00" || &ends[11..19] == "06:00:00",
            "{ends}"
        );
    }
    let longest = |plan: &Value| {
        let seconds = waves(plan).iter().map(|wave| wave["duration_seconds"]["expected"].as_f64().unwrap());
        seconds.fold(0.0, f64::max)
    };
    // The nights are used, and it is they that cut the waves.
    assert!(longest(&found) > 7.0 * 3600.0, "{}", longest(&found));
    assert!(longest(&plan(&dir, &["--max-wave-duration", "2d"])) > 12.0 * 3600.0);
    // Summer time ends in the second night: what starts before it and what starts after it have other offsets.
    let whole = found.to_string();
    assert!(whole.contains("+02:00") && whole.contains("+01:00"));
    put(&dir.join("p.json"), &whole);
    run(&dir, "check c.json p.json", &[]).ok();
}

#[test]
fn the_check_notices_any_other_date() {
    let dir = cluster("calendar-check");
    let found = plan(&dir, &["--window", "22:00-06:00,sat,sun 00:00-24:00", "--start", "2026-11-20T09:00:00Z"]);
    put(&dir.join("p.json"), found.to_string());
    run(&dir, "check c.json p.json", &[]).ok();
    let says = |change: &dyn Fn(&mut Value), what: &str| {
        let report = report_of_changed(&dir, &found, change);
        assert!(report.contains("violation[dates]") && report.contains(what), "{report}");
    };
    let noon = || Value::from("2026-11-20T12:00:00Z");
    says(&|plan| plan["waves"][1]["starts_at"]["expected"] = noon(), "starts_at.expected is 2026-11-20T12:00:00Z");
    says(&|plan| plan["waves"][0]["ends_at"]["high"] = noon(), "ends_at.high");
    says(&|plan| plan["summary"]["starts_at"] = noon(), "not those of the first and the last wave");
    says(&|plan| plan["request"]["start"] = Value::from("2027-01-01T00:00:00Z"), "starts_at");
    says(&|plan| plan["request"]["window"] = Value::from(vec!["21:00-06:00"]), "starts_at");
    says(&|plan| plan["request"]["time_zone"] = Value::from("Europe/Berlin"), "starts_at");
    says(
        &|plan| {
            let wave = plan["waves"][0].as_object_mut().unwrap();
            wave.remove("starts_at");
            wave.remove("ends_at");
        },
        "it has no dates",
    );
    says(
        &|plan| {
            let request = plan["request"].as_object_mut().unwrap();
            request.remove("window");
            request.remove("start");
        },
        "none were asked for",
    );
}

#[test]
fn what_fits_into_no_window_is_refused_with_a_rate_that_does() {
    let dir = cluster("calendar-short");
    let start = ["--start", "2026-11-20T09:00"];
    let answer = run(&dir, DRAIN, &[&["--window", "02:00-02:05"], &start[..]].concat())
        .refused(3, "window")
        .says("the longest window is open for 5m 00s")
        .says("a copy that has begun cannot pause");
    let help = answer.stderr.lines().find(|line| line.contains("--throttle ")).expect("a rate is offered");
    let rate = help.split('`').nth(1).unwrap().replace("--throttle ", "");
    let again = DRAIN.replace("20MB/s", &rate);
    run(&dir, &again, &[&["--window", "02:00-02:05"], &start[..]].concat()).ok();
}

#[test]
fn dates_need_a_start_a_rate_and_times_that_there_are() {
    let dir = cluster("calendar-usage");
    run(&dir, DRAIN, &["--time-zone", "UTC"]).refused(2, "usage").says("does not say when it was taken");
    run(&dir, "plan c.json --drain 1000", &["--window", "22:00-06:00"]).refused(2, "usage").says("needs --throttle");
    run(&dir, DRAIN, &["--start", "2026-03-29T02:30", "--time-zone", "Europe/Berlin"])
        .refused(2, "invalid-value")
        .says("does not exist in Europe/Berlin");
    run(&dir, DRAIN, &["--window", "06:00-06:00"]).refused(2, "invalid-value").says("all day is `00:00-24:00`");
    run(&dir, DRAIN, &["--time-zone", "berlin"]).refused(2, "invalid-value").says("did you mean `Europe/Berlin`?");
    // The snapshot's own time is a start.
    let taken = text(&dir.join("c.json")).replacen(
        "\"version\":1,",
        "\"version\":1,\"taken_at\":\"2026-11-20T10:00:00.5Z\",",
        1,
    );
    put(&dir.join("taken.json"), taken);
    let answer = run(&dir, &DRAIN.replace("c.json", "taken.json"), &["--time-zone", "America/New_York"]).ok();
    answer.says("dates     from 2026-11-20 05:00-05:00 to ").says("America/New_York");
}

#[test]
fn copies_between_racks_are_told_in_money() {
    let dir = cluster("calendar-money");
    let found = plan(&dir, &["--price-per-gb", "0.02"]);
    let bytes = found["summary"]["cross_rack_bytes"].as_f64().unwrap();
    let cost = found["summary"]["cross_rack_cost"].as_f64().unwrap();
    assert!((cost - bytes / 1e9 * 0.02).abs() < 1e-9, "{cost}");
    put(&dir.join("p.json"), found.to_string());
    run(&dir, "check c.json p.json", &[]).ok();
    let shown: Value = serde_json::from_str(&run(&dir, "show p.json --waves --json", &[]).ok().stdout).unwrap();
    let each = shown["waves"].as_array().unwrap().iter().map(|wave| wave["cross_rack_cost"].as_f64().unwrap());
    assert!((each.sum::<f64>() - bytes / 1e9 * 0.02).abs() < 1e-6);
    let report = report_of_changed(&dir, &found, &|plan| plan["summary"]["cross_rack_cost"] = Value::from(1.0));
    assert!(report.contains("cross_rack_cost is 1"), "{report}");
    run(&dir, DRAIN, &["--price-per-gb", "0.02"]).ok().says("for what goes between racks, at 0.02 for each GB");
    run(&dir, DRAIN, &["--price-per-gb", "-1"]).refused(2, "invalid-value");
    // Nobody who did not ask finds anything of it in a plan.
    let plain = plan(&dir, &[]).to_string();
    for key in ["cross_rack_cost", "starts_at", "ends_at", "price_per_gb", "time_zone", "\"window\"", "\"start\""] {
        assert!(!plain.contains(key), "{key}");
    }
}

#[test]
fn the_runbook_says_when_each_wave_should_be_done() {
    let dir = cluster("calendar-runbook");
    let options = ["--window", "22:00-06:00", "--start", "2026-11-20T09:00", "--price-per-gb", "0.01", "--out", "p"];
    run(&dir, DRAIN, &options).ok();
    let runbook = text(&dir.join("p/runbook.md"));
    assert!(runbook.contains("| Dates | starts 2026-11-20 22:00Z, should be done by 2026-11-21 0"), "{runbook}");
    assert!(runbook.contains("in which its expected time is left: 22:00-06:00 |"), "{runbook}");
    assert!(runbook.contains("between racks, at 0.01 for each GB |"), "{runbook}");
    run(&dir, "check c.json p", &[]).ok();
    let table = run(&dir, "show p --waves", &[]).ok().stdout;
    assert!(table.contains("STARTS") && table.contains("2026-11-20 22:00Z") && table.contains("COST"), "{table}");
}
