//! `/partition_load`: a record for each partition that Cruise Control has measured.
//!
//! What leaves a leader counts consumers and followers together, and the followers' part is what comes in, once for each
//! of them; so what consumers read is the difference.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};

use super::number::{Id, Number};
use crate::base::ids::TopicPartition;

#[derive(Deserialize)]
pub(super) struct Document<'a> {
    #[serde(borrow)]
    pub records: Vec<Record<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Record<'a> {
    #[serde(borrow, default)]
    topic: Option<Cow<'a, str>>,
    #[serde(default)]
    partition: Option<Id>,
    #[serde(borrow, rename = "topicPartition", default)]
    topic_partition: Option<Name<'a>>,
    #[serde(default)]
    pub leader: Option<Id>,
    #[serde(default)]
    pub followers: Option<Vec<Id>>,
    #[serde(default)]
    pub disk: Option<Number>,
    #[serde(rename = "networkInbound", default)]
    pub inbound: Option<Number>,
    #[serde(rename = "networkOutbound", default)]
    pub outbound: Option<Number>,
}

impl Record<'_> {
    /// Which partition it is of.
    pub fn name(&self) -> Option<(&str, i32)> {
        match &self.topic_partition {
            Some(name) => Some((&name.topic, name.partition)),
            None => Some((self.topic.as_deref()?, self.partition?.0)),
        }
    }

    /// What consumers read, in KiB/s.
    pub fn consumed(&self) -> Option<f64> {
        let followers = self.followers.as_ref().map_or(0, Vec::len) as f64;
        let (inbound, outbound) = (self.inbound?.0?, self.outbound?.0?);
        Some(if outbound < 0.0 { outbound } else { (outbound - inbound * followers).max(0.0) })
    }
}

/// `orders-7`, or an object with `topic` and `partition`.
struct Name<'a> {
    topic: Cow<'a, str>,
    partition: i32,
}

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Object<'a> {
            #[serde(borrow)]
            topic: Cow<'a, str>,
            partition: Id,
        }
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Name<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`orders-7` or an object with `topic` and `partition`")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Name<'de>, E> {
                let name = TopicPartition::parse(text)
                    .ok_or_else(|| E::custom(format!("found `{text}`, expected a name such as `orders-7`")))?;
                Ok(Name { topic: Cow::Owned(name.topic), partition: name.partition.get() })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Name<'de>, A::Error> {
                let Object { topic, partition } = Object::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Name { topic, partition: partition.0 })
            }
        }
        deserializer.deserialize_any(Either)
    }
}
