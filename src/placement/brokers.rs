//! Which broker of its rack takes each new replica.
//!
//! Every broker gets a quota of replicas and of bytes by pouring water: what it holds already counts
//! first, and brokers of different size fill to the same level. Replicas are handed out largest first,
//! in rounds: a broker is served once a round for a full quota, and among those still to be served the
//! one with the most bytes to go takes the next, so the largest of a round go where most is missing.
//! A topic may not take more than its share of a broker while another can take the replica.
//!
//! When the limit is so tight that rounds leave a replica homeless, the rack is packed again with the
//! roomiest log dir first and no regard to counts.

use std::cell::LazyCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::{Home, Slot, Vessels, capped_level, refine, scramble, water_level};
use crate::base::error::Result;
use crate::base::index::{BrokerIx, Csr, DirIx, Ix};
use crate::base::units::Bytes;
use crate::base::work::Work;
use crate::problem::Problem;
use crate::request::Prefer;

/// Homes of the slots of one pool, in their order.
pub struct Placed {
    /// One home for each slot; meaningless for homeless ones.
    pub homes: Vec<Home>,
    /// Numbers of slots that found no room.
    pub homeless: Vec<usize>,
}

/// What a broker's receiving log dirs hold already.
pub fn used(problem: &Problem<'_>, broker: BrokerIx) -> Bytes {
    problem.receiving_dirs(broker).map(|dir| problem.cluster.dirs[dir].used).sum()
}

/// What a broker can still take.
pub fn room(problem: &Problem<'_>, broker: BrokerIx) -> f64 {
    room_of(&bins_of(problem, broker))
}

fn room_of(dirs: &[Bin]) -> f64 {
    dirs.iter().map(|dir| dir.room().as_f64()).sum()
}

/// Finds a home for every slot on the brokers of one pool.
pub fn place(problem: &Problem<'_>, brokers: &[BrokerIx], slots: &[Slot], work: &Work) -> Result<Placed> {
    let mut bins = Bins::new(problem, brokers, slots);
    bins.fill_in_rounds(slots, work)?;
    if !bins.homeless.is_empty() {
        bins = Bins::new(problem, brokers, slots);
        bins.fill_roomiest_first(slots, work)?;
    }
    if bins.homeless.is_empty() {
        refine::even_out(&mut bins, slots, work)?;
    }
    Ok(bins.finish())
}

/// A log dir that receives.
#[derive(Clone)]
pub struct Bin {
    dir: Option<DirIx>,
    limit: Bytes,
    used: Bytes,
}

impl Bin {
    fn room(&self) -> Bytes {
        self.limit.saturating_sub(self.used)
    }

    /// Whether it may receive a replica; one above its limit may not receive even an empty one.
    fn takes(&self, size: Bytes) -> bool {
        self.used <= self.limit && self.room() >= size
    }
}

/// The brokers of one pool while they are filled.
pub struct Bins<'a> {
    problem: &'a Problem<'a>,
    brokers: &'a [BrokerIx],
    /// The number of each among all targets, by which lots are drawn: brokers that receive nothing do not count.
    number: Vec<u64>,
    /// Log dirs of each broker; one without a limit where disks do not count.
    pub dirs: Vec<Vec<Bin>>,
    /// Bytes each broker holds now; where time goes first, those that it received.
    pub held: Vec<f64>,
    /// Bytes each broker held at first.
    at_first: Vec<f64>,
    /// Bytes each broker should hold, in the same sense, at the end.
    pub goal: Vec<f64>,
    /// Weights of the brokers.
    pub weight: Vec<f64>,
    /// Parts of the brokers in counts: their weights, or less where the limit leaves no room for a whole one.
    part: Vec<f64>,
    all_parts: f64,
    /// New replicas that each broker should get, and the most of them: there are as many rounds.
    quota: Vec<f64>,
    rounds: f64,
    /// Replicas that a broker takes in a round.
    per_round: Vec<f64>,
    /// The part of all new replicas that a broker takes.
    of_new: Vec<f64>,
    given: Vec<u32>,
    /// Whether one replica alone has brought a broker to its goal.
    has_giant: Vec<bool>,
    /// Replicas of each topic on each broker.
    topics: FxHashMap<(u32, u32), u32>,
    /// Replicas of each topic that are shared out among the brokers, and of those the new ones.
    topic_total: Vec<u32>,
    topic_new: Vec<u32>,
    /// The broker (place in the pool) and dir of each slot.
    pub home: Vec<(u32, u32)>,
    homeless: Vec<usize>,
}

