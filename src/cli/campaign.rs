//! `kshift campaign`: the phases of a migration in one file, and where a cluster stands in it.

#![expect(clippy::format_push_string, reason = "a page is put together once; `write!` would bury its sentences")]

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Serialize;

use super::args::SupplementArgs;
use super::check::DOES_NOT_HOLD;
use super::console::Console;
use super::table::{Align, Table};
use super::view::{Lines, View, quoted};
use super::{around, load, resolve};
use crate::base::error::{Code, Error, Place, Result};
use crate::base::ids::IdSet;
use crate::base::pairs::Pairs;
use crate::base::units::BytesPerSec;
use crate::base::{fs, json};
use crate::campaign::{self, Ask, Campaign, Kind, Standing};
use crate::plan::Plan;
use crate::request::Supplements;

/// `kshift campaign`.
#[derive(Debug, Args)]
#[command(
    override_usage = "kshift campaign <ACTION> …",
    subcommand_value_name = "ACTION",
    subcommand_help_heading = "Actions",
    disable_help_subcommand = true,
    after_help = "\
The file is for a team to change and approve: it names each phase with its steps, its
gate and its way back. Put the path of a plan into `plan` once it is made, and set
`done` when a phase is over.

Examples:
  kshift campaign new cluster.json --old 1001-1012 --new 0-11 --throttle 50MB/s -o campaign.json
  kshift campaign new cluster.json --old 101-103 --new 1-3 --pair 1:101,2:102,3:103 -o campaign.json
  kshift campaign show campaign.json > campaign.md
  kshift campaign check campaign.json now.json"
)]
pub struct CampaignArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
    /// Print one JSON object instead of text
    #[arg(long, global = true, help_heading = "Output")]
    pub json: bool,
}

/// What `kshift campaign` does.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Write a new campaign file
    New(NewArgs),
    /// Show a campaign as Markdown
    Show(ShowArgs),
    /// Tell in which phase a cluster is, what comes next, and what contradicts the file
    Check(CheckArgs),
}

/// `kshift campaign new`.
#[derive(Debug, Args)]
pub struct NewArgs {
    /// A snapshot file, a directory of Kafka tool output, or `-` for standard input
    pub cluster: PathBuf,
    /// Brokers that shall be gone at the end, such as `1001-1012`; also those that --pair moves data to meanwhile
    #[arg(long, value_name = "IDS", value_parser = IdSet::parse, allow_negative_numbers = true)]
    pub old: IdSet,
    /// Brokers that take over; they need not exist yet
    #[arg(long, value_name = "IDS", value_parser = IdSet::parse, allow_negative_numbers = true)]
    pub new: IdSet,
    /// Free the ids of these brokers first: each with the old broker that takes its place, such as `1:101,2:102`
    #[arg(long, value_name = "ID:OLD,…", value_parser = Pairs::parse)]
    pub pair: Option<Pairs>,
    /// A file that describes DNS names in front of the brokers (docs/dns.md)
    #[arg(long, value_name = "FILE")]
    pub facade: Option<PathBuf>,
    /// Throttle of the plans, such as `50MB/s`
    #[arg(long, value_name = "RATE", value_parser = BytesPerSec::parse, allow_negative_numbers = true)]
    pub throttle: Option<BytesPerSec>,
    /// Write the campaign to this new file instead of standard output
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
}

/// `kshift campaign show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// A campaign file
    pub file: PathBuf,
}

/// `kshift campaign check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// A campaign file
    pub file: PathBuf,
    /// A new snapshot of the cluster, a directory of Kafka tool output, or `-` for standard input
    pub cluster: PathBuf,
    /// What the source could not say.
    #[command(flatten)]
    pub supplements: SupplementArgs,
}

