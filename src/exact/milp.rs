//! A mixed-integer linear program as plain data, and the one function that solves it.
//!
//! The search runs on one thread and stops after a number of nodes, never at a time. It is cut into
//! stretches so that a stop is obeyed; a stretch continues where the last one ended, so where they are cut
//! changes nothing.

use microlp::{ComparisonOp, LinearExpr, OptimizationDirection, ResumeOptions, SolveOptions, SolveOutcome};

use crate::base::error::{Code, Error, Result};
use crate::base::work::Work;

/// Nodes between two looks at whether the work shall stop.
const STRETCH: u64 = 100;

/// A variable: its bounds, and whether it must be whole.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Least value.
    pub least: f64,
    /// Largest value.
    pub most: f64,
    /// Whether only whole values count.
    pub whole: bool,
}

/// `Σ coefficient · column`, at most `bound` or equal to it.
#[derive(Clone, Debug)]
pub struct Row {
    /// Columns by number, each once, with their coefficients.
    pub terms: Vec<(u32, f64)>,
    /// The right side.
    pub bound: f64,
    /// Equal, not at most.
    pub equal: bool,
}

/// Columns and rows; what is minimised is one of the columns.
#[derive(Clone, Debug, Default)]
pub struct Milp {
    /// The variables.
    pub columns: Vec<Column>,
    /// The constraints.
    pub rows: Vec<Row>,
}

/// How far a search may go.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Most nodes of the search tree.
    pub nodes: u64,
    /// A value proven to be within this share of the least one is good enough.
    pub gap: f64,
}

/// What was found.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Nothing satisfies all rows: proven.
    Infeasible,
    /// Values of all columns, and what no solution can be below.
    Found { values: Vec<f64>, bound: f64, proven: bool },
    /// The search ended before anything was found.
    Unknown,
}

impl Milp {
    /// Adds a variable and gives its number.
    pub fn column(&mut self, least: f64, most: f64, whole: bool) -> u32 {
        self.columns.push(Column { least, most, whole });
        self.columns.len() as u32 - 1
    }

    /// Adds `Σ terms ≤ bound`.
    pub fn at_most(&mut self, terms: Vec<(u32, f64)>, bound: f64) {
        self.rows.push(Row { terms, bound, equal: false });
    }

    /// Adds `Σ terms = bound`.
    pub fn equal(&mut self, terms: Vec<(u32, f64)>, bound: f64) {
        self.rows.push(Row { terms, bound, equal: true });
    }

    /// The least value of column `goal`; the search starts from `hint`, which names some columns' values.
    ///
    /// # Errors
    /// An interruption, or a fault of the solver.
    pub fn least(
        &self,
        goal: Option<u32>,
        hint: Option<&[(u32, f64)]>,
        effort: Effort,
        work: &Work,
    ) -> Result<Outcome> {
        let mut problem = microlp::Problem::new(OptimizationDirection::Minimize);
        let variables: Vec<microlp::Variable> = self
            .columns
            .iter()
            .enumerate()
            .map(|(number, column)| {
                let cost = f64::from(u8::from(goal == Some(number as u32)));
                if column.whole {
                    problem.add_integer_var(cost, (column.least as i32, column.most as i32))
                } else {
                    problem.add_var(cost, (column.least, column.most))
                }
            })
            .collect();
        for row in &self.rows {
            let mut sum = LinearExpr::empty();
            for &(column, coefficient) in &row.terms {
                sum.add(variables[column as usize], coefficient);
            }
            let relation = if row.equal { ComparisonOp::Eq } else { ComparisonOp::Le };
            problem.add_constraint(sum, relation, row.bound);
        }
        let mut options = SolveOptions::default();
        options.node_limit = Some(STRETCH);
        options.mip_gap = effort.gap;
        options.warm_start =
            hint.map(|hint| hint.iter().map(|&(column, value)| (variables[column as usize], value)).collect());
        let mut outcome = match problem.solve_with(options) {
            Err(microlp::Error::Infeasible) => return Ok(Outcome::Infeasible),
            outcome => outcome.map_err(|error| fault(&error))?,
        };
        loop {
            let stats = outcome.stats();
            let stopped = matches!(outcome.termination_reason(), microlp::TerminationReason::NodeLimit);
            if !stopped || stats.nodes_solved >= effort.nodes {
                return Ok(Self::read(&outcome, &variables, !stopped));
            }
            work.step("proving", stats.nodes_solved as usize, effort.nodes as usize)?;
            let mut more = ResumeOptions::default();
            more.node_limit = Some(STRETCH);
            more.mip_gap = Some(effort.gap);
            outcome = match outcome.resume_with(more) {
                Err(microlp::Error::Infeasible) => return Ok(Outcome::Infeasible),
                outcome => outcome.map_err(|error| fault(&error))?,
            };
        }
    }

    fn read(outcome: &SolveOutcome, variables: &[microlp::Variable], proven: bool) -> Outcome {
        let Some(solution) = outcome.solution() else { return Outcome::Unknown };
        let values = variables.iter().map(|&variable| solution.var_value(variable)).collect();
        let bound = outcome.stats().best_bound.unwrap_or(solution.objective());
        Outcome::Found { values, bound, proven }
    }
}

fn fault(error: &microlp::Error) -> Error {
    Error::new(Code::Internal, format!("the solver behind --exact gave up: {error}"))
        .help("leave --exact out, and please report it with the snapshot")
}
