//! `max-moves`, `max-moves-per-broker`, `max-leader-changes`, `max-wave-duration`: no wave is larger than asked for;
//! `throttle-records`: none is larger than what Kafka's tool can throttle.

use std::ops::Range;

use super::super::Violation;
use super::super::case::Case;
use crate::base::text::{counted, either, grouped};
use crate::base::units::Seconds;
use crate::plan::Side;
use crate::replay::{NONE, Rates, Steps, WaveTime, World, time};
use crate::request::{LEADER_CHANGES_DEFAULT, Request};

/// The KRaft controller starts the first 10,000 partitions of a request and refuses the rest.
const RECORDS_MAX: usize = 10_000;

pub(super) fn judge(case: &Case, found: &mut Vec<Violation>) {
    for (wave, time) in case.times.iter().enumerate() {
        let broken =
            of_wave(case.world, &case.steps, &case.steps.waves[wave], time, case.rates.as_ref(), &case.plan.request);
        let index = case.plan.waves[wave].index;
        let broken = broken.into_iter().chain(leader_changes(case, wave));
        found.extend(broken.map(|broken| broken.wave(index).place(format!("plan.json at waves[{wave}]"))));
    }
}

/// Whether more leaders change in a wave than may.
fn leader_changes(case: &Case, wave: usize) -> Option<Violation> {
    let (steps, request) = (&case.steps, &case.plan.request);
    let only_leaders = case.plan.waves[wave].stage.is_reordering();
    let allowed = match request.max_leader_changes {
        None if only_leaders => LEADER_CHANGES_DEFAULT,
        None => return None,
        Some(allowed) => allowed,
    };
    let leads_after = |step: usize| {
        if request.replicas_only { steps.leader_after(case.world, step) } else { steps.elected(case.world, step) }
    };
    let changes =
        steps.sound(steps.waves[wave].clone()).filter(|&step| leads_after(step) != steps.leader[step]).count();
    (changes > allowed as usize).then(|| {
        let (leaders, allowed) = (counted(changes, "leader"), grouped(allowed.into()));
        Violation::new(
            "max-leader-changes",
            format!("{leaders} {} in it, {allowed} allowed", either(changes, "changes", "change")),
        )
    })
}

/// Every limit of `request` that the steps of one wave break; the wave and its place are for the caller to add.
pub(in super::super) fn of_wave(
    world: &World,
    steps: &Steps,
    wave: &Range<usize>,
    time: &WaveTime,
    rates: Option<&Rates>,
    request: &Request,
) -> Vec<Violation> {
    let mut found = Vec::new();
    let allowed = request.max_moves as usize;
    if wave.len() > allowed.min(RECORDS_MAX) {
        let partitions = counted(wave.len(), "partition");
        let message = if allowed < RECORDS_MAX {
            format!("{partitions}, {} allowed", grouped(allowed as u64))
        } else {
            format!("{partitions} in one request; KRaft starts {} and refuses the rest", grouped(RECORDS_MAX as u64))
        };
        found.push(Violation::new("max-moves", message));
    }
    if let Some(rates) = rates {
        found.extend(throttled_topics(world, steps, wave));
        duration(steps, wave, time.seconds(rates), rates, request, &mut found);
    }
    if let Some(most) = request.max_moves_per_broker {
        per_broker(world, steps, wave, most, &mut found);
    }
    found
}

/// Whether the lists of throttled replicas, two for each topic that copies, are too many for one request.
fn throttled_topics(world: &World, steps: &Steps, wave: &Range<usize>) -> Option<Violation> {
    let copying = steps.sound(wave.clone()).filter(|&step| steps.adding(step).next().is_some());
    let mut is_seen = vec![false; world.snapshot.topics.len()];
    let of = &world.snapshot.partitions.topic;
    let new = |step: &usize| !std::mem::replace(&mut is_seen[of[steps.row[*step] as usize] as usize], true);
    let topics = copying.filter(new).count();
    let records = topics * 2;
    (records > RECORDS_MAX).then(|| {
        let (topics, records) = (counted(topics, "topic"), grouped(records as u64));
        let most = grouped(RECORDS_MAX as u64);
        Violation::new(
            "throttle-records",
            format!("{topics} copy: their throttle takes {records} records in one request, of which KRaft refuses more than {most}"),
        )
    })
}

fn duration(
    steps: &Steps,
    wave: &Range<usize>,
    seconds: f64,
    rates: &Rates,
    request: &Request,
    found: &mut Vec<Violation>,
) {
    let longest = request.max_wave_duration.get();
    // A wave that never ends is named by the rule on throttles.
    if seconds.is_infinite() || seconds <= longest * (1.0 + 1e-9) {
        return;
    }
    let alone = steps.sound(wave.clone()).map(|step| time::alone(steps, step, rates));
    let allowed = alone.fold(longest, f64::max);
    if seconds > allowed * (1.0 + 1e-9) {
        let message = format!("it copies for {}, {} allowed", Seconds::new(seconds), Seconds::new(allowed));
        found.push(Violation::new("max-wave-duration", message));
    }
}

fn per_broker(world: &World, steps: &Steps, wave: &Range<usize>, most: u32, found: &mut Vec<Violation>) {
    let mut counts = [vec![0_u32; world.len()], vec![0_u32; world.len()]];
    for step in steps.sound(wave.clone()) {
        let mut copies = false;
        for (_, broker) in steps.adding(step) {
            counts[0][broker as usize] += 1;
            copies = true;
        }
        for change in steps.dir_changes.get(step) {
            counts[0][change.broker as usize] += 1;
        }
        let leader = steps.leader[step];
        if copies && leader != NONE {
            counts[1][leader as usize] += 1;
        }
    }
    for (counts, side) in counts.iter().zip([Side::Follower, Side::Leader]) {
        for (broker, &count) in counts.iter().enumerate().filter(|entry| *entry.1 > most) {
            let role = if side == Side::Leader { "leads" } else { "receives" };
            let message =
                format!("it {role} {} of the wave, {} allowed", counted(count, "partition"), grouped(most.into()));
            found.push(Violation::new("max-moves-per-broker", message).broker(world.id(broker as u32)));
        }
    }
}
