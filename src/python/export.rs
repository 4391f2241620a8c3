//! `Plan.export`: a plan in the form of another tool.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use super::around::{self, Given};
use super::ask::Maybe;
use super::cluster::{Cluster, Completion};
use super::{interrupt, values};
use crate::base::error::{Code, Error, Result};
use crate::emit::cruise_control::{self, Naming};
use crate::emit::export;
use crate::emit::files::Files;
use crate::plan::Plan;
use crate::request::Supplements;

/// The formats and the options that each takes.
const FORMATS: [(&str, &[&str]); 6] = [
    ("kafka", &["wave"]),
    ("election", &["wave"]),
    ("throttle", &["wave"]),
    ("runbook", &[]),
    ("html", &[]),
    ("cruise-control", &["wave", "cluster", "only", "text_names"]),
];

/// The options that were given, of whatever format.
pub struct Given<'a, 'b, 'py> {
    pub wave: Maybe<'b, 'py>,
    pub cluster: Option<&'a Cluster>,
    pub only: Option<&'a str>,
    pub text_names: bool,
}

/// What `format` makes of the plan, by name of file.
pub fn export<'py>(
    py: Python<'py>,
    plan: &Arc<Plan>,
    format: &str,
    given: Given<'_, '_, '_>,
) -> PyResult<Bound<'py, PyDict>> {
    let Given { wave, cluster, only, text_names } = given;
    let wave = wave.map(|value| values::count("wave", value, 0)).transpose()?;
    let options = [
        ("wave", wave.is_some()),
        ("cluster", cluster.is_some()),
        ("only", only.is_some()),
        ("text_names", text_names),
    ];
    refuse_unknown(format, &options)?;
    let wrong = |what: String| Error::new(Code::InvalidValue, what).help("leave `only` out for all of them");
    let only = only.map(|only| only.parse().map_err(wrong)).transpose()?;
    let naming = if text_names { Naming::Text } else { Naming::Object };
    let options = cruise_control::Options { wave, only, naming };
    let (plan, format) = (plan.clone(), format.to_owned());
    // What the plan was made with goes before what the cluster was completed with, as in a check.
    let cluster = cluster.map(|cluster| cluster.completed_again(&plan.request.supplements, Supplements::default()).1);
    let files = interrupt::run(py, move |_| made(&plan, &format, cluster, &options))?;
    let found = PyDict::new(py);
    for (name, content) in files.iter() {
        found.set_item(name, PyBytes::new(py, content))?;
    }
    Ok(found)
}

fn made(plan: &Plan, format: &str, cluster: Option<Completion>, options: &cruise_control::Options) -> Result<Files> {
    let wave = options.wave;
    match format {
        "cruise-control" => {
            let cluster = cluster.map(Completion::finish).transpose()?;
            cruise_control::export(plan, cluster.as_deref(), options)
        }
        "kafka" => export::kafka(plan, wave),
        "election" => export::election(plan, wave),
        "throttle" => export::throttle(plan, wave),
        "html" => Ok(export::html(plan)),
        _ => Ok(export::runbook(plan)),
    }
}

/// Refuses a format that there is not, and options that the format does not take.
fn refuse_unknown(format: &str, given: &[(&str, bool)]) -> Result<()> {
    let Some((_, takes)) = FORMATS.iter().find(|(name, _)| *name == format) else {
        let names: Vec<String> = FORMATS.iter().map(|(name, _)| format!("`{name}`")).collect();
        let message = format!("there is no format `{format}`; expected one of {}", names.join(", "));
        return Err(Error::new(Code::InvalidValue, message).help("`kshift export --help` says what each is for"));
    };
    match given.iter().find(|(name, given)| *given && !takes.contains(name)) {
        Some((name, _)) => {
            Err(Error::new(Code::Usage, format!("the format `{format}` takes no `{name}`")).help("leave it out"))
        }
        None => Ok(()),
    }
}
