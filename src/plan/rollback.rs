//! The way back: the exact ordered lists from before a wave.
//!
//! Going back to wave N restores, for every partition of the waves N to the last, the list that its *first*
//! move in those waves found. Where the partition stands when all waves have run is the list of its *last*
//! move; the difference between the two is what has to be copied back.

use super::{Dirs, Move, Plan, Throttle};
use crate::base::error::{Code, Error, Place, Result};
use crate::base::ids::{BrokerId, PartitionId};
use crate::base::units::Bytes;

/// What has to be put back.
#[derive(Clone, Debug)]
pub struct Rollback<'a> {
    /// The plan that is undone.
    pub plan: &'a Plan,
    /// The first wave that is undone, from 1.
    pub to_wave: u32,
    /// First and last row of each partition in the undone waves, sorted by topic and partition.
    rows: Vec<(u32, u32)>,
}

/// One partition on its way back.
#[derive(Clone, Copy, Debug)]
pub struct Restore<'a> {
    /// Topic name.
    pub topic: &'a str,
    /// Partition id.
    pub partition: PartitionId,
    /// The ordered list to restore.
    pub replicas: &'a [BrokerId],
    /// Log dirs of that list where they are known.
    pub dirs: Dirs<'a>,
    /// The ordered list when all undone waves have run.
    pub current: &'a [BrokerId],
    /// The leader when the last of them ended, before any election.
    pub current_leader: Option<BrokerId>,
    /// Bytes of one replica.
    pub size: Bytes,
}

impl<'a> Restore<'a> {
    /// Replicas that have to be copied back, in list order.
    pub fn adding(&self) -> impl Iterator<Item = BrokerId> + use<'a> {
        let current = self.current;
        self.replicas.iter().copied().filter(move |id| !current.contains(id))
    }

    /// Whether the leader may differ from the preferred one of the restored list once that is in place.
    ///
    /// It leads who led before while it stays in the list; that is the preferred leader of the plan, or,
    /// when nobody held the election, whoever led when the wave ended.
    pub fn needs_election(&self) -> bool {
        let stays = |leader: Option<BrokerId>| leader.filter(|id| self.replicas.contains(id));
        let preferred = self.replicas.first().copied();
        [self.current.first().copied(), self.current_leader]
            .into_iter()
            .any(|leader| stays(leader).is_some_and(|leader| Some(leader) != preferred))
    }
}

/// The way back to before wave `to_wave`, for all partitions of that wave and the later ones.
///
/// # Errors
/// [`Code::InvalidValue`] when the plan has no such wave.
pub fn rollback(plan: &Plan, to_wave: u32) -> Result<Rollback<'_>> {
    let waves = plan.waves.len();
    let Some(first) = (to_wave as usize).checked_sub(1).and_then(|number| plan.waves.get(number)) else {
        let error = |message: String| Error::new(Code::InvalidValue, message).at(Place::source("--to-wave"));
        return Err(match waves {
            0 => error(format!("wave {to_wave} cannot be undone: the plan has no waves"))
                .help("there is nothing to go back from"),
            _ => error(format!("the plan has no wave {to_wave}; expected a wave from 1 to {waves}"))
                .help("1 undoes the whole plan, the last wave undoes only itself"),
        });
    };
    let sorted = plan.sorted_rows(first.rows.start..plan.moves.size.len());
    let same = |a: &u32, b: &u32| {
        let (a, b) = (*a as usize, *b as usize);
        plan.moves.topic[a] == plan.moves.topic[b] && plan.moves.partition[a] == plan.moves.partition[b]
    };
    let rows = sorted.chunk_by(same).map(|rows| (*rows.iter().min().unwrap(), *rows.iter().max().unwrap())).collect();
    Ok(Rollback { plan, to_wave, rows })
}

impl<'a> Rollback<'a> {
    /// What has to be put back, sorted by topic and partition.
    pub fn restores(&self) -> impl ExactSizeIterator<Item = Restore<'a>> + use<'a, '_> {
        let plan = self.plan;
        self.rows.iter().map(move |&(first, last)| {
            let (first, last): (Move<'a>, Move<'a>) = (plan.get(first as usize), plan.get(last as usize));
            Restore {
                topic: first.topic,
                partition: first.partition,
                replicas: first.previous,
                dirs: first.previous_dirs,
                current: last.replicas,
                current_leader: last.leader_after,
                size: last.size,
            }
        })
    }

    /// How many partitions are put back.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nothing is put back.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The throttle of the undone waves; none when the plan has none.
    pub fn throttle(&self) -> Option<Throttle> {
        self.plan.waves[self.to_wave as usize - 1..].iter().find_map(|wave| wave.throttle)
    }
}
