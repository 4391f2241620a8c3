//! The summary of a plan, as `plan` tells it and `show` shows it.

use serde::Serialize;

use super::drift;
use super::view::{Lines, View, warnings_text};
use crate::base::broker_dirs::BrokerDirs;
use crate::base::ids::{BrokerId, IdSet};
use crate::base::pairs::Pairing;
use crate::base::price::{PricePerGb, money};
use crate::base::racks::RackNames;
use crate::base::text::{counted, either, grouped};
use crate::base::units::{Bytes, BytesPerSec, Ratio, Seconds};
use crate::base::windows::Windows;
use crate::base::zone::Zone;
use crate::plan::{
    AtRiskSpan, Cap, ClusterIdentity, Deferred, Drift, Limit, Outcome, Plan, PlanDir, Role, Side, Stage, Summary,
    Warning,
};
use crate::request::Prefer;

/// How many deferred partitions the text names.
const DEFERRED_SHOWN: usize = 3;

/// The least part of the time that is worth naming an option for.
const GAIN_SHOWN: f64 = 0.05;

/// How many pairs stand in one line.
const PAIRS_IN_LINE: usize = 6;

/// The summary of a plan.
#[derive(Serialize)]
pub struct PlanView<'a> {
    /// Which cluster.
    pub cluster: &'a ClusterIdentity,
    /// What goes first where targets differ in size.
    #[serde(skip)]
    pub prefer: Prefer,
    /// Where a plan is resumed, what has happened since it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<&'a Drift>,
    /// Brokers to be drained.
    pub drain: IdSet,
    /// Racks that are drained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drain_rack: Option<&'a RackNames>,
    /// Whether leadership alone moves.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub leaders_only: bool,
    /// Where followers alone move: the replicas that stay on drained brokers, which lead or head a list, or are deferred.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas_left: Option<u64>,
    /// Whether anything on drained brokers is deferred or filtered out.
    #[serde(skip)]
    pub leaves_out: bool,
    /// Log dirs that are emptied within their brokers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drain_dir: Option<&'a BrokerDirs>,
    /// Brokers that may receive data, or leadership.
    pub onto: IdSet,
    /// New brokers that take the places of old ones, as `OLD:NEW,…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pair: Option<&'a Pairing>,
    /// Partitions whose lists were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_partitions: Option<u64>,
    /// Moves of partitions, counted wave by wave.
    pub moves: u64,
    /// Waves and moves of each stage, in the order in which they run.
    pub stages: Vec<StageCount>,
    /// The figures.
    pub summary: &'a Summary,
    /// Replication throttle of each broker.
    pub throttle_bytes_per_sec: Option<BytesPerSec>,
    /// Least and most of each side, where rates differ between brokers or sides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rates: Option<Rates>,
    /// What holds the waves up for longest by the forecast.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_up_by: Option<HeldUp>,
    /// Hours in which waves may run.
    #[serde(skip_serializing_if = "Windows::is_empty")]
    pub window: &'a Windows,
    /// By whose clocks, where dates were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<Zone>,
    /// What a gigabyte costs that goes between racks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_per_gb: Option<PricePerGb>,
    /// `makespan_seconds` over its lower bound.
    pub makespan_over_lower_bound: Option<f64>,
    /// How full the target log dirs are.
    pub disk: Disk<'a>,
    /// Whether everything that was asked for is in the plan.
    pub complete: bool,
    /// What is left out.
    pub deferred: &'a [Deferred],
    /// What a person should know.
    pub warnings: Vec<Warning>,
    /// The directory that was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out: Option<String>,
    /// What to do now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<Step>,
}

/// Least and most throttle of the brokers that take part.
#[derive(Serialize)]
pub struct Rates {
    /// Sending.
    pub leader_bytes_per_sec: [BytesPerSec; 2],
    /// Receiving.
    pub follower_bytes_per_sec: [BytesPerSec; 2],
}

