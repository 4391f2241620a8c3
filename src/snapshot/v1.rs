//! The snapshot file, `kshift.cluster` version 1: read straight into columns, written in canonical form.
//!
//! Reading keeps a trail of keys and indexes, so that a fault names its place (`topics[12].partitions[7]`)
//! besides line and column. Nothing is built but the columns: 75 MB take about 0.2 s.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::{Broker, BrokerState, Draft, Item, LogDir, Mode, Snapshot, Topic, UNKNOWN_DIR};
use crate::base::error::{Code, Error, Place, Result};
use crate::base::ids::{BrokerId, PartitionId};
use crate::base::index::Csr;
use crate::base::json::{self, Skip, Writer};
use crate::base::stream::{KafkaId, Leader, Seen, Step, Trail, keys};
use crate::base::units::{Bytes, Traffic};

/// The `kind` of a snapshot file.
pub const KIND: &str = "kshift.cluster";
/// The version of a snapshot file.
pub const VERSION: u64 = 1;

/// Reads a snapshot; `source` names the file in messages.
pub fn read(text: &str, source: &str) -> Result<Snapshot> {
    let mut reader = Reader::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = Document(&mut reader).deserialize(&mut deserializer).and_then(|()| deserializer.end());
    if let Err(error) = read {
        let fault = reader.fault(&error, text, source);
        // A file of another kind or version fails somewhere inside; its kind and version are the better answer.
        let document = if error.is_data() { json::value_of(text, source).ok() } else { None };
        return Err(document.and_then(|document| not_ours(&document, source)).unwrap_or(fault));
    }
    if reader.kind.as_deref() != Some(KIND) {
        return Err(wrong_kind(reader.kind.as_deref(), source));
    }
    if reader.version != Some(VERSION) {
        return Err(wrong_version(reader.version.map(|version| version.to_string()), source));
    }
    if !reader.has_brokers || !reader.has_topics {
        let key = if reader.has_brokers { "topics" } else { "brokers" };
        return Err(Error::new(Code::MissingField, format!("the snapshot has no `{key}`")).at(Place::source(source)));
    }
    let partitions_before: Vec<usize> = reader.draft.topics.iter().map(|topic| topic.rows.start).collect();
    let place_of = move |item: Item| {
        let path = match item {
            Item::Cluster => String::new(),
            Item::Broker(number) => format!("brokers[{number}]"),
            Item::Topic(number) => format!("topics[{number}]"),
            Item::Partition(row) => {
                let topic = partitions_before.partition_point(|&start| start <= row) - 1;
                format!("topics[{topic}].partitions[{}]", row - partitions_before[topic])
            }
        };
        Place::path(source, path)
    };
    reader.draft.finish(&place_of)
}

fn not_ours(document: &Value, source: &str) -> Option<Error> {
    let kind = document.get("kind").and_then(Value::as_str);
    let version = document.get("version").filter(|version| version.is_number());
    if kind != Some(KIND) {
        Some(wrong_kind(kind, source))
    } else if version.is_some_and(|version| version.as_u64() != Some(VERSION)) {
        Some(wrong_version(version.map(ToString::to_string), source))
    } else {
        None
    }
}

fn wrong_version(found: Option<String>, source: &str) -> Error {
    let found = found.map_or("no version".to_owned(), |version| format!("version {version}"));
    Error::new(Code::WrongVersion, format!("a snapshot of {found}; this kshift reads version {VERSION}"))
        .at(Place::path(source, "version"))
        .help("write it again with `kshift snapshot`, or use a newer kshift")
}

fn wrong_kind(found: Option<&str>, source: &str) -> Error {
    let found = found.map_or("no `kind`".to_owned(), |kind| format!("kind `{kind}`"));
    let error = Error::new(Code::WrongKind, format!("{found}; expected a snapshot of kind `{KIND}`"));
    error
        .at(Place::path(source, "kind"))
        .help("a snapshot is written by `kshift snapshot`; Kafka's own tool output is read as a directory of files")
}

/// The draft being filled, and where in the document we are.
#[derive(Default)]
struct Reader {
    draft: Draft,
    trail: Trail,
    kind: Option<String>,
    version: Option<u64>,
    has_brokers: bool,
    has_topics: bool,
}

