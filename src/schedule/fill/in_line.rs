//! Cuts an order that is given into waves: each takes the next moves as long as they fit. Then they are evened out.

use super::{Ceiling, Filler, Part, Queue, even, lists, max_moves};
use crate::plan::Stage;
use crate::problem::Problem;
use crate::schedule::Loads;

/// So many lengths are tried, each this much shorter than the one before, in parts of the longest wave.
const LENGTHS: u32 = 25;
const SHORTER: f64 = 0.02;

/// The steps of one stage in this order, in waves within all limits, so that these take least time one by one; of the
/// cuts with the fewest waves. Nothing without a throttle.
pub fn cut(problem: &Problem<'_>, loads: &Loads, stage: Stage, steps: &[u32]) -> Option<Vec<Vec<u32>>> {
    let most = max_moves(problem, stage);
    let waves = best(problem, loads, stage, steps, most)?;
    let has_too_many = || waves.iter().any(|wave| lists::are_too_many(problem, loads, wave));
    if lists::matter(problem, loads, steps, most) && has_too_many() {
        return best(problem, loads, stage, steps, lists::TOPICS_MOST);
    }
    Some(waves)
}

/// The same with so many partitions in a wave at most.
fn best(problem: &Problem<'_>, loads: &Loads, stage: Stage, steps: &[u32], most: usize) -> Option<Vec<Vec<u32>>> {
    let mut best: Option<(Vec<Vec<u32>>, f64)> = None;
    for length in (0..LENGTHS).map(|number| 1.0 - SHORTER * f64::from(number)) {
        let (waves, seconds) = cut_at(problem, loads, Filler::new(problem, stage, most, None), steps, length)?;
        let is_better = best
            .as_ref()
            .is_none_or(|(other, least)| waves.len() < other.len() || waves.len() == other.len() && seconds < *least);
        if is_better {
            best = Some((waves, seconds));
        }
    }
    let (waves, _) = best?;
    let queue = Queue::in_this_order(problem, loads, steps.to_vec());
    let mut next = 0;
    let mut places_of = |wave: &Vec<u32>| {
        let places = next..next + wave.len() as u32;
        next = places.end;
        places.collect()
    };
    let places: Vec<Vec<u32>> = waves.iter().map(&mut places_of).collect();
    let evened = even::evened(&Filler::new(problem, stage, most, None), &queue, &places);
    Some(evened.map_or(waves, |places| places.iter().map(|places| queue.steps_at(places)).collect()))
}

/// The waves, and their seconds in all, when each may be this part of the longest one.
fn cut_at(
    problem: &Problem<'_>,
    loads: &Loads,
    mut filler: Filler<'_>,
    steps: &[u32],
    length: f64,
) -> Option<(Vec<Vec<u32>>, f64)> {
    let rates = problem.rates.as_ref()?;
    let (mut waves, mut wave, mut seconds) = (Vec::new(), Vec::new(), 0.0);
    let mut ceiling = 0.0;
    for &step in steps {
        let (load, adding) = (&loads.loads[step as usize], loads.adding.get(step as usize));
        let alone = filler.seconds_alone(load, adding);
        let most = (filler.max_seconds * length).max(alone);
        let part = |ceiling: f64| Part::Whole(Ceiling { parts: ceiling, wave: ceiling });
        let changes = usize::from(load.changes_leader);
        let is_full = wave.len() == filler.max_moves || filler.leaders_changed + changes > filler.leader_changes;
        // What takes longer alone than a wave may sets its length, and others fill it up.
        let within = f64::max(ceiling, if alone > filler.max_seconds { most } else { filler.max_seconds * length });
        if !wave.is_empty() && (is_full || !filler.fits(load, adding, part(within))) {
            seconds += filler.seconds(rates);
            waves.push(std::mem::take(&mut wave));
            filler.clear();
            ceiling = most;
        } else {
            ceiling = within;
        }
        filler.put(load, adding);
        filler.leaders_changed += changes;
        wave.push(step);
    }
    if !wave.is_empty() {
        seconds += filler.seconds(rates);
        waves.push(wave);
    }
    Some((waves, seconds))
}
