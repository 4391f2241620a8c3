//! Plans that were carried out in part: what is done stays, what was decided is kept, and only the rest is placed anew.

use std::collections::BTreeSet;

use kshift::base::assignment::AssignmentEntry;
use kshift::base::error::{Code, Error};
use kshift::base::ids::{BrokerId, IdSet, PartitionId};
use kshift::base::pairs::{Pairing, Pairs};
use kshift::base::target::Target;
use kshift::base::units::{Bytes, BytesPerSec, Ratio, Seconds};
use kshift::base::work::Work;
use kshift::example::{Options, cluster};
use kshift::plan::{Drift, Plan, Stage};
use kshift::request::{Request, Strategy};
use kshift::snapshot::v1::{self, Include};
use kshift::snapshot::{BrokerState, Snapshot};
use serde_json::Value;

use crate::support::files::{empty_dir, names, put};
use crate::support::r#gen::awkward;
use crate::support::progress::{carried_out, changed};
use crate::support::property::{cases, passes_from_its_file};
use crate::support::rows::{Partition, Rows, TopicRows};
use crate::support::run::{golden, kshift};
use crate::support::shares::final_lists;

fn solve(snapshot: &Snapshot, request: &Request) -> Result<Plan, Error> {
    kshift::plan(snapshot, request, &Work::new())
}

/// The rest of a plan, with its own request.
fn resume(snapshot: &Snapshot, plan: &Plan) -> Result<Plan, Error> {
    let request = kshift::resumed_request(snapshot, plan)?;
    kshift::resume(snapshot, plan, &request, &Work::new())
}

/// The same, checked from its file.
#[track_caller]
fn resumed(snapshot: &Snapshot, plan: &Plan) -> Plan {
    let rest = resume(snapshot, plan).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(passes_from_its_file(snapshot, &rest), Ok(()));
    rest
}

fn drift(plan: &Plan) -> &Drift {
    plan.drift.as_ref().expect("a resumed plan tells what has happened")
}

fn id(id: i32) -> BrokerId {
    BrokerId::new(id)
}

/// Six old brokers onto six new ones, in waves of a few partitions.
fn small() -> (Snapshot, Request) {
    let options = Options { old: 6, new: 6, partitions: 90, total_tb: 1.0, seed: 3, ..Options::default() };
    let request = Request {
        drain: IdSet::from_ids((1000..1006).map(id)).unwrap(),
        onto: Some(IdSet::from_ids((0..6).map(id)).unwrap()),
        throttle: Some(BytesPerSec::new(50_000_000)),
        max_moves: 12,
        ..Request::default()
    };
    (cluster(&options).unwrap(), request)
}

/// The plan of that, and the cluster when half of its waves are over.
fn half_done() -> (Plan, Snapshot) {
    let (snapshot, request) = small();
    let plan = solve(&snapshot, &request).unwrap();
    let half = carried_out(&snapshot, &plan, plan.waves.len() / 2);
    (plan, half)
}

/// Partitions of the plan of which nothing is done in these waves, as topic and number.
fn later(plan: &Plan, from: usize) -> Vec<(String, i32)> {
    let before: BTreeSet<_> = plan.waves[..from]
        .iter()
        .flat_map(|wave| plan.moves_of(wave))
        .map(|step| (step.topic, step.partition))
        .collect();
    let later = plan.waves[from..].iter().flat_map(|wave| plan.moves_of(wave));
    let key = |step: kshift::plan::Move<'_>| (step.topic.to_owned(), step.partition.get());
    later.filter(|step| !before.contains(&(step.topic, step.partition))).map(key).collect()
}

fn partition_of<'r>(rows: &'r mut Rows, (topic, number): &(String, i32)) -> &'r mut Partition {
    let topic = rows.topics.iter_mut().find(|rows| rows.name == *topic).unwrap();
    topic.partitions.iter_mut().find(|partition| partition.id == *number).unwrap()
}

fn list_of(snapshot: &Snapshot, plan: &Plan, (topic, number): &(String, i32)) -> Vec<BrokerId> {
    final_lists(snapshot, plan)[snapshot.row_of(topic, PartitionId::new(*number)).unwrap()].clone()
}

