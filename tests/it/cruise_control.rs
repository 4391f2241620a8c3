//! A cluster read from the answers of Cruise Control: the same plan as from the cluster itself where nothing is lost,
//! lenient about how numbers are written, and strict where two answers differ or a number is of no use.

use std::fmt::Write as _;

use kshift::base::error::{Code, Error};
use kshift::base::ids::{BrokerId, IdSet};
use kshift::base::units::{Bytes, Traffic};
use kshift::base::work::Work;
use kshift::request::Request;
use kshift::snapshot::cruise_control::read_files;
use kshift::snapshot::{BrokerState, Snapshot, kafka_tools};
use serde_json::{Value, json};

use crate::support::cruise_control::Answers;
use crate::support::files::{empty_dir, put, repo, text};
use crate::support::run::kshift;

const GIB: u64 = 1 << 30;

/// Three old brokers and three new ones in three racks, with rates that binary fractions hold exactly.
fn sample() -> Snapshot {
    let rack = |id: i32| ["a", "b", "c"][(id % 3) as usize];
    let broker = |id: i32, used: u64| {
        json!({"id": id, "host": format!("b{id}"), "rack": rack(id),
            "log_dirs": [{"path": "/kafka/d1", "capacity_bytes": 4096 * GIB, "used_bytes": used * GIB}],
            "in_capacity_bytes_per_sec": 1_024_000, "out_capacity_bytes_per_sec": 2_048_000})
    };
    let partition = |id: i32| {
        let list: Vec<i32> = (0..3).map(|place| 1001 + (id + place) % 3).collect();
        json!({"partition": id, "replicas": list, "leader": list[0], "isr": list, "size_bytes": (id as u64 + 1) * GIB,
            "bytes_in_per_sec": 2048 * (id + 1), "bytes_out_per_sec": 1024 * (id + 3),
            "log_dirs": ["/kafka/d1", "/kafka/d1", "/kafka/d1"]})
    };
    let used = (1..=12).sum();
    let brokers: Vec<Value> = (1001..=1003).map(|id| broker(id, used)).chain((1..=3).map(|id| broker(id, 0))).collect();
    let partitions: Vec<Value> = (0..12).map(partition).collect();
    let document = json!({"kind": "kshift.cluster", "version": 1, "brokers": brokers,
        "topics": [{"name": "orders", "config": {"min.insync.replicas": "2"}, "partitions": partitions}]});
    kshift::snapshot::v1::read(&document.to_string(), "sample").unwrap()
}

/// The same cluster with two log dirs on each broker, and nothing said of which one holds what.
fn two_dirs() -> Snapshot {
    let mut snapshot = sample();
    for broker in &mut snapshot.brokers {
        let mut second = broker.log_dirs[0].clone();
        "/kafka/d2".clone_into(&mut second.path);
        second.used = Some(Bytes::ZERO);
        broker.log_dirs.push(second);
    }
    snapshot
}

fn request() -> Request {
    Request {
        drain: IdSet::parse("1001-1003").unwrap(),
        throttle: Some(kshift::base::units::BytesPerSec::parse("50MB/s").unwrap()),
        ..Request::default()
    }
}

fn codes(snapshot: &Snapshot) -> Vec<&str> {
    snapshot.notices.iter().map(|notice| notice.code.as_str()).collect()
}

fn fault(answers: &Answers) -> Error {
    read_files(&answers.files()).expect_err("it is refused")
}

#[test]
fn a_plan_from_the_answers_is_the_plan_from_the_cluster() {
    let original = sample();
    let read = read_files(&Answers::of(&original).files()).unwrap();
    assert_eq!(read.assignment_sha256(), original.assignment_sha256());
    assert_eq!(read.sha256(), original.sha256(), "nothing of this cluster is lost");
    assert_eq!(codes(&read), ["not-in-cruise-control"]);
    let work = Work::default();
    let (from_answers, from_cluster) =
        (kshift::plan(&read, &request(), &work).unwrap(), kshift::plan(&original, &request(), &work).unwrap());
    assert_eq!(kshift::plan::write(&from_answers), kshift::plan::write(&from_cluster));
}