/// What holds waves up, and for how long in all.
#[derive(Serialize)]
pub struct HeldUp {
    /// What.
    #[serde(flatten)]
    pub limit: Limit,
    /// The expected time of the waves that it sets.
    pub seconds: Seconds,
}

/// The waves of one stage.
#[derive(Serialize)]
pub struct StageCount {
    /// The stage.
    pub stage: Stage,
    /// Its waves.
    pub waves: u64,
    /// Their moves.
    pub moves: u64,
}

/// How full the log dirs of the targets are; absent where capacities are not known.
#[derive(Serialize)]
pub struct Disk<'a> {
    /// The limit; absent when it was lifted.
    pub limit: Option<Ratio>,
    /// The fullest before the first wave.
    pub before: Option<Fullest<'a>>,
    /// The fullest at any time.
    pub peak: Option<Fullest<'a>>,
    /// The fullest after the last wave.
    pub after: Option<Fullest<'a>>,
}

/// The fullest log dir.
#[derive(Serialize)]
pub struct Fullest<'a> {
    /// Its broker.
    pub broker: BrokerId,
    /// Its path.
    pub log_dir: &'a str,
    /// Its use over its capacity.
    pub used_over_capacity: f64,
}

/// Something to do.
#[derive(Serialize)]
pub struct Step {
    /// What to type.
    pub command: String,
    /// What for.
    pub purpose: &'static str,
}

impl<'a> PlanView<'a> {
    /// The summary of `plan`, with its own warnings.
    pub fn new(plan: &'a Plan) -> Self {
        let summary = &plan.summary;
        let over = summary.makespan_seconds.zip(summary.makespan_lower_bound_seconds);
        PlanView {
            cluster: &plan.cluster,
            prefer: plan.request.prefer,
            drift: plan.drift.as_ref(),
            drain: with_role(plan, Role::Drain),
            drain_rack: Some(&plan.request.drain_rack).filter(|racks| !racks.is_empty()),
            leaders_only: plan.request.leaders_only,
            leaves_out: leaves_out(plan),
            replicas_left: plan.request.replicas_only.then(|| replicas_left(plan)),
            drain_dir: Some(&plan.request.drain_dir).filter(|dirs| !dirs.is_empty()),
            onto: with_role(plan, Role::Target),
            pair: plan.request.pair.as_ref(),
            target_partitions: plan.request.target.as_ref().map(|target| target.entries.len() as u64),
            moves: plan.moves.size.len() as u64,
            stages: stages(plan),
            summary,
            throttle_bytes_per_sec: plan.request.throttle,
            rates: rates(plan),
            held_up_by: held_up_by(plan),
            window: &plan.request.window,
            time_zone: plan.request.has_dates().then(|| plan.request.zone()),
            price_per_gb: plan.request.price_per_gb,
            makespan_over_lower_bound: over
                .filter(|(_, bound)| bound.get() > 0.0)
                .map(|(span, bound)| span.get() / bound.get()),
            disk: Disk {
                limit: (!plan.request.ignore_disk).then_some(plan.request.disk_limit),
                before: fullest(plan, |dir| dir.used_before_bytes),
                peak: fullest(plan, |dir| dir.used_peak_bytes),
                after: fullest(plan, |dir| dir.used_after_bytes),
            },
            complete: plan.complete,
            deferred: &plan.deferred,
            warnings: plan.warnings.clone(),
            out: None,
            next: Vec::new(),
        }
    }

