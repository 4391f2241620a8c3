//! Where clusters stand in a campaign, what contradicts it, and what is refused. The story: brokers 1 to 3 hold all, with
//! ids that the new brokers need; 101 to 103 take their places, then the new 1 to 3 take over.

use serde_json::{Value, json};

use super::*;
use crate::base::error::Code;
use crate::plan::{Plan, sample};
use crate::request::Request;
use crate::snapshot::{self, Snapshot};

/// A cluster with these brokers (id and host), and lists of one topic.
fn cluster(mode: &str, brokers: &[(i32, &str)], lists: &[&[i32]]) -> Snapshot {
    let brokers: Vec<Value> =
        brokers.iter().map(|(id, host)| json!({"id": id, "host": host, "rack": format!("r{}", id % 10)})).collect();
    let partitions: Vec<Value> = lists
        .iter()
        .enumerate()
        .map(|(id, list)| json!({"partition": id, "replicas": list, "size_bytes": 1}))
        .collect();
    let snapshot = json!({
        "kind": "kshift.cluster", "version": 1, "name": "prod", "cluster_id": "abc", "mode": mode,
        "brokers": brokers, "topics": [{"name": "t", "partitions": partitions}],
    });
    snapshot::read_bytes(snapshot.to_string().as_bytes(), "cluster.json").unwrap()
}

const OLD: [(i32, &str); 3] = [(1, "vm-1"), (2, "vm-2"), (3, "vm-3")];
const BETWEEN: [(i32, &str); 3] = [(101, "vm-101"), (102, "vm-102"), (103, "vm-103")];

fn ids(text: &str) -> IdSet {
    IdSet::parse(text).unwrap()
}

/// Frees 1 to 3 by way of 101 to 103.
fn freeing() -> Ask {
    Ask {
        old: ids("101-103"),
        new: ids("1-3"),
        pairs: Some(Pairs::parse("1:101,2:102,3:103").unwrap()),
        ..Ask::default()
    }
}

fn start() -> Snapshot {
    cluster("zookeeper", &[OLD, BETWEEN].concat(), &[&[1, 2], &[2, 3], &[3, 1]])
}

fn states(standing: &Standing) -> String {
    standing.phases.iter().map(|status| status.state.as_str().replace(' ', "-")).collect::<Vec<_>>().join(" ")
}

fn codes(standing: &Standing) -> Vec<&str> {
    standing.faults.iter().map(|fault| fault.code).collect()
}

#[test]
fn a_campaign_is_followed_from_its_start_to_its_end() {
    let mut campaign = make(&start(), &freeing()).unwrap();
    let mark = |campaign: &mut Campaign, kind: Kind| {
        campaign.phases.iter_mut().find(|phase| phase.kind == kind).unwrap().done = true;
    };
    let told = |campaign: &Campaign, snapshot: &Snapshot| {
        let standing = check(campaign, snapshot, &[]);
        assert!(standing.ok, "{:?}", standing.faults);
        (states(&standing), standing.current.map_or("-", Kind::as_str))
    };
    assert_eq!(told(&campaign, &start()), ("left-out open unknown open open open".into(), "low-ids"));
    // Half of the ids are freed.
    let half = cluster("zookeeper", &[OLD, BETWEEN].concat(), &[&[101, 102], &[102, 3], &[3, 101]]);
    assert_eq!(told(&campaign, &half).1, "low-ids");
    // All are, and the freed brokers are stopped.
    let freed = cluster("zookeeper", &BETWEEN, &[&[101, 102], &[102, 103], &[103, 101]]);
    assert_eq!(told(&campaign, &freed), ("left-out done open open open open".into(), "mix"));
    mark(&mut campaign, Kind::LowIds);
    // New ones have the same ids.
    let new = [(1, "pod-1"), (2, "pod-2"), (3, "pod-3")];
    let mixed = cluster("zookeeper", &[new, BETWEEN].concat(), &[&[101, 102], &[102, 3], &[103, 101]]);
    assert_eq!(told(&campaign, &mixed), ("left-out done done open open open".into(), "drain"));
    let drained = cluster("zookeeper", &[new, BETWEEN].concat(), &[&[1, 2], &[2, 3], &[3, 1]]);
    assert_eq!(told(&campaign, &drained), ("left-out done done done open open".into(), "kraft"));
    let kraft = cluster("kraft", &[new, BETWEEN].concat(), &[&[1, 2], &[2, 3], &[3, 1]]);
    assert_eq!(told(&campaign, &kraft).1, "decommission");
    let done = cluster("kraft", &new, &[&[1, 2], &[2, 3], &[3, 1]]);
    assert_eq!(told(&campaign, &done), ("left-out done done done done done".into(), "-"));
}

