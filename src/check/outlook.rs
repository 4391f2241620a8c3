//! What lists that someone else made would do: to disks, racks, leaders and time. Of a plan of ours its summary says it.

use std::fmt;

use serde::Serialize;

use super::Violation;
use super::case::list;
use super::spread::Spread;
use crate::base::ids::BrokerId;
use crate::base::target::Target;
use crate::base::text::{counted, either};
use crate::base::units::{Bytes, Ratio, Seconds};
use crate::plan::Side;
use crate::replay::disk::Disk;
use crate::replay::{NONE, Rates, Steps, WaveTime, World};
use crate::snapshot::Snapshot;

/// What would happen if all of it started at once.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Outlook {
    /// New replicas.
    pub replicas_added: u64,
    /// Bytes that they copy.
    pub bytes_copied: Bytes,
    /// Bytes of copies whose leader is in another rack.
    pub cross_rack_bytes: Bytes,
    /// How long copies take at the throttle; null without one, and where one never ends.
    pub copy_seconds: Option<Seconds>,
    /// The broker that takes longest, and whether as `leader` or `follower`.
    pub slowest: Option<(BrokerId, Side)>,
    /// The log dir that is fullest at the peak, of those that receive; null where none has a known capacity.
    pub fullest: Option<Fullest>,
    /// Partitions whose replicas end on fewer racks than now, or with more of them in one.
    pub partitions_worse_in_racks: u64,
    /// Partitions whose preferred leader becomes another.
    pub leaders_changed: u64,
    /// Most lists that one broker heads now, and then.
    pub leaders_most: (u64, u64),
    /// The broker that then heads most.
    pub leaders_most_on: Option<BrokerId>,
}

/// How full a log dir becomes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fullest {
    /// Its broker.
    pub broker: BrokerId,
    /// Its path.
    pub path: String,
    /// What it can hold.
    pub capacity_bytes: Bytes,
    /// In use now.
    pub used_before_bytes: Bytes,
    /// In use once every copy has landed and nothing is freed yet.
    pub used_peak_bytes: Bytes,
    /// In use at the end.
    pub used_after_bytes: Bytes,
}

impl Fullest {
    /// Use at the peak over capacity.
    fn share(&self) -> f64 {
        self.used_peak_bytes.as_f64() / self.capacity_bytes.as_f64()
    }
}

/// Looks at the one wave that such lists are.
pub(super) fn of(world: &World, steps: &Steps, disk: &Disk, time: Option<&WaveTime>, rates: Option<&Rates>) -> Outlook {
    let mut outlook = Outlook::default();
    let partitions = &world.snapshot.partitions;
    let mut heads = vec![(0_u64, 0_u64); world.len()];
    let mut add_head = |list: &[u32], then: bool| {
        if let Some(head) = list.first().and_then(|&head| heads.get_mut(head as usize)) {
            *(if then { &mut head.1 } else { &mut head.0 }) += 1;
        }
    };
    for row in 0..partitions.len() as u32 {
        add_head(world.replicas(row), false);
        let step = steps.first[row as usize];
        let is_moved = step != NONE && steps.is_sound[step as usize];
        add_head(if is_moved { steps.new.get(step as usize) } else { world.replicas(row) }, true);
    }
    for step in steps.sound(0..steps.len()) {
        let row = steps.row[step];
        let (old, new) = (world.replicas(row), steps.new.get(step));
        let leader = steps.leader[step];
        let rack = |broker: u32| (broker != NONE).then(|| world.broker(broker).rack.as_deref()).flatten();
        for (_, broker) in steps.adding(step) {
            outlook.replicas_added += 1;
            let size = Bytes::new(steps.size[step]);
            outlook.bytes_copied += size;
            if rack(leader).is_some() && rack(leader) != rack(broker) {
                outlook.cross_rack_bytes += size;
            }
        }
        outlook.leaders_changed += u64::from(old.first() != new.first());
        outlook.partitions_worse_in_racks += u64::from(Spread::of(world, new).is_worse_than(Spread::of(world, old)));
    }
    let most = |of: fn(&(u64, u64)) -> u64| heads.iter().map(of).max().unwrap_or(0);
    outlook.leaders_most = (most(|heads| heads.0), most(|heads| heads.1));
    let then = heads.iter().position(|heads| heads.1 == outlook.leaders_most.1);
    outlook.leaders_most_on = then.map(|broker| world.id(broker as u32));
    if let (Some(time), Some(rates)) = (time, rates) {
        let loads = time.loads.iter().map(|load| Some((load.seconds(rates)?, load)));
        let all: Option<Vec<_>> = loads.collect();
        let slowest = all.iter().flatten().max_by(|a, b| a.0.total_cmp(&b.0));
        outlook.copy_seconds = all.as_ref().map(|_| Seconds::new(slowest.map_or(0.0, |load| load.0)));
        outlook.slowest = slowest.map(|(_, load)| (world.id(load.broker), load.side));
    }
    outlook.fullest = fullest(world, disk);
    outlook
}

