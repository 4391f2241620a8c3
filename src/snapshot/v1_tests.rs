//! The snapshot file: what is written reads back the same, and every fault has its code and its place.

use serde_json::{Value, json};

use super::{Include, read, write};
use crate::base::error::{Code, Error};
use crate::base::ids::BrokerId;
use crate::base::units::Bytes;
use crate::snapshot::{BrokerState, Snapshot};

/// A small cluster in which every optional key stands somewhere and is left out somewhere.
fn sample() -> Value {
    json!({
        "kind": "kshift.cluster", "version": 1, "name": "prod-a", "taken_at": "2026-11-20T10:00:00Z",
        "cluster_id": "x", "kafka_version": "4.3.1", "mode": "kraft",
        "brokers": [
            {"id": 1001, "host": "b1001", "rack": "a", "state": "alive", "log_dirs": [
                {"path": "/kafka/d1", "capacity_bytes": 2_000_000_000_000_u64, "used_bytes": 900},
                {"path": "/kafka/d2", "state": "offline"}],
             "in_capacity_bytes_per_sec": 1_250_000_000_u64, "out_capacity_bytes_per_sec": 1.5e9,
             "disk_capacity_bytes_per_sec": 4e8, "num_cores": 15.5},
            {"id": 1, "rack": "b", "config": {"leader.replication.throttled.rate": "5", "n": 5, "b": true}},
            {"id": 7, "state": "dead"},
        ],
        "topics": [
            {"name": "orders", "config": {"min.insync.replicas": "2"}, "partitions": [
                {"partition": 0, "replicas": [1001, 1, 7], "leader": 1001, "isr": [1001, 1], "size_bytes": 500,
                 "bytes_in_per_sec": 1.25, "bytes_out_per_sec": 3, "log_dirs": ["/kafka/d1", null, "/x"]},
                {"partition": 2, "replicas": [1, 1001], "adding": [1], "removing": [1001], "size_bytes": 1},
                {"partition": 1, "replicas": [7], "leader": null, "isr": []}]},
            {"name": "a", "partitions": [{"partition": 0, "replicas": [1], "leader": -1}]},
        ],
    })
}

fn parse(value: &Value) -> Result<Snapshot, Error> {
    read(&value.to_string(), "c.json")
}

/// The sample with the value at a JSON pointer replaced, or taken out by null.
fn with(pointer: &str, value: Value) -> Value {
    let mut document = sample();
    *document.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
    document
}

fn with_key(pointer: &str, key: &str, value: Value) -> Value {
    let mut document = sample();
    document.pointer_mut(pointer).unwrap()[key] = value;
    document
}

fn without(pointer: &str, key: &str) -> Value {
    let mut document = sample();
    document.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(key).unwrap();
    document
}

#[test]
fn what_is_written_reads_back_the_same() {
    let snapshot = parse(&sample()).unwrap();
    let text = write(&snapshot, Include::Everything);
    let again = read(std::str::from_utf8(&text).unwrap(), "c.json").unwrap();
    assert_eq!(again, snapshot);
    assert_eq!(write(&again, Include::Everything), text);
}

#[test]
fn values_land_where_they_belong() {
    let snapshot = parse(&sample()).unwrap();
    assert_eq!(snapshot.brokers.iter().map(|b| b.id.get()).collect::<Vec<_>>(), [1, 7, 1001]);
    assert_eq!(snapshot.brokers[1].state, BrokerState::Dead);
    assert_eq!(snapshot.brokers[0].config["n"], "5");
    assert!(snapshot.brokers[2].log_dirs[1].offline);
    let row = snapshot.row_of("orders", snapshot.partitions.id[1]).unwrap();
    assert_eq!((row, snapshot.partitions.size[row]), (1, Some(Bytes::new(500))));
    assert_eq!(snapshot.partitions.dir_of(row, 0), Some("/kafka/d1"));
    assert_eq!(snapshot.partitions.dir_of(row, 1), None);
    // Left out: the leader is the first replica, the ISR is all of them. Said: there is none.
    assert_eq!(snapshot.partitions.leader[3], Some(BrokerId::new(1)));
    assert_eq!(snapshot.partitions.isr.get(3), snapshot.partitions.replicas.get(3));
    assert_eq!((snapshot.partitions.leader[2], snapshot.partitions.isr.get(2)), (None, &[][..]));
    assert_eq!(snapshot.partitions.leader[0], None);
    assert_eq!(snapshot.partitions.adding[&3], [BrokerId::new(1)]);
}

