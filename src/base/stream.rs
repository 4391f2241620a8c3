//! Reading large JSON documents straight into columns: a trail of keys and indexes that names the place of
//! a fault, and readers of the values that every format of ours holds.

use std::fmt::{self, Write as _};

use serde::de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Unexpected, Visitor};

use super::error::{Code, Error, Place};
use super::ids::BrokerId;
use super::index::Csr;
use super::json;
use super::units::Bytes;

/// One step of the way to a value.
#[derive(Clone, Copy)]
pub enum Step {
    /// Below this key.
    Key(&'static str),
    /// At this place of an array.
    Index(usize),
}

/// The way from the root of a document to the value that is being read; a failure leaves it as it is.
#[derive(Default)]
pub struct Trail(Vec<Step>);

impl Trail {
    /// Goes down to a value.
    pub fn enter(&mut self, step: Step) {
        self.0.push(step);
    }

    /// Comes back up after it was read.
    pub fn leave(&mut self) {
        self.0.pop();
    }

    /// The way as text: `waves[3].partitions[7].replicas`.
    pub fn path(&self) -> String {
        let mut path = String::new();
        for step in &self.0 {
            match step {
                // A key that is not ours.
                Step::Key("") => {}
                Step::Key(key) if path.is_empty() => path.push_str(key),
                Step::Key(key) => {
                    path.push('.');
                    path.push_str(key);
                }
                Step::Index(index) => write!(path, "[{index}]").expect("text never fails"),
            }
        }
        path
    }

    /// The innermost key of the way.
    pub fn key(&self) -> Option<&'static str> {
        self.0.iter().rev().find_map(|step| match step {
            Step::Key(key) => Some(*key),
            Step::Index(_) => None,
        })
    }

    /// What `serde_json` found, in our words and with our place.
    pub fn fault(&self, error: &serde_json::Error, source: &str) -> Error {
        let fault = json::syntax_error(error, source);
        let place = Place { path: Some(self.path()), ..fault.place().cloned().unwrap_or_default() };
        if !error.is_data() {
            return fault.at(place);
        }
        let what = fault.message().strip_prefix("invalid JSON: ").unwrap_or(fault.message()).to_owned();
        let key = self.key();
        let code = if what.starts_with("repeated key") || what.starts_with("duplicate field") {
            Code::DuplicateKey
        } else if what.starts_with("missing ") {
            Code::MissingField
        } else if key == Some("size_bytes") {
            Code::InvalidSize
        } else {
            Code::InvalidField
        };
        let what = what.replace("invalid type: ", "found ").replace("invalid value: ", "found ");
        Error::new(code, what.replace("duplicate field", "repeated key")).at(place)
    }
}

/// The keys of one object that were seen so far.
#[derive(Default)]
pub struct Seen(u32);

impl Seen {
    /// Notes the key with this number, which is below 32, and refuses it the second time.
    pub fn first_time<E: serde::de::Error>(&mut self, number: usize, key: &str) -> Result<(), E> {
        let bit = 1 << number;
        if self.0 & bit != 0 {
            return Err(E::custom(format!("repeated key `{key}`")));
        }
        self.0 |= bit;
        Ok(())
    }

    /// Whether the key with this number came.
    pub fn has(&self, number: usize) -> bool {
        self.0 & (1 << number) != 0
    }

    /// Refuses an object of this kind in which one of the first `required` of `keys` did not come.
    pub fn all<E: serde::de::Error>(&self, keys: &[&str], required: usize, object: &str) -> Result<(), E> {
        match (0..required).find(|&number| !self.has(number)) {
            Some(number) => Err(E::custom(format!("missing `{}` of {object}", keys[number]))),
            None => Ok(()),
        }
    }
}

/// Declares the keys of an object: an enum read from text, unknown ones as `Unknown`.
macro_rules! keys {
    ($name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        #[derive(Clone, Copy)]
        enum $name { $($variant,)+ Unknown }
        impl $name {
            const TEXTS: &[&str] = &[$($text,)+ ""];
            const fn text(self) -> &'static str {
                Self::TEXTS[self as usize]
            }
            const fn is_known(self) -> bool {
                !matches!(self, Self::Unknown)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl serde::de::Visitor<'_> for Text {
                    type Value = $name;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("a key")
                    }
                    fn visit_str<E>(self, text: &str) -> Result<$name, E> {
                        Ok(match text { $($text => $name::$variant,)+ _ => $name::Unknown })
                    }
                }
                deserializer.deserialize_identifier(Text)
            }
        }
    };
}
pub(crate) use keys;

