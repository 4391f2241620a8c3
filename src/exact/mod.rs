//! Small cases to the proven optimum: a mixed-integer program, one level of wishes after the other.
//!
//! **The problem** is that of `placement` and `leadership` in one. Hard: one home for each
//! freed place, no broker twice, the limit of each log dir, the rack policy. Wanted, each as far as all before
//! it allow: the fullest target least full; then the largest number of replicas over its broker's share; then
//! the same of leaders; then of the leaders' traffic.
//!
//! **The method.** A column per mover and log dir that could take it, one per mover and broker that could lead
//! it (`model`). Each level (`levels`) adds one column z and, for each target, `load ≤ z · share`; the least
//! z becomes a limit of the levels behind it. What the fast path found is where each search starts, so an answer
//! is never worse than the fast one.
//!
//! Solvers count in floats: what they find is checked byte by byte, and a set of replicas that does not fit
//! after all is forbidden before the level is solved again.
//!
//! **The cost** is exponential. [`COLUMNS_MAX`] bounds the size, [`NODES_MAX`] the search; both are numbers,
//! so the same case gets the same answer on every machine. Among equal optima the solver's own order decides,
//! which is fixed: one thread, no clock, columns in order of partition and broker.

pub use self::levels::NAMES;

mod levels;
mod milp;
mod model;

use self::levels::{Level, levels};
use self::milp::{Effort, Outcome};
use self::model::Model;
use crate::base::error::{Code, Error, Place, Result};
use crate::base::index::{Csr, IndexVec, Ix, PartitionIx};
use crate::base::text::{counted, grouped};
use crate::base::units::Seconds;
use crate::base::work::Work;
use crate::cluster::Cluster;
use crate::leadership::Leadership;
use crate::placement::Home;
use crate::plan::{Plan, Warning};
use crate::problem::Problem;
use crate::snapshot::Snapshot;

/// Most columns that must be whole; beyond it a search hardly ever ends.
pub const COLUMNS_MAX: usize = 2_000;

/// Most nodes of the search tree of one level; what is not proven by then is said.
pub const NODES_MAX: u64 = 2_000;

/// A value proven to be this near to the least one, as a share of it, counts as the least.
pub const GAP: f64 = 1e-4;

/// What a level that is settled may lose to the next ones: the tolerance of floats.
const SLACK: f64 = 1e-6;

/// How often a set of replicas may be forbidden that fits in floats but not in bytes.
const CUTS_MAX: usize = 50;

/// Homes and orders of all movers, as good as can be and no worse than `fast`, and a warning for each level that could not be proven.
///
/// # Errors
/// [`Code::TooLarge`]; what no placement can keep; an interruption.
pub fn solve(problem: &Problem<'_>, fast: Result<Leadership>, work: &Work) -> Result<(Leadership, Vec<Warning>)> {
    refuse_large(problem)?;
    let refusal = match fast {
        Ok(fast) if problem.movers.is_empty() => return Ok((fast, Vec::new())),
        Err(error) if error.code() == Code::Interrupted => return Err(error),
        fast => fast,
    };
    let mut search = Search::new(problem, NODES_MAX, work);
    let start = match refusal {
        Ok(fast) => search.columns_of(&fast.lists).ok_or_else(|| fault("the fast path broke a limit"))?,
        Err(refusal) => search.anything(refusal)?,
    };
    // What was the best of one level may be far from it at the next, where a search that is cut finds no way back.
    let mut known = vec![start];
    let mut warnings = Vec::new();
    for level in levels(&search.model) {
        known.sort_by(|a, b| search.value(&level, a).total_cmp(&search.value(&level, b)));
        let best = search.least(&level, &known[0])?;
        warnings.extend(best.not_proven(&level));
        search.settled.push((level, best.value));
        known.insert(0, best.taken);
        known.retain(|taken| search.keeps_settled(taken));
    }
    Ok((search.read(&known[0]), warnings))
}

/// How good a plan is at one level, against what can be had.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// The level: one of [`NAMES`].
    pub level: &'static str,
    /// The largest load over its share in the plan.
    pub reached: f64,
    /// The least that was found while all levels before stay at least as good as in the plan.
    pub best: f64,
    /// What no plan can be below; [`Measure::best`] where that is proven.
    pub bound: f64,
}

