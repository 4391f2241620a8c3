//! What several files of tests share.

pub mod cruise_control;
pub mod files;
pub mod r#gen;
pub mod least;
pub mod oracle;
pub mod progress;
pub mod property;
pub mod rows;
pub mod run;
pub mod shares;
pub mod shrink;

use std::path::{Path, PathBuf};

/// The directory of the sources.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a directory with one of these endings, sorted; hidden and built directories are left out.
pub fn files_below(dir: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(&dir).expect("a directory can be read") {
            let path = entry.expect("an entry can be read").path();
            let name = path.file_name().expect("an entry has a name").to_string_lossy().into_owned();
            if path.is_dir() {
                if !name.starts_with('.') && !matches!(name.as_str(), "target" | "node_modules" | "out") {
                    open.push(path);
                }
            } else if path.extension().is_some_and(|ending| endings.iter().any(|known| ending == *known)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
