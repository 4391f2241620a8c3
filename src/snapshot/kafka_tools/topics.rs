//! `kafka-topics --describe`: a line for each topic, then a line for each of its partitions.
//!
//! Fields stand between tabs, each `Key: value`. Output that lost its tabs in a terminal is read too.
//! Subsets (`--under-replicated-partitions` and the like) have partition lines only; `--topics-with-overrides`
//! has topic lines only.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::{Section, Spot, broker_id, contradiction};
use crate::base::error::{Code, Error};
use crate::base::ids::{BrokerId, PartitionId};
use crate::base::text::counted;

/// A line about a topic.
#[derive(Debug)]
pub(in crate::snapshot) struct TopicLine<'a> {
    pub name: &'a str,
    pub config: BTreeMap<String, String>,
    pub spot: Spot<'a>,
}

/// A line about a partition.
#[derive(Clone, Debug)]
pub(in crate::snapshot) struct PartitionLine<'a> {
    pub topic: &'a str,
    pub id: PartitionId,
    pub leader: Option<BrokerId>,
    pub replicas: Vec<BrokerId>,
    pub isr: Vec<BrokerId>,
    pub adding: Vec<BrokerId>,
    pub removing: Vec<BrokerId>,
    /// Whether it lists eligible leader replicas, if only an empty list: KRaft brokers alone do.
    pub has_elr: bool,
    pub spot: Spot<'a>,
}

/// What one section says.
#[derive(Debug, Default)]
pub(in crate::snapshot) struct Described<'a> {
    pub topics: Vec<TopicLine<'a>>,
    pub partitions: Vec<PartitionLine<'a>>,
}

/// How many fields a line about a partition has by Kafka 3.8 and later, while nothing moves.
const FIELDS_MAX: usize = 7;

/// The fields of a line, as (key, value).
type Fields<'a> = Vec<(&'a str, &'a str)>;

pub(super) fn parse<'a>(section: &Section<'a>, faults: &mut Vec<Error>) -> Described<'a> {
    let mut described = Described::default();
    let mut counts = Vec::new();
    let mut fields_expected = FIELDS_MAX;
    for (spot, line) in section.lines() {
        let content = line.trim();
        if !content.starts_with("Topic:") {
            continue;
        }
        let fields = fields_of(content);
        let has = |key: &str| fields.iter().any(|field| field.0 == key);
        let parsed = if has("PartitionCount") || has("TopicId") && !has("Partition") {
            topic_line(&fields, spot).map(|(topic, count)| {
                described.topics.push(topic);
                counts.push(count);
            })
        } else {
            // A line that lost its tail may still read well; its fellows say how many fields it had.
            let expected = std::mem::replace(&mut fields_expected, fields.len().min(FIELDS_MAX));
            match partition_line(&fields, spot) {
                Ok(_) if fields.len() < expected && has_lost_its_end(section, spot) => {
                    Err(cut_off(spot, fields.last().map_or("Topic", |field| field.0)))
                }
                Ok(partition) => {
                    described.partitions.push(partition);
                    Ok(())
                }
                Err(fault) => Err(fault),
            }
        };
        if let Err(fault) = parsed {
            faults.push(fault);
        }
    }
    if faults.is_empty() && !described.partitions.is_empty() {
        check_counts(&described, &counts, faults);
    }
    described
}

/// Whether this is the last line of the section and lacks its newline.
fn has_lost_its_end(section: &Section<'_>, spot: Spot<'_>) -> bool {
    !section.text.ends_with('\n') && spot.line + 1 == section.first_line + section.text.lines().count()
}

fn check_counts(described: &Described<'_>, counts: &[usize], faults: &mut Vec<Error>) {
    let mut found: FxHashMap<&str, (usize, Spot<'_>)> = FxHashMap::default();
    for line in &described.partitions {
        let entry = found.entry(line.topic).or_insert((0, line.spot));
        *entry = (entry.0 + 1, line.spot);
    }
    for (topic, &count) in described.topics.iter().zip(counts) {
        let (lines, last) = found.get(topic.name).copied().unwrap_or((0, topic.spot));
        if lines != count {
            faults.push(contradiction(
                &format!(
                    "topic `{}` has {} by its PartitionCount, but {}",
                    topic.name,
                    counted(count, "partition"),
                    counted(lines, "line")
                ),
                (topic.spot, &format!("PartitionCount: {count}")),
                (last, &format!("{} up to here", counted(lines, "partition line"))),
            ));
        }
    }
}

fn fields_of(content: &str) -> Fields<'_> {
    if !content.contains('\t') {
        return spaced_fields(content);
    }
    content
        .split('\t')
        .filter_map(|field| field.split_once(':'))
        .map(|(key, value)| (key.trim(), value.trim()))
        .collect()
}

