//! Better cuts of few moves.
//!
//! What packs thousands of moves well may leave a third of the time on the table where there are seven: one that stands
//! in the wrong wave makes two of them longer. Of few moves all cuts into waves are compared; of some more, single ones
//! change waves, or places with another, as long as that shortens the sum of the waves. Both do a fixed amount of work,
//! and nothing where stages are large.

use super::{Ceiling, Filler, Queue};

/// Up to this many moves all cuts are compared: 3^9 pairs of a set and one of its waves, for each number of waves.
const EXACT_MOST: usize = 9;
/// Up to this many moves are moved between waves.
pub const MOVED_MOST: usize = 400;
/// Moves looked at while waves are tried; a look costs some ten nanoseconds.
const LOOKS: usize = 200_000;
/// A gain below this share is none: floats are summed in another order.
const NO_GAIN: f64 = 1e-9;

/// A wave: places in the queue, in order, and its seconds, none without a throttle.
#[derive(Clone)]
struct Cut {
    places: Vec<u32>,
    seconds: f64,
}

/// Waves for all of a queue, as places in order, that take less time than `waves` do together and are no more, or take no
/// more and are fewer; nothing where none were found.
pub fn improved(filler: &mut Filler<'_>, queue: &Queue, waves: &[Vec<u32>]) -> Option<Vec<Vec<u32>>> {
    if waves.len() < 2 || queue.steps.len() > MOVED_MOST {
        return None;
    }
    let mut looks = LOOKS;
    let mut before = Vec::with_capacity(waves.len());
    for wave in waves {
        before.push(Cut { places: wave.clone(), seconds: filler.seconds_of(queue, wave, &mut looks)? });
    }
    let mut cuts = if queue.steps.len() <= EXACT_MOST {
        best(filler, queue, before.len())?
    } else {
        let mut cuts = before.clone();
        while looks > 0 && (merge(filler, queue, &mut cuts, &mut looks) || shift(filler, queue, &mut cuts, &mut looks))
        {
        }
        cuts
    };
    let sum = |cuts: &[Cut]| cuts.iter().map(|cut| cut.seconds).sum::<f64>();
    let (old, new) = (sum(&before), sum(&cuts));
    let is_better = new < old * (1.0 - NO_GAIN) || (new <= old * (1.0 + NO_GAIN) && cuts.len() < before.len());
    cuts.sort_by_key(|cut| cut.places[0]);
    is_better.then(|| cuts.into_iter().map(|cut| cut.places).collect())
}

/// Seconds of a wave of exactly these places; 0 without a throttle, nothing where it breaks a limit.
pub fn seconds_of(filler: &mut Filler<'_>, queue: &Queue, places: &[u32]) -> Option<f64> {
    let mut looks = usize::MAX;
    filler.seconds_of(queue, places, &mut looks)
}

impl Filler<'_> {
    /// Seconds of a wave of exactly these places, where that keeps all limits.
    fn seconds_of(&mut self, queue: &Queue, places: &[u32], looks: &mut usize) -> Option<f64> {
        *looks = looks.saturating_sub(places.len());
        if places.len() > self.max_moves {
            return None;
        }
        let alone = |&place: &u32| self.seconds_alone(&queue.loads[place as usize], queue.adding.get(place as usize));
        let seconds = self.max_seconds.max(places.iter().map(alone).fold(0.0, f64::max));
        let taken = self.fill(queue, places, &[], Ceiling { parts: seconds, wave: seconds }, 0);
        (taken.len() == places.len()).then(|| self.rates.map_or(0.0, |rates| self.seconds(rates)))
    }
}

/// The shortest of all cuts into at most so many waves, of these the one with fewest.
fn best(filler: &mut Filler<'_>, queue: &Queue, most: usize) -> Option<Vec<Cut>> {
    let count = queue.steps.len();
    let all = (1_usize << count) - 1;
    let members = |set: usize| -> Vec<u32> { (0..count as u32).filter(|place| set & 1 << place != 0).collect() };
    let mut looks = usize::MAX;
    let seconds: Vec<Option<f64>> = (0..=all).map(|set| filler.seconds_of(queue, &members(set), &mut looks)).collect();
    // For each number of waves and each set the sum, and the wave of its first member.
    let mut least = vec![vec![(f64::INFINITY, 0_usize); all + 1]; most + 1];
    least[0][0] = (0.0, 0);
    for waves in 1..=most {
        for set in 1..=all {
            let first = 1 << set.trailing_zeros();
            let mut beside = set & !first;
            loop {
                let wave = beside | first;
                if let Some(seconds) = seconds[wave] {
                    let sum = least[waves - 1][set & !wave].0 + seconds;
                    if sum < least[waves][set].0 {
                        least[waves][set] = (sum, wave);
                    }
                }
                if beside == 0 {
                    break;
                }
                beside = (beside - 1) & set & !first;
            }
        }
    }
    let sum = |waves: usize| least[waves][all].0;
    let shortest = (1..=most).map(sum).fold(f64::INFINITY, f64::min);
    let mut waves = (1..=most).find(|&waves| sum(waves) <= shortest * (1.0 + NO_GAIN))?;
    let (mut cuts, mut set) = (Vec::new(), all);
    while set != 0 {
        let wave = least[waves][set].1;
        cuts.push(Cut { places: members(wave), seconds: seconds[wave]? });
        set &= !wave;
        waves -= 1;
    }
    Some(cuts)
}

