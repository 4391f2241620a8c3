//! `disk-limit`: no log dir that receives data is fuller than the limit at the peak of any wave.

use super::super::Violation;
use super::super::case::Case;
use crate::base::units::Bytes;
use crate::replay::World;
use crate::replay::disk::Peak;
use crate::request::Request;

pub(in super::super) const RULE: &str = "disk-limit";

pub(super) fn judge(case: &Case, found: &mut Vec<Violation>) {
    let request = &case.plan.request;
    if request.ignore_disk {
        return;
    }
    for peak in &case.disk.peaks {
        let message = match case.world.dirs[peak.dir as usize].capacity {
            None => format!("`{}` receives data and its capacity is not known", case.world.path_of(peak.dir)),
            Some(capacity) => match above(case.world, request, *peak, capacity) {
                Some(message) => message,
                None => continue,
            },
        };
        let broker = case.world.id(case.world.dirs[peak.dir as usize].broker);
        found.push(case.wave_violation(RULE, peak.wave, message).broker(broker));
    }
    no_known_disk(case, found);
}

/// By how much a log dir of this capacity is above the limit at a peak, if it is.
pub(in super::super) fn above(world: &World, request: &Request, peak: Peak, capacity: u64) -> Option<String> {
    let limit = request.disk_limit.of(Bytes::new(capacity));
    // Growth is a product of floats; everything else is exact.
    let slack = if request.growth { 1 + limit.get() / 1_000_000_000 } else { 0 };
    let used = Bytes::new(peak.used);
    (peak.used > limit.get().saturating_add(slack)).then(|| {
        format!(
            "`{}` holds {used} at the peak of the wave, {} above the limit\n{} bytes of {capacity}, {} allows {}",
            world.path_of(peak.dir),
            used.saturating_sub(limit),
            peak.used,
            request.disk_limit,
            limit.get()
        )
    })
}

/// Brokers without any known log dir that receive data.
fn no_known_disk(case: &Case, found: &mut Vec<Violation>) {
    let mut is_named = vec![false; case.world.len()];
    let is_unknown = |broker: u32| case.world.dirs_of(broker).is_empty();
    if !(0..case.world.len() as u32).any(is_unknown) {
        return;
    }
    for (wave, range) in case.steps.waves.iter().enumerate() {
        let adding = case.steps.sound(range.clone()).flat_map(|step| case.steps.adding(step));
        for (_, broker) in adding {
            if is_unknown(broker) && !std::mem::replace(&mut is_named[broker as usize], true) {
                let message = "it receives data and its log dirs are not known";
                found.push(case.wave_violation(RULE, wave, message).broker(case.world.id(broker)));
            }
        }
    }
}
