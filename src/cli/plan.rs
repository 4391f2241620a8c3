//! `kshift plan`: arguments → request → plan → files.

use super::args::{Format, PlanArgs};
use super::check::merged;
use super::console::Console;
use super::summary::{PlanView, Step};
use super::view::{as_warnings, quoted};
use super::{at_once, load, progress, resolve};
use crate::base::error::{Code, Error, Result};
use crate::base::units::BytesPerSec;
use crate::emit;
use crate::plan::{self, Plan, Warning};
use crate::request::{Request, Supplements};
use crate::snapshot::{Notice, Snapshot};

/// Below this Kafka meters badly: one fetch may be larger than what may flow in a second.
const THROTTLE_LOW: BytesPerSec = BytesPerSec::new(1_000_000);

/// Plans, writes, and tells what was planned.
pub fn run(args: &PlanArgs, console: &Console) -> Result<u8> {
    for other in args.target.iter().chain(&args.resume) {
        resolve::one_standard_input(&[&args.cluster, other])?;
    }
    let asked = Asked::read(args)?;
    if let Some(dir) = &args.out {
        emit::out_dir::refuse_existing(dir, args.force)?;
    }
    let (snapshot, request) = asked.of_cluster(args)?;
    let watched = progress::watch(console);
    let work = &watched.work;
    let solve = || match &asked {
        Asked::Plan(_) => crate::plan(&snapshot, &request, work),
        Asked::Resume(earlier) => crate::resume(&snapshot, earlier, &request, work),
    };
    let (plan, notices) = rayon::join(solve, || snapshot.all_notices());
    let plan = plan?;
    if let Some(dir) = &args.out {
        emit::out_dir::write(&plan, dir, args.force, &watched.work)?;
    }
    drop(watched);

    let format = args.format.or(args.out.is_none().then_some(Format::Kafka));
    match format {
        Some(Format::Kafka) => console.data(&emit::kafka::whole(&plan))?,
        Some(Format::CruiseControl) => {
            let naming = emit::cruise_control::Naming::default();
            console.data(&emit::cruise_control::proposals(&plan, Some(&snapshot), None, naming))?;
        }
        Some(Format::Plan) => console.data(&plan::write(&plan))?,
        None => {}
    }
    console.tell(&view(args, &snapshot, &notices, &plan, format));
    Ok(0)
}

/// What is asked, as far as that is known before the cluster is read.
enum Asked {
    /// A plan.
    Plan(Box<Request>),
    /// What is left of this one.
    Resume(Box<Plan>),
}

impl Asked {
    fn read(args: &PlanArgs) -> Result<Self> {
        resolve::output(args)?;
        let Some(earlier) = &args.resume else { return Ok(Asked::Plan(Box::new(resolve::plan(args)?))) };
        resolve::beside_resume(args)?;
        let foreign = |fault: Error| {
            match fault.code() {
            Code::WrongKind => fault.help("a placement of another tool is planned with `--target FILE`: what is there already does not move again"),
            _ => fault,
        }
        };
        Ok(Asked::Resume(Box::new(load::plan(earlier).map_err(foreign)?)))
    }

    /// The cluster, and what is asked of it.
    fn of_cluster(&self, args: &PlanArgs) -> Result<(Snapshot, Request)> {
        match self {
            Asked::Plan(request) => Ok((load::cluster(&args.cluster, &request.supplements)?, Request::clone(request))),
            Asked::Resume(earlier) => {
                let mut snapshot = load::cluster(&args.cluster, &Supplements::default())?;
                let known = snapshot.known(&earlier.request.supplements);
                let supplements = merged(known, resolve::supplements(&args.supplements)?);
                snapshot.supplement(&supplements)?;
                let request = resolve::resumed(args, crate::resumed_request(&snapshot, earlier)?)?;
                Ok((snapshot, Request { supplements, ..request }))
            }
        }
    }
}

