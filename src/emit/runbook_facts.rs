//! What a runbook says of each wave: who sends, who receives, which topics, and how long.

use super::runbook_text::{brokers, brokers_that_do_not_serve, copies, forecast, table};
use crate::base::ids::BrokerId;
use crate::base::kafka_configs::VALUE_BYTES_MAX;
use crate::base::text::{counted, grouped};
use crate::base::units::Bytes;
use crate::plan::rollback::NEVER_ENDS;
use crate::plan::{Plan, Wave, WaveDates};
use crate::snapshot::BrokerState;

/// How many digits a number has.
fn digits(number: i32) -> usize {
    number.checked_ilog10().unwrap_or(0) as usize + 1
}

/// What a wave does, added up.
pub(super) struct Facts {
    pub(super) copies: u64,
    pub(super) bytes: Bytes,
    pub(super) sending: Vec<BrokerId>,
    pub(super) receiving: Vec<BrokerId>,
    /// Topics with their bytes, the biggest first, three at most; and how many there are in all.
    pub(super) topics: (Vec<(String, Bytes)>, usize),
    pub(super) leaders_changing: u64,
    pub(super) elections: u64,
    /// Current replicas on brokers that do not answer.
    pub(super) dead: Vec<BrokerId>,
    pub(super) cordoned: Vec<BrokerId>,
    /// Whether a log dir is chosen for some replica.
    pub(super) chooses_dirs: bool,
    /// Lines of `--verify` that say `completed` when all is done: one for each partition, and for each log dir chosen.
    pub(super) completed: usize,
    /// Topics whose lists of throttled replicas are longer than Kafka can carry.
    pub(super) long_lists: Vec<String>,
    /// Whether copies stay within their brokers.
    pub(super) within: bool,
}

