//! The keyword arguments of `plan` and `check`, as the command's own limits: defaults and rules about which
//! of them go together stand there and nowhere else.

use pyo3::prelude::*;

use super::values;
use crate::base::error::{Code, Error, Place, Result};
use crate::base::weights::Weights;
use crate::cli::args::{self, CalendarArgs, LimitArgs};
use crate::cli::resolve;
use crate::request::forecast::Model;
use crate::request::{Effort, Prefer, RackPolicy, Request, Strategy, Supplements};

/// An argument that may be left out.
pub type Maybe<'a, 'py> = Option<&'a Bound<'py, PyAny>>;

/// Limits as given.
#[derive(Default)]
pub struct Limits<'a, 'py> {
    pub drain: Maybe<'a, 'py>,
    pub drain_rack: Maybe<'a, 'py>,
    pub onto: Maybe<'a, 'py>,
    pub throttle: Maybe<'a, 'py>,
    pub leader_throttle: Maybe<'a, 'py>,
    pub follower_throttle: Maybe<'a, 'py>,
    pub rates: Maybe<'a, 'py>,
    pub headroom: Maybe<'a, 'py>,
    pub disk_limit: Maybe<'a, 'py>,
    pub ignore_disk: bool,
    pub growth: bool,
    pub max_moves: Maybe<'a, 'py>,
    pub max_moves_per_broker: Maybe<'a, 'py>,
    pub max_leader_changes: Maybe<'a, 'py>,
    pub max_wave_duration: Maybe<'a, 'py>,
    pub rack_policy: Option<String>,
    pub topics: Option<String>,
    pub exclude_topics: Option<String>,
    pub skip_unhealthy: bool,
}

impl Limits<'_, '_> {
    /// The limits as the command has them.
    pub fn read(self) -> PyResult<LimitArgs> {
        let given = |argument: &str, value: Maybe<'_, '_>| value.map(|value| values::ids(argument, value)).transpose();
        let rate = |argument: &str, value: Maybe<'_, '_>| value.map(|value| values::rate(argument, value)).transpose();
        let count =
            |argument: &str, value: Maybe<'_, '_>| value.map(|value| values::count(argument, value, 1)).transpose();
        if self.ignore_disk {
            refuse_together("ignore_disk", "disk_limit", self.disk_limit.is_some())?;
            refuse_together("ignore_disk", "growth", self.growth)?;
        }
        Ok(LimitArgs {
            drain: given("drain", self.drain)?,
            drain_rack: self.drain_rack.map(|value| values::rack_names("drain_rack", value)).transpose()?,
            onto: given("onto", self.onto)?,
            topics: self.topics.map(|regex| values::regex("topics", &regex)).transpose()?,
            exclude_topics: self.exclude_topics.map(|regex| values::regex("exclude_topics", &regex)).transpose()?,
            throttle: rate("throttle", self.throttle)?,
            leader_throttle: rate("leader_throttle", self.leader_throttle)?,
            follower_throttle: rate("follower_throttle", self.follower_throttle)?,
            rates: None,
            rates_given: self.rates.map(|value| values::rates("rates", value)).transpose()?,
            headroom: self.headroom.map(|value| values::share("headroom", value)).transpose()?,
            disk_limit: self.disk_limit.map(|value| values::share("disk_limit", value)).transpose()?,
            ignore_disk: self.ignore_disk,
            growth: self.growth,
            rack_policy: match self.rack_policy {
                Some(policy) => Some(match values::rack_policy("rack_policy", &policy)? {
                    RackPolicy::Preserve => args::RackPolicy::Preserve,
                    RackPolicy::Strict => args::RackPolicy::Strict,
                    RackPolicy::Ignore => args::RackPolicy::Ignore,
                }),
                None => None,
            },
            skip_unhealthy: self.skip_unhealthy,
            max_moves: count("max_moves", self.max_moves)?,
            max_moves_per_broker: count("max_moves_per_broker", self.max_moves_per_broker)?,
            max_leader_changes: count("max_leader_changes", self.max_leader_changes)?,
            max_wave_duration: self
                .max_wave_duration
                .map(|value| values::duration("max_wave_duration", value))
                .transpose()?,
        })
    }
}

fn refuse_together(one: &str, other: &str, both: bool) -> PyResult<()> {
    if !both {
        return Ok(());
    }
    Err(Error::new(Code::Usage, format!("`{one}` and `{other}` exclude each other"))
        .at(Place::source(format!("argument `{other}`")))
        .help(format!("leave out `{one}` or `{other}`"))
        .into())
}

/// When waves may run, and what they cost, as the command has them.
pub fn calendar(
    window: Maybe<'_, '_>,
    start: Maybe<'_, '_>,
    time_zone: Option<&str>,
    price_per_gb: Maybe<'_, '_>,
) -> PyResult<CalendarArgs> {
    Ok(CalendarArgs {
        window: window.map(|value| values::windows("window", value)).transpose()?.into_iter().collect(),
        start: start.map(|value| values::start("start", value)).transpose()?,
        time_zone: time_zone.map(|name| values::zone("time_zone", name)).transpose()?,
        price_per_gb: price_per_gb.map(|value| values::price("price_per_gb", value)).transpose()?,
    })
}