#[test]
fn the_order_of_topics_brokers_and_keys_changes_no_fingerprint() {
    let expected = parse(&sample()).unwrap();
    let mut shuffled = sample();
    shuffled["brokers"].as_array_mut().unwrap().reverse();
    shuffled["topics"].as_array_mut().unwrap().reverse();
    shuffled["topics"][1]["partitions"].as_array_mut().unwrap().reverse();
    // `serde_json` sorts keys here; the text below has kind and version last and partitions before names.
    let found = parse(&shuffled).unwrap();
    assert_eq!(found.sha256(), expected.sha256());
    assert_eq!(found, expected);
    let text = |order: [&str; 2]| {
        format!(
            r#"{{"topics":[{{{}}}],"brokers":[{{"rack":"r","id":1}}],"version":1,"kind":"kshift.cluster"}}"#,
            order.join(",")
        )
    };
    let keys = [
        r#""name":"t""#,
        r#""partitions":[{"isr":[1],"size_bytes":5,"log_dirs":["/a"],"replicas":[1],"partition":0}]"#,
    ];
    let one = read(&text(keys), "c.json").unwrap();
    assert_eq!(one, read(&text([keys[1], keys[0]]), "c.json").unwrap());
}

#[test]
fn name_time_hosts_and_cores_are_no_part_of_the_fingerprint() {
    let expected = parse(&sample()).unwrap();
    let mut other = without("", "name");
    other["taken_at"] = json!("later");
    other["brokers"][0]["host"] = json!("elsewhere");
    other["brokers"][0]["num_cores"] = json!(2);
    let other = parse(&other).unwrap();
    assert_eq!(other.sha256(), expected.sha256());
    let changed = parse(&with("/topics/0/partitions/0/size_bytes", json!(501))).unwrap();
    assert_ne!(changed.sha256(), expected.sha256());
    assert_eq!(changed.assignment_sha256(), expected.assignment_sha256());
    let moved = parse(&with("/topics/0/partitions/0/replicas", json!([1, 1001, 7]))).unwrap();
    assert_ne!(moved.assignment_sha256(), expected.assignment_sha256());
}

#[test]
fn unknown_keys_are_ignored_and_null_means_left_out() {
    let expected = parse(&sample()).unwrap();
    for pointer in ["", "/brokers/0", "/brokers/0/log_dirs/0", "/topics/0", "/topics/0/partitions/0"] {
        assert_eq!(parse(&with_key(pointer, "x", json!({"deep": [1, {"y": null}]}))).unwrap(), expected, "{pointer}");
    }
    for (pointer, keys) in [
        ("", &["name", "taken_at", "cluster_id", "kafka_version", "mode"][..]),
        ("/brokers/0", &["host", "rack", "state", "log_dirs", "in_capacity_bytes_per_sec", "num_cores"]),
        ("/brokers/1", &["config"]),
        ("/brokers/0/log_dirs/0", &["capacity_bytes", "used_bytes"]),
        ("/brokers/0/log_dirs/1", &["state"]),
        ("/topics/0", &["config"]),
        ("/topics/0/partitions/0", &["size_bytes", "bytes_in_per_sec", "log_dirs"]),
        ("/topics/0/partitions/1", &["adding", "removing"]),
    ] {
        for key in keys {
            let left_out = parse(&without(pointer, key)).unwrap();
            assert_eq!(parse(&with_key(pointer, key, Value::Null)).unwrap(), left_out, "{pointer} {key}");
        }
    }
    let all_null = parse(&with("/topics/0/partitions/0/log_dirs", json!([null, null, null]))).unwrap();
    assert_eq!(all_null, parse(&without("/topics/0/partitions/0", "log_dirs")).unwrap());
}

