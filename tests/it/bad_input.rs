//! Bad input, one case after the other: exit code 2, the word for the fault, the place, what was found and
//! expected; nothing on standard output, nothing written.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use crate::support::files::{cluster, empty_dir, names, partition, put, repo, six_brokers};
use crate::support::run::{Answer, kshift};

fn good() -> String {
    cluster(&six_brokers(1_000_000_000_000), &[partition(0, 0.0)]).to_string()
}

#[track_caller]
fn assert_refused(answer: Answer, code: &str, says: &[&str]) -> Answer {
    let mut answer = answer.refused(2, code);
    for text in says {
        answer = answer.says(text);
    }
    answer
}

#[track_caller]
fn refuse_file(case: &str, content: impl AsRef<[u8]>, code: &str, says: &[&str]) {
    let dir = empty_dir(&format!("bad-{case}"));
    put(&dir.join("c.json"), content);
    let answer = kshift("plan c.json --drain 1001-1003 --out out").in_dir(&dir).run();
    let answer = assert_refused(answer, code, says);
    assert!(answer.stderr.contains("in c.json"), "{case}: no file: {}", answer.stderr);
    assert_eq!(names(&dir), ["c.json"], "{case}: something was written");
}

#[test]
fn each_fault_of_a_snapshot_is_refused_with_its_place() {
    let size = "\"size_bytes\":1000000000";
    let path = "at topics[0].partitions[0].size_bytes";
    let replicas = "\"replicas\":[1001,1002,1003]";
    let isr = "\"isr\":[1001,1002,1003]";
    let whole = "a whole number of bytes from 0 to 2^63";
    let cases = [
        ("kind", "kshift.cluster", "kshift.plan", "wrong-kind", vec!["`kshift.plan`", "`kshift.cluster`", "at kind"]),
        ("version", "\"version\":1", "\"version\":9", "wrong-version", vec!["version 9", "version 1", "at version"]),
        ("negative", size, "\"size_bytes\":-1", "invalid-size", vec!["`-1`", whole, path]),
        ("fraction", size, "\"size_bytes\":1.5", "invalid-size", vec!["`1.5`", whole, path]),
        ("text", size, "\"size_bytes\":\"1GB\"", "invalid-size", vec!["\"1GB\"", whole, path]),
        ("big", size, "\"size_bytes\":9223372036854775809", "invalid-size", vec!["9223372036854775809", whole, path]),
        ("nan", size, "\"size_bytes\":NaN", "invalid-json", vec!["`NaN`", path]),
        (
            "twice",
            replicas,
            "\"replicas\":[1001,1002,1001]",
            "duplicate-replica",
            vec!["broker 1001 twice", "replicas[2]"],
        ),
        (
            "unknown",
            replicas,
            "\"replicas\":[1001,1002,77]",
            "unknown-broker",
            vec!["broker 77", "`t-0`", "replicas[2]"],
        ),
        (
            "leader",
            "\"leader\":1001",
            "\"leader\":2",
            "not-a-replica",
            vec!["leader 2", "[1001,1002,1003]", "[0].leader"],
        ),
        ("isr", isr, "\"isr\":[1001,2]", "not-a-replica", vec!["replica 2", "[1001,1002,1003]", "isr[1]"]),
        (
            "key",
            "\"leader\":1001",
            "\"leader\":1001,\"leader\":1002",
            "duplicate-key",
            vec!["`leader`", "partitions[0]"],
        ),
    ];
    for (case, from, to, code, says) in cases {
        let text = good();
        assert_eq!(text.matches(from).count(), 1, "{case}: {text}");
        refuse_file(case, text.replace(from, to), code, &says);
    }
}

#[test]
fn what_is_no_whole_document_is_refused() {
    let text = good();
    refuse_file("truncated", &text[..text.len() - 30], "invalid-json", &["c.json:1:", "help: the file ends too early"]);
    refuse_file("trailing", format!("{text}\n{{}}"), "invalid-json", &["trailing", "c.json:2:1"]);
    refuse_file("zero", "", "empty-input", &["`c.json` is empty", "help: "]);
    refuse_file("utf8", b"\xff\xfe{\"kind\":1}", "invalid-utf8", &["byte 0xff", "c.json:1:1", "help: "]);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    refuse_file("gzip", &packed[..packed.len() / 2], "unreadable", &["gzip stream of `c.json`", "help: "]);
}

