//! The bridge: a plan as plain data, with its own consistency and no opinions.
//!
//! The left bank writes it, the right bank judges it, and every file and page is made from it alone.
//! Moves are columns in the order of the plan, wave after wave; ids are Kafka's own.

mod at_risk;
mod bounds;
mod cost;
mod drift;
mod earlier;
mod read;
pub mod rollback;
#[cfg(test)]
pub(crate) mod sample;
mod sources;
pub mod throttled;
mod trade;
pub mod why;
mod write;

use std::ops::Range;

use serde::{Deserialize, Serialize};

pub use self::at_risk::{AtRisk, AtRiskSpan, LossRisk, WorstLoss};
pub use self::bounds::{Bound, Bounds, CountBound, Proof, RackPrice};
pub use self::drift::{Drift, Group};
pub use self::earlier::{EarlierThrottles, LISTS, LeftThrottles, RATES, Settings};
pub use self::read::read;
pub use self::sources::{GainPoint, SourcesGain};
pub use self::trade::{Outcome, Trade};
pub use self::write::{write, write_to};
pub(crate) use self::write::{write_dirs, write_ids};
use crate::base::ids::{BrokerId, PartitionId};
use crate::base::index::Csr;
use crate::base::units::{Bytes, BytesPerSec, Seconds};
use crate::base::zone::Moment;
use crate::request::Request;
use crate::snapshot::{BrokerState, Mode};

/// The `kind` of a plan file.
pub const KIND: &str = "kshift.plan";
/// The version of a plan file. It rises when an old reader could misunderstand a new plan; new fields alone do not raise it.
pub const VERSION: u64 = 1;

/// A plan: who moves where, in which wave, and what it costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Version of the kshift that made it.
    pub kshift: String,
    /// What was asked.
    pub request: Request,
    /// Which cluster it was made for.
    pub cluster: ClusterIdentity,
    /// The brokers and what the plan does to them, in ascending order of id.
    pub brokers: Vec<PlanBroker>,
    /// The figures of the whole.
    pub summary: Summary,
    /// Names of the topics in `moves`, in ascending order.
    pub topics: Vec<String>,
    /// All moves, wave after wave, each wave in the order in which they shall start.
    pub moves: Moves,
    /// The waves in the order in which they run.
    pub waves: Vec<Wave>,
    /// What was asked for and is left out, with its reason; sorted by topic and partition.
    pub deferred: Vec<Deferred>,
    /// What a person should know before running it.
    pub warnings: Vec<Warning>,
    /// Whether everything that was asked for is in the plan.
    pub complete: bool,
    /// What has happened since the plan that it resumes was made; absent where it resumes none.
    pub drift: Option<Drift>,
    /// Throttles that the cluster had when it was made; empty in plans of older versions.
    pub throttles_before: EarlierThrottles,
}

/// Which cluster, in which state, a plan was made for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterIdentity {
    /// Its name.
    pub name: Option<String>,
    /// SHA-256 of the canonical snapshot without `name`, `taken_at` and `host`, in hexadecimal.
    pub sha256: String,
    /// SHA-256 of the sorted ordered replica lists alone: drift is judged by it.
    pub assignment_sha256: String,
    /// Kafka's own id of the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<String>,
    /// Version of its brokers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kafka_version: Option<String>,
    /// Who keeps its metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
}

/// A broker and what the plan does to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanBroker {
    /// Its id.
    pub id: BrokerId,
    /// Its host name, where the snapshot knew it; no decision rests on it, and the check does not look at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Its rack.
    pub rack: Option<String>,
    /// Its state when the plan was made.
    pub state: BrokerState,
    /// `drain`, `target`, or neither.
    pub role: Role,
    /// Its log dirs.
    pub log_dirs: Vec<PlanDir>,
    /// Replicas it holds before the first wave.
    pub replicas_before: u32,
    /// Replicas it holds after the last wave.
    pub replicas_after: u32,
    /// Partitions whose list it heads before the first wave.
    pub leaders_before: u32,
    /// Partitions whose list it heads after the last wave.
    pub leaders_after: u32,
}

/// What a plan wants of a broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Its replicas leave it, or its leadership alone where that is asked.
    Drain,
    /// It may receive replicas, or leadership alone where that is asked; where log dirs are emptied, it does both.
    Target,
    /// It keeps what it has.
    Other,
}

