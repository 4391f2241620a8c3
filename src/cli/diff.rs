//! `kshift diff`: two snapshots, or two plans.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::check::DOES_NOT_HOLD;
use super::console::Console;
use super::view::View;
use super::{load, resolve};
use crate::base::error::{Code, Error, Place, Result};
use crate::base::{fs, json};
use crate::diff::{self, Diff};
use crate::plan::{self, Plan};
use crate::request::Supplements;
use crate::snapshot::Snapshot;

/// `kshift diff`.
#[derive(Debug, Args)]
#[command(after_help = "\
Both are clusters (snapshot files, directories of Kafka tool output) or both are
plans (directories written by --out, or plan.json). The exit code is 0 whatever
differs; with --exit-code it is 1 when something does, as with git.

Examples:
  kshift diff before.json after.json
  kshift diff plan-1 plan-2 --json
  kshift diff before.json after.json --exit-code > /dev/null")]
pub struct DiffArgs {
    /// What there was: a cluster or a plan
    pub a: PathBuf,
    /// What there is: one of the same kind
    pub b: PathBuf,
    /// Exit with 1 when anything differs
    #[arg(long)]
    pub exit_code: bool,
    /// Print one JSON object instead of text; it lists everything
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

/// One of the two inputs.
#[derive(Debug)]
pub enum Side {
    /// A cluster.
    Cluster(Box<Snapshot>),
    /// A plan.
    Plan(Box<Plan>),
}

impl Side {
    /// Reads what is at `path`.
    ///
    /// # Errors
    /// Those of reading; [`Code::WrongKind`] for a reassignment of Kafka's tools.
    pub fn read(path: &Path) -> Result<Side> {
        match kind_of(path)? {
            Kind::Plan => load::plan(path).map(|plan| Side::Plan(Box::new(plan))),
            Kind::Other => {
                load::cluster(path, &Supplements::default()).map(|snapshot| Side::Cluster(Box::new(snapshot)))
            }
        }
    }

    /// How it is called.
    const fn noun(&self) -> &'static str {
        match self {
            Side::Cluster(_) => "a cluster",
            Side::Plan(_) => "a plan",
        }
    }
}

/// What a path holds, as far as its first look tells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plan,
    Other,
}

fn kind_of(path: &Path) -> Result<Kind> {
    /// As much of a file as tells what it is.
    #[derive(Deserialize)]
    struct Head {
        kind: Option<String>,
        partitions: Option<IgnoredAny>,
        proposals: Option<IgnoredAny>,
    }
    if path.is_dir() {
        return Ok(if path.join("plan.json").is_file() { Kind::Plan } else { Kind::Other });
    }
    if path.as_os_str() == "-" {
        return Ok(Kind::Other);
    }
    let content = fs::read(path)?;
    // A file of ours says what it is in its first bytes; to look for that in others costs reading them.
    let start = &content[..content.len().min(64)];
    let says = |kind: &str| start.windows(kind.len()).any(|window| window == kind.as_bytes());
    if says(plan::KIND) {
        return Ok(Kind::Plan);
    }
    if says("kshift.cluster") {
        return Ok(Kind::Other);
    }
    let source = fs::name_of(path);
    let Some(head) = json::text_of(&content, &source).ok().and_then(|text| serde_json::from_str::<Head>(text).ok())
    else {
        return Ok(Kind::Other);
    };
    match head {
        Head { kind: Some(kind), .. } if kind == plan::KIND => Ok(Kind::Plan),
        Head { kind: None, partitions, proposals } if partitions.is_some() || proposals.is_some() => Err(Error::new(
            Code::WrongKind,
            "this is a reassignment for Kafka's tools; expected a cluster or a plan of kshift",
        )
        .at(Place::source(source))
        .help("`kshift check CLUSTER FILE` says what it would do to a cluster")),
        _ => Ok(Kind::Other),
    }
}

/// What differs between two of one kind.
///
/// # Errors
/// [`Code::WrongKind`] for two of different kinds.
pub fn between<'a>((a, name_a): (&'a Side, &str), (b, name_b): (&'a Side, &str)) -> Result<Diff<'a>> {
    match (a, b) {
        (Side::Cluster(a), Side::Cluster(b)) => Ok(Diff::Cluster(Box::new(diff::clusters(a, b)))),
        (Side::Plan(a), Side::Plan(b)) => Ok(Diff::Plan(Box::new(diff::plans(a, b)))),
        _ => Err(Error::new(
            Code::WrongKind,
            format!("`{name_a}` is {} and `{name_b}` is {}; expected two of one kind", a.noun(), b.noun()),
        )
        .at(Place::source(name_b))
        .help("`kshift check CLUSTER PLAN` and `kshift gate wave N CLUSTER PLAN` compare a plan with a cluster")),
    }
}

/// Compares and shows what differs.
pub fn run(args: &DiffArgs, console: &Console) -> Result<u8> {
    resolve::one_standard_input(&[&args.a, &args.b])?;
    let (a, b) = rayon::join(|| Side::read(&args.a), || Side::read(&args.b));
    let (a, b) = (a?, b?);
    let diff = between((&a, &args.a.display().to_string()), (&b, &args.b.display().to_string()))?;
    console.show(&diff)?;
    Ok(if args.exit_code && diff.differs() { DOES_NOT_HOLD } else { 0 })
}

impl View for Diff<'_> {
    fn text(&self, _quiet: bool) -> String {
        self.to_string()
    }
}
