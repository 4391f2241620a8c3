//! Random small clusters and requests of every awkward kind.
//!
//! Each seed first draws which *features* it has at all (swarm weights): a case with everything odd at
//! once mostly fails for the same first reason, while one with three odd things finds what they do to
//! each other. One case in eight has none, so that plain plans are seen too. What the generator really
//! produces is counted by the meta tests in `props.rs`.

use std::collections::BTreeMap;

use kshift::base::ids::{BrokerId, IdSet};
use kshift::base::random::Random;
use kshift::base::units::{Bytes, BytesPerSec, Ratio, Seconds};
use kshift::request::{RackPolicy, Request};
use kshift::snapshot::{Broker, BrokerState, LogDir, Snapshot};

use super::rows::{Partition, Rows, TopicRows};

macro_rules! features {
    ($($name:ident $probability:literal,)+) => {
        /// Something odd that a case can have.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Feature { $($name,)+ }
        const FEATURES: &[(Feature, f64)] = &[$((Feature::$name, $probability),)+];
    };
}

features! {
    MixedRf 0.4,
    RackIncorrect 0.3,
    PartialRacks 0.03,
    UnevenRacks 0.3,
    PartlyFilled 0.5,
    TenTimes 0.25,
    Jbod 0.3,
    UnknownReplicaDirs 0.4,
    OfflineDir 0.08,
    KnownUse 0.3,
    UnknownCapacity 0.08,
    Sick 0.2,
    ShortIsr 0.25,
    LeaderElsewhere 0.3,
    NoLeader 0.12,
    Reassigning 0.12,
    Internal 0.3,
    Traffic 0.4,
    UnknownSize 0.02,
    Throttle 0.5,
    SmallWaves 0.35,
    ShortWaves 0.3,
    OddDiskLimit 0.3,
    IgnoreDisk 0.12,
    Growth 0.1,
    RackPolicies 0.4,
    TopicFilter 0.2,
    Canary 0.25,
    Onto 0.5,
    PartialDrain 0.3,
    DrainNothing 0.2,
    OddIds 0.2,
    WrongIds 0.03,
    Many 0.04,
}

/// The features that a case has.
struct Swarm(Vec<Feature>);

impl Swarm {
    fn draw(random: &mut Random) -> Self {
        let plain = random.chance(0.125);
        let drawn = FEATURES.iter().filter(|(_, probability)| random.chance(*probability) && !plain);
        Swarm(drawn.map(|(feature, _)| *feature).collect())
    }

    /// Leaves what the oracle decides: disks and racks of a healthy cluster.
    fn keep_disks_and_racks(&mut self) {
        use Feature::*;
        const OTHER: [Feature; 13] = [
            PartialRacks,
            OfflineDir,
            UnknownCapacity,
            Sick,
            ShortIsr,
            NoLeader,
            Reassigning,
            UnknownSize,
            Throttle,
            Growth,
            WrongIds,
            Many,
            ShortWaves,
        ];
        self.0.retain(|feature| !OTHER.contains(feature));
    }

    fn has(&self, feature: Feature) -> bool {
        self.0.contains(&feature)
    }
}

/// A cluster and a request of an awkward kind.
pub fn awkward(seed: u64) -> (Snapshot, Request) {
    let mut random = Random::new(seed);
    let swarm = Swarm::draw(&mut random);
    let brokers = match random.below(5) {
        0 | 1 => 2 + random.below(5),
        2 | 3 => 3 + random.below(10),
        _ => 6 + random.below(19),
    };
    let partitions = match random.below(4) {
        _ if swarm.has(Feature::Many) => 1000 + random.below(3000),
        0 => 1 + random.below(8),
        1 | 2 => 1 + random.below(40),
        _ => 1 + random.below(200),
    };
    Case { random, swarm }.draw(brokers, partitions)
}

/// A healthy cluster small enough for the oracle: at most 6 brokers and 8 partitions.
pub fn tiny(seed: u64) -> (Snapshot, Request) {
    let mut random = Random::new(seed);
    let mut swarm = Swarm::draw(&mut random);
    swarm.keep_disks_and_racks();
    let (brokers, partitions) = (2 + random.below(5), 1 + random.below(8));
    Case { random, swarm }.draw(brokers, partitions)
}

/// A healthy cluster small enough for the exact solver: 4 to 8 brokers and 4 to 14 partitions.
#[cfg(feature = "exact")]
pub fn small(seed: u64) -> (Snapshot, Request) {
    let mut random = Random::new(seed);
    let mut swarm = Swarm::draw(&mut random);
    swarm.keep_disks_and_racks();
    let (brokers, partitions) = (4 + random.below(5), 4 + random.below(11));
    Case { random, swarm }.draw(brokers, partitions)
}

