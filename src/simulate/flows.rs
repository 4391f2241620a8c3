//! Flows through nodes, sharing their rates max-min fairly: the physics under every simulation.
//!
//! A node is one side of one broker. Each flow runs through two nodes, and a rate is *fair* when no flow can have
//! more without taking it from one that has no more than itself. Then every busy node has a **level**, the most
//! that any of its flows gets, and each flow gets the lower level of its two nodes: this node *holds* it.
//!
//! Two habits make this fast. A node keeps the bytes that each flow it holds has moved as one number (`work`), so
//! that a new level costs nothing for its flows: each ends when `work` reaches a number fixed when it came. And
//! after an event only its two nodes are looked at; a node whose level moves by more than the tolerance tells the
//! nodes of the flows it holds, and so on until the change has died away, which it does within a few nodes because
//! each shares it among all of its flows. Levels settle from the lowest upward: the lowest depends on nothing else,
//! the next one only on it, and so on; so the order in which nodes are looked at does not matter for the end.
//!
//! Worked example: a leader of 10 MB/s sends to followers x, y of 10 and 2 MB/s. All are looked at: the leader's
//! level is 10/2 = 5, x's is infinite (5 is less than it could take), y's is 2, below the leader's: y holds its
//! flow, and the leader is told. Its level is now (10 − 2)/1 = 8, and x still does not bind.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};

use super::clock::Clock;

/// Levels that differ by less, as a share, are the same level: nothing but rounding lies between them.
const TIE: f64 = 1e-9;

/// Above so many flows a node is looked at less often: each of them matters less.
const MANY: f64 = 200.0;

/// All flows and the nodes that they run through.
pub struct Flows {
    nodes: Vec<Node>,
    flows: Vec<Flow>,
    free: Vec<u32>,
    clock: Clock,
    queue: VecDeque<u32>,
    now: f64,
    tolerance: f64,
    levels: Vec<f64>,
}

/// One side of one broker.
#[derive(Default)]
struct Node {
    /// Bytes per second.
    capacity: f64,
    /// The most that a flow gets here, in bytes per second; infinite while other nodes hold all flows.
    level: f64,
    /// Bytes per second of the flows that other nodes hold, when the node was last looked at as a whole.
    elsewhere: f64,
    /// How much that has changed since.
    drift: f64,
    /// How many flows it holds.
    held: u32,
    /// Bytes that a flow held from the start would have moved by `since`.
    work: f64,
    since: f64,
    is_queued: bool,
    must_look: bool,
    flows: Vec<u32>,
    /// When the flows it holds end, in terms of `work`; what is stale is dropped when it comes up.
    ends: BinaryHeap<Reverse<End>>,
}

#[derive(Clone, Copy)]
struct Flow {
    nodes: [u32; 2],
    /// Where it stands in the lists of its nodes.
    places: [u32; 2],
    /// Which of the two holds it.
    holder: u8,
    /// Changes whenever another node holds it or it ends.
    version: u32,
    /// It ends when the `work` of its holder is this.
    end: f64,
    tag: u32,
}

#[derive(Clone, Copy, PartialEq)]
struct End {
    work: f64,
    flow: u32,
    version: u32,
}

impl Eq for End {}

impl PartialOrd for End {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for End {
    fn cmp(&self, other: &Self) -> Ordering {
        self.work.total_cmp(&other.work).then(self.flow.cmp(&other.flow)).then(self.version.cmp(&other.version))
    }
}

impl Flows {
    /// Idle nodes of these capacities, in bytes per second. Levels are right but for `tolerance`, a share.
    pub fn new(capacities: impl IntoIterator<Item = f64>, tolerance: f64) -> Self {
        let node = |capacity| Node { capacity, level: f64::INFINITY, ..Node::default() };
        let nodes: Vec<Node> = capacities.into_iter().map(node).collect();
        Flows {
            clock: Clock::new(nodes.len()),
            nodes,
            flows: Vec::new(),
            free: Vec::new(),
            queue: VecDeque::new(),
            now: 0.0,
            tolerance,
            levels: Vec::new(),
        }
    }

    /// Starts a flow of `bytes` through two nodes; `tag` is given back when it ends. Rates follow with [`Flows::settle`].
    pub fn start(&mut self, nodes: [u32; 2], bytes: f64, tag: u32) -> u32 {
        debug_assert!(nodes[0] != nodes[1] && bytes > 0.0);
        let levels = nodes.map(|node| self.nodes[node as usize].level);
        let holder = u8::from(levels[1] < levels[0]);
        self.advance(nodes[usize::from(holder)]);
        let places = nodes.map(|node| self.nodes[node as usize].flows.len() as u32);
        let end = self.nodes[nodes[usize::from(holder)] as usize].work + bytes;
        let flow = match self.free.pop() {
            Some(slot) => {
                let version = self.flows[slot as usize].version;
                self.flows[slot as usize] = Flow { nodes, places, holder, version, end, tag };
                slot
            }
            None => {
                self.flows.push(Flow { nodes, places, holder, version: 0, end, tag });
                (self.flows.len() - 1) as u32
            }
        };
        for node in nodes {
            self.nodes[node as usize].flows.push(flow);
            self.look_at(node, true);
        }
        self.hold(flow);
        flow
    }

