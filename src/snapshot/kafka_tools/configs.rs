//! `kafka-configs --describe` of brokers and topics, dynamic entries only or `--all`.

use super::{Section, Spot, broker_id};
use crate::base::error::{Code, Error};
use crate::base::ids::BrokerId;

/// Whose configuration it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Entity<'a> {
    Broker(BrokerId),
    /// The default of all brokers.
    Brokers,
    Topic(&'a str),
}

/// Where a value was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// With `kafka-configs --alter`, for this broker or topic.
    Dynamic,
    /// With `kafka-configs --alter`, for all brokers.
    DynamicDefault,
    /// In a file, or nowhere.
    Other,
}

/// A value of a configuration.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub entity: Entity<'a>,
    pub key: &'a str,
    pub value: &'a str,
    pub origin: Origin,
    pub spot: Spot<'a>,
}

pub(super) fn parse<'a>(section: &Section<'a>, faults: &mut Vec<Error>) -> Vec<Entry<'a>> {
    let mut entries = Vec::new();
    let mut entity = None;
    let mut unread = None;
    for (spot, line) in section.lines() {
        if line.trim_end().ends_with(" are:") {
            entity = entity_of(line.trim());
            unread = None;
        } else if let Some(entry) = entity.and_then(|entity| entry_of(entity, line, spot)) {
            entries.push(entry);
            unread = None;
        } else if entity.is_some() && line.starts_with("  ") {
            unread = Some(spot);
        }
    }
    // In the middle it is a value with a line end in it; at the end the file was cut.
    if let Some(spot) = unread {
        let fault = Error::new(
            Code::MissingField,
            "the line is not whole; expected `key=value sensitive=… synonyms={…}` of `kafka-configs.sh --describe`",
        );
        faults.push(fault.at(spot.place()).help("was the file cut off while being copied? Run the command again"));
    }
    entries
}

/// `Dynamic configs for broker 1001 are:`; users, clients and loggers are of no use here.
fn entity_of(line: &str) -> Option<Entity<'_>> {
    let (_, name) = line.strip_suffix(" are:")?.split_once("onfigs for ")?;
    if name == "brokers in the cluster" {
        return Some(Entity::Brokers);
    }
    match name.split_once(' ')? {
        ("broker", id) => broker_id(id).map(Entity::Broker),
        ("topic", topic) => Some(Entity::Topic(topic)),
        _ => None,
    }
}

fn entry_of<'a>(entity: Entity<'a>, line: &'a str, spot: Spot<'a>) -> Option<Entry<'a>> {
    let content = line.strip_prefix("  ")?.trim_end();
    let (key, rest) = content.split_once('=')?;
    let (value, synonyms) = rest.split_once(" sensitive=")?;
    let (_, synonyms) = synonyms.split_once(" synonyms={")?;
    let origin = match synonyms.strip_suffix('}')?.split(':').next()? {
        "DYNAMIC_BROKER_CONFIG" | "DYNAMIC_TOPIC_CONFIG" => Origin::Dynamic,
        "DYNAMIC_DEFAULT_BROKER_CONFIG" => Origin::DynamicDefault,
        _ => Origin::Other,
    };
    Some(Entry { entity, key, value, origin, spot })
}
