//! Two plans side by side.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::{Named, Setting, compare};
use crate::base::ids::{BrokerId, PartitionId};
use crate::base::units::{Bytes, Seconds};
use crate::plan::{Plan, Stage, Wave};

/// What differs between two plans.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanDiff<'a> {
    /// Whether anything differs; the version of kshift does not count.
    pub differs: bool,
    /// The first plan.
    pub a: PlanSide<'a>,
    /// The second plan.
    pub b: PlanSide<'a>,
    /// Whether both were made for the same replica lists.
    pub same_lists: bool,
    /// What was asked differently, as the plans write it.
    pub request: Vec<Setting>,
    /// The figures of the summary, all of them, side by side.
    pub summary: Vec<Figure>,
    /// The waves side by side, by their number.
    pub waves: Vec<WaveSides>,
    /// What happens to partitions.
    pub partitions: Steps<'a>,
}

/// Which plan it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanSide<'a> {
    /// The cluster's name.
    pub name: Option<&'a str>,
    /// Version of the kshift that made it.
    pub kshift: &'a str,
    /// How many partitions move.
    pub partitions: usize,
    /// How many waves there are.
    pub waves: usize,
    /// Whether everything that was asked for is in it.
    pub complete: bool,
}

/// A figure of the summary; null where it is absent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// Its name, with a point before the name of a part.
    pub figure: String,
    /// In the first plan.
    pub a: Value,
    /// In the second plan.
    pub b: Value,
}

/// A wave of both plans.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WaveSides {
    /// Its number, from 1.
    pub wave: u32,
    /// In the first plan; null where it has fewer.
    pub a: Option<WaveSide>,
    /// In the second plan; null where it has fewer.
    pub b: Option<WaveSide>,
}

/// A wave of one plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WaveSide {
    /// Why it stands where it stands.
    pub stage: Stage,
    /// How many partitions it has.
    pub partitions: usize,
    /// Bytes to copy.
    pub bytes_to_copy: Bytes,
    /// Copy time at the throttle.
    pub copy_seconds: Option<Seconds>,
    /// The forecast.
    pub expected_seconds: Option<Seconds>,
}

/// Partitions that the plans treat differently.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Steps<'a> {
    /// Moved by the first plan alone.
    pub only_a: Vec<Named<'a>>,
    /// Moved by the second plan alone.
    pub only_b: Vec<Named<'a>>,
    /// Moved by both, to other final lists.
    pub ends_elsewhere: Vec<Ends<'a>>,
    /// Moved by both, and done in another wave.
    pub other_wave: Vec<WaveChange<'a>>,
    /// Left out by the first plan alone.
    pub deferred_only_a: Vec<Named<'a>>,
    /// Left out by the second plan alone.
    pub deferred_only_b: Vec<Named<'a>>,
}

/// Two final lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ends<'a> {
    /// The partition.
    #[serde(flatten)]
    pub which: Named<'a>,
    /// In the first plan.
    pub a: &'a [BrokerId],
    /// In the second plan.
    pub b: &'a [BrokerId],
    /// Bytes of one replica.
    pub size_bytes: Bytes,
}

/// Two waves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WaveChange<'a> {
    /// The partition.
    #[serde(flatten)]
    pub which: Named<'a>,
    /// The last wave of it in the first plan.
    pub a: u32,
    /// In the second plan.
    pub b: u32,
}

/// Compares two plans.
pub fn plans<'a>(a: &'a Plan, b: &'a Plan) -> PlanDiff<'a> {
    let mut request = Vec::new();
    for (key, (one, other)) in paired(&value(&a.request), &value(&b.request)) {
        let text = |value: &Value| match value {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        compare(&mut request, &key, text(&one), text(&other));
    }
    let (one, other) = (flat(&value(&a.summary)), flat(&value(&b.summary)));
    let keys: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let of = |side: &BTreeMap<String, Value>, key: &String| side.get(key).cloned().unwrap_or(Value::Null);
    let figure = |key: &String| Figure { figure: key.clone(), a: of(&one, key), b: of(&other, key) };
    let summary = keys.into_iter().map(figure).collect();
    let count = a.waves.len().max(b.waves.len());
    let side = |plan: &Plan, index: usize| plan.waves.get(index).map(|wave| wave_side(plan, wave));
    let waves = (0..count).map(|index| WaveSides { wave: index as u32 + 1, a: side(a, index), b: side(b, index) });
    let mut diff = PlanDiff {
        differs: false,
        a: plan_side(a),
        b: plan_side(b),
        same_lists: a.cluster.assignment_sha256 == b.cluster.assignment_sha256,
        request,
        summary,
        waves: waves.collect(),
        partitions: steps(a, b),
    };
    diff.differs = diff.has_any();
    diff
}

impl PlanDiff<'_> {
    fn has_any(&self) -> bool {
        let Steps { only_a, only_b, ends_elsewhere, other_wave, deferred_only_a, deferred_only_b } = &self.partitions;
        let named = [only_a, only_b, deferred_only_a, deferred_only_b].iter().any(|list| !list.is_empty());
        !self.same_lists
            || !self.request.is_empty()
            || self.summary.iter().any(|figure| figure.a != figure.b)
            || self.waves.iter().any(|wave| wave.a != wave.b)
            || named
            || !ends_elsewhere.is_empty()
            || !other_wave.is_empty()
    }
}

