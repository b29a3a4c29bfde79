//! Dockerfiles: what the image's last stage sets, and what a layer sets in vain.

mod read;

use super::evidence;
use super::finding::Findings;
use super::interpreter;
use super::shell::{self, assignment};
use super::variable::{self, Variable};
use read::Instruction;

pub fn lint(text: &str, findings: &mut Findings<'_>) {
    let instructions = read::read(text);
    for run in instructions
        .iter()
        .filter(|it| it.name == "RUN" && !it.document)
    {
        lost(run, findings);
    }
    let last = stage(&instructions);
    let variables: Vec<Variable> = last.iter().flat_map(|it| variables(it)).collect();
    let started: Vec<(Vec<String>, &Instruction)> = ["ENTRYPOINT", "CMD"]
        .iter()
        .filter_map(|name| last.iter().rev().find(|it| it.name == *name))
        .map(|it| (words(&it.rest), *it))
        .collect();
    let image = last.iter().find(|it| it.name == "FROM");
    let because = started
        .iter()
        .find_map(|(words, _)| evidence::of_command(words, None))
        .or_else(|| evidence::of_image(image?.rest.split_whitespace().next()?))
        .filter(|it| it.strong)
        .map(|it| it.because);
    variable::check(&variables, because.as_deref(), findings);
    if let Some((words, at)) = started.iter().find(|(words, _)| !words.is_empty())
        && variables.iter().any(|it| it.name == "PATH")
    {
        interpreter::check(
            &words[0],
            &at.lines,
            &variables,
            false,
            because.is_some(),
            findings,
        );
    }
}

/// The instructions that the final image is made of: its last stage, and the stages that it begins
/// with.
fn stage(instructions: &[Instruction]) -> Vec<&Instruction> {
    let mut stages: Vec<&[Instruction]> = instructions
        .chunk_by(|_, next| next.name != "FROM")
        .filter(|it| it.first().is_some_and(|it| it.name == "FROM"))
        .collect();
    let mut parts: Vec<&[Instruction]> = Vec::new();
    let mut wanted = stages.pop();
    while let Some(stage) = wanted {
        parts.push(stage);
        let base = stage[0].rest.split_whitespace().next().unwrap_or_default();
        let at = stages.iter().rposition(|it| {
            let words: Vec<&str> = it[0].rest.split_whitespace().collect();
            matches!(words.as_slice(), [_, as_, name] if as_.eq_ignore_ascii_case("as") && name.eq_ignore_ascii_case(base))
        });
        wanted = at
            .map(|at| {
                stages.truncate(at + 1);
                stages.pop()
            })
            .unwrap_or_default();
    }
    parts.into_iter().rev().flatten().collect()
}

/// `ENV a=b c="d e"`, or the older `ENV a b`.
fn variables(instruction: &Instruction) -> Vec<Variable> {
    if instruction.name != "ENV" {
        return Vec::new();
    }
    let of = |name: &str, value: &str| Variable {
        name: name.to_owned(),
        value: value.to_owned(),
        literal: !value.contains('$'),
        lines: instruction.lines.clone(),
    };
    let rest = instruction.rest.replace('\n', " ");
    let first = rest.split_whitespace().next().unwrap_or_default();
    if !first.contains('=') {
        let value = rest[first.len()..].trim();
        return vec![of(first, value)];
    }
    let commands = shell::commands(&rest);
    commands
        .iter()
        .flat_map(|it| &it.words)
        .filter_map(|word| assignment(word).map(|(name, value)| of(name, value)))
        .collect()
}

/// Of the form for a shell and of the JSON one.
fn words(rest: &str) -> Vec<String> {
    if let Ok(words) = serde_json::from_str::<Vec<String>>(rest) {
        return words;
    }
    shell::commands(rest)
        .first()
        .map(shell::Command::program)
        .unwrap_or_default()
}

/// A layer's last command that only changes the layer's own shell.
fn lost(run: &Instruction, findings: &mut Findings<'_>) {
    let commands = shell::commands(&run.rest);
    let Some(words) = commands.last().map(|it| {
        it.words
            .iter()
            .map(|it| it.text.as_str())
            .collect::<Vec<_>>()
    }) else {
        return;
    };
    let what = match words.as_slice() {
        ["conda" | "mamba" | "micromamba", "activate", ..] => words.join(" "),
        ["source" | ".", script, ..] if script.ends_with("/activate") || *script == "activate" => {
            words.join(" ")
        }
        ["export", variable, ..] if variable.contains('=') => words.join(" "),
        _ => return,
    };
    let message = format!("`{what}` ends with its layer: what starts later has nothing of it");
    findings.add_with("activation-lost", &run.lines, message, |it| {
        if let ["export", variables @ ..] = words.as_slice() {
            it.fix = format!("ENV {}", variables.join(" "));
        }
    });
}
