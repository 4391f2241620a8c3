//! The requests by which Cruise Control could be asked for what a plan wants, wave by wave.
//!
//! It makes a placement of its own and takes none, so the requests say what shall be empty and what may be filled. A
//! request empties its brokers whole: what later waves would have taken from them moves with the first that names them,
//! and those waves have nothing left to ask for.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::base::ids::{BrokerId, IdSet};
use crate::base::json::Writer;
use crate::base::text::{brokers, counted};
use crate::base::units::BytesPerSec;
use crate::plan::{Plan, Role, Throttle, Wave, write_ids};

/// Where Cruise Control listens unless told otherwise.
const BASE: &str = "http://HOST:9090/kafkacruisecontrol";

/// What it decides by itself, whatever a plan says.
const DECIDES: [&str; 9] = [
    "It makes its own placement: the lists of this plan are not handed over, since no endpoint takes them. Compare its dry run with proposals.json.",
    "It judges by its own goals: where a hard one cannot be met, it refuses the whole request, whatever this plan found possible.",
    "A request empties its brokers whole, so waves become brokers: the order of waves holds only as far as the order of requests does, and canaries, gates and rollbacks of a plan are lost.",
    "It starts as many moves as its concurrency allows and starts further ones as these end; its adjuster may change that meanwhile. The limit of disks holds at the end by its goals (`disk.capacity.threshold`), not at the peak of each wave.",
    "It knows one rate for all brokers and both sides, sets it by itself, and takes it away when it has ended.",
    "It orders new lists by its goals; leaders are moved in a phase after the replicas, as many at once as its own limits say.",
    "With two-step verification (`two.step.verification.enabled`) every POST but a review waits for one: the dry run and the stop too.",
    "It stops moves of other tools unless `auto.stop.external.agent` is false: never run it beside kafka-reassign-partitions.",
    "Stopping it leaves what has been moved where it is: there is no way back but another request. rollback.json of a wave restores lists that were read before.",
];

/// One request.
struct Call {
    purpose: &'static str,
    method: &'static str,
    endpoint: &'static str,
    parameters: Vec<(&'static str, String)>,
}

/// What is asked for in the place of a wave.
struct Asked<'a> {
    wave: &'a Wave,
    brokers: Vec<BrokerId>,
    destinations: Vec<BrokerId>,
    note: String,
    calls: Vec<Call>,
}

impl Call {
    fn url(&self) -> String {
        let parameters: Vec<String> =
            self.parameters.iter().map(|(key, value)| format!("{key}={}", escaped(value))).collect();
        format!("{BASE}/{}?{}", self.endpoint, parameters.join("&"))
    }

    fn curl(&self) -> String {
        format!("curl -sS -X {} '{}'", self.method, self.url())
    }
}

/// What may not stand in a query as it is.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b',' | b'/' => {
                text.push(char::from(byte));
            }
            _ => write!(text, "%{byte:02X}").expect("text never fails"),
        }
    }
    text
}

fn ids_text(ids: &[BrokerId]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

fn named(ids: &[BrokerId]) -> String {
    brokers(&IdSet::from_ids(ids.iter().copied()).unwrap_or_default())
}

/// What is asked for, wave by wave; all waves are walked, so that one of them alone says the same as within all.
fn asked<'a>(plan: &'a Plan, only: Option<&Wave>) -> Vec<Asked<'a>> {
    let mut emptied: BTreeSet<BrokerId> = BTreeSet::new();
    let all = plan.waves.iter().map(|wave| of_wave(plan, wave, &mut emptied)).collect::<Vec<_>>();
    all.into_iter().filter(|asked| only.is_none_or(|only| only.index == asked.wave.index)).collect()
}

