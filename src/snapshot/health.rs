//! What is not well in a cluster before anything is planned. Nothing is hidden: it is counted, and the
//! first names are given.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{compressed, some_of};
use super::{Broker, BrokerState, Notice, Snapshot};
use crate::base::ids::{BrokerId, IdSet};
use crate::base::text::{brokers, either};

/// The broker and topic settings that throttle replication, and that a finished move should not leave behind.
const THROTTLE_RATES: [&str; 3] = [
    "leader.replication.throttled.rate",
    "follower.replication.throttled.rate",
    "replica.alter.log.dirs.io.max.bytes.per.second",
];
const THROTTLE_LISTS: [&str; 2] = ["leader.replication.throttled.replicas", "follower.replication.throttled.replicas"];

/// `min.insync.replicas`, of a topic or as a broker's default.
const MIN_ISR: &str = "min.insync.replicas";

impl Snapshot {
    /// Everything about the cluster's health that a person should know before moving data, gravest first.
    ///
    /// Call it after [`Snapshot::supplement`]: racks may have been renamed.
    pub fn health(&self) -> Vec<Notice> {
        let mut notices = Vec::new();
        self.partition_health(&mut notices);
        self.broker_health(&mut notices);
        self.throttle_health(&mut notices);
        self.rack_health(&mut notices);
        notices
    }

    /// Everything to tell of the cluster, each fact once: what was noticed when it was read, then its health but
    /// for what reading has told already, under the same code.
    pub fn all_notices(&self) -> Vec<Notice> {
        let told = |notice: &Notice| self.notices.iter().any(|earlier| earlier.code == notice.code);
        self.notices.iter().cloned().chain(self.health().into_iter().filter(|notice| !told(notice))).collect()
    }

    fn partition_health(&self, notices: &mut Vec<Notice>) {
        let partitions = &self.partitions;
        let name = |row: usize| format!("{}-{}", self.topic_of(row).name, partitions.id[row]);
        let down: Vec<BrokerId> =
            self.brokers.iter().filter(|broker| !broker.state.serves()).map(|broker| broker.id).collect();
        let mut sick = Sick::default();
        for row in 0..partitions.len() {
            let adding = partitions.adding.get(&row).map_or(&[][..], Vec::as_slice);
            let (replicas, isr) = (partitions.replicas.get(row), partitions.isr.get(row));
            match partitions.leader[row] {
                None => sick.no_leader.push(row),
                Some(leader) if down.binary_search(&leader).is_ok() => sick.lost_leader.push(row),
                Some(_) => {}
            }
            if isr.is_empty() {
                sick.no_isr.push(row);
            } else if replicas.iter().any(|id| !isr.contains(id) && !adding.contains(id)) {
                sick.short_isr.push(row);
            }
            if partitions.is_reassigning(row) {
                sick.reassigning.push(row);
            }
            // While a move adds replicas, the list is longer than the replication factor.
            let factor = replicas.iter().filter(|id| !adding.contains(id)).count().max(1);
            if factor == 1 {
                sick.single.push(row);
            } else if self.min_isr(row).is_some_and(|min| factor <= min) {
                sick.at_min_isr.push(row);
            }
        }
        let mut add = |code: &str, rows: &[usize], what: &str| {
            if !rows.is_empty() {
                let names: Vec<String> = rows.iter().map(|&row| name(row)).collect();
                notices.push(Notice::new(code, format!("{} {what}", some_of("partition", &names))));
            }
        };
        add("no-leader", &sick.no_leader, "without a leader: there is nothing to copy from");
        add("lost-leader", &sick.lost_leader, "led by a broker that does not serve: there is nothing to copy from");
        add("empty-isr", &sick.no_isr, "with an empty ISR: no replica is known to hold all data");
        add("short-isr", &sick.short_isr, "with an ISR short of replicas: best repaired before anything moves");
        add("under-reassignment", &sick.reassigning, "under reassignment: wait until that is done, or cancel it");
        add("replication-factor-1", &sick.single, "with a single replica: gone when its broker goes");
        add(
            "min-isr",
            &sick.at_min_isr,
            "with no more replicas than `min.insync.replicas`: one replica that lags stops writes with acks=all",
        );
    }

    /// What `min.insync.replicas` is for a partition, where it is known.
    fn min_isr(&self, row: usize) -> Option<usize> {
        let broker = self.partitions.leader[row].or_else(|| self.partitions.replicas.get(row).first().copied());
        let of_broker = || self.broker(broker?)?.config.get(MIN_ISR);
        self.topic_of(row).config.get(MIN_ISR).or_else(of_broker)?.parse().ok()
    }

