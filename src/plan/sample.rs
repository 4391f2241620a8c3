//! Plans made by hand, for the tests of everything that is made from a plan.

use super::*;
use crate::base::ids::IdSet;
use crate::base::units::Ratio;

/// One move of a plan that is put together by hand.
pub struct Row<'a> {
    pub topic: &'a str,
    pub partition: i32,
    pub replicas: &'a [i32],
    pub previous: &'a [i32],
    pub dirs: &'a [&'a str],
    pub previous_dirs: &'a [&'a str],
    pub leader: Option<i32>,
    pub leader_after: Option<i32>,
    pub size: u64,
}

impl Row<'_> {
    /// A move without chosen dirs; the heads of the lists lead.
    pub fn new<'a>(topic: &'a str, partition: i32, previous: &'a [i32], replicas: &'a [i32], size: u64) -> Row<'a> {
        let (leader, leader_after) = (previous.first().copied(), replicas.first().copied());
        Row { topic, partition, replicas, previous, dirs: &[], previous_dirs: &[], leader, leader_after, size }
    }
}

/// Appends a wave of these moves.
pub fn push_wave(plan: &mut Plan, stage: Stage, throttle: Option<Throttle>, rows: &[Row<'_>]) {
    let ids = |ids: &[i32]| -> Vec<BrokerId> { ids.iter().map(|&id| BrokerId::new(id)).collect() };
    let start = plan.moves.size.len();
    for row in rows {
        let Plan { moves, topics, .. } = &mut *plan;
        let mut dirs = |paths: &[&str]| -> Vec<u32> {
            let mut number = |path: &&str| match (*path, moves.dir_names.iter().position(|name| name == path)) {
                ("any", _) => ANY_DIR,
                (_, Some(number)) => number as u32,
                (path, None) => {
                    moves.dir_names.push(path.to_owned());
                    moves.dir_names.len() as u32 - 1
                }
            };
            paths.iter().map(&mut number).collect()
        };
        let (new_dirs, previous_dirs) = (dirs(row.dirs), dirs(row.previous_dirs));
        moves.dir.push(new_dirs);
        moves.previous_dir.push(previous_dirs);
        moves.topic.push(topics.iter().position(|name| name == row.topic).expect("a topic of the plan") as u32);
        moves.partition.push(PartitionId::new(row.partition));
        moves.replicas.push(ids(row.replicas));
        moves.previous.push(ids(row.previous));
        moves.leader.push(row.leader.map(BrokerId::new));
        moves.leader_after.push(row.leader_after.map(BrokerId::new));
        moves.size.push(Bytes::new(row.size));
    }
    let copies = rows.iter().any(|row| row.replicas.iter().any(|id| !row.previous.contains(id)));
    let timed = throttle.as_ref().filter(|_| copies);
    let seconds = |share: f64| Seconds::new(share * rows.iter().map(|row| row.size as f64).sum::<f64>() / 5e7);
    plan.waves.push(Wave {
        index: plan.waves.len() as u32 + 1,
        stage,
        copy_seconds: timed.map(|_| seconds(1.0)),
        duration_seconds: timed.map(|_| Estimate { low: seconds(1.0), expected: seconds(1.1), high: seconds(1.25) }),
        bottleneck: timed.map(|_| Bottleneck { broker: BrokerId::new(rows[0].replicas[0]), side: Side::Follower }),
        limit: None,
        dates: None,
        rollback_seconds: timed.map(|_| seconds(1.5)),
        rollback_peak_disk_utilization: timed.map(|_| 0.625),
        at_risk: timed.map(|_| at_risk(if plan.waves.is_empty() { 2 } else { 3 })),
        throttle,
        rows: start..plan.moves.size.len(),
    });
    plan.summary.waves = plan.waves.len() as u32;
}

fn broker(id: i32, rack: &str, state: BrokerState, role: Role, used: [u64; 2]) -> PlanBroker {
    let dir = |path: &str| PlanDir {
        path: path.to_owned(),
        capacity_bytes: (id != 7).then_some(Bytes::new(2_000_000_000_000)),
        used_before_bytes: Bytes::new(used[0]),
        used_peak_bytes: Bytes::new(used[0].max(used[1])),
        used_after_bytes: Bytes::new(used[1]),
    };
    let log_dirs = if id == 10 { vec![dir("/kafka/d1"), dir("/kafka/d2")] } else { vec![dir("/kafka/d1")] };
    PlanBroker {
        id: BrokerId::new(id),
        // That of a dead broker is not known.
        host: (state != BrokerState::Dead).then(|| format!("10.0.{}.{}", id / 1_000, id % 1_000)),
        rack: Some(rack.to_owned()),
        state,
        role,
        log_dirs: if state == BrokerState::Dead { Vec::new() } else { log_dirs },
        replicas_before: 4,
        replicas_after: if role == Role::Drain { 0 } else { 5 },
        leaders_before: 1,
        leaders_after: if role == Role::Drain { 0 } else { 2 },
    }
}

/// The throttle of [`sample`].
pub const THROTTLE: Throttle = Throttle::new(BytesPerSec::new(50_000_000), BytesPerSec::new(50_000_000));

/// A plan without waves.
pub fn empty(topics: &[&str]) -> Plan {
    let request = Request {
        drain: IdSet::parse("1001-1002,1004").unwrap(),
        onto: Some(IdSet::parse("1-2,10").unwrap()),
        throttle: Some(THROTTLE.leader_bytes_per_sec),
        disk_limit: Ratio::new(0.8),
        canary: 1,
        ..Request::default()
    };
    Plan {
        kshift: "0.0.0-sample".to_owned(),
        request,
        cluster: ClusterIdentity {
            name: Some("prod-a".to_owned()),
            sha256: "5a".repeat(32),
            assignment_sha256: "a5".repeat(32),
            cluster_id: Some("kshiftSampleAAAAAAAAAA".to_owned()),
            kafka_version: Some("3.9.2".to_owned()),
            mode: Some(Mode::Zookeeper),
        },
        brokers: vec![
            broker(1, "use1-az1", BrokerState::Alive, Role::Target, [0, 120_000_000_000]),
            broker(2, "use1-az2", BrokerState::Alive, Role::Target, [500_000_000_000, 1_200_000_000_000]),
            broker(7, "use1-az3", BrokerState::Alive, Role::Other, [300_000_000_000, 300_000_000_000]),
            broker(10, "use1-az1", BrokerState::Alive, Role::Target, [10_000_000_000, 110_000_000_000]),
            broker(1001, "use1-az1", BrokerState::Alive, Role::Drain, [700_000_000_000, 0]),
            broker(1002, "use1-az2", BrokerState::Cordoned, Role::Drain, [600_000_000_000, 0]),
            broker(1003, "use1-az2", BrokerState::Alive, Role::Other, [400_000_000_000, 400_000_000_000]),
            broker(1004, "use1-az3", BrokerState::Dead, Role::Drain, [0, 0]),
        ],
        summary: Summary::default(),
        topics: topics.iter().map(|&name| name.to_owned()).collect(),
        moves: Moves::default(),
        waves: Vec::new(),
        deferred: Vec::new(),
        warnings: Vec::new(),
        complete: true,
        drift: None,
        throttles_before: EarlierThrottles::default(),
    }
}

/// A small plan with everything: several log dirs, an election, a dead broker, internal topics, a deferred partition.
pub fn sample() -> Plan {
    let mut plan = empty(&["__consumer_offsets", "a-b", "a-b-3"]);
    push_wave(
        &mut plan,
        Stage::Canary,
        Some(THROTTLE),
        &[Row {
            dirs: &["/kafka/d2", "any", "any"],
            previous_dirs: &["/kafka/d1", "/kafka/d1", "any"],
            ..Row::new("a-b", 0, &[1001, 1003, 7], &[10, 1003, 7], 100_000_000_000)
        }],
    );
    push_wave(
        &mut plan,
        Stage::Data,
        Some(THROTTLE),
        &[
            Row::new("a-b-3", 0, &[1002, 1004], &[2, 10], 700_000_000_000),
            Row::new("a-b", 2, &[1003, 1001], &[1003, 2], 90_000_000_000),
            Row {
                leader: Some(1003),
                leader_after: Some(1003),
                ..Row::new("a-b", 10, &[7, 1002, 1003], &[7, 1, 1003], 120_000_000_000)
            },
        ],
    );
    push_wave(
        &mut plan,
        Stage::Internal,
        Some(THROTTLE),
        &[Row { leader: None, ..Row::new("__consumer_offsets", 0, &[1001, 1002, 1003], &[10, 2, 1003], 4_321) }],
    );
    plan.summary = Summary {
        replicas_moved: 7,
        replicas_forced: 8,
        bytes_moved: Bytes::new(1_710_000_008_642),
        bytes_forced: Bytes::new(1_710_000_008_642),
        waves: 3,
        makespan_seconds: Some(Seconds::new(20_200.000_086_42)),
        rolling_seconds: None,
        eta_seconds: Some(Estimate {
            low: Seconds::new(20_200.0),
            expected: Seconds::new(22_220.1),
            high: Seconds::new(25_250.0),
        }),
        makespan_lower_bound_seconds: Some(Seconds::new(16_400.0)),
        makespan_lower_bound_by: Some("what must enter broker 2".to_owned()),
        cross_rack_bytes: Bytes::new(210_000_000_000),
        cross_rack_cost: None,
        starts_at: None,
        ends_at: None,
        disk_max_over_mean: Some(1.234_567_890_123_456_7),
        leaders_max_over_mean: Some(1.0),
        peak_disk_utilization: Some(0.6),
        bounds: Some(bounds()),
        trade: None,
        balance_sources: Some(gain()),
        waves_lower_bound: Some(2),
        waves_lower_bound_by: Some("1 canary, 1 internal".to_owned()),
        at_risk: Some(AtRiskSpan { before: at_risk(2), most: at_risk(3), after: at_risk(1) }),
    };
    plan.deferred.push(Deferred {
        topic: "a-b".to_owned(),
        partition: PartitionId::new(4),
        reason: "it has no leader".to_owned(),
    });
    plan.warnings.push(Warning::new("deferred", "1 partition is left out: a \"partial\" drain"));
    plan.complete = false;
    plan
}

/// A plan of this many partitions in waves of 5,000, three replicas each, two of them moving.
pub fn large(partitions: usize) -> Plan {
    let names: Vec<String> = (0..1_000).map(|topic| format!("topic-{topic:04}.events")).collect();
    let mut plan = empty(&[]);
    plan.topics = names;
    let state = BrokerState::Alive;
    plan.brokers = (0..1_000).map(|id| broker(id, "a", state, Role::Target, [1, 2])).collect();
    plan.brokers.extend((1_001..2_001).map(|id| broker(id, "a", state, Role::Drain, [1, 2])));
    let moves = &mut plan.moves;
    let id = |id: usize| i32::try_from(id).unwrap();
    for row in 0..partitions {
        let spread = row.wrapping_mul(2_654_435_761) % 1_000;
        let old = [0, 333, 666].map(|step| BrokerId::new(id(1_001 + (spread + step) % 1_000)));
        let new = [0, 333].map(|step| BrokerId::new(id((spread * 7 + step) % 1_000)));
        moves.topic.push((row.wrapping_mul(40_503) % 1_000) as u32);
        moves.partition.push(PartitionId::new(id(row / 1_000)));
        moves.previous.push(old);
        moves.replicas.push([new[0], new[1], old[2]]);
        moves.dir.push([]);
        moves.previous_dir.push([]);
        moves.leader.push(Some(old[row % 3]));
        moves.leader_after.push(Some(if row % 3 == 2 { old[2] } else { new[0] }));
        moves.size.push(Bytes::new(3_000_000_000 + spread as u64));
    }
    let starts = (0..partitions).step_by(5_000);
    plan.waves = starts
        .enumerate()
        .map(|(index, start)| Wave {
            index: index as u32 + 1,
            stage: Stage::Data,
            copy_seconds: Some(Seconds::new(3_600.123)),
            duration_seconds: Some(Estimate::default()),
            bottleneck: Some(Bottleneck { broker: BrokerId::new(3), side: Side::Leader }),
            limit: None,
            throttle: Some(THROTTLE),
            dates: None,
            rollback_seconds: None,
            rollback_peak_disk_utilization: None,
            at_risk: None,
            rows: start..(start + 5_000).min(partitions),
        })
        .collect();
    plan
}

/// So many partitions at risk.
fn at_risk(count: u64) -> AtRisk {
    let worst = |broker: Option<i32>, rack: Option<&str>| {
        let (broker, rack) = (broker.map(BrokerId::new), rack.map(str::to_owned));
        Some(WorstLoss { broker, rack, below_min_isr: count, offline: 1 })
    };
    let loss = |worst| LossRisk { below_min_isr: 2 * count, offline: 2, worst };
    AtRisk { broker_loss: loss(worst(Some(2), None)), rack_loss: Some(loss(worst(None, Some("use1-az1")))) }
}

fn gain() -> SourcesGain {
    let point = |leaders_changed: u64, seconds: f64| GainPoint { leaders_changed, seconds: Seconds::new(seconds) };
    SourcesGain {
        seconds: Seconds::new(20_000.0),
        balanced_seconds: Seconds::new(12_000.0),
        partitions: 5,
        leaders_changed: 2,
        curve: vec![point(1, 15_000.0), point(2, 12_000.0)],
    }
}

/// A bound of every kind of proof.
fn bounds() -> Bounds {
    let bound = |value: f64, proof: Proof| Some(Bound { value, reached: 1.5 * value, by: "a rack".to_owned(), proof });
    let prices = [("use1-az1", 1.0), ("use1-az2", 0.25)];
    let racks = prices.map(|(rack, price)| RackPrice { rack: rack.to_owned(), price });
    let count = |value: u64| CountBound { value, reached: value, by: "replicas".to_owned() };
    Bounds {
        moves: count(9),
        bytes: count(820_000_000_000),
        disk: bound(0.6, Proof::Copies { copies: 5, rack: Some("use1-az2".to_owned()) }),
        leaders: bound(1.0, Proof::Broker { broker: 2 }),
        makespan: bound(16_400.0, Proof::Prices { racks: racks.to_vec() }),
    }
}
