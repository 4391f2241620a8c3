//! What users give for `--racks` and `--capacity`: lines of `KEY VALUE`, or one JSON object.
//!
//! ```text
//! # racks: a broker's rack by ids, or a new name for a rack
//! 1001-1004,1020  use1-az1
//! us-east-1b      use1-az2
//! ```
//!
//! ```text
//! # capacity: of every log dir of some brokers, of one log dir, of every other log dir
//! 1001-1012        2TB
//! 0:/kafka/d1      4TB
//! *                1TB
//! ```
//!
//! `=`, a comma, a tab or spaces separate key and value.

use std::path::Path;

use serde_json::Value;

use crate::base::error::{Code, Error, Place, Result};
use crate::base::ids::IdSet;
use crate::base::units::Bytes;
use crate::base::{fs, json};
use crate::request::{Capacities, Racks};

/// Reads the text of a `--racks` file; `source` names it in messages.
///
/// # Errors
/// [`Code::InvalidValue`] with the line for what cannot be read, [`Code::Duplicate`] for a broker or rack
/// that stands twice.
pub fn parse_racks(text: &str, source: &str) -> Result<Racks> {
    let mut racks = Racks::default();
    if is_json(text) {
        for (key, value) in object(text, source)? {
            let place = Place::path(source, key.clone());
            let Value::String(rack) = &value else {
                return Err(wrong(&place, &format!("`{value}` is no name of a rack"), RACKS_HELP));
            };
            add_rack(&mut racks, &key, rack, &place)?;
        }
    } else {
        for (place, key, value) in lines(text, source, Separator::First, RACKS_HELP)? {
            add_rack(&mut racks, key, value, &place)?;
        }
    }
    if racks == Racks::default() {
        return Err(wrong(&Place::source(source), &format!("`{source}` names no rack"), RACKS_HELP));
    }
    Ok(racks)
}

/// Reads the text of a `--capacity` file; `source` names it in messages.
///
/// # Errors
/// As [`parse_racks`].
pub fn parse_capacity(text: &str, source: &str) -> Result<Capacities> {
    let mut capacities = Capacities::default();
    if is_json(text) {
        for (key, value) in object(text, source)? {
            let place = Place::path(source, key.clone());
            if let Value::Object(dirs) = &value {
                for (path, value) in dirs {
                    let place = Place::path(source, format!("{key}.{path}"));
                    let size = json_size(value, &place)?;
                    add_capacity(&mut capacities, &format!("{key}:{path}"), size, &place)?;
                }
            } else {
                let size = json_size(&value, &place)?;
                add_capacity(&mut capacities, &key, size, &place)?;
            }
        }
    } else {
        for (place, key, value) in lines(text, source, Separator::Last, CAPACITY_HELP)? {
            let size = Bytes::parse(value).map_err(|what| wrong(&place, &what, CAPACITY_HELP))?;
            add_capacity(&mut capacities, key, size, &place)?;
        }
    }
    if capacities == Capacities::default() {
        return Err(wrong(&Place::source(source), &format!("`{source}` names no capacity"), CAPACITY_HELP));
    }
    Ok(capacities)
}

/// Reads the argument of `--capacity`: a size for every log dir, or the path of a file.
///
/// # Errors
/// As [`parse_capacity`], and when there is no such file either.
pub fn capacity_argument(argument: &str) -> Result<Capacities> {
    if let Ok(size) = Bytes::parse(argument) {
        let place = Place::source("--capacity");
        return Ok(Capacities { every: Some(not_zero(size, &place)?), ..Capacities::default() });
    }
    let path = Path::new(argument);
    // Something that begins like a size is a size with a typing error, unless a file has that name.
    if argument != "-" && !path.exists() {
        let message = format!("`{argument}` is neither a size nor a file");
        return Err(wrong(
            &Place::source("--capacity"),
            &message,
            "write `--capacity 2TB`, or name a file with a line `KEY SIZE` for each broker or log dir",
        ));
    }
    let content = fs::read(path)?;
    let source = fs::name_of(path);
    parse_capacity(json::text_of(&content, &source)?, &source)
}

/// Reads the file of `--racks`.
///
/// # Errors
/// As [`parse_racks`], and when the file cannot be read.
pub fn racks_argument(argument: &str) -> Result<Racks> {
    let path = Path::new(argument);
    let content = fs::read(path)?;
    let source = fs::name_of(path);
    parse_racks(json::text_of(&content, &source)?, &source)
}

const RACKS_HELP: &str = "write a line such as `1001-1012 use1-az1` or `us-east-1a use1-az1` for each";
const CAPACITY_HELP: &str = "write a line such as `1001-1012 2TB`, `1001:/kafka/d1 2TB` or `* 2TB` for each";

