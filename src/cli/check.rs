//! `kshift check`: replays any plan on a cluster, independently of the planner.

use super::args::CheckArgs;
use super::console::Console;
use super::view::{View, as_warnings};
use super::{load, resolve};
use crate::base::error::Result;
use crate::check::{self, Report};
use crate::request::{Racks, Supplements};

/// The exit code when something does not hold.
pub(crate) const DOES_NOT_HOLD: u8 = 1;

/// Checks and shows what was found.
pub fn run(args: &CheckArgs, console: &Console) -> Result<u8> {
    resolve::one_standard_input(&[&args.cluster, &args.plan])?;
    load::plan_file(&args.plan)?;
    let typed = resolve::supplements(&args.supplements)?;
    let made_with = load::request_of(&args.plan);
    let request = match &made_with {
        Some(request) => {
            resolve::same_limits(&args.limits, request)?;
            request.clone()
        }
        None => resolve::check(&args.limits)?,
    };
    let supplements = merged(made_with.map(|request| request.supplements).unwrap_or_default(), typed);
    let snapshot = load::cluster(&args.cluster, &supplements)?;
    let mut report = check::any(&snapshot, &args.plan, &request)?;
    let mut warnings: Vec<_> = as_warnings(&snapshot.notices).collect();
    warnings.append(&mut report.warnings);
    report.warnings = warnings;
    console.show(&report)?;
    let holds = report.is_ok() && (report.lints.is_empty() || !args.strict);
    Ok(if holds { 0 } else { DOES_NOT_HOLD })
}

/// What the plan was made with, and on top of it what was typed.
pub(crate) fn merged(base: Supplements, typed: Supplements) -> Supplements {
    let mut capacity = base.capacity;
    capacity.every = typed.capacity.every.or(capacity.every);
    capacity.broker.extend(typed.capacity.broker);
    for (broker, dirs) in typed.capacity.dir {
        capacity.dir.entry(broker).or_default().extend(dirs);
    }
    let Racks { mut broker, mut rename } = base.racks;
    broker.extend(typed.racks.broker);
    rename.extend(typed.racks.rename);
    Supplements { assume_size: typed.assume_size.or(base.assume_size), capacity, racks: Racks { broker, rename } }
}

impl View for Report {
    fn text(&self, _quiet: bool) -> String {
        self.to_string()
    }

    fn json(&self) -> String {
        self.to_json().to_string()
    }
}
