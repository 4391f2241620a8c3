//! Synthetic clusters of any size: old brokers to be drained, and as many new and empty ones as wanted.
//!
//! What a cluster that grew for years looks like: sizes differ per topic by a log-normal factor, some old
//! brokers hold twice as much as others and lead as much more, replicas are rack-correct, and now and then
//! a topic has another number of replicas. One seed and one set of options give one cluster, to the byte,
//! on every machine: one stream of [`Random`] in a fixed order, no clock, no hash, no threads.
//!
//! A million replicas take about 0.2 s: a draw costs nanoseconds, and each replica is one binary search
//! among the brokers of its rack, repeated when it hits a broker that the partition has already.

use std::collections::BTreeMap;

use crate::base::error::{Code, Error, Place, Result};
use crate::base::ids::{BrokerId, PartitionId};
use crate::base::random::Random;
use crate::base::units::{Bytes, Traffic};
use crate::snapshot::{Broker, DirName, Draft, Item, LogDir, Snapshot, Topic};

/// What the synthetic cluster shall be like.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// How many old brokers there are: they hold everything.
    pub old: u32,
    /// How many new brokers there are: they are empty.
    pub new: u32,
    /// Id of the first old broker; the others follow.
    pub old_base: u32,
    /// Id of the first new broker; the others follow.
    pub new_base: u32,
    /// Partitions, besides the 50 of `__consumer_offsets` that a cluster of more than 60 has.
    pub partitions: u32,
    /// Replicas of each partition.
    pub rf: u32,
    /// Racks, which old and new brokers fill in turn.
    pub racks: u32,
    /// Bytes of all replicas together, in TB (10^12).
    pub total_tb: f64,
    /// Deviation of the logarithm of the topics' sizes: 0 makes them equal.
    pub sigma: f64,
    /// Chooses one of the clusters with these options.
    pub seed: u64,
    /// How full the new brokers are on average once they hold everything; above 1 nothing fits.
    pub new_fill: f64,
    /// How full the fullest old broker is.
    pub old_fill: f64,
    /// Put half of the brokers into the first rack.
    pub uneven_racks: bool,
    /// Give topics 1 to 4 replicas, whatever `rf` says.
    pub mixed_rf: bool,
    /// Log dirs of each broker.
    pub dirs: u32,
    /// Make every other round of new brokers twice as large.
    pub hetero: bool,
    /// Produced bytes per second for each TB of a partition.
    pub rate_per_tb: f64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            old: 12,
            new: 12,
            old_base: 1000,
            new_base: 0,
            partitions: 2000,
            rf: 3,
            racks: 3,
            total_tb: 20.0,
            sigma: 1.5,
            seed: 1,
            new_fill: 0.6,
            old_fill: 0.6,
            uneven_racks: false,
            mixed_rf: false,
            dirs: 1,
            hetero: false,
            rate_per_tb: 2e5,
        }
    }
}

const TOPIC_PARTITIONS: [u32; 9] = [1, 3, 6, 12, 24, 48, 96, 192, 384];
const MIXED_RF: [u32; 6] = [1, 2, 3, 3, 3, 4];
const BYTES_PER_TB: f64 = 1e12;

/// The cluster with these options.
///
/// # Errors
/// [`Code::InvalidValue`] for options that no cluster can have, with what to change.
pub fn cluster(options: &Options) -> Result<Snapshot> {
    options.check()?;
    let mut random = Random::new(options.seed);
    let old = OldBrokers::new(options, &mut random);
    let plans = topic_plans(options, &mut random);
    let mut draft = Draft::default();
    draft.name = Some(format!("synthetic-{}", options.seed));
    let used = fill_topics(options, &plans, &old, &mut draft, &mut random);
    draft.brokers = brokers(options, &used);
    draft.finish(&|_: Item| Place::source("kshift example"))
}

impl Options {
    fn check(&self) -> Result<()> {
        self.check_counts()?;
        self.check_ids()?;
        let within = |option: &str, value: f64, low: f64, high: f64| {
            if (low..=high).contains(&value) {
                return Ok(());
            }
            Err(invalid(option, format!("`{option} {value}` is out of range; expected a number from {low} to {high}"))
                .help(format!("give `{option}` a number from {low} to {high}")))
        };
        // The largest of these keep every capacity and every sum of sizes below 2^63 bytes.
        within("--total-tb", self.total_tb, 1e-6, 50_000.0)?;
        within("--sigma", self.sigma, 0.0, 10.0)?;
        within("--new-fill", self.new_fill, 0.01, 10.0)?;
        within("--old-fill", self.old_fill, 0.01, 10.0)?;
        within("--rate-per-tb", self.rate_per_tb, 0.0, 1e15)
    }

