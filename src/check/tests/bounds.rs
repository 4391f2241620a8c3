//! Bounds and their proofs, each of them altered.

use super::support::*;
use crate::base::units::{Bytes, Seconds};
use crate::check;
use crate::plan::{Bound, Bounds, CountBound, Outcome, Plan, Proof, RackPrice, Trade};
use crate::request::{Prefer, Request};
use crate::snapshot::Snapshot;

/// Brokers 1 and 2 in rack a and 3 in b leave; 11 in a, 12 and 13 in b take over. Every partition keeps a replica in
/// each rack, so of 4 × 100 GB each rack takes 4 copies: 400 GB into broker 11, 200 GB into each of 12 and 13.
fn uneven() -> (Snapshot, Plan) {
    let snapshot = cluster(
        &[(1, "a", ""), (2, "a", ""), (3, "b", ""), (11, "a", ""), (12, "b", ""), (13, "b", "")],
        &[
            ("t", 0, &[1, 3], 100, ""),
            ("t", 1, &[2, 3], 100, ""),
            ("t", 2, &[3, 1], 100, ""),
            ("t", 3, &[3, 2], 100, ""),
        ],
    );
    let moves: &[To] =
        &[("t", 0, &[11, 12], &[]), ("t", 1, &[11, 13], &[]), ("t", 2, &[12, 11], &[]), ("t", 3, &[13, 11], &[])];
    let request: Request = request("1-3", "11-13");
    let bare = bare(&snapshot, request, &[(crate::plan::Stage::Data, moves)]);
    let mut plan = figured(&snapshot, bare);
    let by = || "what must enter".to_owned();
    let only = |rack: &str| Proof::Prices { racks: vec![RackPrice { rack: rack.to_owned(), price: 1.0 }] };
    let makespan = 400.0 * 1000.0 / 50.0;
    plan.summary.bounds = Some(Bounds {
        moves: CountBound { value: 8, reached: 8, by: by() },
        bytes: CountBound { value: 800 * GB, reached: 800 * GB, by: by() },
        disk: Some(Bound { value: 0.4, reached: 0.4, by: by(), proof: only("a") }),
        leaders: Some(Bound { value: 1.5, reached: 1.5, by: by(), proof: Proof::Prices { racks: Vec::new() } }),
        makespan: Some(Bound { value: makespan, reached: makespan, by: by(), proof: only("a") }),
    });
    plan.summary.makespan_lower_bound_seconds = Some(Seconds::new(makespan));
    (snapshot, plan)
}

#[test]
fn bounds_worked_out_by_hand_pass_with_their_proofs() {
    let (snapshot, plan) = uneven();
    let report = check::plan(&snapshot, &plan);
    assert!(report.is_ok(), "{report}");
}

#[test]
fn other_proofs_of_the_same_bounds_pass_too() {
    let (snapshot, mut plan) = uneven();
    let bounds = plan.summary.bounds.as_mut().unwrap();
    // Four copies must enter rack a, which has one target.
    bounds.disk.as_mut().unwrap().proof = Proof::Copies { copies: 4, rack: Some("a".into()) };
    let report = check::plan(&snapshot, &plan);
    assert!(report.is_ok(), "{report}");
}

#[test]
fn every_altered_bound_and_every_altered_proof_is_a_violation() {
    fn disk(bounds: &mut Bounds) -> &mut Bound {
        bounds.disk.as_mut().unwrap()
    }
    fn leaders(bounds: &mut Bounds) -> &mut Bound {
        bounds.leaders.as_mut().unwrap()
    }
    fn makespan(bounds: &mut Bounds) -> &mut Bound {
        bounds.makespan.as_mut().unwrap()
    }
    fn prices(racks: &[(&str, f64)]) -> Proof {
        let price = |&(rack, price): &(&str, f64)| RackPrice { rack: rack.to_owned(), price };
        Proof::Prices { racks: racks.iter().map(price).collect() }
    }
    type Break = fn(&mut Bounds);
    let breaks: &[(&str, Break)] = &[
        ("moves", |b| b.moves.value = 7),
        ("moves", |b| b.moves.reached = 9),
        ("bytes", |b| b.bytes.value += 1),
        ("bytes", |b| b.bytes.reached -= 1),
        ("disk", |b| disk(b).value = 0.401),
        ("disk", |b| disk(b).value = 0.399),
        ("disk", |b| disk(b).value = f64::NAN),
        ("disk", |b| disk(b).reached = 0.39),
        ("disk", |b| disk(b).by.clear()),
        ("disk", |b| disk(b).proof = prices(&[])),
        ("disk", |b| disk(b).proof = prices(&[("b", 1.0)])),
        ("disk", |b| disk(b).proof = prices(&[("a", 1.0), ("b", -1.0)])),
        ("disk", |b| disk(b).proof = prices(&[("a", f64::INFINITY)])),
        ("disk", |b| disk(b).proof = prices(&[("a", 1.0), ("a", 1.0)])),
        ("disk", |b| disk(b).proof = prices(&[("c", 1.0)])),
        ("disk", |b| disk(b).proof = Proof::Broker { broker: 11 }),
        ("disk", |b| disk(b).proof = Proof::Broker { broker: 1 }),
        ("disk", |b| disk(b).proof = Proof::Copies { copies: 3, rack: Some("a".into()) }),
        ("disk", |b| disk(b).proof = Proof::Copies { copies: 5, rack: Some("a".into()) }),
        ("disk", |b| disk(b).proof = Proof::Copies { copies: 0, rack: None }),
        ("disk", |b| disk(b).proof = Proof::Copies { copies: 8, rack: None }),
        ("disk", |b| disk(b).proof = Proof::Partition { topic: "t".into(), partition: 0 }),
        ("disk", |b| disk(b).proof = Proof::Partition { topic: "t".into(), partition: -1 }),
        ("disk", |b| disk(b).proof = Proof::Senders),
        ("disk", |b| b.disk = None),
        ("leaders", |b| leaders(b).value = 2.25),
        ("leaders", |b| leaders(b).value = 0.75),
        ("leaders", |b| leaders(b).value = 1.0),
        ("leaders", |b| leaders(b).reached = 1.0),
        ("leaders", |b| leaders(b).proof = Proof::Broker { broker: 12 }),
        ("leaders", |b| leaders(b).proof = Proof::Senders),
        ("leaders", |b| b.leaders = None),
        ("makespan", |b| makespan(b).value = 8001.0),
        ("makespan", |b| makespan(b).value = 7999.0),
        ("makespan", |b| makespan(b).reached = 1.0),
        ("makespan", |b| makespan(b).proof = prices(&[])),
        ("makespan", |b| makespan(b).proof = Proof::Partition { topic: "t".into(), partition: 1 }),
        ("makespan", |b| makespan(b).proof = Proof::Senders),
        ("makespan", |b| makespan(b).proof = Proof::Broker { broker: 11 }),
        ("makespan", |b| b.makespan = None),
    ];
    for (number, (key, damage)) in breaks.iter().enumerate() {
        let (snapshot, mut plan) = uneven();
        damage(plan.summary.bounds.as_mut().unwrap());
        let report = check::plan(&snapshot, &plan);
        let place = format!("plan.json at summary.bounds.{key}");
        let is_found = |violation: &check::Violation| {
            violation.rule == "bounds" && violation.place.as_deref() == Some(place.as_str())
        };
        assert!(report.violations.iter().any(is_found), "change {number} of {key} is not found: {report}");
    }
}

