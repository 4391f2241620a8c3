//! The throttle of every broker of a world, from a request and Kafka's ids alone.

use super::World;
use crate::base::units::BytesPerSec;
use crate::plan::Side;
use crate::request::Request;

/// Leader and follower rate of each broker in bytes per second, by number; 0 where there is none.
#[derive(Clone, Debug)]
pub struct Rates {
    leader: Vec<f64>,
    follower: Vec<f64>,
}

impl Rates {
    /// The rates that `request` says; [`None`] when it says none at all.
    pub fn of(world: &World, request: &Request) -> Option<Self> {
        let both = |one: Option<BytesPerSec>| one.or(request.throttle);
        let (leader, follower) = (both(request.leader_throttle), both(request.follower_throttle));
        if (leader.is_none() || follower.is_none()) && request.rates.is_empty() && request.headroom.is_none() {
            return None;
        }
        let number = |rate: Option<BytesPerSec>| rate.map_or(0.0, BytesPerSec::as_f64);
        let own = |id: u32| request.rates.get(world.id(id));
        let brokers = 0..world.len() as u32;
        Some(Rates {
            leader: brokers.clone().map(|id| number(own(id).map(|own| own.leader_bytes_per_sec).or(leader))).collect(),
            follower: brokers.map(|id| number(own(id).map(|own| own.follower_bytes_per_sec).or(follower))).collect(),
        })
    }

    /// The rate of one side of a broker; copies between log dirs have the one of the follower.
    pub fn of_side(&self, broker: u32, side: Side) -> f64 {
        let sides = if side == Side::Leader { &self.leader } else { &self.follower };
        sides.get(broker as usize).copied().unwrap_or(0.0)
    }

    /// Gives one side of a broker another rate.
    pub fn set(&mut self, broker: u32, side: Side, rate: f64) {
        let sides = if side == Side::Leader { &mut self.leader } else { &mut self.follower };
        sides[broker as usize] = rate;
    }

    /// What a broker may send.
    pub fn leader(&self, broker: u32) -> f64 {
        self.of_side(broker, Side::Leader)
    }

    /// What a broker may receive.
    pub fn follower(&self, broker: u32) -> f64 {
        self.of_side(broker, Side::Follower)
    }
}
