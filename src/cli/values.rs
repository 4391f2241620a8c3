//! Values of options that are no unit of the house: counts, seeds, numbers, regular expressions.

use crate::base::ids::TopicPartition;
use crate::emit::export::Script;

/// A script about a throttle, by its word.
pub fn script(text: &str) -> Result<Script, String> {
    let found = Script::WORDS.iter().find(|(word, _)| *word == text);
    found.map(|(_, script)| *script).ok_or_else(|| format!("`{text}` is no script; expected `set` or `unset`"))
}

/// A whole number of at least one.
pub fn count(text: &str) -> Result<u32, String> {
    match count_or_zero(text) {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(format!("`{text}` is no such number; expected a whole number from 1 to {}", u32::MAX)),
    }
}

/// A whole number.
pub fn count_or_zero(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("`{text}` is no such number; expected a whole number from 0 to {}", u32::MAX))
}

/// A seed.
pub fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("`{text}` is no seed; expected a whole number from 0 to {}", u64::MAX))
}

/// A number above zero.
pub fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number.is_finite() => Ok(number),
        _ => Err(format!("`{text}` is no such number; expected one above 0, such as `0.6` or `20`")),
    }
}

/// A number that is not negative.
pub fn not_negative(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number >= 0.0 && number.is_finite() => Ok(number),
        _ => Err(format!("`{text}` is no such number; expected one of at least 0, such as `1.5`")),
    }
}

/// A regular expression, kept as text: whoever applies it compiles it again.
pub fn regex(text: &str) -> Result<String, String> {
    match fancy_regex::Regex::new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => {
            let why = error.to_string();
            let why = why.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default().trim();
            let why = why.strip_prefix("error: ").unwrap_or(why);
            Err(format!("`{text}` is no regular expression: {why}; expected one such as `orders-.*`"))
        }
    }
}

/// A partition as Kafka's tools write it.
pub fn topic_partition(text: &str) -> Result<TopicPartition, String> {
    TopicPartition::parse(text)
        .ok_or_else(|| format!("`{text}` is no partition; expected a topic, a dash and a number, such as `orders-7`"))
}
