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

mod common;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::time::Duration;

use kshift::base::error::Result;
use kshift::base::ids::BrokerId;
use kshift::base::random::Random;
use kshift::base::units::Bytes;
use kshift::base::work::Work;
use kshift::bench::Prepared;
use kshift::example::{self, Options};
use kshift::request::Request;
use kshift::snapshot::Snapshot;

use common::{ids, median, timed, watched};

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
    println!("\nplacement and leadership alone     seconds    wanted   bytes per replica");
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
    let bounds = kshift::plan(&snapshot, &request, &Work::new())?.summary.bounds;
    let bound = bounds.and_then(|bounds| bounds.disk).map_or(f64::NAN, |disk| disk.value);
    let targets = Targets::new(&snapshot, &request);
    println!("\n{name}: {} brokers onto {}, {} partitions", options.old, options.new, snapshot.partitions.len());
    let busiest = snapshot.partitions.bytes_out.iter().map(|rate| rate.get()).fold(0.0, f64::max);
    let mean = snapshot.partitions.bytes_out.iter().map(|rate| rate.get()).sum::<f64>() / f64::from(options.new);
    println!("  (the busiest partition alone is {:.4} of a mean broker's leader bytes out)", busiest / mean);
    println!("           disk/bound  replicas   leaders  leader out  topic over  TB moved   seconds");
    let prepared = Prepared::new(&snapshot, &request)?;
    let (decided, time) = timed(|| prepared.decide());
    targets.judge("kshift", &prepared.lists(&decided?), time, bound);
    let (lists, time) = timed(|| targets.greedy());
    targets.judge("greedy", &lists, time, bound);
    let (lists, time) = timed(|| targets.striped());
    targets.judge("striped", &lists, time, bound);
    Ok(())
}

/// The empty targets of a full drain, by rack.
struct Targets<'s> {
    snapshot: &'s Snapshot,
    ids: Vec<BrokerId>,
    place: HashMap<BrokerId, usize>,
    rack: Vec<usize>,
    racks: usize,
    capacity: Vec<f64>,
    /// The rack of each old broker.
    old_rack: HashMap<BrokerId, usize>,
}

impl<'s> Targets<'s> {
    fn new(snapshot: &'s Snapshot, request: &Request) -> Self {
        let mut names: Vec<&str> = snapshot.brokers.iter().filter_map(|broker| broker.rack.as_deref()).collect();
        names.sort_unstable();
        names.dedup();
        let rack_of = |name: &Option<String>| {
            name.as_deref().and_then(|name| names.binary_search(&name).ok()).unwrap_or_default()
        };
        let (old, new): (Vec<_>, Vec<_>) =
            snapshot.brokers.iter().partition(|broker| request.drain.contains(broker.id));
        let capacity = |broker: &kshift::snapshot::Broker| -> f64 {
            broker.log_dirs.iter().filter_map(|dir| dir.capacity).map(Bytes::as_f64).sum()
        };
        Targets {
            snapshot,
            ids: new.iter().map(|broker| broker.id).collect(),
            place: new.iter().enumerate().map(|(place, broker)| (broker.id, place)).collect(),
            rack: new.iter().map(|broker| rack_of(&broker.rack)).collect(),
            racks: names.len(),
            capacity: new.iter().map(|broker| capacity(broker)).collect(),
            old_rack: old.iter().map(|broker| (broker.id, rack_of(&broker.rack))).collect(),
        }
    }

    fn size(&self, row: usize) -> f64 {
        self.snapshot.partitions.size[row].map_or(0.0, Bytes::as_f64)
    }

    /// In each rack the largest first, onto the emptiest target that does not hold the partition yet.
    fn greedy(&self) -> Lists {
        let rows = &self.snapshot.partitions;
        let mut by_size: Vec<usize> = (0..rows.len()).collect();
        by_size.sort_by(|&a, &b| self.size(b).total_cmp(&self.size(a)).then(a.cmp(&b)));
        let mut lists: Lists = (0..rows.len()).map(|row| (row, Vec::new())).collect();
        let mut queues: Vec<BinaryHeap<Reverse<(u64, usize)>>> = vec![BinaryHeap::new(); self.racks];
        for (place, &rack) in self.rack.iter().enumerate() {
            queues[rack].push(Reverse((0, place)));
        }
        let mut held = vec![0.0; self.ids.len()];
        let mut aside = Vec::new();
        for row in by_size {
            for old in rows.replicas.get(row) {
                let list = &mut lists[row].1;
                // A rack with fewer targets than replicas lends from the next.
                let first = self.old_rack[old];
                let found = (0..self.racks).find_map(|further| {
                    let queue = &mut queues[(first + further) % self.racks];
                    let mut found = None;
                    while let Some(Reverse((fill, place))) = queue.pop() {
                        if !list.contains(&self.ids[place]) {
                            found = Some(place);
                            break;
                        }
                        aside.push(Reverse((fill, place)));
                    }
                    queue.extend(aside.drain(..));
                    found
                });
                let Some(place) = found else { continue };
                held[place] += self.size(row);
                // Parts of a capacity as whole numbers, for the queue.
                let fill = (held[place] / self.capacity[place] * 1e15) as u64;
                queues[self.rack[place]].push(Reverse((fill, place)));
                list.push(self.ids[place]);
            }
        }
        lists
    }

