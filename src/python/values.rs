//! Arguments as Python has them: ids, rates, sizes and durations as text or numbers.
//!
//! The wrong type is a `TypeError`; the wrong value is an `InputError` that names the argument. Numbers go
//! through the same parsers as text, so that both obey the same limits.

use std::path::PathBuf;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyByteArray, PyBytes, PyDateTime, PyDelta, PyFloat, PyMapping, PyRange, PyString};
use serde_json::{Map, Value};

use super::error::invalid;
use crate::base::broker_dirs::BrokerDirs;
use crate::base::ids::{BrokerId, IdSet};
use crate::base::pairs::{Pairing, Pairs};
use crate::base::price::PricePerGb;
use crate::base::racks::RackNames;
use crate::base::target::Target;
use crate::base::units::{Bytes, BytesPerSec, Ratio, Seconds};
use crate::base::weights::Weights;
use crate::base::windows::Windows;
use crate::base::zone::Zone;
use crate::request::forecast::Model;
use crate::request::rates::BrokerRates;
use crate::request::{Capacities, Effort, Prefer, RackPolicy, Racks, Strategy};
use crate::snapshot::supplement_files;

/// More ids than this are a mistake, and might be endless.
const IDS_MAX: usize = 1_000_000;

type Any<'a, 'py> = &'a Bound<'py, PyAny>;

fn wrong_type(argument: &str, expected: &str, value: Any<'_, '_>) -> PyErr {
    let found = value.get_type().name().map_or_else(|_| "?".to_owned(), |name| name.to_string());
    PyTypeError::new_err(format!("`{argument}` is a {found}; expected {expected}"))
}

/// Broker ids: `1001-1012,1020`, one id, or any iterable of ids.
pub fn ids(argument: &str, value: Any<'_, '_>) -> PyResult<IdSet> {
    const EXPECTED: &str = "broker ids as text such as `1001-1012,1020`, an int, or an iterable of ints";
    if let Ok(text) = value.cast::<PyString>() {
        return IdSet::parse(text.to_str()?).map_err(|what| invalid(argument, what));
    }
    let set = |ids: Vec<BrokerId>| IdSet::from_ids(ids).map_err(|what| invalid(argument, what));
    if is_whole(value) {
        return set(vec![id(argument, value)?]);
    }
    let is_bytes = value.is_instance_of::<PyBytes>() || value.is_instance_of::<PyByteArray>();
    let Ok(items) = value.try_iter() else { return Err(wrong_type(argument, EXPECTED, value)) };
    if is_bytes {
        return Err(wrong_type(argument, EXPECTED, value));
    }
    let too_many = || invalid(argument, format!("more than {IDS_MAX} ids; expected the ids of a cluster's brokers"));
    if value.is_instance_of::<PyRange>() && value.len().map_or(true, |count| count > IDS_MAX) {
        return Err(too_many());
    }
    let mut ids = Vec::new();
    for item in items {
        let item = item?;
        if !is_whole(&item) {
            return Err(wrong_type(&format!("{argument}[{}]", ids.len()), "an int, the id of a broker", &item));
        }
        if ids.len() == IDS_MAX {
            return Err(too_many());
        }
        ids.push(id(argument, &item)?);
    }
    set(ids)
}

/// An int of Python or numpy, but no bool and no array, which has `__index__` too.
fn is_whole(value: Any<'_, '_>) -> bool {
    has(value, "__index__") && !has(value, "__iter__") && !value.is_instance_of::<PyBool>()
}

fn has(value: Any<'_, '_>, attribute: &str) -> bool {
    value.hasattr(attribute).unwrap_or(false)
}

fn id(argument: &str, value: Any<'_, '_>) -> PyResult<BrokerId> {
    match value.extract::<i32>() {
        Ok(id) if id >= 0 => Ok(BrokerId::new(id)),
        _ => Err(invalid(argument, format!("`{value}` is no broker id; expected 0 to {}", i32::MAX))),
    }
}

