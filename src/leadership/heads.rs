//! The first of every list whose first place falls free.
//!
//! 1. Partitions with most traffic first, each takes the candidate that raises the sum of squares least.
//! 2. In passes over all of them, each is switched to the candidate that lowers it most, until hardly any
//!    switch helps.
//! 3. A broker above its share of leaderships passes one on along the shortest chain of switches that ends
//!    at a broker below its own (an augmenting path). With nobody left above, or no chain left, no choice
//!    has a lower count at the top.
//! 4. Brokers that are still above their share of bytes exchange leaderships with others, pair by pair.
//!
//! The sum is over brokers and over three resources: the square of what a broker carries over its part, times the
//! weight of the resource (all alike unless the request says otherwise). One that weighs nothing is not levelled.

use std::collections::VecDeque;

use rayon::prelude::*;

use super::{partitions, weights};
use crate::base::error::Result;
use crate::base::index::{BrokerIx, Csr, IndexVec, Ix, PartitionIx};
use crate::base::work::Work;
use crate::placement::Home;
use crate::problem::Problem;

/// Leaderships, produced bytes, consumed bytes.
pub const RESOURCES: usize = 3;
/// Passes of the descent, at most.
const PASSES: usize = 24;
/// A pass that switches fewer than one in this many partitions is the last.
const FEW: usize = 2_000;
/// Exchanges stop when no broker is above its share of bytes by more than this part of it.
const CLOSE_ENOUGH: f64 = 0.005;
/// An exchange helps when the sum of squares above shares grows by less than this.
const HELPS: f64 = -1e-12;
/// A broker rests when a search brought it down by less than this part of what it was above its share.
const WORTH: f64 = 0.02;
/// Searches for exchanges for each broker, at most.
const EXCHANGES: usize = 8;
/// Halvings in search of a level.
const HALVINGS: usize = 64;
/// Of the leaderships that one broker could hand to another, how many are looked at in a search: the heaviest.
const LOOKED_AT: usize = 64;

/// A partition whose first place falls free.
struct Open {
    mover: u32,
    traffic: [f64; RESOURCES],
    /// Produced and consumed bytes, each as a part of all.
    heaviness: f64,
}

/// The partitions that have a choice, heaviest first, and who may lead each: its present head comes first.
struct Choices {
    open: Vec<Open>,
    candidates: Csr<BrokerIx>,
}

/// Where to begin.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// From nothing: each partition takes the best candidate, the heaviest first.
    Afresh,
    /// From those in front now.
    AsTheyAre,
}

/// Puts the new head of every list whose first place falls free in front of its homes.
pub fn choose(problem: &Problem<'_>, homes: &mut Csr<Home>, start: Start, work: &Work) -> Result<()> {
    let (mut load, open) = Load::new(problem);
    let mut choices = Choices::new(open, homes, &mut load);
    let Choices { open, candidates } = &mut choices;
    for (number, open) in open.iter().enumerate() {
        let list = candidates.get_mut(number);
        if start == Start::Afresh {
            let best = load.cheapest(list, &open.traffic);
            list.swap(0, best);
        }
        load.add(list[0], &open.traffic);
    }
    for pass in 0..PASSES {
        work.step("choosing leaders", pass, PASSES)?;
        let mut switches = 0;
        for (number, open) in open.iter().enumerate() {
            let list = candidates.get_mut(number);
            load.remove(list[0], &open.traffic);
            // The head comes first among equals, so partitions do not wander without a gain.
            let best = load.cheapest(list, &open.traffic);
            if best != 0 {
                list.swap(0, best);
                switches += 1;
            }
            load.add(list[0], &open.traffic);
        }
        if switches * FEW <= open.len() {
            break;
        }
    }
    if problem.request.leaders_only {
        load.allow_what_can_be_held(&choices, &weights(problem));
    }
    level_counts(&mut choices, &mut load);
    exchange(&mut choices, &mut load, work)?;
    for (open, candidates) in choices.open.iter().zip(choices.candidates.iter()) {
        let list = homes.get_mut(open.mover as usize);
        let place = list.iter().position(|home| home.broker == candidates[0]).expect("a candidate is a home");
        list.swap(0, place);
    }
    Ok(())
}