#[test]
fn at_every_wave_and_on_every_way_a_resumed_plan_ends_where_the_first_one_would() {
    let (snapshot, request) = small();
    for strategy in [Strategy::Direct, Strategy::OneAtATime, Strategy::TwoStage] {
        for balance_sources in [false, true] {
            let plan = solve(&snapshot, &Request { strategy, balance_sources, ..request.clone() }).unwrap();
            let end = final_lists(&snapshot, &plan);
            let mut on_the_way = 0;
            for waves in 0..=plan.waves.len() {
                let now = carried_out(&snapshot, &plan, waves);
                let rest = resumed(&now, &plan);
                let at = format!("{strategy:?}, balanced {balance_sources}, after {waves} waves");
                assert!(final_lists(&now, &rest) == end, "{at}");
                let drift = drift(&rest);
                assert_eq!(drift.done.count + drift.on_the_way.count + drift.not_begun.count, drift.partitions, "{at}");
                let strange = [&drift.changed, &drift.gone, &drift.added, &drift.replaced, &drift.resized];
                assert!(strange.iter().all(|group| group.is_empty()), "{at}: {drift:?}");
                assert_eq!(drift.bytes_then, drift.bytes_now);
                assert_eq!(rest.waves.is_empty(), waves == plan.waves.len(), "{at}");
                assert!(waves > 0 || drift.not_begun.count == drift.partitions, "{at}: {drift:?}");
                on_the_way = on_the_way.max(drift.on_the_way.count);
                // What is done is not done again.
                let moved: u64 = plan.waves[waves..]
                    .iter()
                    .flat_map(|wave| plan.moves_of(wave))
                    .map(|step| step.adding().count() as u64)
                    .sum();
                assert_eq!(rest.summary.replicas_moved, moved, "{at}");
            }
            let takes_steps = strategy != Strategy::Direct || balance_sources;
            assert_eq!(on_the_way > 0, takes_steps, "{strategy:?}, balanced {balance_sources}");
        }
    }
}

#[test]
fn a_partition_that_has_soaked_hands_leadership_over_before_its_old_leader_leaves() {
    let (snapshot, request) = small();
    let plan = solve(&snapshot, &Request { strategy: Strategy::TwoStage, ..request }).unwrap();
    let soaked = plan.waves.iter().filter(|wave| matches!(wave.stage, Stage::Add | Stage::InternalAdd)).count();
    let rest = resumed(&carried_out(&snapshot, &plan, soaked), &plan);
    let stages: BTreeSet<Stage> = rest.waves.iter().map(|wave| wave.stage).collect();
    assert!(stages.contains(&Stage::Leadership) && stages.contains(&Stage::Remove), "{stages:?}");
    assert!(!stages.contains(&Stage::Add), "{stages:?}");
    assert_eq!(rest.summary.bytes_moved, Bytes::ZERO, "what soaks has been copied");
}

#[test]
fn a_plan_is_resumed_as_often_as_it_takes() {
    let (snapshot, request) = small();
    let first = solve(&snapshot, &Request { strategy: Strategy::OneAtATime, ..request }).unwrap();
    let end = final_lists(&snapshot, &first);
    let (mut now, mut plan) = (snapshot, first);
    for _ in 0..200 {
        if plan.waves.is_empty() {
            break;
        }
        now = carried_out(&now, &plan, 1);
        plan = resumed(&now, &plan);
    }
    assert!(plan.waves.is_empty(), "it ends");
    assert!(final_lists(&now, &plan) == end);
}

#[test]
fn random_clusters_end_where_their_first_plan_said() {
    let ways = [
        (Strategy::Direct, false),
        (Strategy::OneAtATime, false),
        (Strategy::TwoStage, false),
        (Strategy::Direct, true),
        (Strategy::TwoStage, true),
    ];
    let mut compared = [0; 5];
    for seed in 0..cases() / 2 {
        let (snapshot, request) = awkward(seed);
        let (number, &(strategy, balance_sources)) = ways.iter().enumerate().nth(seed as usize % ways.len()).unwrap();
        let max_moves = request.max_moves.min(3);
        let request = Request { strategy, balance_sources, max_moves, ..request };
        let Ok(plan) = solve(&snapshot, &request) else { continue };
        let waves = (seed as usize / ways.len()) % (plan.waves.len() + 1);
        let now = carried_out(&snapshot, &plan, waves);
        let at =
            format!("seed {seed}, {strategy:?}, balanced {balance_sources}, after {waves} of {}", plan.waves.len());
        let rest = resume(&now, &plan).unwrap_or_else(|error| panic!("{at}: {error}"));
        assert_eq!(passes_from_its_file(&now, &rest), Ok(()), "{at}");
        assert!(final_lists(&now, &rest) == final_lists(&snapshot, &plan), "{at}: {:?}", drift(&rest));
        let drift = drift(&rest);
        assert!(drift.changed.is_empty() && drift.gone.is_empty() && drift.replaced.is_empty(), "{at}: {drift:?}");
        assert!(drift.added.is_empty() && drift.taken_up.is_empty(), "{at}: {drift:?}");
        assert_eq!(rest.deferred, plan.deferred, "{at}");
        compared[number] += usize::from(waves > 0 && !rest.waves.is_empty());
    }
    assert!(compared.iter().all(|&plans| plans as u64 >= cases() / 100), "too few plans: {compared:?}");
}

