//! `capacity.json`, `capacityJBOD.json`, `capacityCores.json`: what brokers can hold and carry, every number as text.
//!
//! Broker `-1` speaks for all that are not named. `DISK` is one number, or one for each log dir; `CPU` is a percentage,
//! or an object with `num.cores`, in all entries or in none.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};

use super::number::{self, Number, Pairs};
use super::state;
use crate::base::error::{Code, Error, Place};
use crate::base::ids::BrokerId;
use crate::base::units::{Bytes, Traffic};

#[derive(Deserialize)]
pub(super) struct Document {
    #[serde(rename = "brokerCapacities")]
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "brokerId")]
    broker: Broker,
    capacity: Resources,
}

/// An id as text or number.
#[derive(Deserialize)]
#[serde(untagged)]
enum Broker {
    Text(String),
    Number(i64),
}

#[derive(Deserialize)]
struct Resources {
    #[serde(rename = "DISK")]
    disk: Option<Parts>,
    #[serde(rename = "CPU")]
    cpu: Option<Parts>,
    #[serde(rename = "NW_IN")]
    network_in: Option<Number>,
    #[serde(rename = "NW_OUT")]
    network_out: Option<Number>,
}

/// One number, or one for each of several names.
enum Parts {
    One(Number),
    Each(Pairs<Number>),
}

