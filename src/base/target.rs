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
}

const KAFKA: [&str; 2] = ["partitions", "replicas"];
const CRUISE_CONTROL: [&str; 2] = ["proposals", "newReplicas"];

impl Default for Origin {
    fn default() -> Self {
        Origin { source: "--target".to_owned(), keys: KAFKA }
    }
}

impl PartialEq for Origin {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Eq for Origin {}

impl Target {
    /// Reads kafka-reassign JSON, or JSON of Cruise Control with `proposals`; `source` names the file in messages.
    ///
    /// # Errors
    /// As [`Assignment::read`], for proposals likewise.
    pub fn read(text: &str, source: &str) -> Result<Self> {
        // What is not even an object with one of the two keys is for the reader of reassignments to name.
        let is_proposals = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text)
            .is_ok_and(|object| object.contains_key("proposals") && !object.contains_key("partitions"));
        let (entries, keys) = if is_proposals {
            (proposals(text, source)?, CRUISE_CONTROL)
        } else {
            (Assignment::read(text, source)?.entries, KAFKA)
        };
        Ok(Target { entries, origin: Origin { source: source.to_owned(), keys } })
    }

    /// Where an entry stands.
    pub fn place(&self, entry: usize) -> Place {
        let Origin { source, keys } = &self.origin;
        Place::path(source.clone(), format!("{}[{entry}]", keys[0]))
    }

    /// Where a replica of an entry stands.
    pub fn place_of_replica(&self, entry: usize, replica: usize) -> Place {
        let Origin { source, keys } = &self.origin;
        Place::path(source.clone(), format!("{}[{entry}].{}[{replica}]", keys[0], keys[1]))
    }
}

/// The proposals of Cruise Control; what else it says is ignored.
fn proposals(text: &str, source: &str) -> Result<Vec<AssignmentEntry>> {
    let document = json::value_of(text, source)?;
    let list = document["proposals"]
        .as_array()
        .ok_or_else(|| Error::new(Code::InvalidField, "`proposals` is no list").at(Place::path(source, "proposals")))?;
    let mut faults = Vec::new();
    let mut entries = Vec::with_capacity(list.len());
    for (index, value) in list.iter().enumerate() {
        match proposal(value, &Place::path(source, format!("proposals[{index}]"))) {
            Ok(entry) => entries.push(entry),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(entries) } else { Err(Error::all(faults)) }
}

fn proposal(value: &serde_json::Value, at: &Place) -> Result<AssignmentEntry> {
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
    let list = value["newReplicas"].as_array().ok_or_else(|| wrong("newReplicas", ids))?;
    let broker = |value: &serde_json::Value| small(value).or_else(|| small(&value["brokerId"])).map(BrokerId::new);
    let replicas = list.iter().enumerate().map(|(index, value)| {
        broker(value).ok_or_else(|| {
            Error::new(Code::InvalidField, format!("{value} is no broker id; expected 0 to {}", i32::MAX))
                .at(below(&format!("newReplicas[{index}]")))
        })
    });
    Ok(AssignmentEntry { topic, partition, replicas: replicas.collect::<Result<_>>()?, log_dirs: None })
}

#[cfg(test)]
mod tests {
    use super::*;

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
