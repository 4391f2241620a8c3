//! The file that describes a facade: its names, how long they may be cached, and where the brokers really are.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::{Map, Value};

use crate::base::error::{Code, Error, Place, Result, near_miss};
use crate::base::ids::{BrokerId, IdSet};
use crate::base::json;

/// The `kind` of a facade file.
pub const KIND: &str = "kshift.facade";
/// The version of a facade file.
pub const VERSION: u64 = 1;

/// Most brokers in the bootstrap name unless the file says otherwise: so many IPv4 addresses fit into one UDP answer of
/// 1,232 bytes.
const BOOTSTRAP_BROKERS: usize = 64;
/// Most values that Route 53 keeps in one record.
const BOOTSTRAP_BROKERS_MAX: u64 = 400;

/// Names in front of brokers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facade {
    /// The zone that all names are in.
    pub zone: String,
    /// Id of the zone in Route 53.
    pub hosted_zone_id: Option<String>,
    /// The name with which clients start.
    pub bootstrap: String,
    /// The name that a broker advertises, with `{id}` in place of its id.
    pub broker: String,
    /// How long names may be cached.
    pub ttl: Ttl,
    /// Where brokers really are; others are where the snapshot found them.
    pub hosts: BTreeMap<BrokerId, Host>,
    /// What becomes of the name of a broker that is gone.
    pub retired: Retired,
    /// Most brokers in the bootstrap name.
    pub bootstrap_brokers: usize,
    /// After this long, clients have asked who the brokers are (`metadata.max.age.ms`).
    pub metadata_max_age_seconds: u32,
    /// Where it was read.
    pub source: String,
}

/// Seconds for which names may be cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ttl {
    /// Before the move.
    pub before: u32,
    /// While names change.
    pub during: u32,
    /// After the move.
    pub after: u32,
}

/// What becomes of the name of a broker that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retired {
    /// It points to the bootstrap name.
    Bootstrap,
    /// It points to the name of the broker that took its place.
    Pair,
    /// It goes.
    Delete,
}

/// Where a broker really is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Host {
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address.
    V6(Ipv6Addr),
    /// A DNS name, in lowercase and without a dot at its end.
    Name(String),
}

impl Host {
    /// Reads an address or a name.
    ///
    /// # Errors
    /// Why it is neither.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Ok(address) = text.parse() {
            return Ok(Host::V4(address));
        }
        if let Ok(address) = text.parse() {
            return Ok(Host::V6(address));
        }
        let digits = |label: &str| label.bytes().all(|b| b.is_ascii_digit());
        match dns_name(text) {
            Ok(name) if !name.rsplit('.').next().is_some_and(digits) => Ok(Host::Name(name)),
            _ => Err(format!("`{text}` is neither an IP address nor a DNS name")),
        }
    }
}

/// A DNS name in lowercase and without a dot at its end.
fn dns_name(text: &str) -> Result<String, String> {
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let label = |label: &str| {
        (1..=63).contains(&label.len()) && label.bytes().all(inner) && !label.starts_with('-') && !label.ends_with('-')
    };
    if name.len() <= 253 && name.split('.').all(label) { Ok(name) } else { Err(format!("`{text}` is no DNS name")) }
}

impl Facade {
    /// The name that a broker advertises.
    pub fn name_of(&self, id: BrokerId) -> String {
        self.broker.replacen("{id}", &id.to_string(), 1)
    }

    /// Reads a facade file.
    ///
    /// # Errors
    /// Text that is no JSON, another kind or version, missing or unknown keys, names outside the zone, hosts that are
    /// none: all faults at once.
    pub fn read(text: &str, source: &str) -> Result<Self> {
        let value = json::value_of(text, source)?;
        let Value::Object(object) = value else {
            let message = "a facade file is one JSON object";
            return Err(Error::new(Code::WrongKind, message).at(Place::source(source)).help(HELP));
        };
        let mut reader = Reader { source, object: &object, faults: Vec::new() };
        reader.kind()?;
        let facade = reader.facade();
        match (facade, reader.faults) {
            (Some(facade), faults) if faults.is_empty() => Ok(facade),
            (_, faults) => Err(Error::all(faults)),
        }
    }
}

const HELP: &str = "docs/dns.md shows a facade file";
const KEYS: [&str; 11] = [
    "kind",
    "version",
    "zone",
    "hosted_zone_id",
    "bootstrap",
    "broker",
    "ttl",
    "hosts",
    "retired",
    "bootstrap_brokers",
    "metadata_max_age_seconds",
];

/// Collects all faults of a file.
struct Reader<'a> {
    source: &'a str,
    object: &'a Map<String, Value>,
    faults: Vec<Error>,
}

