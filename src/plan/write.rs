//! Writing a plan file: canonical, compact, and on all cores.

use std::ops::Range;

use rayon::prelude::*;

use super::{KIND, Move, Plan, VERSION, Wave};
use crate::base::error::Result;
use crate::base::ids::BrokerId;
use crate::base::json::Writer;

/// Rows rendered at once by one thread.
const CHUNK_ROWS: usize = 2_048;
/// Chunks held in memory at once.
const CHUNKS_HELD: usize = 32;
/// What a partition takes in the file, roughly.
const ROW_BYTES: usize = 224;

/// The plan as canonical JSON.
pub fn write(plan: &Plan) -> Vec<u8> {
    let mut content = Vec::with_capacity(8_192 + plan.brokers.len() * 512 + plan.moves.size.len() * ROW_BYTES);
    let written = write_to(plan, &mut |piece| {
        content.extend_from_slice(piece);
        Ok(())
    });
    written.expect("memory takes every piece");
    content
}

/// The same, piece by piece.
///
/// # Errors
/// What `sink` finds; nothing more is handed to it then.
pub fn write_to(plan: &Plan, sink: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut writer = Writer::default();
    writer.begin_object().key("kind").string(KIND).key("version").int(VERSION);
    writer.key("kshift").string(&plan.kshift);
    writer.key("request").value(&plan.request);
    writer.key("cluster").value(&plan.cluster);
    writer.key("brokers").value(&plan.brokers);
    writer.key("summary").value(&plan.summary);
    writer.key("waves").begin_array();
    for held in chunks_of(plan).chunks(CHUNKS_HELD) {
        let rendered: Vec<Vec<u8>> = held.par_iter().map(|chunk| rows(plan, chunk.rows.clone())).collect();
        for (chunk, rows) in held.iter().zip(rendered) {
            if chunk.rows.start == chunk.wave.rows.start {
                begin_wave(&mut writer, chunk.wave);
            }
            if !rows.is_empty() {
                sink(&writer.take_before_raw())?;
                sink(&rows)?;
            }
            if chunk.rows.end == chunk.wave.rows.end {
                writer.end_array().end_object();
            }
        }
    }
    writer.end_array();
    writer.key("deferred").value(&plan.deferred);
    writer.key("warnings").value(&plan.warnings);
    writer.key("complete").bool(plan.complete);
    if let Some(drift) = &plan.drift {
        writer.key("drift").value(drift);
    }
    if !(plan.throttles_before.is_empty() && plan.throttles_before.left.is_empty()) {
        writer.key("throttles_before").value(&plan.throttles_before);
    }
    writer.end_object();
    sink(&writer.into_bytes())
}

/// Some rows of one wave.
struct Chunk<'a> {
    wave: &'a Wave,
    rows: Range<usize>,
}

/// The rows of all waves in order; a wave without rows has one empty chunk.
fn chunks_of(plan: &Plan) -> Vec<Chunk<'_>> {
    let mut chunks = Vec::new();
    for wave in &plan.waves {
        let Range { start, end } = wave.rows;
        let mut at = start;
        loop {
            let next = (at + CHUNK_ROWS).min(end);
            chunks.push(Chunk { wave, rows: at..next });
            if next == end {
                break;
            }
            at = next;
        }
    }
    chunks
}

fn begin_wave(writer: &mut Writer, wave: &Wave) {
    writer.begin_object().key("index").int(wave.index);
    writer.key("stage").string(wave.stage.as_str());
    writer.key("copy_seconds").value(&wave.copy_seconds);
    writer.key("duration_seconds").value(&wave.duration_seconds);
    writer.key("bottleneck").value(&wave.bottleneck);
    if let Some(limit) = &wave.limit {
        writer.key("limit").value(limit);
    }
    writer.key("throttle").value(&wave.throttle);
    writer.key("rollback_seconds").value(&wave.rollback_seconds);
    writer.key("rollback_peak_disk_utilization").value(&wave.rollback_peak_disk_utilization);
    if let Some(at_risk) = &wave.at_risk {
        writer.key("at_risk").value(at_risk);
    }
    if let Some(dates) = &wave.dates {
        writer.key("starts_at").value(&dates.starts_at);
        writer.key("ends_at").value(&dates.ends_at);
    }
    writer.key("partitions").begin_array();
}

fn rows(plan: &Plan, rows: Range<usize>) -> Vec<u8> {
    let mut writer = Writer::with_capacity(rows.len() * ROW_BYTES);
    for row in rows {
        write_move(&mut writer, &plan.get(row));
    }
    writer.into_bytes()
}

fn write_move(writer: &mut Writer, m: &Move<'_>) {
    writer.begin_object().key("topic").string(m.topic).key("partition").int(m.partition.get());
    write_ids(writer.key("replicas"), m.replicas);
    write_ids(writer.key("previous"), m.previous);
    for (key, dirs) in [("log_dirs", m.dirs), ("previous_log_dirs", m.previous_dirs)] {
        if !dirs.is_empty() {
            write_dirs(writer.key(key), dirs.iter());
        }
    }
    for (key, leader) in [("leader", m.leader), ("leader_after", m.leader_after)] {
        match leader {
            Some(id) => writer.key(key).int(id.get()),
            None => writer.key(key).null(),
        };
    }
    writer.key("size_bytes").int(m.size.get()).end_object();
}

/// A list of brokers.
pub(crate) fn write_ids(writer: &mut Writer, ids: &[BrokerId]) {
    writer.begin_array();
    for id in ids {
        writer.int(id.get());
    }
    writer.end_array();
}

/// A list of log dirs, with Kafka's word `any` where none is chosen.
pub(crate) fn write_dirs<'a>(writer: &mut Writer, dirs: impl Iterator<Item = Option<&'a str>>) {
    writer.begin_array();
    for dir in dirs {
        writer.string(dir.unwrap_or("any"));
    }
    writer.end_array();
}
