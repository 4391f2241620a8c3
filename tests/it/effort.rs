//! Aim: more effort gives a better plan where there is something to gain, the same one where there is not, and always
//! the same one for the same request.
//! Method: partitions of one replica, where who holds leads; shares are added up from the lists of the plan alone.

use kshift::base::ids::IdSet;
use kshift::base::work::Work;
use kshift::example::{Options, cluster};
use kshift::plan::Plan;
use kshift::request::{Effort, Request};
use kshift::snapshot::Snapshot;

use crate::support::shares::{Figures, Heads};

fn planned(snapshot: &Snapshot, effort: Effort) -> Plan {
    let request = Request { drain: IdSet::parse("1000-1023").unwrap(), effort, ..Request::default() };
    let plan = kshift::plan(snapshot, &request, &Work::new()).unwrap();
    assert!(kshift::check::plan(snapshot, &plan).is_ok());
    plan
}

fn with_replicas(rf: u32) -> Snapshot {
    cluster(&Options { old: 24, new: 24, rf, partitions: 4_000, sigma: 1.5, seed: 5, ..Options::default() }).unwrap()
}

/// The lists of a plan in their order, without the request that stands in it.
fn lists(plan: &Plan) -> Vec<Vec<i32>> {
    (0..plan.moves.size.len()).map(|row| plan.get(row).replicas.iter().map(|id| id.get()).collect()).collect()
}

#[test]
fn more_effort_evens_out_what_single_replicas_lead_and_costs_nothing_else() {
    let snapshot = with_replicas(1);
    let figures = [Effort::Instant, Effort::Normal, Effort::Thorough]
        .map(|effort| Figures::of(&snapshot, &planned(&snapshot, effort), Heads::InTheirRack));
    let most = figures.map(|figures| figures.bytes_in.max(figures.bytes_out));
    assert!(most[0] > 1.1, "without a search there is something to gain: {most:?}");
    assert!(most[1] < 1.03 && most[2] <= most[1].max(1.02), "{most:?}");
    for figures in &figures {
        let wanted = Figures { bytes_in: f64::MAX, bytes_out: f64::MAX, ..Figures::WANTED };
        assert!(figures.above(&wanted).is_empty(), "{figures:?}");
    }
}

#[test]
fn where_everybody_has_its_share_effort_changes_nothing() {
    let snapshot = with_replicas(3);
    let [instant, normal] = [Effort::Instant, Effort::Normal].map(|effort| lists(&planned(&snapshot, effort)));
    assert!(instant == normal, "the search left its racks alone");
}

#[test]
fn the_search_within_racks_gives_the_same_plan_on_any_number_of_threads() {
    let snapshot = with_replicas(1);
    let plans = [1, 2, 3].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| planned(&snapshot, Effort::Normal))
    });
    assert!(plans[0] == plans[1] && plans[0] == plans[2]);
    assert!(lists(&plans[0]) != lists(&planned(&snapshot, Effort::Instant)), "there was something to search");
}
