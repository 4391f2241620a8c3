//! `dns.md`: what is done when, which name points where, and the way back.

#![expect(clippy::format_push_string, reason = "a page is put together once; `write!` would bury its sentences")]

use super::dnsendpoint::Options;
use super::facade::{Host, Retired};
use super::steps::{Cause, Key, Record, RecordType, Step, Story};
use crate::base::ids::IdSet;
use crate::base::text::{brokers, counted, either};
use crate::emit::out_dir::wave_name;

/// The page for Route 53; `files` are those of each step, forward and back.
pub(super) fn route53(story: &Story<'_>, files: &[[Vec<String>; 2]]) -> String {
    let cell = |names: &Vec<String>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", then ");
    let rows = story.steps.iter().zip(files).map(|(step, [there, back])| (step, cell(there), cell(back)));
    let mut page = head(story);
    page += "Each file is one request: `aws route53 change-resource-record-sets --cli-input-json file://FILE`.\n\n";
    page += &table(story, rows);
    page += "\nEach request answers with an id; the change is everywhere once `aws route53 wait \
             resource-record-sets-changed --id ID` returns. Batches are refused as a whole or done as a whole; of a step \
             with several, the ones that add stand first.\n";
    page += if story.is_weighted {
        "\nThe hosts are names, so the bootstrap name is one weighted CNAME record for each broker, all of weight 1: an \
         answer has one of them, and a client that got a broker that is down asks again after the TTL. A simple CNAME \
         could have only one; multivalue answers cannot be CNAMEs.\n"
    } else {
        "\nThe hosts are addresses, so the bootstrap name is a simple record with all of them: every answer has the whole \
         set, one change replaces it, and clients try the next address by themselves (`client.dns.lookup` is \
         `use_all_dns_ips`). Weighted records would give one at a time, multivalue ones at most eight.\n"
    };
    page + &tail(story)
}

/// The page for external-dns.
pub(super) fn dnsendpoint(story: &Story<'_>, options: &Options) -> String {
    let namespace = options.namespace.as_ref().map_or(String::new(), |namespace| format!(" -n {namespace}"));
    let file = |step: &Step| format!("`steps/{}.yaml`", step.name);
    let rows = story.steps.iter().enumerate().map(|(number, step)| {
        let back = match number.checked_sub(1) {
            Some(before) => file(&story.steps[before]),
            None => format!("`kubectl{namespace} delete dnsendpoint {}`", options.name),
        };
        (step, file(step), back)
    });
    let mut page = head(story);
    page += &format!("Each file is applied with `kubectl{namespace} apply -f FILE`.\n\n");
    page += &table(story, rows);
    page += "\nEach file holds all names, so the way back is the file of the step before. external-dns must watch \
             these resources (`--source=crd`), manage CNAME and address records of this zone, and run with \
             `--policy=sync`: under `upsert-only` no record is ever taken away, and addresses that left would stay \
             in weighted sets. Add its `--interval` (a minute by default) to every wait.\n";
    if story.is_weighted {
        page += "\nThe hosts are names, so the bootstrap name is one weighted CNAME for each broker (`setIdentifier`, \
                 `aws/weight`), which external-dns can write to Route 53. For other providers give the brokers addresses.\n";
    }
    page + &tail(story)
}

fn head(story: &Story<'_>) -> String {
    let facade = story.facade;
    let name = story.plan.cluster.name.as_deref().unwrap_or("the cluster");
    format!(
        "# DNS facade of {name}\n\n\
         - `{}`: the name with which clients start. It only ever has brokers that serve.\n\
         - `{}`: the name that each broker advertises. It belongs to the id, not to the place: it never points to another \
         broker while its own one is registered, or clients would ask the wrong broker for its partitions.\n\n\
         Records may be cached for {} s before the move, {} s while names change, {} s afterwards. Clients ask who the \
         brokers are at least every {} s (`metadata.max.age.ms`).\n\n",
        facade.bootstrap,
        facade.broker,
        facade.ttl.before,
        facade.ttl.during,
        facade.ttl.after,
        facade.metadata_max_age_seconds,
    )
}

fn table<'a>(story: &Story<'_>, rows: impl Iterator<Item = (&'a Step, String, String)>) -> String {
    let mut table =
        "## Steps\n\n| step | when | what changes | file | then | way back |\n|---|---|---|---|---|---|\n".to_owned();
    let mut before: Option<&Step> = None;
    for (step, there, back) in rows {
        let [when, then] = times(story, step.cause);
        let change = change(story, before, step);
        table += &format!("| {} | {when} | {change} | {there} | {then} | {back} |\n", step.name);
        before = Some(step);
    }
    table
        + "\nThe way back undoes the last step that was done, then the one before it, and so on. The names come back before \
           the data does: before `kshift rollback` undoes a wave, the steps after that wave are undone.\n"
}

/// When a step is due, and what to wait for after it.
fn times(story: &Story<'_>, cause: Cause) -> [String; 2] {
    let ttl = story.facade.ttl;
    let wait = |seconds: u32| format!("wait {seconds} s");
    let last = story
        .plan
        .waves
        .last()
        .map_or("the drain".to_owned(), |wave| format!("wave {}", wave_name(story.plan, wave.index)));
    match cause {
        Cause::Facade => [
            "before brokers advertise these names, and clients start with them".to_owned(),
            "every broker's name leads to that broker, from where clients are".to_owned(),
        ],
        Cause::LowerTtl => [format!("at least {} s before the first wave", ttl.before), wait(ttl.before)],
        Cause::NewBrokers => {
            ["new brokers serve, and clients reach their names; before the first wave".to_owned(), wait(ttl.during)]
        }
        Cause::AfterWave(wave) => [format!("wave {} is verified", wave_name(story.plan, wave)), wait(ttl.during)],
        Cause::Retire => [
            format!(
                "at least {} s after {last}, once `kshift gate decommission` has passed and these brokers are stopped \
                 (under KRaft: unregistered)",
                story.facade.metadata_max_age_seconds.saturating_add(ttl.during)
            ),
            wait(ttl.during),
        ],
        Cause::RaiseTtl => ["nothing is to be taken back anymore".to_owned(), "done".to_owned()],
    }
}

