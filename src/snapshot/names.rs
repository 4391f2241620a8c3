//! Long lists in a few words.

use crate::base::text::{counted, grouped};

/// How many names are shown before the rest is counted.
const SHOWN_MAX: usize = 3;

/// `1 partition (orders-0)`, `2 partitions (orders-0, orders-3)`, `15 partitions (orders-0, orders-3, orders-4 and 12 more)`.
pub(super) fn some_of<S: AsRef<str>>(noun: &str, names: &[S]) -> String {
    format!("{} ({})", counted(names.len(), noun), compressed(names))
}

/// `orders-0, orders-3, orders-4 and 12 more`.
pub(super) fn compressed<S: AsRef<str>>(names: &[S]) -> String {
    let shown: Vec<&str> = names.iter().take(SHOWN_MAX).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(SHOWN_MAX) {
        0 => shown.join(", "),
        rest => format!("{} and {} more", shown.join(", "), grouped(rest as u64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_cut_and_counted() {
        assert_eq!(some_of("partition", &["a-0"]), "1 partition (a-0)");
        assert_eq!(some_of("partition", &["a-0", "a-1"]), "2 partitions (a-0, a-1)");
        assert_eq!(
            some_of("partition", &["a-0", "a-1", "a-2", "a-3", "a-4"]),
            "5 partitions (a-0, a-1, a-2 and 2 more)"
        );
    }
}
