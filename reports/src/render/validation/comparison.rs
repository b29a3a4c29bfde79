//! Before and after, side by side: what was measured, and what else differs between the two.

use std::collections::BTreeMap;

use super::super::surroundings::environment;
use super::claim;
use super::document::Document;
use crate::report::Report;
use crate::words::size;

/// What is told of either.
type Told = fn(&Report) -> String;

pub fn section(page: &mut Document, before: &Report, after: &Report) {
    page.heading("Before and after");
    let rows: [(&str, Told); 7] = [
        ("run", |it| it.run.id.clone()),
        ("crash rate", |it| {
            let rate = it.statistics.crash_rate.as_ref();
            rate.map_or_else(|| "not measured".to_owned(), claim::rate)
        }),
        ("seconds an image", |it| {
            claim::spread(it.statistics.image_seconds)
        }),
        ("tokens/s", |it| {
            claim::spread(it.statistics.tokens_per_second)
        }),
        ("seconds to load", |it| {
            claim::spread(it.statistics.load_seconds)
        }),
        ("peak memory of a worker", |it| {
            bytes(it.summary.peak_rss_bytes)
        }),
        ("GPU memory allocated", |it| {
            bytes(it.summary.gpu_memory_allocated_bytes)
        }),
    ];
    page.table(
        &["", "before", "after"],
        rows.iter()
            .map(|(name, of)| vec![(*name).to_owned(), of(before), of(after)])
            .collect(),
    );
    if let (Some(was), Some(is)) = (before.statistics.crash_rate, after.statistics.crash_rate) {
        page.say(claim::difference(&was, &is));
    }
    let differing = differing(&known(before), &known(after));
    if differing.is_empty() {
        page.say("Settings and environment are the same, as far as they are recorded.");
    } else {
        page.say("What else differs, and may be what made the difference:");
        page.table(&["what", "before", "after"], differing);
    }
}

fn bytes(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "not measured".to_owned(), size)
}

/// Every setting and what is known of the machine, by name.
fn known(report: &Report) -> BTreeMap<String, String> {
    let settings = serde_json::to_value(&report.run.settings).unwrap_or_default();
    let mut known: BTreeMap<String, String> = settings
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.replace('_', " "), value.to_string()))
        .collect();
    if let Some(of) = &report.environment {
        known.extend(environment(of));
        known.extend(of.variables.iter().map(|(name, value)| {
            let value = value.as_deref().unwrap_or("set");
            (format!("variable {name}"), value.to_owned())
        }));
    }
    known
}

fn differing(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) -> Vec<Vec<String>> {
    let names = before
        .keys()
        .chain(after.keys().filter(|it| !before.contains_key(*it)));
    let shown = |of: Option<&String>| of.map_or_else(|| "not set".to_owned(), Clone::clone);
    names
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| {
            vec![
                name.clone(),
                shown(before.get(name)),
                shown(after.get(name)),
            ]
        })
        .collect()
}
