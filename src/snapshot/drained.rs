//! Which brokers a request drains: those that it names, and those of the racks that it names.

use super::Snapshot;
use crate::base::error::{Code, Error, Place, Result, near_miss};
use crate::base::ids::IdSet;
use crate::base::text::either;
use crate::request::Request;

impl Snapshot {
    /// Every broker that `request` drains, in ascending order of id.
    ///
    /// # Errors
    /// [`Code::UnknownRack`] for a rack of `--drain-rack` that no broker is in.
    pub fn drained(&self, request: &Request) -> Result<IdSet> {
        let mut known: Vec<&str> = self.brokers.iter().filter_map(|broker| broker.rack.as_deref()).collect();
        known.sort_unstable();
        known.dedup();
        let unknown: Vec<&str> = request.drain_rack.iter().filter(|rack| !known.contains(rack)).collect();
        if let Some(&first) = unknown.first() {
            return Err(unknown_racks(&unknown, first, &known));
        }
        let in_racks = self.brokers.iter().filter(|broker| {
            broker.rack.as_deref().is_some_and(|rack| request.drain_rack.contains(rack))
                && !request.drain.contains(broker.id)
        });
        let all = request.drain.iter().chain(in_racks.map(|broker| broker.id));
        Ok(IdSet::from_ids(all).expect("no broker stands twice"))
    }
}

fn unknown_racks(unknown: &[&str], first: &str, known: &[&str]) -> Error {
    let quoted = |racks: &[&str]| racks.iter().map(|rack| format!("`{rack}`")).collect::<Vec<_>>().join(", ");
    let noun = either(unknown.len(), "rack", "racks");
    let error =
        Error::new(Code::UnknownRack, format!("--drain-rack names {noun} {}, unknown to the cluster", quoted(unknown)))
            .at(Place::source("--drain-rack"))
            .detail("racks", unknown)
            .detail("known", known);
    if known.is_empty() {
        return error
            .note("the cluster names the rack of no broker")
            .help("name racks with `--racks FILE`, or drain brokers by id, as in `--drain 1001-1012`");
    }
    let error = error.note(format!("the cluster has {} {}", either(known.len(), "rack", "racks"), quoted(known)));
    match near_miss(first, known.iter().copied()) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help("`kshift snapshot CLUSTER` shows the rack of each broker"),
    }
}
