//! Kafka's own names for things: broker and partition ids, topic-partitions, sets of broker ids.

use std::fmt;

use rustc_hash::FxHashSet;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A broker's id as Kafka knows it (`broker.id`, `node.id`): 0 to 2^31−1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BrokerId(i32);

impl BrokerId {
    /// The broker `id`, which is not negative.
    pub const fn new(id: i32) -> Self {
        debug_assert!(id >= 0);
        BrokerId(id)
    }

    /// The id as a number.
    pub const fn get(self) -> i32 {
        self.0
    }

    /// The brokers among these, each once, in order.
    pub fn sorted(ids: impl IntoIterator<Item = BrokerId>) -> Vec<BrokerId> {
        // Few brokers come up many times each: it is cheaper to sort what is left.
        let mut seen = FxHashSet::default();
        let mut ids: Vec<BrokerId> = ids.into_iter().filter(|&id| seen.insert(id)).collect();
        ids.sort_unstable();
        ids
    }
}

impl fmt::Display for BrokerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number of a partition in its topic: 0 to 2^31−1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PartitionId(i32);

impl PartitionId {
    /// The partition `id`, which is not negative.
    pub const fn new(id: i32) -> Self {
        debug_assert!(id >= 0);
        PartitionId(id)
    }

    /// The id as a number.
    pub const fn get(self) -> i32 {
        self.0
    }
}

impl fmt::Display for PartitionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One partition of one topic; prints as Kafka's tools write it, `orders-7`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    /// The topic's name.
    pub topic: String,
    /// The partition's number.
    pub partition: PartitionId,
}

impl TopicPartition {
    /// Splits `a-b-3` into topic `a-b`, partition 3: Kafka's tools split at the last dash.
    pub fn parse(text: &str) -> Option<Self> {
        let (topic, partition) = text.rsplit_once('-')?;
        let partition = parse_id(partition)?;
        (!topic.is_empty()).then(|| TopicPartition { topic: topic.to_owned(), partition: PartitionId(partition) })
    }
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

/// Why Kafka would refuse a topic of this name, if it would.
pub fn topic_name_fault(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("is empty")
    } else if name == "." || name == ".." {
        Some("is `.` or `..`")
    } else if name.len() > 249 {
        Some("is longer than 249 characters")
    } else if !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')) {
        Some("has a character other than ASCII letters, digits, `.`, `_` and `-`")
    } else {
        None
    }
}

/// Kafka's and its ecosystem's own topics, such as `__consumer_offsets`: they move last.
pub fn is_internal_topic(name: &str) -> bool {
    name.starts_with("__")
}

/// A set of broker ids, in ascending order; reads and prints `1001-1012,1020`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdSet(Vec<BrokerId>);

/// Above this many ids in one range it is a typing error rather than a cluster.
const RANGE_MAX: i64 = 1_000_000;

impl IdSet {
    /// Reads `1001-1012,1020`.
    ///
    /// # Errors
    /// A sentence naming the part that is wrong: reversed ranges, repeated ids, ids beyond int32.
    pub fn parse(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "expected broker ids such as `1001-1012,1020`";
        let mut ids = Vec::new();
        for part in text.split(',') {
            let part = part.trim();
            if part.is_empty() {
                return Err(format!("`{text}` has an empty part; {EXPECTED}"));
            }
            let id = |digits: &str| {
                parse_id(digits.trim())
                    .ok_or_else(|| format!("`{part}` is no broker id or range of ids from 0 to 2147483647; {EXPECTED}"))
            };
            let (first, last) = match part.split_once('-') {
                Some((first, last)) => (id(first)?, id(last)?),
                None => (id(part)?, id(part)?),
            };
            if first > last {
                return Err(format!("the range `{part}` is reversed; write `{last}-{first}`"));
            }
            if i64::from(last) - i64::from(first) >= RANGE_MAX {
                return Err(format!("the range `{part}` spans more than {RANGE_MAX} ids; {EXPECTED}"));
            }
            ids.extend((first..=last).map(BrokerId));
        }
        ids.sort_unstable();
        if let Some([id, ..]) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(format!("broker {id} stands twice in `{text}`"));
        }
        Ok(IdSet(ids))
    }

    /// The set of these ids.
    ///
    /// # Errors
    /// A sentence naming the first id that stands twice.
    pub fn from_ids(ids: impl IntoIterator<Item = BrokerId>) -> Result<Self, String> {
        let mut ids: Vec<_> = ids.into_iter().collect();
        ids.sort_unstable();
        match ids.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(format!("broker {} stands twice", pair[0])),
            None => Ok(IdSet(ids)),
        }
    }

    /// Whether `id` is in the set.
    pub fn contains(&self, id: BrokerId) -> bool {
        self.0.binary_search(&id).is_ok()
    }

    /// The ids in ascending order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = BrokerId> + '_ {
        self.0.iter().copied()
    }

    /// The ids in ascending order.
    pub fn as_slice(&self) -> &[BrokerId] {
        &self.0
    }

    /// How many ids there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no id.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for IdSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_slice();
        let mut separator = "";
        while let [first, ..] = rest {
            let run = (1..rest.len()).take_while(|&i| rest[i].0 - first.0 == i as i32).count();
            match run {
                0 => write!(f, "{separator}{first}")?,
                _ => write!(f, "{separator}{first}-{}", rest[run])?,
            }
            separator = ",";
            rest = &rest[run + 1..];
        }
        Ok(())
    }
}

