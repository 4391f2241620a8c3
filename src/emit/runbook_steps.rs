//! The steps of one wave: look, start, watch, finish, pause, go back.

#![expect(clippy::format_push_string, reason = "a page is put together once; `write!` would bury its sentences")]

use super::runbook_facts::Facts;
use super::runbook_text::{LIST, LIST_NONE, UNDER_REPLICATED, block, brokers_by_name, elect, execute, reassign};
use crate::base::text::{counted, either};
use crate::base::units::BytesPerSec;
use crate::plan::{Plan, Throttle, Wave};

/// Which wave the steps speak of: one that is known, or whichever `$WAVE` names.
pub(super) struct Steps<'a> {
    /// Its directory, quoted where a variable stands in it.
    pub(super) dir: &'a str,
    pub(super) throttle: Option<Throttle>,
    pub(super) facts: Option<&'a Facts>,
    /// What may be under-replicated without being news.
    pub(super) except: &'static str,
    pub(super) forecast: String,
    /// Whether data is copied, or lists only get another order.
    pub(super) copies: bool,
    /// Whether leaders change, or all stay who they are.
    pub(super) elects: bool,
}

/// What may be under-replicated from the start.
pub(super) fn except(plan: &Plan) -> &'static str {
    let short = |wave: &Wave| wave.stage.is_short_isr();
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

    pub(super) fn look(&self) -> String {
        format!(
            "**Look first.** The first command prints nothing{}; the second {LIST_NONE} Otherwise do not start.\n\n{}",
            self.except,
            block(&[UNDER_REPLICATED, LIST])
        )
    }

    pub(super) fn start(&self) -> String {
        let mut text = format!(
            "**Start.** It prints the current lists and then `Successfully started partition reassignments`.\n\n{}",
            start_block(self.dir, self.throttle.as_ref(), self.facts)
        );
        if self.facts.is_some_and(|facts| facts.chooses_dirs) {
            text.push_str(
                "This file chooses log dirs. The tool asks for them after the moves have begun: a small replica may land in \
                 another dir first and then move over, and exit code 1 over a wrong dir does not mean that nothing runs.\n\n",
            );
        }
        text
    }

    pub(super) fn watch(&self) -> String {
        let file = self.file("reassign.json");
        let slow = match &self.throttle {
            Some(throttle) if !throttle.brokers.is_empty() => format!(
                " Later than that: look at the bottleneck, and at partitions whose producers write faster than the throttle \
                 lets followers catch up. Higher rates in throttle.json are set like this, and nothing else changes:\n\n{}",
                block(&[&rates_by_hand(&self.file("throttle.json"), throttle)])
            ),
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

    pub(super) fn finish(&self) -> String {
        let verify = reassign(&self.file("reassign.json"), "--verify");
        let clears = match &self.throttle {
            Some(_) => {
                "this clears the throttle. Do not leave it out: lists and rates left behind starve the next wave and slow \
                 recovery"
            }
            None => "this says so for the last time, and clears a throttle if you have set one",
        };
        let mut text = format!("**Finish.** Once all is completed, {clears}.\n\n{}", block(&[&verify]));
        match self.facts {
            _ if !self.elects => text.push_str("No election is due: every partition keeps its leader.\n\n"),
            Some(Facts { elections: 0, .. }) => {
                text.push_str("No election is due: every partition is led by the first broker of its list.\n\n");
            }
            facts => {
                let who = facts.map_or("Where the wave has an election.json, hand".to_owned(), |facts| {
                    let verb = either(facts.elections as usize, "is", "are");
                    format!(
                        "{} {verb} not yet led by the first broker of the list. Hand",
                        counted(facts.elections, "partition")
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

    pub(super) fn pause(&self) -> String {
        if !self.copies {
            return "**Pause.** Between two waves: just wait. A wave itself is done at once.\n\n".to_owned();
        }
        if let Some(throttle) = self.throttle.as_ref().filter(|throttle| !throttle.brokers.is_empty()) {
            return format!(
                "**Pause.** Before the start of a wave: just wait. During one: slow it down to 1 MB/s with the first command, \
                 and give each broker its own rate again with the second. What has been copied is kept; a cancel would throw \
                 it away.\n\n{}",
                block(&[&self.change_rate(1_000_000), &rates_by_hand(&self.file("throttle.json"), throttle)])
            );
        }
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
            return rates_by_hand(&self.file("throttle.json"), &Throttle::new(rate, rate));
        }
        reassign(&self.file("reassign.json"), &format!("--throttle {rate} --execute --additional"))
    }

    /// Gives each broker its own rate, where they differ.
    fn rates_apart(&self) -> String {
        match &self.throttle {
            Some(throttle) if !throttle.brokers.is_empty() => rates_by_hand(&self.file("throttle.json"), throttle),
            _ => String::new(),
        }
    }

    pub(super) fn back(&self) -> String {
        // Cancelled by rollback.json: its log dirs name replicas that do not move, so the tool waits for none.
        let back_file = self.file("rollback.json");
        if !self.copies {
            let notes = self.facts.map(notes_on_going_back).unwrap_or_default();
            return format!(
                "**Go back.** Submit the old lists, which copies nothing either, and hand leadership back. Later waves \
                 that have run go back first.\n\n{}{notes}",
                block(&[&execute(&back_file, None), &reassign(&back_file, "--verify"), &elect(&back_file)])
            );
        }
        let bytes = self.facts.map_or("everything".to_owned(), |facts| facts.bytes.to_string());
        let mut text = format!(
            "**Go back while it moves.** Two steps, never one: cancel, wait until nothing moves, and only then submit the old \
             lists. Cancelling alone loses their order, and with it the preferred leaders; submitting them over a running \
             move leaves it hanging on some versions. Both need the old brokers: alive, and at least `min.insync.replicas` of each \
             partition's old replicas in sync. The cancel may report an error when a partition arrives meanwhile: what counts \
             is the list, so repeat it until nothing moves. It keeps the throttle, for what follows and for moves of others.\n\n{}\
             When the list is empty ({LIST_NONE}), submit the old lists. What had not finished is only reordered, which is done \
             at once; what had is copied back:\n\n{}Repeat until every line says `is completed`; this \
             also clears the throttle:\n\n{}",
            block(&[&reassign(&back_file, "--cancel --preserve-throttles"), LIST]),
            block(&[&execute(&back_file, self.throttle.as_ref()), &self.rates_apart()]),
            block(&[&reassign(&back_file, "--verify")])
        );
        if self.elects {
            text.push_str(&format!("And then hand leadership back:\n\n{}", block(&[&elect(&back_file)])));
        }
        text.push_str(&format!(
            "**Go back after it has finished.** The same without the cancel. It copies {bytes} back. Later waves that have run \
             go back first: `kshift rollback PLAN --to-wave N --out DIR` writes the whole way, wave by wave.\n\n"
        ));
        if let Some(facts) = self.facts {
            text.push_str(&notes_on_going_back(facts));
        }
        text
    }
}

pub(super) fn notes_on_going_back(facts: &Facts) -> String {
    let mut text = String::new();
    if !facts.dead.is_empty() {
        text.push_str(&format!(
            "The old lists name {}, which {} down: Kafka's tool refuses rollback.json until {} back.\n\n",
            brokers_by_name(facts.dead.iter().copied()),
            either(facts.dead.len(), "is", "are"),
            either(facts.dead.len(), "it is", "they are")
        ));
    }
    if !facts.cordoned.is_empty() {
        text.push_str(&format!(
            "The old lists name {}, which {} cordoned: Kafka refuses rollback.json until {} uncordoned.\n\n",
            brokers_by_name(facts.cordoned.iter().copied()),
            either(facts.cordoned.len(), "is", "are"),
            either(facts.cordoned.len(), "it is", "they are")
        ));
    }
    text
}

/// The commands that start a wave.
pub(super) fn start_block(dir: &str, throttle: Option<&Throttle>, facts: Option<&Facts>) -> String {
    let quoted = |name: &str| if dir.contains('$') { format!("\"{dir}/{name}\"") } else { format!("{dir}/{name}") };
    let file = quoted("reassign.json");
    if let (Some(throttle), Some(facts)) = (throttle, facts)
        && !facts.dead.is_empty()
    {
        return format!(
            "Some of the current replicas lie on {}, which {} down. There `--execute --throttle` waits a minute, fails and \
             starts nothing, so the throttle is set by hand first, from throttle.json (this needs `jq`):\n\n{}",
            brokers_by_name(facts.dead.iter().copied()),
            either(facts.dead.len(), "is", "are"),
            block(&[&throttle_by_hand(&quoted("throttle.json"), throttle), &execute(&file, None)])
        );
    }
    match throttle {
        Some(throttle) if !throttle.is_one_rate() => format!(
            "The tool knows one rate for {}; the second command sets them apart (it needs `jq`).\n\n{}",
            if throttle.brokers.is_empty() { "both sides" } else { "all brokers" },
            block(&[&execute(&file, Some(throttle)), &rates_by_hand(&quoted("throttle.json"), throttle)])
        ),
        _ => block(&[&execute(&file, throttle)]),
    }
}

/// Sets the throttle of each broker of throttle.json, from the file itself where they differ.
pub(super) fn rates_by_hand(file: &str, throttle: &Throttle) -> String {
    if !throttle.brokers.is_empty() {
        return format!(
            "jq -r '.brokers | to_entries[] | \"\\(.key) \\(.value | to_entries | map(\"\\(.key)=\\(.value)\") | join(\",\"))\"' \\\n  \
               {file} | while read -r broker rates; do\n  \
               kafka-configs.sh --bootstrap-server \"$BOOTSTRAP\" --alter --entity-type brokers --entity-name \"$broker\" \\\n    \
                 --add-config \"$rates\" < /dev/null\n\
             done\n"
        );
    }
    let (leader, follower) = (throttle.leader_bytes_per_sec.get(), throttle.follower_bytes_per_sec.get());
    format!(
        "jq -r '.brokers | keys[]' {file} | while read -r broker; do\n  \
           kafka-configs.sh --bootstrap-server \"$BOOTSTRAP\" --alter --entity-type brokers --entity-name \"$broker\" \\\n    \
             --add-config \"leader.replication.throttled.rate={leader},follower.replication.throttled.rate={follower}\" \
             < /dev/null\n\
         done\n"
    )
}

fn throttle_by_hand(file: &str, throttle: &Throttle) -> String {
    format!(
        "{}jq -r '.topics | to_entries[] | \"\\(.key) \\(.value | to_entries | map(\"\\(.key)=[\\(.value)]\") | join(\",\"))\"' \\\n  \
           {file} | while read -r topic lists; do\n  \
           kafka-configs.sh --bootstrap-server \"$BOOTSTRAP\" --alter --entity-type topics --entity-name \"$topic\" \\\n    \
             --add-config \"$lists\" < /dev/null\n\
         done\n",
        rates_by_hand(file, throttle)
    )
}
