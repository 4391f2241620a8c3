//! May the migration from ZooKeeper to KRaft begin? What a snapshot can tell of its preconditions, and the commands
//! that tell the rest.

use super::cluster::{self, DESCRIBE_BROKERS, VERSION};
use super::decommission::references;
use super::facts::{Facts, ids_where, names, quoted, set, setting, version};
use super::{Check, Code, Options, Report, Status};
use crate::base::error::Result;
use crate::base::ids::{BrokerId, IdSet};
use crate::base::text::{brokers, counted, either};
use crate::snapshot::{Mode, Snapshot};

/// Without generation, and where `reserved.broker.max.id` is not known, ids above this are refused or generated.
const RESERVED_DEFAULT: i32 = 1000;

/// Looks whether the migration may begin; no list may name a broker of `going`.
///
/// # Errors
/// [`crate::base::error::Code::UnknownBroker`] for ids that the cluster does not have.
pub fn kraft(snapshot: &Snapshot, going: &IdSet, options: Options) -> Result<Report> {
    super::known(snapshot, going, "--drained")?;
    let facts = Facts::of(snapshot);
    let mut checks = vec![cluster::gaps(snapshot), mode(snapshot)];
    checks.push(kraft_version(snapshot));
    checks.push(inter_broker_protocol(snapshot));
    checks.push(unregistered(snapshot));
    if !going.is_empty() {
        checks.push(references(snapshot, going, "no list names a broker that was drained"));
    }
    checks.push(cluster::reassigning(snapshot, &facts));
    checks.push(cluster::throttle_leftover(snapshot, &facts, Status::Fail));
    for check in cluster::partitions(snapshot, &facts, Status::Fail) {
        // Every broker is restarted, so that each of these is certain to be hit.
        checks.push(check);
    }
    checks.push(cluster::broker_state(snapshot, going));
    checks.push(broker_ids(snapshot));
    checks.push(jbod(snapshot));
    checks.push(cluster::disk_offline(snapshot, &ids_where(snapshot, |_| true), Status::Fail));
    checks.push(kraft_configs(snapshot));
    checks.push(cluster_id(snapshot));
    checks.push(quorum(snapshot));
    checks.push(security());
    checks.push(clients());
    Ok(Report::new("kraft", None, options.strict, checks))
}

fn mode(snapshot: &Snapshot) -> Check {
    match snapshot.mode {
        Some(Mode::Zookeeper) => Check::pass(Code::KraftMode, "ZooKeeper keeps the metadata"),
        Some(Mode::Kraft) => {
            let message = "KRaft controllers keep the metadata already: there is nothing to migrate";
            Check::new(Code::KraftMode, Status::Note, message, "leave this gate out")
        }
        None => {
            let message = "who keeps the metadata is not in the snapshot";
            let fix =
                "kafka-broker-api-versions.sh --bootstrap-server HOST:PORT, kept beside the other output, shows it";
            Check::new(Code::KraftMode, Status::Unknown, message, fix)
        }
    }
}

fn kraft_version(snapshot: &Snapshot) -> Check {
    let fix = "upgrade every broker to 3.9, the last version that can migrate, then look again";
    let Some(text) = &snapshot.kafka_version else {
        let message = "the version of Kafka is not in the snapshot";
        return Check::new(Code::KraftVersion, Status::Unknown, message, VERSION);
    };
    let check = |status, message: String| Check::new(Code::KraftVersion, status, message, fix);
    match version(text) {
        None => check(Status::Unknown, format!("`{text}` is no version of Kafka such as 3.9.2")),
        Some((major, ..)) if major >= 4 && snapshot.mode != Some(Mode::Zookeeper) => {
            Check::pass(Code::KraftVersion, format!("Kafka {text} knows no ZooKeeper any more"))
        }
        Some((major, ..)) if major >= 4 => {
            let message = format!("Kafka {text} cannot run with ZooKeeper: mode or version of the snapshot is wrong");
            check(Status::Fail, message)
        }
        Some(found) if found < (3, 4, 0) => {
            check(Status::Fail, format!("Kafka {text} cannot migrate; 3.4 and later can"))
        }
        Some(found) if found < (3, 6, 0) => {
            check(Status::Fail, format!("in Kafka {text} the migration is early access, not for production"))
        }
        Some(found) if found < (3, 9, 0) => check(
            Status::Warn,
            format!("Kafka {text} can migrate; 3.9 has the most repairs, and is the version to leave from"),
        ),
        Some(_) => Check::pass(Code::KraftVersion, format!("Kafka {text} can migrate")),
    }
}

