//! `Plan.export`: a plan in the form of another tool, each format with options of its own.

use std::sync::Arc;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use super::around;
use super::cluster::{Cluster, Completion};
use super::error::invalid;
use super::{interrupt, values};
use crate::base::error::{Code, Error, Result};
use crate::emit::cruise_control::{self, Naming};
use crate::emit::export::{self, Script};
use crate::emit::files::Files;
use crate::plan::Plan;
use crate::request::Supplements;

/// The formats and the options that each takes.
const FORMATS: [(&str, &[&str]); 9] = [
    ("kafka", &["wave"]),
    ("election", &["wave"]),
    ("throttle", &["wave", "script"]),
    ("runbook", &["kafka"]),
    ("html", &[]),
    ("cruise-control", &["wave", "cluster", "only", "text_names"]),
    ("strimzi", around::STRIMZI),
    ("route53", around::ROUTE53),
    ("dnsendpoint", around::DNSENDPOINT),
];

/// The keywords of a call; one that is None counts as not given.
pub struct Given<'a, 'py>(Option<&'a Bound<'py, PyDict>>);

impl<'py> Given<'_, 'py> {
    fn names(&self) -> PyResult<Vec<String>> {
        let Some(given) = self.0 else { return Ok(Vec::new()) };
        given.iter().filter(|(_, value)| !value.is_none()).map(|(name, _)| name.extract()).collect()
    }

    /// The value of an option.
    pub fn get(&self, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        let found = self.0.map(|given| given.get_item(name)).transpose()?.flatten();
        Ok(found.filter(|value| !value.is_none()))
    }

    /// The value of an option that is text.
    pub fn text(&self, name: &str) -> PyResult<Option<String>> {
        let wrong = |value: &Bound<'_, PyAny>| {
            let found = value.get_type().name().map_or_else(|_| "another type".to_owned(), |name| name.to_string());
            PyTypeError::new_err(format!("`{name}` is a {found}; expected a str"))
        };
        self.get(name)?.map(|value| value.extract().map_err(|_| wrong(&value))).transpose()
    }

    fn wave(&self) -> PyResult<Option<u32>> {
        self.get("wave")?.map(|value| values::count("wave", &value, 0)).transpose()
    }
}

/// An export as asked for; what comes from Python has been read.
enum Ask {
    Kafka(Option<u32>),
    Election(Option<u32>),
    Throttle(Option<u32>, Option<Script>),
    Runbook(Option<String>),
    Html,
    CruiseControl(Option<Completion>, cruise_control::Options),
    Around(around::Ask),
}

/// What `format` makes of the plan, by name of file.
pub fn export<'py>(
    py: Python<'py>,
    plan: &Arc<Plan>,
    format: &str,
    options: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyDict>> {
    let given = Given(options);
    refuse_unknown(format, &given.names()?)?;
    let ask = match format {
        "kafka" => Ask::Kafka(given.wave()?),
        "election" => Ask::Election(given.wave()?),
        "throttle" => Ask::Throttle(given.wave()?, given.text("script")?.map(|word| by_word(&word)).transpose()?),
        "runbook" => Ask::Runbook(given.text("kafka")?),
        "html" => Ask::Html,
        "cruise-control" => of_cruise_control(plan, &given)?,
        around => Ask::Around(around::Ask::read(around, &given)?),
    };
    let plan = plan.clone();
    let files = interrupt::run(py, move |_| made(&plan, ask))?;
    let found = PyDict::new(py);
    for (name, content) in files.iter() {
        found.set_item(name, PyBytes::new(py, content))?;
    }
    Ok(found)
}

fn of_cruise_control(plan: &Plan, given: &Given<'_, '_>) -> PyResult<Ask> {
    let wrong = |what: String| Error::new(Code::InvalidValue, what).help("leave `only` out for all of them");
    let only = given.text("only")?.map(|only| only.parse().map_err(wrong)).transpose()?;
    let text_names = given.get("text_names")?.map_or(Ok(false), |value| value.is_truthy())?;
    let naming = if text_names { Naming::Text } else { Naming::Object };
    // What the plan was made with goes before what the cluster was completed with, as in a check.
    let cluster = match given.get("cluster")? {
        Some(value) => {
            let cluster =
                value.cast::<Cluster>().map_err(|_| PyTypeError::new_err("`cluster` is no kshift.Cluster"))?;
            Some(cluster.get().completed_again(&plan.request.supplements, Supplements::default()).1)
        }
        None => None,
    };
    Ok(Ask::CruiseControl(cluster, cruise_control::Options { wave: given.wave()?, only, naming }))
}

/// A script about a throttle.
fn by_word(word: &str) -> PyResult<Script> {
    let found = Script::WORDS.iter().find(|(known, _)| *known == word).map(|(_, script)| *script);
    found.ok_or_else(|| invalid("script", format!("`{word}` is no script; expected `set` or `unset`")))
}

fn made(plan: &Plan, ask: Ask) -> Result<Files> {
    match ask {
        Ask::Kafka(wave) => export::kafka(plan, wave),
        Ask::Election(wave) => export::election(plan, wave),
        Ask::Throttle(wave, None) => export::throttle(plan, wave),
        Ask::Throttle(wave, Some(script)) => export::throttle_script(plan, wave, script),
        Ask::Runbook(kafka) => export::runbook(plan, kafka.as_deref()),
        Ask::Html => Ok(export::html(plan)),
        Ask::CruiseControl(cluster, options) => {
            let cluster = cluster.map(Completion::finish).transpose()?;
            cruise_control::export(plan, cluster.as_deref(), &options)
        }
        Ask::Around(ask) => ask.made(plan),
    }
}

/// Refuses a format that there is not, and options that the format does not take.
fn refuse_unknown(format: &str, given: &[String]) -> Result<()> {
    let Some((_, takes)) = FORMATS.iter().find(|(name, _)| *name == format) else {
        let names: Vec<String> = FORMATS.iter().map(|(name, _)| format!("`{name}`")).collect();
        let message = format!("there is no format `{format}`; expected one of {}", names.join(", "));
        return Err(Error::new(Code::InvalidValue, message).help("`kshift export --help` says what each is for"));
    };
    match given.iter().find(|name| !takes.contains(&name.as_str())) {
        Some(name) => {
            Err(Error::new(Code::Usage, format!("the format `{format}` takes no `{name}`")).help("leave it out"))
        }
        None => Ok(()),
    }
}
