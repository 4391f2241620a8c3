//! `kshift.gate`, `kshift.diff` and `kshift.explain`.

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyString;

use super::ask::{self, Maybe};
use super::cluster::{Cluster, Completion};
use super::error::invalid;
use super::plan::Plan;
use super::{interrupt, shape, values};
use crate::base::error::Result;
use crate::base::ids::IdSet;
use crate::cli::diff::{Side, between};
use crate::cli::{gate as command, load};
use crate::diff::{self as differences, Diff};
use crate::explain as pages;
use crate::gate::{self as right, Move, Options};
use crate::plan as paper;
use crate::request::{Request, Supplements};
use crate::snapshot::Snapshot;

/// Looks whether the next phase may begin.
#[pyfunction]
#[pyo3(signature = (cluster, gate, plan=None, *, wave=None, brokers=None, drain=None, onto=None, disk_limit=None,
    strict=false, assume_size=None, capacity=None, racks=None))]
#[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
pub fn gate<'py>(
    py: Python<'py>,
    cluster: &Cluster,
    gate: &str,
    plan: Option<&Bound<'py, PyAny>>,
    wave: Maybe<'_, '_>,
    brokers: Maybe<'_, '_>,
    drain: Maybe<'_, '_>,
    onto: Maybe<'_, '_>,
    disk_limit: Maybe<'_, '_>,
    strict: bool,
    assume_size: Maybe<'_, '_>,
    capacity: Maybe<'_, '_>,
    racks: Maybe<'_, '_>,
) -> PyResult<Bound<'py, PyAny>> {
    let ids = |argument: &str, value: Maybe<'_, '_>| value.map(|value| values::ids(argument, value)).transpose();
    let asked = Asked {
        wave: wave.map(|value| values::count("wave", value, 1)).transpose()?,
        brokers: ids("brokers", brokers)?,
        drain: ids("drain", drain)?,
        onto: ids("onto", onto)?,
    };
    asked.refuse_strangers(gate, plan.is_some())?;
    let limit = disk_limit.map(|value| values::share("disk_limit", value)).transpose()?;
    let plan = plan.map(|plan| plan_of(py, plan)).transpose()?;
    let given = ask::supplements(assume_size, capacity, racks)?;
    let made_with = plan.as_ref().map_or_else(Supplements::default, |plan| plan.request.supplements.clone());
    let (_, completion) = cluster.completed_again(&made_with, given);
    let limit = plan.as_ref().map(|plan| plan.request.disk_limit).or(limit);
    let options = Options { disk_limit: limit.unwrap_or(Request::default().disk_limit), strict };
    let gate = gate.to_owned();
    let report = interrupt::run(py, move |_| asked.look(&gate, completion, plan.as_deref(), options))?;
    let mut fields = serde_json::to_value(&report).expect("a report is plain data");
    fields["text"] = report.to_string().into();
    shape::typed(py, "GateReport", &fields)
}

/// What was asked of a gate.
struct Asked {
    wave: Option<u32>,
    brokers: Option<IdSet>,
    drain: Option<IdSet>,
    onto: Option<IdSet>,
}

impl Asked {
    /// Refuses arguments that mean nothing to a gate, and those that are missing.
    fn refuse_strangers(&self, gate: &str, has_plan: bool) -> PyResult<()> {
        let given = [
            ("wave", self.wave.is_some()),
            ("brokers", self.brokers.is_some()),
            ("drain", self.drain.is_some()),
            ("onto", self.onto.is_some()),
            ("plan", has_plan),
        ];
        let known: &[&str] = match gate {
            "preflight" if has_plan => &["plan"],
            "preflight" => &["drain", "onto"],
            "wave" => &["wave", "plan"],
            "decommission" => &["brokers", "plan"],
            "kraft" => &["brokers"],
            other => {
                let message = format!("`{other}` is no gate; expected `preflight`, `wave`, `decommission` or `kraft`");
                return Err(invalid("gate", message));
            }
        };
        if let Some((stranger, _)) = given.iter().find(|(name, given)| *given && !known.contains(name)) {
            return Err(invalid(stranger, format!("`{stranger}` means nothing to the gate `{gate}` here")));
        }
        let missing = match gate {
            "wave" if self.wave.is_none() => Some("wave"),
            "wave" if !has_plan => Some("plan"),
            "decommission" if self.brokers.is_some() == has_plan => Some("brokers"),
            "preflight" if self.onto.is_some() && self.drain.is_none() => Some("drain"),
            _ => None,
        };
        match missing {
            Some("brokers") => Err(invalid("brokers", "expected either `brokers` or `plan`, not both")),
            Some(missing) => Err(invalid(missing, format!("the gate `{gate}` needs `{missing}` here"))),
            None => Ok(()),
        }
    }

