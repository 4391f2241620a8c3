//! A cluster from the output of Kafka's own tools, as people save it: one file per command, any names.
//!
//! A file is known by its content. It may even hold the output of several tools one after the other, as
//! when they are piped in together: each *section* begins with a line that only one tool writes. What is
//! not known is named in a notice and left alone.
//!
//! | section | gives |
//! |---|---|
//! | `kafka-topics --describe` | partitions, ordered replicas, leaders, ISR, moves under way, topic configs |
//! | `kafka-log-dirs --describe` | sizes, log dirs, space in use |
//! | `kafka-cluster list-endpoints`, `kafka-broker-api-versions` | brokers, racks, who is alive |
//! | `kafka-configs --describe` | throttles left over, cordoned dirs, racks and log dirs, topic configs |
//! | `kafka-reassign-partitions --list` | moves under way |
//! | `kafka-cluster cluster-id`, `kafka-metadata-quorum describe` | the cluster's id, KRaft |
//!
//! Two places that say the same are fine; two that differ are an error that shows both, since no one can
//! tell which of them is true. Only the describe of topics is needed; what else is missing is said, with
//! what it costs and how to fill it.

mod brokers;
mod configs;
pub(super) mod facts;
mod log_dirs;
pub(super) mod merge;
mod notices;
mod reassign;
pub(super) mod sizes;
#[cfg(test)]
mod tests;
pub(super) mod topics;

use std::path::Path;

use self::merge::Beside;
use super::open::decompressed;
use super::{Snapshot, cruise_control};
use crate::base::error::{Code, Error, Place, Result};
use crate::base::ids::BrokerId;
use crate::base::{fs, json};

/// Which tool wrote a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Topics,
    LogDirs,
    Endpoints,
    ApiVersions,
    Configs,
    Reassignments,
    ClusterId,
    QuorumStatus,
    QuorumReplication,
}

/// Consecutive lines of one tool in one file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Section<'a> {
    kind: Kind,
    file: &'a str,
    text: &'a str,
    first_line: usize,
}

impl<'a> Section<'a> {
    /// The lines with their places, without line ends.
    fn lines(&self) -> impl Iterator<Item = (Spot<'a>, &'a str)> + use<'a> {
        let Section { file, text, first_line, .. } = *self;
        text.lines().enumerate().map(move |(index, line)| (Spot::line(file, first_line + index), line))
    }
}

/// A line of a file; or, in a file of JSON, the way to a value: a key, and a place in its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot<'a> {
    file: &'a str,
    line: usize,
    value: Option<(&'static str, Option<u32>)>,
}

impl<'a> Spot<'a> {
    /// A line.
    pub(super) const fn line(file: &'a str, line: usize) -> Self {
        Spot { file, line, value: None }
    }

    /// The value of a key.
    pub(super) const fn key(file: &'a str, key: &'static str) -> Self {
        Spot { file, line: 0, value: Some((key, None)) }
    }

    /// The element `index` of the list of a key.
    pub(super) const fn element(file: &'a str, key: &'static str, index: usize) -> Self {
        Spot { file, line: 0, value: Some((key, Some(index as u32))) }
    }

    pub(super) fn place(self) -> Place {
        match self.value {
            None => Place::line(self.file, self.line),
            Some((key, None)) => Place::path(self.file, key),
            Some((key, Some(index))) => Place::path(self.file, format!("{key}[{index}]")),
        }
    }
}

/// The commands that a directory should hold the output of.
const COMMANDS: [&str; 4] = [
    "kafka-topics.sh --bootstrap-server HOST:PORT --describe > topics.txt",
    "kafka-log-dirs.sh --bootstrap-server HOST:PORT --describe > log-dirs.txt",
    "kafka-cluster.sh list-endpoints --bootstrap-server HOST:PORT --include-fenced-brokers > brokers.txt (before Kafka 4.0: kafka-broker-api-versions.sh --bootstrap-server HOST:PORT > brokers.txt)",
    "kafka-configs.sh --bootstrap-server HOST:PORT --describe --entity-type brokers > broker-configs.txt",
];

/// Reads a directory of tool output; hidden files and directories below it are left alone.
///
/// # Errors
/// [`Code::NoKnownFile`] without any known file, [`Code::MissingField`] without the describe of topics,
/// [`Code::Contradiction`] where two places differ, and every fault inside a file, with its line.
pub fn read_dir(path: &Path) -> Result<Snapshot> {
    let (files, ignored) = files_of(path)?;
    read(&files, ignored, &fs::name_of(path), None)
}

