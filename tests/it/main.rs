//! One test binary: a link for each file of tests would cost more than the tests.

mod bad_input;
mod commands;
mod impossible;
mod props;
mod support;
mod usage;
