//! The little YAML that Kubernetes manifests need: text that reads back as the same text.

/// A text as a YAML scalar: plain where nothing can be mistaken, else in double quotes.
pub fn text(text: &str) -> String {
    let reserved = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    let plain = |c: char| c.is_ascii_alphanumeric() || "._/-".contains(c);
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(plain)
        && !reserved.contains(&text.to_ascii_lowercase().as_str());
    // JSON strings are double-quoted scalars of YAML.
    if is_plain { text.to_owned() } else { serde_json::to_string(text).expect("a string always serializes") }
}

/// Whether Kubernetes takes this as the name of an object that others are named after: a DNS label of RFC 1123.
pub fn is_label(name: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let ends = |b: Option<&u8>| b.is_some_and(|&b| b != b'-');
    let bytes = name.as_bytes();
    bytes.len() <= 63 && bytes.iter().all(|&b| inner(b)) && ends(bytes.first()) && ends(bytes.last())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_yaml_would_take_for_something_else_is_quoted() {
        for plain in ["brokers", "kafka.strimzi.io/v1", "b-1.x", "nothing"] {
            assert_eq!(text(plain), plain);
        }
        for (raw, quoted) in
            [("12", "\"12\""), ("no", "\"no\""), ("Null", "\"Null\""), ("[0-1]", "\"[0-1]\""), ("a: b", "\"a: b\"")]
        {
            assert_eq!(text(raw), quoted);
        }
    }

    #[test]
    fn names_of_objects_are_dns_labels() {
        assert!(is_label("pool-a") && is_label("0") && is_label(&"a".repeat(63)));
        for name in ["", "-a", "a-", "A", "a.b", "a_b", &"a".repeat(64)] {
            assert!(!is_label(name), "{name}");
        }
    }
}
