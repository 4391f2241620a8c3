//! `kshift.plan` and `kshift.Plan`.

use std::hash::{Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};
use serde_json::json;

use super::ask::{self, Limits, Maybe, ReadWays, Ways, What};
use super::cluster::{Cluster, GIVEN, content_of};
use super::wave::Wave;
use super::{export, html, interrupt, shape, values};
use crate::base::error::Result;
use crate::base::ids::PartitionId;
use crate::base::text::counted;
use crate::base::{fs, json as text_json};
use crate::cli::args::LimitArgs;
use crate::cli::summary::PlanView;
use crate::cli::view::View;
use crate::cli::{load, resolve};
use crate::emit;
use crate::plan::{self as paper, rollback, why};
use crate::request::Supplements;

/// A plan: who moves where, in which wave, and what it costs.
#[pyclass(frozen, module = "kshift")]
pub struct Plan {
    /// The paper.
    pub paper: Arc<paper::Plan>,
}

/// Plans the drain of brokers or a placement made elsewhere, and checks the plan independently.
#[pyfunction]
#[pyo3(signature = (cluster, *, drain=None, drain_rack=None, leaders_only=false, replicas_only=false, drain_dir=None, onto=None, pair=None, target=None, allow_rf_change=false, throttle=None, leader_throttle=None, follower_throttle=None, rates=None, headroom=None, disk_limit=None, ignore_disk=false, growth=false,
    max_moves=None, max_moves_per_broker=None, max_leader_changes=None, max_wave_duration=None, rack_policy=None, topics=None,
    exclude_topics=None, canary=None, skip_unhealthy=false, assume_size=None, capacity=None, racks=None, seed=None,
    exact=false, prefer=None, weights=None, effort=None, strategy=None, balance_sources=false, forecast=None,
    in_flight=None, in_flight_per_broker=None, window=None, start=None, time_zone=None, price_per_gb=None, resume=None))]
#[expect(clippy::too_many_arguments, clippy::fn_params_excessive_bools, reason = "they are keywords in Python")]
pub fn plan(
    py: Python<'_>,
    cluster: &Cluster,
    drain: Maybe<'_, '_>,
    drain_rack: Maybe<'_, '_>,
    leaders_only: bool,
    replicas_only: bool,
    drain_dir: Maybe<'_, '_>,
    onto: Maybe<'_, '_>,
    pair: Maybe<'_, '_>,
    target: Maybe<'_, '_>,
    allow_rf_change: bool,
    throttle: Maybe<'_, '_>,
    leader_throttle: Maybe<'_, '_>,
    follower_throttle: Maybe<'_, '_>,
    rates: Maybe<'_, '_>,
    headroom: Maybe<'_, '_>,
    disk_limit: Maybe<'_, '_>,
    ignore_disk: bool,
    growth: bool,
    max_moves: Maybe<'_, '_>,
    max_moves_per_broker: Maybe<'_, '_>,
    max_leader_changes: Maybe<'_, '_>,
    max_wave_duration: Maybe<'_, '_>,
    rack_policy: Option<String>,
    topics: Option<String>,
    exclude_topics: Option<String>,
    canary: Maybe<'_, '_>,
    skip_unhealthy: bool,
    assume_size: Maybe<'_, '_>,
    capacity: Maybe<'_, '_>,
    racks: Maybe<'_, '_>,
    seed: Maybe<'_, '_>,
    exact: bool,
    prefer: Option<&str>,
    weights: Maybe<'_, '_>,
    effort: Option<&str>,
    strategy: Option<&str>,
    balance_sources: bool,
    forecast: Maybe<'_, '_>,
    in_flight: Maybe<'_, '_>,
    in_flight_per_broker: Maybe<'_, '_>,
    window: Maybe<'_, '_>,
    start: Maybe<'_, '_>,
    time_zone: Option<&str>,
    price_per_gb: Maybe<'_, '_>,
    resume: Maybe<'_, '_>,
) -> PyResult<Plan> {
    let limits = Limits {
        drain,
        drain_rack,
        onto,
        throttle,
        leader_throttle,
        follower_throttle,
        rates,
        headroom,
        disk_limit,
        ignore_disk,
        growth,
        max_moves,
        max_moves_per_broker,
        max_leader_changes,
        max_wave_duration,
        rack_policy,
        topics,
        exclude_topics,
        skip_unhealthy,
    };
    let ways = Ways {
        canary,
        seed,
        prefer,
        weights,
        effort,
        strategy,
        balance_sources,
        forecast,
        in_flight,
        in_flight_per_broker,
    };
    let ways = ways.read(ask::calendar(window, start, time_zone, price_per_gb)?)?;
    let given = ask::supplements(assume_size, capacity, racks)?;
    let limits = limits.read()?;
    let what = What { leaders_only, replicas_only, drain_dir, pair, target, allow_rf_change, exact };
    if let Some(earlier) = resume {
        what.refuse_beside_plan(&limits)?;
        return resumed(py, cluster, earlier, limits, ways, given);
    }
    let mut request = resolve::asked(&limits, crate::request::Request::default())?;
    what.add_to(&mut request)?;
    ways.add_to(&mut request)?;
    let (supplements, completion) = cluster.completed_with(given);
    request.supplements = supplements;
    interrupt::run(py, move |work| {
        let snapshot = completion.finish()?;
        Ok(Plan { paper: Arc::new(crate::plan(&snapshot, &request, work)?) })
    })
}

