//! Formats of `kshift export` for what stands around the brokers: Strimzi and DNS.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::base::error::Result;
use crate::base::{fs, json};
use crate::emit::dns::dnsendpoint::{self, dnsendpoint};
use crate::emit::dns::facade::Facade;
use crate::emit::dns::route53::route53;
use crate::emit::files::Files;
use crate::emit::strimzi::{self, Pool, strimzi};
use crate::plan::Plan;

/// `kshift export PLAN strimzi`.
#[derive(Debug, Args)]
pub struct StrimziArgs {
    /// Name of the `Kafka` resource
    #[arg(long, value_name = "NAME", value_parser = strimzi::name_of)]
    pub cluster: String,
    /// A node pool and the brokers that it has or shall have, such as `brokers=0-11`; once for each pool
    #[arg(long, value_name = "NAME=IDS", value_parser = Pool::parse)]
    pub pool: Vec<Pool>,
    /// Namespace of the resources [default: that of the context of kubectl]
    #[arg(long, value_name = "NAME", value_parser = strimzi::name_of)]
    pub namespace: Option<String>,
    /// Version of Strimzi's resources: `v1beta2` (before Strimzi 1.0) or `v1` (from 0.49 on) [default: by the version of Kafka]
    #[arg(long, value_enum, value_name = "VERSION", hide_possible_values = true)]
    pub api_version: Option<ApiVersion>,
}

/// `--api-version`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ApiVersion {
    /// Before Strimzi 1.0.
    V1beta2,
    /// From Strimzi 0.49 on.
    V1,
}

/// `kshift export PLAN route53`.
#[derive(Debug, Args)]
pub struct Route53Args {
    /// A file that describes the names, their TTLs and the hosts of the brokers (docs/dns.md)
    #[arg(long, value_name = "FILE")]
    pub facade: PathBuf,
}

/// `kshift export PLAN dnsendpoint`.
#[derive(Debug, Args)]
pub struct DnsEndpointArgs {
    /// A file that describes the names, their TTLs and the hosts of the brokers (docs/dns.md)
    #[arg(long, value_name = "FILE")]
    pub facade: PathBuf,
    /// Name of the resource [default: kafka-facade]
    #[arg(long, value_name = "NAME", value_parser = strimzi::name_of)]
    pub name: Option<String>,
    /// Namespace of the resource [default: that of the context of kubectl]
    #[arg(long, value_name = "NAME", value_parser = strimzi::name_of)]
    pub namespace: Option<String>,
}

/// Patches of node pools.
pub fn of_strimzi(plan: &Plan, args: &StrimziArgs) -> Result<Files> {
    let api_version = args.api_version.map(|version| match version {
        ApiVersion::V1beta2 => strimzi::ApiVersion::V1Beta2,
        ApiVersion::V1 => strimzi::ApiVersion::V1,
    });
    let (cluster, namespace, pools) = (args.cluster.clone(), args.namespace.clone(), args.pool.clone());
    strimzi(plan, &strimzi::Options { cluster, namespace, pools, api_version })
}

/// Requests for Route 53.
pub fn of_route53(plan: &Plan, args: &Route53Args) -> Result<Files> {
    route53(plan, &facade(&args.facade)?)
}

/// Resources of external-dns.
pub fn of_dnsendpoint(plan: &Plan, args: &DnsEndpointArgs) -> Result<Files> {
    let usual = dnsendpoint::Options::default();
    let options =
        dnsendpoint::Options { name: args.name.clone().unwrap_or(usual.name), namespace: args.namespace.clone() };
    dnsendpoint(plan, &facade(&args.facade)?, &options)
}

/// The facade that a file describes.
pub fn facade(path: &Path) -> Result<Facade> {
    let (content, source) = (fs::read(path)?, fs::name_of(path));
    Facade::read(json::text_of(&content, &source)?, &source)
}
