//! One change of a request, as it is applied and as it is typed.

use crate::base::ids::IdSet;
use crate::base::units::{BytesPerSec, Ratio};
use crate::plan::Side;
use crate::request::{RackPolicy, Request};

/// A change of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Another disk limit.
    DiskLimit(Ratio),
    /// More targets: all of them, and those that are new.
    Onto {
        /// All targets.
        all: IdSet,
        /// Those that the request did not name.
        added: IdSet,
    },
    /// A milder rack policy.
    RackPolicy(RackPolicy),
    /// A faster throttle of one side, or of both.
    Throttle(BytesPerSec, Option<Side>),
    /// Less of the network left free.
    Headroom(Ratio),
    /// Fewer topics: the whole filter, and the topics that it leaves out anew.
    ExcludeTopics {
        /// The filter.
        regex: String,
        /// What it leaves out anew.
        topics: Vec<String>,
    },
    /// Partitions that are not healthy enough stay.
    SkipUnhealthy,
    /// No disk limit.
    IgnoreDisk,
}

/// What a change is about; of each kind at most one is offered at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `--disk-limit`.
    DiskLimit,
    /// `--onto`.
    Onto,
    /// `--rack-policy`.
    RackPolicy,
    /// `--throttle`, or that of one side.
    Throttle,
    /// `--headroom`.
    Headroom,
    /// `--exclude-topics`.
    ExcludeTopics,
    /// `--skip-unhealthy`.
    SkipUnhealthy,
    /// `--ignore-disk`.
    IgnoreDisk,
}

impl Kind {
    /// The strongest change of this kind, for a sentence that says that it does not do.
    pub const fn noun(self) -> &'static str {
        match self {
            Kind::DiskLimit => "a disk limit of 100%",
            Kind::Onto => "all other brokers as targets",
            Kind::RackPolicy => "a milder rack policy",
            Kind::Throttle => "a faster throttle",
            Kind::Headroom => "less headroom",
            Kind::ExcludeTopics => "leaving out the topics concerned",
            Kind::SkipUnhealthy => "leaving out unhealthy partitions",
            Kind::IgnoreDisk => "planning without a disk limit",
        }
    }
}

impl Change {
    /// What it is about.
    pub const fn kind(&self) -> Kind {
        match self {
            Change::DiskLimit(_) => Kind::DiskLimit,
            Change::Onto { .. } => Kind::Onto,
            Change::RackPolicy(_) => Kind::RackPolicy,
            Change::Throttle(..) => Kind::Throttle,
            Change::Headroom(_) => Kind::Headroom,
            Change::ExcludeTopics { .. } => Kind::ExcludeTopics,
            Change::SkipUnhealthy => Kind::SkipUnhealthy,
            Change::IgnoreDisk => Kind::IgnoreDisk,
        }
    }

    /// `request` with this change.
    pub fn applied(&self, request: &Request) -> Request {
        let mut request = request.clone();
        match self {
            Change::DiskLimit(limit) => request.disk_limit = *limit,
            Change::Onto { all, .. } => request.onto = Some(all.clone()),
            Change::RackPolicy(policy) => request.rack_policy = *policy,
            Change::Throttle(rate, None) => request.throttle = Some(*rate),
            Change::Throttle(rate, Some(Side::Leader)) => request.leader_throttle = Some(*rate),
            Change::Throttle(rate, Some(_)) => request.follower_throttle = Some(*rate),
            Change::Headroom(share) => request.headroom = Some(*share),
            Change::ExcludeTopics { regex, .. } => request.exclude_topics = Some(regex.clone()),
            Change::SkipUnhealthy => request.skip_unhealthy = true,
            Change::IgnoreDisk => request.ignore_disk = true,
        }
        request
    }

    /// The option as typed in a shell, in place of the same option of the command.
    pub fn option(&self) -> String {
        match self {
            Change::DiskLimit(limit) => format!("--disk-limit {limit}"),
            Change::Onto { all, .. } => format!("--onto {all}"),
            Change::RackPolicy(policy) => format!("--rack-policy {}", policy.as_str()),
            Change::Throttle(rate, None) => format!("--throttle {}", rate.typed()),
            Change::Throttle(rate, Some(Side::Leader)) => format!("--leader-throttle {}", rate.typed()),
            Change::Throttle(rate, Some(_)) => format!("--follower-throttle {}", rate.typed()),
            Change::Headroom(share) => format!("--headroom {share}"),
            Change::ExcludeTopics { regex, .. } => format!("--exclude-topics '{}'", regex.replace('\'', r"'\''")),
            Change::SkipUnhealthy => "--skip-unhealthy".to_owned(),
            Change::IgnoreDisk => "--ignore-disk".to_owned(),
        }
    }

    /// What it does and costs, after the option.
    pub fn effect(&self) -> String {
        match self {
            Change::DiskLimit(_) => "is enough; log dirs may then become that full".to_owned(),
            Change::Onto { added, .. } if added.len() == 1 => format!("is enough; broker {added} then receives too"),
            Change::Onto { added, .. } => format!("is enough; brokers {added} then receive too"),
            Change::RackPolicy(RackPolicy::Ignore) => {
                "is enough, at the price of less safety when a rack fails".to_owned()
            }
            Change::RackPolicy(RackPolicy::Strict) => {
                "is enough; it asks for as many racks as are left, not for as many as now".to_owned()
            }
            Change::RackPolicy(RackPolicy::Preserve) => "is enough; it asks only that racks get no worse".to_owned(),
            Change::Throttle(..) => "is enough for every partition".to_owned(),
            Change::Headroom(_) => "is enough; that much of each network then stays free".to_owned(),
            Change::ExcludeTopics { topics, .. } if topics.len() == 1 => {
                format!("is enough; topic {} then stays where it is", topics[0])
            }
            Change::ExcludeTopics { topics, .. } => {
                format!("is enough; topics {} then stay where they are", topics.join(", "))
            }
            Change::SkipUnhealthy => "leaves them where they are and moves the rest".to_owned(),
            Change::IgnoreDisk => "plans without any disk limit".to_owned(),
        }
    }
}
