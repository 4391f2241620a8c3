//! One test binary: a link for each file of tests would cost more than the tests.
#![allow(clippy::disallowed_methods, reason = "tests read pages and sources as they stand")]

mod around;
mod at_risk;
mod bad_input;
mod balance;
mod calendar;
mod commands;
mod cruise_control;
mod cruise_control_export;
mod cruise_control_result;
mod decks;
mod diff;
mod effort;
mod explain;
mod export;
mod followers;
#[cfg(feature = "exact")]
mod gap;
mod gate;
mod handover;
mod house;
mod impossible;
mod least_time;
mod lint;
mod log_dirs;
mod metamorphic;
mod mixups;
mod pages;
mod props;
mod rates;
mod readme;
mod records;
mod regress;
mod report;
mod resume;
mod rollback;
mod rolling;
mod simulate;
mod stages;
mod strategies;
mod support;
mod tight;
mod twenty;
mod usage;
mod variants;
mod warnings;
