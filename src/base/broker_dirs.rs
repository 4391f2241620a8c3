//! Log dirs of brokers, as they are asked for.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ids::BrokerId;

/// Log dirs in order of broker and path, each once: `3:/kafka/d1,3:/kafka/d2,4:/kafka/d1`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrokerDirs(Vec<(BrokerId, String)>);

impl BrokerDirs {
    /// Reads `BROKER:/path` between commas; Kafka itself allows no comma in a path.
    ///
    /// # Errors
    /// What is wrong: a piece without a broker or an absolute path, or a log dir that stands twice.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::from_texts(text.split(',').map(str::trim)).map_err(|what| format!("in `{text}` {what}"))
    }

    /// A set of log dirs, each as `BROKER:/path`.
    ///
    /// # Errors
    /// What is wrong: a text without a broker or an absolute path, or a log dir that stands twice.
    pub fn from_texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut dirs: Vec<(BrokerId, String)> = texts.into_iter().map(one).collect::<Result<_, _>>()?;
        dirs.sort_unstable();
        match dirs.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(format!("`{}:{}` stands twice", pair[0].0, pair[0].1)),
            None => Ok(BrokerDirs(dirs)),
        }
    }

    /// The log dirs in order of broker and path.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (BrokerId, &str)> {
        self.0.iter().map(|(broker, path)| (*broker, path.as_str()))
    }

    /// Whether this log dir is named.
    pub fn contains(&self, broker: BrokerId, path: &str) -> bool {
        self.iter().any(|dir| dir == (broker, path))
    }

    /// How many log dirs are named.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no log dir is named.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn one(text: &str) -> Result<(BrokerId, String), String> {
    let expected = "expected a broker and an absolute path, such as `3:/kafka/d1`";
    let (broker, path) = text.split_once(':').ok_or_else(|| format!("`{text}` names no broker; {expected}"))?;
    let is_id = !broker.is_empty() && broker.bytes().all(|byte| byte.is_ascii_digit());
    let id = broker.parse::<i32>().ok().filter(|_| is_id);
    let id = id.ok_or_else(|| format!("`{broker}` is no broker id; {expected}"))?;
    if !path.starts_with('/') {
        return Err(format!("`{path}` is no absolute path; {expected}"));
    }
    Ok((BrokerId::new(id), path.to_owned()))
}

impl fmt::Display for BrokerDirs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.iter().map(|(broker, path)| format!("{broker}:{path}")).collect();
        f.pad(&texts.join(","))
    }
}

impl Serialize for BrokerDirs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(|(broker, path)| format!("{broker}:{path}")))
    }
}

impl<'de> Deserialize<'de> for BrokerDirs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts: Vec<String> = Vec::deserialize(deserializer)?;
        BrokerDirs::from_texts(texts.iter().map(String::as_str)).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_dirs_stand_in_order_of_broker_and_path_each_once() {
        let dirs = BrokerDirs::parse("10:/d1, 3:/d:2,3:/d1").unwrap();
        assert_eq!(dirs.to_string(), "3:/d1,3:/d:2,10:/d1");
        assert!(dirs.contains(BrokerId::new(3), "/d:2") && !dirs.contains(BrokerId::new(10), "/d:2"));
        let text = serde_json::to_string(&dirs).unwrap();
        assert_eq!(text, r#"["3:/d1","3:/d:2","10:/d1"]"#);
        assert_eq!(serde_json::from_str::<BrokerDirs>(&text).unwrap(), dirs);
    }

    #[test]
    fn what_is_no_log_dir_of_a_broker_is_named() {
        for (text, says) in [
            ("/d1", "`/d1` names no broker"),
            ("x:/d1", "`x` is no broker id"),
            ("-3:/d1", "`-3` is no broker id"),
            ("99999999999:/d1", "is no broker id"),
            ("3:d1", "`d1` is no absolute path"),
            ("3:/d1,", "`` names no broker"),
            ("3:/d1,3:/d1", "`3:/d1` stands twice"),
        ] {
            let fault = BrokerDirs::parse(text).unwrap_err();
            assert!(fault.contains(says), "{text}: {fault}");
        }
        assert!(serde_json::from_str::<BrokerDirs>(r#"["3:/d1","3:/d1"]"#).is_err());
    }
}
