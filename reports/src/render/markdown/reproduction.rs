//! Whether a crash came again, and how little was enough.

use super::super::escape::block;
use super::table::Table;
use super::text;
use crate::report::{Report, Reproduction, TriedInput};
use crate::words::percent;

/// Cases that failed in one run, up to so many; the rest is in `report.json`.
const MOST: usize = 10;
/// A list of images is cut here.
const IMAGES: usize = 12;
const COMMAND_COLUMNS: usize = 4000;

pub fn section(report: &Report) -> String {
    let mut page = String::new();
    for reproduction in report.reproductions.iter().take(MOST) {
        page += &part(reproduction);
    }
    page
}

fn part(found: &Reproduction) -> String {
    let mut part = format!(
        "## Tried again: {}\n\nCrash {}: {}.\n\n",
        text(&found.case),
        text(&found.signature.id),
        text(&found.conclusion),
    );
    if found.same.n > 1 {
        part += &format!(
            "- As it was planned it ended so in {} of {} attempts, the first crash among them; 95% \
             interval (two-sided, exact) {} to {}. This is the case's own rate: attempts that were \
             made because of a crash are in no number of the run.\n",
            found.same.events,
            found.same.n,
            percent(found.same.interval.low),
            percent(found.same.interval.high),
        );
    }
    if let Some(run) = &found.diagnostic {
        part += &format!(
            "- With the GPU made to tell more: {}, {}; what it left is in {}. It ran \
             under other conditions and counts for nothing else.\n",
            run.outcome,
            if run.same {
                "the same crash"
            } else {
                "not the same crash"
            },
            text(&run.folder),
        );
    }
    part += "\n";
    if !found.tried.is_empty() {
        let mut table = Table::new(&["images", "new tokens", "ended so", "otherwise", "of"]);
        for tried in &found.tried {
            table.row(row(tried));
        }
        part += &format!("{table}\n");
    }
    if let Some(command) = found.smallest.as_ref().and_then(|it| it.command.as_ref()) {
        part += &format!(
            "The smallest that was seen to end so:\n\n{}\n",
            block(command, 1, COMMAND_COLUMNS)
        );
    }
    part
}

fn row(tried: &TriedInput) -> Vec<String> {
    let named = tried.images.iter().take(IMAGES).map(u32::to_string);
    let mut images = named.collect::<Vec<String>>().join(", ");
    if tried.images.len() > IMAGES {
        images += &format!(" and {} more", tried.images.len() - IMAGES);
    }
    vec![
        images,
        tried
            .max_new_tokens
            .map_or_else(String::new, |n| n.to_string()),
        tried.same.to_string(),
        tried.otherwise.to_string(),
        tried.of.to_string(),
    ]
}
