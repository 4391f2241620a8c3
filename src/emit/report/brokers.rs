//! The brokers: how full their disks get, and how many leaders they have.

use std::fmt::Write;

use super::html::{Cell, Kind, Table, escaped, exact_bytes, percent, place};
use crate::base::text::{counted, grouped};
use crate::base::units::Bytes;
use crate::plan::{Plan, PlanBroker, PlanDir, Role};
use crate::snapshot::BrokerState;

/// Log dirs that are drawn one by one; with more of them each broker shows its fullest.
const DIRS_MAX: usize = 3_000;
/// Brokers that a table has at most.
const ROWS_MAX: usize = 2_500;

pub(super) fn section(plan: &Plan) -> String {
    let mut html = String::new();
    html.push_str(&disk_text(plan));
    html.push_str(&disk_chart(plan));
    html.push_str(&leader_chart(plan));
    for (role, id, what) in [
        (
            Role::Target,
            "targets",
            if plan.request.leaders_only { "that may take over leadership" } else { "that receive" },
        ),
        (Role::Drain, "drained", "that are drained"),
        (Role::Other, "others", "that keep what they have"),
    ] {
        let brokers: Vec<&PlanBroker> = plan.brokers.iter().filter(|broker| broker.role == role).collect();
        if brokers.is_empty() {
            continue;
        }
        let title = format!("{} {what}", counted(brokers.len(), "broker"));
        html.push_str(&table(plan, id, &title, &brokers));
    }
    html
}

fn limit(plan: &Plan) -> Option<f64> {
    (!plan.request.ignore_disk).then(|| plan.request.disk_limit.get())
}

fn disk_text(plan: &Plan) -> String {
    let limit = match limit(plan) {
        Some(_) => format!("the limit is {}", plan.request.disk_limit),
        None => "there is no limit, because it was lifted with <code>--ignore-disk</code>".to_owned(),
    };
    let growth = if plan.request.growth {
        "The growth of moved partitions while the plan runs is counted."
    } else {
        "Growth while the plan runs is not counted: retention is taken as steady."
    };
    match plan.summary.peak_disk_utilization {
        Some(peak) => format!(
            "<p>At the peak of all waves the fullest log dir that receives data is <strong title=\"{:.4}%\">{}</strong> full; \
             {limit}. The peak counts old and new copies together. {growth}\n",
            peak * 100.0,
            percent(peak)
        ),
        None if plan.waves.is_empty() || plan.request.leaders_only => String::new(),
        None => format!("<p>How full disks get is not known, because capacities are not; {limit}.\n"),
    }
}

/// The log dir of a broker that is fullest at its peak, of those with a capacity.
fn fullest(broker: &PlanBroker) -> Option<(&PlanDir, f64)> {
    let shares = broker.log_dirs.iter().filter_map(|dir| Some((dir, capacity(dir)?)));
    shares.reduce(|most, next| {
        let share = |(dir, capacity): (&PlanDir, f64)| dir.used_peak_bytes.as_f64() / capacity;
        if share(next) > share(most) { next } else { most }
    })
}

fn capacity(dir: &PlanDir) -> Option<f64> {
    dir.capacity_bytes.filter(|capacity| *capacity > Bytes::ZERO).map(Bytes::as_f64)
}

const WIDTH: f64 = 1_000.0;
const LEFT: f64 = 64.0;
const TOP: f64 = 14.0;
const TALL: f64 = 150.0;

/// A drawing of one column for each broker.
struct Columns<'a> {
    title: String,
    describes: String,
    /// What the axis ends at.
    most: f64,
    label: &'a dyn Fn(f64) -> String,
    ids: (String, String),
    count: usize,
}

