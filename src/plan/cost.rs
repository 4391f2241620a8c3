//! What goes between racks, wave by wave.

use super::{Move, Plan, Wave};
use crate::base::ids::BrokerId;
use crate::base::units::Bytes;
use crate::snapshot::BrokerState;

impl Plan {
    /// Bytes of the copies of a wave whose leader is in another rack; zero where no alive broker has a rack. A
    /// broker of unknown rack is in a rack of its own.
    pub fn cross_rack_bytes_of(&self, wave: &Wave) -> Bytes {
        let are_known = self.brokers.iter().any(|broker| broker.rack.is_some() && broker.state == BrokerState::Alive);
        if !are_known {
            return Bytes::ZERO;
        }
        let across = |m: Move<'_>| {
            let from = m.leader.or(m.previous.first().copied());
            let copies = m.adding().filter(|&to| from.is_some_and(|from| !self.share_a_rack(from, to))).count();
            Bytes::new(m.size.get() * copies as u64)
        };
        self.moves_of(wave).map(across).sum()
    }

    /// What goes between racks in a wave, in the currency of the price; nothing is said without a price.
    pub fn cross_rack_cost_of(&self, wave: &Wave) -> Option<f64> {
        Some(self.request.price_per_gb?.of(self.cross_rack_bytes_of(wave)))
    }

    fn share_a_rack(&self, one: BrokerId, other: BrokerId) -> bool {
        let rack = |id| self.broker(id).and_then(|broker| broker.rack.as_deref());
        one == other || rack(one).is_some_and(|name| rack(other) == Some(name))
    }
}
