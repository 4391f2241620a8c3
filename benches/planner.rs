//! How long each stage takes and how much memory, at four sizes, and how good the plans are.
//!
//! `cargo bench --bench planner -- [SIZE…] [--quick]`; sizes are `3k`, `30k`, `100k`, `1m` (replicas) and
//! `skewed` (500 brokers onto 500, 100,000 partitions). The whole command (`target/release/kshift`, where
//! it is built) is compared with Python's `json.load` of the same file, run in turns, median of five;
//! `--quick` runs everything once and leaves `1m` out. Nothing is asserted: machines differ, people judge.

#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a bench looks at the clock and at its process"
)]

mod common;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use kshift::base::error::Result;
use kshift::base::ids::BrokerId;
use kshift::base::units::BytesPerSec;
use kshift::base::work::Work;
use kshift::base::{fs as files, json};
use kshift::emit::out_dir;
use kshift::example::{self, Options};
use kshift::plan::{self, Plan};
use kshift::request::Request;
use kshift::snapshot::v1;

use common::{Memory, asked, ids, median, memory, timed, watched};

/// A cluster to measure.
struct Size {
    name: &'static str,
    brokers: u32,
    partitions: u32,
    total_tb: f64,
    sigma: f64,
}

const SIZES: [Size; 5] = [
    Size { name: "3k", brokers: 12, partitions: 1_000, total_tb: 10.0, sigma: 1.5 },
    Size { name: "30k", brokers: 50, partitions: 10_000, total_tb: 50.0, sigma: 1.5 },
    Size { name: "100k", brokers: 100, partitions: 33_334, total_tb: 100.0, sigma: 1.5 },
    Size { name: "skewed", brokers: 500, partitions: 100_000, total_tb: 500.0, sigma: 2.0 },
    Size { name: "1m", brokers: 1_000, partitions: 333_334, total_tb: 1_000.0, sigma: 1.5 },
];

const THROTTLE: &str = "100MB/s";

fn main() -> Result<()> {
    let (quick, mut sizes) = asked("--quick", &SIZES, |size| size.name);
    if quick && sizes.len() == SIZES.len() {
        sizes.retain(|size| size.name != "1m");
    }
    let dir = std::env::temp_dir().join(format!("kshift-bench-{}", std::process::id()));
    let mut totals = Vec::new();
    for size in sizes {
        let _ = fs::create_dir_all(&dir);
        let measured = measure(size, &dir, if quick { 1 } else { 5 });
        let _ = fs::remove_dir_all(&dir);
        totals.push((size.name, measured?));
    }
    let total = |name| totals.iter().find(|(size, _)| *size == name).map(|(_, total)| total.as_secs_f64());
    if let (Some(small), Some(large)) = (total("100k"), total("1m")) {
        println!(
            "\n10 times the work, from 100k to 1m replicas: {:.1} times the time (wanted: at most 12)",
            large / small
        );
    }
    Ok(())
}

/// Measures one size and prints it; gives the time of the whole command.
fn measure(size: &Size, dir: &Path, runs: usize) -> Result<Duration> {
    let options = Options {
        old: size.brokers,
        new: size.brokers,
        old_base: 10_000,
        partitions: size.partitions,
        total_tb: size.total_tb,
        sigma: size.sigma,
        ..Options::default()
    };
    println!("\n{}: {} brokers onto {}, {} partitions", size.name, size.brokers, size.brokers, size.partitions);
    let file = dir.join("cluster.json");
    let (snapshot, made) = timed(|| example::cluster(&options));
    files::write_file(&file, &v1::write(&snapshot?, v1::Include::Everything))?;
    row("generate", made, None);

    let mut request = Request { throttle: BytesPerSec::parse(THROTTLE).ok(), ..Request::default() };
    request.drain = ids(options.old_base, options.old);
    request.onto = Some(ids(options.new_base, options.new));
    let mut stages: [Vec<Duration>; 4] = Default::default();
    let mut peaks = [None; 4];
    let mut last = None;
    for _ in 0..runs {
        drop(last.take());
        let (snapshot, read, peak_read) = watched(|| read(&file));
        let snapshot = snapshot?;
        let (solved, solve, peak_solve) = watched(|| kshift::plan(&snapshot, &request, &Work::new()));
        let solved = solved?;
        let (report, check, peak_check) = watched(|| kshift::check::plan(&snapshot, &solved));
        let (written, emit, peak_emit) = watched(|| write(&solved, &dir.join("plan")));
        written?;
        assert!(report.is_ok(), "{report}");
        for (stage, time) in stages.iter_mut().zip([read, solve.saturating_sub(check), check, emit]) {
            stage.push(time);
        }
        peaks = [peak_read, peak_solve, peak_check, peak_emit].map(|held| held.map(|held| held.peak));
        last = Some(solved);
    }
    let medians = stages.map(median);
    for ((name, time), peak) in ["read", "solve", "check", "write"].into_iter().zip(medians).zip(peaks) {
        row(name, time, peak);
    }
    let total = medians.iter().sum();
    row("all four", total, peaks.into_iter().flatten().max());
    if let Some(plan) = &last {
        quality(plan);
    }
    drop(last);
    Ok(against_python(&file, dir, &options, runs, total))
}

