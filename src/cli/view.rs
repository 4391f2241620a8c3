//! What a command prints, in two forms made from one value: its fields are the JSON, and the text is made
//! from the fields alone. So the JSON can never lack what the text says.

use std::path::Path;

use serde::Serialize;

use crate::plan::Warning;
use crate::snapshot::Notice;

/// Something that is shown to people or to machines.
pub trait View: Serialize {
    /// The text for people. `quiet` asks for nothing but warnings.
    fn text(&self, quiet: bool) -> String;

    /// The same as one JSON object.
    ///
    /// # Panics
    /// Never: views have text keys.
    fn json(&self) -> String {
        serde_json::to_string(self).expect("a view is plain data")
    }
}

/// Lines of a label and a value, the values one under the other.
#[derive(Default)]
pub struct Lines {
    rows: Vec<(&'static str, String)>,
}

impl Lines {
    /// Adds a line.
    pub fn add(&mut self, label: &'static str, value: impl Into<String>) -> &mut Self {
        self.rows.push((label, value.into()));
        self
    }

    /// The lines as text.
    pub fn text(&self) -> String {
        let width = self.rows.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
        let line = |(label, value): &(&str, String)| format!("{label:<width$}  {value}\n");
        self.rows.iter().map(line).collect::<Vec<_>>().concat()
    }
}

/// `warning[code]: …`, one a line.
pub fn warnings_text(warnings: &[Warning]) -> String {
    let line = |warning: &Warning| format!("warning[{}]: {}\n", warning.code, warning.message);
    warnings.iter().map(line).collect::<Vec<_>>().concat()
}

/// Notices of a snapshot as warnings.
pub fn as_warnings(notices: &[Notice]) -> impl Iterator<Item = Warning> {
    notices.iter().map(|notice| Warning::new(&notice.code, notice.message.clone()))
}

/// A path as a shell takes it.
pub fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,@%".contains(c);
    if !path.is_empty() && path.chars().all(plain) { path } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_as_a_shell_takes_them() {
        assert_eq!(quoted(Path::new("/tmp/a-b_c.json")), "/tmp/a-b_c.json");
        assert_eq!(quoted(Path::new("it's here")), r"'it'\''s here'");
    }
}
