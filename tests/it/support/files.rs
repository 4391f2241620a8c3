//! Small clusters and files for tests of the command.
#![expect(clippy::disallowed_methods, reason = "tests put files where the command shall find them")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde_json::{Value, json};

/// An empty directory for one test. A name asked for again gives another directory: tests run side by side.
pub fn empty_dir(name: &str) -> PathBuf {
    static GIVEN: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());
    let nth = *GIVEN.lock().unwrap().entry(name.to_owned()).and_modify(|times| *times += 1).or_insert(1);
    let name = if nth == 1 { name.to_owned() } else { format!("{name}.{nth}") };
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).expect("a directory for the test");
    dir
}

/// Writes a file.
pub fn put(path: &Path, content: impl AsRef<[u8]>) {
    fs::write(path, content).expect("a file for the test");
}

/// The text of a file.
pub fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A file of this repository.
pub fn repo(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The names in a directory.
pub fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("a directory");
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

pub fn broker(id: i32, rack: &str, capacity: u64) -> Value {
    json!({"id": id, "rack": rack, "log_dirs": [{"path": "/d", "capacity_bytes": capacity}]})
}

/// Old brokers 1001-1003 and new ones 0-2 in the racks a, b, c.
pub fn six_brokers(capacity_of_new: u64) -> Vec<Value> {
    let old = [(1001, "a"), (1002, "b"), (1003, "c")].map(|(id, rack)| broker(id, rack, 1_000_000_000_000));
    let new = [(0, "a"), (1, "b"), (2, "c")].map(|(id, rack)| broker(id, rack, capacity_of_new));
    old.into_iter().chain(new).collect()
}

/// A partition of 1 GB on 1001-1003.
pub fn partition(number: i32, bytes_in: f64) -> Value {
    json!({
        "partition": number, "replicas": [1001, 1002, 1003], "leader": 1001, "isr": [1001, 1002, 1003],
        "size_bytes": 1_000_000_000, "bytes_in_per_sec": bytes_in,
    })
}

pub fn cluster(brokers: &[Value], partitions: &[Value]) -> Value {
    json!({
        "kind": "kshift.cluster", "version": 1, "brokers": brokers,
        "topics": [{"name": "t", "config": {"min.insync.replicas": "2"}, "partitions": partitions}],
    })
}