impl Columns<'_> {
    fn x(&self, column: usize) -> f64 {
        LEFT + column as f64 * self.step()
    }

    fn step(&self) -> f64 {
        ((WIDTH - LEFT - 4.0) / self.count as f64).min(120.0)
    }

    fn y(&self, value: f64) -> f64 {
        TOP + TALL * (1.0 - (value / self.most).clamp(0.0, 1.0))
    }

    /// Columns as one path: what a thousand brokers need stays small.
    fn filled(&self, class: &str, values: impl Iterator<Item = f64>, part: f64) -> String {
        let (step, bottom) = (self.step(), TOP + TALL);
        let wide = step * part;
        let mut path = String::new();
        for (column, value) in values.enumerate().filter(|(_, value)| *value > 0.0) {
            let (x, y) = (self.x(column) + (step - wide) / 2.0, self.y(value));
            let _ = write!(path, "M{} {}V{}h{}V{}", place(x), place(bottom), place(y), place(wide), place(bottom));
        }
        format!("<path class={class} d=\"{path}\"/>\n")
    }

    /// A short line across each column.
    fn marks(&self, class: &str, values: impl Iterator<Item = f64>) -> String {
        let step = self.step();
        let mut path = String::new();
        for (column, value) in values.enumerate().filter(|(_, value)| *value > 0.0) {
            let _ = write!(
                path,
                "M{} {}h{}",
                place(self.x(column) + step * 0.04),
                place(self.y(value)),
                place(step * 0.92)
            );
        }
        format!("<path class={class} d=\"{path}\"/>\n")
    }

    /// A line across the drawing with its name at the right end.
    fn line(&self, value: f64, name: &str) -> String {
        let y = self.y(value);
        format!(
            "<path class=limit d=\"M{LEFT} {}H{WIDTH}\"/><text class=limit-name x={WIDTH} y={} text-anchor=end>{name}</text>\n",
            place(y),
            place(y - 4.0)
        )
    }

    fn html(&self, inside: &str, legend: &str) -> String {
        let (title, describes) = (&self.title, &self.describes);
        let mut axis = String::new();
        for part in 0..=4 {
            let value = self.most * f64::from(part) / 4.0;
            let y = place(self.y(value));
            let _ = write!(axis, "<path class=grid d=\"M{LEFT} {y}H{WIDTH}\"/>");
            let _ = writeln!(
                axis,
                "<text class=tick x={} y={} text-anchor=end>{}</text>",
                LEFT - 6.0,
                place(self.y(value) + 4.0),
                (self.label)(value)
            );
        }
        let (below, end) = (TOP + TALL + 18.0, self.x(self.count));
        format!(
            "<figure class=chart tabindex=0 role=group aria-label=\"{title}\"><figcaption>{title}<span class=legend>{legend}\
             </span></figcaption>\n<svg viewBox=\"0 0 {WIDTH} {}\" role=img aria-label=\"{describes}\">\n{axis}{inside}\
             <text class=tick x={LEFT} y={below}>broker {}</text><text class=tick x={} y={below} text-anchor=end>broker \
             {}</text></svg></figure>\n",
            TOP + TALL + 26.0,
            self.ids.0,
            place(end.max(LEFT + 200.0)),
            self.ids.1
        )
    }
}

/// What a legend says of marks, where there are any.
const BEFORE: &str = "<i class=before></i>before";

fn disk_chart(plan: &Plan) -> String {
    let shown: Vec<(&PlanBroker, &PlanDir, f64)> = plan
        .brokers
        .iter()
        .filter(|broker| broker.role == Role::Target)
        .filter_map(|broker| fullest(broker).map(|(dir, capacity)| (broker, dir, capacity)))
        .collect();
    if shown.len() < 2 || plan.request.leaders_only {
        return String::new();
    }
    let share = |used: fn(&PlanDir) -> Bytes| shown.iter().map(move |(_, dir, capacity)| used(dir).as_f64() / capacity);
    let most = share(|dir| dir.used_peak_bytes).fold(1.0, f64::max);
    let several = shown.iter().any(|(broker, _, _)| broker.log_dirs.len() > 1);
    let what = if several { "the fullest log dir of each broker that receives" } else { "each broker that receives" };
    let columns = Columns {
        title: format!("Disk of {what}"),
        describes: format!("Disk of {what}: before, at the peak and after; the tables below have the figures"),
        most,
        label: &|value| format!("{:.0}%", value * 100.0),
        ids: (shown[0].0.id.to_string(), shown[shown.len() - 1].0.id.to_string()),
        count: shown.len(),
    };
    let limit =
        limit(plan).map_or(String::new(), |limit| columns.line(limit, &format!("limit {}", plan.request.disk_limit)));
    let inside = [
        columns.filled("peak", share(|dir| dir.used_peak_bytes), 0.86),
        columns.filled("after", share(|dir| dir.used_after_bytes), 0.56),
        columns.marks("before", share(|dir| dir.used_before_bytes)),
        limit,
    ];
    columns.html(&inside.concat(), "<i class=peak></i>at its peak <i class=after></i>after <i class=before></i>before")
}

fn leader_chart(plan: &Plan) -> String {
    let shown: Vec<&PlanBroker> = plan.brokers.iter().filter(|broker| broker.role == Role::Target).collect();
    let leaders = |of: fn(&PlanBroker) -> u32| shown.iter().map(move |broker| f64::from(of(broker)));
    let most = leaders(|broker| broker.leaders_after.max(broker.leaders_before)).fold(0.0, f64::max);
    if shown.len() < 2 || most < 1.0 || plan.request.empties_dirs() {
        return String::new();
    }
    let columns = Columns {
        title: "Leaders of each broker that receives".to_owned(),
        describes:
            "Partitions whose list begins with each broker that receives, before and after; the tables below have the \
                    figures"
                .to_owned(),
        most: (most * 1.08 / 4.0).ceil() * 4.0,
        label: &|value| grouped(value.round() as u64),
        ids: (shown[0].id.to_string(), shown[shown.len() - 1].id.to_string()),
        count: shown.len(),
    };
    let mean = leaders(|broker| broker.leaders_after).sum::<f64>() / shown.len() as f64;
    let inside = [
        columns.filled("after", leaders(|broker| broker.leaders_after), 0.8),
        columns.marks("before", leaders(|broker| broker.leaders_before)),
        columns.line(mean, &format!("mean {mean:.1}")),
    ];
    let before = if leaders(|broker| broker.leaders_before).any(|count| count > 0.0) { BEFORE } else { "" };
    columns.html(&inside.concat(), &format!("<i class=after></i>after {before}"))
}