/// Files that were read, as (name, text), and those that were left alone, each with the reason.
pub(super) type Files = (Vec<(String, String)>, Vec<(String, &'static str)>);

/// The files of a directory as text; hidden files and directories below it are left alone.
pub(super) fn files_of(path: &Path) -> Result<Files> {
    let mut files = Vec::new();
    let mut ignored = Vec::new();
    for file in fs::list(path)? {
        let name = fs::name_of(&file);
        let content = fs::read(&file)?;
        let content = decompressed(&content, &name)?;
        match json::text_of(&content, &name) {
            Ok(text) => files.push((name, text.to_owned())),
            Err(fault) => {
                let utf16 = content.starts_with(b"\xff\xfe") || content.starts_with(b"\xfe\xff");
                // A picture may lie beside the output; output with a broken character may not be skipped.
                let known = |text: &str| is_known(text) || cruise_control::is_known(text);
                if fault.code() != Code::EmptyInput && (utf16 || known(&String::from_utf8_lossy(&content))) {
                    return Err(fault);
                }
                let why = if fault.code() == Code::EmptyInput { "it is empty" } else { "it is not text" };
                ignored.push((name, why));
            }
        }
    }
    Ok((files, ignored))
}

/// Reads tool output that was read into memory already, as (name, text) of each file.
///
/// # Errors
/// As [`read_dir`].
pub fn read_files(files: &[(String, String)]) -> Result<Snapshot> {
    let source = match files {
        [(name, _)] => name.as_str(),
        _ => "the files of Kafka tool output",
    };
    read(files, Vec::new(), source, None)
}

/// Whether some line of the text is output of a tool that is known here.
pub(super) fn is_known(text: &str) -> bool {
    text.lines().any(|line| kind_of(line).is_some())
}

/// Reads tool output together with what another source says of the same cluster.
pub(super) fn read<'a>(
    files: &'a [(String, String)],
    mut ignored: Vec<(String, &'static str)>,
    source: &str,
    beside: Option<&dyn Beside<'a>>,
) -> Result<Snapshot> {
    let mut sections = Vec::new();
    for (name, text) in files {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let found = sections_of(name, text);
        if found.is_empty() {
            let why = if text.trim().is_empty() { "it is empty" } else { "no output of a Kafka tool known here" };
            ignored.push((name.clone(), why));
        }
        sections.extend(found);
    }
    ignored.sort();
    let described = beside.is_some_and(Beside::describes_topics);
    if sections.is_empty() && beside.is_none() {
        let mut error = Error::new(
            Code::NoKnownFile,
            format!("`{source}` holds no output of Kafka's tools that is known here; expected that of `kafka-topics.sh --describe` at least"),
        )
        .at(Place::source(source));
        for (name, why) in ignored.iter().take(10) {
            error = error.note(format!("`{name}`: {why}"));
        }
        return Err(COMMANDS.iter().fold(error, |error, command| error.help(*command)));
    }
    if !described && !sections.iter().any(|section| section.kind == Kind::Topics) {
        return Err(Error::new(
            Code::MissingField,
            format!(
                "`{source}` holds no output of `kafka-topics.sh --describe`, which names the partitions and replicas"
            ),
        )
        .at(Place::source(source))
        .with_help(beside.map_or(vec![COMMANDS[0].to_owned()], |beside| {
            vec![beside.help().to_owned(), format!("or {}", COMMANDS[0])]
        })));
    }
    merge::merge(&sections, &ignored, beside)
}

/// Cuts a text into sections; lines before the first known one (warnings of the Java VM) are dropped.
fn sections_of<'a>(file: &'a str, text: &'a str) -> Vec<Section<'a>> {
    let mut sections: Vec<Section<'a>> = Vec::new();
    let mut starts: Vec<usize> = Vec::new();
    let mut offset = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if let Some(kind) = kind_of(line)
            && sections.last().is_none_or(|last| last.kind != kind)
        {
            sections.push(Section { kind, file, text: "", first_line: index + 1 });
            starts.push(offset);
        }
        offset += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    for ((section, &start), end) in sections.iter_mut().zip(&starts).zip(ends) {
        section.text = &text[start..end];
    }
    sections
}

/// The tool that alone writes such a line.
fn kind_of(line: &str) -> Option<Kind> {
    let line = line.trim_end();
    let content = line.trim_start();
    match content.as_bytes().first()? {
        b'T' if content.starts_with("Topic:") => {
            (content.contains("PartitionCount:") || content.contains("Partition:") || content.contains('\t'))
                .then_some(Kind::Topics)
        }
        b'Q' if content.starts_with("Querying brokers for log directories") => Some(Kind::LogDirs),
        b'R' if content.starts_with("Received log directory information") => Some(Kind::LogDirs),
        b'{' if line.len() == content.len() && content.contains("\"logDirs\"") => Some(Kind::LogDirs),
        b'I' if content.split_whitespace().take(3).eq(["ID", "HOST", "PORT"]) => Some(Kind::Endpoints),
        b'C' if content.starts_with("Current partition reassignments:") => Some(Kind::Reassignments),
        b'N' if content.starts_with("No partition reassignments found") => Some(Kind::Reassignments),
        b'C' if content.starts_with("Cluster ID:") => Some(Kind::ClusterId),
        b'C' if content.starts_with("ClusterId:") => Some(Kind::QuorumStatus),
        b'N' if content.split_whitespace().next() == Some("NodeId") => Some(Kind::QuorumReplication),
        b'D' | b'A' | b'C' if content.ends_with(" are:") && content.contains("onfigs for ") => Some(Kind::Configs),
        _ if line.len() == content.len() && content.contains(" (id: ") && content.contains(") -> ") => {
            Some(Kind::ApiVersions)
        }
        _ => None,
    }
}

/// A broker id in plain digits.
fn broker_id(text: &str) -> Option<BrokerId> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok().map(BrokerId::new))?
}

/// Two places that say different things of one subject.
pub(super) fn contradiction(subject: &str, first: (Spot<'_>, &str), second: (Spot<'_>, &str)) -> Error {
    let at = |spot: Spot<'_>| spot.place().to_string();
    Error::new(
        Code::Contradiction,
        format!("{subject}: `{}` in one place and `{}` in another; expected the same", first.1, second.1),
    )
    .at(second.0.place())
    .note(format!("{} says `{}`", at(first.0), first.1))
    .note(format!("{} says `{}`", at(second.0), second.1))
    .help("were the files written at different moments, or for different clusters? Run the commands again one after the other, or remove the older file")
}