impl<'a> Reader<'a> {
    fn fault(&mut self, code: Code, path: &str, message: impl Into<String>) {
        self.faults.push(Error::new(code, message).at(Place::path(self.source, path)).help(HELP));
    }

    fn kind(&self) -> Result<()> {
        let at = |key: &str| Place::path(self.source, key);
        if self.object.get("kind").and_then(Value::as_str) != Some(KIND) {
            let message = format!("this is no facade file: `kind` is not `{KIND}`");
            return Err(Error::new(Code::WrongKind, message).at(at("kind")).help(HELP));
        }
        match self.object.get("version").map(Value::as_u64) {
            Some(Some(VERSION)) => Ok(()),
            found => {
                let found = found.flatten().map_or("missing or no number".to_owned(), |found| found.to_string());
                let message = format!("the version of the facade file is {found}; this kshift knows {VERSION}");
                Err(Error::new(Code::WrongVersion, message).at(at("version")).help(HELP))
            }
        }
    }

    fn facade(&mut self) -> Option<Facade> {
        self.unknown_keys("", self.object, &KEYS);
        let zone = self.name("zone", None);
        let bootstrap = self.name("bootstrap", zone.as_deref());
        let broker = self.pattern(zone.as_deref());
        if let (Some(bootstrap), Some((head, tail))) =
            (&bootstrap, broker.as_deref().and_then(|b| b.split_once("{id}")))
        {
            let middle = bootstrap.strip_prefix(head).and_then(|rest| rest.strip_suffix(tail));
            if middle.is_some_and(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit())) {
                self.fault(Code::InvalidField, "bootstrap", format!("`{bootstrap}` is the name of a broker as well"));
            }
        }
        let hosted_zone_id = self.zone_id();
        let ttl = self.ttl();
        let hosts = self.hosts();
        let retired = self.retired();
        let bootstrap_brokers =
            self.number(self.object, "", "bootstrap_brokers", BOOTSTRAP_BROKERS as u64, 1, BOOTSTRAP_BROKERS_MAX);
        let metadata_max_age_seconds = self.number(self.object, "", "metadata_max_age_seconds", 300, 1, 86_400);
        Some(Facade {
            zone: zone?,
            hosted_zone_id,
            bootstrap: bootstrap?,
            broker: broker?,
            ttl,
            hosts,
            retired,
            bootstrap_brokers: bootstrap_brokers as usize,
            metadata_max_age_seconds: metadata_max_age_seconds as u32,
            source: self.source.to_owned(),
        })
    }

    fn unknown_keys(&mut self, path: &str, object: &Map<String, Value>, known: &[&str]) {
        for key in object.keys().filter(|key| !known.contains(&key.as_str())) {
            let near = near_miss(key, known.iter().copied());
            let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            self.fault(
                Code::InvalidField,
                &format!("{path}{key}"),
                format!("`{key}` is no key of a facade file{near}"),
            );
        }
    }

    /// The text of a key that must be there.
    fn text(&mut self, key: &str) -> Option<&'a str> {
        match self.object.get(key) {
            Some(Value::String(text)) => return Some(text),
            Some(_) => self.fault(Code::InvalidField, key, format!("`{key}` is no text")),
            None => self.fault(Code::MissingField, key, format!("`{key}` is missing")),
        }
        None
    }

    fn name(&mut self, key: &str, zone: Option<&str>) -> Option<String> {
        let text = self.text(key)?;
        match dns_name(text) {
            Ok(name) if zone.is_none_or(|zone| is_in(&name, zone)) => Some(name),
            Ok(name) => {
                let zone = zone.unwrap_or_default();
                self.fault(Code::InvalidField, key, format!("`{name}` is not in the zone `{zone}`"));
                None
            }
            Err(what) => {
                self.fault(Code::InvalidField, key, what);
                None
            }
        }
    }

    fn pattern(&mut self, zone: Option<&str>) -> Option<String> {
        let text = self.text("broker")?;
        if text.matches("{id}").count() != 1 {
            let message = format!("`{text}` does not have `{{id}}` once, in the place of the id of a broker");
            self.fault(Code::InvalidField, "broker", message);
            return None;
        }
        // As long as an id can be.
        match dns_name(&text.replace("{id}", "2147483647")) {
            Ok(name) if zone.is_none_or(|zone| is_in(&name, zone) && name != zone) => {
                Some(text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase())
            }
            Ok(_) => {
                let message = format!("`{text}` is not in the zone `{}`", zone.unwrap_or_default());
                self.fault(Code::InvalidField, "broker", message);
                None
            }
            Err(_) => {
                self.fault(Code::InvalidField, "broker", format!("`{text}` does not make DNS names"));
                None
            }
        }
    }

    fn zone_id(&mut self) -> Option<String> {
        self.object.get("hosted_zone_id")?;
        let text = self.text("hosted_zone_id")?;
        let plain = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
        if text.is_empty() || text.len() > 32 || !text.bytes().all(plain) {
            let message = format!("`{text}` is no id of a hosted zone, such as `Z0123456789ABCDEFGHIJ`");
            self.fault(Code::InvalidField, "hosted_zone_id", message);
            return None;
        }
        Some(text.to_owned())
    }

    fn number(&mut self, object: &Map<String, Value>, path: &str, key: &str, usual: u64, least: u64, most: u64) -> u64 {
        match object.get(key) {
            None => usual,
            Some(value) => match value.as_u64().filter(|number| (least..=most).contains(number)) {
                Some(number) => number,
                None => {
                    let message = format!("`{key}` is {value}; expected a whole number from {least} to {most}");
                    self.fault(Code::InvalidField, &format!("{path}{key}"), message);
                    usual
                }
            },
        }
    }

    fn ttl(&mut self) -> Ttl {
        let empty = Map::new();
        let object = match self.object.get("ttl") {
            None => &empty,
            Some(Value::Object(object)) => object,
            Some(_) => {
                self.fault(Code::InvalidField, "ttl", "`ttl` is no object of `before`, `during` and `after`");
                &empty
            }
        };
        self.unknown_keys("ttl.", object, &["before", "during", "after"]);
        // As many seconds as Route 53 and RFC 2181 allow.
        let most = u64::from(i32::MAX as u32);
        let mut seconds = |key: &str, usual: u64| self.number(object, "ttl.", key, usual, 1, most) as u32;
        let (before, during) = (seconds("before", 300), seconds("during", 30));
        let ttl = Ttl { before, during, after: seconds("after", u64::from(before)) };
        if ttl.during > ttl.before {
            let message = format!("{} s while names change is longer than the {} s before", ttl.during, ttl.before);
            self.fault(Code::InvalidField, "ttl.during", message);
        }
        ttl
    }

    fn hosts(&mut self) -> BTreeMap<BrokerId, Host> {
        let mut hosts = BTreeMap::new();
        let object = match self.object.get("hosts") {
            None => return hosts,
            Some(Value::Object(object)) => object,
            Some(_) => {
                self.fault(Code::InvalidField, "hosts", "`hosts` is no object of hosts by broker ids");
                return hosts;
            }
        };
        for (ids, host) in object {
            let path = format!("hosts[\"{ids}\"]");
            let (set, text) = match (IdSet::parse(ids), host) {
                (Ok(set), Value::String(text)) => (set, text),
                (Err(what), _) => {
                    self.fault(Code::InvalidField, &path, what);
                    continue;
                }
                (_, host) => {
                    self.fault(Code::InvalidField, &path, format!("the host of {ids} is {host}, no text"));
                    continue;
                }
            };
            if set.len() > 1 && !text.contains("{id}") {
                let message = format!("`{text}` would be the host of {} brokers", set.len());
                self.faults.push(
                    Error::new(Code::InvalidField, message)
                        .at(Place::path(self.source, &path))
                        .help("put `{id}` where the id of the broker stands in its host, or name one broker at a time"),
                );
                continue;
            }
            for id in set.iter() {
                match Host::parse(&text.replace("{id}", &id.to_string())) {
                    Ok(host) => {
                        if hosts.insert(id, host).is_some() {
                            self.fault(Code::Duplicate, &path, format!("broker {id} has two hosts"));
                        }
                    }
                    Err(what) => {
                        self.fault(Code::InvalidField, &path, what);
                        break;
                    }
                }
            }
        }
        hosts
    }

    fn retired(&mut self) -> Retired {
        match self.object.get("retired").map(Value::as_str) {
            None | Some(Some("bootstrap")) => Retired::Bootstrap,
            Some(Some("pair")) => Retired::Pair,
            Some(Some("delete")) => Retired::Delete,
            Some(_) => {
                let message = format!(
                    "`retired` is {}; expected `bootstrap`, `pair` or `delete`",
                    self.object.get("retired").unwrap_or(&Value::Null)
                );
                self.fault(Code::InvalidField, "retired", message);
                Retired::Bootstrap
            }
        }
    }
}

/// Whether a name is the zone's own or below it.
fn is_in(name: &str, zone: &str) -> bool {
    name == zone || name.strip_suffix(zone).is_some_and(|rest| rest.ends_with('.'))
}
