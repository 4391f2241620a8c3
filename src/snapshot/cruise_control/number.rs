//! Numbers as Cruise Control writes them, its units, and what no number of a unit can be.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};

use crate::base::error::{Code, Error, Place};
use crate::base::json;
use crate::base::units::{Bytes, Traffic};

/// A number; absent where it is `NaN` or infinite, bare or as text, or the word of a dead disk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Number(pub Option<f64>);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Number;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }
            fn visit_i64<E>(self, value: i64) -> Result<Number, E> {
                Ok(Number(Some(value as f64)))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Number, E> {
                Ok(Number(Some(value as f64)))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Number, E> {
                Ok(Number(value.is_finite().then_some(value)))
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Number, E> {
                let text = text.trim();
                if json::is_no_number(text) || text == "DEAD" {
                    return Ok(Number(None));
                }
                let is_plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
                let number = text.parse().ok().filter(|number: &f64| is_plain && number.is_finite());
                number
                    .map(|number| Number(Some(number)))
                    .ok_or_else(|| E::custom(format!("found `{text}`, expected a number")))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// The entries of an object in their order; no key twice.
#[derive(Debug)]
pub(super) struct Pairs<V>(pub Vec<(String, V)>);

impl<V> Default for Pairs<V> {
    fn default() -> Self {
        Pairs(Vec::new())
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Pairs<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<V>(std::marker::PhantomData<V>);
        impl<'de, V: Deserialize<'de>> Visitor<'de> for Entries<V> {
            type Value = Pairs<V>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<V>, A::Error> {
                let mut seen = std::collections::BTreeSet::new();
                let mut entries = Vec::new();
                while let Some(key) = map.next_key::<String>()? {
                    if !seen.insert(key.clone()) {
                        return Err(A::Error::custom(format!("repeated key `{key}`")));
                    }
                    entries.push((key, map.next_value()?));
                }
                Ok(Pairs(entries))
            }
        }
        deserializer.deserialize_map(Entries(std::marker::PhantomData))
    }
}

/// A whole number from 0 that Kafka numbers things with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id(pub i32);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::base::stream::KafkaId("an id").deserialize(deserializer).map(Id)
    }
}

const MIB: f64 = 1_048_576.0;
const KIB: f64 = 1_024.0;
/// No log dir holds more, 16 PiB: a larger number is in other units.
const DISK_MIB_MAX: f64 = 17_179_869_184.0;
/// No network carries more, 1 PiB/s.
const RATE_KIB_MAX: f64 = 1_099_511_627_776.0;

/// Bytes of so many MiB; what is no size of any disk is a fault.
pub(super) fn bytes(mib: f64, what: &str, place: &dyn Fn() -> Place) -> Result<Bytes, Error> {
    let message = if mib < 0.0 {
        format!("{what} is {mib} MiB; expected a number from 0")
    } else if mib > DISK_MIB_MAX {
        format!("{what} is {mib} MiB, which is more than 16 PiB; expected a number of MiB")
    } else {
        return Ok(Bytes::new((mib * MIB).round() as u64));
    };
    Err(Error::new(Code::InvalidSize, message)
        .at(place())
        .help("Cruise Control counts disk in MiB (1,048,576 bytes): were bytes or KiB written there?"))
}

/// Bytes per second of so many KiB/s; what no network carries is a fault.
pub(super) fn rate(kib: f64, what: &str, place: &dyn Fn() -> Place) -> Result<Traffic, Error> {
    let message = if kib < 0.0 {
        format!("{what} is {kib} KiB/s; expected a number from 0")
    } else if kib > RATE_KIB_MAX {
        format!("{what} is {kib} KiB/s, which is more than 1 PiB/s; expected a number of KiB/s")
    } else {
        return Ok(Traffic::new(kib * KIB));
    };
    Err(Error::new(Code::InvalidField, message)
        .at(place())
        .help("Cruise Control counts traffic in KiB/s (1,024 bytes): were bytes or bits written there?"))
}
