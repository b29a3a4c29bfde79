//! Limits that a process started from here gets.

use crashpoint_reports::checkup::{Check, Topic};
use crashpoint_reports::env::Section;

use super::about::About;
use super::machine::Machine;
use super::worst::Worst;

pub(super) const ABOUT: About = About {
    topic: Topic::Limits,
    name: "ulimits",
    matters: "a limit that is reached looks like an error of the program; a service gets others than a shell (LimitNOFILE= and so on)",
};

const FEW_FILES: u64 = 1024;
const FEW_PROCESSES: u64 = 4096;
/// What there was before pinned memory was common.
const LITTLE_LOCKED: u64 = 1 << 20;

pub(super) fn check(machine: &Machine) -> Check {
    let text = machine.text("/proc/self/limits").unwrap_or_default();
    let limits = crate::env::limits(&text);
    if limits.is_empty() {
        return ABOUT.not_readable("/proc/self/limits cannot be read", &["ulimit -a"]);
    }
    judge(&limits)
}

fn judge(limits: &Section) -> Check {
    let mut worst = Worst::default();
    // `None` for no limit.
    let soft = |name: &str| {
        let value = limits.get(name)?.split(':').next()?;
        value.parse::<u64>().ok()
    };
    let told = |name: &str, what: &str| {
        limits.get(name)?;
        let value = soft(name).map_or("unlimited".to_owned(), |it| it.to_string());
        Some(format!("{what} {value}"))
    };
    let rules = [
        (
            "locked memory",
            "locked memory",
            LITTLE_LOCKED,
            "ulimit -l unlimited  # lasting: memlock in /etc/security/limits.conf, LimitMEMLOCK= of a unit",
        ),
        (
            "open files",
            "open files",
            FEW_FILES,
            "ulimit -n 65536  # lasting: nofile in /etc/security/limits.conf, LimitNOFILE= of a unit",
        ),
        (
            "processes",
            "processes",
            FEW_PROCESSES,
            "ulimit -u 32768  # lasting: nproc in /etc/security/limits.conf, LimitNPROC= of a unit",
        ),
    ];
    for (name, what, least, remedy) in rules {
        match (told(name, what), soft(name)) {
            (Some(seen), Some(value)) if value < least => {
                worst.doubtful(format!("{seen}, which is low"), &[remedy])
            }
            (Some(seen), _) => worst.good(seen),
            (None, _) => {}
        }
    }
    if let Some(bytes) = soft("address space") {
        worst.doubtful(
            format!("address space {bytes}: CUDA reserves far more than the memory there is"),
            &["ulimit -v unlimited"],
        );
    }
    if let Some(seen) = told("core file size", "core") {
        worst.good(seen);
    }
    worst.check(&ABOUT, "none")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crashpoint_reports::checkup::State;

    #[test]
    fn low_limits_are_doubtful() {
        let with = |name: &str, value: &str| {
            let mut limits: Section = [
                ("locked memory", "8388608:8388608"),
                ("open files", "1024:524288"),
                ("processes", "unlimited:unlimited"),
                ("address space", "unlimited:unlimited"),
                ("core file size", "0:unlimited"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
            limits.insert(name.to_owned(), value.to_owned());
            judge(&limits).state
        };
        assert_eq!(with("core file size", "0:0"), State::Good);
        for (name, value) in [
            ("locked memory", "65536:65536"),
            ("open files", "256:524288"),
            ("processes", "100:100"),
            ("address space", "8589934592:unlimited"),
        ] {
            assert_eq!(with(name, value), State::Doubtful, "{name}");
        }
    }
}
