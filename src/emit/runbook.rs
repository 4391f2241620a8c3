//! `runbook.md`: every command that a person types to carry out a plan, with Kafka's own tools alone.
//!
//! The steps of a wave stand once; each wave has a table of facts and sets `$WAVE`. So the page is as short for two
//! hundred waves as it can be, and a command is the same every night.

#![expect(clippy::format_push_string, reason = "a page is put together once; `write!` would bury its sentences")]

use rayon::prelude::*;

use super::out_dir::wave_name;
use super::runbook_dirs;
use super::runbook_facts::Facts;
use super::runbook_steps::{Steps, except, notes_on_going_back};
use super::runbook_text::{
    LIST_NONE, answering, block, brokers, brokers_by_name, cluster_id, configs, copies, file_of_wave, forecast, list,
    log_dirs, rate, set_up, table, topics, topics_of, under_replicated,
};
use super::runbook_trouble;
use super::throttle;
use super::tools::Tools;
use crate::base::price::money;
use crate::base::text::{counted, either, grouped};
use crate::base::units::Ratio;
use crate::plan::{Plan, Role, Throttle, Wave};
use crate::snapshot::Mode;

/// Deferred partitions that are named.
const DEFERRED_MAX: usize = 20;
/// Log dirs that are named.
const DIRS_MAX: usize = 8;
/// Records of one request from which a wave says how many it takes; the controller takes 10,000.
const RECORDS_TOLD: usize = 5_000;

/// The runbook of a plan, as Markdown, for the tools of its brokers' version.
pub fn runbook(plan: &Plan) -> String {
    runbook_for(plan, Tools::of(plan))
}

/// The same for the tools of another version.
pub fn runbook_for(plan: &Plan, tools: Tools) -> String {
    let facts: Vec<Facts> = plan.waves.par_iter().map(|wave| Facts::of(plan, wave)).collect();
    let mut text = head(plan, &facts);
    if plan.waves.is_empty() {
        text.push_str("Nothing has to move: this plan has no waves, and there is nothing to run.\n");
        return text;
    }
    let is_within = plan.request.empties_dirs();
    let steps = Steps::of(plan, tools, throttle_of_all(plan), &facts);
    text.push_str(&contents(plan, &facts));
    text.push_str(&format!("## 1. Set up\n\n{}", set_up(tools)));
    text.push_str(&before_all(plan, tools));
    text.push_str(&steps_of_a_wave(plan, &steps, &facts));
    text.push_str(&waves(plan, &facts));
    text.push_str(&if is_within {
        runbook_dirs::trouble(plan)
    } else {
        runbook_trouble::chapter(plan, &steps, &facts)
    });
    text.push_str(&after_all(plan));
    text.push_str(if is_within { runbook_dirs::TRAPS } else { TRAPS });
    text
}

