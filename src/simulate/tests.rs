//! Hand-made clusters with known answers. Rates are 10 bytes/s, sizes some hundred bytes, so times are seconds.
#![expect(clippy::float_cmp, reason = "the numbers are made to come out whole")]

use super::outcome::one;
use super::*;
use crate::base::ids::{BrokerId, IdSet};
use crate::base::units::Seconds;
use crate::plan::sample;
use crate::snapshot::{Snapshot, v1};

/// Brokers 1 to 6 in racks a, b, c; partitions as (size, produced, replicas), the first replica leads.
fn cluster(extra: &str, partitions: &[(u64, u32, &str)]) -> Snapshot {
    let brokers: Vec<String> = (1..=6)
        .map(|id| {
            let rack = ["a", "b", "c"][(id as usize - 1) % 3];
            format!(
                r#"{{"id":{id},"rack":"{rack}","log_dirs":[{{"path":"/d","capacity_bytes":10000,"used_bytes":1000}}]}}"#
            )
        })
        .collect();
    let partition = |(number, (size, produced, replicas)): (usize, &(u64, u32, &str))| {
        let leader = replicas.split(',').next().unwrap();
        format!(
            r#"{{"partition":{number},"replicas":[{replicas}],"leader":{leader},"isr":[{replicas}],"size_bytes":{size},"bytes_in_per_sec":{produced}.0}}"#
        )
    };
    let partitions: Vec<String> = partitions.iter().enumerate().map(partition).collect();
    let text = format!(
        r#"{{"kind":"kshift.cluster","version":1{extra},"brokers":[{}],"topics":[{{"name":"t","config":{{"min.insync.replicas":"2"}},"partitions":[{}]}}]}}"#,
        brokers.join(","),
        partitions.join(",")
    );
    v1::read(&text, "cluster.json").unwrap()
}