#[test]
fn whatever_was_asked_is_resumed() {
    let (snapshot, request) = small();
    let end = |plan: &Plan| final_lists(&snapshot, plan);
    let drained = solve(&snapshot, &request).unwrap();
    let target = Target {
        entries: (0..snapshot.partitions.len())
            .map(|row| AssignmentEntry {
                topic: snapshot.topic_of(row).name.clone(),
                partition: snapshot.partitions.id[row],
                replicas: end(&drained)[row].clone(),
                log_dirs: None,
            })
            .collect(),
        ..Target::default()
    };
    let pairs = Pairs::parse("1000:0,1001:1,1002:2,1003:3,1004:4,1005:5").unwrap();
    let plain = Request { drain: IdSet::default(), onto: None, ..request.clone() };
    let two_stage = Strategy::TwoStage;
    let cases = [
        (
            "leaders",
            Request {
                drain: IdSet::parse("1000").unwrap(),
                onto: None,
                leaders_only: true,
                throttle: None,
                ..request.clone()
            },
        ),
        ("followers", Request { replicas_only: true, ..request.clone() }),
        ("pairs", Request { pair: Some(Pairing::Named(pairs)), ..plain.clone() }),
        ("target", Request { target: Some(target.clone()), ..plain.clone() }),
        ("target in stages", Request { target: Some(target), strategy: two_stage, ..plain }),
        ("growth", Request { growth: true, ..request.clone() }),
        ("headroom", Request { headroom: Some(Ratio::new(0.3)), ..request.clone() }),
        ("some topics", Request { exclude_topics: Some("__.*".to_owned()), ..request }),
    ];
    for (name, request) in cases {
        let plan = solve(&snapshot, &request).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(plan.waves.len() > 1, "{name}");
        for waves in [1, plan.waves.len() / 2, plan.waves.len()] {
            let now = carried_out(&snapshot, &plan, waves);
            let rest = resume(&now, &plan).unwrap_or_else(|error| panic!("{name}, after {waves}: {error}"));
            assert_eq!(passes_from_its_file(&now, &rest), Ok(()), "{name}, after {waves}");
            assert!(final_lists(&now, &rest) == end(&plan), "{name}, after {waves}: {:?}", drift(&rest));
            assert_eq!(rest.waves.is_empty(), waves == plan.waves.len(), "{name}, after {waves}");
        }
    }
}

#[test]
fn where_the_rest_finds_no_place_beside_what_is_kept_that_gives_way() {
    // Brokers 2 and 3 have room for 10 GB each; 1 is drained. `a` fits on either, `b` only where it is not yet.
    let gb = 1_000_000_000_u64;
    let broker = |id: i32, capacity: u64| serde_json::json!({"id": id, "log_dirs": [{"path": "/d", "capacity_bytes": capacity}]});
    let topic = |name: &str, replicas: &[i32], size: u64| serde_json::json!({"name": name, "partitions": [{"partition": 0, "replicas": replicas, "size_bytes": size}]});
    let read = |capacities: [u64; 2], topics: &[Value]| {
        let brokers = [broker(1, 100 * gb), broker(2, capacities[0]), broker(3, capacities[1])];
        let text = serde_json::json!({"kind": "kshift.cluster", "version": 1, "brokers": brokers, "topics": topics});
        v1::read(&text.to_string(), "c.json").unwrap()
    };
    let then = read([10 * gb, 10 * gb], &[topic("a", &[1], 5 * gb)]);
    let request = Request { drain: IdSet::parse("1").unwrap(), disk_limit: Ratio::new(1.0), ..Request::default() };
    let plan = solve(&then, &request).unwrap();
    let to = plan.get(0).replicas[0].get();
    let other = 5 - to;
    // The new topic is on the other broker already, and can go only where `a` was to go.
    let capacity = |id: i32| if id == to { 10 * gb } else { 12 * gb };
    let now = read([capacity(2), capacity(3)], &[topic("a", &[1], 5 * gb), topic("b", &[1, other], 6 * gb)]);
    let rest = resumed(&now, &plan);
    assert_eq!(list_of(&now, &rest, &("a".to_owned(), 0)), [id(other)]);
    assert_eq!(list_of(&now, &rest, &("b".to_owned(), 0)), [id(to), id(other)]);
    assert_eq!((drift(&rest).replaced.count, drift(&rest).added.count), (1, 1));
    assert!(rest.warnings.iter().any(|warning| warning.message.contains("the rest finds no place beside")));
}

