//! The walls of the house, as docs/architecture.md draws them: who may know whom, who may speak, how long
//! things may grow.

use std::fs;
use std::path::Path;

use crate::support::{files_below, root};

/// Who may use what of ours besides itself. `*` is everything.
const WALLS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("request", &["base"]),
    ("snapshot", &["base", "request"]),
    ("plan", &["base", "request", "snapshot"]),
    ("example", &["base", "snapshot"]),
    ("cluster", &["base", "snapshot"]),
    ("problem", &["base", "snapshot", "request", "plan", "cluster"]),
    ("classes", &["base", "request", "cluster", "problem"]),
    ("placement", &["base", "snapshot", "request", "cluster", "problem", "classes"]),
    ("leadership", &["base", "snapshot", "cluster", "problem", "placement"]),
    ("given", &["base", "snapshot", "request", "cluster", "problem", "placement", "leadership"]),
    ("search", &["base", "snapshot", "request", "cluster", "problem", "placement", "leadership"]),
    ("route", &["base", "snapshot", "request", "cluster", "problem", "placement"]),
    ("calendar", &["base", "snapshot", "request", "plan"]),
    ("schedule", &["base", "snapshot", "request", "plan", "cluster", "problem", "placement", "leadership", "route"]),
    ("bound", &["base", "snapshot", "request", "plan", "cluster", "problem", "classes"]),
    ("exact", &["base", "snapshot", "request", "plan", "cluster", "problem", "placement", "leadership"]),
    (
        "planner",
        &[
            "base",
            "snapshot",
            "request",
            "plan",
            "cluster",
            "problem",
            "placement",
            "leadership",
            "given",
            "search",
            "exact",
            "route",
            "schedule",
            "bound",
            "calendar",
        ],
    ),
    ("resume", &["base", "snapshot", "request", "plan", "cluster", "problem", "placement", "leadership", "given"]),
    ("bench", &["base", "snapshot", "request", "cluster", "problem", "placement", "leadership", "planner"]),
    ("replay", &["base", "snapshot", "plan", "request"]),
    ("simulate", &["base", "snapshot", "plan", "request", "replay"]),
    ("check", &["base", "snapshot", "plan", "request", "replay", "simulate"]),
    ("gate", &["base", "snapshot", "plan", "replay"]),
    ("diff", &["base", "snapshot", "plan", "request"]),
    ("explain", &["base"]),
    ("emit", &["base", "snapshot", "plan"]),
    ("campaign", &["base", "snapshot", "plan"]),
    (
        "cli",
        &[
            "base", "snapshot", "request", "plan", "check", "simulate", "gate", "diff", "explain", "emit", "example",
            "campaign",
        ],
    ),
    (
        "python",
        &[
            "base", "snapshot", "request", "plan", "check", "simulate", "gate", "diff", "explain", "emit", "example",
            "campaign", "cli",
        ],
    ),
    ("lib", &["base", "snapshot", "request", "plan", "check", "planner", "resume"]),
    ("main", &[]),
];

/// Lines that a file may have.
const FILE_LINES_MAX: usize = 900;
/// Files that are longer today; the list may only become shorter.
const LONG_FILES: &[&str] = &[];
/// Lines that a function may have.
const FUNCTION_LINES_MAX: usize = 110;
/// Functions that are longer today, as `file:function`; the list may only become shorter.
const LONG_FUNCTIONS: &[&str] = &[];

/// A Rust file of src/ without comments.
pub struct Source {
    /// Its path below src/, with slashes.
    pub path: String,
    /// Its lines, each with its number from 1; comments and whole blocks of tests are left out.
    pub lines: Vec<(usize, String)>,
    /// All its lines as they stand.
    text: String,
}

impl Source {
    /// The folder of src/ it is in, or its own name without its ending.
    pub fn folder(&self) -> &str {
        self.path.split('/').next().expect("a path has a first part").trim_end_matches(".rs")
    }

    /// The lines in one text, without their indentation.
    pub fn joined(&self) -> String {
        self.lines.iter().map(|(_, line)| line.trim()).collect::<Vec<_>>().join("\n")
    }
}

