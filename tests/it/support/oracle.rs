//! An oracle that is easy to believe: tries every placement of a tiny, healthy cluster.
//!
//! It decides disks and racks alone. Without a throttle nothing else can make such a cluster impossible:
//! waves can always be cut down to one partition, and targets never lose data, so what they hold at the
//! end is also their peak.

use kshift::base::ids::BrokerId;
use kshift::base::units::Bytes;
use kshift::request::{RackPolicy, Request};
use kshift::snapshot::{BrokerState, Snapshot};

/// What the oracle found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is a placement.
    Feasible,
    /// There is none.
    Impossible,
    /// The search was given up.
    Unknown,
}

/// Placements tried before giving up.
const STEPS_MAX: u32 = 3_000_000;

/// Whether the replicas on drained brokers have a place within the disk limit and the rack policy.
pub fn verdict(snapshot: &Snapshot, request: &Request, moves: impl Fn(&str) -> bool) -> Verdict {
    let mut search = Search::new(snapshot, request);
    let columns = &snapshot.partitions;
    let rows = (0..columns.len()).filter(|&row| moves(&snapshot.topic_of(row).name));
    let mut forced: Vec<Forced> = rows
        .filter_map(|row| {
            let list = columns.replicas.get(row);
            let kept: Vec<BrokerId> = list.iter().copied().filter(|&id| !request.drain.contains(id)).collect();
            let missing = list.len() - kept.len();
            let size = columns.size[row].map_or(0, Bytes::get);
            (missing > 0).then(|| Forced { before: list.to_vec(), list: kept, missing, size })
        })
        .collect();
    // Large ones first: what does not fit is found before the small ones are tried in all ways.
    forced.sort_by_key(|partition| std::cmp::Reverse(partition.size));
    match search.place(&mut forced, 0, 0) {
        _ if search.steps >= STEPS_MAX => Verdict::Unknown,
        true => Verdict::Feasible,
        false => Verdict::Impossible,
    }
}

/// A partition with replicas to place.
struct Forced {
    before: Vec<BrokerId>,
    list: Vec<BrokerId>,
    missing: usize,
    size: u64,
}

/// A log dir of a target.
struct Open {
    broker: BrokerId,
    /// What it may still take; absent: any amount.
    room: Option<u64>,
}

/// What the rack policy asks for.
pub struct Racks<'a> {
    snapshot: &'a Snapshot,
    request: &'a Request,
    /// Racks that a partition spans at most under the strict policy.
    racks: usize,
    racks_count: bool,
}

struct Search<'a> {
    dirs: Vec<Open>,
    racks: Racks<'a>,
    steps: u32,
}

impl<'a> Racks<'a> {
    /// The policy of a request.
    pub fn new(snapshot: &'a Snapshot, request: &'a Request) -> Self {
        let mut racks = Racks { snapshot, request, racks: 0, racks_count: false };
        let alive = || snapshot.brokers.iter().filter(|broker| broker.state == BrokerState::Alive);
        racks.racks_count = request.rack_policy != RackPolicy::Ignore && alive().any(|broker| broker.rack.is_some());
        let stay: Vec<BrokerId> = alive().map(|broker| broker.id).filter(|&id| !request.drain.contains(id)).collect();
        racks.racks = racks.spread(&stay).0;
        racks
    }

    fn is_target(&self, id: BrokerId) -> bool {
        let alive = self.snapshot.broker(id).is_some_and(|broker| broker.state == BrokerState::Alive);
        let onto = self.request.onto.as_ref();
        alive && !self.request.drain.contains(id) && onto.is_none_or(|onto| onto.contains(id))
    }

    /// Brokers that may receive and have a log dir that works.
    pub fn targets(&self) -> Vec<BrokerId> {
        let works = |dirs: &[kshift::snapshot::LogDir]| dirs.is_empty() || dirs.iter().any(|dir| !dir.offline);
        let brokers = self.snapshot.brokers.iter().filter(|broker| works(&broker.log_dirs));
        brokers.map(|broker| broker.id).filter(|&id| self.is_target(id)).collect()
    }

    /// Distinct racks, and replicas in the fullest one; a broker of unknown rack is a rack of its own.
    fn spread(&self, list: &[BrokerId]) -> (usize, usize) {
        let rack = |id: BrokerId| match self.snapshot.broker(id).and_then(|broker| broker.rack.as_deref()) {
            Some(rack) => format!("rack {rack}"),
            None => format!("broker {id}"),
        };
        let mut racks: Vec<String> = list.iter().map(|&id| rack(id)).collect();
        racks.sort_unstable();
        let fullest = racks.chunk_by(|a, b| a == b).map(<[String]>::len).max().unwrap_or(0);
        racks.dedup();
        (racks.len(), fullest)
    }