#[test]
fn synthetic_clusters_of_all_shapes_come_back_with_the_same_lists() {
    for seed in 0..20 {
        let options = kshift::example::Options {
            old: 6,
            new: 6,
            partitions: 200,
            seed,
            racks: 3,
            dirs: 1 + (seed % 3) as u32,
            hetero: seed % 2 == 0,
            rate_per_tb: 1e6,
            ..kshift::example::Options::default()
        };
        let original = kshift::example::cluster(&options).unwrap();
        let read = read_files(&Answers::of(&original).files()).unwrap();
        assert_eq!(read.assignment_sha256(), original.assignment_sha256(), "seed {seed}");
        assert_eq!(read.partitions.size, original.partitions.size, "seed {seed}");
        assert_eq!(read.partitions.leader, original.partitions.leader);
        assert_eq!(read.partitions.isr, original.partitions.isr);
        assert_eq!(read.used_bytes(), original.used_bytes(), "seed {seed}");
        for (read, original) in read.brokers.iter().zip(&original.brokers) {
            assert_eq!((read.id, &read.rack, read.state), (original.id, &original.rack, original.state));
            let capacities = |broker: &kshift::snapshot::Broker| {
                broker.log_dirs.iter().map(|dir| (dir.path.clone(), dir.capacity)).collect::<Vec<_>>()
            };
            assert_eq!(capacities(read), capacities(original), "seed {seed}");
        }
    }
}

#[test]
fn numbers_are_read_however_they_are_written() {
    let plain = read_files(&Answers::of(&sample()).files()).unwrap();
    // As text, with a byte-order mark, with keys that nobody knows, and names of partitions in all their forms.
    let answers = Answers::of(&sample()).with("partition_load.json", |document| {
        for (index, record) in document["records"].as_array_mut().unwrap().iter_mut().enumerate() {
            let name = format!("{}-{}", record["topic"].as_str().unwrap(), record["partition"]);
            let object = json!({"hash": 7, "partition": record["partition"], "topic": record["topic"]});
            record["disk"] = json!(record["disk"].to_string());
            record["unknown"] = json!({"a": [1]});
            if index % 3 > 0 {
                record["topicPartition"] = if index % 3 == 1 { json!(name) } else { object };
                let record = record.as_object_mut().unwrap();
                record.remove("topic");
                record.remove("partition");
            }
        }
    });
    let mut files = answers.files();
    for (_, text) in &mut files {
        *text = format!(
            "\u{feff}{}",
            text.replace("\"cpu\":0.1", "\"cpu\":NaN").replace("\"CpuPct\":0.0", "\"CpuPct\":-Infinity")
        );
    }
    assert!(
        files.iter().any(|(_, text)| text.contains(":NaN"))
            && files.iter().any(|(_, text)| text.contains(":-Infinity"))
    );
    assert_eq!(read_files(&files).unwrap(), plain);
    // Any order of keys, and of lists.
    let reversed = Answers::of(&sample()).with("state.json", |document| {
        document["KafkaPartitionState"]["other"].as_array_mut().unwrap().reverse();
    });
    let mut files: Vec<_> = reversed.files().into_iter().map(|(name, text)| (name, backwards(&text))).collect();
    files.reverse();
    assert_eq!(read_files(&files).unwrap(), plain);
}

/// The document with the keys of all objects in the opposite order.
fn backwards(text: &str) -> String {
    fn write(value: &Value, out: &mut String) {
        match value {
            Value::Object(object) => {
                out.push('{');
                for (number, (key, value)) in object.iter().collect::<Vec<_>>().into_iter().rev().enumerate() {
                    out.push_str(if number > 0 { "," } else { "" });
                    out.push_str(&json!(key).to_string());
                    out.push(':');
                    write(value, out);
                }
                out.push('}');
            }
            Value::Array(list) => {
                out.push('[');
                for (number, value) in list.iter().enumerate() {
                    out.push_str(if number > 0 { "," } else { "" });
                    write(value, out);
                }
                out.push(']');
            }
            other => out.push_str(&other.to_string()),
        }
    }
    let mut out = String::new();
    write(&serde_json::from_str(text).unwrap(), &mut out);
    out
}

#[test]
fn a_number_that_is_none_is_not_known() {
    for written in ["NaN", "Infinity", "-Infinity", "\"NaN\"", "\"Infinity\""] {
        let files: Vec<_> = Answers::of(&sample())
            .files()
            .into_iter()
            .map(|(name, text)| (name, text.replacen("\"disk\":1024.0", &format!("\"disk\":{written}"), 1)))
            .collect();
        let read = read_files(&files).unwrap();
        assert_eq!(read.partitions.size[0], None, "{written}");
        assert!(codes(&read).contains(&"missing-sizes") && codes(&read).contains(&"no-number"), "{written}");
    }
}

#[test]
fn units_are_mebibytes_and_kibibytes_and_consumers_are_told_from_followers() {
    let answers = Answers::of(&sample()).with("partition_load.json", |document| {
        document["records"][0]["disk"] = json!(1.5);
        document["records"][0]["networkInbound"] = json!(10.0);
        // Two followers take 20, so consumers take 5.
        document["records"][0]["networkOutbound"] = json!(25.0);
        document["records"][1]["networkInbound"] = json!(10.0);
        document["records"][1]["networkOutbound"] = json!(19.0);
    });
    let read = read_files(&answers.files()).unwrap();
    assert_eq!(read.partitions.size[0], Some(Bytes::new(1_572_864)));
    assert_eq!((read.partitions.bytes_in[0].get(), read.partitions.bytes_out[0].get()), (10_240.0, 5_120.0));
    assert_eq!(read.partitions.bytes_out[1], Traffic::ZERO, "a rate is never below 0");
    assert_eq!(read.brokers[0].log_dirs[0].capacity, Some(Bytes::new(4096 * GIB)));
    assert_eq!(read.brokers[0].in_capacity, Some(Traffic::new(1_024_000.0)));
}

