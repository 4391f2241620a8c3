//! Homes and heads as a walk changes them, with all sums that its score needs.

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::base::index::{BrokerIx, Csr, DirIx, Ix, PartitionIx, RackIx};
use crate::base::random::Random;
use crate::placement::Home;
use crate::placement::goals::{Goal, is_open};
use crate::problem::Problem;
use crate::request::RackPolicy;

/// Where a slot lies: the number of a target, and of one of the doors.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spot {
    target: u32,
    door: u32,
}

/// One slot gets a spot: what a proposal does, and what takes it back.
#[derive(Clone, Copy)]
pub struct Change {
    slot: u32,
    spot: Spot,
}

/// A log dir that receives; one without a limit where disks do not count.
struct Door {
    target: u32,
    dir: Option<DirIx>,
    limit: u64,
    used: u64,
}

/// A partition with replicas that leave.
struct Mover {
    first: u32,
    last: u32,
    is_open: bool,
    size: u64,
    topic: u32,
    /// Brokers that keep a replica of it.
    kept: Vec<BrokerIx>,
    /// Racks that keep replicas of it, and how many.
    kept_racks: Vec<(RackIx, u32)>,
    /// It must be on more distinct racks than this, or on as many with at most so many replicas in one.
    distinct: u32,
    most: u32,
}

/// What does not change on a walk.
pub struct Facts<'a> {
    goals: &'a [Goal],
    targets: &'a [BrokerIx],
    doors: Vec<Door>,
    movers: Vec<Mover>,
    mover_of: Vec<u32>,
    rack_of: Vec<RackIx>,
    by_rack: bool,
    /// Replicas of a topic that a target may hold without crowding it.
    allowed: Vec<f64>,
    held: Vec<f64>,
}

impl<'a> Facts<'a> {
    /// What of `problem` counts for the lists that `homes` has.
    pub fn new(problem: &'a Problem<'_>, goals: &'a [Goal], homes: &Csr<Home>) -> Self {
        let targets = problem.targets.as_slice();
        let doors: Vec<Door> =
            targets.iter().enumerate().flat_map(|(target, &broker)| doors(problem, target as u32, broker)).collect();
        let mut mover_of = Vec::with_capacity(homes.total());
        let mut topics: FxHashMap<usize, u32> = FxHashMap::default();
        let mut movers = Vec::with_capacity(homes.len());
        for (number, &partition) in problem.movers.iter().enumerate() {
            let next = topics.len() as u32;
            let topic = *topics.entry(problem.cluster.topic_of(partition).get()).or_insert(next);
            let slots = homes.range(number);
            mover_of.extend(slots.clone().map(|_| number as u32));
            movers.push(mover(problem, partition, slots, topic));
        }
        let mut facts = Facts {
            goals,
            targets,
            doors,
            movers,
            mover_of,
            rack_of: targets.iter().map(|&broker| problem.cluster.brokers[broker].rack).collect(),
            by_rack: problem.rack_policy != RackPolicy::Ignore,
            allowed: vec![0.0; topics.len() * targets.len()],
            held: vec![0.0; topics.len() * targets.len()],
        };
        facts.count_topics(problem, &topics);
        facts
    }

    /// What targets hold of each topic, and what they may without crowding: their share of it, rounded up.
    fn count_topics(&mut self, problem: &Problem<'_>, topics: &FxHashMap<usize, u32>) {
        let targets = self.targets.len();
        let mut total = vec![0.0; topics.len()];
        for partition in problem.cluster.partitions() {
            let Some(&topic) = topics.get(&problem.cluster.topic_of(partition).get()) else { continue };
            for broker in problem.cluster.replicas_of(partition) {
                if let Ok(target) = self.targets.binary_search(broker) {
                    self.held[topic as usize * targets + target] += 1.0;
                    total[topic as usize] += 1.0;
                }
            }
        }
        for mover in &self.movers {
            total[mover.topic as usize] += f64::from(mover.last - mover.first);
        }
        let weights: Vec<f64> = self.targets.iter().map(|&broker| problem.weight(broker)).collect();
        let all: f64 = weights.iter().sum();
        for (topic, total) in total.iter().enumerate() {
            for (target, weight) in weights.iter().enumerate() {
                self.allowed[topic * targets + target] = (total * weight / all - 1e-9).ceil();
            }
        }
    }
}

