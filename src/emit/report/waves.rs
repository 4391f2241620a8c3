//! The waves: a timeline by stage, what holds them up, and a table of them.

use std::fmt::Write;

use super::facts::Facts;
use super::html::{Cell, Kind, Table, escaped, exact_seconds, percent, place};
use crate::base::price::money;
use crate::base::text::{counted, grouped};
use crate::base::units::{Bytes, Seconds};
use crate::base::zone::Moment;
use crate::plan::{AtRisk, Cap, Limit, LossRisk, Plan, Side, Stage, Wave};

/// Waves that the table has at most.
const ROWS_MAX: usize = 2_000;
/// Bars that the timeline has at most; neighbours of one stage are put together where there are more.
const BARS_MAX: usize = 1_500;
/// Bottlenecks that are named.
const LIMITS_MAX: usize = 10;

const WIDTH: f64 = 1_000.0;
const LEFT: f64 = 150.0;
const RIGHT: f64 = 16.0;
const LANE: f64 = 30.0;

pub(super) fn section(facts: &Facts<'_>) -> String {
    let plan = facts.plan;
    format!("{}{}{}{}", intro(plan), timeline(facts), held_up(plan), table(facts))
}

fn intro(plan: &Plan) -> String {
    let dates = plan.summary.starts_at.zip(plan.summary.ends_at).map(|(starts, ends)| {
        let windows = if plan.request.window.is_empty() {
            String::new()
        } else {
            format!(" Waves start only while a window is open: {}.", escaped(&plan.request.window.to_string()))
        };
        format!(
            "<p>The first wave starts <strong>{}</strong>; the last one should be done by <strong>{}</strong>, between {} and \
             {} ({} time).{windows}\n",
            starts.short(),
            ends.expected.short(),
            ends.low.short(),
            ends.high.short(),
            escaped(plan.request.zone().name()),
        )
    });
    format!(
        "{}<p>A wave is what you approve, start, watch and take back as a unit. Between two waves the cluster is whole and may \
         be left as it is.\n",
        dates.unwrap_or_default()
    )
}

/// What the length of a bar stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Axis {
    /// Seconds on the clock, since 1970.
    Dates,
    /// Seconds since the start.
    Time,
    /// Bytes copied so far.
    Bytes,
    /// Partitions so far.
    Partitions,
}

/// A bar of the timeline.
struct Bar {
    stage: Stage,
    first: u32,
    last: u32,
    from: f64,
    to: f64,
    title: String,
}

fn bars(facts: &Facts<'_>) -> (Axis, Vec<Bar>) {
    let plan = facts.plan;
    let is_dated = plan.waves.iter().all(|wave| wave.dates.is_some());
    let has_times = plan.waves.iter().all(|wave| wave.duration_seconds.is_some());
    let total: f64 = plan.waves.iter().filter_map(|wave| Some(wave.duration_seconds?.expected.get())).sum();
    let axis = match () {
        () if is_dated => Axis::Dates,
        () if has_times && total > 0.0 => Axis::Time,
        () if facts.waves.iter().any(|wave| wave.copies.bytes > Bytes::ZERO) => Axis::Bytes,
        () => Axis::Partitions,
    };
    let merged = plan.waves.len().div_ceil(BARS_MAX);
    let mut bars: Vec<Bar> = Vec::new();
    let mut at = 0.0;
    for (number, (wave, sums)) in plan.waves.iter().zip(&facts.waves).enumerate() {
        let length = match axis {
            Axis::Dates | Axis::Time => wave.duration_seconds.map_or(0.0, |time| time.expected.get()),
            Axis::Bytes => sums.copies.bytes.as_f64(),
            Axis::Partitions => wave.rows.len() as f64,
        };
        let from =
            wave.dates.filter(|_| axis == Axis::Dates).map_or(at, |dates| dates.starts_at.expected.seconds() as f64);
        at = from + length;
        match bars.last_mut() {
            Some(bar) if number % merged != 0 && bar.stage == wave.stage => {
                (bar.last, bar.to) = (wave.index, at);
                bar.title = format!("Waves {} to {}, {}", bar.first, bar.last, wave.stage.as_str());
            }
            _ => {
                let title = bar_title(wave, sums.copies.bytes);
                bars.push(Bar { stage: wave.stage, first: wave.index, last: wave.index, from, to: at, title });
            }
        }
    }
    (axis, bars)
}

