//! Which lists of an earlier plan hold on, and which would break a limit now.
//!
//! A list is kept unless a broker that is still to come cannot receive any more, racks would get worse, or a log dir
//! too full. Where one is too full, as few partitions as possible are placed anew: the largest, and last the smallest
//! that does.

use std::cmp::Reverse;

use super::stories::Story;
use crate::base::assignment::AssignmentEntry;
use crate::base::error::Result;
use crate::base::ids::{BrokerId, IdSet};
use crate::base::index::{DirIx, IndexVec, Ix};
use crate::base::pairs::Pairing;
use crate::cluster::Cluster;
use crate::given;
use crate::problem::{Problem, can_receive};
use crate::request::Request;
use crate::request::resume::{Kept, Resume};
use crate::snapshot::Snapshot;

/// Why a list cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// A broker that is still to come cannot receive any more.
    Target,
    /// The new leader is out of sync, or another broker leads than the one that was to stay.
    Leader,
    /// Racks would get worse.
    Racks,
    /// A log dir would get too full.
    Disk,
    /// The rest finds no place beside it.
    Rest,
}

impl Why {
    /// As the end of a sentence on some partitions.
    pub const fn text(self) -> &'static str {
        match self {
            Why::Target => "a broker on their way cannot receive any more",
            Why::Leader => "who may lead them has changed",
            Why::Racks => "racks would get worse",
            Why::Disk => "a log dir would get too full",
            Why::Rest => "the rest finds no place beside them",
        }
    }
}

/// Which stories go on as they were, by number.
pub struct Chosen {
    /// Why each open story does not; absent for those that do.
    pub why: Vec<Option<Why>>,
    /// Brokers that were still to receive and cannot any more.
    pub lost: Vec<BrokerId>,
}