    /// Ends a flow before its time, or because it has come.
    pub fn stop(&mut self, flow: u32) {
        let Flow { nodes, places, holder, .. } = self.flows[flow as usize];
        let level = self.nodes[nodes[usize::from(holder)] as usize].level;
        for side in 0..2 {
            let node = &mut self.nodes[nodes[side] as usize];
            node.flows.swap_remove(places[side] as usize);
            if let Some(&moved) = node.flows.get(places[side] as usize) {
                let end = usize::from(self.flows[moved as usize].nodes[1] == nodes[side]);
                self.flows[moved as usize].places[end] = places[side];
            }
            if side == usize::from(holder) {
                node.held -= 1;
            } else if level.is_finite() {
                node.drift -= level;
            }
            self.look_at(nodes[side], false);
        }
        self.flows[flow as usize].version += 1;
        self.free.push(flow);
        self.schedule(nodes[usize::from(holder)]);
    }

    /// Gives a node another capacity.
    pub fn set_capacity(&mut self, node: u32, capacity: f64) {
        self.nodes[node as usize].capacity = capacity;
        self.look_at(node, true);
    }

    /// When the next flow ends; none when none ever does. Levels must have settled.
    pub fn next_end(&self) -> Option<f64> {
        self.clock.first().map(|(_, time)| time.max(self.now))
    }

    /// Lets time pass; no flow may end before `time`.
    pub fn pass_to(&mut self, time: f64) {
        self.now = self.now.max(time);
    }

    /// A flow that has ended by now, with its tag; it is stopped.
    pub fn pop_ended(&mut self) -> Option<u32> {
        let (node, time) = self.clock.first()?;
        // Ends that only rounding keeps apart come together.
        if time > self.now * (1.0 + 1e-12) {
            return None;
        }
        let Reverse(end) = *self.nodes[node as usize].ends.peek()?;
        let tag = self.flows[end.flow as usize].tag;
        self.stop(end.flow);
        Some(tag)
    }

    /// Bytes that a flow still has to move.
    pub fn remaining(&self, flow: u32) -> f64 {
        let flow = &self.flows[flow as usize];
        let node = &self.nodes[flow.nodes[usize::from(flow.holder)] as usize];
        (flow.end - node.work_at(self.now)).max(0.0)
    }

    /// Bytes that all flows through a node still have to move.
    pub fn remaining_at(&self, node: u32) -> f64 {
        self.nodes[node as usize].flows.iter().map(|&flow| self.remaining(flow)).sum()
    }

    /// The first of the two nodes of a flow.
    pub fn source(&self, flow: u32) -> u32 {
        self.flows[flow as usize].nodes[0]
    }

    /// Whether flows wait at a node that lets nothing through.
    pub fn stands_still(&self, node: u32) -> bool {
        let node = &self.nodes[node as usize];
        node.capacity <= 0.0 && !node.flows.is_empty()
    }

    /// Bytes per second of a flow. Levels must have settled.
    #[cfg(test)]
    pub fn rate(&self, flow: u32) -> f64 {
        let flow = &self.flows[flow as usize];
        self.nodes[flow.nodes[usize::from(flow.holder)] as usize].level
    }

    /// Finds the levels after flows came and went.
    pub fn settle(&mut self) {
        // A safety net: should levels ever chase each other, they are taken as settled sooner and sooner.
        let (mut looks, mut tolerance) = (0_usize, self.tolerance);
        while let Some(node) = self.queue.pop_front() {
            let state = &mut self.nodes[node as usize];
            state.is_queued = false;
            if !std::mem::take(&mut state.must_look) && state.is_level(tolerance) {
                continue;
            }
            let level = self.level_of(node);
            self.publish(node, level);
            looks += 1;
            if looks >= 20 * self.nodes.len() + 1_000 {
                (looks, tolerance) = (0, (tolerance * 2.0).max(1e-6));
            }
        }
    }

    /// The level of a node under the present levels of the others.
    fn level_of(&mut self, node: u32) -> f64 {
        let Node { capacity, flows, .. } = &self.nodes[node as usize];
        let others = flows.iter().map(|&flow| self.nodes[self.flows[flow as usize].other(node) as usize].level);
        self.levels.clear();
        self.levels.extend(others);
        let all = self.levels.len();
        let mut level = capacity / all as f64;
        let mut below = 0;
        loop {
            let lower = self.levels.iter().filter(|&&other| other < level);
            let (count, sum) = lower.fold((0, 0.0), |(count, sum), other| (count + 1, sum + other));
            if count == all {
                return f64::INFINITY;
            }
            if count == below {
                return level;
            }
            below = count;
            level = level.max((capacity - sum) / (all - count) as f64);
        }
    }

