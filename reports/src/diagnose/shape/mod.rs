//! Tells the lines of one log apart by their shape, and takes off what hides their text.
//!
//! For whoever has nothing but one file in which everything stands. A wrong guess costs little: most
//! messages count wherever they stand, and only the kernel's and nvidia-smi's have sources of their own.

mod clean;
mod envelope;
mod prefix;

use std::borrow::Cow;

use super::source::Source;

/// A line that was taken apart: where it was written, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shaped<'a> {
    pub source: Source,
    pub text: Cow<'a, str>,
}

/// Remembers what the lines before were a part of.
#[derive(Debug, Default)]
pub struct Splitter {
    /// What all lines are, where somebody said so.
    known: Option<Source>,
    previous: Option<Source>,
    /// Within the long listing of `nvidia-smi -q`, whose lines look like anybody's.
    in_listing: bool,
}

impl Splitter {
    pub fn new() -> Splitter {
        Splitter::default()
    }

    /// For a file whose lines are all of one source: they are cleaned, not sorted.
    pub fn of(source: Source) -> Splitter {
        Splitter {
            known: Some(source),
            ..Splitter::default()
        }
    }

    /// Takes one line as it was read, and hands on the lines that it holds: most often one, none of
    /// a blank one.
    pub fn line(&mut self, raw: &str, mut each: impl FnMut(Shaped<'_>)) {
        let plain = clean::line(raw);
        // What a progress bar wrote over stands before what is seen.
        for part in plain.split('\r').filter(|part| !part.trim().is_empty()) {
            match envelope::opened(part) {
                Some(opened) => {
                    for line in opened.text.lines().filter(|line| !line.trim().is_empty()) {
                        let line = clean::line(line);
                        self.hand_on(&line, opened.source, &mut each);
                    }
                }
                None => self.hand_on(part, None, &mut each),
            }
        }
    }

    fn hand_on(&mut self, line: &str, said: Option<Source>, each: &mut impl FnMut(Shaped<'_>)) {
        let taken = prefix::taken_off(line);
        let guessed = taken
            .source
            .or(said)
            .unwrap_or_else(|| self.source_of(taken.text));
        let source = self.known.unwrap_or(guessed);
        self.previous = Some(source);
        // The name before a service manager's words is a part of what they say.
        let text = match source {
            Source::ServiceLog | Source::KernelLog | Source::PreviousBootLog => taken.with_name,
            _ => taken.text,
        };
        each(Shaped {
            source,
            text: Cow::Borrowed(text),
        });
    }

    fn source_of(&mut self, text: &str) -> Source {
        if prefix::is_of_kernel(text) {
            self.in_listing = false;
            return Source::KernelLog;
        }
        if is_table(text) {
            return Source::NvidiaSmi;
        }
        if text.starts_with('=') && text.contains("==NVSMI LOG==") {
            self.in_listing = true;
        }
        if self.in_listing {
            if is_listing(text) {
                return Source::NvidiaSmi;
            }
            self.in_listing = false;
        }
        // The kernel's longer messages go on in lines without a time.
        if self.previous == Some(Source::KernelLog) && text.trim_start().starts_with("NVRM:") {
            return Source::KernelLog;
        }
        if prefix::is_of_service(text) {
            return Source::ServiceLog;
        }
        Source::Stderr
    }
}

/// A line of nvidia-smi's table, of its list, or its refusal.
fn is_table(text: &str) -> bool {
    let text = text.trim();
    let framed = text.len() > 20
        && ((text.starts_with('|') && text.ends_with('|'))
            || (text.starts_with('+') && text.ends_with('+')))
        && text.chars().all(|letter| letter != '\t');
    let rule = framed && text.chars().all(|letter| "+-=|".contains(letter));
    let cells = framed && text.matches('|').count() >= 2 && !text.contains("||");
    let listed = text.starts_with("GPU ") && text.contains("(UUID: ");
    rule || cells
        || listed
        || text.starts_with("NVIDIA-SMI has failed")
        || text.starts_with("Unable to determine the device handle for")
}

fn is_listing(text: &str) -> bool {
    text.starts_with([' ', '\t'])
        || text.contains("==NVSMI LOG==")
        || text.starts_with("GPU ")
        || text.contains("  : ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(lines: &[&str]) -> Vec<(Source, String)> {
        let mut splitter = Splitter::new();
        let mut found = Vec::new();
        for line in lines {
            splitter.line(line, |it| found.push((it.source, it.text.into_owned())));
        }
        found
    }

    #[track_caller]
    fn one(line: &str) -> (Source, String) {
        let mut found = all(&[line]);
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    #[test]
    fn the_kernels_lines_are_known_however_they_were_printed() {
        for line in [
            "[ 4711.123456] NVRM: Xid (PCI:0000:01:00): 79, pid=42, GPU has fallen off the bus.",
            "<4>[    1.000001] pcieport 0000:00:01.0: AER: Corrected error received",
            "[Tue Nov 24 12:00:00 2026] Out of memory: Killed process 42 (python3)",
            "NVRM: GPU at PCI:0000:01:00: GPU-0000",
            "BUG: unable to handle page fault for address: ffffc90000000000",
            "Memory cgroup out of memory: Killed process 42 (python3)",
            "Nov 24 12:00:00 node kernel: python3[42]: segfault at 0 ip 0 sp 0 error 4 in x.so",
            "2026-11-24T12:00:00.123456+00:00 node kernel: [   12.345678] mce: [Hardware Error]: CPU 0",
            "kernel: Memory cgroup out of memory: Killed process 42 (python3)",
            r#"{"_TRANSPORT":"kernel","MESSAGE":"Kernel panic - not syncing: Fatal","PRIORITY":"0"}"#,
        ] {
            assert_eq!(one(line).0, Source::KernelLog, "{line}");
        }
    }

    #[test]
    fn service_managers_are_known_and_keep_their_names() {
        for line in [
            "Nov 24 12:00:00 node systemd[1]: vision.service: Main process exited, code=killed, status=9/KILL",
            "systemd[1]: vision.service: Failed with result 'oom-kill'.",
            "Nov 24 12:00:00 node earlyoom[700]: sending SIGTERM to process 42",
            "I1124 12:00:00.123456    1234 kubelet.go:2000] \"SyncLoop DELETE\" source=\"api\"",
            "slurmstepd: error: Detected 1 oom_kill event in StepId=7.batch.",
            "time=\"2026-11-24T12:00:00Z\" level=error msg=\"copy shim log\" error=\"read\"",
            "docker: Error response from daemon: could not select device driver",
            "      Reason:       OOMKilled",
            "Nov 24 12:00:00 node systemd-oomd[512]: Killed /system.slice/vision.service",
        ] {
            assert_eq!(one(line).0, Source::ServiceLog, "{line}");
        }
        let (_, text) = one("Nov 24 12:00:00 node systemd-oomd[512]: Killed /a.slice");
        assert_eq!(text, "systemd-oomd[512]: Killed /a.slice");
    }

    #[test]
    fn nvidia_smis_output_is_known_as_table_list_and_listing() {
        let seen = all(&[
            "+-----------------------------------------------------------------------------+",
            "| NVIDIA-SMI 550.54       Driver Version: 550.54       CUDA Version: 12.4     |",
            "|   0  NVIDIA GeForce RTX 3090    Off  | 00000000:01:00.0 Off |          N/A |",
            "GPU 0: NVIDIA GeForce RTX 3090 (UUID: GPU-00000000)",
            "==============NVSMI LOG==============",
            "Driver Version                            : 550.54",
            "GPU 00000000:01:00.0",
            "    Product Name                          : NVIDIA GeForce RTX 3090",
            "Traceback (most recent call last):",
        ]);
        let sources: Vec<Source> = seen.iter().map(|(source, _)| *source).collect();
        assert!(
            sources[..8].iter().all(|it| *it == Source::NvidiaSmi),
            "{seen:?}"
        );
        assert_eq!(sources[8], Source::Stderr);
    }

    #[test]
    fn prefixes_that_stand_on_every_line_are_taken_off() {
        for line in [
            "2026-11-24T12:00:00.123456789Z Traceback (most recent call last):",
            "2026-11-24T12:00:00.123456789Z stderr F Traceback (most recent call last):",
            "vision-1  | Traceback (most recent call last):",
            "[pod/vision-0/server] Traceback (most recent call last):",
            "Nov 24 12:00:00 node python3[42]: Traceback (most recent call last):",
            "\x1b[31mTraceback (most recent call last):\x1b[0m\r",
            r#"{"log":"Traceback (most recent call last):\n","stream":"stderr","time":"2026-11-24T12:00:00Z"}"#,
            " 50%|#####     | 1/2\rTraceback (most recent call last):",
        ] {
            let seen = all(&[line]);
            let last = seen.last().unwrap();
            assert_eq!(last.1, "Traceback (most recent call last):", "{line}");
            assert_eq!(last.0, Source::Stderr, "{line}");
        }
    }

    #[test]
    fn an_envelope_can_hold_several_lines_and_tells_its_stream() {
        let seen = all(&[r#"{"log":"one\ntwo\n","stream":"stdout"}"#]);
        assert_eq!(
            seen,
            [
                (Source::Stdout, "one".to_owned()),
                (Source::Stdout, "two".to_owned())
            ]
        );
        let seen = all(&[r#"{"level":"error","msg":"CUDA error","stacktrace":"a\nb"}"#]);
        assert_eq!(seen.len(), 3, "{seen:?}");
        assert_eq!(one(r#"{"answer": 42}"#).1, r#"{"answer": 42}"#);
    }

    #[test]
    fn an_indented_line_of_a_program_keeps_its_indent() {
        assert_eq!(
            one("  File \"a.py\", line 1, in f").1,
            "  File \"a.py\", line 1, in f"
        );
        assert_eq!(
            one("vision-1  |   File \"a.py\", line 1, in f").1,
            "  File \"a.py\", line 1, in f"
        );
    }

    #[test]
    fn what_somebody_says_of_a_file_stands() {
        let mut splitter = Splitter::of(Source::Stdout);
        let mut seen = Vec::new();
        splitter.line("NVRM: quoted by a program", |it| seen.push(it.source));
        assert_eq!(seen, [Source::Stdout]);
    }
}
