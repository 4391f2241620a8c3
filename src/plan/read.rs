//! Reading a plan file back, straight into columns.

use std::fmt;

use rustc_hash::FxHashMap;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::{
    ANY_DIR, AtRisk, Bottleneck, ClusterIdentity, Dates, Deferred, Drift, EarlierThrottles, Estimate, KIND, Limit,
    Moves, Plan, PlanBroker, Stage, Summary, Throttle, VERSION, Warning, Wave, WaveDates,
};
use crate::base::error::{Code, Error, Place, Result};
use crate::base::ids::{PartitionId, topic_name_fault};
use crate::base::index::Csr;
use crate::base::json::{self, Skip};
use crate::base::stream::{Each, Element, Ids, KafkaId, Leader, Seen, Size, Step, Text, Trail, keys};
use crate::base::text::counted;
use crate::base::units::{Bytes, Seconds};
use crate::request::Request;

/// Reads a plan; `source` names the file in messages.
///
/// Unknown keys are ignored.
///
/// # Errors
/// Text that is no JSON, another kind or version, missing or repeated keys, values of the wrong type, with
/// the place of the fault.
pub fn read(text: &str, source: &str) -> Result<Plan> {
    let mut reader = Reader::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = Document(&mut reader).deserialize(&mut deserializer).and_then(|()| deserializer.end());
    match read {
        Ok(()) => {
            reader.known_kind(source)?;
            reader.finish(source)
        }
        Err(error) => {
            let fault = reader.trail.fault(&error, source);
            // A file of another kind or version fails somewhere inside; its kind is the better answer.
            if reader.kind.is_none()
                && error.is_data()
                && let Ok(value) = json::value_of(text, source)
            {
                reader.kind = Some(value["kind"].as_str().unwrap_or_default().to_owned());
                reader.version = value["version"].as_u64();
            }
            if reader.kind.is_some() && (reader.version.is_some() || reader.kind.as_deref() != Some(KIND)) {
                reader.known_kind(source)?;
            }
            Err(fault)
        }
    }
}

/// The plan being filled, and where in the document we are.
#[derive(Default)]
struct Reader {
    trail: Trail,
    kind: Option<String>,
    version: Option<u64>,
    kshift: Option<String>,
    request: Option<Request>,
    cluster: Option<ClusterIdentity>,
    brokers: Vec<PlanBroker>,
    summary: Option<Summary>,
    topics: Names,
    dirs: Names,
    moves: Moves,
    waves: Vec<Wave>,
    deferred: Vec<Deferred>,
    warnings: Vec<Warning>,
    complete: bool,
    drift: Option<Drift>,
    throttles_before: EarlierThrottles,
}

/// Names numbered in order of first use.
#[derive(Default)]
struct Names {
    numbers: FxHashMap<String, u32>,
    names: Vec<String>,
}

impl Names {
    /// The number of a name; a new one is looked at by `fault` first.
    fn number(&mut self, name: &str, fault: impl Fn(&str) -> Option<String>) -> Result<u32, String> {
        if let Some(&number) = self.numbers.get(name) {
            return Ok(number);
        }
        if let Some(fault) = fault(name) {
            return Err(fault);
        }
        let number = self.names.len() as u32;
        self.numbers.insert(name.to_owned(), number);
        self.names.push(name.to_owned());
        Ok(number)
    }
}

impl Reader {
    fn trail(&mut self) -> &mut Trail {
        &mut self.trail
    }

    fn known_kind(&self, source: &str) -> Result<()> {
        if self.kind.as_deref() != Some(KIND) {
            let kind = self.kind.as_deref().filter(|kind| !kind.is_empty());
            let found = kind.map_or("no `kind`".to_owned(), |kind| format!("kind `{kind}`"));
            return Err(Error::new(Code::WrongKind, format!("{found}; expected a plan of kind `{KIND}`"))
                .at(Place::path(source, "kind"))
                .help("a plan is the plan.json in a directory that `kshift plan --out` wrote"));
        }
        if self.version != Some(VERSION) {
            let found = self.version.map_or("none".to_owned(), |version| version.to_string());
            return Err(Error::new(
                Code::WrongVersion,
                format!("plan version {found}; this kshift reads version {VERSION}"),
            )
            .at(Place::path(source, "version"))
            .help("plan again with this kshift, or read the plan with the kshift that wrote it"));
        }
        Ok(())
    }

