//! What the forecast of durations reckons with: every constant, its measured source, and a file that changes it.
//!
//! Measured on Kafka 4.3.1 (and 3.9.2 where it matters), waves of 2 to 3½ minutes at 10–20 MB/s:
//!
//! - a fetcher thread that carries nothing but the move sleeps `replica.fetch.backoff.ms` whenever it is over the
//!   rate, and the quota then counts one burst more than its window has seconds: e = T / (T + backoff), T the window
//!   (11/12 by default; 31/32 and 55/56 with longer windows were measured too);
//! - a thread that other traffic keeps awake reaches the whole rate: e = 1; several idle threads of one follower fill
//!   one another's gaps and lose 0.6 of what one alone does: e = 0.95;
//! - the cut end of each fetch is sent and counted twice: c = 1 − batch / (2 · `replica.fetch.max.bytes`), never less
//!   than 0.94, which is what batches near the size of a fetch gave;
//! - leaders send 0.97 to 1.06 of their rate, and open a wave with up to 10 s of credit;
//! - starting and finishing cost about as much as the first second's credit saves.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::error::{Code, Error, Place, Result};
use crate::base::json;

/// The `kind` of a forecast file.
pub const KIND: &str = "kshift.forecast";
/// The version of a forecast file.
pub const VERSION: u64 = 1;

/// The constants of the forecast. What a broker's `config` says counts before a default, what a file says before both.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Model {
    /// Fetcher threads for each pair of brokers (`num.replica.fetchers`).
    pub fetcher_threads: f64,
    /// Most bytes of one partition in a fetch (`replica.fetch.max.bytes`).
    pub fetch_max_bytes: f64,
    /// Most bytes of a fetch (`replica.fetch.response.max.bytes`).
    pub fetch_response_max_bytes: f64,
    /// How long a thread sleeps when all it carries is over the rate (`replica.fetch.backoff.ms`).
    pub fetch_backoff_seconds: f64,
    /// From a fetch to its answer, between any two brokers.
    pub rtt_seconds: f64,
    /// Samples of the quota's window (`replication.quota.window.num`).
    pub quota_window_num: f64,
    /// Length of a sample (`replication.quota.window.size.seconds`).
    pub quota_window_seconds: f64,
    /// Share of the follower rate that is reached, for every thread alike; absent: decided by what each carries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fetcher_share: Option<f64>,
    /// Of what an idle thread loses, what a follower loses that copies over several idle ones.
    pub several_threads_loss: f64,
    /// Bytes of a producer's batch, for the shortest time.
    pub batch_bytes_low: f64,
    /// Bytes of a producer's batch, for the expected time.
    pub batch_bytes_expected: f64,
    /// Bytes of a producer's batch, for the longest time.
    pub batch_bytes_high: f64,
    /// Least share of a fetch that is not sent twice.
    pub fetch_share_min: f64,
    /// Share of its rate that a leader sends at best.
    pub leader_share_low: f64,
    /// Share of its rate that a leader sends at worst.
    pub leader_share_high: f64,
    /// Share of the follower side's time by which it may err either way.
    pub follower_error: f64,
    /// Least seconds of a wave, whatever it moves.
    pub fixed_seconds_low: f64,
    /// Usual least seconds of a wave.
    pub fixed_seconds_expected: f64,
    /// Seconds on top of the longest time.
    pub fixed_seconds_high: f64,
}

impl Default for Model {
    fn default() -> Self {
        Model {
            fetcher_threads: 1.0,
            fetch_max_bytes: 1_048_576.0,
            fetch_response_max_bytes: 10_485_760.0,
            fetch_backoff_seconds: 1.0,
            rtt_seconds: 0.001,
            quota_window_num: 11.0,
            quota_window_seconds: 1.0,
            fetcher_share: None,
            several_threads_loss: 0.6,
            batch_bytes_low: 16_384.0,
            batch_bytes_expected: 65_536.0,
            batch_bytes_high: 65_536.0,
            fetch_share_min: 0.94,
            leader_share_low: 1.06,
            leader_share_high: 0.97,
            follower_error: 0.01,
            fixed_seconds_low: 0.3,
            fixed_seconds_expected: 0.8,
            fixed_seconds_high: 2.0,
        }
    }
}

/// A field of the model.
type Field = fn(&mut Model) -> &mut f64;

