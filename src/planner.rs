//! The table of contents of the left bank: each line of [`solve`] is one room of the house.

mod at_risk;
mod back;
mod bounds;
mod forecast;
mod remedy;
mod rest;
mod sources;
mod target_drift;
mod trade;
mod windows;

use std::borrow::Cow;

use rayon::prelude::*;

use crate::base::error::{Code, Error, Result};
use crate::base::ids::{IdSet, PartitionId};
use crate::base::index::{BrokerIx, Csr, DirIx, IndexVec, Ix, PartitionIx, RackIx};
use crate::base::pairs::Pairing;
use crate::base::text::{brokers as brokers_text, counted, either, grouped};
use crate::base::units::{Bytes, Seconds};
use crate::base::work::Work;
use crate::bound;
use crate::calendar::{self, Calendar};
use crate::cluster::Cluster;
use crate::exact;
use crate::given;
use crate::leadership::{self, Leadership};
use crate::placement::{self, Home, Placement};
use crate::plan::{
    ANY_DIR, Bottleneck, ClusterIdentity, EarlierThrottles, Moves, Outcome, Plan, PlanBroker, PlanDir, Role, Summary,
    Throttle, Warning, Wave,
};
use crate::problem::{Problem, Wanted, pairing};
use crate::request::{RackPolicy, Request};
use crate::route::{self, Steps};
use crate::schedule::{self, Loads, Schedule, given_bound, rolling};
use crate::search;
use crate::snapshot::{BrokerState, Snapshot};

/// Solves a settled `request` for `snapshot`.
pub fn solve<'s>(snapshot: &'s Snapshot, request: &'s Request, work: &Work) -> Result<Solved<'s>> {
    solve_waves(snapshot, request, Look::Whole, work).map_err(|error| {
        remedy::offer(snapshot, request, error, work, &|request, work| {
            // What the fast path can do, the exact one can.
            let request = &Request { exact: false, ..request.clone() };
            moves_something(&solve_waves(snapshot, request, Look::Feasible, work)?)
        })
    })
}

/// The request with the brokers of its racks and its pairs named, all old ones drained: so it stands in the plan.
pub fn settled<'r>(snapshot: &Snapshot, request: &'r Request) -> Result<Cow<'r, Request>> {
    request.coherent()?;
    let mut settled = Cow::Borrowed(request);
    if !request.drain_rack.is_empty() {
        settled.to_mut().drain = snapshot.drained(request)?;
        settled.coherent()?;
    }
    if let Some(start) = calendar::settle_start(snapshot, request)? {
        settled.to_mut().start = Some(start);
    }
    let pairs = match &settled.pair {
        None => return Ok(settled),
        Some(Pairing::Named(pairs)) => pairs.clone(),
        Some(Pairing::Auto) => pairing::choose(&Cluster::new(snapshot), &settled)?,
    };
    let drain = pairs.old();
    Ok(Cow::Owned(Request { drain, pair: Some(Pairing::Named(pairs)), ..settled.into_owned() }))
}

/// A request that leaves everything where it is helps nobody who asked for more.
fn moves_something(solved: &Solved<'_>) -> Result<()> {
    if solved.problem.movers.is_empty() { Err(Error::new(Code::Usage, "nothing would move")) } else { Ok(()) }
}

/// Everything that was decided, and what nobody can beat.
pub struct Solved<'s> {
    problem: Problem<'s>,
    leadership: Leadership,
    not_proven: Vec<Warning>,
    steps: Steps,
    schedule: Schedule,
    loads: Loads,
    /// How long the waves take when they overlap, where that is known.
    rolling: Option<Seconds>,
    /// Absent where the lists are given, or replicas stay.
    bounds: Option<bound::Found>,
    /// What the other preference gives, where that was asked for and can be told.
    other: Option<Outcome>,
    /// When the waves run, where that was asked for.
    calendar: Option<Calendar>,
}

/// How much is made of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Some plan, to know that there is one.
    Feasible,
    /// The best plan, and what the other preference gives.
    Whole,
}

