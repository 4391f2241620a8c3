//! How a placement is carried out, and what goes wrong meanwhile, as asked for.

use std::fmt;

use crate::base::ids::IdSet;
use crate::base::units::BytesPerSec;

/// A style of execution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// Few partitions in flight, the next one whenever a slot frees, in the order of the plan.
    #[default]
    Rolling,
    /// Wave after wave, all copies of a wave at once.
    Barrier,
    /// Everything at once.
    AllAtOnce,
    /// So many partitions at once, the next ones when the last of them has landed.
    Batches(u32),
    /// At most so many moves per broker, the next one whenever a slot frees: the executor of Cruise Control.
    Sliding(u32),
}

/// Moves per broker of Cruise Control's executor where nothing else is set.
pub const SLIDING: u32 = 5;

impl Style {
    /// Reads `rolling`, `barrier`, `all-at-once`, `batches=N`, `sliding` or `sliding=K`.
    ///
    /// # Errors
    /// A sentence that says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is no style; expected `rolling`, `barrier`, `all-at-once`, `batches=N` or `sliding=K`, such as `batches=100`"
            )
        };
        let count = |number: &str| number.parse::<u32>().ok().filter(|&count| count > 0).ok_or_else(wrong);
        match text.split_once('=') {
            None => match text {
                "rolling" => Ok(Style::Rolling),
                "barrier" => Ok(Style::Barrier),
                "all-at-once" => Ok(Style::AllAtOnce),
                "sliding" => Ok(Style::Sliding(SLIDING)),
                _ => Err(wrong()),
            },
            Some(("batches", number)) => Ok(Style::Batches(count(number)?)),
            Some(("sliding", number)) => Ok(Style::Sliding(count(number)?)),
            Some(_) => Err(wrong()),
        }
    }

    /// Whether it takes the waves of a plan as they are; the others take one file of last lists.
    pub const fn keeps_waves(self) -> bool {
        matches!(self, Style::Rolling | Style::Barrier)
    }
}

impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Style::Rolling => f.pad("rolling"),
            Style::Barrier => f.pad("barrier"),
            Style::AllAtOnce => f.pad("all-at-once"),
            Style::Batches(size) => f.pad(&format!("batches={size}")),
            Style::Sliding(per_broker) => f.pad(&format!("sliding={per_broker}")),
        }
    }
}

/// Brokers or racks that are lost when a wave has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Who is lost.
    pub who: Lost,
    /// The wave, from 1, that has begun when it happens.
    pub wave: u32,
}

/// Who is lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// These brokers.
    Brokers(IdSet),
    /// All brokers of a rack.
    Rack(String),
}

impl Loss {
    /// Reads `1003@4`: brokers, and the wave that has begun.
    ///
    /// # Errors
    /// A sentence that says what was expected.
    pub fn brokers(text: &str) -> Result<Self, String> {
        let (who, wave) = at_wave(text, "1003@4")?;
        Ok(Loss { who: Lost::Brokers(IdSet::parse(who)?), wave })
    }

    /// Reads `us-east-1a@4`: a rack, and the wave that has begun.
    ///
    /// # Errors
    /// A sentence that says what was expected.
    pub fn rack(text: &str) -> Result<Self, String> {
        let (who, wave) = at_wave(text, "us-east-1a@4")?;
        Ok(Loss { who: Lost::Rack(who.to_owned()), wave })
    }
}

fn at_wave<'a>(text: &'a str, example: &str) -> Result<(&'a str, u32), String> {
    let wrong = || format!("`{text}` names no wave to lose it at; expected such as `{example}`");
    let (who, wave) = text.rsplit_once('@').ok_or_else(wrong)?;
    let wave = wave.parse().ok().filter(|&wave| wave > 0).ok_or_else(wrong)?;
    if who.is_empty() { Err(wrong()) } else { Ok((who, wave)) }
}

/// Brokers that are slower than the throttle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slow(pub Vec<(IdSet, BytesPerSec)>);

impl Slow {
    /// Reads `1003=10MB/s,1007-1009=20MB/s`.
    ///
    /// # Errors
    /// A sentence that says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |part: &str| format!("`{part}` is no slow broker; expected such as `1003=10MB/s`");
        // A list of ids has commas of its own: what has no `=` belongs to the next part that has.
        let (mut slow, mut ids) = (Vec::new(), String::new());
        for part in text.split(',') {
            match part.split_once('=') {
                None => ids = format!("{ids}{part},"),
                Some((last, rate)) => {
                    let who = format!("{}{last}", std::mem::take(&mut ids));
                    slow.push((IdSet::parse(&who).map_err(|_| wrong(&who))?, BytesPerSec::parse(rate)?));
                }
            }
        }
        if slow.is_empty() || !ids.is_empty() { Err(wrong(text)) } else { Ok(Slow(slow)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_are_read_as_they_are_shown() {
        for text in ["rolling", "barrier", "all-at-once", "batches=100", "sliding=5"] {
            assert_eq!(Style::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Style::parse("sliding"), Ok(Style::Sliding(5)));
        for text in ["", "batches", "batches=0", "sliding=-1", "rolling=3", "fast"] {
            assert!(Style::parse(text).unwrap_err().contains("expected `rolling`"), "{text}");
        }
    }

    #[test]
    fn what_ifs_are_read() {
        let lost = |text| Loss::brokers(text).map(|loss| loss.wave);
        assert_eq!((lost("1003@4"), lost("1-3@1")), (Ok(4), Ok(1)));
        assert_eq!(Loss::rack("a@b@2"), Ok(Loss { who: Lost::Rack("a@b".into()), wave: 2 }));
        for text in ["1003", "1003@", "1003@0", "@1", "x@1"] {
            assert!(Loss::brokers(text).is_err(), "{text}");
        }
        let slow = Slow::parse("1-2,5=10MB/s,7=1MB/s").unwrap().0;
        assert_eq!(
            slow.iter().map(|(ids, rate)| format!("{ids}={}", rate.get())).collect::<Vec<_>>(),
            ["1-2,5=10000000", "7=1000000"]
        );
        for text in ["", "5", "5=", "5=0", "5=10MB/s,7"] {
            assert!(Slow::parse(text).is_err(), "{text}");
        }
    }
}
