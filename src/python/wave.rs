//! `kshift.Wave`: one wave of a plan, with its moves and files.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use super::plan::Plan;
use super::{interrupt, shape};
use crate::base::ids::BrokerId;
use crate::base::text::counted;
use crate::base::units::Seconds;
use crate::emit;
use crate::plan as paper;

/// A wave: what people approve, gate and roll back at once.
#[pyclass(frozen, module = "kshift")]
pub struct Wave {
    /// The plan that it belongs to.
    pub paper: Arc<paper::Plan>,
    /// Its number, from 0.
    pub number: usize,
}

/// Writes a file of a wave, where the wave has it.
type Writer = fn(&paper::Plan, &paper::Wave) -> Option<Vec<u8>>;

impl Wave {
    fn wave(&self) -> &paper::Wave {
        &self.paper.waves[self.number]
    }

    fn file<'py>(&self, py: Python<'py>, write: Writer) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let (plan, number) = (self.paper.clone(), self.number);
        let content = interrupt::run(py, move |_| Ok(write(&plan, &plan.waves[number])))?;
        Ok(content.map(|content| PyBytes::new(py, &content)))
    }
}

#[pymethods]
impl Wave {
    /// Its number, from 1.
    #[getter]
    fn index(&self) -> u32 {
        self.wave().index
    }

    /// Why it stands where it stands.
    #[getter]
    fn stage(&self) -> &'static str {
        self.wave().stage.as_str()
    }

    /// The longest of its brokers' copy times, in seconds.
    #[getter]
    fn copy_seconds(&self) -> Option<f64> {
        self.wave().copy_seconds.map(Seconds::get)
    }

    /// The forecast for people, in seconds.
    #[getter]
    fn duration_seconds<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        shape::typed(py, "Estimate", &self.wave().duration_seconds)
    }

    /// Who sets the copy time.
    #[getter]
    fn bottleneck<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        shape::typed(py, "Bottleneck", &self.wave().bottleneck)
    }

    /// What sets the forecast, where that is more than the throttle of the bottleneck.
    #[getter]
    fn limit<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        shape::typed(py, "Limit", &self.wave().limit)
    }

    /// Rates while it copies.
    #[getter]
    fn throttle<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        shape::typed(py, "Throttle", &self.wave().throttle)
    }

    /// How long undoing it and no other copies, in seconds.
    #[getter]
    fn rollback_seconds(&self) -> Option<f64> {
        self.wave().rollback_seconds.map(Seconds::get)
    }

    /// The fullest log dir that receives again while it is undone, used over capacity.
    #[getter]
    fn rollback_peak_disk_utilization(&self) -> Option<f64> {
        self.wave().rollback_peak_disk_utilization
    }

    /// What the loss of one broker or rack would do at worst while it runs.
    #[getter]
    fn at_risk<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        shape::typed(py, "AtRisk", &self.wave().at_risk)
    }

    /// When it starts, as RFC 3339.
    #[getter]
    fn starts_at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        shape::typed(py, "Dates", &self.wave().dates.map(|dates| dates.starts_at))
    }

    /// When it ends, as RFC 3339.
    #[getter]
    fn ends_at<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        shape::typed(py, "Dates", &self.wave().dates.map(|dates| dates.ends_at))
    }

    /// What goes between racks, in the currency of the price.
    #[getter]
    fn cross_rack_cost(&self) -> Option<f64> {
        self.paper.cross_rack_cost_of(self.wave())
    }

    /// Its moves in the order in which they start.
    #[getter]
    fn partitions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let class = py.import("kshift._types")?.getattr("Move")?;
        let moves: Vec<_> =
            self.paper.moves_of(self.wave()).map(|entry| move_of(&class, &entry)).collect::<PyResult<_>>()?;
        PyTuple::new(py, moves)
    }

    /// For kafka-reassign-partitions --execute.
    fn reassign_json<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        self.file(py, |plan, wave| Some(emit::kafka::reassign(plan, wave)))
    }

    /// The exact ordered lists from before this wave.
    fn rollback_json<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        self.file(py, |plan, wave| Some(emit::kafka::rollback(plan, wave)))
    }

    /// For kafka-leader-election; none when no election is due.
    fn election_json<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        self.file(py, emit::election::election)
    }

    /// The throttle to set; none without one, or when nothing is copied.
    fn throttle_json<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        self.file(py, emit::throttle::throttle)
    }

    fn __len__(&self) -> usize {
        self.wave().rows.len()
    }

    fn __repr__(&self) -> String {
        let wave = self.wave();
        let time = wave.copy_seconds.map_or(String::new(), |seconds| format!(", copies for {seconds}"));
        let partitions = counted(wave.rows.len() as u64, "partition");
        format!("<kshift.Wave {}: {}, {partitions}{time}>", wave.index, wave.stage.as_str())
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.number == other.number && (Arc::ptr_eq(&self.paper, &other.paper) || self.paper == other.paper)
    }

    fn __hash__(&self) -> u64 {
        self.number as u64
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (Plan, usize))> {
        let restore = py.import("kshift._kshift")?.getattr("_restore_wave")?;
        Ok((restore, (Plan { paper: self.paper.clone() }, self.number)))
    }
}

/// A wave from its pickled state.
#[pyfunction]
pub fn _restore_wave(plan: &Plan, number: usize) -> PyResult<Wave> {
    if number < plan.paper.waves.len() {
        return Ok(Wave { paper: plan.paper.clone(), number });
    }
    Err(pyo3::exceptions::PyIndexError::new_err("the plan has no such wave"))
}

fn move_of<'py>(class: &Bound<'py, PyAny>, entry: &paper::Move<'_>) -> PyResult<Bound<'py, PyAny>> {
    let py = class.py();
    let ids = |ids: &[BrokerId]| PyTuple::new(py, ids.iter().map(|id| id.get()));
    let dirs = |dirs: &paper::Dirs<'_>| PyTuple::new(py, dirs.iter().collect::<Vec<_>>());
    class.call1((
        entry.topic,
        entry.partition.get(),
        ids(entry.replicas)?,
        ids(entry.previous)?,
        entry.leader.map(BrokerId::get),
        entry.leader_after.map(BrokerId::get),
        entry.size.get(),
        dirs(&entry.dirs)?,
        dirs(&entry.previous_dirs)?,
    ))
}