impl Reader {
    /// What `serde_json` found, in our words and with our place.
    fn fault(&self, error: &serde_json::Error, text: &str, source: &str) -> Error {
        let fault = json::syntax_error(error, source);
        let place = Place { path: Some(self.trail.path()), ..fault.place().cloned().unwrap_or_default() };
        if !error.is_data() {
            let offending = text.lines().nth(error.line().saturating_sub(1));
            let found = offending.and_then(|line| line.get(error.column().saturating_sub(1)..)).unwrap_or("");
            let not_json = ["NaN", "Infinity", "-Infinity", "nan", "inf"].iter().find(|word| found.starts_with(**word));
            let fault = fault.at(place);
            return match not_json {
                Some(word) => fault.help(format!("JSON has no `{word}`: write a number, or leave the key out")),
                None => fault,
            };
        }
        // A value of the wrong type is refused before its depth is reached.
        if let Some(deep) = json::depth_fault(text, source) {
            return deep;
        }
        let what = fault.message().strip_prefix("invalid JSON: ").unwrap_or(fault.message()).to_owned();
        let key = self.trail.key();
        let code = if what.starts_with("repeated key") {
            Code::DuplicateKey
        } else if what.starts_with("missing `") {
            Code::MissingField
        } else if matches!(key, Some("size_bytes" | "capacity_bytes" | "used_bytes")) {
            Code::InvalidSize
        } else {
            Code::InvalidField
        };
        Error::new(code, what.replace("invalid type: ", "found ").replace("invalid value: ", "found ")).at(place)
    }
}

/// Reads one value below a key or index of the trail; the trail is left as it is when that fails.
macro_rules! within {
    ($reader:expr, $step:expr, $read:expr) => {{
        $reader.trail.enter($step);
        let value = $read?;
        $reader.trail.leave();
        value
    }};
}

macro_rules! object_visitor {
    ($expecting:literal, $value:ty, |$this:ident, $map:ident| $body:block) => {
        type Value = $value;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str($expecting)
        }
        fn visit_map<A: MapAccess<'de>>(self, mut $map: A) -> Result<$value, A::Error> {
            let $this = self;
            $body
        }
    };
}

macro_rules! seed {
    ($name:ident<$life:lifetime>, $method:ident, $value:ty) => {
        impl<'de, $life> DeserializeSeed<'de> for $name<$life> {
            type Value = $value;
            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<$value, D::Error> {
                deserializer.$method(self)
            }
        }
    };
}

keys!(DocumentKey {
    Kind = "kind", Version = "version", Name = "name", TakenAt = "taken_at", ClusterId = "cluster_id",
    KafkaVersion = "kafka_version", Mode = "mode", Brokers = "brokers", Topics = "topics",
});

struct Document<'r>(&'r mut Reader);
seed!(Document<'r>, deserialize_map, ());
impl<'de> Visitor<'de> for Document<'_> {
    object_visitor!("a snapshot object", (), |this, map| {
        let reader = this.0;
        let mut seen = Seen::default();
        while let Some(key) = map.next_key::<DocumentKey>()? {
            if key.is_known() {
                seen.first_time(key as usize, key.text())?;
            }
            reader.trail.enter(Step::Key(key.text()));
            match key {
                DocumentKey::Kind => reader.kind = map.next_value()?,
                DocumentKey::Version => reader.version = map.next_value()?,
                DocumentKey::Name => reader.draft.name = map.next_value()?,
                DocumentKey::TakenAt => reader.draft.taken_at = map.next_value()?,
                DocumentKey::ClusterId => reader.draft.cluster_id = map.next_value()?,
                DocumentKey::KafkaVersion => reader.draft.kafka_version = map.next_value()?,
                DocumentKey::Mode => reader.draft.mode = map.next_value::<Option<Mode>>()?,
                DocumentKey::Brokers => {
                    reader.has_brokers = true;
                    map.next_value_seed(Brokers(reader))?;
                }
                DocumentKey::Topics => {
                    reader.has_topics = true;
                    map.next_value_seed(Topics(reader))?;
                }
                DocumentKey::Unknown => map.next_value_seed(Skip)?,
            }
            reader.trail.leave();
        }
        Ok(())
    });
}

