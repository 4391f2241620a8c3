//! How long a wave takes, from the formulas of docs/model.md.
//!
//! ```text
//! S_p bytes, w_p produced bytes/s, RF_p current and n_p adding replicas of partition p, led by l_p
//! follower b:  t_b = Σ S_p / (F − Σ w_p)                            over the partitions with b adding
//! leader s:    t_s = Σ n_p·S_p / (L − Σ w_p·(RF_p − 1 + n_p))       over those that copy with l_p = s
//! ```
//!
//! A throttle counts the live traffic of the partitions on its lists, so a denominator that is not
//! positive means a copy that never catches up. The forecast replaces F by e·c·F as measured on real
//! brokers: a fetcher thread that carries nothing else idles between bursts (e from 11/12 to 1), and the
//! cut end of each fetch is sent twice (c about 0.97 with 64 KiB batches, 0.99 with 16 KiB).
//!
//! Between log dirs of one broker there is no sender, and the throttle counts nothing but the copies,
//! so broker b takes its bytes over the rate.
//! The thread that copies sleeps as a fetcher does when it is over its rate, so the forecast takes e from there.

use super::{Load, Loads};
use crate::base::error::{Code, Error, Result};
use crate::base::index::{BrokerIx, IndexVec, Ix};
use crate::base::text::counted;
use crate::base::units::{BytesPerSec, Seconds, Traffic};
use crate::plan::{Estimate, Side};
use crate::problem::Problem;

/// A fetcher thread that carries nothing but the move: 11 bursts in a window of 12.
const IDLE_FETCHER: f64 = 11.0 / 12.0;
/// Between an idle and a busy fetcher thread; fits waves from several leaders.
const USUAL_FETCHER: f64 = 0.95;
/// A fetcher thread that other partitions keep awake.
const BUSY_FETCHER: f64 = 1.0;
/// Share of each fetch that is not sent twice, batches of 64 KiB and 1 MiB fetches.
const LARGE_BATCHES: f64 = 1.0 - 65_536.0 / (2.0 * 1_048_576.0);
/// The same for batches of 16 KiB.
const SMALL_BATCHES: f64 = 1.0 - 16_384.0 / (2.0 * 1_048_576.0);
/// Leaders send 0.99 to 1.06 of their rate.
const LEADER_SLOWEST: f64 = 0.99;
const LEADER_FASTEST: f64 = 1.06;
/// From the request to the first byte, and from the last byte to the ISR, less the credit of an idle second.
const FIXED_SECONDS_EXPECTED: f64 = 0.5;
const FIXED_SECONDS_HIGH: f64 = 2.0;

/// The share of a follower's throttle that is left in the worst case that was measured.
pub const FOLLOWER_SHARE_LEAST: f64 = IDLE_FETCHER * LARGE_BATCHES;

/// What a wave costs in time.
#[derive(Clone, Copy)]
pub struct WaveTime {
    /// The largest time of any broker.
    pub copy: Seconds,
    /// The forecast for people.
    pub duration: Estimate,
    /// The broker that sets it; absent when nothing is copied.
    pub bottleneck: Option<(BrokerIx, Side)>,
}

/// Sums of one broker in one wave.
#[derive(Clone, Copy, Default)]
pub struct Sums {
    /// Bytes to receive.
    pub bytes_in: f64,
    /// Live traffic of the partitions it receives.
    pub traffic_in: f64,
    /// Bytes to send.
    pub bytes_out: f64,
    /// Live traffic of the partitions it sends, once for each follower.
    pub traffic_out: f64,
}

impl Sums {
    /// Adds what a leader sends of a move.
    pub fn add_leader(&mut self, load: &Load) {
        self.bytes_out += f64::from(load.sends) * load.size;
        self.traffic_out += load.write * f64::from(load.replicas - 1 + load.adding);
    }

    /// Adds what a follower receives of a move.
    pub fn add_follower(&mut self, load: &Load) {
        self.bytes_in += load.size;
        self.traffic_in += load.write;
    }

    /// Seconds to receive at `rate`; infinite when traffic leaves nothing.
    pub fn follower_seconds(&self, rate: f64) -> f64 {
        seconds(self.bytes_in, rate - self.traffic_in)
    }

    /// Seconds to send at `rate`; infinite when traffic leaves nothing.
    pub fn leader_seconds(&self, rate: f64) -> f64 {
        seconds(self.bytes_out, rate - self.traffic_out)
    }
}

fn seconds(bytes: f64, rate: f64) -> f64 {
    if rate <= 0.0 { f64::INFINITY } else { bytes / rate }
}

/// Seconds that the network alone takes; nothing where its capacity is not known.
fn wire_seconds(bytes: f64, capacity: Option<Traffic>) -> f64 {
    capacity.map_or(0.0, |capacity| bytes / capacity.get().max(1.0))
}

