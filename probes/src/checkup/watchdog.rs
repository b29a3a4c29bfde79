//! Whether hardware resets a machine that hangs: the kernel's
//! `Documentation/watchdog/watchdog-api.rst`, systemd-system.conf(5).

use crashpoint_reports::checkup::{Check, Topic};

use super::about::About;
use super::machine::Machine;
use super::systemd_setting;

pub(super) const ABOUT: About = About {
    topic: Topic::WayBack,
    name: "watchdog",
    matters: "a machine that hangs stays so until somebody presses the button, unless hardware does",
};

const CLASS: &str = "/sys/class/watchdog";
/// `WDIOF_CARDRESET`: the last reset was the card's.
const RESET_BY_CARD: i64 = 0x20;

pub(super) fn check(machine: &Machine) -> Check {
    let setting = systemd_setting::read(machine, "system.conf", "RuntimeWatchdogSec");
    let asked = match &setting {
        Some(time) => format!("RuntimeWatchdogSec={time}"),
        None => "RuntimeWatchdogSec is not set".to_owned(),
    };
    let names = machine.names(CLASS).unwrap_or_default();
    if names.is_empty() {
        return ABOUT.doubtful(
            format!("no watchdog; {asked}"),
            &[
                "sudo modprobe iTCO_wdt || sudo modprobe sp5100_tco  # Intel's, AMD's chipset",
                "sudo modprobe softdog  # where there is no hardware; it cannot end a hang of the kernel itself",
            ],
        );
    }
    let of = |name: &str, file: &str| machine.text(format!("{CLASS}/{name}/{file}"));
    let seen: Vec<String> = names
        .iter()
        .map(|name| {
            let mut text = name.clone();
            if let Some(identity) = of(name, "identity") {
                text += &format!(" ({identity})");
            }
            text += &format!(
                " {}",
                of(name, "state")
                    .as_deref()
                    .unwrap_or("in an unknown state")
            );
            if let Some(seconds) = of(name, "timeout") {
                text += &format!(", {seconds} s");
            }
            let status = machine.number(format!("{CLASS}/{name}/bootstatus"));
            if status.is_some_and(|status| status & RESET_BY_CARD != 0) {
                text += ", and it was what reset the machine last";
            }
            text
        })
        .collect();
    let seen = format!("{}; {asked}", seen.join("; "));
    let states: Vec<Option<String>> = names.iter().map(|name| of(name, "state")).collect();
    if states.iter().flatten().any(|state| state == "active") {
        return ABOUT.good(seen);
    }
    if states.iter().all(Option::is_none) {
        return ABOUT.not_readable(seen, &["sudo wdctl"]);
    }
    ABOUT.doubtful(
        seen,
        &[
            "sudo mkdir -p /etc/systemd/system.conf.d && printf '[Manager]\\nRuntimeWatchdogSec=60s\\n' | sudo tee /etc/systemd/system.conf.d/60-watchdog.conf",
            "sudo systemctl daemon-reexec",
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::super::machine::made_up::Other;
    use super::*;
    use crashpoint_reports::checkup::State;

    #[test]
    fn a_watchdog_that_nobody_feeds_guards_nothing() {
        let other = Other::new("watchdog", &[]);
        assert_eq!(check(&other.machine).state, State::Doubtful);
        other.put("/sys/class/watchdog/watchdog0/identity", "iTCO_wdt\n");
        assert_eq!(check(&other.machine).state, State::NotReadable);
        other.put("/sys/class/watchdog/watchdog0/state", "inactive\n");
        other.put("/sys/class/watchdog/watchdog0/bootstatus", "32\n");
        let found = check(&other.machine);
        assert_eq!(found.state, State::Doubtful);
        assert!(
            found.seen.contains("reset the machine last"),
            "{}",
            found.seen
        );
        other.put("/sys/class/watchdog/watchdog0/state", "active\n");
        assert_eq!(check(&other.machine).state, State::Good);
    }
}
