//! Which name points where after each step, what each format makes of it, and what is refused. The service's own model
//! and the schema of the resource judge the golden files in tests/python.

use std::collections::BTreeMap;

use serde_json::Value;

use super::dnsendpoint::{Options, dnsendpoint};
use super::facade::Facade;
use super::route53::route53;
use super::steps::story;
use crate::base::error::Code;
use crate::base::ids::BrokerId;
use crate::base::pairs::{Pairing, Pairs};
use crate::emit::files::Files;
use crate::emit::golden::golden;
use crate::plan::{Plan, Role, Stage, sample};
use crate::snapshot::BrokerState;

/// A facade file with these further keys.
fn text(more: &str) -> String {
    format!(
        r#"{{"kind":"kshift.facade","version":1,"zone":"kafka.example.com","hosted_zone_id":"Z0123456789ABCDEFGHIJ",
            "bootstrap":"bootstrap.kafka.example.com","broker":"b{{id}}.kafka.example.com"{more}}}"#
    )
}

fn facade(more: &str) -> Facade {
    Facade::read(&text(more), "facade.json").unwrap()
}

/// 1001 holds two partitions, 1002 one; they go to 1 and 2 in three waves, 1002 first. 7 stays.
fn plan() -> Plan {
    let mut plan = sample::empty(&["a"]);
    plan.brokers.retain(|broker| [1, 2, 7, 1001, 1002].contains(&broker.id.get()));
    for broker in &mut plan.brokers {
        let (before, after) = match broker.id.get() {
            1 | 2 => (0, 2),
            7 => (3, 2),
            1001 => (2, 0),
            _ => (1, 0),
        };
        (broker.replicas_before, broker.replicas_after) = (before, after);
    }
    let wave = |plan: &mut Plan, row| sample::push_wave(plan, Stage::Data, None, &[row]);
    wave(&mut plan, sample::Row::new("a", 0, &[1001, 7], &[1, 7], 10));
    wave(&mut plan, sample::Row::new("a", 1, &[1002, 7], &[2, 7], 10));
    wave(&mut plan, sample::Row::new("a", 2, &[1001, 7], &[1, 2], 10));
    plan
}

/// What an answer for a name has, and for how long it may be cached.
type Answers = BTreeMap<(String, String), (u64, Vec<String>)>;

/// Carries out the requests of a folder in the order of their names, as the service does.
fn carried_out(files: &Files, dir: &str, reversed: bool, mut zone: Answers) -> Answers {
    let mut requests: Vec<(&str, &[u8])> = files.iter().filter(|(name, _)| name.starts_with(dir)).collect();
    if reversed {
        requests.reverse();
    }
    let mut has_bootstrap = !zone.is_empty();
    for (_, content) in requests {
        let request: Value = serde_json::from_slice(content).unwrap();
        for change in request["ChangeBatch"]["Changes"].as_array().unwrap() {
            let set = &change["ResourceRecordSet"];
            let word = |key: &str| set[key].as_str().unwrap_or("").to_owned();
            let key = (word("Name"), format!("{} {}", word("Type"), word("SetIdentifier")).trim().to_owned());
            let values = set["ResourceRecords"].as_array().unwrap().iter();
            let values = values.map(|value| value["Value"].as_str().unwrap().to_owned()).collect();
            let record = (set["TTL"].as_u64().unwrap(), values);
            match change["Action"].as_str().unwrap() {
                "UPSERT" => drop(zone.insert(key, record)),
                "DELETE" => assert_eq!(zone.remove(&key), Some(record), "only what is there can be deleted: {key:?}"),
                action => panic!("{action}"),
            }
        }
        let types = |name: &str| {
            zone.keys().filter(|(found, _)| found == name).map(|(_, kind)| kind.as_str()).collect::<Vec<_>>()
        };
        for (name, kind) in zone.keys() {
            assert!(kind != "CNAME" || types(name).len() == 1, "a CNAME stands alone: {name} {:?}", types(name));
        }
        let serves = zone.keys().any(|(name, _)| name.starts_with("bootstrap."));
        assert!(serves || zone.is_empty() || !has_bootstrap, "once there, the bootstrap name never has nobody");
        has_bootstrap |= serves;
    }
    zone
}

fn names(files: &Files) -> Vec<&str> {
    files.iter().map(|(name, _)| name).collect()
}

fn bootstraps(plan: &Plan, facade: &Facade) -> Vec<(String, String)> {
    let story = story(plan, facade).unwrap();
    story.steps.iter().map(|step| (step.name.clone(), step.bootstrap.to_string())).collect()
}

