//! `kshift snapshot`: any source of a cluster as one snapshot file.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;

use super::args::SnapshotArgs;
use super::console::Console;
use super::summary::gap;
use super::view::{Lines, View, as_warnings, warnings_text};
use super::{load, progress, resolve};
use crate::base::error::Result;
use crate::base::fs;
use crate::base::ids::IdSet;
use crate::base::text::{counted, grouped};
use crate::base::units::Bytes;
use crate::plan::Warning;
use crate::snapshot::v1::{self, Include};
use crate::snapshot::{BrokerState, Snapshot};

/// Reads, writes, and tells what was read.
pub fn run(args: &SnapshotArgs, console: &Console) -> Result<u8> {
    let supplements = resolve::supplements(&args.supplements)?;
    let snapshot = load::cluster(&args.source, &supplements)?;
    write(&snapshot, args.output.as_deref(), console)?;
    Ok(0)
}

/// Writes a snapshot to `output` or standard output, and tells what is in it.
pub fn write(snapshot: &Snapshot, output: Option<&Path>, console: &Console) -> Result<()> {
    let content = v1::write(snapshot, Include::Everything);
    let output = output.filter(|path| path.as_os_str() != "-");
    match output {
        Some(path) => {
            let _watched = progress::watch(console);
            fs::write_file(path, &content)?;
        }
        None => console.data(&content)?,
    }
    console.tell(&ClusterView::new(snapshot, output));
    Ok(())
}

/// What a snapshot holds.
#[derive(Serialize)]
struct ClusterView<'a> {
    name: Option<&'a str>,
    brokers: u64,
    broker_ids: IdSet,
    brokers_not_alive: u64,
    racks: Vec<&'a str>,
    topics: u64,
    partitions: u64,
    replicas: u64,
    /// Sum over the replicas, each as its leader's size.
    replicated_bytes: Bytes,
    partitions_without_size: u64,
    log_dirs: u64,
    log_dirs_without_capacity: u64,
    warnings: Vec<Warning>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
}

impl<'a> ClusterView<'a> {
    fn new(snapshot: &'a Snapshot, output: Option<&Path>) -> Self {
        let partitions = &snapshot.partitions;
        let rows = 0..partitions.len();
        let bytes = rows.map(|row| {
            let size = partitions.size[row].unwrap_or_default().get();
            u128::from(size) * partitions.replicas.get(row).len() as u128
        });
        let replicated: u128 = bytes.sum();
        let racks: BTreeSet<&str> = snapshot.brokers.iter().filter_map(|broker| broker.rack.as_deref()).collect();
        let log_dirs = || snapshot.brokers.iter().flat_map(|broker| &broker.log_dirs);
        let dead = snapshot.brokers.iter().filter(|broker| broker.state != BrokerState::Alive);
        ClusterView {
            name: snapshot.name.as_deref(),
            brokers: snapshot.brokers.len() as u64,
            broker_ids: IdSet::from_ids(snapshot.brokers.iter().map(|broker| broker.id)).unwrap_or_default(),
            brokers_not_alive: dead.count() as u64,
            racks: racks.into_iter().collect(),
            topics: snapshot.topics.len() as u64,
            partitions: partitions.len() as u64,
            replicas: partitions.replicas.total() as u64,
            replicated_bytes: Bytes::new(u64::try_from(replicated).unwrap_or(u64::MAX)),
            partitions_without_size: partitions.size.iter().filter(|size| size.is_none()).count() as u64,
            log_dirs: log_dirs().count() as u64,
            log_dirs_without_capacity: log_dirs().filter(|dir| dir.capacity.is_none()).count() as u64,
            warnings: as_warnings(&snapshot.all_notices()).collect(),
            output: output.map(|path| path.display().to_string()),
        }
    }
}

impl View for ClusterView<'_> {
    fn text(&self, quiet: bool) -> String {
        let warnings = warnings_text(&self.warnings);
        if quiet {
            return warnings;
        }
        let or_else = |count: u64, what: &str| if count > 0 { format!(" ({count} {what})") } else { String::new() };
        let mut lines = Lines::default();
        lines.add("cluster", self.name.unwrap_or("(no name)"));
        lines.add(
            "brokers",
            format!("{}: {}{}", grouped(self.brokers), self.broker_ids, or_else(self.brokers_not_alive, "not alive")),
        );
        lines.add("racks", if self.racks.is_empty() { "not known".to_owned() } else { self.racks.join(", ") });
        let (topics, partitions) = (counted(self.topics, "topic"), counted(self.partitions, "partition"));
        lines.add("topics", format!("{topics}, {partitions}, {}", counted(self.replicas, "replica")));
        let unknown = or_else(self.partitions_without_size, "partitions without a known size");
        let all_unknown = self.partitions_without_size == self.partitions;
        let sum = format!("{} in all replicas{unknown}", self.replicated_bytes);
        lines.add("data", if all_unknown { "sizes not known".to_owned() } else { sum });
        let unknown = or_else(self.log_dirs_without_capacity, "without a known capacity");
        lines.add("log dirs", format!("{}{unknown}", self.log_dirs));
        if let Some(output) = &self.output {
            lines.add("written", output);
        }
        format!("{}{}{warnings}", lines.text(), gap(&warnings))
    }
}
