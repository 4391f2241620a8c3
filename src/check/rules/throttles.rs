//! `throttle`: the rates are those that were asked for, and every copy finishes under them.

use super::super::case::Case;
use super::super::{Violation, headroom};
use crate::base::units::{BytesPerSec, Traffic};
use crate::plan::{BrokerThrottle, Side, Throttle};
use crate::replay::time::Load;
use crate::replay::{NONE, Rates};

const RULE: &str = "throttle";

pub(super) fn judge(case: &Case, found: &mut Vec<Violation>) {
    if let Some(rates) = &case.rates {
        found.extend(headroom::judge(case.world, &case.plan.request, &case.steps, rates));
    }
    for (wave, time) in case.times.iter().enumerate() {
        let (given, expected) = (&case.plan.waves[wave].throttle, expected(case, wave));
        if *given != expected {
            let message =
                format!("leader/follower rates {}, {} were asked for", name(given.as_ref()), name(expected.as_ref()));
            found.push(case.wave_violation(RULE, wave, message));
        }
        let Some(rates) = &case.rates else { continue };
        for load in time.loads.iter().filter(|load| load.seconds(rates).is_none()) {
            let message = never(rates, load);
            found.push(case.wave_violation(RULE, wave, message).broker(case.world.id(load.broker)));
        }
    }
}

/// The rates of the brokers of a wave: the least of each side, and whoever has another one.
fn expected(case: &Case, wave: usize) -> Option<Throttle> {
    let request = &case.plan.request;
    // Where leadership alone moves there is nothing to throttle, and copies within a broker have a throttle of their own.
    let rates = case.rates.as_ref().filter(|_| !request.keeps_brokers())?;
    let mut brokers: Vec<u32> = Vec::new();
    for step in case.steps.waves[wave].clone() {
        let paper = case.plan.get(step);
        brokers.extend(paper.previous.iter().chain(paper.replicas).map(|&id| case.world.number(id)));
    }
    brokers.sort_unstable();
    brokers.dedup();
    brokers.retain(|&number| number != NONE && case.world.broker(number).state.serves());
    let whole = |rate: f64| BytesPerSec::new(rate as u64);
    let least = |side: Side| brokers.iter().map(|&number| rates.of_side(number, side)).reduce(f64::min).map(whole);
    let (leader, follower) = (least(Side::Leader)?, least(Side::Follower)?);
    let each = brokers.iter().map(|&number| BrokerThrottle {
        id: case.world.id(number),
        leader_bytes_per_sec: whole(rates.leader(number)),
        follower_bytes_per_sec: whole(rates.follower(number)),
    });
    let others = each.filter(|one| one.leader_bytes_per_sec > leader || one.follower_bytes_per_sec > follower);
    Some(Throttle { leader_bytes_per_sec: leader, follower_bytes_per_sec: follower, brokers: others.collect() })
}

/// `50/50 (broker 3: 80/80)`.
fn name(throttle: Option<&Throttle>) -> String {
    const SHOWN: usize = 5;
    let Some(throttle) = throttle else { return "none".to_owned() };
    let common = format!("{}/{}", throttle.leader_bytes_per_sec.get(), throttle.follower_bytes_per_sec.get());
    let own = throttle.brokers.iter().take(SHOWN).map(|one| {
        format!(" (broker {}: {}/{})", one.id, one.leader_bytes_per_sec.get(), one.follower_bytes_per_sec.get())
    });
    let more = throttle.brokers.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    common + &own.collect::<String>() + &more
}

/// That a copy never finishes.
pub(in super::super) fn never(rates: &Rates, load: &Load) -> String {
    let (traffic, side) = (Traffic::new(load.traffic), load.side.as_str());
    if rates.of_side(load.broker, load.side) <= 0.0 {
        return format!("it copies as {side}, and no rate of it is known");
    }
    let rate = BytesPerSec::new(rates.of_side(load.broker, load.side) as u64);
    format!("its copies as {side} never finish: {traffic} of produced data count against the rate of {rate}")
}
