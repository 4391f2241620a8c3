//! What a gate found, as text for people and as one value for machines.

use std::fmt;

use serde::Serialize;

use super::Code;
use crate::base::ids::BrokerId;
use crate::base::text::grouped;

/// What is known of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It does not hold: the gate stays closed.
    Fail,
    /// It does not hold, and a person decides.
    Warn,
    /// The snapshot cannot say it.
    Unknown,
    /// It holds, and there is something to know.
    Note,
    /// It holds.
    Pass,
}

impl Status {
    /// The word in text and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Status::Fail => "fail",
            Status::Warn => "warn",
            Status::Unknown => "unknown",
            Status::Note => "note",
            Status::Pass => "pass",
        }
    }
}

/// One thing that a gate looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// Its stable word.
    pub code: Code,
    /// What is known of it.
    pub status: Status,
    /// One sentence: what was found.
    pub message: String,
    /// What shows it, a line each.
    pub evidence: Vec<String>,
    /// The brokers concerned, all of them, in ascending order.
    pub brokers: Vec<BrokerId>,
    /// The partitions concerned, all of them, as `orders-7`.
    pub partitions: Vec<String>,
    /// What mends it, or shows what is not known; empty where it holds.
    pub fix: String,
}

impl Check {
    /// A check that holds; `message` says what does.
    pub fn pass(code: Code, message: impl Into<String>) -> Self {
        let (evidence, brokers, partitions) = (Vec::new(), Vec::new(), Vec::new());
        Check { code, status: Status::Pass, message: message.into(), evidence, brokers, partitions, fix: String::new() }
    }

    /// A check with this result.
    pub fn new(code: Code, status: Status, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Check { status, fix: fix.into(), ..Check::pass(code, message) }
    }

    /// Adds lines of evidence.
    #[must_use]
    pub fn evidence(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.evidence.extend(lines);
        self
    }

    /// Says which brokers.
    #[must_use]
    pub fn brokers(mut self, ids: impl IntoIterator<Item = BrokerId>) -> Self {
        self.brokers.extend(ids);
        self
    }

    /// Says which partitions.
    #[must_use]
    pub fn partitions(mut self, names: Vec<String>) -> Self {
        self.partitions = names;
        self
    }
}

/// The result of a gate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Which gate: `preflight`, `wave`, `decommission` or `kraft`.
    pub gate: &'static str,
    /// The wave that may start or not, from 1; null in other gates.
    pub wave: Option<u32>,
    /// Whether the gate is open.
    pub ok: bool,
    /// Whether warnings and what is not known keep it closed too.
    pub strict: bool,
    /// How many checks there are of each status.
    pub counts: Counts,
    /// Every check that was made, gravest first.
    pub checks: Vec<Check>,
}

/// How many checks there are of each status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Those that do not hold.
    pub fail: usize,
    /// Those that a person decides on.
    pub warn: usize,
    /// Those that the snapshot cannot tell.
    pub unknown: usize,
    /// Those that hold with something to know.
    pub note: usize,
    /// Those that hold.
    pub pass: usize,
}

/// Evidence and partitions of a check that the text shows; the rest is counted.
const SHOWN_MAX: usize = 5;

impl Report {
    /// The result of these checks.
    pub fn new(gate: &'static str, wave: Option<u32>, strict: bool, mut checks: Vec<Check>) -> Self {
        checks.sort_by_key(|check| check.status);
        let mut counts = Counts::default();
        for check in &checks {
            match check.status {
                Status::Fail => counts.fail += 1,
                Status::Warn => counts.warn += 1,
                Status::Unknown => counts.unknown += 1,
                Status::Note => counts.note += 1,
                Status::Pass => counts.pass += 1,
            }
        }
        let ok = counts.fail == 0 && !(strict && counts.warn + counts.unknown > 0);
        Report { gate, wave, ok, strict, counts, checks }
    }

    /// The check with this code, where the gate makes it.
    pub fn get(&self, code: Code) -> Option<&Check> {
        self.checks.iter().find(|check| check.code == code)
    }
}

impl fmt::Display for Check {
    /// The whole check without a newline at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]: {}", self.status.as_str(), self.code, self.message)?;
        // Where each line is about a partition, its name is told with it.
        let is_told =
            self.evidence.first().zip(self.partitions.first()).is_some_and(|(line, name)| line.starts_with(name));
        let partitions = if is_told { &[][..] } else { &self.partitions };
        for lines in [self.evidence.as_slice(), partitions] {
            for line in lines.iter().take(SHOWN_MAX) {
                write!(f, "\n  {line}")?;
            }
            let left_out = lines.len().saturating_sub(SHOWN_MAX);
            if left_out > 0 {
                write!(f, "\n  and {} more; --json lists all", grouped(left_out as u64))?;
            }
        }
        if !self.fix.is_empty() {
            let word = if self.status == Status::Unknown { "find out" } else { "help" };
            write!(f, "\n{word}: {}", self.fix)?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    /// Every check that does not simply hold, the names of the others, and the verdict.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for check in self.checks.iter().filter(|check| check.status != Status::Pass) {
            writeln!(f, "{check}")?;
        }
        let passed: Vec<&str> =
            self.checks.iter().filter(|check| check.status == Status::Pass).map(|check| check.code.as_str()).collect();
        if !passed.is_empty() {
            writeln!(f, "pass: {}", passed.join(", "))?;
        }
        let Counts { fail, warn, unknown, .. } = self.counts;
        let name = self.wave.map_or_else(|| self.gate.to_owned(), |wave| format!("{} {wave}", self.gate));
        let verdict = if self.ok { "pass" } else { "fail" };
        let mut parts = Vec::new();
        for (count, word) in [(fail, "failed"), (warn, "to decide on"), (unknown, "not known")] {
            if count > 0 {
                parts.push(format!("{} {word}", grouped(count as u64)));
            }
        }
        let what = if parts.is_empty() { "everything holds".to_owned() } else { parts.join(", ") };
        let why = if self.strict && fail == 0 && !self.ok { " (--strict)" } else { "" };
        write!(f, "gate {name}: {verdict}{why}: {what}, of {} checks", self.checks.len())?;
        if parts.is_empty() { Ok(()) } else { f.write_str("; `kshift explain CODE` tells more") }
    }
}
