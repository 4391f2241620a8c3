//! Two fingerprints of a cluster: of everything that a plan depends on, and of the replica lists alone.

use sha2::{Digest, Sha256};

use super::{Snapshot, v1};
use crate::base::json::Writer;

impl Snapshot {
    /// SHA-256 of the canonical snapshot without `name`, `taken_at` and `host`, in hexadecimal.
    pub fn sha256(&self) -> String {
        hex_sha256(&v1::write(self, v1::Include::WhatPlansDependOn))
    }

    /// SHA-256 of `{"version":1,"partitions":[{"topic":…,"partition":…,"replicas":[…]},…]}`, sorted and
    /// compact, in hexadecimal: the same wherever the cluster was read.
    pub fn assignment_sha256(&self) -> String {
        let partitions = &self.partitions;
        let mut writer = Writer::with_capacity(partitions.len() * 64);
        writer.begin_object().key("version").int(1).key("partitions").begin_array();
        for row in 0..partitions.len() {
            writer.begin_object().key("topic").string(&self.topic_of(row).name);
            writer.key("partition").int(partitions.id[row].get()).key("replicas").begin_array();
            for id in partitions.replicas.get(row) {
                writer.int(id.get());
            }
            writer.end_array().end_object();
        }
        writer.end_array().end_object();
        hex_sha256(&writer.into_bytes())
    }
}

fn hex_sha256(content: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(content) {
        write!(text, "{byte:02x}").expect("writing to a string never fails");
    }
    text
}
