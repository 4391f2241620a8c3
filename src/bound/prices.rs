//! Prices of racks that prove the most: the dual of choosing racks.
//!
//! **The problem.** Partitions of some classes may choose among racks. Rack r takes `w_r` (its *width*: what its
//! brokers receive in a second, or the space below a fill level). Spread everything so that the most loaded
//! rack, bytes over width, is as low as can be: an LP with a variable for each class and pattern.
//!
//! **Why any prices prove a bound.** Let `y_r` ≥ 0 be a price of each rack. In every plan the bytes that enter
//! rack r are at most `t·w_r`, t being the load of the most loaded rack. Weigh these inequalities by the prices
//! and add them: Σ `y_r·(bytes` into r) ≤ t·Σ `y_r·w_r`. Each partition pays on the left at least the price of its
//! cheapest feasible pattern. So t ≥ `Σ_p` `size_p·cheapest_p(y)` / Σ `y_r·w_r`, whatever prices one took; by the
//! duality of linear programming the best ones reach the LP's own value.
//!
//! **The search.** Column generation on a basis of as many columns as racks. A column is a whole assignment
//! (each class takes its cheapest pattern at the prices of the moment); the basis gives new prices; it ends
//! when no assignment is cheaper than the basis thinks. Plain Rust arithmetic in a fixed order, so the prices
//! are the same everywhere; a search that ends early costs strength, never truth.

/// Columns that are tried at most.
const ROUNDS_MAX: usize = 150;
/// Gap between what the prices prove and what the LP can reach at which the search ends.
const GAP: f64 = 1e-7;
/// Below this, a number of the basis counts as zero.
const TINY: f64 = 1e-11;

/// Prices for racks of these widths. `answer` writes what enters each rack when everything takes its cheapest
/// pattern at given prices.
pub(super) fn search(widths: &[f64], mut answer: impl FnMut(&[f64], &mut [f64])) -> Vec<f64> {
    let racks = widths.len();
    let mut basis = Basis::new(racks);
    let mut bytes = vec![0.0; racks];
    let (mut best, mut best_value) = (vec![1.0; racks], f64::NEG_INFINITY);
    let mut scale = 0.0;
    for _ in 0..ROUNDS_MAX {
        let duals = basis.duals();
        let (worth, column) = match duals.iter().position(|&dual| dual < -TINY) {
            Some(slack) => (0.0, unit(racks, slack)),
            None => {
                let sum: f64 = duals.iter().sum();
                let weight = |dual: f64| if sum > 0.0 { dual.max(0.0) / sum } else { 1.0 / racks as f64 };
                let prices: Vec<f64> = duals.iter().zip(widths).map(|(&dual, width)| weight(dual) / width).collect();
                answer(&prices, &mut bytes);
                let value: f64 = prices.iter().zip(&bytes).map(|(price, bytes)| price * bytes).sum();
                if scale == 0.0 {
                    scale = bytes.iter().zip(widths).map(|(bytes, width)| bytes / width).fold(0.0, f64::max);
                }
                if value > best_value {
                    (best, best_value) = (prices, value);
                }
                let reached = basis.objective();
                if scale == 0.0 || (reached > 0.0 && value * reached >= scale * (1.0 - GAP)) {
                    break;
                }
                (1.0, bytes.iter().zip(widths).map(|(bytes, width)| bytes / width / scale).collect())
            }
        };
        if !basis.enter(worth, &column) {
            break;
        }
    }
    let most = best.iter().copied().fold(0.0, f64::max);
    best.iter().map(|price| if *price < most * 1e-9 { 0.0 } else { price / most }).collect()
}

fn unit(len: usize, at: usize) -> Vec<f64> {
    (0..len).map(|place| if place == at { 1.0 } else { 0.0 }).collect()
}

/// The basis of: most Σ v over assignments v ≥ 0, so that no rack is loaded above 1.
struct Basis {
    /// Inverse of the basis, row by row.
    inverse: Vec<Vec<f64>>,
    /// What each basic column is worth: 1 for an assignment, 0 for a slack.
    worth: Vec<f64>,
    level: Vec<f64>,
}

impl Basis {
    fn new(racks: usize) -> Self {
        Basis {
            inverse: (0..racks).map(|at| unit(racks, at)).collect(),
            worth: vec![0.0; racks],
            level: vec![1.0; racks],
        }
    }

    fn duals(&self) -> Vec<f64> {
        let dual = |rack: usize| self.worth.iter().zip(&self.inverse).map(|(worth, row)| worth * row[rack]).sum();
        (0..self.level.len()).map(dual).collect()
    }

    fn objective(&self) -> f64 {
        self.worth.iter().zip(&self.level).map(|(worth, level)| worth * level).sum()
    }

    /// Takes a column in; whether one could leave.
    fn enter(&mut self, worth: f64, column: &[f64]) -> bool {
        let product = |row: &Vec<f64>| row.iter().zip(column).map(|(a, b)| a * b).sum();
        let direction: Vec<f64> = self.inverse.iter().map(product).collect();
        let ratio = |row: usize| self.level[row] / direction[row];
        let rows = (0..direction.len()).filter(|&row| direction[row] > TINY);
        let Some(leaving) = rows.min_by(|&a, &b| ratio(a).total_cmp(&ratio(b))) else { return false };
        let pivot = direction[leaving];
        self.level[leaving] /= pivot;
        self.inverse[leaving].iter_mut().for_each(|value| *value /= pivot);
        let pivot_row = self.inverse[leaving].clone();
        for row in (0..direction.len()).filter(|&row| row != leaving) {
            self.level[row] -= direction[row] * self.level[leaving];
            for (value, pivot) in self.inverse[row].iter_mut().zip(&pivot_row) {
                *value -= direction[row] * pivot;
            }
        }
        self.worth[leaving] = worth;
        true
    }
}