struct Brokers<'r>(&'r mut Reader);
seed!(Brokers<'r>, deserialize_seq, ());
impl<'de> Visitor<'de> for Brokers<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of brokers")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        for index in 0.. {
            let reader = &mut *self.0;
            let Some(broker) = within!(reader, Step::Index(index), seq.next_element_seed(BrokerSeed(reader))) else {
                break;
            };
            reader.draft.brokers.push(broker);
        }
        Ok(())
    }
}

keys!(BrokerKey {
    Id = "id", Host = "host", Rack = "rack", State = "state", LogDirs = "log_dirs",
    InCapacity = "in_capacity_bytes_per_sec", OutCapacity = "out_capacity_bytes_per_sec", DiskCapacity = "disk_capacity_bytes_per_sec",
    Cores = "num_cores",
    Config = "config",
});

struct BrokerSeed<'r>(&'r mut Reader);
seed!(BrokerSeed<'r>, deserialize_map, Broker);
impl<'de> Visitor<'de> for BrokerSeed<'_> {
    object_visitor!("a broker object", Broker, |this, map| {
        let reader = this.0;
        let mut broker = Broker::new(BrokerId::new(0));
        let mut seen = Seen::default();
        while let Some(key) = map.next_key::<BrokerKey>()? {
            if key.is_known() {
                seen.first_time(key as usize, key.text())?;
            }
            reader.trail.enter(Step::Key(key.text()));
            match key {
                BrokerKey::Id => broker.id = BrokerId::new(map.next_value_seed(KafkaId("a broker id"))?),
                BrokerKey::Host => broker.host = map.next_value()?,
                BrokerKey::Rack => broker.rack = map.next_value()?,
                BrokerKey::State => broker.state = map.next_value::<Option<BrokerState>>()?.unwrap_or_default(),
                BrokerKey::LogDirs => {
                    let mut dirs = Vec::new();
                    map.next_value_seed(Objects(reader, &mut dirs, log_dir))?;
                    broker.log_dirs = dirs;
                }
                BrokerKey::InCapacity => broker.in_capacity = map.next_value_seed(MaybeRate)?,
                BrokerKey::OutCapacity => broker.out_capacity = map.next_value_seed(MaybeRate)?,
                BrokerKey::DiskCapacity => broker.disk_capacity = map.next_value_seed(MaybeRate)?,
                BrokerKey::Cores => broker.num_cores = map.next_value_seed(Cores)?,
                BrokerKey::Config => broker.config = map.next_value_seed(Config)?,
                BrokerKey::Unknown => map.next_value_seed(Skip)?,
            }
            reader.trail.leave();
        }
        if !seen.has(BrokerKey::Id as usize) {
            return Err(A::Error::custom("missing `id` of a broker"));
        }
        Ok(broker)
    });
}

/// An array of small objects, each read whole and then by a function; null is empty.
struct Objects<'r, T>(&'r mut Reader, &'r mut Vec<T>, fn(&Value) -> Result<T, (&'static str, String)>);
impl<'de, T> DeserializeSeed<'de> for Objects<'_, T> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}
impl<'de, T> Visitor<'de> for Objects<'_, T> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects")
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        for index in 0.. {
            let reader = &mut *self.0;
            reader.trail.enter(Step::Index(index));
            let Some(json::Strict(value)) = seq.next_element()? else {
                reader.trail.leave();
                break;
            };
            let item = (self.2)(&value).map_err(|(key, what)| {
                reader.trail.enter(Step::Key(key));
                A::Error::custom(what)
            })?;
            self.1.push(item);
            reader.trail.leave();
        }
        Ok(())
    }
}

fn log_dir(value: &Value) -> Result<LogDir, (&'static str, String)> {
    let bytes = |key: &'static str| match value.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(found) => match found.as_u64().filter(|&bytes| bytes <= Bytes::MAX.get()) {
            Some(bytes) => Ok(Some(Bytes::new(bytes))),
            None => Err((key, format!("found `{found}`, expected {SIZE}"))),
        },
    };
    if !value.is_object() {
        return Err(("", format!("found `{value}`, expected an object such as {{\"path\":\"/kafka/d1\"}}")));
    }
    let path = match value.get("path") {
        Some(Value::String(path)) if path.starts_with('/') || path == UNKNOWN_DIR => path.clone(),
        Some(found) => return Err(("path", format!("found `{found}`, expected an absolute path"))),
        None => return Err(("path", "missing `path` of a log dir".to_owned())),
    };
    let offline = match value.get("state").map(Value::as_str) {
        None | Some(Some("online")) => false,
        Some(Some("offline")) => true,
        Some(None) if value["state"].is_null() => false,
        _ => return Err(("state", format!("found `{}`, expected `online` or `offline`", value["state"]))),
    };
    Ok(LogDir { path, capacity: bytes("capacity_bytes")?, used: bytes("used_bytes")?, offline })
}