/// A log dir and what the plan does to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanDir {
    /// Its path.
    pub path: String,
    /// What it can hold; null when not known.
    pub capacity_bytes: Option<Bytes>,
    /// In use before the first wave.
    pub used_before_bytes: Bytes,
    /// Most in use at any time.
    pub used_peak_bytes: Bytes,
    /// In use after the last wave.
    pub used_after_bytes: Bytes,
}

/// The figures of a plan, as defined in docs/model.md.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// New replicas that the plan makes.
    pub replicas_moved: u64,
    /// Replicas on drained brokers, of the topics asked for.
    pub replicas_forced: u64,
    /// Bytes that the plan copies.
    pub bytes_moved: Bytes,
    /// Bytes of the replicas on drained brokers, each as its leader's size.
    pub bytes_forced: Bytes,
    /// How many waves there are.
    pub waves: u32,
    /// Sum of the waves' copy times; null without a throttle.
    pub makespan_seconds: Option<Seconds>,
    /// Time when carried out rolling; null when not computed.
    pub rolling_seconds: Option<Seconds>,
    /// The forecast for people; null without a throttle.
    pub eta_seconds: Option<Estimate>,
    /// No plan for the same request can take less; null without a throttle.
    pub makespan_lower_bound_seconds: Option<Seconds>,
    /// What sets that bound.
    pub makespan_lower_bound_by: Option<String>,
    /// Bytes of copies whose leader is in another rack.
    pub cross_rack_bytes: Bytes,
    /// What these cost; absent where no price was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cross_rack_cost: Option<f64>,
    /// When the first wave starts; absent where no dates were asked for, and without waves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Moment>,
    /// When the last wave ends; absent where no dates were asked for, and without waves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Dates>,
    /// Fullest target broker over the mean of the targets' final used/capacity; null without capacities.
    pub disk_max_over_mean: Option<f64>,
    /// Most heads of lists on one target over the mean of the targets; null without targets or heads.
    pub leaders_max_over_mean: Option<f64>,
    /// Highest use of any log dir that receives data, over its capacity, at any wave; null when unknown.
    pub peak_disk_utilization: Option<f64>,
    /// What no plan for the same request can beat, with proofs; absent in plans of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounds: Option<Bounds>,
    /// What `--prefer` decides, where targets differ in size or time goes first; absent elsewhere, and in plans of
    /// older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trade: Option<Trade>,
    /// What the loss of one broker or rack would do before, during and after the plan; absent in plans of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_risk: Option<AtRiskSpan>,
    /// What `--balance-sources` would gain; absent where it was asked for, where leaders stay, without a throttle, and in
    /// plans of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance_sources: Option<SourcesGain>,
    /// No cut of the same moves has fewer waves; absent in plans of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waves_lower_bound: Option<u32>,
    /// What sets that bound, stage by stage; absent without waves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waves_lower_bound_by: Option<String>,
}

/// A forecast with its range, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Unlikely to be shorter.
    pub low: Seconds,
    /// Most likely.
    pub expected: Seconds,
    /// Unlikely to be longer.
    pub high: Seconds,
}

/// A date for each side of a forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dates {
    /// Unlikely to be earlier.
    pub low: Moment,
    /// Most likely.
    pub expected: Moment,
    /// Unlikely to be later.
    pub high: Moment,
}

/// When a wave runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaveDates {
    /// When it starts.
    pub starts_at: Dates,
    /// When it ends.
    pub ends_at: Dates,
}

/// A wave: what people approve, gate and roll back at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Wave {
    /// Its number, from 1.
    pub index: u32,
    /// Why it stands where it stands.
    pub stage: Stage,
    /// The longest of its brokers' copy times; absent without a throttle.
    pub copy_seconds: Option<Seconds>,
    /// The forecast for people; absent without a throttle.
    pub duration_seconds: Option<Estimate>,
    /// Who sets the copy time; absent without a throttle or when nothing is copied.
    pub bottleneck: Option<Bottleneck>,
    /// What sets the forecast, where that is more than the throttle of the bottleneck; absent elsewhere.
    pub limit: Option<Limit>,
    /// Rates of replication while it copies; absent without a throttle, and where nothing is copied between brokers
    /// (see [`Plan::log_dir_throttle`]).
    pub throttle: Option<Throttle>,
    /// When it runs; absent where no dates were asked for.
    pub dates: Option<WaveDates>,
    /// Copy time of undoing this wave and no other, once it has ended; absent without a throttle, where it never ends at
    /// the throttle, and in plans of older versions.
    pub rollback_seconds: Option<Seconds>,
    /// Highest use over capacity, while this wave is undone, of any log dir that then receives again; absent where none
    /// does, where a capacity is not known, and in plans of older versions.
    pub rollback_peak_disk_utilization: Option<f64>,
    /// What the loss of one broker or rack would do at worst while it runs; absent in plans of older versions.
    pub at_risk: Option<AtRisk>,
    /// Its rows in [`Plan::moves`].
    pub rows: Range<usize>,
}

