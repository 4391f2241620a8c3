//! Reading a campaign file, which people have edited: all faults at once.

use serde_json::{Map, Value};

use super::{Campaign, KIND, Kind, Phase, VERSION};
use crate::base::error::{Code, Error, Place, Result, near_miss};
use crate::base::ids::IdSet;
use crate::base::json;
use crate::base::pairs::Pairs;

const HELP: &str = "docs/campaign.md shows a campaign file; `kshift campaign new` writes one";
const KEYS: [&str; 11] =
    ["kind", "version", "kshift", "name", "cluster_id", "old", "new", "pairs", "kept", "facade", "phases"];
const PHASE_KEYS: [&str; 9] = ["phase", "done", "skip", "plan", "begins", "steps", "gate", "ends", "back"];

/// Reads a campaign file.
///
/// # Errors
/// Text that is no JSON, another kind or version, missing or unknown keys, phases that are missing or out of order,
/// brokers that are to leave and to stay.
pub fn read(text: &str, source: &str) -> Result<Campaign> {
    let value = json::value_of(text, source)?;
    let Value::Object(object) = value else {
        return Err(Error::new(Code::WrongKind, "a campaign file is one JSON object")
            .at(Place::source(source))
            .help(HELP));
    };
    refuse_others(&object, source)?;
    let mut reader = Reader { source, faults: Vec::new() };
    let campaign = reader.campaign(&object);
    if reader.faults.is_empty() { Ok(campaign) } else { Err(Error::all(reader.faults)) }
}

fn refuse_others(object: &Map<String, Value>, source: &str) -> Result<()> {
    let found = object.get("kind").and_then(Value::as_str);
    if found != Some(KIND) {
        let found = found.map_or("it names no `kind`".to_owned(), |found| format!("it is of kind `{found}`"));
        let message = format!("this is no campaign file: {found}; expected `{KIND}`");
        return Err(Error::new(Code::WrongKind, message).at(Place::path(source, "kind")).help(HELP));
    }
    match object.get("version").map(Value::as_u64) {
        Some(Some(VERSION)) => Ok(()),
        found => {
            let found = found.flatten().map_or("missing or no number".to_owned(), |found| found.to_string());
            let message = format!("the version of the campaign file is {found}; this kshift knows {VERSION}");
            Err(Error::new(Code::WrongVersion, message).at(Place::path(source, "version")).help(HELP))
        }
    }
}

struct Reader<'a> {
    source: &'a str,
    faults: Vec<Error>,
}