#[test]
fn wrong_values_are_refused_with_code_and_path() {
    let partition = "/topics/0/partitions/0";
    let p = |key: &str| format!("{partition}/{key}");
    for (document, code, path) in [
        (with("/kind", json!("kshift.plan")), Code::WrongKind, "kind"),
        (without("", "kind"), Code::WrongKind, "kind"),
        (json!([1]), Code::WrongKind, "kind"),
        (json!({"version": 1, "partitions": [{"topic": "t"}]}), Code::WrongKind, "kind"),
        (json!({"kind": "kshift.plan", "version": 1, "brokers": [{"id": -1}]}), Code::WrongKind, "kind"),
        (with("/version", json!(2)), Code::WrongVersion, "version"),
        (json!({"kind": "kshift.cluster", "version": 2, "brokers": {}}), Code::WrongVersion, "version"),
        (without("", "version"), Code::WrongVersion, "version"),
        (with("/mode", json!("paxos")), Code::InvalidField, "mode"),
        (with("/brokers", json!([])), Code::EmptyCluster, "brokers"),
        (with("/topics", json!([])), Code::EmptyCluster, "topics"),
        (with("/brokers/1/id", json!(1001)), Code::Duplicate, "brokers[1].id"),
        (with("/brokers/1/id", json!(-1)), Code::InvalidField, "brokers[1].id"),
        (with("/brokers/1/id", json!(2_147_483_648_u64)), Code::InvalidField, "brokers[1].id"),
        (with("/brokers/1/id", json!("1")), Code::InvalidField, "brokers[1].id"),
        (without("/brokers/1", "id"), Code::MissingField, "brokers[1]"),
        (with("/brokers/2/state", json!("ill")), Code::InvalidField, "brokers[2].state"),
        (with("/brokers/0/log_dirs/1/path", json!("/kafka/d1")), Code::Duplicate, "brokers[0].log_dirs[1].path"),
        (with("/brokers/0/log_dirs/1/path", json!("d1")), Code::InvalidField, "brokers[0].log_dirs[1].path"),
        (without("/brokers/0/log_dirs/1", "path"), Code::MissingField, "brokers[0].log_dirs[1].path"),
        (with("/brokers/0/log_dirs/1/state", json!("x")), Code::InvalidField, "brokers[0].log_dirs[1].state"),
        (with("/brokers/0/log_dirs/1", json!(5)), Code::InvalidField, "brokers[0].log_dirs[1]"),
        (
            with("/brokers/0/log_dirs/0/capacity_bytes", json!(1.5)),
            Code::InvalidSize,
            "brokers[0].log_dirs[0].capacity_bytes",
        ),
        (with("/brokers/0/log_dirs/0/used_bytes", json!(-1)), Code::InvalidSize, "brokers[0].log_dirs[0].used_bytes"),
        (
            with("/brokers/0/in_capacity_bytes_per_sec", json!(-1.0)),
            Code::InvalidField,
            "brokers[0].in_capacity_bytes_per_sec",
        ),
        (with("/brokers/0/num_cores", json!(0)), Code::InvalidField, "brokers[0].num_cores"),
        (with("/brokers/0/num_cores", json!("16")), Code::InvalidField, "brokers[0].num_cores"),
        (with("/brokers/1/config/n", json!([])), Code::InvalidField, "brokers[1].config"),
        (with("/topics/1/name", json!("orders")), Code::Duplicate, "topics[1].name"),
        (with("/topics/0/name", json!("or ders")), Code::InvalidTopic, "topics[0].name"),
        (with("/topics/0/name", json!("x".repeat(250))), Code::InvalidTopic, "topics[0].name"),
        (without("/topics/0", "name"), Code::MissingField, "topics[0]"),
        (without("/topics/0", "partitions"), Code::MissingField, "topics[0]"),
        (
            with("/topics/0/partitions/1/partition", json!(0)),
            Code::DuplicatePartition,
            "topics[0].partitions[1].partition",
        ),
        (without(partition, "partition"), Code::MissingField, "topics[0].partitions[0]"),
        (without(partition, "replicas"), Code::MissingField, "topics[0].partitions[0]"),
        (with("/topics/1/partitions/0/replicas", json!([])), Code::InvalidField, "topics[1].partitions[0].replicas"),
        (with(&p("replicas"), json!([1001, 1, 1001])), Code::DuplicateReplica, "topics[0].partitions[0].replicas[2]"),
        (with(&p("replicas"), json!([1001, 1, 8])), Code::UnknownBroker, "topics[0].partitions[0].replicas[2]"),
        (with(&p("replicas"), json!([1001, -1])), Code::InvalidField, "topics[0].partitions[0].replicas[1]"),
        (with(&p("leader"), json!(8)), Code::NotAReplica, "topics[0].partitions[0].leader"),
        (with(&p("leader"), json!(-2)), Code::InvalidField, "topics[0].partitions[0].leader"),
        (with(&p("isr"), json!([1001, 8])), Code::NotAReplica, "topics[0].partitions[0].isr[1]"),
        (with(&p("isr"), json!([1001, 1001])), Code::DuplicateReplica, "topics[0].partitions[0].isr[1]"),
        (with("/topics/0/partitions/1/adding", json!([7])), Code::NotAReplica, "topics[0].partitions[1].adding[0]"),
        (
            with(&p("log_dirs"), json!(["/kafka/d9", null, null])),
            Code::UnknownLogDir,
            "topics[0].partitions[0].log_dirs[0]",
        ),
        (with(&p("log_dirs"), json!(["/kafka/d1"])), Code::InvalidField, "topics[0].partitions[0].log_dirs"),
        (with(&p("size_bytes"), json!(-1)), Code::InvalidSize, "topics[0].partitions[0].size_bytes"),
        (with(&p("size_bytes"), json!(1.5)), Code::InvalidSize, "topics[0].partitions[0].size_bytes"),
        (with(&p("size_bytes"), json!("5")), Code::InvalidSize, "topics[0].partitions[0].size_bytes"),
        (
            with(&p("size_bytes"), json!(9_223_372_036_854_775_808_u64)),
            Code::InvalidSize,
            "topics[0].partitions[0].size_bytes",
        ),
        (with(&p("size_bytes"), json!(1e30)), Code::InvalidSize, "topics[0].partitions[0].size_bytes"),
        // Three replicas of 2^63-1 bytes are more than a cluster can hold.
        (with(&p("size_bytes"), json!(i64::MAX)), Code::InvalidSize, ""),
    ] {
        let error = parse(&document).unwrap_err();
        let found = error.place().and_then(|place| place.path.clone()).unwrap_or_default();
        assert_eq!((error.code(), found.as_str()), (code, path), "{error}");
        assert_eq!(error.place().unwrap().source, "c.json");
    }
}