    /// Gives a node another level, hands flows over to whoever holds them now, and tells their other nodes.
    fn publish(&mut self, node: u32, level: f64) {
        self.advance(node);
        let old = self.nodes[node as usize].level;
        let (mut elsewhere, mut held) = (0.0, 0);
        for index in 0..self.nodes[node as usize].flows.len() {
            let flow = self.nodes[node as usize].flows[index];
            let (other, is_here) = (self.flows[flow as usize].other(node), self.flows[flow as usize].is_held(node));
            let other_level = self.nodes[other as usize].level;
            let stays_tied = is_here == (level <= other_level) && (level - other_level).abs() <= TIE * other_level;
            let holds = if stays_tied { is_here } else { level < other_level || is_here && level <= other_level };
            if holds {
                held += 1;
            } else {
                elsewhere += other_level;
            }
            if holds != is_here {
                self.hand_over(flow);
            } else if !holds {
                continue;
            }
            // What the other node takes as flowing elsewhere: this level while it is held here, nothing while not.
            let change = match (is_here, holds) {
                (true, true) => level - old,
                (true, false) => -old,
                (false, _) => level,
            };
            self.nodes[other as usize].drift += if change.is_finite() { change } else { 0.0 };
            self.look_at(other, !change.is_finite());
        }
        let state = &mut self.nodes[node as usize];
        state.level = level;
        (state.elsewhere, state.drift, state.held) = (elsewhere, 0.0, held);
        self.schedule(node);
    }

    /// Lets the other node of a flow hold it.
    fn hand_over(&mut self, flow: u32) {
        let Flow { nodes, holder, end, .. } = self.flows[flow as usize];
        let [from, to] = if holder == 0 { nodes } else { [nodes[1], nodes[0]] };
        self.advance(from);
        self.advance(to);
        let remaining = end - self.nodes[from as usize].work;
        self.nodes[from as usize].held -= 1;
        let state = &mut self.flows[flow as usize];
        state.end = self.nodes[to as usize].work + remaining;
        state.holder = 1 - holder;
        state.version += 1;
        self.hold(flow);
        self.schedule(from);
    }

    /// Enters a flow with its holder.
    fn hold(&mut self, flow: u32) {
        let Flow { nodes, holder, end, version, .. } = self.flows[flow as usize];
        let node = nodes[usize::from(holder)];
        let state = &mut self.nodes[node as usize];
        state.held += 1;
        if state.ends.len() > 2 * state.held as usize + 32 {
            let (ends, flows) = (&mut state.ends, &self.flows);
            ends.retain(|Reverse(end)| flows[end.flow as usize].version == end.version);
        }
        state.ends.push(Reverse(End { work: end, flow, version }));
        self.schedule(node);
    }

    /// Tells the clock when the next flow of a node ends.
    fn schedule(&mut self, node: u32) {
        let state = &mut self.nodes[node as usize];
        while let Some(Reverse(end)) = state.ends.peek() {
            if self.flows[end.flow as usize].version == end.version {
                break;
            }
            state.ends.pop();
        }
        let time = match state.ends.peek() {
            Some(Reverse(end)) if state.level > 0.0 && state.level.is_finite() => {
                state.since + (end.work - state.work).max(0.0) / state.level
            }
            _ => f64::INFINITY,
        };
        self.clock.set(node, time);
    }

    /// Brings the work of a node up to now.
    fn advance(&mut self, node: u32) {
        let now = self.now;
        let state = &mut self.nodes[node as usize];
        state.work = state.work_at(now);
        state.since = now;
    }

    fn look_at(&mut self, node: u32, must: bool) {
        let state = &mut self.nodes[node as usize];
        state.must_look |= must;
        if !std::mem::replace(&mut state.is_queued, true) {
            self.queue.push_back(node);
        }
    }
}

impl Node {
    fn work_at(&self, now: f64) -> f64 {
        if self.level.is_finite() { self.work + self.level * (now - self.since) } else { self.work }
    }

    /// Whether its level is right but for the tolerance, as far as its sums tell.
    fn is_level(&self, tolerance: f64) -> bool {
        let taken = self.elsewhere + self.drift;
        let tolerance = tolerance * (self.flows.len() as f64 / MANY).clamp(1.0, 5.0);
        if self.level.is_infinite() {
            return self.held == 0 && taken <= self.capacity * (1.0 + tolerance);
        }
        if self.held == 0 {
            return false;
        }
        let level = (self.capacity - taken) / f64::from(self.held);
        (level - self.level).abs() <= tolerance * self.level
    }
}

impl Flow {
    fn other(&self, node: u32) -> u32 {
        self.nodes[usize::from(self.nodes[0] == node)]
    }

    fn is_held(&self, node: u32) -> bool {
        self.nodes[usize::from(self.holder)] == node
    }
}

#[cfg(test)]
mod tests;