#[test]
fn cores_are_those_of_the_capacity_file_or_of_load_and_one_is_none() {
    let cores = |answers: &Answers| -> Vec<Option<f64>> {
        read_files(&answers.files()).unwrap().brokers.iter().map(|broker| broker.num_cores).collect()
    };
    let given = Answers::of(&sample());
    assert_eq!(cores(&given), [Some(16.0); 6]);
    let answers = given.without(&["capacity.json"]).with("load.json", |document| {
        for (broker, cores) in document["brokers"].as_array_mut().unwrap().iter_mut().zip([1.0, 0.8, 32.0]) {
            broker["NumCore"] = json!(cores);
        }
    });
    assert_eq!(
        cores(&answers)[..3],
        [None, None, Some(32.0)],
        "1 is what it takes for want of a number, less is a share"
    );
}

#[test]
fn what_the_answers_lack_is_said_with_what_fills_it() {
    let say = |answers: &Answers| {
        let read = read_files(&answers.files()).unwrap();
        let text: Vec<String> =
            read.notices.iter().map(|notice| format!("{}: {}", notice.code, notice.message)).collect();
        (read, text.join("\n"))
    };
    // One file alone suffices, for lists and nothing else.
    let alone = Answers::of(&sample()).without(&["load.json", "partition_load.json", "capacity.json"]);
    let (read, said) = say(&alone);
    assert_eq!(read.assignment_sha256(), sample().assignment_sha256());
    for code in ["missing-sizes: ", "no-capacity: ", "no-racks: ", "no-load: "] {
        assert!(said.contains(code), "{code}{said}");
    }
    assert!(said.contains("/partition_load") && said.contains("--assume-size SIZE"), "{said}");
    // Partitions that Cruise Control has not measured.
    let partial = Answers::of(&sample()).with("partition_load.json", |document| {
        document["records"].as_array_mut().unwrap().truncate(10);
    });
    assert!(say(&partial).1.contains("the size of 2 partitions (orders-10, orders-11) is not known"));
    // Where Kafka knows no racks, Cruise Control shows hosts in their place.
    let no_racks = Answers::of(&sample()).with("load.json", |document| {
        for broker in document["brokers"].as_array_mut().unwrap() {
            broker["Rack"] = broker["Host"].clone();
        }
    });
    let (read, said) = say(&no_racks);
    assert!(read.brokers.iter().all(|broker| broker.rack.is_none()));
    assert!(said.contains("each broker's host in the place of a rack"), "{said}");
    // Several log dirs: no answer says which one holds a replica.
    let (read, said) = say(&Answers::of(&two_dirs()));
    assert!(said.contains("no-replica-log-dirs: ") && said.contains("kafka-log-dirs.sh --describe"), "{said}");
    assert!(read.partitions.dir.is_empty());
    assert_eq!(read.brokers[0].log_dirs[1].capacity, Some(Bytes::new(4096 * GIB)));
}

#[test]
fn a_broker_that_is_gone_is_dead_without_a_rack() {
    let mut original = sample();
    original.brokers[3].state = BrokerState::Dead;
    let gone = original.brokers[3].id;
    for row in 0..original.partitions.len() {
        if original.partitions.leader[row] == Some(gone) {
            original.partitions.leader[row] =
                original.partitions.replicas.get(row).iter().copied().find(|&id| id != gone);
        }
    }
    let read = read_files(&Answers::of(&original).files()).unwrap();
    let broker = read.broker(gone).unwrap();
    assert_eq!((broker.state, broker.rack.as_deref()), (BrokerState::Dead, None));
    assert!(
        codes(&read).contains(&"racks-of-dead-brokers") && codes(&read).contains(&"dead-broker"),
        "{:?}",
        read.notices
    );
    assert_eq!(read.assignment_sha256(), original.assignment_sha256());
}

