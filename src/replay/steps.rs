//! Changes of replica lists, wave by wave, resolved against a world.

use std::ops::Range;

use rayon::prelude::*;

use super::{NONE, World};
use crate::base::assignment::Assignment;
use crate::base::ids::PartitionId;
use crate::base::index::Csr;
use crate::base::units::Bytes;
use crate::plan::{ANY_DIR, Plan};

/// Ordered lists that replace those of a snapshot, as flat tables.
///
/// A step is *sound* when it can be replayed: its partition is known and stands there for the first
/// time, and its list is neither empty nor names a broker that is unknown or stands in it twice. Only sound
/// steps are replayed; what the others lack is for the rules to name.
pub struct Steps {
    /// Row of each step in the snapshot, or [`NONE`].
    pub row: Vec<u32>,
    /// Ordered replicas of the row in the snapshot, as broker numbers. This and the next three stand in the row as
    /// well; here they are read one after the other.
    pub old: Csr<u32>,
    /// Bytes of one replica, zero when not known.
    pub size: Vec<u64>,
    /// Produced bytes per second.
    pub traffic: Vec<f64>,
    /// The leader in the snapshot, or [`NONE`].
    pub leader: Vec<u32>,
    /// Ordered replicas after each step, as broker numbers; [`NONE`] for unknown brokers.
    pub new: Csr<u32>,
    /// Log dir of each replica after the step, parallel to `new.values()`; [`NONE`] where it is left to
    /// Kafka, or the broker does not have it.
    pub dir: Vec<u32>,
    /// Replicas of each step that stay on their broker and move to another log dir of it.
    pub dir_changes: Csr<DirChange>,
    /// Whether each step can be replayed.
    pub is_sound: Vec<bool>,
    /// The steps of each wave.
    pub waves: Vec<Range<usize>>,
    /// The first step of each row of the snapshot, or [`NONE`].
    pub step_of: Vec<u32>,
}

/// A replica that moves between log dirs of its broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirChange {
    /// Number of the broker.
    pub broker: u32,
    /// Number of the log dir in which it lies in the snapshot.
    pub from: u32,
    /// Number of the log dir to which it goes.
    pub to: u32,
}

/// New lists, and the log dir of each of their replicas.
struct Lists {
    new: Csr<u32>,
    dir: Vec<u32>,
}

impl Lists {
    fn with_capacity(steps: usize, replicas: usize) -> Self {
        Lists { new: Csr::with_capacity(steps, replicas), dir: Vec::with_capacity(replicas) }
    }

    fn push(&mut self, world: &World, broker: u32, path: Option<u32>) {
        self.new.push_value(broker);
        self.dir.push(match path {
            _ if broker == NONE => NONE,
            Some(path) => world.dir_at(broker, path),
            None => world.only_dir(broker).unwrap_or(NONE),
        });
    }
}

/// Replicas that stay where the list names another log dir than the one in which they are known to lie.
fn dir_changes(world: &World, row: &[u32], new: &Csr<u32>, dir: &[u32]) -> Csr<DirChange> {
    let mut changes = Csr::with_capacity(row.len(), 0);
    for (step, &row) in row.iter().enumerate() {
        let old = if row == NONE { &[][..] } else { world.replicas(row) };
        let named = new.get(step).iter().zip(&dir[new.range(step)]);
        changes.push(named.filter_map(|(&broker, &to)| {
            if to == NONE {
                return None;
            }
            let from = world.dir_of(row, old.iter().position(|&other| other == broker)?);
            (from != NONE && from != to).then_some(DirChange { broker, from, to })
        }));
    }
    changes
}

/// Finds rows by topic and partition.
struct Rows<'a> {
    world: &'a World<'a>,
}

impl Rows<'_> {
    /// The rows of a topic, empty when it is unknown.
    fn of_topic(&self, topic: &str) -> Range<usize> {
        let topics = &self.world.snapshot.topics;
        let found = topics.binary_search_by(|probe| probe.name.as_str().cmp(topic));
        found.map_or(0..0, |index| topics[index].rows.clone())
    }

    /// The row of a partition among those of its topic: mostly its own number.
    fn row(&self, rows: &Range<usize>, partition: PartitionId) -> u32 {
        let ids = &self.world.snapshot.partitions.id[rows.clone()];
        let guess = partition.get() as usize;
        if ids.get(guess) == Some(&partition) {
            return (rows.start + guess) as u32;
        }
        ids.binary_search(&partition).map_or(NONE, |found| (rows.start + found) as u32)
    }
}

impl Steps {
    /// The moves of a plan.
    pub fn of_plan(world: &World, plan: &Plan) -> Self {
        let moves = &plan.moves;
        let rows = Rows { world };
        let topics: Vec<Range<usize>> = plan.topics.iter().map(|topic| rows.of_topic(topic)).collect();
        let row_of = |(&topic, &partition): (&u32, &PartitionId)| rows.row(&topics[topic as usize], partition);
        let row = (&moves.topic, &moves.partition).into_par_iter().map(row_of).collect();
        let lists = || {
            let paths: Vec<u32> = moves.dir_names.iter().map(|path| world.path_number(path)).collect();
            let mut lists = Lists::with_capacity(moves.replicas.len(), moves.replicas.total());
            for step in 0..moves.topic.len() {
                let dirs = moves.dir.get(step);
                for (place, &id) in moves.replicas.get(step).iter().enumerate() {
                    let path = dirs.get(place).filter(|&&name| name != ANY_DIR).map(|&name| paths[name as usize]);
                    lists.push(world, world.number(id), path);
                }
                lists.new.end_list();
            }
            lists
        };
        Steps::assemble(world, row, lists, plan.waves.iter().map(|wave| wave.rows.clone()).collect())
    }

