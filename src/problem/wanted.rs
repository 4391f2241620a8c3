//! Lists that are given and not chosen: those of twins, and those of a placement that someone else made.

use super::kept::KeptLists;
use super::{can_receive, not_a_target};
use crate::base::assignment::AssignmentEntry;
use crate::base::error::{Code, Error, Result};
use crate::base::index::{BrokerIx, Csr, DirIx, IndexVec, Ix, PartitionIx};
use crate::base::pairs::Pairs;
use crate::base::target::Target;
use crate::base::text::counted;
use crate::cluster::Cluster;

/// One replica of a final list: its broker, and its log dir where that is asked for.
pub type WantedReplica = (BrokerIx, Option<DirIx>);

/// The final lists, as far as the request gives them.
pub enum Wanted {
    /// They are ours to choose.
    Chosen,
    /// The twin of each drained broker takes its place.
    Twins(IndexVec<BrokerIx, Option<BrokerIx>>),
    /// Whole lists.
    Lists(Lists),
}

/// The lists of a placement, by partition.
pub struct Lists {
    /// The entry of each partition of the cluster, or [`NO_ENTRY`].
    entry_of: Vec<u32>,
    replicas: Csr<WantedReplica>,
}

const NO_ENTRY: u32 = u32::MAX;

impl Wanted {
    /// The final list of a partition, where one is given that differs from the present one.
    pub fn list(&self, cluster: &Cluster<'_>, partition: PartitionIx) -> Option<Vec<WantedReplica>> {
        let before = cluster.replicas_of(partition);
        match self {
            Wanted::Chosen => None,
            Wanted::Twins(twins) => before
                .iter()
                .any(|&broker| twins[broker].is_some())
                .then(|| before.iter().map(|&broker| (twins[broker].unwrap_or(broker), None)).collect()),
            Wanted::Lists(lists) => {
                let entry = lists.entry_of[partition.get()];
                let list = (entry != NO_ENTRY).then(|| lists.replicas.get(entry as usize))?;
                (!list.iter().map(|replica| replica.0).eq(before.iter().copied())).then(|| list.to_vec())
            }
        }
    }

    /// The lists of twins; their ids must be known.
    pub fn twins(cluster: &Cluster<'_>, pairs: &Pairs) -> Self {
        let mut twins = IndexVec::filled(None, cluster.brokers.len());
        for (old, new) in pairs.iter() {
            if let Some(old) = cluster.broker_ix(old) {
                twins[old] = cluster.broker_ix(new);
            }
        }
        Wanted::Twins(twins)
    }

