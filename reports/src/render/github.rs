//! What GitHub Actions takes: Markdown that is not too long, and lines that become annotations.

use super::escape::plain;
use crate::outcome::Outcome;
use crate::report::{Attempt, Report};

/// Of one step only so many are shown.
const MOST: usize = 10;
const LONGEST: usize = 400;

/// Whole sections of a page in Markdown, as many as there is room for, and a sentence about the rest.
pub fn cut_to(page: &str, bytes: usize) -> String {
    const REST: &str = "The rest does not fit here: it is in report.md and report.html.\n";
    if page.len() <= bytes {
        return page.to_owned();
    }
    let room = bytes.saturating_sub(REST.len());
    let mut kept = 0;
    for (at, line) in lines(page) {
        if at > room {
            break;
        }
        if line.starts_with("## ") {
            kept = at;
        }
    }
    let mut text = page.get(..kept).unwrap_or_default().to_owned();
    if REST.len() <= bytes {
        text += REST;
    }
    text
}

/// Those outside of blocks of code, with where they begin.
fn lines(page: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    let mut fence: Option<&str> = None;
    page.split_inclusive('\n').filter_map(move |line| {
        let begins = at;
        at += line.len();
        let bare = line.trim_end();
        let ticks = bare.len() - bare.trim_start_matches('`').len();
        match fence {
            Some(open) if bare == open => fence = None,
            Some(_) => return None,
            None if ticks >= 3 => fence = bare.get(..ticks),
            None => {}
        }
        Some((begins, line))
    })
}

/// A line for each planned attempt that did not survive, and for each finding of one that did.
pub fn annotations(report: &Report) -> Vec<String> {
    let attempts = report.cases.iter().flat_map(|case| &case.attempts);
    let mut dead: Vec<&Attempt> = attempts
        .filter(|it| it.counts() && it.outcome != Outcome::Survived)
        .filter(|it| !it.ending.interrupted)
        .collect();
    dead.sort_by_key(|attempt| attempt.number);
    let errors = dead.into_iter().map(|attempt| {
        let place = attempt.crash_point.as_ref().map(|point| point.place());
        let mut message = attempt.ending.to_string();
        if let Some(verdict) = &attempt.verdict {
            message += &format!(
                ": {} ({}). {}",
                verdict.class, verdict.confidence, verdict.action
            );
        }
        line("error", &place.unwrap_or_default(), &message)
    });
    let findings = report.findings.iter().map(|finding| {
        let message = format!("{} ({})", finding.what, finding.verdict.class);
        line("warning", &finding.case, &message)
    });
    errors.take(MOST).chain(findings.take(MOST)).collect()
}

fn line(level: &str, title: &str, message: &str) -> String {
    let title = plain(&format!("crashpoint: {title}"), LONGEST);
    let title = data(&title).replace(':', "%3A").replace(',', "%2C");
    format!(
        "::{level} title={title}::{}",
        data(&plain(message, LONGEST))
    )
}

/// As a workflow command takes it.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_sections_are_kept_and_the_cut_is_told() {
        let page = "# A\n\none\n\n## B\n\n```text\n## no heading\n```\n\n## C\n\nthree\n".repeat(3);
        assert_eq!(cut_to(&page, page.len()), page);
        for bytes in 0..page.len() {
            let cut = cut_to(&page, bytes);
            assert!(cut.len() <= bytes, "{bytes}: {cut}");
            assert_eq!(cut.matches("```").count() % 2, 0, "{bytes}: {cut}");
            if bytes > 100 {
                assert!(cut.ends_with("report.html.\n"), "{bytes}: {cut}");
            }
        }
    }

    #[test]
    fn no_text_can_begin_a_command_of_its_own() {
        let told = line(
            "error",
            "a: b, c\n::set-output name=x::1",
            "50 %\n::error::x\r\n",
        );
        assert_eq!(
            told,
            "::error title=crashpoint%3A a%3A b%2C c %3A%3Aset-output name=x%3A%3A1::50 %25 ::error::x"
        );
    }
}
