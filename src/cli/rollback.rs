//! `kshift rollback`: the way back to before a wave.

use serde::Serialize;

use super::args::RollbackArgs;
use super::console::Console;
use super::show::bytes_to_copy;
use super::summary::{Step, gap, steps_text};
use super::view::{Lines, View, quoted, warnings_text};
use super::{load, progress};
use crate::base::error::Result;
use crate::base::text::{counted, grouped};
use crate::base::units::{Bytes, BytesPerSec, Seconds};
use crate::emit;
use crate::plan::rollback::{Rollback, rollback, waves};
use crate::plan::{Plan, Warning, Wave};

/// Writes the way back and tells what it takes.
pub fn run(args: &RollbackArgs, console: &Console) -> Result<u8> {
    let plan = load::plan(&args.plan)?;
    let back = rollback(&plan, args.to_wave)?;
    let undone = match &args.out {
        Some(dir) => {
            let watched = progress::watch(console);
            emit::rollback_dir::write(&back, dir, &watched.work).map_err(load::without_force)?
        }
        None => waves(&plan, args.to_wave)?,
    };
    let prints = args.out.is_none() || args.format.is_some();
    if prints {
        console.data(&emit::kafka::restore(&back))?;
    }
    let mut view = BackView::new(&back, &undone);
    if args.out.is_none() {
        view.copy_at_once(&back);
    }
    if prints {
        view.warn_of_one_file(&back, &undone);
    }
    if let Some(dir) = &args.out {
        view.out = Some(dir.display().to_string());
        let command = format!("less {}", quoted(&dir.join("runbook.md")));
        view.next = vec![Step { command, purpose: "every command to type" }];
    }
    console.tell(&view);
    Ok(0)
}

/// Waves of the way back that the text names.
const WAVES_SHOWN: usize = 12;
/// KRaft starts no more partitions of one request.
const PARTITIONS_MAX: usize = 10_000;

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
    /// Copy time of all waves of the way back, one after the other.
    copy_seconds: Option<Seconds>,
    /// The waves of the way back in the order in which they run.
    waves: Vec<BackWave>,
    #[serde(skip)]
    throttle: Option<BytesPerSec>,
    warnings: Vec<Warning>,
    #[serde(skip_serializing_if = "Option::is_none")]
    out: Option<String>,
    next: Vec<Step>,
}

/// A wave of the way back.
#[derive(Serialize)]
struct BackWave {
    wave: u32,
    undoes: u32,
    partitions: u64,
    bytes_to_copy: Bytes,
    copy_seconds: Option<Seconds>,
}

impl BackView {
    fn new(back: &Rollback<'_>, undone: &Plan) -> Self {
        // Between log dirs the old one may be asked for at any time.
        let within = back.plan.request.empties_dirs();
        let throttle = back.plan.log_dir_throttle();
        let option =
            throttle.map_or(String::new(), |rate| format!(" --replica-alter-log-dirs-throttle {}", rate.get()));
        let rate = throttle.or(back.throttle().map(|both| both.leader_bytes_per_sec.min(both.follower_bytes_per_sec)));
        let option = match rate.filter(|_| !within) {
            Some(rate) => format!(" --throttle {}", rate.get()),
            None => option,
        };
        let last_wave = back.plan.waves.len() as u32;
        let wave = |wave: &Wave| BackWave {
            wave: wave.index,
            undoes: last_wave + 1 - wave.index,
            partitions: wave.rows.len() as u64,
            bytes_to_copy: bytes_to_copy(undone, wave),
            copy_seconds: wave.copy_seconds,
        };
        let message = "cancel what still moves and wait until nothing does: originals submitted over a running move \
                       can hang for ever";
        let mut warnings = if within { Vec::new() } else { vec![Warning::new("cancel-first", message)] };
        // The plan says it with a rate that does.
        warnings.extend(undone.warnings.iter().cloned());
        BackView {
            to_wave: back.to_wave,
            last_wave,
            partitions: back.len() as u64,
            replicas_to_copy: undone.summary.replicas_moved,
            bytes_to_copy: undone.summary.bytes_moved,
            copy_seconds: undone.summary.makespan_seconds,
            waves: undone.waves.iter().map(wave).collect(),
            throttle: rate,
            warnings,
            out: None,
            next: vec![Step {
                command: format!(
                    "kafka-reassign-partitions.sh --bootstrap-server HOST:PORT --reassignment-json-file FILE{option} --execute"
                ),
                purpose: "the way back at once; `--out DIR` writes it wave by wave, with a runbook",
            }],
        }
    }

    /// Counts what one file copies: no copies that a partition makes only on its way through several waves.
    fn copy_at_once(&mut self, back: &Rollback<'_>) {
        let copied = || back.restores().flat_map(|restore| restore.copied_to().map(move |_| restore.size));
        (self.replicas_to_copy, self.bytes_to_copy) = (copied().count() as u64, copied().sum());
    }

    /// What one file costs beside waves.
    fn warn_of_one_file(&mut self, back: &Rollback<'_>, undone: &Plan) {
        if undone.waves.len() > 1 {
            let message = format!(
                "the one file starts the whole way back at once, all {} of it; `--out DIR` writes {} of at most {} partitions",
                counted(back.len(), "partition"),
                counted(undone.waves.len(), "wave"),
                undone.waves.iter().map(|wave| wave.rows.len()).max().unwrap_or(0)
            );
            self.warnings.push(Warning::new("all-at-once", message));
        }
        if back.len() > PARTITIONS_MAX {
            let message = format!(
                "{} are more than KRaft starts in one request ({PARTITIONS_MAX}): it refuses the rest; go back by waves",
                counted(back.len(), "partition")
            );
            self.warnings.push(Warning::new("too-many-records", message));
        }
    }

    fn add_waves(&self, lines: &mut Lines) {
        for (place, wave) in self.waves.iter().take(WAVES_SHOWN).enumerate() {
            let time = wave.copy_seconds.map_or(String::new(), |time| format!(", {time}"));
            let (partitions, bytes) = (counted(wave.partitions, "partition"), wave.bytes_to_copy);
            let text = format!("{} undoes wave {}: {partitions}, {bytes}{time}", wave.wave, wave.undoes);
            lines.add(if place == 0 { "waves" } else { "" }, text);
        }
        if self.waves.len() > WAVES_SHOWN {
            lines.add("", format!("and {} more", grouped((self.waves.len() - WAVES_SHOWN) as u64)));
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
        if let Some((time, rate)) = self.copy_seconds.zip(self.throttle) {
            lines.add("time", format!("{time} of copying, wave by wave, at {rate} for each broker"));
        }
        self.add_waves(&mut lines);
        if let Some(out) = &self.out {
            lines.add("written", format!("{out}/"));
        }
        format!("{}{}{warnings}{}", lines.text(), gap(&warnings), steps_text(&self.next))
    }
}