    /// `min.insync.replicas` of every topic: its own, else the brokers' default, else Kafka's.
    pub fn min_insync_replicas(&self) -> Vec<usize> {
        let of_brokers = self.brokers.iter().find_map(|broker| broker.config.get(MIN_ISR));
        let of_topic = |topic: &super::Topic| {
            let text = topic.config.get(MIN_ISR).or(of_brokers);
            text.and_then(|text| text.parse().ok()).unwrap_or(1).max(1)
        };
        self.topics.iter().map(of_topic).collect()
    }

    fn broker_health(&self, notices: &mut Vec<Notice>) {
        let states = [
            (
                BrokerState::Dead,
                "dead-broker",
                "can be drained, and receives nothing",
                "can be drained, and receive nothing",
            ),
            (
                BrokerState::Fenced,
                "fenced-broker",
                "can be drained, and receives nothing",
                "can be drained, and receive nothing",
            ),
            (BrokerState::Cordoned, "cordoned-broker", "serves, and takes nothing new", "serve, and take nothing new"),
        ];
        for (state, code, of_one, of_several) in states {
            let ids = ids_where(&self.brokers, |broker| broker.state == state);
            if !ids.is_empty() {
                let (who, word) = (brokers(&ids), state.as_str());
                let is = either(ids.len(), "is", "are");
                let what = match ids.len() {
                    1 => format!("it {of_one}"),
                    _ => format!("they {of_several}"),
                };
                notices.push(Notice::new(code, format!("{who} {is} {word}: {what}")));
            }
        }
        let (mut offline, mut overfull) = (Vec::new(), Vec::new());
        for broker in &self.brokers {
            for dir in broker.log_dirs.iter().filter(|dir| dir.used > dir.capacity && dir.capacity.is_some()) {
                overfull.push(format!("{} of broker {}", dir.path, broker.id));
            }
            for dir in broker.log_dirs.iter().filter(|dir| dir.offline) {
                offline.push(format!("{} of broker {}", dir.path, broker.id));
            }
        }
        if !offline.is_empty() {
            let what = "offline: nothing can be put there, and what lies there does not serve";
            notices.push(Notice::new("offline-log-dir", format!("{} {what}", some_of("log dir", &offline))));
        }
        if !overfull.is_empty() {
            let what = "holding more than its capacity: is the capacity in the right unit?";
            notices.push(Notice::new("over-capacity", format!("{} {what}", some_of("log dir", &overfull))));
        }
    }

    fn throttle_health(&self, notices: &mut Vec<Notice>) {
        let whose = if self.partitions.adding.is_empty() && self.partitions.removing.is_empty() {
            "left over from an earlier move, or another tool's"
        } else {
            "of the reassignment under way, or left over from an earlier one"
        };
        let is_set = |config: &BTreeMap<String, String>, keys: &[&str]| {
            keys.iter().any(|key| config.get(*key).is_some_and(|value| !value.is_empty()))
        };
        let ids = ids_where(&self.brokers, |broker| is_set(&broker.config, &THROTTLE_RATES));
        if !ids.is_empty() {
            let (who, has) = (brokers(&ids), either(ids.len(), "has", "have"));
            let message =
                format!("{who} {has} a replication throttle, {whose}: it slows recovery; clear it once nothing moves");
            notices.push(Notice::new("throttle-rates", message));
        }
        let topics = self.topics.iter().filter(|topic| is_set(&topic.config, &THROTTLE_LISTS));
        let topics: Vec<&str> = topics.map(|topic| topic.name.as_str()).collect();
        if !topics.is_empty() {
            let message = format!(
                "{} with lists of throttled replicas, {whose}: such lists hold back later moves; clear them once nothing moves",
                some_of("topic", &topics)
            );
            notices.push(Notice::new("throttle-lists", message));
        }
    }

