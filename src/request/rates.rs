//! Replication rates that differ between brokers: reading them, and who has which.
//!
//! A file is JSON, known by its content:
//!
//! ```json
//! {"kind":"kshift.rates","version":1,
//!  "brokers":{"1001":{"leader_bytes_per_sec":50000000,"follower_bytes_per_sec":"80MB/s"},"1-12":"50MB/s"}}
//! ```
//!
//! Short forms: one rate for both sides, several brokers in one key, and the inner object alone. The
//! `throttle.json` of a wave is read as well, so that rates that were set once can be asked for again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Request;
use crate::base::error::{Code, Error, Place, Result};
use crate::base::ids::{BrokerId, IdSet};
use crate::base::json;
use crate::base::units::BytesPerSec;

/// The `kind` of a file of rates.
pub const KIND: &str = "kshift.rates";
/// The version of a file of rates.
pub const VERSION: u64 = 1;

/// The two rates of one broker, in whole bytes per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokerRate {
    /// What it may send to replicas that are copied from it, live traffic of their partitions included.
    pub leader_bytes_per_sec: BytesPerSec,
    /// What it may receive of replicas that are copied to it, live traffic of their partitions included.
    pub follower_bytes_per_sec: BytesPerSec,
}

/// Rates by broker id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BrokerRates(BTreeMap<i32, BrokerRate>);

impl BrokerRates {
    /// Whether no broker has rates of its own.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rates of a broker that has its own.
    pub fn get(&self, id: BrokerId) -> Option<BrokerRate> {
        self.0.get(&id.get()).copied()
    }

    /// Gives a broker rates of its own; whether it had none.
    pub fn insert(&mut self, id: BrokerId, rate: BrokerRate) -> bool {
        self.0.insert(id.get(), rate).is_none()
    }

    /// Every broker with rates of its own, in ascending order of id.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (BrokerId, BrokerRate)> + '_ {
        self.0.iter().map(|(&id, &rate)| (BrokerId::new(id), rate))
    }

    /// Reads the text of a `--rates` file; `source` names it in messages.
    ///
    /// # Errors
    /// Text that is no JSON, another kind or version, a broker that stands twice, a side that is missing, a rate that
    /// is none or zero; each with its place.
    pub fn read(text: &str, source: &str) -> Result<Self> {
        let Value::Object(mut object) = json::value_of(text, source)? else {
            return Err(wrong(Place::source(source), "this is no JSON object"));
        };
        known_kind(&object, source)?;
        let (brokers, path) = match object.remove("brokers") {
            Some(Value::Object(brokers)) => (brokers, "brokers."),
            Some(other) => {
                let what = format!("found `{}`, expected an object of brokers", short(&other));
                return Err(wrong(Place::path(source, "brokers"), what));
            }
            None if object.contains_key("kind") => {
                return Err(Error::new(Code::MissingField, "missing `brokers`").at(Place::source(source)).help(HELP));
            }
            None => (object, ""),
        };
        let mut rates = BrokerRates::default();
        for (key, value) in &brokers {
            let place = Place::path(source, format!("{path}{key}"));
            let ids = IdSet::parse(key).map_err(|what| wrong(place.clone(), what))?;
            let rate = rate_of(value, &place)?;
            for id in ids.iter() {
                if !rates.insert(id, rate) {
                    let error = Error::new(Code::Duplicate, format!("broker {id} stands twice, expected each once"));
                    return Err(error.at(place).help("name each broker in one key only"));
                }
            }
        }
        if rates.is_empty() {
            return Err(wrong(Place::source(source), format!("`{source}` names no broker")));
        }
        Ok(rates)
    }
}

const HELP: &str =
    "write `\"1001\":{\"leader_bytes_per_sec\":50000000,\"follower_bytes_per_sec\":50000000}` or `\"1001\":\"50MB/s\"`";

fn wrong(place: Place, what: impl Into<String>) -> Error {
    Error::new(Code::InvalidValue, what).at(place).help(HELP)
}