fn wrong(place: &Place, what: &str, help: &str) -> Error {
    Error::new(Code::InvalidValue, what).at(place.clone()).help(help)
}

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

fn object(text: &str, source: &str) -> Result<serde_json::Map<String, Value>> {
    match json::value_of(text, source)? {
        Value::Object(object) => Ok(object),
        other => Err(wrong(&Place::source(source), &format!("found `{other}`, expected an object"), CAPACITY_HELP)),
    }
}

/// Which `=`, comma or space separates, where there are several: paths hold any sign, sizes hold none.
#[derive(Clone, Copy, PartialEq)]
enum Separator {
    First,
    Last,
}

fn lines<'a>(text: &'a str, source: &str, separator: Separator, help: &str) -> Result<Vec<(Place, &'a str, &'a str)>> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let comment = line
            .char_indices()
            .find(|&(at, c)| c == '#' && (at == 0 || line[..at].ends_with(|before: char| before.is_whitespace())));
        let content = comment.map_or(line, |(at, _)| &line[..at]).trim();
        if content.is_empty() {
            continue;
        }
        let place = Place::line(source, index + 1);
        let pair = split(content, separator).filter(|(key, value)| !key.is_empty() && !value.is_empty());
        let Some((key, value)) = pair else {
            return Err(wrong(&place, &format!("found `{content}`, expected a key and a value"), help));
        };
        let is_ambiguous = !content.contains('=') && !content.contains(char::is_whitespace);
        if separator == Separator::First && is_ambiguous && IdSet::parse(value).is_ok() {
            let what = format!("`{content}` can be read in two ways: which number is the rack?");
            return Err(wrong(&place, &what, "separate key and value by `=` or a space"));
        }
        found.push((place, key, value));
    }
    Ok(found)
}

fn split(content: &str, separator: Separator) -> Option<(&str, &str)> {
    let at_equals = match separator {
        Separator::First => content.split_once('='),
        Separator::Last => content.rsplit_once('='),
    };
    // Sets of ids hold commas, and perhaps spaces after them: the value is what comes last.
    let (key, value) =
        at_equals.or_else(|| content.rsplit_once(char::is_whitespace)).or_else(|| content.rsplit_once(','))?;
    Some((key.trim().trim_end_matches(',').trim_end(), value.trim()))
}

/// The brokers that a key names; [`None`] when it is no set of ids at all.
fn ids_of(key: &str, place: &Place, help: &str) -> Result<Option<IdSet>> {
    match IdSet::parse(key) {
        Ok(ids) => Ok(Some(ids)),
        Err(what) if key.bytes().all(|b| b.is_ascii_digit() || b == b',' || b == b'-' || b == b' ') => {
            Err(wrong(place, &what, help))
        }
        Err(_) => Ok(None),
    }
}

fn twice(place: &Place, what: &str) -> Error {
    Error::new(Code::Duplicate, format!("{what} stands twice")).at(place.clone()).help("keep one of the two")
}

fn add_rack(racks: &mut Racks, key: &str, rack: &str, place: &Place) -> Result<()> {
    if rack.trim().is_empty() {
        return Err(wrong(place, &format!("the rack of `{key}` is empty"), RACKS_HELP));
    }
    let Some(ids) = ids_of(key, place, RACKS_HELP)? else {
        return match racks.rename.insert(key.to_owned(), rack.to_owned()) {
            Some(_) => Err(twice(place, &format!("rack `{key}`"))),
            None => Ok(()),
        };
    };
    for id in ids.iter() {
        if racks.broker.insert(id.get(), rack.to_owned()).is_some() {
            return Err(twice(place, &format!("broker {id}")));
        }
    }
    Ok(())
}

fn not_zero(size: Bytes, place: &Place) -> Result<Bytes> {
    if size == Bytes::ZERO {
        return Err(wrong(place, "a capacity of 0 bytes holds nothing", CAPACITY_HELP));
    }
    Ok(size)
}

fn json_size(value: &Value, place: &Place) -> Result<Bytes> {
    let size = match value {
        Value::Number(number) => match number.as_u64().filter(|&bytes| bytes <= Bytes::MAX.get()) {
            Some(bytes) => Ok(Bytes::new(bytes)),
            None => Err(format!("found `{number}`, expected a whole number of bytes from 0 to 2^63")),
        },
        Value::String(text) => Bytes::parse(text),
        other => Err(format!("found `{other}`, expected a size such as `2TB`")),
    };
    size.map_err(|what| wrong(place, &what, CAPACITY_HELP))
}

