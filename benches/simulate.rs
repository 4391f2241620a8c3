//! How long the forecast of a rolling execution takes, and how much memory, on one core.
//!
//! `cargo bench --bench simulate -- [SIZE…] [--styles]`; sizes are `300k` and `1m` (replicas) and `skewed` (500
//! brokers onto 500, 100,000 partitions). With `--styles` the other styles are played, too. Nothing is asserted:
//! machines differ, people judge.

#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a bench looks at the clock and at its process"
)]

mod common;

use kshift::base::error::Result;
use kshift::base::units::BytesPerSec;
use kshift::base::work::Work;
use kshift::example::{self, Options};
use kshift::replay::World;
use kshift::request::Request;
use kshift::simulate::{self, Played, Rates, Style};

use common::{asked, ids, timed, watched};

/// A cluster to measure, and how long its forecast may take.
struct Size {
    name: &'static str,
    brokers: u32,
    partitions: u32,
    total_tb: f64,
    sigma: f64,
    wanted: f64,
}

const SIZES: [Size; 3] = [
    Size { name: "300k", brokers: 300, partitions: 100_000, total_tb: 300.0, sigma: 1.5, wanted: 2.0 },
    Size { name: "skewed", brokers: 500, partitions: 100_000, total_tb: 1_000.0, sigma: 2.0, wanted: 2.0 },
    Size { name: "1m", brokers: 1_000, partitions: 333_334, total_tb: 1_000.0, sigma: 1.5, wanted: 10.0 },
];

const THROTTLE: u64 = 50_000_000;

fn main() -> Result<()> {
    let (styles, sizes) = asked("--styles", &SIZES, |size| size.name);
    for size in sizes {
        measure(size, styles)?;
    }
    Ok(())
}

fn measure(size: &Size, styles: bool) -> Result<()> {
    let options = Options {
        old: size.brokers,
        new: size.brokers,
        old_base: 10_000,
        partitions: size.partitions,
        total_tb: size.total_tb,
        sigma: size.sigma,
        ..Options::default()
    };
    println!("\n{}: {} brokers onto {}, {} partitions", size.name, size.brokers, size.brokers, size.partitions);
    let snapshot = example::cluster(&options)?;
    let mut request = Request { throttle: Some(BytesPerSec::new(THROTTLE)), ..Request::default() };
    request.drain = ids(options.old_base, options.old);
    request.onto = Some(ids(options.new_base, options.new));
    let plan = kshift::plan(&snapshot, &request, &Work::new())?;
    let world = World::new(&snapshot);
    let rate = vec![THROTTLE as f64; world.len()];
    let (seconds, took, held) =
        watched(|| simulate::rolling_seconds(&world, &plan, Rates { leader: &rate, follower: &rate }));
    println!("  rolling forecast   {:>9.3} s (wanted: at most {:.0})", took.as_secs_f64(), size.wanted);
    if let Some(held) = held {
        println!("  memory beyond it   {:>9.0} MiB", held.more() as f64 / f64::from(1 << 20));
    }
    println!("  it says            {seconds:>9.0} s in {} waves", plan.waves.len());
    let bound = plan.summary.makespan_lower_bound_seconds.map_or(f64::NAN, kshift::base::units::Seconds::get);
    println!("  over the bound     {:>9.3}", seconds / bound);
    if styles {
        let played = Played::Plan(Box::new(plan));
        for style in [Style::Rolling, Style::Barrier, Style::AllAtOnce, Style::Batches(100), Style::Sliding(5)] {
            let options = simulate::Options { style, ..simulate::Options::default() };
            let (found, took) = timed(|| simulate::simulate(&snapshot, &played, &options, &Work::new()));
            let found = found?;
            let made = found.makespan_seconds.map_or(f64::INFINITY, kshift::base::units::Seconds::get);
            println!("  {:<18} {:>9.3} s: {:.3} times the bound", found.style, took.as_secs_f64(), made / bound);
        }
    }
    Ok(())
}
