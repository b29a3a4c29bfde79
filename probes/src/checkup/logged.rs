//! Whether what was logged before a reset can be read after it.

use crashpoint_reports::checkup::{Check, Topic};

use super::about::About;
use super::machine::Machine;
use super::systemd_setting;

pub(super) const ABOUT: About = About {
    topic: Topic::Evidence,
    name: "system log",
    matters: "the last lines of the boot that died tell a panic, an orderly shutdown and a kill apart",
};

const JOURNAL: &str = "/var/log/journal";
/// Of syslog daemons: Debian's, Red Hat's.
const PLAIN: [&str; 3] = ["/var/log/kern.log", "/var/log/syslog", "/var/log/messages"];

pub(super) fn check(machine: &Machine) -> Check {
    let plain: Vec<&str> = PLAIN
        .into_iter()
        .filter(|file| machine.exists(file))
        .collect();
    let beside = match plain.as_slice() {
        [] => String::new(),
        files => format!(", beside {}", files.join(", ")),
    };
    // Its configuration is there on machines too on which it does not run.
    let is_there = machine.exists("/run/systemd/journal/socket");
    if !is_there {
        let remedy = ["sudo apt install rsyslog  # or start this machine with systemd"];
        return match plain.is_empty() {
            true => ABOUT.doubtful("no journald and no log in /var/log", &remedy),
            false => ABOUT.good(format!("no journald, but {}", plain.join(", "))),
        };
    }
    let storage = systemd_setting::read(machine, "journald.conf", "Storage");
    // journald.conf(5): auto is persistent where the folder exists, and persistent makes it.
    let storage = storage.unwrap_or_else(|| "auto".to_owned());
    let exists = machine.exists(JOURNAL);
    let seen = format!(
        "journald with Storage={storage}, {JOURNAL} {}{beside}",
        if exists { "exists" } else { "does not exist" }
    );
    let lasts = match storage.as_str() {
        "persistent" => true,
        "auto" => exists,
        _ => false,
    };
    if lasts {
        return ABOUT.good(seen);
    }
    ABOUT.doubtful(
        format!("{seen}: its journal is lost at a reset"),
        &[
            "sudo mkdir -p /etc/systemd/journald.conf.d && printf '[Journal]\\nStorage=persistent\\n' | sudo tee /etc/systemd/journald.conf.d/60-persistent.conf",
            "sudo systemctl restart systemd-journald && sudo journalctl --flush",
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::super::machine::made_up::Other;
    use super::*;
    use crashpoint_reports::checkup::State;

    #[test]
    fn a_journal_in_memory_is_doubtful_and_so_is_one_that_nobody_writes() {
        let other = Other::new("journald", &[]);
        let state = || check(&other.machine).state;
        other.put("/var/log/journal/0123/system.journal", "");
        assert_eq!(state(), State::Doubtful);
        other.put("/run/systemd/journal/socket", "");
        assert_eq!(state(), State::Good);
        other.put(
            "/etc/systemd/journald.conf",
            "[Journal]\nStorage=volatile\n",
        );
        assert_eq!(state(), State::Doubtful);
    }

    #[test]
    fn without_journald_a_plain_log_will_do() {
        let other = Other::new("syslog", &[("/var/log/messages", "")]);
        assert_eq!(check(&other.machine).state, State::Good);
    }
}
