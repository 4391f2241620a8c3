//! The command line as typed: every command and option with its help, nothing resolved.
//!
//! What was not given stays absent here; the defaults stand in [`Request`] and are only quoted in the help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::around::{DnsEndpointArgs, Route53Args, StrimziArgs};
use super::campaign::CampaignArgs;
use super::diff::DiffArgs;
use super::explain::ExplainArgs;
use super::gate::GateArgs;
use super::values;
use crate::base::broker_dirs::BrokerDirs;
use crate::base::ids::{IdSet, TopicPartition};
use crate::base::pairs::Pairing;
use crate::base::price::PricePerGb;
use crate::base::racks::RackNames;
use crate::base::units::{Bytes, BytesPerSec, Ratio, Seconds};
use crate::base::weights::Weights;
use crate::base::windows::Windows;
use crate::base::zone::Zone;
use crate::emit::cruise_control::Part;
use crate::emit::export::Script;
use crate::request::rates::BrokerRates;
use crate::request::{self, Request};
use crate::simulate::{Loss, Slow, Style};

/// Plans safe, throttled, reversible moves of Apache Kafka partitions between brokers
///
/// kshift reads what a cluster looks like, decides which replica goes where and in which wave, checks its own
/// result with independent code, and writes files for Kafka's own tools. It never changes a cluster.
#[derive(Debug, Parser)]
#[command(max_term_width = 100, name = "kshift", bin_name = "kshift", version, arg_required_else_help = false, after_help = FIRST_STEPS)]
pub struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const FIRST_STEPS: &str = "\
First steps:
  kshift example -o cluster.json
  kshift plan cluster.json --drain 1000-1011 --throttle 50MB/s --out plan
  kshift show plan --waves
  kshift check cluster.json plan

Exit codes: 0 done, 1 a check did not hold, 2 bad usage or bad input,
3 no plan satisfies the limits, 70 a fault of kshift, 130 interrupted";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read a cluster and write it as one snapshot file
    Snapshot(SnapshotArgs),
    /// Plan the move of every replica off some brokers, or of a placement made elsewhere
    Plan(Box<PlanArgs>),
    /// Show a plan: its summary, waves, brokers, or the story of one partition
    Show(ShowArgs),
    /// Replay a plan with code that shares nothing with the planner, and list what does not hold
    Check(Box<CheckArgs>),
    /// Play a plan over time: disks, rates, leaders; a lost or slow broker; the ways in which other tools would carry it out
    Simulate(Box<SimulateArgs>),
    /// Look whether the next phase may begin: preflight, a wave, decommission, the migration to KRaft
    Gate(Box<GateArgs>),
    /// Show what differs between two snapshots, or between two plans
    Diff(DiffArgs),
    /// Write the way back: the exact ordered replica lists from before a wave
    Rollback(RollbackArgs),
    /// Write a plan, or one of its waves, in the form of another tool
    Export(ExportArgs),
    /// The phases of a migration in one file: write it, show it, tell where a cluster stands
    Campaign(Box<CampaignArgs>),
    /// Explain a code: of an error, warning, rule of the check, piece of advice or gate
    Explain(ExplainArgs),
    /// Write a synthetic cluster of any size, the same for the same options
    Example(ExampleArgs),
}

impl Command {
    /// How the command talks.
    pub fn talk(&self) -> Talk {
        match self {
            Command::Snapshot(args) => args.talk,
            Command::Plan(args) => args.talk,
            Command::Rollback(args) => args.talk,
            Command::Export(args) => Talk { json: args.talk.json, quiet: args.talk.quiet },
            Command::Campaign(args) => Talk { json: args.json, quiet: false },
            Command::Example(args) => args.talk,
            Command::Show(args) => Talk { json: args.json, quiet: false },
            Command::Check(args) => Talk { json: args.json, quiet: false },
            Command::Simulate(args) => Talk { json: args.json, quiet: false },
            Command::Gate(args) => Talk { json: args.json, quiet: false },
            Command::Diff(args) => Talk { json: args.json, quiet: false },
            Command::Explain(args) => Talk { json: args.json, quiet: false },
        }
    }
}

/// `kshift snapshot`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kshift snapshot tool-output/ -o cluster.json
  kshift snapshot tool-output/ --racks racks.json --capacity 2TB -o cluster.json")]
