//! Reading the inputs that commands share: a cluster, and a plan of ours.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::base::error::{Code, Error, Place, Result};
use crate::base::{fs, json};
use crate::plan::{self, Plan};
use crate::request::{Request, Supplements};
use crate::snapshot::{self, Snapshot};

/// The cluster at `path`, with what the user adds to it.
pub fn cluster(path: &Path, supplements: &Supplements) -> Result<Snapshot> {
    let mut snapshot = snapshot::open(path)?;
    snapshot.supplement(supplements)?;
    Ok(snapshot)
}

/// The plan at `path`: a directory written by `kshift plan --out`, or a plan.json.
///
/// # Errors
/// Besides those of reading: [`Code::WrongKind`] for a reassignment of Kafka's, which has no waves to show.
pub fn plan(path: &Path) -> Result<Plan> {
    let file = plan_file(path)?;
    let source = fs::name_of(&file);
    let content = fs::read(&file)?;
    let text = json::text_of(&content, &source)?;
    plan::read(text, &source).map_err(|fault| foreign(text, &source).unwrap_or(fault))
}

/// The file of a plan.
fn plan_file(path: &Path) -> Result<PathBuf> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let file = path.join("plan.json");
    if file.is_file() {
        return Ok(file);
    }
    let name = path.display();
    Err(Error::new(
        Code::Unreadable,
        format!("`{name}` has no plan.json; expected a directory written by `kshift plan --out`"),
    )
    .at(Place::source(name.to_string()))
    .help(format!("a cluster in `{name}` is planned with `kshift plan {name} --drain IDS --out DIR`")))
}

/// Why a file that is no plan of ours may have been taken for one.
fn foreign(text: &str, source: &str) -> Option<Error> {
    #[derive(Deserialize)]
    struct Keys {
        kind: Option<String>,
        partitions: Option<serde::de::IgnoredAny>,
        proposals: Option<serde::de::IgnoredAny>,
    }
    let keys: Keys = serde_json::from_str(text).ok()?;
    let wrong = |what: &str| Error::new(Code::WrongKind, what).at(Place::source(source));
    match keys {
        Keys { kind: Some(kind), .. } if kind == snapshot::v1::KIND => Some(
            wrong("this is the snapshot of a cluster; expected a plan")
                .help("plan it with `kshift plan CLUSTER --drain IDS --out DIR`"),
        ),
        Keys { kind: None, partitions, proposals, .. } if partitions.is_some() || proposals.is_some() => Some(
            wrong("this is a reassignment for Kafka's tools, which names replicas but no waves; expected a plan of kshift")
                .help("`kshift check CLUSTER FILE` judges such a file")
                .help("a plan that can be shown is written by `kshift plan CLUSTER --drain IDS --out DIR`"),
        ),
        _ => None,
    }
}

/// The request of a plan of ours, read without the rest; none when the file is another's or cannot be read.
///
/// Faults are left to the check itself, which reads the whole.
pub fn request_of(path: &Path) -> Option<Request> {
    #[derive(Deserialize)]
    struct Head {
        kind: String,
        request: Request,
    }
    if path.as_os_str() == "-" {
        return None;
    }
    let content = fs::read(&plan_file(path).ok()?).ok()?;
    let head: Head = serde_json::from_str(json::text_of(&content, "").ok()?).ok()?;
    (head.kind == plan::KIND).then_some(head.request)
}
