//! What the loss of one broker or rack would do while a plan runs.
//! Method: small clusters whose figures are known beforehand; and any cluster at all, counted here again, one loss after
//! the other over all partitions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use kshift::base::ids::BrokerId;
use kshift::base::work::Work;
use kshift::plan::{AtRisk, LossRisk, Plan};
use kshift::request::RackPolicy;
use kshift::snapshot::{BrokerState, Snapshot};

use crate::support::files::{broker, cluster, empty_dir, partition, put};
use crate::support::r#gen::awkward;
use crate::support::property::cases;
use crate::support::run::kshift;

/// Replicas in sync of each partition, by topic and number.
type InSync<'a> = BTreeMap<(&'a str, i32), (usize, Vec<BrokerId>)>;

/// Who is in sync before the plan, and after each wave.
fn stands<'a>(snapshot: &'a Snapshot, plan: &'a Plan) -> Vec<InSync<'a>> {
    let serves = |id: &BrokerId| snapshot.broker(*id).is_some_and(|broker| broker.state.serves());
    let mut now = InSync::new();
    for (topic, least) in snapshot.topics.iter().zip(snapshot.min_insync_replicas()) {
        for row in topic.rows.clone() {
            let isr = snapshot.partitions.isr.get(row).iter().copied().filter(serves);
            now.insert((&topic.name, snapshot.partitions.id[row].get()), (least, isr.collect()));
        }
    }
    let lagging: BTreeSet<_> = (0..snapshot.partitions.len())
        .flat_map(|row| {
            let isr = snapshot.partitions.isr.get(row);
            let lags = snapshot.partitions.replicas.get(row).iter().filter(|id| !isr.contains(id));
            lags.map(move |&id| (snapshot.topic_of(row).name.as_str(), snapshot.partitions.id[row].get(), id))
        })
        .collect();
    let mut all = vec![now.clone()];
    for wave in &plan.waves {
        for moved in plan.moves_of(wave) {
            let key = (moved.topic, moved.partition.get());
            let is_in_sync = |id: &BrokerId| serves(id) && !lagging.contains(&(key.0, key.1, *id));
            now.get_mut(&key).unwrap().1 = moved.replicas.iter().copied().filter(is_in_sync).collect();
        }
        all.push(now.clone());
    }
    all
}

/// Partitions below min ISR and offline when any one of these groups of brokers is lost, at any of these moments; and by
/// the worst one.
fn counted(moments: &[&InSync], losses: &[Vec<BrokerId>]) -> ([u64; 2], [u64; 2]) {
    let (mut any, mut worst) = ([BTreeSet::new(), BTreeSet::new()], [0, 0]);
    for lost in losses {
        let mut hit = [BTreeSet::new(), BTreeSet::new()];
        for (key, (least, in_sync)) in moments.iter().flat_map(|moment| moment.iter()) {
            let left = in_sync.iter().filter(|id| !lost.contains(id)).count();
            if left == in_sync.len() {
                continue;
            }
            for (hit, is_hit) in hit.iter_mut().zip([left < *least, left == 0]) {
                if is_hit {
                    hit.insert(*key);
                }
            }
        }
        worst = worst.max([hit[0].len() as u64, hit[1].len() as u64]);
        any.iter_mut().zip(hit).for_each(|(any, hit)| any.extend(hit));
    }
    (any.map(|any| any.len() as u64), worst)
}

fn shown(risk: &LossRisk) -> ([u64; 2], [u64; 2]) {
    (risk.counts(), risk.worst.as_ref().map_or([0; 2], |worst| [worst.below_min_isr, worst.offline]))
}

#[test]
fn every_figure_is_what_losing_one_after_the_other_gives() {
    let (mut waves, mut hit) = (0, 0);
    for seed in 0..cases() / 4 {
        let (snapshot, request) = awkward(seed);
        let Ok(plan) = kshift::plan(&snapshot, &request, &Work::new()) else { continue };
        let brokers: Vec<Vec<BrokerId>> = snapshot.brokers.iter().map(|broker| vec![broker.id]).collect();
        let mut by_rack: BTreeMap<String, Vec<BrokerId>> = BTreeMap::new();
        for broker in &snapshot.brokers {
            let rack = broker.rack.clone().unwrap_or(format!("\0{}", broker.id));
            by_rack.entry(rack).or_default().push(broker.id);
        }
        let racks: Vec<Vec<BrokerId>> = by_rack.into_values().collect();
        let are_known = snapshot.brokers.iter().any(|b| b.state == BrokerState::Alive && b.rack.is_some());
        let judge = |risk: &AtRisk, moments: &[&InSync], what: &str| {
            assert_eq!(shown(&risk.broker_loss), counted(moments, &brokers), "seed {seed}, {what}, brokers");
            assert_eq!(risk.rack_loss.is_some(), are_known, "seed {seed}, {what}");
            if let Some(risk) = &risk.rack_loss {
                assert_eq!(shown(risk), counted(moments, &racks), "seed {seed}, {what}, racks");
            }
        };
        let stands = stands(&snapshot, &plan);
        let span = plan.summary.at_risk.as_ref().unwrap();
        judge(&span.before, &[&stands[0]], "before");
        judge(&span.after, &[stands.last().unwrap()], "after");
        for (wave, moments) in plan.waves.iter().zip(stands.windows(2)) {
            let risk = wave.at_risk.as_ref().unwrap();
            judge(risk, &[&moments[0], &moments[1]], &format!("wave {}", wave.index));
            waves += 1;
            hit += u64::from(risk.broker_loss.counts() != [0; 2]);
        }
        // One replica more or less is what a broker's loss counts, so without a change of RF nothing grows.
        if request.target.is_none() {
            assert_eq!(span.most.broker_loss.counts(), span.before.broker_loss.counts(), "seed {seed}");
        }
    }
    assert!(waves > cases() / 10 && hit > cases() / 50, "too little was seen: {waves} waves, {hit} with risks");
}

