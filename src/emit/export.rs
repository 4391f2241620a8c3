//! The files for Kafka's own tools, of a plan as a whole or of one of its waves.

use super::files::Files;
use super::out_dir::wave_name;
use super::tools::Tools;
use super::{election, kafka, report, runbook, throttle, throttle_sh};
use crate::base::error::{Code, Error, Place, Result};
use crate::plan::{Plan, Wave, throttled};

/// The `election.json` that elects nobody.
pub const NOBODY: [u8; 17] = *br#"{"partitions":[]}"#;

/// `reassign.json`: of a wave, or one that starts the whole plan at once.
///
/// # Errors
/// [`Code::InvalidValue`] for a wave that the plan does not have.
pub fn kafka(plan: &Plan, wave: Option<u32>) -> Result<Files> {
    let content = of(plan, wave)?.map_or_else(|| kafka::whole(plan), |wave| kafka::reassign(plan, wave));
    Ok(Files::one("reassign.json", content))
}

/// `election.json`: the partitions that need a preferred election when a wave has ended, or when all of the plan has been
/// done at once. It may name none.
///
/// # Errors
/// As for [`kafka()`].
pub fn election(plan: &Plan, wave: Option<u32>) -> Result<Files> {
    let content = of(plan, wave)?.map_or_else(|| election::whole(plan), |wave| election::election(plan, wave));
    Ok(Files::one("election.json", content.unwrap_or_else(|| NOBODY.to_vec())))
}

/// `throttle.json`: the settings of a wave, or of all of the plan at once, each broker at the least of its rates.
///
/// # Errors
/// As for [`kafka()`]; [`Code::Usage`] where there is nothing to throttle, or no throttle.
pub fn throttle(plan: &Plan, wave: Option<u32>) -> Result<Files> {
    let (_, settings) = settings(plan, wave)?;
    Ok(Files::one("throttle.json", throttle::document(&settings)))
}

/// Which script about a throttle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// The one that sets it.
    Set,
    /// The one that takes it off, and brings back what was there before.
    Unset,
}

impl Script {
    /// The words by which people name them.
    pub const WORDS: [(&str, Script); 2] = [("set", Script::Set), ("unset", Script::Unset)];
}

/// `throttle.sh` or `unthrottle.sh`: the same settings as commands of `kafka-configs`.
///
/// # Errors
/// As for [`throttle()`].
pub fn throttle_script(plan: &Plan, wave: Option<u32>, script: Script) -> Result<Files> {
    let (chosen, settings) = settings(plan, wave)?;
    let whose = chosen.map_or("the whole plan".to_owned(), |wave| format!("wave {}", wave_name(plan, wave.index)));
    Ok(match script {
        Script::Set => Files::one("throttle.sh", throttle_sh::throttle(&whose, &settings)),
        Script::Unset => Files::one("unthrottle.sh", throttle_sh::unthrottle(&whose, &settings)),
    })
}

/// The settings of a wave or of all, where there are any.
fn settings(plan: &Plan, wave: Option<u32>) -> Result<(Option<&Wave>, throttled::Settings<'_>)> {
    let chosen = of(plan, wave)?;
    let found = match chosen {
        Some(wave) => throttled::settings(plan, wave, &plan.sorted_rows(wave.rows.clone())),
        None => throttled::settings_of_all(plan),
    };
    let Some(found) = found else {
        let what = if chosen.is_some() { "the wave" } else { "the plan" };
        let copies = chosen.map_or(plan.summary.replicas_moved > 0, |wave| {
            plan.moves_of(wave).any(|step| step.copied_to().next().is_some())
        });
        let (message, help) = if copies {
            (format!("{what} has no throttle"), "plan it with `--throttle RATE`, such as `--throttle 50MB/s`")
        } else {
            (format!("{what} copies nothing, so there is nothing to throttle"), "leave this step out")
        };
        return Err(Error::new(Code::Usage, message).help(help));
    };
    Ok((chosen, found))
}

/// `runbook.md`: every command that a person types; for the tools of a version, such as `3.9`, or of the brokers'.
///
/// # Errors
/// [`Code::InvalidValue`] for what is no version from 3.0 on.
pub fn runbook(plan: &Plan, kafka: Option<&str>) -> Result<Files> {
    let tools = Tools::of(plan);
    let tools = kafka.map_or(Ok(tools), |version| tools.with_version(version))?;
    Ok(Files::one("runbook.md", runbook::runbook_for(plan, tools)))
}

/// `report.html`: the plan as one page to look at.
pub fn html(plan: &Plan) -> Files {
    Files::one("report.html", report::report(plan))
}

/// The wave of this number.
pub(super) fn of(plan: &Plan, wave: Option<u32>) -> Result<Option<&Wave>> {
    let Some(index) = wave else { return Ok(None) };
    let found = plan.waves.iter().find(|wave| wave.index == index);
    let expected = match plan.waves.len() {
        0 => "the plan has none".to_owned(),
        1 => "the plan has one, wave 1".to_owned(),
        count => format!("expected 1 to {count}"),
    };
    let error = || {
        Error::new(Code::InvalidValue, format!("there is no wave {index}; {expected}"))
            .at(Place::source("--wave"))
            .help("`kshift show PLAN --waves` lists the waves")
    };
    found.map(Some).ok_or_else(error)
}
