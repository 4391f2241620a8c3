//! `kshift explain`: what a code means, offline.

use std::fmt::Write as _;

use clap::Args;
use serde::Serialize;

use super::console::Console;
use super::view::View;
use crate::base::error::Result;
use crate::explain::{self, Entry, Family};

/// `kshift explain`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kshift explain disk-limit
  kshift explain")]
pub struct ExplainArgs {
    /// The word between the brackets of `error[…]`, `warning[…]`, `violation[…]`, `lint[…]`, or of a gate; without it all are listed
    pub code: Option<String>,
    /// Print one JSON object instead of text
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

/// Explains one code, or lists all.
pub fn run(args: &ExplainArgs, console: &Console) -> Result<u8> {
    match &args.code {
        Some(code) => console.show(&Explained { entries: explain::explain(code)? })?,
        None => console.show(&Listed { codes: explain::all() })?,
    }
    Ok(0)
}

/// Every meaning of one code.
#[derive(Serialize)]
struct Explained {
    entries: Vec<Entry>,
}

impl View for Explained {
    fn text(&self, _quiet: bool) -> String {
        let texts: Vec<String> = self.entries.iter().map(|entry| format!("{entry}\n\nIn {}", entry.page)).collect();
        texts.join("\n\n---\n\n")
    }
}

/// All codes.
#[derive(Serialize)]
struct Listed {
    codes: Vec<Entry>,
}

impl View for Listed {
    fn text(&self, _quiet: bool) -> String {
        let width = self.codes.iter().map(|entry| entry.code.len()).max().unwrap_or(0);
        let mut text = String::new();
        for family in Family::ALL {
            let of: Vec<&Entry> = self.codes.iter().filter(|entry| entry.family == family).collect();
            let _ = writeln!(text, "{} ({})", family.as_str(), of.len());
            for entry in of {
                // Titles are paragraphs of pages; here a line each.
                let title = entry.title.split_whitespace().collect::<Vec<_>>().join(" ");
                let _ = writeln!(text, "  {:<width$}  {title}", entry.code);
            }
            text.push('\n');
        }
        text.trim_end().to_owned()
    }
}
