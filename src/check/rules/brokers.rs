//! `brokers`: the table of brokers is what the replay gives.

use super::super::Violation;
use super::super::case::Case;
use super::super::figures::Figures;
use crate::base::text::counted;
use crate::base::units::Bytes;
use crate::plan::{PlanBroker, Role};

const RULE: &str = "brokers";

pub(super) fn judge(case: &Case, found: &mut Vec<Violation>) {
    let (given, present) = (&case.plan.brokers, &case.world.snapshot.brokers);
    if !given.iter().map(|broker| broker.id).eq(present.iter().map(|broker| broker.id)) {
        let message =
            format!("it lists {}, not the {} of the snapshot in order", counted(given.len(), "broker"), present.len());
        found.push(Violation::new(RULE, message).place("plan.json at brokers"));
        return;
    }
    let figures = case.figures();
    for (number, broker) in given.iter().enumerate() {
        for message in faults(case, figures, number, broker) {
            let place = format!("plan.json at brokers[{number}]");
            found.push(Violation::new(RULE, message).broker(broker.id).place(place));
        }
    }
}

/// Everything that is wrong with the line of one broker.
fn faults(case: &Case, figures: &Figures, number: usize, given: &PlanBroker) -> Vec<String> {
    let present = &case.world.snapshot.brokers[number];
    let role = match (case.ask.is_drained[number], case.ask.is_target[number]) {
        (true, _) => Role::Drain,
        (_, true) => Role::Target,
        _ => Role::Other,
    };
    let mut faults = Vec::new();
    if given.rack != present.rack || given.state != present.state || given.role != role {
        faults.push("its rack, state or role is not that of the snapshot and the request".to_owned());
    }
    let counts = [
        ("replicas_before", given.replicas_before, figures.counts.replicas_before[number]),
        ("replicas_after", given.replicas_after, figures.counts.replicas_after[number]),
        ("leaders_before", given.leaders_before, figures.counts.heads_before[number]),
        ("leaders_after", given.leaders_after, figures.counts.heads_after[number]),
    ];
    for (key, given, expected) in counts.into_iter().filter(|count| count.1 != count.2) {
        faults.push(format!("{key} is {given}, expected {expected}"));
    }
    let dirs = case.world.dirs_of(number as u32);
    if dirs.len() != given.log_dirs.len() {
        faults.push(format!("it has {}, in the snapshot {}", counted(given.log_dirs.len(), "log dir"), dirs.len()));
        return faults;
    }
    for (dir, given) in dirs.zip(&given.log_dirs) {
        let (slot, disk) = (dir as usize, &case.disk);
        let capacity = given.capacity_bytes.map(Bytes::get);
        if given.path != case.world.path_of(dir) || capacity != case.world.dirs[slot].capacity {
            faults.push(format!("log dir `{}` is not the snapshot's, or its capacity", given.path));
            continue;
        }
        let (before, peak, after) =
            (given.used_before_bytes.get(), given.used_peak_bytes.get(), given.used_after_bytes.get());
        // Where growth is counted, the peak may be given with it or without, and by float or by whole byte.
        let most =
            disk.peak_grown[slot] + u64::from(case.plan.request.growth) * (1 + disk.peak_grown[slot] / 1_000_000_000);
        if before != disk.before[slot] || after != disk.after[slot] || peak < disk.peak[slot] || peak > most {
            faults.push(format!(
                "log dir `{}` holds {before} before, {peak} at its peak, {after} after; expected {}, {}, {}",
                given.path, disk.before[slot], disk.peak_grown[slot], disk.after[slot]
            ));
        }
    }
    faults
}
