//! The first screen: what moves, how long it takes, what to mind.

use std::fmt::Write;

use super::html::{escaped, exact_bytes, exact_seconds, percent, prose};
use crate::base::ids::{BrokerId, IdSet};
use crate::base::text::{counted, either, grouped};
use crate::base::units::{BytesPerSec, Seconds};
use crate::plan::{Plan, Role};
use crate::snapshot::Mode;

/// Longest list of brokers that stands in a sentence.
const BROKERS_LONGEST: usize = 160;

/// What the plan is for, as text: `drain brokers 1001-1003`.
pub(super) fn purpose(plan: &Plan) -> String {
    let request = &plan.request;
    let drained = with_role(plan, Role::Drain);
    match request {
        _ if request.empties_dirs() => format!("empty {}", counted(request.drain_dir.len(), "log dir")),
        _ if request.leaders_only => format!("move leadership off {drained}"),
        _ if request.replicas_only => format!("move followers off {drained}"),
        _ if request.target.is_some() => "carry out a given placement".to_owned(),
        _ if request.drain.is_empty() => "move partitions".to_owned(),
        _ => format!("drain {drained}"),
    }
}

/// The name of the cluster, as text.
pub(super) fn cluster_name(plan: &Plan) -> &str {
    plan.cluster.name.as_deref().unwrap_or("the cluster")
}

/// Which cluster it is, in one line of safe text.
pub(super) fn cluster_line(plan: &Plan) -> String {
    let cluster = &plan.cluster;
    let mut parts = Vec::new();
    parts.extend(cluster.cluster_id.as_ref().map(|id| format!("cluster id <code>{}</code>", escaped(id))));
    parts.extend(cluster.kafka_version.as_ref().map(|version| format!("Kafka {}", escaped(version))));
    parts.extend(cluster.mode.map(|mode| match mode {
        Mode::Kraft => "KRaft".to_owned(),
        Mode::Zookeeper => "ZooKeeper".to_owned(),
    }));
    parts.push(format!("planned by kshift {}", escaped(&plan.kshift)));
    parts.join(" · ")
}

/// Brokers of a role: `brokers 1001-1003`, or how many where the list would be long.
fn with_role(plan: &Plan, role: Role) -> String {
    named(plan.brokers.iter().filter(|broker| broker.role == role).map(|broker| broker.id))
}

fn named(ids: impl Iterator<Item = BrokerId>) -> String {
    let ids = IdSet::from_ids(ids).unwrap_or_default();
    let text = ids.to_string();
    match ids.len() {
        0 => "no broker".to_owned(),
        several if text.len() > BROKERS_LONGEST => counted(several, "broker"),
        several => format!("{} {}", either(several, "broker", "brokers"), text.replace(',', ", ")),
    }
}

pub(super) fn section(plan: &Plan) -> String {
    let mut html = lead(plan);
    html.push_str(&to_mind(plan));
    html.push_str("<dl class=tiles>\n");
    for tile in tiles(plan) {
        let title = if tile.title.is_empty() { String::new() } else { format!(" title=\"{}\"", escaped(&tile.title)) };
        let _ = writeln!(html, "<div><dt>{}<dd><b{title}>{}</b>", tile.name, tile.value);
        for more in &tile.more {
            let _ = writeln!(html, "<span>{more}</span>");
        }
        html.push_str("</div>\n");
    }
    html.push_str("</dl>\n");
    html.push_str(&resumed(plan));
    html
}

/// The whole plan in two sentences.
fn lead(plan: &Plan) -> String {
    let (summary, request) = (&plan.summary, &plan.request);
    if plan.waves.is_empty() {
        return "<p class=lead>Nothing has to move: this plan has no waves, and there is nothing to run.\n".to_owned();
    }
    let waves = counted(plan.waves.len(), "wave");
    let (onto, replicas) = (with_role(plan, Role::Target), counted(summary.replicas_moved, "replica"));
    let bytes = format!("<strong title=\"{}\">{}</strong>", exact_bytes(summary.bytes_moved), summary.bytes_moved);
    let from = with_role(plan, Role::Drain);
    let what = match request {
        _ if request.leaders_only => {
            let partitions = counted(plan.moves.size.len(), "partition");
            format!("{partitions} get another leader, off {from}; nothing is copied")
        }
        _ if request.empties_dirs() => format!("{replicas} ({bytes}) move between log dirs of {onto}"),
        _ if request.drain.is_empty() => format!("{replicas} ({bytes}) move"),
        _ => format!("{replicas} ({bytes}) leave {from} for {onto}"),
    };
    let time = match (summary.eta_seconds, request.leaders_only) {
        (_, true) => " Each wave takes seconds.".to_owned(),
        (Some(eta), _) => {
            let title = exact_seconds(eta.expected);
            format!(
                " It should take about <strong title=\"{title}\">{}</strong>, between {} and {}.",
                eta.expected, eta.low, eta.high
            )
        }
        (None, _) => " Without a throttle there are no times.".to_owned(),
    };
    format!("<p class=lead>{what}, in {waves}.{time}\n")
}