/// Text as it stands, a number as text; none for anything else.
fn text_of(value: Any<'_, '_>) -> PyResult<Option<String>> {
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(Some(text.to_str()?.to_owned()));
    }
    if is_whole(value) {
        // Through int, because numpy's own numbers may print with a type.
        let int = value.call_method0("__index__")?;
        return Ok(Some(int.str()?.to_str()?.to_owned()));
    }
    let is_float = value.is_instance_of::<PyFloat>() || has(value, "__float__") && !has(value, "__iter__");
    if value.is_instance_of::<PyBool>() || !is_float {
        return Ok(None);
    }
    let number: f64 = value.extract()?;
    Ok(Some(if number.fract() == 0.0 && number.abs() < 1e19 { format!("{number:.0}") } else { format!("{number}") }))
}

/// A rate: `50MB/s`, or bytes per second as a number.
pub fn rate(argument: &str, value: Any<'_, '_>) -> PyResult<BytesPerSec> {
    let text = text_of(value)?.ok_or_else(|| wrong_type(argument, "a rate as text or bytes per second", value))?;
    BytesPerSec::parse(&text).map_err(|what| invalid(argument, what))
}

/// A size: `500GB`, or bytes as a number.
pub fn size(argument: &str, value: Any<'_, '_>) -> PyResult<Bytes> {
    let text = text_of(value)?.ok_or_else(|| wrong_type(argument, "a size as text or bytes", value))?;
    Bytes::parse(&text).map_err(|what| invalid(argument, what))
}

/// A duration: `4h`, seconds as a number, or a timedelta.
pub fn duration(argument: &str, value: Any<'_, '_>) -> PyResult<Seconds> {
    let wrong = || wrong_type(argument, "a duration as text, seconds or a timedelta", value);
    let text = if value.is_instance_of::<PyDelta>() {
        format!("{}s", value.call_method0("total_seconds")?.extract::<f64>()?)
    } else {
        let text = text_of(value)?.ok_or_else(wrong)?;
        if value.is_instance_of::<PyString>() { text } else { format!("{text}s") }
    };
    Seconds::parse(&text).map_err(|what| invalid(argument, what))
}

/// A share: `85%` or 0.85.
pub fn share(argument: &str, value: Any<'_, '_>) -> PyResult<Ratio> {
    let text = text_of(value)?.ok_or_else(|| wrong_type(argument, "a share as text or a number", value))?;
    Ratio::parse(&text).map_err(|what| invalid(argument, what))
}

/// A whole number from `least` to what fits.
pub fn count(argument: &str, value: Any<'_, '_>, least: u32) -> PyResult<u32> {
    if !is_whole(value) {
        return Err(wrong_type(argument, "an int", value));
    }
    let wrong = || invalid(argument, format!("`{value}` is out of range; expected {least} to {}", u32::MAX));
    value.extract::<u32>().ok().filter(|&count| count >= least).ok_or_else(wrong)
}

/// The number of a partition.
pub fn partition(argument: &str, value: Any<'_, '_>) -> PyResult<i32> {
    let number = count(argument, value, 0)?;
    let wrong = |_| invalid(argument, format!("`{number}` is out of range; expected 0 to {}", i32::MAX));
    number.try_into().map_err(wrong)
}

/// A whole number of 64 bits.
pub fn seed(argument: &str, value: Any<'_, '_>) -> PyResult<u64> {
    if !is_whole(value) {
        return Err(wrong_type(argument, "an int", value));
    }
    let wrong = |_| invalid(argument, format!("`{value}` is out of range; expected 0 to {}", u64::MAX));
    value.extract::<u64>().map_err(wrong)
}

/// `preserve`, `strict` or `ignore`.
pub fn rack_policy(argument: &str, text: &str) -> PyResult<RackPolicy> {
    let all = [RackPolicy::Preserve, RackPolicy::Strict, RackPolicy::Ignore];
    all.into_iter().find(|policy| policy.as_str() == text).ok_or_else(|| {
        invalid(argument, format!("`{text}` is no rack policy; expected `preserve`, `strict` or `ignore`"))
    })
}

/// A goal by its word.
pub fn prefer(argument: &str, text: &str) -> PyResult<Prefer> {
    [Prefer::Disk, Prefer::Time]
        .into_iter()
        .find(|prefer| prefer.as_str() == text)
        .ok_or_else(|| invalid(argument, format!("`{text}` is no goal; expected `disk` or `time`")))
}

