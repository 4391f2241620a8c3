//! Correct plans written by hand must pass; then each thing is broken on purpose, and just its rule must fire.

mod bounds;
mod dates;
mod figures;
mod files;
mod foreign;
mod gains;
mod losses;
mod safety;
mod support;
