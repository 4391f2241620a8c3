//! One run: tasks start, copies flow, land, and make room for the next ones, until nothing more can happen.

use super::disks::Disks;
use super::flows::Flows;
use super::loss::{Judged, Struck, judge};
use super::outcome::Stuck;
use super::series::{Recorder, Sample};
use super::starters::{Gate, Starter};
use super::style::Style;
use super::tasks::{Copy, Tasks};
use super::{Rates, Settings, TOLERANCE};
use crate::base::error::Result;
use crate::base::text::counted;
use crate::base::work::Work;
use crate::plan::Warning;
use crate::replay::{NONE, World};

/// How a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It has not started.
    Waiting,
    /// It has started and is not over.
    Running,
    /// All of its copies have landed.
    Over,
}

/// A wave over time, in seconds from the start.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Span {
    /// When its first task started.
    pub start: Option<f64>,
    /// When its last task was over.
    pub end: Option<f64>,
}

/// A run and all it knows.
pub struct Run<'a> {
    pub world: &'a World<'a>,
    pub tasks: &'a Tasks,
    settings: &'a Settings,
    rates: Rates<'a>,
    flows: Flows,
    pub disks: Disks<'a>,
    pub now: f64,
    pub state: Vec<State>,
    /// Copies of each task that have not landed.
    left: Vec<u32>,
    /// The flow of each copy, or [`NONE`]; parallel to `tasks.copies.values()`, as are the next two.
    flow_of: Vec<u32>,
    pub landed: Vec<bool>,
    task_of: Vec<u32>,
    /// Tasks of each wave that are not over.
    wave_left: Vec<usize>,
    pub spans: Vec<Span>,
    /// The leader of each row of the snapshot, and how many partitions each broker leads.
    pub leader: Vec<u32>,
    pub leaders: Vec<u32>,
    /// Bytes of all copies begun, by broker: received and sent.
    begun: [Vec<f64>; 2],
    /// Live traffic that the throttle counts, by node; and the tasks listed until their batch is over.
    listed: Vec<f64>,
    batch: Vec<u32>,
    running: usize,
    pub in_flight_peak: usize,
    is_lost: Vec<bool>,
    pub struck: Option<Struck>,
    pub recorder: Recorder,
}

/// The sides of a broker that flows run through.
#[derive(Clone, Copy)]
enum Side {
    Out = 0,
    In = 1,
    /// Reading for a copy between log dirs, which nothing throttles by itself.
    Read = 2,
    Write = 3,
}

fn node(broker: u32, side: Side) -> u32 {
    4 * broker + side as u32
}

impl<'a> Run<'a> {
    /// Before anything has started.
    pub fn new(world: &'a World<'a>, tasks: &'a Tasks, rates: Rates<'a>, settings: &'a Settings) -> Self {
        let capacities = (0..world.len()).flat_map(|broker| {
            let within = rates.follower[broker];
            [rates.leader[broker], rates.follower[broker], f64::INFINITY, within]
        });
        let leader: Vec<u32> = (0..world.snapshot.partitions.len()).map(|row| world.leader(row as u32)).collect();
        let mut leaders = vec![0; world.len()];
        for &leader in leader.iter().filter(|leader| **leader != NONE) {
            leaders[leader as usize] += 1;
        }
        Run {
            flows: Flows::new(capacities, TOLERANCE),
            disks: Disks::new(world, tasks, settings.disk_limit, settings.growth),
            now: 0.0,
            state: vec![State::Waiting; tasks.len()],
            left: vec![0; tasks.len()],
            flow_of: vec![NONE; tasks.copies.total()],
            landed: vec![false; tasks.copies.total()],
            task_of: (0..tasks.len() as u32)
                .flat_map(|task| tasks.copies.get(task as usize).iter().map(move |_| task))
                .collect(),
            wave_left: tasks.waves.iter().map(std::ops::Range::len).collect(),
            spans: vec![Span::default(); tasks.waves.len()],
            leader,
            leaders,
            begun: [vec![0.0; world.len()], vec![0.0; world.len()]],
            listed: vec![0.0; if settings.traffic { 4 * world.len() } else { 0 }],
            batch: Vec::new(),
            running: 0,
            in_flight_peak: 0,
            is_lost: vec![false; world.len()],
            struck: None,
            recorder: Recorder::new(settings.every, busiest_seconds(world, tasks, rates)),
            world,
            tasks,
            settings,
            rates,
        }
    }