fn bar_title(wave: &Wave, bytes: Bytes) -> String {
    let mut title = format!("Wave {}, {}: {}", wave.index, wave.stage.as_str(), counted(wave.rows.len(), "partition"));
    if bytes > Bytes::ZERO {
        let _ = write!(title, ", {bytes}");
    }
    if let Some(time) = wave.duration_seconds {
        let _ = write!(title, ", {}", time.expected);
    }
    if let Some(limit) = wave.held_up_by() {
        let _ = write!(title, ", held up by {}", short_limit(limit));
    }
    title
}

/// Every wave as a bar, in the lane of its stage.
fn timeline(facts: &Facts<'_>) -> String {
    let (axis, bars) = bars(facts);
    let (Some(start), Some(end)) = (bars.first().map(|bar| bar.from), bars.last().map(|bar| bar.to)) else {
        return String::new();
    };
    let mut stages: Vec<Stage> = bars.iter().map(|bar| bar.stage).collect();
    stages.sort_unstable();
    stages.dedup();
    let length = (end - start).max(1e-9);
    let x = |value: f64| LEFT + (value - start) / length * (WIDTH - LEFT - RIGHT);
    let bottom = LANE * stages.len() as f64 + 6.0;
    let height = bottom + 26.0;
    let what = match axis {
        Axis::Dates => "Timeline of the waves by date",
        Axis::Time => "Timeline of the waves, by expected time since the start",
        Axis::Bytes => "The waves by how much they copy; without a throttle there are no times",
        Axis::Partitions => "The waves by how many partitions they change",
    };
    let mut svg = format!(
        "<figure class=chart tabindex=0 role=group aria-label=\"{what}\"><figcaption>{what}</figcaption>\n\
         <svg viewBox=\"0 0 {WIDTH} {height}\" role=img aria-label=\"{what}: {}, each with its figures in the table below\">\n",
        counted(facts.plan.waves.len(), "wave")
    );
    for (at, label) in ticks(facts.plan, axis, start, end) {
        let x = place(x(at));
        let _ = write!(svg, "<path class=grid d=\"M{x} 4V{}\"/>", place(bottom));
        let _ = writeln!(svg, "<text class=tick x={x} y={} text-anchor=middle>{label}</text>", place(bottom + 18.0));
    }
    for (lane, stage) in stages.iter().enumerate() {
        let y = lane as f64 * LANE + 4.0;
        let (count, name) = (bars.iter().filter(|bar| bar.stage == *stage), stage.as_str());
        let waves: u32 = count.map(|bar| bar.last - bar.first + 1).sum();
        let _ = writeln!(
            svg,
            "<text class=lane x=0 y={}>{name} <tspan class=tick>{}</tspan></text>",
            place(y + 17.0),
            grouped(waves.into())
        );
        for bar in bars.iter().filter(|bar| bar.stage == *stage) {
            // A gap between neighbours; the shortest wave is still to be seen.
            let (from, wide) = (x(bar.from), (x(bar.to) - x(bar.from) - 1.0).max(1.5));
            let _ = writeln!(
                svg,
                "<rect class=\"{}\" x={} y={} width={} height={}><title>{}</title></rect>",
                class_of(*stage),
                place(from),
                place(y),
                place(wide),
                place(LANE - 8.0),
                bar.title
            );
            if wide > 10.0 + 8.0 * bar.first.to_string().len() as f64 && bar.first == bar.last {
                let (x, y) = (place(from + wide / 2.0), place(y + 15.5));
                let _ = writeln!(svg, "<text class=on x={x} y={y} text-anchor=middle>{}</text>", bar.first);
            }
        }
    }
    svg.push_str("</svg></figure>\n");
    svg
}

