//! `balance-sources`: what other leaders would gain is told where it can be, and is no more than can be.

use super::super::Violation;
use super::super::case::{Case, is_close};
use crate::base::units::Seconds;
use crate::plan::Side;
use crate::replay::{NONE, Rates};

const RULE: &str = "balance-sources";

pub(super) fn judge(case: &Case, found: &mut Vec<Violation>) {
    // Plans of older versions have none.
    let Some(gain) = &case.plan.summary.balance_sources else { return };
    let mut add = |key: &str, message: String| {
        let place = format!("plan.json at summary.balance_sources{key}");
        found.push(Violation::new(RULE, message).place(place));
    };
    let request = &case.plan.request;
    let Some(rates) = case.rates.as_ref().filter(|_| {
        !request.balance_sources && !request.replicas_only && !request.leaders_only && !request.empties_dirs()
    }) else {
        add("", "it is given, and nothing is to be gained so".into());
        return;
    };
    let (rows, expected, receiving) = busiest(case, rates);
    let now = gain.seconds.get();
    if !is_close(now, expected) {
        add(".seconds", format!("it is {now}, expected {expected}"));
    }
    if gain.partitions != rows {
        add(".partitions", format!("it is {}, expected {rows}", gain.partitions));
    }
    // What leaders would do is not searched for again: only what no leaders can do is known.
    let least = case.plan.summary.makespan_lower_bound_seconds.map_or(0.0, Seconds::get).max(receiving);
    let balanced = gain.balanced_seconds.get();
    if !(balanced >= least * (1.0 - 1e-6) && balanced <= now * (1.0 + 1e-9)) {
        add(".balanced_seconds", format!("it is {balanced}, expected {least} to {now}"));
    }
    let mut at = (0, now);
    for (place, point) in gain.curve.iter().enumerate() {
        let then = (point.leaders_changed, point.seconds.get());
        if then.0 <= at.0 || then.0 > gain.partitions || then.1 > at.1 * (1.0 + 1e-9) || then.1.is_nan() {
            add(
                &format!(".curve[{place}]"),
                format!("{} changes and {} do not follow {} and {}", then.0, then.1, at.0, at.1),
            );
        }
        at = then;
    }
    if at.0 != gain.leaders_changed || !is_close(at.1, balanced) {
        add(".curve", format!("it ends at {} changes and {}, not at all of them", at.0, at.1));
    }
}

/// Partitions that move; seconds of the busiest broker when all copies come from the leaders of the snapshot, and of the
/// one that receives most.
fn busiest(case: &Case, rates: &Rates) -> (u64, f64, f64) {
    let world = case.world;
    let mut bytes = vec![[0_u128; 2]; world.len()];
    let mut rows = 0;
    for (row, last) in case.steps.sound_rows() {
        rows += 1;
        let old = world.replicas(row);
        let size = u128::from(case.steps.size[last]);
        let mut copies = 0;
        for &broker in case.steps.new.get(last).iter().filter(|broker| !old.contains(broker)) {
            bytes[broker as usize][0] += size;
            copies += 1;
        }
        if world.leader(row) != NONE {
            bytes[world.leader(row) as usize][1] += copies * size;
        }
    }
    let longest = |at: usize, side: Side| {
        let each = bytes.iter().enumerate().filter(|entry| entry.1[at] > 0);
        each.map(|(broker, bytes)| bytes[at] as f64 / rates.of_side(broker as u32, side)).fold(0.0, f64::max)
    };
    let receiving = longest(0, Side::Follower);
    (rows, receiving.max(longest(1, Side::Leader)), receiving)
}
