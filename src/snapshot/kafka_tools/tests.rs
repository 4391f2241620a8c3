//! True tool output of two versions, alone and together, and what goes wrong in real directories.

use std::path::{Path, PathBuf};

use super::*;
use crate::base::ids::PartitionId;
use crate::base::units::Bytes;
use crate::snapshot::{BrokerState, Mode, open, read_bytes};

const KRAFT: &str = "kafka-4.3.1-kraft";
const ZOOKEEPER: &str = "kafka-3.9.2-zk";

fn fixture_dir(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(version)
}

fn fixture(version: &str, name: &str) -> (String, String) {
    let content = fs::read(&fixture_dir(version).join(name)).unwrap();
    (name.to_owned(), String::from_utf8(content).unwrap())
}

fn fixtures(version: &str, names: &[&str]) -> Vec<(String, String)> {
    names.iter().map(|name| fixture(version, name)).collect()
}

fn named(files: &[(&str, &str)]) -> Vec<(String, String)> {
    files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn read_named(files: &[(&str, &str)]) -> Result<Snapshot> {
    read_files(&named(files))
}

fn snapshot_files(version: &str) -> Vec<(String, String)> {
    let names = ["snapshot/topics-describe.txt", "snapshot/log-dirs-describe.txt", "snapshot/broker-api-versions.txt"];
    fixtures(version, &names)
}

fn codes(snapshot: &Snapshot) -> Vec<&str> {
    snapshot.notices.iter().map(|notice| notice.code.as_str()).collect()
}

fn row(snapshot: &Snapshot, topic: &str, partition: i32) -> usize {
    snapshot.row_of(topic, PartitionId::new(partition)).unwrap()
}

fn ids(list: &[BrokerId]) -> Vec<i32> {
    list.iter().map(|id| id.get()).collect()
}

fn states(snapshot: &Snapshot) -> Vec<(i32, BrokerState)> {
    snapshot.brokers.iter().map(|broker| (broker.id.get(), broker.state)).collect()
}

fn alive_but(dead: &[(i32, BrokerState)]) -> Vec<(i32, BrokerState)> {
    [0, 1, 2, 1001, 1002, 1003]
        .map(|id| dead.iter().copied().find(|dead| dead.0 == id).unwrap_or((id, BrokerState::Alive)))
        .to_vec()
}

// ---- A whole, idle cluster.

#[test]
fn an_idle_cluster_is_read_whole_from_either_version() {
    for (version, mode) in [(KRAFT, Mode::Kraft), (ZOOKEEPER, Mode::Zookeeper)] {
        let snapshot = open(&fixture_dir(version).join("snapshot")).unwrap();
        assert_eq!(states(&snapshot), alive_but(&[]), "{version}");
        assert_eq!(snapshot.mode, Some(mode));
        let racks: Vec<_> = snapshot.brokers.iter().map(|broker| broker.rack.as_deref().unwrap()).collect();
        assert_eq!(racks, ["use1-az1", "use1-az2", "use1-az3", "use1-az1", "use1-az2", "use1-az3"]);
        assert_eq!(snapshot.brokers[0].host.as_deref(), Some("127.0.0.1"));
        let names: Vec<_> = snapshot.topics.iter().map(|topic| topic.name.as_str()).collect();
        let expected = [
            ".hidden.-7",
            "__consumer_offsets",
            "a-b",
            "a-b-3",
            "mix.of_dots-and-9",
            "mixed.fleet",
            "orders.v1",
            "under_score_topic",
        ];
        assert_eq!(names, expected);
        assert_eq!(snapshot.partitions.len(), 20);
        assert!(snapshot.partitions.size.iter().all(Option::is_some));
        assert!(snapshot.partitions.dir.iter().all(Option::is_some));
        assert_eq!(codes(&snapshot), ["no-capacity"], "{version}: {:?}", snapshot.notices);
    }
}

#[test]
fn names_with_dashes_and_numbers_go_to_the_right_partition() {
    let snapshot = read_files(&snapshot_files(KRAFT)).unwrap();
    // `a-b-3-0` is partition 0 of `a-b-3`; `a-b-3` is partition 3 of `a-b`.
    assert_eq!(snapshot.partitions.size[row(&snapshot, "a-b-3", 0)], Some(Bytes::new(240_771)));
    assert_eq!(snapshot.partitions.size[row(&snapshot, "orders.v1", 0)], Some(Bytes::new(4_013_935)));
    let orders = row(&snapshot, "orders.v1", 3);
    assert_eq!(ids(snapshot.partitions.replicas.get(orders)), [1001, 1003, 1002]);
    assert_eq!(snapshot.partitions.leader[orders].map(BrokerId::get), Some(1001));
    assert_eq!(snapshot.partitions.dir_of(row(&snapshot, "a-b-3", 0), 0), Some("/kafka/1001/d1"));
    assert_eq!(snapshot.topics[3].config["cleanup.policy"], "compact,delete");
    assert_eq!(snapshot.topics[6].config["min.insync.replicas"], "2");
}

#[test]
fn the_space_in_use_is_what_the_log_dirs_hold() {
    let snapshot = read_files(&snapshot_files(KRAFT)).unwrap();
    let broker = &snapshot.brokers[0];
    let dirs: Vec<_> = broker.log_dirs.iter().map(|dir| (dir.path.as_str(), dir.used.unwrap().get())).collect();
    assert_eq!(dirs, [("/kafka/0/d1", 1_204_097), ("/kafka/0/d2", 817)]);
    assert!(broker.log_dirs.iter().all(|dir| dir.capacity.is_none() && !dir.offline));
}

#[test]
fn names_of_files_their_order_and_their_line_ends_change_nothing() {
    let expected = read_files(&snapshot_files(KRAFT)).unwrap();
    let mut files = snapshot_files(KRAFT);
    files.reverse();
    for (index, (name, text)) in files.iter_mut().enumerate() {
        *name = format!("{index}.out");
        *text = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    }
    assert_eq!(read_files(&files).unwrap(), expected);
    // All of it in one stream, as it is piped in.
    let stream: String = snapshot_files(KRAFT).into_iter().map(|(_, text)| text).collect();
    assert_eq!(read_bytes(stream.as_bytes(), "standard input").unwrap(), expected);
    // Copied from a terminal: the tabs are spaces.
    let mut spaced = snapshot_files(KRAFT);
    spaced[0].1 = spaced[0].1.replace('\t', "        ");
    assert_eq!(read_files(&spaced).unwrap(), expected);
}

#[test]
fn keys_of_the_log_dirs_come_in_any_order() {
    let topics = (
        "t",
        "Topic: a\tTopicId: x\tPartitionCount: 1\tReplicationFactor: 1\tConfigs: \n\tTopic: a\tPartition: 0\tLeader: 1\tReplicas: 1\tIsr: 1\n",
    );
    let first = r#"{"version":1,"brokers":[{"broker":1,"logDirs":[{"logDir":"/d","error":null,"partitions":[{"partition":"a-0","size":7,"offsetLag":0,"isFuture":false}]}]}]}"#;
    let second = r#"{"brokers":[{"logDirs":[{"partitions":[{"isFuture":false,"new":{"x":[]},"size":7,"partition":"a-0"}],"logDir":"\/d"}],"broker":1}],"version":1}"#;
    let head = "Querying brokers for log directories information\nReceived log directory information from brokers 1\n";
    let one = read_named(&[topics, ("l", &format!("{head}{first}\n"))]).unwrap();
    let other = read_named(&[topics, ("l", second)]).unwrap();
    assert_eq!(one, other);
    assert_eq!(one.partitions.size, [Some(Bytes::new(7))]);
    let printed = serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(first).unwrap()).unwrap();
    assert_eq!(read_named(&[topics, ("l", &format!("{head}{printed}\n"))]).unwrap(), one);
}

