//! What is asked of the planner. Every default stands here and nowhere else; the request is echoed in
//! the plan, so that `check` judges a plan by what was asked when it was made.

pub mod forecast;
pub mod rates;
pub mod resume;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::broker_dirs::BrokerDirs;
use crate::base::error::{Code, Error, Place, Result};
use crate::base::ids::IdSet;
use crate::base::pairs::Pairing;
use crate::base::price::PricePerGb;
use crate::base::racks::RackNames;
use crate::base::target::Target;
use crate::base::units::{Bytes, BytesPerSec, Ratio, Seconds};
use crate::base::weights::Weights;
use crate::base::windows::Windows;
use crate::base::zone::{Moment, Zone};
use crate::request::forecast::Model;
use crate::request::rates::BrokerRates;
use crate::request::resume::Resume;

/// Most leaders that change in one wave in which nothing else does, unless another number is asked for: as many as the
/// controller elects in one pass of its own.
pub const LEADER_CHANGES_DEFAULT: u32 = 1_000;

/// A request for a plan: what is asked, and within which limits.
///
/// One of four things is asked ([`Request::coherent`] sees to it): to drain brokers onto others, where we
/// choose; to let each new broker of a pair take an old one's place (`drain` then has the old ones); to carry
/// out a placement that someone else made; or to empty log dirs of brokers within these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option that a user can give")]
pub struct Request {
    /// Brokers that shall hold nothing at the end; in a plan also those of `drain_rack`.
    pub drain: IdSet,
    /// Racks whose brokers shall hold nothing at the end, beside those of `drain`.
    #[serde(skip_serializing_if = "RackNames::is_empty")]
    pub drain_rack: RackNames,
    /// Move leadership off the drained brokers and leave every replica where it is.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub leaders_only: bool,
    /// Move only followers off the drained brokers: who leads a partition, or heads its list, stays where it is.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub replicas_only: bool,
    /// Log dirs that shall hold nothing at the end: their replicas go to other log dirs of the same broker.
    #[serde(skip_serializing_if = "BrokerDirs::is_empty")]
    pub drain_dir: BrokerDirs,
    /// Brokers that may receive data or leadership; absent: every alive broker that is not drained.
    pub onto: Option<IdSet>,
    /// New brokers that take the places of the drained ones, one to one; in a plan always named, never `auto`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pair: Option<Pairing>,
    /// A placement that is only to be checked, ordered and batched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// What is kept of an earlier plan; the rest is placed as asked above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume: Option<Resume>,
    /// Let `target` change how many replicas a partition has.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_rf_change: bool,
    /// Replication throttle of each broker, leader and follower side; with `drain_dir` the throttle of copies between
    /// log dirs; absent: none, and no times.
    pub throttle: Option<BytesPerSec>,
    /// Throttle of the leader side alone, in the place of `throttle`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leader_throttle: Option<BytesPerSec>,
    /// Throttle of the follower side alone, in the place of `throttle`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follower_throttle: Option<BytesPerSec>,
    /// Brokers with rates of their own, whatever the others have; in a plan with `headroom` what that left to each.
    #[serde(skip_serializing_if = "BrokerRates::is_empty")]
    pub rates: BrokerRates,
    /// Share of each broker's network capacity that copies and live traffic together leave free: its rates are
    /// derived from that; the throttles above are then upper limits, and the rates where no capacity is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headroom: Option<Ratio>,
    /// What the forecast of durations reckons with.
    #[serde(skip_serializing_if = "Model::is_default")]
    pub forecast: Model,
    /// How full a log dir that receives data may be at the peak of any wave.
    pub disk_limit: Ratio,
    /// Plan without any disk limit.
    pub ignore_disk: bool,
    /// Count the growth of moved partitions while the plan runs; needs a throttle.
    pub growth: bool,
    /// Most partitions in one wave.
    pub max_moves: u32,
    /// Most partitions in one wave that a broker receives, and most that it leads while they copy.
    pub max_moves_per_broker: Option<u32>,
    /// Longest copy time of one wave; needs a throttle.
    pub max_wave_duration: Seconds,
    /// Most partitions that copy at once when carried out rolling; absent: the larger of 1,250 and 5 for each target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<u32>,
    /// Most of them that a broker leads, and most that it receives.
    #[serde(skip_serializing_if = "is_usual_in_flight")]
    pub in_flight_per_broker: u32,
    /// Hours in which waves may run; none: any time. Needs a throttle.
    #[serde(skip_serializing_if = "Windows::is_empty")]
    pub window: Windows,
    /// When the first wave may start; needs a throttle. In a plan with dates it is always named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<Moment>,
    /// By whose clocks windows open and dates are told; absent: UTC. Needs a throttle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<Zone>,
    /// What a gigabyte costs that goes between racks; absent: no costs are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_per_gb: Option<PricePerGb>,
    /// How a partition gets from its old list to its new one.
    pub strategy: Strategy,
    /// Order old lists anew first, so that the copies come evenly from all brokers.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub balance_sources: bool,
    /// Most partitions whose leader changes in one wave; absent: [`LEADER_CHANGES_DEFAULT`] where nothing else changes,
    /// and no limit elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_leader_changes: Option<u32>,
    /// What must hold for racks.
    pub rack_policy: RackPolicy,
    /// Only topics whose whole name matches this regular expression.
    pub topics: Option<String>,
    /// No topic whose whole name matches this regular expression.
    pub exclude_topics: Option<String>,
    /// How many partitions go ahead alone in the first wave.
    pub canary: u32,
    /// Defer partitions that are not healthy enough to move, instead of refusing the plan.
    pub skip_unhealthy: bool,
    /// Which goal goes first where targets of different size make two of them clash.
    #[serde(skip_serializing_if = "Prefer::is_disk")]
    pub prefer: Prefer,
    /// How much each load of leaders counts when they are chosen.
    #[serde(skip_serializing_if = "Weights::are_default")]
    pub weights: Weights,
    /// How long to search for a better plan than the first good one.
    #[serde(skip_serializing_if = "Effort::is_normal")]
    pub effort: Effort,
    /// Chooses among equally good plans.
    pub seed: u64,
    /// Solve the case to the proven optimum; for small ones only.
    pub exact: bool,
    /// What the source of the cluster could not say.
    pub supplements: Supplements,
}

