//! Samples over time: per broker disk, bytes that went in and out, leaders.

use std::fmt::Write;

use serde::Serialize;

use crate::base::ids::BrokerId;
use crate::base::units::Seconds;

/// Every so many seconds, what each broker held, sent and received.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Series {
    /// Seconds between two samples, but for the last one, which stands at the end.
    pub every_seconds: Seconds,
    /// When each sample was taken, in seconds from the start; the first at 0.
    pub seconds: Vec<f64>,
    /// The brokers, in ascending order of id.
    pub brokers: Vec<BrokerId>,
    /// Bytes on the disks of each broker, sample after sample: one list for each broker.
    pub disk_bytes: Vec<Vec<u64>>,
    /// Mean bytes per second that copies brought in since the sample before; 0 in the first.
    pub in_bytes_per_sec: Vec<Vec<f64>>,
    /// Mean bytes per second that copies took out since the sample before; 0 in the first.
    pub out_bytes_per_sec: Vec<Vec<f64>>,
    /// How many partitions each broker led.
    pub leaders: Vec<Vec<u32>>,
}

/// How often samples are taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Every {
    /// Never.
    Never,
    /// As often as is good to look at: some dozens of samples.
    Fitting,
    /// Whenever this time has passed.
    Seconds(f64),
}

/// Most samples that `Fitting` keeps; then every second one goes.
const FITTING_MAX: usize = 120;
/// Most samples at all: a step too small for its plan is widened.
const SAMPLES_MAX: usize = 100_000;

/// One sample of all brokers.
pub struct Sample {
    /// When.
    pub seconds: f64,
    /// Bytes on disk.
    pub disk: Vec<f64>,
    /// Bytes received since the start.
    pub received: Vec<f64>,
    /// Bytes sent since the start.
    pub sent: Vec<f64>,
    /// Partitions led.
    pub leaders: Vec<u32>,
}

/// Takes samples.
pub struct Recorder {
    step: Option<f64>,
    most: usize,
    samples: Vec<Sample>,
}

impl Recorder {
    /// `least` is how many seconds it will take at least.
    pub fn new(every: Every, least: f64) -> Self {
        let (step, most) = match every {
            Every::Never => (None, 0),
            Every::Fitting => (Some(fitting(least / 60.0)), FITTING_MAX),
            Every::Seconds(step) => (Some(step), SAMPLES_MAX),
        };
        Recorder { step, most, samples: Vec::new() }
    }

    /// When the next sample is due.
    pub fn due(&self) -> Option<f64> {
        self.step.map(|step| self.samples.len() as f64 * step)
    }

    /// Keeps a sample.
    pub fn keep(&mut self, sample: Sample) {
        self.samples.push(sample);
        if self.samples.len() > self.most {
            let mut place = 0;
            self.samples.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            self.step = self.step.map(|step| step * 2.0);
        }
    }

    /// The series, with a last sample at the end.
    pub fn finish(mut self, last: impl FnOnce() -> Sample, brokers: Vec<BrokerId>) -> Option<Series> {
        let step = self.step?;
        let last = last();
        if self.samples.last().is_none_or(|sample| sample.seconds < last.seconds) {
            self.samples.push(last);
        }
        let samples = &self.samples;
        let all = 0..brokers.len();
        let mean = |of: fn(&Sample) -> &Vec<f64>, broker: usize| {
            let since = |pair: &[Sample]| {
                let seconds = pair[1].seconds - pair[0].seconds;
                ((of(&pair[1])[broker] - of(&pair[0])[broker]) / seconds).max(0.0).round()
            };
            std::iter::once(0.0).chain(samples.windows(2).map(since)).collect()
        };
        Some(Series {
            every_seconds: Seconds::new(step),
            seconds: samples.iter().map(|sample| sample.seconds).collect(),
            disk_bytes: all.clone().map(|at| samples.iter().map(|s| s.disk[at].round() as u64).collect()).collect(),
            in_bytes_per_sec: all.clone().map(|broker| mean(|sample| &sample.received, broker)).collect(),
            out_bytes_per_sec: all.clone().map(|broker| mean(|sample| &sample.sent, broker)).collect(),
            leaders: all.map(|broker| samples.iter().map(|sample| sample.leaders[broker]).collect()).collect(),
            brokers,
        })
    }
}

/// The next round number of seconds.
fn fitting(seconds: f64) -> f64 {
    const ROUND: [f64; 14] =
        [1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0, 43_200.0];
    ROUND.into_iter().find(|&round| round >= seconds).unwrap_or(86_400.0)
}

impl Series {
    /// The series as CSV: one line for each sample and broker.
    pub fn to_csv(&self) -> String {
        let mut text = "seconds,broker,disk_bytes,in_bytes_per_sec,out_bytes_per_sec,leaders\n".to_owned();
        for (sample, seconds) in self.seconds.iter().enumerate() {
            for (at, broker) in self.brokers.iter().enumerate() {
                let (disk, leaders) = (self.disk_bytes[at][sample], self.leaders[at][sample]);
                let (received, sent) = (self.in_bytes_per_sec[at][sample], self.out_bytes_per_sec[at][sample]);
                let _ = writeln!(text, "{seconds},{broker},{disk},{received},{sent},{leaders}");
            }
        }
        text
    }
}
