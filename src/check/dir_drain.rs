//! What must hold where log dirs are emptied within their brokers.

use super::Violation;
use super::ask::Ask;
use crate::plan::Side;
use crate::replay::{NONE, Rates, Steps, World};
use crate::request::Request;

/// Whether each log dir of the world is to be emptied; what of the request cannot be resolved is a fault.
pub(super) fn drained(world: &World, request: &Request, faults: &mut Vec<Violation>) -> Vec<bool> {
    let mut is_drained = vec![false; world.dirs.len()];
    for (id, path) in request.drain_dir.iter() {
        let broker = world.number(id);
        let dir = if broker == NONE { NONE } else { world.dir_at(broker, world.path_number(path)) };
        if dir == NONE {
            let message = format!("the request names log dir `{path}`, which the snapshot does not have");
            faults.push(Violation::new("scope", message).broker(id).place("request"));
        } else {
            is_drained[dir as usize] = true;
        }
    }
    is_drained
}

/// Places of a row whose replicas lie in log dirs that are to be emptied.
pub(super) fn leaving<'a>(world: &'a World, ask: &'a Ask, row: u32) -> impl Iterator<Item = usize> + 'a {
    let places = 0..world.replicas(row).len();
    places.filter(move |&place| ask.is_drained_dir.get(world.dir_of(row, place) as usize) == Some(&true))
}

/// The broker of a row of which nobody knows whether its replica lies in a log dir that is to be emptied, if any.
pub(super) fn unknown(world: &World, ask: &Ask, row: u32) -> Option<u32> {
    let replicas = world.replicas(row).iter().enumerate();
    let is_unknown = |place: usize, broker: u32| {
        broker != NONE
            && world.dir_of(row, place) == NONE
            && world.dirs_of(broker).any(|dir| ask.is_drained_dir[dir as usize])
    };
    replicas.map(|(place, &broker)| (place, broker)).find(|&(place, broker)| is_unknown(place, broker)).map(|at| at.1)
}

/// What is wrong with a sound step, if anything: just the replicas in drained log dirs leave these, for others.
pub(super) fn fault(world: &World, ask: &Ask, steps: &Steps, step: usize) -> Option<(String, Option<u32>)> {
    let (row, old) = (steps.row[step], steps.old.get(step));
    if old != steps.new.get(step) {
        return Some(("its list is another one, and every replica was to stay on its broker".into(), None));
    }
    let changes = steps.dir_changes.get(step);
    if changes.is_empty() {
        return Some(("nothing of it changes".into(), None));
    }
    let is_drained = |dir: u32| dir != NONE && ask.is_drained_dir[dir as usize];
    for change in changes {
        if !is_drained(change.from) {
            let message = format!("it leaves log dir `{}`, which was not to be emptied", world.path_of(change.from));
            return Some((message, Some(change.broker)));
        }
        if is_drained(change.to) {
            let message = format!("it goes to log dir `{}`, which is to be emptied too", world.path_of(change.to));
            return Some((message, Some(change.broker)));
        }
    }
    let stays = |&place: &usize| changes.iter().all(|change| change.broker != old[place]);
    let place = leaving(world, ask, row).find(stays)?;
    let message = format!("it stays in log dir `{}`, which is to be emptied", world.path_of(world.dir_of(row, place)));
    Some((message, Some(old[place])))
}

/// The least time: each broker has to copy what lies in its drained log dirs.
pub(super) fn bound(world: &World, ask: &Ask, steps: &Steps, rates: &Rates) -> f64 {
    let mut copies = vec![0.0_f64; world.len()];
    for (row, step) in steps.sound_rows() {
        for place in leaving(world, ask, row) {
            copies[world.replicas(row)[place] as usize] += steps.size[step] as f64;
        }
    }
    let seconds = copies.into_iter().enumerate().filter(|entry| entry.1 > 0.0);
    seconds.map(|(broker, bytes)| bytes / rates.of_side(broker as u32, Side::LogDirs)).fold(0.0, f64::max)
}