/// The summary, with everything that a person must know before using the output.
fn view<'a>(
    args: &PlanArgs,
    snapshot: &Snapshot,
    notices: &[Notice],
    plan: &'a Plan,
    format: Option<Format>,
) -> PlanView<'a> {
    let mut view = PlanView::new(plan);
    // Each fact has one teller: the snapshot what it shows, the planner what the plan does, we what the output costs.
    let mut warnings: Vec<Warning> = as_warnings(notices).collect();
    warnings.append(&mut view.warnings);
    if plan.waves.is_empty() {
        let what = if plan.drift.is_some() {
            "nothing of the plan is left to do"
        } else {
            "nothing of what was asked for has to move"
        };
        let message = format!("{what}; Kafka's tool refuses a file without partitions");
        let pattern = plan.request.topics.as_ref().filter(|_| plan.summary.replicas_forced == 0);
        let hint = pattern.map_or(String::new(), |pattern| {
            format!("; `--topics {pattern}` must match the whole name of a topic, as `orders-.*` does")
        });
        warnings.push(Warning::new("nothing-to-move", format!("{message}{hint}")));
    }
    if let Some(rate) = plan.request.throttle.filter(|_| plan.request.has_one_rate() && !plan.waves.is_empty())
        && rate < THROTTLE_LOW
    {
        let message = format!("a throttle of {rate} is very low: Kafka keeps rates well only from about 1 MB/s");
        let hint = if rate.get() < 10_000 { format!("; `{0}MB/s` is meant?", rate.get()) } else { String::new() };
        warnings.push(Warning::new("low-throttle", message + &hint));
    }
    if format == Some(Format::Kafka) {
        warnings.extend(at_once::warnings(plan, snapshot));
    }
    view.warnings = warnings;
    view.out = args.out.as_ref().map(|dir| dir.display().to_string());
    if !plan.waves.is_empty() {
        view.next = next_steps(args, plan);
    }
    view
}

const REASSIGN: &str = "kafka-reassign-partitions.sh --bootstrap-server HOST:PORT --reassignment-json-file FILE";
const ELECT: &str =
    "kafka-leader-election.sh --bootstrap-server HOST:PORT --election-type preferred --path-to-json-file";

fn next_steps(args: &PlanArgs, plan: &Plan) -> Vec<Step> {
    let step = |command: String, purpose| Step { command, purpose };
    let Some(dir) = &args.out else {
        let option = if plan.request.empties_dirs() { "--replica-alter-log-dirs-throttle" } else { "--throttle" };
        // The tool knows one rate for all brokers and both sides: the least.
        let least = plan.waves.iter().filter_map(|wave| wave.throttle.as_ref());
        let least = least.map(|rates| rates.leader_bytes_per_sec.min(rates.follower_bytes_per_sec)).min();
        let rate = plan.request.throttle.filter(|_| plan.request.has_one_rate()).or(least);
        let throttle = rate.map_or(String::new(), |rate| format!(" {option} {}", rate.get()));
        return match args.format {
            Some(Format::Plan) => vec![step("kshift show plan.json --waves".into(), "look at the waves, once saved")],
            _ if plan.request.leaders_only => vec![
                step(format!("{REASSIGN} --execute"), "gives the lists their new order, at once"),
                step(format!("{ELECT} FILE"), "then hands leadership over; it takes the same file"),
            ],
            _ => vec![step(format!("{REASSIGN}{throttle} --execute"), "starts all of it")],
        };
    };
    let shown = quoted(dir);
    let mut steps = vec![
        step(format!("kshift show {shown} --waves"), "what each wave does, and how long it takes"),
        step(format!("less {}", quoted(&dir.join("runbook.md"))), "every command to type, wave by wave"),
    ];
    if args.cluster.as_os_str() != "-" {
        let command = format!("kshift check {} {shown}", quoted(&args.cluster));
        steps.push(step(command, "judge it again, with a fresh snapshot, before it starts"));
    }
    steps
}
