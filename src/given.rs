//! Final lists that are given: by twins that take places, or by a placement that someone else made.
//!
//! Nothing is chosen here but the log dir of a new replica where none is named: largest first, each into the
//! dir with most room. What is given is judged instead, as the planner's own choice would be: racks, and every
//! log dir that receives when all is done. Whether it is within its limit at the peak of every wave as well is
//! the schedule's to see to.

use std::cmp::Reverse;

use crate::base::error::{Code, Error, Result};
use crate::base::index::{BrokerIx, Csr, DirIx, IndexVec, Ix, RackIx};
use crate::base::text::{counted, either};
use crate::base::units::Bytes;
use crate::base::work::Work;
use crate::leadership::Leadership;
use crate::placement::Home;
use crate::problem::{Problem, Wanted};
use crate::request::RackPolicy;
use crate::snapshot::BrokerState;

/// How many partitions or log dirs a refusal names.
const NAMED: usize = 3;

/// The given lists of all movers, each new replica with its log dir.
///
/// # Errors
/// A new broker that holds a partition of its old one already, racks that get worse, log dirs that get too full.
pub fn order(problem: &Problem<'_>, work: &Work) -> Result<Leadership> {
    work.step("placing", 0, 1)?;
    let mut lists: Csr<Home> = Csr::with_capacity(problem.movers.len(), problem.movers.len() * 3);
    for &partition in &problem.movers {
        let list = problem.final_list(partition).expect("a mover of a given placement has a list");
        lists.push(list.into_iter().map(|(broker, dir)| Home { broker, dir }));
    }
    judge(problem, &mut lists)?;
    Ok(Leadership { lists })
}

/// The kept lists of all movers, each new replica with its log dir; those of which none is kept stay as they are. And
/// what each log dir then holds.
pub fn kept(problem: &Problem<'_>) -> (Csr<Home>, IndexVec<DirIx, i128>) {
    let mut lists: Csr<Home> = Csr::with_capacity(problem.movers.len(), problem.movers.len() * 3);
    for &partition in &problem.movers {
        match problem.kept.list(&problem.cluster, partition) {
            Some(list) => lists.push(list.into_iter().map(|(broker, dir)| Home { broker, dir })),
            None => lists.push(problem.cluster.replicas_of(partition).iter().map(|&broker| Home { broker, dir: None })),
        }
    }
    let held = choose_dirs(problem, &mut lists);
    (lists, held)
}

/// Judges the final lists of all movers, and chooses the log dirs that are not named.
///
/// # Errors
/// As [`order`].
pub fn judge(problem: &Problem<'_>, lists: &mut Csr<Home>) -> Result<()> {
    refuse_held_twice(problem, lists)?;
    refuse_racks(problem, lists)?;
    let held = choose_dirs(problem, lists);
    refuse_full(problem, lists, &held)
}

/// The new replicas of a mover, by their place in its list.
fn adding<'a>(problem: &'a Problem<'_>, mover: usize, list: &'a [Home]) -> impl Iterator<Item = usize> + 'a {
    let before = problem.cluster.replicas_of(problem.movers[mover]);
    (0..list.len()).filter(move |&place| !before.contains(&list[place].broker))
}

/// Names of partitions and their topics.
fn named<'s>(problem: &Problem<'s>, movers: &[usize]) -> (Vec<String>, Vec<&'s str>) {
    let cluster = &problem.cluster;
    let names = movers.iter().map(|&mover| cluster.name_of(problem.movers[mover])).collect();
    let topic = |&mover: &usize| cluster.snapshot.topics[cluster.topic_of(problem.movers[mover]).get()].name.as_str();
    let mut topics: Vec<&str> = movers.iter().map(topic).collect();
    topics.dedup();
    (names, topics)
}