/// Settings of a broker that the forecast looks at: Kafka's name, ours, and what of ours one of Kafka's is.
const SETTINGS: [(&str, Field, f64); 6] = [
    ("num.replica.fetchers", |model| &mut model.fetcher_threads, 1.0),
    ("replica.fetch.max.bytes", |model| &mut model.fetch_max_bytes, 1.0),
    ("replica.fetch.response.max.bytes", |model| &mut model.fetch_response_max_bytes, 1.0),
    ("replica.fetch.backoff.ms", |model| &mut model.fetch_backoff_seconds, 0.001),
    ("replication.quota.window.num", |model| &mut model.quota_window_num, 1.0),
    ("replication.quota.window.size.seconds", |model| &mut model.quota_window_seconds, 1.0),
];

impl Model {
    /// Whether nothing was changed, so that files do not name it.
    pub fn is_default(&self) -> bool {
        *self == Model::default()
    }

    /// The model for a follower with this `config`.
    #[must_use]
    pub fn of_broker(&self, config: &BTreeMap<String, String>) -> Self {
        let (mut model, mut default) = (*self, Model::default());
        for (name, field, unit) in SETTINGS {
            let said = config.get(name).and_then(|text| text.trim().parse::<f64>().ok());
            if let Some(value) = said.filter(|value| value.is_finite() && *value > 0.0)
                && field(&mut model).to_bits() == field(&mut default).to_bits()
            {
                *field(&mut model) = value * unit;
            }
        }
        model
    }

    /// e of a thread that carries nothing but the move.
    pub fn idle_share(&self) -> f64 {
        let window = self.quota_window_num * self.quota_window_seconds;
        self.fetcher_share.unwrap_or(window / (window + self.fetch_backoff_seconds))
    }

    /// e of a follower that copies over several such threads.
    pub fn several_idle_share(&self) -> f64 {
        1.0 - (1.0 - self.idle_share()) * self.fetcher_share.map_or(self.several_threads_loss, |_| 1.0)
    }

    /// e of a thread that other traffic keeps awake.
    pub fn awake_share(&self) -> f64 {
        self.fetcher_share.unwrap_or(1.0)
    }

    /// c with batches of this many bytes.
    pub fn fetch_share(&self, batch_bytes: f64) -> f64 {
        (1.0 - batch_bytes / (2.0 * self.fetch_max_bytes)).max(self.fetch_share_min)
    }

    /// Bytes per second that one follower can fetch of so many partitions from one leader.
    pub fn fetch_rate(&self, partitions: f64) -> f64 {
        let fetch = self.fetch_response_max_bytes.min(self.fetch_max_bytes * partitions);
        self.fetcher_threads.min(partitions.max(1.0)) * fetch / self.rtt_seconds
    }

    /// Seconds of its rate that a leader may have saved up when a wave begins.
    pub fn leader_credit_seconds(&self) -> f64 {
        ((self.quota_window_num - 1.0) * self.quota_window_seconds).max(0.0)
    }

    /// Reads the text of a `--forecast` file: any of the fields by name; `source` names it in messages.
    ///
    /// # Errors
    /// Text that is no JSON object, another kind or version, an unknown field, a value out of range.
    pub fn read(text: &str, source: &str) -> Result<Self> {
        let known = serde_json::to_value(Model { fetcher_share: Some(1.0), ..Model::default() }).expect("plain data");
        let known: Vec<&String> = known.as_object().into_iter().flat_map(|object| object.keys()).collect();
        let names = || known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let help = "write `{\"rtt_seconds\":0.002}`, or leave it out for the default";
        let Value::Object(mut object) = json::value_of(text, source)? else {
            let error = Error::new(Code::InvalidValue, "this is no JSON object");
            return Err(error.at(Place::source(source)).help(help));
        };
        if let Some(kind) = object.remove("kind").filter(|kind| kind != KIND) {
            return Err(Error::new(Code::WrongKind, format!("kind `{kind}`; expected `{KIND}`"))
                .at(Place::path(source, "kind"))
                .help(help));
        }
        if let Some(version) = object.remove("version").filter(|version| version.as_u64() != Some(VERSION)) {
            return Err(Error::new(
                Code::WrongVersion,
                format!("version {version}; this kshift reads version {VERSION}"),
            )
            .at(Place::path(source, "version"))
            .help(format!("write `\"version\":{VERSION}`")));
        }
        let wrong = |key: &str, what: String| {
            Error::new(Code::InvalidValue, what).at(Place::path(source, key.to_owned())).help(help)
        };
        for (key, value) in &object {
            if !known.contains(&key) {
                return Err(wrong(key, format!("`{key}` is no part of the forecast; expected one of {}", names())));
            }
            let (range, fits): (&str, fn(f64) -> bool) = match key.as_str() {
                "fetcher_share" | "fetch_share_min" => ("above 0 and at most 1", |x| x > 0.0 && x <= 1.0),
                "several_threads_loss" => ("from 0 to 1", |x| (0.0..=1.0).contains(&x)),
                "follower_error" => ("from 0 to below 1", |x| (0.0..1.0).contains(&x)),
                key if key.starts_with("fixed_") || key.starts_with("batch_") || key == "fetch_backoff_seconds" => {
                    ("of at least 0", |x| x >= 0.0)
                }
                _ => ("above 0", |x| x > 0.0),
            };
            if !value.as_f64().is_some_and(|number| number <= 1e15 && fits(number)) {
                return Err(wrong(key, format!("found `{value}`, expected a number {range}")));
            }
        }
        serde_json::from_value(Value::Object(object)).map_err(|error| wrong("", error.to_string()))
    }
}