/// What shall move where, brokers and topics apart, as given.
#[expect(clippy::struct_excessive_bools, reason = "each is an argument")]
pub struct What<'a, 'py> {
    pub leaders_only: bool,
    pub replicas_only: bool,
    pub drain_dir: Maybe<'a, 'py>,
    pub pair: Maybe<'a, 'py>,
    pub target: Maybe<'a, 'py>,
    pub allow_rf_change: bool,
    pub exact: bool,
}

impl What<'_, '_> {
    /// Adds what was given to a request.
    pub fn add_to(self, request: &mut Request) -> PyResult<()> {
        request.pair = self.pair.map(|value| values::pairing("pair", value)).transpose()?;
        request.target = self.target.map(|value| values::target("target", value)).transpose()?;
        request.leaders_only = self.leaders_only;
        request.replicas_only = self.replicas_only;
        let dirs = self.drain_dir.map(|value| values::broker_dirs("drain_dir", value)).transpose()?;
        request.drain_dir = dirs.unwrap_or_default();
        request.allow_rf_change = self.allow_rf_change;
        request.exact = self.exact;
        Ok(())
    }

    /// Refuses all of it beside a plan that is resumed.
    pub fn refuse_beside_plan(&self, limits: &LimitArgs) -> Result<()> {
        resolve::beside_a_plan(&[
            ("--drain", limits.drain.is_some()),
            ("--drain-rack", limits.drain_rack.is_some()),
            ("--onto", limits.onto.is_some()),
            ("--pair", self.pair.is_some()),
            ("--target", self.target.is_some()),
            ("--allow-rf-change", self.allow_rf_change),
            ("--topics", limits.topics.is_some()),
            ("--exclude-topics", limits.exclude_topics.is_some()),
            ("--leaders-only", self.leaders_only),
            ("--replicas-only", self.replicas_only),
            ("--drain-dir", self.drain_dir.is_some()),
            ("--exact", self.exact),
        ])
    }
}

/// How replicas are chosen and get to their places, as given.
#[derive(Default)]
pub struct Ways<'a, 'py> {
    pub canary: Maybe<'a, 'py>,
    pub seed: Maybe<'a, 'py>,
    pub prefer: Option<&'a str>,
    pub weights: Maybe<'a, 'py>,
    pub effort: Option<&'a str>,
    pub strategy: Option<&'a str>,
    pub balance_sources: bool,
    pub forecast: Maybe<'a, 'py>,
    pub in_flight: Maybe<'a, 'py>,
    pub in_flight_per_broker: Maybe<'a, 'py>,
}

/// The same as values.
pub struct ReadWays {
    canary: Option<u32>,
    seed: Option<u64>,
    prefer: Option<Prefer>,
    weights: Option<Weights>,
    effort: Option<Effort>,
    strategy: Option<Strategy>,
    balance_sources: bool,
    forecast: Option<Model>,
    in_flight: Option<u32>,
    in_flight_per_broker: Option<u32>,
    calendar: CalendarArgs,
}

impl Ways<'_, '_> {
    /// The values of what was given, with `calendar` beside them.
    pub fn read(self, calendar: CalendarArgs) -> PyResult<ReadWays> {
        let count = |argument: &str, value: Maybe<'_, '_>, least: u32| {
            value.map(|value| values::count(argument, value, least)).transpose()
        };
        Ok(ReadWays {
            canary: count("canary", self.canary, 0)?,
            seed: self.seed.map(|value| values::seed("seed", value)).transpose()?,
            in_flight: count("in_flight", self.in_flight, 1)?,
            in_flight_per_broker: count("in_flight_per_broker", self.in_flight_per_broker, 1)?,
            prefer: self.prefer.map(|value| values::prefer("prefer", value)).transpose()?,
            weights: self.weights.map(|value| values::weights("weights", value)).transpose()?,
            effort: self.effort.map(|value| values::effort("effort", value)).transpose()?,
            strategy: self.strategy.map(|value| values::strategy("strategy", value)).transpose()?,
            balance_sources: self.balance_sources,
            forecast: self.forecast.map(|value| values::forecast("forecast", value)).transpose()?,
            calendar,
        })
    }
}

impl ReadWays {
    /// Adds what was given to a request.
    pub fn add_to(self, request: &mut Request) -> Result<()> {
        request.canary = self.canary.unwrap_or(request.canary);
        request.seed = self.seed.unwrap_or(request.seed);
        request.in_flight = self.in_flight.or(request.in_flight);
        request.in_flight_per_broker = self.in_flight_per_broker.unwrap_or(request.in_flight_per_broker);
        request.prefer = self.prefer.unwrap_or(request.prefer);
        request.weights = self.weights.unwrap_or(request.weights);
        request.effort = self.effort.unwrap_or(request.effort);
        request.strategy = self.strategy.unwrap_or(request.strategy);
        request.balance_sources |= self.balance_sources;
        if let Some(forecast) = self.forecast {
            request.forecast = forecast;
        }
        resolve::calendar(&self.calendar, request)
    }
}

/// What the source of the cluster could not say, as given.
pub fn supplements(assume_size: Maybe<'_, '_>, capacity: Maybe<'_, '_>, racks: Maybe<'_, '_>) -> PyResult<Supplements> {
    Ok(Supplements {
        assume_size: assume_size.map(|value| values::size("assume_size", value)).transpose()?,
        capacity: capacity.map(|value| values::capacity("capacity", value)).transpose()?.unwrap_or_default(),
        racks: racks.map(|value| values::racks("racks", value)).transpose()?.unwrap_or_default(),
    })
}
