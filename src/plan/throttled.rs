//! The throttle of a wave as Kafka's tool would set it: rates of brokers, and lists of topics.
//!
//! Leader lists name all current replicas of each partition that copies, follower lists the adding ones,
//! both sorted as text, so `10:1` stands before `2:1`. Rates stand on every broker of current and new
//! replicas that answers; a dead or fenced one would make the change of its settings fail.
//!
//! A list that is longer than Kafka's protocol can carry becomes `*`: all replicas of the topic. The tool itself fails there.
//!
//! Lists that a topic had before are merged in, since Kafka's tool would overwrite them, and each setting says what has
//! to come back.
//!
//! Where copies stay within their brokers, replication has no part in them: there is one rate for each broker that
//! copies, and no lists.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use super::{LISTS, Plan, RATES, Wave};
use crate::base::ids::{BrokerId, PartitionId};
use crate::base::kafka_configs::VALUE_BYTES_MAX;
use crate::base::units::BytesPerSec;

/// Kafka's setting of a broker for copies between its log dirs.
pub const LOG_DIR_RATE: &str = RATES[2];

/// A partition that copies.
struct Copying<'a> {
    topic: &'a str,
    partition: PartitionId,
    current: &'a [BrokerId],
    target: &'a [BrokerId],
}

/// One setting while its wave runs, and what it was before.
pub struct Setting<'a> {
    /// Kafka's name of it.
    pub key: &'static str,
    /// What the wave sets.
    pub value: String,
    /// What comes back.
    pub before: Option<&'a str>,
}

/// The settings of a wave, brokers in order of id and topics in order of name.
#[derive(Default)]
pub struct Settings<'a> {
    /// Rates.
    pub brokers: Vec<(BrokerId, Vec<Setting<'a>>)>,
    /// Lists.
    pub topics: Vec<(&'a str, Vec<Setting<'a>>)>,
}

/// What the throttle of a wave sets; `rows` are its own, sorted by topic and partition.
pub fn settings<'a>(plan: &'a Plan, wave: &Wave, rows: &[u32]) -> Option<Settings<'a>> {
    let moves = || rows.iter().map(|&row| plan.get(row as usize));
    if let Some(rate) = plan.log_dir_throttle() {
        return within_brokers(plan, rate, moves().flat_map(|m| m.copied_to()));
    }
    let moves = moves().filter(|m| m.adding().next().is_some());
    let copying =
        moves.map(|m| Copying { topic: m.topic, partition: m.partition, current: m.previous, target: m.replicas });
    let throttle = wave.throttle.as_ref()?;
    between_brokers(plan, |id| throttle.of(id), copying.collect())
}

/// The same of the whole plan at once.
pub fn settings_of_all(plan: &Plan) -> Option<Settings<'_>> {
    if let Some(rate) = plan.log_dir_throttle() {
        return within_brokers(plan, rate, (0..plan.moves.size.len()).flat_map(|row| plan.get(row).copied_to()));
    }
    let rows = plan.rows_by_partition();
    let copying = rows.chunk_by(|&a, &b| plan.same_partition(a, b)).filter_map(|rows| {
        let (first, last) = (plan.get(rows[0] as usize), plan.get(rows[rows.len() - 1] as usize));
        let copies = last.replicas.iter().any(|id| !first.previous.contains(id));
        let (topic, partition) = (first.topic, first.partition);
        copies.then_some(Copying { topic, partition, current: first.previous, target: last.replicas })
    });
    let rates = least_rates(plan)?;
    between_brokers(plan, |id| rates[&id], copying.collect())
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
        let brokers: FxHashSet<BrokerId> =
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
fn within_brokers(plan: &Plan, rate: BytesPerSec, brokers: impl Iterator<Item = BrokerId>) -> Option<Settings<'_>> {
    let rates = |id| {
        let before = plan.throttles_before.of_broker(id, LOG_DIR_RATE);
        (id, vec![Setting { key: LOG_DIR_RATE, value: rate.get().to_string(), before }])
    };
    let brokers: Vec<_> = BrokerId::sorted(brokers).into_iter().map(rates).collect();
    (!brokers.is_empty()).then_some(Settings { brokers, topics: Vec::new() })
}

