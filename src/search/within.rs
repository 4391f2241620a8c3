//! Exchanges of homes within racks that even out what is led, where the order of lists alone cannot.
//!
//! **The problem.** Homes are found by size and count. A partition with one new replica leaves no choice of who
//! leads it, so a broker may end with heavy partitions to lead while another of its rack only follows. Fill and
//! counts have gone before; but there are many placements as good as the one that was found, and among them are
//! some in which leaders and their traffic are even too.
//!
//! **The method.** Where a broker leads more than its share of what its rack leads, a walk exchanges homes of two
//! replicas of its rack, mostly of about one size, one of them of a broker that is above its share. Counts stay;
//! limits and topics are asked as when homes were found; bytes may leave the broker's goal by a hair
//! ([`BYTES_ROOM`]), for a while by more, to come back by another exchange. A proposal is taken when the sum of
//! squares above shares is no larger than some steps ago (late acceptance, Burke and Bykov 2017). Racks share
//! nothing here, so they are walked side by side without any effect on the result.
//!
//! **The cost** is counted in proposals, never in seconds, and nothing where everybody is near its share.
//!
//! A worked example: two brokers hold a (9 bytes, led) and b (9 bytes, follows), c (2, led) and d (2, follows); a and
//! c lie on the one, b and d on the other. Exchanging c for d leaves bytes and counts, and each leads one.

use rayon::prelude::*;

use super::times;
use crate::base::error::Result;
use crate::base::index::{BrokerIx, Csr, IndexVec, Ix};
use crate::base::random::Random;
use crate::base::work::Work;
use crate::leadership::{self, RESOURCES, partitions, traffic_of};
use crate::placement::goals::is_open;
use crate::placement::{Bins, Home, Pools, Slot, replace, water_level};
use crate::problem::Problem;
use crate::request::Effort;

/// What a broker may lead above its share before its rack is walked.
const HOT: f64 = 0.025;
/// The same for a rack with more than [`LARGE`] new replicas, where a walk takes seconds; unless effort is thorough.
const HOT_IF_LARGE: f64 = 0.06;
const LARGE: usize = 30_000;
/// What it may lead above its share at the end of a walk.
const CLOSE_ENOUGH: f64 = 0.015;
/// By how much of its goal a broker's bytes may be off for the sake of what it leads.
const BYTES_ROOM: f64 = 0.002;
/// Replicas of a topic above its share that an exchange may give a broker: filling and levelling may have used one.
const TOPIC_ABOVE: u32 = 0;
/// Proposals of a walk: for each replica in a small rack; in a larger one for each broker above its share, at least
/// and at most.
const SMALL: usize = 2_000;
const PROPOSALS_PER_REPLICA: usize = 2_000;
const PROPOSALS_PER_HOT: usize = 30_000;
const PROPOSALS_MIN: usize = 50_000;
const PROPOSALS_MAX: usize = 1_000_000;
/// A walk may not be worse than it was so many proposals ago: as many as four for each that a replica has on average.
/// Longer than that, it does not come to rest; shorter, it comes to rest at the first best place.
const MEMORY_MIN: usize = 100;
const MEMORY_MAX: usize = 4_000;
/// A walk rests when the best of so many proposals, twice in a row, is hardly better than the best before.
const WINDOW: usize = 1 << 15;
const HARDLY: f64 = 0.99;
/// A new list of brokers above their share is made after so many proposals.
const LOOK_AGAIN: usize = 64;
/// How much squares count: of bytes, of counts of leaders, of their traffic.
const BYTES_COUNT: f64 = 400.0;
const BYTES_COUNT_LATE: f64 = 40_000.0;
const LEADERS_COUNT: f64 = 1_000.0;

/// Evens out what the brokers of each rack lead; the first home of a list whose first place falls free leads.
///
/// Says whether any home has changed.
pub fn improve(problem: &Problem<'_>, homes: &mut Csr<Home>, work: &Work) -> Result<bool> {
    if !walk(problem, homes, work)? {
        return Ok(false);
    }
    // Other homes are other choices of heads, between racks too; where that upset a rack, it is walked once more.
    leadership::improve_heads(problem, homes, work)?;
    walk(problem, homes, work)?;
    Ok(true)
}

