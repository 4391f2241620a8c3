//! `throttle`: the rates are those that were asked for, and every copy finishes under them.

use super::super::Violation;
use super::super::case::Case;
use crate::base::units::{BytesPerSec, Traffic};
use crate::plan::Throttle;

const RULE: &str = "throttle";

pub(super) fn judge(case: &Case, found: &mut Vec<Violation>) {
    let rate = case.plan.request.throttle;
    // Where leadership alone moves there is nothing to throttle, and copies within a broker have a throttle of their own.
    let expected = rate
        .filter(|_| !case.plan.request.keeps_brokers())
        .map(|rate| Throttle { leader_bytes_per_sec: rate, follower_bytes_per_sec: rate });
    for (wave, time) in case.times.iter().enumerate() {
        let given = case.plan.waves[wave].throttle;
        if given != expected {
            let name = |throttle: Option<Throttle>| {
                throttle.map_or("none".to_owned(), |both| {
                    format!("{}/{}", both.leader_bytes_per_sec.get(), both.follower_bytes_per_sec.get())
                })
            };
            let message = format!("leader/follower rates {}, {} were asked for", name(given), name(expected));
            found.push(case.wave_violation(RULE, wave, message));
        }
        let Some(rate) = rate else { continue };
        for load in time.loads.iter().filter(|load| load.seconds(rate.as_f64()).is_none()) {
            let message = never(rate, load.traffic, load.side.as_str());
            found.push(case.wave_violation(RULE, wave, message).broker(case.world.id(load.broker)));
        }
    }
}

/// That a copy never finishes.
pub(in super::super) fn never(rate: BytesPerSec, traffic: f64, side: &str) -> String {
    let traffic = Traffic::new(traffic);
    format!("its copies as {side} never finish: {traffic} of produced data count against the rate of {rate}")
}
