//! Whom the loss of one broker or one rack would hit, wave by wave.
//!
//! In sync is, of a list, every broker that serves and that the snapshot has in the ISR, or that the plan has added: a
//! replica counts from the end of its wave on. The partitions of a wave end one by one, so while it runs each of them
//! counts for what it has at the start *or* at the end, whichever is worse.
//!
//! Counts are kept for every broker and every rack, and a wave changes them by its own partitions alone. Mostly these are
//! hit by nothing, neither before nor after: steps are looked at in the order of their table first, and of a wave only
//! those that count.

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::Solved;
use crate::base::ids::BrokerId;
use crate::base::index::{BrokerIx, Ix, PartitionIx, RackIx};
use crate::base::text::{counted, either, grouped};
use crate::cluster::BrokerRow;
use crate::plan::{AtRisk, AtRiskSpan, LossRisk, Plan, Warning, WorstLoss};
use crate::problem::Problem;
use crate::snapshot::BrokerState;

/// How many partitions a warning names.
const NAMED: usize = 3;
/// Partitions that a thread counts at least.
const CHUNK: usize = 8_192;
/// Fewer in sync than `min.insync.replicas`.
const BELOW: usize = 0;
/// None in sync.
const OFFLINE: usize = 1;

/// What was counted.
pub struct Found {
    span: AtRiskSpan,
    waves: Vec<AtRisk>,
    warnings: Vec<Warning>,
}

/// Counts what each single loss would do before, during and after the plan.
pub fn of(solved: &Solved<'_>) -> Found {
    let view = View::new(&solved.problem);
    let mut now = view.before();
    let before = view.shown(&now);
    let mut span = AtRiskSpan { most: before.clone(), after: before.clone(), before };
    let mut waves = Vec::with_capacity(solved.schedule.waves.len());
    let (mut worse, mut better) = (Vec::new(), Vec::new());
    let mut scratch = Scratch::default();
    let counts = view.steps_that_count(solved);
    for wave in &solved.schedule.waves {
        let (mut from, mut to) = ([[0; 2]; 2], [[0; 2]; 2]);
        for &step in wave.steps.iter().filter(|&&step| counts[step as usize]) {
            let Scratch { before, after, in_sync } = &mut scratch;
            view.at_step(solved, step as usize, before, after, in_sync);
            worse.extend(after.iter().filter(|hit| !before.contains(hit)));
            better.extend(before.iter().filter(|hit| !after.contains(hit)));
            view.count_any(before, after, &mut from, &mut to);
        }
        // While the wave runs, what it makes worse counts already and what it makes better still does.
        now.hit(worse.drain(..), 1);
        now.add_any(&to, 1);
        let shown = view.shown(&now);
        span.most.raise(&shown);
        waves.push(shown);
        now.hit(better.drain(..), -1);
        now.add_any(&from, -1);
    }
    span.after = view.shown(&now);
    let warnings = warnings(solved, &view, &span.before, &waves);
    Found { span, waves, warnings }
}

/// Puts what was counted into the plan.
pub fn add(plan: &mut Plan, found: Found) {
    plan.summary.at_risk = Some(found.span);
    for (wave, at_risk) in plan.waves.iter_mut().zip(found.waves) {
        wave.at_risk = Some(at_risk);
    }
    plan.warnings.extend(found.warnings);
}

/// The loss of a broker or a rack, and which of the two counts it is about. Racks are numbered after brokers.
type Hit = (u32, usize);

/// Partitions at risk: by the loss of any broker and of any rack.
type Any = [[i64; 2]; 2];

#[derive(Default)]
struct Scratch {
    before: Vec<Hit>,
    after: Vec<Hit>,
    in_sync: Vec<BrokerIx>,
}

/// Partitions that each single loss hits, and those that any hits.
#[derive(Clone)]
struct Counts {
    by_loss: Vec<[i64; 2]>,
    any: Any,
}

impl Counts {
    fn hit(&mut self, hits: impl Iterator<Item = Hit>, by: i64) {
        for (lost, kind) in hits {
            self.by_loss[lost as usize][kind] += by;
        }
    }

    fn add_any(&mut self, any: &Any, by: i64) {
        for (sum, add) in self.any.iter_mut().flatten().zip(any.iter().flatten()) {
            *sum += by * add;
        }
    }
}

/// What it takes to know whom a loss hits.
struct View<'p, 's> {
    problem: &'p Problem<'s>,
    /// `min.insync.replicas` of each topic.
    least: Vec<usize>,
    brokers: usize,
    /// Whether an alive broker has a rack.
    has_racks: bool,
}

impl<'p, 's> View<'p, 's> {
    fn new(problem: &'p Problem<'s>) -> Self {
        let least = problem.cluster.snapshot.min_insync_replicas();
        let cluster = &problem.cluster;
        let names_rack = |row: &BrokerRow| row.state == BrokerState::Alive && cluster.racks[row.rack].is_some();
        View { problem, least, brokers: cluster.brokers.len(), has_racks: cluster.brokers.iter().any(names_rack) }
    }