/// One walk in each rack where a broker leads more than its share; whether any home has changed.
fn walk(problem: &Problem<'_>, homes: &mut Csr<Home>, work: &Work) -> Result<bool> {
    work.step("improving", 0, 1)?;
    let pools = Pools::new(problem);
    let led = Led::new(problem, homes);
    let mut received = vec![0; pools.brokers.len()];
    for home in homes.values() {
        received[pools.of_broker[home.broker].expect("homes are on targets") as usize] += 1;
    }
    let hot: Vec<bool> = pools
        .brokers
        .iter()
        .enumerate()
        .map(|(pool, brokers)| {
            let is_large = received[pool] > LARGE && problem.request.effort != Effort::Thorough;
            led.is_hot(problem, brokers, if is_large { HOT_IF_LARGE } else { HOT })
        })
        .collect();
    if !hot.contains(&true) {
        return Ok(false);
    }
    let mut per_pool: Vec<Vec<Slot>> = pools.brokers.iter().map(|_| Vec::new()).collect();
    for (mover, &partition) in problem.movers.iter().enumerate() {
        let (topic, size) = (problem.cluster.topic_of(partition).get() as u32, problem.landed_size(partition));
        for at in homes.range(mover) {
            let pool = pools.of_broker[homes.values()[at].broker].expect("homes are on targets") as usize;
            if hot[pool] {
                per_pool[pool].push(Slot { at: at as u32, mover: mover as u32, topic, size });
            }
        }
    }
    let walked: Vec<Vec<Home>> = per_pool
        .par_iter_mut()
        .enumerate()
        .map(|(pool, slots)| {
            slots.sort_unstable_by_key(|slot| (std::cmp::Reverse(slot.size), slot.mover, slot.at));
            if slots.len() < 2 || pools.brokers[pool].len() < 2 {
                return Ok(slots.iter().map(|slot| homes.values()[slot.at as usize]).collect());
            }
            Walk::new(problem, &pools.brokers[pool], slots, homes, &led).run(pool as u64, work)
        })
        .collect::<Result<_>>()?;
    let mut changed = false;
    for (slots, walked) in per_pool.iter().zip(walked) {
        for (slot, home) in slots.iter().zip(walked) {
            changed |= homes.values()[slot.at as usize] != home;
            homes.values_mut()[slot.at as usize] = home;
        }
    }
    Ok(changed)
}

/// What each broker leads.
struct Led {
    /// By partitions whose head cannot be chosen.
    fixed: IndexVec<BrokerIx, [f64; RESOURCES]>,
    /// By partitions whose head is new.
    new: IndexVec<BrokerIx, [f64; RESOURCES]>,
    /// The largest of these.
    largest: IndexVec<BrokerIx, [f64; RESOURCES]>,
}

impl Led {
    fn new(problem: &Problem<'_>, homes: &Csr<Home>) -> Self {
        let brokers = problem.cluster.brokers.len();
        let table = || IndexVec::filled([0.0; RESOURCES], brokers);
        let mut led = Led { fixed: table(), new: table(), largest: table() };
        for (partition, mover) in partitions(problem) {
            let load = traffic_of(problem, partition);
            if let Some(mover) = mover.filter(|_| is_open(problem, partition)) {
                let head = homes.get(mover)[0].broker;
                for (r, load) in load.into_iter().enumerate() {
                    led.new[head][r] += load;
                    led.largest[head][r] = led.largest[head][r].max(load);
                }
            } else if let Some(&head) = problem.cluster.replicas_of(partition).first() {
                for (sum, load) in led.fixed[head].iter_mut().zip(load) {
                    *sum += load;
                }
            }
        }
        led
    }

    fn total(&self, broker: BrokerIx, resource: usize) -> f64 {
        self.fixed[broker][resource] + self.new[broker][resource]
    }

    /// The share of each broker of a rack: what its new leaders carry together, poured over what stays; and never less
    /// than the largest single partition that it leads.
    fn shares(&self, problem: &Problem<'_>, brokers: &[BrokerIx]) -> Vec<[f64; RESOURCES]> {
        let weights: Vec<f64> = brokers.iter().map(|&broker| problem.weight(broker)).collect();
        let mut shares = vec![[0.0; RESOURCES]; brokers.len()];
        for resource in 0..RESOURCES {
            let fixed: Vec<f64> = brokers.iter().map(|&broker| self.fixed[broker][resource]).collect();
            let new: f64 = brokers.iter().map(|&broker| self.new[broker][resource]).sum();
            let level = water_level(&weights, &fixed, new);
            for (place, share) in shares.iter_mut().enumerate() {
                let largest = self.largest[brokers[place]][resource];
                share[resource] = fixed[place].max(level * weights[place]).max(largest);
            }
        }
        shares
    }

