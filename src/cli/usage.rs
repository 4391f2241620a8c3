//! What the argument parser found wrong, in our words: every kind of fault becomes an [`Error`] with a
//! place, what was expected, near misses, and where to read on.

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::args::CommandLine;
use crate::base::error::{Code, Error, Place, near_miss};
use crate::base::units::{Bytes, BytesPerSec, Seconds};

/// The fault as ours. `command` is the one that was named, if any.
pub fn explain(fault: &clap::Error, command: Option<&str>) -> Error {
    let option = first(fault, ContextKind::InvalidArg).map(bare).unwrap_or_default();
    let value = first(fault, ContextKind::InvalidValue).unwrap_or_default();
    let usage = |message: String| Error::new(Code::Usage, message);
    let error = match fault.kind() {
        ErrorKind::UnknownArgument => unknown_argument(fault, &option, command),
        ErrorKind::InvalidSubcommand => {
            unknown_command(&first(fault, ContextKind::InvalidSubcommand).unwrap_or_default(), command)
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let (kind, names) = words_of(command);
            usage(format!("no {kind}; expected one of {}", listed(names)))
        }
        ErrorKind::MissingRequiredArgument => missing(fault, command),
        ErrorKind::ValueValidation => {
            let why =
                std::error::Error::source(fault).map_or_else(|| format!("`{value}` is invalid"), ToString::to_string);
            let why = if value.is_empty() { format!("{option} has an empty value") } else { why };
            Error::new(Code::InvalidValue, why).at(Place::source(option))
        }
        ErrorKind::InvalidValue if value.is_empty() => usage(format!("{option} needs a value")),
        ErrorKind::InvalidValue => unknown_word(fault, &value, option),
        ErrorKind::ArgumentConflict => conflict(fault, &option),
        ErrorKind::TooManyValues => usage(format!("`{value}` is one value too many for {option}")),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => usage(format!("{option} needs a value")),
        ErrorKind::NoEquals => usage(format!("{option} needs its value after a `=`")),
        ErrorKind::InvalidUtf8 => Error::new(Code::InvalidValue, "an argument is not UTF-8 text"),
        _ => usage(fault.to_string().lines().next().unwrap_or("the command line is wrong").replace("error: ", "")),
    };
    error.help(match command {
        Some(command) => format!("`kshift {command} --help` lists its options and examples"),
        None => "`kshift --help` lists the commands".to_owned(),
    })
}

/// The names of the commands in the order of the help.
pub fn command_names() -> Vec<String> {
    CommandLine::command().get_subcommands().map(|command| command.get_name().to_owned()).collect()
}

/// What stands behind a command, or behind `kshift` itself, and the words that may: `format` and the formats.
fn words_of(command: Option<&str>) -> (String, Vec<String>) {
    let whole = CommandLine::command();
    let of = command.and_then(|name| whole.find_subcommand(name)).filter(|of| of.has_subcommands()).unwrap_or(&whole);
    let kind = of.get_subcommand_value_name().unwrap_or("command").to_lowercase();
    (kind, of.get_subcommands().map(|command| command.get_name().to_owned()).collect())
}

fn unknown_argument(fault: &clap::Error, found: &str, command: Option<&str>) -> Error {
    if !found.starts_with('-') {
        let taker = command.map_or("kshift".to_owned(), |command| format!("`kshift {command}`"));
        let error = Error::new(Code::Usage, format!("`{found}` is one argument too many for {taker}"));
        if is_unit(found) {
            return error.help(format!("write number and unit without a blank, such as `50{found}`"));
        }
        return error;
    }
    let known = options_of(command);
    let guess = first(fault, ContextKind::SuggestedArg).map(bare);
    let guess = guess.or_else(|| near_miss(found, known.iter().map(String::as_str)));
    let taker = command.map_or("kshift".to_owned(), |command| format!("`kshift {command}`"));
    let error = Error::new(Code::Usage, format!("{taker} has no option `{found}`"));
    match guess {
        Some(guess) => error.help(format!("did you mean `{guess}`?")),
        None => error,
    }
}

