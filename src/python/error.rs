//! The one way from our error to the exceptions of `kshift`.

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use serde_json::Value;

use super::shape;
use crate::base::error::{Code, Error, Place};

impl From<Error> for PyErr {
    fn from(error: Error) -> PyErr {
        Python::attach(|py| exception(py, &error).unwrap_or_else(|fault| fault))
    }
}

fn exception(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    let class = match error.code() {
        Code::Interrupted => return Ok(PyKeyboardInterrupt::new_err(error.message().to_owned())),
        code => match code.exit_code() {
            2 => "InputError",
            3 => "InfeasibleError",
            4 => "ClusterError",
            _ => "InternalError",
        },
    };
    let details = match error.to_json() {
        Value::Object(mut object) => object.remove("error").unwrap_or_default(),
        other => other,
    };
    let arguments = (error.to_string(), error.code().as_str(), shape::plain(py, &details)?);
    let class = py.import("kshift._errors")?.getattr(class)?;
    Ok(PyErr::from_value(class.call1(arguments)?))
}

/// A value that an argument cannot have.
pub fn invalid(argument: &str, message: impl Into<String>) -> PyErr {
    Error::new(Code::InvalidValue, message).at(Place::source(format!("argument `{argument}`"))).into()
}
