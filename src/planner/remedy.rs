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
    if ladders.is_empty() {
        return error;
    }
    let replicas = snapshot.partitions.replicas.total().max(1);
    let most = (REPLICAS_TRIED / replicas).clamp(TRIES_MIN, TRIES_MAX);
    let mut search = Search { snapshot, work, attempt, most, tried: 0, cut_off: false };
    match search.run(request, error.code(), &ladders) {
        Ok(found) => dress(error, &found, &ladders),
        Err(interruption) => interruption,
    }
}

/// What the search found.
#[derive(Default)]
struct Found {
    /// Sets of changes that do, each of one or two.
    remedies: Vec<Vec<Change>>,
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

/// A change that did not do alone, and what refused it.
struct Half {
    change: Change,
    refusal: Error,
}

/// How a ladder was climbed.
enum Climb {
    /// The mildest rung found that does.
    Does(Change),
    /// The mildest rung found that does away with the cause but meets another one, or the strongest rung.
    Refused(Half),
    /// No tries were left.
    CutOff,
}

impl Search<'_> {
    fn run(&mut self, request: &Request, cause: Code, ladders: &[Ladder]) -> Result<Found> {
        let mut found = Found::default();
        let mut halves = Vec::new();
        for (number, ladder) in ladders.iter().enumerate() {
            // The strongest rung of each kind comes before finer steps of any.
            let reserve = ladders.len() - number - 1;
            match self.climb(request, cause, ladder, reserve)? {
                Climb::Does(change) => found.remedies.push(vec![change]),
                Climb::Refused(half) => halves.push(half),
                Climb::CutOff => {}
            }
        }
        let full = halves.iter().find(|half| half.change.kind() == Kind::DiskLimit && half.refusal.code() == cause);
        let missing = full.and_then(|half| half.refusal.details().get("missing_bytes")?.as_u64());
        found.missing_at_most = missing.map(Bytes::new);
        if found.remedies.is_empty() {
            self.pairs(request, cause, &halves, ladders, &mut found)?;
        }
        found.exhausted = !self.cut_off;
        Ok(found)
    }

    /// Tries a second change beside each one that did not do alone.
    fn pairs(
        &mut self,
        request: &Request,
        cause: Code,
        halves: &[Half],
        ladders_of_cause: &[Ladder],
        found: &mut Found,
    ) -> Result<()> {
        let mut seen: Vec<(Kind, Kind)> = Vec::new();
        for half in halves {
            let first = half.change.kind();
            let changed = half.change.applied(request);
            for ladder in ladders(self.snapshot, &changed, &half.refusal) {
                let second = ladder.kind();
                if found.remedies.len() == PAIRS_MAX || second == first || seen.contains(&(second, first)) {
                    continue;
                }
                seen.push((first, second));
                let Climb::Does(change) = self.climb(&changed, half.refusal.code(), &ladder, 0)? else { continue };
                let mut mildest = half.change.clone();
                if half.refusal.code() == cause {
                    // The first one was taken at its strongest; beside the second less of it may do.
                    let own = ladders_of_cause.iter().find(|ladder| ladder.kind() == first);
                    let beside = change.applied(request);
                    if let Some(own) = own
                        && let Climb::Does(milder) = self.climb(&beside, cause, own, 0)?
                    {
                        mildest = milder;
                    }
                }
                found.remedies.push(vec![mildest, change]);
            }
        }
        Ok(())
    }

    /// Looks for the mildest rung that does away with `cause`; leaves `reserve` tries to others.
    fn climb(&mut self, request: &Request, cause: Code, ladder: &Ladder, reserve: usize) -> Result<Climb> {
        let top = ladder.rungs.len() - 1;
        let Some(at_top) = self.try_rung(request, ladder, top)? else { return Ok(Climb::CutOff) };
        let does = at_top.is_ok();
        if at_top.as_ref().is_err_and(|refusal| refusal.code() == cause) {
            let refusal = at_top.expect_err("it was refused");
            return Ok(Climb::Refused(Half { change: ladder.rungs[top].clone(), refusal }));
        }
        // What only uncovers another cause needs tries for a second change as well.
        let reserve = if does { reserve } else { reserve + 2 };
        // Below `low` nothing is looked for; `high` has been seen to do.
        let (mut low, mut high) = (ladder.floor, (top, at_top));
        let mut next = ladder.guess;
        while low < high.0 && self.most - self.tried > reserve {
            let rung = next.take().unwrap_or(low + (high.0 - low) / 2).clamp(low, high.0 - 1);
            let Some(outcome) = self.try_rung(request, ladder, rung)? else { break };
            let passes = match &outcome {
                Ok(()) => true,
                Err(refusal) => !does && refusal.code() != cause,
            };
            if passes {
                high = (rung, outcome);
            } else {
                low = rung + 1;
            }
        }
        let change = ladder.rungs[high.0].clone();
        Ok(match high.1 {
            Ok(()) => Climb::Does(change),
            Err(refusal) => Climb::Refused(Half { change, refusal }),
        })
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
fn dress(error: Error, found: &Found, ladders: &[Ladder]) -> Error {
    let options: Vec<String> = found.remedies.iter().map(|changes| options_of(changes)).collect();
    let remedies = found.remedies.iter().zip(&options).map(|(changes, options)| match changes.as_slice() {
        [change] => format!("`{options}` {}", change.effect()),
        _ => format!("`{options}` are enough together"),
    });
    let mut lines: Vec<String> = remedies.collect();
    let missing = error.help_lines();
    if error.code().exit_code() == 3 {
        if lines.is_empty() && found.exhausted {
            lines.push(nothing_does(ladders, found.missing_at_most));
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

fn nothing_does(ladders: &[Ladder], missing_at_most: Option<Bytes>) -> String {
    let kinds: Vec<&str> = ladders.iter().map(|ladder| ladder.kind().noun()).collect();
    let (verb, together) = match kinds.as_slice() {
        [_] => ("does not do", ""),
        _ => ("do not do", ", nor two changes together"),
    };
    let text = format!("{} {verb} it{together}", kinds.join(", "));
    match missing_at_most {
        Some(missing) => format!("{text}; in full log dirs {missing} would still have no place"),
        None => text,
    }
}

#[cfg(test)]
mod tests;