    fn lines(&self) -> String {
        let summary = self.summary;
        let mut lines = Lines::default();
        lines.add("cluster", self.cluster.name.as_deref().unwrap_or("(no name)"));
        if let Some(drift) = self.drift {
            drift::add(&mut lines, drift);
        }
        match (self.target_partitions, self.drain_dir) {
            (Some(lists), _) => lines.add("target", format!("{} in the file", counted(lists, "partition"))),
            (None, Some(dirs)) => lines.add("drain", dirs_text(dirs)),
            (None, None) => lines.add("drain", self.drain_text()),
        };
        let onto = brokers_text(&self.onto);
        lines.add("onto", if self.drain_dir.is_some() { format!("the other log dirs of {onto}") } else { onto });
        self.add_pairs(&mut lines);
        if self.moves == 0 {
            lines.add(if self.leaders_only { "leaders" } else { "replicas" }, "nothing to move");
        } else if self.leaders_only {
            let (moves, of) = (grouped(self.moves), grouped(self.moves + self.deferred.len() as u64));
            lines.add("leaders", format!("{moves} to hand over, of {of} lists that begin with a drained broker"));
            lines.add("data", "nothing is copied: every replica stays");
            lines.add("waves", self.waves_text());
        } else {
            let of = grouped(summary.replicas_forced);
            let drained = either(self.drain.len(), "broker", "brokers");
            let moved = grouped(summary.replicas_moved);
            lines.add(
                "replicas",
                match (self.target_partitions, self.drain_dir) {
                    (Some(_), _) => format!("{moved} to move, of {of} that the file asks for"),
                    (None, Some(_)) => format!("{moved} to move, of {of} in the drained log dirs"),
                    (None, None) if self.replicas_left.is_some() => {
                        format!("{moved} to move, of {of} followers on the drained {drained}; no leader changes")
                    }
                    (None, None) => format!("{moved} to move, of {of} on the drained {drained}"),
                },
            );
            let across = summary.cross_rack_bytes;
            let where_to = match self.drain_dir {
                Some(_) => "nothing leaves its broker".to_owned(),
                None => format!("{across} of it between racks"),
            };
            let copied = format!("{} to copy, of {}", summary.bytes_moved, summary.bytes_forced);
            lines.add("data", format!("{copied}; {where_to}"));
            self.add_cost(&mut lines);
            lines.add("waves", self.waves_text());
            self.add_least_waves(&mut lines);
            self.add_times(&mut lines);
        }
        self.add_dates(&mut lines);
        if let Some(left @ 1..) = self.replicas_left {
            let (who, stays) = (counted(left, "replica"), either(left as usize, "stays", "stay"));
            let but = if self.leaves_out { ", or was left out" } else { "" };
            let why = format!("{who} {stays} on drained brokers: each leads or is first of its list{but}");
            lines.add("left", why);
            lines.add("", "a new snapshot and a drain without --replicas-only then move them");
        }
        if !self.leaders_only {
            self.add_disk(&mut lines);
            self.add_trade(&mut lines);
        }
        self.add_risks(&mut lines);
        let times =
            |ratio: Option<f64>| ratio.map_or("not known".to_owned(), |ratio| format!("{ratio:.3} times the mean"));
        if self.moves > 0 && self.drain_dir.is_none() {
            let leaders = format!("most leaders on a target {}", times(summary.leaders_max_over_mean));
            if self.leaders_only {
                lines.add("balance", leaders);
            } else {
                lines.add("balance", format!("fullest target {}", times(summary.disk_max_over_mean)));
                lines.add("", leaders);
            }
            self.add_bounds(&mut lines);
        }
        self.add_deferred(&mut lines);
        if let Some(out) = &self.out {
            lines.add("written", format!("{out}/"));
        }
        lines.text()
    }

    fn drain_text(&self) -> String {
        let brokers = brokers_text(&self.drain);
        match self.drain_rack {
            Some(racks) => format!("{brokers}, {} {racks}", either(racks.iter().len(), "rack", "racks")),
            None => brokers,
        }
    }

    fn add_pairs(&self, lines: &mut Lines) {
        let Some(pairs) = self.pair.and_then(Pairing::named) else { return };
        let each: Vec<String> = pairs.iter().map(|(old, new)| format!("{old} -> {new}")).collect();
        for (row, part) in each.chunks(PAIRS_IN_LINE).enumerate() {
            lines.add(if row == 0 { "pairs" } else { "" }, part.join(", "));
        }
    }

