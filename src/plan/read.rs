//! Reading a plan file back.

use super::Plan;
use crate::base::error::Result;

/// Reads a plan; `source` names the file in messages.
pub fn read(_text: &str, _source: &str) -> Result<Plan> {
    todo!()
}