/// Every file that is part of the product: files and modules of tests are left out.
pub fn sources() -> Vec<Source> {
    let src = root().join("src");
    let paths = files_below(&src, &["rs"]);
    let texts: Vec<(String, String)> = paths
        .iter()
        .map(|path| {
            let name = path.strip_prefix(&src).expect("it is below src").to_string_lossy().replace('\\', "/");
            (name, fs::read_to_string(path).expect("sources can be read"))
        })
        .collect();
    let of_tests: Vec<String> = texts.iter().flat_map(|(path, text)| modules_of_tests(path, text)).collect();
    let is_test = |path: &str| {
        of_tests.iter().any(|module| path == format!("{module}.rs") || path.starts_with(&format!("{module}/")))
    };
    let product = texts.into_iter().filter(|(path, _)| !is_test(path));
    let sources: Vec<Source> =
        product.map(|(path, text)| Source { path, lines: lines_of_product(&text), text }).collect();
    assert!(sources.len() > 80, "the sources are found: {}", sources.len());
    sources
}

/// Modules in files of their own that are declared for tests alone, as paths without an ending.
fn modules_of_tests(path: &str, text: &str) -> Vec<String> {
    let own = path.trim_end_matches(".rs").trim_end_matches("mod").trim_end_matches('/');
    let folder = if path == "lib.rs" || path == "main.rs" { "" } else { own };
    let mut found = Vec::new();
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        if line != "#[cfg(test)]" {
            continue;
        }
        let mut file = None;
        for line in lines.by_ref() {
            if let Some(named) = line.strip_prefix("#[path = \"") {
                let beside = Path::new(path).parent().expect("a file is in a folder");
                let named = named.trim_end_matches("\"]").trim_end_matches(".rs");
                file = Some(beside.join(named).to_string_lossy().replace('\\', "/"));
            } else if !line.starts_with("#[") {
                let declared = line.strip_suffix(';').and_then(|line| line.rsplit_once("mod "));
                found.extend(declared.map(|(_, name)| {
                    let below = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
                    file.unwrap_or(below)
                }));
                break;
            }
        }
    }
    found
}

/// The lines of a file without comments and without what stands under `#[cfg(test)]`.
fn lines_of_product(text: &str) -> Vec<(usize, String)> {
    let mut lines = text.lines().enumerate();
    let mut kept = Vec::new();
    while let Some((number, line)) = lines.next() {
        if line.trim_start().starts_with("//") {
            continue;
        }
        if line.trim() == "#[cfg(test)]" {
            let end = format!("{}}}", &line[..line.len() - line.trim_start().len()]);
            let mut item = lines.by_ref().map(|(_, line)| line);
            let first = item.find(|line| !line.trim_start().starts_with("#["));
            if first.is_some_and(|first| first.ends_with('{')) {
                item.find(|line| *line == end);
            }
            continue;
        }
        kept.push((number + 1, line.to_owned()));
    }
    kept
}

/// Fails with all of these faults at once.
#[track_caller]
fn assert_none(faults: &[String], what: &str) {
    assert!(faults.is_empty(), "{what}:\n  {}", faults.join("\n  "));
}

#[test]
fn nobody_knows_more_rooms_than_the_plan_of_the_house_allows() {
    let mut faults = Vec::new();
    for source in sources() {
        let folder = source.folder();
        let Some((_, allowed)) = WALLS.iter().find(|(room, _)| *room == folder) else {
            faults.push(format!("src/{}: `{folder}` has no walls yet", source.path));
            continue;
        };
        for (number, line) in &source.lines {
            let at = format!("src/{}:{number}", source.path);
            if line.contains("crate::{") {
                faults.push(format!("{at}: write one `use` for each room"));
            }
            // Enough `super`s lead out of the room as well, and past this test.
            let depth = source.path.split('/').filter(|part| *part != "mod.rs").count();
            let is_module_inside = line.starts_with("    use super::") || line.starts_with("    pub use super::");
            if line.contains(&"super::".repeat(depth)) && !is_module_inside {
                faults.push(format!("{at}: say `crate::` for what lies outside the room"));
            }
            for used in line.split("crate::").skip(1) {
                let used: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let is_room = WALLS.iter().any(|(room, _)| *room == used);
                // `crate::plan(` and `crate::resume(` are the product's own functions.
                let is_product = matches!(used.as_str(), "plan" | "resume")
                    && line.contains(&format!("crate::{used}("))
                    && matches!(folder, "cli" | "python");
                if is_room && used != folder && !is_product && !allowed.contains(&used.as_str()) {
                    faults.push(format!("{at}: `{folder}` must not know `{used}`"));
                }
            }
        }
    }
    assert_none(&faults, "walls of docs/architecture.md");
}

