//! `runbook.md`: every command that a person types to carry out a plan, with Kafka's own tools alone.
//!
//! Up to twelve waves are written out in full, each with all of its commands. Beyond that the steps stand
//! once, and each wave keeps its facts and the commands that differ.

#![expect(clippy::format_push_string, reason = "a page is put together once; `write!` would bury its sentences")]

use rayon::prelude::*;

use super::out_dir::{wave_dir, wave_name};
use super::runbook_text::{
    LIST, LIST_NONE, UNDER_REPLICATED, block, brokers, brokers_that_do_not_serve, copies, count, elect, execute,
    forecast, have_ready, rate, reassign, table,
};
use crate::base::ids::BrokerId;
use crate::base::units::{Bytes, BytesPerSec};
use crate::plan::{Plan, Role, Stage, Throttle, Wave};
use crate::snapshot::{BrokerState, Mode};

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
    text.push_str(&after_all(plan));
    text.push_str(&traps(plan));
    text
}

/// What a wave does, added up.
struct Facts {
    copies: u64,
    bytes: Bytes,
    sending: Vec<BrokerId>,
    receiving: Vec<BrokerId>,
    /// Topics with their bytes, the biggest first, three at most; and how many there are in all.
    topics: (Vec<(String, Bytes)>, usize),
    leaders_changing: u64,
    elections: u64,
    /// Current replicas on brokers that do not answer.
    dead: Vec<BrokerId>,
    cordoned: Vec<BrokerId>,
    /// Whether a log dir is chosen for some replica.
    chooses_dirs: bool,
}

impl Facts {
    fn of(plan: &Plan, wave: &Wave) -> Self {
        let (mut copies, mut bytes, mut leaders_changing, mut elections) = (0, Bytes::ZERO, 0, 0);
        let (mut sending, mut receiving, mut previous) = (Vec::new(), Vec::new(), Vec::new());
        let mut by_topic: Vec<(u32, Bytes)> = Vec::with_capacity(wave.rows.len());
        let mut chooses_dirs = false;
        for (row, m) in wave.rows.clone().zip(plan.moves_of(wave)) {
            let adding = m.adding().count() as u64;
            let copied = Bytes::new(m.size.get() * adding);
            copies += adding;
            bytes += copied;
            receiving.extend(m.adding());
            sending.extend(m.leader.filter(|_| adding > 0));
            previous.extend_from_slice(m.previous);
            by_topic.push((plan.moves.topic[row], copied));
            leaders_changing += u64::from(m.replicas.first().copied() != m.leader);
            elections += u64::from(m.needs_election());
            chooses_dirs |= !m.dirs.is_empty();
        }
        for ids in [&mut sending, &mut receiving, &mut previous] {
            ids.sort_unstable();
            ids.dedup();
        }
        by_topic.sort_unstable();
        let mut topics: Vec<(u32, Bytes)> =
            by_topic.chunk_by(|a, b| a.0 == b.0).map(|rows| (rows[0].0, rows.iter().map(|row| row.1).sum())).collect();
        let topics_total = topics.len();
        topics.sort_by_key(|&(topic, bytes)| (std::cmp::Reverse(bytes), topic));
        let topics =
            topics.iter().take(3).map(|&(topic, bytes)| (plan.topics[topic as usize].clone(), bytes)).collect();
        let cordoned = |id: &BrokerId| plan.broker(*id).is_some_and(|broker| broker.state == BrokerState::Cordoned);
        Facts {
            copies,
            bytes,
            sending,
            receiving,
            topics: (topics, topics_total),
            leaders_changing,
            elections,
            dead: brokers_that_do_not_serve(plan, previous.iter().copied()),
            cordoned: previous.iter().copied().filter(cordoned).collect(),
            chooses_dirs,
        }
    }

    fn table(&self, wave: &Wave) -> String {
        let (topics, total) = &self.topics;
        let mut biggest: Vec<String> = topics.iter().map(|(name, bytes)| format!("`{name}` ({bytes})")).collect();
        if *total > biggest.len() {
            biggest.push(format!("{} more", total - biggest.len()));
        }
        let mut rows = vec![
            ("Moves", format!("{}: {}", count(wave.rows.len() as u64, "partition"), copies(self.copies, self.bytes))),
            ("Topics", biggest.join(", ")),
            ("Sending (leaders)", brokers(self.sending.iter().copied())),
            ("Receiving", brokers(self.receiving.iter().copied())),
            ("Leaders that change", count(self.leaders_changing, "partition")),
            ("Done after", forecast(wave.duration_seconds)),
        ];
        if let (Some(bottleneck), Some(copy)) = (wave.bottleneck, wave.copy_seconds) {
            let side = bottleneck.side.as_str();
            rows.push(("Bottleneck", format!("broker {} as {side}; copying alone takes {copy}", bottleneck.broker)));
        }
        table(&rows)
    }
}