const COLUMNS: [(&str, Kind); 12] = [
    ("Broker", Kind::Number),
    ("Rack", Kind::Words),
    ("State", Kind::Words),
    ("Replicas before", Kind::Number),
    ("Replicas after", Kind::Number),
    ("Leaders before", Kind::Number),
    ("Leaders after", Kind::Number),
    ("Log dirs", Kind::Number),
    ("Disk", Kind::Drawing),
    ("Disk before", Kind::Number),
    ("Disk at peak", Kind::Number),
    ("Disk after", Kind::Number),
];

fn table(plan: &Plan, id: &str, title: &str, brokers: &[&PlanBroker]) -> String {
    let several = brokers.iter().any(|broker| broker.log_dirs.len() > 1);
    let title = if several { format!("{title}; disk figures are of the fullest log dir") } else { title.to_owned() };
    let caption = match brokers.len() {
        many if many > ROWS_MAX => {
            format!("{title}: the first {}; the others are in plan.json", grouped(ROWS_MAX as u64))
        }
        _ => title,
    };
    let dirs: usize = plan.brokers.iter().map(|broker| broker.log_dirs.len()).sum();
    let mut table = Table::new(id, caption, &COLUMNS).sortable();
    for broker in brokers.iter().take(ROWS_MAX) {
        let fullest = fullest(broker).map(|(dir, _)| dir).or(broker.log_dirs.first());
        let shown: Vec<&PlanDir> =
            if dirs > DIRS_MAX { fullest.into_iter().collect() } else { broker.log_dirs.iter().collect() };
        let state = if broker.state == BrokerState::Alive { "" } else { broker.state.as_str() };
        let bars: String = shown.iter().map(|dir| dir_bar(plan, dir, shown.len() > 1)).collect();
        let used = |of: fn(&PlanDir) -> Bytes| Cell::or_none(fullest, |dir| used_cell(dir, of(dir)));
        table.row([
            Cell::text(broker.id.to_string()),
            Cell::text(broker.rack.as_deref().unwrap_or("")),
            Cell::html(state),
            Cell::count(broker.replicas_before),
            Cell::count(broker.replicas_after),
            Cell::count(broker.leaders_before),
            Cell::count(broker.leaders_after),
            if several { Cell::count(broker.log_dirs.len() as u64) } else { Cell::none() },
            Cell::html(bars).class("d"),
            used(|dir| dir.used_before_bytes),
            used(|dir| dir.used_peak_bytes),
            used(|dir| dir.used_after_bytes),
        ]);
    }
    table.html()
}

/// What is used of a log dir, as its share where its capacity is known.
fn used_cell(dir: &PlanDir, used: Bytes) -> Cell {
    match dir.capacity_bytes.zip(capacity(dir)) {
        Some((whole, capacity)) => {
            let title =
                format!("{:.4}%: {} of {}", used.as_f64() / capacity * 100.0, exact_bytes(used), exact_bytes(whole));
            Cell::percent(used.as_f64() / capacity).titled(title)
        }
        None => Cell::bytes(used),
    }
}

/// One log dir before, at its peak and after, against what it holds and the limit; nothing where that is not known.
fn dir_bar(plan: &Plan, dir: &PlanDir, is_named: bool) -> String {
    let (before, peak, after) = (dir.used_before_bytes, dir.used_peak_bytes, dir.used_after_bytes);
    let name = if is_named { format!(" <small>{}</small>", escaped(&dir.path)) } else { String::new() };
    let Some(capacity) = capacity(dir) else {
        return if is_named { format!("<div>{before} → {peak} → {after}{name}</div>") } else { String::new() };
    };
    let share = |bytes: Bytes| bytes.as_f64() / capacity;
    let wide = |bytes: Bytes| place((share(bytes) * 100.0).clamp(0.0, 100.0));
    let limit =
        limit(plan).map_or(String::new(), |limit| format!("<path class=l d=\"M{} 0v10\"/>", place(limit * 100.0)));
    format!(
        "<div class=disk title=\"{}: {} before, {} at its peak, {} after\"><svg viewBox=\"0 0 100 10\" \
         preserveAspectRatio=none aria-hidden=true><path class=p d=\"M0 0h{}v10H0\"/><path class=a d=\"M0 3h{}v4H0\"/>\
         <path class=b d=\"M{} 0v10\"/>{limit}</svg>{name}</div>",
        escaped(&dir.path),
        percent(share(before)),
        percent(share(peak)),
        percent(share(after)),
        wide(peak),
        wide(after),
        wide(before),
    )
}
