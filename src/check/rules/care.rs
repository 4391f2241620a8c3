//! What holds but a person should know: it is warned of, not refused.

use std::iter::Sum;

use super::super::case::{Case, CaseMove};
use crate::base::text::{counted, either};
use crate::plan::Warning;
use crate::replay::NONE;

/// How many moves there is something to say of.
#[derive(Clone, Copy, Default)]
pub(in super::super) struct Care {
    headless: usize,
    refused: usize,
}

/// Looks at a sound move.
pub(in super::super) fn look(case: &Case, moved: &CaseMove, care: &mut Care) {
    if case.steps.previous[moved.step] != NONE {
        return;
    }
    let serves = |broker: u32| broker == NONE || case.world.broker(broker).state.serves();
    care.headless += usize::from(!serves(case.world.leader(moved.row)));
    care.refused += usize::from(moved.new.iter().any(|&broker| moved.old.contains(&broker) && !serves(broker)));
}

impl Sum for Care {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Care::default(), |sum, care| Care {
            headless: sum.headless + care.headless,
            refused: sum.refused + care.refused,
        })
    }
}

/// What has to be said in all.
pub(in super::super) fn warnings(care: Care) -> Vec<Warning> {
    let Care { headless, refused } = care;
    let mut warnings = Vec::new();
    if headless > 0 {
        let message = format!(
            "{} led by a broker that does not serve {}: there is nothing to copy from",
            counted(headless, "partition"),
            either(headless, "moves", "move")
        );
        warnings.push(Warning::new("leader-down", message));
    }
    if refused > 0 {
        let message = format!(
            "{} {} and {} a replica on a broker that is dead or fenced; Kafka's own tool refuses files that name one",
            counted(refused, "partition"),
            either(refused, "moves", "move"),
            either(refused, "keeps", "keep")
        );
        warnings.push(Warning::new("keeps-dead-broker", message));
    }
    warnings
}