pub struct SnapshotArgs {
    /// A snapshot file (plain, gzip or zstd), a directory of Kafka tool output or answers of Cruise Control, or `-` for standard input
    pub source: PathBuf,
    /// Write the snapshot to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// What the source could not say.
    #[command(flatten)]
    pub supplements: SupplementArgs,
    /// How to talk.
    #[command(flatten)]
    pub talk: Talk,
}

/// `kshift plan`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option that a user can give")]
#[command(after_help = "\
The plan goes to standard output, its summary to standard error.
With --out, standard output stays empty unless --format is given.

Examples:
  kshift plan cluster.json --drain 1001-1012 --throttle 50MB/s --out plan
  kshift plan tool-output/ --drain 3 --onto 4-6 --capacity 1TB > move.json
  kshift plan cluster.json --drain 7 --throttle 50MB/s --canary 10 --out plan
  kshift plan cluster.json --drain 7 --throttle 50MB/s --window 22:00-06:00 --time-zone Europe/Berlin --out plan
  kshift plan cluster.json --drain 7 --leaders-only > reorder.json
  kshift plan cluster.json --drain-dir 3:/kafka/d2,4:/kafka/d2 --throttle 50MB/s --out plan
  kshift plan cluster.json --drain 1001-1012 --pair auto --throttle 50MB/s --out plan
  kshift plan cluster.json --target proposals.json --throttle 50MB/s --out plan
  kshift plan newer.json --resume plan --out plan-2")]
pub struct PlanArgs {
    /// A snapshot file (plain, gzip or zstd), a directory of Kafka tool output or answers of Cruise Control, or `-` for standard input
    pub cluster: PathBuf,
    /// Move leadership off the drained brokers and nothing else: lists get another first replica, no data is copied
    #[arg(long)]
    pub leaders_only: bool,
    /// Move followers off the drained brokers and nothing else: leaders and the heads of lists stay, a plain drain moves them later
    #[arg(long)]
    pub replicas_only: bool,
    /// Log dirs that shall hold nothing at the end, such as `3:/kafka/d1,3:/kafka/d2`: their replicas go to other log dirs of the same broker
    #[arg(long, value_name = "BROKER:PATH,…", value_parser = BrokerDirs::parse, allow_hyphen_values = true)]
    pub drain_dir: Option<BrokerDirs>,
    /// Let each new broker take an old one's place in every list, such as `1001:1,1002:2`; `auto` finds the best pairs for --drain
    #[arg(long, value_name = "OLD:NEW,…", value_parser = Pairing::parse)]
    pub pair: Option<Pairing>,
    /// Only check, order and batch this placement: kafka-reassign JSON or Cruise Control proposals
    #[arg(long, value_name = "FILE")]
    pub target: Option<PathBuf>,
    /// Go on with a plan that was carried out in part, a directory written by --out or a plan.json: what is done stays, the rest is planned from here. Its options hold; limits that are given again override single ones
    #[arg(long, value_name = "PLAN")]
    pub resume: Option<PathBuf>,
    /// Let --target change how many replicas a partition has
    #[arg(long)]
    pub allow_rf_change: bool,
    /// The limits, shared with `check`.
    #[command(flatten)]
    pub limits: LimitArgs,
    /// Send this many partitions ahead, alone in the first wave
    #[arg(long, value_name = "N", value_parser = values::count_or_zero, allow_negative_numbers = true, help_heading = "Waves")]
    pub canary: Option<u32>,
    /// How much moves at once.
    #[command(flatten)]
    pub in_flight: InFlightArgs,
    /// When, by the clock, and for how much.
    #[command(flatten)]
    pub calendar: CalendarArgs,
    /// How a partition gets to its new replicas: `direct` (all at once), `one-at-a-time` (one new replica after the other, the leader last) or `two-stage` (add all beside the old leader, soak, then hand leadership over, then drop the old one) [default: direct]
    #[arg(long, value_enum, help_heading = "Waves", hide_possible_values = true)]
    pub strategy: Option<Strategy>,
    /// Order old lists anew first, so that the copies come evenly from all old brokers: nothing is copied for that, but clients follow the leaders
    #[arg(long, help_heading = "Waves")]
    pub balance_sources: bool,
    /// What goes first where targets differ in size: `disk` (equally full) or `time` (each receives equally much, so the move is shorter) [default: disk]
    #[arg(long, value_enum, value_name = "GOAL", hide_possible_values = true)]
    pub prefer: Option<Prefer>,
    /// How much each load counts when leaders are chosen: their number, bytes produced and bytes consumed, such as `in=2,out=0` [default: leaders=1,in=1,out=1]
    #[arg(long, value_name = "NAME=X,…", value_parser = Weights::parse, allow_negative_numbers = true)]
    pub weights: Option<Weights>,
    /// How long to search for a better plan than the first good one: `instant` (not at all), `normal` or `thorough` [default: normal]
    #[arg(long, value_enum, value_name = "HOW", hide_possible_values = true)]
    pub effort: Option<Effort>,
    /// Choose among equally good plans; the same seed gives the same plan [default: 0]
    #[arg(long, value_name = "N", value_parser = values::seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// A JSON file that changes what the forecast of durations reckons with, such as `{"rtt_seconds":0.05}`
    #[arg(long, value_name = "FILE", help_heading = "Waves")]
    pub forecast: Option<PathBuf>,
    /// Solve a small case to the proven optimum: disk fill, then replicas, leaders and their traffic
    #[arg(long)]
    pub exact: bool,
    /// What the source could not say.
    #[command(flatten)]
    pub supplements: SupplementArgs,
    /// Write to standard output: `kafka`, one file for kafka-reassign-partitions, or `plan`, plan.json [default: kafka]
    #[arg(long, value_enum, help_heading = "Output", hide_possible_values = true)]
    pub format: Option<Format>,
    /// Write plan.json, a folder of files for each wave, a runbook and a report.html to this new directory
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub out: Option<PathBuf>,
    /// Replace DIR when it is empty or holds a kshift plan and nothing else
    #[arg(long, help_heading = "Output")]
    pub force: bool,
    /// How to talk.
    #[command(flatten)]
    pub talk: Talk,
}

