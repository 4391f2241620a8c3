//! A plan in the words of Cruise Control: the answer that it would give to a verbose request, the files that it is
//! configured with, and the requests by which it could do what is meant.
//!
//! | file | what |
//! |---|---|
//! | `proposals.json` | the verbose result of an optimization: summary, proposals, goals, load before and after |
//! | `capacity.json` | capacities of the brokers, each log dir by itself |
//! | `brokerSets.json` | drained brokers, targets and others, each a set |
//! | `calls.json`, `calls.md` | requests wave by wave, for machines and for people |
//!
//! Counts follow Cruise Control's rules: sizes are whole MiB, rounded down partition by partition, and a partition that
//! copies is one movement, however many replicas it changes. No endpoint takes proposals back in, so the result is for
//! tools that read such answers, and for comparing; the requests ask for the same end by Cruise Control's own ways.

mod calls;
mod config;
mod disks;
mod goals;
mod load;
mod result;
mod state;
mod stats;

use std::fmt;
use std::str::FromStr;

use self::state::State;
use super::files::Files;
use crate::base::error::{Code, Error, Place, Result};
use crate::plan::{Plan, Wave};
use crate::snapshot::Snapshot;

/// How a proposal names its partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Naming {
    /// An object with hash, partition and topic, as Cruise Control writes it.
    #[default]
    Object,
    /// The text `orders-7`, as its published schema has it.
    Text,
}

/// One of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `proposals.json`.
    Proposals,
    /// `capacity.json`.
    Capacity,
    /// `brokerSets.json`.
    BrokerSets,
    /// `calls.json`.
    Calls,
    /// `calls.md`.
    Runbook,
}

impl Part {
    /// Every part, in the order of the files.
    pub const ALL: [Part; 5] = [Part::Proposals, Part::Capacity, Part::BrokerSets, Part::Calls, Part::Runbook];

    /// The word that asks for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Part::Proposals => "proposals",
            Part::Capacity => "capacity",
            Part::BrokerSets => "broker-sets",
            Part::Calls => "calls",
            Part::Runbook => "runbook",
        }
    }

    /// The name of its file.
    const fn file(self) -> &'static str {
        match self {
            Part::Proposals => "proposals.json",
            Part::Capacity => "capacity.json",
            Part::BrokerSets => "brokerSets.json",
            Part::Calls => "calls.json",
            Part::Runbook => "calls.md",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Part::ALL.into_iter().find(|part| part.as_str() == text).ok_or_else(|| {
            let words = Part::ALL.map(|part| format!("`{part}`")).join(", ");
            format!("`{text}` is no part of this format; expected one of {words}")
        })
    }
}

/// What of a plan is wanted, and how.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// The number of the only wave; absent: the plan as a whole.
    pub wave: Option<u32>,
    /// The only file; absent: all of them.
    pub only: Option<Part>,
    /// How proposals name partitions.
    pub naming: Naming,
}

/// The files of a plan. `cluster` is what the plan was made for; without it hosts and rates are not known.
///
/// # Errors
/// [`Code::InvalidValue`] for a wave that the plan does not have, [`Code::Usage`] for a cluster with other replica lists
/// than those that the plan was made for.
pub fn export(plan: &Plan, cluster: Option<&Snapshot>, options: &Options) -> Result<Files> {
    let wave = super::export::of(plan, options.wave)?;
    if let Some(cluster) = cluster
        && cluster.assignment_sha256() != plan.cluster.assignment_sha256
    {
        let message = "the replica lists of this cluster are not those that the plan was made for";
        return Err(Error::new(Code::Usage, message).at(Place::source("--cluster")).help(
            "name the snapshot that the plan was made from, or leave --cluster out: hosts and rates are then not known",
        ));
    }
    let mut files = Files::default();
    for part in Part::ALL.into_iter().filter(|part| options.only.is_none_or(|only| only == *part)) {
        let content = match part {
            Part::Proposals => proposals(plan, cluster, wave, options.naming),
            Part::Capacity => config::capacity(plan, cluster),
            Part::BrokerSets => config::broker_sets(plan),
            Part::Calls => calls::json(plan, wave),
            Part::Runbook => calls::text(plan, wave).into_bytes(),
        };
        files.add(part.file(), content);
    }
    Ok(files)
}

/// The verbose result of an optimization that proposes what the plan, or one wave of it, does.
pub fn proposals(plan: &Plan, cluster: Option<&Snapshot>, wave: Option<&Wave>, naming: Naming) -> Vec<u8> {
    let rows = wave.map_or(0..plan.moves.size.len(), |wave| wave.rows.clone());
    let before = State::after_rows(plan, cluster, rows.start);
    let after = State::after_rows(plan, cluster, rows.end);
    let excluded = cluster.map(|cluster| result::excluded_topics(plan, cluster)).unwrap_or_default();
    result::write(plan, rows, (&before, &after), &excluded, naming)
}
