//! What every placement must keep, as rows of a [`Milp`]: one home for each freed place, no broker twice, the
//! limit of each log dir, the rack policy; and who may lead.

use std::collections::BTreeMap;

use super::milp::{Milp, Outcome};
use crate::base::index::{BrokerIx, DirIx, IndexVec, PartitionIx, RackIx};
use crate::base::units::Bytes;
use crate::placement::Home;
use crate::problem::Problem;
use crate::request::RackPolicy;

/// A place that a mover may take: its column is 1 when it does.
#[derive(Clone, Copy, Debug)]
pub struct Spot {
    pub broker: BrokerIx,
    pub dir: Option<DirIx>,
    pub column: u32,
}

/// Of each rack of a partition: its replicas that stay, and the columns that bring one more.
type Racks = BTreeMap<RackIx, (u32, Vec<(u32, f64)>)>;

/// The columns that place and order the replicas of a problem.
pub struct Model<'a> {
    pub problem: &'a Problem<'a>,
    pub milp: Milp,
    /// The spots of each mover, in order of broker and dir.
    pub spots: Vec<Vec<Spot>>,
    /// Who may lead each mover whose first place is free: a column is 1 when its broker does. Empty otherwise.
    pub heads: Vec<Vec<(BrokerIx, u32)>>,
    is_choice: Vec<bool>,
}

impl<'a> Model<'a> {
    /// The rows that every placement keeps.
    pub fn new(problem: &'a Problem<'a>) -> Self {
        let mut model =
            Model { problem, milp: Milp::default(), spots: Vec::new(), heads: Vec::new(), is_choice: Vec::new() };
        let racks_left = problem.racks_left();
        for &partition in &problem.movers {
            model.add_places(partition);
            model.add_heads(partition);
            model.add_racks(partition, racks_left);
        }
        model.add_disks();
        model.is_choice = vec![false; model.milp.columns.len()];
        let spots = model.spots.iter().flatten().map(|spot| spot.column);
        for column in spots.chain(model.heads.iter().flatten().map(|head| head.1)) {
            model.is_choice[column as usize] = true;
        }
        model
    }

    /// How many whole columns [`Model::new`] would make: a check before the work.
    pub fn size(problem: &Problem<'_>) -> usize {
        let of = |&partition: &PartitionIx| {
            let spots = spots_of(problem, partition).len();
            spots * if several_may_lead(problem, partition) { 2 } else { 1 }
        };
        problem.movers.iter().map(of).sum()
    }

    fn add_places(&mut self, partition: PartitionIx) {
        let spots: Vec<Spot> = spots_of(self.problem, partition)
            .into_iter()
            .map(|(broker, dir)| Spot { broker, dir, column: self.milp.column(0.0, 1.0, true) })
            .collect();
        let freed = self.problem.freed(partition).count() as f64;
        self.milp.equal(spots.iter().map(|spot| (spot.column, 1.0)).collect(), freed);
        for of_broker in spots.chunk_by(|a, b| a.broker == b.broker).filter(|of_broker| of_broker.len() > 1) {
            self.milp.at_most(of_broker.iter().map(|spot| (spot.column, 1.0)).collect(), 1.0);
        }
        self.spots.push(spots);
    }

    fn add_heads(&mut self, partition: PartitionIx) {
        let spots = self.spots.last().expect("the places of this mover");
        if self.problem.freed(partition).next() != Some(0) {
            self.heads.push(Vec::new());
            return;
        }
        if !several_may_lead(self.problem, partition) {
            // The one new replica leads.
            self.heads.push(spots.iter().map(|spot| (spot.broker, spot.column)).collect());
            return;
        }
        let mut heads = Vec::new();
        for of_broker in spots.chunk_by(|a, b| a.broker == b.broker) {
            let column = self.milp.column(0.0, 1.0, true);
            let only_there = of_broker.iter().map(|spot| (spot.column, -1.0)).chain([(column, 1.0)]);
            self.milp.at_most(only_there.collect(), 0.0);
            heads.push((of_broker[0].broker, column));
        }
        self.milp.equal(heads.iter().map(|&(_, column)| (column, 1.0)).collect(), 1.0);
        self.heads.push(heads);
    }