fn solve_waves<'s>(snapshot: &'s Snapshot, request: &'s Request, look: Look, work: &Work) -> Result<Solved<'s>> {
    work.step("reading", 0, 1)?;
    let cluster = Cluster::new(snapshot);
    let mut problem = Problem::new(cluster, request)?;
    loop {
        let beside = || {
            let bounds = request.chooses_brokers().then(|| bound::of(&problem));
            let other = if look == Look::Whole { trade::other(snapshot, &problem, work) } else { Ok(None) };
            (bounds, other)
        };
        let (decided, (bounds, other)) = rayon::join(|| decide(&problem, look, work), beside);
        let (leadership, not_proven, Timed { steps, schedule, loads }) = decided?;
        if problem.settle_headroom(&leadership.lists.map(|home| home.broker))? {
            // The same homes at other rates: what they bring to each broker is known now, and does not change again.
            continue;
        }
        let (mut schedule, loads) = windows::fit(&mut problem, &steps, (schedule, loads), work)?;
        // It may cut waves anew, so nothing looks at them before.
        let rolling = match look {
            Look::Whole => rolling::order(&problem, &steps, &loads, &mut schedule, work)?,
            Look::Feasible => None,
        };
        let makespan = schedule::makespan(&schedule.waves);
        if !request.growth || makespan <= problem.growth_horizon {
            problem.growth_horizon = if request.growth { makespan } else { Seconds::ZERO };
            let calendar = windows::dates(&problem, &steps, &schedule, &loads)?;
            return Ok(Solved {
                problem,
                leadership,
                not_proven,
                steps,
                schedule,
                loads,
                rolling,
                bounds,
                other: other?,
                calendar,
            });
        }
        // Room for the growth of the whole plan; another placement may take a little longer, hence the margin.
        problem.growth_horizon = Seconds::new(makespan.get() * 1.02);
    }
}

/// The homes of all movers, the new head of each list in front; and whether anything has left the home that was
/// found for it first.
pub fn settle(problem: &Problem<'_>, found: &Placement, look: Look, work: &Work) -> Result<(Csr<Home>, bool)> {
    let mut homes = found.homes.clone();
    leadership::choose_heads(problem, &mut homes, work)?;
    let has_changed = look == Look::Whole && search::improve(problem, &mut homes, work)?;
    Ok((homes, has_changed))
}

/// The final lists of all movers, by the fast path.
fn lists(problem: &Problem<'_>, look: Look, work: &Work) -> Result<Leadership> {
    let request = problem.request;
    if request.empties_dirs() {
        return Ok(Leadership { lists: placement::within_brokers(problem, work)? });
    }
    if request.leaders_only {
        return leadership::hand_over(problem, work);
    }
    if request.is_given() {
        return given::order(problem, work);
    }
    let (homes, _) = settle(problem, &placement::place(problem, work)?, look, work)?;
    Ok(leadership::order_behind_heads(problem, homes))
}

/// Who holds, who leads and what moves when; and warnings of what could not be proved.
fn decide(problem: &Problem<'_>, look: Look, work: &Work) -> Result<(Leadership, Vec<Warning>, Timed)> {
    let request = problem.request;
    let (leadership, not_proven) = if request.resume.is_some() {
        (rest::order(problem, look, work)?, Vec::new())
    } else if !request.chooses_brokers() {
        (lists(problem, look, work)?, Vec::new())
    } else {
        let order = |placement: &Placement| {
            let (homes, has_changed) = settle(problem, placement, look, work)?;
            Ok((leadership::order_behind_heads(problem, homes), has_changed))
        };
        let placement = placement::place(problem, work);
        if request.exact {
            let fast = placement.and_then(|placement| order(&placement));
            exact::solve(problem, fast.map(|ordered| ordered.0), work)?
        } else {
            let placement = placement?;
            if route::is_direct(problem) {
                // Who leads at the end changes nothing of what is copied, and mostly nothing leaves its home any more.
                let timed = || {
                    let steps = route::direct(problem, &placement.homes);
                    schedule::schedule(problem, &steps, work).map(|(schedule, loads)| Timed { steps, schedule, loads })
                };
                let (ordered, timed) = rayon::join(|| order(&placement), timed);
                match ordered? {
                    (leadership, false) => {
                        let mut timed = timed?;
                        timed.steps.after = leadership.lists.clone();
                        return Ok((leadership, Vec::new(), timed));
                    }
                    (leadership, true) => (leadership, Vec::new()),
                }
            } else {
                (order(&placement)?.0, Vec::new())
            }
        }
    };
    let steps = route::steps(problem, &leadership.lists)?;
    let (schedule, loads) = schedule::schedule(problem, &steps, work)?;
    Ok((leadership, not_proven, Timed { steps, schedule, loads }))
}

/// What happens when.
struct Timed {
    steps: Steps,
    schedule: Schedule,
    loads: Loads,
}

/// Which cluster a plan is for.
pub fn identity(snapshot: &Snapshot) -> ClusterIdentity {
    let (sha256, assignment_sha256) = rayon::join(|| snapshot.sha256(), || snapshot.assignment_sha256());
    ClusterIdentity {
        name: snapshot.name.clone(),
        sha256,
        assignment_sha256,
        cluster_id: snapshot.cluster_id.clone(),
        kafka_version: snapshot.kafka_version.clone(),
        mode: snapshot.mode,
    }
}