#[test]
fn output_of_kafkas_tools_beside_the_answers_fills_what_they_lack() {
    let mut log_dirs = String::from(
        "Querying brokers for log directories information\nReceived log directory information from brokers 1,2\n",
    );
    let original = two_dirs();
    let brokers: Vec<Value> = original
        .brokers
        .iter()
        .map(|broker| {
            let rows = (0..original.partitions.len()).filter(|&row| original.partitions.replicas.get(row).contains(&broker.id));
            let (mut first, mut second) = (Vec::new(), Vec::new());
            for row in rows {
                let id = original.partitions.id[row].get();
                let entry = json!({"partition": format!("orders-{id}"), "size": original.partitions.size[row].unwrap().get() + 1, "offsetLag": 0, "isFuture": false});
                if id % 2 == 0 { first.push(entry) } else { second.push(entry) }
            }
            json!({"broker": broker.id.get(), "logDirs": [{"logDir": "/kafka/d1", "error": null, "partitions": first},
                {"logDir": "/kafka/d2", "error": null, "partitions": second}]})
        })
        .collect();
    log_dirs.push_str(&json!({"version": 1, "brokers": brokers}).to_string());
    log_dirs.push('\n');
    let mut files = Answers::of(&original).files();
    files.push(("log-dirs.txt".to_owned(), log_dirs.clone()));
    files.push((
        "moves.txt".to_owned(),
        "Current partition reassignments:\norders-1: replicas: 1002,1003,1001. adding: 1001.\n".to_owned(),
    ));
    let read = read_files(&files).unwrap();
    assert_eq!((read.partitions.dir_of(0, 0), read.partitions.dir_of(1, 2)), (Some("/kafka/d1"), Some("/kafka/d2")));
    assert_eq!(read.partitions.size[0], Some(Bytes::new(GIB + 1)), "what Kafka counted is exact");
    assert_eq!(read.partitions.bytes_in[0], Traffic::new(2048.0));
    assert_eq!(read.partitions.adding[&1], [BrokerId::new(1001)]);
    assert_eq!(codes(&read), ["not-in-cruise-control"], "{:?}", read.notices);
    // Without the state, Kafka's own describe names the partitions.
    let mut described =
        String::from("Topic: orders\tPartitionCount: 12\tReplicationFactor: 3\tConfigs: min.insync.replicas=2\n");
    for row in 0..original.partitions.len() {
        let ids = original.partitions.replicas.get(row).iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let leader = original.partitions.leader[row].unwrap();
        writeln!(described, "\tTopic: orders\tPartition: {row}\tLeader: {leader}\tReplicas: {ids}\tIsr: {ids}")
            .unwrap();
    }
    let mut files = Answers::of(&original).without(&["state.json"]).files();
    files.push(("topics.txt".to_owned(), described.clone()));
    let read = read_files(&files).unwrap();
    assert_eq!(read.assignment_sha256(), original.assignment_sha256());
    assert_eq!(read.brokers[0].rack.as_deref(), Some("b"));
    assert_eq!(read.partitions.size[3], Some(Bytes::new(4 * GIB)));
    // Capacities alone say nothing of who is alive.
    let mut files = Answers::of(&original).without(&["state.json", "load.json", "partition_load.json"]).files();
    files.push(("topics.txt".to_owned(), described.clone()));
    files.push(("log-dirs.txt".to_owned(), log_dirs.clone()));
    let read = read_files(&files).unwrap();
    assert!(
        read.brokers.iter().all(|broker| broker.state == BrokerState::Alive && broker.log_dirs[0].capacity.is_some())
    );
    assert!(codes(&read).contains(&"no-broker-list"), "{:?}", codes(&read));
    // Both may name them, if they agree.
    let mut files = Answers::of(&original).files();
    files.push(("topics.txt".to_owned(), described.clone()));
    assert!(read_files(&files).is_ok());
    files.last_mut().unwrap().1 = described.replace("Replicas: 1001,1002,1003", "Replicas: 1002,1001,1003");
    let differs = read_files(&files).unwrap_err();
    assert_eq!(differs.code(), Code::Contradiction);
    assert!(
        differs.notes()[0].contains("topics.txt:2 says")
            && differs.notes()[1].contains("state.json at KafkaPartitionState.other[0]"),
        "{differs}"
    );
    assert!(kafka_tools::read_files(&[("topics.txt".to_owned(), described)]).is_ok());
}

/// A change of the answers, and the code, place and words of the fault that it makes.
type Case = (&'static str, &'static str, fn(&mut Value), Code, &'static str, &'static str);

