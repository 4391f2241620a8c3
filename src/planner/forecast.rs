//! The forecast of every wave: what people should expect, and what sets it.

use crate::base::index::{BrokerIx, Csr, IndexVec, PartitionIx};
use crate::plan::{Estimate, Limit, Plan};
use crate::problem::Problem;
use crate::route::Steps;
use crate::schedule::forecast::{Forecast, Forecaster, Step};
use crate::schedule::{Loads, Schedule, Wave};

/// What is expected of each wave; nothing without a throttle.
pub(super) fn of(problem: &Problem<'_>, steps: &Steps, schedule: &Schedule, loads: &Loads) -> Vec<Forecast> {
    let Some(rates) = &problem.rates else { return Vec::new() };
    let mut receives = IndexVec::filled(false, problem.cluster.brokers.len());
    loads.adding.values().iter().for_each(|&broker| receives[broker] = true);
    let mut forecaster = Forecaster::new(problem, rates, receives);
    let leaves_leaders = problem.request.replicas_only;
    let wave = |wave: &Wave| {
        let mut in_order: Vec<(PartitionIx, usize)> =
            wave.steps.iter().map(|&step| step as usize).map(|step| (loads.loads[step].partition, step)).collect();
        in_order.sort_unstable();
        let mut after = Csr::with_capacity(in_order.len(), in_order.len() * 3);
        for &(_, step) in &in_order {
            after.push(steps.after.get(step).iter().map(|home| home.broker));
        }
        let mut moved: Vec<Step<'_>> = in_order
            .iter()
            .zip(after.iter())
            .map(|(&(partition, step), after)| Step {
                partition,
                before: steps.before.get(step),
                after,
                leader: steps.leader[step],
                // A preferred election follows the wave where one is due.
                leader_after: if leaves_leaders { steps.leader[step] } else { after[0] },
                copies: loads.adding.get(step),
            })
            .collect();
        forecaster.wave(&mut moved)
    };
    schedule.waves.iter().map(wave).collect()
}

/// Fills in the durations of all waves and their sum; nothing without a throttle.
pub(super) fn add(plan: &mut Plan, problem: &Problem<'_>, forecasts: &[Forecast]) {
    if problem.rates.is_none() {
        return;
    }
    let mut eta = Estimate::default();
    for (wave, forecast) in plan.waves.iter_mut().zip(forecasts) {
        let duration = forecast.duration;
        eta.low += duration.low;
        eta.expected += duration.expected;
        eta.high += duration.high;
        let id = |broker: BrokerIx| problem.cluster.brokers[broker].id;
        let limit = forecast.limit.map(|limit| Limit {
            broker: id(limit.broker),
            side: limit.side,
            cap: limit.cap,
            from: limit.from.map(id),
        });
        wave.duration_seconds = Some(duration);
        let is_told = |limit: &Limit| wave.bottleneck.is_some_and(|bottleneck| limit.says_no_more_than(bottleneck));
        wave.limit = limit.filter(|limit| !is_told(limit));
    }
    plan.summary.eta_seconds = Some(eta);
}
