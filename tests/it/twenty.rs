//! Twenty awkward clusters, drained with balanced sources at 50 MB/s: how long all waves take, one after the other,
//! over the least time of any plan.
//!
//! No plan divides a partition: where few are large, the bound that treats them as water cannot be met. The least that
//! whole partitions allow is computed here from the cluster alone: of the largest m·k + 1 copies some one of k brokers
//! gets m + 1, so the m + 1 smallest of these. A ratio is that of the larger of both.

use std::fmt::Write;

use kshift::base::ids::{BrokerId, IdSet};
use kshift::base::units::{Bytes, BytesPerSec};
use kshift::base::work::Work;
use kshift::example::{Options, cluster};
use kshift::request::{Prefer, Request};
use kshift::snapshot::Snapshot;
use rayon::prelude::*;

use crate::support::rows::Rows;

const RATE: f64 = 50e6;

/// What is done to the sizes of a cluster.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sizes {
    AsDrawn,
    /// One partition is as large as a hundredth of all.
    OneHuge,
    /// Nine in ten are empty.
    MostEmpty,
}

struct Case {
    name: &'static str,
    options: Options,
    sizes: Sizes,
}

fn clusters() -> Vec<Case> {
    let usual = Options::default();
    let case = |name, options| Case { name, options, sizes: Sizes::AsDrawn };
    let with = |name, old, new, partitions, sigma| case(name, Options { old, new, partitions, sigma, ..usual.clone() });
    vec![
        with("12 to 12", 12, 12, 2_000, 1.5),
        with("12 to 12, one size", 12, 12, 2_000, 0.0),
        with("12 to 12, sigma 2.5", 12, 12, 2_000, 2.5),
        with("12 to 3", 12, 3, 2_000, 1.5),
        with("3 to 12", 3, 12, 2_000, 1.5),
        with("3 to 3", 3, 3, 500, 1.0),
        case("7 to 5 in one rack", Options { old: 7, new: 5, partitions: 1_000, racks: 1, ..usual.clone() }),
        with("40 to 40", 40, 40, 8_000, 2.0),
        with("60 to 60, few partitions", 60, 60, 1_500, 1.0),
        with("12 to 12, 40 partitions", 12, 12, 40, 1.0),
        case("one replica", Options { rf: 1, seed: 2, ..usual.clone() }),
        case("two racks and replicas", Options { rf: 2, racks: 2, seed: 3, ..usual.clone() }),
        case("five replicas in five racks", Options { rf: 5, racks: 5, old: 15, new: 15, seed: 4, ..usual.clone() }),
        case("1 to 4 replicas", Options { mixed_rf: true, seed: 5, ..usual.clone() }),
        case("uneven racks", Options { uneven_racks: true, seed: 6, ..usual.clone() }),
        case("four log dirs", Options { dirs: 4, seed: 7, ..usual.clone() }),
        case("two sizes of target", Options { hetero: true, seed: 8, ..usual.clone() }),
        case(
            "uneven, mixed, two sizes, two log dirs",
            Options { uneven_racks: true, mixed_rf: true, hetero: true, dirs: 2, seed: 9, ..usual.clone() },
        ),
        Case { name: "one huge partition", options: Options { seed: 10, ..usual.clone() }, sizes: Sizes::OneHuge },
        Case { name: "most are empty", options: Options { seed: 11, ..usual }, sizes: Sizes::MostEmpty },
    ]
}

impl Case {
    fn snapshot(&self) -> Snapshot {
        let mut rows = Rows::of(&cluster(&self.options).unwrap());
        if self.sizes == Sizes::AsDrawn {
            return rows.build().unwrap();
        }
        let all: u64 = rows.topics.iter().flat_map(|topic| &topic.partitions).filter_map(|one| one.size).sum();
        for (number, one) in rows.topics.iter_mut().flat_map(|topic| &mut topic.partitions).enumerate() {
            match self.sizes {
                Sizes::OneHuge if number == 0 => one.size = Some(all / 100),
                Sizes::MostEmpty if number % 10 != 0 => one.size = Some(0),
                _ => {}
            }
        }
        // Disks hold what lies on them.
        for dir in rows.brokers.iter_mut().flat_map(|broker| &mut broker.log_dirs) {
            dir.used = None;
        }
        rows.build().unwrap()
    }

    fn request(&self) -> Request {
        let first = i32::try_from(self.options.old_base).unwrap();
        let old = (first..first + i32::try_from(self.options.old).unwrap()).map(BrokerId::new);
        Request {
            drain: IdSet::from_ids(old).unwrap(),
            throttle: Some(BytesPerSec::new(RATE as u64)),
            balance_sources: true,
            prefer: if self.options.hetero { Prefer::Time } else { Prefer::Disk },
            ..Request::default()
        }
    }
}

/// The least that one of `brokers` gets of whole parcels.
fn least_of_one(mut parcels: Vec<u64>, brokers: usize) -> u64 {
    parcels.sort_unstable_by(|a, b| b.cmp(a));
    let share = |m: usize| parcels.get(m * brokers).map(|_| parcels[m * brokers - m..=m * brokers].iter().sum());
    (0..).map_while(share).max().unwrap_or(0)
}

/// Seconds that whole partitions take at least, whoever receives and sends them.
fn least_of_whole_partitions(snapshot: &Snapshot, options: &Options) -> f64 {
    let columns = &snapshot.partitions;
    let rows = || (0..columns.len()).map(|row| (columns.size[row].map_or(0, Bytes::get), columns.replicas.get(row).len()));
    let received = rows().flat_map(|(size, copies)| std::iter::repeat_n(size, copies)).collect();
    let sent = rows().map(|(size, copies)| size * copies as u64).collect();
    let least = least_of_one(received, options.new as usize).max(least_of_one(sent, options.old as usize));
    least as f64 / RATE
}

#[test]
fn waves_take_hardly_longer_than_any_plan_must_on_twenty_awkward_clusters() {
    let cases = clusters();
    assert_eq!(cases.len(), 20);
    let ratios: Vec<(f64, f64, usize, f64)> = cases
        .par_iter()
        .map(|case| {
            let snapshot = case.snapshot();
            let now = std::time::Instant::now();
            let plan = kshift::plan(&snapshot, &case.request(), &Work::new()).unwrap_or_else(|error| panic!("{}: {error}", case.name));
            let took = now.elapsed().as_secs_f64();
            let report = kshift::check::plan(&snapshot, &plan);
            assert!(report.is_ok(), "{}: {report}", case.name);
            let makespan = plan.summary.makespan_seconds.unwrap().get();
            let bound = plan.summary.makespan_lower_bound_seconds.unwrap().get();
            (makespan / bound, makespan / bound.max(least_of_whole_partitions(&snapshot, &case.options)), plan.waves.len(), took)
        })
        .collect();
    let mut table = String::new();
    for (case, ratio) in cases.iter().zip(&ratios) {
        writeln!(table, "{:40} {:.4} {:.4} {} {:.1}", case.name, ratio.0, ratio.1, ratio.2, ratio.3).unwrap();
    }
    println!("{table}");
    assert!(ratios.iter().all(|ratio| ratio.1 <= 1.05), "\n{table}");
}