/// What was decided, on paper. It is not yet checked: that is [`crate::plan()`].
pub fn write(mut solved: Solved<'_>, cluster: ClusterIdentity) -> Plan {
    let found = solved.bounds.take();
    let solved = &solved;
    let problem = &solved.problem;
    // The forecast follows wave after wave what has landed, so the rest is done beside it.
    let (forecast, (((topics, moves), brokers), (at_risk, sources))) = rayon::join(
        || forecast::of(problem, &solved.steps, &solved.schedule, &solved.loads),
        || {
            rayon::join(
                || rayon::join(|| moves(solved), || brokers(solved)),
                || rayon::join(|| at_risk::of(solved), || sources::of(problem, &solved.leadership.lists)),
            )
        },
    );
    let waves = waves(solved, &moves);
    let mut summary = summary(solved, &brokers, &waves);
    summary.balance_sources = sources;
    match found {
        Some(found) => bounds::add(&mut summary, found, problem, &brokers),
        None => bounds::add_given(&mut summary, given_bound::makespan(problem, &solved.leadership.lists)),
    }
    let throttles_before = EarlierThrottles::of(problem.cluster.snapshot, &topics);
    let mut plan = Plan {
        kshift: env!("CARGO_PKG_VERSION").to_owned(),
        request: problem.resolved_request(),
        cluster,
        brokers,
        summary,
        topics,
        moves,
        waves,
        deferred: problem.deferred.clone(),
        warnings: warnings(solved),
        complete: problem.deferred.is_empty(),
        drift: None,
        throttles_before,
    };
    forecast::add(&mut plan, problem, &forecast);
    let in_order = solved.schedule.waves.iter().flat_map(|wave| &wave.steps);
    let traffic: Vec<f64> = in_order.map(|&step| solved.loads.loads[step as usize].write).collect();
    back::add(&mut plan, problem, &traffic);
    at_risk::add(&mut plan, at_risk);
    plan
}

fn waves(solved: &Solved<'_>, moves: &Moves) -> Vec<Wave> {
    let request = solved.problem.resolved_request();
    let throttle = |rows: std::ops::Range<usize>| {
        let brokers = rows.flat_map(|row| moves.previous.get(row).iter().chain(moves.replicas.get(row))).copied();
        let serving =
            brokers.filter(|&id| solved.problem.cluster.snapshot.broker(id).is_some_and(|row| row.state.serves()));
        Throttle::among(&request, serving).filter(|_| !request.keeps_brokers())
    };
    let mut start = 0;
    let wave = |(number, wave): (usize, &schedule::Wave)| {
        let rows = start..start + wave.steps.len();
        start = rows.end;
        let bottleneck = wave.time.and_then(|time| time.bottleneck);
        Wave {
            index: number as u32 + 1,
            stage: wave.stage,
            copy_seconds: wave.time.map(|time| time.copy),
            duration_seconds: None,
            bottleneck: bottleneck
                .map(|(broker, side)| Bottleneck { broker: solved.problem.cluster.brokers[broker].id, side }),
            limit: None,
            throttle: throttle(rows.clone()),
            dates: solved.calendar.as_ref().map(|calendar| calendar.waves[number]),
            rollback_seconds: None,
            rollback_peak_disk_utilization: None,
            at_risk: None,
            rows,
        }
    };
    solved.schedule.waves.iter().enumerate().map(wave).collect()
}

