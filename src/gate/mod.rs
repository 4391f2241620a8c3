//! Gates: may the next phase begin? Pass or fail, with evidence and what mends it, from a snapshot alone.
//!
//! Each gate is a list of checks with stable codes; docs/gates.md has a section for each. A check fails, warns (a
//! person decides), notes, passes, or is *unknown*: the snapshot does not say it, and the check names the command that
//! would. What is unknown never counts as passed: it is listed and counted, and with `strict` it keeps the gate closed.
//!
//! - [`preflight`]: may a move begin at all?
//! - [`wave()`]: may wave N of a plan begin on the cluster as it is now?
//! - [`decommission`]: may these brokers be switched off?
//! - [`kraft`]: may the migration from ZooKeeper begin?

mod cluster;
mod codes;
mod decommission;
mod facts;
mod kraft;
mod preflight;
mod report;
mod room;
mod wave;

pub use self::codes::Code;
pub use self::decommission::decommission;
pub use self::kraft::kraft;
pub use self::preflight::{Move, preflight};
pub use self::report::{Check, Counts, Report, Status};
pub use self::wave::wave;
use crate::base::error::{self, Error, Place, Result};
use crate::base::ids::{IdSet, near_id};
use crate::base::text::{brokers, either};
use crate::base::units::Ratio;
use crate::snapshot::Snapshot;

/// What counts for every gate.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How full a log dir may be.
    pub disk_limit: Ratio,
    /// Whether warnings and what is not known keep a gate closed too.
    pub strict: bool,
}

/// Refuses ids that the cluster does not have; `option` names them.
fn known(snapshot: &Snapshot, ids: &IdSet, option: &str) -> Result<()> {
    let unknown: Vec<_> = ids.iter().filter(|&id| snapshot.broker(id).is_none()).collect();
    let Some(&first) = unknown.first() else { return Ok(()) };
    let named = IdSet::from_ids(unknown.iter().copied()).unwrap_or_default();
    let all = IdSet::from_ids(snapshot.brokers.iter().map(|broker| broker.id)).unwrap_or_default();
    let message = format!(
        "{option} names {}, which the cluster does not have; it has {}",
        brokers(&named),
        either(all.len(), "broker ", "brokers ").to_owned() + &all.to_string()
    );
    let error = Error::new(error::Code::UnknownBroker, message).at(Place::source(option));
    Err(match near_id(first, all.iter()) {
        Some(near) => error.help(format!("did you mean {near}?")),
        None => error.help(format!("leave {first} out: a broker that no list names needs no gate")),
    })
}