/// How long to search, by its word.
pub fn effort(argument: &str, text: &str) -> PyResult<Effort> {
    [Effort::Instant, Effort::Normal, Effort::Thorough]
        .into_iter()
        .find(|effort| effort.as_str() == text)
        .ok_or_else(|| invalid(argument, format!("`{text}` is no effort; expected `instant`, `normal` or `thorough`")))
}

/// How a partition gets to its new replicas, by its word.
pub fn strategy(argument: &str, text: &str) -> PyResult<Strategy> {
    [Strategy::Direct, Strategy::OneAtATime, Strategy::TwoStage]
        .into_iter()
        .find(|strategy| strategy.as_str() == text)
        .ok_or_else(|| {
            let what = format!("`{text}` is no strategy; expected `direct`, `one-at-a-time` or `two-stage`");
            invalid(argument, what)
        })
}

/// A regular expression, which topics match with their whole name.
pub fn regex(argument: &str, text: &str) -> PyResult<String> {
    crate::cli::values::regex(text).map_err(|what| invalid(argument, what))
}

/// Capacities: one size for all, a path of a file, or a mapping of broker ids, log dirs or `*` to sizes.
pub fn capacity(argument: &str, value: Any<'_, '_>) -> PyResult<Capacities> {
    const EXPECTED: &str = "a size, the path of a file, or a mapping of broker ids to sizes";
    if let Ok(mapping) = value.cast::<PyMapping>() {
        let text = Value::Object(object(argument, mapping)?).to_string();
        return Ok(supplement_files::parse_capacity(&text, &format!("argument `{argument}`"))?);
    }
    let text = match text_of(value)? {
        Some(text) => text,
        None => path(value).ok_or_else(|| wrong_type(argument, EXPECTED, value))?,
    };
    Ok(supplement_files::capacity_argument(&text)?)
}

/// Racks: the path of a file, or a mapping of broker ids to racks, or of old names of racks to new ones.
pub fn racks(argument: &str, value: Any<'_, '_>) -> PyResult<Racks> {
    if let Ok(mapping) = value.cast::<PyMapping>() {
        let text = Value::Object(object(argument, mapping)?).to_string();
        return Ok(supplement_files::parse_racks(&text, &format!("argument `{argument}`"))?);
    }
    let expected = "the path of a file, or a mapping of broker ids to racks";
    let path = path(value).ok_or_else(|| wrong_type(argument, expected, value))?;
    Ok(supplement_files::racks_argument(&path)?)
}

/// Rates of brokers: the path of a file, or a mapping of broker ids to rates.
pub fn rates(argument: &str, value: Any<'_, '_>) -> PyResult<BrokerRates> {
    if let Ok(mapping) = value.cast::<PyMapping>() {
        let text = Value::Object(object(argument, mapping)?).to_string();
        return Ok(BrokerRates::read(&text, &format!("argument `{argument}`"))?);
    }
    let expected = "the path of a file, or a mapping of broker ids to rates";
    let path = path(value).ok_or_else(|| wrong_type(argument, expected, value))?;
    Ok(crate::cli::resolve::rates_of(std::path::Path::new(&path))?)
}

/// What a forecast reckons with: the path of a file, or a mapping of its fields.
pub fn forecast(argument: &str, value: Any<'_, '_>) -> PyResult<Model> {
    if value.cast::<PyMapping>().is_ok() {
        let text = value.py().import("json")?.call_method1("dumps", (value,))?;
        return Ok(Model::read(text.cast::<PyString>()?.to_str()?, &format!("argument `{argument}`"))?);
    }
    let expected = "the path of a file, or a mapping such as `{\"rtt_seconds\": 0.05}`";
    let path = path(value).ok_or_else(|| wrong_type(argument, expected, value))?;
    Ok(crate::cli::resolve::forecast(std::path::Path::new(&path))?)
}

