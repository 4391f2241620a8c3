//! `kshift.Campaign`.

use std::hash::{Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde_json::json;

use super::ask::Maybe;
use super::cluster::Cluster;
use super::error::invalid;
use super::{around, interrupt, shape, values};
use crate::base::pairs::Pairing;
use crate::base::{fs, json as text_json};
use crate::campaign::{self as paper, Ask, Standing};
use crate::cli::campaign as command;
use crate::cli::view::View;
use crate::request::Supplements;

const GIVEN: &str = "the given JSON";

/// The phases of a migration in one file.
#[pyclass(frozen, module = "kshift")]
pub struct Campaign {
    paper: Arc<paper::Campaign>,
    /// The file that it was read from: plans are beside it.
    file: PathBuf,
}

#[pymethods]
impl Campaign {
    /// A new campaign for a cluster.
    #[staticmethod]
    #[pyo3(signature = (cluster, *, old, new, pair=None, facade=None, throttle=None))]
    fn new(
        py: Python<'_>,
        cluster: &Cluster,
        old: &Bound<'_, PyAny>,
        new: &Bound<'_, PyAny>,
        pair: Maybe<'_, '_>,
        facade: Maybe<'_, '_>,
        throttle: Maybe<'_, '_>,
    ) -> PyResult<Campaign> {
        let pairs = match pair.map(|pair| values::pairing("pair", pair)).transpose()? {
            Some(Pairing::Auto) => {
                return Err(invalid("pair", "a campaign names its pairs; expected such as `1:101,2:102`"));
            }
            Some(Pairing::Named(pairs)) => Some(pairs),
            None => None,
        };
        let facade = facade.map(|value| {
            let read = around::facade(value)?;
            let file = if value.extract::<PathBuf>().is_ok() { read.source } else { "facade.json".to_owned() };
            PyResult::Ok((file, read.broker))
        });
        let ask = Ask {
            old: values::ids("old", old)?,
            new: values::ids("new", new)?,
            pairs,
            facade: facade.transpose()?,
            throttle: throttle.map(|rate| values::rate("throttle", rate)).transpose()?,
        };
        let (_, completion) = cluster.completed_with(Supplements::default());
        let made = interrupt::run(py, move |_| {
            let snapshot = completion.finish()?;
            paper::make(&snapshot, &ask)
        })?;
        Ok(Campaign { paper: Arc::new(made), file: PathBuf::new() })
    }

    /// Reads a campaign file.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Campaign> {
        interrupt::run(py, move |_| Ok(Campaign { paper: Arc::new(command::read(&path)?), file: path }))
    }

    /// Reads a campaign from its JSON.
    #[staticmethod]
    fn from_json(content: &Bound<'_, PyAny>) -> PyResult<Campaign> {
        let content: Vec<u8> = match content.extract::<String>() {
            Ok(text) => text.into_bytes(),
            Err(_) => content.extract()?,
        };
        let text = text_json::text_of(&content, GIVEN)?;
        Ok(Campaign { paper: Arc::new(paper::read(text, GIVEN)?), file: PathBuf::new() })
    }

    /// Tells in which phase a cluster is.
    fn check<'py>(&self, py: Python<'py>, cluster: &Cluster) -> PyResult<Bound<'py, PyAny>> {
        let (_, completion) = cluster.completed_with(Supplements::default());
        let (campaign, file) = (self.paper.clone(), self.file.clone());
        let standing: Standing = interrupt::run(py, move |_| {
            let plans = command::plans(&campaign, &file)?;
            let snapshot = completion.finish()?;
            Ok(paper::check(&campaign, &snapshot, &plans))
        })?;
        let mut fields = json!(standing);
        fields["text"] = standing.text(false).into();
        shape::typed(py, "Standing", &fields)
    }

    /// The campaign for people.
    fn to_markdown(&self) -> String {
        paper::markdown(&self.paper)
    }

    /// The bytes of its file.
    fn to_json<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &paper::write(&self.paper))
    }

    /// Writes its file.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let paper = self.paper.clone();
        interrupt::run_to_end(py, move |_| fs::write_file(&path, &paper::write(&paper)))
    }

    fn __repr__(&self) -> String {
        format!("<kshift.Campaign: {} to {}>", self.paper.old, self.paper.new)
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.paper == other.paper
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = rustc_hash::FxHasher::default();
        paper::write(&self.paper).hash(&mut hasher);
        hasher.finish()
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let restore = py.import("kshift._kshift")?.getattr("_restore_campaign")?;
        Ok((restore, (self.to_json(py), self.file.clone()).into_pyobject(py)?.into_any()))
    }
}

/// A campaign from its JSON, and the file that it was read from.
#[pyfunction]
pub fn _restore_campaign(content: &[u8], file: PathBuf) -> PyResult<Campaign> {
    Ok(Campaign { paper: Arc::new(paper::read(text_json::text_of(content, GIVEN)?, GIVEN)?), file })
}
