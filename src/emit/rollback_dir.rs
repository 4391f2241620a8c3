//! The directory of a rollback: the waves of the way back with the files of each, and the steps.

use std::path::Path;

use rayon::prelude::*;

use super::{out_dir, runbook_back};
use crate::base::error::Result;
use crate::base::fs::Staging;
use crate::base::work::Work;
use crate::plan::Plan;
use crate::plan::rollback::{Rollback, waves};

/// Writes the undone waves, the last one first, each as a wave of a plan, and runbook.md; gives these waves.
///
/// # Errors
/// [`Code::OutputExists`](crate::base::error::Code::OutputExists) for a directory that exists, files that cannot be
/// written, an interruption. Nothing is left behind then.
pub fn write(rollback: &Rollback<'_>, dir: &Path, work: &Work) -> Result<Plan> {
    let staging = Staging::begin(dir, false, |_| false)?;
    let back = waves(rollback.plan, rollback.to_wave)?;
    work.step("writing", 1, 2)?;
    back.waves.par_iter().try_for_each(|wave| {
        out_dir::write_wave(&back, wave, &staging)?;
        work.step("writing", 1, 2)
    })?;
    staging.write("runbook.md", runbook_back::runbook(rollback, &back).as_bytes())?;
    work.step("writing", 2, 2)?;
    staging.publish()?;
    Ok(back)
}