/// The log dirs of a target that receive.
fn doors(problem: &Problem<'_>, target: u32, broker: BrokerIx) -> Vec<Door> {
    let door = |dir: DirIx| {
        let limit = problem.dir_limit[dir]?;
        Some(Door { target, dir: Some(dir), limit: limit.get(), used: problem.cluster.dirs[dir].used.get() })
    };
    let doors: Vec<Door> = problem.cluster.dirs_of(broker).filter_map(door).collect();
    if doors.is_empty() { vec![Door { target, dir: None, limit: u64::MAX, used: 0 }] } else { doors }
}

fn mover(problem: &Problem<'_>, partition: PartitionIx, slots: Range<usize>, topic: u32) -> Mover {
    let rack = |broker: BrokerIx| problem.cluster.brokers[broker].rack;
    let racks_of = |brokers: &mut dyn Iterator<Item = BrokerIx>| {
        let mut racks: Vec<(RackIx, u32)> = Vec::new();
        for broker in brokers {
            match racks.iter_mut().find(|entry| entry.0 == rack(broker)) {
                Some(entry) => entry.1 += 1,
                None => racks.push((rack(broker), 1)),
            }
        }
        racks
    };
    let before = problem.cluster.replicas_of(partition);
    let were = racks_of(&mut before.iter().copied());
    let (distinct, most) = match problem.rack_policy {
        RackPolicy::Strict => (problem.racks_left().min(before.len()), u32::MAX),
        _ => (were.len(), were.iter().map(|entry| entry.1).max().unwrap_or(0)),
    };
    Mover {
        first: slots.start as u32,
        last: slots.end as u32,
        is_open: is_open(problem, partition),
        size: problem.landed_size(partition).get(),
        topic,
        kept: problem.kept(partition).collect(),
        kept_racks: racks_of(&mut problem.kept(partition)),
        distinct: distinct as u32,
        most,
    }
}

/// One placement with one choice of heads.
#[derive(Clone)]
pub struct State<'f> {
    facts: &'f Facts<'f>,
    at: Vec<Spot>,
    used: Vec<u64>,
    /// Load over share of each target, goal after goal.
    load: Vec<f64>,
    /// Replicas of each topic on each target.
    topics: Vec<f64>,
    /// Squares of the replicas by which topics are above what a target may hold of them.
    crowding: f64,
}

impl<'f> State<'f> {
    /// The state that `homes` are in.
    pub fn new(facts: &'f Facts<'f>, homes: &Csr<Home>) -> Self {
        let spot = |home: &Home| {
            let target = facts.targets.binary_search(&home.broker).expect("homes are on targets") as u32;
            let is_it = |door: &Door| door.target == target && (home.dir.is_none() || door.dir == home.dir);
            let door = facts.doors.iter().position(is_it).expect("homes are in dirs that receive");
            Spot { target, door: door as u32 }
        };
        Self::at(facts, homes.values().iter().map(spot).collect())
    }

    /// The state with every slot in its spot.
    pub fn at(facts: &'f Facts<'f>, at: Vec<Spot>) -> Self {
        let mut used: Vec<u64> = facts.doors.iter().map(|door| door.used).collect();
        for (spot, &mover) in at.iter().zip(&facts.mover_of) {
            used[spot.door as usize] += facts.movers[mover as usize].size;
        }
        let held = |goal: &Goal| goal.fixed.iter().zip(&goal.share).map(|(fixed, share)| fixed / share).collect();
        let load: Vec<Vec<f64>> = facts.goals.iter().map(held).collect();
        let above = facts.held.iter().zip(&facts.allowed).map(|(held, allowed)| above(*held, *allowed));
        let (topics, crowding) = (facts.held.clone(), above.sum());
        let mut state = State { facts, at, used, load: load.concat(), topics, crowding };
        for slot in 0..state.at.len() as u32 {
            state.count(slot, 1.0);
        }
        state
    }

    /// Where every slot lies.
    pub fn spots(&self) -> &[Spot] {
        &self.at
    }

    /// How many replicas are placed.
    pub fn slots(&self) -> usize {
        self.at.len()
    }

    /// The largest load over its share of a goal.
    pub fn value(&self, goal: usize) -> f64 {
        self.loads(goal).iter().copied().fold(0.0, f64::max)
    }

    /// The mean square of a goal's loads.
    pub fn unevenness(&self, goal: usize) -> f64 {
        self.loads(goal).iter().map(|load| load * load).sum::<f64>() / self.facts.targets.len() as f64
    }

    /// Squares of the replicas by which topics are above their share of a target, rounded up.
    pub fn crowding(&self) -> f64 {
        self.crowding
    }