/// `kshift show`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kshift show plan
  kshift show plan --waves
  kshift show plan --why orders-7")]
pub struct ShowArgs {
    /// A directory written by `kshift plan --out`, or a plan.json
    pub plan: PathBuf,
    /// Show a table of the waves
    #[arg(long, conflicts_with_all = ["brokers", "why"])]
    pub waves: bool,
    /// Show a table of the brokers, before and after
    #[arg(long, conflicts_with = "why")]
    pub brokers: bool,
    /// Tell what happens to one partition, and why
    #[arg(long, value_name = "TOPIC-P", value_parser = values::topic_partition)]
    pub why: Option<TopicPartition>,
    /// Print one JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// `kshift check`.
#[derive(Debug, Args)]
#[command(after_help = "\
A plan of kshift is judged by the limits that it was made with; they may be
repeated here, and another value is refused. Any other reassignment is judged as
one wave that starts all at once, by the limits given here. The exit code is 1
when something does not hold. Of other reassignments advice (lint) is given too,
which changes the exit code only with --strict.

Examples:
  kshift check cluster.json plan
  kshift check cluster.json reassign.json --drain 1001-1012 --throttle 50MB/s")]
pub struct CheckArgs {
    /// A snapshot file (plain, gzip or zstd), a directory of Kafka tool output or answers of Cruise Control, or `-` for standard input
    pub cluster: PathBuf,
    /// A directory written by `kshift plan --out`, a plan.json, or a kafka-reassign-partitions JSON
    pub plan: PathBuf,
    /// The limits, shared with `plan`.
    #[command(flatten)]
    pub limits: LimitArgs,
    /// What the source could not say.
    #[command(flatten)]
    pub supplements: SupplementArgs,
    /// Exit with 1 for advice too, not for violations alone
    #[arg(long, help_heading = "Output")]
    pub strict: bool,
    /// Print one JSON object instead of text
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

/// `kshift simulate`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option that a user can give")]
#[command(after_help = "\
Copies are flows from leader to new replica that share the rates of the brokers
fairly. A plan of kshift brings its throttle with it; other reassignments need
--throttle. The exit code is 0 whatever is found: `ends` in the JSON says whether
every partition arrives.

Examples:
  kshift simulate cluster.json plan
  kshift simulate cluster.json plan --compare
  kshift simulate cluster.json plan --lose 1003@2
  kshift simulate cluster.json plan --slow 7=10MB/s --growth --series series.csv
  kshift simulate cluster.json reassign.json --style batches=10 --throttle 50MB/s")]
pub struct SimulateArgs {
    /// A snapshot file (plain, gzip or zstd), a directory of Kafka tool output or answers of Cruise Control, or `-` for standard input
    pub cluster: PathBuf,
    /// A directory written by `kshift plan --out`, a plan.json, kafka-reassign JSON or Cruise Control proposals
    pub plan: PathBuf,
    /// How it is carried out: `rolling`, `barrier` (wave by wave), `all-at-once`, `batches=N` (N partitions, then the next) or `sliding=K` (K moves per broker, as Cruise Control) [default: rolling]
    #[arg(long, value_name = "STYLE", value_parser = Style::parse)]
    pub style: Option<Style>,
    /// Show how long every style takes, beside the one of --style
    #[arg(long, conflicts_with_all = ["lose", "lose_rack", "every", "series"])]
    pub compare: bool,
    /// Replication throttle of each broker, sending and receiving, such as `50MB/s` [default: that of the plan]
    #[arg(long, value_name = "RATE", value_parser = BytesPerSec::parse, allow_negative_numbers = true)]
    pub throttle: Option<BytesPerSec>,
    #[command(flatten)]
    /// How much moves at once.
    pub in_flight: InFlightArgs,
    /// Count live traffic of the partitions that move against the throttle, as Kafka does
    #[arg(long, help_heading = "What if")]
    pub traffic: bool,
    /// Let the partitions that move grow by what producers write meanwhile
    #[arg(long, help_heading = "What if")]
    pub growth: bool,
    /// Lose brokers when a wave has begun, such as `1003@2`
    #[arg(long, value_name = "BROKER@WAVE", value_parser = Loss::brokers, help_heading = "What if")]
    pub lose: Option<Loss>,
    /// Lose all brokers of a rack when a wave has begun, such as `us-east-1a@2`
    #[arg(long, value_name = "RACK@WAVE", value_parser = Loss::rack, help_heading = "What if", conflicts_with = "lose")]
    pub lose_rack: Option<Loss>,
    /// Rates of brokers that are slower than the throttle, such as `1003=10MB/s`
    #[arg(long, value_name = "BROKER=RATE,…", value_parser = Slow::parse, help_heading = "What if")]
    pub slow: Option<Slow>,
    /// What the source could not say.
    #[command(flatten)]
    pub supplements: SupplementArgs,
    /// Take samples of all brokers this often, such as `10m`; --json then has them [default: some dozens]
    #[arg(long, value_name = "D", value_parser = Seconds::parse, help_heading = "Output", allow_negative_numbers = true)]
    pub every: Option<Seconds>,
    /// Write the samples (disk, in, out, leaders of every broker over time) to this .csv or .json file
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub series: Option<PathBuf>,
    /// Print one JSON object instead of text
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

/// How much moves at once in a rolling execution, shared by `plan` and `simulate`.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct InFlightArgs {
    /// Most partitions that copy at once when carried out rolling [default: 1250, or 5 for each target if that is more]
    #[arg(long, value_name = "N", value_parser = values::count, allow_negative_numbers = true, help_heading = "Waves")]
    pub in_flight: Option<u32>,
    #[arg(
        long, value_name = "N", value_parser = values::count, allow_negative_numbers = true, help_heading = "Waves",
        help = format!("Most of them that a broker leads, and most that it receives [default: {}]", Request::default().in_flight_per_broker)
    )]
    /// Most of them on each side of a broker.
    pub in_flight_per_broker: Option<u32>,
}

