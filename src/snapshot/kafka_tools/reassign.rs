//! `kafka-reassign-partitions --list`: the moves under way.

use super::{Section, Spot, broker_id};
use crate::base::error::{Code, Error};
use crate::base::ids::{BrokerId, PartitionId, TopicPartition};

/// A move under way.
#[derive(Debug, Default)]
pub(super) struct Moving {
    pub replicas: Vec<BrokerId>,
    pub adding: Vec<BrokerId>,
    pub removing: Vec<BrokerId>,
}

/// Each line as topic, partition, move and place.
pub(super) type Moves<'a> = Vec<(&'a str, PartitionId, Moving, Spot<'a>)>;

pub(super) fn parse<'a>(section: &Section<'a>, faults: &mut Vec<Error>) -> Moves<'a> {
    let mut moves = Vec::new();
    for (spot, line) in section.lines().filter(|(_, line)| line.contains(": replicas: ")) {
        if let Some((topic, partition, moving)) = line_of(line) {
            moves.push((topic, partition, moving, spot));
            continue;
        }
        let fault = Error::new(
            Code::MissingField,
            "the line is not whole; expected `TOPIC-PARTITION: replicas: IDS. adding: IDS. removing: IDS.`",
        );
        faults.push(fault.at(spot.place()).help("was the file cut off? Run the command again"));
    }
    moves
}

fn line_of(line: &str) -> Option<(&str, PartitionId, Moving)> {
    let (name, lists) = line.trim().split_once(": replicas: ")?;
    let partition = TopicPartition::parse(name)?.partition;
    let (topic, _) = name.rsplit_once('-')?;
    let mut lists = lists.strip_suffix('.')?.split(". ");
    let ids = |text: &str| text.split(',').map(broker_id).collect::<Option<Vec<_>>>();
    let mut moving = Moving { replicas: ids(lists.next()?)?, ..Moving::default() };
    for list in lists {
        match list.split_once(": ")? {
            ("adding", list) => moving.adding = ids(list)?,
            ("removing", list) => moving.removing = ids(list)?,
            _ => return None,
        }
    }
    Some((topic, partition, moving))
}