fn head(plan: &Plan, facts: &[Facts]) -> String {
    let (request, summary, cluster) = (&plan.request, &plan.summary, &plan.cluster);
    let name = cluster.name.as_deref().unwrap_or("the cluster");
    let draining = brokers_by_name(request.drain.iter());
    let title = match request {
        request if request.empties_dirs() => format!("empty {}", counted(request.drain_dir.len(), "log dir")),
        request if request.leaders_only => format!("move leadership off {draining}"),
        request if request.replicas_only => format!("move followers off {draining}"),
        request if request.drain.is_empty() => "move partitions".to_owned(),
        _ => format!("drain {draining}"),
    };
    let kafka = match (&cluster.kafka_version, cluster.mode) {
        (Some(version), Some(Mode::Zookeeper)) => format!(", Kafka {version} with ZooKeeper"),
        (Some(version), Some(Mode::Kraft)) => format!(", Kafka {version} with KRaft"),
        (Some(version), None) => format!(", Kafka {version}"),
        (None, Some(Mode::Zookeeper)) => ", with ZooKeeper".to_owned(),
        (None, Some(Mode::Kraft)) => ", with KRaft".to_owned(),
        (None, None) => String::new(),
    };
    let id = cluster.cluster_id.as_ref().map(|id| format!(", id `{id}`")).unwrap_or_default();
    let targets = plan.brokers.iter().filter(|broker| broker.role == Role::Target).map(|broker| broker.id);
    let waves = counted(summary.waves, "wave");
    let mut time = forecast(summary.eta_seconds);
    if let Some(makespan) = summary.makespan_seconds {
        time.push_str(&format!("; copying alone {makespan}; your own pauses come on top"));
    }
    let [moves, time, throttle] = if request.leaders_only {
        let lists = counted(plan.moves.size.len(), "partition");
        [
            format!("the leadership of {lists} in {waves}; every replica stays, nothing is copied"),
            "seconds for each wave; your own pauses come on top".to_owned(),
            "none is needed".to_owned(),
        ]
    } else {
        let mut moves = format!("{} in {waves}", copies(summary.replicas_moved, summary.bytes_moved));
        if request.replicas_only {
            moves.push_str("; followers alone, every leader stays");
        }
        let throttle =
            if request.empties_dirs() { runbook_dirs::rate(plan) } else { rate(throttle_of_all(plan).as_ref()) };
        [moves, time, throttle]
    };
    let onto = brokers_by_name(targets);
    let [from, onto] = if request.empties_dirs() {
        [runbook_dirs::named(plan), format!("the other log dirs of {onto}")]
    } else {
        [draining, onto]
    };
    let rows = [
        ("Cluster", format!("{name}{kafka}{id}")),
        ("From", from),
        ("Onto", onto),
        ("Moves", moves),
        ("Time", time),
        ("Dates", dates(plan).unwrap_or_default()),
        ("Cost", cost(plan).unwrap_or_default()),
        ("Throttle", throttle),
        ("Clients notice", clients_notice(plan, facts)),
    ];
    let rows: Vec<(&str, String)> = rows.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    let mut text = format!("# Runbook: {title} of {name}\n\n{}", table(&rows));
    text.push_str(&format!(
        "Written by kshift {} from `plan.json` beside this file. Every command is one of Kafka's own tools. Between two waves \
         the cluster is whole, and may be left as it is for as long as you like.\n\n",
        plan.kshift
    ));
    for warning in &plan.warnings {
        text.push_str(&format!("- **Warning** ({}): {}\n", warning.code, warning.message.replace('\n', " ")));
    }
    if !plan.warnings.is_empty() {
        text.push('\n');
    }
    text
}

/// One throttle for all waves: the least common rates, and every broker that has others.
fn throttle_of_all(plan: &Plan) -> Option<Throttle> {
    let throttles = || plan.waves.iter().filter_map(|wave| wave.throttle.as_ref());
    let leader = throttles().map(|throttle| throttle.leader_bytes_per_sec).min()?;
    let follower = throttles().map(|throttle| throttle.follower_bytes_per_sec).min()?;
    let mut brokers: Vec<_> = throttles().flat_map(|throttle| throttle.brokers.iter().copied()).collect();
    brokers.sort_unstable_by_key(|broker| broker.id);
    brokers.dedup();
    Some(Throttle { brokers, ..Throttle::new(leader, follower) })
}

/// When the first wave starts and the last one ends, and when waves may run at all.
fn dates(plan: &Plan) -> Option<String> {
    let (starts, ends) = plan.summary.starts_at.zip(plan.summary.ends_at)?;
    let (zone, windows) = (plan.request.zone(), &plan.request.window);
    let rule = if windows.is_empty() {
        String::new()
    } else {
        format!("; start a wave only while a window is open in which its expected time is left: {windows}")
    };
    Some(format!(
        "from {} to {} ({} to {}), by the clocks of {}{rule}",
        starts.short(),
        ends.expected.short(),
        ends.low.short(),
        ends.high.short(),
        zone.name()
    ))
}

