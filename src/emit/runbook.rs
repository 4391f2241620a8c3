//! `runbook.md`: every command that a person types to carry out a plan, with Kafka's own tools alone.
//!
//! Up to twelve waves are written out in full, each with all of its commands. Beyond that the steps stand
//! once, and each wave keeps its facts and the commands that differ.

#![expect(clippy::format_push_string, reason = "a page is put together once; `write!` would bury its sentences")]

use rayon::prelude::*;

use super::out_dir::{wave_dir, wave_name};
use super::runbook_dirs;
use super::runbook_facts::Facts;
use super::runbook_steps::{Steps, except, notes_on_going_back, start_block};
use super::runbook_text::{
    LIST, LIST_NONE, UNDER_REPLICATED, block, brokers, brokers_by_name, copies, elect, forecast, have_ready, rate,
    reassign, table,
};
use crate::base::price::money;
use crate::base::text::{counted, either};
use crate::plan::{Plan, Role, Throttle, Wave};
use crate::snapshot::Mode;

/// With more waves than this the steps stand once.
const WRITTEN_OUT_MAX: usize = 12;
/// Deferred partitions that are named.
const DEFERRED_MAX: usize = 20;

/// The runbook of a plan, as Markdown.
pub fn runbook(plan: &Plan) -> String {
    let mut text = head(plan);
    if plan.waves.is_empty() {
        text.push_str("Nothing has to move: this plan has no waves, and there is nothing to run.\n");
        return text;
    }
    text.push_str(&before_all(plan));
    let facts: Vec<Facts> = plan.waves.par_iter().map(|wave| Facts::of(plan, wave)).collect();
    let written_out = plan.waves.len() <= WRITTEN_OUT_MAX;
    if !written_out {
        text.push_str(&steps_once(plan, &facts));
    }
    text.push_str("## The waves\n\n");
    let waves: Vec<String> = plan
        .waves
        .par_iter()
        .zip(&facts)
        .map(
            |(wave, facts)| {
                if written_out { wave_in_full(plan, wave, facts) } else { wave_in_short(plan, wave, facts) }
            },
        )
        .collect();
    text.push_str(&waves.concat());
    if plan.request.empties_dirs() {
        text.push_str(&runbook_dirs::after_all(plan));
        text.push_str(runbook_dirs::TRAPS);
        return text;
    }
    text.push_str(&after_all(plan));
    text.push_str(&traps(plan));
    text
}