    /// The plan, once everything is read: topics sorted, sums within bounds.
    fn finish(mut self, source: &str) -> Result<Plan> {
        self.brokers.sort_by_key(|broker| broker.id);
        if let Some(pair) = self.brokers.windows(2).find(|pair| pair[0].id == pair[1].id) {
            return Err(Error::new(Code::Duplicate, format!("broker {} stands twice among the brokers", pair[0].id))
                .at(Place::path(source, "brokers")));
        }
        self.sums_fit(source)?;
        let topics = self.sort_topics();
        self.moves.dir_names = self.dirs.names;
        let here = "the document has them all";
        Ok(Plan {
            kshift: self.kshift.expect(here),
            request: self.request.expect(here),
            cluster: self.cluster.expect(here),
            brokers: self.brokers,
            summary: self.summary.expect(here),
            topics,
            moves: self.moves,
            waves: self.waves,
            deferred: self.deferred,
            warnings: self.warnings,
            complete: self.complete,
            drift: self.drift,
            throttles_before: self.throttles_before,
        })
    }

    /// No sum of a plan may leave 63 bits, so that whoever adds up need not ask.
    fn sums_fit(&self, source: &str) -> Result<()> {
        let (moves, limit) = (&self.moves, u128::from(Bytes::MAX.get()));
        let row = |row: usize| {
            let copies = moves.replicas.get(row).len() + moves.previous.get(row).len();
            u128::from(moves.size[row].get()) * copies as u128
        };
        let dirs = self.brokers.iter().flat_map(|broker| &broker.log_dirs);
        let dir = |bytes: fn(&super::PlanDir) -> u64| dirs.clone().map(|dir| u128::from(bytes(dir))).sum::<u128>();
        let sums = [
            ("waves", (0..moves.size.len()).map(row).sum::<u128>()),
            ("brokers", dir(|dir| dir.capacity_bytes.unwrap_or_default().get())),
            ("brokers", dir(|dir| dir.used_before_bytes.get())),
            ("brokers", dir(|dir| dir.used_peak_bytes.get())),
            ("brokers", dir(|dir| dir.used_after_bytes.get())),
        ];
        match sums.iter().find(|(_, sum)| *sum > limit) {
            Some((path, _)) => {
                Err(Error::new(Code::InvalidSize, "sizes add up to more than 2^63 bytes; no cluster does")
                    .at(Place::path(source, *path)))
            }
            None => Ok(()),
        }
    }

    /// Numbers the topics of the moves in order of their names.
    fn sort_topics(&mut self) -> Vec<String> {
        let names = std::mem::take(&mut self.topics.names);
        let mut order: Vec<u32> = (0..names.len() as u32).collect();
        order.sort_unstable_by(|&a, &b| names[a as usize].cmp(&names[b as usize]));
        let mut number = vec![0; names.len()];
        for (new, &old) in order.iter().enumerate() {
            number[old as usize] = new as u32;
        }
        for topic in &mut self.moves.topic {
            *topic = number[*topic as usize];
        }
        let mut names: Vec<Option<String>> = names.into_iter().map(Some).collect();
        order.iter().filter_map(|&old| names[old as usize].take()).collect()
    }
}

keys!(DocumentKey {
    Kind = "kind", Version = "version", Kshift = "kshift", Request = "request", Cluster = "cluster",
    Brokers = "brokers", Summary = "summary", Waves = "waves", Deferred = "deferred", Warnings = "warnings",
    Complete = "complete", Drift = "drift", ThrottlesBefore = "throttles_before",
});

