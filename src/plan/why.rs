//! One partition's story: where it goes, who replaces whom, who pays for the copy; or why it stays.

use std::fmt;

use serde::Serialize;

use super::{Move, Plan, PlanBroker, Stage};
use crate::base::error::{Code, Error, Result, near_miss};
use crate::base::ids::{BrokerId, PartitionId};
use crate::base::units::{Bytes, Ratio};

/// One partition's story.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Why {
    /// Its topic.
    pub topic: String,
    /// Its number.
    pub partition: PartitionId,
    /// Its moves in order; empty when it does not move.
    pub steps: Vec<Step>,
    /// Why it does not move, as a sentence; null when it does.
    pub stays_because: Option<String>,
}

/// What one wave does to the partition.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// Number of the wave, from 1.
    pub wave: u32,
    /// Why the wave stands where it stands.
    pub stage: Stage,
    /// Ordered replicas before the wave.
    pub before: Vec<BrokerId>,
    /// Ordered replicas after the wave.
    pub after: Vec<BrokerId>,
    /// Who comes and who goes.
    pub changes: Vec<Change>,
    /// Which replicas go to another log dir of their broker.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log_dirs: Vec<DirStep>,
    /// The leader before the wave, from which the copies come.
    pub leader_before: Option<BrokerId>,
    /// The leader when the wave ends, before any election.
    pub leader_after: Option<BrokerId>,
    /// Whether a preferred election then hands leadership to the first replica.
    pub election: bool,
    /// Bytes of one replica.
    pub size_bytes: Bytes,
}

/// A new replica and the one whose place it takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Who goes; null when a replica is only added.
    pub from: Option<Place>,
    /// Who comes; null when a replica is only removed.
    pub to: Option<Target>,
}

/// A replica that goes to another log dir of its broker.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DirStep {
    /// Its broker.
    pub broker: BrokerId,
    /// The log dir that it leaves.
    pub from: String,
    /// The log dir that it goes to.
    pub to: String,
    /// Used over capacity of the new log dir before the plan; null when unknown.
    pub fill_before: Option<Ratio>,
    /// The same after the plan.
    pub fill_after: Option<Ratio>,
}

/// A broker and its rack.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Place {
    /// Its id.
    pub broker: BrokerId,
    /// Its rack.
    pub rack: Option<String>,
}

/// A broker that receives a copy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Target {
    /// Its id.
    pub broker: BrokerId,
    /// Its rack.
    pub rack: Option<String>,
    /// The log dir that was chosen; null when Kafka chooses.
    pub log_dir: Option<String>,
    /// Used over capacity before the plan, of the chosen log dir or else of the broker; null when unknown.
    pub fill_before: Option<Ratio>,
    /// The same after the plan.
    pub fill_after: Option<Ratio>,
    /// Who sends the copy: the leader; null when there is none.
    pub copied_from: Option<Place>,
    /// Whether the copy leaves its rack; null where racks are not known at all.
    pub cross_rack: Option<bool>,
}

/// Why a partition may not be in a plan that does not name it.
const ELSE: &str = "none of its replicas is on a drained broker, or its topic was filtered out, or it does not exist";
/// The same where a placement was given.
const ELSE_GIVEN: &str =
    "the placement asked for leaves it as it is, or its topic was filtered out, or it does not exist";

/// The same where leadership alone moves.
const ELSE_LEADERS: &str =
    "its list does not begin with a drained broker, or its topic was filtered out, or it does not exist";

/// The same where followers alone move.
const ELSE_FOLLOWERS: &str = "it has no follower on a drained broker (who leads it or heads its list stays), or its \
     topic was filtered out, or it does not exist";
/// The same where log dirs are emptied within their brokers.
const ELSE_DIRS: &str =
    "none of its replicas lies in a log dir that is to be emptied, or its topic was filtered out, or it does not exist";

