//! The command. Arguments are read as typed (`args`), turned into what they mean (`resolve`), and each
//! command is a thin file: read, call the library, print through a view (`view`).
//!
//! Standard output carries data, standard error talk; a closed pipe is success. Only this module prints,
//! exits, or knows that there is a terminal.

pub(crate) mod args;
pub(crate) mod around;
mod at_once;
pub(crate) mod brokers;
pub(crate) mod campaign;
pub(crate) mod check;
mod console;
pub(crate) mod diff;
mod drift;
mod example;
pub(crate) mod explain;
mod export;
pub(crate) mod gate;
mod interrupt;
pub(crate) mod load;
mod plan;
mod progress;
pub(crate) mod resolve;
mod rollback;
pub(crate) mod show;
pub(crate) mod simulate;
mod snapshot;
pub(crate) mod summary;
pub(crate) mod table;
#[cfg(test)]
mod tests;
mod usage;
pub(crate) mod values;
pub(crate) mod view;

use std::ffi::OsString;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use clap::Parser;
use clap::error::ErrorKind;

use self::args::{Command, CommandLine, Talk};
use self::console::Console;
use crate::base::error::{Code, Error, Result};

/// Runs the command with these arguments, the first of which is the program's name.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    ExitCode::from(run(args))
}

/// As [`main`], with the exit code as a number.
pub fn run(args: impl IntoIterator<Item = OsString>) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    let json = args.iter().skip(1).take_while(|arg| *arg != "--").any(|arg| arg == "--json");
    let console = Console::new(Talk { json, quiet: false });
    interrupt::listen(json);
    match guarded(|| parse(&args, &console)) {
        Ok(code) => code,
        Err(error) => {
            console.error(&error);
            error.code().exit_code()
        }
    }
}

fn parse(args: &[OsString], console: &Console) -> Result<u8> {
    match CommandLine::try_parse_from(args) {
        Ok(line) => dispatch(&line.command),
        Err(fault) if matches!(fault.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            console.data(fault.to_string().as_bytes())?;
            Ok(0)
        }
        Err(fault) => {
            let names = usage::command_names();
            let typed = args.get(1).and_then(|arg| arg.to_str());
            Err(usage::explain(&fault, typed.filter(|typed| names.iter().any(|name| name == typed))))
        }
    }
}

fn dispatch(command: &Command) -> Result<u8> {
    let console = Console::new(command.talk());
    match command {
        Command::Snapshot(args) => snapshot::run(args, &console),
        Command::Plan(args) => plan::run(args, &console),
        Command::Show(args) => show::run(args, &console),
        Command::Check(args) => check::run(args, &console),
        Command::Simulate(args) => simulate::run(args, &console),
        Command::Gate(args) => gate::run(args, &console),
        Command::Diff(args) => diff::run(args, &console),
        Command::Rollback(args) => rollback::run(args, &console),
        Command::Export(args) => export::run(args, &console),
        Command::Campaign(args) => campaign::run(args, &console),
        Command::Explain(args) => explain::run(args, &console),
        Command::Example(args) => example::run(args, &console),
    }
}

/// Turns a panic, which is always our own fault, into an error like any other.
fn guarded(work: impl FnOnce() -> Result<u8>) -> Result<u8> {
    static WHERE: Mutex<Option<String>> = Mutex::new(None);
    let before = panic::take_hook();
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|at| format!("{}:{}", at.file(), at.line()));
        // The first panic is the cause; others follow from it.
        WHERE.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(place.unwrap_or_default());
    }));
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    panic::set_hook(before);
    result.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default();
        let place = WHERE.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
        Err(Error::new(Code::Internal, "kshift broke an assumption of its own and stopped; nothing was finished")
            .note(format!("{text}, at {place}"))
            .help("this is a fault of kshift: please report it with the command and, if you may, its input"))
    })
}
