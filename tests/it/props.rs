//! What holds for every plan, on random clusters of every awkward kind (`support/gen.rs`).
//!
//! Each property runs on `KSHIFT_PROPERTY_CASES` seeds, 1,000 when it is not set. The long mode before a
//! release is `KSHIFT_PROPERTY_CASES=100000 cargo test --release --test it props`. A failure is made
//! small and printed as JSON; put it into a regression test with a sentence on what it taught.
//!
//! None of these rests on the planner being clever: they hold for any planner that keeps its promises.
//! The one that compares it with brute force counts how often it finds nothing where there is something.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use kshift::base::error::{Code, Error};
use kshift::base::ids::IdSet;
use kshift::base::random::Random;
use kshift::base::units::{Bytes, BytesPerSec, Ratio, Traffic};
use kshift::base::work::Work;
use kshift::plan::{self, Plan};
use kshift::request::rates::BrokerRate;
use kshift::request::{Prefer, RackPolicy, Request};
use kshift::snapshot::{BrokerState, Snapshot};
use rayon::prelude::*;

use crate::support::r#gen::{awkward, tiny};
use crate::support::least::least;
use crate::support::oracle::{self, Verdict};
use crate::support::property::{cases, passes_from_its_file};
use crate::support::rows::Rows;
use crate::support::shrink;

/// What holds, or a sentence on what does not.
type Held = Result<(), String>;

macro_rules! holds {
    ($condition:expr, $($message:tt)+) => {
        match $condition {
            true => {}
            false => return Err(format!($($message)+)),
        }
    };
}

