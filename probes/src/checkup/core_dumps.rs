//! Where the kernel sends the core of a process that crashes: core(5).

use crashpoint_reports::checkup::{Check, Topic};

use super::about::About;
use super::machine::Machine;

pub(super) const ABOUT: About = About {
    topic: Topic::Worker,
    name: "core dumps",
    matters: "a program that is piped gigabytes of core takes minutes to die; crashpoint's workers leave a minidump instead, and write no core",
};

const FILE: &str = "/proc/sys/kernel/core_pattern";

pub(super) fn check(machine: &Machine) -> Check {
    let Ok(pattern) = machine.read(FILE) else {
        return ABOUT.not_readable(
            format!("{FILE} cannot be read"),
            &["sysctl kernel.core_pattern"],
        );
    };
    let Some(handler) = pattern.strip_prefix('|') else {
        let file = if pattern.is_empty() {
            "no file"
        } else {
            &pattern
        };
        return ABOUT.good(format!("they would go to {file}"));
    };
    let program = handler.split_whitespace().next().unwrap_or_default();
    // In a container it is the host's.
    if !program.is_empty() && machine.exists(program) {
        return ABOUT.good(format!("they would be piped to {program}"));
    }
    ABOUT.doubtful(
        format!("they are piped to {program:?}, which is not there, at least not here"),
        &["sudo sysctl -w kernel.core_pattern=core  # or install the package that it belongs to"],
    )
}

#[cfg(test)]
mod tests {
    use super::super::machine::made_up::Other;
    use super::*;
    use crashpoint_reports::checkup::State;

    #[test]
    fn a_handler_has_to_be_there() {
        let other = Other::new("core", &[(FILE, "core\n")]);
        assert_eq!(check(&other.machine).state, State::Good);
        other.put(FILE, "|/usr/share/apport/apport -p%p\n");
        assert_eq!(check(&other.machine).state, State::Doubtful);
        other.put("/usr/share/apport/apport", "");
        assert_eq!(check(&other.machine).state, State::Good);
        other.put(FILE, "|\n");
        assert_eq!(check(&other.machine).state, State::Doubtful);
    }
}