fn read(file: &Path) -> Result<kshift::snapshot::Snapshot> {
    let content = files::read(file)?;
    v1::read(json::text_of(&content, "cluster.json")?, "cluster.json")
}

fn write(plan: &Plan, dir: &Path) -> Result<()> {
    out_dir::write(plan, dir, true, &Work::new())
}

fn row(name: &str, time: Duration, peak: Option<u64>) {
    let mut line = format!("  {name:<18} {:>9.3} s", time.as_secs_f64());
    if let Some(peak) = peak {
        let _ = write!(line, " {:>8.0} MiB peak", peak as f64 / f64::from(1 << 20));
    }
    println!("{line}");
}

/// Disk and leaders of the targets, and the worst pile of one topic on one broker.
fn quality(plan: &Plan) {
    let summary = &plan.summary;
    let shown = |value: Option<f64>| value.map_or("unknown".to_owned(), |value| format!("{value:.4}"));
    println!("  disk max/mean      {:>9} (wanted: at most 1.02)", shown(summary.disk_max_over_mean));
    println!("  leaders max/mean   {:>9} (wanted: at most 1.05)", shown(summary.leaders_max_over_mean));
    let targets = plan.brokers.iter().filter(|broker| broker.role == plan::Role::Target).count().max(1);
    let mut held: Vec<(u32, BrokerId)> = Vec::new();
    for row in 0..plan.moves.topic.len() {
        held.extend(plan.get(row).adding().map(|id| (plan.moves.topic[row], id)));
    }
    held.sort_unstable();
    let pile = |topic: &[(u32, BrokerId)]| {
        let most = topic.chunk_by(|a, b| a == b).map(<[_]>::len).max().unwrap_or(0);
        most as f64 / topic.len().div_ceil(targets) as f64
    };
    let worst = held.chunk_by(|a, b| a.0 == b.0).map(pile).fold(0.0, f64::max);
    println!("  worst pile         {worst:>9.4} (replicas of a topic on a broker over its whole share)");
    println!("  waves              {:>9}", plan.waves.len());
}

/// The whole command and Python's `json.load` of its input, in turns; gives the time of the command.
fn against_python(file: &Path, dir: &Path, options: &Options, runs: usize, in_process: Duration) -> Duration {
    let command = command_path();
    let (mut ours, mut theirs, mut peak) = (Vec::new(), Vec::new(), None);
    for run in 0..runs {
        theirs.extend(python(file));
        if let Some(command) = &command {
            let Some((time, bytes)) = whole_command(command, file, &dir.join(format!("out-{run}")), options) else {
                break;
            };
            ours.push(time);
            peak = peak.max(bytes);
        }
    }
    let whole = if ours.is_empty() {
        println!("  (no `kshift` command beside this bench, or it failed: its time is that of the four stages)");
        in_process
    } else {
        median(ours)
    };
    row("whole command", whole, peak);
    if theirs.is_empty() {
        println!("  (no python3: nothing to compare with)");
        return whole;
    }
    let load = median(theirs);
    row("json.load", load, None);
    println!("  ratio              {:>9.2} (wanted: at most 1.25)", whole.as_secs_f64() / load.as_secs_f64());
    whole
}

/// The release command that was built beside this bench, which is `target/release/deps/planner-…`.
fn command_path() -> Option<PathBuf> {
    let path = std::env::current_exe().ok()?.parent()?.parent()?.join("kshift");
    path.exists().then_some(path)
}

fn python(file: &Path) -> Option<Duration> {
    const LOAD: &str =
        "import json,sys,time\nt=time.perf_counter()\njson.load(open(sys.argv[1]))\nprint(time.perf_counter()-t)";
    let output = Command::new("python3").arg("-c").arg(LOAD).arg(file).output().ok()?;
    let seconds: f64 = String::from_utf8(output.stdout).ok()?.trim().parse().ok()?;
    Some(Duration::from_secs_f64(seconds))
}

/// Runs `kshift plan` from the snapshot file to everything written; its time and its peak memory.
fn whole_command(command: &Path, file: &Path, out: &Path, options: &Options) -> Option<(Duration, Option<u64>)> {
    let start = Instant::now();
    let mut child = Command::new(command)
        .arg("plan")
        .arg(file)
        .args(["--drain", &ids(options.old_base, options.old).to_string()])
        .args(["--onto", &ids(options.new_base, options.new).to_string()])
        .args(["--throttle", THROTTLE, "--out"])
        .arg(out)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let process = child.id().to_string();
    let mut peak = None;
    loop {
        // The peak only grows, so the last look before the end is the closest.
        peak = peak.max(memory(&process, Memory::Peak));
        if let Some(status) = child.try_wait().ok()? {
            return status.success().then_some((start.elapsed(), peak));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
