//! What Strimzi needs around a plan: patches of its node pools, in the order in which they go on.
//!
//! Strimzi chooses the ids of new brokers and of brokers to remove by itself, unless two annotations of a node pool say
//! otherwise. Both are only looked at while the number of replicas of the pool changes, and an annotation that cannot be
//! read is ignored with no more than a line in the operator's log. So each annotation has a patch of its own, ahead of
//! the patch that scales:
//!
//! ```text
//! next-node-ids → scale up → the waves of the plan → remove-node-ids → scale down → annotations off
//! ```
//!
//! A range that is shorter than what is added falls back to the lowest ids that no pool has (those of brokers elsewhere
//! are not seen), one that is shorter than what is removed to the highest ids of the pool. So ranges and replicas are
//! written together here, from the same set of ids.

#![expect(clippy::format_push_string, reason = "a page is put together once; `write!` would bury its sentences")]

use super::files::Files;
use super::strimzi_text;
use super::yaml::{is_label, text};
use crate::base::error::{Code, Error, Place, Result};
use crate::base::ids::{BrokerId, IdSet, near_id};
use crate::base::text::brokers;
use crate::plan::{Plan, PlanBroker, Role};
use crate::snapshot::Mode;

/// Highest id that ZooKeeper-based brokers may have unless `reserved.broker.max.id` says more.
pub const RESERVED_ID_MAX: i32 = 999;

/// A node pool and the brokers that it has, or shall have once it is scaled up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Name of the `KafkaNodePool`.
    pub name: String,
    /// Its brokers, without controllers that are no brokers.
    pub ids: IdSet,
}

impl Pool {
    /// Reads `NAME=IDS`, such as `brokers=0-11`.
    ///
    /// # Errors
    /// What is wrong: no name that Kubernetes takes, or no broker ids.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (name, ids) = text.split_once('=').ok_or_else(|| {
            format!("`{text}` is no node pool; expected its name and brokers, such as `brokers=0-11`")
        })?;
        Ok(Pool { name: name_of(name)?, ids: IdSet::parse(ids)? })
    }
}

/// A name of an object of Kubernetes.
///
/// # Errors
/// Why it is none.
pub fn name_of(name: &str) -> Result<String, String> {
    let fault = || {
        format!(
            "`{name}` is no name of Kubernetes; expected up to 63 lowercase letters, digits and dashes between them"
        )
    };
    if is_label(name) { Ok(name.to_owned()) } else { Err(fault()) }
}

/// Version of Strimzi's custom resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiVersion {
    /// Up to Strimzi 0.51.
    V1Beta2,
    /// From Strimzi 0.49 on, the only one from 1.0 on.
    V1,
}

impl ApiVersion {
    /// As it stands behind `kafka.strimzi.io/`.
    pub const fn as_str(self) -> &'static str {
        match self {
            ApiVersion::V1Beta2 => "v1beta2",
            ApiVersion::V1 => "v1",
        }
    }

    /// What the Strimzi that runs this cluster certainly has: every one that knows Kafka 4.2 serves `v1`, and none
    /// before has to.
    fn of(plan: &Plan) -> Self {
        let mut numbers = plan.cluster.kafka_version.as_deref().unwrap_or("").split('.').map(str::parse::<u32>);
        match (plan.cluster.mode, numbers.next(), numbers.next()) {
            (Some(Mode::Zookeeper), ..) => ApiVersion::V1Beta2,
            (_, Some(Ok(major)), Some(Ok(minor))) if (major, minor) >= (4, 2) => ApiVersion::V1,
            _ => ApiVersion::V1Beta2,
        }
    }
}

/// How to name things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Name of the `Kafka` resource.
    pub cluster: String,
    /// Its namespace; absent: that of the context of `kubectl`.
    pub namespace: Option<String>,
    /// The node pools whose brokers the plan moves from or onto.
    pub pools: Vec<Pool>,
    /// Version of Strimzi's resources; absent: judged by the version of Kafka.
    pub api_version: Option<ApiVersion>,
}

/// A pool with what the plan does to it.
pub(super) struct PoolWork<'a> {
    pub name: &'a str,
    /// All of its brokers, once scaled up.
    pub ids: &'a IdSet,
    /// Those that hold nothing yet: they come with the scale-up, unless they are there already.
    pub added: IdSet,
    /// Those that the plan empties.
    pub removed: IdSet,
    /// Those that are drained and still hold something after the last wave.
    pub held: IdSet,
}

/// All that the files say.
pub(super) struct Work<'a> {
    pub plan: &'a Plan,
    pub options: &'a Options,
    pub api: ApiVersion,
    pub pools: Vec<PoolWork<'a>>,
    /// Drained brokers in none of the pools.
    pub foreign_drained: IdSet,
    /// All brokers in none of the pools.
    pub foreign: IdSet,
    /// What `reserved.broker.max.id` has to be, where it matters.
    pub reserved_max: Option<i32>,
}

