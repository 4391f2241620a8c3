//! Options of `Plan.export` for Strimzi and DNS.

use pyo3::prelude::*;
use pyo3::types::{PyMapping, PyString};

use super::ask::Maybe;
use super::error::invalid;
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

/// Options as given.
pub struct Given<'a, 'py> {
    pub cluster: Option<&'a str>,
    pub pools: Maybe<'a, 'py>,
    pub namespace: Option<&'a str>,
    pub api_version: Option<&'a str>,
    pub facade: Maybe<'a, 'py>,
    pub name: Option<&'a str>,
}

/// Options as meant; those of other formats are absent.
#[derive(Default)]
pub struct Options {
    cluster: Option<String>,
    pools: Vec<Pool>,
    namespace: Option<String>,
    api_version: Option<ApiVersion>,
    facade: Option<Facade>,
    name: Option<String>,
}

impl Given<'_, '_> {
    /// Which of them are given, by name.
    pub fn names(&self) -> [(&'static str, bool); 6] {
        [
            ("cluster", self.cluster.is_some()),
            ("pools", self.pools.is_some()),
            ("namespace", self.namespace.is_some()),
            ("api_version", self.api_version.is_some()),
            ("facade", self.facade.is_some()),
            ("name", self.name.is_some()),
        ]
    }

    /// Reads them.
    pub fn read(&self) -> PyResult<Options> {
        let name = |argument: &str, text: Option<&str>| {
            text.map(|text| strimzi::name_of(text).map_err(|what| invalid(argument, what))).transpose()
        };
        let api_version = match self.api_version {
            None => None,
            Some("v1beta2") => Some(ApiVersion::V1Beta2),
            Some("v1") => Some(ApiVersion::V1),
            Some(other) => {
                return Err(invalid("api_version", format!("`{other}` is none; expected `v1beta2` or `v1`")));
            }
        };
        Ok(Options {
            cluster: name("cluster", self.cluster)?,
            pools: self.pools.map(pools).transpose()?.unwrap_or_default(),
            namespace: name("namespace", self.namespace)?,
            api_version,
            facade: self.facade.map(facade).transpose()?,
            name: name("name", self.name)?,
        })
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

impl Options {
    /// The files of one of these formats.
    pub fn made(&self, plan: &Plan, format: &str) -> Result<Files> {
        if format == "strimzi" {
            let (namespace, pools, api_version) = (self.namespace.clone(), self.pools.clone(), self.api_version);
            let cluster = needed(format, "cluster", self.cluster.clone())?;
            return strimzi(plan, &strimzi::Options { cluster, namespace, pools, api_version });
        }
        let facade = needed(format, "facade", self.facade.as_ref())?;
        if format == "route53" {
            return route53(plan, facade);
        }
        let usual = dnsendpoint::Options::default();
        let name = self.name.clone().unwrap_or(usual.name);
        dnsendpoint(plan, facade, &dnsendpoint::Options { name, namespace: self.namespace.clone() })
    }
}

fn needed<T>(format: &str, option: &str, value: Option<T>) -> Result<T> {
    value.ok_or_else(|| {
        Error::new(Code::Usage, format!("the format `{format}` needs `{option}`"))
            .at(Place::source(format!("argument `{option}`")))
            .help("docs/campaign.md and docs/dns.md show the formats around a plan")
    })
}
