//! `headroom`: rates that were derived keep every network within its capacity, whichever wave runs.
//!
//! Of every partition that a broker ever holds it receives what producers write; of every one that it ever leads it
//! sends what consumers read, and what is written once to each follower. With its rate on top, which the copies share
//! with the live traffic of what moves, that must leave the share of its capacity free that was asked for.

use super::Violation;
use super::case::Case;
use crate::base::units::{BytesPerSec, Traffic};
use crate::plan::Side;
use crate::replay::{NONE, Rates, Steps, World};
use crate::request::Request;

const RULE: &str = "headroom";
/// Bytes per second by which sums may differ for rounding alone.
const ROUNDING: f64 = 1.0;

/// Everything that is wrong with the rates of the brokers that take part.
pub(super) fn judge(world: &World, request: &Request, steps: &Steps, rates: &Rates) -> Vec<Violation> {
    let Some(headroom) = request.headroom else { return Vec::new() };
    let (sends, receives) = live(world, Some(steps));
    let (copies_from, copies_to) = copying(world, steps);
    let mut found = Vec::new();
    for number in 0..world.len() as u32 {
        let broker = world.broker(number);
        let at = number as usize;
        let sides = [
            ("sends", copies_from[at], rates.leader(number), sends[at], broker.out_capacity, request.leader_throttle),
            (
                "receives",
                copies_to[at],
                rates.follower(number),
                receives[at],
                broker.in_capacity,
                request.follower_throttle,
            ),
        ];
        for (verb, copies, rate, live, capacity, asked) in sides {
            if !copies {
                continue;
            }
            let most = asked.or(request.throttle).map_or(f64::INFINITY, BytesPerSec::as_f64);
            if rate > most {
                let message =
                    format!("it {verb} at {}, at most {} was asked for", Traffic::new(rate), Traffic::new(most));
                found.push(Violation::new(RULE, message).broker(broker.id));
            }
            let Some(capacity) = capacity else { continue };
            let allowed = capacity.get() - capacity.get() * headroom.get();
            if rate + live > allowed + ROUNDING {
                let message = format!(
                    "it {verb} {} of live traffic and {} of throttled copies; {headroom} of {capacity} free leave {}",
                    Traffic::new(live),
                    Traffic::new(rate),
                    Traffic::new(allowed)
                );
                found.push(Violation::new(RULE, message).broker(broker.id));
            }
        }
    }
    found
}

/// The follower rate by which each broker's share of time is judged: its own; what a headroom left of it before
/// anything had moved.
pub(super) fn first_rates(case: &Case) -> Vec<f64> {
    let (world, request) = (case.world, case.ask.request);
    let most = request.follower_throttle.or(request.throttle).map(BytesPerSec::as_f64);
    let (_, receives) = match request.headroom {
        Some(_) => live(world, None),
        None => Default::default(),
    };
    let first = |number: u32| {
        let own = case.rates.as_ref().map_or(0.0, |rates| rates.follower(number));
        let room = request.headroom.zip(world.broker(number).in_capacity).map(|(headroom, capacity)| {
            let allowed = capacity.get() - capacity.get() * headroom.get();
            (allowed - receives[number as usize] + 1e-3).floor().max(1.0)
        });
        room.map_or(own, |room| room.min(most.unwrap_or(room)))
    };
    (0..world.len() as u32).map(first).collect()
}

/// Lowers the rates to what a headroom leaves beside the live traffic of now, where everything moves in one wave: what
/// it brings a broker counts against the rates themselves.
pub(super) fn derive(world: &World, request: &Request, rates: &mut Rates) {
    let Some(headroom) = request.headroom else { return };
    let (sends, receives) = live(world, None);
    for number in 0..world.len() as u32 {
        let broker = world.broker(number);
        let sides = [
            (Side::Leader, broker.out_capacity, sends[number as usize]),
            (Side::Follower, broker.in_capacity, receives[number as usize]),
        ];
        for (side, capacity, live) in sides {
            let Some(capacity) = capacity else { continue };
            let room = (capacity.get() - capacity.get() * headroom.get() - live + 1e-3).floor().max(1.0);
            let most = rates.of_side(number, side);
            rates.set(number, side, if most > 0.0 { room.min(most) } else { room });
        }
    }
}

/// Who sends copies, and who receives them, at any time.
fn copying(world: &World, steps: &Steps) -> (Vec<bool>, Vec<bool>) {
    let (mut from, mut to) = (vec![false; world.len()], vec![false; world.len()]);
    for step in steps.sound(0..steps.len()) {
        for (_, broker) in steps.adding(step).filter(|entry| entry.1 != NONE) {
            to[broker as usize] = true;
            if let Some(leads) = from.get_mut(steps.leader[step] as usize) {
                *leads = true;
            }
        }
    }
    (from, to)
}

/// What each broker sends and receives of live traffic, of all that it leads and holds now or after any of the steps.
fn live(world: &World, steps: Option<&Steps>) -> (Vec<f64>, Vec<f64>) {
    let (mut sends, mut receives) = (vec![0.0; world.len()], vec![0.0; world.len()]);
    let partitions = &world.snapshot.partitions;
    let mut of_row: Vec<Vec<usize>> = vec![Vec::new(); partitions.len()];
    if let Some(steps) = steps {
        for step in steps.sound(0..steps.len()) {
            of_row[steps.row[step] as usize].push(step);
        }
    }
    for row in 0..partitions.len() as u32 {
        let (written, read) = (partitions.bytes_in[row as usize].get(), partitions.bytes_out[row as usize].get());
        let old = world.replicas(row);
        let (mut holds, mut leads) = (old.to_vec(), vec![world.leader(row)]);
        let mut replicas = old.len();
        for (steps, &step) in steps.iter().flat_map(|steps| of_row[row as usize].iter().map(move |step| (steps, step)))
        {
            let new = steps.new.get(step);
            holds.extend(new);
            leads.extend(old.first().into_iter().chain(new.first()));
            replicas = replicas.max(new.len());
        }
        for brokers in [&mut holds, &mut leads] {
            brokers.retain(|&broker| broker != NONE);
            brokers.sort_unstable();
            brokers.dedup();
        }
        for broker in holds {
            receives[broker as usize] += written;
        }
        for broker in leads {
            sends[broker as usize] += read + written * replicas.saturating_sub(1) as f64;
        }
    }
    (sends, receives)
}