/// Patches of node pools and the procedure for them.
///
/// # Errors
/// [`Code::Usage`] without pools, [`Code::Duplicate`] for a pool or broker that stands twice, [`Code::UnknownBroker`] for
/// a broker that the plan does not have, [`Code::InvalidValue`] where the plan leaves all pools alone.
pub fn strimzi(plan: &Plan, options: &Options) -> Result<Files> {
    let work = work_of(plan, options)?;
    let mut files = Files::default();
    files.add("strimzi.md", strimzi_text::procedure(&work).into_bytes());
    if let Some(max) = work.reserved_max {
        files.add("0-node-ids-above-999.yaml", work.reserved(max).into_bytes());
    }
    for pool in &work.pools {
        let all = pool.ids.len();
        let name = |step: &str| format!("{step}/{}.yaml", pool.name);
        if !pool.added.is_empty() {
            let ids = Some((NEXT, ascending(&pool.added)));
            files.add(name("1-ids-to-add"), work.patch(pool, ids.clone(), None).into_bytes());
            files.add(name("2-scale-up"), work.patch(pool, None, Some(all)).into_bytes());
            let back = Some((REMOVE, descending(&pool.added)));
            let before = all - pool.added.len();
            files.add(name("back/2-scale-up"), work.patch(pool, back, Some(before)).into_bytes());
        }
        if !pool.removed.is_empty() {
            let ids = Some((REMOVE, descending(&pool.removed)));
            let after = all - pool.removed.len();
            files.add(name("3-ids-to-remove"), work.patch(pool, ids, None).into_bytes());
            files.add(name("4-scale-down"), work.patch(pool, None, Some(after)).into_bytes());
            let back = Some((NEXT, ascending(&pool.removed)));
            files.add(name("back/4-scale-down"), work.patch(pool, back, Some(all)).into_bytes());
        }
        if pool.is_touched() {
            files.add(name("5-clean-up"), work.clean(pool).into_bytes());
        }
    }
    Ok(files)
}

const NEXT: &str = "strimzi.io/next-node-ids";
const REMOVE: &str = "strimzi.io/remove-node-ids";

/// `[0-2,10]`: the lowest id is used first.
pub(super) fn ascending(ids: &IdSet) -> String {
    format!("[{ids}]")
}

/// `[10,2-0]`: the highest id goes first.
pub(super) fn descending(ids: &IdSet) -> String {
    let all = ids.to_string();
    let turned = all.split(',').rev().map(|part| match part.split_once('-') {
        Some((first, last)) => format!("{last}-{first}"),
        None => part.to_owned(),
    });
    format!("[{}]", turned.collect::<Vec<_>>().join(","))
}

fn work_of<'a>(plan: &'a Plan, options: &'a Options) -> Result<Work<'a>> {
    refuse_strange_pools(plan, options)?;
    let of_pool = |pool: &'a Pool| {
        let those = |wanted: &dyn Fn(&PlanBroker) -> bool| {
            let all = plan.brokers.iter().filter(|broker| pool.ids.contains(broker.id) && wanted(broker));
            set(all.map(|broker| broker.id))
        };
        PoolWork {
            name: &pool.name,
            ids: &pool.ids,
            added: those(&|broker| broker.role == Role::Target && broker.replicas_before == 0),
            removed: those(&|broker| broker.role == Role::Drain && broker.replicas_after == 0),
            held: those(&|broker| broker.role == Role::Drain && broker.replicas_after > 0),
        }
    };
    let pools: Vec<PoolWork<'a>> = options.pools.iter().map(of_pool).collect();
    // A pool without work tells at least which brokers are the operator's.
    if pools.iter().all(|pool| !pool.is_touched()) {
        return Err(nothing_to_do(plan, &pools));
    }
    let in_pool = |id: BrokerId| options.pools.iter().any(|pool| pool.ids.contains(id));
    let foreign = || plan.brokers.iter().filter(|broker| !in_pool(broker.id));
    let highest = options.pools.iter().filter_map(|pool| pool.ids.as_slice().last()).map(|id| id.get()).max();
    let above = highest.filter(|&id| id > RESERVED_ID_MAX && plan.cluster.mode != Some(Mode::Kraft));
    Ok(Work {
        plan,
        options,
        api: options.api_version.unwrap_or_else(|| ApiVersion::of(plan)),
        pools,
        foreign_drained: set(foreign().filter(|broker| broker.role == Role::Drain).map(|broker| broker.id)),
        foreign: set(foreign().map(|broker| broker.id)),
        // To the end of the thousand: another value later restarts every broker once more.
        reserved_max: above.map(|id| id.saturating_add(999 - id % 1_000)),
    })
}

fn set(ids: impl IntoIterator<Item = BrokerId>) -> IdSet {
    IdSet::from_ids(ids).expect("a broker stands once in a plan")
}

