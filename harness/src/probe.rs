//! The body of the hidden `probe` command: the only process that ever calls NVML.

use std::process::ExitCode;

use crate::exit_code;

pub fn main() -> ExitCode {
    match crashpoint_probes::gpu::serve(std::io::stdin().lock(), std::io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("crashpoint probe: {error}");
            ExitCode::from(exit_code::HARNESS)
        }
    }
}
