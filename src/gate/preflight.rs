//! May a move begin? What is asked of the cluster as it is, of the brokers that are to go and of those that receive.

use super::facts::{Facts, ids_where, quoted, racks, set, setting, version};
use super::{Check, Code, Options, Report, Status, cluster, known, room, wave};
use crate::base::error::{self, Error, Place, Result};
use crate::base::ids::IdSet;
use crate::base::text::{brokers, counted, either};
use crate::plan::{Plan, Role};
use crate::replay::{Steps, World};
use crate::snapshot::{BrokerState, Snapshot};

/// What is to move, as far as that is known.
#[derive(Clone, Debug, Default)]
pub struct Move<'a> {
    /// Brokers that are to be emptied.
    pub drain: IdSet,
    /// Brokers that may receive; every alive broker that is not drained where not given.
    pub onto: Option<IdSet>,
    /// The plan, in the place of the two.
    pub plan: Option<&'a Plan>,
}

impl Move<'_> {
    /// Who drains and who receives; nobody where nothing was said.
    fn roles(&self, snapshot: &Snapshot) -> (IdSet, IdSet) {
        if let Some(plan) = self.plan {
            let of = |role: Role| set(plan.brokers.iter().filter(|broker| broker.role == role).map(|broker| broker.id));
            return (of(Role::Drain), of(Role::Target));
        }
        let others = || {
            let can = |id| !self.drain.contains(id);
            ids_where(snapshot, |broker| broker.state == BrokerState::Alive && can(broker.id))
        };
        let targets = match &self.onto {
            Some(onto) => onto.clone(),
            None if self.drain.is_empty() => IdSet::default(),
            None => others(),
        };
        (self.drain.clone(), targets)
    }
}

/// Looks whether a move may begin.
///
/// # Errors
/// [`error::Code::UnknownBroker`] for ids that the cluster does not have, [`error::Code::Overlap`] for one that is to be
/// drained and to receive.
pub fn preflight(snapshot: &Snapshot, what: &Move<'_>, options: Options) -> Result<Report> {
    known(snapshot, &what.drain, "--drain")?;
    if let Some(onto) = &what.onto {
        known(snapshot, onto, "--onto")?;
        if let Some(both) = onto.iter().find(|&id| what.drain.contains(id)) {
            let message = format!("broker {both} is to be drained and to receive");
            return Err(Error::new(error::Code::Overlap, message)
                .at(Place::source("--onto"))
                .help("take it out of --drain or out of --onto"));
        }
    }
    let facts = Facts::of(snapshot);
    let (going, targets) = what.roles(snapshot);
    let mut checks = vec![cluster::gaps(snapshot), cluster::reassigning(snapshot, &facts)];
    checks.extend(cluster::partitions(snapshot, &facts, Status::Warn));
    checks.push(cluster::broker_state(snapshot, &going));
    checks.push(rack_names(snapshot, &going, &targets));
    checks.push(rack_missing(snapshot));
    checks.push(kafka_version(snapshot));
    checks.push(mixed_versions(snapshot));
    checks.push(cluster::disk_offline(snapshot, &targets, Status::Warn));
    checks.push(cluster::disk_over_limit(snapshot, &targets, options.disk_limit));
    checks.push(cluster::throttle_leftover(snapshot, &facts, Status::Warn));
    checks.push(cluster::internal_topics(snapshot, &going));
    checks.push(cluster::preferred_leaders(snapshot, &facts.not_preferred, Status::Note));
    checks.push(cluster::auto_leader_rebalance(snapshot));
    if !targets.is_empty() {
        checks.push(target_state(snapshot, &targets));
    }
    if !going.is_empty() && what.plan.is_none() {
        checks.push(too_few_targets(snapshot, &going, &targets));
        checks.push(total_room(snapshot, &going, &targets, options));
    }
    if let Some(plan) = what.plan {
        let world = World::new(snapshot);
        let places = wave::places(snapshot, plan);
        checks.push(wave::identity(snapshot, plan));
        checks.push(wave::drift(snapshot, plan, &places, 0));
        checks.push(wave::new_partitions(snapshot, plan, &places));
        if !plan.request.ignore_disk {
            let limit = plan.request.disk_limit;
            checks.push(room::of_steps(&world, &Steps::of_plan(&world, plan), limit, "the plan"));
        }
    }
    Ok(Report::new("preflight", None, options.strict, checks))
}

