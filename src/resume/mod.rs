//! An earlier plan, carried out in part, and the cluster as it is now: what is asked of the plan that goes on.
//!
//! Every partition of the earlier plan stands somewhere ([`stories`]): on its last list, on its first one, between the
//! two, or where somebody else has put it. What is done is left alone. What is open goes on to the list that was decided,
//! where that still keeps the limits ([`keep`]); only the rest is placed anew, beside it.

mod keep;
mod stories;

use std::collections::BTreeSet;

use self::keep::Why;
use self::stories::{Stand, Story};
use crate::base::error::{Code, Error, Place, Result};
use crate::base::ids::{BrokerId, IdSet, PartitionId};
use crate::base::pairs::{Pairing, Pairs};
use crate::base::racks::RackNames;
use crate::base::text::{counted, either, grouped};
use crate::base::zone::Moment;
use crate::cluster::Cluster;
use crate::plan::{Drift, EarlierThrottles, Group, LeftThrottles, Plan, Stage, Warning};
use crate::problem::can_receive;
use crate::request::Request;
use crate::request::rates::BrokerRates;
use crate::request::resume::Resume;
use crate::snapshot::Snapshot;

/// Fewer partitions may all have been moved by hand.
const UNLIKE_MIN: usize = 10;
/// How many partitions a warning names.
const NAMED: usize = 3;

/// The request of an earlier plan as it is to be asked of the cluster as it is now: without brokers that are gone, and
/// with its canary only if that has not been carried out. Single limits of it may then be changed; its supplements are to
/// be those of the snapshot.
///
/// # Errors
/// [`Code::Usage`] for a plan of another cluster, and for one that empties log dirs.
pub fn take_over(snapshot: &Snapshot, old: &Plan) -> Result<Request> {
    refuse_dirs(old)?;
    refuse_other_cluster(snapshot, old)?;
    let known = |id: BrokerId| snapshot.broker(id).is_some();
    let among = |ids: &IdSet| IdSet::from_ids(ids.iter().filter(|&id| known(id))).unwrap_or_default();
    // What was derived or settled for the earlier plan is derived anew.
    let mut request = Request { resume: None, exact: false, ..old.request.clone() };
    request.drain = among(&old.request.drain);
    let has_brokers = |rack: &&str| snapshot.brokers.iter().any(|broker| broker.rack.as_deref() == Some(*rack));
    request.drain_rack = RackNames::from_names(old.request.drain_rack.iter().filter(has_brokers)).unwrap_or_default();
    if let Some(pairs) = old.request.pair.as_ref().and_then(Pairing::named) {
        let left: Vec<_> = pairs.iter().filter(|pair| known(pair.0)).collect();
        request.pair = Pairs::new(left).ok().filter(|pairs| !pairs.is_empty()).map(Pairing::Named);
    }
    if let Some(onto) = &old.request.onto {
        let cluster = Cluster::new(snapshot);
        let receives = |id: &BrokerId| cluster.broker_ix(*id).is_some_and(|row| can_receive(&cluster, row));
        let left = IdSet::from_ids(onto.iter().filter(receives)).unwrap_or_default();
        request.onto = Some(if left.is_empty() { onto.clone() } else { left });
    }
    if let Some(target) = &mut request.target {
        target.entries.retain(|entry| snapshot.row_of(&entry.topic, entry.partition).is_some());
    }
    let own = old.request.rates.iter().filter(|entry| known(entry.0) && old.request.headroom.is_none());
    let mut rates = BrokerRates::default();
    for (id, rate) in own {
        rates.insert(id, rate);
    }
    request.rates = rates;
    if request.canary > 0 && is_canary_done(snapshot, old) {
        request.canary = 0;
    }
    let taken = snapshot.taken_at.as_deref().and_then(|text| Moment::parse(text).ok());
    request.start = old.request.start.map(|start| {
        let later = taken.map_or(start.seconds(), |taken| taken.seconds().max(start.seconds()));
        old.request.zone().moment(later)
    });
    Ok(request)
}

/// Whether nothing of the canary is left to do.
fn is_canary_done(snapshot: &Snapshot, old: &Plan) -> bool {
    let waves = old.waves.iter().filter(|wave| wave.stage == Stage::Canary);
    let ahead: BTreeSet<(&str, PartitionId)> =
        waves.flat_map(|wave| old.moves_of(wave)).map(|step| (step.topic, step.partition)).collect();
    let stories = stories::of(old, snapshot);
    !stories.iter().any(|story| story.stand.is_open() && ahead.contains(&story.key()))
}

fn refuse_dirs(old: &Plan) -> Result<()> {
    if !old.request.empties_dirs() {
        return Ok(());
    }
    Err(Error::new(Code::Usage, "--resume takes no plan that empties log dirs: its lists tell nothing of what is done")
        .at(Place::source("--resume"))
        .help("plan with --drain-dir again: what has left these log dirs does not move once more"))
}

