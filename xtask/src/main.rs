//! The repository's chores, a subcommand each, a file or a folder each: `cargo xtask --help`.

mod corpus;
mod faults;
mod gate;
mod guide;
mod images;
mod man;
mod powercut;
mod schema;

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What a chore ends with; the message goes to whoever typed the command.
type Outcome = Result<(), Box<dyn Error>>;

#[derive(Parser)]
#[command(about = "The repository's chores")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Diagnose cases whose cause is known, and count how often the verdict is right
    Corpus(corpus::Options),
    /// Cause every fault many times, and write down what each came to
    Faults(faults::Options),
    /// Measure how often the gate is wrong, over many comparisons of real runs
    Gate(gate::Options),
    /// Renew the parts of docs/guide.md that the knowledge base says
    Guide,
    /// Draw the news pages that ship with crashpoint-scenarios
    Images(images::Options),
    /// Write the man pages
    Man(man::Options),
    /// Take the machine away under a run, again and again, and judge what is recovered
    Powercut(powercut::Options),
    /// Write the JSON Schemas of the report and of what lint finds
    Schema(schema::Options),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().chore {
        Chore::Corpus(options) => corpus::run(&options),
        Chore::Faults(options) => faults::run(&options),
        Chore::Gate(options) => gate::run(&options),
        Chore::Guide => guide::run(),
        Chore::Images(options) => images::run(&options),
        Chore::Man(options) => man::run(&options),
        Chore::Powercut(options) => powercut::run(&options),
        Chore::Schema(options) => schema::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