    fn waves_text(&self) -> String {
        let stage = |count: &StageCount| {
            let moves = counted(count.moves, "partition");
            format!("{} {} ({moves})", grouped(count.waves), count.stage.as_str())
        };
        let stages: Vec<String> = self.stages.iter().map(stage).collect();
        format!("{}: {}", grouped(u64::from(self.summary.waves)), stages.join(", "))
    }

    /// How many waves the same moves take at least, where there are more.
    fn add_least_waves(&self, lines: &mut Lines) {
        let summary = self.summary;
        if let Some(least) = summary.waves_lower_bound.filter(|&least| least < summary.waves) {
            let by = summary.waves_lower_bound_by.as_deref().unwrap_or_default();
            lines.add("", format!("no cut of these moves has fewer than {}: {by}", grouped(least.into())));
        }
    }

    /// What other leaders would gain, where that is worth a word.
    fn add_gain(&self, lines: &mut Lines) {
        let Some(gain) = self.summary.balance_sources.as_ref().filter(|gain| gain.share() >= GAIN_SHOWN) else {
            return;
        };
        let share = |changes: u64| format!("{:.1} %", changes as f64 / gain.partitions as f64 * 100.0);
        let (now, then) = (gain.seconds, gain.balanced_seconds);
        lines.add("", format!("with --balance-sources: about {then} instead of {now}"));
        let half = gain.half().filter(|half| half.leaders_changed < gain.leaders_changed);
        let half =
            half.map_or(String::new(), |half| format!(" (half of the gain with {})", share(half.leaders_changed)));
        lines.add("", format!("with {} of the leaders changed first{half}", share(gain.leaders_changed)));
    }

    fn add_times(&self, lines: &mut Lines) {
        let summary = self.summary;
        let at = match (&self.rates, self.throttle_bytes_per_sec) {
            (Some(Rates { leader_bytes_per_sec: leader, follower_bytes_per_sec: follower }), _) => {
                let span = |[least, most]: [BytesPerSec; 2]| {
                    if least == most { least.to_string() } else { format!("{least} to {most}") }
                };
                format!("{} sending and {} receiving for each broker", span(*leader), span(*follower))
            }
            (None, Some(throttle)) if self.drain_dir.is_some() => {
                format!("{throttle} for each broker between its log dirs")
            }
            (None, Some(throttle)) => format!("{throttle} for each broker"),
            (None, None) => {
                lines.add("time", "not known");
                return;
            }
        };
        if let Some(eta) = summary.eta_seconds {
            lines.add("time", format!("{} expected, {} to {}, at {at}", eta.expected, eta.low, eta.high));
        }
        if let Some(HeldUp { limit, seconds }) = &self.held_up_by {
            lines.add("", format!("held up by {} for {seconds} of it", limit_text(*limit)));
        }
        let Some(makespan) = summary.makespan_seconds else { return };
        let mut parts = vec![format!("{makespan} wave by wave")];
        if let Some(rolling) = summary.rolling_seconds {
            parts.push(format!(", {rolling} rolling"));
        }
        if let Some(bound) = summary.makespan_lower_bound_seconds {
            parts.push(format!("; no plan can take less than {bound}"));
        }
        if let Some(ratio) = self.makespan_over_lower_bound {
            parts.push(format!(" ({ratio:.2} times that)"));
        }
        lines.add("copying", parts.concat());
        if let Some(by) = &summary.makespan_lower_bound_by {
            lines.add("", format!("least time set by: {by}"));
        }
        self.add_gain(lines);
    }

    /// What goes between racks, in money.
    fn add_cost(&self, lines: &mut Lines) {
        if let Some((cost, price)) = self.summary.cross_rack_cost.zip(self.price_per_gb) {
            lines.add("cost", format!("{} for what goes between racks, at {price} for each GB", money(cost)));
        }
    }

