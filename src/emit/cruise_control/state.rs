//! The brokers of a plan before or after some of its moves, in the figures that Cruise Control shows of them.

use rustc_hash::{FxHashMap, FxHashSet};

use super::disks::{self, Disk, Disks};
use crate::base::ids::{BrokerId, IdTable, PartitionId};
use crate::plan::{Dirs, Plan, PlanBroker, Role};
use crate::snapshot::{BrokerState, Snapshot};

pub(super) const MIB: f64 = 1_048_576.0;
const KIB: f64 = 1_024.0;

/// A broker in Cruise Control's figures: MiB and KiB/s.
#[derive(Clone, Debug, Default)]
pub(super) struct Load {
    pub id: i32,
    pub host: String,
    pub rack: String,
    pub state: &'static str,
    pub is_alive: bool,
    /// Whether replicas may come to it: alive, and not to be emptied.
    pub may_receive: bool,
    pub disk: f64,
    /// 0 where it is not known.
    pub capacity: f64,
    pub leader_in: f64,
    pub follower_in: f64,
    pub out: f64,
    /// What it would send if it led all that it holds.
    pub potential_out: f64,
    pub replicas: u64,
    pub leaders: u64,
    pub in_capacity: f64,
    pub out_capacity: f64,
    /// Cores of its processors; 0 where they are not known.
    pub cores: f64,
    /// Its log dirs; empty where they cannot be told.
    pub disks: Vec<Disk>,
}

/// How many replicas of each topic lie on each broker: the most and the least over all pairs of a topic and a broker,
/// the others per broker that may receive, as a mean over the topics.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TopicReplicas {
    pub mean: f64,
    pub most: u64,
    pub least: u64,
    pub deviation: f64,
}

/// All brokers at one moment of a plan.
pub(super) struct State {
    pub brokers: Vec<Load>,
    pub topics: usize,
    pub topic_replicas: TopicReplicas,
    /// Whether some partition that is known has two replicas in one rack.
    pub shares_racks: bool,
}

/// A partition that the plan has moved so far.
pub(super) struct Moved<'a> {
    pub replicas: &'a [BrokerId],
    pub dirs: Dirs<'a>,
    /// What the last of its steps began with.
    pub previous: &'a [BrokerId],
    pub previous_dirs: Dirs<'a>,
    leader: Option<BrokerId>,
}

/// Where the brokers of a plan stand in it, and their racks.
struct Places<'a> {
    rows: IdTable,
    racks: Vec<Option<&'a str>>,
}

impl<'a> Places<'a> {
    fn of(plan: &'a Plan) -> Self {
        let rows = IdTable::new(plan.brokers.iter().map(|broker| broker.id));
        Places { rows, racks: plan.brokers.iter().map(|broker| broker.rack.as_deref()).collect() }
    }

    /// Whether a list has two brokers of one rack.
    fn share_rack(&self, replicas: &[BrokerId]) -> bool {
        let rack = |id: &BrokerId| self.rows.row(*id).and_then(|row| self.racks[row]);
        (1..replicas.len()).any(|at| {
            let own = rack(&replicas[at]);
            own.is_some() && replicas[..at].iter().any(|other| rack(other) == own)
        })
    }
}

