//! A placement that someone else made: kafka-reassign JSON, or the proposals of Cruise Control.

use serde::{Deserialize, Serialize};

use super::assignment::{Assignment, AssignmentEntry};
use super::error::{Code, Error, Place, Result};
use super::ids::{BrokerId, PartitionId, TopicPartition};
use super::json;

/// The lists that some partitions shall have, as asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// One entry for each partition that is named, in the order of the file.
    #[serde(rename = "partitions")]
    pub entries: Vec<AssignmentEntry>,
    /// Where the entries stand.
    #[serde(skip)]
    pub origin: Origin,
}

/// Where entries were read from, for messages alone: two placements are equal wherever they were read.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The file or argument.
    pub source: String,
    /// The key of the list, and in an entry that of the replicas.
    pub keys: [&'static str; 2],
    /// The lists from which each entry goes, as the file says them; empty where it says none.
    pub old: Vec<Option<Vec<BrokerId>>>,
}

/// For each entry the list from which it goes, where the file says it.
type OldLists = Vec<Option<Vec<BrokerId>>>;

const KAFKA: [&str; 2] = ["partitions", "replicas"];
const CRUISE_CONTROL: [&str; 2] = ["proposals", "newReplicas"];

impl Default for Origin {
    fn default() -> Self {
        Origin { source: "--target".to_owned(), keys: KAFKA, old: Vec::new() }
    }
}

impl PartialEq for Origin {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Eq for Origin {}

impl Target {
    /// Reads kafka-reassign JSON, or JSON of Cruise Control with `proposals`, such as the whole answer to a verbose
    /// request, in which numbers may be `NaN`; `source` names the file in messages.
    ///
    /// # Errors
    /// As [`Assignment::read`], for proposals likewise.
    pub fn read(text: &str, source: &str) -> Result<Self> {
        // What is not even an object with one of the two keys is for the reader of reassignments to name.
        let (entries, old, keys) = if is_proposals(text) {
            let (entries, old) = proposals(&json::lenient(text), source)?;
            (entries, old, CRUISE_CONTROL)
        } else if let Some(fault) = no_proposals(text, source) {
            return Err(fault);
        } else {
            (Assignment::read(text, source)?.entries, Vec::new(), KAFKA)
        };
        Ok(Target { entries, origin: Origin { source: source.to_owned(), keys, old } })
    }

    /// Whether the entries are proposals of Cruise Control.
    pub fn is_proposals(&self) -> bool {
        self.origin.keys == CRUISE_CONTROL
    }

    /// The list from which an entry goes, where the file says it.
    pub fn old(&self, entry: usize) -> Option<&[BrokerId]> {
        self.origin.old.get(entry)?.as_deref()
    }

    /// Where an entry stands.
    pub fn place(&self, entry: usize) -> Place {
        let Origin { source, keys, .. } = &self.origin;
        Place::path(source.clone(), format!("{}[{entry}]", keys[0]))
    }

