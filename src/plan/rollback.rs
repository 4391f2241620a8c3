//! The way back: the exact ordered lists from before a wave.
//!
//! Going back to wave N restores, for every partition of the waves N to the last, the list that its *first*
//! move in those waves found. Where the partition stands when all waves have run is the list of its *last*
//! move; the difference between the two is what has to be copied back.

use super::{Dirs, Move, Moves, Plan, Summary, Throttle, Wave, changing_dir};
use crate::base::error::{Code, Error, Place, Result};
use crate::base::ids::{BrokerId, PartitionId};
use crate::base::units::{Bytes, Seconds};

/// The code of the warning, which the planner gives, of waves that live traffic never lets be undone at the throttle.
pub const NEVER_ENDS: &str = "rollback-never-ends";

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
    /// Log dirs of that one where they were chosen.
    pub current_dirs: Dirs<'a>,
    /// The leader when the last of them ended, before any election.
    pub current_leader: Option<BrokerId>,
    /// Bytes of one replica.
    pub size: Bytes,
    /// Whether the plan touches no leader, so that the way back ends without an election.
    pub leaves_leaders: bool,
}

impl<'a> Restore<'a> {
    /// Replicas that have to be copied back, in list order.
    pub fn adding(&self) -> impl Iterator<Item = BrokerId> + use<'a> {
        let current = self.current;
        self.replicas.iter().copied().filter(move |id| !current.contains(id))
    }

    /// Brokers that a copy comes back to, each as often as it does: to a list again, or to its old log dir.
    pub fn copied_to(&self) -> impl Iterator<Item = BrokerId> + use<'a> {
        let back = changing_dir(self.current, self.current_dirs, self.replicas, self.dirs);
        self.adding().chain(back.map(|change| change.0))
    }

    /// Whether the leader may differ from the preferred one of the restored list once that is in place.
    ///
    /// It leads who led before while it stays in the list; that is the preferred leader of the plan, or,
    /// when nobody held the election, whoever led when the wave ended. Where the plan touches no leader, none is
    /// due.
    pub fn needs_election(&self) -> bool {
        let stays = |leader: Option<BrokerId>| leader.filter(|id| self.replicas.contains(id));
        let preferred = self.replicas.first().copied();
        let leaders = [self.current.first().copied(), self.current_leader];
        !self.leaves_leaders
            && leaders.into_iter().any(|leader| stays(leader).is_some_and(|leader| Some(leader) != preferred))
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
    let same = |a: &u32, b: &u32| plan.same_partition(*a, *b);
    let rows = sorted.chunk_by(same).map(|rows| (rows[0], rows[rows.len() - 1])).collect();
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
                current_dirs: last.dirs,
                current_leader: last.leader_after,
                size: last.size,
                leaves_leaders: last.leaves_leaders,
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
        let undone = &self.plan.waves[self.to_wave as usize - 1..];
        let first = undone.iter().find_map(|wave| wave.throttle.as_ref())?;
        if undone.iter().filter_map(|wave| wave.throttle.as_ref()).all(|other| other == first)
            && first.brokers.is_empty()
        {
            return Some(first.clone());
        }
        // Brokers of several waves: who has which rate stands in the request.
        let serving = |id: &BrokerId| self.plan.broker(*id).is_some_and(|broker| broker.state.serves());
        let brokers = self.restores().flat_map(|restore| restore.current.iter().chain(restore.replicas)).copied();
        Throttle::among(&self.plan.request, brokers.filter(serving)).or_else(|| Some(first.clone()))
    }
}

impl Plan {
    /// Who leads a partition when a wave of it has ended and its election was held: the first of its list, where its
    /// broker serves and the plan touches leaders at all.
    pub fn leader_once_done(&self, moved: &Move<'_>) -> Option<BrokerId> {
        let head = moved.replicas.first().copied();
        let serves = |id: &BrokerId| self.broker(*id).is_none_or(|broker| broker.state.serves());
        head.filter(|head| !moved.leaves_leaders && serves(head)).or(moved.leader_after)
    }
}