/// Reads an array element by element with a function; the trail names the element.
pub struct Each<'t, C, F> {
    /// What is being filled.
    pub context: &'t mut C,
    /// What the array holds, for messages: `an array of waves`.
    pub expecting: &'static str,
    /// Where the trail lies in the context.
    pub trail: fn(&mut C) -> &mut Trail,
    /// A reader of one element, given the context.
    pub element: F,
}

/// Reads one value into a context.
pub trait Element<'de, C> {
    /// Reads it.
    fn read<D: Deserializer<'de>>(&mut self, context: &mut C, index: usize, from: D) -> Result<(), D::Error>;
}

struct One<'e, C, F>(&'e mut C, &'e mut F, usize);
impl<'de, C, F: Element<'de, C>> DeserializeSeed<'de> for One<'_, C, F> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.1.read(self.0, self.2, deserializer)
    }
}

impl<'de, C, F: Element<'de, C>> DeserializeSeed<'de> for Each<'_, C, F> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, C, F: Element<'de, C>> Visitor<'de> for Each<'_, C, F> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }
    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        for index in 0.. {
            (self.trail)(self.context).enter(Step::Index(index));
            let more = seq.next_element_seed(One(self.context, &mut self.element, index))?.is_some();
            (self.trail)(self.context).leave();
            if !more {
                break;
            }
        }
        Ok(())
    }
}

/// An array of broker ids, as a new list of a column.
pub struct Ids<'t>(pub &'t mut Trail, pub &'t mut Csr<BrokerId>);
impl<'de> DeserializeSeed<'de> for Ids<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}
impl<'de> Visitor<'de> for Ids<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of broker ids")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Ids(trail, list) = self;
        for index in 0.. {
            trail.enter(Step::Index(index));
            let id = seq.next_element_seed(KafkaId("a broker id"))?;
            trail.leave();
            let Some(id) = id else { break };
            list.push_value(BrokerId::new(id));
        }
        if list.open_list().is_empty() {
            return Err(A::Error::custom("found an empty list, expected at least one broker id"));
        }
        list.end_list();
        Ok(())
    }
}

/// An id of Kafka's: a whole number from 0 to 2^31−1; the word names it in messages.
pub struct KafkaId(pub &'static str);
impl<'de> DeserializeSeed<'de> for KafkaId {
    type Value = i32;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<i32, D::Error> {
        deserializer.deserialize_any(self)
    }
}
impl Visitor<'_> for KafkaId {
    type Value = i32;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} from 0 to 2147483647", self.0)
    }
    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<i32, E> {
        i32::try_from(value).map_err(|_| E::invalid_value(Unexpected::Unsigned(value), &self))
    }
}

/// A leader: a broker id; null and -1 are none.
pub struct Leader;
impl<'de> DeserializeSeed<'de> for Leader {
    type Value = Option<BrokerId>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}
impl Visitor<'_> for Leader {
    type Value = Option<BrokerId>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a broker id, or null or -1 where there is no leader")
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Self::Value, E> {
        if value == -1 { Ok(None) } else { Err(E::invalid_value(Unexpected::Signed(value), &self)) }
    }
    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Self::Value, E> {
        KafkaId("a broker id").visit_u64(value).map(|id| Some(BrokerId::new(id)))
    }
}

/// A size in bytes.
pub struct Size;
impl<'de> DeserializeSeed<'de> for Size {
    type Value = Bytes;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Bytes, D::Error> {
        deserializer.deserialize_any(self)
    }
}
impl Visitor<'_> for Size {
    type Value = Bytes;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number of bytes from 0 to 2^63")
    }
    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Bytes, E> {
        if value <= Bytes::MAX.get() {
            Ok(Bytes::new(value))
        } else {
            Err(E::invalid_value(Unexpected::Unsigned(value), &self))
        }
    }
}

/// Text that is looked at where it lies, not copied, and turned into a number.
pub struct Text<F>(pub &'static str, pub F);
impl<'de, F: FnMut(&str) -> Result<u32, String>> DeserializeSeed<'de> for Text<F> {
    type Value = u32;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u32, D::Error> {
        deserializer.deserialize_str(self)
    }
}
impl<F: FnMut(&str) -> Result<u32, String>> Visitor<'_> for Text<F> {
    type Value = u32;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
    fn visit_str<E: serde::de::Error>(mut self, text: &str) -> Result<u32, E> {
        (self.1)(text).map_err(E::custom)
    }
}
