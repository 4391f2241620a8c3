//! The directory of a plan: every file of it, whole or not at all.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::{election, kafka, report, runbook, throttle, throttle_sh};
use crate::base::error::Result;
use crate::base::fs::{self, Staging};
use crate::base::work::Work;
use crate::plan::{self, KIND, Plan, Wave, throttled};

/// Files at the top of a plan's directory.
const FILES: [&str; 3] = ["plan.json", "runbook.md", "report.html"];
/// Files of a wave.
const WAVE_FILES: [&str; 6] =
    ["reassign.json", "rollback.json", "election.json", "throttle.json", "throttle.sh", "unthrottle.sh"];

/// Writes the directory of a plan: plan.json, the files of each wave, runbook.md, report.html.
///
/// The waves are written on all cores, and no more than one wave per core is held in memory.
///
/// # Errors
/// [`Code::OutputExists`](crate::base::error::Code::OutputExists) for a directory that exists, unless `force` is
/// given and it is empty or holds a kshift plan and nothing else; files that cannot be written; an
/// interruption. Nothing is left behind then.
pub fn write(plan: &Plan, dir: &Path, force: bool, work: &Work) -> Result<()> {
    let staging = Staging::begin(dir, force, |files| replaceable(dir, files))?;
    work.step("writing", 0, plan.waves.len())?;
    let write_papers = || {
        staging.write_pieces("plan.json", |sink| plan::write_to(plan, sink))?;
        staging.write("runbook.md", runbook::runbook(plan).as_bytes())
    };
    let write_report = || staging.write("report.html", &report::report(plan));
    let ((document, page), waves) = rayon::join(
        || rayon::join(write_papers, write_report),
        || {
            let done = AtomicUsize::new(0);
            plan.waves.par_iter().try_for_each(|wave| {
                write_wave(plan, wave, &staging)?;
                work.step("writing", done.fetch_add(1, Ordering::Relaxed) + 1, plan.waves.len())
            })
        },
    );
    waves?;
    document?;
    page?;
    work.step("writing", plan.waves.len(), plan.waves.len())?;
    staging.publish()
}

/// Refuses a directory that [`write()`] would refuse, before any work is done for it.
///
/// # Errors
/// [`Code::OutputExists`](crate::base::error::Code::OutputExists), as for [`write()`].
pub fn refuse_existing(dir: &Path, force: bool) -> Result<()> {
    fs::refuse_existing(dir, force, |files| replaceable(dir, files))
}

fn replaceable(dir: &Path, files: &[PathBuf]) -> bool {
    files.is_empty() || is_plan(dir, files)
}

/// Writes the files of a wave.
pub(super) fn write_wave(plan: &Plan, wave: &Wave, staging: &Staging) -> Result<()> {
    let dir = wave_dir(plan, wave.index);
    let rows = plan.sorted_rows(wave.rows.clone());
    staging.write(&format!("{dir}/reassign.json"), &kafka::reassign_rows(plan, &rows))?;
    staging.write(&format!("{dir}/rollback.json"), &kafka::rollback_rows(plan, &rows))?;
    if let Some(election) = election::election_rows(plan, &rows) {
        staging.write(&format!("{dir}/election.json"), &election)?;
    }
    if let Some(settings) = throttled::settings(plan, wave, &rows) {
        let whose = format!("wave {}", wave_name(plan, wave.index));
        staging.write(&format!("{dir}/throttle.json"), &throttle::document(&settings))?;
        staging.write(&format!("{dir}/throttle.sh"), throttle_sh::throttle(&whose, &settings).as_bytes())?;
        staging.write(&format!("{dir}/unthrottle.sh"), throttle_sh::unthrottle(&whose, &settings).as_bytes())?;
    }
    Ok(())
}

/// `waves/007`: the directory of a wave inside that of its plan.
pub fn wave_dir(plan: &Plan, index: u32) -> String {
    format!("waves/{}", wave_name(plan, index))
}

/// `007`: as many digits as the plan needs, at least three.
pub fn wave_name(plan: &Plan, index: u32) -> String {
    let width = plan.waves.len().to_string().len().max(3);
    format!("{index:0width$}")
}

/// Whether these are the files of a plan and no others.
fn is_plan(dir: &Path, files: &[PathBuf]) -> bool {
    let ours = |file: &PathBuf| match file.iter().map(|part| part.to_str().unwrap_or("")).collect::<Vec<_>>()[..] {
        [name] => FILES.contains(&name),
        ["waves", wave, name] => {
            wave.len() >= 3 && wave.bytes().all(|b| b.is_ascii_digit()) && WAVE_FILES.contains(&name)
        }
        _ => false,
    };
    let head = format!("{{\"kind\":\"{KIND}\",");
    files.iter().all(ours) && fs::starts_with(&dir.join("plan.json"), head.as_bytes())
}
