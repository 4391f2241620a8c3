//! The file: JSON for people to read, one key a line.

use serde_json::{Map, Value, json};

use super::{Campaign, KIND, Phase, VERSION};

/// A campaign as it stands in its file.
pub fn write(campaign: &Campaign) -> Vec<u8> {
    let mut object = Map::new();
    object.insert("kind".into(), KIND.into());
    object.insert("version".into(), VERSION.into());
    object.insert("kshift".into(), campaign.kshift.clone().into());
    let optional = [("name", &campaign.name), ("cluster_id", &campaign.cluster_id)];
    for (key, value) in optional.into_iter().filter_map(|(key, value)| Some((key, value.clone()?))) {
        object.insert(key.into(), value.into());
    }
    object.insert("old".into(), campaign.old.to_string().into());
    object.insert("new".into(), campaign.new.to_string().into());
    if let Some(pairs) = &campaign.pairs {
        object.insert("pairs".into(), pairs.to_string().into());
    }
    if !campaign.kept.is_empty() {
        object.insert("kept".into(), campaign.kept.to_string().into());
    }
    if let Some(facade) = &campaign.facade {
        object.insert("facade".into(), facade.clone().into());
    }
    object.insert("phases".into(), campaign.phases.iter().map(phase).collect());
    let mut text = serde_json::to_vec_pretty(&Value::Object(object)).expect("plain data");
    text.push(b'\n');
    text
}

fn phase(phase: &Phase) -> Value {
    json!({
        "phase": phase.kind.as_str(),
        "done": phase.done,
        "skip": phase.skip,
        "plan": phase.plan,
        "begins": phase.begins,
        "steps": phase.steps,
        "gate": phase.gate,
        "ends": phase.ends,
        "back": phase.back,
    })
}
