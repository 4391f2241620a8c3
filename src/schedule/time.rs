//! How long a wave takes, from the formulas of docs/model.md.
//!
//! ```text
//! S_p bytes, w_p produced bytes/s, RF_p current and n_p adding replicas of partition p, led by l_p
//! follower b:  t_b = Σ S_p / (F − Σ w_p)                            over the partitions with b adding
//! leader s:    t_s = Σ n_p·S_p / (L − Σ w_p·(RF_p − 1 + n_p))       over those that copy with l_p = s
//! ```
//!
//! F and L are those of the broker. A throttle counts the live traffic of the partitions on its lists, so a
//! denominator that is not positive means a copy that never catches up. Real brokers do a little less:
//! [`super::forecast`] says how much, and so what people should expect.
//!
//! Between log dirs of one broker there is no sender, and the throttle counts nothing but the copies,
//! so broker b takes its bytes over the rate.

use super::{Load, Loads};
use crate::base::error::{Code, Error, Result};
use crate::base::index::{BrokerIx, IndexVec, Ix};
use crate::base::text::{counted, either};
use crate::base::units::{Seconds, Traffic};
use crate::plan::Side;
use crate::problem::Problem;
use crate::problem::rates::Rates;

/// The share of a follower's throttle that is left in the worst case that was measured: an idle fetcher thread, and
/// batches of 64 KiB whose cut ends are sent twice.
pub const FOLLOWER_SHARE_LEAST: f64 = 11.0 / 12.0 * (1.0 - 65_536.0 / (2.0 * 1_048_576.0));

/// What a wave costs in time.
#[derive(Clone, Copy)]
pub struct WaveTime {
    /// The largest time of any broker.
    pub copy: Seconds,
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

/// Seconds that a move takes at these rates when nothing else runs.
pub fn seconds_alone(load: &Load, adding: &[BrokerIx], rates: &Rates) -> f64 {
    if load.adding == 0 {
        return 0.0;
    }
    let mut sums = Sums::default();
    sums.add_leader(load);
    sums.add_follower(load);
    let receive = adding.iter().map(|&broker| sums.follower_seconds(rates.follower[broker]));
    receive.fold(sums.leader_seconds(rates.leader[load.leader]), f64::max)
}

/// The time of a wave whose steps copy at these rates.
pub fn wave_time(problem: &Problem<'_>, loads: &Loads, steps: &[u32], rates: &Rates) -> WaveTime {
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
    let mut bottleneck = None;
    let mut copy = 0.0;
    for &broker in &touched {
        let sides = [
            (Side::Leader, sums[broker].leader_seconds(rates.leader[broker])),
            (Side::Follower, sums[broker].follower_seconds(rates.follower[broker])),
        ];
        for (side, seconds) in sides {
            if seconds > copy {
                let side = if loads.within { Side::LogDirs } else { side };
                (copy, bottleneck) = (seconds, Some((broker, side)));
            }
        }
    }
    WaveTime { copy: Seconds::new(copy), bottleneck }
}

/// A side of a copy that its rate never finishes.
struct Stuck {
    mover: usize,
    broker: BrokerIx,
    side: Side,
    rate: f64,
    /// Only a rate above this does.
    needs: f64,
}

/// The side of a move that needs most above what it has, where one has too little.
fn stuck(loads: &Loads, mover: usize, rates: &Rates) -> Option<Stuck> {
    let load = &loads.loads[mover];
    if load.adding == 0 {
        return None;
    }
    let sends = load.write * f64::from(load.replicas - 1 + load.adding);
    let receives = load.write / FOLLOWER_SHARE_LEAST;
    let leader = (load.leader, Side::Leader, rates.leader[load.leader], sends);
    let followers =
        loads.adding.get(mover).iter().map(|&broker| (broker, Side::Follower, rates.follower[broker], receives));
    let lacking = std::iter::once(leader).chain(followers).filter(|&(_, _, rate, needs)| rate <= needs);
    let stuck = lacking.map(|(broker, side, rate, needs)| Stuck { mover, broker, side, rate, needs });
    stuck.reduce(|worst, next| if next.needs > worst.needs { next } else { worst })
}

/// Refuses rates at which some partition alone can never finish.
///
/// # Errors
/// [`Code::Throttle`], naming the partition that needs most and a rate that does.
pub fn refuse_impossible(problem: &Problem<'_>, loads: &Loads) -> Result<()> {
    let Some(rates) = &problem.rates else { return Ok(()) };
    let all: Vec<Stuck> = (0..loads.loads.len()).filter_map(|mover| stuck(loads, mover, rates)).collect();
    let Some(worst) = all.iter().max_by(|a, b| a.needs.total_cmp(&b.needs).then(b.mover.cmp(&a.mover))) else {
        return Ok(());
    };
    let load = &loads.loads[worst.mover];
    let name = problem.cluster.name_of(loads.loads[worst.mover].partition);
    let leader = problem.cluster.brokers[load.leader].id;
    let mut topics: Vec<_> =
        all.iter().map(|stuck| problem.cluster.topic_of(loads.loads[stuck.mover].partition)).collect();
    topics.dedup();
    let topics: Vec<&str> =
        topics.into_iter().map(|topic| problem.cluster.snapshot.topics[topic.get()].name.as_str()).collect();
    let traffic = load.write * f64::from(load.replicas - 1 + load.adding);
    let (copies, noun) = (all.len(), either(all.len(), "partition", "partitions"));
    let (id, side) = (problem.cluster.brokers[worst.broker].id, worst.side.as_str());
    let message = match (problem.request.throttle, problem.request.headroom) {
        (Some(throttle), _) if problem.request.has_one_rate() => {
            format!("at {throttle} the copies of {copies} {noun} never finish")
        }
        (_, Some(headroom)) => {
            // The least that is ever left is no rate at all.
            let left = if worst.rate > 1.0 { Traffic::new(worst.rate).to_string() } else { "nothing".to_owned() };
            format!(
                "--headroom {headroom} leaves broker {id} {left} as {side}, and the copies of {copies} {noun} never finish"
            )
        }
        _ => {
            let rate = Traffic::new(worst.rate);
            format!("at {rate} of broker {id} as {side} the copies of {copies} {noun} never finish")
        }
    };
    let mut error = Error::new(Code::Throttle, message)
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
        .detail("least_bytes_per_sec", worst.needs.ceil() as u64)
        .detail("topics", topics);
    if !problem.request.has_one_rate() {
        error = error.detail("side", worst.side.as_str());
    }
    if problem.request.headroom.is_some() {
        return Err(error.help(format!(
            "only a rate above {} ever finishes them: leave less of the capacity free, or raise --throttle if that is \
             lower",
            Traffic::new(worst.needs)
        )));
    }
    Err(error.help(format!("only a rate above {} ever finishes them", Traffic::new(worst.needs))))
}