/// Why a wave stands where it stands; waves run in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// A few partitions ahead of all others.
    Canary,
    /// Old lists in another order, so that the copies come from other leaders.
    Sources,
    /// The bulk.
    Data,
    /// Partitions whose ISR was short.
    DataShortIsr,
    /// New replicas beside the old leader, which stays first.
    Add,
    /// The same of partitions whose ISR was short.
    AddShortIsr,
    /// The same of Kafka's own topics.
    InternalAdd,
    /// The same of Kafka's own topics whose ISR was short.
    InternalAddShortIsr,
    /// Partitions of which replicas move between log dirs of their brokers.
    LogDirs,
    /// Partitions of which leadership moves and nothing else.
    Leadership,
    /// The same of Kafka's own topics, while other partitions take several steps.
    InternalLeadership,
    /// Old leaders leave.
    Remove,
    /// The same of Kafka's own topics.
    InternalRemove,
    /// Kafka's own topics.
    Internal,
    /// Kafka's own topics whose ISR was short.
    InternalShortIsr,
}

impl Stage {
    /// The word in files and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Stage::Canary => "canary",
            Stage::Sources => "sources",
            Stage::Data => "data",
            Stage::DataShortIsr => "data-short-isr",
            Stage::Add => "add",
            Stage::AddShortIsr => "add-short-isr",
            Stage::InternalAdd => "internal-add",
            Stage::InternalAddShortIsr => "internal-add-short-isr",
            Stage::LogDirs => "log-dirs",
            Stage::Leadership => "leadership",
            Stage::InternalLeadership => "internal-leadership",
            Stage::Remove => "remove",
            Stage::InternalRemove => "internal-remove",
            Stage::Internal => "internal",
            Stage::InternalShortIsr => "internal-short-isr",
        }
    }

    /// Whether it is of Kafka's own topics.
    pub const fn is_internal(self) -> bool {
        matches!(
            self,
            Stage::Internal
                | Stage::InternalShortIsr
                | Stage::InternalAdd
                | Stage::InternalAddShortIsr
                | Stage::InternalLeadership
                | Stage::InternalRemove
        )
    }

    /// Whether it is of partitions whose ISR was short when they moved.
    pub const fn is_short_isr(self) -> bool {
        matches!(self, Stage::DataShortIsr | Stage::InternalShortIsr | Stage::AddShortIsr | Stage::InternalAddShortIsr)
    }

    /// Whether lists only get another order.
    pub const fn is_reordering(self) -> bool {
        matches!(self, Stage::Sources | Stage::Leadership | Stage::InternalLeadership)
    }
}

/// The broker that sets the copy time of a wave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bottleneck {
    /// Its id.
    pub broker: BrokerId,
    /// What it is busy with.
    pub side: Side,
}

/// What holds a wave up by the forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// The broker.
    pub broker: BrokerId,
    /// What it is busy with.
    pub side: Side,
    /// Which of its limits it is.
    pub cap: Cap,
    /// Where its fetchers set the time, the leader that they ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<BrokerId>,
}

impl Limit {
    /// `broker 5 as leader`, and by what where that is not its throttle.
    pub fn in_short(&self) -> String {
        let Limit { broker, side, cap, from } = *self;
        let by = match (cap, from) {
            (Cap::Throttle, _) => return format!("broker {broker} as {}", side.as_str()),
            (Cap::Fetch, Some(from)) => format!("fetches from broker {from}"),
            (cap, _) => cap.as_str().to_owned(),
        };
        format!("broker {broker} as {} ({by})", side.as_str())
    }

