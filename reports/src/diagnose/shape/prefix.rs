//! What loggers put before every line: times, hosts, names of services and containers.

use std::sync::LazyLock;

use regex::Regex;

use super::Source;

/// A line with its prefixes told apart from its text.
pub struct TakenOff<'a> {
    /// Where the prefix says that it was written.
    pub source: Option<Source>,
    pub text: &'a str,
    /// The text with the name of whoever wrote it, if it has one.
    pub with_name: &'a str,
}

/// `2026-11-24T12:00:00.123456789Z `, as `docker logs --timestamps` and `kubectl logs --timestamps`
/// print it, and the runtime interface's files, where the stream and a flag follow.
static STAMP: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d) (?:(stdout|stderr) [FP] )?",
    )
    .ok()
});
/// `vision-1  | `, as Docker Compose prints it; `[pod/vision-0/server] `, as kubectl does.
static CONTAINER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^(?:[a-z0-9][a-z0-9_.-]{0,60}-\d{1,4} {1,40}\| ?|\[pod/[^/\]\s]{1,260}/[^\]\s]{1,70}\] )",
    )
    .ok()
});
/// `Nov 24 12:00:00 host name[123]: `, or the same with a time in ISO 8601.
static SYSLOG: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)?|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)) (?:[A-Za-z0-9_.-]{1,64} )?(([A-Za-z0-9_.@/()-]{1,64})(?:\[\d{1,10}\])?: ?)",
    )
    .ok()
});
/// `[  123.456789] `, with the level before it or the time of day within.
static KERNEL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^(?:<\d{1,3}>)?\[(?: *\d{1,10}\.\d{6}|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})\]",
    )
    .ok()
});
/// What `kubectl describe` and the like put before a container's state.
const DESCRIBED: [&str; 8] = [
    "Reason",
    "Exit Code",
    "Last State",
    "State",
    "Message",
    "Started",
    "Finished",
    "Restart Count",
];
/// Programs that speak of a job or a container without a pid in brackets.
const SPEAKERS: [&str; 7] = [
    "docker",
    "slurmstepd",
    "slurmd",
    "slurmctld",
    "srun",
    "sbatch",
    "salloc",
];
/// Where the longest name of a container ends, in bytes.
const LABEL: usize = 110;

/// Services whose words are about other programs. Everybody else's lines in the journal are a
/// program's own output.
const SERVICES: [&str; 32] = [
    "systemd",
    "init",
    "dockerd",
    "docker",
    "containerd",
    "podman",
    "conmon",
    "crio",
    "kubelet",
    "k3s",
    "kube-apiserver",
    "earlyoom",
    "nohang",
    "oomd",
    "slurmd",
    "slurmctld",
    "slurmstepd",
    "supervisord",
    "nvidia-fabricmanager",
    "nv-fabricmanager",
    "nvidia-persistenced",
    "nvidia-mps",
    "rasdaemon",
    "mcelog",
    "apcupsd",
    "upsmon",
    "watchdog",
    "audit",
    "shutdown",
    "sshd",
    "sudo",
    "unattended-upgrade",
];

/// Whether a name in the journal is one of a service that speaks of others.
pub fn is_service(name: &str) -> bool {
    let name = name.trim_matches(['(', ')']);
    SERVICES.contains(&name) || name.starts_with("systemd-") || name.starts_with("unattended-")
}

/// How the kernel's own messages begin, where the time was cut off.
const KERNEL_HEADS: [&str; 20] = [
    "NVRM: ",
    "kernel: ",
    "BUG: kernel ",
    "BUG: unable to handle ",
    "BUG: soft lockup",
    "Oops: ",
    "RIP: ",
    "Call Trace:",
    "general protection fault",
    "Kernel panic - not syncing",
    "watchdog: BUG: ",
    "INFO: task ",
    "Out of memory: Kill",
    "Memory cgroup out of memory",
    "oom-kill:constraint=",
    "mce: ",
    "BERT: ",
    "EDAC ",
    "pcieport ",
    "PM: suspend ",
];

pub fn is_of_kernel(text: &str) -> bool {
    (text.starts_with(['[', '<']) && matches(&KERNEL, text))
        || KERNEL_HEADS.iter().any(|head| text.starts_with(head))
}

