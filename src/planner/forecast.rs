//! The forecast of every wave, from the plan as it is written: what people should expect, and what sets it.

use crate::base::index::{BrokerIx, IndexVec, Ix, PartitionIx};
use crate::plan::{Estimate, Limit, Plan};
use crate::problem::Problem;
use crate::schedule::forecast::{Forecaster, Step};

/// Fills in the durations of all waves and their sum; nothing without a throttle.
pub(super) fn add(plan: &mut Plan, problem: &Problem<'_>) {
    let Some(rates) = &problem.rates else { return };
    let cluster = &problem.cluster;
    let ix = |id| cluster.broker_ix(id).expect("a broker of the cluster");
    let mut receives = IndexVec::filled(false, cluster.brokers.len());
    for row in 0..plan.moves.size.len() {
        plan.get(row).copied_to().for_each(|id| receives[ix(id)] = true);
    }
    let mut forecaster = Forecaster::new(problem, rates, receives);
    let mut eta = Estimate::default();
    for number in 0..plan.waves.len() {
        let wave = &plan.waves[number];
        let lists: Vec<[Vec<BrokerIx>; 3]> = plan
            .moves_of(wave)
            .map(|step| {
                let all = |ids: &[_]| ids.iter().map(|&id| ix(id)).collect();
                [all(step.previous), all(step.replicas), step.copied_to().map(ix).collect()]
            })
            .collect();
        let mut steps: Vec<Step<'_>> = plan
            .moves_of(wave)
            .zip(&lists)
            .map(|(step, [before, after, copies])| {
                let row = cluster.snapshot.row_of(step.topic, step.partition).expect("a partition of the cluster");
                let leader = step.leader.map_or(before[0], ix);
                // A preferred election follows the wave where one is due.
                let leader_after = match step.leader_after {
                    Some(id) if step.leaves_leaders => ix(id),
                    _ => after[0],
                };
                Step { partition: PartitionIx::new(row), before, after, leader, leader_after, copies }
            })
            .collect();
        let forecast = forecaster.wave(&mut steps);
        let duration = forecast.duration;
        eta.low += duration.low;
        eta.expected += duration.expected;
        eta.high += duration.high;
        let id = |broker: BrokerIx| cluster.brokers[broker].id;
        let limit = forecast.limit.map(|limit| Limit {
            broker: id(limit.broker),
            side: limit.side,
            cap: limit.cap,
            from: limit.from.map(id),
        });
        let wave = &mut plan.waves[number];
        wave.duration_seconds = Some(duration);
        let is_told = |limit: &Limit| wave.bottleneck.is_some_and(|bottleneck| limit.says_no_more_than(bottleneck));
        wave.limit = limit.filter(|limit| !is_told(limit));
    }
    plan.summary.eta_seconds = Some(eta);
}
