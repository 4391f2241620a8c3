//! Makes a failing case small, and prints it as JSON that a regression test reads.

use kshift::base::ids::{BrokerId, IdSet};
use kshift::request::{RackPolicy, Request};
use kshift::snapshot::{Snapshot, v1};

use super::rows::Rows;

/// The smallest case found that still fails: topics, partitions, brokers and options are left out as long
/// as `fails` holds.
pub fn shrink(
    snapshot: &Snapshot,
    request: &Request,
    fails: impl Fn(&Snapshot, &Request) -> bool,
) -> (Snapshot, Request) {
    let mut best = (snapshot.clone(), request.clone());
    loop {
        let before = weight(&best);
        drop_chunks(&mut best, &fails, |rows| rows.topics.len(), |rows, range| drop(rows.topics.drain(range)));
        drop_chunks(&mut best, &fails, partition_count, drop_partitions);
        drop_brokers(&mut best, &fails);
        simplify_values(&mut best, &fails);
        simplify_request(&mut best, &fails);
        if weight(&best) >= before {
            return best;
        }
    }
}

/// Grows with everything that a reader has to look at.
fn weight((snapshot, request): &(Snapshot, Request)) -> usize {
    v1::write(snapshot, v1::Include::Everything).len() + serde_json::to_string(request).map_or(0, |text| text.len())
}

type Case = (Snapshot, Request);

fn drop_chunks(
    best: &mut Case,
    fails: &impl Fn(&Snapshot, &Request) -> bool,
    count: impl Fn(&Rows) -> usize,
    remove: impl Fn(&mut Rows, std::ops::Range<usize>),
) {
    let mut chunk = count(&Rows::of(&best.0)).div_ceil(2);
    while chunk > 0 {
        let mut start = 0;
        loop {
            let mut rows = Rows::of(&best.0);
            let len = count(&rows);
            if start >= len {
                break;
            }
            remove(&mut rows, start..(start + chunk).min(len));
            if !accept(best, rows, fails) {
                start += chunk;
            }
        }
        chunk /= 2;
    }
}

fn accept(best: &mut Case, rows: Rows, fails: &impl Fn(&Snapshot, &Request) -> bool) -> bool {
    match rows.build() {
        Ok(snapshot) if fails(&snapshot, &best.1) => {
            best.0 = snapshot;
            true
        }
        _ => false,
    }
}

fn partition_count(rows: &Rows) -> usize {
    rows.topics.iter().map(|topic| topic.partitions.len()).sum()
}

fn drop_partitions(rows: &mut Rows, range: std::ops::Range<usize>) {
    let mut number = 0;
    for topic in &mut rows.topics {
        topic.partitions.retain(|_| {
            number += 1;
            !range.contains(&(number - 1))
        });
    }
    rows.topics.retain(|topic| !topic.partitions.is_empty());
}

/// Leaves out brokers one by one, with their replicas and their place in the request.
fn drop_brokers(best: &mut Case, fails: &impl Fn(&Snapshot, &Request) -> bool) {
    let ids: Vec<BrokerId> = best.0.brokers.iter().map(|broker| broker.id).collect();
    for gone in ids {
        let mut rows = Rows::of(&best.0);
        rows.brokers.retain(|broker| broker.id != gone);
        for partition in rows.topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
            if let Some(place) = partition.replicas.iter().position(|&id| id == gone) {
                partition.replicas.remove(place);
                partition.dirs.remove(place);
            }
            for list in [&mut partition.isr, &mut partition.adding, &mut partition.removing] {
                list.retain(|&id| id != gone);
            }
            if partition.leader == Some(gone) {
                partition.leader = partition.isr.first().copied();
            }
        }
        for topic in &mut rows.topics {
            topic.partitions.retain(|partition| !partition.replicas.is_empty());
        }
        rows.topics.retain(|topic| !topic.partitions.is_empty());
        let without = |set: &IdSet| IdSet::from_ids(set.iter().filter(|&id| id != gone)).unwrap_or_default();
        let mut request = best.1.clone();
        request.drain = without(&request.drain);
        request.onto = request.onto.as_ref().map(without);
        match rows.build() {
            Ok(snapshot) if fails(&snapshot, &request) => *best = (snapshot, request),
            _ => {}
        }
    }
}

/// Leaves out what a cluster can do without: traffic, configuration, log dirs of replicas, odd states.
fn simplify_values(best: &mut Case, fails: &impl Fn(&Snapshot, &Request) -> bool) {
    let steps: [fn(&mut Rows); 6] = [
        |rows| {
            for partition in rows.topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
                (partition.bytes_in, partition.bytes_out) = (0.0, 0.0);
            }
        },
        |rows| rows.topics.iter_mut().for_each(|topic| topic.config.clear()),
        |rows| {
            for partition in rows.topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
                partition.dirs.fill(None);
            }
        },
        |rows| {
            for partition in rows.topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
                partition.isr.clone_from(&partition.replicas);
                partition.leader = partition.replicas.first().copied();
            }
        },
        |rows| rows.brokers.iter_mut().for_each(|broker| broker.rack = None),
        |rows| rows.brokers.iter_mut().flat_map(|broker| &mut broker.log_dirs).for_each(|dir| dir.used = None),
    ];
    for step in steps {
        let mut rows = Rows::of(&best.0);
        step(&mut rows);
        accept(best, rows, fails);
    }
}

/// Puts options back to their defaults, one by one.
fn simplify_request(best: &mut Case, fails: &impl Fn(&Snapshot, &Request) -> bool) {
    let steps: [fn(&mut Request, Request); 14] = [
        |request, _| request.onto = None,
        |request, _| request.throttle = None,
        |request, default| request.disk_limit = default.disk_limit,
        |request, _| request.ignore_disk = false,
        |request, _| request.growth = false,
        |request, default| request.max_moves = default.max_moves,
        |request, _| request.max_moves_per_broker = None,
        |request, default| request.max_wave_duration = default.max_wave_duration,
        |request, _| request.rack_policy = RackPolicy::Preserve,
        |request, default| request.prefer = default.prefer,
        |request, _| request.topics = None,
        |request, _| request.exclude_topics = None,
        |request, _| request.canary = 0,
        |request, _| request.seed = 0,
    ];
    for step in steps {
        let mut request = best.1.clone();
        step(&mut request, Request::default());
        if fails(&best.0, &request) {
            best.1 = request;
        }
    }
}

/// The case as text to paste: the snapshot, then the request.
pub fn print(snapshot: &Snapshot, request: &Request) -> String {
    let cluster = String::from_utf8_lossy(&v1::write(snapshot, v1::Include::Everything)).into_owned();
    let request = serde_json::to_string(request).unwrap_or_default();
    format!("let cluster = r#\"{cluster}\"#;\nlet request = r#\"{request}\"#;")
}

/// Reads back what [`print`] wrote, as a regression test does.
pub fn case(cluster: &str, request: &str) -> (Snapshot, Request) {
    let snapshot = v1::read(cluster, "the case").unwrap_or_else(|error| panic!("{error}"));
    (snapshot, serde_json::from_str(request).expect("a request"))
}