/// Runs a property on every `stride`th seed; shows the first failure, made small.
fn for_all(draw: fn(u64) -> (Snapshot, Request), stride: u64, property: fn(&Snapshot, &Request) -> Held) {
    let holds = |snapshot: &Snapshot, request: &Request| {
        catch_unwind(AssertUnwindSafe(|| property(snapshot, request)))
            .unwrap_or_else(|panic| Err(format!("panicked: {}", words_of(panic.as_ref()))))
    };
    // Threads of our own: a thread of rayon's that waits for another pool takes up the next seed meanwhile,
    // and with many seeds that goes deeper than its stack.
    let (next, first_failed) = (AtomicU64::new(0), AtomicU64::new(u64::MAX));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(stride, Ordering::Relaxed);
                    if seed >= cases().min(first_failed.load(Ordering::Relaxed)) {
                        break;
                    }
                    let (snapshot, request) = draw(seed);
                    if holds(&snapshot, &request).is_err() {
                        first_failed.fetch_min(seed, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let failed = Some(first_failed.into_inner()).filter(|&seed| seed < u64::MAX);
    let Some(seed) = failed else { return };
    let (snapshot, request) = draw(seed);
    let first = holds(&snapshot, &request).expect_err("it failed a moment ago");
    let (snapshot, request) = shrink::shrink(&snapshot, &request, |s, r| holds(s, r).is_err());
    let last = holds(&snapshot, &request).expect_err("shrinking keeps failures");
    panic!("seed {seed}: {first}\nmade small: {last}\n{}", shrink::print(&snapshot, &request));
}

fn words_of(panic: &(dyn std::any::Any + Send)) -> &str {
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    owned.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words")
}

fn solve(snapshot: &Snapshot, request: &Request) -> Result<Plan, Error> {
    kshift::plan(snapshot, request, &Work::new())
}

/// Plan bytes, or the error's text: what a user would see of either.
fn bytes_of(outcome: &Result<Plan, Error>) -> Vec<u8> {
    match outcome {
        Ok(plan) => plan::write(plan),
        Err(error) => error.to_string().into_bytes(),
    }
}

#[test]
fn a_request_gives_a_plan_that_passes_its_check_from_its_file_or_an_error_with_help() {
    for_all(awkward, 1, |snapshot, request| {
        let plan = match solve(snapshot, request) {
            Ok(plan) => plan,
            Err(error) => {
                let exit = error.code().exit_code();
                holds!(exit == 2 || exit == 3, "{error}");
                holds!(exit != 3 || !error.help_lines().is_empty(), "no help: {error}");
                return Ok(());
            }
        };
        passes_from_its_file(snapshot, &plan)?;
        let summary = &plan.summary;
        let (moved, forced) = (summary.replicas_moved, summary.replicas_forced);
        holds!(!plan.complete || moved == forced, "complete, but {moved} of {forced} replicas moved");
        holds!(plan.complete || !plan.deferred.is_empty(), "incomplete, but nothing is deferred");
        Ok(())
    });
}

/// The same cases with rates of their own for brokers: of sides, of some or all brokers, or what a headroom leaves.
fn with_rates(seed: u64) -> (Snapshot, Request) {
    let (mut snapshot, request) = awkward(seed);
    let mut random = Random::new(seed ^ 0x7a7e);
    // Log dirs have one throttle and no sides.
    if request.empties_dirs() {
        return (snapshot, request);
    }
    let rate =
        |random: &mut Random| BytesPerSec::new(1_000_000 * (1 + random.below(200) as u64) + random.below(1000) as u64);
    let mut request = Request { throttle: request.throttle.or(Some(rate(&mut random))), ..request };
    if random.below(3) == 0 && !request.is_given() && !request.exact {
        request.prefer = Prefer::Time;
    }
    if random.below(2) == 0 {
        request.leader_throttle = Some(rate(&mut random));
    }
    if random.below(2) == 0 {
        request.follower_throttle = Some(rate(&mut random));
    }
    if random.below(3) == 0 {
        request.headroom = Some(Ratio::new(random.below(90) as f64 / 100.0 + 0.01));
        for broker in &mut snapshot.brokers {
            let mut capacity = || (random.below(4) > 0).then(|| Traffic::new(1e6 * (20 + random.below(500)) as f64));
            (broker.in_capacity, broker.out_capacity) = (capacity(), capacity());
        }
    } else {
        let is_whole = random.below(2) == 0;
        for broker in &snapshot.brokers {
            if is_whole || random.below(2) == 0 {
                let (leader_bytes_per_sec, follower_bytes_per_sec) = (rate(&mut random), rate(&mut random));
                request.rates.insert(broker.id, BrokerRate { leader_bytes_per_sec, follower_bytes_per_sec });
            }
        }
        if is_whole {
            (request.throttle, request.leader_throttle, request.follower_throttle) = (None, None, None);
        }
    }
    (snapshot, request)
}

#[test]
fn whatever_the_rates_of_brokers_are_the_plan_passes_its_check() {
    static PLANS: AtomicU64 = AtomicU64::new(0);
    for_all(with_rates, 2, |snapshot, request| match solve(snapshot, request) {
        Ok(plan) => {
            PLANS.fetch_add(u64::from(!plan.waves.is_empty()), Ordering::Relaxed);
            passes_from_its_file(snapshot, &plan)
        }
        Err(error) => {
            let exit = error.code().exit_code();
            holds!(exit == 2 || exit == 3, "{error}");
            holds!(exit != 3 || !error.help_lines().is_empty(), "no help: {error}");
            Ok(())
        }
    });
    let plans = PLANS.load(Ordering::Relaxed);
    assert!(plans * 8 > cases(), "too few cases have a plan: {plans}");
}

/// The same cases where time goes first, which plans of lists that are given cannot ask for.
fn in_time(draw: fn(u64) -> (Snapshot, Request), seed: u64) -> (Snapshot, Request) {
    let (snapshot, request) = draw(seed);
    (snapshot, Request { prefer: Prefer::Time, ..request })
}

#[test]
fn a_plan_that_prefers_time_passes_its_check_and_tells_what_the_other_one_gives() {
    for_all(
        |seed| in_time(awkward, seed),
        1,
        |snapshot, request| {
            let other = Request { prefer: Prefer::Disk, ..request.clone() };
            let plan = match solve(snapshot, request) {
                Ok(plan) => plan,
                Err(error) => {
                    holds!(error.code() != Code::Internal, "{error}");
                    return Ok(());
                }
            };
            passes_from_its_file(snapshot, &plan)?;
            let Some(trade) = plan.summary.trade else {
                holds!(plan.waves.is_empty(), "no word on the other preference");
                return Ok(());
            };
            let Ok(there) = solve(snapshot, &other) else { return Ok(()) };
            let Some(back) = there.summary.trade else { return Ok(()) };
            holds!(trade.disk.is_none() || trade.disk == back.disk, "{:?} is told, {:?} is so", trade.disk, back.disk);
            holds!(back.time.is_none() || trade.time == back.time, "{:?} is told, {:?} is so", back.time, trade.time);
            let is_cheap = request.throttle.is_some() && !request.growth;
            holds!(!is_cheap || trade.disk.is_some(), "what disk gives is not told");
            Ok(())
        },
    );
}

#[test]
fn brute_force_confirms_what_time_first_finds_impossible_and_its_bounds() {
    for_all(
        |seed| in_time(tiny, seed),
        1,
        |snapshot, request| {
            match (solve(snapshot, request), verdict(snapshot, request)) {
                (Ok(plan), found) => {
                    holds!(found != Verdict::Impossible, "a plan where brute force finds no placement");
                    let Some(least) = least(snapshot, request, |topic| asks_for(request, topic)) else { return Ok(()) };
                    let leaders = plan.summary.bounds.as_ref().and_then(|bounds| bounds.leaders.as_ref());
                    let is_above = leaders.is_some_and(|bound| bound.value > least.heads * (1.0 + 1e-9));
                    holds!(!is_above, "leaders {leaders:?}, by brute force {}", least.heads);
                }
                (Err(error), Verdict::Feasible) => {
                    let kind = error.details().get("kind").and_then(|kind| kind.as_str());
                    let claims = matches!(error.code(), Code::DiskLimit | Code::RackPolicy | Code::TooFewBrokers);
                    holds!(!claims || kind == Some("not-found"), "brute force finds a placement, but {error}");
                }
                (Err(_), _) => {}
            }
            Ok(())
        },
    );
}

#[test]
fn rolling_back_to_the_first_wave_restores_every_list_of_the_snapshot() {
    for_all(awkward, 1, |snapshot, request| {
        let Ok(plan) = solve(snapshot, request) else { return Ok(()) };
        let before: Vec<_> = snapshot.partitions.replicas.iter().map(<[_]>::to_vec).collect();
        let mut lists = before.clone();
        for row in plan.waves.iter().flat_map(|wave| wave.rows.clone()) {
            let step = plan.get(row);
            let at = snapshot.row_of(step.topic, step.partition).ok_or("a move of an unknown partition")?;
            holds!(lists[at] == step.previous, "row {row} starts from {:?}, not {:?}", step.previous, lists[at]);
            lists[at] = step.replicas.to_vec();
        }
        for row in plan.waves.iter().rev().flat_map(|wave| wave.rows.clone()) {
            let step = plan.get(row);
            let at = snapshot.row_of(step.topic, step.partition).ok_or("a move of an unknown partition")?;
            lists[at] = step.previous.to_vec();
        }
        holds!(lists == before, "lists differ from the snapshot's after the way back");
        Ok(())
    });
}

#[test]
fn one_two_and_eight_threads_give_the_same_bytes() {
    for_all(awkward, 5, |snapshot, request| {
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| bytes_of(&solve(snapshot, request)))
        };
        let one = with(1);
        for threads in [2, 8] {
            holds!(with(threads) == one, "{threads} threads give other bytes than one");
        }
        Ok(())
    });
}

