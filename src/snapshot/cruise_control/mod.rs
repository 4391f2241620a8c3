//! A cluster from the answers of Cruise Control, as JSON, and from the files that it is configured with.
//!
//! | document | known by | gives |
//! |---|---|---|
//! | `/kafka_cluster_state?verbose=true` | `KafkaPartitionState`, `KafkaBrokerState` | partitions, ordered replicas, leaders, ISR, min ISR, log dirs, who is alive |
//! | `/load?populate_disk_info=true` | `brokers` with `hosts` | hosts, racks, capacities, space in use |
//! | `/partition_load` | `records` | sizes of leaders, what producers write and consumers read |
//! | `capacity.json` | `brokerCapacities` | capacities of disks and network |
//! | `brokerSets.json` | `brokerSets` | nothing that a snapshot has: they are named |
//!
//! Sizes are in MiB and rates in KiB/s, whatever their keys say. Numbers may be bare `NaN` and `Infinity`, which JSON
//! does not have: such a value is not known. Files are known by content; beside them may lie output of Kafka's own tools
//! ([`super::kafka_tools`]), which fills what Cruise Control does not know: in which log dir a replica lies, what moves,
//! settings. Two documents that differ about one cluster are an error, as between the tools.

mod broker_sets;
mod capacity;
mod load;
mod merge;
mod notices;
mod number;
mod partition_load;
mod state;

use std::borrow::Cow;
use std::path::Path;

use serde::Deserialize;

use self::merge::{Documents, Said};
use super::{Snapshot, kafka_tools, open};
use crate::base::error::{Code, Error, Place, Result};
use crate::base::{fs, json};

/// Which document a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    State,
    Load,
    PartitionLoad,
    Capacity,
    BrokerSets,
    /// An answer that says what Cruise Control would do, not what is.
    Proposals,
    /// An answer that came before the result.
    Progress,
    /// An answer that says what went wrong.
    Failure,
}

/// How to ask for what names the partitions.
const STATE_HELP: &str =
    "curl 'http://HOST:9090/kafkacruisecontrol/kafka_cluster_state?verbose=true&json=true' > state.json";

/// Whether the text is a document of Cruise Control that is read here.
pub(super) fn is_known(text: &str) -> bool {
    kind_of(text).is_some_and(|kind| kind != Kind::Proposals)
}

/// The document that alone has such keys.
fn kind_of(text: &str) -> Option<Kind> {
    if !text.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
        return None;
    }
    let (mut kind, mut has_brokers, mut has_hosts) = (None, false, false);
    json::top_keys(text, |key| {
        match key {
            "KafkaBrokerState" | "KafkaPartitionState" => kind = Some(Kind::State),
            "records" => kind = Some(Kind::PartitionLoad),
            "brokerCapacities" => kind = Some(Kind::Capacity),
            "brokerSets" => kind = Some(Kind::BrokerSets),
            "proposals" | "goalSummary" | "loadAfterOptimization" => kind = Some(Kind::Proposals),
            "progress" => kind = Some(Kind::Progress),
            "errorMessage" => kind = Some(Kind::Failure),
            "brokers" => has_brokers = true,
            "hosts" => has_hosts = true,
            // A document of ours, and of Kafka's tool that moves.
            "kind" | "partitions" => return true,
            _ => {}
        }
        kind.is_some()
    });
    kind.or((has_brokers && has_hosts).then_some(Kind::Load))
}

/// Reads a directory that holds answers of Cruise Control, and perhaps output of Kafka's tools beside them.
///
/// # Errors
/// [`Code::NoKnownFile`] without any answer of Cruise Control, [`Code::MissingField`] when no file names the partitions,
/// [`Code::Contradiction`] where two files differ, and every fault inside a file, with its place.
pub fn read_dir(path: &Path) -> Result<Snapshot> {
    if !path.is_dir() {
        return open(path);
    }
    let (files, ignored) = kafka_tools::files_of(path)?;
    if files.iter().any(|(_, text)| is_known(text)) {
        return read(&files, ignored, &fs::name_of(path));
    }
    let name = fs::name_of(path);
    let message = format!(
        "`{name}` holds no answer of Cruise Control that is known here; expected that of `/kafka_cluster_state` at least"
    );
    Err(Error::new(Code::NoKnownFile, message).at(Place::source(name)).help(STATE_HELP))
}

