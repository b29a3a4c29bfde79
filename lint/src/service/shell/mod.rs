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
    let last = programs.iter().rposition(|words| starts_a_program(words));
    let kept = WATCHED.iter().filter(|name| {
        let read = text.contains(&format!("${name}")) || text.contains(&format!("${{{name}"));
        !read && !commands.iter().any(|it| hands_on(it, name))
    });
    let kept: Vec<&str> = kept.copied().collect();
    for command in &commands[..last.unwrap_or(0)] {
        let only = command.assignments().count() == command.words.len();
        for (name, ..) in command.assignments().filter(|_| only) {
            if kept.contains(&name) {
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

fn hands_on(command: &Command, name: &str) -> bool {
    let first = command.words.first().map(|it| it.text.as_str());
    matches!(first, Some("export" | "declare" | "typeset"))
        && command.words[1..]
            .iter()
            .any(|word| word.text.split('=').next() == Some(name))
}

fn starts_a_program(words: &[String]) -> bool {
    let name = words.first().map(|it| it.rsplit('/').next().unwrap_or(it));
    name.is_some_and(|it| it.starts_with("python") || it == "accelerate" || it == "deepspeed")
        || evidence::of_command(words, None).is_some()
}