fn fullest(world: &World, disk: &Disk) -> Option<Fullest> {
    let receiving = (0..world.dirs.len()).filter(|&number| disk.receives[number]);
    let known = receiving.filter_map(|number| {
        let dir = &world.dirs[number];
        Some(Fullest {
            broker: world.id(dir.broker),
            path: world.path_of(number as u32).to_owned(),
            capacity_bytes: Bytes::new(dir.capacity.filter(|&capacity| capacity > 0)?),
            used_before_bytes: Bytes::new(disk.before[number]),
            used_peak_bytes: Bytes::new(disk.peak[number]),
            used_after_bytes: Bytes::new(disk.after[number]),
        })
    });
    known.reduce(|best, other| if other.share() > best.share() { other } else { best })
}

/// Proposals that were made for other lists than those of now.
pub(super) fn drift(snapshot: &Snapshot, target: &Target) -> Vec<Violation> {
    let differing = snapshot.drift_of(target).map(|(number, present, old)| {
        let entry = &target.entries[number];
        let message = format!("its replicas are {}, the proposal goes from {}", list(present), list(old));
        let place = format!("partitions[{number}].oldReplicas");
        Violation::new("drift", message).partition(&entry.topic, entry.partition).place(place)
    });
    differing.collect()
}

impl fmt::Display for Outlook {
    /// A line for copies, disks, racks and leaders each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let replicas = counted(self.replicas_added, "replica");
        write!(f, "copies: {replicas}, {} ({} between racks)", self.bytes_copied, self.cross_rack_bytes)?;
        match (self.copy_seconds, self.slowest) {
            (Some(seconds), Some((broker, side))) => {
                writeln!(f, ", in {seconds} at the throttle: broker {broker} as {} takes longest", side.as_str())?;
            }
            _ => writeln!(f)?,
        }
        if let Some(dir) = &self.fullest {
            let share = |used: Bytes| Ratio::new(used.as_f64() / dir.capacity_bytes.as_f64());
            writeln!(
                f,
                "disks: `{}` of broker {} is fullest, {} at the peak of {} ({} now, {} at the end)",
                dir.path,
                dir.broker,
                share(dir.used_peak_bytes),
                dir.capacity_bytes,
                share(dir.used_before_bytes),
                share(dir.used_after_bytes)
            )?;
        }
        match self.partitions_worse_in_racks {
            0 => writeln!(f, "racks: no partition is spread worse than now")?,
            worse => writeln!(
                f,
                "racks: {} {} spread worse than now",
                counted(worse, "partition"),
                either(worse as usize, "is", "are")
            )?,
        }
        let (now, then) = self.leaders_most;
        write!(
            f,
            "leaders: {} another preferred leader; most on one broker {now} now, {then} then",
            either_get(self.leaders_changed)
        )?;
        match self.leaders_most_on {
            Some(broker) => writeln!(f, " (broker {broker})"),
            None => writeln!(f),
        }
    }
}

fn either_get(partitions: u64) -> String {
    format!("{} {}", counted(partitions, "partition"), either(partitions as usize, "gets", "get"))
}