    fn rack_health(&self, notices: &mut Vec<Notice>) {
        let serving = || self.brokers.iter().filter(|broker| broker.state.serves());
        let without = serving().filter(|broker| broker.rack.is_none()).count();
        if without > 0 && without == serving().count() {
            let what = "no broker has a rack, so rack policies are off; `--racks FILE` gives them";
            notices.push(Notice::new("no-racks", what));
        } else if without > 0 {
            let ids = ids_where(&self.brokers, |broker| broker.state.serves() && broker.rack.is_none());
            let (who, has) = (brokers(&ids), either(ids.len(), "has", "have"));
            let what =
                "no rack while others have one: give it with `--racks FILE`, or plan with `--rack-policy ignore`";
            notices.push(Notice::new("partial-racks", format!("{who} {has} {what}")));
        }
        let racks: BTreeSet<&str> = self.brokers.iter().filter_map(|broker| broker.rack.as_deref()).collect();
        let mut by_letters: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for rack in &racks {
            let letters = rack.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
            by_letters.entry(letters).or_default().push(rack);
        }
        let alike: Vec<String> = by_letters
            .values()
            .filter(|alike| alike.len() > 1)
            .map(|alike| format!("`{}`", alike.join("` and `")))
            .collect();
        if !alike.is_empty() {
            notices.push(Notice::new("rack-names", format!(
                "racks {} differ only in case or punctuation: if they are one place, map them with `--racks FILE`, a line `OLD NEW` for each",
                compressed(&alike)
            )));
        }
        if let Some((one, other)) = families(&racks)
            && !self.mostly_span(&one, &other)
        {
            let members = |family: &BTreeSet<&str>| {
                let is_in = |broker: &Broker| broker.rack.as_deref().is_some_and(|rack| family.contains(rack));
                let ids = ids_where(&self.brokers, is_in);
                format!("{} {}", brokers(&ids), either(ids.len(), "is", "are"))
            };
            let names = |family: &BTreeSet<&str>| compressed(&family.iter().copied().collect::<Vec<_>>());
            notices.push(Notice::new("rack-names", format!(
                "{} in racks {} and {} in racks {}, which looks like one set of zones under two namings; if so, map them with `--racks FILE`, a line `OLD NEW` for each, or the rack policy takes them for different places",
                members(&one), names(&one), members(&other), names(&other)
            )));
        }
    }

    /// Whether at least half of the partitions have replicas in both families of racks: then they are in use as
    /// different places, and not two namings of the same ones.
    fn mostly_span(&self, one: &BTreeSet<&str>, other: &BTreeSet<&str>) -> bool {
        let mut family: BTreeMap<BrokerId, bool> = BTreeMap::new();
        for broker in &self.brokers {
            match broker.rack.as_deref() {
                Some(rack) if one.contains(rack) => family.insert(broker.id, true),
                Some(rack) if other.contains(rack) => family.insert(broker.id, false),
                _ => None,
            };
        }
        let spans = |replicas: &[BrokerId]| {
            let sides = |side| replicas.iter().any(|id| family.get(id) == Some(&side));
            sides(true) && sides(false)
        };
        let several = self.partitions.replicas.iter().filter(|replicas| replicas.len() > 1).count();
        let spanning = self.partitions.replicas.iter().filter(|replicas| spans(replicas)).count();
        several > 0 && 2 * spanning >= several
    }
}

/// Rows by what is wrong with them.
#[derive(Default)]
struct Sick {
    no_leader: Vec<usize>,
    lost_leader: Vec<usize>,
    no_isr: Vec<usize>,
    short_isr: Vec<usize>,
    reassigning: Vec<usize>,
    single: Vec<usize>,
    at_min_isr: Vec<usize>,
}

fn ids_where(brokers: &[Broker], holds: impl Fn(&Broker) -> bool) -> IdSet {
    IdSet::from_ids(brokers.iter().filter(|broker| holds(broker)).map(|broker| broker.id)).unwrap_or_default()
}

/// Splits racks by what stands before their last letter or number (`us-east-1` of `us-east-1b`, `use1-az` of
/// `use1-az2`). Two families are suspicious when they have as many racks, or end alike.
fn families<'a>(racks: &BTreeSet<&'a str>) -> Option<(BTreeSet<&'a str>, BTreeSet<&'a str>)> {
    let mut stems: BTreeMap<&str, BTreeSet<&'a str>> = BTreeMap::new();
    for &rack in racks {
        stems.entry(split_zone(rack).0).or_default().insert(rack);
    }
    let mut families = stems.into_values();
    let (one, other) = (families.next()?, families.next()?);
    if families.next().is_some() || one.len() < 2 || other.len() < 2 {
        return None;
    }
    let zones = |family: &BTreeSet<&str>| family.iter().map(|rack| split_zone(rack).1).collect::<BTreeSet<u32>>();
    (one.len() == other.len() || zones(&one).is_subset(&zones(&other)) || zones(&other).is_subset(&zones(&one)))
        .then_some((one, other))
}

