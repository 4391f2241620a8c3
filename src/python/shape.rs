//! From plain data to Python: dicts and lists, or the frozen dataclasses of `kshift._types`.
//!
//! A dataclass has the fields of the JSON form, by name; a field that only one side has fails loudly.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};
use serde::Serialize;
use serde_json::Value;

/// Fields that are dataclasses themselves: class, field, class of the field (or of its elements).
const NESTED: &[(&str, &str, &str)] = &[
    ("Broker", "log_dirs", "LogDir"),
    ("PlanBroker", "log_dirs", "PlanLogDir"),
    ("Throttle", "brokers", "BrokerThrottle"),
    ("Summary", "eta_seconds", "Estimate"),
    ("Summary", "ends_at", "Dates"),
    ("Summary", "bounds", "Bounds"),
    ("Summary", "trade", "Trade"),
    ("Summary", "at_risk", "AtRiskSpan"),
    ("Summary", "balance_sources", "SourcesGain"),
    ("SourcesGain", "curve", "GainPoint"),
    ("AtRiskSpan", "before", "AtRisk"),
    ("AtRiskSpan", "most", "AtRisk"),
    ("AtRiskSpan", "after", "AtRisk"),
    ("AtRisk", "broker_loss", "LossRisk"),
    ("AtRisk", "rack_loss", "LossRisk"),
    ("LossRisk", "worst", "WorstLoss"),
    ("Trade", "disk", "Outcome"),
    ("Trade", "time", "Outcome"),
    ("Bounds", "moves", "CountBound"),
    ("Bounds", "bytes", "CountBound"),
    ("Bounds", "disk", "Bound"),
    ("Bounds", "leaders", "Bound"),
    ("Bounds", "makespan", "Bound"),
    ("Bound", "proof", "Proof"),
    ("Proof", "racks", "RackPrice"),
    ("Drift", "done", "DriftGroup"),
    ("Drift", "not_begun", "DriftGroup"),
    ("Drift", "on_the_way", "DriftGroup"),
    ("Drift", "changed", "DriftGroup"),
    ("Drift", "gone", "DriftGroup"),
    ("Drift", "added", "DriftGroup"),
    ("Drift", "taken_up", "DriftGroup"),
    ("Drift", "replaced", "DriftGroup"),
    ("Drift", "resized", "DriftGroup"),
    ("Why", "steps", "WhyStep"),
    ("WhyStep", "changes", "Change"),
    ("Change", "source", "Place"),
    ("Change", "target", "Target"),
    ("Target", "copied_from", "Place"),
    ("Standing", "phases", "PhaseStatus"),
    ("Standing", "faults", "CampaignFault"),
    ("Report", "violations", "Violation"),
    ("Report", "warnings", "Notice"),
    ("Report", "outlook", "Outlook"),
    ("Outlook", "fullest", "FullestLogDir"),
    ("Report", "lints", "Lint"),
    ("GateReport", "counts", "GateCounts"),
    ("GateReport", "checks", "GateCheck"),
    ("Simulation", "waves", "SimulatedWave"),
    ("Simulation", "brokers", "SimulatedBroker"),
    ("Simulation", "stuck", "Stuck"),
    ("Simulation", "loss", "Loss"),
    ("Simulation", "series", "Series"),
    ("Simulation", "warnings", "Notice"),
    ("SimulatedBroker", "log_dirs", "SimulatedLogDir"),
    ("Loss", "harm", "Harm"),
    ("Loss", "harm_before_plan", "Harm"),
];

/// Fields whose JSON name is a word of Python's own.
const RENAMED: &[(&str, &str, &str)] = &[
    ("Change", "from", "source"),
    ("Change", "to", "target"),
    ("Limit", "from", "source"),
    ("GateCounts", "pass", "passed"),
];

/// `value` as an instance of the dataclass `class`; a list becomes a tuple of them, null becomes `None`.
pub fn typed<'py>(py: Python<'py>, class: &str, value: &impl Serialize) -> PyResult<Bound<'py, PyAny>> {
    let value = serde_json::to_value(value).map_err(|fault| unexpected(&fault.to_string()))?;
    of_value(py, class, &value)
}

fn of_value<'py>(py: Python<'py>, class: &str, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    match value {
        Value::Null => Ok(py.None().into_bound(py)),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| of_value(py, class, item)).collect::<PyResult<_>>()?;
            Ok(PyTuple::new(py, items)?.into_any())
        }
        Value::Object(fields) => {
            let arguments = PyDict::new(py);
            for (key, value) in fields {
                let known = |table: &[(&str, &str, &'static str)], key: &str| {
                    table.iter().find(|row| row.0 == class && row.1 == key).map(|row| row.2)
                };
                let key = known(RENAMED, key).unwrap_or(key);
                let value = match known(NESTED, key) {
                    Some(nested) => of_value(py, nested, value)?,
                    None => frozen(py, value)?,
                };
                arguments.set_item(key, value)?;
            }
            py.import("kshift._types")?.getattr(class)?.call((), Some(&arguments))
        }
        _ => Err(unexpected(class)),
    }
}

/// `value` as dicts, lists, strings and numbers.
pub fn plain<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    match value {
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| plain(py, item)).collect::<PyResult<_>>()?;
            Ok(PyList::new(py, items)?.into_any())
        }
        Value::Object(fields) => {
            let dict = PyDict::new(py);
            for (key, value) in fields {
                dict.set_item(key, plain(py, value)?)?;
            }
            Ok(dict.into_any())
        }
        scalar => frozen(py, scalar),
    }
}

/// As [`plain`], but lists become tuples, which can be hashed.
fn frozen<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Null => py.None().into_bound(py),
        Value::Bool(value) => value.into_pyobject(py)?.to_owned().into_any(),
        Value::String(text) => text.into_pyobject(py)?.into_any(),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => number.into_pyobject(py)?.into_any(),
            (_, Some(number)) => number.into_pyobject(py)?.into_any(),
            _ => number.as_f64().into_pyobject(py)?.into_any(),
        },
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| frozen(py, item)).collect::<PyResult<_>>()?;
            PyTuple::new(py, items)?.into_any()
        }
        Value::Object(_) => plain(py, value)?,
    })
}

fn unexpected(what: &str) -> PyErr {
    pyo3::exceptions::PySystemError::new_err(format!("kshift cannot show `{what}` in Python"))
}