/// Brokers 1 and 2 in racks a and b, 11 and 12 both in rack a.
fn narrow(partitions: &[Value]) -> String {
    in_racks(&[(1, "a"), (2, "b"), (11, "a"), (12, "a")], 1, partitions)
}

/// Brokers in racks, and partitions that want so many replicas in sync.
fn in_racks(racks: &[(i32, &str)], min_isr: u32, partitions: &[Value]) -> String {
    let brokers: Vec<Value> = racks.iter().map(|&(id, rack)| broker(id, rack, 1_000_000_000_000)).collect();
    let mut file = cluster(&brokers, partitions);
    file["topics"][0]["config"] = json!({"min.insync.replicas": min_isr.to_string()});
    file.to_string()
}

fn on(number: i32, replicas: &[u64]) -> Value {
    let mut row = partition(number, 0.0);
    for key in ["replicas", "isr"] {
        row[key] = json!(replicas);
    }
    row["leader"] = json!(replicas[0]);
    row
}

#[test]
fn a_rack_that_would_take_more_offline_than_before_is_told() {
    let cluster = narrow(&[on(0, &[1, 2]), on(1, &[2, 1]), on(2, &[1, 11])]);
    let plan = |more: &str| kshift(&format!("plan - --drain 1-2 --canary 0 --rack-policy ignore {more}"));
    let told = plan("").input(cluster.clone()).run().ok();
    let warning = "warning[more-at-risk]: in wave 1 the loss of one rack would put any of 3 partitions offline, 1 before the \
                   plan, at worst rack a with 3: `t-0`, `t-1` were not before";
    assert!(told.stderr.contains(warning), "{}", told.stderr);
    assert_eq!(told.stderr.matches("warning[more-at-risk]").count(), 1, "the graver count goes alone: {}", told.stderr);
    let line = "by the loss of a rack: 1 partition below min ISR (up to 3 in a wave, 3 after), 1 offline (up to 3 in a wave, 3 \
                after)";
    assert!(told.stderr.contains(line), "{}", told.stderr);
    let json = plan("--json").input(cluster).run().ok().stderr_json();
    assert_eq!(
        json["summary"]["at_risk"]["most"]["rack_loss"]["worst"],
        json!({"rack": "a", "below_min_isr": 3, "offline": 3})
    );
}

#[test]
fn fewer_replicas_put_more_at_risk_and_are_told() {
    let dir = empty_dir("at-risk-rf");
    let target = dir.join("target.json");
    put(&target, r#"{"version":1,"partitions":[{"topic":"t","partition":0,"replicas":[1]}]}"#);
    let command = format!("plan - --target {} --allow-rf-change", target.display());
    let told = kshift(&command).input(narrow(&[on(0, &[1, 2]), on(1, &[1, 2])])).run().ok();
    let warning = "the loss of one broker would put any of 1 partition offline, 0 before the plan, at worst broker 1 with 1: \
                   `t-0` was not before";
    assert!(told.stderr.contains(warning), "{}", told.stderr);
}

#[test]
fn few_brokers_that_hold_more_are_named_without_a_warning() {
    // Each of three partitions is alone on a broker, and then all are on one: no more partitions are at risk than before.
    let racks = [(1, "a"), (2, "a"), (3, "a"), (11, "a")];
    let cluster = in_racks(&racks, 1, &[on(0, &[1]), on(1, &[2]), on(2, &[3])]);
    let told = kshift("plan - --drain 1-3 --canary 0").input(cluster).run().ok();
    assert!(!told.stderr.contains("more-at-risk"), "{}", told.stderr);
    let lines = "by the loss of a broker: 3 partitions below min ISR, 3 offline\n";
    assert!(told.stderr.contains(lines), "{}", told.stderr);
    assert!(
        told.stderr.contains("broker 1 with 1 before, broker 11 with 3 in a wave, broker 11 with 3 after"),
        "{}",
        told.stderr
    );
}

#[test]
fn a_replica_more_while_soaking_puts_fewer_at_risk() {
    let dir = empty_dir("at-risk-soak");
    let source = dir.join("cluster.json");
    put(&source, in_racks(&[(1, "a"), (2, "b"), (3, "c"), (11, "a")], 3, &[on(0, &[1, 2, 3])]));
    let (source, out) = (source.display().to_string(), dir.join("plan").display().to_string());
    kshift(&format!("plan {source} --drain 1 --canary 0 --strategy two-stage --out {out}")).run().ok();
    let table = kshift(&format!("show {out} --waves")).run().ok().stdout;
    let line = |stage: &str| table.lines().find(|line| line.contains(stage)).unwrap();
    // Four are in sync then; of those the racks take at most 1 and 11 together.
    assert!(line("leadership").contains("0 below min ISR (0 offline) by a broker, 1 (0) by a rack"), "{table}");
    assert!(!line(" add").contains("below") && !line("remove").contains("below"), "{table}");
}

#[test]
fn racks_that_are_kept_never_put_more_offline() {
    for seed in 0..cases() / 4 {
        let (snapshot, mut request) = awkward(seed);
        request.rack_policy = RackPolicy::Preserve;
        let Ok(plan) = kshift::plan(&snapshot, &request, &Work::new()) else { continue };
        let span = plan.summary.at_risk.unwrap();
        let offline = |risk: &AtRisk| risk.rack_loss.as_ref().map_or(0, |risk| risk.offline);
        if request.target.is_none() {
            assert!(offline(&span.most) <= offline(&span.before), "seed {seed}");
        }
    }
}