    /// Writes where everything is.
    pub fn write(&self, homes: &mut Csr<Home>) {
        for (home, spot) in homes.values_mut().iter_mut().zip(&self.at) {
            home.broker = self.facts.targets[spot.target as usize];
            home.dir = self.facts.doors[spot.door as usize].dir;
        }
    }

    /// Gives a slot its spot; gives back what undoes it.
    pub fn put(&mut self, change: Change) -> Change {
        let slot = change.slot as usize;
        let size = self.mover_of(change.slot).size;
        self.count(change.slot, -1.0);
        let before = std::mem::replace(&mut self.at[slot], change.spot);
        self.used[before.door as usize] -= size;
        self.used[change.spot.door as usize] += size;
        self.count(change.slot, 1.0);
        Change { slot: change.slot, spot: before }
    }

    /// Takes back what was done, the last first.
    pub fn take_back(&mut self, undo: &mut Vec<Change>) {
        while let Some(change) = undo.pop() {
            self.put(change);
        }
    }

    /// Makes one to three steps that keep disks and racks; `undo` gets what takes them back, last one last.
    ///
    /// Every other time only the last step has to keep the disks: one large replica for two small ones fits nowhere
    /// on the way.
    pub fn propose(&mut self, stage: usize, random: &mut Random, undo: &mut Vec<Change>) {
        const AGAIN: f64 = 0.4;
        const STEPS_MAX: usize = 3;
        let is_loose = random.chance(0.5);
        for step in 0..STEPS_MAX {
            if step > 0 && !random.chance(AGAIN) {
                break;
            }
            let is_of_heads = self.facts.goals.get(stage).is_some_and(|goal| !goal.is_of_replicas());
            let slot = self.draw(stage, random);
            match random.below(8) {
                0..3 if is_of_heads => self.hand_over(slot, random, undo),
                0..5 => self.relocate(slot, is_loose, random, undo),
                5..7 => self.exchange([slot, random.below(self.at.len()) as u32], is_loose, undo),
                _ => {
                    let others = [random.below(self.at.len()) as u32, random.below(self.at.len()) as u32];
                    self.rotate([slot, others[0], others[1]], is_loose, undo);
                }
            }
        }
        let is_full = |change: &Change| {
            let door = self.at[change.slot as usize].door as usize;
            self.used[door] > self.facts.doors[door].limit
        };
        if is_loose && undo.iter().any(is_full) {
            self.take_back(undo);
        }
    }

    /// A slot; half of the time one on the target that is worst off.
    fn draw(&self, stage: usize, random: &mut Random) -> u32 {
        const TRIES: usize = 8;
        let mut slot = random.below(self.at.len()) as u32;
        if stage < self.facts.goals.len() && random.chance(0.5) {
            let loads = self.loads(stage);
            let worst = (0..loads.len()).max_by(|&a, &b| loads[a].total_cmp(&loads[b]).then(b.cmp(&a)));
            for _ in 0..TRIES {
                if Some(self.at[slot as usize].target as usize) == worst {
                    break;
                }
                slot = random.below(self.at.len()) as u32;
            }
        }
        slot
    }

    fn relocate(&mut self, slot: u32, is_loose: bool, random: &mut Random, undo: &mut Vec<Change>) {
        let door = random.below(self.facts.doors.len()) as u32;
        let spot = Spot { target: self.facts.doors[door as usize].target, door };
        let held = self.used[door as usize].saturating_add(self.mover_of(slot).size);
        let fits = is_loose || held <= self.facts.doors[door as usize].limit;
        if fits && spot != self.at[slot as usize] && self.may_hold(slot, spot.target) {
            undo.push(self.put(Change { slot, spot }));
        }
    }

    fn exchange(&mut self, [a, b]: [u32; 2], is_loose: bool, undo: &mut Vec<Change>) {
        let (at_a, at_b) = (self.at[a as usize], self.at[b as usize]);
        if at_a.target == at_b.target || self.facts.mover_of[a as usize] == self.facts.mover_of[b as usize] {
            return;
        }
        let fits = |door: u32, out: u32, into: u32| {
            let held = self.used[door as usize] - self.mover_of(out).size;
            is_loose || held.saturating_add(self.mover_of(into).size) <= self.facts.doors[door as usize].limit
        };
        if fits(at_b.door, b, a)
            && fits(at_a.door, a, b)
            && self.may_hold(a, at_b.target)
            && self.may_hold(b, at_a.target)
        {
            undo.push(self.put(Change { slot: a, spot: at_b }));
            undo.push(self.put(Change { slot: b, spot: at_a }));
        }
    }

