//! What each target carries beside its share, added up from the lists of a plan alone.
//!
//! Share: what comes to a broker's rack, in proportion to the capacities of the rack's targets, where what
//! stays on a target counts first (docs/model.md, "Who holds and who leads"). For leaders: of all targets.

use std::collections::BTreeMap;

use kshift::base::ids::BrokerId;
use kshift::plan::{Plan, PlanBroker, Role};
use kshift::snapshot::Snapshot;

/// The ordered list that each partition ends with, in the order of the snapshot's rows.
pub fn final_lists(snapshot: &Snapshot, plan: &Plan) -> Vec<Vec<BrokerId>> {
    let rows = 0..snapshot.partitions.len();
    let mut lists: Vec<Vec<BrokerId>> = rows.map(|row| snapshot.partitions.replicas.get(row).to_vec()).collect();
    for row in 0..plan.moves.size.len() {
        let moved = plan.get(row);
        let at = snapshot.row_of(moved.topic, moved.partition).expect("a plan moves what is there");
        lists[at] = moved.replicas.to_vec();
    }
    lists
}

/// Replicas of a topic on targets of a rack, those that stay and those that come.
type Held = Vec<(usize, [f64; 2])>;

/// How far the worst target is from its share: 1 is exactly the share, or as near as whole numbers allow.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    /// Fullest disk over the least possible.
    pub disk: f64,
    /// Replicas over the share; at most 1.01 where they are within the share rounded up.
    pub replicas: f64,
    /// Leaders, in the same way.
    pub leaders: f64,
    /// Produced bytes of the partitions it leads over its share, or over what it kept and the busiest partition that
    /// came to it: nobody is above its share by more than one.
    pub bytes_in: f64,
    /// Consumed bytes, in the same way.
    pub bytes_out: f64,
    /// Most replicas of one topic above the share, rounded up.
    pub topic_above: f64,
}

/// Who shares what is led.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heads {
    /// All targets.
    All,
    /// The targets of each rack, what comes to it: where most partitions have but one new replica, racks decide.
    InTheirRack,
}

impl Figures {
    /// The figures of a plan for this cluster.
    pub fn of(snapshot: &Snapshot, plan: &Plan, heads: Heads) -> Self {
        let tables = Tables::new(plan);
        let lists = final_lists(snapshot, plan);
        let mut replicas = tables.loads();
        let mut led = [(); 3].map(|()| tables.loads());
        let mut topics: BTreeMap<(u32, usize), Held> = BTreeMap::new();
        let rows = &snapshot.partitions;
        let mut busiest = [(); 3].map(|()| vec![0.0_f64; tables.rack.len()]);
        for (row, list) in lists.iter().enumerate() {
            let before = rows.replicas.get(row);
            for (id, &was) in list.iter().zip(before) {
                let Some(&at) = tables.place.get(id) else { continue };
                let moved = usize::from(*id != was);
                replicas[at][moved] += 1.0;
                let of_topic = topics.entry((rows.topic[row], tables.rack[at])).or_default();
                match of_topic.iter_mut().find(|entry| entry.0 == at) {
                    Some(entry) => entry.1[moved] += 1.0,
                    None => of_topic.push((at, if moved == 1 { [0.0, 1.0] } else { [1.0, 0.0] })),
                }
            }
            if let Some(&at) = tables.place.get(&list[0]) {
                let moved = usize::from(list[0] != before[0]);
                let traffic = [1.0, rows.bytes_in[row].get(), rows.bytes_out[row].get()];
                for (resource, amount) in traffic.into_iter().enumerate() {
                    led[resource][at][moved] += amount;
                    if moved == 1 {
                        busiest[resource][at] = busiest[resource][at].max(amount);
                    }
                }
            }
        }
        let disk = plan.summary.bounds.as_ref().and_then(|bounds| bounds.disk.as_ref());
        let count = |loads: &[[f64; 2]], pools: &[usize]| {
            tables.worst(loads, pools, |share, _| share.max((share - 1e-9).ceil() / 1.01))
        };
        let everybody = vec![0; tables.rack.len()];
        let pools = if heads == Heads::All { &everybody } else { &tables.rack };
        let bytes =
            |side: usize| tables.worst(&led[side], pools, |share, at| share.max(led[side][at][0] + busiest[side][at]));
        Figures {
            disk: disk.map_or(1.0, |disk| if disk.reached > 0.0 { disk.reached / disk.value } else { 1.0 }),
            replicas: count(&replicas, &tables.rack),
            leaders: count(&led[0], pools),
            bytes_in: bytes(1),
            bytes_out: bytes(2),
            topic_above: topics
                .iter()
                .map(|(key, held)| tables.topic_above(key.1, held, &replicas))
                .fold(f64::MIN, f64::max),
        }
    }

    /// What a user may expect of any cluster.
    pub const WANTED: Figures =
        Figures { disk: 1.005, replicas: 1.01, leaders: 1.01, bytes_in: 1.03, bytes_out: 1.03, topic_above: 1.0 };