impl State {
    /// The brokers after the first `end` moves of the plan.
    pub fn after_rows(plan: &Plan, cluster: Option<&Snapshot>, end: usize) -> Self {
        let mut brokers: Vec<Load> = plan.brokers.iter().map(|broker| load_of(plan, broker, cluster)).collect();
        let places = Places::of(plan);
        let place = |id: BrokerId| places.rows.row(id);
        let mut disks = Disks::before(plan, cluster, &brokers);
        let mut moved: FxHashMap<(u32, PartitionId), Moved<'_>> = FxHashMap::default();
        moved.reserve(end);
        for row in 0..end {
            let step = plan.get(row);
            let size = step.size.as_f64() / MIB;
            for at in step.adding().filter_map(place) {
                (brokers[at].replicas, brokers[at].disk) = (brokers[at].replicas + 1, brokers[at].disk + size);
            }
            for at in step.removing().filter_map(place) {
                brokers[at].replicas = brokers[at].replicas.saturating_sub(1);
                brokers[at].disk = (brokers[at].disk - size).max(0.0);
            }
            disks.apply(&step, place);
            let heads =
                (step.previous.first().copied().and_then(place), step.replicas.first().copied().and_then(place));
            if let (Some(old), Some(new)) = heads {
                brokers[old].leaders = brokers[old].leaders.saturating_sub(1);
                brokers[new].leaders += 1;
            }
            // The head leads once elections are held, unless leaders are left alone.
            let leader = if step.leaves_leaders { step.leader_after } else { step.replicas.first().copied() };
            let (replicas, dirs) = (step.replicas, step.dirs);
            let (previous, previous_dirs) = (step.previous, step.previous_dirs);
            moved.insert(
                (plan.moves.topic[row], step.partition),
                Moved { replicas, dirs, previous, previous_dirs, leader },
            );
        }
        if end == plan.moves.size.len() && end > 0 {
            disks.end(plan);
            for (load, broker) in brokers.iter_mut().zip(&plan.brokers) {
                (load.replicas, load.leaders) = (broker.replicas_after.into(), broker.leaders_after.into());
                // What removed replicas really used is known then; of several log dirs not always which one is freed.
                if let [dir] = broker.log_dirs.as_slice() {
                    load.disk = dir.used_after_bytes.as_f64() / MIB;
                }
            }
        }
        let mut state =
            State { brokers, topics: plan.topics.len(), topic_replicas: TopicReplicas::default(), shares_racks: false };
        match cluster {
            Some(cluster) => state.traffic(plan, cluster, &moved, &places, &mut disks),
            None => state.racks_of_plan(plan, &moved, &places),
        }
        disks.give(&mut state.brokers, cluster.is_some());
        state
    }

    /// Places of the brokers that may receive replicas; of all that work, when there is no such broker.
    pub fn receiving(&self) -> Vec<usize> {
        let all = |which: fn(&Load) -> bool| (0..self.brokers.len()).filter(move |&at| which(&self.brokers[at]));
        let receiving: Vec<usize> = all(|load| load.may_receive).collect();
        if receiving.is_empty() { all(|load| load.is_alive).collect() } else { receiving }
    }

    /// Only the partitions of the plan are known.
    fn racks_of_plan(&mut self, plan: &Plan, moved: &FxHashMap<(u32, PartitionId), Moved<'_>>, places: &Places<'_>) {
        let mut seen: FxHashSet<(u32, PartitionId)> = FxHashSet::default();
        for row in 0..plan.moves.size.len() {
            let key = (plan.moves.topic[row], plan.moves.partition[row]);
            if !seen.insert(key) {
                continue;
            }
            let replicas = moved.get(&key).map_or(plan.moves.previous.get(row), |moved| moved.replicas);
            self.shares_racks = self.shares_racks || places.share_rack(replicas);
        }
    }