#[test]
fn all_faults_of_a_file_are_found_at_once() {
    let mut document = with("/topics/0/partitions/0/leader", json!(8));
    document["topics"][1]["name"] = json!("");
    let error = parse(&document).unwrap_err();
    assert_eq!(1 + error.others().len(), 2, "{error}");
}

#[test]
fn text_that_is_no_whole_json_is_refused() {
    let text = sample().to_string();
    for cut in [1, 10, text.len() / 2, text.len() - 1] {
        let error = read(&text[..cut], "c.json").unwrap_err();
        assert_eq!(error.code(), Code::InvalidJson, "{error}");
        assert!(error.to_string().contains("ends too early"), "{error}");
    }
    assert_eq!(read(&format!("{text}\n{{}}"), "c.json").unwrap_err().code(), Code::InvalidJson);
    assert_eq!(read(&format!("{text} x"), "c.json").unwrap_err().place().unwrap().line, Some(1));
    let nan = text.replace("\"size_bytes\":500", "\"size_bytes\":NaN");
    let error = read(&nan, "c.json").unwrap_err();
    assert_eq!(error.code(), Code::InvalidJson);
    assert!(error.to_string().contains("JSON has no `NaN`"), "{error}");
    assert_eq!(error.place().unwrap().path.as_deref(), Some("topics[0].partitions[0].size_bytes"));
    let deep = text.replacen('{', &format!("{{\"x\":{}{},", "[".repeat(5000), "]".repeat(5000)), 1);
    assert_eq!(read(&deep, "c.json").unwrap_err().code(), Code::TooDeep);
    assert!(read(&text.replace(',', ",\r\n"), "c.json").is_ok());
}

#[test]
fn a_key_that_stands_twice_is_refused_also_where_nobody_reads() {
    let text = sample().to_string();
    for (from, to, path) in [
        ("\"version\":1", "\"version\":1,\"version\":1", ""),
        ("\"version\":1", "\"version\":1,\"x\":{\"a\":1,\"a\":2}", ""),
        ("\"id\":1001", "\"id\":1001,\"id\":1001", "brokers[0]"),
        ("\"id\":1001", "\"id\":1001,\"x\":[{\"a\":1,\"a\":2}]", "brokers[0]"),
        ("\"used_bytes\":900", "\"used_bytes\":900,\"used_bytes\":900", "brokers[0].log_dirs[0]"),
        (
            "\"min.insync.replicas\":\"2\"",
            "\"min.insync.replicas\":\"2\",\"min.insync.replicas\":\"2\"",
            "topics[0].config",
        ),
        ("\"size_bytes\":500", "\"size_bytes\":500,\"size_bytes\":500", "topics[0].partitions[0]"),
        ("\"name\":\"orders\"", "\"name\":\"orders\",\"name\":\"orders\"", "topics[0]"),
    ] {
        assert!(text.contains(from), "{from}");
        let error = read(&text.replacen(from, to, 1), "c.json").unwrap_err();
        assert_eq!(error.code(), Code::DuplicateKey, "{error}");
        assert_eq!(error.place().unwrap().path.as_deref(), Some(path), "{error}");
    }
}
