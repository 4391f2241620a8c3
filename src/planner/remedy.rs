//! What would make an impossible request possible: changes of the request that were tried, not computed.
//!
//! A refusal names its cause in facts. Here each cause has its [`Ladder`]s: changes of one kind, from the
//! mildest to the strongest. The strongest is tried first; when it does away with the cause, the mildest
//! that still does is looked for by bisection. Every try is a whole run of the planner, so what is offered
//! has been seen to work. When no single change does, two of different kinds are tried together: the second
//! one is chosen by what refused the first.
//!
//! Tries are bounded by their number, which depends on the size of the cluster alone and never on a clock:
//! the same request gets the same answer on every machine.

mod change;
mod ladder;

use self::change::{Change, Kind};
use self::ladder::{Ladder, ladders};
use crate::base::error::{Code, Error, Result};
use crate::base::units::Bytes;
use crate::base::work::Work;
use crate::request::Request;
use crate::snapshot::Snapshot;

/// Fewest and most runs of the planner, and the replicas that all of them together may have.
const TRIES_MIN: usize = 8;
const TRIES_MAX: usize = 32;
const REPLICAS_TRIED: usize = 4_000_000;
/// Most pairs of changes that are offered.
const PAIRS_MAX: usize = 2;

/// A run of the planner: whether `request` has a plan that moves something.
pub type Attempt<'a> = &'a (dyn Fn(&Request, &Work) -> Result<()> + Sync);

/// Adds to a refusal of `request` which changes of it would do.
///
/// Returns the interruption instead when the work is stopped meanwhile.
pub fn offer(snapshot: &Snapshot, request: &Request, error: Error, work: &Work, attempt: Attempt<'_>) -> Error {
    let ladders = ladders(snapshot, request, &error);
    if ladders.is_empty() && error.code().exit_code() != 3 {
        return error;
    }
    let replicas = snapshot.partitions.replicas.total().max(1);
    let most = (REPLICAS_TRIED / replicas).clamp(TRIES_MIN, TRIES_MAX);
    let mut search = Search { snapshot, work, attempt, most, tried: 0, cut_off: false };
    match search.run(request, error.code(), &ladders) {
        Ok(found) => dress(error, &found),
        Err(interruption) => interruption,
    }
}

/// What the search found.
#[derive(Default)]
struct Found {
    /// Sets of changes that do, each of one or two.
    remedies: Vec<Vec<Change>>,
    /// Kinds of which not even the strongest change does alone.
    refused: Vec<Kind>,
    /// Bytes without a place even at the highest disk limit.
    missing_at_most: Option<Bytes>,
    /// Whether everything was tried that there is to try.
    exhausted: bool,
}

struct Search<'a> {
    snapshot: &'a Snapshot,
    work: &'a Work,
    attempt: Attempt<'a>,
    most: usize,
    tried: usize,
    cut_off: bool,
}

