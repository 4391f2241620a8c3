//! Small tables for notebooks: no script, no style sheet, no colour that carries meaning alone.

use std::fmt::Write;

use crate::base::text::{counted, grouped};
use crate::base::units::{Bytes, Seconds};
use crate::cli::brokers::{role_text, state_text};
use crate::cli::show::bytes_to_copy;
use crate::cli::table::Align;
use crate::plan::{Plan, PlanBroker, PlanDir, Role};
use crate::snapshot::Snapshot;

/// Rows of one table; the rest is counted.
const ROWS_MAX: usize = 60;

/// A cluster as a table of its brokers.
pub fn cluster(snapshot: &Snapshot) -> String {
    let used = snapshot.used_bytes();
    let mut replicas = vec![0_u64; snapshot.brokers.len()];
    for id in snapshot.partitions.replicas.values() {
        if let Ok(at) = snapshot.brokers.binary_search_by_key(id, |broker| broker.id) {
            replicas[at] += 1;
        }
    }
    let rows = snapshot.brokers.iter().enumerate().map(|(number, broker)| {
        let capacity: Option<Bytes> =
            broker.log_dirs.iter().map(|dir| dir.capacity).collect::<Option<Vec<_>>>().map(sum);
        let total = sum(used[number].clone());
        vec![
            broker.id.to_string(),
            escaped(broker.rack.as_deref().unwrap_or("")),
            state_text(broker.state).to_owned(),
            grouped(replicas[number]),
            if broker.log_dirs.is_empty() { "not known".to_owned() } else { total.to_string() },
            capacity.map_or(String::new(), |capacity| fill(Some(total), Some(capacity))),
        ]
    });
    let known = snapshot.brokers.iter().any(|broker| broker.log_dirs.iter().any(|dir| dir.capacity.is_some()));
    let title = format!(
        "{}: {}, {}, {}{}",
        escaped(snapshot.name.as_deref().unwrap_or("cluster")),
        counted(snapshot.brokers.len() as u64, "broker"),
        counted(snapshot.topics.len() as u64, "topic"),
        counted(snapshot.partitions.len() as u64, "partition"),
        if known { "" } else { "; capacities not known" }
    );
    table(&title, &CLUSTER_HEADS, rows)
}

const CLUSTER_HEADS: [Head; 6] = [
    ("broker", Align::Right),
    ("rack", Align::Left),
    ("state", Align::Left),
    ("replicas", Align::Right),
    ("used", Align::Right),
    ("used of capacity", Align::Left),
];

/// A plan as tables of its waves and of the brokers that take part.
pub fn plan(plan: &Plan) -> String {
    let summary = &plan.summary;
    let (waves, replicas) = (counted(summary.waves, "wave"), counted(summary.replicas_moved, "replica"));
    let mut title = format!("{waves}, {replicas}, {}", summary.bytes_moved);
    if let Some(eta) = &summary.eta_seconds {
        let _ = write!(title, ", about {} ({} to {})", eta.expected, eta.low, eta.high);
    }
    if !plan.complete {
        let _ = write!(title, "; {} deferred", counted(plan.deferred.len() as u64, "partition"));
    }
    let brokers: Vec<&PlanBroker> = plan.brokers.iter().filter(|broker| broker.role != Role::Other).collect();
    wave_table(&title, plan) + &table("", &BROKER_HEADS, brokers.into_iter().map(broker_row))
}

fn wave_table(title: &str, plan: &Plan) -> String {
    let longest = plan.waves.iter().filter_map(|wave| wave.copy_seconds).map(Seconds::get).fold(0.0, f64::max);
    let rows = plan.waves.iter().map(|wave| {
        let time = wave.copy_seconds.map(|time| bar(time.get() / longest, &time.to_string()));
        vec![
            wave.index.to_string(),
            wave.stage.as_str().to_owned(),
            grouped(wave.rows.len() as u64),
            bytes_to_copy(plan, wave).to_string(),
            time.unwrap_or_else(|| "not known".to_owned()),
            wave.held_up_by().map_or(String::new(), |limit| limit.in_short()),
        ]
    });
    table(title, &WAVE_HEADS, rows)
}

