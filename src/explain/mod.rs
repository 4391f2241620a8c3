//! Every code that kshift prints, with its page: errors, warnings, rules of the check, advice and gates.
//!
//! The pages under docs/ are the one registry: they are built in, read here, and compared with the sources by tests. A
//! word may be of several families (`disk-limit` is an error, a rule and a warning); all of them are explained.

use std::fmt::{self, Display};

use serde::Serialize;

use crate::base::error::{Code, Error, Place, Result, near_miss};

const ERRORS: &str = include_str!("../../docs/errors.md");
const FINDINGS: &str = include_str!("../../docs/findings.md");
const GATES: &str = include_str!("../../docs/gates.md");

/// What prints a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// `error[…]`: a command refused.
    Error,
    /// `violation[…]` of `kshift check`.
    Rule,
    /// `lint[…]` of `kshift check`.
    Lint,
    /// A check of `kshift gate`.
    Gate,
    /// `warning[…]`.
    Warning,
}

impl Family {
    /// Every family, in the order in which they are told.
    pub const ALL: [Family; 5] = [Family::Error, Family::Rule, Family::Lint, Family::Gate, Family::Warning];

    /// How it is called.
    pub const fn as_str(self) -> &'static str {
        match self {
            Family::Error => "error",
            Family::Rule => "rule of the check",
            Family::Lint => "advice of the check",
            Family::Gate => "check of a gate",
            Family::Warning => "warning",
        }
    }
}

/// A code of one family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The word.
    pub code: String,
    /// What prints it.
    pub family: Family,
    /// The exit code of the command, of errors alone.
    pub exit: Option<u8>,
    /// One sentence.
    pub title: String,
    /// The rest of its section, in Markdown; empty where the sentence is all.
    pub text: String,
    /// The page under docs/ on which it stands.
    pub page: &'static str,
}

/// Every code, by family and in the order of the pages.
pub fn all() -> Vec<Entry> {
    let mut entries = Vec::new();
    let row = |family, code: &str, exit: Option<u8>, title: &str| Entry {
        code: code.to_owned(),
        family,
        exit,
        title: title.to_owned(),
        text: String::new(),
        page: "docs/errors.md",
    };
    for cells in rows(part(ERRORS, "## Codes")) {
        if let [code, exit, meaning] = cells.as_slice() {
            entries.push(row(Family::Error, code, exit.parse().ok(), meaning));
        }
    }
    let findings = [sections(part(FINDINGS, "## Violations")), sections(part(FINDINGS, "## Advice"))];
    for cells in rows(part(ERRORS, "## Rules of the check")) {
        if let [code, meaning] = cells.as_slice() {
            let mut entry = row(Family::Rule, code, None, meaning);
            if let Some((_, title, text)) = findings[0].iter().find(|section| section.0 == *code) {
                entry.text = format!("{title}\n\n{text}");
                entry.page = "docs/findings.md";
            }
            entries.push(entry);
        }
    }
    let section = |family, page| {
        move |(code, title, text): (String, String, String)| Entry { code, family, exit: None, title, text, page }
    };
    entries.extend(findings[1].iter().cloned().map(section(Family::Lint, "docs/findings.md")));
    entries.extend(sections(part(GATES, "## Checks")).into_iter().map(section(Family::Gate, "docs/gates.md")));
    for cells in rows(part(ERRORS, "## Warnings")) {
        if let [code, meaning] = cells.as_slice() {
            entries.push(row(Family::Warning, code, None, meaning));
        }
    }
    entries
}

/// Every meaning of a code.
///
/// # Errors
/// [`Code::InvalidValue`] for a word that is no code.
pub fn explain(code: &str) -> Result<Vec<Entry>> {
    let all = all();
    // As it stands in a message: `error[short-isr]`, `lint[no-op]:`.
    let word = code.trim().trim_end_matches(':');
    let word = word.split_once('[').map_or(word, |(_, inner)| inner.trim_end_matches(']')).trim_matches('`');
    let found: Vec<Entry> = all.iter().filter(|entry| entry.code == word).cloned().collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let error =
        Error::new(Code::InvalidValue, format!("`{code}` is no code of kshift; expected one such as `disk-limit`"))
            .at(Place::source("CODE"));
    Err(match near_miss(word, all.iter().map(|entry| entry.code.as_str())) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help("`kshift explain` lists all of them"),
    })
}

/// What stands below a heading, up to the next one that is as high.
fn part<'a>(page: &'a str, heading: &str) -> &'a str {
    let from = page.find(&format!("{heading}\n")).map_or(page.len(), |at| at + heading.len() + 1);
    let rest = &page[from..];
    rest.find("\n## ").map_or(rest, |end| &rest[..=end])
}

/// The rows of tables whose first cell is a code: its cells, without backticks round the first.
fn rows(part: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| {
        let inner = line.strip_prefix("| `")?.strip_suffix(" |")?;
        let (code, rest) = inner.split_once("` | ")?;
        Some(std::iter::once(code).chain(rest.split(" | ")).map(|cell| cell.replace("\\|", "|")).collect())
    };
    part.lines().filter_map(cells).collect()
}

/// Sections with a code as their heading: the code, the first paragraph, and the rest.
fn sections(part: &str) -> Vec<(String, String, String)> {
    let section = |text: &str| {
        let (code, body) = text.split_once("`\n")?;
        let (title, rest) = body.trim().split_once("\n\n").unwrap_or((body.trim(), ""));
        Some((code.to_owned(), title.to_owned(), rest.trim().to_owned()))
    };
    part.split("### `").skip(1).filter_map(section).collect()
}

impl Display for Entry {
    /// The code with its family, the sentence, and the section; without a newline at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.family.as_str())?;
        if let Some(exit) = self.exit {
            write!(f, ", exit code {exit}")?;
        }
        write!(f, "\n\n{}", self.title)?;
        if self.text.is_empty() { Ok(()) } else { write!(f, "\n\n{}", self.text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_and_rows_are_read_as_the_pages_write_them() {
        let page = "# P\n\n## A\n\n| code | what |\n|---|---|\n| `a-b` | One \\| two. |\n\n## B\n\n### `c`\n\nFirst.\n\nSecond.\n\n### `d`\n\nThird.\n\n## C\n\n### `e`\n\nNo.\n";
        assert_eq!(rows(part(page, "## A")), [["a-b".to_owned(), "One | two.".to_owned()]]);
        let found = sections(part(page, "## B"));
        let third = ("d".to_owned(), "Third.".to_owned(), String::new());
        assert_eq!(found, [("c".to_owned(), "First.".to_owned(), "Second.".to_owned()), third]);
    }

    #[test]
    fn a_code_is_found_as_it_stands_in_a_message_and_a_slip_is_offered() {
        for typed in ["disk-limit", "violation[disk-limit]", "error[disk-limit]:", "`disk-limit`"] {
            let families: Vec<Family> = explain(typed).unwrap().iter().map(|entry| entry.family).collect();
            assert!(families.starts_with(&[Family::Error, Family::Rule]), "{typed}: {families:?}");
        }
        let fault = explain("disk-limt").unwrap_err();
        assert!(fault.help_lines()[0].contains("`disk-limit`"), "{fault}");
    }
}
