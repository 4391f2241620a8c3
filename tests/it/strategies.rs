//! Ways to the new lists: all at once, one replica after the other, in two stages; and old lists ordered anew first.

use std::collections::BTreeMap;

use kshift::base::error::Code;
use kshift::base::ids::{BrokerId, IdSet, PartitionId};
use kshift::base::units::BytesPerSec;
use kshift::base::work::Work;
use kshift::example::{Options, cluster};
use kshift::plan::{Move, Plan, Stage};
use kshift::request::{Request, Strategy};
use kshift::snapshot::Snapshot;

use crate::support::r#gen::awkward;
use crate::support::property::{cases, passes_from_its_file};
use crate::support::rows::Rows;
use crate::support::shares::final_lists;

fn solve(snapshot: &Snapshot, request: &Request) -> Result<Plan, kshift::base::error::Error> {
    kshift::plan(snapshot, request, &Work::new())
}

/// The moves of each partition in plan order, with the stage of their waves.
fn walks(plan: &Plan) -> BTreeMap<(&str, PartitionId), Vec<(Stage, Move<'_>)>> {
    let mut walks: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for wave in &plan.waves {
        for step in plan.moves_of(wave) {
            walks.entry((step.topic, step.partition)).or_default().push((wave.stage, step));
        }
    }
    walks
}

/// What a way promises to those who read the plan, whatever the checker thinks of it.
fn keeps_its_promise(plan: &Plan) -> Result<(), String> {
    let one_at_a_time = plan.request.strategy == Strategy::OneAtATime;
    for ((topic, partition), walk) in walks(plan) {
        let fail = |what: &str| Err(format!("{topic}-{partition}: {what}: {walk:?}"));
        let before = walk[0].1.previous;
        let leader = walk.iter().find(|(stage, _)| *stage != Stage::Sources).map(|step| step.1.leader);
        for (number, (stage, step)) in walk.iter().enumerate() {
            let is_last = number + 1 == walk.len();
            let adds = step.adding().count();
            if number > 0 && step.previous != walk[number - 1].1.replicas {
                return fail("it does not go on from where it stood");
            }
            if one_at_a_time && adds > 1 {
                return fail("two replicas are added at once");
            }
            if one_at_a_time && step.replicas.len() > before.len() && plan.request.target.is_none() {
                return fail("it has more replicas on the way");
            }
            if stage.is_reordering() && (adds > 0 || step.removing().count() > 0) {
                return fail("leadership moves and replicas with it");
            }
            if plan.request.strategy == Strategy::TwoStage && adds > 0 && !is_last {
                if step.leader != step.replicas.first().copied() || step.leader_after != step.leader {
                    return fail("clients notice before leadership is to move");
                }
                if step.removing().any(|id| Some(id) == step.leader) {
                    return fail("the leader goes before leadership has moved");
                }
            }
            if one_at_a_time && !is_last && *stage != Stage::Sources && Some(step.leader_after) != leader {
                return fail("its leader changes before the last replica is there");
            }
        }
    }
    Ok(())
}

#[test]
fn every_way_passes_its_check_and_ends_on_the_lists_of_the_direct_one() {
    let ways = [
        (Strategy::OneAtATime, false),
        (Strategy::TwoStage, false),
        (Strategy::Direct, true),
        (Strategy::OneAtATime, true),
        (Strategy::TwoStage, true),
    ];
    let mut compared = [0; 5];
    for seed in 0..cases().div_ceil(2) {
        let (snapshot, direct) = awkward(seed);
        let (number, &(strategy, balance_sources)) = ways.iter().enumerate().nth(seed as usize % ways.len()).unwrap();
        let request = Request { strategy, balance_sources, ..direct.clone() };
        let plan = match solve(&snapshot, &request) {
            Ok(plan) => plan,
            Err(error) => {
                let exit = error.code().exit_code();
                assert!(exit == 2 || exit == 3, "seed {seed}: {error}");
                assert!(exit != 3 || !error.help_lines().is_empty(), "seed {seed}: no help: {error}");
                continue;
            }
        };
        let held = passes_from_its_file(&snapshot, &plan).and_then(|()| keeps_its_promise(&plan));
        assert_eq!(held, Ok(()), "seed {seed}, {strategy:?}, balanced {balance_sources}");
        // Growth counts for as long as the plan runs, so another way may need another placement.
        if let (Ok(direct), false) = (solve(&snapshot, &direct), request.growth) {
            assert!(final_lists(&snapshot, &plan) == final_lists(&snapshot, &direct), "seed {seed}");
            compared[number] += usize::from(!plan.waves.is_empty());
        }
    }
    assert!(compared.iter().all(|&plans| plans as u64 >= cases() / 50), "too few plans: {compared:?}");
}