/// A replica that is more than this part of what a broker should receive is a giant.
const GIANT: f64 = 0.95;
const NOWHERE: u32 = u32::MAX;
/// Brokers looked at for one where a topic still has a share.
const LOOK_FURTHER: usize = 256;

impl<'a> Bins<'a> {
    fn new(problem: &'a Problem<'a>, brokers: &'a [BrokerIx], slots: &[Slot]) -> Self {
        let cluster = &problem.cluster;
        let dirs: Vec<Vec<Bin>> = brokers.iter().map(|&broker| bins_of(problem, broker)).collect();
        let bytes: f64 = slots.iter().map(|slot| slot.size.as_f64()).sum();
        let Goals { weight, held, goal, part } = match problem.request.prefer {
            Prefer::Disk => Goals::of_fill(problem, brokers, bytes),
            Prefer::Time => Goals::of_inflow(problem, brokers, &dirs, bytes),
        };
        let mut place_of = FxHashMap::default();
        for (place, &broker) in brokers.iter().enumerate() {
            place_of.insert(broker, place as u32);
        }
        let mut count = vec![0.0; brokers.len()];
        let mut topics = FxHashMap::with_capacity_and_hasher(slots.len(), FxBuildHasher);
        let mut topic_total = vec![0; cluster.snapshot.topics.len()];
        let counts_first = problem.request.prefer == Prefer::Disk;
        if counts_first && brokers.iter().any(|&broker| cluster.brokers[broker].holds_some) {
            for partition in cluster.partitions() {
                for broker in cluster.replicas_of(partition) {
                    if let Some(&place) = place_of.get(broker) {
                        let topic = cluster.topic_of(partition).get() as u32;
                        count[place as usize] += 1.0;
                        *topics.entry((place, topic)).or_default() += 1;
                        topic_total[topic as usize] += 1;
                    }
                }
            }
        }
        let mut topic_new = vec![0; topic_total.len()];
        for slot in slots {
            topic_total[slot.topic as usize] += 1;
            topic_new[slot.topic as usize] += 1;
        }
        let level = water_level(&part, &count, slots.len() as f64);
        let quota: Vec<f64> = part.iter().zip(&count).map(|(part, count)| (level * part - count).max(0.0)).collect();
        let full = quota.iter().copied().fold(0.0, f64::max).max(1.0);
        let all = quota.iter().sum::<f64>().max(1.0);
        Bins {
            problem,
            brokers,
            number: brokers.iter().map(|&broker| target_number(problem, broker)).collect(),
            dirs,
            at_first: held.clone(),
            held,
            goal,
            weight,
            all_parts: part.iter().sum(),
            part,
            per_round: quota.iter().map(|quota| (quota / full).max(1e-6)).collect(),
            of_new: quota.iter().map(|quota| quota / all).collect(),
            rounds: full,
            quota,
            given: vec![0; brokers.len()],
            has_giant: vec![false; brokers.len()],
            topics,
            topic_total,
            topic_new,
            home: vec![(NOWHERE, 0); slots.len()],
            homeless: Vec::new(),
        }
    }

    /// Bins with every slot where it is.
    pub fn filled(problem: &'a Problem<'a>, brokers: &'a [BrokerIx], slots: &[Slot], homes: &Csr<Home>) -> Self {
        let mut bins = Bins::new(problem, brokers, slots);
        for (number, slot) in slots.iter().enumerate() {
            let home = homes.values()[slot.at as usize];
            let place = brokers.binary_search(&home.broker).expect("homes of a pool are on its brokers");
            let dir =
                bins.dirs[place].iter().position(|bin| bin.dir == home.dir).expect("homes are in dirs that receive");
            bins.put(number, slots, place as u32, dir as u32);
        }
        bins.of_new = bins.given.iter().map(|&given| f64::from(given) / slots.len().max(1) as f64).collect();
        bins
    }

    /// Whether a broker may hold one more replica of a topic: its share, rounded up, and `above` that.
    ///
    /// The share is in proportion to weights; to the new replicas that a broker takes where that is more: one
    /// that was emptier than others takes more of every topic.
    fn topic_fits(&self, place: u32, topic: u32, above: u32) -> bool {
        let at = place as usize;
        let by_part = f64::from(self.topic_total[topic as usize]) * self.part[at] / self.all_parts;
        let share = by_part.max(f64::from(self.topic_new[topic as usize]) * self.of_new[at]);
        let held = self.topics.get(&(place, topic)).copied().unwrap_or(0);
        f64::from(held) < (share - 1e-9).ceil() + f64::from(above)
    }

