//! The right bank's own world: what Kafka does to replicas, disks and time when lists are changed.
//!
//! Written from the contract's definitions and from Kafka's ids alone; it shares nothing with the code
//! that makes plans, so that a fault there cannot hide here. All tables are flat and are walked once a
//! wave: a million replicas take a fraction of a second.

pub mod back;
pub mod disk;
pub mod loss;
pub mod rates;
pub mod steps;
pub mod time;
pub mod world;

pub use self::disk::Disk;
pub use self::rates::Rates;
pub use self::steps::Steps;
pub use self::time::WaveTime;
pub use self::world::World;

/// Marks the absence of a broker, row or log dir in flat tables.
pub const NONE: u32 = u32::MAX;