impl Choices {
    /// Sorts out who has a choice; a partition with a single new replica has none and is counted at once.
    fn new(mut open: Vec<Open>, homes: &Csr<Home>, load: &mut Load) -> Self {
        open.retain(|open| {
            let list = homes.get(open.mover as usize);
            if list.len() == 1 {
                load.add(list[0].broker, &open.traffic);
            }
            list.len() > 1
        });
        for open in &mut open {
            open.heaviness = open.traffic[1] / load.total[1] + open.traffic[2] / load.total[2];
        }
        open.par_sort_unstable_by(|a, b| b.heaviness.total_cmp(&a.heaviness).then(a.mover.cmp(&b.mover)));
        let mut candidates = Csr::with_capacity(open.len(), open.len() * 3);
        for open in &open {
            candidates.push(homes.get(open.mover as usize).iter().map(|home| home.broker));
        }
        Choices { open, candidates }
    }

    fn head(&self, number: u32) -> BrokerIx {
        self.candidates.get(number as usize)[0]
    }

    /// One leadership goes from one broker to another.
    fn hand_over(&mut self, load: &mut Load, number: u32, from: BrokerIx, to: BrokerIx) {
        let list = self.candidates.get_mut(number as usize);
        let place = list.iter().position(|&broker| broker == to).expect("leaderships go to candidates");
        list.swap(0, place);
        let traffic = &self.open[number as usize].traffic;
        load.remove(from, traffic);
        load.add(to, traffic);
    }
}

/// What each broker leads, relative to its share.
struct Load {
    held: IndexVec<BrokerIx, [f64; RESOURCES]>,
    /// Weight over the broker's part and the square of the total, of each resource: the sum of squares is
    /// least when all brokers carry the same share of their parts.
    cost: IndexVec<BrokerIx, [f64; RESOURCES]>,
    /// The share of each resource.
    share: IndexVec<BrokerIx, [f64; RESOURCES]>,
    /// One over that, zero where there is none.
    per_share: IndexVec<BrokerIx, [f64; RESOURCES]>,
    /// Leaderships that a broker's share allows, rounded up.
    allowed: IndexVec<BrokerIx, f64>,
    total: [f64; RESOURCES],
}

impl Load {
    /// What is led by brokers that cannot be chosen anew, and the partitions that can.
    fn new(problem: &Problem<'_>) -> (Self, Vec<Open>) {
        let brokers = problem.cluster.brokers.len();
        let mut held = IndexVec::filled([0.0; RESOURCES], brokers);
        let mut total = [0.0; RESOURCES];
        let mut open = Vec::new();
        for (partition, mover) in partitions(problem) {
            let traffic = traffic_of(problem, partition);
            let head = problem.cluster.replicas_of(partition)[0];
            match mover.filter(|_| problem.leaves(partition, head)) {
                Some(mover) => open.push(Open { mover: mover as u32, traffic, heaviness: 0.0 }),
                None if problem.is_target[head] => add(&mut held[head], &traffic),
                None => continue,
            }
            add(&mut total, &traffic);
        }
        let weights = weights(problem);
        let all: f64 = problem.targets.iter().map(|&broker| weights[broker]).sum();
        let mut cost = IndexVec::filled([0.0; RESOURCES], brokers);
        let (mut share, mut per_share) = (cost.clone(), cost.clone());
        let mut allowed = IndexVec::filled(0.0, brokers);
        for &broker in &problem.targets {
            let part = weights[broker] / all;
            for resource in 0..RESOURCES {
                let total = total[resource];
                let weight = if total > 0.0 { problem.request.weights.all()[resource] } else { 0.0 };
                share[broker][resource] = total * part;
                per_share[broker][resource] = if weight > 0.0 { 1.0 / (total * part) } else { 0.0 };
                cost[broker][resource] = if weight > 0.0 { weight / (total * total * part) } else { 0.0 };
            }
            allowed[broker] = (total[0] * part - 1e-9).ceil();
        }
        // Divided by below; a resource that nobody uses sorts nothing.
        for total in &mut total {
            *total = if *total > 0.0 { *total } else { 1.0 };
        }
        (Load { held, cost, share, per_share, allowed, total }, open)
    }