#[test]
fn every_class_of_drift_is_told_and_nothing_else_is_placed_anew() {
    let (plan, half) = half_done();
    let open = later(&plan, plan.waves.len() / 2);
    let [moved, gone, grown, kept] = [&open[0], &open[1], &open[2], &open[3]];
    // Somebody moves one, deletes another, one grows, and a new topic comes to an old broker.
    let other = [id(5), id(1000), id(3)];
    let now = changed(&half, |rows| {
        let partition = partition_of(rows, moved);
        (partition.replicas, partition.isr, partition.leader) = (other.to_vec(), other.to_vec(), Some(other[0]));
        let partition = partition_of(rows, grown);
        partition.size = partition.size.map(|size| size + size / 9);
        let topic = rows.topics.iter_mut().find(|rows| rows.name == gone.0).unwrap();
        topic.partitions.retain(|partition| partition.id != gone.1);
        let mut new = rows.topics[0].clone();
        new.name = "new-topic".to_owned();
        new.partitions.truncate(1);
        let [a, b] = [id(1000), id(1)];
        (new.partitions[0].id, new.partitions[0].replicas, new.partitions[0].isr) = (0, vec![a, b], vec![a, b]);
        (new.partitions[0].leader, new.partitions[0].dirs) = (Some(a), vec![None, None]);
        rows.topics.push(new);
    });
    let rest = resumed(&now, &plan);
    let drift = drift(&rest);
    let name = |(topic, partition): &(String, i32)| vec![format!("{topic}-{partition}")];
    assert_eq!((drift.changed.count, &drift.changed.first), (1, &name(moved)));
    assert_eq!((drift.gone.count, &drift.gone.first), (1, &name(gone)));
    assert_eq!((drift.resized.count, &drift.resized.first), (1, &name(grown)));
    assert_eq!((drift.added.count, &drift.added.first), (1, &vec!["new-topic-0".to_owned()]));
    assert!(drift.bytes_now > drift.bytes_then && drift.replaced.is_empty());
    assert!(rest.warnings.iter().any(|warning| warning.code == "changed-lists"), "{:?}", rest.warnings);
    // What somebody else put there stays, only the old broker is left; the rest is as it was decided.
    let list = list_of(&now, &rest, moved);
    assert_eq!((list[0], list[2]), (other[0], other[2]));
    assert!(rest.request.onto.as_ref().unwrap().contains(list[1]));
    let (snapshot, _) = small();
    for partition in [grown, kept] {
        assert_eq!(list_of(&now, &rest, partition), list_of(&snapshot, &plan, partition));
    }
    let new = list_of(&now, &rest, &("new-topic".to_owned(), 0));
    assert!(new[1] == id(1) && new[0] != id(1000), "{new:?}");
}

#[test]
fn a_tenth_more_is_not_told_and_more_than_that_is() {
    let (plan, half) = half_done();
    let grown = |permille: u64| {
        let now = changed(&half, |rows| {
            for partition in rows.topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
                // A size that a tenth divides.
                partition.size = partition.size.map(|size| size / 1_000 * 1_000 / 1_000 * permille);
            }
        });
        drift(&resumed(&now, &plan)).resized.count
    };
    assert_eq!(grown(1_099), 0);
    assert_eq!(grown(1_102), drift(&resumed(&half, &plan)).partitions);
    assert_eq!(grown(850), drift(&resumed(&half, &plan)).partitions);
}

#[test]
fn a_target_that_died_takes_only_what_it_was_still_to_get_elsewhere() {
    let (plan, half) = half_done();
    let now = changed(&half, |rows| {
        rows.brokers.iter_mut().find(|broker| broker.id == id(2)).unwrap().state = BrokerState::Dead;
        // Its replicas have fallen out of sync, and others lead.
        for partition in rows.topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
            partition.isr.retain(|&other| other != id(2));
            if partition.leader == Some(id(2)) {
                partition.leader = partition.isr.first().copied();
            }
        }
    });
    let rest = resumed(&now, &plan);
    let drift = drift(&rest);
    let (old, new) = (final_lists(&now, &plan), final_lists(&now, &rest));
    let changed: Vec<usize> = (0..old.len()).filter(|&row| old[row] != new[row]).collect();
    let has_it = |list: &[BrokerId]| list.contains(&id(2));
    assert!(!changed.is_empty() && changed.iter().all(|&row| has_it(&old[row]) && !has_it(&new[row])));
    assert_eq!(drift.replaced.count, changed.len() as u64);
    assert_eq!(drift.targets_lost.to_string(), "2");
    assert!(!rest.request.onto.as_ref().unwrap().contains(id(2)));
    let warning = rest.warnings.iter().find(|warning| warning.code == "placed-anew").unwrap();
    assert!(warning.message.contains("cannot receive any more"), "{}", warning.message);
}

#[test]
fn where_a_disk_has_filled_up_as_few_as_possible_go_elsewhere() {
    let (plan, half) = half_done();
    let request = kshift::resumed_request(&half, &plan).unwrap();
    let lands = |row: usize| {
        let step = plan.get(row);
        (step.adding().any(|other| other == id(4)), step.size.get())
    };
    let open = plan.waves[plan.waves.len() / 2].rows.start..plan.moves.size.len();
    let coming: Vec<u64> = open.map(lands).filter(|entry| entry.0).map(|entry| entry.1).collect();
    let (total, largest) = (coming.iter().sum::<u64>(), *coming.iter().max().unwrap());
    // All but the largest fits.
    let now = changed(&half, |rows| {
        let dir = &mut rows.brokers.iter_mut().find(|broker| broker.id == id(4)).unwrap().log_dirs[0];
        let limit = request.disk_limit.of(dir.capacity.unwrap()).get();
        dir.used = Some(Bytes::new(limit - (total - largest)));
    });
    let rest = resumed(&now, &plan);
    assert_eq!(drift(&rest).replaced.count, 1, "{:?}", rest.warnings);
    assert!(rest.warnings.iter().any(|warning| warning.message.contains("a log dir would get too full")));
    // Without any room, nothing comes to it.
    let full = changed(&now, |rows| {
        for broker in rows.brokers.iter_mut().filter(|broker| broker.id.get() < 6) {
            broker.log_dirs[0].used = broker.log_dirs[0].capacity;
        }
    });
    let refused = resume(&full, &plan).unwrap_err();
    assert_eq!((refused.code(), refused.code().exit_code()), (Code::DiskLimit, 3), "{refused}");
}

