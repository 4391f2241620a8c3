//! What every log dir holds, wave by wave: copies land beside what is there, and sources free their space
//! only when their wave is over.

use super::{NONE, Steps, World};

/// The story of all log dirs.
pub struct Disk {
    /// Bytes in use before the first wave, of each log dir of the world.
    pub before: Vec<u64>,
    /// Most bytes in use at any time, growth left out.
    pub peak: Vec<u64>,
    /// Most bytes in use at any time, growth counted in.
    pub peak_grown: Vec<u64>,
    /// Bytes in use after the last wave.
    pub after: Vec<u64>,
    /// Whether each log dir receives a copy at any time.
    pub receives: Vec<bool>,
    /// Use of every receiving log dir at the peak of each wave, in order of wave and dir.
    pub peaks: Vec<Peak>,
}

/// A log dir at the peak of a wave in which it receives data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peak {
    /// Index of the wave, from 0.
    pub wave: usize,
    /// Number of the log dir.
    pub dir: u32,
    /// Bytes in use, growth counted in where it was asked for.
    pub used: u64,
}

/// Replays `steps`. `elapsed` has the seconds from the start to the end of each wave where growth counts.
pub fn replay(world: &World, steps: &Steps, elapsed: Option<&[f64]>) -> Disk {
    let before: Vec<u64> = world.dirs.iter().map(|dir| dir.used).collect();
    let mut disk = Disk {
        peak: before.clone(),
        peak_grown: before.clone(),
        after: before.clone(),
        receives: vec![false; before.len()],
        peaks: Vec::new(),
        before,
    };
    // Produced bytes per second of the copies that landed so far.
    let mut growth = vec![0.0; disk.before.len()];
    let mut touched: Vec<u32> = Vec::new();
    let mut is_touched = vec![false; disk.before.len()];
    for (wave, range) in steps.waves.iter().enumerate() {
        for step in steps.sound(range.clone()) {
            let size = steps.size[step];
            let added =
                steps.adding(step).flat_map(|(place, broker)| landing(world, broker, steps.dir_of(step, place)));
            let within = steps.dir_changes.get(step).iter().map(|change| change.to);
            for dir in added.chain(within) {
                let slot = dir as usize;
                disk.after[slot] = disk.after[slot].saturating_add(size);
                growth[slot] += steps.traffic[step];
                disk.receives[slot] = true;
                if !std::mem::replace(&mut is_touched[slot], true) {
                    touched.push(dir);
                }
            }
        }
        if elapsed.is_some() {
            // Copies of earlier waves grow on, so their dirs may peak now.
            touched = (0..disk.before.len() as u32).filter(|&dir| disk.receives[dir as usize]).collect();
        }
        touched.sort_unstable();
        for dir in touched.drain(..) {
            let slot = dir as usize;
            is_touched[slot] = false;
            let grown = elapsed.map_or(0.0, |elapsed| growth[slot] * elapsed[wave]);
            let used = disk.after[slot].saturating_add(grown as u64);
            disk.peak[slot] = disk.peak[slot].max(disk.after[slot]);
            disk.peak_grown[slot] = disk.peak_grown[slot].max(used);
            disk.peaks.push(Peak { wave, dir, used });
        }
        for step in steps.sound(range.clone()) {
            let removed = steps
                .removing(step)
                .map(|(place, broker)| world.only_dir(broker).unwrap_or_else(|| steps.dir_before(world, step, place)));
            let within = steps.dir_changes.get(step).iter().map(|change| change.from);
            for dir in removed.chain(within).filter(|&dir| dir != NONE) {
                let slot = dir as usize;
                disk.after[slot] = disk.after[slot].saturating_sub(steps.size[step]);
            }
        }
    }
    disk
}

/// Where a copy may land: in the dir that is named, or in any that works.
fn landing<'a>(world: &'a World<'_>, broker: u32, dir: u32) -> impl Iterator<Item = u32> + 'a {
    let candidates = if dir == NONE { world.dirs_of(broker) } else { dir..dir + 1 };
    candidates.filter(move |&candidate| dir != NONE || world.dirs[candidate as usize].is_online)
}
