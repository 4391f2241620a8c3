//! `kshift example`: a synthetic cluster.

use super::args::ExampleArgs;
use super::console::Console;
use super::snapshot;
use crate::base::error::Result;
use crate::example::{self, Options};

/// Makes the cluster and writes it.
pub fn run(args: &ExampleArgs, console: &Console) -> Result<u8> {
    let cluster = example::cluster(&options(args))?;
    snapshot::write(&cluster, args.output.as_deref(), console)?;
    Ok(0)
}

fn options(args: &ExampleArgs) -> Options {
    let default = Options::default();
    Options {
        old: args.old.unwrap_or(default.old),
        new: args.new.unwrap_or(default.new),
        old_base: args.old_base.unwrap_or(default.old_base),
        new_base: args.new_base.unwrap_or(default.new_base),
        partitions: args.partitions.unwrap_or(default.partitions),
        rf: args.rf.unwrap_or(default.rf),
        racks: args.racks.unwrap_or(default.racks),
        total_tb: args.total_tb.unwrap_or(default.total_tb),
        sigma: args.sigma.unwrap_or(default.sigma),
        seed: args.seed.unwrap_or(default.seed),
        new_fill: args.new_fill.unwrap_or(default.new_fill),
        old_fill: args.old_fill.unwrap_or(default.old_fill),
        uneven_racks: args.uneven_racks,
        mixed_rf: args.mixed_rf,
        dirs: args.dirs.unwrap_or(default.dirs),
        hetero: args.hetero,
        rate_per_tb: args.rate_per_tb.unwrap_or(default.rate_per_tb),
    }
}
