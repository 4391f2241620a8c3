//! `disk-limit`: no log dir that receives data is fuller than the limit at the peak of any wave.

use super::super::Violation;
use super::super::case::Case;
use crate::base::units::Bytes;

const RULE: &str = "disk-limit";

pub(super) fn judge(case: &Case, found: &mut Vec<Violation>) {
    let request = &case.plan.request;
    if request.ignore_disk {
        return;
    }
    for peak in &case.disk.peaks {
        let dir = &case.world.dirs[peak.dir as usize];
        let (path, broker) = (case.world.path_of(peak.dir), case.world.id(dir.broker));
        let message = match dir.capacity {
            None => format!("`{path}` receives data and its capacity is not known"),
            Some(capacity) => {
                let limit = request.disk_limit.of(Bytes::new(capacity));
                // Growth is a product of floats; everything else is exact.
                let slack = if request.growth { 1 + limit.get() / 1_000_000_000 } else { 0 };
                if peak.used <= limit.get().saturating_add(slack) {
                    continue;
                }
                let used = Bytes::new(peak.used);
                format!(
                    "`{path}` holds {used} at the peak of the wave, {} above the limit\n{} bytes of {capacity}, {} allows {}",
                    used.saturating_sub(limit),
                    peak.used,
                    request.disk_limit,
                    limit.get()
                )
            }
        };
        found.push(case.wave_violation(RULE, peak.wave, message).broker(broker));
    }
    no_known_disk(case, found);
}

/// Brokers without any known log dir that receive data.
fn no_known_disk(case: &Case, found: &mut Vec<Violation>) {
    let mut is_named = vec![false; case.world.len()];
    for (wave, step, _) in case.sound_moves() {
        for (_, broker) in case.steps.adding(case.world, step) {
            if case.world.dirs_of(broker).is_empty() && !std::mem::replace(&mut is_named[broker as usize], true) {
                let message = "it receives data and its log dirs are not known";
                found.push(case.wave_violation(RULE, wave, message).broker(case.world.id(broker)));
            }
        }
    }
}