#[test]
fn a_reassignment_under_way_is_refused_by_name_or_deferred() {
    let (plan, half) = half_done();
    let open = later(&plan, plan.waves.len() / 2);
    let (snapshot, _) = small();
    let last = list_of(&snapshot, &plan, &open[0]);
    let now = changed(&half, |rows| {
        let partition = partition_of(rows, &open[0]);
        partition.removing = partition.replicas.iter().copied().filter(|other| !last.contains(other)).collect();
        partition.adding = last.iter().copied().filter(|other| !partition.replicas.contains(other)).collect();
        partition.replicas = last.iter().chain(&partition.removing).copied().collect();
        partition.dirs = vec![None; partition.replicas.len()];
    });
    let refused = resume(&now, &plan).unwrap_err();
    assert_eq!(refused.code(), Code::Unhealthy);
    let text = refused.to_string();
    assert!(text.contains(&format!("`{}-{}`", open[0].0, open[0].1)) && text.contains("--cancel"), "{text}");
    let request = kshift::resumed_request(&now, &plan).unwrap();
    let rest = kshift::resume(&now, &plan, &Request { skip_unhealthy: true, ..request }, &Work::new()).unwrap();
    assert_eq!(passes_from_its_file(&now, &rest), Ok(()));
    assert_eq!((rest.deferred.len(), drift(&rest).on_the_way.count), (1, 1));
    // When it has landed, the plan that deferred it has nothing left of it.
    let landed = changed(&now, |rows| {
        let partition = partition_of(rows, &open[0]);
        (partition.adding, partition.removing) = (Vec::new(), Vec::new());
        (partition.replicas, partition.isr, partition.leader) = (last.clone(), last.clone(), Some(last[0]));
        partition.dirs = vec![None; last.len()];
    });
    let again = resumed(&landed, &rest);
    assert_eq!(drift(&again).done.count, 1);
    assert!(final_lists(&landed, &again) == final_lists(&snapshot, &plan));
}

#[test]
fn a_canary_goes_ahead_once() {
    let (snapshot, request) = small();
    let plan = solve(&snapshot, &Request { canary: 3, ..request }).unwrap();
    assert_eq!(plan.waves[0].stage, Stage::Canary);
    let asked = |waves: usize| {
        let now = carried_out(&snapshot, &plan, waves);
        let rest = resumed(&now, &plan);
        (rest.request.canary, rest.waves[0].stage)
    };
    assert_eq!(asked(0), (3, Stage::Canary));
    assert_eq!(asked(1), (0, Stage::Data));
    let now = carried_out(&snapshot, &plan, 2);
    let request = kshift::resumed_request(&now, &plan).unwrap();
    let again = kshift::resume(&now, &plan, &Request { canary: 2, ..request }, &Work::new()).unwrap();
    assert_eq!(again.waves[0].rows.len(), 2, "unless it is asked for again");
}

#[test]
fn brokers_that_are_empty_may_be_gone_and_limits_may_be_others() {
    let (plan, half) = half_done();
    let all = carried_out(&small().0, &plan, plan.waves.len());
    let gone = changed(&all, |rows| rows.brokers.retain(|broker| broker.id.get() < 1000));
    let rest = resumed(&gone, &plan);
    assert!(rest.waves.is_empty() && rest.complete);
    assert_eq!(drift(&rest).brokers_gone.to_string(), "1000-1005");
    let request = kshift::resumed_request(&half, &plan).unwrap();
    let slower =
        Request { throttle: Some(BytesPerSec::new(20_000_000)), max_wave_duration: Seconds::new(3_600.0), ..request };
    let rest = kshift::resume(&half, &plan, &slower, &Work::new()).unwrap();
    assert_eq!(passes_from_its_file(&half, &rest), Ok(()));
    assert_eq!(rest.request.throttle, Some(BytesPerSec::new(20_000_000)));
    assert!(final_lists(&half, &rest) == final_lists(&small().0, &plan));
}

#[test]
fn a_plan_of_another_cluster_is_refused() {
    let (plan, half) = half_done();
    let other = Snapshot { cluster_id: Some("other".to_owned()), ..half.clone() };
    assert!(resume(&other, &plan).is_ok(), "the plan does not say which cluster it was made for");
    let mut named = plan.clone();
    named.cluster.cluster_id = Some("one".to_owned());
    let refused = resume(&other, &named).unwrap_err();
    assert_eq!(refused.code(), Code::Usage);
    assert!(refused.message().contains("`one`") && refused.message().contains("`other`"), "{refused}");
    let unlike = changed(&half, |rows| {
        for topic in &mut rows.topics {
            topic.name = format!("x-{}", topic.name);
        }
    });
    let refused = resume(&unlike, &plan).unwrap_err();
    assert!(refused.code() == Code::Usage && !refused.help_lines().is_empty(), "{refused}");
}