/// The story of one partition of a plan.
///
/// # Errors
/// [`Code::UnknownPartition`] when the plan knows no such topic; near misses are offered.
pub fn why(plan: &Plan, topic: &str, partition: PartitionId) -> Result<Why> {
    let story = |steps, stays_because| Ok(Why { topic: topic.to_owned(), partition, steps, stays_because });
    let otherwise = match &plan.request {
        request if request.target.is_some() => ELSE_GIVEN,
        request if request.leaders_only => ELSE_LEADERS,
        request if request.replicas_only => ELSE_FOLLOWERS,
        request if request.empties_dirs() => ELSE_DIRS,
        _ => ELSE,
    };
    let number = plan.topics.binary_search_by(|name| name.as_str().cmp(topic)).ok();
    let mut steps = Vec::new();
    if let Some(number) = number {
        let is_it = |row: &usize| plan.moves.topic[*row] == number as u32 && plan.moves.partition[*row] == partition;
        for wave in &plan.waves {
            steps.extend(wave.rows.clone().filter(is_it).map(|row| step(plan, wave.index, wave.stage, &plan.get(row))));
        }
    }
    if !steps.is_empty() {
        return story(steps, None);
    }
    let mut deferred = plan.deferred.iter().filter(|deferred| deferred.topic == topic).peekable();
    let is_known = number.is_some() || deferred.peek().is_some();
    if let Some(deferred) = deferred.find(|deferred| deferred.partition == partition) {
        return story(steps, Some(format!("it was asked for and is deferred: {}", deferred.reason)));
    }
    if is_known {
        return story(steps, Some(format!("not in this plan: {otherwise}")));
    }
    let error = Error::new(Code::UnknownPartition, format!("`{topic}-{partition}` is not in this plan: {otherwise}"));
    let mut known: Vec<&str> = plan.topics.iter().map(String::as_str).collect();
    known.extend(plan.deferred.iter().map(|deferred| deferred.topic.as_str()));
    Err(match near_miss(topic, known) {
        Some(near) => error.help(format!("did you mean `{near}-{partition}`?")),
        None => error.help("a partition is named as Kafka's tools write it, such as `orders-7`"),
    })
}

fn step(plan: &Plan, wave: u32, stage: Stage, m: &Move<'_>) -> Step {
    Step {
        wave,
        stage,
        before: m.previous.to_vec(),
        after: m.replicas.to_vec(),
        changes: changes(plan, m),
        log_dirs: m.changing_dir().map(|(broker, from, to)| dir_step(plan, broker, from, to)).collect(),
        leader_before: m.leader,
        leader_after: m.leader_after,
        election: m.needs_election(),
        size_bytes: m.size,
    }
}

fn dir_step(plan: &Plan, broker: BrokerId, from: &str, to: &str) -> DirStep {
    let fills = plan.broker(broker).and_then(|broker| fill(broker, Some(to)));
    let (fill_before, fill_after) = fills.map_or((None, None), |(before, after)| (Some(before), Some(after)));
    DirStep { broker, from: from.to_owned(), to: to.to_owned(), fill_before, fill_after }
}

/// Pairs who comes with who goes: as many as can be inside one rack, then those at the same place of the list,
/// then the rest in order.
fn changes(plan: &Plan, m: &Move<'_>) -> Vec<Change> {
    let mut going: Vec<BrokerId> = m.removing().collect();
    let mut pairs: Vec<(Option<BrokerId>, BrokerId)> = m.adding().map(|to| (None, to)).collect();
    // A broker of unknown rack is in a rack of its own.
    let rack = |id: BrokerId| plan.broker(id).and_then(|broker| broker.rack.as_deref());
    let same_rack = |from: BrokerId, to: BrokerId| rack(from).is_some() && rack(from) == rack(to);
    let same_place = |from: BrokerId, to: BrokerId| {
        let place = m.replicas.iter().position(|&id| id == to);
        place.is_some_and(|place| m.previous.get(place) == Some(&from))
    };
    let tiers: [&dyn Fn(BrokerId, BrokerId) -> bool; 4] = [
        &|from, to| same_rack(from, to) && same_place(from, to),
        &|from, to| same_rack(from, to),
        &|from, to| same_place(from, to),
        &|_, _| true,
    ];
    for belong in tiers {
        for (from, to) in pairs.iter_mut().filter(|(from, _)| from.is_none()) {
            *from = going.iter().position(|&id| belong(id, *to)).map(|at| going.remove(at));
        }
    }
    let mut changes: Vec<Change> = pairs
        .into_iter()
        .map(|(from, to)| Change { from: from.map(|id| place(plan, id)), to: Some(target(plan, m, to)) })
        .collect();
    changes.extend(going.into_iter().map(|id| Change { from: Some(place(plan, id)), to: None }));
    changes
}

fn place(plan: &Plan, broker: BrokerId) -> Place {
    Place { broker, rack: plan.broker(broker).and_then(|broker| broker.rack.clone()) }
}

