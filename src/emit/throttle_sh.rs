//! `throttle.sh` and `unthrottle.sh`: a wave's throttle set and taken off with `kafka-configs`, for when Kafka's own
//! `--throttle` would not do: throttles that have to survive, and replicas on dead brokers.
//!
//! Plain POSIX shell that calls one of Kafka's tools and nothing else. Each change is a request of its own, so no
//! number of topics comes near the controller's limit of records.

#![expect(clippy::format_push_string, reason = "a script is put together once")]

use std::borrow::Cow;

use crate::base::kafka_configs::{self, quoted};
use crate::plan::throttled::{Setting, Settings};

/// Sets the throttle of `whose` moves, such as `wave 007`: `sh throttle.sh`, or `sh throttle.sh brokers` for the rates alone.
pub(super) fn throttle(whose: &str, settings: &Settings<'_>) -> String {
    let is_within = settings.topics.is_empty();
    let mut text = format!("#!/bin/sh\n# Throttles {whose}. It may be run again.\n");
    if is_within {
        text.push_str("# RATE=1000000 in front of it gives every broker that rate, in bytes/s.\n");
    } else {
        text.push_str(
            "# With `brokers` behind it, it sets the rates alone; RATE=1000000 in front gives every broker that rate, in bytes/s.\n",
        );
    }
    text.push_str(kafka_configs::HEAD);
    text.push_str(if is_within { kafka_configs::LOG_DIR_RATES } else { kafka_configs::RATES });
    // What a topic has already need not be set again.
    let changed = |lists: &&(&str, Vec<Setting<'_>>)| lists.1.iter().any(|list| list.before != Some(&list.value));
    let changed: Vec<_> = settings.topics.iter().filter(changed).collect();
    text.push_str(if changed.is_empty() { "" } else { kafka_configs::LISTS });
    for (id, rates) in &settings.brokers {
        let rates: Vec<String> = rates.iter().map(|rate| quoted(&rate.value)).collect();
        text.push_str(&format!("rates {id} {} & started\n", rates.join(" ")));
    }
    if !changed.is_empty() {
        text.push_str("if [ \"${1:-}\" != brokers ]; then\n");
        for (topic, lists) in changed {
            text.push_str("  lists ");
            text.push_str(topic);
            for list in lists {
                text.push(' ');
                text.push_str(&quoted(&list.value));
            }
            text.push_str(" & started\n");
        }
        text.push_str("fi\n");
    }
    text + kafka_configs::END
}

/// Takes their throttle off again and nothing else; what stood there before comes back.
pub(super) fn unthrottle(whose: &str, settings: &Settings<'_>) -> String {
    let mut text = format!(
        "#!/bin/sh\n# Takes off what was set for {whose}, and nothing else; what stood there before comes back. It may be \
         run again.\n{}",
        kafka_configs::HEAD
    );
    let brokers = settings.brokers.iter().map(|(id, rates)| ("brokers", Cow::from(id.to_string()), rates));
    let topics = settings.topics.iter().map(|(topic, lists)| ("topics", Cow::from(*topic), lists));
    let (mut lines, mut any_gone, mut any_both) = (String::new(), false, false);
    for (kind, name, settings) in brokers.chain(topics) {
        if settings.iter().all(|setting| setting.before.is_none()) {
            any_gone = true;
            let keys =
                settings.iter().enumerate().flat_map(|(at, setting)| [if at > 0 { "," } else { "" }, setting.key]);
            lines.extend(["forget ", kind, " ", &name, " "].into_iter().chain(keys).chain([" & started\n"]));
            continue;
        }
        let back = settings.iter().filter_map(|setting| Some(format!("{}=[{}]", setting.key, setting.before?)));
        let back: Vec<String> = back.collect();
        let gone: Vec<&str> =
            settings.iter().filter(|setting| setting.before.is_none()).map(|setting| setting.key).collect();
        any_both |= !gone.is_empty();
        let (back_words, keys) = (quoted(&back.join(",")), gone.join(","));
        lines.push_str(&if gone.is_empty() {
            format!("alter {kind} {name} --add-config {back_words} & started\n")
        } else {
            format!("give_back {kind} {name} {back_words} {keys} & started\n")
        });
    }
    text.push_str(if any_gone { kafka_configs::FORGET } else { "" });
    text.push_str(if any_both { kafka_configs::GIVE_BACK } else { "" });
    text.push_str(&lines);
    text + kafka_configs::END
}
