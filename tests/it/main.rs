//! One test binary: a link for each file of tests would cost more than the tests.

mod house;
mod pages;
mod props;
mod readme;
mod support;
mod usage;