    /// Whether a broker holds the slot's partition already.
    pub fn holds(&self, place: u32, slot: usize, slots: &[Slot]) -> bool {
        let mover = slots[slot].mover;
        let (cluster, broker) = (&self.problem.cluster, self.brokers[place as usize]);
        if cluster.brokers[broker].holds_some
            && cluster.replicas_of(self.problem.movers[mover as usize]).contains(&broker)
        {
            return true;
        }
        // Slots of one mover follow one another.
        let before = (0..slot).rev().take_while(|&other| slots[other].mover == mover);
        let after = (slot + 1..slots.len()).take_while(|&other| slots[other].mover == mover);
        before.chain(after).any(|other| self.home[other].0 == place)
    }

    /// The emptiest dir of a broker with room for `size`.
    fn dir_for(&self, place: u32, size: Bytes) -> Option<u32> {
        let dirs = self.dirs[place as usize].iter().enumerate();
        let fits = dirs.filter(|(_, bin)| bin.takes(size));
        fits.max_by_key(|(number, bin)| (bin.room(), Reverse(*number))).map(|(number, _)| number as u32)
    }

    fn put(&mut self, slot: usize, slots: &[Slot], place: u32, dir: u32) {
        let topic = slots[slot].topic;
        let size = slots[slot].size;
        let at = place as usize;
        self.has_giant[at] |= size.as_f64() > GIANT * (self.goal[at] - self.at_first[at]);
        self.home[slot] = (place, dir);
        self.dirs[place as usize][dir as usize].used += size;
        self.held[place as usize] += size.as_f64();
        self.given[place as usize] += 1;
        *self.topics.entry((place, topic)).or_default() += 1;
    }

    /// By how many replicas a broker has more than its quota, rounded up.
    pub fn above_quota(&self, place: usize) -> f64 {
        f64::from(self.given[place]) - (self.quota[place] - 1e-9).ceil()
    }

    /// How many replicas a broker has less than its quota; one with a giant lacks none.
    pub fn below_quota(&self, place: usize) -> f64 {
        if self.has_giant[place] { 0.0 } else { self.quota[place] - f64::from(self.given[place]) }
    }

    /// The dir of another broker to which a slot may move within every limit, its topic at most one above its share.
    pub fn may_move(&self, slot: usize, to: u32, slots: &[Slot]) -> Option<u32> {
        let may = self.topic_fits(to, slots[slot].topic, 1) && !self.holds(to, slot, slots);
        if may { self.dir_for(to, slots[slot].size) } else { None }
    }

    /// Gives a slot another home.
    pub fn move_to(&mut self, slot: usize, slots: &[Slot], to: u32, dir: u32) {
        let Slot { topic, size, .. } = slots[slot];
        let (place, from) = self.home[slot];
        let bin = &mut self.dirs[place as usize][from as usize];
        bin.used -= size;
        self.held[place as usize] -= size.as_f64();
        self.given[place as usize] -= 1;
        *self.topics.entry((place, topic)).or_default() -= 1;
        self.put(slot, slots, to, dir);
    }

    /// Exchanges the homes of two slots, dir for dir.
    pub fn swap(&mut self, a: usize, b: usize, slots: &[Slot]) {
        let ((place_a, dir_a), (place_b, dir_b)) = (self.home[a], self.home[b]);
        let (size_a, size_b) = (slots[a].size, slots[b].size);
        for (place, dir, out, into) in [(place_a, dir_a, size_a, size_b), (place_b, dir_b, size_b, size_a)] {
            let bin = &mut self.dirs[place as usize][dir as usize];
            bin.used = bin.used - out + into;
            self.held[place as usize] += into.as_f64() - out.as_f64();
        }
        let (topic_a, topic_b) = (slots[a].topic, slots[b].topic);
        for (place, out, into) in [(place_a, topic_a, topic_b), (place_b, topic_b, topic_a)] {
            *self.topics.entry((place, out)).or_default() -= 1;
            *self.topics.entry((place, into)).or_default() += 1;
        }
        self.home.swap(a, b);
    }

    /// Whether two slots may exchange their homes within every limit, and no topic gets further than `above` beyond
    /// its share.
    pub fn may_swap(&self, a: usize, b: usize, slots: &[Slot], above: u32) -> bool {
        let ((place_a, dir_a), (place_b, dir_b)) = (self.home[a], self.home[b]);
        let (topic_a, topic_b) = (slots[a].topic, slots[b].topic);
        let fits = |place: u32, dir: u32, out: Bytes, into: Bytes| {
            let bin = &self.dirs[place as usize][dir as usize];
            bin.used - out + into <= bin.limit
        };
        fits(place_a, dir_a, slots[a].size, slots[b].size)
            && fits(place_b, dir_b, slots[b].size, slots[a].size)
            && (topic_a == topic_b
                || self.topic_fits(place_b, topic_a, above) && self.topic_fits(place_a, topic_b, above))
            && !self.holds(place_b, a, slots)
            && !self.holds(place_a, b, slots)
    }