    /// Plays it to its end.
    ///
    /// # Errors
    /// An interruption.
    pub fn play(&mut self, starter: &mut dyn Starter, work: &Work) -> Result<()> {
        let total = self.tasks.copies.total();
        let (mut events, mut landed) = (0_usize, 0);
        loop {
            self.start_all(starter);
            self.flows.settle();
            let Some(time) = self.flows.next_end() else { break };
            self.sample_until(time);
            self.now = time;
            self.flows.pass_to(time);
            while let Some(copy) = self.flows.pop_ended() {
                landed += 1;
                self.land(copy, starter);
            }
            events += 1;
            if events.is_multiple_of(4_096) {
                work.step("simulating", landed, total)?;
            }
        }
        self.disks.end(self.now);
        Ok(())
    }

    /// Whether every task is over.
    pub fn ends(&self) -> bool {
        self.state.iter().all(|&state| state == State::Over)
    }

    /// Starts whatever may start now.
    fn start_all(&mut self, starter: &mut dyn Starter) {
        loop {
            let (disks, now, tasks, is_lost) = (&self.disks, self.now, self.tasks, &self.is_lost);
            let has_lost = self.struck.is_some();
            let mut gate = |task: u32| {
                // Kafka's tool refuses a list with a broker that is gone, even one that stays.
                if has_lost && tasks.new.get(task as usize).iter().any(|&broker| is_lost[broker as usize]) {
                    return Gate::Never;
                }
                if disks.has_room(task, now) { Gate::Open } else { Gate::NoRoom }
            };
            let mut next = starter.next(&mut gate);
            if next.is_none() && self.running == 0 {
                next = starter.next_without_room();
                self.disks.forced += u64::from(next.is_some());
            }
            if let Some(task) = next {
                self.begin(task, starter);
            } else if !self.strike() {
                return;
            }
        }
    }

    fn begin(&mut self, task: u32, starter: &mut dyn Starter) {
        let wave = self.tasks.wave[task as usize] as usize;
        self.spans[wave].start.get_or_insert(self.now);
        self.state[task as usize] = State::Running;
        self.running += 1;
        self.in_flight_peak = self.in_flight_peak.max(self.running);
        self.disks.land(task, self.now);
        let row = self.tasks.row[task as usize] as usize;
        let planned = self.tasks.leader[task as usize];
        if planned != NONE && !self.is_lost[planned as usize] {
            self.lead(row, planned);
        }
        if self.settings.traffic {
            self.list(task, 1.0);
            if starter.lists_together() {
                self.batch.push(task);
            }
        }
        let range = self.tasks.copies.range(task as usize);
        self.left[task as usize] = range.len() as u32;
        let grown = if self.settings.growth { self.tasks.produced[task as usize] * self.now } else { 0.0 };
        let bytes = self.tasks.bytes[task as usize] + grown;
        for at in range.clone() {
            if bytes > 0.0 {
                self.flow(at, bytes, self.leader[row]);
            } else {
                self.left[task as usize] -= 1;
                self.landed[at] = true;
            }
        }
        if self.left[task as usize] == 0 {
            self.finish(task, starter);
        }
    }

    /// Lets a copy flow, unless nobody can send it.
    fn flow(&mut self, at: usize, bytes: f64, leader: u32) {
        let Copy { broker, .. } = self.tasks.copies.values()[at];
        let is_within = self.tasks.copies.values()[at].is_within();
        let from = if is_within { broker } else { leader };
        if from == NONE || self.is_lost[from as usize] || self.is_lost[broker as usize] || from == broker && !is_within
        {
            return;
        }
        if !is_within {
            self.begun[0][broker as usize] += bytes;
            self.begun[1][from as usize] += bytes;
        }
        let [out, into] = if is_within { [Side::Read, Side::Write] } else { [Side::Out, Side::In] };
        self.flow_of[at] = self.flows.start([node(from, out), node(broker, into)], bytes, at as u32);
    }

