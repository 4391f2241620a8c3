//! Local search over homes and heads at once, where the case is small enough for every replica to count.
//!
//! **The problem.** In a large cluster a replica is a thousandth of a broker, and filling by size ends within a
//! fraction of a percent. With a few dozen replicas it is a tenth: which one goes where decides everything, racks
//! and leaders pull against each other, and no single exchange leads from a fair placement to the best one.
//!
//! **The method.** Goal by goal ([`crate::placement::goals`]): the largest load over its share is lowered, and then
//! kept as a ceiling while the next goal has its turn; last, topics are spread. A proposal moves one replica,
//! exchanges two, or hands a leadership over, and sometimes two or three of these at once, so that it can lead
//! through what a ceiling forbids. It is taken when it is no worse than the walk was some steps ago (late
//! acceptance, Burke and Bykov 2017): a walk may climb out of a valley without any temperature to tune.
//!
//! **The cost** is counted in proposals, never in seconds: a number for each replica, and not more than
//! [`PROPOSALS_MAX`]. Walks of different seeds run side by side and the best one wins, the first among equals, so
//! the result does not depend on how many threads there are.

use rayon::prelude::*;

use super::state::{Change, Facts, Spot, State};
use super::times;
use crate::base::error::Result;
use crate::base::index::Csr;
use crate::base::random::Random;
use crate::base::work::Work;
use crate::placement::Home;
use crate::placement::goals::{Goal, goals};
use crate::problem::Problem;

/// With more new replicas than this the constructive methods are as good.
const REPLICAS_MAX: u64 = 500;
/// With more targets than this a look at all of them for each proposal is too dear.
const TARGETS_MAX: usize = 64;
/// Proposals of a walk for each new replica and goal.
const PROPOSALS_PER_REPLICA: usize = 250;
/// Proposals of a walk for a goal, at least and at most.
const PROPOSALS_MIN: usize = 2_500;
const PROPOSALS_MAX: usize = 100_000;
/// Walks side by side, and how many of them set out from where things are; the others from anywhere.
const WALKS: u64 = 8;
const SETTLED_WALKS: u64 = 2;
/// A goal that is this near to what it cannot be below is left as it is.
const CLOSE_ENOUGH: f64 = 1.002;
/// What a goal may lose to those behind it, as a share of it: without any room they could hardly move.
const ROOM: f64 = 5e-4;
/// What a broken ceiling costs a walk, beside what it gains.
const BROKEN: f64 = 20.0;
/// How many proposals ago a walk looks for what it may not be worse than.
const MEMORY: usize = 120;

/// Whether a search is worth its cost.
pub fn is_worthwhile(problem: &Problem<'_>) -> bool {
    problem.replicas_forced <= REPLICAS_MAX && problem.targets.len() <= TARGETS_MAX
}

/// Improves the homes of all movers; of a list whose first place falls free, the first home leads.
///
/// # Errors
/// Only an interruption.
pub fn improve(problem: &Problem<'_>, homes: &mut Csr<Home>, work: &Work) -> Result<()> {
    let goals = goals(problem);
    let facts = Facts::new(problem, &goals, homes);
    let mut state = State::new(&facts, homes);
    let mut ceilings: Vec<f64> = vec![f64::INFINITY; goals.len()];
    let times = times(problem);
    for stage in 0..=goals.len() {
        work.step("improving", stage, goals.len() + 1)?;
        let aim = Aim { goals: &goals, stage, ceilings: &ceilings };
        if !aim.is_reached(&state) {
            let walks: Vec<Walked> =
                (0..WALKS).into_par_iter().map(|walk| aim.walk(&state, problem.request.seed, walk, times)).collect();
            if let Some(best) = walks.into_iter().reduce(Walked::better) {
                state = State::at(&facts, best.spots);
            }
        }
        if stage < goals.len() {
            ceilings[stage] = state.value(stage).max(goals[stage].floor) * (1.0 + ROOM);
        }
    }
    state.write(homes);
    Ok(())
}

/// What a stage strives for: its goal, below the ceilings of those before it.
struct Aim<'a> {
    goals: &'a [Goal],
    /// A goal; one past the last are the topics.
    stage: usize,
    ceilings: &'a [f64],
}

/// Where a walk was best.
struct Walked {
    spots: Vec<Spot>,
    score: f64,
}

impl Walked {
    /// The better of two; the first among equals.
    fn better(self, other: Self) -> Self {
        if other.score < self.score { other } else { self }
    }
}

impl Aim<'_> {
    fn is_reached(&self, state: &State<'_>) -> bool {
        match self.goals.get(self.stage) {
            Some(goal) => state.value(self.stage) <= goal.floor * CLOSE_ENOUGH,
            None => state.crowding() == 0.0,
        }
    }

    /// By how much the ceilings are broken, each as a share of itself.
    fn broken(&self, state: &State<'_>) -> f64 {
        let above = |stage: usize| (state.value(stage) / self.ceilings[stage] - 1.0).max(0.0);
        (0..self.stage.min(self.goals.len())).map(above).sum()
    }

    /// What is to be lowered: the goal, and a little of how uneven it is.
    fn wanted(&self, state: &State<'_>) -> f64 {
        const UNEVEN: f64 = 0.02;
        // Topics come last: they decide between equals until it is their turn.
        const CROWDED: f64 = 1e-5;
        let goal =
            (self.stage < self.goals.len()).then(|| state.value(self.stage) + UNEVEN * state.unevenness(self.stage));
        goal.unwrap_or(0.0) + CROWDED * state.crowding()
    }

    /// One walk from `start`.
    fn walk(&self, start: &State<'_>, seed: u64, walk: u64, times: usize) -> Walked {
        let mut random = Random::new(seed ^ (walk << 32) ^ self.stage as u64);
        let proposals = times * (start.slots() * PROPOSALS_PER_REPLICA).clamp(PROPOSALS_MIN, PROPOSALS_MAX);
        let mut state = start.clone();
        if walk >= SETTLED_WALKS {
            // Far from where the constructive methods ended.
            for _ in 0..2 * start.slots() {
                state.propose(self.stage, &mut random, &mut Vec::new());
            }
        }
        let mut score = self.wanted(&state) + BROKEN * self.broken(&state);
        let mut best = Walked { spots: start.spots().to_vec(), score: self.wanted(start) };
        let mut memory = vec![score; MEMORY];
        let mut undo: Vec<Change> = Vec::new();
        for proposal in 0..proposals {
            undo.clear();
            state.propose(self.stage, &mut random, &mut undo);
            if undo.is_empty() {
                continue;
            }
            let broken = self.broken(&state);
            let found = self.wanted(&state) + BROKEN * broken;
            let earlier = &mut memory[proposal % MEMORY];
            if found <= score || found <= *earlier {
                score = found;
                // A walk may go where a ceiling is broken, to come back elsewhere, but nothing there is an answer.
                if broken == 0.0 && score < best.score - 1e-9 {
                    best.score = score;
                    best.spots.copy_from_slice(state.spots());
                    if self.is_reached(&state) {
                        break;
                    }
                }
            } else {
                state.take_back(&mut undo);
            }
            *earlier = earlier.min(score);
        }
        best
    }
}
