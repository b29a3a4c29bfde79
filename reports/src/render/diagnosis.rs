//! A diagnosis for people and for programs.

use super::escape::plain;
use super::page::Page;
use crate::diagnosis::{Diagnosis, Quote};
use crate::knowledge;
use crate::verdict::Class;
use crate::words::size;

const RED: &str = "1;31";
const YELLOW: &str = "1;33";
/// Of one line of a log, in columns.
const QUOTED: usize = 400;

pub fn diagnosis(diagnosis: &Diagnosis, columns: usize, color: bool) -> String {
    let mut page = Page::new(columns, color);
    match diagnosis.class {
        Class::Unknown if diagnosis.names_a_death() => {
            page.heading(YELLOW, "? unknown: the evidence does not decide");
        }
        Class::Unknown => page.heading(YELLOW, "? nothing in it names a death"),
        class => {
            page.heading(RED, &format!("✗ {class} ({})", diagnosis.confidence));
            page.paragraph(&knowledge::class(class).meaning);
        }
    }
    page.blank();
    if let Some(seconds) = diagnosis.hang_seconds {
        page.row("ending", &format!("it did not go on for {seconds} s"));
    } else if let Some(ending) = diagnosis.ending {
        page.row("ending", &ending.to_string());
    }
    let lines = diagnosis.evidence.iter().filter(|it| it.source != "ending");
    page.list("evidence", &lines.map(quoted).collect::<Vec<_>>());
    let ruled_out = diagnosis.ruled_out.iter();
    page.list(
        "ruled out",
        &ruled_out
            .map(|it| format!("{}: {}", it.class, plain(&it.because, QUOTED)))
            .collect::<Vec<_>>(),
    );
    page.blank();
    for (at, missing) in diagnosis.missing.iter().enumerate() {
        page.list(if at == 0 { "missing" } else { "" }, &[&missing.what]);
        page.verbatim("", &indented(&missing.commands));
    }
    page.blank();
    page.row("to do", &diagnosis.action);
    if diagnosis.class != Class::Unknown {
        page.verbatim("look at", diagnosis.check);
        page.row("more", &format!("crashpoint explain {}", diagnosis.class));
    }
    page.list(
        "read",
        &diagnosis
            .read
            .iter()
            .map(|it| format!("{}: {} lines, {}", it.file, it.lines, size(it.bytes)))
            .collect::<Vec<_>>(),
    );
    page.finish()
}

pub fn diagnosis_json(diagnosis: &Diagnosis) -> String {
    let mut text = serde_json::to_string_pretty(diagnosis).unwrap_or_default();
    text.push('\n');
    text
}

fn quoted(quote: &Quote) -> String {
    let text = plain(&quote.text, QUOTED);
    match (&quote.file, quote.line) {
        (Some(file), Some(line)) => format!("{file}:{line}: {text}"),
        (None, Some(line)) => format!("{}:{line}: {text}", quote.source),
        _ => format!("{}: {text}", quote.source),
    }
}

fn indented(commands: &[String]) -> Vec<String> {
    commands.iter().map(|it| format!("$ {it}")).collect()
}
