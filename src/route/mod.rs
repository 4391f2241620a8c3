//! By which lists each partition gets from its old list to its new one.
//!
//! Kafka copies whatever a list adds as soon as the list is submitted, and frees what it drops when all is in sync. What
//! happens in between is the choice of the lists on the way:
//!
//! - **direct** ([`direct`]): the new list at once.
//! - **one at a time** ([`one_at_a_time`]): as many lists as there are new replicas, each of which adds one in the place
//!   of one that goes. The ISR grows by one, and the leader sends one copy at a time. Who leads goes last.
//! - **two stages** ([`two_stage`]): first all new replicas beside the old leader, which stays first; then the same
//!   replicas with the new leader first, which copies nothing and can be taken back at once; then without the old leader.
//!
//! Before any of these, `--balance-sources` may order old lists anew ([`sources`]), so that copies come from other leaders.

mod one_at_a_time;
pub mod sources;
mod two_stage;

use crate::base::error::{Code, Error, Result};
use crate::base::index::{BrokerIx, Csr, Ix, PartitionIx};
use crate::base::text::counted;
use crate::placement::Home;
use crate::problem::Problem;
use crate::request::Strategy;
use crate::snapshot::BrokerState;

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Orders an old list anew, so that another leader sends the copies.
    Sources,
    /// Adds replicas, and drops others.
    Move,
    /// Adds replicas beside the old leader.
    Add,
    /// Puts the new leader first.
    Leadership,
    /// Drops the old leader.
    Remove,
}

/// Every change of a list, those of one partition in their order.
#[derive(Default)]
pub struct Steps {
    /// Which of [`Problem::movers`] each step belongs to.
    pub mover: Vec<u32>,
    /// What each does.
    pub kind: Vec<Kind>,
    /// Rounds of the whole plan: a partition takes at most one step in each.
    pub round: Vec<u8>,
    /// Ordered brokers before each.
    pub before: Csr<BrokerIx>,
    /// Ordered replicas after each; a log dir is named only where the step brings the replica there.
    pub after: Csr<Home>,
    /// The leader before each.
    pub leader: Vec<BrokerIx>,
    /// Whether another one leads when each has been reached, and elected where that is due.
    pub changes_leader: Vec<bool>,
}

impl Steps {
    /// How many steps there are.
    pub fn len(&self) -> usize {
        self.mover.len()
    }

    /// The partition of a step.
    pub fn partition(&self, problem: &Problem<'_>, step: usize) -> PartitionIx {
        problem.movers[self.mover[step] as usize]
    }

    fn push(
        &mut self,
        problem: &Problem<'_>,
        mover: usize,
        (kind, round): (Kind, u8),
        from: &Stand,
        after: impl IntoIterator<Item = Home>,
    ) {
        self.mover.push(mover as u32);
        self.kind.push(kind);
        self.round.push(round);
        self.before.push(from.list.iter().copied());
        self.after.push(after);
        self.leader.push(from.leader);
        let after = self.after.get(self.after.len() - 1).iter().map(|home| home.broker);
        self.changes_leader.push(elected(problem, problem.movers[mover], from.leader, after) != from.leader);
    }
}

/// Where a partition stands between two steps.
struct Stand {
    list: Vec<BrokerIx>,
    leader: BrokerIx,
}

impl Stand {
    fn start(problem: &Problem<'_>, partition: PartitionIx) -> Self {
        Stand { list: problem.cluster.replicas_of(partition).to_vec(), leader: problem.leader(partition) }
    }

    /// After `list` has been reached, and elected where that is due.
    fn reach(&mut self, problem: &Problem<'_>, partition: PartitionIx, list: Vec<BrokerIx>) {
        self.leader = elected(problem, partition, self.leader, list.iter().copied());
        self.list = list;
    }
}

/// Who leads when `list` is reached, before any election: the old leader if it stays, else the first that is alive and in
/// sync.
pub fn successor(
    problem: &Problem<'_>,
    partition: PartitionIx,
    leader: BrokerIx,
    mut list: impl Iterator<Item = BrokerIx> + Clone,
) -> Option<BrokerIx> {
    if list.clone().any(|broker| broker == leader) {
        return Some(leader);
    }
    list.find(|&broker| can_lead(problem, partition, broker))
}

/// Who leads when a list is reached and an election has been held where one is due.
fn elected(
    problem: &Problem<'_>,
    partition: PartitionIx,
    leader: BrokerIx,
    mut list: impl Iterator<Item = BrokerIx> + Clone,
) -> BrokerIx {
    let follows = successor(problem, partition, leader, list.clone());
    match list.next() {
        Some(head) if !problem.request.replicas_only && can_lead(problem, partition, head) => head,
        _ => follows.unwrap_or(leader),
    }
}

/// Whether a broker serves and is in sync: old replicas as the snapshot says, new ones are by then.
fn can_lead(problem: &Problem<'_>, partition: PartitionIx, broker: BrokerIx) -> bool {
    let cluster = &problem.cluster;
    let row = &cluster.brokers[broker];
    row.state.serves()
        && (!cluster.replicas_of(partition).contains(&broker)
            || cluster.snapshot.partitions.isr.get(partition.get()).contains(&row.id))
}

