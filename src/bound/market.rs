//! What has to enter the racks, and what it is worth at given prices.

use super::prices;
use crate::base::index::{IndexVec, RackIx};
use crate::classes::{Class, Classes};

/// Prices by rack.
pub(super) type Prices = IndexVec<RackIx, f64>;

/// Classes that the search for prices looks at; the others are counted where they must go, and wholly in the
/// bound itself.
const CLASSES_MAX: usize = 1_000;
/// Racks among which prices are searched.
const RACKS_MAX: usize = 64;

/// What enters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Goods {
    /// Bytes of new replicas.
    Bytes,
    /// New heads of lists, each a new replica of its partition.
    Heads,
}

impl Goods {
    fn of(self, class: &Class) -> f64 {
        match self {
            Goods::Bytes => class.bytes,
            Goods::Heads => class.heads as f64,
        }
    }

    /// The price of one partition's cheapest pattern, which is left in `pattern`.
    fn cheapest(
        self,
        classes: &Classes,
        class: &Class,
        prices: &Prices,
        order: &[RackIx],
        pattern: &mut Vec<(RackIx, u32)>,
    ) -> f64 {
        match self {
            Goods::Bytes => {
                let found = classes.cheapest(class, |rack| prices[rack], || order.iter().copied(), pattern);
                if found.is_none() {
                    pattern.clear();
                }
                found.unwrap_or(0.0)
            }
            Goods::Heads => {
                let racks = classes.racks_for_heads(class);
                let cheapest = racks.min_by(|&a, &b| prices[a].total_cmp(&prices[b]).then(a.cmp(&b)));
                pattern.clear();
                pattern.extend(cheapest.map(|rack| (rack, 1)));
                cheapest.map_or(0.0, |rack| prices[rack])
            }
        }
    }
}

/// Goods of all classes on their way into the racks.
pub(super) struct Market<'c> {
    pub classes: &'c Classes,
    goods: Goods,
    /// Classes that may choose, the heaviest first.
    choosing: Vec<u32>,
    /// What must enter each rack, whatever the prices.
    pub forced: Prices,
    /// The part of it that belongs to classes which are not choosing.
    fixed: Prices,
}

impl<'c> Market<'c> {
    pub fn new(classes: &'c Classes, goods: Goods) -> Self {
        let mut forced = Prices::filled(0.0, classes.targets.len());
        let mut fixed = forced.clone();
        let must = |class: &Class| match goods {
            Goods::Bytes => class.forced.clone(),
            Goods::Heads => {
                let mut racks = classes.racks_for_heads(class);
                match (racks.next(), racks.next()) {
                    (Some(only), None) => vec![(only, 1)],
                    _ => Vec::new(),
                }
            }
        };
        let mut choosing: Vec<u32> = (0..classes.list.len() as u32)
            .filter(|&number| {
                let class = &classes.list[number as usize];
                let has_choice = match goods {
                    Goods::Bytes => class.has_choice(),
                    Goods::Heads => classes.racks_for_heads(class).nth(1).is_some(),
                };
                has_choice && goods.of(class) > 0.0
            })
            .collect();
        let weight = |number: &u32| goods.of(&classes.list[*number as usize]);
        choosing.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
        choosing.truncate(CLASSES_MAX);
        let mut chooses = vec![false; classes.list.len()];
        for &number in &choosing {
            chooses[number as usize] = true;
        }
        for (class, chooses) in classes.list.iter().zip(chooses) {
            for (rack, copies) in must(class) {
                let amount = f64::from(copies) * goods.of(class);
                forced[rack] += amount;
                fixed[rack] += if chooses { 0.0 } else { amount };
            }
        }
        Market { classes, goods, choosing, forced, fixed }
    }

    /// The same price in all racks with targets.
    pub fn uniform(&self) -> Prices {
        self.prices_of(|_| 1.0)
    }

    /// A price in one rack only.
    pub fn only(&self, rack: RackIx) -> Prices {
        self.prices_of(|other| if other == rack { 1.0 } else { 0.0 })
    }

    fn prices_of(&self, mut price: impl FnMut(RackIx) -> f64) -> Prices {
        let mut prices = Prices::filled(0.0, self.classes.targets.len());
        for &rack in &self.classes.open {
            prices[rack] = price(rack);
        }
        prices
    }

    /// Whether searching prices can prove more than all racks together and each rack alone.
    pub fn is_open(&self) -> bool {
        !self.choosing.is_empty() && (2..=RACKS_MAX).contains(&self.classes.open.len())
    }

    /// The best prices for racks of these widths.
    pub fn search(&self, width: impl Fn(RackIx) -> f64) -> Prices {
        let open = &self.classes.open;
        let widths: Vec<f64> = open.iter().map(|&rack| width(rack)).collect();
        let total: f64 = widths.iter().sum();
        // A rack without any room would cost endlessly much; next to none will do.
        let widths: Vec<f64> = widths.iter().map(|&width| width.max(total * 1e-9).max(1e-9)).collect();
        let mut pattern = Vec::new();
        let mut full = self.uniform();
        let found = prices::search(&widths, |prices, amounts| {
            for (&rack, &price) in open.iter().zip(prices) {
                full[rack] = price;
            }
            let order = self.order(&full);
            let mut entering = self.fixed.clone();
            for &number in &self.choosing {
                let class = &self.classes.list[number as usize];
                self.goods.cheapest(self.classes, class, &full, &order, &mut pattern);
                for &(rack, copies) in &pattern {
                    entering[rack] += f64::from(copies) * self.goods.of(class);
                }
            }
            for (amount, &rack) in amounts.iter_mut().zip(open) {
                *amount = entering[rack];
            }
        });
        let mut found = found.into_iter();
        self.prices_of(|_| found.next().unwrap_or(0.0))
    }

    fn order(&self, prices: &Prices) -> Vec<RackIx> {
        let mut order = self.classes.open.clone();
        order.sort_by(|&a, &b| prices[a].total_cmp(&prices[b]));
        order
    }

    /// What everything pays at least at these prices.
    pub fn worth(&self, prices: &Prices) -> f64 {
        let order = self.order(prices);
        let mut pattern = Vec::new();
        let classes = self.classes.list.iter();
        classes
            .map(|class| self.goods.cheapest(self.classes, class, prices, &order, &mut pattern) * self.goods.of(class))
            .sum()
    }
}