fn first_of(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// A new broker cannot take a place in a list in which it stands already.
fn refuse_held_twice(problem: &Problem<'_>, lists: &Csr<Home>) -> Result<()> {
    if !matches!(problem.wanted, Wanted::Twins(_)) {
        return Ok(());
    }
    let twice =
        |list: &[Home]| (1..list.len()).find(|&at| list[..at].iter().any(|home| home.broker == list[at].broker));
    let found: Vec<usize> = (0..lists.len()).filter(|&mover| twice(lists.get(mover)).is_some()).collect();
    let Some(&first) = found.first() else { return Ok(()) };
    let (cluster, list) = (&problem.cluster, lists.get(first));
    let new = list[twice(list).expect("it is one of those found")].broker;
    let old = (0..list.len())
        .filter(|&place| list[place].broker == new)
        .map(|place| cluster.replicas_of(problem.movers[first])[place])
        .find(|&broker| problem.is_drained[broker])
        .expect("one of the two is drained");
    let (old, new) = (cluster.brokers[old].id, cluster.brokers[new].id);
    let (names, topics) = named(problem, &found);
    let message =
        format!("broker {new} cannot take the place of broker {old} in `{}`: it stands in that list already", names[0]);
    Err(Error::new(Code::PairHeld, message)
        .note(format!("{} in all: {}", counted(names.len(), "such partition"), first_of(&names)))
        .detail("kind", "impossible")
        .detail("partitions", names)
        .detail("topics", topics)
        .help("pair that old broker with a new one that holds none of its partitions, or let `--pair auto` choose")
        .help("or leave --pair out: `--drain` chooses a broker for each replica"))
}

/// Distinct racks, then the most replicas in one of them.
fn spread(problem: &Problem<'_>, brokers: impl Iterator<Item = BrokerIx>) -> (usize, usize) {
    let mut racks: Vec<RackIx> = brokers.map(|broker| problem.cluster.brokers[broker].rack).collect();
    racks.sort_unstable();
    let runs = racks.chunk_by(|a, b| a == b);
    runs.fold((0, 0), |(distinct, most), run| (distinct + 1, run.len().max(most)))
}

/// Whether a list keeps the rack policy. Where only the order changes, racks do not; where the number of
/// replicas changes, `preserve` asks for as many racks as there were, or as there are replicas.
fn keeps_racks(problem: &Problem<'_>, racks_left: usize, before: &[BrokerIx], list: &[Home]) -> bool {
    if list.len() == before.len() && list.iter().all(|home| before.contains(&home.broker)) {
        return true;
    }
    let (old, new) = (spread(problem, before.iter().copied()), spread(problem, list.iter().map(|home| home.broker)));
    match problem.rack_policy {
        RackPolicy::Ignore => true,
        RackPolicy::Strict => new.0 >= racks_left.min(list.len()),
        RackPolicy::Preserve if list.len() == before.len() => new.0 > old.0 || (new.0 == old.0 && new.1 <= old.1),
        RackPolicy::Preserve => new.0 >= old.0.min(list.len()),
    }
}

/// The movers whose lists do not keep the rack policy.
pub fn on_worse_racks(problem: &Problem<'_>, lists: &Csr<Home>) -> Vec<usize> {
    let stays = problem
        .cluster
        .brokers
        .iter_enumerated()
        .filter(|(broker, row)| row.state == BrokerState::Alive && !problem.is_drained[*broker]);
    let (racks_left, _) = spread(problem, stays.map(|(broker, _)| broker));
    let before = |mover: usize| problem.origin(problem.movers[mover]);
    (0..lists.len()).filter(|&mover| !keeps_racks(problem, racks_left, before(mover), lists.get(mover))).collect()
}

fn refuse_racks(problem: &Problem<'_>, lists: &Csr<Home>) -> Result<()> {
    let cluster = &problem.cluster;
    let before = |mover: usize| problem.origin(problem.movers[mover]);
    let worse = on_worse_racks(problem, lists);
    let Some(&first) = worse.first() else { return Ok(()) };
    let (names, topics) = named(problem, &worse);
    let (who, ends) = (counted(worse.len(), "partition"), either(worse.len(), "ends", "end"));
    let message = match problem.rack_policy {
        RackPolicy::Strict => format!("{who} {ends} on fewer racks than `strict` asks for"),
        _ => format!("{who} {ends} on worse racks than now"),
    };
    let shown = |brokers: &mut dyn Iterator<Item = BrokerIx>| -> String {
        let one = |broker: BrokerIx| {
            let row = &cluster.brokers[broker];
            format!("{} in {}", row.id, cluster.rack_name(row.rack))
        };
        brokers.map(one).collect::<Vec<_>>().join(", ")
    };
    let (old, new) =
        (shown(&mut before(first).iter().copied()), shown(&mut lists.get(first).iter().map(|home| home.broker)));
    Err(Error::new(Code::RackPolicy, message)
        .note(first_of(&names))
        .note(format!("`{}` now: {old}; then: {new}", names[0]))
        .detail("kind", "impossible")
        .detail("partition", names[0].clone())
        .detail("partitions", names)
        .detail("topics", topics)
        .help(match problem.wanted {
            Wanted::Twins(_) => "pair each old broker with a new one in its rack, or let `--pair auto` choose",
            Wanted::Lists(_) => "change these lists in the file",
            Wanted::Chosen => {
                "plan without --resume, with what is asked of the earlier plan: all of it is then placed anew"
            }
        }))
}

/// Chooses the log dir of every new replica that has none, and says what each dir holds when all is done.
fn choose_dirs(problem: &Problem<'_>, lists: &mut Csr<Home>) -> IndexVec<DirIx, i128> {
    let cluster = &problem.cluster;
    let mut held: IndexVec<DirIx, i128> = cluster.dirs.iter().map(|dir| i128::from(dir.used.get())).collect();
    let size = |mover: usize| i128::from(problem.landed_size(problem.movers[mover]).get());
    let mut open: Vec<(Reverse<i128>, usize, usize)> = Vec::new();
    for mover in 0..lists.len() {
        let partition = problem.movers[mover];
        for (place, broker) in cluster.replicas_of(partition).iter().enumerate() {
            if lists.get(mover).iter().all(|home| home.broker != *broker)
                && let Some(dir) = cluster.dir_of(partition, place)
            {
                held[dir] -= i128::from(cluster.size_of(partition).get());
            }
        }
        let places: Vec<usize> = adding(problem, mover, lists.get(mover)).collect();
        for (place, home) in lists.get_mut(mover).iter_mut().enumerate() {
            match home.dir {
                // What stays, stays in its dir.
                _ if !places.contains(&place) => home.dir = None,
                Some(dir) => held[dir] += size(mover),
                None => open.push((Reverse(size(mover)), mover, place)),
            }
        }
    }
    open.sort_unstable();
    for (Reverse(size), mover, place) in open {
        let home = &mut lists.get_mut(mover)[place];
        let dirs = cluster.dirs_of(home.broker).filter(|&dir| cluster.dirs[dir].online);
        let limit = |dir: DirIx| problem.dir_limit[dir].map_or(0, |limit| i128::from(limit.get()));
        home.dir = dirs.min_by_key(|&dir| (held[dir] - limit(dir), dir));
        if let Some(dir) = home.dir {
            held[dir] += size;
        }
    }
    held
}

/// Log dirs that receive and are above their limit when all is done, each with the bytes that are too many; the worst
/// come first.
pub fn overfull(problem: &Problem<'_>, lists: &Csr<Home>, held: &IndexVec<DirIx, i128>) -> Vec<(DirIx, i128)> {
    if problem.request.ignore_disk {
        return Vec::new();
    }
    let cluster = &problem.cluster;
    let limit = |dir: DirIx| problem.dir_limit[dir].map_or(0, |limit| i128::from(limit.get()));
    let mut receives = IndexVec::<DirIx, bool>::filled(false, cluster.dirs.len());
    for home in lists.values() {
        if let Some(dir) = home.dir {
            receives[dir] = true;
        }
    }
    let full = receives.indices().filter(|&dir| receives[dir] && held[dir] > limit(dir));
    let mut full: Vec<(DirIx, i128)> = full.map(|dir| (dir, held[dir] - limit(dir))).collect();
    full.sort_by_key(|&(dir, over)| (Reverse(over), dir));
    full
}

/// No log dir that receives may be above its limit when all is done.
fn refuse_full(problem: &Problem<'_>, lists: &Csr<Home>, held: &IndexVec<DirIx, i128>) -> Result<()> {
    let cluster = &problem.cluster;
    let full = overfull(problem, lists, held);
    let Some(&(worst, over)) = full.first() else { return Ok(()) };
    let bytes = |amount: i128| Bytes::new(u64::try_from(amount).unwrap_or(0));
    let name = |dir: DirIx| {
        let row = &cluster.dirs[dir];
        let broker: &crate::cluster::BrokerRow = &cluster.brokers[row.broker];
        format!("broker {} `{}`", broker.id, dir_path(problem, dir))
    };
    let missing: i128 = full.iter().map(|entry| entry.1).sum();
    let full_dirs = || full.iter().map(|entry| entry.0);
    // With several dirs another choice among them may do; with one there is none.
    let is_only = |dir: DirIx| cluster.dirs_of(cluster.dirs[dir].broker).len() == 1;
    let is_proven = full_dirs().any(is_only);
    let least = |dir: DirIx| {
        let capacity = cluster.dirs[dir].capacity.map_or(0.0, Bytes::as_f64);
        if capacity > 0.0 { held[dir] as f64 / capacity } else { f64::INFINITY }
    };
    let least = full_dirs().filter(|&dir| !is_proven || is_only(dir)).map(least);
    let limit_text = problem.request.disk_limit;
    let mut error = Error::new(
        Code::DiskLimit,
        format!("{} would hold {}, {} above {limit_text}", name(worst), bytes(held[worst]), bytes(over)),
    );
    for &(dir, over) in full.iter().skip(1).take(NAMED) {
        error = error.note(format!("{} would be {} above it", name(dir), bytes(over)));
    }
    if full.len() > 1 + NAMED {
        error = error.note(format!("and {} more", full.len() - 1 - NAMED));
    }
    Err(error
        .detail("kind", if is_proven { "impossible" } else { "not-found" })
        .detail("broker", cluster.brokers[cluster.dirs[worst].broker].id.get())
        .detail("log_dir", dir_path(problem, worst))
        .detail("missing_bytes", bytes(missing).get())
        .detail("least_disk_limit", least.fold(0.0, f64::max))
        .help(format!(
            "{} of room is missing there: larger disks, or another {}",
            bytes(missing),
            match problem.wanted {
                Wanted::Twins(_) => "pair",
                _ => "placement",
            }
        )))
}

/// The path of a log dir.
fn dir_path(problem: &Problem<'_>, dir: DirIx) -> String {
    let row = &problem.cluster.dirs[dir];
    problem.cluster.snapshot.brokers[row.broker.get()].log_dirs[row.place].path.clone()
}
