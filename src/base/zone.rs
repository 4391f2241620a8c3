//! Moments and time zones. Zones come with the product, so that every machine has the same ones; no clock is read.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A second in time, and how far the clock that shows it is from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    seconds: i64,
    offset: Offset,
}

impl Moment {
    /// The last moment that can be told: the end of the year 9999, but for a day in which zones may differ.
    pub const LAST_SECONDS: i64 = 253_402_200_000;

    /// Seconds since 1970 in UTC.
    pub const fn seconds(self) -> i64 {
        self.seconds
    }

    /// Reads RFC 3339, such as `2026-11-20T22:00:00+01:00`; a part of a second counts as a whole one.
    ///
    /// # Errors
    /// A sentence that says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        match read(text) {
            Some((civil, Some(offset), part)) => at(civil, offset, part, text),
            _ => Err(format!("`{text}` is no timestamp; expected one such as `2026-11-20T22:00:00Z`")),
        }
    }

    /// What the clock shows, to the minute: `2026-11-20 22:00+01:00`.
    pub fn short(self) -> String {
        let shown = self.civil();
        format!("{} {:02}:{:02}{}", shown.date(), shown.hour(), shown.minute(), self.ahead())
    }

    /// How far the clock is from UTC: `Z`, `+01:00`.
    fn ahead(self) -> String {
        let (seconds, sign) = (self.offset.seconds(), if self.offset.seconds() < 0 { '-' } else { '+' });
        let (hours, minutes) = (seconds.abs() / 3600, seconds.abs() / 60 % 60);
        if seconds == 0 { "Z".to_owned() } else { format!("{sign}{hours:02}:{minutes:02}") }
    }

    fn civil(self) -> DateTime {
        self.offset.to_datetime(Timestamp::from_second(self.seconds).unwrap_or(Timestamp::MAX))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}{}", self.civil(), self.ahead()))
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Moment::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// A time zone by its IANA name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// UTC.
    pub const UTC: Zone = Zone(TimeZone::UTC);

    /// The zone of this name; capitals do not matter.
    ///
    /// # Errors
    /// A sentence that says what was expected, with a name that ends alike where there is one.
    pub fn parse(name: &str) -> Result<Self, String> {
        if name.eq_ignore_ascii_case("utc") {
            return Ok(Zone::UTC);
        }
        let database = TimeZoneDatabase::bundled();
        if let Ok(zone) = database.get(name)
            && zone.iana_name().is_some()
        {
            return Ok(Zone(zone));
        }
        let city = |known: &str| known.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(name));
        let alike = database.available().map(|known| known.to_string()).find(|known| city(known));
        Err(match alike {
            Some(alike) if !name.is_empty() => format!("`{name}` is no time zone; did you mean `{alike}`?"),
            _ => format!("`{name}` is no time zone; expected an IANA name such as `Europe/Berlin` or `UTC`"),
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// How many seconds its clocks are ahead of UTC at a second since 1970.
    pub fn offset_at(&self, seconds: i64) -> i64 {
        self.offset(seconds).seconds().into()
    }

    /// The next second after this one at which its clocks are changed, if they ever are.
    pub fn next_change(&self, seconds: i64) -> Option<i64> {
        let after = Timestamp::from_second(seconds).ok()?;
        self.0.following(after).next().map(|change| change.timestamp().as_second())
    }

    /// A second since 1970 as its clocks show it.
    pub fn moment(&self, seconds: i64) -> Moment {
        let seconds = seconds.min(Moment::LAST_SECONDS);
        Moment { seconds, offset: self.offset(seconds) }
    }

    /// Reads RFC 3339, or a time of this zone without an offset, such as `2026-11-20T22:00`.
    ///
    /// # Errors
    /// A sentence: no such text, or a time that its clocks show never or twice.
    pub fn read(&self, text: &str) -> Result<Moment, String> {
        let expected = "expected one such as `2026-11-20T22:00` or `2026-11-20T22:00:00+01:00`";
        let (civil, offset, part) = read(text).ok_or_else(|| format!("`{text}` is no timestamp; {expected}"))?;
        if let Some(offset) = offset {
            return Ok(self.moment(at(civil, offset, part, text)?.seconds));
        }
        let name = self.name();
        match self.0.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => at(civil, offset, part, text),
            AmbiguousOffset::Gap { .. } => Err(format!(
                "`{text}` does not exist in {name}, whose clocks are put forward over it; name another time"
            )),
            AmbiguousOffset::Fold { before, after } => {
                let [first, second] = [before, after].map(|offset| Moment { seconds: 0, offset }.ahead());
                Err(format!(
                    "`{text}` comes twice in {name}, whose clocks are put back; add the offset, `{first}` or `{second}`"
                ))
            }
        }
    }

    fn offset(&self, seconds: i64) -> Offset {
        Timestamp::from_second(seconds).map_or(Offset::UTC, |at| self.0.to_offset(at))
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Zone::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// The moment at which clocks this far from UTC show this.
fn at(civil: DateTime, offset: Offset, part: bool, text: &str) -> Result<Moment, String> {
    let seconds = offset.to_timestamp(civil).map(|at| at.as_second() + i64::from(part)).ok();
    let told = seconds.filter(|seconds| *seconds <= Moment::LAST_SECONDS);
    told.map(|seconds| Moment { seconds, offset }).ok_or_else(|| format!("`{text}` is out of range"))
}

/// `2026-11-20T22:00[:05[.25]]`, with an offset or without; whether there is a part of a second.
fn read(text: &str) -> Option<(DateTime, Option<Offset>, bool)> {
    let text = text.trim();
    let number = |range: std::ops::Range<usize>| {
        let digits = text.get(range)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<i16>().ok())?
    };
    let is = |place: usize, mark: &str| text.get(place..=place).is_some_and(|found| mark.contains(found));
    if !(is(4, "-") && is(7, "-") && is(10, "Tt ") && is(13, ":")) {
        return None;
    }
    let small = |range| number(range).map(|number| number as i8);
    let date = Date::new(number(0..4)?, small(5..7)?, small(8..10)?).ok()?;
    let (seconds, mut rest) = if is(16, ":") { (small(17..19)?, text.get(19..)?) } else { (0, text.get(16..)?) };
    let time = Time::new(small(11..13)?, small(14..16)?, seconds, 0).ok()?;
    let mut part = false;
    if let Some(digits) = rest.strip_prefix('.').filter(|_| is(16, ":")) {
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        part = digits[..end].bytes().any(|digit| digit != b'0');
        rest = &digits[end..];
        if end == 0 {
            return None;
        }
    }
    let offset = match rest.as_bytes() {
        [] => None,
        [b'Z' | b'z'] => Some(Offset::UTC),
        [sign @ (b'+' | b'-'), hours @ .., b':', _, _] if hours.len() == 2 => {
            let two = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i32>().ok())?;
            let (hours, minutes) = (two(&rest[1..3])?, two(&rest[4..6])?);
            let seconds = (hours * 60 + minutes) * 60 * if *sign == b'-' { -1 } else { 1 };
            Some(Offset::from_seconds(seconds).ok().filter(|_| hours < 24 && minutes < 60)?)
        }
        _ => return None,
    };
    Some((DateTime::from_parts(date, time), offset, part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_keep_their_offset_and_part_of_a_second_counts_as_one() {
        for text in ["2026-11-20T22:00:00+01:00", "2026-11-20T22:00:00Z", "2024-02-29T23:59:59-09:30"] {
            assert_eq!(Moment::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Moment::parse("2026-11-20 22:00:05.0001Z").unwrap().to_string(), "2026-11-20T22:00:06Z");
        assert_eq!(Moment::parse("2026-11-20T22:00:05.000z").unwrap().to_string(), "2026-11-20T22:00:05Z");
        assert_eq!(Moment::parse("1970-01-02T00:00:00+01:00").unwrap().seconds(), 23 * 3600);
        for text in ["", "later", "2026-11-20", "2026-02-30T00:00:00Z", "2026-11-20T22:00:00", "2026-11-20T22:00:00+1"]
        {
            assert!(Moment::parse(text).is_err(), "{text}");
        }
        assert!(Moment::parse("9999-12-31T23:59:59Z").unwrap_err().contains("out of range"));
        assert!(Moment::parse("2026-11-20T22:00:00+é:00").is_err());
    }

    #[test]
    fn a_time_without_an_offset_is_that_of_the_zone() {
        let berlin = Zone::parse("europe/berlin").unwrap();
        assert_eq!(berlin.name(), "Europe/Berlin");
        let read = |text: &str| berlin.read(text).map(|moment| moment.to_string());
        assert_eq!(read("2026-07-01T22:00").unwrap(), "2026-07-01T22:00:00+02:00");
        assert_eq!(read("2026-12-01T22:00:00Z").unwrap(), "2026-12-01T23:00:00+01:00");
        // Clocks go from 02:00 to 03:00 on the last Sunday of March, and back on that of October.
        assert!(read("2026-03-29T02:30").unwrap_err().contains("does not exist in Europe/Berlin"));
        assert!(read("2026-10-25T02:30").unwrap_err().contains("`+02:00` or `+01:00`"));
        assert_eq!(read("2026-10-25T02:30:00+01:00").unwrap(), "2026-10-25T02:30:00+01:00");
    }

    #[test]
    fn a_zone_that_is_none_is_refused_with_one_that_ends_alike() {
        assert!(Zone::parse("Berlin").unwrap_err().contains("did you mean `Europe/Berlin`?"));
        for name in ["", "Mars/Olympus", "+01:00", "/etc/localtime"] {
            assert!(Zone::parse(name).unwrap_err().contains("expected an IANA name"), "{name}");
        }
        assert_eq!(Zone::parse("utc").unwrap(), Zone::UTC);
        assert_eq!(Zone::UTC.next_change(0), None);
    }
}