    fn land(&mut self, copy: u32, starter: &mut dyn Starter) {
        let at = copy as usize;
        self.flow_of[at] = NONE;
        self.landed[at] = true;
        let task = self.task_of[at];
        self.left[task as usize] -= 1;
        if self.left[task as usize] == 0 && !self.hangs(task) {
            self.finish(task, starter);
        }
    }

    /// Whether a task whose copies have landed waits for a replica that stays and is gone.
    fn hangs(&self, task: u32) -> bool {
        let waits = self.struck.as_ref().is_some_and(|struck| struck.waits_for_all);
        waits && self.tasks.new.get(task as usize).iter().any(|&broker| self.is_lost[broker as usize])
    }

    fn finish(&mut self, task: u32, starter: &mut dyn Starter) {
        self.state[task as usize] = State::Over;
        self.running -= 1;
        let row = self.tasks.row[task as usize] as usize;
        let new = self.tasks.new.get(task as usize);
        if !new.contains(&self.leader[row]) {
            let next = new.iter().copied().find(|&broker| self.can_lead(task, broker)).unwrap_or(NONE);
            self.lead(row, next);
        }
        if self.settings.traffic && !starter.lists_together() {
            self.list(task, -1.0);
        } else if self.running == 0 {
            for task in std::mem::take(&mut self.batch) {
                self.list(task, -1.0);
            }
        }
        starter.finished(task);
        let wave = self.tasks.wave[task as usize] as usize;
        self.wave_left[wave] -= 1;
        if self.wave_left[wave] == 0 {
            self.end_wave(wave);
            starter.wave_over(wave as u32);
        }
    }

    fn end_wave(&mut self, wave: usize) {
        self.spans[wave].end = Some(self.now);
        for task in self.tasks.waves[wave].clone() {
            self.disks.free(task as u32, self.now);
            let head = self.tasks.new.get(task)[0];
            if self.tasks.elects && self.can_lead(task as u32, head) {
                self.lead(self.tasks.row[task] as usize, head);
            }
        }
    }

    /// Whether a replica is there, serves, and has all that was written.
    pub fn can_lead(&self, task: u32, broker: u32) -> bool {
        if self.is_lost[broker as usize] || !self.world.broker(broker).state.serves() {
            return false;
        }
        let row = self.tasks.row[task as usize];
        let mut step = task;
        while step != NONE {
            let range = self.tasks.copies.range(step as usize);
            let mut copies = self.tasks.copies.get(step as usize).iter().zip(range);
            if let Some((_, at)) = copies.find(|(copy, _)| copy.broker == broker && !copy.is_within()) {
                return self.landed[at];
            }
            step = self.tasks.before[step as usize];
        }
        self.world.snapshot.partitions.isr.get(row as usize).contains(&self.world.id(broker))
    }

    fn lead(&mut self, row: usize, leader: u32) {
        let old = std::mem::replace(&mut self.leader[row], leader);
        if old != NONE {
            self.leaders[old as usize] -= 1;
        }
        if leader != NONE {
            self.leaders[leader as usize] += 1;
        }
    }

    /// Counts, or no longer counts, the live traffic of a task that the throttle lists.
    fn list(&mut self, task: u32, sign: f64) {
        let task = task as usize;
        let produced = sign * self.tasks.produced[task];
        let adding = self.tasks.copies.get(task).iter().filter(|copy| !copy.is_within());
        let mut copies = 0.0;
        for copy in adding {
            copies += 1.0;
            self.count(node(copy.broker, Side::In), produced, self.rates.follower[copy.broker as usize]);
        }
        let leader = self.tasks.leader[task];
        if copies > 0.0 && leader != NONE {
            let followers = self.tasks.old.get(task).len() as f64 - 1.0 + copies;
            self.count(node(leader, Side::Out), produced * followers, self.rates.leader[leader as usize]);
        }
    }

    fn count(&mut self, node: u32, traffic: f64, rate: f64) {
        self.listed[node as usize] += traffic;
        self.flows.set_capacity(node, (rate - self.listed[node as usize]).max(0.0));
    }