    /// Whether it is the throttle of that bottleneck, and so nothing new.
    pub fn says_no_more_than(&self, bottleneck: Bottleneck) -> bool {
        self.cap == Cap::Throttle && self.broker == bottleneck.broker && self.side == bottleneck.side
    }
}

/// What can hold a copy up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cap {
    /// The replication throttle, or that of copies between log dirs.
    Throttle,
    /// The capacity of the network, beside live traffic.
    Network,
    /// What disks can write, beside live traffic.
    Disk,
    /// What the fetcher threads from one leader can ask for.
    Fetch,
}

impl Cap {
    /// The word in files and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Cap::Throttle => "throttle",
            Cap::Network => "network",
            Cap::Disk => "disk",
            Cap::Fetch => "fetch",
        }
    }
}

/// The two ends of a copy, or both at once where it stays within its broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Sending.
    Leader,
    /// Receiving.
    Follower,
    /// Copying between its own log dirs.
    LogDirs,
}

impl Side {
    /// The word in files and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Side::Leader => "leader",
            Side::Follower => "follower",
            Side::LogDirs => "log-dirs",
        }
    }
}

/// Replication throttle of each broker that takes part in a wave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Throttle {
    /// `leader.replication.throttled.rate`: that of all brokers but those below, and less than theirs.
    pub leader_bytes_per_sec: BytesPerSec,
    /// `follower.replication.throttled.rate`: that of all brokers but those below, and less than theirs.
    pub follower_bytes_per_sec: BytesPerSec,
    /// Brokers of the wave with another rate on a side, in ascending order of id; absent where all have the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub brokers: Vec<BrokerThrottle>,
}

/// The rates of a broker that differ from those of the others of its wave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokerThrottle {
    /// Its id.
    pub id: BrokerId,
    /// Its `leader.replication.throttled.rate`.
    pub leader_bytes_per_sec: BytesPerSec,
    /// Its `follower.replication.throttled.rate`.
    pub follower_bytes_per_sec: BytesPerSec,
}

impl Throttle {
    /// The same rates for every broker.
    pub const fn new(leader: BytesPerSec, follower: BytesPerSec) -> Self {
        Throttle { leader_bytes_per_sec: leader, follower_bytes_per_sec: follower, brokers: Vec::new() }
    }

    /// The throttle of these brokers under a request, common rates being the least of any; absent when they have none.
    pub fn among(request: &Request, brokers: impl IntoIterator<Item = BrokerId>) -> Option<Self> {
        if request.has_one_rate() {
            return request.throttle.map(|rate| Throttle::new(rate, rate));
        }
        if !request.is_throttled() {
            return None;
        }
        let mut brokers: Vec<BrokerId> = brokers.into_iter().collect();
        brokers.sort_unstable();
        brokers.dedup();
        let rates: Vec<_> = brokers.into_iter().filter_map(|id| Some((id, request.rate_of(id)?))).collect();
        let leader = rates.iter().map(|(_, rate)| rate.leader_bytes_per_sec).min()?;
        let follower = rates.iter().map(|(_, rate)| rate.follower_bytes_per_sec).min()?;
        let others = rates
            .into_iter()
            .filter(|(_, rate)| rate.leader_bytes_per_sec != leader || rate.follower_bytes_per_sec != follower);
        let others = others.map(|(id, rate)| BrokerThrottle {
            id,
            leader_bytes_per_sec: rate.leader_bytes_per_sec,
            follower_bytes_per_sec: rate.follower_bytes_per_sec,
        });
        Some(Throttle { brokers: others.collect(), ..Throttle::new(leader, follower) })
    }

    /// Leader and follower rate of a broker of the wave.
    pub fn of(&self, id: BrokerId) -> (BytesPerSec, BytesPerSec) {
        match self.brokers.binary_search_by_key(&id, |broker| broker.id) {
            Ok(at) => (self.brokers[at].leader_bytes_per_sec, self.brokers[at].follower_bytes_per_sec),
            Err(_) => (self.leader_bytes_per_sec, self.follower_bytes_per_sec),
        }
    }

    /// Whether one rate serves both sides of every broker.
    pub fn is_one_rate(&self) -> bool {
        self.leader_bytes_per_sec == self.follower_bytes_per_sec && self.brokers.is_empty()
    }
}

/// Why a partition that was asked for is not in the plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Deferred {
    /// Its topic.
    pub topic: String,
    /// Its number.
    pub partition: PartitionId,
    /// The reason, as a sentence.
    pub reason: String,
}