/// Classes that give a stage its colour; a short ISR is hatched besides.
fn class_of(stage: Stage) -> &'static str {
    match stage {
        Stage::Canary => "s canary",
        Stage::Sources => "s sources",
        Stage::Data => "s data",
        Stage::DataShortIsr => "s data short",
        Stage::Add => "s add",
        Stage::AddShortIsr => "s add short",
        Stage::InternalAdd => "s internal add",
        Stage::InternalAddShortIsr => "s internal add short",
        Stage::LogDirs => "s dirs",
        Stage::Leadership => "s lead",
        Stage::InternalLeadership => "s internal lead",
        Stage::Remove => "s remove",
        Stage::InternalRemove => "s internal remove",
        Stage::Internal => "s internal",
        Stage::InternalShortIsr => "s internal short",
    }
}

/// Round places of the axis and their labels.
fn ticks(plan: &Plan, axis: Axis, start: f64, end: f64) -> Vec<(f64, String)> {
    const STEPS: [f64; 24] = [
        1.0,
        2.0,
        5.0,
        10.0,
        15.0,
        30.0,
        60.0,
        120.0,
        300.0,
        600.0,
        900.0,
        1_800.0,
        3_600.0,
        7_200.0,
        10_800.0,
        21_600.0,
        43_200.0,
        86_400.0,
        172_800.0,
        432_000.0,
        864_000.0,
        1_728_000.0,
        4_320_000.0,
        8_640_000.0,
    ];
    const TICKS_MAX: f64 = 7.0;
    let length = end - start;
    let step = match axis {
        Axis::Dates | Axis::Time => STEPS.into_iter().find(|step| length / step <= TICKS_MAX).unwrap_or(length),
        Axis::Bytes | Axis::Partitions => {
            let power = 10_f64.powi((length / TICKS_MAX).max(1.0).log10().floor() as i32);
            [1.0, 2.0, 5.0, 10.0]
                .map(|n| n * power)
                .into_iter()
                .find(|step| length / step <= TICKS_MAX)
                .unwrap_or(length)
        }
    };
    let zone = plan.request.zone();
    let ahead = if axis == Axis::Dates { zone.offset_at(start as i64) as f64 } else { 0.0 };
    let first = ((start + ahead) / step).ceil() * step - ahead;
    let mut ticks = Vec::new();
    let mut at = first;
    while at <= end + step * 1e-6 && step > 0.0 {
        let label = match axis {
            Axis::Dates => zone.moment(at as i64).short().get(5..16).unwrap_or_default().to_owned(),
            Axis::Time if at == 0.0 => "0".to_owned(),
            Axis::Time => round_time(at),
            Axis::Bytes => Bytes::new(at as u64).to_string(),
            Axis::Partitions => grouped(at as u64),
        };
        ticks.push((at, label));
        at += step;
    }
    ticks
}

/// `3h`, `1h 30m`, `2d 12h`: without units of zero.
fn round_time(seconds: f64) -> String {
    let whole = seconds as u64;
    let parts = [(86_400, "d", u64::MAX), (3_600, "h", 24), (60, "m", 60), (1, "s", 60)];
    let shown = parts.iter().map(|&(unit, name, most)| (whole / unit % most, name)).filter(|part| part.0 > 0);
    shown.take(2).map(|(count, name)| format!("{count}{name}")).collect::<Vec<_>>().join(" ")
}

/// A time since the start, to the minute however long it is: `1d 02h 05m`.
fn since(time: Seconds) -> String {
    let minutes = (time.get() / 60.0).round() as u64;
    match minutes / 1_440 {
        0 => time.to_string(),
        days => format!("{days}d {:02}h {:02}m", minutes / 60 % 24, minutes % 60),
    }
}