/// A value as it may stand in a message.
fn short(value: &Value) -> String {
    const SHOWN: usize = 40;
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// A file of another kind is refused; one without a kind is a short form or Kafka's own.
fn known_kind(object: &Map<String, Value>, source: &str) -> Result<()> {
    let Some(kind) = object.get("kind") else { return Ok(()) };
    if kind != KIND {
        return Err(Error::new(Code::WrongKind, format!("kind `{}`; expected `{KIND}`", short(kind)))
            .at(Place::path(source, "kind"))
            .help(HELP));
    }
    if object.get("version").and_then(Value::as_u64) != Some(VERSION) {
        let found = object.get("version").map_or("none".to_owned(), short);
        return Err(Error::new(Code::WrongVersion, format!("version {found}; this kshift reads version {VERSION}"))
            .at(Place::path(source, "version"))
            .help(format!("write `\"version\":{VERSION}`")));
    }
    Ok(())
}

/// Names of a side: ours, and Kafka's.
const LEADER: [&str; 2] = ["leader_bytes_per_sec", "leader.replication.throttled.rate"];
const FOLLOWER: [&str; 2] = ["follower_bytes_per_sec", "follower.replication.throttled.rate"];

fn rate_of(value: &Value, place: &Place) -> Result<BrokerRate> {
    let Value::Object(sides) = value else {
        let both = amount(value, place)?;
        return Ok(BrokerRate { leader_bytes_per_sec: both, follower_bytes_per_sec: both });
    };
    let unknown = sides.keys().find(|key| !LEADER.iter().chain(&FOLLOWER).any(|known| known == key));
    if let Some(key) = unknown {
        return Err(wrong(place.clone(), format!("found `{key}`, expected `{}` and `{}`", LEADER[0], FOLLOWER[0])));
    }
    let side = |names: [&str; 2]| match names.map(|name| sides.get(name)) {
        [Some(_), Some(_)] => Err(wrong(place.clone(), format!("found both `{}` and `{}`", names[0], names[1]))),
        [Some(value), None] | [None, Some(value)] => amount(value, place),
        [None, None] => Err(Error::new(Code::MissingField, format!("missing `{}`: both sides need a rate", names[0]))
            .at(place.clone())
            .help(HELP)),
    };
    Ok(BrokerRate { leader_bytes_per_sec: side(LEADER)?, follower_bytes_per_sec: side(FOLLOWER)? })
}

fn amount(value: &Value, place: &Place) -> Result<BytesPerSec> {
    let rate = match value {
        Value::String(text) => BytesPerSec::parse(text),
        Value::Number(number) if number.is_u64() => BytesPerSec::parse(&number.to_string()),
        other => Err(format!("found `{}`, expected a rate such as `50MB/s` or whole bytes per second", short(other))),
    };
    rate.map_err(|what| wrong(place.clone(), what))
}

impl Request {
    /// The leader rate of every broker without rates of its own.
    pub fn common_leader(&self) -> Option<BytesPerSec> {
        self.leader_throttle.or(self.throttle)
    }

    /// The follower rate of every broker without rates of its own.
    pub fn common_follower(&self) -> Option<BytesPerSec> {
        self.follower_throttle.or(self.throttle)
    }

    /// Whether copies are throttled, so that times can be told.
    pub fn is_throttled(&self) -> bool {
        let has_common = self.common_leader().is_some() && self.common_follower().is_some();
        has_common || !self.rates.is_empty() || self.headroom.is_some()
    }

    /// Whether one rate serves both sides of every broker.
    pub fn has_one_rate(&self) -> bool {
        let sides = self.leader_throttle.is_some() || self.follower_throttle.is_some();
        self.throttle.is_some() && !sides && self.rates.is_empty() && self.headroom.is_none()
    }

    /// The rates of a broker; absent when it has none.
    pub fn rate_of(&self, id: BrokerId) -> Option<BrokerRate> {
        let common = || {
            let (leader, follower) = (self.common_leader()?, self.common_follower()?);
            Some(BrokerRate { leader_bytes_per_sec: leader, follower_bytes_per_sec: follower })
        };
        self.rates.get(id).or_else(common)
    }

    /// Refuses rates that mean nothing together, as far as that shows without the cluster.
    ///
    /// # Errors
    /// [`Code::Usage`] for a rate of one side alone.
    pub fn refuse_half_rates(&self) -> Result<()> {
        let (one, other) = match (self.leader_throttle, self.follower_throttle) {
            (Some(_), None) => ("--leader-throttle", "--follower-throttle"),
            (None, Some(_)) => ("--follower-throttle", "--leader-throttle"),
            _ => return Ok(()),
        };
        if self.throttle.is_some() || self.headroom.is_some() {
            return Ok(());
        }
        Err(Error::new(Code::Usage, format!("{one} needs {other} or --throttle: both sides of a copy need a rate"))
            .at(Place::source(one))
            .help(format!("add `{other} RATE`, or `--throttle RATE` for the other side")))
    }

    /// Refuses rates from two sources that both claim to be each broker's own. A plan has both: the rates that its
    /// headroom left.
    ///
    /// # Errors
    /// [`Code::Usage`] when both are given.
    pub fn refuse_rates_and_headroom(&self) -> Result<()> {
        if self.rates.is_empty() || self.headroom.is_none() {
            return Ok(());
        }
        let what = "--rates and --headroom exclude each other: one names the rates, the other derives them";
        Err(Error::new(Code::Usage, what).at(Place::source("--headroom")).help("leave out --rates or --headroom"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<BrokerRates> {
        BrokerRates::read(text, "rates.json")
    }

    fn rate(leader: u64, follower: u64) -> BrokerRate {
        BrokerRate {
            leader_bytes_per_sec: BytesPerSec::new(leader),
            follower_bytes_per_sec: BytesPerSec::new(follower),
        }
    }

    #[test]
    fn every_shape_says_the_same() {
        let full = r#"{"kind":"kshift.rates","version":1,"brokers":{
            "1":{"leader_bytes_per_sec":5000000,"follower_bytes_per_sec":"7MB/s"},
            "2":{"leader_bytes_per_sec":9000000,"follower_bytes_per_sec":9000000},
            "3":{"leader_bytes_per_sec":9000000,"follower_bytes_per_sec":9000000}}}"#;
        let short = r#"{"1":{"leader_bytes_per_sec":"5MB/s","follower_bytes_per_sec":7000000},"2-3":"9MB/s"}"#;
        let kafka = r#"{"brokers":{
            "1":{"leader.replication.throttled.rate":5000000,"follower.replication.throttled.rate":"7000000"},
            "2":{"leader.replication.throttled.rate":9000000,"follower.replication.throttled.rate":9000000},
            "3":9000000},"topics":{"t":{"leader.replication.throttled.replicas":"0:1"}}}"#;
        for text in [full, short, kafka] {
            let rates = read(text).unwrap();
            let of = |id| rates.get(BrokerId::new(id));
            assert_eq!(of(1), Some(rate(5_000_000, 7_000_000)), "{text}");
            assert_eq!((of(2), of(3), of(4)), (Some(rate(9_000_000, 9_000_000)), of(2), None), "{text}");
        }
    }

    #[test]
    fn each_fault_of_a_file_has_its_code_and_place() {
        for (text, code, place, says) in [
            (r#"{"1":0}"#, Code::InvalidValue, "1", "a rate of 0"),
            (r#"{"1":-5}"#, Code::InvalidValue, "1", "`-5`"),
            (r#"{"1":1.5}"#, Code::InvalidValue, "1", "`1.5`"),
            (r#"{"1":"5 parsecs"}"#, Code::InvalidValue, "1", "`5 parsecs`"),
            (r#"{"1":[]}"#, Code::InvalidValue, "1", "`[]`"),
            (r#"{"one":"5MB/s"}"#, Code::InvalidValue, "one", "`one`"),
            (r#"{"3-1":"5MB/s"}"#, Code::InvalidValue, "3-1", "3-1"),
            (r#"{"1":"5MB/s","1":"6MB/s"}"#, Code::DuplicateKey, "", "`1`"),
            (r#"{"1":"5MB/s","0-2":"6MB/s"}"#, Code::Duplicate, "1", "broker 1 stands twice"),
            (r#"{"brokers":{"1":{"leader_bytes_per_sec":5}}}"#, Code::MissingField, "brokers.1", "`follower_bytes"),
            (r#"{"1":{"leader_bytes_per_sec":5,"follower":5}}"#, Code::InvalidValue, "1", "`follower`"),
            (
                r#"{"1":{"leader_bytes_per_sec":5,"leader.replication.throttled.rate":5,"follower_bytes_per_sec":5}}"#,
                Code::InvalidValue,
                "1",
                "found both",
            ),
            (r#"{"brokers":[]}"#, Code::InvalidValue, "brokers", "`[]`"),
            (r#"{"brokers":{}}"#, Code::InvalidValue, "", "names no broker"),
            ("{}", Code::InvalidValue, "", "names no broker"),
            ("[]", Code::InvalidValue, "", "no JSON object"),
            (r#"{"kind":"kshift.plan","version":1,"brokers":{}}"#, Code::WrongKind, "kind", "kshift.plan"),
            (r#"{"kind":"kshift.rates","version":2,"brokers":{}}"#, Code::WrongVersion, "version", "version 2"),
            (r#"{"kind":"kshift.rates","version":1}"#, Code::MissingField, "", "`brokers`"),
            (r#"{"1":"#, Code::InvalidJson, "", ""),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(error.code(), code, "{text}: {error}");
            assert!(error.to_string().contains(says), "{text}: {error}");
            let shown = error.place().map(ToString::to_string).unwrap_or_default();
            assert!(shown.contains("rates.json") && shown.contains(place), "{text}: {shown}");
        }
    }

    #[test]
    fn each_side_overrides_the_common_rate_and_a_brokers_own_overrides_both() {
        let mut request = Request {
            throttle: Some(BytesPerSec::new(5)),
            leader_throttle: Some(BytesPerSec::new(6)),
            ..Request::default()
        };
        assert!(request.rates.insert(BrokerId::new(1), rate(8, 9)));
        assert_eq!(request.rate_of(BrokerId::new(1)), Some(rate(8, 9)));
        assert_eq!(request.rate_of(BrokerId::new(2)), Some(rate(6, 5)));
        request.throttle = None;
        assert_eq!(request.rate_of(BrokerId::new(2)), None);
        assert_eq!(request.refuse_half_rates().unwrap_err().code(), Code::Usage);
    }
}