    /// Where a replica of an entry stands.
    pub fn place_of_replica(&self, entry: usize, replica: usize) -> Place {
        let Origin { source, keys, .. } = &self.origin;
        Place::path(source.clone(), format!("{}[{entry}].{}[{replica}]", keys[0], keys[1]))
    }
}

/// Whether a document has `proposals` at its top, and nothing of Kafka's tool.
fn is_proposals(text: &str) -> bool {
    let (mut proposals, mut partitions) = (false, false);
    json::top_keys(text, |key| {
        proposals |= key == "proposals";
        partitions |= key == "partitions";
        partitions
    });
    proposals && !partitions
}

/// The fault of an answer without its proposals: only a verbose one has them.
fn no_proposals(text: &str, source: &str) -> Option<Error> {
    let (mut is_result, mut partitions) = (false, false);
    json::top_keys(text, |key| {
        is_result |= matches!(key, "goalSummary" | "loadAfterOptimization");
        partitions |= key == "partitions";
        partitions
    });
    let message = "`proposals` is missing: this answer of Cruise Control has only the summary";
    (is_result && !partitions).then(|| {
        Error::new(Code::MissingField, message).at(Place::source(source)).help("ask with `verbose=true&json=true`")
    })
}

/// The proposals of Cruise Control, and the lists that they go from; what else it says is ignored.
fn proposals(text: &str, source: &str) -> Result<(Vec<AssignmentEntry>, OldLists)> {
    let document = json::value_of(text, source)?;
    let list = document["proposals"]
        .as_array()
        .ok_or_else(|| Error::new(Code::InvalidField, "`proposals` is no list").at(Place::path(source, "proposals")))?;
    let mut faults = Vec::new();
    let (mut entries, mut old) = (Vec::with_capacity(list.len()), Vec::with_capacity(list.len()));
    for (index, value) in list.iter().enumerate() {
        match proposal(value, &Place::path(source, format!("proposals[{index}]"))) {
            Ok(entry) => {
                entries.push(entry.0);
                old.push(entry.1);
            }
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok((entries, old)) } else { Err(Error::all(faults)) }
}

fn proposal(value: &serde_json::Value, at: &Place) -> Result<(AssignmentEntry, Option<Vec<BrokerId>>)> {
    let below = |key: &str| Place::path(at.source.clone(), format!("{}.{key}", at.path.as_deref().unwrap_or_default()));
    let wrong = |key: &str, expected: &str| {
        let (code, found) = match &value[key] {
            serde_json::Value::Null => (Code::MissingField, "is missing".to_owned()),
            found => (Code::InvalidField, format!("is {found}")),
        };
        Error::new(code, format!("`{key}` {found}; expected {expected}")).at(below(key))
    };
    let small = |value: &serde_json::Value| value.as_i64().and_then(|n| i32::try_from(n).ok()).filter(|&n| n >= 0);
    let name = &value["topicPartition"];
    let named = match name {
        serde_json::Value::String(text) => TopicPartition::parse(text),
        object => object["topic"].as_str().zip(small(&object["partition"])).map(|(topic, partition)| TopicPartition {
            topic: topic.to_owned(),
            partition: PartitionId::new(partition),
        }),
    };
    let TopicPartition { topic, partition } =
        named.ok_or_else(|| wrong("topicPartition", "`orders-7` or an object with `topic` and `partition`"))?;
    let ids = "a list of broker ids, or of objects with `brokerId`";
    let broker = |value: &serde_json::Value| small(value).or_else(|| small(&value["brokerId"])).map(BrokerId::new);
    let brokers = |key: &str| -> Result<Vec<BrokerId>> {
        let list = value[key].as_array().ok_or_else(|| wrong(key, ids))?;
        let brokers = list.iter().enumerate().map(|(index, value)| {
            broker(value).ok_or_else(|| {
                Error::new(Code::InvalidField, format!("{value} is no broker id; expected 0 to {}", i32::MAX))
                    .at(below(&format!("{key}[{index}]")))
            })
        });
        brokers.collect()
    };
    let old = if value["oldReplicas"].is_null() { None } else { Some(brokers("oldReplicas")?) };
    let replicas = brokers("newReplicas")?;
    let log_dirs = log_dirs(&value["newReplicas"], &replicas, old.as_deref().unwrap_or_default());
    let entry = AssignmentEntry { topic, partition, replicas, log_dirs };
    Ok((entry, old))
}

/// The log dirs of added replicas, where objects name them: `{"brokerId":1,"logdir":"/kafka/d1"}`. Those that stay
/// lie where they lie.
fn log_dirs(list: &serde_json::Value, new: &[BrokerId], old: &[BrokerId]) -> Option<Vec<String>> {
    let dir = |(value, id): (&serde_json::Value, &BrokerId)| {
        let named = value["logdir"].as_str().or_else(|| value["logDir"].as_str());
        named.filter(|path| path.starts_with('/') && !old.contains(id)).map(str::to_owned)
    };
    let dirs: Vec<Option<String>> = list.as_array()?.iter().zip(new).map(dir).collect();
    let any = || "any".to_owned();
    dirs.iter().any(Option::is_some).then(|| dirs.into_iter().map(|dir| dir.unwrap_or_else(any)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_answers_with_numbers_that_are_none_and_old_lists_are_read() {
        let text = r#"{"summary":{"onDemandBalancednessScoreBefore":NaN},"loadAfterOptimization":{"brokers":[{"DiskPct":-Infinity}]},
            "goalSummary":[],"proposals":[{"oldReplicas":[{"brokerId":1,"logdir":"/a"},2],"oldLeader":1,"topicPartition":"t-0",
            "newReplicas":[{"brokerId":1,"logdir":"/b"},{"brokerId":3,"logdir":"/c"}]},{"topicPartition":"t-1","newReplicas":[4]}],"version":1}"#;
        let read = Target::read(text, "cc.json").unwrap();
        assert!(read.is_proposals());
        assert_eq!(read.old(0).unwrap(), [BrokerId::new(1), BrokerId::new(2)]);
        assert_eq!(read.old(1), None);
        assert_eq!(read.entries[0].log_dirs.as_deref().unwrap(), ["any", "/c"]);
        assert_eq!(read.entries[1].log_dirs, None);
        let summary = Target::read(r#"{"summary":{},"goalSummary":[],"version":1}"#, "cc.json").unwrap_err();
        assert_eq!(summary.code(), Code::MissingField);
        assert!(summary.help_lines()[0].contains("verbose=true"), "{summary}");
        let wrong = r#"{"proposals":[{"topicPartition":"t-0","oldReplicas":["1"],"newReplicas":[1]}]}"#;
        let place = Target::read(wrong, "cc.json").unwrap_err().place().unwrap().to_string();
        assert_eq!(place, "cc.json at proposals[0].oldReplicas[0]");
    }

    #[test]
    fn proposals_of_cruise_control_are_read_in_all_their_forms() {
        let text = r#"{"version":1,"summary":{"x":1.5},"proposals":[
            {"topicPartition":{"hash":7,"partition":3,"topic":"a-b"},"oldLeader":1,"oldReplicas":[1,2],"newReplicas":[3,2]},
            {"newReplicas":[{"brokerId":4,"logdir":null},1],"topicPartition":"a-b-4"}]}"#;
        let read = Target::read(text, "cc.json").unwrap();
        let shown: Vec<String> = read
            .entries
            .iter()
            .map(|entry| {
                format!(
                    "{}-{} {:?}",
                    entry.topic,
                    entry.partition,
                    entry.replicas.iter().map(|id| id.get()).collect::<Vec<_>>()
                )
            })
            .collect();
        assert_eq!(shown, ["a-b-3 [3, 2]", "a-b-4 [4, 1]"]);
        assert_eq!(read.place_of_replica(1, 0).to_string(), "cc.json at proposals[1].newReplicas[0]");
    }

    #[test]
    fn faults_of_proposals_name_their_place() {
        let with = |body: &str| format!(r#"{{"proposals":[{body}]}}"#);
        for (text, code, path) in [
            (r#"{"proposals":1}"#.to_owned(), Code::InvalidField, "proposals"),
            (with("{}"), Code::MissingField, "proposals[0].topicPartition"),
            (with(r#"{"topicPartition":"t"}"#), Code::InvalidField, "proposals[0].topicPartition"),
            (
                with(r#"{"topicPartition":{"topic":"t","partition":-1}}"#),
                Code::InvalidField,
                "proposals[0].topicPartition",
            ),
            (with(r#"{"topicPartition":"t-0"}"#), Code::MissingField, "proposals[0].newReplicas"),
            (
                with(r#"{"topicPartition":"t-0","newReplicas":[1,"2"]}"#),
                Code::InvalidField,
                "proposals[0].newReplicas[1]",
            ),
        ] {
            let fault = Target::read(&text, "cc.json").unwrap_err();
            assert_eq!((fault.code(), fault.place().unwrap().path.as_deref()), (code, Some(path)), "{fault}");
        }
        assert_eq!(Target::read("[]", "cc.json").unwrap_err().code(), Code::InvalidField);
    }

    #[test]
    fn a_target_survives_being_written_into_a_plan() {
        let text = r#"{"partitions":[{"topic":"t","partition":0,"replicas":[2,1],"log_dirs":["any","/d"]},{"topic":"t","partition":1,"replicas":[3]}]}"#;
        let read = Target::read(text, "r.json").unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        assert_eq!(serde_json::from_str::<Target>(text).unwrap(), read);
        assert!(serde_json::from_str::<Target>(&text.replace("[3]", "[-3]")).is_err());
    }
}