/// The moves in plan order, and the names of their topics.
fn moves(solved: &Solved<'_>) -> (Vec<String>, Moves) {
    let Solved { problem, steps, .. } = solved;
    let Problem { cluster, movers, .. } = problem;
    let partitions = &cluster.snapshot.partitions;
    let order: Vec<usize> =
        solved.schedule.waves.iter().flat_map(|wave| wave.steps.iter().map(|&step| step as usize)).collect();
    let (number_of, topics) = topic_numbers(cluster, movers);
    let id_of = |broker: BrokerIx| cluster.brokers[broker].id;
    let by_copy = order.len() * 3;
    let after = || {
        let mut table = Moves {
            replicas: Csr::with_capacity(order.len(), by_copy),
            leader_after: Vec::with_capacity(order.len()),
            ..Moves::default()
        };
        let mut dirs = DirNames::default();
        let some_have_several = cluster.brokers.indices().any(|broker| cluster.dirs_of(broker).len() > 1);
        for &step in &order {
            let list = steps.after.get(step);
            table.replicas.push(list.iter().map(|home| id_of(home.broker)));
            if some_have_several {
                push_dirs(solved, step, &mut dirs, &mut table);
            } else {
                table.dir.end_list();
                table.previous_dir.end_list();
            }
            let list = list.iter().map(|home| home.broker);
            let leader = route::successor(problem, steps.partition(problem, step), steps.leader[step], list);
            table.leader_after.push(leader.map(id_of));
        }
        table.dir_names = dirs.names;
        table
    };
    let before = || {
        let mut table = Moves {
            topic: Vec::with_capacity(order.len()),
            partition: Vec::with_capacity(order.len()),
            previous: Csr::with_capacity(order.len(), by_copy),
            leader: Vec::with_capacity(order.len()),
            size: Vec::with_capacity(order.len()),
            ..Moves::default()
        };
        for &step in &order {
            let partition = steps.partition(problem, step);
            let row = partition.get();
            table.topic.push(number_of[cluster.topic_of(partition).get()]);
            table.partition.push(PartitionId::new(partitions.id[row].get()));
            table.previous.push(steps.before.get(step).iter().map(|&broker| id_of(broker)));
            table.leader.push(Some(id_of(steps.leader[step])));
            table.size.push(cluster.size_of(partition));
        }
        table
    };
    let (after, Moves { topic, partition, previous, leader, size, .. }) = rayon::join(after, before);
    (topics, Moves { topic, partition, previous, leader, size, ..after })
}

/// The number of each topic among those that move, and their names.
fn topic_numbers(cluster: &Cluster<'_>, movers: &[PartitionIx]) -> (Vec<u32>, Vec<String>) {
    let mut number_of = vec![u32::MAX; cluster.snapshot.topics.len()];
    let mut names = Vec::new();
    for &partition in movers {
        let topic = cluster.topic_of(partition).get();
        if number_of[topic] == u32::MAX {
            number_of[topic] = names.len() as u32;
            names.push(cluster.snapshot.topics[topic].name.clone());
        }
    }
    (number_of, names)
}

#[derive(Default)]
struct DirNames {
    names: Vec<String>,
    numbers: rustc_hash::FxHashMap<String, u32>,
}

impl DirNames {
    fn number(&mut self, path: &str) -> u32 {
        if let Some(&number) = self.numbers.get(path) {
            return number;
        }
        let number = self.names.len() as u32;
        self.names.push(path.to_owned());
        self.numbers.insert(path.to_owned(), number);
        number
    }
}

/// Names dirs where a broker has several: of added replicas the chosen one, of previous ones the known one.
fn push_dirs(solved: &Solved<'_>, step: usize, dirs: &mut DirNames, table: &mut Moves) {
    let Solved { problem, steps, .. } = solved;
    let cluster = &problem.cluster;
    let path = |home: &Home| {
        let row = &cluster.dirs[home.dir?];
        let is_one_of_several = cluster.dirs_of(row.broker).len() > 1;
        is_one_of_several.then(|| cluster.snapshot.brokers[row.broker.get()].log_dirs[row.place].path.as_str())
    };
    let partition = steps.partition(problem, step);
    // A replica lies where the snapshot has it, or where an earlier step brought it, which the last list says.
    let ends = solved.leadership.lists.get(steps.mover[step] as usize);
    let stood = cluster.replicas_of(partition);
    let held = |&broker: &BrokerIx| match stood.iter().position(|&other| other == broker) {
        Some(place) => cluster.snapshot.partitions.dir_of(partition.get(), place),
        None => path(ends.iter().find(|home| home.broker == broker)?),
    };
    let after: Vec<Option<&str>> = steps.after.get(step).iter().map(path).collect();
    let before: Vec<Option<&str>> = steps.before.get(step).iter().map(held).collect();
    let several = |&broker: &BrokerIx| cluster.dirs_of(broker).len() > 1;
    let is_worth = steps.before.get(step).iter().zip(&before).any(|(broker, path)| several(broker) && path.is_some());
    let columns =
        [(after.iter().any(Option::is_some), after, &mut table.dir), (is_worth, before, &mut table.previous_dir)];
    for (is_named, paths, column) in columns {
        if is_named {
            column.push(paths.iter().map(|path| path.map_or(ANY_DIR, |path| dirs.number(path))));
        } else {
            column.end_list();
        }
    }
}