struct Document<'r>(&'r mut Reader);
impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}
impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a plan object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let reader = self.0;
        let mut seen = Seen::default();
        while let Some(key) = map.next_key::<DocumentKey>()? {
            reader.trail.enter(Step::Key(key.text()));
            if key.is_known() {
                seen.first_time(key as usize, key.text())?;
            }
            match key {
                DocumentKey::Kind => reader.kind = map.next_value()?,
                DocumentKey::Version => reader.version = map.next_value()?,
                DocumentKey::Kshift => reader.kshift = Some(map.next_value()?),
                DocumentKey::Request => reader.request = Some(map.next_value()?),
                DocumentKey::Cluster => reader.cluster = Some(map.next_value()?),
                DocumentKey::Brokers => map.next_value_seed(each(reader, "an array of brokers", BrokerElement))?,
                DocumentKey::Summary => reader.summary = Some(map.next_value()?),
                DocumentKey::Waves => map.next_value_seed(each(reader, "an array of waves", WaveElement))?,
                DocumentKey::Deferred => reader.deferred = map.next_value()?,
                DocumentKey::Warnings => reader.warnings = map.next_value()?,
                DocumentKey::Complete => reader.complete = map.next_value()?,
                DocumentKey::Drift => reader.drift = map.next_value()?,
                DocumentKey::ThrottlesBefore => reader.throttles_before = map.next_value()?,
                DocumentKey::Unknown => map.next_value_seed(Skip)?,
            }
            reader.trail.leave();
        }
        // Kind and version are asked for when the whole is read; their absence has a better message there.
        let is_ours = reader.kind.as_deref() == Some(KIND) && reader.version == Some(VERSION);
        if is_ours { seen.all(DocumentKey::TEXTS, DocumentKey::Drift as usize, "the plan") } else { Ok(()) }
    }
}

fn each<'r, E>(reader: &'r mut Reader, expecting: &'static str, element: E) -> Each<'r, Reader, E> {
    Each { context: reader, expecting, trail: Reader::trail, element }
}

struct BrokerElement;
impl<'de> Element<'de, Reader> for BrokerElement {
    fn read<D: Deserializer<'de>>(&mut self, reader: &mut Reader, _: usize, from: D) -> Result<(), D::Error> {
        let broker: PlanBroker = serde::Deserialize::deserialize(from)?;
        if broker.id.get() < 0 {
            let found = broker.id.get();
            return Err(D::Error::custom(format!("found `id` {found}, expected a broker id from 0 to 2147483647")));
        }
        reader.brokers.push(broker);
        Ok(())
    }
}

keys!(WaveKey {
    Index = "index", Stage = "stage", Partitions = "partitions", CopySeconds = "copy_seconds",
    DurationSeconds = "duration_seconds", Bottleneck = "bottleneck", Throttle = "throttle", StartsAt = "starts_at",
    EndsAt = "ends_at", Limit = "limit", RollbackSeconds = "rollback_seconds",
    RollbackPeakDiskUtilization = "rollback_peak_disk_utilization", AtRisk = "at_risk",
});

struct WaveElement;
impl<'de> Element<'de, Reader> for WaveElement {
    fn read<D: Deserializer<'de>>(&mut self, reader: &mut Reader, index: usize, from: D) -> Result<(), D::Error> {
        let wave = from.deserialize_map(WaveVisitor(reader))?;
        if wave.index as usize != index + 1 {
            let found = wave.index;
            return Err(D::Error::custom(format!(
                "found `index` {found}, expected {}: waves are numbered in order",
                index + 1
            )));
        }
        reader.waves.push(wave);
        Ok(())
    }
}

struct WaveVisitor<'r>(&'r mut Reader);
impl<'de> Visitor<'de> for WaveVisitor<'_> {
    type Value = Wave;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a wave object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Wave, A::Error> {
        let reader = self.0;
        let start = reader.moves.size.len();
        let (mut index, mut stage, mut seen) = (0, Stage::Data, Seen::default());
        let (mut copy_seconds, mut duration_seconds) = (None::<Seconds>, None::<Estimate>);
        let (mut bottleneck, mut limit, mut throttle) = (None::<Bottleneck>, None::<Limit>, None::<Throttle>);
        let (mut rollback_seconds, mut rollback_peak_disk_utilization) = (None::<Seconds>, None::<f64>);
        let (mut starts_at, mut ends_at, mut at_risk) = (None::<Dates>, None::<Dates>, None::<AtRisk>);
        while let Some(key) = map.next_key::<WaveKey>()? {
            reader.trail.enter(Step::Key(key.text()));
            if key.is_known() {
                seen.first_time(key as usize, key.text())?;
            }
            match key {
                WaveKey::Index => index = map.next_value()?,
                WaveKey::Stage => stage = map.next_value()?,
                WaveKey::Partitions => map.next_value_seed(each(reader, "an array of partitions", MoveElement))?,
                WaveKey::CopySeconds => copy_seconds = map.next_value()?,
                WaveKey::DurationSeconds => duration_seconds = map.next_value()?,
                WaveKey::Bottleneck => bottleneck = map.next_value()?,
                WaveKey::Limit => limit = map.next_value()?,
                WaveKey::Throttle => throttle = map.next_value()?,
                WaveKey::StartsAt => starts_at = map.next_value()?,
                WaveKey::EndsAt => ends_at = map.next_value()?,
                WaveKey::RollbackSeconds => rollback_seconds = map.next_value()?,
                WaveKey::RollbackPeakDiskUtilization => rollback_peak_disk_utilization = map.next_value()?,
                WaveKey::AtRisk => at_risk = map.next_value()?,
                WaveKey::Unknown => map.next_value_seed(Skip)?,
            }
            reader.trail.leave();
        }
        seen.all(WaveKey::TEXTS, WaveKey::CopySeconds as usize, "a wave")?;
        let rows = start..reader.moves.size.len();
        if starts_at.is_some() != ends_at.is_some() {
            return Err(A::Error::custom("`starts_at` and `ends_at` stand together or not at all"));
        }
        let dates = starts_at.zip(ends_at).map(|(starts_at, ends_at)| WaveDates { starts_at, ends_at });
        Ok(Wave {
            index,
            stage,
            copy_seconds,
            duration_seconds,
            bottleneck,
            limit,
            throttle,
            dates,
            rollback_seconds,
            rollback_peak_disk_utilization,
            at_risk,
            rows,
        })
    }
}

