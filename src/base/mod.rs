//! The floor of the house: units, ids, indexes, errors, files, JSON. Knows nothing of Kafka moves.

pub mod assignment;
pub mod broker_dirs;
pub mod error;
pub mod fs;
pub mod ids;
pub mod index;
pub mod json;
pub mod kafka_configs;
pub mod pairs;
pub mod price;
pub mod racks;
pub mod random;
pub(crate) mod stream;
pub mod target;
pub mod text;
pub mod units;
pub mod weights;
pub mod windows;
pub mod work;
pub mod zone;