fn cost(plan: &Plan) -> Option<String> {
    let (cost, price) = plan.summary.cross_rack_cost.zip(plan.request.price_per_gb)?;
    let across = plan.summary.cross_rack_bytes;
    Some(format!("{} for {across} between racks, at {price} for each GB", money(cost)))
}

/// Whom it affects, and how.
fn clients_notice(plan: &Plan, facts: &[Facts]) -> String {
    if plan.waves.is_empty() {
        return String::new();
    }
    if plan.request.empties_dirs() || facts.iter().all(|facts| facts.leaders_changing == 0 && facts.elections == 0) {
        return "nothing: no leader changes".to_owned();
    }
    let changes: u64 = facts.iter().map(|facts| facts.leaders_changing).sum();
    let internal = plan.waves.iter().zip(facts).filter(|(wave, facts)| {
        let is_internal = |row: usize| plan.get(row).topic.starts_with("__");
        facts.leaders_changing > 0 && wave.rows.clone().any(is_internal)
    });
    let internal: Vec<String> = internal.map(|(wave, _)| wave_name(plan, wave.index)).collect();
    let coordinators = match internal.as_slice() {
        [] => String::new(),
        [one] => format!("; in wave {one} groups and transactions get other coordinators, and pause for seconds"),
        [first, .., last] => {
            format!(
                "; in waves {first} to {last} groups and transactions get other coordinators, and pause for seconds"
            )
        }
    };
    format!(
        "{}: producers and consumers ask who leads now and go on, as a rule within a second{coordinators}",
        counted(changes, "change of leader").replace("change of leaders", "changes of leader")
    )
}

fn contents(plan: &Plan, facts: &[Facts]) -> String {
    let mut text = "## Contents\n\n\
        1. [Set up](#1-set-up)\n\
        2. [Before the first wave](#2-before-the-first-wave)\n\
        3. [The steps of a wave](#3-the-steps-of-a-wave)\n\
        4. [The waves](#4-the-waves)\n\
        5. [When something is wrong](#5-when-something-is-wrong)\n"
        .to_owned();
    let mut sections: Vec<&str> = Vec::new();
    if plan.request.empties_dirs() {
        sections.extend(["Pause", "Go back"]);
    } else {
        if facts.iter().any(|facts| facts.copies > 0) {
            sections.extend(["It takes too long", "Pause", "A broker dies", "Go back while a wave runs"]);
        }
        sections.push("Go back after a wave has finished");
        sections.extend(plan.waves.iter().any(|wave| wave.throttle.is_some()).then_some("Clear only our own throttle"));
        sections.push("A command says something else");
    }
    for section in sections {
        text.push_str(&format!("   - [{section}](#{})\n", section.to_lowercase().replace(' ', "-")));
    }
    text + "6. [After the last wave](#6-after-the-last-wave)\n7. [Good to know](#7-good-to-know)\n\n"
}

fn before_all(plan: &Plan, tools: Tools) -> String {
    let answer = plan.brokers.iter().filter(|broker| broker.state.serves());
    let id = plan.cluster.cluster_id.as_ref();
    let mut text = format!(
        "## 2. Before the first wave\n\n**The right cluster.** It prints `Cluster ID: {}`\n\n{}\
         **Who answers.** It prints these brokers: {}.\n\n{}\
         **Nothing moves.** It prints {LIST_NONE} Otherwise wait: nothing may be started beside it.\n\n{}\
         **Nothing is under-replicated.** It prints nothing{}.\n\n{}",
        id.map_or("…", String::as_str),
        block(&[&cluster_id(tools)]),
        brokers(answer.map(|broker| broker.id)),
        block(&[&answering(tools)]),
        block(&[&list()]),
        except(plan),
        block(&[&under_replicated()])
    );
    text.push_str(&throttles_before(plan));
    text.push_str(&room(plan));
    text.push_str(
        "**The plan still fits** (optional, with kshift). Read the cluster again; exit code 0 says yes: \
         `kshift check newer-cluster.json .`\n\n",
    );
    if !plan.deferred.is_empty() {
        let total = plan.deferred.len();
        text.push_str(&format!("Left out of this plan, and still to be done: {}.\n\n", counted(total, "partition")));
        for deferred in plan.deferred.iter().take(DEFERRED_MAX) {
            text.push_str(&format!("- `{}-{}`: {}\n", deferred.topic, deferred.partition, deferred.reason));
        }
        if total > DEFERRED_MAX {
            text.push_str(&format!("- {} more; all stand in plan.json under `deferred`\n", total - DEFERRED_MAX));
        }
        text.push('\n');
    }
    text
}