/// 12 old brokers onto 12 new ones, sizes as uneven as they come.
fn skewed() -> (Snapshot, Request) {
    let options = Options { old: 12, new: 12, partitions: 1_200, sigma: 2.0, seed: 7, ..Options::default() };
    let drain = IdSet::from_ids((1000..1012).map(BrokerId::new)).unwrap();
    let throttle = Some(BytesPerSec::new(50_000_000));
    (cluster(&options).unwrap(), Request { drain, throttle, ..Request::default() })
}

#[test]
fn balanced_sources_make_the_move_as_short_as_its_bound_says() {
    let (snapshot, request) = skewed();
    let plain = solve(&snapshot, &request).unwrap();
    let balanced = solve(&snapshot, &Request { balance_sources: true, ..request }).unwrap();
    let over = |plan: &Plan| {
        let bound = plan.summary.makespan_lower_bound_seconds.unwrap().get();
        plan.summary.makespan_seconds.unwrap().get() / bound
    };
    let (before, after) = (over(&plain), over(&balanced));
    assert!(before > 1.3 && after < 1.15 && after < before / 1.3, "{before:.3} before, {after:.3} balanced");
    assert_eq!(balanced.waves[0].stage, Stage::Sources);
    let changed: usize = balanced.waves.iter().filter(|wave| wave.stage == Stage::Sources).map(|w| w.rows.len()).sum();
    assert!(changed < 1_200 * 6 / 10, "{changed} of 1,200 partitions change their leader");
}

#[test]
fn two_stages_soak_before_any_leader_changes_and_take_elections_in_batches() {
    let (snapshot, request) = skewed();
    let request = Request { strategy: Strategy::TwoStage, max_leader_changes: Some(100), ..request };
    let plan = solve(&snapshot, &request).unwrap();
    let stages: Vec<Stage> = plan.waves.iter().map(|wave| wave.stage).collect();
    let mut order = stages.clone();
    order.dedup();
    assert_eq!(&order[..2], [Stage::Add, Stage::InternalAdd], "{order:?}");
    assert!(order.ends_with(&[Stage::Leadership, Stage::InternalLeadership, Stage::Remove, Stage::InternalRemove]));
    for wave in plan.waves.iter().filter(|wave| wave.stage == Stage::Leadership) {
        let elections = plan.moves_of(wave).filter(Move::needs_election).count();
        assert!(elections <= 100 && wave.copy_seconds.unwrap().get() == 0.0);
    }
    let mut soaking = plan.waves.iter().filter(|wave| wave.stage == Stage::Add).flat_map(|wave| plan.moves_of(wave));
    assert!(soaking.all(|step| step.replicas.len() == 4 && !step.needs_election()), "RF 3 + 1");
}

#[test]
fn one_at_a_time_does_what_the_throttle_forbids_at_once() {
    let (snapshot, request) = skewed();
    let mut rows = Rows::of(&snapshot);
    for partition in rows.topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
        partition.bytes_in = 0.0;
    }
    // 40 MB/s, RF 3, all three replaced: 40 x (2 + 3) = 200 MB/s at once, 40 x (2 + 1) = 120 MB/s one at a time.
    rows.topics[0].partitions[0].bytes_in = 40e6;
    let snapshot = rows.build().unwrap();
    let with = |throttle: u64, strategy: Strategy| {
        let throttle = Some(BytesPerSec::new(throttle));
        solve(&snapshot, &Request { throttle, strategy, ..request.clone() }).map(|plan| plan.waves.len())
    };
    assert_eq!(with(200_000_000, Strategy::Direct).unwrap_err().code(), Code::Throttle);
    assert!(with(200_000_001, Strategy::Direct).is_ok());
    assert!(with(120_000_001, Strategy::OneAtATime).is_ok());
    let refused = with(120_000_000, Strategy::OneAtATime).unwrap_err();
    assert_eq!(refused.details()["least_bytes_per_sec"], 120_000_000);
}

#[test]
fn ways_that_exclude_each_other_are_refused_by_name() {
    let (snapshot, request) = skewed();
    let refused = |request: Request| {
        let error = solve(&snapshot, &request).unwrap_err();
        assert_eq!(error.code(), Code::Usage);
        error.message().to_owned()
    };
    let leaders = Request { leaders_only: true, throttle: None, ..request.clone() };
    let followers = Request { replicas_only: true, ..request };
    let two_stage = Strategy::TwoStage;
    assert!(refused(Request { strategy: two_stage, ..leaders.clone() }).contains("--strategy two-stage"));
    assert!(refused(Request { balance_sources: true, ..leaders }).contains("--balance-sources and --leaders-only"));
    assert!(refused(Request { strategy: two_stage, ..followers.clone() }).contains("no leader may change"));
    let one = Request { strategy: Strategy::OneAtATime, ..followers };
    assert!(solve(&snapshot, &one).is_ok(), "followers may go one at a time");
}