    /// When the first wave starts and the last one ends.
    fn add_dates(&self, lines: &mut Lines) {
        let summary = self.summary;
        let Some(((starts, ends), zone)) = summary.starts_at.zip(summary.ends_at).zip(self.time_zone.as_ref()) else {
            return;
        };
        lines.add("dates", format!("from {} to {}, {}", starts.short(), ends.expected.short(), zone.name()));
        lines.add("", format!("the end may be from {} to {}", ends.low.short(), ends.high.short()));
        if !self.window.is_empty() {
            lines.add("", format!("waves run while a window is open: {}", self.window));
        }
    }

    /// What the loss of one broker or rack would do, where it would do anything.
    fn add_risks(&self, lines: &mut Lines) {
        let Some(span) = self.summary.at_risk.as_ref().filter(|_| self.moves > 0) else { return };
        let AtRiskSpan { before, most, after } = span;
        let mut label = "at risk";
        let racks = || Some([before.rack_loss.as_ref()?, most.rack_loss.as_ref()?, after.rack_loss.as_ref()?]);
        let brokers = Some([before, most, after].map(|risk| &risk.broker_loss));
        for (what, losses) in [("broker", brokers), ("rack", racks())] {
            let Some(losses) = losses.filter(|[_, most, _]| most.counts() != [0; 2]) else { continue };
            let of = |kind: usize| {
                let [before, most, after] = losses.map(|risk| risk.counts()[kind]);
                let peak = if most > before { format!("up to {} in a wave, ", grouped(most)) } else { String::new() };
                let told = if most == before && after == before {
                    String::new()
                } else {
                    format!(" ({peak}{} after)", grouped(after))
                };
                (before, told)
            };
            let ((below, below_told), (offline, offline_told)) = (of(0), of(1));
            let below = counted(below, "partition");
            let text = format!("{below} below min ISR{below_told}, {} offline{offline_told}", grouped(offline));
            lines.add(std::mem::take(&mut label), format!("by the loss of a {what}: {text}"));
            let [before, most, after] = losses.map(|risk| {
                risk.worst.as_ref().map_or("none".to_owned(), |worst| {
                    format!("{} with {}", worst.name(), grouped(worst.below_min_isr))
                })
            });
            lines.add("", format!("worst of them: {before} before, {most} in a wave, {after} after"));
        }
    }

    /// How far each figure is from what no plan can beat; what sets that is in the plan.
    fn add_bounds(&self, lines: &mut Lines) {
        let Some(bounds) = &self.summary.bounds else { return };
        let mut far = Vec::new();
        if let Some(disk) = &bounds.disk {
            far.push(format!("fullest target {}, at best {}", percent(disk.reached), percent(disk.value)));
        }
        if let Some(leaders) = &bounds.leaders {
            let (reached, best) = (leaders.reached, leaders.value);
            // Where targets differ in size, a share is not the mean.
            far.push(if self.summary.trade.is_some() && self.prefer == Prefer::Disk {
                format!("leaders {reached:.3} of its share (by capacity), at best {best:.3}")
            } else {
                format!("leaders {reached:.3}, at best {best:.3}")
            });
        }
        if let Some(ratio) = self.makespan_over_lower_bound {
            far.push(format!("time {ratio:.2} times the least"));
        }
        if !far.is_empty() {
            lines.add("bounds", far.join("; "));
        }
    }

    /// What the preference gives, and what the other one would.
    fn add_trade(&self, lines: &mut Lines) {
        let Some(trade) = &self.summary.trade else { return };
        let other = self.prefer.other();
        let figures = |prefer: Prefer, takes: &str| {
            let Outcome { fullest_target, receiving_seconds } = trade.of(prefer)?;
            let fullest = fullest_target.map(|fill| format!("fullest target {}", percent(fill)));
            let receiving = receiving_seconds.map(|seconds| format!("{takes}{seconds}"));
            let parts: Vec<String> = fullest.into_iter().chain(receiving).collect();
            (!parts.is_empty()).then(|| parts.join(", "))
        };
        let Some(chosen) = figures(self.prefer, "receiving takes ") else { return };
        let (this, that) = (self.prefer.as_str(), other.as_str());
        match figures(other, "") {
            Some(figures) => {
                lines.add("prefer", format!("{this}: {chosen}; --prefer {that}: {figures}"));
            }
            None => {
                let throttle = if self.summary.eta_seconds.is_none() { " and --throttle" } else { "" };
                lines.add("prefer", format!("{this}: {chosen}"));
                lines.add("", format!("plan again with --prefer {that}{throttle} to see what that gives"));
            }
        }
    }