    /// Loses brokers, if that is asked for and its wave has begun; says whether it happened now.
    fn strike(&mut self) -> bool {
        let Some((wave, lost)) = &self.settings.lose else { return false };
        if self.struck.is_some() || self.spans.get(*wave).is_none_or(|span| span.start.is_none()) {
            return false;
        }
        let judged: Judged = judge(self, lost);
        for &broker in lost {
            self.is_lost[broker as usize] = true;
        }
        let waits_for_all = super::loss::waits_for_all(self.world.snapshot);
        self.struck = Some(Struck { seconds: self.now, judged, waits_for_all });
        let running: Vec<u32> =
            (0..self.tasks.len() as u32).filter(|&task| self.state[task as usize] == State::Running).collect();
        for row in 0..self.leader.len() {
            if self.leader[row] != NONE && self.is_lost[self.leader[row] as usize] {
                self.lead(row, NONE);
            }
        }
        self.elect_where_nobody_leads();
        for task in running {
            self.lead_on(task);
        }
        true
    }

    /// Gives partitions whose leader is lost the next in-sync replica of their list.
    fn elect_where_nobody_leads(&mut self) {
        let mut last = vec![NONE; self.leader.len()];
        for task in (0..self.tasks.len()).filter(|&task| self.state[task] != State::Waiting) {
            last[self.tasks.row[task] as usize] = task as u32;
        }
        for (row, &task) in last.iter().enumerate() {
            // Who had no leader before has none now.
            if self.leader[row] != NONE || self.world.leader(row as u32) == NONE {
                continue;
            }
            let next = if task == NONE {
                let isr = self.world.snapshot.partitions.isr.get(row);
                let can = |broker: &u32| !self.is_lost[*broker as usize] && isr.contains(&self.world.id(*broker));
                self.world.replicas(row as u32).iter().copied().filter(|&broker| broker != NONE).find(can)
            } else {
                let (new, old) = (self.tasks.new.get(task as usize), self.tasks.old.get(task as usize));
                let old = if self.state[task as usize] == State::Over { &[][..] } else { old };
                new.iter().chain(old).copied().find(|&broker| self.can_lead(task, broker))
            };
            self.lead(row, next.unwrap_or(NONE));
        }
    }

    /// Copies of a running task go on from the leader of now; those to a lost broker stop.
    fn lead_on(&mut self, task: u32) {
        let leader = self.leader[self.tasks.row[task as usize] as usize];
        for at in self.tasks.copies.range(task as usize) {
            let flow = self.flow_of[at];
            if flow == NONE {
                continue;
            }
            let copy = self.tasks.copies.values()[at];
            let from = self.flows.source(flow) / 4;
            if !self.is_lost[from as usize] && !self.is_lost[copy.broker as usize] {
                continue;
            }
            let left = self.flows.remaining(flow);
            self.flows.stop(flow);
            self.flow_of[at] = NONE;
            if !copy.is_within() {
                self.begun[0][copy.broker as usize] -= left;
                self.begun[1][from as usize] -= left;
            }
            self.flow(at, left.max(1.0), leader);
        }
    }

    /// Takes the samples that are due before `time`.
    fn sample_until(&mut self, time: f64) {
        while let Some(due) = self.recorder.due().filter(|&due| due <= time) {
            self.flows.pass_to(due);
            self.now = due;
            let sample = self.sample();
            self.recorder.keep(sample);
        }
    }

    /// All brokers now.
    pub fn sample(&self) -> Sample {
        let brokers = 0..self.world.len() as u32;
        let moved = |side: Side, begun: &[f64]| {
            brokers.clone().map(|broker| begun[broker as usize] - self.flows.remaining_at(node(broker, side))).collect()
        };
        Sample {
            seconds: self.now,
            disk: self.disks.brokers.iter().map(|level| level.at(self.now)).collect(),
            received: moved(Side::In, &self.begun[0]),
            sent: moved(Side::Out, &self.begun[1]),
            leaders: self.leaders.clone(),
        }
    }

    /// Brokers whose rate is used up by live traffic, so that copies there stand still: out and in.
    pub fn standing_still(&self) -> Vec<u32> {
        let brokers = 0..self.world.len() as u32;
        brokers
            .filter(|&broker| [Side::Out, Side::In].iter().any(|&side| self.flows.stands_still(node(broker, side))))
            .collect()
    }
}

