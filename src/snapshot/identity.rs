//! Two fingerprints of a cluster: of everything that a plan depends on, and of the replica lists alone.

use sha2::{Digest, Sha256};

use super::{Snapshot, v1};
use crate::base::json::Writer;

impl Snapshot {
    /// SHA-256 of the canonical snapshot without `name`, `taken_at` and `host`, in hexadecimal.
    pub fn sha256(&self) -> String {
        let mut hash = Sha256::new();
        v1::write_to(self, v1::Include::WhatPlansDependOn, |part| hash.update(part));
        hexadecimal(hash)
    }

    /// SHA-256 of `{"version":1,"partitions":[{"topic":…,"partition":…,"replicas":[…]},…]}`, sorted and
    /// compact, in hexadecimal: the same wherever the cluster was read.
    pub fn assignment_sha256(&self) -> String {
        let partitions = &self.partitions;
        let (mut hash, mut writer) = (Sha256::new(), Writer::default());
        writer.begin_object().key("version").int(1).key("partitions").begin_array();
        for row in 0..partitions.len() {
            writer.begin_object().key("topic").string(&self.topic_of(row).name);
            writer.key("partition").int(partitions.id[row].get()).key("replicas").begin_array();
            for id in partitions.replicas.get(row) {
                writer.int(id.get());
            }
            writer.end_array().end_object();
            writer.drain(|part| hash.update(part));
        }
        writer.end_array().end_object();
        hash.update(writer.into_bytes());
        hexadecimal(hash)
    }
}

fn hexadecimal(hash: Sha256) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(64);
    for byte in hash.finalize() {
        write!(text, "{byte:02x}").expect("writing to a string never fails");
    }
    text
}