struct Topics<'r>(&'r mut Reader);
seed!(Topics<'r>, deserialize_seq, ());
impl<'de> Visitor<'de> for Topics<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of topics")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        for index in 0.. {
            let reader = &mut *self.0;
            if within!(reader, Step::Index(index), seq.next_element_seed(TopicSeed(reader))).is_none() {
                break;
            }
        }
        Ok(())
    }
}

keys!(TopicKey { Name = "name", Config = "config", Partitions = "partitions" });

struct TopicSeed<'r>(&'r mut Reader);
seed!(TopicSeed<'r>, deserialize_map, ());
impl<'de> Visitor<'de> for TopicSeed<'_> {
    object_visitor!("a topic object", (), |this, map| {
        let reader = this.0;
        let start = reader.draft.partitions.len();
        let (mut name, mut config, mut seen) = (None, BTreeMap::new(), Seen::default());
        while let Some(key) = map.next_key::<TopicKey>()? {
            if key.is_known() {
                seen.first_time(key as usize, key.text())?;
            }
            reader.trail.enter(Step::Key(key.text()));
            match key {
                TopicKey::Name => name = Some(map.next_value::<String>()?),
                TopicKey::Config => config = map.next_value_seed(Config)?,
                TopicKey::Partitions => map.next_value_seed(PartitionsSeed(reader))?,
                TopicKey::Unknown => map.next_value_seed(Skip)?,
            }
            reader.trail.leave();
        }
        let name = name.ok_or_else(|| A::Error::custom("missing `name` of a topic"))?;
        if !seen.has(TopicKey::Partitions as usize) {
            return Err(A::Error::custom("missing `partitions` of a topic"));
        }
        reader.draft.topics.push(Topic { name, config, rows: start..reader.draft.partitions.len() });
        Ok(())
    });
}

struct PartitionsSeed<'r>(&'r mut Reader);
seed!(PartitionsSeed<'r>, deserialize_seq, ());
impl<'de> Visitor<'de> for PartitionsSeed<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of partitions")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        for index in 0.. {
            let reader = &mut *self.0;
            if within!(reader, Step::Index(index), seq.next_element_seed(PartitionSeed(reader))).is_none() {
                break;
            }
        }
        Ok(())
    }
}

keys!(PartitionKey {
    Partition = "partition", Replicas = "replicas", Leader = "leader", Isr = "isr", Size = "size_bytes",
    BytesIn = "bytes_in_per_sec", BytesOut = "bytes_out_per_sec", LogDirs = "log_dirs",
    Adding = "adding", Removing = "removing",
});

