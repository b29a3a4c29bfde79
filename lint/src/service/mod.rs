//! What starts a service: systemd units and drop-ins, Dockerfiles, compose files, Kubernetes
//! objects, environment files, shell scripts. From text to findings, in bounded time: nothing is
//! run, and nothing but the text is looked at.

mod container;
mod devices;
mod dockerfile;
mod environment_file;
mod evidence;
mod finding;
mod interpreter;
mod kind;
mod model_size;
mod quantity;
mod shell;
mod unit;
mod variable;
mod yaml;

use crashpoint_reports::lint::Finding;

use finding::Findings;
use kind::Kind;
use variable::Variable;

/// What people write by hand is far smaller, and every reader here stays within a second on it.
const LONGEST: usize = 1 << 20;

/// Nothing for a file that is none of these. `file` decides what it is, together with its content.
pub fn lint(file: &str, text: &str) -> Vec<Finding> {
    if text.len() > LONGEST {
        return Vec::new();
    }
    let mut findings = Findings::of(file);
    match kind::of(file, text) {
        Some(Kind::Unit) => unit::lint(text, unit::Whole::Yes, &mut findings),
        Some(Kind::DropIn) => unit::lint(text, unit::Whole::No, &mut findings),
        Some(Kind::Dockerfile) => dockerfile::lint(text, &mut findings),
        Some(Kind::Yaml) => container::lint_yaml(text, &mut findings),
        Some(Kind::EnvironmentFile) => environment_file::lint(text, &mut findings),
        Some(Kind::Shell) => shell::lint(text, &mut findings),
        None => {}
    }
    findings.ordered()
}

/// The variables that a process has which is to use a GPU, for the reason that is given.
pub fn environment(
    place: &str,
    variables: impl Iterator<Item = (String, String)>,
    uses_gpu: &str,
) -> Vec<Finding> {
    let given = |(name, value)| Variable {
        name,
        value,
        literal: true,
        lines: 1..=1,
    };
    let variables: Vec<Variable> = variables.map(given).collect();
    let mut findings = Findings::of(place);
    variable::check(&variables, Some(uses_gpu), &mut findings);
    findings.ordered()
}

/// Whether [`lint`] would read it.
pub fn knows(file: &str, text: &str) -> bool {
    kind::of(file, text).is_some()
}