impl Reader<'_> {
    fn fault(&mut self, code: Code, path: &str, message: impl Into<String>) {
        self.faults.push(Error::new(code, message).at(Place::path(self.source, path)).help(HELP));
    }

    fn campaign(&mut self, object: &Map<String, Value>) -> Campaign {
        self.unknown_keys("", object, &KEYS);
        let text = |reader: &mut Self, key: &str| reader.text(object, "", key);
        let kshift = text(self, "kshift").unwrap_or_default();
        let [name, cluster_id, facade] = ["name", "cluster_id", "facade"].map(|key| text(self, key));
        let (old, new) = (self.ids(object, "old", true), self.ids(object, "new", true));
        let kept = self.ids(object, "kept", false);
        let pairs = text(self, "pairs").and_then(|pairs| match Pairs::parse(&pairs) {
            Ok(pairs) => Some(pairs),
            Err(what) => {
                self.fault(Code::InvalidField, "pairs", what);
                None
            }
        });
        let freed = pairs.as_ref().map_or_else(IdSet::default, Pairs::old);
        for (left, right, sets) in [
            ("old", "new", [&old, &new]),
            ("old", "pairs", [&old, &freed]),
            ("old", "kept", [&old, &kept]),
            ("new", "kept", [&new, &kept]),
        ] {
            if let Some(id) = sets[0].iter().find(|&id| sets[1].contains(id)) {
                self.fault(Code::Contradiction, right, format!("broker {id} stands in `{left}` and in `{right}`"));
            }
        }
        if let Some(id) = pairs.as_ref().and_then(|pairs| pairs.new_ids().iter().find(|&id| !old.contains(id))) {
            self.fault(Code::Contradiction, "pairs", format!("broker {id} stands in between, and not in `old`"));
        }
        let phases = self.phases(object);
        Campaign { kshift, name, cluster_id, old, new, pairs, kept, facade, phases }
    }

    fn unknown_keys(&mut self, path: &str, object: &Map<String, Value>, known: &[&str]) {
        for key in object.keys().filter(|key| !known.contains(&key.as_str())) {
            let near = near_miss(key, known.iter().copied());
            let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            let message = format!("`{key}` is no key of a campaign file{near}");
            self.fault(Code::InvalidField, &format!("{path}{key}"), message);
        }
    }

    /// A text that may be missing or null.
    fn text(&mut self, object: &Map<String, Value>, path: &str, key: &str) -> Option<String> {
        match object.get(key) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(other) => {
                self.fault(Code::InvalidField, &format!("{path}{key}"), format!("`{key}` is {other}, no text"));
                None
            }
        }
    }

    fn ids(&mut self, object: &Map<String, Value>, key: &str, needed: bool) -> IdSet {
        match self.text(object, "", key) {
            None if needed && object.get(key).is_none_or(Value::is_null) => {
                self.fault(Code::MissingField, key, format!("`{key}` is missing"));
            }
            None => {}
            Some(text) => match IdSet::parse(&text) {
                Ok(ids) => return ids,
                Err(what) => self.fault(Code::InvalidField, key, what),
            },
        }
        IdSet::default()
    }

    fn phases(&mut self, object: &Map<String, Value>) -> Vec<Phase> {
        let names = Kind::ALL.map(Kind::as_str).join(", ");
        let Some(Value::Array(list)) = object.get("phases") else {
            self.fault(Code::MissingField, "phases", format!("`phases` is missing or no list; expected {names}"));
            return Vec::new();
        };
        let mut phases = Vec::new();
        for (number, value) in list.iter().enumerate() {
            let path = format!("phases[{number}].");
            let Value::Object(object) = value else {
                self.fault(Code::InvalidField, &path, "a phase is no object");
                continue;
            };
            self.unknown_keys(&path, object, &PHASE_KEYS);
            phases.extend(self.phase(object, &path));
        }
        let found: Vec<Kind> = phases.iter().map(|phase: &Phase| phase.kind).collect();
        if found != Kind::ALL && self.faults.is_empty() {
            let found: Vec<&str> = found.iter().map(|kind| kind.as_str()).collect();
            let message = format!("the phases are {}; expected {names}", found.join(", "));
            self.faults.push(
                Error::new(Code::InvalidField, message)
                    .at(Place::path(self.source, "phases"))
                    .help("a phase that is left out says why in `skip`"),
            );
        }
        phases
    }

    fn phase(&mut self, object: &Map<String, Value>, path: &str) -> Option<Phase> {
        let word = self.text(object, path, "phase");
        let kind = Kind::ALL.into_iter().find(|kind| word.as_deref() == Some(kind.as_str()));
        if kind.is_none() {
            let known = Kind::ALL.map(Kind::as_str);
            let word = word.unwrap_or_default();
            let near = near_miss(&word, known).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            let message = format!("`{word}` is no phase; expected {}{near}", known.join(", "));
            self.fault(Code::InvalidField, &format!("{path}phase"), message);
        }
        let done = match object.get("done") {
            None => false,
            Some(Value::Bool(done)) => *done,
            Some(other) => {
                self.fault(
                    Code::InvalidField,
                    &format!("{path}done"),
                    format!("`done` is {other}; expected true or false"),
                );
                false
            }
        };
        let steps = match object.get("steps") {
            None => Vec::new(),
            Some(Value::Array(steps)) if steps.iter().all(Value::is_string) => {
                steps.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            Some(_) => {
                self.fault(Code::InvalidField, &format!("{path}steps"), "`steps` is no list of texts");
                Vec::new()
            }
        };
        let [skip, plan] = ["skip", "plan"].map(|key| self.text(object, path, key));
        let [begins, gate, ends, back] =
            ["begins", "gate", "ends", "back"].map(|key| self.text(object, path, key).unwrap_or_default());
        if done && skip.is_some() {
            self.fault(Code::Contradiction, &format!("{path}done"), "a phase is left out (`skip`), or done, not both");
        }
        Some(Phase { kind: kind?, done, skip, plan, begins, steps, gate, ends, back })
    }
}
