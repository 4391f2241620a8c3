//! Believes nothing: replays a plan against a snapshot with code that shares nothing with the solver.
//!
//! A plan is resolved against the snapshot ([`crate::replay`]), then every rule of `rules::RULES` looks
//! at it. Rules about safety are judged always; rules about figures only when each move can be replayed
//! on the very state that the plan was made for, because a figure of another state says nothing.

mod ask;
mod bound;
mod calendar;
mod case;
mod certificate;
mod dir_drain;
mod figures;
mod files;
mod foreign;
mod given;
mod handover;
mod headroom;
mod health;
mod kept;
mod lint;
mod outlook;
mod report;
mod rules;
mod scripts;
mod share;
mod spread;
#[cfg(test)]
mod tests;
mod waves;

use std::ops::Range;
use std::path::Path;

use rayon::prelude::*;
use serde::Deserialize;
use serde::de::IgnoredAny;

pub use self::foreign::assignment;
pub use self::lint::Lint;
pub use self::outlook::{Fullest, Outlook};
pub use self::report::{Report, Violation};
use crate::base::assignment::Assignment;
use crate::base::error::{Code, Error, Place, Result};
use crate::base::target::Target;
use crate::base::{fs, json};
use crate::plan::{self, Plan, Warning};
use crate::replay::World;
use crate::request::Request;
use crate::snapshot::Snapshot;

/// Replays `plan` on `snapshot` and lists everything that does not hold.
///
/// The limits are those of the plan's own request; its supplements must have been applied to the snapshot.
pub fn plan(snapshot: &Snapshot, plan: &Plan) -> Report {
    let (assignment_sha256, world) = rayon::join(|| snapshot.assignment_sha256(), || World::new(snapshot));
    on(&world, &assignment_sha256, plan)
}

/// The same on a world that is built already, of a snapshot with this fingerprint.
pub(crate) fn on(world: &World<'_>, assignment_sha256: &str, plan: &Plan) -> Report {
    let mut report =
        Report { waves: plan.waves.len() as u32, moves: plan.moves.topic.len() as u64, ..Report::default() };
    report.violations = rules::shape::judge(plan);
    if !report.is_ok() {
        return report;
    }
    let mut case = case::Case::new(world, plan);
    rules::drift::judge(&mut case, assignment_sha256, &mut report.violations);
    let case = &case;
    let with_figures = !case.is_drifted && case.is_sound();
    let (whole, by_move) = rayon::join(
        || (judge(case, rules::RULES), if with_figures { judge(case, rules::FIGURES) } else { Vec::new() }),
        || judge_moves(case, if with_figures { rules::MOVE_FIGURES } else { &[] }),
    );
    report.violations.extend(by_move.violations);
    report.violations.extend(whole.0);
    report.warnings.extend(rules::care::warnings(by_move.care));
    let mut figures = [by_move.figures, whole.1].concat();
    if with_figures {
        // Only when a figure differs does it matter whether sizes and rates were others.
        if !figures.is_empty() && world.snapshot.sha256() != plan.cluster.sha256 {
            figures.clear();
            report.warnings.push(Warning::new(
                "other-snapshot",
                "sizes, rates or brokers of this snapshot are not those that the plan was made for: its limits \
                 were judged by this snapshot, its figures were not compared",
            ));
        }
        report.violations.append(&mut figures);
    }
    report.violations.sort_by_key(|violation| violation.wave.unwrap_or(0));
    report
}

/// What the rules find, each on a core of its own, in the order of the rules.
fn judge(case: &case::Case, rules: &[rules::Rule]) -> Vec<Violation> {
    let judged = rules.par_iter().map(|rule| {
        let mut found = Vec::new();
        rule(case, &mut found);
        found
    });
    judged.collect::<Vec<_>>().concat()
}

/// What is found move by move.
#[derive(Default)]
struct ByMove {
    violations: Vec<Violation>,
    figures: Vec<Violation>,
    care: rules::care::Care,
}

