//! What to mind: warnings, what the loss of a broker or a rack would do meanwhile, and what is left out.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::html::{Cell, Kind, Table, escaped, place, prose};
use crate::base::text::{counted, either, grouped};
use crate::plan::{AtRisk, LossRisk, Plan};

/// Deferred partitions that are named.
const DEFERRED_MAX: usize = 300;
/// Reasons that are told apart.
const REASONS_MAX: usize = 20;

pub(super) fn section(plan: &Plan) -> String {
    warnings(plan) + &losses(plan)
}

fn warnings(plan: &Plan) -> String {
    if plan.warnings.is_empty() {
        return "<p>The plan has no warnings.\n".to_owned();
    }
    let mut html = "<ul class=warnings>\n".to_owned();
    for warning in &plan.warnings {
        let _ = writeln!(html, "<li><b>⚠ {}</b> {}", escaped(&warning.code), prose(&warning.message));
    }
    html.push_str("</ul>\n");
    html
}

/// One row for each kind of loss: before, at most in a wave, after.
fn losses(plan: &Plan) -> String {
    let Some(span) = &plan.summary.at_risk else { return String::new() };
    let columns = [
        ("By the loss of", Kind::Words),
        ("Partitions", Kind::Words),
        ("Before", Kind::Number),
        ("At most in a wave", Kind::Number),
        ("After", Kind::Number),
        ("Worst in a wave", Kind::Words),
    ];
    let mut table = Table::new("losses", "Partitions that a single loss would put at risk", &columns);
    let racks =
        || Some([span.before.rack_loss.as_ref()?, span.most.rack_loss.as_ref()?, span.after.rack_loss.as_ref()?]);
    let brokers = Some([&span.before.broker_loss, &span.most.broker_loss, &span.after.broker_loss]);
    for (what, losses) in [("one broker", brokers), ("one rack", racks())] {
        let Some(losses) = losses else { continue };
        for (kind, name) in ["below min ISR", "offline"].into_iter().enumerate() {
            let [before, most, after] = losses.map(|loss| loss.counts()[kind]);
            let more = |count: u64| {
                let cell = Cell::count(count);
                if count > before { Cell::html(format!("<b>{} ▲</b>", grouped(count))).class("n") } else { cell }
            };
            let worst = losses[1].worst.as_ref().filter(|_| kind == 0).map(|worst| {
                let named = format!("{} with {}", worst.name(), counted(worst.below_min_isr, "partition"));
                Cell::text(named)
            });
            table.row([
                Cell::text(what),
                Cell::text(name),
                Cell::count(before),
                more(most),
                more(after),
                worst.unwrap_or_default(),
            ]);
        }
    }
    let chart = loss_chart(plan);
    format!(
        "<h3>If a broker or a rack is lost meanwhile</h3>\n<p>How many partitions of the whole cluster have a broker, or a rack, \
         whose loss alone would leave them below <code>min.insync.replicas</code> (producers with acks=all then fail) or with \
         no replica in sync (offline). ▲: more than before.\n{}{chart}",
        table.html()
    )
}

/// Partitions at risk, wave by wave, where that changes.
fn loss_chart(plan: &Plan) -> String {
    const WIDTH: f64 = 1_000.0;
    const LEFT: f64 = 64.0;
    const TALL: f64 = 110.0;
    let risks: Vec<&AtRisk> = plan.waves.iter().filter_map(|wave| wave.at_risk.as_ref()).collect();
    let Some(before) = plan.summary.at_risk.as_ref().map(|span| &span.before) else { return String::new() };
    if risks.len() < 2 || risks.len() != plan.waves.len() || risks.iter().all(|risk| risk.has_counts_of(before)) {
        return "<p>It is the same in every wave.\n".to_owned();
    }
    let brokers = |risk: &&AtRisk| risk.broker_loss.below_min_isr;
    let racks = |risk: &&AtRisk| risk.rack_loss.as_ref().map_or(0, |loss: &LossRisk| loss.below_min_isr);
    let most = risks.iter().map(|risk| brokers(risk).max(racks(risk))).max().unwrap_or(0).max(1) as f64;
    let x = |wave: usize| LEFT + wave as f64 / risks.len() as f64 * (WIDTH - LEFT - 4.0);
    let y = |count: u64| 10.0 + TALL * (1.0 - count as f64 / most);
    let steps = |class: &str, of: &dyn Fn(&&AtRisk) -> u64| {
        let mut path = format!("M{LEFT} {}", place(y(of(&risks[0]))));
        for (wave, risk) in risks.iter().enumerate() {
            let _ = write!(path, "V{}H{}", place(y(of(risk))), place(x(wave + 1)));
        }
        format!("<path class={class} d=\"{path}\"/>\n")
    };
    let mut axis = String::new();
    let mut told = vec![0, (most / 2.0) as u64, most as u64];
    told.dedup();
    for count in told {
        let _ = write!(axis, "<path class=grid d=\"M{LEFT} {}H{WIDTH}\"/>", place(y(count)));
        let _ = writeln!(
            axis,
            "<text class=tick x=58 y={} text-anchor=end>{}</text>",
            place(y(count) + 4.0),
            grouped(count)
        );
    }
    let title = "Partitions that one loss would leave below min ISR, wave by wave";
    format!(
        "<figure class=chart tabindex=0 role=group aria-label=\"{title}\"><figcaption>{title}<span class=legend>\
         <i class=byrack></i>by a rack (dashed) <i class=bybroker></i>by a broker</span></figcaption>\n<svg viewBox=\"0 0 {WIDTH} \
         144\" role=img aria-label=\"{title}; the table of waves has the figures\">\n{axis}{}{}<text class=tick x={LEFT} \
         y=138>wave 1</text><text class=tick x={WIDTH} y=138 text-anchor=end>wave {}</text></svg></figure>\n",
        steps("byrack", &racks),
        steps("bybroker", &brokers),
        grouped(risks.len() as u64)
    )
}

/// What was asked for and is left out.
pub(super) fn deferred(plan: &Plan) -> String {
    if plan.deferred.is_empty() {
        return String::new();
    }
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for deferred in &plan.deferred {
        *reasons.entry(&deferred.reason).or_default() += 1;
    }
    let mut html = format!(
        "<p>{} that the plan should have moved {} stands. Mend what stands in the way, take a new snapshot and plan \
         again: with <code>--resume</code> what is done stays done.\n",
        counted(plan.deferred.len(), "partition"),
        either(plan.deferred.len(), "stays where it", "stay where each")
    );
    if (2..=REASONS_MAX).contains(&reasons.len()) {
        let mut table =
            Table::new("reasons", "Why", &[("Reason", Kind::Words), ("Partitions", Kind::Number)]).sortable();
        for (reason, count) in reasons {
            table.row([Cell::html(prose(reason)), Cell::count(count)]);
        }
        html.push_str(&table.html());
    }
    let caption = match plan.deferred.len() {
        many if many > DEFERRED_MAX => {
            format!("The first {DEFERRED_MAX} of {}; the search has all of them", counted(many, "partition"))
        }
        _ => "Partitions that are left out".to_owned(),
    };
    let mut table = Table::new("left-out", caption, &[("Partition", Kind::Words), ("Reason", Kind::Words)]).sortable();
    for deferred in plan.deferred.iter().take(DEFERRED_MAX) {
        let partition = format!("{}-{}", deferred.topic, deferred.partition);
        table.row([Cell::text(partition), Cell::html(prose(&deferred.reason))]);
    }
    html.push_str(&table.html());
    html
}
