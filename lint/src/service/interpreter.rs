//! The environment that an interpreter belongs to, by its path: conda's, or a venv.

use crashpoint_reports::lint::{Finding, Severity};

use super::finding::{Findings, Lines};
use super::variable::{Variable, last};

#[derive(Debug, PartialEq, Eq)]
pub struct Environment {
    /// `/opt/conda/envs/llava`.
    pub prefix: String,
    pub is_conda: bool,
}

impl Environment {
    pub fn bin(&self) -> String {
        format!("{}/bin", self.prefix)
    }
}

/// Of `/opt/conda/envs/llava/bin/python`. A program of the system has none.
pub fn environment(program: &str) -> Option<Environment> {
    let (prefix, _) = program.rsplit_once("/bin/")?;
    let known = |name: &str| prefix.split('/').any(|part| part == name);
    let conda = [
        "conda",
        "miniconda",
        "anaconda",
        "mambaforge",
        "miniforge",
        "micromamba",
    ];
    let under_conda = prefix.split('/').any(|part| {
        conda
            .iter()
            .any(|it| part.trim_start_matches('.').starts_with(it))
    });
    let is_conda = under_conda || known("envs");
    let is_venv = ["venv", ".venv", "virtualenv", "env", ".env"]
        .iter()
        .any(|it| known(it));
    (prefix.starts_with('/') && (is_conda || is_venv)).then(|| Environment {
        prefix: prefix.to_owned(),
        is_conda,
    })
}

/// The folder of an environment in `PATH`, if there is one.
fn in_path(path: &Variable) -> Option<Environment> {
    path.entries()
        .find_map(|entry| environment(&format!("{}/python", entry.trim_end_matches('/'))))
}

/// `PATH` and `CONDA_PREFIX` against the program that is started. `unset_counts`: whether a missing
/// `PATH` means the system's own. Many a service without a GPU does well without its environment's `PATH`,
/// so that of those it is only noted.
pub fn check(
    program: &str,
    at: &Lines,
    variables: &[Variable],
    unset_counts: bool,
    uses_gpu: bool,
    findings: &mut Findings<'_>,
) {
    let path = last(variables, "PATH");
    let prefix = last(variables, "CONDA_PREFIX");
    if let Some(environment) = environment(program) {
        let bin = environment.bin();
        let fix = |it: &mut Finding| {
            if !uses_gpu {
                it.severity = Severity::Note;
            }
            it.fix = format!(
                "[Service]\nEnvironment=\"PATH={bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"{}",
                match environment.is_conda {
                    true => format!("\nEnvironment=\"CONDA_PREFIX={}\"", environment.prefix),
                    false => String::new(),
                }
            );
        };
        match path {
            Some(path) if path.literal || !path.value.contains('%') => {
                let first = path.entries().find(|it| it.trim_end_matches('/') == bin);
                let expands = path.value.contains('$');
                if first.is_none() && !(expands && in_path(path).is_none()) {
                    let message = match in_path(path) {
                        Some(other) => format!(
                            "it starts {program}, and PATH holds another environment, {}",
                            other.bin()
                        ),
                        None => format!("it starts {program}, and PATH lacks {bin}"),
                    };
                    findings.add_with("path-lacks-environment", &path.lines, message, fix);
                }
            }
            None if unset_counts && environment.is_conda => {
                let message = format!(
                    "it starts {program} of a conda environment, and no PATH with {bin} is set"
                );
                findings.add_with("path-lacks-environment", at, message, fix);
            }
            _ => {}
        }
        if let Some(prefix) = prefix.filter(|it| it.literal)
            && environment.is_conda
            && prefix.value.trim_end_matches('/') != environment.prefix
        {
            let message = format!("CONDA_PREFIX is {}, and {program} is started", prefix.value);
            findings.add("conda-prefix-contradicts", &prefix.lines, message);
        }
    } else if let (Some(prefix), Some(path)) = (prefix.filter(|it| it.literal), path)
        && let Some(other) = in_path(path).filter(|it| it.is_conda)
        && prefix.value.trim_end_matches('/') != other.prefix
    {
        let message = format!(
            "CONDA_PREFIX is {}, and the first environment in PATH is {}",
            prefix.value, other.prefix
        );
        findings.add("conda-prefix-contradicts", &prefix.lines, message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_tells_the_environment() {
        let of = |path: &str| environment(path).map(|it| (it.prefix, it.is_conda));
        assert_eq!(
            of("/opt/conda/envs/llava/bin/python"),
            Some(("/opt/conda/envs/llava".into(), true))
        );
        assert_eq!(
            of("/home/a/miniconda3/bin/python"),
            Some(("/home/a/miniconda3".into(), true))
        );
        assert_eq!(
            of("/srv/app/.venv/bin/python3"),
            Some(("/srv/app/.venv".into(), false))
        );
        for system in [
            "/usr/bin/python3",
            "/usr/local/bin/vllm",
            "python",
            "venv/bin/python",
        ] {
            assert_eq!(of(system), None, "{system}");
        }
    }
}
