//! Whether a second kernel waits to write down the memory of one that panicked.

use crashpoint_reports::checkup::{Check, Topic};

use super::about::About;
use super::machine::Machine;

pub(super) const ABOUT: About = About {
    topic: Topic::Evidence,
    name: "kdump",
    matters: "with the memory of a kernel that panicked even a driver's fault can be followed to its line",
};

pub(super) fn check(machine: &Machine) -> Check {
    let loaded = machine.text("/sys/kernel/kexec_crash_loaded");
    let command_line = machine.text("/proc/cmdline").unwrap_or_default();
    let reserved = command_line
        .split_whitespace()
        .find(|word| word.starts_with("crashkernel="));
    let seen = match (loaded.as_deref(), reserved) {
        (Some("1"), _) => return ABOUT.good("a crash kernel is loaded"),
        (None, _) => "this kernel cannot load a crash kernel".to_owned(),
        (_, Some(word)) => {
            format!("no crash kernel is loaded, though {word} reserves memory for one")
        }
        (_, None) => {
            "no crash kernel is loaded, and no crashkernel= reserves memory for one".to_owned()
        }
    };
    ABOUT.doubtful(
        seen,
        &[
            "sudo apt install kdump-tools  # Debian, Ubuntu; then reboot",
            "sudo dnf install kdump-utils && sudo kdumpctl reset-crashkernel && sudo systemctl enable kdump  # Fedora; then reboot",
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::super::machine::made_up::Other;
    use super::*;
    use crashpoint_reports::checkup::State;

    #[test]
    fn reserved_is_not_loaded() {
        let other = Other::new(
            "kdump",
            &[("/proc/cmdline", "root=/dev/sda1 crashkernel=512M quiet\n")],
        );
        assert_eq!(check(&other.machine).state, State::Doubtful);
        other.put("/sys/kernel/kexec_crash_loaded", "0\n");
        let found = check(&other.machine);
        assert!(found.seen.contains("crashkernel=512M"), "{}", found.seen);
        other.put("/sys/kernel/kexec_crash_loaded", "1\n");
        assert_eq!(check(&other.machine).state, State::Good);
    }
}