/// Partitions in flight on each side of a broker, by default.
const IN_FLIGHT_PER_BROKER: u32 = 10;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_usual_in_flight(count: &u32) -> bool {
    *count == IN_FLIGHT_PER_BROKER
}

impl Default for Request {
    fn default() -> Self {
        Request {
            drain: IdSet::default(),
            drain_rack: RackNames::default(),
            leaders_only: false,
            replicas_only: false,
            drain_dir: BrokerDirs::default(),
            onto: None,
            pair: None,
            target: None,
            resume: None,
            allow_rf_change: false,
            throttle: None,
            leader_throttle: None,
            follower_throttle: None,
            rates: BrokerRates::default(),
            headroom: None,
            forecast: Model::default(),
            disk_limit: Ratio::new(0.85),
            ignore_disk: false,
            growth: false,
            max_moves: 5_000,
            max_moves_per_broker: None,
            max_wave_duration: Seconds::new(4.0 * 3600.0),
            in_flight: None,
            in_flight_per_broker: IN_FLIGHT_PER_BROKER,
            window: Windows::default(),
            start: None,
            time_zone: None,
            price_per_gb: None,
            strategy: Strategy::Direct,
            balance_sources: false,
            max_leader_changes: None,
            rack_policy: RackPolicy::Preserve,
            topics: None,
            exclude_topics: None,
            canary: 0,
            skip_unhealthy: false,
            prefer: Prefer::Disk,
            weights: Weights::default(),
            effort: Effort::Normal,
            seed: 0,
            exact: false,
            supplements: Supplements::default(),
        }
    }
}

impl Request {
    /// What a reassignment that is not ours is judged by where nothing else is asked for: it is one wave, of any
    /// size and length.
    pub fn of_one_wave() -> Self {
        Request { max_moves: u32::MAX, max_wave_duration: Seconds::new(f64::INFINITY), ..Request::default() }
    }

