//! The steps of a wave: look, start, watch, verify, elect. They stand once, and `$WAVE` says which wave is meant.

#![expect(clippy::format_push_string, reason = "a page is put together once; `write!` would bury its sentences")]

use super::runbook_facts::Facts;
use super::runbook_text::{
    LIST_NONE, VERIFY_HEAD, block, brokers_by_name, count, elect, execute, file_of_wave, list, reassign, script,
    under_replicated, verify, verify_and_clear,
};
use super::tools::Tools;
use crate::base::text::either;
use crate::plan::{Plan, Throttle};

/// How the waves of a plan are throttled, and what else their steps depend on. All waves have the same steps.
#[expect(clippy::struct_excessive_bools, reason = "steps are there or not, each for a reason of its own")]
pub(super) struct Steps {
    pub(super) tools: Tools,
    pub(super) throttling: Throttling,
    /// Throttles that were there before come back, so nothing may clear those of others.
    pub(super) keeps: bool,
    /// Whether some wave ends with an election.
    pub(super) elects: bool,
    /// Whether leaders may change at all.
    pub(super) leads: bool,
    /// What may be under-replicated without being news.
    pub(super) except: &'static str,
    /// Whether some file names log dirs.
    pub(super) chooses_dirs: bool,
    /// Whether some lists of throttled replicas are too long for Kafka.
    has_long_lists: bool,
}

/// How a throttle is set.
pub(super) enum Throttling {
    /// Not at all.
    None,
    /// By Kafka's tool as it starts the moves.
    ByTool(Throttle),
    /// By Kafka's tool, and then each broker its own rates.
    Apart(Throttle),
    /// By `throttle.sh` before the start: dead brokers would make the tool fail, throttles of others it would overwrite.
    ByScript(Throttle),
}

/// What may be under-replicated from the start.
pub(super) fn except(plan: &Plan) -> &'static str {
    let short = |wave: &crate::plan::Wave| wave.stage.is_short_isr();
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

impl Steps {
    pub(super) fn of(plan: &Plan, tools: Tools, throttle: Option<Throttle>, facts: &[Facts]) -> Self {
        let keeps = !plan.throttles_before.is_empty();
        let has_dead = facts.iter().any(|facts| facts.copies > 0 && !facts.dead.is_empty());
        let has_long_lists = facts.iter().any(|facts| !facts.long_lists.is_empty());
        let throttling = match throttle {
            None => Throttling::None,
            Some(throttle) if keeps || has_dead || has_long_lists => Throttling::ByScript(throttle),
            Some(throttle) if throttle.is_one_rate() => Throttling::ByTool(throttle),
            Some(throttle) => Throttling::Apart(throttle),
        };
        let elects = facts.iter().any(|facts| facts.elections > 0);
        let chooses_dirs = facts.iter().any(|facts| facts.chooses_dirs);
        let leads = !plan.request.replicas_only;
        Steps { tools, throttling, keeps, elects, leads, except: except(plan), chooses_dirs, has_long_lists }
    }

    fn throttle(&self) -> Option<&Throttle> {
        match &self.throttling {
            Throttling::None => None,
            Throttling::ByTool(throttle) | Throttling::Apart(throttle) | Throttling::ByScript(throttle) => {
                Some(throttle)
            }
        }
    }

    /// The steps of a wave that copies.
    pub(super) fn copying(&self) -> String {
        [self.look(), self.start(), self.watch(), self.finish(), self.elect(5), self.look_again(5)].concat()
    }

    /// The steps of a wave in which lists only get another order, or lose replicas.
    pub(super) fn reordering(&self) -> String {
        let file = file_of_wave("reassign.json");
        [
            self.look(),
            format!(
                "**2. Start.** Nothing is copied, so no throttle is set, and the wave is done at once. It prints the present \
                 lists and `Successfully started`.\n\n{}",
                block(&[&execute(&file, None)])
            ),
            format!(
                "**3. Verify.** It prints {VERIFY_HEAD} and nothing else. Otherwise wait a moment and repeat.\n\n{}",
                block(&[&verify(&file)])
            ),
            self.elect(4),
            self.look_again(4),
        ]
        .concat()
    }

    fn look(&self) -> String {
        format!(
            "**1. Look.** Nothing may move. It prints {LIST_NONE}\n\n{}\
             Nothing may be under-replicated. It prints nothing{}.\n\n{}\
             Everything stands where the plan found it, and `$WAVE` is right. It prints {VERIFY_HEAD} and nothing else. Each \
             further line names a partition that stands elsewhere: **do not start**, see \
             [A command says something else](#a-command-says-something-else).\n\n{}",
            block(&[&list()]),
            self.except,
            block(&[&under_replicated()]),
            block(&[&verify(&file_of_wave("rollback.json"))])
        )
    }

