//! Writing a plan file.

use super::Plan;

/// The plan as canonical JSON.
pub fn write(_plan: &Plan) -> Vec<u8> {
    todo!()
}
