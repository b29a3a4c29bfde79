//! The summary that fits a screen: at most 24 lines of 80 columns.

use super::escape::{clip, plain, wrap};
use super::rung::{Rung, State, rungs};
use crate::recovery::SourceState;
use crate::report::{Attempt, Report, SuspectFinding};
use crate::words::{counted, duration, number, percent, size};

const COLUMNS: usize = 80;
/// One line of the screen is left for the prompt.
const LINES: usize = 23;
const LABEL: usize = 12;
/// Of the crashing thread's stack.
const FRAMES: usize = 4;
/// Rungs are shown even where a long stack leaves no room for them.
const FEWEST: usize = 2;
/// A command line has no need to fit a line; it has to be whole.
const LONGEST_COMMAND: usize = 4000;

const BOLD: &str = "1";
const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const DIM: &str = "2";

/// Ends in a newline. Colours only where asked for.
pub fn terminal(report: &Report, color: bool) -> String {
    let mut screen = Screen {
        color,
        lines: Vec::new(),
    };
    headline(&mut screen, report);
    recovery(&mut screen, report);
    verdict(&mut screen, report);
    let measured = measured(report);
    let room = LINES
        .saturating_sub(screen.lines.len() + measured.len() + 3)
        .max(FEWEST);
    ladder(&mut screen, &rungs(report), room);
    screen.push(String::new());
    for (label, text) in &measured {
        screen.row(label, text);
    }
    let mut text = screen.lines.join("\n");
    text.push('\n');
    text += &reproduce(report);
    text
}

/// The command lines to be pasted, whole: no screen's width may cut them.
fn reproduce(report: &Report) -> String {
    /// Of a run with more failing cases the rest is in the report.
    const MOST: usize = 3;
    let commands = report
        .reproductions
        .iter()
        .filter_map(|found| found.smallest.as_ref()?.command.as_ref());
    let mut text = String::new();
    for command in commands.take(MOST) {
        text += &format!(
            "\nto reproduce it:\n  {}\n",
            plain(command, LONGEST_COMMAND)
        );
    }
    text
}

struct Screen {
    color: bool,
    lines: Vec<String>,
}

impl Screen {
    fn push(&mut self, line: String) {
        self.lines.push(line);
    }