fn add_capacity(capacities: &mut Capacities, key: &str, size: Bytes, place: &Place) -> Result<()> {
    let size = not_zero(size, place)?;
    if key == "*" {
        return match capacities.every.replace(size) {
            Some(_) => Err(twice(place, "`*`")),
            None => Ok(()),
        };
    }
    let (ids, path) = match key.split_once(':') {
        Some((ids, path)) => (ids.trim(), Some(path.trim())),
        None => (key, None),
    };
    let Some(ids) = ids_of(ids, place, CAPACITY_HELP)? else {
        return Err(wrong(
            place,
            &format!("`{key}` names no broker ids; expected `1001-1012`, `1001:/path` or `*`"),
            CAPACITY_HELP,
        ));
    };
    if let Some(path) = path.filter(|path| !path.starts_with('/')) {
        return Err(wrong(place, &format!("`{path}` is no absolute path of a log dir"), CAPACITY_HELP));
    }
    for id in ids.iter() {
        let before = match path {
            Some(path) => capacities.dir.entry(id.get()).or_default().insert(path.to_owned(), size),
            None => capacities.broker.insert(id.get(), size),
        };
        if before.is_some() {
            return Err(twice(place, &format!("broker {id}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn racks(text: &str) -> Racks {
        parse_racks(text, "r").unwrap()
    }

    #[test]
    fn racks_are_read_with_any_separator() {
        let expected = racks("{\"1001-1003,1020\":\"a\",\"us-east-1b\":\"use1-az2\"}");
        assert_eq!(expected.broker.len(), 4);
        assert_eq!(expected.rename["us-east-1b"], "use1-az2");
        for text in [
            "1001-1003,1020=a\nus-east-1b=use1-az2\n",
            "# zones\r\n1001-1003,1020 a # old\r\n\r\nus-east-1b\tuse1-az2\r\n",
            "1001-1003, 1020 , a\nus-east-1b,use1-az2",
            "1001-1003,1020,a\nus-east-1b   use1-az2",
        ] {
            assert_eq!(racks(text), expected, "{text}");
        }
    }

    #[test]
    fn wrong_racks_are_refused_with_their_line() {
        for (text, code) in [
            ("# nothing\n", Code::InvalidValue),
            ("1001\n", Code::InvalidValue),
            ("12-10 a", Code::InvalidValue),
            ("1001,1002", Code::InvalidValue),
            ("1 a\n1-2 b", Code::Duplicate),
            ("x a\nx b", Code::Duplicate),
            ("{\"1\":2}", Code::InvalidValue),
            ("{\"1\":\"a\",\"1\":\"b\"}", Code::DuplicateKey),
            ("{\"1\":\"a\"", Code::InvalidJson),
        ] {
            assert_eq!(parse_racks(text, "r").unwrap_err().code(), code, "{text}");
        }
        assert_eq!(parse_racks("1 a\n\n1 b", "r").unwrap_err().place().unwrap().line, Some(3));
    }

    #[test]
    fn capacities_are_read_for_all_for_brokers_and_for_dirs() {
        let expected = parse_capacity(r#"{"1001-1002":"2TB","3":{"/d=1":"1TB"},"*":500}"#, "c").unwrap();
        assert_eq!(expected.every, Some(Bytes::new(500)));
        assert_eq!(expected.broker[&1002], Bytes::new(2_000_000_000_000));
        assert_eq!(expected.dir[&3]["/d=1"], Bytes::new(1_000_000_000_000));
        for text in ["1001-1002 2TB\n3:/d=1=1TB\n* 500", "1001-1002,2TB\n3:/d=1 = 1TB\n*=500"] {
            assert_eq!(parse_capacity(text, "c").unwrap(), expected, "{text}");
        }
        assert_eq!(capacity_argument("2TB").unwrap().every, Some(Bytes::new(2_000_000_000_000)));
    }

    #[test]
    fn wrong_capacities_are_refused() {
        for (text, code) in [
            ("1 2 parsecs", Code::InvalidValue),
            ("1 0", Code::InvalidValue),
            ("1 -5GB", Code::InvalidValue),
            ("x 5GB", Code::InvalidValue),
            ("1:d1 5GB", Code::InvalidValue),
            ("1 5GB\n1 6GB", Code::Duplicate),
            ("* 5GB\n* 6GB", Code::Duplicate),
            ("{\"1\":1.5}", Code::InvalidValue),
            ("{\"1\":[]}", Code::InvalidValue),
        ] {
            assert_eq!(parse_capacity(text, "c").unwrap_err().code(), code, "{text}");
        }
        assert_eq!(capacity_argument("5 parsecs").unwrap_err().code(), Code::InvalidValue);
    }
}
