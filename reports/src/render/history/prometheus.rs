//! The newest run as a file for node_exporter's textfile collector, in Prometheus' text format.

use std::time::UNIX_EPOCH;

use crate::history::Entry;

/// Each metric with its help; those that were not measured are left out. Ends in a newline.
pub fn prometheus(entry: &Entry) -> String {
    let rate = entry.crash_rate;
    let begun = entry.started.as_deref().and_then(seconds_since_epoch);
    let gauges: [(&str, &str, Option<f64>); 14] = [
        (
            "run_start_timestamp_seconds",
            "When the newest run began.",
            begun,
        ),
        (
            "run_duration_seconds",
            "How long its record is.",
            Some(entry.seconds),
        ),
        (
            "run_complete",
            "1 if it came to its own end.",
            Some(f64::from(u8::from(entry.complete))),
        ),
        (
            "attempts",
            "Attempts of the run that came to an end.",
            rate.map(|it| f64::from(it.n)),
        ),
        (
            "attempts_crashed",
            "Attempts that died or failed.",
            rate.map(|it| f64::from(it.events)),
        ),
        (
            "crash_rate_upper_bound_ratio",
            "The crash rate is below this at 95 % confidence (exact binomial, one-sided).",
            rate.map(|it| it.below),
        ),
        (
            "image_seconds_median",
            "Median time for an image.",
            entry.image_seconds_median,
        ),
        (
            "image_seconds_p95",
            "95th percentile of the time for an image.",
            entry.image_seconds_p95,
        ),
        (
            "tokens_per_second_median",
            "Median rate of new tokens.",
            entry.tokens_per_second_median,
        ),
        (
            "load_seconds_median",
            "Median time to load the model.",
            entry.load_seconds_median,
        ),
        (
            "worker_peak_memory_bytes",
            "Highest resident memory of a worker.",
            entry.peak_rss_bytes.map(|it| it as f64),
        ),
        (
            "gpu_memory_reserved_bytes",
            "Highest memory that the GPU's allocator had taken.",
            entry.gpu_memory_reserved_bytes.map(|it| it as f64),
        ),
        (
            "memory_slope_bytes_per_image",
            "Growth of a worker's memory with every image.",
            entry.memory_slope_bytes_per_image,
        ),
        (
            "temperature_celsius",
            "Highest temperature of a GPU, or of a processor where there is none.",
            entry.gpu_celsius.map(f64::from).or(entry.cpu_celsius),
        ),
    ];
    let mut text = String::from(
        "# HELP crashpoint_run_info The newest run.\n# TYPE crashpoint_run_info gauge\n",
    );
    text += &format!(
        "crashpoint_run_info{{run=\"{}\",version=\"{}\"}} 1\n",
        label(&entry.run),
        label(entry.crashpoint.as_deref().unwrap_or(""))
    );
    for (name, help, value) in gauges {
        if let Some(value) = value.filter(|value| value.is_finite()) {
            text += &format!(
                "# HELP crashpoint_{name} {help}\n# TYPE crashpoint_{name} gauge\ncrashpoint_{name} {value}\n"
            );
        }
    }
    text
}

fn seconds_since_epoch(text: &str) -> Option<f64> {
    let time = humantime::parse_rfc3339_weak(text).ok()?;
    Some(time.duration_since(UNIX_EPOCH).ok()?.as_secs_f64())
}

/// What the format asks for within quotes.
fn label(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Report;

    #[test]
    fn a_hostile_name_stays_within_its_quotes() {
        assert_eq!(label("a\"} 1\nb\\"), "a\\\"} 1\\nb\\\\");
    }

    #[test]
    fn what_was_not_measured_is_left_out() {
        let report: Report =
            crate::fold::Fold::new().finish(crate::report::JournalState::default());
        let text = prometheus(&Entry::of(&report));
        assert!(text.contains("crashpoint_run_complete 0\n"), "{text}");
        assert!(!text.contains("image_seconds"), "{text}");
        assert!(
            text.lines()
                .all(|line| line.starts_with("# ") || line.split(' ').count() == 2),
            "{text}"
        );
    }
}
