//! The rules: each is a file with one subject, and adding one is a file and a line here.

pub(super) mod at_risk;
pub(super) mod bounds;
pub(super) mod brokers;
pub(super) mod canary;
pub(super) mod care;
pub(super) mod dates;
pub(super) mod disk;
pub(super) mod drift;
pub(super) mod earlier;
pub(super) mod health;
pub(super) mod leaders;
pub(super) mod limits;
pub(super) mod log_dirs;
pub(super) mod lower_bound;
pub(super) mod previous;
pub(super) mod racks;
pub(super) mod replicas;
pub(super) mod rollback;
pub(super) mod rolling;
pub(super) mod scope;
pub(super) mod shape;
pub(super) mod sizes;
pub(super) mod sources;
pub(super) mod stages;
pub(super) mod strategy;
pub(super) mod summary;
pub(super) mod targets;
pub(super) mod throttles;
pub(super) mod times;

use super::Violation;
use super::case::{Case, CaseMove};

/// Looks at a case and adds what does not hold.
pub(super) type Rule = fn(&Case, &mut Vec<Violation>);
/// Looks at one move of a case.
pub(super) type MoveRule = fn(&Case, &CaseMove, &mut Vec<Violation>);

/// What must hold of a plan as a whole, whatever it claims.
pub(super) const RULES: &[Rule] =
    &[scope::judge, disk::judge, limits::judge, stages::judge, canary::judge, throttles::judge];

/// What must hold of every move.
pub(super) const MOVES: &[MoveRule] = &[previous::judge, replicas::judge, targets::judge];

/// What must hold of every move that can be replayed.
pub(super) const SOUND_MOVES: &[MoveRule] = &[
    scope::judge_move,
    health::judge,
    leaders::judge,
    racks::judge,
    log_dirs::judge,
    stages::judge_move,
    strategy::judge,
];

/// What the plan claims of itself.
pub(super) const FIGURES: &[Rule] = &[
    rolling::judge,
    bounds::judge,
    times::judge,
    dates::judge,
    rollback::judge,
    at_risk::judge,
    sources::judge,
    summary::judge,
    brokers::judge,
    lower_bound::judge,
    earlier::judge,
];

/// What the plan claims of its moves.
pub(super) const MOVE_FIGURES: &[MoveRule] = &[sizes::judge];