/// `us-east-1b` as (`us-east-1`, 2), `use1-az2` as (`use1-az`, 2).
fn split_zone(rack: &str) -> (&str, u32) {
    let stem = rack.trim_end_matches(|c: char| c.is_ascii_digit());
    if stem.len() < rack.len() {
        return (stem, rack[stem.len()..].parse().unwrap_or(u32::MAX));
    }
    match rack.as_bytes().last() {
        Some(letter) if letter.is_ascii_alphabetic() => {
            (&rack[..rack.len() - 1], u32::from(letter.to_ascii_lowercase() - b'a') + 1)
        }
        _ => (rack, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::v1;

    fn cluster(brokers: &str, topics: &str) -> Snapshot {
        let text = format!(r#"{{"kind":"kshift.cluster","version":1,"brokers":[{brokers}],"topics":[{topics}]}}"#);
        v1::read(&text, "c.json").unwrap()
    }

    fn topic(partitions: &str) -> String {
        format!(r#"{{"name":"t","config":{{"min.insync.replicas":"2"}},"partitions":[{partitions}]}}"#)
    }

    const THREE: &str = r#"{"id":1},{"id":2},{"id":3}"#;

    /// What is found, but for racks: most clusters here have none.
    fn found(snapshot: &Snapshot) -> Vec<(String, String)> {
        let found = snapshot.health().into_iter().map(|notice| (notice.code, notice.message));
        found.filter(|(code, _)| code != "no-racks").collect()
    }

    fn only(snapshot: &Snapshot) -> (String, String) {
        let mut found = found(snapshot);
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    #[test]
    fn a_sound_cluster_has_no_notice() {
        let brokers = r#"{"id":1,"rack":"a"},{"id":2,"rack":"b"},{"id":3,"rack":"c"}"#;
        assert_eq!(cluster(brokers, &topic(r#"{"partition":0,"replicas":[1,2,3]}"#)).health(), []);
    }

    #[test]
    fn a_cluster_without_any_rack_is_told_once() {
        let mut snapshot = cluster(THREE, &topic(r#"{"partition":0,"replicas":[1,2,3]}"#));
        let codes = |snapshot: &Snapshot| -> Vec<String> {
            snapshot.all_notices().into_iter().map(|notice| notice.code).collect()
        };
        assert_eq!(codes(&snapshot), ["no-racks"]);
        snapshot.notices.push(Notice::new("no-racks", "no tool showed one"));
        assert_eq!(codes(&snapshot), ["no-racks"]);
        assert_eq!(snapshot.all_notices()[0].message, "no tool showed one", "the reader knows more");
    }

    #[test]
    fn one_thing_is_told_in_the_singular_and_several_in_the_plural() {
        let message = |brokers: &str| {
            let snapshot = cluster(&format!(r#"{{"id":9}},{brokers}"#), &topic(r#"{"partition":0,"replicas":[9]}"#));
            found(&snapshot).into_iter().find(|found| found.0 == "dead-broker").unwrap().1
        };
        let one = r#"{"id":3,"state":"dead"}"#;
        assert_eq!(message(one), "broker 3 is dead: it can be drained, and receives nothing");
        assert_eq!(
            message(&format!(r#"{one},{{"id":4,"state":"dead"}}"#)),
            "brokers 3-4 are dead: they can be drained, and receive nothing"
        );
    }

    #[test]
    fn what_is_wrong_with_partitions_is_counted_and_named() {
        for (partition, code) in [
            (r#""replicas":[1,2,3],"leader":null"#, "no-leader"),
            (r#""replicas":[1,2,3],"isr":[1,2]"#, "short-isr"),
            (r#""replicas":[1,2,3],"isr":[]"#, "empty-isr"),
            (r#""replicas":[1]"#, "replication-factor-1"),
            (r#""replicas":[1,2]"#, "min-isr"),
            (r#""replicas":[3,1,2,4],"isr":[1,2,4],"leader":1,"adding":[3],"removing":[4]"#, "under-reassignment"),
        ] {
            let snapshot =
                cluster(r#"{"id":1},{"id":2},{"id":3},{"id":4}"#, &topic(&format!(r#"{{"partition":7,{partition}}}"#)));
            let (found, message) = only(&snapshot);
            assert_eq!(found, code, "{message}");
            assert!(message.contains("1 partition (t-7)"), "{message}");
        }
        let many: Vec<String> = (0..9).map(|id| format!(r#"{{"partition":{id},"replicas":[1]}}"#)).collect();
        assert!(only(&cluster(THREE, &topic(&many.join(",")))).1.contains("9 partitions (t-0, t-1, t-2 and 6 more)"));
    }

    #[test]
    fn an_adding_replica_hides_no_single_one() {
        let moving = r#"{"partition":0,"replicas":[2,1],"isr":[1],"leader":1,"adding":[2],"removing":[1]}"#;
        let codes: Vec<String> = found(&cluster(THREE, &topic(moving))).into_iter().map(|found| found.0).collect();
        assert_eq!(codes, ["under-reassignment", "replication-factor-1"]);
    }

    #[test]
    fn brokers_that_do_not_serve_are_named_with_what_they_lead() {
        let brokers = r#"{"id":1,"state":"dead"},{"id":2,"state":"fenced"},{"id":3,"state":"cordoned"},{"id":4,"log_dirs":[{"path":"/d","state":"offline"}]}"#;
        let snapshot = cluster(brokers, &topic(r#"{"partition":0,"replicas":[1,3,4]}"#));
        let codes: Vec<String> = found(&snapshot).into_iter().map(|found| found.0).collect();
        assert_eq!(codes, ["lost-leader", "dead-broker", "fenced-broker", "cordoned-broker", "offline-log-dir"]);
    }

    #[test]
    fn throttles_left_over_are_named() {
        let brokers = r#"{"id":1,"config":{"leader.replication.throttled.rate":"5"}},{"id":2}"#;
        let partitions = r#"[{"partition":0,"replicas":[1,2]}]"#;
        let topics = format!(
            r#"{{"name":"t","config":{{"follower.replication.throttled.replicas":"*"}},"partitions":{partitions}}},{{"name":"u","config":{{"leader.replication.throttled.replicas":""}},"partitions":{partitions}}}"#
        );
        let found = found(&cluster(brokers, &topics));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].1.contains("broker 1 has") && found[0].1.contains("left over from an earlier move"));
        assert!(found[1].1.contains("1 topic (t)"));
    }

    /// Brokers 1, 2, … in these racks; an empty one is none.
    fn racks(names: &[&str], replicas: &str) -> Snapshot {
        let brokers: Vec<String> = names
            .iter()
            .enumerate()
            .map(|(index, rack)| match *rack {
                "" => format!(r#"{{"id":{}}}"#, index + 1),
                rack => format!(r#"{{"id":{},"rack":"{rack}"}}"#, index + 1),
            })
            .collect();
        cluster(&brokers.join(","), &topic(&format!(r#"{{"partition":0,"replicas":{replicas}}}"#)))
    }

    #[test]
    fn two_namings_of_the_same_zones_are_suspected() {
        for names in [
            ["us-east-1a", "us-east-1b", "us-east-1c", "use1-az1", "use1-az2", "use1-az3"],
            ["us-east-1a", "us-east-1b", "us-east-1c", "use1-az4", "use1-az2", "use1-az6"],
            ["rack1", "rack2", "rack3", "a", "b", "c"],
        ] {
            let (code, message) = only(&racks(&names, "[1,2,3]"));
            assert_eq!(code, "rack-names");
            assert!(
                message.contains("--racks FILE") && message.contains("1-3") && message.contains("4-6"),
                "{message}"
            );
        }
        assert_eq!(only(&racks(&["a", "b", "c", "A", "B", "C"], "[1,2,3]")).0, "rack-names".to_owned());
    }

    #[test]
    fn racks_in_use_as_different_places_are_not_suspected() {
        assert_eq!(found(&racks(&["a", "b", "c", "a", "b", "c"], "[1,2,3]")), []);
        // A cluster stretched over two sites: partitions span both.
        assert_eq!(found(&racks(&["paris-1", "paris-2", "lyon-1", "lyon-2"], "[1,2,3]")), []);
        assert_eq!(found(&racks(&["r1-a", "r2-a", "r3-b"], "[1,2,3]")), []);
    }

    #[test]
    fn racks_of_some_brokers_only_are_named() {
        let (code, message) = only(&racks(&["a", "b", "c", "", ""], "[1,2,3]"));
        assert_eq!(code, "partial-racks");
        assert!(message.contains("brokers 4-5"), "{message}");
        assert_eq!(found(&racks(&["", "", ""], "[1,2,3]")), []);
    }
}