#[test]
fn a_cluster_that_only_has_the_names_of_the_plans_is_refused() {
    let (plan, half) = half_done();
    // Every list is another one, as in the twin of a cluster that was built by the same hands.
    let twin = changed(&half, |rows| {
        for topic in &mut rows.topics {
            for partition in &mut topic.partitions {
                partition.replicas.rotate_left(1);
                partition.leader = partition.replicas.first().copied();
            }
        }
    });
    let refused = resume(&twin, &plan).unwrap_err();
    assert_eq!(refused.code(), Code::Usage);
    assert!(refused.message().contains("0 stand where the plan left or sent them"), "{refused}");
    // An id that is the same leaves no doubt: then somebody has changed all lists.
    let sure = Snapshot { cluster_id: Some("one".to_owned()), ..twin };
    let mut named = plan.clone();
    named.cluster.cluster_id = Some("one".to_owned());
    let plan = resumed(&sure, &named);
    assert_eq!(drift(&plan).changed.count, drift(&plan).partitions);
}

#[test]
fn a_kept_list_that_was_tampered_with_does_not_pass() {
    let (plan, half) = half_done();
    let rest = resumed(&half, &plan);
    let mut other = rest.clone();
    let kept = &mut other.request.resume.as_mut().unwrap().partitions;
    kept[0].entry.replicas.reverse();
    let report = kshift::check::plan(&half, &other);
    assert!(report.to_string().contains("was asked for"), "{report}");
    let mut other = rest.clone();
    other.request.resume.as_mut().unwrap().partitions[0].previous.push(id(1));
    let report = kshift::check::plan(&half, &other);
    assert!(report.violations.iter().any(|violation| violation.rule == "replicas"), "{report}");
}

/// The settings that throttle.json of a wave sets, on the cluster.
fn throttle(rows: &mut Rows, plan: &Plan, wave: usize) {
    let settings = kshift::emit::throttle::throttle(plan, &plan.waves[wave]).expect("the wave copies at a throttle");
    let settings: Value = serde_json::from_slice(&settings).unwrap();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let all = |of: &Value| -> Vec<(String, String)> {
        of.as_object().unwrap().iter().map(|(key, value)| (key.clone(), text(value))).collect()
    };
    for broker in &mut rows.brokers {
        if let Some(set) = settings["brokers"].get(broker.id.to_string()) {
            broker.config.extend(all(set));
        }
    }
    for topic in &mut rows.topics {
        if let Some(set) = settings["topics"].get(&topic.name) {
            topic.config.extend(all(set));
        }
    }
}

#[test]
fn the_throttle_of_an_interrupted_wave_is_the_plans_own_and_what_stood_before_it_comes_back() {
    let (rate, lists) = ("leader.replication.throttled.rate", "leader.replication.throttled.replicas");
    let follower = "follower.replication.throttled.rate";
    let (snapshot, request) = small();
    // Somebody guards a broker and a topic for good.
    let moved = solve(&snapshot, &request).unwrap();
    let guarded = moved.get(moved.waves[3].rows.start).topic.to_owned();
    let before = changed(&snapshot, |rows| {
        let broker = rows.brokers.iter_mut().find(|broker| broker.id == id(1000)).unwrap();
        broker.config.insert(rate.to_owned(), "7000000".to_owned());
        let topic = rows.topics.iter_mut().find(|topic| topic.name == guarded).unwrap();
        topic.config.insert(lists.to_owned(), "99:1000".to_owned());
    });
    let plan = solve(&before, &request).unwrap();
    assert!(!plan.throttles_before.is_empty() && plan.throttles_before.left.is_empty());
    // Three waves are over; the fourth has its throttle, and nobody knows what became of its copies. Beside it another
    // team has throttled a broker that the plan did not.
    let now = changed(&carried_out(&before, &plan, 3), |rows| {
        throttle(rows, &plan, 3);
        let strange = rows.brokers.iter_mut().find(|broker| broker.id == id(1)).unwrap();
        strange.config.insert(follower.to_owned(), "12345678".to_owned());
    });
    let shown = |key: &str| now.topics.iter().find(|topic| topic.name == guarded).unwrap().config[key].clone();
    assert!(shown(lists).starts_with("99:1000,") || shown(lists).contains(",99:1000"), "merged: {}", shown(lists));
    let rest = resumed(&now, &plan);
    let found = &rest.throttles_before;
    assert_eq!(found.of_broker(id(1000), rate), Some("7000000"), "as before the first plan");
    assert_eq!(found.of_broker(id(1000), follower), None);
    assert_eq!(found.of_broker(id(1), follower), Some("12345678"), "another one's");
    assert_eq!(found.brokers.len(), 2, "{found:?}");
    if rest.topics.contains(&guarded) {
        assert_eq!(found.of_topic(&guarded, lists), Some("99:1000"), "without the plan's own entries");
    }
    assert!(found.topics.keys().all(|topic| *topic == guarded), "{found:?}");
    assert!(found.left.brokers.len() > 2 && !found.left.topics.is_empty(), "{found:?}");
    let warning = rest.warnings.iter().find(|warning| warning.code == "throttles-left").unwrap();
    assert!(warning.message.contains("unthrottle.sh"), "{}", warning.message);
    // Its waves set their own and take them off again, where nothing stood before.
    let script = kshift::emit::export::throttle_script(&rest, Some(1), kshift::emit::export::Script::Unset).unwrap();
    let script = String::from_utf8(script.single().unwrap().to_vec()).unwrap();
    assert!(!script.contains("50000000"), "{script}");
    // A third plan knows it as well.
    let later = changed(&carried_out(&now, &rest, 1), |rows| throttle(rows, &rest, 1));
    let third = resumed(&later, &rest);
    assert_eq!(third.throttles_before.of_broker(id(1000), rate), Some("7000000"));
    assert_eq!(third.throttles_before.brokers.len(), 2, "{:?}", third.throttles_before);
}