    /// Where replicas stay, some brokers lead more than an even share already and others hold too little to reach
    /// it. What counts is the lowest level, relative to weight, at which those that may lead have room for all.
    fn allow_what_can_be_held(&mut self, choices: &Choices, weights: &IndexVec<BrokerIx, f64>) {
        let mut fixed: IndexVec<BrokerIx, f64> = self.held.iter().map(|held| held[0]).collect();
        for number in 0..choices.open.len() as u32 {
            fixed[choices.head(number)] -= 1.0;
        }
        let mut may: Vec<BrokerIx> = choices.candidates.values().to_vec();
        may.sort_unstable();
        may.dedup();
        let at = |level: f64, broker: BrokerIx| (level * weights[broker] + 1e-9).floor();
        let room = |level: f64| may.iter().map(|&broker| (at(level, broker) - fixed[broker]).max(0.0)).sum::<f64>();
        let all = choices.open.len() as f64;
        // At the higher one of two levels there is room for all, at the lower one there is not.
        let (mut low, mut high) = (0.0, 0.0_f64);
        for &broker in &may {
            high = high.max((fixed[broker] + all) / weights[broker]);
        }
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            if room(middle) >= all { high = middle } else { low = middle }
        }
        for &broker in &may {
            self.allowed[broker] = at(high, broker).max(fixed[broker]);
        }
    }

    fn add(&mut self, broker: BrokerIx, traffic: &[f64; RESOURCES]) {
        add(&mut self.held[broker], traffic);
    }

    fn remove(&mut self, broker: BrokerIx, traffic: &[f64; RESOURCES]) {
        for (held, traffic) in self.held[broker].iter_mut().zip(traffic) {
            *held -= traffic;
        }
    }

    /// By how much the sum of squares grows when a broker takes a partition.
    fn price(&self, broker: BrokerIx, traffic: &[f64; RESOURCES]) -> f64 {
        let (held, cost) = (&self.held[broker], &self.cost[broker]);
        (0..RESOURCES).map(|r| cost[r] * traffic[r] * (2.0 * held[r] + traffic[r])).sum()
    }

    /// By how much the sum of squares of what is above shares grows when two brokers exchange partitions. What is
    /// below a share costs nothing: a broker that leads one giant can shed the rest of its bytes in alone.
    fn exchanged(&self, from: BrokerIx, to: BrokerIx, mine: &[f64; RESOURCES], theirs: &[f64; RESOURCES]) -> f64 {
        let above = |broker: BrokerIx, r: usize, held: f64| (held - self.share[broker][r]).max(0.0).powi(2);
        let growth = |broker: BrokerIx, r: usize, flow: f64| {
            let held = self.held[broker][r];
            self.cost[broker][r] * (above(broker, r, held + flow) - above(broker, r, held))
        };
        let change = |r: usize| {
            let flow = mine[r] - theirs[r];
            growth(from, r, -flow) + growth(to, r, flow)
        };
        (0..RESOURCES).map(change).sum()
    }

    /// How far a broker is above its share of the bytes, as a part of the share.
    fn excess(&self, broker: BrokerIx) -> f64 {
        let above = |r: usize| self.held[broker][r] * self.per_share[broker][r] - 1.0;
        above(1).max(above(2))
    }

    /// The place of the cheapest broker of a list; among equals, but for rounding, the first.
    fn cheapest(&self, list: &[BrokerIx], traffic: &[f64; RESOURCES]) -> usize {
        let (mut best, mut least) = (0, self.price(list[0], traffic));
        for (place, &broker) in list.iter().enumerate().skip(1) {
            let price = self.price(broker, traffic);
            if price < least * (1.0 - 1e-9) {
                (best, least) = (place, price);
            }
        }
        best
    }
}

/// What leading a partition brings.
pub fn traffic_of(problem: &Problem<'_>, partition: PartitionIx) -> [f64; RESOURCES] {
    let (rows, row) = (&problem.cluster.snapshot.partitions, partition.get());
    [1.0, rows.bytes_in[row].get(), rows.bytes_out[row].get()]
}

fn add(sum: &mut [f64; RESOURCES], traffic: &[f64; RESOURCES]) {
    for (sum, traffic) in sum.iter_mut().zip(traffic) {
        *sum += traffic;
    }
}

/// Exchanges pairs of leaderships between brokers far above their share of bytes and others: counts stay.
fn exchange(choices: &mut Choices, load: &mut Load, work: &Work) -> Result<()> {
    let brokers = load.held.len();
    let mut offers: IndexVec<BrokerIx, Vec<u32>> = IndexVec::filled(Vec::new(), brokers);
    for (number, list) in choices.candidates.iter().enumerate() {
        for &broker in list {
            offers[broker].push(number as u32);
        }
    }
    let mut stuck = IndexVec::filled(false, brokers);
    let mut back: Vec<(BrokerIx, u32)> = Vec::new();
    for round in 0..brokers * EXCHANGES {
        if round % 256 == 0 {
            work.step("choosing leaders", PASSES, PASSES)?;
        }
        let fullest = load.held.indices().filter(|&broker| !stuck[broker]).map(|broker| (load.excess(broker), broker));
        let Some((excess, from)) = fullest.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1))) else { break };
        if excess <= CLOSE_ENOUGH {
            break;
        }
        // What others lead and `from` could, by who leads it.
        back.clear();
        back.extend(offers[from].iter().map(|&number| (choices.head(number), number)).filter(|entry| entry.0 != from));
        back.sort_unstable();
        let found = best_exchanges(choices, load, &offers[from], &back, from);
        if found.is_empty() {
            stuck[from] = true;
            continue;
        }
        for Exchange { mine, theirs, to, .. } in found {
            // Those made just now may have taken the place of this one, or the need for it.
            if load.excess(from) <= CLOSE_ENOUGH {
                break;
            }
            let [gives, takes] = [mine, theirs].map(|number| choices.open[number as usize].traffic);
            if choices.head(theirs) == to && load.exchanged(from, to, &gives, &takes) < HELPS {
                choices.hand_over(load, mine, from, to);
                choices.hand_over(load, theirs, to, from);
                // It may have become able to give.
                stuck[to] = false;
            }
        }
        // Whoever leads a partition that alone is more than a share stays above it, whatever it exchanges.
        stuck[from] = load.excess(from) > excess * (1.0 - WORTH);
    }
    Ok(())
}