/// Makes one wave of two, where some two keep the limits together.
fn merge(filler: &mut Filler<'_>, queue: &Queue, cuts: &mut Vec<Cut>, looks: &mut usize) -> bool {
    for one in 0..cuts.len() {
        for other in one + 1..cuts.len() {
            let places = joined(&cuts[one].places, &cuts[other].places);
            let most = cuts[one].seconds + cuts[other].seconds;
            if let Some(seconds) = filler.seconds_of(queue, &places, looks).filter(|&seconds| seconds <= most) {
                cuts[one] = Cut { places, seconds };
                cuts.remove(other);
                return true;
            }
        }
    }
    false
}

/// Moves one place to another wave, or exchanges two, where that shortens both waves together.
fn shift(filler: &mut Filler<'_>, queue: &Queue, cuts: &mut Vec<Cut>, looks: &mut usize) -> bool {
    for from in 0..cuts.len() {
        for &place in &holding_up(filler, queue, &cuts[from], looks) {
            let rest = without(&cuts[from].places, place);
            let shorter = if rest.is_empty() { Some(0.0) } else { filler.seconds_of(queue, &rest, looks) };
            for to in (0..cuts.len()).filter(|&to| to != from) {
                if *looks == 0 {
                    return false;
                }
                let before = cuts[from].seconds + cuts[to].seconds;
                let is_gain = |sum: f64| sum < before * (1.0 - NO_GAIN);
                let more = joined(&cuts[to].places, &[place]);
                let longer = filler.seconds_of(queue, &more, looks);
                if let (Some(shorter), Some(longer)) = (shorter, longer)
                    && is_gain(shorter + longer)
                {
                    cuts[from] = Cut { places: rest, seconds: shorter };
                    cuts[to] = Cut { places: more, seconds: longer };
                    cuts.retain(|cut| !cut.places.is_empty());
                    return true;
                }
                for &other in &cuts[to].places {
                    let here = joined(&rest, &[other]);
                    let Some(seconds) = filler.seconds_of(queue, &here, looks).filter(|&seconds| is_gain(seconds))
                    else {
                        continue;
                    };
                    let there = without(&more, other);
                    let beside = filler.seconds_of(queue, &there, looks);
                    if let Some(beside) = beside.filter(|&beside| is_gain(seconds + beside)) {
                        cuts[from] = Cut { places: here, seconds };
                        cuts[to] = Cut { places: there, seconds: beside };
                        return true;
                    }
                }
            }
        }
    }
    false
}

/// The places of a wave that use the broker that sets its length.
fn holding_up(filler: &mut Filler<'_>, queue: &Queue, cut: &Cut, looks: &mut usize) -> Vec<u32> {
    filler.seconds_of(queue, &cut.places, looks);
    let Some(rates) = filler.rates else { return Vec::new() };
    let side = |broker: &super::BrokerIx| {
        let sums = &filler.carried[*broker].sums;
        (sums.leader_seconds(rates.leader[*broker]), sums.follower_seconds(rates.follower[*broker]))
    };
    let busiest = filler.touched.iter().max_by(|a, b| {
        let (a, b) = (side(a), side(b));
        a.0.max(a.1).total_cmp(&b.0.max(b.1))
    });
    let Some(&busiest) = busiest else { return Vec::new() };
    let sends = side(&busiest).0 >= side(&busiest).1;
    let uses = |&&place: &&u32| {
        let place = place as usize;
        if sends { queue.loads[place].leader == busiest } else { queue.adding.get(place).contains(&busiest) }
    };
    cut.places.iter().filter(uses).copied().collect()
}

fn joined(places: &[u32], more: &[u32]) -> Vec<u32> {
    let mut all = [places, more].concat();
    all.sort_unstable();
    all
}

fn without(places: &[u32], gone: u32) -> Vec<u32> {
    places.iter().copied().filter(|&place| place != gone).collect()
}
