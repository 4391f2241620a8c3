//! What one request may make a KRaft controller write: no wave asks for more, also where every partition is of another topic.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use kshift::base::assignment::Assignment;
use kshift::base::error::Error;
use kshift::base::ids::{BrokerId, IdSet};
use kshift::base::units::BytesPerSec;
use kshift::base::work::Work;
use kshift::plan::{Plan, Wave};
use kshift::request::{RackPolicy, Request};
use kshift::snapshot::{Snapshot, v1};

use crate::support::property::passes_from_its_file;

/// Records that the lists of a wave may take in a plan of ours; Kafka's limit is 10,000.
const OURS: usize = 9_000;

/// Two old brokers and two new ones, and topics with so many small partitions each.
fn many_topics(topics: usize, partitions: usize) -> Snapshot {
    let mut text = String::from(r#"{"kind":"kshift.cluster","version":1,"brokers":["#);
    for id in 1..=4 {
        let comma = if id > 1 { "," } else { "" };
        write!(text, r#"{comma}{{"id":{id},"log_dirs":[{{"path":"/d","capacity_bytes":10000000000000}}]}}"#).unwrap();
    }
    text.push_str(r#"],"topics":["#);
    for topic in 0..topics {
        let comma = if topic > 0 { "," } else { "" };
        write!(text, r#"{comma}{{"name":"t{topic:05}","partitions":["#).unwrap();
        for partition in 0..partitions {
            let comma = if partition > 0 { "," } else { "" };
            let (leader, size) = (1 + (topic + partition) % 2, 1_000_000 + (topic * 7 + partition) % 1_000);
            write!(text, r#"{comma}{{"partition":{partition},"replicas":[{leader}],"size_bytes":{size}}}"#).unwrap();
        }
        text.push_str("]}");
    }
    text.push_str("]}");
    v1::read(&text, "cluster.json").unwrap()
}

fn drained(snapshot: &Snapshot, change: impl Fn(&mut Request)) -> Result<Plan, Error> {
    let ids = |ids: [i32; 2]| IdSet::from_ids(ids.map(BrokerId::new)).unwrap();
    let throttle = Some(BytesPerSec::new(50_000_000));
    let mut request = Request { drain: ids([1, 2]), onto: Some(ids([3, 4])), throttle, ..Request::default() };
    request.rack_policy = RackPolicy::Ignore;
    change(&mut request);
    kshift::plan(snapshot, &request, &Work::new())
}

/// Topics that copy in a wave; each has two lists.
fn topics(plan: &Plan, wave: &Wave) -> usize {
    let copying = plan.moves_of(wave).filter(|step| step.adding().next().is_some());
    copying.map(|step| step.topic).collect::<BTreeSet<_>>().len()
}

#[test]
fn a_wave_of_topics_with_one_partition_each_stays_below_what_one_request_may_write() {
    let snapshot = many_topics(9_500, 1);
    for max_moves in [5_000, 10_000] {
        let plan = drained(&snapshot, |request| request.max_moves = max_moves).unwrap();
        assert_eq!(passes_from_its_file(&snapshot, &plan), Ok(()));
        let most = plan.waves.iter().map(|wave| topics(&plan, wave) * 2).max().unwrap();
        assert!(most <= OURS, "{most} records");
        assert_eq!((plan.waves.len(), plan.summary.waves_lower_bound), (3, Some(3)), "as few as there can be");
        let by = plan.summary.waves_lower_bound_by.unwrap();
        assert!(by.contains("4,500 topics"), "{by}");
    }
}

#[test]
fn only_topics_whose_lists_are_set_count() {
    // Without a throttle there are no lists, and topics with several partitions take no more records for that.
    let alone = drained(&many_topics(5_000, 1), |request| request.throttle = None).unwrap();
    assert_eq!(alone.waves.len(), 1);
    let several = drained(&many_topics(4_000, 2), |_| ()).unwrap();
    assert_eq!(several.waves.len(), 2, "5,000 partitions in a wave, and fewer topics");
}

#[test]
fn a_reassignment_whose_throttle_takes_too_many_records_is_named() {
    let file = |topics: usize| {
        let entry = |topic: usize| format!(r#"{{"topic":"t{topic:05}","partition":0,"replicas":[3]}}"#);
        let entries: Vec<String> = (0..topics).map(entry).collect();
        Assignment::read(&format!(r#"{{"version":1,"partitions":[{}]}}"#, entries.join(",")), "reassign.json").unwrap()
    };
    let snapshot = many_topics(5_001, 1);
    let limits = |throttle| Request { throttle, rack_policy: RackPolicy::Ignore, ..Request::of_one_wave() };
    let throttled = limits(Some(BytesPerSec::new(50_000_000)));
    let report = kshift::check::assignment(&snapshot, &file(5_001), &throttled);
    let found: Vec<_> = report.violations.iter().map(|found| (found.rule, found.message.as_str())).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "throttle-records");
    assert!(found[0].1.contains("10,002 records"), "{found:?}");
    // 10,000 are taken, and nothing is set without a throttle.
    assert!(kshift::check::assignment(&snapshot, &file(5_000), &throttled).is_ok());
    assert!(kshift::check::assignment(&snapshot, &file(5_001), &limits(None)).is_ok());
}
