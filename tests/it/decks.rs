//! Aim: every hard shape of a cluster, one by one, ends as even as its shape allows.
//! Method: a deck is dealt from its few numbers, planned through the library, judged by the checker, and its
//! shares are added up from the lists of the plan alone.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use kshift::base::ids::{BrokerId, IdSet};
use kshift::base::random::Random;
use kshift::base::units::Bytes;
use kshift::base::work::Work;
use kshift::plan::Plan;
use kshift::request::Request;
use kshift::snapshot::{Broker, LogDir, Snapshot};

use crate::support::rows::{Partition, Rows, TopicRows};
use crate::support::shares::{Figures, Heads, final_lists};

/// Ids of the brokers that are drained start here; targets start at 0.
const OLD: i32 = 1000;

/// A cluster to be dealt.
struct Deck {
    /// How many old brokers each rack has.
    old: Vec<usize>,
    /// The targets of each rack, by their sizes relative to one another.
    new: Vec<Vec<f64>>,
    topics: usize,
    /// Partitions of each topic.
    partitions: usize,
    rf: RangeInclusive<usize>,
    /// Deviation of the logarithm of the topics' sizes.
    sigma: f64,
    /// How full the targets are on average at the end.
    fill: f64,
    /// Size of one more topic of one partition, as a part of all bytes.
    giant: f64,
    /// Part of each target's mean load that stays there from the start, in turns.
    filled: Vec<f64>,
    /// All sizes are this, where it is given.
    size: Option<u64>,
}

impl Default for Deck {
    fn default() -> Self {
        Deck {
            old: vec![4; 3],
            new: vec![vec![1.0; 4]; 3],
            topics: 120,
            partitions: 25,
            rf: 3..=3,
            sigma: 2.0,
            fill: 0.6,
            giant: 0.0,
            filled: Vec::new(),
            size: None,
        }
    }
}

impl Deck {
    /// The old brokers of each rack, or the new ones.
    fn ids(first: i32, counts: impl Iterator<Item = usize>) -> Vec<Vec<BrokerId>> {
        let mut next = first;
        let mut rack = |count: usize| {
            let ids = (next..).take(count).map(BrokerId::new).collect::<Vec<_>>();
            next += i32::try_from(count).unwrap();
            ids
        };
        counts.map(&mut rack).collect()
    }

    fn deal(&self) -> Snapshot {
        let mut random = Random::new(7);
        let old = Self::ids(OLD, self.old.iter().copied());
        let new = Self::ids(0, self.new.iter().map(Vec::len));
        let mut topics: Vec<TopicRows> =
            (0..self.topics).map(|number| self.topic(&format!("t-{number:06}"), &old, &mut random)).collect();
        if self.giant > 0.0 {
            let all: u64 = topics.iter().flat_map(|topic| &topic.partitions).filter_map(|p| p.size).sum();
            let mut giant = self.topic("giant", &old, &mut random);
            giant.partitions.truncate(1);
            giant.partitions[0].size = Some((all as f64 * self.giant / (1.0 - self.giant)) as u64);
            topics.push(giant);
        }
        if !self.filled.is_empty() {
            topics.extend(self.fill_up(&topics, &new, &mut random));
        }
        let bytes: f64 = topics
            .iter()
            .flat_map(|topic| &topic.partitions)
            .map(|p| p.size.unwrap() as f64 * p.replicas.len() as f64)
            .sum();
        let weights: f64 = self.new.iter().flatten().sum();
        let unit = (bytes / self.fill / weights).max(1e9);
        let mut brokers = Vec::new();
        for (rack, (ids, sizes)) in new.iter().zip(&self.new).enumerate() {
            brokers.extend(ids.iter().zip(sizes).map(|(&id, size)| broker(id, rack, unit * size)));
        }
        for (rack, ids) in old.iter().enumerate() {
            brokers.extend(ids.iter().map(|&id| broker(id, rack, unit * 100.0)));
        }
        Rows { brokers, topics }.build().unwrap()
    }

