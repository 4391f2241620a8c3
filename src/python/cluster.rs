//! `kshift.Cluster`.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple};
use serde_json::{Value, json};

use super::ask::{self, Maybe};
use super::{html, interrupt, shape};
use crate::base::error::{Code, Error, Result};
use crate::base::text::counted;
use crate::base::units::Bytes;
use crate::base::{fs, json as text_json};
use crate::cli::check::merged;
use crate::example::{self, Options};
use crate::request::Supplements;
use crate::snapshot::{self, Snapshot, cruise_control, kafka_tools, v1};

/// A cluster at one moment.
#[pyclass(frozen, module = "kshift")]
pub struct Cluster {
    /// As it was read.
    read: Arc<Snapshot>,
    /// What its source could not say.
    supplements: Supplements,
    /// With the supplements applied.
    completed: Arc<Snapshot>,
    sha256: OnceLock<String>,
    assignment_sha256: OnceLock<String>,
}

impl Cluster {
    fn new(snapshot: Snapshot) -> Self {
        let read = Arc::new(snapshot);
        Cluster::with(&read, Supplements::default(), read.clone())
    }

    fn with(read: &Arc<Snapshot>, supplements: Supplements, completed: Arc<Snapshot>) -> Self {
        let read = read.clone();
        Cluster { read, supplements, completed, sha256: OnceLock::new(), assignment_sha256: OnceLock::new() }
    }

    /// The cluster with what it was completed with.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.completed.clone()
    }

    /// The cluster with what it was completed with, and on top of that what `given` says.
    pub fn completed_with(&self, given: Supplements) -> (Supplements, Completion) {
        self.completed_as(merged(self.supplements.clone(), given))
    }

    /// The same for a plan that is resumed: what it was made with comes first, as far as that is still there.
    pub fn completed_again(&self, earlier: &Supplements, given: Supplements) -> (Supplements, Completion) {
        let known = self.read.known(earlier);
        self.completed_as(merged(merged(known, self.supplements.clone()), given))
    }

    fn completed_as(&self, supplements: Supplements) -> (Supplements, Completion) {
        let snapshot = if supplements == self.supplements { &self.completed } else { &self.read };
        let is_done = Arc::ptr_eq(snapshot, &self.completed) && supplements == self.supplements;
        let todo = (!is_done).then(|| supplements.clone());
        (supplements, Completion { snapshot: snapshot.clone(), todo })
    }
}

/// A snapshot and what is still to be filled in.
pub struct Completion {
    snapshot: Arc<Snapshot>,
    todo: Option<Supplements>,
}

impl Completion {
    /// Fills it in.
    pub fn finish(self) -> Result<Arc<Snapshot>> {
        let Some(supplements) = self.todo else { return Ok(self.snapshot) };
        let mut snapshot = Arc::unwrap_or_clone(self.snapshot);
        snapshot.supplement(&supplements)?;
        Ok(Arc::new(snapshot))
    }
}

/// JSON that was given as text or as bytes.
pub fn content_of(value: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(text.to_str()?.as_bytes().to_vec());
    }
    match value.cast::<PyBytes>() {
        Ok(bytes) => Ok(bytes.as_bytes().to_vec()),
        Err(_) => Err(PyTypeError::new_err(format!("expected JSON as str or bytes, not {}", value.get_type().name()?))),
    }
}

/// How JSON is named in messages that came as a value and not from a file.
pub const GIVEN: &str = "the given JSON";