    fn fill_in_rounds(&mut self, slots: &[Slot], work: &Work) -> Result<()> {
        let mut queue: BinaryHeap<Turn> = (0..self.brokers.len() as u32).map(|place| self.turn(place)).collect();
        let mut aside = Vec::new();
        let left = LazyCell::new(|| bytes_left(slots));
        for slot in 0..slots.len() {
            if slot % 65_536 == 0 {
                work.step("placing", 1, 3)?;
            }
            let topic = slots[slot].topic;
            let (mut second_best, mut last_resort) = (None, None);
            while let Some(mut next) = queue.peek_mut() {
                let place = next.place();
                if !self.holds(place, slot, slots)
                    && let Some(dir) = self.dir_for(place, slots[slot].size)
                {
                    // Whoever waits gets nothing before its turn, and only what is next to nothing beside its giant.
                    let waits = self.waits(place);
                    let takes = if waits {
                        aside.is_empty() && left[slot] <= self.next_to_nothing(place)
                    } else {
                        self.topic_fits(place, topic, 0)
                    };
                    if takes {
                        self.put(slot, slots, place, dir);
                        *next = self.turn(place);
                        break;
                    }
                    // Nobody else may have a share left either; beyond a few brokers the first that had room is taken.
                    let resort = if waits { &mut last_resort } else { &mut second_best };
                    resort.get_or_insert((place, dir));
                }
                aside.push(PeekMut::pop(next));
                if second_best.is_some() && aside.len() > LOOK_FURTHER {
                    break;
                }
            }
            if self.home[slot].0 == NOWHERE {
                match second_best.or(last_resort) {
                    Some((place, dir)) => self.put(slot, slots, place, dir),
                    None => self.homeless.push(slot),
                }
            }
            for turn in aside.drain(..) {
                let place = turn.place();
                queue.push(if self.home[slot].0 == place { self.turn(place) } else { turn });
            }
        }
        Ok(())
    }

    /// When a broker is served next: by round, then by bytes to go for its weight.
    ///
    /// Every other round is drawn by lot: otherwise racks that hold the same partitions are filled in the
    /// same order, and brokers end up with twins that hold all their partitions and would take over all
    /// their leaderships. A round's replicas are of about one size, so the next round levels what it upset.
    ///
    /// A broker to which one giant brought all bytes it should have waits for the smallest replicas of all, in the last
    /// round.
    fn turn(&self, place: u32) -> Turn {
        let at = place as usize;
        if self.waits(place) {
            return Turn::new(self.rounds as u64, f64::INFINITY, place);
        }
        let round = (f64::from(self.given[at]) / self.per_round[at] + 1e-9).floor() as u64;
        let to_go = if round % 2 == 1 {
            scramble(self.number[at], round) as f64
        } else {
            (self.goal[at] - self.held[at]) / self.weight[at]
        };
        Turn::new(round, to_go, place)
    }

    /// Bytes by which a broker with a giant may grow, and nobody would see it.
    fn next_to_nothing(&self, place: u32) -> f64 {
        const HARDLY_SEEN: f64 = 0.004_5;
        HARDLY_SEEN * self.goal[place as usize].max(self.held[place as usize])
    }

    /// Whether a broker has a giant and owes replicas yet.
    fn waits(&self, place: u32) -> bool {
        let at = place as usize;
        self.has_giant[at] && f64::from(self.given[at]) < self.quota[at]
    }

    fn fill_roomiest_first(&mut self, slots: &[Slot], work: &Work) -> Result<()> {
        let mut queue: BinaryHeap<(Bytes, Reverse<u32>)> =
            (0..self.brokers.len() as u32).map(|place| (self.roomiest(place), Reverse(place))).collect();
        let mut aside = Vec::new();
        for slot in 0..slots.len() {
            if slot % 65_536 == 0 {
                work.step("placing", 1, 3)?;
            }
            let size = slots[slot].size;
            let found = loop {
                let Some(entry) = queue.pop() else { break None };
                aside.push(entry);
                if entry.0 < size {
                    break None;
                }
                let place = entry.1.0;
                if !self.holds(place, slot, slots) {
                    break self.dir_for(place, size).map(|dir| (place, dir));
                }
            };
            match found {
                Some((place, dir)) => self.put(slot, slots, place, dir),
                None => self.homeless.push(slot),
            }
            for (room, place) in aside.drain(..) {
                queue.push(if self.home[slot].0 == place.0 { (self.roomiest(place.0), place) } else { (room, place) });
            }
        }
        Ok(())
    }

