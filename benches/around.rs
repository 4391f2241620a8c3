//! How long everything around a plan takes, and how much memory: exports, gates, diffs, checks.
//!
//! `cargo bench --bench around -- [SIZE…] [--quick]`; sizes are `30k` and `1m` (replicas). Each is compared with reading
//! plan.json into a `serde_json::Value` in the same run, in turns, median of five; `--quick` does everything once. The plan is
//! loaded once, as in Python; as commands each reads it anew. Nothing is asserted: machines differ, people judge.

#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a bench looks at the clock and at its process"
)]

mod common;

use std::hint::black_box;
use std::time::Duration;

use kshift::base::assignment::Assignment;
use kshift::base::error::Result;
use kshift::base::units::{BytesPerSec, Ratio};
use kshift::base::work::Work;
use kshift::emit::cruise_control::{self, Naming};
use kshift::emit::dns::dnsendpoint::{self, dnsendpoint};
use kshift::emit::dns::facade::Facade;
use kshift::emit::dns::route53::route53;
use kshift::emit::export;
use kshift::emit::files::Files;
use kshift::emit::strimzi::{self, Pool, strimzi};
use kshift::example::{self, Options};
use kshift::plan::{self, Plan};
use kshift::request::Request;
use kshift::snapshot::Snapshot;
use kshift::{check, diff, gate};

use common::{asked, ids, median, timed, watched};

/// A cluster to measure.
struct Size {
    name: &'static str,
    brokers: u32,
    partitions: u32,
    total_tb: f64,
}

const SIZES: [Size; 2] = [
    Size { name: "30k", brokers: 50, partitions: 10_000, total_tb: 50.0 },
    Size { name: "1m", brokers: 1_000, partitions: 333_334, total_tb: 1_000.0 },
];

const THROTTLE: u64 = 50_000_000;

/// What all exports together may take at a million replicas.
const EXPORTS_WANTED: f64 = 3.0;

const FACADE: &str = r#"{"kind":"kshift.facade","version":1,"zone":"kafka.example.com","hosted_zone_id":"Z0123456789ABCDEFGHIJ",
 "bootstrap":"bootstrap.kafka.example.com","broker":"b{id}.kafka.example.com",
 "hosts":{"0-9999":"new-{id}.example.net","10000-19999":"old-{id}.example.net"}}"#;

fn main() -> Result<()> {
    let (quick, sizes) = asked("--quick", &SIZES, |size| size.name);
    for size in sizes {
        measure(size, if quick { 1 } else { 5 })?;
    }
    Ok(())
}

/// What is measured: its name, and what does it once.
type Job<'a> = (&'static str, Box<dyn Fn() -> Result<()> + 'a>);

fn measure(size: &Size, runs: usize) -> Result<()> {
    println!("\n{}: {} brokers onto {}, {} partitions", size.name, size.brokers, size.brokers, size.partitions);
    let (snapshot, plan) = planned(size)?;
    let text = String::from_utf8(plan::write(&plan)).expect("plan.json is UTF-8");
    let whole = export::kafka(&plan, None)?;
    let foreign = String::from_utf8_lossy(whole.single().unwrap_or_default()).into_owned();
    let baseline = || {
        let (value, took) = timed(|| serde_json::from_str::<serde_json::Value>(&text));
        value.map(|value| drop(black_box(value))).map(|()| took).unwrap_or_default()
    };
    let (exports, others) = (exports(&snapshot, &plan, size), others(&snapshot, &plan, &text, &foreign));
    let mut alone = Vec::new();
    println!("                            seconds     ratio   beyond what was held");
    let mut all = Duration::ZERO;
    for (number, (name, job)) in exports.iter().chain(&others).enumerate() {
        let (mut times, mut bases) = (Vec::new(), Vec::new());
        let mut beyond = None;
        for _ in 0..runs {
            bases.push(baseline());
            let (result, took, held) = watched(job);
            result?;
            times.push(took);
            beyond = beyond.max(held.map(|held| held.more()));
        }
        let (time, base) = (median(times), median(bases));
        row(name, time, base, beyond);
        alone.push(base);
        // A format counts once.
        let counts = number < exports.len() && !name.starts_with("...");
        all += if counts { time } else { Duration::ZERO };
        if number + 1 == exports.len() {
            let wanted =
                if size.name == "1m" { format!(" (wanted: at most {EXPORTS_WANTED} s)") } else { String::new() };
            println!("  {:<22} {:>10.3} {:>9.2}{wanted}", "all exports", all.as_secs_f64(), ratio(all, base));
        }
    }
    let base = median(alone);
    println!("  {:<22} {:>10.3} {:>9.2}", "plan.json as a value", base.as_secs_f64(), 1.0);
    Ok(())
}