#[test]
fn a_broker_leaves_the_bootstrap_name_after_the_wave_in_which_it_got_empty() {
    let found = bootstraps(&plan(), &facade(""));
    let found: Vec<(&str, &str)> = found.iter().map(|(step, brokers)| (step.as_str(), brokers.as_str())).collect();
    assert_eq!(
        found,
        [
            ("01-facade", "7,1001-1002"),
            ("02-lower-ttl", "7,1001-1002"),
            ("03-new-brokers", "1-2,7,1001-1002"),
            ("04-after-wave-002", "1-2,7,1001"),
            ("05-after-wave-003", "1-2,7"),
            ("06-retire", "1-2,7"),
            ("07-raise-ttl", "1-2,7"),
        ]
    );
}

#[test]
fn what_still_holds_something_stays_and_keeps_its_name() {
    let mut plan = plan();
    let last = plan.brokers.iter_mut().find(|broker| broker.id == BrokerId::new(1001)).unwrap();
    (last.replicas_before, last.replicas_after) = (3, 1);
    let found = bootstraps(&plan, &facade(""));
    assert_eq!(found.last().unwrap().1, "1-2,7,1001");
    let story_of = facade("");
    let story = story(&plan, &story_of).unwrap();
    assert_eq!((story.retired.to_string(), story.held.to_string()), ("1002".into(), "1001".into()));
}

#[test]
fn the_steps_of_route53_end_where_they_should_and_the_way_back_where_they_began() {
    for more in [
        "",
        r#","retired":"delete""#,
        r#","hosts":{"1-2,7,1001-1002":"kafka-{id}.internal"}"#,
        r#","hosts":{"1-2":"2001:db8::{id}"},"ttl":{"before":60,"during":60,"after":600}"#,
    ] {
        let files = route53(&plan(), &facade(more)).unwrap();
        let end = carried_out(&files, "steps/", false, Answers::new());
        let old: Vec<_> = end.iter().filter(|((name, _), _)| name.starts_with("b100")).collect();
        if more.contains("delete") {
            assert!(old.is_empty(), "{more}: {old:?}");
        } else {
            let points = |(_, values): &(u64, Vec<String>)| values == &["bootstrap.kafka.example.com"];
            assert!(old.len() == 2 && old.iter().all(|(_, record)| points(record)), "{more}: {old:?}");
        }
        let after = if more.contains("600") { 600 } else { 300 };
        assert!(end.values().all(|(ttl, _)| *ttl == after), "{more}: {end:?}");
        assert_eq!(carried_out(&files, "back/", true, end), Answers::new(), "{more}");
    }
}

