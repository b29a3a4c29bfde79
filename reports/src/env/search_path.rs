//! Two search paths, entry by entry: the order counts, what is twice in one does not.

/// What a variable of this name holds is a list of folders or files between colons.
pub(super) fn is_one(name: &str) -> bool {
    ["PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "LD_PRELOAD"].contains(&name)
}

pub(super) fn entries(value: &str) -> Vec<&str> {
    let mut entries: Vec<&str> = Vec::new();
    for entry in value.split(':') {
        let short = entry.trim_end_matches('/');
        let entry = if short.is_empty() && !entry.is_empty() {
            "/"
        } else {
            short
        };
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    entries
}

/// How each looks beside the other.
pub(super) fn beside(a: &str, b: &str) -> (String, String) {
    let (a, b) = (entries(a), entries(b));
    let alone = |these: &[&str], those: &[&str]| these.iter().any(|it| !those.contains(it));
    if !alone(&a, &b) && !alone(&b, &a) {
        return (a.join(":"), b.join(":"));
    }
    (told(&a, &b), told(&b, &a))
}

/// The entries that the other lacks, each with its place, and how many are shared.
fn told(these: &[&str], those: &[&str]) -> String {
    let own: Vec<String> = these
        .iter()
        .enumerate()
        .filter(|(_, entry)| !those.contains(entry))
        .map(|(at, entry)| {
            let entry = if entry.is_empty() {
                "(empty: the working directory)"
            } else {
                entry
            };
            format!("{entry} ({} of {})", at + 1, these.len())
        })
        .collect();
    let shared = these.len() - own.len();
    match (own.is_empty(), shared) {
        (true, n) => format!("nothing but the {n} that both have"),
        (false, 0) => own.join(", "),
        (false, n) => format!("{}, and {n} that both have", own.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_told_with_their_places() {
        let (a, b) = beside("/opt/conda/bin/:/usr/bin:/bin:/usr/bin", "/usr/bin:/bin");
        assert_eq!(a, "/opt/conda/bin (1 of 3), and 2 that both have");
        assert_eq!(b, "nothing but the 2 that both have");
        let (a, b) = beside("/a:/b", "/b:/a");
        assert_eq!((a.as_str(), b.as_str()), ("/a:/b", "/b:/a"));
        assert_eq!(entries("/:/a//:"), ["/", "/a", ""]);
    }
}
