//! Words for people: counts with their nouns, and sets of brokers by name.

use super::ids::IdSet;

/// A count with thousands apart: `333,334`.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 wave`, `2,000 waves`, `3 copies`; `one` is the noun in the singular.
pub fn counted(count: impl TryInto<u64>, one: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    if count == 1 {
        return format!("1 {one}");
    }
    match one.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o']) => format!("{} {stem}ies", grouped(count)),
        _ => format!("{} {one}s", grouped(count)),
    }
}

/// `one` for a count of one, `several` for any other: verbs and pronouns.
pub fn either<'a>(count: usize, one: &'a str, several: &'a str) -> &'a str {
    if count == 1 { one } else { several }
}

/// `broker 1003`, `brokers 1001-1003,1007`.
pub fn brokers(ids: &IdSet) -> String {
    format!("{} {ids}", either(ids.len(), "broker", "brokers"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        for (count, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(count), text);
        }
    }

    #[test]
    fn nouns_agree_with_their_counts() {
        assert_eq!(counted(1_u32, "wave"), "1 wave");
        assert_eq!(counted(0_u64, "wave"), "0 waves");
        assert_eq!(counted(12_000_usize, "log dir"), "12,000 log dirs");
        assert_eq!((counted(1_u8, "copy"), counted(2_u8, "copy")), ("1 copy".into(), "2 copies".into()));
        assert_eq!(either(1, "is", "are"), "is");
        assert_eq!(either(0, "is", "are"), "are");
    }

    #[test]
    fn one_broker_is_no_brokers() {
        let named = |text: &str| brokers(&IdSet::parse(text).unwrap());
        assert_eq!((named("1003"), named("3-5,9")), ("broker 1003".into(), "brokers 3-5,9".into()));
    }
}