#[pymethods]
impl Cluster {
    /// Reads a cluster: a snapshot file (plain, gzip or zstd), or a directory of Kafka tool output or Cruise Control answers.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        interrupt::run(py, move |_| Ok(Cluster::new(snapshot::open(&path)?)))
    }

    /// Reads a snapshot from JSON that is in memory.
    #[staticmethod]
    fn from_json(py: Python<'_>, content: &Bound<'_, PyAny>) -> PyResult<Self> {
        let content = content_of(content)?;
        interrupt::run(py, move |_| Ok(Cluster::new(v1::read(text_json::text_of(&content, GIVEN)?, GIVEN)?)))
    }

    /// Reads a directory of output of Kafka's own tools.
    #[staticmethod]
    fn from_kafka_tools(py: Python<'_>, directory: PathBuf) -> PyResult<Self> {
        interrupt::run(py, move |_| Ok(Cluster::new(kafka_tools::read_dir(&directory)?)))
    }

    /// Reads a directory of answers of Cruise Control, or one of them; output of Kafka's own tools may lie beside them.
    #[staticmethod]
    fn from_cruise_control(py: Python<'_>, directory: PathBuf) -> PyResult<Self> {
        interrupt::run(py, move |_| Ok(Cluster::new(cruise_control::read_dir(&directory)?)))
    }

    /// Makes a synthetic cluster; the same options give the same cluster on every machine.
    #[staticmethod]
    #[pyo3(signature = (*, old=None, new=None, old_base=None, new_base=None, partitions=None, rf=None, racks=None,
        total_tb=None, sigma=None, seed=None, new_fill=None, old_fill=None, uneven_racks=false, mixed_rf=false,
        dirs=None, hetero=false, rate_per_tb=None))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
    fn example(
        py: Python<'_>,
        old: Maybe<'_, '_>,
        new: Maybe<'_, '_>,
        old_base: Maybe<'_, '_>,
        new_base: Maybe<'_, '_>,
        partitions: Maybe<'_, '_>,
        rf: Maybe<'_, '_>,
        racks: Maybe<'_, '_>,
        total_tb: Option<f64>,
        sigma: Option<f64>,
        seed: Maybe<'_, '_>,
        new_fill: Option<f64>,
        old_fill: Option<f64>,
        uneven_racks: bool,
        mixed_rf: bool,
        dirs: Maybe<'_, '_>,
        hetero: bool,
        rate_per_tb: Option<f64>,
    ) -> PyResult<Self> {
        let count = |argument: &str, value: Maybe<'_, '_>, otherwise: u32| {
            value.map_or(Ok(otherwise), |value| super::values::count(argument, value, 0))
        };
        let usual = Options::default();
        let options = Options {
            old: count("old", old, usual.old)?,
            new: count("new", new, usual.new)?,
            old_base: count("old_base", old_base, usual.old_base)?,
            new_base: count("new_base", new_base, usual.new_base)?,
            partitions: count("partitions", partitions, usual.partitions)?,
            rf: count("rf", rf, usual.rf)?,
            racks: count("racks", racks, usual.racks)?,
            total_tb: total_tb.unwrap_or(usual.total_tb),
            sigma: sigma.unwrap_or(usual.sigma),
            seed: seed.map_or(Ok(usual.seed), |value| super::values::seed("seed", value))?,
            new_fill: new_fill.unwrap_or(usual.new_fill),
            old_fill: old_fill.unwrap_or(usual.old_fill),
            uneven_racks,
            mixed_rf,
            dirs: count("dirs", dirs, usual.dirs)?,
            hetero,
            rate_per_tb: rate_per_tb.unwrap_or(usual.rate_per_tb),
        };
        interrupt::run(py, move |_| Ok(Cluster::new(example::cluster(&options)?)))
    }

    /// A new cluster with what the source could not say.
    #[pyo3(signature = (*, assume_size=None, capacity=None, racks=None))]
    fn complete(
        &self,
        py: Python<'_>,
        assume_size: Maybe<'_, '_>,
        capacity: Maybe<'_, '_>,
        racks: Maybe<'_, '_>,
    ) -> PyResult<Self> {
        let given = ask::supplements(assume_size, capacity, racks)?;
        let (supplements, completion) = self.completed_with(given);
        let completed = interrupt::run(py, move |_| completion.finish())?;
        Ok(Cluster::with(&self.read, supplements, completed))
    }

    /// The cluster as canonical snapshot JSON.
    fn to_json<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &json_of(py, &self.completed)?))
    }

    /// Writes the cluster as snapshot JSON, whole or not at all.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let snapshot = self.completed.clone();
        interrupt::run_to_end(py, move |_| fs::write_file(&path, &v1::write(&snapshot, v1::Include::Everything)))
    }

    /// What the cluster is called.
    #[getter]
    fn name(&self) -> Option<&str> {
        self.completed.name.as_deref()
    }

    /// When it was read (RFC 3339), where known.
    #[getter]
    fn taken_at(&self) -> Option<&str> {
        self.completed.taken_at.as_deref()
    }

    /// Kafka's own id of the cluster, where known.
    #[getter]
    fn cluster_id(&self) -> Option<&str> {
        self.completed.cluster_id.as_deref()
    }

    /// Version of its brokers, where known.
    #[getter]
    fn kafka_version(&self) -> Option<&str> {
        self.completed.kafka_version.as_deref()
    }

    /// The brokers in ascending order of id.
    #[getter]
    fn brokers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        shape::typed(py, "Broker", &brokers(&self.completed))
    }

    /// The topics in ascending order of name.
    #[getter]
    fn topics<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let topics: Vec<Value> =
            (0..self.completed.topics.len()).map(|topic| topic_of(&self.completed, topic)).collect();
        shape::typed(py, "Topic", &topics)
    }

    /// How many partitions there are.
    #[getter]
    fn partition_count(&self) -> usize {
        self.completed.partitions.len()
    }

    /// How many replicas there are.
    #[getter]
    fn replica_count(&self) -> usize {
        self.completed.partitions.replicas.total()
    }

    /// SHA-256 of the canonical snapshot without `name`, `taken_at` and `host`.
    #[getter]
    fn sha256(&self, py: Python<'_>) -> PyResult<String> {
        self.fingerprint(py, &self.sha256, Snapshot::sha256)
    }

    /// SHA-256 of the ordered replica lists alone.
    #[getter]
    fn assignment_sha256(&self, py: Python<'_>) -> PyResult<String> {
        self.fingerprint(py, &self.assignment_sha256, Snapshot::assignment_sha256)
    }

    /// What the reader noticed: missing pieces, dead brokers, leftovers.
    #[getter]
    fn notices<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        shape::typed(py, "Notice", &self.completed.notices)
    }

    /// What is not well in the cluster, gravest first.
    #[getter]
    fn health<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let snapshot = self.completed.clone();
        shape::typed(py, "Notice", &interrupt::run(py, move |_| Ok(snapshot.health()))?)
    }

    fn __repr__(&self) -> String {
        let name = self.name().map_or(String::new(), |name| format!(" {name:?}"));
        format!(
            "<kshift.Cluster{name}: {}, {}, {}, {}>",
            counted(self.completed.brokers.len() as u64, "broker"),
            counted(self.completed.topics.len() as u64, "topic"),
            counted(self.partition_count() as u64, "partition"),
            counted(self.replica_count() as u64, "replica"),
        )
    }

    fn _repr_html_(&self) -> String {
        html::cluster(&self.completed)
    }

    fn __eq__(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.completed, &other.completed) && Arc::ptr_eq(&self.read, &other.read)
            || self.completed == other.completed && self.supplements == other.supplements
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<u64> {
        let digest = self.sha256(py)?;
        Ok(u64::from_str_radix(&digest[..16], 16).unwrap_or_default())
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let rest = json!({ "supplements": self.supplements, "notices": self.read.notices }).to_string();
        let state = (PyBytes::new(py, &json_of(py, &self.read)?), rest).into_pyobject(py)?;
        Ok((py.import("kshift._kshift")?.getattr("_restore_cluster")?, state))
    }
}

