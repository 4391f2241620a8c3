//! The waves of a plan undone one after the other, the last one first: what every log dir then holds.
//!
//! Undoing a wave puts what it removed back beside what it added, and frees the latter when it is over. Sums are signed:
//! a replica may hold less than its leader's size, as which every copy is counted here.

use super::{NONE, World};
use crate::base::ids::BrokerId;
use crate::plan::{Dirs, Plan};

/// A log dir that receives again when a wave is undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Again {
    /// Index of the wave, from 0.
    pub wave: usize,
    /// Number of the log dir.
    pub dir: u32,
    /// Bytes in use at the peak of undoing it.
    pub used: i128,
    /// The most that it held from the start of that wave to its end.
    pub forward: i128,
}

/// What a wave does to a log dir.
#[derive(Clone, Copy, Default)]
struct Change {
    comes: i128,
    goes: i128,
    /// Whether it receives again when the wave is undone; a replica may be empty.
    frees: bool,
    /// Held when the wave starts.
    before: i128,
}

/// Every log dir that receives again, wave by wave from the last one to the first; and those that do not end as they began.
pub fn replay(world: &World, plan: &Plan) -> (Vec<Again>, Vec<u32>) {
    let begun: Vec<i128> = world.dirs.iter().map(|dir| i128::from(dir.used)).collect();
    let mut held = begun.clone();
    let mut waves: Vec<Vec<(u32, Change)>> = Vec::with_capacity(plan.waves.len());
    // What the wave at hand does to every log dir, in order; most log dirs of large clusters are in most waves.
    let mut table: Vec<Option<Change>> = vec![None; held.len()];
    for wave in &plan.waves {
        for moved in plan.moves_of(wave) {
            let size = i128::from(moved.size.get());
            for dir in landing(world, moved.previous, moved.previous_dirs, moved.replicas, moved.dirs) {
                table[dir as usize].get_or_insert_default().comes += size;
            }
            for dir in landing(world, moved.replicas, moved.dirs, moved.previous, moved.previous_dirs) {
                let change = table[dir as usize].get_or_insert_default();
                change.goes += size;
                change.frees = true;
            }
        }
        let mut changes = Vec::new();
        for (dir, slot) in table.iter_mut().enumerate() {
            let Some(mut change) = slot.take() else { continue };
            change.before = held[dir];
            held[dir] += change.comes - change.goes;
            changes.push((dir as u32, change));
        }
        waves.push(changes);
    }
    let mut again = Vec::new();
    for (wave, changes) in waves.iter().enumerate().rev() {
        for &(dir, change) in changes {
            let slot = &mut held[dir as usize];
            *slot += change.goes;
            if change.frees {
                let forward = change.before.max(change.before + change.comes);
                again.push(Again { wave, dir, used: *slot, forward });
            }
            *slot -= change.comes;
        }
    }
    let other = (0..held.len()).filter(|&dir| held[dir] != begun[dir]).map(|dir| dir as u32).collect();
    (again, other)
}

/// The log dirs to which copies come when a list takes the place of another, where they are known.
fn landing<'a>(
    world: &'a World<'_>,
    before: &'a [BrokerId],
    dirs_before: Dirs<'a>,
    after: &'a [BrokerId],
    dirs_after: Dirs<'a>,
) -> impl Iterator<Item = u32> + 'a {
    let place_of = move |id: BrokerId| before.iter().position(|&other| other == id);
    let dir_at = move |id: BrokerId, dirs: Dirs<'a>, place: usize| {
        let broker = world.number(id);
        if broker == NONE {
            return NONE;
        }
        let named = dirs.iter().nth(place).flatten();
        world
            .only_dir(broker)
            .unwrap_or_else(|| named.map_or(NONE, |path| world.dir_at(broker, world.path_number(path))))
    };
    let dirs = after.iter().enumerate().map(move |(place, &id)| {
        let to = dir_at(id, dirs_after, place);
        match place_of(id).map(|place| dir_at(id, dirs_before, place)) {
            // One that stays moves only between two dirs that are both named.
            Some(from) if from == NONE || from == to => NONE,
            _ => to,
        }
    });
    dirs.filter(|&dir| dir != NONE)
}
