//! How good and how fast kshift's choice of holders and leaders is, beside simpler ways and published figures.
//!
//! `cargo bench --bench compare -- [--quick]`. First quality beside time on skewed clusters (log-normal sizes,
//! sigma 2, 3 racks), against
//! - `greedy`: in each rack the largest replica first onto the emptiest target; places of lists stay as they were;
//! - `striped`: the way of the generator in Kafka's own tool, from its description: brokers in turns over the
//!   racks, a random start and shift for each topic, no sizes known.
//!
//! Then time and memory of placement and leadership alone, up to 2.8 million replicas; the median of three.
//! `--quick` runs the small sizes once. Nothing is asserted: machines differ, people judge.

#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a bench looks at the clock and at its process"
)]

use std::collections::HashMap;
use std::fs;
use std::time::{Duration, Instant};

use kshift::base::error::Result;
use kshift::base::ids::{BrokerId, IdSet};
use kshift::base::random::Random;
use kshift::base::work::Work;
use kshift::bench::Prepared;
use kshift::example::{self, Options};
use kshift::request::Request;
use kshift::snapshot::Snapshot;

/// Figures that others have on such clusters, in the words of their source.
const PUBLISHED: &str = "\
published (log-normal sizes, 3 racks; disk = fullest target over the bound, the rest max/mean)
  DataDog topicmappr   meets the disk bound to three digits; leader bytes out 1.14-1.46, up to 14 replicas of one
                       topic too many on a broker, on brokers of two sizes leaders 2.9; 3-4 s at 300k replicas
  Cruise Control       bytes <= 1.09, leaders 1.8-7.4, 70-345 replicas of one topic too many on a broker;
                       25 s at 50k, 55 s at 200k, 284 s at 300k replicas
  Kafka's --generate   topics and counts 1.02-1.5, ignores sizes: disks up to 185 % full";

/// The ordered list of each partition that moves, by row.
type Lists = Vec<(usize, Vec<BrokerId>)>;

fn main() -> Result<()> {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let sizes: &[(&str, u32, u32)] =
        if quick { &[("50k", 100, 16_667)] } else { &[("50k", 100, 16_667), ("300k", 500, 100_000)] };
    for &(name, brokers, partitions) in sizes {
        let skewed = skewed(brokers, partitions, 2.0);
        compare(&format!("{name}, equal brokers"), &skewed)?;
        compare(&format!("{name}, brokers of two sizes"), &Options { hetero: true, ..skewed.clone() })?;
        compare(
            &format!("{name}, uneven racks, two sizes, mixed replication"),
            &Options { hetero: true, uneven_racks: true, mixed_rf: true, ..skewed },
        )?;
    }
    println!("\n{PUBLISHED}");
    println!("\nplacement and leadership alone{:>14}{:>10}{:>20}", "seconds", "wanted", "bytes per replica");
    let scale: &[(&str, u32, u32, f64)] = &[
        ("300k replicas, 500 onto 500", 500, 100_000, 0.25),
        ("1M replicas, 1,000 onto 1,000", 1_000, 333_334, 0.7),
        ("2.8M replicas, 2,000 onto 2,000", 2_000, 933_334, 3.0),
    ];
    for &(name, brokers, partitions, wanted) in &scale[..if quick { 1 } else { scale.len() }] {
        time_alone(name, &skewed(brokers, partitions, 1.5), wanted, if quick { 1 } else { 3 })?;
    }
    Ok(())
}

fn skewed(brokers: u32, partitions: u32, sigma: f64) -> Options {
    let total_tb = f64::from(partitions) * 3.0 / 1e3;
    Options { old: brokers, new: brokers, old_base: 10_000, partitions, total_tb, sigma, ..Options::default() }
}

fn request(options: &Options) -> Request {
    let ids = |first: u32, count: u32| {
        IdSet::from_ids((first..first + count).map(|id| BrokerId::new(id.cast_signed()))).unwrap_or_default()
    };
    Request {
        drain: ids(options.old_base, options.old),
        onto: Some(ids(options.new_base, options.new)),
        ..Request::default()
    }
}

/// Prints the quality and the time of each way on one cluster.
fn compare(name: &str, options: &Options) -> Result<()> {
    let snapshot = example::cluster(options)?;
    let request = request(options);
    let bound = kshift::plan(&snapshot, &request, &Work::new())?.summary.bounds.and_then(|bounds| bounds.disk);
    let targets = Targets::new(&snapshot, &request);
    println!("\n{name}: {} brokers onto {}, {} partitions", options.old, options.new, snapshot.partitions.len());
    println!(
        "  {:<9}{:>11}{:>10}{:>9}{:>9}{:>11}{:>10}{:>9}",
        "", "disk/bound", "replicas", "leaders", "out", "topic over", "TB moved", "seconds"
    );
    let prepared = Prepared::new(&snapshot, &request)?;
    let (decided, time) = timed(|| prepared.decide());
    targets.judge("kshift", &prepared.lists(&decided?), time, bound.map(|bound| bound.value));
    for (name, way) in [("greedy", Targets::greedy as fn(&Targets<'_>) -> Lists), ("striped", Targets::striped)] {
        let (lists, time) = timed(|| way(&targets));
        targets.judge(name, &lists, time, None.or(targets.bound(&snapshot, &request)));
    }
    Ok(())
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let value = work();
    (value, start.elapsed())
}