#[test]
fn the_order_in_which_a_cluster_is_told_changes_no_byte() {
    for_all(awkward, 1, |snapshot, request| {
        let told = bytes_of(&solve(snapshot, request));
        for seed in 0..2 {
            let shuffled = Rows::of(snapshot).shuffled(&mut Random::new(seed)).build();
            let shuffled = shuffled.map_err(|error| error.to_string())?;
            holds!(bytes_of(&solve(&shuffled, request)) == told, "shuffled with seed {seed} the bytes differ");
        }
        Ok(())
    });
}

#[test]
fn nothing_that_has_a_plan_is_called_impossible_at_a_larger_disk_limit() {
    for_all(awkward, 1, |snapshot, request| {
        if solve(snapshot, request).is_err() {
            return Ok(());
        }
        for larger in [request.disk_limit.get() + 0.02, 1.0] {
            let wide = Request { disk_limit: Ratio::new(larger.min(1.0)), ..request.clone() };
            if let Err(error) = solve(snapshot, &wide) {
                // The search takes other turns under another limit and may miss what is there; it says so then.
                let kind = error.details().get("kind").and_then(|kind| kind.as_str());
                let (here, there) = (request.disk_limit, wide.disk_limit);
                holds!(kind == Some("not-found"), "a plan at {here}, but at {there}: {error}");
            }
        }
        Ok(())
    });
}