/// Names of racks: text with commas between them, or any iterable of names.
pub fn rack_names(argument: &str, value: Any<'_, '_>) -> PyResult<RackNames> {
    const EXPECTED: &str = "racks as text such as `us-east-1a,us-east-1b`, or an iterable of names";
    if let Ok(text) = value.cast::<PyString>() {
        return RackNames::parse(text.to_str()?).map_err(|what| invalid(argument, what));
    }
    let names = texts(argument, value, EXPECTED, "text, the name of a rack")?;
    RackNames::from_names(names.iter().map(String::as_str)).map_err(|what| invalid(argument, what))
}

/// Log dirs of brokers: text with commas between them, or any iterable of texts such as `3:/kafka/d1`.
pub fn broker_dirs(argument: &str, value: Any<'_, '_>) -> PyResult<BrokerDirs> {
    const EXPECTED: &str = "log dirs as text such as `3:/kafka/d1,4:/kafka/d1`, or an iterable of such texts";
    if let Ok(text) = value.cast::<PyString>() {
        return BrokerDirs::parse(text.to_str()?).map_err(|what| invalid(argument, what));
    }
    let dirs = texts(argument, value, EXPECTED, "text such as `3:/kafka/d1`")?;
    BrokerDirs::from_texts(dirs.iter().map(String::as_str)).map_err(|what| invalid(argument, what))
}

/// The texts of an iterable, `each` of which is as it says.
fn texts(argument: &str, value: Any<'_, '_>, expected: &str, each: &str) -> PyResult<Vec<String>> {
    let is_bytes = value.is_instance_of::<PyBytes>() || value.is_instance_of::<PyByteArray>();
    let Some(items) = value.try_iter().ok().filter(|_| !is_bytes) else {
        return Err(wrong_type(argument, expected, value));
    };
    let mut names: Vec<String> = Vec::new();
    for item in items {
        let item = item?;
        let Ok(name) = item.cast::<PyString>() else {
            return Err(wrong_type(&format!("{argument}[{}]", names.len()), each, &item));
        };
        if names.len() == IDS_MAX {
            return Err(invalid(argument, format!("more than {IDS_MAX} items; expected those of a cluster")));
        }
        names.push(name.to_str()?.to_owned());
    }
    Ok(names)
}

/// Pairs: `auto`, `1001:1,1002:2`, or a mapping of old broker ids to new ones.
pub fn pairing(argument: &str, value: Any<'_, '_>) -> PyResult<Pairing> {
    if let Ok(mapping) = value.cast::<PyMapping>() {
        let mut pairs = Vec::new();
        for item in mapping.items()? {
            let (old, new): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
            for side in [&old, &new] {
                if !is_whole(side) {
                    return Err(wrong_type(argument, "a mapping of ints to ints, the ids of brokers", side));
                }
            }
            pairs.push((id(argument, &old)?, id(argument, &new)?));
        }
        if pairs.is_empty() {
            return Err(invalid(argument, "it names no pair; expected old broker ids with new ones".to_owned()));
        }
        return Ok(Pairing::Named(Pairs::new(pairs).map_err(|what| invalid(argument, what))?));
    }
    let expected = "`auto`, pairs as text such as `1001:1,1002:2`, or a mapping of old ids to new ones";
    let text = value.cast::<PyString>().map_err(|_| wrong_type(argument, expected, value))?;
    Pairing::parse(text.to_str()?).map_err(|what| invalid(argument, what))
}

/// Weights by name: a mapping of numbers, or text such as `in=2,out=0`.
pub fn weights(argument: &str, value: Any<'_, '_>) -> PyResult<Weights> {
    const EXPECTED: &str = "weights as text such as `in=2,out=0`, or a mapping of names to numbers";
    if let Ok(mapping) = value.cast::<PyMapping>() {
        let mut named = Vec::new();
        for item in mapping.items()? {
            let (name, weight): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
            let Ok(name) = name.cast::<PyString>() else { return Err(wrong_type(argument, EXPECTED, &name)) };
            let is_number = !weight.is_instance_of::<PyBool>();
            let Some(number) = weight.extract::<f64>().ok().filter(|_| is_number) else {
                return Err(wrong_type(&format!("{argument}[{:?}]", name.to_str()?), "a number", &weight));
            };
            named.push((name.to_str()?.to_owned(), number));
        }
        return Weights::new(&named).map_err(|what| invalid(argument, what));
    }
    let text = value.cast::<PyString>().map_err(|_| wrong_type(argument, EXPECTED, value))?;
    Weights::parse(text.to_str()?).map_err(|what| invalid(argument, what))
}

