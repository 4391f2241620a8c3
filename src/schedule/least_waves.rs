//! The fewest waves into which the same steps can be cut, from the limits of a wave alone.
//!
//! Waves are of one stage each, so stages are counted apart. In a stage no cut has fewer waves than
//!
//! - its steps over the most of a wave, the topics whose lists are throttled and its changes of leaders over theirs, and the
//!   steps of any one partition;
//! - for each broker, what it receives, or sends, over the most moves of a broker and wave;
//! - what the busiest broker takes, over how long waves may copy. A wave is longer than that only by a partition that alone
//!   takes longer, so k waves hold at most the k longest of these, and the usual length for the rest of the k.

use std::collections::BTreeMap;

use super::fill::{lists, max_moves};
use super::time::seconds_alone;
use super::{Loads, Schedule};
use crate::base::index::{BrokerIx, IndexVec};
use crate::base::text::grouped;
use crate::base::units::Seconds;
use crate::plan::Stage;
use crate::problem::Problem;
use crate::route::Steps;

/// Sums of times reach a limit but for rounding.
const ROUNDING: f64 = 1e-9;

/// What no cut goes below.
pub struct LeastWaves {
    /// How many waves.
    pub waves: u32,
    /// What sets that, stage by stage.
    pub by: String,
}

/// The bound for all steps of a schedule.
pub fn of(problem: &Problem<'_>, steps: &Steps, schedule: &Schedule, loads: &Loads) -> LeastWaves {
    let mut stages: BTreeMap<Stage, Vec<u32>> = BTreeMap::new();
    for wave in &schedule.waves {
        stages.entry(wave.stage).or_default().extend(&wave.steps);
    }
    let mut waves = 0;
    let mut by = Vec::new();
    for (stage, mut of_stage) in stages {
        // In the order of the table, where each step is looked up faster; whole bytes add up to the same in any order.
        of_stage.sort_unstable();
        let (least, cause) = of_one(problem, steps, loads, stage, &of_stage);
        waves += least;
        let cause = if least > 1 { format!(" ({cause})") } else { String::new() };
        by.push(format!("{} {}{cause}", grouped(least.into()), stage.as_str()));
    }
    LeastWaves { waves, by: by.join(", ") }
}

/// The fewest waves of one stage, and why.
fn of_one(problem: &Problem<'_>, steps: &Steps, loads: &Loads, stage: Stage, of_stage: &[u32]) -> (u32, String) {
    let request = problem.request;
    let load = |&step: &u32| &loads.loads[step as usize];
    let id = |broker: BrokerIx| problem.cluster.brokers[broker].id;
    let over = |count: usize, most: usize| count.div_ceil(most.max(1)) as u32;
    let most = max_moves(problem, stage);
    let mut least = (over(of_stage.len(), most), format!("{} partitions in a wave", grouped(most as u64)));
    let mut raise = |waves: u32, by: &dyn Fn() -> String| {
        if waves > least.0 {
            least = (waves, by());
        }
    };
    if most > lists::TOPICS_MOST {
        let topics = lists::topics(problem, loads, of_stage);
        let of_wave = grouped(lists::TOPICS_MOST as u64);
        raise(over(topics, lists::TOPICS_MOST), &|| format!("the lists of {of_wave} topics in a wave"));
    }
    // The steps of a partition stand side by side.
    let of_one = of_stage.chunk_by(|&a, &b| steps.mover[a as usize] == steps.mover[b as usize]).map(<[u32]>::len);
    raise(of_one.max().unwrap_or(0) as u32, &|| "steps of one partition".to_owned());
    if let Some(most) = request.leader_changes_of(stage.is_reordering()) {
        let changes = of_stage.iter().filter(|step| load(step).changes_leader).count();
        raise(over(changes, most as usize), &|| format!("{} leaders change in a wave", grouped(most.into())));
    }
    let brokers = problem.cluster.brokers.len();
    let mut sums: IndexVec<BrokerIx, [(usize, f64); 2]> = IndexVec::filled([(0, 0.0); 2], brokers);
    for step in of_stage {
        let (load, adding) = (load(step), loads.adding.get(*step as usize));
        if load.sends > 0 {
            let leader = &mut sums[load.leader][0];
            *leader = (leader.0 + 1, leader.1 + f64::from(load.sends) * load.size);
        }
        for &broker in adding {
            let follower = &mut sums[broker][1];
            *follower = (follower.0 + 1, follower.1 + load.size);
        }
    }
    let sides = || sums.iter_enumerated().flat_map(|(broker, sums)| [(broker, 0, sums[0]), (broker, 1, sums[1])]);
    let does = |side: usize| ["sends", "receives"][side];
    if let Some(most) = request.max_moves_per_broker {
        for (broker, side, (count, _)) in sides() {
            let by = || {
                format!("broker {} {} {} partitions, {most} in a wave", id(broker), does(side), grouped(count as u64))
            };
            raise(over(count, most as usize), &by);
        }
    }
    if let Some(rates) = &problem.rates {
        let length = request.max_wave_duration;
        let alone = of_stage.iter().map(|step| seconds_alone(load(step), loads.adding.get(*step as usize), rates));
        let mut too_long: Vec<f64> = alone.filter(|&seconds| seconds > length.get()).collect();
        too_long.sort_by(|a, b| b.total_cmp(a));
        for (broker, side, (_, bytes)) in sides().filter(|entry| entry.2.1 > 0.0) {
            let rate = if side == 0 { rates.leader[broker] } else { rates.follower[broker] };
            let seconds = bytes / rate;
            let by = || {
                let side = if loads.within { "copies between log dirs" } else { does(side) };
                format!("broker {} {side} for {}, {length} in a wave", id(broker), Seconds::new(seconds))
            };
            raise(in_time(seconds, length.get(), &too_long), &by);
        }
    }
    least
}

/// How many waves so many seconds of copying take, when each may be of this length, or as long as one of these.
fn in_time(seconds: f64, length: f64, too_long: &[f64]) -> u32 {
    let mut left = seconds * (1.0 - ROUNDING);
    for (waves, long) in too_long.iter().enumerate() {
        if left <= 0.0 {
            return waves as u32;
        }
        left -= long;
    }
    too_long.len() as u32 + (left.max(0.0) / length).ceil() as u32
}