fn head(plan: &Plan) -> String {
    let (request, summary, cluster) = (&plan.request, &plan.summary, &plan.cluster);
    let name = cluster.name.as_deref().unwrap_or("the cluster");
    let draining = brokers(request.drain.iter());
    let title =
        if request.drain.is_empty() { "move partitions".to_owned() } else { format!("drain brokers {draining}") };
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
    let waves = count(u64::from(summary.waves), "wave");
    let mut rows = vec![
        ("Cluster", format!("{name}{kafka}{id}")),
        ("From", format!("brokers {draining}")),
        ("Onto", format!("brokers {}", brokers(targets))),
        ("Moves", format!("{} in {waves}", copies(summary.replicas_moved, summary.bytes_moved))),
        ("Time", forecast(summary.eta_seconds)),
        ("Throttle", rate(plan.waves.iter().find_map(|wave| wave.throttle))),
    ];
    if let Some(makespan) = summary.makespan_seconds {
        rows[4].1.push_str(&format!("; copying alone {makespan}; your own pauses come on top"));
    }
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
        block(&[
            "kafka-configs.sh --bootstrap-server \"$BOOTSTRAP\" --describe --entity-type brokers | grep throttled\n",
            "kafka-configs.sh --bootstrap-server \"$BOOTSTRAP\" --describe --entity-type topics | grep throttled\n",
        ])
    ));
    text.push_str(
        "5. The partitions still stand where the plan found them. `--execute` prints the current lists before it starts: \
         they must equal the `replicas` in the wave's rollback.json. If topics were created, deleted or moved since the \
         plan was made, plan again.\n\n",
    );
    if !plan.deferred.is_empty() {
        let total = plan.deferred.len();
        text.push_str(&format!(
            "Left out of this plan, and still to be done: {}.\n\n",
            count(total as u64, "partition")
        ));
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

/// Which wave the steps speak of: one that is known, or whichever `$WAVE` names.
struct Steps<'a> {
    /// Its directory, quoted where a variable stands in it.
    dir: &'a str,
    throttle: Option<Throttle>,
    facts: Option<&'a Facts>,
    /// What may be under-replicated without being news.
    except: &'static str,
    forecast: String,
}

/// What may be under-replicated from the start.
fn except(plan: &Plan) -> &'static str {
    let short = |wave: &Wave| matches!(wave.stage, Stage::DataShortIsr | Stage::InternalShortIsr);
    let down = plan.brokers.iter().any(|broker| !broker.state.serves());
    let unhealthy = !plan.deferred.is_empty() || plan.waves.iter().any(short);
    match (down, unhealthy) {
        (false, false) => "",
        (true, false) => ", but for partitions on brokers that were down when the plan was made",
        (false, true) => ", but for partitions that the plan defers or moves with a short ISR",
        (true, true) => {
            ", but for partitions on brokers that were down when the plan was made, and those that it defers or moves with a \
             short ISR"
        }
    }
}