/// The waves from `to_wave` on undone one after the other, the last one first, as waves of a plan of their own.
///
/// Each leads from the lists that its wave left to those that it found, with its time as `copy_seconds`. Of brokers and
/// summary only what is known without the cluster is told: how much is copied, in how many waves, how long.
///
/// # Errors
/// As [`rollback()`].
pub fn waves(plan: &Plan, to_wave: u32) -> Result<Plan> {
    rollback(plan, to_wave)?;
    let mut back = Plan {
        kshift: plan.kshift.clone(),
        request: plan.request.clone(),
        cluster: plan.cluster.clone(),
        brokers: plan.brokers.clone(),
        topics: plan.topics.clone(),
        moves: Moves { dir_names: plan.moves.dir_names.clone(), ..Moves::default() },
        waves: Vec::new(),
        summary: Summary::default(),
        warnings: plan.warnings.iter().filter(|warning| warning.code == NEVER_ENDS).cloned().collect(),
        deferred: Vec::new(),
        complete: true,
        drift: None,
        throttles_before: plan.throttles_before.clone(),
    };
    for wave in plan.waves[to_wave as usize - 1..].iter().rev() {
        let start = back.moves.size.len();
        for row in wave.rows.clone() {
            push_undone(plan, row, &mut back.moves);
        }
        back.waves.push(Wave {
            index: back.waves.len() as u32 + 1,
            stage: wave.stage,
            copy_seconds: wave.rollback_seconds,
            duration_seconds: None,
            bottleneck: None,
            limit: None,
            throttle: wave.throttle.clone(),
            dates: None,
            rollback_seconds: wave.copy_seconds,
            rollback_peak_disk_utilization: None,
            at_risk: None,
            rows: start..back.moves.size.len(),
        });
    }
    let times: Option<Vec<Seconds>> = back.waves.iter().map(|wave| wave.copy_seconds).collect();
    let copies: u64 = (0..back.moves.size.len()).map(|row| back.get(row).copied_to().count() as u64).sum();
    let bytes = back.waves.iter().flat_map(|wave| back.moves_of(wave));
    let bytes = bytes.map(|moved| Bytes::new(moved.size.get() * moved.copied_to().count() as u64)).sum();
    back.summary = Summary {
        replicas_moved: copies,
        bytes_moved: bytes,
        waves: back.waves.len() as u32,
        makespan_seconds: times.map(|times| times.into_iter().sum()),
        ..Summary::default()
    };
    Ok(back)
}

