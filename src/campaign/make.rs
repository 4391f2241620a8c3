//! A new campaign, from what is to leave and what is to take over.

use super::{Campaign, Kind, Phase};
use crate::base::error::{Code, Error, Place, Result};
use crate::base::ids::{BrokerId, IdSet, near_id};
use crate::base::pairs::Pairs;
use crate::base::text::brokers;
use crate::base::units::BytesPerSec;
use crate::snapshot::{Mode, Snapshot};

/// What a campaign is to do.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// Brokers that shall be gone at the end.
    pub old: IdSet,
    /// Brokers that take over; they need not exist yet.
    pub new: IdSet,
    /// Brokers whose ids are freed first, each with the old broker that takes its place.
    pub pairs: Option<Pairs>,
    /// Name of a facade file, and the name that it gives to brokers.
    pub facade: Option<(String, String)>,
    /// Throttle of the plans.
    pub throttle: Option<BytesPerSec>,
}

/// A campaign for the cluster of `snapshot`.
///
/// # Errors
/// [`Code::Overlap`] for brokers that are to leave and to stay, [`Code::UnknownBroker`] for old brokers that the cluster
/// does not have, [`Code::Usage`] for pairs onto brokers that are not old.
pub fn make(snapshot: &Snapshot, ask: &Ask) -> Result<Campaign> {
    let freed = ask.pairs.as_ref().map_or_else(IdSet::default, Pairs::old);
    let between = ask.pairs.as_ref().map_or_else(IdSet::default, Pairs::new_ids);
    refuse(snapshot, ask, &freed, &between)?;
    let named = |id: BrokerId| [&ask.old, &ask.new, &freed].iter().any(|set| set.contains(id));
    let kept = snapshot.brokers.iter().map(|broker| broker.id).filter(|&id| !named(id));
    let kept = IdSet::from_ids(kept).expect("a broker stands once in a snapshot");
    let phases = Kind::ALL.map(|kind| phase(snapshot, ask, &freed, kind));
    Ok(Campaign {
        kshift: env!("CARGO_PKG_VERSION").to_owned(),
        name: snapshot.name.clone(),
        cluster_id: snapshot.cluster_id.clone(),
        old: ask.old.clone(),
        new: ask.new.clone(),
        pairs: ask.pairs.clone(),
        kept,
        facade: ask.facade.as_ref().map(|(_, broker)| broker.clone()),
        phases: phases.into(),
    })
}