impl Facts {
    pub(super) fn of(plan: &Plan, wave: &Wave) -> Self {
        let (mut copies, mut bytes, mut leaders_changing, mut elections) = (0, Bytes::ZERO, 0, 0);
        let (mut sending, mut receiving, mut previous) = (Vec::new(), Vec::new(), Vec::new());
        let mut by_topic: Vec<(u32, Bytes)> = Vec::with_capacity(wave.rows.len());
        let mut lists: Vec<(u32, usize)> = Vec::new();
        let (mut chooses_dirs, mut completed) = (false, 0);
        for (row, m) in wave.rows.clone().zip(plan.moves_of(wave)) {
            let adding = m.copied_to().count() as u64;
            let copied = Bytes::new(m.size.get() * adding);
            copies += adding;
            bytes += copied;
            receiving.extend(m.copied_to());
            sending.extend(m.leader.filter(|_| adding > 0 && !plan.request.empties_dirs()));
            previous.extend_from_slice(m.previous);
            by_topic.push((plan.moves.topic[row], copied));
            if m.adding().next().is_some() {
                let entry = |id: &BrokerId| digits(m.partition.get()) + digits(id.get()) + 2;
                lists.push((plan.moves.topic[row], m.previous.iter().map(entry).sum()));
            }
            leaders_changing += u64::from(!m.leaves_leaders && m.replicas.first().copied() != m.leader);
            elections += u64::from(m.needs_election());
            let chosen = m.dirs.iter().flatten().count();
            chooses_dirs |= chosen > 0;
            completed += 1 + chosen;
        }
        let [sending, receiving, previous] = [sending, receiving, previous].map(BrokerId::sorted);
        by_topic.sort_unstable();
        lists.sort_unstable();
        let is_long = |rows: &&[(u32, usize)]| rows.iter().map(|row| row.1).sum::<usize>() > VALUE_BYTES_MAX + 1;
        let long =
            lists.chunk_by(|a, b| a.0 == b.0).filter(is_long).map(|rows| plan.topics[rows[0].0 as usize].clone());
        let long_lists = if wave.throttle.is_some() { long.collect() } else { Vec::new() };
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
            completed,
            long_lists,
            within: plan.request.empties_dirs(),
        }
    }

    /// The table of a wave that undoes wave `undoes` of its plan.
    pub(super) fn table_of_undoing(&self, back: &Plan, wave: &Wave, undoes: &str) -> String {
        let mut rows = vec![("Undoes", format!("wave {undoes}"))];
        rows.extend(self.rows(wave));
        rows.push(("Done after", self.time_of_undoing(back, wave)));
        table(&rows)
    }

    /// How long a wave of the way back copies.
    pub(super) fn time_of_undoing(&self, back: &Plan, wave: &Wave) -> String {
        // Plans of older versions say nothing of going back.
        let is_known = back.warnings.iter().any(|warning| warning.code == NEVER_ENDS);
        let rate = wave.throttle.as_ref().filter(|_| is_known).map(|throttle| throttle.leader_bytes_per_sec);
        match (wave.copy_seconds, rate) {
            _ if self.copies == 0 => "seconds".to_owned(),
            (Some(time), _) if time.get() < 10.0 => "seconds".to_owned(),
            (Some(time), _) => format!("about {time} of copying, as a rule a tenth more"),
            (None, Some(rate)) => format!("never at {rate}: live traffic uses the throttle up, so give a higher rate"),
            (None, None) => "not known".to_owned(),
        }
    }

    /// The table of a wave, with what it needs besides its steps.
    pub(super) fn table(&self, wave: &Wave) -> String {
        let mut rows = self.rows(wave);
        rows.extend([(
            "Done after",
            if self.copies == 0 { "seconds".to_owned() } else { forecast(wave.duration_seconds) },
        )]);
        if let Some(WaveDates { starts_at, ends_at }) = &wave.dates {
            let (starts, ends) = (starts_at.expected.short(), ends_at.expected.short());
            let latest = format!("{} at the latest, started by {}", ends_at.high.short(), starts_at.high.short());
            rows.push(("Dates", format!("starts {starts}, should be done by {ends}; {latest}")));
        }
        if let Some(limit) = wave.limit {
            rows.push(("Held up by", limit.in_short()));
        } else if let Some(bottleneck) = wave.bottleneck.filter(|_| wave.copy_seconds.is_some()) {
            let role = if self.within { String::new() } else { format!(" as {}", bottleneck.side.as_str()) };
            rows.push(("Held up by", format!("broker {}{role}", bottleneck.broker)));
        }
        if let Some(time) = wave.rollback_seconds.filter(|time| self.copies > 0 && time.get() >= 1.0) {
            rows.push(("Going back", format!("copies for about {time} once it has ended")));
        }
        table(&rows)
    }

    /// The line of a wave in the table of all.
    pub(super) fn line(&self, wave: &Wave, link: &str) -> String {
        let copied = if self.copies == 0 { "nothing".to_owned() } else { copies(self.copies, self.bytes) };
        let [expected, latest] = match wave.duration_seconds.filter(|_| self.copies > 0) {
            Some(time) if time.high.get() < 10.0 => ["seconds", ""].map(str::to_owned),
            Some(time) => [time.expected, time.high].map(|time| time.to_string()),
            None if self.copies == 0 => ["seconds", ""].map(str::to_owned),
            None => ["not known", ""].map(str::to_owned),
        };
        let starts = wave.dates.as_ref().map(|dates| format!(" {} |", dates.starts_at.expected.short()));
        let leaders = if self.within { String::new() } else { format!(" {} |", grouped(self.leaders_changing)) };
        format!(
            "| {link} | {} | {} | {copied} |{leaders}{} {expected} | {latest} |\n",
            wave.stage.as_str(),
            grouped(wave.rows.len() as u64),
            starts.unwrap_or_default()
        )
    }

    fn rows(&self, wave: &Wave) -> Vec<(&'static str, String)> {
        let (topics, total) = &self.topics;
        let named = |(name, bytes): &(String, Bytes)| match self.copies {
            0 => format!("`{name}`"),
            _ => format!("`{name}` ({bytes})"),
        };
        let mut biggest: Vec<String> = topics.iter().map(named).collect();
        if *total > biggest.len() {
            biggest.push(format!("{} more", total - biggest.len()));
        }
        let moves = match self.copies {
            0 => "another order alone, nothing is copied".to_owned(),
            replicas => copies(replicas, self.bytes),
        };
        let receiving = brokers(self.receiving.iter().copied());
        let mut rows = vec![
            ("Moves", format!("{}: {moves}", counted(wave.rows.len(), "partition"))),
            ("Topics", biggest.join(", ")),
        ];
        if self.within {
            rows.push(("Between log dirs of", receiving));
        } else if self.copies > 0 {
            rows.push(("From leaders on", brokers(self.sending.iter().copied())));
            rows.push(("Onto", receiving));
        }
        if self.copies > 0 {
            rows.push(("Count when done", self.completed.to_string()));
        }
        if !self.within {
            let changing = counted(self.leaders_changing, "partition");
            rows.push(("Leaders that change", if self.leaders_changing == 0 { "none".to_owned() } else { changing }));
            let elections = counted(self.elections, "partition");
            rows.push((
                "Election",
                if self.elections == 0 { "none: leave that step out".to_owned() } else { elections },
            ));
        }
        rows
    }
}
