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
/// A partition may take several steps, in one wave each: the next one sets out from the list of the one before,
/// when its election has been held.
///
/// A step is *sound* when it can be replayed: its partition is known, all earlier steps of it are sound and stand in
/// earlier waves, and its list is neither empty nor names a broker that is unknown or stands in it twice. Only sound
/// steps are replayed; what the others lack is for the rules to name.
pub struct Steps {
    /// Row of each step in the snapshot, or [`NONE`].
    pub row: Vec<u32>,
    /// The step of the same partition before each one, or [`NONE`].
    pub previous: Vec<u32>,
    /// Ordered replicas before each step, as broker numbers: those of the snapshot, or of the previous step.
    pub old: Csr<u32>,
    /// Bytes of one replica, zero when not known.
    pub size: Vec<u64>,
    /// Produced bytes per second.
    pub traffic: Vec<f64>,
    /// The leader before each step, or [`NONE`]: that of the snapshot, or who leads after the previous step's election.
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
    pub first: Vec<u32>,
    /// The last step of each row of the snapshot, or [`NONE`].
    pub last: Vec<u32>,
}

/// A replica that moves between log dirs of its broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirChange {
    /// Number of the broker.
    pub broker: u32,
    /// Number of the log dir in which it lies before.
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

/// Whether a list has the replicas of another one, in whatever order.
pub fn is_reordered(old: &[u32], new: &[u32]) -> bool {
    new.len() == old.len() && new.iter().all(|broker| old.contains(broker))
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
        let waves = plan.waves.iter().map(|wave| wave.rows.clone()).collect();
        Steps::assemble(world, row, lists, waves, !plan.request.replicas_only)
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
        Steps::assemble(world, row, lists, std::iter::once(0..entries.len()).collect(), true)
    }

    fn assemble(
        world: &World,
        row: Vec<u32>,
        lists: impl FnOnce() -> Lists + Send,
        waves: Vec<Range<usize>>,
        holds_elections: bool,
    ) -> Self {
        let partitions = &world.snapshot.partitions;
        let known = |row: u32| (row != NONE).then_some(row as usize);
        let facts = || {
            let size = row.iter().map(|&row| known(row).and_then(|row| partitions.size[row]).map_or(0, Bytes::get));
            let traffic = row.iter().map(|&row| known(row).map_or(0.0, |row| partitions.bytes_in[row].get()));
            (size.collect(), traffic.collect())
        };
        let (Lists { new, dir }, (size, traffic)) = rayon::join(lists, facts);
        let mut steps = Steps {
            previous: vec![NONE; row.len()],
            old: Csr::with_capacity(row.len(), row.len() * 3),
            size,
            traffic,
            leader: Vec::with_capacity(row.len()),
            new,
            dir,
            dir_changes: Csr::with_capacity(row.len(), 0),
            is_sound: Vec::with_capacity(row.len()),
            first: vec![NONE; partitions.len()],
            last: vec![NONE; partitions.len()],
            row,
            waves,
        };
        let all = steps.waves.iter().flat_map(|wave| wave.clone().map(move |step| (wave.start, step)));
        for (wave_start, step) in all.collect::<Vec<_>>() {
            steps.link(world, step, wave_start, holds_elections);
        }
        steps
    }

    /// Finds out from where a step sets out; all earlier ones are linked, and `wave_start` is the first of its wave.
    fn link(&mut self, world: &World, step: usize, wave_start: usize, holds_elections: bool) {
        let row = self.row[step];
        let is_list = {
            let list = self.new.get(step);
            let names_twice = |(place, broker): (usize, &u32)| *broker == NONE || list[..place].contains(broker);
            !list.is_empty() && !list.iter().enumerate().any(names_twice)
        };
        if row == NONE {
            self.old.end_list();
            self.leader.push(NONE);
            self.dir_changes.end_list();
            self.is_sound.push(false);
            return;
        }
        let previous = std::mem::replace(&mut self.last[row as usize], step as u32);
        self.previous[step] = previous;
        let mut follows = true;
        if previous == NONE {
            self.first[row as usize] = step as u32;
            self.old.push(world.replicas(row).iter().copied());
            self.leader.push(world.leader(row));
        } else {
            let before = previous as usize;
            follows = self.is_sound[before] && before < wave_start;
            let list = self.new.get(before).to_vec();
            let leader = if !follows {
                NONE
            } else if holds_elections {
                self.elected(world, before)
            } else {
                self.leader_after(world, before)
            };
            self.old.push(list);
            self.leader.push(leader);
        }
        let changes = self.changes_of_dir(world, step);
        self.dir_changes.push(changes);
        self.is_sound.push(is_list && follows);
    }

    /// Replicas that stay where the list names another log dir than the one in which they are known to lie.
    fn changes_of_dir(&self, world: &World, step: usize) -> Vec<DirChange> {
        let places = self.new.range(step);
        let (new, old) = (self.new.get(step), self.old.get(step));
        let change = |(&broker, &to): (&u32, &u32)| {
            if to == NONE {
                return None;
            }
            let from = self.dir_before(world, step, old.iter().position(|&other| other == broker)?);
            (from != NONE && from != to).then_some(DirChange { broker, from, to })
        };
        new.iter().zip(&self.dir[places]).filter_map(change).collect()
    }

    /// How many steps there are.
    pub fn len(&self) -> usize {
        self.row.len()
    }

    /// Whether there is no step.
    pub fn is_empty(&self) -> bool {
        self.row.is_empty()
    }

    /// Rows that move, in order, each with the last of its steps, which are all sound.
    pub fn sound_rows(&self) -> impl Iterator<Item = (u32, usize)> + '_ {
        let steps = self.last.iter().enumerate().filter(|(_, step)| **step != NONE);
        steps.map(|(row, &step)| (row as u32, step as usize)).filter(|&(_, step)| self.is_sound[step])
    }

    /// Whether a step is the last one of its partition.
    pub fn is_last(&self, step: usize) -> bool {
        self.row[step] != NONE && self.last[self.row[step] as usize] == step as u32
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

    /// The log dir in which the replica at `place` of the old list lies, or [`NONE`].
    pub fn dir_before(&self, world: &World, step: usize, place: usize) -> u32 {
        let before = self.previous[step];
        if before == NONE {
            return world.dir_of(self.row[step], place);
        }
        let before = before as usize;
        let named = self.dir_of(before, place);
        if named != NONE {
            return named;
        }
        let broker = self.old.get(step)[place];
        let stood = self.old.get(before).iter().position(|&other| other == broker);
        stood.map_or(NONE, |place| self.dir_before(world, before, place))
    }

    /// The leader when a sound step is done, or [`NONE`]: it stays while it is in the new list, else the
    /// first of the list that serves and is in sync takes over; added replicas are in sync by then.
    pub fn leader_after(&self, world: &World, step: usize) -> u32 {
        let (new, leader) = (self.new.get(step), self.leader[step]);
        if leader != NONE && new.contains(&leader) {
            return leader;
        }
        new.iter().copied().find(|&broker| self.can_lead(world, step, broker)).unwrap_or(NONE)
    }

    /// The leader when a preferred election has been held after a sound step, or [`NONE`].
    pub fn elected(&self, world: &World, step: usize) -> u32 {
        let head = self.new.get(step)[0];
        if self.can_lead(world, step, head) { head } else { self.leader_after(world, step) }
    }

    /// Whether a broker of the new list serves and is in sync: those of the snapshot as it says, added ones are.
    fn can_lead(&self, world: &World, step: usize, broker: u32) -> bool {
        let row = self.row[step];
        let is_in_sync = || world.snapshot.partitions.isr.get(row as usize).contains(&world.id(broker));
        world.broker(broker).state.serves() && (!world.replicas(row).contains(&broker) || is_in_sync())
    }
}