/// Lines of services whose time and host were cut off, and of programs that describe a pod or a job.
pub fn is_of_service(text: &str) -> bool {
    let trimmed = text.trim_start();
    if text.len() >= trimmed.len() + 2 {
        let described = |word: &&str| {
            let rest = trimmed.strip_prefix(*word);
            rest.is_some_and(|rest| rest.starts_with(":  "))
        };
        if DESCRIBED.iter().any(described) {
            return true;
        }
    }
    // A table of events has its columns two blanks apart.
    let event = ["Normal", "Warning"]
        .iter()
        .find_map(|kind| trimmed.strip_prefix(kind));
    if event.is_some_and(|rest| {
        rest.starts_with("  ")
            && rest
                .trim_start()
                .starts_with(|it: char| it.is_ascii_uppercase())
    }) {
        return true;
    }
    if text.starts_with("time=\"") {
        return text.contains(" level=") && text.contains(" msg=");
    }
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    if let [b'I' | b'W' | b'E' | b'F', digits @ ..] = first.as_bytes()
        && digits.len() == 4
        && digits.iter().all(u8::is_ascii_digit)
    {
        return rest.contains(".go:");
    }
    first.strip_suffix(':').is_some_and(speaks_of_others)
}

fn speaks_of_others(name: &str) -> bool {
    if let Some((name, pid)) = name.strip_suffix(']').and_then(|it| it.split_once('[')) {
        return is_service(name) && pid.bytes().all(|it| it.is_ascii_digit());
    }
    let unit = [".service", ".scope", ".slice"];
    unit.iter().any(|kind| name.ends_with(kind))
        || SPEAKERS.contains(&name)
        || name.starts_with("slurmstepd-")
}

fn matches(expression: &LazyLock<Option<Regex>>, text: &str) -> bool {
    expression.as_ref().is_some_and(|it| it.is_match(text))
}

pub fn taken_off(line: &str) -> TakenOff<'_> {
    let (mut source, mut rest) = (None, line);
    // Compose and kubectl put their names before the time that Docker and the runtime put.
    let named = rest.starts_with("[pod/") || rest.bytes().take(LABEL).any(|it| it == b'|');
    if named && let Some(found) = CONTAINER.as_ref().and_then(|it| it.find(rest)) {
        rest = after(rest, found.end());
    }
    if !begins_like_a_time(rest) {
        return TakenOff {
            source,
            text: rest,
            with_name: rest,
        };
    }
    if let Some(found) = SYSLOG.as_ref().and_then(|it| it.captures(rest)) {
        let name = found.get(2).map_or("", |name| name.as_str());
        let with_name = after(rest, found.get(1).map_or(0, |name| name.start()));
        let text = after(rest, found.get(0).map_or(0, |all| all.end()));
        return TakenOff {
            source: Some(if name == "kernel" {
                Source::KernelLog
            } else if is_service(name) {
                Source::ServiceLog
            } else {
                Source::Stderr
            }),
            text,
            with_name,
        };
    }
    if let Some(found) = STAMP.as_ref().and_then(|it| it.captures(rest)) {
        source = match found.get(1).map(|stream| stream.as_str()) {
            Some("stdout") => Some(Source::Stdout),
            Some(_) => Some(Source::Stderr),
            None => None,
        };
        rest = after(rest, found.get(0).map_or(0, |all| all.end()));
    }
    TakenOff {
        source,
        text: rest,
        with_name: rest,
    }
}

/// Most lines do not, and need no expression to tell.
fn begins_like_a_time(text: &str) -> bool {
    match text.as_bytes() {
        [first, _, _, fourth, ..] if first.is_ascii_uppercase() => *fourth == b' ',
        [first, _, _, _, b'-', _, _, _, _, _, b'T', ..] => first.is_ascii_digit(),
        _ => false,
    }
}

fn after(text: &str, at: usize) -> &str {
    text.get(at..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_expression_can_be_compiled() {
        for expression in [&STAMP, &CONTAINER, &SYSLOG, &KERNEL] {
            assert!(expression.is_some());
        }
    }

    #[test]
    fn a_programs_own_line_in_the_journal_is_its_output() {
        let taken = taken_off("Nov 24 12:00:00 node vision[42]: CUDA error: out of memory");
        assert_eq!(taken.source, Some(Source::Stderr));
        assert_eq!(taken.text, "CUDA error: out of memory");
        assert!(!is_of_service("worker[42]: started"));
        assert!(is_of_service("systemd[1]: Stopping"));
    }

    #[test]
    fn a_time_that_a_program_prints_itself_is_no_syslog_line() {
        let line = "2026-11-24T12:00:00Z INFO server: listening";
        assert_ne!(taken_off(line).source, Some(Source::KernelLog));
    }
}
