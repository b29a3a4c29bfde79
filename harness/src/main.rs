//! The command line: every command in a line each.

use std::process::ExitCode;

use crashpoint::cli::Command;
use crashpoint::command::{
    compare, config, diagnose, doctor, env, exec, explain, fault, gate, history, lint, manners,
    mirror, recover, report, resume, run, runs, suite,
};
use crashpoint::{Failure, keeper, probe};

fn main() -> ExitCode {
    // What crashpoint starts itself, many times in a run: before the command line is taken apart.
    let mut arguments = std::env::args_os().skip(1);
    match arguments.next().as_ref().and_then(|word| word.to_str()) {
        Some("keeper") => return keeper::main(&arguments.collect::<Vec<_>>()),
        Some("worker") => return crashpoint_scenarios::worker::main(),
        Some("minidump") => {
            return crashpoint_scenarios::crash::dump::main(&arguments.collect::<Vec<_>>());
        }
        Some("probe") => return probe::main(),
        _ => {}
    }
    match done() {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            eprintln!("crashpoint: {failure}");
            ExitCode::from(failure.code)
        }
    }
}

fn done() -> Result<u8, Failure> {
    let cli = crashpoint::config::command_line()?;
    match cli.command {
        None => run::run(&cli.run),
        Some(Command::Run(options)) => run::run(&options),
        Some(Command::Exec(options)) => exec::exec(&options),
        Some(Command::Recover(options)) => recover::recover_runs(&options),
        Some(Command::Resume(options)) => resume::resume(&options),
        Some(Command::Report(options)) => report::report(&options),
        Some(Command::Gate(options)) => gate::gate(&options),
        Some(Command::Compare(options)) => compare::compare(&options),
        Some(Command::History(options)) => history::history(&options),
        Some(Command::Runs(options)) => runs::runs(&options),
        Some(Command::Diagnose(options)) => diagnose::diagnose(&options),
        Some(Command::Explain(options)) => explain::explain(&options),
        Some(Command::Lint(options)) => lint::lint(&options),
        Some(Command::Doctor(options)) => doctor::doctor(&options),
        Some(Command::Env(options)) => env::env(&options),
        Some(Command::Fault(options)) => fault::fault(&options),
        Some(Command::Suite(options)) => suite::suite(&options),
        Some(Command::Config(options)) => config::config(&options),
        Some(Command::Mirror(options)) => mirror::mirror(&options),
        Some(Command::Completions(options)) => manners::completions(&options),
        Some(Command::Man(options)) => manners::man(&options),
    }
}