#[test]
fn what_a_snapshot_cannot_tell_is_unknown_until_people_mark_it() {
    let ask = Ask { old: ids("1-3"), new: ids("11-13"), ..Ask::default() };
    let facade = Some(("facade.json".to_owned(), "b{id}.kafka.example.com".to_owned()));
    let mut campaign = make(&start(), &Ask { facade, ..ask }).unwrap();
    campaign.kept = ids("101-103");
    let mut snapshot = start();
    assert_eq!(check(&campaign, &snapshot, &[]).phases[0].state, State::Open, "machines advertise their own names");
    for broker in &mut snapshot.brokers {
        broker.host = Some(format!("B{}.kafka.example.com.", broker.id));
    }
    assert_eq!(check(&campaign, &snapshot, &[]).phases[0].state, State::Done);
    snapshot.brokers[0].host = None;
    snapshot.mode = None;
    let standing = check(&campaign, &snapshot, &[]);
    assert_eq!((standing.phases[0].state, standing.phases[4].state), (State::Unknown, State::Unknown));
    assert_eq!(standing.current, Some(Kind::Facade));
    campaign.phases[0].done = true;
    let standing = check(&campaign, &snapshot, &[]);
    assert_eq!((standing.phases[0].state, standing.current), (State::Done, Some(Kind::Mix)));
}

#[test]
fn what_contradicts_the_campaign_is_named() {
    let ask = Ask { old: ids("1-3"), new: ids("101-103"), ..Ask::default() };
    let campaign = make(&start(), &ask).unwrap();
    assert_eq!(codes(&check(&campaign, &start(), &[])), [""; 0]);
    let kraft = cluster("kraft", &[OLD, BETWEEN].concat(), &[&[1, 2], &[2, 3]]);
    assert_eq!(codes(&check(&campaign, &kraft, &[])), ["out-of-order"], "KRaft before the drain");
    let mut other = start();
    other.cluster_id = Some("xyz".to_owned());
    assert_eq!(codes(&check(&campaign, &other, &[])), ["other-cluster"]);
    other.cluster_id = None;
    assert_eq!(codes(&check(&campaign, &other, &[])), [""; 0], "the name is the same");
    let more = cluster("zookeeper", &[&OLD[..], &BETWEEN, &[(77, "vm-77")]].concat(), &[&[1, 77]]);
    assert_eq!(codes(&check(&campaign, &more, &[])), ["stray-broker"]);
    let mut marked = campaign.clone();
    marked.phases[3].done = true;
    let standing = check(&marked, &start(), &[]);
    assert_eq!(codes(&standing), ["not-done"]);
    assert!(
        standing.faults[0].message.contains("`drain` is marked as done, and is not: brokers 1-3 hold 6 replicas"),
        "{:?}",
        standing.faults
    );
    let mut strange = start();
    strange.brokers.iter_mut().find(|broker| broker.id.get() == 102).unwrap().rack = Some("use1-az1".to_owned());
    let mix = &check(&campaign, &strange, &[]).phases[2];
    assert!(mix.state == State::Open && mix.found.contains("`use1-az1`"), "{mix:?}");
}