impl Run<'_> {
    /// The style in which it runs.
    pub fn style(&self) -> Style {
        self.settings.style
    }

    /// Whether its waves are those of the plan.
    pub fn keeps_waves(&self) -> bool {
        self.settings.style.keeps_waves()
    }

    /// The wave and the brokers that are lost when it has begun.
    pub fn settings_lose(&self) -> Option<(usize, &[u32])> {
        self.settings.lose.as_ref().map(|(wave, lost)| (*wave, lost.as_slice()))
    }

    /// Why a task never ends.
    pub fn stuck(&self, task: u32) -> Stuck {
        let (tasks, world) = (self.tasks, self.world);
        let row = tasks.row[task as usize] as usize;
        let new = tasks.new.get(task as usize);
        let lost = new.iter().copied().find(|&broker| self.is_lost[broker as usize]);
        let still = self.standing_still();
        let stands = |broker: &u32| still.contains(broker);
        let reason = if let Some(lost) = lost {
            format!("its list names broker {}, which is lost", world.id(lost))
        } else if self.state[task as usize] == State::Waiting {
            "what comes before it never ends".to_owned()
        } else if self.leader[row] == NONE {
            "nobody leads it, so nobody can send its copies".to_owned()
        } else if let Some(broker) = new.iter().copied().chain([self.leader[row]]).find(stands) {
            let traffic = "live traffic of the partitions that move there is as much as its rate";
            format!("broker {} copies nothing: {traffic}", world.id(broker))
        } else {
            "its copies do not end".to_owned()
        };
        let topic = world.snapshot.topic_of(row).name.clone();
        Stuck { topic, partition: world.snapshot.partitions.id[row], reason }
    }

    /// What a person should know about the input and the run.
    pub fn warnings(&self) -> Vec<Warning> {
        let mut warnings = Vec::new();
        let left_out = self.tasks.left_out;
        if left_out > 0 {
            let message = format!(
                "{} left out, with lists that cannot be carried out on this cluster; `kshift check` names them",
                counted(left_out, "entry")
            );
            warnings.push(Warning::new("left-out", message));
        }
        let sizes = &self.world.snapshot.partitions.size;
        let copied = (0..self.tasks.len()).filter(|&task| !self.tasks.copies.get(task).is_empty());
        let unknown =
            copied.filter(|&task| self.tasks.bytes[task] == 0.0 && sizes[self.tasks.row[task] as usize].is_none());
        let unknown = unknown.count();
        if unknown > 0 {
            let message = format!("{} of unknown size: counted as nothing", counted(unknown, "partition"));
            warnings.push(Warning::new("unknown-size", message));
        }
        if self.disks.forced > 0 {
            let message = format!(
                "{} started although a log dir had no room below the disk limit, because nothing else could",
                counted(self.disks.forced, "partition")
            );
            warnings.push(Warning::new("disk-limit", message));
        }
        warnings
    }
}

/// Seconds that the busiest side of a broker needs for what it has to carry: no order is faster.
pub fn busiest_seconds(world: &World, tasks: &Tasks, rates: Rates) -> f64 {
    let mut bytes = [vec![0.0; world.len()], vec![0.0; world.len()], vec![0.0; world.len()]];
    for task in 0..tasks.len() {
        for copy in tasks.copies.get(task) {
            bytes[if copy.is_within() { 2 } else { 1 }][copy.broker as usize] += tasks.bytes[task];
            if let (false, Some(sent)) = (copy.is_within(), bytes[0].get_mut(tasks.leader[task] as usize)) {
                *sent += tasks.bytes[task];
            }
        }
    }
    let rates = [rates.leader, rates.follower, rates.follower];
    let sides = bytes.iter().zip(rates).flat_map(|(bytes, rates)| bytes.iter().zip(rates));
    let seconds = sides.map(|(&bytes, &rate)| if bytes > 0.0 { bytes / rate } else { 0.0 });
    seconds.filter(|seconds| seconds.is_finite()).fold(0.0, f64::max)
}
