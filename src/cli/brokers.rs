//! The brokers of a plan, before and after.

use serde::Serialize;

use super::summary::percent;
use super::table::{Align, Table};
use super::view::View;
use crate::base::text::grouped;
use crate::base::units::Bytes;
use crate::plan::{Plan, PlanBroker, PlanDir, Role};
use crate::snapshot::BrokerState;

/// The brokers of a plan.
#[derive(Serialize)]
pub struct BrokersView<'a> {
    brokers: &'a [PlanBroker],
}

impl<'a> BrokersView<'a> {
    /// The brokers of `plan`.
    pub fn new(plan: &'a Plan) -> Self {
        BrokersView { brokers: &plan.brokers }
    }
}

impl View for BrokersView<'_> {
    fn text(&self, _quiet: bool) -> String {
        let mut table = Table::new(&[
            ("BROKER", Align::Right),
            ("RACK", Align::Left),
            ("ROLE", Align::Left),
            ("STATE", Align::Left),
            ("REPLICAS", Align::Right),
            ("AFTER", Align::Right),
            ("LEADERS", Align::Right),
            ("AFTER", Align::Right),
            ("LOG DIR", Align::Left),
            ("CAPACITY", Align::Right),
            ("DISK", Align::Right),
            ("PEAK", Align::Right),
            ("AFTER", Align::Right),
        ]);
        for broker in self.brokers {
            let mut first = true;
            let dirs: Vec<Option<&PlanDir>> =
                if broker.log_dirs.is_empty() { vec![None] } else { broker.log_dirs.iter().map(Some).collect() };
            for dir in dirs {
                let mut cells = if first { broker_cells(broker) } else { vec![String::new(); 8] };
                cells.extend(dir_cells(dir, broker.log_dirs.len() > 1));
                table.row(cells);
                first = false;
            }
        }
        table.text()
    }
}

/// The part that a broker has in a plan; nothing for a bystander.
pub fn role_text(role: Role) -> &'static str {
    match role {
        Role::Drain => "drain",
        Role::Target => "target",
        Role::Other => "",
    }
}

/// The state of a broker; the usual one would only fill a column.
pub fn state_text(state: BrokerState) -> &'static str {
    if state == BrokerState::Alive { "" } else { state.as_str() }
}

fn broker_cells(broker: &PlanBroker) -> Vec<String> {
    vec![
        broker.id.to_string(),
        broker.rack.clone().unwrap_or_default(),
        role_text(broker.role).to_owned(),
        state_text(broker.state).to_owned(),
        grouped(u64::from(broker.replicas_before)),
        grouped(u64::from(broker.replicas_after)),
        grouped(u64::from(broker.leaders_before)),
        grouped(u64::from(broker.leaders_after)),
    ]
}

/// Path (where there are several), capacity, and use before, at the peak and after: in percent where the
/// capacity is known, else in bytes.
fn dir_cells(dir: Option<&PlanDir>, several: bool) -> Vec<String> {
    let Some(dir) = dir else { return vec![String::new(); 5] };
    let used = |used: Bytes| match dir.capacity_bytes {
        Some(capacity) if capacity > Bytes::ZERO => percent(used.as_f64() / capacity.as_f64()),
        _ => used.to_string(),
    };
    vec![
        if several { dir.path.clone() } else { String::new() },
        dir.capacity_bytes.map_or("not known".to_owned(), |capacity| capacity.to_string()),
        used(dir.used_before_bytes),
        used(dir.used_peak_bytes),
        used(dir.used_after_bytes),
    ]
}