/// What sets the expected time of waves, the longest first.
fn held_up(plan: &Plan) -> String {
    let mut held: Vec<(Limit, u32, Seconds)> = Vec::new();
    for wave in &plan.waves {
        let (Some(limit), Some(time)) = (wave.held_up_by(), wave.duration_seconds) else { continue };
        match held.iter_mut().find(|entry| entry.0 == limit) {
            Some(entry) => (entry.1, entry.2) = (entry.1 + 1, entry.2 + time.expected),
            None => held.push((limit, 1, time.expected)),
        }
    }
    if held.is_empty() {
        return String::new();
    }
    held.sort_by(|a, b| b.2.get().total_cmp(&a.2.get()));
    let columns = [("What", Kind::Words), ("Waves", Kind::Number), ("For", Kind::Number), ("Of all", Kind::Number)];
    let all = plan.summary.eta_seconds.map_or(0.0, |eta| eta.expected.get()).max(1e-9);
    let caption = match held.len() {
        many if many > LIMITS_MAX => {
            format!("What holds the waves up: the first {LIMITS_MAX} of {}", grouped(many as u64))
        }
        _ => "What holds the waves up".to_owned(),
    };
    let mut table = Table::new("limits", caption, &columns).sortable();
    for (limit, waves, time) in held.into_iter().take(LIMITS_MAX) {
        let share = Cell::percent(time.get() / all);
        table.row([Cell::text(limit_text(limit)), Cell::count(waves), Cell::seconds(time), share]);
    }
    table.html()
}

/// `the throttle of broker 5 as leader`.
pub(super) fn limit_text(limit: Limit) -> String {
    let Limit { broker, side, cap, from } = limit;
    match (cap, from) {
        (Cap::Throttle, _) if side == Side::LogDirs => format!("the throttle of broker {broker} between its log dirs"),
        (Cap::Throttle, _) if side == Side::Leader => format!("the throttle of broker {broker}, which sends (leader)"),
        (Cap::Throttle, _) => format!("the throttle of broker {broker}, which receives (follower)"),
        (Cap::Network, _) => format!("the network of broker {broker} as {}", side.as_str()),
        (Cap::Disk, _) => format!("the disks of broker {broker}"),
        (Cap::Fetch, Some(from)) => format!("what broker {broker} can fetch from broker {from}"),
        (Cap::Fetch, None) => format!("what broker {broker} can fetch"),
    }
}

/// `broker 5 as leader`.
fn short_limit(limit: Limit) -> String {
    match limit.side {
        Side::LogDirs => format!("broker {} between log dirs", limit.broker),
        Side::Leader | Side::Follower => limit.in_short(),
    }
}

/// What the clock shows; how far it is from UTC stands in the title.
fn date(moment: Moment) -> Cell {
    let text = moment.short();
    Cell::text(text.get(..16).unwrap_or(&text)).titled(moment.to_string())
}

const COLUMNS: [(&str, Kind); 17] = [
    ("Wave", Kind::Number),
    ("Stage", Kind::Words),
    ("Partitions", Kind::Number),
    ("Data", Kind::Number),
    ("New leaders", Kind::Number),
    ("Starts after", Kind::Number),
    ("Starts", Kind::Words),
    ("Takes", Kind::Number),
    ("Range", Kind::Words),
    ("Ends", Kind::Words),
    ("At the latest", Kind::Words),
    ("Held up by", Kind::Words),
    ("Cost", Kind::Number),
    ("At risk: broker", Kind::Number),
    ("At risk: rack", Kind::Number),
    ("Undo takes", Kind::Number),
    ("Undo fills", Kind::Number),
];

