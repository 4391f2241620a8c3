//! `kshift gate`: may the next phase begin?

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::args::SupplementArgs;
use super::check::{DOES_NOT_HOLD, merged};
use super::console::Console;
use super::view::View;
use super::{load, resolve, values};
use crate::base::error::{Code, Error, Place, Result};
use crate::base::ids::IdSet;
use crate::base::units::Ratio;
use crate::gate::{self, Move, Options, Report};
use crate::plan::{Plan, Role};
use crate::request::{Request, Supplements};
use crate::snapshot::Snapshot;

/// `kshift gate`.
#[derive(Debug, Args)]
#[command(
    override_usage = "kshift gate <GATE> …",
    subcommand_value_name = "GATE",
    subcommand_help_heading = "Gates",
    disable_help_subcommand = true,
    after_help = "\
Each gate prints its checks: what fails, what a person decides on, what the snapshot
cannot tell and the command that would, and what passes. The exit code is 1 when a
check fails; with --strict also when one warns or is not known.
docs/gates.md has a section for each check, and so has `kshift explain CODE`.

Examples:
  kshift gate preflight cluster.json --drain 1001-1012 --onto 0-11
  kshift gate preflight cluster.json plan
  kshift gate wave 3 newer.json plan
  kshift gate decommission newer.json --brokers 1001-1012
  kshift gate kraft newer.json --strict"
)]
pub struct GateArgs {
    /// Which gate.
    #[command(subcommand)]
    pub gate: Gate,
    /// Fail too when a check warns or is not known
    #[arg(long, global = true, help_heading = "Output")]
    pub strict: bool,
    /// Print one JSON object instead of text
    #[arg(long, global = true, help_heading = "Output")]
    pub json: bool,
}

/// The gates.
#[derive(Debug, Subcommand)]
pub enum Gate {
    /// May a move begin on this cluster?
    Preflight(PreflightArgs),
    /// May wave N of a plan begin on the cluster as it is now?
    Wave(WaveArgs),
    /// May brokers be switched off: does no list, throttle or log dir know them any more?
    Decommission(DecommissionArgs),
    /// May the migration from ZooKeeper to KRaft begin?
    Kraft(KraftArgs),
}

/// `kshift gate preflight`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kshift gate preflight cluster.json --drain 1001-1012 --onto 0-11
  kshift gate preflight cluster.json plan --json")]
pub struct PreflightArgs {
    /// A snapshot file (plain, gzip or zstd), a directory of Kafka tool output, or `-` for standard input
    pub cluster: PathBuf,
    /// A directory written by `kshift plan --out`, or a plan.json; it says what drains and what receives
    #[arg(conflicts_with_all = ["drain", "onto", "disk_limit"])]
    pub plan: Option<PathBuf>,
    /// Brokers that shall hold nothing at the end, such as `1001-1012,1020`
    #[arg(long, value_name = "IDS", value_parser = IdSet::parse, allow_negative_numbers = true)]
    pub drain: Option<IdSet>,
    /// Brokers that may receive data [default: every alive broker that is not drained]
    #[arg(long, value_name = "IDS", value_parser = IdSet::parse, allow_negative_numbers = true)]
    pub onto: Option<IdSet>,
    /// How full a log dir may be, such as `85%` or `0.85` [default: 85%]
    #[arg(long, value_name = "PCT", value_parser = Ratio::parse, allow_negative_numbers = true)]
    pub disk_limit: Option<Ratio>,
    /// What the source could not say.
    #[command(flatten)]
    pub supplements: SupplementArgs,
}

/// `kshift gate wave`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kshift gate wave 3 newer.json plan")]
pub struct WaveArgs {
    /// The wave, from 1
    #[arg(value_name = "N", value_parser = values::count, allow_negative_numbers = true)]
    pub wave: u32,
    /// The cluster as it is now: a snapshot file, a directory of Kafka tool output, or `-` for standard input
    pub cluster: PathBuf,
    /// A directory written by `kshift plan --out`, or a plan.json
    pub plan: PathBuf,
    /// What the source could not say.
    #[command(flatten)]
    pub supplements: SupplementArgs,
}

/// `kshift gate decommission`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kshift gate decommission newer.json --brokers 1001-1012
  kshift gate decommission newer.json plan --strict")]