/// Has every rule on moves look at each move while its rows are at hand, on all cores.
fn judge_moves(case: &case::Case, figures: &[rules::MoveRule]) -> ByMove {
    const CHUNK: usize = 1_024;
    let waves = case.steps.waves.iter().enumerate();
    let chunks: Vec<(usize, Range<usize>)> = waves
        .flat_map(|(wave, range)| {
            range.clone().step_by(CHUNK).map(move |start| (wave, start..range.end.min(start + CHUNK)))
        })
        .collect();
    let judged: Vec<ByMove> = chunks
        .into_par_iter()
        .map(|(wave, steps)| {
            let mut found = ByMove::default();
            for step in steps {
                let moved = case.get(wave, step);
                for rule in rules::MOVES {
                    rule(case, &moved, &mut found.violations);
                }
                if !case.steps.is_sound[step] {
                    continue;
                }
                for rule in rules::SOUND_MOVES {
                    rule(case, &moved, &mut found.violations);
                }
                for rule in figures {
                    rule(case, &moved, &mut found.figures);
                }
                rules::care::look(case, &moved, &mut found.care);
            }
            found
        })
        .collect();
    let care = judged.iter().map(|found| found.care).sum();
    let (mut violations, mut figures) = (Vec::new(), Vec::new());
    for found in judged {
        violations.extend(found.violations);
        figures.extend(found.figures);
    }
    ByMove { violations, figures, care }
}

/// Reads the plan in the directory `dir`, replays it, and compares every file beside it with the plan.
///
/// # Errors
/// Files that cannot be read, and a plan file that is none. Other files that are wrong are violations.
pub fn directory(snapshot: &Snapshot, dir: &Path) -> Result<Report> {
    let path = dir.join("plan.json");
    let content = fs::read(&path)?;
    let source = fs::name_of(&path);
    let read = plan::read(json::text_of(&content, &source)?, &source)?;
    let mut report = plan(snapshot, &read);
    if rules::shape::judge(&read).is_empty() {
        report.violations.extend(files::judge(snapshot, &read, dir)?);
        report.violations.sort_by_key(|violation| violation.wave.unwrap_or(0));
    }
    Ok(report)
}

/// Judges whatever is at `path`: a plan directory, a plan file, kafka-reassign JSON, or proposals of Cruise Control.
///
/// `limits` count for the latter two alone: a plan is judged by its own request.
///
/// # Errors
/// Files that cannot be read, or that are none of these.
pub fn any(snapshot: &Snapshot, path: &Path, limits: &Request) -> Result<Report> {
    /// As much of a file as tells what it is.
    #[derive(Deserialize)]
    struct Head {
        kind: Option<serde_json::Value>,
        partitions: Option<IgnoredAny>,
    }
    if path.is_dir() {
        return directory(snapshot, path);
    }
    let content = fs::read(path)?;
    let source = fs::name_of(path);
    let text = json::text_of(&content, &source)?;
    // What is no object, or has a key twice, is for the reader of reassignments to name.
    let head = serde_json::from_str(text).unwrap_or(Head { kind: None, partitions: Some(IgnoredAny) });
    match &head.kind {
        Some(kind) if kind == plan::KIND => Ok(plan(snapshot, &plan::read(text, &source)?)),
        Some(kind) if head.partitions.is_none() => Err(Error::new(
            Code::WrongKind,
            format!(
                "`{}` is no plan and no reassignment",
                kind.as_str().map_or_else(|| kind.to_string(), str::to_owned)
            ),
        )
        .at(Place::path(source, "kind"))
        .help("expected a directory written by `kshift plan --out`, its plan.json, or kafka-reassign JSON")),
        _ => {
            let limits = Request { drain: snapshot.drained(limits)?, ..limits.clone() };
            let target = Target::read(text, &source)?;
            let (drift, list) = (outlook::drift(snapshot, &target), target.origin.keys[0]);
            let mut report = assignment(snapshot, &Assignment { entries: target.entries }, &limits);
            report.violations.extend(drift);
            for place in report.violations.iter_mut().filter_map(|violation| violation.place.as_mut()) {
                if let Some(below) = place.strip_prefix("partitions") {
                    *place = format!("{source} at {list}{below}");
                }
            }
            Ok(report)
        }
    }
}
