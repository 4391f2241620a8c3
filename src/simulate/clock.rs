//! The earliest of many times, each of which may change: a tournament among nodes.

/// A complete binary tree of winners over one time for each node.
pub struct Clock {
    /// The time of each node; infinite where nothing is due.
    times: Vec<f64>,
    /// Winners: the children of `at` are `2·at` and `2·at + 1`, leaves begin at `leaves`.
    winners: Vec<u32>,
    leaves: usize,
}

impl Clock {
    /// A clock of `nodes` nodes, none of which has anything due.
    pub fn new(nodes: usize) -> Self {
        let leaves = nodes.next_power_of_two().max(2);
        let times = vec![f64::INFINITY; leaves];
        let mut winners = vec![0; 2 * leaves];
        for at in (1..2 * leaves).rev() {
            winners[at] = if at >= leaves { (at - leaves) as u32 } else { winners[2 * at] };
        }
        Clock { times, winners, leaves }
    }

    /// Sets the time of a node.
    pub fn set(&mut self, node: u32, time: f64) {
        if self.times[node as usize].to_bits() == time.to_bits() {
            return;
        }
        self.times[node as usize] = time;
        let mut at = self.leaves.midpoint(node as usize);
        while at > 0 {
            let (left, right) = (self.winners[2 * at], self.winners[2 * at + 1]);
            // Of two equal times the lower node wins, so that the order is the same on every machine.
            self.winners[at] = if self.times[right as usize] < self.times[left as usize] { right } else { left };
            at /= 2;
        }
    }

    /// The node with the earliest time, and that time; none when nothing is due.
    pub fn first(&self) -> Option<(u32, f64)> {
        let node = self.winners[1];
        let time = self.times[node as usize];
        (time < f64::INFINITY).then_some((node, time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_wins_and_of_equals_the_lowest() {
        let mut clock = Clock::new(5);
        assert_eq!(clock.first(), None);
        for (node, time) in [(3, 7.0), (1, 9.0), (4, 7.0)] {
            clock.set(node, time);
        }
        assert_eq!(clock.first(), Some((3, 7.0)));
        clock.set(3, f64::INFINITY);
        assert_eq!(clock.first(), Some((4, 7.0)));
        clock.set(1, 2.0);
        assert_eq!(clock.first(), Some((1, 2.0)));
    }
}
