//! Why no placement was found: which limit, where, by how much, and what is missing.
//!
//! Facts only. Which change of the request would do is not computed here but tried by the planner.

use super::brokers::Placed;
use super::racks::Choice;
use super::{Pools, Slot, water_level};
use crate::base::error::{Code, Error};
use crate::base::ids::IdSet;
use crate::base::index::{BrokerIx, Csr, Ix, PartitionIx, RackIx};
use crate::base::text::{brokers as brokers_named, counted, either};
use crate::base::units::Bytes;
use crate::problem::Problem;
use crate::request::RackPolicy;

/// A partition needs more brokers than there are.
pub fn too_few_brokers(problem: &Problem<'_>, partition: PartitionIx) -> Error {
    let cluster = &problem.cluster;
    let freed = problem.freed(partition).count();
    let kept_targets = problem.kept(partition).filter(|&broker| problem.is_target[broker]).count();
    let free = problem.targets.len() - kept_targets;
    let targets = problem.targets.len();
    let who = match free {
        free if free == targets => {
            format!("there {} {}", either(targets, "is", "are"), counted(targets, "target broker"))
        }
        0 => format!("all of {} hold it already", counted(targets, "target broker")),
        free => format!(
            "only {free} of {} {} not hold it yet",
            counted(targets, "target broker"),
            either(free, "does", "do")
        ),
    };
    let message =
        format!("no placement can give `{}` {}: {who}", cluster.name_of(partition), counted(freed, "new replica"));
    let (missing, topics) = missing_brokers(problem);
    Error::new(Code::TooFewBrokers, message)
        .detail("kind", "impossible")
        .detail("partition", cluster.name_of(partition))
        .detail("missing_brokers", missing)
        .detail("topics", topics)
        .help(format!("{} must be added at least", counted(missing, "more target broker")))
}

/// How many targets the neediest partition misses, and the topics of all that miss some.
fn missing_brokers<'s>(problem: &Problem<'s>) -> (usize, Vec<&'s str>) {
    let cluster = &problem.cluster;
    let (mut most, mut topics) = (0, Vec::new());
    for &partition in &problem.movers {
        let kept_targets = problem.kept(partition).filter(|&broker| problem.is_target[broker]).count();
        let missing = problem.freed(partition).count().saturating_sub(problem.targets.len() - kept_targets);
        if missing > 0 {
            most = most.max(missing);
            topics.push(cluster.topic_of(partition));
        }
    }
    topics.dedup();
    (most, topics.into_iter().map(|topic| cluster.snapshot.topics[topic.get()].name.as_str()).collect())
}

/// The policy cannot be kept for a partition.
pub fn no_rack(problem: &Problem<'_>, partition: PartitionIx, racks_left: usize) -> Error {
    let cluster = &problem.cluster;
    let replicas = cluster.replicas_of(partition);
    let mut before: Vec<&str> =
        replicas.iter().map(|&broker| cluster.rack_name(cluster.brokers[broker].rack)).collect();
    before.sort_unstable();
    let mut open: Vec<&str> =
        problem.targets.iter().map(|&broker| cluster.rack_name(cluster.brokers[broker].rack)).collect();
    open.sort_unstable();
    open.dedup();
    let name = cluster.name_of(partition);
    let (message, wanted) = match problem.rack_policy {
        RackPolicy::Strict => {
            let wanted = racks_left.min(replicas.len());
            (format!("no placement can put `{name}` on {}, as `strict` asks", counted(wanted, "rack")), wanted)
        }
        _ => {
            let mut distinct = before.clone();
            distinct.dedup();
            (
                format!("no placement keeps the racks of `{name}` as good as they are, as `preserve` asks"),
                distinct.len(),
            )
        }
    };
    let mut error = Error::new(Code::RackPolicy, message)
        .note(format!("its replicas are in racks {}", before.join(", ")))
        .note(format!("the target brokers are in {}: {}", counted(open.len(), "rack"), open.join(", ")));
    let gone = racks_gone(problem, partition);
    if !gone.is_empty() {
        let noun = either(gone.len(), "rack", "racks");
        error =
            error.note(format!("all brokers of {noun} {} are drained: what lay there ends elsewhere", gone.join(", ")));
    }
    let error = error
        .detail("kind", "impossible")
        .detail("partition", name)
        .detail("racks_wanted", wanted)
        .detail("racks_of_targets", open.len());
    error.help(missing_racks(problem, partition, wanted))
}

/// Racks of a partition of which no broker is left, by name.
fn racks_gone<'s>(problem: &Problem<'s>, partition: PartitionIx) -> Vec<&'s str> {
    let cluster = &problem.cluster;
    let is_left = |rack: RackIx| {
        cluster.brokers.iter_enumerated().any(|(broker, row)| row.rack == rack && !problem.is_drained[broker])
    };
    let racks = cluster.replicas_of(partition).iter().map(|&broker| cluster.brokers[broker].rack);
    let mut gone: Vec<&str> = racks.filter(|&rack| !is_left(rack)).filter_map(|rack| cluster.racks[rack]).collect();
    gone.sort_unstable();
    gone.dedup();
    gone
}