#[test]
fn a_throttle_that_is_called_left_over_must_stand_in_the_cluster() {
    let (plan, half) = half_done();
    let wave = plan.waves.len() / 2;
    let now = changed(&half, |rows| throttle(rows, &plan, wave));
    let good = resumed(&now, &plan);
    let (id, settings) = good.throttles_before.left.brokers.first_key_value().unwrap();
    let key = settings.keys().next().unwrap().clone();
    let judged = |change: &dyn Fn(&mut Plan)| {
        let mut plan = good.clone();
        change(&mut plan);
        let report = kshift::check::plan(&now, &plan);
        report.violations.iter().filter(|found| found.rule == "throttles-before").count()
    };
    assert_eq!(judged(&|_| ()), 0);
    let left = |plan: &mut Plan| plan.throttles_before.left.brokers.get_mut(id).unwrap().clone();
    assert_eq!(
        judged(&|plan| drop(plan.throttles_before.left.brokers.get_mut(id).unwrap().insert(key.clone(), "1".into()))),
        1
    );
    assert_eq!(judged(&|plan| drop(plan.throttles_before.left.brokers.remove(id))), left(&mut good.clone()).len());
    assert!(judged(&|plan| plan.request.resume = None) > 0);
}

#[test]
fn the_same_rest_comes_from_the_same_input() {
    let (plan, half) = half_done();
    let bytes = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| kshift::plan::write(&resumed(&half, &plan)))
    };
    assert!(bytes(1) == bytes(4));
}

// The command.

const OPTIONS: &str = "--drain 1000-1005 --onto 0-5 --throttle 50MB/s --max-moves 12 --canary 3";

/// A directory with a cluster, its plan, and the cluster when some waves are over and this has happened.
fn on_disk(name: &str, options: &str, waves: usize, change: impl Fn(&mut Rows)) -> (std::path::PathBuf, Plan) {
    let dir = empty_dir(&format!("resume-{name}"));
    let (snapshot, _) = small();
    put(&dir.join("then.json"), v1::write(&snapshot, Include::Everything));
    kshift(&format!("plan then.json {options} --out first")).in_dir(&dir).run().ok();
    let plan = crate::support::files::text(&dir.join("first/plan.json"));
    let plan = kshift::plan::read(&plan, "plan.json").unwrap();
    let now = changed(&carried_out(&snapshot, &plan, waves), change);
    put(&dir.join("now.json"), v1::write(&now, Include::Everything));
    (dir, plan)
}

#[test]
fn the_command_tells_what_has_happened_and_writes_what_is_left() {
    let (dir, _) = on_disk("golden", OPTIONS, 4, |rows| {
        rows.brokers.iter_mut().find(|broker| broker.id == id(2)).unwrap().state = BrokerState::Fenced;
        rows.topics[2].partitions[0].size = rows.topics[2].partitions[0].size.map(|size| size * 2);
        let new = TopicRows { name: "zebra".to_owned(), ..rows.topics[3].clone() };
        rows.topics.push(new);
        rows.topics.remove(1);
        let partition = &mut rows.topics[2].partitions[0];
        partition.replicas.reverse();
        partition.dirs.reverse();
    });
    let answer =
        kshift("plan now.json --resume first --throttle 40MB/s --skip-unhealthy --out rest").in_dir(&dir).run().ok();
    golden("resume.txt", &answer.stderr);
    assert_eq!(answer.stdout, "");
    kshift("check now.json rest").in_dir(&dir).run().ok();
    let shown = kshift("show rest").in_dir(&dir).run().ok().stdout;
    let drift = shown.lines().skip_while(|line| !line.starts_with("resumed")).take(5).collect::<Vec<_>>();
    assert!(drift.iter().all(|line| answer.stderr.contains(line)) && drift.len() == 5, "{shown}");
    let json =
        kshift("plan now.json --resume first/plan.json --skip-unhealthy --json").in_dir(&dir).run().ok().stderr_json();
    assert_eq!(json["drift"]["added"]["first"][0], "zebra-0");
    assert_eq!(json["drift"]["targets_lost"], "2");
    // What is typed holds for this plan alone; the rest of the request is the first one's.
    let request = |name: &str| -> Value {
        let text = crate::support::files::text(&dir.join(name).join("plan.json"));
        serde_json::from_str::<Value>(&text).unwrap()["request"].clone()
    };
    let (first, rest) = (request("first"), request("rest"));
    assert_eq!((&first["throttle"], &rest["throttle"]), (&Value::from(50_000_000), &Value::from(40_000_000)));
    assert_eq!(
        (&rest["max_moves"], &rest["canary"], &rest["drain"]),
        (&Value::from(12), &Value::from(0), &first["drain"])
    );
    assert_eq!(rest["onto"], "0-1,3-5");
}