fn between_brokers<'a>(
    plan: &'a Plan,
    rates: impl Fn(BrokerId) -> (BytesPerSec, BytesPerSec),
    mut copying: Vec<Copying<'a>>,
) -> Option<Settings<'a>> {
    let earlier = &plan.throttles_before;
    let brokers = BrokerId::sorted(copying.iter().flat_map(|part| part.current.iter().chain(part.target)).copied());
    let brokers = brokers.into_iter().filter(|&id| plan.broker(id).is_some_and(|broker| broker.state.serves()));
    let rates = |id: BrokerId| {
        let (leader, follower) = rates(id);
        let rate =
            |key, rate: BytesPerSec| Setting { key, value: rate.get().to_string(), before: earlier.of_broker(id, key) };
        (id, vec![rate(RATES[0], leader), rate(RATES[1], follower)])
    };
    let brokers = brokers.map(rates).collect();
    let lists = |topic: &mut [Copying<'a>]| {
        topic.sort_unstable_by_key(|part| text_order(part.partition.get(), COLON));
        let name = topic[0].topic;
        let leaders = list(topic, |part, ids| ids.extend_from_slice(part.current));
        let followers = list(topic, |part, ids| ids.extend(part.target.iter().filter(|id| !part.current.contains(id))));
        let merged = |key, ours: String| {
            let before = earlier.of_topic(name, key);
            let list = before.map(|before| merge(&ours, before)).unwrap_or(ours);
            Setting { key, value: if list.len() > VALUE_BYTES_MAX { "*".to_owned() } else { list }, before }
        };
        (name, vec![merged(LISTS[0], leaders), merged(LISTS[1], followers)])
    };
    let topics: Vec<_> = copying.chunk_by_mut(|a, b| a.topic == b.topic).map(lists).collect();
    (!topics.is_empty()).then_some(Settings { brokers, topics })
}

/// Both lists in one, sorted as text. `*` names every replica, and `none` is how Kafka writes an empty list.
fn merge(ours: &str, before: &str) -> String {
    let mut entries: Vec<&str> = before.split(',').map(str::trim).filter(|entry| *entry != "none").collect();
    if entries.contains(&"*") {
        return "*".to_owned();
    }
    entries.extend(ours.split(','));
    entries.retain(|entry| !entry.is_empty());
    entries.sort_unstable();
    entries.dedup();
    entries.join(",")
}

/// `0:1,0:2`: the brokers that `of` names for each partition, in order of their text.
fn list(parts: &[Copying<'_>], of: impl Fn(&Copying<'_>, &mut Vec<BrokerId>)) -> String {
    let mut list = String::with_capacity(parts.len() * 24);
    let (mut ids, mut digits) = (Vec::new(), itoa::Buffer::new());
    for part in parts {
        ids.clear();
        of(part, &mut ids);
        // Numbers of as many digits stand in one order as text and as numbers.
        let digits_of = |id: &BrokerId| id.get().checked_ilog10();
        if ids.windows(2).all(|pair| digits_of(&pair[0]) == digits_of(&pair[1])) {
            ids.sort_unstable();
        } else {
            ids.sort_unstable_by_key(|id| text_order(id.get(), END));
        }
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

    #[test]
    fn lists_are_merged_as_text_and_a_star_covers_all() {
        assert_eq!(merge("0:1,10:2,2:1", "2:9, 10:11,0:1"), "0:1,10:11,10:2,2:1,2:9");
        assert_eq!(merge("0:1", "*"), "*");
        assert_eq!(merge("0:1", "none"), "0:1");
    }
}