    /// Refuses what cannot be asked together, as far as that shows without the cluster.
    ///
    /// # Errors
    /// [`Code::Usage`], naming the option that is too much or missing.
    pub fn coherent(&self) -> Result<()> {
        self.refuse_dates()?;
        let usage = |option: &str, what: String, help: &str| {
            Err(Error::new(Code::Usage, what).at(Place::source(option)).help(help))
        };
        if self.empties_dirs() {
            return match self.beside_dirs() {
                Some(option) => usage(
                    option,
                    format!("--drain-dir and {option} exclude each other: every replica stays on its broker"),
                    &format!("leave out --drain-dir or {option}"),
                ),
                None => Ok(()),
            };
        }
        self.refuse_half_rates()?;
        self.refuse_beside_halves()?;
        self.refuse_ways()?;
        if self.exact && self.is_given() {
            let (option, what) = if self.target.is_some() { ("--target", "the file") } else { ("--pair", "each pair") };
            return usage(
                "--exact",
                format!("--exact and {option} exclude each other: {what} says where everything goes"),
                &format!("leave out --exact or {option}"),
            );
        }
        self.refuse_goals()?;
        if self.target.is_some() {
            let others = [
                ("--drain", !self.drain.is_empty()),
                ("--drain-rack", !self.drain_rack.is_empty()),
                ("--onto", self.onto.is_some()),
                ("--pair", self.pair.is_some()),
            ];
            return match others.iter().find(|(_, given)| *given) {
                Some((option, _)) => usage(
                    option,
                    format!("--target and {option} exclude each other: the file says where everything goes"),
                    &format!("leave out --target or {option}"),
                ),
                None => Ok(()),
            };
        }
        if self.allow_rf_change {
            let what = "--allow-rf-change needs --target: no other move changes how many replicas there are";
            return usage("--allow-rf-change", what.to_owned(), "leave it out, or add `--target FILE`");
        }
        match &self.pair {
            Some(Pairing::Auto) if !self.drains() => {
                let what = "--pair auto needs --drain: the brokers for which new ones are to be found";
                usage("--pair", what.to_owned(), "add `--drain IDS`, or name the pairs, as in `--pair 1001:1,1002:2`")
            }
            Some(Pairing::Named(pairs)) => {
                let (old, new) = (pairs.old(), pairs.new_ids());
                if !self.drain.is_empty() && self.drain != old {
                    let option = if self.drain_rack.is_empty() { "--drain" } else { "--drain-rack" };
                    let what = format!("{option} drains {}, and --pair replaces {old}", self.drain);
                    return usage(option, what, &format!("leave {option} out: --pair drains its old brokers"));
                }
                match self.onto.as_ref().and_then(|onto| new.iter().find(|&id| !onto.contains(id))) {
                    Some(id) => {
                        let what = format!("--pair moves onto broker {id}, which is not among those of --onto");
                        usage("--onto", what, "leave --onto out: --pair names the new brokers")
                    }
                    None => Ok(()),
                }
            }
            // Brokers to drain that are gone leave nothing to ask for.
            _ if !self.drains() && self.resume.is_none() => {
                Err(Error::new(Code::Usage, "nothing is asked for: no broker is to be drained")
                    .help("name the brokers to drain, such as `--drain 1001-1012`"))
            }
            _ => Ok(()),
        }
    }

    /// Whether it is to be told at which dates waves run.
    pub fn has_dates(&self) -> bool {
        self.calendar_option().is_some()
    }

    /// By whose clocks windows open and dates are told.
    pub fn zone(&self) -> Zone {
        self.time_zone.clone().unwrap_or(Zone::UTC)
    }

    /// Dates need times, and growth is counted over the time of copies alone, not over the pauses between windows.
    fn refuse_dates(&self) -> Result<()> {
        let Some(option) = self.calendar_option() else { return Ok(()) };
        if self.throttle.is_none() {
            return Err(Error::new(
                Code::Usage,
                format!("{option} needs --throttle: without a rate no time can be told"),
            )
            .at(Place::source(option))
            .help(format!("add a rate such as `--throttle 50MB/s`, or leave {option} out")));
        }
        if self.growth && !self.window.is_empty() {
            let what = "--window and --growth exclude each other: growth is counted while waves run, not in the pauses";
            return Err(Error::new(Code::Usage, what)
                .at(Place::source("--growth"))
                .help("leave out --growth and lower --disk-limit by what comes in meanwhile, or leave out --window"));
        }
        Ok(())
    }

