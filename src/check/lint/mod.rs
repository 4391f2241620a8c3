//! Advice on reassignments that others made: what holds, and costs more than it must. Each piece of advice has a stable
//! code with a section in docs/findings.md; none of them changes the verdict unless that is asked for.

mod copies;
mod disks;
mod leaders;
mod lists;
mod zones;

use std::fmt;

use serde::Serialize;

use crate::base::assignment::Assignment;
use crate::base::ids::is_internal_topic;
use crate::base::text::{counted, either, grouped};
use crate::replay::disk::Disk;
use crate::replay::{Steps, World};
use crate::request::Request;

/// A piece of advice.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lint {
    /// Its stable word.
    pub code: &'static str,
    /// One sentence: what was found.
    pub message: String,
    /// Places of the entries concerned in the list of the file, from 0, all of them; empty where it is about brokers.
    pub entries: Vec<u32>,
    /// The first or gravest cases, a line each.
    pub examples: Vec<String>,
    /// What mends it.
    pub fix: String,
}

/// How many cases are told.
const EXAMPLES: usize = 3;

impl fmt::Display for Lint {
    /// The whole advice without a newline at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lint[{}]: {}", self.code, self.message)?;
        for example in &self.examples {
            write!(f, "\n  {example}")?;
        }
        let left_out = self.entries.len().saturating_sub(self.examples.len());
        if left_out > 0 {
            write!(f, "\n  and {} more; --json lists all", grouped(left_out as u64))?;
        }
        write!(f, "\nhelp: {}", self.fix)
    }
}

/// What is judged: entries that can be replayed.
struct Case<'a> {
    world: &'a World<'a>,
    steps: &'a Steps,
    disk: &'a Disk,
    assignment: &'a Assignment,
    request: &'a Request,
}

impl Case<'_> {
    /// Entries that change the list of their partition.
    fn changed(&self) -> impl Iterator<Item = usize> + '_ {
        let sound = (0..self.steps.len()).filter(|&step| self.steps.is_sound[step]);
        sound.filter(|&step| self.steps.old.get(step) != self.steps.new.get(step))
    }

    /// `orders-7 at partitions[3]: [1,2,3] -> [4,2,3]`.
    fn shown(&self, step: usize) -> String {
        let entry = &self.assignment.entries[step];
        let ids = |list: &[u32]| {
            let ids: Vec<String> = list.iter().map(|&broker| self.world.id(broker).to_string()).collect();
            format!("[{}]", ids.join(","))
        };
        let (old, new) = (ids(self.steps.old.get(step)), ids(self.steps.new.get(step)));
        format!("{}-{} at partitions[{step}]: {old} -> {new}", entry.topic, entry.partition)
    }

    /// Advice on entries, if there are any.
    fn advice(
        &self,
        code: &'static str,
        entries: &[usize],
        message: impl FnOnce(String) -> String,
        fix: &str,
    ) -> Option<Lint> {
        (!entries.is_empty()).then(|| Lint {
            code,
            message: message(counted(entries.len(), "partition")),
            examples: entries.iter().take(EXAMPLES).map(|&step| self.shown(step)).collect(),
            entries: entries.iter().map(|&step| step as u32).collect(),
            fix: fix.to_owned(),
        })
    }
}

/// All advice on these entries, in the order of docs/findings.md.
pub(super) fn of(world: &World, steps: &Steps, disk: &Disk, assignment: &Assignment, request: &Request) -> Vec<Lint> {
    let case = Case { world, steps, disk, assignment, request };
    let (mut found, more) = rayon::join(|| lists::judge(&case), || copies::judge(&case));
    found.extend(more);
    let (zones, leaders) = rayon::join(|| zones::judge(&case), || leaders::judge(&case));
    found.extend(zones);
    found.extend(leaders);
    found.extend(disks::judge(&case));
    found.extend(internal_with_data(&case));
    found
}

fn internal_with_data(case: &Case) -> Option<Lint> {
    let is_internal = |&step: &usize| is_internal_topic(&case.assignment.entries[step].topic);
    let (internal, data): (Vec<usize>, Vec<usize>) = case.changed().partition(is_internal);
    if data.is_empty() {
        return None;
    }
    case.advice(
        "internal-with-data",
        &internal,
        |partitions| {
            let moves = either(internal.len(), "moves", "move");
            format!("{partitions} of Kafka's own topics {moves} together with those of others")
        },
        "put them into a file of their own and run it last: their new leaders load groups and transactions again",
    )
}
