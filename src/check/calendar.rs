//! When waves run, counted minute by minute: at each one the clock of the zone is asked what it shows.

use crate::base::windows::{WEEK, Windows};
use crate::base::zone::{Moment, Zone};

/// Further than this nobody looks for a window.
const MINUTES_MAX: u32 = 800 * 24 * 60;

/// The minutes of a week at which some window is open.
pub(super) struct Clock<'a> {
    zone: &'a Zone,
    /// Monday 00:00 first; empty where any time will do.
    is_open: Vec<bool>,
}

impl<'a> Clock<'a> {
    pub fn new(zone: &'a Zone, windows: &Windows) -> Self {
        let mut is_open = vec![windows.is_empty(); WEEK as usize];
        for (from, minutes) in windows.openings() {
            for minute in from..from + minutes {
                is_open[(minute % WEEK) as usize] = true;
            }
        }
        if is_open.iter().all(|&open| open) {
            is_open.clear();
        }
        Clock { zone, is_open }
    }

    /// Whether a window is open at a second since 1970, and the second at which the clock shows the next minute.
    fn look(&self, at: i64) -> (bool, i64) {
        // 1970 began on a Thursday.
        let shown = at + self.zone.offset_at(at) + 3 * 86_400;
        let minute = shown.div_euclid(60).rem_euclid(i64::from(WEEK));
        (self.is_open[minute as usize], at + 60 - shown.rem_euclid(60))
    }

    /// The first second from `earliest` on from which a window stays open for `seconds`.
    pub fn start(&self, earliest: i64, seconds: i64) -> Option<i64> {
        if self.is_open.is_empty() {
            return Some(earliest);
        }
        let mut open_since = None;
        let mut at = earliest;
        for _ in 0..MINUTES_MAX {
            if at > Moment::LAST_SECONDS {
                return None;
            }
            let (is_open, next) = self.look(at);
            open_since = is_open.then(|| open_since.unwrap_or(at));
            if let Some(since) = open_since.filter(|since| next - since >= seconds) {
                return Some(since);
            }
            at = next;
        }
        None
    }
}