/// Warnings and what is left out, in one line that leads to them.
fn to_mind(plan: &Plan) -> String {
    let mut parts = Vec::new();
    if !plan.warnings.is_empty() {
        parts.push(format!("<a href=#risks>{}</a>", counted(plan.warnings.len(), "warning")));
    }
    if !plan.deferred.is_empty() {
        parts.push(format!("<a href=#deferred>{} left out</a>", counted(plan.deferred.len(), "partition")));
    }
    if parts.is_empty() {
        let asked =
            if plan.complete { "Everything that was asked for is in the plan." } else { "The plan is not complete." };
        return format!("<p class=\"mind good\">✓ No warnings. {asked}\n");
    }
    format!("<p class=\"mind bad\">⚠ Mind before you start: {}.\n", parts.join(" and "))
}

struct Tile {
    name: &'static str,
    value: String,
    title: String,
    more: Vec<String>,
}

fn tile(name: &'static str, value: impl Into<String>, title: impl Into<String>, more: Vec<String>) -> Tile {
    Tile { name, value: value.into(), title: title.into(), more }
}

fn tiles(plan: &Plan) -> Vec<Tile> {
    let (summary, request) = (&plan.summary, &plan.request);
    let mut tiles = Vec::new();
    if request.leaders_only {
        let moves = plan.moves.size.len() as u64;
        tiles.push(tile("Leaders to hand over", grouped(moves), "", vec!["nothing is copied".to_owned()]));
    } else {
        let asked = format!("of {} that were asked for", grouped(summary.replicas_forced));
        tiles.push(tile("Replicas to move", grouped(summary.replicas_moved), "", vec![asked]));
        let across = match (request.empties_dirs(), summary.cross_rack_bytes) {
            (true, _) => "nothing leaves its broker".to_owned(),
            (false, across) => format!("<span title=\"{}\">{across} of it between racks</span>", exact_bytes(across)),
        };
        let moved = summary.bytes_moved;
        tiles.push(tile("Data to copy", moved.to_string(), exact_bytes(moved), vec![across]));
    }
    let least = summary.waves_lower_bound.map(|least| match least {
        least if least < summary.waves => format!("at least {} are needed", grouped(least.into())),
        _ => "no fewer would do".to_owned(),
    });
    tiles.push(tile("Waves", grouped(plan.waves.len() as u64), "", least.into_iter().collect()));
    tiles.extend(time_tiles(plan));
    if let Some(peak) = summary.peak_disk_utilization {
        let limit = if request.ignore_disk { "no limit".to_owned() } else { format!("limit {}", request.disk_limit) };
        let title = format!("{:.4}%", peak * 100.0);
        tiles.push(tile("Fullest disk at its peak", percent(peak), title, vec![limit]));
    }
    if let Some(leaders) = summary.leaders_max_over_mean.filter(|_| !request.empties_dirs()) {
        let more = vec!["of the mean, in the end".to_owned()];
        tiles.push(tile("Most leaders on a target", format!("{leaders:.3}×"), leaders.to_string(), more));
    }
    tiles
}