/// Measures where a plan's replicas and leaders end, level by level, each against the optimum that the levels
/// before it leave. Each level is searched for at most `nodes` nodes.
///
/// # Errors
/// [`Code::TooLarge`]; a plan that is not of this snapshot; an interruption.
pub fn measure(snapshot: &Snapshot, plan: &Plan, nodes: u64, work: &Work) -> Result<Vec<Measure>> {
    let mut problem = Problem::new(Cluster::new(snapshot), &plan.request)?;
    if plan.request.growth {
        problem.growth_horizon = plan.summary.makespan_seconds.unwrap_or(Seconds::ZERO);
    }
    refuse_large(&problem)?;
    let mut search = Search::new(&problem, nodes, work);
    let lists = lists_of(&problem, plan).ok_or_else(foreign)?;
    let taken = search.columns_of(&lists).ok_or_else(foreign)?;
    let mut measures = Vec::new();
    for level in levels(&search.model) {
        let reached = search.value(&level, &taken);
        let best = search.least(&level, &taken)?;
        let bound = if best.proven { best.value } else { best.bound };
        measures.push(Measure { level: level.name, reached, best: best.value, bound });
        search.settled.push((level, reached));
    }
    Ok(measures)
}

/// Values of the columns that place and order; the others follow from them.
type Taken = Vec<(u32, f64)>;

/// The least value of a level.
struct Best {
    taken: Taken,
    value: f64,
    bound: f64,
    proven: bool,
}

impl Best {
    fn not_proven(&self, level: &Level) -> Option<Warning> {
        let Best { value, bound, .. } = *self;
        (!self.proven).then(|| {
            Warning::new(
                "not-proven",
                format!(
                    "--exact stopped after {} nodes before the {} were proven: the largest load over its share is {value:.4}, and no plan is below {bound:.4}",
                    grouped(NODES_MAX),
                    level.name,
                ),
            )
        })
    }
}

/// A model, and the levels that are settled.
struct Search<'a> {
    model: Model<'a>,
    settled: Vec<(Level, f64)>,
    effort: Effort,
    work: &'a Work,
}

impl<'a> Search<'a> {
    fn new(problem: &'a Problem<'a>, nodes: u64, work: &'a Work) -> Self {
        Search { model: Model::new(problem), settled: Vec::new(), effort: Effort { nodes, gap: GAP }, work }
    }

    /// Some placement within all limits, where the fast path found none.
    fn anything(&mut self, refusal: Error) -> Result<Taken> {
        match self.run(None, None)? {
            Outcome::Found { values, .. } => Ok(self.taken(&values)),
            Outcome::Infeasible => Err(refusal.note("--exact proves it: no placement keeps every limit")),
            Outcome::Unknown => {
                let nodes = grouped(NODES_MAX);
                Err(refusal
                    .note(format!("--exact found no placement in {nodes} nodes, and no proof that there is none")))
            }
        }
    }

    /// The least value of a level, starting from `taken`, which keeps all that is settled.
    fn least(&mut self, level: &Level, taken: &Taken) -> Result<Best> {
        let value = self.value(level, taken);
        if value <= level.floor * (1.0 + GAP) {
            return Ok(Best { taken: taken.clone(), value, bound: level.floor, proven: true });
        }
        Ok(match self.run(Some(level), Some(taken))? {
            Outcome::Found { values, bound, proven } => {
                let found = self.taken(&values);
                let better = self.value(level, &found);
                // A cut for the bytes may have made the search forget where it started.
                let (taken, value) = if better <= value { (found, better) } else { (taken.clone(), value) };
                Best { taken, value, bound: bound.max(level.floor), proven }
            }
            Outcome::Unknown => Best { taken: taken.clone(), value, bound: level.floor, proven: false },
            Outcome::Infeasible => return Err(fault("what was found is not found again")),
        })
    }

    fn run(&mut self, level: Option<&Level>, hint: Option<&Taken>) -> Result<Outcome> {
        for _ in 0..CUTS_MAX {
            let mut milp = self.model.milp.clone();
            for (settled, value) in &self.settled {
                for load in settled.loads.iter().filter(|load| !load.terms.is_empty()) {
                    milp.at_most(load.terms.clone(), value * (1.0 + SLACK) - load.fixed);
                }
            }
            let goal = level.map(|level| {
                let goal = milp.column(level.floor, f64::INFINITY, false);
                for load in level.loads.iter().filter(|load| !load.terms.is_empty()) {
                    let terms = load.terms.iter().copied().chain([(goal, -1.0)]);
                    milp.at_most(terms.collect(), -load.fixed);
                }
                goal
            });
            let outcome = milp.least(goal, hint.map(Vec::as_slice), self.effort, self.work)?;
            if !self.model.forbid_overfull(&outcome) {
                return Ok(outcome);
            }
        }
        Err(fault("replicas that fit in floats keep missing by bytes"))
    }