/// A placement: the path of a file, or a mapping as in kafka-reassign JSON or the proposals of Cruise Control.
pub fn target(argument: &str, value: Any<'_, '_>) -> PyResult<Target> {
    if value.cast::<PyMapping>().is_ok() {
        let text = value.py().import("json")?.call_method1("dumps", (value,))?;
        return Ok(Target::read(text.cast::<PyString>()?.to_str()?, &format!("argument `{argument}`"))?);
    }
    let expected = "the path of a file, or a mapping as in kafka-reassign JSON";
    let path = path(value).ok_or_else(|| wrong_type(argument, expected, value))?;
    Ok(crate::cli::resolve::target(std::path::Path::new(&path))?)
}

fn path(value: Any<'_, '_>) -> Option<String> {
    value.extract::<PathBuf>().ok().map(|path| path.to_string_lossy().into_owned())
}

/// A mapping as a JSON object: keys and values are text or numbers, values may be mappings.
fn object(argument: &str, mapping: &Bound<'_, PyMapping>) -> PyResult<Map<String, Value>> {
    let mut object = Map::new();
    for item in mapping.items()? {
        let (key, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
        let name = text_of(&key)?.ok_or_else(|| wrong_type(argument, "keys that are text or ids", &key))?;
        let place = format!("{argument}[{name}]");
        let value = match value.cast::<PyMapping>() {
            Ok(inner) => Value::Object(self::object(&place, inner)?),
            Err(_) if is_whole(&value) => match value.extract::<u64>() {
                Ok(number) => number.into(),
                Err(_) => return Err(invalid(&place, format!("`{value}` is out of range; expected bytes"))),
            },
            Err(_) => text_of(&value)?.ok_or_else(|| wrong_type(&place, "text or a number", &value))?.into(),
        };
        if object.insert(name.clone(), value).is_some() {
            return Err(invalid(argument, format!("`{name}` stands twice")));
        }
    }
    Ok(object)
}

/// Windows: `22:00-06:00`, or any iterable of such texts.
pub fn windows(argument: &str, value: Any<'_, '_>) -> PyResult<Windows> {
    const EXPECTED: &str = "windows as text such as `22:00-06:00`, or an iterable of such texts";
    if let Ok(text) = value.cast::<PyString>() {
        return Windows::parse(text.to_str()?).map_err(|what| invalid(argument, what));
    }
    let Ok(items) = value.try_iter() else { return Err(wrong_type(argument, EXPECTED, value)) };
    let mut texts = Vec::new();
    for item in items {
        let item = item?;
        let text = item.extract::<String>();
        texts.push(text.map_err(|_| wrong_type(&format!("{argument}[{}]", texts.len()), "a window as text", &item))?);
    }
    Windows::from_texts(texts.iter().map(String::as_str)).map_err(|what| invalid(argument, what))
}

/// A timestamp as text, or a datetime; one without a zone is a time of `time_zone`.
pub fn start(argument: &str, value: Any<'_, '_>) -> PyResult<String> {
    if value.is_instance_of::<PyDateTime>() {
        return value.call_method0("isoformat")?.extract();
    }
    value.extract().map_err(|_| wrong_type(argument, "a timestamp as text, or a datetime", value))
}

/// A time zone by its name.
pub fn zone(argument: &str, name: &str) -> PyResult<Zone> {
    Zone::parse(name).map_err(|what| invalid(argument, what))
}

/// A price of a gigabyte.
pub fn price(argument: &str, value: Any<'_, '_>) -> PyResult<PricePerGb> {
    let text = text_of(value)?.ok_or_else(|| wrong_type(argument, "a price as a number", value))?;
    PricePerGb::parse(&text).map_err(|what| invalid(argument, what))
}
