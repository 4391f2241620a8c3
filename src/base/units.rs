//! Bytes, rates, seconds and ratios as types, so that no function can take one for another.
//!
//! The text forms that users write (`50MB/s`, `85%`, `4h`) are read and printed here and nowhere else.
//! Sums of bytes are checked: a cluster has at most 2^63 bytes, anything above is bad input and was
//! refused at the door.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub, SubAssign};

use serde::{Deserialize, Serialize};

/// A number of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bytes(u64);

impl Bytes {
    /// No bytes.
    pub const ZERO: Bytes = Bytes(0);
    /// The largest size that a snapshot may name: Kafka's own sizes are signed 64-bit numbers.
    pub const MAX: Bytes = Bytes(i64::MAX as u64);

    /// `bytes` bytes.
    pub const fn new(bytes: u64) -> Self {
        Bytes(bytes)
    }

    /// The number of bytes.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The number of bytes as a float, for ratios and times.
    pub const fn as_f64(self) -> f64 {
        self.0 as f64
    }

    /// `self − other`, or zero where that would be negative.
    #[must_use]
    pub const fn saturating_sub(self, other: Bytes) -> Bytes {
        Bytes(self.0.saturating_sub(other.0))
    }

    /// Reads `53687091200`, `10GB`, `1.5TiB`.
    ///
    /// # Errors
    /// A sentence that says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "expected bytes such as `500GB`, `1.5TiB` or `53687091200`";
        let bytes = parse_scaled(text, EXPECTED)?;
        if bytes > i64::MAX as u64 {
            return Err(format!("`{text}` is above 2^63 bytes; {EXPECTED}"));
        }
        Ok(Bytes(bytes))
    }
}

impl Add for Bytes {
    type Output = Bytes;
    fn add(self, other: Bytes) -> Bytes {
        Bytes(self.0.checked_add(other.0).expect("sum of bytes above 2^64"))
    }
}

impl AddAssign for Bytes {
    fn add_assign(&mut self, other: Bytes) {
        *self = *self + other;
    }
}

impl Sub for Bytes {
    type Output = Bytes;
    fn sub(self, other: Bytes) -> Bytes {
        Bytes(self.0.checked_sub(other.0).expect("difference of bytes below 0"))
    }
}

impl SubAssign for Bytes {
    fn sub_assign(&mut self, other: Bytes) {
        *self = *self - other;
    }
}

impl Sum for Bytes {
    fn sum<I: Iterator<Item = Bytes>>(items: I) -> Bytes {
        items.fold(Bytes::ZERO, Add::add)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&scaled(self.0 as f64, "B"))
    }
}

/// A configured rate in whole bytes per second, such as a throttle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BytesPerSec(u64);

impl BytesPerSec {
    /// `bytes_per_sec` bytes per second.
    pub const fn new(bytes_per_sec: u64) -> Self {
        BytesPerSec(bytes_per_sec)
    }

    /// The number of bytes per second.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The number of bytes per second as a float.
    pub const fn as_f64(self) -> f64 {
        self.0 as f64
    }

    /// As people type it, without a rounded digit: whole megabytes where it is some.
    pub fn typed(self) -> String {
        match self.0 {
            bytes if bytes % 1_000_000 == 0 => format!("{}MB/s", bytes / 1_000_000),
            bytes => bytes.to_string(),
        }
    }

    /// Reads `50MB/s`, `50MiB/s`, `50MB` or plain bytes per second; zero is refused.
    ///
    /// # Errors
    /// A sentence that says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "expected a rate such as `50MB/s`, `50MiB/s` or plain bytes per second";
        let amount = text.trim().strip_suffix("/s").unwrap_or(text.trim());
        let rate = parse_scaled(amount, EXPECTED).map_err(|_| format!("`{text}` is no rate; {EXPECTED}"))?;
        if rate == 0 {
            return Err(format!("a rate of 0 never finishes; {EXPECTED}"));
        }
        if rate > i64::MAX as u64 {
            return Err(format!("`{text}` is above 2^63 bytes/s; {EXPECTED}"));
        }
        Ok(BytesPerSec(rate))
    }
}

impl fmt::Display for BytesPerSec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&scaled(self.0 as f64, "B/s"))
    }
}