pub struct DecommissionArgs {
    /// The cluster as it is now: a snapshot file, a directory of Kafka tool output, or `-` for standard input
    pub cluster: PathBuf,
    /// A plan whose drained brokers are to be switched off
    #[arg(conflicts_with = "brokers")]
    pub plan: Option<PathBuf>,
    /// Brokers that are to be switched off, such as `1001-1012,1020`
    #[arg(long, value_name = "IDS", value_parser = IdSet::parse, allow_negative_numbers = true)]
    pub brokers: Option<IdSet>,
    /// What the source could not say.
    #[command(flatten)]
    pub supplements: SupplementArgs,
}

/// `kshift gate kraft`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kshift gate kraft newer.json --drained 1001-1012 --strict")]
pub struct KraftArgs {
    /// A snapshot file (plain, gzip or zstd), a directory of Kafka tool output, or `-` for standard input
    pub cluster: PathBuf,
    /// Brokers that were drained and must not be named by any list, such as `1001-1012`
    #[arg(long, value_name = "IDS", value_parser = IdSet::parse, allow_negative_numbers = true)]
    pub drained: Option<IdSet>,
    /// What the source could not say.
    #[command(flatten)]
    pub supplements: SupplementArgs,
}

/// Looks, and shows what was found.
pub fn run(args: &GateArgs, console: &Console) -> Result<u8> {
    let report = report(args)?;
    console.show(&report)?;
    Ok(if report.ok { 0 } else { DOES_NOT_HOLD })
}

fn report(args: &GateArgs) -> Result<Report> {
    let options = |limit: Option<Ratio>| Options {
        disk_limit: limit.unwrap_or(Request::default().disk_limit),
        strict: args.strict,
    };
    match &args.gate {
        Gate::Preflight(of) => {
            let (plan, snapshot) = inputs(&of.cluster, &of.supplements, of.plan.as_deref())?;
            let (drain, onto) = (of.drain.clone().unwrap_or_default(), of.onto.clone());
            let limit = plan.as_ref().map(|plan| plan.request.disk_limit).or(of.disk_limit);
            if onto.is_some() && drain.is_empty() {
                return Err(Error::new(Code::Usage, "--onto needs --drain: together they say what moves where")
                    .at(Place::source("--onto"))
                    .help("add `--drain IDS`, or leave --onto out"));
            }
            gate::preflight(&snapshot, &Move { drain, onto, plan: plan.as_ref() }, options(limit))
        }
        Gate::Wave(of) => {
            let (plan, snapshot) = inputs(&of.cluster, &of.supplements, Some(&of.plan))?;
            let plan = plan.expect("a plan was read");
            gate::wave(&snapshot, &plan, of.wave, options(Some(plan.request.disk_limit)))
        }
        Gate::Decommission(of) => {
            let (plan, snapshot) = inputs(&of.cluster, &of.supplements, of.plan.as_deref())?;
            let going = match &plan {
                Some(plan) => drained(plan),
                None => of.brokers.clone().unwrap_or_default(),
            };
            gate::decommission(&snapshot, &going, options(None))
        }
        Gate::Kraft(of) => {
            let (_, snapshot) = inputs(&of.cluster, &of.supplements, None)?;
            gate::kraft(&snapshot, &of.drained.clone().unwrap_or_default(), options(None))
        }
    }
}

/// The brokers that a plan drains.
pub(crate) fn drained(plan: &Plan) -> IdSet {
    let drained = plan.brokers.iter().filter(|broker| broker.role == Role::Drain);
    IdSet::from_ids(drained.map(|broker| broker.id)).unwrap_or_default()
}

/// The plan, and the cluster with what the plan was made with and on top of it what was typed.
fn inputs(cluster: &Path, typed: &SupplementArgs, plan: Option<&Path>) -> Result<(Option<Plan>, Snapshot)> {
    if let Some(plan) = plan {
        resolve::one_standard_input(&[cluster, plan])?;
    }
    let read = || load::cluster(cluster, &Supplements::default());
    let (plan, snapshot) = rayon::join(|| plan.map(load::plan).transpose(), read);
    let (plan, mut snapshot) = (plan?, snapshot?);
    let made_with = plan.as_ref().map_or_else(Supplements::default, |plan| plan.request.supplements.clone());
    snapshot.supplement(&merged(snapshot.known(&made_with), resolve::supplements(typed)?))?;
    Ok((plan, snapshot))
}

impl View for Report {
    fn text(&self, _quiet: bool) -> String {
        self.to_string()
    }
}