impl Cluster {
    fn fingerprint(&self, py: Python<'_>, cell: &OnceLock<String>, of: fn(&Snapshot) -> String) -> PyResult<String> {
        if let Some(known) = cell.get() {
            return Ok(known.clone());
        }
        let snapshot = self.completed.clone();
        let digest = interrupt::run(py, move |_| Ok(of(&snapshot)))?;
        Ok(cell.get_or_init(|| digest).clone())
    }
}

/// A cluster from its pickled state.
#[pyfunction]
pub fn _restore_cluster(py: Python<'_>, content: Vec<u8>, rest: &str) -> PyResult<Cluster> {
    let corrupt = || Error::new(Code::InvalidJson, "the pickled cluster is corrupt; expected one of the same version");
    let mut rest: Value = serde_json::from_str(rest).map_err(|_| corrupt())?;
    let supplements: Supplements = serde_json::from_value(rest["supplements"].take()).map_err(|_| corrupt())?;
    let notices = serde_json::from_value(rest["notices"].take()).map_err(|_| corrupt())?;
    interrupt::run(py, move |_| {
        let mut read = v1::read(text_json::text_of(&content, GIVEN)?, GIVEN)?;
        read.notices = notices;
        let cluster = Cluster::new(read);
        let (supplements, completion) = cluster.completed_with(supplements);
        Ok(Cluster::with(&cluster.read, supplements, completion.finish()?))
    })
}

fn json_of(py: Python<'_>, snapshot: &Arc<Snapshot>) -> PyResult<Vec<u8>> {
    let snapshot = snapshot.clone();
    interrupt::run(py, move |_| Ok(v1::write(&snapshot, v1::Include::Everything)))
}

fn brokers(snapshot: &Snapshot) -> Vec<Value> {
    let at = |id| snapshot.brokers.binary_search_by_key(&id, |broker| broker.id);
    let mut count = vec![[0_u64; 2]; snapshot.brokers.len()];
    for row in 0..snapshot.partitions.len() {
        for &id in snapshot.partitions.replicas.get(row) {
            if let Ok(broker) = at(id) {
                count[broker][0] += 1;
            }
        }
        if let Some(Ok(broker)) = snapshot.partitions.leader[row].map(at) {
            count[broker][1] += 1;
        }
    }
    let used = snapshot.used_bytes();
    let broker = |(number, broker): (usize, &snapshot::Broker)| {
        let dir = |(place, dir): (usize, &snapshot::LogDir)| {
            json!({
                "path": dir.path,
                "capacity_bytes": dir.capacity,
                "used_bytes": used[number][place],
                "state": if dir.offline { "offline" } else { "online" },
            })
        };
        json!({
            "id": broker.id,
            "host": broker.host,
            "rack": broker.rack,
            "state": broker.state,
            "log_dirs": broker.log_dirs.iter().enumerate().map(dir).collect::<Vec<_>>(),
            "replicas": count[number][0],
            "leaders": count[number][1],
        })
    };
    snapshot.brokers.iter().enumerate().map(broker).collect()
}

fn topic_of(snapshot: &Snapshot, number: usize) -> Value {
    let topic = &snapshot.topics[number];
    let partitions = &snapshot.partitions;
    let sizes: Option<Vec<Bytes>> = partitions.size[topic.rows.clone()].iter().copied().collect();
    json!({
        "name": topic.name,
        "partitions": topic.rows.len(),
        "replicas": topic.rows.clone().map(|row| partitions.replicas.get(row).len()).sum::<usize>(),
        "size_bytes": sizes.map(|sizes| sizes.into_iter().sum::<Bytes>()),
        "bytes_in_per_sec": partitions.bytes_in[topic.rows.clone()].iter().map(|rate| rate.get()).sum::<f64>(),
        "is_internal": crate::base::ids::is_internal_topic(&topic.name),
    })
}
