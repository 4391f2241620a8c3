//! Lists that a request gives outright, derived from the snapshot and the request alone; and the least time
//! that any plan can take that ends in them.

use super::Violation;
use super::ask::Ask;
use crate::base::pairs::Pairing;
use crate::base::units::Bytes;
use crate::replay::{NONE, Rates, Steps, World};
use crate::request::Request;

/// What is given.
pub(super) enum Given {
    /// Nothing: the planner chose.
    Nothing,
    /// The twin of each broker, or [`NONE`].
    Twins(Vec<u32>),
    /// The entry of the request for each row of the snapshot, or [`NONE`].
    Entries(Vec<u32>),
}

impl Given {
    pub fn new(world: &World, request: &Request, faults: &mut Vec<Violation>) -> Self {
        let mut fault = |message: &str| faults.push(Violation::new("scope", message).place("request"));
        // A foreign file is judged without any request.
        if let (true, Err(what)) = (request.is_given(), request.coherent()) {
            fault(what.message());
        }
        if let Some(target) = &request.target {
            let mut entry_of = vec![NONE; world.snapshot.partitions.len()];
            for (number, entry) in target.entries.iter().enumerate() {
                match world.snapshot.row_of(&entry.topic, entry.partition) {
                    Some(row) if entry_of[row] == NONE => entry_of[row] = number as u32,
                    Some(_) => fault("the placement asked for names a partition twice"),
                    None => fault("the placement asked for names a partition that the snapshot does not have"),
                }
            }
            return Given::Entries(entry_of);
        }
        match &request.pair {
            None => Given::Nothing,
            Some(Pairing::Auto) => {
                fault("the pairs that were chosen are not named");
                Given::Twins(vec![NONE; world.len()])
            }
            Some(Pairing::Named(pairs)) => {
                if pairs.old() != request.drain {
                    fault("the old brokers of the pairs are not those to be drained");
                }
                let mut twins = vec![NONE; world.len()];
                for (old, new) in pairs.iter() {
                    let (old, new) = (world.number(old), world.number(new));
                    if old == NONE || new == NONE {
                        fault("the request pairs a broker that the snapshot does not have");
                    } else {
                        twins[old as usize] = new;
                    }
                }
                Given::Twins(twins)
            }
        }
    }

    /// The list that a row shall have in the end, where one is given.
    pub fn list(&self, world: &World, request: &Request, row: u32) -> Option<Vec<u32>> {
        let old = world.replicas(row);
        match self {
            Given::Nothing => None,
            Given::Twins(twins) => {
                let twin = |&broker: &u32| twins.get(broker as usize).copied().filter(|&twin| twin != NONE);
                old.iter()
                    .any(|broker| twin(broker).is_some())
                    .then(|| old.iter().map(|broker| twin(broker).unwrap_or(*broker)).collect())
            }
            Given::Entries(entry_of) => {
                let entry = request.target.as_ref()?.entries.get(entry_of[row as usize] as usize)?;
                let list: Vec<u32> = entry.replicas.iter().map(|&id| world.number(id)).collect();
                (list != old).then_some(list)
            }
        }
    }

    /// The log dir that is asked for at a place of a row's list.
    pub fn dir<'a>(&self, request: &'a Request, row: u32, place: usize) -> Option<&'a str> {
        let Given::Entries(entry_of) = self else { return None };
        let entry = request.target.as_ref()?.entries.get(entry_of[row as usize] as usize)?;
        entry.log_dirs.as_ref()?.get(place).map(String::as_str).filter(|&path| path != "any")
    }
}

/// The bound for the sound steps at these rates.
pub(super) fn bound(world: &World, ask: &Ask, steps: &Steps, rates: &Rates) -> f64 {
    let mut receives = vec![0.0_f64; world.len()];
    let mut may_lead = vec![false; world.len()];
    let (mut total, mut largest) = (0.0_f64, 0.0_f64);
    for (row, _) in steps.sound_rows() {
        let size = world.snapshot.partitions.size[row as usize].map_or(0.0, Bytes::as_f64);
        let old = world.replicas(row);
        let wanted = ask.wanted(world, row).unwrap_or_default();
        let entering: Vec<u32> = wanted.into_iter().filter(|broker| *broker != NONE && !old.contains(broker)).collect();
        if entering.is_empty() {
            continue;
        }
        for &broker in entering.iter().chain(old).filter(|broker| **broker != NONE) {
            may_lead[broker as usize] = true;
        }
        for &broker in &entering {
            receives[broker as usize] += size;
        }
        let bytes = size * entering.len() as f64;
        total += bytes;
        let leads = old.iter().chain(&entering).filter(|broker| **broker != NONE);
        let best = leads.map(|&broker| rates.leader(broker)).fold(0.0, f64::max);
        largest = largest.max(if bytes > 0.0 { bytes / best } else { 0.0 });
    }
    let senders: f64 = (0..world.len() as u32).filter(|&at| may_lead[at as usize]).map(|at| rates.leader(at)).sum();
    let receive = receives.into_iter().enumerate().filter(|entry| entry.1 > 0.0);
    let longest = receive.map(|(broker, bytes)| bytes / rates.follower(broker as u32)).fold(largest, f64::max);
    if total > 0.0 { longest.max(total / senders) } else { longest }
}