/// An option as typed, applied to a request.
fn with_options(request: &Request, options: &str) -> Result<Request, String> {
    let mut changed = request.clone();
    let mut words = options.split_whitespace();
    while let Some(option) = words.next() {
        let mut value = || words.next().ok_or(format!("{option} has no value"));
        match option {
            "--disk-limit" => changed.disk_limit = Ratio::parse(value()?)?,
            "--onto" => changed.onto = Some(IdSet::parse(value()?)?),
            "--throttle" => changed.throttle = Some(BytesPerSec::parse(value()?)?),
            "--exclude-topics" => changed.exclude_topics = Some(value()?.trim_matches('\'').to_owned()),
            "--skip-unhealthy" => changed.skip_unhealthy = true,
            "--ignore-disk" => changed.ignore_disk = true,
            "--rack-policy" => match value()? {
                "preserve" => changed.rack_policy = RackPolicy::Preserve,
                "ignore" => changed.rack_policy = RackPolicy::Ignore,
                // What is left of the racks, where `preserve` asks for one that goes.
                "strict" if request.rack_policy == RackPolicy::Preserve => changed.rack_policy = RackPolicy::Strict,
                other => return Err(format!("{other} is no milder rack policy")),
            },
            other => return Err(format!("{other} is offered, but nobody knows it")),
        }
    }
    Ok(changed)
}

fn remedies(error: &Error) -> Vec<&str> {
    let offered = error.details().get("remedies").and_then(|offered| offered.as_array());
    offered.into_iter().flatten().filter_map(|text| text.as_str()).collect()
}

#[test]
fn every_change_that_a_refusal_offers_gives_a_plan() {
    for_all(awkward, 1, |snapshot, request| {
        let Err(error) = solve(snapshot, request) else { return Ok(()) };
        for options in remedies(&error) {
            let changed = with_options(request, options)?;
            holds!(changed != *request, "`{options}` changes nothing");
            if let Err(again) = solve(snapshot, &changed) {
                return Err(format!("{error}\nbut with `{options}`: {again}"));
            }
            holds!(error.help_lines().iter().any(|line| line.contains(options)), "`{options}` is in no help line");
        }
        Ok(())
    });
}

#[test]
fn refusals_offer_changes_of_every_kind_and_often() {
    let refusals: Vec<Error> = (0..1000_u64)
        .into_par_iter()
        .filter_map(|seed| {
            let (snapshot, request) = awkward(seed);
            solve(&snapshot, &request).err().filter(|error| error.code().exit_code() == 3)
        })
        .collect();
    let count = |is: &dyn Fn(&Error) -> bool| refusals.iter().filter(|error| is(error)).count();
    let offering = count(&|error| !remedies(error).is_empty());
    assert!(offering * 4 > refusals.len(), "{offering} of {} refusals offer something", refusals.len());
    for kind in ["--disk-limit", "--onto", "--rack-policy", "--throttle", "--exclude-topics", "--skip-unhealthy"] {
        let found = count(&|error| remedies(error).iter().any(|options| options.contains(kind)));
        assert!(found >= 3, "{kind} is offered {found} times");
    }
    let pairs = count(&|error| remedies(error).iter().any(|options| options.matches("--").count() == 2));
    assert!(pairs >= 3, "{pairs} pairs are offered");
}

