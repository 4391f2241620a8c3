//! `kshift export`: a plan in the form of another tool.

use serde::Serialize;

use super::args::{CruiseControlArgs, ExportArgs, ExportFormat};
use super::console::Console;
use super::summary::gap;
use super::view::{Lines, View, warnings_text};
use super::{around, load};
use crate::base::error::{Code, Error, Result};
use crate::base::fs;
use crate::base::text::counted;
use crate::emit::cruise_control::{self, Naming, Part};
use crate::emit::export;
use crate::emit::files::Files;
use crate::plan::{Plan, Warning};

/// Writes the files of a format and tells what was written.
pub fn run(args: &ExportArgs, console: &Console) -> Result<u8> {
    let plan = load::plan(&args.plan)?;
    let files = match &args.format {
        ExportFormat::Kafka(of) => export::kafka(&plan, of.wave)?,
        ExportFormat::Election(of) => export::election(&plan, of.wave)?,
        ExportFormat::Throttle(of) => match of.script {
            Some(script) => export::throttle_script(&plan, of.of.wave, script)?,
            None => export::throttle(&plan, of.of.wave)?,
        },
        ExportFormat::Runbook(of) => export::runbook(&plan, of.kafka.as_deref())?,
        ExportFormat::CruiseControl(of) => cruise_control(&plan, of)?,
        ExportFormat::Html => export::html(&plan),
        ExportFormat::Strimzi(args) => around::of_strimzi(&plan, args)?,
        ExportFormat::Route53(args) => around::of_route53(&plan, args)?,
        ExportFormat::Dnsendpoint(args) => around::of_dnsendpoint(&plan, args)?,
    };
    let view = ExportView {
        files: listed(&files),
        warnings: warnings(&args.format, &plan, &files),
        written: write(args, &files, console)?,
    };
    console.tell(&view);
    Ok(0)
}

/// The files for Cruise Control, with what the cluster adds to the plan.
fn cruise_control(plan: &Plan, of: &CruiseControlArgs) -> Result<Files> {
    let cluster = of.cluster.as_ref().map(|path| load::cluster(path, &plan.request.supplements)).transpose()?;
    let naming = if of.text_names { Naming::Text } else { Naming::Object };
    let options = cruise_control::Options { wave: of.wave, only: of.only, naming };
    cruise_control::export(plan, cluster.as_ref(), &options)
}

/// Puts the files where they are wanted; gives the place, where that is not standard output.
fn write(args: &ExportArgs, files: &Files, console: &Console) -> Result<Option<String>> {
    if let Some(dir) = &args.out {
        files.write(dir).map_err(load::without_force)?;
        return Ok(Some(format!("{}/", dir.display())));
    }
    let Some(content) = files.single() else {
        let names: Vec<&str> = files.iter().map(|(name, _)| name).collect();
        let message = format!("this format is {}: {}", counted(names.len(), "file"), names.join(", "));
        return Err(Error::new(Code::Usage, message).help("`--out DIR` writes them to a new directory"));
    };
    match args.output.as_deref().filter(|path| path.as_os_str() != "-") {
        Some(path) => fs::write_file(path, content).map(|()| Some(path.display().to_string())),
        None => console.data(content).map(|()| None),
    }
}

/// What a person must know before using the files.
fn warnings(format: &ExportFormat, plan: &Plan, files: &Files) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if let ExportFormat::Kafka(of) = format
        && of.wave.is_none()
        && plan.waves.len() > 1
    {
        let message = format!(
            "one file starts all {} at once, without their order, gates and rollbacks; `--wave N` gives the file of a wave",
            counted(plan.waves.len(), "wave")
        );
        warnings.push(Warning::new("all-at-once", message));
    }
    if let ExportFormat::CruiseControl(of) = format
        && of.cluster.is_none()
        && of.only.is_none_or(|only| matches!(only, Part::Proposals | Part::Capacity))
    {
        let message = "hosts, rates and network capacities are not known without the cluster that the plan was made for, and \
                       stand as 0 or as a usual value; `--cluster CLUSTER` gives them";
        warnings.push(Warning::new("no-cluster", message));
    }
    if matches!(format, ExportFormat::Election(_)) && files.single() == Some(&export::NOBODY) {
        let message = "nobody needs an election: every partition ends under its preferred leader by itself";
        warnings.push(Warning::new("nothing-to-elect", message));
    }
    warnings
}

/// A file that was written.
#[derive(Serialize)]
struct FileView {
    name: String,
    bytes: u64,
}

fn listed(files: &Files) -> Vec<FileView> {
    files.iter().map(|(name, content)| FileView { name: name.to_owned(), bytes: content.len() as u64 }).collect()
}

/// What was written.
#[derive(Serialize)]
struct ExportView {
    files: Vec<FileView>,
    warnings: Vec<Warning>,
    #[serde(skip_serializing_if = "Option::is_none")]
    written: Option<String>,
}

impl View for ExportView {
    fn text(&self, quiet: bool) -> String {
        let warnings = warnings_text(&self.warnings);
        let Some(written) = self.written.as_ref().filter(|_| !quiet) else { return warnings };
        let mut lines = Lines::default();
        lines.add("written", written);
        if written.ends_with('/') {
            for file in &self.files {
                lines.add("", &file.name);
            }
        }
        format!("{}{}{warnings}", lines.text(), gap(&warnings))
    }
}
