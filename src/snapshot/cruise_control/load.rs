//! `/load?populate_disk_info=true`: where brokers are, what they can hold and carry, and what is in use.

use std::borrow::Cow;

use serde::Deserialize;

use super::number::{Id, Number, Pairs};

#[derive(Deserialize)]
pub(super) struct Document<'a> {
    #[serde(borrow)]
    pub brokers: Vec<Broker<'a>>,
}

/// One broker of the answer.
#[derive(Deserialize)]
pub(super) struct Broker<'a> {
    #[serde(rename = "Broker")]
    pub id: Id,
    #[serde(borrow, rename = "Host", default)]
    pub host: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "Rack", default)]
    pub rack: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "BrokerState", default)]
    state: Option<Cow<'a, str>>,
    #[serde(rename = "Replicas", default)]
    pub replicas: Option<Number>,
    #[serde(rename = "DiskMB", default)]
    pub disk: Option<Number>,
    #[serde(rename = "DiskCapacityMB", default)]
    pub capacity: Option<Number>,
    #[serde(rename = "NetworkInCapacity", default)]
    pub in_capacity: Option<Number>,
    #[serde(rename = "NetworkOutCapacity", default)]
    pub out_capacity: Option<Number>,
    #[serde(rename = "NumCore", default)]
    cores: Option<Number>,
    #[serde(rename = "DiskState", default)]
    pub disks: Pairs<Disk>,
}

/// A log dir of a broker; the numbers of a dead one are words.
#[derive(Deserialize)]
pub(super) struct Disk {
    #[serde(rename = "DiskMB", default)]
    pub disk: Option<Number>,
    #[serde(rename = "DiskPct", default)]
    pub share: Option<Number>,
}

impl Broker<'_> {
    pub fn is_dead(&self) -> bool {
        self.state.as_deref() == Some("DEAD")
    }

    /// The rack that Kafka knows: where it knows none, Cruise Control writes the host.
    pub fn own_rack(&self) -> Option<&str> {
        self.rack.as_deref().filter(|rack| !rack.is_empty() && Some(*rack) != self.host.as_deref())
    }

    /// Its cores; 1 is what Cruise Control takes where nobody named them, and less a share of one.
    pub fn cores(&self) -> Option<f64> {
        self.cores?.0.filter(|&cores| cores > 1.0)
    }

    /// Whether the rack is the host, for want of one.
    pub fn rack_is_host(&self) -> bool {
        self.rack.is_some() && self.own_rack().is_none()
    }
}

impl Disk {
    /// Space in use; none on a disk that is dead.
    pub fn used(&self) -> Option<f64> {
        self.disk.and_then(|number| number.0)
    }

    /// What the disk can hold, as the share in use tells it.
    pub fn capacity(&self) -> Option<f64> {
        let (used, share) = (self.used()?, self.share?.0?);
        let capacity = used * 100.0 / share;
        // Capacities are written in whole MiB; what division adds is not one.
        let whole = capacity.round();
        (used > 0.0 && share > 0.0).then_some(if (capacity - whole).abs() < 1e-6 * whole { whole } else { capacity })
    }
}

/// Whether the answer was asked for capacities alone.
pub(super) fn is_capacity_only(document: &Document<'_>) -> bool {
    let zero = |number: Option<Number>| number.is_none_or(|number| number.0.is_none_or(|number| number == 0.0));
    document.brokers.iter().all(|broker| zero(broker.replicas) && zero(broker.disk))
}
