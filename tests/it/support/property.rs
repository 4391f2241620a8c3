//! What all properties over random clusters share.

use kshift::plan::{self, Plan};
use kshift::snapshot::Snapshot;

/// How many seeds a property runs on.
pub fn cases() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "the one switch of the tests")]
    let set = std::env::var("KSHIFT_PROPERTY_CASES");
    set.map_or(1000, |text| text.parse().expect("KSHIFT_PROPERTY_CASES is a number"))
}

/// That a plan is the same when it was written and read, and passes its check from its file.
pub fn passes_from_its_file(snapshot: &Snapshot, plan: &Plan) -> Result<(), String> {
    let bytes = plan::write(plan);
    let text = std::str::from_utf8(&bytes).map_err(|error| error.to_string())?;
    let read = plan::read(text, "plan.json").map_err(|error| error.to_string())?;
    if plan::write(&read) != bytes {
        return Err("the plan differs when it was written and read".to_owned());
    }
    let report = kshift::check::plan(snapshot, &read);
    if report.is_ok() { Ok(()) } else { Err(report.to_string()) }
}
