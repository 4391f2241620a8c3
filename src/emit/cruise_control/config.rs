//! The files that Cruise Control is configured with: capacities, and sets of brokers.

use crate::base::json::Writer;
use crate::base::units::{Bytes, Traffic};
use crate::plan::{Plan, PlanBroker, Role};
use crate::snapshot::{Broker, Snapshot};

/// What stands for a network of which nothing is known: 10 Gbit/s in KiB/s.
const NETWORK_KIB: &str = "1220703";

/// `capacity.json`: every broker whose log dirs have a known capacity, each dir by itself. Every number is text.
pub(super) fn capacity(plan: &Plan, cluster: Option<&Snapshot>) -> Vec<u8> {
    // Cruise Control takes cores for all brokers or for none.
    let has_cores =
        capacities(plan).all(|(broker, _)| known(cluster, broker).is_some_and(|known| known.num_cores.is_some()));
    let mut writer = Writer::default();
    writer.begin_object().key("brokerCapacities").begin_array();
    for (broker, sizes) in capacities(plan) {
        let known = known(cluster, broker);
        let rates = known.map_or((None, None), |known| (known.in_capacity, known.out_capacity));
        writer.begin_object().key("brokerId").string(&broker.id.to_string()).key("capacity").begin_object();
        writer.key("DISK");
        match sizes.as_slice() {
            // A dir whose path is not known.
            [(path, size)] if !path.starts_with('/') => drop(writer.string(&mib(*size))),
            _ => {
                writer.begin_object();
                for (path, size) in &sizes {
                    writer.free_key(path).string(&mib(*size));
                }
                writer.end_object();
            }
        }
        writer.key("CPU");
        match known.and_then(|known| known.num_cores).filter(|_| has_cores) {
            Some(cores) => writer.begin_object().key("num.cores").string(&cores.to_string()).end_object(),
            None => writer.string("100"),
        };
        writer.key("NW_IN").string(&kib(rates.0)).key("NW_OUT").string(&kib(rates.1)).end_object();
        let doc = match (rates, has_cores) {
            ((Some(_), Some(_)), true) => "DISK in MiB, NW_IN and NW_OUT in KiB/s",
            (_, true) => "DISK in MiB; NW_IN or NW_OUT in KiB/s is not known to kshift: write what is true",
            ((Some(_), Some(_)), false) => "DISK in MiB, NW_IN and NW_OUT in KiB/s; CPU is not known to kshift",
            _ => "DISK in MiB; CPU, and NW_IN or NW_OUT in KiB/s, are not known to kshift: write what is true",
        };
        writer.key("doc").string(doc).end_object();
    }
    writer.end_array().end_object();
    writer.into_bytes()
}

/// Brokers whose log dirs all have a known capacity, with these.
fn capacities(plan: &Plan) -> impl Iterator<Item = (&PlanBroker, Vec<(&str, Bytes)>)> {
    plan.brokers.iter().filter_map(|broker| {
        let sizes: Option<Vec<(&str, Bytes)>> =
            broker.log_dirs.iter().map(|dir| Some((dir.path.as_str(), dir.capacity_bytes?))).collect();
        Some((broker, sizes.filter(|sizes| !sizes.is_empty())?))
    })
}

fn known<'a>(cluster: Option<&'a Snapshot>, broker: &PlanBroker) -> Option<&'a Broker> {
    cluster?.broker(broker.id)
}

fn mib(size: Bytes) -> String {
    let whole = size.get() >> 20;
    if size.get() == whole << 20 { whole.to_string() } else { (size.as_f64() / 1_048_576.0).to_string() }
}

fn kib(rate: Option<Traffic>) -> String {
    rate.map_or_else(|| NETWORK_KIB.to_owned(), |rate| (rate.get() / 1_024.0).to_string())
}

/// `brokerSets.json`: drained brokers, targets, and all others.
pub(super) fn broker_sets(plan: &Plan) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.begin_object().key("brokerSets").begin_array();
    let sets = [
        (Role::Drain, "kshift-drain", "brokers that the plan empties"),
        (Role::Target, "kshift-target", "brokers that the plan fills"),
        (Role::Other, "kshift-other", "brokers that the plan leaves as they are"),
    ];
    for (role, name, doc) in sets {
        let ids: Vec<i32> =
            plan.brokers.iter().filter(|broker| broker.role == role).map(|broker| broker.id.get()).collect();
        if !ids.is_empty() {
            writer.begin_object().key("brokerSetId").string(name).key("brokerIds").begin_array();
            for id in ids {
                writer.int(id);
            }
            writer.end_array().key("doc").string(doc).end_object();
        }
    }
    writer.end_array().end_object();
    writer.into_bytes()
}
