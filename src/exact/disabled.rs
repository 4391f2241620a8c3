//! Stands in for the exact solver in a build without the feature `exact`.

use crate::base::error::{Code, Error, Result};
use crate::base::work::Work;
use crate::leadership::Leadership;
use crate::plan::Warning;
use crate::problem::Problem;

/// Refuses: this build cannot.
///
/// # Errors
/// Always [`Code::Usage`].
pub fn solve(_: &Problem<'_>, _: Result<Leadership>, _: &Work) -> Result<(Leadership, Vec<Warning>)> {
    Err(Error::new(Code::Usage, "this kshift was built without the exact solver")
        .help("leave --exact out, or build with the feature `exact`"))
}