fn target(plan: &Plan, m: &Move<'_>, broker: BrokerId) -> Target {
    let at = m.replicas.iter().position(|&id| id == broker).unwrap_or_default();
    let log_dir = m.dirs.iter().nth(at).flatten();
    let Place { rack, .. } = place(plan, broker);
    let copied_from = m.leader.map(|leader| place(plan, leader));
    let racks_count = plan.brokers.iter().any(|broker| broker.rack.is_some());
    // A broker of unknown rack counts as a rack of its own.
    let cross_rack = copied_from.as_ref().filter(|_| racks_count).map(|from| from.rack.is_none() || from.rack != rack);
    let (fill_before, fill_after) =
        plan.broker(broker).and_then(|broker| fill(broker, log_dir)).map_or((None, None), |(a, b)| (Some(a), Some(b)));
    Target { broker, rack, log_dir: log_dir.map(str::to_owned), fill_before, fill_after, copied_from, cross_rack }
}

/// Used over capacity before and after the plan, of one log dir or of all together.
fn fill(broker: &PlanBroker, log_dir: Option<&str>) -> Option<(Ratio, Ratio)> {
    let (mut capacity, mut before, mut after) = (Bytes::ZERO, Bytes::ZERO, Bytes::ZERO);
    for dir in broker.log_dirs.iter().filter(|dir| log_dir.is_none_or(|path| dir.path == path)) {
        capacity += dir.capacity_bytes?;
        before += dir.used_before_bytes;
        after += dir.used_after_bytes;
    }
    let share = |used: Bytes| Ratio::new(used.as_f64() / capacity.as_f64());
    (capacity > Bytes::ZERO).then(|| (share(before), share(after)))
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rack {
            Some(rack) => write!(f, "{} ({rack})", self.broker),
            None => write!(f, "{}", self.broker),
        }
    }
}

impl fmt::Display for Why {
    /// Lines for people, without a newline at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = format!("{}-{}", self.topic, self.partition);
        if let Some(reason) = &self.stays_because {
            return write!(f, "{name} stays: {reason}");
        }
        for (number, step) in self.steps.iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            let (wave, stage) = (step.wave, step.stage.as_str());
            if step.changes.is_empty() && step.log_dirs.is_empty() {
                write!(f, "{name} gets another order in wave {wave} ({stage}), nothing is copied\n{step}")?;
            } else {
                write!(f, "{name} moves in wave {wave} ({stage}), {} a replica\n{step}", step.size_bytes)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, after) = aligned(&self.before, &self.after);
        write!(f, "  before  {before}\n  after   {after}")?;
        for change in &self.changes {
            write!(f, "\n  {change}")?;
            if let Some(target) = &change.to {
                write!(f, "\n    {target}")?;
            }
        }
        for change in &self.log_dirs {
            write!(f, "\n  {change}")?;
        }
        let id = |leader: Option<BrokerId>| leader.map_or("none".to_owned(), |id| id.to_string());
        write!(f, "\n  leader  {} -> {}", id(self.leader_before), id(self.leader_after))?;
        if self.election {
            write!(f, ", then {} by a preferred election", id(self.after.first().copied()))?;
        }
        Ok(())
    }
}

