//! What README.md tells people to type works, in its order, and no page links to a file that is not there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{files_below, root};

/// The blocks of a page in this language, each with the number of its first line.
pub fn blocks(page: &str, language: &str) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((_, line)) = lines.next() {
        let Some(found) = line.strip_prefix("```") else { continue };
        let mut block = String::new();
        let mut first = None;
        for (number, line) in lines.by_ref().take_while(|(_, line)| *line != "```") {
            first.get_or_insert(number + 1);
            block.push_str(line);
            block.push('\n');
        }
        if found == language {
            blocks.push((first.unwrap_or(0), block));
        }
    }
    blocks
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).expect("README.md is there")
}

#[test]
fn the_readme_begins_with_the_example_and_the_tests() {
    let blocks = blocks(&readme(), "bash");
    let first: Vec<&str> = blocks.iter().take(2).map(|(_, block)| block.trim()).collect();
    assert_eq!(first, ["make example", "make test"]);
}

#[test]
fn every_command_of_the_readme_works_in_its_order() {
    let dir = Scratch::new("readme");
    copy(&root().join("examples"), &dir.path.join("examples"));
    let binary = Path::new(env!("CARGO_BIN_EXE_kshift")).parent().expect("a binary is in a directory");
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let paths = [binary.to_owned()].into_iter().chain(std::env::split_paths(&paths));
    let paths = std::env::join_paths(paths).expect("paths can be joined");
    let mut ran = 0;
    for (line, block) in blocks(&readme(), "bash") {
        let script: Vec<&str> = block.lines().filter(|line| !is_installation(line)).collect();
        if script.is_empty() {
            continue;
        }
        let mut bash = Command::new("bash");
        bash.args(["-euo", "pipefail", "-c", &script.join("\n")]).current_dir(&dir.path).env("PATH", &paths);
        let output = bash.output().expect("bash starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "README.md:{line}: {}\n{block}{said}", output.status);
        ran += 1;
    }
    assert!(ran >= 5, "{ran} blocks ran");
    for file in ["cluster.json", "move/plan.json", "move/runbook.md", "move/waves/001/reassign.json", "back.json"] {
        assert!(dir.path.join(file).is_file(), "the commands of README.md leave {file}");
    }
    let shown = Command::new(env!("CARGO_BIN_EXE_kshift")).args(["show", "move"]).current_dir(&dir.path).output();
    let shown = String::from_utf8_lossy(&shown.expect("kshift starts").stdout).into_owned();
    let (page, texts) = (readme(), blocks(&readme(), "text"));
    let (_, summary) = texts.iter().find(|(_, block)| block.starts_with("cluster ")).expect("README.md has a summary");
    if std::env::var("KSHIFT_BLESS").is_ok_and(|value| value == "1") {
        fs::write(root().join("README.md"), page.replace(summary, &shown)).expect("README.md can be written");
        return;
    }
    assert_eq!(*summary, shown, "README.md shows another summary; KSHIFT_BLESS=1 writes it anew");
}

/// Whether a line builds or installs; then what it needs must be there, and it is not run.
fn is_installation(line: &str) -> bool {
    let command = line.split('#').next().expect("there is always a first part").trim();
    if let Some(targets) = command.strip_prefix("make ") {
        let makefile = fs::read_to_string(root().join("Makefile")).expect("Makefile is there");
        for target in targets.split_whitespace() {
            let is_rule = |line: &str| line == format!("{target}:") || line.starts_with(&format!("{target}: "));
            assert!(makefile.lines().any(is_rule), "README.md: `{command}` has no rule in the Makefile");
        }
        return true;
    }
    let needed = match command {
        "cargo install --path ." => "Cargo.toml",
        "pip install ." => "pyproject.toml",
        _ => {
            let is_other = command.starts_with("cargo install") || command.starts_with("pip install");
            assert!(!is_other, "README.md: nobody has tried `{command}`");
            return false;
        }
    };
    assert!(root().join(needed).is_file(), "README.md: `{command}` needs {needed}");
    true
}

#[test]
fn no_page_links_to_a_file_that_is_not_there() {
    let (mut links, mut broken) = (0, Vec::new());
    for page in files_below(&root(), &["md"]) {
        let text = fs::read_to_string(&page).expect("pages can be read");
        let folder = page.parent().expect("a page is in a folder");
        for (number, line) in prose(&text) {
            for link in line.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                let file = link.split('#').next().expect("there is always a first part");
                if file.is_empty() || link.contains("://") || link.starts_with("mailto:") {
                    continue;
                }
                links += 1;
                if !folder.join(file).exists() {
                    broken.push(format!("{}:{number}: {link}", page.display()));
                }
            }
        }
    }
    assert!(links >= 8, "{links} links are found");
    assert!(broken.is_empty(), "broken links:\n  {}", broken.join("\n  "));
}

/// The lines of a page outside its blocks of code.
fn prose(page: &str) -> Vec<(usize, &str)> {
    let mut is_code = false;
    let mut lines = Vec::new();
    for (number, line) in page.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            lines.push((number + 1, line));
        }
    }
    lines
}

/// A directory that is removed at the end.
struct Scratch {
    path: PathBuf,
}

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("kshift-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a directory can be made");
        Scratch { path }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory can be made");
    for entry in fs::read_dir(from).expect("a directory can be read") {
        let path = entry.expect("an entry can be read").path();
        let target = to.join(path.file_name().expect("an entry has a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a file can be copied");
        }
    }
}
