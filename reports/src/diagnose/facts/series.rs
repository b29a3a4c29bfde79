//! A measurement that a program prints again and again: what it is called, and its value.

use std::sync::LazyLock;

use regex::Regex;

static LINE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b((?:[a-z]+[ _]){0,3}(?:memory|mem|ram|rss|vram|available|allocated|reserved|free|used)(?:[ _][a-z]+){0,3}) ?[:=] ?([\d.]+) ?([kmgt]?i?b?)\b").ok()
});

#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    pub name: String,
    pub value: f64,
}

pub fn parse(line: &str) -> Option<Measured> {
    let found = LINE.as_ref()?.captures(line)?;
    Some(Measured {
        name: found.get(1)?.as_str().trim().to_ascii_lowercase(),
        value: found.get(2)?.as_str().parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_value_are_read() {
        let read = parse("[12:00] free gpu memory: 812.5 MiB").unwrap();
        assert_eq!((read.name.as_str(), read.value), ("free gpu memory", 812.5));
    }
}