struct PartitionSeed<'r>(&'r mut Reader);
seed!(PartitionSeed<'r>, deserialize_map, ());
impl<'de> Visitor<'de> for PartitionSeed<'_> {
    object_visitor!("a partition object", (), |this, map| {
        let reader = this.0;
        let row = reader.draft.partitions.len();
        let (mut id, mut leader, mut size) = (None, None, None);
        let (mut bytes_in, mut bytes_out) = (Traffic::ZERO, Traffic::ZERO);
        let (mut adding, mut removing) = (Vec::new(), Vec::new());
        let mut dirs: Vec<Option<super::DirName>> = Vec::new();
        let mut seen = Seen::default();
        while let Some(key) = map.next_key::<PartitionKey>()? {
            if key.is_known() {
                seen.first_time(key as usize, key.text())?;
            }
            reader.trail.enter(Step::Key(key.text()));
            match key {
                PartitionKey::Partition => id = Some(map.next_value_seed(KafkaId("a partition number"))?),
                PartitionKey::Replicas => {
                    let Reader { draft, trail, .. } = reader;
                    map.next_value_seed(Ids { trail, list: &mut draft.partitions.replicas })?;
                }
                PartitionKey::Isr => {
                    let Reader { draft, trail, .. } = reader;
                    map.next_value_seed(Ids { trail, list: &mut draft.partitions.isr })?;
                }
                PartitionKey::Leader => leader = map.next_value_seed(Leader)?,
                PartitionKey::Size => size = map.next_value_seed(Size)?,
                PartitionKey::BytesIn => bytes_in = map.next_value_seed(MaybeRate)?.unwrap_or(Traffic::ZERO),
                PartitionKey::BytesOut => bytes_out = map.next_value_seed(MaybeRate)?.unwrap_or(Traffic::ZERO),
                PartitionKey::LogDirs => map.next_value_seed(DirPaths(reader, &mut dirs))?,
                PartitionKey::Adding => map.next_value_seed(FewIds(&mut reader.trail, &mut adding))?,
                PartitionKey::Removing => map.next_value_seed(FewIds(&mut reader.trail, &mut removing))?,
                PartitionKey::Unknown => map.next_value_seed(Skip)?,
            }
            reader.trail.leave();
        }
        let has = |key: PartitionKey| seen.has(key as usize);
        let id = id.ok_or_else(|| A::Error::custom("missing `partition` of a partition"))?;
        if !has(PartitionKey::Replicas) {
            return Err(A::Error::custom("missing `replicas` of a partition"));
        }
        let partitions = &mut reader.draft.partitions;
        let replicas = partitions.replicas.get(row);
        if !has(PartitionKey::Isr) {
            partitions.isr.push(replicas.iter().copied());
        }
        let leader = if has(PartitionKey::Leader) { leader } else { replicas.first().copied() };
        if !dirs.is_empty() && dirs.len() != replicas.len() {
            let what = format!("found {} log dirs, expected one for each of {} replicas", dirs.len(), replicas.len());
            reader.trail.enter(Step::Key("log_dirs"));
            return Err(A::Error::custom(what));
        }
        // The column of dirs is filled only from the first row on that has one.
        if dirs.is_empty() && !partitions.dir.is_empty() {
            partitions.dir.resize(partitions.replicas.total(), None);
        } else if !dirs.is_empty() {
            partitions.dir.resize(partitions.replicas.total() - dirs.len(), None);
            partitions.dir.append(&mut dirs);
        }
        partitions.topic.push(reader.draft.topics.len() as u32);
        partitions.id.push(PartitionId::new(id));
        partitions.leader.push(leader);
        partitions.size.push(size);
        partitions.bytes_in.push(bytes_in);
        partitions.bytes_out.push(bytes_out);
        if !adding.is_empty() {
            partitions.adding.insert(row, adding);
        }
        if !removing.is_empty() {
            partitions.removing.insert(row, removing);
        }
        Ok(())
    });
}

/// An array of broker ids, as a new list of a column.
struct Ids<'r> {
    trail: &'r mut Trail,
    list: &'r mut Csr<BrokerId>,
}
seed!(Ids<'r>, deserialize_seq, ());
impl<'de> Visitor<'de> for Ids<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of broker ids")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        for index in 0.. {
            let Some(id) = within!(self, Step::Index(index), seq.next_element_seed(KafkaId("a broker id"))) else {
                break;
            };
            self.list.push_value(BrokerId::new(id));
        }
        self.list.end_list();
        Ok(())
    }
}

/// An array of broker ids in a vector of its own; null is empty.
struct FewIds<'r>(&'r mut Trail, &'r mut Vec<BrokerId>);
seed!(FewIds<'r>, deserialize_any, ());
impl<'de> Visitor<'de> for FewIds<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of broker ids")
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let FewIds(trail, list) = self;
        for index in 0.. {
            trail.enter(Step::Index(index));
            let Some(id) = seq.next_element_seed(KafkaId("a broker id"))? else {
                trail.leave();
                break;
            };
            trail.leave();
            list.push(BrokerId::new(id));
        }
        Ok(())
    }
}