#[test]
fn bounds_of_another_request_are_violations() {
    let (snapshot, mut plan) = uneven();
    plan.request.drain = ids("1");
    let report = check::plan(&snapshot, &plan);
    assert!(report.violations.iter().any(|violation| violation.rule == "bounds"), "{report}");
}

/// The same with a broker 11 of twice the disk, which may head twice as many lists: of four heads 2, 1 and 1.
#[test]
fn leaders_are_judged_by_shares_in_proportion_to_the_disks() {
    let sized = |prefer: Prefer| {
        let (mut snapshot, mut plan) = uneven();
        let at = snapshot.brokers.iter().position(|broker| broker.id == id(11)).unwrap();
        snapshot.brokers[at].log_dirs[0].capacity = Some(Bytes::new(2000 * GB));
        plan.request.prefer = prefer;
        let bounds = plan.summary.bounds.take();
        let mut plan = figured(&snapshot, plan);
        plan.cluster.sha256 = snapshot.sha256();
        plan.summary.bounds = bounds;
        let bounds = plan.summary.bounds.as_mut().unwrap();
        let disk = bounds.disk.as_mut().unwrap();
        (disk.value, disk.reached) = (0.2, 0.2);
        plan.summary.makespan_lower_bound_seconds = Some(Seconds::new(bounds.makespan.as_ref().unwrap().value));
        (snapshot, plan)
    };
    let leaders = |plan: &mut Plan, value: f64, reached: f64| {
        let bound = plan.summary.bounds.as_mut().unwrap().leaders.as_mut().unwrap();
        (bound.value, bound.reached) = (value, reached);
    };
    for (prefer, right, wrong) in [(Prefer::Disk, 1.0, 1.5), (Prefer::Time, 1.5, 1.0)] {
        let (snapshot, mut plan) = sized(prefer);
        leaders(&mut plan, right, right);
        let report = check::plan(&snapshot, &plan);
        assert!(report.is_ok(), "{report}");
        for (value, reached) in [(wrong, right), (right, wrong), (wrong, wrong)] {
            leaders(&mut plan, value, reached);
            let report = check::plan(&snapshot, &plan);
            let place = Some("plan.json at summary.bounds.leaders");
            assert!(report.violations.iter().all(|violation| violation.place.as_deref() == place), "{report}");
            assert!(!report.is_ok(), "{value} and {reached} pass with {prefer:?}");
        }
    }
}

#[test]
fn every_altered_figure_of_a_preference_is_a_violation() {
    let outcome = |fill: f64, seconds: f64| {
        Some(Outcome { fullest_target: Some(fill), receiving_seconds: Some(Seconds::new(seconds)) })
    };
    let told = |disk: Option<Outcome>, time: Option<Outcome>| {
        let (snapshot, mut plan) = uneven();
        plan.summary.trade = Some(Trade { disk, time });
        check::plan(&snapshot, &plan)
    };
    let chosen = outcome(0.4, 8000.0);
    for other in [None, chosen, outcome(0.7, 9000.0)] {
        let report = told(chosen, other);
        assert!(report.is_ok(), "{report}");
    }
    let unknown = Some(Outcome::default());
    let wrong = [
        ("disk", None, None),
        ("disk.fullest_target", outcome(0.39, 8000.0), None),
        ("disk.receiving_seconds", outcome(0.4, 7000.0), chosen),
        ("disk.fullest_target", unknown, chosen),
        ("time.fullest_target", chosen, outcome(0.39, 8000.0)),
        ("time.receiving_seconds", chosen, outcome(0.4, 7999.0)),
        ("time.receiving_seconds", chosen, outcome(0.4, f64::NAN)),
        ("time.fullest_target", chosen, unknown),
    ];
    for (key, disk, time) in wrong {
        let report = told(disk, time);
        let place = format!("plan.json at summary.trade.{key}");
        assert!(report.violations.iter().any(|it| it.place.as_deref() == Some(place.as_str())), "{key}: {report}");
    }
}