fn head(plan: &Plan) -> String {
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
    ];
    let rows: Vec<(&str, String)> = rows.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    let mut text = format!("# Runbook: {title} of {name}\n\n{}", table(&rows));
    text.push_str(&format!(
        "Written by kshift {} from `plan.json` beside this file. Every command is one of Kafka's own tools. Each wave can \
         be watched, paused and undone on its own; between two waves the cluster is whole and may be left as it is.\n\n",
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

fn before_all(plan: &Plan) -> String {
    let mut text = format!("## Once, before the first wave\n\n{}", have_ready("the-directory-of-this-file"));
    if plan.cluster.mode == Some(Mode::Zookeeper) {
        text.push_str(
            "This cluster keeps its metadata in ZooKeeper. The commands are the same: the tools talk to the brokers, and none of \
             them needs `--zookeeper`.\n\n",
        );
    }
    let answering = plan.brokers.iter().filter(|broker| broker.state.serves());
    text.push_str(&format!(
        "1. The right cluster{}, and these brokers answer: {}.\n\n{}",
        plan.cluster.cluster_id.as_ref().map(|id| format!(" (id `{id}`)")).unwrap_or_default(),
        brokers(answering.map(|broker| broker.id)),
        block(&[
            "kafka-cluster.sh cluster-id --bootstrap-server \"$BOOTSTRAP\"\n",
            "kafka-broker-api-versions.sh --bootstrap-server \"$BOOTSTRAP\" | grep '(id:'\n",
        ])
    ));
    text.push_str(&format!(
        "2. Nothing moves: this prints {LIST_NONE} Otherwise wait: `--execute` is refused while anything in the cluster \
         moves.\n\n{}",
        block(&[LIST])
    ));
    text.push_str(&format!(
        "3. No partition is under-replicated: this prints nothing{}.\n\n{}",
        except(plan),
        block(&[UNDER_REPLICATED])
    ));
    text.push_str(&format!(
        "4. No throttle is left over from another move: this prints nothing. One that is there would be overwritten, and \
         cleared at the end of the first wave: ask whose it is.\n\n{}",
        if plan.request.empties_dirs() {
            block(&[&runbook_dirs::throttles()])
        } else {
            block(&[
                "kafka-configs.sh --bootstrap-server \"$BOOTSTRAP\" --describe --entity-type brokers | grep throttled\n",
                "kafka-configs.sh --bootstrap-server \"$BOOTSTRAP\" --describe --entity-type topics | grep throttled\n",
            ])
        }
    ));
    text.push_str(
        "5. The partitions still stand where the plan found them. `--execute` prints the current lists before it starts: \
         they must equal the `replicas` in the wave's rollback.json. If topics were created, deleted or moved since the \
         plan was made, plan again.\n\n",
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

fn wave_title(plan: &Plan, wave: &Wave) -> String {
    format!("### Wave {} of {}: {}\n\n", wave_name(plan, wave.index), plan.waves.len(), wave.stage.as_str())
}

fn wave_in_full(plan: &Plan, wave: &Wave, facts: &Facts) -> String {
    let dir = wave_dir(plan, wave.index);
    if plan.request.empties_dirs() {
        let steps = runbook_dirs::steps(plan, &dir, Some(facts), except(plan), &forecast(wave.duration_seconds));
        return [wave_title(plan, wave), facts.table(wave), steps].concat();
    }
    let forecast = if plan.request.leaders_only { "seconds".to_owned() } else { forecast(wave.duration_seconds) };
    let (copies, elects) = (!plan.request.leaders_only, !plan.request.replicas_only);
    let (throttle, facts_of_it) = (wave.throttle.clone(), Some(facts));
    let steps = Steps { dir: &dir, throttle, facts: facts_of_it, except: except(plan), forecast, copies, elects };
    [
        wave_title(plan, wave),
        facts.table(wave),
        steps.look(),
        steps.start(),
        steps.watch(),
        steps.finish(),
        steps.pause(),
        steps.back(),
    ]
    .concat()
}

fn wave_in_short(plan: &Plan, wave: &Wave, facts: &Facts) -> String {
    let dir = wave_dir(plan, wave.index);
    let file = format!("{dir}/reassign.json");
    let mut text = wave_title(plan, wave) + &facts.table(wave);
    text.push_str(&block(&[&format!("export WAVE={}\n", wave_name(plan, wave.index))]));
    if plan.request.empties_dirs() {
        return text + &runbook_dirs::steps_in_short(plan, &dir);
    }
    text.push_str(&start_block(&dir, wave.throttle.as_ref(), Some(facts)));
    let verify = reassign(&file, "--verify");
    let election = if facts.elections > 0 { elect(&format!("{dir}/election.json")) } else { String::new() };
    let then = if facts.elections > 0 { ", then hands leadership over" } else { "" };
    let clears = if wave.throttle.is_some() { "clears the throttle" } else { "looks for the last time" };
    text.push_str(&format!("When all is completed, this {clears}{then}:\n\n"));
    text.push_str(&block(&[&verify, &election]));
    text.push_str(&notes_on_going_back(facts));
    text
}

fn steps_once(plan: &Plan, facts: &[Facts]) -> String {
    let dir = "waves/$WAVE";
    let throttle = throttle_of_all(plan);
    let forecast = "the table of the wave says when to expect it".to_owned();
    let (copies, elects) = (!plan.request.leaders_only, !plan.request.replicas_only);
    let steps = Steps { dir, throttle, facts: None, except: except(plan), forecast, copies, elects };
    let mut text = format!(
        "## Every wave, step by step\n\nThe waves run one after the other, in the order of their numbers. These steps are the \
         same for all {}; set the number of the wave you are at:\n\n{}",
        plan.waves.len(),
        block(&[&format!("export WAVE={}\n", wave_name(plan, 1))])
    );
    if facts.iter().any(|facts| !facts.dead.is_empty()) {
        text.push_str("Waves whose current replicas lie on brokers that are down start differently: see there.\n\n");
    }
    if plan.request.empties_dirs() {
        return text + &runbook_dirs::steps(plan, dir, None, except(plan), &steps.forecast);
    }
    for step in [steps.look(), steps.start(), steps.watch(), steps.finish(), steps.pause(), steps.back()] {
        text.push_str(&step);
    }
    text
}

fn after_all(plan: &Plan) -> String {
    let drained = plan.brokers.iter().filter(|broker| broker.role == Role::Drain && broker.state.serves());
    let ids: Vec<String> = drained.map(|broker| broker.id.to_string()).collect();
    let mut text = format!(
        "## After the last wave\n\nNothing moves, nothing is under-replicated, no throttle is left: the last two commands print \
         nothing.\n\n{}",
        block(&[
            LIST,
            UNDER_REPLICATED,
            "kafka-configs.sh --bootstrap-server \"$BOOTSTRAP\" --describe --entity-type brokers | grep throttled\n",
            "kafka-configs.sh --bootstrap-server \"$BOOTSTRAP\" --describe --entity-type topics | grep throttled\n",
        ])
    );
    if plan.request.leaders_only && !ids.is_empty() {
        let but = if plan.complete { "" } else { " but what was left out of this plan" };
        text.push_str(&format!(
            "The drained brokers lead nothing any more: this prints nothing{but}. What they led out of turn, another \
             election moves.\n\n{}",
            block(&[&format!(
                "kafka-topics.sh --bootstrap-server \"$BOOTSTRAP\" --describe | grep -E 'Leader: ({})[^0-9]'\n",
                ids.join("|")
            )])
        ));
    } else if plan.request.replicas_only {
        text.push_str(&what_stays(plan));
    } else if !ids.is_empty() {
        let but = if plan.complete { "" } else { ", but for what was left out of this plan" };
        text.push_str(&format!(
            "The drained brokers hold no partition any more{but}; Kafka deletes the files a minute after the move:\n\n{}",
            block(&[&format!(
                "kafka-log-dirs.sh --bootstrap-server \"$BOOTSTRAP\" --describe --broker-list {}\n",
                ids.join(",")
            )])
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

fn traps(plan: &Plan) -> String {
    let mut text = "## Known traps\n\n\
        - `--execute` is refused while anything in the cluster moves, unless `--additional` is given. Use that only to change \
        the rate of the wave that runs.\n\
        - `--cancel` without `--preserve-throttles` clears all throttles, also those of moves that are not yours and go on.\n\
        - `--cancel` passes over moves that only add replicas, in Kafka 3.7.0 to 3.9.x and in 4.0.0: it exits 0 and says that \
        none of the moves is active. Waves of this plan that replace replicas are not affected.\n\
        - `--verify` clears throttles only when nothing in the whole cluster moves.\n\
        - A dead broker among the current replicas makes `--execute --throttle` wait 60 seconds and fail; nothing has started \
        then.\n\
        - With `auto.leader.rebalance.enable` Kafka moves leaders on its own, under KRaft every five minutes and also during a \
        wave. An election then finds less to do; that is no fault.\n\
        - Going back needs the old brokers: alive, and at least `min.insync.replicas` of them in sync. With them gone a cancel \
        leaves partitions without a leader.\n"
        .to_owned();
    if plan.waves.iter().any(|wave| wave.rows.len() > 5_000) {
        text.push_str(
            "- KRaft starts at most 10,000 partitions of one request and fails the others one by one; a wave of this plan is \
             above 5,000.\n",
        );
    }
    text
}