/// What the plan does to each broker and log dir.
fn brokers(solved: &Solved<'_>) -> Vec<PlanBroker> {
    let Problem { cluster, movers, is_drained, is_target, .. } = &solved.problem;
    let mut count: IndexVec<BrokerIx, [u32; 4]> = IndexVec::filled([0; 4], cluster.brokers.len());
    let mut dirs: Vec<Vec<PlanDir>> = plan_dirs(cluster);
    let mut growth: Vec<Vec<f64>> = dirs.iter().map(|dirs| vec![0.0; dirs.len()]).collect();
    let written = |partition: PartitionIx| cluster.snapshot.partitions.bytes_in[partition.get()].get();
    let mut next = 0;
    for partition in cluster.partitions() {
        let before = cluster.replicas_of(partition);
        tally(&mut count, before.iter().copied(), 0);
        if movers.get(next) != Some(&partition) {
            tally(&mut count, before.iter().copied(), 1);
            continue;
        }
        let list = solved.leadership.lists.get(next);
        next += 1;
        tally(&mut count, list.iter().map(|home| home.broker), 1);
        let size = cluster.size_of(partition);
        for home in list {
            if let Some(home_dir) = home.dir {
                let dir = &mut dirs[home.broker.get()][cluster.dirs[home_dir].place];
                dir.used_after_bytes += size;
                dir.used_peak_bytes += size;
                growth[home.broker.get()][cluster.dirs[home_dir].place] += written(partition);
            }
        }
        // One that stays on its broker and has a log dir leaves its old one.
        let stays = |place: usize| list.iter().any(|home| home.broker == before[place] && home.dir.is_none());
        for place in (0..before.len()).filter(|&place| !stays(place)) {
            free(cluster, partition, place, size, &mut dirs[before[place].get()]);
        }
    }
    for (dir, traffic) in dirs.iter_mut().flatten().zip(growth.iter().flatten()) {
        dir.used_peak_bytes += Bytes::new((traffic * solved.problem.growth_horizon.get()) as u64);
    }
    if matches!(solved.problem.wanted, Wanted::Lists(_)) {
        for (dir, row) in use_by_wave(solved).iter().zip(cluster.dirs.iter()) {
            let shown = &mut dirs[row.broker.get()][row.place];
            (shown.used_peak_bytes, shown.used_after_bytes) = *dir;
        }
    }
    let broker = |(ix, row): (BrokerIx, &crate::cluster::BrokerRow)| PlanBroker {
        id: row.id,
        host: cluster.snapshot.broker(row.id).and_then(|broker| broker.host.clone()),
        rack: cluster.racks[row.rack].map(str::to_owned),
        state: row.state,
        role: match (is_drained[ix], is_target[ix]) {
            (true, _) => Role::Drain,
            (_, true) => Role::Target,
            _ => Role::Other,
        },
        log_dirs: std::mem::take(&mut dirs[ix.get()]),
        replicas_before: count[ix][0],
        replicas_after: count[ix][1],
        leaders_before: count[ix][2],
        leaders_after: count[ix][3],
    };
    cluster.brokers.iter_enumerated().map(broker).collect()
}

/// Peak and final use of every log dir, where what was freed makes room for what comes later.
fn use_by_wave(solved: &Solved<'_>) -> IndexVec<DirIx, (Bytes, Bytes)> {
    let Solved { problem, steps, schedule, .. } = solved;
    let cluster = &problem.cluster;
    let mut story: IndexVec<DirIx, (Bytes, Bytes)> = cluster.dirs.iter().map(|dir| (dir.used, dir.used)).collect();
    for wave in &schedule.waves {
        let steps_of_wave = || wave.steps.iter().map(|&step| step as usize);
        for step in steps_of_wave() {
            for dir in steps.after.get(step).iter().filter_map(|home| home.dir) {
                let (peak, held) = &mut story[dir];
                *held += cluster.size_of(steps.partition(problem, step));
                *peak = (*peak).max(*held);
            }
        }
        for step in steps_of_wave() {
            let (partition, after) = (steps.partition(problem, step), steps.after.get(step));
            let goes = |broker: &&BrokerIx| after.iter().all(|home| home.broker != **broker);
            for dir in steps.before.get(step).iter().filter(goes).filter_map(|&b| cluster.dir_holding(partition, b)) {
                let held = &mut story[dir].1;
                *held = held.saturating_sub(cluster.size_of(partition));
            }
        }
    }
    story
}

/// Counts a list's brokers, and its head, before (0) or after (1).
fn tally(count: &mut IndexVec<BrokerIx, [u32; 4]>, list: impl Iterator<Item = BrokerIx>, when: usize) {
    for (place, broker) in list.enumerate() {
        count[broker][when] += 1;
        count[broker][2 + when] += u32::from(place == 0);
    }
}

