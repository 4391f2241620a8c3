//! What several files of tests share.

pub mod files;
pub mod r#gen;
pub mod oracle;
pub mod rows;
pub mod run;
pub mod shrink;