fn change(story: &Story<'_>, before: Option<&Step>, step: &Step) -> String {
    let facade = story.facade;
    let Some(before) = before else {
        return format!("{} and `{}`", counted(names_of(step), "name"), facade.bootstrap);
    };
    match step.cause {
        Cause::LowerTtl => format!("what will change may be cached for {} s", facade.ttl.during),
        Cause::RaiseTtl => format!("all may be cached for {} s", facade.ttl.after),
        Cause::Retire => format!("the names of {} {}", brokers(&story.retired), fate(story)),
        _ => {
            let come = difference(&step.bootstrap, &before.bootstrap);
            let gone = difference(&before.bootstrap, &step.bootstrap);
            let text = |ids: &IdSet, what: &str| {
                if ids.is_empty() { String::new() } else { format!("{} {what}", brokers(ids)) }
            };
            let parts = [text(&come, "into the bootstrap name"), text(&gone, "out of the bootstrap name")];
            parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join("; ")
        }
    }
}

fn names_of(step: &Step) -> usize {
    let names: std::collections::BTreeSet<&str> = step.state.keys().map(|key| key.name.as_str()).collect();
    names.len() - 1
}

fn fate(story: &Story<'_>) -> String {
    let verb = either(story.retired.len(), "points", "point");
    match story.facade.retired {
        Retired::Bootstrap => format!("{verb} to `{}`", story.facade.bootstrap),
        Retired::Pair => format!("{verb} to the broker that took its place"),
        Retired::Delete => either(story.retired.len(), "goes", "go").to_owned(),
    }
}

fn difference(left: &IdSet, right: &IdSet) -> IdSet {
    IdSet::from_ids(left.iter().filter(|&id| !right.contains(id))).expect("ids of a set")
}

fn tail(story: &Story<'_>) -> String {
    let mut page = "\n## Brokers in the bootstrap name\n\n| after step | brokers |\n|---|---|\n".to_owned();
    for step in &story.steps {
        page += &format!("| {} | {} |\n", step.name, step.bootstrap);
    }
    page += &waves_without_change(story);
    page +=
        "\n## Names of brokers\n\n| broker | name | before and during the waves | at the end |\n|---|---|---|---|\n";
    let (first, last) = (&story.steps[0].state, &story.steps[story.steps.len() - 1].state);
    let target = |state: &super::steps::State, name: &str| {
        let kinds = [RecordType::A, RecordType::Aaaa, RecordType::Cname];
        let record = kinds.iter().find_map(|&kind| state.get(&Key { name: name.to_owned(), kind, broker: None }));
        record.map_or("-".to_owned(), |Record { values, .. }| format!("`{}`", values.join(", ")))
    };
    for broker in &story.plan.brokers {
        let name = story.facade.name_of(broker.id);
        let [start, end] = [first, last].map(|state| target(state, &name));
        page += &format!("| {} | `{name}` | {start} | {end} |\n", broker.id);
    }
    page + &notes(story)
}

fn waves_without_change(story: &Story<'_>) -> String {
    let changing = story.steps.iter().filter(|step| matches!(step.cause, Cause::AfterWave(_))).count();
    let rest = story.plan.waves.len() - changing;
    if rest == 0 {
        return String::new();
    }
    format!(
        "\nAfter {} no name changes: the brokers that they move from still hold something.\n",
        counted(rest, "other wave")
    )
}

fn notes(story: &Story<'_>) -> String {
    let mut notes = Vec::new();
    if !story.held.is_empty() {
        notes.push(format!(
            "{} {} drained and still hold something after the last wave: {} in the bootstrap name, and {} as they are.",
            brokers(&story.held).replacen('b', "B", 1),
            either(story.held.len(), "is", "are"),
            either(story.held.len(), "it stays", "they stay"),
            either(story.held.len(), "its name stays", "their names stay"),
        ));
    }
    if !story.unknown.is_empty() {
        notes.push(format!(
            "{} {} not serve, and nobody said where {}: no record is written for {}.",
            brokers(&story.unknown).replacen('b', "B", 1),
            either(story.unknown.len(), "does", "do"),
            either(story.unknown.len(), "it is", "they are"),
            either(story.unknown.len(), "it", "them"),
        ));
    }
    if !story.retired.is_empty() && story.facade.retired != Retired::Delete {
        notes.push(
            "A retired name is for clients that have it in `bootstrap.servers`. Over TLS the brokers it leads to need it in \
             their certificates, or such clients fail to connect."
                .to_owned(),
        );
    }
    if story.plan.request.pair.is_some() {
        notes.push(
            "The plan pairs brokers: the new one takes the old one's place in every list, but has an id and a name of its \
             own. The old name may follow it only once the old broker is stopped and clients have asked anew; earlier, \
             clients would send what is for the old id to the new broker, and be refused."
                .to_owned(),
        );
    }
    if story.plan.brokers.iter().any(|broker| matches!(story.facade.hosts.get(&broker.id), Some(Host::Name(_)))) {
        notes.push(
            "Hosts that are names are resolved twice: what their own TTL is adds to every wait above.".to_owned(),
        );
    }
    if notes.is_empty() { String::new() } else { format!("\n## Mind\n\n- {}\n", notes.join("\n- ")) }
}
