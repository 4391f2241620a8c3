//! Plans moves of Apache Kafka partitions between brokers: throttled, wave by wave, reversible, checked.
//!
//! The data flows one way:
//!
//! ```text
//! snapshot → cluster → problem → placement → leadership → schedule → plan → check · emit
//! (as read)  (dense)   (+ request) (who holds) (who leads)  (waves)   (paper)
//! ```
//!
//! [`plan()`] is the product: it solves, then has the result checked by code that shares nothing with the
//! solver, and returns no plan that fails.

pub mod base;
#[doc(hidden)]
pub mod bench;
mod bound;
mod calendar;
pub mod campaign;
pub mod check;
mod classes;
#[cfg(feature = "cli")]
pub mod cli;
mod cluster;
pub mod diff;
pub mod emit;
#[cfg(feature = "exact")]
pub mod exact;
#[cfg(not(feature = "exact"))]
#[path = "exact/disabled.rs"]
mod exact;
pub mod example;
pub mod explain;
pub mod gate;
mod given;
mod leadership;
mod placement;
pub mod plan;
mod planner;
mod problem;
#[cfg(feature = "python")]
mod python;
pub mod replay;
pub mod request;
mod resume;
mod route;
mod schedule;
mod search;
pub mod simulate;
pub mod snapshot;

use crate::base::error::{Code, Error, Result};
use crate::base::work::Work;

/// Plans `request` for the cluster of `snapshot`, and checks the plan independently.
///
/// The request's supplements must have been applied to the snapshot
/// ([`Snapshot::supplement`](snapshot::Snapshot::supplement)).
///
/// # Errors
/// Bad usage (unknown brokers, overlap), limits that no plan satisfies, an interruption; and
/// [`Code::Internal`] when our own plan fails its check, in which case no plan is returned.
pub fn plan(snapshot: &snapshot::Snapshot, request: &request::Request, work: &Work) -> Result<plan::Plan> {
    made(snapshot, request, work, |_| ())
}

/// The request of an earlier plan as it can be asked of its cluster as it is now: without brokers that are gone, and
/// without its canary where that is done. Single limits of it may be changed before it is given to [`resume()`], and its
/// supplements must be those that were applied to the snapshot ([`Snapshot::known`](snapshot::Snapshot::known)).
///
/// # Errors
/// [`Code::Usage`] for a plan of another cluster, and for one that empties log dirs.
pub fn resumed_request(snapshot: &snapshot::Snapshot, earlier: &plan::Plan) -> Result<request::Request> {
    resume::take_over(snapshot, earlier)
}

/// Plans what is left of a plan that was carried out in part, from a newer snapshot; `request` is that of
/// [`resumed_request`].
///
/// What is done stays. What is open goes on to the list that was decided, where that keeps the limits; the rest is placed
/// anew. What has happened meanwhile stands in [`Plan::drift`](plan::Plan::drift).
///
/// # Errors
/// Those of [`resumed_request`] and of [`plan()`].
pub fn resume(
    snapshot: &snapshot::Snapshot,
    earlier: &plan::Plan,
    request: &request::Request,
    work: &Work,
) -> Result<plan::Plan> {
    let resumed = resume::settle(snapshot, earlier, request)?;
    let afresh = resumed.afresh();
    let request = resumed.request.clone();
    match (made(snapshot, &request, work, |plan| resumed.tell(plan)), afresh) {
        // Beside what is kept the rest may find no place; without it, it may.
        (Err(error), Some(afresh))
            if matches!(error.code(), Code::DiskLimit | Code::RackPolicy | Code::TooFewBrokers) =>
        {
            let request = afresh.request.clone();
            made(snapshot, &request, work, |plan| afresh.tell(plan)).map_err(|_| error)
        }
        (made, _) => made,
    }
}

/// A checked plan, to which `tell` adds what no check knows.
fn made(
    snapshot: &snapshot::Snapshot,
    request: &request::Request,
    work: &Work,
    tell: impl FnOnce(&mut plan::Plan),
) -> Result<plan::Plan> {
    let request = &*planner::settled(snapshot, request)?;
    // What does not depend on the solution fills the cores that solving leaves idle.
    let (solved, (identity, world)) = rayon::join(
        || planner::solve(snapshot, request, work),
        || rayon::join(|| planner::identity(snapshot), || replay::World::new(snapshot)),
    );
    let solved = solved?;
    work.step("writing the plan", 0, 1)?;
    let assignment_sha256 = identity.assignment_sha256.clone();
    let mut plan = planner::write(solved, identity);
    tell(&mut plan);
    work.step("checking", 0, 1)?;
    let report = check::on(&world, &assignment_sha256, &plan);
    if report.is_ok() {
        return Ok(plan);
    }
    Err(Error::new(Code::Internal, "the plan failed its independent check; nothing was written")
        .note(report.to_string())
        .help("this is a fault of kshift: please report it with the snapshot, or with `kshift example` options that show it"))
}
