//! What a file is, by its name, and by its beginning where the name leaves it open.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Unit,
    /// A part of a unit whose rest is elsewhere.
    DropIn,
    Dockerfile,
    /// A compose file, Kubernetes objects, or something else.
    Yaml,
    EnvironmentFile,
    Shell,
}

pub fn of(file: &str, text: &str) -> Option<Kind> {
    let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
    let lower = name.to_ascii_lowercase();
    let extension = lower.rsplit_once('.').map(|(_, extension)| extension);
    if folder.ends_with(".service.d") && extension == Some("conf") {
        return Some(Kind::DropIn);
    }
    if matches!(lower.as_str(), "dockerfile" | "containerfile")
        || ["dockerfile.", "containerfile."]
            .iter()
            .any(|start| lower.starts_with(start))
    {
        return Some(Kind::Dockerfile);
    }
    if lower == ".env" || lower.starts_with(".env.") {
        return Some(Kind::EnvironmentFile);
    }
    match extension {
        Some("service") => Some(Kind::Unit),
        Some("dockerfile") => Some(Kind::Dockerfile),
        Some("yaml" | "yml") => Some(Kind::Yaml),
        Some("env") => Some(Kind::EnvironmentFile),
        Some("sh" | "bash") => Some(Kind::Shell),
        None if is_for_a_shell(text) => Some(Kind::Shell),
        _ => None,
    }
}

fn is_for_a_shell(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    let Some(interpreter) = first.strip_prefix("#!") else {
        return false;
    };
    interpreter
        .split(['/', ' '])
        .any(|word| matches!(word, "sh" | "bash" | "dash"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_first_lines_tell() {
        for (file, text, kind) in [
            ("/etc/systemd/system/vllm@.service", "", Some(Kind::Unit)),
            ("ollama.service.d/override.conf", "", Some(Kind::DropIn)),
            ("nginx.conf", "", None),
            ("docker/Dockerfile", "", Some(Kind::Dockerfile)),
            ("Dockerfile.cuda", "", Some(Kind::Dockerfile)),
            ("gpu.Dockerfile", "", Some(Kind::Dockerfile)),
            ("docker-compose.yml", "", Some(Kind::Yaml)),
            (".env.production", "", Some(Kind::EnvironmentFile)),
            ("start.sh", "", Some(Kind::Shell)),
            ("start", "#!/usr/bin/env bash\n", Some(Kind::Shell)),
            ("start", "#!/usr/bin/env python\n", None),
            ("README.md", "#!/bin/sh\n", None),
        ] {
            assert_eq!(of(file, text), kind, "{file}");
        }
    }
}
