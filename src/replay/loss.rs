//! Partitions that the loss of one broker or one rack would leave with too few replicas in sync: before the first wave,
//! in each wave, and after the last one.
//!
//! In sync are the replicas of a list that serve, and that the snapshot has in the ISR or that a wave has added. Partitions
//! of a wave end one by one, so in it each counts where it would be hit at its start or at its end.

use super::{NONE, Steps, World};
use crate::base::ids::BrokerId;
use crate::plan::{AtRisk, LossRisk, WorstLoss};

/// What a loss would do to a partition.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    BelowMinIsr,
    Offline,
}

/// The number of a broker or rack, and what its loss would do to a partition.
type Harm = (u32, Fate);

/// What was found.
pub struct Losses {
    /// Before the first wave.
    pub before: AtRisk,
    /// In each wave.
    pub waves: Vec<AtRisk>,
    /// After the last wave.
    pub after: AtRisk,
}

/// Replays sound steps.
pub fn replay(world: &World, steps: &Steps) -> Losses {
    let topics = world.snapshot.topics.iter().zip(world.snapshot.min_insync_replicas());
    let least: Vec<usize> = topics.flat_map(|(topic, least)| topic.rows.clone().map(move |_| least)).collect();
    let of_broker = |broker: u32| broker;
    let of_rack = |broker: u32| world.rack[broker as usize];
    let named = world.rack_names.len();
    let serves: Vec<bool> = world.snapshot.brokers.iter().map(|broker| broker.state.serves()).collect();
    let partitions = &world.snapshot.partitions;
    let lists = partitions.replicas.iter().zip(partitions.isr.iter());
    let is_whole: Vec<bool> = lists.map(|(list, isr)| list == isr || list.iter().all(|id| isr.contains(id))).collect();
    let run = |group: &(dyn Fn(u32) -> u32 + Sync), groups: usize| {
        Replay { world, steps, least: &least, serves: &serves, is_whole: &is_whole, group, groups }.run()
    };
    let by_rack = || world.racks_matter.then(|| run(&of_rack, named + world.len()));
    let (by_broker, by_rack) = rayon::join(|| run(&of_broker, world.len()), by_rack);
    let broker = |number: u32| (Some(world.id(number)), None);
    let rack = |number: u32| match world.rack_names.get(number as usize) {
        Some(name) => (None, Some((*name).to_owned())),
        None => (Some(world.id(number - named as u32)), None),
    };
    let mut all = (0..by_broker.len()).map(|at| AtRisk {
        broker_loss: by_broker[at].shown(&broker),
        rack_loss: by_rack.as_ref().map(|tallies| tallies[at].shown(&rack)),
    });
    let before = all.next().expect("there is a tally before the first wave");
    let mut waves: Vec<AtRisk> = all.collect();
    let after = waves.pop().expect("there is a tally after the last wave");
    Losses { before, waves, after }
}

/// One kind of loss.
struct Replay<'a> {
    world: &'a World<'a>,
    steps: &'a Steps,
    /// `min.insync.replicas` of each row.
    least: &'a [usize],
    /// Whether each broker serves.
    serves: &'a [bool],
    /// Whether each row has all of its replicas in the ISR: then whoever serves is in sync, wherever it moves.
    is_whole: &'a [bool],
    /// What is lost together with a broker.
    group: &'a (dyn Fn(u32) -> u32 + Sync),
    groups: usize,
}

impl Replay<'_> {
    /// The tallies before the first wave, in each of them, and after the last one.
    fn run(&self) -> Vec<Tally> {
        let mut now = Tally { hit: vec![[0; 2]; self.groups], partitions: [0; 2] };
        let (mut start, mut end, mut scratch) = (Vec::new(), Vec::new(), Vec::new());
        for row in 0..self.least.len() as u32 {
            self.harm(row, self.world.replicas(row), &mut scratch, &mut start);
            now.replace(&[], &start);
        }
        let mut tallies = vec![now.clone()];
        for wave in &self.steps.waves {
            let mut during = now.clone();
            for step in self.steps.sound(wave.clone()) {
                let row = self.steps.row[step];
                self.harm(row, self.steps.old.get(step), &mut scratch, &mut start);
                self.harm(row, self.steps.new.get(step), &mut scratch, &mut end);
                if start == end {
                    continue;
                }
                let mut either: Vec<Harm> = [&start[..], &end[..]].concat();
                either.sort_unstable();
                either.dedup();
                during.replace(&start, &either);
                now.replace(&start, &end);
            }
            tallies.push(during);
        }
        tallies.push(now);
        tallies
    }

    /// Whose loss leaves a row with too few in sync when it has this list, in order.
    fn harm(&self, row: u32, list: &[u32], in_sync: &mut Vec<u32>, harm: &mut Vec<Harm>) {
        let serves = |&broker: &u32| broker != NONE && self.serves[broker as usize];
        in_sync.clear();
        if self.is_whole[row as usize] {
            in_sync.extend(list.iter().copied().filter(serves).map(self.group));
        } else {
            let isr = self.world.snapshot.partitions.isr.get(row as usize);
            let stood = self.world.replicas(row);
            let is_in_sync = |broker: &u32| isr.contains(&self.world.id(*broker)) || !stood.contains(broker);
            in_sync.extend(list.iter().copied().filter(serves).filter(is_in_sync).map(self.group));
        }
        harm.clear();
        let least = self.least[row as usize];
        for &lost in in_sync.iter() {
            let left = in_sync.iter().filter(|&&group| group != lost).count();
            if left < least {
                harm.push((lost, Fate::BelowMinIsr));
            }
            if left == 0 {
                harm.push((lost, Fate::Offline));
            }
        }
        harm.sort_unstable();
        harm.dedup();
    }
}

/// How many partitions each loss hits, and how many are hit by any; below min ISR and offline.
#[derive(Clone)]
struct Tally {
    hit: Vec<[u64; 2]>,
    partitions: [u64; 2],
}

impl Tally {
    /// A partition is hit so, and no longer so.
    fn replace(&mut self, old: &[Harm], new: &[Harm]) {
        for &(lost, fate) in new {
            self.hit[lost as usize][fate as usize] += 1;
        }
        for &(lost, fate) in old {
            self.hit[lost as usize][fate as usize] -= 1;
        }
        for fate in [Fate::BelowMinIsr, Fate::Offline] {
            let is_hit = |harm: &[Harm]| u64::from(harm.iter().any(|one| one.1 == fate));
            self.partitions[fate as usize] += is_hit(new);
            self.partitions[fate as usize] -= is_hit(old);
        }
    }

    fn shown(&self, name: &dyn Fn(u32) -> (Option<BrokerId>, Option<String>)) -> LossRisk {
        let mut worst: Option<usize> = None;
        for (lost, hit) in self.hit.iter().enumerate() {
            if *hit > worst.map_or([0; 2], |worst| self.hit[worst]) {
                worst = Some(lost);
            }
        }
        let worst = worst.map(|lost| {
            let (broker, rack) = name(lost as u32);
            WorstLoss { broker, rack, below_min_isr: self.hit[lost][0], offline: self.hit[lost][1] }
        });
        LossRisk { below_min_isr: self.partitions[0], offline: self.partitions[1], worst }
    }
}