#[test]
fn a_faster_throttle_never_raises_the_least_possible_time() {
    for_all(awkward, 1, |snapshot, request| {
        let bound = |request: &Request| {
            let plan = solve(snapshot, request).ok()?;
            let bound = plan.summary.makespan_lower_bound_seconds?.get();
            plan.complete.then_some((bound, plan.summary.makespan_seconds))
        };
        let Some(throttle) = request.throttle else { return Ok(()) };
        let Some((slow, makespan)) = bound(request) else { return Ok(()) };
        holds!(
            makespan.is_some_and(|makespan| slow <= makespan.get() * (1.0 + 1e-9)),
            "bound {slow} above {makespan:?}"
        );
        for factor in [2, 10] {
            let fast = Request { throttle: Some(BytesPerSec::new(throttle.get() * factor)), ..request.clone() };
            if let Some((fast, _)) = bound(&fast) {
                holds!(fast <= slow, "{factor} times the throttle raises the bound from {slow} to {fast}");
            }
        }
        Ok(())
    });
}

/// Limits are whole percents and capacities become multiples of 100 bytes, so that no limit is rounded;
/// twice a float is as exact as the float. Growth is rounded to bytes and so left out.
#[test]
fn doubling_all_bytes_and_rates_changes_no_move_and_no_wave() {
    for_all(awkward, 1, |snapshot, request| {
        if request.growth {
            return Ok(());
        }
        let mut rows = Rows::of(snapshot);
        for dir in rows.brokers.iter_mut().flat_map(|broker| &mut broker.log_dirs) {
            dir.capacity = dir.capacity.map(|capacity| Bytes::new(capacity.get().next_multiple_of(100)));
        }
        let single = rows.clone().build().map_err(|error| error.to_string())?;
        let double = rows.doubled().build().map_err(|error| error.to_string())?;
        let throttle = request.throttle.map(|rate| BytesPerSec::new(rate.get() * 2));
        let twice = Request { throttle, ..request.clone() };
        match (solve(&single, request), solve(&double, &twice)) {
            (Ok(a), Ok(b)) => {
                holds!(a.moves.topic == b.moves.topic && a.moves.partition == b.moves.partition, "other partitions");
                holds!(a.moves.replicas == b.moves.replicas, "other lists");
                holds!(a.moves.dir == b.moves.dir, "other log dirs");
                let waves = |plan: &Plan| plan.waves.iter().map(|wave| wave.rows.clone()).collect::<Vec<_>>();
                holds!(waves(&a) == waves(&b), "other waves");
            }
            (Err(a), Err(b)) => holds!(a.code() == b.code(), "first {a}\nthen {b}"),
            (Ok(_), Err(error)) => return Err(format!("a plan, but none when doubled: {error}")),
            (Err(error), Ok(_)) => return Err(format!("a plan only when doubled: {error}")),
        }
        Ok(())
    });
}

/// Whether the request asks for this topic, by the filters that `support/gen.rs` draws.
fn asks_for(request: &Request, name: &str) -> bool {
    let matches = |pattern: &str| match pattern {
        "a-.*" => name.starts_with("a-"),
        "[ab].*" => name.starts_with(['a', 'b']),
        "(?!__).*" => !name.starts_with("__"),
        "__.*|c_.*" => name.starts_with("__") || name.starts_with("c_"),
        "nothing" => false,
        other => panic!("the generator draws no filter `{other}`"),
    };
    request.topics.as_deref().is_none_or(matches) && !request.exclude_topics.as_deref().is_some_and(matches)
}

