use super::*;

/// Rates of copies by filling: all rise together, and those in the pipe that is full first keep what they have.
fn filled(rates: &[f64], copies: &[(u32, u32)]) -> Vec<f64> {
    let mut given = vec![f64::NAN; copies.len()];
    let mut left = rates.to_vec();
    while given.iter().any(|rate| rate.is_nan()) {
        let open = |pipe: usize| {
            let through = |&(copy, _): &(usize, &f64)| [copies[copy].0, copies[copy].1].contains(&(pipe as u32));
            given.iter().enumerate().filter(|entry| entry.1.is_nan()).filter(through).count()
        };
        let share = |pipe: usize| left[pipe] / open(pipe) as f64;
        let first = (0..rates.len()).filter(|&pipe| open(pipe) > 0).min_by(|&a, &b| share(a).total_cmp(&share(b)));
        let first = first.expect("a copy is open");
        let level = share(first);
        for (copy, &(from, into)) in copies.iter().enumerate() {
            if given[copy].is_nan() && [from, into].contains(&(first as u32)) {
                given[copy] = level;
                left[from as usize] -= level;
                left[into as usize] -= level;
            }
        }
    }
    given
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * b.abs().max(1.0)
}

#[test]
fn copies_through_one_sender_share_what_slow_receivers_leave() {
    // 10 out; 10 and 2 in: the slow one gets 2, so the other 8.
    let mut shares = Shares::new([10.0, 10.0, 2.0], 1e-9);
    shares.start(0, 1, 80.0, 7);
    shares.start(0, 2, 40.0, 8);
    let mut ended = Vec::new();
    assert!(shares.next(&mut ended));
    assert!(close(shares.now(), 10.0) && ended == [7], "{} {ended:?}", shares.now());
    ended.clear();
    assert!(close(shares.left(2), 20.0));
    assert!(shares.next(&mut ended));
    assert!(close(shares.now(), 20.0) && ended == [8]);
    assert!(!shares.next(&mut ended));
}

#[test]
fn equal_copies_end_together() {
    let mut shares = Shares::new([10.0, 10.0, 10.0, 10.0], 1e-9);
    for (job, into) in [(0, 1), (1, 2), (2, 3)] {
        shares.start(0, into, 30.0, job);
    }
    let mut ended = Vec::new();
    assert!(shares.next(&mut ended));
    ended.sort_unstable();
    assert_eq!((ended, close(shares.now(), 9.0)), (vec![0, 1, 2], true));
}

#[test]
fn a_pipe_that_limits_nobody_leaves_the_rate_to_the_other_end() {
    let mut shares = Shares::new([5.0, f64::INFINITY], 1e-9);
    shares.start(1, 0, 10.0, 0);
    shares.start(1, 0, 10.0, 1);
    let mut ended = Vec::new();
    assert!(shares.next(&mut ended) && ended.len() == 2 && close(shares.now(), 4.0));
}

#[test]
fn it_agrees_with_filling_whoever_comes_and_goes() {
    let mut random = crate::base::random::Random::new(3);
    for case in 0..60 {
        let pipes = 2 * (2 + random.below(5));
        let rates: Vec<f64> = (0..pipes).map(|_| 1.0 + random.below(40) as f64).collect();
        let mut shares = Shares::new(rates.iter().copied(), 1e-10);
        // What is under way, by filling: ends, bytes left, job.
        let mut open: Vec<((u32, u32), f64, u32)> = Vec::new();
        let (mut now, mut next) = (0.0, 0);
        while next < 40 || !open.is_empty() {
            while next < 40 && open.len() < 12 {
                let (from, into) = (random.below(pipes / 2) as u32, (pipes / 2 + random.below(pipes / 2)) as u32);
                let bytes = 1.0 + random.below(1_000) as f64 + f64::from(next) / 97.0;
                shares.start(from, into, bytes, next);
                open.push(((from, into), bytes, next));
                next += 1;
            }
            let ends: Vec<(u32, u32)> = open.iter().map(|entry| entry.0).collect();
            let given = filled(&rates, &ends);
            let step = open.iter().zip(&given).map(|(entry, rate)| entry.1 / rate).fold(f64::INFINITY, f64::min);
            now += step;
            for (entry, rate) in open.iter_mut().zip(&given) {
                entry.1 -= rate * step;
            }
            let mut expected: Vec<u32> = open.iter().filter(|entry| entry.1 < 1e-6).map(|entry| entry.2).collect();
            open.retain(|entry| entry.1 >= 1e-6);
            let mut ended = Vec::new();
            assert!(shares.next(&mut ended), "case {case}");
            ended.sort_unstable();
            expected.sort_unstable();
            assert_eq!(ended, expected, "case {case} at {now}");
            assert!(close(shares.now(), now), "case {case}: {} instead of {now}", shares.now());
        }
    }
}