    fn look(
        self,
        gate: &str,
        completion: Completion,
        plan: Option<&paper::Plan>,
        options: Options,
    ) -> Result<right::Report> {
        let snapshot: Arc<Snapshot> = completion.finish()?;
        match (gate, plan) {
            ("wave", Some(plan)) => right::wave(&snapshot, plan, self.wave.unwrap_or(1), options),
            ("decommission", plan) => {
                let going = plan.map(command::drained).or(self.brokers).unwrap_or_default();
                right::decommission(&snapshot, &going, options)
            }
            ("kraft", _) => right::kraft(&snapshot, &self.brokers.unwrap_or_default(), options),
            (_, plan) => {
                let what = Move { drain: self.drain.unwrap_or_default(), onto: self.onto, plan };
                right::preflight(&snapshot, &what, options)
            }
        }
    }
}

fn plan_of(py: Python<'_>, plan: &Bound<'_, PyAny>) -> PyResult<Arc<paper::Plan>> {
    if let Ok(plan) = plan.cast::<Plan>() {
        return Ok(plan.get().paper.clone());
    }
    if let Ok(path) = plan.extract::<PathBuf>() {
        return interrupt::run(py, move |_| Ok(Arc::new(load::plan(&path)?)));
    }
    let found = plan.get_type().name()?;
    Err(PyTypeError::new_err(format!("`plan` is a {found}; expected a kshift.Plan or a path")))
}

/// One side of a comparison.
enum Input {
    Cluster(Arc<Snapshot>),
    Plan(Arc<paper::Plan>),
    Path(PathBuf),
}

impl Input {
    fn of(argument: &str, value: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(cluster) = value.cast::<Cluster>() {
            return Ok(Input::Cluster(cluster.get().snapshot()));
        }
        if let Ok(plan) = value.cast::<Plan>() {
            return Ok(Input::Plan(plan.get().paper.clone()));
        }
        if let Ok(path) = value.extract() {
            return Ok(Input::Path(path));
        }
        let found = value.get_type().name()?;
        Err(PyTypeError::new_err(format!(
            "`{argument}` is a {found}; expected a kshift.Cluster, a kshift.Plan or a path"
        )))
    }

    fn name(&self, argument: &str) -> String {
        if let Input::Path(path) = self { path.display().to_string() } else { argument.to_owned() }
    }

    fn read(self) -> Result<Side> {
        match self {
            Input::Cluster(snapshot) => Ok(Side::Cluster(Box::new(Arc::unwrap_or_clone(snapshot)))),
            Input::Plan(plan) => Ok(Side::Plan(Box::new(Arc::unwrap_or_clone(plan)))),
            Input::Path(path) => Side::read(&path),
        }
    }
}

/// Compares two clusters, or two plans.
#[pyfunction]
pub fn diff<'py>(py: Python<'py>, a: &Bound<'py, PyAny>, b: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let (a, b) = (Input::of("a", a)?, Input::of("b", b)?);
    let (name_a, name_b) = (a.name("a"), b.name("b"));
    let fields = interrupt::run(py, move |_| {
        // Nothing is copied to be compared.
        match (a, b) {
            (Input::Cluster(a), Input::Cluster(b)) => {
                Ok(fields(&Diff::Cluster(Box::new(differences::clusters(&a, &b)))))
            }
            (Input::Plan(a), Input::Plan(b)) => Ok(fields(&Diff::Plan(Box::new(differences::plans(&a, &b))))),
            (a, b) => {
                let (a, b) = (a.read()?, b.read()?);
                Ok(fields(&between((&a, &name_a), (&b, &name_b))?))
            }
        }
    })?;
    shape::typed(py, "Diff", &fields)
}

fn fields(diff: &Diff<'_>) -> serde_json::Value {
    let data = serde_json::to_value(diff).expect("a difference is plain data");
    serde_json::json!({"kind": data["kind"], "differs": diff.differs(), "text": diff.to_string(), "data": data})
}

/// What a code means.
#[pyfunction]
pub fn explain<'py>(py: Python<'py>, code: &str) -> PyResult<Bound<'py, PyString>> {
    let entries = pages::explain(code)?;
    let texts: Vec<String> = entries.iter().map(ToString::to_string).collect();
    Ok(PyString::new(py, &texts.join("\n\n---\n\n")))
}
