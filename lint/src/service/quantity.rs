//! Sizes and times as systemd, Docker and Kubernetes write them. What none of them would read is
//! `None`.

use std::time::Duration;

/// Where the number ends and the unit begins.
fn split(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let number: f64 = text[..end].parse().ok()?;
    Some((number, text[end..].trim()))
}

/// `8G`, `512M`, of 1024 each, as systemd and Docker have it; Docker's `8gb` too.
pub fn binary(text: &str) -> Option<u64> {
    let (number, unit) = split(text)?;
    let unit = unit.to_ascii_lowercase();
    let power = match unit.trim_end_matches('b').trim_end_matches('i') {
        "" => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        _ => return None,
    };
    Some((number * 1024_f64.powi(power)) as u64)
}

/// `16Gi` and `16G` are two things in Kubernetes.
pub fn kubernetes(text: &str) -> Option<u64> {
    let (number, unit) = split(text)?;
    let factor = match unit {
        "" => 1.0,
        "m" => 0.001,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "Ki" => 1024.0,
        "Mi" => 1024_f64.powi(2),
        "Gi" => 1024_f64.powi(3),
        "Ti" => 1024_f64.powi(4),
        _ => return None,
    };
    Some((number * factor) as u64)
}

/// A systemd time span, `None` also for `infinity`.
pub fn span(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut seconds = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, after) = split(rest)?;
        let end = after
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(after.len());
        let unit = match &after[..end] {
            "" | "s" | "sec" | "second" | "seconds" => 1.0,
            "ms" | "msec" => 0.001,
            "us" | "usec" => 0.000_001,
            "m" | "min" | "minute" | "minutes" => 60.0,
            "h" | "hr" | "hour" | "hours" => 3600.0,
            "d" | "day" | "days" => 86_400.0,
            _ => return None,
        };
        seconds += number * unit;
        rest = after[end..].trim();
    }
    Duration::try_from_secs_f64(seconds).ok()
}

pub fn gib(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / (1_u64 << 30) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reads_its_own_units() {
        assert_eq!(binary("8G"), Some(8 << 30));
        assert_eq!(binary("64mb"), Some(64 << 20));
        assert_eq!(binary("1.5GiB"), Some(3 << 29));
        assert_eq!(binary("50%"), None);
        assert_eq!(binary("infinity"), None);
        assert_eq!(kubernetes("16Gi"), Some(16 << 30));
        assert_eq!(kubernetes("16G"), Some(16_000_000_000));
        assert_eq!(kubernetes("16gb"), None);
        assert_eq!(span("2min 30s"), Some(Duration::from_secs(150)));
        assert_eq!(span("90"), Some(Duration::from_secs(90)));
        assert_eq!(span("100ms"), Some(Duration::from_millis(100)));
        assert_eq!(span("infinity"), None);
        assert_eq!(span("1e99999"), None);
    }
}