/// What keeps a partition from `wanted` racks.
fn missing_racks(problem: &Problem<'_>, partition: PartitionIx, wanted: usize) -> String {
    let rack = |broker: BrokerIx| problem.cluster.brokers[broker].rack;
    let mut kept: Vec<RackIx> = problem.kept(partition).map(rack).collect();
    kept.sort_unstable();
    kept.dedup();
    if kept.len() + problem.freed(partition).count() < wanted {
        return "no target can mend that: replicas that stay share a rack, and only those on drained brokers move"
            .into();
    }
    let mut reachable = kept;
    reachable.extend(problem.targets.iter().map(|&broker| rack(broker)));
    reachable.sort_unstable();
    reachable.dedup();
    match wanted.saturating_sub(reachable.len()) {
        0 => "target brokers are missing in racks that have too few of them".into(),
        more => format!("target brokers in {} are missing", counted(more, "more rack")),
    }
}

/// The replicas of a pool do not fit.
pub fn no_room(
    problem: &Problem<'_>,
    pools: &Pools,
    pool: usize,
    chosen: &Csr<Choice>,
    per_pool: &[Vec<Slot>],
    placed: &[Placed],
) -> Error {
    let cluster = &problem.cluster;
    let everything: Bytes = chosen.values().iter().map(|choice| choice.size).sum();
    let all_room: Bytes = problem.targets.iter().map(|&broker| room(problem, broker)).sum();
    let limit = problem.request.disk_limit;
    if everything > all_room {
        let set = ids(problem, &problem.targets);
        return lacking(
            problem,
            &problem.targets,
            everything,
            all_room,
            &format!("target {}", brokers_named(&set)),
            true,
        );
    }
    let brokers = &pools.brokers[pool];
    let need: Bytes = per_pool[pool].iter().map(|slot| slot.size).sum();
    let have: Bytes = brokers.iter().map(|&broker| room(problem, broker)).sum();
    let set = ids(problem, brokers);
    let rack = cluster.rack_name(cluster.brokers[brokers[0]].rack);
    let place = if pools.brokers.len() > 1 {
        format!("target {} of rack `{rack}`", brokers_named(&set))
    } else {
        format!("target {}", brokers_named(&set))
    };
    if need > have {
        return lacking(problem, brokers, need, have, &place, false);
    }
    let homeless = &placed[pool].homeless;
    let slot = per_pool[pool][homeless[0]];
    let name = cluster.name_of(problem.movers[slot.mover as usize]);
    let partition = problem.movers[slot.mover as usize];
    let open = problem.targets.iter().filter(|broker| !cluster.replicas_of(partition).contains(broker));
    let roomiest = open
        .flat_map(|&broker| cluster.dirs_of(broker))
        .filter_map(|dir| Some(problem.dir_limit[dir]?.saturating_sub(cluster.dirs[dir].used)))
        .max()
        .unwrap_or(Bytes::ZERO);
    let impossible = slot.size > roomiest;
    let message = if impossible {
        format!("no log dir of any target broker can take `{name}` ({}) within {limit}", slot.size)
    } else {
        format!("no placement was found on {place} that keeps every log dir within {limit}")
    };
    Error::new(Code::DiskLimit, message)
        .note(format!("{} found no log dir, first `{name}` with {}", counted(homeless.len(), "replica"), slot.size))
        .note(format!("{need} are to come, the room is {have}; the roomiest log dir has {roomiest}"))
        .detail("kind", if impossible { "impossible" } else { "not-found" })
        .detail("partition", name)
        .detail("need_bytes", need.get())
        .detail("room_bytes", have.get())
        .help(if impossible {
            format!("a log dir with {} of room below {limit} is missing", slot.size)
        } else {
            format!("add target brokers or larger disks to {place}")
        })
}