fn refuse_other_cluster(snapshot: &Snapshot, old: &Plan) -> Result<()> {
    if let (Some(then), Some(now)) = (&old.cluster.cluster_id, &snapshot.cluster_id)
        && then != now
    {
        return Err(another_cluster(format!("the plan was made for cluster `{then}`, and this is cluster `{now}`")));
    }
    let is_known = |name: &&String| snapshot.topics.binary_search_by(|topic| topic.name.cmp(name)).is_ok();
    let known = old.topics.iter().filter(is_known).count();
    if known * 2 < old.topics.len() {
        let of = counted(old.topics.len(), "topic");
        let known = grouped(known as u64);
        return Err(another_cluster(format!(
            "of the {of} of the plan this cluster has {known}: it seems to be another one"
        )));
    }
    Ok(())
}

/// Refuses a cluster that only has the names of the plan's: where no id says that it is the same, the lists must.
fn refuse_unlike(snapshot: &Snapshot, old: &Plan, stories: &[Story<'_>]) -> Result<()> {
    let is_the_same = old.cluster.cluster_id.is_some() && old.cluster.cluster_id == snapshot.cluster_id;
    let there = stories.iter().filter(|story| story.stand != Stand::Gone).count();
    let in_place = there - stories.iter().filter(|story| story.stand == Stand::Changed).count();
    if is_the_same || there < UNLIKE_MIN || in_place * 10 >= there {
        return Ok(());
    }
    let (of, in_place) = (counted(there, "partition"), grouped(in_place as u64));
    let message = format!(
        "of {of} of the plan that this cluster has, {in_place} stand where the plan left or sent them: it seems to be another one"
    );
    Err(another_cluster(message))
}

fn another_cluster(what: String) -> Error {
    Error::new(Code::Usage, what)
        .at(Place::source("--resume"))
        .help("name a newer snapshot of the cluster that the plan was made for, or plan this one without --resume")
}

/// A request that keeps what was decided, and what has happened meanwhile.
pub struct Resumed<'p> {
    /// The request.
    pub request: Request,
    drift: Drift,
    /// Throttles that the earlier plan has left in the cluster.
    left: LeftThrottles,
    stories: Vec<Story<'p>>,
    why: Vec<Option<Why>>,
    old: &'p Plan,
}

/// Settles what is kept of a plan under `request`, which was [taken over](take_over) from it.
///
/// # Errors
/// As [`take_over`]; and what may not be moved now.
pub fn settle<'p>(snapshot: &Snapshot, old: &'p Plan, request: &Request) -> Result<Resumed<'p>> {
    refuse_dirs(old)?;
    refuse_other_cluster(snapshot, old)?;
    let stories = stories::of(old, snapshot);
    refuse_unlike(snapshot, old, &stories)?;
    let mut request = request.clone();
    request.resume = Some(Resume {
        sha256: old.cluster.sha256.clone(),
        assignment_sha256: old.cluster.assignment_sha256.clone(),
        partitions: Vec::new(),
    });
    request.coherent()?;
    let chosen = keep::choose(snapshot, &mut request, &stories)?;
    let gone = old.request.drain.iter().filter(|&id| snapshot.broker(id).is_none());
    let asked = old.request.onto.iter().flat_map(IdSet::iter);
    let lost = asked.filter(|&id| request.onto.as_ref().is_some_and(|onto| !onto.contains(id)));
    let lost: BTreeSet<BrokerId> = lost.chain(chosen.lost).collect();
    let mut drift = Drift {
        partitions: stories.len() as u64,
        brokers_gone: IdSet::from_ids(gone).unwrap_or_default(),
        targets_lost: IdSet::from_ids(lost).unwrap_or_default(),
        ..Drift::default()
    };
    for story in &stories {
        drift.count(story, snapshot);
    }
    let left = LeftThrottles::of(old, &EarlierThrottles::of(snapshot, &old.topics));
    Ok(Resumed { request, drift, left, stories, why: chosen.why, old })
}

impl Drift {
    fn count(&mut self, story: &Story<'_>, snapshot: &Snapshot) {
        let group = match story.stand {
            Stand::Done => &mut self.done,
            Stand::NotBegun => &mut self.not_begun,
            Stand::OnTheWay => &mut self.on_the_way,
            Stand::Changed => &mut self.changed,
            Stand::Gone => &mut self.gone,
        };
        group.add(story.topic, story.partition);
        let now = story.row.and_then(|row| snapshot.partitions.size[row]);
        if let (Some(then), Some(now)) = (story.size, now) {
            (self.bytes_then, self.bytes_now) = (self.bytes_then + then, self.bytes_now + now);
            // Exact, where a tenth of a float is not.
            if u128::from(then.get().abs_diff(now.get())) * 10 > u128::from(then.get()) {
                self.resized.add(story.topic, story.partition);
            }
        }
    }
}