/// The time of a wave whose steps copy at `throttle`.
pub fn wave_time(problem: &Problem<'_>, loads: &Loads, steps: &[u32], throttle: BytesPerSec) -> WaveTime {
    let mut sums: IndexVec<BrokerIx, Sums> = IndexVec::filled(Sums::default(), problem.cluster.brokers.len());
    let mut touched = Vec::new();
    // Brokers are summed over partitions in order of the cluster, so that the last bit does not depend on plan order.
    let mut ordered = steps.to_vec();
    ordered.sort_unstable();
    for &step in &ordered {
        let load = &loads.loads[step as usize];
        if load.sends > 0 {
            sums[load.leader].add_leader(load);
            touched.push(load.leader);
        }
        for &broker in loads.adding.get(step as usize) {
            sums[broker].add_follower(load);
            touched.push(broker);
        }
    }
    touched.sort_unstable();
    touched.dedup();
    let rate = throttle.as_f64();
    let mut bottleneck = None;
    let mut copy = 0.0;
    for &broker in &touched {
        let sides =
            [(Side::Leader, sums[broker].leader_seconds(rate)), (Side::Follower, sums[broker].follower_seconds(rate))];
        for (side, seconds) in sides {
            if seconds > copy {
                let side = if loads.within { Side::LogDirs } else { side };
                (copy, bottleneck) = (seconds, Some((broker, side)));
            }
        }
    }
    let forecast = |follower: f64, leader: f64, fixed: f64| {
        let longest = touched.iter().map(|&broker| {
            let row = &problem.cluster.snapshot.brokers[broker.get()];
            let receive = sums[broker].follower_seconds(rate * follower);
            // Leaders have no less of their rate than its share, whatever the live traffic.
            let send = sums[broker].leader_seconds(rate) / leader;
            if loads.within {
                return receive;
            }
            let wire_in = wire_seconds(sums[broker].bytes_in, row.in_capacity);
            let wire_out = wire_seconds(sums[broker].bytes_out, row.out_capacity);
            receive.max(send).max(wire_in).max(wire_out)
        });
        Seconds::new(longest.fold(0.0, f64::max) + fixed)
    };
    // Within a broker whole batches are copied, none of them twice.
    let [small, large] = if loads.within { [1.0; 2] } else { [SMALL_BATCHES, LARGE_BATCHES] };
    let duration = Estimate {
        low: forecast(BUSY_FETCHER * small, LEADER_FASTEST, 0.0),
        expected: forecast(USUAL_FETCHER * large, 1.0, FIXED_SECONDS_EXPECTED),
        high: forecast(IDLE_FETCHER * large, LEADER_SLOWEST, FIXED_SECONDS_HIGH),
    };
    WaveTime { copy: Seconds::new(copy), duration, bottleneck }
}

/// The least whole throttle at which a move alone finishes, on both sides; live traffic must leave something.
fn least_rate(load: &Load) -> f64 {
    let leader = load.write * f64::from(load.replicas - 1 + load.adding);
    let follower = load.write / FOLLOWER_SHARE_LEAST;
    if load.adding == 0 { 0.0 } else { leader.max(follower) }
}

/// Refuses a throttle at which some partition alone can never finish.
///
/// # Errors
/// [`Code::Throttle`], naming the partition that needs most and a rate that does.
pub fn refuse_impossible(problem: &Problem<'_>, loads: &Loads) -> Result<()> {
    let Some(throttle) = problem.request.throttle else { return Ok(()) };
    let needs = |step: usize| least_rate(&loads.loads[step]);
    let stuck: Vec<usize> = (0..loads.loads.len()).filter(|&step| throttle.as_f64() <= needs(step)).collect();
    let Some(&worst) = stuck.iter().max_by(|&&a, &&b| needs(a).total_cmp(&needs(b)).then(b.cmp(&a))) else {
        return Ok(());
    };
    let load = &loads.loads[worst];
    let name = problem.cluster.name_of(loads.loads[worst].partition);
    let leader = problem.cluster.brokers[load.leader].id;
    let mut topics: Vec<_> = stuck.iter().map(|&step| problem.cluster.topic_of(loads.loads[step].partition)).collect();
    topics.dedup();
    let topics: Vec<&str> =
        topics.into_iter().map(|topic| problem.cluster.snapshot.topics[topic.get()].name.as_str()).collect();
    let traffic = load.write * f64::from(load.replicas - 1 + load.adding);
    let noun = if stuck.len() == 1 { "partition" } else { "partitions" };
    Err(Error::new(Code::Throttle, format!("at {throttle} the copies of {} {noun} never finish", stuck.len()))
        .note(format!(
            "`{name}` takes {} from producers; broker {leader} sends that {} while {} added",
            Traffic::new(load.write),
            counted(load.replicas - 1 + load.adding, "time"),
            match load.adding {
                1 => "1 replica is".to_owned(),
                adding => format!("{adding} replicas are"),
            }
        ))
        .note(format!(
            "the throttle counts that live traffic ({}), so nothing is left for the copy",
            Traffic::new(traffic)
        ))
        .detail("kind", "impossible")
        .detail("partition", name)
        .detail("broker", leader.get())
        .detail("least_bytes_per_sec", needs(worst).ceil() as u64)
        .detail("topics", topics)
        .help(format!("only a rate above {} ever finishes them", Traffic::new(needs(worst)))))
}