/// `kshift rollback`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kshift rollback plan --to-wave 3 > back.json
  kshift rollback plan --to-wave 1 --out back")]
pub struct RollbackArgs {
    /// A directory written by `kshift plan --out`, or a plan.json
    pub plan: PathBuf,
    /// Go back to the state before this wave, for all partitions of this wave and of all later ones
    #[arg(long, value_name = "N", value_parser = values::count, allow_negative_numbers = true)]
    pub to_wave: u32,
    /// Write a folder of files for each wave of the way back, and a runbook, to this new directory
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Write to standard output: `kafka`, one file that starts the whole way back at once [default without --out: kafka]
    #[arg(long, value_enum, hide_possible_values = true)]
    pub format: Option<BackFormat>,
    /// How to talk.
    #[command(flatten)]
    pub talk: Talk,
}

/// `kshift export`.
#[derive(Debug, Args)]
#[command(
    override_usage = "kshift export <PLAN> <FORMAT> [OPTIONS]",
    subcommand_value_name = "FORMAT",
    subcommand_help_heading = "Formats",
    disable_help_subcommand = true,
    after_help = "\
A single file goes to standard output, or to the file named by -o; several need
--out. `kshift export PLAN FORMAT --help` lists the options of a format.

Examples:
  kshift export plan kafka --wave 2 > reassign.json
  kshift export plan throttle --wave 2 -o throttle.json
  kshift export plan html -o report.html
  kshift export plan runbook --out pages
  kshift export plan strimzi --cluster prod --pool brokers=0-11 --out strimzi
  kshift export plan route53 --facade facade.json --out dns"
)]
pub struct ExportArgs {
    /// A directory written by `kshift plan --out`, or a plan.json
    pub plan: PathBuf,
    /// In which form.
    #[command(subcommand)]
    pub format: ExportFormat,
    /// Write the one file here instead of to standard output
    #[arg(short, long, value_name = "FILE", global = true, help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Write the files, under their own names, to this new directory
    #[arg(long, value_name = "DIR", global = true, help_heading = "Output", conflicts_with = "output")]
    pub out: Option<PathBuf>,
    /// How to talk.
    #[command(flatten)]
    pub talk: GlobalTalk,
}

