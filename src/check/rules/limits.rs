//! `max-moves`, `max-moves-per-broker`, `max-wave-duration`: no wave is larger than asked for.

use super::super::Violation;
use super::super::case::Case;
use crate::base::units::Seconds;
use crate::plan::Side;
use crate::replay::{NONE, time};

/// The KRaft controller starts the first 10,000 partitions of a request and refuses the rest.
pub(in super::super) const RECORDS_MAX: usize = 10_000;

pub(super) fn judge(case: &Case, found: &mut Vec<Violation>) {
    let request = &case.plan.request;
    for (wave, range) in case.steps.waves.iter().enumerate() {
        let allowed = (request.max_moves as usize).min(RECORDS_MAX);
        if range.len() > allowed {
            let message = format!("{} partitions, {allowed} are allowed", range.len());
            found.push(case.wave_violation("max-moves", wave, message));
        }
        if let Some(rate) = case.rate {
            duration(case, wave, rate, found);
        }
    }
    if let Some(most) = request.max_moves_per_broker {
        per_broker(case, most, found);
    }
}

fn duration(case: &Case, wave: usize, rate: f64, found: &mut Vec<Violation>) {
    let longest = case.plan.request.max_wave_duration.get();
    let seconds = case.times[wave].seconds(rate);
    // A wave that never ends is named by the rule on throttles.
    if seconds.is_infinite() || seconds <= longest * (1.0 + 1e-9) {
        return;
    }
    let alone =
        case.steps.sound(case.steps.waves[wave].clone()).map(|step| time::alone(case.world, &case.steps, step, rate));
    let allowed = alone.fold(longest, f64::max);
    if seconds > allowed * (1.0 + 1e-9) {
        let message = format!("it copies for {}, {} are allowed", Seconds::new(seconds), Seconds::new(allowed));
        found.push(case.wave_violation("max-wave-duration", wave, message));
    }
}

fn per_broker(case: &Case, most: u32, found: &mut Vec<Violation>) {
    for (wave, range) in case.steps.waves.iter().enumerate() {
        let mut counts = [vec![0_u32; case.world.len()], vec![0_u32; case.world.len()]];
        for step in case.steps.sound(range.clone()) {
            let mut copies = false;
            for (_, broker) in case.steps.adding(case.world, step) {
                counts[0][broker as usize] += 1;
                copies = true;
            }
            let leader = case.world.leader(case.steps.row[step]);
            if copies && leader != NONE {
                counts[1][leader as usize] += 1;
            }
        }
        for (counts, side) in counts.iter().zip([Side::Follower, Side::Leader]) {
            for (broker, &count) in counts.iter().enumerate().filter(|entry| *entry.1 > most) {
                let role = if side == Side::Leader { "leads" } else { "receives" };
                let message = format!("it {role} {count} of the wave's partitions, {most} are allowed");
                let violation = case.wave_violation("max-moves-per-broker", wave, message);
                found.push(violation.broker(case.world.id(broker as u32)));
            }
        }
    }
}
