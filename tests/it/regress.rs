//! What the long run of the properties found, each with a sentence on what it taught.

use std::collections::BTreeMap;

use kshift::base::ids::IdSet;
use kshift::base::work::Work;
use kshift::request::Request;
use kshift::snapshot::v1;

/// Loads of leaders are counts over capacities, so tiny numbers: what is "no better" must be a share of them.
#[test]
fn leaders_are_evened_out_whatever_the_unit_of_the_capacities() {
    let text = r#"{"kind":"kshift.cluster","version":1,
        "brokers":[
            {"id":0,"log_dirs":[{"path":"/d0","capacity_bytes":2284194000}]},
            {"id":2,"log_dirs":[{"path":"/d0","capacity_bytes":2406753200}]},
            {"id":3,"log_dirs":[{"path":"/d0","capacity_bytes":2783515800}]},
            {"id":1001,"log_dirs":[{"path":"/d0","capacity_bytes":3638160200}]},
            {"id":1003,"log_dirs":[{"path":"/d0","capacity_bytes":3702972600}]},
            {"id":1004,"log_dirs":[{"path":"/d0","capacity_bytes":4438973200}]}],
        "topics":[
            {"name":"a-0","partitions":[
            {"partition":6,"replicas":[1004,1001],"size_bytes":150311296}]},
            {"name":"b.1","partitions":[
            {"partition":0,"replicas":[1004,1001],"size_bytes":746796},
            {"partition":3,"replicas":[1001,1003,1004],"size_bytes":1838368},
            {"partition":4,"replicas":[1004,1001,1003],"size_bytes":1592104},
            {"partition":5,"replicas":[1003,1001],"size_bytes":1216464},
            {"partition":6,"replicas":[1004,1003],"size_bytes":1233224},
            {"partition":7,"replicas":[1004],"size_bytes":908948},
            {"partition":8,"replicas":[1003,1004],"size_bytes":1445846}]}]}"#;
    let snapshot = v1::read(text, "test").unwrap();
    let request = Request { drain: IdSet::parse("1001,1003-1004").unwrap(), ..Request::default() };
    let plan = kshift::plan(&snapshot, &request, &Work::new()).unwrap();
    let mut leaders = BTreeMap::new();
    for row in 0..plan.moves.size.len() {
        *leaders.entry(plan.get(row).replicas[0].get()).or_insert(0) += 1;
    }
    assert_eq!(leaders, BTreeMap::from([(0, 2), (2, 3), (3, 3)]));
}