// ---- Every fixture, alone and with its fellows.

#[test]
fn every_describe_of_topics_is_read_alone_and_with_the_brokers() {
    for version in [KRAFT, ZOOKEEPER] {
        for path in fs::list(&fixture_dir(version)).unwrap() {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if !name.starts_with("topics-describe") || name.contains("under-replicated") {
                continue;
            }
            let alone = open(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(codes(&alone).contains(&"no-log-dirs") && codes(&alone).contains(&"no-broker-list"), "{name}");
            assert!(alone.partitions.size.iter().all(Option::is_none));
            let brokers = if name.contains("two-dead") || name.contains("three-dead") {
                &[][..]
            } else {
                &["snapshot/broker-api-versions.txt"]
            };
            let mut files = vec![fixture(version, &name)];
            files.extend(fixtures(version, brokers));
            let both = read_files(&files).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(both.assignment_sha256(), alone.assignment_sha256());
            assert_eq!(codes(&both).contains(&"no-broker-list"), brokers.is_empty());
        }
    }
}

#[test]
fn every_describe_of_log_dirs_gives_sizes() {
    for version in [KRAFT, ZOOKEEPER] {
        for path in fs::list(&fixture_dir(version)).unwrap() {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if !name.starts_with("log-dirs") {
                continue;
            }
            let topics = match name.as_str() {
                "log-dirs-describe-broker-list.txt" => "topics-describe-one.txt",
                "log-dirs-describe-during.txt" => "topics-describe-during.txt",
                "log-dirs-describe-after-cancel.txt" => "snapshot/topics-describe.txt",
                _ => "topics-describe-dead-broker.txt",
            };
            let snapshot =
                read_files(&fixtures(version, &[topics, &name])).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(snapshot.partitions.size.iter().any(Option::is_some), "{version} {name}");
        }
    }
}

#[test]
fn every_other_file_of_the_fixtures_is_understood_or_named_as_ignored() {
    for version in [KRAFT, ZOOKEEPER] {
        for path in fs::list(&fixture_dir(version)).unwrap() {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let known =
                !["README.md", "reassign.json", "topics-list.txt", "topics-describe-under-replicated-during.txt"]
                    .contains(&name.as_str());
            let (_, text) = fixture(version, &name);
            assert_eq!(is_known(&text), known, "{version} {name}");
        }
    }
}

#[test]
fn a_move_under_way_is_read_from_the_describe_and_from_the_list() {
    for version in [KRAFT, ZOOKEEPER] {
        let names = [
            "topics-describe-during.txt",
            "log-dirs-describe-during.txt",
            "reassign-list.txt",
            "configs-describe-brokers-throttled.txt",
            "configs-describe-topics-throttled.txt",
            "snapshot/broker-api-versions.txt",
        ];
        let files = fixtures(version, &names);
        let snapshot = read_files(&files).unwrap();
        let moving = row(&snapshot, "orders.v1", 0);
        assert_eq!(ids(snapshot.partitions.replicas.get(moving)), [0, 1002, 1003, 1001]);
        assert_eq!(ids(&snapshot.partitions.adding[&moving]), [0]);
        assert_eq!(ids(&snapshot.partitions.removing[&moving]), [1001]);
        assert_eq!(snapshot.partitions.adding.len(), 4);
        let idle = row(&snapshot, "orders.v1", 2);
        assert!(!snapshot.partitions.is_reassigning(idle));
        assert_eq!(snapshot.brokers[0].config["leader.replication.throttled.rate"], "20000");
        let orders = &snapshot.topics[6];
        assert_eq!(orders.config["follower.replication.throttled.replicas"], "0:0,1:0,1:1,1:2");
        // An old tool shows no moves in its describe; the list has them.
        let mut old = files.clone();
        old[0].1 = old[0]
            .1
            .lines()
            .map(|line| {
                let fields =
                    line.split('\t').filter(|field| !field.starts_with("Adding") && !field.starts_with("Removing"));
                fields.collect::<Vec<_>>().join("\t") + "\n"
            })
            .collect();
        assert_eq!(read_files(&old).unwrap(), snapshot);
        // But a list that lacks what the describe shows is of another moment.
        let mixed = fixtures(version, &["topics-describe-during.txt", "reassign-list-none.txt"]);
        assert_eq!(read_files(&mixed).unwrap_err().code(), Code::Contradiction);
    }
}

#[test]
fn future_replicas_take_space_but_are_no_place_of_the_replica() {
    let files = fixtures(KRAFT, &["topics-describe-dead-broker.txt", "log-dirs-describe-future.txt"]);
    let snapshot = read_files(&files).unwrap();
    assert!(codes(&snapshot).contains(&"future-replicas"));
    let text = &files[1].1;
    let json: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let mut futures = 0;
    for broker in json["brokers"].as_array().unwrap() {
        let known = snapshot.broker(BrokerId::new(broker["broker"].as_i64().unwrap() as i32)).unwrap();
        for dir in broker["logDirs"].as_array().unwrap() {
            let replicas = dir["partitions"].as_array().unwrap();
            futures += replicas.iter().filter(|replica| replica["isFuture"] == true).count();
            let used: u64 = replicas.iter().map(|replica| replica["size"].as_u64().unwrap()).sum();
            let found = known.log_dirs.iter().find(|found| found.path == dir["logDir"].as_str().unwrap()).unwrap();
            assert_eq!(found.used, Some(Bytes::new(used)));
        }
    }
    assert!(futures > 0);
}

#[test]
fn a_dead_broker_is_fenced_or_dead_as_far_as_the_tools_know() {
    let with = |names: &[&str]| {
        let all: Vec<&str> = ["topics-describe-dead-broker.txt"].iter().chain(names).copied().collect();
        read_files(&fixtures(KRAFT, &all)).unwrap()
    };
    let fenced = with(&["cluster-list-endpoints-dead-broker.txt", "log-dirs-describe-dead-broker.txt"]);
    assert_eq!(states(&fenced), alive_but(&[(1003, BrokerState::Fenced)]));
    assert_eq!(fenced.brokers[5].rack.as_deref(), Some("use1-az3"));
    let dead = alive_but(&[(1003, BrokerState::Dead)]);
    for names in
        [&["cluster-list-endpoints-dead-broker-not-included.txt"][..], &["log-dirs-describe-dead-broker.txt"], &[]]
    {
        let snapshot = with(names);
        assert_eq!(states(&snapshot), dead, "{names:?}");
        assert!(codes(&snapshot).contains(&"dead-broker"));
    }
    // Its only replica: no leader, and no size is known of it.
    let single = row(&fenced, "mix.of_dots-and-9", 0);
    assert_eq!((fenced.partitions.leader[single], fenced.partitions.size[single]), (None, None));
    assert!(codes(&fenced).contains(&"missing-sizes"));
    // With ZooKeeper it stays in the last ISR, which makes it no more alive.
    let snapshot = read_files(&[fixture(ZOOKEEPER, "topics-describe-dead-broker.txt")]).unwrap();
    assert_eq!(states(&snapshot), dead);
}

#[test]
fn without_a_list_the_brokers_that_lead_or_are_in_sync_are_alive() {
    let two = read_files(&[fixture(KRAFT, "topics-describe-two-dead-brokers.txt")]).unwrap();
    assert_eq!(states(&two), alive_but(&[(1002, BrokerState::Dead), (1003, BrokerState::Dead)]));
    for version in [KRAFT, ZOOKEEPER] {
        let three = read_files(&[fixture(version, "topics-describe-three-dead-brokers.txt")]).unwrap();
        let dead = [1001, 1002, 1003].map(|id| (id, BrokerState::Dead));
        assert_eq!(states(&three), alive_but(&dead), "{version}");
    }
}

#[test]
fn a_silent_broker_is_dead() {
    let mut files = snapshot_files(KRAFT);
    files[2].1 =
        "h:1 (id: 1003 rack: use1-az3 isFenced: false) -> ERROR: org.apache.kafka.common.errors.DisconnectException\n"
            .to_owned()
            + files[2]
                .1
                .split("127.0.0.1:")
                .filter(|block| !block.contains("(id: 1003 "))
                .fold(String::new(), |text, block| match block {
                    "" => text,
                    block => text + "127.0.0.1:" + block,
                })
                .as_str();
    let snapshot = read_files(&files).unwrap();
    assert_eq!(states(&snapshot), alive_but(&[(1003, BrokerState::Dead)]));
    assert!(
        snapshot.notices.iter().any(|notice| notice.code == "dead-broker" && notice.message.contains("did not answer"))
    );
}

#[test]
fn the_cluster_and_its_mode_are_named_where_that_is_certain() {
    let names = [
        "snapshot/topics-describe.txt",
        "cluster-id.txt",
        "metadata-quorum-describe-status.txt",
        "metadata-quorum-describe-replication.txt",
        "cluster-list-endpoints.txt",
    ];
    let snapshot = read_files(&fixtures(KRAFT, &names)).unwrap();
    assert_eq!(snapshot.cluster_id.as_deref(), Some("kshiftLabAAAAAAAAAAAAA"));
    assert_eq!(snapshot.mode, Some(Mode::Kraft));
    // Old brokers in KRaft mode and brokers with ZooKeeper look the same in the describe alone.
    let snapshot = read_files(&fixtures(ZOOKEEPER, &["snapshot/topics-describe.txt", "cluster-id.txt"])).unwrap();
    assert_eq!((snapshot.mode, snapshot.cluster_id.as_deref()), (None, Some("wYMW5fLNR7eHXSqSYsLbTA")));
}

// ---- Configurations.

#[test]
fn of_the_configuration_dynamic_entries_stay_and_what_gates_look_at() {
    let names = [
        "snapshot/topics-describe.txt",
        "configs-describe-broker-1001-all.txt",
        "configs-describe-brokers-after-verify.txt",
        "configs-describe-topic-orders-all.txt",
    ];
    let snapshot = read_files(&fixtures(KRAFT, &names)).unwrap();
    let broker = &snapshot.brokers[3];
    let kept: Vec<&str> = broker.config.keys().map(String::as_str).collect();
    assert_eq!(kept, ["auto.leader.rebalance.enable", "min.insync.replicas"]);
    assert_eq!(broker.rack.as_deref(), Some("use1-az1"));
    let dirs: Vec<_> = broker.log_dirs.iter().map(|dir| (dir.path.as_str(), dir.used)).collect();
    assert_eq!(dirs, [("/kafka/1001/d1", None), ("/kafka/1001/d2", None)]);
    let orders = &snapshot.topics[6];
    assert_eq!(orders.config.len(), 3, "{:?}", orders.config);
}

#[test]
fn a_broker_is_cordoned_when_all_of_its_dirs_are() {
    let cordoned = |dirs: &str| {
        let mut files = snapshot_files(KRAFT);
        let line = format!(
            "  cordoned.log.dirs={dirs} sensitive=false synonyms={{DYNAMIC_BROKER_CONFIG:cordoned.log.dirs={dirs}}}\n"
        );
        files.push(("c".to_owned(), format!("Dynamic configs for broker 1001 are:\n{line}")));
        let snapshot = read_files(&files).unwrap();
        (snapshot.brokers[3].state, codes(&snapshot).contains(&"cordoned-log-dirs"))
    };
    assert_eq!(cordoned("*"), (BrokerState::Cordoned, false));
    assert_eq!(cordoned("/kafka/1001/d2,/kafka/1001/d1"), (BrokerState::Cordoned, false));
    assert_eq!(cordoned("/kafka/1001/d2"), (BrokerState::Alive, true));
}

// ---- Missing pieces.

#[test]
fn what_is_missing_is_said_with_what_fills_it() {
    let only_topics = read_files(&[fixture(KRAFT, "snapshot/topics-describe.txt")]).unwrap();
    let text: String = only_topics.notices.iter().map(|notice| notice.message.as_str()).collect();
    for option in ["--assume-size", "--racks FILE", "--capacity", "list-endpoints", "kafka-log-dirs.sh"] {
        assert!(text.contains(option), "{option}: {text}");
    }
    let subset = read_files(&[fixture(KRAFT, "topics-describe-under-min-isr.txt")]).unwrap();
    assert!(codes(&subset).contains(&"partial-topics"));
    assert_eq!(subset.partitions.len(), 5);
    // The subset beside the whole adds nothing.
    let whole = fixtures(KRAFT, &["topics-describe-three-dead-brokers.txt"]);
    let both = fixtures(KRAFT, &["topics-describe-three-dead-brokers.txt", "topics-describe-three-dead-brokers.txt"]);
    let both = read_named(&[("a", &both[0].1), ("b", &both[1].1)]).unwrap();
    assert_eq!(both.sha256(), read_files(&whole).unwrap().sha256());
    assert!(!codes(&both).contains(&"partial-topics"));
}

#[test]
fn brokers_and_replicas_that_the_log_dirs_leave_out_are_named() {
    let names = ["topics-describe-one.txt", "log-dirs-describe-broker-list.txt", "snapshot/broker-api-versions.txt"];
    let snapshot = read_files(&fixtures(KRAFT, &names)).unwrap();
    let notice = snapshot.notices.iter().find(|notice| notice.code == "missing-log-dirs").unwrap();
    assert!(notice.message.contains("1-2,1002-1003"), "{}", notice.message);
    assert!(snapshot.brokers[1].log_dirs.is_empty());
    // Led by 1002, which was not asked; 1001 has a replica.
    assert!(codes(&snapshot).contains(&"size-of-follower"));
    assert!(snapshot.partitions.size.iter().all(Option::is_some));
    // The log dirs also hold `a-b-3`, which was not described: it takes space all the same.
    assert!(codes(&snapshot).contains(&"stray-replicas"));
    // And with `--topic-list`, what is not shown will have an assumed size, which has to count.
    let names =
        ["snapshot/topics-describe.txt", "log-dirs-describe-broker-list.txt", "snapshot/broker-api-versions.txt"];
    let snapshot = read_files(&fixtures(KRAFT, &names)).unwrap();
    assert!(codes(&snapshot).contains(&"absent-replicas"));
    assert!(snapshot.brokers[3].log_dirs.iter().all(|dir| dir.used.is_none()));
}

#[test]
fn an_offline_log_dir_is_offline() {
    let mut files = snapshot_files(KRAFT);
    let error = r#""error":"org.apache.kafka.common.errors.KafkaStorageException","logDir":"/kafka/0/d2""#;
    let (head, rest) = files[1].1.split_once(r#"{"partitions":[{"partition":"__consumer_offsets-0","size":817,"offsetLag":0,"isFuture":false}],"error":null,"logDir":"/kafka/0/d2""#).unwrap();
    files[1].1 = format!("{head}{{\"partitions\":[],{error}{rest}");
    let snapshot = read_files(&files).unwrap();
    assert_eq!(snapshot.brokers[0].log_dirs.iter().map(|dir| dir.offline).collect::<Vec<_>>(), [false, true]);
    assert!(codes(&snapshot).contains(&"offline-replicas"));
    assert!(snapshot.health().iter().any(|notice| notice.code == "offline-log-dir"));
}

#[test]
fn other_files_are_named_and_left_alone() {
    let mut files = snapshot_files(KRAFT);
    files.extend(fixtures(
        KRAFT,
        &["topics-list.txt", "reassign.json", "README.md", "topics-describe-under-replicated-during.txt"],
    ));
    let snapshot = read_files(&files).unwrap();
    let ignored: Vec<_> = snapshot.notices.iter().filter(|notice| notice.code == "ignored-file").collect();
    assert_eq!(ignored.len(), 4, "{ignored:?}");
    assert!(ignored.iter().any(|notice| notice.message.contains("topics-list.txt")));
}

// ---- What is wrong.

#[test]
fn a_directory_without_known_files_says_what_it_should_hold() {
    let other = read_files(&fixtures(KRAFT, &["topics-list.txt", "reassign.json"])).unwrap_err();
    assert_eq!(other.code(), Code::NoKnownFile);
    assert!(
        other.help_lines().iter().any(|help| help.contains("kafka-topics.sh --bootstrap-server HOST:PORT --describe"))
    );
    assert!(other.to_string().contains("topics-list.txt"));
    assert_eq!(read_files(&[]).unwrap_err().code(), Code::NoKnownFile);
    let no_topics = read_files(&fixtures(KRAFT, &["snapshot/log-dirs-describe.txt"])).unwrap_err();
    assert_eq!(no_topics.code(), Code::MissingField);
    assert!(no_topics.help_lines()[0].contains("kafka-topics.sh"));
    let nothing = read_bytes(fixture(KRAFT, "topics-list.txt").1.as_bytes(), "f").unwrap_err();
    assert_eq!(nothing.code(), Code::WrongKind);
    assert_eq!(read_bytes(b"", "f").unwrap_err().code(), Code::EmptyInput);
}

/// Reads the idle cluster with one more file, and gives the contradiction it leads to.
fn against_the_idle_cluster(name: &str, text: &str) -> Error {
    let mut files = snapshot_files(KRAFT);
    files.push((name.to_owned(), text.to_owned()));
    let error = read_files(&files).unwrap_err();
    assert_eq!(error.code(), Code::Contradiction, "{error}");
    error
}

#[test]
fn files_that_contradict_each_other_are_both_named() {
    let line = |leader: &str, replicas: &str, isr: &str| {
        format!(
            "\tTopic: a-b\tPartition: 3\tLeader: {leader}\tReplicas: {replicas}\tIsr: {isr}\tElr: \tLastKnownElr: \n"
        )
    };
    let same = line("1002", "1002,1001,1003", "1003,1002,1001");
    let mut files = snapshot_files(KRAFT);
    files.push(("x".to_owned(), same));
    read_files(&files).unwrap();
    let error = against_the_idle_cluster("x.txt", &line("1002", "1001,1002,1003", "1001,1002,1003"));
    let text = error.to_string();
    for part in ["a-b-3", "snapshot/topics-describe.txt:24", "x.txt:1", "`1002,1001,1003`", "`1001,1002,1003`"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    against_the_idle_cluster("x", &line("1001", "1002,1001,1003", "1001,1002,1003"));
    against_the_idle_cluster("x", &line("1002", "1002,1001,1003", "1001,1002"));
    let endpoints = fixture(KRAFT, "cluster-list-endpoints.txt").1;
    against_the_idle_cluster("x", &endpoints.replacen("use1-az1", "use1-az9", 1));
    against_the_idle_cluster("x", &endpoints.replacen("127.0.0.1", "10.0.0.10", 1));
    against_the_idle_cluster("x", &fixture(KRAFT, "cluster-list-endpoints-dead-broker.txt").1);
    against_the_idle_cluster("x", &fixture(KRAFT, "cluster-list-endpoints-dead-broker-not-included.txt").1);
    let rack = "Dynamic configs for broker 1001 are:\n  broker.rack=b sensitive=false synonyms={STATIC_BROKER_CONFIG:broker.rack=b}\n";
    against_the_idle_cluster("x", rack);
    let dirs = fixture(KRAFT, "snapshot/log-dirs-describe.txt").1;
    against_the_idle_cluster("x", &dirs.replacen("\"size\":1204097", "\"size\":1204098", 1));
    against_the_idle_cluster("x", &dirs.replacen("/kafka/0/d1", "/kafka/0/d3", 1));
    let config = "Dynamic configs for topic orders.v1 are:\n  min.insync.replicas=1 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:min.insync.replicas=1}\n";
    against_the_idle_cluster("x", config);
    let ids = fixtures(KRAFT, &["snapshot/topics-describe.txt", "cluster-id.txt"]);
    let mut both = ids.clone();
    both.push(("other".to_owned(), "Cluster ID: another\n".to_owned()));
    assert_eq!(read_files(&both).unwrap_err().code(), Code::Contradiction);
}

#[test]
fn a_broker_that_answers_but_is_not_listed_is_a_contradiction() {
    let names = [
        "topics-describe-dead-broker.txt",
        "snapshot/log-dirs-describe.txt",
        "cluster-list-endpoints-dead-broker-not-included.txt",
    ];
    let error = read_files(&fixtures(KRAFT, &names)).unwrap_err();
    assert_eq!(error.code(), Code::Contradiction);
    assert!(error.to_string().contains("whether broker 1003 is there"), "{error}");
}

#[test]
fn agreeing_files_beside_each_other_are_fine() {
    let mut files = snapshot_files(KRAFT);
    let expected = read_files(&files).unwrap();
    files.extend(fixtures(
        KRAFT,
        &[
            "topics-describe-one.txt",
            "cluster-list-endpoints.txt",
            "snapshot/cluster-list-endpoints.txt",
            "log-dirs-describe-broker-list.txt",
        ],
    ));
    assert_eq!(read_files(&files).unwrap(), expected);
}

#[test]
fn a_partition_twice_in_one_file_is_refused() {
    let (name, text) = fixture(KRAFT, "snapshot/topics-describe.txt");
    let line = text.lines().nth(1).unwrap().to_owned();
    let twice = text.replacen(&line, &format!("{line}\n{line}"), 1);
    let error = read_files(&[(name, twice)]).unwrap_err();
    assert!(matches!(error.code(), Code::Contradiction | Code::DuplicatePartition), "{error}");
    let part: String =
        text.lines().skip(6).take(1).chain(text.lines().skip(6).take(1)).map(|line| line.to_owned() + "\n").collect();
    let error = read_named(&[("t", &part)]).unwrap_err();
    assert_eq!((error.code(), error.place().unwrap().line), (Code::DuplicatePartition, Some(2)));
}

#[test]
fn a_describe_that_was_cut_anywhere_is_refused_with_its_line() {
    let (_, text) = fixture(KRAFT, "snapshot/topics-describe.txt");
    let whole = read_named(&[("t.txt", &text)]).unwrap();
    for end in 1..text.len() {
        match read_named(&[("t.txt", &text[..end])]) {
            Ok(snapshot) => {
                // A cut between two topics cannot be seen, nor one behind all that is read of a line.
                let topics = snapshot.topics.len();
                assert_eq!(snapshot.topics.iter().map(|t| &t.name).collect::<Vec<_>>().len(), topics);
                for topic in &snapshot.topics {
                    let known = whole.topics.iter().find(|known| known.name == topic.name).unwrap();
                    assert_eq!(topic.rows.len(), known.rows.len(), "{end}");
                    assert_eq!(topic.config, known.config, "{end}");
                    for (row, of_whole) in topic.rows.clone().zip(known.rows.clone()) {
                        assert_eq!(snapshot.partitions.isr.get(row), whole.partitions.isr.get(of_whole), "{end}");
                    }
                }
            }
            Err(error) => {
                let codes = [
                    Code::MissingField,
                    Code::Contradiction,
                    Code::InvalidField,
                    Code::NoKnownFile,
                    Code::EmptyCluster,
                ];
                assert!(codes.contains(&error.code()), "{end}: {error}");
                assert_eq!(error.place().unwrap().source, "t.txt");
            }
        }
    }
    let error = read_named(&[("t.txt", &text[..text.find("Isr").unwrap()])]).unwrap_err();
    assert_eq!((error.code(), error.place().unwrap().line), (Code::MissingField, Some(2)));
}

#[test]
fn faults_inside_a_file_have_its_line() {
    let (topics, dirs) =
        (fixture(KRAFT, "snapshot/topics-describe.txt"), fixture(KRAFT, "snapshot/log-dirs-describe.txt").1);
    for (text, code, line) in [
        (dirs[..dirs.len() - 20].to_owned(), Code::InvalidJson, 3),
        (dirs.lines().take(2).collect::<Vec<_>>().join("\n"), Code::MissingField, 1),
        (dirs.replacen("\"size\":817", "\"size\":-1", 1), Code::InvalidSize, 3),
        (dirs.replacen("\"size\":817", "\"size\":1.5", 1), Code::InvalidSize, 3),
        (dirs.replacen("\"size\":817", "\"size\":9223372036854775808", 1), Code::InvalidSize, 3),
        (dirs.replacen("\"size\":817", "\"size\":817,\"size\":817", 1), Code::DuplicateKey, 3),
        (dirs.replacen("\"version\":1", "\"version\":2", 1), Code::WrongVersion, 3),
        (dirs.trim_end().to_owned() + " x", Code::InvalidJson, 3),
        (dirs.replacen("\"broker\":1001", "\"broker\":-5", 1), Code::InvalidField, 3),
    ] {
        let error = read_files(&[topics.clone(), ("d.txt".to_owned(), text)]).unwrap_err();
        let place = error.place().unwrap().clone();
        assert_eq!((error.code(), place.source.as_str(), place.line), (code, "d.txt", Some(line)), "{error}");
    }
    for (from, to, code) in [
        ("Leader: 1002", "Leader: x", Code::InvalidField),
        ("Leader: 1002", "Leader: 7", Code::NotAReplica),
        ("Replicas: 1002,1003,1001", "Replicas: 1002,1003,1002", Code::DuplicateReplica),
        ("Replicas: 1002,1003,1001", "Replicas: 1002,,1001", Code::InvalidField),
        ("Isr: 1002,1003,1001", "Isr: 1002,7", Code::NotAReplica),
        ("Partition: 0", "Partition: -1", Code::InvalidField),
    ] {
        let error = read_named(&[("t.txt", &topics.1.replacen(from, to, 1))]).unwrap_err();
        assert_eq!((error.code(), error.place().unwrap().line), (code, Some(2)), "{error}");
    }
    let configs = fixture(KRAFT, "configs-describe-brokers-throttled.txt").1;
    let cut = configs[..configs.len() - 30].to_owned();
    let error = read_files(&[topics.clone(), ("c".to_owned(), cut)]).unwrap_err();
    assert_eq!(error.code(), Code::MissingField);
    let list = "Current partition reassignments:\na-b-0: replicas: 1,2. adding: 1";
    assert_eq!(read_files(&[topics, ("l".to_owned(), list.to_owned())]).unwrap_err().code(), Code::MissingField);
}

#[test]
fn sizes_that_sum_beyond_2_to_the_63_are_refused() {
    let topics = "\tTopic: a\tPartition: 0\tLeader: 1\tReplicas: 1,2\tIsr: 1,2\n";
    let replica = |name: &str| format!(r#"{{"partition":"{name}","size":9223372036854775807,"isFuture":false}}"#);
    let dirs = format!(
        r#"{{"brokers":[{{"broker":1,"logDirs":[{{"logDir":"/d","partitions":[{},{}]}}]}}]}}"#,
        replica("a-0"),
        replica("b-0")
    );
    let error = read_named(&[("t", topics), ("d", &dirs)]).unwrap_err();
    assert_eq!(error.code(), Code::InvalidSize);
}

/// A directory of these files below the system's temporary one, read and removed.
fn read_directory(name: &str, files: &[(&str, &[u8])]) -> Result<Snapshot> {
    let dir = std::env::temp_dir().join(format!("kshift-{name}-{}", std::process::id()));
    std::fs::create_dir_all(dir.join("below")).unwrap();
    for (file, content) in files {
        fs::write_file(&dir.join(file), content).unwrap();
    }
    let read = open(&dir);
    std::fs::remove_dir_all(&dir).unwrap();
    read
}

#[test]
fn a_directory_is_read_with_whatever_else_lies_in_it() {
    let topics = fixture(KRAFT, "snapshot/topics-describe.txt").1;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, fixture(KRAFT, "snapshot/log-dirs-describe.txt").1.as_bytes()).unwrap();
    let dirs = encoder.finish().unwrap();
    let files: [(&str, &[u8]); 5] = [
        ("t", topics.as_bytes()),
        ("d.gz", &dirs),
        ("picture.png", b"\x89PNG\xff"),
        ("empty", b""),
        (".hidden", b"\xff"),
    ];
    let snapshot = read_directory("whole", &files).unwrap();
    assert!(snapshot.partitions.size.iter().all(Option::is_some));
    assert_eq!(codes(&snapshot).iter().filter(|code| **code == "ignored-file").count(), 2);
}

#[test]
fn a_directory_that_cannot_be_understood_is_refused() {
    assert_eq!(read_directory("none", &[]).unwrap_err().code(), Code::NoKnownFile);
    assert_eq!(read_directory("other", &[("a.txt", b"hello\n")]).unwrap_err().code(), Code::NoKnownFile);
    let mut broken = fixture(KRAFT, "snapshot/topics-describe.txt").1.into_bytes();
    broken[300] = 0xff;
    let error = read_directory("utf8", &[("t", &broken)]).unwrap_err();
    assert_eq!((error.code(), error.place().unwrap().line), (Code::InvalidUtf8, Some(3)));
    let utf16: Vec<u8> = "\u{feff}Topic: a".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(read_directory("utf16", &[("t", &utf16)]).unwrap_err().code(), Code::InvalidUtf8);
    assert_eq!(read_directory("gz", &[("t.gz", b"\x1f\x8b\x08\x00")]).unwrap_err().code(), Code::Unreadable);
}