impl Search<'_> {
    fn run(&mut self, request: &Request, cause: Code, ladders: &[Ladder]) -> Result<Found> {
        let mut found = Found::default();
        let mut refusals = Vec::new();
        for (number, ladder) in ladders.iter().enumerate() {
            match self.try_rung(request, ladder, ladder.top())? {
                Some(Ok(())) => {
                    // The strongest change of each kind comes before milder ones of any.
                    let reserve = ladders.len() - number - 1;
                    found.remedies.push(vec![self.mildest(request, ladder, reserve)?]);
                }
                Some(Err(refusal)) => refusals.push((ladder, refusal)),
                None => {}
            }
        }
        // A change that leaves nothing to move is none to speak of.
        refusals.retain(|(_, refusal)| refusal.code() != Code::Usage);
        found.refused = refusals.iter().map(|(ladder, _)| ladder.kind()).collect();
        let full =
            refusals.iter().find(|(ladder, refusal)| ladder.kind() == Kind::DiskLimit && refusal.code() == cause);
        let missing = full.and_then(|(_, refusal)| refusal.details().get("missing_bytes")?.as_u64());
        found.missing_at_most = missing.map(Bytes::new);
        if found.remedies.is_empty() {
            found.remedies = self.pairs(request, &refusals)?;
        }
        found.exhausted = !self.cut_off;
        Ok(found)
    }

    /// Tries a second change beside the strongest one of each kind that did not do alone.
    fn pairs(&mut self, request: &Request, refusals: &[(&Ladder, Error)]) -> Result<Vec<Vec<Change>>> {
        let mut pairs = Vec::new();
        let mut seen: Vec<[Kind; 2]> = Vec::new();
        for (first, refusal) in refusals {
            let changed = first.rungs[first.top()].applied(request);
            for second in ladders(self.snapshot, &changed, refusal) {
                let kinds = [first.kind(), second.kind()];
                let is_known = seen.contains(&[kinds[1], kinds[0]]) || kinds[0] == kinds[1];
                if is_known || pairs.len() == PAIRS_MAX {
                    continue;
                }
                seen.push(kinds);
                if let Some(Ok(())) = self.try_rung(&changed, &second, second.top())? {
                    let beside = self.mildest(&changed, &second, 0)?;
                    let mildest = self.mildest(&beside.applied(request), first, 0)?;
                    pairs.push(vec![mildest, beside]);
                }
            }
        }
        Ok(pairs)
    }

    /// The mildest rung found that does, when the topmost does; leaves `reserve` tries to others.
    fn mildest(&mut self, request: &Request, ladder: &Ladder, reserve: usize) -> Result<Change> {
        // Below `low` nothing does; `high` has been seen to do.
        let (mut low, mut high) = (ladder.floor, ladder.top());
        let mut next = ladder.guess;
        while low < high && self.most - self.tried > reserve {
            let rung = next.take().unwrap_or(low + (high - low) / 2).clamp(low, high - 1);
            match self.try_rung(request, ladder, rung)? {
                Some(Ok(())) => high = rung,
                Some(Err(_)) => low = rung + 1,
                None => break,
            }
        }
        Ok(ladder.rungs[high].clone())
    }

    /// Runs the planner with one change; nothing when no tries are left.
    fn try_rung(&mut self, request: &Request, ladder: &Ladder, rung: usize) -> Result<Option<Result<()>>> {
        if self.tried == self.most {
            self.cut_off = true;
            return Ok(None);
        }
        self.work.step("trying changes", self.tried, self.most)?;
        self.tried += 1;
        match (self.attempt)(&ladder.rungs[rung].applied(request), &self.work.unwatched()) {
            Err(error) if error.code() == Code::Interrupted => Err(error),
            outcome => Ok(Some(outcome)),
        }
    }
}

/// The refusal with what was found: options that do, then what is missing.
fn dress(error: Error, found: &Found) -> Error {
    let options: Vec<String> = found.remedies.iter().map(|changes| options_of(changes)).collect();
    let remedies = found.remedies.iter().zip(&options).map(|(changes, options)| match changes.as_slice() {
        [change] => format!("`{options}` {}", change.effect()),
        _ => format!("`{options}` are enough together"),
    });
    let mut lines: Vec<String> = remedies.collect();
    let missing = error.help_lines();
    if error.code().exit_code() == 3 {
        if lines.is_empty() && found.exhausted && !found.refused.is_empty() {
            lines.push(nothing_does(found));
        }
        lines.extend(missing);
    } else {
        // Input that lacks something is best completed.
        lines.splice(0..0, missing);
    }
    error.with_help(lines).detail("remedies", options)
}

fn options_of(changes: &[Change]) -> String {
    changes.iter().map(Change::option).collect::<Vec<_>>().join(" ")
}

fn nothing_does(found: &Found) -> String {
    let nouns: Vec<&str> = found.refused.iter().map(|kind| kind.noun()).collect();
    let text = match nouns.as_slice() {
        [only] => format!("{only} is not enough"),
        [one, other] => format!("neither {one} nor {other} is enough, nor are both"),
        more => format!("neither {} is enough, nor are two of these", more.join(" nor ")),
    };
    match found.missing_at_most {
        Some(missing) => format!("{text}; in full log dirs {missing} would still have no place"),
        None => text,
    }
}

#[cfg(test)]
mod tests;
