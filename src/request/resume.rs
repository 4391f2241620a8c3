//! What is kept of an earlier plan: lists that were decided then and hold on.

use serde::{Deserialize, Serialize};

use crate::base::assignment::AssignmentEntry;
use crate::base::ids::{BrokerId, PartitionId};

/// The plan that is resumed, and the lists of it that are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// SHA-256 of the snapshot that it was made for.
    pub sha256: String,
    /// SHA-256 of the replica lists that it was made for.
    pub assignment_sha256: String,
    /// Partitions of it that are not yet done and go where it sent them, by topic and partition.
    pub partitions: Vec<Kept>,
}

/// A partition that goes where an earlier plan sent it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Raw")]
pub struct Kept {
    /// The list on which it ends, and log dirs of the replicas that are still to come.
    #[serde(flatten)]
    pub entry: AssignmentEntry,
    /// The list from which it set out; racks and the number of replicas are judged by it.
    pub previous: Vec<BrokerId>,
}

impl Kept {
    /// What it is found by.
    pub fn key(&self) -> (&str, PartitionId) {
        (&self.entry.topic, self.entry.partition)
    }

    /// The log dir that is named for the replica at `place` of the list.
    pub fn dir(&self, place: usize) -> Option<&str> {
        let dirs = self.entry.log_dirs.as_ref()?;
        dirs.get(place).map(String::as_str).filter(|&path| path != "any")
    }
}

/// A kept partition as typed.
#[derive(Deserialize)]
struct Raw {
    #[serde(flatten)]
    entry: AssignmentEntry,
    previous: Vec<i32>,
}

impl TryFrom<Raw> for Kept {
    type Error = String;

    fn try_from(raw: Raw) -> Result<Self, String> {
        if let Some(id) = raw.previous.iter().find(|&&id| id < 0) {
            return Err(format!("broker id {id} is negative; expected 0 to 2147483647"));
        }
        Ok(Kept { entry: raw.entry, previous: raw.previous.into_iter().map(BrokerId::new).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::Kept;

    #[test]
    fn a_kept_list_survives_being_written_and_negative_ids_do_not() {
        let text = r#"{"topic":"t","partition":0,"replicas":[2,1],"log_dirs":["any","/d"],"previous":[3,1]}"#;
        let kept: Kept = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&kept).unwrap(), text);
        assert_eq!((kept.dir(0), kept.dir(1), kept.dir(2)), (None, Some("/d"), None));
        for wrong in [text.replace("[3,1]", "[-3,1]"), text.replace("[2,1]", "[-2,1]"), text.replace("\"any\",", "")] {
            assert!(serde_json::from_str::<Kept>(&wrong).is_err(), "{wrong}");
        }
    }
}