#[test]
fn the_plan_of_a_phase_is_one_for_it() {
    let ask = Ask { old: ids("1-3"), new: ids("101-103"), ..Ask::default() };
    let campaign = make(&start(), &ask).unwrap();
    let plan = |change: &dyn Fn(&mut Plan)| {
        let mut plan = sample::empty(&[]);
        plan.cluster.cluster_id = Some("abc".to_owned());
        plan.request = Request { drain: ids("1-3"), onto: Some(ids("101-103")), ..Request::default() };
        change(&mut plan);
        plan
    };
    let faults = |kind: Kind, change: &dyn Fn(&mut Plan)| {
        let standing = check(&campaign, &start(), &[(kind, plan(change))]);
        standing.faults.iter().map(|fault| fault.message.clone()).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(faults(Kind::Drain, &|_| ()), "");
    assert!(
        faults(Kind::Drain, &|plan| plan.request.drain = ids("1-2"))
            .contains("drains brokers 1-2, the campaign brokers 1-3")
    );
    assert!(faults(Kind::Drain, &|plan| plan.request.onto = Some(ids("3,101"))).contains("moves onto"));
    assert!(faults(Kind::Drain, &|plan| plan.cluster.cluster_id = Some("x".to_owned())).contains("cluster of id `x`"));
    assert!(faults(Kind::Drain, &|plan| plan.complete = false).contains("not complete"));
    assert!(faults(Kind::LowIds, &|_| ()).contains("pairs no brokers") || faults(Kind::LowIds, &|_| ()).is_empty());
    assert!(faults(Kind::Mix, &|_| ()).contains("is not needed"));
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let refused = |ask: Ask| make(&start(), &ask).unwrap_err();
    let plain = |old: &str, new: &str| Ask { old: ids(old), new: ids(new), ..Ask::default() };
    assert_eq!(refused(plain("1-3", "3-5")).code(), Code::Overlap);
    assert_eq!(refused(plain("1-4", "11-13")).code(), Code::UnknownBroker);
    let pairs = |text: &str| Some(Pairs::parse(text).unwrap());
    assert_eq!(refused(Ask { pairs: pairs("1:101"), ..plain("1,101", "11") }).code(), Code::Overlap);
    assert_eq!(refused(Ask { pairs: pairs("1:101"), ..plain("102", "1") }).code(), Code::Usage);
    assert_eq!(refused(Ask { pairs: pairs("9:101"), ..plain("101", "9") }).code(), Code::UnknownBroker);
    assert!(make(&start(), &Ask { pairs: pairs("1:201"), ..plain("2-3,201", "1") }).is_ok(), "201 is still to come");
}

#[test]
fn a_campaign_is_read_as_it_was_written() {
    let mut campaign = make(&start(), &freeing()).unwrap();
    campaign.phases[3].plan = Some("drain".to_owned());
    campaign.phases[1].done = true;
    campaign.facade = Some("b{id}.x".to_owned());
    let text = String::from_utf8(write(&campaign)).unwrap();
    assert_eq!(read(&text, "campaign.json").unwrap(), campaign);
    let page = markdown(&campaign);
    for kind in &Kind::ALL[1..] {
        assert!(page.contains(kind.title()), "{page}");
    }
    assert!(page.contains("Plan: `drain`") && page.contains("Free the low ids (done)"), "{page}");
}

#[test]
fn campaign_files_that_cannot_be_meant_are_refused_with_all_their_faults() {
    let text = String::from_utf8(write(&make(&start(), &freeing()).unwrap())).unwrap();
    let refused = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        let fault = read(&text.replacen(from, to, 1), "campaign.json").unwrap_err();
        (fault.code(), fault.to_string())
    };
    for (from, to, code, says) in [
        ("kshift.campaign", "kshift.plan", Code::WrongKind, "of kind `kshift.plan`"),
        ("\"version\": 1", "\"version\": 2", Code::WrongVersion, "is 2"),
        ("\"old\":", "\"olds\":", Code::InvalidField, "did you mean `old`?"),
        ("\"old\": \"101-103\"", "\"old\": \"103-101\"", Code::InvalidField, "reversed"),
        ("\"new\": \"1-3\"", "\"new\": \"1-3,101\"", Code::Contradiction, "broker 101 stands in `old` and in `new`"),
        ("1:101", "1:109", Code::Contradiction, "broker 109 stands in between"),
        ("\"phase\": \"mix\"", "\"phase\": \"mixx\"", Code::InvalidField, "did you mean `mix`?"),
        ("\"phase\": \"mix\"", "\"phase\": \"drain\"", Code::InvalidField, "expected facade, low-ids, mix"),
        ("\"done\": false", "\"done\": 1", Code::InvalidField, "expected true or false"),
        ("\"done\": false", "\"done\": true", Code::Contradiction, "left out (`skip`), or done"),
        ("\"plan\": null", "\"plan\": 1", Code::InvalidField, "no text"),
        ("\"done\": false", "\"doen\": false", Code::InvalidField, "`doen` is no key"),
    ] {
        let (found, message) = refused(from, to);
        assert!(found == code && message.contains(says), "{to}: {message}");
    }
    assert_eq!(read("[]", "x").unwrap_err().code(), Code::WrongKind);
    assert_eq!(read(&text[..text.len() / 2], "x").unwrap_err().code(), Code::InvalidJson);
}

#[test]
fn every_fault_has_a_code_of_the_list() {
    let source = include_str!("check.rs");
    for code in FAULTS {
        assert!(source.contains(&format!("code: \"{code}\"")), "{code}");
    }
    assert_eq!(source.matches("code: \"").count(), FAULTS.len());
}