/// New lists of the partitions 0, 1, ….
fn target(lists: &[&str]) -> Played {
    let entry = |(number, list): (usize, &&str)| format!(r#"{{"topic":"t","partition":{number},"replicas":[{list}]}}"#);
    let entries: Vec<String> = lists.iter().enumerate().map(entry).collect();
    Played::Target(Target::read(&format!(r#"{{"partitions":[{}]}}"#, entries.join(",")), "move.json").unwrap())
}

fn at_ten() -> Options {
    Options { throttle: Some(BytesPerSec::new(10)), every: Every::Never, ..Options::default() }
}

/// Plays a target cut into waves of these lengths.
fn play(snapshot: &Snapshot, lists: &[&str], waves: &[usize], options: &Options) -> Simulation {
    let (world, played) = (World::new(snapshot), target(lists));
    let mut tasks = played.tasks(&world);
    tasks.waves.clear();
    let mut at = 0;
    for (wave, &len) in waves.iter().enumerate() {
        tasks.waves.push(at..at + len);
        tasks.wave[at..at + len].fill(wave as u32);
        at += len;
    }
    one(&world, &played, &tasks, options, &Work::new()).unwrap()
}

#[track_caller]
fn close(found: Option<Seconds>, wanted: f64) {
    let found = found.expect("it ends").get();
    assert!((found - wanted).abs() <= 1e-6 * wanted, "{found} instead of {wanted}");
}

#[test]
fn a_wave_bound_by_one_side_takes_what_the_formulas_say() {
    // Leader 1 sends S to three brokers; 600·3/10.
    let one_leader = cluster("", &[(600, 1, "1")]);
    let barrier = Options { style: Style::Barrier, ..at_ten() };
    close(play(&one_leader, &["4,5,6"], &[1], &barrier).makespan_seconds, 180.0);
    // With live traffic of 1 byte/s: 1800 / (10 − 1·(1 − 1 + 3)).
    close(
        play(&one_leader, &["4,5,6"], &[1], &Options { traffic: true, ..barrier.clone() }).makespan_seconds,
        1800.0 / 7.0,
    );
    // Broker 6 receives from three leaders: (300 + 200 + 100) / (10 − 3·1).
    let one_follower = cluster("", &[(300, 1, "1"), (200, 1, "2"), (100, 1, "3")]);
    let found = play(&one_follower, &["1,6", "2,6", "3,6"], &[3], &Options { traffic: true, ..barrier.clone() });
    close(found.makespan_seconds, 600.0 / 7.0);
    // Two waves with a barrier: the sum of both.
    let found = play(&one_follower, &["1,6", "2,6", "3,6"], &[1, 2], &barrier);
    close(found.makespan_seconds, 30.0 + 30.0);
    close(found.waves[1].start_seconds, 30.0);
}

#[test]
fn a_later_partition_overtakes_one_that_waits_for_a_slot() {
    let snapshot = cluster("", &[(100, 0, "1"), (100, 0, "1"), (50, 0, "2")]);
    let options = Options { in_flight_per_broker: Some(1), ..at_ten() };
    let found = play(&snapshot, &["4", "5", "5"], &[3], &options);
    close(found.makespan_seconds, 20.0);
    assert_eq!(found.in_flight_peak, 2);
    let found = play(&snapshot, &["4", "5", "5"], &[3], &Options { in_flight: Some(1), ..at_ten() });
    close(found.makespan_seconds, 25.0);
    assert_eq!(found.in_flight_peak, 1);
}

#[test]
fn the_wave_after_the_next_waits_for_this_one() {
    let snapshot = cluster("", &[(500, 0, "1"), (100, 0, "2"), (100, 0, "3")]);
    let found = play(&snapshot, &["4", "5", "6"], &[1, 1, 1], &at_ten());
    close(found.waves[1].end_seconds, 10.0);
    close(found.waves[2].start_seconds, 50.0);
    close(found.makespan_seconds, 60.0);
}

#[test]
fn sources_make_room_when_their_wave_is_over_and_not_before() {
    // Broker 4 may hold 8500 and holds 1000; its own replica of 200 goes away in the first wave.
    let snapshot = cluster("", &[(200, 0, "4"), (400, 0, "1"), (7600, 0, "2")]);
    let world = World::new(&snapshot);
    let lists = ["5", "6", "4"];
    let tasks = |waves: Vec<std::ops::Range<usize>>| {
        let mut tasks = target(&lists).tasks(&world);
        for (wave, range) in waves.iter().enumerate() {
            tasks.wave[range.clone()].fill(wave as u32);
        }
        tasks.waves = waves;
        tasks
    };
    let start = |waves| {
        let tasks = tasks(waves);
        let rate = vec![10.0; world.len()];
        let settings = Settings {
            style: Style::Rolling,
            slots: slots(&tasks, None, &Options::default()),
            traffic: false,
            growth: false,
            lose: None,
            every: Every::Never,
            disk_limit: Some(Ratio::new(0.85)),
        };
        let mut run = Run::new(&world, &tasks, Rates { leader: &rate, follower: &rate }, &settings);
        run.play(&mut *starter(Style::Rolling, &tasks, world.len(), settings.slots), &Work::new()).unwrap();
        (run.spans.last().unwrap().start.unwrap(), run.disks.dirs[3].peak)
    };
    // 1000 + 7600 is above 8500; when the first wave is over, after 40 seconds for broker 6, there is room.
    assert_eq!(start(vec![0..2, 2..3]), (40.0, 8_400.0));
    // In one wave nothing makes room: it is started all the same when nothing else runs.
    assert_eq!(start(vec![0..1, 1..3]).1, 8_400.0);
}

#[test]
fn a_window_shares_its_slots_between_both_parts_and_starts_in_order() {
    // One move per broker: broker 4 receives from 1, so it cannot lead at the same time.
    let snapshot = cluster("", &[(100, 0, "1"), (100, 0, "4"), (100, 0, "2")]);
    let sliding = |per_broker| Options { style: Style::Sliding(per_broker), ..at_ten() };
    let found = play(&snapshot, &["4", "5", "6"], &[3], &sliding(1));
    assert_eq!(found.in_flight_peak, 2);
    close(found.makespan_seconds, 20.0);
    let found = play(&snapshot, &["4", "5", "6"], &[3], &sliding(2));
    close(found.makespan_seconds, 10.0);
    let batches = Options { style: Style::Batches(1), ..at_ten() };
    close(play(&snapshot, &["4", "5", "6"], &[3], &batches).makespan_seconds, 30.0);
}

#[test]
fn reorders_take_no_time_and_nothing_else_is_held_up_by_them() {
    let snapshot = cluster("", &[(100, 0, "1,2"), (100, 0, "2,3")]);
    let found = play(&snapshot, &["2,1", "3,4"], &[2], &at_ten());
    close(found.makespan_seconds, 10.0);
    assert_eq!((found.partitions, found.copies), (2, 1));
}

#[test]
fn copies_go_on_from_the_next_leader_when_theirs_is_lost() {
    let snapshot = cluster("", &[(100, 0, "1,2"), (300, 0, "3")]);
    let options = Options { lose: Some(Loss::brokers("1@1").unwrap()), ..at_ten() };
    let found = play(&snapshot, &["4,2", "3,5"], &[2], &options);
    close(found.makespan_seconds, 30.0);
    let loss = found.loss.unwrap();
    assert_eq!((loss.harm.under_min_isr, loss.harm.offline, loss.harm.at_risk_bytes.get()), (1, 0, 100));
    assert_eq!(loss.harm.first, ["t-0"]);
    assert!(loss.wave_ends);
    let sent =
        |id| found.brokers.iter().find(|broker| broker.id == BrokerId::new(id)).map(|broker| broker.out_bytes.get());
    assert_eq!((sent(1), sent(2)), (Some(0), Some(100)), "broker 2 sends what 1 would have sent");
}

#[test]
fn a_lost_target_or_a_lost_only_replica_means_no_end() {
    let snapshot = cluster("", &[(100, 0, "1,2"), (300, 0, "3")]);
    let lose = |text: &str| Options { lose: Some(Loss::brokers(text).unwrap()), ..at_ten() };
    let found = play(&snapshot, &["4,2", "3,5"], &[2], &lose("4@1"));
    assert_eq!((found.ends, found.makespan_seconds, found.stuck_partitions), (false, None, 1));
    assert_eq!(found.stuck[0].reason, "its list names broker 4, which is lost");
    assert_eq!(found.stalled_seconds, Some(Seconds::new(30.0)));
    let loss = found.loss.unwrap();
    assert_eq!((loss.wave_ends, loss.wave_seconds), (false, None));
    close(loss.wave_seconds_without, 30.0);
    let found = play(&snapshot, &["4,2", "6"], &[2], &lose("3@1"));
    assert_eq!(found.stuck[0].reason, "nobody leads it, so nobody can send its copies");
    assert_eq!(found.loss.unwrap().harm.offline_bytes.get(), 300);
}

#[test]
fn what_has_landed_is_in_sync_when_a_broker_is_lost_later() {
    // Partition 0 has arrived on 4 and 5 when wave 3 begins: the loss of 1 and 2 harms it no more.
    let snapshot = cluster("", &[(100, 0, "1,2"), (300, 0, "3"), (100, 0, "6")]);
    let lose = |text: &str| Options { lose: Some(Loss::brokers(text).unwrap()), ..at_ten() };
    let found = play(&snapshot, &["4,5", "3,5", "6,4"], &[1, 1, 1], &lose("1-2@3"));
    let loss = found.loss.unwrap();
    assert_eq!((loss.harm.offline, loss.harm_before_plan.offline), (0, 1));
    assert!(found.ends);
}

#[test]
fn a_rack_is_lost_whole_and_the_completion_rule_is_that_of_the_version() {
    let lose = Options { lose: Some(Loss::rack("b@1").unwrap()), ..at_ten() };
    // Brokers 2 and 5 are in rack b; 2 stays in the list while 4 comes for 1.
    let partitions: &[(u64, u32, &str)] = &[(100, 0, "1,2")];
    let ends = |extra: &str| play(&cluster(extra, partitions), &["4,2"], &[1], &lose).ends;
    assert!(ends(r#","kafka_version":"4.3.1","mode":"kraft""#));
    assert!(ends(r#","kafka_version":"3.7.2","mode":"kraft""#));
    assert!(!ends(r#","kafka_version":"3.9.2","mode":"kraft""#));
    assert!(!ends(r#","kafka_version":"3.7.2","mode":"zookeeper""#));
}

#[test]
fn growth_is_copied_and_fills_disks_until_sources_are_freed() {
    // 100 bytes at 10 bytes/s; the second wave's partition has grown by 1·10 when it starts in order.
    let snapshot = cluster("", &[(100, 1, "1"), (100, 1, "2")]);
    let options = Options { growth: true, style: Style::Barrier, ..at_ten() };
    let found = play(&snapshot, &["4", "4"], &[1, 1], &options);
    close(found.makespan_seconds, 10.0 + 11.0);
    let dir = |id| found.brokers.iter().find(|broker| broker.id == BrokerId::new(id)).unwrap().log_dirs[0].clone();
    // On 4 both have grown for 21 seconds; on 1 the replica grew for 10 and is gone.
    assert_eq!((dir(4).used_peak_bytes.get(), dir(4).peak_seconds.get()), (1_242, 21.0));
    assert_eq!((dir(1).used_peak_bytes.get(), dir(1).used_after_bytes.get()), (1_010, 900));
}

#[test]
fn a_slow_broker_sets_the_time_and_live_traffic_above_the_rate_means_no_end() {
    let snapshot = cluster("", &[(100, 4, "1,2"), (100, 4, "1,3")]);
    let slow = Slow(vec![(IdSet::parse("5").unwrap(), BytesPerSec::new(2))]);
    close(play(&snapshot, &["1,4", "1,5"], &[2], &Options { slow, ..at_ten() }).makespan_seconds, 50.0);
    // Leader 1 must send 4 bytes/s to two followers of each of both: more than 10.
    let found = play(&snapshot, &["1,4", "1,5"], &[2], &Options { traffic: true, style: Style::Barrier, ..at_ten() });
    assert!(!found.ends);
    assert!(found.stuck[0].reason.starts_with("broker 1 copies nothing: live traffic"), "{}", found.stuck[0].reason);
}

#[test]
fn samples_add_up_to_what_was_copied() {
    let snapshot = cluster("", &[(100, 0, "1"), (300, 0, "2")]);
    let found = play(&snapshot, &["4", "5"], &[2], &Options { every: Every::Seconds(4.0), ..at_ten() });
    let series = found.series.unwrap();
    assert_eq!(series.seconds, [0.0, 4.0, 8.0, 12.0, 16.0, 20.0, 24.0, 28.0, 30.0]);
    assert_eq!(series.in_bytes_per_sec[3], [0.0, 10.0, 10.0, 5.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(series.out_bytes_per_sec[1][8], 10.0);
    assert_eq!((series.leaders[0][2], series.leaders[0][8], series.leaders[3][8]), (1, 0, 1));
    assert_eq!((series.disk_bytes[3][0], series.disk_bytes[0][8]), (1_100, 900));
    assert_eq!(series.to_csv().lines().nth(1), Some("0,1,1000,0,0,1"));
}

#[test]
fn a_partition_may_move_again_in_a_later_wave() {
    let mut plan = sample::sample();
    plan.waves.clear();
    plan.moves = plan::Moves::default();
    plan.topics = vec!["t".to_owned()];
    let snapshot = cluster("", &[(100, 0, "1,2")]);
    // First the order, then one replica, then the other.
    let rows: [sample::Row; 3] = [
        sample::Row::new("t", 0, &[1, 2], &[2, 1], 100),
        sample::Row::new("t", 0, &[2, 1], &[2, 4], 100),
        sample::Row::new("t", 0, &[2, 4], &[5, 4], 100),
    ];
    for row in &rows {
        sample::push_wave(&mut plan, plan::Stage::Data, None, std::slice::from_ref(row));
    }
    let world = World::new(&snapshot);
    let tasks = Tasks::of_plan(&world, &plan);
    assert_eq!(tasks.copies.total(), 2);
    let rate = vec![10.0; world.len()];
    let seconds = rolling_seconds(&world, &plan, Rates { leader: &rate, follower: &rate });
    assert!((seconds - 20.0).abs() < 1e-6, "the second copy waits for the first: {seconds}");
    // Other tools go to the last list at once.
    assert_eq!(tasks.as_one_file(&world).new.get(0), [4, 3]);
    assert_eq!(tasks.as_one_file(&world).len(), 1);
}

#[test]
fn what_cannot_be_asked_is_refused_aloud() {
    let snapshot = cluster("", &[(100, 0, "1")]);
    let refused =
        |options: Options| simulate(&snapshot, &target(&["4"]), &options, &Work::new()).unwrap_err().to_string();
    let none = refused(Options::default());
    assert!(none.contains("names no throttle") && none.contains("--throttle 50MB/s"), "{none}");
    let wave = refused(Options { lose: Some(Loss::brokers("1@2").unwrap()), ..at_ten() });
    assert!(wave.contains("--lose names wave 2") && wave.contains("`@1`"), "{wave}");
    let rack = refused(Options { lose: Some(Loss::rack("A@1").unwrap()), ..at_ten() });
    assert!(rack.contains("rack `A`, unknown to the cluster"), "{rack}");
    let broker = refused(Options { slow: Slow::parse("99=1MB/s").unwrap(), ..at_ten() });
    assert!(broker.contains("--slow names broker 99"), "{broker}");
}
