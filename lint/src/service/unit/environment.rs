//! `Environment=`: its variables, and what is written there that systemd does not read as meant.

use super::read::{Unit, words};
use crate::service::finding::Findings;
use crate::service::variable::Variable;

/// What matters to a program on a GPU: a word about others would be noise.
const WATCHED: [&str; 6] = [
    "PATH",
    "LD_LIBRARY_PATH",
    "PYTHONPATH",
    "CONDA_PREFIX",
    "HF_HOME",
    "HOME",
];

pub fn variables(unit: &Unit, findings: &mut Findings<'_>) -> Vec<Variable> {
    let mut variables: Vec<Variable> = Vec::new();
    for setting in unit.list("Service", "Environment") {
        let mut said = false;
        for word in words(&setting.value) {
            let Some((name, value)) = word.split_once('=').filter(|(name, _)| is_name(name)) else {
                if !said {
                    let message = format!("systemd ignores {word:?} here: it is no assignment");
                    findings.add("environment-split", &setting.lines, message);
                }
                said = true;
                continue;
            };
            let variable = Variable {
                name: name.to_owned(),
                value: value.to_owned(),
                literal: !value.contains('%'),
                lines: setting.lines.clone(),
            };
            if let Some(named) = reference(&variable) {
                let message = format!(
                    "{name} is set to the letters {named}: systemd puts no variable in here"
                );
                findings.add("environment-not-expanded", &setting.lines, message);
            }
            variables.push(variable);
        }
    }
    variables
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A `$PATH` or `${PATH}` within the value of a variable where that is surely none of its letters.
fn reference(variable: &Variable) -> Option<&str> {
    let watched = WATCHED.contains(&variable.name.as_str()) || variable.name.starts_with("CUDA_");
    let at = variable.value.find('$').filter(|_| watched)?;
    let rest = &variable.value[at..];
    let name = rest.trim_start_matches(['$', '{']);
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        .then(|| rest.split([':', '/', ' ']).next().unwrap_or(rest))
}
