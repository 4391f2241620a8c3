//! Requests for Route 53, each the input of `aws route53 change-resource-record-sets --cli-input-json`.
//!
//! Addresses make one simple record with all of them: one change replaces the whole answer, and clients see every
//! broker. Names make one weighted CNAME record for each broker, of equal weight, since a simple CNAME has one value.

use std::collections::BTreeMap;

use serde::Serialize;

use super::facade::Facade;
use super::steps::{Key, Record, State, story};
use super::text;
use crate::base::error::{Code, Error, Place, Result};
use crate::base::ids::BrokerId;
use crate::emit::files::Files;
use crate::plan::Plan;

/// Most values in one request; those of an UPSERT count twice.
const VALUES_MAX: usize = 1_000;
/// Most characters of all values in one request; those of an UPSERT count twice.
const CHARACTERS_MAX: usize = 32_000;

/// A batch of changes for every step, one for the way back of each, and `dns.md`.
///
/// # Errors
/// [`Code::MissingField`] without the id of the zone; those of hosts that are not known, or cannot be used.
pub fn route53(plan: &Plan, facade: &Facade) -> Result<Files> {
    let Some(zone) = &facade.hosted_zone_id else {
        return Err(Error::new(Code::MissingField, "the facade file names no `hosted_zone_id`, which Route 53 needs")
            .at(Place::path(&facade.source, "hosted_zone_id"))
            .help(format!(
                "`aws route53 list-hosted-zones-by-name --dns-name {}` shows it, behind `/hostedzone/`",
                facade.zone
            )));
    };
    let story = story(plan, facade)?;
    let mut batches = Files::default();
    let mut before = State::new();
    let mut names = Vec::new();
    for step in &story.steps {
        let there = batches_of(changes(&before, &step.state));
        let back = batches_of(changes(&step.state, &before));
        names.push([
            write(&mut batches, zone, "steps", &step.name, &step.name, there),
            write(&mut batches, zone, "back", &step.name, &format!("back from {}", step.name), back),
        ]);
        before.clone_from(&step.state);
    }
    let mut files = Files::one("dns.md", text::route53(&story, &names));
    for (name, content) in batches.iter() {
        files.add(name, content);
    }
    Ok(files)
}

/// Adds the requests of a step to the files; gives their names.
fn write(files: &mut Files, zone: &str, dir: &str, step: &str, comment: &str, parts: Vec<Vec<Change>>) -> Vec<String> {
    let count = parts.len();
    let mut names = Vec::new();
    for (number, changes) in parts.into_iter().enumerate() {
        let part = if count == 1 { String::new() } else { format!("-part-{}", number + 1) };
        let comment = format!("kshift: {comment}{part}");
        let request = Request { hosted_zone_id: zone, change_batch: Batch { comment, changes } };
        let name = format!("{dir}/{step}{part}.json");
        files.add(name.clone(), format!("{}\n", serde_json::to_string_pretty(&request).expect("plain data")));
        names.push(name);
    }
    names
}

/// `ChangeResourceRecordSetsRequest`, with the service's own words for keys.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Request<'a> {
    hosted_zone_id: &'a str,
    change_batch: Batch,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Batch {
    comment: String,
    changes: Vec<Change>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    action: &'static str,
    resource_record_set: RecordSet,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RecordSet {
    name: String,
    #[serde(rename = "Type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    set_identifier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<u32>,
    #[serde(rename = "TTL")]
    ttl: u32,
    resource_records: Vec<RecordValue>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RecordValue {
    value: String,
}

/// Changes that must be made at once: those of one record, or of one name whose record changes its type.
#[derive(Default)]
struct Group {
    changes: Vec<Change>,
    values: usize,
    characters: usize,
    deletes: bool,
}

impl Group {
    fn add(&mut self, action: &'static str, key: &Key, record: &Record) {
        let times = if action == "UPSERT" { 2 } else { 1 };
        self.values += times * record.values.len();
        self.characters += times * record.values.iter().map(String::len).sum::<usize>();
        self.deletes |= action == "DELETE";
        self.changes.push(Change {
            action,
            resource_record_set: RecordSet {
                name: key.name.clone(),
                kind: key.kind.as_str(),
                set_identifier: key.broker.map(|broker| format!("broker-{broker}")),
                weight: key.broker.map(|_| 1),
                ttl: record.ttl,
                resource_records: record.values.iter().map(|value| RecordValue { value: value.clone() }).collect(),
            },
        });
    }
}

/// What turns one state into the other; what only adds stands first.
fn changes(from: &State, to: &State) -> Vec<Group> {
    let mut by_name: BTreeMap<(&str, Option<BrokerId>), Group> = BTreeMap::new();
    let deleted = from.iter().filter(|(key, _)| !to.contains_key(*key)).map(|change| ("DELETE", change));
    let written = to.iter().filter(|(key, record)| from.get(*key) != Some(*record)).map(|change| ("UPSERT", change));
    for (action, (key, record)) in deleted.chain(written) {
        by_name.entry((&key.name, key.broker)).or_default().add(action, key, record);
    }
    let mut groups: Vec<Group> = by_name.into_values().collect();
    groups.sort_by_key(|group| group.deletes);
    groups
}

/// As few requests as keep the order and the limits.
fn batches_of(groups: Vec<Group>) -> Vec<Vec<Change>> {
    let mut batches: Vec<Vec<Change>> = Vec::new();
    let (mut values, mut characters) = (usize::MAX, usize::MAX);
    for group in groups {
        values = values.saturating_add(group.values);
        characters = characters.saturating_add(group.characters);
        if values > VALUES_MAX || characters > CHARACTERS_MAX {
            batches.push(Vec::new());
            (values, characters) = (group.values, group.characters);
        }
        batches.last_mut().expect("the first group opens a batch").extend(group.changes);
    }
    batches
}
