//! What was measured, as properties: their names carry the unit.

use crate::outcome::Outcome;
use crate::report::{Case, Report};
use crate::statistics::Spread;

type Property = (String, String);

pub fn of_run(report: &Report) -> Vec<Property> {
    let summary = &report.summary;
    let statistics = &report.statistics;
    let mut known: Vec<Property> = vec![
        ("run".to_owned(), report.run.id.clone()),
        ("headline".to_owned(), summary.headline.clone()),
    ];
    let mut add = |name: &str, value: Option<String>| {
        known.extend(value.map(|value| (name.to_owned(), value)));
    };
    let rate = statistics.crash_rate;
    add("attempts", rate.map(|it| it.n.to_string()));
    add("crashes", rate.map(|it| it.events.to_string()));
    add(
        "crash_rate",
        rate.map(|it| it.interval.estimate.to_string()),
    );
    add("crash_rate_low", rate.map(|it| it.interval.low.to_string()));
    add(
        "crash_rate_high",
        rate.map(|it| it.interval.high.to_string()),
    );
    add("crash_rate_below", rate.map(|it| it.below.to_string()));
    add("crash_point", summary.crash_point.clone());
    add("image_seconds_median", median(statistics.image_seconds));
    add(
        "tokens_per_second_median",
        median(statistics.tokens_per_second),
    );
    add("load_seconds_median", median(statistics.load_seconds));
    let number = |value: Option<u64>| value.map(|it| it.to_string());
    add("peak_rss_bytes", number(summary.peak_rss_bytes));
    add(
        "system_memory_used_bytes",
        number(summary.system_memory_used_bytes),
    );
    add(
        "gpu_memory_allocated_bytes",
        number(summary.gpu_memory_allocated_bytes),
    );
    add(
        "gpu_memory_reserved_bytes",
        number(summary.gpu_memory_reserved_bytes),
    );
    let slope = statistics.memory_slope.as_ref();
    add(
        "memory_slope_bytes_per_image",
        slope.map(|it| it.bytes_per_image.estimate.to_string()),
    );
    known
}

/// Under the name of the case: the schema has no place for them within a test.
pub fn of_case(case: &Case) -> Vec<Property> {
    let attempts = || case.attempts.iter().filter(|attempt| attempt.counts());
    let images = || {
        attempts()
            .flat_map(|attempt| &attempt.images)
            .filter(|image| image.outcome == Outcome::Survived)
    };
    let seconds = Spread::of(images().filter_map(|image| image.seconds));
    let speed = Spread::of(images().filter_map(|image| image.tokens_per_second));
    let rss = attempts()
        .filter_map(|attempt| attempt.peak_rss_bytes)
        .max();
    [
        ("image_seconds_median", median(seconds)),
        ("image_seconds_max", seconds.map(|it| it.max.to_string())),
        ("tokens_per_second_median", median(speed)),
        ("peak_rss_bytes", rss.map(|it| it.to_string())),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((format!("{}.{name}", case.name), value?)))
    .collect()
}

fn median(spread: Option<Spread>) -> Option<String> {
    spread.map(|spread| spread.median.to_string())
}