    /// The figures that are above these limits.
    pub fn above(&self, limits: &Figures) -> Vec<String> {
        let figures = [
            ("fullest disk over the least possible", self.disk, limits.disk),
            ("replicas over their share", self.replicas, limits.replicas),
            ("leaders over their share", self.leaders, limits.leaders),
            ("produced bytes over their share", self.bytes_in, limits.bytes_in),
            ("consumed bytes over their share", self.bytes_out, limits.bytes_out),
            ("replicas of a topic above its share", self.topic_above, limits.topic_above),
        ];
        let above = figures.into_iter().filter(|(_, value, most)| *value > most + 1e-9);
        above.map(|(what, value, most)| format!("{what}: {value:.4}, at most {most}")).collect()
    }
}

/// The targets of a plan.
struct Tables {
    place: BTreeMap<BrokerId, usize>,
    /// Number of the rack of each; all alike where there are none.
    rack: Vec<usize>,
    capacity: Vec<f64>,
}

impl Tables {
    fn new(plan: &Plan) -> Self {
        let targets: Vec<&PlanBroker> = plan.brokers.iter().filter(|broker| broker.role == Role::Target).collect();
        let mut racks: Vec<Option<&str>> = targets.iter().map(|broker| broker.rack.as_deref()).collect();
        racks.sort_unstable();
        racks.dedup();
        let number = |rack: Option<&str>| racks.binary_search(&rack).expect("a rack of the list");
        let capacity = |broker: &PlanBroker| -> f64 {
            broker.log_dirs.iter().map(|dir| dir.capacity_bytes.expect("known").as_f64()).sum()
        };
        Tables {
            place: targets.iter().enumerate().map(|(at, broker)| (broker.id, at)).collect(),
            rack: targets.iter().map(|broker| number(broker.rack.as_deref())).collect(),
            capacity: targets.iter().map(|broker| capacity(broker)).collect(),
        }
    }

    /// What each target had and keeps, and what comes.
    fn loads(&self) -> Vec<[f64; 2]> {
        vec![[0.0; 2]; self.rack.len()]
    }

    /// The worst of what targets carry over what is expected for their share; a target that only keeps what
    /// it had is never too full.
    fn worst(&self, loads: &[[f64; 2]], pools: &[usize], expected: impl Fn(f64, usize) -> f64) -> f64 {
        let mut worst = 0.0_f64;
        for pool in 0..self.rack.len() {
            let members: Vec<usize> = (0..pools.len()).filter(|&at| pools[at] == pool).collect();
            let fixed: Vec<f64> = members.iter().map(|&at| loads[at][0]).collect();
            let capacity: Vec<f64> = members.iter().map(|&at| self.capacity[at]).collect();
            let level = water_level(&capacity, &fixed, members.iter().map(|&at| loads[at][1]).sum());
            for (&at, capacity) in members.iter().zip(capacity).filter(|entry| loads[*entry.0][1] > 0.0) {
                let share = loads[at][0].max(level * capacity);
                worst = worst.max((loads[at][0] + loads[at][1]) / expected(share, at));
            }
        }
        worst
    }

    /// Most replicas of one topic on a target of a rack above its share of it, rounded up. Counts go before topics:
    /// a target that takes more of all new replicas than others may take as much more of the topic.
    fn topic_above(&self, rack: usize, held: &[(usize, [f64; 2])], replicas: &[[f64; 2]]) -> f64 {
        let members: Vec<usize> = (0..self.rack.len()).filter(|&at| self.rack[at] == rack).collect();
        let load = |at: usize| held.iter().find(|entry| entry.0 == at).map_or([0.0; 2], |entry| entry.1);
        let fixed: Vec<f64> = members.iter().map(|&at| load(at)[0]).collect();
        let capacity: Vec<f64> = members.iter().map(|&at| self.capacity[at]).collect();
        let new: f64 = members.iter().map(|&at| load(at)[1]).sum();
        let all: f64 = members.iter().map(|&at| replicas[at][1]).sum();
        let level = water_level(&capacity, &fixed, new);
        let above = held.iter().filter(|entry| entry.1[1] > 0.0).map(|(at, [kept, came])| {
            let share = kept.max(level * self.capacity[*at]).max(new * replicas[*at][1] / all);
            kept + came - (share - 1e-9).ceil()
        });
        above.fold(f64::MIN, f64::max)
    }
}

/// How high water stands that is poured into vessels which hold some already.
fn water_level(widths: &[f64], fixed: &[f64], amount: f64) -> f64 {
    let mut order: Vec<usize> = (0..widths.len()).collect();
    order.sort_by(|&a, &b| (fixed[a] / widths[a]).total_cmp(&(fixed[b] / widths[b])));
    let (mut width, mut held, mut level) = (0.0, amount, 0.0);
    for at in order {
        if width > 0.0 && fixed[at] / widths[at] >= level {
            break;
        }
        width += widths[at];
        held += fixed[at];
        level = held / width;
    }
    level
}
