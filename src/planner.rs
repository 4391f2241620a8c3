//! The table of contents of the left bank.

use crate::base::error::Result;
use crate::base::work::Work;
use crate::plan::Plan;
use crate::request::Request;
use crate::snapshot::Snapshot;

/// Solves `request` for `snapshot`. The result is not yet checked: that is [`crate::plan()`].
pub fn solve(_snapshot: &Snapshot, _request: &Request, _work: &Work) -> Result<Plan> {
    todo!()
}
