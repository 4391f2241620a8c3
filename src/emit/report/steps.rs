//! The way back, what comes next, and what was asked for.

use std::fmt::Write;

use super::html::{Cell, Kind, Table, escaped, exact_seconds, percent};
use crate::base::pairs::Pairing;
use crate::base::text::{counted, grouped};
use crate::base::units::Seconds;
use crate::plan::rollback::NEVER_ENDS;
use crate::plan::{Plan, Wave};

/// How every wave is taken back, and what that takes.
pub(super) fn back(plan: &Plan) -> String {
    let mut html = "<p>Every wave can be taken back on its own: <code>waves/NNN/rollback.json</code> holds the exact ordered \
                    lists from before it. To go back further, undo the last wave first; this writes throttled waves for that, \
                    with all their files and a runbook:\n<pre><code>kshift rollback . --to-wave 1 --out ../back</code></pre>\n"
        .to_owned();
    let copies = |wave: &&Wave| wave.rollback_seconds.is_some();
    let times: Option<Seconds> = plan.waves.iter().map(|wave| wave.rollback_seconds).sum();
    if let Some(never) = plan.warnings.iter().find(|warning| warning.code == NEVER_ENDS) {
        let _ = writeln!(html, "<p class=\"mind bad\">⚠ {}", escaped(&never.message));
    } else if let Some(time) = times.filter(|time| time.get() > 0.0) {
        let _ = writeln!(
            html,
            "<p>From the end of the plan, undoing all waves one after the other copies for about <strong title=\"{}\">{time}\
             </strong> at the same throttle.",
            exact_seconds(time)
        );
    } else if plan.request.leaders_only {
        html.push_str("<p>Going back copies nothing: lists get their old order, and an election follows.\n");
    }
    let longest = plan.waves.iter().filter(copies).max_by(|a, b| {
        let time = |wave: &Wave| wave.rollback_seconds.map_or(0.0, Seconds::get);
        time(a).total_cmp(&time(b)).then(b.index.cmp(&a.index))
    });
    if let Some((wave, time)) = longest.and_then(|wave| Some((wave.index, wave.rollback_seconds?)))
        && time.get() > 0.0
    {
        let link = format!("<a href=#wave-{wave}>wave {}</a>", grouped(wave.into()));
        let _ = writeln!(html, "<p>The longest to undo alone is {link}, with about {time}.");
    }
    let fullest = plan.waves.iter().filter_map(|wave| Some((wave.index, wave.rollback_peak_disk_utilization?)));
    let fullest = fullest.reduce(|most, next| if next.1 > most.1 { next } else { most });
    if let Some((wave, share)) = fullest {
        let _ = writeln!(
            html,
            "<p>While a wave is undone, old log dirs fill again: to {} at most, by <a href=#wave-{wave}>wave {}</a>.",
            percent(share),
            grouped(wave.into())
        );
    }
    html
}

/// What to do now, in order.
pub(super) fn next(plan: &Plan) -> String {
    if plan.waves.is_empty() {
        return "<p>There is nothing to run. Kafka's tools refuse a file without partitions, so none was written.\n"
            .to_owned();
    }
    let first = super::super::out_dir::wave_name(plan, plan.waves[0].index);
    let steps = [
        "Take a <strong>fresh snapshot</strong> and let the plan be judged against it, from the directory of this page:\
         <pre><code>kshift check /path/to/new-snapshot.json .</code></pre>What has changed since is listed; exit code 1 means: \
         plan again."
            .to_owned(),
        "Read the <strong>runbook</strong>, <code>runbook.md</code> beside this page: every command for every wave with \
         Kafka's own tools, what to check before and after, how to pause and how to go back."
            .to_owned(),
        format!(
            "<strong>Start wave 1</strong> only when nothing else is moving and nothing is under-replicated. Its files lie in \
             <code>waves/{first}/</code>."
        ),
        "<strong>Verify each wave</strong> before the next one: <code>--verify</code> also takes the throttle off. Then hold \
         the elections of <code>election.json</code>, where there is one."
            .to_owned(),
        "<strong>When something goes wrong</strong>, stop after the wave that runs; the cluster is whole between waves. Go on \
         later with <code>kshift plan new-snapshot.json --resume . --out ../next</code>, or <a href=#back>go back</a>."
            .to_owned(),
    ];
    format!("<ol class=steps>\n<li>{}\n</ol>\n", steps.join("\n<li>"))
}

