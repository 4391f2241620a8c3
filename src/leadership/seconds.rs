//! The second of every list whose second place falls free: who takes over when the head is lost.
//!
//! For each head, the brokers that stand second to it are chosen so that each stands there about equally
//! often, relative to its weight; among equals the one that stands second least often in all.

use super::{partitions, weights};
use crate::base::index::{BrokerIx, Csr, IndexVec};
use crate::placement::Home;
use crate::problem::Problem;

/// A list whose second place falls free, and which of its homes takes that place.
struct Open {
    head: BrokerIx,
    mover: u32,
    place: u32,
}

/// Puts the new second of every list whose second place falls free where it belongs among its homes.
pub fn choose(problem: &Problem<'_>, homes: &mut Csr<Home>) {
    let cluster = &problem.cluster;
    let brokers = cluster.brokers.len();
    let weights = weights(problem);
    let mut in_all: IndexVec<BrokerIx, u32> = IndexVec::filled(0, brokers);
    // Lists by their head: those with a fixed second, and those that are open.
    let mut fixed: Vec<(BrokerIx, BrokerIx)> = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    for (partition, mover) in partitions(problem) {
        let list = cluster.replicas_of(partition);
        let Some(&second) = list.get(1) else { continue };
        let Some(mover) = mover else {
            in_all[second] += 1;
            fixed.push((list[0], second));
            continue;
        };
        let place = usize::from(problem.leaves(partition, list[0]));
        let head = if place == 1 { homes.get(mover)[0].broker } else { list[0] };
        if problem.leaves(partition, second) && homes.get(mover).len() > place + 1 {
            open.push(Open { head, mover: mover as u32, place: place as u32 });
        } else {
            let second = if problem.leaves(partition, second) { homes.get(mover)[place].broker } else { second };
            in_all[second] += 1;
            fixed.push((head, second));
        }
    }
    fixed.sort_unstable();
    open.sort_by_key(|open| (open.head, open.mover));
    let mut to_this: IndexVec<BrokerIx, u32> = IndexVec::filled(0, brokers);
    let mut fixed = fixed.as_slice();
    for lists in open.chunk_by(|a, b| a.head == b.head) {
        let head = lists[0].head;
        fixed = &fixed[fixed.partition_point(|entry| entry.0 < head)..];
        let known = &fixed[..fixed.partition_point(|entry| entry.0 == head)];
        for &(_, second) in known {
            to_this[second] += 1;
        }
        for open in lists {
            let list = homes.get_mut(open.mover as usize);
            let place = open.place as usize;
            let load =
                |home: &Home, count: &IndexVec<BrokerIx, u32>| f64::from(count[home.broker] + 1) / weights[home.broker];
            let best = (place..list.len()).min_by(|&a, &b| {
                let (a, b) = (&list[a], &list[b]);
                load(a, &to_this)
                    .total_cmp(&load(b, &to_this))
                    .then(load(a, &in_all).total_cmp(&load(b, &in_all)))
                    .then(a.broker.cmp(&b.broker))
            });
            list.swap(place, best.expect("the place itself is a candidate"));
            to_this[list[place].broker] += 1;
            in_all[list[place].broker] += 1;
        }
        for &(_, second) in known {
            to_this[second] = 0;
        }
        for open in lists {
            to_this[homes.get(open.mover as usize)[open.place as usize].broker] = 0;
        }
    }
}