/// Goes on with a plan that was carried out in part.
fn resumed(
    py: Python<'_>,
    cluster: &Cluster,
    earlier: &Bound<'_, PyAny>,
    limits: LimitArgs,
    ways: ReadWays,
    given: Supplements,
) -> PyResult<Plan> {
    let earlier = if let Ok(plan) = earlier.cast::<Plan>() {
        plan.get().paper.clone()
    } else if let Ok(path) = earlier.extract::<PathBuf>() {
        Arc::new(interrupt::run(py, move |_| load::plan(&path))?)
    } else {
        let found = earlier.get_type().name()?;
        return Err(PyTypeError::new_err(format!("`resume` is a {found}; expected a kshift.Plan or a path")));
    };
    let (supplements, completion) = cluster.completed_again(&earlier.request.supplements, given);
    interrupt::run(py, move |work| {
        let snapshot = completion.finish()?;
        let mut request = resolve::resumed_limits(&limits, crate::resumed_request(&snapshot, &earlier)?)?;
        ways.add_to(&mut request)?;
        request.supplements = supplements;
        Ok(Plan { paper: Arc::new(crate::resume(&snapshot, &earlier, &request, work)?) })
    })
}

#[pymethods]
impl Plan {
    /// Reads a plan: a directory written by `write`, or a plan.json.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        interrupt::run(py, move |_| Ok(Plan { paper: Arc::new(load::plan(&path)?) }))
    }

    /// Reads a plan from JSON that is in memory.
    #[staticmethod]
    fn from_json(py: Python<'_>, content: &Bound<'_, PyAny>) -> PyResult<Self> {
        read(py, content_of(content)?)
    }

    /// The figures of the whole.
    #[getter]
    fn summary<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        shape::typed(py, "Summary", &self.paper.summary)
    }

    /// The waves in the order in which they run.
    #[getter]
    fn waves<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let wave = |number| Wave { paper: self.paper.clone(), number };
        PyTuple::new(py, (0..self.paper.waves.len()).map(|number| wave(number).into_pyobject(py).expect("it is plain")))
    }

    /// The brokers and what the plan does to them.
    #[getter]
    fn brokers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        shape::typed(py, "PlanBroker", &self.paper.brokers)
    }

    /// What was asked for and is left out.
    #[getter]
    fn deferred<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        shape::typed(py, "Deferred", &self.paper.deferred)
    }

    /// What a person should know before running it.
    #[getter]
    fn warnings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        shape::typed(py, "Notice", &self.paper.warnings)
    }

    /// What has happened since the plan that it resumes was made.
    #[getter]
    fn drift<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        shape::typed(py, "Drift", &self.paper.drift)
    }

    /// Whether everything that was asked for is in the plan.
    #[getter]
    fn complete(&self) -> bool {
        self.paper.complete
    }

    /// What was asked, as in plan.json.
    #[getter]
    fn request<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        shape::plain(py, &json!(self.paper.request))
    }

    /// Which cluster it was made for, as in plan.json.
    #[getter]
    fn cluster<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        shape::plain(py, &json!(self.paper.cluster))
    }

    /// The whole move as one kafka-reassign JSON.
    fn reassign_json<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.bytes(py, |plan| Ok(emit::kafka::whole(plan)))
    }

    /// The kafka-reassign JSON that leads back to before a wave.
    #[pyo3(signature = (to_wave=None))]
    fn rollback<'py>(&self, py: Python<'py>, to_wave: Maybe<'_, '_>) -> PyResult<Bound<'py, PyBytes>> {
        let to_wave = to_wave.map_or(Ok(1), |value| values::count("to_wave", value, 0))?;
        self.bytes(py, move |plan| Ok(emit::kafka::restore(&rollback::rollback(plan, to_wave)?)))
    }

    /// The waves that lead back to before a wave, in the order in which they run.
    #[pyo3(signature = (to_wave=None))]
    fn rollback_waves<'py>(&self, py: Python<'py>, to_wave: Maybe<'_, '_>) -> PyResult<Bound<'py, PyTuple>> {
        let to_wave = to_wave.map_or(Ok(1), |value| values::count("to_wave", value, 0))?;
        let plan = self.paper.clone();
        let back = Arc::new(interrupt::run(py, move |_| rollback::waves(&plan, to_wave))?);
        let wave = |number| Wave { paper: back.clone(), number };
        PyTuple::new(py, (0..back.waves.len()).map(|number| wave(number).into_pyobject(py).expect("it is plain")))
    }

    /// Every command that a person types, in Markdown.
    fn runbook(&self, py: Python<'_>) -> PyResult<String> {
        let plan = self.paper.clone();
        interrupt::run(py, move |_| Ok(emit::runbook::runbook(&plan)))
    }

    /// The plan, or a wave of it, in the form of another tool: content by name of file.
    #[pyo3(signature = (format, **options))]
    fn export<'py>(
        &self,
        py: Python<'py>,
        format: &str,
        options: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        export::export(py, &self.paper, format, options)
    }

    /// What happens to one partition, and why.
    fn why<'py>(&self, py: Python<'py>, topic: &str, partition: &Bound<'_, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let number = values::partition("partition", partition)?;
        let (plan, topic) = (self.paper.clone(), topic.to_owned());
        let why = interrupt::run(py, move |_| why::why(&plan, &topic, PartitionId::new(number)))?;
        let mut fields = json!(why);
        fields["text"] = why.to_string().into();
        shape::typed(py, "Why", &fields)
    }

    /// The plan as canonical JSON.
    fn to_json<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.bytes(py, |plan| Ok(paper::write(plan)))
    }

    /// Writes plan.json, whole or not at all.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let plan = self.paper.clone();
        interrupt::run_to_end(py, move |_| fs::write_file(&path, &paper::write(&plan)))
    }

    /// Writes plan.json, a folder of files for each wave, and a runbook to a new directory.
    #[pyo3(signature = (directory, *, force=false))]
    fn write(&self, py: Python<'_>, directory: PathBuf, force: bool) -> PyResult<()> {
        let plan = self.paper.clone();
        interrupt::run_to_end(py, move |work| emit::out_dir::write(&plan, &directory, force, work))
    }

    fn __repr__(&self) -> String {
        let summary = &self.paper.summary;
        let (waves, replicas) = (counted(summary.waves, "wave"), counted(summary.replicas_moved, "replica"));
        let mut text = format!("<kshift.Plan: {waves}, {replicas}, {}", summary.bytes_moved);
        if let Some(eta) = &summary.eta_seconds {
            text = format!("{text}, about {}", eta.expected);
        }
        if !self.paper.complete {
            text = format!("{text}, {} deferred", counted(self.paper.deferred.len() as u64, "partition"));
        }
        text + ">"
    }

    fn __str__(&self) -> String {
        PlanView::new(&self.paper).text(false).trim_end().to_owned()
    }

    fn _repr_html_(&self) -> String {
        html::plan(&self.paper)
    }

    fn __eq__(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.paper, &other.paper) || self.paper == other.paper
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = rustc_hash::FxHasher::default();
        self.paper.cluster.sha256.hash(&mut hasher);
        self.paper.moves.partition.hash(&mut hasher);
        hasher.finish()
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyBytes>,))> {
        Ok((py.import("kshift._kshift")?.getattr("_restore_plan")?, (self.to_json(py)?,)))
    }
}

impl Plan {
    fn bytes<'py, F>(&self, py: Python<'py>, make: F) -> PyResult<Bound<'py, PyBytes>>
    where
        F: FnOnce(&paper::Plan) -> Result<Vec<u8>> + Send + 'static,
    {
        let plan = self.paper.clone();
        Ok(PyBytes::new(py, &interrupt::run(py, move |_| make(&plan))?))
    }
}

/// A plan from its JSON.
#[pyfunction]
pub fn _restore_plan(py: Python<'_>, content: Vec<u8>) -> PyResult<Plan> {
    read(py, content)
}

fn read(py: Python<'_>, content: Vec<u8>) -> PyResult<Plan> {
    interrupt::run(py, move |_| Ok(Plan { paper: Arc::new(paper::read(text_json::text_of(&content, GIVEN)?, GIVEN)?) }))
}
