//! What is expected of a command-line tool: help with an example, completions, man pages, no colours
//! where none are wanted.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use clap::CommandFactory;
use crashpoint::cli::Cli;
use support::Place;

#[test]
fn every_command_has_an_example() {
    fn check(command: &clap::Command, name: &str) {
        for inner in command.get_subcommands() {
            let name = format!("{name} {}", inner.get_name());
            let help = inner.get_after_help().map(ToString::to_string);
            let shown = help.is_some_and(|it| it.contains("Example") && it.contains(&name));
            assert!(
                shown || inner.is_hide_set(),
                "{name} has no example of itself"
            );
            check(inner, &name);
        }
    }
    check(&Cli::command(), "crashpoint");
}

#[test]
fn completions_are_there_for_every_shell_and_know_the_commands() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = place.crashpoint(&["completions", shell]).exits(0).stdout;
        assert!(script.contains("write-baseline"), "{shell}");
    }
    place.crashpoint(&["completions", "sh"]).exits(2).says("sh");
}

#[test]
fn bash_takes_its_completions() {
    let place = Place::new();
    let script = place.crashpoint(&["completions", "bash"]).exits(0).stdout;
    let path = place.write("crashpoint.bash", script);
    let words = format!(
        "set -e; source {}; COMP_WORDS=(crashpoint ga); COMP_CWORD=1; _crashpoint crashpoint ga crashpoint; echo \"${{COMPREPLY[@]}}\"",
        path.display()
    );
    let done = std::process::Command::new("bash")
        .args(["-c", &words])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&done.stdout).trim(), "gate");
}

#[test]
fn man_pages_are_made_for_every_command_that_is_shown() {
    let place = Place::new();
    place.crashpoint(&["man", "pages"]).exits(0);
    for page in [
        "crashpoint.1",
        "crashpoint-gate.1",
        "crashpoint-runs-prune.1",
    ] {
        let text = std::fs::read_to_string(place.path("pages").join(page)).unwrap();
        assert!(text.contains(".TH crashpoint"), "{page}: {text}");
    }
    assert!(!place.path("pages/crashpoint-man.1").exists());
}

#[test]
fn nothing_is_coloured_or_redrawn_where_nobody_watches() {
    let place = Place::new();
    let mut command = place.command(&["run", "single", "--color", "auto"]);
    command.env("NO_COLOR", "1");
    let ran = place.ran(
        command
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let ran = ran.exits(0);
    for text in [&ran.stdout, &ran.stderr] {
        assert!(!text.contains('\x1b') && !text.contains('\r'), "{text:?}");
    }
}
