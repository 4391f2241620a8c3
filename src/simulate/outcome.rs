//! What a simulation found, as data.

use serde::Serialize;

use super::loss::{Judged, judge_snapshot};
use super::run::{Run, State, busiest_seconds};
use super::series::Series;
use super::tasks::Tasks;
use super::{Lost, Options, Played, Rates, Settings, Style, slots, starter};
use crate::base::error::{Code, Error, Place, Result, near_miss};
use crate::base::ids::{BrokerId, PartitionId};
use crate::base::units::{Bytes, Seconds};
use crate::base::work::Work;
use crate::plan::Stage;
use crate::replay::{NONE, World};
use crate::request::Request;
use crate::snapshot::Snapshot;

/// Partitions that are named one by one; of more there is a count.
const NAMED_MAX: usize = 10;

/// A placement, played over time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Simulation {
    /// How it was carried out.
    pub style: String,
    /// Whether every partition arrived.
    pub ends: bool,
    /// Seconds until the last copy has landed; null when it never ends.
    pub makespan_seconds: Option<Seconds>,
    /// When nothing more could happen, in seconds; null when it ends.
    pub stalled_seconds: Option<Seconds>,
    /// What the busiest side of a broker needs for what it carries, led as it is: no order is faster.
    pub busiest_seconds: Seconds,
    /// Partitions that change.
    pub partitions: u64,
    /// Copies that were made or begun.
    pub copies: u64,
    /// Bytes that all copies have as the snapshot says.
    pub bytes_copied: Bytes,
    /// Most partitions in flight at once.
    pub in_flight_peak: u64,
    /// The waves, over time.
    pub waves: Vec<SimulatedWave>,
    /// The brokers that take part, and the most that their disks held.
    pub brokers: Vec<SimulatedBroker>,
    /// How many partitions never arrive.
    pub stuck_partitions: u64,
    /// The first of them.
    pub stuck: Vec<Stuck>,
    /// What the loss of brokers did, where it was asked for.
    pub loss: Option<LossReport>,
    /// Samples over time.
    pub series: Option<Series>,
    /// What a person should know.
    pub warnings: Vec<crate::plan::Warning>,
}

/// A wave over time; the times count from the start of the first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SimulatedWave {
    /// Its number, from 1.
    pub wave: u32,
    /// Why it stands where it stands; null in placements of others.
    pub stage: Option<Stage>,
    /// Partitions that change in it.
    pub partitions: u64,
    /// Bytes that it copies.
    pub bytes_to_copy: Bytes,
    /// When its first partition started; null when it never does.
    pub start_seconds: Option<Seconds>,
    /// When its last copy landed; null when that never happens.
    pub end_seconds: Option<Seconds>,
}

/// A broker that takes part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SimulatedBroker {
    /// Its id.
    pub id: BrokerId,
    /// Its rack.
    pub rack: Option<String>,
    /// Bytes that copies brought.
    pub in_bytes: Bytes,
    /// Bytes that it sent as a leader.
    pub out_bytes: Bytes,
    /// Partitions that it led at the start.
    pub leaders_before: u32,
    /// Partitions that it led at the end.
    pub leaders_after: u32,
    /// Its log dirs.
    pub log_dirs: Vec<SimulatedDir>,
}

/// A log dir over time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SimulatedDir {
    /// Its path.
    pub path: String,
    /// What it can hold, where known.
    pub capacity_bytes: Option<Bytes>,
    /// In use at the start.
    pub used_before_bytes: Bytes,
    /// Most in use at any time.
    pub used_peak_bytes: Bytes,
    /// When it first was that full, in seconds.
    pub peak_seconds: Seconds,
    /// In use at the end.
    pub used_after_bytes: Bytes,
}

/// A partition that never arrives.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stuck {
    /// Its topic.
    pub topic: String,
    /// Its number.
    pub partition: PartitionId,
    /// Why, as a sentence.
    pub reason: String,
}

/// What the loss of brokers in the midst of a plan does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LossReport {
    /// Who is lost.
    pub brokers: Vec<BrokerId>,
    /// The wave that had begun.
    pub wave: u32,
    /// When, in seconds from the start; null when its wave never began.
    pub seconds: Option<Seconds>,
    /// What it does there and then.
    pub harm: Harm,
    /// What the same loss would do before the plan has begun.
    pub harm_before_plan: Harm,
    /// How long the wave takes from its start; null when it never ends.
    pub wave_seconds: Option<Seconds>,
    /// How long it takes when nothing is lost.
    pub wave_seconds_without: Option<Seconds>,
    /// Whether the wave ends at all.
    pub wave_ends: bool,
}

