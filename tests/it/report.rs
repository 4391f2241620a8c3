//! `report.html`: one page for every kind of plan, of the size of the cluster, the same bytes every time.
//!
//! The structure is read here as text; tests/browser opens pages in a real browser.

use std::collections::BTreeSet;
use std::path::Path;

use kshift::base::ids::IdSet;
use kshift::base::units::BytesPerSec;
use kshift::base::work::Work;
use kshift::emit::report::report;
use kshift::example::{Options, cluster};
use kshift::plan::Plan;
use kshift::request::Request;

use crate::support::files::{empty_dir, put, text};
use crate::support::run::{in_examples, kshift, kshift_with};

/// The plan of a whole drain of a synthetic cluster.
fn drained(old: u32, partitions: u32, total_tb: f64) -> Plan {
    let options = Options { old, new: old, partitions, total_tb, ..Options::default() };
    let snapshot = cluster(&options).unwrap();
    let request = Request {
        drain: IdSet::parse(&format!("1000-{}", 999 + old)).unwrap(),
        throttle: Some(BytesPerSec::new(50_000_000)),
        canary: 5,
        ..Request::default()
    };
    kshift::plan(&snapshot, &request, &Work::new()).unwrap()
}

/// What stands between `before` and the next `after`, wherever that is.
fn all_between<'a>(page: &'a str, before: &str, after: char) -> Vec<&'a str> {
    page.split(before).skip(1).filter_map(|rest| rest.split(after).next()).collect()
}

/// Faults of a page that a reader of its text can see: ids that are there twice, links that lead nowhere, headings that
/// skip a level, tables without a caption or with a head that heads nothing, figures that are not told.
fn faults(page: &str) -> Vec<String> {
    let body = page.split_once("<body>").expect("there is a body").1;
    let body = body.split_once("<script type=application/json").expect("there are data").0;
    let mut faults = Vec::new();
    let mut ids = BTreeSet::new();
    for id in all_between(body, " id=", '>').into_iter().filter_map(|rest| rest.split(' ').next()) {
        if !ids.insert(id) {
            faults.push(format!("id `{id}` is there twice"));
        }
    }
    let labels = all_between(body, "aria-labelledby=", '>').into_iter().filter_map(|rest| rest.split(' ').next());
    for link in all_between(body, "href=#", '>').into_iter().chain(labels) {
        if !ids.contains(link) {
            faults.push(format!("`{link}` leads nowhere"));
        }
    }
    let mut last = 0;
    for level in body.split("<h").skip(1).filter_map(|tag| tag.chars().next()?.to_digit(10)) {
        if level > last + 1 {
            faults.push(format!("a heading of level {level} follows one of level {last}"));
        }
        last = level;
    }
    for table in all_between(body, "<table", '\u{0}').iter().filter_map(|rest| rest.split("</table>").next()) {
        if !table.contains("<caption") {
            faults.push(format!("a table has no caption: {}", &table[..table.len().min(80)]));
        }
        for head in all_between(table, "<th", '>').into_iter().filter(|head| *head != "ead") {
            if !head.contains("scope=") {
                faults.push(format!("a head has no scope: {head}"));
            }
        }
    }
    for word in ["NaN", "inf ", ">inf", "-0 ", "{{", "}}", "Some(", "None<"] {
        if body.contains(word) {
            faults.push(format!("the page says `{word}`"));
        }
    }
    faults
}

#[track_caller]
fn sound(page: &str) {
    let faults = faults(page);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_page_is_small_for_twelve_brokers_and_usable_for_five_hundred() {
    let small = report(&drained(12, 2_000, 20.0));
    assert!(small.len() < 500_000, "{}", small.len());
    sound(std::str::from_utf8(&small).unwrap());
    let plan = drained(500, 100_000, 900.0);
    let large = report(&plan);
    assert!(large.len() < 5_000_000, "{}", large.len());
    let text = std::str::from_utf8(&large).unwrap();
    sound(text);
    // All that is shown stands before the data, so that it is there while these still come in.
    let shown = text.split("<script type=application/json").next().unwrap();
    assert!(shown.len() < 1_500_000, "{}", shown.len());
    for broker in ["499", "1499"] {
        assert!(shown.contains(&format!("<th scope=row>{broker}<td>")), "broker {broker} has a row");
    }
}

#[test]
fn the_same_plan_gives_the_same_bytes_on_any_number_of_threads() {
    let plan = drained(12, 2_000, 20.0);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| report(&plan))
    };
    let one = on(1);
    assert!(one == on(4) && one == report(&plan));
}

/// A small cluster with old brokers 1000-1005 and new ones 0-5.
fn six(name: &str, options: &str) -> std::path::PathBuf {
    let dir = empty_dir(name);
    let example = format!("example --old 6 --new 6 --partitions 300 --total-tb 6 --sigma 0.5 {options} -o c.json -q");
    kshift(&example).in_dir(&dir).run().ok();
    dir
}

