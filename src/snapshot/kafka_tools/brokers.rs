//! The tools that list brokers: `kafka-cluster list-endpoints` and `kafka-broker-api-versions`; and the
//! small ones that say which cluster it is: `kafka-cluster cluster-id`, `kafka-metadata-quorum describe`.

use super::{Section, Spot, broker_id};
use crate::base::error::{Code, Error};
use crate::base::ids::BrokerId;
use crate::snapshot::Mode;

/// What a list says of a broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listed {
    Unfenced,
    Fenced,
    /// It is registered, but did not answer the tool.
    Silent,
}

/// A broker in a list.
#[derive(Debug)]
pub(super) struct BrokerLine<'a> {
    pub id: BrokerId,
    pub host: &'a str,
    pub rack: Option<&'a str>,
    pub listed: Listed,
    pub spot: Spot<'a>,
}

fn cut_off(spot: Spot<'_>, expected: &str) -> Error {
    Error::new(Code::MissingField, format!("the line is not whole; expected {expected}"))
        .at(spot.place())
        .help("was the file cut off while being copied? Run the command again")
}

/// A rack as Java prints it: `null` is none.
fn rack_of(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.is_empty() && text != "null").then_some(text)
}

/// What follows the first words of a line.
fn after_words(line: &str, count: usize) -> &str {
    (0..count).fold(line, |rest, _| {
        let rest = rest.trim_start();
        &rest[rest.find(char::is_whitespace).unwrap_or(rest.len())..]
    })
}

pub(super) fn endpoints<'a>(section: &Section<'a>, faults: &mut Vec<Error>) -> Vec<BrokerLine<'a>> {
    let mut brokers = Vec::new();
    for (spot, line) in section.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some(id) = words.first().and_then(|word| broker_id(word)) else { continue };
        if words.last() == Some(&"controller") {
            continue;
        }
        // A rack may hold spaces, and is empty when there is none: it is what lies between the others.
        let rest = after_words(line, 3);
        let listed_and_rack = rest.trim_end().strip_suffix("broker").map(str::trim_end).and_then(|rest| {
            let unfenced = rest.strip_suffix("unfenced").map(|rack| (Listed::Unfenced, rack_of(rack)));
            unfenced.or_else(|| rest.strip_suffix("fenced").map(|rack| (Listed::Fenced, rack_of(rack))))
        });
        let Some((listed, rack)) = listed_and_rack else {
            faults.push(cut_off(spot, "`ID HOST PORT RACK STATE ENDPOINT_TYPE`"));
            continue;
        };
        brokers.push(BrokerLine { id, host: words[1], rack, listed, spot });
    }
    brokers
}

/// The brokers of `kafka-broker-api-versions`, and who keeps the metadata where the versions show it.
pub(super) fn api_versions<'a>(section: &Section<'a>, faults: &mut Vec<Error>) -> (Vec<BrokerLine<'a>>, Option<Mode>) {
    let mut brokers: Vec<BrokerLine<'a>> = Vec::new();
    let mut open = None;
    let (mut is_kraft, mut is_zookeeper) = (false, false);
    for (spot, line) in section.lines() {
        let content = line.trim();
        match api_versions_head(line, spot) {
            Some((broker, is_open)) => {
                open = is_open.then_some(spot);
                brokers.push(broker);
            }
            None if content == ")" => open = None,
            // Brokers with controllers in a quorum forward to them; those with ZooKeeper are told by a controller.
            None if content.starts_with("DescribeQuorum(") => is_kraft |= content.contains("[usable"),
            None if content.starts_with("LeaderAndIsr(") => is_zookeeper |= content.contains("[usable"),
            None => {}
        }
    }
    if let Some(spot) = open {
        faults.push(cut_off(spot, "the versions of this broker to end with `)`"));
    }
    let mode = match (is_kraft, is_zookeeper) {
        (true, false) => Some(Mode::Kraft),
        (false, true) => Some(Mode::Zookeeper),
        _ => None,
    };
    (brokers, mode)
}

/// `host:port (id: 1 rack: a isFenced: false) -> (`, and whether a list of versions begins.
fn api_versions_head<'a>(line: &'a str, spot: Spot<'a>) -> Option<(BrokerLine<'a>, bool)> {
    let (endpoint, rest) = line.split_once(" (id: ")?;
    let (inside, answer) = rest.split_once(") -> ")?;
    let (id, inside) = inside.split_once(" rack: ").unwrap_or((inside, ""));
    let (rack, fenced) = inside.split_once(" isFenced: ").unwrap_or((inside, "false"));
    let listed = match (answer.trim(), fenced.trim()) {
        ("(", "true") => Listed::Fenced,
        ("(", _) => Listed::Unfenced,
        _ => Listed::Silent,
    };
    let host = endpoint.rsplit_once(':').map_or(endpoint, |(host, _)| host).trim();
    let broker = BrokerLine { id: broker_id(id.trim())?, host, rack: rack_of(rack), listed, spot };
    Some((broker, answer.trim() == "("))
}

/// The value after `key` on its line.
pub(super) fn value_of<'a>(section: &Section<'a>, key: &str) -> Option<(&'a str, Spot<'a>)> {
    section.lines().find_map(|(spot, line)| {
        let value = line.trim().strip_prefix(key)?.trim();
        (!value.is_empty()).then_some((value, spot))
    })
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;

    fn section(kind: Kind, text: &str) -> Section<'_> {
        Section { kind, file: "f", text, first_line: 1 }
    }

    #[test]
    fn endpoints_without_a_rack_and_of_controllers_are_told_apart() {
        let text = "ID HOST PORT RACK STATE ENDPOINT_TYPE\n1 h1 9092 null unfenced broker\n2 h2 9092 row 7 b fenced broker\n3 h3 9092 unfenced broker\n9000 c 9093 null controller\n";
        let mut faults = Vec::new();
        let brokers = endpoints(&section(Kind::Endpoints, text), &mut faults);
        assert!(faults.is_empty());
        let shown: Vec<_> = brokers.iter().map(|b| (b.id.get(), b.host, b.rack, b.listed)).collect();
        assert_eq!(
            shown,
            [
                (1, "h1", None, Listed::Unfenced),
                (2, "h2", Some("row 7 b"), Listed::Fenced),
                (3, "h3", None, Listed::Unfenced)
            ]
        );
    }

    #[test]
    fn a_broker_that_did_not_answer_is_silent() {
        let text = "[::1]:9092 (id: 1 rack: null isFenced: false) -> (\n\tProduce(0): 0 to 13 [usable: 13]\n)\nh:9092 (id: 2 rack: r 1) -> ERROR: org.apache.kafka.common.errors.DisconnectException\n";
        let mut faults = Vec::new();
        let (brokers, _) = api_versions(&section(Kind::ApiVersions, text), &mut faults);
        assert!(faults.is_empty());
        let shown: Vec<_> = brokers.iter().map(|b| (b.id.get(), b.host, b.rack, b.listed)).collect();
        assert_eq!(shown, [(1, "[::1]", None, Listed::Unfenced), (2, "h", Some("r 1"), Listed::Silent)]);
        api_versions(&section(Kind::ApiVersions, "h:1 (id: 1 rack: a) -> (\n\tProduce(0): 0 to"), &mut faults);
        assert_eq!(faults[0].code(), Code::MissingField);
    }
}
