//! `max-moves`, `max-moves-per-broker`, `max-wave-duration`: no wave is larger than asked for.

use std::ops::Range;

use super::super::Violation;
use super::super::case::Case;
use crate::base::ids::BrokerId;
use crate::base::text::{counted, grouped};
use crate::base::units::{BytesPerSec, Seconds};
use crate::plan::Side;
use crate::replay::{NONE, Steps, WaveTime, World, time};
use crate::request::Request;

/// The KRaft controller starts the first 10,000 partitions of a request and refuses the rest.
const RECORDS_MAX: usize = 10_000;

/// A limit that a wave exceeds.
pub(in super::super) struct Excess {
    pub rule: &'static str,
    pub message: String,
    pub broker: Option<BrokerId>,
}

pub(super) fn judge(case: &Case, found: &mut Vec<Violation>) {
    for (wave, time) in case.times.iter().enumerate() {
        for excess in of_wave(case.world, &case.steps, &case.steps.waves[wave], time, &case.plan.request) {
            let violation = case.wave_violation(excess.rule, wave, excess.message);
            found.push(excess.broker.map_or(violation.clone(), |broker| violation.broker(broker)));
        }
    }
}

/// Every limit of `request` that the steps of one wave exceed.
pub(in super::super) fn of_wave(
    world: &World,
    steps: &Steps,
    wave: &Range<usize>,
    time: &WaveTime,
    request: &Request,
) -> Vec<Excess> {
    let mut found = Vec::new();
    let allowed = request.max_moves as usize;
    if wave.len() > allowed.min(RECORDS_MAX) {
        let partitions = counted(wave.len(), "partition");
        let message = if allowed < RECORDS_MAX {
            format!("{partitions}, {} allowed", grouped(allowed as u64))
        } else {
            format!("{partitions} in one request; KRaft starts {} and refuses the rest", grouped(RECORDS_MAX as u64))
        };
        found.push(Excess { rule: "max-moves", message, broker: None });
    }
    if let Some(rate) = request.throttle {
        duration(world, steps, wave, time.seconds(rate.as_f64()), rate, request, &mut found);
    }
    if let Some(most) = request.max_moves_per_broker {
        per_broker(world, steps, wave, most, &mut found);
    }
    found
}

fn duration(
    world: &World,
    steps: &Steps,
    wave: &Range<usize>,
    seconds: f64,
    rate: BytesPerSec,
    request: &Request,
    found: &mut Vec<Excess>,
) {
    let longest = request.max_wave_duration.get();
    // A wave that never ends is named by the rule on throttles.
    if seconds.is_infinite() || seconds <= longest * (1.0 + 1e-9) {
        return;
    }
    let alone = steps.sound(wave.clone()).map(|step| time::alone(world, steps, step, rate.as_f64()));
    let allowed = alone.fold(longest, f64::max);
    if seconds > allowed * (1.0 + 1e-9) {
        let message = format!("it copies for {}, {} allowed", Seconds::new(seconds), Seconds::new(allowed));
        found.push(Excess { rule: "max-wave-duration", message, broker: None });
    }
}

fn per_broker(world: &World, steps: &Steps, wave: &Range<usize>, most: u32, found: &mut Vec<Excess>) {
    let mut counts = [vec![0_u32; world.len()], vec![0_u32; world.len()]];
    for step in steps.sound(wave.clone()) {
        let mut copies = false;
        for (_, broker) in steps.adding(world, step) {
            counts[0][broker as usize] += 1;
            copies = true;
        }
        let leader = world.leader(steps.row[step]);
        if copies && leader != NONE {
            counts[1][leader as usize] += 1;
        }
    }
    for (counts, side) in counts.iter().zip([Side::Follower, Side::Leader]) {
        for (broker, &count) in counts.iter().enumerate().filter(|entry| *entry.1 > most) {
            let role = if side == Side::Leader { "leads" } else { "receives" };
            let message =
                format!("it {role} {} of the wave, {} allowed", counted(count, "partition"), grouped(most.into()));
            let broker = Some(world.id(broker as u32));
            found.push(Excess { rule: "max-moves-per-broker", message, broker });
        }
    }
}
