//! Hours of the week in which something may run, as they are asked for.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Minutes of a day.
const DAY: u32 = 24 * 60;
/// Minutes of a week.
pub const WEEK: u32 = 7 * DAY;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const EVERY_DAY: u8 = 0b111_1111;
const EXPECTED: &str = "expected one such as `22:00-06:00` or `sat,sun 00:00-24:00`";

/// Windows by the clock on the wall: `22:00-06:00`, `mon-fri 20:00-06:00`, `sat,sun 00:00-24:00`.
///
/// A window opens on each of its days (on every day where none is named), and closes on the next day where its end
/// is not after its beginning. Several may overlap. None at all means that any time will do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Windows(Vec<Window>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Window {
    /// Minute of the day at which it opens.
    from: u32,
    /// Minute of the day at which it closes, up to 24:00.
    to: u32,
    /// A bit for each day on which it opens, Monday first.
    days: u8,
}

impl Windows {
    /// Reads windows between commas. Days before a window may stand between commas too.
    ///
    /// # Errors
    /// What is wrong and what was expected: no such day or time, an empty window, days without a window, or a window
    /// that stands twice.
    pub fn parse(text: &str) -> Result<Self, String> {
        Windows::from_texts([text])
    }

    /// The windows of several texts together.
    ///
    /// # Errors
    /// As [`Windows::parse`].
    pub fn from_texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut windows = Vec::new();
        for text in texts {
            let mut days = 0;
            for piece in text.split(',').map(str::trim) {
                match piece.split_once(char::is_whitespace) {
                    Some((named, hours)) => {
                        windows.push(window(text, days | days_of(text, named)?, hours.trim())?);
                        days = 0;
                    }
                    None if piece.contains(':') => {
                        windows.push(window(text, if days == 0 { EVERY_DAY } else { days }, piece)?);
                        days = 0;
                    }
                    None => days |= days_of(text, piece)?,
                }
            }
            if days != 0 {
                return Err(format!("in `{text}` no hours follow the last day; {EXPECTED}"));
            }
        }
        windows.sort_unstable();
        match windows.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(format!("window `{}` stands twice", pair[0])),
            None => Ok(Windows(windows)),
        }
    }

    /// The windows of both, each once.
    #[must_use]
    pub fn and(mut self, other: Windows) -> Self {
        self.0.extend(other.0);
        self.0.sort_unstable();
        self.0.dedup();
        self
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// For how many minutes the longest window of an ordinary week is open, windows that touch taken as one; none where
    /// any time will do.
    pub fn longest(&self) -> Option<u32> {
        let mut is_open = vec![false; WEEK as usize];
        for (from, minutes) in self.openings() {
            (from..from + minutes).for_each(|minute| is_open[(minute % WEEK) as usize] = true);
        }
        let closed = is_open.iter().position(|open| !open).filter(|_| !self.is_empty())?;
        // Around the week, from a minute at which none is open.
        let (mut run, mut longest) = (0, 0);
        for step in 0..WEEK as usize {
            run = if is_open[(closed + step) % WEEK as usize] { run + 1 } else { 0 };
            longest = longest.max(run);
        }
        Some(longest)
    }

    /// Every opening of a week: the minute from Monday 00:00 at which it begins, and for how many minutes. They may
    /// overlap, and reach into the next week.
    pub fn openings(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.0.iter().flat_map(|window| {
            let minutes = if window.to > window.from { window.to - window.from } else { DAY + window.to - window.from };
            (0..7).filter(|day| window.days >> day & 1 == 1).map(move |day| (day * DAY + window.from, minutes))
        })
    }
}

/// A day or a range of days, as bits.
fn days_of(text: &str, named: &str) -> Result<u8, String> {
    let wrong = |day: &str| {
        format!("in `{text}` `{day}` is neither a day (`mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`) nor a window")
    };
    let number = |day: &str| {
        let lower = day.to_ascii_lowercase();
        DAYS.iter().position(|known| *known == lower).ok_or_else(|| wrong(day))
    };
    let (first, last) = named.split_once('-').unwrap_or((named, named));
    let (first, last) = (number(first)?, number(last)?);
    // `fri-mon` goes over the end of the week.
    let length = (last + 7 - first) % 7;
    Ok((0..=length).fold(0, |days, step| days | 1 << ((first + step) % 7)))
}

