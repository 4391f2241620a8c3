//! The least number of waves that the moves of a plan can be cut into, counted from the plan and the snapshot alone.
//!
//! Every limit of a wave gives a number for the moves of each stage, and the largest of these counts:
//!
//! - partitions of a wave (50 where topics are Kafka's own), leaders that change, and the moves of one partition;
//! - partitions that one broker sends or receives;
//! - seconds that one broker copies. With k waves it has k lengths, of which as many are longer than the usual one as there
//!   are partitions that alone take longer, each as long as such a partition.

use rustc_hash::FxHashMap;

use super::case::Case;
use crate::plan::{Side, Stage};
use crate::replay::{NONE, time};
use crate::request::LEADER_CHANGES_DEFAULT;

/// Partitions of Kafka's own topics in a wave.
const INTERNAL_MOVES_MAX: u64 = 50;

/// The bound when the busiest broker's time is read as shorter by a part of it: times may reach a limit but for their last
/// bits.
pub(super) fn least(case: &Case, slack: f64) -> u64 {
    let mut stages: Vec<(Stage, Vec<usize>)> = Vec::new();
    for (wave, steps) in case.plan.waves.iter().zip(&case.steps.waves) {
        match stages.iter_mut().find(|entry| entry.0 == wave.stage) {
            Some(entry) => entry.1.extend(steps.clone()),
            None => stages.push((wave.stage, steps.clone().collect())),
        }
    }
    stages.iter().map(|(stage, moves)| of_stage(case, *stage, moves, slack)).sum()
}

fn of_stage(case: &Case, stage: Stage, moves: &[usize], slack: f64) -> u64 {
    let (steps, request) = (&case.steps, &case.plan.request);
    let mut allowed = u64::from(request.max_moves);
    if stage.is_internal() {
        allowed = allowed.min(INTERNAL_MOVES_MAX);
    }
    let mut least = (moves.len() as u64).div_ceil(allowed.max(1));
    let mut of_row: FxHashMap<u32, u64> = FxHashMap::default();
    for &step in moves {
        *of_row.entry(steps.row[step]).or_default() += 1;
    }
    least = least.max(of_row.into_values().max().unwrap_or(0));

    let allowed = request.max_leader_changes.or(stage.is_reordering().then_some(LEADER_CHANGES_DEFAULT));
    if let Some(allowed) = allowed {
        let leads_after = |step: usize| {
            if request.replicas_only { steps.leader_after(case.world, step) } else { steps.elected(case.world, step) }
        };
        let changes = moves.iter().filter(|&&step| leads_after(step) != steps.leader[step]).count() as u64;
        least = least.max(changes.div_ceil(u64::from(allowed).max(1)));
    }
    let mut work: Vec<[(u64, u128); 2]> = vec![[(0, 0); 2]; case.world.len()];
    for &step in moves {
        let bytes = u128::from(steps.size[step]);
        let mut copies = 0;
        for (_, broker) in steps.adding(step) {
            copies += 1;
            let received = &mut work[broker as usize][0];
            *received = (received.0 + 1, received.1 + bytes);
        }
        for change in steps.dir_changes.get(step) {
            let copied = &mut work[change.broker as usize][0];
            *copied = (copied.0 + 1, copied.1 + bytes);
        }
        if copies > 0 && steps.leader[step] != NONE {
            let sent = &mut work[steps.leader[step] as usize][1];
            *sent = (sent.0 + 1, sent.1 + copies * bytes);
        }
    }
    if let Some(allowed) = request.max_moves_per_broker {
        let most = work.iter().flatten().map(|entry| entry.0).max().unwrap_or(0);
        least = least.max(most.div_ceil(u64::from(allowed).max(1)));
    }
    if let Some(rates) = &case.rates {
        let seconds = |(broker, work): (usize, &[(u64, u128); 2])| {
            let over = |bytes: u128, side: Side| {
                if bytes == 0 { 0.0 } else { bytes as f64 / rates.of_side(broker as u32, side) }
            };
            over(work[0].1, Side::Follower).max(over(work[1].1, Side::Leader))
        };
        let busiest = work.iter().enumerate().map(seconds).fold(0.0, f64::max) * (1.0 - slack);
        let length = request.max_wave_duration.get();
        let alone = moves.iter().map(|&step| time::alone(steps, step, rates));
        let mut long: Vec<f64> = alone.filter(|&seconds| seconds > length).collect();
        long.sort_by(f64::total_cmp);
        let (mut room, mut waves) = (0.0, 0);
        while room < busiest && length > 0.0 {
            // Whole lengths at once where no longer one is left.
            match long.pop() {
                Some(longest) => (room, waves) = (room + longest, waves + 1),
                None => return least.max(waves + ((busiest - room) / length).ceil() as u64),
            }
        }
        least = least.max(waves);
    }
    least
}
