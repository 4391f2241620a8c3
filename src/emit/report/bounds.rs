//! How good the plan is: each figure against what no plan for the same request can beat.

use std::fmt::Write;

use super::html::{Cell, Kind, Table, percent, prose};
use crate::base::text::counted;
use crate::base::units::{Bytes, Seconds};
use crate::plan::{Bound, CountBound, Outcome, Plan, SourcesGain};

/// The least part of the time that is worth naming an option for.
const GAIN_SHOWN: f64 = 0.05;

pub(super) fn section(plan: &Plan) -> String {
    let table = table(plan);
    if table.is_empty() {
        return String::new();
    }
    format!(
        "<p>A bound holds for every plan for the same request, however it is made; <code>kshift check</code> adds each of them up \
         again. Where a figure is at its bound, no plan is better.\n{}{}{}",
        table.html(),
        trade(plan),
        plan.summary.balance_sources.as_ref().map_or(String::new(), gain)
    )
}

fn table(plan: &Plan) -> Table {
    let columns = [
        ("Figure", Kind::Words),
        ("This plan", Kind::Number),
        ("No plan has less than", Kind::Number),
        ("Distance", Kind::Words),
        ("What sets the bound", Kind::Words),
    ];
    let mut table = Table::new("bound-table", "This plan against what no plan can beat", &columns);
    let summary = &plan.summary;
    let mut row = |name: &str, reached: Cell, value: Cell, ratio: f64, by: &str| {
        table.row([Cell::text(name), reached, value, distance(ratio), Cell::html(prose(by))]);
    };
    let bounds = summary.bounds.as_ref();
    let ratio = |reached: f64, value: f64| if value > 0.0 { reached / value } else { f64::from(reached > value) + 1.0 };
    let mut count = |name, bound: &CountBound, cell: fn(u64) -> Cell| {
        let over = ratio(bound.reached as f64, bound.value as f64);
        row(name, cell(bound.reached), cell(bound.value), over, &bound.by);
    };
    if let Some(bounds) = bounds.filter(|_| !plan.request.leaders_only) {
        count("Replicas moved", &bounds.moves, Cell::count);
        count("Data copied", &bounds.bytes, |bytes| Cell::bytes(Bytes::new(bytes)));
    }
    if let Some(least) = summary.waves_lower_bound.filter(|_| !plan.waves.is_empty()) {
        let by = summary.waves_lower_bound_by.as_deref().unwrap_or_default();
        let bound =
            CountBound { value: least.into(), reached: summary.waves.into(), by: format!("of the same moves: {by}") };
        count("Waves", &bound, Cell::count);
    }
    let mut real = |name, bound: &Option<Bound>, cell: fn(f64) -> Cell| {
        if let Some(bound) = bound {
            row(name, cell(bound.reached), cell(bound.value), ratio(bound.reached, bound.value), &bound.by);
        }
    };
    if let Some(bounds) = bounds {
        real("Copying, wave after wave", &bounds.makespan, |seconds| Cell::seconds(Seconds::new(seconds)));
        real("Fullest target in the end", &bounds.disk, Cell::percent);
        real("Most leaders on a target, over its share", &bounds.leaders, |times| {
            Cell::html(format!("{times:.3}×")).titled(times.to_string())
        });
    }
    table
}

fn distance(ratio: f64) -> Cell {
    // Figures are added up in floating point.
    match ratio {
        ratio if ratio < 1.0 + 1e-9 => Cell::html("✓ none"),
        ratio if ratio < 1.001 => Cell::html("✓ less than 0.1%").titled(ratio.to_string()),
        ratio if ratio < 1.5 => Cell::html(format!("{:.1}% above", (ratio - 1.0) * 100.0)).titled(ratio.to_string()),
        ratio => Cell::html(format!("{ratio:.2} times")).titled(ratio.to_string()),
    }
}

/// What `--prefer` gives and what the other choice would.
fn trade(plan: &Plan) -> String {
    let Some(trade) = &plan.summary.trade else { return String::new() };
    let columns = [("Preference", Kind::Words), ("Fullest target", Kind::Number), ("Time to receive", Kind::Number)];
    let mut table = Table::new("trade", "Where targets differ in size, one goal costs the other", &columns);
    let prefer = plan.request.prefer;
    for prefer in [prefer, prefer.other()] {
        let Some(Outcome { fullest_target, receiving_seconds }) = trade.of(prefer) else { continue };
        let mark = if prefer == plan.request.prefer { " (this plan)" } else { "" };
        let name = Cell::html(format!("<code>--prefer {}</code>{mark}", prefer.as_str()));
        table.row([
            name,
            Cell::or_none(fullest_target, Cell::percent),
            Cell::or_none(receiving_seconds, Cell::seconds),
        ]);
    }
    table.html()
}

/// What other leaders would gain.
fn gain(gain: &SourcesGain) -> String {
    if gain.share() < GAIN_SHOWN || gain.partitions == 0 {
        return String::new();
    }
    let share = |changes: u64| percent(changes as f64 / gain.partitions as f64);
    let mut html = format!(
        "<p>With <code>--balance-sources</code> the busiest broker would copy for about {} instead of {}: {} ({} of the \
         partitions) change their leader first.",
        gain.balanced_seconds,
        gain.seconds,
        counted(gain.leaders_changed, "partition"),
        share(gain.leaders_changed)
    );
    if let Some(half) = gain.half().filter(|half| half.leaders_changed < gain.leaders_changed) {
        let _ = write!(html, " Half of the gain comes with {}.", counted(half.leaders_changed, "partition"));
    }
    html.push('\n');
    html
}
