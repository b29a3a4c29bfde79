//! A verdict on logs that exist already: with the lines it rests on, where they stand, and what is missing.

use serde::Serialize;

use crate::diagnose::{Bundle, Source, verdict};
use crate::ending::{Ending, EndingKind};
use crate::knowledge;
use crate::verdict::{Class, Confidence, RuledOut};

/// The name of the JSON that a [`Diagnosis`] makes.
pub const SCHEMA: &str = "crashpoint.diagnosis/1";

#[derive(Debug, Clone, Serialize)]
pub struct Diagnosis {
    pub schema: &'static str,
    /// As it was told; a log alone does not tell it.
    pub ending: Option<Ending>,
    pub hang_seconds: Option<f64>,
    pub class: Class,
    pub confidence: Confidence,
    pub evidence: Vec<Quote>,
    pub ruled_out: Vec<RuledOut>,
    pub missing: Vec<Missing>,
    pub action: String,
    /// Commands that show more of this class.
    pub check: &'static [String],
    pub read: Vec<Read>,
}

/// A line of the evidence, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Quote {
    pub source: String,
    pub file: Option<String>,
    /// From 1, in its file, or in its source where there was no file.
    pub line: Option<u64>,
    pub text: String,
}

/// Evidence that would tell more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    pub what: String,
    /// How to get it.
    pub commands: Vec<String>,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Read {
    pub file: String,
    pub lines: u64,
    pub bytes: u64,
    /// What its lines were said to be; `None` where they were told apart by shape.
    pub source: Option<Source>,
}

impl Diagnosis {
    /// `read` in the order in which the files were read, their lines numbered on from one to the next.
    pub fn of(bundle: &Bundle<'_>, read: Vec<Read>) -> Diagnosis {
        let verdict = verdict(bundle);
        let (missing, evidence): (Vec<_>, Vec<_>) = verdict
            .evidence
            .into_iter()
            .partition(|it| it.source == "missing");
        let told = missing.into_iter().map(|it| Missing {
            what: it.text,
            commands: Vec::new(),
        });
        let not_given = not_given(bundle, verdict.class, verdict.confidence);
        Diagnosis {
            schema: SCHEMA,
            ending: bundle.ending,
            hang_seconds: bundle.hang_seconds,
            class: verdict.class,
            confidence: verdict.confidence,
            evidence: evidence
                .into_iter()
                .map(|it| quote(it.source, it.text, &read))
                .collect(),
            ruled_out: verdict.ruled_out,
            missing: told.chain(not_given).collect(),
            action: verdict.action,
            check: &knowledge::class(verdict.class).check,
            read,
        }
    }

    /// Something died: a cause is named, or the ending that was told is one, whatever its cause.
    pub fn names_a_death(&self) -> bool {
        self.class != Class::Unknown
            || self.hang_seconds.is_some()
            || self.ending.is_some_and(|ending| !ending.is_success())
    }
}

/// `stderr:12` taken apart; the number counts through all files.
fn quote(source: String, text: String, read: &[Read]) -> Quote {
    let numbered = source
        .split_once(':')
        .and_then(|(name, number)| Some((name.to_owned(), number.parse::<u64>().ok()?)));
    let Some((name, number)) = numbered else {
        return Quote {
            source,
            file: None,
            line: None,
            text,
        };
    };
    let mut before = 0;
    for file in read {
        if number > before && number <= before + file.lines {
            return Quote {
                source: name,
                file: Some(file.file.clone()),
                line: Some(number - before),
                text,
            };
        }
        before += file.lines;
    }
    Quote {
        source: name,
        file: None,
        line: Some(number),
        text,
    }
}

