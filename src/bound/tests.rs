//! Bounds worked out by hand; tests/it/props.rs compares them with brute force.

use super::*;
use crate::base::ids::IdSet;
use crate::base::units::BytesPerSec;
use crate::cluster::Cluster;
use crate::request::Request;
use crate::snapshot::v1;

/// Bounds at 1 byte/s for brokers as `(id, rack, capacity, used)` and partitions as `(replicas, size)`.
fn found(brokers: &[(i32, &str, u64, u64)], partitions: &[(&[i32], u64)], drain: &str, onto: &str) -> Found {
    let broker = |(id, rack, capacity, used): &(i32, &str, u64, u64)| {
        format!(
            r#"{{"id":{id},"rack":"{rack}","log_dirs":[{{"path":"/d","capacity_bytes":{capacity},"used_bytes":{used}}}]}}"#
        )
    };
    let partition = |(number, (replicas, size)): (usize, &(&[i32], u64))| {
        format!(r#"{{"partition":{number},"replicas":{replicas:?},"size_bytes":{size}}}"#)
    };
    let brokers: Vec<String> = brokers.iter().map(broker).collect();
    let partitions: Vec<String> = partitions.iter().enumerate().map(partition).collect();
    let text = format!(
        r#"{{"kind":"kshift.cluster","version":1,"brokers":[{}],"topics":[{{"name":"t","partitions":[{}]}}]}}"#,
        brokers.join(","),
        partitions.join(",")
    );
    let snapshot = v1::read(&text, "t").unwrap();
    let request = Request {
        drain: IdSet::parse(drain).unwrap(),
        onto: Some(IdSet::parse(onto).unwrap()),
        throttle: Some(BytesPerSec::new(1)),
        ..Request::default()
    };
    of(&Problem::new(Cluster::new(&snapshot), &request).unwrap())
}

fn priced(proof: &Proof) -> Vec<(&str, f64)> {
    match proof {
        Proof::Prices { racks } => racks.iter().map(|entry| (entry.rack.as_str(), entry.price)).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn racks_that_share_what_neither_must_take_are_priced_together() {
    // Each partition keeps a replica in rack c and must not have two there: the other goes to a or b.
    let brokers: Vec<(i32, &str, u64, u64)> = vec![
        (1, "a", 1000, 0),
        (2, "c", 1000, 0),
        (11, "a", 1000, 0),
        (12, "b", 1000, 0),
        (13, "c", 1000, 0),
        (14, "c", 1000, 0),
    ];
    let list: &[i32] = &[1, 2];
    let found = found(&brokers, &[(list, 10); 12], "1", "11-14");
    let makespan = found.makespan.unwrap();
    assert_eq!(priced(&makespan.proof), [("a", 1.0), ("b", 1.0)]);
    assert!((makespan.value - 60.0).abs() < 1e-6, "{}", makespan.value);
    assert_eq!(makespan.by, "bytes that must enter racks a and b, whichever of them is chosen");
    let disk = found.disk.unwrap();
    assert!((disk.value - 0.06).abs() < 1e-9, "{}", disk.value);
    // Each list loses its head, whose place is taken in a or b: six each, three on the mean of four targets.
    let leaders = found.leaders.unwrap();
    assert!((leaders.value - 2.0).abs() < 1e-12, "{}", leaders.value);
    assert_eq!(priced(&leaders.proof), [("a", 1.0), ("b", 1.0)]);
    assert_eq!((found.moves, found.bytes), (12, 120));
}

#[test]
fn prices_differ_where_racks_differ() {
    // 12 partitions may go to a or b, 12 to b or c; all keep racks apart. Racks of 1, 2 and 9 targets with 120 and 30
    // bytes: 120 bytes into a and b (3 targets) are 40 on each, and c takes the rest.
    let mut brokers = vec![(1, "a", 1000, 0), (2, "c", 1000, 0), (3, "b", 1000, 0), (4, "a", 1000, 0)];
    brokers.extend([(11, "a", 1000, 0), (12, "b", 1000, 0), (13, "b", 1000, 0)]);
    brokers.extend((14..23).map(|id| (id, "c", 1000, 0)));
    let (first, second): (&[i32], &[i32]) = (&[1, 2], &[3, 4]);
    let partitions: Vec<(&[i32], u64)> = [(first, 10); 12].into_iter().chain([(second, 3); 10]).collect();
    let found = found(&brokers, &partitions, "1,3", "11-22");
    let makespan = found.makespan.unwrap();
    assert!((makespan.value - 40.0).abs() < 1e-6, "{} {:?}", makespan.value, makespan.proof);
}

#[test]
fn one_large_copy_more_than_targets_makes_two_share_one() {
    let brokers = [(1, "a", 1000, 0), (11, "a", 1000, 0), (12, "a", 1000, 0), (13, "a", 1000, 0)];
    let list: &[i32] = &[1];
    let found = found(&brokers, &[(list, 100), (list, 100), (list, 90), (list, 80), (list, 1)], "1", "11-13");
    let disk = found.disk.unwrap();
    assert!((disk.value - 0.17).abs() < 1e-12, "{}", disk.value);
    assert_eq!(disk.by, "the 4 largest copies that must enter rack a, on its 3 targets");
}

#[test]
fn what_is_there_already_counts_first() {
    let brokers = [(1, "a", 1000, 0), (11, "a", 1000, 400), (12, "a", 1000, 0), (13, "a", 500, 0)];
    let list: &[i32] = &[1];
    let disk = |sizes: &[u64]| {
        let partitions: Vec<(&[i32], u64)> = sizes.iter().map(|&size| (list, size)).collect();
        found(&brokers, &partitions, "1", "11-13").disk.unwrap()
    };
    let held = disk(&[10]);
    assert_eq!((held.value, held.by.as_str()), (0.4, "what broker 11 holds already"));
    // 800 bytes beside 400 on 2500: 48 %.
    let level = disk(&[1; 800]);
    assert!((level.value - 0.48).abs() < 1e-12, "{}", level.value);
    assert_eq!(level.by, "bytes that must enter the targets");
    let one = disk(&[700]);
    assert!((one.value - 0.7).abs() < 1e-12, "{}", one.value);
}

#[test]
fn heads_are_shared_in_proportion_to_disks_and_come_whole() {
    let brokers = [(1, "a", 1000, 0), (11, "a", 2000, 0), (12, "a", 1000, 0)];
    let list: &[i32] = &[1];
    // Shares of 6 heads: 4 and 2. Of 7: 4.67 and 2.33, and either 5 of 4.67 or 3 of 2.33 are needed.
    for (heads, least) in [(6, 1.0), (7, 5.0 / (7.0 * 2.0 / 3.0))] {
        let leaders = found(&brokers, &vec![(list, 1); heads], "1", "11-12").leaders.unwrap();
        assert!((leaders.value - least).abs() < 1e-12, "{} of {heads}", leaders.value);
    }
    // What is there already counts first: two heads on the small one, of 3 in all, twice its share.
    let stay: &[i32] = &[12];
    let leaders = found(&brokers, &[(list, 1), (stay, 1), (stay, 1)], "1", "11-12").leaders.unwrap();
    assert!((leaders.value - 2.0).abs() < 1e-12, "{}", leaders.value);
    assert_eq!(leaders.by, "lists that broker 12 heads already");
}

#[test]
fn the_search_reaches_the_value_of_a_game_whose_value_is_known() {
    // Goods go to the cheaper of two racks, whole: at widths 1 and 3 the value of 8 units is 2.
    let prices = prices::search(&[1.0, 3.0], |prices, amounts| {
        let cheaper = usize::from(prices[1] < prices[0]);
        (amounts[cheaper], amounts[1 - cheaper]) = (8.0, 0.0);
    });
    assert!((prices[0] - prices[1]).abs() < 1e-9, "{prices:?}");
}