pub fn verdict(snapshot: &Snapshot, request: &Request) -> Verdict {
    oracle::verdict(snapshot, request, |topic| asks_for(request, topic))
}

#[test]
fn brute_force_confirms_every_plan_and_every_impossibility() {
    for_all(tiny, 1, |snapshot, request| {
        match (solve(snapshot, request), verdict(snapshot, request)) {
            (Ok(_), found) => holds!(found != Verdict::Impossible, "a plan where brute force finds no placement"),
            (Err(error), Verdict::Feasible) => {
                let kind = error.details().get("kind").and_then(|kind| kind.as_str());
                let claims = matches!(error.code(), Code::DiskLimit | Code::RackPolicy | Code::TooFewBrokers);
                holds!(!claims || kind == Some("not-found"), "brute force finds a placement, but {error}");
            }
            (Err(_), _) => {}
        }
        Ok(())
    });
}

#[test]
fn no_bound_is_above_what_brute_force_reaches() {
    for_all(tiny, 1, |snapshot, request| {
        let Ok(plan) = solve(snapshot, request) else { return Ok(()) };
        let Some(least) = least(snapshot, request, |topic| asks_for(request, topic)) else { return Ok(()) };
        let bounds = plan.summary.bounds.as_ref().ok_or("no bounds")?;
        let is_above = |bound: f64, reached: f64| bound > reached * (1.0 + 1e-9);
        if let (Some(disk), Some(fill)) = (&bounds.disk, least.fill) {
            holds!(!is_above(disk.value, fill), "disk {disk:?}, by brute force {fill}");
        }
        if let Some(leaders) = &bounds.leaders {
            let best = least.heads;
            holds!(!is_above(leaders.value, best), "leaders {leaders:?}, by brute force {best}");
        }
        if let (Some(makespan), Some(rate)) = (&bounds.makespan, request.throttle)
            && matches!(makespan.proof, plan::Proof::Prices { .. })
        {
            let best = least.inflow / rate.as_f64();
            holds!(!is_above(makespan.value, best), "makespan {makespan:?}, by brute force {best}");
        }
        Ok(())
    });
}

#[test]
fn bounds_are_mostly_what_brute_force_reaches() {
    let exact = |seed: u64| -> Option<(bool, bool)> {
        let (snapshot, request) = tiny(seed);
        let plan = solve(&snapshot, &request).ok().filter(|plan| plan.summary.replicas_moved > 0)?;
        let least = least(&snapshot, &request, |topic| asks_for(&request, topic))?;
        let bounds = plan.summary.bounds.as_ref()?;
        let is_reached = |bound: f64, best: f64| bound >= best * (1.0 - 1e-6);
        Some((
            is_reached(bounds.disk.as_ref()?.value, least.fill?),
            is_reached(bounds.leaders.as_ref()?.value, least.heads),
        ))
    };
    let outcomes: Vec<(bool, bool)> = (0..cases()).into_par_iter().filter_map(exact).collect();
    let (disk, leaders) =
        (outcomes.iter().filter(|entry| entry.0).count(), outcomes.iter().filter(|entry| entry.1).count());
    println!("of {} plans, the disk bound is exact for {disk}, that of leaders for {leaders}", outcomes.len());
    assert!(disk * 10 >= outcomes.len() * 8, "disk: {disk} of {}", outcomes.len());
    assert!(leaders * 100 >= outcomes.len() * 95, "leaders: {leaders} of {}", outcomes.len());
}