fn plan_dirs(cluster: &Cluster<'_>) -> Vec<Vec<PlanDir>> {
    let dir = |ix| {
        let row: &crate::cluster::DirRow = &cluster.dirs[ix];
        PlanDir {
            path: cluster.snapshot.brokers[row.broker.get()].log_dirs[row.place].path.clone(),
            capacity_bytes: row.capacity,
            used_before_bytes: row.used,
            used_peak_bytes: row.used,
            used_after_bytes: row.used,
        }
    };
    cluster.brokers.indices().map(|broker| cluster.dirs_of(broker).map(dir).collect()).collect()
}

/// Takes a replica off its log dir; one whose dir is not known among several frees none.
fn free(cluster: &Cluster<'_>, partition: PartitionIx, place: usize, size: Bytes, dirs: &mut [PlanDir]) {
    let known = cluster.snapshot.partitions.dir_of(partition.get(), place);
    let dir = match dirs {
        [only] => Some(only),
        several => several.iter_mut().find(|dir| Some(dir.path.as_str()) == known),
    };
    if let Some(dir) = dir {
        dir.used_after_bytes = dir.used_after_bytes.saturating_sub(size);
    }
}

fn summary(solved: &Solved<'_>, brokers: &[PlanBroker], waves: &[Wave]) -> Summary {
    let Solved { problem, loads, .. } = solved;
    let bytes_moved = Bytes::new(
        loads.loads.iter().map(|load| problem.cluster.size_of(load.partition).get() * u64::from(load.adding)).sum(),
    );
    let timed = problem.rates.is_some();
    let targets = || brokers.iter().filter(|broker| broker.role == Role::Target);
    let received = peak_utilization(solved, brokers);
    let cross_rack_bytes = cross_rack_bytes(problem, loads);
    let least_waves = schedule::least_waves::of(problem, &solved.steps, &solved.schedule, loads);
    let dates = |wave: Option<&Wave>| wave.and_then(|wave| wave.dates);
    Summary {
        replicas_moved: loads.adding.total() as u64,
        replicas_forced: problem.replicas_forced,
        bytes_moved,
        bytes_forced: problem.bytes_forced,
        waves: waves.len() as u32,
        makespan_seconds: timed.then(|| waves.iter().filter_map(|wave| wave.copy_seconds).sum()),
        rolling_seconds: solved.rolling,
        eta_seconds: None,
        makespan_lower_bound_seconds: None,
        makespan_lower_bound_by: None,
        cross_rack_bytes,
        cross_rack_cost: problem.request.price_per_gb.map(|price| price.of(cross_rack_bytes)),
        starts_at: dates(waves.first()).map(|dates| dates.starts_at.expected),
        ends_at: dates(waves.last()).map(|dates| dates.ends_at),
        disk_max_over_mean: max_over_mean(targets().map(fill_after)),
        leaders_max_over_mean: max_over_mean(targets().map(|broker| Some(f64::from(broker.leaders_after)))),
        peak_disk_utilization: received,
        bounds: None,
        trade: trade::of(problem, &solved.leadership.lists, solved.other),
        at_risk: None,
        balance_sources: None,
        waves_lower_bound: Some(least_waves.waves),
        waves_lower_bound_by: Some(least_waves.by).filter(|by| !by.is_empty()),
    }
}

/// Final use over capacity of a broker; absent when a capacity is not known.
fn fill_after(broker: &PlanBroker) -> Option<f64> {
    let used: Bytes = broker.log_dirs.iter().map(|dir| dir.used_after_bytes).sum();
    let capacities: Option<Vec<Bytes>> = broker.log_dirs.iter().map(|dir| dir.capacity_bytes).collect();
    let capacity: Bytes = capacities?.into_iter().sum();
    (capacity > Bytes::ZERO).then(|| used.as_f64() / capacity.as_f64())
}

/// The largest over the mean; absent when a value is missing, there is none, or all are zero.
fn max_over_mean(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let values: Vec<f64> = values.collect::<Option<_>>()?;
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (mean > 0.0).then(|| values.iter().copied().fold(0.0, f64::max) / mean)
}

/// The highest peak over capacity of any log dir that receives data.
fn peak_utilization(solved: &Solved<'_>, brokers: &[PlanBroker]) -> Option<f64> {
    let cluster = &solved.problem.cluster;
    let mut receives = IndexVec::<DirIx, bool>::filled(false, cluster.dirs.len());
    for home in solved.leadership.lists.values() {
        if let Some(dir) = home.dir {
            receives[dir] = true;
        }
    }
    let used = cluster.dirs.iter_enumerated().filter(|entry| receives[entry.0]).map(|(_, row)| {
        let dir = &brokers[row.broker.get()].log_dirs[row.place];
        dir.capacity_bytes
            .filter(|&capacity| capacity > Bytes::ZERO)
            .map(|capacity| dir.used_peak_bytes.as_f64() / capacity.as_f64())
    });
    let used: Vec<f64> = used.collect::<Option<_>>()?;
    used.into_iter().max_by(f64::total_cmp)
}

