//! How two environments differ, for people and for programs.

use super::page::{BOLD, Page};
use crate::env::{Difference, EnvDiff, Likelihood};
use crate::words::counted;

const RED: &str = "1;31";
const YELLOW: &str = "1;33";
const GREEN: &str = "32";
/// Names in one counted line.
const MOST_NAMES: usize = 12;

/// With `all`, harmless differences are told one by one.
pub fn env_diff(diff: &EnvDiff, all: bool, columns: usize, color: bool) -> String {
    let mut page = Page::new(columns, color);
    match diff.differences.len() {
        0 => page.heading(GREEN, "✓ nothing that matters is different"),
        n => {
            let verb = if n == 1 { "matters" } else { "may matter" };
            let found = counted(n, "difference");
            page.heading(RED, &format!("✗ {found} that {verb}: {}", counts(diff)));
        }
    }
    page.row("A", &diff.a.words());
    page.row("B", &diff.b.words());
    page.blank();
    for difference in &diff.differences {
        one(&mut page, difference);
    }
    if !diff.harmless.is_empty() {
        let n = counted(diff.harmless.len(), "difference");
        if all {
            page.heading(BOLD, &format!("{n} of shells and sessions, harmless"));
            for difference in &diff.harmless {
                page.paragraph(&title(&difference.field));
                page.row("  A", &difference.a);
                page.row("  B", &difference.b);
            }
        } else {
            page.blank();
            let fields = diff.harmless.iter().map(|it| it.field.as_str());
            let names = names(fields, MOST_NAMES);
            page.row(
                "harmless",
                &format!("{n} of shells and sessions: {names} (--all tells them)"),
            );
        }
    }
    if !diff.not_compared.is_empty() {
        let fields = diff.not_compared.iter().map(String::as_str);
        let most = if all { usize::MAX } else { MOST_NAMES };
        let names = names(fields, most);
        page.row(
            "not told",
            &format!(
                "seen on one side only, or set on both to values that are not recorded: {names}"
            ),
        );
    }
    page.list("not seen", &diff.not_seen);
    page.finish()
}

pub fn env_diff_json(diff: &EnvDiff) -> String {
    let mut text = serde_json::to_string_pretty(diff).unwrap_or_default();
    text.push('\n');
    text
}

fn one(page: &mut Page, difference: &Difference) {
    let (style, symbol) = match difference.likelihood {
        Likelihood::VeryLikely => (RED, "✗"),
        _ => (YELLOW, "?"),
    };
    let likelihood: &str = difference.likelihood.into();
    let title = title(&difference.field);
    page.item(style, &format!("{symbol} {title}: {likelihood}"));
    page.row("  A", &difference.a);
    page.row("  B", &difference.b);
    page.row("  why", &difference.why);
    page.verbatim("  to do", &difference.remedy);
}

/// `variables.PATH` as `variable PATH`.
fn title(field: &str) -> String {
    let Some((section, name)) = field.split_once('.') else {
        return field.to_owned();
    };
    let section = match section {
        "variables" => "variable",
        "programs" => "program",
        "libraries" => "library",
        "versions" => "version of",
        "limits" => "limit on",
        "cgroup" => "control group:",
        "identity" | "process" => "",
        "devices" => "device",
        "mounts" => "mount",
        "namespaces" => "namespace",
        other => other,
    };
    format!("{section} {name}").trim_start().to_owned()
}

fn names<'a>(fields: impl ExactSizeIterator<Item = &'a str>, most: usize) -> String {
    let n = fields.len();
    let shown: Vec<String> = fields
        .take(most)
        .map(|field| {
            field
                .strip_prefix("variables.")
                .map_or_else(|| title(field), str::to_owned)
        })
        .collect();
    match n.saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{}, and {more} more", shown.join(", ")),
    }
}

/// `3 very likely, 1 possible`.
fn counts(diff: &EnvDiff) -> String {
    [
        Likelihood::VeryLikely,
        Likelihood::Likely,
        Likelihood::Possible,
    ]
    .into_iter()
    .map(|likelihood| {
        let of_it = diff
            .differences
            .iter()
            .filter(|it| it.likelihood == likelihood);
        (of_it.count(), <&str>::from(likelihood))
    })
    .filter(|&(n, _)| n > 0)
    .map(|(n, likelihood)| format!("{n} {likelihood}"))
    .collect::<Vec<_>>()
    .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::{Capture, Kind, Subject, diff};

    #[test]
    fn the_first_is_told_whole_and_noise_in_one_line() {
        let mut a = Capture::of(Subject::new(Kind::This, "", ""), "1");
        let mut b = Capture::of(Subject::new(Kind::Unit, "llava.service", "stopped"), "1");
        let set = |name: &str| (name.to_owned(), Some("0".to_owned()));
        a.variables = Some([set("CUDA_VISIBLE_DEVICES"), set("SHLVL")].into());
        b.variables = Some([("EVIL\x1b[31m".to_owned(), None)].into());
        let found = diff(&a, &b);
        let text = env_diff(&found, false, 80, false);
        assert!(
            text.starts_with("✗ 2 differences that may matter: 1 very likely, 1 possible\n"),
            "{text}"
        );
        for part in [
            "B           unit llava.service (stopped)",
            "✗ variable CUDA_VISIBLE_DEVICES: very likely\n  A         0\n  B         not set\n",
            "Environment=CUDA_VISIBLE_DEVICES=0",
            "harmless    1 difference of shells and sessions: SHLVL",
        ] {
            assert!(text.contains(part), "{part:?} is not in\n{text}");
        }
        assert!(!text.contains('\x1b'), "{text}");
        let all = env_diff(&found, true, 80, false);
        assert!(all.contains("\nvariable SHLVL\n  A         0\n"), "{all}");
        let read: EnvDiff = serde_json::from_str(&env_diff_json(&found)).unwrap();
        assert_eq!(read, found);
    }
}
