//! Small tables for notebooks: no script, no style sheet, no colour that carries meaning alone.

use std::fmt::Write;

use crate::base::text::{counted, grouped};
use crate::base::units::{Bytes, Seconds};
use crate::plan::{Plan, PlanBroker, PlanDir, Role};
use crate::snapshot::{BrokerState, Snapshot};

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
            if broker.state == BrokerState::Alive { String::new() } else { broker.state.as_str().to_owned() },
            grouped(replicas[number]),
            if broker.log_dirs.is_empty() { "not known".to_owned() } else { total.to_string() },
            fill(Some(total), capacity),
        ]
    });
    let title = format!(
        "{}: {}, {}, {}",
        escaped(snapshot.name.as_deref().unwrap_or("cluster")),
        counted(snapshot.brokers.len() as u64, "broker"),
        counted(snapshot.topics.len() as u64, "topic"),
        counted(snapshot.partitions.len() as u64, "partition")
    );
    table(&title, &["broker", "rack", "state", "replicas", "used", "used of capacity"], rows)
}

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
    let bytes = |rows: std::ops::Range<usize>| -> Bytes {
        rows.map(|row| plan.get(row)).map(|entry| Bytes::new(entry.size.get() * entry.adding().count() as u64)).sum()
    };
    let longest = plan.waves.iter().filter_map(|wave| wave.copy_seconds).map(Seconds::get).fold(0.0, f64::max);
    let rows = plan.waves.iter().map(|wave| {
        let time = wave.copy_seconds.map(|time| bar(time.get() / longest, &time.to_string()));
        vec![
            wave.index.to_string(),
            wave.stage.as_str().to_owned(),
            grouped(wave.rows.len() as u64),
            bytes(wave.rows.clone()).to_string(),
            time.unwrap_or_else(|| "not known".to_owned()),
            wave.bottleneck.map_or(String::new(), |at| format!("{} as {}", at.broker, at.side.as_str())),
        ]
    });
    table(title, &["wave", "stage", "partitions", "copies", "copy time", "bottleneck"], rows)
}

const BROKER_HEADS: [&str; 8] = ["broker", "rack", "role", "replicas", "leaders", "before", "peak", "after"];

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
        match broker.role {
            Role::Drain => "drain",
            Role::Target => "target",
            Role::Other => "",
        }
        .to_owned(),
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

fn table(title: &str, heads: &[&str], rows: impl ExactSizeIterator<Item = Vec<String>>) -> String {
    let left_out = rows.len().saturating_sub(ROWS_MAX);
    let mut html = String::from("<table>");
    if !title.is_empty() {
        let _ = write!(html, "<caption>{title}</caption>");
    }
    let _ = write!(html, "<thead><tr><th>{}</th></tr></thead><tbody>", heads.join("</th><th>"));
    for row in rows.take(ROWS_MAX) {
        let _ = write!(html, "<tr><td>{}</td></tr>", row.join("</td><td>"));
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
