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
    let mut snapshot = snapshot::open(path).map_err(|fault| no_cluster(path, &fault).unwrap_or(fault))?;
    snapshot.supplement(supplements)?;
    Ok(snapshot)
}

/// Why what stands in the place of a cluster may have been taken for one: plans and clusters are easily swapped.
fn no_cluster(path: &Path, fault: &Error) -> Option<Error> {
    if path.as_os_str() == "-" || !matches!(fault.code(), Code::NoKnownFile | Code::WrongKind) {
        return None;
    }
    let name = fs::name_of(path);
    let wrong = |what: &str, place: Place| {
        let expected = format!("expected a cluster, such as a snapshot of kind `{}`", snapshot::v1::KIND);
        Error::new(Code::WrongKind, format!("this is {what}; {expected}"))
            .at(place)
            .help("a cluster is a snapshot file, or a directory of Kafka tool output")
            .help("the cluster comes first: `kshift check CLUSTER PLAN`")
    };
    let file = if path.is_dir() { path.join("plan.json") } else { path.to_owned() };
    let content = fs::read(&file).ok()?;
    match serde_json::from_str(json::text_of(&content, "").ok()?).ok()? {
        Keys { kind: Some(kind), .. } if kind == plan::KIND => {
            let place = if file == path { Place::path(name, "kind") } else { Place::source(name) };
            Some(wrong(&format!("a plan (`{kind}`)"), place))
        }
        Keys { kind: None, partitions: Some(_), .. } => {
            Some(wrong("a reassignment for Kafka's tools", Place::source(name)))
        }
        _ => None,
    }
}

/// As much of a file as tells what it is.
#[derive(Deserialize)]
struct Keys {
    kind: Option<String>,
    partitions: Option<serde::de::IgnoredAny>,
    proposals: Option<serde::de::IgnoredAny>,
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
///
/// # Errors
/// [`Code::Unreadable`] for a directory that holds none.
pub fn plan_file(path: &Path) -> Result<PathBuf> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let file = path.join("plan.json");
    if file.is_file() {
        return Ok(file);
    }
    let name = path.display();
    // One wave of a plan is easily named in place of the whole.
    let above = path.ancestors().skip(1).find(|above| above.join("plan.json").is_file());
    let help = match above {
        Some(above) if above.as_os_str().is_empty() => "its plan is in `.`, the directory above".to_owned(),
        Some(above) => format!("its plan is in `{}`", above.display()),
        None => format!("a cluster in `{name}` is planned with `kshift plan {name} --drain IDS --out DIR`"),
    };
    Err(Error::new(
        Code::Unreadable,
        format!("`{name}` has no plan.json; expected a directory written by `kshift plan --out`"),
    )
    .at(Place::source(name.to_string()))
    .help(help))
}

/// Why a file that is no plan of ours may have been taken for one.
fn foreign(text: &str, source: &str) -> Option<Error> {
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

/// A directory that exists, as told by a command without `--force`: only plans are replaced, which can be made again.
pub fn without_force(fault: Error) -> Error {
    if fault.code() != Code::OutputExists {
        return fault;
    }
    let place = fault.place().cloned().unwrap_or_default();
    Error::new(Code::OutputExists, fault.message()).at(place).help("name another directory")
}