/// Whether this is what is left over of a value such as `50 MB/s`.
fn is_unit(word: &str) -> bool {
    let value = format!("50{word}");
    Bytes::parse(&value).is_ok() || BytesPerSec::parse(&value).is_ok() || Seconds::parse(&value).is_ok() || word == "%"
}

fn unknown_command(found: &str, command: Option<&str>) -> Error {
    let (kind, names) = words_of(command);
    let error =
        Error::new(Code::Usage, format!("there is no {kind} `{found}`; expected one of {}", listed(names.clone())));
    match near_miss(found, names.iter().map(String::as_str)) {
        Some(guess) if command.is_none() => error.help(format!("did you mean `kshift {guess}`?")),
        Some(guess) => error.help(format!("did you mean `{guess}`?")),
        None => error,
    }
}

fn missing(fault: &clap::Error, command: Option<&str>) -> Error {
    let missing = all(fault, ContextKind::InvalidArg);
    let taker = command.map_or("kshift".to_owned(), |command| format!("`kshift {command}`"));
    let mut error = Error::new(Code::Usage, format!("{taker} needs {}", missing.join(" and ")));
    let mut whole = CommandLine::command();
    whole.build();
    let of = command.and_then(|name| whole.find_subcommand(name)).unwrap_or(&whole);
    let below = of.get_subcommands().filter(|_| command.is_some()).flat_map(clap::Command::get_arguments);
    for arg in of.get_arguments().chain(below) {
        if let (true, Some(help)) = (missing.contains(&arg.to_string()), arg.get_help()) {
            error = error.note(format!("{arg}: {help}"));
        }
    }
    error
}

fn unknown_word(fault: &clap::Error, value: &str, option: String) -> Error {
    let valid = all(fault, ContextKind::ValidValue);
    let guess = near_miss(value, valid.iter().map(String::as_str));
    let error = Error::new(Code::InvalidValue, format!("`{value}` is unknown; expected {}", listed(valid)));
    let error = error.at(Place::source(option));
    match guess {
        Some(guess) => error.help(format!("did you mean `{guess}`?")),
        None => error,
    }
}

fn conflict(fault: &clap::Error, option: &str) -> Error {
    let others: Vec<String> = all(fault, ContextKind::PriorArg).into_iter().map(bare).collect();
    if others.is_empty() || others.iter().all(|other| other == option) {
        let list = if ["--drain", "--onto"].contains(&option) {
            "; ids go into one list, such as `1001-1012,1020`"
        } else {
            ""
        };
        return Error::new(Code::Usage, format!("{option} is given twice")).help(format!("give it once{list}"));
    }
    Error::new(Code::Usage, format!("{option} and {} exclude each other", others.join(", ")))
}

/// The long options of a command, or of kshift itself.
fn options_of(command: Option<&str>) -> Vec<String> {
    let whole = CommandLine::command();
    let of = command.and_then(|name| whole.find_subcommand(name)).unwrap_or(&whole);
    let below = of.get_subcommands().filter(|_| command.is_some()).flat_map(clap::Command::get_arguments);
    let known = of.get_arguments().chain(below).filter_map(|arg| arg.get_long()).chain(["help"]);
    known.map(|name| format!("--{name}")).collect()
}

fn all(fault: &clap::Error, kind: ContextKind) -> Vec<String> {
    match fault.get(kind) {
        Some(ContextValue::String(one)) => vec![one.clone()],
        Some(ContextValue::Strings(several)) => several.clone(),
        _ => Vec::new(),
    }
}

fn first(fault: &clap::Error, kind: ContextKind) -> Option<String> {
    all(fault, kind).into_iter().next()
}

/// `--drain <IDS>` as `--drain`.
fn bare(option: String) -> String {
    match option.split_once([' ', '=']) {
        Some((name, _)) if name.starts_with('-') => name.to_owned(),
        _ => option,
    }
}

fn listed(words: Vec<String>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [init @ .., last] => format!("{} or {last}", init.join(", ")),
    }
}