    /// An option that asks for dates.
    fn calendar_option(&self) -> Option<&'static str> {
        let options = [
            ("--window", !self.window.is_empty()),
            ("--start", self.start.is_some()),
            ("--time-zone", self.time_zone.is_some()),
        ];
        options.into_iter().find(|(_, given)| *given).map(|(option, _)| option)
    }

    /// Half a drain, of leaders or of followers alone, has one way of its own.
    fn refuse_beside_halves(&self) -> Result<()> {
        let (half, why) = match (self.leaders_only, self.replicas_only) {
            (false, false) => return Ok(()),
            (true, _) => ("--leaders-only", "every replica stays where it is"),
            (false, true) => ("--replicas-only", "only followers move, and each list keeps its head"),
        };
        let others = [
            ("--replicas-only", self.leaders_only && self.replicas_only),
            ("--exact", self.exact),
            ("--pair", self.pair.is_some()),
            ("--target", self.target.is_some()),
        ];
        let Some((option, _)) = others.into_iter().find(|other| other.1) else { return Ok(()) };
        Err(Error::new(Code::Usage, format!("{half} and {option} exclude each other: {why}"))
            .at(Place::source(option))
            .help(format!("leave out {half} or {option}")))
    }

    /// What is asked of the way means nothing where nothing is copied, or no leader may change.
    fn refuse_ways(&self) -> Result<()> {
        let ways = [
            ("--strategy one-at-a-time", self.strategy == Strategy::OneAtATime, false),
            ("--strategy two-stage", self.strategy == Strategy::TwoStage, true),
            ("--balance-sources", self.balance_sources, true),
        ];
        for (way, _, changes_leaders) in ways.into_iter().filter(|way| way.1) {
            let half = match self {
                Request { leaders_only: true, .. } => "--leaders-only",
                Request { replicas_only: true, .. } if changes_leaders => "--replicas-only",
                _ => continue,
            };
            let why = if self.leaders_only { "nothing is copied" } else { "no leader may change" };
            return Err(Error::new(Code::Usage, format!("{way} and {half} exclude each other: {why}"))
                .at(Place::source(half))
                .help(format!("leave out {way} or {half}")));
        }
        Ok(())
    }

    /// Most partitions whose leader changes in one wave of a stage, if there is a limit.
    pub fn leader_changes_of(&self, only_leaders: bool) -> Option<u32> {
        self.max_leader_changes.or(only_leaders.then_some(LEADER_CHANGES_DEFAULT))
    }

    /// Goals mean nothing where nothing is chosen, or where the choice has goals of its own.
    fn refuse_goals(&self) -> Result<()> {
        let (option, why) = match self {
            Request { target: Some(_), .. } => ("--target", "the file says where everything goes"),
            Request { pair: Some(_), .. } => ("--pair", "each pair says where everything goes"),
            Request { exact: true, .. } => ("--exact", "it has an order of goals of its own"),
            _ => return Ok(()),
        };
        let goals = [
            ("--prefer", "--prefer time", self.prefer == Prefer::Time),
            ("--weights", "--weights", !self.weights.are_default()),
            ("--effort", "--effort", !self.effort.is_normal() && !self.exact),
        ];
        let Some((place, goal, _)) = goals.into_iter().find(|goal| goal.2) else { return Ok(()) };
        Err(Error::new(Code::Usage, format!("{goal} and {option} exclude each other: {why}"))
            .at(Place::source(place))
            .help(format!("leave out {place} or {option}")))
    }

    /// Whether brokers are named that are to be drained, by their ids or by their racks.
    pub fn drains(&self) -> bool {
        !self.drain.is_empty() || !self.drain_rack.is_empty()
    }

    /// An option that means nothing where log dirs are emptied within their brokers.
    fn beside_dirs(&self) -> Option<&'static str> {
        let others = [
            ("--drain", !self.drain.is_empty()),
            ("--drain-rack", !self.drain_rack.is_empty()),
            ("--onto", self.onto.is_some()),
            ("--pair", self.pair.is_some()),
            ("--target", self.target.is_some()),
            ("--allow-rf-change", self.allow_rf_change),
            ("--leaders-only", self.leaders_only),
            ("--replicas-only", self.replicas_only),
            ("--exact", self.exact),
            ("--effort", !self.effort.is_normal()),
            ("--prefer", self.prefer == Prefer::Time),
            ("--weights", !self.weights.are_default()),
            ("--strategy", self.strategy != Strategy::Direct),
            ("--balance-sources", self.balance_sources),
            ("--leader-throttle", self.leader_throttle.is_some()),
            ("--follower-throttle", self.follower_throttle.is_some()),
            ("--rates", !self.rates.is_empty()),
            ("--headroom", self.headroom.is_some()),
        ];
        others.into_iter().find(|(_, given)| *given).map(|(option, _)| option)
    }

    /// Whether log dirs are emptied within their brokers, so that every list stays as it is.
    pub fn empties_dirs(&self) -> bool {
        !self.drain_dir.is_empty()
    }

    /// Whether every replica stays on its broker: leadership alone moves, or replicas go to other log dirs.
    pub fn keeps_brokers(&self) -> bool {
        self.leaders_only || self.empties_dirs()
    }

    /// Whether it is left to the planner which brokers replicas go to, for all that moves.
    pub fn chooses_brokers(&self) -> bool {
        !self.is_given() && !self.keeps_brokers() && self.resume.is_none()
    }

    /// Whether every final list follows from the request, so that nothing is left to choose but the order.
    pub fn is_given(&self) -> bool {
        self.pair.is_some() || self.target.is_some()
    }
}

