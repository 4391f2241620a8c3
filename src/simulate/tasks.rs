//! What there is to carry out, as flat tables: who copies how much from where to where, and in which order.

use std::ops::Range;

use crate::base::assignment::AssignmentEntry;
use crate::base::ids::{BrokerId, PartitionId};
use crate::base::index::Csr;
use crate::base::units::Bytes;
use crate::plan::{ANY_DIR, Plan, Role};
use crate::replay::{NONE, World};

/// Changes of replica lists, each of one partition, in the order in which they shall start.
///
/// A partition may stand here several times, in later waves: its list before a task is the list after its task
/// before. Everything is numbered as in the [`World`].
#[derive(Clone, Default)]
pub struct Tasks {
    /// Row of the snapshot.
    pub row: Vec<u32>,
    /// Index of the wave, from 0.
    pub wave: Vec<u32>,
    /// The task of the same partition that comes before, or [`NONE`].
    pub before: Vec<u32>,
    /// Who leads while it copies, or [`NONE`].
    pub leader: Vec<u32>,
    /// Ordered replicas before.
    pub old: Csr<u32>,
    /// Ordered replicas after.
    pub new: Csr<u32>,
    /// What is copied.
    pub copies: Csr<Copy>,
    /// Bytes of one replica.
    pub bytes: Vec<f64>,
    /// Produced bytes per second.
    pub produced: Vec<f64>,
    /// The tasks of each wave.
    pub waves: Vec<Range<usize>>,
    /// Whether leadership goes to the head of each list when its wave is over.
    pub elects: bool,
    /// How many brokers are targets of the whole.
    pub targets: u32,
    /// Entries that cannot be carried out: of unknown partitions, unknown brokers, or with a list that is none.
    pub left_out: u64,
}

/// A copy: a new replica, or one in another log dir of its broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copy {
    /// The broker that gets it.
    pub broker: u32,
    /// The log dir it lands in, or [`NONE`] where Kafka chooses.
    pub dir: u32,
    /// The log dir of the same broker from which it comes, or [`NONE`] where it comes from the leader.
    pub from: u32,
}

impl Copy {
    /// Whether it stays on its broker.
    pub fn is_within(&self) -> bool {
        self.from != NONE
    }
}

/// One change before it is resolved.
struct Wanted<'a, D: Fn(usize) -> u32> {
    row: u32,
    wave: u32,
    replicas: &'a [BrokerId],
    /// The log dir of the replica at a place, or [`NONE`].
    dir: D,
    leader: Option<BrokerId>,
    size: Option<Bytes>,
}

/// Fills the tables.
struct Draft<'a> {
    world: &'a World<'a>,
    tasks: Tasks,
    /// The last task of each row of the snapshot, or [`NONE`].
    last: Vec<u32>,
    list: Vec<u32>,
}

impl<'a> Draft<'a> {
    fn new(world: &'a World<'a>) -> Self {
        let last = vec![NONE; world.snapshot.partitions.len()];
        Draft { world, tasks: Tasks::default(), last, list: Vec::new() }
    }

    fn push<D: Fn(usize) -> u32>(&mut self, wanted: &Wanted<'_, D>) {
        let (world, tasks) = (self.world, &mut self.tasks);
        self.list.clear();
        self.list.extend(wanted.replicas.iter().map(|&id| world.number(id)));
        let names_twice = |(place, broker): (usize, &u32)| *broker == NONE || self.list[..place].contains(broker);
        if wanted.row == NONE || self.list.is_empty() || self.list.iter().enumerate().any(names_twice) {
            tasks.left_out += 1;
            return;
        }
        let row = wanted.row as usize;
        let before = std::mem::replace(&mut self.last[row], tasks.row.len() as u32);
        let old = if before == NONE { world.replicas(wanted.row) } else { tasks.new.get(before as usize) };
        for (place, &broker) in self.list.iter().enumerate() {
            let dir = (wanted.dir)(place);
            match old.iter().position(|&other| other == broker) {
                None => tasks.copies.push_value(Copy { broker, dir, from: NONE }),
                // Where a replica of an earlier task lies is known only where that task named it; it is not moved again.
                Some(at) if before == NONE && dir != NONE => {
                    let from = world.dir_of(wanted.row, at);
                    if from != NONE && from != dir {
                        tasks.copies.push_value(Copy { broker, dir, from });
                    }
                }
                Some(_) => {}
            }
        }
        tasks.copies.end_list();
        let old: Vec<u32> = old.to_vec();
        let named = wanted.leader.map_or(NONE, |id| world.number(id));
        let leader = match before {
            _ if old.contains(&named) => named,
            NONE => world.leader(wanted.row),
            _ => old[0],
        };
        tasks.leader.push(leader);
        tasks.old.push(old);
        tasks.new.push(self.list.iter().copied());
        tasks.row.push(wanted.row);
        tasks.wave.push(wanted.wave);
        tasks.before.push(before);
        let size = world.snapshot.partitions.size[row].or(wanted.size);
        tasks.bytes.push(size.map_or(0.0, Bytes::as_f64));
        tasks.produced.push(world.snapshot.partitions.bytes_in[row].get());
    }
}

/// Finds rows by topic and partition.
fn row_of(world: &World, topic: &str, partition: PartitionId) -> u32 {
    world.snapshot.row_of(topic, partition).map_or(NONE, |row| row as u32)
}

