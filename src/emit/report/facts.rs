//! What the parts of the page share, added up once.

use rayon::prelude::*;

use crate::base::ids::{BrokerId, IdTable};
use crate::base::units::Bytes;
use crate::plan::{Move, Plan, Wave};

/// A plan and its sums.
pub(super) struct Facts<'a> {
    pub(super) plan: &'a Plan,
    /// Rows of [`Plan::brokers`] by id.
    pub(super) ids: IdTable,
    pub(super) racks: Racks,
    /// Sums of each wave.
    pub(super) waves: Vec<WaveFacts>,
    /// What is copied, from the rack of the leader to that of the new replica: `[from * racks + to]`.
    pub(super) rack_copies: Vec<Flow>,
    /// All rows by topic and partition, the steps of one partition in their order.
    order: Vec<u32>,
    /// Where each partition begins in `order`, and where the last one ends.
    bounds: Vec<u32>,
    /// Number of its wave, from 1, of every row.
    pub(super) wave_of: Vec<u32>,
}

/// Parts of a plan that are added up beside each other.
const PARTS: usize = 16;
/// Racks that a matrix names; the others share one place.
const RACKS_MAX: usize = 16;

/// Racks by name; brokers without one share the last place.
pub(super) struct Racks {
    pub(super) names: Vec<String>,
    /// Rack of each broker of the plan.
    pub(super) of: Vec<usize>,
}

/// Replicas and their bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Flow {
    pub(super) replicas: u64,
    pub(super) bytes: Bytes,
}

impl Flow {
    pub(super) fn add(&mut self, other: Flow) {
        self.replicas += other.replicas;
        self.bytes += other.bytes;
    }
}

/// What a wave does, added up.
#[derive(Clone, Default)]
pub(super) struct WaveFacts {
    pub(super) copies: Flow,
    pub(super) leaders_changing: u64,
}

impl<'a> Facts<'a> {
    pub(super) fn of(plan: &'a Plan) -> Self {
        let ids = IdTable::new(plan.brokers.iter().map(|broker| broker.id));
        let racks = Racks::of(plan);
        let size = racks.len() * racks.len();
        let some_waves = plan.waves.par_chunks(plan.waves.len().div_ceil(PARTS).max(1));
        let parts: Vec<(Vec<WaveFacts>, Vec<Flow>)> = some_waves
            .map(|waves| {
                let mut copies = vec![Flow::default(); size];
                let facts = waves.iter().map(|wave| wave_facts(plan, wave, &ids, &racks, &mut copies)).collect();
                (facts, copies)
            })
            .collect();
        let mut waves = Vec::with_capacity(plan.waves.len());
        let mut rack_copies = vec![Flow::default(); size];
        for (facts, copies) in parts {
            waves.extend(facts);
            rack_copies.iter_mut().zip(copies).for_each(|(sum, part)| sum.add(part));
        }
        let mut wave_of = vec![0; plan.moves.size.len()];
        for wave in &plan.waves {
            wave_of[wave.rows.clone()].fill(wave.index);
        }
        let order = plan.sorted_rows(0..plan.moves.size.len());
        let key = |row: u32| (plan.moves.topic[row as usize], plan.moves.partition[row as usize]);
        let mut bounds = Vec::with_capacity(order.len() + 1);
        bounds
            .extend((0..order.len()).filter(|&at| at == 0 || key(order[at]) != key(order[at - 1])).map(|at| at as u32));
        bounds.push(order.len() as u32);
        Facts { plan, ids, racks, waves, rack_copies, order, bounds, wave_of }
    }

    /// Place of a broker in [`Plan::brokers`].
    pub(super) fn row(&self, id: BrokerId) -> Option<usize> {
        self.ids.row(id)
    }

    /// The rows of each partition, in the order of topic and partition.
    pub(super) fn stories(&self) -> impl ExactSizeIterator<Item = &[u32]> {
        self.bounds.windows(2).map(|bounds| &self.order[bounds[0] as usize..bounds[1] as usize])
    }

    /// The first and the last step of a partition.
    pub(super) fn ends(&self, story: &[u32]) -> (Move<'a>, Move<'a>) {
        let (first, last) = (story[0] as usize, story[story.len() - 1] as usize);
        (self.plan.get(first), self.plan.get(last))
    }
}

impl Racks {
    fn of(plan: &Plan) -> Self {
        let mut names: Vec<&str> = plan.brokers.iter().filter_map(|broker| broker.rack.as_deref()).collect();
        names.sort_unstable();
        names.dedup();
        let shown = if names.len() > RACKS_MAX { RACKS_MAX } else { names.len() };
        let rest = names.split_off(shown).len();
        let mut labels: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        if rest > 0 {
            labels.push(format!("{rest} other racks"));
        }
        let place = |name: &Option<String>| match name {
            Some(name) => names.binary_search(&name.as_str()).unwrap_or(names.len()),
            None => labels.len(),
        };
        let of: Vec<usize> = plan.brokers.iter().map(|broker| place(&broker.rack)).collect();
        Racks { names: labels, of }
    }

    /// How many there are, and one for brokers without.
    pub(super) fn len(&self) -> usize {
        self.names.len() + 1
    }

    pub(super) fn name(&self, rack: usize) -> &str {
        self.names.get(rack).map_or("no rack", String::as_str)
    }
}

fn wave_facts(plan: &Plan, wave: &Wave, ids: &IdTable, racks: &Racks, copies: &mut [Flow]) -> WaveFacts {
    let mut facts = WaveFacts::default();
    let unknown = racks.len() - 1;
    let rack = |id: BrokerId| ids.row(id).map_or(unknown, |row| racks.of[row]);
    for step in plan.moves_of(wave) {
        let from = step.leader.or(step.previous.first().copied()).map_or(unknown, rack);
        for to in step.adding() {
            let flow = Flow { replicas: 1, bytes: step.size };
            copies[from * racks.len() + rack(to)].add(flow);
            facts.copies.add(flow);
        }
        for _ in step.changing_dir() {
            facts.copies.add(Flow { replicas: 1, bytes: step.size });
        }
        facts.leaders_changing += u64::from(!step.leaves_leaders && step.replicas.first().copied() != step.leader);
    }
    facts
}
