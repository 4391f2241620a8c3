//! Lists that a request keeps of an earlier plan: where these partitions were to end, and from where they set out.

use super::Violation;
use crate::replay::{NONE, World};
use crate::request::Request;
use crate::request::resume::Kept;

/// The kept lists of a request, by row of the snapshot; none where no plan is resumed.
pub(super) struct KeptLists<'a> {
    /// The entry of each row, or [`NONE`]; empty where nothing is kept.
    entry_of: Vec<u32>,
    entries: &'a [Kept],
}

impl<'a> KeptLists<'a> {
    pub fn new(world: &World, request: &'a Request, faults: &mut Vec<Violation>) -> Self {
        let Some(resume) = &request.resume else { return KeptLists { entry_of: Vec::new(), entries: &[] } };
        let mut entry_of = vec![NONE; world.snapshot.partitions.len()];
        for (number, entry) in resume.partitions.iter().enumerate() {
            let (topic, partition) = entry.key();
            let mut fault = |message: &str| {
                let violation = Violation::new("scope", message).partition(topic, partition);
                faults.push(violation.place(format!("request.resume.partitions[{number}]")));
            };
            match world.snapshot.row_of(topic, partition) {
                Some(row) if entry_of[row] == NONE => entry_of[row] = number as u32,
                Some(_) => fault("it is kept twice"),
                None => fault("it is kept, and the snapshot does not have it"),
            }
        }
        KeptLists { entry_of, entries: &resume.partitions }
    }

    fn entry(&self, row: u32) -> Option<&'a Kept> {
        self.entries.get(*self.entry_of.get(row as usize)? as usize)
    }

    /// Whether the list of a row is kept.
    pub fn has(&self, row: u32) -> bool {
        self.entry(row).is_some()
    }

    /// The list on which a row ends, where it does not stand there in peace.
    pub fn list(&self, world: &World, row: u32) -> Option<Vec<u32>> {
        let list: Vec<u32> = self.entry(row)?.entry.replicas.iter().map(|&id| world.number(id)).collect();
        let is_there = list == world.replicas(row) && !world.snapshot.partitions.is_reassigning(row as usize);
        (!is_there).then_some(list)
    }

    /// The log dir that is named for the replica at a place of the last list of a row.
    pub fn dir(&self, row: u32, place: usize) -> Option<&'a str> {
        self.entry(row)?.dir(place)
    }

    /// The list from which a kept row set out, without brokers that are gone.
    pub fn previous(&self, world: &World, row: u32) -> Option<Vec<u32>> {
        let previous = self.entry(row)?.previous.iter().map(|&id| world.number(id));
        Some(previous.filter(|&broker| broker != NONE).collect())
    }

    /// How many replicas a kept row had where it set out.
    pub fn replicas(&self, row: u32) -> Option<usize> {
        self.entry(row).map(|entry| entry.previous.len())
    }
}
