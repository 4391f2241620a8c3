//! `kshift show`: a plan as a summary, a table of waves, a table of brokers, or the story of one partition.

use serde::Serialize;

use super::args::ShowArgs;
use super::brokers::BrokersView;
use super::console::Console;
use super::load;
use super::summary::PlanView;
use super::table::{Align, Table};
use super::view::View;
use crate::base::error::Result;
use crate::base::price::money;
use crate::base::text::grouped;
use crate::base::units::{Bytes, Seconds};
use crate::plan::why::{Why, why};
use crate::plan::{AtRisk, Bottleneck, Dates, Estimate, Limit, Plan, Stage, Wave};

/// Shows what was asked for.
pub fn run(args: &ShowArgs, console: &Console) -> Result<u8> {
    let plan = load::plan(&args.plan)?;
    if args.waves {
        console.show(&WavesView::new(&plan))?;
    } else if args.brokers {
        console.show(&BrokersView::new(&plan))?;
    } else if let Some(which) = &args.why {
        console.show(&why(&plan, &which.topic, which.partition)?)?;
    } else {
        console.show(&PlanView::new(&plan))?;
    }
    Ok(0)
}

/// The waves of a plan.
#[derive(Serialize)]
pub struct WavesView<'a> {
    waves: Vec<WaveRow<'a>>,
}

#[derive(Serialize)]
struct WaveRow<'a> {
    wave: u32,
    stage: Stage,
    partitions: u64,
    bytes_to_copy: Bytes,
    copy_seconds: Option<Seconds>,
    duration_seconds: Option<Estimate>,
    bottleneck: Option<Bottleneck>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<Limit>,
    #[serde(skip)]
    held_up_by: Option<Limit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_risk: Option<&'a AtRisk>,
    /// Whether that is other than before the plan.
    #[serde(skip)]
    is_risk_new: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cross_rack_cost: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    starts_at: Option<Dates>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_at: Option<Dates>,
}

/// What a wave copies: the size of each partition, once for every new replica, and for every one in another log dir.
pub fn bytes_to_copy(plan: &Plan, wave: &Wave) -> Bytes {
    plan.moves_of(wave).flat_map(|step| step.copied_to().map(move |_| step.size)).sum()
}

impl<'a> WavesView<'a> {
    /// The waves of `plan`.
    pub fn new(plan: &'a Plan) -> Self {
        let before = plan.summary.at_risk.as_ref().map(|span| &span.before);
        let row = |wave: &'a Wave| WaveRow {
            wave: wave.index,
            stage: wave.stage,
            partitions: wave.rows.len() as u64,
            bytes_to_copy: bytes_to_copy(plan, wave),
            copy_seconds: wave.copy_seconds,
            duration_seconds: wave.duration_seconds,
            bottleneck: wave.bottleneck,
            limit: wave.limit,
            held_up_by: wave.held_up_by(),
            at_risk: wave.at_risk.as_ref(),
            is_risk_new: wave.at_risk.as_ref().zip(before).is_some_and(|(risk, before)| !risk.has_counts_of(before)),
            cross_rack_cost: plan.cross_rack_cost_of(wave),
            starts_at: wave.dates.map(|dates| dates.starts_at),
            ends_at: wave.dates.map(|dates| dates.ends_at),
        };
        WavesView { waves: plan.waves.iter().map(row).collect() }
    }
}

/// Partitions at risk, in short: `12 below min ISR (3 offline) by a broker, 24 (0) by a rack`.
fn risk_text(risk: &AtRisk) -> String {
    let [below, offline] = risk.broker_loss.counts().map(grouped);
    let rack = risk.rack_loss.as_ref().map_or(String::new(), |rack| {
        let [below, offline] = rack.counts().map(grouped);
        format!(", {below} ({offline}) by a rack")
    });
    format!("{below} below min ISR ({offline} offline) by a broker{rack}")
}

impl View for WavesView<'_> {
    fn text(&self, _quiet: bool) -> String {
        if self.waves.is_empty() {
            return "no waves: nothing has to move\n".to_owned();
        }
        let mut table = Table::new(&[
            ("WAVE", Align::Right),
            ("STAGE", Align::Left),
            ("PARTITIONS", Align::Right),
            ("TO COPY", Align::Right),
            ("COPY TIME", Align::Right),
            ("EXPECTED", Align::Right),
            ("RANGE", Align::Left),
            ("STARTS", Align::Left),
            ("ENDS", Align::Left),
            ("AT THE LATEST", Align::Left),
            ("COST", Align::Right),
            ("BOTTLENECK", Align::Left),
            ("AT RISK", Align::Left),
        ]);
        for wave in &self.waves {
            table.row([
                wave.wave.to_string(),
                wave.stage.as_str().to_owned(),
                grouped(wave.partitions),
                wave.bytes_to_copy.to_string(),
                wave.copy_seconds.map_or(String::new(), |time| time.to_string()),
                wave.duration_seconds.map_or(String::new(), |time| time.expected.to_string()),
                wave.duration_seconds.map_or(String::new(), |time| format!("{} to {}", time.low, time.high)),
                wave.starts_at.map_or(String::new(), |dates| dates.expected.short()),
                wave.ends_at.map_or(String::new(), |dates| dates.expected.short()),
                wave.ends_at.map_or(String::new(), |dates| dates.high.short()),
                wave.cross_rack_cost.map_or(String::new(), money),
                wave.held_up_by.map_or(String::new(), |limit| limit.in_short()),
                wave.at_risk.filter(|_| wave.is_risk_new).map_or(String::new(), risk_text),
            ]);
        }
        table.text()
    }
}

impl View for Why {
    fn text(&self, _quiet: bool) -> String {
        self.to_string()
    }
}
