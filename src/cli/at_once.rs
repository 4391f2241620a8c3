//! What it costs to hand a plan of several waves to Kafka as one file, which starts everything at once.

use rustc_hash::FxHashMap;

use super::summary::percent;
use crate::base::ids::BrokerId;
use crate::base::text::{counted, grouped};
use crate::base::units::{Bytes, BytesPerSec, Traffic};
use crate::plan::{Plan, Role, Warning};
use crate::request::rates::BrokerRate;
use crate::snapshot::Snapshot;

/// How many records a `KRaft` controller takes in one request; the rest fails, partition by partition.
const RECORDS_MAX: usize = 10_000;

/// What a person must know before executing the whole plan as one file.
pub fn warnings(plan: &Plan, snapshot: &Snapshot) -> Vec<Warning> {
    let moves = plan.moves.size.len();
    let mut warnings = Vec::new();
    if plan.waves.len() > 1 {
        let mut message = format!(
            "one file starts all {} of {} at once, without their order, gates and rollbacks",
            counted(moves, "partition"),
            counted(plan.waves.len(), "wave")
        );
        // Within a broker no log dir that receives is ever freed, and live traffic does not count.
        let within = plan.request.empties_dirs();
        let disk = if plan.request.leaders_only || within { None } else { disk_cost(plan) };
        let time = if within { None } else { time_cost(plan, snapshot) };
        for cost in [disk, time].into_iter().flatten() {
            message.push_str("; ");
            message.push_str(&cost);
        }
        warnings.push(Warning::new("all-at-once", format!("{message}; `--out DIR` writes one file for each wave")));
    }
    if moves > RECORDS_MAX {
        let message = format!(
            "a KRaft controller starts only the first {} of the {} partitions in this file and fails the others; \
             `--out DIR` writes files that it takes whole",
            grouped(RECORDS_MAX as u64),
            grouped(moves as u64)
        );
        warnings.push(Warning::new("too-many-records", message));
    }
    warnings
}

/// The fullest target log dir when nothing is freed before everything has landed.
fn disk_cost(plan: &Plan) -> Option<String> {
    let mut landed: FxHashMap<(BrokerId, Option<&str>), Bytes> = FxHashMap::default();
    for row in 0..plan.moves.size.len() {
        let step = plan.get(row);
        let dirs: Vec<Option<&str>> = step.dirs.iter().collect();
        for id in step.adding() {
            let place = step.replicas.iter().position(|&replica| replica == id);
            let dir = place.and_then(|place| dirs.get(place).copied().flatten());
            *landed.entry((id, dir)).or_default() += step.size;
        }
    }
    let mut fullest: Option<(f64, f64, BrokerId, &str)> = None;
    for broker in plan.brokers.iter().filter(|broker| broker.role == Role::Target) {
        for dir in &broker.log_dirs {
            let Some(capacity) = dir.capacity_bytes.filter(|capacity| *capacity > Bytes::ZERO) else { continue };
            let landed_in = |name| landed.get(&(broker.id, name)).copied().unwrap_or_default();
            let used = dir.used_before_bytes + landed_in(None) + landed_in(Some(dir.path.as_str()));
            let share = used.as_f64() / capacity.as_f64();
            if fullest.is_none_or(|(most, ..)| share > most) {
                let by_waves = dir.used_peak_bytes.as_f64() / capacity.as_f64();
                fullest = Some((share, by_waves, broker.id, &dir.path));
            }
        }
    }
    let (share, by_waves, broker, path) = fullest?;
    let peak = format!("broker {broker} `{path}` peaks at {}", percent(share));
    Some(if share > by_waves + 0.0005 { format!("{peak} instead of {}", percent(by_waves)) } else { peak })
}

/// A broker whose live traffic alone fills the throttle when everything moves at once.
fn time_cost(plan: &Plan, snapshot: &Snapshot) -> Option<String> {
    if !plan.request.is_throttled() {
        return None;
    }
    let mut sends: FxHashMap<BrokerId, f64> = FxHashMap::default();
    let mut receives: FxHashMap<BrokerId, f64> = FxHashMap::default();
    for row in 0..plan.moves.size.len() {
        let step = plan.get(row);
        let Some(live) = snapshot.row_of(step.topic, step.partition) else { continue };
        let produced = snapshot.partitions.bytes_in[live].get();
        let adding = step.adding().inspect(|&id| *receives.entry(id).or_default() += produced).count();
        if let (Some(leader), 1..) = (step.leader, adding) {
            *sends.entry(leader).or_default() += produced * (step.previous.len() - 1 + adding) as f64;
        }
    }
    // Who has least left beside the traffic that its throttle counts.
    let busiest = |traffic: FxHashMap<BrokerId, f64>, side: fn(BrokerRate) -> BytesPerSec| {
        let rated = traffic.into_iter().filter_map(|(id, most)| Some((id, most, side(plan.request.rate_of(id)?))));
        let mut rated: Vec<(BrokerId, f64, BytesPerSec)> = rated.collect();
        let left = |entry: &(BrokerId, f64, BytesPerSec)| entry.2.as_f64() - entry.1;
        rated.sort_unstable_by(|a, b| left(a).total_cmp(&left(b)).then(a.0.cmp(&b.0)));
        rated.into_iter().next().filter(|found| left(found) <= 0.0)
    };
    let (verb, (broker, most, throttle)) = busiest(sends, |rate| rate.leader_bytes_per_sec)
        .map(|found| ("send", found))
        .or_else(|| busiest(receives, |rate| rate.follower_bytes_per_sec).map(|found| ("receive", found)))?;
    Some(format!(
        "it never finishes at {throttle}, since broker {broker} has to {verb} {} of live traffic",
        Traffic::new(most)
    ))
}
