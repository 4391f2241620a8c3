//! The Python face: thin classes over the library, one conversion for errors, work that Ctrl-C can stop.
//!
//! Classes hold shared, immutable values ([`std::sync::Arc`]), so they are thread-safe and cheap to hand on. What is only
//! looked at (figures, brokers, moves, violations) becomes frozen dataclasses of `kshift._types`
//! ([`shape`]): they print, compare, pickle and load into data frames without further code.

mod around;
mod ask;
mod campaign;
mod cluster;
mod error;
mod export;
mod gate;
mod html;
mod interrupt;
mod plan;
mod report;
mod shape;
mod simulate;
mod values;
mod wave;

use std::ffi::OsString;

use pyo3::prelude::*;

/// Runs the `kshift` command with the arguments that follow the program's name, and returns its exit code.
#[pyfunction]
fn main(py: Python<'_>, args: Vec<OsString>) -> u8 {
    let args: Vec<OsString> = std::iter::once("kshift".into()).chain(args).collect();
    py.detach(|| crate::cli::run(args))
}

#[pymodule]
mod _kshift {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::campaign::{_restore_campaign, Campaign};
    #[pymodule_export]
    use super::cluster::{_restore_cluster, Cluster};
    #[pymodule_export]
    use super::gate::{diff, explain, gate};
    #[pymodule_export]
    use super::main;
    #[pymodule_export]
    use super::plan::{_restore_plan, Plan, plan};
    #[pymodule_export]
    use super::report::check;
    #[pymodule_export]
    use super::simulate::{compare, simulate};
    #[pymodule_export]
    use super::wave::{_restore_wave, Wave};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
