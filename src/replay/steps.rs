//! Changes of replica lists, wave by wave, resolved against a world.

use std::ops::Range;

use super::{NONE, World};
use crate::base::assignment::Assignment;
use crate::base::ids::PartitionId;
use crate::base::index::Csr;
use crate::plan::{ANY_DIR, Plan};

/// Ordered lists that replace those of a snapshot, as flat tables.
///
/// A step is *sound* when it can be replayed: its partition is known and stands there for the first
/// time, and its list is neither empty nor names a broker that is unknown or stands in it twice. Only sound
/// steps are replayed; what the others lack is for the rules to name.
pub struct Steps {
    /// Row of each step in the snapshot, or [`NONE`].
    pub row: Vec<u32>,
    /// Ordered replicas after each step, as broker numbers; [`NONE`] for unknown brokers.
    pub new: Csr<u32>,
    /// Log dir of each replica after the step, parallel to `new.values()`; [`NONE`] where it is left to
    /// Kafka, or the broker does not have it.
    pub dir: Vec<u32>,
    /// Whether each step can be replayed.
    pub is_sound: Vec<bool>,
    /// The steps of each wave.
    pub waves: Vec<Range<usize>>,
    /// The first step of each row of the snapshot, or [`NONE`].
    pub step_of: Vec<u32>,
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
    fn with_capacity(world: &World, steps: usize, replicas: usize) -> Self {
        Steps {
            row: Vec::with_capacity(steps),
            new: Csr::with_capacity(steps, replicas),
            dir: Vec::with_capacity(replicas),
            is_sound: Vec::with_capacity(steps),
            waves: Vec::new(),
            step_of: vec![NONE; world.snapshot.partitions.len()],
        }
    }

    /// The moves of a plan.
    pub fn of_plan(world: &World, plan: &Plan) -> Self {
        let moves = &plan.moves;
        let mut steps = Steps::with_capacity(world, moves.topic.len(), moves.replicas.total());
        let rows = Rows { world };
        let topics: Vec<Range<usize>> = plan.topics.iter().map(|topic| rows.of_topic(topic)).collect();
        let paths: Vec<u32> = moves.dir_names.iter().map(|path| world.path_number(path)).collect();
        for step in 0..moves.topic.len() {
            let row = rows.row(&topics[moves.topic[step] as usize], moves.partition[step]);
            let dirs = moves.dir.get(step);
            for (place, &id) in moves.replicas.get(step).iter().enumerate() {
                let path = dirs.get(place).filter(|&&name| name != ANY_DIR).map(|&name| paths[name as usize]);
                steps.push_replica(world, world.number(id), path);
            }
            steps.end_step(row);
        }
        steps.waves = plan.waves.iter().map(|wave| wave.rows.clone()).collect();
        steps
    }

    /// The entries of a foreign file: one wave that starts all at once.
    pub fn of_assignment(world: &World, assignment: &Assignment) -> Self {
        let entries = &assignment.entries;
        let mut steps = Steps::with_capacity(world, entries.len(), entries.len() * 3);
        let rows = Rows { world };
        let mut topic: (&str, Range<usize>) = ("", 0..0);
        for entry in entries {
            if entry.topic != topic.0 {
                topic = (&entry.topic, rows.of_topic(&entry.topic));
            }
            for (place, &id) in entry.replicas.iter().enumerate() {
                let path = entry.log_dirs.as_ref().map(|dirs| dirs[place].as_str()).filter(|&path| path != "any");
                steps.push_replica(world, world.number(id), path.map(|path| world.path_number(path)));
            }
            steps.end_step(rows.row(&topic.1, entry.partition));
        }
        steps.waves = std::iter::once(0..entries.len()).collect();
        steps
    }

    fn push_replica(&mut self, world: &World, broker: u32, path: Option<u32>) {
        self.new.push_value(broker);
        self.dir.push(match path {
            _ if broker == NONE => NONE,
            Some(path) => world.dir_at(broker, path),
            None => {
                let dirs = world.dirs_of(broker);
                if dirs.len() == 1 { dirs.start } else { NONE }
            }
        });
    }

    fn end_step(&mut self, row: u32) {
        let step = self.row.len() as u32;
        self.row.push(row);
        let list = self.new.open_list();
        let mut is_sound = row != NONE && !list.is_empty();
        is_sound &= list.iter().enumerate().all(|(place, broker)| *broker != NONE && !list[..place].contains(broker));
        self.new.end_list();
        if row != NONE {
            let first = &mut self.step_of[row as usize];
            is_sound &= *first == NONE;
            *first = (*first).min(step);
        }
        self.is_sound.push(is_sound);
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
    pub fn adding<'a>(&'a self, world: &'a World, step: usize) -> impl Iterator<Item = (usize, u32)> + 'a {
        let old = world.replicas(self.row[step]);
        self.new.get(step).iter().copied().enumerate().filter(move |(_, broker)| !old.contains(broker))
    }

    /// Places in the old list and broker numbers of the replicas that a sound step removes.
    pub fn removing<'a>(&'a self, world: &'a World, step: usize) -> impl Iterator<Item = (usize, u32)> + 'a {
        let new = self.new.get(step);
        world.replicas(self.row[step]).iter().copied().enumerate().filter(move |(_, broker)| !new.contains(broker))
    }

    /// The log dir of the replica at `place` of the new list, or [`NONE`].
    pub fn dir_of(&self, step: usize, place: usize) -> u32 {
        self.dir[self.new.range(step).start + place]
    }

    /// The leader when a sound step is done, or [`NONE`]: it stays while it is in the new list, else the
    /// first of the list that serves and is in sync takes over; added replicas are in sync by then.
    pub fn leader_after(&self, world: &World, step: usize) -> u32 {
        let row = self.row[step];
        let (new, leader) = (self.new.get(step), world.leader(row));
        if leader != NONE && new.contains(&leader) {
            return leader;
        }
        let (old, isr) = (world.replicas(row), world.snapshot.partitions.isr.get(row as usize));
        let can_lead = |&broker: &u32| {
            world.broker(broker).state.serves() && (!old.contains(&broker) || isr.contains(&world.id(broker)))
        };
        new.iter().copied().find(can_lead).unwrap_or(NONE)
    }
}
