//! How high an amount stands in the targets of a rack: water poured into vessels of different width, bottom and top.

/// A target: what it has already is its bottom, what it can hold its top, both as levels.
pub struct Vessel {
    /// Amount for each unit of level.
    pub width: f64,
    /// The level from which it fills.
    pub bottom: f64,
    /// The level at which it is full.
    pub top: f64,
}

/// Vessels that stand together, as the straight pieces of their level.
#[derive(Clone, Default)]
pub struct Water {
    /// What has been poured in where each piece begins, in ascending order.
    poured: Vec<f64>,
    level: Vec<f64>,
    width: Vec<f64>,
    /// Of all vessels.
    pub all: f64,
}

impl Water {
    /// Empty vessels.
    pub fn new(vessels: impl Iterator<Item = Vessel>) -> Self {
        // What does not fit stands steeply above the rest.
        const OVERFLOW: f64 = 1e-6;
        let mut bends: Vec<(f64, f64)> = Vec::new();
        let mut water = Water::default();
        for Vessel { width, bottom, top } in vessels {
            water.all += width;
            bends.push((bottom, width));
            if top < f64::INFINITY {
                bends.push((top.max(bottom), -width));
            }
        }
        bends.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
        let mut open = 0.0;
        for (level, change) in bends {
            let poured = match (water.poured.last(), water.level.last(), water.width.last()) {
                (Some(poured), Some(last), Some(width)) => poured + (level - last) * width,
                _ => 0.0,
            };
            open += change;
            water.poured.push(poured);
            water.level.push(level);
            water.width.push(open.max(water.all * OVERFLOW));
        }
        water
    }

    /// How high `amount` stands.
    pub fn level(&self, amount: f64) -> f64 {
        let after = self.poured.partition_point(|&poured| poured <= amount).max(1);
        self.level[after - 1] + (amount - self.poured[after - 1]) / self.width[after - 1]
    }

    /// What stands up to `level`.
    pub fn amount(&self, level: f64) -> f64 {
        match self.level.partition_point(|&begin| begin <= level) {
            0 => 0.0,
            after => self.poured[after - 1] + (level - self.level[after - 1]) * self.width[after - 1],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn water_fills_the_lowest_first_and_leaves_out_the_full() {
        let vessel = |width, bottom, top| Vessel { width, bottom, top };
        let water =
            Water::new([vessel(1.0, 0.0, f64::INFINITY), vessel(2.0, 1.0, 3.0), vessel(1.0, 2.0, 9.0)].into_iter());
        for (amount, level) in [(0.0, 0.0), (0.5, 0.5), (1.0, 1.0), (4.0, 2.0), (8.0, 3.0), (20.0, 9.0), (21.0, 10.0)] {
            assert!((water.level(amount) - level).abs() < 1e-12, "{amount}: {}", water.level(amount));
            assert!((water.amount(level) - amount).abs() < 1e-12, "{level}: {}", water.amount(level));
        }
        let full = Water::new([vessel(1.0, 0.0, 2.0)].into_iter());
        assert!(full.level(3.0) > 1e5 && full.level(3.0).is_finite());
    }
}
