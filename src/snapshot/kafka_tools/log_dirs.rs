//! `kafka-log-dirs --describe`: two lines of text, then one of JSON whose keys come in any order.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, Visitor};

use super::{Section, Spot};
use crate::base::error::{Code, Error, Place};
use crate::base::ids::BrokerId;
use crate::base::json;
use crate::base::units::Bytes;

#[derive(Deserialize)]
struct Document<'a> {
    version: Option<u64>,
    #[serde(borrow)]
    brokers: Vec<BrokerAnswer<'a>>,
}

/// What one broker answered.
#[derive(Deserialize)]
struct BrokerAnswer<'a> {
    broker: i32,
    #[serde(borrow, rename = "logDirs")]
    dirs: Vec<DirAnswer<'a>>,
}

/// A log dir in an answer.
#[derive(Deserialize)]
pub(super) struct DirAnswer<'a> {
    #[serde(borrow, rename = "logDir")]
    pub path: Cow<'a, str>,
    #[serde(default)]
    error: Option<IgnoredAny>,
    #[serde(borrow)]
    pub partitions: Vec<ReplicaAnswer<'a>>,
}

/// A replica in a log dir.
#[derive(Deserialize)]
pub(super) struct ReplicaAnswer<'a> {
    /// Topic and partition as Kafka names the directory: `orders-7`.
    #[serde(borrow)]
    pub partition: Cow<'a, str>,
    #[serde(deserialize_with = "size")]
    pub size: Bytes,
    /// Whether it is being copied here from another log dir of the same broker.
    #[serde(rename = "isFuture", default)]
    pub is_future: bool,
}

/// The answer of one broker, and where it stands.
pub(super) struct Answer<'a> {
    pub broker: BrokerId,
    pub dirs: Vec<DirAnswer<'a>>,
    pub spot: Spot<'a>,
}

impl DirAnswer<'_> {
    /// Whether the broker cannot use the dir.
    pub fn is_offline(&self) -> bool {
        self.error.is_some()
    }
}

const SIZE: &str = "a whole number of bytes from 0 to 2^63";

fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    struct Size;
    impl Visitor<'_> for Size {
        type Value = Bytes;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(SIZE)
        }
        fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Bytes, E> {
            let bytes = Bytes::new(value);
            (bytes <= Bytes::MAX)
                .then_some(bytes)
                .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Unsigned(value), &self))
        }
    }
    deserializer.deserialize_any(Size)
}

pub(super) fn parse<'a>(section: &Section<'a>, faults: &mut Vec<Error>) -> Vec<Answer<'a>> {
    let mut answers = Vec::new();
    let mut at = 0;
    let mut found = false;
    // Normally one document; several when outputs were put into one file.
    while let Some(start) = next_document(section.text, at) {
        found = true;
        let line = section.first_line + section.text[..start].bytes().filter(|&b| b == b'\n').count();
        let spot = Spot::line(section.file, line);
        match document(&section.text[start..], spot, &mut answers) {
            Ok(length) => at = start + length,
            Err(fault) => {
                faults.push(fault);
                break;
            }
        }
    }
    if !found {
        let spot = Spot::line(section.file, section.first_line);
        let fault = Error::new(
            Code::MissingField,
            "no line of JSON follows the text of `kafka-log-dirs.sh`; expected `{\"version\":1,\"brokers\":[…]}`",
        );
        faults.push(fault.at(spot.place()).help("did the command fail, or was the file cut off? Run it again"));
    }
    answers
}

/// Where the next line that begins with `{` begins.
fn next_document(text: &str, from: usize) -> Option<usize> {
    if text[from..].starts_with('{') {
        return Some(from);
    }
    text[from..].find("\n{").map(|at| from + at + 1)
}

/// Reads one document and says how long it is.
fn document<'a>(text: &'a str, spot: Spot<'a>, answers: &mut Vec<Answer<'a>>) -> Result<usize, Error> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Document<'a>>();
    let read = stream.next().expect("the text begins with a brace");
    let document = read.map_err(|error| fault(&error, spot))?;
    let length = stream.byte_offset();
    let line_end = text[length..].lines().next().unwrap_or("");
    if !line_end.trim().is_empty() {
        let place = Place { column: Some(length + 1), ..spot.place() };
        return Err(
            Error::new(Code::InvalidJson, "something follows the JSON on its line; expected a line end").at(place)
        );
    }
    if let Some(version) = document.version.filter(|&version| version != 1) {
        let message = format!("output of `kafka-log-dirs.sh` in version {version}; this kshift reads version 1");
        return Err(Error::new(Code::WrongVersion, message).at(spot.place()).help("use a newer kshift"));
    }
    for answer in document.brokers {
        if answer.broker < 0 {
            let message = format!("found broker {}, expected an id from 0 to 2147483647", answer.broker);
            return Err(Error::new(Code::InvalidField, message).at(spot.place()));
        }
        answers.push(Answer { broker: BrokerId::new(answer.broker), dirs: answer.dirs, spot });
    }
    Ok(length)
}

fn fault(error: &serde_json::Error, spot: Spot<'_>) -> Error {
    let fault = json::syntax_error(error, spot.file);
    let place = Place { line: Some(spot.line + error.line() - 1), ..fault.place().cloned().unwrap_or_default() };
    if !error.is_data() {
        return fault.at(place);
    }
    let what = fault.message().strip_prefix("invalid JSON: ").unwrap_or(fault.message());
    let code = if what.contains(SIZE) {
        Code::InvalidSize
    } else if what.starts_with("duplicate field") {
        Code::DuplicateKey
    } else if what.starts_with("missing field") {
        Code::MissingField
    } else {
        Code::InvalidField
    };
    Error::new(code, what.replace("invalid type: ", "found ").replace("invalid value: ", "found ")).at(place)
}
