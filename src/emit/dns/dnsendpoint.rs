//! `DNSEndpoint` resources of external-dns: for every step one file with all names as they are after it.
//!
//! The resource is declarative, so the way back from a step is the file of the step before it, and no file depends on
//! which was applied last.

#![expect(clippy::format_push_string, reason = "a page is put together once; `write!` would bury its sentences")]

use super::facade::Facade;
use super::steps::{Key, Record, Step, story};
use super::text as page;
use crate::base::error::Result;
use crate::emit::files::Files;
use crate::emit::yaml::text;
use crate::plan::Plan;

/// How to name the resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Its name.
    pub name: String,
    /// Its namespace; absent: that of the context of `kubectl`.
    pub namespace: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Options { name: "kafka-facade".to_owned(), namespace: None }
    }
}

/// The resource after every step, and `dns.md`.
///
/// # Errors
/// Hosts that are not known, or cannot be used.
pub fn dnsendpoint(plan: &Plan, facade: &Facade, options: &Options) -> Result<Files> {
    let story = story(plan, facade)?;
    let mut files = Files::one("dns.md", page::dnsendpoint(&story, options));
    for step in &story.steps {
        files.add(format!("steps/{}.yaml", step.name), resource(step, options));
    }
    Ok(files)
}

fn resource(step: &Step, options: &Options) -> String {
    let mut out = format!(
        "apiVersion: externaldns.k8s.io/v1alpha1\nkind: DNSEndpoint\nmetadata:\n  name: {}\n",
        text(&options.name)
    );
    if let Some(namespace) = &options.namespace {
        out += &format!("  namespace: {}\n", text(namespace));
    }
    out += &format!("  annotations:\n    kshift/step: {}\nspec:\n  endpoints:\n", text(&step.name));
    step.state.iter().fold(out, |out, (key, record)| out + &endpoint(key, record))
}

fn endpoint(key: &Key, record: &Record) -> String {
    let mut out = format!(
        "    - dnsName: {}\n      recordType: {}\n      recordTTL: {}\n      targets:\n",
        text(&key.name),
        key.kind.as_str(),
        record.ttl
    );
    for value in &record.values {
        out += &format!("        - {}\n", text(value));
    }
    if let Some(broker) = key.broker {
        out += &format!(
            "      setIdentifier: broker-{broker}\n      providerSpecific:\n        - name: aws/weight\n          value: \"1\"\n"
        );
    }
    out
}