#[test]
fn deep_documents_of_any_shape_are_refused_as_such() {
    let levels = 100_000;
    let arrays = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let objects = format!("{}0{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    let under = |key: &str, deep: &str| format!("{{\"kind\":\"kshift.cluster\",\"version\":1,\"{key}\":{deep}}}");
    let mut cases = vec![arrays.clone(), objects.clone(), "[".repeat(levels), "{\"a\":".repeat(levels)];
    for key in ["x", "name", "brokers", "topics"] {
        cases.extend([under(key, &arrays), under(key, &objects)]);
    }
    cases.push(good().replace("\"size_bytes\":1000000000", &format!("\"size_bytes\":{arrays}")));
    cases.push(good().replace("\"leader\":1001", &format!("\"leader\":{objects}")));
    for (number, case) in cases.iter().enumerate() {
        refuse_file(&format!("deep-{number}"), case, "too-deep", &["127 levels", "c.json:1:"]);
    }
}

#[test]
fn a_broker_is_offered_only_where_it_was_plausibly_meant() {
    let dir = empty_dir("bad-near");
    put(&dir.join("c.json"), good());
    let answer = |drain: &str| kshift(&format!("plan c.json --drain {drain}")).in_dir(&dir).run();
    answer("1031").refused(2, "unknown-broker").says("broker 1031").says("help: `kshift snapshot CLUSTER`");
    for (typed, meant) in [("1030", Some("1003")), ("1020", Some("1002")), ("99", None), ("9", None), ("1009", None)] {
        let answer = answer(typed).refused(2, "unknown-broker");
        let offered = answer.stderr.split_once("did you mean ").map(|(_, rest)| rest.split('?').next().unwrap());
        assert_eq!(offered, meant, "{typed}: {}", answer.stderr);
    }
}

#[test]
fn empty_clusters_and_repeated_partitions_are_refused() {
    let brokers = six_brokers(1);
    refuse_file("no-broker", cluster(&[], &[]).to_string(), "empty-cluster", &["no broker", "at brokers"]);
    refuse_file("no-partition", cluster(&brokers, &[]).to_string(), "empty-cluster", &["no partition", "at topics"]);
    let twice = cluster(&brokers, &[partition(0, 0.0), partition(0, 0.0)]).to_string();
    refuse_file("partition-twice", twice, "duplicate-partition", &["`t-0`", "at topics[0].partitions[1]"]);
}

#[test]
fn wrong_brokers_and_limits_are_refused() {
    let dir = empty_dir("bad-options");
    put(&dir.join("c.json"), good());
    for (args, code, says) in [
        ("--drain 1001,4711", "unknown-broker", ["broker 4711", "1001-1003", "in --drain"]),
        ("--drain 1001-1005", "unknown-broker", ["1004-1005", "1001-1003", "in --drain"]),
        ("--drain 1001 --onto 0-2,9", "unknown-broker", ["broker 9", "0-2", "in --onto"]),
        ("--drain 1001 --onto 0-2,1001", "overlap", ["1001", "--drain", "in --onto"]),
        ("--drain 12-10", "invalid-value", ["`12-10`", "`10-12`", "in --drain"]),
        ("--drain 0-4294967295", "invalid-value", ["`0-4294967295`", "2147483647", "in --drain"]),
        ("--drain 1001 --throttle 0", "invalid-value", ["rate of 0", "`50MB/s`", "in --throttle"]),
        ("--drain 1001 --throttle 5parsec", "invalid-value", ["`5parsec`", "`50MB/s`", "in --throttle"]),
        ("--drain 1001 --disk-limit 150%", "invalid-value", ["`150%`", "100 %", "in --disk-limit"]),
    ] {
        let answer = kshift(&format!("plan c.json {args} --out out")).in_dir(&dir).run();
        assert_refused(answer, code, &says);
        assert_eq!(names(&dir), ["c.json"], "{args}: something was written");
    }
}

#[test]
fn directories_without_known_or_with_contradicting_files_are_refused() {
    let dir = empty_dir("bad-directories");
    put(&empty_dir("bad-directories/none").join("notes.txt"), "hello\n");
    let answer = kshift("snapshot none").in_dir(&dir).run().refused(2, "no-known-file");
    answer.says("none/notes.txt").says("kafka-topics.sh");
    let other = empty_dir("bad-directories/other");
    let endpoints = "cluster-list-endpoints.txt";
    for name in ["topics-describe.txt", "broker-api-versions.txt", endpoints] {
        let text = crate::support::files::text(&repo("examples/kafka-4.3.1").join(name));
        put(&other.join(name), if name == endpoints { text.replacen("az1", "az9", 1) } else { text });
    }
    let answer = kshift("snapshot other").in_dir(&dir).run().refused(2, "contradiction");
    answer.says("`use1-az1`").says("`use1-az9`").says("other/cluster-list-endpoints.txt:2");
}

#[test]
fn an_output_directory_that_exists_is_left_alone() {
    let dir = empty_dir("bad-exists");
    put(&dir.join("c.json"), good());
    put(&empty_dir("bad-exists/out").join("mine.txt"), "mine");
    kshift("plan c.json --drain 1001-1003 --out out").in_dir(&dir).run().refused(2, "output-exists").says("`out`");
    assert_eq!(names(&dir.join("out")), ["mine.txt"]);
}

fn as_root(program: &str, args: &[&str], dir: &Path) -> bool {
    Command::new(program).args(args).current_dir(dir).output().is_ok_and(|output| output.status.success())
}

/// A full disk is a tmpfs of 16 KB; without the right to mount it the test has nothing to say.
#[test]
fn a_disk_that_fills_up_leaves_nothing_behind() {
    let dir = empty_dir("bad-full");
    put(&dir.join("c.json"), good());
    let full = empty_dir("bad-full/full");
    if !as_root("mount", &["-t", "tmpfs", "-o", "size=16k", "none", "full"], &dir) {
        return;
    }
    let plan = kshift("plan c.json --drain 1001-1003 --out full/out").in_dir(&dir).run();
    let left = names(&full);
    as_root("umount", &["full"], &dir);
    plan.refused(2, "unwritable").says("full/out").says("No space left");
    assert_eq!(left, Vec::<String>::new());
}

/// The device is one of our own: a rename over `/dev/full` would break it for the whole machine.
#[test]
fn a_device_is_written_into_and_never_replaced() {
    let dir = empty_dir("bad-device");
    put(&dir.join("c.json"), good());
    if !as_root("mknod", &["device", "c", "1", "7"], &dir) {
        return;
    }
    kshift("snapshot c.json -o device").in_dir(&dir).run().refused(2, "unwritable").says("in device");
    assert!(!dir.join("device").is_file(), "the device became a file");
    assert_eq!(names(&dir), ["c.json", "device"]);
}

#[test]
fn marks_line_ends_compression_and_pipes_change_no_byte() {
    let dir = empty_dir("bad-none");
    let text = good().replace(",\"", ",\n\"");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    let zst = ruzstd::encoding::compress_to_vec(text.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest);
    put(&dir.join("plain.json"), &text);
    put(&dir.join("bom.json"), format!("\u{feff}{text}"));
    put(&dir.join("crlf.json"), text.replace('\n', "\r\n"));
    put(&dir.join("gz.json"), packed.finish().unwrap());
    put(&dir.join("zst.json"), zst);
    let plain = kshift("plan plain.json --drain 1001-1003").in_dir(&dir).run().ok().stdout;
    for name in ["bom", "crlf", "gz", "zst"] {
        let same = kshift(&format!("plan {name}.json --drain 1001-1003")).in_dir(&dir).run().ok().stdout;
        assert_eq!(same, plain, "{name}");
    }
    let piped = kshift("plan - --drain 1001-1003").input(text).run().ok().stdout;
    assert_eq!(piped, plain);
}

#[test]
fn dead_brokers_in_tool_output_are_no_bad_input() {
    let dir = empty_dir("bad-dead");
    for (from, to) in [("topics-describe", "topics.txt"), ("log-dirs-describe", "dirs.txt")] {
        let mut path = String::new();
        write!(path, "tests/fixtures/kafka-4.3.1-kraft/{from}-dead-broker.txt").unwrap();
        put(&dir.join(to), crate::support::files::text(&repo(&path)));
    }
    let answer = kshift("snapshot .").in_dir(&dir).run().ok().says("warning[dead-broker]").says("1003");
    assert!(answer.stdout.contains("\"state\":\"dead\""));
}
