//! How far plans are from the optimum, measured on random small cases of every awkward kind.
//!
//! `cargo test --profile ci --test it gap -- --nocapture` prints the distribution and the worst cases.

use kshift::base::work::Work;
use kshift::exact::{self, Measure, NAMES};
use kshift::request::Request;
use rayon::prelude::*;

use crate::support::r#gen::small;

/// Seeds that are drawn.
const SEEDS: u64 = 1_600;

/// What came out of one seed.
enum Case {
    /// A plan of the fast path, measured.
    Measured(Vec<Measure>),
    /// The fast path refused, the exact one did not.
    Missed,
    /// Refused by both, or nothing moves.
    Nothing,
}

fn case(seed: u64) -> Case {
    let (snapshot, request) = small(seed);
    let solve = |request: &Request| kshift::plan(&snapshot, request, &Work::new());
    match solve(&request) {
        Ok(plan) => Case::Measured(exact::measure(&snapshot, &plan, &Work::new()).expect("a small case is measured")),
        Err(error) if error.code().exit_code() != 3 => Case::Nothing,
        Err(_) => match solve(&Request { exact: true, ..request }) {
            Ok(_) => Case::Missed,
            Err(error) => {
                assert_eq!(error.code().exit_code(), 3, "seed {seed}: {error}");
                Case::Nothing
            }
        },
    }
}

#[test]
fn distribution() {
    let cases: Vec<(u64, Case, f64)> = (0..SEEDS).into_par_iter().map(|seed| {
        let start = std::time::Instant::now();
        let c = case(seed);
        (seed, c, start.elapsed().as_secs_f64())
    }).collect();
    let mut slow: Vec<(f64, u64)> = cases.iter().map(|c| (c.2, c.0)).collect();
    slow.sort_by(|a, b| b.0.total_cmp(&a.0));
    println!("slowest {:?}", &slow[..10]);
    let measured = cases.iter().filter(|c| matches!(&c.1, Case::Measured(m) if !m.is_empty())).count();
    let missed: Vec<u64> = cases.iter().filter(|c| matches!(c.1, Case::Missed)).map(|c| c.0).collect();
    println!("measured {measured} missed {missed:?}");
    for name in NAMES {
        let mut gaps: Vec<(f64, f64, u64, Measure)> = Vec::new();
        for (seed, case, _) in &cases {
            if let Case::Measured(measures) = case {
                for m in measures.iter().filter(|m| m.level == name) {
                    gaps.push((m.reached / m.best - 1.0, m.best / m.bound - 1.0, *seed, m.clone()));
                }
            }
        }
        gaps.sort_by(|a, b| b.0.total_cmp(&a.0));
        let count = |least: f64| gaps.iter().filter(|g| g.0 > least).count();
        let open = gaps.iter().filter(|g| g.1 > 1e-3).count();
        println!("{name}: {} cases, >0.1% {}, >1% {}, >5% {}, >20% {}, unproven {open}", gaps.len(), count(1e-3), count(1e-2), count(0.05), count(0.2));
        for g in gaps.iter().take(10) { println!("   seed {} gap {:.3} {:?}", g.2, g.0, g.3); }
    }
}
