//! `throttle.json`: the replication throttle of a wave as Kafka's tool would set it.
//!
//! Leader lists name all current replicas of each partition that copies, follower lists the adding ones,
//! both sorted as text, so `10:1` stands before `2:1`. Rates stand on every broker of current and new
//! replicas that answers; a dead or fenced one would make the change of its settings fail.
//!
//! Where copies stay within their brokers, replication has no part in them: there is one rate for each broker that
//! copies, and no lists.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::ids::{BrokerId, PartitionId};
use crate::base::json::Writer;
use crate::base::units::BytesPerSec;
use crate::plan::{Plan, Wave};

/// Kafka's setting of a broker for copies between its log dirs.
pub(super) const LOG_DIR_RATE: &str = "replica.alter.log.dirs.io.max.bytes.per.second";

/// A partition that copies.
struct Copying<'a> {
    topic: &'a str,
    partition: PartitionId,
    current: &'a [BrokerId],
    target: &'a [BrokerId],
}

/// `throttle.json` of a wave; none without a throttle or when the wave copies nothing.
pub fn throttle(plan: &Plan, wave: &Wave) -> Option<Vec<u8>> {
    throttle_rows(plan, wave, &plan.sorted_rows(wave.rows.clone()))
}

/// The same for these rows of the wave, which are sorted by topic and partition.
pub(super) fn throttle_rows(plan: &Plan, wave: &Wave, rows: &[u32]) -> Option<Vec<u8>> {
    if let Some(rate) = plan.log_dir_throttle() {
        return within_brokers(rate, rows.iter().flat_map(|&row| plan.get(row as usize).copied_to()));
    }
    let moves = rows.iter().map(|&row| plan.get(row as usize)).filter(|m| m.adding().next().is_some());
    let copying =
        moves.map(|m| Copying { topic: m.topic, partition: m.partition, current: m.previous, target: m.replicas });
    let throttle = wave.throttle.as_ref()?;
    document(plan, |id| throttle.of(id), copying.collect())
}

/// The settings with which the whole plan may be done at once: a broker has the least of its rates in any wave.
pub fn whole(plan: &Plan) -> Option<Vec<u8>> {
    if let Some(rate) = plan.log_dir_throttle() {
        return within_brokers(rate, (0..plan.moves.size.len()).flat_map(|row| plan.get(row).copied_to()));
    }
    let rows = plan.rows_by_partition();
    let copying = rows.chunk_by(|&a, &b| plan.same_partition(a, b)).filter_map(|rows| {
        let (first, last) = (plan.get(rows[0] as usize), plan.get(rows[rows.len() - 1] as usize));
        let copies = last.replicas.iter().any(|id| !first.previous.contains(id));
        let (topic, partition) = (first.topic, first.partition);
        copies.then_some(Copying { topic, partition, current: first.previous, target: last.replicas })
    });
    let rates = least_rates(plan)?;
    document(plan, |id| rates[&id], copying.collect())
}

/// The least rates of each broker in the waves in which it copies; none where a wave copies unthrottled.
fn least_rates(plan: &Plan) -> Option<BTreeMap<BrokerId, (BytesPerSec, BytesPerSec)>> {
    let mut rates: BTreeMap<BrokerId, (BytesPerSec, BytesPerSec)> = BTreeMap::new();
    for wave in &plan.waves {
        let copying = || plan.moves_of(wave).filter(|step| step.adding().next().is_some());
        if copying().next().is_none() {
            continue;
        }
        let throttle = wave.throttle.as_ref()?;
        let brokers: BTreeSet<BrokerId> =
            copying().flat_map(|step| step.previous.iter().chain(step.replicas)).copied().collect();
        for id in brokers {
            let (leader, follower) = throttle.of(id);
            let least = rates.entry(id).or_insert((leader, follower));
            *least = (least.0.min(leader), least.1.min(follower));
        }
    }
    Some(rates)
}

