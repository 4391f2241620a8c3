//! Codes are explained offline, and the registry has every code that the sources have.

use std::collections::BTreeMap;

use kshift::base::error;
use kshift::explain::{self, Family};
use kshift::gate;
use serde_json::Value;

use crate::support::run::kshift;

#[test]
fn the_registry_counts_every_code_of_the_sources() {
    let mut counts: BTreeMap<Family, usize> = BTreeMap::new();
    for entry in explain::all() {
        *counts.entry(entry.family).or_default() += 1;
        assert!(!entry.title.is_empty(), "{entry}");
        let has_text = matches!(entry.family, Family::Gate | Family::Lint);
        assert!(!has_text || entry.text.len() > 100, "{entry}");
    }
    assert_eq!(counts[&Family::Error], error::Code::ALL.len());
    assert_eq!(counts[&Family::Gate], gate::Code::ALL.len());
    // The pages of rules, advice and warnings are compared with the sources by tests of their own.
    let page = crate::support::files::text(&crate::support::files::repo("docs/errors.md"));
    let rows = |heading: &str| {
        let part = page.split_once(heading).unwrap().1.split("\n## ").next().unwrap();
        part.lines().filter(|line| line.starts_with("| `")).count()
    };
    assert_eq!(counts[&Family::Rule], rows("## Rules of the check\n"));
    assert_eq!(counts[&Family::Warning], rows("## Warnings\n"));
    assert_eq!(counts[&Family::Lint], 8);
}

#[test]
fn a_word_of_several_families_is_explained_in_each() {
    let answer = kshift("explain disk-limit").run().ok();
    for part in [
        "disk-limit: error, exit code 3",
        "disk-limit: rule of the check",
        "disk-limit: warning",
        "To mend: ",
        "In docs/findings.md",
    ] {
        assert!(answer.stdout.contains(part), "{part}: {}", answer.stdout);
    }
    let gate = kshift("explain unregistered-brokers").run().ok();
    assert!(gate.stdout.starts_with("unregistered-brokers: check of a gate\n\nEvery broker"), "{}", gate.stdout);
    let json: Value = serde_json::from_str(&kshift("explain no-op --json").run().ok().stdout).unwrap();
    assert_eq!((json["entries"][0]["family"].as_str(), json["entries"].as_array().unwrap().len()), (Some("lint"), 1));
}

#[test]
fn all_codes_are_listed_and_an_unknown_one_is_refused_with_a_near_one() {
    let answer = kshift("explain").run().ok();
    assert!(answer.stdout.lines().count() > 150, "{}", answer.stdout);
    assert!(
        answer.stdout.contains("\ncheck of a gate (") && answer.stdout.contains("  zone-change "),
        "{}",
        answer.stdout
    );
    kshift("explain disk-limt").run().refused(2, "invalid-value").says("did you mean `disk-limit`?");
    kshift("explain nonsense").run().refused(2, "invalid-value").says("`kshift explain` lists all of them");
}