#[test]
fn a_finished_plan_leaves_a_plan_without_waves() {
    let (dir, plan) = on_disk("finished", OPTIONS, 0, |_| ());
    let done = carried_out(&small().0, &plan, plan.waves.len());
    put(&dir.join("done.json"), v1::write(&done, Include::Everything));
    let answer =
        kshift("plan done.json --resume first").in_dir(&dir).run().ok().says("nothing of the plan is left to do");
    assert_eq!(answer.stdout, "{\"version\":1,\"partitions\":[]}");
    kshift("plan done.json --resume first --out rest").in_dir(&dir).run().ok();
    kshift("check done.json rest").in_dir(&dir).run().ok();
}

#[test]
fn what_says_anew_what_moves_is_bad_usage_beside_a_plan_that_says_it() {
    let (dir, _) = on_disk("usage", OPTIONS, 1, |_| ());
    put(&dir.join("foreign.json"), "{\"version\":1,\"partitions\":[]}");
    let before = names(&dir);
    for option in [
        "--drain 1000",
        "--drain-rack a",
        "--onto 3",
        "--pair 1000:1",
        "--target foreign.json",
        "--allow-rf-change",
        "--topics x",
        "--exclude-topics x",
        "--leaders-only",
        "--replicas-only",
        "--drain-dir 1000:/d",
        "--exact",
    ] {
        let name = option.split(' ').next().unwrap();
        let answer = kshift(&format!("plan now.json --resume first --out rest {option}")).in_dir(&dir).run();
        answer.refused(2, "usage").says(&format!("--resume and {name} exclude each other"));
    }
    let run = |args: &str| kshift(&format!("plan {args}")).in_dir(&dir).run();
    run("now.json --resume foreign.json").refused(2, "wrong-kind").says("--target FILE");
    run("now.json --resume now.json").refused(2, "wrong-kind");
    run("now.json --resume nowhere").refused(2, "unreadable");
    run("- --resume -").refused(2, "usage");
    run("first --resume first").refused(2, "wrong-kind");
    run("now.json --resume first --force").refused(2, "usage");
    assert_eq!(names(&dir), before, "nothing was written");
}

#[test]
fn what_the_source_could_not_say_is_not_asked_for_again() {
    let (dir, plan) = on_disk("supplements", OPTIONS, 0, |_| ());
    let forget = |snapshot: &Snapshot| {
        let bare = changed(snapshot, |rows| {
            rows.brokers.iter_mut().for_each(|broker| broker.log_dirs.clear());
            rows.topics
                .iter_mut()
                .flat_map(|topic| &mut topic.partitions)
                .for_each(|partition| partition.dirs.fill(None));
        });
        v1::write(&bare, Include::Everything)
    };
    put(&dir.join("bare.json"), forget(&small().0));
    put(&dir.join("capacity.json"), r#"{"0-5":"2TB","1000-1005":"2TB"}"#);
    let first = format!("plan bare.json {OPTIONS} --capacity capacity.json --out bare");
    kshift(&first).in_dir(&dir).run().ok();
    // A broker of the file is gone by now.
    let done =
        changed(&carried_out(&small().0, &plan, plan.waves.len()), |rows| rows.brokers.retain(|b| b.id != id(1000)));
    put(&dir.join("later.json"), forget(&done));
    kshift("plan later.json --resume bare --out rest").in_dir(&dir).run().ok();
    kshift("check later.json rest").in_dir(&dir).run().ok();
    put(&dir.join("wrong.json"), r#"{"1000":"2TB"}"#);
    kshift("plan later.json --resume bare --capacity wrong.json").in_dir(&dir).run().refused(2, "unknown-broker");
}

#[test]
fn a_plan_that_empties_log_dirs_is_not_resumed() {
    let (snapshot, _) = small();
    let two = changed(&snapshot, |rows| {
        for broker in &mut rows.brokers {
            let second = kshift::snapshot::LogDir {
                path: "/other".to_owned(),
                used: Some(Bytes::ZERO),
                ..broker.log_dirs[0].clone()
            };
            broker.log_dirs.push(second);
        }
        for partition in rows.topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
            partition.dirs.fill(Some(rows.brokers[0].log_dirs[0].path.clone()));
        }
    });
    let drain_dir =
        kshift::base::broker_dirs::BrokerDirs::parse(&format!("1000:{}", two.brokers[0].log_dirs[0].path)).unwrap();
    let plan = solve(&two, &Request { drain_dir, ..Request::default() }).unwrap();
    let refused = resume(&two, &plan).unwrap_err();
    assert!(refused.code() == Code::Usage && refused.help_lines()[0].contains("--drain-dir"), "{refused}");
}
