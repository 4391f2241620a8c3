//! `rollback`: undoing the waves leads back to the snapshot, with the times and the room that the plan states.

use super::super::Violation;
use super::super::case::{Case, is_close};
use crate::base::units::{Bytes, Seconds};
use crate::replay::{NONE, back, time};

const RULE: &str = "rollback";

pub(super) fn judge(case: &Case, found: &mut Vec<Violation>) {
    ends_where_it_began(case, found);
    let waves = &case.plan.waves;
    // Plans of older versions say nothing of going back.
    let says_nothing =
        waves.iter().all(|wave| wave.rollback_seconds.is_none() && wave.rollback_peak_disk_utilization.is_none());
    let (again, other) = back::replay(case.world, case.plan);
    for dir in other {
        let broker = case.world.id(case.world.dirs[dir as usize].broker);
        let message = format!("`{}` does not end as it began when every wave is undone", case.world.path_of(dir));
        found.push(Violation::new(RULE, message).broker(broker));
    }
    for again in again.iter().filter(|again| again.used > again.forward) {
        let bytes = |bytes: i128| Bytes::new(u64::try_from(bytes).unwrap_or(0));
        let message = format!(
            "undone, it fills `{}` to {}, more than the {} of the wave itself",
            case.world.path_of(again.dir),
            bytes(again.used),
            bytes(again.forward)
        );
        let broker = case.world.id(case.world.dirs[again.dir as usize].broker);
        found.push(case.wave_violation(RULE, again.wave, message).broker(broker));
    }
    if says_nothing {
        return;
    }
    let mut by_wave: Vec<Vec<back::Again>> = vec![Vec::new(); waves.len()];
    for again in again {
        by_wave[again.wave].push(again);
    }
    let times = time::undoing(case.world, &case.steps, case.plan);
    for (wave, time) in times.iter().enumerate() {
        let expected = case.rates.as_ref().map(|rates| time.seconds(rates)).filter(|seconds| seconds.is_finite());
        let given = waves[wave].rollback_seconds.map(Seconds::get);
        differs(case, wave, "rollback_seconds", given, expected, found);
        let share = |again: &back::Again| {
            let capacity = case.world.dirs[again.dir as usize].capacity.filter(|&capacity| capacity > 0)?;
            Some(again.used.max(0) as f64 / capacity as f64)
        };
        let shares: Option<Vec<f64>> = by_wave[wave].iter().map(share).collect();
        let expected = shares.and_then(|shares| shares.into_iter().max_by(f64::total_cmp));
        let given = waves[wave].rollback_peak_disk_utilization;
        differs(case, wave, "rollback_peak_disk_utilization", given, expected, found);
    }
}

fn differs(case: &Case, wave: usize, key: &str, given: Option<f64>, expected: Option<f64>, found: &mut Vec<Violation>) {
    let is_same = match (given, expected) {
        (Some(given), Some(expected)) => is_close(given, expected),
        (given, expected) => given == expected,
    };
    if !is_same {
        let shown = |value: Option<f64>| value.map_or("null".to_owned(), |value| value.to_string());
        let message = format!("{key} is {}, expected {}", shown(given), shown(expected));
        found.push(case.wave_violation(RULE, wave, message));
    }
}

/// Walks every partition back, wave by wave, and compares where it ends with the snapshot.
fn ends_where_it_began(case: &Case, found: &mut Vec<Violation>) {
    let moves = &case.plan.moves;
    // The step after which each row stands where the way back has come to.
    let mut stands = vec![NONE; case.steps.first.len()];
    for wave in (0..case.plan.waves.len()).rev() {
        for step in case.plan.waves[wave].rows.clone() {
            let Some(stands) = stands.get_mut(case.steps.row[step] as usize) else { continue };
            if *stands != NONE && moves.previous.get(*stands as usize) != moves.replicas.get(step) {
                let message = "undone, a later wave does not lead back to the list that this one leaves";
                found.push(case.violation(RULE, &case.get(wave, step), message));
            }
            *stands = step as u32;
        }
    }
    for (row, &step) in stands.iter().enumerate().filter(|entry| *entry.1 != NONE) {
        if moves.previous.get(step as usize) != case.world.snapshot.partitions.replicas.get(row) {
            let message = "undone, it does not stand where the snapshot has it";
            found.push(case.row_violation(RULE, row as u32, message));
        }
    }
}