/// Measured traffic in bytes per second: what producers write or consumers read.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Traffic(f64);

impl Traffic {
    /// No traffic.
    pub const ZERO: Traffic = Traffic(0.0);

    /// `bytes_per_sec` bytes per second.
    pub const fn new(bytes_per_sec: f64) -> Self {
        Traffic(bytes_per_sec)
    }

    /// The number of bytes per second.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl fmt::Display for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&scaled(self.0, "B/s"))
    }
}

/// A length of time in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seconds(f64);

impl Seconds {
    /// No time.
    pub const ZERO: Seconds = Seconds(0.0);

    /// `seconds` seconds.
    pub const fn new(seconds: f64) -> Self {
        Seconds(seconds)
    }

    /// The number of seconds.
    pub const fn get(self) -> f64 {
        self.0
    }

    /// Reads `90s`, `15m`, `4h`, `2d` or `1h30m`; zero is refused.
    ///
    /// # Errors
    /// A sentence that says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no duration; expected one such as `90s`, `15m`, `4h`, `2d` or `1h30m`");
        let (mut rest, mut seconds) = (text.trim(), 0.0);
        if rest.is_empty() {
            return Err(wrong());
        }
        while !rest.is_empty() {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
            let number: f64 = rest[..end].parse().map_err(|_| wrong())?;
            let scale = match &rest[end..=end] {
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                "d" => 86400.0,
                _ => return Err(wrong()),
            };
            seconds += number * scale;
            rest = &rest[end + 1..];
        }
        if seconds > 0.0 && seconds.is_finite() { Ok(Seconds(seconds)) } else { Err(wrong()) }
    }
}

impl Add for Seconds {
    type Output = Seconds;
    fn add(self, other: Seconds) -> Seconds {
        Seconds(self.0 + other.0)
    }
}

impl AddAssign for Seconds {
    fn add_assign(&mut self, other: Seconds) {
        self.0 += other.0;
    }
}

impl Sum for Seconds {
    fn sum<I: Iterator<Item = Seconds>>(items: I) -> Seconds {
        items.fold(Seconds::ZERO, Add::add)
    }
}

impl fmt::Display for Seconds {
    /// `45 s`, `12m 30s`, `3h 05m`, `2d 04h`: two units at most.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 59.95 {
            let digits = usize::from(self.0 < 9.95);
            return f.pad(&format!("{:.digits$} s", self.0));
        }
        let whole = self.0.round() as u64;
        let text = if whole < 3600 {
            format!("{}m {:02}s", whole / 60, whole % 60)
        } else if whole < 86400 {
            let minutes = (self.0 / 60.0).round() as u64;
            format!("{}h {:02}m", minutes / 60, minutes % 60)
        } else {
            let hours = (self.0 / 3600.0).round() as u64;
            format!("{}d {:02}h", hours / 24, hours % 24)
        };
        f.pad(&text)
    }
}

/// A share of a whole: 0.85 is 85 %.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ratio(f64);

impl Ratio {
    /// `share` of one.
    pub const fn new(share: f64) -> Self {
        Ratio(share)
    }

    /// The share of one.
    pub const fn get(self) -> f64 {
        self.0
    }

    /// The whole bytes that this share of `whole` allows, rounded down.
    ///
    /// Goes through billionths, so that `85%` of a capacity is the same number on every machine.
    pub fn of(self, whole: Bytes) -> Bytes {
        let billionths = (self.0 * 1e9).round() as u128;
        Bytes((u128::from(whole.0) * billionths / 1_000_000_000) as u64)
    }

    /// Reads `85%` or `0.85`: above 0, at most 100 %.
    ///
    /// # Errors
    /// A sentence that says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "expected a share above 0 and at most 100 %, such as `85%` or `0.85`";
        let wrong = || format!("`{text}` is no share; {EXPECTED}");
        let trimmed = text.trim();
        let share = match trimmed.strip_suffix('%') {
            Some(percent) => percent.trim_end().parse::<f64>().map_err(|_| wrong())? / 100.0,
            None => trimmed.parse::<f64>().map_err(|_| wrong())?,
        };
        if share > 0.0 && share <= 1.0 {
            Ok(Ratio(share))
        } else {
            Err(format!("`{text}` is out of range; {EXPECTED}"))
        }
    }
}