/// Adds the lists that hold on to `request`, which resumes a plan already but keeps none yet.
///
/// # Errors
/// What [`Problem::new`] refuses, such as partitions that must not move now.
pub fn choose(snapshot: &Snapshot, request: &mut Request, stories: &[Story<'_>]) -> Result<Chosen> {
    let cluster = Cluster::new(snapshot);
    let rules = Rules { snapshot, cluster: &cluster, drain: snapshot.drained(request)?, request };
    let mut lost: Vec<BrokerId> = Vec::new();
    let mut why: Vec<Option<Why>> = stories.iter().map(|story| rules.fault(story, &mut lost)).collect();
    lost.sort_unstable();
    lost.dedup();
    let mut kept: Vec<usize> =
        (0..stories.len()).filter(|&at| stories[at].stand.is_open() && why[at].is_none()).collect();
    let mut entries: Vec<Kept> = kept.iter().map(|&at| entry(&cluster, &stories[at])).collect();
    // Where every list follows from what was asked there is no other place.
    if !request.is_given() && !request.leaders_only && !kept.is_empty() {
        name_other_dirs(&cluster, request, &mut entries)?;
        for (place, because) in refused(&cluster, request, &entries)? {
            why[kept[place]] = Some(because);
        }
        let mut stays = kept.iter().map(|&at| why[at].is_none());
        entries.retain(|_| stays.next().expect("one for each"));
        kept.retain(|&at| why[at].is_none());
    }
    resumed(request).partitions = entries;
    Ok(Chosen { why, lost })
}

/// What a request resumes.
fn resumed(request: &mut Request) -> &mut Resume {
    request.resume.get_or_insert_default()
}

/// What can be said of a story alone.
struct Rules<'a, 's> {
    snapshot: &'s Snapshot,
    cluster: &'a Cluster<'s>,
    drain: IdSet,
    request: &'a Request,
}

impl Rules<'_, '_> {
    /// Whether data may go to a broker.
    fn receives(&self, id: BrokerId) -> bool {
        let request = self.request;
        let is_asked = match request.pair.as_ref().and_then(Pairing::named) {
            Some(pairs) => pairs.new_ids().contains(id),
            None => request.target.is_some() || request.onto.as_ref().is_none_or(|onto| onto.contains(id)),
        };
        is_asked
            && !self.drain.contains(id)
            && self.cluster.broker_ix(id).is_some_and(|row| can_receive(self.cluster, row))
    }

    fn fault(&self, story: &Story<'_>, lost: &mut Vec<BrokerId>) -> Option<Why> {
        let row = story.row.filter(|_| story.stand.is_open())?;
        let partitions = &self.snapshot.partitions;
        let (present, leader) = (partitions.replicas.get(row), partitions.leader[row]);
        let (request, last) = (self.request, story.last);
        let is_twice = |place: usize| last[..place].contains(&last[place]);
        let may_resize = request.target.is_some() && request.allow_rf_change;
        if last.is_empty() || (0..last.len()).any(is_twice) || (last.len() != story.previous.len() && !may_resize) {
            // No plan of ours: Kafka would refuse it, or it is not what was asked.
            return Some(Why::Target);
        }
        let gone = last.iter().copied().filter(|id| !present.contains(id) && !self.receives(*id));
        let before = lost.len();
        lost.extend(gone);
        if lost.len() > before {
            return Some(Why::Target);
        }
        if request.leaders_only {
            let (head, isr) = (last[0], partitions.isr.get(row));
            return if isr.contains(&head) && self.receives(head) { None } else { Some(Why::Leader) };
        }
        let in_front = |id: BrokerId| present.first() == Some(&id) || leader == Some(id);
        if request.replicas_only {
            let front = present.first().copied().into_iter().chain(leader);
            if present.first() != last.first() || front.into_iter().any(|id| !last.contains(&id)) {
                return Some(Why::Leader);
            }
        }
        // What still stands on a drained broker at the end would not be what is asked.
        let stays = |id: &BrokerId| self.drain.contains(*id) && !(request.replicas_only && in_front(*id));
        last.iter().any(stays).then_some(Why::Target)
    }
}

/// The list of a story as the request keeps it: log dirs are named where the replica is still to come.
fn entry(cluster: &Cluster<'_>, story: &Story<'_>) -> Kept {
    let present = story.row.map_or(&[][..], |row| cluster.snapshot.partitions.replicas.get(row));
    let dir = |(id, named): (&BrokerId, Option<&str>)| {
        let broker = cluster.broker_ix(*id)?;
        let path = named.filter(|_| !present.contains(id))?;
        let rows = &cluster.snapshot.brokers[broker.get()].log_dirs;
        rows.iter().any(|dir| dir.path == path && !dir.offline).then(|| path.to_owned())
    };
    let dirs: Vec<Option<String>> = story.last.iter().zip(story.dirs.iter().copied()).map(dir).collect();
    let any = |dir: Option<String>| dir.unwrap_or_else(|| "any".to_owned());
    let log_dirs = dirs.iter().any(Option::is_some).then(|| dirs.into_iter().map(any).collect());
    let (topic, partition) = (story.topic.to_owned(), story.partition);
    Kept {
        entry: AssignmentEntry { topic, partition, replicas: story.last.to_vec(), log_dirs },
        previous: story.previous.to_vec(),
    }
}

/// A request that keeps these.
fn keeping(request: &Request, entries: &[Kept]) -> Request {
    let mut request = request.clone();
    resumed(&mut request).partitions = entries.to_vec();
    request
}

/// Takes back the log dirs that were named on brokers of which one is too full: another one may do.
fn name_other_dirs(cluster: &Cluster<'_>, request: &Request, entries: &mut [Kept]) -> Result<()> {
    let request = keeping(request, entries);
    let problem = Problem::new(Cluster::new(cluster.snapshot), &request)?;
    let (lists, held) = given::kept(&problem);
    let full = given::overfull(&problem, &lists, &held);
    let full: Vec<BrokerId> = full.iter().map(|entry| cluster.brokers[cluster.dirs[entry.0].broker].id).collect();
    for entry in entries {
        let AssignmentEntry { replicas, log_dirs, .. } = &mut entry.entry;
        let Some(dirs) = log_dirs else { continue };
        for (_, dir) in replicas.iter().zip(dirs.iter_mut()).filter(|entry| full.contains(entry.0)) {
            "any".clone_into(dir);
        }
        if dirs.iter().all(|dir| dir == "any") {
            *log_dirs = None;
        }
    }
    Ok(())
}

/// The numbers of the entries that break a limit together, and which one.
fn refused(cluster: &Cluster<'_>, request: &Request, entries: &[Kept]) -> Result<Vec<(usize, Why)>> {
    let request = keeping(request, entries);
    let problem = Problem::new(Cluster::new(cluster.snapshot), &request)?;
    let (lists, mut held) = given::kept(&problem);
    let entry_of = |mover: usize| {
        let row = problem.movers[mover].get();
        let (topic, partition) = (&cluster.snapshot.topic_of(row).name, cluster.snapshot.partitions.id[row]);
        entries.binary_search_by(|entry| entry.key().cmp(&(topic, partition))).ok()
    };
    // What has more replicas on its way than at the end can only go on.
    let may_go = |mover: usize| {
        entry_of(mover).filter(|&at| {
            let now = cluster.replicas_of(problem.movers[mover]).len();
            problem.kept.has(problem.movers[mover]) && now == entries[at].previous.len()
        })
    };
    let mut is_out = vec![false; lists.len()];
    let mut found = Vec::new();
    let landing = |mover: usize, held: &mut IndexVec<DirIx, i128>| {
        for dir in lists.get(mover).iter().filter_map(|home| home.dir) {
            held[dir] -= i128::from(problem.landed_size(problem.movers[mover]).get());
        }
    };
    for mover in given::on_worse_racks(&problem, &lists) {
        if let Some(at) = may_go(mover) {
            is_out[mover] = true;
            landing(mover, &mut held);
            found.push((at, Why::Racks));
        }
    }
    for (dir, _) in given::overfull(&problem, &lists, &held) {
        let size = |mover: usize| i128::from(problem.landed_size(problem.movers[mover]).get());
        let comes = |mover: &usize| lists.get(*mover).iter().any(|home| home.dir == Some(dir));
        let may_leave = |&mover: &usize| !is_out[mover] && comes(&mover) && may_go(mover).is_some();
        let mut there: Vec<usize> = (0..lists.len()).filter(may_leave).collect();
        there.sort_by_key(|&mover| (Reverse(size(mover)), mover));
        let limit = problem.dir_limit[dir].map_or(0, |limit| i128::from(limit.get()));
        while held[dir] > limit && !there.is_empty() {
            let enough = there.iter().rposition(|&mover| size(mover) >= held[dir] - limit);
            let mover = there.remove(enough.unwrap_or(0));
            is_out[mover] = true;
            landing(mover, &mut held);
            found.extend(may_go(mover).map(|at| (at, Why::Disk)));
        }
    }
    Ok(found)
}