impl Steps<'_> {
    fn file(&self, name: &str) -> String {
        if self.dir.contains('$') { format!("\"{}/{name}\"", self.dir) } else { format!("{}/{name}", self.dir) }
    }

    fn look(&self) -> String {
        format!(
            "**Look first.** The first command prints nothing{}; the second {LIST_NONE} Otherwise do not start.\n\n{}",
            self.except,
            block(&[UNDER_REPLICATED, LIST])
        )
    }

    fn start(&self) -> String {
        let mut text = format!(
            "**Start.** It prints the current lists and then `Successfully started partition reassignments`.\n\n{}",
            start_block(self.dir, self.throttle, self.facts)
        );
        if self.facts.is_some_and(|facts| facts.chooses_dirs) {
            text.push_str(
                "This file chooses log dirs. The tool asks for them after the moves have begun: a small replica may land in \
                 another dir first and then move over, and exit code 1 over a wrong dir does not mean that nothing runs.\n\n",
            );
        }
        text
    }

    fn watch(&self) -> String {
        let file = self.file("reassign.json");
        let slow = match self.throttle {
            Some(throttle) => format!(
                " Later than that: look at the bottleneck, and at partitions whose producers write faster than the throttle \
                 lets followers catch up. This changes the rate and nothing else:\n\n{}",
                block(&[&self.change_rate(throttle.leader_bytes_per_sec.get().saturating_mul(2))])
            ),
            None => "\n\n".to_owned(),
        };
        format!(
            "**Watch.** As often as you like; `--preserve-throttles` keeps the throttle in place while you look.\n\n{}\
             The wave is done when every line says `is completed`: {}.{slow}",
            block(&[&reassign(&file, "--verify --preserve-throttles"), LIST]),
            self.forecast
        )
    }

    fn finish(&self) -> String {
        let verify = reassign(&self.file("reassign.json"), "--verify");
        let clears = match self.throttle {
            Some(_) => {
                "this clears the throttle. Do not leave it out: lists and rates left behind starve the next wave and slow \
                 recovery"
            }
            None => "this says so for the last time, and clears a throttle if you have set one",
        };
        let mut text = format!("**Finish.** Once all is completed, {clears}.\n\n{}", block(&[&verify]));
        match self.facts {
            Some(Facts { elections: 0, .. }) => {
                text.push_str("No election is due: every partition is led by the first broker of its list.\n\n");
            }
            facts => {
                let who = facts.map_or("Where the wave has an election.json, hand".to_owned(), |facts| {
                    let verb = if facts.elections == 1 { "is" } else { "are" };
                    format!(
                        "{} {verb} not yet led by the first broker of the list. Hand",
                        count(facts.elections, "partition")
                    )
                });
                text.push_str(&format!(
                    "{who} leadership over; the tool exits 1 if one of them could not be elected, and names it.\n\n{}",
                    block(&[&elect(&self.file("election.json"))])
                ));
            }
        }
        text
    }

    fn pause(&self) -> String {
        format!(
            "**Pause.** Before the start of a wave: just wait. During one: slow it down to 1 MB/s, and speed it up in the \
             same way. What has been copied is kept; a cancel would throw it away.\n\n{}",
            block(&[&self.change_rate(1_000_000)])
        )
    }

    /// Submits the running wave again with another rate; by hand where a dead broker would make that fail.
    fn change_rate(&self, rate: u64) -> String {
        if self.throttle.is_some() && self.facts.is_some_and(|facts| !facts.dead.is_empty()) {
            let rate = BytesPerSec::new(rate);
            let both = Throttle { leader_bytes_per_sec: rate, follower_bytes_per_sec: rate };
            return rates_by_hand(&self.file("throttle.json"), both);
        }
        reassign(&self.file("reassign.json"), &format!("--throttle {rate} --execute --additional"))
    }

    fn back(&self) -> String {
        let (reassign_file, back_file) = (self.file("reassign.json"), self.file("rollback.json"));
        let bytes = self.facts.map_or("everything".to_owned(), |facts| facts.bytes.to_string());
        let mut text = format!(
            "**Go back while it moves.** Two steps, never one: cancel, wait until nothing moves, and only then submit the old \
             lists. Cancelling alone loses their order, and with it the preferred leaders; submitting them over a running \
             move leaves it hanging on some versions.\n\n{}When the list is empty ({LIST_NONE}), submit the old lists. What \
             had not finished is only reordered, which is done at once:\n\n{}Repeat until every line says `is completed`; this \
             also clears the throttle:\n\n{}And then hand leadership back:\n\n{}",
            block(&[&reassign(&reassign_file, "--cancel"), LIST]),
            block(&[&execute(&back_file, self.throttle)]),
            block(&[&reassign(&back_file, "--verify")]),
            block(&[&elect(&back_file)])
        );
        text.push_str(&format!(
            "**Go back after it has finished.** The same without the cancel. It copies {bytes} back and takes about as long as \
             the wave did. Later waves that have run go back first.\n\n"
        ));
        if let Some(facts) = self.facts {
            text.push_str(&notes_on_going_back(facts));
        }
        text
    }
}

fn notes_on_going_back(facts: &Facts) -> String {
    let mut text = String::new();
    if !facts.dead.is_empty() {
        text.push_str(&format!(
            "The old lists name brokers that are down ({}): Kafka's tool refuses rollback.json until they are back.\n\n",
            brokers(facts.dead.iter().copied())
        ));
    }
    if !facts.cordoned.is_empty() {
        text.push_str(&format!(
            "The old lists name cordoned brokers ({}): Kafka refuses rollback.json until they are uncordoned.\n\n",
            brokers(facts.cordoned.iter().copied())
        ));
    }
    text
}