/// The formats of `kshift export`.
#[derive(Debug, Subcommand)]
pub enum ExportFormat {
    /// JSON for kafka-reassign-partitions
    Kafka(WaveArgs),
    /// JSON for kafka-leader-election: who needs a preferred election when the wave has ended
    Election(WaveArgs),
    /// The replication throttle: rates of brokers, and replicas of topics that they hold for
    Throttle(ThrottleArgs),
    /// Every command that a person types with Kafka's own tools, in Markdown
    Runbook(RunbookArgs),
    /// The plan as one page to look at, which needs no network: waves, brokers, risks, bounds, search
    Html,
    /// What Cruise Control would answer, its capacity and broker-set files, and the requests to make of it
    CruiseControl(CruiseControlArgs),
    /// Patches of Strimzi's node pools, and when which goes on
    Strimzi(StrimziArgs),
    /// Changes of DNS names in Route 53 that follow the waves
    Route53(Route53Args),
    /// The same as resources of external-dns
    Dnsendpoint(DnsEndpointArgs),
}

/// `kshift export PLAN cruise-control`.
#[derive(Debug, Args)]
pub struct CruiseControlArgs {
    /// Only this wave [default: the whole plan, as if it were done at once]
    #[arg(long, value_name = "N", value_parser = values::count, allow_negative_numbers = true)]
    pub wave: Option<u32>,
    /// The cluster that the plan was made for; without it hosts, rates and network capacities are not known
    #[arg(long, value_name = "CLUSTER")]
    pub cluster: Option<PathBuf>,
    /// One file: `proposals`, `capacity`, `broker-sets`, `calls` or `runbook` [default: all of them]
    #[arg(long, value_name = "PART")]
    pub only: Option<Part>,
    /// Name partitions `orders-7`, as the published schema of Cruise Control has it, and not by an object, as it answers
    #[arg(long)]
    pub text_names: bool,
}

/// Which part of a plan.
#[derive(Clone, Copy, Debug, Args)]
pub struct WaveArgs {
    /// Only this wave [default: the whole plan, as if it were done at once]
    #[arg(long, value_name = "N", value_parser = values::count, allow_negative_numbers = true)]
    pub wave: Option<u32>,
}