    /// The lists of a placement; one that is `kept` as well may have any number of replicas on its way.
    ///
    /// # Errors
    /// Every entry that names what the cluster does not have, a partition or broker twice, nothing, another
    /// number of replicas, or a broker or log dir that cannot receive.
    pub fn lists(cluster: &Cluster<'_>, target: &Target, kept: &KeptLists, allow_rf_change: bool) -> Result<Self> {
        let may_resize = |entry: &AssignmentEntry| {
            let row = cluster.snapshot.row_of(&entry.topic, entry.partition);
            allow_rf_change || row.is_some_and(|row| kept.has(PartitionIx::new(row)))
        };
        let mut lists = Lists { entry_of: vec![NO_ENTRY; cluster.replicas.len()], replicas: Csr::with_capacity(0, 0) };
        let mut faults = Vec::new();
        for (index, entry) in target.entries.iter().enumerate() {
            match resolve(cluster, target, index, entry, may_resize(entry)) {
                Ok((row, replicas)) => {
                    let first = &mut lists.entry_of[row];
                    if *first == NO_ENTRY {
                        *first = index as u32;
                    } else {
                        let message = format!("`{}-{}` stands twice", entry.topic, entry.partition);
                        faults.push(
                            Error::new(Code::DuplicatePartition, message)
                                .at(target.place(index))
                                .note(format!("it stands at {} too", target.place(*first as usize))),
                        );
                    }
                    lists.replicas.push(replicas);
                }
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() { Ok(Wanted::Lists(lists)) } else { Err(Error::all(faults)) }
    }
}

/// The row of an entry and its replicas.
fn resolve(
    cluster: &Cluster<'_>,
    target: &Target,
    index: usize,
    entry: &AssignmentEntry,
    allow_rf_change: bool,
) -> Result<(usize, Vec<WantedReplica>)> {
    let name = format!("{}-{}", entry.topic, entry.partition);
    let Some(row) = cluster.snapshot.row_of(&entry.topic, entry.partition) else {
        return Err(Error::new(Code::UnknownPartition, format!("the cluster has no partition `{name}`"))
            .at(target.place(index))
            .help("take the entry out, or read the cluster again"));
    };
    let before = cluster.replicas_of(PartitionIx::new(row));
    if entry.replicas.is_empty() {
        return Err(Error::new(Code::InvalidField, format!("the list of `{name}` is empty; expected broker ids"))
            .at(target.place(index))
            .help("take the entry out: a partition that is not named stays where it is"));
    }
    if entry.replicas.len() != before.len() && !allow_rf_change {
        let (wanted, now) = (counted(entry.replicas.len(), "replica"), before.len());
        return Err(Error::new(Code::InvalidField, format!("`{name}` is to have {wanted}, and has {now} now"))
            .at(target.place(index))
            .help("pass `--allow-rf-change` if that is meant"));
    }
    let mut list = Vec::with_capacity(entry.replicas.len());
    for (place, &id) in entry.replicas.iter().enumerate() {
        let at = || target.place_of_replica(index, place);
        if entry.replicas[..place].contains(&id) {
            let message = format!("the list of `{name}` names broker {id} twice");
            return Err(Error::new(Code::DuplicateReplica, message).at(at()));
        }
        let Some(broker) = cluster.broker_ix(id) else {
            let message = format!("`{name}` is to lie on broker {id}, which the cluster does not have");
            return Err(Error::new(Code::UnknownBroker, message)
                .at(at())
                .help("`kshift snapshot CLUSTER` shows which brokers there are"));
        };
        let present = before.iter().position(|&other| other == broker);
        if present.is_none() && !can_receive(cluster, broker) {
            let message = format!("`{name}` is to move onto broker {id}, which {}", not_a_target(cluster, broker));
            return Err(Error::new(Code::NotATarget, message)
                .at(at())
                .help("only alive brokers with a log dir online receive data"));
        }
        let path = entry.log_dirs.as_ref().map(|dirs| dirs[place].as_str()).filter(|&path| path != "any");
        let dir = path.map(|path| named_dir(cluster, PartitionIx::new(row), broker, present, path)).transpose();
        list.push((broker, dir.map_err(|what| Error::new(Code::UnknownLogDir, what).at(at()))?));
    }
    Ok((row, list))
}

/// The log dir that is named for a replica, which stays at `present` of the list or is new.
fn named_dir(
    cluster: &Cluster<'_>,
    partition: PartitionIx,
    broker: BrokerIx,
    present: Option<usize>,
    path: &str,
) -> Result<DirIx, String> {
    let (id, name) = (cluster.brokers[broker].id, cluster.name_of(partition));
    let paths = &cluster.snapshot.brokers[broker.get()].log_dirs;
    let Some(dir) = cluster.dirs_of(broker).find(|&dir| paths[cluster.dirs[dir].place].path == path) else {
        return Err(format!("`{name}` is to lie in log dir `{path}`, which broker {id} does not have"));
    };
    match present {
        None if !cluster.dirs[dir].online => {
            Err(format!("`{name}` is to lie in log dir `{path}` of broker {id}, which is offline"))
        }
        Some(place) if cluster.dir_of(partition, place) != Some(dir) => Err(format!(
            "`{name}` stays on broker {id} and is to lie in log dir `{path}` there, which is another or not known to \
             be the same; write `any` to leave it where it is"
        )),
        _ => Ok(dir),
    }
}