keys!(MoveKey {
    Topic = "topic", Partition = "partition", Replicas = "replicas", Previous = "previous", Leader = "leader",
    LeaderAfter = "leader_after", Size = "size_bytes", LogDirs = "log_dirs", PreviousLogDirs = "previous_log_dirs",
});

struct MoveElement;
impl<'de> Element<'de, Reader> for MoveElement {
    fn read<D: Deserializer<'de>>(&mut self, reader: &mut Reader, _: usize, from: D) -> Result<(), D::Error> {
        from.deserialize_map(MoveVisitor(reader))
    }
}

struct MoveVisitor<'r>(&'r mut Reader);
impl<'de> Visitor<'de> for MoveVisitor<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a partition object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Reader { trail, topics, dirs, moves, .. } = self.0;
        let mut seen = Seen::default();
        while let Some(key) = map.next_key::<MoveKey>()? {
            trail.enter(Step::Key(key.text()));
            if key.is_known() {
                seen.first_time(key as usize, key.text())?;
            }
            match key {
                MoveKey::Topic => {
                    let number = |name: &str| topics.number(name, topic_fault);
                    moves.topic.push(map.next_value_seed(Text("a topic name", number))?);
                }
                MoveKey::Partition => {
                    moves.partition.push(PartitionId::new(map.next_value_seed(KafkaId("a partition number"))?));
                }
                MoveKey::Replicas => map.next_value_seed(Ids(trail, &mut moves.replicas))?,
                MoveKey::Previous => map.next_value_seed(Ids(trail, &mut moves.previous))?,
                MoveKey::Leader => moves.leader.push(map.next_value_seed(Leader)?),
                MoveKey::LeaderAfter => moves.leader_after.push(map.next_value_seed(Leader)?),
                MoveKey::Size => moves.size.push(map.next_value_seed(Size)?),
                MoveKey::LogDirs => map.next_value_seed(DirPaths(trail, dirs, &mut moves.dir))?,
                MoveKey::PreviousLogDirs => map.next_value_seed(DirPaths(trail, dirs, &mut moves.previous_dir))?,
                MoveKey::Unknown => map.next_value_seed(Skip)?,
            }
            trail.leave();
        }
        seen.all(MoveKey::TEXTS, MoveKey::LogDirs as usize, "a partition")?;
        for (key, lists, column) in [
            ("log_dirs", &moves.replicas, &mut moves.dir),
            ("previous_log_dirs", &moves.previous, &mut moves.previous_dir),
        ] {
            let (dirs, replicas) = (column.open_list().len(), lists.get(lists.len() - 1).len());
            if dirs != 0 && dirs != replicas {
                trail.enter(Step::Key(key));
                let what = format!(
                    "found {}, expected one for each of {}",
                    counted(dirs, "log dir"),
                    counted(replicas, "replica")
                );
                return Err(A::Error::custom(what));
            }
            column.end_list();
        }
        Ok(())
    }
}

fn topic_fault(name: &str) -> Option<String> {
    topic_name_fault(name).map(|fault| format!("topic name `{name}` {fault}"))
}

