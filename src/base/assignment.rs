//! Replica lists by partition as Kafka's reassignment tool writes and reads them.
//!
//! The reader is as lenient as Kafka's: `version` may be missing, unknown keys are ignored. What Kafka
//! would refuse of the lists themselves (a partition twice, an empty list, a broker twice) is kept, so
//! that `check` can name all of it at once.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::base::error::{Code, Error, Place, Result};
use crate::base::ids::{BrokerId, PartitionId};
use crate::base::json;
use crate::base::text::counted;

/// A placement of some partitions, in the order of its file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assignment {
    /// One entry for each partition that the file names, in its order.
    pub entries: Vec<AssignmentEntry>,
}

/// The replicas that one partition shall have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Raw")]
pub struct AssignmentEntry {
    /// Topic name.
    pub topic: String,
    /// Partition id.
    pub partition: PartitionId,
    /// Ordered replicas; may be empty or name a broker twice.
    pub replicas: Vec<BrokerId>,
    /// A log dir for each replica, as an absolute path or `any`; absent where the file names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_dirs: Option<Vec<String>>,
}

impl Assignment {
    /// Reads kafka-reassign JSON; `source` names the file in messages.
    ///
    /// # Errors
    /// Malformed JSON, fields that are missing or of the wrong type, another version than 1, `log_dirs`
    /// of another length than `replicas` or neither absolute nor `any`; each with its place.
    pub fn read(text: &str, source: &str) -> Result<Self> {
        let at = Cell::new(None);
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let read = Document { at: &at }.deserialize(&mut deserializer).and_then(|found| {
            deserializer.end()?;
            Ok(found)
        });
        let found = read.map_err(|error| fault(&error, at.get(), source))?;
        if let Some(version) = found.version.filter(|&version| version != 1) {
            let message = format!("`version` is {version}; Kafka's reassignment files have version 1");
            return Err(Error::new(Code::WrongVersion, message)
                .at(Place::path(source, "version"))
                .help("write `\"version\":1`, or leave it out"));
        }
        let Some(raw) = found.partitions else {
            return Err(Error::new(Code::MissingField, "`partitions` is missing: this is no kafka-reassign JSON")
                .at(Place::source(source))
                .help(
                    "expected {\"version\":1,\"partitions\":[{\"topic\":\"t\",\"partition\":0,\"replicas\":[1,2,3]}]}",
                ));
        };
        let mut faults = Vec::new();
        let mut entries = Vec::with_capacity(raw.len());
        for (index, entry) in raw.into_iter().enumerate() {
            match entry.check(index, source) {
                Ok(entry) => entries.push(entry),
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() { Ok(Assignment { entries }) } else { Err(Error::all(faults)) }
    }
}

/// An entry as typed.
#[derive(Deserialize)]
struct Raw {
    topic: String,
    partition: i32,
    replicas: Vec<i32>,
    log_dirs: Option<Vec<String>>,
}

impl TryFrom<Raw> for AssignmentEntry {
    type Error = String;

    fn try_from(raw: Raw) -> Result<Self, String> {
        raw.check(0, "").map_err(|fault| fault.message().to_owned())
    }
}

impl Raw {
    fn check(self, index: usize, source: &str) -> Result<AssignmentEntry> {
        let wrong = |below: &str, message: String| {
            Error::new(Code::InvalidField, message).at(Place::path(source, format!("partitions[{index}].{below}")))
        };
        if self.partition < 0 {
            let message = format!("`partition` is {}; expected a number from 0", self.partition);
            return Err(wrong("partition", message));
        }
        if let Some(place) = self.replicas.iter().position(|&id| id < 0) {
            let message = format!("broker id {} is negative; expected 0 to 2147483647", self.replicas[place]);
            return Err(wrong(&format!("replicas[{place}]"), message));
        }
        if let Some(dirs) = &self.log_dirs {
            if dirs.len() != self.replicas.len() {
                let message = format!(
                    "found {}, expected one for each of {}",
                    counted(dirs.len(), "log dir"),
                    counted(self.replicas.len(), "replica")
                );
                return Err(wrong("log_dirs", message));
            }
            if let Some(place) = dirs.iter().position(|dir| dir != "any" && !dir.starts_with('/')) {
                let message = format!("log dir `{}` is neither an absolute path nor `any`", dirs[place]);
                return Err(wrong(&format!("log_dirs[{place}]"), message));
            }
        }
        Ok(AssignmentEntry {
            topic: self.topic,
            partition: PartitionId::new(self.partition),
            replicas: self.replicas.into_iter().map(BrokerId::new).collect(),
            log_dirs: self.log_dirs,
        })
    }
}

/// A fault of `serde_json` with the entry in which it lies.
fn fault(error: &serde_json::Error, entry: Option<usize>, source: &str) -> Error {
    let plain = json::syntax_error(error, source);
    let what = plain.message().strip_prefix("invalid JSON: ").unwrap_or(plain.message()).to_owned();
    let code = if !error.is_data() {
        plain.code()
    } else if what.starts_with("missing field") {
        Code::MissingField
    } else if what.starts_with("duplicate field") {
        Code::DuplicateKey
    } else {
        Code::InvalidField
    };
    let mut place = plain.place().cloned().unwrap_or_else(|| Place::source(source));
    place.path = entry.map(|index| format!("partitions[{index}]"));
    let message = if error.is_data() { what } else { plain.message().to_owned() };
    plain.help_lines().iter().fold(Error::new(code, message).at(place), |error, help| error.help(help.clone()))
}

#[derive(Default)]
struct Found {
    version: Option<i64>,
    partitions: Option<Vec<Raw>>,
}

/// The whole document; keeps the number of the entry that is being read.
struct Document<'a> {
    at: &'a Cell<Option<usize>>,
}

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = Found;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `partitions`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found, A::Error> {
        let mut found = Found::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "version" if found.version.is_some() => return Err(A::Error::duplicate_field("version")),
                "partitions" if found.partitions.is_some() => return Err(A::Error::duplicate_field("partitions")),
                "version" => found.version = Some(map.next_value()?),
                "partitions" => found.partitions = Some(map.next_value_seed(Entries { at: self.at })?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

struct Entries<'a> {
    at: &'a Cell<Option<usize>>,
}

impl<'de> DeserializeSeed<'de> for Entries<'_> {
    type Value = Vec<Raw>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Raw>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = Vec<Raw>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of partitions")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<Raw>, A::Error> {
        let mut entries = Vec::new();
        self.at.set(Some(0));
        while let Some(entry) = seq.next_element()? {
            entries.push(entry);
            self.at.set(Some(entries.len()));
        }
        self.at.set(None);
        Ok(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Assignment> {
        Assignment::read(text, "r.json")
    }

    #[test]
    fn what_kafka_accepts_is_read_and_unknown_keys_are_ignored() {
        let text = r#"{"x":[1],"partitions":[
            {"topic":"t","partition":3,"replicas":[2,1],"log_dirs":["any","/d"],"why":{"a":1}},
            {"topic":"t","partition":3,"replicas":[]}, {"topic":"u","partition":0,"replicas":[1,1]}]}"#;
        let entries = read(text).unwrap().entries;
        assert_eq!(entries[0].replicas, [BrokerId::new(2), BrokerId::new(1)]);
        assert_eq!(entries[0].log_dirs.as_deref().unwrap(), ["any", "/d"]);
        assert_eq!((entries[1].partition.get(), entries[1].replicas.len()), (3, 0));
        assert_eq!(entries[2].replicas.len(), 2);
        assert!(read(r#"{"version":1,"partitions":[]}"#).unwrap().entries.is_empty());
    }

    #[test]
    fn faults_name_their_kind_and_place() {
        let entry = |body: &str| {
            format!(r#"{{"version":1,"partitions":[{{"topic":"t","partition":0,"replicas":[1]}},{{{body}}}]}}"#)
        };
        let cases = [
            ("{\"partitions\":[".to_owned(), Code::InvalidJson, Some("partitions[0]")),
            ("{} x".to_owned(), Code::InvalidJson, None),
            ("{}".to_owned(), Code::MissingField, None),
            (r#"{"version":2,"partitions":[]}"#.to_owned(), Code::WrongVersion, Some("version")),
            (r#"{"partitions":[],"partitions":[]}"#.to_owned(), Code::DuplicateKey, None),
            (entry(r#""topic":"t","partition":0"#), Code::MissingField, Some("partitions[1]")),
            (entry(r#""topic":"t","partition":0,"replicas":["1"]"#), Code::InvalidField, Some("partitions[1]")),
            (entry(r#""topic":"t","partition":0,"replicas":[1.5]"#), Code::InvalidField, Some("partitions[1]")),
            (entry(r#""topic":"t","partition":0,"replicas":[4294967296]"#), Code::InvalidField, Some("partitions[1]")),
            (
                entry(r#""topic":"t","partition":0,"replicas":[-1]"#),
                Code::InvalidField,
                Some("partitions[1].replicas[0]"),
            ),
            (
                entry(r#""topic":"t","partition":-1,"replicas":[1]"#),
                Code::InvalidField,
                Some("partitions[1].partition"),
            ),
            (
                entry(r#""topic":"t","partition":0,"replicas":[1],"log_dirs":[]"#),
                Code::InvalidField,
                Some("partitions[1].log_dirs"),
            ),
            (
                entry(r#""topic":"t","partition":0,"replicas":[1],"log_dirs":["d"]"#),
                Code::InvalidField,
                Some("partitions[1].log_dirs[0]"),
            ),
        ];
        for (text, code, path) in cases {
            let fault = read(&text).unwrap_err();
            assert_eq!(fault.code(), code, "{text}: {fault}");
            assert_eq!(fault.place().unwrap().path.as_deref(), path, "{text}");
        }
    }
}
