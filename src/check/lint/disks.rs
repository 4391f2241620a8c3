//! Log dirs that hold old and new copies side by side because everything starts at once.

use super::{Case, EXAMPLES, Lint};
use crate::base::text::counted;
use crate::base::units::Bytes;

/// A peak is told when it is higher than before and after by at least this share of the log dir.
const SHARE: f64 = 0.05;

pub(super) fn judge(case: &Case) -> Option<Lint> {
    let (world, disk) = (case.world, case.disk);
    let mut found: Vec<(u64, usize)> = Vec::new();
    for (dir, facts) in world.dirs.iter().enumerate().filter(|(dir, _)| disk.receives[*dir]) {
        let above = disk.peak[dir].saturating_sub(disk.before[dir].max(disk.after[dir]));
        if facts.capacity.is_some_and(|capacity| capacity > 0 && above as f64 >= SHARE * capacity as f64) {
            found.push((above, dir));
        }
    }
    if found.is_empty() {
        return None;
    }
    found.sort_unstable_by_key(|&(above, dir)| (std::cmp::Reverse(above), dir));
    let shown = |&(_, dir): &(u64, usize)| {
        let [before, peak, after] = [disk.before[dir], disk.peak[dir], disk.after[dir]].map(Bytes::new);
        let broker = world.id(world.dirs[dir].broker);
        let of = Bytes::new(world.dirs[dir].capacity.unwrap_or(0));
        format!(
            "`{}` of broker {broker}: {before} before, {peak} at the peak, {after} after, of {of}",
            world.path_of(dir as u32)
        )
    };
    Some(Lint {
        code: "doubled-disk",
        message: format!(
            "{} fuller on the way than before and after: what leaves frees its space only when what comes has landed",
            counted(found.len(), "log dir")
        ),
        entries: Vec::new(),
        examples: found.iter().take(EXAMPLES).map(shown).collect(),
        fix:
            "split the file into waves, those first that only leave: `kshift plan CLUSTER --target FILE` orders them so"
                .to_owned(),
    })
}
