//! The directory of a rollback: the lists to restore, who has to be elected, the throttle, and the steps.

use std::path::Path;

use super::{election, kafka, runbook_back, throttle};
use crate::base::error::Result;
use crate::base::fs::Staging;
use crate::base::work::Work;
use crate::plan::rollback::Rollback;

/// Writes reassign.json, election.json and throttle.json where they are needed, and runbook.md.
///
/// # Errors
/// [`Code::OutputExists`](crate::base::error::Code::OutputExists) for a directory that exists, files that cannot be
/// written, an interruption. Nothing is left behind then.
pub fn write(rollback: &Rollback<'_>, dir: &Path, work: &Work) -> Result<()> {
    let staging = Staging::begin(dir, false, |_| false)?;
    staging.write("reassign.json", &kafka::restore(rollback))?;
    if let Some(election) = election::restore(rollback) {
        staging.write("election.json", &election)?;
    }
    work.step("writing", 1, 2)?;
    if let Some(throttle) = throttle::restore(rollback) {
        staging.write("throttle.json", &throttle)?;
    }
    staging.write("runbook.md", runbook_back::runbook(rollback).as_bytes())?;
    work.step("writing", 2, 2)?;
    staging.publish()
}