#[test]
fn answers_that_contradict_each_other_are_refused_one_by_one() {
    let cases: &[Case] = &[
        (
            "a broker in the load alone",
            "load.json",
            |v| {
                let mut b = v["brokers"][0].clone();
                b["Broker"] = json!(77);
                v["brokers"].as_array_mut().unwrap().push(b);
            },
            Code::Contradiction,
            "brokers[6]",
            "whether broker 77 is there",
        ),
        (
            "a broker in the state alone",
            "load.json",
            |v| {
                v["brokers"].as_array_mut().unwrap().pop();
            },
            Code::Contradiction,
            "brokers",
            "whether broker 1003 is there",
        ),
        (
            "a broker dead in one",
            "load.json",
            |v| v["brokers"][0]["BrokerState"] = json!("DEAD"),
            Code::Contradiction,
            "brokers[0]",
            "the state of broker 1",
        ),
        (
            "a broker twice",
            "load.json",
            |v| v["brokers"][1] = v["brokers"][0].clone(),
            Code::Duplicate,
            "brokers[1]",
            "broker 1 stands twice",
        ),
        (
            "more replicas in the load",
            "load.json",
            |v| v["brokers"][3]["Replicas"] = json!(13),
            Code::Contradiction,
            "brokers[3].Replicas",
            "counts 13 replicas on broker 1001",
        ),
        (
            "fewer replicas in the load",
            "load.json",
            |v| v["brokers"][3]["Replicas"] = json!(11),
            Code::Contradiction,
            "brokers[3].Replicas",
            "the list of partitions has 12",
        ),
        (
            "other log dirs in the load",
            "load.json",
            |v| v["brokers"][0]["DiskState"] = json!({"/other": {"DiskMB": 1.0, "DiskPct": 1.0}}),
            Code::Contradiction,
            "brokers[0].DiskState",
            "the log dirs of broker 1",
        ),
        (
            "other log dirs in the capacities",
            "capacity.json",
            |v| v["brokerCapacities"][0]["capacity"]["DISK"] = json!({"/other": "4194304"}),
            Code::Contradiction,
            "brokerCapacities[0].capacity.DISK",
            "`/other`",
        ),
        (
            "another capacity",
            "capacity.json",
            |v| v["brokerCapacities"][0]["capacity"]["DISK"]["/kafka/d1"] = json!("4000000"),
            Code::Contradiction,
            "brokerCapacities[0].capacity.DISK",
            "by the capacity file",
        ),
        (
            "a record of no partition",
            "partition_load.json",
            |v| v["records"][0]["partition"] = json!(99),
            Code::Contradiction,
            "records[0]",
            "has partition `orders-99`",
        ),
        (
            "a record of another topic",
            "partition_load.json",
            |v| v["records"][4]["topic"] = json!("other"),
            Code::Contradiction,
            "records[4]",
            "has partition `other-4`",
        ),
        (
            "other replicas in a record",
            "partition_load.json",
            |v| v["records"][2]["followers"] = json!([1, 2]),
            Code::Contradiction,
            "records[2]",
            "the replicas of partition `orders-2`",
        ),
        (
            "two records of a partition",
            "partition_load.json",
            |v| {
                let mut r = v["records"][0].clone();
                r["disk"] = json!(7.0);
                v["records"].as_array_mut().unwrap().push(r);
            },
            Code::Contradiction,
            "records[12]",
            "`disk` of partition `orders-0`",
        ),
        (
            "a partition twice",
            "state.json",
            |v| {
                let p = v["KafkaPartitionState"]["other"][0].clone();
                v["KafkaPartitionState"]["other"].as_array_mut().unwrap().push(p);
            },
            Code::DuplicatePartition,
            "KafkaPartitionState.other[12]",
            "`orders-0` stands twice",
        ),
        (
            "two lists that differ",
            "state.json",
            |v| {
                let mut p = v["KafkaPartitionState"]["other"][0].clone();
                p["in-sync"] = json!([1001]);
                v["KafkaPartitionState"]["urp"] = json!([p]);
            },
            Code::Contradiction,
            "KafkaPartitionState.other[0]",
            "partition `orders-0`",
        ),
        (
            "no partitions in good health",
            "state.json",
            |v| {
                v["KafkaPartitionState"].as_object_mut().unwrap().remove("other");
            },
            Code::Contradiction,
            "KafkaBrokerState.ReplicaCountByBrokerId",
            "counts 12 replicas on broker 1001",
        ),
        (
            "a part of the topics",
            "state.json",
            |v| {
                v["KafkaPartitionState"]["other"].as_array_mut().unwrap().pop();
            },
            Code::Contradiction,
            "KafkaBrokerState.ReplicaCountByBrokerId",
            "have 11",
        ),
        (
            "two min ISR of a topic",
            "state.json",
            |v| v["KafkaPartitionState"]["other"][3]["min-isr"] = json!(1),
            Code::Contradiction,
            "KafkaPartitionState.other[3]",
            "`min-isr` of topic `orders`",
        ),
    ];
    refused(cases);
}

