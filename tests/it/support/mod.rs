//! What the tests share.

pub mod run;