/// Finds the row of a partition among those of its topic: mostly its own number.
fn row_in(world: &World, rows: &Range<usize>, partition: PartitionId) -> u32 {
    let ids = &world.snapshot.partitions.id[rows.clone()];
    let guess = partition.get() as usize;
    if ids.get(guess) == Some(&partition) {
        return (rows.start + guess) as u32;
    }
    ids.binary_search(&partition).map_or(NONE, |found| (rows.start + found) as u32)
}

impl Tasks {
    /// The steps of a plan of ours.
    pub fn of_plan(world: &World, plan: &Plan) -> Self {
        let moves = &plan.moves;
        let topics = &world.snapshot.topics;
        let rows_of = |name: &String| {
            let found = topics.binary_search_by(|probe| probe.name.as_str().cmp(name));
            found.map_or(0..0, |index| topics[index].rows.clone())
        };
        let rows: Vec<Range<usize>> = plan.topics.iter().map(rows_of).collect();
        let paths: Vec<u32> = moves.dir_names.iter().map(|path| world.path_number(path)).collect();
        let mut draft = Draft::new(world);
        for (wave, range) in plan.waves.iter().map(|wave| wave.rows.clone()).enumerate() {
            let start = draft.tasks.row.len();
            for step in range {
                let replicas = moves.replicas.get(step);
                let dirs = moves.dir.get(step);
                let dir = |place: usize| {
                    let broker = world.number(replicas[place]);
                    let named = dirs.get(place).filter(|&&name| name != ANY_DIR).map(|&name| paths[name as usize]);
                    dir_at(world, broker, named)
                };
                draft.push(&Wanted {
                    row: row_in(world, &rows[moves.topic[step] as usize], moves.partition[step]),
                    wave: wave as u32,
                    replicas,
                    dir,
                    leader: moves.leader[step],
                    size: Some(moves.size[step]),
                });
            }
            draft.tasks.waves.push(start..draft.tasks.row.len());
        }
        let mut tasks = draft.tasks;
        tasks.elects = !plan.request.replicas_only;
        tasks.targets = plan.brokers.iter().filter(|broker| broker.role == Role::Target).count() as u32;
        tasks
    }

    /// The entries of a file that someone else made: one wave in their order.
    pub fn of_entries(world: &World, entries: &[AssignmentEntry]) -> Self {
        let mut draft = Draft::new(world);
        for entry in entries {
            let row = row_of(world, &entry.topic, entry.partition);
            let is_again = row != NONE && draft.last[row as usize] != NONE;
            let dir = |place: usize| {
                let path = entry.log_dirs.as_ref().map(|dirs| dirs[place].as_str()).filter(|&path| path != "any");
                dir_at(world, world.number(entry.replicas[place]), path.map(|path| world.path_number(path)))
            };
            draft.push(&Wanted {
                row: if is_again { NONE } else { row },
                wave: 0,
                replicas: &entry.replicas,
                dir,
                leader: None,
                size: None,
            });
        }
        let mut tasks = draft.tasks;
        tasks.waves = std::iter::once(0..tasks.row.len()).collect();
        let mut is_target = vec![false; world.len()];
        for copy in tasks.copies.values() {
            is_target[copy.broker as usize] = true;
        }
        tasks.targets = is_target.iter().filter(|&&is_target| is_target).count() as u32;
        tasks
    }

    /// How many tasks there are.
    pub fn len(&self) -> usize {
        self.row.len()
    }

    /// Whether there is no task.
    pub fn is_empty(&self) -> bool {
        self.row.is_empty()
    }

    /// The same placement as other tools carry it out: each partition goes to its last list at once, led as it is
    /// in the snapshot, in the order of topics and partitions; one wave without elections.
    #[must_use]
    pub fn as_one_file(&self, world: &World) -> Self {
        let mut last = vec![NONE; world.snapshot.partitions.len()];
        let mut dirs = Csr::with_capacity(self.len(), self.copies.total());
        for (task, &row) in self.row.iter().enumerate() {
            last[row as usize] = task as u32;
            dirs.push(self.copies.get(task).iter().map(|copy| (copy.broker, copy.dir)));
        }
        let mut draft = Draft::new(world);
        for (row, &task) in last.iter().enumerate().filter(|(_, task)| **task != NONE) {
            let list = self.new.get(task as usize);
            let replicas: Vec<BrokerId> = list.iter().map(|&broker| world.id(broker)).collect();
            // The dir is the one in which the last copy to the broker landed.
            let dir = |place: usize| {
                let mut step = task;
                while step != NONE {
                    if let Some(found) = dirs.get(step as usize).iter().find(|copy| copy.0 == list[place]) {
                        return found.1;
                    }
                    step = self.before[step as usize];
                }
                NONE
            };
            let size = Some(Bytes::new(self.bytes[task as usize] as u64));
            draft.push(&Wanted { row: row as u32, wave: 0, replicas: &replicas, dir, leader: None, size });
        }
        let mut tasks = draft.tasks;
        tasks.waves = std::iter::once(0..tasks.len()).collect();
        (tasks.targets, tasks.left_out) = (self.targets, self.left_out);
        tasks
    }
}

/// The log dir of a broker with this path; its only one where none is named.
fn dir_at(world: &World, broker: u32, path: Option<u32>) -> u32 {
    match path {
        _ if broker == NONE => NONE,
        Some(path) => world.dir_at(broker, path),
        None => world.only_dir(broker).unwrap_or(NONE),
    }
}
