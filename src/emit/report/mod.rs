//! `report.html`: a plan as one page that needs nothing else: no network, no library, no font.
//!
//! All that is told stands in the page as text, tables and drawings; the script only sorts, searches and switches the
//! theme, and the data it searches are read when somebody asks. The page forbids every other script and every request by
//! its own policy, so that no name of a topic could bring one in.

mod bounds;
mod brokers;
mod data;
mod facts;
mod flow;
mod html;
mod overview;
mod risks;
mod steps;
#[cfg(test)]
mod tests;
mod waves;

use std::fmt::Write;

use sha2::{Digest, Sha256};

use self::facts::Facts;
use self::html::escaped;
use crate::plan::Plan;

/// The page with a place for each part, named in braces.
const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The report of a plan, as one HTML page.
pub fn report(plan: &Plan) -> Vec<u8> {
    let facts = Facts::of(plan);
    let (data, sections) = rayon::join(|| data::json(&facts), || sections(&facts));
    let mut contents = String::new();
    let mut main = String::new();
    for Section { id, title, body } in &sections {
        let _ = writeln!(contents, "<li><a href=#{id}>{title}</a>");
        if *id == "find" {
            main.push_str(body);
            continue;
        }
        let _ = writeln!(
            main,
            "<section id={id} aria-labelledby={id}-title>\n<h2 id={id}-title>{title}</h2>\n{body}</section>\n"
        );
    }
    let title = format!("{} of {}", overview::purpose(plan), overview::cluster_name(plan));
    let title = escaped(&title).into_owned();
    let part = |name: &str| match name {
        "policy" => policy(),
        "title" => title.clone(),
        "style" => STYLE.to_owned(),
        "cluster" => overview::cluster_line(plan),
        "contents" => contents.clone(),
        "main" => main.clone(),
        "script" => SCRIPT.to_owned(),
        name => unreachable!("the page has no part `{name}`"),
    };
    let mut page = Vec::with_capacity(PAGE.len() + STYLE.len() + SCRIPT.len() + main.len() + data.len() + 4_096);
    // Parts are put in side by side, so that nothing within one is ever taken for the place of another.
    for (number, piece) in PAGE.split("{{").enumerate() {
        let text = if number == 0 {
            piece
        } else {
            let (name, text) = piece.split_once("}}").expect("a place ends");
            if name == "data" {
                page.extend_from_slice(&data);
            } else {
                page.extend_from_slice(part(name).as_bytes());
            }
            text
        };
        page.extend_from_slice(text.as_bytes());
    }
    page
}

/// A part of the page with its own heading.
struct Section {
    id: &'static str,
    title: &'static str,
    body: String,
}

fn sections(facts: &Facts<'_>) -> Vec<Section> {
    let plan = facts.plan;
    let has_waves = !plan.waves.is_empty();
    let when = |shown: bool, body: &dyn Fn() -> String| if shown { body() } else { String::new() };
    let all = [
        ("glance", "At a glance", overview::section(plan)),
        ("next", "What to do next", steps::next(plan)),
        ("risks", "Warnings and risks", risks::section(plan)),
        ("deferred", "Left out", risks::deferred(plan)),
        ("find", "Find a partition", when(has_waves || !plan.deferred.is_empty(), &|| FIND.to_owned())),
        ("moves", "What moves where", when(has_waves, &|| flow::section(facts))),
        ("waves", "Waves", when(has_waves, &|| waves::section(facts))),
        ("brokers", "Brokers", brokers::section(plan)),
        ("bounds", "How good the plan is", bounds::section(plan)),
        ("back", "The way back", when(has_waves, &|| steps::back(plan))),
        ("asked", "What was asked", steps::asked(plan)),
    ];
    let shown = all.into_iter().filter(|(_, _, body)| !body.is_empty());
    shown.map(|(id, title, body)| Section { id, title, body }).collect()
}

const FIND: &str = include_str!("find.html");

/// Forbids every request and every script and style but those of the page itself.
fn policy() -> String {
    let hash = |text: &str| format!("'sha256-{}'", base64(&Sha256::digest(text.as_bytes())));
    format!(
        "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'",
        hash(SCRIPT),
        hash(STYLE)
    )
}

/// Base64 as policies want it.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = three.iter().enumerate().fold(0_u32, |bits, (at, &byte)| bits | u32::from(byte) << (16 - 8 * at));
        for digit in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * digit) & 63) as usize];
            text.push(if digit <= three.len() { char::from(letter) } else { '=' });
        }
    }
    text
}