/// One step for each partition; `lists` has what is new, in any order, and may have what stays.
pub fn direct(problem: &Problem<'_>, lists: &Csr<Home>) -> Steps {
    let movers = problem.movers.len();
    let mut steps = Steps {
        mover: (0..movers as u32).collect(),
        kind: vec![Kind::Move; movers],
        round: vec![1; movers],
        before: Csr::with_capacity(movers, movers * 3),
        after: lists.clone(),
        leader: Vec::with_capacity(movers),
        changes_leader: Vec::with_capacity(movers),
    };
    // Where brokers are chosen, a head that leaves is followed by a new replica, whichever that will be.
    let is_known = !problem.request.chooses_brokers();
    for (mover, &partition) in problem.movers.iter().enumerate() {
        let before = problem.cluster.replicas_of(partition);
        let leader = problem.leader(partition);
        let changes = if is_known {
            elected(problem, partition, leader, lists.get(mover).iter().map(|home| home.broker)) != leader
        } else if problem.leaves(partition, before[0]) {
            !problem.request.replicas_only
        } else {
            let stays = before.iter().copied().filter(|&broker| !problem.leaves(partition, broker));
            problem.leaves(partition, leader) || elected(problem, partition, leader, stays) != leader
        };
        steps.before.push(before.iter().copied());
        steps.leader.push(leader);
        steps.changes_leader.push(changes);
    }
    steps
}

/// Whether every partition takes a single step, which follows from what is new in its list.
pub fn is_direct(problem: &Problem<'_>) -> bool {
    problem.request.strategy == Strategy::Direct && !problem.request.balance_sources
}

/// The steps by which every partition reaches its list.
///
/// # Errors
/// [`crate::base::error::Code::RackPolicy`] when no way of adding one replica at a time keeps the racks.
pub fn steps(problem: &Problem<'_>, lists: &Csr<Home>) -> Result<Steps> {
    if is_direct(problem) {
        return Ok(direct(problem, lists));
    }
    let changes = if problem.request.balance_sources { sources::choose(problem, lists) } else { Vec::new() };
    let mut changes = changes.into_iter().peekable();
    let mut steps = Steps::default();
    for (mover, &partition) in problem.movers.iter().enumerate() {
        let mut stand = Stand::start(problem, partition);
        if let Some((_, head)) = changes.next_if(|change| change.0 as usize == mover) {
            let others = stand.list.iter().copied().filter(|&broker| broker != head);
            let list: Vec<BrokerIx> = std::iter::once(head).chain(others).collect();
            steps.push(
                problem,
                mover,
                (Kind::Sources, 0),
                &stand,
                list.iter().map(|&broker| Home { broker, dir: None }),
            );
            stand.reach(problem, partition, list);
        }
        let list = lists.get(mover);
        match problem.request.strategy {
            Strategy::Direct => steps.push(problem, mover, (Kind::Move, 1), &stand, list.iter().copied()),
            Strategy::OneAtATime => one_at_a_time::walk(problem, mover, stand, list, &mut steps)?,
            Strategy::TwoStage => two_stage::walk(problem, mover, stand, list, &mut steps),
        }
    }
    if problem.request.strategy == Strategy::OneAtATime {
        one_at_a_time::end_together(&mut steps);
    }
    refuse_cordoned(problem, &steps)?;
    Ok(steps)
}

/// Kafka refuses a list that names a cordoned broker, even where the replica is there already.
fn refuse_cordoned(problem: &Problem<'_>, steps: &Steps) -> Result<()> {
    let state = |broker: BrokerIx| problem.cluster.brokers[broker].state;
    let cordoned = |step: usize| {
        let mut list = steps.after.get(step).iter().map(|home| home.broker);
        list.find(|&broker| problem.is_drained[broker] && state(broker) == BrokerState::Cordoned)
    };
    let stuck: Vec<(usize, BrokerIx)> =
        (0..steps.mover.len()).filter_map(|step| cordoned(step).map(|broker| (step, broker))).collect();
    let Some(&(first, broker)) = stuck.first() else { return Ok(()) };
    let mut movers: Vec<u32> = stuck.iter().map(|entry| steps.mover[entry.0]).collect();
    movers.dedup();
    let name = problem.cluster.name_of(steps.partition(problem, first));
    let (id, strategy) = (problem.cluster.brokers[broker].id, problem.request.strategy.as_str());
    Err(Error::new(
        Code::Unhealthy,
        format!(
            "with `{strategy}` a list on the way names a cordoned broker, which Kafka refuses: {}, first `{name}`",
            counted(movers.len(), "partition")
        ),
    )
    .note(format!("`{name}` would keep its replica on broker {id} for a while"))
    .detail("broker", id.get())
    .detail("partitions", movers.len())
    .help(format!("uncordon broker {id} until it is empty, or plan with `--strategy direct`")))
}