fn id_of(number: usize) -> i32 {
    i32::try_from(number).expect("a small number")
}

/// Who is there: the first `old` brokers are those that a migration empties.
struct Roles {
    ids: Vec<BrokerId>,
    old: usize,
    racks: Vec<Option<String>>,
    states: Vec<BrokerState>,
    /// Brokers that may hold replicas, as numbers.
    holders: Vec<usize>,
}

struct Case {
    random: Random,
    swarm: Swarm,
}

impl Case {
    fn draw(mut self, brokers: usize, partitions: usize) -> (Snapshot, Request) {
        let roles = self.roles(brokers);
        let mut topics = self.topics(&roles, partitions);
        let mut request = self.request(&roles);
        let brokers = self.brokers(&roles, &mut topics, &request);
        self.throttle(&roles, &topics, &mut request);
        let snapshot = Rows { brokers, topics }.build().unwrap_or_else(|error| panic!("{error}"));
        (snapshot, request)
    }

    fn has(&self, feature: Feature) -> bool {
        self.swarm.has(feature)
    }

    /// Whether a feature that the case has shows at this place.
    fn shows(&mut self, feature: Feature, probability: f64) -> bool {
        self.swarm.has(feature) && self.random.chance(probability)
    }

    fn roles(&mut self, count: usize) -> Roles {
        let old = 1 + self.random.below(count - 1);
        let mut ids: Vec<i32> = (0..count).map(|i| if i < old { id_of(1000 + i) } else { id_of(i - old) }).collect();
        if self.has(Feature::OddIds) {
            ids = (0..count).map(|i| id_of(i * 7 + 3)).collect();
            self.random.shuffle(&mut ids);
            ids[0] = i32::MAX;
        }
        let racks = self.racks(count);
        let sick = |case: &mut Self| match case.random.below(3) {
            _ if !case.shows(Feature::Sick, 0.2) => BrokerState::Alive,
            0 => BrokerState::Dead,
            1 => BrokerState::Fenced,
            _ => BrokerState::Cordoned,
        };
        let states = (0..count).map(|_| sick(self)).collect();
        let spread = self.has(Feature::PartlyFilled) || self.has(Feature::PartialDrain);
        let holders = (0..if spread { count } else { old }).collect();
        Roles { ids: ids.into_iter().map(BrokerId::new).collect(), old, racks, states, holders }
    }

    fn racks(&mut self, count: usize) -> Vec<Option<String>> {
        let racks = match self.random.below(8) {
            0 => return vec![None; count],
            1 => 1,
            2 => count,
            3 => 2,
            4 => 4,
            _ => 3,
        };
        let uneven = self.has(Feature::UnevenRacks);
        let number = |case: &mut Self, i: usize| match uneven {
            true if case.random.chance(0.5) => 0,
            true => case.random.below(racks),
            false => i % racks,
        };
        let mut names: Vec<_> = (0..count).map(|i| Some(format!("az-{}", number(self, i)))).collect();
        if self.has(Feature::PartialRacks) {
            names[self.random.below(count)] = None;
        }
        names
    }

    fn topics(&mut self, roles: &Roles, count: usize) -> Vec<TopicRows> {
        let rf = [1, 2, 3, 3, 3, 5][self.random.below(6)];
        let unit = [1.0, 1e3, 1e6, 1e9, 1e11][self.random.below(5)];
        let sizes = self.random.below(5);
        let mut topics = Vec::new();
        let mut left = count;
        while left > 0 {
            let number = topics.len();
            let internal = self.shows(Feature::Internal, 0.4);
            let name = match number % 3 {
                _ if internal => format!("__internal-{number}"),
                0 => format!("a-{number}"),
                1 => format!("b.{number}"),
                _ => format!("c_{number}"),
            };
            let partitions = left.min(1 + self.random.below(count.min(if count > 500 { 300 } else { 12 })));
            let rf = if self.has(Feature::MixedRf) { 1 + self.random.below(5) } else { rf };
            let weight = match sizes {
                0 => 0.0,
                1 => 1.0,
                2 if number == 0 => 100.0,
                _ => self.random.log_normal(1.5),
            };
            let config = BTreeMap::from([("min.insync.replicas".to_owned(), rf.clamp(1, 2).to_string())]);
            let first = if self.has(Feature::OddIds) { self.random.below(5) } else { 0 };
            let partitions: Vec<Partition> = (0..partitions)
                .map(|id| {
                    let jitter = if sizes < 2 { 1.0 } else { self.random.between(0.5, 1.5) };
                    self.partition(roles, id_of(first + id), rf, (unit * weight * jitter) as u64)
                })
                .collect();
            left -= partitions.len();
            topics.push(TopicRows { name, config, partitions });
        }
        topics
    }

