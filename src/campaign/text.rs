//! A campaign as Markdown, for the team that approves it.

#![expect(clippy::format_push_string, reason = "a page is put together once; `write!` would bury its sentences")]

use super::{Campaign, Phase};
use crate::base::text::brokers;

/// The order of things, phase by phase.
pub fn markdown(campaign: &Campaign) -> String {
    let mut page = format!("# Campaign: {}\n\n", campaign.name.as_deref().unwrap_or("a cluster"));
    if let Some(id) = &campaign.cluster_id {
        page += &format!("- cluster `{id}`\n");
    }
    page += &format!("- leave: {}\n- take over: {}\n", brokers(&campaign.old), brokers(&campaign.new));
    if let Some(pairs) = &campaign.pairs {
        page += &format!("- ids freed first, with the broker that takes each place meanwhile: {pairs}\n");
    }
    if !campaign.kept.is_empty() {
        page += &format!("- stay as they are: {}\n", brokers(&campaign.kept));
    }
    if let Some(name) = &campaign.facade {
        page += &format!("- names that brokers advertise: `{name}`\n");
    }
    page += "\n| phase | | begins when | gate at its end | way back |\n|---|---|---|---|---|\n";
    for (number, phase) in campaign.phases.iter().enumerate() {
        let cells = match &phase.skip {
            Some(why) => [format!("left out: {}", cell(why)), "-".to_owned(), "-".to_owned()],
            None => [cell(&phase.begins), format!("`{}`", cell(&phase.gate)), cell(&phase.back)],
        };
        let mark = if phase.done { "done" } else { "" };
        page += &format!("| {}. `{}` | {mark} | {} |\n", number + 1, phase.kind.as_str(), cells.join(" | "));
    }
    let shown = campaign.phases.iter().enumerate().filter(|(_, phase)| phase.skip.is_none());
    shown.fold(page, |page, (number, phase)| page + &section(number + 1, phase))
}

/// Text that stays within its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn section(number: usize, phase: &Phase) -> String {
    let done = if phase.done { " (done)" } else { "" };
    let mut section = format!("\n## {number}. {}{done}\n\nBegins when {}.\n\n", phase.kind.title(), phase.begins);
    for (step, text) in phase.steps.iter().enumerate() {
        section += &format!("{}. {text}\n", step + 1);
    }
    if let Some(plan) = &phase.plan {
        section += &format!("\nPlan: `{plan}`\n");
    }
    section + &format!("\nEnds when {}.\n\n- gate: `{}`\n- way back: {}\n", phase.ends, phase.gate, phase.back)
}