/// Reads a directory of either: answers of Cruise Control, output of Kafka's tools, or both.
///
/// # Errors
/// Those of [`read_dir`] and of [`kafka_tools::read_dir`].
pub(super) fn read_any_dir(path: &Path) -> Result<Snapshot> {
    let (files, ignored) = kafka_tools::files_of(path)?;
    let name = fs::name_of(path);
    if files.iter().any(|(_, text)| is_known(text)) {
        return read(&files, ignored, &name);
    }
    kafka_tools::read(&files, ignored, &name, None)
}

/// Reads documents that were read into memory already, as (name, text) of each file.
///
/// # Errors
/// As [`read_dir`].
pub fn read_files(files: &[(String, String)]) -> Result<Snapshot> {
    let source = match files {
        [(name, _)] => name.as_str(),
        _ => "the answers of Cruise Control",
    };
    read(files, Vec::new(), source)
}

fn read(files: &[(String, String)], mut ignored: Vec<(String, &'static str)>, source: &str) -> Result<Snapshot> {
    let (mut known, mut others, mut faults) = (Vec::new(), Vec::new(), Vec::new());
    for (name, text) in files {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match kind_of(text) {
            Some(Kind::Proposals) => {
                ignored.push((name.clone(), "it says what Cruise Control would do, not what is there now"));
            }
            Some(Kind::Progress) => faults.push(no_result(name)),
            Some(Kind::Failure) => faults.push(failure(text, name)),
            Some(kind) => known.push((kind, name.as_str(), json::lenient(text))),
            None => others.push((name.clone(), text.to_owned())),
        }
    }
    if !faults.is_empty() {
        return Err(Error::all(faults));
    }
    let documents = Documents::read(&known)?;
    kafka_tools::read(&others, ignored, source, Some(&Said(&documents)))
}

/// An answer that was not awaited.
fn no_result(name: &str) -> Error {
    let message = format!("`{name}` is an answer of Cruise Control that it is still working; expected the result");
    Error::new(Code::MissingField, message).at(Place::path(name, "progress")).help(
        "ask again with the header `User-Task-ID` of this answer until it is ready, as `cccli` does; curl shows it with `-i`",
    )
}

/// An answer that says why there is none.
fn failure(text: &str, name: &str) -> Error {
    #[derive(Deserialize)]
    struct Answer<'a> {
        #[serde(borrow, rename = "errorMessage")]
        message: Cow<'a, str>,
    }
    let said = serde_json::from_str(text).map_or_else(|_| String::new(), |answer: Answer| answer.message.into_owned());
    let said = said.lines().next().unwrap_or_default().to_owned();
    let message = format!("`{name}` is an answer of Cruise Control that the request failed: `{said}`");
    Error::new(Code::MissingField, message)
        .at(Place::path(name, "errorMessage"))
        .help("mend what it names, and ask again")
}

/// Reads one document; a fault is named by its way of keys and indexes.
fn parsed<'a, T: Deserialize<'a>>(text: &'a str, file: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| {
        let fault = json::syntax_error(&error, file);
        let what = fault.message().strip_prefix("invalid JSON: ").unwrap_or(fault.message()).to_owned();
        let mut path = json::path_at(text, error.line(), error.column());
        if what.starts_with("missing field")
            && let Some((object, _)) = path.rsplit_once('.')
        {
            path.truncate(object.len());
        }
        let place = Place { path: Some(path), ..fault.place().cloned().unwrap_or_default() };
        if !error.is_data() {
            return fault.at(place);
        }
        let code = if what.starts_with("duplicate field") || what.starts_with("repeated key") {
            Code::DuplicateKey
        } else if what.starts_with("missing field") {
            Code::MissingField
        } else if what.contains("MiB") {
            Code::InvalidSize
        } else {
            Code::InvalidField
        };
        let what = what.replace("invalid type: ", "found ").replace("invalid value: ", "found ");
        Error::new(code, what.replace("duplicate field", "repeated key"))
            .at(place)
            .help("ask Cruise Control again: docs/cruise-control.md shows the requests")
    })
}