fn window(text: &str, days: u8, hours: &str) -> Result<Window, String> {
    let times = hours.split_once('-').and_then(|(from, to)| Some((minute(from)?, minute(to)?)));
    let (from, to) = times.ok_or_else(|| format!("in `{text}` `{hours}` is no window; {EXPECTED}"))?;
    if from == DAY {
        return Err(format!("in `{text}` a window opens at 24:00: write 00:00 and the day after"));
    }
    if from == to {
        return Err(format!("in `{text}` window `{hours}` is empty; all day is `00:00-24:00`"));
    }
    Ok(Window { from, to, days })
}

/// `22:00` as minutes, up to `24:00`.
fn minute(text: &str) -> Option<u32> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let number = |text: &str| {
        let is_number = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u32>().ok().filter(|_| is_number)
    };
    let minute = number(hours)? * 60 + number(minutes).filter(|&minutes| minutes < 60 && text.trim().len() >= 4)?;
    (minute <= DAY).then_some(minute)
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut days: Vec<String> = Vec::new();
        let mut day = 0;
        while day < 7 && self.days != EVERY_DAY {
            let run = (day..7).take_while(|day| self.days >> day & 1 == 1).count();
            match run {
                0 => {}
                1 | 2 => days.extend((day..day + run).map(|day| DAYS[day].to_owned())),
                _ => days.push(format!("{}-{}", DAYS[day], DAYS[day + run - 1])),
            }
            day += run.max(1);
        }
        let blank = if days.is_empty() { "" } else { " " };
        let time = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
        write!(f, "{}{blank}{}-{}", days.join(","), time(self.from), time(self.to))
    }
}

impl fmt::Display for Windows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.pad(&texts.join(","))
    }
}

impl Serialize for Windows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(ToString::to_string))
    }
}

impl<'de> Deserialize<'de> for Windows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts: Vec<String> = Vec::deserialize(deserializer)?;
        Windows::from_texts(texts.iter().map(String::as_str)).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        Windows::parse(text).unwrap().to_string()
    }

    #[test]
    fn windows_are_written_back_in_one_form() {
        assert_eq!(shown("22:00-6:00"), "22:00-06:00");
        assert_eq!(shown("sat,sun 00:00-24:00"), "sat,sun 00:00-24:00");
        assert_eq!(shown("Mon,tue , wed 20:00-24:00, 01:30-02:00"), "01:30-02:00,mon-wed 20:00-24:00");
        assert_eq!(shown("fri-mon 00:00-24:00"), "mon,fri-sun 00:00-24:00");
        assert_eq!(shown("mon-sun 22:00-06:00"), "22:00-06:00");
        for text in ["22:00-06:00", "mon,fri-sun 00:00-24:00,tue 12:00-11:59"] {
            assert_eq!(Windows::parse(&shown(text)).unwrap(), Windows::parse(text).unwrap());
        }
    }

    #[test]
    fn a_window_opens_on_its_days_and_may_reach_into_the_next() {
        let openings = |text: &str| Windows::parse(text).unwrap().openings().collect::<Vec<_>>();
        assert_eq!(openings("sun 22:00-06:00"), [(6 * 1440 + 1320, 480)]);
        assert_eq!(openings("mon,sat 00:00-24:00"), [(0, 1440), (5 * 1440, 1440)]);
        assert_eq!(openings("12:00-11:59").len(), 7);
        assert_eq!(openings("12:00-11:59")[0], (720, 1439));
    }

    #[test]
    fn the_longest_window_goes_over_midnight_and_over_the_end_of_the_week() {
        let longest = |text: &str| Windows::parse(text).unwrap().longest();
        assert_eq!(longest("sat,sun 00:00-24:00,fri 22:00-24:00,mon 00:00-01:00"), Some(51 * 60));
        assert_eq!(longest("22:00-06:00"), Some(8 * 60));
        assert_eq!(longest("12:00-00:00,00:00-12:00"), None);
        assert_eq!(Windows::default().longest(), None);
    }

    #[test]
    fn what_is_no_window_is_refused_with_what_was_expected() {
        for (text, says) in [
            ("22:00", "is no window"),
            ("22-06", "neither a day"),
            ("22:00-25:00", "is no window"),
            ("22:60-23:00", "is no window"),
            ("1:5-2:00", "is no window"),
            ("24:00-06:00", "opens at 24:00"),
            ("06:00-06:00", "is empty"),
            ("weekend 00:00-24:00", "`weekend` is neither"),
            ("sat,sun", "no hours follow"),
            ("22:00-06:00,22:00-06:00", "stands twice"),
            ("", "neither a day"),
        ] {
            let fault = Windows::parse(text).unwrap_err();
            assert!(fault.contains(says), "{text}: {fault}");
        }
    }
}