impl Serialize for IdSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for IdSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() { Ok(IdSet::default()) } else { IdSet::parse(&text).map_err(serde::de::Error::custom) }
    }
}

/// The one id of `known` that `typed` was plausibly meant to be: as long, with two neighbouring digits
/// swapped or else with one digit wrong. Of several such ids none is likelier than the others, and ids of
/// one digit are all alike.
pub fn near_id(typed: BrokerId, known: impl IntoIterator<Item = BrokerId>) -> Option<BrokerId> {
    let digits = |id: BrokerId| id.get().to_string().into_bytes();
    let typed = digits(typed);
    let (mut swapped, mut changed) = (Vec::new(), Vec::new());
    for id in known {
        let other = digits(id);
        if other.len() != typed.len() || typed.len() < 2 {
            continue;
        }
        let wrong: Vec<usize> = (0..typed.len()).filter(|&at| typed[at] != other[at]).collect();
        match wrong.as_slice() {
            [_] => changed.push(id),
            &[a, b] if b == a + 1 && typed[a] == other[b] && typed[b] == other[a] => swapped.push(id),
            _ => {}
        }
    }
    match (swapped.as_slice(), changed.as_slice()) {
        (&[only], _) | ([], &[only]) => Some(only),
        _ => None,
    }
}

/// Finds the row of a broker by its id: a table where ids are small, a search where they are not.
#[derive(Clone, Debug, Default)]
pub struct IdTable {
    ids: Vec<BrokerId>,
    /// One past the row of each id, zero where there is none; empty when ids are too large.
    rows: Vec<u32>,
}

/// Above this id a table of all ids would cost more than it saves.
const TABLE_MAX: usize = 1 << 20;

impl IdTable {
    /// A table of ids that stand in ascending order, each once; their rows are counted from 0.
    pub fn new(ids: impl Iterator<Item = BrokerId>) -> Self {
        let ids: Vec<BrokerId> = ids.collect();
        let len = ids.last().map_or(0, |last| last.get() as usize + 1);
        let mut rows = Vec::new();
        if len <= TABLE_MAX {
            rows = vec![0; len];
            for (row, id) in ids.iter().enumerate() {
                rows[id.get() as usize] = row as u32 + 1;
            }
        }
        IdTable { ids, rows }
    }

    /// The row of an id.
    #[inline]
    pub fn row(&self, id: BrokerId) -> Option<usize> {
        if self.rows.is_empty() {
            return self.ids.binary_search(&id).ok();
        }
        self.rows.get(id.get() as usize).and_then(|&row| row.checked_sub(1)).map(|row| row as usize)
    }
}

/// A whole number from 0 to 2^31−1 in plain digits.
fn parse_id(digits: &str) -> Option<i32> {
    (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_ids_are_read_and_printed() {
        let set = IdSet::parse("1020, 1001-1003").unwrap();
        assert_eq!(set.to_string(), "1001-1003,1020");
        assert!(set.contains(BrokerId(1002)) && !set.contains(BrokerId(1004)));
        assert_eq!(IdSet::parse("1,2").unwrap().to_string(), "1-2");
    }

    #[test]
    fn wrong_sets_are_refused() {
        for text in
            ["", "12-10", "0-4294967295", "1,,2", "1,1", "1-3,2", "a", "-1", "1-", "1-2-3", "+1", "0-2147483647"]
        {
            assert!(IdSet::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn rows_are_found_by_id_whether_ids_are_small_or_large() {
        for last in [2_000, i32::MAX] {
            let table = IdTable::new([0, 7, 1_000, last].map(BrokerId).into_iter());
            let rows = [0, 1, 7, 999, 1_000, last, last - 1].map(|id| table.row(BrokerId(id)));
            assert_eq!(rows, [Some(0), None, Some(1), None, Some(2), Some(3), None], "{last}");
        }
        assert_eq!(IdTable::default().row(BrokerId(0)), None);
    }

    #[test]
    fn a_broker_is_offered_only_for_a_plausible_slip() {
        let near = |typed: i32, known: &str| near_id(BrokerId(typed), IdSet::parse(known).unwrap().iter());
        assert_eq!(near(1104, "0-11,1001-1012"), Some(BrokerId(1004)));
        assert_eq!(near(1030, "1003,1011"), Some(BrokerId(1003)), "two digits swapped");
        assert_eq!(near(1021, "1012,1011"), Some(BrokerId(1012)), "a swap is likelier than a wrong digit");
        for (typed, known) in [(99, "1-5"), (9, "1-8"), (4711, "1001-1012"), (101, "1,10,1010"), (1013, "1001-1012")] {
            assert_eq!(near(typed, known), None, "{typed}");
        }
    }

    #[test]
    fn topic_partitions_split_at_the_last_dash() {
        let parsed = TopicPartition::parse("a-b-3").unwrap();
        assert_eq!((parsed.topic.as_str(), parsed.partition.0), ("a-b", 3));
        assert_eq!(TopicPartition::parse(".hidden.-7-0").unwrap().topic, ".hidden.-7");
        assert!(TopicPartition::parse("orders").is_none());
        assert!(TopicPartition::parse("orders--1").is_some_and(|p| p.topic == "orders-"));
    }
}
