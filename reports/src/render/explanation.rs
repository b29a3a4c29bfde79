//! Explanations for people and for programs.

use serde::Serialize;

use super::page::{BOLD, Page};
use crate::explain::{ExitCode, Explanation, SCHEMA, Signal};
use crate::knowledge::{self, ClassFacts, EndingFacts, Layer, Lost, Xid};
use crate::verdict::Class;

pub fn explanations(all: &[Explanation], columns: usize, color: bool) -> String {
    let mut page = Page::new(columns, color);
    for explanation in all {
        page.blank();
        match explanation {
            Explanation::Class { class, facts, xids } => of_class(&mut page, *class, facts, xids),
            Explanation::Xid { xid, followed_by } => of_xid(&mut page, xid, followed_by),
            Explanation::Signal(signal) => of_signal(&mut page, signal),
            Explanation::ExitCode(code) => of_exit_code(&mut page, code),
        }
    }
    page.finish()
}

/// Every class by its part of the taxonomy, a line each, and how to ask for more.
pub fn explanation_list(columns: usize, color: bool) -> String {
    let mut page = Page::new(columns, color);
    let mut family = "";
    for &class in Class::ALL {
        let facts = knowledge::class(class);
        if facts.family != family {
            family = &facts.family;
            page.heading(BOLD, family);
        }
        page.wide_row(&class.to_string(), first_sentence(&facts.meaning));
    }
    page.blank();
    page.row(
        "ask for",
        "crashpoint explain CLASS, Xid N, SIGNAL or exit N; a bare number gives all that it can be",
    );
    page.finish()
}

pub fn explanations_json(all: &[Explanation]) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        schema: &'static str,
        explained: &'a [Explanation],
    }
    let document = Document {
        schema: SCHEMA,
        explained: all,
    };
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn first_sentence(text: &str) -> &str {
    text.split_inclusive(". ").next().unwrap_or(text).trim_end()
}

fn of_class(page: &mut Page, class: Class, facts: &ClassFacts, xids: &[u32]) {
    page.heading(BOLD, &format!("{class}: {}", facts.family));
    page.blank();
    page.paragraph(&facts.meaning);
    page.blank();
    page.list("seen as", &facts.evidence);
    page.row("Xids", &numbers(xids));
    page.blank();
    for (label, needs) in [
        ("certain", &facts.certain),
        ("likely", &facts.likely),
        ("possible", &facts.possible),
    ] {
        page.row(label, needs.as_deref().unwrap_or_default());
    }
    page.blank();
    page.list("told from", &pairs(&facts.told_from));
    page.blank();
    page.row("to do", &facts.action);
    page.verbatim("look at", &facts.check);
    page.blank();
    page.list("sources", &facts.sources);
}

fn of_xid(page: &mut Page, xid: &Xid, followed_by: &[u32]) {
    page.heading(BOLD, &format!("Xid {}: {}", xid.number, xid.name));
    page.blank();
    page.row("layer", layer(xid.layer));
    page.row("cause", xid.usual_cause);
    page.row("also", xid.also);
    page.row("lost", lost(xid.context_lost));
    page.blank();
    match (xid.class, xid.confidence) {
        (Some(class), Some(confidence)) => {
            page.row(
                "names",
                &format!("{class}, {confidence} at most by this number alone"),
            );
        }
        _ => page.row("names", "nothing by itself"),
    }
    if !xid.follow_up_of.is_empty() {
        let first = numbers(&xid.follow_up_of);
        page.row("echo of", &format!("{first}, where one of them came first"));
    }
    page.row("echoed by", &numbers(followed_by));
    page.row(
        "mind",
        "the first Xid in time on the worker's GPU counts; the process that the line names can be a mere witness",
    );
    page.blank();
    page.row("to do", xid.action);
    if let Some(class) = xid.class {
        page.row("", knowledge::action(class));
        page.row("see also", &format!("crashpoint explain {class}"));
    }
    page.verbatim("look at", &["journalctl -k | grep -iE 'xid|nvrm'"]);
    page.blank();
    page.list("sources", &xid.source.split("; ").collect::<Vec<_>>());
}

fn of_signal(page: &mut Page, signal: &Signal) {
    page.heading(BOLD, &format!("signal {}", signal_title(signal)));
    page.blank();
    match signal.facts {
        Some(facts) => ending(page, facts),
        None => {
            page.paragraph("Nothing more is known of it as an ending than its name; see signal(7).")
        }
    }
}

fn of_exit_code(page: &mut Page, code: &ExitCode) {
    page.heading(BOLD, &format!("exit code {}", code.code));
    page.blank();
    if let Some(facts) = code.facts {
        ending(page, facts);
    }
    if let Some(signal) = &code.signal {
        page.paragraph(&format!(
            "128 and {}: how a shell, a container runtime and Kubernetes say that signal {} ended the process. A program that leaves with this number itself looks the same to them; crashpoint and systemd tell the two apart.",
            signal.number,
            signal_title(signal)
        ));
        page.blank();
        if let Some(facts) = signal.facts {
            ending(page, facts);
        }
    }
    if !code.is_known() {
        page.paragraph(
            "It has no meaning by convention: the program's own documentation and the first error in its output decide.",
        );
    }
}

fn ending(page: &mut Page, facts: &EndingFacts) {
    page.paragraph(&facts.meaning);
    page.blank();
    page.list("can be", &pairs(&facts.can_be));
    page.blank();
    page.row("but", &facts.proves_not);
}

fn signal_title(signal: &Signal) -> String {
    match signal.name {
        Some(name) => format!("{}, {name}", signal.number),
        None => format!("{}, a real-time signal", signal.number),
    }
}

fn pairs(pairs: &[(String, String)]) -> Vec<String> {
    pairs
        .iter()
        .map(|(what, tells)| format!("{what}: {tells}"))
        .collect()
}

fn numbers(numbers: &[u32]) -> String {
    let words: Vec<String> = numbers.iter().map(u32::to_string).collect();
    words.join(", ")
}

const fn layer(layer: Layer) -> &'static str {
    match layer {
        Layer::Application => "the application",
        Layer::Driver => "the driver",
        Layer::Firmware => "the GPU's firmware",
        Layer::Memory => "GPU memory",
        Layer::Pcie => "PCIe",
        Layer::Nvlink => "NVLink",
        Layer::Display => "display",
        Layer::PowerThermal => "power and heat",
        Layer::Virtualisation => "virtualisation",
        Layer::Other => "none of the usual ones",
    }
}

const fn lost(lost: Lost) -> &'static str {
    match lost {
        Lost::None => "nothing: programs on the GPU go on",
        Lost::Process => "the GPU contexts of one process",
        Lost::Gpu => "every context on this GPU",
        Lost::Unknown => "not known",
    }
}
