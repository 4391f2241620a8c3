//! A cluster as Cruise Control would answer about it: the inverse of the reader, as its own classes write the answers.

use std::collections::BTreeMap;

use kshift::base::ids::BrokerId;
use kshift::base::units::Bytes;
use kshift::snapshot::{Broker, BrokerState, Snapshot};
use serde_json::{Map, Value, json};

/// Named answers, each a JSON document.
pub struct Answers(pub BTreeMap<&'static str, Value>);

const MIB: f64 = 1_048_576.0;
const KIB: f64 = 1_024.0;

impl Answers {
    /// What would be answered about a cluster.
    pub fn of(snapshot: &Snapshot) -> Self {
        Answers(BTreeMap::from([
            ("state.json", state(snapshot)),
            ("load.json", load(snapshot)),
            ("partition_load.json", partition_load(snapshot)),
            ("capacity.json", capacity(snapshot)),
        ]))
    }

    /// The same without some of them.
    pub fn without(mut self, names: &[&'static str]) -> Self {
        for name in names {
            self.0.remove(name).expect("it is there");
        }
        self
    }

    /// The same with one of them changed.
    pub fn with(mut self, name: &'static str, change: impl FnOnce(&mut Value)) -> Self {
        change(self.0.get_mut(name).expect("it is there"));
        self
    }

    /// As files.
    pub fn files(&self) -> Vec<(String, String)> {
        self.0.iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect()
    }
}

fn state(snapshot: &Snapshot) -> Value {
    let partitions = &snapshot.partitions;
    let mut lists: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for key in ["offline", "with-offline-replicas", "urp", "under-min-isr"] {
        lists.insert(key, Vec::new());
    }
    let (mut replicas, mut leaders) = (BTreeMap::new(), BTreeMap::new());
    for row in 0..partitions.len() {
        let topic = snapshot.topic_of(row);
        let ids = |ids: &[BrokerId]| ids.iter().map(|id| id.get()).collect::<Vec<_>>();
        let (list, isr) = (ids(partitions.replicas.get(row)), ids(partitions.isr.get(row)));
        let min_isr: usize = topic.config.get("min.insync.replicas").map_or(1, |text| text.parse().unwrap());
        let dead = |id: &i32| !snapshot.broker(BrokerId::new(*id)).is_some_and(|broker| broker.state.serves());
        let offline: Vec<i32> = list.iter().copied().filter(dead).collect();
        let out_of_sync: Vec<i32> = list.iter().copied().filter(|id| !isr.contains(id)).collect();
        let leader = partitions.leader[row].map(BrokerId::get);
        let entry = json!({"topic": topic.name, "partition": partitions.id[row].get(), "leader": leader.unwrap_or(-1),
            "replicas": list, "in-sync": isr, "out-of-sync": out_of_sync, "offline": offline, "min-isr": min_isr});
        let mut add = |key| lists.entry(key).or_default().push(entry.clone());
        if isr.len() < min_isr {
            add("under-min-isr");
        }
        if !offline.is_empty() {
            add("with-offline-replicas");
        }
        add(match leader {
            None => "offline",
            Some(_) if isr.len() != list.len() => "urp",
            Some(_) => "other",
        });
        if let Some(leader) = leader {
            *leaders.entry(leader).or_insert(0) += 1;
            for id in list {
                *replicas.entry(id).or_insert(0) += 1;
            }
        }
    }
    for broker in snapshot.brokers.iter().filter(|broker| broker.state.serves()) {
        replicas.entry(broker.id.get()).or_insert(0);
        leaders.entry(broker.id.get()).or_insert(0);
    }
    let dirs = |offline: bool| -> Map<String, Value> {
        let known = snapshot.brokers.iter().filter(|broker| replicas.contains_key(&broker.id.get()));
        known
            .map(|broker| {
                let paths: Vec<&str> =
                    broker.log_dirs.iter().filter(|dir| dir.offline == offline).map(|dir| dir.path.as_str()).collect();
                (broker.id.to_string(), if broker.state.serves() { json!(paths) } else { json!(["broker_dead"]) })
            })
            .collect()
    };
    let text = |map: &BTreeMap<i32, i32>| map.iter().map(|(id, n)| (id.to_string(), json!(n))).collect::<Map<_, _>>();
    json!({"KafkaPartitionState": lists, "KafkaBrokerState": {
        "ReplicaCountByBrokerId": text(&replicas), "LeaderCountByBrokerId": text(&leaders),
        "OnlineLogDirsByBrokerId": dirs(false), "OfflineLogDirsByBrokerId": dirs(true),
        "OutOfSyncCountByBrokerId": {}, "OfflineReplicaCountByBrokerId": {}, "IsController": {},
        "BrokerSetByBrokerId": {}, "Summary": {"Topics": snapshot.topics.len()}}, "version": 1})
}

/// What a broker holds and leads.
fn counts(snapshot: &Snapshot, broker: &Broker) -> (usize, usize) {
    let partitions = &snapshot.partitions;
    let with_leader = (0..partitions.len()).filter(|&row| partitions.leader[row].is_some());
    with_leader.fold((0, 0), |(held, led), row| {
        let holds = partitions.replicas.get(row).contains(&broker.id);
        (held + usize::from(holds), led + usize::from(partitions.leader[row] == Some(broker.id)))
    })
}

fn load(snapshot: &Snapshot) -> Value {
    let used = snapshot.used_bytes();
    let brokers: Vec<Value> = snapshot
        .brokers
        .iter()
        .zip(&used)
        .map(|(broker, used)| {
            let is_dead = !broker.state.serves();
            let mib = |bytes: Bytes| bytes.as_f64() / MIB;
            let (held, led) = counts(snapshot, broker);
            let host = broker.host.clone().unwrap_or_else(|| format!("host-{}", broker.id));
            let capacity: f64 = broker.log_dirs.iter().filter_map(|dir| dir.capacity).map(mib).sum();
            let disk: f64 = used.iter().copied().map(mib).sum();
            let disks: Map<String, Value> = broker
                .log_dirs
                .iter()
                .zip(used)
                .map(|(dir, &used)| {
                    let entry = match dir.capacity.filter(|_| !dir.offline) {
                        Some(capacity) => json!({"DiskMB": mib(used), "DiskPct": mib(used) * 100.0 / mib(capacity), "NumReplicas": 0, "NumLeaderReplicas": 0}),
                        None => json!({"DiskMB": "DEAD", "DiskPct": "DEAD", "NumReplicas": 0, "NumLeaderReplicas": 0}),
                    };
                    (dir.path.clone(), entry)
                })
                .collect();
            let rack = if is_dead { Some(String::new()) } else { broker.rack.clone() };
            let state = match broker.state {
                BrokerState::Dead => "DEAD",
                _ if broker.log_dirs.iter().any(|dir| dir.offline) => "BAD_DISKS",
                _ => "ALIVE",
            };
            let rate = |capacity: Option<kshift::base::units::Traffic>| capacity.map_or(0.0, |rate| rate.get() / KIB);
            json!({"Host": if is_dead { format!("UNKNOWN_HOST-{}", broker.id) } else { host.clone() }, "Broker": broker.id.get(),
                "Rack": rack.unwrap_or(host), "BrokerState": state, "DiskMB": disk, "DiskPct": 0.0, "CpuPct": 0.0, "LeaderNwInRate": 0.0,
                "FollowerNwInRate": 0.0, "NwOutRate": 0.0, "PnwOutRate": 0.0, "Replicas": held, "Leaders": led,
                "DiskCapacityMB": capacity, "NetworkInCapacity": rate(broker.in_capacity),
                "NetworkOutCapacity": rate(broker.out_capacity), "NumCore": 16.0, "DiskState": disks})
        })
        .collect();
    json!({"hosts": [], "brokers": brokers, "version": 1})
}

fn partition_load(snapshot: &Snapshot) -> Value {
    let partitions = &snapshot.partitions;
    let records: Vec<Value> = (0..partitions.len())
        .filter_map(|row| {
            let leader = partitions.leader[row]?;
            let followers: Vec<i32> =
                partitions.replicas.get(row).iter().filter(|&&id| id != leader).map(|id| id.get()).collect();
            let written = partitions.bytes_in[row].get() / KIB;
            let sent = partitions.bytes_out[row].get() / KIB + written * followers.len() as f64;
            Some(json!({"topic": snapshot.topic_of(row).name, "partition": partitions.id[row].get(), "leader": leader.get(),
                "followers": followers, "cpu": 0.1, "networkInbound": written, "networkOutbound": sent,
                "disk": partitions.size[row]?.as_f64() / MIB, "msg_in": 1.0}))
        })
        .collect();
    json!({"records": records, "version": 1})
}

fn capacity(snapshot: &Snapshot) -> Value {
    let entries: Vec<Value> = snapshot
        .brokers
        .iter()
        .filter(|broker| broker.log_dirs.iter().any(|dir| dir.capacity.is_some()))
        .map(|broker| {
            let text = |bytes: Bytes| (bytes.as_f64() / MIB).to_string();
            let sizes = broker.log_dirs.iter().filter_map(|dir| Some((dir.path.clone(), json!(text(dir.capacity?)))));
            let rate = |rate: Option<kshift::base::units::Traffic>| rate.map_or(1e6, |rate| rate.get() / KIB).to_string();
            json!({"brokerId": broker.id.to_string(), "capacity": {"DISK": sizes.collect::<Map<_, _>>(), "CPU": {"num.cores": "16"},
                "NW_IN": rate(broker.in_capacity), "NW_OUT": rate(broker.out_capacity)}})
        })
        .collect();
    json!({"brokerCapacities": entries})
}