/// A broker gives `mine` to another and takes `theirs` from it.
struct Exchange {
    /// By how much the sum of squares grows.
    change: f64,
    mine: u32,
    theirs: u32,
    to: BrokerIx,
}

/// For each leadership of `from` the exchange that lowers what is above shares most, where one does: best first.
fn best_exchanges(
    choices: &Choices,
    load: &Load,
    offers: &[u32],
    back: &[(BrokerIx, u32)],
    from: BrokerIx,
) -> Vec<Exchange> {
    let traffic = |number: u32| &choices.open[number as usize].traffic;
    let mut found = Vec::new();
    for &mine in offers.iter().filter(|&&number| choices.head(number) == from) {
        let mut best: Option<Exchange> = None;
        for &to in &choices.candidates.get(mine as usize)[1..] {
            let first = back.partition_point(|entry| entry.0 < to);
            for &(_, theirs) in back[first..].iter().take_while(|entry| entry.0 == to).take(LOOKED_AT) {
                let change = load.exchanged(from, to, traffic(mine), traffic(theirs));
                if change < best.as_ref().map_or(HELPS, |best| best.change) {
                    best = Some(Exchange { change, mine, theirs, to });
                }
            }
        }
        found.extend(best);
    }
    found.sort_by(|a, b| a.change.total_cmp(&b.change).then(a.mine.cmp(&b.mine)));
    found
}

/// Leads chains of switches from brokers above their share of leaderships to brokers below theirs.
fn level_counts(choices: &mut Choices, load: &mut Load) {
    let above =
        |load: &Load, broker: BrokerIx| load.cost[broker][0] > 0.0 && load.held[broker][0] > load.allowed[broker] + 0.5;
    if !load.held.indices().any(|broker| above(load, broker)) {
        return;
    }
    // The lightest stand first: passing on a light partition disturbs the bytes least.
    let mut led: IndexVec<BrokerIx, Vec<u32>> = IndexVec::filled(Vec::new(), load.held.len());
    for number in (0..choices.open.len() as u32).rev() {
        led[choices.head(number)].push(number);
    }
    for from in load.held.indices().collect::<Vec<_>>() {
        while above(load, from) {
            let Some(chain) = chain_from(from, choices, load, &led) else { break };
            for (giver, number, taker) in chain {
                choices.hand_over(load, number, giver, taker);
                led[giver].retain(|&other| other != number);
                let at = led[taker].partition_point(|&other| other > number);
                led[taker].insert(at, number);
            }
        }
    }
}

/// The shortest chain of switches (giver, partition, taker) from a broker to one that may lead one more.
fn chain_from(
    from: BrokerIx,
    choices: &Choices,
    load: &Load,
    led: &IndexVec<BrokerIx, Vec<u32>>,
) -> Option<Vec<(BrokerIx, u32, BrokerIx)>> {
    let mut came: IndexVec<BrokerIx, Option<(BrokerIx, u32)>> = IndexVec::filled(None, led.len());
    let mut queue = VecDeque::from([from]);
    while let Some(broker) = queue.pop_front() {
        for &number in &led[broker] {
            for &to in &choices.candidates.get(number as usize)[1..] {
                if to == from || came[to].is_some() {
                    continue;
                }
                came[to] = Some((broker, number));
                if load.held[to][0] + 1.0 <= load.allowed[to] + 0.5 {
                    let mut chain = Vec::new();
                    let mut at = to;
                    while at != from {
                        let (giver, number) = came[at].expect("every broker of the chain was reached");
                        chain.push((giver, number, at));
                        at = giver;
                    }
                    return Some(chain);
                }
                queue.push_back(to);
            }
        }
    }
    None
}