/// The rate of each broker that copies between its log dirs.
fn within_brokers(rate: BytesPerSec, brokers: impl Iterator<Item = BrokerId>) -> Option<Vec<u8>> {
    let mut brokers: Vec<BrokerId> = brokers.collect();
    brokers.sort_unstable();
    brokers.dedup();
    let mut writer = Writer::default();
    writer.begin_object().key("brokers").begin_object();
    for id in &brokers {
        writer.key(&id.to_string()).begin_object().key(LOG_DIR_RATE).int(rate.get()).end_object();
    }
    writer.end_object().key("topics").begin_object().end_object().end_object();
    (!brokers.is_empty()).then(|| writer.into_bytes())
}

fn document(
    plan: &Plan,
    rates: impl Fn(BrokerId) -> (BytesPerSec, BytesPerSec),
    mut copying: Vec<Copying<'_>>,
) -> Option<Vec<u8>> {
    if copying.is_empty() {
        return None;
    }
    let mut brokers: Vec<BrokerId> =
        copying.iter().flat_map(|part| part.current.iter().chain(part.target)).copied().collect();
    brokers.sort_unstable();
    brokers.dedup();
    let mut writer = Writer::with_capacity(brokers.len() * 128 + copying.len() * 64);
    writer.begin_object().key("brokers").begin_object();
    for id in brokers.into_iter().filter(|&id| plan.broker(id).is_some_and(|broker| broker.state.serves())) {
        let (leader, follower) = rates(id);
        writer.key(&id.to_string()).begin_object();
        writer.key("leader.replication.throttled.rate").int(leader.get());
        writer.key("follower.replication.throttled.rate").int(follower.get());
        writer.end_object();
    }
    writer.end_object().key("topics").begin_object();
    for topic in copying.chunk_by_mut(|a, b| a.topic == b.topic) {
        topic.sort_unstable_by_key(|part| text_order(part.partition.get(), COLON));
        writer.free_key(topic[0].topic).begin_object();
        let leaders = list(topic, |part, ids| ids.extend_from_slice(part.current));
        writer.key("leader.replication.throttled.replicas").string(&leaders);
        let followers = list(topic, |part, ids| ids.extend(part.target.iter().filter(|id| !part.current.contains(id))));
        writer.key("follower.replication.throttled.replicas").string(&followers);
        writer.end_object();
    }
    writer.end_object().end_object();
    Some(writer.into_bytes())
}

/// `0:1,0:2`: the brokers that `of` names for each partition, in order of their text.
fn list(parts: &[Copying<'_>], of: impl Fn(&Copying<'_>, &mut Vec<BrokerId>)) -> String {
    let mut list = String::with_capacity(parts.len() * 24);
    let (mut ids, mut digits) = (Vec::new(), itoa::Buffer::new());
    for part in parts {
        ids.clear();
        of(part, &mut ids);
        ids.sort_unstable_by_key(|id| text_order(id.get(), END));
        for id in &ids {
            if !list.is_empty() {
                list.push(',');
            }
            list.push_str(digits.format(part.partition.get()));
            list.push(':');
            list.push_str(digits.format(id.get()));
        }
    }
    list
}

/// The end of a text sorts before every digit.
const END: u64 = 0;
/// The colon sorts after every digit.
const COLON: u64 = 11;

/// A number that orders ids as their digits with `after` behind them would be ordered as text: four bits
/// a character, from the left.
fn text_order(id: i32, after: u64) -> u64 {
    let mut order = 0;
    let mut shift = 60;
    for digit in itoa::Buffer::new().format(id).bytes() {
        order |= u64::from(digit - b'0' + 1) << shift;
        shift -= 4;
    }
    order | after << shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_ordered_as_text() {
        let ids = [0, 1, 2, 9, 10, 11, 19, 21, 99, 100, 101, 110, 1_000, 1_001, i32::MAX - 1, i32::MAX];
        for a in ids {
            for b in ids {
                assert_eq!(text_order(a, END).cmp(&text_order(b, END)), a.to_string().cmp(&b.to_string()), "{a} {b}");
                let (x, y) = (format!("{a}:"), format!("{b}:"));
                assert_eq!(text_order(a, COLON).cmp(&text_order(b, COLON)), x.cmp(&y), "{x} {y}");
            }
        }
    }
}