/// The commands that start a wave.
fn start_block(dir: &str, throttle: Option<Throttle>, facts: Option<&Facts>) -> String {
    let quoted = |name: &str| if dir.contains('$') { format!("\"{dir}/{name}\"") } else { format!("{dir}/{name}") };
    let file = quoted("reassign.json");
    if let (Some(throttle), Some(facts)) = (throttle, facts)
        && !facts.dead.is_empty()
    {
        return format!(
            "Brokers that are down ({}) are among the current replicas. There `--execute --throttle` waits a minute, fails and \
             starts nothing, so the throttle is set by hand first, from throttle.json (this needs `jq`):\n\n{}",
            brokers(facts.dead.iter().copied()),
            block(&[&throttle_by_hand(&quoted("throttle.json"), throttle), &execute(&file, None)])
        );
    }
    match throttle {
        Some(throttle) if throttle.leader_bytes_per_sec != throttle.follower_bytes_per_sec => format!(
            "The tool knows one rate for both sides; the second command sets them apart (it needs `jq`).\n\n{}",
            block(&[&execute(&file, Some(throttle)), &rates_by_hand(&quoted("throttle.json"), throttle)])
        ),
        _ => block(&[&execute(&file, throttle)]),
    }
}

fn rates_by_hand(file: &str, throttle: Throttle) -> String {
    let (leader, follower) = (throttle.leader_bytes_per_sec.get(), throttle.follower_bytes_per_sec.get());
    format!(
        "jq -r '.brokers | keys[]' {file} | while read -r broker; do\n  \
           kafka-configs.sh --bootstrap-server \"$BOOTSTRAP\" --alter --entity-type brokers --entity-name \"$broker\" \\\n    \
             --add-config \"leader.replication.throttled.rate={leader},follower.replication.throttled.rate={follower}\" \
             < /dev/null\n\
         done\n"
    )
}

fn throttle_by_hand(file: &str, throttle: Throttle) -> String {
    format!(
        "{}jq -r '.topics | to_entries[] | \"\\(.key) \\(.value | to_entries | map(\"\\(.key)=[\\(.value)]\") | join(\",\"))\"' \\\n  \
           {file} | while read -r topic lists; do\n  \
           kafka-configs.sh --bootstrap-server \"$BOOTSTRAP\" --alter --entity-type topics --entity-name \"$topic\" \\\n    \
             --add-config \"$lists\" < /dev/null\n\
         done\n",
        rates_by_hand(file, throttle)
    )
}

fn wave_title(plan: &Plan, wave: &Wave) -> String {
    format!("### Wave {} of {}: {}\n\n", wave_name(plan, wave.index), plan.waves.len(), wave.stage.as_str())
}

fn wave_in_full(plan: &Plan, wave: &Wave, facts: &Facts) -> String {
    let dir = wave_dir(plan, wave.index);
    let forecast = forecast(wave.duration_seconds);
    let steps = Steps { dir: &dir, throttle: wave.throttle, facts: Some(facts), except: except(plan), forecast };
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
    text.push_str(&start_block(&dir, wave.throttle, Some(facts)));
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
    let throttle = plan.waves.iter().find_map(|wave| wave.throttle);
    let forecast = "the table of the wave says when to expect it".to_owned();
    let steps = Steps { dir, throttle, facts: None, except: except(plan), forecast };
    let mut text = format!(
        "## Every wave, step by step\n\nThe waves run one after the other, in the order of their numbers. These steps are the \
         same for all {}; set the number of the wave you are at:\n\n{}",
        plan.waves.len(),
        block(&[&format!("export WAVE={}\n", wave_name(plan, 1))])
    );
    if facts.iter().any(|facts| !facts.dead.is_empty()) {
        text.push_str("Waves whose current replicas lie on brokers that are down start differently: see there.\n\n");
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
    if !ids.is_empty() {
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

fn traps(plan: &Plan) -> String {
    let mut text = "## Known traps\n\n\
        - `--execute` is refused while anything in the cluster moves, unless `--additional` is given. Use that only to change \
        the rate of the wave that runs.\n\
        - `--cancel` clears all throttles, also those of moves that are not yours and go on. If others move partitions too, add \
        `--preserve-throttles`.\n\
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
