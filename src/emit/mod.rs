//! Files and pages, each made from a finished plan alone: one file of code per format.

pub mod cruise_control;
pub mod dns;
pub mod election;
pub mod export;
pub mod files;
pub mod kafka;
pub mod out_dir;
pub mod report;
pub mod rollback_dir;
pub mod runbook;
mod runbook_back;
mod runbook_dirs;
mod runbook_facts;
mod runbook_steps;
mod runbook_text;
mod runbook_trouble;
pub mod strimzi;
mod strimzi_text;
pub mod throttle;
mod throttle_sh;
pub mod tools;
mod yaml;

#[cfg(test)]
mod golden;
