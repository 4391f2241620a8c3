//! May brokers be switched off? Only when no list, no throttle and no log dir knows them any more.

use std::fmt::Write as _;

use super::cluster::LISTS;
use super::facts::{Facts, names, set};
use super::{Check, Code, Options, Report, Status, cluster};
use crate::base::error::{self, Error, Place, Result};
use crate::base::ids::{BrokerId, IdSet};
use crate::base::text::{brokers, counted, either, grouped};
use crate::base::units::Bytes;
use crate::snapshot::{Mode, Snapshot};

/// Looks whether `going` may be switched off.
///
/// Ids that the cluster does not have are gone already, which is told; a list cannot name them.
///
/// # Errors
/// [`error::Code::Usage`] when there is nobody to look for, or when every broker is to go.
pub fn decommission(snapshot: &Snapshot, going: &IdSet, options: Options) -> Result<Report> {
    let refusal =
        |what: &str, help: &str| Err(Error::new(error::Code::Usage, what).at(Place::source("--brokers")).help(help));
    if going.is_empty() {
        return refusal(
            "no broker is named that shall be switched off",
            "name them, such as `--brokers 1001-1012`, or name a plan that drains some",
        );
    }
    if snapshot.brokers.iter().all(|broker| going.contains(broker.id)) {
        return refusal("every broker of the cluster is named", "leave out those that stay");
    }
    let facts = Facts::of(snapshot);
    let mut checks = vec![
        cluster::gaps(snapshot),
        references(snapshot, going, "no list names a broker that is to go"),
        throttle_references(snapshot, going),
        log_dirs_empty(snapshot, going),
    ];
    let mut moving = cluster::reassigning(snapshot, &facts);
    if moving.status == Status::Fail {
        // Whether it concerns them is for the references to say.
        moving.status = Status::Warn;
    }
    checks.push(moving);
    for mut check in cluster::partitions(snapshot, &facts, Status::Warn) {
        if matches!(check.code, Code::MinIsr | Code::SingleReplica) {
            continue;
        }
        if check.status == Status::Fail {
            check.status = Status::Warn;
        }
        checks.push(check);
    }
    checks.push(cluster::internal_topics(snapshot, going));
    checks.push(controller_role(snapshot, going));
    checks.push(registration(snapshot, going));
    checks.push(clients(going));
    Ok(Report::new("decommission", None, options.strict, checks))
}

/// How often lists name a broker.
#[derive(Clone, Copy, Default)]
struct Named {
    replicas: usize,
    leader: usize,
    isr: usize,
    adding: usize,
    removing: usize,
}

/// Every list that names one of these brokers.
pub(super) fn references(snapshot: &Snapshot, going: &IdSet, well: &str) -> Check {
    let rows = snapshot.broker_rows();
    let mut is_going = vec![false; snapshot.brokers.len()];
    for row in going.iter().filter_map(|id| rows.row(id)) {
        is_going[row] = true;
    }
    let mut named = vec![Named::default(); snapshot.brokers.len()];
    let partitions = &snapshot.partitions;
    let hit = |id: &BrokerId| rows.row(*id).filter(|&row| is_going[row]);
    let mut found = Vec::new();
    for row in 0..partitions.len() {
        let mut is_found = false;
        let mut count = |ids: &[BrokerId], add: fn(&mut Named)| {
            for broker in ids.iter().filter_map(hit) {
                add(&mut named[broker]);
                is_found = true;
            }
        };
        count(partitions.replicas.get(row), |named| named.replicas += 1);
        count(partitions.isr.get(row), |named| named.isr += 1);
        count(partitions.leader[row].as_slice(), |named| named.leader += 1);
        if partitions.is_reassigning(row) {
            count(partitions.adding.get(&row).map_or(&[][..], Vec::as_slice), |named| named.adding += 1);
            count(partitions.removing.get(&row).map_or(&[][..], Vec::as_slice), |named| named.removing += 1);
        }
        if is_found {
            found.push(row);
        }
    }
    if found.is_empty() {
        return Check::pass(Code::References, well);
    }
    let line = |(id, named): (BrokerId, &Named)| {
        let Named { replicas, leader, isr, adding, removing } = *named;
        let mut text = format!(
            "broker {id}: in {}, leader of {}, in {}",
            counted(replicas, "list"),
            grouped(leader as u64),
            counted(isr, "ISR")
        );
        for (count, word) in [(adding, "being added"), (removing, "being removed")] {
            if count > 0 {
                let _ = write!(text, ", {word} in {}", grouped(count as u64));
            }
        }
        text
    };
    let ids = snapshot.brokers.iter().map(|broker| broker.id).zip(&named);
    let those: Vec<_> = ids.filter(|(_, named)| named.replicas > 0).collect();
    let message = format!(
        "{} {} {} that {} to go",
        counted(found.len(), "partition"),
        either(found.len(), "names", "name"),
        counted(those.len(), "broker"),
        either(those.len(), "is", "are")
    );
    let fix = "move them off: `kshift plan CLUSTER --drain IDS --out DIR`, or finish the plan that does";
    Check::new(Code::References, Status::Fail, message, fix)
        .brokers(those.iter().map(|entry| entry.0))
        .evidence(those.into_iter().map(line))
        .partitions(names(snapshot, &found))
}

