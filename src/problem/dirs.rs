//! Log dirs that are emptied within their broker: which ones, and what lies in them.

use super::{Problem, not_a_target, unknown_brokers};
use crate::base::broker_dirs::BrokerDirs;
use crate::base::error::{Code, Error, Place, Result, near_miss};
use crate::base::ids::{BrokerId, IdSet};
use crate::base::index::{BrokerIx, DirIx, IndexVec, Ix, PartitionIx};
use crate::base::text::{self, counted, either};
use crate::cluster::Cluster;
use crate::snapshot::{BrokerState, UNKNOWN_DIR};

const OPTION: &str = "--drain-dir";

/// One flag for each log dir of the cluster: whether it is to be emptied.
///
/// # Errors
/// All faults at once: brokers and log dirs that the cluster does not have, that are not online, or that are the
/// last ones of their broker.
pub(super) fn drained(cluster: &Cluster<'_>, named: &BrokerDirs) -> Result<IndexVec<DirIx, bool>> {
    let mut is_drained = IndexVec::filled(false, cluster.dirs.len());
    let mut faults = Vec::new();
    let mut brokers: Vec<BrokerId> = named.iter().map(|(broker, _)| broker).collect();
    brokers.dedup();
    let unknown: Vec<BrokerId> = brokers.iter().copied().filter(|&id| cluster.broker_ix(id).is_none()).collect();
    if !unknown.is_empty() {
        faults.push(unknown_brokers(cluster, &unknown, OPTION));
    }
    for broker in brokers.into_iter().filter_map(|id| cluster.broker_ix(id)) {
        let paths = named.iter().filter(|dir| dir.0 == cluster.brokers[broker].id).map(|dir| dir.1);
        match of_broker(cluster, broker, paths) {
            Ok(dirs) => dirs.into_iter().for_each(|dir| is_drained[dir] = true),
            Err(fault) => faults.push(fault.at(Place::source(OPTION))),
        }
    }
    if faults.is_empty() { Ok(is_drained) } else { Err(Error::all(faults)) }
}

/// The log dirs of a broker with these paths.
fn of_broker<'a>(cluster: &Cluster<'_>, broker: BrokerIx, paths: impl Iterator<Item = &'a str>) -> Result<Vec<DirIx>> {
    let id = cluster.brokers[broker].id;
    let path_of = |dir: DirIx| cluster.snapshot.brokers[broker.get()].log_dirs[cluster.dirs[dir].place].path.as_str();
    let known: Vec<DirIx> = cluster.dirs_of(broker).filter(|&dir| path_of(dir) != UNKNOWN_DIR).collect();
    if known.is_empty() {
        return Err(Error::new(Code::MissingLogDir, format!("the log dirs of broker {id} are not known"))
            .help("add the output of `kafka-log-dirs --describe`"));
    }
    if cluster.brokers[broker].state != BrokerState::Alive {
        let message =
            format!("broker {id} {}: nothing can be copied between its log dirs", not_a_target(cluster, broker));
        return Err(Error::new(Code::NotATarget, message)
            .help("bring the broker back and take a new snapshot, or move its replicas to others with `--drain`"));
    }
    let mut found = Vec::new();
    for path in paths {
        let Some(&dir) = known.iter().find(|&&dir| path_of(dir) == path) else {
            let all: Vec<&str> = known.iter().map(|&dir| path_of(dir)).collect();
            let quoted: Vec<String> = all.iter().map(|path| format!("`{path}`")).collect();
            let error = Error::new(Code::UnknownLogDir, format!("broker {id} has no log dir `{path}`"))
                .note(format!("it has {}", quoted.join(", ")));
            return Err(match near_miss(path, all.iter().copied()) {
                Some(near) => error.help(format!("did you mean `{id}:{near}`?")),
                None => error.help("`kshift snapshot CLUSTER` shows which log dirs there are"),
            });
        };
        if !cluster.dirs[dir].online {
            let message = format!("log dir `{path}` of broker {id} is offline: nothing can be copied from it");
            return Err(Error::new(Code::OfflineLogDir, message)
                .help(format!("take it out of `log.dirs` of broker {id} and restart that: it copies its replicas anew from their leaders"))
                .help(format!("or move everything off the broker with `--drain {id}`")));
        }
        found.push(dir);
    }
    if !known.iter().any(|dir| cluster.dirs[*dir].online && !found.contains(dir)) {
        let message = format!(
            "broker {id} has no other online log dir than {} to be emptied; expected one that can receive",
            either(found.len(), "the one", "those")
        );
        return Err(Error::new(Code::NotATarget, message).help(format!(
            "leave one of its log dirs out, or move its replicas to other brokers with `--drain {id}`"
        )));
    }
    Ok(found)
}

impl Problem<'_> {
    /// Places of a partition's list whose replicas lie in log dirs that are emptied.
    pub fn in_drained_dirs(&self, partition: PartitionIx) -> impl Iterator<Item = usize> {
        let places = 0..self.cluster.replicas_of(partition).len();
        places.filter(move |&place| self.cluster.dir_of(partition, place).is_some_and(|dir| self.is_drained_dir[dir]))
    }

    /// Refuses where a replica may lie in a log dir that is emptied, and nobody knows.
    pub(super) fn refuse_unknown_dirs(&self, selected: &[bool]) -> Result<()> {
        let cluster = &self.cluster;
        let (mut first, mut replicas, mut brokers) = (None, 0, Vec::new());
        for partition in cluster.partitions().filter(|&partition| selected[cluster.topic_of(partition).get()]) {
            for (place, &broker) in cluster.replicas_of(partition).iter().enumerate() {
                if self.is_target[broker] && cluster.dir_of(partition, place).is_none() {
                    first.get_or_insert(partition);
                    replicas += 1;
                    brokers.push(cluster.brokers[broker].id);
                }
            }
        }
        let Some(first) = first else { return Ok(()) };
        brokers.sort_unstable();
        brokers.dedup();
        let set = IdSet::from_ids(brokers).unwrap_or_default();
        let message = format!(
            "the log dir of {} on {} is not known, first of `{}`; expected all of them, to know what lies where",
            counted(replicas, "replica"),
            text::brokers(&set),
            cluster.name_of(first)
        );
        Err(Error::new(Code::MissingLogDir, message).at(Place::source(OPTION)).detail("brokers", set.to_string()).help(
            "add the output of `kafka-log-dirs --describe`, or name the `log_dirs` of each partition in the snapshot",
        ))
    }
}
