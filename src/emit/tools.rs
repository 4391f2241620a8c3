//! Which Kafka's tools a text is written for: names of options that changed, and faults of some versions.

use crate::base::error::{Code, Error, Place, Result};
use crate::plan::Plan;
use crate::snapshot::Mode;

/// A version of Kafka's tools, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tools {
    /// Major and minor number.
    version: Option<(u32, u32)>,
    /// Whether the brokers keep their metadata in ZooKeeper.
    is_zookeeper: bool,
}

impl Tools {
    /// Those of the brokers that a plan was made for.
    pub fn of(plan: &Plan) -> Self {
        let version = plan.cluster.kafka_version.as_deref().and_then(numbers);
        Tools { version, is_zookeeper: plan.cluster.mode == Some(Mode::Zookeeper) }
    }

    /// Those of `version` in place of the brokers', such as `3.9`, `4.1.1` or `3.6`.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] for what is no version of 3.0 or later.
    pub fn with_version(self, version: &str) -> Result<Self> {
        match numbers(version) {
            Some(found) if found.0 >= 3 => Ok(Tools { version: Some(found), ..self }),
            _ => Err(Error::new(
                Code::InvalidValue,
                format!("`{version}` is no version of Kafka's tools; expected one such as `3.9` or `4.1`, from 3.0 on"),
            )
            .at(Place::source("--kafka"))
            .help("leave it out to take the version of the brokers from the plan")),
        }
    }

    /// `Kafka 3.9`, or Kafka alone.
    pub(super) fn name(self) -> String {
        self.version.map_or("Kafka".to_owned(), |(major, minor)| format!("Kafka {major}.{minor}"))
    }

    /// Whether the version is known.
    pub(super) const fn is_known(self) -> bool {
        self.version.is_some()
    }

    pub(super) const fn is_zookeeper(self) -> bool {
        self.is_zookeeper
    }

    /// Whether it is at least this version; not where none is known.
    fn is_from(self, version: (u32, u32)) -> bool {
        self.version.is_some_and(|found| found >= version)
    }

    /// How `kafka-leader-election` calls its file of client settings. The old name works in all of 4.x.
    pub(super) fn election_client(self) -> &'static str {
        if self.is_from((4, 2)) { "--command-config" } else { "--admin.config" }
    }

    /// How `kafka-cluster` calls it.
    pub(super) fn cluster_client(self) -> &'static str {
        if self.is_from((4, 2)) { "--command-config" } else { "--config" }
    }

    /// Whether `kafka-cluster list-endpoints` is there, which shows fenced brokers and racks.
    pub(super) fn has_endpoints(self) -> bool {
        self.is_from((4, 0))
    }

    /// Whether `--cancel` may pass over moves that only add replicas (3.7.0 to 3.9.x, and 4.0.0).
    pub(super) fn cancel_may_pass_over(self) -> bool {
        self.version.is_none_or(|found| ((3, 7)..=(4, 0)).contains(&found))
    }

    /// Whether one sick replica that stays may hold a move up for ever: with `ZooKeeper`, and with `KRaft` from 3.8 to 4.2.
    pub(super) fn waits_for_sick(self) -> bool {
        self.is_zookeeper || self.version.is_none_or(|found| ((3, 8)..(4, 3)).contains(&found))
    }

    /// Whether a list that is submitted over a running move may hang (seen on 4.3 with `KRaft`).
    pub(super) fn may_hang_over_a_move(self) -> bool {
        !self.is_zookeeper && (self.version.is_none() || self.is_from((4, 3)))
    }
}

/// `3.9.2-IV0` and `3.9` are (3, 9); `4` is (4, 0).
fn numbers(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim().trim_start_matches('v').split(['.', '-']);
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next().map_or(Some(0), |part| part.parse().ok().or((part == "x").then_some(0)))?;
    Some((major, minor))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::sample;

    #[test]
    fn versions_are_read_as_people_and_brokers_write_them() {
        for (text, version) in [("3.9.2", (3, 9)), ("4.0", (4, 0)), ("4", (4, 0)), ("3.8-IV0", (3, 8)), ("4.x", (4, 0))]
        {
            assert_eq!(numbers(text), Some(version), "{text}");
        }
        for text in ["", "x", "3.y", "kafka"] {
            assert_eq!(numbers(text), None, "{text}");
        }
    }

    #[test]
    fn options_have_the_names_of_their_version() {
        let old = Tools::of(&sample::sample());
        assert_eq!((old.election_client(), old.cluster_client()), ("--admin.config", "--config"));
        assert!(old.is_zookeeper() && !old.has_endpoints() && old.cancel_may_pass_over());
        let new = old.with_version("4.3.1").unwrap();
        assert_eq!((new.election_client(), new.cluster_client()), ("--command-config", "--command-config"));
        assert!(new.has_endpoints() && !new.cancel_may_pass_over());
        assert!(old.waits_for_sick() && Tools { is_zookeeper: false, ..new }.is_from((4, 3)));
        assert!(!Tools { is_zookeeper: false, ..new }.waits_for_sick());
        for wrong in ["2.8", "latest", ""] {
            assert_eq!(old.with_version(wrong).unwrap_err().code(), Code::InvalidValue);
        }
    }
}
