//! Names of racks, as they are asked for.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// Names of racks in ascending order, each once: `us-east-1a,us-east-1b`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RackNames(Vec<String>);

impl RackNames {
    /// Reads names between commas.
    ///
    /// # Errors
    /// What is wrong: no name between two commas, or one that stands twice.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::from_names(text.split(',').map(str::trim)).map_err(|what| format!("in `{text}` {what}"))
    }

    /// A set of these names.
    ///
    /// # Errors
    /// What is wrong: an empty name, or one that stands twice.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        names.sort_unstable();
        if names.iter().any(String::is_empty) {
            return Err("a name is empty; expected racks such as `us-east-1a,us-east-1b`".to_owned());
        }
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(format!("rack `{}` stands twice", pair[0])),
            None => Ok(RackNames(names)),
        }
    }

    /// Whether this rack is named.
    pub fn contains(&self, rack: &str) -> bool {
        self.iter().any(|name| name == rack)
    }

    /// The names in ascending order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether no rack is named.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for RackNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.join(","))
    }
}

impl<'de> Deserialize<'de> for RackNames {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names: Vec<String> = Vec::deserialize(deserializer)?;
        RackNames::from_names(names.iter().map(String::as_str)).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_order_each_once() {
        let racks = RackNames::parse("b, a").unwrap();
        assert_eq!(racks.to_string(), "a,b");
        assert!(racks.contains("a") && !racks.contains("c"));
        assert_eq!(RackNames::parse("a,a").unwrap_err(), "in `a,a` rack `a` stands twice");
        assert!(RackNames::parse("a,,b").is_err() && RackNames::parse("").is_err());
        let read: RackNames = serde_json::from_str(r#"["b","a"]"#).unwrap();
        assert_eq!(read, racks);
        assert!(serde_json::from_str::<RackNames>(r#"["a","a"]"#).is_err());
    }
}
