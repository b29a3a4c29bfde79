//! On a terminal: figures in columns, differences below one another.

use unicode_width::UnicodeWidthStr;

use super::super::escape::plain;
use super::{differences, table};
use crate::compare::Comparison;

const CELL: usize = 60;
const LONGEST: usize = 200;

/// Ends in a newline.
pub fn text(comparison: &Comparison) -> String {
    let mut page = format!("{}\n\n", plain(&comparison.headline, LONGEST));
    let (before, after) = (&comparison.before.run, &comparison.after.run);
    let mut rows = vec![[
        String::new(),
        plain(before, CELL),
        plain(after, CELL),
        String::new(),
    ]];
    rows.extend(
        table(comparison)
            .into_iter()
            .map(|row| row.map(|cell| plain(&cell, CELL))),
    );
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.width())
            .max()
            .unwrap_or(0)
    };
    let widths: [usize; 4] = std::array::from_fn(width);
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line += cell;
            line += &" ".repeat(width.saturating_sub(cell.width()) + 2);
        }
        page += line.trim_end();
        page.push('\n');
    }
    for (heading, list) in differences(comparison) {
        page += &format!(
            "\n{heading}:{}\n",
            if list.is_empty() { " the same" } else { "" }
        );
        for difference in list {
            let shown = |value: &Option<String>| {
                value
                    .as_ref()
                    .map_or_else(|| "-".to_owned(), |it| plain(it, LONGEST))
            };
            page += &format!(
                "  {}\n    before  {}\n    after   {}\n",
                plain(&difference.field, LONGEST),
                shown(&difference.before),
                shown(&difference.after)
            );
        }
    }
    page
}
