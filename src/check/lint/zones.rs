//! Replicas that change their rack although one that receives in the old rack has room for them.

use super::{Case, Lint};
use crate::base::units::Bytes;
use crate::snapshot::BrokerState;

pub(super) fn judge(case: &Case) -> Option<Lint> {
    let world = case.world;
    if !world.racks_matter {
        return None;
    }
    let open = Open::new(case);
    let mut found = Vec::new();
    let mut bytes = Bytes::ZERO;
    for step in case.changed() {
        let rack = |broker: u32| world.rack[broker as usize];
        let mut came: Vec<u32> = case.steps.adding(step).map(|(_, broker)| rack(broker)).collect();
        let mut left = Vec::new();
        for (_, broker) in case.steps.removing(step) {
            match came.iter().position(|&other| other == rack(broker)) {
                Some(place) => drop(came.swap_remove(place)),
                None => left.push(rack(broker)),
            }
        }
        // A list that becomes shorter or longer has racks that nothing replaces.
        let changed = left.len().min(came.len());
        let could = left.iter().filter(|&&rack| open.takes(case, step, rack)).count().min(changed);
        if could > 0 {
            found.push(step);
            (0..could).for_each(|_| bytes += Bytes::new(case.steps.size[step]));
        }
    }
    case.advice(
        "zone-change",
        &found,
        |partitions| {
            format!("{partitions} ({bytes}) with a replica that changes its rack although one in the old rack receives and has room")
        },
        "replace each replica within its rack: consumers that read from the nearest replica stay in their zone",
    )
}

/// Brokers that receive, by rack, the emptiest first.
struct Open {
    by_rack: Vec<Vec<u32>>,
    /// Most that can still come to one log dir of each broker, in bytes.
    room: Vec<u64>,
}

impl Open {
    fn new(case: &Case) -> Self {
        let (world, disk) = (case.world, case.disk);
        let mut receives = vec![false; world.len()];
        for step in case.changed() {
            case.steps.adding(step).for_each(|(_, broker)| receives[broker as usize] = true);
        }
        let room_of = |broker: u32| {
            let dirs = world.dirs_of(broker).filter(|&dir| world.dirs[dir as usize].is_online);
            let room = dirs.map(|dir| match world.dirs[dir as usize].capacity {
                Some(capacity) if !case.request.ignore_disk => {
                    case.request.disk_limit.of(Bytes::new(capacity)).get().saturating_sub(disk.peak[dir as usize])
                }
                _ => u64::MAX,
            });
            room.max().unwrap_or(if world.dirs_of(broker).is_empty() { u64::MAX } else { 0 })
        };
        let room: Vec<u64> = (0..world.len() as u32).map(room_of).collect();
        let racks = world.rack.iter().max().map_or(0, |most| *most as usize + 1);
        let mut by_rack = vec![Vec::new(); racks];
        for broker in 0..world.len() as u32 {
            let id = world.id(broker);
            let may =
                case.request.onto.as_ref().is_none_or(|onto| onto.contains(id)) && !case.request.drain.contains(id);
            if receives[broker as usize] && world.broker(broker).state == BrokerState::Alive && may {
                by_rack[world.rack[broker as usize] as usize].push(broker);
            }
        }
        for brokers in &mut by_rack {
            brokers.sort_by_key(|&broker| (std::cmp::Reverse(room[broker as usize]), broker));
        }
        Open { by_rack, room }
    }

    /// Whether a receiving broker of a rack holds no replica of the partition, before or after, and has room for one.
    fn takes(&self, case: &Case, step: usize, rack: u32) -> bool {
        let (old, new, size) = (case.steps.old.get(step), case.steps.new.get(step), case.steps.size[step]);
        self.by_rack[rack as usize]
            .iter()
            .take_while(|&&broker| self.room[broker as usize] >= size)
            .any(|broker| !old.contains(broker) && !new.contains(broker))
    }
}