fn of_wave<'a>(plan: &'a Plan, wave: &'a Wave, emptied: &mut BTreeSet<BrokerId>) -> Asked<'a> {
    let is_drained = |id: &BrokerId| plan.broker(*id).is_some_and(|broker| broker.role == Role::Drain);
    let mut leaving: Vec<BrokerId> = plan.moves_of(wave).flat_map(|step| step.removing().collect::<Vec<_>>()).collect();
    leaving.sort_unstable();
    leaving.dedup();
    let (from, others): (Vec<BrokerId>, Vec<BrokerId>) = leaving.into_iter().partition(is_drained);
    let targets = plan.brokers.iter().filter(|broker| broker.role == Role::Target && broker.state.serves());
    let destinations: Vec<BrokerId> = targets.map(|broker| broker.id).collect();
    let none = |note: String| Asked { wave, brokers: from.clone(), destinations: Vec::new(), note, calls: Vec::new() };
    if plan.request.empties_dirs() {
        let dirs: Vec<String> = plan.request.drain_dir.iter().map(|(id, path)| format!("{id}-{path}")).collect();
        if wave.index > 1 {
            return none("the request of wave 1 empties the log dirs whole".to_owned());
        }
        let parameters = vec![("brokerid_and_logdirs", dirs.join(","))];
        let note = "one request empties the log dirs whole; Cruise Control chooses among the other log dirs of each \
                    broker. It takes neither a rate nor a concurrency: `num.concurrent.intra.broker.partition.movements` holds";
        let calls = sequence("remove_disks", &parameters);
        return Asked { note: note.to_owned(), calls, ..none(String::new()) };
    }
    if plan.request.leaders_only {
        let drained: Vec<BrokerId> =
            plan.brokers.iter().filter(|broker| broker.role == Role::Drain).map(|broker| broker.id).collect();
        if wave.index > 1 {
            return none("the request of wave 1 takes all leadership from the brokers".to_owned());
        }
        // By default it looks only at who leads now, and a list whose head does not lead would elect that one later.
        let is_headed = |row: usize| {
            let step = plan.get(row);
            let head = step.previous.first().copied();
            head != step.leader && head.is_some_and(|head| drained.contains(&head))
        };
        let in_every_list = (0..plan.moves.size.len()).any(is_headed);
        let lists = if in_every_list {
            "in every list that has them, since some lists begin with one that does not lead"
        } else {
            "in the lists that they lead"
        };
        let note = format!(
            "one request takes leadership from {}, and puts them last {lists}; it leaves out partitions that are \
             under-replicated then (`skip_urp_demotion`)",
            named(&drained)
        );
        let parameters = [
            ("brokerid", ids_text(&drained)),
            ("skip_urp_demotion", "true".to_owned()),
            ("exclude_follower_demotion", (!in_every_list).to_string()),
        ];
        let calls = sequence("demote_broker", &parameters);
        return Asked { brokers: drained, note, calls, ..none(String::new()) };
    }
    if wave.stage.is_reordering() {
        return none("lists get another order, which no request asks for: leave this wave out, or do it with kafka-reassign-partitions".to_owned());
    }
    let mut note = String::new();
    if !others.is_empty() {
        let _ = write!(note, "replicas leave {}, which is not to be empty: no request asks for that. ", named(&others));
    }
    let first: Vec<BrokerId> = from.iter().copied().filter(|id| emptied.insert(*id)).collect();
    if first.is_empty() {
        note.push_str(if from.is_empty() {
            "nothing leaves a drained broker"
        } else {
            "requests of earlier waves have emptied its brokers: nothing is left to ask for"
        });
        return none(note);
    }
    let _ = write!(
        note,
        "empties {} whole, also of what later waves would take from {}",
        named(&first),
        if first.len() == 1 { "it" } else { "them" }
    );
    if plan.request.topics.is_some() || plan.request.exclude_topics.is_some() {
        note.push_str(", and topics that the plan leaves out: no parameter keeps these (`excluded_topics` does not)");
    }
    let mut parameters = vec![("brokerid", ids_text(&first)), ("destination_broker_ids", ids_text(&destinations))];
    if let Some(rate) = wave.throttle.as_ref().map(least_rate) {
        parameters.push(("replication_throttle", rate.to_string()));
    }
    parameters.push(("concurrent_partition_movements_per_broker", plan.request.in_flight_per_broker.to_string()));
    if let Some(in_flight) = plan.request.in_flight {
        parameters.push(("max_partition_movements_in_cluster", in_flight.to_string()));
    }
    parameters.push(("exclude_recently_removed_brokers", "true".to_owned()));
    Asked { wave, brokers: first, destinations, note, calls: sequence("remove_broker", &parameters) }
}

/// The one rate that is not above any of the wave's.
fn least_rate(throttle: &Throttle) -> u64 {
    let others =
        throttle.brokers.iter().flat_map(|broker| [broker.leader_bytes_per_sec, broker.follower_bytes_per_sec]);
    let least = others.chain([throttle.leader_bytes_per_sec, throttle.follower_bytes_per_sec]).min();
    least.map_or(0, BytesPerSec::get)
}

