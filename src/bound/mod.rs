//! What no plan for the same request can beat, each with a proof that can be re-added without a solver.
//!
//! **The problem.** A planner that says "1.3 times the mean" says nothing: perhaps one giant partition, or a
//! rack of few brokers, lets nobody do better. So every figure that placement, leadership or the schedule
//! strive for has a bound beside it that holds for all plans under the same racks and targets: fewest moves
//! and bytes, the least possible fullest target ([`disk`]), the least possible most heads ([`leaders`]), and
//! the least time ([`makespan`]).
//!
//! **The method.** All relax the same way: forget that replicas are whole, and let each rack be one vessel.
//! What must enter the racks is then an LP over classes of partitions ([`crate::classes`]) whose dual is a price for
//! each rack ([`prices`]). The prices go into the plan: with them, a bound is one sum that anyone can add.
//! Beside it stand bounds for what is *not* divisible: the largest copies and single partitions.
//!
//! One worked example: 30 partitions of 10 GB lose one replica each and may go to rack a (2 targets) or rack b
//! (4 targets); 10 more must go to rack a. At equal prices: 400 GB over 6 targets, 66.7 GB each. At a price in
//! rack a alone: 100 GB over 2 targets, 50 GB each. The best proof is the larger one, and it is reached: 33.3
//! of the 400 GB beyond the forced 100 go to a. With 20 more that must go to rack a, that rack alone
//! proves 100 GB, and all targets together 83.3.

mod disk;
mod leaders;
mod makespan;
mod market;
mod prices;
#[cfg(test)]
mod tests;

use self::market::{Goods, Market, Prices};
use crate::base::index::RackIx;
use crate::classes::Classes;
use crate::plan::{Proof, RackPrice};
use crate::problem::Problem;

/// A bound that is proved.
pub struct Proved {
    /// No plan has less.
    pub value: f64,
    /// A sentence naming the brokers, the rack or the partition.
    pub by: String,
    /// The proof.
    pub proof: Proof,
}

/// The bounds of a problem.
pub struct Found {
    /// Fewest new replicas.
    pub moves: u64,
    /// Fewest bytes.
    pub bytes: u64,
    /// Least possible fullest target, used over capacity.
    pub disk: Option<Proved>,
    /// Least possible most heads on a target over its share of them.
    pub leaders: Option<Proved>,
    /// Least seconds of copying; absent without a throttle.
    pub makespan: Option<Proved>,
}

/// Everything that no plan for `problem` can beat.
pub fn of(problem: &Problem<'_>) -> Found {
    let classes = Classes::with_outlook(problem);
    let (bytes, heads) = (Market::new(&classes, Goods::Bytes), Market::new(&classes, Goods::Heads));
    let size = |mover: usize| problem.cluster.size_of(problem.movers[mover]).get();
    let copies = |mover: usize| u64::from(classes.list[classes.of_mover[mover] as usize].copies);
    let (disk, (leaders, makespan)) = rayon::join(
        || disk::bound(problem, &bytes),
        || rayon::join(|| leaders::bound(problem, &heads), || makespan::bound(problem, &bytes)),
    );
    Found {
        moves: (0..problem.movers.len()).map(copies).sum(),
        bytes: (0..problem.movers.len()).map(|mover| copies(mover) * size(mover)).sum(),
        disk,
        leaders,
        makespan,
    }
}

/// What sets a bound by prices, as `what` and the racks with a price.
fn by_prices(problem: &Problem<'_>, market: &Market<'_>, prices: &Prices, what: &str) -> String {
    let open = &market.classes.open;
    let priced: Vec<RackIx> = open.iter().copied().filter(|&rack| prices[rack] > 0.0).collect();
    let is_even = priced.windows(2).all(|pair| (prices[pair[0]] - prices[pair[1]]).abs() < 1e-9);
    let name = |rack: &RackIx| problem.cluster.rack_name(*rack);
    match priced.as_slice() {
        _ if !market.classes.by_rack || (priced.len() == open.len() && is_even) => format!("{what} the targets"),
        [] => format!("{what} the targets"),
        [only] => format!("{what} rack {}", name(only)),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(name).collect();
            format!("{what} racks {} and {}, whichever of them is chosen", first.join(", "), name(last))
        }
    }
}

fn prices_proof(problem: &Problem<'_>, market: &Market<'_>, prices: &Prices) -> Proof {
    let open = &market.classes.open;
    let is_uniform = open.iter().all(|&rack| prices[rack].to_bits() == 1.0_f64.to_bits());
    if !market.classes.by_rack || is_uniform {
        return Proof::Prices { racks: Vec::new() };
    }
    let priced = open.iter().filter(|&&rack| prices[rack] > 0.0);
    let price = |&rack: &RackIx| RackPrice { rack: problem.cluster.rack_name(rack).to_owned(), price: prices[rack] };
    Proof::Prices { racks: priced.map(price).collect() }
}
