//! Text of a page: escaping, numbers for people beside exact ones, tables.

use std::borrow::Cow;
use std::fmt::Write;

use crate::base::text::{counted, grouped};
use crate::base::units::{Bytes, Seconds};

/// Text that comes from a plan, so that it stays text; control characters, which no page may have, become `�`.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    let is_special = |c: char| matches!(c, '&' | '<' | '>' | '"' | '\'') || c.is_control();
    if !text.contains(is_special) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' | '\t' => safe.push(c),
            c if c.is_control() => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// The same, with what stands between backticks as code.
pub(super) fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escaped(text).into_owned();
    }
    let mut html = String::with_capacity(text.len() + 32);
    for (number, part) in parts.into_iter().enumerate() {
        if number % 2 == 1 {
            let _ = write!(html, "<code>{}</code>", escaped(part));
        } else {
            html.push_str(&escaped(part));
        }
    }
    html
}

/// A share as `56.2%`.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

/// Up to two decimals, without zeros at the end: for places in drawings.
pub(super) fn place(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Seconds to the tenth, with thousands apart.
pub(super) fn exact_seconds(time: Seconds) -> String {
    let tenths = (time.get() * 10.0).round() as u64;
    format!("{}.{} s", grouped(tenths / 10), tenths % 10)
}

/// One cell of a table.
#[derive(Clone, Default)]
pub(super) struct Cell {
    html: String,
    title: String,
    class: &'static str,
}

impl Cell {
    /// Nothing to say.
    pub(super) fn none() -> Self {
        Cell::default()
    }

    pub(super) fn text(text: impl AsRef<str>) -> Self {
        Cell::html(escaped(text.as_ref()))
    }

    /// What is safe already.
    pub(super) fn html(html: impl Into<String>) -> Self {
        Cell { html: html.into(), ..Cell::default() }
    }

    pub(super) fn count(count: impl Into<u64>) -> Self {
        Cell::html(grouped(count.into()))
    }

    pub(super) fn bytes(bytes: Bytes) -> Self {
        Cell { html: bytes.to_string(), title: exact_bytes(bytes), class: "" }
    }

    pub(super) fn seconds(time: Seconds) -> Self {
        Cell { html: time.to_string(), title: exact_seconds(time), class: "" }
    }

    pub(super) fn percent(share: f64) -> Self {
        Cell { html: percent(share), title: format!("{:.4}%", share * 100.0), class: "" }
    }

    pub(super) fn or_none<T>(value: Option<T>, cell: impl FnOnce(T) -> Self) -> Self {
        value.map_or_else(Cell::none, cell)
    }

    pub(super) fn titled(self, title: impl Into<String>) -> Self {
        Cell { title: title.into(), ..self }
    }

    pub(super) fn class(self, class: &'static str) -> Self {
        Cell { class, ..self }
    }

    fn is_empty(&self) -> bool {
        self.html.is_empty()
    }

    fn push_to(&self, html: &mut String, tag: &str) {
        html.push('<');
        html.push_str(tag);
        if !self.class.is_empty() {
            let _ = write!(html, " class={}", self.class);
        }
        if !self.title.is_empty() {
            let _ = write!(html, " title=\"{}\"", escaped(&self.title));
        }
        html.push('>');
        html.push_str(&self.html);
    }
}

/// `1,234 bytes`.
pub(super) fn exact_bytes(bytes: Bytes) -> String {
    counted(bytes.get(), "byte")
}

/// How the cells of a column stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Words, to the left.
    Words,
    /// Numbers, to the right.
    Number,
    /// Drawings, to the left and not sorted by.
    Drawing,
}