fn refuse_strange_pools(plan: &Plan, options: &Options) -> Result<()> {
    let at = || Place::source("--pool");
    if options.pools.is_empty() {
        let targets = set(plan.brokers.iter().filter(|broker| broker.role == Role::Target).map(|broker| broker.id));
        let ids = if targets.is_empty() { "0-11".to_owned() } else { targets.to_string() };
        return Err(Error::new(Code::Usage, "no node pool is named; Strimzi scales pools, not brokers")
            .at(at())
            .help(format!("name each pool with the brokers it has or shall have, as in `--pool brokers={ids}`")));
    }
    for (at_row, pool) in options.pools.iter().enumerate() {
        let before = &options.pools[..at_row];
        if before.iter().any(|other| other.name == pool.name) {
            return Err(Error::new(Code::Duplicate, format!("the node pool `{}` is named twice", pool.name))
                .at(at())
                .help("name all of its brokers at once, as in `--pool brokers=0-5,9`"));
        }
        for id in pool.ids.iter() {
            if let Some(other) = before.iter().find(|other| other.ids.contains(id)) {
                let message = format!("broker {id} stands in the node pools `{}` and `{}`", other.name, pool.name);
                return Err(Error::new(Code::Duplicate, message)
                    .at(at())
                    .help("a broker is in one pool: `status.nodeIds` of each `KafkaNodePool` says in which"));
            }
            if plan.broker(id).is_none() {
                let known = set(plan.brokers.iter().map(|broker| broker.id));
                let error = Error::new(
                    Code::UnknownBroker,
                    format!("the node pool `{}` has broker `{id}`, which the plan does not know", pool.name),
                );
                let near = near_id(id, known.iter());
                let help = near.map_or_else(
                    || "name brokers of the plan; controllers that are no brokers are left out".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                return Err(error.at(at()).note(format!("the plan knows {}", brokers(&known))).help(help));
            }
        }
    }
    Ok(())
}

impl PoolWork<'_> {
    /// Whether brokers come or go.
    pub fn is_touched(&self) -> bool {
        !self.added.is_empty() || !self.removed.is_empty()
    }
}

fn nothing_to_do(plan: &Plan, pools: &[PoolWork<'_>]) -> Error {
    let message = "the plan neither fills new brokers of the node pools named nor empties any";
    let error = Error::new(Code::InvalidValue, message).at(Place::source("--pool"));
    let held = set(pools.iter().flat_map(|pool| pool.held.iter()));
    if !held.is_empty() {
        let held = format!("{} of them still hold replicas after the last wave", brokers(&held));
        return error.note(held).help("plan a drain of everything they hold before the pool is scaled down");
    }
    let by = |wanted: &dyn Fn(&PlanBroker) -> bool| set(plan.brokers.iter().filter(|b| wanted(b)).map(|b| b.id));
    let drained = by(&|broker| broker.role == Role::Drain);
    let new = by(&|broker| broker.role == Role::Target && broker.replicas_before == 0);
    let said = |ids: &IdSet| if ids.is_empty() { "none".to_owned() } else { ids.to_string() };
    error
        .note(format!("brokers that it drains: {}", said(&drained)))
        .note(format!("brokers that it fills and that hold nothing yet: {}", said(&new)))
        .help("name the pools of these brokers; targets that hold data already need no scale-up")
}

impl Work<'_> {
    /// Kind, name and labels of a pool; annotations may follow.
    fn head(&self, pool: &PoolWork<'_>) -> String {
        let mut head = format!(
            "apiVersion: kafka.strimzi.io/{}\nkind: KafkaNodePool\nmetadata:\n  name: {}\n",
            self.api.as_str(),
            text(pool.name)
        );
        if let Some(namespace) = &self.options.namespace {
            head += &format!("  namespace: {}\n", text(namespace));
        }
        head + &format!("  labels:\n    strimzi.io/cluster: {}\n", text(&self.options.cluster))
    }

    fn patch(&self, pool: &PoolWork<'_>, ids: Option<(&str, String)>, replicas: Option<usize>) -> String {
        let mut patch = self.head(pool);
        if let Some((annotation, range)) = ids {
            patch += &format!("  annotations:\n    {annotation}: {}\n", text(&range));
        }
        if let Some(replicas) = replicas {
            patch += &format!("spec:\n  replicas: {replicas}\n");
        }
        patch
    }

    /// In a merge patch, null takes a key away.
    fn clean(&self, pool: &PoolWork<'_>) -> String {
        self.head(pool) + &format!("  annotations:\n    {NEXT}: null\n    {REMOVE}: null\n")
    }

    fn reserved(&self, max: i32) -> String {
        let mut patch = format!(
            "apiVersion: kafka.strimzi.io/{}\nkind: Kafka\nmetadata:\n  name: {}\n",
            self.api.as_str(),
            text(&self.options.cluster)
        );
        if let Some(namespace) = &self.options.namespace {
            patch += &format!("  namespace: {}\n", text(namespace));
        }
        patch + &format!("spec:\n  kafka:\n    config:\n      reserved.broker.max.id: {max}\n")
    }
}

#[cfg(test)]
#[path = "strimzi_tests.rs"]
mod tests;