/// The three times of an estimate in order: a longer one is never shorter than a shorter one.
pub(crate) fn in_order(low: f64, expected: f64, high: f64) -> [f64; 3] {
    let expected = expected.max(low);
    [low, expected, high.max(expected)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_of_threads_follow_from_the_quota_window() {
        let near = |value: f64, expected: f64| assert!((value - expected).abs() < 1e-9, "{value} for {expected}");
        let model = Model::default();
        near(model.idle_share(), 11.0 / 12.0);
        near(model.several_idle_share(), 0.95);
        near(model.fetch_share(65_536.0), 0.96875);
        near(model.fetch_share(1_000_000.0), 0.94);
        near(Model { quota_window_num: 31.0, ..model }.idle_share(), 31.0 / 32.0);
        near(Model { quota_window_seconds: 5.0, ..model }.idle_share(), 55.0 / 56.0);
    }

    #[test]
    fn a_brokers_own_settings_count_before_defaults_and_a_file_before_both() {
        let config = BTreeMap::from([
            ("num.replica.fetchers".to_owned(), "4".to_owned()),
            ("replica.fetch.backoff.ms".to_owned(), "500".to_owned()),
            ("replica.fetch.max.bytes".to_owned(), "many".to_owned()),
        ]);
        let model = Model::default().of_broker(&config);
        assert!((model.fetcher_threads - 4.0).abs() < 1e-12 && (model.fetch_backoff_seconds - 0.5).abs() < 1e-12);
        assert!((model.fetch_max_bytes - 1_048_576.0).abs() < 1e-12);
        let asked = Model::read(r#"{"fetcher_threads":2}"#, "f").unwrap();
        assert!((asked.of_broker(&config).fetcher_threads - 2.0).abs() < 1e-12);
    }

    #[test]
    fn a_file_names_fields_and_each_fault_is_refused() {
        let text = r#"{"kind":"kshift.forecast","version":1,"rtt_seconds":0.05,"fetcher_share":0.9}"#;
        let model = Model::read(text, "f").unwrap();
        assert_eq!(model, Model { rtt_seconds: 0.05, fetcher_share: Some(0.9), ..Model::default() });
        assert!(Model::read("{}", "f").unwrap().is_default());
        for (text, code) in [
            ("[]", Code::InvalidValue),
            (r#"{"rtt":1}"#, Code::InvalidValue),
            (r#"{"rtt_seconds":0}"#, Code::InvalidValue),
            (r#"{"rtt_seconds":"1"}"#, Code::InvalidValue),
            (r#"{"fetcher_share":1.5}"#, Code::InvalidValue),
            (r#"{"batch_bytes_low":-1}"#, Code::InvalidValue),
            (r#"{"kind":"kshift.rates","rtt_seconds":1}"#, Code::WrongKind),
            (r#"{"kind":"kshift.forecast","version":2}"#, Code::WrongVersion),
        ] {
            assert_eq!(Model::read(text, "f").unwrap_err().code(), code, "{text}");
        }
    }
}
