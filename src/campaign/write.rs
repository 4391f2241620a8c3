//! The file: JSON for people to read, one key a line.

use serde::Serialize;

use super::{Campaign, KIND, Phase, VERSION};

/// A campaign as it stands in its file.
///
/// # Panics
/// Never: it is plain data.
pub fn write(campaign: &Campaign) -> Vec<u8> {
    let phase = |phase: &Phase| PhasePaper {
        phase: phase.kind.as_str(),
        done: phase.done,
        skip: phase.skip.clone(),
        plan: phase.plan.clone(),
        begins: phase.begins.clone(),
        steps: phase.steps.clone(),
        gate: phase.gate.clone(),
        ends: phase.ends.clone(),
        back: phase.back.clone(),
    };
    let paper = Paper {
        kind: KIND,
        version: VERSION,
        kshift: &campaign.kshift,
        name: campaign.name.as_deref(),
        cluster_id: campaign.cluster_id.as_deref(),
        old: campaign.old.to_string(),
        new: campaign.new.to_string(),
        pairs: campaign.pairs.as_ref().map(ToString::to_string),
        kept: Some(campaign.kept.to_string()).filter(|kept| !kept.is_empty()),
        facade: campaign.facade.as_deref(),
        phases: campaign.phases.iter().map(phase).collect(),
    };
    let mut text = serde_json::to_vec_pretty(&paper).expect("plain data");
    text.push(b'\n');
    text
}

#[derive(Serialize)]
struct Paper<'a> {
    kind: &'a str,
    version: u64,
    kshift: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster_id: Option<&'a str>,
    old: String,
    new: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pairs: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    facade: Option<&'a str>,
    phases: Vec<PhasePaper>,
}

#[derive(Serialize)]
struct PhasePaper {
    phase: &'static str,
    done: bool,
    skip: Option<String>,
    plan: Option<String>,
    begins: String,
    steps: Vec<String>,
    gate: String,
    ends: String,
    back: String,
}
