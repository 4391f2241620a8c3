//! `kshift.simulate` and `kshift.compare`.

use std::path::PathBuf;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyMapping, PyString};

use super::ask::{self, Maybe};
use super::cluster::{Cluster, Completion};
use super::error::invalid;
use super::plan::Plan;
use super::{interrupt, shape, values};
use crate::cli::check::merged;
use crate::cli::load;
use crate::cli::simulate::STYLES;
use crate::plan as paper;
use crate::request::Supplements;
use crate::simulate::{self as right, Every, Loss, Lost, Options, Played, Slow, Style};

/// Plays a plan over time.
#[pyfunction]
#[pyo3(signature = (cluster, plan, *, style="rolling", throttle=None, in_flight=None, in_flight_per_broker=None,
    traffic=false, growth=false, lose=None, lose_rack=None, slow=None, every=None, assume_size=None, capacity=None,
    racks=None))]
#[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
pub fn simulate<'py>(
    py: Python<'py>,
    cluster: &Cluster,
    plan: &Bound<'py, PyAny>,
    style: &str,
    throttle: Maybe<'_, '_>,
    in_flight: Maybe<'_, '_>,
    in_flight_per_broker: Maybe<'_, '_>,
    traffic: bool,
    growth: bool,
    lose: Option<&str>,
    lose_rack: Option<&str>,
    slow: Maybe<'_, '_>,
    every: Maybe<'_, '_>,
    assume_size: Maybe<'_, '_>,
    capacity: Maybe<'_, '_>,
    racks: Maybe<'_, '_>,
) -> PyResult<Bound<'py, PyAny>> {
    let parsed = |argument: &str, read: Result<Loss, String>| read.map_err(|what| invalid(argument, what));
    let lose = lose.map(|text| parsed("lose", Loss::brokers(text))).transpose()?;
    let lose_rack = lose_rack.map(|text| parsed("lose_rack", Loss::rack(text))).transpose()?;
    if let (Some(_), Some(Loss { who: Lost::Rack(_), .. })) = (&lose, &lose_rack) {
        return Err(invalid("lose_rack", "`lose` and `lose_rack` exclude each other"));
    }
    let options = Options {
        style: Style::parse(style).map_err(|what| invalid("style", what))?,
        traffic,
        growth,
        lose: lose.or(lose_rack),
        slow: slow_brokers(slow)?,
        every: match every {
            Some(value) => Every::Seconds(values::duration("every", value)?.get()),
            None => Every::Fitting,
        },
        ..paced(throttle, in_flight, in_flight_per_broker)?
    };
    let (played, completion) = inputs(py, cluster, plan, ask::supplements(assume_size, capacity, racks)?)?;
    let found = interrupt::run(py, move |work| right::simulate(&*completion.finish()?, &played, &options, work))?;
    shape::typed(py, "Simulation", &found)
}

/// Plays a plan in several styles.
#[pyfunction]
#[pyo3(signature = (cluster, plan, *, styles=None, throttle=None, in_flight=None, in_flight_per_broker=None,
    traffic=false, growth=false, slow=None, assume_size=None, capacity=None, racks=None))]
#[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
pub fn compare<'py>(
    py: Python<'py>,
    cluster: &Cluster,
    plan: &Bound<'py, PyAny>,
    styles: Option<Vec<String>>,
    throttle: Maybe<'_, '_>,
    in_flight: Maybe<'_, '_>,
    in_flight_per_broker: Maybe<'_, '_>,
    traffic: bool,
    growth: bool,
    slow: Maybe<'_, '_>,
    assume_size: Maybe<'_, '_>,
    capacity: Maybe<'_, '_>,
    racks: Maybe<'_, '_>,
) -> PyResult<Bound<'py, PyAny>> {
    let styles = match styles {
        Some(texts) => {
            let parsed = texts.iter().map(|text| Style::parse(text).map_err(|what| invalid("styles", what)));
            parsed.collect::<PyResult<Vec<Style>>>()?
        }
        None => STYLES.to_vec(),
    };
    let slow = slow_brokers(slow)?;
    let options = Options { traffic, growth, slow, ..paced(throttle, in_flight, in_flight_per_broker)? };
    let (played, completion) = inputs(py, cluster, plan, ask::supplements(assume_size, capacity, racks)?)?;
    let found =
        interrupt::run(py, move |work| right::compare(&*completion.finish()?, &played, &options, &styles, work))?;
    shape::typed(py, "Comparison", &found)
}

/// The options with how fast, and how much at once.
fn paced(throttle: Maybe<'_, '_>, in_flight: Maybe<'_, '_>, in_flight_per_broker: Maybe<'_, '_>) -> PyResult<Options> {
    let count = |argument: &str, value: Maybe<'_, '_>| value.map(|value| values::count(argument, value, 1)).transpose();
    Ok(Options {
        throttle: throttle.map(|value| values::rate("throttle", value)).transpose()?,
        in_flight: count("in_flight", in_flight)?,
        in_flight_per_broker: count("in_flight_per_broker", in_flight_per_broker)?,
        ..Options::default()
    })
}

/// What is played, and on what.
fn inputs(
    py: Python<'_>,
    cluster: &Cluster,
    plan: &Bound<'_, PyAny>,
    given: Supplements,
) -> PyResult<(Played, Completion)> {
    let played = if let Ok(plan) = plan.cast::<Plan>() {
        Played::Plan(Box::new(paper::Plan::clone(&plan.get().paper)))
    } else if plan.cast::<PyMapping>().is_ok() {
        Played::Target(values::target("plan", plan)?)
    } else if let Ok(path) = plan.extract::<PathBuf>() {
        interrupt::run(py, move |_| Played::read(&load::plan_file(&path)?))?
    } else {
        let found = plan.get_type().name()?;
        return Err(PyTypeError::new_err(format!("`plan` is a {found}; expected a kshift.Plan, a path or a mapping")));
    };
    let made_with = played.request().map_or_else(Supplements::default, |request| request.supplements.clone());
    let (_, completion) = cluster.completed_with(merged(made_with, given));
    Ok((played, completion))
}

/// Rates of slow brokers: text such as `1003=10MB/s`, or a mapping of ids to rates.
fn slow_brokers(value: Maybe<'_, '_>) -> PyResult<Slow> {
    let Some(value) = value else { return Ok(Slow::default()) };
    if let Ok(mapping) = value.cast::<PyMapping>() {
        let mut slow = Vec::new();
        for item in mapping.items()? {
            let (id, rate): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
            slow.push((values::ids("slow", &id)?, values::rate("slow", &rate)?));
        }
        return Ok(Slow(slow));
    }
    match value.cast::<PyString>() {
        Ok(text) => Slow::parse(text.to_str()?).map_err(|what| invalid("slow", what)),
        Err(_) => {
            Err(PyTypeError::new_err("`slow` is neither text such as `1003=10MB/s` nor a mapping of ids to rates"))
        }
    }
}
