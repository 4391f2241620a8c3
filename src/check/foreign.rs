//! Judges replica lists that someone else made: one wave that starts everything at once.

use std::collections::BTreeSet;

use super::ask::Ask;
use super::case::{elapsed, list};
use super::rules::throttles::never;
use super::rules::{disk, limits, scope};
use super::{Report, Violation, headroom, health, lint, outlook, spread};
use crate::base::assignment::Assignment;
use crate::base::ids::IdSet;
use crate::base::text::{self, counted, either};
use crate::plan::Warning;
use crate::replay::disk::Disk;
use crate::replay::{self, NONE, Rates, Steps, WaveTime, World};
use crate::request::Request;
use crate::snapshot::{BrokerState, Snapshot};

/// Judges kafka-reassign JSON: known alive brokers, lists that Kafka accepts, racks, disk at the peak, the
/// size and length of the one wave that it is, health; the throttle when `limits` has one; the scope when
/// `limits` drains brokers. [`Request::of_one_wave`] has no limits but Kafka's and the disks'.
pub fn assignment(snapshot: &Snapshot, assignment: &Assignment, limits: &Request) -> Report {
    let world = World::new(snapshot);
    let steps = Steps::of_assignment(&world, assignment);
    let times = replay::time::waves(&world, &steps);
    let mut rates = Rates::of(&world, limits);
    if let Some(rates) = &mut rates {
        headroom::derive(&world, limits, rates);
    }
    let ask = Ask::new(&world, limits);
    let disk = replay::disk::replay(&world, &steps, elapsed(ask.request, rates.as_ref(), &times).as_deref());
    let judge = Judge { world: &world, assignment, ask, steps, times, rates, disk };
    let mut report = Report { waves: 1, moves: judge.changed().count() as u64, ..Report::default() };
    report.violations.extend(judge.ask.faults.iter().cloned());
    judge.entries(&mut report.violations);
    judge.limits(&mut report);
    judge.disk(&mut report);
    judge.throttle(&mut report.violations);
    judge.scope(&mut report);
    report.outlook = Some(outlook::of(&world, &judge.steps, &judge.disk, judge.times.first(), judge.rates.as_ref()));
    report.lints = lint::of(&world, &judge.steps, &judge.disk, assignment, limits);
    report
}

struct Judge<'a> {
    world: &'a World<'a>,
    assignment: &'a Assignment,
    ask: Ask<'a>,
    steps: Steps,
    /// Of the one wave.
    times: Vec<WaveTime>,
    rates: Option<Rates>,
    disk: Disk,
}