/// The usual records that nobody gave and that could tell more. A certain verdict needs none.
fn not_given(bundle: &Bundle<'_>, class: Class, confidence: Confidence) -> Vec<Missing> {
    let mut missing = Vec::new();
    if confidence == Confidence::Certain {
        return missing;
    }
    let given = |source| bundle.sightings.was_given(source);
    let open = confidence < Confidence::Likely;
    let gone = bundle
        .ending
        .is_some_and(|it| it.kind == EndingKind::MachineGone);
    let mut add = |what: &str, commands: &[&str]| {
        missing.push(Missing {
            what: what.to_owned(),
            commands: commands.iter().map(|&it| it.to_owned()).collect(),
        });
    };
    if gone && !given(Source::PreviousBootLog) {
        add(
            "the last lines of the boot that ended",
            &[
                "journalctl -b -1 -n 500 --no-pager > previous.log  # then: --previous-boot-log previous.log",
            ],
        );
    }
    if !gone && !given(Source::KernelLog) && (open || below_the_program(class)) {
        add(
            "the kernel log of that time: OOM kills, Xids and faults stand there",
            &[
                "journalctl -k --since '1 hour ago' --no-pager > kernel.log  # as root; then: --kernel-log kernel.log",
            ],
        );
    }
    if !open {
        return missing;
    }
    if !gone && !given(Source::Stderr) && !given(Source::Stdout) {
        add(
            "what the program printed, from its first error on",
            &["PROGRAM 2> stderr.log  # then: --stderr stderr.log"],
        );
    }
    if bundle.ending.is_none() && bundle.hang_seconds.is_none() {
        add(
            "how it ended",
            &[
                "echo $?  # right after it; then: --exit-code N",
                "docker inspect -f '{{.State.ExitCode}} {{.State.OOMKilled}}' CONTAINER",
                "systemctl show UNIT -p Result -p ExecMainCode -p ExecMainStatus",
            ],
        );
    } else if !gone && !given(Source::ServiceLog) {
        add(
            "what the service manager, the container runtime or the scheduler says of it",
            &[
                "journalctl -u UNIT --since '1 hour ago' --no-pager > service.log  # then: --service-log service.log",
                "kubectl describe pod POD; kubectl get events --sort-by=.lastTimestamp",
            ],
        );
    }
    missing
}

/// Causes that the kernel may have seen.
fn below_the_program(class: Class) -> bool {
    let family = knowledge::class(class).family.as_str();
    matches!(
        family,
        "GPU code" | "GPU, driver, machine" | "Host resources" | "Host code" | "From outside"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::Scan;

    fn file(name: &str, lines: u64) -> Read {
        Read {
            file: name.to_owned(),
            lines,
            bytes: 0,
            source: None,
        }
    }

    #[test]
    fn numbers_lead_back_to_their_file() {
        let read = [file("a.log", 10), file("empty", 0), file("b.log", 5)];
        let quoted = |source: &str| {
            let quote = quote(source.to_owned(), String::new(), &read);
            (quote.file, quote.line)
        };
        assert_eq!(quoted("stderr:10"), (Some("a.log".to_owned()), Some(10)));
        assert_eq!(quoted("kernel_log:11"), (Some("b.log".to_owned()), Some(1)));
        assert_eq!(quoted("stderr:16"), (None, Some(16)));
        assert_eq!(quoted("ending"), (None, None));
    }

    #[test]
    fn nothing_given_is_unknown_and_no_death() {
        let nothing = Diagnosis::of(&Bundle::default(), Vec::new());
        assert_eq!(nothing.class, Class::Unknown);
        assert!(!nothing.names_a_death());
        assert!(!nothing.missing.is_empty());
        assert!(nothing.evidence.iter().all(|it| it.source != "missing"));
    }

    #[test]
    fn an_ending_that_nobody_can_explain_is_still_a_death() {
        let killed = Diagnosis::of(
            &Bundle {
                ending: Some(Ending {
                    signal: Some(9),
                    ..Ending::of(EndingKind::Signal)
                }),
                ..Bundle::default()
            },
            Vec::new(),
        );
        assert_eq!(killed.class, Class::Unknown);
        assert!(killed.names_a_death());
        let commands: Vec<&String> = killed.missing.iter().flat_map(|it| &it.commands).collect();
        assert!(
            commands.iter().any(|it| it.contains("journalctl -k")),
            "{commands:?}"
        );
    }

    #[test]
    fn a_line_is_quoted_with_its_place() {
        let mut scan = Scan::new();
        scan.line(
            Source::KernelLog,
            4,
            "[    9.000001] NVRM: Xid (PCI:0000:01:00): 79, GPU has fallen off the bus.",
        );
        let found = Diagnosis::of(
            &Bundle {
                sightings: scan.finish(),
                ..Bundle::default()
            },
            vec![file("first", 3), file("kern.log", 1)],
        );
        assert_eq!(found.class, Class::GpuFellOffBus);
        assert_eq!(found.evidence[0].file.as_deref(), Some("kern.log"));
        assert_eq!(found.evidence[0].line, Some(1));
    }
}
