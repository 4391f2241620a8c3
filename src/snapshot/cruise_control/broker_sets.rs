//! `brokerSets.json`: brokers between which Cruise Control does not move replicas, if told so.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::number::Id;
use crate::base::error::{Code, Error, Place};
use crate::base::ids::BrokerId;

#[derive(Deserialize)]
pub(super) struct Document {
    #[serde(rename = "brokerSets")]
    sets: Vec<Set>,
}

#[derive(Deserialize)]
struct Set {
    #[serde(rename = "brokerSetId")]
    name: String,
    #[serde(rename = "brokerIds")]
    brokers: Vec<Id>,
}

impl Document {
    /// The set of each broker; a broker in two sets is a fault.
    pub fn by_broker(&self, file: &str, faults: &mut Vec<Error>) -> BTreeMap<BrokerId, &str> {
        let mut sets: BTreeMap<BrokerId, &str> = BTreeMap::new();
        for (index, set) in self.sets.iter().enumerate() {
            for (at, id) in set.brokers.iter().enumerate() {
                if let Some(first) = sets.insert(BrokerId::new(id.0), &set.name) {
                    let message = format!("broker {} is in the broker sets `{first}` and `{}`", id.0, set.name);
                    let place = Place::path(file, format!("brokerSets[{index}].brokerIds[{at}]"));
                    faults.push(Error::new(Code::Duplicate, message).at(place).help("a broker is in one set at most"));
                }
            }
        }
        sets
    }
}