/// Which throttle, and how.
#[derive(Clone, Copy, Debug, Args)]
pub struct ThrottleArgs {
    /// Which part of a plan.
    #[command(flatten)]
    pub of: WaveArgs,
    /// Not JSON but a shell script of kafka-configs commands that sets it (`set`), or that takes it off again and brings
    /// back what was there before (`unset`)
    #[arg(long, value_name = "set|unset", value_parser = values::script)]
    pub script: Option<Script>,
}

/// For whom a runbook is.
#[derive(Clone, Debug, Args)]
pub struct RunbookArgs {
    /// For the tools of this version of Kafka, such as `3.9` or `4.1` [default: that of the brokers]
    #[arg(long, value_name = "VERSION")]
    pub kafka: Option<String>,
}

/// The brokers and limits of a request.
#[derive(Debug, Default, Args)]
pub struct LimitArgs {
    /// Brokers that shall hold nothing at the end, such as `1001-1012,1020`
    #[arg(long, value_name = "IDS", value_parser = IdSet::parse, allow_negative_numbers = true)]
    pub drain: Option<IdSet>,
    /// Racks all of whose brokers shall hold nothing at the end, such as `us-east-1a`; beside --drain or alone
    #[arg(long, value_name = "RACK,…", value_parser = RackNames::parse)]
    pub drain_rack: Option<RackNames>,
    /// Brokers that may receive data [default: every alive broker that is not drained]
    #[arg(long, value_name = "IDS", value_parser = IdSet::parse, allow_negative_numbers = true)]
    pub onto: Option<IdSet>,
    /// Only topics whose whole name matches this regular expression
    #[arg(long, value_name = "REGEX", value_parser = values::regex)]
    pub topics: Option<String>,
    /// No topic whose whole name matches this regular expression
    #[arg(long, value_name = "REGEX", value_parser = values::regex)]
    pub exclude_topics: Option<String>,
    /// Replication throttle of each broker, sending and receiving, such as `50MB/s` (with --drain-dir of copies between log dirs); without it there are no times
    #[arg(long, value_name = "RATE", value_parser = BytesPerSec::parse, help_heading = "Limits", allow_negative_numbers = true)]
    pub throttle: Option<BytesPerSec>,
    /// Throttle of each broker as a sender, in the place of --throttle
    #[arg(long, value_name = "RATE", value_parser = BytesPerSec::parse, help_heading = "Limits", allow_negative_numbers = true)]
    pub leader_throttle: Option<BytesPerSec>,
    /// Throttle of each broker as a receiver, in the place of --throttle
    #[arg(long, value_name = "RATE", value_parser = BytesPerSec::parse, help_heading = "Limits", allow_negative_numbers = true)]
    pub follower_throttle: Option<BytesPerSec>,
    /// A JSON file of throttles by broker id, such as `{"1001-1004":"50MB/s"}`, or a throttle.json; others have --throttle
    #[arg(long, value_name = "FILE", help_heading = "Limits")]
    pub rates: Option<PathBuf>,
    /// The same where it is no file.
    #[arg(skip)]
    pub rates_given: Option<BrokerRates>,
    /// Derive each broker's throttle: its network capacity less live traffic, with this share left free, such as `30%`; --throttle is then an upper limit
    #[arg(long, value_name = "PCT", value_parser = Ratio::parse, help_heading = "Limits", allow_negative_numbers = true, conflicts_with = "rates")]
    pub headroom: Option<Ratio>,
    #[arg(
        long, value_name = "PCT", value_parser = Ratio::parse, help_heading = "Limits", allow_negative_numbers = true,
        help = format!("How full a log dir that receives data may ever be, such as `85%` or `0.85` [default: {}]", Request::default().disk_limit)
    )]
    /// Most use of a log dir.
    pub disk_limit: Option<Ratio>,
    /// Plan without any disk limit, and without known capacities
    #[arg(long, help_heading = "Limits", conflicts_with = "disk_limit")]
    pub ignore_disk: bool,
    /// Count what producers add to the moved partitions meanwhile; needs --throttle
    #[arg(long, help_heading = "Limits", conflicts_with = "ignore_disk")]
    pub growth: bool,
    /// What must hold for racks: `preserve` (never worse than now), `strict` (as many as possible) or `ignore` [default: preserve]
    #[arg(long, value_enum, value_name = "POLICY", help_heading = "Limits", hide_possible_values = true)]
    pub rack_policy: Option<RackPolicy>,
    /// Leave out partitions that are not healthy enough to move, and say so, instead of refusing the plan
    #[arg(long, help_heading = "Limits")]
    pub skip_unhealthy: bool,
    #[arg(
        long, value_name = "N", value_parser = values::count, allow_negative_numbers = true, help_heading = "Waves",
        help = format!("Most partitions in one wave [default: {}]", Request::default().max_moves)
    )]
    /// Most partitions in one wave.
    pub max_moves: Option<u32>,
    /// Most partitions in one wave that a broker receives, and most that it sends
    #[arg(long, value_name = "N", value_parser = values::count, allow_negative_numbers = true, help_heading = "Waves")]
    pub max_moves_per_broker: Option<u32>,
    #[arg(
        long, value_name = "N", value_parser = values::count, allow_negative_numbers = true, help_heading = "Waves",
        help = format!("Most partitions whose leader changes in one wave [default: {} where nothing else changes, no limit elsewhere]", request::LEADER_CHANGES_DEFAULT)
    )]
    /// Most leaders that change in one wave.
    pub max_leader_changes: Option<u32>,
    #[arg(
        long, value_name = "D", value_parser = Seconds::parse, help_heading = "Waves", allow_negative_numbers = true,
        help = format!("Longest copy time of one wave, such as `90m` or `4h`; needs --throttle [default: {}]", Request::default().max_wave_duration)
    )]
    /// Longest copy time of one wave.
    pub max_wave_duration: Option<Seconds>,
}