impl Judge<'_> {
    fn violation(&self, rule: &'static str, step: usize, message: impl Into<String>) -> Violation {
        let entry = &self.assignment.entries[step];
        Violation::new(rule, message).partition(&entry.topic, entry.partition).place(format!("partitions[{step}]"))
    }

    /// Sound entries whose list or log dirs differ from the present ones; the others are no-ops.
    fn changed(&self) -> impl Iterator<Item = usize> + '_ {
        self.steps.sound(0..self.steps.len()).filter(|&step| self.is_changed(step))
    }

    fn is_changed(&self, step: usize) -> bool {
        self.world.replicas(self.steps.row[step]) != self.steps.new.get(step)
            || !self.steps.dir_changes.get(step).is_empty()
    }

    /// Each entry by itself.
    fn entries(&self, found: &mut Vec<Violation>) {
        for (step, entry) in self.assignment.entries.iter().enumerate() {
            let row = self.steps.row[step];
            if row == NONE {
                found.push(self.violation("unknown-partition", step, "the snapshot does not have it"));
            } else if self.steps.first[row as usize] != step as u32 {
                let first = self.steps.first[row as usize];
                found.push(self.violation(
                    "duplicate-partition",
                    step,
                    format!("it stands at partitions[{first}] too"),
                ));
            }
            let ids = &entry.replicas;
            if ids.is_empty() {
                found.push(self.violation("replicas", step, "its list is empty"));
            }
            for place in (1..ids.len()).filter(|&place| ids[..place].contains(&ids[place])) {
                let message = format!("{} names the broker twice", list(ids));
                found.push(self.violation("replicas", step, message).broker(ids[place]));
            }
            self.brokers(step, found);
            if self.steps.is_sound[step] && self.is_changed(step) {
                self.change(step, found);
            }
        }
    }

    /// Whether Kafka knows the brokers of an entry, and takes them.
    fn brokers(&self, step: usize, found: &mut Vec<Violation>) {
        let row = self.steps.row[step];
        for (place, &broker) in self.steps.new.get(step).iter().enumerate() {
            let id = self.assignment.entries[step].replicas[place];
            if broker == NONE {
                let message = "the snapshot does not have this broker";
                found.push(self.violation("target", step, message).broker(id));
                continue;
            }
            let state = self.world.broker(broker).state;
            let is_new = row == NONE || !self.world.replicas(row).contains(&broker);
            // Kafka's tool refuses a file that names a dead broker, even where it stays.
            if !state.serves() {
                let message = format!("it is {}, and Kafka's tool takes alive brokers only", state.as_str());
                found.push(self.violation("target", step, message).broker(id));
            } else if is_new && state == BrokerState::Cordoned {
                found.push(self.violation("target", step, "it is cordoned and takes nothing new").broker(id));
            } else if is_new && !self.world.can_store(broker) {
                found.push(self.violation("target", step, "none of its log dirs is online").broker(id));
            }
        }
    }

    /// A sound entry that changes its partition.
    fn change(&self, step: usize, found: &mut Vec<Violation>) {
        let row = self.steps.row[step];
        let (old, new) = (self.world.replicas(row), self.steps.new.get(step));
        if old.len() != new.len() {
            let present = self.world.snapshot.partitions.replicas.get(row as usize);
            let wanted = &self.assignment.entries[step].replicas;
            let (replicas, now) = (counted(new.len(), "replica"), old.len());
            let message = format!("{replicas}, {now} now: {} -> {}", list(present), list(wanted));
            found.push(self.violation("replicas", step, message));
        }
        if let Some(message) = spread::fault(self.world, self.ask.request, self.ask.racks_that_stay, (old, new), true) {
            found.push(self.violation("racks", step, message));
        }
        let kept = new.iter().copied().filter(|broker| old.contains(broker));
        if let Some(why) = health::fault(self.world, row, kept) {
            found.push(self.violation("health", step, format!("it must not move now: {why}")));
        }
        let dirs = self.assignment.entries[step].log_dirs.as_deref().unwrap_or(&[]);
        for (place, path) in dirs.iter().enumerate().filter(|(_, path)| *path != "any") {
            let (broker, dir) = (new[place], self.steps.dir_of(step, place));
            let message = if self.world.dirs_of(broker).is_empty() {
                continue;
            } else if dir == NONE {
                format!("it has no log dir `{path}`")
            } else if !self.world.dirs[dir as usize].is_online {
                format!("its log dir `{path}` is offline")
            } else {
                continue;
            };
            found.push(self.violation("log-dirs", step, message).broker(self.world.id(broker)));
        }
    }

    /// How large the one wave is, and how long it copies.
    fn limits(&self, report: &mut Report) {
        if self.steps.is_empty() {
            let message = "the list of partitions is empty; Kafka's tool refuses such a file";
            report.warnings.push(Warning::new("nothing-to-move", message));
        } else if report.is_ok() && report.moves == 0 {
            let message = "every list is the one that the cluster has now: nothing would move";
            report.warnings.push(Warning::new("nothing-to-move", message));
        }
        for (wave, time) in self.steps.waves.iter().zip(&self.times) {
            let broken = limits::of_wave(self.world, &self.steps, wave, time, self.rates.as_ref(), self.ask.request);
            report.violations.extend(broken.into_iter().map(|broken| broken.place("partitions")));
        }
    }

    /// Every new copy beside all that is there now.
    fn disk(&self, report: &mut Report) {
        let request = self.ask.request;
        if request.ignore_disk {
            return;
        }
        let mut unknown = BTreeSet::new();
        for &peak in &self.disk.peaks {
            let dir = &self.world.dirs[peak.dir as usize];
            let broker = self.world.id(dir.broker);
            let Some(capacity) = dir.capacity else {
                unknown.insert(broker);
                continue;
            };
            if let Some(message) = disk::above(self.world, request, peak, capacity) {
                report.violations.push(Violation::new(disk::RULE, message).broker(broker));
            }
        }
        for step in self.changed() {
            let adding = self.steps.adding(step).map(|(_, broker)| broker);
            let without = adding.filter(|&broker| self.world.dirs_of(broker).is_empty());
            unknown.extend(without.map(|broker| self.world.id(broker)));
        }
        if !unknown.is_empty() {
            let ids = IdSet::from_ids(unknown).unwrap_or_default();
            let (who, receives) = (text::brokers(&ids), either(ids.len(), "receives", "receive"));
            let message = format!("{who} {receives} data, and how much the log dirs there can hold is not known");
            report.warnings.push(Warning::new("unknown-capacity", message));
        }
        let sizes = &self.world.snapshot.partitions.size;
        let unsized_moves = self.changed().filter(|&step| sizes[self.steps.row[step] as usize].is_none()).count();
        if unsized_moves > 0 {
            let message = format!("{} of unknown size: counted as nothing", counted(unsized_moves, "partition"));
            report.warnings.push(Warning::new("unknown-size", message));
        }
    }

    /// Whether all copies finish at once under the throttle.
    fn throttle(&self, found: &mut Vec<Violation>) {
        let Some(rates) = &self.rates else { return };
        for time in &self.times {
            for load in time.loads.iter().filter(|load| load.seconds(rates).is_none()) {
                let message = never(rates, load);
                found.push(Violation::new("throttle", message).broker(self.world.id(load.broker)));
            }
        }
    }

    /// Whether just the replicas on drained brokers move, and only to where they may.
    fn scope(&self, report: &mut Report) {
        let (ask, found) = (&self.ask, &mut report.violations);
        if ask.request.drain.is_empty() {
            return;
        }
        for step in self.changed() {
            let row = self.steps.row[step];
            if !ask.selects(self.world, row) {
                found.push(self.violation("topics", step, "its topic was not asked for"));
                continue;
            }
            for (_, broker) in self.steps.removing(step).filter(|entry| !is_true(&ask.is_drained, entry.1)) {
                let message = "it leaves a broker that is not drained";
                found.push(self.violation("scope", step, message).broker(self.world.id(broker)));
            }
            for (_, broker) in self.steps.adding(step).filter(|entry| !is_true(&ask.is_target, entry.1)) {
                // Brokers that cannot receive at all have been named.
                if self.world.broker(broker).state == BrokerState::Alive && self.world.can_store(broker) {
                    let message = "it moves onto a broker that was not asked for";
                    found.push(self.violation("scope", step, message).broker(self.world.id(broker)));
                }
            }
        }
        let mut left_out = 0_usize;
        for row in (0..self.steps.first.len() as u32).filter(|&row| ask.selects(self.world, row)) {
            let step = self.steps.first[row as usize];
            if step != NONE && !self.steps.is_sound[step as usize] {
                continue;
            }
            let old = self.world.replicas(row);
            let new = if step == NONE { old } else { self.steps.new.get(step as usize) };
            if old == new
                && ask.request.skip_unhealthy
                && ask.leaving(self.world, row) > 0
                && scope::is_unhealthy(self.world, ask, row)
            {
                left_out += 1;
                continue;
            }
            for &broker in old.iter().filter(|broker| is_true(&ask.is_drained, **broker) && new.contains(broker)) {
                let partition = self.world.snapshot.partitions.id[row as usize];
                let violation = Violation::new("scope", "it stays on a drained broker")
                    .partition(&self.world.snapshot.topic_of(row as usize).name, partition)
                    .broker(self.world.id(broker));
                found.push(if step == NONE { violation } else { violation.place(format!("partitions[{step}]")) });
            }
        }
        if left_out > 0 {
            let message = format!(
                "{} not healthy enough to move {} on drained brokers",
                counted(left_out, "partition"),
                either(left_out, "stays", "stay")
            );
            report.warnings.push(Warning::new("deferred", message));
        }
    }
}

/// Whether a broker's flag is set; unknown brokers have none.
fn is_true(flags: &[bool], broker: u32) -> bool {
    flags.get(broker as usize) == Some(&true)
}