fn cross_rack_bytes(problem: &Problem<'_>, loads: &Loads) -> Bytes {
    if !problem.racks_known || loads.within {
        return Bytes::ZERO;
    }
    let rack = |broker: BrokerIx| -> RackIx { problem.cluster.brokers[broker].rack };
    let crossing = (0..loads.loads.len()).into_par_iter().map(|step| {
        let load = &loads.loads[step];
        let from = rack(load.leader);
        let copies = loads.adding.get(step).iter().filter(|&&broker| rack(broker) != from).count() as u64;
        problem.cluster.size_of(load.partition).get() * copies
    });
    Bytes::new(crossing.sum())
}

/// Movers that end on fewer racks than one may expect: than their replicas under `strict`, which asks only for
/// racks that are there, and than before under `ignore`.
fn on_fewer_racks(solved: &Solved<'_>) -> Vec<u32> {
    let Solved { problem, leadership, .. } = solved;
    let cluster = &problem.cluster;
    let policy = problem.request.rack_policy;
    if !problem.racks_known || policy == RackPolicy::Preserve || problem.request.keeps_brokers() {
        return Vec::new();
    }
    let racks = |brokers: &mut dyn Iterator<Item = BrokerIx>| {
        let mut racks: Vec<RackIx> = brokers.map(|broker| cluster.brokers[broker].rack).collect();
        racks.sort_unstable();
        racks.dedup();
        racks.len()
    };
    let is_on_fewer = |&mover: &u32| {
        let list = leadership.lists.get(mover as usize);
        let before = cluster.replicas_of(problem.movers[mover as usize]);
        let expected = if policy == RackPolicy::Strict { list.len() } else { racks(&mut before.iter().copied()) };
        racks(&mut list.iter().map(|home| home.broker)) < expected
    };
    (0..problem.movers.len() as u32).into_par_iter().filter(is_on_fewer).collect()
}

/// Where leadership alone moves: what a drained broker leads out of turn.
fn led_by_drained(problem: &Problem<'_>) -> Option<Warning> {
    const NAMED: usize = 3;
    let led = &problem.led_by_drained;
    let names: Vec<String> =
        led.iter().take(NAMED).map(|&partition| format!("`{}`", problem.cluster.name_of(partition))).collect();
    let more = match led.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {} more", grouped(more as u64)),
    };
    let message = format!(
        "{} {} led by a drained broker although another one is first of the list: {}{more}; no list has to change for \
         that, a preferred election moves it",
        counted(led.len(), "partition"),
        either(led.len(), "is", "are"),
        names.join(", "),
    );
    (!led.is_empty()).then(|| Warning::new("led-by-drained", message))
}

/// Rates of brokers that copy below what Kafka keeps well; one rate for all is the command's to speak of.
fn low_rates(solved: &Solved<'_>) -> Option<Warning> {
    const LOW: f64 = 1e6;
    let problem = &solved.problem;
    let rates = problem.rates.as_ref().filter(|_| !problem.request.has_one_rate() && !problem.request.leaders_only)?;
    let copying = |mover: usize| {
        let load = &solved.loads.loads[mover];
        let sends = (load.sends > 0).then_some((load.leader, rates.leader[load.leader]));
        let receives = solved.loads.adding.get(mover).iter().map(|&broker| (broker, rates.follower[broker]));
        sends.into_iter().chain(receives)
    };
    let slow = (0..problem.movers.len()).flat_map(copying).filter(|entry| entry.1 < LOW).map(|entry| entry.0);
    let mut slow: Vec<BrokerIx> = slow.collect();
    slow.sort_unstable();
    slow.dedup();
    let set = IdSet::from_ids(slow.iter().map(|&broker| problem.cluster.brokers[broker].id)).unwrap_or_default();
    let (who, copies) = (brokers_text(&set), either(set.len(), "copies", "copy"));
    let message = format!("{who} {copies} at less than 1 MB/s: Kafka keeps rates well only from about there");
    (!slow.is_empty()).then(|| Warning::new("low-rate", message))
}

