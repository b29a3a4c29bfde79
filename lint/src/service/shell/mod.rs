//! Shell scripts that start services.

mod read;

pub use read::{Command, Word, assignment, commands};

use super::container;
use super::evidence;
use super::finding::Findings;
use super::variable::{self, Variable};

pub fn lint(text: &str, findings: &mut Findings<'_>) {
    let commands = commands(text);
    let programs: Vec<Vec<String>> = commands.iter().map(Command::program).collect();
    let variables: Vec<Variable> = commands.iter().flat_map(set).collect();
    let because = programs
        .iter()
        .find_map(|words| evidence::of_command(words, None))
        .filter(|it| it.strong)
        .map(|it| it.because);
    variable::check(&variables, because.as_deref(), findings);
    for (command, words) in commands.iter().zip(&programs) {
        container::lint_command(words, &command.lines, findings);
    }
    not_exported(text, &commands, &programs, findings);
}

/// `A=b`, `A=b program`, `export A=b`.
fn set(command: &Command) -> Vec<Variable> {
    let exported = command.words.first().is_some_and(|it| it.text == "export");
    let of = |name: &str, value: &str, word: &Word| Variable {
        name: name.to_owned(),
        value: value.to_owned(),
        literal: word.literal,
        lines: command.lines.clone(),
    };
    match exported {
        true => command.words[1..]
            .iter()
            .filter_map(|word| assignment(word).map(|(name, value)| of(name, value, word)))
            .collect(),
        false => command
            .assignments()
            .map(|(name, value, word)| of(name, value, word))
            .collect(),
    }
}

/// A variable that only a program started afterwards could use, and does not get.
fn not_exported(
    text: &str,
    commands: &[Command],
    programs: &[Vec<String>],
    findings: &mut Findings<'_>,
) {
    const WATCHED: [&str; 6] = [
        variable::CUDA,
        "CUDA_DEVICE_ORDER",
        "PYTORCH_CUDA_ALLOC_CONF",
        "LD_LIBRARY_PATH",
        "HF_HOME",
        "NCCL_DEBUG",
    ];
    let exports_all = programs.iter().any(|words| {
        words.first().is_some_and(|it| it == "set")
            && words.iter().any(|it| it == "-a" || it == "allexport")
    });
    if exports_all {
        return;
    }
    for (index, command) in commands.iter().enumerate() {
        let only = command.assignments().count() == command.words.len();
        for (name, ..) in command
            .assignments()
            .filter(|(name, ..)| only && WATCHED.contains(name))
        {
            let handed_on = commands.iter().any(|it| {
                matches!(
                    it.words.first().map(|it| it.text.as_str()),
                    Some("export" | "declare" | "typeset")
                ) && it.words[1..]
                    .iter()
                    .any(|word| word.text.split('=').next() == Some(name))
            });
            let read = text.contains(&format!("${name}")) || text.contains(&format!("${{{name}"));
            let starts = programs[index + 1..]
                .iter()
                .any(|words| starts_a_program(words));
            if !handed_on && !read && starts {
                let message = format!(
                    "{name} is set and never exported: the program started afterwards does not get it"
                );
                findings.add_with("not-exported", &command.lines, message, |it| {
                    it.fix = format!("export {name}=...");
                });
            }
        }
    }
}

fn starts_a_program(words: &[String]) -> bool {
    let name = words.first().map(|it| it.rsplit('/').next().unwrap_or(it));
    name.is_some_and(|it| it.starts_with("python") || it == "accelerate" || it == "deepspeed")
        || evidence::of_command(words, None).is_some()
}