    /// Racks of the final list: under `strict` enough of them; under `preserve` more than before, or as many
    /// and none fuller than the fullest was.
    fn add_racks(&mut self, partition: PartitionIx, racks_left: usize) {
        let problem = self.problem;
        let rack = |broker: BrokerIx| problem.cluster.brokers[broker].rack;
        let spots = self.spots.last().expect("the places of this mover");
        let mut racks: Racks = BTreeMap::new();
        for broker in problem.kept(partition) {
            racks.entry(rack(broker)).or_default().0 += 1;
        }
        for spot in spots {
            racks.entry(rack(spot.broker)).or_default().1.push((spot.column, 1.0));
        }
        let before = problem.cluster.replicas_of(partition);
        let replicas = before.len();
        match problem.rack_policy {
            RackPolicy::Ignore => {}
            RackPolicy::Strict => self.distinct_racks(&racks, racks_left.min(replicas), None),
            RackPolicy::Preserve => {
                let mut were: BTreeMap<RackIx, u32> = BTreeMap::new();
                for &broker in before {
                    *were.entry(rack(broker)).or_default() += 1;
                }
                let most = were.values().copied().max().unwrap_or(0);
                let may_be_more = were.len() < racks.len().min(replicas);
                let more = may_be_more.then(|| self.milp.column(0.0, 1.0, true));
                self.distinct_racks(&racks, were.len(), more);
                for (kept, terms) in racks.values() {
                    let mut terms = terms.clone();
                    terms.extend(more.map(|more| (more, -(replicas as f64 - f64::from(most)))));
                    self.milp.at_most(terms, f64::from(most) - f64::from(*kept));
                }
            }
        }
    }

    /// At least `wanted` distinct racks, and one more when column `more` is 1.
    fn distinct_racks(&mut self, racks: &Racks, wanted: usize, more: Option<u32>) {
        let kept = racks.values().filter(|(kept, _)| *kept > 0).count();
        if kept >= wanted && more.is_none() {
            return;
        }
        // How far a rack counts: at most as often as it has replicas, and once.
        let mut sum: Vec<(u32, f64)> = more.map(|more| (more, 1.0)).into_iter().collect();
        for (_, terms) in racks.values().filter(|(kept, _)| *kept == 0) {
            let counts = self.milp.column(0.0, 1.0, false);
            let at_most_there = terms.iter().map(|&(column, _)| (column, -1.0)).chain([(counts, 1.0)]);
            self.milp.at_most(at_most_there.collect(), 0.0);
            sum.push((counts, -1.0));
        }
        self.milp.at_most(sum, kept as f64 - wanted as f64);
    }

    fn add_disks(&mut self) {
        for (dir, spots) in self.by_dir() {
            let room = room(self.problem, dir);
            let sum: Bytes = spots.iter().map(|&(_, size)| size).sum();
            if sum > room {
                let scale = room.as_f64().max(1.0);
                let terms = spots.iter().map(|&(column, size)| (column, size.as_f64() / scale)).collect();
                self.milp.at_most(terms, room.as_f64() / scale);
            }
        }
    }

    /// Spots on each log dir with their sizes.
    fn by_dir(&self) -> BTreeMap<DirIx, Vec<(u32, Bytes)>> {
        let mut by_dir: BTreeMap<DirIx, Vec<(u32, Bytes)>> = BTreeMap::new();
        for (spots, &partition) in self.spots.iter().zip(&self.problem.movers) {
            let size = self.problem.landed_size(partition);
            for spot in spots.iter().filter(|_| size > Bytes::ZERO) {
                if let Some(dir) = spot.dir {
                    by_dir.entry(dir).or_default().push((spot.column, size));
                }
            }
        }
        by_dir
    }

    /// A solver counts in floats; byte by byte a log dir may be too full. Forbids each such set of replicas,
    /// and says whether there was one.
    pub fn forbid_overfull(&mut self, outcome: &Outcome) -> bool {
        let Outcome::Found { values, .. } = outcome else { return false };
        let mut found = false;
        for (dir, spots) in self.by_dir() {
            let taken: Vec<(u32, Bytes)> =
                spots.into_iter().filter(|&(column, _)| values[column as usize] > 0.5).collect();
            let sum: Bytes = taken.iter().map(|&(_, size)| size).sum();
            if sum > room(self.problem, dir) {
                let most = taken.len() as f64 - 1.0;
                self.milp.at_most(taken.into_iter().map(|(column, _)| (column, 1.0)).collect(), most);
                found = true;
            }
        }
        found
    }
}