/// Throttles that are set on these brokers, or that name them in a topic.
fn throttle_references(snapshot: &Snapshot, going: &IdSet) -> Check {
    let mut lines = Vec::new();
    for broker in snapshot.brokers.iter().filter(|broker| going.contains(broker.id)) {
        let set = broker.config.iter().filter(|(key, value)| key.contains("throttled.rate") && !value.is_empty());
        lines.extend(set.map(|(key, value)| format!("broker {}: {key}={value}", broker.id)));
    }
    for topic in &snapshot.topics {
        for key in LISTS {
            let Some(value) = topic.config.get(key) else { continue };
            let of = |entry: &str| entry.trim().rsplit(':').next()?.parse().ok().filter(|&id: &i32| id >= 0);
            let hit = value.split(',').find(|entry| of(entry).is_some_and(|id| going.contains(BrokerId::new(id))));
            if let Some(entry) = hit {
                lines.push(format!("topic `{}`: {key} names `{entry}`", topic.name));
            }
        }
    }
    if lines.is_empty() {
        return Check::pass(Code::ThrottleReferences, "no throttle that is known names a broker that is to go");
    }
    let message =
        format!("{} {} left of {}", counted(lines.len(), "throttle"), either(lines.len(), "is", "are"), brokers(going));
    let fix = "`kafka-configs.sh --bootstrap-server HOST:PORT --alter --delete-config KEY` of each broker and topic";
    Check::new(Code::ThrottleReferences, Status::Fail, message, fix).evidence(lines)
}

fn log_dirs_empty(snapshot: &Snapshot, going: &IdSet) -> Check {
    let (mut lines, mut unknown, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    for broker in snapshot.brokers.iter().filter(|broker| going.contains(broker.id)) {
        if broker.log_dirs.is_empty() {
            unknown.push(broker.id);
        }
        for dir in &broker.log_dirs {
            match dir.used {
                Some(used) if used > Bytes::ZERO => {
                    lines.push(format!("`{}` of broker {} holds {used}", dir.path, broker.id));
                    ids.push(broker.id);
                }
                Some(_) => {}
                None => unknown.push(broker.id),
            }
        }
    }
    ids.dedup();
    let command = "kafka-log-dirs.sh --bootstrap-server HOST:PORT --describe --broker-list IDS: nothing but `…-delete` may be left";
    if !lines.is_empty() {
        let message = format!("{} {} not empty", counted(lines.len(), "log dir"), either(lines.len(), "is", "are"));
        let fix = "what no list names is a stray: see whose it is before the disk goes";
        return Check::new(Code::LogDirsEmpty, Status::Fail, message, fix).evidence(lines).brokers(ids);
    }
    if !unknown.is_empty() {
        let who = brokers(&set(unknown.iter().copied()));
        let message = format!("what the log dirs of {who} hold is not in the snapshot");
        return Check::new(Code::LogDirsEmpty, Status::Unknown, message, command).brokers(set(unknown).iter());
    }
    Check::pass(Code::LogDirsEmpty, "their log dirs hold nothing")
}

fn controller_role(snapshot: &Snapshot, going: &IdSet) -> Check {
    if snapshot.mode == Some(Mode::Zookeeper) {
        let message = "any broker may be the controller; another one takes over when it goes, which takes some seconds";
        let fix =
            "switch off one broker at a time, the controller last: `zookeeper-shell.sh ZK get /controller` names it";
        return Check::new(Code::ControllerRole, Status::Note, message, fix);
    }
    let message = format!(
        "whether {} {} in the controller quorum is not in the snapshot",
        brokers(going),
        either(going.len(), "is", "are")
    );
    let fix = "kafka-metadata-quorum.sh --bootstrap-server HOST:PORT describe --status: no voter may be among them";
    Check::new(Code::ControllerRole, Status::Unknown, message, fix)
}

fn registration(snapshot: &Snapshot, going: &IdSet) -> Check {
    let there = set(going.iter().filter(|&id| snapshot.broker(id).is_some()));
    let gone = set(going.iter().filter(|&id| snapshot.broker(id).is_none()));
    if there.is_empty() {
        return Check::pass(
            Code::Registration,
            format!("{} {} not registered", brokers(&gone), either(gone.len(), "is", "are")),
        );
    }
    let mut lines = Vec::new();
    if !gone.is_empty() {
        lines.push(format!(
            "{} {} not in the snapshot: gone already, or mistyped",
            brokers(&gone),
            either(gone.len(), "is", "are")
        ));
    }
    let message = format!("{} {} still registered", brokers(&there), either(there.len(), "is", "are"));
    let fix = match snapshot.mode {
        Some(Mode::Zookeeper) => "stop each one; its registration in ZooKeeper ends with it",
        _ => {
            "stop each one, then `kafka-cluster.sh unregister --bootstrap-server HOST:PORT --id ID`: KRaft keeps it otherwise"
        }
    };
    Check::new(Code::Registration, Status::Note, message, fix).evidence(lines).brokers(there.iter())
}

fn clients(going: &IdSet) -> Check {
    let message = format!("whether anything outside the cluster names {} is not in a snapshot", brokers(going));
    let fix = "look in bootstrap lists of clients, DNS names, monitoring and firewalls";
    Check::new(Code::Clients, Status::Unknown, message, fix)
}