#[test]
fn a_placement_that_exists_is_missed_at_most_twice_in_a_hundred() {
    for (word, draw) in [("disk", tiny as fn(u64) -> (Snapshot, Request)), ("time", |seed| in_time(tiny, seed))] {
        let missed = |seed: u64| -> Option<bool> {
            let (snapshot, request) = draw(seed);
            if verdict(&snapshot, &request) != Verdict::Feasible {
                return None;
            }
            match solve(&snapshot, &request) {
                Ok(_) => Some(false),
                Err(error) if error.code().exit_code() == 3 => Some(true),
                Err(_) => None,
            }
        };
        let outcomes: Vec<(u64, bool)> =
            (0..cases()).into_par_iter().filter_map(|seed| Some((seed, missed(seed)?))).collect();
        let misses: Vec<u64> = outcomes.iter().filter(|(_, missed)| *missed).map(|(seed, _)| *seed).collect();
        println!("{word}: {} of {} feasible clusters were missed", misses.len(), outcomes.len());
        assert!(
            misses.len() * 50 <= outcomes.len(),
            "{word}: {} of {}: seeds {misses:?}",
            misses.len(),
            outcomes.len()
        );
    }
}

/// Forced bytes over the room that the limit leaves on the targets: above 1 nothing fits.
fn forced_over_room(snapshot: &Snapshot, request: &Request) -> f64 {
    let is_target = |broker: &kshift::snapshot::Broker| {
        broker.state == BrokerState::Alive
            && !request.drain.contains(broker.id)
            && request.onto.as_ref().is_none_or(|onto| onto.contains(broker.id))
    };
    let used = snapshot.used_bytes();
    let room: u64 = snapshot
        .brokers
        .iter()
        .zip(&used)
        .filter(|(broker, _)| is_target(broker))
        .flat_map(|(broker, used)| broker.log_dirs.iter().zip(used))
        .map(|(dir, used)| {
            dir.capacity.map_or(0, |capacity| request.disk_limit.of(capacity).saturating_sub(*used).get())
        })
        .sum();
    let columns = &snapshot.partitions;
    let drained = |row: usize| columns.replicas.get(row).iter().filter(|&&id| request.drain.contains(id)).count();
    let forced: u64 = (0..columns.len()).map(|row| drained(row) as u64 * columns.size[row].map_or(0, Bytes::get)).sum();
    if forced == 0 { 0.0 } else { forced as f64 / room as f64 }
}

/// How many of 1,000 cases have something.
fn share(name: &str, least: usize, most: usize, has: impl Fn(&Snapshot, &Request) -> bool + Sync) {
    let count = (0..1000_u64)
        .into_par_iter()
        .filter(|&seed| {
            let (snapshot, request) = awkward(seed);
            has(&snapshot, &request)
        })
        .count();
    assert!((least..=most).contains(&count), "{count} of 1000 cases are {name}; expected {least} to {most}");
}

#[test]
fn the_generator_makes_every_awkward_kind_often() {
    share("too full by far", 60, 300, |s, r| forced_over_room(s, r) > 1.0 && !r.ignore_disk);
    share("nearly full", 60, 400, |s, r| (0.85..=1.0).contains(&forced_over_room(s, r)));
    share("roomy", 250, 900, |s, r| forced_over_room(s, r) < 0.85);
    share("JBOD", 150, 500, |s, _| s.brokers.iter().any(|broker| broker.log_dirs.len() > 1));
    share("of unknown replica dirs on JBOD", 40, 400, |s, _| {
        s.brokers[0].log_dirs.len() > 1 && s.partitions.dir.iter().any(Option::is_none)
    });
    share("RF 1", 150, 800, |s, _| s.partitions.replicas.iter().any(|list| list.len() == 1));
    share("RF 5", 60, 600, |s, _| s.partitions.replicas.iter().any(|list| list.len() == 5));
    share("sick brokers", 60, 400, |s, _| s.brokers.iter().any(|broker| broker.state != BrokerState::Alive));
    share("without a leader", 40, 400, |s, _| s.partitions.leader.contains(&None));
    share("of a short ISR", 60, 500, |s, _| {
        s.partitions.isr.iter().zip(s.partitions.replicas.iter()).any(|(isr, list)| isr.len() < list.len())
    });
    share("reassigning", 20, 300, |s, _| !s.partitions.adding.is_empty());
    share("of leaders that are not preferred", 60, 600, |s, _| {
        (0..s.partitions.len())
            .any(|row| s.partitions.leader[row].is_some_and(|id| id != s.partitions.replicas.get(row)[0]))
    });
    share("without racks", 50, 300, |s, _| s.brokers.iter().all(|broker| broker.rack.is_none()));
    share("of live traffic", 150, 600, |s, _| s.partitions.bytes_in.iter().any(|rate| rate.get() > 0.0));
    share("throttled", 250, 700, |_, r| r.throttle.is_some());
    share("of small waves", 100, 500, |_, r| r.max_moves < 10 || r.max_moves_per_broker.is_some());
    share("of brokers that hold nothing and are drained", 30, 400, |s, r| {
        r.drain.iter().any(|id| !s.partitions.replicas.values().contains(&id))
    });
    share("of a thousand partitions and more", 10, 100, |s, _| s.partitions.len() >= 1000);
    share("of no forced replica", 5, 400, |s, r| {
        !s.partitions.replicas.values().iter().any(|id| r.drain.contains(*id))
    });
}

