//! May wave N of a plan begin? Earlier waves are done as it says, its own partitions stand where it takes them from,
//! nothing moves, and it still fits.

use std::ops::Range;

use super::facts::{Facts, names, set};
use super::preflight::target_state;
use super::{Check, Code, Options, Report, Status, cluster, room};
use crate::base::assignment::{Assignment, AssignmentEntry};
use crate::base::error::{self, Error, Place, Result};
use crate::base::ids::{BrokerId, PartitionId};
use crate::base::text::{counted, either, grouped};
use crate::plan::{Move, Plan, Role};
use crate::replay::{NONE, Steps, World};
use crate::snapshot::Snapshot;

/// Looks whether wave `number` of `plan`, from 1, may begin on the cluster as it is now.
///
/// # Errors
/// [`error::Code::InvalidValue`] for a wave that the plan does not have.
pub fn wave(snapshot: &Snapshot, plan: &Plan, number: u32, options: Options) -> Result<Report> {
    let waves = plan.waves.len();
    if number == 0 || number as usize > waves {
        let has = if waves == 0 { "no waves".to_owned() } else { format!("waves 1 to {waves}") };
        return Err(Error::new(error::Code::InvalidValue, format!("the plan has no wave {number}; it has {has}"))
            .at(Place::source("N"))
            .help("`kshift show PLAN --waves` lists them"));
    }
    let index = number as usize - 1;
    let facts = Facts::of(snapshot);
    let places = places(snapshot, plan);
    let own = Own::new(snapshot, plan, index);
    let mut checks = vec![cluster::gaps(snapshot), identity(snapshot, plan), cluster::reassigning(snapshot, &facts)];
    checks.push(earlier_waves(snapshot, plan, &places, index));
    checks.push(own.done(number));
    checks.push(drift(snapshot, plan, &places, index));
    checks.push(new_partitions(snapshot, plan, &places));
    for mut check in cluster::partitions(snapshot, &facts, Status::Warn) {
        // What this wave does not touch does not stop it; a short ISR that the plan has put last is no news.
        let is_stopping = check.status == Status::Fail;
        let concerned = own.among(&check.partitions);
        if is_stopping && concerned.is_empty() {
            check.status = Status::Warn;
        } else if check.code == Code::ShortIsr && check.status != Status::Pass {
            check.status = if plan.waves[index].stage.is_short_isr() { Status::Note } else { Status::Warn };
        }
        if !concerned.is_empty() {
            let of = counted(concerned.len(), "partition");
            check.evidence.push(format!("{of} of this wave, such as {}", concerned[0]));
        }
        checks.push(check);
    }
    let adding = plan.moves_of(&plan.waves[index]).flat_map(|step| step.adding().collect::<Vec<_>>());
    let receiving = set(adding);
    if !receiving.is_empty() {
        checks.push(target_state(snapshot, &receiving));
    }
    let going = set(plan.brokers.iter().filter(|broker| broker.role == Role::Drain).map(|broker| broker.id));
    checks.push(cluster::broker_state(snapshot, &going));
    checks.push(cluster::disk_offline(snapshot, &receiving, Status::Warn));
    if !plan.request.ignore_disk {
        let world = World::new(snapshot);
        let steps = Steps::of_assignment(&world, &Assignment { entries: own.open });
        checks.push(room::of_steps(&world, &steps, plan.request.disk_limit, "the wave"));
    }
    checks.push(cluster::throttle_leftover(snapshot, &facts, Status::Warn));
    checks.push(cluster::preferred_leaders(snapshot, &facts.not_preferred, Status::Warn));
    Ok(Report::new("wave", Some(number), options.strict, checks))
}

/// The row of the snapshot of each move of a plan, or [`NONE`] where it is gone.
pub(super) fn places(snapshot: &Snapshot, plan: &Plan) -> Vec<u32> {
    let rows_of = |name: &String| {
        let found = snapshot.topics.binary_search_by(|topic| topic.name.as_str().cmp(name));
        found.map_or(0..0, |index| snapshot.topics[index].rows.clone())
    };
    let topics: Vec<Range<usize>> = plan.topics.iter().map(rows_of).collect();
    let place = |(&topic, partition): (&u32, &PartitionId)| {
        let rows = topics[topic as usize].clone();
        let found = snapshot.partitions.id[rows.clone()].binary_search(partition);
        found.map_or(NONE, |at| (rows.start + at) as u32)
    };
    plan.moves.topic.iter().zip(&plan.moves.partition).map(place).collect()
}

/// The partitions of the wave.
struct Own<'a> {
    snapshot: &'a Snapshot,
    /// Whether each row of the snapshot is one of them.
    is_own: Vec<bool>,
    /// Those that are still to move, as a file would have them.
    open: Vec<AssignmentEntry>,
    /// How many there are.
    all: usize,
}

