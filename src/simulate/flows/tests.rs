//! The levels against progressive filling by the book, and flows that end when they must.
use super::Flows;
use crate::base::random::Random;

/// Raises all rates together and freezes those at a node when it is full.
fn fair(capacities: &[f64], flows: &[[u32; 2]]) -> Vec<f64> {
    let mut rates = vec![None; flows.len()];
    let mut room = capacities.to_vec();
    while rates.contains(&None) {
        let share = |node: usize| {
            let open = flows.iter().zip(&rates).filter(|(flow, rate)| rate.is_none() && flow.contains(&(node as u32)));
            let open = open.count();
            if open > 0 { room[node] / open as f64 } else { f64::INFINITY }
        };
        let (node, level) = (0..room.len())
            .map(|node| (node, share(node)))
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .expect("there are nodes");
        for (flow, rate) in
            flows.iter().zip(&mut rates).filter(|(flow, rate)| rate.is_none() && flow.contains(&(node as u32)))
        {
            *rate = Some(level);
            for &end in flow {
                room[end as usize] -= level;
            }
        }
    }
    rates.into_iter().map(|rate| rate.expect("all are frozen")).collect()
}

#[test]
fn rates_are_fair_whatever_comes_and_goes() {
    let mut random = Random::new(7);
    for _ in 0..60 {
        let (left, right) = (1 + random.below(6) as u32, 1 + random.below(6) as u32);
        let capacities: Vec<f64> = (0..left + right).map(|_| 1.0 + random.below(100) as f64).collect();
        let mut flows = Flows::new(capacities.iter().copied(), 1e-12);
        let mut open: Vec<(u32, [u32; 2])> = Vec::new();
        for step in 0..60 {
            if open.is_empty() || random.below(3) > 0 {
                let ends = [random.below(left as usize) as u32, left + random.below(right as usize) as u32];
                open.push((flows.start(ends, 1e9, step), ends));
            } else {
                let (flow, _) = open.swap_remove(random.below(open.len()));
                flows.stop(flow);
            }
            flows.settle();
            let ends: Vec<[u32; 2]> = open.iter().map(|flow| flow.1).collect();
            for ((flow, ends), wanted) in open.iter().zip(fair(&capacities, &ends)) {
                let found = flows.rate(*flow);
                assert!((found - wanted).abs() <= 1e-6 * wanted, "{ends:?}: {found} instead of {wanted}");
            }
        }
    }
}

#[test]
fn a_large_crowd_is_shared_among_within_the_tolerance() {
    let ends = |random: &mut Random| [random.below(20) as u32, 20 + random.below(20) as u32];
    let finish = |tolerance: f64| {
        let mut random = Random::new(11);
        let mut flows = Flows::new((0..40).map(|_| 50.0), tolerance);
        let mut waiting = 4_000_u32;
        for tag in 0..400 {
            flows.start(ends(&mut random), 1.0 + random.below(1_000) as f64, tag);
        }
        loop {
            flows.settle();
            let Some(time) = flows.next_end() else { return flows.now };
            flows.pass_to(time);
            while flows.pop_ended().is_some() {
                if waiting > 0 {
                    waiting -= 1;
                    flows.start(ends(&mut random), 1.0 + random.below(1_000) as f64, waiting);
                }
            }
        }
    };
    let (exact, rough) = (finish(1e-9), finish(2e-3));
    assert!((rough / exact - 1.0).abs() < 0.005, "{rough} instead of {exact}");
}

#[test]
fn a_flow_ends_when_its_bytes_have_moved_at_all_of_its_rates() {
    // Node 0 sends to 1 and 2; when the first has ended the other has all of it.
    let mut flows = Flows::new([10.0, 10.0, 10.0], 1e-12);
    flows.start([0, 1], 50.0, 1);
    flows.start([0, 2], 100.0, 2);
    let mut ends = Vec::new();
    loop {
        flows.settle();
        let Some(time) = flows.next_end() else { break };
        flows.pass_to(time);
        while let Some(tag) = flows.pop_ended() {
            ends.push((tag, time));
        }
    }
    assert_eq!(ends, [(1, 10.0), (2, 15.0)]);
}

#[test]
fn a_node_without_capacity_stands_still_and_nothing_else_does() {
    let mut flows = Flows::new([10.0, 0.0, 10.0], 1e-12);
    let still = flows.start([0, 1], 50.0, 1);
    let moving = flows.start([0, 2], 50.0, 2);
    flows.settle();
    assert_eq!((flows.rate(still), flows.rate(moving)), (0.0, 10.0));
    assert_eq!(flows.next_end(), Some(5.0));
    assert!(flows.stands_still(1) && !flows.stands_still(0));
}