fn warnings(solved: &Solved<'_>) -> Vec<Warning> {
    let Solved { problem, schedule, .. } = solved;
    let cluster = &problem.cluster;
    let mut warnings = Vec::new();
    // What the plan does is said here; what the snapshot shows is for `Snapshot::health`, and is not said again.
    let named = |movers: &[u32]| {
        let names: Vec<String> = movers
            .iter()
            .take(3)
            .map(|&mover| format!("`{}`", cluster.name_of(problem.movers[mover as usize])))
            .collect();
        match movers.len() - names.len() {
            0 => names.join(", "),
            more => format!("{} and {} more", names.join(", "), grouped(more as u64)),
        }
    };
    if problem.rates.is_none() && !problem.movers.is_empty() && !problem.request.leaders_only {
        warnings.push(Warning::new(
            "no-throttle",
            "no --throttle was given: copies run as fast as brokers can and compete with clients, and no times are known",
        ));
    }
    warnings.extend(low_rates(solved));
    warnings.extend(target_drift::warning(problem));
    let fewer_racks = on_fewer_racks(solved);
    if !fewer_racks.is_empty() {
        let than = if problem.request.rack_policy == RackPolicy::Strict { "they have replicas" } else { "before" };
        warnings.push(Warning::new(
            "fewer-racks",
            format!(
                "{} {} on fewer racks than {than}: {}",
                counted(fewer_racks.len() as u64, "partition"),
                either(fewer_racks.len(), "ends", "end"),
                named(&fewer_racks)
            ),
        ));
    }
    let mover_of = |step: u32| solved.steps.mover[step as usize];
    let short_waves = schedule.waves.iter().filter(|wave| wave.stage.is_short_isr());
    let mut short: Vec<u32> = short_waves.flat_map(|wave| wave.steps.iter().map(|&step| mover_of(step))).collect();
    let mut seen = rustc_hash::FxHashSet::default();
    short.retain(|&mover| seen.insert(mover));
    if !short.is_empty() {
        warnings.push(Warning::new(
            "moves-short-isr",
            format!(
                "{} with a short ISR {} after the others of that kind, with less redundancy until done: {}",
                counted(short.len(), "partition"),
                either(short.len(), "moves", "move"),
                named(&short)
            ),
        ));
    }
    let beside_dead: Vec<u32> = (0..problem.movers.len() as u32)
        .filter(|&mover| {
            let replicas = cluster.replicas_of(problem.movers[mover as usize]);
            replicas
                .iter()
                .any(|&broker| matches!(cluster.brokers[broker].state, BrokerState::Dead | BrokerState::Fenced))
        })
        .collect();
    if !beside_dead.is_empty() {
        let (who, names) = (counted(beside_dead.len(), "partition"), named(&beside_dead));
        warnings.push(Warning::new(
            "dead-replica",
            if problem.request.keeps_brokers() {
                format!("{who} {} a replica on a dead or fenced broker: {names}; Kafka's own tool refuses files that name one, KRaft itself takes them", either(beside_dead.len(), "keeps", "keep"))
            } else {
                format!("{who} with a replica on a dead or fenced broker {}: {names}; `kafka-reassign-partitions --execute --throttle` waits 60 s and fails there (KAFKA-13392): set the throttle of throttle.json with kafka-configs and execute without --throttle", either(beside_dead.len(), "moves", "move"))
            },
        ));
    }
    warnings.extend(led_by_drained(problem));
    let mut too_long: Vec<u32> = schedule.too_long.iter().map(|entry| mover_of(entry.0)).collect();
    let mut seen = rustc_hash::FxHashSet::default();
    too_long.retain(|&mover| seen.insert(mover));
    if let Some(longest) = schedule.too_long.iter().map(|entry| entry.1).max_by(f64::total_cmp) {
        warnings.push(Warning::new(
            "long-partition",
            format!(
                "{} {} longer than --max-wave-duration ({}), the longest {}, and so {} the length of a wave: {}",
                counted(too_long.len(), "partition"),
                either(too_long.len(), "alone takes", "take each alone"),
                problem.request.max_wave_duration,
                Seconds::new(longest),
                either(too_long.len(), "sets", "set"),
                named(&too_long)
            ),
        ));
    }
    warnings.extend(solved.calendar.as_ref().and_then(Calendar::warning));
    if !problem.deferred.is_empty() {
        warnings.push(Warning::new(
            "deferred",
            format!(
                "the plan is not complete: {} that {} asked for {} in place",
                counted(problem.deferred.len(), "partition"),
                either(problem.deferred.len(), "was", "were"),
                either(problem.deferred.len(), "stays", "stay")
            ),
        ));
    }
    warnings.extend(solved.not_proven.iter().cloned());
    warnings
}
