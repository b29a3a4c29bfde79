//! Whether a kernel that panicked restarts the machine: `kernel.panic`, in the kernel's
//! `Documentation/admin-guide/sysctl/kernel.rst`.

use crashpoint_reports::checkup::{Check, Topic};

use super::about::About;
use super::machine::Machine;

pub(super) const ABOUT: About = About {
    topic: Topic::WayBack,
    name: "panic",
    matters: "after a panic the kernel waits for ever, unless it was told to restart",
};

const FILE: &str = "/proc/sys/kernel/panic";

pub(super) fn check(machine: &Machine) -> Check {
    match machine.number(FILE) {
        None => ABOUT.not_readable(format!("{FILE} cannot be read"), &["sysctl kernel.panic"]),
        Some(0) => ABOUT.doubtful(
            "kernel.panic=0: it stays as it is",
            &["echo kernel.panic=10 | sudo tee /etc/sysctl.d/60-panic.conf && sudo sysctl -p /etc/sysctl.d/60-panic.conf"],
        ),
        Some(seconds) if seconds < 0 => ABOUT.good(format!("kernel.panic={seconds}: it restarts at once")),
        Some(seconds) => ABOUT.good(format!("kernel.panic={seconds}: it restarts after {seconds} s")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::machine::made_up::Other;
    use super::*;
    use crashpoint_reports::checkup::State;

    #[test]
    fn zero_is_for_ever() {
        let other = Other::new("panic", &[]);
        assert_eq!(check(&other.machine).state, State::NotReadable);
        for (text, state) in [
            ("0\n", State::Doubtful),
            ("-1\n", State::Good),
            ("10\n", State::Good),
        ] {
            other.put(FILE, text);
            assert_eq!(check(&other.machine).state, state);
        }
    }
}
