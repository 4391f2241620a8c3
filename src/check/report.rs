//! What a check found, as text for people and as JSON.

use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};

use super::Outlook;
use super::lint::Lint;
use crate::base::ids::{BrokerId, PartitionId};
use crate::base::text::{counted, grouped};
use crate::plan::Warning;

/// The result of a check.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// Waves that were replayed.
    pub waves: u32,
    /// Moves that were replayed.
    pub moves: u64,
    /// Everything that does not hold, in the order of the plan.
    pub violations: Vec<Violation>,
    /// What holds but a person should know.
    pub warnings: Vec<Warning>,
    /// What it would do, where someone else made it; absent for plans of ours, whose summary says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outlook: Option<Outlook>,
    /// What holds and costs more than it must, of reassignments that are not ours.
    pub lints: Vec<Lint>,
}

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Violation {
    /// A stable word for the rule, such as `disk-limit`.
    pub rule: &'static str,
    /// Number of the wave, from 1.
    pub wave: Option<u32>,
    /// Topic of the partition.
    pub topic: Option<String>,
    /// Number of the partition.
    pub partition: Option<PartitionId>,
    /// Broker.
    pub broker: Option<BrokerId>,
    /// What was found against what is allowed; lines after the first are evidence.
    pub message: String,
    /// Where in the plan to look: a file, or a path of keys and indexes.
    pub place: Option<String>,
}

impl Violation {
    /// A violation of `rule`; `message` says what was found, then what is allowed.
    pub fn new(rule: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Violation { rule, wave: None, topic: None, partition: None, broker: None, message, place: None }
    }

    /// Says in which wave.
    #[must_use]
    pub fn wave(mut self, wave: u32) -> Self {
        self.wave = Some(wave);
        self
    }

    /// Says of which partition.
    #[must_use]
    pub fn partition(mut self, topic: &str, partition: PartitionId) -> Self {
        self.topic = Some(topic.to_owned());
        self.partition = Some(partition);
        self
    }

    /// Says of which topic.
    #[must_use]
    pub fn topic(mut self, topic: &str) -> Self {
        self.topic = Some(topic.to_owned());
        self
    }

    /// Says on which broker.
    #[must_use]
    pub fn broker(mut self, broker: BrokerId) -> Self {
        self.broker = Some(broker);
        self
    }

    /// Says where to look.
    #[must_use]
    pub fn place(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }
}

impl fmt::Display for Violation {
    /// The whole violation without a newline at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "violation[{}]", self.rule)?;
        let mut separator = " ";
        if let Some(wave) = self.wave {
            write!(f, "{separator}wave {wave:03}")?;
            separator = ", ";
        }
        match (&self.topic, self.partition) {
            (Some(topic), Some(partition)) => write!(f, "{separator}partition `{topic}-{partition}`")?,
            (Some(topic), None) => write!(f, "{separator}topic `{topic}`")?,
            _ => {}
        }
        if self.topic.is_some() {
            separator = ", ";
        }
        if let Some(broker) = self.broker {
            write!(f, "{separator}broker {broker}")?;
        }
        write!(f, ": {}", self.message.replace('\n', "\n  "))?;
        match &self.place {
            Some(place) => write!(f, "\n  in {place}"),
            None => Ok(()),
        }
    }
}

/// How many violations are shown; the rest is counted. JSON lists all.
const SHOWN_MAX: usize = 50;

impl Report {
    /// Whether everything holds.
    pub fn is_ok(&self) -> bool {
        self.violations.is_empty()
    }

    /// The report as one JSON object: `{"ok":…,"waves":…,"moves":…,"violations":[…],"warnings":[…]}`.
    pub fn to_json(&self) -> Value {
        let mut report = json!({
            "ok": self.is_ok(),
            "waves": self.waves,
            "moves": self.moves,
            "violations": self.violations,
            "warnings": self.warnings,
            "lints": self.lints,
        });
        if let Some(outlook) = &self.outlook {
            report["outlook"] = json!(outlook);
        }
        report
    }
}

impl fmt::Display for Report {
    /// Violations, warnings and the verdict, without a newline at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for violation in self.violations.iter().take(SHOWN_MAX) {
            writeln!(f, "{violation}")?;
        }
        let left_out = self.violations.len().saturating_sub(SHOWN_MAX);
        if left_out > 0 {
            writeln!(f, "and {} more; --json lists all", grouped(left_out as u64))?;
        }
        for warning in &self.warnings {
            writeln!(f, "warning[{}]: {}", warning.code, warning.message.replace('\n', "\n  "))?;
        }
        for lint in &self.lints {
            writeln!(f, "{lint}")?;
        }
        if let Some(outlook) = self.outlook.as_ref().filter(|_| self.moves > 0) {
            write!(f, "{outlook}")?;
        }
        match self.violations.len() {
            0 => {
                let (waves, moves) = (counted(self.waves, "wave"), counted(self.moves, "move"));
                write!(f, "ok: {waves}, {moves}: no violation")?;
            }
            some => f.write_str(&counted(some, "violation"))?,
        }
        match self.lints.len() {
            0 => Ok(()),
            some => write!(f, ", {} of advice", counted(some, "piece")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_says_rule_wave_partition_broker_evidence_and_place() {
        let violation = Violation::new("racks", "2 racks, 3 in the snapshot\nreplicas [1,2] -> [3,2]")
            .wave(14)
            .partition("orders", PartitionId::new(7))
            .broker(BrokerId::new(5))
            .place("waves/014/reassign.json");
        assert_eq!(
            violation.to_string(),
            "violation[racks] wave 014, partition `orders-7`, broker 5: 2 racks, 3 in the snapshot\n  \
             replicas [1,2] -> [3,2]\n  in waves/014/reassign.json"
        );
    }

    #[test]
    fn a_report_shows_fifty_violations_and_lists_all_in_json() {
        let mut report = Report { waves: 12, moves: 2000, ..Report::default() };
        assert_eq!(report.to_string(), "ok: 12 waves, 2,000 moves: no violation");
        report.violations.push(Violation::new("drift", "changed"));
        report.warnings.push(Warning::new("short-isr", "one is short"));
        assert_eq!(report.to_string(), "violation[drift]: changed\nwarning[short-isr]: one is short\n1 violation");
        report.violations = vec![Violation::new("drift", "changed"); 60];
        let text = report.to_string();
        assert_eq!(text.matches("violation[drift]").count(), 50);
        assert!(text.contains("and 10 more") && text.ends_with("60 violations"));
        let json = report.to_json();
        assert_eq!((json["violations"].as_array().unwrap().len(), json["ok"].as_bool()), (60, Some(false)));
    }
}
