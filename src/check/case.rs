//! One plan on one world: all facts that rules look at, derived once.

use std::sync::OnceLock;

use super::Violation;
use super::ask::Ask;
use super::certificate::Claims;
use super::figures::{self, Figures};
use crate::plan::{Move, Plan};
use crate::replay::{self, Disk, NONE, Rates, Steps, WaveTime, World};
use crate::request::Request;

/// One move: as the plan has it, and resolved.
pub(super) struct CaseMove<'a> {
    /// Index of its wave, from 0.
    pub wave: usize,
    pub step: usize,
    /// Its row of the snapshot, or `replay::NONE`.
    pub row: u32,
    /// Replicas before it as broker numbers; empty where the snapshot does not have the partition.
    pub old: &'a [u32],
    /// Replicas after it as broker numbers, `replay::NONE` for unknown ones.
    pub new: &'a [u32],
    pub paper: Move<'a>,
}

impl<'a> CaseMove<'a> {
    /// Replicas of the snapshot as broker numbers; empty where it does not have the partition.
    pub fn origin(&self, case: &'a Case<'_>) -> &'a [u32] {
        if self.row == NONE { &[] } else { case.world.replicas(self.row) }
    }

    /// Whether it is the last move of its partition.
    pub fn is_last(&self, case: &Case<'_>) -> bool {
        case.steps.is_last(self.step)
    }
}

/// A plan, resolved and replayed.
pub(super) struct Case<'a> {
    pub world: &'a World<'a>,
    pub plan: &'a Plan,
    pub ask: Ask<'a>,
    pub steps: Steps,
    /// What every broker carries in each wave.
    pub times: Vec<WaveTime>,
    /// The throttle of each broker.
    pub rates: Option<Rates>,
    pub disk: Disk,
    /// Whether the plan was made for other replica lists.
    pub is_drifted: bool,
    figures: OnceLock<Figures>,
    claims: OnceLock<Claims>,
}

impl<'a> Case<'a> {
    pub fn new(world: &'a World<'a>, plan: &'a Plan) -> Self {
        let ask = Ask::new(world, &plan.request);
        let mut steps = Steps::of_plan(world, plan);
        for step in 0..steps.len() {
            // A move from another list than the one that is there cannot be replayed, nor can what comes after it; a
            // rule names it.
            let before = steps.previous[step];
            let stood = steps.old.get(step).iter().map(|&broker| (broker != NONE).then(|| world.id(broker)));
            steps.is_sound[step] = steps.is_sound[step]
                && (before == NONE || steps.is_sound[before as usize])
                && stood.eq(plan.moves.previous.get(step).iter().copied().map(Some));
        }
        let rates = Rates::of(world, &plan.request);
        let (times, disk) = rayon::join(
            || replay::time::waves(world, &steps),
            || (!plan.request.growth).then(|| replay::disk::replay(world, &steps, None)),
        );
        // Growth needs the times.
        let disk = disk.unwrap_or_else(|| {
            replay::disk::replay(world, &steps, elapsed(&plan.request, rates.as_ref(), &times).as_deref())
        });
        Case {
            world,
            plan,
            ask,
            steps,
            times,
            rates,
            disk,
            is_drifted: false,
            figures: OnceLock::new(),
            claims: OnceLock::new(),
        }
    }

    /// The figures, computed when first asked for.
    pub fn figures(&self) -> &Figures {
        self.figures.get_or_init(|| figures::of(self))
    }

    /// What has to be placed and where it may go, derived when first asked for.
    pub fn claims(&self) -> &Claims {
        self.claims.get_or_init(|| Claims::new(self))
    }

    /// Whether every move can be replayed.
    pub fn is_sound(&self) -> bool {
        self.steps.is_sound.iter().all(|&is_sound| is_sound)
    }

    /// Every move with its wave's index.
    pub fn moves(&self) -> impl Iterator<Item = CaseMove<'_>> {
        let waves = self.steps.waves.iter().enumerate();
        waves.flat_map(move |(wave, range)| range.clone().map(move |step| self.get(wave, step)))
    }

    /// A move of a wave.
    pub fn get(&self, wave: usize, step: usize) -> CaseMove<'_> {
        let row = self.steps.row[step];
        CaseMove {
            wave,
            step,
            row,
            old: self.steps.old.get(step),
            new: self.steps.new.get(step),
            paper: self.plan.get(step),
        }
    }

    /// A violation of a wave.
    pub fn wave_violation(&self, rule: &'static str, wave: usize, message: impl Into<String>) -> Violation {
        let number = self.plan.waves[wave].index;
        Violation::new(rule, message).wave(number).place(format!("plan.json at waves[{wave}]"))
    }

    /// A violation of a move.
    pub fn violation(&self, rule: &'static str, moved: &CaseMove, message: impl Into<String>) -> Violation {
        let CaseMove { wave, step, paper, .. } = moved;
        let step_in_wave = step - self.steps.waves[*wave].start;
        self.wave_violation(rule, *wave, message)
            .partition(paper.topic, paper.partition)
            .place(format!("plan.json at waves[{wave}].partitions[{step_in_wave}]"))
    }

    /// A violation of a row of the snapshot.
    pub fn row_violation(&self, rule: &'static str, row: u32, message: impl Into<String>) -> Violation {
        let snapshot = self.world.snapshot;
        let partition = snapshot.partitions.id[row as usize];
        Violation::new(rule, message).partition(&snapshot.topic_of(row as usize).name, partition)
    }
}

/// Seconds from the start to the end of each wave, where growth counts; a wave that never ends, which another
/// rule names, takes none.
pub(super) fn elapsed(request: &Request, rates: Option<&Rates>, times: &[WaveTime]) -> Option<Vec<f64>> {
    let rates = rates.filter(|_| request.growth)?;
    let mut total = 0.0;
    let mut end = |time: &WaveTime| {
        let seconds = time.seconds(rates);
        total += if seconds.is_finite() { seconds } else { 0.0 };
        total
    };
    Some(times.iter().map(&mut end).collect())
}

/// `[1001,1002]`.
pub(super) fn list(ids: &[crate::base::ids::BrokerId]) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    format!("[{}]", ids.join(","))
}

/// Whether two floats are the same but for rounding.
pub(super) fn is_close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}
