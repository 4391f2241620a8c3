//! The pages under docs/ say what the code says. `KSHIFT_BLESS=1` writes the table of errors anew.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;

use kshift::base::assignment::Assignment;
use kshift::base::error::Code;
use kshift::base::json;
use kshift::snapshot;

use crate::house::{Source, sources};
use crate::readme::blocks;
use crate::support::root;

const PAGE: &str = "docs/errors.md";
const BEGIN: &str = "<!-- codes: written by a test from src/base/error.rs -->\n";
const END: &str = "<!-- end of codes -->\n";

#[test]
fn the_page_of_errors_has_every_code_with_its_exit_and_meaning() {
    let path = root().join(PAGE);
    let page = fs::read_to_string(&path).expect("the page of errors is there");
    let (head, rest) = page.split_once(BEGIN).expect("the page marks where the codes begin");
    let (found, tail) = rest.split_once(END).expect("the page marks where the codes end");
    let expected = table();
    if std::env::var("KSHIFT_BLESS").is_ok_and(|value| value == "1") {
        fs::write(&path, format!("{head}{BEGIN}{expected}{END}{tail}")).expect("the page can be written");
        return;
    }
    assert_eq!(found, expected, "{PAGE} is behind src/base/error.rs; KSHIFT_BLESS=1 writes it anew");
}

#[test]
fn the_page_of_errors_has_every_rule_of_the_check_and_no_other() {
    let page = fs::read_to_string(root().join(PAGE)).expect("the page of errors is there");
    let (_, rules) = page.split_once("## Rules of the check\n").expect("the page has the rules");
    let rules = rules.split("\n## ").next().expect("there is always a first part");
    let listed: BTreeSet<String> =
        rules.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).map(str::to_owned).collect();
    let sources = sources();
    let of_check = sources.iter().filter(|source| source.folder() == "check");
    let used: BTreeSet<String> = of_check.flat_map(words_of).collect();
    assert!(used.len() > 20, "the rules are found in the sources: {used:?}");
    assert_eq!(listed, used, "the rules in {PAGE} are not those of src/check");
}

#[test]
fn the_page_of_errors_has_every_warning_and_no_other() {
    let page = fs::read_to_string(root().join(PAGE)).expect("the page of errors is there");
    let (_, warnings) = page.split_once("## Warnings\n").expect("the page has the warnings");
    let listed: BTreeSet<String> =
        warnings.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).map(str::to_owned).collect();
    let openings = ["Warning::new(\"", "Warning::new(\n\"", "Notice::new(\"", "Notice::new(\n\""];
    let of_snapshot = ["add(\"", "add(\n\""];
    let mut used = BTreeSet::new();
    for source in sources().iter().filter(|source| source.folder() != "plan") {
        used.extend(words_after(source, &openings));
        if source.folder() == "snapshot" {
            used.extend(words_after(source, &of_snapshot));
        }
    }
    // States of brokers stand in a table, with their codes.
    used.extend(["dead-broker", "fenced-broker", "cordoned-broker"].map(str::to_owned));
    assert!(used.len() > 30, "the warnings are found in the sources: {used:?}");
    assert_eq!(listed, used, "the warnings in {PAGE} are not those of the sources");
}

#[test]
fn the_examples_on_the_page_of_formats_are_read_as_what_they_show() {
    let page = fs::read_to_string(root().join("docs/formats.md")).expect("the page of formats is there");
    let (mut snapshots, mut assignments) = (0, 0);
    for (line, block) in blocks(&page, "json") {
        let source = format!("docs/formats.md:{line}");
        let read = json::value_of(&block, &source).map(|_| ());
        let read = if block.contains("kshift.cluster") {
            snapshots += 1;
            read.and_then(|()| snapshot::read_bytes(block.as_bytes(), &source).map(|_| ()))
        } else if block.starts_with("{\"version\":1,\"partitions\"") {
            assignments += 1;
            read.and_then(|()| Assignment::read(&block, &source).map(|_| ()))
        } else {
            read
        };
        read.unwrap_or_else(|error| panic!("{error}"));
    }
    assert!(snapshots >= 2 && assignments >= 2, "{snapshots} snapshots, {assignments} assignments");
}

fn table() -> String {
    let mut table = String::from("| code | exit | meaning |\n|---|---|---|\n");
    for code in Code::ALL {
        let meaning = code.meaning().trim().replace('|', "\\|");
        writeln!(table, "| `{code}` | {} | {meaning} |", code.exit_code()).expect("a string takes all");
    }
    table
}

/// The words with which a source of the check makes violations.
fn words_of(source: &Source) -> Vec<String> {
    let openings =
        ["const RULE: &str = \"", "violation(\"", "Violation::new(\"", "violation(\n\"", "Violation::new(\n\""];
    words_after(source, &openings)
}

/// The texts that follow any of these openings.
fn words_after(source: &Source, openings: &[&str]) -> Vec<String> {
    let text = source.joined();
    let mut words = Vec::new();
    for opening in openings {
        for (at, _) in text.match_indices(opening) {
            words.extend(text[at + opening.len()..].split('"').next().map(str::to_owned));
        }
    }
    words
}
