//! What every log dir and every broker holds while copies land, sources are freed and partitions grow.

use super::tasks::Tasks;
use crate::base::units::Ratio;
use crate::replay::{NONE, World};

/// Something that holds bytes, which may grow by themselves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Level {
    /// Bytes at second 0, as if what grows had always grown.
    base: f64,
    /// Bytes per second.
    growth: f64,
    /// Most bytes so far.
    pub peak: f64,
    /// When that was, in seconds.
    pub peak_at: f64,
}

impl Level {
    fn full(bytes: f64) -> Self {
        Level { base: bytes, growth: 0.0, peak: bytes, peak_at: 0.0 }
    }

    /// Bytes at `now`.
    pub fn at(&self, now: f64) -> f64 {
        (self.base + self.growth * now).max(0.0)
    }

    fn add(&mut self, bytes: f64, growth: f64, now: f64) {
        self.base += bytes;
        self.growth += growth;
        self.look(now);
    }

    fn free(&mut self, bytes: f64, growth: f64, now: f64) {
        self.look(now);
        self.base -= bytes;
        self.growth -= growth;
    }

    /// Keeps the peak.
    fn look(&mut self, now: f64) {
        let used = self.at(now);
        if used > self.peak {
            (self.peak, self.peak_at) = (used, now);
        }
    }
}

/// The log dirs and brokers of a world.
pub struct Disks<'a> {
    world: &'a World<'a>,
    tasks: &'a Tasks,
    /// Each log dir; a copy of which the dir is not known counts on every one of its broker.
    pub dirs: Vec<Level>,
    /// Each broker; every copy counts once.
    pub brokers: Vec<Level>,
    /// Whether a log dir receives a copy at any time.
    pub receives: Vec<bool>,
    limits: Vec<f64>,
    grows: bool,
    /// Copies that were started although a log dir had no room.
    pub forced: u64,
}

impl<'a> Disks<'a> {
    /// As the world is. `limit` is how full a log dir that receives data may be; none: as full as it gets.
    pub fn new(world: &'a World<'a>, tasks: &'a Tasks, limit: Option<Ratio>, grows: bool) -> Self {
        let dirs: Vec<Level> = world.dirs.iter().map(|dir| Level::full(dir.used as f64)).collect();
        let mut brokers = vec![Level::default(); world.len()];
        for dir in &world.dirs {
            let broker = &mut brokers[dir.broker as usize];
            *broker = Level::full(broker.base + dir.used as f64);
        }
        let limit_of = |dir: &crate::replay::world::Dir| match (limit, dir.capacity) {
            (Some(limit), Some(capacity)) => limit.get() * capacity as f64 + 1.0,
            _ => f64::INFINITY,
        };
        let limits = world.dirs.iter().map(limit_of).collect();
        let receives = vec![false; dirs.len()];
        let mut disks = Disks { world, tasks, dirs, brokers, receives, limits, grows, forced: 0 };
        if grows {
            disks.grow_present();
        }
        disks
    }

    /// What moves grows where it is, too.
    fn grow_present(&mut self) {
        for task in (0..self.tasks.len()).filter(|&task| self.tasks.before[task] == NONE) {
            let (row, produced) = (self.tasks.row[task], self.tasks.produced[task]);
            for (place, &broker) in self.tasks.old.get(task).iter().enumerate() {
                self.brokers[broker as usize].growth += produced;
                let dir = self.world.dir_of(row, place);
                if dir != NONE {
                    self.dirs[dir as usize].growth += produced;
                }
            }
        }
    }

    fn growth(&self, task: usize) -> f64 {
        if self.grows { self.tasks.produced[task] } else { 0.0 }
    }

    /// Whether every copy of a task has room.
    pub fn has_room(&self, task: u32, now: f64) -> bool {
        let task = task as usize;
        let bytes = self.tasks.bytes[task] + self.growth(task) * now;
        let mut copies = self.tasks.copies.get(task).iter();
        copies.all(|copy| {
            let mut dirs = landing(self.world, copy.broker, copy.dir);
            dirs.all(|dir| self.dirs[dir as usize].at(now) + bytes <= self.limits[dir as usize])
        })
    }

    /// All copies of a task begin to land.
    pub fn land(&mut self, task: u32, now: f64) {
        let task = task as usize;
        let (bytes, growth) = (self.tasks.bytes[task], self.growth(task));
        for copy in self.tasks.copies.get(task) {
            self.brokers[copy.broker as usize].add(bytes, growth, now);
            for dir in landing(self.world, copy.broker, copy.dir) {
                self.receives[dir as usize] = true;
                self.dirs[dir as usize].add(bytes, growth, now);
            }
        }
    }

    /// The replicas that a task leaves are deleted.
    pub fn free(&mut self, task: u32, now: f64) {
        let (row, task) = (self.tasks.row[task as usize], task as usize);
        let (bytes, growth) = (self.tasks.bytes[task], self.growth(task));
        let is_first = self.tasks.before[task] == NONE;
        let new = self.tasks.new.get(task);
        for (place, &broker) in self.tasks.old.get(task).iter().enumerate().filter(|(_, old)| !new.contains(old)) {
            self.brokers[broker as usize].free(bytes, growth, now);
            // Where a replica lies that an earlier task brought is known if its broker has one log dir alone.
            let dir =
                if is_first { self.world.dir_of(row, place) } else { self.world.only_dir(broker).unwrap_or(NONE) };
            if dir != NONE {
                self.dirs[dir as usize].free(bytes, growth, now);
            }
        }
        for copy in self.tasks.copies.get(task).iter().filter(|copy| copy.is_within()) {
            self.brokers[copy.broker as usize].free(bytes, growth, now);
            self.dirs[copy.from as usize].free(bytes, growth, now);
        }
    }

    /// Looks at every level once more, when all is over.
    pub fn end(&mut self, now: f64) {
        for level in self.dirs.iter_mut().chain(&mut self.brokers) {
            level.look(now);
        }
    }
}

/// Where a copy may land: in the dir that is named, or in any that works.
fn landing<'a>(world: &'a World<'_>, broker: u32, dir: u32) -> impl Iterator<Item = u32> + 'a {
    let candidates = if dir == NONE { world.dirs_of(broker) } else { dir..dir + 1 };
    candidates.filter(move |&candidate| dir != NONE || world.dirs[candidate as usize].is_online)
}
