//! What people read, whole: the text of each view, made from one small plan with a bit of everything.

use serde_json::Value;

use super::at_once;
use super::brokers::BrokersView;
use super::show::WavesView;
use super::summary::PlanView;
use super::view::View;
use crate::plan::sample::{empty, sample};
use crate::request::Request;
use crate::snapshot::Snapshot;

#[test]
fn the_summary_says_what_moves_how_long_it_takes_and_how_full_the_disks_get() {
    let expected = "\
cluster   prod-a
drain     1001-1002,1004 (3 brokers)
onto      1-2,10 (3 brokers)
replicas  7 to move, of 8 on the drained brokers
data      1.71 TB to copy, of 1.71 TB; 210 GB of it between racks
waves     3: 1 canary (1 partition), 1 data (3 partitions), 1 internal (1 partition)
          no cut of these moves has fewer than 2: 1 canary, 1 internal
time      6h 10m expected, 5h 37m to 7h 01m, at 50.0 MB/s for each broker
          held up by the throttle of broker 2 as follower for 5h 34m of it
copying   5h 37m wave by wave; no plan can take less than 4h 33m (1.23 times that)
          least time set by: what must enter broker 2
          with --balance-sources: about 3h 20m instead of 5h 33m
          with 40.0 % of the leaders changed first (half of the gain with 20.0 %)
disk      fullest target log dir 25.0% before, 60.0% after
          at its peak 60.0% on broker 2 `/kafka/d1`; limit 80%
at risk   by the loss of a broker: 4 partitions below min ISR (up to 6 in a wave, 2 after), 2 offline
          worst of them: broker 2 with 2 before, broker 2 with 3 in a wave, broker 2 with 1 after
          by the loss of a rack: 4 partitions below min ISR (up to 6 in a wave, 2 after), 2 offline
          worst of them: rack use1-az1 with 2 before, rack use1-az1 with 3 in a wave, rack use1-az1 with 1 after
balance   fullest target 1.235 times the mean
          most leaders on a target 1.000 times the mean
bounds    fullest target 90.0%, at best 60.0%; leaders 1.500, at best 1.000; time 1.23 times the least
left out  1 partition
          a-b-4: it has no leader

warning[deferred]: 1 partition is left out: a \"partial\" drain
";
    assert_eq!(PlanView::new(&sample()).text(false), expected);
    let warning = "warning[deferred]: 1 partition is left out: a \"partial\" drain\n";
    assert_eq!(PlanView::new(&sample()).text(true), warning, "quiet leaves the warnings");
}

#[test]
fn the_summary_of_a_plan_without_waves_says_so() {
    let text = PlanView::new(&empty(&[])).text(false);
    assert!(text.contains("\nreplicas  nothing to move\n"), "{text}");
    assert!(!text.contains("time"), "{text}");
}

#[test]
fn the_summary_has_no_times_without_a_throttle() {
    let mut plan = sample();
    plan.request = Request { throttle: None, ..plan.request };
    let text = PlanView::new(&plan).text(false);
    assert!(text.contains("\ntime      not known\n"), "{text}");
}

#[test]
fn the_json_of_the_summary_holds_the_figures_of_its_text() {
    let json: Value = serde_json::from_str(&PlanView::new(&sample()).json()).unwrap();
    assert_eq!(json["drain"], "1001-1002,1004");
    assert_eq!(json["summary"]["replicas_moved"], 7);
    assert_eq!(json["disk"]["peak"]["used_over_capacity"], 0.6);
    assert_eq!(json["stages"][1]["moves"], 3);
    assert_eq!(json["deferred"][0]["reason"], "it has no leader");
    assert_eq!(json["warnings"][0]["code"], "deferred");
}

#[test]
fn the_table_of_waves_is_aligned() {
    let expected = "\
WAVE  STAGE     PARTITIONS  TO COPY  COPY TIME  EXPECTED  RANGE               BOTTLENECK             AT RISK
   1  canary             1   100 GB    33m 20s   36m 40s  33m 20s to 41m 40s  broker 10 as follower
   2  data               3  1.61 TB     5h 03m    5h 34m  5h 03m to 6h 19m    broker 2 as follower   6 below min ISR (2 offline) by a broker, 6 (2) by a rack
   3  internal           1  8.64 kB      0.0 s     0.0 s  0.0 s to 0.0 s      broker 10 as follower  6 below min ISR (2 offline) by a broker, 6 (2) by a rack
";
    assert_eq!(WavesView::new(&sample()).text(false), expected);
}

#[test]
fn the_table_of_brokers_has_a_row_for_each_log_dir() {
    let text = BrokersView::new(&sample()).text(false);
    let row = |text: &str, start: &str| text.lines().find(|line| line.starts_with(start)).unwrap().to_owned();
    let words = |line: String| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ");
    assert_eq!(words(row(&text, "     2 ")), "2 use1-az2 target 4 5 1 2 2.00 TB 25.0% 60.0% 60.0%");
    assert_eq!(words(row(&text, "     7 ")), "7 use1-az3 4 5 1 2 not known 300 GB 300 GB 300 GB");
    assert_eq!(words(row(&text, "    10 ")), "10 use1-az1 target 4 5 1 2 /kafka/d1 2.00 TB 0.5% 5.5% 5.5%");
    assert_eq!(words(row(&text, "            ")), "/kafka/d2 2.00 TB 0.5% 5.5% 5.5%");
    assert_eq!(words(row(&text, "  1004 ")), "1004 use1-az3 drain dead 4 0 1 0");
}

#[test]
fn one_file_of_several_waves_is_told_with_its_cost() {
    let warnings = at_once::warnings(&sample(), &Snapshot::default());
    assert_eq!(warnings.len(), 1);
    assert_eq!(
        warnings[0].message,
        "one file starts all 5 partitions of 3 waves at once, without their order, gates and rollbacks; broker 2 \
         `/kafka/d1` peaks at 64.5% instead of 60.0%; `--out DIR` writes one file for each wave"
    );
}

#[test]
fn one_file_beyond_what_a_controller_takes_is_told() {
    let warnings = at_once::warnings(&crate::plan::sample::large(10_001), &Snapshot::default());
    let told = warnings.iter().find(|warning| warning.code == "too-many-records").unwrap();
    assert!(told.message.contains("only the first 10,000 of the 10,001 partitions"), "{}", told.message);
    let within = at_once::warnings(&crate::plan::sample::large(10_000), &Snapshot::default());
    assert!(within.iter().all(|warning| warning.code != "too-many-records"));
}

#[test]
fn one_file_that_never_finishes_under_the_throttle_is_told() {
    let snapshot = r#"{"kind":"kshift.cluster","version":1,
        "brokers":[{"id":1},{"id":7},{"id":1002},{"id":1003}],
        "topics":[{"name":"a-b","partitions":[
            {"partition":10,"replicas":[1003,1002,7],"size_bytes":1,"bytes_in_per_sec":30000000}]}]}"#;
    let warnings = at_once::warnings(&sample(), &crate::snapshot::v1::read(snapshot, "test").unwrap());
    // Broker 1003 leads: two followers and one new replica read 30 MB/s each.
    let told = "it never finishes at 50.0 MB/s, since broker 1003 has to send 90.0 MB/s of live traffic";
    assert!(warnings[0].message.contains(told), "{}", warnings[0].message);
}
