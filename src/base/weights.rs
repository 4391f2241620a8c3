//! How much each load of leaders counts when they are chosen.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Weights of what a leader carries; reads and prints `leaders=1,in=2,out=0.5`. Only their ratios count.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Weights {
    /// Of the number of leaderships; at 0 they are not levelled either.
    pub leaders: f64,
    /// Of the bytes per second that are produced to them.
    #[serde(rename = "in")]
    pub bytes_in: f64,
    /// Of the bytes per second that are consumed from them.
    #[serde(rename = "out")]
    pub bytes_out: f64,
}

/// Above this a weight is a slip.
const MOST: f64 = 1e6;

impl Default for Weights {
    fn default() -> Self {
        Weights { leaders: 1.0, bytes_in: 1.0, bytes_out: 1.0 }
    }
}

impl Weights {
    /// Reads `leaders=1,in=2,out=0.5`; what is not named weighs 1.
    ///
    /// # Errors
    /// A sentence naming the part that is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let part = |part: &str| {
            let wrong = || format!("`{part}` is no weight; expected a name and a number such as `in=2`");
            let (name, value) = part.split_once('=').ok_or_else(wrong)?;
            let number: f64 = value.trim().parse().map_err(|_| wrong())?;
            Ok::<_, String>((name.trim().to_owned(), number))
        };
        Weights::new(&text.split(',').map(|text| part(text.trim())).collect::<Result<Vec<_>, _>>()?)
    }

    /// The weights of these names; what is not named weighs 1.
    ///
    /// # Errors
    /// A sentence naming the name that is unknown or stands twice, or the number that is no weight.
    pub fn new(named: &[(String, f64)]) -> Result<Self, String> {
        let mut weights = Weights::default();
        for (at, (name, value)) in named.iter().enumerate() {
            let weight = match name.as_str() {
                "leaders" => &mut weights.leaders,
                "in" => &mut weights.bytes_in,
                "out" => &mut weights.bytes_out,
                "disk" | "replicas" | "topics" => {
                    return Err(format!(
                        "`{name}` has no weight: disk fill, replicas and topics go before leaders, in a fixed order; \
                         expected `leaders`, `in` or `out`"
                    ));
                }
                _ => return Err(format!("there is no weight `{name}`; expected `leaders`, `in` or `out`")),
            };
            if named[..at].iter().any(|entry| entry.0 == *name) {
                return Err(format!("`{name}` stands twice"));
            }
            if !(0.0..=MOST).contains(value) {
                return Err(format!("`{name}={value}` is no weight; expected a number from 0 to {MOST}"));
            }
            *weight = *value;
        }
        if weights.all().iter().all(|&weight| weight <= 0.0) {
            return Err(format!("`{weights}` asks for nothing; expected a weight above 0"));
        }
        Ok(weights)
    }

    /// Of leaderships, produced and consumed bytes.
    pub const fn all(&self) -> [f64; 3] {
        [self.leaders, self.bytes_in, self.bytes_out]
    }

    /// Whether nobody asked for others.
    pub fn are_default(&self) -> bool {
        *self == Weights::default()
    }
}

impl fmt::Display for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "leaders={},in={},out={}", self.leaders, self.bytes_in, self.bytes_out)
    }
}

#[cfg(test)]
mod tests {
    use super::Weights;

    #[test]
    fn what_is_not_named_weighs_one() {
        assert_eq!(Weights::parse("in=2.5").unwrap().to_string(), "leaders=1,in=2.5,out=1");
        assert_eq!(Weights::parse("out=0, leaders=3").unwrap().to_string(), "leaders=3,in=1,out=0");
        assert!(Weights::parse("in=1").unwrap().are_default());
    }

    #[test]
    fn what_prints_reads_back() {
        let weights = Weights::parse("leaders=0.1,in=0,out=1000000").unwrap();
        assert_eq!(Weights::parse(&weights.to_string()).unwrap(), weights);
    }

    #[test]
    fn what_is_no_weight_is_named() {
        for (text, what) in [
            ("", "`` is no weight"),
            ("in", "`in` is no weight"),
            ("in=-1", "`in=-1` is no weight"),
            ("in=NaN", "`in=NaN` is no weight"),
            ("in=inf", "`in=inf` is no weight"),
            ("in=1e7", "expected a number from 0 to 1000000"),
            ("in=1,in=2", "`in` stands twice"),
            ("disk=1", "`disk` has no weight: disk fill, replicas and topics go before leaders"),
            ("speed=1", "there is no weight `speed`; expected `leaders`, `in` or `out`"),
            ("leaders=0,in=0,out=0", "asks for nothing"),
        ] {
            let error = Weights::parse(text).unwrap_err();
            assert!(error.contains(what), "{text}: {error}");
        }
    }
}