fn planned(size: &Size) -> Result<(Snapshot, Plan)> {
    let (brokers, partitions, total_tb) = (size.brokers, size.partitions, size.total_tb);
    let options = Options {
        old: brokers,
        new: brokers,
        old_base: 10_000,
        partitions,
        total_tb,
        sigma: 1.5,
        ..Options::default()
    };
    let snapshot = example::cluster(&options)?;
    let request = Request {
        drain: ids(options.old_base, options.old),
        onto: Some(ids(options.new_base, options.new)),
        throttle: Some(BytesPerSec::new(THROTTLE)),
        ..Request::default()
    };
    let plan = kshift::plan(&snapshot, &request, &Work::new())?;
    Ok((snapshot, plan))
}

/// Every format of `kshift export`, of the whole plan.
fn exports<'a>(snapshot: &'a Snapshot, plan: &'a Plan, size: &Size) -> Vec<Job<'a>> {
    let facade = || Facade::read(FACADE, "facade.json");
    let pools = [("old", 10_000), ("new", 0)]
        .map(|(name, first)| Pool::parse(&format!("{name}={first}-{}", first + size.brokers - 1)));
    let made = |files: Result<Files>| files.map(|files| drop(black_box(files)));
    let proposals = move |cluster| {
        let options = cruise_control::Options { wave: None, only: None, naming: Naming::Object };
        made(cruise_control::export(plan, cluster, &options))
    };
    vec![
        ("kafka", Box::new(move || made(export::kafka(plan, None)))),
        ("election", Box::new(move || made(export::election(plan, None)))),
        ("throttle", Box::new(move || made(export::throttle(plan, None)))),
        ("runbook", Box::new(move || made(export::runbook(plan, None)))),
        ("html", Box::new(move || made(Ok(export::html(plan))))),
        ("cruise-control", Box::new(move || proposals(None))),
        ("... with the cluster", Box::new(move || proposals(Some(snapshot)))),
        (
            "strimzi",
            Box::new(move || {
                let pools = pools.iter().flatten().cloned().collect();
                let options = strimzi::Options { cluster: "k".to_owned(), namespace: None, pools, api_version: None };
                made(strimzi(plan, &options))
            }),
        ),
        ("route53", Box::new(move || made(facade().and_then(|facade| route53(plan, &facade))))),
        (
            "dnsendpoint",
            Box::new(move || {
                made(facade().and_then(|facade| dnsendpoint(plan, &facade, &dnsendpoint::Options::default())))
            }),
        ),
    ]
}

/// What else looks at a plan.
fn others<'a>(snapshot: &'a Snapshot, plan: &'a Plan, text: &'a str, foreign: &'a str) -> Vec<Job<'a>> {
    let options = gate::Options { disk_limit: Ratio::new(0.85), strict: false };
    let drain = plan.request.drain.clone();
    let done = |what: bool| {
        black_box(what);
        Ok(())
    };
    let judged = move |throttle| {
        let limits = Request { throttle, ..Request::of_one_wave() };
        done(check::assignment(snapshot, &Assignment::read(foreign, "reassign.json")?, &limits).is_ok())
    };
    vec![
        ("read plan.json", Box::new(move || done(plan::read(text, "plan.json")?.complete))),
        (
            "gate preflight",
            Box::new(move || {
                let what =
                    gate::Move { drain: plan.request.drain.clone(), onto: plan.request.onto.clone(), plan: Some(plan) };
                done(gate::preflight(snapshot, &what, options)?.ok)
            }),
        ),
        ("gate wave 1", Box::new(move || done(gate::wave(snapshot, plan, 1, options)?.ok))),
        ("gate decommission", Box::new(move || done(gate::decommission(snapshot, &drain, options)?.ok))),
        ("diff of two clusters", Box::new(move || done(diff::clusters(snapshot, snapshot).differs))),
        ("diff of two plans", Box::new(move || done(diff::plans(plan, plan).differs))),
        ("check of the plan", Box::new(move || done(check::plan(snapshot, plan).is_ok()))),
        ("check of one file", Box::new(move || judged(None))),
        ("... with a throttle", Box::new(move || judged(Some(BytesPerSec::new(THROTTLE))))),
    ]
}

fn ratio(time: Duration, base: Duration) -> f64 {
    time.as_secs_f64() / base.as_secs_f64().max(1e-9)
}

fn row(name: &str, time: Duration, base: Duration, beyond: Option<u64>) {
    let beyond = beyond.map_or(String::new(), |bytes| format!("{:>8.0} MiB", bytes as f64 / f64::from(1 << 20)));
    println!("  {name:<22} {:>10.3} {:>9.2} {beyond}", time.as_secs_f64(), ratio(time, base));
}
