//! Plain tables: numbers to the right, words to the left, two blanks between columns.

/// How a column is aligned.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A table of text.
pub struct Table {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these heads.
    pub fn new(columns: &[(&'static str, Align)]) -> Self {
        Table { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The table as text; columns without any cell are left out.
    pub fn text(&self) -> String {
        let heads: Vec<String> = self.columns.iter().map(|(head, _)| (*head).to_owned()).collect();
        let used: Vec<usize> =
            (0..heads.len()).filter(|&column| self.rows.iter().any(|row| !row[column].is_empty())).collect();
        let mut text = String::new();
        let widths: Vec<usize> = (0..heads.len())
            .map(|column| {
                let cells = self.rows.iter().map(|row| row[column].chars().count());
                cells.max().unwrap_or(0).max(heads[column].chars().count())
            })
            .collect();
        for row in std::iter::once(&heads).chain(&self.rows) {
            let cell = |&column: &usize| match (self.columns[column].1, widths[column]) {
                (Align::Left, width) => format!("{:<width$}", row[column]),
                (Align::Right, width) => format!("{:>width$}", row[column]),
            };
            let line = used.iter().map(cell).collect::<Vec<_>>().join("  ");
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_empty_ones_left_out() {
        let mut table = Table::new(&[("WAVE", Align::Right), ("NEVER", Align::Left), ("STAGE", Align::Left)]);
        table.row(["1".into(), String::new(), "canary".into()]);
        table.row(["12".into(), String::new(), "data".into()]);
        assert_eq!(table.text(), "WAVE  STAGE\n   1  canary\n  12  data\n");
    }
}
