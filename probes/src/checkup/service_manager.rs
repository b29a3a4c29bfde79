//! Whether something is there that can start a run again after a reset.

use crashpoint_reports::checkup::{Check, Topic};
use nix::unistd::{User, getuid};

use super::about::About;
use super::machine::Machine;

pub(super) const ABOUT: About = About {
    topic: Topic::WayBack,
    name: "systemd",
    matters: "a run goes on by itself after a reset only where a unit can be installed that starts it",
};

/// Their units start at boot only if they linger: loginctl(1).
pub(super) fn ordinary_user() -> Option<String> {
    let user = getuid();
    if user.is_root() {
        return None;
    }
    let known = User::from_uid(user).ok().flatten();
    Some(known.map_or_else(|| user.to_string(), |known| known.name))
}

pub(super) fn check(machine: &Machine, user: Option<&str>) -> Check {
    let first = machine
        .text("/proc/1/comm")
        .unwrap_or_else(|| "unknown".to_owned());
    // sd_booted(3)
    if !machine.exists("/run/systemd/system") {
        return ABOUT.doubtful(
            format!("it does not run here; process 1 is {first}"),
            &["# let whatever starts things here run: crashpoint resume"],
        );
    }
    match user {
        Some(name) if !machine.exists(format!("/var/lib/systemd/linger/{name}")) => {
            let remedy = format!("sudo loginctl enable-linger {name}");
            ABOUT.doubtful(
                format!(
                    "process 1 is {first}; units of {name} start when {name} logs in, not at boot"
                ),
                &[&remedy],
            )
        }
        _ => ABOUT.good(format!("process 1 is {first}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::machine::made_up::Other;
    use super::*;
    use crashpoint_reports::checkup::State;

    #[test]
    fn an_ordinary_user_has_to_linger() {
        let other = Other::new("systemd", &[("/proc/1/comm", "systemd\n")]);
        assert_eq!(check(&other.machine, None).state, State::Doubtful);
        other.put("/run/systemd/system/x", "");
        assert_eq!(check(&other.machine, None).state, State::Good);
        assert_eq!(check(&other.machine, Some("ada")).state, State::Doubtful);
        other.put("/var/lib/systemd/linger/ada", "");
        assert_eq!(check(&other.machine, Some("ada")).state, State::Good);
    }
}
