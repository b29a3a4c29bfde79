//! What a unit starts, with `env` and a shell's `-c` looked through.

use super::read::{Unit, words};
use crate::service::finding::Lines;
use crate::service::shell;
use crate::service::variable::Variable;

#[derive(Debug)]
pub struct Program {
    pub words: Vec<String>,
    pub lines: Lines,
    /// Set on the command line itself.
    pub variables: Vec<Variable>,
    /// Whether a shell may have set up more than can be seen.
    pub by_a_shell: bool,
}

pub fn programs(unit: &Unit) -> Vec<Program> {
    unit.list("Service", "ExecStart")
        .into_iter()
        .map(|setting| {
            let mut words = words(setting.value.trim_start_matches(['-', '@', ':', '+', '!']));
            let mut variables = Vec::new();
            if words.first().is_some_and(|it| base(it) == "env") {
                words.remove(0);
                while let Some((name, value)) = words.first().and_then(|it| it.split_once('=')) {
                    variables.push(Variable {
                        name: name.to_owned(),
                        value: value.to_owned(),
                        literal: !value.contains(['$', '%']),
                        lines: setting.lines.clone(),
                    });
                    words.remove(0);
                }
            }
            let by_a_shell = words.first().is_some_and(|it| is_shell(base(it)));
            if let Some(inner) = by_a_shell.then(|| of_shell(&words)).flatten() {
                words = inner;
            }
            Program {
                words,
                lines: setting.lines.clone(),
                variables,
                by_a_shell,
            }
        })
        .collect()
}

impl Program {
    fn name(&self) -> &str {
        self.words.first().map_or("", |it| base(it))
    }

    pub fn is_python(&self) -> bool {
        self.name().starts_with("python") || matches!(self.name(), "uvicorn" | "gunicorn")
    }

    pub fn runs_a_container(&self) -> bool {
        matches!(self.name(), "docker" | "podman" | "nerdctl")
            && self.words.get(1).is_some_and(|it| it == "run")
    }

    pub fn is_container_client(&self) -> bool {
        matches!(
            self.name(),
            "docker" | "podman" | "docker-compose" | "nerdctl" | "kubectl"
        )
    }
}

fn base(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

fn is_shell(name: &str) -> bool {
    matches!(name, "sh" | "bash" | "dash" | "zsh")
}

/// The last command of `bash -c '...'`, which is what stays.
fn of_shell(words: &[String]) -> Option<Vec<String>> {
    let at = words
        .iter()
        .position(|it| it.starts_with('-') && !it.starts_with("--") && it.ends_with('c'))?;
    let last = shell::commands(words.get(at + 1)?).pop()?;
    Some(last.program())
}
