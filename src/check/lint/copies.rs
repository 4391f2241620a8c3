//! Copies that come and go: a broker that receives as many replicas as it loses ends with as many as it had.
//!
//! Any move from one number of replicas per broker to another needs at least the sum of what brokers gain on balance.
//! A drain needs no more: old brokers only lose and new ones only gain. What is above that is exchange between brokers.

use super::{Case, EXAMPLES, Lint};
use crate::base::text::{counted, grouped};
use crate::base::units::Bytes;
use crate::check::spread::Spread;

#[derive(Clone, Copy, Default)]
struct Flow {
    gained: u64,
    lost: u64,
    bytes_gained: u64,
    bytes_lost: u64,
}

pub(super) fn judge(case: &Case) -> Option<Lint> {
    let mut flows = vec![Flow::default(); case.world.len()];
    let (mut copies, mut bytes) = (0, 0_u64);
    for step in case.changed() {
        let (old, new) = (case.steps.old.get(step), case.steps.new.get(step));
        // What mends its racks has a reason to move.
        if case.world.racks_matter && Spread::of(case.world, old).is_worse_than(Spread::of(case.world, new)) {
            continue;
        }
        let size = case.steps.size[step];
        for (_, broker) in case.steps.adding(step) {
            let flow = &mut flows[broker as usize];
            (flow.gained, flow.bytes_gained) = (flow.gained + 1, flow.bytes_gained.saturating_add(size));
            (copies, bytes) = (copies + 1, bytes.saturating_add(size));
        }
        for (_, broker) in case.steps.removing(step) {
            let flow = &mut flows[broker as usize];
            (flow.lost, flow.bytes_lost) = (flow.lost + 1, flow.bytes_lost.saturating_add(size));
        }
    }
    let needed: u64 = flows.iter().map(|flow| flow.gained.saturating_sub(flow.lost)).sum();
    let needed_bytes: u64 = flows.iter().map(|flow| flow.bytes_gained.saturating_sub(flow.bytes_lost)).sum();
    // Exchanging large replicas for small ones evens bytes out, and that is worth its copies.
    if needed >= copies || (needed_bytes >= bytes && bytes > 0) {
        return None;
    }
    let exchanged = |flow: &Flow| flow.gained.min(flow.lost);
    let mut worst: Vec<u32> = (0..flows.len() as u32).filter(|&b| exchanged(&flows[b as usize]) > 0).collect();
    worst.sort_by_key(|&broker| std::cmp::Reverse(exchanged(&flows[broker as usize])));
    let shown = |&broker: &u32| {
        let Flow { gained, lost, .. } = flows[broker as usize];
        let (gained, lost) = (counted(gained, "replica"), grouped(lost));
        format!("broker {} receives {gained} and loses {lost}", case.world.id(broker))
    };
    Some(Lint {
        code: "needless-copies",
        message: format!(
            "{} of {} come and go: as many replicas on every broker need {}, and as many bytes {} of {}",
            grouped(copies - needed),
            counted(copies, "copy"),
            grouped(needed),
            Bytes::new(needed_bytes),
            Bytes::new(bytes)
        ),
        entries: Vec::new(),
        examples: worst.iter().take(EXAMPLES).map(shown).collect(),
        fix: "move what must leave and nothing else: `kshift plan CLUSTER --drain IDS --onto IDS` makes no copy more"
            .to_owned(),
    })
}
