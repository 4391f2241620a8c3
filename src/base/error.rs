//! One error type for the whole house: a stable code, one sentence, the place, evidence, and help.
//!
//! Every code stands in the table below with its exit code and a line for `docs/errors.md`; a test
//! counts them. Text form:
//!
//! ```text
//! error[unknown-broker]: partition `orders-7` lists broker 1104, which the snapshot does not have
//!   in cluster.json at topics[12].partitions[7].replicas[1]
//! help: a broker that is gone can be declared with "state": "dead"
//! ```

use std::fmt;

use serde_json::{Map, Value, json};

use super::text::counted;

/// `Result` with our [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal, $exit:literal;)+) => {
        /// What kind of fault an error is. The words are stable: scripts may match on them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[doc = $doc])+ $name,)+ }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &[Code] = &[$(Code::$name),+];

            /// The code as printed: `unknown-broker`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text),+ }
            }

            /// The exit code of the command.
            pub const fn exit_code(self) -> u8 {
                match self { $(Code::$name => $exit),+ }
            }

            /// What it means, for the page of errors.
            pub const fn meaning(self) -> &'static str {
                match self { $(Code::$name => concat!($($doc),+)),+ }
            }
        }
    };
}

codes! {
    /// The command line is wrong: an unknown option, a missing argument, options that exclude each other.
    Usage = "usage", 2;
    /// The value of an option cannot be read: a unit, a range of ids, a share, a regular expression.
    InvalidValue = "invalid-value", 2;
    /// A broker id that the cluster does not have.
    UnknownBroker = "unknown-broker", 2;
    /// A rack that no broker of the cluster is in.
    UnknownRack = "unknown-rack", 2;
    /// A broker stands both among those to drain and those to move onto.
    Overlap = "overlap", 2;
    /// The output exists already; nothing is overwritten unasked.
    OutputExists = "output-exists", 2;
    /// A file or directory cannot be read.
    Unreadable = "unreadable", 2;
    /// A file or directory cannot be written; what was begun has been removed.
    Unwritable = "unwritable", 2;
    /// A file has no content.
    EmptyInput = "empty-input", 2;
    /// Text that is not UTF-8.
    InvalidUtf8 = "invalid-utf8", 2;
    /// Text that is not JSON: cut off, followed by something, or malformed.
    InvalidJson = "invalid-json", 2;
    /// JSON nested more deeply than any file of ours or Kafka's.
    TooDeep = "too-deep", 2;
    /// The file is of another kind than expected.
    WrongKind = "wrong-kind", 2;
    /// The file has a version that this kshift does not know.
    WrongVersion = "wrong-version", 2;
    /// A key stands twice in one JSON object.
    DuplicateKey = "duplicate-key", 2;
    /// A field is missing.
    MissingField = "missing-field", 2;
    /// A field has a value of the wrong type or out of range.
    InvalidField = "invalid-field", 2;
    /// A size that is no whole number of bytes from 0 to 2^63.
    InvalidSize = "invalid-size", 2;
    /// A topic name that Kafka would refuse.
    InvalidTopic = "invalid-topic", 2;
    /// A broker, topic or log dir stands twice.
    Duplicate = "duplicate", 2;
    /// A partition stands twice.
    DuplicatePartition = "duplicate-partition", 2;
    /// A broker stands twice in one list of replicas.
    DuplicateReplica = "duplicate-replica", 2;
    /// The leader or an in-sync replica is not among the replicas of its partition.
    NotAReplica = "not-a-replica", 2;
    /// A log dir that its broker does not have, of a replica or in `--drain-dir`.
    UnknownLogDir = "unknown-log-dir", 2;
    /// A topic or partition that the cluster or plan does not have.
    UnknownPartition = "unknown-partition", 2;
    /// The cluster has no broker, or no partition.
    EmptyCluster = "empty-cluster", 2;
    /// Two files, or two places of one file, say different things.
    Contradiction = "contradiction", 2;
    /// A directory without any output of Kafka's tools that is known here.
    NoKnownFile = "no-known-file", 2;
    /// The size of a partition is not known.
    MissingSize = "missing-size", 2;
    /// The capacity of a log dir that is to receive data is not known.
    MissingCapacity = "missing-capacity", 2;
    /// The log dir of a replica is not known, on a broker of which a log dir is to be emptied.
    MissingLogDir = "missing-log-dir", 2;
    /// A log dir that is to be emptied is offline, so that nothing can be copied from it.
    OfflineLogDir = "offline-log-dir", 2;
    /// Only some of the alive brokers have a rack.
    PartialRacks = "partial-racks", 2;
    /// A broker that cannot receive data (dead, fenced, cordoned, or without an online log dir) is named as a target.
    NotATarget = "not-a-target", 2;
    /// `--exact` is asked for a case that is too large to be solved exactly.
    TooLarge = "too-large", 2;
    /// No plan keeps every log dir within the disk limit.
    DiskLimit = "disk-limit", 3;
    /// No plan keeps the rack policy.
    RackPolicy = "rack-policy", 3;
    /// A partition needs more brokers than there are targets, or there are fewer new brokers than old ones to pair.
    TooFewBrokers = "too-few-brokers", 3;
    /// The new broker of a pair stands in a list of its old one already, so it cannot take its place there.
    PairHeld = "pair-held", 3;
    /// At this throttle a copy never finishes.
    Throttle = "throttle", 3;
    /// A partition alone takes longer to copy than any window is open.
    Window = "window", 3;
    /// A partition that is to move is not healthy enough to move safely.
    Unhealthy = "unhealthy", 3;
    /// Our own plan failed the independent check; nothing was written. Please report it.
    Internal = "internal", 70;
    /// Interrupted from outside.
    Interrupted = "interrupted", 130;
}