fn rack_names(snapshot: &Snapshot, going: &IdSet, targets: &IdSet) -> Check {
    let (old, new) = (racks(snapshot, going), racks(snapshot, targets));
    let fix = "map them with `--racks FILE`, a line `OLD NEW` for each, or give the brokers the same `broker.rack`";
    let missing: Vec<&str> = old.difference(&new).copied().collect();
    if !missing.is_empty() && !new.is_empty() {
        let message = format!(
            "{} of drained brokers {} no target broker",
            either(missing.len(), "a rack", "racks"),
            either(missing.len(), "has", "have")
        );
        let lines = [
            format!("drained: {}", quoted(old.iter().copied())),
            format!("targets: {}", quoted(new.iter().copied())),
            format!("without a target: {}", quoted(missing.iter().copied())),
        ];
        let status = if missing.len() == old.len() { Status::Fail } else { Status::Warn };
        return Check::new(Code::RackNames, status, message, fix).evidence(lines);
    }
    let told: Vec<String> = snapshot
        .all_notices()
        .into_iter()
        .filter(|notice| notice.code == "rack-names")
        .map(|notice| notice.message)
        .collect();
    if !told.is_empty() {
        let message = "racks of the cluster look like one place under two names";
        return Check::new(Code::RackNames, Status::Warn, message, fix).evidence(told);
    }
    Check::pass(Code::RackNames, "no rack looks like another one under a second name")
}

fn rack_missing(snapshot: &Snapshot) -> Check {
    let without = ids_where(snapshot, |broker| broker.state.serves() && broker.rack.is_none());
    let serving = ids_where(snapshot, |broker| broker.state.serves());
    if without.is_empty() {
        return Check::pass(Code::RackMissing, "every broker that serves has a rack");
    }
    if without.len() == serving.len() {
        let message = "no broker has a rack: replicas of a partition may all end in one place";
        let fix = "give racks with `--racks FILE`, or set `broker.rack` on every broker";
        return Check::new(Code::RackMissing, Status::Note, message, fix);
    }
    let message =
        format!("{} {} no rack while others have one", brokers(&without), either(without.len(), "has", "have"));
    let fix = "give it with `--racks FILE`, or set `broker.rack` on every broker";
    Check::new(Code::RackMissing, Status::Fail, message, fix).brokers(without.iter())
}

fn kafka_version(snapshot: &Snapshot) -> Check {
    let Some(text) = &snapshot.kafka_version else {
        return Check::new(
            Code::Version,
            Status::Unknown,
            "the version of Kafka is not in the snapshot",
            cluster::VERSION,
        );
    };
    let Some(found) = version(text) else {
        let message = format!("`{text}` is no version of Kafka such as 3.9.2");
        return Check::new(Code::Version, Status::Unknown, message, cluster::VERSION);
    };
    if found < (2, 4, 0) {
        let message = format!("Kafka {text} moves partitions through ZooKeeper alone: a move cannot be cancelled");
        let fix = "upgrade to 2.4 or later before anything moves";
        return Check::new(Code::Version, Status::Fail, message, fix);
    }
    if ((3, 7, 0)..=(4, 0, 0)).contains(&found) {
        let message =
            format!("`kafka-reassign-partitions --cancel` of Kafka {text} overlooks moves that only add replicas");
        let fix = "cancel with the tool of 4.1 or later, which does, also on these brokers";
        return Check::new(Code::Version, Status::Note, message, fix);
    }
    if found >= (4, 3, 0) {
        let message = format!("Kafka {text} never ends a move whose originals are submitted while it runs");
        let fix = "go back by cancelling first, then wait until nothing moves, as the runbook says";
        return Check::new(Code::Version, Status::Note, message, fix);
    }
    Check::pass(Code::Version, format!("Kafka {text}"))
}

fn mixed_versions(snapshot: &Snapshot) -> Check {
    let key = "inter.broker.protocol.version";
    let mut found: Vec<&str> = setting(snapshot, key).into_iter().map(|(_, value)| value).collect();
    found.sort_unstable();
    found.dedup();
    if found.len() > 1 {
        let message = format!("brokers have `{key}` {}: an upgrade is under way", quoted(found));
        let fix = "finish the upgrade before anything moves";
        return Check::new(Code::MixedVersions, Status::Warn, message, fix);
    }
    let message = "a snapshot holds one version for the whole cluster, so brokers of different versions do not show";
    let fix = "kafka-broker-api-versions.sh --bootstrap-server HOST:PORT: the lists of all brokers must be the same";
    Check::new(Code::MixedVersions, Status::Unknown, message, fix)
}

