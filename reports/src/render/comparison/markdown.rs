//! For a pull request or an issue.

use super::super::escape::inline;
use super::super::markdown::Table;
use super::{differences, table};
use crate::compare::Comparison;

const LONGEST: usize = 300;

/// Ends in a newline.
pub fn markdown(comparison: &Comparison) -> String {
    let cell = |text: &str| inline(text, LONGEST);
    let mut figures = Table::new(&["", "before", "after", "change"]);
    figures.row(vec![
        "run".to_owned(),
        cell(&comparison.before.run),
        cell(&comparison.after.run),
        String::new(),
    ]);
    for row in table(comparison) {
        figures.row(row.iter().map(|it| cell(it)).collect());
    }
    let mut page = format!(
        "# Before and after\n\n{}.\n\n{figures}",
        cell(&comparison.headline)
    );
    for (heading, list) in differences(comparison) {
        if list.is_empty() {
            page += &format!("\n{heading}: the same.\n");
            continue;
        }
        let mut table = Table::new(&["field", "before", "after"]);
        for difference in list {
            let shown = |value: &Option<String>| cell(value.as_deref().unwrap_or("-"));
            table.row(vec![
                cell(&difference.field),
                shown(&difference.before),
                shown(&difference.after),
            ]);
        }
        page += &format!("\n## {heading}\n\n{table}");
    }
    page
}
