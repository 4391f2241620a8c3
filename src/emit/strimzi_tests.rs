//! What the patches say, and what is refused. Strimzi's own classes read the golden files in tests/kafka.

use super::*;
use crate::emit::golden::golden;
use crate::plan::sample;

fn options(pools: &[&str]) -> Options {
    Options {
        cluster: "prod".to_owned(),
        namespace: None,
        pools: pools.iter().map(|pool| Pool::parse(pool).unwrap()).collect(),
        api_version: None,
    }
}

/// Targets 1, 2 and 10 are new; 1001 and 1002 get empty, 1004 keeps something.
fn plan() -> Plan {
    let mut plan = sample::sample();
    for broker in &mut plan.brokers {
        match broker.id.get() {
            1 | 2 | 10 => broker.replicas_before = 0,
            1004 => broker.replicas_after = 1,
            _ => {}
        }
    }
    plan
}

fn file(files: &Files, name: &str) -> String {
    let found = files.iter().find(|(found, _)| *found == name);
    let (_, content) = found.unwrap_or_else(|| panic!("no {name} in {:?}", names(files)));
    String::from_utf8(content.to_vec()).unwrap()
}

fn names(files: &Files) -> Vec<String> {
    files.iter().map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn a_range_and_the_replicas_of_its_step_are_of_the_same_ids() {
    let files = strimzi(&plan(), &options(&["new=1-2,7,10", "old=1001-1004"])).unwrap();
    let next = file(&files, "1-ids-to-add/new.yaml");
    assert!(next.contains("strimzi.io/next-node-ids: \"[1-2,10]\"") && !next.contains("replicas"), "{next}");
    let up = file(&files, "2-scale-up/new.yaml");
    assert!(up.ends_with("spec:\n  replicas: 4\n") && !up.contains("node-ids"), "{up}");
    let back = file(&files, "back/2-scale-up/new.yaml");
    assert!(back.contains("remove-node-ids: \"[10,2-1]\"") && back.ends_with("replicas: 1\n"), "{back}");
    let remove = file(&files, "3-ids-to-remove/old.yaml");
    assert!(remove.contains("strimzi.io/remove-node-ids: \"[1002-1001]\""), "what is not empty stays: {remove}");
    assert!(file(&files, "4-scale-down/old.yaml").ends_with("replicas: 2\n"));
    let back = file(&files, "back/4-scale-down/old.yaml");
    assert!(back.contains("next-node-ids: \"[1001-1002]\"") && back.ends_with("replicas: 4\n"), "{back}");
    assert!(!names(&files).iter().any(|name| name.contains("1-ids-to-add/old") || name.contains("scale-down/new")));
}

#[test]
fn ids_above_999_need_a_setting_unless_the_cluster_runs_kraft() {
    let asked = options(&["old=1001-1004"]);
    let mut plan = plan();
    let files = strimzi(&plan, &asked).unwrap();
    assert!(file(&files, "0-node-ids-above-999.yaml").contains("reserved.broker.max.id: 1999\n"));
    plan.cluster.mode = None;
    assert!(names(&strimzi(&plan, &asked).unwrap()).contains(&"0-node-ids-above-999.yaml".to_owned()));
    plan.cluster.mode = Some(Mode::Kraft);
    assert!(!names(&strimzi(&plan, &asked).unwrap()).iter().any(|name| name.starts_with('0')));
    plan.cluster.mode = Some(Mode::Zookeeper);
    let low = strimzi(&plan, &options(&["new=1-2,10"])).unwrap();
    assert!(!names(&low).iter().any(|name| name.starts_with('0')), "others run their brokers themselves");
}

#[test]
fn the_version_of_the_resources_is_one_that_the_operator_of_this_kafka_serves() {
    let mut plan = plan();
    let mut version = |kafka: &str, mode, asked| {
        plan.cluster.kafka_version = Some(kafka.to_owned());
        plan.cluster.mode = mode;
        let options = Options { api_version: asked, ..options(&["new=1-2,10"]) };
        let patch = file(&strimzi(&plan, &options).unwrap(), "2-scale-up/new.yaml");
        patch.lines().next().unwrap().rsplit_once('/').unwrap().1.to_owned()
    };
    assert_eq!(version("3.9.2", Some(Mode::Zookeeper), None), "v1beta2");
    assert_eq!(version("4.1.2", Some(Mode::Kraft), None), "v1beta2");
    assert_eq!(version("4.3.1", Some(Mode::Kraft), None), "v1");
    assert_eq!(version("4.1.2", Some(Mode::Kraft), Some(ApiVersion::V1)), "v1");
}

#[test]
fn brokers_outside_the_pools_are_warned_of_in_the_procedure() {
    let page = file(&strimzi(&plan(), &options(&["new=1-2,10"])).unwrap(), "strimzi.md");
    assert!(page.contains("In none of these pools: brokers 7,1001-1004."), "{page}");
    assert!(page.contains("do not let an operator of 0.48 or later manage it"), "{page}");
    let mut all = plan();
    all.brokers.retain(|broker| [1, 2, 10].contains(&broker.id.get()));
    let page = file(&strimzi(&all, &options(&["new=1-2,10"])).unwrap(), "strimzi.md");
    assert!(!page.contains("In none of") && !page.contains("before they are gone"), "{page}");
}

#[test]
fn pools_that_cannot_be_meant_are_refused() {
    let refused = |pools: &[&str]| {
        let fault = strimzi(&plan(), &options(pools)).unwrap_err();
        (fault.code(), fault.to_string())
    };
    assert!(matches!(refused(&[]), (Code::Usage, text) if text.contains("--pool brokers=1-2,10")));
    assert_eq!(refused(&["a=1", "a=2"]).0, Code::Duplicate);
    assert_eq!(refused(&["a=1-2", "b=2"]).0, Code::Duplicate);
    assert!(matches!(refused(&["a=1,1103"]), (Code::UnknownBroker, text) if text.contains("did you mean `1003`?")));
    assert!(
        matches!(refused(&["a=7"]), (Code::InvalidValue, text) if text.contains("fills and that hold nothing yet: 1-2,10"))
    );
    assert!(matches!(refused(&["a=1004"]), (Code::InvalidValue, text) if text.contains("still hold replicas")));
    let beside = strimzi(&plan(), &options(&["new=1-2,10", "stays=7"])).unwrap();
    assert!(!names(&beside).iter().any(|name| name.contains("stays")), "a pool without work is only listed");
    for text in ["brokers", "=1", "A=1", "a-=1", "a=", "a=2-1", "a=x"] {
        assert!(Pool::parse(text).is_err(), "{text}");
    }
}

#[test]
fn the_files_look_as_they_did() {
    let pools = options(&["new=1-2,10", "old=1001-1004"]);
    for (name, content) in strimzi(&plan(), &Options { namespace: Some("kafka".to_owned()), ..pools }).unwrap().iter() {
        golden(&format!("strimzi/{name}"), content);
    }
}