    /// Partitions of about one size on old brokers of different racks, some of which get more than others.
    fn topic(&self, name: &str, old: &[Vec<BrokerId>], random: &mut Random) -> TopicRows {
        let typical = 1e9 * random.log_normal(self.sigma);
        let rf = self.rf.start() + random.below(self.rf.end() - self.rf.start() + 1);
        let partition = |number: usize| {
            let size = self.size.unwrap_or((typical * random.between(0.8, 1.2)) as u64);
            let first = random.below(old.len());
            let mut replicas: Vec<BrokerId> = Vec::new();
            for rack in (0..rf).map(|place| &old[(first + place) % old.len()]) {
                let open: Vec<BrokerId> = rack.iter().copied().filter(|id| !replicas.contains(id)).collect();
                replicas.push(open[random.below(open.len()).min(random.below(open.len()))]);
            }
            let written = size as f64 * 1e-6 * random.between(0.3, 3.0);
            row(number, replicas, size, [written, written * random.between(1.0, 4.0)])
        };
        TopicRows {
            name: name.to_owned(),
            config: BTreeMap::new(),
            partitions: (0..self.partitions).map(partition).collect(),
        }
    }

    /// Topics that lie on the targets already, each partition on one target of each rack, and stay there.
    fn fill_up(&self, topics: &[TopicRows], new: &[Vec<BrokerId>], random: &mut Random) -> Vec<TopicRows> {
        let rows = || topics.iter().flat_map(|topic| &topic.partitions);
        let bytes: f64 = rows().map(|p| p.size.unwrap() as f64 * p.replicas.len() as f64).sum();
        let replicas: usize = rows().map(|p| p.replicas.len()).sum();
        let targets: usize = new.iter().map(Vec::len).sum();
        // Each target stands in a list as often as its part asks for.
        let mut place = 0;
        let mut lists = new.iter().map(|rack| {
            let mut list = Vec::new();
            for &id in rack {
                let part = self.filled[place % self.filled.len()];
                place += 1;
                list.extend(vec![id; (part * replicas as f64 / targets as f64) as usize]);
            }
            random.shuffle(&mut list);
            list
        });
        let mut lists: Vec<Vec<BrokerId>> = lists.by_ref().collect();
        let count = lists.iter().map(Vec::len).min().unwrap_or(0);
        for list in &mut lists {
            list.truncate(count);
        }
        let size = bytes / replicas as f64;
        let partition = |number: usize| {
            let first = random.below(lists.len());
            let replicas = (0..lists.len()).map(|place| lists[(first + place) % lists.len()][number]).collect();
            let written = size * 1e-6 * random.between(0.3, 3.0);
            row(number, replicas, size as u64, [written, written * random.between(1.0, 4.0)])
        };
        let partitions = (0..count).map(partition).collect();
        vec![TopicRows { name: "there".to_owned(), config: BTreeMap::new(), partitions }]
    }

    /// Drains all old brokers; the plan must keep its scope and pass its check.
    fn plan(&self, snapshot: &Snapshot) -> Plan {
        let old: usize = self.old.iter().sum();
        let drain = IdSet::from_ids((OLD..).take(old).map(BrokerId::new)).unwrap();
        let request = Request { drain, ..Request::default() };
        let plan = kshift::plan(snapshot, &request, &Work::new()).unwrap();
        let report = kshift::check::plan(snapshot, &plan);
        assert!(report.is_ok(), "{report}");
        assert_forced_moves_only(snapshot, &plan);
        plan
    }

    /// Deals, plans, and asks for every figure.
    #[track_caller]
    fn is_even(&self) {
        self.is_within(Heads::All, &Figures::WANTED);
    }

    #[track_caller]
    fn is_within(&self, heads: Heads, limits: &Figures) {
        let snapshot = self.deal();
        let plan = self.plan(&snapshot);
        let figures = Figures::of(&snapshot, &plan, heads);
        let above = figures.above(limits);
        assert!(above.is_empty(), "{above:?}\n{figures:?}");
    }
}

fn broker(id: BrokerId, rack: usize, capacity: f64) -> Broker {
    let mut broker = Broker::new(id);
    broker.rack = Some(format!("rack-{rack:03}"));
    let capacity = Some(Bytes::new(capacity as u64));
    broker.log_dirs = vec![LogDir { path: "/d".to_owned(), capacity, used: None, offline: false }];
    broker
}