impl<'de> Deserialize<'de> for Parts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Parts;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of MiB as text, or an object with one for each log dir")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Parts, E> {
                Number::deserialize(serde::de::value::StrDeserializer::new(text)).map(Parts::One)
            }
            fn visit_u64<E>(self, value: u64) -> Result<Parts, E> {
                Ok(Parts::One(Number(Some(value as f64))))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Parts, E> {
                Ok(Parts::One(Number(Some(value as f64))))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Parts, E> {
                Ok(Parts::One(Number(Some(value))))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Parts, A::Error> {
                Pairs::deserialize(MapAccessDeserializer::new(map)).map(Parts::Each)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// What the file says of a broker.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Capacity {
    pub disk: Disk,
    pub network_in: Traffic,
    pub network_out: Traffic,
    /// `num.cores`, where `CPU` is given so.
    pub cores: Option<f64>,
    /// Which entry of the file it is.
    pub entry: usize,
}

/// How large the disks of a broker are.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Disk {
    /// All of them together.
    Whole(Bytes),
    /// Each log dir.
    Dirs(BTreeMap<String, Bytes>),
}

impl Disk {
    pub fn total(&self) -> Bytes {
        match self {
            Disk::Whole(bytes) => *bytes,
            Disk::Dirs(dirs) => dirs.values().copied().sum(),
        }
    }
}

/// The capacities of one file.
#[derive(Default)]
pub(super) struct Capacities {
    pub by_broker: BTreeMap<BrokerId, Capacity>,
    /// That of every broker that is not named.
    pub default: Option<Capacity>,
}

const HELP: &str = "write MiB for `DISK` and KiB/s for `NW_IN` and `NW_OUT`, such as `\"DISK\": \"1907348\"` for 2 TB";

impl Document {
    /// Checks and sorts the entries.
    pub fn capacities(&self, file: &str, faults: &mut Vec<Error>) -> Capacities {
        let mut capacities = Capacities::default();
        let mut cores: Option<(bool, usize)> = None;
        for (index, entry) in self.entries.iter().enumerate() {
            let place = |below: &str| Place::path(file, format!("brokerCapacities[{index}].{below}"));
            let id = match &entry.broker {
                Broker::Text(text) => text.trim().to_owned(),
                Broker::Number(number) => number.to_string(),
            };
            let has_cores = matches!(entry.capacity.cpu, Some(Parts::Each(_)));
            let (first, at) = *cores.get_or_insert((has_cores, index));
            if first != has_cores {
                let message = format!(
                    "`num.cores` stands in one of the entries {at} and {index} only; expected it in all or in none"
                );
                faults.push(
                    Error::new(Code::Contradiction, message)
                        .at(place("capacity.CPU"))
                        .help("Cruise Control refuses such a file too: write all of `CPU` one way"),
                );
            }
            let Some(capacity) = entry.capacity.check(index, &place, faults) else { continue };
            let before = if id == "-1" {
                capacities.default.replace(capacity)
            } else if let Some(id) = state::broker(&id) {
                capacities.by_broker.insert(id, capacity)
            } else {
                let message = format!("`{id}` is no broker id; expected 0 to {}, or -1 for all others", i32::MAX);
                faults.push(Error::new(Code::InvalidField, message).at(place("brokerId")));
                continue;
            };
            if before.is_some() {
                faults.push(Error::new(Code::Duplicate, format!("broker {id} stands twice")).at(place("brokerId")));
            }
        }
        capacities
    }
}

impl Resources {
    fn check(&self, entry: usize, place: &dyn Fn(&str) -> Place, faults: &mut Vec<Error>) -> Option<Capacity> {
        let before = faults.len();
        let disk = match &self.disk {
            None => {
                faults.push(missing("DISK", place));
                None
            }
            Some(Parts::One(number)) => size(*number, "DISK", place, faults).map(Disk::Whole),
            Some(Parts::Each(dirs)) => {
                let mut sizes = BTreeMap::new();
                if dirs.0.is_empty() {
                    faults.push(missing("DISK", place));
                }
                for (path, number) in &dirs.0 {
                    let key = format!("DISK.{path}");
                    if !path.starts_with('/') {
                        let message = format!("`{path}` is no absolute path of a log dir");
                        faults.push(Error::new(Code::InvalidField, message).at(place(&format!("capacity.{key}"))));
                    }
                    if let Some(size) = size(*number, &key, place, faults) {
                        sizes.insert(path.clone(), size);
                    }
                }
                Some(Disk::Dirs(sizes))
            }
        };
        let mut cores = None;
        if let Some(Parts::Each(cpu)) = &self.cpu {
            cores = cpu.0.iter().find(|(key, _)| key == "num.cores").and_then(|(_, number)| number.0);
            if cores.is_none_or(|cores| cores <= 0.0) {
                let message = "`CPU` is an object without a positive `num.cores`";
                faults.push(
                    Error::new(Code::MissingField, message)
                        .at(place("capacity.CPU"))
                        .help("write `\"CPU\": {\"num.cores\": \"16\"}`, or a percentage such as `\"CPU\": \"100\"`"),
                );
            }
        }
        let network_in = traffic(self.network_in, "NW_IN", place, faults);
        let network_out = traffic(self.network_out, "NW_OUT", place, faults);
        if faults.len() > before {
            return None;
        }
        Some(Capacity { disk: disk?, network_in: network_in?, network_out: network_out?, cores, entry })
    }
}

fn missing(key: &str, place: &dyn Fn(&str) -> Place) -> Error {
    Error::new(Code::MissingField, format!("`{key}` is missing; expected a capacity above 0"))
        .at(place("capacity"))
        .help(HELP)
}

/// The number of a key; one that is none, or 0, is a fault.
fn above_zero(number: Number, key: &str, place: &dyn Fn(&str) -> Place, faults: &mut Vec<Error>) -> Option<f64> {
    let found = number.0.filter(|&number| number != 0.0);
    if found.is_none() {
        let shown = number.0.map_or("no number".to_owned(), |number| number.to_string());
        let message = format!("`{key}` is {shown}; expected a capacity above 0");
        faults.push(Error::new(Code::InvalidSize, message).at(place(&format!("capacity.{key}"))).help(HELP));
    }
    found
}

fn size(number: Number, key: &str, place: &dyn Fn(&str) -> Place, faults: &mut Vec<Error>) -> Option<Bytes> {
    let mib = above_zero(number, key, place, faults)?;
    let at = || place(&format!("capacity.{key}"));
    number::bytes(mib, &format!("`{key}`"), &at).map_err(|fault| faults.push(fault)).ok()
}

fn traffic(
    number: Option<Number>,
    key: &str,
    place: &dyn Fn(&str) -> Place,
    faults: &mut Vec<Error>,
) -> Option<Traffic> {
    let Some(number) = number else {
        faults.push(missing(key, place));
        return None;
    };
    let kib = above_zero(number, key, place, faults)?;
    let at = || place(&format!("capacity.{key}"));
    number::rate(kib, &format!("`{key}`"), &at).map_err(|fault| faults.push(fault)).ok()
}