    /// Whether no settled level is any worse with these.
    fn keeps_settled(&self, taken: &Taken) -> bool {
        self.settled.iter().all(|(level, value)| self.value(level, taken) <= value * (1.0 + SLACK))
    }

    fn value(&self, level: &Level, taken: &Taken) -> f64 {
        let mut values = vec![0.0; self.model.milp.columns.len()];
        for &(column, value) in taken {
            values[column as usize] = value;
        }
        level.value(&values)
    }

    fn taken(&self, values: &[f64]) -> Taken {
        self.model.choices().map(|column| (column, values[column as usize].round())).collect()
    }

    /// The columns that are 1 for these lists; none when a place is not open to its replica.
    fn columns_of(&self, lists: &Csr<Home>) -> Option<Taken> {
        let mut ones = Vec::new();
        for (mover, list) in lists.iter().enumerate() {
            ones.extend(self.model.ones_of(mover, list)?);
        }
        Some(self.model.choices().map(|column| (column, f64::from(u8::from(ones.contains(&column))))).collect())
    }

    /// The lists that these columns say.
    fn read(&self, taken: &Taken) -> Leadership {
        let mut is_one = vec![false; self.model.milp.columns.len()];
        for &(column, value) in taken {
            is_one[column as usize] = value > 0.5;
        }
        let problem = self.model.problem;
        let mut second = IndexVec::filled(0_u32, problem.cluster.brokers.len());
        let mut lists = Csr::with_capacity(problem.movers.len(), problem.movers.len() * 3);
        for (mover, &partition) in problem.movers.iter().enumerate() {
            let list = self.model.list_of(mover, partition, &is_one, &second);
            if let Some(home) = list.get(1) {
                second[home.broker] += 1;
            }
            lists.push(list);
        }
        Leadership { lists }
    }
}

/// Where the movers end, in the order of [`Problem::movers`]; those that the plan does not name are not of it.
fn lists_of(problem: &Problem<'_>, plan: &Plan) -> Option<Csr<Home>> {
    let cluster = &problem.cluster;
    let mut rows: Vec<Option<usize>> = vec![None; cluster.replicas.len()];
    for row in plan.waves.iter().flat_map(|wave| wave.rows.clone()) {
        let step = plan.get(row);
        rows[cluster.snapshot.row_of(step.topic, step.partition)?] = Some(row);
    }
    let list = |&partition: &PartitionIx| -> Option<Vec<Home>> {
        let step = plan.get(rows[partition.get()]?);
        let mut dirs = step.dirs.iter();
        let home = |&id| {
            let broker = cluster.broker_ix(id)?;
            let path = dirs.next().flatten();
            let mut open = problem.receiving_dirs(broker);
            let is_named = |dir: &_| {
                let log_dirs = &cluster.snapshot.brokers[broker.get()].log_dirs;
                path.is_none_or(|path| log_dirs[cluster.dirs[*dir].place].path == path)
            };
            Some(Home { broker, dir: open.find(is_named) })
        };
        step.replicas.iter().map(home).collect()
    };
    problem.movers.iter().map(list).collect()
}

fn refuse_large(problem: &Problem<'_>) -> Result<()> {
    let columns = Model::size(problem);
    if columns <= COLUMNS_MAX {
        return Ok(());
    }
    let (partitions, targets) = (problem.movers.len() as u64, problem.targets.len() as u64);
    let message = format!(
        "--exact is for small cases: {} onto {} make {} columns, and the most is {}",
        counted(partitions, "partition"),
        counted(targets, "target"),
        grouped(columns as u64),
        grouped(COLUMNS_MAX as u64)
    );
    Err(Error::new(Code::TooLarge, message)
        .at(Place::source("--exact"))
        .detail("columns", columns)
        .detail("columns_max", COLUMNS_MAX)
        .help("leave --exact out, or plan fewer topics at a time with `--topics REGEX`"))
}

fn foreign() -> Error {
    Error::new(Code::Contradiction, "the plan does not place every replica of this snapshot where its request allows")
        .help("measure a plan with the snapshot that it was made for")
}

fn fault(what: &str) -> Error {
    Error::new(Code::Internal, format!("--exact failed: {what}"))
        .help("leave --exact out, and please report it with the snapshot")
}
