//! Brokers, racks and log dirs of a snapshot under dense numbers, in order of id.

use rustc_hash::FxHashMap;

use super::NONE;
use crate::base::ids::{BrokerId, IdTable};
use crate::base::units::Bytes;
use crate::snapshot::{Broker, BrokerState, Snapshot};

/// A snapshot with the look-ups that a replay needs.
pub struct World<'a> {
    /// What was read.
    pub snapshot: &'a Snapshot,
    /// The rack of each broker: named racks in order of name, then one for each broker of unknown rack.
    pub rack: Vec<u32>,
    /// Names of the named racks.
    pub rack_names: Vec<&'a str>,
    /// Whether any alive broker has a rack; if not, racks do not count.
    pub racks_matter: bool,
    /// Every log dir of every broker, in order of broker and place.
    pub dirs: Vec<Dir>,
    /// Replicas of the snapshot as broker numbers, parallel to `snapshot.partitions.replicas.values()`.
    replicas: Vec<u32>,
    first_dir: Vec<u32>,
    numbers: IdTable,
    paths: FxHashMap<&'a str, u32>,
    /// The number of the path of each name in `snapshot.partitions.dir_names`.
    named_paths: Vec<u32>,
}

/// A log dir of a broker.
#[derive(Clone, Copy, Debug)]
pub struct Dir {
    /// Number of its broker.
    pub broker: u32,
    /// Number of its path.
    pub path: u32,
    /// What it can hold, in bytes, where known.
    pub capacity: Option<u64>,
    /// In use in the snapshot, in bytes.
    pub used: u64,
    /// Whether it works.
    pub is_online: bool,
}

impl<'a> World<'a> {
    /// The world of `snapshot`.
    pub fn new(snapshot: &'a Snapshot) -> Self {
        let brokers = &snapshot.brokers;
        let mut paths = FxHashMap::default();
        let mut dirs = Vec::new();
        let mut first_dir = vec![0];
        for (number, (broker, used)) in brokers.iter().zip(snapshot.used_bytes()).enumerate() {
            for (dir, used) in broker.log_dirs.iter().zip(used) {
                let next = paths.len() as u32;
                let path = *paths.entry(dir.path.as_str()).or_insert(next);
                let capacity = dir.capacity.map(Bytes::get);
                dirs.push(Dir { broker: number as u32, path, capacity, used: used.get(), is_online: !dir.offline });
            }
            first_dir.push(dirs.len() as u32);
        }
        let (rack, rack_names) = racks(brokers);
        let named = snapshot.partitions.dir_names.iter();
        let named_paths = named.map(|name| paths.get(name.as_str()).copied().unwrap_or(NONE)).collect();
        let racks_matter = brokers.iter().any(|broker| broker.state == BrokerState::Alive && broker.rack.is_some());
        let numbers = snapshot.broker_rows();
        let mut world = World {
            snapshot,
            rack,
            rack_names,
            racks_matter,
            dirs,
            replicas: Vec::new(),
            first_dir,
            numbers,
            paths,
            named_paths,
        };
        world.replicas = snapshot.partitions.replicas.values().iter().map(|&id| world.number(id)).collect();
        world
    }

    /// How many brokers there are.
    pub fn len(&self) -> usize {
        self.rack.len()
    }

    /// Whether there is no broker.
    pub fn is_empty(&self) -> bool {
        self.rack.is_empty()
    }

    /// The number of broker `id`, or [`NONE`].
    pub fn number(&self, id: BrokerId) -> u32 {
        self.numbers.row(id).map_or(NONE, |number| number as u32)
    }

    /// The broker with this number.
    pub fn broker(&self, number: u32) -> &'a Broker {
        &self.snapshot.brokers[number as usize]
    }

    /// The id of the broker with this number.
    pub fn id(&self, number: u32) -> BrokerId {
        self.broker(number).id
    }

    /// The ordered replicas of a row as broker numbers.
    pub fn replicas(&self, row: u32) -> &[u32] {
        &self.replicas[self.snapshot.partitions.replicas.range(row as usize)]
    }

    /// The number of the leader of a row, or [`NONE`].
    pub fn leader(&self, row: u32) -> u32 {
        self.snapshot.partitions.leader[row as usize].map_or(NONE, |id| self.number(id))
    }

    /// Numbers of the log dirs of a broker.
    pub fn dirs_of(&self, broker: u32) -> std::ops::Range<u32> {
        self.first_dir[broker as usize]..self.first_dir[broker as usize + 1]
    }

    /// The path of a log dir.
    pub fn path_of(&self, dir: u32) -> &'a str {
        let broker = self.dirs[dir as usize].broker;
        let place = dir - self.first_dir[broker as usize];
        &self.broker(broker).log_dirs[place as usize].path
    }

    /// The number of a path, or [`NONE`] when no broker has it.
    pub fn path_number(&self, path: &str) -> u32 {
        self.paths.get(path).copied().unwrap_or(NONE)
    }

    /// The log dir of `broker` with this path, or [`NONE`].
    pub fn dir_at(&self, broker: u32, path: u32) -> u32 {
        self.dirs_of(broker).find(|&dir| self.dirs[dir as usize].path == path).unwrap_or(NONE)
    }

    /// The log dir of a broker that has one.
    pub fn only_dir(&self, broker: u32) -> Option<u32> {
        let dirs = self.dirs_of(broker);
        (dirs.len() == 1).then_some(dirs.start)
    }

    /// The log dir of the replica at `place` of the list of `row`, or [`NONE`]; a broker's only dir is known.
    pub fn dir_of(&self, row: u32, place: usize) -> u32 {
        let at = self.snapshot.partitions.replicas.range(row as usize).start + place;
        let broker = self.replicas[at];
        if broker == NONE {
            return NONE;
        }
        if let Some(only) = self.only_dir(broker) {
            return only;
        }
        match self.snapshot.partitions.dir.get(at) {
            Some(&Some(name)) => self.dir_at(broker, self.named_paths[name.0 as usize]),
            _ => NONE,
        }
    }

    /// Whether a broker has a log dir that works, or none that is known.
    pub fn can_store(&self, broker: u32) -> bool {
        let mut dirs = self.dirs_of(broker);
        dirs.is_empty() || dirs.any(|dir| self.dirs[dir as usize].is_online)
    }

    /// How a rack is named in messages.
    pub fn rack_name(&self, rack: u32) -> String {
        match self.rack_names.get(rack as usize) {
            Some(name) => (*name).to_owned(),
            None => format!("(unknown, of broker {})", self.id(rack - self.rack_names.len() as u32)),
        }
    }
}

/// The rack of each broker, and the names.
fn racks(brokers: &[Broker]) -> (Vec<u32>, Vec<&str>) {
    let mut names: Vec<&str> = brokers.iter().filter_map(|broker| broker.rack.as_deref()).collect();
    names.sort_unstable();
    names.dedup();
    let number = |(number, broker): (usize, &Broker)| match &broker.rack {
        Some(rack) => names.binary_search(&rack.as_str()).unwrap_or(0) as u32,
        None => (names.len() + number) as u32,
    };
    (brokers.iter().enumerate().map(number).collect(), names)
}