/// A row of a plan, the other way round.
fn push_undone(plan: &Plan, row: usize, moves: &mut Moves) {
    let (moved, all) = (plan.get(row), &plan.moves);
    let restored = moved.previous;
    let serves = |id: &BrokerId| plan.broker(*id).is_none_or(|broker| broker.state.serves());
    let head = restored.first().copied();
    let leads_next = |leader: BrokerId| {
        if restored.contains(&leader) { Some(leader) } else { restored.iter().copied().find(serves) }
    };
    // It may lead who heads the list, or, where nobody held the election, whoever led when the wave ended: an election
    // is due when it would be with either.
    let leader = plan.leader_once_done(&moved);
    let may_lead = [leader, moved.leader_after];
    let next: Vec<Option<BrokerId>> = may_lead.into_iter().flatten().map(leads_next).collect();
    let leader_after = next.iter().copied().find(|next| *next != head).or(next.first().copied()).flatten();
    moves.topic.push(all.topic[row]);
    moves.partition.push(all.partition[row]);
    moves.replicas.push(restored.iter().copied());
    moves.previous.push(moved.replicas.iter().copied());
    moves.dir.push(all.previous_dir.get(row).iter().copied());
    moves.previous_dir.push(all.dir.get(row).iter().copied());
    moves.leader.push(leader);
    moves.leader_after.push(leader_after);
    moves.size.push(moved.size);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Stage, sample};

    fn lists(rollback: &Rollback<'_>) -> Vec<(String, Vec<i32>)> {
        let ids = |ids: &[BrokerId]| ids.iter().map(|id| id.get()).collect();
        rollback.restores().map(|r| (format!("{}-{}", r.topic, r.partition), ids(r.replicas))).collect()
    }

    /// orders-0 walks over three waves; orders-1 moves in the second, orders-2 in the third.
    fn walking() -> Plan {
        let mut plan = sample::empty(&["orders"]);
        let waves: [&[sample::Row<'_>]; 3] = [
            &[sample::Row::new("orders", 0, &[1001, 1002], &[1, 1002], 5)],
            &[sample::Row::new("orders", 1, &[1002], &[2], 5), sample::Row::new("orders", 0, &[1, 1002], &[1, 2], 5)],
            &[sample::Row::new("orders", 0, &[1, 2], &[2, 1], 5), sample::Row::new("orders", 2, &[1001], &[10], 5)],
        ];
        for rows in waves {
            sample::push_wave(&mut plan, Stage::Data, None, rows);
        }
        plan
    }

    #[test]
    fn going_back_to_a_wave_restores_the_list_from_before_it() {
        let plan = walking();
        let back = |wave| lists(&rollback(&plan, wave).unwrap());
        let name = |partition: i32, ids: &[i32]| (format!("orders-{partition}"), ids.to_vec());
        assert_eq!(back(1), [name(0, &[1001, 1002]), name(1, &[1002]), name(2, &[1001])]);
        assert_eq!(back(2), [name(0, &[1, 1002]), name(1, &[1002]), name(2, &[1001])]);
        assert_eq!(back(3), [name(0, &[1, 2]), name(2, &[1001])]);
    }

    #[test]
    fn what_is_copied_back_is_what_the_final_list_lacks() {
        let plan = walking();
        let copied = |wave: u32, at: usize| -> Vec<i32> {
            rollback(&plan, wave).unwrap().restores().nth(at).unwrap().adding().map(BrokerId::get).collect()
        };
        assert_eq!(copied(1, 0), [1001, 1002]);
        assert_eq!(copied(2, 0), [1002]);
        assert!(copied(3, 0).is_empty());
    }

    #[test]
    fn undoing_all_waves_restores_where_every_partition_first_stood() {
        for plan in [sample::sample(), sample::large(20_000), walking()] {
            let all = rollback(&plan, 1).unwrap();
            let mut seen = std::collections::BTreeSet::new();
            let mut first = Vec::new();
            for row in 0..plan.moves.size.len() {
                let m = plan.get(row);
                if seen.insert((m.topic, m.partition)) {
                    first.push((m.topic, m.partition, m.previous));
                }
            }
            first.sort_unstable();
            let restored: Vec<_> = all.restores().map(|r| (r.topic, r.partition, r.replicas)).collect();
            assert!(restored == first);
        }
    }

    #[test]
    fn an_election_is_due_where_a_leader_stays_that_is_not_preferred() {
        let mut plan = sample::empty(&["orders"]);
        let row = sample::Row::new;
        let rows = [
            // 2 leads when the wave has ended and is not in the restored list, so its head takes over.
            row("orders", 0, &[1001, 1002], &[2, 1002], 5),
            // 1002 leads by its place at the head, stays, and is second in the restored list.
            row("orders", 1, &[1001, 1002], &[1002, 2], 5),
            // Nobody held the election: 1002 still leads.
            sample::Row { leader_after: Some(1002), ..row("orders", 2, &[1001, 1002], &[2, 1002], 5) },
            // The head stays the head.
            row("orders", 3, &[1003, 1001], &[1003, 2], 5),
        ];
        sample::push_wave(&mut plan, Stage::Data, None, &rows);
        let due: Vec<bool> = rollback(&plan, 1).unwrap().restores().map(|r| r.needs_election()).collect();
        assert_eq!(due, [false, true, true, false]);
    }

    #[test]
    fn a_wave_that_is_not_there_is_refused_with_the_range() {
        let plan = sample::sample();
        for wave in [0, 4, u32::MAX] {
            let error = rollback(&plan, wave).unwrap_err();
            assert_eq!(error.code(), Code::InvalidValue);
            assert!(error.message().contains("from 1 to 3"), "{error}");
        }
        assert_eq!(rollback(&sample::empty(&[]), 1).unwrap_err().code(), Code::InvalidValue);
    }
}