    /// Brokers in turns over the racks; each topic starts somewhere, and its later places are shifted by something.
    fn striped(&self) -> Lists {
        let mut in_rack: Vec<VecDeque<usize>> = vec![VecDeque::new(); self.racks];
        for (place, &rack) in self.rack.iter().enumerate() {
            in_rack[rack].push_back(place);
        }
        let mut turns = Vec::new();
        while turns.len() < self.ids.len() {
            turns.extend(in_rack.iter_mut().filter_map(VecDeque::pop_front));
        }
        let count = turns.len();
        let mut random = Random::new(1);
        let mut lists = Lists::with_capacity(self.snapshot.partitions.len());
        for topic in &self.snapshot.topics {
            let (start, mut shift) = (random.below(count), random.below(count));
            for (number, row) in topic.rows.clone().enumerate() {
                if number > 0 && number % count == 0 {
                    shift += 1;
                }
                let first = (start + number) % count;
                let mut chosen = vec![turns[first]];
                let mut step = 0;
                while chosen.len() < self.snapshot.partitions.replicas.get(row).len() {
                    let next = turns[(first + 1 + (shift + step) % (count - 1)) % count];
                    step += 1;
                    let is_used = |rack: usize| chosen.iter().any(|&place| self.rack[place] == rack);
                    let all_used = (0..self.racks).all(is_used);
                    if !chosen.contains(&next) && (all_used || !is_used(self.rack[next])) {
                        chosen.push(next);
                    }
                }
                lists.push((row, chosen.into_iter().map(|place| self.ids[place]).collect()));
            }
        }
        lists
    }

    /// Prints a line of figures; loads are over the mean, each for the broker's capacity.
    fn judge(&self, name: &str, lists: &Lists, time: Duration, bound: f64) {
        let rows = &self.snapshot.partitions;
        let mut loads = [(); 4].map(|()| vec![0.0; self.ids.len()]);
        let mut held: HashMap<(u32, usize), f64> = HashMap::new();
        let mut in_rack: HashMap<(u32, usize), f64> = HashMap::new();
        let mut moved = 0.0;
        for (row, list) in lists {
            let places: Vec<usize> = list.iter().map(|id| self.place[id]).collect();
            for &place in &places {
                loads[0][place] += self.size(*row);
                loads[1][place] += 1.0;
                moved += self.size(*row);
                *held.entry((rows.topic[*row], place)).or_default() += 1.0;
                *in_rack.entry((rows.topic[*row], self.rack[place])).or_default() += 1.0;
            }
            loads[2][places[0]] += 1.0;
            loads[3][places[0]] += rows.bytes_out[*row].get();
        }
        let all: f64 = self.capacity.iter().sum();
        let worst = |load: &[f64]| {
            let per_capacity = load.iter().zip(&self.capacity).map(|(load, capacity)| load / capacity);
            per_capacity.fold(0.0, f64::max) * all / load.iter().sum::<f64>()
        };
        let fullest = loads[0].iter().zip(&self.capacity).map(|(held, capacity)| held / capacity).fold(0.0, f64::max);
        let mut racks = vec![0.0; self.racks];
        for (rack, capacity) in self.rack.iter().zip(&self.capacity) {
            racks[*rack] += capacity;
        }
        let over = held.iter().map(|(&(topic, place), count)| {
            let rack = self.rack[place];
            count - (in_rack[&(topic, rack)] * self.capacity[place] / racks[rack] - 1e-9).ceil()
        });
        println!(
            "  {name:<9}{:>10.4}{:>10.4}{:>10.4}{:>12.4}{:>12}{:>10.1}{:>10.3}",
            fullest / bound,
            worst(&loads[1]),
            worst(&loads[2]),
            worst(&loads[3]),
            over.fold(0.0, f64::max),
            moved / 1e12,
            time.as_secs_f64()
        );
    }
}

/// Prints the median time and the memory of placement and leadership.
fn time_alone(name: &str, options: &Options, wanted: f64, runs: usize) -> Result<()> {
    let snapshot = example::cluster(options)?;
    let request = request(options);
    let prepared = Prepared::new(&snapshot, &request)?;
    let replicas = snapshot.partitions.replicas.total() as f64;
    let (mut times, mut peak) = (Vec::new(), None);
    for _ in 0..runs {
        let (decided, time, held) = watched(|| prepared.decide());
        drop(decided?);
        times.push(time);
        // Later runs use memory that the first one left to the process.
        peak = peak.max(held.map(|held| held.more()));
    }
    let bytes = peak.map_or("unknown".to_owned(), |peak| format!("{:.0}", peak as f64 / replicas));
    println!("  {name:<34}{:>9.3}{wanted:>10.2}{bytes:>20}", median(times).as_secs_f64());
    Ok(())
}