    fn rack(&self, broker: BrokerIx) -> RackIx {
        self.problem.cluster.brokers[broker].rack
    }

    /// The losses that leave a partition with too few, when it has this list.
    fn hits(
        &self,
        partition: PartitionIx,
        list: impl Iterator<Item = BrokerIx>,
        in_sync: &mut Vec<BrokerIx>,
        hits: &mut Vec<Hit>,
    ) {
        let cluster = &self.problem.cluster;
        let isr = cluster.snapshot.partitions.isr.get(partition.get());
        let stood = cluster.replicas_of(partition);
        hits.clear();
        in_sync.clear();
        in_sync.extend(list.filter(|&broker| {
            let row = &cluster.brokers[broker];
            row.state.serves() && (isr.contains(&row.id) || !stood.contains(&broker))
        }));
        let (count, least) = (in_sync.len(), self.least[cluster.topic_of(partition).get()]);
        let mut hit = |lost: usize, gone: usize| {
            if count - gone < least {
                hits.push((lost as u32, BELOW));
            }
            if count == gone {
                hits.push((lost as u32, OFFLINE));
            }
        };
        for &broker in in_sync.iter() {
            hit(broker.get(), 1);
        }
        if !self.has_racks {
            return;
        }
        for (place, &broker) in in_sync.iter().enumerate() {
            let shares = |other: &&BrokerIx| self.rack(**other) == self.rack(broker);
            if !in_sync[..place].iter().any(|other| shares(&other)) {
                hit(self.brokers + self.rack(broker).get(), in_sync[place..].iter().filter(shares).count());
            }
        }
    }

    /// The losses that hit the partition of a step, before it and after it.
    fn at_step(
        &self,
        solved: &Solved<'_>,
        step: usize,
        before: &mut Vec<Hit>,
        after: &mut Vec<Hit>,
        in_sync: &mut Vec<BrokerIx>,
    ) {
        let steps = &solved.steps;
        let partition = steps.partition(self.problem, step);
        self.hits(partition, steps.before.get(step).iter().copied(), in_sync, before);
        self.hits(partition, steps.after.get(step).iter().map(|home| home.broker), in_sync, after);
    }

    /// Whether each step has something to count: its partition is hit by a loss before it, or after it.
    fn steps_that_count(&self, solved: &Solved<'_>) -> Vec<bool> {
        let mut counts = vec![false; solved.steps.len()];
        counts.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, counts)| {
            let Scratch { mut before, mut after, mut in_sync } = Scratch::default();
            for (place, counts) in counts.iter_mut().enumerate() {
                self.at_step(solved, chunk * CHUNK + place, &mut before, &mut after, &mut in_sync);
                *counts = !(before.is_empty() && after.is_empty());
            }
        });
        counts
    }

    /// Whether any broker, and any rack, hits a partition.
    fn any(&self, hits: &[Hit]) -> Any {
        let mut any = [[0; 2]; 2];
        for &(lost, kind) in hits {
            any[usize::from(lost as usize >= self.brokers)][kind] = 1;
        }
        any
    }

    /// Counts a partition that is hit by something new (`to`), and one that is no longer hit at all (`from`).
    fn count_any(&self, before: &[Hit], after: &[Hit], from: &mut Any, to: &mut Any) {
        let (before, after) = (self.any(before), self.any(after));
        for loss in 0..2 {
            for kind in [BELOW, OFFLINE] {
                let (was, is) = (before[loss][kind], after[loss][kind]);
                to[loss][kind] += i64::from(is > was);
                from[loss][kind] += i64::from(was > is);
            }
        }
    }

    /// The counts of the snapshot.
    fn before(&self) -> Counts {
        let cluster = &self.problem.cluster;
        let empty = || Counts { by_loss: vec![[0; 2]; self.brokers + cluster.racks.len()], any: [[0; 2]; 2] };
        let starts: Vec<usize> = (0..cluster.partitions().len()).step_by(CHUNK).collect();
        let of_chunk = |mut counts: Counts, start: usize| {
            let Scratch { before: mut hits, mut in_sync, .. } = Scratch::default();
            for row in start..(start + CHUNK).min(cluster.partitions().len()) {
                let partition = PartitionIx::new(row);
                self.hits(partition, cluster.replicas_of(partition).iter().copied(), &mut in_sync, &mut hits);
                counts.add_any(&self.any(&hits), 1);
                counts.hit(hits.iter().copied(), 1);
            }
            counts
        };
        let sum = |mut sum: Counts, other: Counts| {
            sum.add_any(&other.any, 1);
            for (one, add) in sum.by_loss.iter_mut().flatten().zip(other.by_loss.iter().flatten()) {
                *one += add;
            }
            sum
        };
        starts.into_par_iter().fold(empty, of_chunk).reduce(empty, sum)
    }

    fn shown(&self, counts: &Counts) -> AtRisk {
        let cluster = &self.problem.cluster;
        let (brokers, racks) = counts.by_loss.split_at(self.brokers);
        let of_rack = |rack: usize| match cluster.racks[RackIx::new(rack)] {
            Some(name) => (None, Some(name.to_owned())),
            // One without a name is that of a single broker.
            None => {
                let broker = cluster.brokers.iter().find(|row| row.rack.get() == rack);
                (broker.map(|row| row.id), None)
            }
        };
        AtRisk {
            broker_loss: loss(counts.any[0], brokers, |at| (Some(cluster.brokers[BrokerIx::new(at)].id), None)),
            rack_loss: self.has_racks.then(|| loss(counts.any[1], racks, of_rack)),
        }
    }
}