    /// Whether a list may become another.
    pub fn hold(&self, before: &[BrokerId], after: &[BrokerId]) -> bool {
        let (racks, fullest) = self.spread(after);
        match self.request.rack_policy {
            _ if !self.racks_count => true,
            RackPolicy::Ignore => true,
            RackPolicy::Strict => racks >= self.racks.min(after.len()),
            RackPolicy::Preserve => {
                let before = self.spread(before);
                racks > before.0 || racks == before.0 && fullest <= before.1
            }
        }
    }
}

impl<'a> Search<'a> {
    fn new(snapshot: &'a Snapshot, request: &'a Request) -> Self {
        let racks = Racks::new(snapshot, request);
        let used = snapshot.used_bytes();
        let mut dirs = Vec::new();
        for (broker, used) in snapshot.brokers.iter().zip(&used).filter(|(broker, _)| racks.is_target(broker.id)) {
            for (dir, used) in broker.log_dirs.iter().zip(used) {
                let limit = dir.capacity.map(|capacity| request.disk_limit.of(capacity));
                let room = limit.map(|limit| limit.saturating_sub(*used).get());
                let over = limit.is_some_and(|limit| *used > limit);
                let room = if request.ignore_disk { None } else { room };
                // A dir beyond its limit may not even receive nothing.
                if !over || request.ignore_disk {
                    dirs.push(Open { broker: broker.id, room });
                }
            }
        }
        Search { dirs, racks, steps: 0 }
    }

    /// Places partition `at` and all behind it; of one partition, replicas go to dirs in ascending order.
    fn place(&mut self, forced: &mut [Forced], at: usize, first_dir: usize) -> bool {
        self.steps += 1;
        if self.steps >= STEPS_MAX {
            return false;
        }
        let Some(partition) = forced.get(at) else { return true };
        if partition.list.len() == partition.before.len() {
            return self.racks.hold(&partition.before, &partition.list) && self.place(forced, at + 1, 0);
        }
        debug_assert!(partition.missing > 0);
        let size = partition.size;
        for dir in first_dir..self.dirs.len() {
            let Open { broker, room } = self.dirs[dir];
            if forced[at].list.contains(&broker)
                || forced[at].before.contains(&broker)
                || room.is_some_and(|room| room < size)
            {
                continue;
            }
            self.dirs[dir].room = room.map(|room| room - size);
            forced[at].list.push(broker);
            let found = self.place(forced, at, dir + 1);
            forced[at].list.pop();
            self.dirs[dir].room = room;
            if found {
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::shrink::case;

    /// Brokers 1 and 2 of rack a hold `t-0`; 3 is in rack a, 4 in rack b; each has room for 100 bytes.
    fn two_replicas(size: u64, request: &str) -> Verdict {
        let broker = |id: u32, rack: &str| {
            format!(r#"{{"id":{id},"rack":"{rack}","log_dirs":[{{"path":"/d","capacity_bytes":100}}]}}"#)
        };
        let brokers = [broker(1, "a"), broker(2, "b"), broker(3, "a"), broker(4, "b")].join(",");
        let cluster = format!(
            r#"{{"kind":"kshift.cluster","version":1,"brokers":[{brokers}],"topics":[{{"name":"t","partitions":[
               {{"partition":0,"replicas":[1,2],"size_bytes":{size}}}]}}]}}"#
        );
        let (snapshot, request) = case(&cluster, request);
        verdict(&snapshot, &request, |_| true)
    }

    #[test]
    fn the_oracle_knows_the_disk_limit_and_the_racks() {
        assert_eq!(two_replicas(85, r#"{"drain":"1-2"}"#), Verdict::Feasible);
        assert_eq!(two_replicas(86, r#"{"drain":"1-2"}"#), Verdict::Impossible);
        assert_eq!(two_replicas(86, r#"{"drain":"1-2","ignore_disk":true}"#), Verdict::Feasible);
        assert_eq!(two_replicas(9, r#"{"drain":"1","onto":"4"}"#), Verdict::Impossible);
        assert_eq!(two_replicas(9, r#"{"drain":"1","onto":"3"}"#), Verdict::Feasible);
        assert_eq!(two_replicas(9, r#"{"drain":"1","onto":"4","rack_policy":"ignore"}"#), Verdict::Feasible);
        assert_eq!(two_replicas(9, r#"{"drain":"1-3"}"#), Verdict::Impossible);
    }
}