/// Partitions that a loss harms: those with an in-sync replica on what is lost.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Harm {
    /// With fewer in-sync replicas left than `min.insync.replicas`, but one at least.
    pub under_min_isr: u64,
    /// With none left.
    pub offline: u64,
    /// Bytes of those with none left, one replica each.
    pub offline_bytes: Bytes,
    /// With one left.
    pub at_risk: u64,
    /// Bytes of those with one left, one replica each.
    pub at_risk_bytes: Bytes,
    /// The first of those with none left, then of those below, as `topic-partition`.
    pub first: Vec<String>,
}

/// One style beside the others.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The style.
    pub style: String,
    /// Seconds until the last copy has landed; null when it never ends.
    pub makespan_seconds: Option<Seconds>,
    /// Over that of the first style.
    pub ratio: Option<f64>,
    /// Most partitions in flight at once.
    pub in_flight_peak: u64,
}

/// Plays a placement on a cluster.
///
/// # Errors
/// [`Code::Usage`] without any throttle or with a wave that the placement does not have; [`Code::UnknownBroker`],
/// [`Code::UnknownRack`] for what the cluster does not have; [`Code::Interrupted`].
pub fn simulate(snapshot: &Snapshot, played: &Played, options: &Options, work: &Work) -> Result<Simulation> {
    let world = World::new(snapshot);
    let steps = played.tasks(&world);
    let tasks = if options.style.keeps_waves() { steps } else { steps.as_one_file(&world) };
    one(&world, played, &tasks, options, work)
}

/// Plays a placement in several styles; the ratios are those to the first.
///
/// # Errors
/// As [`simulate`].
pub fn compare(
    snapshot: &Snapshot,
    played: &Played,
    options: &Options,
    styles: &[Style],
    work: &Work,
) -> Result<Vec<Comparison>> {
    let world = World::new(snapshot);
    let steps = played.tasks(&world);
    let whole = steps.as_one_file(&world);
    let mut rows: Vec<Comparison> = Vec::new();
    for &style in styles {
        let tasks = if style.keeps_waves() { &steps } else { &whole };
        let options = Options { style, every: super::Every::Never, lose: None, ..options.clone() };
        let found = one(&world, played, tasks, &options, work)?;
        let first = rows.first().map_or(found.makespan_seconds, |first| first.makespan_seconds);
        let ratio = found.makespan_seconds.zip(first).map(|(own, first)| own.get() / first.get());
        rows.push(Comparison {
            style: found.style,
            makespan_seconds: found.makespan_seconds,
            ratio: ratio.filter(|ratio| ratio.is_finite()),
            in_flight_peak: found.in_flight_peak,
        });
    }
    Ok(rows)
}

pub(super) fn one(world: &World, played: &Played, tasks: &Tasks, options: &Options, work: &Work) -> Result<Simulation> {
    let (leader, follower) = rates(world, played, options)?;
    let rates = Rates { leader: &leader, follower: &follower };
    let request = played.request();
    let mut settings = Settings {
        style: options.style,
        slots: slots(tasks, request, options),
        traffic: options.traffic,
        growth: options.growth,
        lose: options.lose.as_ref().map(|loss| lost(world, tasks, loss)).transpose()?,
        every: options.every,
        disk_limit: request.filter(|request| !request.ignore_disk).map(|request| request.disk_limit),
    };
    let mut run = Run::new(world, tasks, rates, &settings);
    let mut starts = starter(settings.style, tasks, world.len(), settings.slots);
    run.play(&mut *starts, work)?;
    let mut found = Simulation::new(&mut run, played, rates);
    found.loss = run.settings_lose().map(|(wave, lost)| report(&run, wave, lost));
    drop(run);
    if let Some(loss) = &mut found.loss {
        settings.lose = None;
        settings.every = super::Every::Never;
        let mut without = Run::new(world, tasks, rates, &settings);
        let mut starts = starter(settings.style, tasks, world.len(), settings.slots);
        without.play(&mut *starts, work)?;
        loss.wave_seconds_without = without.wave_seconds(loss.wave as usize - 1);
    }
    Ok(found)
}