/// Does what was asked for.
pub fn run(args: &CampaignArgs, console: &Console) -> Result<u8> {
    match &args.action {
        Action::New(args) => make(args, console),
        Action::Show(args) => {
            console.show(&Page { campaign: &read(&args.file)? })?;
            Ok(0)
        }
        Action::Check(args) => {
            resolve::one_standard_input(&[&args.file, &args.cluster])?;
            let campaign = read(&args.file)?;
            let plans = plans(&campaign, &args.file)?;
            let snapshot = load::cluster(&args.cluster, &resolve::supplements(&args.supplements)?)?;
            let standing = campaign::check(&campaign, &snapshot, &plans);
            console.show(&standing)?;
            Ok(if standing.ok { 0 } else { DOES_NOT_HOLD })
        }
    }
}

fn make(args: &NewArgs, console: &Console) -> Result<u8> {
    let output = args.output.as_deref().filter(|path| path.as_os_str() != "-");
    if let Some(path) = output.filter(|path| path.exists()) {
        // People have written into it.
        return Err(Error::new(Code::OutputExists, format!("`{}` exists; nothing is overwritten", path.display()))
            .at(Place::source("--output"))
            .help("name a new file, or move this one away"));
    }
    let facade = args.facade.as_ref().map(|path| Ok((quoted(path), around::facade(path)?.broker))).transpose()?;
    let snapshot = load::cluster(&args.cluster, &Supplements::default())?;
    let (old, new, pairs) = (args.old.clone(), args.new.clone(), args.pair.clone());
    let campaign = campaign::make(&snapshot, &Ask { old, new, pairs, facade, throttle: args.throttle })?;
    let content = campaign::write(&campaign);
    match output {
        Some(path) => {
            fs::write_file(path, &content)?;
            console.tell(&Made { written: path.display().to_string(), phases: campaign.phases.len() as u64 });
        }
        None => console.data(&content)?,
    }
    Ok(0)
}

/// The campaign of a file.
pub fn read(path: &Path) -> Result<Campaign> {
    let (content, source) = (fs::read(path)?, fs::name_of(path));
    campaign::read(json::text_of(&content, &source)?, &source)
}

/// The plans that phases name, beside the file of the campaign.
pub fn plans(campaign: &Campaign, file: &Path) -> Result<Vec<(Kind, Plan)>> {
    let beside = file.parent().unwrap_or(Path::new(""));
    let named = campaign.phases.iter().filter(|phase| phase.skip.is_none());
    let named = named.filter_map(|phase| Some((phase.kind, phase.plan.as_ref()?)));
    named.map(|(kind, plan)| Ok((kind, load::plan(&beside.join(plan))?))).collect()
}

/// What was written.
#[derive(Serialize)]
struct Made {
    written: String,
    phases: u64,
}

impl View for Made {
    fn text(&self, quiet: bool) -> String {
        if quiet {
            return String::new();
        }
        let mut lines = Lines::default();
        lines.add("written", &self.written).add("phases", self.phases.to_string());
        lines.text()
    }
}

/// A campaign as a page.
#[derive(Serialize)]
struct Page<'a> {
    #[serde(skip)]
    campaign: &'a Campaign,
}

impl View for Page<'_> {
    fn text(&self, _quiet: bool) -> String {
        campaign::markdown(self.campaign)
    }

    fn json(&self) -> String {
        String::from_utf8(campaign::write(self.campaign)).expect("JSON is text")
    }
}

impl View for Standing {
    fn text(&self, _quiet: bool) -> String {
        let mut table = Table::new(&[("PHASE", Align::Left), ("STATE", Align::Left), ("FOUND", Align::Left)]);
        for status in &self.phases {
            let mark = if Some(status.phase) == self.current { " <" } else { "" };
            let found = status.found.clone();
            table.row([status.phase.as_str().to_owned(), format!("{}{mark}", status.state.as_str()), found]);
        }
        let mut text = table.text();
        for fault in &self.faults {
            text += &format!("\nviolation[{}]: {}\n", fault.code, fault.message);
        }
        let Some(kind) = self.current else { return text + "\nall phases are over\n" };
        text += &format!("\nnext: {}\n", kind.title());
        for (number, step) in self.next.iter().enumerate() {
            text += &format!("  {}. {step}\n", number + 1);
        }
        text + &format!("gate: {}\n", self.gate.as_deref().unwrap_or_default())
    }
}