fn inter_broker_protocol(snapshot: &Snapshot) -> Check {
    let key = "inter.broker.protocol.version";
    let found = setting(snapshot, key);
    let missing = snapshot.brokers.len() - found.len();
    let mut values: Vec<&str> = found.iter().map(|entry| entry.1).collect();
    values.sort_unstable();
    values.dedup();
    let lines = || found.iter().map(|(id, value)| format!("broker {id}: {key}={value}"));
    let fix = "set it to the brokers' own version everywhere and restart them one by one, before the migration: while \
               it runs it must not change";
    if values.len() > 1 {
        let message = format!("brokers have `{key}` {}", quoted(values));
        return Check::new(Code::InterBrokerProtocol, Status::Fail, message, fix).evidence(lines());
    }
    let Some(&value) = values.first() else {
        let message = format!("`{key}` is not in the snapshot; by default it is the brokers' own version");
        return Check::new(Code::InterBrokerProtocol, Status::Unknown, message, DESCRIBE_BROKERS);
    };
    let (protocol, own) = (version(value), snapshot.kafka_version.as_deref().and_then(version));
    if protocol.is_some_and(|found| found < (3, 4, 0)) {
        let message = format!("`{key}` is {value}; the migration needs 3.4 or later");
        return Check::new(Code::InterBrokerProtocol, Status::Fail, message, fix).evidence(lines());
    }
    if let (Some(protocol), Some(own)) = (protocol, own)
        && (protocol.0, protocol.1) != (own.0, own.1)
    {
        let message = format!("`{key}` is {value} on Kafka {}.{}: the upgrade was not finished", own.0, own.1);
        return Check::new(Code::InterBrokerProtocol, Status::Warn, message, fix).evidence(lines());
    }
    if missing > 0 {
        let message = format!("`{key}` is {value} where it is known; of {} it is not", counted(missing, "broker"));
        return Check::new(Code::InterBrokerProtocol, Status::Unknown, message, DESCRIBE_BROKERS);
    }
    Check::pass(Code::InterBrokerProtocol, format!("`{key}` is {value} on every broker"))
}

/// The migration waits until every broker that any list names has registered.
fn unregistered(snapshot: &Snapshot) -> Check {
    let away = ids_where(snapshot, |broker| !broker.state.serves());
    let partitions = &snapshot.partitions;
    let is_named = |&row: &usize| partitions.replicas.get(row).iter().any(|&id| away.contains(id));
    let rows: Vec<usize> = if away.is_empty() { Vec::new() } else { (0..partitions.len()).filter(is_named).collect() };
    if rows.is_empty() {
        return Check::pass(Code::UnregisteredBrokers, "every broker that a list names is there to register");
    }
    let named = set(rows.iter().flat_map(|&row| partitions.replicas.get(row)).copied().filter(|&id| away.contains(id)));
    let message = format!(
        "{} {} {} that {} not there: the migration would wait for ever",
        counted(rows.len(), "partition"),
        either(rows.len(), "names", "name"),
        brokers(&named),
        either(named.len(), "is", "are")
    );
    let fix = "start these brokers, or drain them: `kshift plan CLUSTER --drain IDS --out DIR`";
    Check::new(Code::UnregisteredBrokers, Status::Fail, message, fix)
        .brokers(named.iter())
        .partitions(names(snapshot, &rows))
}

fn broker_ids(snapshot: &Snapshot) -> Check {
    if snapshot.mode == Some(Mode::Kraft) {
        return Check::pass(Code::BrokerIds, "ids of KRaft brokers are set by hand");
    }
    let config = |id: BrokerId, key: &str| snapshot.broker(id).and_then(|broker| broker.config.get(key)).cloned();
    let limit =
        |id| config(id, "reserved.broker.max.id").and_then(|text| text.parse().ok()).unwrap_or(RESERVED_DEFAULT);
    let is_off = |id| config(id, "broker.id.generation.enable").is_some_and(|text| text == "false");
    let high = ids_where(snapshot, |broker| broker.id.get() > limit(broker.id) && !is_off(broker.id));
    let all = set(snapshot.brokers.iter().map(|broker| broker.id));
    if high.is_empty() {
        let message = format!("no id looks generated; controllers need other ids than {all}");
        return Check::pass(Code::BrokerIds, message);
    }
    let is_known = high.iter().all(|id| config(id, "broker.id.generation.enable").is_some());
    let message = format!(
        "{} {} above `reserved.broker.max.id` ({RESERVED_DEFAULT} unless set): generated by ZooKeeper, or set beside a raised limit",
        brokers(&high),
        either(high.len(), "is", "are")
    );
    let fix = "KRaft generates no ids: write each `broker.id` (later `node.id`) into its file with \
               `broker.id.generation.enable=false`; controllers need ids that no broker has";
    let (status, fix) = if is_known { (Status::Warn, fix) } else { (Status::Unknown, DESCRIBE_BROKERS) };
    Check::new(Code::BrokerIds, status, message, fix).brokers(high.iter())
}

