//! Small clusters and plans in a few lines.

use std::fmt::Write as _;

use crate::base::ids::{BrokerId, IdSet, PartitionId};
use crate::base::units::{Bytes, BytesPerSec, Seconds};
use crate::check::case::Case;
use crate::check::{Report, Violation, bound, figures};
use crate::plan::{
    ANY_DIR, Bottleneck, ClusterIdentity, EarlierThrottles, Estimate, Moves, Plan, PlanBroker, PlanDir, Role, Stage,
    Summary, Throttle, Wave,
};
use crate::replay::World;
use crate::request::Request;
use crate::snapshot::{Snapshot, v1};

pub const GB: u64 = 1_000_000_000;

pub fn id(id: i32) -> BrokerId {
    BrokerId::new(id)
}

pub fn ids(text: &str) -> IdSet {
    IdSet::parse(text).unwrap()
}

/// A cluster: brokers as `(id, rack, further keys)`, partitions as `(topic, partition, replicas, GB, further keys)`.
pub fn cluster(brokers: &[(i32, &str, &str)], partitions: &[(&str, i32, &[i32], u64, &str)]) -> Snapshot {
    let mut text = String::from(r#"{"kind":"kshift.cluster","version":1,"brokers":["#);
    for (number, (id, rack, more)) in brokers.iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        let rack = if rack.is_empty() { String::new() } else { format!(r#","rack":"{rack}""#) };
        let dirs = r#","log_dirs":[{"path":"/d","capacity_bytes":1000000000000}]"#;
        let dirs = if more.contains("log_dirs") { "" } else { dirs };
        write!(text, r#"{comma}{{"id":{id}{rack}{dirs}{more}}}"#).unwrap();
    }
    text.push_str(r#"],"topics":["#);
    let mut last = "";
    for (topic, partition, replicas, size, more) in partitions {
        if *topic == last {
            text.push(',');
        } else {
            text.push_str(if last.is_empty() { "" } else { "]}," });
            write!(text, r#"{{"name":"{topic}","partitions":["#).unwrap();
            last = topic;
        }
        write!(text, r#"{{"partition":{partition},"replicas":{replicas:?},"size_bytes":{}{more}}}"#, size * GB)
            .unwrap();
    }
    text.push_str("]}]}");
    v1::read(&text, "cluster.json").unwrap()
}

/// Three old brokers and three new ones in racks a, b, c; three partitions of 100 GB, one internal of 1 GB.
pub fn three_racks() -> Snapshot {
    cluster(
        &[(1, "a", ""), (2, "b", ""), (3, "c", ""), (11, "a", ""), (12, "b", ""), (13, "c", "")],
        &[
            ("__consumer_offsets", 0, &[1, 2, 3], 1, ""),
            ("orders", 0, &[1, 2, 3], 100, ""),
            ("orders", 1, &[2, 3, 1], 100, ""),
            ("orders", 2, &[3, 1, 2], 100, ""),
        ],
    )
}

/// A request for 50 MB/s.
pub fn request(drain: &str, onto: &str) -> Request {
    Request {
        drain: ids(drain),
        onto: Some(ids(onto)),
        throttle: Some(BytesPerSec::new(50_000_000)),
        max_wave_duration: Seconds::new(100.0 * 3600.0),
        ..Request::default()
    }
}

/// One move: topic, partition, new list, and log dirs (empty for none; `any` as in Kafka).
pub type To<'a> = (&'a str, i32, &'a [i32], &'a [&'a str]);

/// A plan of these waves whose figures are still empty.
pub fn bare(snapshot: &Snapshot, request: Request, waves: &[(Stage, &[To])]) -> Plan {
    let mut topics: Vec<String> = waves.iter().flat_map(|wave| wave.1).map(|to| to.0.to_owned()).collect();
    topics.sort();
    topics.dedup();
    let mut moves = Moves::default();
    let mut plan_waves = Vec::new();
    for (number, (stage, tos)) in waves.iter().enumerate() {
        let start = moves.topic.len();
        for (topic, partition, new, dirs) in *tos {
            moves.topic.push(topics.iter().position(|name| name == topic).unwrap() as u32);
            moves.partition.push(PartitionId::new(*partition));
            moves.replicas.push(new.iter().map(|&broker| id(broker)));
            let row = snapshot.row_of(topic, PartitionId::new(*partition)).unwrap();
            let leader = snapshot.partitions.leader[row];
            moves.previous.push(snapshot.partitions.replicas.get(row).iter().copied());
            let numbers = dirs.iter().map(|path| {
                if *path == "any" {
                    return ANY_DIR;
                }
                moves.dir_names.push((*path).to_owned());
                moves.dir_names.len() as u32 - 1
            });
            moves.dir.push(numbers.collect::<Vec<_>>());
            moves.previous_dir.push([]);
            moves.leader.push(leader);
            let stays = leader.filter(|leader| new.contains(&leader.get()));
            moves.leader_after.push(stays.or(new.first().map(|&broker| id(broker))));
            moves.size.push(snapshot.partitions.size[row].unwrap_or(Bytes::ZERO));
        }
        plan_waves.push(Wave {
            index: number as u32 + 1,
            stage: *stage,
            copy_seconds: None,
            duration_seconds: None,
            bottleneck: None,
            limit: None,
            throttle: request.throttle.map(|rate| Throttle::new(rate, rate)),
            dates: None,
            rollback_seconds: None,
            rollback_peak_disk_utilization: None,
            at_risk: None,
            rows: start..moves.topic.len(),
        });
    }
    Plan {
        kshift: "0.1.0".into(),
        request,
        cluster: ClusterIdentity {
            name: None,
            sha256: snapshot.sha256(),
            assignment_sha256: snapshot.assignment_sha256(),
            cluster_id: None,
            kafka_version: None,
            mode: None,
        },
        brokers: Vec::new(),
        summary: Summary::default(),
        topics,
        moves,
        waves: plan_waves,
        deferred: Vec::new(),
        warnings: Vec::new(),
        complete: true,
        drift: None,
        throttles_before: EarlierThrottles::default(),
    }
}

/// Fills in every figure by what the check itself computes: for tests of other rules.
pub fn figured(snapshot: &Snapshot, mut plan: Plan) -> Plan {
    let world = World::new(snapshot);
    let copy = plan.clone();
    let case = Case::new(&world, &copy);
    let time = |seconds: f64| Seconds::new(if seconds.is_finite() { seconds } else { 1.0 });
    if let Some(rates) = &case.rates {
        for (wave, times) in plan.waves.iter_mut().zip(&case.times) {
            let seconds = times.seconds(rates);
            wave.copy_seconds = Some(time(seconds));
            let slowest = times.loads.iter().find(|load| load.seconds(rates) == Some(seconds));
            wave.bottleneck = slowest.map(|load| Bottleneck { broker: world.id(load.broker), side: load.side });
            let of = |share: f64| time((seconds * share).max(1.0));
            wave.duration_seconds = Some(Estimate { low: of(0.9), expected: of(1.0), high: of(1.2) });
        }
    }
    let copy = plan.clone();
    let case = Case::new(&world, &copy);
    let figures = figures::of(&case);
    let bound = case.rates.as_ref().map(|rates| bound::of(&world, &case.ask, &case.steps, rates, bound::Room::Counted));
    plan.summary = Summary {
        replicas_moved: figures.replicas_moved,
        replicas_forced: figures.replicas_forced,
        bytes_moved: Bytes::new(figures.bytes_moved),
        bytes_forced: Bytes::new(figures.bytes_forced),
        waves: plan.waves.len() as u32,
        makespan_seconds: figures.makespan.map(Seconds::new),
        rolling_seconds: None,
        eta_seconds: figures.eta.map(|eta| Estimate {
            low: Seconds::new(eta[0]),
            expected: Seconds::new(eta[1]),
            high: Seconds::new(eta[2]),
        }),
        makespan_lower_bound_seconds: bound.map(Seconds::new),
        makespan_lower_bound_by: bound.map(|_| "entry".into()),
        cross_rack_bytes: Bytes::new(figures.cross_rack.1),
        cross_rack_cost: None,
        starts_at: None,
        ends_at: None,
        disk_max_over_mean: figures.disk_max_over_mean[0],
        leaders_max_over_mean: figures.leaders_max_over_mean,
        peak_disk_utilization: figures.peak.map(|peak| peak.1),
        bounds: None,
        trade: None,
        at_risk: None,
        balance_sources: None,
        waves_lower_bound: None,
        waves_lower_bound_by: None,
    };
    plan.brokers = (0..world.len()).map(|number| line(&case, &figures, number)).collect();
    plan
}

fn line(case: &Case, figures: &figures::Figures, number: usize) -> PlanBroker {
    let broker = &case.world.snapshot.brokers[number];
    let dir = |dir: u32| PlanDir {
        path: case.world.path_of(dir).to_owned(),
        capacity_bytes: case.world.dirs[dir as usize].capacity.map(Bytes::new),
        used_before_bytes: Bytes::new(case.disk.before[dir as usize]),
        used_peak_bytes: Bytes::new(case.disk.peak_grown[dir as usize]),
        used_after_bytes: Bytes::new(case.disk.after[dir as usize]),
    };
    let role = match (case.ask.is_drained[number], case.ask.is_target[number]) {
        (true, _) => Role::Drain,
        (_, true) => Role::Target,
        _ => Role::Other,
    };
    PlanBroker {
        id: broker.id,
        host: broker.host.clone(),
        rack: broker.rack.clone(),
        state: broker.state,
        role,
        log_dirs: case.world.dirs_of(number as u32).map(dir).collect(),
        replicas_before: figures.counts.replicas_before[number],
        replicas_after: figures.counts.replicas_after[number],
        leaders_before: figures.counts.heads_before[number],
        leaders_after: figures.counts.heads_after[number],
    }
}

/// The report on a plan whose figures are filled in.
pub fn check(snapshot: &Snapshot, plan: Plan) -> Report {
    crate::check::plan(snapshot, &figured(snapshot, plan))
}

/// Asserts that nothing but `rule` fired, and that it did; gives the first violation.
#[track_caller]
pub fn only<'a>(report: &'a Report, rule: &str) -> &'a Violation {
    assert!(!report.is_ok(), "expected `{rule}`, everything holds");
    assert!(report.violations.iter().all(|violation| violation.rule == rule), "expected only `{rule}`:\n{report}");
    &report.violations[0]
}

/// Asserts where a violation lies: wave (0 for none), partition (empty for none), broker (0 for none).
#[track_caller]
pub fn at(violation: &Violation, wave: u32, partition: &str, broker: i32) {
    let named =
        violation.topic.as_ref().zip(violation.partition).map(|(topic, partition)| format!("{topic}-{partition}"));
    let found = (violation.wave.unwrap_or(0), named.unwrap_or_default(), violation.broker.map_or(0, BrokerId::get));
    assert_eq!(found, (wave, partition.to_owned(), broker), "{violation}");
}
