//! What it costs to move data.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::units::Bytes;

/// The price of a gigabyte (10^9 bytes) that goes from one rack to another, in any currency.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PricePerGb(f64);

impl PricePerGb {
    /// Reads a plain number that is not negative.
    ///
    /// # Errors
    /// A sentence that says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let number = text.trim().parse().ok().and_then(PricePerGb::new);
        number.ok_or_else(|| format!("`{text}` is no price of a gigabyte; expected a number such as `0.02`"))
    }

    /// `price` for a gigabyte; none for one that is negative or no number.
    pub fn new(price: f64) -> Option<Self> {
        (price.is_finite() && price >= 0.0).then_some(PricePerGb(price))
    }

    /// The price as a number.
    pub const fn get(self) -> f64 {
        self.0
    }

    /// What so many bytes cost.
    pub fn of(self, bytes: Bytes) -> f64 {
        bytes.as_f64() / 1e9 * self.0
    }
}

impl fmt::Display for PricePerGb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A sum of money with two digits behind the point, in groups of thousands: `13,107.20`.
pub fn money(amount: f64) -> String {
    let text = format!("{amount:.2}");
    let (whole, cents) = text.split_once('.').unwrap_or((&text, "00"));
    match whole.parse() {
        Ok(whole) => format!("{}.{cents}", super::text::grouped(whole)),
        Err(_) => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_petabyte_across_zones_costs_what_clouds_ask() {
        let price = PricePerGb::parse("0.02").unwrap();
        assert_eq!(money(price.of(Bytes::new(1_000_000_000_000_000))), "20,000.00");
        assert_eq!(money(price.of(Bytes::new(1_234_567_890))), "0.02");
        for text in ["-0.1", "NaN", "inf", "$1", ""] {
            assert!(PricePerGb::parse(text).is_err(), "{text}");
        }
    }
}