    fn check_counts(&self) -> Result<()> {
        let counts = [
            ("--old", self.old, 100_000),
            ("--new", self.new, 100_000),
            ("--partitions", self.partitions, 10_000_000),
            ("--rf", self.rf, 100),
            ("--racks", self.racks, 100_000),
            ("--dirs", self.dirs, 1_000),
        ];
        for (option, value, most) in counts {
            if !(1..=most).contains(&value) {
                return Err(invalid(option, format!("`{option} {value}` is out of range; expected 1 to {most}"))
                    .help(format!("give `{option}` a number from 1 to {most}")));
            }
        }
        if self.rf > self.old {
            let message =
                format!("`--rf {}` is above `--old {}`; expected an old broker for each replica", self.rf, self.old);
            return Err(invalid("--rf", message).help(format!("lower `--rf` to {}, or raise `--old`", self.old)));
        }
        let most_mixed = MIXED_RF.into_iter().max().unwrap_or(1);
        if self.mixed_rf && self.old < most_mixed {
            let message = format!(
                "`--mixed-rf` makes up to {most_mixed} replicas, above `--old {}`; expected an old broker for each",
                self.old
            );
            return Err(invalid("--mixed-rf", message)
                .help(format!("raise `--old` to {most_mixed}, or leave out `--mixed-rf`")));
        }
        Ok(())
    }

    fn check_ids(&self) -> Result<()> {
        let (old, new) = (self.old_ids(), self.new_ids());
        for (option, ids) in [("--old-base", &old), ("--new-base", &new)] {
            if ids.end > i32::MAX as u64 {
                let message =
                    format!("`{option} {}` leads to broker id {}; Kafka's end at 2147483647", ids.start, ids.end - 1);
                return Err(invalid(option, message).help(format!("lower `{option}`")));
            }
        }
        if old.start < new.end && new.start < old.end {
            let message = format!(
                "old brokers {}-{} and new brokers {}-{} overlap; expected every broker id once",
                old.start,
                old.end - 1,
                new.start,
                new.end - 1
            );
            return Err(invalid("--new-base", message).help(format!("raise `--old-base` to {} or more", new.end)));
        }
        Ok(())
    }

    fn old_ids(&self) -> std::ops::Range<u64> {
        u64::from(self.old_base)..u64::from(self.old_base) + u64::from(self.old)
    }

    fn new_ids(&self) -> std::ops::Range<u64> {
        u64::from(self.new_base)..u64::from(self.new_base) + u64::from(self.new)
    }

    /// Number of the rack of broker `index` of `count`.
    fn rack_of(&self, index: u32, count: u32) -> u32 {
        match self.uneven_racks {
            true if index < count / 2 || self.racks < 2 => 0,
            true => 1 + index % (self.racks - 1),
            false => index % self.racks,
        }
    }
}

fn invalid(option: &str, message: String) -> Error {
    Error::new(Code::InvalidValue, message).at(Place::source(option))
}

/// Brokers with running sums of their weights: a draw is one binary search.
#[derive(Default)]
struct Pool {
    brokers: Vec<u32>,
    sums: Vec<f64>,
}

impl Pool {
    fn push(&mut self, broker: u32, weight: f64) {
        self.brokers.push(broker);
        self.sums.push(self.sums.last().copied().unwrap_or(0.0) + weight);
    }

    fn draw(&self, random: &mut Random) -> u32 {
        let at = random.unit() * self.sums.last().copied().unwrap_or(0.0);
        let found = self.sums.partition_point(|&sum| sum <= at);
        self.brokers[found.min(self.brokers.len() - 1)]
    }
}

/// The old brokers by number, as pools to draw from.
struct OldBrokers {
    /// One pool for each rack that has a broker.
    racks: Vec<Pool>,
    all: Pool,
}