    /// Whether a broker of a rack leads more than its share by so much that a walk is worth its cost.
    fn is_hot(&self, problem: &Problem<'_>, brokers: &[BrokerIx], room: f64) -> bool {
        let wanted = wanted(problem);
        let shares = self.shares(problem, brokers);
        brokers.iter().zip(shares).any(|(&broker, share)| {
            (0..RESOURCES).any(|resource| {
                let allowed = allowed(resource, share[resource], room);
                wanted[resource] > 0.0 && self.total(broker, resource) > allowed * (1.0 + 1e-9)
            })
        })
    }
}

/// How much what is led counts, by the weights of the request.
fn wanted(problem: &Problem<'_>) -> [f64; RESOURCES] {
    let weights = problem.request.weights;
    [weights.leaders * LEADERS_COUNT, weights.bytes_in, weights.bytes_out]
}

/// What a broker may lead: its share and a little more; of whole leaderships its share rounded up.
fn allowed(resource: usize, share: f64, room: f64) -> f64 {
    if resource == 0 { (share - 1e-9).ceil().max(share * (1.0 + room.min(0.01))) } else { share * (1.0 + room) }
}

/// A walk over the homes of one rack.
struct Walk<'a> {
    slots: &'a [Slot],
    /// Their sizes, close together.
    sizes: Vec<f64>,
    bins: Bins<'a>,
    /// What each slot brings to the broker that holds it.
    brings: Vec<[f64; RESOURCES]>,
    /// Slots of each broker, largest first.
    on: Vec<Vec<u32>>,
    led: Vec<[f64; RESOURCES]>,
    allowed: Vec<[f64; RESOURCES]>,
    /// How much the square of an excess counts, each over its share.
    cost: Vec<[f64; RESOURCES]>,
    /// By how many bytes a broker may be off its goal.
    bytes_room: Vec<f64>,
    seed: u64,
    bytes_count: f64,
    /// The least sum of squares so far with no broker off its goal, and all exchanges since.
    best: f64,
    since_best: Vec<Exchange>,
    /// How many times as many proposals as usual.
    times: usize,
}

/// What a broker carries.
struct Load {
    led: [f64; RESOURCES],
    held: f64,
}

/// Two slots that exchange their homes.
type Exchange = (u32, u32);

impl<'a> Walk<'a> {
    fn new(problem: &'a Problem<'a>, brokers: &'a [BrokerIx], slots: &'a [Slot], homes: &Csr<Home>, led: &Led) -> Self {
        let bins = Bins::filled(problem, brokers, slots, homes);
        let mut on: Vec<Vec<u32>> = vec![Vec::new(); brokers.len()];
        for (slot, home) in bins.home.iter().enumerate() {
            on[home.0 as usize].push(slot as u32);
        }
        let brings = |slot: &Slot| {
            let partition = problem.movers[slot.mover as usize];
            let leads = homes.range(slot.mover as usize).start == slot.at as usize && is_open(problem, partition);
            if leads { traffic_of(problem, partition) } else { [0.0; RESOURCES] }
        };
        let shares = led.shares(problem, brokers);
        let wanted = wanted(problem);
        let mean = |resource: usize| shares.iter().map(|share| share[resource]).sum::<f64>() / shares.len() as f64;
        let means: [f64; RESOURCES] = std::array::from_fn(mean);
        let cost = |share: &[f64; RESOURCES]| {
            std::array::from_fn(
                |r| if means[r] > 0.0 { wanted[r] / (share[r].max(means[r] * 0.01)).powi(2) } else { 0.0 },
            )
        };
        let off = |place: usize| (bins.held[place] - bins.goal[place]).abs();
        Walk {
            brings: slots.iter().map(brings).collect(),
            led: brokers.iter().map(|&broker| std::array::from_fn(|r| led.total(broker, r))).collect(),
            allowed: shares.iter().map(|share| std::array::from_fn(|r| allowed(r, share[r], CLOSE_ENOUGH))).collect(),
            cost: shares.iter().map(cost).collect(),
            bytes_room: (0..brokers.len()).map(|place| off(place).max(BYTES_ROOM * bins.goal[place])).collect(),
            seed: problem.request.seed,
            bytes_count: BYTES_COUNT,
            best: f64::INFINITY,
            since_best: Vec::new(),
            times: times(problem),
            sizes: slots.iter().map(|slot| slot.size.as_f64()).collect(),
            slots,
            bins,
            on,
        }
    }