/// One kind of loss; of equally bad ones the first is named.
fn loss(any: [i64; 2], by_loss: &[[i64; 2]], name: impl Fn(usize) -> (Option<BrokerId>, Option<String>)) -> LossRisk {
    let number = |count: i64| u64::try_from(count).unwrap_or(0);
    let worst = by_loss.iter().enumerate().rev().max_by_key(|entry| *entry.1).filter(|entry| *entry.1 != [0; 2]);
    let worst = worst.map(|(at, counts)| {
        let (broker, rack) = name(at);
        WorstLoss { broker, rack, below_min_isr: number(counts[BELOW]), offline: number(counts[OFFLINE]) }
    });
    LossRisk { below_min_isr: number(any[BELOW]), offline: number(any[OFFLINE]), worst }
}

/// What grows beyond what it was before the plan.
fn warnings(solved: &Solved<'_>, view: &View<'_, '_>, before: &AtRisk, waves: &[AtRisk]) -> Vec<Warning> {
    let count = |risk: &AtRisk, loss: usize, kind: usize| {
        let risk = if loss == 0 { Some(&risk.broker_loss) } else { risk.rack_loss.as_ref() };
        risk.map_or(0, |risk| risk.counts()[kind])
    };
    let mut warnings = Vec::new();
    for (loss, what) in ["broker", "rack"].into_iter().enumerate() {
        // Who would be offline is below min ISR as well: the graver count goes first, and is not told twice.
        let mut told = 0;
        for (kind, state) in [(OFFLINE, "offline"), (BELOW, "below min ISR")] {
            let was = count(before, loss, kind);
            let most = waves.iter().map(|wave| count(wave, loss, kind)).max().unwrap_or(0);
            if most <= was || most - was <= told {
                continue;
            }
            told = most - was;
            let at = waves.iter().position(|wave| count(wave, loss, kind) == most).expect("it is that of some wave");
            let worst = if loss == 0 { Some(&waves[at].broker_loss) } else { waves[at].rack_loss.as_ref() };
            let worst = worst.and_then(|risk| risk.worst.as_ref()).map_or(String::new(), |worst| {
                let most = [worst.below_min_isr, worst.offline][kind];
                format!(", at worst {} with {}", worst.name(), grouped(most))
            });
            warnings.push(Warning::new(
                "more-at-risk",
                format!(
                    "in wave {} the loss of one {what} would put any of {} {state}, {} before the plan{worst}: {}",
                    at + 1,
                    counted(most, "partition"),
                    grouped(was),
                    newly(solved, view, at, loss, kind)
                ),
            ));
        }
    }
    warnings
}

/// Names partitions that a loss hits by the end of wave `last`, and did not before the plan.
fn newly(solved: &Solved<'_>, view: &View<'_, '_>, last: usize, loss: usize, kind: usize) -> String {
    let Scratch { mut before, mut after, mut in_sync } = Scratch::default();
    let cluster = &view.problem.cluster;
    let (mut names, mut seen) = (Vec::new(), FxHashSet::default());
    for &step in solved.schedule.waves[..=last].iter().flat_map(|wave| &wave.steps) {
        let partition = solved.steps.partition(view.problem, step as usize);
        view.at_step(solved, step as usize, &mut before, &mut after, &mut in_sync);
        let is_hit = view.any(&after)[loss][kind] == 1;
        view.hits(partition, cluster.replicas_of(partition).iter().copied(), &mut in_sync, &mut before);
        if is_hit && view.any(&before)[loss][kind] == 0 && seen.insert(partition) {
            names.push(partition);
        }
    }
    let shown: Vec<String> =
        names.iter().take(NAMED).map(|&partition| format!("`{}`", cluster.name_of(partition))).collect();
    let more = match names.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {} more", grouped(more as u64)),
    };
    format!("{}{more} {} not before", shown.join(", "), either(names.len(), "was", "were"))
}