/// An array of log dir paths, null where one is not known; null instead of the array when none is.
struct DirPaths<'r>(&'r mut Reader, &'r mut Vec<Option<super::DirName>>);
seed!(DirPaths<'r>, deserialize_any, ());
impl<'de> Visitor<'de> for DirPaths<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of log dir paths")
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let DirPaths(reader, dirs) = self;
        for index in 0.. {
            reader.trail.enter(Step::Index(index));
            let Some(dir) = seq.next_element_seed(DirPath(reader))? else {
                reader.trail.leave();
                break;
            };
            reader.trail.leave();
            dirs.push(dir);
        }
        Ok(())
    }
}

struct DirPath<'r>(&'r mut Reader);
seed!(DirPath<'r>, deserialize_any, Option<super::DirName>);
impl Visitor<'_> for DirPath<'_> {
    type Value = Option<super::DirName>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a log dir path, or null where it is not known")
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_str<E>(self, path: &str) -> Result<Self::Value, E> {
        Ok(Some(self.0.draft.intern_dir(path)))
    }
}

const SIZE: &str = "a whole number of bytes from 0 to 2^63";

/// A size in bytes; null is not known.
struct Size;
impl<'de> DeserializeSeed<'de> for Size {
    type Value = Option<Bytes>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}
impl Visitor<'_> for Size {
    type Value = Option<Bytes>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SIZE)
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Self::Value, E> {
        if value <= Bytes::MAX.get() {
            Ok(Some(Bytes::new(value)))
        } else {
            Err(E::invalid_value(serde::de::Unexpected::Unsigned(value), &self))
        }
    }
}

/// A rate in bytes per second; null is not known.
struct MaybeRate;
impl<'de> DeserializeSeed<'de> for MaybeRate {
    type Value = Option<Traffic>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}
impl Visitor<'_> for MaybeRate {
    type Value = Option<Traffic>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a rate in bytes per second, not negative")
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(Traffic::new(value as f64)))
    }
    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Self::Value, E> {
        if value >= 0.0 && value.is_finite() {
            Ok(Some(Traffic::new(value.abs())))
        } else {
            Err(E::invalid_value(serde::de::Unexpected::Float(value), &self))
        }
    }
}

/// Cores of processors, above 0; null is not known.
struct Cores;
impl<'de> DeserializeSeed<'de> for Cores {
    type Value = Option<f64>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let number = <Option<f64> as serde::Deserialize>::deserialize(deserializer)?;
        match number {
            Some(number) if !(number > 0.0 && number.is_finite()) => {
                Err(D::Error::invalid_value(serde::de::Unexpected::Float(number), &"a number of cores above 0"))
            }
            number => Ok(number),
        }
    }
}

/// A configuration: text by text; numbers and booleans are taken as text.
struct Config;
impl<'de> DeserializeSeed<'de> for Config {
    type Value = BTreeMap<String, String>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}
impl<'de> Visitor<'de> for Config {
    type Value = BTreeMap<String, String>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of configuration values")
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(BTreeMap::new())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut config = BTreeMap::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = match map.next_value::<Value>()? {
                Value::String(text) => text,
                value @ (Value::Number(_) | Value::Bool(_)) => value.to_string(),
                other => return Err(A::Error::custom(format!("found `{other}` for `{key}`, expected text"))),
            };
            if config.contains_key(&key) {
                return Err(A::Error::custom(format!("repeated key `{key}`")));
            }
            config.insert(key, value);
        }
        Ok(config)
    }
}

/// How much of a snapshot is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Include {
    /// All of it.
    Everything,
    /// All but `name`, `taken_at` and `host`, for the fingerprint.
    WhatPlansDependOn,
}

/// Writes a snapshot in canonical form.
pub fn write(snapshot: &Snapshot, include: Include) -> Vec<u8> {
    let mut content = Vec::with_capacity(4096 + snapshot.partitions.len() * 192);
    write_to(snapshot, include, |part| content.extend_from_slice(part));
    content
}