/// The rates of every broker, sent and received: `--throttle`, or what the plan's request says, but for those that are
/// slow.
fn rates(world: &World, played: &Played, options: &Options) -> Result<(Vec<f64>, Vec<f64>)> {
    let request = played.request();
    let of_broker = |broker: u32| match (options.throttle, request) {
        (Some(throttle), _) => Some((throttle.as_f64(), throttle.as_f64())),
        (None, Some(request)) => request
            .rate_of(world.id(broker))
            .map(|rate| (rate.leader_bytes_per_sec.as_f64(), rate.follower_bytes_per_sec.as_f64())),
        (None, None) => None,
    };
    // A broker without rates takes no part in a plan that has any.
    let is_throttled = options.throttle.is_some() || request.is_some_and(Request::is_throttled);
    if !is_throttled {
        let what = match played {
            Played::Plan(_) => "the plan was made without --throttle",
            Played::Target(_) => "a placement of another tool names no throttle",
        };
        return Err(Error::new(Code::Usage, format!("{what}, and without a rate no time can be told"))
            .at(Place::source("--throttle"))
            .help("add a rate such as `--throttle 50MB/s`"));
    }
    let brokers = 0..world.len() as u32;
    let (mut leader, mut follower): (Vec<f64>, Vec<f64>) =
        brokers.map(|broker| of_broker(broker).unwrap_or((0.0, 0.0))).unzip();
    for (ids, rate) in &options.slow.0 {
        for id in ids.iter() {
            let broker = known(world, id, "--slow")? as usize;
            (leader[broker], follower[broker]) = (rate.as_f64(), rate.as_f64());
        }
    }
    Ok((leader, follower))
}

fn known(world: &World, id: BrokerId, option: &str) -> Result<u32> {
    match world.number(id) {
        NONE => Err(Error::new(Code::UnknownBroker, format!("{option} names broker {id}, unknown to the cluster"))
            .at(Place::source(option))
            .help("`kshift snapshot CLUSTER` shows the brokers that it has")),
        number => Ok(number),
    }
}

/// Who is lost, and in which wave.
fn lost(world: &World, tasks: &Tasks, loss: &super::Loss) -> Result<(usize, Vec<u32>)> {
    let waves = tasks.waves.len();
    let (option, brokers) = match &loss.who {
        Lost::Brokers(ids) => {
            let brokers = ids.iter().map(|id| known(world, id, "--lose")).collect::<Result<Vec<u32>>>()?;
            ("--lose", brokers)
        }
        Lost::Rack(rack) => {
            let option = "--lose-rack";
            let Ok(number) = world.rack_names.binary_search(&rack.as_str()) else {
                let error =
                    Error::new(Code::UnknownRack, format!("{option} names rack `{rack}`, unknown to the cluster"))
                        .at(Place::source(option));
                return Err(match near_miss(rack, world.rack_names.iter().copied()) {
                    Some(near) => error.help(format!("did you mean `{near}`?")),
                    None => error.help("`kshift snapshot CLUSTER` shows the rack of each broker"),
                });
            };
            (option, (0..world.len() as u32).filter(|&at| world.rack[at as usize] == number as u32).collect())
        }
    };
    if loss.wave as usize > waves {
        let error = Error::new(Code::Usage, format!("{option} names wave {}, and there is no such wave", loss.wave));
        return Err(error.at(Place::source(option)).help(match waves {
            0 => "nothing has to move: there is no wave to lose anything at".to_owned(),
            1 => "there is one wave here: name it, as in `@1`".to_owned(),
            _ => format!("waves go from 1 to {waves}"),
        }));
    }
    Ok((loss.wave as usize - 1, brokers))
}

fn report(run: &Run, wave: usize, lost: &[u32]) -> LossReport {
    let harm = |judged: &Judged| Harm {
        under_min_isr: judged.under_min_isr.len() as u64,
        offline: judged.offline.len() as u64,
        offline_bytes: Bytes::new(judged.offline_bytes as u64),
        at_risk: judged.at_risk.len() as u64,
        at_risk_bytes: Bytes::new(judged.at_risk_bytes as u64),
        first: judged.offline.iter().chain(&judged.under_min_isr).take(NAMED_MAX).map(|&row| name(run, row)).collect(),
    };
    LossReport {
        brokers: lost.iter().map(|&broker| run.world.id(broker)).collect(),
        wave: wave as u32 + 1,
        seconds: run.struck.as_ref().map(|struck| Seconds::new(struck.seconds)),
        harm: run.struck.as_ref().map_or_else(Harm::default, |struck| harm(&struck.judged)),
        harm_before_plan: harm(&judge_snapshot(run, lost)),
        wave_seconds: run.wave_seconds(wave),
        wave_seconds_without: None,
        wave_ends: run.spans[wave].end.is_some(),
    }
}

fn name(run: &Run, row: u32) -> String {
    let snapshot = run.world.snapshot;
    format!("{}-{}", snapshot.topic_of(row as usize).name, snapshot.partitions.id[row as usize])
}