fn planned(dir: &Path, options: &str) -> String {
    let name = format!("p{}", options.len());
    let _ = std::fs::remove_dir_all(dir.join(&name));
    kshift(&format!("plan c.json {options} --out {name} -q")).in_dir(dir).run().ok();
    let page = text(&dir.join(&name).join("report.html"));
    sound(&page);
    page
}

#[test]
fn every_kind_of_plan_has_a_page_of_its_own() {
    let dir = six("report-kinds", "");
    let says = |options: &str, words: &[&str]| {
        let page = planned(&dir, options);
        for word in words {
            assert!(page.contains(word), "{options}: {word}");
        }
        page
    };
    let page = says("--drain 1000-1005", &["Without a throttle there are no times", "The waves by how much they copy"]);
    assert!(!page.contains("Starts after") && !page.contains("Held up by"));
    let page = says("--drain 1000 --leaders-only", &["Who hands leadership to whom", "nothing is copied"]);
    assert!(!page.contains("id=rack-matrix") && !page.contains("Disk of each broker that receives"));
    says("--drain 1000-1001 --replicas-only --throttle 50MB/s", &["move followers off", "id=rack-matrix"]);
    says("--drain 3 --throttle 50MB/s", &["Nothing has to move", "There is nothing to run"]);
    says(
        "--drain 1000-1005 --throttle 50MB/s --strategy two-stage --balance-sources --canary 2",
        &["class=\"s sources\"", "class=\"s add\"", "class=\"s lead\"", "class=\"s remove\""],
    );
    says("--drain 1000-1005 --throttle 50MB/s --ignore-disk", &["no limit"]);
    says("--drain 1000-1005 --throttle 50MB/s --growth --prefer time", &["growth of moved partitions"]);
    let calendar = "--window 22:00-06:00 --start 2026-10-23T09:00 --time-zone Europe/Berlin --price-per-gb 0.02";
    says(
        &format!("--drain 1000-1005 --throttle 20MB/s --max-wave-duration 2d {calendar}"),
        &["Timeline of the waves by date", "2026-10-23 22:00", "Europe/Berlin", "Done by", "That costs"],
    );
    let page = says("--drain 1000-1005 --throttle 50MB/s --max-moves 5", &["class=\"scroll tall\""]);
    assert!(page.len() < 500_000, "{}", page.len());
}

#[test]
fn log_dirs_have_their_own_lines() {
    let dir = six("report-dirs", "--dirs 3");
    let page = planned(&dir, "--drain 1000-1005 --throttle 50MB/s");
    assert!(page.contains("disk figures are of the fullest log dir") && page.contains("<small>/kafka/d2</small>"));
    let page = planned(&dir, "--drain-dir 1000:/kafka/d0 --throttle 50MB/s --disk-limit 95%");
    assert!(page.contains("What moves between the log dirs") && page.contains("between its log dirs"));
    assert!(!page.contains("id=flow"));
}

#[test]
fn what_is_not_known_is_left_out_and_what_is_left_out_is_named() {
    let dir = empty_dir("report-little");
    let partitions: Vec<String> = (0..20)
        .map(|id| {
            let leader = if id == 7 { -1 } else { 1 };
            format!(r#"{{"partition":{id},"replicas":[1,2],"leader":{leader},"size_bytes":1000}}"#)
        })
        .collect();
    let brokers = r#"[{"id":1},{"id":2},{"id":3}]"#;
    let topics = format!(r#"[{{"name":"orders","partitions":[{}]}}]"#, partitions.join(","));
    put(
        &dir.join("c.json"),
        format!(r#"{{"kind":"kshift.cluster","version":1,"brokers":{brokers},"topics":{topics}}}"#),
    );
    let page = planned(&dir, "--drain 1 --ignore-disk --skip-unhealthy --throttle 50MB/s");
    for word in ["No broker has a rack", "1 partition left out", "orders-7", "href=#deferred", "capacities are not"] {
        assert!(page.contains(word), "{word}");
    }
    assert!(!page.contains("id=rack-matrix"));
}

#[test]
fn a_page_is_exported_as_it_stands_in_the_directory() {
    let dir = empty_dir("report-export");
    let plan = dir.join("plan");
    let options = "--drain 1001-1003 --onto 0-2 --ignore-disk --throttle 50MB/s";
    in_examples(&format!("plan kafka-4.3.1 {options} --out {}", plan.display())).ok();
    let page = text(&plan.join("report.html"));
    sound(&page);
    let exported = kshift_with(["export", plan.to_str().unwrap(), "html"]).run().ok();
    assert_eq!(exported.stdout, page);
    let checked = in_examples(&format!("check kafka-4.3.1 {}", plan.display()));
    checked.ok();
}
