//! `at-risk`: what the loss of one broker or rack would do is what the replay gives, in every wave and over all of them.

use super::super::Violation;
use super::super::case::Case;
use crate::plan::{AtRisk, LossRisk, WorstLoss};
use crate::replay::loss;

const RULE: &str = "at-risk";

pub(super) fn judge(case: &Case, found: &mut Vec<Violation>) {
    let (waves, summary) = (&case.plan.waves, &case.plan.summary.at_risk);
    // Plans of older versions have none.
    if summary.is_none() && waves.iter().all(|wave| wave.at_risk.is_none()) {
        return;
    }
    let replayed = loss::replay(case.world, &case.steps);
    for (wave, expected) in replayed.waves.iter().enumerate() {
        if let Some(message) = differs(waves[wave].at_risk.as_ref(), expected) {
            found.push(case.wave_violation(RULE, wave, message));
        }
    }
    let mut most = replayed.before.clone();
    replayed.waves.iter().for_each(|wave| most.raise(wave));
    let given = summary.as_ref();
    for (key, given, expected) in [
        ("before", given.map(|span| &span.before), &replayed.before),
        ("most", given.map(|span| &span.most), &most),
        ("after", given.map(|span| &span.after), &replayed.after),
    ] {
        if let Some(message) = differs(given, expected) {
            let place = format!("plan.json at summary.at_risk.{key}");
            found.push(Violation::new(RULE, message).place(place));
        }
    }
}

/// What is said otherwise than it is.
fn differs(given: Option<&AtRisk>, expected: &AtRisk) -> Option<String> {
    let Some(given) = given else { return Some("it is not said what the loss of a broker would do".into()) };
    let shown = |risk: &LossRisk| {
        let worst = |worst: &WorstLoss| {
            format!(", at worst {} with {} and {}", worst.name(), worst.below_min_isr, worst.offline)
        };
        let worst = risk.worst.as_ref().map_or(String::new(), worst);
        format!("{} below min ISR and {} offline{worst}", risk.below_min_isr, risk.offline)
    };
    let message = |what: &str, given: Option<&LossRisk>, expected: Option<&LossRisk>| {
        let shown = |risk: Option<&LossRisk>| risk.map_or("nothing".to_owned(), shown);
        (given != expected).then(|| format!("loss of one {what}: {}, expected {}", shown(given), shown(expected)))
    };
    message("broker", Some(&given.broker_loss), Some(&expected.broker_loss))
        .or_else(|| message("rack", given.rack_loss.as_ref(), expected.rack_loss.as_ref()))
}