    /// The homes where the walk was best.
    fn run(mut self, pool: u64, work: &Work) -> Result<Vec<Home>> {
        let mut random = Random::new(self.seed ^ pool << 32 ^ 0x1e7e1);
        let proposals = self.times * self.proposals();
        self.best = (0..self.led.len()).map(|place| self.excess(place, &self.load(place))).sum();
        self.leg(proposals / 2, &mut random, work)?;
        // With many brokers there is always one off its goal by more than it may be: now that counts most.
        self.bytes_count = BYTES_COUNT_LATE;
        self.leg(proposals - proposals / 2, &mut random, work)?;
        for &(mine, theirs) in self.since_best.iter().rev() {
            self.bins.swap(mine as usize, theirs as usize, self.slots);
        }
        Ok(self.bins.finish().homes)
    }

    /// How many proposals a walk of usual effort makes.
    fn proposals(&self) -> usize {
        let brokers = self.led.len();
        let count = if self.slots.len() <= SMALL {
            self.slots.len() * PROPOSALS_PER_REPLICA
        } else {
            let hot = (0..brokers).filter(|&place| self.excess(place, &self.load(place)) > 0.0).count();
            hot * PROPOSALS_PER_HOT
        };
        count.clamp(PROPOSALS_MIN, PROPOSALS_MAX)
    }

    /// So many proposals.
    fn leg(&mut self, proposals: usize, random: &mut Random, work: &Work) -> Result<()> {
        let brokers = self.led.len();
        let mut excess: Vec<f64> = (0..brokers).map(|place| self.excess(place, &self.load(place))).collect();
        let mut score: f64 = excess.iter().sum();
        let mut off_goal = (0..brokers).filter(|&place| self.is_off(place)).count();
        let mut memory = vec![score; (4 * proposals / self.slots.len()).clamp(MEMORY_MIN, MEMORY_MAX)];
        let mut hot: Vec<u32> = Vec::new();
        let mut proposed: Vec<Exchange> = Vec::new();
        let (mut least, mut before, mut idle) = (score, f64::INFINITY, 0);
        for proposal in 0..proposals {
            if proposal % WINDOW == WINDOW - 1 {
                idle = if least > before * HARDLY { idle + 1 } else { 0 };
                if idle == 2 {
                    break;
                }
                before = before.min(least);
                least = score;
            }
            if proposal % LOOK_AGAIN == 0 {
                if proposal % (LOOK_AGAIN * 256) == 0 {
                    work.step("improving", 0, 1)?;
                }
                hot.clear();
                hot.extend((0..brokers as u32).filter(|&place| excess[place as usize] > 0.0));
                if hot.is_empty() {
                    break;
                }
                // The same sum, without what rounding has left in it.
                score = excess.iter().sum();
            }
            proposed.clear();
            let Some((from, to)) = self.propose(&hot, random, &mut proposed) else { continue };
            let [after_from, after_to] = self.after(from, to, &proposed);
            let found = [self.excess(from, &after_from), self.excess(to, &after_to)];
            let after = score + found[0] + found[1] - excess[from] - excess[to];
            let at = proposal % memory.len();
            if after <= score.max(memory[at]) {
                let were_off = usize::from(self.is_off(from)) + usize::from(self.is_off(to));
                if self.exchange(&proposed) {
                    (self.led[from], self.led[to]) = (after_from.led, after_to.led);
                    off_goal = off_goal + usize::from(self.is_off(from)) + usize::from(self.is_off(to)) - were_off;
                    (excess[from], excess[to], score) = (found[0], found[1], after);
                    self.since_best.extend_from_slice(&proposed);
                    if off_goal == 0 && score < self.best * (1.0 - 1e-6) {
                        self.best = score;
                        self.since_best.clear();
                    }
                }
            }
            memory[at] = memory[at].min(score);
            least = least.min(score);
        }
        Ok(())
    }

    fn place(&self, slot: u32) -> usize {
        self.bins.home[slot as usize].0 as usize
    }

    fn load(&self, place: usize) -> Load {
        Load { led: self.led[place], held: self.bins.held[place] }
    }