fn refuse(snapshot: &Snapshot, ask: &Ask, freed: &IdSet, between: &IdSet) -> Result<()> {
    let common = |left: &IdSet, right: &IdSet| {
        IdSet::from_ids(left.iter().filter(|&id| right.contains(id))).expect("ids of a set")
    };
    let both = common(&ask.old, &ask.new);
    if !both.is_empty() {
        return Err(Error::new(Code::Overlap, format!("--old and --new both name {}", brokers(&both)))
            .at(Place::source("--new"))
            .help(
                "an id that is to be taken over by a new broker is freed first: `--pair ID:OLD`, with OLD among --old",
            ));
    }
    let both = common(&ask.old, freed);
    if !both.is_empty() {
        let message = format!("--pair frees {}, and --old drains {} later", brokers(&both), brokers(&both));
        return Err(Error::new(Code::Overlap, message)
            .at(Place::source("--pair"))
            .help("a freed broker is gone before the drain: leave it out of --old"));
    }
    let astray: Vec<BrokerId> = between.iter().filter(|&id| !ask.old.contains(id)).collect();
    if let Some(&first) = astray.first() {
        let message = format!("--pair moves data to broker {first}, which --old does not name");
        return Err(Error::new(Code::Usage, message)
            .at(Place::source("--pair"))
            .help(format!("what stands in between is drained in the end: add {first} to --old")));
    }
    // Those that take over ids in between may still be on their way.
    let wanted = ask.old.iter().filter(|&id| !between.contains(id)).chain(freed.iter());
    match wanted.into_iter().find(|&id| snapshot.broker(id).is_none()) {
        None => Ok(()),
        Some(id) => {
            let known = IdSet::from_ids(snapshot.brokers.iter().map(|broker| broker.id)).expect("each stands once");
            let near = near_id(id, known.iter());
            let help = near.map_or_else(
                || "name brokers that the cluster has".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            Err(Error::new(Code::UnknownBroker, format!("the cluster has no broker `{id}`"))
                .at(Place::source(if freed.contains(id) { "--pair" } else { "--old" }))
                .note(format!("the cluster has {}", brokers(&known)))
                .help(help))
        }
    }
}

/// What a phase says when nobody has changed it.
fn phase(snapshot: &Snapshot, ask: &Ask, freed: &IdSet, kind: Kind) -> Phase {
    let throttle = ask.throttle.map_or(String::new(), |rate| format!(" --throttle {}", rate.typed()));
    let texts = match kind {
        Kind::Facade => facade(ask),
        Kind::LowIds => low_ids(ask, freed, &throttle),
        Kind::Mix => mix(ask),
        Kind::Drain => drain(ask, &throttle),
        Kind::Kraft => kraft(ask),
        Kind::Decommission => decommission(ask),
    };
    let skip = match kind {
        Kind::Facade if ask.facade.is_none() => Some("no facade file was given"),
        Kind::LowIds if ask.pairs.is_none() => Some("no id has to be freed"),
        Kind::Kraft if snapshot.mode == Some(Mode::Kraft) => Some("the cluster runs KRaft already"),
        _ => None,
    };
    Phase {
        kind,
        done: false,
        skip: skip.map(str::to_owned),
        plan: None,
        begins: texts.begins,
        steps: texts.steps,
        gate: texts.gate,
        ends: texts.ends,
        back: texts.back,
    }
}

struct Texts {
    begins: String,
    steps: Vec<String>,
    gate: String,
    ends: String,
    back: String,
}

const READ: &str = "read the cluster: `kshift snapshot SOURCE -o now.json`";

fn facade(ask: &Ask) -> Texts {
    let file = ask.facade.as_ref().map_or("facade.json", |(file, _)| file);
    Texts {
        begins: "brokers advertise names or addresses of machines".into(),
        steps: vec![
            format!("describe the names in `{file}` (docs/dns.md), with the real host of every broker"),
            format!(
                "`kshift export PLAN route53 --facade {file} --out dns` (or `dnsendpoint`), of any plan of this cluster, \
                 and only its first step: every name, at the TTL from before the move"
            ),
            "let each broker advertise its own name (`advertised.listeners`; over TLS with the name in its certificate), \
             and restart one after the other"
                .into(),
            "move clients to the bootstrap name".into(),
        ],
        gate: "kshift gate preflight now.json".into(),
        ends: "every broker that serves advertises its name of the facade".into(),
        back: "the names of machines still work: advertise them again; delete the records once nobody asks for them".into(),
    }
}

fn low_ids(ask: &Ask, freed: &IdSet, throttle: &str) -> Texts {
    let pairs = ask.pairs.as_ref().map_or(String::new(), Pairs::to_string);
    Texts {
        begins: format!(
            "brokers {freed} hold data, and the brokers that take their places meanwhile serve and are empty"
        ),
        steps: vec![
            READ.into(),
            format!(
                "`kshift plan now.json --pair {pairs}{throttle} --out low-ids`; name it here as the plan of this phase"
            ),
            "carry out its waves as low-ids/runbook.md says, with `kshift gate wave N now.json low-ids` before each"
                .into(),
            format!("stop {}, and keep their disks for as long as there is to be a way back", brokers(freed)),
        ],
        gate: format!("kshift gate decommission now.json --brokers {freed}"),
        ends: format!("no list names brokers {freed}, and they are stopped: new brokers may have these ids"),
        back: "`kshift rollback low-ids --to-wave N`, for as long as no new broker has one of these ids".into(),
    }
}

fn mix(ask: &Ask) -> Texts {
    let new = &ask.new;
    Texts {
        begins: format!("no broker has one of the ids {new}, in no list and not registered"),
        steps: vec![
            format!(
                "set the ids before the brokers start; with Strimzi: `strimzi.io/next-node-ids: \"[{new}]\"` on the pool (docs/campaign.md)"
            ),
            "with ZooKeeper and ids above 999: `reserved.broker.max.id` first".into(),
            format!("start {} with the racks that the old ones use, in the very same words", brokers(new)),
            "give them their names of the facade before they advertise them".into(),
            READ.into(),
        ],
        gate: format!("kshift gate preflight now.json --drain {} --onto {new}", ask.old),
        ends: format!("brokers {new} serve, each in a rack that the old ones have as well, and may hold nothing yet"),
        back: "stop them again, for as long as they hold no replica".into(),
    }
}

fn drain(ask: &Ask, throttle: &str) -> Texts {
    let (old, new) = (&ask.old, &ask.new);
    let mut steps = vec![
        READ.into(),
        format!(
            "`kshift plan now.json --drain {old} --onto {new}{throttle} --out drain`; name it here as the plan of this phase"
        ),
        "`kshift check now.json drain`, and approve drain/report.html".into(),
    ];
    if let Some((file, _)) = &ask.facade {
        steps.push(format!(
            "`kshift export drain route53 --facade {file} --out dns` (or `dnsendpoint`); before the first wave its steps up \
             to new-brokers"
        ));
    }
    steps.push(
        "carry out its waves as drain/runbook.md says, with `kshift gate wave N now.json drain` before each, and the step \
         of the facade after each that has one"
            .into(),
    );
    Texts {
        begins: format!("brokers {old} hold data; brokers {new} serve"),
        steps,
        gate: format!("kshift gate decommission now.json --brokers {old}"),
        ends: format!("no list names brokers {old}, no throttle is left, nothing moves"),
        back: "`kshift rollback drain --to-wave N`: a full copy back of what has moved, for as long as the old brokers run".into(),
    }
}

fn kraft(ask: &Ask) -> Texts {
    let old = &ask.old;
    Texts {
        begins: format!("no list names brokers {old}; every broker that is registered can take part in the migration"),
        steps: vec![
            format!("stop {}: a registered broker that does not migrate holds the migration up; keep their disks", brokers(old)),
            format!("{READ}; `kshift gate kraft now.json --drained {old}`"),
            "migrate as the operator or Kafka's guide says; Strimzi 0.45: a pool of controllers, then `strimzi.io/kraft=migration`".into(),
            "stay in the state before finalization (Strimzi: `KRaftPostMigration`) until all clients and tools are known to work".into(),
            "finalize (Strimzi: `strimzi.io/kraft=enabled`)".into(),
        ],
        gate: format!("kshift gate kraft now.json --drained {old} --strict"),
        ends: "the metadata is KRaft's alone".into(),
        back: "until finalization: back to ZooKeeper (Strimzi: `strimzi.io/kraft=rollback`, then `disabled`). \
               **After finalization there is no way back**, and the old brokers cannot come back as they were"
            .into(),
    }
}

fn decommission(ask: &Ask) -> Texts {
    let old = &ask.old;
    let mut steps = vec![
        format!("stop {} where they still run", brokers(old)),
        "with Strimzi and old brokers in node pools: steps 3 to 5 of `kshift export drain strimzi --cluster NAME --pool NAME=IDS`".into(),
        "under KRaft unregister those that still are registered: `kafka-cluster.sh unregister --bootstrap-server HOST:PORT --id ID`".into(),
    ];
    if ask.facade.is_some() {
        steps.push("the last steps of the facade: the names of these brokers retire, TTLs go up".into());
    }
    steps.push("delete their disks and machines, and ZooKeeper's; take annotations off the node pools".into());
    Texts {
        begins: format!("no list names brokers {old}"),
        steps,
        gate: format!("kshift gate decommission now.json --brokers {old}"),
        ends: format!("brokers {old} are not registered anymore"),
        back:
            "until the disks are deleted a broker can be started again, empty, and takes part in a new plan; then none"
                .into(),
    }
}
