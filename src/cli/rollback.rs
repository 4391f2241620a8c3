//! `kshift rollback`: the way back to before a wave.

use serde::Serialize;

use super::args::RollbackArgs;
use super::console::Console;
use super::summary::{Step, gap, steps_text};
use super::view::{Lines, View, quoted, warnings_text};
use super::{load, progress};
use crate::base::error::{Code, Error, Result};
use crate::base::text::{counted, grouped};
use crate::base::units::Bytes;
use crate::emit;
use crate::plan::Warning;
use crate::plan::rollback::{Rollback, rollback};

/// Writes the way back and tells what it takes.
pub fn run(args: &RollbackArgs, console: &Console) -> Result<u8> {
    let plan = load::plan(&args.plan)?;
    let back = rollback(&plan, args.to_wave)?;
    match &args.out {
        Some(dir) => {
            let watched = progress::watch(console);
            emit::rollback_dir::write(&back, dir, &watched.work).map_err(without_force)?;
        }
        None => console.data(&emit::kafka::restore(&back))?,
    }
    let mut view = BackView::new(&back);
    if let Some(dir) = &args.out {
        view.out = Some(dir.display().to_string());
        let command = format!("less {}", quoted(&dir.join("runbook.md")));
        view.next = vec![Step { command, purpose: "every command to type" }];
    }
    console.tell(&view);
    Ok(0)
}

/// There is no `--force` here to be helped with: a way back is never worth losing another one.
fn without_force(fault: Error) -> Error {
    if fault.code() != Code::OutputExists {
        return fault;
    }
    let place = fault.place().cloned().unwrap_or_default();
    Error::new(Code::OutputExists, fault.message()).at(place).help("name another directory")
}

/// What the way back takes.
#[derive(Serialize)]
struct BackView {
    to_wave: u32,
    last_wave: u32,
    partitions: u64,
    /// Replicas to copy back when all of those waves have run.
    replicas_to_copy: u64,
    /// Their bytes.
    bytes_to_copy: Bytes,
    warnings: Vec<Warning>,
    #[serde(skip_serializing_if = "Option::is_none")]
    out: Option<String>,
    next: Vec<Step>,
}

impl BackView {
    fn new(back: &Rollback<'_>) -> Self {
        let (mut replicas, mut bytes) = (0, Bytes::ZERO);
        for restore in back.restores() {
            for _ in restore.copied_to() {
                replicas += 1;
                bytes += restore.size;
            }
        }
        // Between log dirs the old one may be asked for at any time.
        let within = back.plan.request.empties_dirs();
        let throttle = back.plan.log_dir_throttle();
        let throttle =
            throttle.map_or(String::new(), |rate| format!(" --replica-alter-log-dirs-throttle {}", rate.get()));
        let message = "cancel what still moves and wait until nothing does: originals submitted over a running move \
                       can hang for ever";
        BackView {
            to_wave: back.to_wave,
            last_wave: back.plan.waves.len() as u32,
            partitions: back.len() as u64,
            replicas_to_copy: replicas,
            bytes_to_copy: bytes,
            warnings: if within { Vec::new() } else { vec![Warning::new("cancel-first", message)] },
            out: None,
            next: vec![Step {
                command: format!(
                    "kafka-reassign-partitions.sh --bootstrap-server HOST:PORT --reassignment-json-file FILE{throttle} --execute"
                ),
                purpose: "the way back; `--out DIR` adds a runbook, the throttle and the election",
            }],
        }
    }
}

impl View for BackView {
    fn text(&self, quiet: bool) -> String {
        let warnings = warnings_text(&self.warnings);
        if quiet {
            return warnings;
        }
        let mut lines = Lines::default();
        let undone = match self.last_wave - self.to_wave {
            0 => format!("undoes wave {}", self.to_wave),
            _ => format!("undoes waves {} to {}", self.to_wave, self.last_wave),
        };
        lines.add("rollback", format!("to before wave {}; {undone}", self.to_wave));
        let get = if self.partitions == 1 {
            "gets back its exact ordered list"
        } else {
            "get back their exact ordered lists"
        };
        lines.add("partitions", format!("{} {get}", grouped(self.partitions)));
        let copies = counted(self.replicas_to_copy, "replica");
        lines.add("copies", format!("{copies}, {}, when all of it has run; less before", self.bytes_to_copy));
        if let Some(out) = &self.out {
            lines.add("written", format!("{out}/"));
        }
        format!("{}{}{warnings}{}", lines.text(), gap(&warnings), steps_text(&self.next))
    }
}
