//! Options of `Plan.export` for Strimzi and DNS.

use pyo3::prelude::*;
use pyo3::types::{PyMapping, PyString};

use super::error::invalid;
use super::export::Given;
use super::values;
use crate::base::error::{Code, Error, Place, Result};
use crate::emit::dns::dnsendpoint::{self, dnsendpoint};
use crate::emit::dns::facade::Facade;
use crate::emit::dns::route53::route53;
use crate::emit::files::Files;
use crate::emit::strimzi::{self, ApiVersion, Pool, strimzi};
use crate::plan::Plan;

/// Names of a format's options.
pub const STRIMZI: &[&str] = &["cluster", "pools", "namespace", "api_version"];
/// The same.
pub const ROUTE53: &[&str] = &["facade"];
/// The same.
pub const DNSENDPOINT: &[&str] = &["facade", "name", "namespace"];

/// An export for what stands around the brokers, with its options.
pub enum Ask {
    Strimzi(strimzi::Options),
    Route53(Facade),
    DnsEndpoint(Facade, dnsendpoint::Options),
}

impl Ask {
    /// Reads the options of a format.
    pub fn read(format: &str, given: &Given<'_, '_>) -> PyResult<Self> {
        if format == "strimzi" {
            return Ok(Ask::Strimzi(strimzi::Options {
                cluster: needed(format, "cluster", name("cluster", given)?)?,
                namespace: name("namespace", given)?,
                pools: given.get("pools")?.map_or(Ok(Vec::new()), |value| pools(&value))?,
                api_version: api_version(given)?,
            }));
        }
        let facade = needed(format, "facade", given.get("facade")?)?;
        let facade = self::facade(&facade)?;
        if format == "route53" {
            return Ok(Ask::Route53(facade));
        }
        let usual = dnsendpoint::Options::default();
        let name_or_usual = name("name", given)?.unwrap_or(usual.name);
        let options = dnsendpoint::Options { name: name_or_usual, namespace: name("namespace", given)? };
        Ok(Ask::DnsEndpoint(facade, options))
    }

    /// Its files.
    pub fn made(&self, plan: &Plan) -> Result<Files> {
        match self {
            Ask::Strimzi(options) => strimzi(plan, options),
            Ask::Route53(facade) => route53(plan, facade),
            Ask::DnsEndpoint(facade, options) => dnsendpoint(plan, facade, options),
        }
    }
}

/// A name as Kubernetes takes it.
fn name(option: &str, given: &Given<'_, '_>) -> PyResult<Option<String>> {
    given.text(option)?.map(|text| strimzi::name_of(&text).map_err(|what| invalid(option, what))).transpose()
}

fn api_version(given: &Given<'_, '_>) -> PyResult<Option<ApiVersion>> {
    match given.text("api_version")?.as_deref() {
        None => Ok(None),
        Some("v1beta2") => Ok(Some(ApiVersion::V1Beta2)),
        Some("v1") => Ok(Some(ApiVersion::V1)),
        Some(other) => Err(invalid("api_version", format!("`{other}` is none; expected `v1beta2` or `v1`"))),
    }
}

fn pools(value: &Bound<'_, PyAny>) -> PyResult<Vec<Pool>> {
    let Ok(mapping) = value.cast::<PyMapping>() else {
        return Err(pyo3::exceptions::PyTypeError::new_err("`pools` is no mapping of names to the ids of brokers"));
    };
    let mut pools = Vec::new();
    for item in mapping.items()? {
        let (name, ids): (String, Bound<'_, PyAny>) = item.extract()?;
        let name = strimzi::name_of(&name).map_err(|what| invalid("pools", what))?;
        pools.push(Pool { ids: values::ids(&format!("pools[{name:?}]"), &ids)?, name });
    }
    Ok(pools)
}

/// A facade: the path of its file, or a mapping as in the file.
pub fn facade(value: &Bound<'_, PyAny>) -> PyResult<Facade> {
    if value.cast::<PyMapping>().is_ok() {
        let text = value.py().import("json")?.call_method1("dumps", (value,))?;
        return Ok(Facade::read(text.cast::<PyString>()?.to_str()?, "argument `facade`")?);
    }
    let path: std::path::PathBuf = value.extract().map_err(|_| {
        pyo3::exceptions::PyTypeError::new_err("`facade` is neither the path of a file nor a mapping as in such a file")
    })?;
    Ok(crate::cli::around::facade(&path)?)
}

fn needed<T>(format: &str, option: &str, value: Option<T>) -> Result<T> {
    value.ok_or_else(|| {
        Error::new(Code::Usage, format!("the format `{format}` needs `{option}`"))
            .at(Place::source(format!("argument `{option}`")))
            .help("docs/campaign.md and docs/dns.md show the formats around a plan")
    })
}