impl<'a> Own<'a> {
    fn new(snapshot: &'a Snapshot, plan: &Plan, index: usize) -> Self {
        let wave = &plan.waves[index];
        let mut own =
            Own { snapshot, is_own: vec![false; snapshot.partitions.len()], open: Vec::new(), all: wave.rows.len() };
        for step in plan.moves_of(wave) {
            let Some(row) = snapshot.row_of(step.topic, step.partition) else { continue };
            own.is_own[row] = true;
            if has_arrived(snapshot, row, &step) {
                continue;
            }
            let dirs = || step.dirs.iter().map(|dir| dir.unwrap_or("any").to_owned()).collect();
            own.open.push(AssignmentEntry {
                topic: step.topic.to_owned(),
                partition: step.partition,
                replicas: step.replicas.to_vec(),
                log_dirs: (!step.dirs.is_empty()).then(dirs),
            });
        }
        own
    }

    fn done(&self, number: u32) -> Check {
        if self.open.is_empty() && self.all > 0 {
            let message = format!("wave {number} is done already: every list is the one that it gives");
            let fix = "go on with the next wave";
            return Check::new(Code::WaveDone, Status::Note, message, fix);
        }
        let done = self.all - self.open.len();
        if done > 0 {
            let message =
                format!("{} of {} of the wave are done already", grouped(done as u64), grouped(self.all as u64));
            let fix = "run the same file again: lists that are in place are not touched";
            return Check::new(Code::WaveDone, Status::Note, message, fix);
        }
        Check::pass(Code::WaveDone, "nothing of the wave is done yet")
    }

    /// Those of these partitions that are the wave's.
    fn among<'n>(&self, partitions: &'n [String]) -> Vec<&'n str> {
        let is_own = |name: &&'n str| {
            let parsed = crate::base::ids::TopicPartition::parse(name);
            let row = parsed.and_then(|which| self.snapshot.row_of(&which.topic, which.partition));
            row.is_some_and(|row| self.is_own[row])
        };
        partitions.iter().map(String::as_str).filter(is_own).collect()
    }
}

/// Whether the plan was made for this cluster.
pub(super) fn identity(snapshot: &Snapshot, plan: &Plan) -> Check {
    let fix = "name a newer snapshot of the cluster that the plan was made for";
    match (&plan.cluster.cluster_id, &snapshot.cluster_id) {
        (Some(then), Some(now)) if then == now => {
            Check::pass(Code::ClusterIdentity, format!("plan and snapshot are of cluster `{now}`"))
        }
        (Some(then), Some(now)) => {
            let message = format!("the plan was made for cluster `{then}`, and this is cluster `{now}`");
            Check::new(Code::ClusterIdentity, Status::Fail, message, fix)
        }
        _ if plan.cluster.assignment_sha256 == snapshot.assignment_sha256() => {
            Check::pass(Code::ClusterIdentity, "the lists are those that the plan was made for")
        }
        _ => {
            let message = "plan or snapshot does not name the id of its cluster";
            let fix = "kafka-cluster.sh cluster-id --bootstrap-server HOST:PORT, kept beside the other output";
            Check::new(Code::ClusterIdentity, Status::Unknown, message, fix)
        }
    }
}

/// Whether a row has the list that a step gives it, and lies where it puts it as far as that is known.
fn has_arrived(snapshot: &Snapshot, row: usize, step: &Move<'_>) -> bool {
    let now = snapshot.partitions.replicas.get(row);
    let mut dirs = step.changing_dir();
    now == step.replicas
        && dirs.all(|(id, _, to)| {
            let place = now.iter().position(|&other| other == id);
            place.and_then(|place| snapshot.partitions.dir_of(row, place)).is_none_or(|path| path == to)
        })
}

fn list(ids: &[BrokerId]) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    format!("[{}]", ids.join(","))
}

/// Whether every partition of earlier waves has the last list that they give it.
fn earlier_waves(snapshot: &Snapshot, plan: &Plan, places: &[u32], index: usize) -> Check {
    if index == 0 {
        return Check::pass(Code::EarlierWaves, "there is no earlier wave");
    }
    let rows = 0..plan.waves[index].rows.start;
    let mut last: Vec<Option<usize>> = vec![None; snapshot.partitions.len()];
    let (mut lines, mut partitions) = (Vec::new(), Vec::new());
    for row in rows {
        let step = plan.get(row);
        match places[row] {
            at if at != NONE => last[at as usize] = Some(row),
            _ => {
                lines.push(format!("{}-{} is gone", step.topic, step.partition));
                partitions.push(format!("{}-{}", step.topic, step.partition));
            }
        }
    }
    for (at, row) in last.iter().enumerate() {
        let Some(row) = row else { continue };
        let (step, now) = (plan.get(*row), snapshot.partitions.replicas.get(at));
        if !has_arrived(snapshot, at, &step) {
            let what = if now == step.previous { "still " } else { "" };
            lines.push(format!(
                "{}-{} is {what}{}, {} after the earlier waves",
                step.topic,
                step.partition,
                list(now),
                list(step.replicas)
            ));
            partitions.push(format!("{}-{}", step.topic, step.partition));
        }
    }
    if lines.is_empty() {
        return Check::pass(Code::EarlierWaves, format!("{} done as the plan says", counted(index, "earlier wave")));
    }
    let count = partitions.len();
    let message = format!(
        "{} of earlier waves {} not where the plan puts them",
        counted(count, "partition"),
        either(count, "is", "are")
    );
    let fix = "finish the earlier waves, or go on from here with `kshift plan CLUSTER --resume PLAN --out DIR`";
    let shown = lines.into_iter().take(LINES_MAX);
    Check::new(Code::EarlierWaves, Status::Fail, message, fix).evidence(shown).partitions(partitions)
}