fn value(part: &impl Serialize) -> Value {
    serde_json::to_value(part).expect("a plan is plain data")
}

/// The keys of two objects with their values on both sides, in order of key.
fn paired(a: &Value, b: &Value) -> BTreeMap<String, (Value, Value)> {
    let mut found: BTreeMap<String, (Value, Value)> = BTreeMap::new();
    for (key, value) in a.as_object().into_iter().flatten() {
        found.entry(key.clone()).or_default().0 = value.clone();
    }
    for (key, value) in b.as_object().into_iter().flatten() {
        found.entry(key.clone()).or_default().1 = value.clone();
    }
    found
}

/// The scalars of an object, those of its parts as `part.figure`; lists are left to those who read one plan.
fn flat(value: &Value) -> BTreeMap<String, Value> {
    fn add(found: &mut BTreeMap<String, Value>, key: &str, value: &Value) {
        match value {
            Value::Object(parts) => {
                for (name, part) in parts {
                    add(found, &if key.is_empty() { name.clone() } else { format!("{key}.{name}") }, part);
                }
            }
            Value::Array(_) => {}
            scalar => {
                found.insert(key.to_owned(), scalar.clone());
            }
        }
    }
    let mut found = BTreeMap::new();
    add(&mut found, "", value);
    found
}

fn plan_side(plan: &Plan) -> PlanSide<'_> {
    PlanSide {
        name: plan.cluster.name.as_deref(),
        kshift: &plan.kshift,
        partitions: ends(plan).len(),
        waves: plan.waves.len(),
        complete: plan.complete,
    }
}

fn wave_side(plan: &Plan, wave: &Wave) -> WaveSide {
    WaveSide {
        stage: wave.stage,
        partitions: wave.rows.len(),
        bytes_to_copy: plan.moves_of(wave).flat_map(|step| step.copied_to().map(move |_| step.size)).sum(),
        copy_seconds: wave.copy_seconds,
        expected_seconds: wave.duration_seconds.map(|time| time.expected),
    }
}

/// The last move of each partition, by topic and partition: its row, and its wave.
fn ends(plan: &Plan) -> Vec<(usize, u32)> {
    let mut wave_of = vec![0; plan.moves.topic.len()];
    for wave in &plan.waves {
        wave_of[wave.rows.clone()].fill(wave.index);
    }
    let mut ends: Vec<(usize, u32)> = Vec::new();
    let key = |row: usize| (plan.moves.topic[row], plan.moves.partition[row]);
    for row in plan.sorted_rows(0..plan.moves.topic.len()).into_iter().map(|row| row as usize) {
        match ends.last_mut() {
            Some(last) if key(last.0) == key(row) => *last = (row, wave_of[row]),
            _ => ends.push((row, wave_of[row])),
        }
    }
    ends
}

fn steps<'a>(a: &'a Plan, b: &'a Plan) -> Steps<'a> {
    let mut found = Steps::default();
    let named = |plan: &'a Plan, row: usize| {
        let step = plan.get(row);
        Named { topic: step.topic, partition: step.partition }
    };
    let key = |named: Named<'a>| (named.topic, named.partition);
    let (ends_a, ends_b) = (ends(a), ends(b));
    let (mut one, mut other) = (0, 0);
    while one < ends_a.len() || other < ends_b.len() {
        let left = ends_a.get(one).map(|&(row, wave)| (named(a, row), row, wave));
        let right = ends_b.get(other).map(|&(row, wave)| (named(b, row), row, wave));
        let order = match (left, right) {
            (Some(left), Some(right)) => key(left.0).cmp(&key(right.0)),
            (Some(_), None) => std::cmp::Ordering::Less,
            _ => std::cmp::Ordering::Greater,
        };
        match (left.filter(|_| order.is_le()), right.filter(|_| order.is_ge())) {
            (Some((which, row_a, wave_a)), Some((_, row_b, wave_b))) => {
                let (list_a, list_b) = (a.moves.replicas.get(row_a), b.moves.replicas.get(row_b));
                if list_a != list_b {
                    found.ends_elsewhere.push(Ends { which, a: list_a, b: list_b, size_bytes: b.moves.size[row_b] });
                }
                if wave_a != wave_b {
                    found.other_wave.push(WaveChange { which, a: wave_a, b: wave_b });
                }
            }
            (Some((which, ..)), None) => found.only_a.push(which),
            (None, Some((which, ..))) => found.only_b.push(which),
            (None, None) => {}
        }
        one += usize::from(order.is_le());
        other += usize::from(order.is_ge());
    }
    let deferred = |plan: &'a Plan| -> std::collections::BTreeSet<(&'a str, PartitionId)> {
        plan.deferred.iter().map(|deferred| (deferred.topic.as_str(), deferred.partition)).collect()
    };
    let (left, right) = (deferred(a), deferred(b));
    let name = |&(topic, partition): &(&'a str, PartitionId)| Named { topic, partition };
    found.deferred_only_a = left.difference(&right).map(name).collect();
    found.deferred_only_b = right.difference(&left).map(name).collect();
    found
}