    /// The entries of a foreign file: one wave that starts all at once.
    pub fn of_assignment(world: &World, assignment: &Assignment) -> Self {
        let entries = &assignment.entries;
        let rows = Rows { world };
        let mut topic: (&str, Range<usize>) = ("", 0..0);
        let mut row = Vec::with_capacity(entries.len());
        for entry in entries {
            if entry.topic != topic.0 {
                topic = (&entry.topic, rows.of_topic(&entry.topic));
            }
            row.push(rows.row(&topic.1, entry.partition));
        }
        let lists = || {
            let mut lists = Lists::with_capacity(entries.len(), entries.len() * 3);
            for entry in entries {
                for (place, &id) in entry.replicas.iter().enumerate() {
                    let path = entry.log_dirs.as_ref().map(|dirs| dirs[place].as_str()).filter(|&path| path != "any");
                    lists.push(world, world.number(id), path.map(|path| world.path_number(path)));
                }
                lists.new.end_list();
            }
            lists
        };
        Steps::assemble(world, row, lists, std::iter::once(0..entries.len()).collect())
    }

    fn assemble(world: &World, row: Vec<u32>, lists: impl FnOnce() -> Lists + Send, waves: Vec<Range<usize>>) -> Self {
        let partitions = &world.snapshot.partitions;
        let known = |row: u32| (row != NONE).then_some(row as usize);
        let before = || {
            let mut old = Csr::with_capacity(row.len(), row.len() * 3);
            for &row in &row {
                old.push(known(row).map_or(&[][..], |_| world.replicas(row)).iter().copied());
            }
            let size = row.iter().map(|&row| known(row).and_then(|row| partitions.size[row]).map_or(0, Bytes::get));
            let traffic = row.iter().map(|&row| known(row).map_or(0.0, |row| partitions.bytes_in[row].get()));
            let leader = row.iter().map(|&row| known(row).map_or(NONE, |_| world.leader(row)));
            (old, size.collect(), traffic.collect(), leader.collect())
        };
        let (Lists { new, dir }, (old, size, traffic, leader)) = rayon::join(lists, before);
        let dir_changes = dir_changes(world, &row, &new, &dir);
        let mut step_of = vec![NONE; partitions.len()];
        let mut judge = |(step, &row): (usize, &u32)| {
            let list = new.get(step);
            let names_twice = |(place, broker): (usize, &u32)| *broker == NONE || list[..place].contains(broker);
            let is_sound = row != NONE && !list.is_empty() && !list.iter().enumerate().any(names_twice);
            let Some(first) = known(row).map(|row| &mut step_of[row]) else { return false };
            let is_first = *first == NONE;
            *first = (*first).min(step as u32);
            is_sound && is_first
        };
        let is_sound = row.iter().enumerate().map(&mut judge).collect();
        Steps { row, old, size, traffic, leader, new, dir, dir_changes, is_sound, waves, step_of }
    }

    /// How many steps there are.
    pub fn len(&self) -> usize {
        self.row.len()
    }

    /// Whether there is no step.
    pub fn is_empty(&self) -> bool {
        self.row.is_empty()
    }

    /// Rows that move, in order, each with its sound step.
    pub fn sound_rows(&self) -> impl Iterator<Item = (u32, usize)> + '_ {
        let steps = self.step_of.iter().enumerate().filter(|(_, step)| **step != NONE);
        steps.map(|(row, &step)| (row as u32, step as usize)).filter(|&(_, step)| self.is_sound[step])
    }

    /// The sound steps of `range`.
    pub fn sound(&self, range: Range<usize>) -> impl Iterator<Item = usize> + '_ {
        range.filter(|&step| self.is_sound[step])
    }

    /// Places and broker numbers of the replicas that a sound step adds.
    pub fn adding(&self, step: usize) -> impl Iterator<Item = (usize, u32)> + '_ {
        let old = self.old.get(step);
        self.new.get(step).iter().copied().enumerate().filter(move |(_, broker)| !old.contains(broker))
    }

    /// Places in the old list and broker numbers of the replicas that a sound step removes.
    pub fn removing(&self, step: usize) -> impl Iterator<Item = (usize, u32)> + '_ {
        let new = self.new.get(step);
        self.old.get(step).iter().copied().enumerate().filter(move |(_, broker)| !new.contains(broker))
    }

    /// The log dir of the replica at `place` of the new list, or [`NONE`].
    pub fn dir_of(&self, step: usize, place: usize) -> u32 {
        self.dir[self.new.range(step).start + place]
    }

    /// The leader when a sound step is done, or [`NONE`]: it stays while it is in the new list, else the
    /// first of the list that serves and is in sync takes over; added replicas are in sync by then.
    pub fn leader_after(&self, world: &World, step: usize) -> u32 {
        let row = self.row[step];
        let (new, leader) = (self.new.get(step), self.leader[step]);
        if leader != NONE && new.contains(&leader) {
            return leader;
        }
        let (old, isr) = (self.old.get(step), world.snapshot.partitions.isr.get(row as usize));
        let can_lead = |&broker: &u32| {
            world.broker(broker).state.serves() && (!old.contains(&broker) || isr.contains(&world.id(broker)))
        };
        new.iter().copied().find(can_lead).unwrap_or(NONE)
    }
}
