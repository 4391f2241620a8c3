//! The procedure for Strimzi, in Markdown: which patch goes on when, what to look at, and the way back.

#![expect(clippy::format_push_string, reason = "a page is put together once; `write!` would bury its sentences")]

use super::out_dir::wave_name;
use super::strimzi::{PoolWork, RESERVED_ID_MAX, Work, ascending, descending};
use crate::base::ids::IdSet;
use crate::base::text::{brokers, counted, either};
use crate::snapshot::Mode;

/// `strimzi.md`.
pub(super) fn procedure(work: &Work<'_>) -> String {
    let mut page = head(work);
    let adds: Vec<&PoolWork<'_>> = work.pools.iter().filter(|pool| !pool.added.is_empty()).collect();
    let removes: Vec<&PoolWork<'_>> = work.pools.iter().filter(|pool| !pool.removed.is_empty()).collect();
    if let Some(max) = work.reserved_max {
        page += &above_999(work, max);
    }
    if !adds.is_empty() {
        page += &scale_up(work, &adds);
    }
    page += &waves(work);
    if !removes.is_empty() {
        page += &scale_down(work, &removes);
    }
    page += &unregistration(work);
    page += &clean_up(work);
    page
}

fn head(work: &Work<'_>) -> String {
    let cluster = &work.options.cluster;
    let name = work.plan.cluster.name.as_deref().unwrap_or("the cluster");
    let mut page = format!(
        "# Strimzi around the move of {name}\n\nFor the `Kafka` resource `{cluster}`{}. Patches are merge patches of \
         `kafka.strimzi.io/{}`; run the commands beside this file.\n\n",
        work.options.namespace.as_ref().map_or(String::new(), |namespace| format!(" in the namespace `{namespace}`")),
        work.api.as_str(),
    );
    page += "| node pool | brokers | come with the scale-up | go with the scale-down | drained, but not empty |\n\
             |---|---|---|---|---|\n";
    let cell = |ids: &IdSet| if ids.is_empty() { "-".to_owned() } else { ids.to_string() };
    for pool in &work.pools {
        let [all, added, removed, held] = [pool.ids, &pool.added, &pool.removed, &pool.held].map(cell);
        page += &format!("| `{}` | {all} | {added} | {removed} | {held} |\n", pool.name);
    }
    if !work.foreign.is_empty() {
        page += &format!(
            "\nIn none of these pools: {}. The operator does not see {}, and would hand out the same {} again: keep the ranges \
             below on the pools for as long as there are brokers outside.\n",
            brokers(&work.foreign),
            either(work.foreign.len(), "it", "them"),
            either(work.foreign.len(), "id", "ids"),
        );
    }
    if !work.plan.complete {
        page += "\n**The plan is not complete**: something that was asked for is left out, see its warnings. Nothing may \
                 be scaled down before the gate below passes.\n";
    }
    page + "\n"
}

/// `kubectl` in the right namespace.
fn kubectl(work: &Work<'_>) -> String {
    work.options.namespace.as_ref().map_or("kubectl".to_owned(), |namespace| format!("kubectl -n {namespace}"))
}

fn patch(work: &Work<'_>, kind: &str, name: &str, file: &str) -> String {
    let version = work.api.as_str();
    format!("{} patch {kind}.{version}.kafka.strimzi.io {name} --type merge --patch-file {file}\n", kubectl(work))
}

fn pool_patch(work: &Work<'_>, pool: &PoolWork<'_>, step: &str) -> String {
    patch(work, "kafkanodepools", pool.name, &format!("{step}/{}.yaml", pool.name))
}

fn commands(lines: impl Iterator<Item = String>) -> String {
    format!("```sh\n{}```\n", lines.collect::<String>())
}

fn node_ids(work: &Work<'_>, pool: &PoolWork<'_>) -> String {
    format!("{} get kafkanodepool {} -o jsonpath='{{.status.nodeIds}}'\n", kubectl(work), pool.name)
}