impl Model<'_> {
    /// The columns that place and order, each once.
    pub fn choices(&self) -> impl Iterator<Item = u32> {
        (0..self.milp.columns.len() as u32).filter(|&column| self.is_choice[column as usize])
    }

    /// The columns of mover `mover` that are 1 for `list`; none when it takes a place that is not open to it.
    pub fn ones_of(&self, mover: usize, list: &[Home]) -> Option<Vec<u32>> {
        let problem = self.problem;
        let kept: Vec<BrokerIx> = problem.kept(problem.movers[mover]).collect();
        let spots = &self.spots[mover];
        let is_at = |home: &Home, spot: &Spot| {
            // Where disks are ignored, one dir of a broker stands for all.
            let any_dir = problem.request.ignore_disk;
            spot.broker == home.broker && (any_dir || spot.dir == home.dir)
        };
        let new = list.iter().filter(|home| !kept.contains(&home.broker));
        let mut ones: Vec<u32> = new
            .map(|home| spots.iter().find(|spot| is_at(home, spot)).map(|spot| spot.column))
            .collect::<Option<_>>()?;
        if several_may_lead(problem, problem.movers[mover]) {
            ones.push(self.heads[mover].iter().find(|(broker, _)| *broker == list[0].broker)?.1);
        }
        Some(ones)
    }

    /// The list of a mover: kept replicas where they are, the head first, and of the others the one first that is
    /// second in fewest lists so far, so that a broker that fails hands its leaders to many.
    pub fn list_of(
        &self,
        mover: usize,
        partition: PartitionIx,
        is_one: &[bool],
        second: &IndexVec<BrokerIx, u32>,
    ) -> Vec<Home> {
        let taken = self.spots[mover].iter().filter(|spot| is_one[spot.column as usize]);
        let mut new: Vec<Home> = taken.map(|spot| Home { broker: spot.broker, dir: spot.dir }).collect();
        let head = self.heads[mover].iter().find(|(_, column)| is_one[*column as usize]).map(|head| head.0);
        new.sort_by_key(|home| (Some(home.broker) != head, second[home.broker], home.broker));
        let mut new = new.into_iter();
        let replicas = self.problem.cluster.replicas_of(partition).iter();
        let place = |&broker| {
            if self.problem.leaves(partition, broker) {
                new.next().expect("a home for every freed place")
            } else {
                Home { broker, dir: None }
            }
        };
        replicas.map(place).collect()
    }
}

fn several_may_lead(problem: &Problem<'_>, partition: PartitionIx) -> bool {
    let mut freed = problem.freed(partition);
    freed.next() == Some(0) && freed.next().is_some()
}

/// The log dirs that can take a replica of this partition; where disks are ignored, also brokers without any.
fn spots_of(problem: &Problem<'_>, partition: PartitionIx) -> Vec<(BrokerIx, Option<DirIx>)> {
    let size = problem.landed_size(partition);
    let kept: Vec<BrokerIx> = problem.kept(partition).collect();
    let mut spots = Vec::new();
    for &broker in problem.targets.iter().filter(|broker| !kept.contains(broker)) {
        let dirs: Vec<DirIx> = problem.receiving_dirs(broker).collect();
        if dirs.is_empty() && problem.request.ignore_disk {
            spots.push((broker, None));
        }
        if problem.request.ignore_disk {
            // Any dir will do: the roomiest, so that the choice is not left to chance.
            let emptiest = dirs.iter().min_by_key(|&&dir| (problem.cluster.dirs[dir].used, dir));
            spots.extend(emptiest.map(|&dir| (broker, Some(dir))));
        } else {
            let takes = |&&dir: &&DirIx| within_limit(problem, dir) && room(problem, dir) >= size;
            spots.extend(dirs.iter().filter(takes).map(|&dir| (broker, Some(dir))));
        }
    }
    spots
}

/// A dir beyond its limit may not even receive an empty replica.
fn within_limit(problem: &Problem<'_>, dir: DirIx) -> bool {
    problem.dir_limit[dir].is_some_and(|limit| problem.cluster.dirs[dir].used <= limit)
}

fn room(problem: &Problem<'_>, dir: DirIx) -> Bytes {
    problem.dir_limit[dir].unwrap_or(Bytes::ZERO).saturating_sub(problem.cluster.dirs[dir].used)
}
