//! A campaign: the phases of a migration in their order, as one file that a team approves.
//!
//! ```text
//! facade → low-ids → mix → drain → kraft → decommission
//! ```
//!
//! Each phase says when it begins and ends, what is done, which gate it has to pass, and until when there is a way back.
//! Only ids, marks and paths of plans are ever read from the file; the rest is for people, who may change it. [`check()`]
//! looks where a cluster stands. What a snapshot cannot tell (whether broker 0 is the old one or the new one that took
//! over its id) people say by marking phases as done.

mod check;
mod make;
mod read;
mod text;
mod write;

pub use self::check::{FAULTS, Fault, Standing, State, Status, check};
pub use self::make::{Ask, make};
pub use self::read::read;
pub use self::text::markdown;
pub use self::write::write;
use crate::base::ids::IdSet;
use crate::base::pairs::Pairs;

/// The `kind` of a campaign file.
pub const KIND: &str = "kshift.campaign";
/// The version of a campaign file.
pub const VERSION: u64 = 1;

/// A migration in phases.
#[derive(Clone, Debug, PartialEq)]
pub struct Campaign {
    /// Version of the kshift that made it.
    pub kshift: String,
    /// What the cluster is called.
    pub name: Option<String>,
    /// Kafka's own id of the cluster.
    pub cluster_id: Option<String>,
    /// Brokers that shall hold nothing and be gone at the end.
    pub old: IdSet,
    /// Brokers that take over.
    pub new: IdSet,
    /// Brokers whose ids are freed first, each with the old broker that takes its place meanwhile.
    pub pairs: Option<Pairs>,
    /// Brokers that neither leave nor take over.
    pub kept: IdSet,
    /// The name that a broker advertises, with `{id}`.
    pub facade: Option<String>,
    /// The phases in their order, each kind once.
    pub phases: Vec<Phase>,
}

/// One phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase {
    /// Which.
    pub kind: Kind,
    /// Marked by people when it is over.
    pub done: bool,
    /// Why it is left out.
    pub skip: Option<String>,
    /// The plan that it carries out: a directory or plan.json, beside the campaign file or absolute.
    pub plan: Option<String>,
    /// What must hold before it.
    pub begins: String,
    /// What is done, in order.
    pub steps: Vec<String>,
    /// The gate at its end.
    pub gate: String,
    /// What holds after it.
    pub ends: String,
    /// The way back, and until when there is one.
    pub back: String,
}

/// The phases in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// DNS names of one's own in front of the brokers.
    Facade,
    /// The data of brokers whose ids are wanted moves to others.
    LowIds,
    /// New brokers join.
    Mix,
    /// Old brokers are emptied.
    Drain,
    /// ZooKeeper to KRaft.
    Kraft,
    /// Old brokers, names and ZooKeeper go.
    Decommission,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 6] = [Kind::Facade, Kind::LowIds, Kind::Mix, Kind::Drain, Kind::Kraft, Kind::Decommission];

    /// The word in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Facade => "facade",
            Kind::LowIds => "low-ids",
            Kind::Mix => "mix",
            Kind::Drain => "drain",
            Kind::Kraft => "kraft",
            Kind::Decommission => "decommission",
        }
    }

    /// The heading.
    pub const fn title(self) -> &'static str {
        match self {
            Kind::Facade => "Names of our own in front of the brokers",
            Kind::LowIds => "Free the low ids",
            Kind::Mix => "New brokers join",
            Kind::Drain => "Drain the old brokers",
            Kind::Kraft => "ZooKeeper to KRaft",
            Kind::Decommission => "Decommission",
        }
    }
}

impl Campaign {
    /// A phase.
    ///
    /// # Panics
    /// Never: a campaign has every phase.
    pub fn phase(&self, kind: Kind) -> &Phase {
        self.phases.iter().find(|phase| phase.kind == kind).expect("a campaign has every phase")
    }

    /// Brokers whose ids are freed.
    pub fn freed(&self) -> IdSet {
        self.pairs.as_ref().map_or_else(IdSet::default, Pairs::old)
    }
}

#[cfg(test)]
mod tests;