/// Which goal goes first where targets differ in size: equally full disks send most bytes into the largest
/// target, which then receives the longest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prefer {
    /// Targets end equally full for their capacity.
    #[default]
    Disk,
    /// Targets receive equally much, as far as their disk limits allow, so that none receives long after the others.
    Time,
}

impl Prefer {
    /// The word of the option.
    pub const fn as_str(self) -> &'static str {
        match self {
            Prefer::Disk => "disk",
            Prefer::Time => "time",
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Prefer::Disk => Prefer::Time,
            Prefer::Time => Prefer::Disk,
        }
    }

    /// Whether it is the default, which files do not name.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
    const fn is_disk(&self) -> bool {
        matches!(self, Prefer::Disk)
    }
}

/// How long to search for a better plan than the first good one. Counted in steps of the search, never in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effort {
    /// No search at all.
    Instant,
    /// Small cases, and racks in which what is led is uneven.
    #[default]
    Normal,
    /// The same for much longer, and closer to the shares.
    Thorough,
}

impl Effort {
    /// The word of the option.
    pub const fn as_str(self) -> &'static str {
        match self {
            Effort::Instant => "instant",
            Effort::Normal => "normal",
            Effort::Thorough => "thorough",
        }
    }

    /// Whether it is the default, which files do not name.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
    const fn is_normal(&self) -> bool {
        matches!(self, Effort::Normal)
    }
}

/// How a partition gets from its old list to its new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// In one step: all new replicas at once.
    Direct,
    /// One new replica after the other, the leader last: the ISR grows by one and throttles need less.
    OneAtATime,
    /// All new replicas beside the old leader, which stays; then leadership; then the old leader leaves.
    TwoStage,
}

impl Strategy {
    /// The word of the option.
    pub const fn as_str(self) -> &'static str {
        match self {
            Strategy::Direct => "direct",
            Strategy::OneAtATime => "one-at-a-time",
            Strategy::TwoStage => "two-stage",
        }
    }
}

/// What must hold for the racks of every moved partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RackPolicy {
    /// Never worse than in the snapshot: as many distinct racks, and no more replicas in the fullest one.
    Preserve,
    /// As many racks as there are, or as the partition has replicas.
    Strict,
    /// Racks do not count.
    Ignore,
}

impl RackPolicy {
    /// The word of the option.
    pub const fn as_str(self) -> &'static str {
        match self {
            RackPolicy::Preserve => "preserve",
            RackPolicy::Strict => "strict",
            RackPolicy::Ignore => "ignore",
        }
    }
}

/// What the source of a cluster could not say, given by the user.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Supplements {
    /// Size of each partition whose size is not known.
    pub assume_size: Option<Bytes>,
    /// Capacity of log dirs, by broker and dir; see [`Capacities`].
    pub capacity: Capacities,
    /// Rack of brokers by id (as text), or new names of racks.
    pub racks: Racks,
}

/// Capacities from `--capacity`: of every log dir, of every log dir of a broker, of one log dir.
///
/// They fill gaps and override: the narrowest one that is given wins; one for all fills gaps only.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Capacities {
    /// Capacity of each log dir whose capacity is not known.
    pub every: Option<Bytes>,
    /// Capacity of each log dir of a broker.
    pub broker: BTreeMap<i32, Bytes>,
    /// Capacity of one log dir of a broker.
    pub dir: BTreeMap<i32, BTreeMap<String, Bytes>>,
}

/// Racks from `--racks`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Racks {
    /// The rack of a broker, whatever the source says.
    pub broker: BTreeMap<i32, String>,
    /// New names of racks, as in `us-east-1a` → `use1-az1`; applied to what the source says.
    pub rename: BTreeMap<String, String>,
}