impl Run<'_> {
    fn wave_seconds(&self, wave: usize) -> Option<Seconds> {
        let span = self.spans[wave];
        span.end.zip(span.start).map(|(end, start)| Seconds::new(end - start))
    }
}

impl Simulation {
    fn new(run: &mut Run, played: &Played, rates: Rates) -> Self {
        let (world, tasks) = (run.world, run.tasks);
        let ends = run.ends();
        let at = Seconds::new(run.now);
        let ids = world.snapshot.brokers.iter().map(|broker| broker.id).collect();
        let every = std::mem::replace(&mut run.recorder, super::series::Recorder::new(super::Every::Never, 0.0));
        let changes =
            |task: &usize| tasks.old.get(*task) != tasks.new.get(*task) || !tasks.copies.get(*task).is_empty();
        let bytes = |task: usize| tasks.bytes[task] * tasks.copies.get(task).len() as f64;
        let stages = match played {
            Played::Plan(plan) if plan.waves.len() == tasks.waves.len() && run.keeps_waves() => {
                plan.waves.iter().map(|wave| Some(wave.stage)).collect()
            }
            _ => vec![None; tasks.waves.len()],
        };
        let waves = tasks.waves.iter().zip(stages).enumerate().map(|(wave, (range, stage))| SimulatedWave {
            wave: wave as u32 + 1,
            stage,
            partitions: range.clone().filter(changes).count() as u64,
            bytes_to_copy: Bytes::new(range.clone().map(bytes).sum::<f64>() as u64),
            start_seconds: run.spans[wave].start.map(Seconds::new),
            end_seconds: run.spans[wave].end.map(Seconds::new),
        });
        let stuck: Vec<u32> = (0..tasks.len() as u32).filter(|&task| run.state[task as usize] != State::Over).collect();
        Simulation {
            style: run.style().to_string(),
            ends,
            makespan_seconds: ends.then_some(at),
            stalled_seconds: (!ends).then_some(at),
            busiest_seconds: Seconds::new(busiest_seconds(world, tasks, rates)),
            partitions: (0..tasks.len()).filter(changes).count() as u64,
            copies: tasks.copies.total() as u64,
            bytes_copied: Bytes::new((0..tasks.len()).map(bytes).sum::<f64>() as u64),
            in_flight_peak: run.in_flight_peak as u64,
            waves: waves.collect(),
            brokers: brokers(run),
            stuck_partitions: stuck.len() as u64,
            stuck: stuck.iter().take(NAMED_MAX).map(|&task| run.stuck(task)).collect(),
            loss: None,
            series: every.finish(|| run.sample(), ids),
            warnings: run.warnings(),
        }
    }
}

/// Brokers that send, receive, or have a log dir that changes.
fn brokers(run: &Run) -> Vec<SimulatedBroker> {
    let (world, whole) = (run.world, run.sample());
    let mut leaders = vec![0; world.len()];
    for row in 0..world.snapshot.partitions.len() as u32 {
        if let Some(count) = leaders.get_mut(world.leader(row) as usize) {
            *count += 1;
        }
    }
    let broker = |number: usize| {
        let dirs = world.dirs_of(number as u32).map(|dir| {
            let (level, found) = (&run.disks.dirs[dir as usize], &world.dirs[dir as usize]);
            SimulatedDir {
                path: world.path_of(dir).to_owned(),
                capacity_bytes: found.capacity.map(Bytes::new),
                used_before_bytes: Bytes::new(found.used),
                used_peak_bytes: Bytes::new(level.peak.round() as u64),
                peak_seconds: Seconds::new(level.peak_at),
                used_after_bytes: Bytes::new(level.at(run.now).round() as u64),
            }
        });
        let of = world.broker(number as u32);
        SimulatedBroker {
            id: of.id,
            rack: of.rack.clone(),
            in_bytes: Bytes::new(whole.received[number].max(0.0).round() as u64),
            out_bytes: Bytes::new(whole.sent[number].max(0.0).round() as u64),
            leaders_before: leaders[number],
            leaders_after: run.leaders[number],
            log_dirs: dirs.collect(),
        }
    };
    let takes_part = |broker: &SimulatedBroker| {
        let is_moved = |dir: &SimulatedDir| {
            dir.used_peak_bytes != dir.used_before_bytes || dir.used_after_bytes != dir.used_before_bytes
        };
        let copies = broker.in_bytes > Bytes::ZERO || broker.out_bytes > Bytes::ZERO;
        copies || broker.leaders_before != broker.leaders_after || broker.log_dirs.iter().any(is_moved)
    };
    (0..world.len()).map(broker).filter(takes_part).collect()
}