/// When waves run, and what they cost.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Dates and costs")]
pub struct CalendarArgs {
    /// Hours in which waves may run, such as `22:00-06:00` or `sat,sun 00:00-24:00`; may be given several times [default: any time]
    #[arg(long, value_name = "WINDOW,…", value_parser = Windows::parse, allow_hyphen_values = true)]
    pub window: Vec<Windows>,
    /// When the first wave may start, such as `2026-11-20T22:00` in --time-zone, or with an offset [default: when the cluster was read]
    #[arg(long, value_name = "TIMESTAMP", allow_hyphen_values = true)]
    pub start: Option<String>,
    /// By whose clocks windows open and dates are told, such as `Europe/Berlin` [default: UTC]
    #[arg(long, value_name = "NAME", value_parser = Zone::parse)]
    pub time_zone: Option<Zone>,
    /// What a gigabyte costs that goes between racks, such as `0.02`; without it no costs are told
    #[arg(long, value_name = "X", value_parser = PricePerGb::parse, allow_negative_numbers = true)]
    pub price_per_gb: Option<PricePerGb>,
}

/// What the source of a cluster could not say.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "What the source of the cluster does not say")]
pub struct SupplementArgs {
    /// Size of each partition whose size is not known, such as `10GB`
    #[arg(long, value_name = "SIZE", value_parser = Bytes::parse, allow_negative_numbers = true)]
    pub assume_size: Option<Bytes>,
    /// Capacity of each log dir that has none, such as `2TB`, or a JSON file of capacities by broker id
    #[arg(long, value_name = "SIZE|FILE", allow_negative_numbers = true)]
    pub capacity: Option<String>,
    /// A JSON file of racks: `{"1001-1004":"az-a"}` sets them by broker id, `{"us-east-1a":"use1-az1"}` renames them
    #[arg(long, value_name = "FILE")]
    pub racks: Option<PathBuf>,
}

/// How a command talks on standard error.
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct Talk {
    /// Print what is for people (summary, warnings, errors) as one JSON object on standard error
    #[arg(long)]
    pub json: bool,
    /// Print no summary and no progress; warnings and errors still appear
    #[arg(short, long, conflicts_with = "json")]
    pub quiet: bool,
}

/// How a command with subcommands talks: as [`Talk`], wherever its options stand.
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct GlobalTalk {
    /// Print what is for people (summary, warnings, errors) as one JSON object on standard error
    #[arg(long, global = true)]
    pub json: bool,
    /// Print no summary and no progress; warnings and errors still appear
    #[arg(short, long, conflicts_with = "json", global = true)]
    pub quiet: bool,
}