#[test]
fn the_generator_gives_each_seed_its_own_case_for_ever() {
    assert_eq!(awkward(7), awkward(7));
    assert_ne!(awkward(7), awkward(8));
    assert_eq!(tiny(7), tiny(7));
}

#[test]
fn tiny_cases_are_both_feasible_and_impossible_and_small_enough_to_decide() {
    let found: Vec<Verdict> = (0..1000_u64)
        .into_par_iter()
        .map(|seed| {
            let (snapshot, request) = tiny(seed);
            assert!(snapshot.brokers.len() <= 6 && snapshot.partitions.len() <= 8);
            verdict(&snapshot, &request)
        })
        .collect();
    let count = |verdict| found.iter().filter(|&&found| found == verdict).count();
    assert!(count(Verdict::Feasible) > 300, "{} feasible", count(Verdict::Feasible));
    assert!(count(Verdict::Impossible) > 150, "{} impossible", count(Verdict::Impossible));
    assert!(count(Verdict::Unknown) < 20, "{} undecided", count(Verdict::Unknown));
}

#[test]
fn a_case_survives_rebuilding_shuffling_and_printing() {
    for seed in 0..200 {
        let (snapshot, request) = awkward(seed);
        let shuffled = Rows::of(&snapshot).shuffled(&mut Random::new(seed)).build().unwrap();
        assert_eq!(shuffled.sha256(), snapshot.sha256(), "seed {seed}");
        let text = shrink::print(&snapshot, &request);
        let mut parts = text.split("r#\"").skip(1).map(|part| part.split("\"#;").next().unwrap());
        let (again, same) = shrink::case(parts.next().unwrap(), parts.next().unwrap());
        assert_eq!((again.sha256(), same), (snapshot.sha256(), request), "seed {seed}");
    }
}

#[test]
fn shrinking_keeps_the_failure_and_little_else() {
    let fails = |snapshot: &Snapshot, request: &Request| {
        let drained = |list: &[kshift::base::ids::BrokerId]| list.iter().any(|&id| request.drain.contains(id));
        request.max_moves_per_broker.is_some() && snapshot.partitions.replicas.iter().any(drained)
    };
    let cases = (0..200).map(awkward).filter(|(snapshot, request)| fails(snapshot, request));
    for (snapshot, request) in cases.take(10) {
        let (small, asked) = shrink::shrink(&snapshot, &request, fails);
        assert!(fails(&small, &asked));
        assert_eq!((small.brokers.len(), small.partitions.len()), (1, 1));
        assert_eq!(small.partitions.replicas.total(), 1);
        let default = Request {
            drain: asked.drain.clone(),
            max_moves_per_broker: asked.max_moves_per_broker,
            ..Request::default()
        };
        assert_eq!(Request { skip_unhealthy: false, ..asked }, default);
    }
}
