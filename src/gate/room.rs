//! Whether what moves fits below the limit while the old copies are still there.

use super::{Check, Code, Status};
use crate::base::ids::BrokerId;
use crate::base::text::counted;
use crate::base::units::{Bytes, Ratio};
use crate::replay::{self, Steps, World};

/// Replays steps on the cluster as it is, and compares each peak with the limit.
pub(super) fn of_steps(world: &World, steps: &Steps, limit: Ratio, what: &str) -> Check {
    let (mut lines, mut over, mut unknown): (Vec<String>, Vec<BrokerId>, Vec<BrokerId>) = Default::default();
    let mut fullest: Option<(f64, String)> = None;
    for peak in replay::disk::replay(world, steps, None).peaks {
        let dir = &world.dirs[peak.dir as usize];
        let (id, path) = (world.id(dir.broker), world.path_of(peak.dir));
        let Some(capacity) = dir.capacity.map(Bytes::new) else {
            unknown.push(id);
            continue;
        };
        let used = Bytes::new(peak.used);
        let share = used.get() as f64 / capacity.get().max(1) as f64;
        if fullest.as_ref().is_none_or(|(most, _)| share > *most) {
            fullest = Some((share, format!("`{path}` of broker {id} at its peak: {used} of {capacity}")));
        }
        if used > limit.of(capacity) {
            lines.push(format!("`{path}` of broker {id}: {used} at its peak, {} allowed", limit.of(capacity)));
            over.push(id);
        }
    }
    let adding = (0..steps.len()).filter(|&step| steps.is_sound[step]).flat_map(|step| steps.adding(step));
    unknown.extend(adding.filter(|entry| world.dirs_of(entry.1).is_empty()).map(|entry| world.id(entry.1)));
    let [over, unknown] = [over, unknown].map(BrokerId::sorted);
    if !lines.is_empty() {
        let message = format!("{what} does not fit: {} above {limit} at the peak", counted(over.len(), "broker"));
        let fix = "free space, add brokers or disks, or resume the plan from a newer snapshot: `kshift plan CLUSTER \
                   --resume PLAN --out DIR`";
        return Check::new(Code::DiskRoom, Status::Fail, message, fix).evidence(lines).brokers(over);
    }
    if !unknown.is_empty() {
        let message = format!("how much room {} has is not known", counted(unknown.len(), "receiving broker"));
        let fix = "give capacities with `--capacity SIZE` or `--capacity FILE`; on the brokers, `df` of each log dir shows it";
        return Check::new(Code::DiskRoom, Status::Unknown, message, fix).brokers(unknown);
    }
    let sizes = &world.snapshot.partitions.size;
    let is_unsized = |&step: &usize| steps.is_sound[step] && sizes[steps.row[step] as usize].is_none();
    let unsized_moves = (0..steps.len()).filter(is_unsized).count();
    if unsized_moves > 0 {
        let message = format!("{} of unknown size would move", counted(unsized_moves, "partition"));
        let fix = "kafka-log-dirs.sh --bootstrap-server HOST:PORT --describe, or `--assume-size SIZE`";
        return Check::new(Code::DiskRoom, Status::Unknown, message, fix);
    }
    let evidence = fullest.map(|(_, line)| line);
    Check::pass(Code::DiskRoom, format!("{what} fits below {limit}")).evidence(evidence)
}