/// Throttles of others: none, or those that the plan knows and gives back.
fn throttles_before(plan: &Plan) -> String {
    let known = &plan.throttles_before;
    let commands = if plan.request.empties_dirs() {
        block(&[&runbook_dirs::throttles()])
    } else {
        block(&[&configs("brokers", "throttled")]) + &block(&[&configs("topics", "throttled")])
    };
    if known.is_empty() {
        return format!(
            "**No throttle is left over.** It prints nothing. A throttle of somebody else would be overwritten, and cleared \
             after the first wave: ask whose it is, and plan again from a snapshot that shows it; then it is kept.\n\n{commands}"
        );
    }
    let mut rows: Vec<String> = Vec::new();
    for (id, settings) in &known.brokers {
        rows.extend(settings.iter().map(|(key, value)| format!("- broker {id}: `{key}={value}`\n")));
    }
    for (topic, settings) in &known.topics {
        let short = |value: &str| {
            if value.len() > 60 { format!("{} …", value.get(..60).unwrap_or_default()) } else { value.to_owned() }
        };
        rows.extend(settings.iter().map(|(key, value)| format!("- topic {topic}: `{key}={}`\n", short(value))));
    }
    let more = rows.len().saturating_sub(DEFERRED_MAX);
    rows.truncate(DEFERRED_MAX);
    if more > 0 {
        rows.push(format!("- {more} more; all stand in plan.json under `throttles_before`\n"));
    }
    format!(
        "**The throttles of this cluster are those that the plan keeps.** Waves add to them and give them back. It prints these, \
         and those of topics that do not move. Is one of them left over from an earlier move? Take it off and plan again, or it \
         comes back after every wave.\n\n{}\n{commands}",
        rows.concat()
    )
}

/// The fullest log dirs that receive data.
fn room(plan: &Plan) -> String {
    let dirs = plan.brokers.iter().flat_map(|broker| broker.log_dirs.iter().map(move |dir| (broker, dir)));
    let receiving = dirs.filter(|(_, dir)| dir.used_peak_bytes > dir.used_before_bytes);
    let mut receiving: Vec<_> = receiving
        .filter_map(|(broker, dir)| {
            let capacity = dir.capacity_bytes.filter(|capacity| capacity.get() > 0)?;
            let share = |bytes: crate::base::units::Bytes| bytes.get() as f64 / capacity.get() as f64;
            Some((share(dir.used_peak_bytes), share(dir.used_before_bytes), broker.id, dir))
        })
        .collect();
    if receiving.is_empty() {
        return String::new();
    }
    receiving.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.2, &a.3.path).cmp(&(b.2, &b.3.path))));
    let mut text = format!(
        "**Room on disk.** Look with `df -h` on the brokers, or in your monitoring: no log dir may be much fuller than when the \
         plan was made. These will be fullest; the limit is {}.\n\n| broker | log dir | in use when planned | at most |\n\
         |---|---|---|---|\n",
        plan.request.disk_limit
    );
    for (peak, before, id, dir) in receiving.iter().take(DIRS_MAX) {
        text.push_str(&format!(
            "| {id} | `{}` | {} ({}) | {} ({}) |\n",
            dir.path,
            dir.used_before_bytes,
            Ratio::new(*before),
            dir.used_peak_bytes,
            Ratio::new(*peak)
        ));
    }
    if receiving.len() > DIRS_MAX {
        text.push_str(&format!("| {} more | | | less |\n", receiving.len() - DIRS_MAX));
    }
    text + "\n"
}

