//! `Plan.export`: a plan in the form of another tool.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use super::around::{self, Given};
use super::ask::Maybe;
use super::{interrupt, values};
use crate::base::error::{Code, Error, Result};
use crate::emit::export;
use crate::emit::files::Files;
use crate::plan::Plan;

/// The formats and the options that each takes.
const FORMATS: [(&str, &[&str]); 7] = [
    ("kafka", &["wave"]),
    ("election", &["wave"]),
    ("throttle", &["wave"]),
    ("runbook", &[]),
    ("strimzi", around::STRIMZI),
    ("route53", around::ROUTE53),
    ("dnsendpoint", around::DNSENDPOINT),
];

/// What `format` makes of the plan, by name of file.
pub fn export<'py>(
    py: Python<'py>,
    plan: &Arc<Plan>,
    format: &str,
    wave: Maybe<'_, '_>,
    around: &Given<'_, '_>,
) -> PyResult<Bound<'py, PyDict>> {
    let wave = wave.map(|value| values::count("wave", value, 0)).transpose()?;
    refuse_unknown(format, &[&[("wave", wave.is_some())][..], &around.names()].concat())?;
    let around = around.read()?;
    let (plan, format) = (plan.clone(), format.to_owned());
    let files = interrupt::run(py, move |_| made(&plan, &format, wave, &around))?;
    let found = PyDict::new(py);
    for (name, content) in files.iter() {
        found.set_item(name, PyBytes::new(py, content))?;
    }
    Ok(found)
}

fn made(plan: &Plan, format: &str, wave: Option<u32>, around: &around::Options) -> Result<Files> {
    match format {
        "kafka" => export::kafka(plan, wave),
        "election" => export::election(plan, wave),
        "throttle" => export::throttle(plan, wave),
        "runbook" => Ok(export::runbook(plan)),
        _ => around.made(plan, format),
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