impl Resumed<'_> {
    /// The same with everything placed anew that has not begun; nothing where nothing would change.
    pub fn afresh(&self) -> Option<Self> {
        let why =
            |(story, why): (&Story<'_>, &Option<Why>)| why.or((story.stand == Stand::NotBegun).then_some(Why::Rest));
        let why: Vec<Option<Why>> = self.stories.iter().zip(&self.why).map(why).collect();
        if self.request.is_given() || why == self.why {
            return None;
        }
        let mut request = self.request.clone();
        let stays = |key: (&str, PartitionId)| {
            let at = self.stories.binary_search_by(|story| story.key().cmp(&key));
            at.is_ok_and(|at| why[at].is_none())
        };
        if let Some(resume) = &mut request.resume {
            resume.partitions.retain(|kept| stays(kept.key()));
        }
        let stories = self.stories.clone();
        let (drift, left) = (self.drift.clone(), self.left.clone());
        Some(Resumed { request, drift, left, stories, why, old: self.old })
    }

    /// Tells in `plan`, which was made of the request, what has happened since the earlier plan was made.
    pub fn tell(mut self, plan: &mut Plan) {
        let is_planned =
            |key: (&str, PartitionId)| self.stories.binary_search_by(|story| story.key().cmp(&key)).is_ok();
        let was_deferred: BTreeSet<(&str, PartitionId)> =
            self.old.deferred.iter().map(|entry| (entry.topic.as_str(), entry.partition)).collect();
        let moves = (0..plan.moves.size.len()).map(|row| plan.get(row)).map(|step| (step.topic, step.partition));
        let deferred = plan.deferred.iter().map(|entry| (entry.topic.as_str(), entry.partition));
        let deferred = deferred.filter(|key| !was_deferred.contains(key));
        let of_now: BTreeSet<(&str, PartitionId)> = moves.chain(deferred).collect();
        for &(topic, partition) in of_now.iter().filter(|key| !is_planned(**key)) {
            let group = if was_deferred.contains(&(topic, partition)) {
                &mut self.drift.taken_up
            } else {
                &mut self.drift.added
            };
            group.add(topic, partition);
        }
        for (story, _) in self.stories.iter().zip(&self.why).filter(|entry| entry.1.is_some()) {
            self.drift.replaced.add(story.topic, story.partition);
        }
        plan.throttles_before.give_back_as(&self.left, &self.old.throttles_before);
        let mut warnings = self.warnings();
        warnings.append(&mut plan.warnings);
        plan.warnings = warnings;
        plan.drift = Some(self.drift);
    }

    fn warnings(&self) -> Vec<Warning> {
        let mut warnings = Vec::new();
        if !self.left.is_empty() {
            let on = [(self.left.brokers.len(), "broker"), (self.left.topics.len(), "topic")];
            let on: Vec<String> = on.iter().filter(|on| on.0 > 0).map(|&(count, what)| counted(count, what)).collect();
            let message = format!(
                "throttles that the plan set still stand, on {}: waves set their own, and give back what was there before that \
                 plan; `unthrottle.sh` of its interrupted wave takes them off at once, also where nothing moves any more",
                on.join(" and ")
            );
            warnings.push(Warning::new("throttles-left", message));
        }
        let changed = &self.drift.changed;
        if !changed.is_empty() {
            let message = format!(
                "{} {} been given {} by somebody else since the plan was made: {}; what was asked for is planned from there",
                counted(changed.count, "partition"),
                either(changed.count as usize, "has", "have"),
                either(changed.count as usize, "another list", "other lists"),
                named(changed),
            );
            warnings.push(Warning::new("changed-lists", message));
        }
        let mut reasons: Vec<Why> = self.why.iter().flatten().copied().collect();
        reasons.sort_unstable();
        reasons.dedup();
        for reason in reasons {
            let mut group = Group::default();
            for (story, _) in self.stories.iter().zip(&self.why).filter(|entry| *entry.1 == Some(reason)) {
                group.add(story.topic, story.partition);
            }
            let message = format!(
                "{} {} not go where the plan sent {}, and {} placed anew, because {}: {}",
                counted(group.count, "partition"),
                either(group.count as usize, "does", "do"),
                either(group.count as usize, "it", "them"),
                either(group.count as usize, "is", "are"),
                reason.text(),
                named(&group),
            );
            warnings.push(Warning::new("placed-anew", message));
        }
        warnings
    }
}

/// The first names of a group.
fn named(group: &Group) -> String {
    let names: Vec<String> = group.first.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
    match group.count - names.len() as u64 {
        0 => names.join(", "),
        more => format!("{} and {} more", names.join(", "), grouped(more)),
    }
}
