//! Proposals that say from which lists they go, and were made for others than those of now.

use crate::base::text::{counted, either};
use crate::plan::Warning;
use crate::problem::Problem;

/// A warning that names some of them. They are still a placement that can be asked for.
pub(super) fn warning(problem: &Problem<'_>) -> Option<Warning> {
    let target = problem.request.target.as_ref()?;
    let differing = problem.cluster.snapshot.drift_of(target).map(|(number, ..)| &target.entries[number]);
    let differing: Vec<String> = differing.map(|entry| format!("`{}-{}`", entry.topic, entry.partition)).collect();
    let shown = differing.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if differing.len() > 3 { ", and others" } else { "" };
    let count = differing.len();
    (count > 0).then(|| {
        let has = either(count, "has", "have");
        let message = format!(
            "{} {has} other replicas now than the proposals go from ({shown}{more}): they were made for another state of the cluster",
            counted(count, "partition")
        );
        Warning::new("target-drift", message)
    })
}
