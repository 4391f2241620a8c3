//! Standard output and standard error: data on one, talk on the other, and a closed pipe is success.

use std::io::{self, IsTerminal, Write};

use super::args::Talk;
use super::view::View;
use crate::base::error::{Code, Error, Place, Result};

/// Where a command prints.
pub struct Console {
    talk: Talk,
}

impl Console {
    /// A console that talks as asked.
    pub fn new(talk: Talk) -> Self {
        Console { talk }
    }

    /// Whether what is for people is printed as JSON.
    pub fn json(&self) -> bool {
        self.talk.json
    }

    /// Whether summaries and progress are left out.
    pub fn quiet(&self) -> bool {
        self.talk.quiet
    }

    /// Writes data to standard output.
    ///
    /// # Errors
    /// [`Code::Unwritable`] when that fails for another reason than a reader who has gone.
    #[expect(clippy::unused_self, reason = "only who holds the console prints")]
    pub fn data(&self, content: &[u8]) -> Result<()> {
        let mut out = io::stdout().lock();
        // On a screen the summary that follows must not continue the last line; files stay byte for byte.
        let end: &[u8] = if out.is_terminal() && !content.ends_with(b"\n") { b"\n" } else { b"" };
        match out.write_all(content).and_then(|()| out.write_all(end)).and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Error::new(Code::Unwritable, format!("cannot write to standard output: {error}"))
                    .at(Place::source("standard output"))
                    .help("free some space or send the output elsewhere; what was written is not complete"))
            }
            _ => Ok(()),
        }
    }

    /// Shows a view on standard output, as text or as one JSON object.
    ///
    /// # Errors
    /// As [`Console::data`].
    pub fn show(&self, view: &impl View) -> Result<()> {
        self.data(self.rendered(view).as_bytes())
    }

    /// Tells a view on standard error, as text or as one JSON object.
    pub fn tell(&self, view: &impl View) {
        say(&self.rendered(view));
    }

    /// Tells an error.
    pub fn error(&self, error: &Error) {
        say(&error_text(error, self.talk.json));
    }

    fn rendered(&self, view: &impl View) -> String {
        let mut text = if self.talk.json { view.json() } else { view.text(self.talk.quiet) };
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text
    }
}

/// An error as it stands on standard error.
pub fn error_text(error: &Error, json: bool) -> String {
    if json { format!("{}\n", error.to_json()) } else { format!("{error}\n") }
}

/// Writes to standard error; nobody is left to hear of it when that fails.
pub fn say(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
