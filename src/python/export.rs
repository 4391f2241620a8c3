//! `Plan.export`: a plan in the form of another tool.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use super::ask::Maybe;
use super::{interrupt, values};
use crate::base::error::{Code, Error, Result};
use crate::emit::export::{self, Script};
use crate::emit::files::Files;
use crate::plan::Plan;

/// The formats and the options that each takes.
const FORMATS: [(&str, &[&str]); 4] =
    [("kafka", &["wave"]), ("election", &["wave"]), ("throttle", &["wave", "script"]), ("runbook", &["kafka"])];

/// Options of formats, each absent where it was not given.
struct Options {
    wave: Option<u32>,
    script: Option<Script>,
    kafka: Option<String>,
}

/// What `format` makes of the plan, by name of file.
pub fn export<'py>(
    py: Python<'py>,
    plan: &Arc<Plan>,
    format: &str,
    wave: Maybe<'_, '_>,
    script: Option<&str>,
    kafka: Option<String>,
) -> PyResult<Bound<'py, PyDict>> {
    let wave = wave.map(|value| values::count("wave", value, 0)).transpose()?;
    let script = script.map(by_word).transpose()?;
    refuse_unknown(format, &[("wave", wave.is_some()), ("script", script.is_some()), ("kafka", kafka.is_some())])?;
    let (plan, format, options) = (plan.clone(), format.to_owned(), Options { wave, script, kafka });
    let files = interrupt::run(py, move |_| made(&plan, &format, &options))?;
    let found = PyDict::new(py);
    for (name, content) in files.iter() {
        found.set_item(name, PyBytes::new(py, content))?;
    }
    Ok(found)
}

/// A script about a throttle.
fn by_word(word: &str) -> Result<Script> {
    let found = Script::WORDS.iter().find(|(known, _)| *known == word);
    let error = || {
        Error::new(Code::InvalidValue, format!("`{word}` is no script; expected `set` or `unset`"))
            .help("leave it out for JSON")
    };
    found.map(|(_, script)| *script).ok_or_else(error)
}

fn made(plan: &Plan, format: &str, options: &Options) -> Result<Files> {
    let wave = options.wave;
    match format {
        "kafka" => export::kafka(plan, wave),
        "election" => export::election(plan, wave),
        "throttle" => match options.script {
            Some(script) => export::throttle_script(plan, wave, script),
            None => export::throttle(plan, wave),
        },
        _ => export::runbook(plan, options.kafka.as_deref()),
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