impl fmt::Display for DirStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DirStep { broker, from, to, .. } = self;
        write!(f, "on broker {broker}: {from} -> {to}")?;
        match (self.fill_before, self.fill_after) {
            (Some(before), Some(after)) => write!(f, ", which is {before} full before the plan and {after} after it"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = self.to.as_ref().map(|to| Place { broker: to.broker, rack: to.rack.clone() });
        match (&self.from, to) {
            (Some(from), Some(to)) => write!(f, "{from} -> {to}"),
            (None, Some(to)) => write!(f, "added: {to}"),
            (Some(from), None) => write!(f, "removed: {from}"),
            (None, None) => Ok(()),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.copied_from {
            Some(from) => write!(f, "copied from the leader {from}")?,
            None => f.write_str("copied from whoever leads then: there is no leader now")?,
        }
        match self.cross_rack {
            Some(true) => f.write_str(", across racks")?,
            Some(false) => f.write_str(", inside the rack")?,
            None => {}
        }
        let what = match &self.log_dir {
            Some(path) => format!("log dir {path} of broker {}", self.broker),
            None => format!("broker {}", self.broker),
        };
        match (self.fill_before, self.fill_after) {
            (Some(before), Some(after)) => write!(f, "; {what} is {before} full before the plan and {after} after it"),
            _ if self.log_dir.is_some() => write!(f, "; into {what}"),
            _ => Ok(()),
        }
    }
}

/// Two lists with their places one under the other.
fn aligned(before: &[BrokerId], after: &[BrokerId]) -> (String, String) {
    let width = |place: usize| {
        let digits = |ids: &[BrokerId]| ids.get(place).map_or(0, |id| id.to_string().len());
        digits(before).max(digits(after))
    };
    let list = |ids: &[BrokerId]| {
        let items: Vec<String> =
            ids.iter().enumerate().map(|(place, id)| format!("{:>width$}", id.get(), width = width(place))).collect();
        format!("[{}]", items.join(", "))
    };
    (list(before), list(after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::sample;

    fn told(topic: &str, partition: i32) -> String {
        why(&sample::sample(), topic, PartitionId::new(partition)).unwrap().to_string()
    }

    #[test]
    fn a_move_tells_who_replaces_whom_and_who_pays() {
        assert_eq!(
            told("a-b", 0),
            "a-b-0 moves in wave 1 (canary), 100 GB a replica\n  \
             before  [1001, 1003, 7]\n  \
             after   [  10, 1003, 7]\n  \
             1001 (use1-az1) -> 10 (use1-az1)\n    \
             copied from the leader 1001 (use1-az1), inside the rack; \
             log dir /kafka/d2 of broker 10 is 0.5% full before the plan and 5.5% after it\n  \
             leader  1001 -> 10"
        );
        assert_eq!(
            told("a-b", 10),
            "a-b-10 moves in wave 2 (data), 120 GB a replica\n  \
             before  [7, 1002, 1003]\n  \
             after   [7,    1, 1003]\n  \
             1002 (use1-az2) -> 1 (use1-az1)\n    \
             copied from the leader 1003 (use1-az2), across racks; broker 1 is 0% full before the plan and 6% after it\n  \
             leader  1003 -> 1003, then 7 by a preferred election"
        );
        assert!(told("__consumer_offsets", 0).contains("there is no leader now"));
    }

    #[test]
    fn a_partition_that_stays_says_why() {
        assert_eq!(told("a-b", 4), "a-b-4 stays: it was asked for and is deferred: it has no leader");
        assert!(told("a-b", 99).starts_with("a-b-99 stays: not in this plan: none of its replicas is on a drained"));
    }

    #[test]
    fn an_unknown_topic_is_refused_and_a_near_one_offered() {
        let plan = sample::sample();
        let error = why(&plan, "a-b-4", PartitionId::new(0)).unwrap_err();
        assert_eq!(error.code(), Code::UnknownPartition);
        assert_eq!(error.help_lines(), ["did you mean `a-b-3-0`?"]);
        let error = why(&plan, "something-else", PartitionId::new(0)).unwrap_err();
        assert!(!error.to_string().contains("did you mean"), "{error}");
    }

    #[test]
    fn replicas_are_paired_inside_their_rack_before_by_place_and_order() {
        let mut plan = sample::empty(&["t"]);
        let rows = [
            sample::Row::new("t", 0, &[1001, 1002, 7], &[7, 1, 2], 5),
            sample::Row::new("t", 1, &[1001], &[1, 2], 5),
            sample::Row::new("t", 2, &[7, 1001, 1002], &[7, 1], 5),
            sample::Row::new("t", 3, &[1001, 1002], &[2, 1], 5),
            sample::Row::new("t", 4, &[1001, 1002, 1003], &[7, 1, 10], 5),
        ];
        sample::push_wave(&mut plan, Stage::Data, None, &rows);
        let pairs = |plan: &Plan, partition: i32| -> Vec<(Option<i32>, Option<i32>)> {
            let story = why(plan, "t", PartitionId::new(partition)).unwrap();
            let from = |change: &Change| change.from.as_ref().map(|place| place.broker.get());
            let to = |change: &Change| change.to.as_ref().map(|target| target.broker.get());
            story.steps[0].changes.iter().map(|change| (from(change), to(change))).collect()
        };
        // Brokers 1 and 1001 are in one rack, 2 and 1002 in another.
        assert_eq!(pairs(&plan, 0), [(Some(1001), Some(1)), (Some(1002), Some(2))]);
        assert_eq!(pairs(&plan, 1), [(Some(1001), Some(1)), (None, Some(2))]);
        assert_eq!(pairs(&plan, 2), [(Some(1001), Some(1)), (Some(1002), None)]);
        assert_eq!(pairs(&plan, 3), [(Some(1002), Some(2)), (Some(1001), Some(1))], "not by place");
        assert_eq!(pairs(&plan, 4), [(Some(1002), Some(7)), (Some(1001), Some(1)), (Some(1003), Some(10))]);
        // Where no rack is known, the place decides.
        for broker in &mut plan.brokers {
            broker.rack = None;
        }
        let story = why(&plan, "t", PartitionId::new(3)).unwrap();
        assert_eq!(story.steps[0].changes[0].from.as_ref().unwrap().broker.get(), 1001);
    }
}
