//! The keyword arguments of `plan` and `check`, as the command's own limits: defaults and rules about which
//! of them go together stand there and nowhere else.

use pyo3::prelude::*;

use super::values;
use crate::base::error::{Code, Error, Place};
use crate::cli::args::{self, CalendarArgs, LimitArgs};
use crate::request::{RackPolicy, Supplements};

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

/// What the source of the cluster could not say, as given.
pub fn supplements(assume_size: Maybe<'_, '_>, capacity: Maybe<'_, '_>, racks: Maybe<'_, '_>) -> PyResult<Supplements> {
    Ok(Supplements {
        assume_size: assume_size.map(|value| values::size("assume_size", value)).transpose()?,
        capacity: capacity.map(|value| values::capacity("capacity", value)).transpose()?.unwrap_or_default(),
        racks: racks.map(|value| values::racks("racks", value)).transpose()?.unwrap_or_default(),
    })
}
