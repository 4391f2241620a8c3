//! What all benches measure with: the clock, and the memory that Linux tells of a process.

// Not every bench needs all of it.
#![allow(dead_code)]

use std::fs;
use std::time::{Duration, Instant};

use kshift::base::ids::{BrokerId, IdSet};

/// What the command line asks for: whether `switch` is given, and the sizes that are named, all of them if none is. Names
/// that are no size are told.
pub fn asked<'s, S>(switch: &str, sizes: &'s [S], name: impl Fn(&S) -> &str) -> (bool, Vec<&'s S>) {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let (switches, named): (Vec<String>, Vec<String>) = arguments.into_iter().partition(|argument| argument == switch);
    for unknown in named.iter().filter(|named| sizes.iter().all(|size| name(size) != **named)) {
        let known: Vec<&str> = sizes.iter().map(&name).collect();
        eprintln!("no size `{unknown}`; sizes are {}", known.join(", "));
    }
    let is_asked = |size: &&S| named.is_empty() || named.iter().any(|named| named == name(size));
    (!switches.is_empty(), sizes.iter().filter(is_asked).collect())
}

/// So many ids from `first` on.
pub fn ids(first: u32, count: u32) -> IdSet {
    IdSet::from_ids((first..first + count).map(|id| BrokerId::new(id.cast_signed()))).unwrap_or_default()
}

pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let value = work();
    (value, start.elapsed())
}

pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// What Linux knows of memory.
#[derive(Clone, Copy)]
pub enum Memory {
    /// What a process holds now.
    Now,
    /// The most that it held.
    Peak,
}

/// Bytes of a process (`self` or its number), where Linux tells them.
pub fn memory(process: &str, which: Memory) -> Option<u64> {
    let key = match which {
        Memory::Now => "VmRSS:",
        Memory::Peak => "VmHWM:",
    };
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

/// Resident bytes of this process while `work` ran: what it held before, and the most it held then.
pub struct Held {
    before: u64,
    pub peak: u64,
}

impl Held {
    /// What came on top of what was held before.
    pub fn more(&self) -> u64 {
        self.peak.saturating_sub(self.before)
    }
}

/// Runs `work`, and tells its time and memory.
pub fn watched<T>(work: impl FnOnce() -> T) -> (T, Duration, Option<Held>) {
    let before = memory("self", Memory::Now);
    // 5 resets the peak of this process to what it holds now.
    let reset = fs::write("/proc/self/clear_refs", "5").ok();
    let (value, took) = timed(work);
    let held = reset.zip(before).zip(memory("self", Memory::Peak)).map(|(((), before), peak)| Held { before, peak });
    (value, took, held)
}
