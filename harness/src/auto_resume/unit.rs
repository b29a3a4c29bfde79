//! A systemd unit that goes on with one run when the machine has started again.
//!
//! What the syntax is like: systemd.unit(5), systemd.exec(5), systemd.service(5), systemd.syntax(7).

use std::fmt::Write as _;
use std::path::Path;

use super::manager::Manager;

/// A path and what is to be said about it.
fn told<'a>(path: &'a Path, what: &str) -> Result<&'a str, String> {
    let text = path
        .to_str()
        .ok_or_else(|| format!("{what} {} is no UTF-8", path.display()))?;
    // WorkingDirectory= and its like know no quotes and no escapes.
    let unfit = text.chars().any(char::is_control) || text.ends_with(['\\', ' ']);
    if unfit {
        return Err(format!(
            "{what} {text:?} holds what a systemd unit cannot name"
        ));
    }
    Ok(text)
}

/// What the process is to find as the run found it.
#[derive(Debug)]
pub struct Ground<'a> {
    pub executable: &'a Path,
    /// Of the run, absolute.
    pub directory: &'a Path,
    pub working_folder: &'a Path,
    pub variables: &'a [(String, String)],
}

/// One for each run, by its name.
pub fn name(run: &str) -> String {
    format!("crashpoint-resume-{run}.service")
}

/// An error is a sentence about what cannot be written into a unit.
pub fn text(run: &str, manager: Manager, ground: &Ground<'_>) -> Result<String, String> {
    let executable = told(ground.executable, "the executable")?;
    let directory = told(ground.directory, "the run directory")?;
    let folder = told(ground.working_folder, "the working folder")?;
    let mut text = format!(
        "# Written by crashpoint run --auto-resume, and removed when the run has ended.\n\
         [Unit]\n\
         Description=crashpoint: go on with the run {run}\n"
    );
    let mut line = |name: &str, value: &str| {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{name}={value}");
    };
    if manager == Manager::System {
        line(
            "RequiresMountsFor",
            &format!("{} {}", word(directory), word(folder)),
        );
    }
    line("\n[Service]\nType", "exec");
    line("WorkingDirectory", &specifiers(folder));
    for (name, value) in ground.variables {
        line("Environment", &word(&format!("{name}={value}")));
    }
    // The colon: no variables are put in. The supervisor ends its workers itself.
    let command = [
        word(&format!(":{executable}")),
        "resume".to_owned(),
        format!("--unattended={}", manager.name()),
        "--".to_owned(),
        word(directory),
    ];
    line("ExecStart", &command.join(" "));
    line("KillMode", "mixed");
    let target = match manager {
        Manager::System => "multi-user.target",
        Manager::User => "default.target",
    };
    line("\n[Install]\nWantedBy", target);
    Ok(text)
}

/// In quotes, so that it is one word whatever it holds.
fn word(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '%' => quoted.push_str("%%"),
            '\n' => quoted.push_str("\\n"),
            control if control.is_control() => {
                for byte in control.to_string().bytes() {
                    // Writing into a String cannot fail.
                    let _ = write!(quoted, "\\x{byte:02x}");
                }
            }
            plain => quoted.push(plain),
        }
    }
    quoted + "\""
}

/// Where quotes would be part of the value.
fn specifiers(text: &str) -> String {
    text.replace('%', "%%")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(folder: &str, variables: &[(&str, &str)]) -> Result<String, String> {
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let ground = Ground {
            executable: Path::new("/opt/crash point/bin/crashpoint"),
            directory: Path::new("/srv/runs/100%/RUN"),
            working_folder: Path::new(folder),
            variables: &variables,
        };
        text("RUN", Manager::User, &ground)
    }

    #[test]
    fn whatever_a_value_holds_it_stays_one_word() {
        let unit = of(
            "/home/me/50% done",
            &[
                ("PATH", "/a \"b\":/c\\d"),
                ("CUDA_VISIBLE_DEVICES", "0,1"),
                ("X", "a\nb\t$c"),
            ],
        )
        .unwrap();
        for line in [
            "WorkingDirectory=/home/me/50%% done",
            r#"Environment="PATH=/a \"b\":/c\\d""#,
            r#"Environment="CUDA_VISIBLE_DEVICES=0,1""#,
            r#"Environment="X=a\nb\x09$c""#,
            r#"ExecStart=":/opt/crash point/bin/crashpoint" resume --unattended=user -- "/srv/runs/100%%/RUN""#,
            "WantedBy=default.target",
        ] {
            assert!(
                unit.lines().any(|it| it == line),
                "{line}\nis not in\n{unit}"
            );
        }
    }

    #[test]
    fn a_folder_that_a_unit_cannot_name_is_refused() {
        assert!(of("/home/a\nExecStart=/bin/sh", &[]).is_err());
        assert!(of("/home/a\\", &[]).is_err());
    }
}
