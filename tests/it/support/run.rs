//! Runs the command and keeps what it answered.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::files::{put, repo, text};

/// A command to be run.
pub struct Kshift {
    command: Command,
    input: Vec<u8>,
}

/// What a run answered.
pub struct Answer {
    /// The arguments, for messages.
    pub args: String,
    pub exit: i32,
    pub stdout: String,
    pub stderr: String,
}

/// `kshift` with these arguments, separated by blanks.
pub fn kshift(args: &str) -> Kshift {
    kshift_with(args.split_whitespace())
}

/// `kshift` with these arguments.
pub fn kshift_with<'a>(args: impl IntoIterator<Item = &'a str>) -> Kshift {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kshift"));
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Kshift { command, input: Vec::new() }
}

impl Kshift {
    /// Runs in this directory.
    pub fn in_dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Sends this to standard input.
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// Sends standard output elsewhere.
    pub fn stdout(mut self, to: Stdio) -> Self {
        self.command.stdout(to);
        self
    }

    /// Sends standard error elsewhere.
    pub fn stderr(mut self, to: Stdio) -> Self {
        self.command.stderr(to);
        self
    }

    /// Runs to the end.
    pub fn run(mut self) -> Answer {
        let args: Vec<_> = self.command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect();
        let mut child = self.command.spawn().expect("the command starts");
        // It may have refused its arguments before it reads.
        let _ = child.stdin.take().expect("standard input is a pipe").write_all(&self.input);
        let output = child.wait_with_output().expect("the command ends");
        Answer {
            args: args.join(" "),
            exit: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("standard output is text"),
            stderr: String::from_utf8(output.stderr).expect("standard error is text"),
        }
    }
}

impl Answer {
    /// Asserts success.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.exit, 0, "kshift {}\n{}", self.args, self.stderr);
        self
    }

    /// Asserts a refusal: this exit code, this error, nothing on standard output, something to do about it.
    #[track_caller]
    pub fn refused(self, exit: i32, code: &str) -> Self {
        let answer = format!("kshift {}\n{}", self.args, self.stderr);
        assert_eq!(self.exit, exit, "{answer}");
        assert_eq!(self.stdout, "", "{answer}");
        assert!(self.stderr.starts_with(&format!("error[{code}]: ")), "expected {code}: {answer}");
        assert!(self.stderr.contains("\nhelp: "), "no help: {answer}");
        assert!(!self.stderr.contains("panicked"), "{answer}");
        self
    }

    /// Asserts that standard error says this.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "expected `{text}`: kshift {}\n{}", self.args, self.stderr);
        self
    }

    /// Standard error as one JSON object.
    #[track_caller]
    pub fn stderr_json(&self) -> Value {
        let value: Value = serde_json::from_str(&self.stderr)
            .unwrap_or_else(|error| panic!("{error}: kshift {}\n{}", self.args, self.stderr));
        assert!(value.is_object(), "kshift {}\n{}", self.args, self.stderr);
        value
    }
}

/// What `check` says of a plan for `c.json` in `dir` after a change that it must find.
pub fn report_of_changed(dir: &Path, plan: &Value, change: &dyn Fn(&mut Value)) -> String {
    let mut other = plan.clone();
    change(&mut other);
    put(&dir.join("other.json"), other.to_string());
    let answer = kshift("check c.json other.json").in_dir(dir).run();
    assert_eq!(answer.exit, 1, "{}", answer.stdout);
    answer.stdout
}

/// The command in the directory of the examples.
pub fn in_examples(args: &str) -> Answer {
    kshift(args).in_dir(&repo("examples")).run()
}

/// Compares an answer with the one that is kept; `KSHIFT_BLESS=1` keeps this one.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "tests read their own switch")]
pub fn golden(name: &str, found: &str) {
    let path = repo("tests/golden/cli").join(name);
    if std::env::var("KSHIFT_BLESS").is_ok() {
        put(&path, found);
    }
    assert_eq!(found, text(&path), "{name} differs; KSHIFT_BLESS=1 writes it anew");
}
