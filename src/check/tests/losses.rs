//! What the loss of one broker or rack would do, worked out by hand, then each figure altered.

use super::support::*;
use crate::check;
use crate::plan::{AtRisk, AtRiskSpan, LossRisk, Plan, Stage, WorstLoss};
use crate::snapshot::Snapshot;

fn loss(below_min_isr: u64, offline: u64, worst: Option<(&str, u64, u64)>) -> LossRisk {
    let worst = worst.map(|(name, below_min_isr, offline)| {
        let broker = name.parse().ok().map(id);
        let rack = broker.is_none().then(|| name.to_owned());
        WorstLoss { broker, rack, below_min_isr, offline }
    });
    LossRisk { below_min_isr, offline, worst }
}

/// Brokers 1 and 2 leave for 11 and 12, and racks are ignored. `a-0` has one replica. `b` wants one in sync: `b-0` moves
/// from two racks into one, `b-1` from one rack to two, and `b-2` stays on two racks with a broker that is dead.
///
/// Before the plan the loss of broker 1 takes `a-0` offline, that of 3 `b-2`; that of rack x `a-0` and `b-1`, of y `b-2`.
/// In wave 1 `b-0` comes into rack y alone, and `a-0` goes to y; in wave 2 `b-1` leaves rack x.
fn by_hand() -> (Snapshot, Plan) {
    let snapshot = cluster(
        &[
            (1, "x", ""),
            (2, "x", ""),
            (3, "y", ""),
            (4, "x", r#","state":"dead""#),
            (5, "x", ""),
            (11, "y", ""),
            (12, "y", ""),
        ],
        &[
            ("a", 0, &[1], 1, ""),
            ("b", 0, &[1, 3], 1, ""),
            ("b", 1, &[2, 5], 1, ""),
            ("b", 2, &[3, 4], 1, r#","isr":[3,4]"#),
        ],
    );
    let first: &[To] = &[("a", 0, &[11], &[]), ("b", 0, &[11, 3], &[])];
    let second: &[To] = &[("b", 1, &[12, 5], &[])];
    let mut request = request("1-2", "11-12");
    request.rack_policy = crate::request::RackPolicy::Ignore;
    let plan = bare(&snapshot, request, &[(Stage::Data, first), (Stage::Data, second)]);
    let mut plan = figured(&snapshot, plan);
    let before = AtRisk { broker_loss: loss(2, 2, Some(("1", 1, 1))), rack_loss: Some(loss(3, 3, Some(("x", 2, 2)))) };
    // `a-0` is at risk by 1 until it ends and by 11 then; by racks x and y likewise, where `b-0` joins `b-2`.
    let wave = AtRisk { broker_loss: loss(2, 2, Some(("1", 1, 1))), rack_loss: Some(loss(4, 4, Some(("y", 3, 3)))) };
    let last = AtRisk { broker_loss: loss(2, 2, Some(("3", 1, 1))), rack_loss: Some(loss(4, 4, Some(("y", 3, 3)))) };
    let after = AtRisk { rack_loss: Some(loss(3, 3, Some(("y", 3, 3)))), ..last.clone() };
    let most = wave.clone();
    plan.waves[0].at_risk = Some(wave);
    plan.waves[1].at_risk = Some(last);
    plan.summary.at_risk = Some(AtRiskSpan { before, most, after });
    (snapshot, plan)
}

#[test]
fn losses_worked_out_by_hand_pass() {
    let (snapshot, plan) = by_hand();
    let report = check::plan(&snapshot, &plan);
    assert!(report.is_ok(), "{report}");
}

#[test]
fn plans_that_say_nothing_of_losses_pass_and_those_that_say_half_do_not() {
    let (snapshot, mut plan) = by_hand();
    plan.summary.at_risk = None;
    assert_eq!(
        only(&check::plan(&snapshot, &plan), "at-risk").place.as_deref(),
        Some("plan.json at summary.at_risk.before")
    );
    plan.waves.iter_mut().for_each(|wave| wave.at_risk = None);
    assert!(check::plan(&snapshot, &plan).is_ok());
}

#[test]
fn every_altered_figure_of_a_loss_is_a_violation() {
    type Break = fn(&mut AtRisk);
    fn rack(risk: &mut AtRisk) -> &mut LossRisk {
        risk.rack_loss.as_mut().unwrap()
    }
    let breaks: &[Break] = &[
        |risk| risk.broker_loss.below_min_isr += 1,
        |risk| risk.broker_loss.offline -= 1,
        |risk| risk.broker_loss.worst = None,
        |risk| risk.broker_loss.worst.as_mut().unwrap().broker = Some(id(12)),
        |risk| risk.broker_loss.worst.as_mut().unwrap().offline = 0,
        |risk| rack(risk).below_min_isr -= 1,
        |risk| rack(risk).offline += 1,
        |risk| rack(risk).worst.as_mut().unwrap().rack = Some("z".to_owned()),
        |risk| rack(risk).worst.as_mut().unwrap().below_min_isr = 1,
        |risk| risk.rack_loss = None,
    ];
    let (snapshot, plan) = by_hand();
    for damage in breaks {
        for wave in 0..2 {
            let mut plan = plan.clone();
            damage(plan.waves[wave].at_risk.as_mut().unwrap());
            let report = check::plan(&snapshot, &plan);
            at(only(&report, "at-risk"), wave as u32 + 1, "", 0);
        }
        for key in ["before", "most", "after"] {
            let mut plan = plan.clone();
            let span = plan.summary.at_risk.as_mut().unwrap();
            damage(match key {
                "before" => &mut span.before,
                "most" => &mut span.most,
                _ => &mut span.after,
            });
            let report = check::plan(&snapshot, &plan);
            let place = format!("plan.json at summary.at_risk.{key}");
            assert_eq!(only(&report, "at-risk").place.as_deref(), Some(place.as_str()));
        }
    }
}
