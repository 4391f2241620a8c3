//! Differences as people read them: how much of each kind, then the largest of each.

use std::fmt::{self, Display, Write as _};

use serde_json::Value;

use super::{ClusterDiff, Diff, Named, PlanDiff, Setting, Steps, list};
use crate::base::ids::{BrokerId, IdSet};
use crate::base::text::{counted, grouped};
use crate::base::units::{Bytes, Seconds};

/// Rows of each kind that are shown; the rest is counted.
const SHOWN_MAX: usize = 10;

impl Display for Diff<'_> {
    /// The whole text, with a newline after each line but the last.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Diff::Cluster(diff) => of_clusters(diff),
            Diff::Plan(diff) => of_plans(diff),
        };
        f.write_str(text.trim_end())
    }
}

/// Lines with a label, and sections of rows behind them.
#[derive(Default)]
struct Page {
    lines: Vec<(&'static str, String)>,
    sections: String,
}

impl Page {
    fn line(&mut self, label: &'static str, text: impl Into<String>) {
        self.lines.push((label, text.into()));
    }

    /// A section of the first rows; the others are counted.
    fn section(&mut self, title: &str, rows: impl ExactSizeIterator<Item = String>) {
        let count = rows.len();
        if count == 0 {
            return;
        }
        let _ = writeln!(self.sections, "\n{title}");
        for row in rows.take(SHOWN_MAX) {
            let _ = writeln!(self.sections, "  {row}");
        }
        if count > SHOWN_MAX {
            let _ = writeln!(self.sections, "  and {} more; --json lists all", grouped((count - SHOWN_MAX) as u64));
        }
    }

