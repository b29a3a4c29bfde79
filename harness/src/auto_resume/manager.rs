//! The service manager that starts a unit: the machine's, or the user's own.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use clap::ValueEnum;
use crashpoint_probes::bounded;
use nix::unistd::{User, geteuid};

/// Each question to it; it may have to read all its units again.
const ANSWERS: Duration = Duration::from_secs(30);
const MOST_BYTES: u64 = 1 << 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Manager {
    System,
    User,
}

impl Manager {
    /// Root's units are the system's.
    pub fn of_this_user() -> Manager {
        if geteuid().is_root() {
            Manager::System
        } else {
            Manager::User
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Manager::System => "system",
            Manager::User => "user",
        }
    }

    /// Where its units are put by hand: systemd.unit(5).
    pub fn folder(self) -> Result<PathBuf, String> {
        if self == Manager::System {
            return Ok(PathBuf::from("/etc/systemd/system"));
        }
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        set("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .or_else(|| Some(PathBuf::from(set("HOME")?).join(".config")))
            .map(|config| config.join("systemd/user"))
            .ok_or_else(|| "neither XDG_CONFIG_HOME nor HOME is set".to_owned())
    }

    /// An error is a sentence.
    pub fn ask(self, words: &[&str]) -> Result<String, String> {
        let mut command = Command::new("systemctl");
        if self == Manager::User {
            command.arg("--user");
        }
        command.args(words);
        bounded::output(&mut command, ANSWERS, MOST_BYTES).map_err(|why| {
            let user = if self == Manager::User { "--user " } else { "" };
            format!("systemctl {user}{}: {why}", words.join(" "))
        })
    }

    /// Whether there is one, and it listens.
    pub fn is_there(self) -> Result<(), String> {
        self.ask(&["show", "--property=Version"]).map(drop)
    }

    /// Whether the machine is on its way down, for a restart perhaps.
    pub fn is_stopping() -> bool {
        // It leaves with an error in every state but one, so what it prints is asked for otherwise.
        let state = Manager::System.ask(&["show", "--property=SystemState", "--value"]);
        state.is_ok_and(|state| state.trim() == "stopping")
    }

    /// What is to be done once before a unit of it starts at boot.
    pub fn needs(self) -> Option<String> {
        if self == Manager::System {
            return None;
        }
        let user = User::from_uid(geteuid()).ok().flatten()?.name;
        // As loginctl(1) leaves it for systemd-logind.
        let lingers = PathBuf::from("/var/lib/systemd/linger")
            .join(&user)
            .exists();
        (!lingers).then(|| {
            format!(
                "a unit of a user starts when that user logs in; for it to start when the machine does: loginctl enable-linger {user}"
            )
        })
    }
}
