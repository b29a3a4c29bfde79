//! Whether a kernel that is stuck panics, and so comes back: the kernel's
//! `Documentation/admin-guide/sysctl/kernel.rst` and `lockup-watchdogs.rst`.

use crashpoint_reports::checkup::{Check, Topic};

use super::about::About;
use super::machine::Machine;

pub(super) const ABOUT: About = About {
    topic: Topic::WayBack,
    name: "lockups",
    matters: "a driver that spins or waits for ever hangs the machine without a word, unless the kernel panics over it",
};

const SETTINGS: [&str; 5] = [
    "softlockup_panic",
    "hardlockup_panic",
    "nmi_watchdog",
    "panic_on_oops",
    "hung_task_panic",
];

pub(super) fn check(machine: &Machine) -> Check {
    let value = |name: &str| machine.number(format!("/proc/sys/kernel/{name}"));
    let seen: Vec<String> = SETTINGS
        .iter()
        .filter_map(|name| Some(format!("{name}={}", value(name)?)))
        .collect();
    let seen = seen.join(", ");
    if seen.is_empty() {
        return ABOUT.not_readable(
            "/proc/sys/kernel has none of its settings",
            &["sysctl -a | grep lockup"],
        );
    }
    match value("softlockup_panic") {
        Some(on) if on > 0 => ABOUT.good(seen),
        None => ABOUT.doubtful(
            format!("{seen}: this kernel does not look for lockups"),
            &["# a kernel with CONFIG_SOFTLOCKUP_DETECTOR does"],
        ),
        Some(_) => ABOUT.doubtful(
            seen,
            &["sudo sysctl -w kernel.softlockup_panic=1 kernel.panic_on_oops=1  # a machine that would have come to itself restarts too"],
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::machine::made_up::Other;
    use super::*;
    use crashpoint_reports::checkup::State;

    #[test]
    fn a_stuck_kernel_has_to_panic() {
        let other = Other::new("lockups", &[]);
        assert_eq!(check(&other.machine).state, State::NotReadable);
        other.put("/proc/sys/kernel/panic_on_oops", "0\n");
        assert_eq!(check(&other.machine).state, State::Doubtful);
        other.put("/proc/sys/kernel/softlockup_panic", "0\n");
        assert_eq!(check(&other.machine).state, State::Doubtful);
        other.put("/proc/sys/kernel/softlockup_panic", "1\n");
        assert_eq!(check(&other.machine).state, State::Good);
    }
}
