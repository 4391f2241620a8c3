//! Aim: on clusters like those people drain, no target carries visibly more than its share of anything.
//! Method: plans for synthetic clusters; every share is added up here, from the lists of the plan alone.

use std::collections::BTreeMap;

use kshift::base::ids::{BrokerId, IdSet};
use kshift::base::work::Work;
use kshift::example::{Options, cluster};
use kshift::plan::{Plan, Role};
use kshift::request::Request;
use kshift::snapshot::Snapshot;

/// The list that each partition ends with, and its produced and consumed bytes per second.
fn final_lists(snapshot: &Snapshot, plan: &Plan) -> Vec<(String, Vec<BrokerId>, [f64; 2])> {
    let mut lists: Vec<(String, Vec<BrokerId>, [f64; 2])> = (0..snapshot.partitions.len())
        .map(|row| {
            let rates = [snapshot.partitions.bytes_in[row].get(), snapshot.partitions.bytes_out[row].get()];
            (snapshot.topic_of(row).name.clone(), snapshot.partitions.replicas.get(row).to_vec(), rates)
        })
        .collect();
    for row in 0..plan.moves.size.len() {
        let moved = plan.get(row);
        let at = snapshot.row_of(moved.topic, moved.partition).unwrap();
        lists[at].1 = moved.replicas.to_vec();
    }
    lists
}

fn drained(options: &Options) -> (Snapshot, Plan) {
    let snapshot = cluster(options).unwrap();
    let first = i32::try_from(options.old_base).unwrap();
    let old = (first..first + i32::try_from(options.old).unwrap()).map(BrokerId::new);
    let request = Request { drain: IdSet::from_ids(old).unwrap(), ..Request::default() };
    let plan = kshift::plan(&snapshot, &request, &Work::new()).unwrap();
    (snapshot, plan)
}

/// Skewed clusters: alike, of two sizes in uneven racks with mixed replication factors, five racks, JBOD.
fn clusters() -> [Options; 4] {
    let base = Options { old: 24, new: 24, partitions: 6_000, sigma: 2.0, ..Options::default() };
    [
        Options { seed: 3, ..base.clone() },
        Options { seed: 3, hetero: true, uneven_racks: true, mixed_rf: true, ..base.clone() },
        Options { seed: 4, racks: 5, mixed_rf: true, ..base.clone() },
        Options { seed: 5, dirs: 4, ..base },
    ]
}

/// What each target carries over its share of `total`, which is in proportion to its capacity.
fn over_share(plan: &Plan, carried: &BTreeMap<BrokerId, f64>) -> Vec<(f64, f64)> {
    let targets = || plan.brokers.iter().filter(|broker| broker.role == Role::Target);
    let capacity = |broker: &kshift::plan::PlanBroker| -> f64 {
        broker.log_dirs.iter().map(|dir| dir.capacity_bytes.unwrap().as_f64()).sum()
    };
    let (all, total): (f64, f64) = (targets().map(capacity).sum(), carried.values().sum());
    targets().map(|broker| (carried.get(&broker.id).copied().unwrap_or(0.0), total * capacity(broker) / all)).collect()
}

#[test]
fn leaders_and_their_traffic_are_shared_out_evenly() {
    for options in clusters() {
        let (snapshot, plan) = drained(&options);
        let (mut count, mut rates) = (BTreeMap::new(), [BTreeMap::new(), BTreeMap::new()]);
        let mut largest = [0.0_f64; 2];
        for (_, list, traffic) in final_lists(&snapshot, &plan) {
            *count.entry(list[0]).or_insert(0.0) += 1.0;
            for side in 0..2 {
                *rates[side].entry(list[0]).or_insert(0.0) += traffic[side];
                largest[side] = largest[side].max(traffic[side]);
            }
        }
        for (leaders, share) in over_share(&plan, &count) {
            assert!(leaders <= (1.01 * share).max(share.ceil()) + 1e-9, "{leaders} leaders of {share}: {options:?}");
        }
        for side in 0..2 {
            for (rate, share) in over_share(&plan, &rates[side]) {
                assert!(rate <= 1.03 * share.max(largest[side]), "{rate} B/s of {share}: {options:?}");
            }
        }
    }
}

#[test]
fn a_lost_brokers_leaderships_spread_over_many_survivors() {
    for options in clusters() {
        let (snapshot, plan) = drained(&options);
        let mut next: BTreeMap<BrokerId, BTreeMap<BrokerId, u32>> = BTreeMap::new();
        for (_, list, _) in final_lists(&snapshot, &plan).iter().filter(|entry| entry.1.len() > 1) {
            *next.entry(list[0]).or_default().entry(list[1]).or_default() += 1;
        }
        for (lost, survivors) in &next {
            let (most, all) = (survivors.values().max().unwrap(), survivors.values().sum::<u32>());
            // Twins would take all of them; 8 or more brokers stand in other racks.
            assert!(most * 4 <= all, "{most} of {all} leaderships of {lost} go to one survivor: {options:?}");
        }
    }
}

#[test]
fn disks_are_within_half_a_percent_of_the_best_and_no_topic_piles_up() {
    for options in clusters() {
        let (snapshot, plan) = drained(&options);
        let disk = plan.summary.bounds.as_ref().unwrap().disk.as_ref().unwrap();
        assert!(disk.reached <= 1.005 * disk.value, "{} at best {}: {options:?}", disk.reached, disk.value);
        let rack: BTreeMap<BrokerId, &str> =
            plan.brokers.iter().map(|broker| (broker.id, broker.rack.as_deref().unwrap())).collect();
        let capacity = |id: &BrokerId| -> f64 {
            let broker = plan.broker(*id).unwrap();
            broker.log_dirs.iter().map(|dir| dir.capacity_bytes.unwrap().as_f64()).sum()
        };
        let targets: Vec<BrokerId> =
            plan.brokers.iter().filter(|broker| broker.role == Role::Target).map(|broker| broker.id).collect();
        let (mut held, mut in_rack) = (BTreeMap::new(), BTreeMap::new());
        for (topic, list, _) in final_lists(&snapshot, &plan) {
            for id in list {
                *held.entry((topic.clone(), id)).or_insert(0.0) += 1.0;
                *in_rack.entry((topic.clone(), rack[&id])).or_insert(0.0) += 1.0;
            }
        }
        for ((topic, id), count) in &held {
            let racks = targets.iter().filter(|other| rack[other] == rack[id]).map(capacity).sum::<f64>();
            let share: f64 = in_rack[&(topic.clone(), rack[id])] * capacity(id) / racks;
            assert!(*count <= share.ceil() + 1.0, "{count} of {topic} on {id}, share {share}: {options:?}");
        }
    }
}