    fn start(&self) -> String {
        let file = file_of_wave("reassign.json");
        let mut text = "**2. Start.** Write down the time. ".to_owned();
        let printed = "It prints the present lists and `Successfully started";
        match &self.throttling {
            Throttling::None => text.push_str(&format!("{printed}`.\n\n{}", block(&[&execute(&file, None)]))),
            Throttling::ByTool(throttle) => text.push_str(&format!(
                "{printed}`; that it warns to run `--verify` is normal.\n\n{}",
                block(&[&execute(&file, Some(throttle))])
            )),
            Throttling::Apart(throttle) => text.push_str(&format!(
                "{printed}`; that it warns to run `--verify` is normal.\n\n{}\
                 It knows one rate for all. Give each broker its own:\n\n{}",
                block(&[&execute(&file, Some(throttle))]),
                block(&[&script("throttle.sh", "brokers")])
            )),
            Throttling::ByScript(_) => {
                let why = if self.has_long_lists {
                    "Kafka's own `--throttle` fails where a topic moves so many partitions that Kafka cannot carry their list"
                } else if self.keeps {
                    "Kafka's own `--throttle` would overwrite the throttles that this cluster has"
                } else {
                    "Kafka's own `--throttle` fails while a present replica is on a dead broker"
                };
                text.push_str(&format!(
                    "First the throttle. {why}, so a script calls `kafka-configs.sh` for each broker and topic, four side by \
                     side and about 2 seconds each. It prints `Completed updating config` for each.\n\n{}\
                     Then the moves. {printed}`.\n\n{}",
                    block(&[&script("throttle.sh", "")]),
                    block(&[&execute(&file, None)])
                ));
            }
        }
        if self.chooses_dirs {
            text.push_str(
                "Some files choose log dirs, and the tool asks for these after the moves have begun. So a small replica may \
                 land in another dir first. Exit code 1 over a wrong dir does not mean that nothing runs: look at step 3.\n\n",
            );
        }
        text
    }

    fn watch(&self) -> String {
        format!(
            "**3. Watch.** It prints how much is done. The wave's table says what it counts to. Until then repeat it every few \
             minutes.\n\n{}\
             Normal: small partitions arrive in the first minutes, and the count stands still while large ones copy. \
             Receiving brokers fill{}; in-sync lists grow for a while. Not done after the longest time in the table: see \
             [It takes too long](#it-takes-too-long).\n\n",
            block(&[&count(&file_of_wave("reassign.json"))]),
            self.throttle().map_or(String::new(), |_| " at the rate of the throttle".to_owned())
        )
    }

    fn finish(&self) -> String {
        let file = file_of_wave("reassign.json");
        match (&self.throttling, self.keeps) {
            (Throttling::None, _) => {
                format!("**4. Verify.** It prints {VERIFY_HEAD} and nothing else.\n\n{}", block(&[&verify(&file)]))
            }
            (_, true) => format!(
                "**4. Verify and clear.** It prints {VERIFY_HEAD} and nothing else. Otherwise go back to step 3.\n\n{}\
                 Then take the wave's throttle off. What this cluster had before comes back.\n\n{}",
                block(&[&verify(&file)]),
                block(&[&script("unthrottle.sh", "")])
            ),
            (_, false) => format!(
                "**4. Verify and clear.** It prints {VERIFY_HEAD} and then `Clearing broker-level throttles` and `Clearing \
                 topic-level throttles`. Otherwise go back to step 3. Do not leave this step out: a throttle that stays slows \
                 the next wave and every recovery.\n\n{}\
                 It clears the rates of all brokers. Where a throttle of somebody else has to stay, do \
                 [this](#clear-only-our-own-throttle) in its place.\n\n",
                block(&[&verify_and_clear(&file)])
            ),
        }
    }

    fn elect(&self, number: u32) -> String {
        if !self.leads {
            return "No election is due: every partition keeps its leader.\n\n".to_owned();
        }
        if !self.elects {
            return String::new();
        }
        format!(
            "**{number}. Elect.** Only where the wave's table names an election: it hands leadership to the first broker of each \
             list. Exit code 1 names who could not be elected; repeat it when that broker is in sync.\n\n{}",
            block(&[&elect(self.tools, &file_of_wave("election.json"))])
        )
    }