/// `--strategy`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Strategy {
    /// In one step.
    Direct,
    /// One new replica after the other.
    OneAtATime,
    /// Add, lead, remove.
    TwoStage,
}

/// `--effort`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Effort {
    /// No search.
    Instant,
    /// Where it pays most.
    Normal,
    /// Much longer.
    Thorough,
}

/// `--prefer`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Prefer {
    /// Equally full.
    Disk,
    /// Each receives equally much.
    Time,
}

/// `--rack-policy`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum RackPolicy {
    /// Never worse than now.
    Preserve,
    /// As many racks as possible.
    Strict,
    /// Racks do not count.
    Ignore,
}

/// `--format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One file for kafka-reassign-partitions.
    Kafka,
    /// The verbose result of an optimization, as Cruise Control answers it.
    CruiseControl,
    /// plan.json.
    Plan,
}

/// `--format` of a rollback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BackFormat {
    /// One file for kafka-reassign-partitions.
    Kafka,
}

/// `kshift example`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kshift example -o cluster.json
  kshift example --old 500 --new 500 --partitions 100000 --total-tb 500 -o big.json")]
pub struct ExampleArgs {
    /// Brokers that hold everything and are to be drained [default: 12]
    #[arg(long, value_name = "N", value_parser = values::count, allow_negative_numbers = true)]
    pub old: Option<u32>,
    /// Empty brokers to move onto [default: 12]
    #[arg(long, value_name = "N", value_parser = values::count_or_zero, allow_negative_numbers = true)]
    pub new: Option<u32>,
    /// Lowest id of the old brokers [default: 1000]
    #[arg(long, value_name = "ID", value_parser = values::count_or_zero, allow_negative_numbers = true)]
    pub old_base: Option<u32>,
    /// Lowest id of the new brokers [default: 0]
    #[arg(long, value_name = "ID", value_parser = values::count_or_zero, allow_negative_numbers = true)]
    pub new_base: Option<u32>,
    /// Partitions, not counting the internal topic [default: 2000]
    #[arg(long, value_name = "N", value_parser = values::count, allow_negative_numbers = true)]
    pub partitions: Option<u32>,
    /// Replication factor [default: 3]
    #[arg(long, value_name = "N", value_parser = values::count, allow_negative_numbers = true)]
    pub rf: Option<u32>,
    /// Racks [default: 3]
    #[arg(long, value_name = "N", value_parser = values::count, allow_negative_numbers = true)]
    pub racks: Option<u32>,
    /// Replicated bytes in all, in TB [default: 20]
    #[arg(long, value_name = "TB", value_parser = values::positive, allow_negative_numbers = true)]
    pub total_tb: Option<f64>,
    /// Skew of sizes: sigma of a log-normal distribution over topics [default: 1.5]
    #[arg(long, value_name = "X", value_parser = values::not_negative, allow_negative_numbers = true)]
    pub sigma: Option<f64>,
    /// Another seed gives another cluster [default: 1]
    #[arg(long, value_name = "N", value_parser = values::seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// Mean disk use of the new brokers after the move, as a share of one [default: 0.6]
    #[arg(long, value_name = "X", value_parser = values::positive, allow_negative_numbers = true)]
    pub new_fill: Option<f64>,
    /// Disk use of the fullest old broker, as a share of one [default: 0.6]
    #[arg(long, value_name = "X", value_parser = values::positive, allow_negative_numbers = true)]
    pub old_fill: Option<f64>,
    /// Put half of the brokers into the first rack
    #[arg(long)]
    pub uneven_racks: bool,
    /// Mix replication factors 1 to 4
    #[arg(long)]
    pub mixed_rf: bool,
    /// Log dirs of each broker [default: 1]
    #[arg(long, value_name = "N", value_parser = values::count, allow_negative_numbers = true)]
    pub dirs: Option<u32>,
    /// New brokers of two sizes
    #[arg(long)]
    pub hetero: bool,
    /// Bytes/s produced for each TB of a leader [default: 200000]
    #[arg(long, value_name = "X", value_parser = values::not_negative, allow_negative_numbers = true)]
    pub rate_per_tb: Option<f64>,
    /// Write the snapshot to this file instead of standard output
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// How to talk.
    #[command(flatten)]
    pub talk: Talk,
}