fn row(number: usize, replicas: Vec<BrokerId>, size: u64, traffic: [f64; 2]) -> Partition {
    Partition {
        id: i32::try_from(number).unwrap(),
        leader: Some(replicas[0]),
        isr: replicas.clone(),
        dirs: vec![None; replicas.len()],
        replicas,
        size: Some(size),
        bytes_in: traffic[0],
        bytes_out: traffic[1],
        adding: Vec::new(),
        removing: Vec::new(),
    }
}

/// Each replica on an old broker moves, and every other one keeps its place.
fn assert_forced_moves_only(snapshot: &Snapshot, plan: &Plan) {
    let mut forced = 0;
    for (row, list) in final_lists(snapshot, plan).iter().enumerate() {
        let before = snapshot.partitions.replicas.get(row);
        assert_eq!(list.len(), before.len());
        for (id, was) in list.iter().zip(before) {
            assert!(if was.get() >= OLD { id.get() < OLD } else { id == was }, "{was} became {id} in row {row}");
            forced += u64::from(was.get() >= OLD);
        }
    }
    assert_eq!((plan.summary.replicas_moved, plan.summary.replicas_forced), (forced, forced));
}

#[test]
fn one_giant_partition_with_half_of_all_bytes() {
    // Disks go first: whoever has it gets only the smallest replicas beside it, all of a few topics and not quite its
    // share of them, and has little to lead.
    let limits = Figures {
        replicas: 1.07,
        leaders: 1.07,
        bytes_in: 1.34,
        bytes_out: 1.34,
        topic_above: 18.0,
        ..Figures::WANTED
    };
    Deck { giant: 0.5, fill: 0.3, ..Deck::default() }.is_within(Heads::All, &limits);
}

#[test]
fn all_sizes_equal() {
    Deck { size: Some(5_000_000_000), ..Deck::default() }.is_even();
}

#[test]
fn all_sizes_zero() {
    Deck { size: Some(0), ..Deck::default() }.is_even();
}

#[test]
fn one_rack() {
    Deck { old: vec![12], new: vec![vec![1.0; 12]], ..Deck::default() }.is_even();
}

#[test]
fn as_many_racks_as_brokers() {
    Deck { old: vec![1; 12], new: vec![vec![1.0]; 12], ..Deck::default() }.is_even();
}

#[test]
fn as_many_replicas_as_targets() {
    Deck { old: vec![3; 3], new: vec![vec![1.0; 2]; 3], rf: 6..=6, ..Deck::default() }.is_even();
}

#[test]
fn one_replica_of_each_partition() {
    // Who holds it leads it.
    Deck { rf: 1..=1, ..Deck::default() }.is_within(Heads::InTheirRack, &Figures::WANTED);
}

#[test]
fn targets_that_are_partly_filled_already() {
    Deck { filled: vec![0.0, 0.7, 0.2, 0.4, 0.0, 0.1, 0.5], ..Deck::default() }.is_even();
}

#[test]
fn targets_of_ten_times_different_size() {
    Deck { new: vec![vec![1.0, 10.0, 1.0, 10.0]; 3], ..Deck::default() }.is_even();
}

#[test]
fn many_partitions_of_one_topic() {
    Deck { topics: 1, partitions: 200_000, old: vec![20; 3], new: vec![vec![1.0; 20]; 3], ..Deck::default() }.is_even();
}

#[test]
fn many_topics_of_one_partition() {
    Deck { topics: 100_000, partitions: 1, old: vec![20; 3], new: vec![vec![1.0; 20]; 3], ..Deck::default() }.is_even();
}

#[test]
fn mixed_replication_on_uneven_racks_with_brokers_of_two_sizes() {
    let two_sizes = |count: usize| (0..count).map(|place| [1.0, 2.0][place % 2]).collect();
    let new = vec![two_sizes(10), two_sizes(20), two_sizes(40)];
    Deck { old: vec![10, 20, 40], new, rf: 1..=5, topics: 400, partitions: 30, ..Deck::default() }.is_even();
}