fn above_999(work: &Work<'_>, max: i32) -> String {
    let when = match work.plan.cluster.mode {
        Some(Mode::Zookeeper) => "The cluster keeps its metadata in ZooKeeper.",
        _ => "For clusters with ZooKeeper; leave this out if yours runs KRaft (the plan does not know).",
    };
    format!(
        "## 0. Node ids above {RESERVED_ID_MAX}\n\n{when} A broker whose id is larger than `reserved.broker.max.id` does \
         not start; the operator cannot see that beforehand. The patch sets {max}. The setting is not dynamic: the \
         operator restarts every broker of the cluster, one after the other. Let that end before the next step. Brokers \
         outside Strimzi have their own configuration and need it there.\n\n{}\n\
         Way back: any time before a broker above {RESERVED_ID_MAX} exists; it restarts all brokers again.\n\n",
        commands(std::iter::once(patch(work, "kafkas", &work.options.cluster, "0-node-ids-above-999.yaml"))),
    )
}

fn scale_up(work: &Work<'_>, pools: &[&PoolWork<'_>]) -> String {
    let mut page = "## 1. Before the pools are scaled up: which ids to add\n\nThe annotation is only looked at while the \
                    number of replicas rises. So it goes on first, and the log of the operator is looked at: it warns of \
                    a range that it cannot read, and would then use other ids.\n\n"
        .to_owned();
    page += &commands(pools.iter().map(|pool| pool_patch(work, pool, "1-ids-to-add")));
    page += "\nA pool that does not exist yet: put the annotation and `replicas` of both patches into its manifest, since \
             its creation is its scale-up. Where the brokers run already, steps 1 and 2 change nothing.\n\n\
             ## 2. Scale up\n\n";
    page += &commands(pools.iter().map(|pool| pool_patch(work, pool, "2-scale-up")));
    page += "\nThen every pool must show exactly these ids; other ids mean that the range was not used (scale back, \
             mend, repeat, while they hold nothing):\n\n";
    page += &commands(pools.iter().map(|pool| node_ids(work, pool)));
    page += "\n";
    for pool in pools {
        page += &format!("- `{}`: {}, of which {} are new\n", pool.name, pool.ids, pool.added);
    }
    page += "\nThe racks of new brokers (`spec.kafka.rack`) must be the very words that the other brokers use, or the \
             plan counts each zone twice.\n\n\
             Way back: for as long as they hold no replica (after the rollback of every wave), the patches under \
             `back/2-scale-up/` name the same ids for removal and lower `replicas` at once.\n\n";
    for pool in pools {
        page += &format!("- `{}`: removes {}\n", pool.name, descending(&pool.added));
    }
    page + "\n"
}

fn waves(work: &Work<'_>) -> String {
    let count = work.plan.waves.len();
    let last =
        work.plan.waves.last().map_or(String::new(), |wave| format!(" (001 to {})", wave_name(work.plan, wave.index)));
    format!(
        "## The {} of the plan{last}\n\nAs runbook.md says. Meanwhile:\n\n\
         - no change of `replicas`, and no `KafkaRebalance`: Cruise Control cancels or undoes what is under way;\n\
         - the Topic Operator puts the throttles of topics that it manages back to what their `KafkaTopic` says, unless \
         the cluster's Cruise Control is deployed;\n\
         - an operator that restarts brokers (certificates, upgrades) stretches a wave: pause it where that may happen \
         (`{} annotate kafka {} strimzi.io/pause-reconciliation=true`), and unpause it before the next step.\n\n\
         Way back: `kshift rollback`, wave by wave.\n\n",
        counted(count, "wave"),
        kubectl(work),
        work.options.cluster,
    )
}

