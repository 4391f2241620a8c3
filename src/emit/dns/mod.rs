//! A facade of DNS names in front of the brokers, and how it follows a plan.
//!
//! Clients know two kinds of names: a bootstrap name, with which they start, and one name for each broker id, which that
//! broker advertises. The second kind is bound to the id: a client that asks broker 1001 for a partition must reach
//! broker 1001 and no other, whoever has taken over its place. So while brokers serve, only the bootstrap name changes:
//!
//! ```text
//! facade → TTLs down → new brokers into the bootstrap → after each wave: brokers that hold nothing anymore out of it
//!        → brokers stopped → their names point elsewhere or go → TTLs up
//! ```
//!
//! A step is the state of all names after it (`steps`); what is to be done is the difference of two states, and the
//! way back is the same difference turned round. Both formats are written from the same states.

pub mod dnsendpoint;
pub mod facade;
pub mod route53;
mod steps;
mod text;

pub use self::facade::{Facade, Retired, Ttl};

#[cfg(test)]
mod tests;