/// Something a person should know before running a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// A stable word, such as `short-isr`.
    pub code: String,
    /// One or two sentences.
    pub message: String,
}

impl Warning {
    /// A warning.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Warning { code: code.to_owned(), message: message.into() }
    }
}

/// Marks a replica without a chosen log dir in [`Moves::dir`] and [`Moves::previous_dir`]: Kafka's `any`.
pub const ANY_DIR: u32 = u32::MAX;

/// All moves of a plan, one row each, as columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moves {
    /// Number of the topic in [`Plan::topics`].
    pub topic: Vec<u32>,
    /// Partition id.
    pub partition: Vec<PartitionId>,
    /// Ordered replicas after the wave.
    pub replicas: Csr<BrokerId>,
    /// Ordered replicas before the wave.
    pub previous: Csr<BrokerId>,
    /// Chosen log dir of each replica, as a number in `dir_names` or [`ANY_DIR`]; an empty list where no dir is chosen.
    pub dir: Csr<u32>,
    /// Log dir of each previous replica; an empty list where none is worth restoring.
    pub previous_dir: Csr<u32>,
    /// Paths that `dir` and `previous_dir` number.
    pub dir_names: Vec<String>,
    /// The leader before the wave.
    pub leader: Vec<Option<BrokerId>>,
    /// The leader when the wave ends, before any election.
    pub leader_after: Vec<Option<BrokerId>>,
    /// Bytes of one replica.
    pub size: Vec<Bytes>,
}

/// One row of [`Moves`].
#[derive(Clone, Copy, Debug)]
pub struct Move<'a> {
    /// Topic name.
    pub topic: &'a str,
    /// Partition id.
    pub partition: PartitionId,
    /// Ordered replicas after the wave.
    pub replicas: &'a [BrokerId],
    /// Ordered replicas before the wave.
    pub previous: &'a [BrokerId],
    /// Chosen log dirs, parallel to `replicas`, or empty.
    pub dirs: Dirs<'a>,
    /// Log dirs before the wave, parallel to `previous`, or empty.
    pub previous_dirs: Dirs<'a>,
    /// The leader before the wave.
    pub leader: Option<BrokerId>,
    /// The leader when the wave ends, before any election.
    pub leader_after: Option<BrokerId>,
    /// Bytes of one replica.
    pub size: Bytes,
    /// Whether its plan touches no leader, so that it ends without an election.
    pub leaves_leaders: bool,
}

impl<'a> Move<'a> {
    /// Replicas that the wave adds, in list order.
    pub fn adding(&self) -> impl Iterator<Item = BrokerId> + use<'a> {
        let previous = self.previous;
        self.replicas.iter().copied().filter(move |id| !previous.contains(id))
    }

    /// Replicas that the wave moves to another log dir of their broker: the broker, the old dir and the new one.
    pub fn changing_dir(&self) -> impl Iterator<Item = (BrokerId, &'a str, &'a str)> + use<'a> {
        changing_dir(self.previous, self.previous_dirs, self.replicas, self.dirs)
    }

    /// Brokers that a copy comes to in the wave, each as often as it does: new replicas, then those in another log dir.
    pub fn copied_to(&self) -> impl Iterator<Item = BrokerId> + use<'a> {
        self.adding().chain(self.changing_dir().map(|change| change.0))
    }

    /// Replicas that the wave removes, in list order.
    pub fn removing(&self) -> impl Iterator<Item = BrokerId> + use<'a> {
        let replicas = self.replicas;
        self.previous.iter().copied().filter(move |id| !replicas.contains(id))
    }

    /// Whether a preferred election is due when the wave has ended.
    pub fn needs_election(&self) -> bool {
        !self.leaves_leaders && self.leader_after != self.replicas.first().copied()
    }
}

/// Replicas that stay on their broker and leave a known log dir for another one that is named.
fn changing_dir<'a>(
    before: &'a [BrokerId],
    dirs_before: Dirs<'a>,
    after: &'a [BrokerId],
    dirs_after: Dirs<'a>,
) -> impl Iterator<Item = (BrokerId, &'a str, &'a str)> + use<'a> {
    after.iter().zip(dirs_after.iter()).filter_map(move |(&id, to)| {
        let place = before.iter().position(|&other| other == id)?;
        let (from, to) = (dirs_before.iter().nth(place)??, to?);
        (from != to).then_some((id, from, to))
    })
}