    /// `rf` holders: one rack after the other, or wherever.
    fn replicas(&mut self, roles: &Roles, rf: usize) -> Vec<usize> {
        let mut pool = roles.holders.clone();
        self.random.shuffle(&mut pool);
        let mut replicas: Vec<usize> = Vec::new();
        let incorrect = self.shows(Feature::RackIncorrect, 0.5);
        for _ in 0..rf.min(pool.len()) {
            let in_rack =
                |broker: usize| replicas.iter().filter(|&&other| roles.racks[other] == roles.racks[broker]).count();
            let place = if incorrect { 0 } else { (0..pool.len()).min_by_key(|&i| in_rack(pool[i])).unwrap_or(0) };
            replicas.push(pool.remove(place));
        }
        replicas
    }

    fn partition(&mut self, roles: &Roles, id: i32, rf: usize, size: u64) -> Partition {
        let numbers = self.replicas(roles, rf);
        let replicas: Vec<BrokerId> = numbers.iter().map(|&number| roles.ids[number]).collect();
        let serving = numbers.iter().filter(|&&number| roles.states[number].serves());
        let mut isr: Vec<BrokerId> = serving.map(|&number| roles.ids[number]).collect();
        if isr.len() > 1 && self.shows(Feature::ShortIsr, 0.15) {
            isr.remove(self.random.below(isr.len()));
        }
        let mut leader = isr.first().copied();
        if !isr.is_empty() && self.shows(Feature::LeaderElsewhere, 0.5) {
            leader = Some(self.random.choose(&isr));
        }
        if self.shows(Feature::NoLeader, 0.05) {
            leader = None;
            if self.random.chance(0.5) {
                isr.clear();
            }
        }
        let (mut adding, mut removing) = (Vec::new(), Vec::new());
        if replicas.len() > 1 && self.shows(Feature::Reassigning, 0.05) {
            adding.push(replicas[0]);
            if self.random.chance(0.7) {
                removing.push(replicas[1]);
            }
        }
        let bytes_in =
            if self.shows(Feature::Traffic, 0.8) { size as f64 * self.random.between(0.0, 2e-5) } else { 0.0 };
        let size = (!self.shows(Feature::UnknownSize, 0.1)).then_some(size);
        let dirs = vec![None; replicas.len()];
        Partition { id, bytes_out: bytes_in * 2.0, replicas, leader, isr, size, bytes_in, dirs, adding, removing }
    }

    fn request(&mut self, roles: &Roles) -> Request {
        let count = roles.ids.len();
        let mut drain: Vec<usize> = (0..roles.old).collect();
        if self.has(Feature::PartialDrain) {
            drain.retain(|_| self.random.chance(0.5));
            if drain.is_empty() {
                drain.push(0);
            }
        }
        if self.has(Feature::DrainNothing) && roles.old + 1 < count && drain.len() + 1 < count {
            drain.push(count - 1);
        }
        let mut onto: Vec<usize> = (roles.old..count).filter(|number| !drain.contains(number)).collect();
        let wrong = self.has(Feature::WrongIds);
        onto.retain(|&number| wrong || roles.states[number] == BrokerState::Alive);
        if onto.len() > 2 && self.random.chance(0.2) {
            onto.pop();
        }
        if wrong && self.random.chance(0.3) {
            onto.push(drain[0]);
        }
        let ids = |numbers: &[usize]| IdSet::from_ids(numbers.iter().map(|&number| roles.ids[number])).unwrap();
        let onto = (self.has(Feature::Onto) && !onto.is_empty()).then(|| ids(&onto));
        let mut request = Request { drain: ids(&drain), onto, ..Request::default() };
        if wrong && self.random.chance(0.3) {
            request.drain = IdSet::parse("424242").unwrap();
        }
        self.limits(&mut request);
        request
    }

    fn limits(&mut self, request: &mut Request) {
        request.seed = self.random.below(3) as u64;
        if self.has(Feature::OddDiskLimit) {
            request.disk_limit = Ratio::new([0.3, 0.5, 0.7, 0.95, 1.0][self.random.below(5)]);
        }
        request.ignore_disk = self.has(Feature::IgnoreDisk);
        if self.has(Feature::SmallWaves) {
            if self.random.chance(0.6) {
                request.max_moves = 1 + self.random.below(6) as u32;
            }
            if self.random.chance(0.6) {
                request.max_moves_per_broker = Some(1 + self.random.below(4) as u32);
            }
        }
        if self.has(Feature::ShortWaves) {
            request.max_wave_duration = Seconds::new([1.0, 30.0, 600.0][self.random.below(3)]);
        }
        if self.has(Feature::RackPolicies) {
            request.rack_policy = self.random.choose(&[RackPolicy::Strict, RackPolicy::Strict, RackPolicy::Ignore]);
        }
        if self.has(Feature::TopicFilter) {
            let filters = ["a-.*", "[ab].*", "(?!__).*", "nothing"];
            match self.random.below(5) {
                4 => request.exclude_topics = Some("__.*|c_.*".to_owned()),
                number => request.topics = Some(filters[number].to_owned()),
            }
        }
        if self.has(Feature::Canary) {
            request.canary = 1 + self.random.below(4) as u32;
        }
        request.skip_unhealthy = self.random.chance(0.7);
    }