impl Code {
    /// What usually mends a fault of this kind in a file.
    const fn usual_help(self) -> Option<&'static str> {
        Some(match self {
            Code::InvalidJson | Code::TooDeep => {
                "check that the file is whole and one JSON document, as docs/formats.md shows it"
            }
            Code::DuplicateKey | Code::Duplicate | Code::DuplicatePartition | Code::DuplicateReplica => {
                "take one of the two out, or read the cluster again with `kshift snapshot`"
            }
            Code::MissingField | Code::InvalidField => "docs/formats.md shows what stands there in a good file",
            Code::InvalidSize => "write whole bytes, or leave the key out and pass `--assume-size SIZE`",
            Code::NotAReplica => "read the cluster again: its lists changed while it was read, or were edited since",
            Code::UnknownLogDir => "name the log dir among its broker's `log_dirs`, or leave it out of the partition's",
            Code::EmptyCluster => "read the cluster again with `kshift snapshot`: did the commands reach it?",
            Code::InvalidTopic => "topic names have 1 to 249 ASCII letters, digits, `.`, `_` and `-`",
            _ => return None,
        })
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where in the input a fault lies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file, directory or option; `standard input` for `-`.
    pub source: String,
    /// Line, from 1.
    pub line: Option<usize>,
    /// Column, from 1.
    pub column: Option<usize>,
    /// A path of keys and indexes: `topics[12].partitions[7]`.
    pub path: Option<String>,
}

impl Place {
    /// A whole file, directory or option.
    pub fn source(source: impl Into<String>) -> Self {
        Place { source: source.into(), ..Place::default() }
    }

    /// A line of a text file.
    pub fn line(source: impl Into<String>, line: usize) -> Self {
        Place { source: source.into(), line: Some(line), ..Place::default() }
    }

    /// A path of keys and indexes in a JSON file.
    pub fn path(source: impl Into<String>, path: impl Into<String>) -> Self {
        Place { source: source.into(), path: Some(path.into()), ..Place::default() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
        }
        match &self.path {
            Some(path) if !path.is_empty() => write!(f, " at {path}"),
            _ => Ok(()),
        }
    }
}

/// How many faults of one input are shown; the rest is counted.
const SHOWN_MAX: usize = 10;

/// A fault, with all that a person needs to mend it.
#[derive(Clone, PartialEq)]
pub struct Error(Box<Inner>);

#[derive(Clone, PartialEq)]
struct Inner {
    code: Code,
    message: String,
    place: Option<Place>,
    notes: Vec<String>,
    help: Vec<String>,
    details: Map<String, Value>,
    others: Vec<Error>,
    others_left_out: usize,
}

