//! Aim: a cluster that is emptied a few brokers at a time has even targets all along, not only at the end.
//! Method: each plan starts from the cluster as the one before left it; after each of them every target is
//! compared with its share of what was moved so far.

use kshift::base::ids::{BrokerId, IdSet};
use kshift::base::work::Work;
use kshift::example::{Options, cluster};
use kshift::plan::{Plan, Role};
use kshift::request::Request;
use kshift::snapshot::Snapshot;

use crate::support::rows::Rows;
use crate::support::shares::{Figures, Heads, final_lists};

const OLD: i32 = 1000;
const BROKERS: i32 = 40;

/// 40 old brokers and 40 new and empty ones, in three racks, with skewed sizes.
fn forty_onto_forty() -> Snapshot {
    cluster(&Options { old: 40, new: 40, partitions: 8_000, sigma: 2.0, seed: 11, ..Options::default() }).unwrap()
}

/// Drains these brokers onto the new ones; the plan must pass its check.
fn drained(snapshot: &Snapshot, brokers: impl IntoIterator<Item = i32>) -> Plan {
    let ids = |ids: &mut dyn Iterator<Item = i32>| IdSet::from_ids(ids.map(BrokerId::new)).unwrap();
    let request =
        Request { drain: ids(&mut brokers.into_iter()), onto: Some(ids(&mut (0..BROKERS))), ..Request::default() };
    let plan = kshift::plan(snapshot, &request, &Work::new()).unwrap();
    let report = kshift::check::plan(snapshot, &plan);
    assert!(report.is_ok(), "{report}");
    assert_eq!(plan.summary.replicas_moved, plan.summary.replicas_forced);
    plan
}

/// The cluster when a plan is carried out: its lists, led by their heads; disks hold what lies on them.
fn after(snapshot: &Snapshot, plan: &Plan) -> Snapshot {
    let lists = final_lists(snapshot, plan);
    let mut rows = Rows::of(snapshot);
    let partitions = rows.topics.iter_mut().flat_map(|topic| &mut topic.partitions);
    for (partition, list) in partitions.zip(lists) {
        partition.leader = Some(list[0]);
        partition.isr.clone_from(&list);
        partition.replicas = list;
    }
    for dir in rows.brokers.iter_mut().flat_map(|broker| &mut broker.log_dirs) {
        dir.used = None;
    }
    rows.build().unwrap()
}

/// How many targets hold and lead something in the end.
fn at_work(plan: &Plan) -> (usize, usize) {
    let targets = || plan.brokers.iter().filter(|broker| broker.role == Role::Target);
    (
        targets().filter(|broker| broker.replicas_after > 0).count(),
        targets().filter(|broker| broker.leaders_after > 0).count(),
    )
}

#[test]
fn four_brokers_after_four_leave_all_forty_targets_even_at_every_stage() {
    let mut snapshot = forty_onto_forty();
    for stage in 0..10 {
        let plan = drained(&snapshot, OLD + 4 * stage..OLD + 4 * (stage + 1));
        let figures = Figures::of(&snapshot, &plan, Heads::InTheirRack);
        let above = figures.above(&Figures::WANTED);
        assert!(above.is_empty(), "stage {stage}: {above:?}");
        assert_eq!(at_work(&plan), (40, 40), "stage {stage}");
        snapshot = after(&snapshot, &plan);
    }
}

#[test]
fn a_first_drain_of_one_rack_fills_all_targets_of_that_rack_evenly() {
    let snapshot = forty_onto_forty();
    let plan = drained(&snapshot, (0..4).map(|number| OLD + 3 * number));
    let figures = Figures::of(&snapshot, &plan, Heads::InTheirRack);
    let above = figures.above(&Figures::WANTED);
    assert!(above.is_empty(), "{above:?}");
    let all_of_a_rack = 14;
    assert_eq!(at_work(&plan), (all_of_a_rack, all_of_a_rack), "no other rack may take them");
}
