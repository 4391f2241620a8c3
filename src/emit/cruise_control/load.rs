//! The load of hosts and brokers, as `/load` answers it.

use std::collections::BTreeMap;

use super::disks;
use super::state::Load;
use crate::base::json::Writer;

/// `{"hosts":[…],"brokers":[…]}`.
pub(super) fn write(writer: &mut Writer, brokers: &[Load]) {
    let mut hosts: BTreeMap<&str, Load> = BTreeMap::new();
    for broker in brokers {
        match hosts.get_mut(broker.host.as_str()) {
            Some(host) => add(host, broker),
            None => drop(hosts.insert(&broker.host, broker.clone())),
        }
    }
    writer.begin_object().key("hosts").begin_array();
    for host in hosts.values() {
        writer.begin_object();
        figures(writer, host);
        writer.end_object();
    }
    writer.end_array().key("brokers").begin_array();
    for broker in brokers {
        writer.begin_object().key("Broker").int(broker.id).key("BrokerState").string(broker.state);
        figures(writer, broker);
        if !broker.disks.is_empty() {
            disks::write(writer.key("DiskState"), &broker.disks);
        }
        writer.end_object();
    }
    writer.end_array().end_object();
}

/// Several brokers on one host.
fn add(host: &mut Load, broker: &Load) {
    host.disk += broker.disk;
    host.capacity += broker.capacity;
    host.leader_in += broker.leader_in;
    host.follower_in += broker.follower_in;
    host.out += broker.out;
    host.potential_out += broker.potential_out;
    host.replicas += broker.replicas;
    host.leaders += broker.leaders;
    host.in_capacity += broker.in_capacity;
    host.out_capacity += broker.out_capacity;
    host.cores += broker.cores;
}

fn figures(writer: &mut Writer, load: &Load) {
    // Cruise Control's own mark of a share that cannot be told.
    let share = if load.capacity > 0.0 { 100.0 * load.disk / load.capacity } else { -1.0 };
    writer.key("Host").string(&load.host).key("Rack").string(&load.rack);
    for (key, value) in [
        ("DiskMB", load.disk),
        ("DiskPct", share),
        ("CpuPct", 0.0),
        ("LeaderNwInRate", load.leader_in),
        ("FollowerNwInRate", load.follower_in),
        ("NwOutRate", load.out),
        ("PnwOutRate", load.potential_out),
        ("DiskCapacityMB", load.capacity),
        ("NetworkInCapacity", load.in_capacity),
        ("NetworkOutCapacity", load.out_capacity),
        ("NumCore", load.cores),
    ] {
        writer.key(key).float(value);
    }
    writer.key("Replicas").int(load.replicas).key("Leaders").int(load.leaders);
}