    /// The brokers, with disks of which the request leaves much room, just enough, or too little.
    fn brokers(&mut self, roles: &Roles, topics: &mut [TopicRows], request: &Request) -> Vec<Broker> {
        let dirs = if self.has(Feature::Jbod) { 2 + self.random.below(3) } else { 1 };
        self.place_in_dirs(dirs, topics);
        let drained = |id: &BrokerId| request.drain.contains(*id);
        let held = |id: BrokerId| -> u64 {
            let replicas = topics.iter().flat_map(|topic| &topic.partitions).filter(|p| p.replicas.contains(&id));
            replicas.map(|partition| partition.size.unwrap_or(0)).sum()
        };
        let forced: u64 = roles.ids.iter().filter(|id| drained(id)).map(|&id| held(id)).sum();
        let targets =
            request.onto.as_ref().map_or_else(|| roles.ids.iter().filter(|id| !drained(id)).count(), IdSet::len);
        // How much of what the limit leaves shall be taken: from hardly anything to more than there is.
        let fill = match self.random.below(8) {
            0 | 1 => self.random.between(0.02, 0.4),
            2..=4 => self.random.between(0.4, 0.9),
            5 | 6 => self.random.between(0.9, 1.0),
            _ => self.random.between(1.0, 1.5),
        };
        let share = forced as f64 / targets.max(1) as f64 / fill;
        let brokers = (0..roles.ids.len()).map(|number| {
            let id = roles.ids[number];
            let scale = if self.shows(Feature::TenTimes, 0.4) { 10.0 } else { 1.0 };
            let held = held(id);
            // Dirs that count every replica of unknown place are as full as the broker.
            let room = (held as f64 + share * scale) / request.disk_limit.get() / dirs as f64;
            let capacity = (room * self.random.between(0.9, 1.2)) as u64 + 1;
            let mut broker = Broker::new(id);
            broker.rack.clone_from(&roles.racks[number]);
            broker.state = roles.states[number];
            for dir in 0..dirs {
                let capacity = (!self.shows(Feature::UnknownCapacity, 0.3)).then(|| Bytes::new(capacity));
                let used = self.shows(Feature::KnownUse, 0.7).then(|| (held as f64 / dirs as f64 * 1.02) as u64);
                let offline = self.shows(Feature::OfflineDir, 0.1);
                broker.log_dirs.push(LogDir {
                    path: format!("/d{dir}"),
                    capacity,
                    used: used.map(Bytes::new),
                    offline,
                });
            }
            if self.shows(Feature::UnknownCapacity, 0.2) && dirs == 1 {
                broker.log_dirs.clear();
            }
            broker
        });
        brokers.collect()
    }

    fn place_in_dirs(&mut self, dirs: usize, topics: &mut [TopicRows]) {
        if dirs == 1 && self.random.chance(0.5) {
            return;
        }
        let all_unknown = self.shows(Feature::UnknownReplicaDirs, 0.3);
        for dir in topics.iter_mut().flat_map(|topic| &mut topic.partitions).flat_map(|partition| &mut partition.dirs) {
            let known = !all_unknown && !self.shows(Feature::UnknownReplicaDirs, 0.2);
            *dir = known.then(|| format!("/d{}", self.random.below(dirs)));
        }
    }

    /// A throttle under which the move takes a minute to a week, or one near the live traffic.
    fn throttle(&mut self, roles: &Roles, topics: &[TopicRows], request: &mut Request) {
        if !self.has(Feature::Throttle) {
            return;
        }
        let partitions = || topics.iter().flat_map(|topic| &topic.partitions);
        let bytes: u64 = partitions().map(|partition| partition.size.unwrap_or(0)).sum();
        let traffic: f64 = partitions().map(|p| p.bytes_in * p.replicas.len() as f64).sum();
        let rate = if traffic > 0.0 && self.random.chance(0.4) {
            traffic / roles.ids.len() as f64 * self.random.between(0.1, 4.0)
        } else {
            bytes as f64 / roles.ids.len() as f64 / [60.0, 3600.0, 86_400.0, 600_000.0][self.random.below(4)]
        };
        request.throttle = Some(BytesPerSec::new(rate as u64 + 1));
        request.growth = self.has(Feature::Growth);
    }
}