fn time_tiles(plan: &Plan) -> Vec<Tile> {
    let (summary, request) = (&plan.summary, &plan.request);
    let mut tiles = Vec::new();
    let at = rates(plan).map(|rate| format!("at {rate}"));
    let exact = |time: Seconds| exact_seconds(time);
    match summary.eta_seconds.filter(|_| !request.leaders_only) {
        Some(eta) => {
            let range =
                format!("<span title=\"{} to {}\">{} to {}</span>", exact(eta.low), exact(eta.high), eta.low, eta.high);
            let more = std::iter::once(range).chain(at).collect();
            tiles.push(tile("Expected time", eta.expected.to_string(), exact(eta.expected), more));
        }
        None if plan.waves.is_empty() => return tiles,
        None if request.leaders_only => {}
        None => tiles.push(tile("Expected time", "not known", "", vec!["no throttle was given".to_owned()])),
    }
    if let Some((starts, ends)) = summary.starts_at.zip(summary.ends_at) {
        let more = vec![format!("starts {}", starts.short()), format!("at the latest {}", ends.high.short())];
        tiles.push(tile("Done by", ends.expected.short(), ends.expected.to_string(), more));
    }
    if let Some(makespan) = summary.makespan_seconds.filter(|_| !request.leaders_only) {
        let rolling = summary.rolling_seconds.map(|rolling| {
            format!("<span title=\"{}\">{rolling} where waves overlap (rolling)</span>", exact(rolling))
        });
        let more = std::iter::once("wave after wave, at the throttle alone".to_owned()).chain(rolling).collect();
        tiles.push(tile("Copying", makespan.to_string(), exact(makespan), more));
        if let Some(bound) = summary.makespan_lower_bound_seconds {
            let ratio =
                (bound.get() > 0.0).then(|| format!("this plan: {:.2} times that", makespan.get() / bound.get()));
            let by = summary.makespan_lower_bound_by.as_ref().map(|by| format!("set by {}", prose(by)));
            let more = ratio.into_iter().chain(by).collect();
            tiles.push(tile("No plan takes less than", bound.to_string(), exact(bound), more));
        }
    }
    tiles
}

/// The throttle in a few words.
fn rates(plan: &Plan) -> Option<String> {
    if let Some(rate) = plan.log_dir_throttle() {
        return Some(format!("{rate} between log dirs"));
    }
    let throttles = || plan.waves.iter().filter_map(|wave| wave.throttle.as_ref());
    let all = || {
        throttles().flat_map(|throttle| {
            let common = (throttle.leader_bytes_per_sec, throttle.follower_bytes_per_sec);
            std::iter::once(common)
                .chain(throttle.brokers.iter().map(|one| (one.leader_bytes_per_sec, one.follower_bytes_per_sec)))
        })
    };
    let span = |least: BytesPerSec, most: BytesPerSec| {
        if least == most { least.to_string() } else { format!("{least} to {most}") }
    };
    let sent = span(all().map(|rate| rate.0).min()?, all().map(|rate| rate.0).max()?);
    let received = span(all().map(|rate| rate.1).min()?, all().map(|rate| rate.1).max()?);
    Some(if sent == received {
        format!("{sent} for each broker")
    } else {
        format!("{sent} sending, {received} receiving for each broker")
    })
}

/// What has happened since the plan that this one resumes was made.
fn resumed(plan: &Plan) -> String {
    let Some(drift) = &plan.drift else { return String::new() };
    let mut html = format!(
        "<h3>Since the plan that this one resumes</h3>\n<p>{} of {} done, {} on the way, {} not begun.\n<ul>\n",
        grouped(drift.done.count),
        counted(drift.partitions, "partition"),
        grouped(drift.on_the_way.count),
        grouped(drift.not_begun.count)
    );
    let groups = [
        (&drift.changed, "got another list from somebody else"),
        (&drift.gone, "gone from the cluster"),
        (&drift.added, "new to the plan"),
        (&drift.taken_up, "left out earlier and taken up now"),
        (&drift.replaced, "placed anew"),
        (&drift.resized, "of another size by more than 10 %"),
    ];
    for (group, what) in groups.into_iter().filter(|(group, _)| !group.is_empty()) {
        let more = if group.count > group.first.len() as u64 { ", …" } else { "" };
        let first = escaped(&group.first.join(", ")).into_owned();
        let _ = writeln!(html, "<li>{} {what}: {first}{more}", counted(group.count, "partition"));
    }
    for (ids, what) in
        [(&drift.brokers_gone, "gone from the cluster"), (&drift.targets_lost, "unable to receive any more")]
    {
        if !ids.is_empty() {
            let _ = writeln!(html, "<li>{}: {what}", named(ids.iter()));
        }
    }
    html.push_str("</ul>\n");
    html
}