impl OldBrokers {
    fn new(options: &Options, random: &mut Random) -> Self {
        let mut all = Pool::default();
        let mut racks: Vec<Pool> = (0..options.racks).map(|_| Pool::default()).collect();
        for broker in 0..options.old {
            let weight = random.between(0.5, 1.5);
            all.push(broker, weight);
            racks[options.rack_of(broker, options.old) as usize].push(broker, weight);
        }
        racks.retain(|pool| !pool.brokers.is_empty());
        OldBrokers { racks, all }
    }

    /// Draws `rf` different brokers into `replicas`, one rack after the other.
    fn draw(&self, rf: u32, replicas: &mut Vec<u32>, random: &mut Random) {
        replicas.clear();
        let first = random.below(self.racks.len());
        for place in 0..rf as usize {
            let rack = &self.racks[(first + place) % self.racks.len()];
            let full = rack.brokers.len() <= place && rack.brokers.iter().all(|broker| replicas.contains(broker));
            let pool = if full { &self.all } else { rack };
            let broker = loop {
                let broker = pool.draw(random);
                if !replicas.contains(&broker) {
                    break broker;
                }
            };
            replicas.push(broker);
        }
    }
}

/// A topic to be made.
struct TopicPlan {
    name: String,
    partitions: u32,
    rf: u32,
    /// Size of a partition, relative to other topics.
    weight: f64,
}

fn topic_plans(options: &Options, random: &mut Random) -> Vec<TopicPlan> {
    let mut plans = Vec::new();
    let mut count = 0;
    while count < options.partitions {
        let partitions = random.choose(&TOPIC_PARTITIONS).min(options.partitions - count);
        let rf = if options.mixed_rf { random.choose(&MIXED_RF) } else { options.rf };
        let weight = random.log_normal(options.sigma);
        plans.push(TopicPlan { name: format!("topic-{:05}", plans.len()), partitions, rf, weight });
        count += partitions;
    }
    if options.partitions > 60 {
        let rf = options.rf.min(3);
        // In front, where its name sorts: rows need no second pass.
        plans.insert(0, TopicPlan { name: "__consumer_offsets".to_owned(), partitions: 50, rf, weight: 0.01 });
    }
    plans
}

/// Fills in topics and partitions; gives the bytes on each old broker.
fn fill_topics(
    options: &Options,
    plans: &[TopicPlan],
    old: &OldBrokers,
    draft: &mut Draft,
    random: &mut Random,
) -> Vec<u64> {
    let total: f64 = plans.iter().map(|plan| f64::from(plan.partitions) * f64::from(plan.rf) * plan.weight).sum();
    let unit = options.total_tb * BYTES_PER_TB / total;
    let dirs: Vec<DirName> = (0..options.dirs).map(|number| draft.intern_dir(&dir_path(number))).collect();
    let mut used = vec![0; options.old as usize];
    let mut replicas = Vec::new();
    for (number, plan) in plans.iter().enumerate() {
        let start = draft.partitions.len();
        let in_sync = if plan.rf > 2 { "2" } else { "1" };
        let config = BTreeMap::from([("min.insync.replicas".to_owned(), in_sync.to_owned())]);
        for partition in 0..plan.partitions {
            let size = (plan.weight * unit * random.between(0.8, 1.2)) as u64;
            old.draw(plan.rf, &mut replicas, random);
            let written = size as f64 / BYTES_PER_TB * options.rate_per_tb * random.between(0.3, 3.0);
            let read = written * random.between(1.0, 4.0);
            let rows = &mut draft.partitions;
            rows.topic.push(number as u32);
            rows.id.push(PartitionId::new(partition.cast_signed()));
            let ids = replicas.iter().map(|&broker| BrokerId::new((options.old_base + broker).cast_signed()));
            rows.leader.push(ids.clone().next());
            rows.replicas.push(ids.clone());
            rows.isr.push(ids.clone());
            rows.size.push(Some(Bytes::new(size)));
            rows.bytes_in.push(tenths(written));
            rows.bytes_out.push(tenths(read));
            if options.dirs > 1 {
                let dir = |id: BrokerId| dirs[(number + partition as usize + id.get() as usize) % dirs.len()];
                rows.dir.extend(ids.map(|id| Some(dir(id))));
            }
            for &broker in &replicas {
                used[broker as usize] += size;
            }
        }
        draft.topics.push(Topic { name: plan.name.clone(), config, rows: start..draft.partitions.len() });
    }
    used
}

