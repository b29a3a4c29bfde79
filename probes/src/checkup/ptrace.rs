//! Whether what a worker's threads are doing may be looked at: Yama, in the kernel's
//! `Documentation/admin-guide/LSM/Yama.rst`.

use crashpoint_reports::checkup::{Check, Topic};
use nix::unistd::geteuid;

use super::about::About;
use super::machine::Machine;

pub(super) const ABOUT: About = About {
    topic: Topic::Worker,
    name: "ptrace",
    matters: "the stacks of a worker that hangs or crashes are read through it",
};

const FILE: &str = "/proc/sys/kernel/yama/ptrace_scope";

pub(super) fn may_always() -> bool {
    geteuid().is_root()
}

pub(super) fn check(machine: &Machine, root: bool) -> Check {
    let seen = |scope: i64, what: &str| format!("kernel.yama.ptrace_scope={scope}: {what}");
    match machine.number(FILE) {
        None if machine.exists(FILE) => ABOUT.not_readable(
            format!("{FILE} cannot be read"),
            &["sysctl kernel.yama.ptrace_scope"],
        ),
        None => ABOUT.good("nothing beyond the usual permissions is asked for"),
        Some(0) => ABOUT.good(seen(0, "any process of the same user")),
        Some(1) => ABOUT.good(seen(1, "a process's own children, which workers are")),
        Some(2) if root => ABOUT.good(seen(2, "root alone, as whom this runs")),
        Some(scope @ 2) => ABOUT.doubtful(
            seen(scope, "root alone"),
            &["sudo sysctl -w kernel.yama.ptrace_scope=1"],
        ),
        Some(scope) => ABOUT.doubtful(
            seen(scope, "nobody, until the next boot"),
            &["# set kernel.yama.ptrace_scope=1 in /etc/sysctl.d, and reboot"],
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::machine::made_up::Other;
    use super::*;
    use crashpoint_reports::checkup::State;

    #[test]
    fn workers_are_children() {
        let other = Other::new("ptrace", &[]);
        assert_eq!(check(&other.machine, false).state, State::Good);
        for (scope, root, state) in [
            ("1\n", false, State::Good),
            ("2\n", false, State::Doubtful),
            ("2\n", true, State::Good),
            ("3\n", true, State::Doubtful),
            ("x\n", true, State::NotReadable),
        ] {
            other.put(FILE, scope);
            assert_eq!(check(&other.machine, root).state, state, "{scope}");
        }
    }
}
