//! The least number of waves that the moves of a plan can be cut into, counted from the plan and the snapshot alone.
//!
//! Every limit of a wave gives a number for the moves of each stage, and the largest of these counts:
//!
//! - partitions of a wave (50 where topics are Kafka's own), topics of which a throttle names replicas, leaders that change,
//!   and the moves of one partition;
//! - partitions that one broker sends or receives;
//! - seconds that one broker copies. With k waves it has k lengths, of which as many are longer than the usual one as there
//!   are partitions that alone take longer, each as long as such a partition.

use super::case::Case;
use crate::plan::{Side, Stage};
use crate::replay::{NONE, time};
use crate::request::LEADER_CHANGES_DEFAULT;

/// Partitions of Kafka's own topics in a wave.
const INTERNAL_MOVES_MAX: u64 = 50;

/// Topics whose throttled replicas one wave sets.
const TOPICS_MAX: u64 = 4_500;

/// The bound for each part by which the busiest broker's time is read as shorter: times may reach a limit but for their last
/// bits.
pub(super) fn least(case: &Case, slacks: [f64; 2]) -> [u64; 2] {
    let mut stages: Vec<(Stage, Vec<usize>)> = Vec::new();
    for (wave, steps) in case.plan.waves.iter().zip(&case.steps.waves) {
        match stages.iter_mut().find(|entry| entry.0 == wave.stage) {
            Some(entry) => entry.1.extend(steps.clone()),
            None => stages.push((wave.stage, steps.clone().collect())),
        }
    }
    let mut sums = [0; 2];
    for (stage, moves) in &stages {
        let of_stage = of_stage(case, *stage, moves, slacks);
        sums.iter_mut().zip(of_stage).for_each(|(sum, waves)| *sum += waves);
    }
    sums
}

fn of_stage(case: &Case, stage: Stage, moves: &[usize], slacks: [f64; 2]) -> [u64; 2] {
    let (steps, request) = (&case.steps, &case.plan.request);
    let mut allowed = u64::from(request.max_moves);
    if stage.is_internal() {
        allowed = allowed.min(INTERNAL_MOVES_MAX);
    }
    let mut least = (moves.len() as u64).div_ceil(allowed.max(1));
    if case.rates.is_some() && !request.keeps_brokers() && allowed > TOPICS_MAX {
        let copying = moves.iter().filter(|&&step| steps.is_sound[step] && steps.adding(step).next().is_some());
        let mut topics: Vec<u32> = copying.map(|&step| case.plan.moves.topic[step]).collect();
        topics.sort_unstable();
        topics.dedup();
        least = least.max((topics.len() as u64).div_ceil(TOPICS_MAX));
    }
    let mut of_row = vec![0_u64; steps.first.len()];
    for &row in moves.iter().map(|&step| &steps.row[step]).filter(|&&row| row != NONE) {
        of_row[row as usize] += 1;
        least = least.max(of_row[row as usize]);
    }

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
    let Some(rates) = &case.rates else { return [least; 2] };
    let seconds = |(broker, work): (usize, &[(u64, u128); 2])| {
        let over = |bytes: u128, side: Side| {
            if bytes == 0 { 0.0 } else { bytes as f64 / rates.of_side(broker as u32, side) }
        };
        over(work[0].1, Side::Follower).max(over(work[1].1, Side::Leader))
    };
    let busiest = work.iter().enumerate().map(seconds).fold(0.0, f64::max);
    let length = request.max_wave_duration.get();
    let alone = moves.iter().map(|&step| time::alone(steps, step, rates));
    let mut long: Vec<f64> = alone.filter(|&seconds| seconds > length).collect();
    long.sort_by(|a, b| b.total_cmp(a));
    slacks.map(|slack| least.max(in_time(busiest * (1.0 - slack), length, &long)))
}

/// How many waves of such a length give a broker so much time, when the first ones may be as long as these, the longest first.
fn in_time(busiest: f64, length: f64, long: &[f64]) -> u64 {
    let (mut room, mut waves) = (0.0, 0);
    let mut long = long.iter();
    while room < busiest && length > 0.0 {
        // Whole lengths at once where no longer one is left.
        match long.next() {
            Some(longest) => (room, waves) = (room + longest, waves + 1),
            None => return waves + ((busiest - room) / length).ceil() as u64,
        }
    }
    waves
}