    fn text(self) -> String {
        let width = self.lines.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
        let line = |(label, text): (&str, String)| format!("{label:<width$}  {text}\n");
        self.lines.into_iter().map(line).collect::<String>() + &self.sections
    }
}

fn name(which: Named<'_>) -> String {
    format!("{}-{}", which.topic, which.partition)
}

fn set(ids: &[BrokerId]) -> String {
    IdSet::from_ids(ids.iter().copied()).map_or_else(|_| list(ids), |ids| ids.to_string())
}

fn setting(change: &Setting) -> String {
    let shown = |value: &Option<String>| {
        let Some(value) = value else { return "(none)".to_owned() };
        let is_bytes = change.key.ends_with("_bytes");
        match value.parse::<u64>() {
            Ok(number) if is_bytes => Bytes::new(number).to_string(),
            _ if value.chars().count() > 60 => format!("{}…", value.chars().take(60).collect::<String>()),
            _ => value.clone(),
        }
    };
    format!("{}: {} -> {}", change.key, shown(&change.a), shown(&change.b))
}

/// `6 -> 9`, or `6` where nothing changed.
fn sides(a: impl Display, b: impl Display) -> String {
    let (a, b) = (a.to_string(), b.to_string());
    if a == b { a } else { format!("{a} -> {b}") }
}

/// `+1.2 TB` or `-1.2 TB`.
fn growth(a: Bytes, b: Bytes) -> String {
    match a.get().cmp(&b.get()) {
        std::cmp::Ordering::Equal => "no change".to_owned(),
        std::cmp::Ordering::Less => format!("+{}", b.saturating_sub(a)),
        std::cmp::Ordering::Greater => format!("-{}", a.saturating_sub(b)),
    }
}

/// Counts that are not zero, with their words.
fn parts(counts: &[(usize, &str)]) -> String {
    let some = counts.iter().filter(|part| part.0 > 0);
    let some: Vec<String> = some.map(|(count, word)| format!("{} {word}", grouped(*count as u64))).collect();
    if some.is_empty() { "the same".to_owned() } else { some.join(", ") }
}

fn title(name: Option<&str>, taken_at: Option<&str>) -> String {
    let taken = taken_at.map_or(String::new(), |time| format!(" at {time}"));
    format!("{}{taken}", name.unwrap_or("(no name)"))
}

fn of_clusters(diff: &ClusterDiff<'_>) -> String {
    let ClusterDiff { a, b, cluster, brokers, topics, partitions, .. } = diff;
    let mut page = Page::default();
    page.line("a", title(a.name, a.taken_at));
    page.line("b", title(b.name, b.taken_at));
    if !diff.differs {
        page.line("same", format!("{}, {}", counted(b.brokers, "broker"), counted(b.partitions, "partition")));
        return page.text();
    }
    let mut of_brokers =
        parts(&[(brokers.added.len(), "came"), (brokers.removed.len(), "went"), (brokers.changed.len(), "changed")]);
    for (ids, word) in [(&brokers.added, "came"), (&brokers.removed, "went")] {
        if !ids.is_empty() {
            let _ = write!(of_brokers, "; {word}: {}", set(ids));
        }
    }
    page.line("brokers", format!("{}: {of_brokers}", sides(a.brokers, b.brokers)));
    let of_topics =
        parts(&[(topics.added.len(), "came"), (topics.removed.len(), "went"), (topics.changed.len(), "changed")]);
    page.line("topics", format!("{}: {of_topics}", sides(a.topics, b.topics)));
    let of_partitions = parts(&[
        (partitions.added.len(), "came"),
        (partitions.removed.len(), "went"),
        (partitions.lists.len(), "with another list"),
        (partitions.leaders.len(), "with another leader"),
        (partitions.isr.len(), "with another ISR"),
        (partitions.moving.len(), "whose reassignment began or ended"),
        (partitions.log_dirs.len(), "in another log dir"),
    ]);
    let count = sides(grouped(a.partitions as u64), grouped(b.partitions as u64));
    page.line("partitions", format!("{count}: {of_partitions}"));
    let sizes = match partitions.sizes.len() {
        0 => "the same sizes".to_owned(),
        some => format!("{} of another size", counted(some, "partition")),
    };
    page.line("data", format!("{} ({}) in all replicas; {sizes}", sides(a.bytes, b.bytes), growth(a.bytes, b.bytes)));

    page.section("cluster", cluster.iter().map(setting));
    let of_broker = |change: &super::BrokerChange| {
        let changes: Vec<String> = change.changes.iter().map(setting).collect();
        format!("broker {}: {}", change.id, changes.join("; "))
    };
    page.section("brokers that changed", brokers.changed.iter().map(of_broker));
    for (title, list) in
        [("topics that came, largest first", &topics.added), ("topics that went, largest first", &topics.removed)]
    {
        let mut rows: Vec<_> = list.iter().collect();
        rows.sort_by_key(|side| std::cmp::Reverse(side.size_bytes));
        let row = |side: &super::TopicSide| {
            format!("{}  {}, {}", side.topic, counted(side.partitions, "partition"), side.size_bytes)
        };
        page.section(title, rows.into_iter().map(row));
    }
    let of_topic = |change: &super::TopicChange| {
        let changes: Vec<String> = change.changes.iter().map(setting).collect();
        format!("{}  {}", change.topic, changes.join("; "))
    };
    page.section("topics that changed", topics.changed.iter().map(of_topic));
    page.section("partitions that came", partitions.added.iter().map(|which| name(*which)));
    page.section("partitions that went", partitions.removed.iter().map(|which| name(*which)));
    of_lists(&mut page, diff);
    page.text()
}

/// Sections of lists, leaders, ISRs, log dirs and sizes.
fn of_lists(page: &mut Page, diff: &ClusterDiff<'_>) {
    let partitions = &diff.partitions;
    let row = |change: &super::IdsChange| {
        let size = change.size_bytes.map_or(String::new(), |size| format!("  {size}"));
        format!("{}  {} -> {}{size}", name(change.which), list(change.a), list(change.b))
    };
    let mut lists: Vec<_> = partitions.lists.iter().collect();
    lists.sort_by_key(|change| std::cmp::Reverse(change.size_bytes));
    page.section("lists, largest partition first", lists.into_iter().map(row));
    // An ISR that follows its list matters less than one that has lost a member.
    let mut isr: Vec<_> = partitions.isr.iter().collect();
    isr.sort_by_key(|change| (change.b.len() >= change.a.len(), std::cmp::Reverse(change.size_bytes)));
    page.section("ISRs, shorter ones first", isr.into_iter().map(row));
    let leader = |id: Option<BrokerId>| id.map_or("none".to_owned(), |id| id.to_string());
    // A leader that is gone matters more than one that moved.
    let mut leaders: Vec<_> = partitions.leaders.iter().collect();
    leaders.sort_by_key(|change| change.b.is_some());
    let row =
        |change: &super::LeaderChange| format!("{}  {} -> {}", name(change.which), leader(change.a), leader(change.b));
    page.section("leaders, lost ones first", leaders.into_iter().map(row));
    let word = |is_moving: bool| if is_moving { "under way" } else { "none" };
    let row = |change: &super::Moving| format!("{}  {} -> {}", name(change.which), word(change.a), word(change.b));
    page.section("reassignments", partitions.moving.iter().map(row));
    let row = |change: &super::DirChange| {
        format!("{} on broker {}  {} -> {}", name(change.which), change.broker, change.a, change.b)
    };
    page.section("log dirs", partitions.log_dirs.iter().map(row));
    let mut sizes: Vec<_> = partitions.sizes.iter().collect();
    let distance = |change: &super::SizeChange| {
        let bytes = |side: Option<Bytes>| side.map_or(0, Bytes::get);
        bytes(change.a).abs_diff(bytes(change.b))
    };
    sizes.sort_by_key(|change| std::cmp::Reverse(distance(change)));
    let size = |side: Option<Bytes>| side.map_or("not known".to_owned(), |size| size.to_string());
    let row = |change: &super::SizeChange| {
        let by = change.a.zip(change.b).map_or(String::new(), |(a, b)| format!("  {}", growth(a, b)));
        format!("{}  {} -> {}{by}", name(change.which), size(change.a), size(change.b))
    };
    page.section("sizes, largest change first", sizes.into_iter().map(row));
}

/// A figure as people read it, by the unit in its name.
fn figure(name: &str, value: &Value) -> String {
    let last = name.rsplit('.').next().unwrap_or(name);
    let is_seconds = name.contains("_seconds") || last == "seconds";
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) if is_seconds => {
            number.as_f64().map_or_else(String::new, |s| Seconds::new(s).to_string())
        }
        Value::Number(number) if last.contains("bytes") && number.is_u64() => {
            Bytes::new(number.as_u64().unwrap_or(0)).to_string()
        }
        Value::Number(number) => match number.as_u64() {
            Some(whole) => grouped(whole),
            None => format!("{:.4}", number.as_f64().unwrap_or(0.0)),
        },
        other => other.to_string(),
    }
}