fn table(facts: &Facts<'_>) -> String {
    let plan = facts.plan;
    let caption = match plan.waves.len() {
        many if many > ROWS_MAX => {
            format!("The first {} of {}; the others are in plan.json", grouped(ROWS_MAX as u64), counted(many, "wave"))
        }
        many => format!("{}, in the order in which they run", counted(many, "wave")),
    };
    let mut table = Table::new("wave-table", caption, &COLUMNS).sortable();
    let has_times = plan.waves.iter().any(|wave| wave.duration_seconds.is_some());
    let mut start = has_times.then_some(Seconds::ZERO);
    let has_new_leaders = facts.waves.iter().any(|sums| sums.leaders_changing > 0);
    let is_at_risk = plan.waves.iter().filter_map(|wave| wave.at_risk.as_ref()).any(|risk| {
        let racks = risk.rack_loss.as_ref().map_or(0, |loss| loss.below_min_isr);
        risk.broker_loss.below_min_isr + racks > 0
    });
    for (wave, sums) in plan.waves.iter().zip(&facts.waves).take(ROWS_MAX) {
        let class = class_of(wave.stage);
        let stage = Cell::html(format!("<i class=\"{class}\"></i>{}", wave.stage.as_str()));
        let range = wave.duration_seconds.map(|time| {
            let title = format!("{} to {}", exact_seconds(time.low), exact_seconds(time.high));
            Cell::html(format!("{} to {}", time.low, time.high)).titled(title)
        });
        let dates = wave.dates;
        table.named_row(
            format!("wave-{}", wave.index),
            [
                Cell::count(wave.index),
                stage,
                Cell::count(wave.rows.len() as u64),
                Cell::or_none(Some(sums.copies.bytes).filter(|bytes| *bytes > Bytes::ZERO), Cell::bytes),
                if has_new_leaders { Cell::count(sums.leaders_changing) } else { Cell::none() },
                Cell::or_none(start.filter(|_| dates.is_none()), |start| {
                    Cell::html(since(start)).titled(exact_seconds(start))
                }),
                Cell::or_none(dates, |dates| date(dates.starts_at.expected)),
                Cell::or_none(wave.duration_seconds, |time| Cell::seconds(time.expected)),
                range.unwrap_or_default(),
                Cell::or_none(dates, |dates| date(dates.ends_at.expected)),
                Cell::or_none(dates, |dates| date(dates.ends_at.high)),
                Cell::or_none(wave.held_up_by(), |limit| Cell::text(short_limit(limit)).class("w")),
                Cell::or_none(plan.cross_rack_cost_of(wave), |cost| Cell::text(money(cost))),
                risk(wave, is_at_risk, |risk| Some(&risk.broker_loss)),
                risk(wave, is_at_risk, |risk| risk.rack_loss.as_ref()),
                Cell::or_none(wave.rollback_seconds.filter(|_| sums.copies.replicas > 0), Cell::seconds),
                Cell::or_none(wave.rollback_peak_disk_utilization, |fill| {
                    Cell::html(percent(fill)).titled(format!("{:.4}% of the fullest log dir", fill * 100.0))
                }),
            ],
        );
        let takes = wave.duration_seconds.map(|time| time.expected);
        start = start.zip(takes).map(|(start, takes)| start + takes);
    }
    let mut notes = String::new();
    if is_at_risk {
        notes.push_str(
            "At risk: partitions that the loss of any one broker, or rack, would leave below \
             <code>min.insync.replicas</code> while the wave runs. ",
        );
    }
    if plan.waves.iter().any(|wave| wave.rollback_seconds.is_some()) {
        notes.push_str(
            "Undo: how long taking back this wave alone copies, and how full it makes the fullest log dir that receives again.",
        );
    }
    if notes.is_empty() { table.html() } else { format!("{}<p class=note>{notes}\n", table.html()) }
}

fn risk<'a>(wave: &'a Wave, is_shown: bool, of: impl Fn(&'a AtRisk) -> Option<&'a LossRisk>) -> Cell {
    Cell::or_none(wave.at_risk.as_ref().filter(|_| is_shown).and_then(of), |loss| {
        Cell::count(loss.below_min_isr).titled(format!(
            "{} below min ISR, {} of them offline",
            grouped(loss.below_min_isr),
            grouped(loss.offline)
        ))
    })
}
