//! What each log dir holds, where that can be told: Cruise Control's `DiskState`.
//!
//! A broker has it when the path of each of its log dirs is known, the capacity of each that works, and the log dir of
//! each of its replicas; Cruise Control refuses `populate_disk_info` where it does not know these. On any other broker
//! the whole key is left out.

use super::state::{Load, MIB, Moved};
use crate::base::ids::BrokerId;
use crate::base::json::Writer;
use crate::plan::{Dirs, Move, Plan};
use crate::snapshot::{Partitions, Snapshot, UNKNOWN_DIR};

/// A log dir in Cruise Control's figures: MiB.
#[derive(Clone, Debug)]
pub(super) struct Disk {
    path: String,
    used: f64,
    /// [`None`] when it is offline, or its broker is dead.
    capacity: Option<f64>,
    replicas: u64,
    leaders: u64,
}

/// The log dirs of all brokers, in the order of the plan's brokers; [`None`] where they cannot be told.
pub(super) struct Disks(Vec<Option<Vec<Disk>>>);

impl Disks {
    /// Before the first move, without counts of replicas.
    pub fn before(plan: &Plan, cluster: Option<&Snapshot>, loads: &[Load]) -> Self {
        let of = |(broker, load): (&crate::plan::PlanBroker, &Load)| {
            let known = cluster.and_then(|cluster| cluster.broker(broker.id));
            let disk = |dir: &crate::plan::PlanDir| {
                let is_dead = !load.is_alive || known.is_some_and(|known| known.is_offline(&dir.path));
                let capacity = dir.capacity_bytes.map(|bytes| bytes.as_f64() / MIB).filter(|&mib| mib > 0.0);
                let is_known = dir.path != UNKNOWN_DIR && (is_dead || capacity.is_some());
                is_known.then(|| Disk {
                    path: dir.path.clone(),
                    used: dir.used_before_bytes.as_f64() / MIB,
                    capacity: capacity.filter(|_| !is_dead),
                    replicas: 0,
                    leaders: 0,
                })
            };
            broker.log_dirs.iter().map(disk).collect::<Option<Vec<Disk>>>().filter(|disks| !disks.is_empty())
        };
        Disks(plan.brokers.iter().zip(loads).map(of).collect())
    }

    /// Moves the bytes of one step; replicas whose log dir is not known make their broker one that cannot be told.
    pub fn apply(&mut self, step: &Move<'_>, place: impl Fn(BrokerId) -> Option<usize>) {
        let size = step.size.as_f64() / MIB;
        for id in step.adding() {
            self.add(place(id), dir_in(step.replicas, step.dirs, id), size);
        }
        for id in step.removing() {
            self.add(place(id), dir_in(step.previous, step.previous_dirs, id), -size);
        }
        for (id, from, to) in step.changing_dir() {
            self.add(place(id), Some(from), -size);
            self.add(place(id), Some(to), size);
        }
    }

    fn add(&mut self, at: Option<usize>, dir: Option<&str>, size: f64) {
        if let Some(disk) = at.and_then(|at| self.disk(at, dir)) {
            disk.used = (disk.used + size).max(0.0);
        }
    }

    /// The log dir of a broker, the only one if there is one alone.
    fn disk(&mut self, at: usize, dir: Option<&str>) -> Option<&mut Disk> {
        let disks = self.0[at].as_mut()?;
        let number =
            if disks.len() == 1 { Some(0) } else { disks.iter().position(|disk| Some(disk.path.as_str()) == dir) };
        if number.is_none() {
            self.0[at] = None;
        }
        self.0[at].as_mut()?.get_mut(number?)
    }

    /// What is in use when the plan has ended, which counts what removed replicas really used.
    pub fn end(&mut self, plan: &Plan) {
        for (disks, broker) in self.0.iter_mut().zip(&plan.brokers) {
            for (disk, dir) in disks.iter_mut().flatten().zip(&broker.log_dirs) {
                disk.used = dir.used_after_bytes.as_f64() / MIB;
            }
        }
    }

    /// Counts one replica of a partition of the cluster.
    pub fn count(&mut self, at: usize, dir: Option<&str>, is_leader: bool) {
        if let Some(disk) = self.disk(at, dir) {
            (disk.replicas, disk.leaders) = (disk.replicas + 1, disk.leaders + u64::from(is_leader));
        }
    }

    /// Gives each broker its log dirs; where replicas were not counted, only one that has a single log dir has them.
    pub fn give(self, loads: &mut [Load], is_counted: bool) {
        for (load, disks) in loads.iter_mut().zip(self.0) {
            let Some(mut disks) = disks.filter(|disks| is_counted || disks.len() == 1) else { continue };
            if let [only] = disks.as_mut_slice() {
                (only.replicas, only.leaders) = (load.replicas, load.leaders);
            }
            load.disk = disks.iter().map(|disk| disk.used).sum();
            load.disks = disks;
        }
    }
}

/// The log dir of a broker's replica in a list, where it is named.
fn dir_in<'a>(list: &[BrokerId], dirs: Dirs<'a>, id: BrokerId) -> Option<&'a str> {
    dirs.iter().nth(list.iter().position(|other| *other == id)?)?
}

/// The log dir of a replica that some step has moved or left in its place.
pub(super) fn dir_after<'a>(
    moved: &Moved<'a>,
    partitions: &'a Partitions,
    row: usize,
    id: BrokerId,
) -> Option<&'a str> {
    let before = || dir_in(moved.previous, moved.previous_dirs, id);
    let first = || {
        let place = partitions.replicas.get(row).iter().position(|other| *other == id)?;
        partitions.dir_of(row, place)
    };
    dir_in(moved.replicas, moved.dirs, id).or_else(before).or_else(first)
}

/// `{"/d1":{"DiskMB":…,"DiskPct":…,"NumLeaderReplicas":…,"NumReplicas":…}}`; the figures of a dead log dir are words.
pub(super) fn write(writer: &mut Writer, disks: &[Disk]) {
    writer.begin_object();
    for disk in disks {
        writer.free_key(&disk.path).begin_object();
        match disk.capacity {
            Some(capacity) => {
                writer.key("DiskMB").float(disk.used).key("DiskPct").float(100.0 * disk.used / capacity);
            }
            None => {
                writer.key("DiskMB").string("DEAD").key("DiskPct").string("DEAD");
            }
        }
        writer.key("NumLeaderReplicas").int(disk.leaders).key("NumReplicas").int(disk.replicas).end_object();
    }
    writer.end_object();
}