    /// What flows through each broker, and how many replicas of each topic it holds: of every partition of the cluster.
    fn traffic(
        &mut self,
        plan: &Plan,
        cluster: &Snapshot,
        moved: &FxHashMap<(u32, PartitionId), Moved<'_>>,
        places: &Places<'_>,
        disks: &mut Disks,
    ) {
        self.topics = cluster.topics.len();
        let partitions = &cluster.partitions;
        let receiving = self.receiving();
        for broker in &mut self.brokers {
            broker.leaders = 0;
        }
        let (mut means, mut deviations, mut most, mut least) = (0.0, 0.0, 0, u64::MAX);
        let mut counts = vec![0_u64; self.brokers.len()];
        for topic in &cluster.topics {
            counts.fill(0);
            let number = plan.topics.binary_search(&topic.name).ok();
            for row in topic.rows.clone() {
                let step = number.and_then(|number| moved.get(&(number as u32, partitions.id[row])));
                let replicas = step.map_or(partitions.replicas.get(row), |step| step.replicas);
                let leader = step.map_or(partitions.leader[row], |step| step.leader);
                let written = partitions.bytes_in[row].get() / KIB;
                let sent = partitions.bytes_out[row].get() / KIB + written * replicas.len().saturating_sub(1) as f64;
                for (number, id) in replicas.iter().enumerate() {
                    let Some(at) = places.rows.row(*id) else { continue };
                    let dir = match step {
                        Some(step) => disks::dir_after(step, partitions, row, *id),
                        None => partitions.dir_of(row, number),
                    };
                    disks.count(at, dir, leader == Some(*id));
                    counts[at] += 1;
                    let broker = &mut self.brokers[at];
                    broker.potential_out += sent;
                    if leader == Some(*id) {
                        (broker.leader_in, broker.out) = (broker.leader_in + written, broker.out + sent);
                        broker.leaders += 1;
                    } else {
                        broker.follower_in += written;
                    }
                }
                self.shares_racks = self.shares_racks || places.share_rack(replicas);
            }
            let held = |at: &usize| counts[*at];
            let mean = counts.iter().sum::<u64>() as f64 / receiving.len().max(1) as f64;
            let squares: f64 = receiving.iter().map(|at| (held(at) as f64 - mean).powi(2)).sum();
            let variance = squares / receiving.len().max(1) as f64;
            (means, deviations) = (means + mean, deviations + variance.sqrt());
            most = most.max(counts.iter().copied().max().unwrap_or(0));
            least = least.min(counts.iter().copied().min().unwrap_or(0));
        }
        let topics = self.topics.max(1) as f64;
        self.topic_replicas = TopicReplicas {
            mean: means / topics,
            most,
            least: if least == u64::MAX { 0 } else { least },
            deviation: deviations / topics,
        };
    }
}

/// Brokers that are emptied of replicas: none is moved to them.
pub(super) fn emptied(plan: &Plan) -> impl Iterator<Item = &PlanBroker> {
    plan.brokers.iter().filter(|broker| broker.role == Role::Drain && !plan.request.leaders_only)
}

/// A broker before the first move, without traffic.
fn load_of(plan: &Plan, broker: &PlanBroker, cluster: Option<&Snapshot>) -> Load {
    let known = cluster.and_then(|cluster| cluster.broker(broker.id));
    // Cruise Control names hosts so that it does not know.
    let host = known.and_then(|known| known.host.clone()).unwrap_or_else(|| format!("UNKNOWN_HOST-{}", broker.id));
    let offline = |path: &str| known.is_some_and(|known| known.is_offline(path));
    let has_offline = known.is_some_and(|known| known.log_dirs.iter().any(|dir| dir.offline));
    let is_alive = broker.state.serves();
    let working = broker.log_dirs.iter().filter(|dir| is_alive && !offline(&dir.path));
    let capacity: Option<f64> = working.map(|dir| dir.capacity_bytes.map(|bytes| bytes.as_f64() / MIB)).sum();
    // What is dead holds and carries nothing, and so does what is not known: Cruise Control writes 0 for both.
    let rate = |capacity: Option<crate::base::units::Traffic>| {
        capacity.filter(|_| is_alive).map_or(0.0, |rate| rate.get() / KIB)
    };
    Load {
        id: broker.id.get(),
        // A broker without a rack stands in one that is called after its host.
        rack: broker.rack.clone().unwrap_or_else(|| host.clone()),
        host,
        state: match broker.state {
            BrokerState::Dead | BrokerState::Fenced => "DEAD",
            _ if has_offline => "BAD_DISKS",
            _ => "ALIVE",
        },
        is_alive,
        may_receive: is_alive && !emptied(plan).any(|emptied| emptied.id == broker.id),
        disk: broker.log_dirs.iter().map(|dir| dir.used_before_bytes.as_f64()).sum::<f64>() / MIB,
        capacity: capacity.unwrap_or(0.0),
        replicas: broker.replicas_before.into(),
        leaders: broker.leaders_before.into(),
        in_capacity: rate(known.and_then(|known| known.in_capacity)),
        out_capacity: rate(known.and_then(|known| known.out_capacity)),
        cores: known.and_then(|known| known.num_cores).filter(|_| is_alive).unwrap_or(0.0),
        ..Load::default()
    }
}