    /// Each of three takes the spot of the next: what no exchange of two can do without breaking a ceiling.
    fn rotate(&mut self, slots: [u32; 3], is_loose: bool, undo: &mut Vec<Change>) {
        let at = slots.map(|slot| self.at[slot as usize]);
        let of = slots.map(|slot| self.facts.mover_of[slot as usize]);
        if at[0].target == at[1].target || at[1].target == at[2].target || at[0].target == at[2].target {
            return;
        }
        if of[0] == of[1] || of[1] == of[2] || of[0] == of[2] {
            return;
        }
        let fits = |place: usize| {
            let (next, door) = ((place + 1) % 3, at[(place + 1) % 3].door as usize);
            let held = self.used[door] - self.mover_of(slots[next]).size;
            (is_loose || held.saturating_add(self.mover_of(slots[place]).size) <= self.facts.doors[door].limit)
                && self.may_hold(slots[place], at[next].target)
        };
        if (0..3).all(fits) {
            for place in 0..3 {
                undo.push(self.put(Change { slot: slots[place], spot: at[(place + 1) % 3] }));
            }
        }
    }

    /// Another of a partition's new replicas leads.
    fn hand_over(&mut self, slot: u32, random: &mut Random, undo: &mut Vec<Change>) {
        let Mover { first, last, is_open, .. } = *self.mover_of(slot);
        if !is_open || last - first < 2 {
            return;
        }
        let other = first + 1 + random.below((last - first - 1) as usize) as u32;
        let (head, next) = (self.at[first as usize], self.at[other as usize]);
        undo.push(self.put(Change { slot: first, spot: next }));
        undo.push(self.put(Change { slot: other, spot: head }));
    }

    /// Whether a slot may lie on a target, as far as its partition's other replicas and its racks go.
    fn may_hold(&self, slot: u32, target: u32) -> bool {
        let facts = self.facts;
        let mover = self.mover_of(slot);
        let others =
            || (mover.first..mover.last).filter(|&other| other != slot).map(|other| self.at[other as usize].target);
        if mover.kept.contains(&facts.targets[target as usize]) || others().any(|other| other == target) {
            return false;
        }
        let rack = |target: u32| facts.rack_of[target as usize];
        if !facts.by_rack || rack(target) == rack(self.at[slot as usize].target) {
            return true;
        }
        let kept = |rack: RackIx| mover.kept_racks.iter().find(|entry| entry.0 == rack).map_or(0, |entry| entry.1);
        let (mut distinct, mut most) = (mover.kept_racks.len() as u32, 0);
        for &(_, count) in &mover.kept_racks {
            most = most.max(count);
        }
        let all = || others().chain([target]);
        for (number, here) in all().enumerate() {
            let of_rack = all().filter(|&other| rack(other) == rack(here)).count() as u32;
            let is_first = !all().take(number).any(|other| rack(other) == rack(here));
            distinct += u32::from(is_first && kept(rack(here)) == 0);
            most = most.max(of_rack + kept(rack(here)));
        }
        distinct > mover.distinct || distinct == mover.distinct && most <= mover.most
    }

    fn loads(&self, goal: usize) -> &[f64] {
        let targets = self.facts.targets.len();
        &self.load[goal * targets..(goal + 1) * targets]
    }

    fn mover_of(&self, slot: u32) -> &'f Mover {
        let facts = self.facts;
        &facts.movers[facts.mover_of[slot as usize] as usize]
    }

    fn count(&mut self, slot: u32, times: f64) {
        let facts = self.facts;
        let number = facts.mover_of[slot as usize] as usize;
        let mover = &facts.movers[number];
        let (targets, target) = (facts.targets.len(), self.at[slot as usize].target as usize);
        let leads = mover.is_open && slot == mover.first;
        for (goal, load) in facts.goals.iter().zip(self.load.chunks_mut(targets)) {
            if goal.is_of_replicas() || leads {
                load[target] += times * goal.piece[number] / goal.share[target];
            }
        }
        let place = mover.topic as usize * targets + target;
        let (held, allowed) = (&mut self.topics[place], facts.allowed[place]);
        self.crowding += above(*held + times, allowed) - above(*held, allowed);
        *held += times;
    }
}

/// The square of what is above what is allowed. Whole numbers, so sums of it are exact.
fn above(held: f64, allowed: f64) -> f64 {
    let above = (held - allowed).max(0.0);
    above * above
}
