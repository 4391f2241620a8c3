//! `kshift.check`.

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use super::ask::{self, Limits, Maybe};
use super::cluster::Cluster;
use super::plan::Plan;
use super::{interrupt, shape};
use crate::base::error::Result;
use crate::check::{self as right, Report};
use crate::cli::check::merged;
use crate::cli::{load, resolve};
use crate::plan as paper;
use crate::request::Request;

/// What is judged.
enum Judged {
    Plan(Arc<paper::Plan>),
    Path(PathBuf),
}

/// Replays a plan on a cluster with code that shares nothing with the planner.
#[pyfunction]
#[pyo3(signature = (cluster, plan, *, drain=None, drain_rack=None, onto=None, throttle=None, leader_throttle=None, follower_throttle=None, rates=None, headroom=None, disk_limit=None, ignore_disk=false,
    growth=false, max_moves=None, max_moves_per_broker=None, max_leader_changes=None, max_wave_duration=None, rack_policy=None, topics=None,
    exclude_topics=None, skip_unhealthy=false, assume_size=None, capacity=None, racks=None))]
#[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
pub fn check<'py>(
    py: Python<'py>,
    cluster: &Cluster,
    plan: &Bound<'py, PyAny>,
    drain: Maybe<'_, '_>,
    drain_rack: Maybe<'_, '_>,
    onto: Maybe<'_, '_>,
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
    skip_unhealthy: bool,
    assume_size: Maybe<'_, '_>,
    capacity: Maybe<'_, '_>,
    racks: Maybe<'_, '_>,
) -> PyResult<Bound<'py, PyAny>> {
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
    let limits = limits.read()?;
    let given = ask::supplements(assume_size, capacity, racks)?;
    let judged = judged(plan)?;
    let made_with = match &judged {
        Judged::Plan(plan) => Some(plan.request.clone()),
        Judged::Path(path) => {
            let path = path.clone();
            interrupt::run(py, move |_| Ok(load::request_of(&path)))?
        }
    };
    let (request, supplements) = match made_with {
        Some(made_with) => {
            resolve::same_limits(&limits, &made_with)?;
            let supplements = merged(made_with.supplements.clone(), given);
            (made_with, supplements)
        }
        None => (resolve::check(&limits)?, given),
    };
    let (_, completion) = cluster.completed_with(supplements);
    let report = interrupt::run(py, move |_| {
        let snapshot = completion.finish()?;
        report(&snapshot, &judged, &request)
    })?;
    let mut fields = report.to_json();
    if let Some(fields) = fields.as_object_mut() {
        fields.remove("ok");
    }
    fields["text"] = report.to_string().into();
    shape::typed(py, "Report", &fields)
}

fn judged(plan: &Bound<'_, PyAny>) -> PyResult<Judged> {
    if let Ok(plan) = plan.cast::<Plan>() {
        return Ok(Judged::Plan(plan.get().paper.clone()));
    }
    if let Ok(path) = plan.extract() {
        return Ok(Judged::Path(path));
    }
    let found = plan.get_type().name()?;
    Err(PyTypeError::new_err(format!("`plan` is a {found}; expected a kshift.Plan or a path")))
}

fn report(snapshot: &crate::snapshot::Snapshot, judged: &Judged, request: &Request) -> Result<Report> {
    match judged {
        Judged::Plan(plan) => Ok(right::plan(snapshot, plan)),
        Judged::Path(path) => right::any(snapshot, path, request),
    }
}
