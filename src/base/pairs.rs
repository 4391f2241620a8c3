//! Twins: for each old broker the new one that takes its place, one to one.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ids::{BrokerId, IdSet};

/// Old brokers with their new ones, in ascending order of the old; reads and prints `1001:1,1002:2`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairs(Vec<(BrokerId, BrokerId)>);

const EXPECTED: &str = "expected pairs of an old and a new broker such as `1001:1,1002:2`";

impl Pairs {
    /// Reads `1001:1,1002:2`.
    ///
    /// # Errors
    /// A sentence naming the part that is wrong, or the id that stands twice or on both sides.
    pub fn parse(text: &str) -> Result<Self, String> {
        let pair = |part: &str| {
            let ids = part.split_once(':').and_then(|(old, new)| Some((one_id(old)?, one_id(new)?)));
            ids.ok_or_else(|| format!("`{part}` is no pair; {EXPECTED}"))
        };
        Pairs::new(text.split(',').map(|part| pair(part.trim())).collect::<Result<_, _>>()?)
    }

    /// These pairs of an old and a new broker.
    ///
    /// # Errors
    /// A sentence naming the id that stands twice or on both sides.
    pub fn new(mut pairs: Vec<(BrokerId, BrokerId)>) -> Result<Self, String> {
        pairs.sort_unstable();
        let old = IdSet::from_ids(pairs.iter().map(|pair| pair.0)).map_err(|what| format!("{what} among the old"))?;
        let new = IdSet::from_ids(pairs.iter().map(|pair| pair.1)).map_err(|what| format!("{what} among the new"))?;
        match old.iter().find(|&id| new.contains(id)) {
            Some(id) => Err(format!("broker {id} stands on both sides; {EXPECTED}")),
            None => Ok(Pairs(pairs)),
        }
    }

    /// The pairs in ascending order of the old broker.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (BrokerId, BrokerId)> + '_ {
        self.0.iter().copied()
    }

    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The old brokers.
    pub fn old(&self) -> IdSet {
        IdSet::from_ids(self.0.iter().map(|pair| pair.0)).unwrap_or_default()
    }

    /// The new brokers.
    pub fn new_ids(&self) -> IdSet {
        IdSet::from_ids(self.0.iter().map(|pair| pair.1)).unwrap_or_default()
    }
}

/// One id in plain digits.
fn one_id(text: &str) -> Option<BrokerId> {
    let set = IdSet::parse(text).ok()?;
    (set.len() == 1 && !text.contains('-')).then(|| set.as_slice()[0])
}

impl fmt::Display for Pairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (old, new)) in self.0.iter().enumerate() {
            write!(f, "{}{old}:{new}", if at == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

/// What is asked of pairs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pairing {
    /// The best matching of old brokers to new ones; a plan never has this: it names the pairs that were chosen.
    Auto,
    /// These pairs.
    Named(Pairs),
}

impl Pairing {
    /// Reads `auto` or `1001:1,1002:2`.
    ///
    /// # Errors
    /// As [`Pairs::parse`].
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == "auto" { Ok(Pairing::Auto) } else { Pairs::parse(text).map(Pairing::Named) }
    }

    /// The pairs, where they are named.
    pub fn named(&self) -> Option<&Pairs> {
        match self {
            Pairing::Auto => None,
            Pairing::Named(pairs) => Some(pairs),
        }
    }
}

impl fmt::Display for Pairing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pairing::Auto => f.write_str("auto"),
            Pairing::Named(pairs) => pairs.fmt(f),
        }
    }
}

impl Serialize for Pairing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Pairing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Pairing::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_read_in_any_order_and_printed_by_the_old_broker() {
        let pairs = Pairs::parse("1002:2, 1001:7").unwrap();
        assert_eq!(pairs.to_string(), "1001:7,1002:2");
        assert_eq!((pairs.old().to_string(), pairs.new_ids().to_string()), ("1001-1002".into(), "2,7".into()));
        assert_eq!(Pairing::parse("auto").unwrap(), Pairing::Auto);
    }

    #[test]
    fn what_is_not_one_to_one_is_refused_and_the_id_named() {
        for (text, says) in [
            ("1:2,1:3", "broker 1 stands twice among the old"),
            ("1:3,2:3", "broker 3 stands twice among the new"),
            ("1:2,2:3", "broker 2 stands on both sides"),
            ("1:1", "broker 1 stands on both sides"),
            ("", "`` is no pair"),
            ("1", "`1` is no pair"),
            ("1:2,", "`` is no pair"),
            ("1-2:3-4", "`1-2:3-4` is no pair"),
            ("1:2:3", "`1:2:3` is no pair"),
            ("a:1", "`a:1` is no pair"),
            ("1:4294967295", "is no pair"),
            ("AUTO", "`AUTO` is no pair"),
        ] {
            let fault = Pairing::parse(text).unwrap_err();
            assert!(fault.contains(says), "{text}: {fault}");
        }
    }
}
