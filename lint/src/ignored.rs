//! `# crashpoint: ignore[RULE]`: on the line itself, or alone on the line before it. One way for
//! every kind of file whose comments begin with `#`.

use crashpoint_reports::lint::Finding;

const MARK: &str = "crashpoint: ignore[";

/// Takes out what its place says is meant.
pub fn leave_out(text: &str, found: &mut Vec<Finding>) {
    if found.is_empty() || !text.contains(MARK) {
        return;
    }
    let lines: Vec<&str> = text.lines().collect();
    found.retain(|finding| !is_ignored(&lines, finding));
}

fn is_ignored(lines: &[&str], finding: &Finding) -> bool {
    let line = |number: u32| {
        let at = usize::try_from(number).ok()?.checked_sub(1)?;
        lines.get(at).copied()
    };
    let on_it = line(finding.line)
        .and_then(ignores)
        .is_some_and(|(_, rules)| names(rules, &finding.rule));
    let before = finding.line.checked_sub(1).and_then(line).and_then(ignores);
    let before_it =
        before.is_some_and(|(code, rules)| code.trim().is_empty() && names(rules, &finding.rule));
    // A call over several lines may carry it at its end.
    let at_its_end = finding.end_line != finding.line
        && line(finding.end_line)
            .and_then(ignores)
            .is_some_and(|(_, rules)| names(rules, &finding.rule));
    on_it || before_it || at_its_end
}

/// What stands before the comment, and the rules between its brackets.
fn ignores(line: &str) -> Option<(&str, &str)> {
    let (before, after) = line.split_once(MARK)?;
    let code = before.trim_end().strip_suffix('#')?;
    let (rules, _) = after.split_once(']')?;
    Some((code, rules))
}

fn names(rules: &str, rule: &str) -> bool {
    rules.split(',').any(|named| named.trim() == rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(text: &str, rule: &str, line: u32) -> bool {
        let mistake = crashpoint_reports::knowledge::mistake("integer-dtype").unwrap();
        let mut finding = Finding::of(mistake, "a.py", line..=line, String::new());
        finding.rule = rule.to_owned();
        let mut found = vec![finding];
        leave_out(text, &mut found);
        !found.is_empty()
    }

    #[test]
    fn only_the_named_rule_is_ignored_and_only_there() {
        let same = "load()  # crashpoint: ignore[a-rule, other]\nload()\n";
        assert!(!left(same, "a-rule", 1));
        assert!(!left(same, "other", 1));
        assert!(left(same, "third", 1));
        assert!(
            left(same, "a-rule", 2),
            "a comment beside code is for its own line"
        );
        let before = "x\n    # crashpoint: ignore[a-rule]\nload()\nload()\n";
        assert!(!left(before, "a-rule", 3));
        assert!(left(before, "a-rule", 4));
        assert!(left("x = 1 # crashpoint: ignore[]\n", "a-rule", 1));
        assert!(left("x = 1 # crashpoint: ignore[a-rule\n", "a-rule", 1));
        assert!(left("crashpoint: ignore[a-rule]\n", "a-rule", 1));
    }
}