fn jbod(snapshot: &Snapshot) -> Check {
    let several = ids_where(snapshot, |broker| broker.log_dirs.len() > 1);
    let silent = ids_where(snapshot, |broker| broker.log_dirs.is_empty());
    if several.is_empty() && !silent.is_empty() {
        let message = format!(
            "how many log dirs {} {} is not in the snapshot",
            brokers(&silent),
            either(silent.len(), "has", "have")
        );
        let fix = "kafka-log-dirs.sh --bootstrap-server HOST:PORT --describe";
        return Check::new(Code::Jbod, Status::Unknown, message, fix).brokers(silent.iter());
    }
    if several.is_empty() {
        return Check::pass(Code::Jbod, "every broker has one log dir");
    }
    let who = format!("{} {} several log dirs", brokers(&several), either(several.len(), "has", "have"));
    let fix = "upgrade to 3.9 with `inter.broker.protocol.version` of 3.7 or later; until it is done, one failed log dir \
               stops its broker";
    let (status, what) = match snapshot.kafka_version.as_deref().and_then(version) {
        None => {
            let message = format!("{who}, which needs 3.7 or later, and the version is not known");
            return Check::new(Code::Jbod, Status::Unknown, message, VERSION).brokers(several.iter());
        }
        Some(found) if found < (3, 7, 0) => (Status::Fail, "which cannot migrate before 3.7"),
        Some(found) if found < (3, 8, 0) => (Status::Warn, "which is early access in KRaft of 3.7"),
        Some(_) => (Status::Note, "which can migrate; one that fails meanwhile stops its broker"),
    };
    Check::new(Code::Jbod, status, format!("{who}, {what}"), fix).brokers(several.iter())
}

/// Settings that are refused, ignored or renamed in KRaft.
const NOT_IN_KRAFT: [(&str, &str); 6] = [
    ("control.plane.listener.name", "controllers have listeners of their own"),
    ("log.message.format.version", "gone: the format follows from the metadata version"),
    ("message.format.version", "gone: the format follows from the metadata version"),
    ("zookeeper.set.acl", "must be switched off when ZooKeeper goes"),
    ("password.encoder.secret", "controllers need it too until the migration is done"),
    ("delegation.token.master.key", "renamed to `delegation.token.secret.key`"),
];

fn kraft_configs(snapshot: &Snapshot) -> Check {
    let mut lines = Vec::new();
    let brokers = snapshot.brokers.iter().map(|broker| (format!("broker {}", broker.id), &broker.config));
    let topics = snapshot.topics.iter().map(|topic| (format!("topic `{}`", topic.name), &topic.config));
    for (who, config) in brokers.chain(topics) {
        for (key, why) in NOT_IN_KRAFT {
            if config.contains_key(key) {
                lines.push(format!("{who}: {key}: {why}"));
            }
        }
    }
    if !lines.is_empty() {
        let message = format!("{} that KRaft does not know or treats otherwise", counted(lines.len(), "setting"));
        let fix = "remove or replace each, restart, and look again";
        return Check::new(Code::KraftConfigs, Status::Warn, message, fix).evidence(lines);
    }
    let message = "a snapshot has dynamic settings; what stands in the brokers' files alone does not show";
    Check::new(Code::KraftConfigs, Status::Unknown, message, DESCRIBE_BROKERS)
}

fn cluster_id(snapshot: &Snapshot) -> Check {
    match &snapshot.cluster_id {
        Some(id) => Check::pass(Code::ClusterId, format!("controllers are formatted with cluster id `{id}`")),
        None => {
            let message = "the id of the cluster is not in the snapshot; controllers are formatted with it";
            let fix = "kafka-cluster.sh cluster-id --bootstrap-server HOST:PORT, kept beside the other output";
            Check::new(Code::ClusterId, Status::Unknown, message, fix)
        }
    }
}

fn quorum(snapshot: &Snapshot) -> Check {
    let all = set(snapshot.brokers.iter().map(|broker| broker.id));
    let message =
        format!("whether controllers are provisioned is not in a snapshot; their ids must not be among {all}");
    let fix = "kafka-metadata-quorum.sh --bootstrap-controller HOST:PORT describe --status: a leader, and three or five \
               voters, none of them a broker";
    Check::new(Code::Quorum, Status::Unknown, message, fix)
}

fn security() -> Check {
    let message = "authorizer, SCRAM credentials and delegation tokens are not in a snapshot";
    let fix = "in the brokers' files: `authorizer.class.name` becomes StandardAuthorizer with KRaft, and controllers need \
               the same `super.users`; `kafka-acls.sh --list` and `kafka-configs.sh --describe --entity-type users` to compare";
    Check::new(Code::Security, Status::Unknown, message, fix)
}

fn clients() -> Check {
    let message = "whether tools or clients still talk to ZooKeeper is not in a snapshot";
    let fix = "`echo cons | nc ZK 2181` on each ZooKeeper server: only brokers may be connected";
    Check::new(Code::Clients, Status::Unknown, message, fix)
}
