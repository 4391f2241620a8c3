//! Leaders piled up: brokers that are first in far more lists than their share of replicas.

use super::{Case, EXAMPLES, Lint};
use crate::base::ids::IdSet;
use crate::base::text::{brokers, counted, either, grouped};
use crate::replay::NONE;

pub(super) fn judge(case: &Case) -> Option<Lint> {
    let world = case.world;
    let mut share = vec![0.0_f64; world.len()];
    let (mut before, mut after) = (vec![0_u32; world.len()], vec![0_u32; world.len()]);
    for row in 0..world.snapshot.partitions.len() {
        let old = world.replicas(row as u32);
        let step = case.steps.first[row];
        let is_moved = step != NONE && case.steps.is_sound[step as usize];
        let new = if is_moved { case.steps.new.get(step as usize) } else { old };
        before[old[0] as usize] += 1;
        after[new[0] as usize] += 1;
        let part = 1.0 / new.len() as f64;
        for &broker in new {
            share[broker as usize] += part;
        }
    }
    let is_piled = |broker: usize| {
        let (heads, share) = (f64::from(after[broker]), share[broker]);
        heads > 2.0 * share && heads >= share + 2.0 && after[broker] > before[broker]
    };
    let mut piled: Vec<usize> = (0..world.len()).filter(|&broker| is_piled(broker)).collect();
    if piled.is_empty() {
        return None;
    }
    let id = |&broker: &usize| world.id(broker as u32);
    let who = IdSet::from_ids(piled.iter().map(id)).unwrap_or_default();
    piled.sort_by(|&a, &b| {
        (f64::from(after[b]) - share[b]).total_cmp(&(f64::from(after[a]) - share[a])).then(a.cmp(&b))
    });
    let shown = |&broker: &usize| {
        let heads = counted(after[broker], "list");
        format!(
            "broker {} is first in {heads}, {} before; its share by replicas is {:.1}",
            world.id(broker as u32),
            grouped(u64::from(before[broker])),
            share[broker]
        )
    };
    Some(Lint {
        code: "leaders-piled",
        message: format!(
            "{} {} more than twice the leaders of {} share",
            brokers(&who),
            either(who.len(), "gets", "get"),
            either(who.len(), "its", "their")
        ),
        entries: Vec::new(),
        examples: piled.iter().take(EXAMPLES).map(shown).collect(),
        fix: "give lists another first replica: the first one leads, and takes all that producers write".to_owned(),
    })
}