/// The fields of a line whose tabs became spaces: a key is a known word before a colon.
fn spaced_fields(content: &str) -> Fields<'_> {
    const KEYS: [&str; 14] = [
        "Topic:",
        "TopicId:",
        "PartitionCount:",
        "ReplicationFactor:",
        "Configs:",
        "Partition:",
        "Leader:",
        "Replicas:",
        "Isr:",
        "Adding Replicas:",
        "Removing Replicas:",
        "Elr:",
        "LastKnownElr:",
        "MarkedForDeletion:",
    ];
    // Configs hold anything, and come last.
    let (head, configs) = match content.find(" Configs:") {
        Some(at) => (&content[..at], Some(content[at + " Configs:".len()..].trim())),
        None => (content, None),
    };
    let mut starts: Vec<(usize, &str)> = Vec::new();
    for key in KEYS {
        for (at, _) in head.match_indices(key) {
            if at == 0 || head.as_bytes()[at - 1] == b' ' {
                starts.push((at, key));
            }
        }
    }
    starts.sort_by_key(|&(at, key)| (at, std::cmp::Reverse(key.len())));
    // `Adding Replicas:` holds `Replicas:` as well; the longer key wins.
    let mut fields: Vec<(usize, usize)> = Vec::new();
    for (at, key) in starts {
        if fields.last().is_none_or(|last| at >= last.1) {
            fields.push((at, at + key.len()));
        }
    }
    let ends = fields.iter().skip(1).map(|field| field.0).chain([head.len()]);
    let mut found: Fields<'_> =
        fields.iter().zip(ends).map(|(&(at, colon), end)| (&head[at..colon - 1], head[colon..end].trim())).collect();
    found.extend(configs.map(|configs| ("Configs", configs)));
    found
}

fn cut_off(spot: Spot<'_>, last: &str) -> Error {
    Error::new(
        Code::MissingField,
        format!("the line ends after `{last}`; expected a whole line of `kafka-topics.sh --describe`"),
    )
    .at(spot.place())
    .help("was the file cut off while being copied? Run the command again")
}

fn field<'a>(fields: &Fields<'a>, key: &str, spot: Spot<'_>) -> Result<&'a str, Error> {
    match fields.iter().find(|field| field.0 == key) {
        Some(found) => Ok(found.1),
        None => Err(cut_off(spot, fields.last().map_or("Topic", |field| field.0)).note(format!("it has no `{key}:`"))),
    }
}

fn topic_line<'a>(fields: &Fields<'a>, spot: Spot<'a>) -> Result<(TopicLine<'a>, usize), Error> {
    let name = field(fields, "Topic", spot)?;
    let count = field(fields, "PartitionCount", spot)?;
    let count = count.parse().map_err(|_| wrong(spot, "PartitionCount", count, "a number of partitions"))?;
    let config = config_of(field(fields, "Configs", spot)?);
    Ok((TopicLine { name, config, spot }, count))
}

fn partition_line<'a>(fields: &Fields<'a>, spot: Spot<'a>) -> Result<PartitionLine<'a>, Error> {
    let ids = |key: &str, text: &str| -> Result<Vec<BrokerId>, Error> {
        let list = text.split(',').map(str::trim).filter(|_| !text.is_empty());
        list.map(|id| broker_id(id).ok_or_else(|| wrong(spot, key, text, "broker ids between commas"))).collect()
    };
    let optional = |key: &str| match fields.iter().find(|field| field.0 == key) {
        Some(found) => ids(key, found.1),
        None => Ok(Vec::new()),
    };
    let topic = field(fields, "Topic", spot)?;
    let id = field(fields, "Partition", spot)?;
    let id = broker_id(id).ok_or_else(|| wrong(spot, "Partition", id, "a partition number"))?;
    let leader = match field(fields, "Leader", spot)? {
        "none" | "-1" => None,
        text => Some(broker_id(text).ok_or_else(|| wrong(spot, "Leader", text, "a broker id or `none`"))?),
    };
    Ok(PartitionLine {
        topic,
        id: PartitionId::new(id.get()),
        leader,
        replicas: ids("Replicas", field(fields, "Replicas", spot)?)?,
        isr: ids("Isr", field(fields, "Isr", spot)?)?,
        adding: optional("Adding Replicas")?,
        removing: optional("Removing Replicas")?,
        has_elr: fields.iter().any(|field| field.0 == "Elr" && field.1 != "N/A"),
        spot,
    })
}

fn wrong(spot: Spot<'_>, key: &str, found: &str, expected: &str) -> Error {
    Error::new(Code::InvalidField, format!("found `{key}: {found}`, expected {expected}")).at(spot.place())
}

/// `a=1,b=x,y,c=2` as a map. Values hold commas themselves, so a comma ends one only before a `key=`.
fn config_of(text: &str) -> BTreeMap<String, String> {
    let is_key = |key: &str| {
        key.starts_with(|c: char| c.is_ascii_lowercase())
            && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-'))
    };
    let mut entries: Vec<(String, String)> = Vec::new();
    for piece in text.split(',') {
        match (piece.split_once('='), entries.last_mut()) {
            (Some((key, value)), _) if is_key(key.trim()) => entries.push((key.trim().to_owned(), value.to_owned())),
            (_, Some(last)) => {
                last.1.push(',');
                last.1.push_str(piece);
            }
            (_, None) => {}
        }
    }
    entries.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_config_value_keeps_its_commas() {
        let config = config_of(
            "cleanup.policy=compact,delete,follower.replication.throttled.replicas=0:0,0:1,min.insync.replicas=2",
        );
        assert_eq!(config["cleanup.policy"], "compact,delete");
        assert_eq!(config["follower.replication.throttled.replicas"], "0:0,0:1");
        assert_eq!(config["min.insync.replicas"], "2");
        assert!(config_of("").is_empty());
    }

    #[test]
    fn a_line_that_lost_its_tabs_is_read_the_same() {
        let line = "Topic: a-b-3\tPartition: 0\tLeader: none\tReplicas: 0,1\tIsr: \tAdding Replicas: 0\tRemoving Replicas: 1\tElr: \tLastKnownElr: 3";
        assert_eq!(fields_of(line), fields_of(&line.replace('\t', "    ")));
        let line = "Topic: t\tTopicId: x\tPartitionCount: 1\tReplicationFactor: 1\tConfigs: a=b: c,Isr:";
        assert_eq!(fields_of(line), fields_of(&line.replace('\t', " ")));
    }
}