/// The request in words, and the fingerprints by which a plan and its cluster are known.
pub(super) fn asked(plan: &Plan) -> String {
    let mut table = Table::new("request", "What was asked for", &[("Option", Kind::Words), ("Value", Kind::Words)]);
    for (name, value) in options(plan) {
        table.row([Cell::text(name), Cell::html(escaped(&shortened(&value)))]);
    }
    let mut prints =
        Table::new("prints", "What the plan was made for", &[("What", Kind::Words), ("SHA-256", Kind::Words)]);
    prints.row([Cell::text("snapshot"), Cell::html(format!("<code>{}</code>", escaped(&plan.cluster.sha256)))]);
    let lists = format!("<code>{}</code>", escaped(&plan.cluster.assignment_sha256));
    prints.row([Cell::text("replica lists alone"), Cell::html(lists)]);
    format!(
        "{}{}<p class=note>With other replica lists than these the cluster has drifted; <code>kshift check</code> says which.\n",
        table.html(),
        prints.html()
    )
}

/// Options that say something, as they are typed.
fn options(plan: &Plan) -> Vec<(&'static str, String)> {
    let request = &plan.request;
    let mut options: Vec<(&'static str, String)> = Vec::new();
    let mut add = |name, value: Option<String>| options.extend(value.map(|value| (name, value)));
    let flag = |is_set: bool| is_set.then(|| "yes".to_owned());
    add("--drain", (!request.drain.is_empty()).then(|| request.drain.to_string()));
    add("--drain-rack", (!request.drain_rack.is_empty()).then(|| request.drain_rack.to_string()));
    add("--drain-dir", (!request.drain_dir.is_empty()).then(|| request.drain_dir.to_string()));
    add("--onto", request.onto.as_ref().map(ToString::to_string));
    add("--pair", request.pair.as_ref().and_then(Pairing::named).map(ToString::to_string));
    add("--target", request.target.as_ref().map(|target| counted(target.entries.len(), "partition")));
    add("--allow-rf-change", flag(request.allow_rf_change));
    add("--leaders-only", flag(request.leaders_only));
    add("--replicas-only", flag(request.replicas_only));
    add("--throttle", request.throttle.map(|rate| rate.to_string()));
    add("--leader-throttle", request.leader_throttle.map(|rate| rate.to_string()));
    add("--follower-throttle", request.follower_throttle.map(|rate| rate.to_string()));
    add("--headroom", request.headroom.map(|share| share.to_string()));
    add("--disk-limit", (!request.ignore_disk).then(|| request.disk_limit.to_string()));
    add("--ignore-disk", flag(request.ignore_disk));
    add("--growth", flag(request.growth));
    add("--strategy", Some(request.strategy.as_str().to_owned()));
    add("--balance-sources", flag(request.balance_sources));
    add("--prefer", Some(request.prefer.as_str().to_owned()).filter(|prefer| prefer != "disk"));
    add("--rack-policy", Some(request.rack_policy.as_str().to_owned()));
    add("--topics", request.topics.clone());
    add("--exclude-topics", request.exclude_topics.clone());
    add("--canary", (request.canary > 0).then(|| grouped(request.canary.into())));
    add("--skip-unhealthy", flag(request.skip_unhealthy));
    add("--max-moves", Some(grouped(request.max_moves.into())));
    add("--max-moves-per-broker", request.max_moves_per_broker.map(|most| grouped(most.into())));
    add("--max-leader-changes", request.max_leader_changes.map(|most| grouped(most.into())));
    add("--max-wave-duration", request.is_throttled().then(|| request.max_wave_duration.to_string()));
    add("--window", (!request.window.is_empty()).then(|| request.window.to_string()));
    add("--start", request.start.map(|start| start.to_string()));
    add("--time-zone", request.time_zone.as_ref().map(|zone| zone.name().to_owned()));
    add("--price-per-gb", request.price_per_gb.map(|price| price.to_string()));
    options
}

/// A value that does not fill the page.
fn shortened(value: &str) -> String {
    const LONGEST: usize = 300;
    match value.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &value[..at]),
        None => value.to_owned(),
    }
}