/// More bytes must come than there is room: a proof, and what would do.
fn lacking(
    problem: &Problem<'_>,
    brokers: &[BrokerIx],
    need: Bytes,
    have: Bytes,
    place: &str,
    impossible: bool,
) -> Error {
    let cluster = &problem.cluster;
    let limit = problem.request.disk_limit;
    let dirs =
        || brokers.iter().flat_map(|&broker| cluster.dirs_of(broker)).filter(|&dir| problem.dir_limit[dir].is_some());
    let used: Bytes = dirs().map(|dir| cluster.dirs[dir].used).sum();
    let capacity: Bytes = dirs().filter_map(|dir| cluster.dirs[dir].capacity).sum();
    let missing = need - have;
    let message = if impossible {
        format!("no placement can keep every target log dir within {limit}")
    } else {
        format!("no placement was found that keeps every target log dir within {limit}")
    };
    let mut error = Error::new(Code::DiskLimit, message)
        .note(format!("{need} must come to {place}"))
        .note(format!("below {limit} there is room for {have} ({capacity} in all, {used} in use)"))
        .note(format!("{missing} have no place"))
        .detail("kind", if impossible { "impossible" } else { "not-found" })
        .detail("need_bytes", need.get())
        .detail("room_bytes", have.get())
        .detail("missing_bytes", missing.get());
    let (weights, fixed): (Vec<f64>, Vec<f64>) = dirs()
        .filter_map(|dir| Some((cluster.dirs[dir].capacity?.as_f64(), cluster.dirs[dir].used.as_f64())))
        .filter(|entry| entry.0 > 0.0)
        .unzip();
    // What would even do if replicas could be cut: the place to begin the search, and no promise.
    if !weights.is_empty() {
        error = error.detail("least_disk_limit", water_level(&weights, &fixed, need.as_f64()));
    }
    let least = if impossible { "at least " } else { "" };
    error.help(format!(
        "{missing} of room is missing on {place} at {limit}: add brokers or disks with {least}that much room"
    ))
}

/// What a broker lacks where its log dirs are emptied.
pub struct Packing {
    /// The broker.
    pub broker: BrokerIx,
    /// Replicas that leave its drained log dirs.
    pub replicas: usize,
    /// Their bytes.
    pub need: Bytes,
    /// What the other log dirs can still take.
    pub room: Bytes,
    /// The largest of the replicas.
    pub largest: Bytes,
    /// What the roomiest log dir can take.
    pub roomiest: Bytes,
    /// Below this limit nothing fits, whatever goes where.
    pub least_limit: f64,
}

impl Packing {
    /// Whether no choice of log dirs can do.
    fn is_impossible(&self) -> bool {
        self.need > self.room || self.largest > self.roomiest
    }

    /// Bytes without a place, as far as that is certain.
    fn missing(&self) -> Bytes {
        self.need.saturating_sub(self.room).max(self.largest.saturating_sub(self.roomiest))
    }
}

/// The replicas of drained log dirs do not fit into the others of their broker; `packings` has at least one.
pub fn no_room_within(problem: &Problem<'_>, mut packings: Vec<Packing>) -> Error {
    const NAMED: usize = 3;
    packings.sort_by_key(|packing| (std::cmp::Reverse(packing.missing()), packing.broker));
    let id = |packing: &Packing| problem.cluster.brokers[packing.broker].id;
    let (worst, limit) = (&packings[0], problem.request.disk_limit);
    let impossible = packings.iter().any(Packing::is_impossible);
    let verb = if impossible { "can keep" } else { "was found that keeps" };
    let mut error = Error::new(
        Code::DiskLimit,
        format!("no placement {verb} the other log dirs of broker {} within {limit}", id(worst)),
    );
    for packing in packings.iter().take(NAMED) {
        error = error.note(format!(
            "{} with {} leave the log dirs of broker {}, the largest with {}; the others have room for {}, the \
             roomiest for {}",
            counted(packing.replicas, "replica"),
            packing.need,
            id(packing),
            packing.largest,
            packing.room,
            packing.roomiest
        ));
    }
    if packings.len() > NAMED {
        error = error.note(format!("and {} that lack room", counted(packings.len() - NAMED, "more broker")));
    }
    let missing: Bytes = packings.iter().map(Packing::missing).sum();
    let least = packings.iter().map(|packing| packing.least_limit).fold(0.0, f64::max);
    let error = error
        .detail("kind", if impossible { "impossible" } else { "not-found" })
        .detail("broker", id(worst).get())
        .detail("need_bytes", worst.need.get())
        .detail("room_bytes", worst.room.get())
        .detail("missing_bytes", missing.get())
        .detail("least_disk_limit", least);
    error.help(match missing {
        Bytes::ZERO => format!("larger disks on broker {}, or fewer log dirs in --drain-dir, may do", id(worst)),
        missing => format!(
            "{missing} of room is missing below {limit}: larger disks, fewer log dirs in --drain-dir, or `--drain` to \
             move replicas to other brokers"
        ),
    })
}

/// What the receiving log dirs of a broker can still take.
pub fn room(problem: &Problem<'_>, broker: BrokerIx) -> Bytes {
    let cluster = &problem.cluster;
    let of = |dir| Some(problem.dir_limit[dir]?.saturating_sub(cluster.dirs[dir].used));
    cluster.dirs_of(broker).filter_map(of).sum()
}

fn ids(problem: &Problem<'_>, brokers: &[BrokerIx]) -> IdSet {
    IdSet::from_ids(brokers.iter().map(|&broker| problem.cluster.brokers[broker].id)).unwrap_or_default()
}