    /// What two brokers would carry if these slots of theirs changed places.
    fn after(&self, from: usize, to: usize, exchanges: &[Exchange]) -> [Load; 2] {
        let [mut from, mut to] = [from, to].map(|place| self.load(place));
        for &(mine, theirs) in exchanges {
            let (mine, theirs) = (mine as usize, theirs as usize);
            for r in 0..RESOURCES {
                let flow = self.brings[mine][r] - self.brings[theirs][r];
                from.led[r] -= flow;
                to.led[r] += flow;
            }
            let flow = self.size(mine as u32) - self.size(theirs as u32);
            from.held -= flow;
            to.held += flow;
        }
        [from, to]
    }

    fn size(&self, slot: u32) -> f64 {
        self.sizes[slot as usize]
    }

    /// Exchanges the homes of these slots, or of none where one of them may not.
    fn exchange(&mut self, exchanges: &[Exchange]) -> bool {
        for (number, &(mine, theirs)) in exchanges.iter().enumerate() {
            if !self.bins.may_swap(mine as usize, theirs as usize, self.slots, TOPIC_ABOVE) {
                for &(mine, theirs) in exchanges[..number].iter().rev() {
                    self.bins.swap(mine as usize, theirs as usize, self.slots);
                }
                return false;
            }
            self.bins.swap(mine as usize, theirs as usize, self.slots);
        }
        for &(mine, theirs) in exchanges {
            let (to, from) = (self.place(mine), self.place(theirs));
            replace(&mut self.on[from], mine, theirs);
            replace(&mut self.on[to], theirs, mine);
        }
        true
    }

    /// Squares of what a broker would carry above what it may.
    fn excess(&self, place: usize, load: &Load) -> f64 {
        let led = (0..RESOURCES).map(|r| {
            let above = (load.led[r] - self.allowed[place][r]).max(0.0);
            self.cost[place][r] * above * above
        });
        let off = self.off(place, load.held).max(0.0) / self.bins.goal[place].max(1.0);
        led.sum::<f64>() + self.bytes_count * off * off
    }

    /// By how many bytes a broker would be further off its goal than it may be.
    fn off(&self, place: usize, held: f64) -> f64 {
        (held - self.bins.goal[place]).abs() - self.bytes_room[place]
    }

    fn is_off(&self, place: usize) -> bool {
        self.off(place, self.bins.held[place]) > 1e-6 * self.bytes_room[place]
    }

    /// Slots of a broker above its share, mostly, and as many on another: one of about its size each, or two for two
    /// of about the same size together.
    fn propose(&self, hot: &[u32], random: &mut Random, proposed: &mut Vec<Exchange>) -> Option<(usize, usize)> {
        const HOT_FIRST: f64 = 0.75;
        const ABOUT_ITS_SIZE: f64 = 0.5;
        const NEIGHBOURS: usize = 8;
        const TRIES: usize = 4;
        let brokers = self.on.len();
        let from = if random.chance(HOT_FIRST) { random.choose(hot) as usize } else { random.below(brokers) };
        let to = (from + 1 + random.below(brokers - 1)) % brokers;
        let (giving, taking) = (&self.on[from], &self.on[to]);
        if giving.is_empty() || taking.is_empty() {
            return None;
        }
        // Large ones more often: they weigh most.
        let among = random.below(giving.len()) + 1;
        let mine = giving[random.below(among)];
        if random.chance(ABOUT_ITS_SIZE) {
            let near = taking.partition_point(|&slot| slot < mine) + random.below(2 * NEIGHBOURS);
            let theirs = taking[near.saturating_sub(NEIGHBOURS).min(taking.len() - 1)];
            proposed.push((mine, theirs));
        } else {
            let theirs = taking[random.below(taking.len())];
            proposed.push((mine, theirs));
            let flow = self.size(mine) - self.size(theirs);
            let mut best: Option<(f64, Exchange)> = None;
            for _ in 0..TRIES {
                let back = random.choose(giving);
                if back == mine {
                    continue;
                }
                let wanted = self.size(back) + flow;
                let at = taking.partition_point(|&slot| self.size(slot) > wanted);
                for at in [at.wrapping_sub(1), at] {
                    let Some(&other) = taking.get(at).filter(|&&other| other != theirs) else { continue };
                    let off = (wanted - self.size(other)).abs();
                    if best.is_none_or(|best| off < best.0) {
                        best = Some((off, (back, other)));
                    }
                }
            }
            proposed.extend(best.filter(|best| best.0 < flow.abs()).map(|best| best.1));
        }
        Some((from, to))
    }
}
