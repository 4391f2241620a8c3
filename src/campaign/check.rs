//! Where a cluster stands in a campaign, and what contradicts it.

use serde::{Serialize, Serializer};

use super::{Campaign, Kind};
use crate::base::ids::{BrokerId, IdSet, IdTable};
use crate::base::pairs::Pairs;
use crate::base::text::{brokers, counted, either};
use crate::plan::Plan;
use crate::snapshot::{Mode, Snapshot};

/// Where a cluster stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standing {
    /// Whether nothing contradicts the campaign.
    pub ok: bool,
    /// The phases in their order.
    pub phases: Vec<Status>,
    /// The phase that is under way or comes next; absent when all is done.
    pub current: Option<Kind>,
    /// What to do in it, as the file says.
    pub next: Vec<String>,
    /// Its gate.
    pub gate: Option<String>,
    /// What contradicts the campaign.
    pub faults: Vec<Fault>,
}

/// Where a phase stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Status {
    /// Which.
    pub phase: Kind,
    /// Whether it is over.
    pub state: State,
    /// What the snapshot says of it.
    pub found: String,
}

/// Whether a phase is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// What is to hold at its end holds.
    Done,
    /// It does not hold yet.
    Open,
    /// The snapshot cannot tell, and nobody has marked it as done.
    Unknown,
    /// It is left out.
    Skipped,
}

impl State {
    /// The word in texts.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Done => "done",
            State::Open => "open",
            State::Unknown => "unknown",
            State::Skipped => "left out",
        }
    }
}

/// What contradicts a campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// One of [`FAULTS`].
    pub code: &'static str,
    /// One sentence.
    pub message: String,
}

/// Every code of a fault.
pub const FAULTS: [&str; 5] = ["other-cluster", "not-done", "out-of-order", "stray-broker", "other-plan"];

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Where the cluster of `snapshot` stands; `plans` are those that phases name.
pub fn check(campaign: &Campaign, snapshot: &Snapshot, plans: &[(Kind, Plan)]) -> Standing {
    let held = Held::of(snapshot);
    let judge = Judge { campaign, snapshot, held: &held };
    let mut faults = Vec::new();
    judge.same_cluster(&mut faults);
    let mut phases: Vec<Status> = Vec::new();
    for phase in &campaign.phases {
        let (state, found) = match &phase.skip {
            Some(why) => (State::Skipped, why.clone()),
            None => judge.phase(phase.kind, phase.done, &phases),
        };
        if phase.done && state == State::Open {
            let message = format!("phase `{}` is marked as done, and is not: {found}", phase.kind.as_str());
            faults.push(Fault { code: "not-done", message });
        }
        phases.push(Status { phase: phase.kind, state, found });
    }
    order(&phases, &mut faults);
    judge.strays(&mut faults);
    for (kind, plan) in plans {
        judge.plan(*kind, plan, &mut faults);
    }
    let last_done = phases.iter().rposition(|status| status.state == State::Done);
    let is_current = |(at, status): &(usize, &Status)| match status.state {
        State::Open => true,
        // A later phase that is over speaks for it.
        State::Unknown => last_done.is_none_or(|last| *at > last),
        State::Done | State::Skipped => false,
    };
    let current = phases.iter().enumerate().find(is_current).map(|(_, status)| status.phase);
    let next = current.map(|kind| campaign.phase(kind));
    Standing {
        ok: faults.is_empty(),
        current,
        next: next.map_or_else(Vec::new, |phase| phase.steps.clone()),
        gate: next.map(|phase| phase.gate.clone()),
        phases,
        faults,
    }
}

/// How many lists name each broker.
struct Held {
    rows: IdTable,
    lists: Vec<u64>,
    moving: usize,
}

impl Held {
    fn of(snapshot: &Snapshot) -> Self {
        let rows = snapshot.broker_rows();
        let mut lists = vec![0; snapshot.brokers.len()];
        let partitions = &snapshot.partitions;
        // While a reassignment runs, a list has the adding and the removing ones as well.
        for id in partitions.replicas.values() {
            if let Some(row) = rows.row(*id) {
                lists[row] += 1;
            }
        }
        let moving = (0..partitions.len()).filter(|&row| partitions.is_reassigning(row)).count();
        Held { rows, lists, moving }
    }

    fn lists_of(&self, id: BrokerId) -> u64 {
        self.rows.row(id).map_or(0, |row| self.lists[row])
    }

    /// Those of a set that lists name, and how many lists do.
    fn among(&self, ids: &IdSet) -> (IdSet, u64) {
        let held = IdSet::from_ids(ids.iter().filter(|&id| self.lists_of(id) > 0)).expect("ids of a set");
        let lists = held.iter().map(|id| self.lists_of(id)).sum();
        (held, lists)
    }
}

struct Judge<'a> {
    campaign: &'a Campaign,
    snapshot: &'a Snapshot,
    held: &'a Held,
}

