//! A cluster on which the first waves of a plan have been carried out.

use kshift::base::ids::BrokerId;
use kshift::base::units::Bytes;
use kshift::plan::{Move, Plan};
use kshift::snapshot::{BrokerState, Snapshot};

use super::rows::{Partition, Rows};

/// The cluster when so many waves are over, each with its election: lists, leaders, log dirs and their use.
pub fn carried_out(snapshot: &Snapshot, plan: &Plan, waves: usize) -> Snapshot {
    let mut rows = Rows::of(snapshot);
    for wave in &plan.waves[..waves] {
        for step in plan.moves_of(wave) {
            carry_out(&mut rows, &step);
        }
    }
    named(rows.build().expect("a cluster after some waves is one"), snapshot)
}

/// The same cluster with its partitions changed.
pub fn changed(snapshot: &Snapshot, change: impl Fn(&mut Rows)) -> Snapshot {
    let mut rows = Rows::of(snapshot);
    change(&mut rows);
    named(rows.build().expect("a changed cluster is one"), snapshot)
}

fn named(built: Snapshot, like: &Snapshot) -> Snapshot {
    Snapshot { name: like.name.clone(), taken_at: like.taken_at.clone(), cluster_id: like.cluster_id.clone(), ..built }
}

fn carry_out(rows: &mut Rows, step: &Move<'_>) {
    let topic = rows.topics.iter_mut().find(|topic| topic.name == step.topic).expect("its topic is there");
    let number = step.partition.get();
    let partition = topic.partitions.iter_mut().find(|partition| partition.id == number).expect("it is there");
    let old = partition.clone();
    let size = Bytes::new(old.size.expect("what moves has a size"));
    let serves = |id: BrokerId| {
        rows.brokers
            .iter()
            .any(|broker| broker.id == id && matches!(broker.state, BrokerState::Alive | BrokerState::Cordoned))
    };
    let only = |id: BrokerId| {
        let broker = rows.brokers.iter().find(|broker| broker.id == id).expect("its broker is there");
        (broker.log_dirs.len() == 1).then(|| broker.log_dirs[0].path.clone())
    };
    let place_of = |id: BrokerId| old.replicas.iter().position(|&other| other == id);
    let mut named = step.dirs.iter();
    partition.replicas = step.replicas.to_vec();
    partition.dirs = step
        .replicas
        .iter()
        .map(|&id| {
            let dir = named.next().flatten().map(str::to_owned);
            dir.or_else(|| place_of(id).map_or_else(|| only(id), |place| old.dirs[place].clone()))
        })
        .collect();
    // New replicas are in sync when a wave is over; old ones are what they were.
    let in_sync = |id: &BrokerId| place_of(*id).is_none() || old.isr.contains(id);
    partition.isr = step.replicas.iter().copied().filter(in_sync).collect();
    partition.leader = if step.needs_election() && partition.isr.contains(&step.replicas[0]) && serves(step.replicas[0])
    {
        Some(step.replicas[0])
    } else {
        step.leader_after
    };
    let new = partition.clone();
    for (from, to, lands) in [(&old, &new, true), (&new, &old, false)] {
        use_dirs(rows, from, to, size, lands);
    }
}

/// Counts the replicas of `to` that `from` does not have on or off their log dirs, where what these hold is known.
fn use_dirs(rows: &mut Rows, from: &Partition, to: &Partition, size: Bytes, lands: bool) {
    for (place, id) in to.replicas.iter().enumerate().filter(|(_, id)| !from.replicas.contains(id)) {
        let broker = rows.brokers.iter_mut().find(|broker| broker.id == *id).expect("its broker is there");
        let is_only = broker.log_dirs.len() == 1;
        for dir in &mut broker.log_dirs {
            let is_it = is_only || to.dirs[place].as_deref() == Some(&dir.path);
            if let Some(used) = dir.used.as_mut().filter(|_| is_it) {
                *used = if lands { *used + size } else { used.saturating_sub(size) };
            }
        }
    }
}
