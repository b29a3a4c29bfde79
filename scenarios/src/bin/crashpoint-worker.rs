//! A worker and nothing else: the one executable that may link CUDA.

use crashpoint_scenarios::crash;
use crashpoint_scenarios::worker::{self, BuiltWith, self_check};

fn main() -> std::process::ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    // It starts itself again where it crashes.
    match arguments.next().as_ref().and_then(|word| word.to_str()) {
        Some("minidump") => crash::dump::main(&arguments.collect::<Vec<_>>()),
        Some(worker::QUESTION) => BuiltWith::this().print(),
        Some(self_check::QUESTION) => {
            self_check::main(arguments.next().as_ref().and_then(|word| word.to_str()))
        }
        _ => worker::main(),
    }
}