fn scale_down(work: &Work<'_>, pools: &[&PoolWork<'_>]) -> String {
    let mut page =
        "## 3. After the drain: which ids to remove\n\nFirst `kshift gate decommission now.json --brokers IDS` on a \
                    new snapshot: no list names these brokers, no throttle is left. Then the annotation, as before with a look at the \
                    log of the operator:\n\n"
            .to_owned();
    page += &commands(pools.iter().map(|pool| pool_patch(work, pool, "3-ids-to-remove")));
    page += "\nThe range has as many ids as the next step takes away, and all of them are in the pool. If it had fewer, \
             or others, the operator would take the highest ids of the pool instead.\n\n## 4. Scale down\n\n";
    page += &commands(pools.iter().map(|pool| pool_patch(work, pool, "4-scale-down")));
    page += &format!(
        "\nThe operator looks whether any partition still lists one of these brokers, and if so puts `replicas` of **every** \
         pool that shrinks back for this time, with the condition `ScaleDownPreventionCheck` in the status of `{cluster}`; \
         it tries again at each reconciliation. Do not skip that check (`strimzi.io/skip-broker-scaledown-check`): find \
         what names the broker. Before 0.38 there was no such check, before 0.40 it stopped all reconciliation.\n\n\
         A whole pool that is to go: scale it to 0 first. Deleting the `KafkaNodePool` deletes its pods unchecked.\n\n",
        cluster = work.options.cluster
    );
    page += &commands(pools.iter().map(|pool| node_ids(work, pool)));
    page += "\n";
    for pool in pools {
        let rest = pool.ids.iter().filter(|&id| !pool.removed.contains(id));
        let rest = IdSet::from_ids(rest).expect("ids of a set");
        let rest = if rest.is_empty() { "none".to_owned() } else { rest.to_string() };
        page += &format!("- `{}`: {rest} of {} stay\n", pool.name, pool.ids);
    }
    page += "\nWay back: the patches under `back/4-scale-down/` bring the same ids back, empty. Their volumes are gone \
             where `deleteClaim` is true; the data comes back with `kshift rollback`, as a full copy.\n\n";
    for pool in pools {
        page += &format!("- `{}`: brings back {}\n", pool.name, ascending(&pool.removed));
    }
    page + "\n"
}

fn unregistration(work: &Work<'_>) -> String {
    let mut page = "## Registrations\n\n".to_owned();
    let mode = work.plan.cluster.mode;
    page += match mode {
        Some(Mode::Zookeeper) => {
            "With ZooKeeper a broker that is stopped is gone. The following holds once the cluster runs KRaft.\n\n"
        }
        Some(Mode::Kraft) => "KRaft keeps the registration of a broker that is gone until someone removes it.\n\n",
        None => {
            "KRaft keeps the registration of a broker that is gone until someone removes it; ZooKeeper does not.\n\n"
        }
    };
    page += "| Strimzi | what it unregisters by itself |\n|---|---|\n\
             | before 0.43 | nothing: after the scale-down, `kafka-cluster.sh unregister --bootstrap-server HOST:PORT --id ID` |\n\
             | 0.43 to 0.47 | the nodes that it removed itself (`status.registeredNodeIds` of the `Kafka` resource) |\n\
             | 0.48 and later | **every** registered broker that is in none of its pools, alive or not, at each reconciliation |\n\n";
    if !work.foreign.is_empty() {
        let (verb, pronoun) = (either(work.foreign.len(), "is", "are"), either(work.foreign.len(), "it", "they"));
        page += &format!(
            "{} {verb} in none of the pools named here. Unless {pronoun} {verb} in another pool of this cluster: do not \
             let an operator of 0.48 or later manage it under KRaft before {pronoun} {verb} gone.",
            brokers(&work.foreign).replacen('b', "B", 1),
        );
        if !work.foreign_drained.is_empty() {
            page += &format!(
                " The plan empties {} of them: after the gate, stop {}, and under KRaft unregister {} by hand.",
                work.foreign_drained,
                either(work.foreign_drained.len(), "it", "them"),
                either(work.foreign_drained.len(), "it", "them"),
            );
        }
        page += "\n\n";
    }
    if mode != Some(Mode::Kraft) {
        page += "Strimzi 0.45 is the last one with ZooKeeper and with the migration to KRaft.\n\n";
    }
    page
}

fn clean_up(work: &Work<'_>) -> String {
    let mut page = "## 5. Annotations off\n\n".to_owned();
    page += if work.foreign.is_empty() {
        "They do no harm while `replicas` stays, but the next scaling would use what is left of them.\n\n"
    } else {
        "Only once the brokers outside the pools are gone: until then the ranges keep the operator off their ids.\n\n"
    };
    let touched = work.pools.iter().filter(|pool| pool.is_touched());
    page + &commands(touched.map(|pool| pool_patch(work, pool, "5-clean-up")))
}