fn steps_of_a_wave(plan: &Plan, steps: &Steps, facts: &[Facts]) -> String {
    let mut text = "## 3. The steps of a wave\n\n".to_owned();
    if plan.waves.len() > 1 {
        text.push_str("The waves run one after the other, in the order of their numbers. ");
    }
    text.push_str(
        "The steps are the same for every wave. Its section in [The waves](#4-the-waves) sets `$WAVE` and says what to expect: \
         begin there.\n\n",
    );
    if plan.request.empties_dirs() {
        return text + &runbook_dirs::steps(plan);
    }
    let [copying, reordering] = [true, false].map(|copies| facts.iter().any(|facts| (facts.copies > 0) == copies));
    if copying {
        text.push_str(if reordering { "### A wave that copies\n\n" } else { "" });
        text.push_str(&steps.copying());
    }
    if reordering {
        text.push_str(if copying { "### A wave that copies nothing\n\n" } else { "" });
        text.push_str(&steps.reordering());
    }
    text
}

fn waves(plan: &Plan, facts: &[Facts]) -> String {
    let mut text = "## 4. The waves\n\n".to_owned();
    let is_within = plan.request.empties_dirs();
    if plan.waves.len() > 1 {
        let starts = if plan.waves.iter().any(|wave| wave.dates.is_some()) { " starts |" } else { "" };
        let leaders = if is_within { "" } else { " new leaders |" };
        let rule = "---|".repeat(6 + usize::from(!starts.is_empty()) + usize::from(!is_within));
        text.push_str(&format!(
            "| wave | what | partitions | copies |{leaders}{starts} done after | at the latest |\n|{rule}\n"
        ));
        for (wave, facts) in plan.waves.iter().zip(facts) {
            let name = wave_name(plan, wave.index);
            let link = format!("[{name}](#{})", anchor(&wave_title(plan, wave)));
            text.push_str(&facts.line(wave, &link));
        }
        text.push('\n');
    }
    text.push_str(&format!(
        "Which topics does a wave touch? It counts their partitions:\n\n{}",
        block(&[&topics_of(&file_of_wave("reassign.json"))])
    ));
    let both = facts.iter().any(|facts| facts.copies > 0) && facts.iter().any(|facts| facts.copies == 0);
    let sections: Vec<String> =
        plan.waves.par_iter().zip(facts).map(|(wave, facts)| section(plan, wave, facts, both)).collect();
    text + &sections.concat()
}

/// As GitHub makes it of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

fn wave_title(plan: &Plan, wave: &Wave) -> String {
    format!("Wave {} of {}: {}", wave_name(plan, wave.index), plan.waves.len(), wave.stage.as_str())
}

/// What one wave needs besides the steps; `both` where some waves copy and others do not.
fn section(plan: &Plan, wave: &Wave, facts: &Facts, both: bool) -> String {
    let mut text = format!("### {}\n\n", wave_title(plan, wave));
    text.push_str(&block(&[&format!("export WAVE={}\n", wave_name(plan, wave.index))]));
    text.push_str(&facts.table(wave));
    let which = match (both, facts.copies > 0) {
        (false, _) => "[the steps](#3-the-steps-of-a-wave)",
        (true, true) => "the steps of [a wave that copies](#a-wave-that-copies)",
        (true, false) => "the steps of [a wave that copies nothing](#a-wave-that-copies-nothing)",
    };
    text.push_str(&format!("Do {which}.\n\n"));
    if !plan.request.empties_dirs() {
        text.push_str(&notes_on_going_back(facts));
    }
    if !facts.long_lists.is_empty() {
        let names: Vec<String> = facts.long_lists.iter().take(3).map(|name| format!("`{name}`")).collect();
        text.push_str(&format!(
            "Of {}{} more partitions move than Kafka can list (32,767 bytes), so all of their replicas are throttled, by `*`. Their \
             other traffic counts as well: the wave may take longer.\n\n",
            names.join(", "),
            if facts.long_lists.len() > 3 { " and others" } else { "" }
        ));
    }
    let records = throttle::records(plan, wave).max(wave.rows.len());
    if records > RECORDS_TOLD {
        text.push_str(&format!(
            "The largest request of this wave is {} of the 10,000 records that a KRaft controller takes at once.\n\n",
            grouped(records as u64)
        ));
    }
    text
}

