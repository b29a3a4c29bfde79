//! Limits of a process: `/proc/PID/limits` (proc_pid_limits(5)).

use crashpoint_reports::env::Section;

/// `Max locked memory    8388608    unlimited    bytes` as `locked memory`: `8388608:unlimited`.
pub(super) fn from_text(text: &str) -> Section {
    text.lines().filter_map(line).collect()
}

fn line(line: &str) -> Option<(String, String)> {
    let line = line.strip_prefix("Max ")?;
    // The name has blanks in it, and what follows is two numbers and perhaps a unit.
    let (name, rest) = line.split_once("  ")?;
    let mut values = rest.split_whitespace();
    let (soft, hard) = (values.next()?, values.next()?);
    let is_value = |text: &str| text == "unlimited" || text.bytes().all(|it| it.is_ascii_digit());
    (is_value(soft) && is_value(hard)).then(|| (name.to_owned(), format!("{soft}:{hard}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_told_as_soft_and_hard() {
        let text = "Limit                     Soft Limit           Hard Limit           Units     \n\
                    Max cpu time              unlimited            unlimited            seconds   \n\
                    Max locked memory         8388608              unlimited            bytes     \n\
                    Max nice priority         0                    0                    \n\
                    Max x\nMax y  a b c\n";
        let limits = from_text(text);
        assert_eq!(limits.len(), 3, "{limits:?}");
        assert_eq!(limits["locked memory"], "8388608:unlimited");
        assert_eq!(limits["cpu time"], "unlimited:unlimited");
        let own = from_text(&std::fs::read_to_string("/proc/self/limits").unwrap());
        assert!(own.len() > 12, "{own:?}");
    }
}