/// The same, piece by piece.
pub fn write_to(snapshot: &Snapshot, include: Include, mut sink: impl FnMut(&[u8])) {
    let everything = include == Include::Everything;
    let mut writer = Writer::default();
    writer.begin_object().key("kind").string(KIND).key("version").int(VERSION);
    if everything {
        optional(&mut writer, "name", snapshot.name.as_deref());
        optional(&mut writer, "taken_at", snapshot.taken_at.as_deref());
    }
    optional(&mut writer, "cluster_id", snapshot.cluster_id.as_deref());
    optional(&mut writer, "kafka_version", snapshot.kafka_version.as_deref());
    if let Some(mode) = &snapshot.mode {
        writer.key("mode").value(mode);
    }
    writer.key("brokers").begin_array();
    for broker in &snapshot.brokers {
        write_broker(&mut writer, broker, everything);
    }
    writer.end_array().key("topics").begin_array();
    for topic in &snapshot.topics {
        writer.begin_object().key("name").string(&topic.name);
        if !topic.config.is_empty() {
            writer.key("config").value(&topic.config);
        }
        writer.key("partitions").begin_array();
        for row in topic.rows.clone() {
            write_partition(&mut writer, snapshot, row);
            writer.drain(&mut sink);
        }
        writer.end_array().end_object();
    }
    writer.end_array().end_object();
    sink(&writer.into_bytes());
}

fn optional(writer: &mut Writer, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        writer.key(key).string(value);
    }
}

fn write_broker(writer: &mut Writer, broker: &Broker, everything: bool) {
    writer.begin_object().key("id").int(broker.id.get());
    if everything {
        optional(writer, "host", broker.host.as_deref());
    }
    optional(writer, "rack", broker.rack.as_deref());
    if broker.state != BrokerState::Alive {
        writer.key("state").string(broker.state.as_str());
    }
    if !broker.log_dirs.is_empty() {
        writer.key("log_dirs").begin_array();
        for dir in &broker.log_dirs {
            writer.begin_object().key("path").string(&dir.path);
            if dir.offline {
                writer.key("state").string("offline");
            }
            if let Some(bytes) = dir.capacity {
                writer.key("capacity_bytes").int(bytes.get());
            }
            if let Some(bytes) = dir.used {
                writer.key("used_bytes").int(bytes.get());
            }
            writer.end_object();
        }
        writer.end_array();
    }
    let rates = [
        ("in_capacity_bytes_per_sec", broker.in_capacity),
        ("out_capacity_bytes_per_sec", broker.out_capacity),
        ("disk_capacity_bytes_per_sec", broker.disk_capacity),
    ];
    for (key, rate) in rates {
        if let Some(rate) = rate {
            writer.key(key).float(rate.get());
        }
    }
    if let Some(cores) = broker.num_cores.filter(|_| everything) {
        writer.key("num_cores").float(cores);
    }
    if !broker.config.is_empty() {
        writer.key("config").value(&broker.config);
    }
    writer.end_object();
}

fn write_partition(writer: &mut Writer, snapshot: &Snapshot, row: usize) {
    let partitions = &snapshot.partitions;
    writer.begin_object().key("partition").int(partitions.id[row].get());
    write_ids(writer, "replicas", partitions.replicas.get(row));
    match partitions.leader[row] {
        Some(leader) => writer.key("leader").int(leader.get()),
        None => writer.key("leader").null(),
    };
    write_ids(writer, "isr", partitions.isr.get(row));
    for (key, few) in [("adding", &partitions.adding), ("removing", &partitions.removing)] {
        if let Some(ids) = few.get(&row) {
            write_ids(writer, key, ids);
        }
    }
    if let Some(size) = partitions.size[row] {
        writer.key("size_bytes").int(size.get());
    }
    for (key, rate) in
        [("bytes_in_per_sec", partitions.bytes_in[row]), ("bytes_out_per_sec", partitions.bytes_out[row])]
    {
        if rate != Traffic::ZERO {
            writer.key(key).float(rate.get());
        }
    }
    let range = partitions.replicas.range(row);
    let dirs = partitions.dir.get(range).unwrap_or_default();
    if dirs.iter().any(Option::is_some) {
        writer.key("log_dirs").begin_array();
        for dir in dirs {
            match dir {
                Some(name) => writer.string(&partitions.dir_names[name.0 as usize]),
                None => writer.null(),
            };
        }
        writer.end_array();
    }
    writer.end_object();
}

fn write_ids(writer: &mut Writer, key: &str, ids: &[BrokerId]) {
    writer.key(key).begin_array();
    for id in ids {
        writer.int(id.get());
    }
    writer.end_array();
}

#[cfg(test)]
#[path = "v1_tests.rs"]
mod tests;