    fn paint(&self, style: &str, text: &str) -> String {
        if self.color && !text.is_empty() {
            format!("\x1b[{style}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    fn row(&mut self, label: &str, text: &str) {
        let label = self.paint(DIM, &format!("{label:<LABEL$}"));
        self.push(format!("{label}{}", plain(text, COLUMNS - LABEL)));
    }

    /// A row that may take several lines.
    fn rows(&mut self, label: &str, text: &str, most: usize) {
        let text = plain(text, (COLUMNS - LABEL) * most);
        for (at, line) in wrap(&text, COLUMNS - LABEL).iter().take(most).enumerate() {
            self.row(if at == 0 { label } else { "" }, line);
        }
    }
}

fn style(state: State) -> &'static str {
    match state {
        State::Survived => GREEN,
        State::Crashed => RED,
        State::Open => YELLOW,
    }
}

fn state(report: &Report) -> State {
    let summary = &report.summary;
    let crashed = report
        .cases
        .iter()
        .flat_map(|case| &case.attempts)
        .any(|attempt| attempt.counts() && attempt.crashed());
    if crashed {
        State::Crashed
    } else if summary.attempts > 0
        && summary.attempts == summary.attempts_survived
        && report.run.complete
        && report.findings.is_empty()
    {
        State::Survived
    } else {
        State::Open
    }
}

fn headline(screen: &mut Screen, report: &Report) {
    let state = state(report);
    let text = plain(&report.summary.headline, (COLUMNS - 2) * 2);
    for (at, line) in wrap(&text, COLUMNS - 2).iter().take(2).enumerate() {
        let symbol = if at == 0 { state.symbol() } else { " " };
        let symbol = screen.paint(style(state), symbol);
        let line = screen.paint(BOLD, line);
        screen.push(format!("{symbol} {line}"));
    }
    screen.push(String::new());
}

/// The attempt that is to be explained first: the first crash, otherwise the first with a finding.
fn first_explained(report: &Report) -> Option<&Attempt> {
    let attempts = || {
        let all = report.cases.iter().flat_map(|case| &case.attempts);
        all.filter(|attempt| attempt.counts())
    };
    attempts()
        .filter(|attempt| attempt.crashed())
        .min_by_key(|attempt| attempt.number)
        // Whoever interrupted a run knows why.
        .or_else(|| {
            attempts().find(|attempt| attempt.verdict.is_some() && !attempt.ending.interrupted)
        })
}

fn verdict(screen: &mut Screen, report: &Report) {
    let Some(attempt) = first_explained(report) else {
        return;
    };
    let Some(verdict) = &attempt.verdict else {
        return;
    };
    let why = match verdict.class {
        crate::Class::Unknown => "unknown: the evidence does not decide".to_owned(),
        class => format!("{class} ({})", verdict.confidence),
    };
    let why = match &attempt.signature {
        Some(signature) => format!("{why}, signature {}", signature.id),
        None => why,
    };
    screen.row("verdict", &why);
    for (at, evidence) in verdict.evidence.iter().take(3).enumerate() {
        let label = if at == 0 { "evidence" } else { "" };
        screen.row(label, &format!("{}: {}", evidence.source, evidence.text));
    }
    let crash = attempt.gathered.as_ref().and_then(|it| it.crash.as_ref());
    let frames = crash.map_or(&[][..], |crash| crash.frames.as_slice());
    for (at, frame) in frames.iter().take(FRAMES).enumerate() {
        screen.row(if at == 0 { "stack" } else { "" }, &frame.to_string());
    }
    let missing = attempt.gathered.iter().flat_map(|it| &it.not_readable);
    for missing in missing.take(usize::from(verdict.class == crate::Class::Unknown)) {
        let text = format!("{}: {}", missing.what, missing.remedy);
        screen.row("not read", &text);
    }
    screen.rows("to do", &verdict.action, 3);
    let named = |finding| -> Vec<String> {
        let of_it = report
            .differential
            .iter()
            .filter(|it| it.finding == finding);
        of_it.map(|it| it.suspect.replace('_', " ")).collect()
    };
    if let Some(found) = report.reproductions.first() {
        screen.rows("again", &found.conclusion, 2);
    }
    let supported = named(SuspectFinding::Supported);
    if !supported.is_empty() {
        screen.row("supported", &supported.join(", "));
    }
    let ruled_out = named(SuspectFinding::RuledOut);
    if !ruled_out.is_empty() {
        screen.row("ruled out", &ruled_out.join(", "));
    }
    let open: Vec<String> = report
        .differential
        .iter()
        .filter(|suspect| !suspect.experiments.is_empty())
        .map(|suspect| suspect.suspect.replace('_', " "))
        .collect();
    if !open.is_empty() {
        let line = format!(
            "{}: experiments that decide are in report.md",
            open.join(", ")
        );
        screen.row("open", &line);
    }
    screen.push(String::new());
}

fn recovery(screen: &mut Screen, report: &Report) {
    let Some(recovery) = &report.recovery else {
        return;
    };
    screen.rows("ended by", &super::recovery::ended_by(recovery), 2);
    screen.rows("when", &super::recovery::when(recovery), 2);
    if let Some(unread) = recovery
        .sources
        .iter()
        .find(|it| it.state == SourceState::NotReadable)
    {
        let remedy = unread.remedy.as_deref().unwrap_or(&unread.because);
        screen.row("not read", &format!("{}: {remedy}", unread.source));
    }
}

fn ladder(screen: &mut Screen, rungs: &[Rung<'_>], room: usize) {
    if rungs.is_empty() {
        return;
    }
    let header = format!(
        "  {:<16}{:>9}{:>9}{:>11}{:>11}{:>11}{:>10}",
        "", "attempts", "images", "s/image", "p95", "max", "total"
    );
    let header = screen.paint(DIM, &header);
    screen.push(header);
    let shown = if rungs.len() > room {
        room.saturating_sub(1)
    } else {
        rungs.len()
    };
    for rung in rungs.iter().take(shown) {
        let symbol = screen.paint(style(rung.state), rung.state.symbol());
        let name = plain(rung.name, 15);
        let line = if rung.attempts == 0 {
            let because = rung.skipped.unwrap_or("not tried");
            format!("{name:<16} {}", plain(because, COLUMNS - 2 - 17))
        } else {
            row_of(&name, rung)
        };
        screen.push(format!("{symbol} {}", clip(line, COLUMNS - 2)));
    }
    if shown < rungs.len() {
        screen.push(format!("  and {} more", rungs.len() - shown));
    }
}

fn row_of(name: &str, rung: &Rung<'_>) -> String {
    let seconds = |pick: fn(&crate::statistics::Spread) -> f64| {
        rung.image_seconds
            .as_ref()
            .map_or_else(String::new, |spread| number(pick(spread)))
    };
    let images = if rung.images == 0 {
        String::new()
    } else {
        format!("{}/{}", rung.images_survived, rung.images)
    };
    format!(
        "{name:<16}{:>9}{images:>9}{:>11}{:>11}{:>11}{:>10}",
        format!("{}/{}", rung.attempts_survived, rung.attempts),
        seconds(|spread| spread.median),
        seconds(|spread| spread.p95),
        seconds(|spread| spread.max),
        duration(rung.seconds),
    )
}

fn measured(report: &Report) -> Vec<(&'static str, String)> {
    let statistics = &report.statistics;
    let summary = &report.summary;
    let mut rows = Vec::new();
    let mut speed = Vec::new();
    if let Some(spread) = statistics.image_seconds {
        speed.push(format!(
            "{} s an image (p95 {}, max {})",
            number(spread.median),
            number(spread.p95),
            number(spread.max)
        ));
    }
    if let Some(spread) = statistics.tokens_per_second {
        speed.push(format!("{} tokens/s", number(spread.median)));
    }
    if let Some(seconds) = summary.load_seconds {
        speed.push(format!("load {}", duration(seconds)));
    }
    if !speed.is_empty() {
        rows.push(("speed", speed.join(", ")));
    }
    let mut memory = Vec::new();
    if let Some(bytes) = summary.peak_rss_bytes {
        memory.push(format!("worker {} at most", size(bytes)));
    }
    if let Some(share) = &summary.system_memory_usage {
        memory.push(format!("host {share}"));
    }
    if let (Some(allocated), Some(reserved)) =
        (&summary.gpu_memory_allocated, &summary.gpu_memory_reserved)
    {
        memory.push(format!("GPU {allocated} allocated, {reserved} reserved"));
    }
    if !memory.is_empty() {
        rows.push(("memory", memory.join("; ")));
    }
    if let Some(slope) = &statistics.memory_slope {
        let kib = |bytes: f64| bytes / 1024.0;
        let slope = &slope.bytes_per_image;
        rows.push((
            "slope",
            format!(
                "{:+.1} KiB an image (95% interval {:+.1} to {:+.1})",
                kib(slope.estimate),
                kib(slope.low),
                kib(slope.high)
            ),
        ));
    }
    if let Some(rate) = statistics.crash_rate {
        let low = percent(rate.interval.low);
        let high = percent(rate.interval.high);
        let mut line = format!(
            "{} of {}; 95%: {low} to {high} two-sided",
            rate.events,
            counted(rate.n as usize, "attempt")
        );
        if rate.events == 0 {
            line += &format!(", below {} one-sided", percent(rate.below));
        }
        rows.push(("crash rate", line));
    }
    if let Some(first) = report.preflight.first() {
        let told = format!("{}: {}", first.rule, first.message);
        let line = match report.preflight.len() {
            1 => told,
            n => format!("{n}, the first: {told}"),
        };
        rows.push(("preflight", line));
    }
    if let Some(first) = report.findings.first() {
        let line = match report.findings.len() {
            1 => first.what.clone(),
            n => format!("{n}, the first: {}", first.what),
        };
        rows.push(("findings", line));
    }
    rows
}