/// A rate with one decimal, as monitoring gives it.
fn tenths(rate: f64) -> Traffic {
    Traffic::new((rate * 10.0).round() / 10.0)
}

fn dir_path(number: u32) -> String {
    format!("/kafka/d{number}")
}

fn brokers(options: &Options, used: &[u64]) -> Vec<Broker> {
    let fullest = used.iter().copied().max().unwrap_or(0);
    let old_capacity = fullest as f64 / options.old_fill;
    let scale = |index: u32| if options.hetero && (index / options.racks).is_multiple_of(2) { 2.0 } else { 1.0 };
    let scales: f64 = (0..options.new).map(scale).sum();
    let new_capacity = used.iter().sum::<u64>() as f64 / scales / options.new_fill;
    let broker = |id: u32, host: &str, rack: u32, capacity: f64| Broker {
        host: Some(format!("{host}-{id}")),
        rack: Some(format!("az-{rack}")),
        log_dirs: (0..options.dirs)
            .map(|number| LogDir {
                path: dir_path(number),
                capacity: Some(Bytes::new((capacity / f64::from(options.dirs)) as u64)),
                used: None,
                offline: false,
            })
            .collect(),
        ..Broker::new(BrokerId::new(id.cast_signed()))
    };
    let old =
        (0..options.old).map(|i| broker(options.old_base + i, "ec2", options.rack_of(i, options.old), old_capacity));
    let new = (0..options.new).map(|i| {
        let capacity = new_capacity * scale(i);
        broker(options.new_base + i, "k8s", options.rack_of(i, options.new), capacity)
    });
    old.chain(new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::v1;

    fn cluster_of(change: impl FnOnce(&mut Options)) -> Snapshot {
        let mut options = Options::default();
        change(&mut options);
        cluster(&options).unwrap()
    }

    /// Bytes and leaders of every broker, in order of id.
    fn loads(snapshot: &Snapshot) -> Vec<(u64, usize)> {
        let used = snapshot.used_bytes();
        let leads = |id| snapshot.partitions.leader.iter().filter(|&&leader| leader == Some(id)).count();
        let bytes = |dirs: &[Bytes]| dirs.iter().map(|bytes| bytes.get()).sum();
        snapshot.brokers.iter().zip(&used).map(|(broker, dirs)| (bytes(dirs), leads(broker.id))).collect()
    }

    #[test]
    fn a_seed_gives_the_same_cluster_on_every_machine() {
        let small =
            |seed| cluster_of(|o| (o.seed, o.partitions, o.mixed_rf, o.dirs, o.hetero) = (seed, 200, true, 2, true));
        assert_eq!(small(1).sha256(), "c14ffc866494ed369948172d7eff77d9088cd0aa9f563f739cdf941739ee810a");
        assert_ne!(small(1).sha256(), small(2).sha256());
    }

    #[test]
    fn every_mix_of_options_is_a_valid_snapshot_that_reads_back() {
        for mix in 0..64_u32 {
            let on = |bit: u32| mix & (1 << bit) != 0;
            let snapshot = cluster_of(|o| {
                o.seed = u64::from(mix);
                (o.uneven_racks, o.mixed_rf, o.hetero) = (on(0), on(1), on(2));
                o.dirs = if on(3) { 4 } else { 1 };
                (o.old, o.new, o.racks) = if on(4) { (4, 30, 7) } else { (9, 5, 1) };
                (o.partitions, o.sigma) = if on(5) { (500, 3.0) } else { (7, 0.0) };
            });
            let text = String::from_utf8(v1::write(&snapshot, v1::Include::Everything)).unwrap();
            let again = v1::read(&text, "synthetic").unwrap();
            assert_eq!(v1::write(&again, v1::Include::Everything), text.as_bytes(), "mix {mix}");
        }
    }

    #[test]
    fn the_defaults_are_an_old_skewed_cluster_and_as_many_empty_brokers() {
        let snapshot = cluster_of(|_| ());
        assert_eq!((snapshot.brokers.len(), snapshot.partitions.len()), (24, 2050));
        assert_eq!(snapshot.topics[0].name, "__consumer_offsets");
        let loads = loads(&snapshot);
        let (new, old) = loads.split_at(12);
        assert!(new.iter().all(|&load| load == (0, 0)));
        let (bytes, leaders): (Vec<u64>, Vec<usize>) = old.iter().copied().unzip();
        assert!(bytes.iter().max().unwrap() * 2 > bytes.iter().min().unwrap() * 3, "bytes {bytes:?}");
        assert!(leaders.iter().max().unwrap() * 2 > leaders.iter().min().unwrap() * 3, "leaders {leaders:?}");
        let total = bytes.iter().sum::<u64>() as f64;
        assert!((total / 20e12 - 1.0).abs() < 0.05, "{total} bytes");
    }

    #[test]
    fn topics_differ_in_size_as_sigma_says() {
        let spread = |sigma| {
            let snapshot = cluster_of(|o| o.sigma = sigma);
            let sizes = snapshot.topics[1..].iter().map(|topic| snapshot.partitions.size[topic.rows.start].unwrap());
            sizes.clone().max().unwrap().as_f64() / sizes.min().unwrap().as_f64()
        };
        assert!(spread(0.0) < 1.6);
        assert!(spread(1.5) > 20.0);
    }

    #[test]
    fn replicas_span_all_racks_they_can() {
        for (racks, rf, uneven) in [(3, 3, false), (3, 4, true), (2, 5, false), (5, 3, true)] {
            let snapshot = cluster_of(|o| (o.racks, o.rf, o.uneven_racks) = (racks, rf, uneven));
            for row in 0..snapshot.partitions.len() {
                let replicas = snapshot.partitions.replicas.get(row);
                let mut spanned: Vec<_> = replicas.iter().map(|&id| &snapshot.broker(id).unwrap().rack).collect();
                spanned.sort_unstable();
                spanned.dedup();
                assert_eq!(spanned.len(), replicas.len().min(racks as usize), "row {row} of {racks} racks");
            }
        }
    }

    #[test]
    fn capacities_follow_the_fills() {
        let snapshot = cluster_of(|o| (o.hetero, o.dirs) = (true, 2));
        let capacity = |id: i32| {
            let dirs = &snapshot.broker(BrokerId::new(id)).unwrap().log_dirs;
            dirs.iter().map(|dir| dir.capacity.unwrap().as_f64()).sum::<f64>()
        };
        let bytes: Vec<f64> = loads(&snapshot).iter().map(|load| load.0 as f64).collect();
        let fill = bytes.iter().sum::<f64>() / (0..12).map(capacity).sum::<f64>();
        assert!((fill - 0.6).abs() < 1e-6, "the new brokers end {fill} full");
        assert!((capacity(0) / capacity(3) - 2.0).abs() < 1e-6, "brokers of two sizes");
        let fullest = bytes[12..].iter().copied().fold(0.0, f64::max) / capacity(1000);
        assert!((fullest - 0.6).abs() < 1e-6, "the fullest old broker is {fullest} full");
    }

    #[test]
    fn impossible_options_are_refused_with_help() {
        type Change = fn(&mut Options);
        let changes: [(&str, Change); 14] = [
            ("--old", |o| o.old = 0),
            ("--new", |o| o.new = 0),
            ("--partitions", |o| o.partitions = 0),
            ("--racks", |o| o.racks = 0),
            ("--dirs", |o| o.dirs = 0),
            ("--rf", |o| (o.rf, o.old) = (4, 3)),
            ("--mixed-rf", |o| (o.mixed_rf, o.old) = (true, 3)),
            ("--new-base", |o| o.new_base = 1011),
            ("--new-base", |o| o.new_base = 989),
            ("--old-base", |o| o.old_base = i32::MAX as u32),
            ("--total-tb", |o| o.total_tb = f64::NAN),
            ("--sigma", |o| o.sigma = f64::INFINITY),
            ("--new-fill", |o| o.new_fill = 0.0),
            ("--rate-per-tb", |o| o.rate_per_tb = -1.0),
        ];
        for (option, change) in changes {
            let mut options = Options::default();
            change(&mut options);
            let error = cluster(&options).unwrap_err();
            assert_eq!(error.code(), Code::InvalidValue, "{error}");
            assert_eq!(error.place().unwrap().source, option, "{error}");
            assert!(!error.help_lines().is_empty(), "{error}");
        }
        assert!(cluster(&Options { new_base: 1012, ..Options::default() }).is_ok());
    }
}