    fn add_disk(&self, lines: &mut Lines) {
        let limit = self.disk.limit.map_or("no limit".to_owned(), |limit| format!("limit {limit}"));
        let (Some(before), Some(peak), Some(after)) = (&self.disk.before, &self.disk.peak, &self.disk.after) else {
            lines.add("disk", format!("capacities of the targets not known; {limit}"));
            return;
        };
        let used = |at: &Fullest<'_>| percent(at.used_over_capacity);
        let text = format!("fullest target log dir {} before, {} after", used(before), used(after));
        lines.add("disk", text);
        lines.add("", format!("at its peak {} on broker {} `{}`; {limit}", used(peak), peak.broker, peak.log_dir));
    }

    fn add_deferred(&self, lines: &mut Lines) {
        if self.deferred.is_empty() {
            return;
        }
        lines.add("left out", counted(self.deferred.len(), "partition"));
        for deferred in self.deferred.iter().take(DEFERRED_SHOWN) {
            lines.add("", format!("{}-{}: {}", deferred.topic, deferred.partition, deferred.reason));
        }
        if self.deferred.len() > DEFERRED_SHOWN {
            lines.add("", format!("and {} more", grouped((self.deferred.len() - DEFERRED_SHOWN) as u64)));
        }
    }
}

/// Least and most rates of the waves, unless one rate serves everything.
fn rates(plan: &Plan) -> Option<Rates> {
    if plan.request.has_one_rate() || !plan.request.is_throttled() {
        return None;
    }
    let throttles = || plan.waves.iter().filter_map(|wave| wave.throttle.as_ref());
    let all = || {
        throttles().flat_map(|throttle| {
            let common = (throttle.leader_bytes_per_sec, throttle.follower_bytes_per_sec);
            let own = throttle.brokers.iter().map(|one| (one.leader_bytes_per_sec, one.follower_bytes_per_sec));
            std::iter::once(common).chain(own)
        })
    };
    let (leaders, followers) = (|| all().map(|rate| rate.0), || all().map(|rate| rate.1));
    Some(Rates {
        leader_bytes_per_sec: [leaders().min()?, leaders().max()?],
        follower_bytes_per_sec: [followers().min()?, followers().max()?],
    })
}

/// What sets the expected time of most of the plan.
fn held_up_by(plan: &Plan) -> Option<HeldUp> {
    let mut held: Vec<(Limit, Seconds)> = Vec::new();
    for wave in &plan.waves {
        let (Some(limit), Some(duration)) = (wave.held_up_by(), wave.duration_seconds) else { continue };
        match held.iter_mut().find(|entry| entry.0 == limit) {
            Some(entry) => entry.1 += duration.expected,
            None => held.push((limit, duration.expected)),
        }
    }
    let (limit, seconds) =
        held.into_iter().reduce(|most, next| if next.1.get() > most.1.get() { next } else { most })?;
    Some(HeldUp { limit, seconds })
}

/// `the throttle of broker 5 as leader`.
pub fn limit_text(limit: Limit) -> String {
    let Limit { broker, side, cap, from } = limit;
    match (cap, from) {
        (Cap::Throttle, _) if side == Side::LogDirs => format!("the throttle of broker {broker} between its log dirs"),
        (Cap::Throttle, _) => format!("the throttle of broker {broker} as {}", side.as_str()),
        (Cap::Network, _) => format!("the network of broker {broker} as {}", side.as_str()),
        (Cap::Disk, _) => format!("the disks of broker {broker}"),
        (Cap::Fetch, Some(from)) => format!("what broker {broker} can fetch from broker {from}"),
        (Cap::Fetch, None) => format!("what broker {broker} can fetch"),
    }
}