#[test]
fn a_name_of_a_pair_follows_to_the_new_broker_only_at_the_end() {
    let mut plan = plan();
    plan.request.pair = Some(Pairing::Named(Pairs::parse("1001:1,1002:2").unwrap()));
    let asked = facade(r#","retired":"pair""#);
    let story = story(&plan, &asked).unwrap();
    let points = |step: usize| {
        let state = &story.steps[step].state;
        let record = state.iter().find(|(key, _)| key.name == "b1001.kafka.example.com").unwrap();
        record.1.values.join(",")
    };
    let retire = story.steps.len() - 2;
    assert_eq!((0..retire).map(points).collect::<Vec<_>>(), vec!["10.0.1.1"; retire]);
    assert_eq!(points(retire), "b1.kafka.example.com");
    plan.request.pair = None;
    assert_eq!(route53(&plan, &asked).unwrap_err().code(), Code::Contradiction);
}

#[test]
fn names_as_hosts_make_one_weighted_record_for_each_broker() {
    let asked = facade(r#","hosts":{"1-2,7,1001-1002":"kafka-{id}.internal"}"#);
    let files = route53(&plan(), &asked).unwrap();
    let zone = carried_out(&files, "steps/01", false, Answers::new());
    let kinds: Vec<&str> =
        zone.keys().filter(|(name, _)| name.starts_with("bootstrap")).map(|(_, kind)| kind.as_str()).collect();
    assert_eq!(kinds, ["CNAME broker-1001", "CNAME broker-1002", "CNAME broker-7"]);
    let resource = dnsendpoint(&plan(), &asked, &Options::default()).unwrap();
    let (_, first) = resource.iter().nth(1).unwrap();
    let first = String::from_utf8(first.to_vec()).unwrap();
    assert!(first.contains("setIdentifier: broker-7\n      providerSpecific:\n        - name: aws/weight"), "{first}");
}

#[test]
fn large_steps_are_split_below_the_limits_of_the_service_and_what_adds_goes_first() {
    let mut plan = sample::large(20_000);
    for broker in &mut plan.brokers {
        (broker.replicas_before, broker.replicas_after) = if broker.role == Role::Target { (0, 9) } else { (9, 0) };
    }
    let long = format!("{}.{}.internal", "x".repeat(60), "y".repeat(60));
    let asked = facade(&format!(r#","hosts":{{"0-999,1001-2000":"h{{id}}.{long}"}},"retired":"delete""#));
    let files = route53(&plan, &asked).unwrap();
    let mut parts = 0;
    for (name, content) in files.iter().filter(|(name, _)| name.contains('/')) {
        let request: Value = serde_json::from_slice(content).unwrap();
        let (mut values, mut characters, mut deleting) = (0, 0, false);
        for change in request["ChangeBatch"]["Changes"].as_array().unwrap() {
            let times = if change["Action"] == "UPSERT" { 2 } else { 1 };
            assert!(!deleting || change["Action"] == "DELETE", "{name}");
            deleting = change["Action"] == "DELETE";
            for value in change["ResourceRecordSet"]["ResourceRecords"].as_array().unwrap() {
                values += times;
                characters += times * value["Value"].as_str().unwrap().len();
            }
        }
        assert!(values <= 1_000 && characters <= 32_000, "{name}: {values} values, {characters} characters");
        parts += usize::from(name.contains("-part-"));
    }
    assert!(parts > 10, "{parts}");
    carried_out(&files, "steps/01", false, Answers::new());
}

#[test]
fn a_bootstrap_name_with_little_room_has_brokers_of_all_racks_and_keeps_those_it_has() {
    let mut plan = plan();
    for broker in &mut plan.brokers {
        broker.rack = Some(if broker.id.get() % 2 == 1 { "odd" } else { "even" }.to_owned());
    }
    let found = bootstraps(&plan, &facade(r#","bootstrap_brokers":2"#));
    let sets: Vec<&str> = found.iter().map(|(_, brokers)| brokers.as_str()).collect();
    assert_eq!(sets, ["7,1002", "7,1002", "2,7", "2,7", "2,7"]);
}

#[test]
fn a_broker_that_is_down_is_not_in_the_bootstrap_name() {
    let mut plan = plan();
    for broker in &mut plan.brokers {
        match broker.id.get() {
            1002 => (broker.state, broker.host) = (BrokerState::Dead, None),
            2 => broker.state = BrokerState::Fenced,
            _ => {}
        }
    }
    let found = bootstraps(&plan, &facade(""));
    assert_eq!(found[0].1, "7,1001");
    assert!(found.iter().all(|(_, brokers)| !brokers.contains("1002") && !brokers.contains("1-2")), "{found:?}");
    let files = route53(&plan, &facade("")).unwrap();
    let page = String::from_utf8(files.iter().next().unwrap().1.to_vec()).unwrap();
    assert!(page.contains("Broker 1002 does not serve, and nobody said where it is"), "{page}");
}

#[test]
fn each_resource_has_all_names_so_that_the_one_before_is_the_way_back() {
    let options = Options { name: "facade".to_owned(), namespace: Some("dns".to_owned()) };
    let files = dnsendpoint(&plan(), &facade(""), &options).unwrap();
    let of = |name: &str| {
        let (_, content) = files.iter().find(|(found, _)| found.contains(name)).unwrap();
        String::from_utf8(content.to_vec()).unwrap()
    };
    assert_eq!(names(&files).len(), 1 + 7);
    let step = of("04-after-wave-002");
    assert_eq!(step.matches("dnsName: b").count(), 6, "five brokers and the bootstrap: {step}");
    assert!(
        step.contains("namespace: dns\n") && step.contains("targets:\n        - \"10.0.0.1\"\n        - \"10.0.0.2\"")
    );
    assert!(of("dns.md").contains("| 04-after-wave-002 |") && of("dns.md").contains("kubectl -n dns apply -f FILE"));
}

#[test]
fn hosts_that_cannot_be_used_are_named() {
    let fault = |plan: &Plan, more: &str| {
        let fault = route53(plan, &facade(more)).unwrap_err();
        (fault.code(), fault.to_string())
    };
    let mut unknown = plan();
    unknown.brokers[0].host = None;
    assert!(
        matches!(fault(&unknown, ""), (Code::MissingField, text) if text.contains("broker 1 without a known host"))
    );
    let mut circular = plan();
    for broker in &mut circular.brokers {
        broker.host = Some(format!("b{}.kafka.example.com.", broker.id));
    }
    assert!(
        matches!(fault(&circular, ""), (Code::Contradiction, text) if text.contains("brokers 1-2,7,1001-1002 known only"))
    );
    let mixed = fault(&plan(), r#","hosts":{"1":"new-1.internal"}"#);
    assert!(
        matches!(&mixed, (Code::Contradiction, text) if text.contains("broker 1 has names as hosts, brokers 2,7,1001-1002 addresses")),
        "{mixed:?}"
    );
    let mut strange = plan();
    strange.brokers[0].host = Some("kafka_1:9092".to_owned());
    assert_eq!(fault(&strange, "").0, Code::InvalidField);
    let without = text("").replace(r#""hosted_zone_id":"Z0123456789ABCDEFGHIJ","#, "");
    let without = Facade::read(&without, "facade.json").unwrap();
    assert_eq!(route53(&plan(), &without).unwrap_err().code(), Code::MissingField);
    assert!(dnsendpoint(&plan(), &without, &Options::default()).is_ok());
}

#[test]
fn facade_files_that_cannot_be_meant_are_refused_with_all_their_faults() {
    let refused = |text: &str| {
        let fault = Facade::read(text, "facade.json").unwrap_err();
        (fault.code(), fault.to_string())
    };
    let with = |more: &str| refused(&text(more));
    for (more, code, says) in [
        (r#","tll":{}"#, Code::InvalidField, "`tll` is no key of a facade file; did you mean `ttl`?"),
        (r#","ttl":{"during":0}"#, Code::InvalidField, "expected a whole number from 1"),
        (r#","ttl":{"during":600}"#, Code::InvalidField, "longer than the 300 s before"),
        (r#","ttl":{"befor":600}"#, Code::InvalidField, "did you mean `before`?"),
        (r#","ttl":5"#, Code::InvalidField, "no object of `before`"),
        (r#","hosts":{"1-2":"one.internal"}"#, Code::InvalidField, "would be the host of 2 brokers"),
        (r#","hosts":{"1":"10.0.0.300"}"#, Code::InvalidField, "neither an IP address nor a DNS name"),
        (r#","hosts":{"1":"a b"}"#, Code::InvalidField, "neither an IP address nor a DNS name"),
        (r#","hosts":{"1":7}"#, Code::InvalidField, "no text"),
        (r#","hosts":{"2-1":"x"}"#, Code::InvalidField, "reversed"),
        (r#","hosts":{"1-2":"h{id}","2":"x"}"#, Code::Duplicate, "broker 2 has two hosts"),
        (r#","retired":"gone""#, Code::InvalidField, "expected `bootstrap`, `pair` or `delete`"),
        (r#","bootstrap_brokers":401"#, Code::InvalidField, "from 1 to 400"),
        (r#","hosts":{"1":"a","1":"b"}"#, Code::DuplicateKey, "stands twice"),
    ] {
        let (found, text) = with(more);
        assert!(found == code && text.contains(says), "{more}: {text}");
    }
    let changed = |from: &str, to: &str| refused(&text("").replace(from, to));
    assert_eq!(changed("kshift.facade", "kshift.plan").0, Code::WrongKind);
    assert_eq!(changed("\"version\":1", "\"version\":2").0, Code::WrongVersion);
    assert!(changed("bootstrap.kafka.example.com", "bootstrap.example.com").1.contains("not in the zone"));
    assert!(changed("b{id}", "b").1.contains("does not have `{id}` once"));
    assert!(changed("bootstrap.kafka.example.com", "b12.kafka.example.com").1.contains("name of a broker as well"));
    assert!(changed("Z0123456789ABCDEFGHIJ", "zone").1.contains("no id of a hosted zone"));
    assert_eq!(refused("[]").0, Code::WrongKind);
    assert_eq!(refused("{").0, Code::InvalidJson);
    let all = text("").replace("bootstrap.kafka.example.com", "x").replace("b{id}.kafka.example.com", "y");
    assert_eq!(refused(&all).1.matches("error[").count(), 2, "all faults at once");
}

#[test]
fn the_files_look_as_they_did() {
    let options = Options { name: "kafka-facade".to_owned(), namespace: Some("kafka".to_owned()) };
    for (name, content) in route53(&plan(), &facade("")).unwrap().iter() {
        golden(&format!("route53/{name}"), content);
    }
    let named = facade(r#","hosts":{"1-2,7,1001-1002":"kafka-{id}.internal"},"retired":"delete","ttl":{"after":600}"#);
    for (name, content) in route53(&plan(), &named).unwrap().iter() {
        golden(&format!("route53-names/{name}"), content);
    }
    for (name, content) in dnsendpoint(&plan(), &facade(""), &options).unwrap().iter() {
        golden(&format!("dnsendpoint/{name}"), content);
    }
    for (name, content) in dnsendpoint(&plan(), &named, &options).unwrap().iter() {
        golden(&format!("dnsendpoint-names/{name}"), content);
    }
}