#[test]
fn numbers_of_no_use_are_refused_one_by_one() {
    let cases: &[Case] = &[
        (
            "capacity 0",
            "load.json",
            |v| v["brokers"][2]["DiskCapacityMB"] = json!(0),
            Code::InvalidSize,
            "brokers[2].DiskCapacityMB",
            "is 0; expected a capacity above 0",
        ),
        (
            "capacity below 0",
            "load.json",
            |v| v["brokers"][2]["DiskCapacityMB"] = json!(-5),
            Code::InvalidSize,
            "brokers[2].DiskCapacityMB",
            "-5 MiB",
        ),
        (
            "a disk of bytes",
            "load.json",
            |v| v["brokers"][2]["DiskCapacityMB"] = json!(1e15),
            Code::InvalidSize,
            "brokers[2].DiskCapacityMB",
            "more than 16 PiB",
        ),
        (
            "use below 0",
            "load.json",
            |v| v["brokers"][2]["DiskMB"] = json!(-1.0),
            Code::InvalidSize,
            "brokers[2].DiskMB",
            "`DiskMB` of broker 3 is -1 MiB",
        ),
        (
            "no network",
            "load.json",
            |v| v["brokers"][2]["NetworkInCapacity"] = json!(-1.0),
            Code::InvalidField,
            "brokers[2].NetworkInCapacity",
            "-1 KiB/s",
        ),
        (
            "no DISK",
            "capacity.json",
            |v| {
                v["brokerCapacities"][1]["capacity"].as_object_mut().unwrap().remove("DISK");
            },
            Code::MissingField,
            "brokerCapacities[1].capacity",
            "`DISK` is missing",
        ),
        (
            "DISK 0",
            "capacity.json",
            |v| v["brokerCapacities"][1]["capacity"]["DISK"] = json!("0"),
            Code::InvalidSize,
            "brokerCapacities[1].capacity.DISK",
            "`DISK` is 0",
        ),
        (
            "a log dir of 0",
            "capacity.json",
            |v| v["brokerCapacities"][1]["capacity"]["DISK"]["/kafka/d1"] = json!("0"),
            Code::InvalidSize,
            "brokerCapacities[1].capacity.DISK./kafka/d1",
            "is 0",
        ),
        (
            "DISK NaN",
            "capacity.json",
            |v| v["brokerCapacities"][1]["capacity"]["DISK"] = json!("NaN"),
            Code::InvalidSize,
            "brokerCapacities[1].capacity.DISK",
            "is no number",
        ),
        (
            "DISK in bytes",
            "capacity.json",
            |v| v["brokerCapacities"][1]["capacity"]["DISK"] = json!("1e15"),
            Code::InvalidSize,
            "brokerCapacities[1].capacity.DISK",
            "more than 16 PiB",
        ),
        (
            "DISK below 0",
            "capacity.json",
            |v| v["brokerCapacities"][1]["capacity"]["DISK"] = json!("-3"),
            Code::InvalidSize,
            "brokerCapacities[1].capacity.DISK",
            "-3 MiB",
        ),
        (
            "no NW_OUT",
            "capacity.json",
            |v| {
                v["brokerCapacities"][1]["capacity"].as_object_mut().unwrap().remove("NW_OUT");
            },
            Code::MissingField,
            "brokerCapacities[1].capacity",
            "`NW_OUT` is missing",
        ),
        (
            "NW_IN 0",
            "capacity.json",
            |v| v["brokerCapacities"][1]["capacity"]["NW_IN"] = json!("0"),
            Code::InvalidSize,
            "brokerCapacities[1].capacity.NW_IN",
            "is 0",
        ),
        (
            "no cores",
            "capacity.json",
            |v| v["brokerCapacities"][1]["capacity"]["CPU"] = json!({}),
            Code::MissingField,
            "brokerCapacities[1].capacity.CPU",
            "num.cores",
        ),
        (
            "cores in one entry",
            "capacity.json",
            |v| v["brokerCapacities"][1]["capacity"]["CPU"] = json!("100"),
            Code::Contradiction,
            "brokerCapacities[1].capacity.CPU",
            "num.cores",
        ),
        (
            "a relative log dir",
            "capacity.json",
            |v| v["brokerCapacities"][1]["capacity"]["DISK"] = json!({"d1": "5"}),
            Code::InvalidField,
            "brokerCapacities[1].capacity.DISK.d1",
            "no absolute path",
        ),
        (
            "words for numbers",
            "capacity.json",
            |v| v["brokerCapacities"][1]["capacity"]["DISK"] = json!("2 TB"),
            Code::InvalidField,
            "brokerCapacities[1].capacity.DISK",
            "expected a number",
        ),
        (
            "no broker id",
            "capacity.json",
            |v| v["brokerCapacities"][1]["brokerId"] = json!("b1"),
            Code::InvalidField,
            "brokerCapacities[1].brokerId",
            "`b1` is no broker id",
        ),
        (
            "a broker twice",
            "capacity.json",
            |v| v["brokerCapacities"][1] = v["brokerCapacities"][0].clone(),
            Code::Duplicate,
            "brokerCapacities[1].brokerId",
            "broker 1 stands twice",
        ),
        (
            "a size below 0",
            "partition_load.json",
            |v| v["records"][5]["disk"] = json!(-1),
            Code::InvalidSize,
            "records[5].disk",
            "-1 MiB",
        ),
        (
            "a size of bytes",
            "partition_load.json",
            |v| v["records"][5]["disk"] = json!(1e15),
            Code::InvalidSize,
            "records[5].disk",
            "more than 16 PiB",
        ),
        (
            "a rate below 0",
            "partition_load.json",
            |v| v["records"][5]["networkInbound"] = json!(-2),
            Code::InvalidField,
            "records[5].networkInbound",
            "-2 KiB/s",
        ),
        (
            "a rate without sense",
            "partition_load.json",
            |v| v["records"][5]["networkOutbound"] = json!(1e18),
            Code::InvalidField,
            "records[5].networkOutbound",
            "KiB/s",
        ),
        (
            "a size as words",
            "partition_load.json",
            |v| v["records"][5]["disk"] = json!("large"),
            Code::InvalidField,
            "records[5].disk",
            "found `large`",
        ),
        (
            "a record without a name",
            "partition_load.json",
            |v| {
                v["records"][5].as_object_mut().unwrap().remove("topic");
            },
            Code::MissingField,
            "records[5]",
            "names no partition",
        ),
        (
            "a name that is none",
            "partition_load.json",
            |v| v["records"][5]["topicPartition"] = json!("orders"),
            Code::InvalidField,
            "records[5].topicPartition",
            "`orders`",
        ),
        (
            "a negative partition",
            "state.json",
            |v| v["KafkaPartitionState"]["other"][2]["partition"] = json!(-1),
            Code::InvalidField,
            "KafkaPartitionState.other[2].partition",
            "-1",
        ),
        (
            "a negative replica",
            "state.json",
            |v| v["KafkaPartitionState"]["other"][2]["replicas"][1] = json!(-4),
            Code::InvalidField,
            "KafkaPartitionState.other[2].replicas[1]",
            "-4",
        ),
        (
            "no replicas",
            "state.json",
            |v| {
                v["KafkaPartitionState"]["other"][2].as_object_mut().unwrap().remove("replicas");
            },
            Code::MissingField,
            "KafkaPartitionState.other[2]",
            "`replicas`",
        ),
        (
            "lists that are none",
            "state.json",
            |v| v["KafkaPartitionState"]["other"] = json!({}),
            Code::InvalidField,
            "KafkaPartitionState.other",
            "expected",
        ),
        (
            "a topic name",
            "state.json",
            |v| {
                for p in v["KafkaPartitionState"]["other"].as_array_mut().unwrap() {
                    p["topic"] = json!("a b");
                }
                v.as_object_mut().unwrap().remove("KafkaBrokerState");
            },
            Code::InvalidTopic,
            "",
            "`a b`",
        ),
    ];
    refused(cases);
}

