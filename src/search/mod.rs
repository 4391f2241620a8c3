//! Local search from where the constructive methods ended: better homes and heads for the same moves.
//!
//! Small cases are searched as a [`whole`], over all racks. Larger ones are left as they are but for racks in which
//! what is led is uneven: those are searched [`within`]. How long is counted in proposals, never in seconds, so the
//! same request gives the same plan on any machine; `--effort` says how many.

mod state;
mod whole;
mod within;

use crate::base::error::Result;
use crate::base::index::Csr;
use crate::base::work::Work;
use crate::placement::Home;
use crate::problem::Problem;
use crate::request::Effort;

/// Improves the homes of all movers; of a list whose first place falls free, the first home leads.
///
/// Says whether any has changed.
///
/// # Errors
/// Only an interruption.
pub fn improve(problem: &Problem<'_>, homes: &mut Csr<Home>, work: &Work) -> Result<bool> {
    if problem.request.effort == Effort::Instant || problem.targets.len() < 2 {
        return Ok(false);
    }
    if whole::is_worthwhile(problem) {
        whole::improve(problem, homes, work)?;
        return Ok(true);
    }
    within::improve(problem, homes, work)
}

/// How many times as many proposals as usual a walk makes.
fn times(problem: &Problem<'_>) -> usize {
    const THOROUGH: usize = 10;
    if problem.request.effort == Effort::Thorough { THOROUGH } else { 1 }
}