impl fmt::Display for Ratio {
    /// `85%`, `90.5%`: at most two decimals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = format!("{:.2}", self.0 * 100.0);
        f.pad(&format!("{}%", percent.trim_end_matches('0').trim_end_matches('.')))
    }
}

/// A number with a decimal or binary unit (`kB`, `MiB`, …), in whole bytes.
fn parse_scaled(text: &str, expected: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no amount of bytes; {expected}");
    let trimmed = text.trim();
    let end = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(trimmed.len());
    let (number, unit) = (&trimmed[..end], trimmed[end..].trim_start());
    let scale: u64 = match unit {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "PB" => 1_000_000_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        "PiB" => 1 << 50,
        _ => return Err(wrong()),
    };
    if let Ok(whole) = number.parse::<u64>() {
        return whole.checked_mul(scale).ok_or_else(wrong);
    }
    // `.5` and `5.` read as numbers in Rust but are typing errors in an option.
    if scale == 1 || number.starts_with('.') || number.ends_with('.') {
        return Err(wrong());
    }
    let value = number.parse::<f64>().map_err(|_| wrong())? * scale as f64;
    if value < 1.8e19 { Ok(value.round() as u64) } else { Err(wrong()) }
}

/// Three significant digits and a decimal prefix: `1.23 TB`.
fn scaled(value: f64, unit: &str) -> String {
    const PREFIXES: [&str; 6] = ["", "k", "M", "G", "T", "P"];
    let (mut value, mut step) = (value, 0);
    while value >= 999.5 && step + 1 < PREFIXES.len() {
        value /= 1000.0;
        step += 1;
    }
    let digits = if step == 0 && value.fract() == 0.0 || value >= 99.95 {
        0
    } else if value >= 9.995 {
        1
    } else {
        2
    };
    format!("{value:.digits$} {}{unit}", PREFIXES[step])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_forms_are_read() {
        assert_eq!(Bytes::parse("53687091200"), Ok(Bytes(53_687_091_200)));
        assert_eq!(Bytes::parse("1.5TiB"), Ok(Bytes(1_649_267_441_664)));
        assert_eq!(BytesPerSec::parse("50MB/s"), Ok(BytesPerSec(50_000_000)));
        assert_eq!(BytesPerSec::parse("50MiB/s"), Ok(BytesPerSec(52_428_800)));
        assert_eq!(Seconds::parse("1h30m"), Ok(Seconds(5400.0)));
        assert_eq!(Ratio::parse("85%"), Ok(Ratio(0.85)));
        assert_eq!(Ratio::parse("0.85"), Ok(Ratio(0.85)));
    }

    #[test]
    fn wrong_text_is_refused() {
        for text in ["", "-1", "5 parsecs", "1.5", "NaN", "1e9", "99999999999999999999", "9300PB", ".5GB"] {
            assert!(Bytes::parse(text).is_err(), "{text}");
        }
        for text in ["0", "0MB/s", "50MB/h", "fast", "-5MB/s", ""] {
            assert!(BytesPerSec::parse(text).is_err(), "{text}");
        }
        for text in ["0s", "4", "h", "4x", "-4h", ""] {
            assert!(Seconds::parse(text).is_err(), "{text}");
        }
        for text in ["150%", "0", "85", "-1%", "NaN", "inf", ""] {
            assert!(Ratio::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn amounts_print_for_people() {
        let shown = |value: u64| Bytes(value).to_string();
        assert_eq!(shown(0), "0 B");
        assert_eq!(shown(999), "999 B");
        assert_eq!(shown(1_234_000_000_000), "1.23 TB");
        assert_eq!(shown(999_999_999), "1.00 GB");
        assert_eq!(Seconds(5.0).to_string(), "5.0 s");
        assert_eq!(Seconds(59.96).to_string(), "1m 00s");
        assert_eq!(Seconds(11_100.0).to_string(), "3h 05m");
        assert_eq!(Ratio(0.905).to_string(), "90.5%");
    }

    #[test]
    fn a_share_of_a_capacity_is_exact() {
        assert_eq!(Ratio(0.85).of(Bytes(100)), Bytes(85));
        assert_eq!(Ratio(0.85).of(Bytes(2_000_000_000_000)), Bytes(1_700_000_000_000));
    }
}