fn after_all(plan: &Plan) -> String {
    let mut text = "## 6. After the last wave\n\n".to_owned();
    if plan.request.empties_dirs() {
        return text + &runbook_dirs::after_all(plan);
    }
    let drained = plan.brokers.iter().filter(|broker| broker.role == Role::Drain && broker.state.serves());
    let ids: Vec<String> = drained.map(|broker| broker.id.to_string()).collect();
    let throttles = if plan.throttles_before.is_empty() { "nothing" } else { "what it printed before the first wave" };
    text.push_str(&format!(
        "**Nothing moves.** It prints {LIST_NONE}\n\n{}**Nothing is under-replicated.** It prints nothing{}.\n\n{}\
         **No throttle is left.** It prints {throttles}.\n\n{}{}",
        block(&[&list()]),
        except(plan),
        block(&[&under_replicated()]),
        block(&[&configs("brokers", "throttled")]),
        block(&[&configs("topics", "throttled")])
    ));
    if plan.request.leaders_only && !ids.is_empty() {
        let but = if plan.complete { "" } else { " but what was left out of this plan" };
        text.push_str(&format!(
            "**The drained brokers lead nothing.** It prints nothing{but}. What they led out of turn, another election \
             moves.\n\n{}",
            block(&[&topics(&format!("Leader: ({})[^0-9]", ids.join("|")))])
        ));
    } else if plan.request.replicas_only {
        text.push_str(&what_stays(plan));
    } else if !ids.is_empty() {
        let but = if plan.complete { "" } else { ", but for what was left out of this plan" };
        text.push_str(&format!(
            "**The drained brokers hold nothing.** It shows no `\"partition\"`{but}. Kafka deletes the files a minute after \
             the move.\n\n{}",
            block(&[&log_dirs(&ids.join(","))])
        ));
    }
    text
}

/// What followers alone leave behind on the drained brokers, and how it goes too.
fn what_stays(plan: &Plan) -> String {
    let drained = || plan.brokers.iter().filter(|broker| broker.role == Role::Drain);
    let left: u64 = drained().map(|broker| u64::from(broker.replicas_after)).sum();
    if left == 0 {
        return "The drained brokers hold no partition any more.\n\n".to_owned();
    }
    let filtered = plan.request.topics.is_some() || plan.request.exclude_topics.is_some();
    let but = if plan.complete && !filtered { "" } else { ", but for what was left out of this plan" };
    let stays = either(left as usize, "stays", "stay");
    format!(
        "On {} {} {stays} on purpose: each leads its partition or stands first in its list{but}. No leader has changed. To \
         move these too, when clients may notice, read the cluster again and plan an ordinary drain of the same brokers, \
         without `--replicas-only`: it moves them alone, since nothing else is left there.\n\n",
        brokers_by_name(drained().map(|broker| broker.id)),
        counted(left, "replica"),
    )
}

const TRAPS: &str = "## 7. Good to know\n\n\
    - With `auto.leader.rebalance.enable` Kafka moves leaders on its own, with KRaft every five minutes and also during a \
    wave. An election then finds less to do; that is no fault.\n\
    - Topics that are created during the drain may land on the old brokers. A new snapshot and `kshift plan --resume` takes \
    them up.\n\
    - Deleted partitions stay on disk as `*-delete` for a minute more.\n\
    - Nothing but the wave's own steps may run while it does: no other reassignment, no rolling restart of the brokers that \
    take part.\n";