pub(super) fn target_state(snapshot: &Snapshot, targets: &IdSet) -> Check {
    let cannot = |id| match snapshot.broker(id) {
        None => Some(format!("broker {id} is not in the snapshot")),
        Some(broker) if broker.state != BrokerState::Alive => Some(format!("broker {id} is {}", broker.state.as_str())),
        Some(broker) if !broker.log_dirs.is_empty() && broker.log_dirs.iter().all(|dir| dir.offline) => {
            Some(format!("no log dir of broker {id} is online"))
        }
        Some(_) => None,
    };
    let found: Vec<_> = targets.iter().filter_map(|id| Some((id, cannot(id)?))).collect();
    if found.is_empty() {
        let all = counted(targets.len(), "broker");
        return Check::pass(Code::TargetState, format!("{all} that may receive can"));
    }
    let message =
        format!("{} that {} to receive cannot", counted(found.len(), "broker"), either(found.len(), "is", "are"));
    let fix = "bring it back, or plan without it: a copy onto it would hang or be refused";
    let ids: Vec<_> = found.iter().map(|entry| entry.0).collect();
    Check::new(Code::TargetState, Status::Fail, message, fix)
        .evidence(found.into_iter().map(|entry| entry.1))
        .brokers(ids)
}

fn too_few_targets(snapshot: &Snapshot, going: &IdSet, targets: &IdSet) -> Check {
    let able = |id| snapshot.broker(id).is_some_and(|broker| broker.state == BrokerState::Alive);
    let targets = set(targets.iter().filter(|&id| able(id)));
    let partitions = &snapshot.partitions;
    let mut short = Vec::new();
    for row in 0..partitions.len() {
        let replicas = partitions.replicas.get(row);
        let leaving = replicas.iter().filter(|&&id| going.contains(id)).count();
        if leaving == 0 || leaving <= targets.len() - targets.len().min(replicas.len()) {
            continue;
        }
        let open = targets.iter().filter(|id| !replicas.contains(id)).count();
        if leaving > open {
            short.push(row);
        }
    }
    if short.is_empty() {
        return Check::pass(Code::TooFewTargets, "there are brokers enough for every partition");
    }
    let message =
        format!("{} with more replicas to place than brokers left for them", counted(short.len(), "partition"));
    let fix = "add brokers to --onto, or drain in turns";
    Check::new(Code::TooFewTargets, Status::Fail, message, fix).partitions(super::facts::names(snapshot, &short))
}

/// Whether all that must move fits below the limit of all targets together.
fn total_room(snapshot: &Snapshot, going: &IdSet, targets: &IdSet, options: Options) -> Check {
    let (bytes, is_sized) = cluster::bytes_on(snapshot, going);
    let (mut room, mut is_known) = (0_u64, true);
    for (broker, used) in snapshot.brokers.iter().zip(snapshot.used_bytes()) {
        if !targets.contains(broker.id) {
            continue;
        }
        is_known &= !broker.log_dirs.is_empty();
        for (dir, used) in broker.log_dirs.iter().zip(used).filter(|(dir, _)| !dir.offline) {
            match dir.capacity {
                Some(capacity) => room += options.disk_limit.of(capacity).get().saturating_sub(used.get()),
                None => is_known = false,
            }
        }
    }
    let room = crate::base::units::Bytes::new(room);
    if !is_sized || !is_known {
        let what = if is_sized { "capacities" } else { "sizes" };
        let message = format!("whether the targets have room is not known: {what} are missing");
        let fix = "kafka-log-dirs.sh --bootstrap-server HOST:PORT --describe shows sizes; `--capacity` and `--assume-size` fill in";
        return Check::new(Code::DiskRoom, Status::Unknown, message, fix);
    }
    let limit = options.disk_limit;
    if bytes > room {
        let message = format!("{bytes} must move, and all targets together have room for {room} below {limit}");
        let fix = "add brokers or disks, or allow more with --disk-limit";
        return Check::new(Code::DiskRoom, Status::Fail, message, fix);
    }
    let message = format!("{bytes} must move, and all targets together have room for {room} below {limit}");
    Check::pass(Code::DiskRoom, message)
}