/// A table with a caption; columns without any cell are left out.
pub(super) struct Table {
    id: String,
    caption: String,
    columns: Vec<(&'static str, Kind)>,
    rows: Vec<(String, Vec<Cell>)>,
    is_sortable: bool,
    is_tall: bool,
}

/// Rows from which on a table is scrolled within the page.
const TALL_ROWS: usize = 40;

impl Table {
    /// A table; the first cell of each row names it. `caption` is text.
    pub(super) fn new(id: impl Into<String>, caption: impl AsRef<str>, columns: &[(&'static str, Kind)]) -> Self {
        Table {
            id: id.into(),
            caption: escaped(caption.as_ref()).into_owned(),
            columns: columns.to_vec(),
            rows: Vec::new(),
            is_sortable: false,
            is_tall: false,
        }
    }

    /// Lets the script sort it.
    pub(super) fn sortable(self) -> Self {
        Table { is_sortable: true, ..self }
    }

    pub(super) fn row(&mut self, cells: impl Into<Vec<Cell>>) {
        self.named_row(String::new(), cells);
    }

    /// A row that can be linked to by its id.
    pub(super) fn named_row(&mut self, id: String, cells: impl Into<Vec<Cell>>) {
        let cells = cells.into();
        debug_assert_eq!(cells.len(), self.columns.len());
        self.rows.push((id, cells));
        self.is_tall = self.rows.len() > TALL_ROWS;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table within a region that scrolls where it is too wide or too tall, by keyboard too.
    pub(super) fn html(&self) -> String {
        let (id, caption) = (&self.id, &self.caption);
        let shown: Vec<usize> = (0..self.columns.len())
            .filter(|&column| column == 0 || self.rows.iter().any(|(_, row)| !row[column].is_empty()))
            .collect();
        let tall = if self.is_tall { " tall" } else { "" };
        let sort = if self.is_sortable { " class=sort" } else { "" };
        let mut html = format!(
            "<div class=\"scroll{tall}\" role=region aria-labelledby={id}-caption tabindex=0>\n\
             <table id={id}{sort}><caption id={id}-caption>{caption}</caption>\n<thead><tr>"
        );
        for &column in &shown {
            let (name, kind) = self.columns[column];
            let class = match kind {
                Kind::Words => "",
                Kind::Number => " class=n",
                Kind::Drawing => " class=d",
            };
            let _ = write!(html, "<th scope=col{class}>{name}");
        }
        html.push_str("</thead>\n<tbody>\n");
        for (row_id, row) in &self.rows {
            if row_id.is_empty() {
                html.push_str("<tr>");
            } else {
                let _ = write!(html, "<tr id={row_id}>");
            }
            for &column in &shown {
                let cell = &row[column];
                match (column, self.columns[column].1) {
                    (0, _) => cell.push_to(&mut html, "th scope=row"),
                    (_, Kind::Number) if cell.class.is_empty() => {
                        cell.clone().class("n").push_to(&mut html, "td");
                    }
                    _ => cell.push_to(&mut html, "td"),
                }
            }
            html.push('\n');
        }
        html.push_str("</table></div>\n");
        html
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_plan_says_becomes_markup() {
        assert_eq!(escaped("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&#39;");
        assert_eq!(escaped("rack \u{0}\u{1b}"), "rack \u{fffd}\u{fffd}");
        assert_eq!(prose("wave `<1>` & on"), "wave <code>&lt;1&gt;</code> &amp; on");
        assert_eq!(prose("a lone ` <stays>"), "a lone ` &lt;stays&gt;");
    }

    #[test]
    fn a_column_without_a_cell_is_left_out() {
        let mut table =
            Table::new("t", "a & b", &[("one", Kind::Words), ("two", Kind::Number), ("three", Kind::Number)]);
        table.row([Cell::text("x"), Cell::none(), Cell::bytes(Bytes::new(1_500))]);
        let html = table.html();
        assert!(!html.contains("two"), "{html}");
        assert!(html.contains("<th scope=row>x<td class=n title=\"1,500 bytes\">1.50 kB"), "{html}");
        assert!(html.contains("<caption id=t-caption>a &amp; b</caption>"), "{html}");
    }
}