const WAVE_HEADS: [Head; 6] = [
    ("wave", Align::Right),
    ("stage", Align::Left),
    ("partitions", Align::Right),
    ("to copy", Align::Right),
    ("copy time", Align::Left),
    ("bottleneck", Align::Left),
];

const BROKER_HEADS: [Head; 8] = [
    ("broker", Align::Right),
    ("rack", Align::Left),
    ("role", Align::Left),
    ("replicas", Align::Right),
    ("leaders", Align::Right),
    ("disk before", Align::Left),
    ("at the peak", Align::Left),
    ("after", Align::Left),
];

fn broker_row(broker: &PlanBroker) -> Vec<String> {
    let capacity = broker.log_dirs.iter().map(|dir| dir.capacity_bytes).collect::<Option<Vec<_>>>().map(sum);
    let capacity = capacity.filter(|_| !broker.log_dirs.is_empty());
    let used = |of: fn(&PlanDir) -> Bytes| {
        let total = (!broker.log_dirs.is_empty()).then(|| broker.log_dirs.iter().map(of).sum());
        fill(total, capacity)
    };
    vec![
        broker.id.to_string(),
        escaped(broker.rack.as_deref().unwrap_or("")),
        role_text(broker.role).to_owned(),
        format!("{} → {}", grouped(broker.replicas_before.into()), grouped(broker.replicas_after.into())),
        format!("{} → {}", grouped(broker.leaders_before.into()), grouped(broker.leaders_after.into())),
        used(|dir| dir.used_before_bytes),
        used(|dir| dir.used_peak_bytes),
        used(|dir| dir.used_after_bytes),
    ]
}

fn sum(bytes: Vec<Bytes>) -> Bytes {
    bytes.into_iter().sum()
}

/// A share of a capacity as a bar, or the bytes alone.
fn fill(used: Option<Bytes>, capacity: Option<Bytes>) -> String {
    match (used, capacity) {
        (Some(used), Some(capacity)) if capacity > Bytes::ZERO => {
            let share = used.as_f64() / capacity.as_f64();
            bar(share, &format!("{:.1}%", share * 100.0))
        }
        (Some(used), _) => used.to_string(),
        (None, _) => "not known".to_owned(),
    }
}

/// A bar of up to 100 pixels, and its value as text.
fn bar(share: f64, text: &str) -> String {
    let width = if share.is_finite() { (share * 100.0).clamp(0.0, 100.0) } else { 0.0 };
    format!(
        "<svg width=\"102\" height=\"10\" role=\"img\" aria-label=\"{text}\"><rect x=\".5\" y=\".5\" width=\"101\" \
         height=\"9\" fill=\"none\" stroke=\"currentColor\" stroke-opacity=\".3\"/><rect x=\"1\" y=\"1\" \
         width=\"{width:.0}\" height=\"8\" fill=\"#4878a8\"/></svg> {text}"
    )
}

/// Name and alignment of a column; notebooks would put everything to the right.
type Head = (&'static str, Align);

/// A table; columns without any cell are left out.
fn table(title: &str, heads: &[Head], rows: impl ExactSizeIterator<Item = Vec<String>>) -> String {
    let left_out = rows.len().saturating_sub(ROWS_MAX);
    let rows: Vec<Vec<String>> = rows.take(ROWS_MAX).collect();
    let used: Vec<usize> = (0..heads.len()).filter(|&column| rows.iter().any(|row| !row[column].is_empty())).collect();
    let side = |column: usize| if heads[column].1 == Align::Left { "left" } else { "right" };
    let mut html = String::from("<table>");
    if !title.is_empty() {
        let _ = write!(html, "<caption style=\"text-align:left;white-space:nowrap\">{title}</caption>");
    }
    html.push_str("<thead><tr>");
    for &column in &used {
        let _ = write!(html, "<th style=\"text-align:{}\">{}</th>", side(column), heads[column].0);
    }
    html.push_str("</tr></thead><tbody>");
    for row in &rows {
        html.push_str("<tr>");
        for &column in &used {
            let _ = write!(html, "<td style=\"text-align:{}\">{}</td>", side(column), row[column]);
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody></table>");
    if left_out > 0 {
        let _ = write!(html, "<p>and {} more</p>", grouped(left_out as u64));
    }
    html
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
