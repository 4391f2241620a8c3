//! `summary`: every figure of the summary is what the replay gives.

use super::super::Violation;
use super::super::case::{Case, is_close};
use super::super::figures::Figures;
use crate::base::units::Seconds;
use crate::plan::Proof;
use crate::request::Prefer;

pub(super) fn judge(case: &Case, found: &mut Vec<Violation>) {
    let figures = case.figures();
    counts(case, figures, found);
    times(case, figures, found);
    ratios(case, figures, found);
    trade(case, figures, found);
}

fn add(found: &mut Vec<Violation>, key: &str, given: &str, expected: &str) {
    let message = format!("{key} is {given}, expected {expected}");
    found.push(Violation::new("summary", message).place(format!("plan.json at summary.{key}")));
}

fn counts(case: &Case, figures: &Figures, found: &mut Vec<Violation>) {
    let summary = &case.plan.summary;
    let counts = [
        ("replicas_moved", summary.replicas_moved, figures.replicas_moved),
        ("replicas_forced", summary.replicas_forced, figures.replicas_forced),
        ("bytes_moved", summary.bytes_moved.get(), figures.bytes_moved),
        ("bytes_forced", summary.bytes_forced.get(), figures.bytes_forced),
        ("waves", summary.waves.into(), case.plan.waves.len() as u64),
    ];
    for (key, given, expected) in counts {
        if given != expected {
            add(found, key, &given.to_string(), &expected.to_string());
        }
    }
    let given = summary.cross_rack_bytes.get();
    if given < figures.cross_rack.0 || given > figures.cross_rack.1 {
        add(found, "cross_rack_bytes", &given.to_string(), &figures.cross_rack.1.to_string());
    }
    let cost = case.plan.request.price_per_gb.map(|price| price.get() * (given as f64 / 1e9));
    if !same(summary.cross_rack_cost, cost) {
        add(found, "cross_rack_cost", &shown(summary.cross_rack_cost), &shown(cost));
    }
}

fn times(case: &Case, figures: &Figures, found: &mut Vec<Violation>) {
    let summary = &case.plan.summary;
    let makespan = summary.makespan_seconds.map(Seconds::get);
    if !same(makespan, figures.makespan) {
        add(found, "makespan_seconds", &shown(makespan), &shown(figures.makespan));
    }
    let eta = summary.eta_seconds.map(|eta| [eta.low.get(), eta.expected.get(), eta.high.get()]);
    for (at, word) in ["low", "expected", "high"].into_iter().enumerate() {
        let (given, expected) = (eta.map(|eta| eta[at]), figures.eta.map(|eta| eta[at]));
        if !same(given, expected) {
            add(found, &format!("eta_seconds.{word}"), &shown(given), &shown(expected));
        }
    }
}

fn ratios(case: &Case, figures: &Figures, found: &mut Vec<Violation>) {
    let summary = &case.plan.summary;
    let disk = summary.disk_max_over_mean;
    if !figures.disk_max_over_mean.iter().any(|&expected| same(disk, expected)) {
        add(found, "disk_max_over_mean", &shown(disk), &shown(figures.disk_max_over_mean[0]));
    }
    let leaders = summary.leaders_max_over_mean;
    if !same(leaders, figures.leaders_max_over_mean) {
        add(found, "leaders_max_over_mean", &shown(leaders), &shown(figures.leaders_max_over_mean));
    }
    let peak = summary.peak_disk_utilization;
    let is_right = match (peak, figures.peak) {
        (None, expected) => expected.is_none() || !figures.is_peak_whole,
        (Some(given), Some((low, high))) => given >= low * (1.0 - 1e-9) && given <= high * (1.0 + 1e-9),
        (Some(_), None) => false,
    };
    if !is_right {
        add(found, "peak_disk_utilization", &shown(peak), &shown(figures.peak.map(|peak| peak.1)));
    }
}

/// What came of the preference is recomputed; of what the other one would give only what no plan can have is known.
fn trade(case: &Case, figures: &Figures, found: &mut Vec<Violation>) {
    // Plans of older versions have none, and those of which every list was given have nothing to choose.
    let (Some(trade), request) = (&case.plan.summary.trade, case.ask.request) else { return };
    let key = |prefer: Prefer, key: &str| format!("trade.{}{key}", prefer.as_str());
    let (chosen, other) = (request.prefer, request.prefer.other());
    if request.is_given() || request.empties_dirs() {
        add(found, "trade", "given", "nothing: no broker is chosen");
        return;
    }
    match trade.of(chosen) {
        None => add(found, &key(chosen, ""), "null", "what the plan has"),
        Some(outcome) => {
            let seconds = outcome.receiving_seconds.map(Seconds::get);
            for (name, given, expected) in [
                (".fullest_target", outcome.fullest_target, figures.fullest_target),
                (".receiving_seconds", seconds, figures.receiving),
            ] {
                if !same(given, expected) {
                    add(found, &key(chosen, name), &shown(given), &shown(expected));
                }
            }
        }
    }
    let Some(outcome) = trade.of(other) else { return };
    let bounds = case.plan.summary.bounds.as_ref();
    let disk = bounds.and_then(|bounds| bounds.disk.as_ref()).map(|bound| bound.value);
    let makespan = bounds.and_then(|bounds| bounds.makespan.as_ref());
    // The other proofs are not about what is received.
    let inflow = makespan.filter(|bound| matches!(bound.proof, Proof::Prices { .. })).map(|bound| bound.value);
    let seconds = outcome.receiving_seconds.map(Seconds::get);
    for (name, given, is_known, least) in [
        (".fullest_target", outcome.fullest_target, figures.fullest_target.is_some(), disk),
        (".receiving_seconds", seconds, figures.receiving.is_some(), inflow),
    ] {
        let least = least.unwrap_or(0.0);
        let is_possible = |value: f64| value.is_finite() && value >= least * (1.0 - 1e-6);
        if given.is_some() != is_known || !given.is_none_or(is_possible) {
            let expected = if is_known { format!("{least} or more") } else { "null".to_owned() };
            add(found, &key(other, name), &shown(given), &expected);
        }
    }
}

fn same(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => is_close(a, b),
        (None, None) => true,
        _ => false,
    }
}

fn shown(value: Option<f64>) -> String {
    value.map_or("null".to_owned(), |value| value.to_string())
}
