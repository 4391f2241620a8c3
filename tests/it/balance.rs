//! Aim: on clusters like those people drain, no target carries visibly more than its share of anything.
//! Method: plans for synthetic clusters; every share is added up here, from the lists of the plan alone.

use std::collections::BTreeMap;

use kshift::base::ids::{BrokerId, IdSet};
use kshift::base::units::{BytesPerSec, Seconds, Traffic};
use kshift::base::weights::Weights;
use kshift::base::work::Work;
use kshift::example::{Options, cluster};
use kshift::plan::{Plan, Role, Trade};
use kshift::request::{Prefer, Request};
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
    drained_with(options, Request::default())
}

fn drained_with(options: &Options, request: Request) -> (Snapshot, Plan) {
    let snapshot = cluster(options).unwrap();
    let first = i32::try_from(options.old_base).unwrap();
    let old = (first..first + i32::try_from(options.old).unwrap()).map(BrokerId::new);
    let request = Request { drain: IdSet::from_ids(old).unwrap(), ..request };
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

/// Clusters whose targets have two sizes, the larger twice the smaller; they are so few that receiving takes longer
/// than sending.
fn of_two_sizes() -> [Options; 3] {
    let base = Options { old: 48, new: 12, partitions: 6_000, hetero: true, ..Options::default() };
    [
        Options { seed: 6, new_fill: 0.4, ..base.clone() },
        Options { seed: 7, new_fill: 0.4, uneven_racks: true, mixed_rf: true, ..base.clone() },
        Options { seed: 8, new_fill: 0.7, dirs: 2, ..base },
    ]
}

fn preferring(prefer: Prefer) -> Request {
    Request { prefer, throttle: Some(BytesPerSec::new(50_000_000)), ..Request::default() }
}

/// Bytes and replicas that each target receives.
fn received(plan: &Plan) -> BTreeMap<BrokerId, (f64, f64)> {
    let targets = plan.brokers.iter().filter(|broker| broker.role == Role::Target);
    let mut received: BTreeMap<BrokerId, (f64, f64)> = targets.map(|broker| (broker.id, (0.0, 0.0))).collect();
    for row in 0..plan.moves.size.len() {
        let moved = plan.get(row);
        for id in moved.replicas.iter().filter(|id| !moved.previous.contains(id)) {
            let (bytes, count) = received.get_mut(id).unwrap();
            *bytes += moved.size.as_f64();
            *count += 1.0;
        }
    }
    received
}

#[test]
fn where_time_goes_first_all_targets_of_a_rack_receive_alike_as_far_as_their_disks_allow() {
    for options in of_two_sizes() {
        let (_, plan) = drained_with(&options, preferring(Prefer::Time));
        let received = received(&plan);
        let mut racks: BTreeMap<&str, Vec<(f64, f64, f64)>> = BTreeMap::new();
        for broker in plan.brokers.iter().filter(|broker| broker.role == Role::Target) {
            let capacity: f64 = broker.log_dirs.iter().map(|dir| dir.capacity_bytes.unwrap().as_f64()).sum();
            let (bytes, count) = received[&broker.id];
            racks.entry(broker.rack.as_deref().unwrap()).or_default().push((bytes, 0.85 * capacity, count));
        }
        for (rack, targets) in racks {
            let (most, most_count) =
                targets.iter().fold((0.0_f64, 0.0_f64), |(a, b), (c, _, d)| (a.max(*c), b.max(*d)));
            for (bytes, room, count) in targets {
                let is_full = bytes >= 0.995 * room;
                assert!(is_full || bytes >= 0.99 * most, "{bytes} of {most} bytes in {rack}, room {room}: {options:?}");
                let least_count = (0.99 * most_count).min(most_count - 1.0);
                assert!(is_full || count >= least_count, "{count} of {most_count} in {rack}: {options:?}");
            }
        }
    }
}

#[test]
fn where_time_goes_first_leaders_are_equal_for_all_targets() {
    for options in &of_two_sizes()[..2] {
        let (_, plan) = drained_with(options, preferring(Prefer::Time));
        let most = plan.summary.leaders_max_over_mean.unwrap();
        let leaders = plan.summary.bounds.as_ref().unwrap().leaders.as_ref().unwrap();
        assert!((leaders.reached - most).abs() < 1e-9, "{} is not {most}", leaders.reached);
        assert!(most <= 1.01_f64.max(leaders.value), "{most} at best {}: {options:?}", leaders.value);
    }
}

#[test]
fn time_first_is_shorter_and_disk_first_is_emptier_and_each_tells_what_the_other_gives() {
    for options in of_two_sizes() {
        let plans = [Prefer::Disk, Prefer::Time].map(|prefer| drained_with(&options, preferring(prefer)).1);
        let [disk, time] = plans.each_ref().map(|plan| plan.summary.trade.expect("targets differ in size"));
        assert_eq!(disk, time, "each side is told alike by both plans: {options:?}");
        let Trade { disk: Some(disk), time: Some(time) } = disk else { panic!("both sides are told: {options:?}") };
        let seconds = [disk, time].map(|outcome| outcome.receiving_seconds.unwrap().get());
        assert!(seconds[1] < 0.9 * seconds[0], "{seconds:?}: {options:?}");
        let fullest = [disk, time].map(|outcome| outcome.fullest_target.unwrap());
        assert!(fullest[0] < 0.9 * fullest[1], "{fullest:?}: {options:?}");
        let makespans = plans.each_ref().map(|plan| plan.summary.makespan_seconds.unwrap().get());
        assert!(makespans[1] < makespans[0], "{makespans:?}: {options:?}");
        for (plan, outcome) in plans.iter().zip([disk, time]) {
            let disk = plan.summary.bounds.as_ref().unwrap().disk.as_ref().unwrap();
            assert_eq!(Some(disk.reached), outcome.fullest_target);
            let most = received(plan).values().map(|entry| entry.0).fold(0.0, f64::max);
            assert_eq!(outcome.receiving_seconds, Some(Seconds::new(most / 5e7)));
        }
    }
}

#[test]
fn leaders_in_proportion_to_size_are_judged_by_their_shares() {
    for options in of_two_sizes() {
        let (snapshot, plan) = drained(&options);
        let mut count = BTreeMap::new();
        for (_, list, _) in final_lists(&snapshot, &plan) {
            *count.entry(list[0]).or_insert(0.0) += 1.0;
        }
        let most = over_share(&plan, &count).iter().map(|(heads, share)| heads / share).fold(0.0, f64::max);
        let leaders = plan.summary.bounds.as_ref().unwrap().leaders.as_ref().unwrap();
        assert!((leaders.reached - most).abs() < 1e-9, "{} is not {most}: {options:?}", leaders.reached);
        assert!(leaders.value >= 1.0 && leaders.reached <= 1.02 * leaders.value, "{leaders:?}: {options:?}");
        assert!(plan.summary.leaders_max_over_mean.unwrap() > 1.2, "targets of two sizes head alike: {options:?}");
    }
}

/// The largest over the targets of leaders, bytes produced and bytes consumed, each over its share.
fn most_led(snapshot: &Snapshot, plan: &Plan) -> [f64; 3] {
    let mut carried: [BTreeMap<BrokerId, f64>; 3] = Default::default();
    for (_, list, traffic) in final_lists(snapshot, plan) {
        for (carried, load) in carried.iter_mut().zip([1.0, traffic[0], traffic[1]]) {
            *carried.entry(list[0]).or_insert(0.0) += load;
        }
    }
    carried.map(|carried| over_share(plan, &carried).iter().map(|(load, share)| load / share).fold(0.0, f64::max))
}

#[test]
fn a_load_of_leaders_counts_as_much_as_it_weighs() {
    // Few partitions of very different sizes, whose reads are not in proportion to their writes.
    let options = Options { old: 12, new: 12, partitions: 400, sigma: 2.5, seed: 9, ..Options::default() };
    let as_made = cluster(&options).unwrap();
    let mut snapshot = cluster(&options).unwrap();
    for (row, rate) in snapshot.partitions.bytes_out.iter_mut().enumerate() {
        *rate = Traffic::new(((row * 7919) % 1_000) as f64 * 1_000.0);
    }
    let with = |snapshot: &Snapshot, weights: &str| {
        let weights = Weights::parse(weights).unwrap();
        let request = Request { drain: IdSet::parse("1000-1011").unwrap(), weights, ..Request::default() };
        most_led(snapshot, &kshift::plan(snapshot, &request, &Work::new()).unwrap())
    };
    let [usual, only_in, only_out] = ["in=1", "in=1,out=0", "in=0,out=1"].map(|weights| with(&snapshot, weights));
    assert!(only_in[2] > 1.05 * usual[2], "what weighs nothing is left alone: {only_in:?}, {usual:?}");
    assert!(only_in[1] <= usual[1] && only_out[2] <= usual[2], "{only_in:?}, {only_out:?}, {usual:?}");
    let [usual, no_count] = ["leaders=1", "leaders=0"].map(|weights| with(&as_made, weights));
    assert!(no_count[0] > 1.1 * usual[0], "counts that weigh nothing are not levelled: {no_count:?}, {usual:?}");
}
