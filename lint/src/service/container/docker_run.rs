//! `docker run` with its options, in a script or a unit.

use super::{By, Container, Gpus, Shared, check};
use crate::service::finding::{Findings, Lines};
use crate::service::quantity;
use crate::service::variable::Variable;

/// Options of `docker run` that take no value.
const FLAGS: [&str; 12] = [
    "--detach",
    "--rm",
    "--interactive",
    "--tty",
    "--privileged",
    "--init",
    "--read-only",
    "--publish-all",
    "--no-healthcheck",
    "--sig-proxy",
    "--quiet",
    "--oom-kill-disable",
];

/// Nothing of another command.
pub fn lint_command(words: &[String], lines: &Lines, findings: &mut Findings<'_>) {
    if let Some(container) = container(words, lines) {
        check(&container, findings);
    }
}

fn container(words: &[String], lines: &Lines) -> Option<Container> {
    let program = words.first()?.rsplit('/').next()?;
    let verb = words.get(1).map(String::as_str);
    if !matches!(program, "docker" | "podman" | "nerdctl")
        || !matches!(verb, Some("run" | "create"))
    {
        return None;
    }
    let mut container = Container {
        by: By::Docker,
        lines: lines.clone(),
        image: None,
        command: Vec::new(),
        variables: Vec::new(),
        gpus: Gpus::None,
        shared_memory: Shared::Default,
        memory: None,
    };
    let mut words = words[2..].iter();
    while let Some(word) = words.next() {
        if !word.starts_with('-') {
            // What is put in by a shell may hold options, and the image.
            if word.starts_with('$') {
                return None;
            }
            container.image = Some(word.clone());
            container.command = words.cloned().collect();
            return Some(container);
        }
        let (option, value) = match word.split_once('=').filter(|_| word.starts_with("--")) {
            Some((option, value)) => (option, value.to_owned()),
            None if FLAGS.contains(&word.as_str()) => (word.as_str(), String::new()),
            None if !word.starts_with("--") && word.len() > 2 => match is_flags(word) {
                true => (word.as_str(), String::new()),
                false => word
                    .split_at_checked(2)
                    .map(|(option, value)| (option, value.to_owned()))?,
            },
            None if is_flags(word) => (word.as_str(), String::new()),
            None => (word.as_str(), words.next()?.clone()),
        };
        container.option(option, &value, lines);
    }
    None
}

/// `-d`, `-it`, `-dit`.
fn is_flags(word: &str) -> bool {
    word.len() > 1 && word[1..].chars().all(|it| "ditP".contains(it))
}

impl Container {
    fn option(&mut self, option: &str, value: &str, lines: &Lines) {
        match option {
            "--gpus" => {
                let value = value.trim_matches(['"', '\'']);
                self.gpus = match value.strip_prefix("device=") {
                    Some(names) => Gpus::Named(names.split(',').map(str::to_owned).collect()),
                    None => value.parse().map_or(Gpus::All, Gpus::Count),
                };
            }
            "--runtime" if value == "nvidia" => self.gpus = Gpus::All,
            "--device" if value.contains("nvidia") => self.gpus = Gpus::All,
            "--privileged" => self.gpus = Gpus::All,
            "--ipc" if value != "private" && value != "none" => self.shared_memory = Shared::Large,
            "--shm-size" => {
                let size = quantity::binary(value);
                self.shared_memory =
                    size.map_or(Shared::Large, |it| Shared::Size(it, lines.clone()));
            }
            "-v" | "--volume" | "--mount" | "--tmpfs" if value.contains("/dev/shm") => {
                self.shared_memory = Shared::Large;
            }
            "-m" | "--memory" => {
                self.memory = Some((quantity::binary(value).unwrap_or(u64::MAX), lines.clone()));
            }
            "-e" | "--env" => {
                if let Some((name, value)) = value.split_once('=') {
                    self.variables.push(Variable {
                        name: name.to_owned(),
                        value: value.to_owned(),
                        literal: !value.contains('$'),
                        lines: lines.clone(),
                    });
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(command: &str) -> Option<Container> {
        let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
        container(&words, &(1..=1))
    }

    #[test]
    fn options_end_where_the_image_stands() {
        let run = of("docker run -dit --rm -p 8000:8000 --name=a --gpus device=0,1 -eA=b --shm-size 2g vllm/vllm-openai --model x").unwrap();
        assert_eq!(run.image.as_deref(), Some("vllm/vllm-openai"));
        assert_eq!(run.command, ["--model", "x"]);
        assert_eq!(run.gpus, Gpus::Named(vec!["0".into(), "1".into()]));
        assert_eq!(run.shared_memory, Shared::Size(2 << 30, 1..=1));
        assert_eq!(run.variables[0].value, "b");
        for no in [
            "docker ps",
            "docker run",
            "docker run $OPTIONS a",
            "docker run -p",
            "podman pull a",
        ] {
            assert!(of(no).is_none(), "{no}");
        }
    }
}