/// As many differing lists are written out; the partitions are all named.
const LINES_MAX: usize = 1_000;

/// Whether every partition that the waves from this index on move stands where they take it from.
pub(super) fn drift(snapshot: &Snapshot, plan: &Plan, places: &[u32], from: usize) -> Check {
    let Some(first) = plan.waves.get(from) else {
        return Check::pass(Code::Drift, "there is nothing left to move");
    };
    let (mut lines, mut partitions) = (Vec::new(), Vec::new());
    // The first of these moves of each row that stands elsewhere than the plan ever puts it.
    let mut astray: Vec<Option<u32>> = vec![None; snapshot.partitions.len()];
    let mut is_seen = vec![false; snapshot.partitions.len()];
    for (row, &at) in places.iter().enumerate().skip(first.rows.start) {
        let step = plan.get(row);
        if at == NONE {
            lines.push(format!("{}-{} is gone", step.topic, step.partition));
            partitions.push(format!("{}-{}", step.topic, step.partition));
            continue;
        }
        let at = at as usize;
        let now = snapshot.partitions.replicas.get(at);
        if now == step.replicas {
            astray[at] = None;
        } else if !is_seen[at] && now != step.previous && !snapshot.partitions.is_reassigning(at) {
            astray[at] = Some(row as u32);
        }
        is_seen[at] = true;
    }
    for (at, row) in astray.iter().enumerate().filter_map(|(at, row)| Some((at, (*row)?))) {
        let (step, now) = (plan.get(row as usize), snapshot.partitions.replicas.get(at));
        let name = format!("{}-{}", step.topic, step.partition);
        lines.push(format!("{name} is {}, {} in the plan", list(now), list(step.previous)));
        partitions.push(name);
    }
    if partitions.is_empty() {
        let from = first.index;
        return Check::pass(
            Code::Drift,
            format!("every partition from wave {from} on is where the plan takes it from"),
        );
    }
    let count = partitions.len();
    let message = format!(
        "{} {} not where the plan takes {} from",
        counted(count, "partition"),
        either(count, "is", "are"),
        either(count, "it", "them")
    );
    let fix = "somebody else has moved them: go on from here with `kshift plan CLUSTER --resume PLAN --out DIR`";
    let shown = lines.into_iter().take(LINES_MAX);
    Check::new(Code::Drift, Status::Fail, message, fix).evidence(shown).partitions(partitions)
}

/// Whether drained brokers hold partitions of which the plan knows nothing.
pub(super) fn new_partitions(snapshot: &Snapshot, plan: &Plan, places: &[u32]) -> Check {
    let going = set(plan.brokers.iter().filter(|broker| broker.role == Role::Drain).map(|broker| broker.id));
    let partitions = &snapshot.partitions;
    let mut is_known = vec![false; partitions.len()];
    for &at in places.iter().filter(|&&at| at != NONE) {
        is_known[at as usize] = true;
    }
    for deferred in &plan.deferred {
        if let Some(at) = snapshot.row_of(&deferred.topic, deferred.partition) {
            is_known[at] = true;
        }
    }
    let request = &plan.request;
    let is_partial = request.topics.is_some() || request.exclude_topics.is_some() || request.replicas_only;
    let is_new = |&row: &usize| !is_known[row] && partitions.replicas.get(row).iter().any(|&id| going.contains(id));
    let left: Vec<usize> = (0..partitions.len()).filter(is_new).collect();
    if left.is_empty() || request.leaders_only {
        return Check::pass(Code::NewPartitions, "no drained broker holds a partition that the plan does not know");
    }
    let message = format!("{} on drained brokers that the plan does not know", counted(left.len(), "partition"));
    let (status, fix) = if is_partial {
        (Status::Note, "the plan was asked for some of them only; another plan moves the rest")
    } else {
        (Status::Warn, "they came after the plan: take them in with `kshift plan CLUSTER --resume PLAN --out DIR`")
    };
    Check::new(Code::NewPartitions, status, message, fix).partitions(names(snapshot, &left))
}