/// Log dirs of one list of replicas: paths, or `any`.
#[derive(Clone, Copy, Debug)]
pub struct Dirs<'a> {
    numbers: &'a [u32],
    names: &'a [String],
}

impl<'a> Dirs<'a> {
    /// Whether no dir is named at all.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The paths in list order; [`None`] is Kafka's `any`.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Option<&'a str>> + use<'a> {
        let names = self.names;
        self.numbers.iter().map(move |&number| (number != ANY_DIR).then(|| names[number as usize].as_str()))
    }
}

impl Wave {
    /// What holds the wave up by the forecast; absent without a throttle or when nothing is copied.
    pub fn held_up_by(&self) -> Option<Limit> {
        let throttled = |at: Bottleneck| Limit { broker: at.broker, side: at.side, cap: Cap::Throttle, from: None };
        self.limit.or(self.bottleneck.map(throttled))
    }
}

impl Plan {
    /// The move in row `row`.
    #[expect(
        clippy::inline_always,
        reason = "so that nothing is fetched that a caller does not ask for: rows lie far apart"
    )]
    #[inline(always)]
    pub fn get(&self, row: usize) -> Move<'_> {
        let moves = &self.moves;
        Move {
            topic: &self.topics[moves.topic[row] as usize],
            partition: moves.partition[row],
            replicas: moves.replicas.get(row),
            previous: moves.previous.get(row),
            dirs: Dirs { numbers: moves.dir.get(row), names: &moves.dir_names },
            previous_dirs: Dirs { numbers: moves.previous_dir.get(row), names: &moves.dir_names },
            leader: moves.leader[row],
            leader_after: moves.leader_after[row],
            size: moves.size[row],
            leaves_leaders: self.request.replicas_only,
        }
    }

    /// Throttle of copies between log dirs of a broker (`replica.alter.log.dirs.io.max.bytes.per.second`), the same in
    /// every wave; absent without a throttle, and where copies go between brokers.
    pub fn log_dir_throttle(&self) -> Option<BytesPerSec> {
        self.request.throttle.filter(|_| self.request.empties_dirs())
    }

    /// The moves of a wave in plan order.
    pub fn moves_of(&self, wave: &Wave) -> impl ExactSizeIterator<Item = Move<'_>> {
        wave.rows.clone().map(|row| self.get(row))
    }

    /// Rows sorted by topic and partition, as Kafka's files want them; several of one partition in plan order.
    pub fn sorted_rows(&self, rows: Range<usize>) -> Vec<u32> {
        let key = |row: usize| u64::from(self.moves.topic[row]) << 32 | self.moves.partition[row].get() as u64;
        let mut sorted: Vec<(u64, u32)> = rows.map(|row| (key(row), row as u32)).collect();
        sorted.sort_unstable();
        sorted.into_iter().map(|(_, row)| row).collect()
    }

    /// Every row, sorted by topic and partition; those of one partition in plan order, so that its first one has the list from
    /// before the plan and its last one the list at the end.
    pub fn rows_by_partition(&self) -> Vec<u32> {
        self.sorted_rows(0..self.moves.size.len())
    }

    /// Whether two rows are steps of one partition.
    pub fn same_partition(&self, a: u32, b: u32) -> bool {
        let key = |row: u32| (self.moves.topic[row as usize], self.moves.partition[row as usize]);
        key(a) == key(b)
    }

    /// The log dir that is chosen for each replica that a partition ends with; `rows` are its steps in plan order. A dir
    /// stands in the step that copies there, and later ones need not repeat it.
    pub fn dirs_at_the_end(&self, rows: &[u32]) -> Vec<Option<&str>> {
        let steps = || rows.iter().rev().map(|&row| self.get(row as usize));
        let chosen = |id: &BrokerId| {
            steps().find_map(|step| {
                let place = step.replicas.iter().position(|other| other == id)?;
                step.dirs.iter().nth(place)?
            })
        };
        steps().next().map_or(Vec::new(), |last| last.replicas.iter().map(chosen).collect())
    }

    /// The broker `id`.
    pub fn broker(&self, id: BrokerId) -> Option<&PlanBroker> {
        self.brokers.binary_search_by_key(&id, |broker| broker.id).ok().map(|index| &self.brokers[index])
    }
}