impl Judge<'_> {
    fn same_cluster(&self, faults: &mut Vec<Fault>) {
        let pairs = [
            ("id", &self.campaign.cluster_id, &self.snapshot.cluster_id),
            ("name", &self.campaign.name, &self.snapshot.name),
        ];
        // The id decides where both know it; names may change.
        let known = pairs.into_iter().find_map(|(what, ours, theirs)| Some((what, ours.as_ref()?, theirs.as_ref()?)));
        if let Some((what, ours, theirs)) = known.filter(|(_, ours, theirs)| ours != theirs) {
            let message = format!("the campaign is for the cluster of {what} `{ours}`, the snapshot is of `{theirs}`");
            faults.push(Fault { code: "other-cluster", message });
        }
    }

    /// Whether a phase is over, by those before it.
    fn phase(&self, kind: Kind, marked: bool, before: &[Status]) -> (State, String) {
        let is_over = |kind: Kind| {
            let found = before.iter().find(|status| status.phase == kind);
            found.is_some_and(|status| matches!(status.state, State::Done | State::Skipped))
        };
        match kind {
            Kind::Facade => self.facade(marked),
            Kind::LowIds => self.low_ids(marked),
            Kind::Mix => self.mix(),
            // Those in between hold nothing before the ids are freed, and may not even exist.
            Kind::Drain if !is_over(Kind::LowIds) => (State::Open, "`low-ids` comes first".to_owned()),
            Kind::Drain => self.drain(),
            Kind::Kraft => self.kraft(marked),
            Kind::Decommission if !is_over(Kind::Drain) => (State::Open, "`drain` comes first".to_owned()),
            Kind::Decommission => self.gone(),
        }
    }

    fn facade(&self, marked: bool) -> (State, String) {
        let pattern = self.campaign.facade.as_deref().unwrap_or_default();
        let serving = || self.snapshot.brokers.iter().filter(|broker| broker.state.serves());
        let others = serving().filter(|broker| {
            let name = pattern.replacen("{id}", &broker.id.to_string(), 1);
            broker.host.as_ref().is_some_and(|host| !host.trim_end_matches('.').eq_ignore_ascii_case(&name))
        });
        let others = IdSet::from_ids(others.map(|broker| broker.id)).expect("each stands once");
        let unknown = serving().filter(|broker| broker.host.is_none()).count();
        if !others.is_empty() {
            let found = format!(
                "{} {} another name than `{pattern}`",
                brokers(&others),
                either(others.len(), "advertises", "advertise")
            );
            (State::Open, found)
        } else if unknown == 0 {
            (State::Done, format!("every broker that serves advertises `{pattern}`"))
        } else {
            told(marked, &format!("the snapshot does not know what {} advertise", counted(unknown, "broker")))
        }
    }

    /// Whether nothing is left on brokers whose ids were freed. A new broker may have such an id again; then the id
    /// alone tells nothing.
    fn low_ids(&self, marked: bool) -> (State, String) {
        let freed = self.campaign.freed();
        let (held, lists) = self.held.among(&freed);
        let reused = held.iter().all(|id| self.campaign.new.contains(id));
        match (held.is_empty(), reused, marked) {
            (true, ..) => (State::Done, format!("no list names {}", brokers(&freed))),
            (_, true, true) => {
                (State::Done, format!("marked as done; {} {} new now", brokers(&held), either(held.len(), "is", "are")))
            }
            (false, true, false) => {
                let found = format!("{} serve data, and may be the old or the new ones", brokers(&held));
                let between = self.campaign.pairs.as_ref().map(Pairs::new_ids).unwrap_or_default();
                let state = if self.held.among(&between).1 > 0 { State::Unknown } else { State::Open };
                (state, format!("{found}: mark the phase once it is over"))
            }
            _ => (State::Open, holding(&held, lists)),
        }
    }

    fn mix(&self) -> (State, String) {
        let new = &self.campaign.new;
        let freed = self.campaign.freed();
        let missing = new.iter().filter(|&id| !self.snapshot.broker(id).is_some_and(|broker| broker.state.serves()));
        let missing = IdSet::from_ids(missing).expect("ids of a set");
        if !missing.is_empty() {
            return (State::Open, format!("{} {} not serve", brokers(&missing), either(missing.len(), "does", "do")));
        }
        // Before their ids are freed, these are the old ones.
        if new.iter().any(|id| freed.contains(id)) && !self.campaign.phase(Kind::LowIds).done {
            return (
                State::Unknown,
                format!("{} serve, and may be the old or the new ones: mark `low-ids` once it is over", brokers(new)),
            );
        }
        let racks = |ids: &IdSet| -> Vec<&str> {
            let of = |id: BrokerId| self.snapshot.broker(id).and_then(|broker| broker.rack.as_deref());
            let mut racks: Vec<&str> = ids.iter().filter_map(of).collect();
            racks.sort_unstable();
            racks.dedup();
            racks
        };
        let known = racks(&self.campaign.old);
        let strange: Vec<&str> =
            racks(new).into_iter().filter(|rack| !known.is_empty() && !known.contains(rack)).collect();
        if strange.is_empty() {
            return (State::Done, format!("{} {}", brokers(new), either(new.len(), "serves", "serve")));
        }
        let names: Vec<String> = strange.iter().map(|rack| format!("`{rack}`")).collect();
        (
            State::Open,
            format!("no old broker is in the {} {}", either(strange.len(), "rack", "racks"), names.join(", ")),
        )
    }

    fn drain(&self) -> (State, String) {
        let Campaign { old, new, .. } = self.campaign;
        let (held, lists) = self.held.among(old);
        match (held.is_empty(), self.held.moving, self.held.among(new).1) {
            (false, ..) => (State::Open, holding(&held, lists)),
            (_, moving @ 1.., _) => (State::Open, format!("{} still on the way", counted(moving, "partition"))),
            (_, _, 0) => (State::Open, format!("neither {} nor {} hold anything", brokers(old), brokers(new))),
            _ => (State::Done, format!("no list names {}", brokers(old))),
        }
    }

    fn kraft(&self, marked: bool) -> (State, String) {
        match self.snapshot.mode {
            Some(Mode::Kraft) => (State::Done, "the cluster runs KRaft".to_owned()),
            Some(Mode::Zookeeper) => (State::Open, "the cluster runs with ZooKeeper".to_owned()),
            None => told(marked, "the snapshot does not know who keeps the metadata"),
        }
    }

    fn gone(&self) -> (State, String) {
        let there = self.campaign.old.iter().filter(|&id| self.snapshot.broker(id).is_some());
        let there = IdSet::from_ids(there).expect("ids of a set");
        if there.is_empty() {
            return (State::Done, format!("the cluster knows none of {}", brokers(&self.campaign.old)));
        }
        (State::Open, format!("the cluster knows {}", brokers(&there)))
    }

    fn strays(&self, faults: &mut Vec<Fault>) {
        let Campaign { old, new, kept, .. } = self.campaign;
        let freed = self.campaign.freed();
        let known = |id: BrokerId| [old, new, kept, &freed].iter().any(|set| set.contains(id));
        let strays = self.snapshot.brokers.iter().map(|broker| broker.id).filter(|&id| !known(id));
        let strays = IdSet::from_ids(strays).expect("each stands once");
        if !strays.is_empty() {
            let message = format!("{} {} no part of the campaign", brokers(&strays), either(strays.len(), "is", "are"));
            faults.push(Fault { code: "stray-broker", message });
        }
    }

    /// Whether the plan of a phase is one for it.
    fn plan(&self, kind: Kind, plan: &Plan, faults: &mut Vec<Fault>) {
        let mut fault = |message: String| {
            let message = format!("the plan of phase `{}` {message}", kind.as_str());
            faults.push(Fault { code: "other-plan", message });
        };
        if let (Some(ours), Some(theirs)) = (&self.campaign.cluster_id, &plan.cluster.cluster_id)
            && ours != theirs
        {
            fault(format!("is for the cluster of id `{theirs}`"));
        }
        let request = &plan.request;
        match kind {
            Kind::Drain => {
                let (old, new) = (&self.campaign.old, &self.campaign.new);
                if request.drain != *old {
                    fault(format!("drains {}, the campaign {}", brokers(&request.drain), brokers(old)));
                }
                if request.onto.as_ref().is_some_and(|onto| onto.iter().any(|id| !new.contains(id))) {
                    let onto = request.onto.as_ref().map(brokers).unwrap_or_default();
                    fault(format!("moves onto {onto}, the campaign onto {}", brokers(new)));
                }
            }
            Kind::LowIds => {
                let pairs = request.pair.as_ref().and_then(|pair| pair.named());
                if pairs != self.campaign.pairs.as_ref() {
                    let found = pairs.map_or("no brokers".to_owned(), ToString::to_string);
                    let wanted = self.campaign.pairs.as_ref().map(ToString::to_string).unwrap_or_default();
                    fault(format!("pairs {found}, the campaign {wanted}"));
                }
            }
            _ => fault("is not needed: it moves no data".to_owned()),
        }
        if !plan.complete {
            fault("is not complete: something is left where it is".to_owned());
        }
    }
}

/// What is over although something before it is not.
fn order(phases: &[Status], faults: &mut Vec<Fault>) {
    let begun = |status: &&Status| {
        status.state == State::Done && matches!(status.phase, Kind::Drain | Kind::Kraft | Kind::Decommission)
    };
    let Some(last) = phases.iter().rposition(|status| begun(&status)) else { return };
    for status in phases[..last].iter().filter(|status| status.state == State::Open) {
        let message = format!(
            "phase `{}` is over, and `{}` before it is not: {}",
            phases[last].phase.as_str(),
            status.phase.as_str(),
            status.found
        );
        faults.push(Fault { code: "out-of-order", message });
    }
}

/// `brokers 1-3 hold 6 replicas`.
fn holding(held: &IdSet, lists: u64) -> String {
    format!("{} {} {}", brokers(held), either(held.len(), "holds", "hold"), counted(lists, "replica"))
}

/// What only people can tell.
fn told(marked: bool, why: &str) -> (State, String) {
    if marked {
        (State::Done, format!("marked as done; {why}"))
    } else {
        (State::Unknown, format!("{why}: mark the phase once it is over"))
    }
}