impl View for PlanView<'_> {
    fn text(&self, quiet: bool) -> String {
        if quiet {
            return warnings_text(&self.warnings);
        }
        let warnings = warnings_text(&self.warnings);
        format!("{}{}{warnings}{}", self.lines(), gap(&warnings), steps_text(&self.next))
    }
}

/// What to do now, each step under the other.
pub fn steps_text(steps: &[Step]) -> String {
    let width = steps.iter().map(|step| step.command.chars().count()).max().unwrap_or(0);
    let line = |step: &Step| format!("  {:<width$}  {}\n", step.command, step.purpose);
    let lines: String = steps.iter().map(line).collect();
    if lines.is_empty() { lines } else { format!("\nnext:\n{lines}") }
}

/// An empty line before a part that is there.
pub fn gap(part: &str) -> &'static str {
    if part.is_empty() { "" } else { "\n" }
}

/// A share as `56.2%`.
pub fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

/// The brokers of a plan that have this role.
fn with_role(plan: &Plan, role: Role) -> IdSet {
    let ids = plan.brokers.iter().filter(|broker| broker.role == role).map(|broker| broker.id);
    IdSet::from_ids(ids).unwrap_or_default()
}

fn brokers_text(ids: &IdSet) -> String {
    if ids.is_empty() { "no broker".to_owned() } else { format!("{ids} ({})", counted(ids.len(), "broker")) }
}

/// Whether partitions that may be on drained brokers are not part of the plan.
fn leaves_out(plan: &Plan) -> bool {
    !plan.complete || plan.request.topics.is_some() || plan.request.exclude_topics.is_some()
}

/// Replicas that drained brokers hold in the end.
fn replicas_left(plan: &Plan) -> u64 {
    let drained = plan.brokers.iter().filter(|broker| broker.role == Role::Drain);
    drained.map(|broker| u64::from(broker.replicas_after)).sum()
}

/// Log dirs, cut off where they would fill the page.
fn dirs_text(dirs: &BrokerDirs) -> String {
    const SHOWN: usize = 4;
    let mut shown: Vec<String> = dirs.iter().take(SHOWN).map(|(broker, path)| format!("{broker}:{path}")).collect();
    if dirs.len() > SHOWN {
        shown.push("…".to_owned());
    }
    format!("{} ({})", shown.join(","), counted(dirs.len(), "log dir"))
}

fn stages(plan: &Plan) -> Vec<StageCount> {
    let mut stages: Vec<StageCount> = Vec::new();
    for wave in &plan.waves {
        let moves = wave.rows.len() as u64;
        match stages.last_mut() {
            Some(last) if last.stage == wave.stage => {
                last.waves += 1;
                last.moves += moves;
            }
            _ => stages.push(StageCount { stage: wave.stage, waves: 1, moves }),
        }
    }
    stages
}

/// The target log dir with the highest use over its capacity; the first of equals. One that is emptied is none.
fn fullest(plan: &Plan, used: impl Fn(&PlanDir) -> Bytes) -> Option<Fullest<'_>> {
    let mut fullest: Option<Fullest<'_>> = None;
    for broker in plan.brokers.iter().filter(|broker| broker.role == Role::Target) {
        let receives = |dir: &&PlanDir| !plan.request.drain_dir.contains(broker.id, &dir.path);
        for dir in broker.log_dirs.iter().filter(receives) {
            let Some(capacity) = dir.capacity_bytes.filter(|capacity| *capacity > Bytes::ZERO) else { continue };
            let share = used(dir).as_f64() / capacity.as_f64();
            if fullest.as_ref().is_none_or(|at| share > at.used_over_capacity) {
                fullest = Some(Fullest { broker: broker.id, log_dir: &dir.path, used_over_capacity: share });
            }
        }
    }
    fullest
}