fn refused(cases: &[Case]) {
    for &(what, file, change, code, path, words) in cases {
        let mut answers = Answers::of(&sample()).with(file, change);
        if code == Code::InvalidTopic {
            answers = answers.without(&["partition_load.json", "load.json", "capacity.json"]);
        }
        let fault = fault(&answers);
        assert_eq!(fault.code(), code, "{what}: {fault}");
        assert!(fault.message().contains(words), "{what}: {fault}");
        let place = fault.place().unwrap_or_else(|| panic!("{what}: {fault}"));
        if !path.is_empty() {
            assert_eq!((place.source.as_str(), place.path.as_deref()), (file, Some(path)), "{what}: {fault}");
        }
        assert!(!fault.help_lines().is_empty(), "{what}: {fault}");
    }
}

#[test]
fn files_that_cannot_stand_alone_or_are_no_result_say_what_is_missing() {
    for (left, names) in [
        ("load.json", ["state.json", "partition_load.json", "capacity.json"]),
        ("partition_load.json", ["state.json", "load.json", "capacity.json"]),
        ("capacity.json", ["state.json", "load.json", "partition_load.json"]),
    ] {
        let fault = fault(&Answers::of(&sample()).without(&names));
        assert_eq!(fault.code(), Code::MissingField, "{left}: {fault}");
        assert!(fault.help_lines()[0].contains("kafka_cluster_state?verbose=true&json=true"), "{fault}");
    }
    let one = |text: &str| read_files(&[("answer.json".to_owned(), text.to_owned())]).unwrap_err();
    let waiting = one(r#"{"progress":[{"operation":"LOAD","operationProgress":[]}],"version":1}"#);
    assert_eq!((waiting.code(), waiting.place().unwrap().path.as_deref()), (Code::MissingField, Some("progress")));
    assert!(waiting.help_lines()[0].contains("User-Task-ID"));
    let failed =
        one(r#"{"errorMessage":"NotEnoughValidWindowsException: only 0 windows\n at x","stackTrace":"…","version":1}"#);
    assert!(failed.message().contains("NotEnoughValidWindowsException: only 0 windows`"), "{failed}");
    let mut files = Answers::of(&sample()).files();
    files.push(("old.json".to_owned(), files.iter().find(|file| file.0 == "state.json").unwrap().1.clone()));
    let twice = read_files(&files).unwrap_err();
    assert_eq!((twice.code(), twice.place().unwrap().source.as_str()), (Code::Contradiction, "old.json"));
    // Parts of the records are fine.
    let whole = Answers::of(&sample());
    let mut files = whole.files();
    let records = whole.0["partition_load.json"]["records"].as_array().unwrap().clone();
    files.retain(|file| file.0 != "partition_load.json");
    for (number, part) in records.chunks(5).enumerate() {
        files.push((format!("part{number}.json"), json!({"version": 1, "records": part}).to_string()));
    }
    assert_eq!(read_files(&files).unwrap(), read_files(&whole.files()).unwrap());
}

#[test]
fn broker_sets_are_named_and_must_be_of_the_cluster() {
    let with = |sets: Value| {
        let mut files = Answers::of(&sample()).files();
        files.push(("sets.json".to_owned(), json!({"brokerSets": sets}).to_string()));
        read_files(&files)
    };
    let set = |name: &str, ids: &[i32]| json!({"brokerSetId": name, "brokerIds": ids, "doc": "x"});
    let read = with(json!([set("Blue", &[1, 2, 3]), set("Green", &[1001, 1002, 1003])])).unwrap();
    let said = &read.notices.iter().find(|notice| notice.code == "broker-sets").unwrap().message;
    assert!(said.contains("`Blue` is brokers 1-3, `Green` is brokers 1001-1003"), "{said}");
    assert_eq!(with(json!([set("Blue", &[1]), set("Green", &[1])])).unwrap_err().code(), Code::Duplicate);
    assert_eq!(with(json!([set("Blue", &[55])])).unwrap_err().code(), Code::UnknownBroker);
}

#[test]
fn a_directory_and_a_file_work_wherever_a_cluster_is_asked_for() {
    let dir = empty_dir("cruise-control");
    std::fs::create_dir(dir.join("answers")).unwrap();
    for (name, text) in Answers::of(&sample()).files() {
        put(&dir.join("answers").join(name), text);
    }
    put(&dir.join("answers/proposals.json"), r#"{"proposals":[],"summary":{"x":NaN},"version":1}"#);
    let read = kshift("snapshot answers -o cluster.json").in_dir(&dir).run().ok();
    read.says("warning[ignored-file]: `answers/proposals.json` was not used: it says what Cruise Control would do");
    let answers = kshift("plan answers --drain 1001-1003 --throttle 50MB/s --format plan").in_dir(&dir).run().ok();
    let file = kshift("plan cluster.json --drain 1001-1003 --throttle 50MB/s --format plan").in_dir(&dir).run().ok();
    assert_eq!(answers.stdout, file.stdout);
    let alone = kshift("snapshot answers/state.json").in_dir(&dir).run().ok();
    assert!(alone.stdout.contains(r#""kind":"kshift.cluster""#));
    kshift("plan answers/load.json --drain 1001").in_dir(&dir).run().refused(2, "missing-field");
}

#[test]
fn the_fixtures_are_read() {
    let dir = repo("tests/fixtures/cruise-control");
    if std::env::var("KSHIFT_BLESS").is_ok_and(|value| value == "1") {
        std::fs::create_dir_all(dir.join("jbod")).unwrap();
        for (name, text) in Answers::of(&two_dirs()).files() {
            put(&dir.join("jbod").join(name), text + "\n");
        }
        let sets = json!({"brokerSets": [{"brokerSetId": "Blue", "brokerIds": [1, 2, 3]}]});
        put(&dir.join("jbod/brokerSets.json"), sets.to_string() + "\n");
        put(
            &dir.join("cluster.json"),
            kshift::snapshot::v1::write(&two_dirs(), kshift::snapshot::v1::Include::Everything),
        );
    }
    let read = kshift::snapshot::cruise_control::read_dir(&dir.join("jbod")).unwrap();
    assert_eq!(read.brokers.len(), 6);
    let expected = kshift::snapshot::open(&dir.join("cluster.json")).unwrap();
    assert_eq!(read.assignment_sha256(), expected.assignment_sha256());
    assert_eq!(read.brokers[0].log_dirs, expected.brokers[0].log_dirs);
    assert!(text(&dir.join("README.md")).contains("Cruise Control"));
}

#[test]
fn a_hundred_thousand_records_are_read() {
    let options =
        kshift::example::Options { partitions: 100_000, old: 12, new: 12, ..kshift::example::Options::default() };
    let original = kshift::example::cluster(&options).unwrap();
    let files = Answers::of(&original).without(&["load.json", "capacity.json"]).files();
    let read = read_files(&files).unwrap();
    assert_eq!(read.partitions.len(), original.partitions.len());
}
