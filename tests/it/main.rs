//! The command as its users meet it: exit code, standard output and standard error of real runs.

mod support;
mod usage;