    fn roomiest(&self, place: u32) -> Bytes {
        self.dirs[place as usize].iter().map(Bin::room).max().unwrap_or(Bytes::ZERO)
    }

    /// The homes as they are now.
    pub fn finish(self) -> Placed {
        let home = |&(place, dir): &(u32, u32)| match place {
            NOWHERE => Home { broker: self.brokers[0], dir: None },
            place => Home { broker: self.brokers[place as usize], dir: self.dirs[place as usize][dir as usize].dir },
        };
        Placed { homes: self.home.iter().map(home).collect(), homeless: self.homeless }
    }
}

/// What the brokers of a pool should carry.
struct Goals {
    weight: Vec<f64>,
    held: Vec<f64>,
    goal: Vec<f64>,
    part: Vec<f64>,
}

impl Goals {
    /// All equally full for their weight; what they hold counts first.
    fn of_fill(problem: &Problem<'_>, brokers: &[BrokerIx], bytes: f64) -> Self {
        let held: Vec<f64> = brokers.iter().map(|&broker| used(problem, broker).as_f64()).collect();
        let weight: Vec<f64> = brokers.iter().map(|&broker| problem.weight(broker)).collect();
        let level = water_level(&weight, &held, bytes);
        let goal = weight.iter().zip(&held).map(|(weight, &held)| held.max(level * weight)).collect();
        Goals { part: weight.clone(), weight, held, goal }
    }

    /// All receive for equally long, but those with less room: bytes and counts alike, so that a full broker has not
    /// merely taken a few large replicas.
    fn of_inflow(problem: &Problem<'_>, brokers: &[BrokerIx], dirs: &[Vec<Bin>], bytes: f64) -> Self {
        let rooms: Vec<f64> = dirs.iter().map(|dirs| room_of(dirs)).collect();
        let weight: Vec<f64> = brokers.iter().map(|&broker| problem.weight(broker)).collect();
        let is_even = weight.iter().all(|weight| weight.to_bits() == 1.0_f64.to_bits());
        let level =
            if is_even { Vessels::new(rooms.clone()).level(bytes) } else { capped_level(&weight, &rooms, bytes) };
        let goal: Vec<f64> = rooms.iter().zip(&weight).map(|(&room, weight)| room.min(level * weight)).collect();
        let most = goal.iter().copied().fold(0.0, f64::max);
        let part = goal.iter().map(|&goal| if most > 0.0 { goal / most } else { 1.0 }).collect();
        Goals { weight, held: vec![0.0; dirs.len()], goal, part }
    }
}

fn target_number(problem: &Problem<'_>, target: BrokerIx) -> u64 {
    problem.targets.binary_search(&target).map_or(u64::MAX, |number| number as u64)
}

/// Bytes of each slot and all that come after it.
fn bytes_left(slots: &[Slot]) -> Vec<f64> {
    let mut left: Vec<f64> = slots.iter().map(|slot| slot.size.as_f64()).collect();
    for slot in (1..left.len()).rev() {
        left[slot - 1] += left[slot];
    }
    left
}

fn bins_of(problem: &Problem<'_>, broker: BrokerIx) -> Vec<Bin> {
    let dirs: Vec<Bin> = problem
        .receiving_dirs(broker)
        .map(|dir| Bin {
            dir: Some(dir),
            limit: problem.dir_limit[dir].unwrap_or(Bytes::ZERO),
            used: problem.cluster.dirs[dir].used,
        })
        .collect();
    if dirs.is_empty() && problem.request.ignore_disk {
        return vec![Bin { dir: None, limit: Bytes::MAX, used: Bytes::ZERO }];
    }
    dirs
}

/// A place in the queue: earlier rounds first, then whoever has most to go, then the first in order. All in one
/// number, because queues compare a lot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Turn(u128);

impl Turn {
    fn new(round: u64, to_go: f64, place: u32) -> Self {
        let round = u32::try_from(round).unwrap_or(u32::MAX);
        // The bits of a float stand in its total order once those of a negative one are turned over.
        let bits = to_go.to_bits();
        let ordered = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
        Turn(u128::from(!round) << 96 | u128::from(ordered) << 32 | u128::from(!place))
    }

    fn place(self) -> u32 {
        !(self.0 as u32)
    }
}