impl Error {
    /// An error of this kind; `message` says what was found, then what was expected.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Error(Box::new(Inner {
            code,
            message: message.into(),
            place: None,
            notes: Vec::new(),
            help: Vec::new(),
            details: Map::new(),
            others: Vec::new(),
            others_left_out: 0,
        }))
    }

    /// All faults of one input as one error: the first leads, up to nine follow, the rest is counted.
    ///
    /// # Panics
    /// When `faults` is empty.
    pub fn all(faults: Vec<Error>) -> Self {
        let total = faults.len();
        let mut faults = faults.into_iter();
        let mut first = faults.next().expect("at least one fault");
        first.0.others = faults.take(SHOWN_MAX - 1).collect();
        first.0.others_left_out = total.saturating_sub(SHOWN_MAX);
        first
    }

    /// Says where.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.0.place = Some(place);
        self
    }

    /// Adds a line of evidence.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.0.notes.push(note.into());
        self
    }

    /// Adds a line that can be acted on.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help.push(help.into());
        self
    }

    /// Puts these lines in place of all lines that can be acted on.
    #[must_use]
    pub fn with_help(mut self, lines: Vec<String>) -> Self {
        self.0.help = lines;
        self
    }

    /// Adds a value for machines.
    #[must_use]
    pub fn detail(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.details.insert(key.to_owned(), value.into());
        self
    }

    /// What kind of fault this is.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The one sentence.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Where it was found.
    pub fn place(&self) -> Option<&Place> {
        self.0.place.as_ref()
    }

    /// Lines of evidence.
    pub fn notes(&self) -> &[String] {
        &self.0.notes
    }

    /// Lines that can be acted on; where nobody said more, what usually mends this kind of fault.
    pub fn help_lines(&self) -> Vec<String> {
        match self.0.code.usual_help() {
            Some(help) if self.0.help.is_empty() => vec![help.to_owned()],
            _ => self.0.help.clone(),
        }
    }

    /// Values for machines.
    pub fn details(&self) -> &Map<String, Value> {
        &self.0.details
    }

    /// Further faults of the same input.
    pub fn others(&self) -> &[Error] {
        &self.0.others
    }

    /// The error as one JSON object: `{"error":{"code":…,"message":…,"place":…,"help":[…],…}}`.
    pub fn to_json(&self) -> Value {
        json!({ "error": self.body() })
    }

    fn body(&self) -> Value {
        let inner = &self.0;
        let mut body = Map::new();
        body.insert("code".into(), inner.code.as_str().into());
        body.insert("message".into(), inner.message.clone().into());
        if let Some(place) = &inner.place {
            let mut at = Map::new();
            at.insert("source".into(), place.source.clone().into());
            if let Some(line) = place.line {
                at.insert("line".into(), line.into());
            }
            if let Some(column) = place.column {
                at.insert("column".into(), column.into());
            }
            if let Some(path) = &place.path {
                at.insert("path".into(), path.clone().into());
            }
            body.insert("place".into(), at.into());
        }
        body.insert("notes".into(), inner.notes.clone().into());
        body.insert("help".into(), self.help_lines().into());
        body.insert("details".into(), inner.details.clone().into());
        if !inner.others.is_empty() {
            body.insert("others".into(), inner.others.iter().map(Error::body).collect());
            body.insert("others_left_out".into(), inner.others_left_out.into());
        }
        body.into()
    }
}

impl Error {
    fn write_own(&self, f: &mut fmt::Formatter<'_>, help: &[String]) -> fmt::Result {
        let inner = &self.0;
        write!(f, "error[{}]: {}", inner.code, inner.message)?;
        if let Some(place) = &inner.place {
            write!(f, "\n  in {place}")?;
        }
        for note in &inner.notes {
            write!(f, "\n  {}", note.replace('\n', "\n  "))?;
        }
        for help in help {
            write!(f, "\nhelp: {help}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Error {
    /// The whole message as printed on standard error, without a newline at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_own(f, &self.help_lines())?;
        for other in &self.0.others {
            f.write_str("\n")?;
            // What usually mends such a fault was said above.
            other.write_own(f, &other.0.help)?;
        }
        if self.0.others_left_out > 0 {
            write!(f, "\nand {} of this input", counted(self.0.others_left_out, "more fault"))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

/// `` ; did you mean `1004`? `` when one of `known` is close to `typed`.
pub fn near_miss<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let best = known.into_iter().map(|word| (edit_distance(typed, word), word)).min()?;
    let limit = (typed.len() / 3).clamp(1, 3);
    (best.0 <= limit).then(|| best.1.to_owned())
}

/// Insertions, deletions and replacements that turn `a` into `b`.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_words_and_differ() {
        let mut words: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert!(
            words.iter().all(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-' || b.is_ascii_digit()))
        );
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Code::ALL.len());
        assert!(Code::ALL.iter().all(|code| matches!(code.exit_code(), 2 | 3 | 70 | 130)));
    }

    #[test]
    fn ten_faults_are_shown_and_the_rest_counted() {
        let faults = (0..13).map(|i| Error::new(Code::InvalidField, format!("fault {i}"))).collect();
        let text = Error::all(faults).to_string();
        assert_eq!(text.matches("error[invalid-field]").count(), 10);
        assert!(text.ends_with("and 3 more faults of this input"));
    }

    #[test]
    fn near_misses_are_offered() {
        assert_eq!(near_miss("1104", ["1004", "12"]), Some("1004".into()));
        assert_eq!(near_miss("77", ["1004", "12"]), None);
    }
}