fn of_plans(diff: &PlanDiff<'_>) -> String {
    let PlanDiff { a, b, request, summary, waves, partitions, .. } = diff;
    let mut page = Page::default();
    for (label, side) in [("a", a), ("b", b)] {
        let (moved, waves) = (counted(side.partitions, "partition"), counted(side.waves, "wave"));
        let open = if side.complete { "" } else { ", not complete" };
        page.line(label, format!("{}: {moved} in {waves}{open}", side.name.unwrap_or("(no name)")));
    }
    if !diff.differs {
        page.line("same", "request, figures, waves and every list");
        return page.text();
    }
    if !diff.same_lists {
        page.line("cluster", "the plans were made for different replica lists");
    }
    let Steps { only_a, only_b, ends_elsewhere, other_wave, deferred_only_a, deferred_only_b } = partitions;
    let counts = parts(&[
        (only_a.len(), "moved by a alone"),
        (only_b.len(), "moved by b alone"),
        (ends_elsewhere.len(), "that end elsewhere"),
        (other_wave.len(), "done in another wave"),
        (deferred_only_a.len(), "left out by a alone"),
        (deferred_only_b.len(), "left out by b alone"),
    ]);
    page.line("partitions", counts);
    let differing: Vec<_> = summary.iter().filter(|figure| figure.a != figure.b).collect();
    let same = summary.len() - differing.len();
    page.line("figures", format!("{} differ, {} are the same", grouped(differing.len() as u64), grouped(same as u64)));
    page.section("asked differently", request.iter().map(setting));
    // The figures that people ask for first; parts of others follow.
    let mut rows = differing;
    rows.sort_by_key(|row| (row.figure.matches('.').count(), row.figure.starts_with("bounds")));
    let row = |row: &super::Figure| {
        let name = &row.figure;
        format!("{name}: {} -> {}", figure(name, &row.a), figure(name, &row.b))
    };
    let limit = rows.len().min(2 * SHOWN_MAX);
    let (first, rest) = rows.split_at(limit);
    let mut shown = first.iter().map(|figure| row(figure)).collect::<Vec<_>>();
    if !rest.is_empty() {
        shown.push(format!("and {} more; --json lists all", grouped(rest.len() as u64)));
    }
    if !shown.is_empty() {
        let _ = writeln!(page.sections, "\nfigures, a -> b\n  {}", shown.join("\n  "));
    }
    let side = |side: &Option<super::WaveSide>| {
        let Some(side) = side else { return "none".to_owned() };
        let time = side.expected_seconds.map_or(String::new(), |time| format!(", {time}"));
        let (stage, count) = (side.stage.as_str(), counted(side.partitions, "partition"));
        format!("{stage}, {count}, {}{time}", side.bytes_to_copy)
    };
    let differing: Vec<_> = waves.iter().filter(|wave| wave.a != wave.b).collect();
    let row = |wave: &super::WaveSides| format!("wave {}: {} -> {}", wave.wave, side(&wave.a), side(&wave.b));
    page.section("waves, a -> b", differing.into_iter().map(row));
    let mut rows: Vec<_> = ends_elsewhere.iter().collect();
    rows.sort_by_key(|ends| std::cmp::Reverse(ends.size_bytes));
    let row =
        |ends: &super::Ends| format!("{}  {} -> {}  {}", name(ends.which), list(ends.a), list(ends.b), ends.size_bytes);
    page.section("ends elsewhere, largest partition first", rows.into_iter().map(row));
    let mut rows: Vec<_> = other_wave.iter().collect();
    rows.sort_by_key(|change| std::cmp::Reverse(change.a.abs_diff(change.b)));
    let row = |change: &super::WaveChange| format!("{}  wave {} -> {}", name(change.which), change.a, change.b);
    page.section("done in another wave, farthest first", rows.into_iter().map(row));
    for (title, list) in [
        ("moved by a alone", only_a),
        ("moved by b alone", only_b),
        ("left out by a alone", deferred_only_a),
        ("left out by b alone", deferred_only_b),
    ] {
        page.section(title, list.iter().map(|which| name(*which)));
    }
    page.text()
}