/// Dry run, the request itself, review, watching, stopping.
fn sequence(endpoint: &'static str, parameters: &[(&'static str, String)]) -> Vec<Call> {
    let with = |purpose, dry: bool| {
        let mut all = vec![("dryrun", dry.to_string())];
        all.extend(parameters.iter().cloned());
        all.push(("reason", "kshift".to_owned()));
        if dry && endpoint != "remove_disks" {
            all.push(("verbose", "true".to_owned()));
        }
        all.push(("json", "true".to_owned()));
        Call { purpose, method: "POST", endpoint, parameters: all }
    };
    let other = |purpose, method, endpoint, parameters: &[(&'static str, &str)]| {
        let parameters = parameters.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        Call { purpose, method, endpoint, parameters }
    };
    vec![
        with("what it would do; nothing moves", true),
        with("do it", false),
        other("with two-step verification: what waits for review", "GET", "review_board", &[("json", "true")]),
        other(
            "with two-step verification: approve, then repeat the request with `review_id=ID` alone",
            "POST",
            "review",
            &[("approve", "ID"), ("json", "true")],
        ),
        other("how far it is", "GET", "state", &[("substates", "executor"), ("verbose", "true"), ("json", "true")]),
        other("whether the request has ended", "GET", "user_tasks", &[("json", "true")]),
        other(
            "stop: nothing new starts, and moves under way are cancelled",
            "POST",
            "stop_proposal_execution",
            &[("force_stop", "false"), ("stop_external_agent", "false"), ("json", "true")],
        ),
    ]
}

/// `calls.json`.
pub(super) fn json(plan: &Plan, only: Option<&Wave>) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.begin_object().key("kind").string("kshift.cruise-control-calls").key("version").int(1);
    writer.key("base_url").string(BASE).key("decides_by_itself").begin_array();
    for sentence in DECIDES {
        writer.string(sentence);
    }
    writer.end_array().key("waves").begin_array();
    for asked in asked(plan, only) {
        writer.begin_object().key("wave").int(asked.wave.index).key("stage").string(asked.wave.stage.as_str());
        write_ids(writer.key("brokers"), &asked.brokers);
        write_ids(writer.key("destinations"), &asked.destinations);
        writer.key("note").string(&asked.note).key("calls").begin_array();
        for call in &asked.calls {
            writer.begin_object().key("purpose").string(call.purpose).key("method").string(call.method);
            writer.key("endpoint").string(call.endpoint).key("parameters").begin_object();
            for (key, value) in &call.parameters {
                writer.key(key).string(value);
            }
            writer.end_object().key("curl").string(&call.curl()).end_object();
        }
        writer.end_array().end_object();
    }
    writer.end_array().end_object();
    writer.into_bytes()
}

/// `calls.md`.
pub(super) fn text(plan: &Plan, only: Option<&Wave>) -> String {
    let mut page = String::from("# Requests to Cruise Control\n\n");
    let name = plan.cluster.name.as_deref().unwrap_or("the cluster");
    let _ = writeln!(
        page,
        "For a team that must carry a plan of {} for {name} out through Cruise Control. Write the host for `HOST`; `9090` and \
         the path are its defaults.\n\n## What it decides by itself\n",
        counted(plan.waves.len(), "wave")
    );
    for sentence in DECIDES {
        let _ = writeln!(page, "- {sentence}");
    }
    for asked in asked(plan, only) {
        let partitions = counted(asked.wave.rows.len(), "partition");
        let _ = writeln!(page, "\n## Wave {:03}: {} ({partitions})\n", asked.wave.index, asked.wave.stage.as_str());
        let _ = writeln!(page, "{}.", capital(&asked.note));
        for (number, call) in asked.calls.iter().enumerate() {
            let _ =
                writeln!(page, "\n{}. {}:\n\n   ```sh\n   {}\n   ```", number + 1, capital(call.purpose), call.curl());
        }
        if !asked.calls.is_empty() {
            page.push_str(
                "\nWait until `state` says `NO_TASK_IN_PROGRESS` and `kshift diff` or a new snapshot shows these brokers empty, \
                 before the next request.\n",
            );
        }
    }
    page
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