    fn look_again(&self, number: u32) -> String {
        let number = if self.elects { number + 1 } else { number };
        format!(
            "**{number}. Look again.** It prints nothing{}. Then the wave is over, and the next one may start whenever you \
             like.\n\n{}",
            self.except,
            block(&[&under_replicated()])
        )
    }

    /// Commands that give the running wave another rate; without one, the rates of the plan again.
    pub(super) fn change_rate(&self, rate: Option<u64>) -> String {
        match (&self.throttling, rate) {
            (Throttling::ByTool(_) | Throttling::None, Some(rate)) => {
                reassign(&file_of_wave("reassign.json"), &format!("--throttle {rate} --execute --additional"))
            }
            (Throttling::ByTool(throttle), None) => {
                let rate = throttle.leader_bytes_per_sec.get();
                reassign(&file_of_wave("reassign.json"), &format!("--throttle {rate} --execute --additional"))
            }
            (_, Some(rate)) => format!("RATE={rate} {}", script("throttle.sh", "brokers")),
            (_, None) => script("throttle.sh", "brokers"),
        }
    }

    /// The way back of the wave that runs, in two steps.
    pub(super) fn back_while_it_runs(&self) -> String {
        let file = file_of_wave("rollback.json");
        let mut text = format!(
            "Two steps, never one: cancel, wait, and only then submit the old lists. A cancel alone loses their order, and with \
             it the preferred leaders.{} The old brokers must be alive, with at least `min.insync.replicas` of each partition \
             in sync.\n\n\
             **1. Cancel.** Repeat it until step 2 finds nothing. An error over a partition that arrives meanwhile does no \
             harm.\n\n{}\
             **2. Wait.** Until it prints {LIST_NONE}\n\n{}",
            if self.tools.may_hang_over_a_move() {
                " The old lists over a running move hang for ever on Kafka 4.3."
            } else {
                ""
            },
            block(&[&reassign(&file, "--cancel --preserve-throttles")]),
            block(&[&list()])
        );
        text.push_str(&self.restore(3));
        text
    }

    /// The way back where nothing is copied.
    pub(super) fn back_of_a_reordering(&self) -> String {
        let file = file_of_wave("rollback.json");
        format!(
            "{}It prints {VERIFY_HEAD} and nothing else:\n\n{}Then hand leadership back:\n\n{}",
            block(&[&execute(&file, None)]),
            block(&[&verify(&file)]),
            block(&[&elect(self.tools, &file)])
        )
    }

    /// Submits the old lists, waits and clears.
    fn restore(&self, from: u32) -> String {
        let file = file_of_wave("rollback.json");
        let mut text = format!(
            "**{from}. Submit the old lists.** What had not arrived is only reordered, at once; what had is copied back.\n\n{}",
            // The tool would fail over lists that are too long; those that throttle.sh has set are still there.
            block(&[&execute(&file, self.throttle().filter(|_| !self.has_long_lists))])
        );
        if matches!(self.throttling, Throttling::Apart(_) | Throttling::ByScript(_)) && !self.is_one_rate() {
            text.push_str(&format!(
                "Give each broker its own rate again:\n\n{}",
                block(&[&script("throttle.sh", "brokers")])
            ));
        }
        let clear = match (&self.throttling, self.keeps) {
            (Throttling::None, _) => {
                format!("It prints {VERIFY_HEAD} and nothing else.\n\n{}", block(&[&verify(&file)]))
            }
            (_, true) => format!(
                "Repeat it until it prints {VERIFY_HEAD} and nothing else.\n\n{}Then take the throttle off. What this cluster \
                 had before comes back.\n\n{}",
                block(&[&verify(&file)]),
                block(&[&script("unthrottle.sh", "")])
            ),
            (_, false) => format!(
                "Repeat it until no line says `in progress`; then it has cleared the throttle too.\n\n{}",
                block(&[&verify_and_clear(&file)])
            ),
        };
        text.push_str(&format!("**{}. Verify.** {clear}", from + 1));
        if self.leads {
            text.push_str(&format!(
                "**{}. Elect.** It hands leadership back. Exit code 1 names who could not be elected.\n\n{}",
                from + 2,
                block(&[&elect(self.tools, &file)])
            ));
        }
        text
    }

    fn is_one_rate(&self) -> bool {
        self.throttle().is_none_or(Throttle::is_one_rate)
    }
}

/// Which brokers stand in the way of going back.
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