/// An array of log dir paths, `any` where none is chosen; the list stays open, since it may not come at all.
struct DirPaths<'t>(&'t mut Trail, &'t mut Names, &'t mut Csr<u32>);
impl<'de> DeserializeSeed<'de> for DirPaths<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}
impl<'de> Visitor<'de> for DirPaths<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of log dir paths")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let DirPaths(trail, names, list) = self;
        for index in 0.. {
            trail.enter(Step::Index(index));
            let number = |path: &str| if path == "any" { Ok(ANY_DIR) } else { names.number(path, path_fault) };
            let dir = seq.next_element_seed(Text("a log dir path or `any`", number))?;
            trail.leave();
            let Some(dir) = dir else { break };
            list.push_value(dir);
        }
        Ok(())
    }
}

fn path_fault(path: &str) -> Option<String> {
    (!path.starts_with('/')).then(|| format!("found `{path}`, expected an absolute path or `any`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{sample, write};

    fn written() -> String {
        String::from_utf8(write(&sample::sample())).unwrap()
    }

    fn fault(text: &str) -> Error {
        read(text, "plan.json").unwrap_err()
    }

    fn path(error: &Error) -> &str {
        error.place().and_then(|place| place.path.as_deref()).unwrap_or_default()
    }

    /// The written sample with one piece replaced, which must be there.
    fn with(from: &str, to: &str) -> String {
        let text = written();
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    }

    #[test]
    fn a_plan_reads_back_to_the_same_value_and_the_same_bytes() {
        for plan in [sample::sample(), sample::large(12_345), sample::empty(&[])] {
            let text = String::from_utf8(write(&plan)).unwrap();
            let back = read(&text, "plan.json").unwrap();
            assert!(back.waves == plan.waves && back.moves.replicas == plan.moves.replicas);
            assert_eq!((&back.summary, &back.brokers, &back.deferred), (&plan.summary, &plan.brokers, &plan.deferred));
            assert_eq!(back.request, plan.request);
            assert!(String::from_utf8(write(&back)).unwrap() == text);
        }
        assert_eq!(read(&written(), "plan.json").unwrap(), sample::sample());
    }

    #[test]
    fn a_wave_without_partitions_is_kept() {
        let mut plan = sample::sample();
        sample::push_wave(&mut plan, Stage::Data, None, &[]);
        let text = String::from_utf8(write(&plan)).unwrap();
        assert!(text.contains(r#""index":4,"stage":"data","copy_seconds":null,"duration_seconds":null,"bottleneck":null,"throttle":null,"rollback_seconds":null,"rollback_peak_disk_utilization":null,"partitions":[]}"#));
        assert_eq!(read(&text, "plan.json").unwrap(), plan);
    }

    #[test]
    fn floats_keep_every_digit() {
        for value in ["1.2345678901234567", "0.1", "123456789012345.67", "5e-324", "22220.1", "0.30000000000000004"] {
            let text = with("\"peak_disk_utilization\":0.6", &format!("\"peak_disk_utilization\":{value}"));
            let back = String::from_utf8(write(&read(&text, "plan.json").unwrap())).unwrap();
            assert_eq!(back, text);
        }
    }

    #[test]
    fn keys_in_any_order_and_unknown_keys_are_taken() {
        let moved = r#"{"size_bytes":100000000000,"leader_after":10,"leader":1001,"later":{"x":[1]},"previous_log_dirs":["/kafka/d1","/kafka/d1","any"],"log_dirs":["/kafka/d2","any","any"],"previous":[1001,1003,7],"replicas":[10,1003,7],"partition":0,"topic":"a-b"}"#;
        let text = written();
        let start = text.find(r#"{"topic":"a-b","partition":0,"#).unwrap();
        let end = start + text[start..].find('}').unwrap() + 1;
        let text = text.replace(&text[start..end], moved).replace("\"version\":1,", "\"version\":1,\"later\":null,");
        // Log dirs may be numbered otherwise; what is written is the same.
        assert_eq!(String::from_utf8(write(&read(&text, "plan.json").unwrap())).unwrap(), written());
    }

    #[test]
    fn another_kind_or_version_is_named_even_when_the_rest_does_not_fit() {
        let cases = [
            (with("kshift.plan", "kshift.cluster"), Code::WrongKind, "kind `kshift.cluster`"),
            (r#"{"version":1,"partitions":[]}"#.to_owned(), Code::WrongKind, "no `kind`"),
            (r#"{"waves":7,"kind":"other","version":1}"#.to_owned(), Code::WrongKind, "kind `other`"),
            (with("\"version\":1", "\"version\":2").replace("canary", "flight"), Code::WrongVersion, "version 2"),
            (r#"{"kind":"kshift.plan"}"#.to_owned(), Code::WrongVersion, "version none"),
            ("[]".to_owned(), Code::WrongKind, "no `kind`"),
        ];
        for (text, code, says) in cases {
            let error = fault(&text);
            assert_eq!(error.code(), code, "{error}");
            assert!(error.message().contains(says), "{error}");
        }
    }

    #[test]
    fn repeated_keys_are_refused_with_their_path() {
        let cases = [
            (with("\"complete\":", "\"complete\":true,\"complete\":"), "complete"),
            (with("\"stage\":\"data\"", "\"stage\":\"data\",\"stage\":\"data\""), "waves[1].stage"),
            (with("\"partition\":2,", "\"partition\":2,\"partition\":2,"), "waves[1].partitions[1].partition"),
            (with("\"canary\":1", "\"canary\":1,\"canary\":1"), "request"),
            (with("{\"id\":7,", "{\"id\":7,\"id\":7,"), "brokers[2]"),
            (with("\"kind\":", "\"x\":{\"a\":1,\"a\":2},\"kind\":"), ""),
        ];
        for (text, at) in cases {
            let error = fault(&text);
            assert_eq!((error.code(), path(&error)), (Code::DuplicateKey, at), "{error}");
            assert!(error.place().unwrap().column.is_some());
        }
    }

    #[test]
    fn wrong_values_are_refused_with_their_path() {
        let cases = [
            (with("[10,1003,7]", "[10,-3,7]"), Code::InvalidField, "waves[0].partitions[0].replicas[1]"),
            (with("[10,1003,7]", "[]"), Code::InvalidField, "waves[0].partitions[0].replicas"),
            (with("[10,1003,7]", "10"), Code::InvalidField, "waves[0].partitions[0].replicas"),
            (
                with("\"partition\":2", "\"partition\":2147483648"),
                Code::InvalidField,
                "waves[1].partitions[1].partition",
            ),
            (with("\"size_bytes\":4321", "\"size_bytes\":1.5"), Code::InvalidSize, "waves[2].partitions[0].size_bytes"),
            (
                with("\"size_bytes\":4321", "\"size_bytes\":\"1\""),
                Code::InvalidSize,
                "waves[2].partitions[0].size_bytes",
            ),
            (with(",\"size_bytes\":4321", ""), Code::MissingField, "waves[2].partitions[0]"),
            (with("\"leader\":null,", ""), Code::MissingField, "waves[2].partitions[0]"),
            (with("\"topic\":\"a-b\",", "\"topic\":\"a b\","), Code::InvalidField, "waves[0].partitions[0].topic"),
            (with("[\"/kafka/d2\",", "["), Code::InvalidField, "waves[0].partitions[0].log_dirs"),
            (with("\"/kafka/d2\",\"any\"", "\"d2\",\"any\""), Code::InvalidField, "waves[0].partitions[0].log_dirs[0]"),
            (with("\"stage\":\"data\"", "\"stage\":\"flood\""), Code::InvalidField, "waves[1].stage"),
            (with("\"index\":2", "\"index\":3"), Code::InvalidField, "waves[1]"),
            (with(",\"complete\":false", ""), Code::MissingField, ""),
            (with("{\"id\":1,", "{\"id\":-1,"), Code::InvalidField, "brokers[0]"),
            (with("\"bytes_moved\":", "\"bytes_moved\":-"), Code::InvalidField, "summary"),
        ];
        for (text, code, at) in cases {
            let error = fault(&text);
            assert_eq!((error.code(), path(&error)), (code, at), "{error}");
        }
        assert_eq!(fault(&with("{\"id\":7,", "{\"id\":2,")).code(), Code::Duplicate);
        let huge = with("\"size_bytes\":4321", "\"size_bytes\":9223372036854775807");
        assert_eq!(fault(&huge).code(), Code::InvalidSize);
    }

    #[test]
    fn a_plan_cut_off_anywhere_is_refused_and_never_panics() {
        let text = written();
        for end in (0..text.len()).step_by(7) {
            let error = fault(&text[..end]);
            assert_eq!(error.code(), Code::InvalidJson, "{end}: {error}");
            assert!(error.place().unwrap().line.is_some());
        }
        assert_eq!(fault(&(text + " x")).code(), Code::InvalidJson);
    }
}