#[test]
fn the_right_bank_shares_no_room_with_the_solver() {
    let solver = [
        "cluster",
        "problem",
        "classes",
        "placement",
        "leadership",
        "search",
        "route",
        "schedule",
        "bound",
        "calendar",
        "planner",
        "resume",
    ];
    let allowed = |room: &str| WALLS.iter().find(|(name, _)| *name == room).expect("it has walls").1;
    for right in ["replay", "check", "simulate", "gate", "diff", "emit"] {
        assert!(allowed(right).iter().all(|room| !solver.contains(room)), "{right}");
    }
    for left in solver {
        assert!(["check", "replay", "simulate"].iter().all(|right| !allowed(left).contains(right)), "{left}");
    }
}

#[test]
fn only_the_command_prints_and_reads_the_environment() {
    let words = ["println!", "print!(", "eprint!(", "env::var", "env::args", "env::temp_dir", "stdout()", "stderr()"];
    faults_of(&words, |source| source.folder() == "cli" || source.path == "main.rs", "outside src/cli");
}

#[test]
fn the_product_has_no_clock() {
    let words = ["Instant::", "SystemTime", "time::Instant", "UNIX_EPOCH"];
    faults_of(&words, |source| source.folder() == "cli", "a clock outside src/cli");
}

#[test]
fn nothing_is_left_to_do_in_the_sources() {
    faults_of(&["todo!(", "unimplemented!(", "dbg!("], |_| false, "left over");
    let mut faults = Vec::new();
    for source in sources() {
        for (number, line) in source.text.lines().enumerate() {
            if ["FIXME", "TODO", "XXX"].iter().any(|word| line.contains(word)) {
                faults.push(format!("src/{}:{}: {}", source.path, number + 1, line.trim()));
            }
        }
    }
    assert_none(&faults, "notes left over");
}

#[track_caller]
fn faults_of(words: &[&str], is_excepted: impl Fn(&Source) -> bool, what: &str) {
    let mut faults = Vec::new();
    for source in sources().iter().filter(|source| !is_excepted(source)) {
        for (number, line) in &source.lines {
            if let Some(word) = words.iter().find(|word| line.contains(**word)) {
                faults.push(format!("src/{}:{number}: `{word}`", source.path));
            }
        }
    }
    assert_none(&faults, what);
}

#[test]
fn no_file_grows_beyond_what_one_person_reads_at_once() {
    let sources = sources();
    let long = sources.iter().filter(|source| source.text.lines().count() > FILE_LINES_MAX);
    let long: Vec<String> = long.map(|source| source.path.clone()).collect();
    assert_ratchet(&long, LONG_FILES, "files", FILE_LINES_MAX);
}

#[test]
fn no_function_grows_beyond_two_screens() {
    let mut long = Vec::new();
    for source in sources() {
        let lines: Vec<&str> = source.text.lines().collect();
        for (start, line) in lines.iter().enumerate() {
            let Some(name) = function_of(line) else { continue };
            let indent = &line[..line.len() - line.trim_start().len()];
            let end = format!("{indent}}}");
            let closed = line.ends_with('}') || line.ends_with(';');
            let length = if closed { 1 } else { 1 + lines[start..].iter().take_while(|line| **line != end).count() };
            if length > FUNCTION_LINES_MAX {
                long.push(format!("{}:{name}", source.path));
            }
        }
    }
    assert_ratchet(&long, LONG_FUNCTIONS, "functions", FUNCTION_LINES_MAX);
}

/// The name of the function that a line begins.
fn function_of(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let before = line.find("fn ")?;
    let is_head = line[..before].split_whitespace().all(|word| {
        word.starts_with("pub") || matches!(word, "const" | "unsafe" | "async" | "extern" | "super)" | "super::super)")
    });
    let name = line[before + 3..].split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
    (is_head && !name.is_empty()).then_some(name)
}

#[track_caller]
fn assert_ratchet(found: &[String], excepted: &[&str], what: &str, most: usize) {
    let new: Vec<String> = found.iter().filter(|name| !excepted.contains(&name.as_str())).cloned().collect();
    assert_none(&new, &format!("{what} of more than {most} lines"));
    let mended = excepted.iter().filter(|name| !found.iter().any(|found| found == *name));
    let mended: Vec<String> = mended.map(|name| (*name).to_owned()).collect();
    assert_none(&mended, &format!("{what} that are short now: take them off the list"));
}
